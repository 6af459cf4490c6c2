"""
Places of the core where one day, one place or one rule more or less is another plan, each by itself.

Days are plain integers, counted by hand.
"""

from __future__ import annotations

from datetime import date

import attrs
import pytest

from ketsched.errors import InvalidInput
from ketsched.history import evaluate
from ketsched.model import Course, Spacing, Visit
from ketsched.planning.rules import PhasePlaces, bounds_of
from ketsched.spacing import Bound, contradiction
from ketsched.tracking import replan
from ketsched.tracking.altering import add_sessions
from ketsched.tracking.matching import matched
from ketsched.tracking.moving import moving
from ketsched.tracking.places import FixedPlace, OpenPlace, Places, lifted
from making import (
    BEFORE,
    EVERY_DAY,
    OPEN_UTC,
    WEEKDAYS,
    boosters,
    clinic,
    every,
    jan,
    morning,
    phase,
    planned,
    protocol,
    twice_weekly,
)

# -- what is said of a contradiction


def test_minimums_that_do_not_follow_each_other_are_said_one_by_one():
    """10 days from the first to the third and from the second to the fourth, 3 back and 16 in all: 20 where 19 are."""
    clash = contradiction(
        4, [Bound(0, 2, 10), Bound(1, 2, latest=3), Bound(1, 3, 10), Bound(0, 3, latest=16)]
    )
    assert str(clash) == (
        "sessions 1 to 3 need 11 days and sessions 2 to 4 need 11 days; "
        "sessions 2 to 3 may take 4 and the series may take 17: together 20 days where 19 are allowed"
    )


def test_minimums_over_other_numbers_of_places_are_said_one_by_one():
    clash = contradiction(4, [Bound(0, 1, 7), Bound(1, 3, 7), Bound(0, 3, latest=13)])
    assert str(clash) == (
        "2 sessions at least 7 days apart need 8 days and sessions 2 to 4 need 8 days; "
        "the series may take 14: together 14 days where 13 are allowed"
    )


def test_equal_minimums_in_a_row_are_said_as_one():
    clash = contradiction(4, [Bound(0, 1, 5), Bound(1, 2, 5), Bound(2, 3, 5), Bound(0, 3, latest=14)])
    assert str(clash) == "4 sessions at least 5 days apart need 16 days; the series may take 15"


def test_equal_minimums_over_two_places_in_a_row_are_said_as_one():
    clash = contradiction(5, [Bound(0, 2, 5), Bound(2, 4, 5), Bound(0, 4, latest=9)])
    assert str(clash) == (
        "sessions 1 to 5, each 5 days before the one 2 places on, need 11 days; the series may take 10"
    )


# -- minimums where phases overlap, and side by side


def neighbours(*runs: PhasePlaces) -> set[tuple[int, int, int | None]]:
    """The bounds between neighbours of different phases that only their overlap asks for."""
    return {
        (bound.earlier, bound.later, bound.minimum)
        for bound in bounds_of(runs)
        if bound.key.endswith(("/apart", "/beside"))
    }


@pytest.mark.parametrize(("first", "second", "expected"), [(2, 7, 2), (7, 2, 2), (3, 3, 3)])
def test_where_phases_overlap_the_smaller_minimum_holds(first, second, expected):
    early = PhasePlaces(phase(3, Spacing(minimum=first)), (0, 1, 3))
    late = PhasePlaces(boosters(2, Spacing(minimum=second), every=every(28)), (2, 4))
    assert neighbours(early, late) == {(1, 2, expected), (2, 3, expected), (3, 4, expected)}


def test_where_phases_overlap_one_day_is_no_rule_of_its_own():
    early = PhasePlaces(phase(3, Spacing(minimum=1)), (0, 1, 3))
    late = PhasePlaces(boosters(2, Spacing(minimum=7), every=every(28)), (2, 4))
    assert neighbours(early, late) == set()


def test_phases_that_follow_each_other_have_their_join():
    early = PhasePlaces(phase(2, Spacing(minimum=2)), (0, 1))
    late = PhasePlaces(boosters(2, Spacing(minimum=7), every=every(28)), (2, 3))
    assert neighbours(early, late) == set()


