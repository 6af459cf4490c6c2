"""The laws of planning days, against a search that tries every plan."""

from __future__ import annotations

from collections import Counter
from functools import partial

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from ketsched.placing import place, ranked
from ketsched.placing.values import IdealFrom, Placement, Problem
from ketsched.spacing import (
    Bound,
    Bounds,
    Contradiction,
    contradiction,
    lay,
    required,
    tight_windows,
)
from properties.oracle import breaks, cost, feasible, ranking, windows

EXAMPLES = 200
often = settings(max_examples=EXAMPLES, deadline=None)
seldom = settings(max_examples=EXAMPLES // 2, deadline=None)

# -- what a series may look like


@st.composite
def ends(draw, apart=1):
    """A minimum, a latest day or both, not too far from `apart` sessions at 2 or 3 days' distance."""
    minimum = draw(st.none() | st.integers(0, 3 * apart))
    latest = draw(st.none() | st.integers(0, 4))
    return {"minimum": minimum, "latest": None if latest is None else (minimum or apart) + latest}


@st.composite
def rules(draw, places, *, preferences=True):
    """Bounds of two phases, each with its own rules, of the join between them, and of numbered places."""
    cut = draw(st.integers(1, places))
    bounds: list[Bound] = []
    for phase in (range(cut), range(cut, places)):
        bounds += lay(phase, minimum=draw(st.integers(0, 3)), latest=draw(st.none() | st.integers(3, 7)))
        for apart in draw(st.lists(st.integers(1, 3), max_size=2)):
            required = not preferences or draw(st.booleans())
            bounds += lay(phase, apart=apart, required=required, **draw(ends(apart)))
    if cut < places and draw(st.booleans()):
        bounds.append(Bound(cut - 1, cut, **draw(ends())))
    for _ in range(draw(st.integers(0, 2)) if places > 1 else 0):
        earlier, later = sorted(
            draw(st.lists(st.integers(0, places - 1), min_size=2, max_size=2, unique=True))
        )
        required = not preferences or later - earlier > 3 or draw(st.booleans())
        bounds.append(Bound(earlier, later, **draw(ends(later - earlier)), required=required))
    return tuple(bounds)


def so_many_days_later(days, day):
    return day + days


def in_a_later_week(days, day):
    return day - day % 7 + days


@st.composite
def ideals(draw, nominal):
    """Ideal days near the nominal ones; some are counted from an earlier session of the same plan."""
    found = []
    for at, day in enumerate(nominal):
        if at and draw(st.integers(0, 3)) == 0:
            after = draw(st.integers(0, at - 1))
            way = draw(st.sampled_from([so_many_days_later, in_a_later_week]))
            found.append(IdealFrom(after, partial(way, day - nominal[after] + draw(st.integers(-1, 1)))))
        else:
            found.append(day + draw(st.integers(-2, 2)))
    return tuple(found)


@st.composite
def some_series(draw, most_places=6, most_days=6):
    """A pattern with closures, perhaps a past, perhaps wishes."""
    places = draw(st.integers(1, most_places))
    gaps = draw(st.lists(st.integers(1, 4), min_size=places, max_size=places))
    nominal = [sum(gaps[:at]) for at in range(places)]
    closed = draw(st.frozensets(st.integers(0, 24), max_size=6))
    given_so_far = draw(st.integers(0, places - 1))
    days, wishes = list[tuple[int, ...]](), []
    for at, day in enumerate(nominal):
        around = range(day - draw(st.integers(0, 3)), day + draw(st.integers(0, most_days - 3)))
        if at < given_so_far:
            days.append((day + draw(st.integers(0, 1)),))
        else:
            days.append(tuple(d for d in around if d not in closed) or (day,))
        wishes.append(draw(st.none() | st.frozensets(st.sampled_from(days[-1]), max_size=4)))
    wishes = draw(st.sampled_from([(), tuple(wishes)]))
    return Problem(tuple(days), draw(rules(places)), draw(ideals(nominal)), wishes)


def as_oracle(found):
    return None if found is None else ((found.broken, found.total, found.worst, found.last), found.days)


def no_better(one, other):
    """Whether `one` placement is as good as `other` at best; none at all is the worst."""
    return one is None or (other is not None and one >= other)


# -- the laws


@often
@given(some_series())
def test_the_best_plan_is_found_and_none_only_where_there_is_none(series):
    assert as_oracle(place(series)) == next(iter(ranking(series)), None)


@often
@given(some_series(most_places=6, most_days=9), st.randoms(use_true_random=False))
def test_the_order_in_which_bounds_are_given_does_not_matter(series, random):
    shuffled = random.sample(series.bounds, k=len(series.bounds))
    assert place(attrs.evolve(series, bounds=(*shuffled, *shuffled[:1]))) == place(
        attrs.evolve(series, bounds=(*series.bounds, *shuffled[:1]))
    )


@often
@given(some_series(most_places=6, most_days=9), st.integers(-60, 60))
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
@given(some_series(most_places=6, most_days=9), st.integers(0, 24))
def test_a_closure_never_improves_and_an_open_day_never_worsens(series, day):
    without = attrs.evolve(
        series, days=tuple(tuple(d for d in options if d != day) for options in series.days)
    )
    with_it = attrs.evolve(series, days=tuple(tuple(sorted({*options, day})) for options in series.days))
    assert no_better(place(without), place(series))
    assert no_better(place(series), place(with_it))


@seldom
@given(some_series(most_places=4, most_days=5))
def test_ranked_is_every_plan_in_order(series):
    found = [as_oracle(placement) for placement in ranked(series)]
    assert found == ranking(series)


@often
@given(some_series())
def test_a_placement_states_its_own_cost(series):
    found = place(series)
    if found is not None:
        assert found == Placement(*cost(series, found.days), days=found.days)


@often
@given(some_series())
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
    return places, draw(rules(places)), fixed, horizon


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


@st.composite
def any_bounds(draw):
    """Bounds between any places, which may contradict each other or themselves."""
    places = draw(st.integers(1, 8))
    days = st.none() | st.integers(0, 9)
    bounds: list[Bound] = []
    for _ in range(draw(st.integers(0, 12)) if places > 1 else 0):
        earlier = draw(st.integers(0, places - 2))
        bounds.append(Bound(earlier, draw(st.integers(earlier + 1, places - 1)), draw(days), draw(days)))
    return places, bounds


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
