"""The command line as people and scripts use it: words in, text and exit codes out."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

import ketsched as ks
from ketsched.cli import commands, pictures
from ketsched.cli.inputs import Output, output_of, weekday_span, weekly_hours
from ketsched.clock import TimeRange
from ketsched.errors import KetschedError
from ketsched.interchange import files, read
from ketsched.model import (
    Status,
)
from making import small_course

WEEK = ("--zone", "America/New_York", "--hours", "mon-fri 09:00-17:00")
MWF = ("plan", "--protocol", "iv-mwf-6", "--start", "2027-01-04", *WEEK)
SAID = ("--id", "A-017", "--at", "2026-11-20T09:00:00Z")
CHANGES = ("hold", "lift", "authorise", "decide", "done", "ride", "accompany")
TRACKING = ("record", "forecast", "replan", "due", "history", "publish")
COMMANDS = ("plan", "check", *TRACKING, *CHANGES, "rules", "explain", "protocols", "show", "new")

CASE = """\
id = "A-017"
protocol = "iv-mwf-6"
clinic = "clinic.toml"
start = 2027-01-04
"""
CLINIC = """\
zone = "America/New_York"
[hours]
mon = "09:00-17:00"
wed = "09:00-17:00"
fri = "09:00-17:00"
"""


PLAIN = """\
id = "plain"
version = "1"
title = "Three a week"
[sources]
own = "our own"
[[phase]]
kind = "induction"
count = { value = 6, source = "own", mark = "house default" }
weekdays = { value = ["Mon", "Wed", "Fri"], source = "own", mark = "house default" }
prepare = { value = "PT20M", source = "own", mark = "house default" }
infusion = { value = "PT40M", source = "own", mark = "house default" }
observation = { value = "PT1H", source = "own", mark = "house default" }
no_driving = { value = "PT24H", source = "own", mark = "house default" }
spacing = [{ minimum = 2, source = "own", mark = "house default" }]
"""
PLAN = ("plan", "--protocol", "own.toml", "--start", "2027-01-04", *WEEK)

AROUND = (
    PLAIN
    + """\
[[companion]]
id = "screening"
kind = "appointment"
topic = "screening"
title = "Screening for ketamine"
required = true
gate = true
anchor = { edge = "start" }
window = { earliest = -28, recommended = -7, latest = -1, source = "own", mark = "house default" }
duration = { value = "PT1H", source = "own", mark = "house default" }
[[companion]]
id = "review"
kind = "appointment"
topic = "review"
title = "Review in mid-series"
gate = true
anchor = { session = 3 }
window = { earliest = 0, recommended = 0, latest = 1, source = "own", mark = "house default" }
duration = { value = "PT20M", source = "own", mark = "house default" }
[[companion]]
id = "therapy"
kind = "appointment"
topic = "psychotherapy"
title = "Therapy"
required = true
anchor = { session = 4 }
window = { earliest = 1, recommended = 1, latest = 14, source = "own", mark = "house default" }
count = { value = 2, source = "own", mark = "house default" }
every = { value = "P3D", source = "own", mark = "house default" }
spacing = [{ minimum = 1, source = "own", mark = "house default" }]
duration = { value = "PT50M", source = "own", mark = "house default" }
calendar = "therapist"
on_session_days = "never"
[[companion]]
id = "call"
kind = "appointment"
topic = "check-in"
title = "Call"
place = "telephone"
anchor = { session = 1 }
window = { earliest = 1, recommended = 1, latest = 2, source = "own", mark = "house default" }
duration = { value = "PT15M", source = "own", mark = "house default" }
[[companion]]
id = "form"
kind = "task"
topic = "form"
title = "Monitoring form"
audience = "clinic"
anchor = { session = 1 }
window = { earliest = 0, recommended = 7, latest = 7, source = "own", mark = "house default" }
[[companion]]
id = "ride"
kind = "task"
topic = "ride"
title = "Confirm the ride home"
audience = "patient"
anchor = { every = 1 }
window = { earliest = -1, recommended = -1, latest = -1, source = "own", mark = "house default" }
[[companion]]
id = "water"
kind = "notice"
topic = "fluids"
title = "Water"
text = "Drink water before and after."
anchor = { every = 1 }
after = { value = "PT1H30M", source = "own", mark = "house default" }
"""
)
"""What goes around six sessions from Monday 4 January 2027: 4, 6, 8, 11, 13 and 15 January."""

THERAPIST = 'zone = "America/New_York"\n[hours]\ntue = "13:00-20:00"\nthu = "13:00-20:00"\n'
WITH_THERAPIST = ("--calendar", "therapist=therapist.toml")


pytestmark = pytest.mark.usefixtures("own_folder")


@pytest.fixture
def case():
    Path("case.toml").write_text(CASE, encoding="utf-8")
    Path("clinic.toml").write_text(CLINIC, encoding="utf-8")
    return "case.toml"


@pytest.fixture
def plain():
    """A protocol with nothing around its sessions, and the words that plan it."""
    Path("own.toml").write_text(PLAIN, encoding="utf-8")
    return PLAN


@pytest.fixture
def around():
    """A protocol with much around its sessions, the hours of a therapist, and the words that plan it."""
    Path("own.toml").write_text(AROUND, encoding="utf-8")
    Path("therapist.toml").write_text(THERAPIST, encoding="utf-8")
    return PLAN


@pytest.fixture
def course(run, around):
    """The course file of a plan with much around its sessions."""
    assert run(*around, *WITH_THERAPIST, *SAID, "--fail-on", "error", "-o", "course.json").code == 0
    return "course.json"


def started(*words: str, **how) -> subprocess.CompletedProcess:
    """Run a command in a process of its own."""
    settings = {key: text for key, text in os.environ.items() if not key.startswith(("LC_", "PYTHONIO"))}
    settings |= how.pop("env", {})
    command = [sys.executable, "-m", "ketsched.cli", *words]
    return subprocess.run(command, env=settings, check=False, **{"stdout": -1, "stderr": -1} | how)


def said_in_four_parts(text: str) -> bool:
    return (
        re.fullmatch(r"error: .+\n  where: .+\n(         .+\n)*  why:   .+\n  fix:   .+\n", text) is not None
    )


def folder() -> set[str]:
    return {path.name for path in Path().iterdir()}


# Plan


def test_a_plan_from_a_case_file_writes_a_file_for_each_reader(run, case):
    done = run("plan", case, "-o", "patient.ics", "-o", "clinic.ics:clinic,full")
    assert (done.code, done.err) == (0, "")
    assert folder() == {"case.toml", "clinic.toml", "patient.ics", "clinic.ics"}
    assert "wrote patient.ics (patient, discreet)\nwrote clinic.ics (clinic, full)\n" in done.out
    patient, clinic = Path("patient.ics").read_text("utf-8"), Path("clinic.ics").read_text("utf-8")
    assert "SUMMARY:Appointment" in patient
    assert "ketamine" not in patient.lower()
    assert "ketamine" in clinic.lower()
    assert read("clinic.ics").id == "A-017"


def test_a_plan_from_options_alone_makes_its_id_once_and_says_so(run):
    done = run(*MWF, "-o", "course.ics", "-o", "course.json")
    assert (done.code, done.err) == (0, "")
    made = re.search(r"^course id: (c-[0-9a-f]{12}) \(made now; give --id \1 next time", done.out, re.M)[1]
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
    assert "course id" not in done.out


def test_the_month_has_sessions_in_brackets_under_their_weekdays(run, plain):
    """1 January 2027 is a Friday; Monday 4 January is Day 1."""
    done = run(*plain)
    assert "\n".join(done.out.split("\n")[3:11]) == (
        "        January 2027\n"
        "  Mo  Tu  We  Th  Fr  Sa  Su\n"
        "                   1   ·   ·\n"
        " [4]   5 [6]   7 [8]   ·   ·\n"
        "[11]  12[13]  14[15]   ·   ·\n"
        "  18  19  20  21  22   ·   ·\n"
        "  25  26  27  28  29   ·   ·\n"
    )


def test_the_second_month_stands_beside_the_first(run, plain):
    """From Monday 25 January 2027 the sixth session is on Friday 5 February, and 1 February is a Monday."""
    lines = run(*plain, "--start", "2027-01-25", "--closed", "2027-02-15").out.split("\n")
    assert lines[3:11] == [
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
    assert (
        "What this asks of you, from Mon 2027-01-04 to Fri 2027-01-15:\n"
        "  6 trips, 12 h 00 min at the clinic\n"
        "  6 rides with somebody else at the wheel\n"
        "  6 days off (Monday to Friday)\n\n"
    ) in run(*plain).out


SATURDAY, MONDAY = date(2027, 1, 9), date(2027, 1, 11)


def test_a_session_to_be_confirmed_stands_in_round_brackets(capsys):
    course = small_course(MONDAY, date(2027, 1, 18))
    second = attrs.evolve(course.sessions[1], status=Status.TENTATIVE)
    course = attrs.evolve(course, sessions=(course.sessions[0], second))
    pictures.show(pictures.months_of(course, None), pictures.legend_of(course))
    out = capsys.readouterr().out
    assert "[11]  12  13  14  15  16  17\n(18)  19" in out
    assert "[n] a session   (n) one to be confirmed   · closed" in out


def test_a_moved_session_says_from_where_and_why(run, case):
    Path(case).write_text(CASE + "[[cannot]]\non = 2027-01-08\n", encoding="utf-8")
    done = run("plan", case, "--hours", "mon-fri 09:00-17:00", "--zone", "America/New_York")
    assert re.search(r"^3 +induction .+ than Fri 2027-01-08: the patient cannot$", done.out, re.M)


def test_a_stretch_of_starts_is_ranked_and_the_best_is_planned(run):
    """Two of the pattern's days in that week are blocked by nothing; Monday 4 January needs the fewest moves."""
    done = run(*MWF, "--start", "2027-01-04..2027-01-08", "--closed", "2027-01-18", "--json")
    planned = json.loads(done.out)["course"]["sessions"]
    assert [session["day"] for session in planned] == [f"2027-01-{day:02}" for day in (4, 6, 8, 11, 13, 15)]
    table = run(*MWF, "--start", "2027-01-04..2027-01-08", "--closed", "2027-01-18").out
    assert "Starts, the best first (3 of 3 tried)" in table
    assert re.search(
        r"^start +first phase +last session +days from pattern +preferences broken +what blocks it$",
        table,
        re.M,
    )
    assert re.search(r"^Mon 2027-01-04  2 weeks +Fri 2027-01-15  0 ", table, re.M)


