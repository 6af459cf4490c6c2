"""Case files: what a coordinator writes down once, as the arguments of a plan."""

from __future__ import annotations

import re
from datetime import date, time

import attrs
import pytest

from ketsched.casefile import check_holds, load_case
from ketsched.clock import TimeRange
from ketsched.errors import InvalidInput, KetschedError
from ketsched.model import Authorisation, Hold

CLINIC = 'zone = "Europe/Amsterdam"\n[hours]\nmon = "09:00-17:00"\nthu = "09:00-17:00"\n'
THERAPIST = 'zone = "Europe/Amsterdam"\n[hours]\ntue = "13:00-20:00"\n'
LEAST = 'protocol = "generic-induction"\nclinic = "clinic.toml"\nstart = 2027-01-04\n'
WITH_THERAPY = LEAST.replace("generic-induction", "iv-6-plus-wet")
"""Its companions need the calendar of a therapist, and no other."""
ALL_DAY = (TimeRange.parse("00:00-24:00"),)


@pytest.fixture
def load(tmp_path):
    (tmp_path / "clinic.toml").write_text(CLINIC, encoding="utf-8")
    (tmp_path / "therapist.toml").write_text(THERAPIST, encoding="utf-8")

    def loading(text: str, least: str = LEAST):
        (tmp_path / "case.toml").write_text(least + text, encoding="utf-8")
        return load_case(tmp_path / "case.toml")

    return loading


def test_the_least_that_a_case_says(load):
    case = load("")
    assert (case.protocol.id, case.start, case.calendar.zone) == (
        "generic-induction",
        date(2027, 1, 4),
        "Europe/Amsterdam",
    )
    assert (case.id, case.availability, case.wishes, case.time) == (None, None, None, None)


def test_all_that_a_case_says_by_itself(load):
    case = load(
        'id = "A-017"\nzone = "Europe/Amsterdam"\ntime = "9:30"\nsessions = 8\nweeks = 4\n'
        'weekdays = ["Mon", "thursday"]\nboosters = 3\n'
    )
    first, last = case.protocol.phases
    assert (case.id, case.time) == ("A-017", time(9, 30))
    assert (first.count, first.weekdays, last.count) == (8, (0, 3), 3)


def test_a_stretch_of_starts(load):
    least = LEAST.replace("2027-01-04", "{ from = 2027-01-04, to = 2027-01-29 }")
    assert load("", least).start == (date(2027, 1, 4), date(2027, 1, 29))


def test_files_are_looked_for_beside_the_case(load, tmp_path, monkeypatch):
    from ketsched.protocols import template

    (tmp_path / "own.toml").write_text(template("own"), encoding="utf-8")
    monkeypatch.chdir("/")
    assert load("", LEAST.replace("generic-induction", "own.toml")).protocol.id == "own"


MONDAY, TUESDAY = date(2027, 1, 18), date(2027, 1, 19)


@pytest.mark.parametrize(
    ("text", "monday", "tuesday"),
    [
        ("on = 2027-01-18", "", "00:00-24:00"),
        ('on = 2027-01-18\nhours = "09:00-12:00"', "00:00-09:00, 12:00-24:00", "00:00-24:00"),
        ("from = 2027-01-18\nto = 2027-01-19", "", ""),
        ("from = 2027-01-19\nto = 2027-01-19", "00:00-24:00", ""),
        ('from = 2027-01-10\nto = 2027-01-18\nhours = "00:00-12:00"', "12:00-24:00", "00:00-24:00"),
        ('weekdays = ["Mon"]', "", "00:00-24:00"),
        ('weekdays = ["Tue", "Mon"]\nhours = "00:00-10:00, 14:00-24:00"', "10:00-14:00", "10:00-14:00"),
        ('on = 2027-01-18\nhours = "00:00-24:00"', "", "00:00-24:00"),
    ],
)
def test_what_the_patient_cannot_is_taken_away(load, text, monday, tuesday):
    """18 January 2027 is a Monday."""
    can = load(f"[[cannot]]\n{text}\n").availability
    assert can.ranges(MONDAY) == TimeRange.parse(monday)
    assert can.ranges(TUESDAY) == TimeRange.parse(tuesday)
    assert can.closed_by(MONDAY) is None or can.closed_by(MONDAY).reason == "the patient cannot"


