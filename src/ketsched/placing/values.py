"""
What has to be placed on days, and what a placement of it costs; plain integers, as in `spacing`.

A placement is better than another if it is smaller by, in this order: preferences broken; total
deviation from the ideal days; largest single deviation; last day; the days themselves. Where bookings
stand, the preferences that the best placement keeps are kept, and of those that keep them it is the one
that leaves fewest agreed days, then as before.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

import attrs

from ketsched.spacing import Bound, Days, required


@attrs.frozen
class IdealFrom:
    """
    An ideal day that is counted from where an earlier session stands in the same plan.

    Attributes:
        after: The earlier place.
        day: The ideal day, given the day of that place.
    """

    after: int
    day: Callable[[int], int]


@attrs.frozen
class Problem:
    """
    What has to be placed.

    Attributes:
        days: For each place the days it may have, ascending.
        bounds: Required and preferred bounds between places.
        ideals: For each place its ideal day, or how to find it.
        wishes: For each place the days that break no wish (None: no wish), a preference each.
        agreed: For each place the day on which a booking stands that should stay (None: none does).
    """

    days: tuple[Days, ...]
    bounds: tuple[Bound, ...]
    ideals: tuple[int | IdealFrom, ...]
    wishes: tuple[frozenset[int] | None, ...] = ()
    agreed: tuple[int | None, ...] = ()

    def is_feasible(self) -> bool:
        """Whether any days keep the required bounds."""
        return required(self.bounds).allow(self.days)


@attrs.frozen(order=True)
class Placement:
    """
    A day for every place, with its cost; placements compare as plans do, the better one first.

    Attributes:
        broken: Preferences broken, bounds and wishes together.
        moved: Agreed days that are left.
        total: Sum of the days by which sessions miss their ideal days.
        worst: The largest of these.
        last: The last session's day.
        days: One day a place.
    """

    broken: int
    moved: int = attrs.field(default=0, kw_only=True)
    total: int
    worst: int
    last: int
    days: tuple[int, ...]


def least_deviation(options: Days, ideal: int) -> int:
    """Return how far the nearest of some ascending days is from an ideal day."""
    after = bisect_left(options, ideal)
    return min(abs(day - ideal) for day in options[max(after - 1, 0) : after + 1])


def among(options: Days, wish: frozenset[int]) -> Days:
    """Return the days that are in both, ascending."""
    if len(wish) > 4:
        return [day for day in options if day in wish]
    return [
        day
        for day in sorted(wish)
        if options and options[bisect_left(options, day, hi=len(options) - 1)] == day
    ]
