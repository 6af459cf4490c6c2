"""What happened, what is next and what changes, from the command line: six infusions on Mondays and Thursdays."""

from __future__ import annotations

import io
import itertools
import json
import re
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from ketsched import files
from ketsched.cli import due, publishing
from ketsched.interchange import read
from ketsched.interchange.caldav import Published
from ketsched.model import Happened

PROTOCOL = """\
id = "t"
version = "1"
title = "Two a week"
[sources]
own = "our own"
[[phase]]
kind = "induction"
count = { value = 6, source = "own", mark = "house default" }
weekdays = { value = ["Mon", "Thu"], source = "own", mark = "house default" }
weeks = { least = 1, most = 4, source = "own", mark = "house default" }
infusion = { value = "PT40M", source = "own", mark = "house default" }
observation = { value = "PT1H", source = "own", mark = "house default" }
spacing = [{ minimum = 2, absolute_minimum = 1, latest = 7, source = "own", mark = "house default" }]
lapse = [
    { from = 0, until = 7, propose = "continue", source = "own", mark = "house default" },
    { from = 8, propose = "clinician review", source = "own", mark = "house default" },
]
"""
"""At least 2 days apart (1 is forgiven), at most 7 between two, at most 28 in all."""

EVERY_FOUR_WEEKS = """\
id = "later"
version = "1"
title = "Every four weeks"
[sources]
own = "our own"
[[phase]]
kind = "maintenance"
count = { value = 3, source = "own", mark = "house default" }
every = { value = ["P14D", "P28D"], source = "own", mark = "house default" }
infusion = { value = "PT40M", source = "own", mark = "house default" }
spacing = [{ minimum = 7, source = "own", mark = "house default" }]
"""

CLINIC = """\
zone = "Europe/Amsterdam"
[hours]
mon = "09:00-17:00"
tue = "09:00-17:00"
wed = "09:00-17:00"
thu = "09:00-17:00"
fri = "09:00-17:00"
"""
HOURS = ("--clinic", "clinic.toml")
FILE = "course.json"
FOURTH = "2027-01-14"


@pytest.fixture(autouse=True)
def _files(own_folder):
    (own_folder / "t.toml").write_text(PROTOCOL, encoding="utf-8")
    (own_folder / "clinic.toml").write_text(CLINIC, encoding="utf-8")


@pytest.fixture
def course(run):
    """4, 7, 11, 14, 18 and 21 January 2027, each at 09:00: s1 to s6."""
    words = ("--start", "2027-01-04", "--time", "09:00", "--id", "A-017", "--at", "2026-12-01T09:00:00Z")
    assert run("plan", "--protocol", "t.toml", *HOURS, *words, "-o", FILE).code == 0
    return FILE


@pytest.fixture
def third(run, course):
    """The course after the third session, recorded at noon each day."""
    for day in ("2027-01-04", "2027-01-07", "2027-01-11"):
        assert run("record", course, day, "fulfilled", *on(day)).code == 0
    return course


def on(day: str, hour: int = 12) -> tuple[str, str]:
    return "--at", f"{day}T{hour:02}:00:00Z"


def days(course: str = FILE) -> list[str]:
    """Return what is booked, as days of a month: "04 given", "25"; what came to nothing is left out."""
    said = {"fulfilled": " given", "firm": "", "tentative": "?"}
    return [f"{s.day:%d}{said[s.status]}" for s in read(course).sessions if s.status.stands]


def said_in_four_parts(text: str) -> bool:
    return (
        re.fullmatch(
            r"error: .+\n  where: .+\n(         .+\n)*  why:   .+\n(         .+\n)*  fix:   .+\n", text
        )
        is not None
    )


def as_json(done, code=0):
    assert (done.code, done.err) == (code, "")
    return json.loads(done.out)


def everything() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path().iterdir() if path.is_file()}


# Record


def test_one_command_answers_what_now(run, third):
    """Worked case: the fourth infusion was missed on Thursday 14 January."""
    done = run("record", third, FOURTH, "no-show", *HOURS, *on(FOURTH))
    assert (done.code, done.err) == (0, "")
    lines = [line.split() for line in done.out.splitlines()]
    first = done.out.splitlines()[0]
    assert first == "Thu 2027-01-14, induction: no-show"
    assert "wrote course.json (revision 5)" in done.out
    assert "Next is induction 4: booked for Mon 2027-01-18, 09:00" in done.out
    assert ["latest", "Mon", "2027-01-18"] in lines  # 7 days after the 11th
    assert ["overdue", "from", "Tue", "2027-01-19"] in lines
    assert ["*", "keep", "Mon", "2027-01-25", "nothing"] in lines
    assert ["make-up", "Fri", "2027-01-15", "nothing"] in lines
    assert ["shift", "Fri", "2027-01-15", "Mon", "2027-01-18", "to", "Tue", "2027-01-19"] in lines
    assert ["Thu", "2027-01-21", "to", "Fri", "2027-01-22"] in lines
    assert ["skip", "nothing", "1", "session", "fewer"] in lines
    assert days() == ["04 given", "07 given", "11 given", "18", "21"]  # nothing is booked by it


def test_record_as_json(run, third):
    found = as_json(
        run("record", third, FOURTH, "no-show", "--who", "Nurse B", *HOURS, *on(FOURTH), "--json")
    )
    assert set(found) == {
        "changed",
        "revision",
        "visits",
        "unused",
        "passed",
        "lacks",
        "forecast",
        "ways",
        "course",
    }
    assert (found["changed"], found["revision"], found["lacks"]) == (True, 5, ["induction"])
    (visit,) = found["visits"]
    assert visit == {
        "id": "v4",
        "day": FOURTH,
        "time": None,
        "status": "no-show",
        "by": "",
        "elsewhere": False,
        "counts": None,
        "worse": False,
        "corrects": "",
        "who": "Nurse B",
        "verdict": "not given",
        "reason": "no-show",
        "session": "s4",
        "phase": None,
        "number": None,
    }
    ways = {way["name"]: way for way in found["ways"]}
    assert [name for name, way in ways.items() if way["protocol_takes_it"]] == ["keep"]
    new = {
        name: [c["to"]["day"] for c in way["changes"] if c["change"] == "added"] for name, way in ways.items()
    }
    assert new == {
        "keep": ["2027-01-25"],
        "make-up": ["2027-01-15"],
        "next-open": ["2027-01-15"],
        "shift": ["2027-01-15"],
        "skip": [],
    }
    moved = [(c["from"]["day"], c["to"]["day"]) for c in ways["shift"]["changes"] if c["change"] == "moved"]
    assert moved == [("2027-01-18", "2027-01-19"), ("2027-01-21", "2027-01-22")]


def test_without_a_clinic_it_says_how_to_see_the_ways(run, third):
    done = run("record", third, FOURTH, "no-show", *on(FOURTH))
    assert "induction lacks a session: add --clinic FILE to see which ways there are" in done.out


def test_what_was_recorded_before_changes_nothing(run, third):
    words = ("record", third, FOURTH, "no-show")
    assert run(*words, *on(FOURTH)).code == 0
    before = everything()
    done = run(*words, *on(FOURTH, 13), "-o", "a.ics", "--changes-only")
    assert (done.code, done.err) == (0, "")
    assert "nothing has changed\na.ics (patient, discreet) was not written: no event changed\n" in done.out
    assert everything() == before


def test_a_visit_elsewhere_counts_and_fills_its_session(run, course):
    """Worked case: two infusions at another clinic; the third is next, counted from the actual day."""
    words = ("--elsewhere", "--time", "10:30", "--as-of", "2027-01-10", *on("2027-01-10"))
    assert run("record", course, "2027-01-05", "fulfilled", *words).code == 0
    found = as_json(run("record", course, "2027-01-08", "fulfilled", "--elsewhere", *words[3:], "--json"))
    due_next = found["forecast"]["next"]
    assert (due_next["number"], due_next["session"]) == (3, "s3")
    assert (due_next["earliest"], due_next["latest"]) == (
        "2027-01-10",
        "2027-01-15",
    )  # 2 and 7 days after the 8th
    assert found["visits"][0]["elsewhere"] is True


