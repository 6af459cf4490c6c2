"""One page for the doctor; calendars written anew; what needs no hours."""

from __future__ import annotations

import re
from pathlib import Path

from followed import FOURTH, HOURS, as_json, everything, on


def facts(out: str) -> dict[str, str]:
    """The page as a mapping: lines that go on belong to the name above them."""
    found: dict[str, str] = {}
    name = ""
    for line in out.splitlines()[1:]:
        row = re.match(r"  (\S+(?: \S+)*)  +(.*)", line)
        name, text = row.groups() if row else (name, line.strip())
        found[name] = f"{found.get(name, '')} {text}".strip()
    return found


def test_the_page_has_what_was_given_what_is_next_and_what_changed(run, third):
    """Six on Mondays and Thursdays from 4 January: three given, the fourth missed on the 14th."""
    assert run("record", third, FOURTH, "missed", "--who", "Nurse B", *on(FOURTH)).code == 0
    before = everything()
    done = run("status", third, "--as-of", "2027-01-15")
    assert (done.code, done.err, everything()) == (0, "", before)
    assert len(done.out.splitlines()) <= 20
    page = facts(done.out)
    assert page["given"] == "3 of 6; the last on Mon 2027-01-11"
    assert page["missed"] == "1: Thu 2027-01-14"
    assert page["next"].startswith(
        "infusion 4, Mon 2027-01-18 at 09:00 may be from Fri 2027-01-15 to Mon 2027-01-18"
    )
    assert re.fullmatch(
        r"revision 5, Thu 2027-01-14 13:00: Thu 2027-01-14 missed, by Nurse B", page["last change"]
    )
    found = as_json(run("status", third, "--as-of", "2027-01-15", "--json"))
    assert found["given"] == {"induction": {"given": 3, "of": 6}}
    assert (found["missed"], found["cancelled"], found["to_come"]) == (1, 0, 3)
    assert found["forecast"]["next"]["latest"] == "2027-01-18"  # 7 days after the 11th


def test_holds_are_told_until_they_are_released(run, third):
    words = ("--reason", "blood pressure", "--who", "Dr A", "--since", FOURTH)
    assert run("hold", third, *words, *on("2027-01-12")).code == 0
    page = facts(run("status", third, "--as-of", "2027-01-12").out)
    assert page["holds"] == "h1: all on hold since Thu 2027-01-14, blood pressure (Dr A)"
    assert run("release", third, "h1", "--who", "Dr A", "--on", "2027-01-13", *on("2027-01-13")).code == 0
    assert "holds" not in facts(run("status", third, "--as-of", "2027-01-13").out)


def test_of_a_course_that_was_ended_nothing_is_to_come(run, third):
    assert run("end", third, *HOURS, *on("2027-01-12")).code == 0
    page = facts(run("status", third, "--as-of", "2027-01-13").out)
    assert page["given"].startswith("3 of 6;")
    assert page["to come"] == "none: ended on Tue 2027-01-12"
    assert "next" not in page


def test_who_only_ends_or_cancels_needs_no_hours(run, third):
    Path("clinic.toml").unlink()
    assert run("cancel", third, "6", "--by", "patient", *on("2027-01-12")).code == 0
    done = run("end", third, *on("2027-01-12", 13))
    assert done.code == 0
    assert done.err == "clinic.toml is not beside course.json any more: going on without it\n"
    assert facts(run("status", third, "--as-of", "2027-01-13").out)["cancelled"] == "1: Thu 2027-01-21"


def test_calendars_are_written_without_a_change_of_the_course(run, third):
    before = Path(third).read_bytes()
    done = run("export", third, "-o", "patient.ics", "-o", "clinic.ics:clinic,full")
    assert (done.code, done.err) == (0, "")
    assert done.out == "wrote patient.ics (patient, discreet)\nwrote clinic.ics (clinic, full)\n"
    assert Path(third).read_bytes() == before
    assert Path("patient.ics").read_text("utf-8").count("BEGIN:VEVENT") >= 6
    for words, says in (((), "no file to write"), (("-o", "x.json"), "second course file")):
        done = run("export", third, *words)
        assert (done.code, done.out) == (2, "")
        assert says in done.err


def test_authorize_is_spelled_either_way(run, third):
    assert run("authorize", third, "--sessions", "6", *on("2027-01-12")).code == 0
