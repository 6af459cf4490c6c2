"""
A course as tables: what is booked, what happened, and what the rules found.

A table holds dates, times, numbers and texts as values; `csvfile` and `workbook` write them. It tells each
reader what the calendar of the same audience and privacy tells, in the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time
from functools import partial

import attrs

from ketsched.agenda import agenda
from ketsched.errors import CannotWrite
from ketsched.history import evaluate
from ketsched.interchange.identity import adopted_uids, uids_of
from ketsched.model import BookingStatus, Course
from ketsched.moments import CompanionEntry, DayAfter, Entry, SessionEntry
from ketsched.words.naming import location
from ketsched.words.telling import Telling
from ketsched.words.wording import Audience, Privacy, Publication

Cell = str | int | date | time | datetime | None
"""What stands in one place of a table; None: nothing. A datetime is a moment, in UTC."""
Row = tuple[Cell, ...]

_OFF = (BookingStatus.CLOSED, BookingStatus.MISSED)


@attrs.frozen
class Table:
    """
    Rows under headings.

    Attributes:
        title: What a sheet of it is called.
        headings: Of the columns.
        rows: Each has as many cells.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]


def booked(
    course: Course, publication: Publication, which: type[Entry] | tuple[type[Entry], ...] = Entry
) -> Table:
    """
    Return what is booked, in order of time, for a person to read.

    Args:
        course: The course.
        publication: For whom, how much, and in which language.
        which: Sessions, appointments and to-dos, or all.
    """
    telling = Telling(agenda(course), publication)
    say, locale = telling.words.lines, telling.words.locale
    clinic = publication.audience is Audience.CLINIC
    keys = ("date", "weekday", "from", "to", "what", "where", *(("chair", "id") if clinic else ()), "note")

    def row(entry: Entry) -> Row:
        own: Row = (getattr(entry.booking, "chair", None), entry.booking.id) if clinic else ()
        return (
            entry.first,
            locale.days["format"]["wide"][entry.first.weekday()],
            *(None if at is None else at.time() for at in (entry.start, entry.end)),
            telling.title(entry),
            location(entry, course.contact.address, named=telling.named),
            *own,
            "\n".join(telling.lines(entry)),
        )

    return Table(
        say["named_calendar" if which is SessionEntry and telling.named else "title_calendar"],
        tuple(say[f"column_{key}"] for key in keys),
        tuple(row(entry) for entry in _told(telling) if isinstance(entry, which)),
    )


def _told(telling: Telling) -> Iterator[Entry]:
    """Yield what a reader is told of by itself: a clinic has no days after sessions, and nothing is off for good."""
    held = telling.agenda
    return filter(telling.tells, held.entries if telling.for_patient else held.booked)


def visits(course: Course, publication: Publication) -> Table:
    """
    Return what was recorded, each visit with what it was, for the clinic; notes and names where all is told.

    Raises:
        CannotWrite: It is for a patient.
    """
    _check_for_clinic(publication, "what was recorded", full=False)
    last = max((visit.day for visit in course.visits), default=None)
    judged = () if last is None else evaluate(course, as_of=last).visits
    full = publication.privacy is Privacy.FULL
    keys = ("Date", "Time", "Status", "What it was", "Why", "Session", "Number", "By", "Entry", "Corrects")
    return Table(
        "Visits",
        (*keys, *(("Recorded by", "Note") if full else ())),
        tuple(
            (
                *(one.visit.day, one.visit.at, str(one.visit.status), str(one.verdict), one.reason),
                *(one.session, one.number, one.visit.by, one.visit.id, one.visit.corrects),
                *((one.visit.who, one.visit.note) if full else ()),
            )
            for one in judged
        ),
    )


def findings(_: Course, publication: Publication) -> Table:
    """
    Return what the rules found, for the clinic where all is told.

    Raises:
        CannotWrite: It is for somebody else.
    """
    _check_for_clinic(publication, "what the rules found", full=True)
    keys = ("code", "severity", "day", "where", "what", "why", "fix", "source")
    rows = (tuple(getattr(one, key) for key in keys) for one in publication.findings)
    return Table(
        "Findings",
        tuple(key.capitalize() for key in keys),
        tuple(tuple(cell if isinstance(cell, date) else str(cell or "") for cell in row) for row in rows),
    )


