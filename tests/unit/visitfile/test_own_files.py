"""Files of visits of our own, in TOML."""

from __future__ import annotations

from datetime import time

import pytest

from ketsched.errors import InvalidTime
from ketsched.model import MOST_VISITS, Visit, VisitStatus
from ketsched.visitfile import ColumnMap, VisitFile, load_visits
from refusals import refused
from visitfiles import JAN

ENTRY = '[[visit]]\nday = 2027-01-14\nstatus = "fulfilled"\n'


# TOML.


def test_all_that_a_visit_may_say(load):
    found = load(
        '[[visit]]\nday = 2027-01-14\nstatus = "no-show"\nsession = "s4"\ntime = "9:00"\nid = "v4"\n'
        '[[visit]]\nday = 2027-01-14\nstatus = "cancelled"\nby = "patient"\nid = "v5"\ncorrects = "v4"\n'
        '[[visit]]\nday = 2027-01-18\nstatus = "stopped early"\ncounts = false\nelsewhere = true\n'
        'route = "nasal"\nworse = true\nnote = "two\\nlines"\nwho = "Dr A"\n',
        ".toml",
    )
    assert found == VisitFile(
        (
            Visit(JAN[13], "no-show", session="s4", at=time(9), id="v4"),
            Visit(JAN[13], "cancelled", by="patient", id="v5", corrects="v4"),
            Visit(
                JAN[17],
                "stopped early",
                counts=False,
                elsewhere=True,
                route="nasal",
                worse=True,
                note="two\nlines",
                who="Dr A",
            ),
        )
    )


@pytest.mark.parametrize("status", list(VisitStatus))
def test_every_status_has_its_word(load, status):
    text = f'[[visit]]\nday = 2027-01-14\nstatus = "{status.value}"\ncorrects = "v1"\n'
    assert load(text, ".toml").visits[0].status is status


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["no visit in visits.toml"]),
        ("[[visit]]\nday = 2027-01-14\n", ["status is missing", "line 1, visit 1"]),
        (
            '[[visit]]\nday = 2027-01-14\nstatus = ""\n',
            ["The status is missing.", "line 3, visit 1 status", "nothing is assumed"],
        ),
        (
            '[[visit]]\nday = 2027-01-14\nstatus = "given"\n',
            ["'given' is not a status", "line 3", "fulfilled"],
        ),
        ("[[visit]]\nday = 2027-01-14\nstatus = true\n", ["status is true or false", "line 3"]),
        ('[[visit]]\nstatus = "fulfilled"\n', ["day is missing", "line 1"]),
        ('[[visit]]\nday = "2027-01-14"\nstatus = "fulfilled"\n', ["day is the text", "line 2"]),
        ('[[visit]]\nday = 2027-01-14T09:00:00\nstatus = "fulfilled"\n', ["line 2, visit 1 day"]),
        ('[[visit]]\nday = 1027-01-14\nstatus = "fulfilled"\n', ["not a day to plan on", "line 2"]),
        (ENTRY + 'time = "25:00"\n', ["not a time of day", "line 4, visit 1 time"]),
        (ENTRY + "time = 9\n", ["time is the number 9", "line 4"]),
        (ENTRY + 'elsewhere = "yes"\n', ["elsewhere is the text", "line 4"]),
        (ENTRY + "counts = 1\n", ["counts is the number 1", "line 4"]),
        (ENTRY + 'by = "patient"\n', ["cancelled by somebody", "line 1, visit 1"]),
        (ENTRY + 'sesion = "s1"\n', ["unknown key 'sesion'", "line 4", "did you mean session?"]),
        (ENTRY + 'id = "v1"\n' + ENTRY + 'id = "v1"\n', ["two visits of one id", "line 8, visit 2 id"]),
        (ENTRY + 'note = "\\u0007"\n', ["note holds a control character", "line 4"]),
        ("visit = 5\n", ["visit is the number 5", "line 1"]),
        ("zone = 'Europe/Berlin'\n" + ENTRY, ["unknown key 'zone'", "line 1"]),
        (ENTRY + "day = 2027-01-15\n", ["this is not TOML", "line 4"]),
    ],
)
def test_a_fault_in_a_file_of_ours_is_said_with_its_line(load, text, parts):
    refused(lambda: load(text, ".toml"), *parts)


def test_two_entries_without_an_id_are_two(load):
    assert len(load(ENTRY + ENTRY, ".toml").visits) == 2


def test_a_time_that_the_zone_does_not_have_is_refused_if_the_zone_is_known(load):
    text = '[[visit]]\nday = 2027-03-28\nstatus = "fulfilled"\ntime = "02:30"\n'
    assert load(text, ".toml").visits[0].at == time(2, 30)
    refused(lambda: load(text, ".toml", zone="Europe/Berlin"), "02:30 does not happen", "line 4")


def test_a_file_of_ours_takes_no_columns_and_no_patient(load):
    columns = ColumnMap(columns={"day": "a", "status": "b"})
    refused(lambda: load(ENTRY, ".toml", columns=columns), "columns given with visits.toml")
    refused(lambda: load(ENTRY, ".toml", patient="A-017"), "patient given with visits.toml")


def test_as_many_visits_as_a_course_remembers_and_one_more(load):
    entry = '[[visit]]\nday=2027-01-14\nstatus="fulfilled"\n'
    assert len(load(entry * MOST_VISITS, ".toml").visits) == MOST_VISITS
    refused(lambda: load(entry * (MOST_VISITS + 1), ".toml"), "too many visits", str(MOST_VISITS))


@pytest.mark.parametrize("suffix", [".xlsx", ".txt", "", ".ics"])
def test_other_suffixes_are_refused(load, suffix):
    refused(lambda: load("", suffix), "no reader for", "save a spreadsheet as CSV")


def test_a_zone_that_does_not_exist_is_refused(load):
    with pytest.raises(InvalidTime):
        load(ENTRY, ".toml", zone="Mars/Olympus")


@pytest.mark.parametrize("name", ["missing.toml", "missing.csv", "nul\0.csv", "nul\0.toml", "folder.csv"])
def test_what_cannot_be_opened(tmp_path, name):
    (tmp_path / "folder.csv").mkdir()
    refused(lambda: load_visits(tmp_path / name))
