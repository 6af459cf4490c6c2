"""Whole plans: several calendars, wishes, hours and chairs."""

from __future__ import annotations

from datetime import date, time, timedelta

import attrs
import pytest

from ketsched.calendars import Calendar
from ketsched.clock import elapsed
from ketsched.model import Anatomy, Spacing
from ketsched.planning import plan, starts
from ketsched.tracking import replan
from making import (
    JAN_4,
    MON_THU,
    OPEN,
    ZONE,
    M,
    T,
    clinic,
    dates,
    days_of,
    no_plan,
    patient,
    phase,
    protocol,
    times_of,
)


def test_every_calendar_has_to_be_open():
    doctor = attrs.evolve(clinic("mon", "wed", "thu"), chairs=None, name="the doctor")
    course = plan(T, start=JAN_4, calendar=OPEN & doctor, availability=patient(date(2027, 1, 14)))
    assert days_of(course) == dates("4 7 11 13 18 21 Jan")


def test_hours_that_all_calendars_share():
    doctor = attrs.evolve(clinic(hours="13:00-17:00"), chairs=None)
    can = attrs.evolve(clinic(hours="12:00-15:00"), chairs=None)
    course = plan(T, start=JAN_4, calendar=OPEN & doctor, availability=can, time=time(9))
    assert times_of(course) == ["13:00"] * 6
    late = plan(T, start=JAN_4, calendar=OPEN & doctor, availability=can, time=time(17))
    assert times_of(late) == ["13:15"] * 6  # 100 minutes from 13:15 end at 14:55


def test_a_calendar_of_another_zone():
    # 15:00 to 17:00 in London are 16:00 to 18:00 in Amsterdam
    remote = attrs.evolve(clinic(hours="15:00-17:00", zone="Europe/London"), chairs=None)
    course = plan(T, start=JAN_4, calendar=clinic(hours="09:00-18:00") & remote)
    assert times_of(course) == ["16:00"] * 6


def rather(*days, hours="00:00-24:00"):
    return attrs.evolve(clinic(*days, hours=hours), chairs=None, name="wishes")


def test_wished_days_come_before_the_pattern():
    course = plan(T, start=JAN_4, calendar=OPEN, wishes=rather("mon", "wed"))
    assert days_of(course) == dates("4 6 11 13 18 20 Jan")


def test_a_wish_is_left_as_rarely_as_possible():
    # Wednesdays alone cannot hold six sessions at most 7 d apart within 28 d: 4 Jan, then Wednesdays
    (start,) = starts(T, between=(JAN_4, JAN_4), calendar=OPEN, wishes=rather("wed"))
    on_wednesdays = [day for day in days_of(start.course) if day.weekday() == 2]
    # 6, 13, 20, 27 January are the four within 28 days
    assert on_wednesdays == dates("6 13 20 27 Jan")
    assert start.placement.broken == 2


def test_evenings_are_avoided_where_a_day_has_other_hours():
    long_days = clinic(hours="16:00-21:00")
    avoid = rather(hours="00:00-18:00")
    assert times_of(plan(T, start=JAN_4, calendar=long_days, time=time(19))) == ["19:00"] * 6
    course = plan(T, start=JAN_4, calendar=long_days, wishes=avoid, time=time(19))
    assert times_of(course) == ["16:15"] * 6  # the last start that ends by 18:00


def test_a_day_of_evenings_only_is_left_for_one_that_keeps_the_wish():
    evening = OPEN.opening(date(2027, 1, 14), "17:00-21:00")
    course = plan(T, start=JAN_4, calendar=evening, wishes=rather(hours="00:00-18:00"))
    assert days_of(course) == dates("4 7 11 13 18 21 Jan")
    assert days_of(plan(T, start=JAN_4, calendar=evening)) == dates("4 7 11 14 18 21 Jan")


# -- hours


@pytest.mark.parametrize(
    ("preferred", "expected"),
    [
        (None, "09:00"),
        (time(8), "09:00"),
        (time(11, 7), "11:00"),
        (time(11, 8), "11:15"),
        (time(23), "15:15"),
    ],
)
def test_the_start_nearest_to_the_preferred_time(preferred, expected):
    assert times_of(plan(T, start=JAN_4, calendar=OPEN, time=preferred)) == [expected] * 6


def test_of_two_equally_near_the_earlier():
    # 90 minutes: the last start of the morning is 10:30, the first of the afternoon 13:00
    lunch = clinic(hours="09:00-12:00, 13:00-17:00")
    short = protocol(phase(2, weekdays=MON_THU, anatomy=Anatomy(infusion=90)))
    assert times_of(plan(short, start=JAN_4, calendar=lunch, time=time(11, 45))) == ["10:30"] * 2
    assert times_of(plan(short, start=JAN_4, calendar=lunch, time=time(11, 46))) == ["13:00"] * 2


