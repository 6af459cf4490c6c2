"""Two who change one course at the same time: each waits for the other, or is told who was there first."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
import pytest

from followed import FOURTH, HOURS, everything, on, said_in_four_parts
from ketsched.cli import inputs, recording
from ketsched.files import Lock
from ketsched.interchange import coursefile, dumps, read

NOW = datetime(2027, 1, 14, 12, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch):
    """Set the clock of this machine."""

    def setting(at):
        monkeypatch.setattr(inputs, "clock", lambda: at)

    setting(NOW)
    return setting


@pytest.fixture
def terminal(monkeypatch):
    """Type something on a terminal."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    return lambda typed: monkeypatch.setattr(sys, "stdin", Terminal(typed))


def desk(*words):
    """Start a command at another desk."""
    return subprocess.Popen(
        [sys.executable, "-m", "ketsched.cli", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def test_four_who_record_within_a_second_are_all_heard(course):
    days = ("2027-01-04", "2027-01-07", "2027-01-11", FOURTH)
    at = "2027-01-15T20:00:00Z"
    desks = [desk("record", course, day, "fulfilled", "--at", at) for day in days]
    assert [one.wait(timeout=120) for one in desks] == [0] * 4
    found = read(course)
    assert sorted(f"{visit.day}" for visit in found.visits) == sorted(days)
    assert len(found.revisions) == 5
    assert not list(Path().glob(".*"))


def test_a_hold_and_a_visit_are_both_kept(course):
    at = ("--at", "2027-01-08T15:00:00Z")
    desks = [
        desk("hold", course, "--reason", "x", "--who", "Dr A", *at),
        desk("record", course, "2027-01-07", "fulfilled", *at),
    ]
    assert [one.wait(timeout=120) for one in desks] == [0, 0]
    found = read(course)
    assert (len(found.holds), len(found.visits), len(found.revisions)) == (1, 1, 3)


def test_who_comes_late_is_told_who_was_there_and_what_to_do(run, third, clock, terminal, monkeypatch):
    """While a question waits for its answer the file is free; somebody else records meanwhile."""
    assert clock is not None
    terminal("")

    def asked(_):
        other = desk("hold", third, "--reason", "rash", "--who", "Dr A", *on(FOURTH, 11))
        assert other.wait(timeout=60) == 0
        before.update(everything())
        return "yes"

    before: dict[str, bytes] = {}
    monkeypatch.setattr(recording, "_asked", asked)
    words = ("record", third, FOURTH, "stopped-early", "-o", "a.ics")
    done = run(*words)
    assert (done.code, done.out) == (2, "")
    assert said_in_four_parts(done.err), done.err
    assert "course.json was changed in the meantime" in done.err
    assert "began with revision 4; since then Dr A made revision 5 (held) at 2027-01-14T11:00:00Z" in done.err
    assert "give the command again" in done.err
    assert everything() == before
    monkeypatch.setattr(recording, "_asked", lambda _: "yes")
    assert run(*words).code == 0
    found = read(third)
    assert (len(found.holds), len(found.visits), len(found.revisions)) == (1, 4, 6)


@pytest.mark.parametrize(
    ("became", "says"),
    [
        (None, "course.json has gone in the meantime"),
        (b"half a fi", "it was written without a new revision, by a program other than this"),
    ],
)
def test_what_no_lock_keeps_away_is_seen_before_anything_is_written(
    run, third, clock, terminal, monkeypatch, became, says
):
    assert clock is not None
    terminal("")

    def asked(_):
        Path(third).unlink() if became is None else Path(third).write_bytes(became)
        return "yes"

    monkeypatch.setattr(recording, "_asked", asked)
    done = run("record", third, FOURTH, "stopped-early")
    assert (done.code, said_in_four_parts(done.err), says in done.err) == (2, True, True), done.err
    assert (Path(third).read_bytes() if Path(third).exists() else None) == became


def test_who_waits_too_long_is_told(run, third, monkeypatch):
    monkeypatch.setattr("ketsched.files.PATIENCE", 0.1)
    monkeypatch.setattr(coursefile, "PATIENCE", 0.1)
    lock = Lock(Path(third))
    assert lock.take()
    before = everything()
    done = run("record", third, FOURTH, "no-show", *on(FOURTH))
    assert (done.code, said_in_four_parts(done.err)) == (2, True)
    assert "course.json is being changed by somebody else" in done.err
    assert "before that somebody made revision 4 (recorded) at 2027-01-11T12:00:00Z" in done.err
    assert everything() == before
    # Reading is for everybody at any time, and so is trying.
    assert run("next", third, "--as-of", FOURTH).code == 0
    assert run("replan", third, *HOURS, "--missed", FOURTH, *on(FOURTH), "--dry-run").code == 0
    lock.give_up()
    assert run("record", third, FOURTH, "no-show", *on(FOURTH)).code == 0


@pytest.mark.usefixtures("course")
def test_two_plans_cannot_make_one_file(run):
    """The second is refused before it plans, or when it comes to write: nothing is planned over."""
    words = ("plan", "--protocol", "t.toml", "--start", "2027-01-04", *HOURS, *on("2026-12-01"))
    desks = [desk(*words, "--id", f"A-{number}", "-o", "new.json") for number in range(3)]
    codes = [one.wait(timeout=120) for one in desks]
    assert sorted(codes) == [0, 2, 2]
    assert read("new.json").id == f"A-{codes.index(0)}"
    assert run(*words, "--id", "A-9", "-o", "new.json").code == 2


def test_no_lock_is_left_where_there_is_no_course_file(run, own_folder):
    assert run("record", "none.json", FOURTH, "no-show").code == 2
    (own_folder / "folder.json").mkdir()
    assert run("record", "folder.json", FOURTH, "no-show").code == 2
    assert run("plan", "--protocol", "t.toml", "--start", FOURTH, *HOURS, "-o", "none/new.json").code == 2
    assert sorted(path.name for path in own_folder.iterdir()) == ["clinic.toml", "folder.json", "t.toml"]


# The moment of a revision.


def test_today_is_by_the_clock_where_nothing_has_happened_yet(run, course, clock):
    clock(NOW)
    for command in ("next", "history"):
        done = run(command, course)
        assert (done.code, done.err) == (0, "")
        assert done.out == run(command, course, "--as-of", FOURTH).out


def test_two_desks_need_not_agree_on_the_time(run, third, clock):
    """The second desk's clock is behind: its revision is a second later, and today is by its clock."""
    for seconds in (0, 0, -300):
        clock(NOW + timedelta(seconds=seconds))
        assert run("hold", third, "--reason", "x", "--who", "Dr A").err == ""
    found = read(third)
    assert [revision.at for revision in found.revisions[4:]] == [NOW + timedelta(seconds=n) for n in range(3)]
    done = run("hold", third, "--reason", "x", "--who", "Dr A", *on(FOURTH, 11))
    assert (done.code, said_in_four_parts(done.err)) == (2, True)
    assert "The course has a later change" in done.err


@pytest.mark.parametrize(("hours", "warns"), [(24, False), (25, True), (24 * 3650, True)])
def test_a_course_whose_last_revision_lies_ahead_can_be_worked_on(run, third, clock, hours, warns):
    ahead = NOW + timedelta(hours=hours)
    course = read(third)
    revisions = (*course.revisions[:-1], attrs.evolve(course.revisions[-1], at=ahead))
    Path(third).write_bytes(dumps(attrs.evolve(course, revisions=revisions), "json"))
    clock(NOW)
    done = run("record", third, FOURTH, "no-show")
    assert done.code == 0
    assert done.err.startswith("warning: the last revision is of 20") == warns
    found = read(third)
    assert found.revisions[-1].at == ahead + timedelta(seconds=1)
    assert f"{found.visits[-1].day}" == FOURTH
    # Today is by the clock: the next session is not due yet, however far the last revision is ahead.
    assert run("next", third).out == run("next", third, "--as-of", FOURTH).out
    assert run("record", third, "2027-01-18", "no-show").code == 2


@pytest.mark.parametrize(
    ("ahead", "typed", "code"),
    [
        (timedelta(days=1), None, 0),
        (timedelta(days=1, seconds=1), "y\n", 0),
        (timedelta(days=1, seconds=1), "n\n", 130),
        (timedelta(days=3650), "\n", 130),
    ],
)
def test_a_moment_far_ahead_is_asked_about_on_a_terminal(run, third, clock, terminal, ahead, typed, code):
    clock(NOW)
    terminal(typed or "")
    before = everything()
    at = f"{NOW + ahead:%Y-%m-%dT%H:%M:%SZ}"
    done = run("hold", third, "--reason", "x", "--who", "Dr A", "--at", at)
    assert done.code == code, done.err
    assert ("ahead of this machine's clock" in done.err) == (typed is not None)
    assert (everything() == before) == (code != 0)
    plan = ("plan", "--protocol", "t.toml", "--start", "2027-03-01", *HOURS, "--id", "A-1")
    terminal(typed or "")
    assert run(*plan, "--at", at, "-o", "new.json").code == code


def test_without_a_terminal_it_is_taken(run, third, clock):
    clock(NOW)
    assert run("hold", third, "--reason", "x", "--who", "Dr A", "--at", "2037-01-04T20:00:00Z").code == 0
    assert read(third).revisions[-1].at == datetime(2037, 1, 4, 20, tzinfo=UTC)
