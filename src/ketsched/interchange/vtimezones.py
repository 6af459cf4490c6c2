"""
How a calendar file explains a zone to readers that do not know its name.

RFC 5545 3.6.5 allows many forms. The one that every reader we run gets right is
a STANDARD and at most one DAYLIGHT, each with a yearly RRULE on a weekday of a
month. The tz database says just that in the last line of each of its files, a
POSIX TZ string (RFC 9636 3.3). Where that line does not hold for the times to be
written, or says more than BYDAY can, those times belong in UTC.
"""

from __future__ import annotations

import re
import zoneinfo
from calendar import monthrange
from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from functools import cache
from itertools import compress
from operator import attrgetter
from typing import NamedTuple

from ketsched.clock import LAST_DAY, uneven_days
from ketsched.errors import InvalidTime
from ketsched.interchange.contentlines import local
from ketsched.zones import zone_data

_FIRST_YEAR = 1970
"""Of the onsets: before any visit, without centuries of clock changes for a reader to count."""

_MONTH = attrgetter("year", "month", "tzinfo", "fold")
_WEEKDAYS = ("SU", "MO", "TU", "WE", "TH", "FR", "SA")

# POSIX.1-2017 8.3, less what needs more than BYDAY: days of the year (Jn, n), hours
# that move the day (the tz database uses -1, 24, 50), changes left to the system.
_NAME = r"([A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
_OFFSET = r"([+-]?(?:[01]?\d|2[0-3])(?::[0-5]\d)?)"
_ONSET = r"M(1[0-2]|[1-9])\.([1-5])\.([0-6])(?:/([01]?\d|2[0-3])(?::([0-5]\d))?)?"
_FOOTER = re.compile(rf"{_NAME}{_OFFSET}(?:{_NAME}{_OFFSET}?,{_ONSET},{_ONSET})?", re.ASCII)


def vtimezone(zone: str, moments: Iterable[datetime]) -> tuple[str, ...] | None:
    """
    Return the VTIMEZONE lines that let a reader find each of the moments, or None where UTC must be written.

    The moments are meant to be written as clock times of the zone. None stands
    for any that readers would not agree on: the zone keeps another rule that
    year, or the clocks change that night.

    Args:
        zone: Its name in the tz database.
        moments: Every start and end in the file, aware, in any zone.

    Raises:
        InvalidTime: There is no such zone, or a moment has none.
    """
    try:
        rule = _rule(zoneinfo.ZoneInfo(zone))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidTime(
            what=f"there is no zone {zone!r}",
            why="it is not in the tz database of this machine, nor in the tzdata package",
            fix="give a name such as Europe/London, or install a newer tzdata",
        ) from error
    if rule is None:
        return None
    several = list(moments)
    months = list(map(_MONTH, several))
    doubtful = {month: not rule.tells_all_of(*month) for month in set(months)}
    rest = compress(several, map(doubtful.__getitem__, months))
    return rule.lines if all(map(rule.tells, rest)) else None


class _Clock(NamedTuple):
    """What clocks show at one time of the year."""

    name: str
    offset: timedelta


class _Onset(NamedTuple):
    """
    When in the year a clock begins, told on the clock that was right until then.

    Attributes:
        month: 1 is January.
        week: 1 to 4 count from the start of the month; 5 is its last.
        weekday: 0 is Sunday.
        hour: 0 to 23.
        minute: 0 to 59.
    """

    month: int
    week: int
    weekday: int
    hour: int
    minute: int

    @property
    def rrule(self) -> str:
        nth = self.week if self.week < 5 else -1
        return f"FREQ=YEARLY;BYDAY={nth}{_WEEKDAYS[self.weekday]};BYMONTH={self.month}"

    def in_year(self, year: int, zone: zoneinfo.ZoneInfo) -> datetime:
        first, length = monthrange(year, self.month)  # first: the weekday of day 1, where 0 is Monday
        day = 1 + (self.weekday - 1 - first) % 7 + 7 * (self.week - 1)
        return datetime(
            year, self.month, day if day <= length else day - 7, self.hour, self.minute, tzinfo=zone
        )


class _Turns(NamedTuple):
    """The second clock of a zone, the larger offset, and when the two take turns."""

    daylight: _Clock
    forward: _Onset
    back: _Onset


