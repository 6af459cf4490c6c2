"""
Calendar files: what goes around the sessions, for whom, and in which words.

By hand, here as in test_ical.py: a session at 09:15 has its treatment from 09:35 to 10:15 and ends
at 11:25. London's clocks go forward on 28 March 2027 at 01:00 and back on 31 October 2027 at 02:00.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import attrs
import icalendar
import pytest

from ketsched.agenda import agenda
from ketsched.errors import CannotWrite, InvalidTime
from ketsched.interchange import dumps, ical
from ketsched.interchange.identity import session_uid
from ketsched.languages import Words
from ketsched.model import TOPICS, BookingStatus, Course, Decision, Hold, Restriction, Revision
from ketsched.moments import CompanionEntry
from ketsched.words.naming import companion_title
from published import (
    AUDIENCES,
    CLINIC,
    FOR_CLINIC,
    FOR_PATIENT,
    LONDON,
    MONDAY,
    SECOND,
    TUESDAY,
    around_it,
    at,
    course_of,
    events,
    own,
    placed,
    said,
    session_says,
    uid,
    unfolded,
    whole,
)

STARTS = "It starts at 10:00 and ends at about 10:30."
OFF, MISSED = "This appointment is cancelled.", "This appointment did not take place."


class TestAppointments:
    def test_it_is_an_event_with_what_calendars_go_by(self):
        course = course_of(around_it(), booked=(placed(revised=(0, 1)),))
        (event,) = own(course)
        assert str(event["UID"]) == uid("it:s1")
        assert str(event["RELATED-TO"]) == uid("s1")
        assert int(event["SEQUENCE"]) == 1
        assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == SECOND
        assert (str(event["STATUS"]), str(event["TRANSP"]), str(event["CLASS"])) == (
            "CONFIRMED",
            "OPAQUE",
            "PRIVATE",
        )
        assert event["DTSTART"].dt.isoformat() == "2027-01-05T10:00:00+00:00"
        assert event["DTEND"].dt.isoformat() == "2027-01-05T10:30:00+00:00"
        assert event["DTSTART"].params["TZID"] == "Europe/London"
        assert "LOCATION" not in event

    def test_it_rings_as_sessions_do(self):
        (event,) = own(course_of(around_it(), booked=(placed(),)), privacy="full")
        first, second = event.walk("VALARM")
        assert (first["TRIGGER"].dt, second["TRIGGER"].dt) == (timedelta(days=-1), timedelta(hours=-2))
        for alarm in (first, second):
            assert str(alarm["DESCRIPTION"]) == "Appointment on Tuesday 5 January at 10:00"
        for status in (BookingStatus.FULFILLED, BookingStatus.CLOSED, BookingStatus.MISSED):
            (event,) = own(course_of(around_it(), booked=(placed(status=status),)))
            assert not event.subcomponents
        assert not own(course_of(around_it(), booked=(placed(),)), audience="clinic")[0].subcomponents

    @pytest.mark.parametrize(
        ("place", "title"),
        [
            ("clinic", "Appointment"),
            ("elsewhere", "Appointment"),
            ("telephone", "Telephone appointment"),
            ("home", "Appointment at home"),
        ],
    )
    @pytest.mark.parametrize("privacy", ["discreet", "named", "full"])
    def test_it_rings_with_the_discreet_title(self, privacy, place, title):
        (event,) = own(course_of(around_it(place=place), booked=(placed(),)), privacy=privacy)
        rung = [str(alarm["DESCRIPTION"]) for alarm in event.walk("VALARM")]
        assert rung == [f"{title} on Tuesday 5 January at 10:00"] * 2

    @pytest.mark.parametrize(
        ("for_whom", "patient", "clinic"), [("patient", 1, 0), ("clinic", 0, 1), ("both", 1, 1)]
    )
    def test_only_its_readers_are_told(self, for_whom, patient, clinic):
        course = course_of(around_it(audience=for_whom), booked=(placed(),))
        for privacy in ("discreet", "named", "full"):
            assert len(own(course, privacy=privacy)) == patient
            assert len(own(course, audience="clinic", privacy=privacy)) == clinic

    @pytest.mark.parametrize(
        ("status", "told", "form"),
        [
            (BookingStatus.FIRM, "CONFIRMED", "{}"),
            (BookingStatus.FULFILLED, "CONFIRMED", "{}"),
            (BookingStatus.TENTATIVE, "TENTATIVE", "{} (to be confirmed)"),
            (BookingStatus.CLOSED, "CANCELLED", "Cancelled: {}"),
            (BookingStatus.MISSED, "CANCELLED", "{} (did not take place)"),
        ],
    )
    @pytest.mark.parametrize(("audience", "privacy"), AUDIENCES)
    def test_titles_and_states(self, audience, privacy, status, told, form):
        title = {"discreet": "Appointment", "named": "Review", "full": "Ketamine talk"}[privacy]
        course = course_of(around_it(), booked=(placed(status=status),))
        (event,) = own(course, audience=audience, privacy=privacy)
        assert str(event["SUMMARY"]) == form.format(title)
        assert str(event["STATUS"]) == told
        assert event["TRANSP"] == ("OPAQUE" if status.stands else "TRANSPARENT")

    @pytest.mark.parametrize(
        ("place", "patient", "clinic"),
        [
            ("clinic", "Please arrive at 10:00. The appointment ends at about 10:30.", STARTS),
            ("elsewhere", f"Not at the clinic. {STARTS}", f"Not at the clinic. {STARTS}"),
            (
                "telephone",
                "By telephone. We will call you at 10:00. The call takes about 30 minutes.",
                f"By telephone. {STARTS}",
            ),
            ("home", f"At home. Please do not come to the clinic. {STARTS}", f"At home. {STARTS}"),
        ],
    )
    @pytest.mark.parametrize(("audience", "privacy"), AUDIENCES)
    def test_descriptions(self, audience, privacy, place, patient, clinic):
        definition = around_it(place=place, text="Bring the ketamine diary.")
        (event,) = own(course_of(definition, booked=(placed(),)), audience=audience, privacy=privacy)
        assert said(event) == [
            patient if audience == "patient" else clinic,
            *(["Bring the ketamine diary."] if privacy == "full" else []),
            LONDON,
            FOR_PATIENT if audience == "patient" else FOR_CLINIC,
        ]

    @pytest.mark.parametrize(
        ("status", "patient", "clinic"),
        [
            (BookingStatus.CLOSED, OFF, OFF),
            (BookingStatus.MISSED, f"{MISSED} Please call if you would like a new time.", MISSED),
        ],
    )
    @pytest.mark.parametrize("place", ["clinic", "elsewhere", "telephone", "home"])
    def test_a_cancelled_one_asks_for_nothing(self, place, status, patient, clinic):
        """But a patient who would have come to the clinic not to."""
        if place == "clinic" and status is BookingStatus.CLOSED:
            patient = f"{patient} Please do not come."
        course = course_of(around_it(place=place, text="Bring it."), booked=(placed(status=status),))
        for privacy in ("discreet", "named", "full"):
            (event,) = own(course, privacy=privacy)
            assert said(event) == [patient, FOR_PATIENT]
            (event,) = own(course, audience="clinic", privacy=privacy)
            assert said(event) == [clinic, FOR_CLINIC]

    def test_one_to_be_confirmed_says_so(self):
        (event,) = own(course_of(around_it(), booked=(placed(status=BookingStatus.TENTATIVE),)))
        assert said(event) == [
            "This time is not confirmed yet. Please keep it free.",
            "Please arrive at 10:00. The appointment ends at about 10:30.",
            LONDON,
            FOR_PATIENT,
        ]
        assert str(event.walk("VALARM")[0]["DESCRIPTION"]) == (
            "Appointment (to be confirmed) on Tuesday 5 January at 10:00"
        )

    def test_neutral_words_for_every_topic(self):
        """Notices have lines instead; theirs are the last five topics."""
        words = Words.of("en")
        titles = {key: line for key, line in words.lines.items() if key.startswith("named_")}
        topics = [topic for topic in TOPICS if topic not in ("fluids", "medicine", "rest", "warning", "note")]
        assert len(topics) == 13
        others = {"named_session", "named_booster", "named_day_after", "named_calendar"}
        assert set(titles) - others == {f"named_{topic.replace(' ', '_')}" for topic in topics}
        for topic in topics:
            kind = "task" if topic in ("form", "ride", "peer monitor") else "appointment"
            title = companion_title(words, around_it(kind, topic), named=True, full=False)
            assert title in titles.values(), topic
        assert len(set(titles.values())) == len(titles)
        for key, title in titles.items():
            found = re.search(
                r"ketam|infus|inject|spray|psych|depress|stimul|drug|dose|urin|liver", title, re.IGNORECASE
            )
            assert not found, key

    def test_what_a_gate_decided_is_for_the_clinic_at_full(self):
        outcome = Decision(what="continue", on=date(2027, 1, 6), who="Dr A")
        open_gate, decided = (
            course_of(around_it(gate=True, required=True), booked=(placed(outcome=o),))
            for o in (None, outcome)
        )
        for audience, privacy in AUDIENCES:
            full = (audience, privacy) == ("clinic", "full")
            lines = said(own(decided, audience=audience, privacy=privacy)[0])
            assert ("Decision: continue (Dr A, Wednesday 6 January)" in lines) == full
            lines = said(own(open_gate, audience=audience, privacy=privacy)[0])
            assert ("No decision recorded yet." in lines) == full

    def test_what_monitoring_looks_at_is_for_the_clinic_at_full(self):
        definition = around_it(topic="monitoring", title="Panel", areas=("urinary", "blood pressure"))
        course = course_of(definition, booked=(placed(),))
        assert "Checks: urinary, blood pressure" in said(own(course, **CLINIC)[0])
        for audience, privacy in AUDIENCES[:-1]:
            assert "urinary" not in unfolded(course, audience=audience, privacy=privacy)

    def test_one_across_a_clock_change_takes_elapsed_time(self):
        """From 00:30 on 28 March, an hour: the clocks show 02:30 then."""
        booked = placed(date(2027, 3, 28), time(0, 30))
        course = course_of(around_it(minutes=60, place="elsewhere"), booked=(booked,))
        (event,) = own(course)
        assert event["DTSTART"].dt == datetime(2027, 3, 28, 0, 30, tzinfo=UTC)
        assert event["DTEND"].dt == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
        assert said(event)[0] == "Not at the clinic. It starts at 00:30 and ends at about 02:30."
        content = dumps(course, "ics")
        assert b"\r\nDTSTART:20270328T003000Z\r\n" in content  # readers differ about the clocks of that night
        assert b"\r\nDTSTART;TZID=Europe/London:20270104T091500\r\n" in content  # and not of another one

    def test_one_past_midnight_names_the_day(self):
        (event,) = own(course_of(around_it(place="elsewhere"), booked=(placed(clock=time(23, 45)),)))
        assert said(event)[0] == (
            "Not at the clinic. It starts at 23:45 and ends at about 00:15 on Wednesday 6 January."
        )
        assert event["DTEND"].dt.isoformat() == "2027-01-06T00:15:00+00:00"

    def test_a_time_that_does_not_exist(self):
        course = course_of(around_it(), booked=(placed(date(2027, 3, 28), time(1, 30)),))
        with pytest.raises(InvalidTime, match="01:30 does not happen on 2027-03-28") as caught:
            dumps(course, "ics")
        assert "appointment it:s1" in caught.value.where

    def test_one_without_a_time_stops_the_files_that_show_it(self):
        course = course_of(around_it(audience="clinic"), booked=(placed(clock=None),))
        with pytest.raises(CannotWrite, match="appointment it:s1 has no time of day"):
            dumps(course, "ics", audience="clinic")
        assert not own(course)

    def test_a_revision_without_a_moment(self):
        course = course_of(around_it(), booked=(placed(revised=(1,)),))
        course = attrs.evolve(course, revisions=(course.revisions[0], Revision(at=None)))
        with pytest.raises(CannotWrite, match="Revision 1 of this course does not say when") as caught:
            dumps(course, "ics")
        assert caught.value.where == "companion it:s1"

    def test_all_events_are_in_order_of_time(self):
        """Whole days before the hours of their day; a session before what begins with it."""
        definitions = (
            around_it(),
            around_it("task", "form", id="form", audience="clinic"),
            around_it(id="early", audience="clinic"),
        )
        booked = (
            placed(date(2027, 1, 3), time(10), id="it:0"),
            placed(MONDAY, None, id="form:1", companion="form"),
            placed(MONDAY, time(8), id="early:1", companion="early"),
            placed(MONDAY, time(9, 15), id="early:2", companion="early"),
            placed(MONDAY, time(9, 15), id="it:1"),
        )
        sessions = (at(), at(TUESDAY, number=2))
        course = course_of(*definitions, sessions=sessions, booked=booked)
        expected = ["it:0", "form:1", "early:1", "s1", "early:2", "it:1", "s2"]
        assert [str(e["UID"]) for e in events(course, audience="clinic")] == [uid(i) for i in expected]

    def test_moving_one_changes_its_event_and_no_other(self):
        definitions = around_it(), around_it(id="other")
        booked = placed(), placed(clock=time(12), id="other:s1", companion="other")
        course = course_of(*definitions, booked=booked, no_driving="next day")
        moved = attrs.evolve(
            course, companions=(booked[0], attrs.evolve(booked[1], time=time(14), revised=(0, 1)))
        )
        before, after = (dumps(c, "ics").split(b"BEGIN:VEVENT") for c in (course, moved))
        assert [old != new for old, new in zip(before, after, strict=True)] == [False] * 4 + [True]
        assert b"SEQUENCE:1\r\n" in after[-1]

    def test_identity_is_the_same_for_every_reader(self, reference_course):
        told = [
            {str(e["UID"]): (int(e["SEQUENCE"]), e["DTSTAMP"].dt, str(e["STATUS"])) for e in events(c, **o)}
            for c in [reference_course]
            for o in ({"audience": a, "privacy": p} for a, p in AUDIENCES)
        ]
        assert told[0] == told[1] == told[2]
        assert told[3] == told[4] == told[5]
        both = told[0].keys() & told[3].keys()
        assert len(both) == 10 + 7 + 2  # sessions, appointments for both, rides
        assert all(told[0][one] == told[3][one] for one in both)


class TestDuringASession:
    definition = around_it(on_session_days="during", text="Lie still.")

    def course(self, **more) -> Course:
        return course_of(self.definition, booked=(placed(MONDAY, time(9, 35), **more),))

    @pytest.mark.parametrize(
        ("audience", "privacy", "line"),
        [
            ("patient", "discreet", "A second appointment takes place during this one."),
            ("patient", "named", "A second appointment takes place during this one."),
            ("patient", "full", "From 09:35: Ketamine talk, 30 minutes"),
            ("clinic", "discreet", "A second appointment takes place during this one."),
            ("clinic", "named", "From 09:35: Review, 30 minutes"),
            ("clinic", "full", "From 09:35: Ketamine talk, 30 minutes"),
        ],
    )
    def test_it_is_a_line_of_the_sessions_event(self, audience, privacy, line):
        course = self.course()
        assert not own(course, audience=audience, privacy=privacy)
        assert session_says(course, audience=audience, privacy=privacy).count(line) == 1

    def test_a_cancelled_one_is_not_told(self):
        plain = session_says(course_of())
        assert session_says(self.course(status=BookingStatus.CLOSED)) == plain
        assert session_says(self.course()) != plain

    def test_nor_is_one_of_another_reader(self):
        other = attrs.evolve(self.definition, audience="clinic")
        course = course_of(other, booked=(placed(MONDAY, time(9, 35)),))
        assert session_says(course) == session_says(course_of())
        assert "From 09:35: Review, 30 minutes" in session_says(course, audience="clinic", privacy="named")

    def test_past_midnight_its_time_brings_the_day(self):
        """Its session is from 23:15 on."""
        part = placed(TUESDAY, time(0, 5))
        course = course_of(self.definition, sessions=(at(clock=time(23, 15)),), booked=(part,))
        said = session_says(course, audience="clinic", privacy="named")
        assert "From 00:05 on Tuesday 5 January: Review, 30 minutes" in said

    def test_a_full_clinic_file_reads_back(self):
        assert ical.loads(dumps(self.course(), "ics", **CLINIC).decode(), "x") == self.course()


TO_DO = "please do what your clinic asked you to do. If you are not sure what it is, please call."
DUE = "Reminder: due Sunday 3 January"
"""What rings."""
LINES = {
    ("ride", "discreet"): "Please tell us by Sunday 3 January who will take you home.",
    ("ride", "named"): "Please tell us by Sunday 3 January who will take you home.",
    ("ride", "full"): "By Sunday 3 January: Ride after ketamine",
    ("peer monitor", "discreet"): "Please tell us by Sunday 3 January who will stay with you.",
    ("peer monitor", "named"): "Please tell us by Sunday 3 January who will stay with you.",
    ("form", "discreet"): "Please return the form by Sunday 3 January.",
    ("form", "named"): "Please return the form by Sunday 3 January.",
    ("form", "full"): "By Sunday 3 January: Ride after ketamine",
    ("laboratory", "discreet"): f"By Sunday 3 January, {TO_DO}",
    ("laboratory", "named"): f"By Sunday 3 January, {TO_DO}",
}


class TestTasks:
    def course(
        self, topic="ride", day=date(2027, 1, 3), sessions=None, status=BookingStatus.FIRM, **more
    ) -> Course:
        definition = around_it("task", topic, title="Ride after ketamine", **more)
        return course_of(definition, sessions=sessions, booked=(placed(day, None, status=status),))

    @pytest.mark.parametrize(("topic", "privacy"), LINES)
    def test_a_patient_is_told_with_the_session_and_on_the_day(self, topic, privacy):
        line = LINES[topic, privacy]
        course = self.course(topic)
        assert line in session_says(course, privacy=privacy)
        (event,) = own(course, privacy=privacy)
        assert said(event) == [line, FOR_PATIENT]
        assert whole(event, alarms=(DUE,)) == (date(2027, 1, 3), date(2027, 1, 4))
        assert str(event["UID"]) == uid("it:s1")
        assert str(event["RELATED-TO"]) == uid("s1")

    def test_it_rings_in_the_morning_of_its_day(self):
        """At 9; a clinic has no alarm, and what is over rings no more."""
        for status in (BookingStatus.FIRM, BookingStatus.TENTATIVE):
            for privacy in ("discreet", "named", "full"):
                (event,) = own(self.course(status=status), privacy=privacy)
                assert whole(event, alarms=(DUE,)) == (date(2027, 1, 3), MONDAY)
                assert event.walk("VALARM")[0]["TRIGGER"].dt == timedelta(hours=9)
                (event,) = own(self.course(status=status), audience="clinic", privacy=privacy)
                assert whole(event) == (date(2027, 1, 3), MONDAY)

    def test_its_text_says_more_than_its_title(self):
        course = self.course(text="Tell us who drives.")
        assert "By Sunday 3 January: Tell us who drives." in session_says(course, privacy="full")
        assert "Tell us" not in unfolded(course, privacy="named")

    @pytest.mark.parametrize(
        ("privacy", "title"),
        [("discreet", "Reminder"), ("named", "Ride home"), ("full", "Ride after ketamine")],
    )
    @pytest.mark.parametrize("audience", ["patient", "clinic"])
    def test_titles(self, audience, privacy, title):
        told = {"audience": audience, "privacy": privacy}
        assert str(own(self.course(), **told)[0]["SUMMARY"]) == title
        tentative = self.course(status=BookingStatus.TENTATIVE)
        assert str(own(tentative, **told)[0]["SUMMARY"]) == f"{title} (to be confirmed)"
        assert str(own(tentative, **told)[0]["STATUS"]) == "TENTATIVE"
        closed = self.course(status=BookingStatus.CLOSED)
        assert str(own(closed, **told)[0]["SUMMARY"]) == f"Cancelled: {title}"
        missed = self.course(status=BookingStatus.MISSED)  # it takes no place that it could have missed
        assert str(own(missed, **told)[0]["SUMMARY"]) == f"Cancelled: {title}"

    @pytest.mark.parametrize(
        ("status", "told", "patient", "clinic"),
        [
            (BookingStatus.FULFILLED, "CONFIRMED", "Done. Thank you.", "Done."),
            (
                BookingStatus.MISSED,
                "CANCELLED",
                "This was not done. If it is still needed, we will let you know.",
                "This was not done.",
            ),
            (BookingStatus.CLOSED, "CANCELLED", "This no longer applies.", "This no longer applies."),
        ],
    )
    def test_one_that_is_over_asks_for_nothing(self, status, told, patient, clinic):
        course = self.course(status=status, topic="form")
        for audience, lines in (("patient", [patient, FOR_PATIENT]), ("clinic", [clinic, FOR_CLINIC])):
            (event,) = own(course, audience=audience, privacy="full")
            assert (str(event["STATUS"]), said(event)) == (told, lines)
            whole(event)
        # that it was done is no change of the session: its own event stays byte for byte
        left = self.course(topic="form") if status is BookingStatus.FULFILLED else course_of()
        assert session_says(course) == session_says(left)

    def test_due_on_the_day_of_its_session_it_is_told_there_alone(self):
        course = self.course(day=MONDAY)
        assert not own(course)
        assert "Please tell us by Monday 4 January who will take you home." in session_says(course)
        (event,) = own(course, audience="clinic")
        assert whole(event) == (MONDAY, TUESDAY)

    def test_one_still_to_be_done_is_not_lost_with_its_session(self):
        missed = (at(status=BookingStatus.MISSED),)
        (event,) = own(self.course("form", day=MONDAY, sessions=missed))
        assert said(event) == ["Please return the form by Monday 4 January.", FOR_PATIENT]
        assert not own(self.course("form", day=MONDAY, sessions=missed, status=BookingStatus.CLOSED))

    def test_a_clinic_is_told_when_it_is_due(self):
        course = self.course(audience="clinic", text="Within 7 days.")
        assert not own(course)
        for privacy in ("discreet", "named"):
            assert said(own(course, audience="clinic", privacy=privacy)[0]) == [
                "Due on Sunday 3 January.",
                FOR_CLINIC,
            ]
        assert said(own(course, **CLINIC)[0]) == ["Due on Sunday 3 January.", "Within 7 days.", FOR_CLINIC]
        assert "Due" not in "\n".join(session_says(course, **CLINIC))

    def test_two_alike_are_said_once(self):
        definitions = around_it("task", "review"), around_it("task", "laboratory", id="other")
        booked = placed(MONDAY, None), placed(MONDAY, None, id="o", companion="other")
        lines = session_says(course_of(*definitions, booked=booked))
        assert lines.count(f"By Monday 4 January, {TO_DO}") == 1


class TestTheRideHome:
    LINE = "Please arrange for someone to take you home."

    def test_it_stands_in_the_description_wherever_there_is_a_reason(self):
        ride = around_it("task", "ride")
        booked = (placed(MONDAY, None),)
        assert self.LINE not in session_says(course_of())
        assert self.LINE in session_says(course_of(no_driving="next day"))
        assert self.LINE in session_says(course_of(ride, booked=booked))
        assert self.LINE in session_says(course_of(attrs.evolve(ride, audience="clinic"), booked=booked))
        assert self.LINE in session_says(course_of(around_it("notice", "ride")))

    @pytest.mark.parametrize("privacy", ["discreet", "named", "full"])
    def test_at_every_privacy_and_once(self, privacy):
        ride, notice = around_it("task", "ride", id="task"), around_it("notice", "rest")
        booked = (placed(MONDAY, None, companion="task"),)
        course = course_of(ride, notice, booked=booked, no_driving=timedelta(hours=24))
        lines = session_says(course, privacy=privacy)
        assert lines.count(self.LINE) == 1
        rest = "Ketamine talk" if privacy == "full" else "Take it easy for the rest of the day."
        assert lines.count(rest) == 1

    def test_not_once_the_ride_is_off_nor_at_home(self):
        ride = around_it("task", "ride")
        closed = (placed(MONDAY, None, status=BookingStatus.CLOSED),)
        assert self.LINE not in session_says(course_of(ride, booked=closed))
        done = (placed(MONDAY, None, status=BookingStatus.FULFILLED),)
        assert self.LINE in session_says(course_of(ride, booked=done))
        assert self.LINE not in session_says(course_of(ride, booked=done, place="home"))

    def test_of_one_session_and_not_of_the_next(self):
        """Also when they are at the same hour, and share their other words."""
        ride, sessions = around_it("task", "ride"), (at(), at(TUESDAY, number=2))
        course = course_of(ride, sessions=sessions, booked=(placed(MONDAY, None),))
        assert [self.LINE in said(event) for event in events(course)] == [True, False]

    def test_what_is_known_of_it_changes_no_calendar(self):
        """The course document keeps it; calendars have no revision to tell it by."""
        plain = course_of(no_driving="next day")
        for ride in ("confirmed", "none", "self"):
            known = attrs.evolve(plain, sessions=(at(ride=ride),))
            assert dumps(known, "ics") == dumps(plain, "ics")


EVIL = "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\x00\x1b; a, b \\n “é漢字” " + "long " * 30


def test_texts_of_a_clinic_stay_texts():
    definitions = (
        around_it(title=EVIL, text=EVIL),
        around_it("task", "form", id="task", title=EVIL, text=EVIL),
        around_it("notice", "note", id="notice", title=EVIL, text=EVIL, after=24 * 60),
        around_it(id="part", title=EVIL, on_session_days="during"),
    )
    who = Decision(what="stop", on=MONDAY, who=EVIL)
    booked = (
        placed(MONDAY, None, id="task:s1", companion="task"),
        placed(MONDAY, time(9, 35), id="part:s1", companion="part"),
        placed(outcome=who),
    )
    holds = (Hold(id="h1", reason=EVIL, who=EVIL, since=MONDAY),)
    course = course_of(
        *definitions,
        sessions=(at(status=BookingStatus.TENTATIVE),),
        booked=booked,
        no_driving="next day",
        others={"holds": holds},
    )
    for audience, privacy in AUDIENCES:
        content = dumps(course, "ics", audience=audience, privacy=privacy)
        found = icalendar.Calendar.from_ical(content).walk("VEVENT")
        assert len(found) == content.count(b"\r\nBEGIN:VEVENT\r\n") == 3
        assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]", content)
        lines = content.split(b"\r\n")[:-1]
        assert all(0 < len(line) <= 75 and line.decode() for line in lines)
        assert content.count(b"\n") == content.count(b"\r") == len(lines)
    assert ical.loads(dumps(course, "ics", **CLINIC).decode(), "x") == course


@attrs.frozen
class Remark:
    code: str
    what: str
    sessions: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    severity: str = "error"


def test_findings_stand_with_what_they_are_about():
    """Or, if this file has no event of it, with the calendar: none is lost but what is no problem."""
    course = course_of(
        around_it(),
        around_it("task", "form", id="task"),
        around_it(id="part", on_session_days="during"),
        around_it(id="own", audience="patient"),
        booked=(
            placed(MONDAY, None, id="task:s1", companion="task"),
            placed(MONDAY, time(9, 35), id="part:s1", companion="part"),
            placed(),
            placed(clock=time(12), id="own:s1", companion="own"),
        ),
    )
    about = {"it:s1": "one", "task:s1": "two", "part:s1": "three", "own:s1": "four", "?": "five", "s1": "six"}
    findings = [
        Remark("KS401", what, ("s1",), () if where == "s1" else ("?", where)) for where, what in about.items()
    ]
    findings += [Remark("KS401", "seven", ("s1",), severity=grave) for grave in ("warning", "info")]
    calendar = icalendar.Calendar.from_ical(dumps(course, "ics", findings=findings, **CLINIC))
    task, session, appointment = (
        re.findall("Problem: (.*)", str(e["DESCRIPTION"])) for e in calendar.walk("VEVENT")
    )
    assert (task, session, appointment) == (["two"], ["three", "six"], ["one"])
    assert str(calendar["DESCRIPTION"]).split("\n") == ["Problem: four", "Problem: five"]
    assert "KS401" not in unfolded(course, findings=findings, **CLINIC)
    assert "seven" not in unfolded(course, findings=findings, **CLINIC)
    for audience, privacy in AUDIENCES[:-1]:
        told: dict[str, Any] = {"audience": audience, "privacy": privacy}
        assert dumps(course, "ics", findings=findings, **told) == dumps(course, "ics", **told)


def test_a_session_by_another_route_says_its_own():
    course = course_of(sessions=(at(), at(TUESDAY, number=2, route="nasal")))
    first, second = events(course, **CLINIC)
    assert str(first["SUMMARY"]) == "Infusion 1 of 2"
    assert str(second["SUMMARY"]) == "Spray session 2 of 2"
    assert "09:35 to 10:15: infusion" in said(first)
    assert "09:35 to 10:15: treatment" in said(second)


def test_lines_stand_in_the_order_of_the_table():
    """That of languages/en.toml, whatever the order of the protocol."""
    left_out = [("drinking", 120), ("alcohol", 1440), ("eating", 720)]
    tasks, notices = ("form", "laboratory", "peer monitor", "ride"), ("note", "rest", "fluids", "medicine")
    definitions = [around_it("task", topic, id=f"task{n}") for n, topic in enumerate(tasks)]
    definitions += [around_it("notice", topic, id=f"notice{n}") for n, topic in enumerate(notices)]
    definitions.append(around_it(on_session_days="during"))
    due = [
        placed(date(2027, 1, 3), None, id=f"task{n}:s1", companion=f"task{n}") for n, _ in enumerate(tasks)
    ]
    course = course_of(
        *definitions,
        sessions=(at(status=BookingStatus.TENTATIVE),),
        booked=(*due, placed(MONDAY, time(9, 35))),
        before=tuple(Restriction(what=what, minutes=minutes) for what, minutes in left_out),
        no_driving="next day",
    )
    assert session_says(course) == [
        "This time is not confirmed yet. Please keep it free.",
        "Please arrive at 09:15. The appointment ends at about 11:25.",
        "A second appointment takes place during this one.",
        "Please eat nothing after 21:35 on Sunday 3 January.",
        "Please drink nothing after 07:35.",
        "From 09:35 on Sunday 3 January, please avoid what your clinic told you to avoid.",
        "Please follow what your clinic told you about your medicines.",
        "Please drink water, but only until the time above, and again after the appointment.",
        "Please tell us by Sunday 3 January who will take you home.",
        "Please tell us by Sunday 3 January who will stay with you.",
        "Please return the form by Sunday 3 January.",
        f"By Sunday 3 January, {TO_DO}",
        "Please arrange for someone to take you home.",
        "Please do not drive until Tuesday 5 January, and then only after a full night's sleep.",
        "Take it easy for the rest of the day.",
        "There is a note from your clinic for this appointment. Please call if you have not received it.",
        LONDON,
        FOR_PATIENT,
    ]


class TestInTheUnitedStates:
    """New York's clock has 12 hours, and a month comes before its day."""

    ZONE = "America/New_York"

    def test_a_session_and_the_day_after(self):
        """The treatment is from 9:35 to 10:15."""
        course = course_of(
            zone=self.ZONE,
            before=(Restriction(what="eating", minutes=720), Restriction(what="drinking", minutes=120)),
            no_driving=timedelta(hours=24),
        )
        session, after = events(course)
        driving = "Please do not drive until 10:15 am on Tuesday, January 5."
        assert said(session) == [
            "Please arrive at 9:15 am. The appointment ends at about 11:25 am.",
            "Please eat nothing after 9:35 pm on Sunday, January 3.",
            "Please drink nothing after 7:35 am.",
            "Please arrange for someone to take you home.",
            driving,
            "All times are New York time.",
            FOR_PATIENT,
        ]
        assert said(after) == [driving, "All times are New York time.", FOR_PATIENT]
        for alarm in session.walk("VALARM"):
            assert str(alarm["DESCRIPTION"]) == "Appointment on Monday, January 4 at 9:15 am"

    @pytest.mark.parametrize(
        ("rule", "until"),
        [
            (timedelta(hours=13, minutes=45), "11:59 pm on Monday, January 4"),
            (timedelta(hours=37, minutes=45), "11:59 pm on Tuesday, January 5"),
            (timedelta(hours=1, minutes=45), "12 noon on Monday, January 4"),
            (timedelta(hours=2, minutes=45), "1 pm on Monday, January 4"),
        ],
    )
    def test_the_day_of_the_rule_about_driving_is_said_once(self, rule, until):
        """Nobody is told 12 am, which is taken for either end of a day."""
        lines = session_says(course_of(zone=self.ZONE, no_driving=rule))
        assert [line for line in lines if "drive" in line] == [f"Please do not drive until {until}."]

    def test_the_last_minute_of_the_day_before_brings_that_day(self):
        """Each session its own, though they are alike: 9 hours 35 minutes before 9:35 the day begins."""
        midnight = (Restriction(what="drinking", minutes=575),)
        sessions = (at(), at(TUESDAY, number=2))
        course = course_of(zone=self.ZONE, sessions=sessions, before=midnight)
        assert [said(event)[1] for event in events(course)] == [
            "Please drink nothing after 11:59 pm on Sunday, January 3.",
            "Please drink nothing after 11:59 pm on Monday, January 4.",
        ]

    def test_a_task(self):
        definition, booked = around_it("task", "ride"), placed(date(2027, 1, 3), None)
        (event,) = own(course_of(definition, booked=(booked,), zone=self.ZONE))
        assert said(event) == ["Please tell us by Sunday, January 3 who will take you home.", FOR_PATIENT]
        whole(event, alarms=("Reminder: due Sunday, January 3",))

    def test_what_is_called_off(self):
        course = course_of(around_it(), booked=(placed(status=BookingStatus.CLOSED),), zone=self.ZONE)
        (event,) = own(course)
        assert str(event["SUMMARY"]) == "Canceled: Appointment"
        assert said(event) == ["This appointment is canceled. Please do not come.", FOR_PATIENT]


