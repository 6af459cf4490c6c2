"""
How a course document writes when its patient can: weekly hours, and days by date in stretches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import attrs

from ketsched.calendars import Calendar
from ketsched.clock import TimeRange
from ketsched.closures import Closure, Holidays, Opening, Recurring, days_between
from ketsched.errors import InvalidInput, refuse_first
from ketsched.hours import MOST_DAYS


@attrs.frozen(kw_only=True)
class Days:
    """
    Days by date.

    Attributes:
        first: The first.
        last: The last, included.
    """

    first: date
    last: date

    def __attrs_post_init__(self) -> None:
        fault = (
            not 0 <= (self.last - self.first).days < MOST_DAYS,
            "last",
            f"days from {self.first} to {self.last}",
            f"they run from the earlier to the later, and are at most {MOST_DAYS}",
            "correct one of the two",
        )
        refuse_first(InvalidInput, "", (fault,))

    def __iter__(self) -> Iterator[date]:
        return iter(days_between(self.first, self.last))

    def __len__(self) -> int:
        return (self.last - self.first).days + 1


@attrs.frozen(kw_only=True)
class ClosedDays(Days):
    """
    Days by date on which a person cannot, and why.

    Attributes:
        reason: In a few words.
    """

    reason: str


@attrs.frozen(kw_only=True)
class OpenDay:
    """
    A day whose hours are given by date.

    Attributes:
        day: The day.
        hours: Its open hours, as in "09:00-12:00, 13:00-17:00"; empty: none.
    """

    day: date
    hours: str = ""


@attrs.frozen(kw_only=True)
class Week:
    """
    Open hours by weekday, as in "09:00-12:00, 13:00-17:00"; a weekday that is absent has none.

    Attributes:
        mon, tue, wed, thu, fri, sat, sun: Of that weekday.
    """

    mon: str = ""
    tue: str = ""
    wed: str = ""
    thu: str = ""
    fri: str = ""
    sat: str = ""
    sun: str = ""

    @classmethod
    def of(cls, hours: Iterable[Iterable[TimeRange]]) -> Week:
        """Write the open spans of Monday to Sunday."""
        names = (a.name for a in attrs.fields(cls))
        return cls(**dict(zip(names, map(_written, hours), strict=True)))


@attrs.frozen(kw_only=True)
class PersonTimes:
    """
    When a person can, in local time of one zone.

    Attributes:
        zone: IANA name.
        hours: Weekly.
        closures: Days on which the person cannot.
        openings: Days with other hours than the week's; they come before closures and holidays.
        holidays: Public holidays on which the person cannot.
        recurring: Days that come back, on which the person cannot.
        name: What findings and errors call it.
    """

    zone: str
    hours: Week
    closures: tuple[ClosedDays, ...] = ()
    openings: tuple[OpenDay, ...] = ()
    holidays: tuple[Holidays, ...] = ()
    recurring: tuple[Recurring, ...] = ()
    name: str

    def __attrs_post_init__(self) -> None:
        days = sum(map(len, self.closures))
        fault = (
            days > MOST_DAYS,
            "closures",
            f"{days} days",
            f"a person's calendar has at most {MOST_DAYS} days by date",
            "leave out those that are long past",
        )
        refuse_first(InvalidInput, "", (fault,))

    def calendar(self) -> Calendar:
        """Return it as a calendar."""
        return Calendar(
            self.zone,
            tuple(_read(text) for text in attrs.astuple(self.hours)),
            closures=tuple(Closure(day, days.reason) for days in self.closures for day in days),
            openings=tuple(Opening(one.day, _read(one.hours)) for one in self.openings),
            holidays=self.holidays,
            recurring=self.recurring,
            name=self.name,
        )


def times_of(calendar: Calendar) -> tuple[PersonTimes, ...]:
    """Return how the calendar of a person is written: one for each of its parts, which must all be open."""
    return tuple(
        PersonTimes(
            zone=part.zone,
            hours=Week.of(part.hours),
            closures=tuple(
                ClosedDays(first=first, last=last, reason=reason)
                for first, last, reason in _stretches((c.day, c.reason) for c in part.closures)
            ),
            openings=tuple(OpenDay(day=one.day, hours=_written(one.hours)) for one in part.openings),
            holidays=part.holidays,
            recurring=part.recurring,
            name=part.name,
        )
        for part in calendar.parts()
    )


def calendar_of(parts: Iterable[PersonTimes]) -> Calendar:
    """Return the calendar that was written so."""
    first, *others = (part.calendar() for part in parts)
    return attrs.evolve(first, others=tuple(others))


def days_of(days: Iterable[date]) -> tuple[Days, ...]:
    """Return how days are written: by stretches."""
    return tuple(Days(first=first, last=last) for first, last, _ in _stretches((day, "") for day in days))


def _stretches(days: Iterable[tuple[date, str]]) -> list[tuple[date, date, str]]:
    """Return days that follow each other, and have the same reason, as one."""
    found: list[tuple[date, date, str]] = []
    for day, reason in days:
        if found and (found[-1][1].toordinal() + 1, found[-1][2]) == (day.toordinal(), reason):
            found[-1] = (found[-1][0], day, reason)
        else:
            found.append((day, day, reason))
    return found


def _written(spans: Iterable[TimeRange]) -> str:
    return ", ".join(map(str, spans))


def _read(text: str) -> tuple[TimeRange, ...]:
    """Read open hours strictly: as they are written here."""
    spans = TimeRange.parse(text)
    if text != _written(spans):
        raise InvalidInput(
            what="hours in another form",
            where="hours",
            why="hours are 09:00-12:00, 13:00-17:00, in order, and those that touch are one",
            fix=f'write "{_written(spans)}"',
        )
    return spans
