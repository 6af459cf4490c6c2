"""Planning from the command line: options and case files in; plans, tables and files out."""

from __future__ import annotations

import json
import os
import re
import signal
from datetime import date
from pathlib import Path

import attrs
import pytest

from clinicfiles import CASE, MONDAY, MWF, SAID, WEEK, folder, said_in_four_parts
from ketsched.cli import pictures
from ketsched.errors import KetschedError
from ketsched.interchange import read
from ketsched.interchange.outputs import Output, output_of
from ketsched.model import BookingStatus
from ketsched.screens.months import months
from making import small_course

pytestmark = pytest.mark.usefixtures("own_folder")


def test_a_plan_from_a_case_file_writes_a_file_for_each_reader(run, case):
    done = run("plan", case, "-o", "patient.ics", "-o", "clinic.ics:clinic,full")
    assert (done.code, done.err) == (0, "")
    assert folder() == {"case.toml", "clinic.toml", "patient.ics", "clinic.ics"}
    assert "Saved: patient.ics (patient, discreet), clinic.ics (clinic, full).\n" in done.out
    patient, clinic = Path("patient.ics").read_text("utf-8"), Path("clinic.ics").read_text("utf-8")
    assert "SUMMARY:Appointment" in patient
    assert "ketamine" not in patient.lower()
    assert "ketamine" in clinic.lower()
    assert read("clinic.ics").id == "A-017"


def test_a_plan_from_options_alone_makes_its_id_once_and_says_so(run):
    done = run(*MWF, "-o", "course.ics", "-o", "course.json")
    assert (done.code, done.err) == (0, "")
    said = r"^Course id: (c-[0-9a-f]{12})\. To plan it again so that calendars update, add --id\s\1\.$"
    made = re.search(said, done.out, re.M)[1]
    assert read("course.json").id == made
    again = run(*MWF, "-o", "again.json")
    assert made not in again.out


@pytest.mark.parametrize(
    ("words", "known"),
    [(("--id", "B-2"), "B-2"), ((), "A-017")],
    ids=["the option comes first", "the case's own"],
)
def test_the_id_is_the_callers(run, case, words, known):
    done = run("plan", case, *words, "-o", "course.json")
    assert read("course.json").id == known
    assert "Course id" not in done.out


def test_no_plan_is_called_as_a_command_of_record(run, case):
    said = run("plan", case, "--id", "done", "-o", "course.json").err
    assert said_in_four_parts(said)
    assert "'done' cannot be the id of a course." in said
    assert not Path("course.json").exists()
    Path(case).write_text(Path(case).read_text("utf-8").replace('"A-017"', '"ride"'), "utf-8")
    said = run("plan", case, "-o", "course.json").err
    assert said_in_four_parts(said)
    assert "'ride' cannot be the id of a course." in said
    assert re.search(r"case\.toml, line \d+, id", said)


def test_the_month_has_sessions_in_brackets_under_their_weekdays(run, plain):
    """1 January 2027 is a Friday; Monday 4 January is Day 1."""
    assert (
        "        January 2027\n"
        "  Mo  Tu  We  Th  Fr  Sa  Su\n"
        "                   1   ·   ·\n"
        " [4]   5 [6]   7 [8]   ·   ·\n"
        "[11]  12[13]  14[15]   ·   ·\n"
        "  18  19  20  21  22   ·   ·\n"
        "  25  26  27  28  29   ·   ·\n"
    ) in run(*plain, "--verbose").out


def test_the_second_month_stands_beside_the_first(run, plain):
    """From Monday 25 January 2027 the sixth session is on Friday 5 February, and 1 February is a Monday."""
    lines = run(*plain, "--start", "2027-01-25", "--closed", "2027-02-15", "-v").out.split("\n")
    first = next(n for n, line in enumerate(lines) if "January 2027" in line)
    assert lines[first : first + 8] == [
        "        January 2027                  February 2027",
        "  Mo  Tu  We  Th  Fr  Sa  Su     Mo  Tu  We  Th  Fr  Sa  Su",
        "                   1   ·   ·    [1]   2 [3]   4 [5]   ·   ·",
        "   4   5   6   7   8   ·   ·      8   9  10  11  12   ·   ·",
        "  11  12  13  14  15   ·   ·      ·  16  17  18  19   ·   ·",
        "  18  19  20  21  22   ·   ·     22  23  24  25  26   ·   ·",
        "[25]  26[27]  28[29]   ·   ·",
        "",
    ]
    assert "[n] a session   · closed" in lines


