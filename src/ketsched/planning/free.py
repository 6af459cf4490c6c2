"""
When an appointment can be: somebody's hours, less what the patient has that day already.

It knows the sessions of a course from the start and is told of every appointment that is
booked. Moments decide, not clock times, so that nights on which clocks change come out right.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import attrs

from ketsched.calendars import CLINICIAN, Calendar
from ketsched.clock import changes_clocks, choices, later, minute_of, moment, seconds, time_of
from ketsched.hours import GRID, Hours, at_home
from ketsched.model import BookingStatus, Companion, Course, PlacedCompanion, Session
from ketsched.planning.blockers import day_closed, each_part, hour_closed, weekly
from ketsched.zones import same_zone, zone_named

Taking = tuple[int, int, int | None, str]
"""(begin, end, which of them, for what): half-open, in seconds since 1970 UTC."""
Span = tuple[int, int, bool, str]
"""(begin, end, whether it is at the clinic, what it is): half-open, in seconds since 1970 UTC."""


class FreeTime:
    """
    The free time of one course's patient, and of those whom its companions need.

    Attributes:
        session_days: Days (ordinals) of the sessions that stand.
        trip_days: Days on which the patient comes to the clinic, and for how many things.
    """

    def __init__(self, course: Course, hours: Hours) -> None:
        self.course, self.calendar, self.calendars = course, hours.calendar, hours.staff
        self.availability, self.preferred = hours.availability, hours.time
        standing = course.standing()
        self.session_days = {session.day.toordinal() for session in standing}
        self._days_of = {
            phase.name: {s.day.toordinal() for s in standing if s.phase == phase.name}
            for phase in course.protocol.phases
        }
        self.trip_days = {s.day.toordinal(): 1 for s in standing if not course.is_at_home(s)}
        self._taken: dict[int, list[Span]] = {}
        self._taken_of: dict[str, list[Taking]] = {}
        self._midnights: dict[int, int] = {}
        self._asked: tuple[str, int] | None = None
        self._answer: list[int] = []
        self._known: dict[tuple[str, str, bool], Calendar] = {}
        self._starts: dict[tuple[str, str, bool, int, int], list[int]] = {}
        for session in standing:
            if session.time is not None:
                at_clinic, name = not course.is_at_home(session), f"the {session.phase} session"
                self._take(course.starts(session), course.ends(session), at_clinic, name, 1)
        for placed in course.companions:
            if placed.status is BookingStatus.FULFILLED:
                self._note(placed, course.protocol.companion(placed.companion), 1)

    def is_open(self, companion: Companion, day: int) -> bool:
        """Whether a companion can have a day (an ordinal): nothing closes it, and some start is free."""
        return not self.closed(companion, day) and bool(self.starts(companion, day))

    def closed(self, companion: Companion, day: int) -> str:
        """Say what in the protocol itself closes a day to a companion; empty if nothing does."""
        if companion.weekdays and (day - 1) % 7 not in companion.weekdays:  # 1 was a Monday
            return "not one of its days of the week"
        if companion.on_session_days == "never" and day in self.session_days:
            return "a session is on that day"
        if companion.on_session_days == "only" and day not in self._days_of.get(
            companion.anchor.phase, self.session_days
        ):
            return "no session is on that day"
        return ""

    def whose(self, companion: Companion) -> Calendar:
        """Return all calendars that must be open for a companion, on the clock of the course."""
        key = (companion.calendar, companion.place, companion.for_patient)
        known = self._known.get(key)
        if known is None:
            zone = self.course.zone
            named = self.calendars.get(companion.role)
            if named is not None:
                known = named
                known = known if same_zone(known.zone, zone) else Calendar.always(zone) & known
            elif companion.place == "home":
                known = at_home(zone)
            else:  # the clinic's hours; its chairs are for sessions, its clinicians for appointments
                first, *others = (unchaired(part) for part in self.calendar.parts())
                if companion.role == CLINICIAN:
                    first = next(self.calendar.parts()).clinician
                known = attrs.evolve(first, others=tuple(others))
            if self.availability is not None and companion.for_patient:
                known = known & self.availability
            self._known[key] = known
        return known

    def starts(self, companion: Companion, day: int) -> list[int]:
        """Return the starts of a day that are free for a companion, in minutes after midnight."""
        asked = (companion.id, day)
        if self._asked != asked:  # whoever asks whether a day is open then chooses an hour of it
            self._asked, self._answer = asked, self._free_starts(companion, day)
        return self._answer

    def _free_starts(self, companion: Companion, day: int) -> list[int]:
        key = (companion.calendar, companion.place, companion.for_patient, companion.minutes, day)
        starts = self._starts.get(key)
        if starts is None:
            on = date.fromordinal(day)
            starts = self._starts[key] = self.whose(companion).start_minutes(on, companion.minutes, grid=GRID)
        for since, until, *_ in self._taken.get(day, ()) if companion.for_patient and starts else ():
            starts = self._outside(day, starts, companion.minutes, since, until)
        if starts and self._taken_of.get(companion.role):
            starts = self._within_capacity(companion, day, starts)
        return starts

    def fits(self, companion: Companion, day: int, clock: time) -> bool:
        """Whether a companion can start at a time of a day, also off the grid: nobody it needs has anything else."""
        if minute_of(clock) in self.starts(companion, day):
            return True
        on, zone = date.fromordinal(day), self.course.zone
        if len(choices(on, clock, zone)) != 1:
            return False
        start, whose = moment(on, clock, zone), self.whose(companion)
        end = later(start, timedelta(minutes=companion.minutes))
        if not whose.is_open_throughout(start, end) or whose.free_chair(start, end) is None:
            return False
        begin, until = seconds(start), seconds(end)
        taken = self._taken.get(day, ()) if companion.for_patient else ()
        return all(since >= until or begin >= done for since, done, *_ in taken) and bool(
            self._within_capacity(companion, day, [minute_of(clock)])
        )

    def during(self, companion: Companion, session: Session) -> time | None:
        """Return when a companion held during a session begins; None if those whom it needs cannot then."""
        begin = self.course.infusion(session)[0]
        end = later(begin, timedelta(minutes=companion.minutes))
        whose = self.calendars.get(companion.calendar)
        if end > self.course.ends(session):
            return None
        return begin.time() if whose is None or whose.is_open_throughout(begin, end) else None

    def capacity(self, companion: Companion) -> Calendar | None:
        """Return the calendar of whom a companion takes, where that is counted."""
        whose = self.calendars.get(companion.role)
        if whose is not None:
            return next((part for part in whose.parts() if part.chairs is not None), None)
        return next(self.calendar.parts()).clinician if companion.role == CLINICIAN else None

    def unit(self, companion: Companion, begin: int, *, preferred: int | None = None) -> int | None:
        """Return which of those whom a companion takes is free from a moment on, in seconds since 1970 UTC, or None."""
        whose, end = self.capacity(companion), begin + 60 * companion.minutes
        if whose is None or whose.chairs is None:
            return None
        busy = {
            number
            for since, until, number, _ in self._taken_of.get(companion.role, ())
            if since < end and begin < until
        }
        start, stop = (datetime.fromtimestamp(at, UTC) for at in (begin, end))
        wanted = preferred if preferred is not None and preferred <= whose.chairs else 1
        for number in (wanted, *range(1, whose.chairs + 1)):
            if number not in busy and whose.free_chair(start, stop, preferred=number) == number:
                return int(number)
        return None

    def _within_capacity(self, companion: Companion, day: int, starts: list[int]) -> list[int]:
        """Return the starts at which somebody whom several companions need is not needed by too many."""
        whose = self.capacity(companion)
        if whose is None or whose.chairs is None:
            return starts
        length = 60 * companion.minutes
        begins = self._begins(day, starts)
        first, last = begins[0], begins[-1] + length
        spans = [
            span for span in self._taken_of.get(companion.role, ()) if span[0] < last and first < span[1]
        ]
        if not spans:
            return starts
        return [
            start
            for start, at in zip(starts, begins, strict=True)
            if not any(since < at + length and at < until for since, until, *_ in spans)
            or self.unit(companion, at) is not None
        ]

    def _outside(self, day: int, starts: list[int], minutes: int, since: int, until: int) -> list[int]:
        """Return the starts of something of that length that does not overlap a span."""
        begins, length = self._begins(day, starts), 60 * minutes
        return [s for s, at in zip(starts, begins, strict=True) if at + length <= since or until <= at]

    def choose(self, companion: Companion, day: int, *, old: time | None) -> time:
        """
        Return the start of a companion on an open day.

        The old time if it is free; else next to what the patient is at the clinic for on that day
        (as near: after it); else the one nearest to the preferred time, or the earliest.
        """
        free = self.starts(companion, day)
        if old is not None and self.fits(companion, day, old):
            return old
        near = companion.place == "clinic" and companion.for_patient
        taken = [span for span in self._taken.get(day, ()) if span[2]] if near else []
        if taken:
            begins, length = self._begins(day, free), 60 * companion.minutes
            waits = []
            for since, until, *_ in taken:
                after, before = bisect_left(begins, until), bisect_right(begins, since - length) - 1
                if after < len(begins):
                    waits.append((begins[after] - until, False, after))
                if before >= 0:
                    waits.append((since - length - begins[before], True, before))
            return time_of(free[min(waits)[2]])
        if self.preferred is None:
            return time_of(free[0])
        target = minute_of(self.preferred)
        return time_of(min(free, key=lambda start: (abs(start - target), start)))

    def book(self, placed: PlacedCompanion, companion: Companion) -> None:
        """Take the time of an appointment that was booked."""
        self._note(placed, companion, 1)

    def unbook(self, placed: PlacedCompanion, companion: Companion) -> None:
        """Give back the time of an appointment that was booked."""
        self._note(placed, companion, -1)

    def why_not(self, companion: Companion, day: int) -> str:
        """Say what closes a day to a companion; empty if it is open."""
        if own := self.closed(companion, day):
            return own
        return "" if self.starts(companion, day) else self.hours_closed(companion, day)

    def hours_closed(self, companion: Companion, day: int) -> str:
        """Say which hours leave no start on a day, or who has them."""
        whose, on = self.whose(companion), date.fromordinal(day)
        zone, clinic = self.course.zone, self.calendar.name
        shut = [part for part in whose.parts() if not (Calendar.always(zone) & part).ranges(on)]
        dated = next((part for part in shut if part.closed_by(on) is not None), None)
        if dated is not None:
            return day_closed(dated, on, clinic)
        if shut:
            return f"not among the hours of {' and '.join(part.name for part in shut)}"
        unbooked = each_part(whose, unchaired)
        if not unbooked.is_open(on, companion.minutes, grid=GRID):
            hours = ", ".join(map(str, unbooked.ranges(on))) or "no hours that all have"
            return f"too short for {companion.minutes} min: {hours}"
        starts = unbooked.start_minutes(on, companion.minutes, grid=GRID)
        reasons = [self.hour_closed(companion, day, time_of(start))[0] for start in starts]
        return " and ".join(dict.fromkeys(reasons))

    def hour_closed(self, companion: Companion, day: int, clock: time) -> tuple[str, str]:
        """Say why a companion cannot start at a time of a day, and the key of that; empty if it can."""
        if self.fits(companion, day, clock):
            return "", ""
        whose, on = self.whose(companion), date.fromordinal(day)
        said, key = hour_closed(whose, on, clock, companion.minutes, self.calendar.name)
        if said:
            return (f"{companion.role} is booked by others then", key) if key == "taken" else (said, key)
        begin = seconds(moment(on, clock, self.course.zone))
        end = begin + 60 * companion.minutes
        busy = self._taken.get(day, ()) if companion.for_patient else ()
        mine = [name for since, until, _, name in busy if since < end and begin < until]
        if mine:
            return f"the patient has {mine[0]} then", "taken"
        others = [
            name
            for since, until, _, name in self._taken_of.get(companion.role, ())
            if since < end and begin < until
        ]
        return f"{companion.role} is booked for {' and '.join(others) or 'others'} then", "taken"

    def closed_by_date(self, companion: Companion, day: int) -> bool:
        """Whether a date alone closes a day to a companion: its weekly hours would fit."""
        closure = self.whose(companion).closed_by(date.fromordinal(day))
        return closure is not None and self.fits_weekly(companion, day)

    def fits_weekly(self, companion: Companion, day: int) -> bool:
        """Whether a companion could have a day by its rules and the weekly hours of whoever it needs."""
        if self.closed(companion, day):
            return False
        first, *others = (weekly(part) for part in self.whose(companion).parts())
        bare = attrs.evolve(first, others=tuple(others))
        return bare.is_open(date.fromordinal(day), companion.minutes, grid=GRID)

    def _begins(self, day: int, starts: Sequence[int]) -> list[int]:
        on, zone = date.fromordinal(day), self.course.zone
        if changes_clocks(on, zone):
            return [seconds(moment(on, time_of(start), zone)) for start in starts]
        zero = self._midnights.get(day)
        if zero is None:
            zero = self._midnights[day] = seconds(datetime.combine(on, time(), zone_named(zone)))
        return [zero + 60 * start for start in starts]

    def _note(self, placed: PlacedCompanion, companion: Companion, sign: int) -> None:
        if placed.time is None:
            return
        self._asked = None
        start = moment(placed.day, placed.time, self.course.zone)
        end = later(start, timedelta(minutes=companion.minutes))
        if companion.role:
            spans = self._taken_of.setdefault(companion.role, [])
            _add(spans, (seconds(start), seconds(end), placed.unit, companion.title), sign)
        if not companion.for_patient or companion.on_session_days == "during":
            return
        day = placed.day.toordinal()
        if companion.place == "clinic":
            self.trip_days[day] = self.trip_days.get(day, 0) + sign
            if not self.trip_days[day]:
                del self.trip_days[day]
        self._take(start, end, companion.place == "clinic", companion.title, sign)

    def _take(self, start: datetime, end: datetime, at_clinic: bool, name: str, sign: int) -> None:
        span = seconds(start), seconds(end), at_clinic, name
        for day in range(start.toordinal(), end.toordinal() + 1):
            _add(self._taken.setdefault(day, []), span, sign)


def unchaired(part: Calendar) -> Calendar:
    """Return a calendar's hours, whatever is booked in it."""
    return attrs.evolve(part, chairs=None, bookings=(), occupancy=None)


def _add(spans: list[Any], span: tuple[Any, ...], sign: int) -> None:
    if sign > 0:
        spans.append(span)
    else:
        spans.remove(span)
