"""
Calendar files: what goes around the sessions, for whom, and in which words.

By hand, here as in test_ical.py: a session at 09:15 has its treatment from 09:35 to 10:15 and ends
at 11:25. London's clocks go forward on 28 March 2027 at 01:00 and back on 31 October 2027 at 02:00.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid5

import attrs
import icalendar
import pytest

from ketsched import around
from ketsched.errors import CannotRead, CannotWrite, InvalidTime
from ketsched.interchange import dumps, ical, identity
from ketsched.interchange.wording import LANGUAGES, Audience, Publication
from ketsched.model import (
    TOPICS,
    Anatomy,
    Anchor,
    Authorisation,
    Companion,
    Course,
    Decision,
    Hold,
    Phase,
    PlacedCompanion,
    Protocol,
    Restriction,
    Revision,
    Session,
    Status,
)
from ketsched.revising import revised

FIRST, SECOND = datetime(2026, 12, 1, 9, 30, tzinfo=UTC), datetime(2026, 12, 8, 16, tzinfo=UTC)
AUDIENCES = [(a, p) for a in ("patient", "clinic") for p in ("discreet", "named", "full")]
PATIENT = [("patient", p) for p in ("discreet", "named", "full")]
CLINIC = {"audience": "clinic", "privacy": "full"}
MONDAY, TUESDAY = date(2027, 1, 4), date(2027, 1, 5)
FOR_PATIENT = "Clinic schedule: your clinic decides on it and may change it. If in doubt, ask your clinic."
FOR_CLINIC = "Clinic schedule: a proposal in its timing only; a clinician decides and may change it."
PHASE = Phase(
    kind="induction",
    name="induction",
    count=2,
    weekdays=(0,),
    anatomy=Anatomy(prepare=20, infusion=40, observation=60, discharge=10),
)


def around_it(kind="appointment", topic="review", **more) -> Companion:
    minutes = {"minutes": 30} if kind == "appointment" else {}
    known = {"id": "it", "title": "Ketamine talk", "anchor": Anchor(every=1), **minutes, **more}
    return Companion(kind=kind, topic=topic, **known)


def at(day=MONDAY, clock=time(9, 15), number=1, **more) -> Session:
    return Session(id=f"s{number}", phase="induction", day=day, time=clock, **more)


def placed(day=TUESDAY, clock=time(10), **more) -> PlacedCompanion:
    return PlacedCompanion(
        **{"id": "it:s1", "companion": "it", "day": day, "time": clock, "session": "s1", **more}
    )


def course_of(*definitions, sessions=None, booked=(), zone="Europe/London", others=None, **changes) -> Course:
    return Course(
        protocol=Protocol(
            id="some-protocol",
            version="1",
            title="Some title",
            phases=(attrs.evolve(PHASE, **changes),),
            companions=definitions,
        ),
        zone=zone,
        sessions=(at(),) if sessions is None else sessions,
        companions=booked,
        id="A-017",
        revisions=(Revision(at=FIRST), Revision(at=SECOND)),
        **(others or {}),
    )


def events(course, **options):
    return icalendar.Calendar.from_ical(dumps(course, "ics", **options)).walk("VEVENT")


def own(course, **options):
    """Return the events that are not sessions."""
    return [event for event in events(course, **options) if "RELATED-TO" in event]


def session_says(course, **options) -> list[str]:
    (event,) = [event for event in events(course, **options) if "RELATED-TO" not in event]
    return said(event)


def said(event) -> list[str]:
    return str(event["DESCRIPTION"]).split("\n")


def whole(event) -> tuple[date, date]:
    """Return first day and end of an all-day event, and see that it blocks and rings nothing."""
    for name in ("DTSTART", "DTEND"):
        assert event[name].params["VALUE"] == "DATE"
        assert "TZID" not in event[name].params
    assert event["TRANSP"] == "TRANSPARENT"
    assert not event.subcomponents
    return event["DTSTART"].dt, event["DTEND"].dt


def unfolded(course, **options) -> str:
    return re.sub("\r\n ", "", dumps(course, "ics", **options).decode())


def uid(booking_id: str) -> str:
    return str(uuid5(identity.NAMESPACE, f"A-017/{booking_id}"))


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
        assert str(first["DESCRIPTION"]) == "Appointment tomorrow at 10:00"
        assert str(second["DESCRIPTION"]) == "Appointment at 10:00"
        for status in (Status.FULFILLED, Status.CLOSED, Status.MISSED):
            (event,) = own(course_of(around_it(), booked=(placed(status=status),)))
            assert not event.subcomponents
        assert not own(course_of(around_it(), booked=(placed(),)), audience="clinic")[0].subcomponents

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
            (Status.FIRM, "CONFIRMED", "{}"),
            (Status.FULFILLED, "CONFIRMED", "{}"),
            (Status.TENTATIVE, "TENTATIVE", "{} (to be confirmed)"),
            (Status.CLOSED, "CANCELLED", "Cancelled: {}"),
            (Status.MISSED, "CANCELLED", "Cancelled: {}"),
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
            ("clinic", ["Please arrive at 10:00."], ["Begins at 10:00."]),
            ("elsewhere", ["Begins at 10:00."], ["Begins at 10:00."]),
            ("telephone", ["Begins at 10:00.", "By telephone."], ["Begins at 10:00.", "By telephone."]),
            ("home", ["Begins at 10:00.", "At home."], ["Begins at 10:00.", "At home."]),
        ],
    )
    @pytest.mark.parametrize(("audience", "privacy"), AUDIENCES)
    def test_descriptions(self, audience, privacy, place, patient, clinic):
        definition = around_it(place=place, text="Bring the ketamine diary.")
        (event,) = own(course_of(definition, booked=(placed(),)), audience=audience, privacy=privacy)
        first, *others = patient if audience == "patient" else clinic
        assert said(event) == [
            f"{first} It takes about 30 minutes, until 10:30.",
            *others,
            *(["Bring the ketamine diary."] if privacy == "full" else []),
            FOR_PATIENT if audience == "patient" else FOR_CLINIC,
        ]

    @pytest.mark.parametrize(
        ("status", "line"),
        [
            (Status.CLOSED, "This appointment is cancelled: it does not take place."),
            (Status.MISSED, "This appointment did not take place."),
        ],
    )
    def test_a_cancelled_one_asks_for_nothing(self, status, line):
        course = course_of(around_it(text="Bring it."), booked=(placed(status=status),))
        (event,) = own(course, privacy="full")
        assert said(event) == [line, FOR_PATIENT]

    def test_one_to_be_confirmed_says_so(self):
        (event,) = own(course_of(around_it(), booked=(placed(status=Status.TENTATIVE),)))
        assert said(event)[0] == "This time is still to be confirmed."
        assert str(event.walk("VALARM")[0]["DESCRIPTION"]) == (
            "Appointment (to be confirmed) tomorrow at 10:00"
        )

    def test_neutral_words_for_every_topic(self):
        words = LANGUAGES["en"].topics
        assert set(words) == set(TOPICS)
        for word in words.values():
            assert not re.search(
                r"ketam|infus|psych|depress|stimul|drug|dose|urin|liver", word, re.IGNORECASE
            )

    def test_what_a_gate_decided_is_for_the_clinic_at_full(self):
        outcome = Decision(what="continue", on=date(2027, 1, 6), who="Dr A")
        open_gate, decided = (
            course_of(around_it(gate=True, required=True), booked=(placed(outcome=o),))
            for o in (None, outcome)
        )
        for audience, privacy in AUDIENCES:
            full = (audience, privacy) == ("clinic", "full")
            lines = said(own(decided, audience=audience, privacy=privacy)[0])
            assert ("Outcome: continue (Dr A, Wednesday 6 January)" in lines) == full
            lines = said(own(open_gate, audience=audience, privacy=privacy)[0])
            assert ("No outcome is recorded yet." in lines) == full

    def test_what_monitoring_looks_at_is_for_the_clinic_at_full(self):
        definition = around_it(topic="monitoring", title="Panel", areas=("urinary", "blood pressure"))
        course = course_of(definition, booked=(placed(),))
        assert "Looks at: urinary, blood pressure" in said(own(course, **CLINIC)[0])
        for audience, privacy in AUDIENCES[:-1]:
            assert "urinary" not in unfolded(course, audience=audience, privacy=privacy)

    def test_one_across_a_clock_change_takes_elapsed_time(self):
        """From 00:30 on 28 March, an hour: the clocks show 02:30 then."""
        booked = placed(date(2027, 3, 28), time(0, 30))
        course = course_of(around_it(minutes=60, place="telephone"), booked=(booked,))
        (event,) = own(course)
        assert event["DTSTART"].dt == datetime(2027, 3, 28, 0, 30, tzinfo=UTC)
        assert event["DTEND"].dt == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
        assert said(event)[0] == "Begins at 00:30. It takes about 1 hour, until 02:30."
        content = dumps(course, "ics")
        assert b"\r\nDTSTART:20270328T003000Z\r\n" in content  # readers differ about the clocks of that night
        assert b"\r\nDTSTART;TZID=Europe/London:20270104T091500\r\n" in content  # and not of another one

    def test_one_past_midnight_names_the_day(self):
        (event,) = own(course_of(around_it(place="telephone"), booked=(placed(clock=time(23, 45)),)))
        assert said(event)[0] == (
            "Begins at 23:45. It takes about 30 minutes, until 00:15 on Wednesday 6 January."
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
        with pytest.raises(CannotWrite, match="revision 1 of this course has no moment") as caught:
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
        ("privacy", "line"),
        [
            ("discreet", "Another appointment is part of it."),
            ("named", "09:35 Review, 30 minutes"),
            ("full", "09:35 Ketamine talk, 30 minutes"),
        ],
    )
    def test_it_is_a_line_of_the_sessions_event(self, privacy, line):
        for audience in ("patient", "clinic"):
            course = self.course()
            assert not own(course, audience=audience, privacy=privacy)
            lines = session_says(course, audience=audience, privacy=privacy)
            assert lines.count(line) == 1

    def test_a_cancelled_one_is_not_told(self):
        plain = session_says(course_of())
        assert session_says(self.course(status=Status.CLOSED)) == plain
        assert session_says(self.course()) != plain

    def test_nor_is_one_of_another_reader(self):
        other = attrs.evolve(self.definition, audience="clinic")
        course = course_of(other, booked=(placed(MONDAY, time(9, 35)),))
        assert session_says(course) == session_says(course_of())
        assert "09:35 Review, 30 minutes" in session_says(course, audience="clinic", privacy="named")

    def test_a_full_clinic_file_reads_back(self):
        assert ical.loads(dumps(self.course(), "ics", **CLINIC).decode(), "x") == self.course()


LINES = {
    ("ride", "discreet"): "Please confirm your ride home by Sunday 3 January.",
    ("ride", "named"): "Please confirm your ride home by Sunday 3 January.",
    ("ride", "full"): "By Sunday 3 January: Ride after ketamine",
    ("form", "discreet"): "By Sunday 3 January, please do what your clinic asked you to do.",
    ("form", "named"): "Please fill in the form by Sunday 3 January.",
    ("form", "full"): "By Sunday 3 January: Ride after ketamine",
    ("laboratory", "discreet"): "By Sunday 3 January, please do what your clinic asked you to do.",
    ("laboratory", "named"): "By Sunday 3 January, please do what your clinic asked you to do.",
}


class TestTasks:
    def course(self, topic="ride", day=date(2027, 1, 3), sessions=None, status=Status.FIRM, **more) -> Course:
        definition = around_it("task", topic, title="Ride after ketamine", **more)
        return course_of(definition, sessions=sessions, booked=(placed(day, None, status=status),))

    @pytest.mark.parametrize(("topic", "privacy"), LINES)
    def test_a_patient_is_told_with_the_session_and_on_the_day(self, topic, privacy):
        line = LINES[topic, privacy]
        course = self.course(topic)
        assert line in session_says(course, privacy=privacy)
        (event,) = own(course, privacy=privacy)
        assert said(event) == [line, FOR_PATIENT]
        assert whole(event) == (date(2027, 1, 3), date(2027, 1, 4))
        assert str(event["UID"]) == uid("it:s1")
        assert str(event["RELATED-TO"]) == uid("s1")

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
        tentative = self.course(status=Status.TENTATIVE)
        assert str(own(tentative, **told)[0]["SUMMARY"]) == f"{title} (to be confirmed)"
        assert str(own(tentative, **told)[0]["STATUS"]) == "TENTATIVE"
        closed = self.course(status=Status.CLOSED)
        assert str(own(closed, **told)[0]["SUMMARY"]) == f"Cancelled: {title}"

    @pytest.mark.parametrize(
        ("status", "told", "line"),
        [
            (Status.FULFILLED, "CONFIRMED", "This is done."),
            (Status.MISSED, "CANCELLED", "This was not done."),
            (Status.CLOSED, "CANCELLED", "This no longer applies."),
        ],
    )
    def test_one_that_is_over_asks_for_nothing(self, status, told, line):
        course = self.course(status=status, topic="form")
        for audience, decided in (("patient", FOR_PATIENT), ("clinic", FOR_CLINIC)):
            (event,) = own(course, audience=audience, privacy="full")
            assert (str(event["STATUS"]), said(event)) == (told, [line, decided])
            whole(event)
        # that it was done is no change of the session: its own event stays byte for byte
        left = self.course(topic="form") if status is Status.FULFILLED else course_of()
        assert session_says(course) == session_says(left)

    def test_due_on_the_day_of_its_session_it_is_told_there_alone(self):
        course = self.course(day=MONDAY)
        assert not own(course)
        assert "Please confirm your ride home by Monday 4 January." in session_says(course)
        (event,) = own(course, audience="clinic")
        assert whole(event) == (MONDAY, TUESDAY)

    def test_one_still_to_be_done_is_not_lost_with_its_session(self):
        missed = (at(status=Status.MISSED),)
        (event,) = own(self.course("form", day=MONDAY, sessions=missed))
        assert said(event)[0] == "By Monday 4 January, please do what your clinic asked you to do."
        assert not own(self.course("form", day=MONDAY, sessions=missed, status=Status.CLOSED))

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
        definitions = around_it("task", "form"), around_it("task", "laboratory", id="other")
        booked = placed(MONDAY, None), placed(MONDAY, None, id="o", companion="other")
        lines = session_says(course_of(*definitions, booked=booked))
        assert lines.count("By Monday 4 January, please do what your clinic asked you to do.") == 1


class TestTheRideHome:
    LINE = "Arrange for someone to take you home, and rest afterwards."

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
        assert session_says(course, privacy=privacy).count(self.LINE) == 1

    def test_not_once_the_ride_is_off_nor_at_home(self):
        ride = around_it("task", "ride")
        closed = (placed(MONDAY, None, status=Status.CLOSED),)
        assert self.LINE not in session_says(course_of(ride, booked=closed))
        done = (placed(MONDAY, None, status=Status.FULFILLED),)
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


GENERAL = "Your clinic has a note for you about this appointment; ask if unsure."


class TestNotices:
    @pytest.mark.parametrize(
        ("topic", "discreet", "named"),
        [
            ("fluids", "Drink water before and after.", "Drink water before and after."),
            ("rest", "Keep the rest of the day free.", "Keep the rest of the day free."),
            ("medicine", GENERAL, "Mind what your clinic told you about your medicines."),
            ("warning", GENERAL, GENERAL),
            ("note", GENERAL, GENERAL),
        ],
    )
    def test_words_by_topic(self, topic, discreet, named):
        course = course_of(around_it("notice", topic, text="After ketamine, this."))
        assert discreet in session_says(course)
        assert named in session_says(course, privacy="named")
        assert "After ketamine, this." in session_says(course, privacy="full")
        assert not own(course)

    def test_without_a_text_its_title_is_told(self):
        assert "Ketamine talk" in session_says(course_of(around_it("notice", "note")), privacy="full")

    def test_the_general_sentence_is_said_once(self):
        notices = [
            around_it("notice", topic, id=f"n{n}") for n, topic in enumerate(("medicine", "warning", "note"))
        ]
        lines = session_says(course_of(*notices))
        assert lines.count(GENERAL) == 1
        assert len(lines) == 3

    @pytest.mark.parametrize(
        ("before", "after", "line"),
        [
            (120, None, "From 07:35: "),
            (None, 600, "Until 20:15: "),
            (60, 30, "From 08:35 until 10:45: "),
            (0, 0, "From 09:35 until 10:15: "),
            (None, 24 * 60, "Until 10:15 on Tuesday 5 January: "),
            (12 * 60, None, "From 21:35 on Sunday 3 January: "),
            (None, None, ""),
        ],
    )
    def test_its_times_are_counted_from_the_treatment(self, before, after, line):
        course = course_of(around_it("notice", "rest", before=before, after=after))
        assert f"{line}Keep the rest of the day free." in session_says(course)

    @pytest.mark.parametrize(
        ("day", "line"),
        [
            (date(2027, 3, 27), "From 21:35 on Friday 26 March until 11:15 on Sunday 28 March: "),
            (date(2027, 3, 28), "From 20:35 on Saturday 27 March until 10:15 on Monday 29 March: "),
            (date(2027, 10, 30), "From 21:35 on Friday 29 October until 09:15 on Sunday 31 October: "),
            (date(2027, 10, 31), "From 22:35 on Saturday 30 October until 10:15 on Monday 1 November: "),
        ],
    )
    def test_elapsed_time_when_clocks_change(self, day, line):
        """12 hours before 09:35 and 24 hours after 10:15."""
        notice = around_it("notice", "rest", before=12 * 60, after=24 * 60)
        assert f"{line}Keep the rest of the day free." in session_says(course_of(notice, sessions=(at(day),)))

    def test_each_session_is_told_its_own(self):
        """Also when they are at the same hour of the same phase, and share their other words."""
        notices = (
            around_it("notice", "fluids", id="a", anchor=Anchor(session=1)),
            around_it("notice", "rest", id="b", anchor=Anchor(session=2)),
        )
        course = course_of(*notices, sessions=(at(), at(TUESDAY, number=2), at(date(2027, 1, 6), number=3)))
        said_of = [said(e) for e in events(course)]
        assert ["Drink water before and after." in lines for lines in said_of] == [True, False, False]
        assert ["Keep the rest of the day free." in lines for lines in said_of] == [False, True, False]

    def test_each_session_is_told_its_own_days(self):
        course = course_of(around_it("notice", "rest", after=24 * 60), sessions=(at(), at(TUESDAY, number=2)))
        assert [said(e)[1] for e in events(course)] == [
            "Until 10:15 on Tuesday 5 January: Keep the rest of the day free.",
            "Until 10:15 on Wednesday 6 January: Keep the rest of the day free.",
        ]

    def test_what_holds_before_comes_before(self):
        notices = (
            around_it("notice", "rest", id="a"),
            around_it("notice", "fluids", id="b", before=60),
            around_it("notice", "note", id="c", before=60, after=0),
        )
        assert session_says(course_of(*notices, no_driving=timedelta(hours=1))) == [
            "Please arrive at 09:15. It takes about 2 hours 10 minutes, until 11:25.",
            "From 08:35: Drink water.",
            "Do not drive until 11:15 on Monday 4 January.",
            "Arrange for someone to take you home, and rest afterwards.",
            "Keep the rest of the day free.",
            f"From 08:35 until 10:15: {GENERAL}",
            FOR_PATIENT,
        ]

    def test_a_cancelled_session_has_none(self):
        course = course_of(around_it("notice", "rest"), sessions=(at(status=Status.CLOSED),))
        assert session_says(course) == ["This appointment is cancelled: it does not take place.", FOR_PATIENT]

    def test_water_afterwards_alone_is_not_asked_for_before(self):
        lines = session_says(course_of(around_it("notice", "fluids", after=60)))
        assert "Until 11:15: Drink water afterwards." in lines

    @pytest.mark.parametrize(("what", "asked"), [("drinking", False), ("Liquids", False), ("eating", True)])
    def test_water_is_not_asked_for_against_a_rule_of_the_same_session(self, what, asked):
        before = (Restriction(what=what, minutes=120),)
        lines = session_says(course_of(around_it("notice", "fluids"), before=before))
        assert ("Drink water before and after." in lines) == asked
        assert ("Drink water before, but only until the time named above, and after." in lines) != asked

    def test_water_of_a_certain_time(self):
        """What holds before only asks for none after, and the other way round."""
        fasting = (Restriction(what="drinking", minutes=120),)
        until = "Drink water before, but only until the time named above, and after."
        for before, after, line, with_fasting in (
            (180, None, "From 06:35: Drink water.", f"From 06:35: {until}"),
            (None, 60, "Until 11:15: Drink water afterwards.", "Until 11:15: Drink water afterwards."),
            (
                180,
                60,
                "From 06:35 until 11:15: Drink water before and after.",
                f"From 06:35 until 11:15: {until}",
            ),
        ):
            notice = around_it("notice", "fluids", before=before, after=after)
            assert line in session_says(course_of(notice))
            assert with_fasting in session_says(course_of(notice, before=fasting))

    def test_a_clinic_is_told_where_all_is_told(self):
        for for_whom in ("clinic", "both"):
            course = course_of(around_it("notice", "note", audience=for_whom, after=60))
            assert "Until 11:15: Ketamine talk" in session_says(course, **CLINIC)
            for privacy in ("discreet", "named"):
                lines = session_says(course, audience="clinic", privacy=privacy)
                assert lines == session_says(course_of(), audience="clinic", privacy=privacy)
        for_patient = course_of(around_it("notice", "note", audience="patient"))
        assert session_says(for_patient, **CLINIC) == session_says(course_of(), **CLINIC)
        for_clinic = course_of(around_it("notice", "note", audience="clinic"))
        for _, privacy in PATIENT:
            assert session_says(for_clinic, privacy=privacy) == session_says(course_of(), privacy=privacy)


class TestTheDayAfter:
    def test_it_is_an_event_that_goes_with_the_session(self):
        (event,) = own(course_of(sessions=(at(revised=(0, 1)),), no_driving=timedelta(hours=24)))
        assert str(event["SUMMARY"]) == "After your appointment"
        assert said(event) == ["Do not drive until 10:15 on Tuesday 5 January.", FOR_PATIENT]
        assert whole(event) == (TUESDAY, date(2027, 1, 6))
        assert str(event["UID"]) == uid("s1/after")
        assert str(event["RELATED-TO"]) == uid("s1")
        assert int(event["SEQUENCE"]) == 1
        assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == SECOND
        assert (str(event["STATUS"]), str(event["CLASS"])) == ("CONFIRMED", "PRIVATE")

    def test_next_day_is_a_nights_sleep(self):
        (event,) = own(course_of(no_driving="next day"))
        assert said(event) == ["Do not drive until you have slept a full night.", FOR_PATIENT]
        assert whole(event) == (TUESDAY, date(2027, 1, 6))

    def test_the_session_says_it_too(self):
        hours, sleep = course_of(no_driving=timedelta(hours=24)), course_of(no_driving="next day")
        assert "Do not drive until 10:15 on Tuesday 5 January." in session_says(hours)
        assert any(line.startswith("Do not drive until tomorrow") for line in session_says(sleep))

    def test_titles(self):
        course = course_of(no_driving="next day")
        for privacy in ("named", "full"):
            assert str(own(course, privacy=privacy)[0]["SUMMARY"]) == "After your treatment session"
        for privacy in ("discreet", "named", "full"):
            assert not own(course, audience="clinic", privacy=privacy)

    @pytest.mark.parametrize(
        ("rule", "last"),
        [
            (timedelta(hours=13, minutes=45), None),  # until 00:00
            (timedelta(hours=13, minutes=46), TUESDAY),
            (timedelta(hours=37, minutes=45), TUESDAY),
            (timedelta(hours=37, minutes=46), date(2027, 1, 6)),
            (timedelta(days=7), date(2027, 1, 11)),
            (timedelta(hours=1), None),
            (None, None),
        ],
    )
    def test_it_lasts_as_long_as_the_rule_does(self, rule, last):
        found = [whole(event) for event in own(course_of(no_driving=rule))]
        assert found == ([] if last is None else [(TUESDAY, last + timedelta(1))])

    @pytest.mark.parametrize(
        ("day", "clock", "rule", "end", "line"),
        [
            (
                date(2027, 3, 27),
                time(9, 15),
                timedelta(hours=24),
                date(2027, 3, 29),
                "11:15 on Sunday 28 March",
            ),
            (
                date(2027, 3, 28),
                time(9, 15),
                timedelta(hours=24),
                date(2027, 3, 30),
                "10:15 on Monday 29 March",
            ),
            (
                date(2027, 10, 30),
                time(9, 15),
                timedelta(hours=24),
                date(2027, 11, 1),
                "09:15 on Sunday 31 October",
            ),
            (
                date(2027, 10, 31),
                time(9, 15),
                timedelta(hours=24),
                date(2027, 11, 2),
                "10:15 on Monday 1 November",
            ),
            # 24 hours and a half after 23:00 in winter time: 00:30 in summer time, on a second date.
            (
                date(2027, 3, 27),
                time(22, 0),
                timedelta(hours=24, minutes=30),
                date(2027, 3, 30),
                "00:30 on Monday 29 March",
            ),
            # 26 hours after 23:00 in summer time: midnight in winter time, and no second date.
            (
                date(2027, 10, 30),
                time(22, 0),
                timedelta(hours=26),
                date(2027, 11, 1),
                "00:00 on Monday 1 November",
            ),
        ],
    )
    def test_hours_are_elapsed_when_clocks_change(self, day, clock, rule, end, line):
        (event,) = own(course_of(sessions=(at(day, clock),), no_driving=rule))
        assert said(event)[0] == f"Do not drive until {line}."
        assert whole(event) == (day + timedelta(1), end)

    @pytest.mark.parametrize(
        "day", [date(2027, 3, 27), date(2027, 3, 28), date(2027, 10, 30), date(2027, 10, 31)]
    )
    def test_a_nights_sleep_is_one_when_clocks_change(self, day):
        (event,) = own(course_of(sessions=(at(day),), no_driving="next day"))
        assert said(event)[0] == "Do not drive until you have slept a full night."
        assert whole(event) == (day + timedelta(1), day + timedelta(2))

    def test_a_session_past_midnight(self):
        """Its treatment ends at 00:15 on Tuesday, so the night's sleep is that to Wednesday."""
        (event,) = own(course_of(sessions=(at(clock=time(23, 15)),), no_driving="next day"))
        assert whole(event) == (TUESDAY, date(2027, 1, 7))

    def test_at_home_there_is_none(self):
        assert not own(course_of(no_driving="next day", place="home"))
        assert not own(course_of(sessions=(at(place="Home"),), no_driving="next day"))
        assert own(course_of(sessions=(at(place="Room 2"),), no_driving="next day", place="home"))

    @pytest.mark.parametrize("status", [Status.CLOSED, Status.MISSED])
    @pytest.mark.parametrize("rule", ["next day", timedelta(hours=24)])
    def test_one_that_was_given_out_is_cancelled_with_its_session(self, status, rule):
        (event,) = own(course_of(sessions=(at(status=status, revised=(0, 1)),), no_driving=rule))
        assert str(event["SUMMARY"]) == "Cancelled: After your appointment"
        assert (str(event["STATUS"]), int(event["SEQUENCE"])) == ("CANCELLED", 1)
        assert said(event) == ["This no longer applies.", FOR_PATIENT]
        assert whole(event) == (TUESDAY, date(2027, 1, 6))

    def test_one_that_never_was_is_not(self):
        assert not own(course_of(sessions=(at(status=Status.CLOSED),), no_driving="next day"))

    def test_of_a_session_to_be_confirmed(self):
        (event,) = own(course_of(sessions=(at(status=Status.TENTATIVE),), no_driving="next day"))
        assert str(event["SUMMARY"]) == "After your appointment (to be confirmed)"
        assert str(event["STATUS"]) == "TENTATIVE"

    def test_advice_that_holds_until_then_is_repeated(self):
        notices = (
            around_it("notice", "rest", id="long", before=60, after=24 * 60),
            around_it("notice", "fluids", id="short", after=60),
        )
        (event,) = own(course_of(*notices, no_driving="next day"))
        assert said(event) == [
            "Do not drive until you have slept a full night.",
            "Until 10:15 on Tuesday 5 January: Keep the rest of the day free.",
            FOR_PATIENT,
        ]


