"""An earlier state of a course made the newest one: what comes back, what is closed, what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime

import attrs
import pytest

import ketsched as ks
from ketsched import follow
from ketsched.errors import InvalidInput
from ketsched.hours import PatientHours
from ketsched.interchange import dumps, loads
from ketsched.model import Authorisation, Besides, Visit
from ketsched.model.revisions import Kept
from making import T, clinic

CLINIC = clinic("mon", "tue", "wed", "thu", "fri")
PLANNED = datetime(2026, 12, 1, 9, tzinfo=UTC)


def at(day, hour=12):
    return datetime(2027, 1, day, hour, tzinfo=UTC)


@pytest.fixture
def course():
    """4, 7, 11, 14, 18 and 21 January 2027: s1 to s6; the first was given."""
    planned = ks.plan(T, start=date(2027, 1, 4), calendar=CLINIC, id="A-017", at=PLANNED)
    return follow.record(planned, [Visit(date(2027, 1, 4))], at=at(4))


def standing(course):
    return {
        name: (booking.day, booking.time, booking.status)
        for name, booking in course.bookings().items()
        if booking.status.stands
    }


def besides(course):
    return {
        name: getattr(course, name) for name in ("visits", "holds", "protocol", "ended", "waivers", "patient")
    }


def refused(how):
    with pytest.raises(InvalidInput) as caught:
        how()
    return caught.value


def test_a_course_that_was_ended_by_mistake_goes_on(course):
    ended = ks.replan(course, calendar=CLINIC, at=at(5), end=True)
    assert ended.ended == date(2027, 1, 5)
    assert set(standing(ended)) == {"s1"}
    back = follow.undo(ended, at=at(5, 13))
    assert standing(back) == standing(course)
    assert besides(back) == besides(course)
    assert back.ended is None
    assert [session.sequence for session in back.sessions] == [
        1,
        2,
        2,
        2,
        2,
        2,
    ]  # planned, closed, open again
    assert (back.revisions[-1].kind, back.revisions[-1].what) == ("undone", "undone: revision 3")
    assert {change.kind for change in back.changes} == {"opened"}


def test_a_second_undo_takes_the_first_back_and_says_so(course):
    ended = ks.replan(course, calendar=CLINIC, at=at(5), end=True)
    again = follow.undo(follow.undo(ended, at=at(5, 13)), at=at(5, 14))
    assert (standing(again), besides(again)) == (standing(ended), besides(ended))
    assert again.revisions[-1].what == "undone: revision 4, itself an undo"
    assert len(again.revisions) == 5


def test_what_did_not_exist_then_is_closed_and_not_dropped(course):
    """Worked case: the 7th is missed and made up on the 25th; taken back, the 25th is closed, and can come again."""
    missed = [Visit(date(2027, 1, 7), "no-show")]
    made_up = ks.replan(course, missed, calendar=CLINIC, at=at(7), policy="keep")
    assert set(standing(made_up)) - set(standing(course)) == {"s7"}
    back = follow.undo(made_up, at=at(7, 13))
    assert standing(back) == standing(course)
    assert besides(back) == besides(course)
    (seventh,) = (session for session in back.sessions if session.id == "s7")
    assert (str(seventh.status), seventh.sequence) == ("closed", 1)
    anew = ks.replan(back, missed, calendar=CLINIC, at=at(7, 14), policy="keep")
    (again,) = (session for session in anew.sessions if session.day == seventh.day and session.status.stands)
    assert again.id != "s7" or again.sequence == 2


def test_holds_and_what_a_payer_said_are_as_they_were(course):
    held = follow.hold(course, reason="rash", who="Dr A", since=date(2027, 1, 5), at=at(5))
    paid = follow.authorise(held, Authorisation(sessions=3), at=at(6))
    lifted = follow.release(paid, "h1", who="Dr A", on=date(2027, 1, 6), at=at(6))
    to_hold = follow.undo(lifted, to=2, at=at(6, 14))
    assert to_hold.holds == held.holds
    assert to_hold.authorisations == ()
    assert standing(to_hold) == standing(held)
    assert to_hold.revisions[-1].what == "undone: revisions 4 to 5"
    assert follow.undo(lifted, at=at(6, 14)).holds == paid.holds
    assert follow.undo(to_hold, at=at(6, 15)).holds == lifted.holds


def test_an_entry_by_mistake_leaves_its_session_to_be_recorded(course):
    """Its day is past, and stays so: nobody is booked anew."""
    wrong = follow.record(course, [Visit(date(2027, 1, 7), "no-show")], at=at(8))
    back = follow.undo(wrong, at=at(9))
    assert (standing(back), back.visits) == (standing(course), course.visits)


def test_an_interval_and_a_number_of_sessions_are_taken_back(course):
    repeated = ks.replan(course, calendar=CLINIC, at=at(5), repeat=2)
    assert repeated.protocol.phases[0].count == 8
    back = follow.undo(repeated, at=at(5, 13))
    assert back.protocol == course.protocol
    assert standing(back) == standing(course)


def test_what_the_patient_cannot_is_as_it_was(course):
    known = ks.replan(course, calendar=CLINIC, at=at(5), availability=clinic("mon", "tue", "thu"))
    assert known.patient != PatientHours()
    assert follow.undo(known, at=at(5, 13)).patient == course.patient


def test_the_document_keeps_what_an_undo_needs(course):
    ended = ks.replan(course, calendar=CLINIC, at=at(5), end=True)
    read = loads(dumps(ended, "json"), "json")
    assert read == ended
    assert follow.undo(read, at=at(5, 13)) == follow.undo(ended, at=at(5, 13))


# What is refused.


def test_the_first_revision_cannot_be_undone(course):
    planned = ks.plan(T, start=date(2027, 1, 4), calendar=CLINIC, id="A-017", at=PLANNED)
    error = refused(lambda: follow.undo(planned, at=at(4)))
    assert error.what == "the first revision cannot be undone"
    assert standing(follow.undo(course, to=0, at=at(4))) == standing(planned)


@pytest.mark.parametrize("to", [-1, 1, 2, 99])
def test_there_is_no_undo_to_what_is_now_or_never_was(course, to):
    error = refused(lambda: follow.undo(course, to=to, at=at(5)))
    assert (error.what, error.argument) == (f"an undo to revision {to + 1}", "to")
    assert error.fix == "give one from 1 to 1"


@pytest.mark.parametrize(("today", "can"), [(7, True), (8, False)])
def test_nobody_is_booked_on_a_past_day(course, today, can):
    """The 7th was closed when the course was ended: it comes back on its day, and no more on the day after."""
    ended = ks.replan(course, calendar=CLINIC, at=at(5), end=True)
    if can:
        assert standing(follow.undo(ended, at=at(today))) == standing(course)
    else:
        error = refused(lambda: follow.undo(ended, at=at(today)))
        assert error.what == "s2 would be booked on 2027-01-07 again"
        assert error.why == "that day is past: today is 2027-01-08"


def test_an_hour_that_somebody_else_has_is_not_taken(course):
    moved = ks.replan(course, calendar=CLINIC, at=at(5), move={"s4": date(2027, 1, 15)})
    one_chair = attrs.evolve(CLINIC, chairs=1)
    other = ks.plan(
        T, start=date(2027, 1, 14), calendar=one_chair, id="A-018", at=at(5), time=course.sessions[3].time
    )
    assert other.sessions[0].time == course.sessions[3].time
    error = refused(lambda: follow.undo(moved, at=at(6), calendar=one_chair.booked(other)))
    assert error.what == "s4 cannot be on 2027-01-14 at 09:00 again"
    assert "taken" in error.why or "chair" in error.why
    two = attrs.evolve(CLINIC, chairs=2).booked(other)
    assert standing(follow.undo(moved, at=at(6), calendar=two)) == standing(course)


def test_a_day_that_was_closed_since_is_not_opened(course):
    moved = ks.replan(course, calendar=CLINIC, at=at(5), move={"s4": date(2027, 1, 15)})
    closed = CLINIC.without([date(2027, 1, 14)])
    assert "closed" in refused(lambda: follow.undo(moved, at=at(6), calendar=closed)).why
    # What stays where it is takes no new hour.
    assert follow.undo(moved, at=at(6), calendar=CLINIC.without([date(2027, 1, 18)]))


def test_what_an_earlier_version_did_not_keep_cannot_be_undone(course):
    held = follow.hold(course, reason="rash", who="Dr A", since=date(2027, 1, 5), at=at(5))
    old = attrs.evolve(held, revisions=tuple(attrs.evolve(r, besides=None) for r in held.revisions))
    error = refused(lambda: follow.undo(old, at=at(6)))
    assert error.what == "revision 3 cannot be undone"
    assert "earlier version" in error.why


def test_another_protocol_is_left_by_going_over_again(course):
    other = attrs.evolve(T, id="other", phases=(attrs.evolve(T.phases[0], name="second", count=3),))
    switched = ks.replan(course, calendar=CLINIC, at=at(5), switch=other)
    assert switched.segments
    error = refused(lambda: follow.undo(switched, at=at(6)))
    assert error.what == "an undo to revision 2, before another protocol"


@pytest.mark.parametrize(
    "wrong",
    [
        {"changed": (Kept(name="sessions"),)},
        {"changed": (Kept(name="visits"), Kept(name="visits"))},
        {"changed": (Kept(name="visits", first=-1),)},
        {"changed": (Kept(name="protocol"),)},
    ],
)
def test_what_a_revision_tells_of_makes_sense(wrong):
    assert refused(lambda: Besides(**wrong)).argument == "changed"
