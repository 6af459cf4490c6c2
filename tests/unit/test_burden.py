"""What a course asks of a patient, counted by hand."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import attrs
import pytest

from ketsched.burden import burden
from ketsched.model import Anchor, BookingStatus, Companion, Course, PlacedCompanion
from making import small_course

SATURDAY, MONDAY, TUESDAY = date(2027, 1, 9), date(2027, 1, 11), date(2027, 1, 12)


@pytest.mark.parametrize(
    ("course", "words"),
    [
        (small_course(MONDAY), ["1 trip", "1 h 15 min at the clinic", "1 ride home", "1 working day"]),
        (small_course(SATURDAY), ["1 trip", "1 h 15 min at the clinic", "1 ride home"]),
        (
            small_course(SATURDAY, MONDAY, driving=None),
            ["2 trips", "2 h 30 min at the clinic", "1 working day"],
        ),
        (
            small_course(MONDAY, place="home"),
            ["1 session at home"],
        ),
    ],
    ids=["one", "on a Saturday", "who may drive", "at home"],
)
def test_one_and_many_are_counted_in_words(course, words):
    assert list(burden(course).words()) == words


def beside(*bookings: tuple[Companion, PlacedCompanion], **how) -> Course:
    """One session on Monday 11 January from 09:00 to 10:15, the infusion until 09:55, and what is given."""
    course = small_course(MONDAY, **how)
    protocol = attrs.evolve(course.protocol, companions=tuple(companion for companion, _ in bookings))
    placed = sorted((placed for _, placed in bookings), key=lambda p: (p.day, p.time))
    return attrs.evolve(course, protocol=protocol, companions=tuple(placed))


def talk(
    name: str, day: date, clock: time, *, status: BookingStatus = BookingStatus.FIRM, **fields
) -> tuple[Companion, PlacedCompanion]:
    """An appointment of 30 minutes."""
    anchor = Anchor(edge="start")
    given: dict[str, Any] = {
        "kind": "appointment",
        "topic": "review",
        "title": name,
        "minutes": 30,
        "anchor": anchor,
    }
    placed = PlacedCompanion(
        id=f"{name}:s1", companion=name, day=day, time=clock, session="s1", status=status
    )
    return Companion(id=name, **given | fields), placed


@pytest.mark.parametrize(
    ("clock", "rides"), [(time(9, 54), 2), (time(9, 55), 1)], ids=["a minute before", "from then on"]
)
@pytest.mark.parametrize("place", ["clinic", "elsewhere"])
def test_an_appointment_before_driving_is_allowed_needs_a_ride(place, clock, rides):
    """24 hours from the end of Monday's infusion are over on Tuesday at 09:55."""
    assert burden(beside(talk("talk", TUESDAY, clock, place=place))).rides == rides


@pytest.mark.parametrize("rule", ["next day", None], ids=["the next day", "no rule"])
def test_after_a_nights_sleep_or_without_a_rule_the_next_day_needs_no_ride(rule):
    asked = burden(beside(talk("talk", TUESDAY, time(0, 5)), driving=rule))
    assert asked.rides == (rule is not None)


def test_a_trip_elsewhere_on_the_day_of_a_session_is_a_ride_of_its_own():
    """Before the session it is not: the patient may still drive."""
    after = burden(beside(talk("talk", MONDAY, time(14), place="elsewhere")))
    before = burden(beside(talk("talk", MONDAY, time(8), place="elsewhere")))
    assert (after.trips, after.rides, after.workdays) == (2, 2, 1)
    assert (before.trips, before.rides, before.workdays) == (2, 1, 1)


def test_after_a_session_at_home_a_trip_needs_a_ride():
    asked = burden(beside(talk("talk", MONDAY, time(14)), place="home"))
    assert (asked.trips, asked.rides, asked.home_sessions, asked.workdays) == (1, 1, 1, 1)


def test_each_kind_of_appointment_is_counted_where_it_is():
    """On Saturday at the clinic, on Monday twice there beside the session, and nowhere to go for the rest."""
    course = beside(
        talk("weekend", SATURDAY, time(9)),
        talk("before", MONDAY, time(8, 30)),
        talk("within", MONDAY, time(9, 15), on_session_days="during"),
        talk("team", MONDAY, time(12), audience="clinic"),
        talk("call", TUESDAY, time(15), place="telephone"),
        talk("writing", TUESDAY, time(16), place="home"),
        talk("other", TUESDAY, time(17), place="elsewhere"),
        talk("gone", date(2027, 1, 13), time(9), status=BookingStatus.CLOSED),
    )
    asked = burden(course)
    assert (asked.trips, asked.trips_saved, asked.workdays, asked.rides) == (3, 1, 2, 1)
    assert (asked.minutes, asked.minutes_elsewhere) == (75 + 30 + 30, 30)
    assert (asked.calls, asked.home_appointments, asked.tasks) == (1, 1, 0)
    assert (asked.first, asked.last) == (SATURDAY, TUESDAY)
    assert list(asked.words()) == [
        "3 trips (1 appointment shares one)",
        "2 h 15 min at the clinic",
        "30 min elsewhere",
        "1 ride home",
        "2 working days",
        "1 appointment at home",
        "1 call",
    ]


def test_a_course_without_sessions_asks_nothing():
    asked = burden(attrs.evolve(small_course(MONDAY), sessions=()))
    assert (asked.trips, asked.minutes, asked.first, asked.last) == (0, 0, None, None)
