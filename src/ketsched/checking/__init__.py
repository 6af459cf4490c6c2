"""
Is this schedule sound? Rules, findings and waivers.

`check` looks at any course, whoever made it, and returns findings: what, where, why, how to
fix. It never trusts the planner and the planner never asks it. RULES lists every rule in the
open: KS1 spacing, KS2 series and phases, KS3 seating, KS4 what goes around the sessions, KS5
history, KS6 the file itself. A code is for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

import attrs

from ketsched.arguments import checked
from ketsched.calendars import CLINIC, Calendar
from ketsched.checking import (
    companionhours,
    companions,
    document,
    history,
    holds,
    oversight,
    patients,
    seating,
    series,
    sessiondays,
    spacing,
)
from ketsched.checking.case import CheckedCourse
from ketsched.checking.rules import Finding, Rule, Severity, covers, has_run_out
from ketsched.clock import plausible
from ketsched.errors import InvalidInput
from ketsched.history import as_given, evaluate
from ketsched.model import Course, Visit, Waiver
from ketsched.nearness import close_to

__all__ = ["RULES", "Finding", "Rule", "Severity", "check", "explain", "rule_named"]

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            *spacing.RULES,
            *series.RULES,
            *seating.RULES,
            *patients.RULES,
            *companions.RULES,
            *companionhours.RULES,
            *sessiondays.RULES,
            *oversight.RULES,
            *holds.RULES,
            *history.RULES,
            *document.RULES,
        ),
        key=lambda rule: rule.code,
    )
)
"""Every rule, by its code."""

_ABOUT_THE_FILE = tuple(rule for rule in RULES if rule.code.startswith(document.FAMILY))
_ABOUT_THE_SCHEDULE = tuple(rule for rule in RULES if not rule.code.startswith(document.FAMILY))


@checked
def check(
    course: Course,
    *,
    calendar: Calendar | None = None,
    calendars: Mapping[str, Calendar] | None = None,
    visits: Iterable[Visit] = (),
    as_of: date | None = None,
    waivers: Iterable[Waiver] = (),
) -> tuple[Finding, ...]:
    """
    Return what is wrong with a schedule, by day and then by code; what is about the whole course comes last.

    A finding that a waiver covers is returned as info, with the waiver. A waiver covers a finding of
    its rule if it names all its sessions, or if all the sessions it names are among them: one for
    session 5 alone holds for every finding of the rule that session 5 is part of.

    Args:
        course: The schedule, also one that was made elsewhere.
        calendar: When the clinic is open and its chairs are free, this course's own bookings left out;
            `clinic & patient` to ask for both. Without it the rules about hours and chairs are listed as not run.
        calendars: Of those whose hours the protocol's companions need, by the name it gives them,
            "therapist"; for one that is missing the clinic's hours hold.
        visits: What happened and may not be recorded in the course yet; the course is checked as if it were.
            Without today they are not judged, and that is said.
        as_of: Today; sessions before it should have been recorded, waivers that ended before it no longer hold,
            tasks due before it are overdue. Without it none runs out.
        waivers: Exceptions besides those that the course carries; their order does not matter.

    Raises:
        InvalidInput: The visits name what does not exist, or contradict each other.
    """
    given = tuple(visits)
    today = plausible(as_of, "as_of") if as_of is not None else None
    judged = None
    if today is not None and (given or course.visits):
        judged = as_given(evaluate(course, given, as_of=today))
    case = CheckedCourse(
        course=course if judged is None else judged.course,
        calendar=calendar,
        calendars={name: _called(name, hours) for name, hours in (calendars or {}).items()},
        as_of=today,
        visits=given,
        judged=judged,
        waivers=_in_one_order((*course.waivers, *waivers)),
        rules=RULES,
    )
    findings = list(_findings(_ABOUT_THE_SCHEDULE, case))
    if case.waivers:
        findings = [_waived(finding, case) for finding in findings]
        case = attrs.evolve(case, findings=tuple(findings))
    findings += _findings(_ABOUT_THE_FILE, case)
    return tuple(sorted(findings, key=lambda f: (f.day or date.max, f.code, f.sessions, f.what)))


def rule_named(name: str) -> Rule:
    """Return a rule by its code ("KS101") or its name ("gap-too-short")."""
    wanted = name.strip().lower()
    names = {called: rule for rule in RULES for called in (rule.code.lower(), rule.name)}
    if wanted in names:
        return names[wanted]
    as_digits = wanted.replace("o", "0").replace("i", "1").replace("l", "1")
    near = names.get(as_digits) or names.get(close_to(wanted, names, cutoff=0.75))
    raise InvalidInput(
        what=f"there is no rule {name[:40]!r}",
        why=f"rules are {RULES[0].code} {RULES[0].name} to {RULES[-1].code} {RULES[-1].name}",
        fix=f"did you mean {near.code} {near.name}?" if near else "give the code that the finding shows",
    )


def explain(name: str) -> str:
    """Return a rule's page: code, name, severity and source, then what its docstring says."""
    rule = rule_named(name)
    head = f"{rule.code} {rule.name}\n{rule.severity}; {rule.source}"
    return f"{head}\n\n{rule.page}"


def _called(name: str, calendar: Calendar) -> Calendar:
    """Return a calendar under the name that the protocol gives it, if it has none of its own."""
    return attrs.evolve(calendar, name=name) if calendar.name == CLINIC else calendar


def _in_one_order(waivers: tuple[Waiver, ...]) -> tuple[Waiver, ...]:
    """Return each waiver once, in an order that does not depend on the one given."""
    return tuple(
        sorted(
            dict.fromkeys(waivers),
            key=lambda w: (w.rule, w.sessions, w.who, w.reason, w.until or date.max),
        )
    )


def _findings(rules: Iterable[Rule], case: CheckedCourse) -> Iterator[Finding]:
    """Yield what rules find, with the place of each."""
    for rule in rules:
        for finding in rule.run(case):
            yield finding if finding.where else attrs.evolve(finding, where=case.place(finding))


def _waived(finding: Finding, case: CheckedCourse) -> Finding:
    """Return a finding as it is, or acknowledged by the first waiver that covers it."""
    for waiver in case.waivers:
        if covers(waiver, finding) and not has_run_out(waiver, case.as_of):
            return attrs.evolve(finding, severity=Severity.INFO, waived_by=waiver)
    return finding