def test_the_same_hour_unless_something_prevents_it():
    week = Calendar.weekly(ZONE, mon="09:00-17:00", wed="10:00-17:00", fri="09:00-13:00")
    course = plan(M, start=JAN_4, calendar=week)
    assert times_of(course) == ["10:00"] * 6  # 09:00 does not exist on Wednesdays
    afternoons = plan(M, start=JAN_4, calendar=week, time=time(14))
    assert times_of(afternoons) == ["14:00", "14:00", "11:15"] * 2


def test_clock_time_stays_put_across_a_clock_change():
    course = plan(
        protocol(phase(2, Spacing(minimum=5, latest=5), study_days=(1, 6))),
        start=date(2027, 3, 10),
        calendar=clinic(zone="America/New_York"),
        time=time(9),
    )
    first, second = course.sessions
    assert [first.day, second.day] == dates("10 15 Mar")
    assert times_of(course) == ["09:00", "09:00"]
    assert elapsed(course.starts(first), course.starts(second)) == timedelta(hours=119)


def hours_apart(hours, *spacing, pattern=(1, 6), length=120):
    return protocol(
        phase(
            2,
            Spacing(minimum_hours=hours),
            *spacing,
            study_days=pattern,
            anatomy=Anatomy(infusion=length),
        )
    )


NEW_YORK = "America/New_York"
MAR_10 = date(2027, 3, 10)


@pytest.mark.parametrize(
    ("hours", "closes", "expected_day", "expected_time"),
    [
        (119, "11:00", 15, "09:00"),
        (120, "17:00", 15, "10:00"),  # an hour was lost on the 14th
        (120, "11:00", 16, "09:00"),  # 10:00 is too late to begin: the next best day
    ],
)
def test_a_rule_in_hours_counts_elapsed_time(hours, closes, expected_day, expected_time):
    course = plan(
        hours_apart(hours),
        start=MAR_10,
        calendar=clinic(zone=NEW_YORK, hours=f"09:00-{closes}"),
        time=time(9),
    )
    assert days_of(course) == [MAR_10, date(2027, 3, expected_day)]
    assert times_of(course) == ["09:00", expected_time]


def test_a_rule_in_hours_that_no_start_keeps():
    error = no_plan(
        hours_apart(120, Spacing(latest=5)),
        start=MAR_10,
        calendar=clinic(zone=NEW_YORK, hours="09:00-11:00"),
    )
    assert error.what == "The days fit, but no start time does"
    assert error.causes == ("at least 120 hours from start to start", "at most 5 days between two")
    assert "open longer" in error.fix


ALL_DAY, LATE, EARLY = "00:00-24:00", "16:00-17:00", "09:00-10:00"
LATE_AND_EARLY = Calendar.weekly(ZONE, mon=LATE, tue=LATE, wed=EARLY, thu=EARLY, fri=EARLY)
"""Two days from Monday or Tuesday are 41 hours, three are 65."""


def two_days(hours, *spacing, count=8):
    """Mondays and Wednesdays, an hour each."""
    rules = (Spacing(minimum=1, minimum_hours=hours), *spacing)
    return protocol(phase(count, *rules, weekdays=(0, 2), anatomy=Anatomy(infusion=60)))


@pytest.mark.parametrize(
    ("hours", "second"), [(41, "Wed 09:00"), (42, "Thu 09:00"), (65, "Thu 09:00"), (66, "Fri 09:00")]
)
def test_days_whose_hours_are_too_close_are_not_taken_together(hours, second):
    course = plan(two_days(hours), start=JAN_4, calendar=LATE_AND_EARLY)
    said = [f"{session.day:%a} {session.time:%H:%M}" for session in course.sessions]
    assert said == ["Mon 16:00", second] * 4


def test_a_long_series_with_a_rule_in_hours_takes_no_longer_than_others():
    course = plan(two_days(48, count=500), start=JAN_4, calendar=LATE_AND_EARLY)
    assert {f"{session.day:%a}" for session in course.sessions} == {"Mon", "Thu"}
    assert len(course.sessions) == 500


def test_hours_that_three_sessions_cannot_keep_though_each_two_can():
    # Mon 16:00 to Wed 16:00, or Wed 09:00 to Fri 09:00, are 48 hours; not both
    week = Calendar.weekly(ZONE, mon="16:00-17:00", wed="09:00-17:00", fri="09:00-10:00", sat="09:00-10:00")
    course = plan(two_days(48, count=3), start=JAN_4, calendar=week)
    assert [f"{session.day:%a}" for session in course.sessions] == ["Mon", "Wed", "Mon"]
    error = no_plan(two_days(48, Spacing(latest=2), count=3), start=JAN_4, calendar=week)
    assert error.what == "The days fit, but no start time does"


def test_sessions_that_last_past_midnight_do_not_overlap():
    ward = attrs.evolve(Calendar.always(ZONE), chairs=1)
    nights = protocol(phase(2, study_days=(1, 2), anatomy=Anatomy(infusion=320)))
    can = Calendar.weekly(ZONE, mon=ALL_DAY, tue="00:00-07:00", wed=ALL_DAY)
    course = plan(nights, start=JAN_4, calendar=ward, availability=can, time=time(23))
    # 320 minutes before Tuesday 07:00 are 01:30; from Monday 20:00 on there would be too few
    assert times_of(course) == ["20:00", "01:30"]
    free = plan(nights, start=JAN_4, calendar=ward, time=time(23))
    assert times_of(free) == ["23:00", "23:00"]


