"""Whole plans of the generic protocol: 6 to 8 infusions over 2 to 4 weeks, and what a protocol leaves open."""

from __future__ import annotations

from datetime import date, timedelta

import attrs
import pytest

from ketsched.calendars import Calendar
from ketsched.errors import InvalidInput, KetschedError
from ketsched.model import Interval
from ketsched.planning import plan
from ketsched.protocols import load_protocol
from making import (
    JAN_4,
    MON_THU,
    MON_WED_FRI,
    NEVER_CLOSED,
    OPEN,
    WEEKDAYS,
    ZONE,
    clinic,
    dates,
    days_of,
    no_plan,
    phase,
    protocol,
)

GENERIC = load_protocol("generic-induction")
SERIES = attrs.evolve(GENERIC, phases=GENERIC.phases[:1], companions=())


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (4, "4 6 8 11 13 15 Jan"),  # Mon Wed Fri
        (6, "6 8 11 13 15 18 Jan"),  # Wed Fri Mon
        (8, "8 11 13 15 18 20 Jan"),  # Fri Mon Wed
    ],
)
def test_six_in_the_fewest_weeks_on_weekdays_spread_evenly(first, expected):
    course = plan(SERIES, start=date(2027, 1, first), calendar=OPEN)
    assert days_of(course) == dates(expected)
    assert course.protocol.phases[0].weekdays == MON_WED_FRI
    assert course.protocol.phases[0].weeks == (2, 4)


@pytest.mark.parametrize(
    ("open_on", "first", "expected", "weekdays"),
    [
        # Monday then Thursday or Friday are 3 and 4 or 4 and 3 days apart: the earlier
        (WEEKDAYS, 4, "4 7 11 14 18 21 Jan", (0, 3)),
        (WEEKDAYS, 5, "5 8 12 15 19 22 Jan", (1, 4)),
        (("mon", "tue", "wed", "fri"), 4, "4 8 11 15 18 22 Jan", (0, 4)),
        (("tue", "wed", "thu", "fri"), 5, "5 8 12 15 19 22 Jan", (1, 4)),
        # from Wednesday, Friday is 2 and 5 days away; Thursday and Tuesday only 1 from a Wednesday
        (("tue", "wed", "thu", "fri"), 6, "6 8 13 15 20 22 Jan", (2, 4)),
    ],
)
def test_two_a_week_over_three_weeks(open_on, first, expected, weekdays):
    course = plan(SERIES.choose(weeks=3), start=date(2027, 1, first), calendar=clinic(*open_on))
    assert days_of(course) == dates(expected)
    assert course.protocol.phases[0].weekdays == weekdays


@pytest.mark.parametrize(
    ("open_on", "first", "expected"),
    [
        # no three weekdays from a Tuesday or Thursday are 2 days apart all round the week, yet two weeks do
        (WEEKDAYS, 5, "5 7 11 13 15 18 Jan"),
        (WEEKDAYS, 7, "7 11 13 15 18 20 Jan"),
        # two a week is all that fits, so three weeks
        (("mon", "tue", "thu", "fri"), 4, "4 7 11 14 18 21 Jan"),
        (("tue", "wed", "thu", "fri"), 5, "5 8 12 15 19 22 Jan"),
        (("tue", "fri"), 5, "5 8 12 15 19 22 Jan"),
    ],
)
def test_six_where_three_a_week_do_not_fit(open_on, first, expected):
    course = plan(SERIES, start=date(2027, 1, first), calendar=clinic(*open_on))
    assert days_of(course) == dates(expected)


def test_seven_in_two_weeks_need_a_weekend():
    seven = SERIES.choose(sessions=7, weeks=2)
    # every other day: 13 dates
    assert days_of(plan(seven, start=JAN_4, calendar=NEVER_CLOSED)) == dates("4 6 8 10 12 14 16 Jan")
    error = no_plan(seven, start=JAN_4, calendar=OPEN)
    assert set(error.causes) == {
        "2 nominal weeks (at most 14 days)",
        "at least 2 days apart",
        "the weekly hours of the clinic",
    }


def test_six_mondays_last_longer_than_four_weeks():
    error = no_plan(SERIES, start=JAN_4, calendar=clinic("mon"))
    assert set(error.causes) == {"2 to 4 nominal weeks (at most 28 days)", "the weekly hours of the clinic"}


def test_eight_in_four_weeks_twice_a_week():
    course = plan(SERIES.choose(sessions=8, weeks=4), start=JAN_4, calendar=OPEN)
    assert days_of(course) == dates("4 7 11 14 18 21 25 28 Jan")


def test_eight_need_three_weeks_at_two_days_apart():
    # three a week: the eighth Mon-Wed-Fri session is on day 17, so 17 dates, 3 nominal weeks
    course = plan(SERIES.choose(sessions=8), start=JAN_4, calendar=OPEN)
    assert days_of(course) == dates("4 6 8 11 13 15 18 20 Jan")


