"""The first files: to fill in, or made of answers; both are planned with."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest

from clinicfiles import folder, said_in_four_parts
from ketsched.casefile import load_case
from ketsched.cli import inputs
from ketsched.interchange import read

pytestmark = pytest.mark.usefixtures("own_folder")

ANSWERS = ["America/Chicago", "mon-thu 08:00-16:00", "2", "iv-mwf-6", "2027-01-04", "09:00", "A-017"]


@pytest.fixture
def answering(monkeypatch, run):
    """Run init with lines as they are typed."""

    def asked(*lines: str, folder: str = "."):
        monkeypatch.setattr("sys.stdin", StringIO("".join(f"{line}\n" for line in lines)))
        monkeypatch.setattr(inputs, "clock", lambda: datetime(2026, 12, 26, 12, tzinfo=UTC))
        monkeypatch.setenv("TZ", "Europe/Vienna")
        return run("init", folder)

    return asked


def test_a_new_clinic_and_case_are_filled_in_and_planned(run):
    for what in ("clinic", "case"):
        done = run("new", what)
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith(f"wrote {what}.toml; edit it, then: ketsched plan")
    done = run("plan", "case.toml")  # not filled in yet: it says what is missing, and where
    assert done.code == 2
    assert said_in_four_parts(done.err)
    clinic, case = Path("clinic.toml"), Path("case.toml")
    clinic.write_text(
        clinic.read_text("utf-8").replace('zone = ""', 'zone = "America/New_York"'), encoding="utf-8"
    )
    filled = case.read_text("utf-8").replace('protocol = ""', 'protocol = "iv-mwf-6"')
    case.write_text(filled.replace('start = ""', "start = 2027-01-04"), encoding="utf-8")
    assert run("plan", "case.toml", "-o", "course.json").code == 0
    days = [session.day for session in read("course.json").sessions]
    assert days == [date(2027, 1, day) for day in (4, 6, 8, 11, 13, 15)]


def test_what_stands_after_a_hash_can_be_taken(run):
    """Every line that is commented out loads once its # is taken away."""
    run("new", "clinic")
    run("new", "case")
    clinic = Path("clinic.toml").read_text("utf-8").replace('zone = ""', 'zone = "America/New_York"')
    case = Path("case.toml").read_text("utf-8").replace('protocol = ""', 'protocol = "generic-induction"')
    for name, text in (
        ("clinic.toml", clinic),
        ("case.toml", case.replace('start = ""', "start = 2027-01-04")),
    ):
        text = re.sub(r"^# (?=\[\[|\w+ = )", "", text, flags=re.M)
        Path(name).write_text(text, encoding="utf-8")
    found = load_case("case.toml")
    assert (found.id, str(found.time), found.start) == ("A-017", "10:00:00", date(2027, 1, 4))
    assert found.availability is not None
    assert found.calendar.holidays


def test_init_asks_and_writes_what_plans(answering, run):
    done = answering(*ANSWERS)
    assert (done.code, done.err) == (0, "")
    assert "Time zone of the clinic (a city) [Europe/Vienna]: " in done.out
    assert (
        "First session [2027-01-04]: " in done.out
    )  # a week from Saturday 26 December is a Saturday: Monday
    assert done.out.endswith("Now plan: ketsched plan case.toml -o course.json\n")
    assert folder() == {"clinic.toml", "case.toml"}
    assert run("plan", "case.toml", "-o", "course.json").code == 1  # Fridays are closed
    course = read("course.json")
    assert (course.id, course.zone, len(course.sessions)) == ("A-017", "America/Chicago", 6)
    assert load_case("case.toml").calendar.chairs == 2


def test_enter_takes_what_is_shown(answering, run):
    done = answering(*[""] * 7)
    assert done.code == 0
    case = load_case("case.toml")
    assert (case.protocol.id, case.calendar.zone, case.start) == (
        "generic-induction",
        "Europe/Vienna",
        date(2027, 1, 4),
    )
    assert re.fullmatch(r"c-[0-9a-f]{8}", case.id)
    assert run("plan", "case.toml").code in (0, 1)


def test_a_wrong_answer_is_asked_again(answering):
    wrong = [
        "EST",
        ANSWERS[0],
        "always",
        ANSWERS[1],
        "none",
        "0",
        "2",
        "nothing",
        "iv-mwf-6",
        "2027-01-08",
        "soon",
    ]
    done = answering(*wrong, "2027-01-04", "25:00", "09:00", "Anna Smith", "A-017")
    assert (done.code, done.err) == (0, "")
    assert "'EST' is not a place" in done.out
    assert "the clinic is closed on Fri 2027-01-08" in done.out
    assert done.out.count("First session [2027-01-04]: ") == 3
    assert load_case("case.toml").id == "A-017"


@pytest.mark.parametrize("answered", range(7))
def test_where_the_answers_end_nothing_is_written(answering, answered):
    done = answering(*ANSWERS[:answered])
    assert done.code == 2
    assert said_in_four_parts(done.err)
    assert "nothing was written" in done.err
    assert folder() == set()


def test_files_that_are_there_are_kept(answering, run):
    Path("case.toml").write_text("mine", encoding="utf-8")
    for done in (answering(*ANSWERS), run("new", "case")):
        assert (done.code, done.out) == (2, "")
        assert "case.toml exists" in done.err
    assert Path("case.toml").read_text("utf-8") == "mine"


@pytest.mark.parametrize(
    "words", [("new",), ("new", "protocol"), ("new", "clinic", "x"), ("new", "calendar")]
)
def test_what_new_cannot_use_is_said(run, words):
    done = run(*words)
    assert (done.code, done.out) == (2, "")
    assert said_in_four_parts(done.err)
