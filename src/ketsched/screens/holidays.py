"""Holidays that only parts of a country keep, where a plan has bookings on them."""

from __future__ import annotations

from collections.abc import Iterator

from ketsched.calendars import Calendar
from ketsched.model import Course
from ketsched.screens import on

SHOWN = 3
"""Holidays that one line names (house default)."""


def more_holidays(course: Course, calendar: Calendar) -> Iterator[str]:
    """Say once of each country that parts of it keep more holidays on days of a plan: the clinic may be in one."""
    booked = {booking.day for booking in course.bookings().values() if booking.status.stands}
    for holidays in calendar.holidays:
        kept = holidays.kept_in_parts(sorted(booked))
        if not kept:
            continue
        country = holidays.country
        codes = sorted({code for parts in kept.values() for code in parts})
        shown = [f"{on(day)} {next(iter(parts.values()))}" for day, parts in list(kept.items())[:SHOWN]]
        more = f" and {len(kept) - len(shown)} more" if len(kept) > len(shown) else ""
        yield (
            f"Parts of {country} have more holidays than the country as a whole: {', '.join(shown)}{more}"
            f" ({', '.join(codes)}). If the clinic is in one, name it, as in --holidays {country}-{codes[0]} or"
            f' subdivision = "{codes[0]}" in the clinic file.'
        )
