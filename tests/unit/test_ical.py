"""Calendar files: what a patient and a clinic are told, and what comes back."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import attrs
import icalendar
import pytest
import vobject
from ical.calendar_stream import IcsCalendarStream

from ketsched.errors import CannotRead, CannotWrite, InvalidTime
from ketsched.interchange import dumps, ical, icalevents, identity, read, write
from ketsched.model import Anatomy, BookingStatus, Course, Phase, Protocol, Restriction, Revision, Session

AT = datetime(2026, 12, 1, 9, 30, 15, 999, tzinfo=UTC)
PHASE = Phase(
    kind="induction",
    name="induction",
    count=2,
    weekdays=(0,),
    anatomy=Anatomy(prepare=20, infusion=40, observation=60, discharge=10),
    no_driving=timedelta(hours=24),
)
AUDIENCES = [(a, p) for a in ("patient", "clinic") for p in ("discreet", "named", "full")]
CLINIC: dict[str, Any] = {"audience": "clinic", "privacy": "full"}


def course_of(*sessions, zone="Europe/London", **changes) -> Course:
    protocol = Protocol(
        id="some-protocol", version="1", title="Some title", phases=(attrs.evolve(PHASE, **changes),)
    )
    return Course(
        protocol=protocol,
        zone=zone,
        sessions=sessions,
        id="A-017",
        revisions=(Revision(at=AT), Revision(at=AT)),
    )


def at(day, clock=time(9, 15), number=1, **more) -> Session:
    return Session(id=f"s{number}", phase="induction", day=day, time=clock, **more)


def events(course, **options):
    """Return the events of sessions; what goes with one says so. See test_ical_around.py for the others."""
    found = icalendar.Calendar.from_ical(dumps(course, "ics", **options)).walk("VEVENT")
    return [event for event in found if "RELATED-TO" not in event]


def described(course, **options) -> str:
    (event,) = events(course, **options)
    return str(event["DESCRIPTION"])


@pytest.mark.parametrize(("audience", "privacy"), AUDIENCES)
def test_reference_course_is_published_unchanged(golden, reference_course, audience, privacy):
    content = dumps(reference_course, "ics", audience=audience, privacy=privacy)
    golden.check(f"reference-course.{audience}-{privacy}.ics", content)
    assert dumps(reference_course, "ics", audience=audience, privacy=privacy) == content


def test_the_default_is_for_patients_and_discreet(reference_course):
    plain = dumps(reference_course, "ics")
    assert plain == dumps(reference_course, "ics", audience="patient", privacy="discreet")


class TestBytes:
    @pytest.mark.parametrize(("audience", "privacy"), AUDIENCES)
    def test_lines_end_as_rfc_5545_says(self, reference_course, audience, privacy):
        content = dumps(reference_course, "ics", audience=audience, privacy=privacy)
        assert content.startswith(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
        assert content.endswith(b"END:VEVENT\r\nEND:VCALENDAR\r\n")
        assert content.count(b"\n") == content.count(b"\r") == content.count(b"\r\n")
        lines = content.split(b"\r\n")[:-1]
        assert all(0 < len(line) <= 75 for line in lines)
        assert all(line.decode() for line in lines)  # no character is cut
        assert content.count(b"BEGIN:VCALENDAR") == content.count(b"BEGIN:VTIMEZONE") == 1

    @pytest.mark.parametrize(("audience", "privacy"), AUDIENCES)
    def test_icalendar_writes_the_same_bytes(self, reference_course, audience, privacy):
        content = dumps(reference_course, "ics", audience=audience, privacy=privacy)
        calendar = icalendar.Calendar.from_ical(content)
        assert calendar.to_ical() == content
        assert calendar.to_ical(sorted=False) == content
        assert not any(part.errors for part in calendar.walk())

    def test_to_icalendar_gives_the_components(self, reference_course):
        calendar = ical.to_icalendar(reference_course, audience="clinic", privacy="named")
        assert isinstance(calendar, icalendar.Calendar)
        assert calendar.to_ical() == dumps(reference_course, "ics", audience="clinic", privacy="named")

    def test_the_calendar_itself(self, reference_course):
        calendar = ical.to_icalendar(reference_course)
        assert str(calendar["NAME"]) == str(calendar["X-WR-CALNAME"]) == "Appointments"
        assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=4)
        assert calendar["REFRESH-INTERVAL"].params["VALUE"] == "DURATION"
        assert str(calendar["COLOR"]) == "teal"
        assert b"\r\nX-PUBLISHED-TTL:PT4H\r\n" in calendar.to_ical()
        assert "METHOD" not in calendar

    def test_a_method_is_written_when_asked_for(self, reference_course):
        content = dumps(reference_course, "ics", method="PUBLISH")
        assert b"\r\nMETHOD:PUBLISH\r\n" in content
        assert icalendar.Calendar.from_ical(content).to_ical() == content

    def test_an_event_has_what_calendars_go_by(self, reference_course):
        for event in events(reference_course):
            assert str(event["CLASS"]) == "PRIVATE"
            assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt
            assert {"DTEND", "SEQUENCE", "STATUS", "TRANSP"} <= set(event)
            for absent in ("ATTENDEE", "ORGANIZER", "DURATION", "RRULE", "RDATE", "LOCATION"):
                assert absent not in event

    def test_users_texts_stay_texts(self):
        evil = "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\x00\x1b; a, b \\n "
        course = course_of(
            at(date(2027, 1, 4), place=evil), route=evil, before=(Restriction(what=evil, minutes=9),)
        )
        course = attrs.evolve(course, protocol=attrs.evolve(course.protocol, title=evil, version=evil))
        for audience, privacy in AUDIENCES:
            content = dumps(course, "ics", audience=audience, privacy=privacy)
            found = icalendar.Calendar.from_ical(content).walk("VEVENT")
            days_after = audience == "patient"
            assert len(found) == len(content.split(b"\r\nBEGIN:VEVENT")) - 1 == 1 + days_after
            assert {UUID(str(event["UID"])).version for event in found} == {5}
            assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]", content)
        assert ical.loads(dumps(course, "ics", **CLINIC).decode(), "x") == course

    def test_a_course_without_sessions(self):
        content = dumps(course_of(), "ics")
        assert icalendar.Calendar.from_ical(content).to_ical() == content
        assert ical.loads(dumps(course_of(), "ics", **CLINIC).decode(), "x") == course_of()


class TestIdentity:
    def test_the_identity_of_a_session_is_for_ever(self, reference_course):
        """These values are in calendars of patients: they must not change, whatever else does."""
        assert UUID("6db346c1-edac-4889-8934-5c617381bcbd") == identity.NAMESPACE
        first = events(reference_course)[0]
        assert str(first["UID"]) == str(uuid5(identity.NAMESPACE, "A-017/s1"))

    def test_it_is_the_same_for_every_reader(self, reference_course):
        files = [events(reference_course, audience=a, privacy=p) for a, p in AUDIENCES]
        known = {tuple((str(e["UID"]), int(e["SEQUENCE"]), e["DTSTAMP"].dt) for e in file) for file in files}
        assert len(known) == 1
        assert len({uid for uid, _, _ in known.pop()}) == len(reference_course.sessions)

    def test_it_does_not_depend_on_day_or_order(self):
        one = events(course_of(at(date(2027, 1, 4))))[0]
        moved = events(course_of(at(date(2027, 3, 1), time(14)), at(date(2027, 3, 2), number=2)))[0]
        assert one["UID"] == moved["UID"]

    def test_sequence_and_stamp_come_from_the_revisions(self, reference_course):
        first, second = events(reference_course)[:2]
        assert (int(first["SEQUENCE"]), first["DTSTAMP"].dt) == (0, datetime(2027, 2, 20, 9, tzinfo=UTC))
        assert (int(second["SEQUENCE"]), second["DTSTAMP"].dt) == (
            1,
            datetime(2027, 3, 3, 16, 30, tzinfo=UTC),
        )
        assert events(course_of(at(date(2027, 1, 4))))[0]["DTSTAMP"].dt == AT.replace(microsecond=0)

    def test_only_what_changed_changes(self, reference_course):
        sessions = list(reference_course.sessions)
        sessions[-1] = attrs.evolve(sessions[-1], time=time(14, 30), revised=(0, 2))
        later = attrs.evolve(
            reference_course,
            sessions=tuple(sessions),
            revisions=(*reference_course.revisions, Revision(at=datetime(2027, 4, 1, tzinfo=UTC))),
        )
        before, after = (dumps(c, "ics").split(b"BEGIN:VEVENT") for c in (reference_course, later))
        changed = [old != new for old, new in zip(before, after, strict=True)]
        assert changed == [False] * (len(before) - 2) + [True, True]  # the last session, and the day after it

    def test_another_session_in_a_night_of_clock_changes_changes_no_other(self):
        """That one is written in UTC, the others stay as they were."""
        first = at(date(2027, 3, 22))
        odd = at(date(2027, 3, 28), time(0, 30), number=2)
        alone, both = (dumps(course_of(*s), "ics") for s in ((first,), (first, odd)))
        assert both.startswith(alone.removesuffix(b"END:VCALENDAR\r\n"))
        assert b"\r\nDTSTART:20270328T003000Z\r\n" in both

    def test_a_course_without_an_id(self):
        with pytest.raises(CannotWrite) as caught:
            dumps(attrs.evolve(course_of(at(date(2027, 1, 4))), id=None), "ics")
        assert 'id="A-017", at=...' in caught.value.fix
        assert "ketsched plan --id" in caught.value.fix

    def test_a_revision_without_a_moment(self):
        course = attrs.evolve(course_of(at(date(2027, 1, 4))), revisions=(Revision(at=None), Revision(at=AT)))
        with pytest.raises(CannotWrite, match="Revision 0 of this course does not say when") as caught:
            dumps(course, "ics")
        assert "at=..." in caught.value.fix
        touched = attrs.evolve(course, sessions=(at(date(2027, 1, 4), revised=(0, 1)),))
        assert dumps(touched, "ics")  # only the last one is needed

    def test_a_session_without_a_time(self):
        with pytest.raises(CannotWrite, match="session s1 has no time of day"):
            dumps(course_of(at(date(2027, 1, 4), None)), "ics")


class TestWords:
    def test_a_discreet_patient_is_told_what_to_do_and_nothing_else(self):
        course = course_of(
            at(date(2027, 1, 4)),
            before=(
                Restriction(what="eating", minutes=150),
                Restriction(what="drinking", minutes=35),
                Restriction(what="nasal decongestant", minutes=60),
            ),
        )
        assert described(course).split("\n") == [
            "Please arrive at 09:15. The appointment ends at about 11:25.",
            "Please eat nothing after 07:05.",
            "Please drink nothing after 09:00.",
            "From 08:35, please avoid what your clinic told you to avoid.",
            "Please arrange for someone to take you home.",
            "Please do not drive until 10:15 on Tuesday 5 January.",
            "All times are London time.",
            "Times may change. If you cannot come or are unsure, please call the clinic.",
        ]

    def test_a_clinic_is_told_the_parts(self):
        lines = described(course_of(at(date(2027, 1, 4), chair=3)), **CLINIC).split("\n")
        assert lines == [
            "It starts at 09:15 and ends at about 11:25.",
            "Please do not drive until 10:15 on Tuesday 5 January.",
            "09:15 to 09:35: preparation",
            "09:35 to 10:15: infusion",
            "10:15 to 11:15: observation",
            "11:15 to 11:25: time to leave",
            "Chair 3, free at 11:25",
            "Protocol: Some title",
            "All times are London time.",
            "A proposal of dates. A clinician decides and may change it.",
        ]

    @pytest.mark.parametrize("audience", ["patient", "clinic"])
    def test_titles(self, reference_course, audience):
        titles = {
            p: [str(e["SUMMARY"]) for e in events(reference_course, audience=audience, privacy=p)]
            for p in ("discreet", "named", "full")
        }
        assert titles["discreet"] == [
            "Appointment",
            "Appointment (did not take place)",
            *["Appointment"] * 3,
            "Cancelled: Appointment",
            "Appointment",
            "Appointment (to be confirmed)",
            *["Appointment"] * 2,
        ]
        assert titles["named"] == [
            "Treatment session 1 of 6",
            "Treatment session (did not take place)",
            "Treatment session 2 of 6",
            "Treatment session 3 of 6",
            "Treatment session 4 of 6",
            "Cancelled: Treatment session",
            "Treatment session 5 of 6",
            "Treatment session 6 of 6 (to be confirmed)",
            "Booster session 1",
            "Booster session 2",
        ]
        assert titles["full"][0] == "Infusion 1 of 6"
        assert titles["full"][-1] == "Booster spray session 2"

    def test_numbers_are_those_of_the_course(self, reference_course):
        titles = [str(e["SUMMARY"]) for e in events(reference_course, privacy="named")]
        for session, title in zip(reference_course.sessions, titles, strict=True):
            if session.status.stands:
                assert f" session {reference_course.number(session)}" in title

    def test_statuses(self, reference_course):
        found = [str(e["STATUS"]) for e in events(reference_course)]
        assert found == [icalevents.STATUS[s.status] for s in reference_course.sessions]
        assert found[1] == found[5] == "CANCELLED"
        assert found[7] == "TENTATIVE"
        for session, event in zip(reference_course.sessions, events(reference_course), strict=True):
            assert (event["TRANSP"] == "OPAQUE") == session.status.stands

    @pytest.mark.parametrize(("audience", "privacy"), AUDIENCES)
    def test_a_cancelled_session_asks_for_nothing(self, audience, privacy):
        for status in (BookingStatus.CLOSED, BookingStatus.MISSED):
            course = course_of(at(date(2027, 1, 4), status=status))
            said = described(course, audience=audience, privacy=privacy)
            off = "This appointment is cancelled." if status is BookingStatus.CLOSED else "did not take place"
            assert off in said
            assert ("Please do not come." in said) == (
                audience == "patient" and status is BookingStatus.CLOSED
            )
            assert "drive" not in said
            assert "arrive" not in said
            assert not events(course, audience=audience, privacy=privacy)[0].walk("VALARM")

    @pytest.mark.parametrize("audience", ["patient", "clinic"])
    def test_discreet_files_do_not_tell_the_drug(self, reference_course, audience):
        sessions = tuple(attrs.evolve(s, place="Ketamine suite") for s in reference_course.sessions)
        course = attrs.evolve(reference_course, sessions=sessions)
        text = re.sub("\r\n ", "", dumps(course, "ics", audience=audience).decode()).lower()
        protocol = course.protocol
        forbidden = ["ketsched", "ketamin", "infusion", "spray", "nasal", "venous", "a-017", " of 6", "chair"]
        forbidden += [
            protocol.id,
            protocol.title.lower(),
            "suite",
            "shiroma",
            "induction",
            "maintenance",
            "booster",
        ]
        forbidden += ["decongestant", "treatment", "session", "depress", "drug", "dose"]
        for word in forbidden:
            assert word not in text, word

    @pytest.mark.parametrize(("audience", "privacy"), AUDIENCES)
    def test_only_a_clinics_full_file_names_the_library(self, reference_course, audience, privacy):
        text = dumps(reference_course, "ics", audience=audience, privacy=privacy).decode().lower()
        assert ("ketsched" in text) == ((audience, privacy) == ("clinic", "full"))
        if privacy != "full":
            assert "ketamin" not in re.sub("\r\n ", "", text)

    def test_a_place_is_named_when_asked_for(self, reference_course):
        assert all("LOCATION" not in e for e in events(reference_course))
        named = [str(e.get("LOCATION", "")) for e in events(reference_course, privacy="named")]
        assert named[-2:] == ["Room 3, first floor", ""]

    def test_at_home_nobody_arrives_or_is_taken_home(self):
        said = described(course_of(at(date(2027, 1, 4)), place="home"))
        assert said.startswith(
            "At home. Please do not come to the clinic. It starts at 09:15 and ends at about 11:25.\n"
        )
        assert "take you home" not in said
        assert "Please do not drive until" in said
        (event,) = events(course_of(at(date(2027, 1, 4)), place="home"))
        assert str(event["SUMMARY"]) == "Appointment at home"

    def test_next_day_is_a_nights_sleep(self):
        said = described(course_of(at(date(2027, 12, 31)), no_driving="next day"))
        until = "Saturday 1 January 2028"
        assert f"Please do not drive until {until}, and then only after a full night's sleep." in said
        assert "00:00" not in said

    def test_no_rule_is_made_up(self):
        said = described(course_of(at(date(2027, 1, 4)), no_driving=None))
        assert "drive" not in said
        assert "eat" not in said

    def test_the_evening_before_is_named(self):
        fasting = (Restriction(what="eating", minutes=720),)
        assert "Please eat nothing after 21:35 on Sunday 3 January." in described(
            course_of(at(date(2027, 1, 4)), before=fasting)
        )

    @pytest.mark.parametrize(
        ("day", "no_driving", "eating"),
        [
            (date(2027, 3, 27), "11:15 on Sunday 28 March", "21:35 on Friday 26 March"),
            (date(2027, 3, 28), "10:15 on Monday 29 March", "20:35 on Saturday 27 March"),
            (date(2027, 10, 30), "09:15 on Sunday 31 October", "21:35 on Friday 29 October"),
            (date(2027, 10, 31), "10:15 on Monday 1 November", "22:35 on Saturday 30 October"),
        ],
    )
    def test_24_hours_are_hours_when_clocks_change(self, day, no_driving, eating):
        """By hand: London goes forward on 28 March 2027 and back on 31 October 2027."""
        said = described(course_of(at(day), before=(Restriction(what="eating", minutes=720),)))
        assert f"Please do not drive until {no_driving}." in said
        assert f"Please eat nothing after {eating}." in said

    @pytest.mark.parametrize(("days", "hours"), [(1, 24), (2, 48), (3, 72)])
    def test_sessions_alike_keep_their_own_end_of_the_rule(self, days, hours):
        """By hand: the hours end at 10:15, and at 11:15 where London's clocks went forward on 28 March before that."""
        sessions = [at(date(2027, 3, day), number=day) for day in range(21, 32)]
        said = [
            str(event["DESCRIPTION"])
            for event in events(course_of(*sessions, no_driving=timedelta(hours=hours)))
        ]
        found = [
            re.search(r"Please do not drive until (\S+) on \w+ (\d+) (\w+)\.", text).groups() for text in said
        ]
        ends = [(date(2027, 3, day), date(2027, 3, day) + timedelta(days)) for day in range(21, 32)]
        change = date(2027, 3, 28)
        assert found == [
            ("11:15" if day < change <= end else "10:15", str(end.day), f"{end:%B}") for day, end in ends
        ]

    @pytest.mark.parametrize("length", range(75))
    def test_a_day_is_told_wherever_the_line_is_folded(self, length):
        first = date(2027, 1, 4)
        sessions = [at(first + timedelta(day), number=day) for day in range(0, 60, 6)]
        course = course_of(*sessions, before=(Restriction(what="x" * (length + 1), minutes=10),))
        content = dumps(course, "ics", privacy="full")
        calendar = icalendar.Calendar.from_ical(content)
        assert calendar.to_ical() == content
        said = [str(event["DESCRIPTION"]) for event in events(course, privacy="full")]
        until = [session.day + timedelta(1) for session in sessions]
        names = [f"{day:%A} {day.day} {day:%B}" for day in until]
        assert all(
            f"Please do not drive until 10:15 on {day}.\n" in text
            for day, text in zip(names, said, strict=True)
        )

    def test_a_session_through_a_clock_change_takes_as_long_as_ever(self):
        """2 hours 10 minutes from 00:30 on, of which London's clocks leave one hour out."""
        said = described(course_of(at(date(2027, 3, 28), time(0, 30))))
        assert said.startswith("Please arrive at 00:30. The appointment ends at about 03:40.")

    def test_a_clock_time_that_comes_twice_says_which(self):
        """24 h after 02:30 on 30 October 2027, summer time, London shows 01:30 for the second time."""
        said = described(course_of(at(date(2027, 10, 30), time(1, 30)), no_driving=timedelta(hours=24)))
        twice = "(the second time, after the clocks go back)"
        assert f"Please do not drive until 01:30 {twice} on Sunday 31 October." in said

    def test_findings_are_for_the_clinic_at_full(self, reference_course):
        @attrs.frozen
        class Remark:
            code: str
            what: str
            sessions: tuple[str, ...] = ()

        findings = (
            Remark("KS101", "1 day after session 4", ("s4", "s5")),
            Remark("KS201", "too few; sessions"),
        )
        for audience, privacy in AUDIENCES:
            content = dumps(reference_course, "ics", audience=audience, privacy=privacy, findings=findings)
            calendar = icalendar.Calendar.from_ical(content)
            about = [
                str(e["UID"])
                for e in calendar.walk("VEVENT")
                if "Problem: 1 day after" in str(e["DESCRIPTION"])
            ]
            if (audience, privacy) == ("clinic", "full"):
                assert about == [identity.session_uid("A-017", "s5")]
                assert str(calendar["DESCRIPTION"]) == "Problem: too few; sessions"
                assert calendar.to_ical() == content
                assert ical.loads(content.decode(), "x") == reference_course
            else:
                assert not about
                assert "DESCRIPTION" not in calendar

    def test_alarms_for_the_patient(self):
        (event,) = events(course_of(at(date(2027, 1, 4))), privacy="full")
        first, second = event.walk("VALARM")
        assert event.subcomponents == [first, second]
        assert (first["TRIGGER"].dt, second["TRIGGER"].dt) == (timedelta(days=-1), timedelta(hours=-2))
        assert {str(a["DESCRIPTION"]) for a in (first, second)} == {
            "Appointment on Monday 4 January at 09:15"
        }
        assert {str(a["ACTION"]) for a in (first, second)} == {"DISPLAY"}
        assert not any("UID" in a for a in (first, second))
        assert not events(course_of(at(date(2027, 1, 4))), audience="clinic")[0].subcomponents


