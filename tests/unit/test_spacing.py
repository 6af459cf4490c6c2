"""Bounds, pushes, windows and contradictions, each counted by hand."""

from __future__ import annotations

import pytest

from ketsched.spacing import (
    Bound,
    Bounds,
    Contradiction,
    contradiction,
    lay,
    tight_windows,
)

# -- bounds


@pytest.mark.parametrize(("gap", "keeps"), [(1, False), (2, True), (7, True), (8, False)])
def test_a_bound_is_inclusive_at_both_ends(gap, keeps):
    assert Bound(0, 1, minimum=2, latest=7).keeps([10, 10 + gap]) is keeps


def test_a_bound_may_have_one_end_or_none():
    assert Bound(0, 1, minimum=2).keeps([0, 1000])
    assert Bound(0, 1, latest=2).keeps([0, -1000])
    assert Bound(0, 1).keeps([0, 1000])


def test_a_bound_reads_its_own_two_places_only():
    third_after_first = Bound(0, 2, minimum=112)
    assert third_after_first.keeps([0, 500, 112, 3])
    assert not third_after_first.keeps([0, 50, 111, 300])


def test_a_rule_is_laid_between_each_place_and_the_one_so_many_later():
    assert lay(range(4), apart=2, minimum=7, rule="at most 2 in 7 days") == (
        Bound(0, 2, 7, rule="at most 2 in 7 days"),
        Bound(1, 3, 7, rule="at most 2 in 7 days"),
    )
    assert lay(range(3, 5), latest=7, required=False) == (Bound(3, 4, latest=7, required=False),)


@pytest.mark.parametrize(("places", "laid"), [(8, 1), (7, 0), (3, 0), (0, 0)])
def test_a_rule_longer_than_the_run_lays_nothing(places, laid):
    assert len(lay(range(places), apart=7, latest=27)) == laid


# -- the push


def test_the_earliest_plan_takes_the_first_open_day_that_the_bounds_allow():
    days = [(0,), (1, 3), (4, 6), (6, 9)]
    assert Bounds(lay(range(4), minimum=2)).earliest(days) == [0, 3, 6, 9]


def test_the_latest_plan_takes_the_last():
    days = [(0, 1, 2), (1, 3), (4, 6), (6, 9)]
    assert Bounds(lay(range(4), minimum=2, latest=3)).latest(days) == [1, 3, 6, 9]
    assert Bounds(lay(range(4), minimum=4, latest=7)).latest(days) is None


def test_a_longest_gap_pulls_the_earlier_session_along():
    # the second can only be on day 20, so the first is within 7 days of it
    bounds = Bounds(lay(range(2), minimum=2, latest=7))
    assert bounds.earliest([range(30), (20,)]) == [13, 20]
    assert bounds.latest([range(30), (20,)]) == [18, 20]


def test_a_closure_in_one_place_moves_its_neighbours_on_both_sides():
    # day 5 is the only one of the middle session: neighbours on 0 to 3 and 7 to 10 at gaps 2 to 5
    bounds = Bounds(lay(range(3), minimum=2, latest=5))
    assert bounds.earliest([range(20), (5,), range(20)]) == [0, 5, 7]
    assert bounds.latest([range(20), (5,), range(20)]) == [3, 5, 10]


@pytest.mark.parametrize("push", [Bounds.earliest, Bounds.latest])
def test_no_open_day_is_no_plan(push):
    assert push(Bounds(()), [(0,), (), (4,)]) is None
    assert push(Bounds(lay(range(2), minimum=2)), [range(3), range(3, 3)]) is None
    assert push(Bounds(()), []) == []


@pytest.mark.parametrize("push", [Bounds.earliest, Bounds.latest])
@pytest.mark.parametrize(("last", "plan"), [(13, None), (14, [0, 2, 4, 6, 8, 10, 12, 14])])
def test_eight_sessions_two_days_apart_need_day_fourteen(push, last, plan):
    days = [(0,), *[range(last + 1)] * 7]
    assert push(Bounds(lay(range(8), minimum=2)), days) == plan


# -- contradictions


def eight_in_two_weeks(most=13):
    return (
        *lay(range(8), minimum=2, latest=7, rule="at least 2 days apart"),
        *lay(range(8), apart=7, latest=most, rule="2 weeks"),
    )


