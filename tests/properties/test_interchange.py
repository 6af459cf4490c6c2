"""What leaves the library comes back the same, says no more than it should, and changes only where the course did."""

import contextlib
import json as standard_json
import re
from datetime import UTC, datetime, time, timedelta
from importlib.resources import files
from typing import Any

import attrs
import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ketsched.errors import CannotRead, KetschedError
from ketsched.interchange import dumps, ical, json
from ketsched.interchange.identity import session_uid
from ketsched.languages import Contact, Words
from ketsched.model import BookingStatus, Course, Revision
from strategies.courses import courses
from strategies.protocols import protocols
from strategies.values import filled, texts

SCHEMA = Draft202012Validator(
    standard_json.loads(files("ketsched.interchange").joinpath("course.schema.json").read_text("utf-8"))
)
CLINIC: dict[str, Any] = {"audience": "clinic", "privacy": "full"}
slow = settings(max_examples=25)


def document(course: Course) -> str:
    return dumps(course, ".json").decode()


@slow
@given(courses(around=True, followed=True))
def test_a_course_document_reads_back_as_the_course_it_was(course):
    text = document(course)
    found = json.loads(text, "course.json")
    assert found == course
    assert document(found) == text  # also what does not count when courses are compared
    assert [s.source for p in found.protocol.phases for s in p.spacing] == [
        s.source for p in course.protocol.phases for s in p.spacing
    ]


@slow
@given(courses(around=True, followed=True))
def test_a_course_document_keeps_to_its_schema(course):
    SCHEMA.validate(standard_json.loads(document(course)))


@slow
@given(courses(around=True, followed=True))
def test_the_document_on_one_line_is_the_same(course):
    text = json.compact(course)
    assert re.fullmatch(r"[ -~]+", text)
    assert not re.search(r"\\(?!u[0-9a-f]{4})", text)
    assert standard_json.loads(text) == standard_json.loads(document(course))


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 5),
    st.sampled_from(
        [10**9, 10**20, -1, 1.5, "", "x", "next day", "PT", "PT5M", "2027-02-30", "25:00", [], {}, [[]]]
    ),
    st.text(max_size=5),
    st.floats(allow_nan=False, allow_infinity=False),
)


ADDED = (
    *("x", "days", "note", "until", "time", "count"),
    *("edge", "phase", "outcome", "lifted_on", "areas", "before"),
    *("session", "companion", "corrects", "counts", "by", "latest", "missed", "repeat", "if_worse", "pinned"),
)


def places(value, path=()):
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in inner:
        yield from places(entry, (*path, key))


def mutated(draw, value):
    """Change one value somewhere in a document: replace it, remove it, or put another beside it."""
    path = draw(st.sampled_from(sorted(filter(None, places(value)), key=repr)))
    holder = value
    for step in path[:-1]:
        holder = holder[step]
    match draw(st.sampled_from(["replace", "remove", "add"])):
        case "replace":
            holder[path[-1]] = draw(VALUES)
        case "remove":
            del holder[path[-1]]
        case _ if isinstance(holder, dict):
            holder[draw(st.sampled_from(ADDED))] = draw(VALUES)
        case _:
            holder.append(draw(VALUES))


@settings(slow, max_examples=50)
@given(courses(around=True, followed=True), st.data())
def test_what_the_schema_refuses_is_refused(course, data):
    value = standard_json.loads(document(course))
    mutated(data.draw, value)
    text = standard_json.dumps(value)
    try:
        found = json.loads(text, "course.json")
    except CannotRead as error:
        refused = error
    else:
        refused = None
    if refused is not None:
        assert all((refused.what, refused.why, refused.fix))
        assert refused.where.startswith("course.json")
        return
    assert SCHEMA.is_valid(value), "the schema refuses what was read"
    assert json.loads(document(found), "course.json") == found


