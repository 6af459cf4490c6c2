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
    assert found(settled(course), MONDAY) == [("due", MONDAY, "infusion 1")]
    assert not any(matter.is_open for matter in matters(settled(course), as_of=MONDAY))


@pytest.mark.parametrize(("days", "soon"), [(1, []), (2, [date(2027, 1, 6)]), (3, [date(2027, 1, 6)])])
def test_what_is_soon_is_within_the_days_asked_for(course, days, soon):
    assert [day for kind, day, _ in found(course, MONDAY, days) if kind == "soon"] == soon


def test_one_that_nobody_recorded_is_asked_about(course):
    (asked,) = (m for m in matters(course, as_of=MONDAY + timedelta(1)) if m.kind == "asked")
    assert asked == Matter("asked", MONDAY, "infusion 1: Mon 2027-01-04")
    assert asked.is_open


def test_one_that_was_stopped_is_asked_about_until_somebody_says_whether_it_counts(course):
    for counts, kinds in ((None, ["asked"]), (True, [])):
        visit = ks.Visit(MONDAY, "stopped early", counts=counts)
        known = record(course, [visit], at=datetime(2027, 1, 4, 20, tzinfo=UTC))
        assert [kind for kind, _, _ in found(known, MONDAY) if kind == "asked"] == kinds


def test_a_session_to_be_confirmed_says_so(course):
    first, *rest = course.sessions
    unsure = attrs.evolve(course, sessions=(attrs.evolve(first, status=BookingStatus.TENTATIVE), *rest))
    assert found(settled(unsure), MONDAY) == [("due", MONDAY, "infusion 1; to be confirmed")]


def test_a_series_that_lacks_a_booking_says_when_it_would_be(course):
    """One missed and not made up for: the sixth would be on Monday 18 January, the next of the pattern."""
    known = record(course, [ks.Visit(MONDAY, "no-show")], at=datetime(2027, 1, 4, 20, tzinfo=UTC))
    assert ("unbooked", date(2027, 1, 18), "infusion 6: best Mon 2027-01-18") in found(known, MONDAY)


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
    assert list(morning_parts(seen, date(2027, 1, 6), 0))[:-1] == [
        "Wed 2027-01-06                                                         1 course",
        "Today",
        "  09:00  A-017  infusion 2",
        "Please record",
        "         A-017  infusion 1: Mon 2027-01-04",
        "Files that cannot be read",
        "  b.json: this is not a course document",
    ]


NINE = "09:00-17:00"
OPEN = ks.Calendar.weekly("Europe/London", mon=NINE, wed=NINE, thu=NINE, fri=NINE)


def two_courses(folder):
    """G on Monday, Wednesday and Friday, the fourth missed; F on Monday and Thursday, none of them recorded."""
    at = datetime(2026, 12, 1, 9, tzinfo=UTC)
    made = {
        name: ks.plan(
            attrs.evolve(ks.load_protocol(of), companions=()),
            start=MONDAY,
            calendar=OPEN,
            id=name,
            at=at,
            time=time(hour),
        )
        for name, of, hour in (("F", "iv-2xw-3w-6", 9), ("G", "iv-mwf-6", 10))
    }
    given = [ks.Visit(date(2027, 1, day)) for day in (4, 6, 8)]
    missed = ks.Visit(date(2027, 1, 11), "no-show")
    known = record(made["G"], [*given, missed], at=datetime(2027, 1, 11, 18, tzinfo=UTC))
    made["G"] = ks.replan(known, calendar=OPEN, at=datetime(2027, 1, 11, 19, tzinfo=UTC))
    for name, course in made.items():
        ks.write(course, folder / f"{name}.json")


def shown(folder, day, days=0):
    now = datetime.combine(day, time(7), UTC)
    files = sorted(path.name for path in folder.glob("*.json"))
    seen = [look(Path(name), folder=folder, as_of=None, now=now, days=days) for name in files]
    return "\n".join(map(str, morning_parts(seen, None, days))) + "\n"


