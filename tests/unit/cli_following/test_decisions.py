"""Decisions that the shipped protocols have, and those that a clinic adds."""

from __future__ import annotations

import re
import shlex
from datetime import date
from pathlib import Path

import pytest

from ketsched.interchange import read
from ketsched.model import BookingStatus
from ketsched.protocols import load_protocol

HOURS = ("--zone", "America/New_York", "--hours", "mon-fri 09:00-17:00", "--time", "10:00")
PLAN = ("--start", "2027-01-04", *HOURS, "--id", "A-017", "--at", "2026-12-01T09:00:00Z", "-o", "course.json")


def tentative(course="course.json"):
    """How many sessions of each phase are to be confirmed."""
    found: dict[str, int] = {}
    for session in read(course).sessions:
        found[session.phase] = found.get(session.phase, 0) + (session.status is BookingStatus.TENTATIVE)
    return found


def lines_of_help(run):
    text = run("record", "decision", "--help").out.replace("\\\n", " ")
    return re.findall(r"^ +ketsched (record decision course\.json .+)$", text, re.M)


@pytest.mark.parametrize(
    ("protocol", "more", "line", "before", "after"),
    [
        (
            "esk-trd",
            (),
            0,
            {"induction": 0, "weekly": 4, "maintenance": 13},
            {"induction": 0, "weekly": 0, "maintenance": 0},
        ),
        (
            "generic-induction",
            ("--boosters", "3"),
            1,
            {"induction": 0, "maintenance": 3},
            {"induction": 0, "maintenance": 3},
        ),
        ("iv-mwf-6", ("--screening-decides",), 2, {"induction": 6}, {"induction": 0}),
    ],
)
def test_a_line_of_the_help_works(run, protocol, more, line, before, after):
    """Boosters wait for their review; what it says to stop stays to be confirmed."""
    said = lines_of_help(run)
    assert len(said) == 3
    assert run("plan", "--protocol", protocol, *more, *PLAN).code == 0
    assert tentative() == before
    done = run(*shlex.split(said[line]), "--at", "2027-02-06T09:00:00Z")
    assert done.code == 0, done.err
    assert tentative() == after


def test_a_review_in_the_course_of_the_boosters_holds_those_after_it(run):
    """The sixth booster's decides about the seventh; the review of the response about all."""
    assert run("plan", "--protocol", "generic-induction", "--boosters", "7", *PLAN).code == 0
    assert tentative()["maintenance"] == 7
    first = ("--who", "Dr A", "--on", "2027-02-05", "--at", "2027-02-05T12:00:00Z")
    assert run("record", "decision", "course.json", "response-review", "continue", *first).code == 0
    assert tentative()["maintenance"] == 1
    then = ("--who", "Dr A", "--on", "2027-02-06", "--at", "2027-02-06T12:00:00Z")
    assert run("record", "decision", "course.json", "booster-review", "continue", *then).code == 0
    assert tentative()["maintenance"] == 0


@pytest.mark.parametrize(
    ("closed", "day"),
    [
        ("2027-02-05", date(2027, 2, 4)),  # day 21 is Friday 5 February
        ("2027-01-29..2027-02-14", date(2027, 1, 28)),  # days 14 to 30
    ],
)
def test_a_closure_leaves_a_day_for_the_review_that_decides(run, closed, day):
    """The series ends on Friday 15 January."""
    assert run("plan", "--protocol", "generic-induction", *PLAN, "--closed", closed).code == 0
    (review,) = (p for p in read("course.json").companions if p.companion == "response-review")
    assert review.day == day


def test_a_course_without_boosters_waits_for_nothing(run):
    assert run("plan", "--protocol", "generic-induction", "--boosters", "0", *PLAN).code == 0
    assert tentative() == {"induction": 0}


@pytest.mark.parametrize("start", ["2027-01-04", "2027-01-05", "2027-01-07", "2027-01-08"])
def test_the_benefit_is_examined_before_the_weekly_sessions(run, start):
    words = (start if word == "2027-01-04" else word for word in PLAN)
    assert run("plan", "--protocol", "esk-trd", *words).code == 0
    course = read("course.json")
    (review,) = (p for p in course.companions if p.companion == "benefit-review")
    last = max(s.day for s in course.sessions if s.phase == "induction")
    first = min(s.day for s in course.sessions if s.phase == "weekly")
    assert last <= review.day < first


def test_the_evaluation_after_four_weeks_is_on_day_28_or_later(run):
    """From Monday 4 January Day 28 is Sunday the 31st: the first open day from there is 1 February."""
    assert run("plan", "--protocol", "esk-mdsi", *PLAN).code == 0
    (review,) = (p for p in read("course.json").companions if p.companion == "benefit-review")
    assert review.day == date(2027, 2, 1)


def test_one_line_in_a_file_of_its_own_lets_the_screening_decide(run):
    text = run("new", "protocol", "own", "-o", "own.toml")
    assert text.code == 0
    lines = Path("own.toml").read_text(encoding="utf-8")
    assert lines.count("\n# gate = true ") == 2  # the screening's comes first
    Path("own.toml").write_text(lines.replace("\n# gate = true ", "\ngate = true ", 1), encoding="utf-8")
    assert load_protocol("own.toml").companion("screening").gate
    assert run("plan", "--protocol", "own.toml", *PLAN).code == 0
    assert tentative()["induction"] == 6


def test_a_screening_that_is_not_there_cannot_decide(run):
    Path("own.toml").write_text(BARE, encoding="utf-8")
    done = run("plan", "--protocol", "own.toml", "--screening-decides", *PLAN)
    assert done.code == 2
    assert "a screening is to decide, and there is none" in done.err


BARE = """\
id = "own"
version = "1"
title = "Two a week"
study = "No study: our own practice."
[sources]
own = "our own"
[[phase]]
kind = "induction"
count = { value = 6, source = "own", mark = "house default" }
weekdays = { value = ["Mon", "Thu"], source = "own", mark = "house default" }
infusion = { value = "PT40M", source = "own", mark = "house default" }
"""
