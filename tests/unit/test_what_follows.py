"""What hangs on a session follows it: its tasks, the ride home, and what was decided about it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import attrs
import pytest

from ketsched.checking import Severity, check
from ketsched.holds import decide, done, ride, tentative_reasons
from ketsched.model import Anchor, BookingStatus, Companion, Course, Decision, Protocol, Window
from ketsched.planning import appointments, plan
from ketsched.tracking import moving, record, replan
from ketsched.words import sentences
from making import EVERY_DAY, clinic, jan, morning, named, protocol, twice_weekly, visits

RIDE = Companion(
    id="ride",
    kind="task",
    topic="ride",
    title="Confirm the ride home",
    audience="patient",
    anchor=Anchor(every=1),
    window=Window(earliest=-1, recommended=-1, latest=-1),
)
FORM = Companion(
    id="form",
    kind="task",
    topic="form",
    title="Form",
    audience="patient",
    anchor=Anchor(every=1),
    window=Window(latest=3),
)
SCREENING = Companion(
    id="screening",
    kind="appointment",
    topic="screening",
    title="Screening",
    minutes=60,
    anchor=Anchor(edge="start"),
    window=Window(earliest=-14, recommended=-7, latest=-3),
    gate=True,
)
WEEK = clinic(*EVERY_DAY)


def of(*companions: Companion) -> Protocol:
    """Six sessions on Mondays and Thursdays: 4, 7, 11, 14, 18, 21 January 2027."""
    return attrs.evolve(protocol(twice_weekly(6)), companions=companions)


def planned(*companions: Companion, start: int = 4) -> Course:
    return plan(of(*companions), start=jan(start), calendar=WEEK, at=datetime(2026, 12, 20, 9, tzinfo=UTC))


def due(course: Course, name: str) -> date:
    return next(placed.day for placed in course.companions if placed.id == name)


def moved_alone(course: Course, day: date, today: int) -> Course:
    alone = moving(course, "s3", day, calendar=WEEK, at=morning(today)).alone
    assert alone is not None
    return alone


def moved_with_others(course: Course, day: date, today: int) -> Course:
    return replan(course, calendar=WEEK, move={"s3": day}, at=morning(today))


# -- tasks


@pytest.mark.parametrize("move", [moved_alone, moved_with_others])
@pytest.mark.parametrize(
    ("today", "to", "expected"),
    [
        (5, 13, 12),  # later: the day before the new day
        (5, 9, 8),  # sooner
        (7, 9, 8),  # tomorrow
        (8, 9, 8),  # today
        (10, 12, 11),  # its own day is today, and it is not done: it goes along all the same
    ],
)
def test_a_task_moves_with_its_session(move, today, to, expected):
    assert due(move(planned(RIDE), jan(to), today), "ride:s3") == jan(expected)


@pytest.mark.parametrize("move", [moved_alone, moved_with_others])
def test_a_task_whose_own_day_has_passed_is_due_at_once(move):
    two_days_before = attrs.evolve(RIDE, window=Window(earliest=-2, recommended=-2, latest=-2))
    after = move(planned(two_days_before), jan(9), 8)
    assert due(after, "ride:s3") == jan(8)  # the 7th is over
    # The next day it is due since yesterday, and not today again.
    assert due(replan(after, calendar=WEEK, at=morning(9)), "ride:s3") == jan(8)


def test_a_task_that_is_overdue_stays_due_on_its_day():
    week_before = attrs.evolve(RIDE, window=Window(earliest=-7, recommended=-7, latest=-7))
    after = moved_with_others(planned(week_before), jan(12), 8)
    assert due(after, "ride:s3") == jan(4)  # the 5th is over as well


def test_a_session_that_is_added_at_short_notice_has_its_task_at_once():
    course = record(planned(RIDE), visits(4, 7), at=morning(8))
    after = replan(course, calendar=WEEK, add=[jan(9)], at=morning(8))
    (added,) = (session.id for session in after.sessions if session.day == jan(9))
    assert due(after, f"ride:{added}") == jan(8)


def test_what_was_done_stays_done_on_its_day():
    course = done(planned(FORM), "form:s3", at=datetime(2027, 1, 2, 9, tzinfo=UTC))
    after = moved_with_others(course, jan(12), 5)
    assert due(after, "form:s3") == jan(14)
    assert next(p.status for p in after.companions if p.id == "form:s3") == "fulfilled"


def test_moved_alone_appointments_stay_and_are_found():
    review = attrs.evolve(SCREENING, id="review", anchor=Anchor(session=3), window=Window(), gate=False)
    course = planned(review, RIDE)
    after = moved_alone(course, jan(12), 5)
    assert due(after, "review:session3") == jan(11)
    found = check(after, calendar=WEEK, as_of=jan(5))
    assert [f.code for f in found if f.companions == ("review:session3",)] == ["KS403"]


def test_nothing_remains_to_be_confirmed_for_a_session_that_is_over():
    course = record(planned(RIDE), visits(4), at=morning(4))
    course = record(course, visits(7, status="no-show"), at=morning(7))
    found = check(course, calendar=WEEK, as_of=jan(8))
    assert not [f for f in found if f.code == "KS424"]


# -- the ride home


@pytest.mark.parametrize("move", [moved_alone, moved_with_others])
@pytest.mark.parametrize("known", ["confirmed", "none", "self"])
def test_a_ride_is_unknown_on_another_day(move, known):
    course = ride(planned(RIDE), "s3", known, at=morning(5))
    after = move(course, jan(12), 6)
    assert named(after, "s3").ride == ""
    task = next(placed for placed in after.companions if placed.id == "ride:s3")
    assert (task.day, task.status) == (jan(11), BookingStatus.FIRM)
    assert named(after, "s4").ride == ""


def test_a_ride_of_a_session_that_stays_stays():
    course = ride(planned(RIDE), "s4", "confirmed", at=morning(5))
    after = moved_with_others(course, jan(12), 6)
    assert named(after, "s4").ride == "confirmed"
    assert next(p.status for p in after.companions if p.id == "ride:s4") == "fulfilled"
    assert not [said for said in after.revisions[-1].remarks if "ride" in said]


def test_a_ride_is_unknown_at_another_hour():
    course = ride(planned(RIDE), "s3", "confirmed", at=morning(5))
    late = clinic(*EVERY_DAY, hours="12:00-17:00")
    after = replan(course, calendar=late, at=morning(6))
    assert (named(after, "s3").day, named(after, "s3").time) == (jan(11), time(12))
    assert named(after, "s3").ride == ""
    assert "to be confirmed again: it was for Mon 2027-01-11 at 09:00" in "".join(after.revisions[-1].remarks)


def test_a_ride_task_that_was_done_by_itself_is_open_again():
    course = done(planned(RIDE), "ride:s3", at=morning(5))
    after = moved_with_others(course, jan(12), 6)
    assert next(p.status for p in after.companions if p.id == "ride:s3") == "firm"


def test_a_ride_home_that_was_taken_on_another_day_stays():
    course = ride(planned(RIDE), "s1", "confirmed", at=morning(3))
    after = record(course, [attrs.evolve(visits(5)[0], session="s1")], at=morning(5))
    assert (named(after, "s1").day, named(after, "s1").ride) == (jan(5), "confirmed")


def test_the_patient_is_told_that_the_ride_has_to_be_confirmed_again():
    course = ride(planned(RIDE), "s3", "confirmed", at=morning(5))
    rides = "Please tell the person taking you home about the change."
    assert rides in sentences(moved_with_others(course, jan(12), 6))
    assert rides in sentences(moved_with_others(planned(RIDE), jan(12), 6))  # a task asks who it is
    assert rides not in sentences(moved_with_others(planned(), jan(12), 6))


def test_a_ride_confirmed_again_is_known_again():
    course = ride(planned(RIDE), "s3", "confirmed", at=morning(5))
    after = ride(moved_with_others(course, jan(12), 6), "s3", "confirmed", at=morning(7))
    assert named(after, "s3").ride == "confirmed"
    assert replan(after, calendar=WEEK, at=morning(8)) == after


# -- what was decided about it


def screened(start: int, screening: int, decided: int) -> Course:
    """A course whose screening took place on a day of January and was decided on another."""
    course = planned(SCREENING, start=start)
    taken = tuple(attrs.evolve(placed, day=jan(screening)) for placed in course.companions)
    outcome = Decision(what="continue", on=jan(decided), who="Dr A")
    return decide(attrs.evolve(course, companions=taken), "screening:start", outcome, at=morning(4))


def starting(course: Course, start: int) -> Course:
    """The course with all its sessions moved, so that it starts on another day of January."""
    by = jan(start) - course.standing()[0].day
    sessions = tuple(attrs.evolve(session, day=session.day + by) for session in course.sessions)
    return appointments(attrs.evolve(course, sessions=sessions), calendar=WEEK, at=morning(5))


def is_waiting(course: Course) -> bool:
    unsure = {session.status for session in course.standing()} == {BookingStatus.TENTATIVE}
    assert unsure == bool(tentative_reasons(course))
    return unsure


# The screening is on Monday 4 January, 14 to 3 days before the start.
@pytest.mark.parametrize(("start", "waits"), [(18, False), (19, True), (7, False), (6, True)])
def test_sessions_wait_again_once_the_screening_is_outside_its_window(start, waits):
    course = screened(14, 4, 4)
    assert not is_waiting(course)
    after = starting(course, start)
    assert is_waiting(after) is waits
    found = [f for f in check(after, calendar=WEEK, as_of=jan(5)) if f.code in ("KS403", "KS417")]
    assert [(f.code, f.severity) for f in found] == ([("KS403", Severity.ERROR)] if waits else [])


def test_a_decision_within_the_window_holds_again():
    after = starting(screened(14, 4, 4), 19)
    late = Decision(what="continue", on=jan(17), who="Dr A")  # two days before: outside
    assert is_waiting(decide(after, "screening:start", late, at=morning(17)))
    again = attrs.evolve(late, on=jan(16))
    confirmed = decide(after, "screening:start", again, at=morning(16))
    assert not is_waiting(confirmed)
    assert not [f for f in check(confirmed, calendar=WEEK, as_of=jan(16)) if f.code == "KS403"]


def test_what_was_decided_holds_once_the_session_was_given():
    after = starting(screened(14, 4, 4), 19)
    given = record(after, visits(19), at=morning(19))
    assert not tentative_reasons(given)
    assert not [f for f in check(given, calendar=WEEK, as_of=jan(19)) if f.code == "KS403"]


def test_a_test_that_decides_nothing_is_found_and_holds_nothing_up():
    lab = attrs.evolve(SCREENING, id="lab", topic="laboratory", gate=False, required=False)
    course = done(planned(lab, start=14), "lab:start", at=morning(4))
    after = starting(course, 25)
    assert not is_waiting(after)
    found = [f for f in check(after, calendar=WEEK, as_of=jan(5)) if f.code == "KS403"]
    assert [(f.companions, f.severity) for f in found] == [(("lab:start",), Severity.WARNING)]
