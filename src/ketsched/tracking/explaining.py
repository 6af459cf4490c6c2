"""
Why what is left of a course cannot be placed: a minimal set of rules and closed days, and what would help.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby

from ketsched.hours import Hours
from ketsched.model import Session
from ketsched.planning import NoFeasiblePlan
from ketsched.planning.blockers import Cause, closed_by
from ketsched.planning.explaining import ClosedDays, bounds_left, causes_of, minimal
from ketsched.planning.rules import ONE_A_DAY
from ketsched.spacing import Bound, Bounds, lay, required
from ketsched.tracking.problem import Remainder

AGREED = "agreed start"
"""Key of the cause that an agreed start stays."""
_LOOKED_AT = 126
"""Days from the first that can be booked on, among which closures are looked at (house default)."""


def no_plan(
    left: Remainder,
    *,
    first: int,
    begins: int,
    where: str,
    hours: Hours,
    start: Session | None,
    cancelled: frozenset[int],
) -> NoFeasiblePlan:
    """
    Return the error that says why what is left of a course has no plan.

    Args:
        left: What has no plan.
        first: The first day that can be booked on, as an ordinal.
        begins: The first day on which anything is laid: not before an agreed start.
        where: What the error is about.
        hours: When sessions can be.
        start: The agreed start, before which nothing is laid, and which stays; None: something was given.
        cancelled: Days that are not used again, even if they were open.
    """
    if (none := _no_day(left, first, where, hours)) is not None:
        return none
    look = _Look(left, first, hours, start, since=begins, cancelled=cancelled)
    causes = look.causes()
    rules = [cause for cause in causes if cause.day is None]
    closures = sorted((cause for cause in causes if cause.day is not None), key=lambda cause: -cause.order[1])
    fixes = [f"open {cause.day}" for cause in closures if look.is_possible(without=cause)][:1]
    if (another := look.another_start()) is not None:
        fixes.append(f"agree on another start, {another} for example ({{move}})")
    fixes.append("choose another way ({policy})")
    if any(bound.latest is not None for bound in bounds_left(look.bounds, rules)):
        fixes.append("let the latest days give way ({exceed}), for a clinician to document")
    said = [*(cause.words for cause in rules), *_stretches(closures)] or [ONE_A_DAY]
    return NoFeasiblePlan(
        what="what is left of the course cannot be placed",
        where=where,
        why=f"these together leave no days: {'; '.join(said)}",
        fix=", or ".join(fixes),
        causes=[*rules, *closures],
    )


def _no_day(left: Remainder, first: int, where: str, hours: Hours) -> NoFeasiblePlan | None:
    """Return what to say of the first place for which there is no day at all, if there is one."""
    for ideal, days in zip(left.intent.ideals, left.problem.days[left.places.first :], strict=True):
        if days:
            continue
        day, need = date.fromordinal(ideal.day), ideal.place.need
        if not ideal.only:
            return NoFeasiblePlan(
                what=f"no day is left for the session of {day}",
                where=where,
                why=f"no day from {date.fromordinal(first)} on is open, long enough, and paid for",
                fix="open days, or change what has to pay for them",
            )
        closed = closed_by(hours.of_place[need.place], day, need)
        return NoFeasiblePlan(
            what=f"no session can be on {day}",
            where=where,
            why=closed or "something else is on it",
            fix="choose another day, or open it",
            causes=[Cause(day, closed, f"closed {day}")],
        )
    return None


class _Look:
    """What is left of a course, seen with some causes out of the way."""

    def __init__(
        self,
        left: Remainder,
        first: int,
        hours: Hours,
        start: Session | None,
        *,
        since: int,
        cancelled: frozenset[int],
    ) -> None:
        self.since, self.cancelled = since, cancelled
        self.days, self.fixed = left.problem.days, left.places.first
        self.needs = [ideal.place.need for ideal in left.intent.ideals]
        self.closed = ClosedDays(hours.of_place, first, first + _LOOKED_AT, self.needs)
        one_a_day = lay(range(len(self.days)), minimum=1, rule=ONE_A_DAY, key=ONE_A_DAY)
        self.bounds: list[Bound] = [*required(left.problem.bounds).each, *one_a_day]
        self.every = [*self.closed.causes, *causes_of(self.bounds)]
        self.ideals = [ideal.day for ideal in left.intent.ideals]
        self.open_days = self.closed.days(self.closed.causes)
        first_booking = left.intent.ideals[0].place.booking if left.intent.ideals else None
        self.start = start if start is not None and first_booking is start else None
        if start is not None:
            stays = self.start is not None and list(self.days[self.fixed]) == [start.day.toordinal()]
            words = (
                f"the agreed start {start.day} stays"
                if stays
                else f"nothing before the agreed start {start.day}"
            )
            self.every.append(Cause(None, words, AGREED, order=(3, 0)))

    def causes(self) -> list[Cause]:
        """Return causes of which none could be left out: rules first, then what closes days."""
        kept = minimal(self.every, lambda left: not self._leaves_a_plan(left))
        return sorted(kept, key=lambda cause: -cause.order[0])

    def another_start(self) -> date | None:
        """Return the nearest day before the second session on which the first could be instead, all else as it is."""
        if self.start is None:
            return None
        need, own, rest = self.needs[0], self.start.day.toordinal(), self.days[self.fixed + 1 :]
        until = self.ideals[1] if len(self.ideals) > 1 else own + _LOOKED_AT
        for day in sorted(
            (day for day in self.open_days[need] if day < until), key=lambda day: abs(day - own)
        ):
            others = [
                sorted({*options, *(d for d in self.open_days[of] if d > day)} - {own})
                for options, of in zip(rest, self.needs[1:], strict=True)
            ]
            if Bounds(self.bounds).allow([(day,), *others]):
                return date.fromordinal(day)
        return None

    def is_possible(self, *, without: Cause) -> bool:
        """Whether there is a plan without one cause, all others as they are."""
        return self._leaves_a_plan([cause for cause in self.every if cause is not without])

    def _leaves_a_plan(self, left: Sequence[Cause]) -> bool:
        opened = self.closed.opened(left)
        is_agreed = any(cause.key == AGREED for cause in left) or self.every[-1].key != AGREED
        days = list(self.days[: self.fixed])
        for options, need in zip(self.days[self.fixed :], self.needs, strict=True):
            if is_agreed and len(options) == 1:
                days.append(options)
                continue
            # Without an agreed start, any day from the first on.
            more = [*opened[need], *(() if is_agreed else self.open_days[need])]
            since = self.since if is_agreed else 0
            days.append(sorted({*options, *(d for d in more if d >= since and d not in self.cancelled)}))
        return Bounds(bounds_left(self.bounds, left)).allow(days)


def _stretches(closures: Sequence[Cause]) -> Iterator[str]:
    """Yield closed dates that follow each other for one reason as one."""

    def reason(cause: Cause) -> str:
        return cause.words.replace(str(cause.day), "", 1)

    def ordinal(cause: Cause) -> int:
        return -cause.order[1]

    for _, group in groupby(enumerate(closures), lambda pair: (pair[0] - ordinal(pair[1]), reason(pair[1]))):
        same = [cause for _, cause in group]
        first, last = same[0].day, same[-1].day
        yield same[0].words if first == last else same[0].words.replace(str(first), f"{first} to {last}", 1)