def test_a_plan_says_what_it_asks_of_the_patient(run, plain):
    """Each of 6 sessions takes 20 + 40 + 60 minutes; all are on weekdays, and none may drive home."""
    assert ("For the patient: 6 trips, 12 h at the clinic, 6 rides home, 6 working days.\n\n") in run(
        *plain
    ).out


def test_a_session_to_be_confirmed_stands_in_round_brackets(capsys):
    course = small_course(MONDAY, date(2027, 1, 18))
    second = attrs.evolve(course.sessions[1], status=BookingStatus.TENTATIVE)
    course = attrs.evolve(course, sessions=(course.sessions[0], second))
    pictures.show(pictures.months_of(months(course, None)), pictures.legend_of(months(course, None)))
    out = capsys.readouterr().out
    assert "[11]  12  13  14  15  16  17\n(18)  19" in out
    assert "[n] a session   (n) one to be confirmed   · closed" in out


def test_a_moved_session_says_from_where_and_why(run, case):
    Path(case).write_text(CASE + "[[cannot]]\non = 2027-01-08\n", encoding="utf-8")
    done = run("plan", case, "--hours", "mon-fri 09:00-17:00", "--zone", "America/New_York")
    assert (
        "  3  Mon 2027-01-11  09:00-11:20  Infusion, then review in mid-series at 11:00;\n"
        "                                  3 days late: patient away\n"
        "  4  Wed 2027-01-13  09:00-11:00  Infusion; 2 days late: needs 2 days after\n"
        "                                  infusion 3\n"
    ) in done.out


def test_a_stretch_of_starts_is_ranked_and_the_best_is_planned(run):
    """Two of the pattern's days in that week are blocked by nothing; Monday 4 January needs the fewest moves."""
    done = run(*MWF, "--start", "2027-01-04..2027-01-08", "--closed", "2027-01-18", "--json")
    planned = json.loads(done.out)["course"]["sessions"]
    assert [session["day"] for session in planned] == [f"2027-01-{day:02}" for day in (4, 6, 8, 11, 13, 15)]
    table = run(*MWF, "--start", "2027-01-04..2027-01-08", "--closed", "2027-01-18").out
    assert table.startswith(
        "Best starts (3 of 3)\n"
        "  start           ends            days moved  why not\n"
        "  Mon 2027-01-04  Fri 2027-01-15  0\n"
    )


def test_more_than_ten_starts_are_cut_and_counted(run):
    """January 2027 from the 4th has 4 Mondays, 4 Wednesdays and 4 Fridays."""
    out = run(*MWF, "--start", "2027-01-04..2027-01-31").out
    assert "Best starts (10 of 12)\n" in out
    table = out.partition("why not\n")[2].partition("\n\n")[0]
    assert len(re.findall(r"^  [MWF]\w\w 2027-01-\d\d  ", table, re.M)) == 10


def test_no_start_that_can_be_is_an_error(run):
    done = run(
        *MWF, "--start", "2027-01-04..2027-01-08", "--closed", "2027-01-04..2027-02-28", "-o", "x.json"
    )
    assert (done.code, done.out, folder()) == (2, "", set())
    assert said_in_four_parts(done.err)


@pytest.mark.parametrize(
    ("words", "days"),
    [
        (("--sessions", "8", "--weeks", "4", "--weekdays", "mon,thu"), (4, 7, 11, 14, 18, 21, 25, 28)),
        (("--sessions", "6", "--weeks", "3", "--weekdays", "mon,thu"), (4, 7, 11, 14, 18, 21)),
    ],
)
def test_what_a_protocol_leaves_open_is_chosen_by_options(run, words, days):
    """Mondays and Thursdays of January 2027."""
    generic = ("plan", "--protocol", "generic-induction", "--start", "2027-01-04", *WEEK, "--boosters", "1")
    done = run(*generic, *words, "--json")
    sessions = json.loads(done.out)["course"]["sessions"]
    induction = [session["day"] for session in sessions if session["phase"] == "induction"]
    assert induction == [f"2027-01-{day:02}" for day in days]
    assert len(sessions) == len(days) + 1


