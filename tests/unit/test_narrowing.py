"""More plans than one planning looks at: what to change, what closes the days, and where it never comes."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest

import ketsched as ks
from ketsched.model import Anatomy, Protocol, Spacing
from ketsched.placing import TooManyPlans
from ketsched.planning import NoFeasiblePlan
from ketsched.planning.narrowing import TooManyWays
from making import BEFORE, EVERY_DAY, HOUR, JAN_4, OPEN, clinic, jan, phase, protocol

PREFERRED = protocol(phase(6, Spacing(minimum=2), Spacing(latest=5, required=False), weekdays=(0, 3)))


def gives_up(*_: object, **__: object) -> None:
    raise TooManyPlans


def test_it_names_the_preferences_and_what_closes_the_days(monkeypatch):
    monkeypatch.setattr("ketsched.planning.planner.place", gives_up)
    calendar = clinic(closed=[jan(7), jan(14)])
    with pytest.raises(TooManyWays) as caught:
        ks.plan(PREFERRED, start=JAN_4, calendar=calendar, wishes=OPEN)
    error = caught.value
    assert "preferred, so that each may be broken or kept: at most 5 days between two" in error.why
    assert "2027-01-07 (closed 2027-01-07); 2027-01-14 (closed 2027-01-14)" in error.why
    assert "leave out the preferred rule (at most 5 days between two), or make it required" in error.fix
    assert "open 2027-01-07" in error.fix
    assert "leave out what the patient would rather" in error.fix


def test_it_names_only_what_there_is(monkeypatch):
    monkeypatch.setattr("ketsched.planning.planner.place", gives_up)
    with pytest.raises(TooManyWays) as caught:
        ks.plan(protocol(phase(6, Spacing(minimum=2), weekdays=(0, 3))), start=JAN_4, calendar=OPEN)
    assert "preferred" not in caught.value.why
    assert caught.value.fix == "plan fewer sessions at a time"


def test_so_does_what_is_left_of_a_course(monkeypatch):
    course = ks.plan(PREFERRED, start=JAN_4, calendar=OPEN, id="A", at=BEFORE)
    monkeypatch.setattr("ketsched.tracking.laying.place", gives_up)
    with pytest.raises(TooManyWays) as caught:
        ks.replan(course, calendar=clinic(closed=[jan(11)]), at=BEFORE)
    assert "No best plan was found" in caught.value.what
    assert "2027-01-11 (closed 2027-01-11)" in caught.value.why


@pytest.mark.parametrize("name", ks.protocol_ids())
def test_no_shipped_protocol_is_refused_so(name):
    """Closed from 13 to 27 January: a plan, or what prevents it."""
    calendar = clinic(hours="07:00-19:00", closed=[jan(day) for day in range(13, 28)])
    with suppress(NoFeasiblePlan):
        assert ks.plan(ks.load_protocol(name), start=jan(11), calendar=calendar).sessions


def test_a_closure_of_two_weeks_after_the_first_session():
    calendar = clinic(closed=[jan(day) for day in range(13, 28)])
    course = ks.plan(ks.load_protocol("iv-mwf-6"), start=jan(11), calendar=calendar)
    assert [session.day for session in course.sessions][:2] == [jan(11), jan(28)]


# -- that the advice helps


def crowded(count: int, *spacing: Spacing) -> tuple[Protocol, dict[str, Any]]:
    """Sessions on Wednesdays, Thursdays and Sundays; the patient would rather come on Sundays; twelve days closed."""
    prescribed = protocol(phase(count, *spacing, weekdays=(2, 3, 6), anatomy=HOUR))
    every_day = clinic(*EVERY_DAY, closed=[date(2027, 1, 28) + timedelta(n) for n in range(12)])
    return prescribed, {"start": jan(17), "calendar": every_day, "wishes": clinic("sun")}


THREE = (
    Spacing(minimum=2, required=False),
    Spacing(apart=3, minimum=4, latest=8, required=False),
    Spacing(apart=2, latest=9, required=False),
)


def test_each_advice_alone_helps_where_there_are_too_many_plans():
    prescribed, given = crowded(8, *THREE)
    with pytest.raises(TooManyWays) as caught:
        ks.plan(prescribed, **given)
    advice = caught.value.fix.split(", or ")
    assert advice == [
        "leave out the preferred rules (at least 2 days apart; at most 3 in 4 days, 4 within 9 days; 3 within 10 days)",
        "make some of them required",
        "open 2027-01-28",
        "leave out what the patient would rather",
        "plan fewer sessions at a time",
    ]
    assert ks.plan(crowded(8)[0], **given).sessions
    assert ks.plan(prescribed, **{**given, "wishes": None}).sessions
    assert ks.plan(crowded(4, *THREE)[0], **given).sessions


def test_many_ways_to_break_few_preferences_are_no_reason_to_give_up():
    """26 sessions that break 21 preferences at least: too many sets of them to look at one by one."""
    rules = (
        Spacing(latest=2, required=False),
        Spacing(apart=5, latest=10, minimum_hours=48),
        Spacing(minimum=2, required=False),
        Spacing(apart=3, minimum=6, latest=13, required=False),
        Spacing(latest=4, required=False),
    )
    prescribed = protocol(phase(26, *rules, weekdays=(1, 4, 5), anatomy=Anatomy(infusion=60)))
    calendar = clinic("mon", "tue", "thu", "sat", "sun", closed=[date(2027, 3, 17)])
    course = ks.plan(
        prescribed, start=jan(14), calendar=calendar, wishes=clinic("mon", "tue", "wed", "thu", "sat")
    )
    assert len(course.sessions) == 26
