"""
What happened, written into the course: each session gets what became of it.

What was given without a booking becomes a session of its own, so that the order of the course
is that of all that was given. Sessions to come stay as they are; planning again moves them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import count

import attrs

from ketsched.arguments import checked
from ketsched.clock import plausible
from ketsched.errors import InvalidInput
from ketsched.history import (
    History,
    Verdict,
    evaluate,
    in_time,
    is_of_same_session,
    is_past,
    outcomes,
    sort_key,
    unrecorded,
    with_sessions,
)
from ketsched.holds import with_statuses
from ketsched.model import Course, Visit, VisitStatus
from ketsched.names import STATUS_WORDS
from ketsched.planning.around import closed_because, follow_outcomes
from ketsched.revising import revise


@checked
def record(
    course: Course,
    visits: Iterable[Visit],
    *,
    at: datetime | None = None,
    as_of: date | None = None,
    who: str = "",
) -> Course:
    """
    Return the course with what happened, as its next revision; sessions to come stay where they are.

    Args:
        course: The course.
        visits: What happened; those that the course remembers are taken once.
        at: The moment of the revision, aware.
        as_of: Today, the local date at the clinic; that of `at`, unless given.
        who: Who recorded it.

    Raises:
        InvalidInput: A visit is after today, or names what does not exist.
    """
    given = tuple(visits)
    today = today_of(course, at, as_of)
    early = next((visit for visit in given if not is_past(visit, today)), None)
    if early is not None:
        raise InvalidInput(
            what=f"{early.day} is in the future and cannot be recorded as {STATUS_WORDS[early.status]}.",
            where="visits",
            why=f"today is {today}: only what was cancelled is known before its day",
            fix="record it when its day has come, or correct the date",
        )
    history = apply_visits(course, given, as_of=today, who=who)
    known = attrs.evolve(history.course, companions=follow_outcomes(history.course, course, today))
    sessions, companions = with_statuses(known, before=course)
    return revise(
        course,
        at=at,
        kind="recorded",
        who=who,
        sessions=sessions,
        companions=companions,
        visits=known.visits,
        skipped=known.skipped,
        why={**reasons(history), **closed_because(course, known)},
    )


def today_of(course: Course, at: datetime | None, as_of: date | None) -> date:
    """Return today at the clinic: as given, or the local date of the moment of the revision."""
    if as_of is not None:
        return plausible(as_of, "as_of")
    if at is None:
        raise InvalidInput(
            what="neither at nor as_of was given",
            where="as_of",
            why="what is past and what is to come depends on today, which is never taken from the machine",
            fix="give as_of=date(2027, 1, 15), or at= with the moment of the revision",
        )
    return course.day_at(at)


def apply_visits(course: Course, visits: Iterable[Visit], *, as_of: date, who: str = "") -> History:
    """
    Return the history of a course with visits written into its sessions, as no new revision yet.

    A session that was given on another day moves to that day. Twice is the same as once.
    Visits after today are left out.
    """
    new = _named(course, [visit for visit in visits if is_past(visit, as_of)], who)
    history = evaluate(course, new, as_of=as_of)
    if not new and all(visit.session is not None or visit.id for visit in course.visits):
        return history
    judged, sessions = outcomes(history)
    session_of = {one.visit.id: one.session for one in judged if one.session is not None}
    recorded: dict[str, Visit] = {}
    for visit in (*course.visits, *new):
        session = visit.session or session_of.get(visit.id)
        corrected = recorded.get(visit.corrects)
        if session is None and corrected is not None and is_of_same_session(visit, corrected):
            session = corrected.session
        same = visit.session == session
        recorded[visit.id or f"entry {len(recorded)}"] = (
            visit if same else attrs.evolve(visit, session=session)
        )
    return with_sessions(history, judged, sessions, recorded.values())


def _named(course: Course, visits: Sequence[Visit], who: str) -> list[Visit]:
    """Return the visits that a course does not remember yet, each under an id."""
    taken = {visit.id for visit in (*course.visits, *visits) if visit.id}
    free = (name for number in count(1) if (name := f"v{number}") not in taken)
    new = sorted(unrecorded(course, visits), key=lambda v: (*in_time(v), *sort_key(v)))
    for visit in new if course.visits else ():
        _check_id(course, visit)
    return [attrs.evolve(visit, id=visit.id or next(free), who=visit.who or who) for visit in new]


def _check_id(course: Course, visit: Visit) -> None:
    """Refuse a visit under the id of an entry that says something else."""
    entry = next((entry for entry in course.visits if visit.id and entry.id == visit.id), None)
    if entry is not None:
        raise InvalidInput(
            what=f"{entry.day} is already recorded as {STATUS_WORDS[entry.status]} ({visit.id[:40]}).",
            where="visits",
            why="an entry keeps what it says; another one corrects it",
            fix=f'to replace it, leave the id out and give corrects="{visit.id[:40]}"; '
            "if it is a second visit, give it another id",
        )


def reasons(history: History) -> dict[str, str]:
    """Return for each session that a visit was of, what was recorded, in a few words."""
    reasons: dict[str, str] = {}
    of_entry = {visit.id: visit for visit in history.course.visits}
    for visit in history.course.visits:
        corrected = of_entry.get(visit.corrects) if visit.corrects else None
        if corrected is not None and corrected.session is not None:
            done = "withdrawn" if visit.status is VisitStatus.WITHDRAWN else "corrected"
            reasons[corrected.session] = f"the entry of {corrected.day} was {done}"
    for judged in history.visits:
        if judged.session is None:
            continue
        visit = judged.visit
        said = str(visit.status) + (f" by the {visit.by}" if visit.by else "")
        where = " elsewhere" if visit.elsewhere else ""
        about = f" ({judged.verdict})" if judged.verdict not in (Verdict.VALID, Verdict.NOT_GIVEN) else ""
        reasons[judged.session] = f"{said}{where} on {visit.day}{about}"
    return reasons
