"""
A case file: everything one planning needs, in TOML that a coordinator can keep and repeat.

It names the protocol, the start, the clinic's file, the course's opaque id, what the
patient cannot and what they would rather. docs/how-to/case-file.md shows all it may hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, time
from functools import partial
from pathlib import Path
from typing import Any

import attrs

from ketsched import tomlfile
from ketsched.calendars import ALL_DAY, WEEKDAYS, Calendar, days_between, read_hours
from ketsched.clock import MINUTES_A_DAY, TimeRange, minute_of, plausible, read_time, zone_named
from ketsched.errors import InvalidInput
from ketsched.model import Interval, Protocol, check_course_id, read_weekdays
from ketsched.protocols import load_protocol
from ketsched.tomlfile import Table


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
    """

    protocol: Protocol
    start: date | tuple[date, date]
    calendar: Calendar
    id: str | None = None
    availability: Calendar | None = None
    wishes: Calendar | None = None
    time: time | None = None


def load_case(path: str | Path) -> Case:
    """
    Read a case file; the files it names are looked for beside it.

    Raises:
        KetschedError: Something in it cannot be used; says file, line and key.
    """
    file = Path(path)
    table = tomlfile.load(file)

    def beside(name: str) -> str:
        return str(file.parent / name) if name.endswith(".toml") else name

    named = table.take("protocol", str)
    protocol = _chosen(table, table.read("protocol", lambda name: load_protocol(beside(name)), named))
    clinic = table.take("clinic", str)
    calendar = table.read("clinic", lambda name: Calendar.load(beside(name)), clinic)
    clock = table.take("time", str, None)
    course_id = table.take("id", str, None)
    zone = table.take("zone", str, None)
    if zone is not None:
        table.read("zone", lambda name: _same_zone(name, calendar), zone)
    case = Case(
        protocol=protocol,
        start=_start(table),
        calendar=calendar,
        id=None if course_id is None else table.read("id", check_course_id, course_id),
        availability=_cannot(table, calendar.zone),
        wishes=_rather(table, calendar.zone),
        time=None if clock is None else table.read("time", read_time, clock),
    )
    table.done()
    return case


def _same_zone(name: str, calendar: Calendar) -> str:
    zone_named(name)
    if name != calendar.zone:
        raise InvalidInput(
            what=f"the case is in {name}, its clinic in {calendar.zone}",
            why="days and times are local to the clinic",
            fix="leave zone out of the case, or correct the clinic's file",
        )
    return name


def _start(table: Table) -> date | tuple[date, date]:
    """Read `start = 2027-01-04`, or `start = { from = ..., to = ... }`."""
    if not isinstance(table.values.get("start"), dict):
        return table.read("start", lambda day: plausible(day, "start"), table.take("start", date))
    stretch = table.table("start")
    assert stretch is not None  # noqa: S101 - it is a table
    first, last = stretch.take("from", date), stretch.take("to", date)
    stretch.done()
    return (
        stretch.read("from", lambda day: plausible(day, "start"), first),
        stretch.read("to", lambda day: plausible(day, "start"), last),
    )


def _chosen(table: Table, protocol: Protocol) -> Protocol:
    """Read what the protocol leaves open, each key by itself so that errors name it."""
    choices: list[tuple[str, type[Any], Callable[[Any], Any]]] = [
        ("sessions", int, int),
        ("weeks", int, int),
        ("weekdays", list, read_weekdays),
        ("boosters", int, int),
        ("until", str, Interval.parse),
    ]
    for key, kind, how in choices:
        value: Any = table.take(key, kind, None)
        if value is not None:
            protocol = table.read(key, _choice(protocol, key, how), value)
    return protocol


def _choice(protocol: Protocol, key: str, how: Callable[[Any], Any]) -> Callable[[Any], Protocol]:
    return lambda value: protocol.choose(**{key: how(value)})


def _cannot(table: Table, zone: str) -> Calendar | None:
    """Read the [[cannot]] entries: days, stretches of days, or weekdays with or without hours."""
    entries = table.tables("cannot")
    calendar = Calendar.always(zone)
    for entry in entries:
        days = {key: entry.take(key, date, None) for key in ("on", "from", "to")}
        weekdays, hours = entry.take("weekdays", list, None), entry.take("hours", str, None)
        entry.done()
        on, first, last = days.values()
        named = [key for key, day in days.items() if day is not None]
        if weekdays is not None and not named:
            closed = ALL_DAY if hours is None else entry.read("hours", TimeRange.parse, hours)
            week = list(calendar.hours)
            for weekday in entry.read("weekdays", read_weekdays, weekdays):
                week[weekday] = tuple(_left(week[weekday], closed))
            calendar = attrs.evolve(calendar, hours=tuple(week))
        elif on is not None and named == ["on"] and weekdays is None:
            calendar = _closed_on(entry, "on", calendar, [on], hours)
        elif first is not None and last is not None and first <= last and on is None and weekdays is None:
            stretch = entry.read("from", partial(days_between, last=last), first)
            calendar = _closed_on(entry, "from", calendar, stretch, hours)
        else:
            raise InvalidInput(
                what="this entry names no days",
                where=entry.where(),
                why="what the patient cannot is one day (on), a stretch (from, to, both included) or weekdays",
                fix='write on = 2027-01-18, or from and to, or weekdays = ["Tue"] (and hours = "09:00-12:00")',
            )
    return calendar if entries else None


def _closed_on(
    entry: Table, key: str, calendar: Calendar, days: Iterable[date], hours: str | None
) -> Calendar:
    if hours is None:
        return entry.read(key, lambda given: calendar.without(given, "the patient cannot"), days)
    closed = entry.read("hours", TimeRange.parse, hours)
    for day in days:
        left = ", ".join(map(str, _left(calendar.ranges(day), closed)))
        calendar = calendar.opening(day, left) if left else calendar.without([day], "the patient cannot")
    return calendar


def _left(spans: Iterable[TimeRange], closed: Iterable[TimeRange]) -> list[TimeRange]:
    """Return what is left of some spans without others."""
    left = list(spans)
    for gone in closed:
        pieces = [
            (a, b)
            for s in left
            for a, b in ((s.start, min(s.end, gone.start)), (max(s.start, gone.end), s.end))
        ]
        left = [TimeRange(start, end) for start, end in pieces if start < end]
    return left


def _rather(table: Table, zone: str) -> Calendar | None:
    """Read [rather]: weekly hours in which the patient would rather come, or not before and not after."""
    entry = table.table("rather")
    if entry is None:
        return None
    after, before = entry.take("after", str, None), entry.take("before", str, None)
    if after is None and before is None:
        return Calendar(zone, read_hours(entry), name="what the patient would rather")
    weekdays = entry.take("weekdays", list, list(WEEKDAYS))
    entry.done()
    begin = 0 if after is None else _minute(entry, "after", after)
    end = MINUTES_A_DAY if before is None else _minute(entry, "before", before)
    span = entry.read("before" if before is not None else "after", lambda _: (TimeRange(begin, end),), None)
    days = entry.read("weekdays", read_weekdays, weekdays)
    return Calendar(
        zone, tuple(span if n in days else () for n in range(7)), name="what the patient would rather"
    )


def _minute(entry: Table, key: str, text: str) -> int:
    return minute_of(entry.read(key, read_time, text))