SECRETS = ("psychosis", "hypertension", "dr c", "4711", "payer", "h2")
"""Of holds and authorisations."""
TITLES = (
    *(
        "dissociation",
        "stimulation",
        "bladder",
        "liver",
        "urinary",
        "psychotherapy",
        "depression",
        "questionnaire",
    ),
    *(
        "corticosteroid",
        "contraindications",
        "mood",
        "ketamin",
        "infusion",
        "dr a",
        "dr b",
        "two nurses",
        "strange",
    ),
)
"""Of titles, texts and areas."""
TOLD = (
    "screening",
    "review",
    "talking",
    "check",
    "treatment",
    "laboratory",
    "ride after",
    "medicine",
    "form",
)
"""What a discreet file does not tell, and others may."""


class TestPrivacy:
    @pytest.mark.parametrize(("audience", "privacy"), AUDIENCES)
    def test_no_file_tells_more_than_it_may(self, reference_course, audience, privacy):
        text = unfolded(reference_course, audience=audience, privacy=privacy).lower()
        text = re.sub(r"\r\n(uid|related-to):[-0-9a-f]+", "", text)
        forbidden = () if (audience, privacy) == ("clinic", "full") else SECRETS
        if privacy != "full":
            forbidden += TITLES
        if privacy == "discreet":
            forbidden += TOLD
        if audience == "patient":
            forbidden += ("case review", "two nurses", "monitoring form")
        for word in forbidden:
            assert word not in text, word

    def test_these_words_would_be_found(self, reference_course):
        """Else the test above could not fail."""
        patient = unfolded(reference_course, privacy="full").lower()
        clinic = unfolded(reference_course, **CLINIC).lower()
        for word in TITLES:
            assert word in clinic, word
        for word in SECRETS:
            assert word in clinic, word
        for word in set(TITLES) - {"liver", "urinary", "dr a", "two nurses"}:
            assert word in patient, word

    def test_reasons_are_for_the_clinic_at_full(self, reference_course):
        for audience, privacy in AUDIENCES:
            found = events(reference_course, audience=audience, privacy=privacy)
            (held,) = [said(event) for event in found if str(event["UID"]) == uid("s7")]
            line = "To be confirmed: hold h2 by Dr C: psychosis"
            assert (line in held) == ((audience, privacy) == ("clinic", "full"))
            assert "This time is still to be confirmed." in held

    @pytest.mark.parametrize("audience", ["patient", "clinic"])
    def test_only_a_full_file_depends_on_titles_and_texts(self, reference_course, audience):
        companions = tuple(
            attrs.evolve(c, title="x", text="y", areas=(), evidence=(), gate=False)
            for c in reference_course.protocol.companions
        )
        other = attrs.evolve(
            reference_course,
            protocol=attrs.evolve(reference_course.protocol, companions=companions),
            holds=(),
            authorisations=(),
            companions=tuple(attrs.evolve(c, outcome=None) for c in reference_course.companions),
        )
        for privacy in ("discreet", "named"):
            told = {"audience": audience, "privacy": privacy}
            assert dumps(other, "ics", **told) == dumps(reference_course, "ics", **told)

    def test_a_hold_that_stands_and_one_that_was_lifted(self):
        stands = Hold(id="h1", reason="pregnancy", who="Dr C", since=MONDAY)
        lifted = attrs.evolve(stands, lifted_by="Dr D", lifted_on=MONDAY)
        for hold, status in ((stands, Status.TENTATIVE), (lifted, Status.FIRM)):
            sessions = at(status=status), at(TUESDAY, time(12), number=2, status=status)
            booked = (placed(status=status),)
            course = course_of(around_it(), sessions=sessions, booked=booked, others={"holds": (hold,)})
            for audience, privacy in AUDIENCES[:-1]:
                text = unfolded(course, audience=audience, privacy=privacy)
                assert not re.search("pregnancy|Dr C|Dr D|h1", re.sub("\r\n(UID|RELATED-TO):.*", "", text))
            told = [line for event in events(course, **CLINIC) for line in said(event)]
            reasons = 2 * ["To be confirmed: hold h1 by Dr C: pregnancy"] if hold is stands else []
            assert [line for line in told if "hold" in line] == reasons
            assert unfolded(course).count("SUMMARY:Appointment (to be confirmed)\r\n") == (
                3 if reasons else 0
            )

    def test_a_session_that_is_firm_is_told_no_reason_why_it_is_not(self):
        """Whether it should be to be confirmed is for the rules to say."""
        hold = Hold(id="h1", reason="pregnancy", who="Dr C", since=MONDAY)
        course = course_of(others={"holds": (hold,)})
        assert session_says(course, **CLINIC) == session_says(course_of(), **CLINIC)

    def test_without_an_authorisation(self):
        one = Authorisation(sessions=1, name="Payer 4711")
        course = course_of(
            sessions=(at(), at(TUESDAY, number=2, status=Status.TENTATIVE)), others={"authorisations": (one,)}
        )
        _, second = events(course, **CLINIC)
        assert "To be confirmed: no authorisation" in said(second)
        assert "authorisation" not in unfolded(course, privacy="full")


