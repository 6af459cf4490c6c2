"""Publishing to a server that is made up, from the command line."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from followed import URL, as_json, said_in_four_parts
from ketsched.cli import publishing
from ketsched.interchange.caldav import Published


@pytest.fixture
def server(monkeypatch):
    """Stand in for a server: remembers how it was asked, and answers with one conflict."""
    asked: dict[str, Any] = {}

    def publish(course, url, **how):
        asked.update(how, url=url, course=course.id)
        return (
            Published("u1", "s1", "Appointment", date(2027, 1, 4), "unchanged"),
            Published("u2", "s2", "Appointment", date(2027, 1, 7), "added"),
            *(
                (Published("u5", "s5", "Appointment", date(2027, 1, 18), "conflict", "moved there"),)
                if not how["overwrite"]
                else ()
            ),
        )

    monkeypatch.setattr(publishing, "publish_course", publish)
    monkeypatch.setenv("KETSCHED_CALDAV_USER", "nurse")
    monkeypatch.setenv("KETSCHED_CALDAV_PASSWORD", "secret")
    return asked


def test_publishing_tells_of_conflicts(run, course, server):
    done = run("publish", course, *URL, "--audience", "clinic", "--privacy", "named", "--dry-run")
    assert (done.code, done.err) == (1, "")
    assert re.search(r"Appointment +Mon 2027-01-18 at \d\d:00 +conflict +moved there", done.out)
    assert "1 unchanged, 1 added, 1 conflict" in done.out
    assert "nothing was written: --dry-run" in done.out
    assert server == {
        "url": URL[1],
        "course": "A-017",
        "username": "nurse",
        "password": "secret",
        "audience": "clinic",
        "privacy": "named",
        "overwrite": [],
        "dry_run": True,
        "verify": True,
    }
    assert "secret" not in done.out


def test_a_conflict_is_decided_by_session_or_day(run, course, server):
    Path("own.pem").write_text("", encoding="utf-8")
    for name in ("s5", "2027-01-18"):
        found = as_json(run("publish", course, *URL, "--overwrite", name, "--ca", "own.pem", "--json"))
        assert (server["overwrite"], server["verify"]) == (["s5"], "own.pem")
        assert set(found) == {"dry_run", "events"}
        assert set(found["events"][0]) == {"uid", "booking", "title", "day", "action", "why"}


def test_a_server_that_does_not_answer_is_said(run, course):
    done = run("publish", course, "--caldav", "http://localhost:1/calendar/")
    assert (done.code, done.out, said_in_four_parts(done.err)) == (2, "", True)
