"""
A case file: everything one planning needs, in TOML that a coordinator can keep and repeat.

It names the protocol, the start, the clinic's file, the course's opaque id, what the
patient cannot and what they would rather, other people's calendars, holds and what a payer
has authorised. docs/how-to/case-file.md shows all it may hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, time
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from ketsched import tomlfile
from ketsched.calendars import ALL_DAY, Calendar, read_hours
from ketsched.clock import MINUTES_A_DAY, TimeRange, minute_of, plausible, read_time
from ketsched.closures import Closure, Opening, days_between, ends_first
from ketsched.countries import country_named
from ketsched.errors import InvalidInput
from ketsched.hours import Hours
from ketsched.languages import check_language
from ketsched.model import Authorisation, Course, Hold, Interval, Protocol, check_course_id, check_key
from ketsched.nearness import did_you_mean
from ketsched.protocols import load_protocol
from ketsched.tomlfile import Table
from ketsched.weekdays import read_weekdays
from ketsched.zones import same_zone, zone_named


@attrs.frozen(kw_only=True)
class Case:
    """
    What to plan, as arguments of `plan`.

    Attributes:
        protocol: With its choices made.
        start: First session, or the stretch in which to search it.
        calendar: The clinic's.
        id: The course's opaque name; None if the file gives none.
        availability: When the patient can; None: always.
        wishes: When the patient would rather come; None: no wish.
        time: Local time of day to be near to.
        calendars: Of those whose hours the protocol's companions need, by the name it gives them.
        holds: A clinician's stops, "h1" the first.
        authorisations: A payer's, in the order in which they pay.
        key: What goes into the identities of the course's events; None if the file gives none.
        clinic_file: Where the clinic's file is; None: it has none.
        staff_files: Where the files of those are whose hours companions need, by name.
        language: What the patient reads in.
    """

    protocol: Protocol
    start: date | tuple[date, date]
    calendar: Calendar
    id: str | None = None
    availability: Calendar | None = None
    wishes: Calendar | None = None
    time: time | None = None
    calendars: Mapping[str, Calendar] = attrs.field(factory=dict)
    holds: tuple[Hold, ...] = ()
    authorisations: tuple[Authorisation, ...] = ()
    key: str | None = None
    clinic_file: Path | None = None
    staff_files: Mapping[str, Path] = attrs.field(factory=dict)
    language: str = "en"

    @property
    def hours(self) -> Hours:
        """When its sessions and appointments can be."""
        return Hours(
            self.calendar,
            staff=self.calendars,
            availability=self.availability,
            wishes=self.wishes,
            time=self.time,
        )


def load_case(path: str | Path) -> Case:
    """
    Read a case file; the files it names are looked for beside it.

    Raises:
        KetschedError: Something in it cannot be used; says file, line and key.
    """
    file = Path(path)
    table = tomlfile.load(file)

    def protocol_of(name: str) -> Protocol:
        return load_protocol(file.parent / name if name.lower().endswith(".toml") else name)

    whole = table.read("protocol", protocol_of, table.take("protocol", str))
    protocol = _chosen(table, whole)
    clinic = table.take("clinic", str)
    calendar = table.read("clinic", lambda name: Calendar.load(file.parent / name), clinic)
    clock = table.take("time", str, None)
    course_id, key = table.take("id", str, None), table.take("key", str, None)
    zone = table.take("zone", str, None)
    if zone is not None:
        table.read("zone", lambda name: _same_zone(name, calendar), zone)
    staff = _staff_files(table)
    language = table.take("language", str, "en")
    case = Case(
        protocol=protocol,
        start=_start(table),
        calendar=calendar,
        id=None if course_id is None else table.read("id", check_course_id, course_id),
        availability=_cannot(table, calendar.zone),
        wishes=_rather(table, calendar.zone),
        time=None if clock is None else table.read("time", read_time, clock),
        key=None if key is None else table.read("key", check_key, key),
        clinic_file=file.parent / clinic,
        staff_files={name: file.parent / named for name, (_, named) in staff.items()},
        calendars=_calendars(staff, whole, file.parent),
        holds=tuple(_hold(entry, f"h{n}") for n, entry in enumerate(table.tables("hold"), 1)),
        authorisations=tuple(_authorisation(entry, protocol) for entry in table.tables("authorisation")),
        language=table.read("language", check_language, language),
    )
    table.done()
    return case


def _same_zone(name: str, calendar: Calendar) -> str:
    zone_named(name)
    if not same_zone(name, calendar.zone):
        raise InvalidInput(
            what=f"The case is in zone {name}, the clinic file in {calendar.zone}.",
            why="days and times are local to the clinic",
            fix="leave zone out of the case, or correct the clinic's file",
        )
    return name


def _start(table: Table) -> date | tuple[date, date]:
    """Read `start = 2027-01-04`, or `start = { from = ..., to = ... }`."""
    if not isinstance(table.values.get("start"), dict):
        return table.read("start", lambda day: plausible(day, "start"), table.take("start", date))
    stretch = table.table("start")
    assert stretch is not None  # noqa: S101 - the line above has seen that it is a table
    first, last = stretch.take("from", date), stretch.take("to", date)
    stretch.done()
    if last < first:
        raise ends_first(stretch, first, last)
    return (
        stretch.read("from", lambda day: plausible(day, "start"), first),
        stretch.read("to", lambda day: plausible(day, "start"), last),
    )


def _chosen(table: Table, protocol: Protocol) -> Protocol:
    """Read what the protocol leaves open."""
    readers: list[tuple[str, type[Any], Callable[[Any], Any]]] = [
        ("sessions", int, int),
        ("weeks", int, int),
        ("weekdays", list, read_weekdays),
        ("boosters", int, int),
        ("until", str, Interval.parse),
        ("every", str, Interval.parse),
        ("country", str, country_named),
        ("screening_decides", bool, bool),
    ]
    taken = [(key, how, table.take(key, kind, None)) for key, kind, how in readers]
    return table.make(
        protocol.choose, {key: table.read(key, how, value) for key, how, value in taken if value is not None}
    )


def _cannot(table: Table, zone: str) -> Calendar | None:
    """Read the [[cannot]] entries: days, stretches of days, or weekdays, each with or without hours."""
    entries = table.tables("cannot")
    week: list[Iterable[TimeRange]] = [ALL_DAY] * 7
    taken: dict[date, list[TimeRange]] = {}
    for entry in entries:
        on, first, last = (entry.take(key, date, None) for key in ("on", "from", "to"))
        weekdays, hours = entry.take("weekdays", list, None), entry.take("hours", str, None)
        entry.done()
        gone = ALL_DAY if hours is None else entry.read("hours", _some_hours, hours)
        match on, first, last, weekdays:
            case None, None, None, list():
                for weekday in entry.read("weekdays", read_weekdays, weekdays):
                    week[weekday] = _left(week[weekday], gone)
                continue
            case date(), None, None, None:
                days = [entry.read("on", partial(plausible, name="on"), on)]
            case None, date(), date(), None if first <= last:
                days = entry.read("from", partial(days_between, last=last), first)
            case None, date(), date(), None:
                raise ends_first(entry, first, last)
            case _:
                raise InvalidInput(
                    what="this entry names no days",
                    where=entry.where(),
                    why="what the patient cannot is one day (on), a stretch (from, to, both included) or weekdays",
                    fix='write on = 2027-01-18, or from and to, or weekdays = ["Tue"] (and hours = "09:00-12:00")',
                )
        for day in days:
            taken.setdefault(day, []).extend(gone)
    if not entries:
        return None
    # Dated hours would hide those of a weekday, so they are cut out of them, in whatever order they were written.
    left = {day: _left(week[day.weekday()], taken[day]) for day in sorted(taken)}
    return attrs.evolve(
        Calendar.always(zone),
        hours=tuple(week),
        closures=tuple(Closure(day, "the patient cannot") for day, spans in left.items() if not spans),
        openings=tuple(Opening(day, spans) for day, spans in left.items() if spans),
    )


def _some_hours(text: str) -> tuple[TimeRange, ...]:
    spans = TimeRange.parse(text)
    if not spans:
        raise InvalidInput(
            what="no hours",
            why="an entry with hours says between which the patient cannot",
            fix='write hours = "09:00-12:00", or leave hours out for the whole day',
        )
    return spans


def _left(spans: Iterable[TimeRange], taken: Iterable[TimeRange]) -> list[TimeRange]:
    """Return what is left of some spans without others."""
    left = list(spans)
    for gone in taken:
        pieces = [
            (a, b)
            for s in left
            for a, b in ((s.start, min(s.end, gone.start)), (max(s.start, gone.end), s.end))
        ]
        left = [TimeRange(start, end) for start, end in pieces if start < end]
    return left


def _rather(table: Table, zone: str) -> Calendar | None:
    """Read [rather]: weekly hours in which the patient would rather come, or weekdays, not before, not after."""
    entry = table.table("rather")
    if entry is None:
        return None
    if not entry.values:
        raise InvalidInput(
            what="rather is empty",
            where=entry.where(),
            why="it says when the patient would rather come; nothing would mean never",
            fix='write after = "10:00", before = "15:00", weekdays = ["Mon"], or mon = "09:00-12:00"; or leave it out',
        )
    name = "what the patient would rather"
    weekdays = entry.take("weekdays", list, None)
    after, before = entry.take("after", str, None), entry.take("before", str, None)
    if after is None and before is None and weekdays is None:
        return Calendar(zone, read_hours(entry), name=name)
    entry.done()
    begin = 0 if after is None else _minute(entry, "after", after)
    end = MINUTES_A_DAY if before is None else _minute(entry, "before", before)
    span = entry.read("after" if before is None else "before", lambda _: (TimeRange(begin, end),), None)
    days = range(7) if weekdays is None else entry.read("weekdays", read_weekdays, weekdays)
    return Calendar(zone, tuple(span if n in days else () for n in range(7)), name=name)


def _minute(entry: Table, key: str, text: str) -> int:
    return minute_of(entry.read(key, read_time, text))


def named_calendar(name: str, path: Path, protocol: Protocol) -> Calendar:
    """
    Read the hours of somebody whom the companions of a protocol name; a file without a name is called after them.

    Raises:
        KetschedError: No companion names them, or the file cannot be used.
    """
    needed = sorted({companion.calendar for companion in protocol.companions} - {""})
    if name not in needed:
        raise InvalidInput(
            what=f"nothing in {protocol.id} needs a calendar {name[:60]!r}",
            why=f"its companions need {', '.join(needed) or 'none'}",
            fix=did_you_mean(name, needed) or "leave it out, or name it in the protocol's companions",
        )
    calendar = Calendar.load(path)
    unnamed = calendar.name == attrs.fields(Calendar).name.default
    return attrs.evolve(calendar, name=name) if unnamed else calendar


def check_holds(course: Course) -> None:
    """Refuse a hold that names a session which the planned course does not have: it would hold nothing."""
    known = {session.id for session in course.sessions}
    for number, hold in enumerate(course.holds, 1):
        for name in hold.sessions:
            if name not in known:
                raise InvalidInput(
                    what=f"There is no session {name[:40]!r}",
                    where=f"hold {number}, sessions",
                    why=f"the course has {course.sessions[0].id} to {course.sessions[-1].id}, in order of time",
                    fix="name some of these, or leave sessions out to hold all from since on",
                )


def check_scope(scope: str, protocol: Protocol) -> str:
    """Return the phase that an authorisation is for, if the protocol has it; an empty one is the whole course."""
    names = [phase.name for phase in protocol.phases]
    if scope and scope not in names:
        raise InvalidInput(
            what=f"there is no phase {scope[:60]!r}",
            why=f"an authorisation is for one phase ({', '.join(names)}), or without scope for the whole course",
            fix=did_you_mean(scope, names) or "name one of these, or leave scope out",
        )
    return scope


def _staff_files(table: Table) -> dict[str, tuple[Table, str]]:
    """Read [calendars]: a file for each of those whom the protocol's companions name."""
    entry = table.table("calendars")
    return {} if entry is None else {name: (entry, entry.take(name, str)) for name in list(entry.values)}


