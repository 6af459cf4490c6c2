"""A course remembers when its patient can, would rather, and is used to; every verb goes by it."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import attrs
import pytest

from ketsched.calendars import Calendar
from ketsched.errors import CannotRead, InvalidInput
from ketsched.follow import appointments, record, ways
from ketsched.hours import MOST_DAYS, PatientHours
from ketsched.interchange import dumps, json
from ketsched.model import Anchor, ClinicFiles, Companion, Session, Window
from ketsched.planning import plan
from ketsched.tracking import forecast, replan
from ketsched.tracking.moving import moving
from ketsched.words.wording import Publication
from making import (
    BEFORE,
    JAN_4,
    OPEN,
    ZONE,
    T,
    clinic,
    dates,
    days_of,
    jan,
    morning,
    patient,
    protocol,
    visits,
)

TUESDAY = 1
NOT_TUESDAYS = attrs.evolve(
    Calendar.always(ZONE),
    hours=tuple(() if n == TUESDAY else Calendar.always(ZONE).hours[n] for n in range(7)),
)
MONDAY_CLOSED = clinic(closed=[jan(11)])
SIX = dates("4 7 11 14 18 21 Jan")


def course_of(**given):
    """Six on Mondays and Thursdays from 4 January on."""
    return plan(T, start=JAN_4, calendar=OPEN, id="A-017", at=BEFORE, **given)


def again(course, calendar=OPEN, **given):
    return replan(course, calendar=calendar, at=morning(5), **given)


def read_again(course):
    return json.loads(json.dumps(course, Publication()).decode(), "course.json")


class TestWhatThePatientCannot:
    def test_holds_for_every_later_plan(self):
        """Monday 11 closes: the nearest day that keeps two days to the others is Tuesday 12."""
        assert jan(12) in days_of(again(course_of(), MONDAY_CLOSED))
        course = again(course_of(availability=NOT_TUESDAYS), MONDAY_CLOSED)
        assert jan(11) not in [s.day for s in course.standing()]
        assert all(session.day.weekday() != TUESDAY for session in course.standing())

    def test_holds_when_it_was_saved_and_read(self):
        course = read_again(course_of(availability=NOT_TUESDAYS))
        assert all(s.day.weekday() != TUESDAY for s in again(course, MONDAY_CLOSED).standing())

    def test_holds_for_the_days_that_can_be_booked(self):
        """The fourth is missed on the 14th; the next one is due on Monday 18, which is closed."""
        seen = visits(4, 7, 11) + visits(14, status="no-show")
        closed = clinic(closed=[jan(18)])

        def weekdays(course):
            found = forecast(course, seen, as_of=jan(15), calendar=closed)
            return {day.weekday() for day in found.bookable}

        assert TUESDAY in weekdays(course_of())
        assert TUESDAY not in weekdays(course_of(availability=NOT_TUESDAYS))

    def test_holds_for_a_move_by_hand_and_for_the_ways(self):
        course = course_of(availability=NOT_TUESDAYS)
        move = moving(course, "s3", jan(12), calendar=OPEN, as_of=jan(5))
        assert "2027-01-12" in move.breaks[0]
        assert move.alone is None
        tried = ways(course, visits(4, 7), calendar=MONDAY_CLOSED, at=morning(8))
        assert all(s.day.weekday() != TUESDAY for way in tried if way.course for s in way.course.standing())

    def test_gives_way_to_what_is_given_and_that_is_remembered(self):
        course = course_of(availability=NOT_TUESDAYS)
        now = again(course, MONDAY_CLOSED, availability=Calendar.always(ZONE))
        assert jan(12) in days_of(now)
        assert now.patient.availability is None
        assert again(now, MONDAY_CLOSED) is now

    def test_given_to_a_forecast_is_for_this_once(self):
        """Of a week's days, the patient can on none."""
        away = patient(*(jan(day) for day in range(18, 25)))
        course = course_of()
        seen = visits(4, 7, 11, 14)
        found = forecast(course, seen, as_of=jan(15), calendar=OPEN, availability=away)
        assert jan(18) not in found.bookable
        assert jan(18) in forecast(course, seen, as_of=jan(15), calendar=OPEN).bookable


