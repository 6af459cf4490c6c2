"""What there is to see to in the morning, over many courses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import attrs
import pytest

import ketsched as ks
from ketsched.errors import InvalidInput
from ketsched.model import BookingStatus
from ketsched.screens.morning import Matter, look, matters, morning_parts
from ketsched.tracking import record

CLINIC = ks.Calendar.weekly("America/New_York", mon="09:00-17:00", wed="09:00-17:00", fri="09:00-17:00")
MONDAY = date(2027, 1, 4)


@pytest.fixture
def course():
    """Six sessions on Monday, Wednesday and Friday from 4 January 2027, at 09:00."""
    at = datetime(2026, 12, 1, 9, tzinfo=UTC)
    return ks.plan(ks.load_protocol("iv-mwf-6"), start=MONDAY, calendar=CLINIC, id="A-017", at=at)


def found(course, as_of, days=0):
    return [(matter.kind, matter.day, matter.what) for matter in matters(course, as_of=as_of, days=days)]


def test_the_session_of_today_is_due_and_needs_nothing(course):
    assert found(course, MONDAY) == [("due", MONDAY, "induction at 09:00")]
    assert not any(matter.is_open for matter in matters(course, as_of=MONDAY))


@pytest.mark.parametrize(("days", "soon"), [(1, []), (2, [date(2027, 1, 6)]), (3, [date(2027, 1, 6)])])
def test_what_is_soon_is_within_the_days_asked_for(course, days, soon):
    assert [day for kind, day, _ in found(course, MONDAY, days) if kind == "soon"] == soon


def test_one_that_nobody_recorded_is_asked_about(course):
    (asked,) = (m for m in matters(course, as_of=MONDAY + timedelta(1)) if m.kind == "asked")
    assert asked == Matter("asked", MONDAY, "induction: what became of it?")
    assert asked.is_open


def test_one_that_was_stopped_is_asked_about_until_somebody_says_whether_it_counts(course):
    for counts, kinds in ((None, ["asked"]), (True, [])):
        visit = ks.Visit(MONDAY, "stopped early", counts=counts)
        known = record(course, [visit], at=datetime(2027, 1, 4, 20, tzinfo=UTC))
        assert [kind for kind, _, _ in found(known, MONDAY) if kind == "asked"] == kinds


def test_a_session_to_be_confirmed_says_so(course):
    first, *rest = course.sessions
    unsure = attrs.evolve(course, sessions=(attrs.evolve(first, status=BookingStatus.TENTATIVE), *rest))
    assert found(unsure, MONDAY) == [("due", MONDAY, "induction at 09:00, to be confirmed")]


def test_a_series_that_lacks_a_booking_says_when_it_would_be(course):
    """One missed and not made up for: the sixth would be on Monday 18 January, the next of the pattern."""
    known = record(course, [ks.Visit(MONDAY, "no-show")], at=datetime(2027, 1, 4, 20, tzinfo=UTC))
    assert ("unbooked", date(2027, 1, 18), "induction 6: no booking") in found(known, MONDAY)


@pytest.mark.parametrize("days", [-1, 367])
def test_more_than_a_year_ahead_is_refused(course, days):
    with pytest.raises(InvalidInput, match=f"{days} days ahead"):
        found(course, MONDAY, days)


def test_today_is_the_date_at_the_clinic(course, tmp_path):
    """At 03:00 UTC on Tuesday it is Monday evening in New York."""
    ks.write(course, tmp_path / "a.json")
    now = datetime(2027, 1, 5, 3, tzinfo=UTC)
    seen = look(Path("a.json"), folder=tmp_path, as_of=None, now=now, days=0)
    assert [matter.kind for matter in seen.matters] == ["due"]
    assert (
        look(Path("a.json"), folder=tmp_path, as_of=date(2027, 1, 5), now=now, days=0).matters[0].kind
        == "asked"
    )


def test_a_file_that_cannot_be_read_says_why_and_the_most_urgent_comes_first(course, tmp_path):
    ks.write(course, tmp_path / "a.json")
    (tmp_path / "b.json").write_text("{}")
    now = datetime(2027, 1, 6, 12, tzinfo=UTC)
    seen = [look(Path(name), folder=tmp_path, as_of=None, now=now, days=0) for name in ("a.json", "b.json")]
    parts = list(morning_parts(seen, date(2027, 1, 6), 0))
    assert parts[0] == "2 course files, as of Wed 2027-01-06"
    table = next(part for part in parts if not isinstance(part, str))
    assert [row[0] for row in table.rows] == ["to be asked", "due"]
    assert "1 file cannot be read" in parts
    assert parts[-1] == "1 to be asked, 1 due"
