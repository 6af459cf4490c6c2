"""Planning again from the command line: after reviews, by each policy, around what closed."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

import ketsched as ks
from followed import CLINIC, FILE, FOURTH, HOURS, PROTOCOL, as_json, days, everything, on, said_in_four_parts
from ketsched.interchange import read

NOTHING = "Nothing to change: every date can stay.\n"

EVERY_FOUR_WEEKS = """\
id = "later"
version = "1"
title = "Every four weeks"
study = "No study: our own practice."
[sources]
own = "our own"
[[phase]]
kind = "maintenance"
count = { value = 3, source = "own", mark = "house default" }
every = { value = ["P14D", "P28D"], source = "own", mark = "house default" }
infusion = { value = "PT40M", source = "own", mark = "house default" }
spacing = [{ minimum = 7, source = "own", mark = "house default" }]
"""


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
    said = run(
        "record", "decision", FILE, "review", word, "--who", "Dr A", "--on", "2027-01-05", *on("2027-01-05")
    )
    assert said.code == 0
    assert "step forward (Dr A); the next ketsched replan plans the rest at that interval" in " ".join(
        said.out.split()
    )
    assert run("replan", FILE, *HOURS, *on("2027-01-05", 13)).code == 0
    assert [f"{s.day:%m-%d}" for s in read(FILE).standing()] == ["01-04", "02-01", "03-01", "03-29"]
    assert run("replan", FILE, *HOURS, *on("2027-01-05", 14)).out == NOTHING  # done once


def test_a_stop_ends_the_course_with_the_next_replan(run):
    Path("t.toml").write_text(REVIEWED, encoding="utf-8")
    words = ("--start", "2027-01-04", "--time", "09:00", "--id", "A", "--at", "2026-12-01T09:00:00Z")
    run("plan", "--protocol", "t.toml", *HOURS, *words, "-o", FILE)
    assert run("record", FILE, "2027-01-04", "fulfilled", *on("2027-01-04")).code == 0
    said = run(
        "record", "decision", FILE, "review", "stop", "--who", "Dr A", "--on", "2027-01-05", *on("2027-01-05")
    )
    assert "stop (Dr A); the next ketsched replan ends the course" in said.out
    assert run("replan", FILE, *HOURS, *on("2027-01-05", 13)).code == 0
    assert (read(FILE).ended, days()) == (date(2027, 1, 5), ["04 given"])


def test_only_sessions_to_come_become_firm(run, course):
    """A hold from the first day on, lifted after the second session: 3 to 6 are to come."""
    words = ("--reason", "x", "--who", "Dr A", "--since", "2027-01-04", *on("2027-01-02"))
    assert run("hold", course, *words).code == 0
    done = run("release", course, "h1", "--who", "Dr A", "--on", "2027-01-08", *on("2027-01-08"))
    confirmed = re.findall(r"^  confirmed  (infusion \d) ", done.out, re.M)
    assert confirmed == [f"infusion {n}" for n in (3, 4, 5, 6)]


def test_a_phase_whose_name_ends_in_a_number_is_not_run_into_the_session(run, lapsed):
    assert run("replan", lapsed, *HOURS, *on("2027-02-15"), "--take", "restart").code == 0
    assert "Next  infusion 1 (induction 2)  " in run("next", lapsed, "--as-of", "2027-02-16").out


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
        (("--way", "at-the-end"), ["18", "21", "25"]),
        (("--way", "fit-in"), ["15", "18", "21"]),
        (("--way", "induction=fit-in"), ["15", "18", "21"]),
        (("--way", "move-all"), ["15", "19", "22"]),
        (("--way", "leave-out"), ["18", "21"]),
    ],
    ids=" ".join,
)
def test_a_missed_session_is_made_up_for_as_the_policy_says(run, third, policy, left):
    words = ("replan", third, *HOURS, "--missed", FOURTH, *policy)
    done = run(*words, *on(FOURTH))
    assert (done.code, done.err) == (0, "")
    assert days()[3:] == left
    assert done.out.endswith("\nSaved: course.json (revision 5).\n")
    before = everything()
    again = run(*words, *on(FOURTH, 13))  # twice is once
    assert (again.code, again.out) == (0, NOTHING)
    assert everything() == before


def test_what_changes_is_a_table_and_what_one_says(run, third):
    done = run("replan", third, *HOURS, "--record", "2027-01-14 no-show", "--way", "move-all", *on(FOURTH))
    assert (
        "  missed  infusion    Thu 2027-01-14 at 09:00\n"
        "  new     infusion 4  Fri 2027-01-15 at 09:00            for the missed Thu\n"
        "                                                         2027-01-14\n"
        "  moved   infusion 5  Mon 18 to Tue 2027-01-19 at 09:00"
    ) in done.out
    assert (
        "\nSay on the telephone (make sure you are speaking to the patient)\n"
        "  Your appointment on Thursday 14 January at 09:00 did not take place.\n"
        "  Your new appointment is on Friday 15 January at 09:00.\n"
        "  Your appointment on Monday 18 January at 09:00 has moved. It is now on Tuesday\n"
        "  19 January, at the same time.\n"
    ) in done.out


def test_a_fallback_is_said(run, third):
    """Worked case: on Friday 15 January no day before the 18th leaves the rest in place."""
    done = run("replan", third, *HOURS, "--missed", FOURTH, "--way", "fit-in", *on("2027-01-15"))
    assert done.code == 0
    assert days()[3:] == ["18", "21", "25"]
    assert "! Induction: no day leaves the rest in place; made up at the end.\n" in done.out


def test_skipping_says_that_the_series_is_shorter(run, third):
    done = run("replan", third, *HOURS, "--missed", FOURTH, "--way", "leave-out", *on(FOURTH))
    assert "Left out: infusion (Thu 2027-01-14). The series has one session fewer.\n" in done.out
    assert "ketsched check course.json\n" in done.out


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
    "others",
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
    assert "Your new appointment is on Monday 25 January at 09:00." in wet["say"]


def test_with_nothing_new_nothing_changes(run, third):
    before = everything()
    assert run("replan", third, *HOURS, *on("2027-01-12")).out == NOTHING
    assert run("replan", third, *HOURS, *on("2027-01-12"), "--json").code == 0
    assert everything() == before


def test_calendars_get_all_or_only_what_changed(run, third):
    words = ("-o", "all.ics", "-o", "changes.ics:clinic,full,changes")
    done = run("replan", third, *HOURS, "--missed", FOURTH, *on(FOURTH), *words)
    files = "all.ics (patient, discreet), changes.ics (clinic, full, changes only)"
    assert f"Saved: course.json (revision 5), {files}.\n" in done.out.replace("\n(clinic", " (clinic")
    assert Path("all.ics").read_text("utf-8").count("BEGIN:VEVENT") == 7
    changed = Path("changes.ics").read_text("utf-8")
    assert changed.count("BEGIN:VEVENT") == 2  # the 14th is cancelled, the 25th is new
    assert changed.count("STATUS:CANCELLED") == 1
    run("record", "ride", third, "s5", "none", *on(FOURTH, 13), "-o", "whole.ics")
    assert Path("whole.ics").read_text("utf-8").count("BEGIN:VEVENT") == 7
    done = run(
        "record", "ride", third, "s5", "confirmed", *on(FOURTH, 14), "-o", "none.ics", "--changes-only"
    )
    assert done.out.endswith(
        "Saved: course.json (revision 7).\n"
        "none.ics (patient, discreet, changes only) was not written: no event changed.\n"
    )
    assert not Path("none.ics").exists()


def test_what_was_just_cancelled_is_told_with_the_next_change(run, third):
    """As the library writes it: the cancelled one belongs to the file, whatever the command is."""
    run("record", third, FOURTH, "cancelled", *on(FOURTH))
    done = run("authorise", third, "--sessions", "20", *on(FOURTH, 13), "-o", "told.ics", "--changes-only")
    assert ", told.ics (patient, discreet, changes only)." in done.out
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
    assert "at most 7 days" in done.err
    assert everything() == before
    done = run(*words, "--allow-late", "--who", "Dr A")
    assert done.code == 0
    assert "at most 7 days between two" in done.out
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
    said = re.sub(r"\s+", " ", done.out)
    assert "! The series now takes 29 days; the protocol requires 28 (fit in, " in said


def test_the_course_ends_early_and_is_complete(run, third):
    done = run("end", third, *HOURS, "--who", "Dr A", *on("2027-01-12"))
    assert done.code == 0
    assert days() == ["04 given", "07 given", "11 given"]
    assert "This course was ended on Tue 2027-01-12." in run("next", third).out
    assert "Ended on Tue 2027-01-12" in run("history", third).out


def test_one_more_a_new_place_and_the_last_again(run, third):
    at = on("2027-01-12")
    assert run("replan", third, *HOURS, "--add", "2027-01-28", *at).code == 0
    assert days()[3:] == ["14", "18", "21", "28"]
    done = run("replan", third, *HOURS, "--place", "Room 2", *at)
    assert "now at Room 2" in done.out  # which place it is, is no patient's discreet file to tell
    assert {s.place for s in read(third).sessions[3:]} == {"Room 2"}
    assert run("replan", third, *HOURS, "--repeat", "1", *at).code == 0
    assert len(days()) == 8


def test_the_rest_goes_over_to_another_protocol_and_steps(run, third):
    Path("later.toml").write_text(EVERY_FOUR_WEEKS, encoding="utf-8")
    words = ("--switch", "later.toml", "--sessions", "3", "--switch-after", "14")
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


# A course that was planned in UTC or an offset, which is no place and which no clinic file may name any more
PLANNED = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "clinic", "code"),
    [
        ("UTC", "Atlantic/Reykjavik", 0),  # no summer time in either
        ("Etc/UTC", "Africa/Abidjan", 0),
        ("Etc/GMT-1", "Africa/Lagos", 0),  # an hour ahead of UTC, as the sign in its name does not say
        ("Etc/GMT-1", "Europe/Amsterdam", 2),  # the same in January, but not in summer
        ("UTC", "Europe/Lisbon", 2),
        ("Europe/Lisbon", "Europe/London", 2),  # both are places: the file of the other one is a mistake
    ],
)
def test_a_course_in_no_place_is_followed_with_a_clinic_of_the_same_clocks(run, zone, clinic, code):
    hours = ks.Calendar.weekly(zone, mon="09:00-17:00", thu="09:00-17:00")
    protocol = ks.load_protocol("t.toml")
    ks.write(ks.plan(protocol, start=date(2027, 1, 4), calendar=hours, id="A", at=PLANNED), "u.json")
    Path("place.toml").write_text(CLINIC.replace("Europe/Amsterdam", clinic), encoding="utf-8")
    done = run("replan", "u.json", "--clinic", "place.toml", "--missed", "2027-01-07", *on("2027-01-07"))
    assert done.code == code
    if code == 0:
        assert days("u.json")[-1] == "25"  # the missed one, at the end
        assert read("u.json").zone == zone
    else:
        assert f"The course is in zone {zone}, the clinic file in {clinic}" in done.err
        there = "" if zone == "Europe/Lisbon" else f"plan the rest as a course of its own in {clinic}"
        assert there in " ".join(done.err.split())


def test_a_place_is_named_whose_clocks_the_course_goes_by(run):
    hours = ks.Calendar.weekly("UTC", mon="09:00-17:00", thu="09:00-17:00")
    protocol = ks.load_protocol("t.toml")
    ks.write(ks.plan(protocol, start=date(2027, 1, 4), calendar=hours, id="A", at=PLANNED), "u.json")
    said = " ".join(run("replan", "u.json", *HOURS, *on("2027-01-05")).err.split())
    place = re.search(r'give a clinic file with zone = "([\w/]+)", where clocks show the same, or', said)
    assert place is not None
    Path("place.toml").write_text(CLINIC.replace("Europe/Amsterdam", place[1]), encoding="utf-8")
    assert run("replan", "u.json", "--clinic", "place.toml", *on("2027-01-05")).code == 0
