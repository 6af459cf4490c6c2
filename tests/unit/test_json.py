"""The course document, and how files are written: whole or not at all."""

import json as standard_json
import os
import re
import resource
import stat
import subprocess
import sys
import timeit
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

import attrs
import pytest
from jsonschema import Draft202012Validator

from courseschema import course_schema
from ketsched import model
from ketsched.errors import CannotRead, CannotWrite, InvalidInput
from ketsched.interchange import dumps, json, jsonform, read, write
from ketsched.words.wording import Publication

SCHEMA_FILE = Path(json.__file__).with_name("course.schema.json")
SCHEMA = standard_json.loads(SCHEMA_FILE.read_text("utf-8"))


def text_of(course) -> str:
    return json.dumps(course, Publication()).decode()


def test_reference_course_is_written_unchanged(golden, reference_course):
    golden.check("reference-course.json", dumps(reference_course, "json"))


def test_a_document_of_version_1_reads_as_before_and_is_written_as_version_2(golden, reference_course):
    """It said what a revision was in words alone."""
    course = json.loads((golden.folder / "reference-course.version-1.json").read_text(), "course.json")
    assert course == reference_course
    assert dumps(course, "json") == (golden.folder / "reference-course.json").read_bytes()


@pytest.mark.parametrize(
    ("what", "kind", "proposal"),
    [
        ("planned", "planned", ""),
        ("recorded", "recorded", ""),
        ("re-planned", "replanned", ""),
        ("re-planned after what happened", "recorded and replanned", ""),
        ("moved, added", "replanned", ""),
        ("after a lapse: repeat tail", "proposal", "repeat tail"),
        ("moved by hand", "moved", ""),
        ("around the sessions", "companions", ""),
        ("held", "held", ""),
        ("hold lifted", "released", ""),
        ("authorised", "authorised", ""),
        ("decided: step back", "decided", ""),
        ("ride home", "ride", ""),
        ("done", "done", ""),
        ("waived", "waived", ""),
    ],
)
def test_the_words_of_a_revision_of_version_1_tell_its_kind(reference_course, what, kind, proposal):
    known = standard_json.loads(text_of(reference_course)) | {"version": 1}
    known["revisions"] = [{"at": None, "what": "planned"}, {"at": None, "what": what}]
    last = json.loads(standard_json.dumps(known), "course.json").revisions[-1]
    assert (last.kind, last.proposal, last.what) == (kind, proposal, what)


@pytest.mark.parametrize("revisions", [None, 1, "x", [1], [{"at": None, "what": 1}], [{"what": "x"}]])
def test_what_is_no_revision_of_version_1_is_refused(reference_course, revisions):
    known = standard_json.loads(text_of(reference_course)) | {"version": 1, "revisions": revisions}
    with pytest.raises(CannotRead):
        json.loads(standard_json.dumps(known), "course.json")


def test_the_reference_course_reads_back(reference_course, tmp_path):
    path = write(reference_course, tmp_path / "course.json")
    assert path == tmp_path / "course.json"
    assert read(path) == reference_course
    first = path.read_bytes()
    write(read(str(path)), str(path))
    assert path.read_bytes() == first


def test_the_document_is_complete_whatever_the_audience(reference_course):
    plain = dumps(reference_course, "json")
    for audience in ("patient", "clinic"):
        for privacy in ("discreet", "named", "full"):
            assert dumps(reference_course, "json", audience=audience, privacy=privacy) == plain


def test_the_document_keeps_to_the_schema(reference_course):
    Draft202012Validator.check_schema(SCHEMA)
    Draft202012Validator(SCHEMA).validate(standard_json.loads(text_of(reference_course)))


def test_the_schema_is_what_the_classes_of_the_model_give(request):
    """A new attribute is a new name of the document: it belongs in the schema and its version."""
    made = course_schema()
    if request.config.getoption("--update-golden"):
        SCHEMA_FILE.write_text(made, encoding="utf-8")
    assert made == SCHEMA_FILE.read_text(encoding="utf-8"), "run pytest --update-golden and read the diff"


def test_the_root_of_the_schema_knows_every_attribute():
    assert set(SCHEMA["properties"]) == {"format", "version", *jsonform.ORDER}
    assert set(jsonform.ORDER) == {a.name for a in attrs.fields(model.Course)}


