"""
Calendar durations: years, months, weeks and days together, counted from a day.

Days are local dates at the clinic. A class checks itself when built.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import cache
from itertools import chain, repeat

import attrs

from ketsched.arguments import checked, checked_attributes
from ketsched.errors import InvalidProtocol, refuse_first
from ketsched.model.limits import LONGEST_YEARS, MOST_SESSIONS

MOST_DAYS = LONGEST_YEARS * 366
"""As long as a duration in days may be."""
MOST_MONTHS = LONGEST_YEARS * 12
"""As long as a duration in months may be."""

_DURATION = re.compile(r"P(?=\d)(?:(\d{1,4})Y)?(?:(\d{1,4})M)?(?:(\d{1,4})W)?(?:(\d{1,4})D)?", re.ASCII)


@checked_attributes(InvalidProtocol)
@attrs.frozen(kw_only=True)
class Interval:
    """
    A step from one day to another: calendar months, and then whole days.

    Attributes:
        days: Calendar days, counted after the months; 0 for none.
        months: Calendar months, counted from the same base each time, so that they do not drift; 0 for none.
        missing_day: What to do where a month has no such day: "clip" to its last, "roll" to the first of the next.
    """

    days: int = 0
    months: int = 0
    missing_day: str = "clip"

    def __attrs_post_init__(self) -> None:
        faults = (
            (
                not (self.days or self.months)
                or not 0 <= self.days <= MOST_DAYS
                or not 0 <= self.months <= MOST_MONTHS,
                "",
                f"an interval of {self.days} days and {self.months} months",
                f"an interval is a number of days, of months or of both, at most {LONGEST_YEARS} years",
                'write "P28D", "P4W", "P1M" or "P3M4W"',
            ),
            (
                self.missing_day not in ("clip", "roll"),
                "missing_day",
                f"missing_day is {self.missing_day!r}",
                "where a month lacks the day, the session is on its last day or on the first of the next",
                'write missing_day = "clip" or missing_day = "roll"',
            ),
        )
        refuse_first(InvalidProtocol, "", faults)

    @classmethod
    @checked
    def parse(cls, text: str, missing_day: str = "clip") -> Interval:
        """Read "P28D", "P4W", "P1M", "P1Y" or several of them, "P1Y2M10D"."""
        found = _DURATION.fullmatch(text.strip())
        if found is None:
            raise InvalidProtocol(
                what=f"{text[:40]!r} is not an interval",
                why="intervals are ISO 8601 durations of years, months, weeks and days, in this order",
                fix='write "P28D", "P4W", "P1M" or "P3M4W"',
            )
        years, months, weeks, days = (int(number or 0) for number in found.groups())
        return cls(days=7 * weeks + days, months=12 * years + months, missing_day=missing_day)

    def from_base(self, base: date, times: int = 1) -> date:
        """
        Return the day that many intervals after a base; before it, for a negative number.

        Months are computed from the base each time: 31 January, 28 February, 31 March. Days
        are counted after them.
        """
        return _counted(base, self.months * times, self.days * times, self.missing_day)

    def words(self) -> str:
        """Say the interval in a few words."""
        alone = (self.months, self.days)
        if alone in _EVERY_ONE:
            return _EVERY_ONE[alone]
        return "every " + said(self, days="weeks")


_EVERY_ONE = {(1, 0): "every month", (0, 7): "every week", (0, 1): "every day"}

Length = int | Interval
"""How long something lasts: so many days, or calendar months with or without days."""


def read_length(text: str, missing_day: str = "clip") -> Length:
    """Read a duration as a length; nought has no unit."""
    found = _DURATION.fullmatch(text.strip())
    if found is not None and not any(map(int, filter(None, found.groups()))):
        return 0
    return plain_length(Interval.parse(text, missing_day))


def plain_length(length: Length) -> Length:
    """Return a length of whole days alone as their number; any other as it is."""
    return length.days if isinstance(length, Interval) and not length.months else length


def plain_length_or_none(length: Length | None) -> Length | None:
    """Return a length of whole days alone as their number, any other as it is; None for none."""
    return None if length is None else plain_length(length)


def day_after(base: date, length: Length) -> date:
    """Return the day that a length leads to from a base."""
    return length.from_base(base) if isinstance(length, Interval) else base + timedelta(length)


def day_before(base: date, length: Length) -> date:
    """Return the day from which a base is so long away, counted back from it."""
    return length.from_base(base, -1) if isinstance(length, Interval) else base - timedelta(length)


def days_between(base: date, length: Length) -> int:
    """Return how many days a length has from a base."""
    return (length.from_base(base) - base).days if isinstance(length, Interval) else length


@cache
def fewest_and_most_days(length: Length) -> tuple[int, int]:
    """Return the fewest and the most days that a length can have."""
    if not isinstance(length, Interval):
        return length, length
    days = [days_between(base, length) for base in _bases()]
    return min(days), max(days)


@cache
def first_day_out_of_order(shorter: Length, longer: Length) -> date | None:
    """Return a day from which what should be the shorter of two lengths is the longer; None if there is none."""
    if not isinstance(shorter, Interval) and not isinstance(longer, Interval):
        return _bases()[0] if shorter > longer else None
    return next((base for base in _bases() if day_after(base, shorter) > day_after(base, longer)), None)


@cache
def _bases() -> tuple[date, ...]:
    """
    Return days among which every length has its fewest and its most days.

    From one day to the 28th of a month a length is the same; the years are four in turn, and those
    before 2100, which has no leap day.
    """
    years = (*range(2000, 2004), *range(2096, 2100))
    months = [date(year, month, 1) for year in years for month in range(1, 13)]
    days = (first + timedelta(n) for first in months for n in (0, 27, 28, 29, 30))
    return tuple(sorted(set(days)))


def said(length: Length, *, days: str = "days") -> str:
    """Say how long something is: "7 days", "6 months", "3 months and 28 days"; in weeks if these are asked for."""
    number = length.days if isinstance(length, Interval) else length
    parts = []
    if isinstance(length, Interval) and length.months:
        parts.append(f"{length.months} month" + ("s" if length.months > 1 else ""))
    if number or not parts:
        weeks = days == "weeks" and number % 7 == 0
        count, unit = (number // 7, "week") if weeks else (number, "day")
        parts.append(f"{count} {unit}" + ("s" if count != 1 else ""))
    return " and ".join(parts)


def steps(every: Iterable[Interval], base: date, *, passed: int = 0) -> Iterator[date]:
    """
    Yield the days that intervals lead to from a base; the last interval repeats.

    Months that follow each other are counted from one base, so that they do not drift; a step
    that has days is counted from the day before it.

    Args:
        every: The intervals.
        base: The day they are counted from.
        passed: Months that have passed since then; the first interval, in months alone, goes on from there.
    """
    listed, day = tuple(every), base
    before = listed[0] if passed else None
    months, days = passed, 0
    for step in chain(listed[:-1], repeat(listed[-1])):
        if before is None or not (step == before or (not step.days and not before.days)):
            base, months, days = day, 0, 0
        before, months, days = step, months + step.months, days + step.days
        day = _counted(base, months, days, step.missing_day)
        yield day


def months_passed(base: date, day: date, missing_day: str) -> int | None:
    """Return how many whole months after a base a day is, at least one; None if it is not."""
    apart = 12 * (day.year - base.year) + day.month - base.month
    found = (n for n in (apart, apart - 1) if n > 0 and _counted(base, n, 0, missing_day) == day)
    return next(found, None)


def _counted(base: date, months: int, days: int, missing_day: str) -> date:
    """Return the day so many months and then days after a base."""
    if not months:
        return base + timedelta(days)
    year, month = divmod(base.year * 12 + base.month - 1 + months, 12)
    try:
        there = date(year, month + 1, base.day)
    except ValueError:
        first_of_next = date(year, month + 2, 1)  # December has every day
        there = first_of_next if missing_day == "roll" else first_of_next - timedelta(1)
    return there + timedelta(days)


@attrs.frozen(kw_only=True)
class RecommendedDay:
    """
    The day that is aimed at for one session of a phase, whatever its pattern says.

    Attributes:
        number: Which session of the phase, from 2.
        after_first: How long after session 1 of the phase, as a number of days or as an interval.
    """

    number: int
    after_first: Length = attrs.field(converter=plain_length)

    def __attrs_post_init__(self) -> None:
        faults = (
            (
                not 2 <= self.number <= MOST_SESSIONS,
                "number",
                f"a recommended day for session {self.number}",
                f"sessions are counted from 1, which is where the phase begins, to {MOST_SESSIONS}",
                "write number = 3 for the third session of the phase",
            ),
            (
                not isinstance(self.after_first, Interval) and not 1 <= self.after_first <= MOST_DAYS,
                "after_first",
                f"session {self.number} is recommended {said(self.after_first)} after session 1",
                f"it comes after session 1, and within {LONGEST_YEARS} years",
                'write after_first = 182 or after_first = "P6M"',
            ),
        )
        refuse_first(InvalidProtocol, "", faults)

    def words(self) -> str:
        """Say it as a clinic says it."""
        return f"session {self.number} {said(self.after_first)} after session 1"
