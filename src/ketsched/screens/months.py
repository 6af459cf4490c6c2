"""The months of a course, day by day, as a leaf of a calendar shows them."""

from __future__ import annotations

import calendar as leaves
from datetime import date

import attrs

from ketsched.agenda import agenda
from ketsched.calendars import Calendar
from ketsched.model import BookingStatus, Course
from ketsched.moments import CompanionEntry, SessionEntry

AT_CLINIC, AT_HOME, UNSURE = "a session", "a session at home", "one to be confirmed"
"""What a day of a session can be."""


@attrs.frozen
class Day:
    """
    What one day shows.

    Attributes:
        day: Local date.
        session: AT_CLINIC, AT_HOME or UNSURE; of several the first one at the clinic. Empty: there is none.
        has_appointment: Whether there is an appointment; what happens during a session is part of it.
        is_closed: Whether the clinic is closed.
    """

    day: date
    session: str = ""
    has_appointment: bool = False
    is_closed: bool = False


@attrs.frozen
class Month:
    """
    One month.

    Attributes:
        title: Its name and year.
        weeks: Of seven days each, Monday first; None: a day of another month.
    """

    title: str
    weeks: tuple[tuple[Day | None, ...], ...]


def months(course: Course, clinic: Calendar | None) -> tuple[Month, ...]:
    """
    Return the months that have a session or an appointment.

    Args:
        course: The course.
        clinic: When the clinic is open; None: no day is shown as closed.
    """
    entries = [entry for entry in agenda(course).booked if entry.status.stands]
    sessions = sorted((e for e in entries if isinstance(e, SessionEntry)), key=lambda entry: entry.at_home)
    shown = {entry.first: _kind(entry) for entry in reversed(sessions)}
    booked = {
        entry.first
        for entry in entries
        if isinstance(entry, CompanionEntry)
        and entry.companion.kind == "appointment"
        and not entry.is_part_of_session
    }

    def day_of(day: date) -> Day:
        closed = clinic is not None and not clinic.ranges(day)
        return Day(day, shown.get(day, ""), day in booked, closed)

    return tuple(
        Month(
            f"{leaves.month_name[month]} {year}",
            tuple(
                tuple(day_of(day) if day.month == month else None for day in week)
                for week in leaves.Calendar().monthdatescalendar(year, month)
            ),
        )
        for year, month in sorted({(day.year, day.month) for day in (*shown, *booked)})
    )


def _kind(entry: SessionEntry) -> str:
    if entry.status is BookingStatus.TENTATIVE:
        return UNSURE
    return AT_HOME if entry.at_home else AT_CLINIC
