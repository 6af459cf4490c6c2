"""The note beside a session names the real reason why it is not on its day, or not at its hour."""

from __future__ import annotations

from datetime import time

import attrs
import pytest

from ketsched.agenda import agenda
from ketsched.calendars import Calendar
from ketsched.chairs import Occupancy
from ketsched.clock import moment
from ketsched.hours import AWAY, Hours
from ketsched.model import Anchor, Companion, Course, Window
from ketsched.planning import plan
from ketsched.screens.notes import Notes
from making import ZONE, clinic, jan, protocol, twice_weekly

OPEN = clinic()
CANNOT_THURSDAYS = clinic("mon", "tue", "wed", "fri", hours="00:00-24:00", name="the patient")


def notes(hours: Hours, *, at: time | None = None) -> list[str]:
    """The notes of two sessions on Monday 4 and Thursday 7 January."""
    course: Course = plan(protocol(twice_weekly(2)), start=jan(4), **{**hours.keywords(), "time": at})
    told = Notes(course, attrs.evolve(hours, time=at))
    return ["; ".join(told.of_session(entry)) for entry in agenda(course).session_entries.values()]


def taken(day: int, start: int, end: int) -> Calendar:
    """The clinic with its only chair taken for some hours of a day of January."""
    begin, until = moment(jan(day), time(start), ZONE), moment(jan(day), time(end), ZONE)
    return attrs.evolve(OPEN, bookings=(Occupancy(begin, until, 1),))


@pytest.mark.parametrize(
    ("hours", "note"),
    [
        (Hours(OPEN), ""),
        (Hours(OPEN, availability=CANNOT_THURSDAYS), "patient away"),
        (Hours(OPEN, wishes=CANNOT_THURSDAYS), "the patient would rather not"),
        (Hours(taken(7, 9, 17)), "chairs full"),
        (Hours(OPEN.without([jan(7)], "staff meeting")), "staff meeting"),
        (Hours(clinic("mon", "tue", "wed", "fri")), "closed"),
    ],
)
def test_why_a_session_is_on_another_day(hours, note):
    first, second = notes(hours)
    assert first == ""
    assert second == (f"1 day early: {note}" if note else "")


@pytest.mark.parametrize(
    ("hours", "note"),
    [
        (Hours(OPEN), ""),
        (Hours(taken(7, 9, 11)), "11:00: chairs full at 10:00"),
        (Hours(OPEN.opening(jan(7), "12:00-17:00")), "12:00: clinic closed at 10:00"),
        (Hours(OPEN.opening(jan(7), "09:00-10:30, 12:00-17:00")), "09:30: clinic closed at 10:00"),
        (
            Hours(OPEN, availability=Calendar.always(ZONE).opening(jan(7), "12:00-17:00")),
            "12:00: patient away at 10:00",
        ),
        (
            Hours(OPEN, wishes=Calendar.always(ZONE).opening(jan(7), "12:00-17:00")),
            "12:00: the patient would rather not at 10:00",
        ),
    ],
)
def test_why_a_session_is_at_another_hour(hours, note):
    first, second = notes(hours, at=time(10))
    assert first == ""
    assert second == note


# -- appointments

REVIEW = Companion(
    id="review",
    kind="appointment",
    topic="review",
    title="Review",
    minutes=60,
    place="telephone",
    anchor=Anchor(session=1),
    window=Window(earliest=1, recommended=1, latest=2),
)
"""On Tuesday 5 January, the day after the first session, or on the Wednesday."""


def notes_of_review(hours: Hours, review: Companion = REVIEW) -> str:
    course = plan(protocol(twice_weekly(2), companions=(review,)), start=jan(4), **hours.keywords())
    (placed,) = course.companions
    return "; ".join(Notes(course, hours).of_appointment(placed))


LEAVE = clinic(name="therapist").without([jan(5)], "leave")


@pytest.mark.parametrize(
    ("hours", "review", "note"),
    [
        (Hours(OPEN), REVIEW, ""),
        (Hours(OPEN.without([jan(5)], "staff day")), REVIEW, "closed (staff day)"),
        (Hours(clinic("mon", "wed", "thu")), REVIEW, "not among the hours of the clinic"),
        (Hours(OPEN.opening(jan(5), "09:00-09:45")), REVIEW, "too short for 60 min: 09:00-09:45"),
        (
            Hours(OPEN, availability=Calendar.always(ZONE).without([jan(5)], AWAY)),
            REVIEW,
            "patient away",
        ),
        (
            Hours(OPEN, staff={"therapist": LEAVE}),
            attrs.evolve(REVIEW, calendar="therapist"),
            "closed for therapist (leave)",
        ),
        (
            Hours(OPEN, staff={"therapist": attrs.evolve(taken(5, 9, 17), name="therapist")}),
            attrs.evolve(REVIEW, calendar="therapist"),
            "therapist is booked by others then",
        ),
    ],
)
def test_why_an_appointment_is_on_another_day(hours, review, note):
    said = notes_of_review(hours, review)
    assert said == (f"1 day late: {note}" if note else "")


def test_an_appointment_may_be_on_the_day_of_a_session():
    """On the Thursday of the second session, at the clinic, rather than on the Tuesday: one trip less."""
    review = attrs.evolve(REVIEW, place="clinic", window=Window(earliest=1, recommended=1, latest=3))
    assert notes_of_review(Hours(OPEN), review) == "2 days late: the patient is there that day"
