"""
What a screen shows people at the clinic, as plain text: tables and lines.

A terminal and a page draw them each in its own way; nothing here knows either.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import groupby

import attrs

from ketsched.clock import WEEKDAY_NAMES, day_words
from ketsched.model import Booking, Course

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@attrs.frozen
class Table:
    """
    A table of plain text.

    Attributes:
        columns: Headings, one for each cell of a row.
        rows: Cells; a line feed begins a new line in a cell.
        title: Above the table; may be empty.
        whole: Headings of columns whose cells are never broken into lines.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    whole: tuple[str, ...] = ()


Part = str | Table
"""One part of what a screen shows, from top to bottom."""


def on(day: date) -> str:
    """Return a date with its weekday: Mon 2027-01-04."""
    return day_words(day)


def short(day: date) -> str:
    """Return a day as a table of few weeks can say it: Wed 13."""
    return f"{WEEKDAY_NAMES[day.weekday()]} {day.day}"


def in_short(days: Iterable[date]) -> str:
    """List days, each month said once: Thu 14, Fri 15 January, Mon 1 February."""
    months = groupby(sorted(days), lambda day: (day.year, day.month))
    return ", ".join(f"{', '.join(map(short, own))} {MONTHS[month - 1]}" for (_, month), own in months)


def titled(course: Course) -> str:
    """Name a course by its id: Course G; one without an id is the course."""
    return f"Course {course.id}" if course.id else "The course"


def at_hour(booking: Booking) -> str:
    """Say when a booking is: Mon 2027-01-18 at 10:00."""
    return f"{on(booking.day)} at {booking.time:%H:%M}" if booking.time else on(booking.day)


def many(number: int, what: str) -> str:
    """Return a number of things in words: 1 day, 2 days."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
