"""
The patient's page (HTML): the next appointment, the months, every appointment in order, and what has changed.

One file for screen and paper: no script, and a policy in it that forbids every request. Its words are those
of the patient's calendar, and of the telephone where something has changed. What is "next" and what is past goes by
the date that is given (`as_of`), or else by the date of the last revision, never by the clock of the machine:
the same course gives the same bytes.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, ClassVar

import attrs

from ketsched.agenda import agenda
from ketsched.errors import CannotWrite
from ketsched.interchange.identity import own_since
from ketsched.interchange.pagefolder import render
from ketsched.languages import Words
from ketsched.model import BookingStatus, Course
from ketsched.moments import DayAfter, Entry, SessionEntry
from ketsched.words.naming import location, name_of_all
from ketsched.words.telephone import sentences
from ketsched.words.telling import Telling
from ketsched.words.wording import Audience, Publication

IN_PART = True
"""Whether files of this format can leave out events."""

TEMPLATED = True
"""Whether files of this format are made with templates."""

_BETWEEN_NAMES = 11
"""Percent of a timeline that the name of a month needs on a small telephone."""
_COMING, _OVER = (
    (BookingStatus.FIRM, BookingStatus.TENTATIVE),
    (BookingStatus.FULFILLED, BookingStatus.MISSED),
)


def dumps(course: Course, publication: Publication) -> bytes:
    """
    Return the bytes of a page.

    Raises:
        CannotWrite: It is asked for a clinic or with changes only, a text in it is too long, or the clinic's
            own template fails.
    """
    _check_can_be(publication)
    return render(publication.templates, _Page(course, publication).values()).encode()


def _check_can_be(publication: Publication) -> None:
    if publication.audience is not Audience.PATIENT:
        raise CannotWrite(
            what="A page is for a patient.",
            where="audience",
            why="it says when to come, and what to do before and after",
            fix='leave audience="clinic" out, or write a calendar (.ics) or a table (.csv) for the clinic',
        )
    if publication.changes_only:
        raise CannotWrite(
            what="A page cannot have changes alone.",
            where="changes_only",
            why="it takes the place of the page before, and has what changed in a section of its own",
            fix="leave it out, or write the changes into a calendar (.ics)",
        )


# What a template sees of these values is what SEEN lists: none of it leads back to the course, which holds more.


@attrs.frozen
class _Month:
    """
    One month, as a leaf of a calendar.

    Attributes:
        name: Its name and year.
        weeks: Of seven days each; None: a day of another month.
    """

    SEEN: ClassVar = frozenset(("name", "weeks"))

    name: str
    weeks: tuple[tuple[_Day | None, ...], ...]


@attrs.frozen
class _Day:
    """
    One day of a month.

    Attributes:
        number: Of the day in its month.
        visits: What is on it.
    """

    SEEN: ClassVar = frozenset(("number", "visits"))

    number: int
    visits: tuple[_Visit, ...]


@attrs.frozen(kw_only=True)
class _Visit:
    """
    One appointment or to-do, as the page says it.

    Attributes:
        id: What links lead to.
        entry: What the course holds.
        title: What it is called.
        day: Its day, in words.
        time: Its hour, as it stands by itself; empty: it has none.
        when: Day and hour in one.
        machine: The same for programs.
        place: Where to go; empty: that is not told.
        lines: What to do before and after it.
    """

    SEEN: ClassVar = frozenset(
        ("id", "title", "day", "time", "when", "machine", "place", "lines", "stands", "is_sure", "is_to_do")
    )

    id: str
    entry: Entry
    title: str
    day: str
    time: str
    when: str
    machine: str
    place: str
    lines: tuple[str, ...]

    @property
    def stands(self) -> bool:
        """Whether it takes place."""
        return self.entry.status.stands

    @property
    def is_sure(self) -> bool:
        """Whether it takes place for sure."""
        return self.entry.status is not BookingStatus.TENTATIVE

    @property
    def is_to_do(self) -> bool:
        """Whether it is something to do by a day."""
        return self.entry.is_whole_days


@attrs.frozen
class _Mark:
    """
    A mark on the timeline.

    Attributes:
        at: Where it is, in percent from the left.
        kind: "past", "coming" or "unsure"; of a month its name.
    """

    SEEN: ClassVar = frozenset(("at", "kind"))

    at: float
    kind: str


class _Page:
    """Says what the page shows; the template says how."""

    def __init__(self, course: Course, publication: Publication) -> None:
        self.course, self.publication = course, publication
        self.telling = Telling(agenda(course), publication)
        self.words, self.own_since = self.telling.words, own_since(course)
        protocol = self.words.say("protocol", title=course.protocol.title)  # stands on top where all is told
        self.elsewhere = {*self.telling.timed, protocol}
        told = [entry for entry in self.telling.agenda.entries if self._is_shown(entry)]
        self.as_of, self.is_dated = _as_of(course, publication, told)
        is_past = {id(entry): self._is_past(entry) for entry in told}
        coming = (entry for entry in told if not is_past[id(entry)])
        self.visits = [self._visit(number, entry) for number, entry in enumerate(coming, 1)]
        over = (entry for entry in told if is_past[id(entry)] and not entry.is_whole_days)
        self.past = [self._visit(0, entry) for entry in over if entry.status is not BookingStatus.CLOSED]

    def _is_shown(self, entry: Entry) -> bool:
        """Whether something is an appointment or a to-do of its own; the day after a session is told with it."""
        if isinstance(entry, DayAfter) or not self.telling.tells(entry):
            return False
        if not entry.is_whole_days:
            return True
        return entry.status in _COMING and entry.booking.id in self.own_since

    def _is_past(self, entry: Entry) -> bool:
        return entry.first < self.as_of or entry.status in _OVER

    def _visit(self, number: int, entry: Entry) -> _Visit:
        words, at = self.words, entry.start or (None if entry.is_whole_days else entry.booking.time)
        day = words.day(entry.first, beside=self.as_of)
        hour = words.lines["no_time"] if at is None else words.clock(at)
        return _Visit(
            id=f"v{number}",
            entry=entry,
            title=self.telling.title(entry),
            day=day,
            time="" if at is None else words.bare_clock(at),
            when=day if entry.is_whole_days else words.say("list_item", day=day, time=hour),
            machine=str(entry.first) if entry.start is None else entry.start.isoformat(timespec="minutes"),
            place=self._place(entry),
            lines=tuple(line for line in self.telling.lines(entry) if line not in self.elsewhere),
        )

    def _place(self, entry: Entry) -> str:
        at_home = isinstance(entry, SessionEntry) and entry.at_home
        return "" if at_home else location(entry, self.course.contact.address, named=self.telling.named)

    def values(self) -> dict[str, Any]:
        """Return what the template shows, by name."""
        words, telling, contact = self.words, self.telling, self.course.contact
        appointments = [visit for visit in self.visits if not visit.is_to_do]
        coming = [visit for visit in appointments if visit.entry.status in _COMING]
        *_, footer = telling.timed
        before, phone, after = footer.partition(contact.telephone) if contact.telephone else (footer, "", "")
        return {
            "language": words.language,
            "say": words.lines,
            "clinic": contact.spoken,
            "shows_logo": telling.named,
            "title": name_of_all(words, self.course.protocol, named=telling.named, full=telling.full),
            "of": words.say("page_of", day=words.day(self.as_of, beside=date.min)) if self.is_dated else "",
            "next": coming[0] if coming else None,
            "changes": self._changes(),
            "span": words.say("page_span", n=len(coming), day=coming[-1].day) if coming else "",
            "timeline": [*self._timeline(appointments)],
            "month_names": [*self._month_names(appointments)],
            "weekdays": self._weekdays(),
            "months": [*_months(coming, words)],
            "visits": self.visits,
            "past": self.past,
            "zone": telling.timed[0],
            "footer": (before, phone, after),
            "dialled": re.sub(r"[^0-9+]", "", phone),
        }

    def _changes(self) -> Sequence[str]:
        """Return what the last revision changed, as one reads it out; of the first one all is new."""
        if len(self.course.revisions) == 1:
            return ()
        return sentences(self.course, language=self.words.language, privacy=self.publication.privacy)

    def _weekdays(self) -> list[tuple[str, str]]:
        """Return the short and the whole names of the days of a week, the first one first."""
        names, first = self.words.locale.days["stand-alone"], self.words.first_weekday
        days = [(first + number) % 7 for number in range(7)]
        return [(names["short"][day].capitalize().rstrip("."), names["wide"][day]) for day in days]

    # The timeline

    def _days(self, appointments: Sequence[_Visit]) -> list[date]:
        """Return the days of what took place or is to come."""
        return [visit.entry.first for visit in (*self.past, *appointments) if visit.stands]

    def _timeline(self, appointments: Sequence[_Visit]) -> Iterator[_Mark]:
        days = self._days(appointments)
        for visit in (*self.past, *appointments):
            if visit.stands:
                kind = "past" if self._is_past(visit.entry) else "coming" if visit.is_sure else "unsure"
                yield _Mark(_percent(visit.entry.first, days), kind)

    def _month_names(self, appointments: Sequence[_Visit]) -> Iterator[_Mark]:
        """Yield names of months where each begins, no more than fit; the last one first."""
        days = self._days(appointments)
        names = self.words.locale.months["stand-alone"]["abbreviated"]
        free = 100.0
        for month in reversed([*_months_between(min(days), max(days))] if days else []):
            at = _percent(max(month, min(days)), days)
            if at <= free:
                yield _Mark(at, names[month.month])
                free = at - _BETWEEN_NAMES


def _as_of(course: Course, publication: Publication, told: Sequence[Entry]) -> tuple[date, bool]:
    """Return the date by which something is past, and whether that is known: else nothing is past."""
    at = course.revisions[-1].at
    if publication.as_of is not None:
        return publication.as_of, True
    if at is not None:
        return course.day_at(at), True
    return min((entry.first for entry in told), default=date.min), False


def _percent(day: date, days: Sequence[date]) -> float:
    first, last = min(days), max(days)
    return round(3 + 94 * ((day - first).days / max((last - first).days, 1)), 2)


def _months_between(first: date, last: date) -> Iterator[date]:
    month = first.replace(day=1)
    while month <= last:
        yield month
        month = date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _months(visits: Sequence[_Visit], words: Words) -> Iterator[_Month]:
    """Yield the months that have an appointment."""
    on: dict[date, list[_Visit]] = {}
    for visit in visits:
        on.setdefault(visit.entry.first, []).append(visit)
    leaves = calendar.Calendar(words.first_weekday)
    for year, month in dict.fromkeys((day.year, day.month) for day in on):
        first = date(year, month, 1)
        yield _Month(
            words.month(first),
            tuple(
                tuple(_Day(day, tuple(on.get(first.replace(day=day), ()))) if day else None for day in week)
                for week in leaves.monthdayscalendar(year, month)
            ),
        )
