"""Days for a series: cases searched exhaustively elsewhere, and cases counted by hand."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from ketsched.placing import place, ranked
from ketsched.placing.cutting import least_cut
from ketsched.placing.effort import Effort
from ketsched.placing.values import IdealFrom, Placement, Problem, among
from ketsched.spacing import Bound, Bounds, lay, tight_windows

CASES = json.loads((Path(__file__).parents[1] / "cases" / "placing.json").read_text())["cases"]

WEEKEND = {5, 6}


def open_days(until, *closed, start=0, shut=WEEKEND):
    """Return days 0 to `until` but the weekdays `shut` and the days `closed`; day 0 is weekday `start`."""
    return tuple(d for d in range(until + 1) if (d + start) % 7 not in shut and d not in closed)


def series(ideals, open_on, *rules, wishes=(), fixed=None):
    """Return a series whose sessions may be on any open day, but for those fixed: the first, on day 0."""
    fixed = {0: 0} if fixed is None else fixed
    days = tuple((fixed[at],) if at in fixed else tuple(open_on) for at in range(len(ideals)))
    places = range(len(ideals))
    return Problem(
        days, tuple(b for rule in rules for b in lay(places, **rule)), tuple(ideals), tuple(wishes)
    )


def days_of(found):
    return None if found is None else found.days


# -- the worked cases as data


def bounds_of(case):
    places = range(case["sessions"])
    return tuple(b for spacing in case["spacing"] for b in lay(places, **spacing))


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_days_and_cost_of_the_worked_cases(case):
    opened = tuple(d for d in case["open"] if 0 <= d <= case["horizon"])
    days = ((0,), *[opened] * (case["sessions"] - 1))
    found = place(Problem(days, bounds_of(case), tuple(case["ideals"])))
    if case["days"] is None:
        assert found is None
    else:
        broken, total, worst, last = case["cost"]
        assert found == Placement(broken, total, worst, last, tuple(case["days"]))


@pytest.mark.parametrize(
    "case", [pytest.param(c, id=str(at)) for at, c in enumerate(CASES) if "windows" in c]
)
def test_windows_of_the_worked_cases(case):
    found = tight_windows(case["sessions"], bounds_of(case), fixed={0: 0}, horizon=case["horizon"])
    if case["windows"] is None:
        assert found.needs > found.allows
    else:
        assert found == tuple(map(tuple, case["windows"]))


# -- six infusions on Mondays and Thursdays, from a Monday

MON_THU = (0, 3, 7, 10, 14, 17)
GAPS: dict[str, Any] = {"minimum": 2, "latest": 7}
SPAN_28: dict[str, Any] = {"apart": 5, "latest": 27}


def test_nothing_is_in_the_way():
    assert place(series(MON_THU, open_days(27), GAPS, SPAN_28)) == Placement(0, 0, 0, 17, MON_THU)


def test_a_closure_moves_one_session():
    found = place(series(MON_THU, open_days(27, 14), GAPS, SPAN_28))
    assert found == Placement(0, 1, 1, 17, (0, 3, 7, 10, 15, 17))


def test_of_two_days_equally_near_the_earlier_is_taken():
    # session 4 could be on day 9 or 11, each one day off and at least 2 from its neighbours
    found = place(series(MON_THU, open_days(27, 10), GAPS, SPAN_28))
    assert found == Placement(0, 1, 1, 17, (0, 3, 7, 9, 14, 17))


def test_the_next_session_gives_way_to_one_moved_by_hand():
    moved = series(MON_THU, open_days(27), GAPS, SPAN_28, fixed=dict(enumerate((0, 3, 7, 10, 16))))
    assert days_of(place(moved)) == (0, 3, 7, 10, 16, 18)


def test_away_for_two_weeks_cannot_keep_the_longest_gap_nor_the_span():
    given, away = dict(enumerate((0, 3, 7))), range(8, 23)
    assert place(series(MON_THU, open_days(27, *away), GAPS, fixed=given)) is None
    # days 23 to 25 hold two sessions 2 days apart, and 26 and 27 are a weekend
    assert place(series(MON_THU, open_days(27, *away), {"minimum": 2}, SPAN_28, fixed=given)) is None
    later = place(series(MON_THU, open_days(40, *away), {"minimum": 2}, fixed=given))
    assert later == Placement(0, 13 + 11 + 11, 13, 28, (0, 3, 7, 23, 25, 28))


@pytest.mark.parametrize(
    ("start", "total", "days"),
    [
        (0, 1, (0, 3, 7, 10, 15, 17)),
        (3, 8, (3, 7, 9, 11, 16, 18)),
        (7, None, None),
        (10, None, None),
        (17, None, None),
    ],
)
def test_first_days_in_january(start, total, days):
    # Mon and Thu from 4 January 2027, never on the 18th (day 14) nor in the week of the 25th (days 21 to 25)
    opened = [day for day in open_days(44, 14, *range(21, 26)) if day >= start]
    ideals = [day for day in range(start, 60) if day % 7 in (0, 3)][:6]
    found = place(series(ideals, opened, GAPS, SPAN_28, fixed={0: start}))
    assert days_of(found) == days
    assert found is None or found.total == total


# -- six infusions on Mondays, Wednesdays and Fridays

AT_MOST_3: dict[str, Any] = {"apart": 3, "minimum": 7}


@pytest.mark.parametrize(
    ("weekday", "ideals", "span"),
    [(0, (0, 2, 4, 7, 9, 11), 12), (2, (0, 2, 5, 7, 9, 12), 13), (4, (0, 3, 5, 7, 10, 12), 13)],
)
def test_three_a_week_from_any_pattern_day(weekday, ideals, span):
    two_to_four_weeks = {"apart": 5, "minimum": 7, "latest": 27}
    found = place(series(ideals, open_days(27, start=weekday), GAPS, AT_MOST_3, two_to_four_weeks))
    assert found == Placement(0, 0, 0, span - 1, ideals)


def test_a_monday_closed_in_three_a_week():
    # 24 May 2027, 31 May closed: 24, 26, 28 May, 1, 3, 7 June
    found = place(series((0, 2, 4, 7, 9, 11), open_days(27, 7), GAPS, AT_MOST_3, SPAN_28))
    assert found == Placement(0, 5, 3, 14, (0, 2, 4, 8, 10, 14))


def test_three_a_week_over_christmas():
    # 14 December 2026, closed 24, 25, 28, 31 December and 1 January: the last session waits to the 29th
    closed = (10, 11, 14, 17, 18)
    found = place(series((0, 2, 4, 7, 9, 11), open_days(27, *closed), GAPS, AT_MOST_3, SPAN_28))
    assert found == Placement(0, 4, 4, 15, (0, 2, 4, 7, 9, 15))


# -- eight sessions, Mon and Thu from 9 November 2026; days 2, 17 and 18 are the 11th, 26th and 27th

EIGHT = (0, 3, 7, 10, 14, 17, 21, 24)
EIGHT_IN_28 = {"apart": 7, "latest": 27}
AT_MOST_2 = {"apart": 2, "minimum": 7}


def test_eight_sessions_without_a_plan():
    assert place(series(EIGHT, open_days(27, 2, 17, 18), GAPS, AT_MOST_2, EIGHT_IN_28)) is None


@pytest.mark.parametrize(
    ("closed", "rules", "expected"),
    [
        ((17, 18), (GAPS, AT_MOST_2, EIGHT_IN_28), (0, 2, 7, 9, 14, 16, 21, 24)),
        ((2, 17), (GAPS, AT_MOST_2, EIGHT_IN_28), (0, 3, 7, 10, 14, 18, 21, 25)),
        # the 26th is ideal again, and nothing then has to move
        ((2, 18), (GAPS, AT_MOST_2, EIGHT_IN_28), EIGHT),
        # without "at most 2 in 7 days" day 16 is one day from its ideal and 2 from both neighbours
        ((2, 17, 18), (GAPS, EIGHT_IN_28), (0, 3, 7, 10, 14, 16, 21, 24)),
    ],
)
def test_any_one_cause_less_and_eight_sessions_have_a_plan(closed, rules, expected):
    assert days_of(place(series(EIGHT, open_days(27, *closed), *rules))) == expected


def test_eight_sessions_with_open_weekends_or_a_longer_span_have_a_plan():
    every_day = open_days(27, 2, 17, 18, shut=set())
    assert place(series(EIGHT, every_day, GAPS, AT_MOST_2, EIGHT_IN_28)) is not None
    assert place(series(EIGHT, open_days(40, 2, 17, 18), GAPS, AT_MOST_2)) is not None


def test_a_preference_is_broken_once():
    preferred = AT_MOST_2 | {"required": False}
    found = place(series(EIGHT, open_days(27, 2, 17, 18), GAPS, preferred, EIGHT_IN_28))
    assert found == Placement(1, 1, 1, 24, (0, 3, 7, 10, 14, 16, 21, 24))


@pytest.mark.parametrize(("most", "exists"), [(13, False), (14, True)])
def test_eight_sessions_need_fifteen_days(most, exists):
    found = place(series(EIGHT, range(28), {"minimum": 2}, {"apart": 7, "latest": most}))
    assert days_of(found) == ((0, 2, 4, 6, 8, 10, 12, 14) if exists else None)


# -- both sides of each bound


@pytest.mark.parametrize(("second", "exists"), [(1, False), (2, True), (7, True), (8, False)])
def test_gaps_are_inclusive_at_both_ends(second, exists):
    assert (place(series((0, 5), [second], GAPS)) is not None) is exists


@pytest.mark.parametrize(("fourth", "exists"), [(6, False), (7, True)])
def test_at_most_three_in_seven_days_counts_half_open_windows(fourth, exists):
    # days 0 to 6 are one window of seven days, day 7 begins the next
    rule = Problem(((0,), (2,), (4,), (fourth,)), lay(range(4), **AT_MOST_3), (0, 2, 4, 7))
    assert (place(rule) is not None) is exists


@pytest.mark.parametrize(("last", "exists"), [(27, True), (28, False)])
def test_a_span_of_28_days_ends_on_day_27(last, exists):
    # the same weekday four weeks on would be the 29th date
    days = ((0,), (7,), (14,), (21,), (24,), (last,))
    assert (place(Problem(days, lay(range(6), **SPAN_28), MON_THU)) is not None) is exists


@pytest.mark.parametrize(("third", "exists"), [(111, False), (112, True)])
def test_third_dose_sixteen_weeks_after_the_first(third, exists):
    numbered = (Bound(0, 2, minimum=112), *lay(range(3), minimum=7))
    assert (place(Problem(((0,), (28,), (third,)), numbered, (0, 28, 112))) is not None) is exists


def test_numbered_places_hold_whatever_the_pattern_says():
    numbered = (Bound(0, 2, minimum=112), *lay(range(4), minimum=7))
    found = place(Problem(((0,), *[range(200)] * 3), numbered, (0, 28, 56, 84)))
    # the third waits for day 112, the fourth keeps its 7 days from it: 56 + 35 days off
    assert found == Placement(0, 91, 56, 119, (0, 28, 112, 119))


# -- the order of plans


def test_the_largest_deviation_is_in_the_order():
    # a maximum is no sum: a search that keeps one partial plan a state loses the right one
    days = (0, 1, 2, 3, 5, 6, 7, 10, 11, 12, 18, 19)
    found = place(Problem((days,) * 5, lay(range(5), minimum=2, latest=7), (0, 2, 9, 13, 15)))
    assert found == Placement(0, 6, 3, 18, (0, 2, 7, 12, 18))


def test_a_preference_weighs_more_than_any_deviation():
    # keeping "at least 5" puts the second session 90 days from its ideal
    found = place(Problem(((0,), (4, 94)), (Bound(0, 1, minimum=5, required=False),), (0, 4)))
    assert found == Placement(0, 90, 90, 94, (0, 94))


def test_total_deviation_comes_before_the_largest():
    # (3, 10) misses by 3 and 0, (2, 8) by 2 and 2; (2, 10) is too far apart
    found = place(Problem(((2, 3), (8, 10)), (Bound(0, 1, 5, 7),), (0, 10)))
    assert found == Placement(0, 3, 3, 10, (3, 10))


def test_the_largest_deviation_comes_before_the_last_day():
    # (1, 9) misses by 1 and 1, (0, 8) by 2 and 0
    found = place(Problem(((0, 1, 2), (8, 9)), (Bound(0, 1, 8, 8),), (2, 8)))
    assert found == Placement(0, 2, 1, 9, (1, 9))


def test_the_last_day_comes_before_the_days_themselves():
    # (1, 9) and (3, 7) break one preference each, (1, 7) and (3, 9) both
    either = (Bound(0, 1, minimum=8, required=False), Bound(0, 1, latest=4, required=False))
    found = place(Problem(((1, 3), (7, 9)), either, (2, 8)))
    assert found == Placement(1, 2, 1, 7, (3, 7))


def test_all_else_equal_the_earlier_days_are_taken():
    found = place(Problem(((1, 3), (7, 9)), (Bound(0, 1, 4, 8),), (2, 8)))
    assert found == Placement(0, 2, 1, 7, (1, 7))


# -- wishes, aims, history


def test_a_wish_is_a_preference():
    tuesdays = frozenset(range(1, 28, 7))
    wishes = (None, *[tuesdays | {3, 10, 17}] * 5)  # would rather Tuesday or Thursday
    found = place(series(MON_THU, open_days(27), GAPS, SPAN_28, wishes=wishes))
    assert found == Placement(0, 2, 1, 17, (0, 3, 8, 10, 15, 17))


def test_a_wish_that_cannot_be_kept_is_counted_and_costs_nothing_else():
    wishes = (None, frozenset({1}), None, None, None, None)
    found = place(series(MON_THU, open_days(27), GAPS, SPAN_28, wishes=wishes))
    assert found == Placement(1, 0, 0, 17, MON_THU)


def test_a_wish_that_no_day_grants_still_leaves_a_plan():
    wishes = (None, frozenset[int](), None, None, None, None)
    found = place(series(MON_THU, open_days(27), GAPS, SPAN_28, wishes=wishes))
    assert found == Placement(1, 0, 0, 17, MON_THU)


def later(days):
    return lambda day: day + days


def test_boosters_are_counted_from_where_the_last_infusion_really_is():
    # the last infusion moves from the closed day 4 to day 5, so the boosters are ideal on 12 and 19
    boosters = tuple(IdealFrom(2, later(7 * weeks)) for weeks in (1, 2))
    days = ((0,), (2,), (5, 6), tuple(range(30)), tuple(range(30)))
    found = place(Problem(days, lay(range(5), minimum=2), (0, 2, 4, *boosters)))
    assert found == Placement(0, 1, 1, 19, (0, 2, 5, 12, 19))


def test_an_aim_may_make_an_earlier_session_give_way():
    # on day 4 both boosters miss by one (only days 12 and 19 are open); on day 5 neither does
    boosters = tuple(IdealFrom(1, later(7 * weeks)) for weeks in (1, 2))
    found = place(Problem(((0,), (4, 5), (12,), (19,)), lay(range(4), minimum=2), (0, 4, *boosters)))
    assert found == Placement(0, 1, 1, 19, (0, 5, 12, 19))


def test_history_holds_and_what_is_left_is_placed_after_it():
    # given on days 0, 3 and, a day late, 8; at most 3 in 7 days looks back over all of them
    given = {0: 0, 1: 3, 2: 8}
    found = place(series(MON_THU, open_days(27), GAPS, {"apart": 2, "minimum": 7}, SPAN_28, fixed=given))
    # day 10 is 7 after day 3; day 15 is 7 after day 8; day 17 is 7 after day 10
    assert found == Placement(0, 2, 1, 17, (0, 3, 8, 10, 15, 17))


def test_no_open_day_is_no_plan():
    assert place(Problem(((0,), ()), (), (0, 1))) is None


def test_a_single_session_is_a_series():
    assert place(Problem(((2, 5),), (), (4,))) == Placement(0, 1, 1, 5, (5,))


# -- the next best


def test_ranked_yields_all_plans_the_best_first():
    found = list(ranked(Problem(((0,), (1, 2, 3), (4, 5)), lay(range(3), minimum=2), (0, 2, 4))))
    assert [placement.days for placement in found] == [(0, 2, 4), (0, 2, 5), (0, 3, 5)]
    assert [placement.total for placement in found] == [0, 1, 2]


def test_ranked_is_lazy():
    many = series(MON_THU, open_days(27), GAPS, SPAN_28)
    first, second = islice(ranked(many), 2)
    assert first.days == MON_THU
    assert (second.total, second.days) == (1, (0, 3, 7, 10, 14, 16))


def test_the_push_agrees_that_a_plan_exists():
    # the judge of explanations: the same answer without a search
    one = series(EIGHT, open_days(27, 2, 17), GAPS, AT_MOST_2, EIGHT_IN_28)
    none = series(EIGHT, open_days(27, 2, 17, 18), GAPS, AT_MOST_2, EIGHT_IN_28)
    assert Bounds(one.bounds).allow(one.days)
    assert not Bounds(none.bounds).allow(none.days)


def test_of_two_ways_to_break_as_few_the_second_is_not_cut_off():
    # Tried all: two of the three preferences cannot be kept; (3, 4, 10) is 37 days off, (4, 7, 8) is 35.
    days = (3, 4, 7, 8, 10, 20, 21, 33, 34, 35, 38)
    required = (Bound(0, 1, 1, 5), Bound(1, 2, 1, 7))
    preferred = (
        Bound(1, 2, latest=1, required=False),
        Bound(1, 2, 4, required=False),
        Bound(0, 1, 6, required=False),
    )
    found = place(Problem((days,) * 3, (*required, *preferred), (6, 18, 30)))
    assert found == Placement(2, 2 + 11 + 22, 22, 8, (4, 7, 8))


def test_nothing_to_place_is_placed():
    assert place(Problem((), (), (), (), ())) == Placement(0, 0, 0, 0, ())


def test_a_cut_finds_the_only_plan_also_where_it_is_the_furthest_off():
    # the second is aimed at day 0, and cannot be before day 5
    assert least_cut([[0], [0, 5]], [Bound(0, 1, 5)], (0, 0), 0, Effort()) == Placement(0, 5, 5, 5, (0, 5))


@pytest.mark.parametrize("wish", [{3, 4}, {3, 4, 9, 11, 12}])
def test_the_days_that_are_among_a_few_wishes_or_many(wish):
    assert among([1, 3, 5, 7], frozenset(wish)) == [3]
    assert among([], frozenset(wish)) == []


def test_of_two_days_as_near_the_later_one_is_taken_where_it_ends_sooner():
    # day 8 and day 12 are as far from 10; from 12 on the last is aimed at day 25, from 8 on at 30
    turning = IdealFrom(1, lambda day: 30 if day < 10 else 25)
    assert place(Problem(((0,), (8, 12), (25, 30)), (), (0, 10, turning))) == Placement(
        0, 2, 2, 25, (0, 12, 25)
    )
