"""
What the verbs give, as plain values: `--json` prints them, tables and pages are made from them.

They are texts, numbers, truth values, lists and dictionaries. A date is "2027-01-04", a time of day
"09:30", a moment "2026-11-20T09:00:00Z". A key keeps its name and its meaning; new ones may be added.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import attrs

from ketsched.agenda import agenda
from ketsched.anchors import notices
from ketsched.burden import Burden, burden
from ketsched.holds import tentative_reasons
from ketsched.interchange.json import document
from ketsched.model import Change, Companion, Course, Protocol, Revision
from ketsched.moments import CompanionEntry

if TYPE_CHECKING:
    from ketsched.checking import Finding, Rule
    from ketsched.history import History, JudgedVisit
    from ketsched.tracking import Forecast, Moving, Proposal

Plain = dict[str, Any]
"""A value of texts, numbers, truth values, None, and lists and dictionaries of these, by its keys."""


def as_json(value: Plain | list[Plain]) -> str:
    """Return plain values as JSON, in ASCII, so that every terminal and pipe carries it."""
    return json.dumps(value, indent=2)


def protocol_values(protocol: Protocol) -> Plain:
    """Return a protocol as the document of a course has it."""
    empty = Course(protocol=protocol, zone="UTC", sessions=())
    values: Plain = document(empty)["protocol"]
    return values


def protocol_headlines(protocols: Iterable[Protocol]) -> list[Plain]:
    """Return what a list of protocols says of each."""
    return [
        {"id": p.id, "title": p.title, "version": p.version, "study": p.study, "note": p.note}
        for p in protocols
    ]


def rule_values(rules: Iterable[Rule]) -> list[Plain]:
    """Return the rules that check knows, in the order given."""
    return [
        {"code": rule.code, "name": rule.name, "severity": str(rule.severity), "source": rule.source}
        for rule in rules
    ]


def finding_values(findings: Iterable[Finding]) -> list[Plain]:
    """Return findings, in the order given."""
    return [finding.as_dict() for finding in findings]


def plan_values(course: Course, findings: Iterable[Finding]) -> Plain:
    """Return a new course with what goes around it, what it asks of the patient, and its findings."""
    return {
        "course": document(course),
        **around_values(course),
        "asks": burden_values(burden(course)),
        "findings": finding_values(findings),
    }


def burden_values(asked: Burden) -> Plain:
    """Return what a course asks of a patient."""
    days = {"first": asked.first, "last": asked.last}
    return attrs.asdict(asked) | {name: day and day.isoformat() for name, day in days.items()}


def numbers_of(course: Course) -> dict[str, int]:
    """Return the place in its phase, from 1, of each session that stands and counts, by its id."""
    held = agenda(course)
    return {session.id: held.numbers[session.id] for session in held.standing() if session.counts}


# Around the sessions


def around_values(course: Course) -> Plain:
    """Return what goes around the sessions of a course, and what holds them up."""
    numbers, entries = numbers_of(course), agenda(course).companion_entries
    return {
        "around": [_placed(entry, numbers) for entry in entries if entry.status.stands],
        "notices": [
            {
                "companion": companion.id,
                "title": companion.title,
                "text": companion.text,
                "sessions": sessions,
            }
            for companion, sessions in notices_of(course)
        ],
        "to_confirm": {session: list(reasons) for session, reasons in tentative_reasons(course).items()},
    }


def notices_of(course: Course) -> Iterator[tuple[Companion, list[str]]]:
    """Yield each notice with the ids of the sessions it holds beside, in the protocol's order."""
    beside = notices(course)
    for companion in course.protocol.companions:
        sessions = [session for session, companions in beside.items() if companion in companions]
        if sessions:
            yield companion, sessions


def _placed(entry: CompanionEntry, numbers: dict[str, int]) -> Plain:
    placed, companion = entry.booking, entry.companion
    return {
        "id": placed.id,
        "companion": companion.id,
        "kind": companion.kind,
        "title": companion.title,
        "audience": companion.audience,
        "day": placed.day.isoformat(),
        "from": entry.start and f"{entry.start:%H:%M}",
        "to": entry.end and f"{entry.end:%H:%M}",
        "with": companion.calendar,
        "place": companion.place,
        "session": placed.session,
        "number": numbers.get(placed.session),
        "status": str(placed.status),
        "outcome": None if placed.outcome is None else placed.outcome.what,
    }


# What happened


def history_values(seen: History) -> Plain:
    """Return what happened in a course, and its revisions."""
    course = seen.course
    return {
        "course": course.id,
        "as_of": seen.as_of.isoformat(),
        "revisions": [_revision(number, revision) for number, revision in enumerate(course.revisions, 1)],
        "visits": visit_values(seen.visits),
        "sessions": [
            {"session": judged.session.id, "day": judged.session.day.isoformat(), "is": str(judged.state)}
            for judged in seen.sessions
        ],
        "ended": course.ended and course.ended.isoformat(),
    }


def _revision(number: int, revision: Revision) -> Plain:
    return {
        "revision": number,
        "at": None if revision.at is None else f"{revision.at:%Y-%m-%dT%H:%M:%SZ}",
        "what": revision.what,
        "who": revision.who,
        "why": revision.why,
        "remarks": list(revision.remarks),
        "changes": len(revision.changes),
    }


