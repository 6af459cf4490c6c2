"""A course that is followed from the command line: six infusions on Mondays and Thursdays."""

from __future__ import annotations

import pytest

from followed import CLINIC, FILE, FOURTH, HOURS, PROTOCOL, on


@pytest.fixture(autouse=True)
def _files(own_folder):
    (own_folder / "t.toml").write_text(PROTOCOL, encoding="utf-8")
    (own_folder / "clinic.toml").write_text(CLINIC, encoding="utf-8")


@pytest.fixture
def course(run):
    """4, 7, 11, 14, 18 and 21 January 2027, each at 09:00: s1 to s6."""
    words = ("--start", "2027-01-04", "--time", "09:00", "--id", "A-017", "--at", "2026-12-01T09:00:00Z")
    assert run("plan", "--protocol", "t.toml", *HOURS, *words, "-o", FILE).code == 0
    return FILE


@pytest.fixture
def third(run, course):
    """The course after the third session, recorded at noon each day."""
    for day in ("2027-01-04", "2027-01-07", "2027-01-11"):
        assert run("record", course, day, "fulfilled", *on(day)).code == 0
    return course


@pytest.fixture
def lapsed(run, third):
    """Worked case: three missed after the third; the patient is back on Monday 15 February, 35 days after it."""
    for day in (FOURTH, "2027-01-18", "2027-01-21"):
        assert run("record", third, day, "no-show", *on(day)).code == 0
    return third
