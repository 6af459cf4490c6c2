"""
How far apart sessions are: intervals, spacing rules, and how a phase follows the one before it.

Days are local dates at the clinic. A class checks itself when built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

import attrs

from ketsched.errors import Fault, InvalidProtocol, refuse_first
from ketsched.model.limits import LONGEST_YEARS, MOST_SESSIONS, PREFERRED_APART, whole_text


@attrs.frozen(kw_only=True)
class Interval:
    """
    A step from one session to the next: whole days, or calendar months.

    Attributes:
        days: Calendar days; 0 if the step is in months.
        months: Calendar months, counted from the same base each time, so that they do not drift.
        missing_day: What to do where a month has no such day: "clip" to its last, "roll" to the first of the next.
    """

    days: int = 0
    months: int = 0
    missing_day: str = "clip"

    def __attrs_post_init__(self) -> None:
        one = (self.days > 0) != (self.months > 0)
        faults = (
            (
                not one or not 0 <= self.days <= 3660 or not 0 <= self.months <= 120,
                "",
                f"an interval of {self.days} d and {self.months} months",
                "an interval is a number of days or of months, at most ten years",
                'write "P28D", "P4W" or "P1M"',
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
    def parse(cls, text: str, missing_day: str = "clip") -> Interval:
        """Read "P28D", "P4W" or "P1M"."""
        found = re.fullmatch(r"P(\d{1,4})([DWM])", text.strip())
        if found is None:
            raise InvalidProtocol(
                what=f"{text[:40]!r} is not an interval",
                why="intervals are ISO 8601 durations of days, weeks or months",
                fix='write "P28D", "P4W" or "P1M"',
            )
        number = int(found[1])
        match found[2]:
            case "D":
                return cls(days=number)
            case "W":
                return cls(days=7 * number)
            case _:
                return cls(months=number, missing_day=missing_day)

    def from_base(self, base: date, times: int = 1) -> date:
        """
        Return the day that many intervals after a base.

        Months are computed from the base each time: 31 January, 28 February, 31 March.
        """
        if self.days:
            return base + timedelta(days=self.days * times)
        year, month = divmod(base.year * 12 + base.month - 1 + self.months * times, 12)
        try:
            return date(year, month + 1, base.day)
        except ValueError:
            first_of_next = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
            return first_of_next if self.missing_day == "roll" else first_of_next - timedelta(1)

    def words(self) -> str:
        """Say the interval in a few words."""
        if self.months:
            return "every month" if self.months == 1 else f"every {self.months} months"
        if self.days % 7 == 0:
            return "every week" if self.days == 7 else f"every {self.days // 7} weeks"
        return "every day" if self.days == 1 else f"every {self.days} days"


@attrs.frozen(kw_only=True)
class Spacing:
    """
    How far a session may be from the one `apart` places before it, in calendar days.

    Days are local dates at the clinic, not multiples of 24 h: a session at
    15:00 on Monday and one at 09:00 on Wednesday are 2 days apart.

    Attributes:
        apart: How many places lie between the two; 1 is the neighbour.
        minimum: Never planned sooner, in days.
        absolute_minimum: Sooner than minimum, which it needs, but forgiven once it has happened, in days.
        latest: Last day of the visit window, in days; the next is overdue.
        minimum_hours: At least this many elapsed hours from start to start; another rule than days.
        between: Two numbered places instead of `apart`, (1, 3) for sessions 1 and 3 of the phase.
        required: False makes it a preference: a warning, and the planner breaks as few as it can.
        source: Where the numbers come from.
        unit: "days", or "months": calendar months counted from the earlier session, of which a plan keeps
            the longest for a minimum and the shortest for a latest, so that it holds from any day.
    """

    minimum: int | None = None
    latest: int | None = None
    apart: int = 1
    absolute_minimum: int | None = None
    minimum_hours: int | None = None
    between: tuple[int, int] | None = None
    required: bool = True
    source: str = attrs.field(default="", eq=False, validator=whole_text)
    unit: str = "days"

    def __attrs_post_init__(self) -> None:
        refuse_first(InvalidProtocol, self.source, self._faults())

    def _faults(self) -> Iterator[Fault]:
        given = [d for d in (self.absolute_minimum, self.minimum, self.latest) if d is not None]
        yield (
            self.unit not in ("days", "months"),
            "unit",
            f"a spacing in {str(self.unit)[:20]!r}",
            "its numbers are days, or calendar months",
            'write unit = "days" or unit = "months"',
        )
        most = LONGEST_YEARS * (366 if self.unit == "days" else 12)
        yield (
            given != sorted(given) or any(not 0 <= d <= most for d in given),
            "",
            f"spacing {self.absolute_minimum}/{self.minimum}/{self.latest} d is out of order",
            "a session cannot be forgiven later than it is allowed, nor allowed after it is late",
            "give whole days with 0 <= absolute_minimum <= minimum <= latest",
        )
        yield (
            self.absolute_minimum is not None and self.minimum is None,
            "",
            "absolute_minimum without minimum",
            "it forgives what is sooner than the minimum; by itself nothing is too soon",
            "add minimum, or write minimum instead",
        )
        yield (
            not given and self.minimum_hours is None,
            "",
            "a spacing without a number",
            "it would allow everything",
            "give minimum, latest or minimum_hours, or leave the spacing out",
        )
        yield (
            not 1 <= self.apart < MOST_SESSIONS or not 0 <= (self.minimum_hours or 0) <= 24 * 366,
            "",
            f"a spacing over {self.apart} places and {self.minimum_hours} hours",
            f"places are 1 to {MOST_SESSIONS - 1}, hours at most a year",
            "give apart = 1 for neighbours, 3 for a session and the third after it",
        )
        earlier, later = self.between or (1, 2)
        yield (
            not 1 <= earlier < later <= MOST_SESSIONS,
            "between",
            f"a spacing between sessions {earlier} and {later}",
            "the earlier of the two numbers comes first, and numbers begin at 1",
            "write between = [1, 3]",
        )
        yield (
            not self.required and self.minimum_hours is not None,
            "",
            "a preferred spacing in hours",
            "a rule in hours is kept or it is not; the planner counts broken preferences in days",
            "make it required, or give it in days",
        )
        yield (
            not self.required and self.reach > PREFERRED_APART,
            "apart" if self.between is None else "between",
            f"a preferred spacing over {self.reach} places",
            f"a preference may look back {PREFERRED_APART} places; beyond, planning takes seconds",
            "make it required, or give it over fewer places",
        )

    @property
    def reach(self) -> int:
        """How many places lie between the two sessions."""
        return self.apart if self.between is None else self.between[1] - self.between[0]

    def counted(self, number: int | None, earlier: date) -> date | None:
        """Return the day that so many of the rule's units are after an earlier session; None for no number."""
        if number is None or not number:
            return earlier if number == 0 else None
        if self.unit == "days":
            return earlier + timedelta(number)
        return Interval(months=number).from_base(earlier)

    def since(self, earlier: date) -> Spacing:
        """Return the rule in whole days as it stands after a session of that day."""
        if self.unit == "days":
            return self
        low, least, high = (
            None if day is None else (day - earlier).days
            for day in (
                self.counted(number, earlier) for number in (self.absolute_minimum, self.minimum, self.latest)
            )
        )
        return attrs.evolve(self, unit="days", absolute_minimum=low, minimum=least, latest=high)

    def in_days(self) -> Spacing:
        """Return the rule in whole days, such that whoever keeps it keeps this one from any day."""
        if self.unit == "days":
            return self
        low, least, high = self.absolute_minimum, self.minimum, self.latest
        return attrs.evolve(
            self,
            unit="days",
            absolute_minimum=None if low is None else _days_of_months(low)[1],
            minimum=None if least is None else _days_of_months(least)[1],
            latest=None if high is None else _days_of_months(high)[0],
        )

    def words(self) -> str:
        """Say the rule as a clinic says it."""
        said, of = [], "d" if self.unit == "days" else self.unit
        if self.between is not None:
            place = f"session {self.between[1]} to session {self.between[0]}"
            said += [f"{place}: at least {self.minimum} {of}"] if self.minimum is not None else []
            said += [f"{place}: at most {self.latest} {of}"] if self.latest is not None else []
        elif self.apart == 1:
            said += [f"at least {self.minimum} {of} apart"] if self.minimum is not None else []
            said += [f"at most {self.latest} {of} between two"] if self.latest is not None else []
        else:
            said += [f"at most {self.apart} in {self.minimum} {of}"] if self.minimum is not None else []
            last = (self.latest or 0) + (self.unit == "days")  # days are counted with both ends
            said += [f"{self.apart + 1} within {last} {of}"] if self.latest is not None else []
        if self.minimum_hours is not None:
            said.append(f"at least {self.minimum_hours} h from start to start")
        if self.absolute_minimum is not None:
            said.append(f"forgiven from {self.absolute_minimum} {of} once it has happened")
        return ", ".join(said)


