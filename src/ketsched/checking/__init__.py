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

from ketsched.calendars import Calendar
from ketsched.checking.case import CheckedCourse
from ketsched.checking.companions import (
    companion_missing,
    companion_on_session_day,
    companion_outside_hours,
    companion_outside_window,
    companion_overlaps,
    companions_not_planned,
    task_overdue,
)
from ketsched.checking.document import (
    FAMILY,
    course_without_sessions,
    rules_not_run,
    unused_waiver,
    waiver_of_unknown_rule,
    waiver_of_unknown_session,
)
from ketsched.checking.history import (
    count_not_reached,
    counts_unknown,
    entered_twice,
    extraneous_visit,
    future_dated_visit,
    given_in_grace,
    given_too_late,
    given_too_soon,
    latest_day_lifted,
    missed_not_replanned,
    not_recorded,
    series_lapsed,
)
from ketsched.checking.holds import (
    authorisation_runs_out,
    awaiting_outcome,
    firm_too_soon,
    hold_of_unknown_session,
    not_authorised,
    outside_required_authorisation,
    session_on_hold,
    sessions_after_stop,
)
from ketsched.checking.oversight import (
    home_use,
    mid_series_review_missing,
    monitoring_not_set,
    peer_monitor_missing,
    response_review_missing,
    screening_missing,
)
from ketsched.checking.rules import Finding, Rule, Severity, covers, has_run_out
from ketsched.checking.seating import (
    closed_day,
    does_not_fit,
    esketamine_at_home,
    evening_session,
    no_free_chair,
    observation_too_short,
    outside_opening_hours,
    start_does_not_exist,
)
from ketsched.checking.series import (
    count_too_high,
    count_too_low,
    evidence_note,
    maintenance_without_review,
    mixed_phases,
    off_anchor_weekday,
    off_pattern,
    phase_without_sessions,
    series_too_long,
    series_too_short,
    shrinking_maintenance_interval,
    too_many_in_treatment_week,
)
from ketsched.checking.sessiondays import (
    drives_home,
    driving_to_appointment,
    fasting_against_water,
    ride_missing,
    trip_after_session,
)
from ketsched.checking.spacing import (
    cross_series_gap,
    gap_too_long,
    gap_too_short,
    join_too_long,
    join_too_short,
    places_too_close,
    places_too_far,
    too_few_hours,
    too_many_in_window,
    two_sessions_one_day,
)
from ketsched.checking.visits import as_given
from ketsched.clock import plausible
from ketsched.errors import InvalidInput
from ketsched.history import evaluate
from ketsched.model import Course, Visit, Waiver

__all__ = ["RULES", "Finding", "Rule", "Severity", "check", "explain", "rule_named"]

RULES: tuple[Rule, ...] = (
    gap_too_short,
    gap_too_long,
    too_many_in_window,
    places_too_close,
    places_too_far,
    too_few_hours,
    join_too_short,
    join_too_long,
    two_sessions_one_day,
    cross_series_gap,
    count_too_low,
    count_too_high,
    series_too_short,
    series_too_long,
    off_anchor_weekday,
    off_pattern,
    too_many_in_treatment_week,
    shrinking_maintenance_interval,
    maintenance_without_review,
    mixed_phases,
    evidence_note,
    phase_without_sessions,
    closed_day,
    outside_opening_hours,
    does_not_fit,
    no_free_chair,
    evening_session,
    start_does_not_exist,
    observation_too_short,
    esketamine_at_home,
    companion_missing,
    companions_not_planned,
    companion_outside_window,
    companion_on_session_day,
    companion_outside_hours,
    companion_overlaps,
    trip_after_session,
    driving_to_appointment,
    ride_missing,
    drives_home,
    fasting_against_water,
    screening_missing,
    response_review_missing,
    mid_series_review_missing,
    monitoring_not_set,
    session_on_hold,
    firm_too_soon,
    awaiting_outcome,
    not_authorised,
    authorisation_runs_out,
    outside_required_authorisation,
    home_use,
    peer_monitor_missing,
    task_overdue,
    hold_of_unknown_session,
    sessions_after_stop,
    not_recorded,
    future_dated_visit,
    given_too_soon,
    given_in_grace,
    given_too_late,
    latest_day_lifted,
    series_lapsed,
    extraneous_visit,
    entered_twice,
    counts_unknown,
    count_not_reached,
    missed_not_replanned,
    rules_not_run,
    unused_waiver,
    waiver_of_unknown_rule,
    waiver_of_unknown_session,
    course_without_sessions,
)

_ABOUT_THE_FILE = tuple(rule for rule in RULES if rule.code.startswith(FAMILY))
_ABOUT_THE_SCHEDULE = tuple(rule for rule in RULES if not rule.code.startswith(FAMILY))


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
        calendars={name: _called(name, known) for name, known in (calendars or {}).items()},
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
    for rule in RULES:
        if wanted in (rule.code.lower(), rule.name):
            return rule
    from difflib import get_close_matches

    names = {known: rule for rule in RULES for known in (rule.code.lower(), rule.name)}
    near = get_close_matches(wanted, names, n=1, cutoff=0.5)
    raise InvalidInput(
        what=f"there is no rule {name[:40]!r}",
        why=f"rules are {RULES[0].code} {RULES[0].name} to {RULES[-1].code} {RULES[-1].name}",
        fix=f"did you mean {names[near[0]].code} {names[near[0]].name}?"
        if near
        else "give the code that the finding shows",
    )


def explain(name: str) -> str:
    """Return a rule's page: code, name, severity and source, then what its docstring says."""
    rule = rule_named(name)
    head = f"{rule.code} {rule.name}\n{rule.severity}; {rule.source}"
    return f"{head}\n\n{rule.page}"


def _called(name: str, calendar: Calendar) -> Calendar:
    """Return a calendar under the name that the protocol gives it, if it has none of its own."""
    return attrs.evolve(calendar, name=name) if calendar.name == "the clinic" else calendar


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
