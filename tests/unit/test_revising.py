"""The next revision of a course: what changed gets its number, and nothing else does."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import attrs
import pytest

from ketsched.errors import InvalidInput
from ketsched.model import (
    Anatomy,
    Anchor,
    Besides,
    BookingStatus,
    Changed,
    Companion,
    Course,
    Phase,
    PlacedCompanion,
    Protocol,
    Revision,
    Session,
    Window,
)
from ketsched.revising import consequences, days_moved_from, difference, revise

AT = datetime(2027, 1, 2, 9, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
PROTOCOL = Protocol(
    id="test",
    version="1",
    title="test",
    phases=(
        Phase(kind="induction", name="induction", count=2, weekdays=(0, 3), anatomy=Anatomy(infusion=40)),
    ),
    companions=(
        Companion(
            id="call",
            kind="appointment",
            topic="check-in",
            title="Call",
            minutes=15,
            place="telephone",
            anchor=Anchor(every=1),
            window=Window(earliest=1, recommended=1, latest=2),
        ),
    ),
)
COURSE = Course(
    protocol=PROTOCOL,
    zone="Europe/Amsterdam",
    revisions=(Revision(at=AT),),
    sessions=(
        Session(id="s1", phase="induction", day=date(2027, 1, 4), time=time(9)),
        Session(id="s2", phase="induction", day=date(2027, 1, 7), time=time(9)),
    ),
    companions=(
        PlacedCompanion(id="call:s1", companion="call", session="s1", day=date(2027, 1, 5), time=time(9)),
        PlacedCompanion(id="call:s2", companion="call", session="s2", day=date(2027, 1, 8), time=time(9)),
    ),
)


def session(**change):
    """The next revision, with the first session changed."""
    first, second = COURSE.sessions
    return revise(COURSE, at=LATER, what="changed", sessions=(attrs.evolve(first, **change), second))


def companion(**change):
    """The next revision, with the first call changed."""
    first, second = COURSE.companions
    return revise(COURSE, at=LATER, what="changed", companions=(attrs.evolve(first, **change), second))


@pytest.mark.parametrize(
    "change",
    [
        {"day": date(2027, 1, 5)},
        {"time": time(9, 15)},
        {"time": None},
        {"place": "home"},
        {"status": BookingStatus.TENTATIVE},
        {"status": BookingStatus.CLOSED},
    ],
)
def test_a_session_that_changed_gets_the_number(change):
    course = session(**change)
    first, second = course.sessions
    assert (first.revised, first.sequence) == ((0, 1), 1)
    assert second == COURSE.sessions[1]
    assert course.companions == COURSE.companions
    changed = Changed(booking="s1", before=COURSE.sessions[0])
    assert course.revisions == (
        Revision(at=AT),
        Revision(at=LATER, kind="replanned", what="changed", changes=(changed,), besides=Besides()),
    )


@pytest.mark.parametrize(
    "change",
    [{"day": date(2027, 1, 6)}, {"time": time(9, 15)}, {"status": BookingStatus.FULFILLED}],
)
def test_a_companion_that_changed_gets_the_number(change):
    course = companion(**change)
    first, second = course.companions
    assert (first.revised, first.sequence) == ((0, 1), 1)
    assert second == COURSE.companions[1]
    assert course.sessions == COURSE.sessions
    changed = Changed(booking="call:s1", before=COURSE.companions[0])
    assert course.revisions == (
        Revision(at=AT),
        Revision(at=LATER, kind="replanned", what="changed", changes=(changed,), besides=Besides()),
    )


@pytest.mark.parametrize(
    "change",
    [
        {"ride": "confirmed"},
        {"chair": 2},
        {"ideal": date(2027, 1, 4)},
        {"route": "nasal"},
        {"pinned": True},
        {"counts": False},
    ],
)
def test_what_no_calendar_shows_is_a_revision_of_the_course_and_of_no_session(change):
    course = session(**change)
    assert course.sessions[0] == attrs.evolve(COURSE.sessions[0], **change)
    assert course.sessions[0].revised == (0,)
    assert len(course.revisions) == 2
    assert [(change.booking, change.kind) for change in course.changes] == [("s1", "changed")]


def test_nothing_new_is_the_same_course():
    assert revise(COURSE, at=LATER, what="nothing") is COURSE
    assert session() is COURSE
    assert companion() is COURSE
    everything = {"sessions": COURSE.sessions, "companions": COURSE.companions}
    assert revise(COURSE, at=LATER, what="nothing", **everything) is COURSE


def test_the_order_in_which_bookings_come_does_not_matter():
    course = revise(COURSE, at=LATER, what="nothing", sessions=reversed(COURSE.sessions))
    assert course is COURSE
    swapped = session(day=date(2027, 1, 9))
    assert [s.id for s in swapped.sessions] == ["s2", "s1"]
    late = companion(day=date(2027, 1, 8), time=time(9, 15))
    assert [p.id for p in late.companions] == ["call:s2", "call:s1"]


def test_what_is_new_gets_the_number_as_its_first():
    added = Session(id="s3", phase="induction", day=date(2027, 1, 11), time=time(9))
    booked = PlacedCompanion(
        id="call:s3", companion="call", session="s3", day=date(2027, 1, 12), time=time(9)
    )
    course = revise(
        COURSE,
        at=LATER,
        what="added",
        sessions=(*COURSE.sessions, added),
        companions=(*COURSE.companions, booked),
    )
    assert (course.sessions[2].revised, course.sessions[2].sequence) == ((1,), 0)
    assert (course.companions[2].revised, course.companions[2].sequence) == ((1,), 0)
    assert course.sessions[:2] == COURSE.sessions


def test_each_revision_counts_on():
    once = session(day=date(2027, 1, 5))
    twice = revise(once, at=LATER, what="back", sessions=COURSE.sessions)
    assert twice.sessions[0].revised == (0, 1, 2)
    assert twice.sessions[0].day == date(2027, 1, 4)
    assert [revision.what for revision in twice.revisions] == ["planned", "changed", "back"]


def test_another_protocol_changes_what_takes_longer_or_is_elsewhere():
    phase = attrs.evolve(PROTOCOL.phases[0], anatomy=Anatomy(infusion=55))
    longer = attrs.evolve(PROTOCOL, phases=(phase,))
    course = revise(COURSE, at=LATER, what="longer", protocol=longer)
    assert [s.revised for s in course.sessions] == [(0, 1), (0, 1)]
    assert [p.revised for p in course.companions] == [(0,), (0,)]
    for change in ({"minutes": 20}, {"place": "clinic"}):
        call = attrs.evolve(PROTOCOL.companions[0], **change)
        other = revise(COURSE, at=LATER, what="call", protocol=attrs.evolve(PROTOCOL, companions=(call,)))
        assert [s.revised for s in other.sessions] == [(0,), (0,)]
        assert [p.revised for p in other.companions] == [(0, 1), (0, 1)]
    # the same sum of minutes, otherwise made up
    parts = attrs.evolve(PROTOCOL.phases[0], anatomy=Anatomy(infusion=30, observation=10))
    same = revise(COURSE, at=LATER, what="parts", protocol=attrs.evolve(PROTOCOL, phases=(parts,)))
    assert [s.revised for s in same.sessions] == [(0,), (0,)]
    assert len(same.revisions) == 2


@pytest.mark.parametrize("at", [AT - timedelta(seconds=1), None])
def test_a_revision_is_not_before_the_last_one(at):
    with pytest.raises(InvalidInput) as caught:
        revise(COURSE, at=at, what="changed", sessions=())
    assert caught.value.where == "at"
    assert caught.value.why
    assert caught.value.fix


def test_a_revision_can_be_at_the_moment_of_the_last_one():
    first, second = COURSE.sessions
    moved = (attrs.evolve(first, day=date(2027, 1, 5)), second)
    assert len(revise(COURSE, at=AT, what="changed", sessions=moved).revisions) == 2


def test_a_course_without_moments_goes_on_without():
    course = attrs.evolve(COURSE, revisions=(Revision(at=None),))
    first, second = course.sessions
    moved = (attrs.evolve(first, day=date(2027, 1, 5)), second)
    assert [r.at for r in revise(course, at=None, what="changed", sessions=moved).revisions] == [None, None]
    assert [r.at for r in revise(course, at=AT, what="changed", sessions=moved).revisions] == [None, AT]


# -- what a revision remembers


def moved_closed_and_added(**words):
    """The next revision: the first session and its call a day later, the second session closed, a third one new."""
    first, second = COURSE.sessions
    call, other = COURSE.companions
    third = Session(id="s3", phase="induction", day=date(2027, 1, 11), time=time(9))
    return revise(
        COURSE,
        at=LATER,
        what="replanned",
        sessions=(
            third,
            attrs.evolve(second, status=BookingStatus.CLOSED),
            attrs.evolve(first, day=date(2027, 1, 5)),
        ),
        companions=(attrs.evolve(call, day=date(2027, 1, 6)), other),
        **words,
    )


def test_a_revision_says_what_it_changed_in_order_of_time():
    course = moved_closed_and_added()
    assert course.revisions[0].changes == ()
    assert [(c.booking, c.before, c.after, c.kind) for c in course.changes] == [
        ("s1", COURSE.sessions[0], course.sessions[0], "moved"),
        ("call:s1", COURSE.companions[0], course.companions[0], "moved"),
        ("s2", COURSE.sessions[1], course.sessions[1], "closed"),
        ("s3", None, course.sessions[2], "added"),
    ]


def test_one_reason_for_all_or_one_for_each():
    course = moved_closed_and_added(why="leave of the doctor", who="Dr A", remarks=["the last day is later"])
    revision = course.revisions[1]
    assert (revision.why, revision.who) == ("leave of the doctor", "Dr A")
    assert revision.remarks == ("the last day is later",)
    assert {change.why for change in course.changes} == {""}
    reasons = {"s1": "closed day", "s3": "makes up for the second"}
    each = moved_closed_and_added(why=reasons)
    assert each.revisions[1].why == ""
    assert {c.booking: c.why for c in each.changes} == {"call:s1": "", "s2": "", **reasons}


def test_a_reason_for_what_did_not_change_is_not_kept():
    course = moved_closed_and_added(why={"call:s2": "x"})
    assert [c.booking for c in course.changes] == ["s1", "call:s1", "s2", "s3"]


def test_the_course_before_a_revision_is_the_course_as_it_was():
    once = moved_closed_and_added()
    assert once.at_revision(0) == COURSE
    assert once.at_revision(1) == once
    twice = revise(once, at=LATER, what="opened", sessions=COURSE.sessions + once.sessions[2:])
    assert [(c.booking, c.kind) for c in twice.changes] == [("s1", "moved"), ("s2", "opened")]
    assert twice.at_revision(1) == once
    assert twice.at_revision(0) == COURSE
    assert twice.changes_of(1) == once.changes


def test_a_revision_of_the_protocol_alone_changes_the_sessions_that_take_longer():
    phase = attrs.evolve(PROTOCOL.phases[0], anatomy=Anatomy(infusion=55))
    course = revise(COURSE, at=LATER, what="longer", protocol=attrs.evolve(PROTOCOL, phases=(phase,)))
    assert [(c.booking, c.kind) for c in course.changes] == [("s1", "changed"), ("s2", "changed")]
    assert course.at_revision(0).sessions == COURSE.sessions


def test_nothing_new_stays_the_same_course_whatever_was_said():
    assert revise(COURSE, at=LATER, what="x", why="y", who="Dr A", remarks=["z"]) is COURSE


# The difference of two


def test_the_difference_of_two_revisions_has_the_reason_given_last():
    first, second = COURSE.sessions
    there = attrs.evolve(first, day=date(2027, 1, 5))
    course = revise(COURSE, at=LATER, what="moved", sessions=(there, second), why={"s1": "first reason"})
    off = attrs.evolve(second, status=BookingStatus.CLOSED)
    again = attrs.evolve(course.sessions[0], day=date(2027, 1, 6))
    course = revise(course, at=LATER, what="moved", sessions=(again, off), why={"s1": "second reason"})
    found = [(c.booking, c.kind, c.before.day, c.after.day, c.why) for c in difference(course, 0, 2)]
    assert found == [
        ("s1", "moved", first.day, date(2027, 1, 6), "second reason"),
        ("s2", "closed", second.day, second.day, ""),
    ]
    assert [c.booking for c in difference(course, 1, 2)] == ["s1", "s2"]
    assert difference(course, 1, 1) == ()


def test_a_difference_leads_forward_from_one_that_is_there():
    with pytest.raises(InvalidInput, match="from revision 2 back to 1"):
        difference(revise(COURSE, at=LATER, what="moved", sessions=COURSE.sessions[:1]), 1, 0)
    with pytest.raises(InvalidInput, match="no revision 2"):
        difference(COURSE, 0, 1)


def test_what_a_change_meant_is_told_of_sessions_to_come():
    first, second = COURSE.sessions
    unsure = [attrs.evolve(s, status=BookingStatus.TENTATIVE) for s in (first, second)]
    call, other = COURSE.companions
    moved = attrs.evolve(call, day=date(2027, 1, 6))
    off = attrs.evolve(other, status=BookingStatus.CLOSED)
    new = attrs.evolve(call, id="call:again", day=date(2027, 1, 12))
    after = revise(COURSE, at=LATER, what="held", sessions=unsure, companions=(moved, off, new))
    found = consequences(COURSE, after, as_of=second.day)
    assert [session.id for session in found.unsure] == ["s2"]
    assert (found.firm, found.turned, found.confirms) == ((), 0, True)
    assert [[p.id for p in placed] for placed in (found.added, found.moved, found.closed)] == [
        ["call:again"],
        ["call:s1"],
        ["call:s2"],
    ]
    back = consequences(after, COURSE, as_of=first.day)
    assert [session.id for session in back.firm] == ["s1", "s2"]
    same = consequences(COURSE, COURSE, as_of=first.day)
    assert (same.unsure, same.added, same.confirms) == ((), (), False)


# Days that a patient was moved away from


def revised(*steps):
    """The course after steps that each change the second session, an hour apart."""
    course = COURSE
    for number, (how, change) in enumerate(steps, 1):
        second = attrs.evolve(next(s for s in course.sessions if s.id == "s2"), **change)
        others = [s for s in course.sessions if s.id != "s2"]
        at = AT + timedelta(hours=number)
        course = revise(course, at=at, kind=how, sessions=[*others, second])
    return course


def by_hand(day):
    return {"day": date(2027, 1, day), "pinned": True}


@pytest.mark.parametrize(
    ("steps", "days"),
    [
        ([], []),
        ([("moved", by_hand(9))], [7]),
        ([("replanned", by_hand(9))], [7]),
        ([("recorded and replanned", by_hand(9))], [7]),
        ([("replanned", {"day": date(2027, 1, 9)})], []),  # planning again moved it
        ([("moved", {"time": time(11), "pinned": True})], []),  # an hour of its own day
        ([("moved", by_hand(9)), ("moved", by_hand(12))], [7, 9]),
        ([("moved", by_hand(9)), ("moved", by_hand(7))], [9]),  # moved back
        ([("moved", by_hand(9)), ("released", {"day": date(2027, 1, 7), "pinned": False})], []),  # taken back
        ([("moved", by_hand(9)), ("replanned", {"day": date(2027, 1, 12), "pinned": False})], [7]),
        ([("moved", by_hand(9)), ("replanned", {"status": BookingStatus.CLOSED})], [7]),
        # given on another day than it was booked for, and that taken back: nobody moved a booking
        ([("recorded", by_hand(9) | {"status": BookingStatus.FULFILLED})], []),
        (
            [
                ("moved", by_hand(9)),
                ("recorded", {"day": date(2027, 1, 11), "status": BookingStatus.FULFILLED}),
                ("recorded", by_hand(9) | {"status": BookingStatus.FIRM}),
            ],
            [7],
        ),
    ],
)
def test_a_day_is_left_by_hand_until_a_session_is_put_on_it(steps, days):
    assert days_moved_from(revised(*steps)) == {date(2027, 1, day) for day in days}


def test_another_session_put_on_a_day_ends_that_it_was_left():
    left = revised(("moved", by_hand(9)))
    more = Session(id="s3", phase="induction", day=date(2027, 1, 7), pinned=True)
    again = revise(left, at=AT + timedelta(hours=2), sessions=[*left.sessions, more])
    assert days_moved_from(left) == {date(2027, 1, 7)}
    assert days_moved_from(again) == set()


def test_two_sessions_that_change_days_by_hand_leave_none():
    first, second = COURSE.sessions
    swapped = [attrs.evolve(first, **by_hand(7)), attrs.evolve(second, **by_hand(4))]
    assert days_moved_from(revise(COURSE, at=LATER, kind="moved", sessions=swapped)) == set()
