"""
When the sessions and appointments of one course can be, and which days that leaves.

One value holds the clinic's calendar, those of the people whom appointments need, and what the
patient can, would rather, and is used to. Whoever places anything on days or hours is given it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from functools import cached_property
from typing import Any, NamedTuple

import attrs

from ketsched.calendars import Calendar
from ketsched.clock import LAST_DAY, TimeRange

GRID = 15
"""Minutes between two possible starts."""
AT_HOME = (TimeRange(8 * 60, 20 * 60),)
"""Hours in which a session at home starts and ends, 08:00 to 20:00 on every day (house default)."""


class SeatNeed(NamedTuple):
    """What a session needs of a day: where it is ("clinic" or "home"), and for how many minutes."""

    place: str
    minutes: int


def at_home(zone: str) -> Calendar:
    """Return the calendar of somebody's home: no closing days, no chairs."""
    return attrs.evolve(Calendar.always(zone), hours=(AT_HOME,) * 7)


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

    def away(self, days: Iterable[date]) -> Hours:
        """Return the same with days on which the patient cannot come."""
        known = self.availability or Calendar.always(self.zone)
        return attrs.evolve(self, availability=known.without(days, "the patient is away"))

    @cached_property
    def of_place(self) -> Mapping[str, Calendar]:
        """For "clinic" and "home" all calendars that must be open for a session there."""
        places = {"clinic": self.calendar, "home": at_home(self.zone)}
        if self.availability is None:
            return places
        return {place: calendar & self.availability for place, calendar in places.items()}

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
