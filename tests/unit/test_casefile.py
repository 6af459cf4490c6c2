"""Case files: what a coordinator writes down once, as the arguments of a plan."""

from __future__ import annotations

from datetime import date, time

import pytest

from ketsched.casefile import load_case
from ketsched.clock import TimeRange
from ketsched.errors import KetschedError

CLINIC = 'zone = "Europe/Amsterdam"\n[hours]\nmon = "09:00-17:00"\nthu = "09:00-17:00"\n'
LEAST = 'protocol = "generic-induction"\nclinic = "clinic.toml"\nstart = 2027-01-04\n'
ALL_DAY = (TimeRange.parse("00:00-24:00"),)


@pytest.fixture
def load(tmp_path):
    (tmp_path / "clinic.toml").write_text(CLINIC, encoding="utf-8")

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
    ("text", "line", "says"),
    [
        ('zone = "Europe/Paris"', 4, "the case is in Europe/Paris, its clinic in Europe/Amsterdam"),
        ('zone = "Europe/Amstrdam"', 4, "no time zone"),
        ('time = "25:00"', 4, "not a time of day"),
        ('id = "Jane Doe"', 4, "id cannot be used"),
        ("sessions = 9", 4, "9 sessions"),
        ('weekdays = ["Mon", "Funday"]', 4, "not a day of the week"),
        ('weekdays = ["Fry"]', 4, "not a day of the week"),
        ('until = "soon"', 4, "not an interval"),
        ("boosters = -1", 4, "-1 boosters"),
        ("session = 6", 4, "unknown key 'session'"),
        ("[[cannot]]\n", 4, "names no days"),
        ("[[cannot]]\nfrom = 2027-01-18", 4, "names no days"),
        ("[[cannot]]\nfrom = 2027-01-18\nto = 2027-01-17", 4, "names no days"),
        ('[[cannot]]\non = 2027-01-18\nweekdays = ["Mon"]', 4, "names no days"),
        ('[[cannot]]\non = 2027-01-18\nhours = ""', 6, "no hours"),
        ('[[cannot]]\non = 2027-01-18\nhours = "12:00-09:00"', 6, "not a span"),
        ("[[cannot]]\non = 9999-01-01", 5, "not a day to plan on"),
        ("[[cannot]]\nfrom = 1000-01-01\nto = 9999-01-01", 5, "not a day to plan on"),
        ('[[cannot]]\nwhen = "never"', 5, "unknown key 'when'"),
        ('cannot = "Mondays"', 4, "cannot is the text"),
        ("[rather]", 4, "rather is empty"),
        ('[rather]\nbefore = "09:00"\nafter = "10:00"', 5, "not a span"),
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
