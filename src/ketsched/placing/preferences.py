"""
Which preferences have to be broken: as few as can be, and every way to break so few.

A preference is a bound that is not required, or the days on which a session breaks no wish.
Whether some of them can be kept together is decided by one push; those that cannot make a
*conflict*, and a minimal one has few of them. Of each conflict one at least is broken, so
branching over them finds the fewest that will do (Reiter 1987, "A theory of diagnosis from
first principles", Artificial Intelligence 32), each set of them once. A plan that breaks no
more than the fewest breaks exactly such a set, so with the others as if required what is
left has no preferences, and the best of all these plans is the best plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from ketsched.placing.effort import Effort, TooManyPlans
from ketsched.placing.search import best_plan, cut_down
from ketsched.placing.values import IdealFrom, Placement, among, least_deviation
from ketsched.spacing import Bound, Bounds, Days

WAYS = 2_000
"""Sets of preferences that may be looked at before it is said that there are too many (house default)."""

PUSHES = 10
"""Bounds that are looked at in the time of a partial plan."""
Broken = frozenset[int]


class Preferences:
    """
    The preferences of one series, numbered: first the bounds, then the wishes.

    Args:
        windows: For each place the days that some plan uses, ascending.
        required: Bounds that are kept in any case.
        preferred: Bounds that need not be.
        wishes: For each place the days that break no wish; None: no wish.
        effort: What all that is asked of them may take.
    """

    def __init__(
        self,
        windows: Sequence[Days],
        required: Sequence[Bound],
        preferred: Sequence[Bound],
        wishes: Sequence[frozenset[int] | None],
        effort: Effort,
    ) -> None:
        self.effort = effort
        self.windows, self.required, self.preferred = windows, required, preferred
        self.wished = {
            number: (place, among(windows[place], wish))
            for number, (place, wish) in enumerate(
                ((place, wish) for place, wish in enumerate(wishes) if wish is not None), len(preferred)
            )
        }
        self.every = range(len(preferred) + len(self.wished))
        self.conflicts: list[frozenset[int]] = []
        self.looked = self.least = 0

    def days(self, kept: Sequence[int]) -> list[Days]:
        """Return the days of each place if some preferences are kept."""
        days = list(self.windows)
        for number in kept:
            if number in self.wished:
                place, options = self.wished[number]
                days[place] = options
        return days

    def bounds(self, kept: Sequence[int]) -> list[Bound]:
        """Return the bounds if some preferences are kept."""
        return [*self.required, *(self.preferred[n] for n in kept if n < len(self.preferred))]

    def can_keep(self, kept: Sequence[int]) -> bool:
        """Whether some plan keeps these preferences together."""
        return Bounds(self.bounds(kept)).allow(self.days(kept), self._pushed)

    def _pushed(self, steps: int) -> None:
        self.effort.take(1 + steps // PUSHES)

    def conflict(self, kept: Sequence[int]) -> frozenset[int] | None:
        """Return preferences among these that cannot be kept together, none of them to spare; None if all can."""
        among_kept = frozenset(kept)
        for conflict in self.conflicts:
            if conflict <= among_kept:
                return conflict
        if self.can_keep(kept):
            return None
        found = frozenset(self._minimal([], list(kept), tried=False))
        self.conflicts.append(found)
        return found

    def _minimal(self, others: list[int], kept: list[int], *, tried: bool) -> list[int]:
        """Return a minimal part of `kept` that conflicts with `others` (Junker 2004, QuickXplain)."""
        if tried and not self.can_keep(others):
            return []
        if len(kept) == 1:
            return kept
        half = len(kept) // 2
        second = self._minimal([*others, *kept[:half]], kept[half:], tried=half > 0)
        first = self._minimal([*others, *second], kept[:half], tried=bool(second))
        return [*first, *second]

    def fewest(self) -> int:
        """Return a number of preferences that every plan breaks at least: conflicts that share none."""
        kept = list(self.every)
        while (conflict := self.conflict(kept)) is not None:
            kept = [number for number in kept if number not in conflict]
            self.least += 1
        return self.least

    def sets_of(
        self, many: int, broken: Broken = frozenset(), settled: Broken = frozenset()
    ) -> Iterator[Broken]:
        """
        Yield every set of so many preferences without which all others can be kept, each once.

        Args:
            many: How many may still be broken.
            broken: Those that are.
            settled: Those that are kept: the sets without them are yielded elsewhere.

        Raises:
            TooManyPlans: More sets were looked at than may be.
        """
        self.looked += 1
        if self.looked > WAYS:
            raise TooManyPlans
        conflict = self.conflict([number for number in self.every if number not in broken])
        if conflict is None:
            yield broken
            return
        if not many or self._apart(broken) > many:
            return
        open_choices = sorted(conflict - settled)
        for at, number in enumerate(open_choices):
            yield from self.sets_of(many - 1, broken | {number}, settled.union(open_choices[:at]))

    def _apart(self, broken: Broken) -> int:
        """Return how many of the known conflicts share no preference with each other nor with those broken."""
        used = set(broken)
        apart = 0
        for conflict in self.conflicts:
            if used.isdisjoint(conflict):
                used |= conflict
                apart += 1
        return apart


@attrs.frozen
class _Part:
    """
    The plans that break one set of preferences and keep all others.

    Attributes:
        windows: For each place the days that some plan of this part uses.
        bounds: What they all keep.
        floor: Deviation, largest deviation, last day and days that none of them is below.
    """

    windows: list[Days]
    bounds: list[Bound]
    floor: tuple[int, int, int, tuple[int, ...]]


def _part(preferences: Preferences, broken: Broken, ideals: Sequence[int | IdealFrom]) -> _Part:
    kept = [number for number in preferences.every if number not in broken]
    bounds = preferences.bounds(kept)
    preferences.effort.take(len(bounds))
    windows = cut_down(preferences.days(kept), bounds)
    assert windows is not None  # noqa: S101 - these can be kept together
    off = [
        least_deviation(options, ideal) if isinstance(ideal, int) else 0
        for options, ideal in zip(windows, ideals, strict=True)
    ]
    earliest = tuple(options[0] for options in windows)
    return _Part(windows, bounds, (sum(off), max(off), earliest[-1], earliest))


def least_broken(preferences: Preferences, ideals: Sequence[int | IdealFrom]) -> Placement:
    """
    Return the best of the plans that break the fewest preferences.

    Raises:
        TooManyPlans: There are too many ways to break so few.
    """
    many = preferences.fewest()
    while not (ways := list(preferences.sets_of(many))):
        many = preferences.least = many + 1
    parts = [_part(preferences, broken, ideals) for broken in ways]
    best: Placement | None = None
    for part in sorted(parts, key=lambda part: part.floor):
        if best is not None and part.floor >= (best.total, best.worst, best.last, best.days):
            break
        at_most = None if best is None else best.total
        found = best_plan(part.windows, part.bounds, ideals, preferences.effort, at_most=at_most)
        if found is not None and (best is None or found < best):
            best = found
    assert best is not None  # noqa: S101 - every part has a plan
    return attrs.evolve(best, broken=many)
