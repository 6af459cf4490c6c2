"""Advice that works: the day to which one session can be moved so that a bound is kept and no other one is broken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import attrs

from ketsched.checking.bounds import Breach, Read, all_breaches, is_lifted
from ketsched.checking.case import CheckedCourse, happened
from ketsched.checking.opendays import fits
from ketsched.checking.rules import Finding, Rule
from ketsched.clock import FIRST_DAY, LAST_DAY, day_words
from ketsched.model import Session
from ketsched.revising import in_order

NEAR = 14
"""Days on either side of a session that are tried, the nearest first (house default)."""
MOST = 6
"""Bounds that may be broken at once for days to be tried; beyond that advice follows from each alone: house default."""
LONGEST = 60
"""Sessions of a course for days to be tried: it takes a millisecond or two for each (house default)."""
IN_HOURS = ("KS106",)
"""Rules whose advice is an hour, not a day."""

IF_MEANT = "Nothing to do if this is meant."

_Broken = frozenset[tuple[str, tuple[str, ...]]]


def still_to_come(rule: Rule, case: CheckedCourse, read: Read) -> Iterator[Finding]:
    """Yield what a rule finds: the breaches that are not past, and that the past has not made unavoidable."""
    for breach in case.once(read):
        if not breach.is_past and not is_lifted(case, breach):
            yield breach.finding(rule, fix=way_out(case, breach))


def way_out(case: CheckedCourse, breach: Breach) -> str:
    """
    Say which one session can be moved, and to which day, so that a bound is kept and no other is broken.

    Empty where the advice that follows from the bound alone names that day, and where nobody can tell.
    """
    broken = frozenset(case.once(_broken))
    own = breach.code, tuple(session.id for session in breach.sessions)
    ahead = [session for session in (breach.sessions[-1], breach.sessions[0]) if not happened(session)]
    alone = breach.sessions[0] is breach.sessions[-1]
    too_many = len(broken) > MOST or len(case.standing) > LONGEST
    if too_many or own not in broken or not ahead or alone or breach.code in IN_HOURS:
        return ""
    for session in ahead:
        for day in _days(case, session):
            if _moved(case, session, day) <= broken - {own}:
                said = day_words(day)
                return "" if said in breach.fix else f"move {case.called(session)} to {said}"
    return f"{breach.fix}. Any one move breaks another rule; to move several: ketsched replan FILE"


def say_days(case: CheckedCourse, session: Session, days: Iterable[date]) -> str:
    """Say to which of some days a session can be moved without breaking a rule, or why it is best left."""
    broken = frozenset(case.once(_broken))
    too_many = len(broken) > MOST or len(case.standing) > LONGEST
    open_days = [day for day in days if FIRST_DAY <= day <= LAST_DAY and fits(case, session, day)]
    said = [day_words(d) for d in open_days if too_many or _moved(case, session, d) <= broken]
    if said:
        return f"move it to {' or '.join(said)}. {IF_MEANT}"
    return f"{IF_MEANT} The usual days beside it {'break rules' if open_days else 'are closed'}"


def _broken(case: CheckedCourse) -> _Broken:
    """Return which bounds are broken, past ones aside."""
    plain = CheckedCourse(course=case.course, as_of=case.as_of)  # which days are open breaks no bound
    return frozenset(
        (breach.code, tuple(session.id for session in breach.sessions))
        for breach in all_breaches(plain)
        if not breach.is_past
    )


def _days(case: CheckedCourse, session: Session) -> Iterator[date]:
    """Yield the days near that of a session on which it can be, the nearest first; of two as near the later."""
    taken = {other.day for other in case.standing if other.id != session.id}
    for away in range(1, NEAR + 1):
        for day in (session.day + timedelta(away), session.day - timedelta(away)):
            past = case.as_of is not None and day < case.as_of
            can_be = FIRST_DAY <= day <= LAST_DAY and day not in taken and not past
            if can_be and fits(case, session, day):
                yield day


def _moved(case: CheckedCourse, session: Session, day: date) -> _Broken:
    """Return which bounds are broken once a session is on a day; that it leaves its phase is one as well."""
    there = attrs.evolve(session, day=day)
    sessions = in_order(there if other.id == session.id else other for other in case.course.sessions)
    after = attrs.evolve(case, course=attrs.evolve(case.course, sessions=sessions))
    order = [[s.phase for s in one.standing] for one in (case, after)]
    return _broken(after) if order[0] == order[1] else frozenset({("order", ())})
