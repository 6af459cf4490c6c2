"""The command line as people and scripts use it: words in, text and exit codes out."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from datetime import date, time, timedelta
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner

import ketsched as ks
from ketsched.cli import commands, main, pictures
from ketsched.cli.inputs import Output, output_of, weekday_span, weekly_hours
from ketsched.clock import TimeRange
from ketsched.errors import KetschedError
from ketsched.interchange import files, read
from ketsched.model import Anatomy, Course, Phase, Protocol, Session, Status

WEEK = ("--zone", "America/New_York", "--hours", "mon-fri 09:00-17:00")
MWF = ("plan", "--protocol", "iv-mwf-6", "--start", "2027-01-04", *WEEK)
SAID = ("--id", "A-017", "--at", "2026-11-20T09:00:00Z")
COMMANDS = ("plan", "check", "rules", "explain", "protocols", "show", "new")

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


@attrs.frozen
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command in this process, as the installed script does."""

    def running(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["ketsched", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return running


@pytest.fixture
def case():
    Path("case.toml").write_text(CASE, encoding="utf-8")
    Path("clinic.toml").write_text(CLINIC, encoding="utf-8")
    return "case.toml"


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


def test_the_month_has_sessions_in_brackets_under_their_weekdays(run):
    """1 January 2027 is a Friday; Monday 4 January is Day 1."""
    done = run(*MWF)
    assert "\n".join(done.out.split("\n")[3:11]) == (
        "        January 2027\n"
        "  Mo  Tu  We  Th  Fr  Sa  Su\n"
        "                   1   ·   ·\n"
        " [4]   5 [6]   7 [8]   ·   ·\n"
        "[11]  12[13]  14[15]   ·   ·\n"
        "  18  19  20  21  22   ·   ·\n"
        "  25  26  27  28  29   ·   ·\n"
    )


def test_the_second_month_stands_beside_the_first(run):
    """From Monday 25 January 2027 the sixth session is on Friday 5 February, and 1 February is a Monday."""
    lines = run(*MWF, "--start", "2027-01-25", "--closed", "2027-02-15").out.split("\n")
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


def test_a_plan_says_what_it_asks_of_the_patient(run):
    """Each of 6 sessions takes 20 + 40 + 60 minutes; all are on weekdays, and none may drive home."""
    assert (
        "What this asks of you, from Mon 2027-01-04 to Fri 2027-01-15:\n"
        "  6 visits, 12 h 00 min at the clinic\n"
        "  6 rides home with somebody else at the wheel\n"
        "  6 days off (Monday to Friday)\n"
    ) in run(*MWF).out


def small_course(
    *days: date, place: str = "clinic", driving: timedelta | None = timedelta(hours=24)
) -> Course:
    phase = Phase(
        kind="induction",
        name="induction",
        count=len(days),
        study_days=tuple((day - days[0]).days + 1 for day in days),
        anatomy=Anatomy(prepare=15, infusion=40, observation=20),
        no_driving=driving,
        place=place,
    )
    protocol = Protocol(id="small", version="1", title="Small", phases=(phase,))
    sessions = [
        Session(id=f"s{n}", phase="induction", day=day, time=time(9)) for n, day in enumerate(days, 1)
    ]
    return Course(protocol=protocol, zone="Europe/Amsterdam", sessions=tuple(sessions))


SATURDAY, MONDAY = date(2027, 1, 9), date(2027, 1, 11)


@pytest.mark.parametrize(
    ("course", "words"),
    [
        (small_course(MONDAY), ["1 visit, 1 h 15 min at the clinic", "1 ride home", "1 day off"]),
        (small_course(SATURDAY), ["1 visit, 1 h 15 min at the clinic", "1 ride home", "0 days off"]),
        (
            small_course(SATURDAY, MONDAY, driving=None),
            ["2 visits, 2 h 30 min at the clinic", "0 rides home", "1 day off"],
        ),
        (
            small_course(MONDAY, place="home"),
            ["0 visits, 0 h 00 min at the clinic", "0 rides home", "0 days off"],
        ),
    ],
    ids=["one", "on a Saturday", "who may drive", "at home"],
)
def test_one_and_many_are_counted_in_words(course, words):
    first, *lines = pictures.demands_of(course).split("\n")
    assert [line.strip()[: len(word)] for line, word in zip(lines, words, strict=True)] == words
    assert first.startswith("What this asks of you, from ")


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
    assert len(re.findall(r"^[MWF]\w\w 2027-01-\d\d  ", out, re.M)) == 10


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


def test_json_is_all_that_stands_on_standard_output(run):
    done = run(*MWF, "--json", "-o", "course.ics")
    found = json.loads(done.out)
    assert done.err == ""
    assert done.out.isascii()
    assert found["asks"] == {
        "visits": 6,
        "minutes": 720,
        "rides": 6,
        "workdays": 6,
        "first": "2027-01-04",
        "last": "2027-01-15",
    }
    assert {finding["code"] for finding in found["findings"]} == {"KS211"}
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
    assert [finding["code"] for finding in found[0]["findings"]] == ["KS211"]


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
    """A protocol without a note, its dates as it asks for, and no calendar needed where there are no hours."""
    assert run("new", "own").code == 0
    own = Path("own.toml").read_text("utf-8")
    Path("own.toml").write_text(re.sub("^note = .*$", "", own, flags=re.M), encoding="utf-8")
    words = ("plan", "--protocol", "own.toml", "--start", "2027-01-04", *WEEK, "--boosters", "2")
    assert run(*words).out.endswith(f"no findings\n{pictures.DISCLAIMER}\n")
    run(*words, "-o", "course.json")
    assert run("check", "course.json", *WEEK) == Done(0, "no findings\n", "")


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
    assert "appointment" not in shown.output
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
def test_a_terminal_without_our_signs_gets_others(encoding, error, closed):
    """To a terminal that calls itself ASCII click writes UTF-8."""
    env = {"LC_ALL": "C", "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = started("check", "--protocol", "iv-mwf-6", "2027-01-04", "2027-01-05", env=env)
    assert (done.returncode, done.stderr) == (1, b"")
    assert (error or "✗ error".encode()) in done.stdout
    done = started(*MWF, env=env)
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