def _check_for_clinic(publication: Publication, what: str, *, full: bool) -> None:
    if publication.audience is Audience.CLINIC and (not full or publication.privacy is Privacy.FULL):
        return
    whom = 'audience="clinic"' + ', privacy="full"' * full
    raise CannotWrite(
        what=f"A table of {what} is for the clinic{' where all is told' * full}.",
        where="audience",
        why="a default file is the patient's, and tells nothing",
        fix=f"give {whom}, on the command line clinic{',full' * full} behind the file's name",
    )


def plain(course: Course, publication: Publication) -> Table:
    """
    Return what is booked for a program: dates and times by the clinic's clock, moments in UTC, codes for words.

    What a discreet or named calendar does not tell is left empty.
    """
    telling = Telling(agenda(course), publication)
    clinic, named, full = not telling.for_patient, telling.named, telling.full
    uid, adopted = None if course.id is None else uids_of(course.id, course.key), adopted_uids(course)

    def row(entry: Entry) -> Row:
        booking, moments = entry.booking, (entry.start, entry.end)
        is_session, of = isinstance(entry, SessionEntry), getattr(entry, "companion", None)
        kind = "session" if is_session and named else "task" if of is not None and of.kind == "task" else ""
        known = adopted.get(booking.id) or (uid and uid(booking.id))
        minutes = None if None in moments else int((entry.end - entry.start).total_seconds()) // 60  # type: ignore[operator] # neither is None
        return (
            *(known, kind or "appointment", telling.title(entry)),
            *(
                (entry.number, entry.total or None)
                if isinstance(entry, SessionEntry) and named
                else (None, None)
            ),
            booking.of if full else None,
            entry.first,
            *(None if at is None else at.time() for at in moments),
            course.zone,
            *(None if at is None else at.astimezone(UTC) for at in moments),
            minutes,
            location(entry, course.contact.address, named=named),
            getattr(booking, "chair", None) if clinic else None,
            str(entry.status),
            len(booking.revised) - 1,
            booking.id if clinic else None,
            course.id if clinic else None,
        )

    keys = (
        *("uid", "kind", "title", "number", "of", "phase_or_companion", "date", "start", "end", "zone"),
        *("starts_at", "ends_at", "minutes", "place", "chair", "status", "sequence", "id", "course"),
    )
    return Table("plain", keys, tuple(row(e) for e in _told(telling) if not isinstance(e, DayAfter)))


def _imported(all_day: str, more: dict[str, str], course: Course, publication: Publication) -> Table:
    """Return what is booked and stands, as calendar programs import it."""
    telling = Telling(agenda(course), publication)
    headings = (
        *("Subject", "Start Date", "Start Time", "End Date", "End Time", all_day),
        *("Description", "Location", "Private", *more),
    )

    def row(entry: Entry) -> Row:
        whole = entry.start is None or entry.end is None
        first = entry.first if whole else entry.start.date()  # type: ignore[union-attr] # not whole days
        last = entry.last if whole else entry.end.date()  # type: ignore[union-attr] # likewise
        return (
            telling.title(entry),
            *(f"{first:%m/%d/%Y}", "" if whole else f"{entry.start:%I:%M %p}"),
            *(f"{last:%m/%d/%Y}", "" if whole else f"{entry.end:%I:%M %p}"),
            str(whole),
            "\n".join(telling.lines(entry)),
            location(entry, course.contact.address, named=telling.named),
            *("True", *more.values()),
        )

    return Table(
        "import", headings, tuple(row(entry) for entry in _told(telling) if entry.status not in _OFF)
    )


google = partial(_imported, "All Day Event", {})
"""What Google Calendar imports; it takes the times as those of the calendar's own zone."""
outlook = partial(_imported, "All day event", {"Sensitivity": "Private", "Show time as": "2"})
"""What classic Outlook imports; 2 is busy."""

sessions: Callable[[Course, Publication], Table] = partial(booked, which=SessionEntry)
appointments: Callable[[Course, Publication], Table] = partial(booked, which=CompanionEntry)