def test_until_bounds_the_last_phase(run):
    """After Friday 15 January every 28 days: 12 February, 12 March; from 12 February 7 weeks end on 2 April."""
    words = ("plan", "--protocol", "generic-induction", "--start", "2027-01-04", *WEEK, "--until", "P7W")
    sessions = json.loads(run(*words, "--json").out)["course"]["sessions"]
    assert [s["day"] for s in sessions if s["phase"] == "maintenance"] == ["2027-02-12", "2027-03-12"]


def test_the_time_and_the_chairs_are_options(run):
    done = run(*MWF, "--time", "13:30", "--chairs", "2", "--json")
    assert {s["time"] for s in json.loads(done.out)["course"]["sessions"]} == {"13:30"}


def test_holidays_are_options(run):
    """Monday 18 January 2027 is Martin Luther King Jr. Day."""
    done = run(*MWF, "--start", "2027-01-11", "--holidays", "us")
    assert "Infusion; 1 day late: Martin Luther King Jr. Day" in " ".join(done.out.split())


def test_closed_days_given_as_options_add_to_the_clinic_of_a_case(run, case):
    """Without Wednesday 6 January, in a clinic open on three days, session 2 cannot be on its day."""
    days = [
        s["day"]
        for s in json.loads(run("plan", case, "--closed", "2027-01-06", "--json").out)["course"]["sessions"]
    ]
    assert "2027-01-06" not in days
    assert all(date.fromisoformat(day).weekday() in (0, 2, 4) for day in days)


def test_options_come_before_the_case(run, case):
    words = (
        "--protocol",
        "iv-2xw-2w-4",
        "--start",
        "2027-02-01",
        "--clinic",
        "other.toml",
        "--time",
        "10:00",
    )
    Path("other.toml").write_text(
        'zone = "Europe/Paris"\n[hours]\nmon = "09:00-17:00"\nthu = "09:00-17:00"\n'
    )
    course = json.loads(run("plan", case, *words, "--json").out)["course"]
    assert [course["protocol"]["id"], course["zone"]] == ["iv-2xw-2w-4", "Europe/Paris"]
    assert [(s["day"], s["time"]) for s in course["sessions"]] == [
        (f"2027-02-{day:02}", "10:00") for day in (1, 4, 8, 11)
    ]


def test_the_same_words_give_the_same_bytes(run):
    for name in ("one", "two"):
        outputs = ("-o", f"{name}.json", "-o", f"{name}.ics:clinic,full")
        assert run(*MWF, *SAID, "--key", "k1", *outputs).code == 0
    for suffix in ("json", "ics"):
        assert Path(f"one.{suffix}").read_bytes() == Path(f"two.{suffix}").read_bytes()
    assert '"at": "2026-11-20T09:00:00Z"' in Path("one.json").read_text("utf-8")


def test_fail_on_says_from_where_the_exit_code_is_one(run):
    """Two of six sessions: too few is a warning; a note about the evidence is information."""
    words = ("check", "--protocol", "iv-mwf-6", "2027-01-04", "2027-01-06")
    assert [run(*words, "--fail-on", level).code for level in ("error", "warning", "info")] == [0, 1, 1]
    assert [run(*MWF, "--fail-on", level).code for level in ("error", "warning", "info")] == [0, 0, 1]


def test_json_is_all_that_stands_on_standard_output(run, plain):
    done = run(*plain, "--json", "-o", "course.ics")
    found = json.loads(done.out)
    assert done.err == ""
    assert done.out.isascii()
    assert found["asks"] == {
        "trips": 6,
        "trips_saved": 0,
        "minutes": 720,
        "minutes_elsewhere": 0,
        "rides": 6,
        "workdays": 6,
        "home_sessions": 0,
        "calls": 0,
        "home_appointments": 0,
        "tasks": 0,
        "first": "2027-01-04",
        "last": "2027-01-15",
    }
    assert (found["around"], found["notices"], found["to_confirm"]) == ([], [], {})
    assert {finding["severity"] for finding in found["findings"]} <= {"info"}
    Path("again.json").write_text(json.dumps(found["course"]), encoding="utf-8")
    assert read("again.json").sessions[0].day == date(2027, 1, 4)


# What is written, and what is not


