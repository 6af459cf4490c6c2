"""Courses that are checked, and what is found in them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import attrs

from ketsched.calendars import Calendar
from ketsched.checking import check as check_all
from ketsched.model import Anchor, Companion, Course, Decision, Evidence, Interval, Mark, Spacing, Window
from making import TWO_HOURS, boosters, every, phase, protocol


def january(*days):
    return [date(2027, 1, day) for day in days]


def induction(count=6, spacing=(), **given):
    return phase(count, *spacing, anatomy=TWO_HOURS, **given)


def monthly(count, spacing=(), **given):
    return boosters(count, *spacing, anatomy=TWO_HOURS, every=every(28), **given)


# 6 infusions, Monday and Thursday, over at most 28 dates.
T = protocol(
    induction(
        weekdays=(0, 3),
        weeks=(1, 4),
        spacing=(Spacing(absolute_minimum=1, minimum=2, latest=7, source="house"),),
        evidence=(Evidence(key="spacing 1", source="house", mark=Mark.HOUSE),),
    ),
    sources=(("house", "house default; not from a publication"),),
)


def booked(plan, days, clock=time(9), **given):
    """Return a course of these days, each session at the same time."""
    course = Course.of_days(plan, days, zone="Europe/Amsterdam")
    return attrs.evolve(
        course, sessions=tuple(attrs.evolve(session, time=clock) for session in course.sessions), **given
    )


def check(course, **given):
    """Check a course, but for the remark that nothing goes around its sessions: here that is so of most."""
    return tuple(finding for finding in check_all(course, **given) if finding.code != "KS402")


def codes(findings):
    return [finding.code for finding in findings]


NO_DRIVING = timedelta(hours=24)
WEEKLY = (Interval(days=7),)
# 6 infusions, a screening and a review that decide, therapy off the days of infusions, and a form a week after each.
AROUND = protocol(
    induction(no_driving=NO_DRIVING, least=1),
    companions=(
        Companion(
            id="screening",
            kind="appointment",
            topic="screening",
            title="Screening",
            required=True,
            gate=True,
            anchor=Anchor(edge="start"),
            window=Window(earliest=-14, recommended=-7, latest=-1),
            minutes=60,
            evidence=(Evidence(key="window", source="house", mark=Mark.HOUSE),),
        ),
        Companion(
            id="therapy",
            kind="appointment",
            topic="psychotherapy",
            title="Therapy",
            anchor=Anchor(session=1),
            window=Window(earliest=1, recommended=1, latest=10),
            calendar="therapist",
            on_session_days="never",
            minutes=60,
        ),
        Companion(
            id="review",
            kind="appointment",
            topic="review",
            title="Review",
            anchor=Anchor(edge="end"),
            window=Window(earliest=14, recommended=21, latest=31),
            minutes=30,
        ),
        Companion(
            id="mid-review",
            kind="appointment",
            topic="review",
            title="Review on the way",
            anchor=Anchor(session=3),
            minutes=30,
        ),
        Companion(
            id="form",
            kind="task",
            topic="form",
            title="Form",
            anchor=Anchor(session=6),
            window=Window(earliest=0, recommended=7, latest=7),
        ),
    ),
    sources=(("house", "house default; not from a publication"),),
)
OUTCOME = Decision(what="continue", on=date(2026, 12, 28), who="Dr A")


THERAPIST = Calendar.weekly("Europe/Amsterdam", tue="10:00-16:00", thu="10:00-16:00", name="the therapist")


BOOSTERS = monthly(3, spacing=(Spacing(minimum=7),))


def at(day, month=1):
    return datetime(2027, month, day, 8, tzinfo=UTC)


START = date(2027, 1, 4)
