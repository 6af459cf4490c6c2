"""What needs attention after a command: problems and warnings in a line each, notes as a number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ketsched.checking import Finding, Severity
from ketsched.screens import many
from ketsched.screens.findings import counted, open_still
from ketsched.screens.rows import marked

SHOWN = 5
"""Problems and warnings that are told one by one (house default)."""


def attention_lines(findings: Sequence[Finding], *, notes: int = 0, course: str = "") -> Iterator[str]:
    """
    Yield what needs attention in a course that is new.

    Args:
        findings: What the rules remark; those that only inform are counted as notes.
        notes: Further notes.
        course: The course file, for advice; empty: there is none yet.
    """
    now = open_still(findings)
    yield from _told_one_by_one(now)
    notes += sum(finding.severity is Severity.INFO for finding in findings)
    counts = f"{many(notes, 'note')}: --verbose" if notes else ""
    if not now:
        yield f"Nothing needs attention. {counts}".rstrip()
        return
    what_to_do = f"What to do: ketsched check {course}" if course else ""
    yield "  ".join(filter(None, (what_to_do, counts)))


def news_lines(
    findings: Sequence[Finding], known: Iterable[Finding], *, counts_only: bool = False, course: str
) -> Iterator[str]:
    """
    Yield what needs attention since a course was changed, and count what did so before.

    Args:
        findings: What the rules remark now.
        known: What they remarked before.
        counts_only: Whether what is new is counted as well, because something else says it.
        course: The course file, for advice.
    """
    before = {_recognised(finding) for finding in known}
    now = open_still(findings)
    new = [finding for finding in now if _recognised(finding) not in before]
    old = [finding for finding in now if _recognised(finding) in before]
    yield from () if counts_only else _told_one_by_one(new)
    if not now:
        return
    if old and len(old) == len(now):
        said = f"{counted(old)} as before"
    else:
        said = counted(now) + (f", {len(old)} as before" if old else "")
    yield f"{said}: ketsched check {course}"


def _told_one_by_one(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings[:SHOWN]:
        yield marked(finding.severity, f"{finding.what} {finding.why}")
    if findings[SHOWN:]:
        yield f"  and {counted(findings[SHOWN:])} more"


def _recognised(finding: Finding) -> tuple[str, str, str]:
    """Return by what a finding is recognised: the same rule, place and fault."""
    return finding.code, finding.where, finding.what