def test_eight_sessions_cannot_be_in_two_weeks():
    found = contradiction(8, eight_in_two_weeks())
    assert str(found) == "8 sessions at least 2 days apart need 15 days; the series may take 14"
    assert (found.needs, found.allows) == (14, 13)
    assert found.rules == ("at least 2 days apart", "2 weeks")
    assert [bound.later for bound in found.forward] == [1, 2, 3, 4, 5, 6, 7]
    assert found.backward == (Bound(0, 7, latest=13, rule="2 weeks"),)


def test_eight_sessions_can_be_in_fifteen_days():
    assert contradiction(8, eight_in_two_weeks(14)) is None


def test_at_most_three_a_week_contradicts_a_series_of_one_week():
    # session 4 is at least 7 days after session 1, so four in seven dates cannot be
    rules = (*lay(range(4), apart=3, minimum=7), *lay(range(4), apart=3, latest=6))
    found = contradiction(4, rules)
    assert (found.needs, found.allows) == (7, 6)
    assert contradiction(4, (*rules[:1], Bound(0, 3, latest=7))) is None


def test_a_minimum_beyond_its_own_latest_is_the_smallest_contradiction():
    assert contradiction(2, [Bound(0, 1, 8, 7)]) == Contradiction((Bound(0, 1, 8, 7),), (Bound(0, 1, 8, 7),))


@pytest.mark.parametrize(("latest", "fits"), [(55, False), (56, True)])
def test_third_dose_sixteen_weeks_after_the_first_needs_long_enough_gaps(latest, fits):
    rules = (Bound(0, 2, minimum=112, rule="dose 3"), *lay(range(3), latest=latest, rule="gap"))
    found = contradiction(3, rules)
    assert (found is None) is fits
    if found is not None:
        assert (found.needs, found.allows, set(found.rules)) == (112, 110, {"dose 3", "gap"})


def test_what_is_elsewhere_is_left_out_of_the_explanation():
    # places 3 to 5 contradict each other; neither the first gaps nor the last have a part in it
    rules = (
        *lay(range(8), minimum=1, latest=30, rule="gap"),
        Bound(3, 5, latest=9, rule="close together"),
        Bound(3, 4, minimum=5, rule="far apart"),
        Bound(4, 5, minimum=5, rule="far apart"),
    )
    found = contradiction(8, rules)
    assert (found.needs, found.allows) == (10, 9)
    assert found.rules == ("far apart", "close together")


def test_every_sentence_of_an_explanation_is_true():
    # sessions 1 to 4 and 2 to 5 need 10 days each; together they say nothing of sessions 1 to 5
    found = contradiction(
        5, [Bound(0, 3, minimum=10), Bound(1, 4, minimum=10), Bound(1, 3, latest=3), Bound(0, 4, latest=15)]
    )
    assert (found.needs, found.allows) == (20, 18)
    assert "1 to 5" not in str(found).split(";")[0]


def test_no_bounds_contradict_nothing():
    assert contradiction(3, []) is None
    assert contradiction(1, []) is None


# -- tight windows


def test_six_infusions_within_28_days():
    # earliest 2 days a place; latest 7 days a place, and 2 days for each place still to come before day 27
    rules = (*lay(range(6), minimum=2, latest=7), Bound(0, 5, latest=27))
    found = tight_windows(6, rules, fixed={0: 0}, horizon=27)
    assert found == ((0, 0), (2, 7), (4, 14), (6, 21), (8, 25), (10, 27))


def test_at_most_three_in_seven_days_moves_the_earliest():
    rules = (*lay(range(6), minimum=2, latest=7), *lay(range(6), apart=3, minimum=7))
    found = tight_windows(6, rules, fixed={0: 0}, horizon=100)
    # 1st to 3rd on days 0, 2, 4; 4th 7 after the 1st, 5th after the 2nd, 6th after the 3rd
    assert found == ((0, 0), (2, 7), (4, 14), (7, 21), (9, 28), (11, 35))


def test_numbered_places_bind_the_places_between():
    # dose 3 at least 112 days after dose 1 and at most 70 after dose 2: dose 2 not before day 42
    rules = (Bound(0, 2, minimum=112), *lay(range(3), minimum=7, latest=70))
    assert tight_windows(3, rules, fixed={0: 0}, horizon=365) == ((0, 0), (42, 70), (112, 140))


