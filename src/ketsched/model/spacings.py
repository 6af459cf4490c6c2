"""
How far apart sessions may be: spacing rules, and how a phase follows the one before it.

Days are local dates at the clinic. A class checks itself when built.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

import attrs

from ketsched.arguments import checked_attributes
from ketsched.errors import Fault, InvalidProtocol, refuse_first
from ketsched.model.intervals import (
    MOST_DAYS,
    Interval,
    Length,
    day_after,
    day_before,
    fewest_and_most_days,
    first_day_out_of_order,
    plain_length_or_none,
    said,
)
from ketsched.model.limits import MOST_SESSIONS, PREFERRED_APART, whole_text


@attrs.frozen
class DayLimits:
    """
    What a rule asks for in whole days.

    Attributes:
        minimum: At least so many days, or None.
        latest: At most so many days, or None.
        forgiven: At least so many days are forgiven once it has happened, or None.
    """

    minimum: int | None = None
    latest: int | None = None
    forgiven: int | None = None


@checked_attributes(InvalidProtocol)
@attrs.frozen(kw_only=True)
class Spacing:
    """
    How far a session may be from the one `apart` places before it, in calendar days.

    Days are local dates at the clinic, not multiples of 24 h: a session at
    15:00 on Monday and one at 09:00 on Wednesday are 2 days apart.

    A number of days may also be an interval in calendar months, with or without days. Months are
    counted from the earlier session; before that one has its day, a plan keeps the most days that
    they can have for a minimum, and the fewest for a latest.

    Attributes:
        minimum: Never planned sooner, in days or as an interval.
        latest: Last day of the visit window, in days or as an interval; the next is overdue.
        apart: How many places lie between the two; 1 is the neighbour.
        absolute_minimum: Sooner than minimum, which it needs, but forgiven once it has happened, in days or as an
            interval.
        minimum_hours: At least this many elapsed hours from start to start; another rule than days.
        between: Two numbered places instead of `apart`, (1, 3) for sessions 1 and 3 of the phase.
        required: False makes it a preference: a warning, and the planner breaks as few as it can.
        source: Where the numbers come from.
        grace: Instead of absolute_minimum: how much sooner than minimum is forgiven once it has happened,
            in days or as an interval, counted back from the first day that the minimum allows.
        number: The one session of the phase that it is about, from 2, instead of `apart`: it is counted from
            the last one given before it, whether that counts or not.
    """

    minimum: Length | None = attrs.field(default=None, converter=plain_length_or_none)
    latest: Length | None = attrs.field(default=None, converter=plain_length_or_none)
    apart: int = 1
    absolute_minimum: Length | None = attrs.field(default=None, converter=plain_length_or_none)
    minimum_hours: int | None = None
    between: tuple[int, int] | None = None
    required: bool = True
    source: str = attrs.field(default="", eq=False, validator=whole_text)
    grace: Length | None = attrs.field(default=None, converter=plain_length_or_none)
    number: int | None = None

    def __attrs_post_init__(self) -> None:
        refuse_first(InvalidProtocol, self.source, self._faults_of_lengths())
        refuse_first(InvalidProtocol, self.source, self._faults_of_places())

    def _faults_of_lengths(self) -> Iterator[Fault]:
        """Yield what can be wrong with its numbers, or between two of them."""
        given = [
            length for length in (self.absolute_minimum, self.minimum, self.latest) if length is not None
        ]
        yield (
            any(
                not 0 <= days <= MOST_DAYS
                for days in (*given, self.grace or 0)
                if not isinstance(days, Interval)
            ),
            "",
            f"spacing {self._numbers()} is out of order",
            f"numbers of days are 0 to {MOST_DAYS}",
            "give whole days with 0 <= absolute_minimum <= minimum <= latest",
        )
        for shorter, longer in pairwise(given):
            base = first_day_out_of_order(shorter, longer)
            when = f"; from {base}" if self.has_months else ""
            yield (
                base is not None,
                "",
                f"spacing {self._numbers()} is out of order",
                "a session cannot be forgiven later than it is allowed, nor allowed after it is late"
                + (f"{when} {said(shorter)} are more than {said(longer)}" if when else ""),
                "give lengths with 0 <= absolute_minimum <= minimum <= latest, counted from any day",
            )
        yield (
            self.absolute_minimum is not None and self.minimum is None,
            "",
            "absolute_minimum without minimum",
            "it forgives what is sooner than the minimum; by itself nothing is too soon",
            "add minimum, or write minimum instead",
        )
        yield (
            self.grace is not None and (self.minimum is None or self.absolute_minimum is not None),
            "grace",
            "grace without minimum" if self.minimum is None else "grace beside absolute_minimum",
            "it says how much sooner than the minimum is forgiven, as absolute_minimum does by another number",
            "add minimum" if self.minimum is None else "keep one of the two",
        )
        yield (
            self.grace is not None
            and self.minimum is not None
            and first_day_out_of_order(self.grace, self.minimum) is not None,
            "grace",
            f"a grace of {said(self.grace or 0)} on a minimum of {said(self.minimum or 0)}",
            "what is forgiven cannot be more than what is asked for",
            "give a shorter grace, or a longer minimum",
        )
        yield (
            not given and self.minimum_hours is None,
            "",
            "a spacing without a number",
            "it would allow everything",
            "give minimum, latest or minimum_hours, or leave the spacing out",
        )

    def _faults_of_places(self) -> Iterator[Fault]:
        """Yield what can be wrong with which sessions it is about, and how."""
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
            self.number is not None and not 2 <= self.number <= MOST_SESSIONS,
            "number",
            f"a spacing before session {self.number}",
            f"sessions are counted from 1, before which a phase has none, to {MOST_SESSIONS}",
            "write number = 3, or say in the join how the phase follows the one before",
        )
        yield (
            self.number is not None and (self.between is not None or self.apart != 1),
            "number",
            f"number beside {'apart' if self.between is None else 'between'} in one spacing",
            "each says in its own way which sessions a rule is about",
            "keep one of them, or write two spacings",
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

    def _numbers(self) -> str:
        """Say its numbers side by side: 5 months/6 months/3 months, or 3/2/7 days."""
        numbers = (self.absolute_minimum, self.minimum, self.latest)
        if self.has_months:
            return "/".join("None" if length is None else said(length) for length in numbers)
        return "/".join(map(str, numbers)) + " days"

    @property
    def reach(self) -> int:
        """How many places lie between the two sessions."""
        return self.apart if self.between is None else self.between[1] - self.between[0]

    @property
    def is_for_all(self) -> bool:
        """Whether it holds for every session of its phase, and not for numbered ones alone."""
        return self.between is None and self.number is None

    def is_about(self, number: int | None) -> bool:
        """Whether it is about a session of that number; None: one that has none."""
        return self.is_for_all or (number is not None and number in (self.number, *(self.between or ())))

    @property
    def has_months(self) -> bool:
        """Whether how many days it asks for depends on the day it is counted from."""
        lengths = (self.minimum, self.latest, self.absolute_minimum, self.grace)
        return any(isinstance(length, Interval) for length in lengths)

    def since(self, earlier: date) -> DayLimits:
        """Return what it asks for in whole days after a session of that day."""
        minimum, latest = self.minimum, self.latest
        least = None if minimum is None else (day_after(earlier, minimum) - earlier).days
        most = None if latest is None else (day_after(earlier, latest) - earlier).days
        forgiven: int | None = None
        if self.absolute_minimum is not None:
            forgiven = (day_after(earlier, self.absolute_minimum) - earlier).days
        elif self.grace is not None and least is not None:
            forgiven = (day_before(earlier + timedelta(least), self.grace) - earlier).days
        return DayLimits(least, most, forgiven)

    def in_days(self) -> DayLimits:
        """Return what it asks for in whole days, such that whoever keeps it keeps the rule from any day."""
        minimum, latest = self.minimum, self.latest
        return DayLimits(
            None if minimum is None else fewest_and_most_days(minimum)[1],
            None if latest is None else fewest_and_most_days(latest)[0],
        )

    def limits(self, earlier: date | None) -> DayLimits:
        """Return what it asks for in whole days after a session of that day; None: of any day."""
        return self.in_days() if earlier is None else self.since(earlier)

    def last_before(self, later: date) -> date:
        """Return the last day from which a session of that day keeps the minimum."""
        fewest, most = fewest_and_most_days(self.minimum or 0)
        days = (later - timedelta(n) for n in range(fewest, most))
        return next(
            (day for day in days if day_after(day, self.minimum or 0) <= later), later - timedelta(most)
        )

    def words(self) -> str:
        """Say the rule as a clinic says it."""
        parts = list(self._words_of_minimum()) + list(self._words_of_latest())
        if self.minimum_hours is not None:
            parts.append(f"at least {self.minimum_hours} hours from start to start")
        if self.absolute_minimum is not None:
            parts.append(f"forgiven from {said(self.absolute_minimum)} once it has happened")
        if self.grace is not None:
            parts.append(f"forgiven up to {said(self.grace)} sooner once it has happened")
        return ", ".join(parts)

    def _words_of_minimum(self) -> Iterator[str]:
        if self.minimum is None:
            return
        least = said(self.minimum)
        if not self.is_for_all:
            yield f"{self._named()}: at least {least}"
        elif self.apart == 1:
            yield f"at least {least} apart"
        else:
            yield f"at most {self.apart} in {least}"

    def _words_of_latest(self) -> Iterator[str]:
        if self.latest is None:
            return
        if not self.is_for_all:
            yield f"{self._named()}: at most {said(self.latest)}"
        elif self.apart == 1:
            yield f"at most {said(self.latest)} between two"
        else:  # days are counted with both ends
            span = self.latest if isinstance(self.latest, Interval) else self.latest + 1
            yield f"{self.apart + 1} within {said(span)}"

    def _named(self) -> str:
        if self.between is None:
            return f"session {self.number} to the last given before it"
        return f"session {self.between[1]} to session {self.between[0]}"


@checked_attributes(InvalidProtocol)
@attrs.frozen(kw_only=True)
class Join:
    """
    How a phase follows the one before it.

    Attributes:
        ideal: Days from the last session of the earlier phase to the first of this one, or an interval; None:
            this phase's own first interval, or for another pattern its first day in the next treatment week.
        next_week: True: the first day of the next treatment week, for any pattern; treatment weeks
            are counted from the course's first session.
        minimum: Never sooner, in days or as an interval; replaces the earlier phase's rules across the join.
        latest: Never later, in days or as an interval.
    """

    ideal: Length | None = attrs.field(default=None, converter=plain_length_or_none)
    next_week: bool = False
    minimum: Length | None = attrs.field(default=None, converter=plain_length_or_none)
    latest: Length | None = attrs.field(default=None, converter=plain_length_or_none)

    def __attrs_post_init__(self) -> None:
        given = [length for length in (self.minimum, self.ideal, self.latest) if length is not None]
        numbers = (self.minimum, self.ideal, self.latest)
        told = "/".join(said(n) if isinstance(n, Interval) else str(n) for n in numbers)
        faults = (
            (
                any(
                    first_day_out_of_order(shorter, longer) is not None for shorter, longer in pairwise(given)
                )
                or any(not isinstance(days, Interval) and not 0 <= days <= 3660 for days in given),
                "",
                f"join {told} days is out of order",
                "the ideal day lies between the earliest and the latest",
                "give whole days with 0 <= minimum <= ideal <= latest",
            ),
            (
                self.ideal is not None and self.next_week,
                "ideal",
                f"a join in {said(self.ideal or 0)} and in the next treatment week",
                "the ideal day is one or the other",
                "give ideal, or next_week",
            ),
        )
        refuse_first(InvalidProtocol, "", faults)

    @property
    def states_rules(self) -> bool:
        """Whether it says how far apart the phases lie, in place of the earlier phase's rules."""
        return self.minimum is not None or self.latest is not None

    @property
    def rule(self) -> Spacing | None:
        """What it asks for between the two sessions; None if it states no rules."""
        return Spacing(minimum=self.minimum, latest=self.latest) if self.states_rules else None
