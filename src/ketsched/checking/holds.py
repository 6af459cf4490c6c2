"""
KS4, holds: why sessions are to be confirmed, and what stands in the way.

A clinician's hold, an appointment whose outcome is awaited and a payer's authorisation each
leave sessions to be confirmed. The library judges none of the three; it says what stands.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

import attrs

from ketsched.checking.appointmentdays import open_days
from ketsched.checking.bookings import CompanionBooking
from ketsched.checking.case import CheckedCourse, amount, happened, unknown_sessions
from ketsched.checking.rules import Finding, Rule, Severity, rule
from ketsched.clock import day_words
from ketsched.holds import outdated_because
from ketsched.model import Authorisation, BookingStatus, Hold, Session

BY_WHOM = "--who NAME --on DATE"
"""What a command needs to record a decision."""
REASONS = 3
"""How many reasons a finding about one session names."""


@rule("KS416", Severity.WARNING, source="The course: its holds")
def session_on_hold(case: CheckedCourse) -> Iterator[Finding]:
    """
    A clinician's hold stands, and sessions wait for it.

    The reason is for the clinic. It stands in no file for the patient.

    Why it matters: sessions that wait keep their chairs, and somebody has to decide before the day comes.

    Example: a hold since Mon 11 January 2027, "blood pressure to be looked at"; sessions 4 to 6.

    Instead: see to the reason, then lift the hold by name and date; or close the sessions.

    References: none; the decision is a clinician's. Clinics' articles list contraindications; this library
    judges none of them.
    """
    for hold in case.course.holds:
        sessions = [session for session in case.to_come if hold.stands and _holds(hold, session)]
        if sessions:
            yield session_on_hold.at(
                *sessions,
                what=f"{case.with_verb(sessions)} on hold: {hold.reason}",
                why=f"{hold.who} decided it for {_since(hold)}",
                fix=f"cancel what will not take place. When settled: ketsched release FILE {hold.id} {BY_WHOM}",
                where=f"hold {hold.id}",
            )


@rule("KS417", Severity.ERROR, source="The course: its holds, outcomes and authorisations")
def firm_too_soon(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session stands as firm although something says that it is still to be confirmed.

    That is a hold, an appointment that decides about it and has no outcome, said stop, or lies outside its
    window as the session is now, or a payer's authorisation that does not reach it.

    Why it matters: calendars show it without "to be confirmed", and the patient arranges a ride and a day off.

    Example: a hold for all sessions from Mon 11 January 2027 on; session 4 on that day is firm.

    Instead: let it be to be confirmed (tentative) until the hold is lifted.

    References: none; it is about this library.
    """
    for session, reasons in _waiting(case):
        if session.status is BookingStatus.FIRM:
            yield firm_too_soon.at(
                session,
                what=f"{case.named(session)} is shown as confirmed",
                why=f"it waits for: {'; '.join(reasons)}",
                fix='it becomes "to be confirmed" when planned again: ketsched replan FILE',
            )


@rule("KS418", Severity.INFO, source="Protocol: gates")
def awaiting_outcome(case: CheckedCourse) -> Iterator[Finding]:
    """
    An appointment that decides about the sessions after it has no outcome yet.

    Those still to come are named in one remark. Once one is over (it took place, or its day has passed) it is a
    warning of its own.

    Why it matters: the sessions after it stay to be confirmed until somebody records what was decided.

    Example: a screening on Mon 4 January 2027 without an outcome; on Tue 5 January it is a warning.

    Instead: record the outcome, with who decided and when.

    References: the protocol says which appointments decide. The benefit of esketamine is examined at the end of the
    induction and then periodically (SPRAVATO dosing and administration).
    """
    awaited: list[CompanionBooking] = []
    waiting: dict[str, Session] = {}
    ordered = _ordered(case)
    for gate in case.bookings.gates:
        sessions = _governed(ordered, gate) if gate.placed.outcome is None else []
        if not sessions:
            continue
        over = not gate.to_come or (case.as_of is not None and gate.day < case.as_of)
        if over:
            yield awaiting_outcome.at(
                *sessions,
                booked=[gate],
                what=f"{_waiting_for(case, sessions)} {gate.title} on {day_words(gate.day)}",
                why="its day is over, and no decision is recorded",
                fix=f"record who decided what: ketsched record decision FILE {gate.placed.id} continue {BY_WHOM}",
                severity=Severity.WARNING,
            )
        else:
            awaited.append(gate)
            waiting |= {session.id: session for session in sessions}
    if awaited:
        titles = ", ".join(f"{gate.title} on {day_words(gate.day)}" for gate in awaited)
        sessions = [session for session in case.to_come if session.id in waiting]
        yield awaiting_outcome.at(
            *sessions,
            booked=awaited,
            what=f"{_waiting_for(case, sessions)} {titles}",
            why="until then to be confirmed",
            fix=f"when it is known: ketsched record decision FILE {awaited[0].placed.id} continue {BY_WHOM}"
            if len(awaited) == 1
            else "record each decision when it is known",
            where=case.course.protocol.id,
        )