@pytest.mark.parametrize(
    ("old", "new", "what", "where"),
    [
        ('"2027-03-08"', '"2027-02-30"', "'2027-02-30' is not a date", "column 7, sessions[3].day"),
        ('"2027-03-08"', '" 2027-03-08"', "a date or time in another form", "sessions[3].day"),
        ('"2027-03-08"', '"1027-03-08"', "1027-03-08 is not a day to plan on", "sessions[3].day"),
        ('"09:15"', '"9:15"', "a date or time in another form", "line 11, column 7, sessions[0].time"),
        ('"09:15"', '"24:00"', "'24:00' is not a time of day", "sessions[0].time"),
        ('"chair": 2', '"chair": true', "this is true or false", "sessions[0].chair"),
        ('"chair": 2', '"chair": 2.0', "this is a number with a decimal point", "sessions[0].chair"),
        ('"chair": 2', '"chair": "2"', "this is a text in quotes", "sessions[0].chair"),
        ('"chair": 2', '"chair": {}', "this is an object in { }", "sessions[0].chair"),
        ('"chair": 2', '"chair": 9007199254740993', "this number is too large", "line 13, column 16"),
        ('"chair": 2', '"chair": ' + "9" * 10_000, "this number is too large", "line 13, column 16"),
        ('"chair": 2', '"chair": NaN', "NaN is not a number", "line 13, column 16"),
        ('"chair": 2', '"chair": 2, "bed": 1', "an unknown name", "line 13, column 19, sessions[0].bed"),
        ('"chair": 2', '"chair": 2, "chair": 3', "a name is given twice", "line 13, column 19"),
        ('"chair": 2', '"chair": 2,', "this is not JSON", "course.json, line 1"),
        ('"s3"', '"\\ud800"', "a text with half a character", "sessions[2].id"),
        ('"s3"', '"s1"', "two bookings of one id", "course.json, line 1, column 1, course"),
        ('"fulfilled"', '"done"', "an unknown word", "sessions[0].status"),
        ('"fulfilled"', "null", "this is null", "sessions[0].status"),
        ('"revised": [0]', '"revised": 0', "this is a whole number", "sessions[0].revised"),
        ('"revised": [0]', '"revised": [7]', "a session without the revision that made it", "course"),
        ('"revised": [0]', '"revised": "0"', "this is a text in quotes", "sessions[0].revised"),
        ('"Europe/Amsterdam"', '"Europe/Amsterdm"', "There is no time zone 'Europe/Amsterdm'", "course.json"),
        ('"A-017"', '"Jane Doe"', "This course id cannot be used", "course.json"),
        ('"zone"', '"zoen"', "zone is missing", "course.json, line 1, column 1"),
        ('"version": 2', '"version": 3', "version 3 of the course document is newer than this library", "version"),
        ('"version": 2', '"version": true', "this course document has no version that is known", "version"),
        ('"version": 2', '"version": "1"', "this course document has no version that is known", "version"),
        ('"ketsched-course"', '"other"', "this is not a course document", "line 2, column 3, format"),
        ('"2027-02-20T09:00:00Z"', '"2027-02-20T09:00:00"', "this is not a moment", "revisions[0].at"),
        ('"2027-02-20T09:00:00Z"', '"2027-02-30T09:00:00Z"', "this is not a moment", "revisions[0].at"),
        ('"2027-02-20T09:00:00Z"', '"0001-01-01T00:00:00+09:00"', "this is not a moment", "revisions[0].at"),
        ('"PT40M"', '"40"', "this is not a duration", "protocol.phases[0].anatomy.infusion"),
        ('"PT40M"', '"PT24H1M"', "a session of 1521 minutes", "protocol.phases[0].anatomy"),
        ('"Mon", "Wed"', '"Mon", "mon"', "this is not a day of the week", "protocol.phases[0].weekdays"),
        ('"Mon", "Wed"', '"Mon", "Mon"', "weekdays that are not days of the week", "phase induction"),
        ('"apart": 3', '"apart": 4', "a preferred spacing over 4 places", "protocol.phases[0]"),
        ('"next day"', '"next week"', "no_driving is 'next week'", "protocol.phases[1]"),
        ('"key": "house"', '"kee": "house"', "this is not a source", "protocol.sources"),
        ('"mark": "stated"', '"mark": "sure"', "an unknown word", "protocol.phases[0].evidence[0].mark"),
        ('"KS101"', '"101"', "a waiver of 101", "waivers[0]"),
        ('"ride": "confirmed"', '"ride": "yes"', "the ride home of session b2 is 'yes'", "sessions[9]"),
        ('"ride": "confirmed"', '"route": 1', "this is a whole number", "sessions[9].route"),
        ('"id": "screening:s1"', '"id": "s1"', "two bookings of one id", "course.json, line 1, column 1, course"),
        ('"id": "screening:s1"', '"id": ""', "this companion id cannot be used", "companions[0]"),
        ('"companion": "screening"', '"companion": "x"', "an appointment or task that the protocol does not", "course"),
        ('"companion": "screening"', '"companion": "water"', "an appointment or task that the protocol", "course"),
        ('"day": "2027-02-22"', '"day": "2027-03-22"', "appointments out of order", "course"),
        ('"time": "10:00"', '"time": "10"', "'10' is not a time of day", "companions[0].time"),
        ('"what": "continue"', '"what": "go"', "the outcome 'go' by somebody", "companions[0].outcome"),
        ('"what": "continue",', "", "what is missing", "companions[0].outcome"),
        ('"on": "2027-02-23"', '"on": "2027-02-29"', "'2027-02-29' is not a date", "companions[0].outcome.on"),
        ('"reason": "hypertension"', '"reason": " "', "a hold without a reason or a name", "holds[0]"),
        ('"lifted_by": "Dr A"', '"lifted_by": ""', "a hold that is lifted in part", "holds[0]"),
        ('"lifted_by": "Dr A"', '"lifted": "Dr A"', "an unknown name", "holds[0].lifted"),
        ('"warn_days"', '"warn"', "an unknown name", "authorisations[0].warn"),
        ('"warn_days": 14', '"warn_days": "P14D"', "this is a text in quotes", "authorisations[0].warn_days"),
        ('"kind": "appointment"', '"kind": "visit"', "kind is 'visit'", "protocol.companions[0]"),
        ('"kind": "appointment"', '"kind": "task"', "task of 60 minutes", "protocol.companions[0]"),
        ('"minutes": "PT1H"', '"minutes": 60', "this is a whole number", "protocol.companions[0].minutes"),
        ('"minutes": "PT1H"', '"minutes": "P1D"', "this is not a duration", "protocol.companions[0].minutes"),
        ('"edge": "start"', '"edge": "begin"', "an anchor that names no one thing", "companions[0].anchor"),
        ('"edge": "start"', '"edge": "start", "every": 1', "an anchor that names no one thing", "companions[0].anchor"),
        ('"edge": "start"', '"every": "1"', "this is a text in quotes", "protocol.companions[0].anchor.every"),
        ('"earliest": -14', '"earliest": 0', "the window 0/-7/-3 days is out of order", "companions[0].window"),
        ('"recommended": -7', '"ideal": -7', "an unknown name", "protocol.companions[0].window.ideal"),
        ('"count": 1', '"count": 0', "0 bookings", "protocol.companions[0]"),
        ('"count": 1', '"count": 1.0', "this is a number with a decimal point", "protocol.companions[0].count"),
        ('"count": 1', '"count": 1, "weekdays": ["Tue", "tue"]', "this is not a day of the week", "companions[0].week"),
        ('"liver"', '"urinary"', "areas of monitoring", "protocol.companions[5]"),
        ('"urinary"', "1", "this is a whole number", "protocol.companions[5].areas[0]"),
    ],
)  # fmt: skip
def test_faults_are_told_with_their_place(reference_course, old, new, what, where):
    text = text_of(reference_course)
    assert old in text
    with pytest.raises(CannotRead) as caught:
        json.loads(text.replace(old, new, 1), "course.json")
    assert caught.value.what.startswith(what)
    assert caught.value.where.startswith("course.json")
    assert where in caught.value.where
    assert caught.value.why
    assert caught.value.fix


