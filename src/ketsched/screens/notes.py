"""Why something is on another day or at another hour than it was to be: the real reason, in a few words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, time

from ketsched.clock import minute_of
from ketsched.hours import AWAY, Hours, SeatNeed
from ketsched.model import BookingStatus, Companion, Course, PlacedCompanion, Session, Spacing
from ketsched.moments import SessionEntry
from ketsched.names import Names
from ketsched.planning.blockers import closed_in_short, hour_closed
from ketsched.planning.free import FreeTime
from ketsched.screens import many, on

_TAKEN = "chairs full"
_RATHER = "the patient would rather not"
_GONE = "patient away"
_BETWEEN = "to keep the days between"


class Notes:
    """
    Why sessions and appointments are where they are, if that is not where they were to be.

    Args:
        course: The course.
        hours: When its bookings can be; None: that is not known, and no hour is looked at.
    """

    def __init__(self, course: Course, hours: Hours | None) -> None:
        self.hours = hours
        self._names, self._standing = Names(course), course.standing()
        self._usual = {at_home: usual_hour(course, hours, at_home=at_home) for at_home in (False, True)}
        self._of_appointments = {} if hours is None else appointment_notes(course, hours)

    def of_session(self, entry: SessionEntry) -> Iterator[str]:
        """Yield why a session is not on its ideal day, and not at the hour of the others, or that was asked for."""
        session = entry.booking
        if session.ideal is not None and session.ideal != session.day:
            yield f"{_away(session.day, session.ideal)}: {self._why_elsewhere(entry, session.ideal)}"
        usual = self._usual[entry.at_home]
        if self.hours is None or usual is None or session.time in (None, usual):
            return
        why = _why_at_another_hour(self.hours, session.day, usual, _need(entry))
        if why:
            yield f"{session.time:%H:%M}: {why} at {usual:%H:%M}"

    def of_appointment(self, placed: PlacedCompanion) -> Iterator[str]:
        """Yield why an appointment is not on the day that is recommended."""
        if placed.id in self._of_appointments:
            yield self._of_appointments[placed.id]

    def _why_elsewhere(self, entry: SessionEntry, ideal: date) -> str:
        if entry.booking.pinned:
            return "chosen by hand"
        closed = "" if self.hours is None else _closed(self.hours, _need(entry), ideal)
        return closed or self._needs(entry.booking, ideal) or _BETWEEN

    def _needs(self, session: Session, ideal: date) -> str:
        """Say which rule keeps a session from its ideal day, with the others where they are; empty if none does."""
        place = next(n for n, one in enumerate(self._standing) if one.id == session.id)
        protocol = self._names.protocol
        for n, other in enumerate(self._standing):
            apart = place - n
            earlier, later = sorted((session, other), key=lambda one: one.when)
            rules = protocol.phase(later.phase).spacing
            gap, wanted = (later.day - earlier.day).days, abs((ideal - other.day).days)
            for least in _minimums(rules, abs(apart)) if apart else ():
                if wanted < least <= gap:
                    when = "after" if apart > 0 else "before"
                    return f"needs {many(least, 'day')} {when} {self._names.of(other)}"
        return ""


def _minimums(rules: Sequence[Spacing], apart: int) -> Iterator[int]:
    """Yield the fewest days that rules ask for between sessions so many places apart."""
    for rule in rules:
        if rule.apart == apart and rule.between is None and isinstance(rule.minimum, int):
            yield rule.minimum


def _why_at_another_hour(hours: Hours, day: date, usual: time, need: SeatNeed) -> str:
    """Say why nothing is at an hour of a day, before "at 10:00"; empty if that hour is not the reason."""
    calendar = hours.of_place[need.place]
    if minute_of(usual) in calendar.start_minutes(day, need.minutes):
        wished = hours.wished.get(need.place)
        would_not = wished is not None and minute_of(usual) not in wished.start_minutes(day, need.minutes)
        return _RATHER if would_not else ""
    why, key = hour_closed(calendar, day, usual, need.minutes, hours.calendar.name)
    return _TAKEN if key == "taken" else _GONE if why == "the patient cannot" else "clinic closed"


def appointment_notes(course: Course, hours: Hours) -> dict[str, str]:
    """Return why appointments are not on the day that is recommended, by their id; those that are, are left out."""
    free = FreeTime(course, hours)
    booked = [
        (placed, course.protocol.companion(placed.companion))
        for placed in course.companions
        if placed.status in (BookingStatus.FIRM, BookingStatus.TENTATIVE)
    ]
    for placed, companion in booked:
        free.book(placed, companion)
    found = {}
    for placed, companion in booked:
        if companion.kind == "appointment" and placed.ideal is not None and placed.ideal != placed.day:
            free.unbook(placed, companion)
            why = _why_elsewhere(placed, placed.ideal, companion, free) or _decides(course, placed, companion)
            why = _GONE if why == AWAY else why
            found[placed.id] = f"{_away(placed.day, placed.ideal)}: {why}".removesuffix(": ")
            free.book(placed, companion)
    return found


def _why_elsewhere(placed: PlacedCompanion, ideal: date, companion: Companion, free: FreeTime) -> str:
    """Say why an appointment is not on the day that is recommended; empty if nothing there says it."""
    if placed.pinned:
        return "chosen by hand"
    why = free.why_not(companion, ideal.toordinal())
    return why or ("the patient is there that day" if placed.day.toordinal() in free.trip_days else "")


def _decides(course: Course, placed: PlacedCompanion, companion: Companion) -> str:
    """Say before which session a decision is needed; empty if it is none, or not the reason."""
    own = next((session.day for session in course.standing() if session.id == placed.session), None)
    ahead = (s.day for s in course.standing() if companion.gate and own is not None and s.day > own)
    first = next(ahead, None)
    needed = first is not None and placed.ideal is not None and placed.day < first <= placed.ideal
    return f"decides about {on(first)}" if needed and first is not None else ""


def _away(day: date, ideal: date) -> str:
    """Say how far a day is from the one that it was to be."""
    days = (day - ideal).days
    return f"{many(abs(days), 'day')} {'late' if days > 0 else 'early'}"


def usual_hour(course: Course, hours: Hours | None, *, at_home: bool) -> time | None:
    """Return the hour that was asked for, or else that most sessions at the clinic, or at home, have; None: no hour."""
    if hours is not None and hours.time is not None:
        return hours.time
    times = [s.time for s in course.standing() if s.time is not None and course.is_at_home(s) is at_home]
    counted = Counter(times)
    return min((t for t in counted if counted[t] == max(counted.values())), default=None)


def _need(entry: SessionEntry) -> SeatNeed:
    return SeatNeed("home" if entry.at_home else "clinic", entry.phase.anatomy.minutes)


def _closed(hours: Hours, need: SeatNeed, day: date) -> str:
    """Say what closes a day to a session; empty if it is open."""
    why = closed_in_short(hours.of_place[need.place], day, need.minutes)
    wished = hours.wished.get(need.place)
    if not why and wished is not None and not wished.is_open(day, need.minutes):
        return _RATHER
    return why.removeprefix("closed: ")
