"""Findings in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ketsched.checking import Finding, Severity

IN_FULL = "KS211"
"""The code whose remark is told with its reason although it only informs: what is known of the evidence."""


def gravest_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings by their severity, and as they were given among those of one."""
    return sorted(findings, key=lambda finding: -finding.severity)


def finding_lines(finding: Finding) -> Iterator[str]:
    """Yield what a finding says, in short if it only informs: where, what, why, how to fix, and who waived it."""
    yield finding.where
    yield f"{finding.name}: {finding.what}"
    if finding.severity > Severity.INFO or finding.code == IN_FULL:
        yield f"why: {finding.why}"
    if finding.severity > Severity.INFO:
        yield f"fix: {finding.fix}"
    if finding.waived_by is not None:
        yield f"waived by {finding.waived_by.who}: {finding.waived_by.reason}"