@pytest.mark.parametrize(
    "text",
    ["", "x", "null", "[]", "1", '"x"', "{}", "[" * 100_000, '{"a":' * 100_000, "{" * 9, "\ufeff{}", "\x00"],
)
def test_what_is_no_course_document_is_refused(text):
    with pytest.raises(CannotRead):
        json.loads(text, "course.json")


def test_errors_do_not_repeat_what_a_document_says_of_a_patient(reference_course):
    text = text_of(reference_course).replace('"place": "Room', '"plaec": "Jane Doe')
    with pytest.raises(CannotRead) as caught:
        json.loads(text, "course.json")
    assert "Jane" not in str(caught.value)


def test_moments_are_written_in_utc(reference_course):
    """The same course, whatever the offset of the caller's clock."""
    at = datetime(2027, 2, 20, 10, tzinfo=timezone(timedelta(hours=1)))
    revisions = (model.Revision(at=at), reference_course.revisions[1])
    assert text_of(attrs.evolve(reference_course, revisions=revisions)) == text_of(reference_course)


def one_phase(**changes) -> model.Course:
    phase = model.Phase(
        kind="induction", name="a", count=1, anatomy=model.Anatomy(infusion=40), weekdays=(0,)
    )
    protocol = model.Protocol(id="x", version="1", title="x", phases=(attrs.evolve(phase, **changes),))
    session = model.Session(id="s1", phase="a", day=date(2027, 1, 4), time=time(9))
    return model.Course(protocol=protocol, zone="UTC", sessions=(session,))


