"""Whose time is free: the patient's, on which trips, and that of whoever an appointment needs."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import attrs
import pytest

from ketsched.hours import Hours
from ketsched.model import Anchor, BookingStatus, Companion, Interval, Window
from ketsched.planning import NoFeasiblePlan, plan
from ketsched.planning.around import closed_because
from ketsched.planning.free import FreeTime
from making import JAN_4, MON_WED_FRI, OPEN, TWO_HOURS, clinic, phase, protocol


def review(earliest, recommended, latest, **given):
    """Return an appointment of 20 minutes at the clinic, counted from the first session."""
    fields: dict[str, Any] = {
        "id": "review",
        "kind": "appointment",
        "topic": "review",
        "title": "Review",
        "minutes": 20,
    } | given
    window = Window(earliest=earliest, recommended=recommended, latest=latest)
    return Companion(anchor=Anchor(session=1), window=window, **fields)


def planned(*companions, **options):
    """Six sessions of two hours at 09:00 from Monday 4 January 2027 on, and what goes around them."""
    six = phase(6, weekdays=MON_WED_FRI, anatomy=TWO_HOURS)
    return plan(protocol(six, companions=companions), start=JAN_4, calendar=OPEN, **options)


def test_what_the_clinic_does_by_itself_is_no_trip_and_takes_no_time_of_the_patient():
    course = planned(
        review(1, 1, 1, id="one", audience="clinic"),
        review(1, 3, 3, id="two", weekdays=(1, 3)),
        review(1, 1, 1, id="three", weekdays=(1,), calendar="nurse"),
        calendars={"nurse": clinic("tue", hours="09:00-09:30")},
    )
    # without a trip on Tuesday 5 the second is on its best day, Thursday 7
    assert [(p.companion, p.day.day, p.time) for p in course.companions] == [
        ("one", 5, time(9)),
        ("three", 5, time(9)),
        ("two", 7, time(9)),
    ]


def test_a_trip_is_one_until_all_that_is_booked_on_it_is_given_back():
    course = planned(review(1, 1, 1, id="one"), review(1, 1, 1))
    free = FreeTime(attrs.evolve(course, companions=()), Hours(OPEN))
    asked, tuesday = course.protocol.companion("one"), date(2027, 1, 5).toordinal()
    starts, trips = free.starts(asked, tuesday), set(free.trip_days)
    for placed in course.companions:
        free.book(placed, asked)
    assert set(free.trip_days) - trips == {tuesday}
    free.unbook(course.companions[0], asked)
    assert tuesday in free.trip_days
    free.unbook(course.companions[1], asked)
    assert (free.starts(asked, tuesday), set(free.trip_days)) == (starts, trips)


def test_one_is_free_again_from_the_minute_on_at_which_an_appointment_ends():
    # the patient has one hour after another, and the first of two therapists
    two = clinic("tue", hours="09:00-12:00", chairs=2)
    hour = [review(1, 1, 1, id=f"t{n}", minutes=60, calendar="therapist") for n in range(3)]
    course = planned(*hour, calendars={"therapist": two})
    assert [(p.time, p.unit) for p in course.companions] == [(time(9), 1), (time(10), 1), (time(11), 1)]


def test_of_two_who_are_free_the_first_is_taken():
    two = clinic(chairs=2)
    course = planned(review(1, 1, 6, calendar="therapist"), calendars={"therapist": two})
    assert {placed.unit for placed in course.companions} == {1}


def test_one_person_is_in_one_place_also_without_the_patient():
    meeting = {"audience": "clinic", "calendar": "team"}
    course = planned(
        *(review(1, 1, 1, id=name, **meeting) for name in ("one", "two")),
        calendars={"team": clinic("tue", hours="09:00-10:00", chairs=1)},
    )
    assert [p.time for p in course.companions] == [
        time(9),
        time(9, 30),
    ]  # 20 minutes, on the quarter of an hour


def test_why_there_is_no_day_names_each_thing_that_closes_one():
    # Saturday 9 and Sunday 10 January, and Monday 11, which is a session's day
    weekend = review(5, 5, 7, required=True, on_session_days="never")
    with pytest.raises(NoFeasiblePlan) as caught:
        planned(weekend)
    assert caught.value.causes == ("not among the hours of the clinic", "a session is on that day")
    assert caught.value.why.startswith("it must be on 2027-01-09 to 2027-01-11; ")
    with pytest.raises(NoFeasiblePlan) as caught:
        planned(attrs.evolve(weekend, count=2, every=(Interval(days=1),)))
    assert caught.value.why.startswith("2 of it must be on 2027-01-09 to 2027-01-11; ")


def test_only_what_was_closed_has_a_reason_for_that():
    before = planned(review(1, 1, 1, id="one"), review(1, 1, 1, id="two"))
    one, two = before.companions
    after = attrs.evolve(before, companions=(attrs.evolve(one, status=BookingStatus.CLOSED), two))
    assert closed_because(before, before) == {}
    assert closed_because(before, after).keys() == {one.id}
    assert closed_because(after, after) == {}
