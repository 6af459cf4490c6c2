"""
Sessions on days, exactly: of all plans that keep the required bounds on open days, the best one.

Plain integers; `values` says what better means. The order is total, so the answer is unique.

How it is found. If every session can stand on the open day nearest to its ideal, that is
the answer. Else the push of `spacing` cuts every place down to the days that some plan
uses. If all preferences can be kept they are kept as if required; if not, `preferences`
finds the fewest that have to be broken, in each way there is. What is then left has none,
and `search` finds its best plan. Where there are too many ways, or bookings stand, `agreed`
counts place by place what is broken, and how many of the agreed days are left.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import count

import attrs

from ketsched.placing.agreed import fewest_broken, fewest_left
from ketsched.placing.effort import EFFORT, Effort, TooManyPlans
from ketsched.placing.preferences import Preferences, least_broken
from ketsched.placing.search import best_plan, cut_down
from ketsched.placing.values import IdealFrom, Placement, Problem, among
from ketsched.spacing import Bound, Days, required

__all__ = ["EFFORT", "Effort", "TooManyPlans", "can_place", "place", "ranked"]


def can_place(problem: Problem) -> bool:
    """Whether a problem has any placement, however long it would take to find the best one."""
    return not problem.days or cut_down(problem.days, required(problem.bounds).each) is not None


def place(
    problem: Problem, effort: Effort | None = None, *, prefer: bool = False, at_most: int | None = None
) -> Placement | None:
    """
    Return the best placement of a problem, or None if there is none.

    Args:
        problem: What has to be placed.
        effort: What is left of the work that the answer may take, of which this is a part; None: it is the whole.
        prefer: Whether preferences come before agreed days: those that the best placement without any
            agreed day keeps are kept.
        at_most: Placements that leave more agreed days, by their weights, are not wanted; None: any are.

    Raises:
        TooManyPlans: The search would take too long.
    """
    if not problem.days:
        return Placement(0, 0, 0, 0, ())
    effort = effort or Effort()
    if not problem.agreed:
        return _by_preferences(problem, effort)
    if (simple := _nearest(_wished(problem), problem.bounds, problem.ideals)) is not None and not any(
        agreed.left(simple.days) for agreed in problem.agreed
    ):
        return simple
    windows = cut_down(problem.days, required(problem.bounds).each)
    if windows is None:
        return None
    if prefer and (best := _by_preferences(attrs.evolve(problem, agreed=()), effort)) is not None:
        problem = _keeping(problem, best)
        windows = cut_down(problem.days, required(problem.bounds).each) or windows
    return fewest_left(problem, windows, effort, at_most)


def _keeping(problem: Problem, best: Placement) -> Problem:
    """Return a problem that requires the preferences which a placement keeps; the others stay preferences."""
    wishes = problem.wishes or (None,) * len(problem.days)
    bounds = [attrs.evolve(b, required=b.required or b.keeps(best.days)) for b in problem.bounds]
    days = [
        among(options, wish) if wish is not None and day in wish else options
        for options, wish, day in zip(problem.days, wishes, best.days, strict=True)
    ]
    return attrs.evolve(problem, bounds=tuple(bounds), days=tuple(days))


def _by_preferences(problem: Problem, effort: Effort) -> Placement | None:
    """Return the placement that breaks fewest preferences, then as plans are compared."""
    wished = _wished(problem)
    if (simple := _nearest(wished, problem.bounds, problem.ideals)) is not None:
        return simple
    binding = required(problem.bounds).each
    windows = cut_down(problem.days, binding)
    if windows is None:
        return None
    preferred = [bound for bound in problem.bounds if not bound.required]
    wishes = problem.wishes or (None,) * len(problem.days)
    if not preferred and all(wish is None for wish in wishes):
        return best_plan(windows, binding, problem.ideals, effort)
    strict = cut_down(wished, problem.bounds)
    if strict is not None:
        return best_plan(strict, problem.bounds, problem.ideals, effort)
    preferences = Preferences(windows, binding, preferred, wishes, effort)
    try:
        return least_broken(preferences, problem.ideals)
    except TooManyPlans:
        if effort.left <= 0:
            raise
        return fewest_broken(problem, windows, effort, preferences.least)


def _wished(problem: Problem) -> list[Days]:
    """Return for each place the days that break no wish."""
    wishes = problem.wishes or (None,) * len(problem.days)
    return [
        options if wish is None else among(options, wish)
        for options, wish in zip(problem.days, wishes, strict=True)
    ]


def ranked(problem: Problem, effort: Effort | None = None) -> Iterator[Placement]:
    """
    Yield every placement of a problem, the best first.

    After each answer the remaining plans are split by the first place in which they
    differ from it (Lawler 1972), and each part is solved on its own.

    Args:
        problem: The problem.
        effort: What all of them may take together; None: each may take as much as an answer.

    Raises:
        TooManyPlans: The search would take too long.
    """
    heap: list[tuple[Placement, int, Problem]] = []
    parts = count()

    def add(part: Problem) -> None:
        if (found := place(part, effort)) is not None:
            heappush(heap, (found, next(parts), part))

    add(problem)
    while heap:
        found, _, part = heappop(heap)
        yield found
        for at, day in enumerate(found.days):
            others = tuple(d for d in part.days[at] if d != day)
            if others:
                kept = tuple((d,) for d in found.days[:at])
                add(attrs.evolve(part, days=(*kept, others, *part.days[at + 1 :])))


def _nearest(
    days: Sequence[Days], bounds: Sequence[Bound], ideals: Sequence[int | IdealFrom]
) -> Placement | None:
    """
    Put every session on the open day nearest to its ideal; return None if that does not settle it.

    If that keeps every bound, no plan can be better: each deviation by itself is as small as
    it can be. Where later ideals depend on the day chosen, they must be met without any.
    """
    chosen: list[int] = []
    missed: list[int] = []
    following = any(isinstance(ideal, IdealFrom) for ideal in ideals)
    for options, ideal in zip(days, ideals, strict=True):
        if not options:
            return None
        want = ideal if isinstance(ideal, int) else ideal.day(chosen[ideal.after])
        at = bisect_left(options, want)
        day = options[at] if at < len(options) else options[-1]
        if day != want and at:
            before = options[at - 1]
            if want - before <= abs(day - want):
                if following and at < len(options) and want - before == day - want:
                    return None
                day = before
        if day != want and isinstance(ideal, IdealFrom):
            return None
        chosen.append(day)
        missed.append(abs(day - want))
    if not all(bound.keeps(chosen) for bound in bounds):
        return None
    return Placement(0, sum(missed), max(missed), chosen[-1], tuple(chosen))