def session_with(**changes) -> model.Course:
    course = one_phase()
    return attrs.evolve(course, sessions=(attrs.evolve(course.sessions[0], **changes),))


@pytest.mark.parametrize(
    "course",
    [
        session_with(chair=1.5),
        session_with(counts="yes"),
    ],
)
def test_what_could_not_be_read_again_is_not_written(course, tmp_path):
    """The model lets these pass; the document must not."""
    with pytest.raises(CannotWrite):
        write(course, tmp_path / "course.json")
    assert list(tmp_path.iterdir()) == []


def test_defaults_that_say_something_are_written_out():
    """A document keeps its meaning when a default of the library changes."""
    phase = standard_json.loads(text_of(one_phase()))["protocol"]["phases"][0]
    assert phase["route"] == "intravenous"
    assert phase["anchor"] == "start"
    assert phase["weeks_required"] is True
    assert "join" not in phase
    assert json.loads(text_of(one_phase(route="")), "x") == one_phase(route="")


def companion(**changes) -> model.Companion:
    given = model.Companion(
        id="c", kind="notice", topic="fluids", title="Water", anchor=model.Anchor(every=1), before=0
    )
    return attrs.evolve(given, **changes)


@pytest.mark.parametrize(
    ("given", "written"),
    [
        (companion(), {"before": "PT0M", "count": 1}),
        (companion(before=None, after=90), {"after": "PT1H30M"}),
        (
            companion(
                before=None, kind="appointment", minutes=50, count=None, every=(model.Interval(days=7),)
            ),
            {"minutes": "PT50M", "count": None, "every": [{"days": 7}], "gate": False},
        ),
        (
            companion(before=None, kind="appointment", minutes=5, weekdays=(6, 1)),
            {"weekdays": ["Sun", "Tue"]},
        ),
        (companion(anchor=model.Anchor(edge="end")), {"anchor": {"edge": "end"}}),
        (companion(), {"window": {"earliest": 0, "recommended": 0, "latest": 0}, "place": "clinic"}),
    ],
)
def test_companions_are_written_in_words_and_durations(given, written):
    """What says something is written although it is a default; no count is null, because absent means one."""
    course = one_phase()
    course = attrs.evolve(course, protocol=attrs.evolve(course.protocol, companions=(given,)))
    text = text_of(course)
    (found,) = standard_json.loads(text)["protocol"]["companions"]
    assert {key: found[key] for key in written} == written
    assert ("minutes" in found) == (given.kind == "appointment")
    assert not {"text", "calendar", "areas", "spacing"} & set(found)
    assert json.loads(text, "x") == course


def test_a_course_without_anything_around_it_says_nothing_of_it():
    """Documents of such courses are as they were before there was anything else."""
    found = standard_json.loads(text_of(one_phase()))
    assert set(found) == {"format", "version", "zone", "sessions", "revisions", "protocol"}
    assert "companions" not in found["protocol"]
    assert not {"ride", "route", "pinned", "booked", "counts"} & set(found["sessions"][0])
    assert set(found["revisions"][0]) == {"at", "kind", "what"}
    assert found["protocol"]["phases"][0]["missed"] == "keep"
    assert "lapse" not in found["protocol"]["phases"][0]


def test_a_hold_and_an_authorisation_are_written_in_full():
    course = attrs.evolve(
        one_phase(),
        holds=(model.Hold(id="h1", reason="fever", who="Dr A", since=date(2027, 1, 4), sessions=("s1",)),),
        authorisations=(model.Authorisation(sessions=6, until=date(2027, 3, 1), scope="a"),),
    )
    found = standard_json.loads(text_of(course))
    assert found["holds"] == [
        {"id": "h1", "reason": "fever", "who": "Dr A", "since": "2027-01-04", "sessions": ["s1"]}
    ]
    assert found["authorisations"] == [
        {"sessions": 6, "until": "2027-03-01", "scope": "a", "required": False, "warn_days": 14}
    ]
    assert json.loads(text_of(course), "x") == course


# -- what happened, and what revisions changed

LAPSE = (
    model.LapseBand(first=0, last=28, propose="continue", if_worse="step back"),
    model.LapseBand(first=29, last=None, propose="repeat tail", repeat=2),
)


