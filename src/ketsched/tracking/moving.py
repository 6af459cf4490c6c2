"""
"Can I move this session to Wednesday?": where it may go, what that breaks, and what else would have to move.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from typing import Unpack

import attrs

from ketsched.arguments import checked
from ketsched.calendars import Calendar
from ketsched.clock import minute_of
from ketsched.errors import KetschedError
from ketsched.holds import with_statuses, without_old_rides
from ketsched.model import Course
from ketsched.planning.blockers import closed_by
from ketsched.planning.companions import place_companions
from ketsched.planning.seating import Seat, free_seat
from ketsched.revising import in_order, revise
from ketsched.tracking.ideals import Ideal
from ketsched.tracking.laying import Replanner
from ketsched.tracking.options import MovingKeywords
from ketsched.tracking.places import OpenPlace, Places
from ketsched.tracking.replanning import check_to_come, replan_as, rides_forgotten
from ketsched.tracking.request import Request, request


@attrs.frozen(kw_only=True)
class Moving:
    """
    What moving one session by hand would mean.

    Attributes:
        session: Its id.
        day: The day it would be on.
        earliest, latest: Between which days the rules allow it with all others in place, both included; None:
            no rule names one.
        days: The open days among these.
        breaks: What moving it alone would break, in words; empty: nothing.
        alone: The course with this session moved, and nothing else; a clinician documents what it breaks. None:
            the day is closed, or another session is on it.
        repair: The course with whatever else has to move; None: there is no such plan, or nothing has to.
        error: Why there is no such plan.
    """

    session: str
    day: date
    earliest: date | None
    latest: date | None
    days: tuple[date, ...]
    breaks: tuple[str, ...]
    alone: Course | None
    repair: Course | None
    error: KetschedError | None = None


NEAR = 4 * 7
"""Days before and after its own that are looked at for a session without a limit (house default)."""


@checked
def moving(
    course: Course, session: str, day: date, *, calendar: Calendar, **options: Unpack[MovingKeywords]
) -> Moving:
    """
    Say what moving a session to a day would mean; nothing is moved.

    Args:
        course: With what happened recorded.
        session: Id of a session that is still to come.
        day: The local date to move it to.
        calendar: When the clinic is open, without this course's own bookings.
        options: The other keywords of `replan`, but move.

    Raises:
        InvalidInput: The session cannot be moved, or an argument cannot be used.
    """
    return _Move(request(course, (), calendar, move={session: day}, **options), session, day).tried()


class _Move:
    """One session that is to be moved, with all others where they are."""

    def __init__(self, asked: Request, session: str, day: date) -> None:
        self.asked, self.day, self.course = asked, day, asked.history.course
        check_to_come(asked.history, session)
        self.booking = next(s for s in self.course.sessions if s.id == session)
        self.planner = Replanner(asked.history, asked.hours, notice=asked.options.days_of_notice)
        policies = {phase.name: phase.missed for phase in self.course.protocol.phases}
        ideals = self.planner.ideal_days.intent(policies, only={session: self.booking.day}).ideals
        self.standing = [ideal for ideal in ideals if ideal.place.booking is not None]
        self.own = next(n for n, ideal in enumerate(self.standing) if ideal.place.booking == self.booking)
        self.need = OpenPlace(self.course.protocol.phase(self.booking.phase), self.booking).need
        self.calendar = asked.hours.of_place[self.need.place]

    def tried(self) -> Moving:
        session, day, first = self.booking.id, self.day, self.planner.first
        low, high = self._range()
        begin, end = low or self.booking.day.toordinal() - NEAR, high or self.booking.day.toordinal() + NEAR
        is_open = self.asked.hours.open_days(self.need, max(begin, first), max(end, first))
        closed = closed_by(self.calendar, day, self.need)
        breaks = [f"{day}: {closed}"] if closed else []
        if day.toordinal() < first:
            breaks.append(f"with the notice given nothing is moved to before {date.fromordinal(first)}")
        breaks += self._broken()
        taken = any(other.day == day and other.id != session for other in self.course.standing())
        can_be = not closed and day.toordinal() >= first
        repair, error = self._repaired() if can_be and breaks else (None, None)
        return Moving(
            session=session,
            day=day,
            earliest=None if low is None else date.fromordinal(low),
            latest=None if high is None else date.fromordinal(high),
            days=tuple(date.fromordinal(d) for d in is_open if begin <= d <= end),
            breaks=tuple(dict.fromkeys(breaks)),
            alone=self._alone() if can_be and not taken else None,
            repair=repair,
            error=error,
        )

    def _laid(self, ideals: Sequence[Ideal], *, moves: int | None = None) -> tuple[Places, list[int]]:
        """Return the places, and their days; one of those to come may not have its day yet."""
        taken = self.planner.ideal_days.fixed
        known = tuple(None if n == moves else ideal.day for n, ideal in enumerate(ideals))
        places = Places(self.course, taken, tuple(ideal.place for ideal in ideals), known)
        return places, [*(one.day for one in taken), *(ideal.day for ideal in ideals)]

    def _range(self) -> tuple[int | None, int | None]:
        """Return between which days the required rules allow the session with all others where they are."""
        places, days = self._laid(self.standing, moves=self.own)
        place = places.first + self.own
        low: list[int] = []
        high: list[int] = []
        for bound in places.bounds:
            if not bound.required:
                continue
            if bound.later == place:
                low += [days[bound.earlier] + bound.minimum] if bound.minimum is not None else []
                high += [days[bound.earlier] + bound.latest] if bound.latest is not None else []
            elif bound.earlier == place:
                high += [days[bound.later] - bound.minimum] if bound.minimum is not None else []
                low += [days[bound.later] - bound.latest] if bound.latest is not None else []
        first, last = max(low, default=None), min(high, default=None)
        while first is not None and self._keeps(first - 1):  # months have fewer days than they can have
            first -= 1
        while last is not None and self._keeps(last + 1):
            last += 1
        return first, last

    def _keeps(self, day: int) -> bool:
        """Whether the required rules allow the session on a day with all others where they are."""
        ideals = list(self.standing)
        ideals[self.own] = attrs.evolve(ideals[self.own], day=day)
        places, days = self._laid(ideals)
        place = places.first + self.own
        touching = (b for b in places.bounds if b.required and place in (b.earlier, b.later))
        return all(bound.keeps(days) for bound in touching)

    def _broken(self) -> list[str]:
        """Return what is broken with the session on its new day and the others where they are, in words."""
        ideals = list(self.standing)
        moved = ideals[self.own] = attrs.evolve(ideals[self.own], day=self.day.toordinal())
        ideals.sort(key=self.planner.ideal_days.in_order)
        places, days = self._laid(ideals)
        place = places.first + ideals.index(moved)
        broken = []
        for bound in places.bounds:
            if not bound.required or place not in (bound.earlier, bound.later) or bound.keeps(days):
                continue
            other = bound.earlier if bound.later == place else bound.later
            gap = abs(days[place] - days[other])
            when = "before" if other > place else "after"
            broken.append(f"{gap} d {when} {date.fromordinal(days[other])}: {bound.rule}")
        return broken

    def _repaired(self) -> tuple[Course | None, KetschedError | None]:
        """Return the course with whatever else has to move, or why there is none."""
        try:
            return replan_as(self.asked), None
        except KetschedError as error:
            return None, error

    def _alone(self) -> Course:
        """Return the course with the session moved and pinned, at its hour if that is free."""
        start, chair = self.booking.time, self.booking.chair
        seat = Seat(None, chair) if start is None else self._seat(start, chair)
        moved = attrs.evolve(self.booking, day=self.day, time=seat.time, chair=seat.chair, pinned=True)
        sessions = in_order(moved if s is self.booking else s for s in self.course.sessions)
        before = self.asked.course
        known = without_old_rides(attrs.evolve(self.course, sessions=sessions), before)
        around = place_companions(known, self.asked.hours, after=self.asked.today, tasks_only=True)
        sessions, companions = with_statuses(known, before=before, bookings=around)
        return revise(
            before,
            at=self.asked.at,
            kind="moved",
            who=self.asked.who,
            sessions=sessions,
            companions=companions,
            why={moved.id: "moved by hand"},
            remarks=rides_forgotten(before, known),
            visits=known.visits,
            patient=known.patient,
            files=known.files,
        )

    def _seat(self, start: time, chair: int | None) -> Seat:
        """Return the hour and chair on the new day: as they are, or else the nearest hour that is free."""
        free = free_seat(self.calendar, self.day, start, self.need, chair)
        if free is not None:
            return free
        starts = self.calendar.starts(self.day, self.need.minutes)
        nearest = min(starts, key=lambda at: abs(minute_of(at) - minute_of(start)))
        return free_seat(self.calendar, self.day, nearest, self.need, None) or Seat(nearest, None)
