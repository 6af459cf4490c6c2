"""
Fewest agreed days left: the plan that a patient who has already been given days needs to hear least about.

Between two places that follow each other every agreed day that lies between their days is left, so a search
place by place sees at once what a day costs. First it finds how few agreed days must be left, under the
required bounds alone; then, of the plans that leave no more, how few preferences must be broken; then the
best of those, as for any plan. Where most bookings stay the days between them are few, and so are the
partial plans.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

import attrs

from ketsched.placing.effort import Effort
from ketsched.placing.search import DAYS, ENDLESS, NEAR, Charge, Search, State, not_implied
from ketsched.placing.values import Agreed, Placement, Problem
from ketsched.spacing import Bound, Days

_BROKEN = DAYS.bit_length()
_MOVED = _BROKEN + 14
_MOST_BROKEN = (1 << 14) - 1
_WIDER = 3
"""By how much more deviation is let in at a time, where none within a limit will do (house default)."""


def fewest_left(
    problem: Problem, windows: list[Days], effort: Effort, at_most: int | None = None
) -> Placement | None:
    """
    Return the best plan by agreed days left, then by preferences broken, then as any.

    The best one by agreed days alone is that if it breaks no preference.

    Args:
        problem: What has to be placed.
        windows: For each place the days that some plan uses, ascending.
        effort: What it may take.
        at_most: Plans that leave more agreed days are not wanted; None: any are.

    Raises:
        TooManyPlans: There are too many to search.
    """
    search = _Agreeing(problem, windows, effort, at_most)
    found = search.fewest()
    if found is None or search.keeps_preferences(found.days):
        return found
    search.moved, search.broken = found.moved, 0
    return search.fewest()


def fewest_broken(problem: Problem, windows: list[Days], effort: Effort, least: int) -> Placement | None:
    """
    Return the best plan of a problem without agreed days by preferences broken, then as any.

    Args:
        problem: What has to be placed.
        windows: For each place the days that some plan uses, ascending.
        effort: What it may take.
        least: Preferences that every plan breaks at least.

    Raises:
        TooManyPlans: There are too many to search.
    """
    search = _Agreeing(problem, windows, effort, None)
    search.broken = least
    return search.fewest()


class _Agreeing(Search):
    """
    Layers of partial plans that leave so many agreed days, break so many preferences, and deviate so far.

    Attributes:
        moved: How many agreed days may be left.
        broken: How many preferences may be broken; None: they do not count.
    """

    def __init__(self, problem: Problem, windows: list[Days], effort: Effort, most_moved: int | None) -> None:
        super().__init__(windows, problem.ideals, effort)
        self.problem, self.moved, self.most_moved = problem, 0, most_moved
        self.broken: int | None = None
        needed = not_implied(windows, [bound for bound in problem.bounds if bound.required])
        self.taken = [b for b in needed if b.later - b.earlier <= NEAR]
        self.distant = [b for b in needed if b.later - b.earlier > NEAR]
        self.preferred = [bound for bound in problem.bounds if not bound.required]
        self.soft: list[Bound] = []
        self.next_moved: int | None = None
        self.next_broken: int | None = None

    def keeps_preferences(self, days: Sequence[int]) -> bool:
        """Whether days break no preferred bound and no wish."""
        wished = zip(days, self.problem.wishes, strict=False)
        return all(bound.keeps(days) for bound in self.preferred) and all(
            wish is None or day in wish for day, wish in wished
        )

    def fewest(self) -> Placement | None:
        """Return the best of the plans that leave fewest agreed days, and then break fewest preferences."""
        while True:
            found = self._within_limits()
            if found is None:
                return None
            more = [b for b in self.distant if b not in self.taken and not b.keeps(found.days)]
            soft = (
                []
                if self.broken is None
                else [b for b in self.preferred if b not in self.soft and not b.keeps(found.days)]
            )
            if not more and not soft:
                return found
            self.taken += more
            self.soft += soft

    def _within_limits(self) -> Placement | None:
        """Return the best plan under the bounds taken so far; the limits are raised until there is one."""
        self._charge()
        least = self.least_to_go[0]
        deviation = least + 7
        while True:
            self.next_moved = self.next_broken = None
            layers, wider = self.forward(deviation)
            if layers[-1]:
                cost = min(way.cost for way in layers[-1].values())
                moved, broken = cost >> _MOVED, (cost >> _BROKEN) & _MOST_BROKEN
                return attrs.evolve(self.choose(layers), moved=moved, broken=broken)
            if wider is not None:
                deviation = max(wider, least + _WIDER * (deviation - least))
                continue
            if self.broken is not None and self.next_broken is not None:
                self.broken, deviation = self.next_broken, least + 7
            elif self.broken is None and self.next_moved is not None:
                self.moved, deviation = self.next_moved, least + 7
                if self.most_moved is not None and self.moved > self.most_moved:
                    return None
            else:
                return None

    def _charge(self) -> None:
        """Compile the bounds taken, and what each place is charged for."""
        soft = [] if self.broken is None else self.soft
        looks = [(bound.earlier, bound.later) for bound in soft]
        looks += [pair for agreed in self.problem.agreed for pair in pairwise(agreed.places)]
        self.compile(self.taken, looks)
        lines: dict[int, list[tuple[Agreed, int | None]]] = {}
        for agreed in self.problem.agreed:
            for before, place in zip((None, *agreed.places), agreed.places, strict=False):
                lines.setdefault(place, []).append((agreed, before))
        for at in range(self.places):
            into = [bound for bound in soft if bound.later == at]
            wish = self.problem.wishes[at] if self.broken is not None and self.problem.wishes else None
            charged = at in lines or into or wish is not None
            self.charges[at] = self._charge_at(at, lines.get(at, ()), into, wish) if charged else None

    def _charge_at(
        self,
        at: int,
        agreed: Sequence[tuple[Agreed, int | None]],
        into: Sequence[Bound],
        wish: frozenset[int] | None,
    ) -> Charge:
        """Return what a place is charged for."""
        spot = self.spot[at]
        lines = [
            (
                line.days,
                [0, *accumulate(line.weights)],
                -1 if before is None else spot[before],
                at == line.places[-1],
            )
            for line, before in agreed
        ]
        soft = [(spot[b.earlier], b) for b in into]

        def charge(state: State, day: int, cost: int) -> int:
            moved = broken = 0
            for days, sums, before, last in lines:
                since = bisect_right(days, state[before]) if before >= 0 else 0
                moved += max(sums[bisect_left(days, day)] - sums[since], 0)
                if last:
                    moved += sums[-1] - sums[bisect_right(days, day)]
            for n, bound in soft:
                broken += not bound.allows(day - state[n])
            if wish is not None and day not in wish:
                broken += 1
            if moved:
                over = moved + (cost >> _MOVED)
                if over > self.moved:
                    if self.next_moved is None or over < self.next_moved:
                        self.next_moved = over
                    return ENDLESS
            if broken:
                over = broken + ((cost >> _BROKEN) & _MOST_BROKEN)
                if self.broken is not None and over > self.broken:
                    if self.next_broken is None or over < self.next_broken:
                        self.next_broken = over
                    return ENDLESS
            return (moved << _MOVED) | (broken << _BROKEN)

        return charge
