"""
Whole courses for the readers, and what each of them must make of one.

The Python readers are asked by `test_course_files.py`, those of other languages by
`check_foreign_courses.py`, which needs `readers/setup.sh` to have made them ready.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from conformance.foreign import Event, event, read_with
from ketsched.interchange import dumps
from ketsched.interchange.icalevents import STATUS
from ketsched.interchange.identity import session_uid
from ketsched.model import (
    Anatomy,
    Anchor,
    Booking,
    BookingStatus,
    Companion,
    Course,
    Phase,
    PlacedCompanion,
    Protocol,
    Restriction,
    Revision,
    Session,
)

ZONES = (
    "America/New_York",
    "Europe/London",
    "Europe/Dublin",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Asia/Jerusalem",
)
"""Those whose clock changes of 2027 are the same in all tz data of recent years."""

STATES = (
    BookingStatus.FIRM,
    BookingStatus.TENTATIVE,
    BookingStatus.CLOSED,
    BookingStatus.FULFILLED,
    BookingStatus.MISSED,
)


DAY = timedelta(days=1)
TALK = Companion(
    id="talk", kind="appointment", topic="review", title="Talk", anchor=Anchor(every=1), minutes=50
)
FORM = Companion(id="form", kind="task", topic="form", title="Form", anchor=Anchor(every=1))


def course_of(zone: str) -> Course:
    """
    Three sessions a week through both clock changes of a year, in every state, some past midnight.

    The day after each is a talk and the day a form is due, in the state of the session.
    """
    phase = Phase(
        kind="induction",
        name="induction",
        count=104,
        weekdays=(1, 3, 6),
        anatomy=Anatomy(prepare=20, infusion=40, observation=60),
        no_driving=timedelta(hours=24),
        before=(Restriction(what="eating", minutes=360),),
    )
    sessions, around = [], []
    day = date(2027, 1, 3)
    for number in range(104):
        clock = (time(9, 15), time(14, 30), time(23, 15))[number % 3]
        revised = (0,) if number % 4 else (0, 1)
        status = STATES[number % 5]
        sessions.append(
            Session(id=f"s{number}", phase="induction", day=day, time=clock, status=status, revised=revised)
        )
        for companion, at in ((FORM, None), (TALK, time(11, 40))):
            around.append(
                PlacedCompanion(
                    id=f"{companion.id}:s{number}",
                    companion=companion.id,
                    day=day + DAY,
                    time=at,
                    session=f"s{number}",
                    status=status,
                    revised=revised,
                )
            )
        day += timedelta(days=2 if number % 3 else 3)
    return Course(
        protocol=Protocol(
            id="three-a-week",
            version="1",
            title="Žluťoučký; three, a week",
            phases=(phase,),
            companions=(TALK, FORM),
        ),
        zone=zone,
        sessions=tuple(sessions),
        companions=tuple(around),
        id="A-017",
        revisions=(
            Revision(at=datetime(2026, 12, 1, tzinfo=UTC)),
            Revision(at=datetime(2026, 12, 2, tzinfo=UTC)),
        ),
    )


def titled(title: str, booked: Booking, *, timed: bool, zone: str) -> str:
    status = booked.status
    if status is BookingStatus.MISSED and timed:
        return f"{title} (did not take place)"
    if not status.stands:
        return f"{'Canceled' if zone == 'America/New_York' else 'Cancelled'}: {title}"
    return f"{title} (to be confirmed)" if status is BookingStatus.TENTATIVE else title


def expected_of(course: Course) -> Iterator[Event]:
    """Yield what a patient's file has to say, worked out from moments in UTC."""
    zone = ZoneInfo(course.zone)

    def told(identity: str, start: date, end: date, title: str, booked: Booking) -> Event:
        return event(
            session_uid("A-017", identity),
            start,
            end,
            summary=titled(title, booked, timed=isinstance(start, datetime), zone=course.zone),
            status=STATUS[booked.status],
            sequence=booked.sequence,
        )

    for session in course.sessions:
        assert session.time is not None
        start = datetime.combine(session.day, session.time, zone).astimezone(UTC)
        yield told(session.id, start, start + timedelta(hours=2), "Appointment", session)
        if session.status.stands or session.sequence:
            drives = (start + timedelta(hours=25)).astimezone(zone)  # the treatment ends after an hour
            first, end = session.day + DAY, drives.date() + DAY
            yield told(f"{session.id}/after", first, end, "After your appointment", session)
    for placed in course.companions:
        if placed.time is None:
            yield told(placed.id, placed.day, placed.day + DAY, "Reminder", placed)
        else:
            start = datetime.combine(placed.day, placed.time, zone).astimezone(UTC)
            yield told(placed.id, start, start + timedelta(minutes=50), "Appointment", placed)


def reads_it_as_planned(reader: str, zone: str, folder: Path) -> None:
    """Every event stands at its moment or on its days, under its title, with its state and sequence."""
    course = course_of(zone)
    path = folder / "course.ics"
    path.write_bytes(dumps(course, "ics"))
    expected = sorted(expected_of(course), key=lambda found: found["uid"])
    assert len(expected) > 104 * 3
    assert read_with(reader, path) == expected


def reads_the_full_file(reader: str, course: Course, folder: Path) -> None:
    """It holds the whole course in one long line, and the reader must not mind."""
    path = folder / "course.ics"
    path.write_bytes(dumps(course, "ics", audience="clinic", privacy="full"))
    found = read_with(reader, path)
    shown = {c.id for c in course.protocol.companions if c.for_clinic and c.on_session_days != "during"}
    ids = [s.id for s in course.sessions] + [p.id for p in course.companions if p.companion in shown]
    assert [e["uid"] for e in found] == sorted(session_uid("A-017", i) for i in ids)
    told = {e["summary"] for e in found}
    assert {"Infusion 1 of 6", "Call about dissociation, by telephone", "Ride after ketamine"} <= told