@pytest.mark.parametrize("turned", [False, True], ids=["one way", "the other"])
def test_the_order_of_what_the_patient_cannot_does_not_matter(load, turned):
    """A morning of one Monday, all Monday evenings, and every hour of another day twice over."""
    entries = [
        'on = 2027-01-18\nhours = "08:00-12:00"',
        'weekdays = ["Mon"]\nhours = "18:00-24:00"',
        'on = 2027-01-18\nhours = "11:00-13:00"',
        "on = 2027-01-19",
        'on = 2027-01-19\nhours = "11:00-13:00"',
    ]
    text = "".join(f"[[cannot]]\n{entry}\n" for entry in (reversed(entries) if turned else entries))
    can = load(text).availability
    assert can.ranges(MONDAY) == TimeRange.parse("00:00-08:00, 13:00-18:00")
    assert can.ranges(TUESDAY) == ()
    assert can.ranges(date(2027, 1, 25)) == TimeRange.parse("00:00-18:00")


def test_years_of_hours_that_the_patient_cannot_are_read_at_once(load):
    """The longest stretch there is: 230 years."""
    can = load('[[cannot]]\nfrom = 1970-01-01\nto = 2199-12-31\nhours = "09:00-12:00"\n').availability
    assert can.ranges(date(2199, 12, 31)) == TimeRange.parse("00:00-09:00, 12:00-24:00")


@pytest.mark.parametrize(
    ("text", "monday", "tuesday"),
    [
        ('before = "15:00"', "00:00-15:00", "00:00-15:00"),
        ('after = "10:00"', "10:00-24:00", "10:00-24:00"),
        ('after = "10:00"\nbefore = "15:00"\nweekdays = ["Mon"]', "10:00-15:00", ""),
        ('weekdays = ["Tue"]', "", "00:00-24:00"),
        ('mon = "09:00-10:00"', "09:00-10:00", ""),
    ],
)
def test_what_the_patient_would_rather(load, text, monday, tuesday):
    wishes = load(f"[rather]\n{text}\n").wishes
    assert wishes.ranges(MONDAY) == TimeRange.parse(monday)
    assert wishes.ranges(TUESDAY) == TimeRange.parse(tuesday)


@pytest.mark.parametrize(
    ("named", "name"), [("", "therapist"), ('name = "Dr B"\n', "Dr B")], ids=["by the case", "by itself"]
)
def test_calendars_are_looked_for_beside_the_case(load, tmp_path, monkeypatch, named, name):
    (tmp_path / "therapist.toml").write_text(named + THERAPIST, encoding="utf-8")
    monkeypatch.chdir("/")
    calendars = load('[calendars]\ntherapist = "therapist.toml"\n', WITH_THERAPY).calendars
    assert set(calendars) == {"therapist"}
    assert calendars["therapist"].ranges(TUESDAY) == TimeRange.parse("13:00-20:00")
    assert calendars["therapist"].ranges(MONDAY) == ()
    assert calendars["therapist"].name == name


def test_holds_and_authorisations(load):
    case = load(
        '[[hold]]\nreason = "blood pressure"\nwho = "Dr A"\nsince = 2027-01-11\n'
        '[[hold]]\nreason = "rash"\nwho = "Dr B"\nsince = 2027-01-04\nsessions = ["s2", "s4"]\n'
        "[[authorisation]]\nsessions = 4\n"
        '[[authorisation]]\nsessions = 6\nfrom = 2027-02-01\nuntil = 2027-06-30\nscope = "maintenance"\n'
        'required = true\nwarn_days = 30\nname = "second letter"\n'
    )
    assert case.holds == (
        Hold(id="h1", reason="blood pressure", who="Dr A", since=date(2027, 1, 11)),
        Hold(id="h2", reason="rash", who="Dr B", since=date(2027, 1, 4), sessions=("s2", "s4")),
    )
    assert case.authorisations == (
        Authorisation(sessions=4),
        Authorisation(
            sessions=6,
            first=date(2027, 2, 1),
            until=date(2027, 6, 30),
            scope="maintenance",
            required=True,
            warn_days=30,
            name="second letter",
        ),
    )


