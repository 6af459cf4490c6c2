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
    """Match all of the fewer, in order, moved least; ties keep the earlier booking, then the earlier day."""
    fewer, more = sorted((days, bookings), key=len)
    spare = len(more) - len(fewer)
    # least[n][s]: days moved to match the fewer from the n-th on, s of the more passed over before.
    least = [[0] * (spare + 1)]
    for n in range(len(fewer) - 1, -1, -1):
        row = [0] * (spare + 1)
        for s in range(spare, -1, -1):
            row[s] = abs(fewer[n] - more[n + s]) + least[-1][s]
            if s < spare:
                row[s] = min(row[s], row[s + 1])
        least.append(row)
    least.reverse()
    pairs = []
    s = 0
    for n in range(len(fewer)):
        while s < spare and least[n][s + 1] < abs(fewer[n] - more[n + s]) + least[n + 1][s]:
            s += 1
        pairs.append((n, n + s))
    return pairs if fewer is days else [(day, booking) for booking, day in pairs]
