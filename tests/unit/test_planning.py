"""Whole plans: worked cases with dates counted by hand, phases and joins, sizes, and why there is no plan."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from ketsched.calendars import Calendar
from ketsched.errors import InvalidInput, InvalidProtocol, KetschedError
from ketsched.model import Anatomy, Interval, Join, Spacing
from ketsched.planning import NoFeasiblePlan, plan, said_days, starts
from making import (
    EVERY_DAY,
    GAPS,
    HOUR,
    JAN_4,
    MON_THU,
    NEVER_CLOSED,
    OPEN,
    WEEKDAYS,
    ZONE,
    M,
    T,
    boosters,
    clinic,
    dates,
    days_of,
    every,
    jan,
    no_plan,
    patient,
    phase,
    protocol,
    times_of,
)

# -- the worked cases


def test_six_infusions_on_mondays_and_thursdays():
    course = plan(T, start=JAN_4, calendar=OPEN)
    assert days_of(course) == dates("4 7 11 14 18 21 Jan")
    assert [session.ideal for session in course.sessions] == days_of(course)
    assert [session.id for session in course.sessions] == ["s1", "s2", "s3", "s4", "s5", "s6"]
    assert {session.phase for session in course.sessions} == {"induction"}
    assert course.zone == ZONE


def test_a_holiday_moves_one_session():
    (start,) = starts(T, between=(JAN_4, JAN_4), calendar=OPEN.without([date(2027, 1, 18)]))
    assert days_of(start.course) == dates("4 7 11 14 19 21 Jan")
    assert (start.placement.broken, start.placement.total) == (0, 1)
    assert start.course.sessions[4].ideal == date(2027, 1, 18)


@pytest.mark.parametrize(
    ("first", "closed", "expected", "total", "worst"),
    [
        (date(2027, 5, 24), dates("31 May"), dates("24 26 28 May, 1 3 7 Jun"), 5, 3),
        (
            date(2026, 12, 14),
            dates("24 25 28 31 Dec, 1 Jan", 2026),
            dates("14 16 18 21 23 29 Dec", 2026),
            4,
            4,
        ),
    ],
)
def test_three_a_week_around_holidays(first, closed, expected, total, worst):
    (start,) = starts(M, between=(first, first), calendar=OPEN.without(closed))
    assert days_of(start.course) == expected
    assert (start.placement.total, start.placement.worst) == (total, worst)


NOV_9 = date(2026, 11, 9)
CLOSED_5 = dates("11 26 27 Nov", 2026)


def eight(**at_most_2):
    return protocol(
        phase(
            8,
            Spacing(minimum=2, latest=7),
            Spacing(apart=2, minimum=7, **at_most_2),
            Spacing(apart=7, latest=27),
            weekdays=MON_THU,
        )
    )


CAUSES_5 = {
    "at least 2 days apart",
    "at most 2 in 7 days",
    "8 within 28 days",
    "the weekly hours of the clinic",
    "closed 2026-11-11",
    "closed 2026-11-26",
    "closed 2026-11-27",
}


def eight_can_be_placed(causes):
    """Whether eight days from 9 November keep all that is named; "at most 7 days" is never among it."""
    apart = 2 if "at least 2 days apart" in causes else 1
    in_week = 7 if "at most 2 in 7 days" in causes else 0
    last = 27 if "8 within 28 days" in causes else 60
    closed = {(day - NOV_9).days for day in CLOSED_5 if f"closed {day}" in causes}
    weekly = "the weekly hours of the clinic" in causes
    opened = [d for d in range(last + 1) if d not in closed and not (weekly and d % 7 > 4)]

    def extended(days):
        if len(days) == 8:
            return True
        return any(
            extended((*days, day))
            for day in opened
            if day >= days[-1] + apart and (len(days) < 2 or day >= days[-2] + in_week)
        )

    return extended((0,))


def test_eight_sessions_without_a_plan_say_why():
    error = no_plan(eight(), start=NOV_9, calendar=OPEN.without(CLOSED_5))
    assert set(error.causes) == CAUSES_5
    assert len(error.causes) == len(CAUSES_5)
    changes = {change.what: list(change.days) for change in error.changes}
    assert changes["open 2026-11-11"] == dates("9 11 16 18 23 25 30 Nov, 3 Dec", 2026)
    assert changes["open 2026-11-27"] == dates("9 12 16 19 23 27 30 Nov, 4 Dec", 2026)
    assert "open 2026-11-11 (gives 2026-11-09, 11, 16, 18, 23, 25, 30, 12-03)" in error.fix


def test_none_of_these_causes_can_be_left_out():
    # without "at least 2 days apart": 9, 10, 16, 17, 23, 24, 30 November, 1 December
    assert not eight_can_be_placed(CAUSES_5)
    for cause in CAUSES_5:
        assert eight_can_be_placed(CAUSES_5 - {cause}), cause


def test_a_preference_is_broken_once_rather_than_no_plan():
    (start,) = starts(eight(required=False), between=(NOV_9, NOV_9), calendar=OPEN.without(CLOSED_5))
    assert days_of(start.course) == dates("9 12 16 19 23 25 30 Nov, 3 Dec", 2026)
    assert (start.placement.broken, start.placement.total) == (1, 1)


def test_eight_sessions_with_one_closure_less():
    course = plan(eight(), start=NOV_9, calendar=OPEN.without(CLOSED_5[:2]))
    assert days_of(course) == dates("9 12 16 19 23 27 30 Nov, 4 Dec", 2026)


@pytest.mark.parametrize(
    ("first", "expected", "span"),
    [
        (dates("4 Jan")[0], "4 6 8 11 13 15 Jan", 12),
        (dates("6 Jan")[0], "6 8 11 13 15 18 Jan", 13),
        (dates("8 Jan")[0], "8 11 13 15 18 20 Jan", 13),
    ],
)
def test_three_a_week_from_any_pattern_day(first, expected, span):
    days = days_of(plan(M, start=first, calendar=OPEN))
    assert days == dates(expected)
    assert (days[-1] - days[0]).days + 1 == span


@pytest.mark.parametrize("missing_day", ["clip", "roll"])
def test_monthly_does_not_drift(missing_day):
    monthly = protocol(boosters(4, every=(Interval(months=1, missing_day=missing_day),)))
    expected = {"clip": "31 Jan, 28 Feb, 31 Mar, 30 Apr", "roll": "31 Jan, 1 Mar, 31 Mar, 1 May"}
    course = plan(monthly, start=date(2027, 1, 31), calendar=NEVER_CLOSED)
    assert days_of(course) == dates(expected[missing_day])


def test_every_28_days_keeps_the_weekday():
    course = plan(protocol(boosters(4, every=every(28))), start=date(2027, 2, 1), calendar=OPEN)
    assert days_of(course) == dates("1 Feb, 1 29 Mar, 26 Apr")


SPRAY = Anatomy(prepare=20, infusion=10, observation=120)


def nasal():
    """Twice weekly for 4 weeks, weekly for 4, then every 2 weeks, as an esketamine label has it."""
    return protocol(
        phase(
            8,
            Spacing(minimum=2),
            Spacing(apart=2, minimum=7, required=False),
            weekdays=MON_THU,
            anatomy=SPRAY,
        ),
        boosters(
            4,
            Spacing(minimum=5),
            name="weekly",
            anatomy=SPRAY,
            every=every(7),
            join=Join(next_week=True, minimum=2),
        ),
        boosters(3, Spacing(minimum=5), anatomy=SPRAY, every=every(14), join=Join(ideal=7, minimum=5)),
    )


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (JAN_4, "4 7 11 14 18 21 25 28 Jan, 1 8 15 22 Feb, 1 15 29 Mar"),
        # from a Thursday the eighth is on Mon 1 Feb and week 5 begins on Thu 4 Feb, 3 days later
        (date(2027, 1, 7), "7 11 14 18 21 25 28 Jan, 1 4 11 18 25 Feb, 4 18 Mar, 1 Apr"),
    ],
)
def test_twice_weekly_then_weekly_then_every_two_weeks(first, expected):
    course = plan(nasal(), start=first, calendar=OPEN)
    assert days_of(course) == dates(expected)
    assert all(course.ends(s) - course.starts(s) == timedelta(minutes=150) for s in course.sessions)


NOT_THESE = [date(2027, 1, 18), *(date(2027, 1, day) for day in range(25, 30))]


def test_the_starts_of_january_are_ranked():
    found = starts(T, between=(JAN_4, date(2027, 1, 31)), calendar=OPEN.without(NOT_THESE))
    assert [start.day for start in found] == dates("4 7 11 14 21 Jan")
    best, second = found[:2]
    assert (best.placement.total, second.placement.total) == (1, 8)
    assert days_of(second.course) == dates("7 11 13 15 20 22 Jan")
    for start in found[2:]:
        assert start.course is None
        assert isinstance(start.error, NoFeasiblePlan)
        assert any("closed 2027-01-2" in cause for cause in start.error.causes)


def test_a_range_takes_the_best_start():
    course = plan(T, start=(date(2027, 1, 5), date(2027, 1, 31)), calendar=OPEN.without(NOT_THESE))
    assert days_of(course) == dates("7 11 13 15 20 22 Jan")


def test_starts_off_the_pattern_are_tried_only_when_asked():
    week = (JAN_4, date(2027, 1, 10))
    assert [s.day for s in starts(T, between=week, calendar=OPEN)] == dates("4 7 Jan")
    every = starts(T, between=week, calendar=OPEN, any_weekday=True)
    assert sorted(s.day for s in every) == dates("4 5 6 7 8 Jan")


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (date(2027, 1, 5), date(2027, 1, 4)),
        (date(2027, 1, 1), date(2029, 1, 2)),
        (date(1027, 1, 4), date(2027, 1, 5)),
    ],
)
def test_a_stretch_of_starts_that_cannot_be_searched(first, last):
    with pytest.raises(InvalidInput):
        plan(T, start=(first, last), calendar=OPEN)


def test_a_range_without_a_plan_says_what_blocks_each_start():
    week = (date(2027, 1, 11), date(2027, 1, 14))
    error = no_plan(T, start=week, calendar=OPEN.without(NOT_THESE))
    assert error.what == "no start from 2027-01-11 to 2027-01-14 has a plan"
    assert "2027-01-11: " in error.why
    assert "2027-01-14: " in error.why
    weekend = no_plan(T, start=(date(2027, 1, 9), date(2027, 1, 10)), calendar=OPEN)
    assert "open" in weekend.why


def test_away_for_a_fortnight_told_in_advance():
    away = [date(2027, 1, day) for day in range(12, 27)]
    error = no_plan(T, start=JAN_4, calendar=OPEN, availability=patient(*away))
    # 4, 6, 8, 11 January are all that fit before; a fifth would have to come by the 18th
    assert set(error.causes) == {
        "at least 2 days apart",
        "at most 7 days between two",
        "the weekly hours of the clinic",
        *(f"closed 2027-01-{day} for the patient" for day in (12, 13, 14, 15, 18)),
    }


def test_back_in_time_for_the_longest_gap():
    away = [date(2027, 1, day) for day in range(12, 18)]
    course = plan(T, start=JAN_4, calendar=OPEN, availability=patient(*away))
    # one session has to be on the 11th and one on the 18th. The fourth on the 11th costs 1 + 3 + 3 days,
    # on the 18th 4 + 2 + 1 (20 and 22 after it): as much in all, but the worst is 3 and not 4
    assert days_of(course) == dates("4 6 8 11 18 21 Jan")


# -- phases and joins


@pytest.mark.parametrize(
    ("follows", "expected"),
    [
        # its own first interval; weekdays: the first of them in the next week of treatment
        (boosters(2, every=every(14)), "21 Jan, 4 Feb"),
        (boosters(2, weekdays=(1,)), "12 19 Jan"),
        (boosters(2, study_days=(1, 8)), "11 18 Jan"),
        (boosters(2, every=every(7), join=Join(next_week=True)), "11 18 Jan"),
        (boosters(2, every=every(7), join=Join(ideal=10)), "17 24 Jan"),
        # 17 January is a Sunday: the first Tuesday from then on
        (boosters(2, weekdays=(1,), join=Join(ideal=10)), "19 26 Jan"),
        (boosters(2, every=every(7), join=Join(ideal=0)), "8 14 Jan"),
        (boosters(1, every=(Interval(months=1),)), "7 Feb"),
    ],
)
def test_how_a_phase_follows_4_and_7_january(follows, expected):
    course = plan(protocol(phase(2, study_days=(1, 4)), follows), start=JAN_4, calendar=NEVER_CLOSED)
    assert days_of(course) == dates("4 7 Jan, " + expected)
    assert [s.phase for s in course.sessions][2:] == ["boosters"] * follows.count


@pytest.mark.parametrize(
    ("join", "expected"),
    [
        # 5 days after the 9th at the least, but the second keeps its day
        (Join(ideal=3), "14 19 Jan"),
        (Join(ideal=3, minimum=2), "12 19 Jan"),
        (Join(ideal=3, latest=4), "12 19 Jan"),
    ],
)
def test_a_join_with_its_own_rules_replaces_those_of_the_earlier_phase(join, expected):
    course = plan(
        protocol(
            phase(2, Spacing(minimum=5), study_days=(1, 6)),
            boosters(2, every=every(7), join=join),
        ),
        start=JAN_4,
        calendar=NEVER_CLOSED,
    )
    assert days_of(course) == dates("4 9 Jan, " + expected)


def test_at_most_two_in_seven_days_holds_across_a_join():
    # 7 and 11 January: the third at the earliest on the 14th
    course = plan(
        protocol(
            phase(2, Spacing(apart=2, minimum=7), weekdays=MON_THU),
            boosters(1, every=every(7), join=Join(ideal=2)),
        ),
        start=date(2027, 1, 7),
        calendar=NEVER_CLOSED,
    )
    assert days_of(course) == dates("7 11 14 Jan")


def test_the_latest_of_a_join_binds():
    protocol_ = protocol(
        phase(2, Spacing(latest=3), study_days=(1, 4)),
        boosters(1, every=every(7), join=Join(minimum=5, latest=8)),
    )
    away = [date(2027, 1, day) for day in range(8, 16)]
    error = no_plan(protocol_, start=JAN_4, calendar=NEVER_CLOSED.without(away))
    assert "induction to boosters: at most 8 days" in error.causes
    assert days_of(plan(protocol_, start=JAN_4, calendar=NEVER_CLOSED.without(away[:-1]))) == dates(
        "4 7 15 Jan"
    )


@pytest.mark.parametrize(
    ("pattern", "closed", "expected"),
    [
        # a closure moves one session, or all that come after it
        ({"every": (Interval(days=7),), "anchor": "start"}, 11, "4 12 18 Jan"),
        ({"every": (Interval(days=7),), "anchor": "previous"}, 11, "4 12 19 Jan"),
        ({"weekdays": MON_THU, "anchor": "previous"}, 7, "4 6 11 Jan"),
    ],
)
def test_ideal_days_from_the_start_or_from_the_session_before(pattern, closed, expected):
    course = plan(
        protocol(phase(3, Spacing(minimum=2), **pattern)),
        start=JAN_4,
        calendar=OPEN.without([date(2027, 1, closed)]),
    )
    assert days_of(course) == dates(expected)


@pytest.mark.parametrize(("anchor", "expected"), [("start", "4 6 11 Jan"), ("previous", "4 6 10 Jan")])
def test_study_days_from_the_start_or_from_the_session_before(anchor, expected):
    # the 6th and the 8th are equally near to the 7th: the earlier last day, then the earlier day
    course = plan(
        protocol(phase(3, study_days=(1, 4, 8), anchor=anchor)),
        start=JAN_4,
        calendar=NEVER_CLOSED.without([date(2027, 1, 7)]),
    )
    assert days_of(course) == dates(expected)


def test_of_a_list_of_intervals_the_last_repeats():
    steps = tuple(Interval(days=n) for n in (14, 21, 28))
    course = plan(protocol(boosters(5, every=steps)), start=JAN_4, calendar=OPEN)
    assert days_of(course) == dates("4 18 Jan, 8 Feb, 8 Mar, 5 Apr")


def test_study_days_as_printed():
    course = plan(protocol(phase(6, study_days=(1, 3, 5, 8, 10, 12))), start=JAN_4, calendar=OPEN)
    assert days_of(course) == dates("4 6 8 11 13 15 Jan")


def test_weekdays_come_before_study_days():
    both = protocol(phase(3, weekdays=(1, 4), study_days=(1, 4, 8)))
    assert days_of(plan(both, start=date(2027, 1, 8), calendar=OPEN)) == dates("8 12 15 Jan")


@pytest.mark.parametrize(
    ("first", "expected"),
    [(5, "5 7 11 14 18 21 Jan"), (6, "6 11 14 18 21 25 Jan"), (8, "8 11 14 18 21 25 Jan")],
)
def test_a_start_off_the_pattern_stands_by_itself(first, expected):
    # Thu 7 January is 1 day after Wed 6, less than the 2 that neighbours keep
    assert days_of(plan(T, start=date(2027, 1, first), calendar=OPEN)) == dates(expected)


def test_months_within_a_course_on_open_days():
    # 28 February and 30 May 2027 are Sundays, 30 April a Friday
    clipped = protocol(boosters(4, every=(Interval(months=1),)))
    course = plan(clipped, start=date(2026, 12, 31), calendar=clinic(*WEEKDAYS, "sat"))
    assert days_of(course) == dates("31 Dec, 30 Jan, 27 Feb, 31 Mar", 2026)


def test_between_two_numbered_sessions():
    third_late = protocol(phase(4, Spacing(minimum=2), Spacing(between=(1, 3), minimum=10), weekdays=MON_THU))
    # the third moves from the 11th to the 14th, and the fourth, wished for then, 2 days on at the least
    assert days_of(plan(third_late, start=JAN_4, calendar=NEVER_CLOSED)) == dates("4 7 14 16 Jan")


# -- starts that cannot be


def test_a_start_on_a_closed_weekday():
    error = no_plan(T, start=date(2027, 1, 9), calendar=OPEN)
    assert error.what == "The first day, Sat 2027-01-09, is not open."
    assert error.causes == ("the weekly hours of the clinic",)
    assert [change.what for change in error.changes] == ["start on 2027-01-11"]
    assert list(error.changes[0].days) == dates("11 14 18 21 25 28 Jan")


def test_a_start_on_a_holiday():
    error = no_plan(T, start=date(2027, 1, 18), calendar=OPEN.with_holidays("US"))
    assert error.causes == ("closed 2027-01-18 (Martin Luther King Jr. Day)",)
    assert list(error.changes[0].days) == dates("21 25 28 Jan, 1 4 8 Feb")


def test_a_start_when_the_patient_cannot():
    error = no_plan(T, start=JAN_4, calendar=OPEN, availability=patient(JAN_4))
    assert error.causes == ("closed 2027-01-04 for the patient",)
    assert list(error.changes[0].days) == dates("7 11 14 18 21 25 Jan")


def test_a_clinic_that_is_never_open():
    error = no_plan(T, start=JAN_4, calendar=Calendar.weekly(ZONE))
    assert error.causes == ("the weekly hours of the clinic",)
    assert error.changes == ()
    assert "choose another start" in error.fix


@pytest.mark.parametrize(("minutes", "fits"), [(100, True), (99, False)])
def test_a_session_longer_than_the_hours_of_any_day(minutes, fits):
    """Its 100 minutes fit into hours of 100 minutes and into none of 99; another start would not help."""
    end = f"{9 + minutes // 60:02}:{minutes % 60:02}"
    calendar = Calendar.weekly(ZONE, mon=f"09:00-{end}", thu=f"09:00-{end}, 12:00-13:00")
    if fits:
        assert plan(T, start=JAN_4, calendar=calendar).sessions
        return
    error = no_plan(T, start=JAN_4, calendar=calendar)
    assert "a session of 100 min" in error.what
    assert "the longest is 99 min" in error.why
    assert "give hours with 100 min in one piece" in error.fix


@pytest.mark.parametrize("start", [datetime(2027, 1, 4, tzinfo=UTC), "2027-01-04", None, 20270104])
def test_a_start_that_is_no_date(start):
    with pytest.raises(InvalidInput):
        plan(T, start=start, calendar=OPEN)


def test_a_course_with_an_id_and_a_moment():
    at = datetime(2026, 12, 20, 9, tzinfo=UTC)
    course = plan(T, start=JAN_4, calendar=OPEN, id="A-017", at=at)
    assert course.id == "A-017"
    assert [revision.at for revision in course.revisions] == [at]
    with pytest.raises(InvalidInput):
        plan(T, start=JAN_4, calendar=OPEN, id="Jane Doe")
    with pytest.raises(KetschedError):
        plan(T, start=JAN_4, calendar=OPEN, at=datetime(2026, 12, 20, 9))  # noqa: DTZ001


# -- sizes


@pytest.mark.parametrize(("length", "fits"), [(1, True), (480, True), (481, False)])
def test_a_session_fits_if_the_whole_chair_time_does(length, fits):
    one = protocol(phase(1, study_days=(1,), anatomy=Anatomy(infusion=length)))
    if fits:
        assert times_of(plan(one, start=JAN_4, calendar=OPEN)) == ["09:00"]
    else:
        assert no_plan(one, start=JAN_4, calendar=OPEN).causes == ("the weekly hours of the clinic",)


def test_a_session_of_no_length():
    with pytest.raises(InvalidProtocol):
        Anatomy()


def test_one_session():
    assert days_of(plan(protocol(phase(1, GAPS, weekdays=MON_THU)), start=JAN_4, calendar=OPEN)) == [JAN_4]


def test_a_thousand_sessions_and_no_more():
    weekly = Spacing(minimum=5, latest=9)
    most = protocol(boosters(1000, weekly, every=every(7)))
    course = plan(most, start=JAN_4, calendar=OPEN)
    assert days_of(course) == [JAN_4 + timedelta(7 * n) for n in range(1000)]
    one_more = protocol(phase(1, study_days=(1,)), boosters(1000, every=every(7)))
    with pytest.raises(InvalidInput, match="1001 sessions"):
        plan(one_more, start=JAN_4, calendar=OPEN)


def test_a_course_of_more_than_twenty_years():
    with pytest.raises(InvalidInput, match="a course that lasts to"):
        plan(protocol(boosters(800, every=every(28))), start=JAN_4, calendar=OPEN)


def test_open_ended_without_a_review_is_planned_for_26_weeks():
    weekly = protocol(boosters(None, every=every(7)))
    days = days_of(plan(weekly, start=JAN_4, calendar=OPEN))
    assert len(days) == 26
    assert days[-1] == JAN_4 + timedelta(7 * 25)


def test_open_ended_to_its_review():
    weekly = protocol(boosters(None, every=every(7), review=Interval(days=28)))
    assert days_of(plan(weekly, start=JAN_4, calendar=OPEN)) == dates("4 11 18 25 Jan")


def test_the_last_years_that_can_be_planned_on():
    # 7 January 2199 is a Monday: 172 years, 42 of them leap years, are 62 822 days or 8974 weeks and 4 days
    assert days_of(plan(T, start=date(2199, 1, 7), calendar=OPEN)) == dates("7 10 14 17 21 24 Jan", 2199)
    with pytest.raises(InvalidInput):
        plan(T, start=date(2200, 1, 6), calendar=OPEN)
    with pytest.raises(KetschedError):
        plan(T, start=date(2199, 12, 30), calendar=OPEN)


# -- words


def test_days_are_said_briefly():
    assert said_days(dates("9 11 Nov, 3 Dec, 4 Jan", 2026)) == "2026-11-09, 11, 12-03, 2027-01-04"
    assert said_days([]) == ""
    ten = dates("1 2 3 4 5 6 7 8 9 10 Nov", 2026)
    assert said_days(ten) == "2026-11-01, 02, 03, 04, 05, 06, 07, 08, 09, 10"
    eleven = dates("1 2 3 4 5 6 7 8 9 10 11 Nov", 2026)
    assert said_days(eleven) == "2026-11-01, 02, 03, 04, 05, 06, 07, 08, 09, ... 2026-11-11, 11 in all"


def test_intervals_from_the_session_before_are_taken_in_turn():
    # 14, 21 and then 28 days; Monday 18 January is closed, and what follows is counted from Tuesday
    course = plan(
        protocol(phase(4, Spacing(minimum=7), every=every(14, 21, 28), anchor="previous")),
        start=JAN_4,
        calendar=OPEN.without([date(2027, 1, 18)]),
    )
    assert days_of(course) == dates("4 19 Jan, 9 Feb, 9 Mar")


def test_intervals_from_the_session_before_begin_with_the_one_that_leads_to_the_phase():
    # the induction ends on 21 January; 14, 21 and 28 days
    later = boosters(3, Spacing(minimum=7), every=every(14, 21, 28), anchor="previous")
    course = plan(protocol(phase(6, GAPS, weekdays=MON_THU), later), start=JAN_4, calendar=OPEN)
    assert days_of(course)[6:] == dates("4 25 Feb, 25 Mar")


def test_a_window_that_is_closed_is_named_and_each_way_out_was_tried():
    """Session 2 can be 2 to 7 days after Monday 4 January, on the 6th to the 11th; all of them are closed."""
    error = no_plan(
        protocol(phase(6, GAPS, weekdays=MON_THU)),
        start=JAN_4,
        calendar=OPEN.without(dates("6 7 8 9 10 11 Jan")),
    )
    assert error.what == "no open day for session 2"
    assert "it can fall on 2027-01-06 to 2027-01-11: " in error.why
    changes = {change.what: list(change.days) for change in error.changes}
    assert [what for what in changes if what.startswith("open")] == [
        f"open {day}" for day in dates("6 7 8 11 Jan")
    ]
    assert changes["open 2027-01-11"] == dates("4 11 13 15 18 21 Jan")
    # the rules are those of the gap: 1 day to Tuesday 5, or 8 to Tuesday 12
    assert changes["have a clinician set aside 'at least 2 days apart'"][:2] == dates("4 5 Jan")
    assert changes["have a clinician set aside 'at most 7 days between two'"][:2] == dates("4 12 Jan")
    assert len([what for what in changes if "set aside" in what]) == 2


def test_a_join_with_an_ideal_of_its_own_leaves_the_first_interval_to_the_second_session():
    # 7 days after 21 January, then 14, 21 and 28
    later = boosters(4, Spacing(minimum=7), every=every(14, 21, 28), join=Join(ideal=7))
    course = plan(protocol(phase(6, GAPS, weekdays=MON_THU), later), start=JAN_4, calendar=OPEN)
    assert days_of(course)[6:] == dates("28 Jan, 11 Feb, 4 Mar, 1 Apr")


# By Mondays and Thursdays neighbours are 3 or 4 days apart: 4 is kept by some pairs, 5 by none.
@pytest.mark.parametrize(("minimum", "contradicts"), [(4, False), (5, True), (9, True)])
def test_a_plan_says_where_a_spacing_contradicts_the_pattern_of_its_phase(minimum, contradicts):
    prescribed = protocol(phase(4, Spacing(minimum=minimum), weekdays=(0, 3), anatomy=HOUR))
    course = plan(prescribed, start=jan(4), calendar=clinic(*EVERY_DAY))
    assert course.revisions[0].remarks == (
        (
            "the pattern and a spacing of induction contradict each other: by Mon, Thu neighbours are 3 to 4 days "
            f"apart, and the spacing asks for at least {minimum} (minimum = 4 or less would fit)",
        )
        if contradicts
        else ()
    )