def test_preferences_leave_the_windows_alone():
    rules = (*lay(range(3), minimum=2, latest=7), *lay(range(3), minimum=5, required=False))
    assert tight_windows(3, rules, fixed={0: 0}, horizon=30) == ((0, 0), (2, 7), (4, 14))


def test_the_horizon_is_one_more_bound():
    rules = lay(range(3), minimum=2, latest=7)
    assert tight_windows(3, rules, fixed={0: 0}, horizon=5) == ((0, 0), (2, 3), (4, 5))
    assert tight_windows(3, rules, fixed={0: 0}, horizon=4) == ((0, 0), (2, 2), (4, 4))
    too_short = tight_windows(3, rules, fixed={0: 0}, horizon=3)
    assert (too_short.needs, too_short.allows) == (4, 3)
    assert "horizon" in too_short.rules


def test_a_horizon_that_no_days_fit_is_explained_by_what_it_contradicts():
    # places 2 and 3 are 12 days apart, and only place 2 is on its day
    found = tight_windows(3, [Bound(1, 2, minimum=12, rule="gap")], fixed={1: 0}, horizon=10)
    assert found.needs > found.allows
    assert "gap" in found.rules


def test_what_was_delivered_holds():
    # delivered on days 0, 3 and 8; the rest 2 to 7 days apart within 28 dates
    rules = (*lay(range(6), minimum=2, latest=7), Bound(0, 5, latest=27))
    found = tight_windows(6, rules, fixed={0: 0, 1: 3, 2: 8}, horizon=60)
    assert found == ((0, 0), (3, 3), (8, 8), (10, 15), (12, 22), (14, 27))


def test_days_before_zero_are_days_too():
    rules = lay(range(4), minimum=2, latest=7)
    found = tight_windows(4, rules, fixed={0: -10, 1: -7, 2: -3}, horizon=60)
    assert found == ((-10, -10), (-7, -7), (-3, -3), (-1, 4))


def test_places_before_and_between_fixed_ones_have_windows_too():
    rules = lay(range(5), minimum=2, latest=7)
    found = tight_windows(5, rules, fixed={1: 10, 3: 16}, horizon=30)
    # the middle one 2 to 7 after day 10 and 2 to 7 before day 16
    assert found == ((3, 8), (10, 10), (12, 14), (16, 16), (18, 23))


@pytest.mark.parametrize(("second", "sound"), [(1, False), (2, True), (7, True), (8, False)])
def test_a_broken_past_is_a_contradiction(second, sound):
    rules = lay(range(4), minimum=2, latest=7, rule="gap")
    found = tight_windows(4, rules, fixed={0: 0, 1: second}, horizon=60)
    assert (not isinstance(found, Contradiction)) is sound
    if isinstance(found, Contradiction):
        assert (found.needs, found.allows) == {1: (2, 1), 8: (8, 7)}[second]
        assert found.rules[0 if second == 1 else 1] == "gap"


def test_a_gap_between_delivered_sessions_leaves_too_little_room():
    # two sessions are missing between days 0 and 5, each at least 2 days from the next
    found = tight_windows(4, lay(range(4), minimum=2, rule="gap"), fixed={0: 0, 3: 5}, horizon=60)
    assert (found.needs, found.allows) == (6, 5)
    room = tight_windows(4, lay(range(4), minimum=2, rule="gap"), fixed={0: 0, 3: 6}, horizon=60)
    assert room == ((0, 0), (2, 2), (4, 4), (6, 6))


def test_all_fixed_is_a_check_of_the_past():
    rules = lay(range(3), minimum=2, latest=7)
    assert tight_windows(3, rules, fixed={0: 0, 1: 2, 2: 9}, horizon=9) == ((0, 0), (2, 2), (9, 9))
    assert isinstance(tight_windows(3, rules, fixed={0: 0, 1: 2, 2: 10}, horizon=10), Contradiction)


def test_the_least_days_of_rules_that_contradict_each_other_are_found_at_once():
    """Five days and five are ten, where eight are allowed; the days there are go on for ever."""
    endless = [range(10**12)] * 3
    both = lay(range(3), minimum=5)
    assert Bounds([*both, Bound(0, 2, latest=8)]).least(endless) == [0, 5, 10]
    assert Bounds([*both, Bound(0, 2, latest=10)]).least(endless) == [0, 5, 10]
    assert Bounds([*both, Bound(0, 2, 12)]).least(endless) == [0, 5, 12]
