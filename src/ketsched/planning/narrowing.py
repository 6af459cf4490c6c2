"""What to change where a course allows more plans than one planning looks at: its preferences, and what closes days."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from ketsched.calendars import Calendar
from ketsched.errors import InvalidInput
from ketsched.hours import SeatNeed
from ketsched.placing import EFFORT
from ketsched.placing.values import Problem
from ketsched.planning.blockers import closed_by

_SHOWN = 5


class TooManyWays(InvalidInput):
    """The best plan cannot be found with the effort that one planning may take."""


def too_many_ways(
    what: str,
    where: str,
    problem: Problem,
    needs: Sequence[SeatNeed],
    calendar_of: Callable[[SeatNeed], Calendar],
) -> TooManyWays:
    """
    Say which preferences can be narrowed, and what closes the days that sessions are aimed at.

    Args:
        what: What allows too many plans.
        where: Of the error.
        problem: What was to be placed.
        needs: What each of the last places needs of a day; those before them have their days.
        calendar_of: All calendars that must be open for a need.
    """
    preferred = list(dict.fromkeys(bound.rule for bound in problem.bounds if not bound.required))
    closing: dict[str, list[date]] = {}
    first = len(problem.days) - len(needs)
    for ideal, days, need in zip(problem.ideals[first:], problem.days[first:], needs, strict=True):
        if isinstance(ideal, int) and ideal not in days:
            day = date.fromordinal(ideal)
            closing.setdefault(closed_by(calendar_of(need), day, need), []).append(day)
    closing.pop("", None)
    why = f"planning looks at {EFFORT} partial plans at most"
    fixes = []
    if preferred:
        why += f"; preferred, so that each may be broken or kept: {', '.join(preferred[:_SHOWN])}"
        rules, them = ("rules", "some of them") if preferred[1:] else ("rule", "it")
        named = "; ".join(preferred[:_SHOWN])
        fixes.append(f"leave out the preferred {rules} ({named}), or make {them} required")
    if closing:
        said = [f"{', '.join(map(str, days[:_SHOWN]))} ({words})" for words, days in closing.items()]
        why += f"; days aimed at that are closed: {'; '.join(said[:_SHOWN])}"
        fixes.append(f"open {next(iter(closing.values()))[0]}")
    if any(wished is not None for wished in problem.wishes):
        fixes.append("leave out what the patient would rather")
    fixes.append("plan fewer sessions at a time")
    return TooManyWays(what=what, where=where, why=why, fix=", or ".join(fixes))