class TestReadingBack:
    def course(self) -> Course:
        return course_of(
            around_it(),
            around_it("task", "form", id="form"),
            around_it(id="call", audience="patient"),
            around_it("notice", "rest", id="rest"),
            booked=(
                placed(date(2027, 1, 3), None, id="form:s1", companion="form"),
                placed(),
                placed(clock=time(12), id="call:s1", companion="call"),
            ),
            no_driving="next day",
        )

    def test_a_full_clinic_file_holds_it_all(self, reference_course):
        for course in (self.course(), reference_course):
            assert ical.loads(dumps(course, "ics", **CLINIC).decode(), "x") == course

    @pytest.mark.parametrize(
        ("old", "new", "what", "line"),
        [
            (
                "20270105T100000",
                "20270105T101500",
                "appointment it:s1 was moved",
                "DTSTART is not 2027-01-05 10:00",
            ),
            (
                "20270105T103000",
                "20270105T104500",
                "appointment it:s1 was moved",
                "DTEND is not 2027-01-05 10:30",
            ),
            (
                ";TZID=Europe/London:20270105T100000",
                ";VALUE=DATE:20270105",
                "appointment it:s1 was moved",
                "DTSTART is not 2027-01-05 10:00",
            ),
            (
                "VALUE=DATE:20270103",
                "VALUE=DATE:20270102",
                "task form:s1 was moved",
                "DTSTART is not 2027-01-03,",
            ),
            (
                "VALUE=DATE:20270104",
                "VALUE=DATE:20270105",
                "task form:s1 was moved",
                "DTEND is not 2027-01-04,",
            ),
            (
                ";VALUE=DATE:20270103",
                ":20270103T000000Z",
                "task form:s1 was moved",
                "DTSTART is not 2027-01-03,",
            ),
            (
                "STATUS:CONFIRMED",
                "STATUS:CANCELLED",
                "task form:s1 has another status",
                "STATUS is not CONFIRMED",
            ),
            ("TRANSP:T", "LOCATION:Pub\r\nTRANSP:T", "task form:s1 has another place", "another LOCATION"),
            ("UID:", "UID:x", "an event that is not in the course", "no such session, appointment or task"),
        ],
    )
    def test_an_edited_event_is_refused(self, old, new, what, line):
        text = dumps(self.course(), "ics", **CLINIC).decode()
        assert old in text
        with pytest.raises(CannotRead, match=what) as caught:
            ical.loads(text.replace(old, new, 1), "course.ics")
        assert line in caught.value.why
        assert re.search(r"course\.ics, line \d+", caught.value.where)

    def test_a_removed_event_and_a_doubled_one(self):
        text = dumps(self.course(), "ics", **CLINIC).decode()
        first, *_, last = re.findall(r"BEGIN:VEVENT.*?END:VEVENT\r\n", text, re.DOTALL)
        for event, name in ((first, "task form:s1"), (last, "appointment it:s1")):
            with pytest.raises(CannotRead, match=f"{name} is missing from the calendar"):
                ical.loads(text.replace(event, ""), "x")
            with pytest.raises(CannotRead, match="an event that is not in the course"):
                ical.loads(text.replace(event, event + event), "x")

    def test_a_patients_event_put_into_a_clinics_file_is_refused(self):
        text, other = (dumps(self.course(), "ics", **o).decode() for o in (CLINIC, {"privacy": "full"}))
        for own_id in ("call:s1", "s1/after"):
            (event,) = [
                e
                for e in re.findall(r"BEGIN:VEVENT.*?END:VEVENT\r\n", other, re.DOTALL)
                if uid(own_id) in e and f"UID:{uid(own_id)}" in e
            ]
            with pytest.raises(CannotRead, match="an event that is not in the course"):
                ical.loads(text.replace("END:VCALENDAR", f"{event}END:VCALENDAR"), "x")

    @pytest.mark.parametrize(("audience", "privacy"), AUDIENCES[:-1])
    def test_other_files_read_back_to_the_sessions_alone(self, reference_course, audience, privacy):
        for course in (self.course(), reference_course):
            text = dumps(course, "ics", audience=audience, privacy=privacy).decode()
            found = ical.loads(text, "x", protocol=course.protocol)
            assert [(s.id, s.day, s.time) for s in found.sessions] == [
                (uid(s.id), s.day, s.time) for s in course.sessions
            ]
            assert found.companions == ()

    def test_a_booking_without_a_session_is_none_either(self):
        course = course_of(around_it(), booked=(placed(session=""), placed(id="it:x", session="gone")))
        assert {str(event["RELATED-TO"]) for event in own(course)} == {uid("s1")}
        found = ical.loads(dumps(course, "ics").decode(), "x", protocol=course.protocol)
        assert [s.day for s in found.sessions] == [MONDAY]

    @pytest.mark.parametrize(
        ("related", "sessions"),
        [
            ("RELATED-TO:u1", 1),
            ("RELATED-TO;RELTYPE=PARENT:u1", 1),
            ("RELATED-TO;RELTYPE=parent:u1", 1),
            ("RELATED-TO:u9\r\nRELATED-TO:u1", 1),
            ("RELATED-TO;RELTYPE=SIBLING:u1", 2),
            ("RELATED-TO;RELTYPE=CHILD:u1", 2),
            ("RELATED-TO:u9", 2),
            ("RELATED-TO:u2", 2),
            ("SUMMARY:x", 2),
        ],
    )
    def test_of_another_program_only_what_belongs_to_an_event_of_the_file(self, related, sessions):
        text = (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
            "BEGIN:VEVENT\r\nUID:u1\r\nDTSTART;TZID=Europe/London:20270104T091500\r\nEND:VEVENT\r\n"
            f"BEGIN:VEVENT\r\nUID:u2\r\nDTSTART;VALUE=DATE:20270105\r\n{related}\r\nEND:VEVENT\r\n"
            "END:VCALENDAR\r\n"
        )
        found = ical.loads(text, "x", protocol=course_of().protocol)
        assert len(found.sessions) == sessions

    def test_events_that_all_belong_to_another(self):
        event = "BEGIN:VEVENT\r\nUID:u{}\r\nDTSTART;VALUE=DATE:20270105\r\nRELATED-TO:u{}\r\nEND:VEVENT\r\n"
        text = f"BEGIN:VCALENDAR\r\n{event.format(1, 2)}{event.format(2, 1)}END:VCALENDAR\r\n"
        with pytest.raises(CannotRead, match="no events of their own"):
            ical.loads(text, "x", protocol=course_of().protocol, zone="UTC")

    def test_what_belongs_to_another_does_not_count_against_the_most(self):
        event = "BEGIN:VEVENT\r\nUID:u{}\r\nDTSTART;VALUE=DATE:20270105\r\n{}END:VEVENT\r\n"
        around_one = "".join(event.format(n, "RELATED-TO:u0\r\n") for n in range(1, 1002))
        text = f"BEGIN:VCALENDAR\r\n{event.format(0, '')}{around_one}END:VCALENDAR\r\n"
        found = ical.loads(text, "x", protocol=course_of().protocol, zone="UTC")
        assert len(found.sessions) == 1
        with pytest.raises(CannotRead, match="1002 events"):
            ical.loads(text.replace("RELATED-TO:u0\r\n", ""), "x", protocol=course_of().protocol, zone="UTC")
        many = "".join(event.format(n, "RELATED-TO:u0\r\n") for n in range(1, 11002))
        with pytest.raises(CannotRead, match="11001 events"):
            ical.loads(f"BEGIN:VCALENDAR\r\n{many}END:VCALENDAR\r\n", "x", protocol=course_of().protocol)


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
        sessions=(at(status=Status.TENTATIVE),),
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


