"""
The best plan under bounds: a search place by place under a budget of deviation.

A partial plan is known only by the days that later places still look back at, and of two
that agree in those the cheaper one is kept. If no plan fits the budget it is raised. Bounds
that look back further than two places would make these states many, so they are taken only
where an answer breaks them, and the search repeated; if that takes long, `cutting` takes
over. One sweep back over the cheapest plans finds the least worst deviation, a second one
the last day, and a walk forward the days.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate

import attrs

from ketsched.placing.cutting import least_cut
from ketsched.placing.effort import Effort, TooManyPlans
from ketsched.placing.values import IdealFrom, Placement, least_deviation
from ketsched.spacing import Bound, Bounds, Days, contradiction

State = tuple[int, ...]
Charge = Callable[[State, int, int], int]
"""What a day costs beyond its deviation, after a state that cost so much; ENDLESS: more than may be."""
DAYS = (1 << 34) - 1
"""The part of a cost that is days of deviation; what charges add lies above it."""
ENDLESS = 1 << 100

_LITTLE = 20_000  # where a least cut can take over
NEAR = 2


def cut_down(days: Sequence[Days], bounds: Sequence[Bound]) -> list[Days] | None:
    """Cut each place down to the days between its earliest and latest day in any plan."""
    if len(days[0]) > 1 and contradiction(len(days), bounds) is not None:
        return None  # with no day fixed, a push against a contradiction would creep on day by day
    return Bounds(bounds).windows(days)


def best_plan(
    windows: list[Days],
    bounds: Sequence[Bound],
    ideals: Sequence[int | IdealFrom],
    effort: Effort,
    *,
    at_most: int | None = None,
) -> Placement | None:
    """
    Return the best plan that keeps all of some bounds, however far they look back.

    Args:
        windows: For each place the days that some plan uses, ascending.
        bounds: All are kept, required or not.
        ideals: As in a Problem.
        effort: What it may take.
        at_most: Plans with more deviation are not wanted.

    Raises:
        TooManyPlans: A cut cannot find it, and there are too many to search.
    """
    little = effort.part(_LITTLE)
    search = Search(windows, ideals, little, at_most=at_most)
    try:
        return _lazily(windows, bounds, search)
    except TooManyPlans:
        found = least_cut(windows, bounds, ideals, search.least_to_go[0], effort)
        if found is not None:
            return found
        return _lazily(windows, bounds, Search(windows, ideals, effort, at_most=at_most))
    finally:
        effort.give_back(little)


def _lazily(windows: list[Days], bounds: Sequence[Bound], search: Search) -> Placement | None:
    """Search under the near bounds; take a distant one when an answer breaks it, and search again."""
    needed = not_implied(windows, bounds)
    taken = [b for b in needed if b.later - b.earlier <= NEAR]
    while True:
        found = search.best(taken)
        broken = [] if found is None else [b for b in needed if not b.keeps(found.days)]
        if not broken:
            return found
        taken += broken


def not_implied(windows: list[Days], bounds: Sequence[Bound]) -> list[Bound]:
    """Leave out the bounds that the windows or the neighbours' own bounds imply."""
    least, most = [0] * len(windows), [1 << 40] * len(windows)
    for b in bounds:
        if b.later - b.earlier == 1:
            least[b.later] = max(least[b.later], b.minimum or 0)
            most[b.later] = min(most[b.later], most[b.later] if b.latest is None else b.latest)
    below, above = list(accumulate(least)), list(accumulate(most))
    kept = []
    for b in bounds:
        i, j = b.earlier, b.later
        near = windows[j][0] - windows[i][-1]
        far = windows[j][-1] - windows[i][0]
        if j - i > 1:
            near, far = max(near, below[j] - below[i]), min(far, above[j] - above[i])
        rises = b.after is not None and windows[j][0] < b.after(windows[i][-1])
        if rises or (b.minimum is not None and near < b.minimum) or (b.latest is not None and far > b.latest):
            kept.append(b)
    return kept


@attrs.define
class _Reached:
    """The cheapest way to a state, and every step that ends in it at that cost."""

    cost: int
    steps: list[tuple[State, int, int]]  # (state before, day, deviation)


