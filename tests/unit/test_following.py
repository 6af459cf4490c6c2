"""What follows from what was recorded, and which way is taken after a lapse."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

import ketsched as ks
from ketsched.errors import InvalidInput
from ketsched.hours import Hours
from ketsched.model import POLICIES
from ketsched.tracking import Proposal, record, ways
from ketsched.tracking.following import following
from ketsched.tracking.lapses import take

CLINIC = ks.Calendar.weekly("America/New_York", mon="09:00-17:00", wed="09:00-17:00", fri="09:00-17:00")
HOURS = Hours(CLINIC, staff={"therapist": CLINIC})
MONDAY = date(2027, 1, 4)
AT = datetime(2027, 1, 4, 20, tzinfo=UTC)


@pytest.fixture
def course():
    """Six sessions on Monday, Wednesday and Friday from 4 January 2027."""
    at = datetime(2026, 12, 1, 9, tzinfo=UTC)
    return ks.plan(ks.load_protocol("iv-mwf-6"), start=MONDAY, calendar=CLINIC, id="A-017", at=at)


def followed(course, *visits, hours=HOURS):
    known = record(course, visits, at=AT)
    return following(known, visits, hours=hours, at=AT, as_of=MONDAY)


def test_after_one_given_nothing_is_made_up_for(course):
    found = followed(course, ks.Visit(MONDAY))
    assert [judged.visit.day for judged in found.visits] == [MONDAY]
    assert (found.lacks, found.plans, found.marked) == ((), (), "")
    assert found.forecast.next.number == 2


def test_after_one_missed_the_ways_to_make_up_for_it_are_shown(course):
    found = followed(course, ks.Visit(MONDAY, "no-show"))
    assert found.lacks == ("induction",)
    # four policies give the same days
    assert [plan.names for plan in found.plans] == [POLICIES[:4], ("skip",)]
    assert found.marked == course.protocol.phase("induction").missed


def test_without_hours_no_plans_are_made(course):
    found = followed(course, ks.Visit(MONDAY, "no-show"), hours=None)
    assert (found.lacks, found.plans) == (("induction",), ())


def test_to_skip_is_no_way_while_it_is_open_whether_one_counts(course):
    found = followed(course, ks.Visit(MONDAY, "stopped early"))
    assert "skip" not in {plan.name for plan in found.plans}
    counted = followed(course, ks.Visit(MONDAY, "stopped early", counts=True))
    assert counted.lacks == ()


def test_a_way_is_taken_by_its_name_and_kept_in_the_revision(course):
    known = record(course, [ks.Visit(MONDAY, "no-show")], at=AT)
    plan = next(way for way in ways(known, calendar=CLINIC, at=AT) if way.name == "keep")
    taken = take(
        known, "Step-Back", [Proposal(name="step back", says="", course=plan.course)], at=AT, who="Dr A"
    )
    assert (taken.revisions[-1].kind, taken.revisions[-1].proposal) == ("proposal", "step back")
    assert taken.sessions == plan.course.sessions
    same = take(known, "continue", [Proposal(name="continue", says="", course=known)], at=AT, who="Dr A")
    assert (len(same.revisions), same.revisions[-1].who) == (len(known.revisions) + 1, "Dr A")
    assert same.sessions == known.sessions


def test_what_is_not_proposed_or_has_no_plan_is_not_taken(course):
    error = InvalidInput(what="no day", why="closed", fix="open it")
    blocked = Proposal(name="restart", says="", error=error)
    with pytest.raises(InvalidInput, match="no day"):
        take(course, "restart", [blocked], at=AT)
    with pytest.raises(InvalidInput, match="'step-back' is not proposed") as refused:
        take(course, "step-back", [blocked], at=AT)
    assert refused.value.why == "what is proposed is restart"
    with pytest.raises(InvalidInput) as refused:
        take(course, "restart", [], at=AT)
    assert refused.value.why == "the protocol proposes nothing after so many days"
