"""The least cut, against the search that tries every plan."""

from __future__ import annotations

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from ketsched.placing import place
from ketsched.placing.cutting import least_cut
from ketsched.placing.effort import Effort
from ketsched.placing.values import Placement, Problem
from ketsched.spacing import Bounds, lay
from properties.oracle import ranking
from strategies.problems import integer_problems


def windows(series: Problem) -> list[list[int]] | None:
    low, high = Bounds(series.bounds).earliest(series.days), Bounds(series.bounds).latest(series.days)
    if low is None or high is None:
        return None
    return [
        [d for d in options if first <= d <= last]
        for options, first, last in zip(series.days, low, high, strict=True)
    ]


@settings(max_examples=150, deadline=None)
@given(integer_problems(), st.integers(0, 3))
def test_a_cut_finds_the_best_plan_if_nothing_is_preferred(series: Problem, granted: int) -> None:
    """Cost and days, whatever it is told that no plan is below."""
    bounds = tuple(attrs.evolve(bound, required=True) for bound in series.bounds)
    series = attrs.evolve(series, bounds=bounds, wishes=())
    best = next(iter(ranking(series)), None)
    cut_down = windows(series)
    if best is None or cut_down is None:
        assert (best is None) == (cut_down is None)
        return
    (broken, total, worst, last), days = best
    found = least_cut(cut_down, series.bounds, series.ideals, min(granted, total), Effort())
    assert found == Placement(broken, total, worst, last, days)


def test_a_cut_takes_over_where_a_search_would_take_long() -> None:
    """
    26 fortnightly sessions, at most 6 in 84 days, 6 of the pattern days closed.

    Each closed day pushes or pulls a chain of sessions 6 places apart; the answer must keep
    every bound, and no session that could stand nearer by itself may be left further off.
    """
    closed = {14 * k for k in (3, 4, 9, 11, 16, 22)} | {14 * k + 1 for k in (4, 11)}
    opened = tuple(d for d in range(26 * 14 + 100) if d % 7 < 5 and d not in closed)
    bounds = (*lay(range(26), minimum=7), *lay(range(26), apart=6, minimum=84))
    ideals = tuple(range(0, 26 * 14, 14))
    series = Problem(((0,), *(opened,) * 25), bounds, ideals)
    found = place(series)
    assert found is not None
    assert all(bound.keeps(found.days) for bound in bounds)
    for at in range(1, 26):
        for nearer in opened:
            if abs(nearer - ideals[at]) < abs(found.days[at] - ideals[at]):
                moved = (*found.days[:at], nearer, *found.days[at + 1 :])
                assert not all(bound.keeps(moved) for bound in bounds)
    by_cut = least_cut([list(o) for o in windows(series) or []], bounds, ideals, 0, Effort())
    assert by_cut == found