@pytest.mark.parametrize(
    ("minimum", "expected"), [(1, set()), (2, {(0, 1, 2), (1, 2, 2)}), (3, {(0, 1, 3), (1, 2, 3)})]
)
def test_two_days_between_series_side_by_side(minimum, expected):
    clinic = PhasePlaces(boosters(2, Spacing(minimum=7), every=every(28)), (0, 2))
    home = phase(
        1, Spacing(minimum=minimum), name="home", kind="maintenance", every=every(28), beside="boosters"
    )
    assert neighbours(clinic, PhasePlaces(home, (1,))) == expected


# -- rules that the past has made impossible


def left(*spacing: Spacing, to_come: int) -> Places:
    of = phase(1 + to_come, *spacing, every=every(7))
    course = Course.of_days(protocol(of), [date(2027, 1, 4)])
    return Places(course, (FixedPlace(0, "induction", "s1", True),), (OpenPlace(of),) * to_come)


def lifted_pairs(places: Places, *days: range, exceed: bool) -> list[tuple[int, int]]:
    return [(one.earlier, one.later) for one in lifted(places, [(0,), *days], exceed=exceed)]


def test_no_more_rules_are_lifted_than_have_to_be():
    """The third only from day 30 on: the week between it and the second goes, the 60 days from the first stay."""
    places = left(Spacing(latest=7), Spacing(apart=2, latest=60), to_come=2)
    assert lifted_pairs(places, range(1, 90), range(30, 90), exceed=True) == [(1, 2)]


def test_of_several_that_have_to_go_all_do():
    places = left(Spacing(latest=7), Spacing(apart=2, latest=29), to_come=2)
    assert lifted_pairs(places, range(1, 90), range(30, 90), exceed=True) == [(0, 2), (1, 2)]


@pytest.mark.parametrize(("first", "expected"), [(7, []), (8, [(0, 1)])])
def test_what_can_be_kept_to_the_day_is_not_lifted(first, expected):
    places = left(Spacing(latest=7), to_come=1)
    assert lifted_pairs(places, range(first, 90), exceed=False) == expected


def test_between_two_to_come_nothing_is_lifted_by_itself():
    places = left(Spacing(latest=7), to_come=2)
    assert lifted_pairs(places, range(1, 5), range(30, 90), exceed=False) == []
    assert lifted_pairs(places, range(1, 5), range(30, 90), exceed=True) == [(1, 2)]


# -- a longer series by study days


@pytest.mark.parametrize(
    ("minimum", "expected"), [(2, (1, 3, 5, 7, 9)), (0, (1, 3, 5, 6, 7)), (4, (1, 3, 5, 9, 13))]
)
def test_study_days_of_a_longer_series_go_on_by_its_minimum(minimum, expected):
    course = Course.of_days(
        protocol(phase(3, Spacing(minimum=minimum), study_days=(1, 3, 5))),
        [date(2027, 1, day) for day in (4, 6, 8)],
    )
    longer = add_sessions(evaluate(course, as_of=date(2027, 1, 5)), 2).course.protocol.phases[0]
    assert (longer.count, longer.study_days) == (5, expected)


def test_a_longer_series_accepts_what_it_accepted():
    series = attrs.evolve(phase(4, weekdays=(0, 3)), least=2, most=9)
    course = Course.of_days(protocol(series), [date(2027, 1, day) for day in (4, 7, 11, 14)])
    longer = add_sessions(evaluate(course, as_of=date(2027, 1, 5)), 2).course.protocol.phases[0]
    assert (longer.count, longer.counts) == (6, (2, 9))


def series_of_three() -> Course:
    return Course.of_days(protocol(phase(3, weekdays=(0, 3))), [jan(day) for day in (4, 7, 11)])


@pytest.mark.parametrize(("number", "count"), [(1, 4), (997, 1000)])
def test_one_more_session_is_one_more(number, count):
    longer = add_sessions(evaluate(series_of_three(), as_of=date(2027, 1, 5)), number)
    assert longer.course.protocol.phases[0].count == count


