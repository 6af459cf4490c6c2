"""
Entries that are corrected or taken back: which session each is of, and what stands again.

Six infusions on 4, 7, 11, 14, 18 and 21 January 2027, Mondays and Thursdays; days were counted by hand.
"""

from __future__ import annotations

from datetime import time

import attrs
import pytest

import ketsched as ks
from ketsched.entries import with_session
from ketsched.errors import InvalidInput
from ketsched.history import evaluate
from ketsched.model import Visit
from ketsched.tracking import record
from making import OPEN_UTC, jan, morning, named, planned, twice_weekly

SIX = planned(twice_weekly(6))
CANCELLED = record(SIX, [Visit(jan(14), "cancelled", by="patient")], at=morning(8))


def statuses(course):
    return {session.id: str(session.status) for session in course.sessions}


def sessions_of(course):
    return {visit.id: visit.session for visit in course.visits}


def corrected(course, day, status, corrects, today=8, **more):
    return record(course, [Visit(jan(day), status, corrects=corrects, **more)], at=morning(today))


def test_the_course_is_the_one_that_is_counted_on():
    assert [s.day.day for s in SIX.sessions] == [4, 7, 11, 14, 18, 21]
    assert statuses(CANCELLED)["s4"] == "closed"


# Taken back before its day


@pytest.mark.parametrize("today", [8, 13, 14, 15])
def test_a_cancellation_is_taken_back_at_once_on_its_day_and_after_it(today):
    back = corrected(CANCELLED, 14, "withdrawn", "v1", today=today)
    assert statuses(back) == statuses(SIX)
    assert named(back, "s4").sequence == 2
    assert sessions_of(back) == {"v1": "s4", "v2": "s4"}
    assert [(c.booking, c.kind, c.why) for c in back.changes] == [
        ("s4", "opened", "the entry of 2027-01-14 was withdrawn")
    ]


def test_planning_again_takes_a_cancellation_back_and_makes_nothing_up():
    back = Visit(jan(14), "withdrawn", corrects="v1")
    again = ks.replan(CANCELLED, [back], calendar=OPEN_UTC, at=morning(8))
    assert statuses(again) == statuses(SIX)
    assert not [remark for remark in again.revisions[-1].remarks if "after today" in remark]
    assert ks.replan(again, [back], calendar=OPEN_UTC, at=morning(8)) == again


def test_a_make_up_is_closed_when_what_it_made_up_for_is_taken_back():
    given = record(CANCELLED, [Visit(jan(4)), Visit(jan(7))], at=morning(8))
    made_up = ks.replan(given, calendar=OPEN_UTC, at=morning(8))
    assert named(made_up, "s7").day == jan(25)
    back = ks.replan(corrected(made_up, 14, "withdrawn", "v1"), calendar=OPEN_UTC, at=morning(8))
    assert [s for s, status in statuses(back).items() if status == "closed"] == ["s7"]
    assert str(named(back, "s4").status) == "firm"


@pytest.mark.parametrize(("status", "today"), [("withdrawn", 8), ("fulfilled", 14)])
def test_what_was_skipped_is_none_the_fewer_once_it_stands_again(status, today):
    without = ks.replan(CANCELLED, calendar=OPEN_UTC, at=morning(8), policy="skip")
    assert without.skipped == ("s4",)
    back = corrected(without, 14, status, "v1", today=today)
    assert back.skipped == ()
    again = ks.replan(back, calendar=OPEN_UTC, at=morning(today))
    assert statuses(again) == statuses(SIX) | {"s4": "fulfilled" if status == "fulfilled" else "firm"}


def test_only_what_was_cancelled_or_taken_back_is_known_ahead():
    with pytest.raises(InvalidInput, match="2027-01-14 is in the future and cannot be recorded as missed"):
        corrected(CANCELLED, 14, "no-show", "v1", today=13)
    assert statuses(corrected(CANCELLED, 14, "no-show", "v1", today=14))["s4"] == "missed"


def test_a_session_that_was_closed_since_stays_closed():
    back = corrected(CANCELLED, 14, "withdrawn", "v1")
    ended = ks.replan(back, calendar=OPEN_UTC, at=morning(8), end=True)
    later = record(ended, [Visit(jan(7))], at=morning(9))
    assert statuses(later)["s4"] == "closed"


# Corrected to another day


@pytest.mark.parametrize("day", [11, 18, 21])
def test_a_correction_to_another_day_is_of_the_session_of_that_day(day):
    other = next(s.id for s in SIX.sessions if s.day == jan(day))
    now = corrected(CANCELLED, day, "cancelled", "v1", by="patient")
    assert statuses(now) == statuses(SIX) | {other: "closed"}
    assert sessions_of(now) == {"v1": "s4", "v2": other}
    assert {c.booking: c.why for c in now.changes} == {
        "s4": "the entry of 2027-01-14 was corrected",
        other: f"cancelled by the patient on {jan(day)}",
    }


def test_a_correction_of_a_correction_finds_its_session_anew():
    twice = corrected(corrected(CANCELLED, 18, "cancelled", "v1"), 14, "cancelled", "v2")
    assert statuses(twice) == statuses(CANCELLED)
    assert sessions_of(twice) == {"v1": "s4", "v2": "s5", "v3": "s4"}


def test_a_correction_of_the_same_day_keeps_its_session():
    """Given a day late in place of the fourth: no session is on that day, and the entry named which it was."""
    late = record(SIX, [Visit(jan(16), "fulfilled", session="s4")], at=morning(16))
    now = corrected(late, 16, "stopped early", "v1", today=16, counts=False)
    assert sessions_of(now) == {"v1": "s4", "v2": "s4"}
    assert named(now, "s4").day == jan(16)