def test_48_hours_hold_the_second_start_back():
    week = Calendar.weekly(ZONE, mon="12:00-17:00", wed="09:00-17:00")
    apart = hours_apart(48, pattern=(1, 3))
    assert times_of(plan(apart, start=JAN_4, calendar=week, time=time(9))) == ["12:00", "12:00"]
    free = hours_apart(47, pattern=(1, 3))
    assert times_of(plan(free, start=JAN_4, calendar=week, time=time(9))) == ["12:00", "11:00"]


@pytest.mark.parametrize(
    ("day", "preferred", "expected"),
    [
        # from 02:00 to 03:00 the clocks of 14 March 2027 show nothing; 01:45 is 45 minutes away
        (date(2027, 3, 14), time(2, 30), "03:00"),
        (date(2027, 3, 14), time(2, 15), "01:45"),
        # from 01:00 to 02:00 those of 7 November 2027 show everything twice
        (date(2027, 11, 7), time(1, 30), "02:00"),
        (date(2027, 11, 7), time(1, 15), "00:45"),
    ],
)
def test_skipped_and_repeated_times_are_never_offered(day, preferred, expected):
    night = protocol(phase(1, study_days=(1,), anatomy=Anatomy(infusion=30)))
    calendar = clinic("sun", hours="00:00-06:00", zone=NEW_YORK)
    assert times_of(plan(night, start=day, calendar=calendar, time=preferred)) == [expected]


# -- chairs


def test_the_lowest_free_chair_and_then_the_next_hour():
    calendar = clinic(chairs=2)
    first = plan(T, start=JAN_4, calendar=calendar)
    second = plan(T, start=JAN_4, calendar=calendar.booked(first))
    third = plan(T, start=JAN_4, calendar=calendar.booked(first).booked(second))
    assert [
        {(t, s.chair) for t, s in zip(times_of(c), c.sessions, strict=True)} for c in (first, second)
    ] == [
        {("09:00", 1)},
        {("09:00", 2)},
    ]
    # 100 minutes from 09:00 end at 10:40
    assert {(t, s.chair) for t, s in zip(times_of(third), third.sessions, strict=True)} == {("10:45", 1)}
    again = plan(T, start=JAN_4, calendar=calendar.booked(second))
    assert {session.chair for session in again.sessions} == {1}


def test_full_chairs_move_a_session():
    calendar = clinic(chairs=2, hours="09:00-11:00")
    one = protocol(phase(1, study_days=(1,)))
    taken = calendar
    for _ in range(2):
        taken = taken.booked(plan(one, start=date(2027, 1, 7), calendar=taken))
    assert days_of(plan(T, start=JAN_4, calendar=taken)) == dates("4 6 11 14 18 21 Jan")
    error = no_plan(T, start=date(2027, 1, 7), calendar=taken)
    assert error.what == "The first day, Thu 2027-01-07, is not open."
    assert "chairs" in error.causes[0]


def test_a_calendar_without_chairs_gives_none():
    assert {s.chair for s in plan(T, start=JAN_4, calendar=attrs.evolve(OPEN, chairs=None)).sessions} == {
        None
    }


def test_a_lost_booking_goes_to_the_nearest_day_whose_hours_the_rule_leaves():
    course = plan(two_days(48, count=4), start=JAN_4, calendar=LATE_AND_EARLY)
    closed = LATE_AND_EARLY.without([date(2027, 1, 7)])
    again = replan(course, calendar=closed, as_of=JAN_4)
    # Wed 6 January at 09:00 is as near as Friday, and 41 hours after Monday 16:00
    assert days_of(again) == dates("4 8 11 14 Jan")


def test_a_rule_in_hours_between_days_of_other_hours():
    # Monday 09:00 to Tuesday 16:00 are 31 hours; on days of one and the same hour 29 would need two days
    course = plan(
        protocol(phase(2, Spacing(minimum=1, minimum_hours=29), study_days=(1, 2))),
        start=JAN_4,
        calendar=Calendar.weekly(ZONE, mon="09:00-10:40", tue="16:00-17:40", wed="16:00-17:40"),
    )
    assert days_of(course) == dates("4 5 Jan")


def test_whose_hours_leave_no_plan_is_known_by_its_number():
    # six within 28 dates are more than four Mondays
    doctor = attrs.evolve(clinic("mon"), chairs=None, name="the doctor")
    error = no_plan(T, start=JAN_4, calendar=OPEN & doctor)
    assert [key for key in error.keys if "hours" in key] == ["weekly hours 2"]
    assert "the weekly hours of the doctor" in error.why
    error = no_plan(T, start=JAN_4, calendar=clinic("mon") & attrs.evolve(OPEN, chairs=None))
    assert [key for key in error.keys if "hours" in key] == ["weekly hours"]
