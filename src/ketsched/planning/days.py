"""
Which days are open for a session of a given length, and what closes the others.

A day is open if at least one start on it fits the chair time, every calendar that has to
be open, and a free chair. Looking is remembered for as long as one planning lasts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import date

import attrs

from ketsched.calendars import WEEKDAYS, Calendar

GRID = 15
"""Minutes between two possible starts."""


class OpenDays:
    """The open days of a calendar (of all calendars that must be open), as ordinals."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._known: dict[int, list[int]] = {}
        self._looked: dict[int, tuple[int, int]] = {}

    def between(self, first: int, last: int, minutes: int) -> Sequence[int]:
        """Return the open days from first to last, both included, ascending."""
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
        is_open, from_ordinal = self.calendar.is_open, date.fromordinal
        return [day for day in range(first, last + 1) if is_open(from_ordinal(day), minutes, grid=GRID)]


@attrs.frozen(order=True)
class Cause:
    """
    One thing that keeps days closed, or one rule; what a contradiction is made of.

    Attributes:
        order: In which order explanations try to do without it.
        day: The day that it closes; None for weekly hours and rules.
        words: What to call it.
    """

    order: tuple[int, int]
    day: date | None
    words: str


def blockers(calendar: Calendar, day: date, minutes: int) -> list[Cause]:
    """
    Return everything that closes a day; all of it would have to go to open the day.

    Weekly hours are one cause for each calendar, each dated closure is one, and so is a
    day on which only the combination (other bookings, hours that do not meet) leaves no start.
    """
    if calendar.is_open(day, minutes, grid=GRID):
        return []
    causes = []
    for number, part in enumerate(calendar.parts()):
        weekly = attrs.evolve(part, closures=(), openings=(), holidays=(), recurring=(), bookings=())
        if not weekly.is_open(day, minutes, grid=GRID):
            causes.append(Cause((1, -number), None, f"the weekly hours of {part.name}"))
        closure = part.closed_by(day)
        if closure is not None:
            reason = "" if closure.reason == "closed" else f" ({closure.reason})"
            whose = "" if number == 0 else f" for {part.name}"
            causes.append(Cause((0, -day.toordinal()), day, f"closed {day}{reason}{whose}"))
    if not causes:
        causes.append(
            Cause(
                (0, -day.toordinal()),
                day,
                f"no start fits on {day} (hours given for that day, or chairs taken)",
            )
        )
    return causes


def open_weekdays(calendar: Calendar, minutes: int) -> frozenset[int]:
    """Return the weekdays (Monday is 0) whose weekly hours fit a session in every calendar of that zone."""
    monday = date(2001, 1, 1)
    open_days = set(range(len(WEEKDAYS)))
    for part in calendar.parts():
        weekly = attrs.evolve(part, closures=(), openings=(), holidays=(), recurring=(), bookings=())
        open_days &= {
            n
            for n in range(7)
            if weekly.is_open(date.fromordinal(monday.toordinal() + n), minutes, grid=GRID)
        }
    return frozenset(open_days)