def test_what_was_given_on_another_day_goes_back_before_it_is_looked_for():
    """Recorded on the 13th, it was the session of the 14th and moved there; it was given on the 14th after all."""
    early = record(SIX, [Visit(jan(13))], at=morning(14))
    assert named(early, "s4").day == jan(13)
    now = corrected(early, 14, "fulfilled", "v1", today=14)
    assert sessions_of(now) == {"v1": "s4", "v2": "s4"}
    assert named(now, "s4").day == jan(14)
    other = corrected(early, 11, "fulfilled", "v1", today=14)
    assert sessions_of(other) == {"v1": "s4", "v2": "s3"}
    assert (named(other, "s4").day, str(named(other, "s4").status)) == (jan(14), "firm")


def test_what_was_given_without_a_booking_keeps_its_session():
    far = record(SIX, [Visit(jan(-10))], at=morning(3))
    assert sessions_of(far) == {"v1": "x1"}
    moved = corrected(far, -9, "fulfilled", "v1", today=3)
    assert sessions_of(moved) == {"v1": "x1", "v2": "x1"}
    assert named(moved, "x1").day == jan(-9)
    booked = corrected(far, 4, "fulfilled", "v1", today=5)
    assert sessions_of(booked) == {"v1": "x1", "v2": "s1"}
    assert str(named(booked, "x1").status) == "closed"


def test_what_happened_says_the_same_whether_it_is_recorded_or_not():
    other = Visit(jan(18), "cancelled", corrects="v1")
    seen = evaluate(CANCELLED, [other], as_of=jan(8))
    kept = evaluate(record(CANCELLED, [other], at=morning(8)), as_of=jan(8))
    assert [(j.session.id, j.state) for j in seen.sessions] == [
        (j.session.id, j.state) for j in kept.sessions
    ]


def test_a_correction_without_a_session_on_its_day_is_a_slip_unless_something_was_given():
    for visit in (
        Visit(jan(18), "cancelled", corrects="v1"),
        Visit(jan(14), "no-show", corrects="v1"),
        Visit(jan(15), "withdrawn", corrects="v1"),
        Visit(jan(15), "fulfilled", corrects="v1"),
        Visit(jan(15), "cancelled", corrects="v1", session="s4"),
    ):
        assert with_session(CANCELLED, visit) is visit
    with pytest.raises(InvalidInput, match="There is no session '2027-01-15'"):
        with_session(CANCELLED, Visit(jan(15), "cancelled", corrects="v1"))
    early = record(SIX, [Visit(jan(13))], at=morning(14))  # the fourth, moved to the 13th
    kept = Visit(jan(14), "no-show", corrects="v1")
    assert with_session(early, kept) is kept


def test_an_entry_without_an_id_is_not_lost():
    bare = attrs.evolve(SIX, visits=(Visit(jan(4)), Visit(jan(7))))
    assert [v.day for v in record(bare, [Visit(jan(11))], at=morning(11)).visits] == [jan(4), jan(7), jan(11)]


# The same visit, with a better note


def test_a_better_note_is_the_same_treatment_in_every_verb():
    known = record(SIX, [Visit(jan(4)), Visit(jan(7))], at=morning(7))
    better = [Visit(jan(4)), Visit(jan(7), note="a little dizzy")]
    seen = evaluate(known, better, as_of=jan(7))
    assert [judged.verdict for judged in seen.given()] == ["valid", "valid"]
    assert seen.given()[1].visit.note == "a little dizzy"
    now = record(known, better, at=morning(8))
    assert [(v.id, v.note, v.corrects, v.session) for v in now.visits[2:]] == [
        ("v3", "a little dizzy", "v2", "s2")
    ]
    for again in (better, [Visit(jan(7))]):
        assert record(now, again, at=morning(9)) == now
        assert ks.replan(now, again, calendar=OPEN_UTC, at=morning(8)) == now


def test_what_a_visit_leaves_open_is_no_other_visit():
    told = Visit(jan(14), "cancelled", by="patient", note="called")
    known = record(SIX, [told], at=morning(8))
    assert record(known, [Visit(jan(14), "cancelled")], at=morning(9)) == known


@pytest.mark.parametrize(
    "second",
    [
        Visit(jan(7), at=time(15)),
        Visit(jan(7), note="again", at=time(15)),
        Visit(jan(7), route="nasal"),
        Visit(jan(7), elsewhere=True),
        Visit(jan(7), "no-show"),
        Visit(jan(7), note="again", session="s3"),
    ],
)
def test_what_says_something_else_is_an_entry_of_its_own(second):
    known = record(SIX, [Visit(jan(7))], at=morning(7))
    assert len(record(known, [Visit(jan(7)), second], at=morning(8)).visits) == 2
    assert not record(known, [second], at=morning(8)).visits[-1].corrects


def test_an_id_that_says_something_else_already_is_refused_with_the_way_to_correct_it():
    known = record(SIX, [Visit(jan(7), "no-show", id="A2")], at=morning(7))
    assert record(known, [Visit(jan(7), "no-show", id="A2")], at=morning(8)) == known
    with pytest.raises(InvalidInput, match="is already recorded as missed \\(A2\\)") as refused:
        record(known, [Visit(jan(7), "fulfilled", id="A2")], at=morning(8))
    assert refused.value.why == "an entry keeps what it says; another one corrects it"
    assert 'corrects="A2"' in refused.value.fix
    with pytest.raises(InvalidInput, match="is already recorded as missed"):
        ks.replan(known, [Visit(jan(11), id="A2")], calendar=OPEN_UTC, at=morning(11))