def test_the_morning_of_two_courses(tmp_path):
    two_courses(tmp_path)
    assert (
        shown(tmp_path, date(2027, 1, 13), 7)
        == """\
Wed 2027-01-13                                                        2 courses
Today
  10:00  G  infusion 4; no ride home known
Please record
         F  infusions 1, 2, 3: Mon 4, Thu 7, Mon 11 January
Next 7 days
  Thu 2027-01-14  09:00  F  infusion 4
  Fri 2027-01-15  10:00  G  infusion 5
  Mon 2027-01-18  09:00  F  infusion 5
  Mon 2027-01-18  10:00  G  infusion 6
"""
    )


def test_a_morning_without_anything_says_what_is_next(tmp_path):
    two_courses(tmp_path)
    (tmp_path / "F.json").unlink()
    assert (
        shown(tmp_path, date(2027, 1, 12))
        == """\
Tue 2027-01-12                                                         1 course
Nothing today in 1 course. Next: G, Wed 2027-01-13 at 10:00.
"""
    )


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
        ("late", None, "List for infusion 1, due Sun 2027-01-03"),
        ("due", time(8), "Screening; a decision"),
        ("due", time(10), "infusion 1; no ride home known"),
        ("due", time(15), "Call"),
        ("due", None, "Ride for infusion 1"),
    ]


@pytest.mark.parametrize(
    ("ride", "words"),
    [("confirmed", ""), ("none", "; no ride home"), ("self", "; means to drive home")],
)
def test_what_is_known_of_the_ride_home_is_said(ride, words):
    course = whole_day()
    first, second = course.sessions
    known = attrs.evolve(course, sessions=(attrs.evolve(first, ride=ride), second))
    assert ("due", time(10), f"infusion 1{words}") in said(known, 4)


def test_what_is_done_or_closed_is_not_listed():
    course = whole_day()
    for status in (BookingStatus.FULFILLED, BookingStatus.CLOSED):
        over = tuple(attrs.evolve(placed, status=status) for placed in course.companions)
        assert [kind for kind, _, _ in said(attrs.evolve(course, companions=over), 4)] == ["due"]


def test_a_day_later_only_what_can_still_be_done_is_left():
    """What was to be done until the session is over with its day; its form is due on Wednesday."""
    assert said(whole_day(), 5, days=1) == [
        ("undecided", None, "Screening, Mon 2027-01-04: waiting for a decision"),
        ("soon", None, "Form for infusion 1"),
        ("asked", None, "infusion 1: Mon 2027-01-04"),
    ]
    late = [(kind, what) for kind, _, what in said(whole_day(), 7)]
    assert ("late", "Form for infusion 1, due Wed 2027-01-06") in late


def test_sessions_that_nobody_recorded_are_one_line_with_their_numbers(course):
    (asked,) = (m for m in matters(course, as_of=date(2027, 1, 9)) if m.kind == "asked")
    assert (asked.day, asked.what) == (
        MONDAY,
        "infusions 1, 2, 3: Mon 4, Wed 6, Fri 8 January",
    )


@pytest.mark.parametrize(("day", "early"), [(11, False), (12, True)])
def test_a_booking_before_its_earliest_day_is_to_be_seen_to(course, day, early):
    """At least 2 days apart: with the fourth given on the 12th the fifth, on Wednesday 13, is a day early."""
    visits = [ks.Visit(date(2027, 1, d)) for d in (4, 6, 8)]
    visits.append(ks.Visit(date(2027, 1, day), session="s4"))
    known = record(course, visits, at=datetime(2027, 1, 12, 20, tzinfo=UTC))
    found_early = [(m.day, m.what) for m in matters(known, as_of=date(2027, 1, 12)) if m.kind == "early"]
    said = [(date(2027, 1, 13), "infusion 5, Wed 2027-01-13: too soon, may be from Thu 2027-01-14")]
    assert found_early == (said if early else [])


def test_every_place_without_a_booking_is_counted(course):
    visits = [ks.Visit(MONDAY, "no-show"), ks.Visit(date(2027, 1, 6), "no-show")]
    known = record(course, visits, at=datetime(2027, 1, 6, 20, tzinfo=UTC))
    assert ("unbooked", date(2027, 1, 18), "infusion 5: best Mon 2027-01-18, and 1 more") in found(
        known, date(2027, 1, 6)
    )