def test_more_than_ten_starts_are_cut_and_counted(run):
    """January 2027 from the 4th has 4 Mondays, 4 Wednesdays and 4 Fridays."""
    out = run(*MWF, "--start", "2027-01-04..2027-01-31").out
    assert "Starts, the best first (10 of 12 tried)" in out
    table = out.partition("what blocks it\n")[2].partition("\n\n")[0]
    assert len(re.findall(r"^[MWF]\w\w 2027-01-\d\d  ", table, re.M)) == 10


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
    assert "Mon 2027-01-18: Martin Luther King Jr. Day" in " ".join(done.out.split())


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
        assert run(*MWF, *SAID, "-o", f"{name}.json", "-o", f"{name}.ics:clinic,full").code == 0
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
    assert "would lose them" in done.err
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

    monkeypatch.setattr(files.os, "fsync", stopped)
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


@pytest.mark.parametrize(
    "words", ["clinc", "clinic,patient", "full,named", "clinic,full,named", "", "clinic,"]
)
def test_an_output_for_nobody_is_refused(words):
    with pytest.raises(KetschedError, match="not an audience"):
        output_of(f"a.ics:{words}")


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri", [0, 1, 2, 3, 4]),
        ("sat-mon", [0, 5, 6]),
        ("mon,thu", [0, 3]),
        ("Mon, Wed-Thu", [0, 2, 3]),
        ("monday–wednesday", [0, 1, 2]),
        ("daily", [0, 1, 2, 3, 4, 5, 6]),
        ("tue", [1]),
    ],
)
def test_weekdays_are_named_as_people_name_them(text, days):
    assert weekday_span(text) == days


def test_weekly_hours_may_be_given_in_parts():
    morning, day = TimeRange(540, 720), TimeRange(540, 1020)
    expected = ((morning, TimeRange(780, 1020)), (), (day,), (), (), (morning,), ())
    assert weekly_hours(["mon,wed 09:00-17:00", "sat 9:00-12:00; mon 09:00-12:00, 13:00-17:00"]) == expected


# Check


def planned(run, *outputs: str) -> None:
    assert run(*MWF, *SAID, *(word for name in outputs for word in ("-o", name))).code == 0


def test_a_course_file_and_a_full_clinic_calendar_are_checked_alike(run):
    planned(run, "course.json", "clinic.ics:clinic,full")
    found = [json.loads(run("check", name, *WEEK, "--json").out) for name in ("course.json", "clinic.ics")]
    assert found[0] == found[1]
    assert "KS211" in [finding["code"] for finding in found[0]["findings"]]


def test_a_course_is_checked_against_another_clinic(run):
    """Closed on Wednesdays, sessions 2 and 5 are on closed days."""
    planned(run, "course.json")
    Path("clinic.toml").write_text(CLINIC.replace("wed", "tue"), encoding="utf-8")
    done = run("check", "course.json", "--clinic", "clinic.toml", "--json")
    closed = [f["sessions"] for f in json.loads(done.out)["findings"] if f["name"] == "closed-day"]
    assert (done.code, closed) == (1, [["s2"], ["s5"]])