@rule("KS419", Severity.WARNING, source="The course: its authorisations")
def not_authorised(case: CheckedCourse) -> Iterator[Finding]:
    """
    No authorisation pays for a session.

    In order of time each session takes the first authorisation of its phase, or of the whole course, that has room
    and whose dates hold its day; sessions that were given take theirs as well. A phase that no authorisation names is
    not judged.

    Why it matters: who pays is settled before the session, or the patient does.

    Example: an authorisation of 6 sessions, 8 are booked.

    Instead: ask the payer for more, or close what will not take place.

    References: none; the payer's letter.
    """
    unpaid = _unpaid(case)
    for phase in case.course.protocol.phases:
        sessions = [s for s in unpaid if s.phase == phase.name and not happened(s)]
        if sessions:
            paying = [a for a in case.course.authorisations if a.scope in ("", phase.name)]
            yield not_authorised.at(
                *sessions,
                what=f"{case.with_verb(sessions)} not authorised",
                why=f"authorised for {phase.name}: {' and '.join(map(_terms, paying))}",
                fix="cancel what will not take place, or ask the payer, then: ketsched authorise FILE --sessions N",
                where=case.where_phase(phase),
            )


@rule(
    "KS420",
    Severity.WARNING,
    source="The course: its authorisations and their days of warning",
    needs=("as_of",),
)
def authorisation_runs_out(case: CheckedCourse) -> Iterator[Finding]:
    """
    An authorisation runs out soon, and sessions follow that none pays for.

    It runs out on its last day, or with the last session it pays for, whichever is earlier. How many days
    before that the warning begins is its own number of days.

    Why it matters: a payer's answer takes its time, and the next session has a date.

    Example: it pays until the session on Mon 18 January 2027 and warns 14 days before; from Mon 4 January on.

    Instead: ask for the next one now.

    References: none; the days of warning are the clinic's own (14 unless it says otherwise, a house default).
    """
    paid, unpaid = _paid(case), _unpaid(case)
    for number, authorisation in enumerate(case.course.authorisations):
        covered = [session for session in case.standing if paid.get(session.id) == number]
        ends = [covered[-1].day] if covered else []
        ends += [authorisation.until] if authorisation.until is not None else []
        after = [s for s in unpaid if authorisation.scope in ("", s.phase) and not happened(s)]
        if case.as_of is None or not ends:
            continue
        end = min(ends)
        after = [session for session in after if session.day > end]
        if after and timedelta() <= end - case.as_of <= timedelta(authorisation.warn_days):
            yield authorisation_runs_out.at(
                *after,
                what=f"the authorisation ends on {day_words(end)}; {case.named(*after)} {_comes(after)} later",
                why=f"it is for {_terms(authorisation)}, and ends within {authorisation.warn_days} days",
                fix="ask the payer for the next one now",
                where=_name(authorisation),
                day=end,
            )