@settings(slow, max_examples=40)
@given(courses(around=True, followed=True), st.data())
def test_a_damaged_course_document_never_gives_a_traceback(course, data):
    text = document(course)
    at = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 30))
    put = data.draw(
        st.text(max_size=6) | st.sampled_from(["{", "[", '"', "\\ud800", "NaN", "1e999", "9" * 5000])
    )
    with contextlib.suppress(CannotRead):
        json.loads(text[:at] + put + text[at + length :], "course.json")


@slow
@given(courses(publishable=True, around=True, followed=True))
def test_a_full_clinic_calendar_reads_back_as_the_course_it_was(course):
    content = dumps(course, "ics", **CLINIC)
    assert ical.loads(content.decode(), "course.ics") == course
    assert dumps(course, "ics", **CLINIC) == content


@slow
@given(
    courses(publishable=True, around=True),
    st.sampled_from(["patient", "clinic"]),
    st.sampled_from(["discreet", "named"]),
)
def test_any_other_calendar_reads_back_as_the_same_sessions(course, audience, privacy):
    content = dumps(course, "ics", audience=audience, privacy=privacy).decode()
    if not course.sessions:
        return
    found = ical.loads(content, "course.ics", protocol=course.protocol, zone=course.zone)
    as_read = {BookingStatus.FULFILLED: BookingStatus.FIRM, BookingStatus.MISSED: BookingStatus.CLOSED}
    expected = [(s.day, s.time, as_read.get(s.status, s.status)) for s in course.sessions]
    assert [(s.day, s.time, s.status) for s in found.sessions] == expected


def event_of(calendar, course, booked):
    """The event of a session, an appointment or a task."""
    uid = booked.uid or session_uid(course.id, booked.id, course.key)
    (event,) = (event for event in calendar.walk("VEVENT") if event["UID"] == uid)
    return event


def lies_at(event):
    return event["DTSTART"].dt.astimezone(UTC), event["DTEND"].dt.astimezone(UTC)


@slow
@given(
    courses(publishable=True, around=True),
    st.sampled_from(["patient", "clinic"]),
    st.sampled_from(["discreet", "named", "full"]),
)
def test_calendars_are_what_icalendar_makes_of_them(course, audience, privacy):
    """Its own bytes, in its own order, whatever the texts: none of them becomes a line."""
    content = dumps(course, "ics", audience=audience, privacy=privacy)
    calendar = icalendar.Calendar.from_ical(content)
    timed = 0
    for session in course.sessions:
        event = event_of(calendar, course, session)
        assert lies_at(event) == (course.starts(session), course.ends(session))
        assert int(event["SEQUENCE"]) == session.sequence
        timed += 1
    for placed in course.companions:
        definition = course.protocol.companion(placed.companion)
        told = definition.audience in (audience, "both")
        if definition.kind == "appointment" and told and definition.on_session_days != "during":
            event = event_of(calendar, course, placed)
            assert lies_at(event) == course.appointment(placed)
            assert int(event["SEQUENCE"]) == placed.sequence
            timed += 1
    events = calendar.walk("VEVENT")
    whole_days = [event for event in events if not isinstance(event["DTSTART"].dt, datetime)]
    assert len(events) == timed + len(whole_days)
    assert all(event["TRANSP"] == "TRANSPARENT" for event in whole_days)
    assert len({event["UID"] for event in events}) == len(events)
    lines = content.decode().split("\r\n")
    assert lines[-1] == ""
    assert all(lines[:-1])
    assert all(len(line.encode()) <= 75 for line in lines)
    # icalendar takes a backslash before n for a line break, so it alters such texts.
    if not re.search(r"\\\\[nN]", "".join(lines)):
        assert calendar.to_ical() == content
        assert calendar.to_ical(sorted=False) == content