def test_findings_stand_with_what_they_are_about():
    """Or, if this file has no event of it, with the calendar: none is lost."""
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
    calendar = icalendar.Calendar.from_ical(dumps(course, "ics", findings=findings, **CLINIC))
    task, session, appointment = (
        re.findall("KS401: (.*)", str(e["DESCRIPTION"])) for e in calendar.walk("VEVENT")
    )
    assert (task, session, appointment) == (["two"], ["three", "six"], ["one"])
    assert str(calendar["DESCRIPTION"]).split("\n") == ["KS401: four", "KS401: five"]
    for audience, privacy in AUDIENCES[:-1]:
        told = {"audience": audience, "privacy": privacy}
        assert dumps(course, "ics", findings=findings, **told) == dumps(course, "ics", **told)


def test_a_session_by_another_route_says_its_own():
    course = course_of(sessions=(at(), at(TUESDAY, number=2, route="nasal")))
    first, second = events(course, **CLINIC)
    assert "intravenous" in str(first["SUMMARY"])
    assert "nasal" in str(second["SUMMARY"])
    assert {"Route: intravenous", "09:35 to 10:15 infusion"} <= set(said(first))
    assert {"Route: nasal", "09:35 to 10:15 spray"} <= set(said(second))


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
    for audience, appointments, tasks in ((Audience.PATIENT, 10, 2), (Audience.CLINIC, 8, 4)):
        found = [companion.kind for _, companion in ical.own_events(reference_course, audience)]
        assert (found.count("appointment"), found.count("task")) == (appointments, tasks)


