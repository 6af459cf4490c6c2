"""
Every plan of a small series, by trying all days: what the planner's core is measured against.

Written from the definition of a plan's cost, not from the planner: no pruning beyond
dropping a partial plan that already breaks a required bound, no lattice, no budget.
Bounds, aims and series are taken as plain data; nothing of theirs is called but `IdealFrom.day`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ketsched.placing.values import IdealFrom, Problem
from ketsched.spacing import Bound

Plan = tuple[int, ...]
Cost = tuple[int, int, int, int]


def feasible(days: Sequence[Sequence[int]], bounds: Sequence[Bound]) -> list[Plan]:
    """Return every vector of days that keeps the required bounds, in no order that matters."""
    return list(_extended((), days, [bound for bound in bounds if bound.required]))


def _extended(plan: Plan, days: Sequence[Sequence[int]], bounds: Sequence[Bound]) -> Iterator[Plan]:
    at = len(plan)
    if at == len(days):
        yield plan
        return
    for day in days[at]:
        longer = (*plan, day)
        if not any(breaks(longer, bound) for bound in bounds if bound.later == at):
            yield from _extended(longer, days, bounds)


def breaks(plan: Plan, bound: Bound) -> bool:
    """Whether the two sessions of a bound are too near or too far."""
    apart = plan[bound.later] - plan[bound.earlier]
    too_near = bound.minimum is not None and apart < bound.minimum
    too_far = bound.latest is not None and apart > bound.latest
    return too_near or too_far


def cost(series: Problem, plan: Plan) -> Cost:
    """Return preferences broken, total deviation, worst deviation and last day."""
    bounds_broken = [bound for bound in series.bounds if not bound.required and breaks(plan, bound)]
    wishes_broken = [
        day for day, wish in zip(plan, series.wishes, strict=False) if wish is not None and day not in wish
    ]
    deviations = []
    for day, ideal in zip(plan, series.ideals, strict=True):
        wanted = ideal.day(plan[ideal.after]) if isinstance(ideal, IdealFrom) else ideal
        deviations.append(abs(day - wanted))
    return len(bounds_broken) + len(wishes_broken), sum(deviations), max(deviations), plan[-1]


def ranking(series: Problem) -> list[tuple[Cost, Plan]]:
    """Return every plan with its cost, the best first."""
    return sorted((cost(series, plan), plan) for plan in feasible(series.days, series.bounds))


def windows(
    places: int, bounds: Sequence[Bound], fixed: dict[int, int], horizon: int
) -> list[set[int]] | None:
    """Return for each place the days it has in some schedule on any days, or None if there is none."""
    origin = min(fixed.values())
    every_day = range(origin - horizon, origin + horizon + 1)
    days = [[fixed[at]] if at in fixed else every_day for at in range(places)]
    schedules = feasible(days, bounds)
    return [set(seen) for seen in zip(*schedules, strict=True)] if schedules else None