@slow
@given(
    courses(publishable=True, around=True),
    protocols(),
    st.sampled_from(["patient", "clinic"]),
    st.data(),
)
def test_a_discreet_calendar_does_not_depend_on_what_it_must_not_tell(course, other, audience, data):
    """Titles, texts, sources, names, reasons, routes, places, chairs: the bytes are the same without them."""
    renamed = {phase.name: f"p{number}" for number, phase in enumerate(course.protocol.phases)}
    phases = tuple(
        attrs.evolve(
            phase,
            name=f"p{number}",
            beside=phase.beside and renamed[phase.beside],
            kind=data.draw(st.sampled_from(["induction", "maintenance"])),
            route=data.draw(texts),
            evidence=(),
            before=tuple(
                r if r.what in ("eating", "drinking") else attrs.evolve(r, what="benzodiazepines")
                for r in phase.before
            ),
        )
        for number, phase in enumerate(course.protocol.phases)
    )
    companions = tuple(
        attrs.evolve(
            companion,
            title=data.draw(filled),
            text=data.draw(texts),
            calendar="",
            areas=(),
            evidence=(),
            anchor=attrs.evolve(
                companion.anchor, phase=companion.anchor.phase and renamed[companion.anchor.phase]
            ),
        )
        for companion in course.protocol.companions
    )
    protocol = attrs.evolve(
        course.protocol,
        id=other.id,
        title=other.title,
        note=other.note,
        sources=other.sources,
        phases=phases,
        companions=companions,
    )
    changed = attrs.evolve(
        course,
        protocol=protocol,
        sessions=tuple(
            attrs.evolve(s, phase=renamed[s.phase], chair=None, ideal=None, route="") for s in course.sessions
        ),
        companions=tuple(attrs.evolve(placed, ideal=None, outcome=None) for placed in course.companions),
        holds=tuple(attrs.evolve(hold, reason="x", who="x") for hold in course.holds),
        authorisations=(),
        waivers=(),
    )
    assert dumps(changed, "ics", audience=audience) == dumps(course, "ics", audience=audience)
    text = re.sub("\r\n ", "", dumps(course, "ics", audience=audience).decode()).lower()
    for word in ("ketsched", "ketamin", "infusion", "x-ketsched", "dose", "depress", "treatment", "session"):
        assert word not in text
    told = re.sub(r"uid:.*", "", text)
    assert len(course.id) < 8 or course.id.lower() not in told


@slow
@given(courses(publishable=True), st.data())
def test_a_revision_changes_the_events_it_changed_and_no_others(course, data):
    if not course.standing():
        return
    changed = data.draw(st.sampled_from(course.standing()))
    number = len(course.revisions)
    revision = Revision(at=datetime(2101, 1, 1, tzinfo=UTC))
    sessions = tuple(
        attrs.evolve(s, status=BookingStatus.CLOSED, revised=(*s.revised, number)) if s is changed else s
        for s in course.sessions
    )
    later = attrs.evolve(course, sessions=sessions, revisions=(*course.revisions, revision))
    before, after = (events(dumps(c, "ics")) for c in (course, later))
    assert before.keys() <= after.keys()
    touched = {uid for uid in before if before[uid] != after[uid]}
    own = changed.uid or session_uid(course.id, changed.id, course.key)
    assert own in touched
    assert touched <= {own, session_uid(course.id, changed.id + ical.DAY_AFTER, course.key)}
    for uid in touched:
        assert b"STATUS:CANCELLED" in after[uid]
        assert f"SEQUENCE:{changed.sequence + 1}".encode() in after[uid]


def events(content: bytes) -> dict[str, bytes]:
    found = {}
    for event in content.replace(b"\r\n ", b"").split(b"BEGIN:VEVENT\r\n")[1:]:
        uid = re.search(rb"^UID:(.*)\r$", event, re.MULTILINE)
        found[re.sub(r"\\(.)", r"\1", uid[1].decode())] = event.split(b"END:VEVENT")[0]
    return found


