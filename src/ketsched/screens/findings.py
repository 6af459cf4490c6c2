"""Findings in words: what is wrong, why, what to do, and how many notes there are besides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from textwrap import wrap

from ketsched.checking import Finding, Severity
from ketsched.screens import many, on
from ketsched.screens.rows import MARKS, WIDTH, hung

AT = 9
"""Where the text of a finding begins, behind its mark and code."""
CALLED = {Severity.ERROR: "problem", Severity.WARNING: "warning", Severity.INFO: "note"}
_COMMAND = re.compile(r"(?:(?<=: )|^)ketsched \w+.*$")


def gravest_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings by their severity, and as they were given among those of one."""
    return sorted(findings, key=lambda finding: -finding.severity)


def open_still(findings: Iterable[Finding]) -> list[Finding]:
    """Return the problems and warnings that nobody documented an exception for, the gravest first."""
    return gravest_first(f for f in findings if f.waived_by is None and f.severity > Severity.INFO)


def counted(findings: Iterable[Finding]) -> str:
    """Say how many problems, warnings and notes there are: 1 problem, 2 warnings; empty if there is none."""
    of = [finding.severity for finding in findings]
    return ", ".join(many(of.count(kind), name) for kind, name in CALLED.items() if kind in of)


def check_lines(
    findings: Sequence[Finding], *, course: str, as_of: date | None, file: str = "", verbose: bool = False
) -> Iterator[str]:
    """
    Yield what `check` says of a course: how much there is, then what to do about each problem and warning.

    Args:
        findings: What the rules remark.
        course: What the course is called.
        as_of: Today, if it is known.
        file: The course file, for commands to type; empty: there is none.
        verbose: Whether notes are told as well, and where each rule comes from.
    """
    day = "" if as_of is None else f" on {on(as_of)}"
    yield f"{course}{day}: {counted(findings) or 'no findings.'}"
    yield from finding_lines(findings, file=file, verbose=verbose)
    shown = gravest_first(findings) if verbose else open_still(findings)
    explained = f"What a code means: ketsched explain {shown[0].code}." if shown else ""
    more = "Notes, sources: --verbose" if findings and not verbose else ""
    yield from filter(None, ["  ".join(filter(None, (explained, more)))])


def finding_lines(findings: Iterable[Finding], *, file: str = "", verbose: bool = True) -> Iterator[str]:
    """Yield findings, the gravest first: what and why, then what to do; those alike in one, with their number."""
    alike: dict[tuple[object, ...], list[Finding]] = {}
    for finding in gravest_first(findings) if verbose else open_still(findings):
        alike.setdefault((finding.code, finding.fix, finding.severity, finding.waived_by), []).append(finding)
    for same in alike.values():
        yield from _lines(same, file, verbose=verbose)


def _lines(same: Sequence[Finding], file: str, *, verbose: bool) -> Iterator[str]:
    first, room = same[0], " " * AT
    why = "" if len(same) > 1 else f" {first.why}"
    others = f" {_alike(same[1:])}" if len(same) > 1 else ""
    yield hung(f"{MARKS[first.severity]} {first.code}  ", f"{first.what}{why}{others}")
    yield from (
        f"{room}{line}"
        for line in _advice(
            _COMMAND.sub(lambda typed: typed.group().replace("FILE", file or "FILE"), first.fix)
        )
    )
    if first.waived_by is not None:
        yield hung(room, f"Exception by {first.waived_by.who}: {first.waived_by.reason}")
    if verbose:
        yield hung(room, f"Source: {first.source}")


def _alike(others: Sequence[Finding]) -> str:
    """Say how many findings are like one that was told, and of which days."""
    days = ", ".join(on(finding.day) for finding in others if finding.day is not None)
    return f"And {many(len(others), 'other')} like it{f': {days}' if days else ''}."


def _advice(fix: str) -> Iterator[str]:
    """Yield what to do, in lines; a command that one types stays in one."""
    width = WIDTH - AT
    command = _COMMAND.search(fix)
    if command is None or len(fix) <= width:
        yield from wrap(fix, width, break_on_hyphens=False)
        return
    yield from wrap(fix[: command.start()], width, break_on_hyphens=False)
    yield command.group()