@pytest.mark.parametrize(
    ("words", "verdict", "counts"),
    [
        (("--counts", "yes"), "valid", True),
        (("--counts", "no"), "does not count", False),
        ((), "does it count?", False),
    ],
)
def test_one_that_was_stopped_early_counts_if_somebody_says_so(run, third, words, verdict, counts):
    found = as_json(run("record", third, FOURTH, "stopped-early", *words, *on(FOURTH), "--json"))
    assert found["visits"][0]["verdict"] == verdict
    assert found["forecast"]["next"]["number"] == (5 if counts else 4)
    assert found["forecast"]["asks"] == (
        [] if words else ["does the session of 2027-01-14, which was stopped early, count?"]
    )


def test_what_else_is_said_of_a_visit_is_kept(run, third):
    words = ("--worse", "--note", "tired since Monday", "--who", "Nurse B")
    assert run("record", third, FOURTH, "no-show", *words, *on(FOURTH)).code == 0
    visit = json.loads(Path(third).read_text("utf-8"))["visits"][-1]
    assert (visit["day"], visit["worse"], visit["note"]) == (FOURTH, True, "tired since Monday")
    assert visit["who"] == "Nurse B"


@pytest.mark.parametrize(("typed", "counts"), [("yes\n", True), ("no\n", False), ("\n", None)])
def test_on_a_terminal_it_asks_whether_it_counts(run, third, monkeypatch, typed, counts):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    done = run("record", third, FOURTH, "stopped-early", *on(FOURTH))
    assert done.code == 0
    assert "Does the session of 2027-01-14 count toward the series?" in done.err
    assert read(third).visits[-1].counts is counts
    assert ("nobody said whether it counts: --counts yes or no, with --corrects v4" in done.out) == (
        counts is None
    )


def test_an_entry_is_corrected_and_taken_back(run, third):
    run("record", third, FOURTH, "no-show", *on(FOURTH))
    done = run("record", third, FOURTH, "fulfilled", "--corrects", "v4", *on(FOURTH, 13))
    assert done.code == 0
    assert "Thu 2027-01-14, induction 4: fulfilled; instead of v4; valid" in done.out
    assert days()[3] == "14 given"
    assert run("record", third, FOURTH, "withdrawn", "--corrects", "v5", *on(FOURTH, 14)).code == 0
    assert days()[3] == "14"
    assert [visit.status for visit in read(third).visits[3:]] == [
        Happened.NO_SHOW,
        Happened.FULFILLED,
        Happened.WITHDRAWN,
    ]


def test_a_second_visit_of_a_day_says_that_it_is_one(run, third):
    """Worked case: two records of Monday 11 January that differ: the second is too soon, and sets the clock."""
    done = run("record", third, "2027-01-11", "fulfilled", "--route", "im", *on("2027-01-11", 15))
    assert (done.code, said_in_four_parts(done.err)) == (2, True)
    assert "v3 says of 2027-01-11 already: fulfilled" in done.err
    assert "--corrects v3" in done.err
    found = as_json(
        run("record", third, "2027-01-11", "fulfilled", "--time", "15:00", *on("2027-01-11", 15), "--json")
    )
    assert [visit["verdict"] for visit in found["visits"]] == ["valid", "too soon"]
    assert found["forecast"]["next"]["earliest"] == "2027-01-13"


def test_a_cancellation_is_known_before_its_day_and_nothing_else_is(run, third):
    at = on("2027-01-12")
    assert run("record", third, "2027-01-21", "cancelled", "--by", "patient", *at).code == 0
    assert days() == ["04 given", "07 given", "11 given", "14", "18"]
    before = everything()
    done = run("record", third, FOURTH, "fulfilled", *on("2027-01-13"))
    assert (done.code, done.out, said_in_four_parts(done.err)) == (2, "", True)
    assert "a visit of 2027-01-14 that was fulfilled" in done.err
    assert everything() == before
    assert run("record", third, FOURTH, "fulfilled", *on(FOURTH)).code == 0  # on the day itself


EXPORT = """\
sep=;
Chart;Appt Date;Status
0017;01/04/2027;Completed
0099;01/04/2027;Completed
0017;01/07/2027;No Show
0017;01/11/2027;
"""
MAP = """\
[columns]
day = "Appt Date"
status = "Status"
patient = "Chart"
[format]
date = "%m/%d/%Y"
[status]
"Completed" = "fulfilled"
"No Show" = "no-show"
"""


@pytest.fixture
def export():
    Path("visits.csv").write_text(EXPORT, encoding="utf-8")
    Path("map.toml").write_text(MAP, encoding="utf-8")
    return ("--from", "visits.csv", "--columns", "map.toml", "--patient", "0017")


def test_a_bad_row_of_an_export_stops_it_unless_it_is_to_be_skipped(run, course, export):
    before = everything()
    done = run("record", course, *export, *on("2027-01-12"))
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("visits.csv, line 6: no status in column 3 (Status); ")
    assert "1 row cannot be used" in done.err
    assert everything() == before
    done = run("record", course, *export, "--skip-bad-rows", *on("2027-01-12"))
    assert done.code == 0
    assert done.err.startswith("visits.csv, line 6: ")
    assert "0017" not in done.out + done.err
    assert "no visits: 1 of another patient" in done.out
    assert "To be asked\n  what became of the session of 2027-01-11?" in done.out
    assert [(v.day, v.status) for v in read(course).visits] == [
        (date(2027, 1, 4), "fulfilled"),
        (date(2027, 1, 7), "no-show"),
    ]
    again = run("record", course, *export, "--skip-bad-rows", *on("2027-01-12", 13))
    assert "nothing has changed" in again.out


def test_a_list_of_visits_is_read_too(run, course):
    Path("visits.toml").write_text(
        '[[visit]]\nday = 2027-01-04\nstatus = "fulfilled"\n[[visit]]\nday = 2027-01-08\nstatus = "fulfilled"\n'
    )
    found = as_json(run("record", course, "--from", "visits.toml", *on("2027-01-08"), "--json"))
    assert [(v["day"], v["session"]) for v in found["visits"]] == [("2027-01-04", "s1"), ("2027-01-08", "s2")]
    assert days()[:2] == ["04 given", "08 given"]  # the second stands on the day on which it happened


# Forecast


def test_the_forecast_of_a_plan(run, third):
    done = run("forecast", third, "--as-of", "2027-01-12", *HOURS)
    assert (done.code, done.err) == (0, "")
    lines = [line.split() for line in done.out.splitlines()]
    assert ["earliest", "Wed", "2027-01-13"] in lines
    assert ["recommended", "Thu", "2027-01-14"] in lines
    assert ["latest", "Mon", "2027-01-18"] in lines
    assert ["last", "given", "Mon", "2027-01-11,", "1", "day", "ago"] in lines
    assert ["lapse", "from", "Tue", "2027-01-19"] in lines  # from 8 days on
    fifth = "induction 5  Mon 2027-01-18  Fri 2027-01-15  Mon 2027-01-18  Mon 2027-01-25"
    assert fifth in done.out


@pytest.mark.parametrize(
    ("week", "says"),
    [
        ("2027-01-16", "Thu 2027-01-14, Wed 2027-01-13, Fri 2027-01-15"),
        ("2027-01-18", "Mon 2027-01-18"),
        ("2027-01-25", "no day can be booked"),
    ],
)
def test_which_days_of_a_week_could_she_come(run, third, week, says):
    """The fourth may be on 13 to 18 January; with the fifth on the 18th not after the 16th, unless that moves."""
    done = run("forecast", third, "--as-of", "2027-01-12", *HOURS, "--week", week)
    monday = date.fromisoformat(week) - timedelta(date.fromisoformat(week).weekday())
    assert re.search(rf"week of {monday} +(.+)\n", done.out)[1] == says


