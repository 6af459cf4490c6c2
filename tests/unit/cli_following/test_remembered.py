"""What a command was told of the patient and the clinic's files holds for every later one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from followed import CLINIC, FILE, HOURS, on, said_in_four_parts
from ketsched.interchange import read

CASE = """
id = "A-017"
protocol = "t.toml"
clinic = "clinic.toml"
start = 2027-01-04
time = "10:00"
[[cannot]]
weekdays = ["Tue"]
"""
AT = ("--at", "2026-12-01T09:00:00Z")
MONDAY_CLOSED = ("--closed", "2027-01-11")
TUESDAY = 1


@pytest.fixture
def planned(run):
    """Six on Mondays and Thursdays at 10:00, of somebody who cannot on Tuesdays."""
    Path("case.toml").write_text(CASE, encoding="utf-8")
    assert run("plan", "case.toml", *AT, "-o", FILE).code == 0
    return FILE


def weekdays() -> set[int]:
    return {session.day.weekday() for session in read(FILE).standing()}


def test_what_the_patient_cannot_holds_when_a_day_closes(run, planned):
    """Without it, Tuesday 12 would be the nearest day that keeps two days to the others."""
    assert run("replan", planned, *HOURS, *MONDAY_CLOSED, *on("2027-01-05")).code == 0
    assert "2027-01-11" not in [str(session.day) for session in read(FILE).standing()]
    assert TUESDAY not in weekdays()
    course = json.loads(Path(FILE).read_text("utf-8"))
    del course["patient"]
    Path("other.json").write_text(json.dumps(course), encoding="utf-8")
    assert run("replan", "other.json", *MONDAY_CLOSED, *on("2027-01-05", 13)).code == 0


def test_the_clinic_is_known_and_its_closed_days_belong_into_its_file(run, planned):
    done = run("replan", planned, *MONDAY_CLOSED, "--closed", "2027-01-25..2027-01-29", *on("2027-01-05"))
    assert (done.code, done.err) == (0, "")
    assert (
        "not remembered: what is closed; put it into clinic.toml, for all courses and\n"
        "commands\n"
        "  [[closed]] on = 2027-01-11\n"
        "  [[closed]] from = 2027-01-25, to = 2027-01-29\n"
    ) in done.out
    assert "[[closed]]" not in run("replan", planned, *on("2027-01-05", 13)).out


def test_days_away_are_remembered_though_nothing_moves(run, planned):
    words = ("--away", "2027-01-12..2027-01-13", "--away", "2027-02-01")
    done = run("replan", planned, *words, *on("2027-01-05"))
    assert "Saved: course.json (revision 2)." in done.out
    assert [str(day) for day in read(FILE).patient.away] == ["2027-01-12", "2027-01-13", "2027-02-01"]
    assert run("replan", planned, *words, *on("2027-01-05", 13)).out.startswith(
        "Nothing to change: every date"
    )
    assert run("replan", planned, *MONDAY_CLOSED, *on("2027-01-05", 14)).code == 0
    assert not {"2027-01-12", "2027-01-13"} & {str(session.day) for session in read(FILE).standing()}


def test_a_patient_who_can_come_after_all_is_back(run, planned):
    assert run("replan", planned, "--away", "2027-01-11..2027-01-13", *on("2027-01-05")).code == 0
    assert "2027-01-11" not in [str(session.day) for session in read(FILE).standing()]
    done = run("replan", planned, "--back", "2027-01-13", *on("2027-01-05", 13))
    assert done.code == 0, done.err
    known = read(FILE).patient
    assert [str(day) for day in known.away] == ["2027-01-11", "2027-01-12"]
    assert known.availability.hours[TUESDAY] == ()
    assert f"{known.time:%H:%M}" == "10:00"
    done = run("replan", planned, "--back", "2027-01-13", *on("2027-01-05", 14))
    assert (done.code, said_in_four_parts(done.err)) == (2, True)
    assert "the course knows of 2 days, 2027-01-11 to 2027-01-12" in done.err


def test_a_dry_run_remembers_nothing(run, planned):
    before = Path(planned).read_bytes()
    assert run("replan", planned, "--away", "2027-01-12", "--dry-run", *on("2027-01-05")).code == 0
    assert Path(planned).read_bytes() == before


def test_a_case_comes_in_place_of_what_is_known_and_days_away_stay(run, planned):
    assert run("replan", planned, "--away", "2027-01-13", *on("2027-01-05")).code == 0
    Path("case.toml").write_text(CASE.replace("Tue", "Fri").replace("10:00", "14:00"), encoding="utf-8")
    assert run("replan", planned, "--case", "case.toml", *on("2027-01-05", 13)).code == 0
    known = read(FILE).patient
    assert [bool(hours) for hours in known.availability.hours] == [True] * 4 + [False] + [True] * 2
    assert ([str(day) for day in known.away], f"{known.time:%H:%M}") == (["2027-01-13"], "14:00")
    Path("case.toml").write_text(CASE.partition("[[")[0], encoding="utf-8")
    assert run("replan", planned, "--case", "case.toml", *on("2027-01-05", 14)).code == 0
    assert read(FILE).patient.availability is None


@pytest.mark.parametrize("command", ["record", "appointments"])
def test_other_commands_remember_a_case_too(run, planned, command):
    Path("case.toml").write_text(CASE.replace("Tue", "Fri"), encoding="utf-8")
    words = {
        "record": ("record", planned, "2027-01-04", "fulfilled"),
        "appointments": ("appointments", planned),
    }
    assert run(*words[command], "--case", "case.toml", *on("2027-01-04")).code == 0
    assert read(FILE).patient.availability.hours[4] == ()


def test_new_sessions_come_near_the_usual_time(run, planned):
    assert run("replan", planned, "--missed", "2027-01-04", *on("2027-01-05")).code == 0
    assert {f"{session.time:%H:%M}" for session in read(FILE).standing()} == {"10:00"}


def test_files_are_looked_for_beside_the_course_file_alone(run, planned):
    Path("away").mkdir()
    shutil.move(planned, "away/course.json")
    done = run("next", "away/course.json", "--as-of", "2027-01-05")
    assert done.code == 0
    assert done.err == "clinic.toml is not beside course.json any more: going on without it\n"
    assert "Add --clinic FILE to see which other days are possible." in done.out
    done = run("next", "away/course.json", *HOURS, "--as-of", "2027-01-05")
    assert (done.code, done.err) == (0, "")
    assert "Also possible: " in done.out
    assert run("replan", "away/course.json", *HOURS, "--away", "2027-01-12", *on("2027-01-05")).code == 0
    assert read("away/course.json").files.clinic == "clinic.toml"  # as it was: the one given is elsewhere


def test_what_is_not_beside_the_course_file_is_said_when_it_is_planned(run):
    Path("courses").mkdir()
    Path("case.toml").write_text(CASE, encoding="utf-8")
    done = run("plan", "case.toml", *AT, "-o", "courses/course.json")
    said = "Not remembered: clinic.toml is not beside course.json. Give it again, or keep"
    assert said in done.out
    assert read("courses/course.json").files.clinic == ""


def test_hours_that_were_typed_come_before_the_file_that_is_known(run, planned):
    words = (
        "--zone",
        "Europe/Amsterdam",
        "--hours",
        "mon-sun 09:00-17:00",
        "--as-of",
        "2027-01-05",
        "--json",
    )
    week = json.loads(run("next", planned, *words).out)["bookable"]
    assert "2027-01-09" in week  # a Saturday
    assert "2027-01-09" not in json.loads(run("next", planned, *words[4:]).out)["bookable"]


def test_a_clinic_file_that_cannot_be_used_is_named(run, planned):
    Path("clinic.toml").write_text("zone = 1", encoding="utf-8")
    done = run("next", planned, "--as-of", "2027-01-05")
    assert (done.code, done.out, said_in_four_parts(done.err)) == (2, "", True)
    assert "clinic.toml" in done.err


def test_check_goes_by_the_clinic_that_is_known(run, planned):
    Path("clinic.toml").write_text(CLINIC + "\n[[closed]]\non = 2027-01-11\n", encoding="utf-8")
    assert "2027-01-11" in run("check", planned).out
    Path("clinic.toml").write_text(CLINIC, encoding="utf-8")
    assert "2027-01-11" not in run("check", planned).out


def test_a_document_of_version_1_says_once_how_to_add_what_is_not_known(run, planned):
    old = json.loads(Path(planned).read_text("utf-8")) | {"version": 1}
    for name in ("patient", "files", "key"):
        del old[name]
    for revision in old["revisions"]:
        del revision["kind"]
    Path(planned).write_text(json.dumps(old), encoding="utf-8")
    assert read(planned).key == ""
    words = ("record", planned, "2027-01-04", "fulfilled", *on("2027-01-04"))
    said = run(*words).err
    assert said == (
        "course.json does not say yet what the patient cannot: add --case CASE.toml once, and it is remembered\n"
    )
    assert run("next", planned, "--as-of", "2027-01-05").err == ""
    done = run("replan", planned, "--case", "case.toml", *MONDAY_CLOSED, *on("2027-01-05"))
    assert (done.code, done.err) == (0, "")
    assert TUESDAY not in weekdays()
    assert read(planned).files.clinic == "clinic.toml"


# Other courses


@pytest.fixture
def two(run):
    """Two courses in one folder, the second planned around the first, at a clinic with one chair."""
    Path("f").mkdir()
    Path("f/clinic.toml").write_text(CLINIC, encoding="utf-8")
    words = ("plan", "--protocol", "t.toml", "--clinic", "f/clinic.toml", "--courses", "f", "--time", "09:00")
    for name in ("p1", "p2"):
        done = run(*words, "--start", "2027-01-04", "--id", name, *AT, "-o", f"f/{name}.json")
        assert done.code == 0, done.err
    return words


@pytest.mark.usefixtures("two")
def test_the_folder_of_other_courses_is_remembered(run):
    one, other = read("f/p1.json"), read("f/p2.json")
    assert other.files.courses == "."
    assert one.sessions[0].time != other.sessions[0].time
    done = run("replan", "f/p2.json", "--time", f"{one.sessions[0].time:%H:%M}", "--add", "2027-01-26", *AT)
    assert done.code == 0, done.err
    assert run("replan", "f/p1.json", "--add", "2027-01-26", *AT).code == 0
    added = [read(f"f/{name}.json").standing()[-1] for name in ("p1", "p2")]
    assert added[0].day == added[1].day
    assert added[0].time != added[1].time


def test_a_second_course_of_one_id_is_refused(run, two):
    done = run(*two, "--start", "2027-01-05", "--id", "p1", *AT, "-o", "f/p3.json")
    assert (done.code, done.out, Path("f/p3.json").exists()) == (2, "", False)
    assert said_in_four_parts(done.err)
    assert "p1.json" in done.err
    assert run(*two, "--start", "2027-01-11", "--id", "p3", *AT, "-o", "f/p3.json").code == 0


@pytest.mark.usefixtures("two")
def test_two_courses_of_one_id_are_named_by_whoever_looks_at_the_folder(run):
    shutil.copy("f/p1.json", "f/copy.json")
    for words in (
        ("replan", "f/p1.json", *on("2027-01-03")),
        ("next", "f/p2.json", "--as-of", "2027-01-03"),
    ):
        done = run(*words)
        assert done.code == 0
        assert "have one id, p1" in done.err
        assert "copy.json" in done.err


@pytest.mark.usefixtures("two")
def test_due_and_check_name_two_courses_of_one_id(run):
    words = (("today", "f", "--as-of", "2027-01-03"), ("check", "f", "--fail-on", "error"))
    assert [run(*command).code for command in words] == [0, 0]
    shutil.copy("f/p1.json", "f/copy.json")
    for command in words:
        done = run(*command)
        assert (done.code, done.err) == (1, "")
        assert "The files copy.json and p1.json have one id, p1. They share the identities" in " ".join(
            done.out.split()
        )
        (shared,) = json.loads(run(*command, "--json").out)["same_id"]
        assert shared["what"] == "The files copy.json and p1.json have one id, p1."


@pytest.mark.usefixtures("two")
def test_check_looks_at_each_file_of_a_folder(run):
    """At p2's hour the clinic of the second course is closed; a file that cannot be read is named, the others read."""
    Path("f/clinic.toml").write_text(CLINIC + "\n[[closed]]\non = 2027-01-11\n", encoding="utf-8")
    done = run("check", "f", "--json")
    found = json.loads(done.out)
    assert (done.code, [one["file"] for one in found["files"]]) == (1, ["p1.json", "p2.json"])
    assert [{f["code"] for f in one["findings"]} & {"KS301"} for one in found["files"]] == [{"KS301"}] * 2
    Path("f/bad.json").write_text("{}", encoding="utf-8")
    done = run("check", "f")
    assert done.code == 2
    assert "bad.json: this is not a course document" in done.out
    assert said_in_four_parts(run("check", "f", "--visits", "v.toml").err)