KEY = "induction/spacing 1/latest"


@pytest.fixture
def followed_course(reference_course):
    """The reference course, with visits, a rule lifted, a change of protocol and what its second revision changed."""
    first, second = reference_course.sessions[:2]
    phase = attrs.evolve(reference_course.protocol.phases[0], missed="skip", lapse=LAPSE)
    changes = (
        model.Changed(booking="s2", why="did not come", before=attrs.evolve(second, revised=(0,))),
        model.Changed(booking="s8"),
        model.Changed(
            booking="therapy:s2", before=attrs.evolve(reference_course.companions[1], revised=(0,))
        ),
    )
    revision = attrs.evolve(
        reference_course.revisions[1],
        who="Dr A",
        why="on the telephone",
        changes=changes,
        remarks=("it ends later",),
    )
    return attrs.evolve(
        reference_course,
        protocol=attrs.evolve(
            reference_course.protocol, phases=(phase, *reference_course.protocol.phases[1:])
        ),
        sessions=(
            first,
            attrs.evolve(second, pinned=True, booked=False, counts=False, uid="8@example.org"),
            *reference_course.sessions[2:],
        ),
        revisions=(reference_course.revisions[0], revision),
        visits=(
            model.Visit(date(2027, 3, 1), session="s1", at=time(9, 20), id="v1", who="Dr B"),
            model.Visit(date(2027, 3, 3), "cancelled", by="patient", session="s2", note="a cold"),
            model.Visit(
                date(2027, 3, 4), "stopped early", elsewhere=True, counts=False, route="nasal", worse=True
            ),
            model.Visit(date(2027, 3, 1), "withdrawn", corrects="v1"),
        ),
        skipped=("s2",),
        lifted=(
            model.Lifted(rule="at most 7 days", earlier="s1", later="s3", latest=7, by="policy", key=KEY),
        ),
        segments=(model.Segment(protocol="other", version="2", first="boosters", on=date(2027, 4, 1)),),
        ended=date(2027, 6, 1),
    )


def test_what_happened_is_written_in_full_and_reads_back(followed_course):
    text = text_of(followed_course)
    found = standard_json.loads(text)
    assert list(found)[4:11] == [
        *("sessions", "companions", "visits", "skipped", "lifted", "segments"),
        "ended",
    ]
    assert found["visits"] == [
        {
            "day": "2027-03-01",
            "status": "fulfilled",
            "session": "s1",
            "at": "09:20",
            "id": "v1",
            "who": "Dr B",
        },
        {"day": "2027-03-03", "status": "cancelled", "session": "s2", "by": "patient", "note": "a cold"},
        {
            "day": "2027-03-04",
            "status": "stopped early",
            "elsewhere": True,
            "counts": False,
            "route": "nasal",
            "worse": True,
        },
        {"day": "2027-03-01", "status": "withdrawn", "corrects": "v1"},
    ]
    assert found["skipped"] == ["s2"]
    assert found["lifted"] == [
        {"rule": "at most 7 days", "earlier": "s1", "later": "s3", "latest": 7, "by": "policy", "key": KEY}
    ]
    assert found["segments"] == [
        {"protocol": "other", "version": "2", "first": "boosters", "on": "2027-04-01"}
    ]
    assert found["ended"] == "2027-06-01"
    assert json.loads(text, "course.json") == followed_course
    Draft202012Validator(SCHEMA).validate(found)


def test_a_revision_is_written_with_each_booking_as_it_was(followed_course):
    found = standard_json.loads(text_of(followed_course))
    revision = found["revisions"][1]
    assert list(revision) == ["at", "kind", "what", "who", "why", "changes", "remarks"]
    assert (revision["who"], revision["why"], revision["remarks"]) == (
        "Dr A",
        "on the telephone",
        ["it ends later"],
    )
    second, new, therapy = revision["changes"]
    assert (second["booking"], second["why"], second["session"]["day"]) == (
        "s2",
        "did not come",
        "2027-03-03",
    )
    assert new == {"booking": "s8"}
    assert set(therapy) == {"booking", "companion"}


def test_what_is_unusual_about_a_session_and_a_break_is_written(followed_course):
    found = standard_json.loads(text_of(followed_course))
    unusual = {key: found["sessions"][1][key] for key in ("pinned", "booked", "counts")}
    assert unusual == {"pinned": True, "booked": False, "counts": False}
    assert not unusual.keys() & found["sessions"][0].keys()
    phase = found["protocol"]["phases"][0]
    assert phase["missed"] == "skip"
    assert phase["lapse"] == [
        {"first": 0, "last": 28, "propose": "continue", "if_worse": "step back"},
        {"first": 29, "last": None, "propose": "repeat tail", "repeat": 2},
    ]