def test_a_session_that_nobody_recorded_is_asked_about_with_both_answers(run, third):
    """Worked case: no record of Thursday 14 January on Friday."""
    done = run("forecast", third, "--as-of", "2027-01-15", *HOURS)
    assert "To be asked\n  what became of the session of 2027-01-14?\n" in done.out
    assert "  if given: induction 5 is next, booked for Mon 2027-01-18; earliest Sat 2027-01-16" in done.out
    assert "  if missed: induction 4 is next, booked for Mon 2027-01-18; earliest Wed 2027-01-13" in done.out


def test_on_the_day_itself_it_is_not_asked_yet(run, third):
    assert "To be asked" not in run("forecast", third, "--as-of", FOURTH, *HOURS).out


KEYS = {
    "course",
    "as_of",
    "next",
    "bookable",
    "last_given",
    "lapse",
    "proposes",
    "verified",
    "taken",
    "lapses_on",
    "sessions",
    "asks",
    "if_given",
    "if_missed",
    "lifted",
}


def test_a_forecast_as_json(run, third):
    found = as_json(run("forecast", third, "--as-of", "2027-01-15", *HOURS, "--json"))
    assert set(found) == set(found["if_given"]) == set(found["if_missed"]) == KEYS
    assert (found["course"], found["as_of"]) == ("A-017", "2027-01-15")
    assert found["next"] == {
        "phase": "induction",
        "number": 5,
        "session": "s5",
        "booked": "2027-01-18",
        "earliest": "2027-01-16",
        "recommended": "2027-01-18",
        "latest": "2027-01-21",
        "preferred_latest": None,
        "overdue": "2027-01-22",
        "is_overdue": False,
        "to_confirm": [],
    }
    assert (
        found["bookable"]
        == ["2027-01-18", "2027-01-19", "2027-01-20", "2027-01-21"][:2] + found["bookable"][2:]
    )
    assert found["if_given"]["if_given"] is None


def test_what_holds_a_session_up_is_said_once(run, third):
    run("hold", third, "--reason", "rash", "--who", "Dr A", "--since", "2027-01-18", *on("2027-01-12"))
    done = run("forecast", third, "--as-of", "2027-01-12")
    assert re.search(r"induction 5 .* to be confirmed\n", done.out)
    assert done.out.count("hold h1 by Dr A: rash") == 1
    held = as_json(run("forecast", third, "--as-of", "2027-01-12", "--json"))["sessions"]
    assert [due["to_confirm"] for due in held] == [[], ["hold h1 by Dr A: rash"], ["hold h1 by Dr A: rash"]]


def test_a_forecast_changes_no_file(run, third):
    before = everything()
    run("forecast", third, *HOURS)
    assert everything() == before


@pytest.fixture
def lapsed(run, third):
    """Worked case: three missed after the third; the patient is back on Monday 15 February, 35 days after it."""
    for day in (FOURTH, "2027-01-18", "2027-01-21"):
        assert run("record", third, day, "no-show", *on(day)).code == 0
    return third


def test_a_lapse_is_proposed_and_both_plans_are_ready(run, lapsed):
    done = run("forecast", lapsed, "--as-of", "2027-02-15")
    assert "clinician review is proposed, " in done.out
    assert "; a clinician decides" in re.sub(r"\s+", " ", done.out)
    found = as_json(run("replan", lapsed, *HOURS, *on("2027-02-15"), "--dry-run", "--json"))
    assert found["proposes"] == "clinician review"
    plans = {
        plan["name"]: [c["to"]["day"] for c in plan["changes"] if c["change"] == "added"]
        for plan in found["plans"]
    }
    assert plans == {
        "continue": ["2027-02-18", "2027-02-22", "2027-02-25"],
        "restart": ["2027-02-18", "2027-02-22", "2027-02-25", "2027-03-01", "2027-03-04", "2027-03-08"],
    }
    done = run("replan", lapsed, *HOURS, *on("2027-02-15"))
    assert "The protocol proposes: clinician review, 35 days since the last. A clinician decides" in done.out
    assert days()[3:] == ["18", "22", "25"]  # to continue: never a restart by itself


def test_one_of_the_ways_is_taken_by_its_name(run, lapsed):
    """Restarted on Mondays and Thursdays from 18 February on, six of them; a miss after that asks anew."""
    back = on("2027-02-15")
    done = run("forecast", lapsed, "--as-of", "2027-02-15")
    assert "house default: our own" in done.out
    done = run("replan", lapsed, *HOURS, *back, "--dry-run")
    assert "ketsched replan --take continue or --take restart" in re.sub(r"\s+", " ", done.out)
    assert "house default: our own" in done.out
    assert run("replan", lapsed, *HOURS, *back, "--take", "restart", "--who", "Dr A").code == 0
    assert days()[3:] == ["18", "22", "25", "01", "04", "08"]
    last = read(lapsed).revisions[-1]
    assert (last.what, last.who) == ("after a lapse: restart", "Dr A")
    again = run("replan", lapsed, *HOURS, *on("2027-02-15", 13), "--take", "restart")
    assert again.out.endswith("nothing has changed\n")
    done = run("replan", lapsed, *HOURS, *on("2027-02-15", 13))
    assert "After the lapse: restart was taken on Mon 2027-02-15 by Dr A" in done.out
    assert "The protocol proposes" not in done.out
    assert "restart was taken on Mon 2027-02-15" in run("forecast", lapsed, "--as-of", "2027-02-16").out
    assert "since the last; proposed" not in run("due", ".", "--as-of", "2027-02-16").out
    assert run("record", lapsed, "2027-02-18", "no-show", *on("2027-02-18")).code == 0
    done = run("replan", lapsed, *HOURS, *on("2027-02-18", 13), "--dry-run")
    assert "The protocol proposes: clinician review, 38 days since the last" in done.out


def test_to_continue_is_kept_though_nothing_moves(run, lapsed):
    assert run("replan", lapsed, *HOURS, *on("2027-02-15")).code == 0
    before = read(lapsed).sessions
    done = run("replan", lapsed, *HOURS, *on("2027-02-15", 13), "--take", "continue", "--who", "Dr A")
    assert done.code == 0
    assert "wrote course.json" in done.out
    assert read(lapsed).sessions == before
    assert "continue was taken" in run("replan", lapsed, *HOURS, *on("2027-02-15", 14)).out


def test_a_way_that_is_not_proposed_is_refused_with_those_that_are(run, lapsed):
    done = run("replan", lapsed, *HOURS, *on("2027-02-15"), "--take", "step-back")
    assert (done.code, said_in_four_parts(done.err)) == (2, True)
    assert "what is proposed is continue, restart" in done.err


def test_without_a_lapse_no_way_is_proposed(run, third):
    done = run("replan", third, *HOURS, *on("2027-01-12"), "--take", "continue")
    assert (done.code, said_in_four_parts(done.err)) == (2, True)
    assert "the protocol proposes nothing" in done.err


def test_skip_is_not_offered_where_it_would_add_a_day(run, third):
    done = run("record", third, FOURTH, "stopped-early", *HOURS, *on(FOURTH))
    assert done.code == 0
    asked, ways = done.out.index("First: does the session of Thu 2027-01-14"), done.out.index("Ways to go on")
    assert asked < ways
    assert re.search(r"^\* +keep +", done.out[ways:], re.M)
    assert not re.search(r"^.? +skip ", done.out[ways:], re.M)


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
    free = as_json(run("forecast", course, *HOURS, *week))["bookable"]
    left = as_json(run("forecast", course, *HOURS, "--booked", "others", *week))["bookable"]
    assert sorted(free) == ["2027-01-11", "2027-01-12", "2027-01-13", FOURTH]  # 7 days after the 7th at most
    assert sorted(left) == ["2027-01-11", "2027-01-13", FOURTH]
    assert run("record", course, "2027-01-11", "fulfilled", *on("2027-01-11")).code == 0
    words = ("--policy", "make-up", "--missed", FOURTH, *on(FOURTH))
    found = as_json(run("replan", course, *HOURS, *words, "--booked", "others", "--json", "--dry-run"))
    new = [c["to"]["day"] for c in found["changes"] if c["change"] == "added"]
    assert "2027-01-15" not in new
    found = as_json(run("replan", course, *HOURS, *words, "--json", "--dry-run"))
    assert [c["to"]["day"] for c in found["changes"] if c["change"] == "added"] == ["2027-01-15"]


