"""What was done by mistake is taken back from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from followed import FOURTH, HOURS, as_json, days, everything, on, said_in_four_parts
from ketsched.interchange import read


@pytest.fixture
def ended(run, third):
    """The course after three sessions, ended on the evening of the third by mistake."""
    assert run("end", third, *HOURS, *on("2027-01-11", 18), "-o", "patient.ics").code == 0
    assert days() == ["04 given", "07 given", "11 given"]
    return third


def test_a_course_that_was_ended_goes_on(run, ended):
    done = run("undo", ended, "--who", "Dr A", *HOURS, *on("2027-01-11", 19), "-o", "patient.ics")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Undone: revision 5. To take that back: ketsched undo course.json\n")
    assert "You have a new appointment on Thursday 14 January at 09:00." in done.out
    assert done.out.endswith("\nSaved: course.json (revision 6), patient.ics (patient, discreet).\n")
    assert days() == ["04 given", "07 given", "11 given", "14", "18", "21"]
    assert "STATUS:CANCELLED" not in Path("patient.ics").read_text("utf-8")
    assert (read(ended).ended, read(ended).revisions[-1].who) == (None, "Dr A")
    assert "undone: revision 5" in run("history", ended).out
    again = run("undo", ended, *on("2027-01-11", 20))
    assert again.out.startswith("Undone: revision 6, itself an undo. To take that back: ketsched undo")
    assert days() == ["04 given", "07 given", "11 given"]


def test_it_goes_back_to_a_revision_as_history_counts_them(run, ended):
    found = as_json(run("undo", ended, "--to", "3", *on("2027-01-11", 19), "--json"))
    assert found["written"]
    assert days() == ["04 given", "07 given", "11", "14", "18", "21"]
    assert read(ended).revisions[-1].what == "undone: revisions 4 to 5"


def test_without_hours_it_says_that_they_were_not_looked_at(run, ended):
    Path("clinic.toml").unlink()  # it is looked for beside the course
    done = run("undo", ended, *on("2027-01-11", 19))
    assert "! Whether the hours are still free was not checked: add --clinic FILE" in done.out
    # What takes no hour needs none.
    assert run("hold", ended, "--reason", "x", "--who", "Dr A", *on("2027-01-11", 20)).code == 0
    assert "not checked" not in run("undo", ended, *on("2027-01-11", 21)).out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--to", "6"), "an undo to revision 6"),
        (("--to", "5"), "give one from 1 to 4"),
        (("--to", "0"), "an undo to revision 0"),
        (on("2027-01-15"), "s4 would be booked on 2027-01-14 again"),
        ((*HOURS, "--closed", "2027-01-18"), "s5 cannot be on 2027-01-18 at 09:00 again"),
        (("--courses", "nowhere", *HOURS), "'nowhere' is not a folder"),
    ],
)
def test_what_cannot_be_undone_is_said_and_nothing_changes(run, ended, words, says):
    before = everything()
    done = run("undo", ended, *(words if "--at" in words else (*words, *on("2027-01-11", 19))))
    assert (done.code, done.out) == (2, "")
    assert said_in_four_parts(done.err), done.err
    assert says in done.err
    assert everything() == before


def test_an_hour_that_another_course_has_got_meanwhile_is_not_taken(run, ended):
    """The clinic has one chair; somebody else was planned into what had become free."""
    Path("others").mkdir()
    plan = (
        "plan",
        "--protocol",
        "t.toml",
        "--start",
        FOURTH,
        "--time",
        "09:00",
        "--id",
        "B-1",
        "--chairs",
        "1",
    )
    assert run(*plan, *HOURS, *on("2027-01-11", 19), "-o", "others/b.json").code == 0
    done = run("undo", ended, *HOURS, "--chairs", "1", "--courses", "others", *on("2027-01-11", 20))
    assert (done.code, said_in_four_parts(done.err)) == (2, True)
    assert "s4 cannot be on 2027-01-14 at 09:00 again" in done.err
    assert run("undo", ended, *HOURS, "--chairs", "2", "--courses", "others", *on("2027-01-11", 20)).code == 0


def test_the_first_revision_cannot_be_undone(run, course):
    done = run("undo", course, *on("2027-01-02"))
    assert (done.code, said_in_four_parts(done.err)) == (2, True)
    assert "the first revision cannot be undone" in done.err
