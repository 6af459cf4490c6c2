"""The laws of planning days, against a search that tries every plan."""

from __future__ import annotations

from collections import Counter

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketsched.placing import can_place, place, preferences, ranked
from ketsched.placing.effort import Effort
from ketsched.placing.search import best_plan, cut_down
from ketsched.placing.values import Agreed, IdealFrom, Placement, Problem
from ketsched.spacing import (
    Bounds,
    Contradiction,
    contradiction,
    lay,
    required,
    tight_windows,
)
from properties.oracle import breaks, cost, feasible, ranking, windows
from strategies.problems import any_bounds, integer_problems, integer_rules

EXAMPLES = 200
often = settings(max_examples=EXAMPLES, deadline=None)
seldom = settings(max_examples=EXAMPLES // 2, deadline=None)


def as_oracle(found):
    return None if found is None else ((found.broken, found.total, found.worst, found.last), found.days)


def no_better(one, other):
    """Whether `one` placement is as good as `other` at best; none at all is the worst."""
    return one is None or (other is not None and one >= other)


# -- the laws


@often
@given(integer_problems())
def test_the_best_plan_is_found_and_none_only_where_there_is_none(series):
    assert as_oracle(place(series)) == next(iter(ranking(series)), None)


@often
@given(integer_problems())
def test_it_is_found_as_well_where_there_are_too_many_ways_to_break_preferences(series):
    """With no set of preferences looked at, the search place by place counts what is broken."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preferences, "WAYS", 0)
        assert as_oracle(place(series)) == next(iter(ranking(series)), None)


@often
@given(integer_problems(most_places=6, most_days=9), st.randoms(use_true_random=False))
def test_the_order_in_which_bounds_are_given_does_not_matter(series, random):
    shuffled = random.sample(series.bounds, k=len(series.bounds))
    assert place(attrs.evolve(series, bounds=(*shuffled, *shuffled[:1]))) == place(
        attrs.evolve(series, bounds=(*series.bounds, *shuffled[:1]))
    )


@often
@given(integer_problems(most_places=6, most_days=9), st.integers(-60, 60))
def test_a_shift_by_whole_weeks_shifts_the_plan(series, weeks):
    by = 7 * weeks
    shifted = Problem(
        tuple(tuple(day + by for day in options) for options in series.days),
        series.bounds,
        tuple(ideal if isinstance(ideal, IdealFrom) else ideal + by for ideal in series.ideals),
        tuple(wish and frozenset(day + by for day in wish) for wish in series.wishes),
    )
    found, moved = place(series), place(shifted)
    assert moved == (
        None
        if found is None
        else attrs.evolve(found, last=found.last + by, days=tuple(day + by for day in found.days))
    )


@often
@given(integer_problems(most_places=6, most_days=9), st.integers(0, 24))
def test_a_closure_never_improves_and_an_open_day_never_worsens(series, day):
    without = attrs.evolve(
        series, days=tuple(tuple(d for d in options if d != day) for options in series.days)
    )
    with_it = attrs.evolve(series, days=tuple(tuple(sorted({*options, day})) for options in series.days))
    assert no_better(place(without), place(series))
    assert no_better(place(series), place(with_it))


@seldom
@given(integer_problems(most_places=4, most_days=5))
def test_ranked_is_every_plan_in_order(series):
    found = [as_oracle(placement) for placement in ranked(series)]
    assert found == ranking(series)


@often
@given(integer_problems())
def test_a_placement_states_its_own_cost(series):
    found = place(series)
    if found is not None:
        assert found == Placement(*cost(series, found.days), days=found.days)


@often
@given(integer_problems())
def test_the_pushes_are_the_first_and_last_day_of_every_place_in_any_plan(series):
    plans = feasible(series.days, series.bounds)
    binding = required(series.bounds)
    up, down = binding.earliest(series.days), binding.latest(series.days)
    if plans:
        assert up == [min(days) for days in zip(*plans, strict=True)]
        assert down == [max(days) for days in zip(*plans, strict=True)]
    else:
        assert up is None
        assert down is None


@st.composite
def histories(draw):
    """Bounds, some places on their days in order of time, and a horizon that few enough days lie within."""
    places = draw(st.integers(1, 5))
    known = draw(st.lists(st.integers(0, places - 1), min_size=1, max_size=3, unique=True))
    day = draw(st.integers(-20, 20))
    fixed = {}
    for at in sorted(known):
        fixed[at] = day
        day += draw(st.integers(0, 8))
    horizon = draw(st.integers(0, {1: 12, 2: 12, 3: 10, 4: 8, 5: 4}[places]))
    return places, draw(integer_rules(places)), fixed, horizon


@often
@given(histories())
def test_tight_windows_are_exactly_the_days_of_all_schedules(history):
    places, bounds, fixed, horizon = history
    found = tight_windows(places, bounds, fixed=fixed, horizon=horizon)
    expected = windows(places, bounds, fixed, horizon)
    if expected is None:
        assert isinstance(found, Contradiction)
        assert found.needs > found.allows
    else:
        assert [set(range(first, last + 1)) for first, last in found] == expected


@often
@given(any_bounds())
def test_a_contradiction_is_found_just_where_no_days_keep_all_bounds(given_bounds):
    places, bounds = given_bounds
    found = contradiction(places, bounds)
    if found is None:
        far_enough = range(sum(bound.minimum or 0 for bound in bounds) + 1)
        plan = Bounds(bounds).earliest([far_enough] * places)
        assert plan is not None
        assert not any(breaks(tuple(plan), bound) for bound in bounds)
        return
    # A proof on its own: round the cycle one goes up by more days than one may come down.
    assert found.needs > found.allows
    assert set(found.forward) | set(found.backward) <= set(bounds)
    assert all(bound.minimum is not None for bound in found.forward)
    assert all(bound.latest is not None for bound in found.backward)
    left = Counter([b.earlier for b in found.forward] + [b.later for b in found.backward])
    entered = Counter([b.later for b in found.forward] + [b.earlier for b in found.backward])
    assert left == entered
    assert set(left.values()) == {1}


@often
@given(any_bounds(), st.randoms(use_true_random=False))
def test_whether_bounds_contradict_does_not_depend_on_their_order(given_bounds, random):
    places, bounds = given_bounds
    shuffled = random.sample(bounds, k=len(bounds))
    assert (contradiction(places, shuffled) is None) == (contradiction(places, bounds) is None)


@seldom
@given(integer_problems(), st.dictionaries(st.integers(0, 20), st.integers(1, 3), max_size=5))
def test_fewest_agreed_days_are_left_and_a_limit_to_them_hides_no_plan_within_it(problem, agreed):
    places = range(len(problem.days))
    days = tuple(sorted(agreed))
    line = Agreed(tuple(places), days, tuple([agreed[day] for day in days]))
    bounds = (*problem.bounds, *lay(places, minimum=1))
    problem = attrs.evolve(problem, bounds=bounds, agreed=(line,) if agreed else ())
    plans = feasible(problem.days, bounds)
    best = (
        min(((sum(agreed[d] for d in days if d not in p), *cost(problem, p)), p) for p in plans)
        if plans
        else None
    )
    found = place(problem)
    assert best == (found and ((found.moved, found.broken, found.total, found.worst, found.last), found.days))
    assert can_place(problem) is bool(plans)
    for plan in plans[:20]:
        left = len(set(days) - set(plan))
        assert all(line.least_left(at, day) <= left for at, day in enumerate(plan))
    for most in range(9) if found is not None and agreed else ():
        assert place(problem, at_most=most) == (found if found.moved <= most else None)


@often
@given(integer_problems(), st.integers(0, 3))
def test_a_limit_to_deviation_hides_no_plan_within_it(problem, more):
    bounds = required(problem.bounds).each
    windows = cut_down(problem.days, bounds)
    if windows is None:
        return
    best = best_plan(windows, bounds, problem.ideals, Effort())
    assert best is not None
    assert best_plan(windows, bounds, problem.ideals, Effort(), at_most=best.total + more) == best
    assert best_plan(windows, bounds, problem.ideals, Effort(), at_most=best.total - 1) is None