FOREIGN = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//another program//EN
{events}END:VCALENDAR
"""


def foreign(*days: str, zone: str) -> None:
    """Write a calendar as another program would; an empty zone is UTC."""
    tzid, end = (f";TZID={zone}", "") if zone else ("", "Z")
    events = "".join(
        f"BEGIN:VEVENT\nUID:{n}\nDTSTAMP:20261120T090000Z\nDTSTART{tzid}:{day}T150000{end}\nEND:VEVENT\n"
        for n, day in enumerate(days)
    )
    Path("foreign.ics").write_text(FOREIGN.format(events=events), encoding="utf-8")


@pytest.mark.parametrize(("zone", "words"), [("Europe/Paris", ()), ("", ("--zone", "Europe/Paris"))])
def test_a_calendar_of_another_program_is_checked_against_a_protocol(run, zone, words):
    """Session 3 is on the day after session 2; the minimum is 2 days."""
    foreign("20270104", "20270106", "20270107", "20270111", "20270113", "20270115", zone=zone)
    done = run("check", "foreign.ics", "--protocol", "iv-mwf-6", "--json", *words)
    errors = [f for f in json.loads(done.out)["findings"] if f["severity"] == "error"]
    assert [(f["code"], f["where"]) for f in errors] == [("KS101", "induction, session 3, Thu 2027-01-07")]


def test_a_calendar_without_a_protocol_asks_for_it(run):
    foreign("20270104", zone="Europe/Paris")
    done = run("check", "foreign.ics")
    assert (done.code, done.out) == (2, "")
    assert said_in_four_parts(done.err)
    assert "--protocol" in done.err


def test_dates_are_checked_against_a_protocol(run):
    dates = [f"2027-01-{day:02}" for day in (4, 6, 7, 11, 13, 15)]
    done = run("check", "--protocol", "iv-mwf-6", *dates)
    assert (done.code, done.err) == (1, "")
    assert "✗ error" in done.out
    assert "gap-too-short" in done.out
    assert max(map(len, done.out.split("\n"))) <= 100
    assert not re.search(r"\x1b| $", done.out, re.M)


@pytest.mark.parametrize(
    ("day", "waived", "unused"), [("2027-06-30", "Dr A", False), ("2027-07-01", None, True)], ids=str
)
def test_waivers_silence_a_finding_until_their_last_day(run, day, waived, unused):
    """Begun on a Wednesday instead of a Monday: the finding KS205."""
    assert run(*MWF, "--start", "2027-01-06", "-o", "course.json").code == 0
    Path("waivers.toml").write_text(
        '[[waiver]]\nrule = "off-anchor-weekday"\nsessions = ["s1"]\nreason = "holiday"\nwho = "Dr A"\n'
        "until = 2027-06-30\n"
    )
    done = run("check", "course.json", *WEEK, "--waivers", "waivers.toml", "--as-of", day, "--json")
    found = {f["code"]: f for f in json.loads(done.out)["findings"]}
    assert found["KS205"]["waived_by"] == waived
    assert ("KS602" in found) == unused


def test_without_findings_it_says_so(run):
    """Screening and reviews are what the rules ask for; who may drive needs no ride."""
    reviewed = AROUND.partition('[[companion]]\nid = "therapy"')[0].replace("gate = true\n", "")
    review = reviewed[reviewed.index('[[companion]]\nid = "review"') :]
    last = review.replace('"review"\nkind', '"last"\nkind').replace("session = 3", 'edge = "end"')
    last = re.sub(
        "earliest = 0, recommended = 0, latest = 1", "earliest = 14, recommended = 21, latest = 31", last
    )
    own = re.sub("^no_driving = .*\n", "", reviewed + last, flags=re.M)
    Path("own.toml").write_text(own, encoding="utf-8")
    assert run(*PLAN).out.endswith(f"no findings\n{pictures.DISCLAIMER}\n")
    run(*PLAN, "-o", "course.json")
    assert run("check", "course.json", *WEEK) == (0, "no findings\n", "")


# Around the sessions


def lines_of(out: str, title: str) -> list[str]:
    """The lines under a title, up to the next empty one."""
    return out.partition(f"\n{title}\n")[2].partition("\n\n")[0].split("\n")


def test_days_with_appointments_are_marked_beside_sessions(run, around):
    """A review shares the trip on Friday 8 January; a call and therapy have days of their own."""
    done = run(*around, *WITH_THERAPIST)
    lines = done.out.split("\n")
    assert lines[3:10] == [
        "           December 2026                         January 2027",
        "   Mo   Tu   We   Th   Fr   Sa   Su      Mo   Tu   We   Th   Fr   Sa   Su",
        "         1    2    3    4    ·    ·                           1    ·    ·",
        "    7    8    9   10   11    ·    ·     (4)   5+  (6)    7 (8)+    ·    ·",
        "   14   15   16   17   18    ·    ·    (11)  12+ (13)  14+ (15)    ·    ·",
        "   21   22   23   24   25    ·    ·      18   19   20   21   22    ·    ·",
        "  28+   29   30   31                     25   26   27   28   29    ·    ·",
    ]
    assert "(n) one to be confirmed   n+ an appointment   · closed" in lines


def test_what_goes_around_the_sessions_is_a_table(run, around):
    """
    Counted by hand, for six mornings from 09:00 to 11:00.

    The screening is a week before Monday 4 January, the review comes right after session 3, the call
    a day after session 1, the form a week after it. Therapy is due on Tuesday 12 and Friday 15 January,
    which is a session's day; the therapist's nearest is Thursday 14.
    """
    out = run(*around, *WITH_THERAPIST).out
    table = " ".join(" ".join(lines_of(out, "Around the sessions")).split())
    for row in (
        "Mon 2026-12-28 09:00 10:00 Screening for",
        "Tue 2027-01-05 09:00 09:15 Call by telephone induction 1 to be confirmed",
        "Fri 2027-01-08 11:00 11:20 Review in mid-series clinic induction 3 no outcome yet",
        "Mon 2027-01-11 due Monitoring form induction 1 to be confirmed; for the clinic",
        "Tue 2027-01-12 13:00 13:50 Therapy therapist induction 4 to be confirmed",
        "Thu 2027-01-14 13:00 13:50 Therapy therapist induction 4 to be confirmed",
    ):
        assert row in table
    assert len(re.findall(r"\d{4}-\d\d-\d\d", table)) == 6
    assert " ".join(" ".join(lines_of(out, "Each time")).split()) == (
        "Confirm the ride home due the day before each session; 6 times; Sun 2027-01-03 to Thu 2027-01-14"
    )
    assert lines_of(out, "Notices") == [
        "Water  each session, until 1 h 30 min after: Drink water before and after."
    ]
    reasons = lines_of(out, "To be confirmed, and why (for the clinic: no patient's file tells the reasons)")
    assert reasons == [
        "induction 1 to 6  Screening for ketamine of 2026-12-28 has no outcome yet",
        "induction 4 to 6  Review in mid-series of 2027-01-08 has no outcome yet",
    ]


def test_what_is_around_the_sessions_is_asked_of_the_patient_too(run, around):
    """
    Nine days: six sessions, the screening and two days of therapy; the review is on one of them.

    Six sessions of 2 hours, one hour, 20 minutes and twice 50 minutes make 15 hours. Therapy on Tuesday
    at 13:00 is more than 24 hours after Monday's infusion, which ended at 10:00.
    """
    assert lines_of(
        run(*around, *WITH_THERAPIST).out, "What this asks of you, from Mon 2026-12-28 to Fri 2027-01-15:"
    ) == [
        "  9 trips (1 more saved by sharing), 15 h 00 min at the clinic",
        "  6 rides with somebody else at the wheel",
        "  9 days off (Monday to Friday)",
        "  1 call, 6 things to do",
    ]


def test_twenty_sessions_stay_readable(run):
    """Their tasks are one line, and so are the sessions that wait for one reason."""
    Path("therapist.toml").write_text(THERAPIST, encoding="utf-8")
    twenty = re.sub("count = { value = 6", "count = { value = 20", AROUND, count=1)
    Path("own.toml").write_text(twenty, encoding="utf-8")
    out = run(*PLAN, *WITH_THERAPIST).out
    assert len(lines_of(out, "Each time")) <= 2
    assert "; 20 times; Sun 2027-01-03 to " in out
    assert "induction 1 to 20  Screening for ketamine of 2026-12-28 has no outcome yet\n" in out
    assert max(map(len, out.split("\n"))) <= 100


EACH = """\
[[companion]]
id = "form"
kind = "task"
topic = "form"
title = "Form"
audience = "clinic"
anchor = { every = 1 }
window = { earliest = 0, recommended = 7, latest = 7, source = "own", mark = "house default" }
[[companion]]
id = "stimulation"
kind = "appointment"
topic = "stimulation"
title = "Stimulation"
anchor = { every = 2 }
duration = { value = "PT20M", source = "own", mark = "house default" }
on_session_days = "during"
[[companion]]
id = "diary"
kind = "task"
topic = "form"
title = "Diary"
audience = "patient"
anchor = { session = 2 }
count = { value = 3, source = "own", mark = "house default" }
every = { value = "P7D", source = "own", mark = "house default" }
"""


def test_what_comes_each_time_is_one_line(run):
    """Of the clinic's forms one is due on Monday 18 January, which is closed: it is due on the Friday before."""
    Path("own.toml").write_text(PLAIN + EACH, encoding="utf-8")
    out = run(*PLAN, "--closed", "2027-01-18").out
    said = " ".join(" ".join(lines_of(out, "Each time")).split())
    for line in (
        "Form due 7 days after each session; 6 times; Mon 2027-01-11 to Fri 2027-01-22; "
        "1 sooner, as the clinic is closed; for the clinic",
        "Stimulation during every second session; 3 times; Wed 2027-01-06 to Fri 2027-01-15",
        "Diary due again and again, every week, from session 2 on; 3 times; Wed 2027-01-06 to Wed 2027-01-20",
    ):
        assert line in said
    assert "Around the sessions" not in out
    assert " [4]   5 [6]   7 [8]   ·   ·\n[11]  12[13]  14[15]   ·   ·\n" in out
    assert "+ an appointment" not in out


def test_json_carries_what_is_around_the_sessions(run, around):
    found = json.loads(run(*around, *WITH_THERAPIST, "--json").out)
    placed = {one["id"]: one for one in found["around"]}
    assert placed["review:session3"] == {
        "id": "review:session3",
        "companion": "review",
        "kind": "appointment",
        "title": "Review in mid-series",
        "audience": "both",
        "day": "2027-01-08",
        "from": "11:00",
        "to": "11:20",
        "with": "",
        "place": "clinic",
        "session": "s3",
        "number": 3,
        "status": "firm",
        "outcome": None,
    }
    assert (placed["form:session1"]["day"], placed["form:session1"]["from"]) == ("2027-01-11", None)
    assert placed["therapy:session4:1"]["with"] == "therapist"
    assert [notice["sessions"] for notice in found["notices"]] == [[f"s{n}" for n in range(1, 7)]]
    first = "Screening for ketamine of 2026-12-28 has no outcome yet"
    assert found["to_confirm"]["s3"] == [first]
    assert found["to_confirm"]["s4"] == [first, "Review in mid-series of 2027-01-08 has no outcome yet"]
    asks = found["asks"]
    assert (asks["trips"], asks["trips_saved"], asks["minutes"], asks["rides"]) == (9, 1, 900, 6)
    assert (asks["workdays"], asks["calls"], asks["tasks"]) == (9, 1, 6)
    assert (asks["first"], asks["last"]) == ("2026-12-28", "2027-01-15")