class _Rule:
    """The year of a zone as its footer tells it: one clock all year, or two in turn."""

    def __init__(self, zone: zoneinfo.ZoneInfo, standard: _Clock, turns: _Turns | None) -> None:
        self.zone, self.standard, self.turns = zone, standard, turns
        self.lines = ("BEGIN:VTIMEZONE", f"TZID:{zone.key}", *self._observances(), "END:VTIMEZONE")
        self._months: dict[tuple[int, int], bool] = {}
        self._nights: dict[int, tuple[datetime, datetime, datetime, datetime]] = {}

    def tells(self, moment: datetime) -> bool:
        """Does every reader find this moment again from its clock time and this rule?"""
        if moment.tzinfo is None:
            raise InvalidTime(
                what=f"{moment.isoformat()} has no zone",
                why="a time without a zone is another moment in every place it is read",
                fix="give an aware datetime",
            )
        here = moment if moment.tzinfo is self.zone else moment.astimezone(self.zone)
        if here.fold:
            return False
        return here.utcoffset() == self._offset(here)

    def tells_all_of(self, year: int, month: int, place: tzinfo | None, fold: int) -> bool:
        """Is it one clock all that month, by this rule and in truth, with no night near on which it changes?"""
        if place is not self.zone or fold:
            return False
        known = self._months.get((year, month))
        if known is not None:
            return known
        first = datetime(year, month, 1, tzinfo=self.zone)
        last = first.replace(day=monthrange(year, month)[1], hour=23, minute=59, second=59)
        known = _FIRST_YEAR < year <= LAST_DAY.year and self._offset(first) == first.utcoffset()
        if known and self.turns is not None:
            forward, forwarded, back, backed = self._nights[year]
            known = not (forward <= last and first <= forwarded) and not (back <= last and first <= backed)
        known = known and not any(day.month == month for day in uneven_days(year, self.zone.key))
        self._months[year, month] = known
        return known

    def _offset(self, here: datetime) -> timedelta | None:
        """
        Return the offset every reader gives a clock time; None where they differ, or before the onsets.

        Only the clock time of `here` counts: Python compares times of one and the
        same zone by their clocks.
        """
        year = here.year
        if year <= _FIRST_YEAR:
            return None
        if self.turns is None:
            return self.standard.offset
        nights = self._nights.get(year)
        if nights is None:
            nights = self._nights[year] = (
                *self._night(self.turns.forward.in_year(year, self.zone), self.turns),
                *self._night(self.turns.back.in_year(year, self.zone), self.turns),
            )
        forward, forwarded, back, backed = nights
        if forward <= here <= forwarded or back <= here <= backed:
            return None
        ahead = forward < here < back if forward < back else not back < here < forward
        return self.turns.daylight.offset if ahead else self.standard.offset

    def _night(self, change: datetime, turns: _Turns) -> tuple[datetime, datetime]:
        """
        Return the clock times, both inclusive, between which readers differ about a change.

        Measured: a time that comes twice is the first to some and the second to
        ical.js, libical and node-ical, whatever RFC 5545 3.3.5 says; one that is
        skipped is read in three ways; ts-ics changes at midnight of that day; the
        Ruby gem takes the hour of the change itself for one before it.
        """
        step = turns.daylight.offset - self.standard.offset
        return min(change.replace(hour=0, minute=0), change - step), change + step

    def _observances(self) -> tuple[str, ...]:
        if self.turns is None:
            return self._observance("STANDARD", self.standard, self.standard, None)
        return (
            *self._observance("STANDARD", self.turns.daylight, self.standard, self.turns.back),
            *self._observance("DAYLIGHT", self.standard, self.turns.daylight, self.turns.forward),
        )

    def _observance(self, kind: str, before: _Clock, clock: _Clock, onset: _Onset | None) -> tuple[str, ...]:
        start = (
            onset.in_year(_FIRST_YEAR, self.zone) if onset else datetime(_FIRST_YEAR, 1, 1, tzinfo=self.zone)
        )
        return (
            f"BEGIN:{kind}",  # then in the order icalendar sorts them, to be held to its bytes
            f"DTSTART:{local(start)}",
            *((f"RRULE:{onset.rrule}",) if onset else ()),
            *((f"TZNAME:{clock.name}",) if clock.name.isalpha() else ()),
            f"TZOFFSETFROM:{_utc_offset(before.offset)}",
            f"TZOFFSETTO:{_utc_offset(clock.offset)}",
            f"END:{kind}",
        )


@cache
def _rule(zone: zoneinfo.ZoneInfo) -> _Rule | None:
    """Read the rule of a zone from its footer, if it is one that two weekdays of the year can tell."""
    footer = _footer(zone.key)
    match = _FOOTER.fullmatch(footer)
    if not match or footer == "UTC0":  # UTC by any of its names has a form of its own
        return None
    name, offset, other_name, other_offset, *onsets = match.groups()
    usual = _Clock(name.strip("<>"), _posix_offset(offset))
    if other_name is None:
        return _Rule(zone, usual, None)
    other = _Clock(
        other_name.strip("<>"),
        _posix_offset(other_offset) if other_offset else usual.offset + timedelta(hours=1),
    )
    to_other, to_usual = _onset(onsets[:5]), _onset(onsets[5:])
    if other.offset > usual.offset:
        return _Rule(zone, usual, _Turns(other, forward=to_other, back=to_usual))
    # Irish law calls summer time the standard; readers of VTIMEZONE expect DAYLIGHT to be ahead.
    return _Rule(zone, other, _Turns(usual, forward=to_usual, back=to_other))


def _footer(key: str) -> str:
    """Return the last line of the file that zoneinfo opens for a zone, or nothing if the file has none."""
    data = zone_data(key)
    has_footer = data[4:5] >= b"2" and data.endswith(b"\n")  # version 1 had none (RFC 9636 3.1)
    return data.rsplit(b"\n", 2)[1].decode("ascii", "replace") if has_footer else ""


def _posix_offset(written: str) -> timedelta:
    """Read an offset of a POSIX TZ string, which counts westward: 5 is UTC-5."""
    hours, _, minutes = written.lstrip("+-").partition(":")
    west = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return west if written.startswith("-") else -west


def _onset(written: list[str | None]) -> _Onset:
    month, week, weekday, hour, minute = written
    # POSIX: the change is at 02:00 unless another time is given.
    return _Onset(int(month or 1), int(week or 1), int(weekday or 0), int(hour or 2), int(minute or 0))


def _utc_offset(offset: timedelta) -> str:
    """Write a UTC-OFFSET value; zero is never negative (RFC 5545 3.3.14)."""
    sign, east = ("-", -offset) if offset < timedelta(0) else ("+", offset)
    hours, minutes = divmod(east // timedelta(minutes=1), 60)
    return f"{sign}{hours:02}{minutes:02}"
