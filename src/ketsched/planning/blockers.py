"""
What closes a day or an hour of it, for explanations: weekly hours, dated closures, chairs that are taken.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from functools import cached_property

import attrs

from ketsched.calendars import CLINIC, PATIENT, Calendar
from ketsched.clock import choices, later, minute_of, moment
from ketsched.hours import AWAY, GRID, SeatNeed


@attrs.frozen
class Cause:
    """
    One thing that keeps days closed, or one rule; what an explanation is made of.

    Attributes:
        day: The day that it closes; None for weekly hours and rules.
        words: What to call it.
        key: What it is recognised by, whatever its words: "closed 2027-01-18", "weekly hours", a rule's own key.
        can_open: Whether that day could be opened: it is closed by date, not taken or too short.
        opens: What to call that, if it is not the clinic that would open.
        order: In which order explanations try to do without it; one that stands alone needs none.
    """

    day: date | None
    words: str
    key: str
    can_open: bool = False
    opens: str = ""
    order: tuple[int, int] = (0, 0)


class Blockers:
    """What closes days, for explanations: all that is named would have to go to open the day."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._fits: dict[tuple[int, int, int], bool] = {}

    @cached_property
    def weekly(self) -> list[Calendar]:
        """Its parts with their weekly hours alone."""
        return [weekly(part) for part in self.calendar.parts()]

    def of(self, day: date, minutes: int) -> list[Cause]:
        """
        Return everything that closes a day to a session of that length.

        Weekly hours are one cause for each calendar, each dated closure is one, and so is a
        day on which the chairs are taken or the hours given for it leave no start.
        """
        if self.calendar.is_open(day, minutes, grid=GRID):
            return []
        causes = []
        latest_first = (0, -day.toordinal())
        for number, part in enumerate(self.calendar.parts()):
            of_part = f" {number + 1}" if number else ""
            if not self._weekly_fits(number, day, minutes):
                weekly_hours = f"the weekly hours of {part.name}"
                causes.append(Cause(None, weekly_hours, f"weekly hours{of_part}", order=(1, -number)))
            closure = part.closed_by(day)
            if closure is not None:
                reason = "" if closure.reason in ("", "closed") else f" ({closure.reason})"
                whose = "" if number == 0 else f" for {part.name}"
                opens = "" if number == 0 else f"if {part.name} can on {day}"
                words = f"closed {day}{reason}{whose}"
                key = f"closed {day}{of_part}"
                causes.append(Cause(day, words, key, can_open=True, opens=opens, order=latest_first))
            elif not part.is_open(day, minutes, grid=GRID) and attrs.evolve(
                part, bookings=(), occupancy=None
            ).is_open(day, minutes, grid=GRID):
                taken = f"all chairs of {part.name} are taken on {day}"
                causes.append(Cause(day, taken, f"taken {day}{of_part}", order=latest_first))
        if any(cause.can_open for cause in causes) and self._taken(day, minutes):
            causes.append(Cause(day, f"all chairs are taken on {day}", f"taken {day}", order=latest_first))
        if not causes:
            causes.append(
                Cause(day, f"the hours on {day} leave no start", f"hours {day}", order=latest_first)
            )
        return causes

    def _weekly_fits(self, number: int, day: date, minutes: int) -> bool:
        key = (number, day.weekday(), minutes)
        if key not in self._fits:
            self._fits[key] = self.weekly[number].is_open(day, minutes, grid=GRID)
        return self._fits[key]

    def _taken(self, day: date, minutes: int) -> bool:
        """Whether bookings alone would leave no start on a day that is closed by date."""
        opened = each_part(
            self.calendar,
            lambda part: attrs.evolve(weekly(part), bookings=part.bookings, occupancy=part.occupancy),
        )
        unbooked = each_part(self.calendar, weekly)
        return unbooked.is_open(day, minutes, grid=GRID) and not opened.is_open(day, minutes, grid=GRID)


def weekly(part: Calendar) -> Calendar:
    """Return a calendar with nothing but its weekly hours and chairs."""
    return attrs.evolve(
        part, closures=(), openings=(), holidays=(), recurring=(), bookings=(), occupancy=None, others=()
    )