def test_a_step_back_that_was_acted_on_is_written_so():
    decision = model.Decision(what="step back", on=date(2027, 1, 4), who="Dr A")
    asked = companion(kind="appointment", before=None, minutes=30, gate=True)
    course = attrs.evolve(one_phase(), protocol=attrs.evolve(one_phase().protocol, companions=(asked,)))
    for applied in (False, True):
        placed = model.PlacedCompanion(
            id="c:s1", companion="c", day=date(2027, 1, 4), outcome=attrs.evolve(decision, applied=applied)
        )
        given = attrs.evolve(course, companions=(placed,))
        (found,) = standard_json.loads(text_of(given))["companions"]
        more = {"applied": True} if applied else {}
        assert found["outcome"] == {"what": "step back", "on": "2027-01-04", "who": "Dr A", **more}
        assert json.loads(text_of(given), "x") == given


def test_a_document_from_before_there_were_visits_reads_as_the_course_it_was(reference_course):
    """Nothing was recorded, no policy named: a missed session keeps the pattern."""
    text = text_of(reference_course)
    old = text.replace(',\n        "missed": "keep"', "")
    assert text.count('"missed": "keep"') == 2
    assert '"missed": "keep"' not in old
    assert json.loads(old, "course.json") == reference_course


@pytest.mark.parametrize(
    ("old", "new", "what", "where"),
    [
        ('"cancelled"', '"canceled"', "an unknown word", "visits[1].status"),
        ('"cancelled"', '""', "an unknown word", "visits[1].status"),
        ('"cancelled"', "null", "this is null", "visits[1].status"),
        ('"status": "cancelled",', "", "status is missing", "visits[1]"),
        ('"cancelled"', '"no-show"', "a visit that was no-show and cancelled", "visits[1]"),
        ('"by": "patient"', '"by": "nurse"', "cancelled by 'nurse'", "visits[1].by, visit of 2027-03-03"),
        ('"at": "09:20"', '"at": "9:20"', "a date or time in another form", "visits[0].at"),
        ('"elsewhere": true', '"elsewhere": 1', "this is a whole number", "visits[2].elsewhere"),
        ('"counts": false,\n      "route": "nasal"', '"counts": "no"', "this is a text", "visits[2].counts"),
        ('"worse": true', '"wrose": true', "an unknown name", "visits[2].wrose"),
        ('"corrects": "v1"', '"corrects": ""', "an entry withdrawn that names none", "visits[3]"),
        ('"corrects": "v1"', '"corrects": "v1", "id": "v1"', "an entry that corrects itself", "visits[3]"),
        ('"corrects": "v1"', '"corrects": "v2", "id": "v1"', "two visits of one id", "course"),
        ('"session": "s2",\n      "by"', '"session": "s99",\n      "by"', "a visit, or a rule lifted, of an", "course"),
        ('"skipped": [', '"skipped": [1, ', "this is a whole number", "skipped[0]"),
        ('"skipped": [', '"skipped": ["s99", ', "a visit, or a rule lifted, of an", "course"),
        ('"latest": 7,\n      "by"', '"latest": -1,\n      "by"', "a rule lifted by 'policy', of -1 days", "lifted[0]"),
        (f'"key": "{KEY}"', '"key": 1', "this is a whole number", "lifted[0].key"),
        ('"kind": "replanned"', '"kind": "redone"', "a revision of the kind 'redone'", "revisions[1].kind"),
        ('"by": "policy"', '"by": "chance"', "a rule lifted by 'chance'", "lifted[0]"),
        ('"on": "2027-04-01"', '"on": "2027-04-31"', "'2027-04-31' is not a date", "segments[0].on"),
        ('"first": "boosters"', '"first": "x"', "a segment that begins with an unknown phase", "course"),
        ('"ended": "2027-06-01"', '"ended": true', "this is true or false", "ended"),
        ('"pinned": true', '"pinned": "yes"', "this is a text in quotes", "sessions[1].pinned"),
        ('"booked": false', '"booked": null', "this is null", "sessions[1].booked"),
        ('"why": "did not come"', '"why": 1', "this is a whole number", "revisions[1].changes[0].why"),
        ('"booking": "s2",', "", "booking is missing", "revisions[1].changes[0]"),
        ('"booking": "s2",', '"booking": "s2", "task": 1,', "an unknown name", "revisions[1].changes[0].task"),
        ('"session": {\n            "id": "s2', '"session": {\n            "id": "', "id cannot", "[0].session"),
        ('"booking": "s2"', '"booking": "s2", "companion": {}', "a change of two bookings", "changes[0]"),
        ('"it ends later"', "2", "this is a whole number", "revisions[1].remarks[0]"),
        ('"missed": "skip"', '"missed": "drop"', "missed is 'drop'", "protocol.phases[0]"),
        ('"missed": "skip"', '"missed": 1', "this is a whole number", "protocol.phases[0].missed"),
        ('"first": 0', '"first": 1', "lapse bands that begin on day 1", "protocol.phases[0]"),
        ('"last": 28', '"last": 27', "gap between the lapse bands", "protocol.phases[0]"),
        ('"last": 28', '"last": 29', "overlap between the lapse bands", "protocol.phases[0]"),
        ('"last": null', '"last": 30', "lapse bands that end on day 30", "protocol.phases[0]"),
        ('"last": null,', "", "last is missing", "protocol.phases[0].lapse[1]"),
        ('"propose": "repeat tail"', '"propose": "wait"', "a lapse proposes 'wait'", "phases[0].lapse[1]"),
        ('"repeat": 2', '"repeat": 2.0', "this is a number with a decimal", "phases[0].lapse[1].repeat"),
        ('"repeat": 2', '"repeat": 0', "a lapse that proposes repeat tail, and 0", "phases[0].lapse[1]"),
        ('"if_worse": "step back"', '"if_worse": "x"', "a lapse proposes 'x'", "protocol.phases[0].lapse[0]"),
    ],
)  # fmt: skip
def test_faults_in_what_happened_are_told_with_their_place(followed_course, old, new, what, where):
    text = text_of(followed_course)
    assert old in text
    with pytest.raises(CannotRead) as caught:
        json.loads(text.replace(old, new, 1), "course.json")
    assert what in caught.value.what
    assert re.match(r"course\.json, line \d+, column \d+", caught.value.where)
    assert where in caught.value.where
    assert caught.value.why
    assert caught.value.fix