def test_check_names_a_booking_on_a_day_away(run, planned):
    document = json.loads(Path(planned).read_text("utf-8"))
    document["patient"]["away"] = [{"first": "2027-01-11", "last": "2027-01-11"}]
    Path(planned).write_text(json.dumps(document), encoding="utf-8")
    done = run("check", planned, "--fail-on", "error")
    assert (done.code, done.out.count("! KS310") + done.out.count("x KS310")) == (1, 1)
    assert "(Mon 2027-01-11) is when the patient cannot come" in " ".join(done.out.split())


# The key


def test_a_course_file_keeps_a_key_that_was_made_at_random(run, planned):
    first = read(planned).key
    assert len(first) == 32
    assert run("replan", planned, "--away", "2027-01-12", *on("2027-01-05"), "-o", "a.ics").code == 0
    assert read(planned).key == first
    shutil.move(planned, "old.json")
    assert run("plan", "case.toml", *AT, "-o", FILE).code == 0
    assert read(FILE).key not in ("", first)


@pytest.mark.usefixtures("planned")
def test_without_a_course_file_it_says_how_to_give_the_key_again(run):
    done = run("plan", "case.toml", *AT, "-o", "a.ics")
    said = " ".join(done.out.split())
    key = said.partition("Key: ")[2].split(".")[0]
    assert f"Key: {key}. To plan it again so that calendars update, add --key {key}." in said
    assert run("plan", "case.toml", *AT, "-o", "b.ics", "--key", key).code == 0
    assert Path("a.ics").read_bytes() == Path("b.ics").read_bytes()


@pytest.mark.usefixtures("planned")
def test_no_key_gives_the_identities_of_the_id_alone(run):
    done = run("plan", "case.toml", *AT, "-o", "a.json", "-o", "a.ics", "--key", "")
    assert "To plan it again" not in done.out
    assert read("a.json").key == ""
    Path("case.toml").write_text('key = "k1"\n' + CASE, encoding="utf-8")
    assert run("plan", "case.toml", *AT, "-o", "b.json").code == 0
    assert read("b.json").key == "k1"
    assert run("plan", "case.toml", *AT, "-o", "c.json", "--key", "k2").code == 0
    assert read("c.json").key == "k2"
    assert "This key cannot be used" in run("plan", "case.toml", *AT, "--key", "a/b").err
