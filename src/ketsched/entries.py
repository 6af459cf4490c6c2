"""
What people write, read into values: a stretch of dates, weekly hours, a moment, which session is meant.

A command line and the fields of a page take the same texts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path

import attrs

from ketsched.calendars import Calendar
from ketsched.casefile import named_calendar
from ketsched.clock import WEEKDAY_NAMES, TimeRange, day_words, plausible, read_date, read_time
from ketsched.closures import Holidays, days_between
from ketsched.errors import InvalidInput, KetschedError
from ketsched.model import (
    Booking,
    Companion,
    Course,
    Protocol,
    Session,
    Visit,
    VisitStatus,
)
from ketsched.names import STATUS_WORDS, Names, words_typed
from ketsched.nearness import did_you_mean
from ketsched.revising import before_its_outcome
from ketsched.unseen import as_seen, plain_dashes
from ketsched.weekdays import span_of_weekdays, weekdays_meant_together

SHOWN = 8
"""Bookings that an error names (house default)."""


def read_day(text: str) -> date:
    """Read a date that a course can have."""
    return plausible(read_date(text), "date")


def read_dates(text: str) -> list[date]:
    """Read one date, or a stretch "2027-12-24..2027-12-31" with both ends."""
    first, dots, last = text.partition("..")
    begin = read_date(first)
    if not dots:
        return [begin]
    end = read_date(last)
    if end < begin:
        raise InvalidInput(
            what=f"{text[:40]} ends before it begins",
            why="a stretch runs from the earlier date to the later, both included",
            fix=f"write {end}..{begin}",
        )
    return days_between(begin, end)


def read_start(text: str) -> date | tuple[date, date]:
    """Read a date, or a stretch of dates in which a start is to be searched."""
    days = read_dates(text)
    return days[0] if ".." not in text else (days[0], days[-1])


def read_moment(text: str) -> datetime:
    """Read a date, a time and an offset from UTC."""
    try:
        at = datetime.fromisoformat(plain_dashes(as_seen(text)))
        if at.tzinfo is not None:
            return at
    except ValueError:
        pass
    raise InvalidInput(
        what=f"{text[:40]!r} is not a moment",
        why="a moment is a date, a time and an offset from UTC",
        fix="write it as 2027-01-04T09:00:00Z, or as 2027-01-04T09:00:00-05:00",
    )


def read_country(text: str) -> Holidays:
    """Read the public holidays of a country, or of a part of it: "US", "US-NY"."""
    country, _, part = text.partition("-")
    return Holidays(country.upper(), part.upper())


def read_week(texts: Iterable[str]) -> tuple[tuple[TimeRange, ...], ...]:
    """Read "mon-fri 09:00-17:00" and "sat 09:00-12:00" into the spans of seven days."""
    week: list[tuple[TimeRange, ...]] = [()] * 7
    for part in (part for text in texts for part in text.split(";")):
        match = re.fullmatch(r"\s*([^0-9]+?)\s+([0-9].*|closed)\s*", part)
        if match is None:
            raise InvalidInput(
                what=f"{part.strip()[:40]!r} was not understood.",
                why="they are days of the week, a blank and the hours of each",
                fix='write them as "mon-fri 09:00-17:00", or "mon,thu 09:00-12:00, 13:00-17:00"',
            )
        for day in read_weekday_span(match[1], hours=f" {match[2]}"):
            week[day] = TimeRange.parse(match[2])
    return tuple(week)


def read_weekday_span(text: str, *, hours: str = "") -> list[int]:
    """
    Read "mon-fri", "mon,wed" or "daily" as weekdays, Monday is 0.

    Args:
        text: As it was written.
        hours: What stood behind it, for the advice.
    """
    text = plain_dashes(as_seen(text))
    try:
        return span_of_weekdays(text)
    except InvalidInput as error:
        ours = _in_english(text)
        fix = f'write "{ours}{hours}"' if ours else f'{error.fix} Write "mon-fri{hours}" or "mon,thu{hours}"'
        raise InvalidInput(what=error.what, why=error.why, fix=fix) from None


def _in_english(text: str) -> str:
    """Return days of the week written in another way as we write them; empty if one of them is not clear."""
    parts = re.split(r"([-,])", text.replace(" ", ""))
    meant = weekdays_meant_together(parts[::2])
    if not meant:
        return ""
    parts[::2] = [WEEKDAY_NAMES[n].lower() for n in meant]
    return "".join(parts)


STATUSES = ("given", "missed", "cancelled", "stopped-early", "withdrawn")
"""What can have become of a visit, as people write it."""


def read_status(text: str) -> VisitStatus:
    """Read what became of a visit, in people's words or those of files; stopped-early may be one word."""
    known = {status.replace(" ", "-"): status for status in VisitStatus}
    known |= dict.fromkeys(("given", "came", "attended"), VisitStatus.FULFILLED)
    known |= dict.fromkeys(("missed", "noshow", "no_show", "dna"), VisitStatus.NO_SHOW)
    word = as_seen(text).lower().replace(" ", "-")
    if word in known:
        return known[word]
    near = did_you_mean(word, [one for one in known if "_" not in one]) or "write one of these"
    raise InvalidInput(
        what=f"{text[:20]!r} is not a status." if word else "The status is missing.",
        why=f"a status is one of {', '.join(STATUSES)}; nothing is assumed given",
        fix="if the patient came late: given --time 10:40" if word == "late" else near,
    )