CHANGES = [
    ("America/New_York", [date(2027, 3, 13), date(2027, 3, 14), date(2027, 11, 7), date(2027, 7, 1)]),
    ("Europe/London", [date(2027, 3, 27), date(2027, 3, 28), date(2027, 10, 31), date(2027, 7, 1)]),
    ("Europe/Dublin", [date(2027, 3, 27), date(2027, 3, 28), date(2027, 10, 31), date(2027, 7, 1)]),
    ("Australia/Lord_Howe", [date(2027, 4, 4), date(2027, 10, 3), date(2027, 1, 4), date(2027, 7, 1)]),
    ("America/Havana", [date(2026, 11, 1), date(2026, 12, 1), date(2027, 3, 14), date(2027, 7, 1)]),
    ("Asia/Jerusalem", [date(2027, 3, 26), date(2027, 10, 31), date(2027, 1, 4), date(2027, 7, 1)]),
    ("Asia/Kolkata", [date(2027, 1, 4), date(2027, 7, 1)]),
    ("UTC", [date(2027, 1, 4), date(2027, 7, 1)]),
]


@pytest.mark.parametrize(("zone", "days"), CHANGES)
@pytest.mark.parametrize("clock", [time(0, 10), time(9, 15), time(22, 45)])
def test_clock_times_stay_put_across_clock_changes(zone, days, clock):
    """Three readers, of which vobject goes by our VTIMEZONE, against zoneinfo."""
    sessions = [at(day, clock, number) for number, day in enumerate(sorted(days), 1)]
    if zone == "America/Havana" and clock.hour == 0:  # that hour is skipped or repeated there
        sessions = [s for s in sessions if s.day.month in (7, 12)]
    content = dumps(course_of(*sessions, zone=zone, no_driving=None), "ics").decode()
    expected = []
    for session in sessions:
        start = datetime.combine(session.day, clock, ZoneInfo(zone)).astimezone(UTC)
        expected.append((start, start + timedelta(minutes=130)))
    assert [
        (e["DTSTART"].dt.astimezone(UTC), e["DTEND"].dt.astimezone(UTC))
        for e in icalendar.Calendar.from_ical(content).walk("VEVENT")
    ] == expected
    vars(vobject.icalendar)["__tzidMap"].clear()  # it keeps the zones of the first file it reads
    vobject.icalendar.registerTzid("UTC", UTC)
    assert [
        (e.dtstart.value.astimezone(UTC), e.dtend.value.astimezone(UTC))
        for e in vobject.readOne(content).contents["vevent"]
    ] == expected
    assert [
        (e.dtstart.astimezone(UTC), e.dtend.astimezone(UTC))
        for e in IcsCalendarStream.calendar_from_ics(content).events
        if isinstance(e.dtstart, datetime) and isinstance(e.dtend, datetime)
    ] == expected