def test_a_therapist_without_hours_has_the_clinics(run, around):
    """Then Tuesday at 09:00 is free for therapy."""
    placed = {one["id"]: one for one in json.loads(run(*around, "--json").out)["around"]}
    assert (placed["therapy:session4:1"]["day"], placed["therapy:session4:1"]["from"]) == (
        "2027-01-12",
        "09:00",
    )


def test_sessions_at_home_look_different(capsys):
    course = small_course(MONDAY, date(2027, 1, 18), place="home")
    at_clinic = attrs.evolve(course.sessions[1], place="the clinic")
    course = attrs.evolve(course, sessions=(course.sessions[0], at_clinic))
    pictures.show(
        pictures.months_of(course, None), pictures.legend_of(course), pictures.sessions_of(course, {})
    )
    out = capsys.readouterr().out
    assert "{11}  12  13  14  15  16  17\n[18]  19" in out
    assert "[n] a session   {n} a session at home   · closed" in out
    assert re.findall("(....-..-..) .*at home$", out, re.M) == ["2027-01-11"]


def test_a_moved_session_at_home_is_not_blamed_on_the_clinic(capsys):
    """A clinic that never opens closes no day at home; what the patient cannot does."""
    course = small_course(MONDAY, place="home")
    moved = attrs.evolve(course.sessions[0], ideal=date(2027, 1, 10))
    never = ks.Calendar("Europe/Amsterdam", ((),) * 7)
    cannot = ks.Calendar("Europe/Amsterdam").without([date(2027, 1, 10)], "the patient cannot")
    for at_home, why in ((None, " to keep the gaps"), (cannot, ": the patient cannot")):
        places = {"clinic": never, "home": at_home}
        pictures.show(pictures.sessions_of(attrs.evolve(course, sessions=(moved,)), places))
        out = " ".join(capsys.readouterr().out.split())
        assert out.endswith(f"at home; 1 day later than Sun 2027-01-10{why}")


CASE_AROUND = """\
id = "A-017"
protocol = "own.toml"
clinic = "clinic.toml"
start = 2027-01-04
[calendars]
therapist = "therapist.toml"
"""


@pytest.fixture
def case_around(case, around):
    """A case of the same."""
    assert "own.toml" in around
    Path(case).write_text(CASE_AROUND, encoding="utf-8")
    return case


def test_a_case_gives_calendars_holds_and_authorisations(run, case_around):
    """Sessions 5 and 6 are held; the payer stops after four; what the case says is in the course."""
    with Path("case.toml").open("a", encoding="utf-8") as file:
        file.write('[[hold]]\nreason = "rash"\nwho = "Dr A"\nsince = 2027-01-13\n')
        file.write('[[authorisation]]\nsessions = 4\nname = "first letter"\n')
    found = json.loads(run("plan", case_around, "--json").out)
    assert [found["to_confirm"]["s5"][0], found["to_confirm"]["s5"][-1]] == [
        "hold h1 by Dr A: rash",
        "no authorisation",
    ]
    assert not any("hold" in why or "authorisation" in why for why in found["to_confirm"]["s4"])
    assert found["course"]["holds"][0]["reason"] == "rash"
    assert found["course"]["authorisations"][0]["name"] == "first letter"
    therapy = [one["day"] for one in found["around"] if one["companion"] == "therapy"]
    assert therapy == ["2027-01-12", "2027-01-14"]
    out = run("plan", case_around).out
    assert re.search(r"^induction 5, 6 +hold h1 by Dr A: rash$", out, re.M)
    assert re.search(r"^induction 5, 6 +no authorisation$", out, re.M)


def test_a_calendar_given_as_an_option_takes_the_place_of_the_cases(run, case_around):
    """On Wednesdays and Saturdays; Wednesday 13 January is a session's."""
    Path("other.toml").write_text(THERAPIST.replace("tue", "wed").replace("thu", "sat"), encoding="utf-8")
    found = json.loads(run("plan", case_around, "--calendar", "therapist=other.toml", "--json").out)
    therapy = [one["day"] for one in found["around"] if one["companion"] == "therapy"]
    assert therapy == ["2027-01-16", "2027-01-20"]


def test_a_hold_of_a_session_that_is_not_there_is_refused(run, case_around):
    with Path("case.toml").open("a", encoding="utf-8") as file:
        file.write('[[hold]]\nreason = "rash"\nwho = "Dr A"\nsince = 2027-01-13\nsessions = ["s6", "s7"]\n')
    before = folder()
    done = run("plan", case_around, "-o", "course.json")
    assert (done.code, done.out, folder()) == (2, "", before)
    assert said_in_four_parts(done.err)
    assert "there is no session 's7'\n  where: case.toml, hold 1, sessions\n" in done.err


def test_no_day_for_what_must_be_there_is_an_error_that_says_why(run, around):
    Path("therapist.toml").write_text(THERAPIST + "[[closed]]\nfrom = 2027-01-01\nto = 2027-01-31\n")
    done = run(*around, *WITH_THERAPIST, "-o", "course.json")
    assert (done.code, done.out) == (2, "")
    assert said_in_four_parts(done.err)
    assert "no day for Therapy" in done.err
    assert not Path("course.json").exists()


def test_a_start_from_which_therapy_has_no_day_gives_way_to_the_next(run, around):
    """
    From Monday 4 January the pattern fits as well as from any other day, but the therapist is away until February.

    Therapy is twice, within a fortnight of session 4. That is on Friday 22 January if the first one is on
    Friday the 15th: Tuesday 2 and Thursday 4 February are in time. From Wednesday the 13th session 4 is
    on the 20th, and 4 February would be too late.
    """
    Path("therapist.toml").write_text(THERAPIST + "[[closed]]\nfrom = 2027-01-01\nto = 2027-01-31\n")
    words = ("--start", "2027-01-04..2027-01-18", "--fail-on", "error")
    done = run(*around, *WITH_THERAPIST, *words)
    assert done.code == 0
    planned = re.search(r"^Planned from (.+): better starts leave no day for something", done.out, re.M)
    assert planned[1] == "Fri 2027-01-15"
    assert re.findall(r"^\w+ (\S+)  13:00  13:50  Therapy", done.out, re.M) == ["2027-02-02", "2027-02-04"]


def test_check_takes_calendars_too(run, course):
    """The therapist is away on Thursday 14 January."""
    same = json.loads(run("check", course, *WEEK, *WITH_THERAPIST, "--json").out)["findings"]
    Path("therapist.toml").write_text(THERAPIST + "[[closed]]\non = 2027-01-14\n", encoding="utf-8")
    changed = json.loads(run("check", course, *WEEK, *WITH_THERAPIST, "--json").out)["findings"]
    new = [finding for finding in changed if finding not in same]
    assert len(new) == 1
    assert "2027-01-14" in json.dumps(new)


