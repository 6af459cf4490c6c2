"""
Why what is left of a course cannot be placed: a minimal set of rules and closed days, and what would help.

Rules and dated closures are left out one after another, closures from the latest back, with the
push of `spacing` as judge; none of those that are named could be left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby

from ketsched.calendars import Calendar
from ketsched.clock import LAST_DAY
from ketsched.planning import NoFeasiblePlan
from ketsched.planning.days import Blockers, Kind, OpenDays
from ketsched.planning.laying import ONE_A_DAY
from ketsched.spacing import Bound, edges, lay, push_up
from ketsched.tracking.problem import Problem

_LOOKED_AT = (
    126  # days from the first that can be booked on, among which closures are looked at (house default)
)


def closed_by(calendar: Calendar, day: date, kind: Kind) -> str:
    """Say what closes a day to a session; empty if it is open."""
    return " and ".join(cause.words for cause in Blockers(calendar).of(day, kind.minutes))


def no_plan(
    problem: Problem,
    *,
    first: int,
    where: str,
    open_days: Mapping[str, OpenDays],
) -> NoFeasiblePlan:
    """
    Return the error that says why a problem has no plan.

    Args:
        problem: One without a plan.
        first: The first day that can be booked on, as an ordinal.
        where: What the error is about.
        open_days: Of the clinic and of home.
    """
    aimed = problem.aims.aimed
    for aim, days in zip(aimed, problem.options[problem.rest.first :], strict=True):
        if not days:
            day, kind = date.fromordinal(aim.day), aim.slot.kind
            if aim.only:
                closed = closed_by(open_days[kind.place].calendar, day, kind)
                return NoFeasiblePlan(
                    what=f"no session can be on {day}",
                    where=where,
                    why=closed or "something else is on it",
                    fix="choose another day, or open it",
                    causes=(closed,),
                )
            return NoFeasiblePlan(
                what=f"no day is left for the session of {day}",
                where=where,
                why=f"no day from {date.fromordinal(first)} on is open, long enough, and paid for",
                fix="open days, or change what has to pay for them",
            )
    required = [bound for bound in problem.bounds if bound.required]
    required += lay(range(len(problem.options)), minimum=1, rule=ONE_A_DAY)
    dated, weekly = _closed(problem, first, open_days)
    closures = _needed(problem, required, dated)
    rules = _rules(problem, required, dated if closures is None else [])
    causes = [*rules]
    if closures is None:  # also with every closed date open
        closures = []
        causes += weekly
    causes += _stretches(closures, open_days, aimed[0].slot.kind)
    causes = causes or [ONE_A_DAY]
    opened = next(
        (day for day in closures if _feasible(problem, required, [day])),
        None,
    )
    fixes = [f"open {date.fromordinal(opened)}"] if opened is not None else []
    fixes.append("choose another policy")
    if any(bound.latest is not None for bound in required if bound.rule in rules):
        fixes.append("let the latest days give way (exceed), for a clinician to document")
    return NoFeasiblePlan(
        what="what is left of the course cannot be placed",
        where=where,
        why=f"these together leave no days: {'; '.join(causes)}",
        fix=", or ".join(fixes),
        causes=tuple(causes),
    )


def _feasible(problem: Problem, required: Sequence[Bound], opened: Sequence[int]) -> bool:
    """Whether the rules leave a plan if some days were open to all that are not held to one day."""
    more = set(opened)
    first = problem.rest.first
    options = [
        days if at < first or len(days) == 1 else sorted(more.union(days))
        for at, days in enumerate(problem.options)
    ]
    return push_up(options, edges(required)) is not None


def _closed(problem: Problem, first: int, open_days: Mapping[str, OpenDays]) -> tuple[list[int], list[str]]:
    """Return the days that a date closes, and what the weekly hours that close others are called."""
    aim = problem.aims.aimed[0]
    kind = aim.slot.kind
    days = open_days[kind.place]
    is_open = set(days.between(first, first + _LOOKED_AT, kind.minutes))
    blockers = Blockers(days.calendar)
    dated, weekly = list[int](), dict[str, None]()
    for day in range(first, min(first + _LOOKED_AT, LAST_DAY.toordinal()) + 1):
        if day in is_open:
            continue
        causes = blockers.of(date.fromordinal(day), kind.minutes)
        if all(cause.day is not None for cause in causes):
            dated.append(day)
        weekly.update({cause.words: None for cause in causes if cause.day is None})
    return dated, list(weekly)


def _needed(problem: Problem, required: Sequence[Bound], dated: Sequence[int]) -> list[int] | None:
    """Return closed dates of which none could be left out; None if opening all of them gives no plan either."""
    if not _feasible(problem, required, dated):
        return None
    opened: list[int] = []
    needed: list[int] = []
    for day in reversed(dated):
        if _feasible(problem, required, [*opened, day]):
            needed.append(day)
        else:
            opened.append(day)
    return needed[::-1]


def _rules(problem: Problem, required: Sequence[Bound], opened: Sequence[int]) -> list[str]:
    """Return the rules of which none could be left out."""
    rules = [rule for rule in dict.fromkeys(bound.rule for bound in required) if rule != ONE_A_DAY]
    for rule in list(rules):
        fewer = {ONE_A_DAY, *rules} - {rule}
        if not _feasible(problem, [bound for bound in required if bound.rule in fewer], opened):
            rules.remove(rule)
    return rules


def _stretches(closures: Sequence[int], open_days: Mapping[str, OpenDays], kind: Kind) -> list[str]:
    """Say closed dates that follow each other for one reason as one."""
    calendar = open_days[kind.place].calendar
    said = [(day, closed_by(calendar, date.fromordinal(day), kind)) for day in closures]
    found = []
    for _, group in groupby(enumerate(said), lambda one: (one[0] - one[1][0], _reason(one[1]))):
        days = [one for _, one in group]
        first, last = date.fromordinal(days[0][0]), date.fromordinal(days[-1][0])
        found.append(days[0][1] if first == last else f"closed {first} to {last}{_reason(days[0])}")
    return found


def _reason(said: tuple[int, str]) -> str:
    day, words = said
    return words.removeprefix(f"closed {date.fromordinal(day)}")
