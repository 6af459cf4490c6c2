"""
What has to be placed on days, and what a placement of it costs; plain integers, as in `spacing`.

A placement is better than another if it is smaller by, in this order: agreed days left, by their weights;
preferences broken; total deviation from the ideal days; largest single deviation; last day;
the days themselves.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence

import attrs

from ketsched.spacing import Bound, Days


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
class Agreed:
    """
    Days on which bookings stand that should stay, whichever of their places takes them.

    Attributes:
        places: The places that can take them, in order; of two of them the later one is on a later day.
        days: Ascending.
        weights: What it costs to leave each of them; empty: 1.
    """

    places: tuple[int, ...]
    days: tuple[int, ...]
    weights: tuple[int, ...] = ()

    def __attrs_post_init__(self) -> None:
        if not self.weights:
            object.__setattr__(self, "weights", (1,) * len(self.days))

    def left(self, days: Sequence[int]) -> int:
        """Return what a placement costs that leaves some of the days."""
        taken = {days[place] for place in self.places}
        pairs = zip(self.days, self.weights, strict=True)
        return sum(weight for day, weight in pairs if day not in taken)

    def least_left(self, place: int, day: int) -> int:
        """Return how many of the days are left at least where one of the places is on a day, of whatever weight."""
        before = self.places.index(place)
        after = len(self.places) - before - 1
        sooner, later = bisect_left(self.days, day), len(self.days) - bisect_right(self.days, day)
        return max(sooner - before, 0) + max(later - after, 0)


@attrs.frozen
class Problem:
    """
    What has to be placed.

    Attributes:
        days: For each place the days it may have, ascending.
        bounds: Required and preferred bounds between places.
        ideals: For each place its ideal day, or how to find it.
        wishes: For each place the days that break no wish (None: no wish), a preference each.
        agreed: The days on which bookings stand that should stay.
    """

    days: tuple[Days, ...]
    bounds: tuple[Bound, ...]
    ideals: tuple[int | IdealFrom, ...]
    wishes: tuple[frozenset[int] | None, ...] = ()
    agreed: tuple[Agreed, ...] = ()


@attrs.frozen(order=True)
class Placement:
    """
    A day for every place, with its cost; placements compare as plans do, the better one first.

    Attributes:
        moved: Agreed days that are left, by their weights.
        broken: Preferences broken, bounds and wishes together.
        total: Sum of the days by which sessions miss their ideal days.
        worst: The largest of these.
        last: The last session's day.
        days: One day a place.
    """

    moved: int = attrs.field(default=0, kw_only=True)
    broken: int
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
