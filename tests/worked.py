"""Courses of the worked cases, and how their days are said."""

from __future__ import annotations

from datetime import UTC, datetime, time

from ketsched.checking import Severity, check
from ketsched.model import BookingStatus, Spacing, Visit
from ketsched.planning import plan
from ketsched.tracking import replan
from making import BEFORE, GAPS, MON_THU, OPEN, boosters, dates, day, every, phase, protocol


def morning(today):
    """The moment at which the clinic opens on a day."""
    return datetime(today.year, today.month, today.day, 8, tzinfo=UTC)


def induction(count=6, *spacing, weekdays=MON_THU, **given):
    within_28 = Spacing(apart=count - 1, latest=27)
    return phase(count, *(spacing or (GAPS, within_28)), weekdays=weekdays, **given)


def monthly(count=3, **given):
    return boosters(count, Spacing(minimum=7), every=every(28), **given)


def planned(*phases, companions=(), calendar=OPEN, start="4 Jan"):
    return plan(
        protocol(*phases, companions=companions),
        start=day(start),
        calendar=calendar,
        id="A-017",
        at=BEFORE,
        time=time(9),
    )


def course_t():
    return planned(induction())


def visits(text, status="fulfilled", **given):
    return [Visit(one, status, **given) for one in dates(text)]


def standing(course):
    return [session.day for session in course.standing()]


def coming(course):
    """The days of what stands and has not been given."""
    return [s.day for s in course.standing() if s.status is not BookingStatus.FULFILLED]


def again(course, happened, today, **options):
    calendar = options.pop("calendar", OPEN)
    return replan(course, happened, calendar=calendar, at=morning(day(today)), **options)


def errors(course, today, calendar=OPEN):
    """The findings of the severest kind, those about sessions that a rule was lifted between left out."""
    excused = [{one.earlier, one.later} for one in course.lifted]
    return [
        finding
        for finding in check(course, calendar=calendar, as_of=day(today))
        if finding.severity is Severity.ERROR and set(finding.sessions) not in excused
    ]
