"""
When the sessions and appointments of one course can be, and which days that leaves.

One value holds the clinic's calendar, those of the people whom appointments need, and what the
patient can, would rather, and is used to. Whoever places anything on days or hours is given it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from functools import cached_property
from typing import Any, NamedTuple

import attrs

from ketsched import house
from ketsched.calendars import Calendar
from ketsched.chairs import Occupant, Staffed
from ketsched.clock import LAST_DAY, MINUTES_A_DAY, TimeRange, plausible
from ketsched.errors import InvalidInput, refuse_first

_Time = time
"""For values that have a time of their own."""
GRID = 15
"""Minutes between two possible starts."""
AWAY = "the patient is away"
"""Why a day is closed on which the patient cannot come."""
MOST_DAYS = 20 * 366
"""Days by date that a patient's calendar may name: all of the longest course."""
MOST_PARTS = 20
"""Calendars that may be combined as a patient's, and closures that come back in each (house default)."""


class SeatNeed(NamedTuple):
    """What a session needs of a day: where it is ("clinic" or "home"), and for how many minutes."""

    place: str
    minutes: int


def at_home(zone: str) -> Calendar:
    """Return the calendar of somebody's home: no closing days, no chairs."""
    return attrs.evolve(Calendar.always(zone), hours=(house.hours("home-hours"),) * 7)


class OpenDays:
    """The open days of a calendar (of all calendars that must be open), as ordinals; looked up once."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._known: dict[int, list[int]] = {}
        self._looked: dict[int, tuple[int, int]] = {}

    def between(self, first: int, last: int, minutes: int) -> Sequence[int]:
        """Return the open days from first to last, both included, ascending; none after the last that is known."""
        last = min(last, LAST_DAY.toordinal())
        low, high = self._looked.get(minutes, (first, first - 1))
        known = self._known.setdefault(minutes, [])
        if first < low:
            known[:0] = self._look(first, min(last, low - 1), minutes)
            if last < low - 1:
                known[bisect_right(known, last) : 0] = self._look(last + 1, low - 1, minutes)
            low = first
        if last > high:
            known += self._look(high + 1, last, minutes)
            high = last
        self._looked[minutes] = (low, high)
        return known[bisect_left(known, first) : bisect_right(known, last)]

    def _look(self, first: int, last: int, minutes: int) -> list[int]:
        return self.calendar.open_days(first, last, minutes, grid=GRID)


@attrs.frozen(slots=False)
class Hours:
    """
    When the sessions and appointments of one course can be.

    Attributes:
        calendar: When the clinic is open, with its chairs; without the course's own bookings.
        staff: Calendars of those whose hours appointments need, by the name that the protocol gives them,
            "therapist"; one that is missing has the clinic's hours.
        availability: When the patient can; None: always.
        wishes: When the patient would rather come; None: no wish.
        time: Local time of day that new bookings should be near to; None: that of the others, or the earliest.
    """

    calendar: Calendar
    staff: Mapping[str, Calendar] = attrs.field(factory=dict, kw_only=True)
    availability: Calendar | None = attrs.field(default=None, kw_only=True)
    wishes: Calendar | None = attrs.field(default=None, kw_only=True)
    time: time | None = attrs.field(default=None, kw_only=True)

    @property
    def zone(self) -> str:
        """The clinic's time zone: days and hours are local to it."""
        return self.calendar.zone

    def keywords(self) -> dict[str, Any]:
        """Return them as keywords of the verbs that plan sessions and what goes around them."""
        return {**self.of_sessions(), "calendars": self.staff}

    def of_sessions(self) -> dict[str, Any]:
        """Return them as keywords of the verbs that look at sessions alone."""
        return {name: getattr(self, name) for name in ("calendar", "availability", "wishes", "time")}

    def booked(self, course: Occupant) -> Hours:
        """Return the same with everything taken that a course holds: chairs, clinicians, and everybody by name."""
        staff = self.staff
        if isinstance(course, Staffed):
            staff = {name: calendar.booked(course.held_by(name)) for name, calendar in staff.items()}
        return attrs.evolve(self, calendar=self.calendar.booked(course), staff=staff)

    @property
    def patient(self) -> PatientHours:
        """The patient's part, as a course remembers it."""
        return PatientHours(availability=self.availability, wishes=self.wishes, time=self.time)

    @cached_property
    def of_place(self) -> Mapping[str, Calendar]:
        """For "clinic" and "home" all calendars that must be open for a session there."""
        places = {"clinic": self.calendar, "home": at_home(self.zone)}
        if self.availability is None:
            return places
        return {place: calendar & self.availability for place, calendar in places.items()}

    @cached_property
    def overnight(self) -> frozenset[str]:
        """Of "clinic" and "home" those where a session can go on after midnight."""
        return frozenset(
            place
            for place, calendar in self.of_place.items()
            if all(part.zone != self.zone or _reaches_midnight(part) for part in calendar.parts())
        )

    @cached_property
    def wished(self) -> Mapping[str, Calendar]:
        """The same, within the patient's wishes; empty if there are none."""
        wishes = self.wishes
        return (
            {} if wishes is None else {place: calendar & wishes for place, calendar in self.of_place.items()}
        )

    @cached_property
    def _open(self) -> Mapping[str, OpenDays]:
        return {place: OpenDays(calendar) for place, calendar in self.of_place.items()}

    @cached_property
    def _open_as_wished(self) -> Mapping[str, OpenDays]:
        return {place: OpenDays(calendar) for place, calendar in self.wished.items()}

    def open_days(self, need: SeatNeed, first: int, last: int) -> Sequence[int]:
        """Return the days (ordinals) from first to last, both included, on which a session can be; ascending."""
        return self._open[need.place].between(first, last, need.minutes)

    def wished_days(self, need: SeatNeed, first: int, last: int) -> frozenset[int] | None:
        """Return those of them that break no wish; None if there is no wish."""
        if not self.wished:
            return None
        return frozenset(self._open_as_wished[need.place].between(first, last, need.minutes))

    def is_open(self, need: SeatNeed, day: int) -> bool:
        """Whether a session can be on a day (an ordinal): some start on it fits the chair time, and a chair is free."""
        return self.of_place[need.place].is_open(date.fromordinal(day), need.minutes, grid=GRID)

    def start_minutes(self, need: SeatNeed, day: int) -> list[int]:
        """Return the starts of a day that are open for a session, in minutes after midnight; ascending."""
        return self.of_place[need.place].start_minutes(date.fromordinal(day), need.minutes, grid=GRID)

    def wished_minutes(self, need: SeatNeed, day: int) -> list[int]:
        """Return those of them that break no wish; none if there is no wish."""
        wished = self.wished.get(need.place)
        return [] if wished is None else wished.start_minutes(date.fromordinal(day), need.minutes, grid=GRID)


