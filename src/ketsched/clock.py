"""
Local times, moments and elapsed time, kept apart.

A *local time* is what a clock on the wall shows: a date and a time of day in a zone.
A *moment* is one point in time: an aware datetime. "Three days later" is arithmetic
on dates; "two hours of observation" is elapsed time and is computed in UTC. A zone
skips some local times in spring and repeats some in autumn; such a time never becomes
a moment by guessing.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache

import attrs

from ketsched.errors import InvalidInput, InvalidTime
from ketsched.unseen import as_seen, plain_dashes
from ketsched.zones import zone_named

MINUTES_A_DAY = 24 * 60
SECONDS_A_DAY = 24 * 60 * 60
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""Days of the week in full, Monday first as in `date.weekday`; what patients read is in `wording`."""
WEEKDAY_NAMES = tuple(day[:3] for day in WEEKDAYS)
"""As files and screens name them: Mon, Tue."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = _EPOCH.toordinal()


@attrs.frozen(order=True)
class TimeRange:
    """
    A span of local time within one day, half-open: `start` is in it, `end` is not.

    Attributes:
        start: Minutes after midnight, 0 to 1439.
        end: Minutes after midnight, greater than start, at most 1440 (24:00).
    """

    start: int
    end: int

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.start < self.end <= MINUTES_A_DAY:
            raise InvalidInput(
                what=f"The hours {self} are not within one day.",
                why="hours begin before they end, and end at 24:00 at the latest",
                fix='write them as "09:00-17:00"; for hours past midnight give two spans, one a day',
            )

    def __str__(self) -> str:
        return f"{_clock(self.start)}-{_clock(self.end)}"

    @classmethod
    def parse(cls, text: str) -> tuple[TimeRange, ...]:
        """Read "09:00-12:00, 13:00-17:00" into ascending spans, those that touch as one; "" and "closed" are none."""
        text = plain_dashes(as_seen(text))
        if text.lower() in ("", "closed"):
            return ()
        spans = []
        for part in text.split(","):
            written = re.fullmatch(r"\s*([0-9]{1,2}):([0-5][0-9])\s*-\s*([0-9]{1,2}):([0-5][0-9])\s*", part)
            if written is None:
                raise InvalidInput(
                    what=f"{part.strip()!r} was not understood as hours.",
                    why="hours are two clock times with a hyphen between them",
                    fix='write them as "09:00-17:00", several spans with commas: "09:00-12:00, 13:00-17:00"',
                )
            hour, minute, end_hour, end_minute = map(int, written.groups())
            spans.append(cls(hour * 60 + minute, end_hour * 60 + end_minute))
        spans.sort()
        for one, other in itertools.pairwise(spans):
            if other.start < one.end:
                raise InvalidInput(
                    what=f"The hours {one} and {other} overlap.",
                    why="the spans of one day must not overlap",
                    fix=f"write one span: {cls(one.start, max(one.end, other.end))}",
                )
        return merged(spans)


def merged(spans: Iterable[TimeRange]) -> tuple[TimeRange, ...]:
    """Return the spans in ascending order, those that touch or overlap as one."""
    joined: list[TimeRange] = []
    for span in sorted(spans):
        if joined and span.start <= joined[-1].end:
            joined[-1] = TimeRange(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)


def overlap(one: Iterable[TimeRange], other: Iterable[TimeRange]) -> tuple[TimeRange, ...]:
    """Return the spans that lie in both."""
    both = [(max(a.start, b.start), min(a.end, b.end)) for a in one for b in other]
    return tuple(TimeRange(start, end) for start, end in sorted(both) if start < end)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def time_of(minute: int) -> time:
    """Return minutes after midnight as a time of day."""
    return time(minute // 60, minute % 60)


def minute_of(clock: time) -> int:
    """Return a time of day as whole minutes after midnight."""
    return clock.hour * 60 + clock.minute


def choices(day: date, clock: time, zone: str) -> tuple[datetime, ...]:
    """
    Return the moments that a local time could mean: one, or two where the zone repeats it.

    Empty where the zone skips it.
    """
    place = zone_named(zone)
    both = [datetime.combine(day, clock.replace(fold=fold), place) for fold in (0, 1)]
    real = [
        m for m in both if m.astimezone(UTC).astimezone(place).replace(tzinfo=None) == m.replace(tzinfo=None)
    ]
    if len(real) == 2 and real[0].utcoffset() == real[1].utcoffset():
        return (real[0],)
    return tuple(real)


def moment(day: date, clock: time, zone: str) -> datetime:
    """
    Return the moment at which the clocks of a zone show that time.

    Raises:
        InvalidTime: The zone skips that time or repeats it; the error names both choices.
    """
    place = zone_named(zone)
    if FIRST_DAY <= day <= LAST_DAY and not changes_clocks(day, zone):
        return datetime.combine(day, clock.replace(fold=0), place)
    moments = choices(day, clock, zone)
    if len(moments) == 1:
        return moments[0]
    if moments:
        first, second = (f"{m:%H:%M} UTC{_offset(m)}" for m in moments)
        raise InvalidTime(
            what=f"{clock:%H:%M} happens twice on {day} in {zone}.",
            why="the clocks go back over that hour",
            fix=f"choose a time outside it, or say which one you mean in UTC: {first} or {second}",
        )
    before, after = (
        datetime.combine(day, clock.replace(fold=fold), place).astimezone(UTC).astimezone(place)
        for fold in (1, 0)
    )
    skipped = "day" if after.date() - before.date() > timedelta(days=1) else "hour"
    first, second = (f"{m:%H:%M}" if m.date() == day else f"{m:%H:%M} on {m.date()}" for m in (before, after))
    raise InvalidTime(
        what=f"{clock:%H:%M} does not happen on {day} in {zone}.",
        why=f"the clocks go forward over that {skipped}",
        fix=f"choose {first} or {second}",
    )


def _offset(at: datetime) -> str:
    offset = at.utcoffset() or timedelta()
    sign = "-" if offset < timedelta() else "+"
    return f"{sign}{_clock(int(abs(offset).total_seconds()) // 60)}"


def seconds(at: datetime) -> int:
    """Return a moment as whole seconds since 1970-01-01 UTC; a fraction is cut off."""
    return (at - _EPOCH) // timedelta(seconds=1)


def midnight(day: date) -> int:
    """Return the seconds from 1970-01-01 00:00 to 00:00 of a day, both read off the same clock."""
    return (day.toordinal() - _EPOCH_ORDINAL) * SECONDS_A_DAY


def day_words(day: date) -> str:
    """Write a day as "Mon 2027-01-04"."""
    return f"{WEEKDAY_NAMES[day.weekday()]} {day}"


def day_of(at: int) -> date:
    """Return the date that many seconds after 1970-01-01 00:00 on the same clock; the inverse of `midnight`."""
    return date.fromordinal(at // SECONDS_A_DAY + _EPOCH_ORDINAL)


Stretch = tuple[int, int, int]
"""(begin, end, offset): in seconds since 1970 UTC, half-open, and how many seconds the zone is ahead of UTC then."""


@lru_cache(maxsize=16384)
def stretches(day: date, zone: str) -> tuple[Stretch, ...]:
    """
    Return when a zone's clocks show that date: the stretches over which they run evenly.

    Most days are one stretch of 24 hours. A day on which the clocks change is two, or a
    shorter one where midnight is skipped; a day that the zone leaves out is none.
    """
    start = midnight(day)
    clipped = (
        (max(begin, start - offset), min(end, start + SECONDS_A_DAY - offset), offset)
        for begin, end, offset in _offsets(day.year, zone)
    )
    return tuple(stretch for stretch in clipped if stretch[0] < stretch[1])


def changes_clocks(day: date, zone: str) -> bool:
    """Whether a local day is anything else than 24 hours on evenly running clocks."""
    return day in uneven_days(day.year, zone)


@cache
def uneven_days(year: int, zone: str) -> frozenset[date]:
    """Return the local days of a year on which the clocks change."""
    plausible(date(year, 12, 31), "day")
    changes = [begin for begin, _, _ in _offsets(year, zone)[1:]]
    near = {day_of(at + n * SECONDS_A_DAY) for at in changes for n in (-1, 0, 1)}
    return frozenset(
        day for day in near if [end - begin for begin, end, _ in stretches(day, zone)] != [SECONDS_A_DAY]
    )


@cache
def _offsets(year: int, zone: str) -> tuple[Stretch, ...]:
    """
    Return the stretches of a year, and of two days on either side, between changes of a zone's offset.

    The standard library does not tell when clocks change, so each day's offset is asked for and
    the change between two days is found by halving. No zone has changed twice within a day since 1970.
    """
    place = zone_named(zone)

    def offset(at: int) -> int:
        there = (_EPOCH + timedelta(seconds=at)).astimezone(place).utcoffset() or timedelta()
        return there // timedelta(seconds=1)

    since = midnight(date(year, 1, 1)) - 2 * SECONDS_A_DAY
    last = midnight(date(year, 12, 31)) + 3 * SECONDS_A_DAY
    found, now = [], offset(since)
    for begin in range(since, last, SECONDS_A_DAY):
        then = offset(begin + SECONDS_A_DAY)
        if then != now:
            day = range(begin, begin + SECONDS_A_DAY)
            at = begin + bisect_left(day, True, key=lambda moment: offset(moment) == then)
            found.append((since, at, now))
            since, now = at, then
    return (*found, (since, last, now))


def later(start: datetime, elapsed: timedelta) -> datetime:
    """
    Return the moment that much elapsed time later, on the clock of the same zone.

    Clocks run evenly on all but two days of a year; only near those is the detour over UTC taken.
    """
    shown, zone = start + elapsed, getattr(start.tzinfo, "key", "")
    first, last = start.date(), shown.date()
    if (
        zone
        and FIRST_DAY <= first <= LAST_DAY
        and not changes_clocks(first, zone)
        and (
            first == last
            or (
                abs((last - first).days) == 1
                and FIRST_DAY <= last <= LAST_DAY
                and not changes_clocks(last, zone)
            )
        )
    ):
        return shown
    return (start.astimezone(UTC) + elapsed).astimezone(start.tzinfo)


def elapsed(start: datetime, end: datetime) -> timedelta:
    """Return the time that passes between two moments, across clock changes."""
    return end.astimezone(UTC) - start.astimezone(UTC)


def aware(at: datetime, name: str) -> datetime:
    """Return a moment as it was given, or say that it names none."""
    if not isinstance(at, datetime) or at.tzinfo is None:
        raise InvalidTime(
            what=f"{name} is not a moment: {at!r}",
            where=name,
            argument=name,
            why="a moment needs its offset from UTC, else it is another one in every zone",
            fix=f"give an aware datetime, for example {name}=datetime(2027, 1, 4, 9, tzinfo=UTC)",
        )
    return at


FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2199, 12, 31)
"""Days outside these are not planned on: a year like 9999 or 207 is a slip of the keyboard."""


def plausible(day: date, name: str) -> date:
    """Return a date as it was given, if it is one that a course could have."""
    if isinstance(day, datetime) or not isinstance(day, date):
        raise InvalidInput(
            what=f"{name} is not a date: {day!r}",
            where=name,
            argument=name,
            why="days are local dates at the clinic, without a time",
            fix="give a datetime.date, for example date(2027, 1, 4)",
        )
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InvalidInput(
            what=f"{day} is not a day to plan on.",
            where=name,
            argument=name,
            why=f"days lie between {FIRST_DAY} and {LAST_DAY}",
            fix="check the year",
        )
    return day


def read_date(text: str) -> date:
    """Read a date written as 2027-01-04, or with its weekday before it, as screens show it."""
    weekday, _, plain = plain_dashes(as_seen(text)).rpartition(" ")
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", plain):
            raise ValueError
        named = [name for name in WEEKDAYS if weekday.capitalize() in (name, name[:3], "")]
        day = plausible(date.fromisoformat(plain), "date")
        if WEEKDAYS[day.weekday()] in named:
            return day
        if not named:
            raise ValueError
    except ValueError:
        raise InvalidInput(
            what=f"{text[:40]!r} is not a date.",
            why="dates are written year-month-day and must exist",
            fix=_days_of_month(plain) or "write it as 2027-01-04",
        ) from None
    raise InvalidInput(
        what=f"{text[:40]!r} contradicts itself.",
        why=f"{day} is a {WEEKDAYS[day.weekday()]}",
        fix="correct the one of the two that is wrong",
    )


def _days_of_month(text: str) -> str:
    """Say how many days a month has, for a date written as ours that does not exist; empty if it is not."""
    written = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])-[0-9]{2}", text)
    if written is None or written[1] == "0000":
        return ""
    year, month = int(written[1]), int(written[2])
    return f"write a day that exists: {year:04}-{month:02} has {monthrange(year, month)[1]} days"


def read_time(text: str) -> time:
    """Read a time of day written as 09:30."""
    written = re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", as_seen(text))
    if written is None:
        raise InvalidInput(
            what=f"{text[:40]!r} is not a time of day.",
            why="times are hours and minutes on a 24-hour clock",
            fix="write it as 09:30",
        )
    return time(int(written[1]), int(written[2]))


def days_touched(begin: int, end: int) -> Iterator[date]:
    """Yield the dates in UTC from one moment to before another."""
    return map(day_of, range(begin - begin % SECONDS_A_DAY, end, SECONDS_A_DAY))
