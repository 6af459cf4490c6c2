"""Moving sessions by hand from the command line."""

from __future__ import annotations

import re
from datetime import date, time
from pathlib import Path

import attrs
import pytest

from followed import FILE, FOURTH, HOURS, PROTOCOL, as_json, days, everything, on
from ketsched.interchange import read, write


def test_a_move_that_breaks_a_rule_is_refused_with_its_range_and_a_repair(run, third):
    """Worked case: session 5 to Wednesday 20 January is 1 day before session 6; 6 to Friday repairs it."""
    before = everything()
    words = ("move", third, "s5", "2027-01-20", *HOURS, *on("2027-01-12"))
    done = run(*words)
    assert (done.code, done.err) == (1, "")
    assert done.out == (
        "Infusion 5 cannot move from Mon 2027-01-18 to Wed 2027-01-20:\n"
        "  1 day before infusion 6; the protocol requires 2.\n"
        "Possible with the others as they are: from Mon 2027-01-18 to Tue 2027-01-19.\n"
        "Let the others follow: --repair.  Move it anyway: --alone.  Not saved.\n"
    )
    more = "With the others moved\n  moved  infusion 5  Mon 18 to Wed 2027-01-20 at 09:00  moved by hand\n"
    assert more in run(*words, "--verbose").out
    found = as_json(run(*words, "--json"), code=1)
    assert set(found) == {"changed", "written", "revision", "move", "repair", "say"}
    assert found["move"] == {
        "session": "s5",
        "from": "2027-01-18",
        "to": "2027-01-20",
        "earliest": "2027-01-16",
        "latest": "2027-01-19",
        "days": ["2027-01-18", "2027-01-19"],
        "breaks": ["1 day before infusion 6; the protocol requires 2"],
        "error": None,
    }
    assert everything() == before
    assert run(*words, "--repair").code == 0
    assert days()[3:] == ["14", "20", "22"]


@pytest.mark.parametrize(
    ("day", "code"), [("2027-01-15", 1), ("2027-01-18", 0), ("2027-01-19", 0), ("2027-01-20", 1)]
)
def test_within_its_range_a_session_is_moved_at_once(run, third, day, code):
    done = run("move", third, "s5", f"{day}", *HOURS, *on("2027-01-12"))
    assert done.code == code
    assert (read(third).sessions[4].day == date.fromisoformat(day)) == (code == 0)


def test_a_session_moved_alone_is_pinned_and_a_waiver_documents_it(run, third):
    """Worked case: session 5 on the 20th with a waiver; the clinic then cancels session 6, and 5 stays."""
    words = ("move", third, "2027-01-18", "2027-01-20", *HOURS, "--alone")
    done = run(*words, "--dry-run", *on("2027-01-12"))
    assert "! Moved all the same: 1 day before infusion 6; the protocol requires 2.\n" in done.out
    assert 'To document it: the same with --reason "why" --who NAME\n' in done.out
    assert "\n1 problem: ketsched check course.json\n" in done.out
    assert done.out.endswith("\nNot saved (--dry-run).\n")
    done = run(*words, "--reason", "travels on the 18th", "--who", "Dr A", *on("2027-01-12"))
    assert done.code == 0
    assert "ketsched check" not in done.out
    course = read(third)
    assert (course.sessions[4].day, course.sessions[4].pinned) == (date(2027, 1, 20), True)
    ((waiver),) = course.waivers
    assert (waiver.rule, waiver.reason, waiver.who) == ("KS101", "travels on the 18th", "Dr A")
    for day in (FOURTH,):
        run("record", third, day, "fulfilled", *on(day))
    run("record", third, "2027-01-21", "cancelled", "--by", "clinic", *on("2027-01-15"))
    assert run("replan", third, *HOURS, *on("2027-01-15", 13)).code == 0
    assert days()[3:] == ["14 given", "20", "25"]


def test_the_reason_may_come_after_the_move(run, third):
    words = ("move", third, "s5", "2027-01-20", *HOURS, "--alone")
    assert run(*words, *on("2027-01-12")).code == 0
    assert run(*words, *on("2027-01-12")).out == "Nothing to change: every date can stay.\n"
    waive = ("--reason", "travels on the 18th", "--who", "Dr A")
    done = run(*words, *waive, *on("2027-01-12", 13))
    assert done.code == 0
    assert "Exception by Dr A: KS101, infusion 5, infusion 6: travels on the 18th\n" in done.out
    assert "ketsched check" not in done.out
    course = read(third)
    assert [(waiver.rule, waiver.who) for waiver in course.waivers] == [("KS101", "Dr A")]
    assert (course.revisions[-1].what, course.revisions[-1].who) == ("waived", "Dr A")
    assert course.sessions[4].day == date(2027, 1, 20)
    again = run(*words, *waive, *on("2027-01-12", 14))
    assert again.out == "Nothing to change: every date can stay.\n"
    assert len(read(third).waivers) == 1


