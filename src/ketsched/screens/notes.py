"""Why something is on another day or at another hour than it was to be: the real reason, in a few words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, time

from ketsched.clock import minute_of
from ketsched.hours import Hours, SeatNeed
from ketsched.model import BookingStatus, Companion, Course, PlacedCompanion
from ketsched.moments import SessionEntry
from ketsched.planning.blockers import hour_closed
from ketsched.planning.free import FreeTime
from ketsched.screens import many, on


def notes_on_days(entry: SessionEntry, hours: Hours | None) -> Iterator[str]:
    """Yield that a session is not on its ideal day, and why."""
    session = entry.booking
    if session.ideal is None or session.ideal == session.day:
        return
    why = "" if hours is None else _closed(hours, _need(entry), session.ideal)
    yield f"{_away(session.day, session.ideal)} than {on(session.ideal)}{why or ' to keep the gaps'}"


def notes_on_hours(entry: SessionEntry, hours: Hours | None, usual: time | None) -> Iterator[str]:
    """Yield that a session is not at the hour of the others, or that was asked for, and why."""
    session = entry.booking
    if hours is None or usual is None or session.time in (None, usual):
        return
    need = _need(entry)
    calendar = hours.of_place[need.place]
    if minute_of(usual) in calendar.start_minutes(session.day, need.minutes):
        wished = hours.wished.get(need.place)
        if wished is not None and minute_of(usual) not in wished.start_minutes(session.day, need.minutes):
            yield f"not at {usual:%H:%M}: the patient would rather not"
        return
    why, _ = hour_closed(calendar, session.day, usual, need.minutes, hours.calendar.name)
    yield f"not at {usual:%H:%M}: {why or 'to keep the gaps in hours'}"


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
            found[placed.id] = f"{_away(placed.day, placed.ideal)}: {why}".removesuffix(": ")
            free.book(placed, companion)
    return found


def _why_elsewhere(placed: PlacedCompanion, ideal: date, companion: Companion, free: FreeTime) -> str:
    """Say why an appointment is not on the day that is recommended; empty if nothing there says it."""
    if placed.pinned:
        return "chosen by hand"
    why = free.why_not(companion, ideal.toordinal())
    return why or ("the patient comes then anyway" if placed.day.toordinal() in free.trip_days else "")


def _decides(course: Course, placed: PlacedCompanion, companion: Companion) -> str:
    """Say before which session a decision is needed; empty if it is none, or not the reason."""
    own = next((session.day for session in course.standing() if session.id == placed.session), None)
    ahead = (s.day for s in course.standing() if companion.gate and own is not None and s.day > own)
    first = next(ahead, None)
    needed = first is not None and placed.ideal is not None and placed.day < first <= placed.ideal
    return f"it decides about the session of {first}" if needed else ""


def _away(day: date, ideal: date) -> str:
    """Say how far a day is from the one that it was to be."""
    days = (day - ideal).days
    return f"{many(abs(days), 'day')} {'later' if days > 0 else 'earlier'}"


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
    """Say what closes a day to a session, after "than Mon 2027-01-18"; empty if it is open."""
    calendar, minutes = hours.of_place[need.place], need.minutes
    if calendar.is_open(day, minutes):
        wished = hours.wished.get(need.place)
        rather = wished is not None and not wished.is_open(day, minutes)
        return ": the patient would rather not" if rather else ""
    own, *others = calendar.parts()
    if not own.ranges(day):
        closure = own.closed_by(day)
        return f": {closure.reason}" if closure else ": not open"
    if any(not part.is_open(day, minutes) for part in others):
        return ": the patient cannot"
    if own.is_open(day, minutes):
        return ": the patient cannot at the clinic's hours"
    return ": all chairs are taken" if own.is_booked else ": too few hours"
