"""What one answer may take: counted in steps, shared by all that is searched for it."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest

from ketsched.calendars import Calendar
from ketsched.model import Anatomy, Phase, Protocol, Spacing
from ketsched.placing import EFFORT, Effort, TooManyPlans, place, ranked
from ketsched.placing.values import Problem
from ketsched.planning import NoFeasiblePlan, plan, planner
from ketsched.planning.narrowing import TooManyWays
from ketsched.spacing import lay
from making import ZONE, days_of

WORKING = "09:00-17:00"
ONE = Anatomy(infusion=60)


def series(count, weekdays, *spacing, anchor="start"):
    phase = Phase(
        kind="induction",
        name="induction",
        count=count,
        weekdays=weekdays,
        anchor=anchor,
        spacing=spacing,
        anatomy=ONE,
    )
    return Protocol(id="series", version="1", title="Series", phases=(phase,))


@pytest.fixture
def steps(monkeypatch):
    """The steps that are taken."""
    taken: list[int] = []
    take = Effort.take

    def counted(self, steps):
        taken.append(steps)
        take(self, steps)

    monkeypatch.setattr(Effort, "take", counted)
    return taken


def crowded(count=12):
    """Sessions that want to be on the same few days."""
    days = tuple(range(60))
    bounds = (*lay(range(count), minimum=2, latest=9), *lay(range(count), apart=3, minimum=10))
    return Problem(((0,), *(days,) * (count - 1)), bounds, tuple(2 * n for n in range(count)))


def test_a_search_draws_on_the_effort_it_is_given():
    effort = Effort()
    best = place(crowded(), effort)
    assert best is not None
    took = EFFORT - effort.left
    assert 0 < took < EFFORT
    assert place(crowded(), Effort(took)) == best
    with pytest.raises(TooManyPlans):
        place(crowded(), Effort(took // 50))


def test_all_that_is_searched_for_one_answer_shares_its_effort():
    effort = Effort()
    place(crowded(), effort)
    first = effort.left
    place(crowded(), effort)
    assert EFFORT - first == first - effort.left
    with pytest.raises(TooManyPlans):
        for _ in ranked(crowded(), Effort(4 * (EFFORT - first))):
            pass


def test_a_part_gives_back_what_it_did_not_take():
    effort = Effort(100)
    part = effort.part(30)
    part.take(10)
    effort.give_back(part)
    assert effort.left == 90
    assert effort.part(500).left == 90


def test_steps_beyond_those_that_are_left_end_a_search():
    effort = Effort(3)
    effort.take(3)
    with pytest.raises(TooManyPlans):
        effort.take(1)


def test_where_the_pattern_is_closed_and_each_day_follows_the_one_before():
    """52 sessions wished for on Thu, Sat and Sun, in a clinic that is open on Mon, Thu and Fri."""
    clinic = Calendar.weekly(ZONE, mon=WORKING, thu=WORKING, fri=WORKING)
    protocol = series(52, (3, 5, 6), Spacing(apart=5, minimum=10), anchor="previous")
    course = plan(protocol, start=date(2027, 1, 7), calendar=clinic)
    # Saturday's nearest open day is Friday, Sunday's is Monday
    assert [f"{day:%a}" for day in days_of(course)] == (["Thu", "Fri", "Mon"] * 18)[:52]


SLOW = {
    # where the cut had to look at 200 Saturdays, each counted from the one before
    "far back": (200, (5,), "previous", (Spacing(apart=12, minimum=41, latest=122),), False),
    "contradiction": (
        200,
        (0, 4, 5),
        "previous",
        (
            Spacing(apart=3, minimum=4, latest=7, required=False),
            Spacing(apart=12, minimum=33, minimum_hours=24),
            Spacing(apart=5, minimum=12, latest=12),
        ),
        False,
    ),
    "preferred": (200, (3,), "previous", (Spacing(apart=2, minimum=17, required=False),), True),
    "wishes": (104, (0, 2, 4), "previous", (Spacing(minimum=1, latest=2, required=False),), True),
}


@pytest.mark.parametrize("name", SLOW)
def test_no_answer_takes_more_than_its_effort(name, steps):
    """The explanation included: it has a part of its own."""
    count, weekdays, anchor, spacing, wished = SLOW[name]
    clinic = Calendar.weekly(ZONE, tue=WORKING, wed=WORKING, sat=WORKING)
    wishes = Calendar.weekly(ZONE, wed=WORKING) if wished else None
    protocol = series(count, weekdays, *spacing, anchor=anchor)
    with suppress(NoFeasiblePlan, TooManyWays):
        plan(protocol, start=date(2027, 1, 5), calendar=clinic, wishes=wishes)
    assert sum(steps) <= 1.5 * EFFORT  # the last step may be too long for what is left


def test_without_effort_for_it_nothing_is_tried_and_the_causes_are_named(monkeypatch):
    week = dict.fromkeys(("mon", "wed"), WORKING)
    clinic = Calendar.weekly(ZONE, **week).without([date(2027, 1, 6), date(2027, 1, 11)])  # type: ignore[arg-type]
    protocol = series(6, (0, 2), Spacing(minimum=2, latest=7))
    with pytest.raises(NoFeasiblePlan) as tried:
        plan(protocol, start=date(2027, 1, 4), calendar=clinic)
    assert tried.value.changes
    monkeypatch.setattr(planner, "TRYING", 0)
    with pytest.raises(NoFeasiblePlan) as untried:
        plan(protocol, start=date(2027, 1, 4), calendar=clinic)
    assert untried.value.keys == tried.value.keys
