"""What every verb says of the day of a second session, where a rule has calendar months."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import attrs

from ketsched import Calendar, Course, Protocol, Visit, check, evaluate, forecast, replan
from ketsched.errors import KetschedError
from ketsched.history import Verdict
from ketsched.tracking.moving import moving

OPEN = Calendar.always("Europe/Amsterdam", name="the clinic")


def allowed_days(protocol: Protocol, days: Sequence[date]) -> set[str]:
    """The codes of spacing that `check` finds in sessions on these days."""
    return {found.code for found in check(Course.of_days(protocol, days)) if found.code.startswith("KS1")}


def allowed(protocol: Protocol, given: date, day: date) -> dict[str, bool]:
    """Whether each verb allows the second session on a day, the first given; it is booked for another."""
    as_of = given + timedelta(1)
    course = attrs.evolve(Course.of_days(protocol, [given, day]), zone=OPEN.zone)
    visits = [Visit(given)]
    due = forecast(course, visits, as_of=as_of).next
    assert due is not None
    verdict = evaluate(course, [*visits, Visit(day)], as_of=day).visits[-1].verdict
    booked = attrs.evolve(
        Course.of_days(protocol, [given, max(due.earliest, as_of + timedelta(1)) + timedelta(1)]),
        zone=OPEN.zone,
    )
    at = datetime.combine(as_of, time(9), UTC)
    second = booked.sessions[-1].id
    try:
        moved = replan(booked, visits, calendar=OPEN, at=at, as_of=as_of, move={second: day})
        can_move = moved.sessions[-1].day == day and not moved.lifted
    except KetschedError:
        can_move = False
    known = replan(booked, visits, calendar=OPEN, at=at, as_of=as_of)
    asked = moving(known, second, day, calendar=OPEN, at=at + timedelta(hours=1), as_of=as_of)
    kept = replan(course, visits, calendar=OPEN, at=at, as_of=as_of)
    return {
        "check": not allowed_days(protocol, [given, day]),
        "evaluate": verdict is Verdict.VALID,
        "forecast": due.earliest <= day and (due.latest is None or day <= due.latest),
        "replan": [session.day for session in kept.sessions] == [given, day],
        "move": can_move,
        "moving": not asked.breaks
        and (asked.earliest is None or asked.earliest <= day)
        and (asked.latest is None or day <= asked.latest),
    }