def visit_values(visits: Iterable[JudgedVisit]) -> list[Plain]:
    """Return visits and what each was, in the order given."""
    return [
        {
            "id": judged.visit.id,
            "day": judged.visit.day.isoformat(),
            "time": judged.visit.at and f"{judged.visit.at:%H:%M}",
            "status": str(judged.visit.status),
            "by": judged.visit.by,
            "elsewhere": judged.visit.elsewhere,
            "counts": judged.visit.counts,
            "worse": judged.visit.worse,
            "corrects": judged.visit.corrects,
            "who": judged.visit.who,
            "verdict": str(judged.verdict),
            "reason": judged.reason,
            "session": judged.session,
            "phase": judged.phase,
            "number": judged.number,
        }
        for judged in visits
    ]


def given_of(seen: History) -> dict[str, tuple[int, int | None]]:
    """Return how many sessions of each phase count as given, and of how many; None: it has no end."""
    course = seen.course
    over = course.finished_phases() if course.ended is None else ()
    phases = [phase for phase in course.protocol.phases if phase.name not in over]
    return {phase.name: (seen.counted(phase.name), phase.count) for phase in phases}


# What changed


def change_values(after: Course, changes: Iterable[Change]) -> list[Plain]:
    """Return what changed, each booking of a session with its number in the course that came of it."""
    numbers = numbers_of(after)
    first = ("booking", "is", "phase")  # the number stands behind the phase
    return [
        dict.fromkeys(first) | {"number": numbers.get(change.booking)} | change.as_dict()
        for change in changes
    ]


def difference_values(numbers: tuple[int, int], later: Course, changes: Iterable[Change]) -> Plain:
    """Return what changed from one revision to another; the first one is 1."""
    return {"from": numbers[0], "to": numbers[1], "changes": change_values(later, changes)}


# What is next


_FORECAST = (
    *("course", "as_of", "next", "bookable", "last_given", "lapse", "proposes", "verified", "taken"),
    *("lapses_on", "sessions", "asks", "if_given", "if_missed", "lifted"),
)
"""The keys of a forecast, in the order in which they are printed."""


def forecast_values(seen: Forecast, monday: date | None = None) -> Plain:
    """
    Return a forecast, how far what it proposes was verified, and what was taken after a lapse.

    Args:
        seen: The forecast.
        monday: Of the week to whose days `bookable` is narrowed; None: all.
    """
    from ketsched.tracking.lapses import taken, verified

    course = seen.history.course
    done = taken(course, (), seen)
    values = seen.as_dict() | {
        "verified": verified(course, seen) if seen.proposes else "",
        "taken": "" if done is None else done.proposal,
        "if_given": None if seen.if_given is None else forecast_values(seen.if_given),
        "if_missed": None if seen.if_missed is None else forecast_values(seen.if_missed),
    }
    if monday is not None:
        values["bookable"] = _days(in_week(seen.bookable, monday))
    return {name: values[name] for name in _FORECAST}


def in_week(days: Iterable[date], monday: date) -> list[date]:
    """Return those days that lie in the week of a Monday."""
    return [day for day in days if monday <= day < monday + timedelta(7)]


def proposal_values(before: Course, proposals: Iterable[Proposal], marked: str) -> list[Plain]:
    """
    Return plans that could be made: what each changes, and what it costs.

    Args:
        before: The course that they are made from.
        proposals: Of `ways` or `proposals`.
        marked: Name of the one that the protocol takes; empty: none.
    """
    return [
        {
            "name": proposal.name,
            "says": proposal.says,
            "same": list(proposal.same),
            "protocol_takes_it": marked in proposal.names,
            "changes": change_values(proposal.course or before, changes_made(before, proposal)),
            "costs": list(costs(before, proposal)),
            "error": None if proposal.error is None else proposal.error.what,
        }
        for proposal in proposals
    ]


def changes_made(before: Course, proposal: Proposal) -> tuple[Change, ...]:
    """Return what a plan changes; nothing if it leaves the course as it is, or there is none."""
    if proposal.course is None or len(proposal.course.revisions) == len(before.revisions):
        return ()
    return proposal.course.changes


def costs(before: Course, proposal: Proposal, known: Sequence[str] = ()) -> tuple[str, ...]:
    """
    Say what a plan costs: why it cannot be, sessions fewer, what it could not keep.

    Args:
        before: The course that it is made from.
        proposal: The plan.
        known: Remarks that are left out, because they stand elsewhere.
    """
    if proposal.course is None:
        return () if proposal.error is None else (f"cannot be: {proposal.error.what.removesuffix('.')}",)
    if len(proposal.course.revisions) == len(before.revisions):
        return ()
    fewer = len(proposal.course.skipped) - len(before.skipped)
    short = (f"{fewer} session{'' if fewer == 1 else 's'} fewer",) if fewer else ()
    remarks = proposal.course.revisions[-1].remarks
    return (*short, *(remark for remark in remarks if remark not in known))


def moving_values(course: Course, moving: Moving) -> Plain:
    """Return what moving one booking by hand would mean, or booking what has none."""
    now = course.bookings().get(moving.session)
    return {
        "session": moving.session,
        "from": now.day.isoformat() if now is not None and now.status.stands else None,
        "to": moving.day.isoformat(),
        "earliest": moving.earliest and moving.earliest.isoformat(),
        "latest": moving.latest and moving.latest.isoformat(),
        "days": _days(moving.days),
        "breaks": list(moving.breaks),
        "error": None if moving.error is None else moving.error.what,
    }


def _days(days: Sequence[date]) -> list[str]:
    return [day.isoformat() for day in days]