def test_a_note_on_a_visit_is_not_repeated_by_an_error(followed_course):
    text = text_of(followed_course).replace('"note": "a cold"', '"note": "a cold", "phone": "Jane Doe"')
    with pytest.raises(CannotRead) as caught:
        json.loads(text, "course.json")
    assert "Jane" not in str(caught.value)


def test_reading_is_fast(reference_course):
    """Under 3 ms for 20 sessions once the converter is made; ten times that here, for a busy machine."""
    last = reference_course.sessions[-1]
    more = (attrs.evolve(last, id=f"x{n}", day=last.day + timedelta(n)) for n in range(1, 11))
    text = text_of(attrs.evolve(reference_course, sessions=(*reference_course.sessions, *more)))
    assert min(timeit.repeat(lambda: json.loads(text, "x"), number=3, repeat=5)) / 3 < 0.03


def test_heavy_packages_are_imported_at_first_use():
    program = "import sys, ketsched.interchange.ical, ketsched.interchange.json; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"cattrs", "icalendar", "holidays", "click", "numpy"} & set(run.stdout.split())


class TestFormats:
    def test_an_unknown_suffix_names_those_known(self, reference_course, tmp_path):
        for name in ("course.docx", "course", ""):
            with pytest.raises(CannotWrite, match="no suffix of a known format") as caught:
                write(reference_course, tmp_path / name)
            assert ".json, .ics" in caught.value.why
        with pytest.raises(CannotRead):
            read(tmp_path / "course.txt")

    def test_capitals_do_not_matter(self, reference_course, tmp_path):
        assert read(write(reference_course, tmp_path / "COURSE.JSON")) == reference_course

    @pytest.mark.parametrize(
        ("options", "known"),
        [
            ({"audience": "public"}, "patient, clinic"),
            ({"privacy": "none"}, "discreet, named, full"),
            ({"language": "xx"}, "en"),
            ({"method": "REQUEST"}, "a method other than PUBLISH"),
        ],
    )
    def test_an_unknown_choice_names_those_known(self, reference_course, tmp_path, options, known):
        with pytest.raises(InvalidInput) as caught:
            write(reference_course, tmp_path / "course.ics", **options)
        assert known in caught.value.why
        assert list(tmp_path.iterdir()) == []

    def test_a_document_has_no_method(self, reference_course, tmp_path):
        with pytest.raises(CannotWrite, match="with a method"):
            write(reference_course, tmp_path / "course.json", method="PUBLISH")