def test_a_time_that_does_not_exist_is_not_written():
    with pytest.raises(InvalidTime, match="01:30 does not happen on 2027-03-28") as caught:
        dumps(course_of(at(date(2027, 3, 28), time(1, 30))), "ics")
    assert "session s1" in caught.value.where


class TestReadingOurs:
    def test_a_full_clinic_file_holds_the_course(self, reference_course, tmp_path):
        path = write(reference_course, tmp_path / "course.ics", **CLINIC)
        assert read(path) == reference_course

    @pytest.mark.parametrize(
        ("old", "new", "what"),
        [
            (":20270510T091500", ":20270511T091500", "session b2 was moved"),
            (":20270510T114500", ":20270510T124500", "session b2 was moved"),
            ("DTEND;TZID=Europe/Amsterdam:20270510T114500\r\n", "", "an event whose DTEND is missing"),
            (";TZID=Europe/Amsterdam:20270510T091500", ";VALUE=DATE:20270510", "session b2 was moved"),
            ("STATUS:TENTATIVE", "STATUS:CONFIRMED", "session s7 has another status"),
            ("STATUS:TENTATIVE\r\n", "", "session s7 has another status"),
            ("UID:", "UID:x", "an event that is not in the course"),
        ],
    )
    def test_an_edited_file_is_refused(self, reference_course, old, new, what):
        text = dumps(reference_course, "ics", **CLINIC).decode()
        assert old in text
        with pytest.raises(CannotRead, match=what) as caught:
            ical.loads(text.replace(old, new, 1), "course.ics")
        assert re.search(r"course\.ics, line \d+", caught.value.where)

    def test_a_removed_event_and_a_doubled_one(self, reference_course):
        text = dumps(reference_course, "ics", **CLINIC).decode()
        last = text[text.rindex("BEGIN:VEVENT") : text.rindex("END:VCALENDAR")]
        with pytest.raises(CannotRead, match="session b2 is missing from the calendar"):
            ical.loads(text.replace(last, ""), "x")
        with pytest.raises(CannotRead, match="an event that is not in the course"):
            ical.loads(text.replace(last, last + last), "x")

    def test_other_words_and_utc_are_no_edit(self, reference_course):
        """A calendar program that writes the file anew keeps the moments, not the form."""
        calendar = icalendar.Calendar.from_ical(dumps(reference_course, "ics", **CLINIC))
        for event in calendar.walk("VEVENT"):
            for name in ("DTSTART", "DTEND"):
                if isinstance(event[name].dt, datetime):  # a whole day has no zone
                    moment = event[name].dt.astimezone(UTC)
                    del event[name]
                    event.add(name, moment)
            event["SUMMARY"] = icalendar.vText("Bring the form")
        assert ical.loads(calendar.to_ical().decode(), "x") == reference_course

    def test_a_damaged_course_inside_is_told(self, reference_course):
        text = dumps(reference_course, "ics", **CLINIC).decode()
        with pytest.raises(CannotRead) as caught:
            ical.loads(text.replace('\\,"version":2', '\\,"version":3', 1), "course.ics")
        assert "newer than this library" in caught.value.what
        assert "X-KETSCHED-COURSE, version" in caught.value.where

    def test_a_session_without_a_time_inside_is_told(self, reference_course):
        text = re.sub("\r\n ", "", dumps(reference_course, "ics", **CLINIC).decode())
        with pytest.raises(CannotRead, match="has no time of day"):
            ical.loads(text.replace('\\,"time":"09:15"', ""), "x")

    def test_without_the_course_a_protocol_is_needed(self, reference_course):
        with pytest.raises(CannotRead) as caught:
            ical.loads(dumps(reference_course, "ics").decode(), "course.ics")
        assert "protocol=" in caught.value.fix

    @pytest.mark.parametrize(("audience", "privacy"), AUDIENCES[:-1])
    def test_other_files_read_back_to_the_same_sessions(self, reference_course, audience, privacy):
        text = dumps(reference_course, "ics", audience=audience, privacy=privacy).decode()
        found = ical.loads(text, "x", protocol=reference_course.protocol)
        assert found.zone == "Europe/Amsterdam"
        assert found.id is None
        as_read = {BookingStatus.FULFILLED: BookingStatus.FIRM, BookingStatus.MISSED: BookingStatus.CLOSED}
        assert [(s.id, s.phase, s.day, s.time, s.status) for s in found.sessions] == [
            (identity.session_uid("A-017", s.id), s.phase, s.day, s.time, as_read.get(s.status, s.status))
            for s in reference_course.sessions
        ]


