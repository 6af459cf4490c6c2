"""What planning once got wrong, one test each, with dates counted by hand."""

from __future__ import annotations

from datetime import UTC, date, time, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest

from ketsched.calendars import Calendar
from ketsched.errors import InvalidInput
from ketsched.model import Interval, Spacing
from ketsched.planning import NoFeasiblePlan, plan
from ketsched.planning.blockers import Blockers
from ketsched.protocols import load_protocol
from making import (
    JAN_4,
    MON_THU,
    MON_WED_FRI,
    NEVER_CLOSED,
    OPEN,
    WEEKDAYS,
    ZONE,
    boosters,
    clinic,
    dates,
    days_of,
    every,
    morning,
    no_plan,
    phase,
    protocol,
)

GENERIC = load_protocol("generic-induction")


def gaps_of(course):
    days = days_of(course)
    return [(later - earlier).days for earlier, later in pairwise(days)]


@pytest.mark.parametrize(("today", "said"), [(3, False), (4, False), (5, True)])
def test_a_start_in_the_past_is_said(today, said):
    """From Monday 4 January."""
    course = plan(protocol(phase(2, weekdays=MON_THU)), start=JAN_4, calendar=OPEN, at=morning(today))
    assert [("in the past" in remark) for remark in course.revisions[0].remarks] == [True] * said


# -- joins and intervals


def test_months_across_a_join_count_from_the_last_infusion():
    """Not from the first booster, which is on the 28th because February has no 31st."""
    course = plan(
        protocol(phase(2, study_days=(1, 4)), boosters(3, every=(Interval(months=1),))),
        start=date(2027, 1, 28),
        calendar=NEVER_CLOSED,
    )
    assert days_of(course) == dates("28 31 Jan, 28 Feb, 31 Mar, 30 Apr")


def test_the_join_takes_the_first_of_a_later_phase_s_intervals():
    course = plan(
        protocol(phase(1, study_days=(1,)), boosters(4, every=every(14, 21, 28))),
        start=JAN_4,
        calendar=OPEN,
    )
    assert gaps_of(course) == [14, 21, 28, 28]


# -- rules in hours


def test_hours_between_two_numbered_sessions_bind_these_alone():
    """From Monday to Friday are 96 h; neighbours, which it is not about, have 48 h."""
    rule = Spacing(minimum_hours=90, between=(1, 3))
    course = plan(protocol(phase(6, rule, weekdays=MON_WED_FRI)), start=JAN_4, calendar=OPEN)
    assert days_of(course) == dates("4 6 8 11 13 15 Jan")


def test_hours_hold_across_a_join():
    """The next day asks for 24 h; 48 h are the same time two days later."""
    course = plan(
        protocol(phase(1, Spacing(minimum_hours=48), study_days=(1,)), boosters(1, every=every(1))),
        start=JAN_4,
        calendar=OPEN,
    )
    assert days_of(course) == dates("4 6 Jan")
    assert [session.time for session in course.sessions] == [time(9), time(9)]


def test_hours_that_rule_out_days_are_among_the_causes():
    """240 h are ten days, or nine and the longest of days."""
    rules = Spacing(minimum_hours=240), Spacing(latest=7)
    error = no_plan(protocol(phase(2, *rules, weekdays=MON_THU)), start=JAN_4, calendar=OPEN)
    assert set(error.causes) == {"at least 240 hours from start to start", "at most 7 days between two"}


# -- explanations


def test_the_causes_of_a_contradiction_are_minimal():
    """The third comes 4 days after the first at least, the fourth at most; neighbours have no part in it."""
    rules = Spacing(minimum=1, latest=2), Spacing(apart=2, minimum=4), Spacing(apart=3, latest=4)
    error = no_plan(protocol(phase(4, *rules, weekdays=MON_THU)), start=JAN_4, calendar=NEVER_CLOSED)
    assert len(error.causes) == 2
    assert set(error.causes) == {"at most 2 in 4 days", "4 within 5 days"}


EIGHT = protocol(
    phase(
        8,
        Spacing(minimum=2, latest=7),
        Spacing(apart=2, minimum=7),
        Spacing(apart=7, latest=27),
        weekdays=MON_THU,
    )
)
NOV_9, NOV_11 = date(2026, 11, 9), date(2026, 11, 11)


def opened_by(error):
    """Return the days that an error offers to open, each with the plan that it promises."""
    offered = [change for change in error.changes if change.what.startswith("open ")]
    return {date.fromisoformat(change.what.removeprefix("open ")): list(change.days) for change in offered}


def test_a_full_day_is_never_offered_to_be_opened():
    """On 11 November the only chair is taken from opening to closing, whether the day is closed or not."""
    short = clinic(hours="09:00-11:00")
    taken = short.booked(plan(protocol(phase(1, study_days=(1,))), start=NOV_11, calendar=short))
    closed = dates("11 26 27 Nov", 2026)
    for calendar in (taken.without(closed), taken.without(closed[1:])):
        offered = opened_by(no_plan(EIGHT, start=NOV_9, calendar=calendar))
        # twice a week around the Thursday or the Friday that is opened; 28 days end on 6 December
        assert offered == {
            date(2026, 11, 26): dates("9 12 16 19 23 26 30 Nov, 3 Dec", 2026),
            date(2026, 11, 27): dates("9 12 16 19 23 27 30 Nov, 4 Dec", 2026),
        }


