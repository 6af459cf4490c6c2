"""A folder of course files, and a file of waivers."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

import ketsched as ks
from ketsched.errors import InvalidInput, KetschedError
from ketsched.interchange import folder
from ketsched.interchange.folder import course_files, passed_over, with_booked
from ketsched.model import Waiver
from ketsched.waiverfile import load_waivers

CLINIC = ks.Calendar.weekly("Europe/Amsterdam", mon="09:00-12:00", wed="09:00-12:00", fri="09:00-12:00")
MONDAY = date(2027, 1, 4)


@pytest.fixture
def courses(tmp_path):
    """Two course files, one of them in a folder within, a hidden one and one that is no course."""
    for number, name in enumerate(("a.json", "within/b.json", ".c.json")):
        course = ks.plan(
            ks.load_protocol("iv-mwf-6"),
            start=MONDAY,
            calendar=CLINIC,
            id=f"course-{number}",
            at=datetime(2026, 12, 1, 9, tzinfo=UTC),
        )
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        ks.write(course, path)
    (tmp_path / "notes.txt").write_text("no course")
    (tmp_path / "folder.json").mkdir()
    return tmp_path


def test_hidden_files_and_folders_are_left_aside(courses):
    assert course_files(courses) == (Path("a.json"),)
    assert course_files(courses, recursive=True) == (Path("a.json"), Path("within/b.json"))


def test_what_is_no_file_is_passed_over_with_a_line(courses):
    """A pipe without a writer would be waited for without end."""
    os.mkfifo(courses / "pipe.json")
    (courses / "gone.json").symlink_to("nowhere.json")
    (courses / "within" / "other.JSON").mkdir()
    assert course_files(courses) == (Path("a.json"),)
    lines = (
        "folder.json was passed over: it is a folder",
        "gone.json was passed over: it leads nowhere",
        "pipe.json was passed over: it is no file",
    )
    assert passed_over(courses) == lines
    assert passed_over(courses, recursive=True) == (
        *lines,
        "within/other.JSON was passed over: it is a folder",
    )


@pytest.mark.parametrize("name", ["missing", "a.json", "a\0b"])
def test_what_is_no_folder_is_refused(courses, name):
    with pytest.raises(InvalidInput):
        course_files(courses / name)


def test_more_files_than_it_reads_are_refused(courses, monkeypatch):
    monkeypatch.setattr(folder, "MOST_FILES", 1)
    assert course_files(courses) == (Path("a.json"),)
    with pytest.raises(InvalidInput, match="2 files"):
        course_files(courses, recursive=True)


def test_chairs_of_other_courses_are_taken_and_those_of_the_course_itself_are_not(courses):
    """The first session is from 09:00 to 11:00, so that none of the like is free before 11:00."""
    (first, *_) = ks.read(courses / "a.json").sessions
    minutes = int(
        (ks.read(courses / "a.json").ends(first) - ks.read(courses / "a.json").starts(first)).seconds / 60
    )
    whole = CLINIC.starts(MONDAY, minutes)
    assert whole[0] == first.time == time(9)
    left = with_booked(CLINIC, courses, id="another").starts(MONDAY, minutes)
    assert left != whole
    assert all(start >= time(10) for start in left)
    assert with_booked(CLINIC, courses, id="course-0").starts(MONDAY, minutes) == whole
    own = courses / "within" / ".." / "a.json"
    assert with_booked(CLINIC, courses, id=None, file=own).starts(MONDAY, minutes) == whole


def test_a_file_that_cannot_be_read_is_named(courses):
    (courses / "b.json").write_text("{}")
    with pytest.raises(KetschedError) as error:
        with_booked(CLINIC, courses, id=None)
    assert error.value.where.startswith("b.json")


def test_a_waiver_names_its_rule_by_code_or_name(tmp_path):
    path = tmp_path / "waivers.toml"
    path.write_text(
        '[[waiver]]\nrule = "gap-too-short"\nsessions = ["s2"]\nreason = "a journey"\nwho = "Dr A"\n'
        '[[waiver]]\nrule = "KS102"\nsessions = ["s3"]\nreason = "ill"\nwho = "Dr A"\nuntil = 2027-02-01\n'
    )
    assert load_waivers(path) == (
        Waiver(rule="KS101", sessions=("s2",), reason="a journey", who="Dr A"),
        Waiver(rule="KS102", sessions=("s3",), reason="ill", who="Dr A", until=date(2027, 2, 1)),
    )


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[[waiver]]\nrule = "KS999"\nsessions = ["s2"]\nreason = "a"\nwho = "b"\n', "line 2"),
        ('[[waiver]]\nrule = "KS101"\nsessions = ["s2"]\nwho = "b"\n', "reason"),
        ('[[waver]]\nrule = "KS101"\n', "waver"),
    ],
    ids=["no such rule", "no reason", "no such key"],
)
def test_a_waiver_file_that_cannot_be_used_says_where(tmp_path, text, where):
    path = tmp_path / "waivers.toml"
    path.write_text(text)
    with pytest.raises(KetschedError) as error:
        load_waivers(path)
    assert where in str(error.value)