@rule("KS421", Severity.ERROR, source="The course: an authorisation that is required")
def outside_required_authorisation(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session lies outside the dates of a required authorisation that has to pay for it.

    A required authorisation has to pay for as many sessions of its phase as it is for, in order of time; earlier
    authorisations come first.

    Why it matters: a plan that leaves the dates of the letter leaves its money.

    Example: 8 sessions, until Fri 29 January 2027, required; session 8 on Mon 1 February.

    Instead: session 8 on Fri 29 January or earlier, or another letter.

    References: none; the payer's letter.
    """
    left = list(case.standing)
    for authorisation in case.course.authorisations:
        covered = [s for s in left if authorisation.scope in ("", s.phase)][: authorisation.sessions]
        taken = {session.id for session in covered}
        left = [session for session in left if session.id not in taken]
        outside = [s for s in covered if not _pays_on(authorisation, s.day) and not happened(s)]
        if authorisation.required and outside:
            yield outside_required_authorisation.at(
                *outside,
                what=f"{case.with_verb(outside)} outside the authorisation's dates",
                why=f"it is required, and is for {_terms(authorisation)}",
                fix="move them into its dates, or ask the payer for others",
                where=_name(authorisation),
            )


@rule("KS425", Severity.WARNING, source="This library: ids are given once and kept")
def hold_of_unknown_session(case: CheckedCourse) -> Iterator[Finding]:
    """
    A hold names a session that the course does not have.

    Why it matters: the session may have got another id on its way through a file; the hold then holds nothing.

    Example: a hold for session "s9" in a course of eight.

    Instead: the id of the session it was meant for.

    References: none; it is about this library.
    """
    for hold in case.course.holds:
        if hold.stands:
            yield from unknown_sessions(
                case,
                hold_of_unknown_session,
                hold.sessions,
                named_by=f"hold {hold.id}",
                where=f"hold {hold.id}",
                otherwise="release the hold",
            )


@rule("KS426", Severity.WARNING, source="Protocol: gates")
def sessions_after_stop(case: CheckedCourse) -> Iterator[Finding]:
    """
    Sessions still stand after an appointment that decided to stop.

    Why it matters: they are still in calendars, and a chair and a ride are kept for them. They are
    closed when somebody plans again, and not before.

    Example: the review after session 3 said stop; sessions 4 to 6 are still booked.

    Instead: close them with ketsched replan, or record another outcome if the decision has changed.

    References: none; the decision is a clinician's.
    """
    ordered = _ordered(case)
    for gate in case.bookings.gates:
        outcome = gate.placed.outcome
        sessions = _governed(ordered, gate) if outcome is not None and outcome.what == "stop" else []
        if outcome is not None and sessions:
            yield sessions_after_stop.at(
                *sessions,
                booked=[gate],
                what=f"{case.with_verb(sessions)} booked after the decision to stop on {outcome.on}",
                why=f"{outcome.who} decided it",
                fix="if the decision has changed, record it. If not, cancel them: ketsched replan FILE",
            )


@rule("KS427", Severity.WARNING, source="Protocol: gates")
def outcome_after_session(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session comes before the appointment that decides about it.

    Until that is decided the session is to be confirmed, and its day comes first.

    Why it matters: whoever waits for the outcome either does without the session or goes ahead undecided.

    Example: a review on Fri 5 February 2027 that decides about all sessions after the induction; the first of them on
    Fri 29 January.

    Instead: the review before that session, if its window allows that, or the session after the review.

    References: the protocol says which appointments decide, and in which days.
    """
    ordered = _ordered(case)
    for gate in case.bookings.gates:
        governed = _governed(ordered, gate) if gate.placed.outcome is None and gate.to_come else []
        waiting = [session for session in governed if session.when[:2] < gate.placed.when[:2]]
        if not waiting:
            continue
        anchor, first = gate.anchor_day, waiting[0]
        days = [] if anchor is None else open_days(case, gate.companion, anchor, gate.day)
        day = next((day for day in days if day < first.day), None)
        after = f"move {case.called(first)} to a day after {day_words(gate.day)}"
        yield outcome_after_session.at(
            *waiting,
            booked=[gate],
            what=f"{case.with_verb(waiting)} before {gate.title} on {day_words(gate.day)}, which decides about "
            f"{'it' if len(waiting) == 1 else 'them'}",
            why="until then it is to be confirmed, and its day comes first",
            fix=after if day is None else f"move {gate.title} to {day_words(day)}, or {after}",
        )


RULES: tuple[Rule, ...] = (
    session_on_hold,
    firm_too_soon,
    awaiting_outcome,
    not_authorised,
    authorisation_runs_out,
    outside_required_authorisation,
    hold_of_unknown_session,
    sessions_after_stop,
    outcome_after_session,
)

# What follows is what holds, gates and authorisations say about a session.


def _waiting(case: CheckedCourse) -> Iterator[tuple[Session, list[str]]]:
    """Return the sessions that are to be confirmed, in order of time, each with some of the reasons."""
    reasons_for: dict[str, list[str]] = {}

    def add(sessions: Iterable[Session], reason: str) -> None:
        for session in sessions:
            reasons = reasons_for.setdefault(session.id, [])
            if len(reasons) < REASONS:
                reasons.append(reason)

    for hold in case.course.holds:
        if hold.stands:
            add((s for s in case.to_come if _holds(hold, s)), f"hold {hold.id} by {hold.who}")
    ordered = _ordered(case)
    for gate in case.bookings.gates:
        outcome = gate.placed.outcome
        if outcome is None or outcome.what == "stop":
            outstanding = "has no outcome" if outcome is None else "said stop"
            add(_governed(ordered, gate), f"{gate.title} of {gate.day} {outstanding}")
            continue
        said, own = outdated_because(case.course, gate.placed, gate.companion, case.course.companions)
        if said:
            moved = attrs.evolve(gate, session=next(s for s in case.course.sessions if s.id == own))
            add(_governed(ordered, moved), f"{gate.title} of {gate.day} is outside its window")
    add(_unpaid(case), "no authorisation pays for it")
    return ((session, reasons_for[session.id]) for session in case.to_come if session.id in reasons_for)


def _holds(hold: Hold, session: Session) -> bool:
    return session.id in hold.sessions if hold.sessions else session.day >= hold.since


def _governed(sessions: list[Session], gate: CompanionBooking) -> list[Session]:
    """
    Return those of the sessions to come that a gate decides about, in order of time.

    Those are the ones after its own, and its own if the gate lies on an earlier day; from its day on
    if its own is unknown.
    """
    session = gate.session
    if session is None:
        return sessions[bisect_left(sessions, (gate.day,), key=lambda session: (session.day,)) :]
    begin = bisect_left(sessions, session.when, key=lambda session: session.when)
    if begin < len(sessions) and sessions[begin].id == session.id and gate.day >= session.day:
        begin += 1
    return sessions[begin:]


def _ordered(case: CheckedCourse) -> list[Session]:
    """Return the sessions to come in order of time, and of their ids where that leaves a choice."""
    return sorted(case.to_come, key=lambda session: session.when) if case.bookings.gates else []


def _paid(case: CheckedCourse) -> dict[str, int]:
    """Return which authorisation pays for each session, by its number among those of the course."""
    left = [authorisation.sessions for authorisation in case.course.authorisations]
    paid_by: dict[str, int] = {}
    for session in case.standing if left else ():
        for number, authorisation in enumerate(case.course.authorisations):
            if (
                authorisation.scope in ("", session.phase)
                and left[number]
                and _pays_on(authorisation, session.day)
            ):
                left[number] -= 1
                paid_by[session.id] = number
                break
    return paid_by


def _unpaid(case: CheckedCourse) -> list[Session]:
    """Return the standing sessions that some authorisation could pay for and none does, in order."""
    scopes = {authorisation.scope for authorisation in case.course.authorisations}
    if not scopes:
        return []
    paid = _paid(case)
    return [s for s in case.standing if s.id not in paid and ("" in scopes or s.phase in scopes)]


def _pays_on(authorisation: Authorisation, day: date) -> bool:
    return (authorisation.first or date.min) <= day <= (authorisation.until or date.max)


def _terms(authorisation: Authorisation) -> str:
    """Say what an authorisation pays for."""
    first = f" from {authorisation.first}" if authorisation.first is not None else ""
    until = f" until {authorisation.until}" if authorisation.until is not None else ""
    return amount(authorisation.sessions) + first + until


def _name(authorisation: Authorisation) -> str:
    return (
        f"authorisation {authorisation.name}"
        if authorisation.name
        else f"authorisation of {_terms(authorisation)}"
    )


def _waiting_for(case: CheckedCourse, sessions: Sequence[Session]) -> str:
    return f"{case.named(*sessions)} {'waits' if len(sessions) == 1 else 'wait'} for the decision at"


def _comes(sessions: Sequence[Session]) -> str:
    return "comes" if len(sessions) == 1 else "come"


def _since(hold: Hold) -> str:
    return "these sessions" if hold.sessions else f"all sessions from {hold.since} on"
