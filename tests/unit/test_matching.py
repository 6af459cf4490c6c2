"""Which booking a visit was: by its id, by its day, or the nearest; each booking once. Days were counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import attrs
import pytest

from ketsched.errors import InvalidInput
from ketsched.history import SessionState, evaluate, match, unrecorded
from ketsched.model import Anatomy, BookingStatus, Course, Phase, Protocol, Revision, Session, Spacing, Visit


def jan(day):
    return date(2027, 1, day)


def course(*days, status=BookingStatus.FIRM):
    """A course of sessions s1, s2, ... on days of January."""
    phase = Phase(
        kind="induction",
        name="induction",
        count=len(days),
        weekdays=(0, 3),
        anatomy=Anatomy(infusion=60),
        spacing=(Spacing(minimum=1),),
    )
    return Course(
        protocol=Protocol(id="test", version="1", title="test", phases=(phase,)),
        zone="UTC",
        sessions=tuple(
            Session(id=f"s{n}", phase="induction", day=jan(day), time=time(9), status=status)
            for n, day in enumerate(days, 1)
        ),
        revisions=(Revision(at=datetime(2026, 12, 1, tzinfo=UTC)),),
    )


T = course(4, 7, 11, 14, 18, 21)


def booked_as(visits, *, of=T, today=31):
    """The booking of each visit, in the order in which they were given."""
    found = {id(visit): session for visit, session in match(of, visits, as_of=jan(today))}
    return [found[id(visit)] for visit in visits]


def test_a_visit_on_a_booked_day_is_that_booking():
    assert booked_as([Visit(jan(7)), Visit(jan(4)), Visit(jan(21), "no-show")]) == ["s2", "s1", "s6"]


def test_a_visit_that_names_its_booking_is_that_one_wherever_it_lies():
    assert booked_as([Visit(jan(9), session="s5")]) == ["s5"]
    # and the booking of that day is free for another
    assert booked_as([Visit(jan(7), session="s1"), Visit(jan(7), note="second")]) == ["s1", "s2"]


def test_an_id_goes_before_a_day_and_a_day_before_the_nearest():
    # the 8th is nearest to s2, which the 7th has by its day
    assert booked_as([Visit(jan(8)), Visit(jan(7))]) == [None, "s2"]
    # the 7th is the day of s2, which the 8th has by name
    assert booked_as([Visit(jan(8), session="s2"), Visit(jan(7))]) == ["s2", None]


@pytest.mark.parametrize(
    ("day", "session"),
    [
        (5, "s1"),  # 1 d; its neighbour is 3 d away
        (6, "s2"),  # 1 d
        (8, "s2"),
        (9, None),  # 2 d from s2 and from s3, which have a neighbour 3 d away: more than half
        (10, "s3"),
        (12, "s3"),
        (13, "s4"),
        (16, None),
        (22, "s6"),
        (23, None),  # 2 d
        (3, "s1"),
        (2, None),
    ],
)
def test_what_was_given_on_another_day_is_the_nearest_within_half_a_gap(day, session):
    assert booked_as([Visit(jan(day))]) == [session]


@pytest.mark.parametrize(("gap", "away", "near"), [(4, 2, True), (5, 2, True), (4, 3, False), (3, 2, False)])
def test_half_the_gap_is_near_enough(gap, away, near):
    """Two bookings so far apart; the visit lies before the first."""
    two = course(10, 10 + gap)
    assert booked_as([Visit(jan(10 - away))], of=two) == ["s1" if near else None]


def test_the_only_booking_has_no_neighbour_and_any_day_is_near():
    assert booked_as([Visit(jan(25))], of=course(4)) == ["s1"]


def test_of_two_bookings_as_near_the_earlier_is_taken():
    two = course(10, 14)
    assert booked_as([Visit(jan(12))], of=two) == ["s1"]


def test_of_two_visits_as_near_the_earlier_has_the_booking():
    assert booked_as([Visit(jan(8)), Visit(jan(6))]) == [None, "s2"]


def test_the_nearer_of_two_visits_has_the_booking():
    wide = course(4, 14, 24)
    assert booked_as([Visit(jan(10)), Visit(jan(15))], of=wide) == [None, "s2"]
    assert booked_as([Visit(jan(13)), Visit(jan(18))], of=wide) == ["s2", None]


@pytest.mark.parametrize("status", ["no-show", "cancelled"])
def test_what_was_not_given_is_no_booking_of_another_day(status):
    assert booked_as([Visit(jan(8), status)]) == [None]
    assert booked_as([Visit(jan(7), status)]) == ["s2"]


def test_what_was_stopped_early_was_given():
    assert booked_as([Visit(jan(8), "stopped early")]) == ["s2"]


@pytest.mark.parametrize("today", [6, 7, 8])
def test_a_visit_after_today_is_matched_only_when_cancelled(today):
    came = today >= 7
    assert booked_as([Visit(jan(7))], today=today) == ["s2" if came else None]
    assert booked_as([Visit(jan(7), "cancelled")], today=today) == ["s2"]


def test_two_bookings_of_one_day():
    """Both are taken, each once."""
    two = attrs.evolve(
        T,
        sessions=(
            T.sessions[0],
            T.sessions[1],
            attrs.evolve(T.sessions[2], day=jan(7), time=time(15)),
            *T.sessions[3:],
        ),
    )
    found = booked_as([Visit(jan(7), at=time(9)), Visit(jan(7), at=time(15))], of=two)
    assert sorted(found) == ["s2", "s3"]


def test_a_booking_that_was_given_already_takes_no_second_visit():
    done = attrs.evolve(
        T,
        sessions=tuple(attrs.evolve(s, status=BookingStatus.FULFILLED) for s in T.sessions[:2])
        + T.sessions[2:],
    )
    assert booked_as([Visit(jan(8))], of=done) == [None]


def test_an_id_that_the_course_does_not_have():
    with pytest.raises(InvalidInput, match="no such session"):
        match(T, [Visit(jan(7), session="s99")], as_of=jan(31))


def test_two_different_visits_of_one_booking():
    with pytest.raises(InvalidInput, match="a session is one visit"):
        match(T, [Visit(jan(7), session="s2"), Visit(jan(8), session="s2")], as_of=jan(31))
    # the same twice is one
    assert booked_as([Visit(jan(7), session="s2"), Visit(jan(7), session="s2")]).count("s2") == 1


def test_entered_twice_on_another_day_takes_one_booking():
    close = course(4, 6, 8)
    history = evaluate(close, [Visit(jan(7)), Visit(jan(7))], as_of=jan(8))
    assert [one.session for one in history.visits] == ["s2", None]
    assert history.sessions[2].state is SessionState.DUE


def test_the_order_in_which_they_are_given_does_not_matter():
    visits = [Visit(jan(10)), Visit(jan(8)), Visit(jan(7)), Visit(jan(4), "no-show")]
    expected = dict(zip((v.day for v in visits), booked_as(visits), strict=True))
    assert dict(zip((v.day for v in visits[::-1]), booked_as(visits[::-1]), strict=True)) == expected
    assert expected == {jan(10): "s3", jan(8): None, jan(7): "s2", jan(4): "s1"}


@pytest.mark.parametrize(
    ("given", "new"),
    [
        ({}, False),
        ({"session": "s2"}, False),
        ({"session": "s3"}, True),
        ({"id": "v1"}, False),
        ({"id": "e7"}, True),
        ({"session": "s2", "id": "e7"}, True),
        ({"who": "Dr A"}, False),
        ({"who": "Dr B", "session": "s3"}, True),
    ],
)
def test_what_is_remembered_under_a_name_is_told_again_by_that_name_or_none(given, new):
    known = attrs.evolve(T, visits=(Visit(jan(7), session="s2", id="v1", who="Dr A"),))
    told = Visit(jan(7), **given)
    assert unrecorded(known, [told]) == ([told] if new else [])