@pytest.mark.parametrize(
    ("calendar", "says"),
    [
        ("therapist.toml", "'therapist.toml' is not a name and a file"),
        ("=therapist.toml", "'=therapist.toml' is not a name and a file"),
        ("therapist=", "'therapist=' is not a name and a file"),
        ("therapits=therapist.toml", "nothing in plain needs a calendar 'therapits'"),
        ("therapist=missing.toml", "cannot open missing.toml"),
        ("therapist=own.toml", "unknown key"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "check", "accompany"])
def test_a_calendar_that_cannot_be_used_is_said_in_four_parts(run, course, command, calendar, says):
    words = PLAN if command == "plan" else (command, course, *WEEK)
    done = run(*words, "--calendar", calendar)
    assert (done.code, done.out) == (2, "")
    assert said_in_four_parts(done.err), done.err
    if calendar != "therapist=own.toml":
        assert says in done.err
    assert "--calendar" in done.err


def test_one_calendar_is_given_once(run, course):
    done = run("check", course, *WEEK, *WITH_THERAPIST, *WITH_THERAPIST)
    assert (done.code, done.out) == (2, "")
    assert "two calendars for 'therapist'" in done.err


# Changes of a course file

LATER = ("--at", "2026-12-29T09:00:00Z")


def states(name: str = "course.json") -> list[str]:
    return [str(session.status) for session in read(name).sessions]


FIRM, UNSURE = "firm", "tentative"


def decided(run) -> None:
    """Let the screening and the review go well, so that nothing holds the sessions up."""
    for companion in ("screening", "review"):
        words = (companion, "continue", "--who", "Dr A", "--on", "2026-12-28")
        assert run("decide", "course.json", *words, "--at", "2026-12-28T15:00:00Z").code == 0
    assert states() == [FIRM] * 6


def test_an_outcome_makes_sessions_firm(run, course):
    """
    After the screening the review still waits: it comes before sessions 4 to 6.

    With session 1 go a call and a form on later days; the rides are confirmed the day before, come what may.
    """
    assert states() == [UNSURE] * 6
    done = run("decide", course, "screening", "continue", "--who", "Dr A", "--on", "2026-12-28", *LATER)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "Screening for ketamine of Mon 2026-12-28: continue (Dr A)\n"
        "now firm: induction 1 to 3\n"
        "  induction 1  Mon 2027-01-04  09:00\n"
        "  induction 2  Wed 2027-01-06  09:00\n"
        "  induction 3  Fri 2027-01-08  09:00\n"
        "  and 2 appointments and tasks with them\n"
        "\n"
        "To be confirmed, and why (for the clinic: no patient's file tells the reasons)\n"
        "induction 4 to 6  Review in mid-series of 2027-01-08 has no outcome yet\n"
        "\n"
        "wrote course.json (revision 2)\n"
    )
    assert states() == [FIRM] * 3 + [UNSURE] * 3
    now = read("course.json")
    screening = next(placed for placed in now.companions if placed.id == "screening:start")
    assert (screening.status, screening.outcome.what, screening.outcome.who) == (
        Status.FULFILLED,
        "continue",
        "Dr A",
    )
    assert now.revisions[-1].at.isoformat() == "2026-12-29T09:00:00+00:00"


def test_stop_leaves_them_to_be_confirmed(run, course):
    decided(run)
    done = run("decide", course, "2027-01-08", "stop", "--who", "Dr B", "--on", "2027-01-08", *LATER)
    assert done.code == 0
    assert states() == [FIRM] * 3 + [UNSURE] * 3
    assert "now to be confirmed: induction 4 to 6\n" in done.out
    assert "said stop (Dr B, 2027-01-08)" in done.out


@pytest.mark.parametrize("name", ["review:session3", "review", "2027-01-08"])
def test_an_appointment_that_decides_is_known_by_id_name_and_day(run, course, name):
    assert run("decide", course, name, "continue", "--who", "A", "--on", "2027-01-08", *LATER).code == 0
    placed = {placed.id: placed for placed in read(course).companions}
    assert placed["review:session3"].outcome is not None
    assert placed["screening:start"].outcome is None


def test_a_hold_holds_from_a_day_on_until_it_is_lifted(run, course):
    """From Monday 11 January on are sessions 4 to 6, and therapy twice after session 4."""
    decided(run)
    words = ("--reason", "psychosis", "--who", "Dr A", "--since", "2027-01-09")
    done = run("hold", course, *words, *LATER)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "hold h1 by Dr A: all from Sat 2027-01-09 on\n"
        "now to be confirmed: induction 4 to 6\n"
        "  induction 4  Mon 2027-01-11  09:00\n"
        "  induction 5  Wed 2027-01-13  09:00\n"
        "  induction 6  Fri 2027-01-15  09:00\n"
        "  and 2 appointments and tasks with them\n"
        "\n"
        "To be confirmed, and why (for the clinic: no patient's file tells the reasons)\n"
        "induction 4 to 6  hold h1 by Dr A: psychosis\n"
        "\n"
        "wrote course.json (revision 4)\n"
    )
    assert states() == [FIRM] * 3 + [UNSURE] * 3
    done = run("lift", course, "h1", "--who", "Dr B", "--on", "2027-01-10", *LATER)
    assert done.out == (
        "hold h1 lifted by Dr B on Sun 2027-01-10\n"
        "now firm: induction 4 to 6\n"
        "  induction 4  Mon 2027-01-11  09:00\n"
        "  induction 5  Wed 2027-01-13  09:00\n"
        "  induction 6  Fri 2027-01-15  09:00\n"
        "  and 2 appointments and tasks with them\n"
        "wrote course.json (revision 5)\n"
    )
    assert states() == [FIRM] * 6
    hold = read(course).holds[0]
    assert (hold.lifted_by, hold.lifted_on) == ("Dr B", date(2027, 1, 10))


@pytest.mark.parametrize(
    ("since", "held"), [("2027-01-11", 3), ("2027-01-12", 2), ("2027-01-15", 1), ("2027-01-16", 0)]
)
def test_a_hold_begins_with_the_sessions_of_its_first_day(run, course, since, held):
    decided(run)
    done = run("hold", course, "--reason", "rash", "--who", "A", "--since", since, *LATER)
    assert done.code == 0
    assert states() == [FIRM] * (6 - held) + [UNSURE] * held


def test_a_hold_begins_on_the_clinics_date_of_its_moment(run, course):
    """At 03:00 UTC on 12 January it is still 11 January in New York: session 4 is held."""
    decided(run)
    words = ("--reason", "rash", "--who", "A", "--at", "2027-01-12T03:00:00Z")
    assert run("hold", course, *words).code == 0
    assert read(course).holds[0].since == date(2027, 1, 11)
    assert states() == [FIRM] * 3 + [UNSURE] * 3


def test_single_sessions_are_held_by_id_and_by_day(run, course):
    decided(run)
    words = ("--session", "2027-01-06", "--session", "s4", "--session", "s2")
    done = run("hold", course, "--reason", "rash", "--who", "Dr A", *words, *LATER)
    assert done.out.startswith("hold h1 by Dr A: induction 2, 4\nnow to be confirmed: induction 2, 4\n")
    assert states() == [FIRM, UNSURE, FIRM, UNSURE, FIRM, FIRM]
    assert read(course).holds[0].sessions == ("s2", "s4")


def test_what_another_hold_holds_stays_to_be_confirmed(run, course):
    decided(run)
    for words in (("--since", "2027-01-11"), ("--session", "s5")):
        assert run("hold", course, "--reason", "rash", "--who", "A", *words, *LATER).code == 0
    done = run("lift", course, "h1", "--who", "A", "--on", "2027-01-05", *LATER)
    assert "now firm: induction 4, 6\n" in done.out
    assert "induction 5  hold h2 by A: rash\n" in done.out
    assert states() == [FIRM] * 4 + [UNSURE, FIRM]


@pytest.mark.parametrize(
    ("words", "paid"),
    [
        (("--sessions", "4"), 4),
        (("--sessions", "6"), 6),
        (("--sessions", "6", "--until", "2027-01-13"), 5),
        (("--sessions", "6", "--until", "2027-01-12", "--scope", "induction"), 4),
    ],
)
def test_sessions_beyond_an_authorisation_are_to_be_confirmed(run, course, words, paid):
    decided(run)
    done = run("authorise", course, *words, *LATER)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{words[1]} sessions authorised\n")
    assert states() == [FIRM] * paid + [UNSURE] * (6 - paid)
    assert ("no authorisation" in done.out) == (paid < 6)


def test_a_second_authorisation_pays_for_the_rest(run, course):
    decided(run)
    run("authorise", course, "--sessions", "4", *LATER)
    words = ("--from", "2027-01-13", "--required", "--warn-days", "7", "--name", "letter 2")
    done = run("authorise", course, "--sessions", "1", *words, *LATER)
    assert done.out.startswith("1 session authorised\nnow firm: induction 5\n")
    assert states() == [FIRM] * 5 + [UNSURE]
    second = read(course).authorisations[1]
    assert (second.first, second.required, second.warn_days, second.name) == (
        date(2027, 1, 13),
        True,
        7,
        "letter 2",
    )


def events(name: str) -> list[str]:
    return Path(name).read_text("utf-8").split("BEGIN:VEVENT")


