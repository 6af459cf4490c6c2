"""Recording visits from the command line: by hand, from an export, corrected and taken back."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from followed import FOURTH, HOURS, as_json, days, everything, on, said_in_four_parts
from ketsched.cli import inputs
from ketsched.interchange import read
from ketsched.model import VisitStatus


def test_one_command_answers_what_now(run, third):
    """Worked case: the fourth infusion was missed on Thursday 14 January."""
    done = run("record", third, FOURTH, "no-show", *HOURS, *on(FOURTH))
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "Recorded: Thu 2027-01-14: missed. 3 of 6 given.\n"
        "Next: infusion 4, Mon 2027-01-18 at 09:00.\n"
        "! Infusion 6 has no date.\n"
        "\n"
        "Ways to make it up (nothing is booked yet)\n"
        "     way                    new date        others that move   ends\n"
        "  *  at the end             Mon 2027-01-25  none               Mon 2027-01-25\n"
        "     fit in, next open day  Fri 2027-01-15  none               Thu 2027-01-21\n"
        "     move all               Fri 2027-01-15  Mon 18 to Tue 19,  Fri 2027-01-22\n"
        "                                            Thu 21 to Fri 22\n"
        "     leave out              none            none               Thu 2027-01-21\n"
        "  * the protocol's way: ketsched replan course.json\n"
        "    another:            ketsched replan course.json --way leave-out\n"
        "Saved: course.json (revision 5).\n"
    )
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
        "shift": ["2027-01-15"],
        "skip": [],
    }
    assert ways["make-up"]["same"] == ["next-open"]
    moved = [(c["from"]["day"], c["to"]["day"]) for c in ways["shift"]["changes"] if c["change"] == "moved"]
    assert moved == [("2027-01-18", "2027-01-19"), ("2027-01-21", "2027-01-22")]


def test_without_a_clinic_it_says_how_to_see_the_ways(run, third):
    Path("clinic.toml").unlink()
    done = run("record", third, FOURTH, "no-show", *on(FOURTH))
    assert "Add --clinic FILE to see the ways to make it up.\n" in done.out


def test_what_was_recorded_before_changes_nothing(run, third):
    words = ("record", third, FOURTH, "no-show")
    assert run(*words, *on(FOURTH)).code == 0
    before = everything()
    done = run(*words, *on(FOURTH, 13), "-o", "a.ics", "--changes-only")
    assert (done.code, done.err) == (0, "")
    unwritten = "a.ics (patient, discreet, changes only) was not written: no event changed."
    assert f"Nothing has changed.\n{unwritten}\n" in done.out
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
    monkeypatch.setattr(inputs, "clock", lambda: datetime(2027, 1, 14, 12, tzinfo=UTC))
    done = run("record", third, FOURTH, "stopped-early", *on(FOURTH))
    assert done.code == 0
    assert "Does the session of 2027-01-14 count toward the series?" in done.err
    assert read(third).visits[-1].counts is counts
    command = "ketsched record course.json 2027-01-14 stopped-early --counts yes --corrects v4"
    assert (command in done.out) == (counts is None)


def test_an_entry_is_corrected_and_taken_back(run, third):
    run("record", third, FOURTH, "no-show", *on(FOURTH))
    done = run("record", third, FOURTH, "fulfilled", "--corrects", "v4", *on(FOURTH, 13))
    assert done.code == 0
    assert done.out.startswith("Recorded: infusion 4, Thu 2027-01-14: given, instead of v4. 4 of 6 given.\n")
    assert days()[3] == "14 given"
    assert run("record", third, FOURTH, "withdrawn", "--corrects", "v5", *on(FOURTH, 14)).code == 0
    assert days()[3] == "14"
    assert [visit.status for visit in read(third).visits[3:]] == [
        VisitStatus.NO_SHOW,
        VisitStatus.FULFILLED,
        VisitStatus.WITHDRAWN,
    ]


def test_a_second_visit_of_a_day_says_that_it_is_one(run, third):
    """Worked case: two records of Monday 11 January that differ: the second is too soon, and sets the clock."""
    done = run("record", third, "2027-01-11", "fulfilled", "--route", "im", *on("2027-01-11", 15))
    assert (done.code, said_in_four_parts(done.err)) == (2, True)
    assert "2027-01-11 is already recorded as given (v3)." in done.err
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
    assert "2027-01-14 is in the future and cannot be recorded as given" in done.err
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
    assert "No visits: 1 of another patient.\n" in done.out
    assert "! Mon 2027-01-11 is not recorded yet.\n" in done.out
    assert [(v.day, v.status) for v in read(course).visits] == [
        (date(2027, 1, 4), "fulfilled"),
        (date(2027, 1, 7), "no-show"),
    ]
    again = run("record", course, *export, "--skip-bad-rows", *on("2027-01-12", 13))
    assert "Nothing has changed." in again.out


def test_a_list_of_visits_is_read_too(run, course):
    Path("visits.toml").write_text(
        '[[visit]]\nday = 2027-01-04\nstatus = "fulfilled"\n[[visit]]\nday = 2027-01-08\nstatus = "fulfilled"\n'
    )
    found = as_json(run("record", course, "--from", "visits.toml", *on("2027-01-08"), "--json"))
    assert [(v["day"], v["session"]) for v in found["visits"]] == [("2027-01-04", "s1"), ("2027-01-08", "s2")]
    assert days()[:2] == ["04 given", "08 given"]  # the second stands on the day on which it happened


# The next export


def next_export(*rows):
    Path("visits.csv").write_text("\n".join(("date,status,session", *rows, "")), encoding="utf-8")
    return ("--from", "visits.csv")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("2027-01-04,no-show,", "v1 says of 2027-01-04 already: fulfilled"),
        ("2028-01-14,fulfilled,", "its day is after today, 2027-01-14"),
        ("2027-01-14,fulfilled,s99", "the course has no such session"),
    ],
)
def test_a_row_that_only_the_course_shows_to_be_wrong_is_listed_and_the_others_are_recorded(
    run, third, row, why
):
    source, before = (
        next_export("2027-01-07,fulfilled,", row, "2027-01-14,no-show,"),
        Path(third).read_bytes(),
    )
    done = run("record", third, *source, *on(FOURTH))
    assert done.code == 2
    assert f"visits.csv, line 3: {why}" in done.err
    assert "nothing was recorded" in done.err
    assert Path(third).read_bytes() == before
    done = run("record", third, *source, "--skip-bad-rows", *on(FOURTH))
    assert done.code == 0
    assert f"visits.csv, line 3: {why}" in done.err
    assert "1 row was recorded already" in done.out
    assert days() == ["04 given", "07 given", "11 given", "18", "21"]


def test_a_remark_that_an_export_adds_is_no_second_infusion(run, third):
    source = next_export("2027-01-11,fulfilled,")
    Path("visits.csv").write_text("date,status,note\n2027-01-11,fulfilled,dizzy\n", encoding="utf-8")
    assert run("record", third, *source, *on(FOURTH)).code == 0
    assert days() == ["04 given", "07 given", "11 given", "14", "18", "21"]
    assert read(third).visits[-1].note == "dizzy"
    found = as_json(run("record", third, *source, *on(FOURTH), "--json"))
    assert (found["changed"], found["passed"]) == (False, {"recorded already": 1})
