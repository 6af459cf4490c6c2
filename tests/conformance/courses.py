"""
Whole courses for the readers, and what each of them must make of one.

The Python readers are asked by `test_course_files.py`, those of other languages by
`check_foreign_courses.py`, which needs `readers/setup.sh` to have made them ready.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from conformance.foreign import event, read_with
from ketsched.interchange import dumps
from ketsched.interchange.ical import STATUS
from ketsched.interchange.identity import session_uid
from ketsched.model import Anatomy, Course, Phase, Protocol, Restriction, Revision, Session, Status

ZONES = (
    "America/New_York",
    "Europe/London",
    "Europe/Dublin",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Asia/Jerusalem",
)
"""Those whose clock changes of 2027 are the same in all tz data of recent years."""

STATES = (Status.FIRM, Status.TENTATIVE, Status.CLOSED, Status.FULFILLED, Status.MISSED)


def course_of(zone: str) -> Course:
    """Three sessions a week through both clock changes of a year, in every state, some past midnight."""
    phase = Phase(
        kind="induction",
        name="induction",
        count=104,
        weekdays=(1, 3, 6),
        anatomy=Anatomy(prepare=20, infusion=40, observation=60),
        no_driving=timedelta(hours=24),
        before=(Restriction(what="eating", minutes=360),),
    )
    sessions = []
    day = date(2027, 1, 3)
    for number in range(104):
        clock = (time(9, 15), time(14, 30), time(23, 15))[number % 3]
        revised = (0,) if number % 4 else (0, 1)
        sessions.append(
            Session(
                id=f"s{number}",
                phase="induction",
                day=day,
                time=clock,
                status=STATES[number % 5],
                revised=revised,
            )
        )
        day += timedelta(days=2 if number % 3 else 3)
    return Course(
        protocol=Protocol(id="three-a-week", version="1", title="Žluťoučký; three, a week", phases=(phase,)),
        zone=zone,
        sessions=tuple(sessions),
        id="A-017",
        revisions=(
            Revision(at=datetime(2026, 12, 1, tzinfo=UTC)),
            Revision(at=datetime(2026, 12, 2, tzinfo=UTC)),
        ),
    )


def titled(status: Status) -> str:
    if not status.stands:
        return "Cancelled: Appointment"
    return "Appointment (to be confirmed)" if status is Status.TENTATIVE else "Appointment"


def reads_it_as_planned(reader: str, zone: str, folder: Path) -> None:
    """Every session stands at its moment, under its title, with its state and sequence."""
    course = course_of(zone)
    path = folder / "course.ics"
    path.write_bytes(dumps(course, "ics"))
    expected = [
        event(
            session_uid("A-017", session.id),
            course.starts(session),
            course.ends(session),
            summary=titled(session.status),
            status=STATUS[session.status],
            sequence=session.sequence,
        )
        for session in course.sessions
    ]
    assert read_with(reader, path) == sorted(expected, key=lambda found: found["uid"])


def reads_the_full_file(reader: str, course: Course, folder: Path) -> None:
    """It holds the whole course in one long line, and the reader must not mind."""
    path = folder / "course.ics"
    path.write_bytes(dumps(course, "ics", audience="clinic", privacy="full"))
    found = read_with(reader, path)
    assert [e["uid"] for e in found] == sorted(session_uid("A-017", s.id) for s in course.sessions)
    assert "Treatment session 1 of 6, intravenous" in {e["summary"] for e in found}