@pytest.mark.parametrize("calendar", [OPEN, NEVER_CLOSED])
def test_eight_in_two_weeks_at_two_days_cannot_be(calendar):
    error = no_plan(SERIES.choose(sessions=8, weeks=2), start=JAN_4, calendar=calendar)
    assert error.why == "8 sessions at least 2 days apart need 15 days; the series may take 14"
    assert set(error.causes) == {"at least 2 days apart", "2 nominal weeks (at most 14 days)"}


TWO_IN_WEEKS = protocol(phase(2, study_days=(1, 15), weeks=(2, 4)))


@pytest.mark.parametrize(("date_number", "can_be"), [(7, False), (8, True), (28, True), (29, False)])
def test_two_to_four_nominal_weeks_are_8_to_28_dates(date_number, can_be):
    last = JAN_4 + timedelta(date_number - 1)
    calendar = Calendar.weekly(ZONE).opening(JAN_4, "09:00-17:00").opening(last, "09:00-17:00")
    if can_be:
        assert days_of(plan(TWO_IN_WEEKS, start=JAN_4, calendar=calendar)) == [JAN_4, last]
    else:
        assert (
            "2 to 4 nominal weeks (at most 28 days)"
            in no_plan(TWO_IN_WEEKS, start=JAN_4, calendar=calendar).causes
        )


@pytest.mark.parametrize(
    "choice",
    [
        {"sessions": 5},
        {"sessions": 9},
        {"weeks": 1},
        {"weeks": 5},
        {"weekdays": (7,)},
        {"weekdays": (1, 1)},
        {"boosters": -1},
        {"boosters": 1001},
    ],
)
def test_choices_that_the_protocol_does_not_leave(choice):
    with pytest.raises(KetschedError):
        GENERIC.choose(**choice)


@pytest.mark.parametrize("choice", [{"boosters": 2}, {"until": Interval(days=84)}])
def test_boosters_of_a_protocol_without_maintenance(choice):
    with pytest.raises(InvalidInput, match="boosters"):
        SERIES.choose(**choice)


def test_weekdays_of_a_protocol_with_study_days_and_weeks_of_one_without():
    printed = protocol(phase(2, study_days=(1, 4)))
    with pytest.raises(InvalidInput, match="weekdays"):
        printed.choose(weekdays=MON_THU)
    with pytest.raises(InvalidInput, match="weeks"):
        printed.choose(weeks=2)


def test_chosen_weekdays_are_the_pattern():
    course = plan(SERIES.choose(weekdays=(1, 4)), start=date(2027, 1, 5), calendar=OPEN)
    assert days_of(course) == dates("5 8 12 15 19 22 Jan")


INDUCTION = "4 6 8 11 13 15 Jan, "


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        # to the review 26 weeks after the first booster, which is 13 August
        ({}, "12 Feb, 12 Mar, 9 Apr, 7 May, 4 Jun, 2 30 Jul"),
        ({"boosters": 2}, "12 Feb, 12 Mar"),
        # 12 weeks from 12 February end before 7 May
        ({"until": Interval(days=84)}, "12 Feb, 12 Mar, 9 Apr"),
        ({"until": Interval(days=85)}, "12 Feb, 12 Mar, 9 Apr, 7 May"),
        ({"until": Interval(days=1)}, "12 Feb"),
    ],
)
def test_a_booster_every_28_days_from_the_last_infusion(choice, expected):
    course = plan(GENERIC.choose(**choice), start=JAN_4, calendar=OPEN)
    assert days_of(course) == dates(INDUCTION + expected)


def test_boosters_follow_the_last_infusion_as_planned():
    # the sixth moves from Fri 15 to Mon 18 January, and every booster with it
    calendar = OPEN.without([date(2027, 1, 15)])
    course = plan(GENERIC.choose(boosters=2), start=JAN_4, calendar=calendar)
    last, *later = days_of(course)[5:]
    assert last != date(2027, 1, 15)
    assert [(day - last).days for day in later] == [28, 56]


def test_once_a_week_is_the_weekday_of_the_start():
    weekly = protocol(phase(4, weeks=(4, 4)))
    course = plan(weekly, start=JAN_4, calendar=OPEN)
    assert days_of(course) == dates("4 11 18 25 Jan")
    assert course.protocol.phases[0].weekdays == (0,)


def test_seven_a_week_is_every_day():
    daily = protocol(phase(7, weeks=(1, 1)))
    course = plan(daily, start=JAN_4, calendar=NEVER_CLOSED)
    assert days_of(course) == dates("4 5 6 7 8 9 10 Jan")
    assert course.protocol.phases[0].weekdays == (0, 1, 2, 3, 4, 5, 6)
