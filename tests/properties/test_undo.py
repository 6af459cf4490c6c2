"""An undo leads to the state before, whatever was done; nothing is forgotten, and no calendar goes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ketsched import follow
from ketsched.errors import KetschedError
from ketsched.interchange import dumps, loads
from ketsched.model import BESIDES, Authorisation
from ketsched.tracking import replan
from strategies.lives import lives

STEPS = ("record", "replan", "hold", "lift", "pay", "end", "repeat", "move", "undo")


def changed(life, course, step, at, draw):
    """Do something to a course."""
    match step:
        case "record":
            return follow.record(course, life.visits, at=at, as_of=life.today)
        case "replan":
            return replan(course, life.visits, calendar=life.calendar, at=at, as_of=life.today)
        case "hold":
            return follow.hold(course, reason="x", who="Dr A", since=life.today, at=at)
        case "lift":
            return follow.release(course, course.holds[-1].id, who="Dr A", on=life.today, at=at)
        case "pay":
            return follow.authorise(course, Authorisation(sessions=draw(st.integers(1, 3))), at=at)
        case "move":
            session = draw(st.sampled_from(course.sessions))
            day = session.day + timedelta(draw(st.integers(1, 3)))
            return replan(course, calendar=life.calendar, at=at, as_of=life.today, move={session.id: day})
        case "undo":
            return follow.undo(course, at=at, as_of=life.today)
        case "repeat":
            return replan(course, calendar=life.calendar, at=at, as_of=life.today, repeat=1)
    return replan(course, calendar=life.calendar, at=at, as_of=life.today, end=True)


def state(course):
    """What an undo brings back."""
    standing = {
        name: (booking.day, booking.time, booking.status, booking.place_and_minutes(course.protocol))
        for name, booking in course.bookings().items()
        if booking.status.stands
    }
    return standing, {name: getattr(course, name) for name in BESIDES}


@settings(max_examples=60)
@given(lives(), st.data())
def test_an_undo_leads_to_the_state_before(life, data):
    at = datetime(life.today.year, life.today.month, life.today.day, 9, tzinfo=UTC)
    courses = [life.course]
    for number, step in enumerate(data.draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=5))):
        try:
            after = changed(life, courses[-1], step, at + timedelta(minutes=number), data.draw)
        except (KetschedError, IndexError):  # it cannot be done to this course
            continue
        if len(after.revisions) > len(courses[-1].revisions):
            courses.append(after)
    assume(len(courses) > 1)
    to = data.draw(st.integers(0, len(courses) - 2))
    now = courses[-1]
    try:
        back = follow.undo(now, to=to, at=at + timedelta(minutes=9), as_of=life.today)
    except KetschedError as error:
        why = error.why
    else:
        why = ""
    assert why == "" or "that day is past" in why
    if why:
        return
    assert state(back) == state(courses[to])
    assert set(back.bookings()) == set(now.bookings())
    for name, booking in now.bookings().items():
        assert back.bookings()[name].sequence >= booking.sequence
    assert loads(dumps(back, "json"), "json") == back
    if len(back.revisions) > len(now.revisions):
        assert state(follow.undo(back, at=at + timedelta(minutes=10), as_of=life.today)) == state(now)
    # Every state is told by the revisions of the last course alone.
    assert {n: b.day for n, b in now.bookings_at(to).items()} == {
        n: b.day for n, b in courses[to].bookings().items()
    }