@pytest.mark.parametrize("name", ["course.json", "COURSE.JSON"])
def test_planning_onto_a_course_file_is_refused(run, name):
    Path(name).write_text("kept", encoding="utf-8")
    done = run(*MWF, "-o", "new.ics", "-o", name)
    assert (done.code, done.out) == (2, "")
    assert said_in_four_parts(done.err)
    assert "would lose its history" in done.err
    assert (folder(), Path(name).read_text("utf-8")) == ({name}, "kept")


@pytest.mark.parametrize(
    "second", ["nowhere/b.ics", "b.pdf", "b", "a.ics:clinic,full", "a.ics", "b.ics:clinic,patient", "sub.ics"]
)
def test_of_several_files_all_are_written_or_none(run, second):
    Path("a.ics").write_text("old", encoding="utf-8")
    Path("sub.ics").mkdir()
    done = run(*MWF, "-o", "new.ics", "-o", "a.ics", "-o", second)
    assert (done.code, done.out) == (2, "")
    assert said_in_four_parts(done.err)
    assert (folder(), Path("a.ics").read_text("utf-8")) == ({"a.ics", "sub.ics"}, "old")


def test_when_the_user_stops_the_program_nothing_is_half_written(run, monkeypatch):
    """The signal comes when the second file is on its way to the disk."""
    Path("a.ics").write_text("old", encoding="utf-8")
    writes = []

    def stopped(handle):
        writes.append(handle)
        if len(writes) == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(os, "fsync", stopped)
    # A shell that starts the tests in the background has them ignore the signal; a terminal does not.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        done = run(*MWF, "-o", "a.ics", "-o", "b.ics")
    finally:
        signal.signal(signal.SIGINT, before)
    assert (done.code, done.out) == (130, "")
    assert "Traceback" not in done.err
    assert (folder(), Path("a.ics").read_text("utf-8")) == ({"a.ics"}, "old")


@pytest.mark.parametrize(
    ("text", "path", "audience", "privacy"),
    [
        ("a.ics", "a.ics", "patient", "discreet"),
        ("a.ics:clinic", "a.ics", "clinic", "discreet"),
        ("a.ics:full", "a.ics", "patient", "full"),
        ("a.ics:full,clinic", "a.ics", "clinic", "full"),
        ("a.ics: Clinic, Named", "a.ics", "clinic", "named"),
        (r"C:\plans\a.ics", r"C:\plans\a.ics", "patient", "discreet"),
        (r"C:\plans\a.ics:clinic,full", r"C:\plans\a.ics", "clinic", "full"),
        ("C:/plans/a.ics:patient", "C:/plans/a.ics", "patient", "discreet"),
        ("12:30/a.ics:clinic", "12:30/a.ics", "clinic", "discreet"),
    ],
)
def test_an_output_names_a_file_and_its_reader(text, path, audience, privacy):
    assert output_of(text) == Output(Path(path), audience, privacy)


def test_an_output_says_its_language_and_its_events():
    output = output_of("a.ics:patient,es,appointments")
    assert output == Output(Path("a.ics"), language="es", events="appointments")
    assert str(output) == "a.ics (patient, discreet, es, appointments only)"


@pytest.mark.parametrize(
    "words", ["clinc", "clinic,patient", "full,named", "clinic,full,named", "", "clinic,", "es,de", "fr"]
)
def test_an_output_for_nobody_is_refused(words):
    with pytest.raises(KetschedError, match="does not say for whom"):
        output_of(f"a.ics:{words}")


@pytest.mark.parametrize(
    ("holidays", "start", "said"),
    [("GB", "2027-03-22", True), ("GB-ENG", "2027-03-22", False), ("GB", "2027-02-01", False)],
)
def test_a_country_whose_parts_keep_more_holidays_is_said_once(run, holidays, start, said):
    """Easter Monday 2027 is 29 March, a Monday of this series; until 11 March no part has a day of its own."""
    hours = ("--zone", "Europe/London", "--hours", "mon-fri 09:00-17:00", "--holidays", holidays)
    out = " ".join(run("plan", "--protocol", "iv-mwf-6", "--start", start, *hours, "-v").out.split())
    assert out.count("Parts of GB have more holidays") == said
    assert ("Mon 2027-03-29 Easter Monday (ENG, NIR, WLS)" in out) is said