@pytest.mark.parametrize("number", [0, -1, 1001])
def test_no_more_sessions_are_no_addition(number):
    with pytest.raises(InvalidInput, match=f"{number} sessions more"):
        add_sessions(evaluate(series_of_three(), as_of=date(2027, 1, 5)), number)


# -- days matched to bookings


@pytest.mark.parametrize(
    ("bookings", "days", "expected"),
    [
        ([8, 12], [10], [0]),  # as near: the earlier booking is kept
        ([8, 11], [10], [1]),
        ([8, 12, 14], [10], [0]),
        ([10], [8, 12], [0, None]),  # as near: the earlier day takes it
        ([10], [7, 12], [None, 0]),
        ([16], [13, 17, 22, 27], [None, 0, None, None]),  # the nearest of many, not the first
        ([13, 17, 22, 27], [16], [1]),
        ([10, 20], [10, 21, 22], [0, 1, None]),
        ([10, 20], [8, 20], [0, 1]),  # what stays, stays; the other moves up to it
        ([10, 20], [20, 30], [1, None]),  # bookings do not cross, and a day that stays goes before
        ([4, 7, 11], [5, 9], [0, 1]),  # 1 and 2; 5 and 9 to the 7th and 11th would be 2 and 2
        ([4, 8, 12], [6, 10], [0, 1]),  # 2 and 2 either way: the earlier ones
        ([], [3], [None]),
        ([3], [], []),
    ],
)
def test_days_take_the_bookings_that_move_least(bookings, days, expected):
    assert matched(bookings, days) == expected


# -- what is made up in between


@pytest.mark.parametrize(
    ("open_on", "expected", "remarked"),
    [
        ([16], [4, 11, 14, 16, 18, 21], False),  # two days from the 14th and from the 18th
        (
            [23],
            [4, 11, 14, 18, 21, 25],
            True,
        ),  # after the last one it leaves nothing in place: the pattern decides
        ([], [4, 11, 14, 18, 21, 25], True),
    ],
)
def test_what_is_made_up_leaves_the_rest_in_place_or_comes_with_the_pattern(open_on, expected, remarked):
    closed = [jan(day) for day in (9, 16, 23, 30) if day not in open_on]
    saturdays = clinic(*WEEKDAYS, "sat", zone="UTC", closed=closed)
    course = planned(twice_weekly())
    visits = [Visit(jan(4)), Visit(jan(7), "no-show")]
    again = replan(course, visits, calendar=saturdays, policy="make-up", at=morning(8))
    assert [session.day.day for session in again.standing()] == expected
    remarks = again.revisions[-1].remarks
    assert any("no day leaves the rest in place" in said for said in remarks) == remarked


# -- where one session may be moved


def test_a_session_may_be_moved_between_its_neighbours_rules():
    """The 14th and two days, the 21st less two: the 16th to the 19th, of which the 16th and 17th are a weekend."""
    found = moving(planned(twice_weekly()), "s5", jan(19), calendar=OPEN_UTC, at=morning(5))
    assert (found.earliest, found.latest) == (jan(16), jan(19))
    assert found.days == (jan(18), jan(19))
    assert not found.breaks


@pytest.mark.parametrize(("day", "breaks"), [(15, True), (16, False), (19, False), (20, True)])
def test_a_move_beyond_them_breaks_a_rule(day, breaks):
    every_day = clinic(*EVERY_DAY, zone="UTC")
    found = moving(planned(twice_weekly()), "s5", jan(day), calendar=every_day, at=morning(5))
    assert bool(found.breaks) == breaks
    assert found.alone is not None


def test_two_sessions_are_not_moved_to_one_day():
    found = moving(planned(twice_weekly()), "s5", jan(21), calendar=OPEN_UTC, at=morning(5))
    assert found.alone is None
    assert found.breaks


def test_without_a_rule_a_session_may_be_moved_four_weeks_either_way():
    lone = planned(phase(1, weekdays=(0,)), start=25)
    found = moving(lone, "s1", jan(26), calendar=clinic(*EVERY_DAY, zone="UTC"), at=BEFORE)
    assert (found.earliest, found.latest) == (None, None)
    assert (found.days[0], found.days[-1]) == (date(2026, 12, 28), date(2027, 2, 22))