HOLD = '[[hold]]\nreason = "rash"\nwho = "Dr A"\nsince = 2027-01-04\n'
PAID = "[[authorisation]]\nsessions = 6\n"


@pytest.mark.parametrize(
    "text",
    ["from = 2027-02-01\nuntil = 2027-02-01", "warn_days = 0", "warn_days = 366", 'scope = ""'],
)
def test_the_last_values_that_an_authorisation_takes(load, text):
    assert len(load(PAID + text).authorisations) == 1


def test_without_them_there_are_none(load):
    case = load("")
    assert (dict(case.calendars), case.holds, case.authorisations) == ({}, (), ())


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('calendars = "therapist.toml"', "line 4, calendars", "calendars is the text"),
        ("[calendars]\ntherapist = 5", "line 5, calendars therapist", "therapist is the number 5"),
        (
            '[calendars]\ntherapits = "therapist.toml"',
            "line 5, calendars therapits",
            "nothing in iv-6-plus-wet needs a calendar 'therapits'",
        ),
        (
            '[calendars]\ntherapist = "missing.toml"',
            "line 5, calendars therapist",
            "cannot open missing.toml",
        ),
        (
            '[calendars]\ntherapist = "wrong.toml"',
            "line 5, calendars therapist",
            "'nine' was not understood as hours",
        ),
        (HOLD.replace('reason = "rash"\n', ""), "line 4, hold 1", "reason is missing"),
        (HOLD.replace('"rash"', '" "'), "line 5, hold 1 reason", "a hold without a reason or a name"),
        (HOLD.replace('"rash"', '"a\\u001bb"'), "line 5, hold 1 reason", "a control character"),
        (HOLD.replace('who = "Dr A"\n', ""), "line 4, hold 1", "who is missing"),
        (HOLD.replace("since = 2027-01-04\n", ""), "line 4, hold 1", "since is missing"),
        (HOLD.replace("2027-01-04", '"soon"'), "line 7, hold 1 since", "since is the text"),
        (HOLD.replace("2027-01-04", "9999-01-04"), "line 7, hold 1 since", "not a day to plan on"),
        (HOLD + 'sessions = "s1"', "line 8, hold 1 sessions", "sessions is the text"),
        (HOLD + "sessions = [1]", "line 8, hold 1 sessions", "sessions holds the number 1"),
        (HOLD + "lifted = true", "line 8, hold 1 lifted", "unknown key 'lifted'"),
        (HOLD + HOLD.replace('"Dr A"', "7"), "line 10, hold 2 who", "who is the number 7"),
        ('hold = "all"', "line 4, hold", "hold is the text"),
        ("[[authorisation]]", "line 4, authorisation 1", "sessions is missing"),
        (PAID.replace("6", "0"), "line 5, authorisation 1 sessions", "an authorisation of 0 sessions"),
        (PAID.replace("6", '"six"'), "line 5, authorisation 1 sessions", "sessions is the text"),
        (PAID + 'scope = "induktion"', "line 6, authorisation 1 scope", "there is no phase 'induktion'"),
        (
            PAID + "from = 2027-02-01\nuntil = 2027-01-31",
            "line 7, authorisation 1 until",
            "from 2027-02-01 until 2027-01-31",
        ),
        (PAID + "from = 9999-02-01", "line 6, authorisation 1 from", "not a day to plan on"),
        (PAID + 'until = "P6M"', "line 6, authorisation 1 until", "until is the text"),
        (PAID + "warn_days = 367", "line 6, authorisation 1 warn_days", "an authorisation of 6 sessions"),
        (PAID + "warn_days = -1", "line 6, authorisation 1 warn_days", "an authorisation of 6 sessions"),
        (PAID + 'required = "yes"', "line 6, authorisation 1 required", "required is the text"),
        (PAID + "name = 4711", "line 6, authorisation 1 name", "name is the number 4711"),
        (PAID + "warn = 3", "line 6, authorisation 1 warn", "unknown key 'warn'"),
    ],
)
def test_what_cannot_be_used_around_the_sessions_names_its_key(load, tmp_path, text, line, says):
    (tmp_path / "wrong.toml").write_text('zone = "Europe/Amsterdam"\n[hours]\ntue = "nine"\n')
    with pytest.raises(KetschedError) as caught:
        load(text, WITH_THERAPY)
    assert says in caught.value.what
    assert re.search(rf"case\.toml, {line}(,|$)", caught.value.where)
    assert caught.value.why
    assert caught.value.fix


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ('[calendars]\ntherapits = "therapist.toml"', "did you mean therapist?"),
        (PAID + 'scope = "induktion"', "did you mean induction?"),
        (PAID + 'scope = "x"', "name one of these, or leave scope out"),
    ],
)
def test_what_was_meant_is_said(load, text, fix):
    with pytest.raises(KetschedError) as caught:
        load(text, WITH_THERAPY)
    assert caught.value.fix == fix


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('zone = "Europe/Paris"', 4, "The case is in zone Europe/Paris, the clinic file in Europe/Amsterdam"),
        ('zone = "Europe/Amstrdam"', 4, "no time zone"),
        ('time = "25:00"', 4, "not a time of day"),
        ('id = "Jane Doe"', 4, "id cannot be used"),
        ("sessions = 9", 4, "sessions, not 9."),
        ('weekdays = ["Mon", "Funday"]', 4, "not a day of the week"),
        ('weekdays = ["Fry"]', 4, "not a day of the week"),
        ('until = "soon"', 4, "not an interval"),
        ("boosters = -1", 4, "-1 boosters"),
        ("session = 6", 4, "unknown key 'session'"),
        ("[[cannot]]\n", 4, "names no days"),
        ("[[cannot]]\nfrom = 2027-01-18", 4, "names no days"),
        ("[[cannot]]\nfrom = 2027-01-18\nto = 2027-01-17", 4, "ends before it begins"),
        ('[[cannot]]\non = 2027-01-18\nweekdays = ["Mon"]', 4, "names no days"),
        ('[[cannot]]\non = 2027-01-18\nhours = ""', 6, "no hours"),
        ('[[cannot]]\non = 2027-01-18\nhours = "12:00-09:00"', 6, "not within one day"),
        ("[[cannot]]\non = 9999-01-01", 5, "not a day to plan on"),
        ("[[cannot]]\nfrom = 1000-01-01\nto = 9999-01-01", 5, "not a day to plan on"),
        ('[[cannot]]\nwhen = "never"', 5, "unknown key 'when'"),
        ('cannot = "Mondays"', 4, "cannot is the text"),
        ("[rather]", 4, "rather is empty"),
        ('[rather]\nbefore = "09:00"\nafter = "10:00"', 5, "not within one day"),
        ('[rather]\nbefore = "09:00"\nmon = "09:00-10:00"', 6, "unknown key 'mon'"),
        ('[rather]\nweekdays = ["Mo"]', 5, "not a day of the week"),
    ],
)
def test_what_cannot_be_used_names_its_line(load, text, line, says):
    with pytest.raises(KetschedError) as caught:
        load(text)
    assert says in caught.value.what
    assert f"case.toml, line {line}" in caught.value.where
    assert caught.value.why
    assert caught.value.fix


def test_a_hold_of_a_session_that_was_not_planned_is_refused(reference_course):
    stop = Hold(id="h1", reason="journey", who="Dr A", since=date(2027, 1, 4))
    known = reference_course.sessions[0].id
    check_holds(attrs.evolve(reference_course, holds=(stop, attrs.evolve(stop, id="h2", sessions=(known,)))))
    wrong = attrs.evolve(stop, id="h2", sessions=(known, "s999"))
    with pytest.raises(InvalidInput, match="'s999'") as error:
        check_holds(attrs.evolve(reference_course, holds=(stop, wrong)))
    assert error.value.where == "hold 2, sessions"