class Search:
    """Layers of partial plans under a budget; see the module's docstring."""

    def __init__(
        self,
        windows: list[Days],
        ideals: Sequence[int | IdealFrom],
        effort: Effort,
        *,
        at_most: int | None = None,
    ) -> None:
        self.windows, self.ideals, self.places = windows, ideals, len(windows)
        self.effort, self.at_most = effort, at_most
        self.granted = 0  # no plan has cost less under fewer bounds
        self.charges: list[Charge | None] = [None] * self.places
        rest = [
            least_deviation(w, ideal) if isinstance(ideal, int) else 0
            for w, ideal in zip(windows, ideals, strict=True)
        ]
        self.least_to_go = [*accumulate(reversed(rest), initial=0)][::-1]  # of places k and later
        self.least_after: dict[tuple[int, int], list[int]] = {}

    def best(self, taken: list[Bound]) -> Placement | None:
        """Return the best plan that keeps the bounds `taken`."""
        self.compile(taken)
        budget = least = max(self.least_to_go[0], self.granted)
        most = self.at_most
        while most is None or budget <= most:
            layers, next_budget = self.forward(budget)
            if layers[-1]:
                found = self.choose(layers)
                self.granted = found.total
                return found
            if next_budget is None or (most is not None and next_budget > most):
                break
            budget = max(next_budget, least + (budget - least) * 5 // 4 + 1)
            if most is not None:
                budget = min(budget, most)
        return None

    def compile(self, taken: Sequence[Bound], looks: Iterable[tuple[int, int]] = ()) -> None:
        """
        Note for each place what it looks back at, and which days a state must remember.

        Args:
            taken: Bounds that are kept.
            looks: Other pairs of places of which the later one looks back at the earlier one.
        """
        until = list(range(self.places))  # the last place that looks back at this one
        for earlier, later in looks:
            until[earlier] = max(until[earlier], later)
        look: list[list[tuple[int, int, int]]] = [[] for _ in range(self.places)]
        rising: list[list[tuple[int, Callable[[int], int]]]] = [[] for _ in range(self.places)]
        for b in taken:
            until[b.earlier] = max(until[b.earlier], b.later)
            least = -(1 << 40) if b.minimum is None else b.minimum
            look[b.later].append((b.earlier, least, 1 << 40 if b.latest is None else b.latest))
            if b.after is not None:
                rising[b.later].append((b.earlier, b.after))
        for at, ideal in enumerate(self.ideals):
            if isinstance(ideal, IdealFrom):
                until[ideal.after] = max(until[ideal.after], at)
        live: list[list[int]] = [[]]
        for at in range(self.places):
            live.append([k for k in [*live[-1], at] if until[k] > at])
        spot = self.spot = [{k: n for n, k in enumerate(known)} for known in live]
        self.look = [[(spot[at][i], lo, hi) for i, lo, hi in look[at]] for at in range(self.places)]
        self.rising = [[(spot[at][i], after) for i, after in rising[at]] for at in range(self.places)]
        self.aim_spot = [
            spot[at][i.after] if isinstance(i, IdealFrom) else -1 for at, i in enumerate(self.ideals)
        ]
        # How the next state is cut out of (state..., day): the spots that stay.
        self.keep = [
            tuple(n for n, k in enumerate([*live[at], at]) if until[k] > at) for at in range(self.places)
        ]
        followed_until = {
            ideal.after: at for at, ideal in enumerate(self.ideals) if isinstance(ideal, IdealFrom)
        }
        self.followed = [
            [(spot[at + 1][k], k) for k in live[at + 1] if followed_until.get(k, 0) > at]
            for at in range(self.places)
        ]

    def forward(self, budget: int) -> tuple[list[dict[State, _Reached]], int | None]:
        """
        Lay all partial plans with at most `budget` days of deviation.

        Returns the layers (the last one empty if no plan fits), and the least budget
        that would let in something new, or None if nothing was kept out.
        """
        layers: list[dict[State, _Reached]] = [{(): _Reached(0, [])}]
        next_budget: int | None = None
        for at in range(self.places):
            reached: dict[State, _Reached] = {}
            options, ideal, keep, look = self.windows[at], self.ideals[at], self.keep[at], self.look[at]
            followed, rising, charge = bool(self.followed[at]), self.rising[at], self.charges[at]
            to_go = self.least_to_go[at + 1]
            for state, way in layers[-1].items():
                before = way.cost
                low, high = options[0], options[-1]
                for n, least, most in look:
                    day = state[n]
                    if day + least > low:
                        low = day + least
                    if day + most < high:
                        high = day + most
                for n, after in rising:
                    low = max(low, after(state[n]))
                best_day = ideal if isinstance(ideal, int) else ideal.day(state[self.aim_spot[at]])
                slack = budget - (before & DAYS) - to_go
                first, stop = bisect_left(options, low), bisect_right(options, high)
                a = bisect_left(options, best_day - slack, first, stop)
                b = bisect_right(options, best_day + slack, a, stop)
                if a > first:
                    next_budget = _least(next_budget, best_day - options[a - 1] - slack + budget)
                if b < stop:
                    next_budget = _least(next_budget, options[b] - best_day - slack + budget)
                self.effort.take(b - a + 1)
                for day in options[a:b]:
                    deviation = abs(day - best_day)
                    cost = before + deviation
                    if charge is not None and (cost := cost + charge(state, day, before)) >= ENDLESS:
                        continue
                    whole = (*state, day)
                    then = tuple([whole[n] for n in keep])
                    over = (cost & DAYS) + to_go + self._followed_after(at, then) if followed else 0
                    if over > budget:
                        next_budget = _least(next_budget, over)
                        continue
                    known = reached.get(then)
                    if known is None or cost < known.cost:
                        reached[then] = _Reached(cost, [(state, day, deviation)])
                    elif cost == known.cost:
                        known.steps.append((state, day, deviation))
            layers.append(reached)
        return layers, next_budget

    def _followed_after(self, at: int, state: State) -> int:
        """Least deviation of the places after `at` whose ideals are counted from days that a state remembers."""
        return sum(self._least_after(at, origin, state[n]) for n, origin in self.followed[at])

    def _least_after(self, at: int, origin: int, day: int) -> int:
        """Least deviation of the places after `at` whose ideals are counted from `origin`, standing on `day`."""
        known = self.least_after.get((origin, day))
        if known is None:
            each = [
                least_deviation(self.windows[k], ideal.day(day))
                if isinstance(ideal, IdealFrom) and ideal.after == origin
                else 0
                for k, ideal in enumerate(self.ideals)
            ]
            known = self.least_after[origin, day] = [*accumulate(reversed(each), initial=0)][::-1]
        return known[at + 1]

    def choose(self, layers: list[dict[State, _Reached]]) -> Placement:
        """Of the cheapest plans take the one with the least worst deviation, then last day, then days."""
        cheapest = min(way.cost for way in layers[-1].values())
        goals = [state for state, way in layers[-1].items() if way.cost == cheapest]
        worst = dict.fromkeys(goals, 0)
        for layer in reversed(layers[1:]):
            before: dict[State, int] = {}
            for state, so_far in worst.items():
                for previous, _, deviation in layer[state].steps:
                    over = deviation if deviation > so_far else so_far
                    if previous not in before or over < before[previous]:
                        before[previous] = over
            worst = before
        least_worst = worst[()]

        last: dict[State, int] = {}
        onward: list[dict[State, list[tuple[int, State, int]]]] = []  # day, next state, last day
        for layer in reversed(layers[1:]):
            ahead: dict[State, list[tuple[int, State, int]]] = {}
            for state in last if onward else goals:
                for previous, day, deviation in layer[state].steps:
                    if deviation <= least_worst:
                        ahead.setdefault(previous, []).append((day, state, last[state] if onward else day))
            last = {state: min(end for _, _, end in steps) for state, steps in ahead.items()}
            onward.append(ahead)
        end, state, days = last[()], (), []
        for ahead in reversed(onward):
            day, state = min((day, after) for day, after, final in ahead[state] if final == end)
            days.append(day)
        return Placement(0, cheapest & DAYS, least_worst, end, tuple(days))


def _least(known: int | None, other: int) -> int:
    return other if known is None or other < known else known