def calendar_of(*bodies, before="") -> str:
    parts = [f"BEGIN:VEVENT\r\nUID:u{n}\r\n{body}\r\nEND:VEVENT\r\n" for n, body in enumerate(bodies, 1)]
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{before}{''.join(parts)}END:VCALENDAR\r\n"


LOCAL = "DTSTART;TZID=Europe/London:20270104T091500"


class TestReadingOthers:
    protocol = course_of().protocol

    def load(self, text, **options) -> Course:
        return ical.loads(text, "other.ics", protocol=self.protocol, **options)

    def test_sessions_are_dealt_out_in_order_of_time(self):
        two = Protocol(
            id="x", version="1", title="x", phases=(PHASE, attrs.evolve(PHASE, name="later", count=1))
        )
        days = ("20270109", "20270105\r\nSTATUS:CANCELLED", "20270104", "20270106", "20270108", "20270107")
        text = calendar_of(*(f"DTSTART;VALUE=DATE:{day}" for day in days))
        found = ical.loads(text, "x", protocol=two, zone="UTC")
        assert [s.phase for s in found.sessions] == [
            "induction",
            "induction",
            "induction",
            "later",
            "later",
            "later",
        ]
        assert [s.id for s in found.sessions] == ["u3", "u2", "u4", "u6", "u5", "u1"]
        assert [s.time for s in found.sessions] == [None] * 6

    def test_local_times_keep_their_zone(self):
        found = self.load(calendar_of(LOCAL, LOCAL.replace("0104", "0704")))
        assert found.zone == "Europe/London"
        assert [(s.day, s.time) for s in found.sessions] == [
            (date(2027, 1, 4), time(9, 15)),
            (date(2027, 7, 4), time(9, 15)),
        ]

    def test_times_in_utc_need_a_zone(self):
        text = calendar_of("DTSTART:20270704T081500Z")
        with pytest.raises(CannotRead) as caught:
            self.load(text)
        assert "zone=" in caught.value.fix
        assert self.load(text, zone="Europe/London").sessions[0].time == time(9, 15)
        assert self.load(text, zone="Asia/Kolkata").sessions[0].time == time(13, 45)

    def test_a_windows_zone_and_one_of_its_own(self):
        windows = calendar_of("DTSTART;TZID=W. Europe Standard Time:20270104T091500")
        assert self.load(windows).zone == "Europe/Berlin"
        own = (
            "BEGIN:VTIMEZONE\r\nTZID:Custom\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0300\r\n"
            "TZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
        )
        text = calendar_of("DTSTART;TZID=Custom:20270104T091500", before=own)
        with pytest.raises(CannotRead, match="zone that is not known"):
            self.load(text)
        assert self.load(text, zone="Europe/London").sessions[0].time == time(6, 15)

    def test_a_place_is_kept(self):
        assert (
            self.load(calendar_of(f"{LOCAL}\r\nLOCATION:Room 3\\, left")).sessions[0].place == "Room 3, left"
        )

    def test_a_calendar_that_cancels(self):
        found = self.load(calendar_of(LOCAL, before="METHOD:CANCEL\r\n"))
        assert found.sessions[0].status is BookingStatus.CLOSED

    def test_bare_line_feeds_and_blank_lines_are_forgiven(self):
        assert self.load(calendar_of(LOCAL).replace("\r\n", "\n") + "\n\n").sessions[0].time == time(9, 15)

    @pytest.mark.parametrize(
        ("body", "what"),
        [
            ("DTSTART:20270104T091500", "an event whose DTSTART floats"),
            ("DTSTART;TZID=No/Where:20270104T091500", "in a zone that cannot be told"),
            (f"{LOCAL}\r\nRRULE:FREQ=DAILY;COUNT=3", "an event with RRULE"),
            (f"{LOCAL}\r\nRDATE:20270105T091500Z", "an event with RDATE"),
            (f"{LOCAL}\r\nRECURRENCE-ID:20270105T091500Z", "an event with RECURRENCE-ID"),
            ("SUMMARY:x", "an event whose DTSTART is missing"),
            ("DTSTART:tomorrow", "an event whose DTSTART is not a date or time"),
            ("DTSTART;VALUE=PERIOD:20270104T091500Z/PT1H", "an event whose DTSTART is not a date or time"),
            (f"{LOCAL}\r\n{LOCAL}", "an event with 2 DTSTART"),
            (f"{LOCAL}\r\nDTEND:tomorrow", "an event whose DTEND is not a date or time"),
            (f"{LOCAL}\r\nDTEND;TZID=Europe/London:20270104T081500", "an event that ends before it begins"),
            (f"{LOCAL}\r\nDTEND;TZID=Europe/London:20270114T081500", "an event that ends before it begins"),
            (
                "DTSTART;VALUE=DATE:20270104\r\nDTEND;VALUE=DATE:20270106",
                "an event that ends before it begins",
            ),
            (f"{LOCAL}\r\nSTATUS:DONE", "an event with an unknown STATUS"),
            (LOCAL.replace("1500", "1530"), "an event at a time that no session has"),
            (LOCAL.replace("20270104T0915", "20270328T0130"), "clocks skip or show twice"),
            (LOCAL.replace("20270104T0915", "20271031T0130"), "clocks skip or show twice"),
            (LOCAL.replace("2027", "1066"), "an event at a time that no session has"),
            ("DTSTART;TZID=America/New_York:20270104T091500", "an event in a second zone"),
            (f"{LOCAL}\r\nUID:u1", "an event with 2 UID"),
        ],
    )
    def test_what_no_session_is_gets_refused_with_its_line(self, body, what):
        first = "DTSTART;TZID=Europe/London:20270101T091500"
        with pytest.raises(CannotRead, match=what) as caught:
            self.load(calendar_of(first, f"SUMMARY:Jane Doe\r\n{body}"))
        assert caught.value.where == "other.ics, line 8"
        assert "Jane" not in str(caught.value)

    @pytest.mark.parametrize(
        ("text", "what"),
        [
            ("", "not a calendar file"),
            ("hello", "not a calendar file"),
            ("BEGIN:VCARD\r\nEND:VCARD\r\n", "begins where none can"),
            ("BEGIN:VCALENDAR\r\n", "cut off"),
            ("BEGIN:VCALENDAR\r\nEND:VEVENT\r\n", "has not begun"),
            (calendar_of(LOCAL) * 2, "begins where none can"),
            (calendar_of(LOCAL).replace("PRODID", "\x00"), "not a line of a calendar file"),
            (calendar_of(), "no events"),
            (calendar_of(*[LOCAL] * 1001), "1001 events"),
            (calendar_of(LOCAL, LOCAL).replace("UID:u2", "UID:u1"), "a second event of one UID"),
            ("BEGIN:VCALENDAR\r\n" + "BEGIN:X\r\n" * 100_000, "begins where none can"),
        ],
    )
    def test_what_is_no_calendar_gets_refused(self, text, what):
        with pytest.raises(CannotRead, match=what):
            self.load(text)

    def test_a_zone_and_utc_at_once(self):
        with pytest.raises(CannotRead, match="a DTSTART in a zone that cannot be told") as caught:
            self.load(calendar_of(f"{LOCAL}Z"))
        assert caught.value.where == "other.ics, line 6"

    def test_two_zones_are_one_when_the_clinics_is_given(self):
        text = calendar_of(LOCAL, "DTSTART;TZID=America/New_York:20270105T041500")
        found = self.load(text, zone="Europe/London")
        assert [s.time for s in found.sessions] == [time(9, 15)] * 2

    def test_a_zone_of_the_caller_that_does_not_exist(self):
        with pytest.raises(InvalidTime):
            self.load(calendar_of(LOCAL), zone="Europe/Nowhere")
