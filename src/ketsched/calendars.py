"""
Opening hours of clinics and people: weekly hours, closures, holidays, chairs.

`one & other` is when both can; `.without(days)`, `.opening(day, hours)` and
`.booked(course)` return a new calendar. All hours are local to the calendar's zone.

A calendar is open at a moment if its clocks then show a time within its hours. What is
offered on days on which the clocks change, or to somebody in another zone, follows from that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from functools import cached_property, partial
from pathlib import Path

import attrs

from ketsched import tomlfile
from ketsched.arguments import checked, checked_attributes
from ketsched.chairs import LookedUp, Occupancy, Occupant, Occupied, Staffed, Taken, lowest_free, taken_by
from ketsched.clock import (
    MINUTES_A_DAY,
    SECONDS_A_DAY,
    WEEKDAY_NAMES,
    TimeRange,
    aware,
    changes_clocks,
    days_touched,
    merged,
    midnight,
    overlap,
    plausible,
    seconds,
    stretches,
    time_of,
    uneven_days,
)
from ketsched.closures import Closure, Holidays, Opening, Recurring, days_of, read_dated, read_holidays
from ketsched.errors import InvalidInput
from ketsched.languages import NO_CONTACT, Contact, read_contact
from ketsched.tomlfile import Table
from ketsched.zones import clinic_zone, same_zone, zone_named

ALL_DAY = (TimeRange(0, MINUTES_A_DAY),)
MOST_CHAIRS = 1000
CLINICIAN = "clinician"
"""Whom appointments need that name nobody."""
CLINIC, PATIENT = "the clinic", "the patient"
"""What calendars are called that have no name of their own."""
Span = tuple[int, int]
"""(begin, end), half-open, in seconds since 1970 UTC."""


def _week(hours: Iterable[Iterable[TimeRange]]) -> tuple[tuple[TimeRange, ...], ...]:
    return tuple(merged(day) for day in hours)


@checked_attributes()
@attrs.frozen
class Calendar:
    """
    When a place or a person can, in local time of one zone.

    Attributes:
        zone: IANA name.
        hours: The open spans of Monday to Sunday; those of two days that touch at midnight are one.
        closures: Days closed by date.
        openings: Days whose hours are given by date; they come before closures and holidays.
        holidays: Public holidays, closed.
        recurring: Closures by rule.
        chairs: How many sessions fit at once, or how many there are of those whom it is for; None: nobody counts.
        bookings: Chairs, or people, taken by others.
        occupancy: Where else to look up what others have taken; None: nowhere.
        clinicians: How many can see a patient at once, of those whom appointments need that name nobody.
        engaged: When they are taken by others.
        name: What findings and errors call it.
        others: Calendars that must be open as well (`&`); they have no others themselves.
        contact: How the clinic is reached, and how it speaks.
    """

    zone: str
    hours: tuple[tuple[TimeRange, ...], ...] = attrs.field(default=(ALL_DAY,) * 7, converter=_week)
    closures: tuple[Closure, ...] = ()
    openings: tuple[Opening, ...] = ()
    holidays: tuple[Holidays, ...] = ()
    recurring: tuple[Recurring, ...] = ()
    chairs: int | None = None
    bookings: tuple[Occupancy, ...] = ()
    occupancy: Occupied | None = None
    clinicians: int = 1
    engaged: tuple[Occupancy, ...] = ()
    name: str = CLINIC
    others: tuple[Calendar, ...] = ()
    contact: Contact = NO_CONTACT

    def __repr__(self) -> str:
        closing = len(self.closures) + len(self.holidays) + len(self.recurring)
        counted = (
            (sum(map(bool, self.hours)), "day"),
            (self.chairs, "chair"),
            (closing, "closing"),
            (len(self.openings), "opening"),
            (len(self.bookings), "booking"),
        )
        said = [f"{number} {what}{'s' * (number != 1)}" for number, what in counted if number]
        said += [f"and {other.name[:40]!r}" for other in self.others[:3]]
        return f"<Calendar {self.name[:40]!r} in {self.zone}: {', '.join(said)}>"

    def __attrs_post_init__(self) -> None:
        zone_named(self.zone)
        if len(self.hours) != 7:
            raise InvalidInput(
                what=f"{len(self.hours)} weekdays",
                why="a week has seven",
                fix="give hours for Monday to Sunday",
            )
        for counted, number in (("chairs", self.chairs), ("clinicians", self.clinicians)):
            if number is not None and not 1 <= number <= MOST_CHAIRS:
                raise InvalidInput(
                    what=f"{number} {counted}",
                    where=counted,
                    argument=counted,
                    why=f"a clinic has 1 to {MOST_CHAIRS}",
                    fix="give the number of sessions, or of clinicians, that fit at once, or close the calendar",
                )
        for day in (*(c.day for c in self.closures), *(o.day for o in self.openings)):
            plausible(day, self.name)

    @classmethod
    @checked
    def weekly(  # noqa: PLR0913 - public, a keyword for each weekday
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
        name: str = CLINIC,
    ) -> Calendar:
        """Make a clinic's calendar from its weekly hours, "09:00-12:00, 13:00-17:00"; a day not given is closed."""
        days = (mon, tue, wed, thu, fri, sat, sun)
        return cls(zone, tuple(TimeRange.parse(text) for text in days), chairs=chairs, name=name)

    @classmethod
    @checked
    def always(cls, zone: str, *, name: str = PATIENT) -> Calendar:
        """Make the calendar of somebody who always can; take away from it with `without` and `&`."""
        return cls(zone, name=name)

    @classmethod
    @checked
    def load(cls, path: str | Path) -> Calendar:
        """Read a clinic file (TOML); docs/how-to/clinic-file.md shows all it may hold."""
        return read_calendar(tomlfile.load(Path(path)))

    @checked
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

    @checked
    def opening(self, day: date, hours: str) -> Calendar:
        """Open one day at these hours, whatever else would hold on it."""
        added = Opening(plausible(day, "opening"), TimeRange.parse(hours))
        kept = [o for o in self.openings if o.day != day]
        return attrs.evolve(
            self,
            openings=tuple(sorted([*kept, added], key=lambda o: o.day)),
            closures=tuple(c for c in self.closures if c.day != day),
        )

    @checked
    def with_holidays(self, country: str, subdivision: str = "", *, observed: bool = True) -> Calendar:
        """Close on the public holidays of a country or subdivision, "US", "NY"."""
        return attrs.evolve(self, holidays=(*self.holidays, Holidays(country, subdivision, observed)))

    @checked
    def without_every(self, rule: str, first: date, reason: str = "closed") -> Calendar:
        """Close on the days of a recurrence rule, "FREQ=MONTHLY;BYDAY=1MO", from `first` on."""
        return attrs.evolve(
            self, recurring=(*self.recurring, Recurring(rule, plausible(first, "first"), reason))
        )

    @checked
    def booked(self, course: Occupant) -> Calendar:
        """Return this calendar with the chairs taken that a course holds, and the clinicians that it needs."""
        if isinstance(course, Staffed):
            held = course.held_by(CLINICIAN).occupied()
            taken = (Occupancy(start, end, number) for start, end, number in held)
            return attrs.evolve(self, engaged=(*self.engaged, *taken))._with_chairs_of(course)
        return self._with_chairs_of(course)

    def _with_chairs_of(self, course: Occupant) -> Calendar:
        if self.chairs is None:
            for place, other in enumerate(self.others):
                if other.chairs is not None:
                    others = (*self.others[:place], other.booked(course), *self.others[place + 1 :])
                    return attrs.evolve(self, others=others)
        taken = (Occupancy(start, end, chair) for start, end, chair in course.occupied())
        return attrs.evolve(self, bookings=(*self.bookings, *taken))

    @property
    def clinician(self) -> Calendar:
        """The hours of the clinicians: the clinic's own, with as many at once as there are of them."""
        return attrs.evolve(
            self, chairs=self.clinicians, bookings=self.engaged, occupancy=None, engaged=(), others=()
        )

    @property
    def is_booked(self) -> bool:
        """Whether others may have booked anything of it; its others are left aside."""
        return bool(self.bookings) or self.occupancy is not None

    @checked
    def __and__(self, other: Calendar) -> Calendar:
        return attrs.evolve(self, others=(*self.others, *other.parts()))

    def parts(self) -> Iterator[Calendar]:
        """Yield this calendar and every other that must be open as well, each without its others."""
        yield attrs.evolve(self, others=()) if self.others else self
        yield from self.others

    def ranges(self, day: date) -> tuple[TimeRange, ...]:
        """
        Return the local spans of a day on which this calendar and all its others are open.

        They are what the clock on the wall shows; that it may skip or repeat a part of them, `starts` knows.
        """
        spans = self._own(day)
        for other in self.others:
            if not spans:
                break
            spans = overlap(
                spans,
                other._own(day) if same_zone(other.zone, self.zone) else other._seen_from(day, self.zone),
            )
        return spans

    def closed_by(self, day: date) -> Closure | None:
        """Return the dated closure, holiday or recurring closure that closes a day, or None."""
        for part in (self, *self.others):
            dated = {closure.day: closure.reason for closure in part.closures}
            reason = dated.get(day) if day in part._dated else part._of_year(day.year).get(day)
            if reason is not None:
                return Closure(day, reason)
        return None

    def starts(self, day: date, minutes: int, *, grid: int = 15) -> list[time]:
        """
        Return the local times of a day at which something of that length can start.

        It must fit into open hours as elapsed time, with one chair free throughout.
        Times that the zone skips or repeats are not offered.
        """
        return [time_of(start) for start in self.start_minutes(day, minutes, grid=grid)]

    def start_minutes(self, day: date, minutes: int, *, grid: int = 15) -> list[int]:
        """Return what `starts` returns, as minutes after midnight."""
        return list(self._starts(day, minutes, grid))

    def is_open(self, day: date, minutes: int, *, grid: int = 15) -> bool:
        """Whether at least one start of that length fits on the day."""
        spans = self.ranges(day)
        if not spans:
            return False
        if minutes > 0 < grid and not self._counts and not changes_clocks(day, self.zone):
            for span in spans:  # the planner asks for years of days: the plain one is answered at once
                if minutes <= span.end + (-span.start // grid) * grid:
                    return True
        return next(self._starts(day, minutes, grid), None) is not None

    def open_days(self, first: int, last: int, minutes: int, *, grid: int = 15) -> list[int]:
        """Return the days from first to last (ordinals, both included) that `is_open` would name."""
        if self.others or self._counts or minutes < 1 or grid < 1:
            return [
                day
                for day in range(first, last + 1)
                if self.is_open(date.fromordinal(day), minutes, grid=grid)
            ]
        fits = [
            any(minutes <= span.end + (-span.start // grid) * grid for span in hours) for hours in self.hours
        ]
        crosses = [bool(hours) and hours[-1].end == MINUTES_A_DAY for hours in self.hours]
        special = {day.toordinal() for day in self._dated}
        for year in range(date.fromordinal(first).year, date.fromordinal(last).year + 1):
            special.update(day.toordinal() for day in uneven_days(year, self.zone))
            if self._comes_back:
                special.update(day.toordinal() for day in self._of_year(year))
        return [
            day
            for day in range(first, last + 1)
            if (
                self.is_open(date.fromordinal(day), minutes, grid=grid)
                if day in special or (crosses[(day - 1) % 7] and not fits[(day - 1) % 7])
                else fits[(day - 1) % 7]
            )
        ]

    def is_open_throughout(self, start: datetime, end: datetime) -> bool:
        """Whether this calendar and all its others are open from one moment to another."""
        return self._covers(seconds(aware(start, "start")), seconds(aware(end, "end")))

    def free_chair(self, start: datetime, end: datetime, *, preferred: int | None = None) -> int | None:
        """
        Return the lowest chair that is free throughout, or None; 1 where there are no chairs to count.

        Where several calendars have chairs, each must have one free; the number is the first one's.

        Args:
            start, end: Half-open, aware.
            preferred: The chair to take if it is free.
        """
        return self._free(seconds(aware(start, "start")), seconds(aware(end, "end")), preferred)

    # What follows is how; the planner asks for a year of days, so the plain day must be cheap.

    @cached_property
    def _dated(self) -> dict[date, tuple[TimeRange, ...]]:
        """Hours of the days that are given by date."""
        return dict.fromkeys((c.day for c in self.closures), ()) | {o.day: o.hours for o in self.openings}

    @cached_property
    def _comes_back(self) -> bool:
        """Whether some closures come back year by year."""
        return bool(self.holidays or self.recurring)

    @cached_property
    def _years(self) -> dict[int, dict[date, str]]:
        return {}

    def _of_year(self, year: int) -> dict[date, str]:
        known = self._years.get(year)
        if known is None:
            known = self._years[year] = {}
            for closing in (*self.holidays, *self.recurring):
                known.update(days_of(closing, year))
        return known

    def _own(self, day: date) -> tuple[TimeRange, ...]:
        """Return the open spans of a day, the others left aside."""
        hours = self._dated.get(day)
        if hours is not None:
            return hours
        if self._comes_back and day in self._of_year(day.year):
            return ()
        return self.hours[day.weekday()]

    @cached_property
    def _known(self) -> dict[date, list[Span]]:
        return {}

    def _spans_of(self, day: date) -> list[Span]:
        """Return when it is open while its clocks show that date, the others left aside."""
        known = self._known.get(day)
        if known is None:
            known = self._known[day] = [
                (max(since, zero + 60 * span.start), min(until, zero + 60 * span.end))
                for since, until, offset in stretches(day, self.zone)
                for zero in [midnight(day) - offset]
                for span in self._own(day)
                if zero + 60 * span.start < until and since < zero + 60 * span.end
            ]
        return known

    def _open_spans(self, begin: int, end: int) -> list[Span]:
        """Return when it is open between two moments, the others left aside, in ascending order."""
        # A zone's date is at most a day from that of UTC.
        days = days_touched(begin - SECONDS_A_DAY, end + SECONDS_A_DAY)
        clipped = ((max(b, begin), min(e, end)) for day in days for b, e in self._spans_of(day))
        spans = [(since, until) for since, until in clipped if since < until]
        joined: list[Span] = []
        for since, until in sorted(spans):
            if joined and since == joined[-1][1]:
                since = joined.pop()[0]
            joined.append((since, until))
        return joined

    def _covers(self, begin: int, end: int) -> bool:
        return all(part._open_spans(begin, end) == [(begin, end)] for part in (self, *self.others))

    def _seen_from(self, day: date, zone: str) -> tuple[TimeRange, ...]:
        """Return its own open spans on the clock of another zone, in whole minutes of that zone's day."""
        spans = []
        for since, until, offset in stretches(day, zone):
            zero = midnight(day) - offset
            for begin, end in self._open_spans(since, until):
                first, last = -((zero - begin) // 60), (end - zero) // 60
                if first < last:
                    spans.append(TimeRange(first, last))
        return merged(spans)

    def _starts(self, day: date, minutes: int, grid: int) -> Iterator[int]:
        if minutes < 1 or grid < 1:
            raise InvalidInput(
                what=f"{minutes} minutes on a grid of {grid}",
                why="something that takes time starts on a grid of at least one minute",
                fix="give whole minutes, 1 or more",
            )
        even = not changes_clocks(day, self.zone)
        for span in self.ranges(day):
            for start in range(-(-span.start // grid) * grid, span.end, grid):
                within = even and start + minutes <= span.end
                if even and not within and span.end < MINUTES_A_DAY:
                    break
                if within and not self._counts:
                    yield start
                    continue
                begins = [
                    begin
                    for since, until, offset in stretches(day, self.zone)
                    if since <= (begin := midnight(day) + 60 * start - offset) < until
                ]
                if len(begins) == 1:
                    begin, end = begins[0], begins[0] + 60 * minutes
                    if (within or self._covers(begin, end)) and self._free(begin, end):
                        yield start

    @cached_property
    def _counts(self) -> bool:
        """Whether there are bookings to look at."""
        return any(part.is_booked for part in (self, *self.others))

    @cached_property
    def _taken(self) -> Taken | LookedUp:
        taken = taken_by(self.bookings, self.chairs or 1)
        return taken if self.occupancy is None else LookedUp(taken, self.occupancy)

    def _free(self, begin: int, end: int, preferred: int | None = None) -> int | None:
        number = None
        for part in (self, *self.others):
            first = preferred if number is None and part.chairs is not None else None
            chair = lowest_free(part._taken, begin, end, part.chairs or 1, first)
            if chair is None:
                return None
            if number is None and part.chairs is not None:
                number = chair
        return number or 1


def read_hours(table: Table) -> tuple[tuple[TimeRange, ...], ...]:
    """Read weekly hours from a table with the keys mon to sun."""
    hours = tuple(
        table.read(day, TimeRange.parse, table.take(day, str, "")) for day in map(str.lower, WEEKDAY_NAMES)
    )
    table.done()
    return hours


def read_calendar(table: Table) -> Calendar:
    """Read a clinic file's table into a calendar."""
    zone = table.take("zone", str)
    table.read("zone", clinic_zone, zone)
    week = table.table("hours")
    if week is None:
        raise InvalidInput(
            what="no hours are given",
            where=table.where(),
            why="without hours the clinic is never open",
            fix='add a section [hours] with lines like mon = "09:00-17:00"',
        )
    calendar = Calendar(zone, read_hours(week), name=table.take("name", str, CLINIC))
    capacity = {name: table.take(name, int, None) for name in ("chairs", "capacity")}
    given = {name: number for name, number in capacity.items() if number is not None} or {"chairs": 1}
    if len(given) > 1:
        raise InvalidInput(
            what="both chairs and a capacity",
            where=table.where("capacity"),
            why="a clinic has chairs, and a person or a room a capacity: how many there are at once",
            fix="remove one of the two",
        )
    ((counted, number),) = given.items()
    counts = {"chairs": number, "clinicians": table.take("clinicians", int, 1)}
    holidays = tuple(read_holidays(entry) for entry in table.tables("holidays"))
    dated, contact = read_dated(table), read_contact(table)
    calendar = table.make(partial(attrs.evolve, calendar), counts, chairs=counted)
    table.done()
    return attrs.evolve(
        calendar,
        holidays=holidays,
        recurring=dated.recurring,
        closures=dated.closures,
        openings=dated.openings,
        contact=contact,
    )
