"""
KS3, the patient: whether they can come when they are booked.

What the course remembers says when they can. What has taken place, or is past, can no longer be moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from ketsched.calendars import Calendar
from ketsched.checking.bookings import local
from ketsched.checking.case import CheckedCourse, happened
from ketsched.checking.companions import said_when, severity_of
from ketsched.checking.rules import Finding, Rule, Severity, rule
from ketsched.checking.seating import DAYS_TO_TRY, closed_because
from ketsched.clock import FIRST_DAY, LAST_DAY, day_words


@rule("KS310", Severity.ERROR, source="What the course remembers of its patient")
def patient_cannot(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session or an appointment is at a time at which the patient cannot come.

    When they can was said when the course was planned, or later: days on which they are away. A booking
    without a time of day must fit into what its day leaves. What is for the clinic alone does not ask when the
    patient can, and what is part of a session goes with it.

    Why it matters: they will not come, and the chair stays empty.

    Example: the patient cannot on Tuesdays; a session on Tue 12 January 2027.

    Instead: Wed 13 January, if its spacing allows that; or correct what the course remembers.

    References: the course itself.
    """
    can = case.course.patient.can(case.course.zone)
    if can is None:
        return
    for series in case.series:
        minutes = series.phase.anatomy.minutes
        for session in series.sessions:
            if happened(session) or _is_past(case, session.day):
                continue
            entry = case.agenda.session_entries[session.id]
            why = _cannot(can, session.day, minutes, entry.start, entry.end)
            if why:
                yield patient_cannot.at(
                    session,
                    what=f"{case.named(session)} is when the patient cannot come",
                    why=why,
                    fix=_next(
                        can, None if session.id in case.at_home else case.calendar, session.day, minutes
                    ),
                )
    for booked in case.bookings.to_come:
        companion = booked.companion
        if not companion.minutes or not companion.for_patient or companion.on_session_days == "during":
            continue
        if _is_past(case, booked.day):
            continue
        begin, end = (
            None if at is None else local(at, case.course.zone) for at in (booked.begin, booked.end)
        )
        why = _cannot(can, booked.day, companion.minutes, begin, end)
        if why:
            yield patient_cannot.at(
                booked=[booked],
                what=f"{booked.title} is {said_when(booked)}, when the patient cannot come",
                why=why,
                fix=_next(can, None, booked.day, companion.minutes),
                severity=severity_of(companion),
            )


RULES: tuple[Rule, ...] = (patient_cannot,)


def _is_past(case: CheckedCourse, day: date) -> bool:
    return case.as_of is not None and day < case.as_of


def _cannot(can: Calendar, day: date, minutes: int, begin: datetime | None, end: datetime | None) -> str:
    """Say why the patient cannot then; empty if they can."""
    if begin is not None and end is not None:
        fits = can.is_open_throughout(begin, end)
    else:
        fits = not FIRST_DAY <= day <= LAST_DAY or can.is_open(day, minutes)
    if fits:
        return ""
    spans = can.ranges(day)
    if not spans:
        return closed_because(can, day)
    return f"it takes {minutes} minutes; the patient can on {day_words(day)} {', '.join(map(str, spans))}"


def _next(can: Calendar, clinic: Calendar | None, day: date, minutes: int) -> str:
    """Name another hour of the same day, or the next day on which the patient can, and the clinic is open."""
    both = can if clinic is None else clinic & can
    for days in range(DAYS_TO_TRY + 1):
        other = day + timedelta(days)
        if FIRST_DAY <= other <= LAST_DAY and both.is_open(other, minutes):
            if not days:
                return "start at another hour of that day"
            return f"move it to {day_words(other)}, the next day they can, if the spacing rules allow that"
    return f"move it to an earlier day; the patient can on none of the next {DAYS_TO_TRY} days"
