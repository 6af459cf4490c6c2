"""Checking from the command line: course files, calendars and bare dates."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from clinicfiles import AROUND, CLINIC, MWF, PLAN, WEEK, planned, said_in_four_parts

pytestmark = pytest.mark.usefixtures("own_folder")


def test_a_course_file_and_a_full_clinic_calendar_are_checked_alike(run):
    planned(run, "course.json", "clinic.ics:clinic,full")
    found = [json.loads(run("check", name, *WEEK, "--json").out) for name in ("course.json", "clinic.ics")]
    assert found[0] == found[1]
    assert "KS211" in [finding["code"] for finding in found[0]["findings"]]


def test_a_course_is_checked_against_another_clinic(run):
    """Closed on Wednesdays, sessions 2 and 5 are on closed days."""
    planned(run, "course.json")
    Path("clinic.toml").write_text(CLINIC.replace("wed", "tue"), encoding="utf-8")
    done = run("check", "course.json", "--clinic", "clinic.toml", "--json")
    closed = [f["sessions"] for f in json.loads(done.out)["findings"] if f["name"] == "closed-day"]
    assert (done.code, closed) == (1, [["s2"], ["s5"]])


FOREIGN = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//another program//EN
{events}END:VCALENDAR
"""


def foreign(*days: str, zone: str) -> None:
    """Write a calendar as another program would; an empty zone is UTC."""
    tzid, end = (f";TZID={zone}", "") if zone else ("", "Z")
    events = "".join(
        f"BEGIN:VEVENT\nUID:{n}\nDTSTAMP:20261120T090000Z\nDTSTART{tzid}:{day}T150000{end}\nEND:VEVENT\n"
        for n, day in enumerate(days)
    )
    Path("foreign.ics").write_text(FOREIGN.format(events=events), encoding="utf-8")


@pytest.mark.parametrize(("zone", "words"), [("Europe/Paris", ()), ("", ("--zone", "Europe/Paris"))])
def test_a_calendar_of_another_program_is_checked_against_a_protocol(run, zone, words):
    """Session 3 is on the day after session 2; the minimum is 2 days."""
    foreign("20270104", "20270106", "20270107", "20270111", "20270113", "20270115", zone=zone)
    done = run("check", "foreign.ics", "--protocol", "iv-mwf-6", "--json", *words)
    errors = [f for f in json.loads(done.out)["findings"] if f["severity"] == "error"]
    assert [(f["code"], f["where"]) for f in errors] == [("KS101", "induction, session 3, Thu 2027-01-07")]


def test_a_calendar_without_a_protocol_asks_for_it(run):
    foreign("20270104", zone="Europe/Paris")
    done = run("check", "foreign.ics")
    assert (done.code, done.out) == (2, "")
    assert said_in_four_parts(done.err)
    assert "--protocol" in done.err


def test_dates_are_checked_against_a_protocol(run):
    dates = [f"2027-01-{day:02}" for day in (4, 6, 7, 11, 13, 15)]
    done = run("check", "--protocol", "iv-mwf-6", *dates)
    assert (done.code, done.err) == (1, "")
    assert "x KS101  Infusion 3 (Thu 2027-01-07) is only 1 day after infusion 2" in done.out
    assert max(map(len, done.out.split("\n"))) <= 80
    assert not re.search(r"\x1b| $", done.out, re.M)


@pytest.mark.parametrize(
    ("day", "waived", "unused"), [("2027-06-30", "Dr A", False), ("2027-07-01", None, True)], ids=str
)
def test_waivers_silence_a_finding_until_their_last_day(run, day, waived, unused):
    """Begun on a Wednesday instead of a Monday: the finding KS205."""
    assert run(*MWF, "--start", "2027-01-06", "-o", "course.json").code == 0
    Path("waivers.toml").write_text(
        '[[waiver]]\nrule = "off-anchor-weekday"\nsessions = ["s1"]\nreason = "holiday"\nwho = "Dr A"\n'
        "until = 2027-06-30\n"
    )
    done = run("check", "course.json", *WEEK, "--waivers", "waivers.toml", "--as-of", day, "--json")
    found = {f["code"]: f for f in json.loads(done.out)["findings"]}
    assert found["KS205"]["waived_by"] == waived
    assert ("KS602" in found) == unused


def test_without_findings_it_says_so(run):
    """
    Screening and reviews are what the rules ask for; who may drive needs no ride.

    What a protocol rests on is said of each; a course from before files had that line has nothing to say of it.
    """
    reviewed = AROUND.partition('[[companion]]\nid = "therapy"')[0].replace("gate = true\n", "")
    review = reviewed[reviewed.index('[[companion]]\nid = "review"') :]
    last = review.replace('"review"\nkind', '"last"\nkind').replace("session = 3", 'edge = "end"')
    last = re.sub(
        "earliest = 0, recommended = 0, latest = 1", "earliest = 14, recommended = 21, latest = 31", last
    )
    own = re.sub("^no_driving = .*\n", "", reviewed + last, flags=re.M)
    Path("own.toml").write_text(own, encoding="utf-8")
    assert re.findall("KS[0-9]+", run(*PLAN, "--verbose").out) == ["KS211"]
    run(*PLAN, "-o", "course.json")
    before = json.loads(Path("course.json").read_text(encoding="utf-8"))
    del before["protocol"]["study"]
    Path("course.json").write_text(json.dumps(before), encoding="utf-8")
    assert run("check", "course.json", *WEEK) == (0, f"Course {before['id']}: no findings.\n", "")


def test_a_course_is_not_checked_against_another_protocol_in_silence(run):
    run(*MWF, "-o", "course.json")
    done = run("check", "course.json", "--protocol", "iv-2xw-3w-6")
    assert done.code == 2
    assert said_in_four_parts(done.err)
    assert run("check", "course.json", "--protocol", "iv-mwf-6").code == 0
