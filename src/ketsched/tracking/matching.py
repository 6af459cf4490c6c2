"""New days matched to the bookings that stand, so that as few as can be change."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise


def matched(bookings: Sequence[int], days: Sequence[int]) -> list[int | None]:
    """
    Return for each new day the number of the booking that takes it, from 0, or None for a new one.

    Bookings do not cross. Most days stay; then most bookings are kept; then they are moved least;
    then the earlier booking is kept.

    Args:
        bookings: Days of the bookings, ascending.
        days: New days, ascending.
    """
    found: list[int | None] = [None] * len(days)
    place_of = {day: at for at, day in enumerate(bookings)}
    stays = [(at, place_of[day]) for at, day in enumerate(days) if day in place_of]
    for at, booking in stays:
        found[at] = booking
    ends = [(-1, -1), *stays, (len(days), len(bookings))]
    for (day, booking), (next_day, next_booking) in pairwise(ends):
        free, old = range(day + 1, next_day), range(booking + 1, next_booking)
        if free and old:
            for at, of in _least_moved([days[d] for d in free], [bookings[b] for b in old]):
                found[free[at]] = old[of]
    return found


def _least_moved(days: Sequence[int], bookings: Sequence[int]) -> list[tuple[int, int]]:
    """Match as many as there are of the fewer, in order, moved least; ties keep the earlier booking."""
    pairs = min(len(days), len(bookings))
    # (days moved, bookings kept) of the best way to match the rest, by what is left of both.
    best: dict[tuple[int, int], tuple[int, tuple[int, ...], tuple[int, ...]]] = {}
    for d in range(len(days), -1, -1):
        for b in range(len(bookings), -1, -1):
            most = min(len(days) - d, len(bookings) - b)
            options: list[tuple[int, tuple[int, ...], tuple[int, ...]]] = [(0, (), ())] if not most else []
            if most:
                moved, kept, which = best[d + 1, b + 1]
                options.append((moved + abs(days[d] - bookings[b]), (b, *kept), (d, *which)))
                options += [best[d, b + 1]] if len(bookings) - b > most else []
                options += [best[d + 1, b]] if len(days) - d > most else []
            best[d, b] = min(options)
    _, kept, which = best[0, 0]
    assert len(kept) == pairs  # noqa: S101 - one way leaves nothing of the fewer
    return list(zip(which, kept, strict=True))
