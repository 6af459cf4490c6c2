"""
Which days are open for a session of a given length, and what closes the others.

A day is open if at least one start on it fits the chair time, every calendar that has to
be open, and a free chair. Looking is remembered for as long as one planning lasts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

import attrs

from ketsched.calendars import Calendar
from ketsched.clock import LAST_DAY, TimeRange

GRID = 15
"""Minutes between two possible starts."""
AT_HOME = (TimeRange(8 * 60, 20 * 60),)
"""Hours in which a session at home starts and ends, 08:00 to 20:00 on every day (house default)."""


class Kind(NamedTuple):
    """What a session needs of a day: where it is, and for how many minutes."""

    place: str
    minutes: int


def at_home(zone: str) -> Calendar:
    """Return the calendar of somebody's home: no closing days, no chairs."""
    return attrs.evolve(Calendar.always(zone), hours=(AT_HOME,) * 7)


class OpenDays:
    """The open days of a calendar (of all calendars that must be open), as ordinals."""

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


@attrs.frozen(order=True)
class Cause:
    """
    One thing that keeps days closed, or one rule; what an explanation is made of.

    Attributes:
        order: In which order explanations try to do without it.
        day: The day that it closes; None for weekly hours and rules.
        words: What to call it.
        can_open: Whether that day could be opened: it is closed by date, not taken or too short.
        opens: What to call that, if it is not the clinic that would open.
    """

    order: tuple[int, int]
    day: date | None
    words: str
    can_open: bool = False
    opens: str = ""


class Blockers:
    """What closes days, for explanations: all that is named would have to go to open the day."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self.weekly = [weekly(part) for part in calendar.parts()]
        self._fits: dict[tuple[int, int, int], bool] = {}

    def of(self, day: date, minutes: int) -> list[Cause]:
        """
        Return everything that closes a day to a session of that length.

        Weekly hours are one cause for each calendar, each dated closure is one, and so is a
        day on which the chairs are taken or the hours given for it leave no start.
        """
        if self.calendar.is_open(day, minutes, grid=GRID):
            return []
        causes = []
        latest_first = (0, -day.toordinal())
        for number, part in enumerate(self.calendar.parts()):
            if not self._weekly_fits(number, day, minutes):
                causes.append(Cause((1, -number), None, f"the weekly hours of {part.name}"))
            closure = part.closed_by(day)
            if closure is not None:
                reason = "" if closure.reason in ("", "closed") else f" ({closure.reason})"
                whose = "" if number == 0 else f" for {part.name}"
                opens = "" if number == 0 else f"if {part.name} can on {day}"
                words = f"closed {day}{reason}{whose}"
                causes.append(Cause(latest_first, day, words, can_open=True, opens=opens))
            elif not part.is_open(day, minutes, grid=GRID) and attrs.evolve(part, bookings=()).is_open(
                day, minutes, grid=GRID
            ):
                causes.append(Cause(latest_first, day, f"all chairs of {part.name} are taken on {day}"))
        if any(cause.can_open for cause in causes) and self._taken(day, minutes):
            causes.append(Cause(latest_first, day, f"all chairs are taken on {day}"))
        if not causes:
            causes.append(Cause(latest_first, day, f"the hours on {day} leave no start"))
        return causes

    def _weekly_fits(self, number: int, day: date, minutes: int) -> bool:
        key = (number, day.weekday(), minutes)
        if key not in self._fits:
            self._fits[key] = self.weekly[number].is_open(day, minutes, grid=GRID)
        return self._fits[key]

    def _taken(self, day: date, minutes: int) -> bool:
        """Whether bookings alone would leave no start on a day that is closed by date."""
        opened = _each_part(
            self.calendar,
            lambda part: attrs.evolve(weekly(part), bookings=part.bookings),
        )
        unbooked = _each_part(self.calendar, weekly)
        return unbooked.is_open(day, minutes, grid=GRID) and not opened.is_open(day, minutes, grid=GRID)


def weekly(part: Calendar) -> Calendar:
    """Return a calendar with nothing but its weekly hours and chairs."""
    return attrs.evolve(part, closures=(), openings=(), holidays=(), recurring=(), bookings=(), others=())


def _each_part(calendar: Calendar, change: Callable[[Calendar], Calendar]) -> Calendar:
    first, *others = (change(part) for part in calendar.parts())
    for other in others:
        first &= other
    return first


def open_weekdays(calendar: Calendar, minutes: int) -> frozenset[int]:
    """Return the weekdays (Monday is 0) whose weekly hours fit a session in all calendars together."""
    bare, monday = _each_part(calendar, weekly), date(2001, 1, 1).toordinal()
    return frozenset(n for n in range(7) if bare.is_open(date.fromordinal(monday + n), minutes, grid=GRID))