@pytest.mark.parametrize(
    ("known", "says", "changed"),
    [
        ("confirmed", "confirmed", 1),
        ("none", "there is none", 0),
        ("self", "the patient means to drive", 0),
    ],
)
def test_a_ride_is_recorded_and_moves_no_session(run, course, known, says, changed):
    """Once it is confirmed, the patient's reminder to confirm it says so; no other day's event changes."""
    words = ("-o", "patient.ics")
    assert run("accompany", course, *WEEK, *WITH_THERAPIST, *words, *LATER).code == 0
    before = events("patient.ics")
    done = run("ride", course, "2027-01-06", known, *words, *LATER)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        f"ride home on Wed 2027-01-06: {says}\n"
        "wrote course.json (revision 2)\n"
        "wrote patient.ics (patient, discreet)\n"
    )
    now = read(course)
    assert [session.ride for session in now.sessions] == ["", known, "", "", "", ""]
    tasks = {placed.id: placed.status for placed in now.companions if placed.companion == "ride"}
    assert [name for name, status in tasks.items() if status is Status.FULFILLED] == ["ride:s2"] * changed
    pairs = [(one, other) for one, other in zip(before, events("patient.ics"), strict=True) if one != other]
    assert bool(pairs) == bool(changed)
    for pair in pairs:  # the reminder is on the day before the session
        assert all(re.search("^DTSTART.*:2027010[56]", event, re.M) for event in pair)


@pytest.mark.parametrize("name", ["form:session1", "form", "2027-01-11"])
def test_a_task_is_done(run, course, name):
    """The form is the one thing besides sessions on Monday 11 January."""
    done = run("done", course, name, *LATER)
    assert (done.code, done.err) == (0, "")
    assert done.out == "Monitoring form of Mon 2027-01-11: done\nwrote course.json (revision 2)\n"
    done_now = [placed.id for placed in read(course).companions if placed.status is Status.FULFILLED]
    assert done_now == ["form:session1"]


def test_what_changes_nothing_leaves_the_file_as_it_is(run, course):
    run("ride", course, "s2", "confirmed", *LATER)
    before = Path(course).read_bytes(), Path(course).stat().st_mtime_ns
    done = run("ride", course, "s2", "confirmed", "--at", "2026-12-30T09:00:00Z", "-o", "patient.ics")
    assert done.code == 0
    assert (Path(course).read_bytes(), Path(course).stat().st_mtime_ns) == before
    assert done.out.endswith("\nnothing has changed\nwrote patient.ics (patient, discreet)\n")


def test_what_goes_around_is_placed_anew_where_it_no_longer_fits(run, course):
    """On Thursdays alone therapy is on 14 and 21 January; the window ends a fortnight after the 11th, on the 25th."""
    Path("therapist.toml").write_text(
        THERAPIST.replace('tue = "13:00-20:00"', 'tue = "closed"'), encoding="utf-8"
    )
    done = run("accompany", course, *WEEK, *WITH_THERAPIST, *LATER)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "around the sessions\n"
        "moved:\n"
        "  Therapy  Thu 2027-01-14  13:00  induction 4\n"
        "  Therapy  Thu 2027-01-21  13:00  induction 4\n"
        "wrote course.json (revision 2)\n"
    )
    assert run("accompany", course, *WEEK, *WITH_THERAPIST, *LATER).out == (
        "around the sessions\nnothing has changed\n"
    )


def test_a_therapists_appointments_are_not_moved_without_the_therapists_hours(run, course):
    before = Path(course).read_bytes()
    done = run("accompany", course, *WEEK, *LATER)
    assert (done.code, done.out, Path(course).read_bytes()) == (2, "", before)
    assert said_in_four_parts(done.err)
    assert "the calendar of therapist is missing" in done.err


def test_what_has_lost_its_session_is_cancelled_and_what_goes_with_the_first_moves(run, course):
    """Without Monday 4 January the first session is on Wednesday: a call the day after, a form within a week."""
    document = json.loads(Path(course).read_text("utf-8"))
    document["sessions"][0]["status"] = "closed"
    Path(course).write_text(json.dumps(document), encoding="utf-8")
    found = json.loads(run("accompany", course, *WEEK, *WITH_THERAPIST, "--json", *LATER).out)
    assert set(found["cancelled"]) == {"ride:s1"}
    assert {"call:session1", "form:session1"} <= set(found["moved"])
    days = {one["id"]: one["day"] for one in found["around"]}
    assert (days["call:session1"], days["form:session1"]) == ("2027-01-07", "2027-01-13")


def test_accompany_takes_a_case_with_what_the_patient_cannot(run, course, case_around):
    """Therapy keeps off Tuesday 12 January, and goes with the other one to the next days that are free."""
    with Path("case.toml").open("a", encoding="utf-8") as file:
        file.write("[[cannot]]\non = 2027-01-12\n")
    Path("clinic.toml").write_text(CLINIC + 'tue = "09:00-17:00"\nthu = "09:00-17:00"\n', encoding="utf-8")
    found = json.loads(run("accompany", course, "--case", case_around, "--json", *LATER).out)
    therapy = [one["day"] for one in found["around"] if one["companion"] == "therapy"]
    assert "2027-01-12" not in therapy
    assert (found["moved"] != [], found["added"]) == (True, [])


def test_json_says_what_changed(run, course):
    words = ("screening", "continue", "--who", "Dr A", "--on", "2026-12-28", "--json")
    done = run("decide", course, *words, *LATER, "-o", "patient.ics")
    assert done.out.isascii()
    found = json.loads(done.out)
    assert (found["changed"], found["revision"]) == (True, 2)
    assert (found["now_firm"], found["now_to_be_confirmed"]) == (["s1", "s2", "s3"], [])
    assert set(found["to_confirm"]) == {"s4", "s5", "s6"}
    assert (found["added"], found["moved"], found["cancelled"]) == ([], [], [])
    Path("again.json").write_text(json.dumps(found["course"]), encoding="utf-8")
    assert read("again.json") == read(course)


def test_calendars_say_to_be_confirmed_and_never_why(run, course):
    """The reason of a hold is in the course file and in the clinic's calendar at full; in no file of the patient."""
    decided(run)
    privacies = ("discreet", "named", "full")
    words = [word for level in privacies for word in ("-o", f"{level}.ics:patient,{level}")]
    words += ["-o", "clinic.ics:clinic,full"]
    done = run("hold", course, "--reason", "psychosis", "--who", "Dr Zed", "--session", "s4", *LATER, *words)
    assert done.code == 0
    for level in privacies:
        text = Path(f"{level}.ics").read_text("utf-8").replace("\r\n ", "")
        assert len(re.findall("^SUMMARY:.*to be confirmed", text, re.M)) >= 1
        assert "psychosis" not in text
        assert "Zed" not in text
    assert "psychosis" in Path(course).read_text("utf-8")
    assert "psychosis" in Path("clinic.ics").read_text("utf-8").replace("\r\n ", "")