def test_a_closed_day_has_nothing_on_it(run, third):
    for words in ((), ("--alone",), ("--repair",)):
        done = run("move", third, "s5", "2027-01-23", *HOURS, *words, *on("2027-01-12"))
        assert (done.code, done.err) == (1, "")
        assert "\n  Sat 2027-01-23: " in done.out
        assert done.out.endswith("Not saved.\n")


def test_several_are_moved_together(run, third):
    before = everything()
    words = ("move", third, "s4", "2027-01-15", "s5", "2027-01-21", *HOURS)
    done = run(*words, *on("2027-01-12"))  # the sixth is on the 21st as well: it goes to Monday
    assert done.code == 1
    assert re.search(r"^  moved  infusion 6  Thu 21 to Mon 2027-01-25 at 09:00 ", done.out, re.M)
    assert done.out.endswith("\nLet the others follow: --repair.  Not saved.\n")
    assert everything() == before
    assert set(as_json(run(*words, *on("2027-01-12"), "--json"), code=1)) == {
        "changed",
        "written",
        "revision",
        "move",
        "repair",
        "say",
    }
    assert run(*words, "--repair", *on("2027-01-12")).code == 0
    assert days()[3:] == ["15", "21", "25"]
    words = ("move", third, "s4", "2027-01-14", "s5", "2027-01-20", *HOURS)
    assert run(*words, *on("2027-01-12")).code == 0  # nobody else has to move
    assert days()[3:] == ["14", "20", "25"]


REVIEW = """
[[companion]]
id = "review"
kind = "appointment"
topic = "review"
title = "Review"
anchor = { session = 3 }
window = { earliest = 1, recommended = 2, latest = 5, source = "own", mark = "house default" }
duration = { value = "PT1H", source = "own", mark = "house default" }
"""


@pytest.fixture
def added(run):
    """A course without a booking for the review that its protocol has: it was planned in weeks without a free day."""
    Path("t.toml").write_text(PROTOCOL + REVIEW, encoding="utf-8")
    words = ("--start", "2027-01-04", "--time", "09:00", "--id", "A", "--at", "2026-12-01T09:00:00Z")
    run("plan", "--protocol", "t.toml", *HOURS, *words, "-o", FILE)
    course = read(FILE)
    write(attrs.evolve(course, companions=()), FILE)
    return FILE


def test_an_appointment_is_booked_and_confirmed_by_hand(run, added):
    words = ("appointments", added, *HOURS)
    done = run(*words, "--book", "review=2027-01-17", *on("2027-01-05"))  # a Sunday
    assert done.code == 1
    assert "Review cannot be booked on Sun 2027-01-17:\n" in done.out
    assert "2027-01-17: not among the hours of the clinic" in done.out
    late = run(*words, "--book", "review=2027-01-18T14:00", *on("2027-01-05"))
    assert "2027-01-18: the protocol has it on 2027-01-12 to 2027-01-16" in late.out
    assert late.out.endswith("Move it anyway: --alone.  Not saved.\n")
    said = as_json(run(*words, "--book", "review=2027-01-18T14:00", "--json", *on("2027-01-05")), code=1)
    assert (said["move"]["from"], said["move"]["to"]) == (None, "2027-01-18")
    done = run(*words, "--book", "review=2027-01-13T14:00", "--who", "anna", *on("2027-01-05"))
    assert (done.code, done.err) == (0, "")
    assert "  new  Review  Wed 2027-01-13 at 14:00  booked by hand\n" in done.out
    again = run("replan", *words[1:], *on("2027-01-06"))
    assert again.out == "Nothing to change: every date can stay.\n"
    again = run(*words, "--book", "review=2027-01-13T14:00", *on("2027-01-06"))
    assert "Review lacks no booking" in again.err
    assert "fix:   move it (ketsched move)" in again.err
    stop = ("--reason", "fever", "--who", "Dr A", "--since", "2027-01-07")
    assert run("hold", added, *stop, *on("2027-01-06")).code == 0
    (review,) = read(added).companions
    assert review.status == "tentative"
    assert run(*words, "--confirm", "review", *on("2027-01-06", 13)).code == 0
    (review,) = read(added).companions
    assert (review.status, review.pinned, review.time) == ("firm", True, time(14))


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        (("--book", "reviw=2027-01-13"), "did you mean review?"),
        (("--book", "review=T14:00"), "write review=2027-02-05T14:00"),
        (("--book", "review"), "write 5=2027-01-20, review=2027-02-05T14:00"),
        (("--book", "review=2027-01-13", "--confirm", "4"), "give one, then the other"),
        (("--confirm", "9"), "name one of these"),
        (("--alone",), "add --book NAME=WHEN, or leave them out"),
    ],
)
def test_what_is_not_booked_or_confirmed(run, added, words, fix):
    done = run("appointments", added, *HOURS, *words, *on("2027-01-05"))
    assert done.code == 2
    assert fix in " ".join(done.err.split())