def test_a_day_that_is_offered_to_be_opened_gives_the_plan_it_promises():
    week: dict[str, Any] = {
        "mon": "09:00-17:00",
        "tue": "10:00-12:00",
        "wed": "13:00-17:00",
        "thu": "08:00-11:00",
        "fri": "09:00-11:00",
    }
    closed = dates("11 26 27 Nov", 2026)
    calendar = Calendar.weekly(ZONE, **week).without(closed)
    offered = opened_by(no_plan(EIGHT, start=NOV_9, calendar=calendar))
    assert set(offered) == set(closed)
    for day, promised in offered.items():
        hours = week[WEEKDAYS[day.weekday()]]
        assert days_of(plan(EIGHT, start=NOV_9, calendar=calendar.opening(day, hours))) == promised


def test_a_start_that_is_closed_twice_has_one_cause():
    """Either would do by itself, so a minimal set has one; the reasons name both."""
    saturday = date(2027, 1, 9)
    one = protocol(phase(2, weekdays=MON_THU))
    error = no_plan(one, start=saturday, calendar=OPEN.without([saturday]))
    assert error.causes == ("the weekly hours of the clinic",)
    assert "closed 2027-01-09" in error.why
    away = Calendar.always(ZONE).without([JAN_4])
    error = no_plan(one, start=JAN_4, calendar=OPEN.without([JAN_4]), availability=away)
    assert len(error.causes) == 1
    assert error.causes[0].startswith("closed 2027-01-04")


def test_a_long_course_is_explained_by_its_first_sessions(monkeypatch):
    """Every seventh day from a Monday: the third is on a holiday, whatever the other 247 meet."""
    looked: list[date] = []
    of = Blockers.of

    def seen(self, day, minutes):
        looked.append(day)
        return of(self, day, minutes)

    monkeypatch.setattr(Blockers, "of", seen)
    weekly = protocol(boosters(250, Spacing(minimum=7, latest=7), every=every(7)))
    error = no_plan(weekly, start=JAN_4, calendar=OPEN.with_holidays("US"))
    assert set(error.causes) == {
        "at least 7 days apart",
        "at most 7 days between two",
        "closed 2027-01-18 (Martin Luther King Jr. Day)",
    }
    assert len(str(error)) < 3000
    # the days of the first three and of the whole course, once each, and what may follow them
    assert len(looked) <= (2 * 7 + 1) + (249 * 7 + 1) + 2 * 126


def test_an_error_that_is_given_a_place_keeps_causes_and_changes():
    error = no_plan(protocol(phase(2, weekdays=MON_THU)), start=date(2027, 1, 9), calendar=OPEN)
    assert error.causes
    assert error.changes
    placed = error.within("case.toml")
    assert isinstance(placed, NoFeasiblePlan)
    assert (placed.causes, placed.changes) == (error.causes, error.changes)
    assert (placed.what, placed.where) == (error.what, f"case.toml, {error.where}")


@pytest.mark.parametrize("first", [date(2027, 5, 31), date(2027, 9, 6)])  # Memorial Day, Labor Day
def test_another_start_is_offered_with_the_plan_that_it_gives(first):
    """A pattern that is derived from the start is derived from the start that is offered."""
    calendar = clinic(zone="America/New_York").with_holidays("US")
    error = no_plan(GENERIC, start=first, calendar=calendar)
    (change,) = (change for change in error.changes if change.what.startswith("start on "))
    start = date.fromisoformat(change.what.removeprefix("start on "))
    assert start == first + timedelta(1)
    assert list(change.days) == days_of(plan(GENERIC, start=start, calendar=calendar))


# -- what is refused, and what is not


@pytest.mark.parametrize("step", [Interval(days=3660), Interval(months=120)])
def test_boosters_for_ten_thousand_years(step):
    with pytest.raises(InvalidInput, match="a course that lasts to"):
        plan(protocol(boosters(1000, every=(step,))), start=JAN_4, calendar=OPEN)


@pytest.mark.parametrize("start", [(), (JAN_4,), (JAN_4, JAN_4, JAN_4)])
def test_a_stretch_of_starts_has_two_ends(start):
    with pytest.raises(InvalidInput, match=f"start names {len(start)} dates"):
        plan(EIGHT, start=start, calendar=OPEN)


def test_a_time_with_a_zone():
    for zone in (UTC, timezone(timedelta(hours=1))):
        with pytest.raises(InvalidInput, match="the time"):
            plan(EIGHT, start=JAN_4, calendar=OPEN, time=time(9, tzinfo=zone))


def test_the_end_of_the_calendar_may_be_within_reach():
    """1 July 2199 is 25 weeks after Mon 7 January; half a year later no day can be looked at."""
    six = protocol(phase(6, Spacing(minimum=2, latest=7), weekdays=MON_THU))
    assert days_of(plan(six, start=date(2199, 7, 1), calendar=OPEN)) == dates("1 4 8 11 15 18 Jul", 2199)


def test_an_open_ended_phase_with_a_most():
    course = plan(protocol(boosters(None, every=every(7), most=5)), start=JAN_4, calendar=OPEN)
    assert days_of(course) == dates("4 11 18 25 Jan, 1 Feb")


def test_an_end_before_the_count_is_reached():
    """60 days from 4 January end before 5 March; nine sessions fit, more than the least."""
    course = plan(
        protocol(boosters(12, every=every(7), least=6, until=Interval(days=60))), start=JAN_4, calendar=OPEN
    )
    assert days_of(course) == dates("4 11 18 25 Jan, 1 8 15 22 Feb, 1 Mar")


def test_few_sessions_over_many_weeks_are_spread_evenly():
    """Six in 28 days are 4 2/3 days apart: 4 or 5. Four nominal weeks are 22 to 28 dates."""
    course = plan(GENERIC.choose(sessions=6, weeks=4, boosters=1), start=JAN_4, calendar=OPEN)
    assert set(gaps_of(course)[:5]) == {4, 5}
    assert 22 <= sum(gaps_of(course)[:5]) + 1 <= 28
