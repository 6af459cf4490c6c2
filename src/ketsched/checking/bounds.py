"""
Bounds of the protocol that a course breaks, whether its sessions were given or are to come.

A bound is read in one place and reported in one of two. What can still be moved is a fault of the
plan (KS1, and KS2 for the weeks of a series); what has happened is a remark on the history (KS5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import attrs

from ketsched.checking.case import Case, day_words, happened
from ketsched.checking.rules import Cited, Finding, Rule, Severity
from ketsched.model import Session


@attrs.frozen(kw_only=True, eq=False)
class Breach:
    """
    A bound that is broken between the first and the last of some sessions.

    Attributes:
        code: Of the rule that reports it while one of the two can still be moved.
        sessions: In order of time, at least two unless the bound is on a whole series.
        what, why: As in a finding.
        fix: What can be done about it while one of the two can still be moved.
        severity: Of the bound, required or preferred.
        latest: The latest day of the bound, in days after the first; None: its minimum is broken.
        forgiven: Whether both were given, and the absolute minimum is kept.
        where: Of the finding, if not at its last session.
        cited: Where the number comes from.
    """

    code: str
    sessions: tuple[Session, ...]
    what: str
    why: str
    fix: str
    severity: Severity
    latest: int | None = None
    forgiven: bool = False
    where: str = ""
    cited: Cited | None = None

    @property
    def is_past(self) -> bool:
        """Whether both sessions were given: nothing between them can be moved any more."""
        return happened(self.sessions[0], self.sessions[-1])


def still_to_come(rule: Rule, case: Case, breaches: Iterable[Breach]) -> Iterator[Finding]:
    """Yield what a rule finds: the breaches that are not past, and that the past has not made unavoidable."""
    for breach in breaches:
        if not breach.is_past and not is_lifted(case, breach):
            yield rule.at(
                case,
                *breach.sessions,
                what=breach.what,
                why=breach.why,
                fix=breach.fix,
                severity=breach.severity,
                where=breach.where,
                cited=breach.cited,
            )


def is_lifted(case: Case, breach: Breach) -> bool:
    """
    Whether the course says of a latest day that what happened has made it impossible.

    That is taken only of one that counts from what is over: between two sessions to come both can be moved.
    """
    first, last = breach.sessions[0], breach.sessions[-1]
    to_come = not happened(first) and case.as_of is not None and first.day > case.as_of
    return breach.latest is not None and not to_come and (first.id, last.id, breach.latest) in case.lifted


def move_back(case: Case, first: Session, latest: int, words: str = "move it to") -> str:
    """Say until when the later of two sessions can be, or that no day until then is left."""
    until = date.fromordinal(first.day.toordinal() + latest)
    if happened(first) and case.as_of is not None and until <= case.as_of:
        return f"{day_words(until)} has passed: plan the rest again (ketsched replan), which says what it cannot keep"
    return f"{words} {day_words(until)} or earlier"