@pytest.mark.usefixtures("one_chair")
def test_a_courses_own_bookings_never_count(run, course):
    """In the folder lie the course itself and a copy of it under another name."""
    Path("others/copy.json").write_bytes(Path(course).read_bytes())
    words = ("replan", course, *HOURS, "--booked")
    assert run(*words, "others", *on("2027-01-03")).out == "nothing has changed\n"
    assert run(*words, ".", *on("2027-01-03")).out == "nothing has changed\n"


@pytest.mark.usefixtures("one_chair")
def test_a_new_course_takes_the_chairs_that_are_left(run):
    words = ("--start", "2027-01-05", "--weekdays", "tue,fri", "--booked", "others")
    done = run("plan", "--protocol", "t.toml", *HOURS, *words, "--id", "C", "-o", "c.json")
    assert (done.code, "2027-01-05" in done.err) == (2, True)
    assert run("plan", "--protocol", "t.toml", *HOURS, *words, "--id", "C", "--chairs", "2").code == 0
    assert run("plan", "--protocol", "t.toml", *HOURS, *words, "--id", "B").code == 0  # its own


@pytest.mark.usefixtures("one_chair")
def test_a_file_of_the_folder_that_cannot_be_read_is_named(run, third):
    Path("others/a.json").write_text("{}", encoding="utf-8")
    for words in (("replan", third), ("forecast", third), ("record", third, FOURTH, "no-show")):
        done = run(*words, *HOURS, "--booked", "others", *(() if words[0] == "forecast" else on(FOURTH)))
        assert (done.code, done.out, said_in_four_parts(done.err)) == (2, "", True)
        assert "--booked, a.json" in done.err
    done = run("replan", third, *HOURS, "--booked", "nowhere", *on(FOURTH))
    assert "'nowhere' is no folder" in done.err


# Outcomes of reviews


REVIEWED = (
    EVERY_FOUR_WEEKS.replace("value = 3", "value = 4")
    + """
[[companion]]
id = "review"
kind = "appointment"
topic = "review"
title = "Review"
anchor = { phase = "maintenance", session = 1 }
window = { earliest = 0, recommended = 0, latest = 3, source = "own", mark = "house default" }
duration = { value = "PT30M", source = "own", mark = "house default" }
required = true
gate = true
"""
)
"""14 days, then 28 and 28; a review after the first."""


@pytest.mark.parametrize("word", ["step-forward", "step forward"])
def test_a_review_says_to_step_and_the_next_replan_does(run, word):
    """Mondays from 4 January: the 18th, then every 28 days; from the first on 28 days: 1 February, 1 and 29 March."""
    Path("t.toml").write_text(REVIEWED, encoding="utf-8")
    words = ("--start", "2027-01-04", "--time", "09:00", "--id", "A", "--at", "2026-12-01T09:00:00Z")
    run("plan", "--protocol", "t.toml", *HOURS, *words, "-o", FILE)
    assert [f"{s.day:%m-%d}" for s in read(FILE).sessions] == ["01-04", "01-18", "02-15", "03-15"]
    assert run("record", FILE, "2027-01-04", "fulfilled", *on("2027-01-04")).code == 0
    said = run("decide", FILE, "review", word, "--who", "Dr A", "--on", "2027-01-05", *on("2027-01-05"))
    assert said.code == 0
    assert "step forward (Dr A); the next ketsched replan plans the rest at that interval" in " ".join(
        said.out.split()
    )
    assert run("replan", FILE, *HOURS, *on("2027-01-05", 13)).code == 0
    assert [f"{s.day:%m-%d}" for s in read(FILE).standing()] == ["01-04", "02-01", "03-01", "03-29"]
    assert run("replan", FILE, *HOURS, *on("2027-01-05", 14)).out == "nothing has changed\n"  # done once


def test_a_stop_ends_the_course_with_the_next_replan(run):
    Path("t.toml").write_text(REVIEWED, encoding="utf-8")
    words = ("--start", "2027-01-04", "--time", "09:00", "--id", "A", "--at", "2026-12-01T09:00:00Z")
    run("plan", "--protocol", "t.toml", *HOURS, *words, "-o", FILE)
    assert run("record", FILE, "2027-01-04", "fulfilled", *on("2027-01-04")).code == 0
    said = run("decide", FILE, "review", "stop", "--who", "Dr A", "--on", "2027-01-05", *on("2027-01-05"))
    assert "stop (Dr A); the next ketsched replan ends the course" in said.out
    assert run("replan", FILE, *HOURS, *on("2027-01-05", 13)).code == 0
    assert (read(FILE).ended, days()) == (date(2027, 1, 5), ["04 given"])


def test_only_sessions_to_come_become_firm(run, course):
    """A hold from the first day on, lifted after the second session: 3 to 6 are to come."""
    words = ("--reason", "x", "--who", "Dr A", "--since", "2027-01-04", *on("2027-01-02"))
    assert run("hold", course, *words).code == 0
    done = run("lift", course, "h1", "--who", "Dr A", "--on", "2027-01-08", *on("2027-01-08"))
    assert "now firm: induction 3 to 6\n" in done.out


def test_a_phase_whose_name_ends_in_a_number_is_not_run_into_the_session(run, lapsed):
    assert run("replan", lapsed, *HOURS, *on("2027-02-15"), "--take", "restart").code == 0
    assert "Next is induction 2, session 1: booked" in run("forecast", lapsed, "--as-of", "2027-02-16").out


def test_advice_is_in_the_words_of_the_command_line(run, third):
    done = run("replan", third, *HOURS, "--step", "back", *on("2027-01-12"))
    assert (done.code, "(--switch)" in done.err) == (2, True)
    Path("open.toml").write_text(
        PROTOCOL.replace('weekdays = { value = ["Mon", "Thu"]', "#"), encoding="utf-8"
    )
    done = run("replan", third, *HOURS, "--switch", "open.toml", *on("2027-01-12"))
    assert (done.code, "--weekdays mon,thu" in done.err) == (2, True)


# Replan


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        ((), ["18", "21", "25"]),
        (("--policy", "keep"), ["18", "21", "25"]),
        (("--policy", "make-up"), ["15", "18", "21"]),
        (("--policy", "induction=make-up"), ["15", "18", "21"]),
        (("--policy", "shift"), ["15", "19", "22"]),
        (("--policy", "skip"), ["18", "21"]),
    ],
    ids=" ".join,
)
def test_a_missed_session_is_made_up_for_as_the_policy_says(run, third, policy, left):
    words = ("replan", third, *HOURS, "--missed", FOURTH, *policy)
    done = run(*words, *on(FOURTH))
    assert (done.code, done.err) == (0, "")
    assert days()[3:] == left
    assert done.out.endswith("wrote course.json (revision 5)\n")
    before = everything()
    again = run(*words, *on(FOURTH, 13))  # twice is once
    assert (again.code, again.out) == (0, "nothing has changed\n")
    assert everything() == before


def test_what_changes_is_a_table_and_what_one_says(run, third):
    done = run("replan", third, *HOURS, "--record", "2027-01-14 no-show", "--policy", "shift", *on(FOURTH))
    squeezed = [re.sub(" +", " ", line).strip() for line in done.out.splitlines()]
    assert "induction missed Thu 2027-01-14 09:00 no-show on 2027-01-14" in squeezed
    assert any(
        line.startswith("induction 5 moved Mon 2027-01-18 09:00 Tue 2027-01-19 09:00") for line in squeezed
    )
    assert squeezed[squeezed.index("To say on the telephone") + 1 :][:4] == [
        "The appointment of Thursday 14 January at 09:00 did not take place.",
        "There is a new appointment on Friday 15 January at 09:00.",
        "The appointment of Monday 18 January at 09:00 moves to Tuesday 19 January at 09:00.",
        "The appointment of Thursday 21 January at 09:00 moves to Friday 22 January at 09:00.",
    ]


