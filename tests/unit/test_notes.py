"""The note beside a session names the real reason why it is not on its day, or not at its hour."""

from __future__ import annotations

from datetime import time

import attrs
import pytest

from ketsched.calendars import Calendar
from ketsched.chairs import Occupancy
from ketsched.clock import moment
from ketsched.hours import Hours
from ketsched.model import Course
from ketsched.planning import plan
from ketsched.screens.courses import sessions_table
from making import ZONE, clinic, jan, protocol, twice_weekly

OPEN = clinic()
CANNOT_THURSDAYS = clinic("mon", "tue", "wed", "fri", hours="00:00-24:00", name="the patient")


def notes(hours: Hours, *, at: time | None = None) -> list[str]:
    """The notes of two sessions on Monday 4 and Thursday 7 January."""
    course: Course = plan(protocol(twice_weekly(2)), start=jan(4), **{**hours.keywords(), "time": at})
    return [str(row[-1]) for row in sessions_table(course, attrs.evolve(hours, time=at)).rows]


def taken(day: int, start: int, end: int) -> Calendar:
    """The clinic with its only chair taken for some hours of a day of January."""
    begin, until = moment(jan(day), time(start), ZONE), moment(jan(day), time(end), ZONE)
    return attrs.evolve(OPEN, bookings=(Occupancy(begin, until, 1),))


@pytest.mark.parametrize(
    ("hours", "note"),
    [
        (Hours(OPEN), ""),
        (Hours(OPEN, availability=CANNOT_THURSDAYS), "the patient cannot"),
        (Hours(OPEN, wishes=CANNOT_THURSDAYS), "the patient would rather not"),
        (Hours(taken(7, 9, 17)), "all chairs are taken"),
        (Hours(OPEN.without([jan(7)], "staff meeting")), "staff meeting"),
        (Hours(clinic("mon", "tue", "wed", "fri")), "not open"),
    ],
)
def test_why_a_session_is_on_another_day(hours, note):
    first, second = notes(hours)
    assert first == ""
    assert second == (f"1 day earlier than Thu 2027-01-07: {note}" if note else "")


@pytest.mark.parametrize(
    ("hours", "note"),
    [
        (Hours(OPEN), ""),
        (Hours(taken(7, 9, 11)), "all chairs are taken"),
        (Hours(OPEN.opening(jan(7), "12:00-17:00")), "outside the clinic's hours (12:00-17:00)"),
        (
            Hours(OPEN.opening(jan(7), "09:00-10:30, 12:00-17:00")),
            "it would last until 11:00, beyond the clinic's hours (09:00-10:30, 12:00-17:00)",
        ),
        (
            Hours(OPEN, availability=Calendar.always(ZONE).opening(jan(7), "12:00-17:00")),
            "the patient cannot",
        ),
        (
            Hours(OPEN, wishes=Calendar.always(ZONE).opening(jan(7), "12:00-17:00")),
            "the patient would rather not",
        ),
    ],
)
def test_why_a_session_is_at_another_hour(hours, note):
    first, second = notes(hours, at=time(10))
    assert first == ""
    assert second == (f"not at 10:00: {note}" if note else "")
