"""
The best plan where nothing is preferred, by a least cut: polynomial, however far the bounds look back.

A plan is the set of all true statements "place i stands on its r-th day or a later one".
Bounds say which statement entails which; a day of deviation is one statement held without
another. The cheapest sets that hold all they entail are least cuts (Picard 1976, "Maximal
closure of a graph and applications to combinatorial problems", Management Science 22); they
form a lattice, and the smallest of them is the earliest of the cheapest plans.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

from ketsched.placing.effort import Effort
from ketsched.placing.values import IdealFrom, Placement, least_deviation
from ketsched.spacing import Bound, Bounds, Days

LARGEST = 8_000
"""Days of all places together that a cut still takes in well under a second."""
_STEPS = 3
"""Partial plans that a search looks at in the time of one such day."""
_STATEMENTS = 15
"""Statements that are looked at in the time of a partial plan."""
_ALWAYS, _NEVER = 0, 1
_ENDLESS = 1 << 40


def least_cut(
    windows: Sequence[Days],
    required: Sequence[Bound],
    ideals: Sequence[int | IdealFrom],
    total: int,
    effort: Effort,
) -> Placement | None:
    """
    Return the best plan, or None if a cut cannot find it: too many days, or ideals that turn back.

    Only days near the ideal ones are cut; a plan with a day further off would cost more than
    the one that was found among them.

    Args:
        windows: For each place the days that some plan uses, ascending.
        required: The bounds; all are kept.
        ideals: As in a Problem; one counted from an earlier place gives no earlier day for a later one.
        total: A total deviation that no plan is below.
        effort: What it may take.

    Raises:
        TooManyPlans: It would take more.
    """
    ends = [_ends(ideal, windows) for ideal in ideals]
    if any(days != sorted(days) for days in (_followed(ideal, windows) for ideal in ideals)):
        return None
    least = [
        least_deviation(options, first) if first == last else 0
        for options, (first, last) in zip(windows, ends, strict=True)
    ]
    spare = max(total - sum(least), 0) + 7
    bounds = Bounds(required)
    while True:
        near = [
            options[bisect_left(options, first - off - spare) : bisect_right(options, last + off + spare)]
            for options, (first, last), off in zip(windows, ends, least, strict=True)
        ]
        if sum(map(len, near)) > LARGEST:
            return None
        effort.take(_STEPS * sum(map(len, near)))
        tight = bounds.windows(near)
        found = None if tight is None else Network(tight, bounds, ideals, effort).best()
        if found is not None and found.total <= sum(least) + spare:
            return found
        spare = 2 * spare if found is None else found.total - sum(least)


def _followed(ideal: int | IdealFrom, windows: Sequence[Days]) -> list[int]:
    return [] if isinstance(ideal, int) else [ideal.day(day) for day in windows[ideal.after]]


def _ends(ideal: int | IdealFrom, windows: Sequence[Days]) -> tuple[int, int]:
    """Return the earliest and latest ideal day of a place."""
    if isinstance(ideal, int):
        return ideal, ideal
    options = windows[ideal.after]
    return ideal.day(options[0]), ideal.day(options[-1])


class Network:
    """The statements of a series, what they entail, and how much more could be carried through each."""

    def __init__(
        self, windows: Sequence[Days], bounds: Bounds, ideals: Sequence[int | IdealFrom], effort: Effort
    ) -> None:
        self.windows, self.ideals, self.effort = windows, ideals, effort
        self.followed = [_followed(ideal, windows) for ideal in ideals]
        self.first = [*accumulate(map(len, windows), initial=1)]  # statement r >= 1 of place i: first[i] + r
        self.residual: list[dict[int, int]] = [{} for _ in range(self.first[-1] + 1)]
        for at, options in enumerate(windows):
            for day, later in pairwise(options):
                self.imply(self.at_or_after(at, later), self.at_or_after(at, day), _ENDLESS)
        for i, j, least in bounds.edges:
            for day in windows[i]:
                self.imply(self.at_or_after(i, day), self.at_or_after(j, day + least), _ENDLESS)
        for i, j, after in bounds.rising:
            for day in windows[i]:
                self.imply(self.at_or_after(i, day), self.at_or_after(j, after(day)), _ENDLESS)
        self.longest = 0
        for at, (ideal, options) in enumerate(zip(ideals, windows, strict=True)):
            # Between two days on which neither statement becomes another one, each day costs the same.
            turns = sorted({*options, *([ideal] if isinstance(ideal, int) else self.followed[at])})
            for before, day in pairwise(turns):
                self.imply(self.at_or_after(at, day), self.ideal_at_or_after(at, day), day - before)
                self.imply(self.ideal_at_or_after(at, day), self.at_or_after(at, day), day - before)
            self.longest = max(self.longest, turns[-1] - turns[0])
        self.augment()

    def best(self) -> Placement:
        """Return the best plan: of the cheapest the least worst deviation, and of those the earliest."""
        days = self._earliest(self.longest + 1)
        assert days is not None  # noqa: S101 - a deviation this large leaves nothing out
        low, high = 0, max(self._deviations(days))
        while low < high:
            middle = (low + high) // 2
            fewer = self._earliest(middle)
            if fewer is None:
                low = middle + 1
            else:
                days, high = fewer, max(self._deviations(fewer))
        missed = self._deviations(days)
        return Placement(0, sum(missed), max(missed), days[-1], days)

    def at_or_after(self, at: int, day: int) -> int:
        """Return the statement "place `at` stands on this day or later"."""
        rank = bisect_left(self.windows[at], day)
        if rank == 0:
            return _ALWAYS
        return _NEVER if rank == len(self.windows[at]) else self.first[at] + rank

    def ideal_at_or_after(self, at: int, day: int) -> int:
        """Return the statement "the ideal of place `at` is this day or later"."""
        ideal = self.ideals[at]
        if isinstance(ideal, int):
            return _ALWAYS if ideal >= day else _NEVER
        options = self.windows[ideal.after]
        rank = bisect_left(self.followed[at], day)
        return self.at_or_after(ideal.after, options[rank]) if rank < len(options) else _NEVER

    def imply(self, one: int, other: int, cost: int) -> None:
        """Add that one statement entails another, or costs so much to hold without it."""
        if one not in (other, _NEVER) and other != _ALWAYS:
            self.residual[one][other] = self.residual[one].get(other, 0) + cost

    def augment(self) -> None:
        """Carry as much as can be from what always holds to what never does (Ford and Fulkerson)."""
        residual = self.residual
        lost: set[int] = set()  # statements from which nothing more can be carried
        for source in list(residual[_ALWAYS]):
            while source in residual[_ALWAYS]:
                before = {source: _ALWAYS}
                stack = [source]
                while stack and _NEVER not in before:
                    one = stack.pop()
                    if _NEVER in residual[one]:
                        before[_NEVER] = one
                        break
                    for other in residual[one]:
                        if other not in before and other not in lost and other != _ALWAYS:
                            before[other] = one
                            stack.append(other)
                self.effort.take(1 + len(before) // _STATEMENTS)
                if _NEVER not in before:
                    lost.update(before)
                    break
                path, one = [], _NEVER
                while one != _ALWAYS:
                    path.append((before[one], one))
                    one = before[one]
                much = min(residual[one][other] for one, other in path)
                for one, other in path:
                    residual[other][one] = residual[other].get(one, 0) + much
                    if residual[one][other] == much:
                        del residual[one][other]
                    else:
                        residual[one][other] -= much

    def _earliest(self, worst: int) -> tuple[int, ...] | None:
        """Return the earliest of the cheapest plans without a deviation over `worst`, or None."""
        more: dict[int, set[int]] = {}
        for at, (ideal, options) in enumerate(zip(self.ideals, self.windows, strict=True)):
            for day in {ideal} if isinstance(ideal, int) else set(self.followed[at]):
                more.setdefault(self.ideal_at_or_after(at, day), set()).add(self.at_or_after(at, day - worst))
            for day in options:
                more.setdefault(self.at_or_after(at, day), set()).add(self.ideal_at_or_after(at, day - worst))
        seen, stack = {_ALWAYS}, [_ALWAYS]
        while stack:
            one = stack.pop()
            for other in (*self.residual[one], *more.get(one, ())):
                if other not in seen:
                    seen.add(other)
                    stack.append(other)
        if _NEVER in seen:
            return None
        return tuple(
            options[max((r for r in range(1, len(options)) if first + r in seen), default=0)]
            for first, options in zip(self.first, self.windows, strict=False)
        )

    def _deviations(self, days: tuple[int, ...]) -> list[int]:
        wanted = [ideal if isinstance(ideal, int) else ideal.day(days[ideal.after]) for ideal in self.ideals]
        return [abs(day - want) for day, want in zip(days, wanted, strict=True)]