def test_a_fallback_is_said(run, third):
    """Worked case: on Friday 15 January no day before the 18th leaves the rest in place."""
    done = run("replan", third, *HOURS, "--missed", FOURTH, "--policy", "make-up", *on("2027-01-15"))
    assert done.code == 0
    assert days()[3:] == ["18", "21", "25"]
    assert "To know\n" in done.out


def test_skipping_says_that_the_series_is_shorter(run, third):
    done = run("replan", third, *HOURS, "--missed", FOURTH, "--policy", "skip", *on(FOURTH))
    assert "induction, 2027-01-14: not made up for; the series has one session fewer" in done.out
    assert "findings: " in done.out


REPLAN_KEYS = {
    "changed",
    "written",
    "revision",
    "what",
    "changes",
    "remarks",
    "lifted",
    "say",
    "move",
    "proposes",
    "verified",
    "plans",
    "findings",
    "course",
}


def test_replan_as_json_and_without_writing(run, third):
    before = everything()
    words = ("replan", third, *HOURS, "--missed", FOURTH, *on(FOURTH), "--json")
    dry = as_json(run(*words, "--dry-run", "-o", "a.ics"))
    assert everything() == before
    assert set(dry) == REPLAN_KEYS
    assert (dry["changed"], dry["written"]) == (True, False)
    wet = as_json(run(*words))
    assert wet == dry | {"written": True}
    added = wet["changes"][-1]
    assert (added["booking"], added["change"], added["from"]) == ("s7", "added", None)
    assert added["to"] == {"day": "2027-01-25", "time": "09:00", "status": "firm"}
    assert (added["phase"], added["number"]) == ("induction", 6)
    assert wet["say"][-1] == "There is a new appointment on Monday 25 January at 09:00."


def test_with_nothing_new_nothing_changes(run, third):
    before = everything()
    assert run("replan", third, *HOURS, *on("2027-01-12")).out == "nothing has changed\n"
    assert run("replan", third, *HOURS, *on("2027-01-12"), "--json").code == 0
    assert everything() == before


def test_calendars_get_all_or_only_what_changed(run, third):
    words = ("-o", "all.ics", "-o", "changes.ics:clinic,full")
    run("replan", third, *HOURS, "--missed", FOURTH, *on(FOURTH), *words, "--changes-only")
    changed = Path("changes.ics").read_text("utf-8")
    assert changed.count("BEGIN:VEVENT") == 2  # the 14th is cancelled, the 25th is new
    assert changed.count("STATUS:CANCELLED") == 1
    run("ride", third, "s5", "none", *on(FOURTH, 13), "-o", "whole.ics")
    assert Path("whole.ics").read_text("utf-8").count("BEGIN:VEVENT") == 7
    done = run("ride", third, "s5", "confirmed", *on(FOURTH, 14), "-o", "none.ics", "--changes-only")
    assert done.out.endswith(
        "wrote course.json (revision 7)\nnone.ics (patient, discreet) was not written: no event changed\n"
    )
    assert not Path("none.ics").exists()


def test_what_was_just_cancelled_is_told_with_the_next_change(run, third):
    """As the library writes it: the cancelled one belongs to the file, whatever the command is."""
    run("record", third, FOURTH, "cancelled", *on(FOURTH))
    done = run("authorise", third, "--sessions", "20", *on(FOURTH, 13), "-o", "told.ics", "--changes-only")
    assert "wrote told.ics" in done.out
    told = Path("told.ics").read_text("utf-8")
    assert (told.count("BEGIN:VEVENT"), told.count("STATUS:CANCELLED")) == (1, 1)


def test_away_told_in_advance_cannot_be_planned_around_unless_the_bound_gives_way(run, course):
    """Worked case: away 12 to 26 January, told on the 8th: 11 to 27 January is 16 days, 7 are allowed."""
    for day in ("2027-01-04", "2027-01-07"):
        run("record", course, day, "fulfilled", *on(day))
    before = everything()
    words = ("replan", course, *HOURS, "--away", "2027-01-12..2027-01-26", *on("2027-01-08"))
    done = run(*words)
    assert (done.code, done.out, said_in_four_parts(done.err)) == (2, "", True)
    assert "at most 7 d" in done.err
    assert everything() == before
    done = run(*words, "--exceed", "--who", "Dr A")
    assert done.code == 0
    assert "at most 7 d between two" in done.out
    moved = [session.day for session in read(course).standing()][3:]
    assert moved[0] == date(2027, 1, 27)
    assert all(later - earlier >= timedelta(2) for earlier, later in itertools.pairwise(moved))
    assert read(course).revisions[-1].who == "Dr A"


def test_what_a_policy_costs_is_named_with_those_that_do_not(run):
    """Worked case: eight sessions, the third missed: a ninth date would be day 29 of 28."""
    Path("t.toml").write_text(PROTOCOL.replace("value = 6", "value = 8"), encoding="utf-8")
    words = ("--start", "2027-01-04", "--time", "09:00", "--id", "A", "--at", "2026-12-01T09:00:00Z")
    run("plan", "--protocol", "t.toml", *HOURS, *words, "-o", FILE)
    for day in ("2027-01-04", "2027-01-07"):
        run("record", FILE, day, "fulfilled", *on(day))
    done = run("replan", FILE, *HOURS, "--missed", "2027-01-11", *on("2027-01-11"))
    assert days()[2:] == ["14", "18", "21", "25", "28", "01"]  # 1 February is day 29
    assert "at most 28 d" in done.out
    assert "kept by make-up" in re.sub(r"\s+", " ", done.out)


def test_the_course_ends_early_and_is_complete(run, third):
    done = run("replan", third, *HOURS, "--end", "--who", "Dr A", *on("2027-01-12"))
    assert done.code == 0
    assert days() == ["04 given", "07 given", "11 given"]
    assert "Nothing is due: the course was ended." in run("forecast", third).out
    assert "ended on Tue 2027-01-12" in run("history", third).out


def test_one_more_a_new_place_and_the_last_again(run, third):
    at = on("2027-01-12")
    assert run("replan", third, *HOURS, "--add", "2027-01-28", *at).code == 0
    assert days()[3:] == ["14", "18", "21", "28"]
    done = run("replan", third, *HOURS, "--place", "Room 2", *at)
    assert "The appointment of Thursday 14 January at 09:00 is at another place: Room 2." in done.out
    assert {s.place for s in read(third).sessions[3:]} == {"Room 2"}
    assert run("replan", third, *HOURS, "--repeat", "1", *at).code == 0
    assert len(days()) == 8


def test_the_rest_goes_over_to_another_protocol_and_steps(run, third):
    Path("later.toml").write_text(EVERY_FOUR_WEEKS, encoding="utf-8")
    words = ("--switch", "later.toml", "--sessions", "3", "--join", "14")
    done = run("replan", third, *HOURS, *words, *on("2027-01-12"))
    assert (done.code, done.err) == (0, "")
    # 14 days after 11 January is Monday the 25th; then 14 days to 8 February and 28 to 8 March.
    assert days() == ["04 given", "07 given", "11 given", "25", "08", "08"]
    assert read(third).segments[0].protocol == "later"
    run("record", third, "2027-01-25", "fulfilled", *on("2027-01-25"))
    assert run("replan", third, *HOURS, "--step", "forward", *on("2027-01-26")).code == 0
    assert days()[-2:] == ["22", "22"]  # 28 days after 25 January, and after that
    done = run("replan", third, *HOURS, "--step", "forward", *on("2027-01-26"))
    assert (done.code, said_in_four_parts(done.err)) == (2, True)


# Moving by hand