WHO = ("--who", "Dr A", "--on", "2027-01-08")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("hold", "FILE", "--who", "Dr A"), "missing option '--reason'"),
        (("hold", "FILE", "--reason", "rash"), "missing option '--who'"),
        (("hold", "FILE", "--reason", " ", "--who", "Dr A"), "a hold without a reason or a name"),
        (("hold", "FILE", "--reason", "x", "--who", "A", "--since", "soon"), "--since"),
        (("hold", "FILE", "--reason", "x", "--who", "A", "--session", "s7"), "there is no session 's7'"),
        (("hold", "FILE", "--reason", "x", "--who", "A", "--session", "2027-01-05"), "s1 (2027-01-04), s2"),
        (("hold", "FILE", "--reason", "x", "--who", "A", "--at", "noon"), "'noon' is not a moment"),
        (("hold", "FILE", "--reason", "x", "--who", "A", "--at", "9999-12-31T23:59:59-12:00"), "--at"),
        (("hold", "FILE", "--reason", "x", "--who", "A", "--at", "2026-11-20T08:59:59Z"), "--at with that"),
        (("hold", "missing.json", "--reason", "x", "--who", "A"), "cannot open missing.json"),
        (("hold", "own.toml", "--reason", "x", "--who", "A"), "own.toml is no course file"),
        (("lift", "FILE", "h2", *WHO), "no hold 'h2' stands"),
        (("lift", "FILE", "h1", "--who", "Dr A"), "missing option '--on'"),
        (("lift", "FILE", "h1", "--on", "2027-01-08"), "missing option '--who'"),
        (("lift", "FILE", "h1", "--who", "A", "--on", "2027-02-30"), "--on"),
        (("lift", "FILE", "h1", "--who", " ", "--on", "2027-01-08"), "lifted in part"),
        (("lift", "FILE"), "missing argument 'HOLD'"),
        (("authorise", "FILE"), "missing option '--sessions'"),
        (("authorise", "FILE", "--sessions", "0"), "an authorisation of 0 sessions"),
        (("authorise", "FILE", "--sessions", "six"), "'--sessions'"),
        (("authorise", "FILE", "--sessions", "6", "--scope", "induktion"), "did you mean induction?"),
        (("authorise", "FILE", "--sessions", "6", "--warn-days", "400"), "an authorisation of 6 sessions"),
        (
            ("authorise", "FILE", "--sessions", "6", "--from", "2027-02-01", "--until", "2027-01-31"),
            "from 2027-02-01 until 2027-01-31",
        ),
        (("authorise", "FILE", "--sessions", "6", "--from", "x"), "--from"),
        (("authorise", "FILE", "--sessions", "6", "--until", "x"), "--until"),
        (("decide", "FILE", "screening", "perhaps", *WHO), "'perhaps' is not one of"),
        (("decide", "FILE", "call", "continue", *WHO), "has screening:start (2026-12-28), review:session3"),
        (("decide", "FILE", "call:s1", "stop", *WHO), "there is no appointment that decides 'call:s1'"),
        (("decide", "FILE", "2027-01-05", "stop", *WHO), "there is no appointment that decides '2027-01-05'"),
        (("decide", "FILE", "screening", "stop", "--who", "A"), "missing option '--on'"),
        (("decide", "FILE", "screening", "stop", "--who", " ", "--on", "2027-01-08"), "by nobody"),
        (("decide", "FILE", "screening", "stop", "--who", "A", "--on", "8.1."), "--on"),
        (("done", "FILE", "screening"), "there is no appointment or task 'screening'"),
        (("done", "FILE", "therapy"), "has therapy:session4:1 (2027-01-12), therapy:session4:2 (2027-01-14)"),
        (("done", "FILE", "2027-01-12"), "2 of the course are on 2027-01-12"),
        (("done", "FILE"), "missing argument 'COMPANION'"),
        (("ride", "FILE", "s2", "perhaps"), "'perhaps' is not one of"),
        (("ride", "FILE", "s9", "confirmed"), "there is no session 's9'"),
        (("ride", "FILE", "2027-01-05", "confirmed"), "there is no session '2027-01-05'"),
        (("accompany", "FILE"), "the clinic's hours are missing"),
        (("accompany", "FILE", "--clinic", "missing.toml"), "cannot open missing.toml"),
        (("accompany", "FILE", "--case", "missing.toml"), "cannot open missing.toml"),
        (("accompany", "FILE", *WEEK, "--time", "25:00"), "--time"),
        (
            ("accompany", "FILE", "--zone", "Europe/Paris", *WEEK[2:]),
            "the course is in America/New_York, its clinic in Europe/Paris",
        ),
        (("accompany", "FILE", *WEEK, "--calendar", "therapist=away.toml"), "no day for Therapy"),
        (("ride", "FILE", "s2", "none", "-o", "course.json"), "course.json would be a second course file"),
        (("ride", "FILE", "s2", "none", "-o", "second.json"), "second.json would be a second course file"),
        (("ride", "FILE", "s2", "none", "-o", "link.ics"), "link.ics would be a second course file"),
        (("ride", "FILE", "s2", "none", "-o", "a.pdf"), "no suffix of a known format"),
        (("ride", "FILE", "s2", "none", "-o", "a.ics", "-o", "a.ics"), "is to be written twice"),
        (("ride", "FILE", "s2", "none", "-o", "a.ics", "-o", "nowhere/b.ics"), "nowhere"),
        (("ride", "FILE", "s2", "none", "-o", "a.ics", "-o", "sub.ics"), "sub.ics is a folder"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else "",
)
def test_what_a_change_cannot_use_is_said_and_leaves_every_file_as_it_was(run, course, words, says):
    run("hold", course, "--reason", "rash", "--who", "Dr A", "--session", "s2", *SAID[2:])
    Path("a.ics").write_text("old", encoding="utf-8")
    Path("sub.ics").mkdir()
    Path("link.ics").symlink_to(course)
    Path("away.toml").write_text(THERAPIST + "[[closed]]\nfrom = 2027-01-01\nto = 2027-01-31\n")
    files, before = folder(), Path(course).read_bytes()
    done = run(*(course if word == "FILE" else word for word in words))
    assert (done.code, done.out) == (2, "")
    assert said_in_four_parts(done.err), done.err
    assert says in done.err
    assert (folder(), Path(course).read_bytes(), Path("a.ics").read_text("utf-8")) == (files, before, "old")


def test_a_day_with_two_sessions_names_neither(run, course):
    document = json.loads(Path(course).read_text("utf-8"))
    document["sessions"][1] |= {"day": "2027-01-04", "time": "15:00"}
    Path(course).write_text(json.dumps(document), encoding="utf-8")
    done = run("ride", course, "2027-01-04", "none", *LATER)
    assert done.code == 2
    assert said_in_four_parts(done.err)
    assert "2 of the course are on 2027-01-04" in done.err
    assert "the course has s1 (2027-01-04), s2 (2027-01-04)\n" in done.err
    assert run("ride", course, "s2", "none", *LATER).code == 0


def test_a_course_file_may_be_named_by_a_link(run, course):
    """It stays a link, and the file that it leads to changes."""
    Path("link.json").symlink_to(course)
    assert run("ride", "link.json", "s2", "none", *LATER).code == 0
    assert Path("link.json").is_symlink()
    assert read(course).sessions[1].ride == "none"


@pytest.mark.parametrize("stopped_at", [1, 2, 3])
def test_when_the_user_stops_a_change_no_file_is_half_written(run, course, monkeypatch, stopped_at):
    """The course file and two calendars are written, in this order; at each of them the user may have had enough."""
    Path("a.ics").write_text("old", encoding="utf-8")
    files_before, before = folder(), Path(course).read_bytes()
    writes = []

    def stopped(handle):
        writes.append(handle)
        if len(writes) == stopped_at:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(files.os, "fsync", stopped)
    known = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        done = run("hold", course, "--reason", "x", "--who", "A", *LATER, "-o", "a.ics", "-o", "b.ics")
    finally:
        signal.signal(signal.SIGINT, known)
    assert (done.code, done.out) == (130, "")
    assert "Traceback" not in done.err
    assert (folder(), Path(course).read_bytes()) == (files_before, before)
    assert Path("a.ics").read_text("utf-8") == "old"


# Rules, protocols


def test_a_rule_is_explained_by_code_and_by_name(run):
    by_code, by_name = run("explain", "ks101"), run("explain", "gap-too-short")
    assert by_code == by_name
    assert by_code.out.startswith("KS101 gap-too-short (error)\n\n")
    assert "Why it matters:" in by_code.out


def test_an_unknown_rule_is_refused_with_one_like_it(run):
    done = run("explain", "gap-to-short")
    assert (done.code, done.out) == (2, "")
    assert said_in_four_parts(done.err)
    assert "did you mean KS101 gap-too-short?" in done.err


def test_all_rules_are_listed(run):
    listed = json.loads(run("rules", "--json").out)
    assert [rule["code"] for rule in listed] == re.findall(r"^KS\d\d\d", run("rules").out, re.M)
    assert {"code": "KS101", "name": "gap-too-short", "severity": "error"}.items() <= listed[0].items()


def test_all_protocols_are_listed_and_shown(run):
    listed = json.loads(run("protocols", "--json").out)
    assert {"iv-mwf-6", "esk-trd", "generic-induction"} <= {protocol["id"] for protocol in listed}
    for protocol in listed:
        done = run("show", protocol["id"])
        assert done.code == 0
        assert f"{protocol['id']} (version {protocol['version']})" in done.out
        assert json.loads(run("show", protocol["id"], "--json").out)["id"] == protocol["id"]
    text = run("show", "iv-mwf-6").out
    assert re.search(r"^spacing 1 +at least 2 d apart +house default +house$", text, re.M)
    assert max(map(len, text.split("\n"))) <= 100


