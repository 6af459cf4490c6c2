"""
KS6, the file itself: what was not checked, and waivers that do nothing.

These findings cannot be waived.
"""

from __future__ import annotations

from collections.abc import Iterator

from ketsched.checking.case import CheckedCourse, unknown_sessions
from ketsched.checking.rules import Finding, Rule, Severity, covers, has_run_out, rule
from ketsched.model import Session, Waiver

FAMILY = "KS6"
COMPANIONS = "KS4"
"""Rules that have nothing to judge where no companion is booked."""


@rule("KS601", Severity.INFO, source="This library: nothing is left out in silence")
def rules_not_run(case: CheckedCourse) -> Iterator[Finding]:
    """
    Some rules could not look at the course, or at some of its sessions, for want of what they need.

    What asks for today's date is named once the course is under way: a plan has nothing overdue. A session that was
    given elsewhere without a booking needs no time, unless the protocol has a rule in hours.

    Why it matters: no finding means "looked at and found sound" only where somebody looked.

    Example: a course checked without the clinic's calendar.

    Instead: give the calendar, the sessions' times, or today's date.

    References: none; it is about this library.
    """
    if not case.standing:
        return
    bookings = case.bookings.all
    in_hours = any(rule.minimum_hours for phase in case.phases.values() for rule in phase.spacing)
    timed = [session for session in case.standing if session.booked or in_hours]
    untimed = [session for session in timed if session.time is None]
    named = {booked.companion.calendar for booked in bookings} - {"", *case.calendars}
    if case.calendar is None:
        yield rules_not_run.at(
            what=f"not checked: {_names(case, 'calendar')}",
            why="no calendar was given",
            fix="add the clinic's calendar (--clinic FILE)",
        )
    elif named:
        yield rules_not_run.at(
            what=f"not checked: the hours of {', '.join(sorted(named))}",
            why="no such calendar was given; the clinic's hours were taken",
            fix="add them by these names (--staff NAME=FILE)",
        )
    if untimed:
        number = "all" if len(untimed) == len(timed) else f"{len(untimed)} of {len(timed)}"
        without = () if case.calendar is not None else ("calendar",)
        yield rules_not_run.at(
            what=f"not checked for {number} sessions: {_names(case, 'times', *without)}",
            why="they have no time of day",
            fix="give them one (--time), or plan the course with a calendar",
        )
    unjudged = list(_waiting_for_today(case)) if case.as_of is None else []
    if unjudged:
        yield rules_not_run.at(
            what=f"not checked: {', '.join(unjudged)}",
            why="no date of today was given",
            fix="add today's date (--as-of DATE)",
        )


@rule("KS602", Severity.WARNING, source="This library: exceptions are kept in order")
def unused_waiver(case: CheckedCourse) -> Iterator[Finding]:
    """
    A waiver silences nothing: its finding no longer occurs, it has run out, or its rule cannot be waived.

    A waiver of a rule that could not be run is left alone.

    Why it matters: an exception that outlives its cause will one day silence something nobody decided.

    Example: the minimum between sessions 5 and 6 was waived, then session 6 moved to a day that keeps it.

    Instead: remove the waiver; decide anew if the finding comes back.

    References: none; it is about this library.
    """
    rules = {rule.code: rule for rule in case.rules}
    for waiver, sessions in _about_known(case):
        if waiver.rule not in rules or len(sessions) < len(set(waiver.sessions)):
            continue
        needs = rules[waiver.rule].needs
        unseen = (
            ("calendar" in needs and case.calendar is None)
            or ("as_of" in needs and case.as_of is None)
            or ("times" in needs and any(session.time is None for session in sessions))
        )
        if waiver.rule.startswith(FAMILY):
            why, fix = "findings about the file cannot have an exception", "remove it"
        elif has_run_out(waiver, case.as_of):
            why, fix = f"it ended on {waiver.until}", "remove it, or set a later date"
        elif unseen or any(covers(waiver, finding) for finding in case.findings):
            continue
        else:
            why, fix = "nothing is wrong there any more", "remove it"
        yield unused_waiver.at(
            *sessions,
            what=f"the exception for {waiver.rule} {rules[waiver.rule].name} is not used",
            why=why,
            fix=fix,
            where=_where(waiver),
        )