def test_a_move_that_breaks_a_rule_is_refused_with_its_range_and_a_repair(run, third):
    """Worked case: session 5 to Wednesday 20 January is 1 day before session 6; 6 to Friday repairs it."""
    before = everything()
    words = ("replan", third, *HOURS, "--move", "s5=2027-01-20", *on("2027-01-12"))
    done = run(*words)
    assert (done.code, done.err) == (1, "")
    assert "induction 5 is on Mon 2027-01-18; on Wed 2027-01-20 it would break:" in done.out
    assert "1 d before 2027-01-21: at least 2 d apart" in done.out
    assert "it can be from Sat 2027-01-16 to Tue 2027-01-19" in done.out
    assert "days that are open: Mon 2027-01-18, Tue 2027-01-19" in done.out
    assert re.search(r"induction 6 +moved +Thu 2027-01-21 09:00 +Fri 2027-01-22 09:00", done.out)
    assert done.out.endswith("nothing was written\n")
    found = as_json(run(*words, "--json"), code=1)
    assert set(found) == {"changed", "written", "revision", "move", "repair", "say"}
    assert found["move"] == {
        "session": "s5",
        "from": "2027-01-18",
        "to": "2027-01-20",
        "earliest": "2027-01-16",
        "latest": "2027-01-19",
        "days": ["2027-01-18", "2027-01-19"],
        "breaks": ["1 d before 2027-01-21: at least 2 d apart"],
        "error": None,
    }
    assert everything() == before
    assert run(*words, "--repair").code == 0
    assert days()[3:] == ["14", "20", "22"]


@pytest.mark.parametrize(
    ("day", "code"), [("2027-01-15", 1), ("2027-01-18", 0), ("2027-01-19", 0), ("2027-01-20", 1)]
)
def test_within_its_range_a_session_is_moved_at_once(run, third, day, code):
    done = run("replan", third, *HOURS, "--move", f"s5={day}", *on("2027-01-12"))
    assert done.code == code
    assert (read(third).sessions[4].day == date.fromisoformat(day)) == (code == 0)


def test_a_session_moved_alone_is_pinned_and_a_waiver_documents_it(run, third):
    """Worked case: session 5 on the 20th with a waiver; the clinic then cancels session 6, and 5 stays."""
    words = ("replan", third, *HOURS, "--move", "2027-01-18=2027-01-20", "--alone")
    done = run(*words, "--dry-run", *on("2027-01-12"))
    assert "It breaks\n  1 d before 2027-01-21: at least 2 d apart" in done.out
    assert 'a clinician documents that: --waive "reason" --who NAME' in done.out
    assert "findings: 1 error" in done.out
    done = run(*words, "--waive", "travels on the 18th", "--who", "Dr A", *on("2027-01-12"))
    assert done.code == 0
    assert "no errors, no warnings" in done.out
    course = read(third)
    assert (course.sessions[4].day, course.sessions[4].pinned) == (date(2027, 1, 20), True)
    ((waiver),) = course.waivers
    assert (waiver.rule, waiver.reason, waiver.who) == ("KS101", "travels on the 18th", "Dr A")
    for day in (FOURTH,):
        run("record", third, day, "fulfilled", *on(day))
    run("record", third, "2027-01-21", "cancelled", "--by", "clinic", *on("2027-01-15"))
    assert run("replan", third, *HOURS, *on("2027-01-15", 13)).code == 0
    assert days()[3:] == ["14 given", "20", "25"]


def test_the_reason_may_come_after_the_move(run, third):
    words = ("replan", third, *HOURS, "--move", "s5=2027-01-20", "--alone")
    assert run(*words, *on("2027-01-12")).code == 0
    assert run(*words, *on("2027-01-12")).out.endswith("nothing has changed\n")
    waive = ("--waive", "travels on the 18th", "--who", "Dr A")
    done = run(*words, *waive, *on("2027-01-12", 13))
    assert done.code == 0
    assert "waived by Dr A: KS101, induction 5, induction 6: travels on the 18th" in done.out
    assert "no errors, no warnings" in done.out
    course = read(third)
    assert [(waiver.rule, waiver.who) for waiver in course.waivers] == [("KS101", "Dr A")]
    assert (course.revisions[-1].what, course.revisions[-1].who) == ("waived", "Dr A")
    assert course.sessions[4].day == date(2027, 1, 20)
    assert run(*words, *waive, *on("2027-01-12", 14)).out.endswith("nothing has changed\n")
    assert len(read(third).waivers) == 1


def test_a_closed_day_has_nothing_on_it(run, third):
    for words in ((), ("--alone",), ("--repair",)):
        done = run("replan", third, *HOURS, "--move", "s5=2027-01-23", *words, *on("2027-01-12"))
        assert (done.code, done.err) == (1, "")
        assert "2027-01-23: " in done.out
        assert done.out.endswith("nothing was written\n")


def test_several_are_moved_together(run, third):
    before = everything()
    words = ("replan", third, *HOURS, "--move", "s4=2027-01-15", "--move", "s5=2027-01-21")
    done = run(*words, *on("2027-01-12"))  # the sixth is on the 21st as well: it goes to Monday
    assert done.code == 1
    assert re.search(r"induction 6 +moved +Thu 2027-01-21 09:00 +Mon 2027-01-25 09:00", done.out)
    assert done.out.endswith("to take this: --repair\nnothing was written\n")
    assert everything() == before
    assert set(as_json(run(*words, *on("2027-01-12"), "--json"), code=1)) == {
        "changed",
        "written",
        "revision",
        "move",
        "repair",
        "say",
    }
    assert run(*words, "--repair", *on("2027-01-12")).code == 0
    assert days()[3:] == ["15", "21", "25"]
    words = ("replan", third, *HOURS, "--move", "s4=2027-01-14", "--move", "s5=2027-01-20")
    assert run(*words, *on("2027-01-12")).code == 0  # nobody else has to move
    assert days()[3:] == ["14", "20", "25"]


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
    found = as_json(run("due", clinic, "--as-of", "2027-01-15", "--json"), code=1)
    assert set(found) == {"folder", "as_of", "files", "lines", "unread"}
    assert (found["files"], found["unread"]) == (2, [])
    assert kinds(found) == [("A-017", "unbooked", "2027-01-25"), ("B-2", "asked", FOURTH)]
    found = as_json(run("due", clinic, "--as-of", "2027-01-18", "-r", "--days", "3", "--json"), code=1)
    assert found["files"] == 3
    assert [line for line in kinds(found) if line[0] == "C-3"] == [
        ("C-3", "due", "2027-01-18"),
        ("C-3", "asked", FOURTH),
        ("C-3", "soon", "2027-01-21"),
    ]
    assert ("A-017", "due", "2027-01-18") in kinds(found)
    assert {path: path.read_bytes() for path in Path(clinic).rglob("*.json")} == before


@pytest.mark.parametrize(("words", "asked"), [((), True), (("--counts", "yes"), False)])
def test_the_morning_run_asks_whether_one_that_was_stopped_counts(run, third, words, asked):
    run("record", third, FOURTH, "stopped-early", *words, *on(FOURTH))
    found = as_json(run("due", ".", "--as-of", FOURTH, "--json"), code=int(asked))
    said = [line["what"] for line in found["lines"] if line["is"] == "asked"]
    assert said == (["induction: stopped early, does it count?"] if asked else [])


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

    monkeypatch.setattr(due, "_PATIENCE", patience)
    monkeypatch.setattr(due.pictures, "waiting", lambda _: Status())
    assert run("due", clinic, "--as-of", "2027-01-15").code == 1
    progress = ["shown", "1 of 2 course files", "2 of 2 course files", "gone"]
    assert told == (progress if shown else [])


@pytest.mark.parametrize(("day", "lapsed"), [("2027-01-18", False), ("2027-01-19", True)])
def test_overdue_and_lapse_begin_on_their_day(run, clinic, day, lapsed):
    """The last was given on 11 January: the 18th is the latest day, the 19th the eighth day since."""
    Path(clinic, "b.json").unlink()
    found = as_json(run("due", clinic, "--as-of", day, "--json"), code=1)
    said = [line["what"] for line in found["lines"] if line["is"] == "lapsed"]
    # Nobody recorded the 18th, so it may have been the fourth.
    assert said == (["induction 5: 8 d since the last; proposed: clinician review"] if lapsed else [])


