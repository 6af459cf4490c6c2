"""
Chairs: when each is taken, and which is free.

Those whose hours a calendar holds count as chairs: one person as one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Protocol as Interface
from typing import runtime_checkable

import attrs

from ketsched.clock import aware, days_touched, seconds
from ketsched.errors import InvalidInput

Taken = dict[date, list[tuple[int, int, int]]]
"""(begin, end, chair) of what is taken by date in UTC; the moments in seconds since 1970 UTC, half-open."""


@attrs.frozen
class Occupancy:
    """
    A chair that is taken from one moment to another, half-open.

    Attributes:
        start: Aware moment at which it is taken.
        end: Aware moment at which it is free again.
        chair: Its number, from 1; None: the lowest that is free throughout.
    """

    start: datetime
    end: datetime
    chair: int | None = None

    def __attrs_post_init__(self) -> None:
        begin, end = seconds(aware(self.start, "start")), seconds(aware(self.end, "end"))
        if begin >= end or (self.chair is not None and self.chair < 1):
            raise InvalidInput(
                what=f"a booking of chair {self.chair} from {self.start} to {self.end}",
                why="a booking ends after it starts, and chairs are numbered from 1",
                fix="check its moments and its chair",
            )


@runtime_checkable
class Occupant(Interface):
    """Anything that can say which chairs it occupies; a Course does."""

    def occupied(self) -> Iterable[tuple[datetime, datetime, int | None]]:
        """Return (start, end, chair) of each session that holds a chair."""


@runtime_checkable
class Staffed(Interface):
    """Anything whose appointments take people as well; a Course does."""

    def held_by(self, calendar: str) -> Occupant:
        """Return what its appointments take of a calendar, by the name that protocols give it."""


@runtime_checkable
class Occupied(Interface):
    """
    Anything that knows when chairs or people are taken, asked day by day: a clinic's book.

    What others have booked is then looked up where it is, and not copied into a calendar.
    """

    def taken_on(self, day: date) -> Iterable[tuple[int, int, int]]:
        """Return (begin, end, number) of what is taken on a date in UTC; in seconds since 1970 UTC, half-open."""


class LookedUp:
    """What is taken by date, as `taken_by` returns it, with what an occupancy knows of each date that is asked."""

    def __init__(self, known: Taken, occupancy: Occupied) -> None:
        self._known, self._occupancy = known, occupancy
        self._asked: Taken = {}

    def get(self, day: date, _: Iterable[tuple[int, int, int]] = ()) -> list[tuple[int, int, int]]:
        """Return what is taken on a date, looked up once."""
        if day not in self._asked:
            self._asked[day] = [*self._known.get(day, ()), *self._occupancy.taken_on(day)]
        return self._asked[day]


def taken_by(bookings: Iterable[Occupancy], chairs: int) -> Taken:
    """
    Return when which of so many chairs are taken.

    A booking that names no chair sits where it fits, in order of time; one that fits nowhere takes them all.
    """
    taken: Taken = {}
    for booking in sorted(bookings, key=_by_moment):
        begin, end = seconds(booking.start), seconds(booking.end)
        chair = booking.chair or lowest_free(taken, begin, end, chairs)
        for day in days_touched(begin, end):
            every = (chair,) if chair is not None else range(1, chairs + 1)
            taken.setdefault(day, []).extend((begin, end, number) for number in every)
    return taken


def lowest_free(
    taken: Taken | LookedUp,
    begin: int,
    end: int,
    chairs: int,
    preferred: int | None = None,
) -> int | None:
    """Return the lowest chair that nobody has taken between two moments, or None; the preferred one if it is free."""
    if not taken:
        return preferred if preferred is not None and preferred <= chairs else 1
    busy = {
        chair
        for day in days_touched(begin, end)
        for since, until, chair in taken.get(day, ())
        if since < end and begin < until
    }
    if preferred is not None and preferred <= chairs and preferred not in busy:
        return preferred
    return next((chair for chair in range(1, chairs + 1) if chair not in busy), None)


def _by_moment(booking: Occupancy) -> tuple[bool, int, int]:
    """Order bookings in time, those that name their chair first."""
    return booking.chair is None, seconds(booking.start), seconds(booking.end)
