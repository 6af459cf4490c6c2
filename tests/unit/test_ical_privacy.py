"""Calendar files: what they keep to themselves, what is read back from them, and what a revision changes."""

import re
from datetime import UTC, date, datetime, time, timedelta

import attrs
import pytest

from ketsched import holds
from ketsched.errors import CannotRead
from ketsched.interchange import dumps, ical, identity
from ketsched.model import Anchor, Authorisation, BookingStatus, Course, Hold, Revision
from ketsched.revising import revise
from ketsched.words.wording import Publication
from published import (
    AUDIENCES,
    CLINIC,
    FIRST,
    MONDAY,
    PATIENT,
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
)

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
    "form to",
)
"""What a discreet file does not tell, and others may."""


class TestPrivacy:
    @pytest.mark.parametrize(("audience", "privacy"), AUDIENCES)
    def test_no_file_tells_more_than_it_may(self, reference_course, audience, privacy):
        text = unfolded(reference_course, audience=audience, privacy=privacy).lower()
        text = re.sub(r"\r\n(uid|related-to):[-0-9a-f]+", "", text)
        forbidden: tuple[str, ...] = () if (audience, privacy) == ("clinic", "full") else SECRETS
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
            assert "This time is not confirmed yet. Please keep it free." in held

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
        for hold, status in ((stands, BookingStatus.TENTATIVE), (lifted, BookingStatus.FIRM)):
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
            sessions=(at(), at(TUESDAY, number=2, status=BookingStatus.TENTATIVE)),
            others={"authorisations": (one,)},
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
        return revise(course, at=when, what="changed", sessions=sessions, companions=companions)

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
        off = self.next(now, self.THIRD, companion={"status": BookingStatus.CLOSED})
        for part in (False, True):
            assert "\r\nSTATUS:CANCELLED\r\n" in self.files(off, changes_only=part, **options)["it:s1"]

    def test_a_task_that_was_always_due_on_the_day_of_its_session_is_a_line_of_it(self):
        now = self.next(self.task(), session={"day": TUESDAY}, companion={"day": TUESDAY})
        assert set(self.files(now)) == {"s1", "s2"}
        assert "by Tuesday 5 January" in self.files(now)["s1"]

    @pytest.mark.parametrize("change", [{"day": TUESDAY}, {"status": BookingStatus.CLOSED}])
    def test_a_task_that_gets_an_event_is_in_the_file_of_changes_though_it_is_as_it_was(self, change):
        now = self.next(self.task(), session=change)
        part = self.files(now, changes_only=True)
        assert "it:s1" in part
        assert part.items() <= self.files(now).items()
        assert self.stamps(now)["it:s1"] == (2, 0)
        back = self.next(now, self.THIRD, session={"day": MONDAY, "status": BookingStatus.FIRM})
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
        now = self.next(self.task(), session={"status": BookingStatus.CLOSED})
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
        held = holds.hold(first, reason="a", who="Dr A", since=MONDAY, at=SECOND)
        twice = holds.hold(held, reason="b", who="Dr A", since=MONDAY, sessions=("s1",), at=self.THIRD)
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