def test_what_is_due_needs_no_one_and_what_is_overdue_does(run, course):
    Path("courses").mkdir()
    Path(course).rename("courses/a.json")
    quiet = run("due", "courses", "--as-of", "2027-01-03")
    assert (quiet.code, quiet.out) == (0, "1 course file, as of Sun 2027-01-03\n\nnothing is due\n")
    today = run("due", "courses", "--as-of", "2027-01-04")
    assert today.code == 0
    assert "induction at 09:00" in today.out
    assert run("due", "courses", "--as-of", "2027-01-05").code == 1


def test_a_file_that_cannot_be_read_does_not_stop_the_rest(run, clinic):
    Path(clinic, "0.json").write_text('{"format": "other"}', encoding="utf-8")
    done = run("due", clinic, "--as-of", "2027-01-15")
    assert (done.code, done.err) == (2, "")
    assert "1 file cannot be read\n  0.json: this is not a course document\n" in done.out
    assert "B-2" in done.out
    found = as_json(run("due", clinic, "--as-of", "2027-01-15", "--json"), code=2)
    assert set(found["unread"][0]) == {"file", "what", "where", "why", "fix"}
    assert found["unread"][0]["file"] == "0.json"


def test_many_files_are_read_by_several_processes_with_the_same_result(run, clinic, monkeypatch):
    alone = run("due", clinic, "-r", "--as-of", "2027-01-15")
    monkeypatch.setattr(due, "FEW", 1)
    monkeypatch.setattr(due.os, "cpu_count", lambda: 2)
    assert run("due", clinic, "-r", "--as-of", "2027-01-15") == alone


def test_an_empty_folder_has_nothing_due(run):
    Path("empty").mkdir()
    done = run("due", "empty")
    assert (done.code, done.out) == (0, "0 course files\n\nnothing is due\n")


# History


def test_history_lists_revisions_and_visits(run, third):
    run("replan", third, *HOURS, "--missed", FOURTH, "--who", "Nurse B", *on(FOURTH))
    done = run("history", third)
    assert (done.code, done.err) == (0, "")
    assert re.search(r"^1 +2026-12-01 09:00Z +planned", done.out, re.M)
    assert re.search(r"^5 +2027-01-14 12:00Z +.*Nurse B +2\b", done.out, re.M)
    found = as_json(run("history", third, "--json"))
    assert set(found) == {"course", "as_of", "revisions", "visits", "sessions", "ended"}
    assert [(r["revision"], r["changes"]) for r in found["revisions"]] == [
        (1, 0),
        (2, 1),
        (3, 1),
        (4, 1),
        (5, 2),
    ]
    assert [v["verdict"] for v in found["visits"]] == ["valid", "valid", "valid", "not given"]
    assert {"session": "s4", "day": FOURTH, "is": "missed"} in found["sessions"]
    assert found["as_of"] >= FOURTH  # never before the last revision, whatever the clock says


def test_an_earlier_revision_is_shown_and_compared(run, third):
    run("replan", third, *HOURS, "--missed", FOURTH, *on(FOURTH))
    done = run("history", third, "--revision", "1")
    assert done.out.startswith("revision 1 of 2026-12-01T09:00:00Z: planned\n")
    assert "Thu 2027-01-14" in done.out
    assert "2027-01-25" not in done.out
    assert as_json(run("history", third, "--revision", "4", "--json"))["sessions"][3]["status"] == "firm"
    done = run("history", third, "--diff", "4", "5")
    assert re.search(r"induction +missed +Thu 2027-01-14 09:00 +no-show on 2027-01-14", done.out)
    assert re.search(r"induction 6 +added +Mon 2027-01-25 09:00 +instead of 2027-01-14", done.out)
    assert "the same bookings" in run("history", third, "--diff", "4", "4").out
    found = as_json(run("history", third, "--diff", "1", "5", "--json"))
    assert set(found) == {"from", "to", "changes"}
    assert [c["booking"] for c in found["changes"]] == ["s1", "s2", "s3", "s4", "s7"]


# Publish


@pytest.fixture
def server(monkeypatch):
    """Stand in for a server: remembers how it was asked, and answers with one conflict."""
    asked = {}

    def publish(course, url, **how):
        asked.update(how, url=url, course=course.id)
        return (
            Published("u1", "s1", "unchanged"),
            Published("u2", "s2", "added"),
            *(
                (Published("u5", "s5", "conflict", "somebody moved it there"),)
                if not how["overwrite"]
                else ()
            ),
        )

    monkeypatch.setattr(publishing, "publish_course", publish)
    monkeypatch.setenv("KETSCHED_CALDAV_USER", "nurse")
    monkeypatch.setenv("KETSCHED_CALDAV_PASSWORD", "secret")
    return asked


URL = ("--caldav", "https://cal.example.org/nurse/")


def test_publishing_tells_of_conflicts(run, course, server):
    done = run("publish", course, *URL, "--audience", "clinic", "--privacy", "named", "--dry-run")
    assert (done.code, done.err) == (1, "")
    assert re.search(r"s5 +Mon 2027-01-18 +conflict +somebody moved it there", done.out)
    assert "1 unchanged, 1 added, 1 conflict" in done.out
    assert "nothing was written: --dry-run" in done.out
    assert server == {
        "url": URL[1],
        "course": "A-017",
        "username": "nurse",
        "password": "secret",
        "audience": "clinic",
        "privacy": "named",
        "overwrite": [],
        "dry_run": True,
        "verify": True,
    }
    assert "secret" not in done.out


def test_a_conflict_is_decided_by_session_or_day(run, course, server):
    Path("own.pem").write_text("", encoding="utf-8")
    for name in ("s5", "2027-01-18"):
        found = as_json(run("publish", course, *URL, "--overwrite", name, "--ca", "own.pem", "--json"))
        assert (server["overwrite"], server["verify"]) == (["s5"], "own.pem")
        assert set(found) == {"dry_run", "events"}
        assert set(found["events"][0]) == {"uid", "booking", "action", "why"}


def test_a_server_that_does_not_answer_is_said(run, course):
    done = run("publish", course, "--caldav", "http://localhost:1/calendar/")
    assert (done.code, done.out, said_in_four_parts(done.err)) == (2, "", True)


