"""Zones by their names: which are one, which are a clinic's, and those of calendars from other programs."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

import ketsched as ks
from ketsched.casefile import load_case
from ketsched.interchange.folder import course_files
from ketsched.zones import clinic_zone, same_zone, zone_named
from making import BEFORE, clinic, phase, protocol
from refusals import refused

TWO_A_WEEK = protocol(phase(6, weekdays=(0, 3)))


@pytest.mark.parametrize(
    ("name", "city"),
    [
        ("EST", "America/Panama"),
        ("EST5EDT", "America/New_York"),
        ("MST", "America/Phoenix"),
        ("MST7MDT", "America/Denver"),
        ("PST8PDT", "America/Los_Angeles"),
        ("HST", "Pacific/Honolulu"),
        ("CET", "Europe/Amsterdam"),
        ("MET", "Europe/Berlin"),
        ("EET", "Europe/Athens"),
        ("WET", "Europe/Lisbon"),
        ("UTC", "Europe/London"),
        ("GMT", "Europe/London"),
        ("GMT0", "America/New_York"),
        ("Zulu", "America/New_York"),
        ("Etc/UTC", "America/New_York"),
        ("Etc/GMT+5", "America/New_York"),
        ("Factory", "America/New_York"),
    ],
)
def test_a_zone_that_is_no_place_is_not_a_clinics(name, city):
    refused(lambda: clinic_zone(name), "is not a place", ", as ", city)
    assert ks.Calendar.weekly(name, mon="09:00-17:00").zone == name


@pytest.mark.parametrize(
    "name",
    [
        "America/Phoenix",
        "America/Panama",
        "Europe/London",
        "US/Eastern",
        "Japan",
        "ROK",
        "GB",
        "Asia/Kolkata",
    ],
)
def test_a_place_is_taken_with_or_without_summer_time(name):
    assert clinic_zone(name) == name


@pytest.mark.parametrize("name", ["EST", "Etc/GMT+5"])
def test_clinic_files_and_the_command_line_ask_for_the_city(run, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path("clinic.toml").write_text(f'zone = "{name}"\n[hours]\nmon = "09:00-17:00"\n', encoding="utf-8")
    refused(lambda: ks.Calendar.load("clinic.toml"), "is not a place", "clinic.toml, line 1, zone")
    asked = ("--start", "2027-01-04", "--zone", name, "--hours", "daily 09:00-17:00")
    found = run("plan", "--protocol", "iv-mwf-6", *asked)
    assert found.code == 2
    assert f"'{name}' is not a place." in found.err
    assert "--zone" in found.err


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("PST", "name the city, such as America/Los_Angeles"),
        ("pdt", "name the city, such as America/Los_Angeles"),
        ("IST", "Asia/Kolkata, Europe/Dublin"),
        ("new york", "did you mean America/New_York?"),
        ("europe/berlin", "did you mean Europe/Berlin?"),
        ("Phoenix", "did you mean America/Phoenix?"),
        ("Europe/Amsterdm", "did you mean Europe/Amsterdam"),
        ("+05:00", 'write it as "Europe/Amsterdam"'),
    ],
)
def test_a_name_that_there_is_not(name, advice):
    refused(lambda: zone_named(name), "There is no time zone", advice)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Europe/Kiev", "Europe/Kyiv", True),
        ("Asia/Calcutta", "Asia/Kolkata", True),
        ("US/Eastern", "America/New_York", True),
        ("Asia/Saigon", "Asia/Ho_Chi_Minh", True),
        ("Europe/London", "Europe/London", True),
        ("Europe/London", "Europe/Lisbon", False),
        ("America/Phoenix", "America/Denver", False),
        ("Africa/Abidjan", "UTC", False),
    ],
)
def test_links_of_each_other_are_one_zone(one, other, same):
    assert same_zone(one, other) is same


def test_a_course_goes_on_where_its_zone_was_renamed():
    """The hours of Kyiv for a course of Kiev: planned, followed, checked and read from a case as one zone."""
    old, new = clinic(zone="Europe/Kiev"), clinic(zone="Europe/Kyiv")
    course = ks.plan(TWO_A_WEEK, start=date(2027, 1, 4), calendar=old, id="K-1", at=BEFORE)
    assert ks.forecast(course, as_of=date(2027, 1, 5), calendar=new).next
    ks.replan(course, calendar=new, at=BEFORE)
    seen = ks.plan(TWO_A_WEEK, start=date(2027, 1, 4), calendar=old & new, id="K-1", at=BEFORE)
    assert [(s.day, s.time) for s in seen.sessions] == [(s.day, s.time) for s in course.sessions]
    assert {f.code for f in ks.check(course, calendar=new)} == {
        f.code for f in ks.check(course, calendar=old)
    }
    refused(
        lambda: ks.replan(course, calendar=clinic(zone="Europe/Minsk"), at=BEFORE),
        "Europe/Minsk",
        "Europe/Kiev",
    )


def test_a_case_names_its_zone_by_either_name(tmp_path):
    (tmp_path / "clinic.toml").write_text(
        'zone = "Europe/Kyiv"\n[hours]\nmon = "09:00-17:00"\n', encoding="utf-8"
    )
    text = 'protocol = "iv-mwf-6"\nclinic = "clinic.toml"\nstart = 2027-01-04\nzone = "{}"\n'
    (tmp_path / "case.toml").write_text(text.format("Europe/Kiev"), encoding="utf-8")
    assert load_case(tmp_path / "case.toml").calendar.zone == "Europe/Kyiv"
    (tmp_path / "case.toml").write_text(text.format("Europe/Minsk"), encoding="utf-8")
    refused(
        lambda: load_case(tmp_path / "case.toml"),
        "The case is in zone Europe/Minsk, the clinic file in Europe/Kyiv",
    )


# Calendars of other programs.

DAYS = [date(2027, 3, day) for day in (8, 11, 15, 18, 22, 25)]
"""The clocks of New York change between the second and the third."""


def eastern(name, *more):
    """The zone of New York as Outlook describes it, under a name."""
    rule = "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY={};BYMONTH={}"
    return (
        *("BEGIN:VTIMEZONE", f"TZID:{name}", *more, "BEGIN:STANDARD", "DTSTART:16010101T020000"),
        *("TZOFFSETFROM:-0400", "TZOFFSETTO:-0500", rule.format("1SU", 11), "END:STANDARD", "BEGIN:DAYLIGHT"),
        *("DTSTART:16010101T020000", "TZOFFSETFROM:-0500", "TZOFFSETTO:-0400", rule.format("2SU", 3)),
        *("END:DAYLIGHT", "END:VTIMEZONE"),
    )


def calendar(names, before=()):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN", *before]
    for n, (day, name) in enumerate(zip(DAYS, names * 6, strict=False)):
        lines += ["BEGIN:VEVENT", f"UID:{n}", f"DTSTART;TZID={name}:{day:%Y%m%d}T100000", "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def at_ten_in_new_york(text, **asked):
    found = ks.loads(text, "ics", protocol=TWO_A_WEEK, **asked)
    assert same_zone(found.zone, "America/New_York")
    assert [(session.day, session.time) for session in found.sessions] == [(day, time(10)) for day in DAYS]


WINDOWS = "Eastern Standard Time"


@pytest.mark.parametrize(
    "text",
    [
        calendar([WINDOWS]),
        calendar([WINDOWS], eastern(WINDOWS)),
        calendar([f'"{WINDOWS}"'], eastern(WINDOWS)),
        calendar(
            ["/example.org/20270101/America/New_York"], eastern("/example.org/20270101/America/New_York")
        ),
        calendar(["Here"], eastern("Here", "X-LIC-LOCATION:America/New_York")),
        calendar([WINDOWS, "America/New_York", "US/Eastern"], eastern(WINDOWS)),
        calendar(["US/Eastern", "America/New_York"]),
    ],
    ids=["bare", "described", "quoted", "path", "beside", "several names of one", "links"],
)
def test_the_zones_of_other_programs(text):
    at_ten_in_new_york(text)


def test_a_zone_without_a_place_is_asked_for_and_then_read():
    text = calendar(["Customized Time Zone"], eastern("Customized Time Zone"))
    said = refused(
        lambda: ks.loads(text, "ics", protocol=TWO_A_WEEK), "zone that is not known", "line 19", "--zone"
    )
    assert "Customized" not in said
    at_ten_in_new_york(text, zone="America/New_York")


def test_what_one_file_describes_is_not_remembered_for_the_next():
    text = calendar(["Customized Time Zone"], eastern("Customized Time Zone"))
    at_ten_in_new_york(text, zone="America/New_York")
    west = text.replace("-0400", "-0700").replace("-0500", "-0800")
    found = ks.loads(west, "ics", protocol=TWO_A_WEEK, zone="America/New_York")
    assert {session.time for session in found.sessions} == {time(13)}


def test_two_zones_are_two():
    text = calendar([WINDOWS, "America/Denver"], eastern(WINDOWS))
    refused(lambda: ks.loads(text, "ics", protocol=TWO_A_WEEK), "an event in a second zone", "--zone")


@pytest.mark.parametrize("place", ["Übung", "a\U0001f600b", "日本"])
def test_a_line_may_be_folded_within_a_character(place):
    """RFC 5545 3.1: a reader unfolds first, and that puts the octets together again."""
    whole = calendar(["America/New_York"]).replace("UID:0", f"UID:0\r\nLOCATION:{place}").encode()
    for at in range(1, len(place.encode())):
        begin = whole.index(place.encode()) + at
        folded = whole[:begin] + b"\r\n " + whole[begin:]
        assert ks.loads(folded, "ics", protocol=TWO_A_WEEK) == ks.loads(whole, "ics", protocol=TWO_A_WEEK)


def test_what_is_no_character_is_refused_with_its_line():
    text = calendar(["America/New_York"]).encode().replace(b"UID:0", b"UID:0\r\nLOCATION:\xc3x")
    refused(lambda: ks.loads(text, "ics", protocol=TWO_A_WEEK), "is not UTF-8 text", "line 6")


def test_suffixes_may_be_capitals(tmp_path):
    course = ks.plan(TWO_A_WEEK, start=date(2027, 1, 4), calendar=clinic(), id="K-1", at=BEFORE)
    for name in ("c.JSON", "c.Json", "c.ICS"):
        ks.write(course, tmp_path / name)
    assert ks.read(tmp_path / "c.JSON") == course
    assert [session.day for session in ks.read(tmp_path / "c.ICS", protocol=TWO_A_WEEK).sessions] == [
        session.day for session in course.sessions
    ]
    assert [path.name for path in course_files(tmp_path)] == ["c.JSON", "c.Json"]