def each_part(calendar: Calendar, change: Callable[[Calendar], Calendar]) -> Calendar:
    """Return a calendar with each of its parts changed."""
    first, *others = (change(part) for part in calendar.parts())
    for other in others:
        first &= other
    return first


def open_weekdays(calendar: Calendar, minutes: int) -> frozenset[int]:
    """Return the weekdays (Monday is 0) whose weekly hours fit a session in all calendars together."""
    bare, monday = each_part(calendar, weekly), date(2001, 1, 1).toordinal()
    return frozenset(n for n in range(7) if bare.is_open(date.fromordinal(monday + n), minutes, grid=GRID))


def longest_piece(calendar: Calendar) -> int:
    """Return how many minutes the longest open piece of a week has, in all calendars together."""
    bare, monday = each_part(calendar, weekly), date(2001, 1, 1).toordinal()
    spans = (span for n in range(7) for span in bare.ranges(date.fromordinal(monday + n)))
    return max((span.end - span.start for span in spans), default=0)


def closed_by(calendar: Calendar, day: date, need: SeatNeed) -> str:
    """Say what closes a day to a session; empty if it is open."""
    return " and ".join(cause.words for cause in Blockers(calendar).of(day, need.minutes))


def closed_in_short(calendar: Calendar, day: date, minutes: int) -> str:
    """Say in a few words what closes a day to a session, as a table has room for it; empty if it is open."""
    if calendar.is_open(day, minutes, grid=GRID):
        return ""
    for number, part in enumerate(calendar.parts()):
        if part.is_open(day, minutes, grid=GRID):
            continue
        if part.name == PATIENT or (number and part.name == CLINIC):
            return "patient away"
        closure, whose = part.closed_by(day), f" for {part.name}" if number else ""
        if closure is not None and closure.reason not in ("", "closed"):
            return "patient away" if closure.reason == AWAY else f"closed{whose}: {closure.reason}"
        if not part.ranges(day):
            return f"closed{whose}"
        return "chairs full" if part.is_booked else f"too few hours{whose}"
    return "no hours that all have"


def hour_closed(calendar: Calendar, day: date, clock: time, minutes: int, clinic: str) -> tuple[str, str]:
    """
    Say why nothing of that length can start at an hour of a day, and the key of that; empty if it can.

    Hours come first, in the order of the calendars that must be open, and chairs last.

    Args:
        calendar: All calendars that must be open.
        day, clock: Local.
        minutes: How long it takes.
        clinic: What the clinic's calendar is called: whose closing day it is need not be said.
    """
    if len(choices(day, clock, calendar.zone)) != 1:
        return "the clocks change then", "closed"
    begin = moment(day, clock, calendar.zone)
    end = later(begin, timedelta(minutes=minutes))
    for part in calendar.parts():
        if part.is_open_throughout(begin, end):
            continue
        spans = (Calendar.always(calendar.zone) & part).ranges(day)
        if not spans:
            return day_closed(part, day, clinic), "closed"
        if part.name == PATIENT:
            return "the patient cannot", "closed"
        hours = ", ".join(map(str, spans))
        if any(span.start <= minute_of(clock) < span.end for span in spans):
            return f"it would last until {end:%H:%M}, beyond {part.name}'s hours ({hours})", "closed"
        return f"outside {part.name}'s hours ({hours})", "closed"
    return ("", "") if calendar.free_chair(begin, end) is not None else (all_taken(calendar, clinic), "taken")


def all_taken(calendar: Calendar, clinic: str) -> str:
    """Say that others have all chairs of the clinic, or all of those whom a calendar is for."""
    counted = next((part for part in calendar.parts() if part.chairs is not None), calendar)
    return "all chairs are taken" if counted.name == clinic else f"others have booked {counted.name}"


def day_closed(part: Calendar, day: date, clinic: str) -> str:
    """Say why a day on which one calendar has no hours is closed."""
    closure = part.closed_by(day)
    if closure is None:
        return f"not among the hours of {part.name}"
    if closure.reason == AWAY:
        return AWAY
    whose = "" if part.name == clinic else f" for {part.name}"
    reason = "" if closure.reason in ("", "closed") else f" ({closure.reason})"
    return f"closed{whose}{reason}"
