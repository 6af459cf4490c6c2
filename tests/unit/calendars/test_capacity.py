"""People and rooms have a capacity as chairs have, whoever asks and wherever others' bookings are kept."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import attrs
import pytest

from ketsched.calendars import Calendar, read_calendar
from ketsched.chairs import Occupancy
from ketsched.checking import check
from ketsched.errors import InvalidInput
from ketsched.hours import Hours
from ketsched.model import Anchor, Companion, Course, Window
from ketsched.planning import plan
from ketsched.tomlfile import parse
from ketsched.tracking import move
from making import clinic, jan, morning, protocol, twice_weekly

OPEN = clinic(chairs=3)
TALK = Companion(
    id="talk",
    kind="appointment",
    topic="review",
    title="Talk",
    minutes=60,
    place="telephone",
    anchor=Anchor(session=1),
    window=Window(earliest=1, recommended=1, latest=1),
)
"""On Tuesday 5 January, an hour by telephone."""


class Book:
    """A clinic's book: what others have taken, by date in UTC."""

    def __init__(self, *spans: tuple[datetime, datetime, int]) -> None:
        self.spans, self.asked = spans, list[date]()

    def taken_on(self, day: date) -> list[tuple[int, int, int]]:
        self.asked.append(day)
        return [
            (int(begin.timestamp()), int(end.timestamp()), number)
            for begin, end, number in self.spans
            if begin.date() <= day <= end.date()
        ]


def planned(calendar: Calendar, companion: Companion = TALK, **staff: Calendar) -> Course:
    return plan(
        protocol(twice_weekly(2), companions=(companion,)),
        start=jan(4),
        calendar=calendar,
        calendars=staff,
        at=datetime(2026, 12, 20, 9, tzinfo=UTC),
    )


def hours(courses: list[Course]) -> list[str]:
    return [f"{course.companions[0].time:%H:%M} {course.companions[0].unit}" for course in courses]


def cohort(calendar: Calendar, number: int, companion: Companion = TALK) -> list[Course]:
    """So many courses, each planned around those before it."""
    made: list[Course] = []
    for _ in range(number):
        made.append(planned(calendar, companion))
        calendar = calendar.booked(made[-1])
    return made


@pytest.mark.parametrize(
    ("clinicians", "expected"),
    [
        (1, ["09:00 1", "10:00 1", "11:00 1"]),
        (2, ["09:00 1", "09:00 2", "10:00 1"]),
        (3, ["09:00 1", "09:00 2", "09:00 3"]),
    ],
)
def test_as_many_patients_at_one_hour_as_there_are_clinicians(clinicians, expected):
    calendar = attrs.evolve(OPEN, clinicians=clinicians)
    assert hours(cohort(calendar, 3)) == expected


def test_an_appointment_names_whom_it_takes():
    (course,) = cohort(OPEN, 1)
    assert course.companions[0].who == "clinician"
    therapy = attrs.evolve(TALK, calendar="therapist")
    booked = planned(OPEN, therapy, therapist=clinic(name="the therapist", hours="13:00-17:00")).companions[0]
    assert (booked.who, booked.unit, booked.time) == ("therapist", 1, time(13))


def test_what_is_at_home_takes_nobody():
    home = attrs.evolve(TALK, place="home")
    assert hours(cohort(OPEN, 3, home)) == ["08:00 None"] * 3


def test_everybody_that_a_course_needs_is_booked():
    therapy = attrs.evolve(TALK, calendar="therapist")
    when = Hours(OPEN, staff={"therapist": clinic(name="the therapist")})
    made = []
    for _ in range(2):
        made.append(planned(when.calendar, therapy, **when.staff))
        when = when.booked(made[-1])
    assert hours(made) == ["09:00 1", "10:00 1"]


def test_clinicians_with_a_calendar_of_their_own():
    late = clinic(hours="14:00-17:00", name="the doctors")
    assert hours([planned(OPEN, TALK, clinician=late)]) == ["14:00 1"]


# -- what others have taken, looked up


