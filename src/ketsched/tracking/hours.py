"""Hours and chairs for what is left of a course: those that keep their day keep their hour while it is free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, time, timedelta

import attrs

from ketsched.calendars import Calendar
from ketsched.clock import changes_clocks, choices, elapsed, later, minute_of, moment, time_of
from ketsched.model import Course, Session
from ketsched.planning import NoFeasiblePlan
from ketsched.planning.days import GRID, Kind
from ketsched.planning.laying import hour_rules
from ketsched.tracking.aiming import Aimed
from ketsched.tracking.problem import Laid


class Hours:
    """Gives hours to the sessions of one plan; those that keep their day keep their hour while it is free."""

    def __init__(
        self,
        course: Course,
        laid: Laid,
        calendars: Mapping[str, Calendar],
        wished: Mapping[str, Calendar],
        preferred: time | None,
    ) -> None:
        self.course, self.laid, self.calendars, self.wished = course, laid, calendars, wished
        self.rules = [rule for rule in hour_rules(laid.rest.runs) if rule.later >= laid.rest.first]
        known = [s for s in course.standing() if s.time is not None]
        self.usual: dict[str, Counter[time]] = {"clinic": Counter(), "home": Counter()}
        for one in known:
            if one.time is not None:
                self.usual["home" if course.is_at_home(one) else "clinic"][one.time] += 1
        self.sessions = {session.id: session for session in course.sessions}
        self.begun: dict[int, tuple[date, time]] = {}
        if self.rules:
            for place_of, taken in enumerate(laid.rest.taken):
                session = self.sessions.get(taken.session or "")
                if session is not None and session.time is not None:
                    self.begun[place_of] = session.day, session.time
        self.preferred = preferred

    def seat(self, at: int, aim: Aimed, day: date, booking: Session | None) -> tuple[time | None, int | None]:
        """Return the hour and the chair of a session."""
        kind = attrs.evolve(aim.slot, booking=booking or aim.slot.booking).kind
        calendar = self.calendars[kind.place]
        place_of = self.laid.rest.first + at
        if booking is not None and booking.day == day:
            if booking.time is None:
                return None, booking.chair
            free = stays(calendar, day, booking.time, kind, booking.chair)
            if free is not None and self._kept(place_of, day, booking.time):
                self.begun[place_of] = day, booking.time
                return booking.time, free[0]
        starts = calendar.start_minutes(day, kind.minutes, grid=GRID)
        wished = self.wished.get(kind.place)
        first = set(wished.start_minutes(day, kind.minutes, grid=GRID)) if wished is not None else set()
        target = self._target(kind, booking)
        for start in sorted(starts, key=lambda s: (s not in first, abs(s - target), s)):
            if self._kept(place_of, day, time_of(start)):
                self.begun[place_of] = day, time_of(start)
                chair = stays(calendar, day, time_of(start), kind, None)
                return time_of(start), None if chair is None else chair[0]
        rule = self.rules[0].rule if self.rules else "the hours that are free"
        raise NoFeasiblePlan(
            what="the days can be placed, the hours cannot",
            where=f"{self.course.protocol.id}, {day}",
            why=f"{rule} leave no start on it",
            fix="open longer on that day, or move the session by hand",
            causes=(rule,),
        )

    def _target(self, kind: Kind, booking: Session | None) -> int:
        if self.preferred is not None:
            return minute_of(self.preferred)
        if booking is not None and booking.time is not None:
            return minute_of(booking.time)
        usual = self.usual[kind.place]
        most = max(usual.values(), default=0)
        return minute_of(min(t for t, n in usual.items() if n == most)) if most else 0

    def _kept(self, place_of: int, day: date, start: time) -> bool:
        """Whether rules in hours hold to the sessions whose hour is known."""
        zone = self.calendars["clinic"].zone
        for rule in self.rules:
            if place_of not in (rule.earlier, rule.later):
                continue
            other = self.begun.get(rule.later if place_of == rule.earlier else rule.earlier)
            if other is None:
                continue
            ends = sorted((moment(*other, zone), moment(day, start, zone)))
            if elapsed(*ends) < timedelta(hours=rule.hours):
                return False
        return True


def stays(
    calendar: Calendar, day: date, start: time, kind: Kind, chair: int | None
) -> tuple[int | None] | None:
    """Return the chair that a session can have at an hour, its own if that is free; None if it cannot be then."""
    if not changes_clocks(day, calendar.zone) and not any(part.bookings for part in calendar.parts()):
        begins = minute_of(start)  # the plain day, on which nothing has to be looked up
        spans = calendar.ranges(day)
        if any(span.start <= begins and begins + kind.minutes <= span.end for span in spans):
            return (_chair_of(calendar, chair),)
    if len(choices(day, start, calendar.zone)) != 1:
        return None
    begin = moment(day, start, calendar.zone)
    end = later(begin, timedelta(minutes=kind.minutes))
    free = calendar.free_chair(begin, end, preferred=chair)
    if free is None or not calendar.is_open_throughout(begin, end):
        return None
    counted = any(part.chairs is not None for part in calendar.parts())
    return (free if counted else chair,)


def _chair_of(calendar: Calendar, chair: int | None) -> int | None:
    """Return the chair of a session where all are free: its own, or the first one."""
    chairs = next((part.chairs for part in calendar.parts() if part.chairs is not None), None)
    if chairs is None:
        return chair
    return chair if chair is not None and chair <= chairs else 1
