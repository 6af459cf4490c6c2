"""Courses as they were planned, what became of them, and the day that it is."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import assume
from hypothesis import strategies as st

from ketsched.calendars import Calendar
from ketsched.model import Anatomy, Course, Phase, Protocol, Spacing, Visit
from ketsched.planning import NoFeasiblePlan, plan
from ketsched.tracking import replan
from making import BEFORE, JAN_4, WEEKDAYS, clinic

CLINICS = (
    clinic(*WEEKDAYS, zone="UTC"),
    clinic(*WEEKDAYS, "sat", zone="UTC"),
)
weekly_patterns = st.sampled_from([(0, 3), (0, 2, 4), (1, 4), (0,)])


@st.composite
def weekly_phases(draw):
    """A series on some weekdays, with rules that some plans keep."""
    count = draw(st.integers(2, 6))
    weekdays = draw(weekly_patterns)
    least = draw(st.integers(1, 2 if len(weekdays) > 2 else 3))
    spacing = [
        Spacing(
            minimum=least,
            absolute_minimum=draw(st.sampled_from([None, max(0, least - 1)])),
            latest=draw(st.sampled_from([None, 7, 7, 8, 10])),
        )
    ]
    if draw(st.booleans()):
        spacing.append(Spacing(apart=len(weekdays), minimum=7, required=draw(st.booleans())))
    return Phase(
        kind="induction",
        name="induction",
        count=count,
        weekdays=weekdays,
        weeks=draw(st.sampled_from([None, (1, 4), (1, 6)])),
        anatomy=Anatomy(infusion=60),
        spacing=tuple(spacing),
    )


def days_after(first, most):
    """A few days in order, from this one to so many days later."""
    return st.lists(st.integers(0, most), max_size=5, unique=True).map(
        lambda numbers: [first + timedelta(n) for n in sorted(numbers)]
    )


@st.composite
def planned_courses(draw):
    """A course of one series as it was planned, and the calendar that it was planned with."""
    phase = draw(weekly_phases())
    calendar = draw(st.sampled_from(CLINICS)).without(draw(days_after(JAN_4, 30)))
    start = JAN_4 + timedelta(draw(st.sampled_from(phase.weekdays)))
    protocol = Protocol(id="test", version="1", title="test", phases=(phase,))
    try:
        course = plan(protocol, start=start, calendar=calendar, id="A-017", at=BEFORE, time=time(9))
    except NoFeasiblePlan:
        assume(False)
    return course, calendar


@st.composite
def visits_until(draw, course, today, *, plain=False):
    """
    What became of the sessions until today, of some to come, and others that were never booked.

    Plain: all on the days that were booked.
    """
    found = []
    for session in course.sessions:
        if session.day <= today:
            became = draw(
                st.sampled_from(["given", "given", "given", "no-show", "other day", "cancelled", "nothing"])
            )
            if became == "given":
                found.append(Visit(session.day))
            elif became == "other day" and plain:
                found.append(Visit(session.day, note="early"))
            elif became == "other day":
                found.append(Visit(session.day + timedelta(draw(st.sampled_from([-1, 1])))))
            elif became != "nothing":
                found.append(Visit(session.day, became))
        elif draw(st.integers(0, 7)) == 0:
            found.append(Visit(session.day, "cancelled", by="clinic"))
    if plain:
        return found
    if draw(st.integers(0, 5)) == 0:
        found.append(Visit(today - timedelta(draw(st.integers(0, 9))), elsewhere=True, note="elsewhere"))
    if found and draw(st.integers(0, 9)) == 0:
        found.append(draw(st.sampled_from(found)))
    return draw(st.permutations(found))


class Life:
    """A course, the clinic's calendar now, the day that it is, and what has happened."""

    def __init__(self, course: Course, calendar: Calendar, today: date, visits: tuple[Visit, ...]):
        self.course, self.calendar, self.today, self.visits = course, calendar, today, visits

    def __repr__(self) -> str:
        (phase,) = self.course.protocol.phases
        rules = [(s.apart, s.absolute_minimum, s.minimum, s.latest, s.required) for s in phase.spacing]
        return (
            f"{phase.count} on {phase.weekdays}, {phase.weeks} weeks, {rules}: "
            f"{[f'{s.id} {s.day}' for s in self.course.sessions]}; today {self.today}; "
            f"{[f'{v.day} {v.status} {v.note}' for v in self.visits]}; "
            f"closed {[str(c.day) for c in self.calendar.closures]}"
            f"{' or Sundays' if self.calendar.hours[5] else ''}"
        )

    def again(self, course=None, happened=None, **options):
        return replan(
            self.course if course is None else course,
            self.visits if happened is None else happened,
            calendar=self.calendar,
            at=datetime(self.today.year, self.today.month, self.today.day, 9, tzinfo=UTC),
            **options,
        )


@st.composite
def lives(draw, *, plain=False):
    """A course at some day of its life; plain: whatever was given was given on the day booked."""
    course, calendar = draw(planned_courses())
    days = [session.day for session in course.sessions]
    today = draw(st.integers(-2, (days[-1] - days[0]).days + 3).map(lambda n: days[0] + timedelta(n)))
    happened = draw(visits_until(course, today, plain=plain))
    calendar = calendar.without(draw(days_after(today, 20)))
    return Life(course, calendar, today, tuple(happened))
