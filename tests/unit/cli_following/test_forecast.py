"""Forecasts from the command line: windows, sessions that nobody recorded, breaks and what is proposed."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from followed import FOURTH, HOURS, as_json, days, everything, on, said_in_four_parts
from ketsched.interchange import read


def test_the_forecast_of_a_plan(run, third):
    """Given on 4, 7 and 11 January: the fourth may be on the 13th to the 18th, and from the 19th it is a long break."""
    done = run("next", third, "--as-of", "2027-01-12", *HOURS)
    assert (done.code, done.err) == (0, "")
    assert (
        done.out
        == """\
Course A-017 on Tue 2027-01-12: 3 of 6 given.
Last given Mon 2027-01-11, 1 day ago.

Next  infusion 4  Thu 2027-01-14 at 09:00
                  Also possible: Wed 13, Fri 15, Mon 18 January (later dates may
                  move).
                  The protocol requires it by Mon 2027-01-18.
                  From Tue 2027-01-19 it is a long break: ask a clinician.
Then  infusion 5  Mon 2027-01-18 at 09:00
      infusion 6  Thu 2027-01-21 at 09:00
"""
    )
    said = run("next", third, "--as-of", "2027-01-12", *HOURS, "--verbose").out
    assert "                  May be from Wed 2027-01-13 to Mon 2027-01-18.\n" in said
    assert "                  May be from Fri 2027-01-15 to Mon 2027-01-25.\n" in said


@pytest.mark.parametrize(
    ("week", "says"),
    [
        ("2027-01-16", "Wed 13, Thu 14, Fri 15 January."),
        ("2027-01-18", "Mon 18 January."),
        ("2027-01-25", "no day."),
    ],
)
def test_which_days_of_a_week_could_she_come(run, third, week, says):
    """The fourth may be on 13 to 18 January; with the fifth on the 18th not after the 16th, unless that moves."""
    done = run("next", third, "--as-of", "2027-01-12", *HOURS, "--week", week)
    monday = date.fromisoformat(week) - timedelta(date.fromisoformat(week).weekday())
    assert f"Possible in the week of Mon {monday}: {says}" in " ".join(done.out.split())


def test_a_session_that_nobody_recorded_is_asked_about_with_both_answers(run, third):
    """Worked case: no record of Thursday 14 January on Friday."""
    done = run("next", third, "--as-of", "2027-01-15", *HOURS)
    assert (
        "! Thu 2027-01-14 is not recorded yet. If given: next is infusion 5 on Mon\n"
        "  2027-01-18 at 09:00. If missed: next is infusion 4 on Mon 2027-01-18 at 09:00.\n"
    ) in done.out


def test_on_the_day_itself_it_is_not_asked_yet(run, third):
    assert "not recorded" not in run("next", third, "--as-of", FOURTH, *HOURS).out


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
    found = as_json(run("next", third, "--as-of", "2027-01-15", *HOURS, "--json"))
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
    done = run("next", third, "--as-of", "2027-01-12")
    assert re.search(r"infusion 5 .* to be confirmed\n", done.out)
    assert done.out.count("Hold h1 by Dr A: rash.") == 1
    held = as_json(run("next", third, "--as-of", "2027-01-12", "--json"))["sessions"]
    assert [due["to_confirm"] for due in held] == [[], ["hold h1 by Dr A: rash"], ["hold h1 by Dr A: rash"]]


def test_a_forecast_changes_no_file(run, third):
    before = everything()
    run("next", third, *HOURS)
    assert everything() == before


def test_a_lapse_is_proposed_and_both_plans_are_ready(run, lapsed):
    done = run("next", lapsed, "--as-of", "2027-02-15")
    said = "! Long break: 35 days since infusion 3. The protocol suggests: ask a clinician."
    assert said in " ".join(done.out.split())
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
    assert said in " ".join(done.out.split())
    assert days()[3:] == ["18", "22", "25"]  # to continue: never a restart by itself


def test_one_of_the_ways_is_taken_by_its_name(run, lapsed):
    """Restarted on Mondays and Thursdays from 18 February on, six of them; a miss after that asks anew."""
    back = on("2027-02-15")
    done = run("next", lapsed, "--as-of", "2027-02-15")
    assert "house default: our own" in done.out
    done = run("replan", lapsed, *HOURS, *back, "--dry-run")
    assert re.findall(r"^ {4,}(carry on|start again) ", done.out, re.M) == ["carry on", "start again"]
    assert "  A clinician decides. To take one: ketsched replan course.json --take continue\n" in done.out
    assert "house default: our own" in done.out
    assert run("replan", lapsed, *HOURS, *back, "--take", "restart", "--who", "Dr A").code == 0
    assert days()[3:] == ["18", "22", "25", "01", "04", "08"]
    last = read(lapsed).revisions[-1]
    assert (last.what, last.who) == ("after a lapse: restart", "Dr A")
    again = run("replan", lapsed, *HOURS, *on("2027-02-15", 13), "--take", "restart")
    assert again.out.startswith("Nothing to change: every date can stay.\n")
    done = run("replan", lapsed, *HOURS, *on("2027-02-15", 13))
    assert "Long break: decided on Mon 2027-02-15 by Dr A: start again." in done.out
    assert "The protocol suggests" not in done.out
    done = run("next", lapsed, "--as-of", "2027-02-16")
    assert "Long break: decided on Mon 2027-02-15 by Dr A: start again.\n" in done.out
    assert "Long break" not in run("today", ".", "--as-of", "2027-02-16").out
    assert run("record", lapsed, "2027-02-18", "no-show", *on("2027-02-18")).code == 0
    done = run("replan", lapsed, *HOURS, *on("2027-02-18", 13), "--dry-run")
    assert (
        "! Long break: 38 days since infusion 3 (induction). The protocol suggests: ask a clinician."
        in " ".join(done.out.split())
    )


def test_to_continue_is_kept_though_nothing_moves(run, lapsed):
    assert run("replan", lapsed, *HOURS, *on("2027-02-15")).code == 0
    before = read(lapsed).sessions
    done = run("replan", lapsed, *HOURS, *on("2027-02-15", 13), "--take", "continue", "--who", "Dr A")
    assert done.code == 0
    assert "Saved: course.json" in done.out
    assert read(lapsed).sessions == before
    assert "Dr A: carry on." in run("replan", lapsed, *HOURS, *on("2027-02-15", 14)).out


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
    asked, ways = done.out.index("! Does Thu 2027-01-14 count?"), done.out.index("Ways to make it up")
    assert asked < ways
    assert re.search(r"^  \*  at the end", done.out[ways:], re.M)
    assert not re.search(r"^.? +leave out ", done.out[ways:], re.M)
