"""What a change of a course breaks, by its findings before and after, and the waivers for that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

import attrs

from ketsched.checking.rules import Finding, Severity
from ketsched.model import Course, Waiver
from ketsched.revising import revise, tell_besides

ABOUT_DAYS = ("KS1", "KS2")
"""Families of rules about the days of sessions: spacing and series."""


def broken(before: Iterable[Finding], after: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings about spacing and series, from warnings up, that a course did not have before."""
    had = {(finding.code, finding.sessions, finding.what) for finding in before}
    for finding in after:
        if _is_about_days(finding) and (finding.code, finding.sessions, finding.what) not in had:
            yield finding


def broken_by(session: str, findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield the findings about spacing and series, from warnings up, that name a session and are not waived."""
    for finding in findings:
        if _is_about_days(finding) and finding.waived_by is None and session in finding.sessions:
            yield finding


def waivers_for(findings: Iterable[Finding], *, reason: str, who: str) -> tuple[Waiver, ...]:
    """Return a waiver for each finding that names sessions."""
    return tuple(
        Waiver(rule=finding.code, sessions=finding.sessions, reason=reason, who=who)
        for finding in findings
        if finding.sessions
    )


def waive(
    course: Course,
    moved: Course,
    session: str,
    look: Callable[[Course], Sequence[Finding]],
    *,
    reason: str,
    who: str,
    at: datetime | None,
) -> Course:
    """
    Return a course in which a session was moved alone, with what that breaks waived.

    One that stands there already can be waived as well: the reason may come later than the move.

    Args:
        course: As it was given out last.
        moved: With the session moved; without a new revision if it stood there.
        session: Its id.
        look: Gives the findings of a course.
        reason: Why it is accepted.
        who: Who decided it.
        at: The moment of the revision that only waives, aware.
    """
    there = len(moved.revisions) == len(course.revisions)
    findings = broken_by(session, look(moved)) if there else broken(look(course), look(moved))
    waivers = (*moved.waivers, *waivers_for(findings, reason=reason, who=who))
    if there:
        return revise(course, at=at, kind="waived", who=who, waivers=waivers)
    return tell_besides(course, attrs.evolve(moved, waivers=waivers))


def counted(findings: Iterable[Finding]) -> dict[Severity, int]:
    """Return how many errors and warnings there are that nobody waived; kinds of which there are none are left out."""
    severities = [finding.severity for finding in findings if finding.waived_by is None]
    kinds = (Severity.ERROR, Severity.WARNING)
    return {kind: severities.count(kind) for kind in kinds if kind in severities}


def _is_about_days(finding: Finding) -> bool:
    return finding.code.startswith(ABOUT_DAYS) and finding.severity >= Severity.WARNING