def test_what_goes_around_the_sessions_is_shown_with_its_sources(run, around):
    assert "own.toml" in around
    out = run("show", "own.toml").out
    for line in (
        r"screening \(required appointment\): Screening for ketamine",
        r"anchor +the first session",
        r"window +7 days before \(28 days before to 1 day before\) +house default +own",
        r"duration +60 min +house default +own",
        r"decides +sessions after it are to be confirmed until .*",
        r"where +therapist, clinic",
        r"session days +never",
        r"count +2 +house default +own",
        r"every +every 3 days +house default +own",
        r"where +by telephone",
        r"form \(recommended task\): Monitoring form",
        r"window +due 7 days after +house default +own",
        r"for +the clinic alone",
        r"water \(notice\): Water",
        r"after +until 90 min after +house default +own",
        r"text +Drink water before and after\.",
    ):
        assert re.search(f"^{line}$", out, re.M), line


def test_phases_side_by_side_are_listed_so(run):
    assert re.search(r"^iv-booster-home +6-8 \+ open, open +", run("protocols").out, re.M)
    assert "home (sublingual, home, beside maintenance)\n" in run("show", "iv-booster-home").out


def test_a_new_protocol_loads_and_is_not_written_over(run):
    done = run("new", "our-own")
    assert (done.code, done.out) == (0, "wrote our-own.toml; edit it, then: ketsched show our-own.toml\n")
    assert ks.load_protocol("our-own.toml").id == "our-own"
    assert run("show", "our-own.toml").code == 0
    assert run("new", "other", "-o", "named.toml").code == 0
    for words in (("our-own",), ("x", "-o", "named.toml")):
        done = run("new", *words)
        assert (done.code, done.out) == (2, "")
        assert said_in_four_parts(done.err)
    assert folder() == {"our-own.toml", "named.toml"}


# Words that are no commands, and where the text goes


@pytest.mark.parametrize(
    "words",
    [
        ("plann",),
        ("plan",),
        ("plan", "--protocl", "iv-mwf-6"),
        ("plan", "--sessions", "1.5"),
        ("plan", "--fail-on", "never"),
        ("plan", "a.toml", "b.toml"),
        ("plan", "missing.toml"),
        ("explain",),
        ("show", "iv-mwf-7"),
        ("show", "missing.toml"),
        ("check",),
        ("check", "2027-01-04"),
        ("check", "--protocol", "iv-mwf-7", "2027-01-04"),
        ("check", "a.json", "b.json"),
        ("check", "course.txt"),
        ("new", "Not An Id"),
        ("new", "a", "-o", "missing/a.toml"),
        ("plan", *MWF[1:], "--clinic", "clinic.toml"),
        (*MWF[:5], "--zone", "Europe/Paris"),
        (*MWF[:5], "--hours", "mon-fri 09:00-17:00"),
        MWF[:5],
    ],
    ids=" ".join,
)
def test_what_cannot_be_used_is_said_in_four_parts(run, words):
    done = run(*words)
    assert (done.code, done.out) == (2, "")
    assert said_in_four_parts(done.err), done.err


def test_without_words_it_shows_its_help(run):
    assert run() == run("--help")
    assert run().code == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_page_that_says_what_the_list_says(command):
    runner = CliRunner()
    shown = runner.invoke(commands, [command, "-h"])
    listed = runner.invoke(commands, ["--help"]).output
    assert shown.exit_code == 0
    assert max(map(len, shown.output.split("\n"))) <= 80
    assert command in listed
    assert ("appointment" in shown.output) == (command == "done")  # sessions are called sessions
    for name in re.findall(r"^  (--[a-z-]+)", shown.output, re.M):
        assert re.search(rf"^  {name}\b.*(\n +)?\S", shown.output, re.M)


def test_version(run):
    assert run("--version").out == f"ketsched, version {ks.__version__}\n"


def test_a_protocol_may_say_what_it_likes(run):
    """Square brackets are no mark-up, colons no pictures, and control characters do not reach the terminal."""
    assert run("new", "own").code == 0
    text = Path("own.toml").read_text("utf-8")
    title = r'title = "[bold]A[/] [/b] :smile: \u001b[2J"'
    Path("own.toml").write_text(re.sub("^title = .*$", lambda _: title, text, flags=re.M), encoding="utf-8")
    done = run("show", "own.toml")
    if done.code == 0:  # or the reader refuses it, which is as good
        assert "[bold]A[/] [/b] :smile: \N{REPLACEMENT CHARACTER}[2J" in done.out
    assert "\x1b" not in done.out + done.err


def on_a_terminal(*words: str, **env: str) -> str:
    """Return what a command prints to a terminal."""
    ours, its = pty.openpty()
    try:
        settings = os.environ | {"TERM": "xterm-256color", "COLUMNS": "90"} | env
        command = [sys.executable, "-m", "ketsched.cli", *words]
        with subprocess.Popen(command, stdout=its, stderr=its, env=settings) as process:
            os.close(its)
            printed = b""
            try:
                while some := os.read(ours, 65536):
                    printed += some
            except OSError:  # Linux: the other end has gone
                pass
            process.wait()
    finally:
        os.close(ours)
    return printed.decode()


COLOUR = re.compile(r"\x1b\[[0-9;]*\b3[0-7]m")


def test_colours_are_for_terminals_and_can_be_switched_off():
    words = ("check", "--protocol", "iv-mwf-6", "2027-01-04", "2027-01-05")
    assert COLOUR.search(on_a_terminal(*words))
    assert not COLOUR.search(on_a_terminal(*words, NO_COLOR="1"))
    assert COLOUR.search(on_a_terminal("show", "nothing"))
    assert not COLOUR.search(on_a_terminal("show", "nothing", NO_COLOR="1"))


@pytest.mark.parametrize(
    ("encoding", "error", "closed"),
    [("latin-1", b"x error", b"\xb7"), ("cp437", b"x error", b"\xfa"), ("ascii", None, None)],
)
def test_a_terminal_without_our_signs_gets_others(plain, encoding, error, closed):
    """To a terminal that calls itself ASCII click writes UTF-8."""
    env = {"LC_ALL": "C", "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = started("check", "--protocol", "iv-mwf-6", "2027-01-04", "2027-01-05", env=env)
    assert (done.returncode, done.stderr) == (1, b"")
    assert (error or "✗ error".encode()) in done.stdout
    done = started(*plain, env=env)
    assert b" [4]   5 [6]   7 [8]   " + (closed or "·".encode()) in done.stdout
    done = started("show", "✗", env=env)
    assert (done.returncode, b"Traceback" in done.stderr) == (2, False)


def test_a_reader_that_goes_away_is_no_error():
    end, start = os.pipe()
    os.close(end)
    done = started("rules", stdout=start)
    os.close(start)
    assert done.stderr == b""


def test_a_full_disk_under_the_output_is_said_in_four_parts():
    with Path("/dev/full").open("wb") as full:
        done = started("rules", stdout=full)
    assert done.returncode == 2
    assert said_in_four_parts(done.stderr.decode())


def test_the_shell_completes_commands_protocols_and_rules():
    script = started(env={"_KETSCHED_COMPLETE": "zsh_source"}).stdout.decode()
    assert "_KETSCHED_COMPLETE=zsh_complete" in script
    assert (
        "_KETSCHED_COMPLETE=bash_complete"
        in started(env={"_KETSCHED_COMPLETE": "bash_source"}).stdout.decode()
    )

    def completed(*words: str) -> list[str]:
        env = {
            "_KETSCHED_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
        }
        return started(env=env).stdout.decode().split()

    assert completed("ketsched", "sh") == ["plain,show"]
    assert completed("ketsched", "show", "iv-m") == ["plain,iv-mwf-6"]
    assert completed("ketsched", "plan", "--protocol", "esk-t") == ["plain,esk-trd"]
    assert completed("ketsched", "explain", "gap-too-s") == ["plain,gap-too-short"]


def test_a_course_is_not_checked_against_another_protocol_in_silence(run):
    run(*MWF, "-o", "course.json")
    done = run("check", "course.json", "--protocol", "iv-2xw-3w-6")
    assert done.code == 2
    assert said_in_four_parts(done.err)
    assert run("check", "course.json", "--protocol", "iv-mwf-6").code == 0