def read_visit(text: str) -> Visit:
    """Read "2027-01-14 missed"."""
    day, _, status = text.strip().partition(" ")
    return Visit(read_day(day), read_status(status))


def named_files(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Read therapist=therapist.toml: whose hours they are, and the file."""
    found: list[tuple[str, str]] = []
    for text in texts:
        name, sign, file = (part.strip() for part in text.partition("="))
        if not (name and sign and file):
            raise InvalidInput(
                what=f"{text[:60]!r} is not a name and a file",
                why="it says whose hours they are and where they stand, with an equals sign between",
                fix="write therapist=therapist.toml",
            )
        if name in (known for known, _ in found):
            raise InvalidInput(
                what=f"two calendars for {name[:60]!r}",
                why="each has one",
                fix="give one of them, or put all hours into one file",
            )
        found.append((name, file))
    return found


def read_named(texts: Iterable[str], protocol: Protocol) -> dict[str, Calendar]:
    """Read therapist=therapist.toml, for each of those whom a protocol names."""
    return {name: named_calendar(name, Path(file), protocol) for name, file in named_files(texts)}


# Which booking is meant


@attrs.frozen
class Move:
    """
    A move by hand, as somebody wrote it.

    Attributes:
        booking: Id of the session or appointment.
        day: The date it is to be on; None: its own.
        hour: The time it is to start at; None: its own, or the nearest that is free.
        unit: The chair, or which of those whom it takes; None: its own, or any.
    """

    booking: str
    day: date | None = None
    hour: time | None = None
    unit: int | None = None


_WHERE = re.compile(r"(?P<day>[^T@]*)(?:T(?P<hour>[^@]+))?(?:@(?P<unit>\d{1,4}))?")


def read_move(course: Course, text: str) -> Move:
    """Read "5=2027-01-20", "review=2027-02-05T14:00", "4=T14:00" or "4=T14:00@2": which, where, on which chair."""
    name, day, hour, unit = _read_where(text)
    return Move(booking_meant(course, name, on=day), day, hour, unit)


def read_booking(course: Course, text: str) -> Move:
    """Read "review=2027-02-05T14:00" or "review=2027-02-05": which of the protocol's appointments, and when."""
    name, day, hour, unit = _read_where(text)
    companion = appointment_meant(course, name)
    if day is None:
        raise InvalidInput(
            what=f"{text[:60]!r} names no day",
            why="an appointment that has no booking has no day of its own",
            fix=f"write {companion}=2027-02-05T14:00",
        )
    return Move(companion, day, hour, unit)


def _read_where(text: str) -> tuple[str, date | None, time | None, int | None]:
    name, sign, where = (part.strip() for part in text.partition("="))
    match = _WHERE.fullmatch(where)
    if not (name and sign and where) or match is None:
        raise InvalidInput(
            what=f"{text[:60]!r} is not a booking and a day or an hour",
            why="it says what goes where, with an equals sign between",
            fix="write 5=2027-01-20, review=2027-02-05T14:00, or 4=T14:00 for another hour of its day",
        )
    day = read_day(match["day"].strip()) if match["day"].strip() else None
    hour, unit = match["hour"], match["unit"]
    return name, day, read_time(hour) if hour else None, int(unit) if unit else None


def appointment_meant(course: Course, text: str) -> str:
    """Return the id of the protocol's appointment that is meant: its id, its topic, its title or a word of its id."""
    there = [companion for companion in course.protocol.companions if companion.kind == "appointment"]
    meant = [one for one in there if one.id == text] or [one for one in there if _is_about(one, text)]
    if len(meant) == 1:
        return meant[0].id
    shown = ", ".join(one.id for one in meant or there)
    raise InvalidInput(
        what=f"{text[:40]!r} fits {len(meant)} appointments"
        if meant
        else f"the protocol has no appointment {text[:40]!r}",
        why=f"it can be {shown}" if meant else f"it has {shown or 'none'}",
        fix=did_you_mean(text, [one.id for one in there]) or "name one of these",
    )


def booking_meant(course: Course, text: str, *, on: date | None = None) -> str:
    """
    Return the id of the session or appointment that is meant.

    It is meant by its number as screens show it ("4", "booster-2"), its id, the protocol's name for it or what it is
    about ("review"), or its day: there a session comes before appointments.

    Args:
        course: The course.
        text: As it was written.
        on: The day it is to be on: of several that fit, one that is on it is meant.
    """
    sessions = [session for session in course.standing() if _fits(course, session, text)]
    around = [p for p in course.companions if course.protocol.companion(p.companion).kind == "appointment"]
    exact = [booking for booking in (*course.sessions, *around) if as_seen(booking.id) == as_seen(text)]
    open_still = [p for p in around if p.status.can_move]
    titled = [p for p in open_still if p.companion == text]
    titled = titled or [p for p in open_still if _is_about(course.protocol.companion(p.companion), text)]
    found: list[Booking] = list({b.id: b for b in (*exact, *sessions, *(() if exact else titled))}.values())
    if not found:
        found = [s for s in course.standing() if str(s.day) == text]
        found = found or [p for p in around if str(p.day) == text and p.status.stands]
    if len(found) > 1:
        found = [booking for booking in found if booking.status.stands] or found
    if len(found) > 1:
        found = [booking for booking in found if booking.day == on] or found
    if len(found) == 1:
        return found[0].id
    if found:
        raise _fits_several(course, text, found)
    known = [*course.standing(), *open_still]
    shown = ", ".join(say_booking(course, booking) for booking in known[:SHOWN])
    raise InvalidInput(
        what=f"there is no booking {text[:40]!r}",
        why=f"the course has {shown or 'none'}" + (", ..." if len(known) > SHOWN else ""),
        fix=_spelled(text, [*(b.id for b in known), *(b.of for b in known)])
        or "name one of these by its number, its day or its id",
    )


_NUMBERED = re.compile(r"(?:(?P<series>[^\d].*?)[\s-]*)?(?P<number>\d{1,4})")


def _fits(course: Course, session: Session, text: str) -> bool:
    """Whether a session has the number that a text says: one alone is the first series', "booster-2" a booster's."""
    match = _NUMBERED.fullmatch(as_seen(text).strip())
    if match is None or not session.counts:
        return False
    phase, series = course.protocol.phase(session.phase), (match["series"] or "").casefold()
    is_of_it = (
        series in words_typed(course.protocol, phase)
        if series
        else phase.name == course.protocol.phases[0].name
    )
    return is_of_it and course.number(session) == int(match["number"])


def _is_about(companion: Companion, text: str) -> bool:
    """Whether a text says what an appointment is about: its topic, or a word of its id."""
    word = text.strip().casefold()
    return word in (companion.topic, *companion.id.split("-"), companion.title.casefold())


def _spelled(text: str, names: Iterable[str]) -> str:
    """Ask about the booking or the appointment that is spelled nearly so; a number or a day is no slip of spelling."""
    if any(letter.isdigit() for letter in text):
        return ""
    return did_you_mean(text, [word for name in names for word in (name.partition(":")[0], name)])


def say_booking(course: Course, booking: Booking) -> str:
    """Call a booking as screens do, with its day and its id."""
    return f"{Names(course).of(booking)} on {day_words(booking.day)} ({booking.id})"


def _fits_several(course: Course, text: str, found: Sequence[Booking]) -> InvalidInput:
    shown = " and ".join(say_booking(course, booking) for booking in found[:SHOWN])
    return InvalidInput(
        what=f"{text[:40]!r} fits {len(found)} bookings",
        why=f"it can be {shown}",
        fix="name the one that is meant by its day, or by its id in brackets",
    )


def session_named(course: Course, text: str) -> str:
    """Return the id of the session that is meant by its number, its id, or its day if only one is on it."""
    exact = [session for session in course.sessions if as_seen(session.id) == as_seen(text)]
    numbered = [session for session in course.standing() if _fits(course, session, text)]
    found = list({session.id: session for session in (*exact, *numbered)}.values())
    if len(found) == 1:
        return found[0].id
    if found:
        raise _fits_several(course, text, found)
    return _alone([(session.id, session.day) for session in course.standing()], text, "session")


def booking_named(course: Course, text: str, *, deciding: bool) -> str:
    """
    Return the id of an appointment or task, meant by its id, its companion's id or its day.

    Args:
        course: The course.
        text: As it was written.
        deciding: Whether it is one of those that decide about sessions, or one of the others.
    """
    gates = {companion.id for companion in course.protocol.companions if companion.gate}
    known = [p for p in course.companions if p.status.stands and (p.companion in gates) is deciding]
    text = as_seen(text)
    if any(placed.id == text for placed in known):
        return text
    named = [placed for placed in known if placed.companion == text]
    if len(named) == 1:
        return named[0].id
    kind = "appointment that decides" if deciding else "appointment or task"
    return _alone([(placed.id, placed.day) for placed in named or known], text, kind)


def cancelled_meant(course: Course, text: str) -> str:
    """Return the id of the session, appointment or task that is to be cancelled, meant as `move` or `done` mean it."""
    try:
        return booking_meant(course, text)
    except KetschedError as error:
        try:
            return booking_named(course, text, deciding=False)
        except KetschedError:
            raise error from None


def event_named(course: Course, text: str) -> str:
    """Return the UID of an event or the id of a booking as it is, and the id of the session that is alone on a day."""
    is_uid = text.count("-") == 4 and len(text) == 36
    return text if is_uid or text in course.bookings() else session_named(course, text)


def with_session(course: Course, visit: Visit) -> Visit:
    """
    Return a visit; refuse one that did not take place on a day without a session: it is a slip of the keyboard.

    A correction is of the session of what it corrects, or of one on its day.
    """
    if visit.status.delivered or visit.status == "withdrawn" or visit.session is not None:
        return visit
    days = {session.day for session in course.sessions}
    for entry in course.visits:
        if visit.corrects and entry.id == visit.corrects:
            days.add(entry.day)
            days |= {before_its_outcome(course, s).day for s in course.sessions if s.id == entry.session}
    if visit.day not in days:
        session_named(course, str(visit.day))
    return visit


def check_entry(course: Course, visit: Visit) -> Visit:
    """
    Return a visit that is to be recorded; refuse a slip of the keyboard.

    It corrects an entry that is there, and a second, different entry of one day says that it is one: by what it
    corrects, its session or its hour.
    """
    entries = {entry.id: entry for entry in course.visits}
    if visit.corrects and visit.corrects not in entries:
        known = ", ".join(f"{entry.id} ({entry.day})" for entry in course.visits[-SHOWN:])
        raise InvalidInput(
            what=f"there is no entry {visit.corrects[:40]!r}",
            why=f"entries are {known or 'none yet'}",
            fix="name one of these; the history of the course lists them" if known else "leave it out",
            argument="corrects",
        )
    if visit.corrects:
        return visit
    corrected = {entry.corrects for entry in course.visits}
    if visit.status != "withdrawn":
        _check_not_taken_back(course, visit, corrected)
    if visit.session is not None or visit.at is not None:
        return visit
    there = [
        e for e in course.visits if e.day == visit.day and e.id not in corrected and e.status != "withdrawn"
    ]
    if there and not any(_says(entry) == _says(visit) for entry in there):
        first = there[0]
        raise InvalidInput(
            what=f"{visit.day} is already recorded as {STATUS_WORDS[first.status]} ({first.id}).",
            why="a day may have two visits, but mostly the first entry was a mistake",
            fix=f'give {{corrects={first.id}|corrects="{first.id}"}} if this replaces it, '
            "or {time=15:00|at=time(15)} if there was a second visit",
            argument="day",
        )
    return visit


def _check_not_taken_back(course: Course, visit: Visit, corrected: Collection[str]) -> None:
    """Refuse what an entry said that was taken back: given again it would be taken as that one, and change nothing."""
    entries = (entry for entry in course.visits if entry.status != "withdrawn")
    said = [entry for entry in entries if _says(entry) == _says(visit)]
    if not said or any(entry.id not in corrected for entry in said):
        return
    for back in course.visits:
        if back.status == "withdrawn" and back.day == visit.day and back.id not in corrected:
            raise InvalidInput(
                what=f"{said[-1].id} said that of {visit.day}, and {back.id} took it back",
                why="the same entry given again is taken once, and would change nothing",
                fix=f'give {{corrects={back.id}|corrects="{back.id}"}} if it holds after all',
                argument="day",
            )


def _says(visit: Visit) -> Visit:
    """Return what an entry says of what happened, without whose entry it is."""
    return attrs.evolve(visit, id="", session=None, who="", corrects="")


def check_calendars(course: Course, calendars: Mapping[str, Calendar]) -> None:
    """Refuse to move appointments by other hours than those of whom they need."""
    placed = [course.protocol.companion(p.companion) for p in course.companions if p.status.stands]
    missing = sorted({companion.calendar for companion in placed} - {"", *calendars})
    if missing:
        raise InvalidInput(
            what=f"the calendar of {missing[0]} is missing",
            why="without it the clinic's hours would decide where appointments with them go",
            fix=f"give the hours of {missing[0]} as well",
            argument="calendars",
        )


def _alone(bookings: Sequence[tuple[str, date]], text: str, kind: str) -> str:
    """Return the id of the one booking that is on a day, or say which there are."""
    try:
        day = read_date(text)
    except KetschedError:
        day = None
    there = [(name, on) for name, on in bookings if on == day]
    if len(there) == 1:
        return there[0][0]
    one = "name one of these by its id, or by its day if it is alone on it" if bookings else "nothing to name"
    near, several = there or bookings, "sessions" if kind == "session" else "of them"
    shown = ", ".join(f"{name} ({on})" for name, on in near[:SHOWN]) + (", ..." if len(near) > SHOWN else "")
    raise InvalidInput(
        what=f"There are {len(there)} {several} on {text}."
        if there
        else f"There is no {kind} {text[:40]!r}.",
        why=f"the course has {shown or 'none'}",
        fix=_spelled(text, [name for name, _ in bookings]) or one,
    )
