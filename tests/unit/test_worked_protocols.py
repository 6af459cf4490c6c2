"""
Worked cases of the label of esketamine, of exceptions, of reviews that decide, and of infusions elsewhere.

Dates were counted by hand.
"""

from __future__ import annotations

from datetime import time, timedelta

import attrs
import pytest

import ketsched as ks
from ketsched.checking import Severity, check
from ketsched.history import Verdict, evaluate
from ketsched.holds import decide
from ketsched.model import Anchor, BookingStatus, Companion, Decision, Visit, Waiver, Window
from ketsched.planning import plan
from ketsched.tracking import forecast, moving, proposals, record, replan
from ketsched.visitfile import load_visits
from making import BEFORE, OPEN, dates, day
from worked import again, coming, course_t, errors, induction, monthly, morning, planned, standing, visits

# -- esketamine


def esketamine(start="4 Jan"):
    return plan(
        ks.load_protocol("esk-trd"), start=day(start), calendar=OPEN, id="E-1", at=BEFORE, time=time(9)
    )


@pytest.mark.parametrize("start", ["4 Jan", "7 Jan"])
def test_the_schedule_of_the_label(start):
    course = esketamine(start)
    days = standing(course)
    week_5 = day(start) + timedelta(28)
    assert days[8:12] == [week_5 + timedelta(7 * n) for n in range(4)]
    assert days[12:15] == [week_5 + timedelta(28 + 14 * n) for n in range(3)]
    if start == "4 Jan":
        assert days[:8] == dates("4 7 11 14 18 21 25 28 Jan")
    found = check(course, calendar=OPEN)
    assert not [f for f in found if f.code[:3] in ("KS1", "KS2", "KS3") and f.severity is not Severity.INFO]
    assert all(course.ends(s) - course.infusion(s)[1] >= timedelta(minutes=120) for s in course.sessions)


@pytest.mark.parametrize(("first_weekly", "sound"), [("29 Jan", False), ("30 Jan", True), ("1 Feb", True)])
def test_the_first_weekly_session_comes_so_soon(first_weekly, sound):
    course = esketamine()
    near = attrs.evolve(
        course,
        sessions=tuple(
            attrs.evolve(s, day=day(first_weekly)) if s.id == "s9" else s for s in course.sessions
        ),
    )
    faults = [f for f in check(near) if f.code == "KS107"]
    assert bool(faults) is not sound


@pytest.mark.parametrize(("minutes", "sound"), [(119, False), (120, True), (121, True)])
def test_observation_of_two_hours(minutes, sound):
    course = esketamine()
    phases = tuple(
        attrs.evolve(p, anatomy=attrs.evolve(p.anatomy, observation=minutes)) for p in course.protocol.phases
    )
    other = attrs.evolve(course, protocol=attrs.evolve(course.protocol, phases=phases))
    assert bool([f for f in check(other) if f.code == "KS307"]) is not sound


@pytest.mark.parametrize("missed", range(1, 9))
def test_a_session_missed_in_weeks_1_to_4_is_not_made_up(missed):
    course = esketamine()
    days = standing(course)
    at = days[missed - 1]
    happened = [*map(Visit, days[: missed - 1]), Visit(at, "no-show")]
    result = replan(course, happened, calendar=OPEN, at=morning(at))
    assert standing(result) == [one for one in days if one != at]
    assert [s for s in result.sessions if s.day > at] == [s for s in course.sessions if s.day > at]


def test_a_weekly_session_missed_is_made_up_after_the_others():
    course = esketamine()
    days = standing(course)
    happened = [*map(Visit, days[:8]), Visit(days[8], "no-show")]
    result = replan(course, happened, calendar=OPEN, at=morning(days[8]))
    assert len(standing(result)) == len(days)
    assert [s.phase for s in result.standing()].count("weekly") == 4
    # 1 March becomes the fourth weekly one, a week before the next
    assert coming(result)[:6] == dates("8 15 22 Feb, 1 8 15 Mar")
    assert coming(result)[5:] == days[13:]
    assert not errors(result, "1 Feb")


@pytest.mark.parametrize(("worse", "proposed"), [(True, "step back"), (False, "")])
def test_a_weekly_session_missed_and_symptoms(worse, proposed):
    course = esketamine()
    days = standing(course)
    happened = [*map(Visit, days[:9]), Visit(days[9], "no-show", worse=worse)]
    found = forecast(course, happened, as_of=days[9], calendar=OPEN)
    assert found.proposes == proposed
    options = {o.name: o for o in proposals(course, happened, calendar=OPEN, at=morning(days[9]))}
    assert ("step back" in options) is worse
    # it is never done by itself
    result = replan(course, happened, calendar=OPEN, at=morning(days[9]))
    assert coming(result)[:3] == dates("15 22 Feb, 1 Mar")
    if worse:
        twice = coming(options["step back"].course)
        # twice a week again from the first pattern day after a day's notice
        assert twice[:8] == dates("11 15 18 22 25 Feb, 1 4 8 Mar")
        assert coming(options["continue"].course) == coming(result)


# -- exceptions