@cache
def _days_of_months(months: int) -> tuple[int, int]:
    """Return the fewest and the most days that so many calendar months can have."""
    step = Interval(months=months) if months else None
    first = date(2000, 1, 1)
    days = [first + timedelta(n) for n in range(4 * 366)]
    found = [0 if step is None else (step.from_base(day) - day).days for day in days]
    return min(found), max(found)


@attrs.frozen(kw_only=True)
class Join:
    """
    How a phase follows the one before it.

    Attributes:
        ideal: Days from the last session of the earlier phase to the first of this one; None: this
            phase's own first interval, or for another pattern its first day in the next treatment week.
        next_week: True: the first day of the next treatment week, for any pattern; treatment weeks
            are counted from the course's first session.
        minimum: Never sooner, in days; replaces the earlier phase's rules across the join.
        latest: Never later, in days.
    """

    ideal: int | None = None
    next_week: bool = False
    minimum: int | None = None
    latest: int | None = None

    def __attrs_post_init__(self) -> None:
        given = [d for d in (self.minimum, self.ideal, self.latest) if d is not None]
        faults = (
            (
                given != sorted(given) or any(not 0 <= d <= 3660 for d in given),
                "",
                f"join {self.minimum}/{self.ideal}/{self.latest} d is out of order",
                "the ideal day lies between the earliest and the latest",
                "give whole days with 0 <= minimum <= ideal <= latest",
            ),
            (
                self.ideal is not None and self.next_week,
                "ideal",
                f"a join in {self.ideal} days and in the next treatment week",
                "the ideal day is one or the other",
                "give ideal, or next_week",
            ),
        )
        refuse_first(InvalidProtocol, "", faults)

    @property
    def states_rules(self) -> bool:
        """Whether it says how far apart the phases lie, in place of the earlier phase's rules."""
        return self.minimum is not None or self.latest is not None
