"""Days that the advice about an appointment names: of its window, open for whoever it needs and for the patient."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from ketsched import house
from ketsched.calendars import Calendar
from ketsched.checking.bookings import AnchorDay, window_of
from ketsched.checking.case import CheckedCourse
from ketsched.clock import FIRST_DAY, LAST_DAY, day_words
from ketsched.model import Companion
from ketsched.zones import same_zone

NEAR = 31
"""So many days on either side of a booking another day is looked for where its window has no end; house default."""


def said_window(first: date, last: date) -> str:
    """Say a window, after "on" or "to"."""
    if last == date.max:
        return f"{day_words(first)} or later"
    return day_words(first) if first == last else f"a day from {day_words(first)} to {day_words(last)}"


def open_days(case: CheckedCourse, companion: Companion, anchor: AnchorDay, near: date) -> list[date]:
    """Return the days of a window on which an appointment can be, the nearest to a day first."""
    first, last = window_of(companion, anchor)
    last = min(last, max(first, near) + timedelta(NEAR)) if last == date.max else last
    days = (first + timedelta(n) for n in range((last - first).days + 1))
    return sorted(
        (day for day in days if _is_open(case, companion, day)), key=lambda day: (abs(day - near), day)
    )


def say_open_days(
    case: CheckedCourse, companion: Companion, anchor: AnchorDay, near: date | None = None
) -> str:
    """
    Say on which days of its window something can be, after "on" or "to", both ends open; empty if on none.

    Args:
        case: What is checked.
        companion: What the protocol says about it.
        anchor: What it is counted from.
        near: The day that it is on now; None: it is on none.
    """
    first, last = window_of(companion, anchor)
    if companion.kind == "task":
        return said_window(first, last)
    taken = {
        booked.day
        for booked in case.bookings.from_one_anchor.get((companion.id, anchor.key), ())
        if booked.day != near
    }
    near = near or anchor.day + timedelta(companion.window.recommended)
    days = {*open_days(case, companion, anchor, near)} - taken
    if not days:
        return ""
    return said_window(min(days), date.max if last == date.max else max(days))


def _is_open(case: CheckedCourse, companion: Companion, day: date) -> bool:
    """Whether an appointment can be on a day, as far as anything says when it can."""
    if not FIRST_DAY <= day <= LAST_DAY or (case.as_of is not None and day < case.as_of):
        return False
    if companion.weekdays and day.weekday() not in companion.weekdays:
        return False
    own = {session.day for session in case.bookings.of_phase(companion.anchor.phase)}
    if companion.on_session_days in ("only", "during") and day not in own:
        return False
    if companion.on_session_days == "never" and day in case.bookings.on:
        return False
    if companion.on_session_days == "during":
        return True
    hours, zone = calendar_of(case, companion), case.course.zone
    if hours is not None and not same_zone(hours.zone, zone):
        hours = Calendar.always(zone) & hours
    can = case.course.patient.can(zone) if companion.for_patient else None
    both = hours & can if hours is not None and can is not None else hours or can
    return both is None or both.is_open(day, companion.minutes)


def calendar_of(case: CheckedCourse, companion: Companion) -> Calendar | None:
    """Return whose hours an appointment has to keep; None if that is not known."""
    if companion.role in case.calendars:
        return case.calendars[companion.role]
    if companion.place == "home":
        return _at_home(case.course.zone)
    if case.calendar is None or companion.for_patient:
        return case.calendar
    return next(case.calendar.parts())


@lru_cache(maxsize=64)
def _at_home(zone: str) -> Calendar:
    return Calendar(zone, (house.hours("home-hours"),) * 7, name="appointments at home")
