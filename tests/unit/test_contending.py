"""Appointments that must be there and contend for the hours of a day, counted by hand."""

from __future__ import annotations

from datetime import time
from itertools import permutations

import pytest

from ketsched.model import Anatomy, Anchor, Companion, Phase, Protocol, Window
from ketsched.planning import NoFeasiblePlan, plan
from making import JAN_4, clinic


def needed(name, minutes, place, day=0):
    return Companion(
        id=name,
        kind="appointment",
        topic="review",
        title=name,
        minutes=minutes,
        place=place,
        required=True,
        anchor=Anchor(session=1),
        window=Window(earliest=day, recommended=day, latest=day),
    )


def booked(*companions, hours, at=None, minutes=100):
    """The hours of one session, and of what goes around it, by id."""
    phase = Phase(
        kind="induction", name="induction", count=1, weekdays=(0,), anatomy=Anatomy(infusion=minutes)
    )
    protocol = Protocol(id="p", version="1", title="P", phases=(phase,), companions=companions)
    course = plan(protocol, start=JAN_4, calendar=clinic(hours=hours), time=at)
    return {placed.companion: f"{placed.time:%H:%M}" for placed in course.companions}


HOME, FIRST, SECOND = (
    needed("call", 90, "home"),
    needed("first", 60, "clinic"),
    needed("second", 60, "clinic"),
)


@pytest.mark.parametrize("order", list(permutations((HOME, FIRST, SECOND))))
def test_the_order_in_the_file_makes_no_difference(order):
    """The session is from 10:00 to 11:40; an hour at the clinic is before it, or from 11:45."""
    found = booked(*order, hours="09:00-13:00", at=time(10))
    assert found == {"call": "12:45", "first": "09:00", "second": "11:45"}


@pytest.mark.parametrize("order", list(permutations((HOME, FIRST, SECOND))))
def test_a_quarter_of_an_hour_less_leaves_no_plan_in_any_order(order):
    assert booked(*order, hours="09:00-12:45", at=time(10))["second"] == "11:45"
    with pytest.raises(NoFeasiblePlan):
        booked(*order, hours="09:00-12:30", at=time(10))


def test_one_leaves_the_hour_it_would_rather_for_one_that_would_have_none():
    """
    Tuesday from 09:00 to 12:00, two hours and one, both as near to 09:30 as can be.

    Two hours from 09:30 leave half an hour before and after; as near as 10:00 and earlier is 09:00.
    """
    calls = [needed("one", 60, "telephone", day=1), needed("long", 120, "telephone", day=1)]
    found = booked(*calls, hours="09:00-12:00", at=time(9, 30), minutes=60)
    assert found == {"long": "09:00", "one": "11:00"}
    with pytest.raises(NoFeasiblePlan):
        booked(*calls, needed("short", 15, "telephone", day=1), hours="09:00-12:00", at=time(9, 30))
