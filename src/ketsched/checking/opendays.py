"""Days that the advice of a finding names: open ones on which the session fits, beside the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from ketsched.checking.case import CheckedCourse
from ketsched.clock import FIRST_DAY, LAST_DAY, day_words
from ketsched.model import Session

REACH = 18 * 7
"""Days around the one that a bound names in which an open one is looked for: 18 weeks (house default)."""


def from_day(case: CheckedCourse, session: Session, day: date) -> str:
    """Say from when on a session can be, after "move it to": the first of those days that is open and free."""
    days = (day + timedelta(n) for n in range(REACH))
    return f"{day_words(_first_free(case, session, days) or day)} or later"


def until_day(case: CheckedCourse, session: Session, first: date, day: date, words: str) -> str:
    """
    Say until when a session can be: the last of those days that is open and free.

    Args:
        case: What is checked.
        session: What would move.
        first: A day before all of them.
        day: The last of them by the bound alone.
        words: What the advice begins with, "move it to".
    """
    reach = min((day - first).days, REACH)
    found = last_free(case, session, day, reach)
    if found is not None:
        return f"{words} {day_words(found)} or earlier"
    is_open = next((one for one in _backward(day, reach) if fits(case, session, one)), None)
    if is_open is None:
        return f"no day until {day_words(day)} is open: a clinician decides; record the exception"
    return f"{day_words(is_open)} is the last open day, too near to others: move those too, or record an exception"


def last_free(case: CheckedCourse, session: Session, day: date, reach: int) -> date | None:
    """Return the last day up to one, within so many, that is open for a session and not too near to others."""
    return _first_free(case, session, _backward(day, reach))


def _backward(day: date, reach: int) -> Iterator[date]:
    return (day - timedelta(n) for n in range(reach))


def fits(case: CheckedCourse, session: Session, day: date) -> bool:
    """Whether a day has room for a session; all have where no calendar says otherwise."""
    if case.calendar is None or session.id in case.at_home:
        return True
    minutes = case.phases[session.phase].anatomy.minutes
    return FIRST_DAY <= day <= LAST_DAY and case.calendar.is_open(day, minutes)


def _first_free(case: CheckedCourse, session: Session, days: Iterable[date]) -> date | None:
    """Return the first of some days that is open and not too near to the other sessions."""
    if case.calendar is None:
        return next(iter(days), None)
    least = case.phases[session.phase].neighbour_minimum()
    others = [other.day for other in case.standing if other.id != session.id]
    return next(
        (
            day
            for day in days
            if all(abs((day - other).days) >= max(least, 1) for other in others) and fits(case, session, day)
        ),
        None,
    )
