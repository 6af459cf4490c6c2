"""
When the bookings of a course are, moment by moment, on the clock of the clinic.

Clocks run evenly on all but two days of a year. That is asked each time, and only
where it is not so is the detour over UTC taken: calendars have a thousand events.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from ketsched.clock import changes_clocks, later, moment, zone_named
from ketsched.errors import CannotWrite, KetschedError
from ketsched.model import Anatomy, Course, PlacedCompanion, Session

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


class Moments(NamedTuple):
    """When the parts of a session are."""

    start: datetime
    treatment: datetime
    treated: datetime
    observed: datetime
    end: datetime


class Timing:
    """Finds the moments of one course."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.place = zone_named(course.zone)
        self.lengths = {phase.name: _lengths(phase.anatomy) for phase in course.protocol.phases}

    def even(self, day: date) -> bool:
        """Whether the clocks run evenly on a local day."""
        return not changes_clocks(day, self.course.zone)

    def session(self, session: Session) -> Moments:
        """Return the moments of a session."""
        start = self._start(session, "session")
        parts = self.lengths[session.phase]
        end = start + parts[-1]
        if end.date() == session.day and self.even(session.day):
            return Moments(start, start + parts[0], start + parts[1], start + parts[2], end)
        return Moments(start, *(self.after(start, part // MINUTE) for part in parts))

    def appointment(self, placed: PlacedCompanion, minutes: int) -> tuple[datetime, datetime]:
        """Return when an appointment of so many minutes starts and ends."""
        start = self._start(placed, "appointment")
        return start, self.after(start, minutes)

    def after(self, start: datetime, minutes: int) -> datetime:
        """Return the moment so many minutes later; negative ones are before."""
        if not minutes:
            return start
        elapsed = timedelta(minutes=minutes)
        shown = start + elapsed
        first, last = start.date(), shown.date()
        if abs(last - first) <= DAY and self.even(first) and (last == first or self.even(last)):
            return shown
        return later(start, elapsed)

    def _start(self, booked: Session | PlacedCompanion, kind: str) -> datetime:
        if booked.time is None:
            raise CannotWrite(
                what=f"{kind} {booked.id[:40]} has no time of day",
                where=f"{booked.day}",
                why="a calendar shows when to come",
                fix=f"plan the course with a calendar of opening hours, or give its {kind}s a time",
            )
        if self.even(booked.day):
            return datetime.combine(booked.day, booked.time, self.place)
        try:
            return moment(booked.day, booked.time, self.course.zone)
        except KetschedError as error:
            raise error.within(f"{kind} {booked.id[:40]}") from None


def _lengths(parts: Anatomy) -> tuple[timedelta, ...]:
    """Return how long after the start each part of a session ends."""
    minutes = accumulate((parts.prepare, parts.infusion, parts.observation, parts.discharge))
    return tuple(timedelta(minutes=elapsed) for elapsed in minutes)
