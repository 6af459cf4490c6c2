"""A folder of courses: chairs that others hold, and the morning run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from followed import CLINIC, FOURTH, HOURS, as_json, on, said_in_four_parts
from ketsched.cli import mornings, pictures
from ketsched.interchange import read

# Chairs


@pytest.fixture
def one_chair(run):
    """The clinic is open for 100 minutes a day: one session of 40 + 60, and it has one chair."""
    Path("clinic.toml").write_text(CLINIC.replace("17:00", "10:40"), encoding="utf-8")
    Path("others").mkdir()
    words = ("--start", "2027-01-05", "--weekdays", "tue,fri", "--at", "2026-12-01T09:00:00Z")
    assert run("plan", "--protocol", "t.toml", *HOURS, *words, "--id", "B", "-o", "others/b.json").code == 0
    assert [f"{s.day:%d}" for s in read("others/b.json").sessions] == ["05", "08", "12", "15", "19", "22"]


@pytest.mark.usefixtures("one_chair")
def test_a_chair_that_another_course_holds_is_not_offered(run, course):
    week = ("--as-of", "2027-01-08", "--week", "2027-01-11", "--json")
    for day in ("2027-01-04", "2027-01-07"):
        assert run("record", course, day, "fulfilled", *on(day)).code == 0
    free = as_json(run("next", course, *HOURS, *week))["bookable"]
    left = as_json(run("next", course, *HOURS, "--courses", "others", *week))["bookable"]
    assert sorted(free) == ["2027-01-11", "2027-01-12", "2027-01-13", FOURTH]  # 7 days after the 7th at most
    assert sorted(left) == ["2027-01-11", "2027-01-13", FOURTH]
    assert run("record", course, "2027-01-11", "fulfilled", *on("2027-01-11")).code == 0
    words = ("--way", "fit-in", "--missed", FOURTH, *on(FOURTH))
    found = as_json(run("replan", course, *HOURS, *words, "--courses", "others", "--json", "--dry-run"))
    new = [c["to"]["day"] for c in found["changes"] if c["change"] == "added"]
    assert "2027-01-15" not in new
    found = as_json(run("replan", course, *HOURS, *words, "--json", "--dry-run"))
    assert [c["to"]["day"] for c in found["changes"] if c["change"] == "added"] == ["2027-01-15"]


@pytest.mark.usefixtures("one_chair")
def test_a_courses_own_bookings_never_count(run, course):
    """In the folder lie the course itself and a copy of it under another name."""
    Path("others/copy.json").write_bytes(Path(course).read_bytes())
    words = ("replan", course, *HOURS, "--courses")
    for folder in ("others", "."):
        assert run(*words, folder, *on("2027-01-03")).out == "Nothing to change: every date can stay.\n"


@pytest.mark.usefixtures("one_chair")
def test_a_new_course_takes_the_chairs_that_are_left(run):
    words = ("--start", "2027-01-05", "--weekdays", "tue,fri", "--courses", "others")
    done = run("plan", "--protocol", "t.toml", *HOURS, *words, "--id", "C", "-o", "c.json")
    assert (done.code, "2027-01-05" in done.err) == (2, True)
    assert run("plan", "--protocol", "t.toml", *HOURS, *words, "--id", "C", "--chairs", "2").code == 0
    assert run("plan", "--protocol", "t.toml", *HOURS, *words, "--id", "B").code == 0  # its own


@pytest.mark.usefixtures("one_chair")
def test_a_file_of_the_folder_that_cannot_be_read_is_named(run, third):
    Path("others/a.json").write_text("{}", encoding="utf-8")
    for words in (("replan", third), ("next", third), ("record", third, FOURTH, "no-show")):
        done = run(*words, *HOURS, "--courses", "others", *(() if words[0] == "next" else on(FOURTH)))
        assert (done.code, done.out, said_in_four_parts(done.err)) == (2, "", True)
        assert "--courses, a.json" in done.err
    done = run("replan", third, *HOURS, "--courses", "nowhere", *on(FOURTH))
    assert "'nowhere' is not a folder" in done.err


# Due


@pytest.fixture
def clinic(run, third):
    """A folder of four: one missed on the 14th, one where nobody recorded it, one to come, one that is no course."""
    Path("courses/more").mkdir(parents=True)
    text = Path(third).read_bytes()
    Path("courses/b.json").write_bytes(text.replace(b"A-017", b"B-2"))
    run("record", third, FOURTH, "no-show", *on(FOURTH))
    Path("courses/a.json").write_bytes(Path(third).read_bytes())
    Path("courses/more/c.json").write_bytes(text.replace(b"A-017", b"C-3"))
    Path("courses/.hidden.json").write_text("no", encoding="utf-8")
    Path("courses/notes.txt").write_text("no", encoding="utf-8")
    return "courses"


def kinds(found) -> list[tuple[str, str, str]]:
    return [(line["course"], line["is"], line["day"]) for line in found["lines"]]


def test_the_morning_run(run, clinic):
    before = {path: path.read_bytes() for path in Path(clinic).rglob("*.json")}
    found = as_json(run("today", clinic, "--as-of", "2027-01-15", "--json"), code=1)
    assert set(found) == {"folder", "as_of", "files", "lines", "unread"}
    assert (found["files"], found["unread"]) == (2, [])
    assert kinds(found) == [("A-017", "unbooked", "2027-01-25"), ("B-2", "asked", FOURTH)]
    found = as_json(run("today", clinic, "--as-of", "2027-01-18", "-r", "--days", "3", "--json"), code=1)
    assert found["files"] == 3
    assert [line for line in kinds(found) if line[0] == "C-3"] == [
        ("C-3", "due", "2027-01-18"),
        ("C-3", "soon", "2027-01-21"),
        ("C-3", "asked", FOURTH),
    ]
    assert ("A-017", "due", "2027-01-18") in kinds(found)
    assert {path: path.read_bytes() for path in Path(clinic).rglob("*.json")} == before


@pytest.mark.parametrize(("words", "asked"), [((), True), (("--counts", "yes"), False)])
def test_the_morning_run_asks_whether_one_that_was_stopped_counts(run, third, words, asked):
    run("record", third, FOURTH, "stopped-early", *words, *on(FOURTH))
    found = as_json(run("today", ".", "--as-of", FOURTH, "--json"), code=int(asked))
    said = [line["what"] for line in found["lines"] if line["is"] == "asked"]
    assert said == (["Thu 2027-01-14 was stopped early: please say whether it counts"] if asked else [])


@pytest.mark.parametrize(("patience", "shown"), [(-1.0, True), (600.0, False)])
def test_the_morning_run_shows_how_far_it_is_if_it_takes_long(run, clinic, monkeypatch, patience, shown):
    told = []

    class Status:
        def start(self):
            told.append("shown")

        def update(self, said):
            told.append(said)

        def stop(self):
            told.append("gone")

    monkeypatch.setattr(mornings, "_PATIENCE", patience)
    monkeypatch.setattr(pictures, "waiting", lambda _: Status())
    assert run("today", clinic, "--as-of", "2027-01-15").code == 1
    progress = ["shown", "1 of 2 course files", "2 of 2 course files", "gone"]
    assert told == (progress if shown else [])


@pytest.mark.parametrize(("day", "lapsed"), [("2027-01-18", False), ("2027-01-19", True)])
def test_overdue_and_lapse_begin_on_their_day(run, clinic, day, lapsed):
    """The last was given on 11 January: the 18th is the latest day, the 19th the eighth day since."""
    Path(clinic, "b.json").unlink()
    found = as_json(run("today", clinic, "--as-of", day, "--json"), code=1)
    said = [line["what"] for line in found["lines"] if line["is"] == "lapsed"]
    # Nobody recorded the 18th, so it may have been the fourth.
    assert said == (["infusion 5: 8 days since the last"] if lapsed else [])


def test_what_is_due_needs_no_one_and_what_is_overdue_does(run, course):
    Path("courses").mkdir()
    Path(course).rename("courses/a.json")
    quiet = run("today", "courses", "--as-of", "2027-01-03")
    assert (quiet.code, quiet.out.splitlines()[1:]) == (
        0,
        ["Nothing today in 1 course. Next: A-017, Mon 2027-01-04 at 09:00."],
    )
    today = run("today", "courses", "--as-of", "2027-01-04")
    assert today.code == 0
    assert "  09:00  A-017  infusion 1\n" in today.out
    assert run("today", "courses", "--as-of", "2027-01-05").code == 1


def test_a_file_that_cannot_be_read_does_not_stop_the_rest(run, clinic):
    Path(clinic, "0.json").write_text('{"format": "other"}', encoding="utf-8")
    done = run("today", clinic, "--as-of", "2027-01-15")
    assert (done.code, done.err) == (2, "")
    assert "Files that cannot be read\n  0.json: this is not a course document\n" in done.out
    assert "B-2" in done.out
    found = as_json(run("today", clinic, "--as-of", "2027-01-15", "--json"), code=2)
    assert set(found["unread"][0]) == {"file", "what", "where", "why", "fix"}
    assert found["unread"][0]["file"] == "0.json"


def test_many_files_are_read_by_several_processes_with_the_same_result(run, clinic, monkeypatch):
    alone = run("today", clinic, "-r", "--as-of", "2027-01-15")
    monkeypatch.setattr(mornings, "FEW", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    assert run("today", clinic, "-r", "--as-of", "2027-01-15") == alone


def test_an_empty_folder_has_nothing_due(run):
    Path("empty").mkdir()
    done = run("today", "empty")
    assert (done.code, done.out.splitlines()[1:]) == (0, ["Nothing today in 0 courses."])


def test_what_is_no_file_is_told_on_the_side(run, third):
    Path("pipe.json").mkdir()
    done = run("today", ".", "--as-of", FOURTH)
    assert done.err == "pipe.json was passed over: it is a folder\n"
    assert "A-017" in done.out
    more = ("--courses", ".", *on(FOURTH), "--dry-run")
    assert run("replan", third, *HOURS, *more).err == "pipe.json was passed over: it is a folder\n"