def at(day: int, hour: int) -> datetime:
    """An hour by the clinic's clock, one ahead of UTC in January."""
    return datetime(2027, 1, day, hour - 1, tzinfo=UTC)


def test_an_occupancy_is_asked_for_the_days_that_matter():
    book = Book((at(4, 9), at(4, 12), 1), (at(4, 9), at(4, 10), 2))
    calendar = attrs.evolve(clinic(chairs=2), occupancy=book)
    assert calendar.starts(jan(4), 60)[0] == time(10)
    assert calendar.free_chair(at(4, 10), at(4, 11)) == 2
    assert set(book.asked) == {jan(4)}
    assert (calendar & clinic()).starts(jan(4), 60)[0] == time(10)


def test_an_occupancy_is_what_booking_the_same_would_be():
    spans = [(at(4, 9), at(4, 11), 1), (at(4, 13), at(4, 14), 1), (at(7, 9), at(7, 17), 1)]
    copied = attrs.evolve(clinic(), bookings=tuple(Occupancy(*span) for span in spans))
    looked_up = attrs.evolve(clinic(), occupancy=Book(*spans))
    for day in range(3, 12):
        assert looked_up.starts(jan(day), 60) == copied.starts(jan(day), 60)
    first, last = jan(1).toordinal(), jan(31).toordinal()
    assert looked_up.open_days(first, last, 60) == copied.open_days(first, last, 60)
    assert days_of(looked_up) == days_of(copied)


def days_of(calendar: Calendar) -> list[tuple[date, time | None]]:
    return [(session.day, session.time) for session in planned(calendar).sessions]


def test_the_checker_finds_a_clinician_with_two_patients():
    first, second = planned(OPEN), planned(OPEN)
    found = check(second, calendar=OPEN.booked(first), as_of=jan(1))
    taken = [finding for finding in found if finding.code == "KS405"]
    assert [finding.companions for finding in taken] == [("talk:session1",)]
    assert "Every clinician has another booking between 09:00 and 10:00." in taken[0].why
    two = attrs.evolve(OPEN, clinicians=2)
    assert not [f for f in check(second, calendar=two.booked(first), as_of=jan(1)) if f.code == "KS405"]


def test_the_checker_finds_a_chair_that_an_occupancy_has_taken():
    calendar = attrs.evolve(clinic(chairs=2), occupancy=Book((at(4, 9), at(4, 12), 1)))
    found = [f for f in check(planned(OPEN), calendar=calendar, as_of=jan(1)) if f.code == "KS304"]
    assert [finding.what for finding in found] == [
        "Chair 1 is taken for infusion 1 (Mon 2027-01-04), 09:00 to 10:00."
    ]


def test_an_appointment_is_moved_to_another_of_them():
    calendar = attrs.evolve(OPEN, clinicians=2)
    course = planned(calendar)
    after = move(course, "talk:session1", unit=2, calendar=calendar, at=morning(1))
    assert after.companions[0].unit == 2
    with pytest.raises(InvalidInput, match="cannot be moved"):
        move(course, "talk:session1", unit=3, calendar=calendar, at=morning(1))


# -- files


def read(text: str) -> Calendar:
    return read_calendar(
        parse(f'zone = "Europe/Amsterdam"\n{text}\n[hours]\nmon = "09:00-17:00"', "clinic.toml")
    )


def test_a_file_says_how_many_there_are():
    assert (read("").chairs, read("").clinicians) == (1, 1)
    assert (read("chairs = 3\nclinicians = 2").chairs, read("clinicians = 2").clinicians) == (3, 2)
    assert read("capacity = 2").chairs == 2


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("capacity = 0", "capacity"),
        ("clinicians = 0", "clinicians"),
        ("chairs = 1\ncapacity = 1", "capacity"),
    ],
)
def test_a_number_that_cannot_be_is_said_with_its_line(text, where):
    with pytest.raises(InvalidInput) as caught:
        read(text)
    assert "clinic.toml" in caught.value.where
    assert where in caught.value.where
