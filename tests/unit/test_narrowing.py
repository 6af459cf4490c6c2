"""More plans than one planning looks at: what to change, what closes the days, and where it never comes."""

from __future__ import annotations

from contextlib import suppress

import pytest

import ketsched as ks
from ketsched.model import Spacing
from ketsched.placing import TooManyPlans
from ketsched.planning import NoFeasiblePlan
from ketsched.planning.narrowing import TooManyWays
from making import BEFORE, JAN_4, OPEN, clinic, jan, phase, protocol

PREFERRED = protocol(phase(6, Spacing(minimum=2), Spacing(latest=5, required=False), weekdays=(0, 3)))


def gives_up(*_: object, **__: object) -> None:
    raise TooManyPlans


def test_it_names_the_preferences_and_what_closes_the_days(monkeypatch):
    monkeypatch.setattr("ketsched.planning.planner.place", gives_up)
    calendar = clinic(closed=[jan(7), jan(14)])
    with pytest.raises(TooManyWays) as caught:
        ks.plan(PREFERRED, start=JAN_4, calendar=calendar, wishes=OPEN)
    error = caught.value
    assert "preferred, so that each may be broken or kept: at most 5 d between two" in error.why
    assert "2027-01-07 (closed 2027-01-07); 2027-01-14 (closed 2027-01-14)" in error.why
    assert "make a preferred rule required or leave it out" in error.fix
    assert "open 2027-01-07" in error.fix
    assert "leave out what the patient would rather" in error.fix


def test_it_names_only_what_there_is(monkeypatch):
    monkeypatch.setattr("ketsched.planning.planner.place", gives_up)
    with pytest.raises(TooManyWays) as caught:
        ks.plan(protocol(phase(6, Spacing(minimum=2), weekdays=(0, 3))), start=JAN_4, calendar=OPEN)
    assert "preferred" not in caught.value.why
    assert caught.value.fix == "plan fewer sessions"


def test_so_does_what_is_left_of_a_course(monkeypatch):
    course = ks.plan(PREFERRED, start=JAN_4, calendar=OPEN, id="A", at=BEFORE)
    monkeypatch.setattr("ketsched.tracking.laying.place", gives_up)
    with pytest.raises(TooManyWays) as caught:
        ks.replan(course, calendar=clinic(closed=[jan(11)]), at=BEFORE)
    assert "what is left of this course" in caught.value.what
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
