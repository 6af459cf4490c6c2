"""
What closes a calendar: days by date, public holidays, and rules that come back.

Days are whole local dates of the calendar that they close.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, cast

import attrs

from ketsched.clock import TimeRange, merged, plausible
from ketsched.errors import InvalidInput
from ketsched.tomlfile import Table

if TYPE_CHECKING:
    from dateutil.rrule import rrule


@attrs.frozen
class Closure:
    """One day on which a calendar is closed, and why."""

    day: date
    reason: str = "closed"


@attrs.frozen
class Opening:
    """One day on which other hours hold than those of its weekday, a closure or a holiday."""

    day: date
    hours: tuple[TimeRange, ...] = attrs.field(converter=merged)


@attrs.frozen
class Holidays:
    """
    The public holidays of a country or one of its subdivisions, from the package `holidays`.

    Attributes:
        country: ISO 3166-1 code, "US".
        subdivision: Code of a state, province or region, "NY"; empty for the whole country.
        observed: Whether a holiday that falls on a weekend is also kept on its observed weekday.
    """

    country: str
    subdivision: str = ""
    observed: bool = True

    def __attrs_post_init__(self) -> None:
        import holidays

        try:
            if not re.fullmatch("[A-Z]{2}", self.country):
                raise NotImplementedError
            holidays.country_holidays(self.country, subdiv=self.subdivision or None)
        except NotImplementedError:
            parts = holidays.list_supported_countries(include_aliases=False).get(self.country)
            if parts is None:
                why = "countries are two-letter ISO 3166 codes that the package `holidays` covers"
            else:
                why = f"{self.country} has {', '.join(sorted(parts)) or 'no subdivisions'}"
            raise InvalidInput(
                what=f"no holidays are known for {self.country[:20]} {self.subdivision[:20]}".rstrip(),
                where="holidays",
                why=why,
                fix='write the country as "US" and the subdivision as "NY", or list the days under [[closed]]',
            ) from None

    def of(self, year: int) -> dict[date, str]:
        """Return the holidays that fall into one year, with their names in English where there is one."""
        import holidays

        names = holidays.country_holidays(
            self.country,
            subdiv=self.subdivision or None,
            years=year,
            expand=False,
            observed=self.observed,
            language="en_US",
        )
        return {day: name for day, name in names.items() if day.year == year}

    def kept_in_parts(self, days: Iterable[date]) -> dict[date, dict[str, str]]:
        """
        Return what parts of the country keep on some days that the country as a whole does not, by their codes.

        None of a subdivision: it is a part already.
        """
        import holidays

        listed = holidays.list_supported_countries(include_aliases=True).get(self.country, [])
        parts = (
            []
            if self.subdivision
            else [Holidays(self.country, part, self.observed) for part in sorted(listed)]
        )
        found: dict[date, dict[str, str]] = {}
        for day in days if parts else ():
            if day not in days_of(self, day.year):
                kept = {part.subdivision: days_of(part, day.year).get(day, "") for part in parts}
                found[day] = {code: name for code, name in kept.items() if name}
        return {day: kept for day, kept in found.items() if kept}


_WEEKDAY = "(MO|TU|WE|TH|FR|SA|SU)"
_RULE_PARTS = {
    "FREQ": "DAILY|WEEKLY|MONTHLY|YEARLY",
    "INTERVAL": "[1-9][0-9]{0,4}",
    "COUNT": "[1-9][0-9]{0,4}",
    "UNTIL": "[0-9]{8}",
    "WKST": _WEEKDAY,
    "BYDAY": f"([+-]?[0-9]{{1,2}})?{_WEEKDAY}(,([+-]?[0-9]{{1,2}})?{_WEEKDAY})*",
} | dict.fromkeys(
    ("BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"), "[+-]?[0-9]{1,3}(,[+-]?[0-9]{1,3})*"
)
"""What the parts of a recurrence rule of whole days may be."""


@attrs.frozen
class Recurring:
    """
    A closure that comes back, as an RFC 5545 recurrence rule ("first Monday of the month").

    Attributes:
        rule: For example "FREQ=MONTHLY;BYDAY=1MO"; parts of whole days only, UNTIL as a date.
        first: The day it counts from; nothing before it is closed.
        reason: What to call it.
    """

    rule: str
    first: date
    reason: str = "closed"

    def __attrs_post_init__(self) -> None:
        plausible(self.first, "first")
        fault = self._fault()
        if fault:
            raise InvalidInput(
                what=f"{self.rule[:60]!r} is not a recurrence rule of days",
                where="every",
                why=fault,
                fix='write it as in iCalendar, for example "FREQ=MONTHLY;BYDAY=1MO"',
            )

    def of(self, year: int) -> dict[date, str]:
        """Return the days of one year on which it closes."""
        rule = self._from(self._close_before(year))
        closed = rule.between(datetime(year, 1, 1), datetime(year, 12, 31), inc=True)  # noqa: DTZ001
        return {at.date(): self.reason for at in closed if at.date() >= self.first}

    @cached_property
    def _parts(self) -> dict[str, str]:
        """The parts of the rule by name."""
        return dict(re.findall("([A-Z]+)=([^;]+)", self.rule.upper()))

    def _fault(self) -> str:
        """Say what is wrong with the rule, if anything is."""
        if len(self.rule) > 500 or not re.fullmatch(r"[A-Z]+=[^=;\s]+(;[A-Z]+=[^=;\s]+)*", self.rule.upper()):
            return "it is made of parts such as FREQ=MONTHLY, with semicolons between them"
        for name, value in self._parts.items():
            if not re.fullmatch(_RULE_PARTS.get(name, "(?!)"), value):
                return f"{name[:20]}={value[:20]} is not a part of a rule of whole days"
        if "FREQ" not in self._parts or len(self._parts) != self.rule.count("="):
            return "FREQ is needed, and each part may be given once"
        if {"COUNT", "UNTIL"} <= self._parts.keys():
            return "it ends by COUNT or by UNTIL, not by both"
        if self._parts["FREQ"] in ("DAILY", "WEEKLY") and re.search("[0-9]", self._parts.get("BYDAY", "")):
            return "numbered weekdays such as 1MO need FREQ=MONTHLY or FREQ=YEARLY"
        try:
            # Dates repeat every 400 years, weekdays too. Asked near the last year that Python
            # knows, a rule that never comes true says so soon.
            self._from(self.first)
            late = self.first.replace(year=self.first.year + 19 * 400)
            endless = self._from(late, without=("COUNT", "UNTIL"))
        except ValueError as error:
            return str(error)[:80]
        return "" if next(iter(endless), None) else "no day ever fits it"

    def _from(self, first: date, *, without: tuple[str, ...] = ()) -> rrule:
        """Return the rule counted from another day, some of its parts left out."""
        from dateutil.rrule import rrulestr

        parts = ";".join(f"{name}={value}" for name, value in self._parts.items() if name not in without)
        rule = rrulestr(parts, dtstart=datetime.combine(first, time()))
        return cast("rrule", rule)

    def _close_before(self, year: int) -> date:
        """Return a day before the year from which the rule gives the same days as from its first, but sooner."""
        first, interval = self.first, int(self._parts.get("INTERVAL", 1))
        if "COUNT" in self._parts or first.year >= year - 1:
            return first
        if self._parts["FREQ"] in ("DAILY", "WEEKLY"):
            step = interval * (7 if self._parts["FREQ"] == "WEEKLY" else 1)
            steps = (date(year, 1, 1) - first).days // step - 1
            return first + timedelta(max(steps, 0) * step)
        step = interval * (12 if self._parts["FREQ"] == "YEARLY" else 1)
        months = max((12 * (year - first.year) - first.month) // step - 1, 0) * step + first.month - 1
        return (
            first.replace(year=first.year + months // 12, month=months % 12 + 1) if first.day <= 28 else first
        )


@lru_cache(maxsize=4096)
def days_of(closing: Holidays | Recurring, year: int) -> dict[date, str]:
    """Return what `closing.of(year)` returns, remembered for all calendars that share it; not to be changed."""
    return closing.of(year)


def read_holidays(entry: Table) -> Holidays:
    """Read one [[holidays]] entry: `country`, and perhaps `subdivision` and `observed`."""
    country, part = entry.take("country", str), entry.take("subdivision", str, "")
    observed = entry.take("observed", bool, True)
    holidays = entry.read("country", lambda code: Holidays(code, part, observed), country)
    entry.done()
    return holidays


def read_closures(entry: Table) -> list[Closure | Recurring]:
    """Read one [[closed]] entry: `on`, or `from` and `to`, or `every`."""
    reason = entry.take("reason", str, "closed")
    on, first, last = (entry.take(key, date, None) for key in ("on", "from", "to"))
    every = entry.take("every", str, None)
    entry.done()
    if every is not None and on is None and last is None:
        start = first or date(2000, 1, 1)
        return [entry.read("every", lambda rule: Recurring(rule, start, reason), every)]
    if every is None and on is not None and first is None and last is None:
        return [Closure(entry.read("on", lambda day: plausible(day, ""), on), reason)]
    if every is None and on is None and first is not None and last is not None and first <= last:
        days = entry.read("from", lambda day: days_between(day, last), first)
        return [Closure(day, reason) for day in days]
    if every is None and on is None and first is not None and last is not None:
        raise ends_first(entry, first, last)
    raise InvalidInput(
        what="This closure names no days.",
        where=entry.where(),
        why="a closure is one day (on), a stretch (from, to, both included) or a rule (every)",
        fix='write on = 2027-01-18, or from = 2027-12-24 and to = 2027-12-31, or every = "FREQ=MONTHLY;BYDAY=1MO"',
    )


def ends_first(entry: Table, first: date, last: date) -> InvalidInput:
    """Say that a stretch of days ends before it begins."""
    return InvalidInput(
        what=f"The {'closure' if 'closed' in entry.path else 'entry'} ends before it begins.",
        where=entry.where(),
        why=f"a stretch runs from the earlier day to the later, both included, and here from {first} to {last}",
        fix=f"swap from and to (from = {last}, to = {first}), or correct the year",
    )


def days_between(first: date, last: date) -> list[date]:
    """Return all days from first to last, both included."""
    plausible(first, "from")
    plausible(last, "to")
    return [first + timedelta(n) for n in range((last - first).days + 1)]


@attrs.frozen(kw_only=True)
class Dated:
    """
    What a file says of days: closed and opened by date, ascending, and closed by rules that come back.
    """

    closures: tuple[Closure, ...]
    openings: tuple[Opening, ...]
    recurring: tuple[Recurring, ...]


def read_dated(table: Table) -> Dated:
    """Read the entries [[closed]] and [[open]] of a file."""
    recurring: list[Recurring] = []
    closed: dict[date, Closure] = {}
    for entry in table.tables("closed"):
        for closing in read_closures(entry):
            if isinstance(closing, Closure):
                closed[closing.day] = closing
            else:
                recurring.append(closing)
    opened: dict[date, Opening] = {}
    for entry in table.tables("open"):
        day = entry.take("on", date)
        entry.read("on", lambda day: plausible(day, ""), day)
        if day in closed or day in opened:
            raise InvalidInput(
                what=f"{day} is {'both closed and open' if day in closed else 'opened twice'}",
                where=entry.where("on"),
                why="a day given by date is one thing only",
                fix="remove one of the two entries",
            )
        opened[day] = Opening(day, entry.read("hours", TimeRange.parse, entry.take("hours", str)))
        entry.done()
    return Dated(
        closures=tuple(closed[day] for day in sorted(closed)),
        openings=tuple(opened[day] for day in sorted(opened)),
        recurring=tuple(recurring),
    )