class TestTwentySessionsAndTwelveCompanions:
    """A whole programme: six appointments, three tasks and three notices, each at every session."""

    def course(self) -> Course:
        kinds = [("appointment", "review")] * 6 + [("task", "form")] * 3 + [("notice", "rest")] * 3
        definitions = [around_it(kind, topic, id=f"c{n}") for n, (kind, topic) in enumerate(kinds, 1)]
        sessions, booked = [], []
        for number in range(20):
            day = MONDAY + timedelta(7 * number)
            sessions.append(at(day, number=number))
            for n, (kind, _) in enumerate(kinds[:9], 1):
                clock = time(9 + n) if kind == "appointment" else None
                booked.append(
                    placed(
                        day + timedelta(1),
                        clock,
                        id=f"c{n}:s{number}",
                        companion=f"c{n}",
                        session=f"s{number}",
                    )
                )
        booked.sort(key=lambda p: (p.day, p.time or time()))
        return course_of(*definitions, sessions=tuple(sessions), booked=tuple(booked), no_driving="next day")

    @pytest.mark.parametrize(("audience", "privacy"), AUDIENCES)
    def test_the_file(self, audience, privacy):
        course = self.course()
        content = dumps(course, "ics", audience=audience, privacy=privacy)
        calendar = icalendar.Calendar.from_ical(content)
        found = calendar.walk("VEVENT")
        assert len(found) == 20 * (1 + 6 + 3 + (audience == "patient"))
        assert len({str(e["UID"]) for e in found}) == len(found)
        starts = [e["DTSTART"].dt for e in found]
        keys = [s.strftime("%Y%m%d%H%M") if isinstance(s, datetime) else f"{s:%Y%m%d}" for s in starts]
        assert keys == sorted(keys)
        assert calendar.to_ical() == content
        assert calendar.to_ical(sorted=False) == content
        assert all(0 < len(line) <= 75 for line in content.split(b"\r\n")[:-1])
        assert dumps(course, "ics", audience=audience, privacy=privacy) == content

    def test_it_reads_back(self):
        course = self.course()
        assert ical.loads(dumps(course, "ics", **CLINIC).decode(), "x") == course
        found = ical.loads(dumps(course, "ics").decode(), "x", protocol=course.protocol)
        assert [(s.day, s.time) for s in found.sessions] == [(s.day, s.time) for s in course.sessions]


def test_what_each_reader_has_as_events(reference_course):
    """Counted by hand in the reference course: 12 appointments, one of them during a session; 4 tasks."""
    entries = [entry for entry in agenda(reference_course).booked if isinstance(entry, CompanionEntry)]
    kinds = {session_uid(reference_course.id, e.booking.id): e.companion.kind for e in entries}
    for audience, appointments, tasks in (("patient", 10, 2), ("clinic", 8, 4)):
        uids = [str(event["UID"]) for event in events(reference_course, audience=audience)]
        found = [kinds[uid] for uid in uids if uid in kinds]
        assert (found.count("appointment"), found.count("task")) == (appointments, tasks)