class TestDaysAway:
    def test_are_remembered_even_if_nothing_moves(self):
        course = course_of()
        now = again(course, away=[jan(12), jan(13)])
        assert now.sessions == course.sessions
        assert now.patient.away == (jan(12), jan(13))
        assert len(now.revisions) == 2
        assert jan(12) not in days_of(again(now, MONDAY_CLOSED))

    def test_are_added_to_what_is_known(self):
        course = again(course_of(availability=NOT_TUESDAYS), away=[jan(13)])
        course = again(course, away=[jan(11), jan(13)])
        assert course.patient.away == (jan(11), jan(13))
        assert course.patient.availability == NOT_TUESDAYS
        assert not {jan(11), jan(12), jan(13)} & {s.day for s in course.standing()}

    def test_begin_anew_with_an_availability(self):
        course = again(course_of(), away=[jan(13)])
        assert again(course, availability=NOT_TUESDAYS).patient.away == ()

    def test_are_those_of_the_clinic_wherever_the_patient_counts_from(self):
        """It is the 11th in Amsterdam from 15:00 of the 10th on in Apia's clocks; the whole day is gone."""
        known = PatientHours(availability=Calendar.always("Pacific/Apia"), away=[jan(11)])
        can = known.can(ZONE)
        assert [bool(can.ranges(jan(day))) for day in (10, 11, 12)] == [True, False, True]

    def test_no_day_twice_and_in_order(self):
        assert PatientHours(away=[jan(9), jan(4), jan(9)]).away == (jan(4), jan(9))


class TestTheTime:
    def test_new_sessions_and_appointments_come_near_it(self):
        """The review is a day of its own, so no session says when it is."""
        review = Companion(
            id="review",
            kind="appointment",
            topic="review",
            title="Review",
            anchor=Anchor(edge="end"),
            window=Window(earliest=5, recommended=5, latest=9),
            minutes=30,
        )
        course = plan(
            protocol(*T.phases), start=JAN_4, calendar=OPEN, id="A-017", at=BEFORE, time=time(10, 30)
        )
        asked = attrs.evolve(course, protocol=protocol(*T.phases, companions=(review,)))
        course = replan(asked, visits(7, status="no-show"), calendar=OPEN, at=morning(8))
        assert [s.time for s in course.standing()] == [time(10, 30)] * 6
        assert [placed.time for placed in course.companions] == [time(10, 30)]
        bare = attrs.evolve(asked, patient=PatientHours())
        assert appointments(bare, calendar=OPEN, at=morning(9)).companions[0].time == time(9)

    def test_another_is_remembered_in_its_place(self):
        course = course_of(time=time(10))
        now = again(course, time=time(15))
        assert now.patient.time == time(15)
        assert now.sessions == course.sessions


class TestWhoseHoursAreNeeded:
    therapy = Companion(
        id="therapy",
        kind="appointment",
        topic="psychotherapy",
        title="Therapy",
        anchor=Anchor(session=2),
        window=Window(earliest=1, recommended=1, latest=3),
        calendar="therapist",
        minutes=50,
    )
    therapist = clinic("fri", hours="13:00-16:00", name="therapist")

    def course(self, **given):
        return plan(
            protocol(*T.phases, companions=(self.therapy,)), start=JAN_4, calendar=OPEN, at=BEFORE, **given
        )

    def test_is_remembered_and_asked_for(self):
        course = self.course(calendars={"therapist": self.therapist})
        assert course.files == ClinicFiles(staff=(("therapist", ""),))
        given: dict[str, Any] = {"calendar": OPEN, "at": morning(5)}
        for verb in (replan, ways, appointments):
            with pytest.raises(InvalidInput, match="the calendar of therapist is missing"):
                verb(course, **given)
        assert again(course, calendars={"therapist": self.therapist}) is course

    def test_is_nobody_if_none_was_given(self):
        course = self.course()
        assert again(course) is course
        now = again(course, calendars={"therapist": self.therapist})
        assert now.files.staff == (("therapist", ""),)

    def test_is_not_asked_where_nothing_is_placed(self):
        course = self.course(calendars={"therapist": self.therapist})
        assert record(course, visits(4), at=morning(5)).files == course.files
        assert forecast(course, as_of=jan(5), calendar=OPEN).next is not None


def test_what_others_have_booked_of_a_calendar_is_not_the_patients():
    taken = attrs.evolve(OPEN, chairs=1).booked(course_of())
    known = PatientHours(availability=taken & taken, wishes=taken)
    assert [part.bookings for part in known.availability.parts()] == [(), ()]
    assert known.wishes.chairs is None


def test_a_calendar_of_more_days_than_a_course_has_is_refused():
    days = [date.fromordinal(JAN_4.toordinal() + n) for n in range(MOST_DAYS + 1)]
    assert len(PatientHours(away=days[1:]).away) == MOST_DAYS
    assert PatientHours(availability=patient(*days[1:])).availability is not None
    for given in ({"away": days}, {"availability": patient(*days)}, {"wishes": patient(*days)}):
        with pytest.raises(InvalidInput, match="too large to remember"):
            PatientHours(**given)