@rule("KS603", Severity.WARNING, source="This library: the list of rules")
def waiver_of_unknown_rule(case: CheckedCourse) -> Iterator[Finding]:
    """
    A waiver names a rule that does not exist.

    Why it matters: it silences nothing, and its author thinks it does.

    Example: rule = "KS199".

    Instead: the code that the finding shows, "KS101".

    References: none; it is about this library.
    """
    codes = {rule.code for rule in case.rules}
    for waiver, sessions in _about_known(case):
        if waiver.rule not in codes:
            yield waiver_of_unknown_rule.at(
                *sessions,
                what=f"there is no rule {waiver.rule}",
                why=f"the exception by {waiver.who} names it",
                fix="use the code that the finding shows",
                where=_where(waiver),
            )


@rule("KS604", Severity.WARNING, source="This library: ids are given once and kept")
def waiver_of_unknown_session(case: CheckedCourse) -> Iterator[Finding]:
    """
    A waiver names a session that the course does not have.

    Why it matters: the session may have got another id on its way through a file; the exception is then
    lost, and with it the reason.

    Example: sessions = ["s9"] in a course of eight.

    Instead: the id of the session it was meant for.

    References: none; it is about this library.
    """
    for waiver, sessions in _about_known(case):
        yield from unknown_sessions(
            case,
            waiver_of_unknown_session,
            waiver.sessions,
            *sessions,
            named_by=f"the exception for {waiver.rule}",
            where=_where(waiver),
            otherwise="remove the exception",
        )


@rule("KS605", Severity.WARNING, source="This library: a course is about sessions")
def course_without_sessions(case: CheckedCourse) -> Iterator[Finding]:
    """
    The course has no session that stands: none at all, or all missed or taken off the calendar.

    Why it matters: an empty file passes every other rule.

    Example: a table that was read with its header only.

    Instead: the file that holds the sessions; a course that was ended says so, and is left alone.

    References: none; it is about this library.
    """
    if not case.standing and case.course.ended is None:
        booked = len(case.course.sessions)
        yield course_without_sessions.at(
            what="the course has no sessions left" if booked else "the course has no sessions",
            why=f"all {booked} are missed or cancelled" if booked else "none was ever booked",
            fix="check the file. If it was ended: ketsched end FILE",
        )


def _waiting_for_today(case: CheckedCourse) -> Iterator[str]:
    """Name what only a date of today could judge."""
    if any(waiver.until is not None for waiver in case.waivers):
        yield "whether exceptions have ended"
    if not case.underway:
        return
    if any(booked.companion.kind == "task" for booked in case.bookings.to_come):
        yield "whether to-dos are overdue"
    if case.course.authorisations:
        yield "how soon an authorisation ends"
    if case.visits or case.course.visits or case.to_come:
        yield "what happened to the sessions that have passed"


def _about_known(case: CheckedCourse) -> Iterator[tuple[Waiver, list[Session]]]:
    """Yield the waivers, each with the sessions it names that the course has, in order of time."""
    for waiver in case.waivers:
        yield waiver, [session for session in case.course.sessions if session.id in waiver.sessions]


def _where(waiver: Waiver) -> str:
    return f"exception for {waiver.rule}, {', '.join(waiver.sessions)}, by {waiver.who}"


def _names(case: CheckedCourse, need: str, *but: str) -> str:
    """Name the rules that need this, but for those that also need what was said before or have nothing to judge."""
    return ", ".join(
        f"{rule.code} {rule.name}"
        for rule in case.rules
        if need in rule.needs
        and not any(other in rule.needs for other in but)
        and (case.bookings.all or not rule.code.startswith(COMPANIONS))
    )


RULES: tuple[Rule, ...] = (
    rules_not_run,
    unused_waiver,
    waiver_of_unknown_rule,
    waiver_of_unknown_session,
    course_without_sessions,
)