# What cannot be used


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("record", FILE), "DATE is missing"),
        (("record", FILE, FOURTH), "STATUS is missing"),
        (("record", FILE, "14.1.", "no-show"), "DATE"),
        (("record", FILE, "0001-01-01", "no-show"), "DATE"),
        (("record", FILE, FOURTH, "noshow"), "the status 'noshow'"),
        (("record", FILE, FOURTH, ""), "no status"),
        (("record", FILE, "2027-01-15", "no-show"), "there is no session '2027-01-15'"),
        (("record", FILE, FOURTH, "fulfilled", "--session", "s9"), "there is no session 's9'"),
        (("record", FILE, FOURTH, "fulfilled", "--time", "25:00"), "--time"),
        (("record", FILE, FOURTH, "no-show", "--counts", "yes"), "whether it counts"),
        (("record", FILE, FOURTH, "no-show", "--counts", "maybe"), "'maybe' is not one of"),
        (("record", FILE, FOURTH, "no-show", "--by", "clinic"), "cancelled by somebody"),
        (("record", FILE, FOURTH, "withdrawn"), "withdrawn"),
        (("record", FILE, FOURTH, "fulfilled", "--corrects", "v9"), "there is no entry 'v9'"),
        (("record", FILE, "2027-01-18", "fulfilled"), "a visit of 2027-01-18 that was fulfilled"),
        (("record", FILE, FOURTH, "no-show", "--from", "a.csv"), "a file and one visit"),
        (("record", FILE, "--from", "a.csv"), "cannot open 'a.csv'"),
        (("record", FILE, "--from", "a.xlsx"), "no reader for .xlsx"),
        (("record", FILE, FOURTH, "no-show", "--columns", "map.toml"), "options for a file, and no file"),
        (("record", FILE, "--from", "a.csv", "--columns", "no.toml"), "--columns"),
        (("record", FILE, FOURTH, "no-show", "--as-of", "soon"), "--as-of"),
        (("record", FILE, FOURTH, "no-show", "--clinic", "no.toml"), "cannot open no.toml"),
        (("record", FILE, FOURTH, "no-show", "--calendar", "a=b.toml"), "the clinic's hours are missing"),
        (("record", FILE, FOURTH, "no-show", "--changes-only"), "no calendar to write them into"),
        (("record", "clinic.toml", FOURTH, "no-show"), "clinic.toml is no course file"),
        (("record", "other.json", FOURTH, "no-show"), "this is not a course document"),
        (("forecast", FILE, "--as-of", "soon"), "--as-of"),
        (("forecast", FILE, "--week", "2027-01-11"), "a week without the clinic's hours"),
        (("forecast", FILE, *HOURS, "--week", "53"), "--week"),
        (("forecast", FILE, "--notice", "400"), "a notice of 400 days"),
        (("forecast", FILE, "--notice", "-1"), "a notice of -1 days"),
        (("forecast", FILE, "--time", "9:00"), "the clinic's hours are missing"),
        (("forecast", "missing.json"), "cannot open missing.json"),
        (("replan", FILE), "the clinic's hours are missing"),
        (("replan", FILE, "--zone", "Europe/Paris", "--hours", "mon 9-17"), "--hours"),
        (
            ("replan", FILE, "--zone", "Europe/Paris", "--hours", "mon 09:00-17:00"),
            "its clinic in Europe/Paris",
        ),
        (("replan", FILE, *HOURS, "--missed", "2027-01-15"), "there is no session '2027-01-15'"),
        (("replan", FILE, *HOURS, "--missed", "x"), "--missed"),
        (("replan", FILE, *HOURS, "--record", FOURTH), "--record"),
        (("replan", FILE, *HOURS, "--policy", "later"), "there is no policy 'later'"),
        (("replan", FILE, *HOURS, "--policy", "boosters=keep"), "phases are induction"),
        (("replan", FILE, *HOURS, "--policy", "keep", "--policy", "skip"), "a phase is missing"),
        (("replan", FILE, *HOURS, "--notice", "367"), "a notice of 367 days"),
        (("replan", FILE, *HOURS, "--move", "s5"), "is not a session and a day"),
        (("replan", FILE, *HOURS, "--move", "s9=2027-01-20"), "there is no session 's9'"),
        (("replan", FILE, *HOURS, "--move", "s1=2027-01-20"), "the session 's1' cannot be moved"),
        (("replan", FILE, *HOURS, "--move", "s5=soon"), "--move"),
        (("replan", FILE, *HOURS, "--move", "s5=2027-01-20", "--repair", "--alone"), "both --repair and"),
        (("replan", FILE, *HOURS, "--move", "s5=2027-01-20", "--missed", FOURTH), "and another change"),
        (("replan", FILE, *HOURS, "--repair"), "nothing to move"),
        (("replan", FILE, *HOURS, "--alone"), "nothing to move"),
        (("replan", FILE, *HOURS, "--move", "s5=2027-01-20", "--alone", "--waive", "x"), "or by nobody"),
        (("replan", FILE, *HOURS, "--waive", "x", "--who", "A"), "a waiver of nothing"),
        (
            ("replan", FILE, *HOURS, "--move", "s5=2027-01-20", "--move", "s6=2027-01-22", "--alone"),
            "2 sessions to move alone",
        ),
        (("replan", FILE, *HOURS, "--add", "2027-01-12"), "--add"),
        (("replan", FILE, *HOURS, "--repeat", "-1"), "repeat"),
        (("replan", FILE, *HOURS, "--step", "up"), "'up' is not one of"),
        (("replan", FILE, *HOURS, "--step", "back"), "a step back in induction"),
        (("replan", FILE, *HOURS, "--through", "x"), "--through"),
        (("replan", FILE, *HOURS, "--away", "2027-01-26..2027-01-12"), "ends before it begins"),
        (("replan", FILE, *HOURS, "--switch", "nothing"), "--switch"),
        (("replan", FILE, *HOURS, "--sessions", "4"), "--sessions without --switch"),
        (("replan", FILE, *HOURS, "--join", "7"), "--join without --switch"),
        (("replan", FILE, *HOURS, "--switch", "t.toml", "--join", "-7"), "--join"),
        (("replan", FILE, *HOURS, "--at", "2026-12-01T08:59:59Z"), "--at with that"),
        (("replan", FILE, *HOURS, "-o", "second.json"), "a second course file"),
        (("due", "nowhere"), "'nowhere' is no folder"),
        (("due", FILE), "'course.json' is no folder"),
        (("due", ".", "--days", "-1"), "-1 days ahead"),
        (("due", ".", "--as-of", "x"), "--as-of"),
        (("history", FILE, "--revision", "0"), "--revision"),
        (("history", FILE, "--revision", "9"), "--revision"),
        (("history", FILE, "--diff", "1", "9"), "--diff"),
        (("history", FILE, "--diff", "2", "1"), "--diff"),
        (("history", FILE, "--diff", "1", "1", "--revision", "1"), "both --revision and --diff"),
        (("history", FILE, "--as-of", "x"), "--as-of"),
        (("history", "clinic.toml"), "clinic.toml is no course file"),
        (("publish", FILE), "missing option '--caldav'"),
        (("publish", FILE, *URL, "--overwrite", "s9"), "there is no session 's9'"),
        (("publish", FILE, "--caldav", "ftp://example.org/"), "--caldav"),
        (("publish", FILE, *URL, "--ca", "own.pem"), "--ca own.pem"),
        (("publish", "other.json", *URL), "this is not a course document"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else "",
)
@pytest.mark.usefixtures("third")
def test_what_cannot_be_used_is_said_and_leaves_every_file_as_it_was(run, words, says):
    Path("other.json").write_text("{}", encoding="utf-8")
    before = everything()
    if words[0] in ("record", "replan") and "--at" not in words:
        words = (*words, *on(FOURTH, 6))
    done = run(*words)
    assert (done.code, done.out) == (2, "")
    assert said_in_four_parts(done.err), done.err
    assert says in done.err
    assert everything() == before


@pytest.mark.parametrize("stopped_at", [1, 2])
def test_when_the_user_stops_it_no_file_is_half_written(run, third, monkeypatch, stopped_at):
    Path("a.ics").write_text("old", encoding="utf-8")
    before = everything()
    writes = []

    def stopped(handle):
        writes.append(handle)
        if len(writes) == stopped_at:
            raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", stopped)
    done = run("replan", third, *HOURS, "--missed", FOURTH, *on(FOURTH), "-o", "a.ics")
    assert done.code == 130
    assert everything() == before


@pytest.mark.usefixtures("third")
def test_the_shell_completes_what_a_course_file_has():
    def completed(*words: str) -> list[str]:
        env = {
            "_KETSCHED_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
        }
        command = [sys.executable, "-m", "ketsched.cli"]
        found = subprocess.run(command, env=env, stdout=-1, stderr=-1, text=True, check=False)
        return found.stdout.split()

    assert completed("ketsched", "record", FILE, FOURTH, "no") == ["plain,no-show"]
    assert completed("ketsched", "record", FILE, FOURTH, "fulfilled", "--session", "s4") == ["plain,s4"]
    assert completed("ketsched", "record", FILE, FOURTH, "fulfilled", "--corrects", "v") == [
        "plain,v1",
        "plain,v2",
        "plain,v3",
    ]
    assert completed("ketsched", "record", "none.json", FOURTH, "fulfilled", "--session", "s") == []
    assert completed("ketsched", "replan", FILE, "--policy", "make") == ["plain,make-up"]
