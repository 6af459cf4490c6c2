"""What following a course cannot use is said, and leaves every file as it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from followed import FILE, FOURTH, HOURS, URL, everything, on, said_in_four_parts


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("record", FILE), "Please say which day."),
        (("record", FILE, FOURTH), "Please say what happened."),
        (("record", FILE, "14.1.", "no-show"), "DATE"),
        (("record", FILE, "0001-01-01", "no-show"), "DATE"),
        (("record", FILE, FOURTH, "no-shaw"), "'no-shaw' is not a status."),
        (("record", FILE, FOURTH, ""), "The status is missing."),
        (("record", FILE, "2027-01-15", "no-show"), "There is no session '2027-01-15'"),
        (("record", FILE, FOURTH, "fulfilled", "--session", "s9"), "There is no session 's9'"),
        (("record", FILE, FOURTH, "fulfilled", "--time", "25:00"), "--time"),
        (("record", FILE, FOURTH, "no-show", "--counts", "yes"), "whether it counts"),
        (("record", FILE, FOURTH, "no-show", "--counts", "maybe"), "'maybe' is not one of"),
        (("record", FILE, FOURTH, "no-show", "--by", "clinic"), "cancelled by somebody"),
        (("record", FILE, FOURTH, "withdrawn"), "withdrawn"),
        (("record", FILE, FOURTH, "fulfilled", "--corrects", "v9"), "there is no entry 'v9'"),
        (
            ("record", FILE, "2027-01-18", "fulfilled"),
            "2027-01-18 is in the future and cannot be recorded as given",
        ),
        (("record", FILE, FOURTH, "no-show", "--from", "a.csv"), "a file and one visit"),
        (("record", FILE, "--from", "a.csv"), "cannot open 'a.csv'"),
        (("record", FILE, "--from", "a.xlsx"), "no reader for .xlsx"),
        (("record", FILE, FOURTH, "no-show", "--columns", "map.toml"), "options for a file, and no file"),
        (("record", FILE, "--from", "a.csv", "--columns", "no.toml"), "--columns"),
        (("record", FILE, FOURTH, "no-show", "--as-of", "soon"), "--as-of"),
        (("record", FILE, FOURTH, "no-show", "--clinic", "no.toml"), "cannot open no.toml"),
        (("record", FILE, FOURTH, "no-show", "--changes-only"), "--changes-only needs a calendar"),
        (
            ("record", FILE, FOURTH, "no-show", "-o", "a.ics", "-o", "b.ics", "--changes-only"),
            "-o a.ics:changes",
        ),
        (
            ("record", FILE, FOURTH, "no-show", "-o", "a.ics:changes,changes"),
            "does not say for whom a file is",
        ),
        (("plan", "--protocol", "t.toml", "-o", "a.ics:changes"), "a first plan changes nothing"),
        (("record", "clinic.toml", FOURTH, "no-show"), "clinic.toml is no course file"),
        (("record", "other.json", FOURTH, "no-show"), "this is not a course document"),
        (("next", FILE, "--as-of", "soon"), "--as-of"),
        (("next", FILE, *HOURS, "--week", "53"), "--week"),
        (("next", FILE, "--notice", "400"), "a notice of 400 days"),
        (("next", FILE, "--notice", "-1"), "a notice of -1 days"),
        (("next", "missing.json"), "cannot open missing.json"),
        (("replan", FILE, "--zone", "Europe/Paris", "--hours", "mon 9-17"), "--hours"),
        (
            ("replan", FILE, "--zone", "Europe/Paris", "--hours", "mon 09:00-17:00"),
            "the clinic file in Europe/Paris",
        ),
        (("replan", FILE, *HOURS, "--missed", "2027-01-15"), "There is no session '2027-01-15'"),
        (("replan", FILE, *HOURS, "--missed", "x"), "--missed"),
        (("replan", FILE, *HOURS, "--record", FOURTH), "--record"),
        (("replan", FILE, *HOURS, "--way", "later"), "there is no way 'later'"),
        (("replan", FILE, *HOURS, "--way", "boosters=at-the-end"), "phases are induction"),
        (
            ("replan", FILE, *HOURS, "--way", "at-the-end", "--way", "leave-out"),
            "Say which phase each way is for",
        ),
        (("replan", FILE, *HOURS, "--notice", "367"), "a notice of 367 days"),
        (("move", FILE, *HOURS), "missing argument"),
        (("move", FILE, "s5", *HOURS), "'s5' has no day or hour to go to"),
        (("move", FILE, "s5", "@x", *HOURS), "is not a booking and a day or an hour"),
        (("move", FILE, "s9", "2027-01-20", *HOURS), "there is no booking 's9'"),
        (("move", FILE, "s1", "2027-01-20", *HOURS), "infusion 1 on Mon 2027-01-04 (s1) cannot be moved"),
        (("move", FILE, "s5", "soon", *HOURS), "NAME WHEN"),
        (("move", FILE, "s5", "2027-01-20", *HOURS, "--repair", "--alone"), "both --repair and"),
        (("cancel", FILE, "s1", *HOURS), "s1"),
        (("cancel", FILE, "s9", *HOURS), "there is no booking 's9'"),
        (("move", FILE, "s5", "2027-01-20", *HOURS, "--alone", "--reason", "x"), "or by nobody"),
        (("move", FILE, "s5", "2027-01-20", *HOURS, "--reason", "x", "--who", "A"), "a reason for nothing"),
        (
            ("move", FILE, "s5", "2027-01-20", "s6", "2027-01-22", *HOURS, "--alone"),
            "2 sessions to move alone",
        ),
        (("replan", FILE, *HOURS, "--add", "2027-01-12"), "--add"),
        (("replan", FILE, *HOURS, "--repeat", "-1"), "repeat"),
        (("replan", FILE, *HOURS, "--step", "up"), "'up' is not one of"),
        (("replan", FILE, *HOURS, "--step", "back"), "a step back in induction"),
        (("replan", FILE, *HOURS, "--plan-until", "x"), "--plan-until"),
        (("replan", FILE, *HOURS, "--away", "2027-01-26..2027-01-12"), "ends before it begins"),
        (("replan", FILE, *HOURS, "--switch", "nothing"), "--switch"),
        (("replan", FILE, *HOURS, "--sessions", "4"), "--sessions without --switch"),
        (("replan", FILE, *HOURS, "--switch-after", "7"), "--switch-after without --switch"),
        (("replan", FILE, *HOURS, "--switch", "t.toml", "--switch-after", "-7"), "--switch-after"),
        (("replan", FILE, *HOURS, "--at", "2026-12-01T08:59:59Z"), "drop --at, or give that"),
        (("replan", FILE, *HOURS, "-o", "second.json"), "a second course file"),
        (("today", "nowhere"), "'nowhere' is not a folder"),
        (("today", FILE), "'course.json' is not a folder"),
        (("today", ".", "--days", "-1"), "-1 days ahead"),
        (("today", ".", "--as-of", "x"), "--as-of"),
        (("history", FILE, "--revision", "0"), "--revision"),
        (("history", FILE, "--revision", "9"), "--revision"),
        (("history", FILE, "--diff", "1", "9"), "--diff"),
        (("history", FILE, "--diff", "2", "1"), "--diff"),
        (("history", FILE, "--diff", "1", "1", "--revision", "1"), "both --revision and --diff"),
        (("history", FILE, "--as-of", "x"), "--as-of"),
        (("history", "clinic.toml"), "clinic.toml is no course file"),
        (("publish", FILE), "give --caldav URL, or --to FOLDER"),
        (("publish", FILE, *URL, "--overwrite", "s9"), "There is no session 's9'"),
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
    if words[0] in ("record", "replan", "move", "cancel") and "--at" not in words:
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

    monkeypatch.setattr(os, "fsync", stopped)
    done = run("replan", third, *HOURS, "--missed", FOURTH, *on(FOURTH), "-o", "a.ics")
    assert done.code == 130
    assert everything() == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("record", FILE, FOURTH, "no-show", "--staff", "a=b.toml"), "the clinic's hours are missing"),
        (("next", FILE, "--week", "2027-01-11"), "a week without the clinic's hours"),
        (("next", FILE, "--time", "9:00"), "the clinic's hours are missing"),
        (("replan", FILE), "the clinic's hours are missing"),
    ],
)
@pytest.mark.usefixtures("third")
def test_without_the_clinics_file_its_hours_are_asked_for(run, words, says):
    Path("clinic.toml").unlink()
    before = everything()
    done = run(*words, *(() if words[0] == "next" else on(FOURTH, 6)))
    assert (done.code, done.out, everything()) == (2, "", before)
    gone, _, error = done.err.partition("\n")
    assert gone == "clinic.toml is not beside course.json any more: going on without it"
    assert said_in_four_parts(error)
    assert says in error