class TestFiles:
    def test_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(CannotRead, match=r"cannot open course\.json"):
            read(tmp_path / "course.json")

    def test_a_missing_folder(self, reference_course, tmp_path):
        with pytest.raises(CannotWrite) as caught:
            write(reference_course, tmp_path / "no" / "course.json")
        assert "make the folder" in caught.value.fix
        assert list(tmp_path.iterdir()) == []

    def test_a_folder_of_that_name(self, reference_course, tmp_path):
        (tmp_path / "course.json").mkdir()
        with pytest.raises(CannotWrite, match="is a folder"):
            write(reference_course, tmp_path / "course.json")
        assert [path.name for path in tmp_path.iterdir()] == ["course.json"]

    def test_a_file_in_place_of_a_folder(self, reference_course, tmp_path):
        (tmp_path / "x").write_text("")
        with pytest.raises(CannotWrite):
            write(reference_course, tmp_path / "x" / "course.json")

    @pytest.mark.parametrize("name", ["a\0.json", "a" * 300 + ".json"])
    def test_a_name_that_cannot_be(self, reference_course, tmp_path, name):
        with pytest.raises(CannotWrite):
            write(reference_course, tmp_path / name)
        assert list(tmp_path.iterdir()) == []

    def test_a_pipe_is_not_replaced(self, reference_course, tmp_path):
        os.mkfifo(tmp_path / "course.json")
        with pytest.raises(CannotWrite, match="is not a file"):
            write(reference_course, tmp_path / "course.json")
        assert stat.S_ISFIFO((tmp_path / "course.json").stat().st_mode)

    def test_a_full_disk_leaves_the_old_file(self, reference_course, tmp_path):
        """The kernel stops the write half-way, as on a full disk."""
        path = tmp_path / "course.json"
        path.write_text("old")
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        try:
            with pytest.raises(CannotWrite):
                write(reference_course, path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert path.read_text() == "old"
        assert [path.name for path in tmp_path.iterdir()] == ["course.json"]

    @pytest.mark.parametrize("call", ["open", "fsync"])
    def test_a_refusal_of_the_system_leaves_nothing(self, reference_course, tmp_path, monkeypatch, call):
        def refuse(*_):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(os, call, refuse)
        with pytest.raises(CannotWrite, match="cannot write") as caught:
            write(reference_course, tmp_path / "course.json")
        assert caught.value.why == "permission denied"
        monkeypatch.undo()
        assert list(tmp_path.iterdir()) == []

    def test_an_interrupt_leaves_nothing(self, reference_course, tmp_path, monkeypatch):
        def interrupt(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            write(reference_course, tmp_path / "course.json")
        monkeypatch.undo()
        assert list(tmp_path.iterdir()) == []

    def test_permissions_stay(self, reference_course, tmp_path):
        path = tmp_path / "course.json"
        path.touch(0o600)
        write(reference_course, path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_a_link_keeps_pointing_where_it_did(self, reference_course, tmp_path):
        (tmp_path / "there").mkdir()
        link = tmp_path / "course.json"
        link.symlink_to(tmp_path / "there" / "real.json")
        write(reference_course, link)
        assert link.is_symlink()
        assert read(tmp_path / "there" / "real.json") == reference_course

    def test_a_relative_name(self, reference_course, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert write(reference_course, "course.json") == Path("course.json")
        assert read("course.json") == reference_course

    def test_a_course_that_cannot_be_written_leaves_the_old_file(self, reference_course, tmp_path):
        path = tmp_path / "course.ics"
        path.write_text("old")
        with pytest.raises(CannotWrite):
            write(attrs.evolve(reference_course, id=None), path)
        assert path.read_text() == "old"

    def test_a_file_of_more_than_10_mib(self, tmp_path):
        path = tmp_path / "course.json"
        path.write_bytes(b" " * (10 * 1024 * 1024 + 1))
        with pytest.raises(CannotRead, match="too large"):
            read(path)

    def test_a_file_that_is_not_utf8(self, tmp_path):
        (tmp_path / "course.json").write_bytes(b'{\n"\xff": 1}')
        with pytest.raises(CannotRead) as caught:
            read(tmp_path / "course.json")
        assert "line 2" in caught.value.where


def test_a_revision_without_a_moment_can_be_kept():
    course = one_phase()
    assert json.loads(text_of(course), "x") == course
    assert course.revisions[0].at is None
    assert '"at": null' in text_of(course)
    assert text_of(attrs.evolve(course, revisions=(model.Revision(at=datetime(2027, 1, 1, tzinfo=UTC)),)))