DAMAGES = (
    *("RRULE:FREQ=DAILY", "RRULE:x", "DTSTART:x", "DTSTART;TZID=x:20270101T000000", "DTEND:99999999T000000Z"),
    *("BEGIN:VEVENT", "END:VCALENDAR", "STATUS:x", "DTSTART;VALUE=DATE:20270101", "UID:", "BEGIN:X", "X;:"),
    *("DTSTART;VALUE=PERIOD:20270101T000000Z/PT1H", "DTSTART:00010101T000000Z", "X-KETSCHED-COURSE:{}"),
)


@settings(slow, max_examples=40)
@given(courses(publishable=True, around=True), st.data())
def test_a_damaged_calendar_never_gives_a_traceback(course, data):
    text = dumps(course, "ics", **data.draw(st.sampled_from([{}, CLINIC]))).decode()
    lines = text.split("\r\n")
    at = data.draw(st.integers(0, len(lines) - 1))
    match data.draw(st.sampled_from(["cut", "drop", "double", "line", "characters"])):
        case "cut":
            text = text[: data.draw(st.integers(0, len(text)))]
        case "drop":
            text = "\r\n".join(lines[:at] + lines[at + 1 :])
        case "double":
            text = "\r\n".join([*lines[:at], lines[at], *lines[at:]])
        case "line":
            put = data.draw(st.sampled_from(DAMAGES) | st.text(max_size=20))
            text = "\r\n".join([*lines[:at], put, *lines[at:]])
        case _:
            start = data.draw(st.integers(0, len(text)))
            text = (
                text[:start] + data.draw(st.text(max_size=5)) + text[start + data.draw(st.integers(0, 9)) :]
            )
    protocol = data.draw(st.sampled_from([None, course.protocol]))
    with contextlib.suppress(CannotRead):
        ical.loads(text, "course.ics", protocol=protocol, zone=course.zone)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("utf-8", "replace")))
def test_any_text_is_read_or_refused(text):
    for loads in (json.loads, ical.loads):
        with pytest.raises(KetschedError):
            loads(text, "file")


@slow
@given(
    courses(publishable=True, zones=("Europe/Dublin", "America/New_York", "Australia/Lord_Howe")),
    st.integers(1, 3000),
)
def test_the_time_until_which_not_to_drive_is_elapsed_time(course, minutes):
    """Held against instants: no clock arithmetic of ours is believed."""
    protocol = attrs.evolve(
        course.protocol,
        phases=tuple(
            attrs.evolve(p, no_driving=timedelta(minutes=minutes), before=(), place="clinic")
            for p in course.protocol.phases
        ),
    )
    sessions = tuple(attrs.evolve(s, status=BookingStatus.FIRM, place="") for s in course.sessions)
    reached = Contact(clock="24h")
    course = attrs.evolve(course, protocol=protocol, sessions=sessions, contact=reached, language="en")
    calendar = icalendar.Calendar.from_ical(dumps(course, "ics"))
    for session in course.sessions:
        event = event_of(calendar, course, session)
        parts = protocol.phase(session.phase).anatomy
        start = course.starts(session)
        instant = start.astimezone(UTC) + timedelta(minutes=parts.prepare + parts.infusion + minutes)
        until = instant.astimezone(start.tzinfo)
        day = Words.of("en", zone=course.zone).day(until.date(), beside=session.day)
        twice = " (the second time, after the clocks go back)" if until.fold else ""
        assert f"Please do not drive until {until:%H:%M}{twice} on {day}." in event["DESCRIPTION"]


def test_the_time_of_a_session_is_not_lost_at_midnight(reference_course):
    """Nor is the day after it: the treatment ends before midnight, the observation period after it."""
    late = attrs.evolve(reference_course.sessions[-1], time=time(23, 0))
    course = attrs.evolve(reference_course, sessions=(*reference_course.sessions[:-1], late))
    calendar = icalendar.Calendar.from_ical(dumps(course, "ics"))
    said = str(event_of(calendar, course, late)["DESCRIPTION"])
    assert "The appointment ends at about 01:30 on Tuesday 11 May." in said
    assert "Please do not drive until Tuesday 11 May, and then only after a full night's sleep." in said