def _calendars(
    staff: Mapping[str, tuple[Table, str]], protocol: Protocol, folder: Path
) -> dict[str, Calendar]:
    def of(name: str) -> Calendar:
        entry, file = staff[name]
        return entry.read(name, lambda path: named_calendar(name, folder / path, protocol), file)

    return {name: of(name) for name in staff}


def _hold(entry: Table, name: str) -> Hold:
    """Read one [[hold]]: why, who decided it, since when, and for which sessions if not for all."""
    reason, who = entry.take("reason", str), entry.take("who", str)
    since, sessions = entry.take("since", date), tuple(entry.texts("sessions", []))
    entry.done()
    fields = {"id": name, "reason": reason, "who": who, "since": since, "sessions": sessions}
    return entry.make(Hold, fields)


def _authorisation(entry: Table, protocol: Protocol) -> Authorisation:
    """Read one [[authorisation]]: how many sessions, from when until when, and of which phase."""
    fields: dict[str, Any] = {
        "sessions": entry.take("sessions", int),
        "name": entry.take("name", str, ""),
        "scope": entry.take("scope", str, ""),
        "required": entry.take("required", bool, False),
        "first": entry.take("from", date, None),
        "until": entry.take("until", date, None),
    }
    warn_days = entry.take("warn_days", int, None)
    fields |= {} if warn_days is None else {"warn_days": warn_days}
    entry.done()
    entry.read("scope", partial(check_scope, protocol=protocol), fields["scope"])
    return entry.make(Authorisation, fields, first="from")
