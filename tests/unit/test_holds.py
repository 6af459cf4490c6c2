"""Notices; holds, gates, authorisations, rides: what is to be confirmed, and which bookings a change touches."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import attrs
import pytest

from ketsched.anchors import notices
from ketsched.errors import InvalidInput
from ketsched.holds import authorise, decide, hold, release, ride, tentative_reasons
from ketsched.model import (
    Anatomy,
    Anchor,
    Authorisation,
    BookingStatus,
    Companion,
    Course,
    Decision,
    Hold,
    Interval,
    Phase,
    PlacedCompanion,
    Protocol,
    Revision,
    Session,
    Spacing,
    Window,
)
from ketsched.planning import NoFeasiblePlan, appointments, plan, starts
from making import OPEN, day

AT = datetime(2027, 1, 2, 9, tzinfo=UTC)
NEXT = AT + timedelta(hours=1)
JAN = {f"s{n}": date(2027, 1, day) for n, day in enumerate((4, 6, 8, 11, 13, 15), 1)}
"""Six sessions, Monday, Wednesday and Friday from 4 January 2027; boosters on 12 February and 12 March."""


def appointment(name, anchor, earliest=0, recommended=0, latest=0, **given):
    fields: dict[str, Any] = {"minutes": 20, "place": "telephone"} | given
    return Companion(
        id=name,
        kind="appointment",
        topic="review",
        title=name.capitalize(),
        anchor=anchor,
        window=Window(earliest=earliest, recommended=recommended, latest=latest),
        **fields,
    )


def notice(name, anchor):
    return Companion(id=name, kind="notice", topic="note", title=name, anchor=anchor)


SCREENING = appointment("screening", Anchor(edge="start"), -7, -4, -3, gate=True)
MIDWAY = appointment("midway", Anchor(session=3, phase="induction"), gate=True)
RESPONSE = appointment("response", Anchor(edge="end", phase="induction"), 3, 3, 6, gate=True)
CALL = appointment("call", Anchor(every=1), 1, 1, 4)
PHASES = (
    Phase(
        kind="induction",
        name="induction",
        count=6,
        weekdays=(0, 2, 4),
        anatomy=Anatomy(infusion=60),
        spacing=(Spacing(minimum=2),),
    ),
    Phase(
        kind="maintenance",
        name="boosters",
        count=2,
        every=(Interval(days=28),),
        anatomy=Anatomy(infusion=60),
    ),
)


def protocol(*companions):
    return Protocol(id="test", version="1", title="test", phases=PHASES, companions=companions)


def planned(*companions, **given):
    return plan(
        protocol(*companions), start=JAN["s1"], calendar=OPEN, at=AT, **{"as_of": date(2026, 12, 20), **given}
    )


def waiting(course):
    """Ids of the sessions that are to be confirmed."""
    found = [s.id for s in course.sessions if s.status is BookingStatus.TENTATIVE]
    assert found == list(tentative_reasons(course))
    return found


def record(course, status, *ids):
    """The course with some sessions recorded, by hand."""
    return attrs.evolve(
        course,
        sessions=tuple(attrs.evolve(s, status=status) if s.id in ids else s for s in course.sessions),
    )


def tentative(course):
    """Ids of the companions that are to be confirmed."""
    return [p.id for p in course.companions if p.status is BookingStatus.TENTATIVE]


def touched(course):
    """Ids of the bookings that the last revision changed."""
    number = len(course.revisions) - 1
    return [b.id for b in (*course.sessions, *course.companions) if number in b.revised]


ALL = [f"s{n}" for n in range(1, 9)]


# -- notices


def test_notices_hold_beside_the_sessions_that_their_anchors_name():
    course = planned(
        notice("water", Anchor(every=1, phase="boosters")),
        notice("first-time", Anchor(session=1)),
        notice("third", Anchor(every=3)),
        notice("last", Anchor(edge="end", phase="induction")),
        notice("day-9", Anchor(study_day=9)),  # Tuesday 12 January, after session 4
        notice("none", Anchor(session=9)),
        CALL,
    )
    assert {name: [n.id for n in found] for name, found in notices(course).items()} == {
        "s1": ["first-time"],
        "s3": ["third"],
        "s4": ["day-9"],
        "s6": ["third", "last"],
        "s7": ["water"],
        "s8": ["water"],
    }


def test_notices_count_sessions_that_stand():
    course = planned(notice("second", Anchor(session=2)), notice("all", Anchor(every=1)))
    missed = record(record(course, BookingStatus.FULFILLED, "s1"), BookingStatus.MISSED, "s2")
    found = notices(missed)
    assert "s2" not in found
    assert [n.id for n in found["s3"]] == ["second", "all"]
    assert [n.id for n in found["s1"]] == ["all"]


def test_a_notice_beside_a_companion_holds_for_the_session_that_it_goes_with():
    course = planned(CALL, notice("afterwards", Anchor(companion="call")))
    assert set(notices(course)) == {p.session for p in course.companions}


# -- holds


def test_a_hold_from_a_day_on():
    course = planned(CALL)
    held = hold(course, reason="blood pressure", who="Dr A", since=JAN["s4"], at=NEXT)
    assert waiting(held) == ["s4", "s5", "s6", "s7", "s8"]
    day_after = JAN["s4"] + timedelta(1)
    assert waiting(hold(course, reason="-", who="Dr A", since=day_after, at=NEXT)) == ["s5", "s6", "s7", "s8"]
    assert held.holds == (Hold(id="h1", reason="blood pressure", who="Dr A", since=JAN["s4"]),)
    (why,) = tentative_reasons(held)["s4"]
    assert "blood pressure" in why
    assert "Dr A" in why
    # what goes with them waits as they do; those before are not touched
    assert tentative(held) == ["call:s4", "call:s5", "call:s6", "call:s7", "call:s8"]
    assert touched(held) == [*waiting(held), *tentative(held)]
    assert {b.sequence for b in (*held.sessions, *held.companions) if b.id in touched(held)} == {1}


def test_a_hold_of_named_sessions_holds_these_alone_whatever_its_day():
    course = planned()
    held = hold(course, reason="-", who="Dr A", since=date(2027, 6, 1), sessions=("s2", "s5"), at=NEXT)
    assert waiting(held) == ["s2", "s5"]
    with pytest.raises(InvalidInput) as caught:
        hold(course, reason="-", who="Dr A", since=JAN["s1"], sessions=("s9",), at=NEXT)
    assert "s9" in caught.value.what


def test_a_hold_is_lifted_by_name_and_date():
    course = planned(CALL)
    held = hold(course, reason="-", who="Dr A", since=JAN["s4"], at=NEXT)
    free = release(held, "h1", who="Dr B", on=day("9 Jan"), at=NEXT)
    assert waiting(free) == []
    assert tentative(free) == []
    assert free.holds[0].lifted_by == "Dr B"
    assert free.holds[0].lifted_on == day("9 Jan")
    assert touched(free) == touched(held)
    assert [s.revised for s in free.sessions] == [(0,)] * 3 + [(0, 1, 2)] * 5
    assert len(free.revisions) == 3
    for name in ("h1", "h2"):
        with pytest.raises(InvalidInput):
            release(free, name, who="Dr B", on=day("9 Jan"), at=NEXT)


def test_of_two_holds_both_must_be_lifted():
    course = hold(planned(), reason="one", who="Dr A", since=JAN["s5"], at=NEXT)
    both = hold(course, reason="two", who="Dr A", since=JAN["s3"], sessions=("s3", "s5"), at=NEXT)
    assert [h.id for h in both.holds] == ["h1", "h2"]
    assert waiting(both) == ["s3", "s5", "s6", "s7", "s8"]
    assert len(tentative_reasons(both)["s5"]) == 2
    assert touched(both) == ["s3"]  # the others were to be confirmed already
    one = release(both, "h1", who="Dr A", on=JAN["s1"], at=NEXT)
    assert waiting(one) == ["s3", "s5"]
    assert waiting(release(one, "h2", who="Dr A", on=JAN["s1"], at=NEXT)) == []


def test_a_hold_holds_neither_what_was_given_nor_what_does_not_stand():
    course = record(record(planned(), BookingStatus.FULFILLED, "s1"), BookingStatus.CLOSED, "s2")
    held = hold(record(course, BookingStatus.MISSED, "s3"), reason="-", who="Dr A", since=JAN["s1"], at=NEXT)
    assert waiting(held) == ["s4", "s5", "s6", "s7", "s8"]
    assert [s.status for s in held.sessions[:3]] == [
        BookingStatus.FULFILLED,
        BookingStatus.CLOSED,
        BookingStatus.MISSED,
    ]


def test_what_was_to_be_confirmed_for_another_reason_stays_so():
    course = record(planned(), BookingStatus.TENTATIVE, "s5")
    held = hold(course, reason="-", who="Dr A", since=JAN["s1"], sessions=("s4",), at=NEXT)
    free = release(held, "h1", who="Dr A", on=JAN["s1"], at=NEXT)
    assert [s.id for s in free.sessions if s.status is BookingStatus.TENTATIVE] == ["s5"]


def test_a_plan_with_holds_is_to_be_confirmed_from_the_start():
    stops = (Hold(id="h1", reason="-", who="Dr A", since=JAN["s6"]),)
    course = planned(CALL, holds=stops)
    assert waiting(course) == ["s6", "s7", "s8"]
    assert tentative(course) == ["call:s6", "call:s7", "call:s8"]
    assert {b.revised for b in (*course.sessions, *course.companions)} == {(0,)}
    assert course.holds == stops


# -- gates


def test_a_screening_before_the_first_session_governs_all():
    course = planned(SCREENING, CALL)
    assert [p.day for p in course.companions if p.companion == "screening"] == [date(2026, 12, 31)]
    assert waiting(course) == ALL
    assert tentative(course) == [f"call:s{n}" for n in range(1, 9)]  # the gate itself is firm
    decided = decide(
        course, "screening:start", Decision(what="continue", on=day("1 Jan"), who="Dr A"), at=NEXT
    )
    assert waiting(decided) == []
    assert decided.companions[0].status is BookingStatus.FULFILLED
    assert decided.companions[0].outcome == Decision(what="continue", on=day("1 Jan"), who="Dr A")
    assert len(decided.revisions) == 2
    assert {b.sequence for b in (*decided.sessions, *decided.companions)} == {1}


def test_a_gate_on_the_day_of_its_session_governs_those_after_it():
    course = planned(MIDWAY, CALL)
    assert [p.day for p in course.companions if p.companion == "midway"] == [JAN["s3"]]
    assert waiting(course) == ["s4", "s5", "s6", "s7", "s8"]
    assert tentative(course) == [f"call:s{n}" for n in range(4, 9)]


def test_a_gate_the_day_before_its_session_governs_that_one_too():
    # Thursday 7 January, before session 3
    gate = appointment("gate", Anchor(session=3), -1, -1, -1, gate=True)
    assert waiting(planned(gate)) == ["s3", "s4", "s5", "s6", "s7", "s8"]


def test_a_gate_after_its_session_governs_those_after_it():
    # from 18 January on, after session 6; also if its day were after the booster it still goes with session 6
    course = planned(RESPONSE)
    assert [p.day for p in course.companions] == [day("18 Jan")]
    assert waiting(course) == ["s7", "s8"]
    late = appointment("late", Anchor(session=6), 31, 31, 31, gate=True)  # 15 February, after session 7
    assert waiting(planned(late)) == ["s7", "s8"]


def test_a_stop_leaves_them_to_be_confirmed_and_continue_frees_them():
    course = planned(MIDWAY)
    stopped = decide(course, "midway:session3", Decision(what="stop", on=JAN["s3"], who="Dr A"), at=NEXT)
    assert waiting(stopped) == ["s4", "s5", "s6", "s7", "s8"]
    assert touched(stopped) == ["midway:session3"]
    assert "stop" in tentative_reasons(stopped)["s4"][0]
    assert "Dr A" in tentative_reasons(stopped)["s4"][0]
    again = decide(stopped, "midway:session3", Decision(what="continue", on=JAN["s4"], who="Dr B"), at=NEXT)
    assert waiting(again) == []
    assert touched(again) == ["s4", "s5", "s6", "s7", "s8"]
    for step in ("step back", "step forward"):  # they go on, at another interval
        stepped = decide(stopped, "midway:session3", Decision(what=step, on=JAN["s4"], who="Dr B"), at=NEXT)
        assert [s.status for s in stepped.sessions] == [s.status for s in again.sessions]
    same = decide(again, "midway:session3", Decision(what="continue", on=JAN["s4"], who="Dr B"), at=NEXT)
    assert same is again


def test_several_gates_each_govern_what_comes_after():
    course = planned(SCREENING, MIDWAY, RESPONSE)
    go = Decision(what="continue", on=JAN["s1"], who="Dr A")
    assert waiting(course) == ALL
    one = decide(course, "screening:start", go, at=NEXT)
    assert waiting(one) == ["s4", "s5", "s6", "s7", "s8"]
    two = decide(one, "midway:session3", go, at=NEXT)
    assert waiting(two) == ["s7", "s8"]
    assert waiting(decide(two, "response:end", go, at=NEXT)) == []


def test_a_gate_that_does_not_stand_holds_nothing_up():
    course = planned(MIDWAY)
    closed = tuple(attrs.evolve(p, status=BookingStatus.CLOSED) for p in course.companions)
    assert tentative_reasons(attrs.evolve(course, companions=closed)) == {}


def test_only_a_gate_that_stands_can_decide():
    course = planned(MIDWAY, CALL)
    go = Decision(what="continue", on=JAN["s3"], who="Dr A")
    for name in ("call:s1", "midway", "s3"):
        with pytest.raises(InvalidInput) as caught:
            decide(course, name, go, at=NEXT)
        assert "midway:session3" in caught.value.why


def test_a_gate_that_is_placed_later_holds_up_what_comes_after():
    bare = planned()
    course = appointments(attrs.evolve(bare, protocol=protocol(MIDWAY)), calendar=OPEN, at=NEXT)
    assert waiting(course) == ["s4", "s5", "s6", "s7", "s8"]
    assert touched(course) == ["s4", "s5", "s6", "s7", "s8", "midway:session3"]


# -- authorisations


def paid(*authorisations, course=None):
    course = course or planned()
    for authorisation in authorisations:
        course = authorise(course, authorisation, at=NEXT)
    return waiting(course)


@pytest.mark.parametrize(
    ("authorisations", "unpaid"),
    [
        ((), []),
        ((Authorisation(sessions=8),), []),
        ((Authorisation(sessions=7),), ["s8"]),
        ((Authorisation(sessions=1),), ALL[1:]),
        # a phase that none covers is not judged
        ((Authorisation(sessions=6, scope="induction"),), []),
        ((Authorisation(sessions=5, scope="induction"),), ["s6"]),
        ((Authorisation(sessions=1, scope="boosters"),), ["s8"]),
        (
            (Authorisation(sessions=5, scope="induction"), Authorisation(sessions=1, scope="boosters")),
            ["s6", "s8"],
        ),
        # both ends are included
        ((Authorisation(sessions=8, first=JAN["s2"]),), ["s1"]),
        ((Authorisation(sessions=8, first=JAN["s2"] + timedelta(1)),), ["s1", "s2"]),
        ((Authorisation(sessions=8, until=JAN["s6"]),), ["s7", "s8"]),
        ((Authorisation(sessions=8, until=JAN["s6"] - timedelta(1)),), ["s6", "s7", "s8"]),
        # one that begins later counts from there
        ((Authorisation(sessions=2, first=JAN["s2"]),), ["s1", "s4", "s5", "s6", "s7", "s8"]),
        # several pay in their order: 2, then 3, then none
        ((Authorisation(sessions=2), Authorisation(sessions=3)), ["s6", "s7", "s8"]),
        ((Authorisation(sessions=2, until=JAN["s1"]), Authorisation(sessions=3)), ["s5", "s6", "s7", "s8"]),
        # the first that matches takes a session, also where a narrower one would do
        ((Authorisation(sessions=2), Authorisation(sessions=1, scope="induction")), ALL[3:]),
        ((Authorisation(sessions=1, scope="boosters"), Authorisation(sessions=6)), ["s8"]),
        ((Authorisation(sessions=6), Authorisation(sessions=1, scope="boosters")), ["s8"]),
        # the boosters are covered by the one for the whole course, which is used up
        ((Authorisation(sessions=6),), ["s7", "s8"]),
    ],
)
def test_sessions_that_no_authorisation_pays_for(authorisations, unpaid):
    assert paid(*authorisations) == unpaid


def test_the_reason_is_that_there_is_none():
    course = authorise(planned(CALL), Authorisation(sessions=7, name="Payer 4711"), at=NEXT)
    assert tentative_reasons(course) == {"s8": ("no authorisation",)}
    assert tentative(course) == ["call:s8"]
    assert touched(course) == ["s8", "call:s8"]
    more = authorise(course, Authorisation(sessions=1), at=NEXT)
    assert waiting(more) == []
    assert touched(more) == ["s8", "call:s8"]
    assert [a.sessions for a in more.authorisations] == [7, 1]


def test_what_was_given_uses_it_up_and_what_was_missed_does_not():
    course = record(planned(), BookingStatus.FULFILLED, "s1", "s2")
    assert paid(Authorisation(sessions=7), course=course) == ["s8"]
    assert paid(Authorisation(sessions=1), course=course) == ALL[2:]  # session 2 was given; it is not judged
    missed = record(course, BookingStatus.MISSED, "s3")
    assert paid(Authorisation(sessions=7), course=missed) == []
    assert paid(Authorisation(sessions=6), course=missed) == ["s8"]


def test_a_plan_within_authorisations_that_are_not_required_is_to_be_confirmed_beyond_them():
    course = planned(authorisations=(Authorisation(sessions=4, until=JAN["s3"]),))
    assert [s.day for s in course.sessions[:6]] == list(JAN.values())
    assert waiting(course) == ["s4", "s5", "s6", "s7", "s8"]


@pytest.mark.parametrize(
    ("until", "days"),
    [
        # four sessions are paid for until then: 4 6 8 11 January
        ("11 Jan", (4, 6, 8, 11, 13, 15)),
        ("12 Jan", (4, 6, 8, 11, 13, 15)),
    ],
)
def test_a_required_end_that_the_pattern_keeps_changes_nothing(until, days):
    pays = (Authorisation(sessions=4, until=day(until), required=True, scope="induction"),)
    course = planned(authorisations=pays)
    assert [s.day.day for s in course.sessions[:6]] == list(days)
    assert waiting(course) == ["s5", "s6"]


WEEKLY = attrs.evolve(PHASES[0], count=3, weekdays=(), every=(Interval(days=7),))


def weekly(*authorisations, calendar=OPEN):
    """Three sessions a week apart, 4 11 18 January; at least 2 days apart."""
    alone = Protocol(id="test", version="1", title="test", phases=(WEEKLY,))
    return plan(alone, start=JAN["s1"], calendar=calendar, authorisations=authorisations)


@pytest.mark.parametrize(
    ("authorisation", "expected"),
    [
        (Authorisation(sessions=3, until=day("18 Jan"), required=True), "4 11 18"),
        (Authorisation(sessions=3, until=day("17 Jan"), required=True), "4 11 15"),  # 16 and 17 are a weekend
        (Authorisation(sessions=3, until=day("15 Jan"), required=True), "4 11 15"),
        (Authorisation(sessions=3, until=day("14 Jan"), required=True), "4 11 14"),
        (Authorisation(sessions=3, until=day("12 Jan"), required=True), "4 8 12"),
        (Authorisation(sessions=3, until=day("8 Jan"), required=True), "4 6 8"),
        (Authorisation(sessions=2, until=day("8 Jan"), required=True), "4 8 18"),
        (Authorisation(sessions=1, until=day("4 Jan"), required=True), "4 11 18"),
        (Authorisation(sessions=3, until=day("17 Jan")), "4 11 18"),
        (Authorisation(sessions=3, first=day("4 Jan"), until=day("17 Jan"), required=True), "4 11 15"),
    ],
)
def test_a_required_end_bounds_the_sessions_that_it_pays_for(authorisation, expected):
    course = weekly(authorisation)
    assert [s.day.day for s in course.sessions] == [int(n) for n in expected.split()]


def test_a_required_end_that_cannot_be_kept_is_explained():
    pays = Authorisation(sessions=3, until=day("7 Jan"), required=True)
    with pytest.raises(NoFeasiblePlan) as caught:
        weekly(pays)
    assert any("2027-01-07" in cause for cause in caught.value.causes)
    with pytest.raises(InvalidInput) as start:
        weekly(Authorisation(sessions=3, until=day("3 Jan"), required=True))
    assert "2027-01-04" in start.value.what
    with pytest.raises(InvalidInput):
        weekly(Authorisation(sessions=3, first=day("5 Jan"), required=True))


def test_one_authorisation_after_another():
    first = Authorisation(sessions=1, until=day("8 Jan"), required=True)
    # the second pays for sessions 2 and 3, from the 13th on
    course = weekly(first, Authorisation(sessions=2, first=day("13 Jan"), required=True))
    assert [s.day.day for s in course.sessions] == [4, 13, 18]
    assert tentative_reasons(course) == {}
    same = weekly(first, Authorisation(sessions=2, first=day("11 Jan"), required=True))
    assert [s.day.day for s in same.sessions] == [4, 11, 18]


def test_a_scope_bounds_its_phase_alone():
    pays = (Authorisation(sessions=2, scope="boosters", until=day("10 Mar"), required=True),)
    course = planned(authorisations=pays)
    assert [s.day for s in course.sessions] == [*JAN.values(), day("12 Feb"), day("10 Mar")]
    assert waiting(course) == []


def test_starts_outside_a_required_authorisation_are_named_and_those_within_it_found():
    alone = Protocol(
        id="test", version="1", title="test", phases=(attrs.evolve(WEEKLY, weekdays=(0,), every=()),)
    )
    pays = (Authorisation(sessions=3, first=day("11 Jan"), until=day("30 Jan"), required=True),)
    tried = starts(alone, between=(day("4 Jan"), day("18 Jan")), calendar=OPEN, authorisations=pays)
    assert [(s.day, s.course is not None) for s in tried] == [
        (day("11 Jan"), True),
        (day("18 Jan"), True),
        (day("4 Jan"), False),
    ]
    # from the 18th: 18, 25 and then until Saturday 30, so Friday 29
    assert [s.day.day for s in tried[1].course.sessions] == [18, 25, 29]


# -- rides, and what every change has in common


def test_a_ride_is_a_revision_that_touches_no_calendar():
    course = planned(CALL)
    known = ride(course, "s2", "confirmed", at=NEXT)
    assert [s.ride for s in known.sessions[:3]] == ["", "confirmed", ""]
    assert {s.revised for s in known.sessions} == {(0,)}
    assert len(known.revisions) == 2
    assert ride(known, "s2", "confirmed", at=NEXT) is known
    assert ride(known, "s2", "", at=NEXT).sessions == course.sessions
    for wrong in ({"session_id": "s9", "known": "none"}, {"session_id": "s2", "known": "a taxi"}):
        with pytest.raises(InvalidInput):
            ride(course, **wrong, at=NEXT)


@pytest.mark.parametrize(
    "change",
    [
        lambda course, at: hold(course, reason="-", who="Dr A", since=JAN["s4"], at=at),
        lambda course, at: authorise(course, Authorisation(sessions=7), at=at),
        lambda course, at: decide(
            course, "midway:session3", Decision(what="continue", on=JAN["s3"], who="Dr A"), at=at
        ),
        lambda course, at: ride(course, "s2", "none", at=at),
    ],
)
def test_a_change_has_a_moment_after_the_last_one(change):
    course = planned(MIDWAY)
    assert change(course, NEXT).revisions[-1].at == NEXT
    for at in (AT - timedelta(seconds=1), None):
        with pytest.raises(InvalidInput):
            change(course, at)


def test_a_change_leaves_what_was_decided_elsewhere():
    course = hold(planned(SCREENING, CALL), reason="-", who="Dr A", since=JAN["s4"], at=NEXT)
    go = Decision(what="continue", on=day("1 Jan"), who="Dr A")
    decided = decide(course, "screening:start", go, at=NEXT)
    assert waiting(decided) == ["s4", "s5", "s6", "s7", "s8"]
    authorised = authorise(decided, Authorisation(sessions=2, scope="induction"), at=NEXT)
    assert waiting(authorised) == ["s3", "s4", "s5", "s6", "s7", "s8"]
    free = release(authorised, "h1", who="Dr A", on=day("9 Jan"), at=NEXT)
    assert waiting(free) == ["s3", "s4", "s5", "s6"]
    assert tentative(free) == ["call:s3", "call:s4", "call:s5", "call:s6"]
    assert len(free.revisions) == 5
    assert [r.at for r in free.revisions] == [AT, NEXT, NEXT, NEXT, NEXT]


def test_a_course_that_was_made_elsewhere_is_read_as_any_other():
    course = Course(
        protocol=protocol(MIDWAY),
        zone="Europe/Amsterdam",
        revisions=(Revision(at=AT),),
        sessions=(
            Session(id="a", phase="induction", day=day("4 Jan"), time=time(9)),
            Session(id="b", phase="induction", day=day("4 Jan"), time=time(14)),
            Session(id="c", phase="induction", day=day("6 Jan")),
        ),
        companions=(
            PlacedCompanion(id="x", companion="midway", day=day("4 Jan"), time=time(12), session="a"),
        ),
    )
    assert list(tentative_reasons(course)) == ["b", "c"]


def test_what_was_to_be_confirmed_before_a_hold_stays_so_once_it_is_lifted():
    course = record(planned(), BookingStatus.TENTATIVE, "s2", "s8")
    held = hold(course, reason="fever", who="Dr A", since=JAN["s1"], at=NEXT)
    assert held.holds[0].already == ("s2", "s8")
    free = release(held, "h1", who="Dr A", on=JAN["s1"], at=NEXT)
    assert [s.id for s in free.sessions if s.status is BookingStatus.TENTATIVE] == ["s2", "s8"]