def spans_of(part: Calendar) -> Iterator[TimeRange]:
    """Yield the spans in which one calendar is open: its weekly hours, and those given for single days."""
    yield from (span for day in part.hours for span in day)
    yield from (span for opening in part.openings for span in opening.hours)


def _reaches_midnight(part: Calendar) -> bool:
    return any(span.end >= MINUTES_A_DAY for span in spans_of(part))


def _of_person(calendar: Calendar | None) -> Calendar | None:
    """
    Return a calendar as one person's own: chairs, and what others have booked, are the clinic's part.

    None if it never closes: it says nothing.
    """
    if calendar is None:
        return None
    own = [attrs.evolve(part, chairs=None, bookings=()) for part in calendar.parts()]
    closing = [part for part in own if part != Calendar.always(part.zone, name=part.name)]
    return attrs.evolve(closing[0], others=tuple(closing[1:])) if closing else None


def _each_once(days: Iterable[date]) -> tuple[date, ...]:
    return tuple(sorted({plausible(day, "away") for day in days}))


@attrs.frozen(kw_only=True)
class PatientHours:
    """
    The patient's part of the hours, which a course remembers.

    Attributes:
        availability: When the patient can; None: always.
        away: Local dates at the clinic on which the patient cannot come besides, ascending.
        wishes: When the patient would rather come; None: no wish.
        time: Local time of day that new bookings are near to; None: that of the others, or the earliest.
    """

    availability: Calendar | None = attrs.field(default=None, converter=_of_person)
    away: tuple[date, ...] = attrs.field(default=(), converter=_each_once)
    wishes: Calendar | None = attrs.field(default=None, converter=_of_person)
    time: time | None = None

    def __attrs_post_init__(self) -> None:
        for name in ("availability", "wishes", "away"):
            known = self.away if name == "away" else getattr(self, name)
            parts = list(known.parts()) if isinstance(known, Calendar) else []
            days = [len(part.closures) + len(part.openings) for part in parts] or [len(self.away)]
            back = [len(part.holidays) + len(part.recurring) for part in parts]
            fault = (
                max(days) > MOST_DAYS or max([len(parts), *back]) > MOST_PARTS,
                name,
                "a patient's calendar that is too large to remember",
                f"it names at most {MOST_DAYS} days, and has at most {MOST_PARTS} parts and closures that come back",
                "leave out what is long past, or write it as weekly hours",
            )
            refuse_first(InvalidInput, name, (fault,))

    def replaced(
        self,
        *,
        availability: Calendar | None = None,
        away: Iterable[date] = (),
        wishes: Calendar | None = None,
        time: _Time | None = None,
    ) -> PatientHours:
        """Return the same with what is given in its place; days away are added, or begin anew with an availability."""
        return PatientHours(
            availability=availability or self.availability,
            away=(*(() if availability is not None else self.away), *away),
            wishes=wishes or self.wishes,
            time=self.time if time is None else time,
        )

    def hours(
        self,
        calendar: Calendar,
        *,
        staff: Mapping[str, Calendar] | None = None,
        availability: Calendar | None = None,
        wishes: Calendar | None = None,
    ) -> Hours:
        """Return when bookings can be, with the clinic's part; what others have booked of a calendar given counts."""
        return Hours(
            calendar,
            staff=staff or {},
            availability=self._can(calendar.zone, availability or self.availability),
            wishes=wishes or self.wishes,
            time=self.time,
        )

    def can(self, zone: str) -> Calendar | None:
        """Return when the patient can, on the clock of the clinic; None: always."""
        return self._can(zone, self.availability)

    def _can(self, zone: str, known: Calendar | None) -> Calendar | None:
        if not self.away:
            return known
        if known is None or known.zone != zone:  # the days away are those of the clinic
            known = Calendar.always(zone) if known is None else Calendar.always(zone) & known
        return known.without(self.away, AWAY)
