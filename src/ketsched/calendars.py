"""
When a clinic is open and a person can: weekly hours, closures, holidays, chairs.

`one & other` is when both can; `.without(days)`, `.opening(day, hours)` and
`.booked(course)` return a new calendar. All hours are local to the calendar's zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Protocol as Interface

import attrs

from ketsched import tomlfile
from ketsched.clock import (
    MINUTES_A_DAY,
    TimeRange,
    changes_clocks,
    choices,
    later,
    minute_of,
    overlap,
    plausible,
    time_of,
    zone_named,
)
from ketsched.errors import InvalidInput
from ketsched.tomlfile import Table

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALL_DAY = (TimeRange(0, MINUTES_A_DAY),)
MOST_CHAIRS = 1000


@attrs.frozen
class Closure:
    """One day on which a calendar is closed, and why."""

    day: date
    reason: str = "closed"


@attrs.frozen
class Opening:
    """One day on which other hours hold than those of its weekday, a closure or a holiday."""

    day: date
    hours: tuple[TimeRange, ...]


@attrs.frozen
class Holidays:
    """
    The public holidays of a country or one of its subdivisions, from the package `holidays`.

    Attributes:
        country: ISO 3166-1 code, "US".
        subdivision: Code of a state, province or region, "NY"; empty for the whole country.
        observed: Whether a holiday that falls on a weekend is also kept on its observed weekday.
    """

    country: str
    subdivision: str = ""
    observed: bool = True

    def __attrs_post_init__(self) -> None:
        import holidays

        try:
            holidays.country_holidays(self.country, subdiv=self.subdivision or None)
        except NotImplementedError:
            known = holidays.list_supported_countries(include_aliases=False)
            if self.country in known:
                why = f"{self.country} has {', '.join(known[self.country]) or 'no subdivisions'}"
            else:
                why = "countries are two-letter ISO 3166 codes that the package `holidays` covers"
            raise InvalidInput(
                what=f"no holidays are known for {self.country[:20]} {self.subdivision[:20]}".rstrip(),
                where="holidays",
                why=why,
                fix='write the country as "US" and the subdivision as "NY", or list the days under [[closed]]',
            ) from None

    def of(self, year: int) -> dict[date, str]:
        """Return the holidays of one year with their names in English where there is one."""
        import holidays

        found = holidays.country_holidays(
            self.country, subdiv=self.subdivision or None, years=year, observed=self.observed
        )
        return {day: found.get(day, "holiday") for day in found if day.year == year}


@attrs.frozen
class Recurring:
    """
    A closure that comes back, as an RFC 5545 recurrence rule ("first Monday of the month").

    Attributes:
        rule: For example "FREQ=MONTHLY;BYDAY=1MO".
        first: The day it counts from.
        reason: What to call it.
    """

    rule: str
    first: date
    reason: str = "closed"

    def __attrs_post_init__(self) -> None:
        from dateutil.rrule import rrulestr

        try:
            if re.search(r"FREQ=(HOURLY|MINUTELY|SECONDLY)|BY(HOUR|MINUTE|SECOND)|[\r\n]", self.rule.upper()):
                raise ValueError("it recurs within a day")
            rrulestr(self.rule, dtstart=datetime.combine(self.first, time()))
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            raise InvalidInput(
                what=f"{self.rule[:60]!r} is not a recurrence rule of days",
                where="every",
                why=str(error)[:80] or "it cannot be read",
                fix='write it as in iCalendar, for example "FREQ=MONTHLY;BYDAY=1MO"',
            ) from None

    def of(self, year: int) -> dict[date, str]:
        """Return the days of one year on which it closes."""
        from dateutil.rrule import rrulestr

        rule = rrulestr(self.rule, dtstart=datetime.combine(self.first, time()))
        begin, end = datetime(year, 1, 1), datetime(year, 12, 31)  # noqa: DTZ001
        return {at.date(): self.reason for at in rule.between(begin, end, inc=True)}


@attrs.frozen
class Booking:
    """
    A chair that is taken from one moment to another, half-open.

    Attributes:
        start: Aware moment at which it is taken.
        end: Aware moment at which it is free again.
        chair: Its number, from 1; None if any chair was taken.
    """

    start: datetime
    end: datetime
    chair: int | None = None


class Booked(Interface):
    """Anything that can say which chairs it occupies; a Course does."""

    def occupied(self) -> Iterable[tuple[datetime, datetime, int | None]]:
        """Return (start, end, chair) of each session that holds a chair."""


@attrs.frozen
class Calendar:
    """
    When a place or a person can, in local time of one zone.

    Attributes:
        zone: IANA name.
        hours: The open spans of Monday to Sunday.
        closures: Days closed by date.
        openings: Days whose hours are given by date; they come before closures and holidays.
        holidays: Public holidays, closed.
        recurring: Closures by rule.
        chairs: How many sessions fit at once; None for a calendar without chairs (a person).
        bookings: Chairs taken by others.
        name: What findings and errors call it.
        others: Calendars that must be open as well (`&`).
    """

    zone: str
    hours: tuple[tuple[TimeRange, ...], ...] = (ALL_DAY,) * 7
    closures: tuple[Closure, ...] = ()
    openings: tuple[Opening, ...] = ()
    holidays: tuple[Holidays, ...] = ()
    recurring: tuple[Recurring, ...] = ()
    chairs: int | None = None
    bookings: tuple[Booking, ...] = ()
    name: str = "the clinic"
    others: tuple[Calendar, ...] = ()

    def __attrs_post_init__(self) -> None:
        zone_named(self.zone)
        if len(self.hours) != 7:
            raise InvalidInput(
                what=f"{len(self.hours)} weekdays",
                why="a week has seven",
                fix="give hours for Monday to Sunday",
            )
        if self.chairs is not None and not 1 <= self.chairs <= MOST_CHAIRS:
            raise InvalidInput(
                what=f"{self.chairs} chairs",
                where="chairs",
                why=f"a clinic has 1 to {MOST_CHAIRS}",
                fix="give the number of sessions that fit at once, or close the calendar",
            )
        for day in (*(c.day for c in self.closures), *(o.day for o in self.openings)):
            plausible(day, self.name)

    @classmethod
    def weekly(
        cls,
        zone: str,
        *,
        mon: str = "",
        tue: str = "",
        wed: str = "",
        thu: str = "",
        fri: str = "",
        sat: str = "",
        sun: str = "",
        chairs: int = 1,
        name: str = "the clinic",
    ) -> Calendar:
        """Make a clinic's calendar from its weekly hours, "09:00-12:00, 13:00-17:00"; a day not given is closed."""
        days = (mon, tue, wed, thu, fri, sat, sun)
        return cls(zone, tuple(TimeRange.parse(text) for text in days), chairs=chairs, name=name)

    @classmethod
    def always(cls, zone: str, *, name: str = "the patient") -> Calendar:
        """Make the calendar of somebody who always can; take away from it with `without` and `&`."""
        return cls(zone, name=name)

    @classmethod
    def load(cls, path: str | Path) -> Calendar:
        """Read a clinic file (TOML); docs/how-to/clinic-file.md shows all it may hold."""
        return read_calendar(tomlfile.load(Path(path)))

    def without(self, closed: Iterable[date], reason: str = "closed") -> Calendar:
        """Close whole days."""
        days = [plausible(day, "closed day") for day in closed]
        new = {day: Closure(day, reason) for day in days}
        kept = {c.day: c for c in self.closures} | new
        return attrs.evolve(
            self,
            closures=tuple(sorted(kept.values(), key=lambda c: c.day)),
            openings=tuple(o for o in self.openings if o.day not in new),
        )

    def opening(self, day: date, hours: str) -> Calendar:
        """Open one day at these hours, whatever else would hold on it."""
        added = Opening(plausible(day, "opening"), TimeRange.parse(hours))
        kept = [o for o in self.openings if o.day != day]
        return attrs.evolve(
            self,
            openings=tuple(sorted([*kept, added], key=lambda o: o.day)),
            closures=tuple(c for c in self.closures if c.day != day),
        )

    def with_holidays(self, country: str, subdivision: str = "", *, observed: bool = True) -> Calendar:
        """Close on the public holidays of a country or subdivision, "US", "NY"."""
        return attrs.evolve(self, holidays=(*self.holidays, Holidays(country, subdivision, observed)))

    def without_every(self, rule: str, first: date, reason: str = "closed") -> Calendar:
        """Close on the days of a recurrence rule, "FREQ=MONTHLY;BYDAY=1MO", from `first` on."""
        return attrs.evolve(
            self, recurring=(*self.recurring, Recurring(rule, plausible(first, "first"), reason))
        )

    def booked(self, course: Booked) -> Calendar:
        """Return this calendar with the chairs taken that a course holds."""
        taken = tuple(Booking(start, end, chair) for start, end, chair in course.occupied())
        if self.chairs is None and self.others:
            at = next((n for n, other in enumerate(self.others) if other.chairs is not None), None)
            if at is not None:
                others = list(self.others)
                others[at] = others[at].booked(course)
                return attrs.evolve(self, others=tuple(others))
        bookings = sorted((*self.bookings, *taken), key=lambda b: (b.start.astimezone(UTC), b.chair or 0))
        return attrs.evolve(self, bookings=tuple(bookings))

    def __and__(self, other: Calendar) -> Calendar:
        return attrs.evolve(self, others=(*self.others, other))

    def parts(self) -> Iterator[Calendar]:
        """Yield this calendar and every other that must be open as well, each without its others."""
        yield attrs.evolve(self, others=()) if self.others else self
        for other in self.others:
            yield from other.parts()

    def ranges(self, day: date) -> tuple[TimeRange, ...]:
        """Return the local spans of a day on which this calendar and all its others are open."""
        found = self._own(day)
        for other in self.others:
            if not found:
                break
            found = overlap(
                found, other.ranges(day) if other.zone == self.zone else other._seen_from(day, self.zone)
            )
        return found

    def closed_by(self, day: date) -> Closure | None:
        """Return the dated closure, holiday or recurring closure that closes a day, or None."""
        if day in self._opened:
            return None
        reason = self._closed.get(day) or self._of_year(day.year).get(day)
        if reason is not None:
            return Closure(day, reason)
        return next((found for other in self.others if (found := other.closed_by(day))), None)

    def starts(self, day: date, minutes: int, *, grid: int = 15) -> list[time]:
        """
        Return the local times of a day at which something of that length can start.

        It must fit into one open span as elapsed time, with one chair free throughout.
        Times that the zone skips or repeats are not offered.
        """
        return [time_of(start) for start in self._starts(day, minutes, grid)]

    def is_open(self, day: date, minutes: int, *, grid: int = 15) -> bool:
        """Whether at least one start of that length fits on the day."""
        return next(self._starts(day, minutes, grid), None) is not None

    def free_chair(self, start: datetime, end: datetime) -> int | None:
        """Return the lowest chair that is free throughout, or None; 1 where there are no chairs to count."""
        for part in self.parts():
            if part.chairs is None:
                continue
            busy = [b for b in part.bookings if b.start < end and start < b.end]
            named = {b.chair for b in busy if b.chair is not None}
            free = [chair for chair in range(1, part.chairs + 1) if chair not in named]
            unnamed = _most_at_once([b for b in busy if b.chair is None])
            return free[0] if len(free) > unnamed else None
        return 1

    # What follows is how; the planner asks for a year of days, so the plain day must be cheap.

    @cached_property
    def _closed(self) -> dict[date, str]:
        return {closure.day: closure.reason for closure in self.closures}

    @cached_property
    def _opened(self) -> dict[date, tuple[TimeRange, ...]]:
        return {opening.day: opening.hours for opening in self.openings}

    @cached_property
    def _years(self) -> dict[int, dict[date, str]]:
        return {}

    @cached_property
    def _booked_days(self) -> frozenset[date]:
        zone = zone_named(self.zone)
        days = set()
        for booking in self.bookings:
            day, last = booking.start.astimezone(zone).date(), booking.end.astimezone(zone).date()
            days |= {day + timedelta(n) for n in range((last - day).days + 1)}
        for other in self.others:
            days |= {day + timedelta(n) for day in other._booked_days for n in (-1, 0, 1)}
        return frozenset(days)

    def _of_year(self, year: int) -> dict[date, str]:
        known = self._years.get(year)
        if known is None:
            known = self._years[year] = {}
            for closing in (*(h.of(year) for h in self.holidays), *(r.of(year) for r in self.recurring)):
                known.update(closing)
        return known

    def _own(self, day: date) -> tuple[TimeRange, ...]:
        if self.openings and (opened := self._opened.get(day)) is not None:
            return opened
        if day in self._closed or ((self.holidays or self.recurring) and day in self._of_year(day.year)):
            return ()
        return self.hours[day.weekday()]

    def _seen_from(self, day: date, zone: str) -> tuple[TimeRange, ...]:
        """Return this calendar's open spans of a day on the clock of another zone."""
        here, there = zone_named(self.zone), zone_named(zone)
        spans = []
        for own in (day - timedelta(1), day, day + timedelta(1)):
            for span in self.ranges(own):
                start, end = (
                    (datetime.combine(own, time(), here) + timedelta(minutes=at)).astimezone(there)
                    for at in (span.start, span.end)
                )
                begin = 0 if start.date() < day else minute_of(start.time())
                finish = MINUTES_A_DAY if end.date() > day else minute_of(end.time())
                if start.date() <= day <= end.date() and begin < finish:
                    spans.append(TimeRange(begin, finish))
        return tuple(_merged(spans))

    def _starts(self, day: date, minutes: int, grid: int) -> Iterator[int]:
        plain = not changes_clocks(day, self.zone)
        if plain and day not in self._booked_days:
            for span in self.ranges(day):
                yield from range(-(-span.start // grid) * grid, span.end - minutes + 1, grid)
            return
        for span in self.ranges(day):
            for start in range(-(-span.start // grid) * grid, span.end, grid):
                found = choices(day, time_of(start), self.zone)
                if len(found) != 1:
                    continue
                end = later(found[0], timedelta(minutes=minutes))
                close = datetime.combine(day, time(), found[0].tzinfo) + timedelta(minutes=span.end)
                if end.replace(tzinfo=None) <= close.replace(tzinfo=None) and self.free_chair(found[0], end):
                    yield start


def _merged(spans: list[TimeRange]) -> Iterator[TimeRange]:
    """Yield spans in order, those that touch as one."""
    current: TimeRange | None = None
    for span in sorted(spans):
        if current is not None and span.start <= current.end:
            current = TimeRange(current.start, max(current.end, span.end))
        else:
            if current is not None:
                yield current
            current = span
    if current is not None:
        yield current


def _most_at_once(bookings: list[Booking]) -> int:
    """Count how many bookings overlap at the busiest moment."""
    return max((sum(o.start <= b.start < o.end for o in bookings) for b in bookings), default=0)


def read_hours(table: Table) -> tuple[tuple[TimeRange, ...], ...]:
    """Read weekly hours from a table with the keys mon to sun."""
    hours = tuple(table.read(day, TimeRange.parse, table.take(day, str, "")) for day in WEEKDAYS)
    table.done()
    return hours


def read_calendar(table: Table) -> Calendar:
    """Read a clinic file's table into a calendar."""
    zone = table.take("zone", str)
    table.read("zone", zone_named, zone)
    week = table.table("hours")
    if week is None:
        raise InvalidInput(
            what="no hours are given",
            where=table.where(),
            why="without hours the clinic is never open",
            fix='add a section [hours] with lines like mon = "09:00-17:00"',
        )
    calendar = Calendar(zone, read_hours(week), name=table.take("name", str, "the clinic"))
    chairs = table.take("chairs", int, 1)
    calendar = table.read("chairs", lambda n: attrs.evolve(calendar, chairs=n), chairs)
    for entry in table.tables("holidays"):
        country, part = entry.take("country", str), entry.take("subdivision", str, "")
        observed = entry.take("observed", bool, True)
        found = entry.read("country", lambda code: Holidays(code, part, observed), country)  # noqa: B023
        calendar = attrs.evolve(calendar, holidays=(*calendar.holidays, found))
        entry.done()
    for entry in table.tables("closed"):
        calendar = _close(calendar, entry)
    for entry in table.tables("open"):
        day, hours = entry.take("on", date), entry.take("hours", str)
        if calendar.closed_by(day) and day in {closure.day for closure in calendar.closures}:
            raise InvalidInput(
                what=f"{day} is both closed and open",
                where=entry.where("on"),
                why="a day given by date is one or the other",
                fix="remove one of the two entries",
            )
        calendar = entry.read("hours", lambda text: calendar.opening(day, text), hours)  # noqa: B023
        entry.done()
    table.done()
    return calendar


def _close(calendar: Calendar, entry: Table) -> Calendar:
    """Read one [[closed]] entry: `on`, or `from` and `to`, or `every`."""
    reason = entry.take("reason", str, "closed")
    on, first, last = (
        entry.take("on", date, None),
        entry.take("from", date, None),
        entry.take("to", date, None),
    )
    every = entry.take("every", str, None)
    entry.done()
    if every is not None and on is None and last is None:
        start = first or date(2000, 1, 1)
        return entry.read("every", lambda rule: calendar.without_every(rule, start, reason), every)
    if on is not None and first is None and last is None and every is None:
        return entry.read("on", lambda day: calendar.without([day], reason), on)
    if first is not None and last is not None and on is None and every is None and first <= last:
        return entry.read("from", lambda day: calendar.without(days_between(day, last), reason), first)
    raise InvalidInput(
        what="this closure names no days",
        where=entry.where(),
        why="a closure is one day (on), a stretch (from, to, both included) or a rule (every)",
        fix='write on = 2027-01-18, or from = 2027-12-24 and to = 2027-12-31, or every = "FREQ=MONTHLY;BYDAY=1MO"',
    )


def days_between(first: date, last: date) -> list[date]:
    """Return all days from first to last, both included."""
    plausible(first, "from")
    plausible(last, "to")
    return [first + timedelta(n) for n in range((last - first).days + 1)]