class TestInADocument:
    known = PatientHours(
        availability=NOT_TUESDAYS.without([jan(4), jan(5), jan(7)], "the patient cannot").opening(
            jan(8), "09:00-12:00, 13:00-17:00"
        )
        & Calendar.always("Asia/Tokyo").with_holidays("JP").without_every("FREQ=MONTHLY;BYDAY=1MO", JAN_4),
        away=[jan(12), jan(13), jan(20)],
        wishes=clinic(hours="13:00-24:00"),
        time=time(10),
    )
    files = ClinicFiles(clinic="clinic.toml", staff=(("therapist", "t.toml"), ("doctor", "")), courses=".")

    def text(self, **given):
        course = attrs.evolve(course_of(), key="k1", patient=self.known, files=self.files)
        return json.dumps(attrs.evolve(course, **given), Publication()).decode()

    def test_it_reads_back_as_it_was(self):
        course = attrs.evolve(course_of(), key="k1", patient=self.known, files=self.files)
        assert read_again(course) == course
        assert '"first": "2027-01-12",\n        "last": "2027-01-13"' in self.text()
        assert '"tue"' not in self.text().partition("Asia/Tokyo")[0]

    def test_nothing_known_is_absent(self):
        text = self.text(key="", patient=PatientHours(), files=ClinicFiles())
        assert not [name for name in ("key", "patient", "files") if f'\n  "{name}"' in text]

    @pytest.mark.parametrize(
        ("old", "new", "what", "where"),
        [
            ('"09:00-12:00, 13:00-17:00"', '"9:00-12:00"', "hours in another form", "patient.availability"),
            ('"13:00-24:00"', '"13:00-25:00"', "are not within one day", "patient.wishes"),
            ('"last": "2027-01-05"', '"last": "2027-01-03"', "days from", "availability[0].closures[0].last"),
            (
                '"last": "2027-01-13"',
                '"last": "2097-01-13"',
                "days from 2027-01-12 to",
                "patient.away[0].last",
            ),
            ('"Asia/Tokyo"', '"Asia/Tokio"', "There is no time zone", "patient.availability"),
            ('"JP"', '"XX"', "no holidays are known", "availability[1].holidays[0]"),
            ('"time": "10:00"', '"time": "10"', "'10' is not a time of day", "patient.time"),
            ('"clinic": "clinic.toml"', '"clinic": "../x.toml"', "a path", "files.clinic"),
            ('"clinic": "clinic.toml"', '"clinic": ".."', "a path", "files.clinic"),
            ('"clinic": "clinic.toml"', '"clinic": "C:x"', "a path", "files.clinic"),
            ('"courses": "."', '"courses": "/srv"', "a path", "files.courses"),
            ('"therapist": "t.toml"', '"therapist": 1', "this is a whole number", "files.staff"),
            ('"therapist": "t.toml"', '"": "t.toml"', "somebody named twice, or not at all", "files.staff"),
            ('"key": "k1"', '"key": "k 1"', "This key cannot be used", "key"),
        ],
    )
    def test_what_cannot_be_is_refused_with_its_place(self, old, new, what, where):
        text = self.text()
        assert text.count(old) >= 1
        with pytest.raises(CannotRead) as caught:
            json.loads(text.replace(old, new, 1), "course.json")
        assert what in caught.value.what
        assert where in caught.value.where

    def test_many_stretches_cannot_make_it_large(self):
        stretch = {"first": "2027-01-01", "last": "2040-12-31"}
        given = json.document(course_of()) | {"patient": {"away": [stretch] * 1000}}
        with pytest.raises(CannotRead, match="too many days"):
            json.from_values(given)


class TestKey:
    def uids(self, course):
        lines = dumps(course, "ics").decode().splitlines()
        return {line for line in lines if line.startswith("UID:")}

    def test_none_is_as_it_always_was(self):
        assert course_of().key == ""
        assert self.uids(course_of()) == self.uids(course_of(key=None))

    def test_goes_into_every_identity(self):
        plain, one, other = course_of(), course_of(key="k1"), course_of(key="k2")
        assert len(self.uids(one)) == len(self.uids(plain))
        assert not self.uids(one) & self.uids(plain)
        assert not self.uids(one) & self.uids(other)
        assert self.uids(one) == self.uids(course_of(key="k1"))

    def test_no_two_courses_share_an_identity_by_how_their_names_are_put_together(self):
        def named(course_id, key, session):
            sessions = (Session(id=session, phase="induction", day=JAN_4, time=time(9)),)
            return attrs.evolve(course_of(), id=course_id, key=key, sessions=sessions, companions=())

        made = [named("A", "B", "C"), named("B", "A", "C"), named("A", "", "B/C"), named("B", "", "A/C")]
        made += [named("A", "B.C", "D"), named("A.B", "C", "D"), named("A", "", "C")]
        assert len({uid for course in made for uid in self.uids(course)}) == len(made)

    def test_stays_with_the_course(self):
        course = course_of(key="k1")
        assert again(read_again(course), MONDAY_CLOSED).key == "k1"

    @pytest.mark.parametrize("key", ["", "a/b", "a#b", "ä", "x" * 65, " k", "-k"])
    def test_what_cannot_be_one_is_refused(self, key):
        with pytest.raises(InvalidInput, match="This key cannot be used"):
            course_of(key=key)