@pytest.mark.parametrize(
    ("sixth", "waived", "unused"),
    [("21 Jan", True, False), ("22 Jan", False, True), ("25 Jan", False, True)],
)
def test_a_minimum_that_a_clinician_waived(sixth, waived, unused):
    """Session 5 is on Wednesday the 20th: 1, 2 and 5 days before session 6."""
    course = course_t()
    moved = {"s5": day("20 Jan"), "s6": day(sixth)}
    bare = attrs.evolve(
        course,
        sessions=tuple(attrs.evolve(s, day=moved[s.id]) if s.id in moved else s for s in course.sessions),
    )
    waiver = Waiver(rule="KS101", sessions=("s5", "s6"), reason="a long journey", who="Dr A")
    found = check(attrs.evolve(bare, waivers=(waiver,)), calendar=OPEN)
    near = [f for f in found if f.code == "KS101"]
    assert [(f.severity, f.waived_by) for f in near] == ([(Severity.INFO, waiver)] if waived else [])
    assert bool([f for f in found if f.code == "KS602"]) is unused
    assert bool([f for f in check(bare, calendar=OPEN) if f.code == "KS101"]) is waived


def test_a_waived_exception_stands_when_planned_again():
    alone = moving(course_t(), "s5", day("20 Jan"), calendar=OPEN, at=morning(day("1 Jan"))).alone
    waiver = Waiver(rule="KS101", sessions=("s5", "s6"), reason="a long journey", who="Dr A")
    course = attrs.evolve(alone, waivers=(waiver,))
    result = again(course, visits("4 7 Jan"), "8 Jan")
    assert standing(result) == dates("4 7 11 14 20 21 Jan")


RESPONSE = Companion(
    id="response",
    kind="appointment",
    topic="review",
    title="Response",
    anchor=Anchor(edge="end", phase="induction"),
    window=Window(earliest=3, recommended=3, latest=6),
    minutes=20,
    place="telephone",
    gate=True,
)


def decided(what):
    course = planned(induction(), monthly(), companions=(RESPONSE,))
    (gate,) = course.companions
    outcome = Decision(what=what, on=day("25 Jan"), who="Dr A")
    happened = record(course, visits("4 7 11 14 18 21 Jan"), at=morning(day("21 Jan")))
    return decide(happened, gate.id, outcome, at=morning(day("25 Jan")))


def states(course, phase):
    return {session.status for session in course.sessions if session.phase == phase}


def test_boosters_wait_for_the_review():
    course = planned(induction(), monthly(), companions=(RESPONSE,))
    assert states(course, "boosters") == {BookingStatus.TENTATIVE}
    result = again(course, visits("4 7 11 14 18 21 Jan"), "22 Jan")
    assert states(result, "boosters") == {BookingStatus.TENTATIVE}
    found = forecast(course, visits("4 7 11 14 18 21 Jan"), as_of=day("22 Jan"), calendar=OPEN)
    assert found.sessions[0].recommended == day("18 Feb")
    assert all(due.holds_up for due in found.sessions)


def test_a_review_that_says_to_go_on():
    course = decided("continue")
    assert states(course, "boosters") == {BookingStatus.FIRM}
    result = again(course, [], "26 Jan")
    assert coming(result) == dates("18 Feb, 18 Mar, 15 Apr")
    assert states(result, "boosters") == {BookingStatus.FIRM}
    assert not any(due.holds_up for due in forecast(course, as_of=day("26 Jan")).sessions)


def test_a_review_that_says_to_stop():
    result = again(decided("stop"), [], "26 Jan")
    assert standing(result) == dates("4 7 11 14 18 21 Jan")
    assert states(result, "boosters") == {BookingStatus.CLOSED}
    found = check(result, calendar=OPEN, as_of=day("26 Jan"))
    assert not [f for f in found if f.code[:3] in ("KS2", "KS5") or f.severity is Severity.ERROR]
    assert not forecast(result, as_of=day("26 Jan"), calendar=OPEN).sessions
    assert again(result, [], "27 Jan") == result


# -- infusions elsewhere


@pytest.mark.parametrize(
    ("second", "earliest"), [("6 Jan", "8 Jan"), ("7 Jan", "9 Jan"), ("8 Jan", "10 Jan")]
)
def test_two_infusions_at_another_clinic(tmp_path, second, earliest):
    rows = tmp_path / "elsewhere.csv"
    rows.write_text(
        f"day,status,elsewhere\n2027-01-05,fulfilled,yes\n{day(second)},fulfilled,yes\n", encoding="utf-8"
    )
    happened = load_visits(rows).visits
    assert [visit.elsewhere for visit in happened] == [True, True]
    course = course_t()
    judged = evaluate(course, happened, as_of=day(second)).visits
    second_is = Verdict.GRACE if second == "6 Jan" else Verdict.VALID
    assert [(one.verdict, one.number) for one in judged] == [(Verdict.VALID, 1), (second_is, 2)]
    found = forecast(course, happened, as_of=day(second), calendar=OPEN)
    assert (found.sessions[0].number, found.sessions[0].earliest) == (3, day(earliest))
    assert min(found.bookable) >= day(earliest)
    result = again(course, happened, second)
    assert coming(result)[-4:] == dates("11 14 18 21 Jan")
    assert [result.number(s) for s in result.standing() if s.status is BookingStatus.FULFILLED] == [1, 2]
