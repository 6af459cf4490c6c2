"""
What a course holds, moment by moment.

By hand: a session at 09:15 has its treatment from 09:35 to 10:15, is observed until 11:15 and ends at 11:25.
London's clocks go forward on 28 March 2027 at 01:00 and back on 31 October 2027 at 02:00.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import attrs
import pytest

from ketsched.agenda import agenda
from ketsched.model import (
    Anatomy,
    Anchor,
    BookingStatus,
    Companion,
    Course,
    Phase,
    PlacedCompanion,
    Protocol,
    Revision,
    Session,
)
from ketsched.moments import CompanionEntry, DayAfter, SessionEntry
from ketsched.revising import revise

LONDON = ZoneInfo("Europe/London")
MONDAY = date(2027, 1, 4)
PHASE = Phase(
    kind="induction",
    name="induction",
    count=3,
    weekdays=(0,),
    anatomy=Anatomy(prepare=20, infusion=40, observation=60, discharge=10),
    no_driving=timedelta(hours=24),
)
REVIEW = Companion(
    id="review", kind="appointment", topic="review", title="Review", anchor=Anchor(every=1), minutes=30
)
FORM = Companion(id="form", kind="task", topic="form", title="Form", anchor=Anchor(every=1))


def session(number=1, day=MONDAY, clock=time(9, 15), **more):
    return Session(id=f"s{number}", phase="induction", day=day, time=clock, **more)


def course_of(*sessions, companions=(), zone="Europe/London", **changes):
    protocol = Protocol(
        id="p", version="1", title="P", phases=(attrs.evolve(PHASE, **changes),), companions=(REVIEW, FORM)
    )
    return Course(
        protocol=protocol,
        zone=zone,
        sessions=sessions or (session(),),
        companions=companions,
        id="A-017",
        revisions=(Revision(at=datetime(2026, 12, 1, tzinfo=UTC)),),
    )


def told(course):
    """What it is, its days and its hours, in the order of the agenda."""
    return [
        (
            type(entry).__name__,
            entry.booking.id,
            entry.first.day,
            entry.last.day,
            entry.start and f"{entry.start:%H:%M}",
        )
        for entry in agenda(course).entries
    ]


def test_everything_is_in_order_of_time():
    placed = (
        PlacedCompanion(id="f", companion="form", day=MONDAY, session="s1"),
        PlacedCompanion(id="r", companion="review", day=MONDAY, time=time(9), session="s1"),
    )
    later = session(2, MONDAY + timedelta(1), time(8))
    assert told(course_of(session(), later, companions=placed)) == [
        ("CompanionEntry", "f", 4, 4, None),
        ("CompanionEntry", "r", 4, 4, "09:00"),
        ("SessionEntry", "s1", 4, 4, "09:15"),
        ("DayAfter", "s1", 5, 5, None),
        ("SessionEntry", "s2", 5, 5, "08:00"),
        ("DayAfter", "s2", 6, 6, None),
    ]


def test_a_session_knows_its_moments():
    (entry, after) = agenda(course_of()).entries
    assert isinstance(entry, SessionEntry)
    assert isinstance(after, DayAfter)
    assert [f"{moment:%H:%M}" for moment in entry.moments] == ["09:15", "09:35", "10:15", "11:15", "11:25"]
    assert (entry.start, entry.end) == (entry.moments.start, entry.moments.end)
    assert entry.drives_from == datetime(2027, 1, 5, 10, 15, tzinfo=LONDON)
    assert (after.first, after.last, after.start, after.session) == (
        date(2027, 1, 5),
        date(2027, 1, 5),
        None,
        entry,
    )


def test_time_is_elapsed_time_on_the_night_the_clocks_change():
    course = course_of(session(day=date(2027, 3, 28), clock=time(0, 30)))
    (entry, _) = agenda(course).entries
    assert isinstance(entry, SessionEntry)
    assert [f"{moment:%H:%M}" for moment in entry.moments] == ["00:30", "00:50", "02:30", "03:30", "03:40"]
    assert f"{entry.drives_from:%d %H:%M}" == "29 02:30"


@pytest.mark.parametrize("clock", [None, time(1, 30)])
def test_an_hour_that_is_not_known_or_does_not_happen_is_no_moment(clock):
    (entry,) = agenda(course_of(session(day=date(2027, 3, 28), clock=clock))).entries
    assert isinstance(entry, SessionEntry)
    assert (entry.start, entry.end, entry.moments, entry.drives_from) == (None,) * 4


def test_next_day_is_the_date_after_the_treatment():
    (entry, after) = agenda(course_of(session(clock=time(23, 30)), no_driving="next day")).entries
    assert isinstance(entry, SessionEntry)
    assert entry.no_driving_on == after.last == date(2027, 1, 6)  # treated until 00:30 on the 5th
    assert entry.drives_from == datetime(2027, 1, 6, tzinfo=LONDON)


@pytest.mark.parametrize(
    ("more", "is_home"), [({}, False), ({"place": "Home "}, True), ({"place": "clinic"}, False)]
)
def test_nothing_is_after_a_session_at_home(more, is_home):
    entry, *after = agenda(course_of(session(**more))).entries
    assert isinstance(entry, SessionEntry)
    assert (entry.at_home, bool(after)) == (is_home, not is_home)


def test_numbers_are_counted_over_sessions_that_stand_and_count():
    days = [MONDAY + timedelta(7 * n) for n in range(4)]
    sessions = (
        session(1, days[0]),
        session(2, days[1], status=BookingStatus.CLOSED),
        session(3, days[2], counts=False),
        session(4, days[3]),
    )
    entries = [e for e in agenda(course_of(*sessions)).booked if isinstance(e, SessionEntry)]
    assert [(entry.number, entry.total) for entry in entries] == [(1, 2), (None, 2), (2, 2), (2, 2)]


def test_what_was_held_before_a_revision():
    before = course_of(session(), session(2, MONDAY + timedelta(7)))
    at = datetime(2026, 12, 8, tzinfo=UTC)
    moved = session(1, MONDAY + timedelta(9))
    after = revise(before, at=at, what="moved", sessions=(moved, before.sessions[1], session(3)))
    now = agenda(after)
    assert [entry.booking.id for entry in now.booked] == ["s3", "s2", "s1"]
    then = now.earlier()
    assert then.revision == 0
    assert [*then.booked] == [*agenda(before).booked]
    assert then.earlier() is None
    assert [entry.first for entry in now.was("s1")] == [MONDAY, MONDAY + timedelta(1)]


def test_a_day_after_that_is_gone_is_off_as_it_was_last():
    before = course_of(session())
    home = attrs.evolve(before.sessions[0], place="home")
    after = revise(before, at=datetime(2026, 12, 8, tzinfo=UTC), what="at home", sessions=(home,))
    entry, gone = agenda(after).entries
    assert (entry.status, gone.status, gone.first) == (
        BookingStatus.FIRM,
        BookingStatus.CLOSED,
        MONDAY + timedelta(1),
    )


def test_an_appointment_goes_with_a_session_that_is_in_calendars():
    unbooked = session(1, status=BookingStatus.FULFILLED, booked=False)
    placed = PlacedCompanion(id="r", companion="review", day=MONDAY, time=time(9), session="s1")
    held = agenda(course_of(unbooked, session(2, MONDAY + timedelta(7)), companions=(placed,)))
    (entry,) = [entry for entry in held.booked if isinstance(entry, CompanionEntry)]
    assert (held.goes_with(entry.booking), list(held.in_calendars)) == ("s2", ["s2"])
    assert f"{entry.end:%H:%M}" == "09:30"
