"""Courses that are published as calendar files, and the events in them."""

import re
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import uuid5

import attrs
import icalendar

from ketsched.interchange import dumps, identity
from ketsched.model import (
    Anatomy,
    Anchor,
    Companion,
    Course,
    Phase,
    PlacedCompanion,
    Protocol,
    Revision,
    Session,
)

FIRST, SECOND = datetime(2026, 12, 1, 9, 30, tzinfo=UTC), datetime(2026, 12, 8, 16, tzinfo=UTC)
AUDIENCES = [(a, p) for a in ("patient", "clinic") for p in ("discreet", "named", "full")]
PATIENT = [("patient", p) for p in ("discreet", "named", "full")]
CLINIC: dict[str, Any] = {"audience": "clinic", "privacy": "full"}
MONDAY, TUESDAY = date(2027, 1, 4), date(2027, 1, 5)
FOR_PATIENT = "Times may change. If you cannot come or are unsure, please call the clinic."
FOR_CLINIC = "A proposal of dates. A clinician decides and may change it."
LONDON = "All times are London time."
PHASE = Phase(
    kind="induction",
    name="induction",
    count=2,
    weekdays=(0,),
    anatomy=Anatomy(prepare=20, infusion=40, observation=60, discharge=10),
)


def around_it(kind="appointment", topic="review", **more) -> Companion:
    minutes = {"minutes": 30} if kind == "appointment" else {}
    known = {"id": "it", "title": "Ketamine talk", "anchor": Anchor(every=1), **minutes, **more}
    return Companion(kind=kind, topic=topic, **known)


def at(day=MONDAY, clock=time(9, 15), number=1, **more) -> Session:
    return Session(id=f"s{number}", phase="induction", day=day, time=clock, **more)


def placed(day=TUESDAY, clock=time(10), **more) -> PlacedCompanion:
    return PlacedCompanion(
        **{"id": "it:s1", "companion": "it", "day": day, "time": clock, "session": "s1", **more}
    )


def course_of(*definitions, sessions=None, booked=(), zone="Europe/London", others=None, **changes) -> Course:
    return Course(
        protocol=Protocol(
            id="some-protocol",
            version="1",
            title="Some title",
            phases=(attrs.evolve(PHASE, **changes),),
            companions=definitions,
        ),
        zone=zone,
        sessions=(at(),) if sessions is None else sessions,
        companions=booked,
        id="A-017",
        revisions=(Revision(at=FIRST), Revision(at=SECOND)),
        **(others or {}),
    )


def events(course, **options):
    return icalendar.Calendar.from_ical(dumps(course, "ics", **options)).walk("VEVENT")


def own(course, **options):
    """Return the events that are not sessions."""
    return [event for event in events(course, **options) if "RELATED-TO" in event]


def session_says(course, **options) -> list[str]:
    (event,) = [event for event in events(course, **options) if "RELATED-TO" not in event]
    return said(event)


def said(event) -> list[str]:
    return str(event["DESCRIPTION"]).split("\n")


def whole(event, alarms: tuple[str, ...] = ()) -> tuple[date, date]:
    """Return first day and end of an all-day event, and see that it blocks nothing and rings no more than this."""
    for name in ("DTSTART", "DTEND"):
        assert event[name].params["VALUE"] == "DATE"
        assert "TZID" not in event[name].params
    assert event["TRANSP"] == "TRANSPARENT"
    assert [str(alarm["DESCRIPTION"]) for alarm in event.subcomponents] == list(alarms)
    return event["DTSTART"].dt, event["DTEND"].dt


def unfolded(course, **options) -> str:
    return re.sub("\r\n ", "", dumps(course, "ics", **options).decode())


def uid(booking_id: str) -> str:
    return str(uuid5(identity.NAMESPACE, f"A-017/{booking_id}"))