class TestFromRevisionToRevision:
    """A task or an appointment beside two Monday sessions; the second revision is a week after the first."""

    SESSIONS = (at(), at(date(2027, 1, 11), number=2))
    THIRD = datetime(2026, 12, 15, 16, tzinfo=UTC)

    def given(self, definition, *booked, **changes) -> Course:
        course = course_of(definition, sessions=self.SESSIONS, booked=booked, **changes)
        return attrs.evolve(course, revisions=(Revision(at=FIRST),))

    def task(self, day=MONDAY) -> Course:
        return self.given(around_it("task", "form"), placed(day, None))

    def next(self, course, when=SECOND, session=None, companion=None, name="s1") -> Course:
        """Return the next revision, with other values of a session or of what goes with one."""
        sessions = [attrs.evolve(s, **(session or {})) if s.id == name else s for s in course.sessions]
        companions = [attrs.evolve(p, **(companion or {})) for p in course.companions]
        return revised(course, at=when, what="changed", sessions=sessions, companions=companions)

    def files(self, course, **options) -> dict[str, str]:
        """Return each event's lines by what it is of."""
        names = [booking.id for booking in (*course.sessions, *course.companions)]
        names += [f"{session.id}/after" for session in course.sessions]
        by_uid = {identity.session_uid("A-017", name): name for name in names}
        text = dumps(course, "ics", **options).decode().replace("\r\n ", "")
        found = [event.split("END:VEVENT")[0] for event in text.split("BEGIN:VEVENT")[1:]]
        return {by_uid[re.search("\r\nUID:(.*)\r\n", event)[1]]: event for event in found}

    def stamps(self, course, **options) -> dict[str, tuple[int, int]]:
        """Return revision and SEQUENCE that each event tells, the first revision being 1."""
        days = {"20261201": 1, "20261208": 2, "20261215": 3}
        found = {}
        for name, event in self.files(course, **options).items():
            stamp = re.search("\r\nDTSTAMP:(.*)\r\n", event)[1]
            assert f"\r\nLAST-MODIFIED:{stamp}\r\n" in event
            found[name] = days[stamp[:8]], int(re.search("\r\nSEQUENCE:(.*)\r\n", event)[1])
        return found

    @pytest.mark.parametrize(("audience", "privacy"), PATIENT)
    @pytest.mark.parametrize("change", [{"session": {"day": TUESDAY}}, {"companion": {"day": MONDAY}}])
    def test_a_task_that_comes_to_the_day_of_its_session_keeps_its_event(self, audience, privacy, change):
        options = {"audience": audience, "privacy": privacy}
        first = self.task(TUESDAY)
        assert "it:s1" in self.files(first, **options)
        now = self.next(first, **change)
        assert "\r\nSTATUS:CONFIRMED\r\n" in self.files(now, **options)["it:s1"]
        off = self.next(now, self.THIRD, companion={"status": Status.CLOSED})
        for part in (False, True):
            assert "\r\nSTATUS:CANCELLED\r\n" in self.files(off, changes_only=part, **options)["it:s1"]

    def test_a_task_that_was_always_due_on_the_day_of_its_session_is_a_line_of_it(self):
        now = self.next(self.task(), session={"day": TUESDAY}, companion={"day": TUESDAY})
        assert set(self.files(now)) == {"s1", "s2"}
        assert "By Tuesday 5 January" in self.files(now)["s1"]

    @pytest.mark.parametrize("change", [{"day": TUESDAY}, {"status": Status.CLOSED}])
    def test_a_task_that_gets_an_event_is_in_the_file_of_changes_though_it_is_as_it_was(self, change):
        now = self.next(self.task(), session=change)
        part = self.files(now, changes_only=True)
        assert "it:s1" in part
        assert part.items() <= self.files(now).items()
        assert self.stamps(now)["it:s1"] == (2, 0)
        back = self.next(now, self.THIRD, session={"day": MONDAY, "status": Status.FIRM})
        assert self.files(back)["it:s1"] == self.files(now)["it:s1"]
        assert "it:s1" not in self.files(back, changes_only=True)

    @pytest.mark.parametrize(
        ("audience", "privacy", "told"),
        [*((a, p, True) for a, p in PATIENT), ("clinic", "discreet", False), ("clinic", "full", False)],
    )
    def test_a_task_on_another_day_stamps_the_session_that_tells_it(self, audience, privacy, told):
        options = {"audience": audience, "privacy": privacy}
        first = self.task(TUESDAY)
        now = self.next(first, companion={"day": date(2027, 1, 6)})
        assert self.stamps(now, **options) == {"s1": (1 + told, 0), "s2": (1, 0), "it:s1": (2, 1)}
        assert self.files(now, **options)["s2"] == self.files(first, **options)["s2"]
        assert set(self.files(now, changes_only=True, **options)) == {"it:s1"}

    def test_a_task_that_goes_over_to_another_session_stamps_both(self):
        """And itself, for it names its session; all else of it stays, so it counts nothing."""
        now = self.next(self.task(TUESDAY), companion={"session": "s2"})
        assert self.stamps(now) == {"s1": (2, 0), "s2": (2, 0), "it:s1": (2, 0)}
        later = self.next(now, self.THIRD, session={"chair": 3})
        assert self.files(later) == self.files(now)

    def test_an_appointment_that_goes_over_to_another_session_stamps_itself_alone(self):
        now = self.next(self.given(around_it(), placed()), companion={"session": "s2"})
        assert self.stamps(now) == {"s1": (1, 0), "s2": (1, 0), "it:s1": (2, 0)}
        assert f"RELATED-TO:{identity.session_uid('A-017', 's2')}" in self.files(now)["it:s1"]

    @pytest.mark.parametrize(("audience", "privacy"), AUDIENCES)
    def test_a_session_of_another_number_has_another_stamp_where_it_tells_it(self, audience, privacy):
        now = self.next(self.task(), session={"status": Status.CLOSED})
        stamps = self.stamps(now, audience=audience, privacy=privacy)
        assert stamps["s1"] == (2, 1)
        assert stamps["s2"] == ((1, 0) if privacy == "discreet" else (2, 0))

    @pytest.mark.parametrize(
        ("change", "audience", "privacy", "revision"),
        [
            ({"chair": 3}, "clinic", "named", 2),
            ({"chair": 3}, "clinic", "discreet", 1),
            ({"chair": 3}, "patient", "full", 1),
            ({"route": "nasal"}, "patient", "full", 2),
            ({"route": "nasal"}, "patient", "named", 1),
            ({"ride": "none"}, "clinic", "full", 1),
        ],
    )
    def test_what_counts_nothing_is_stamped_where_it_is_told(self, change, audience, privacy, revision):
        now = self.next(self.task(), session=change)
        assert self.stamps(now, audience=audience, privacy=privacy)["s1"] == (revision, 0)

    def test_a_notice_that_goes_over_to_another_session_stamps_both(self):
        water = around_it("notice", "fluids", anchor=Anchor(session=1), before=120)
        now = self.next(self.given(water), session={"day": date(2027, 1, 18)})
        assert self.stamps(now) == {"s1": (2, 1), "s2": (2, 0)}

    def test_a_session_held_up_for_another_reason_tells_so_with_a_stamp(self):
        first = self.given(around_it("notice", "rest"))
        held = around.hold(first, reason="a", who="Dr A", since=MONDAY, at=SECOND)
        twice = around.hold(held, reason="b", who="Dr A", since=MONDAY, sessions=("s1",), at=self.THIRD)
        assert self.stamps(twice) == {"s1": (2, 1), "s2": (2, 1)}
        assert self.stamps(twice, **CLINIC) == {"s1": (3, 1), "s2": (3, 1)}

    def test_the_day_after_is_cancelled_when_it_is_no_longer_told_of(self):
        """A session at 09:15 forbids to drive until 02:15 on the 5th; one at 06:00 until 23:00."""
        first = self.given(around_it("notice", "rest"), no_driving=timedelta(hours=16))
        earlier = self.next(first, session={"time": time(6)})
        after = self.files(earlier)["s1/after"]
        assert "\r\nDTSTART;VALUE=DATE:20270105\r\nDTEND;VALUE=DATE:20270106\r\n" in after
        assert "\r\nSTATUS:CANCELLED\r\n" in after
        assert self.stamps(earlier)["s1/after"] == (2, 1)
        uid = identity.session_uid("A-017", "s1/after")
        (served,) = [r for r in ical.resources(earlier, Publication()) if r.uid == uid]
        assert (served.state.status, [was.status for was in served.earlier]) == ("CANCELLED", ["CONFIRMED"])
        again = self.next(earlier, self.THIRD, session={"time": time(9, 15)})
        assert "\r\nSTATUS:CONFIRMED\r\n" in self.files(again)["s1/after"]

    def test_what_an_earlier_version_did_not_keep_is_left_as_the_bookings_say(self):
        course = self.next(self.task(TUESDAY), companion={"day": date(2027, 1, 6)})
        bare = attrs.evolve(
            course, revisions=tuple(attrs.evolve(revision, changes=()) for revision in course.revisions)
        )
        assert self.stamps(bare) == {"s1": (1, 0), "s2": (1, 0), "it:s1": (2, 1)}
