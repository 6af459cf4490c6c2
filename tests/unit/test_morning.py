"""What there is to see to in the morning, over many courses."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import attrs
import pytest

import ketsched as ks
from ketsched.errors import InvalidInput
from ketsched.model import Anchor, BookingStatus, Companion, PlacedCompanion, Session, Window
from ketsched.screens.morning import Matter, look, matters, morning_parts
from ketsched.tracking import record
from making import phase, protocol

CLINIC = ks.Calendar.weekly("America/New_York", mon="09:00-17:00", wed="09:00-17:00", fri="09:00-17:00")
MONDAY = date(2027, 1, 4)


@pytest.fixture
def course():
    """Six sessions on Monday, Wednesday and Friday from 4 January 2027, at 09:00."""
    at = datetime(2026, 12, 1, 9, tzinfo=UTC)
    return ks.plan(ks.load_protocol("iv-mwf-6"), start=MONDAY, calendar=CLINIC, id="A-017", at=at)


def settled(course):
    """The course with every ride home confirmed, and the tasks for that done."""
    sessions = tuple(attrs.evolve(session, ride="confirmed") for session in course.sessions)
    done = tuple(
        attrs.evolve(p, status=BookingStatus.FULFILLED) if p.time is None else p for p in course.companions
    )
    return attrs.evolve(course, sessions=sessions, companions=done)


def found(course, as_of, days=0):
    """What there is to see to of the sessions themselves."""
    alone = attrs.evolve(course, companions=())
    return [(matter.kind, matter.day, matter.what) for matter in matters(alone, as_of=as_of, days=days)]


def test_the_session_of_today_is_due_and_needs_nothing(course):
    assert found(settled(course), MONDAY) == [("due", MONDAY, "induction 1 at 09:00")]
    assert not any(matter.is_open for matter in matters(settled(course), as_of=MONDAY))


@pytest.mark.parametrize(("days", "soon"), [(1, []), (2, [date(2027, 1, 6)]), (3, [date(2027, 1, 6)])])
def test_what_is_soon_is_within_the_days_asked_for(course, days, soon):
    assert [day for kind, day, _ in found(course, MONDAY, days) if kind == "soon"] == soon


def test_one_that_nobody_recorded_is_asked_about(course):
    (asked,) = (m for m in matters(course, as_of=MONDAY + timedelta(1)) if m.kind == "asked")
    assert asked == Matter("asked", MONDAY, "induction 1: what became of it?")
    assert asked.is_open


def test_one_that_was_stopped_is_asked_about_until_somebody_says_whether_it_counts(course):
    for counts, kinds in ((None, ["asked"]), (True, [])):
        visit = ks.Visit(MONDAY, "stopped early", counts=counts)
        known = record(course, [visit], at=datetime(2027, 1, 4, 20, tzinfo=UTC))
        assert [kind for kind, _, _ in found(known, MONDAY) if kind == "asked"] == kinds


def test_a_session_to_be_confirmed_says_so(course):
    first, *rest = course.sessions
    unsure = attrs.evolve(course, sessions=(attrs.evolve(first, status=BookingStatus.TENTATIVE), *rest))
    assert found(settled(unsure), MONDAY) == [("due", MONDAY, "induction 1 at 09:00, to be confirmed")]


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
    ks.write(settled(course), tmp_path / "a.json")
    now = datetime(2027, 1, 5, 3, tzinfo=UTC)
    seen = look(Path("a.json"), folder=tmp_path, as_of=None, now=now, days=0)
    assert [matter.kind for matter in seen.matters] == ["due"]
    assert (
        look(Path("a.json"), folder=tmp_path, as_of=date(2027, 1, 5), now=now, days=0).matters[0].kind
        == "asked"
    )


def test_a_file_that_cannot_be_read_says_why_and_today_comes_first(course, tmp_path):
    ks.write(settled(course), tmp_path / "a.json")
    (tmp_path / "b.json").write_text("{}")
    now = datetime(2027, 1, 6, 12, tzinfo=UTC)
    seen = [look(Path(name), folder=tmp_path, as_of=None, now=now, days=0) for name in ("a.json", "b.json")]
    parts = list(morning_parts(seen, date(2027, 1, 6), 0))
    assert parts[0] == "2 course files, as of Wed 2027-01-06"
    table = next(part for part in parts if not isinstance(part, str))
    assert [row[0] for row in table.rows] == ["due", "to be asked"]
    assert "1 file cannot be read" in parts
    assert parts[-1] == "1 due, 1 to be asked"


# All of a day


def around(day, *, minutes=0, **more):
    """A companion of the first session, on its day or before it."""
    fields = {"topic": "note", "title": more["id"].capitalize(), "anchor": Anchor(session=1)} | more
    kind = "appointment" if minutes else "task"
    return Companion(
        kind=kind, minutes=minutes, window=Window(earliest=day, recommended=day, latest=day), **fields
    )


def whole_day():
    """
    All on Monday 4 January 2027 but the look on Sunday before it, and the form after it.

    A screening that decides at 08:00, the session at 10:00, a call at 15:00, and a task.
    """
    companions = (
        around(0, id="screening", minutes=30, topic="screening", gate=True),
        around(0, id="call", minutes=15, topic="check-in", place="telephone"),
        around(0, id="ride", topic="ride"),
        around(-1, id="list"),
        around(2, id="form"),
    )
    course = ks.Course(
        protocol=protocol(phase(2, weekdays=(0, 3), no_driving="next day"), companions=companions),
        zone="UTC",
        id="A-017",
        sessions=(
            Session(id="s1", phase="induction", day=MONDAY, time=time(10)),
            Session(id="s2", phase="induction", day=date(2027, 1, 7), time=time(10)),
        ),
    )
    placed = [
        ("list", date(2027, 1, 3), None),
        ("screening", MONDAY, time(8)),
        ("call", MONDAY, time(15)),
        ("ride", MONDAY, None),
        ("form", date(2027, 1, 6), None),
    ]
    bookings = (
        PlacedCompanion(id=f"{name}:s1", companion=name, session="s1", day=day, time=at)
        for name, day, at in placed
    )
    return attrs.evolve(course, companions=tuple(sorted(bookings, key=lambda booking: booking.when)))


def said(course, day, days=0):
    return [(m.kind, m.at, m.what) for m in matters(course, as_of=date(2027, 1, day), days=days)]


def test_all_of_a_day_is_listed_by_the_hour():
    assert said(whole_day(), 4) == [
        ("late", None, "List for induction 1"),
        ("due", time(8), "Screening at 08:00; decides about sessions"),
        ("due", time(10), "induction 1 at 10:00, ride home not known"),
        ("due", time(15), "Call at 15:00"),
        ("due", None, "Ride for induction 1"),
    ]


@pytest.mark.parametrize(
    ("ride", "words"),
    [("confirmed", ""), ("none", ", no ride home"), ("self", ", means to drive home")],
)
def test_what_is_known_of_the_ride_home_is_said(ride, words):
    course = whole_day()
    first, second = course.sessions
    known = attrs.evolve(course, sessions=(attrs.evolve(first, ride=ride), second))
    assert ("due", time(10), f"induction 1 at 10:00{words}") in said(known, 4)


def test_what_is_done_or_closed_is_not_listed():
    course = whole_day()
    for status in (BookingStatus.FULFILLED, BookingStatus.CLOSED):
        over = tuple(attrs.evolve(placed, status=status) for placed in course.companions)
        assert [kind for kind, _, _ in said(attrs.evolve(course, companions=over), 4)] == ["due"]


def test_a_day_later_only_what_can_still_be_done_is_left():
    """What was to be done until the session is over with its day; its form is due on Wednesday."""
    assert said(whole_day(), 5, days=1) == [
        ("undecided", None, "Screening: what was decided?"),
        ("soon", None, "Form for induction 1"),
        ("asked", None, "induction 1: what became of it?"),
    ]
    late = [(kind, what) for kind, _, what in said(whole_day(), 7)]
    assert ("late", "Form for induction 1") in late


def test_sessions_that_nobody_recorded_are_one_line_with_their_numbers(course):
    (asked,) = (m for m in matters(course, as_of=date(2027, 1, 9)) if m.kind == "asked")
    assert (asked.day, asked.what) == (
        MONDAY,
        "induction 1 (Mon 2027-01-04), 2 (Wed 2027-01-06), 3 (Fri 2027-01-08): what became of them?",
    )


@pytest.mark.parametrize(("day", "early"), [(11, False), (12, True)])
def test_a_booking_before_its_earliest_day_is_to_be_seen_to(course, day, early):
    """At least 2 days apart: with the fourth given on the 12th the fifth, on Wednesday 13, is a day early."""
    visits = [ks.Visit(date(2027, 1, d)) for d in (4, 6, 8)]
    visits.append(ks.Visit(date(2027, 1, day), session="s4"))
    known = record(course, visits, at=datetime(2027, 1, 12, 20, tzinfo=UTC))
    found_early = [(m.day, m.what) for m in matters(known, as_of=date(2027, 1, 12)) if m.kind == "early"]
    said = [(date(2027, 1, 13), "induction 5: booked before its earliest day, Thu 2027-01-14")]
    assert found_early == (said if early else [])


def test_every_place_without_a_booking_is_counted(course):
    visits = [ks.Visit(MONDAY, "no-show"), ks.Visit(date(2027, 1, 6), "no-show")]
    known = record(course, visits, at=datetime(2027, 1, 6, 20, tzinfo=UTC))
    assert ("unbooked", date(2027, 1, 18), "induction 5: no booking, nor 1 more") in found(
        known, date(2027, 1, 6)
    )
