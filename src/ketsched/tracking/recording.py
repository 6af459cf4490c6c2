"""
What happened, written into the course: each session gets what became of it.

What was given without a booking becomes a session of its own, so that the order of the course
is that of all that was given. Sessions to come stay as they are; planning again moves them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from itertools import count

import attrs

from ketsched.arguments import checked
from ketsched.around import confirmed
from ketsched.clock import aware, plausible, zone_named
from ketsched.errors import InvalidInput
from ketsched.history import (
    STATUS_OF,
    History,
    JudgedSession,
    State,
    Verdict,
    as_it_went,
    evaluate,
    happened,
    judged_session,
    new_to,
    said_of,
    unbooked,
)
from ketsched.model import Course, Happened, Session, Status, Visit
from ketsched.revising import revised
from ketsched.tracking import arguments


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
    given = arguments.visits_of(visits)
    arguments.check(course, who=who)
    today = today_of(course, at, as_of)
    early = next((visit for visit in given if not happened(visit, today)), None)
    if early is not None:
        raise InvalidInput(
            what=f"a visit of {early.day} that was {early.status}",
            where="visits",
            why=f"today is {today}: only what was cancelled is known before its day",
            fix="leave it out until its day has come, or correct its date",
        )
    history = written(course, given, as_of=today, who=who)
    known = history.course
    sessions, companions = confirmed(known, before=course)
    return revised(
        course,
        at=at,
        what="recorded",
        who=who,
        sessions=sessions,
        companions=companions,
        visits=known.visits,
        why=reasons(history),
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
    return aware(at, "at").astimezone(zone_named(course.zone)).date()


def recorded(course: Course, visits: Iterable[Visit], *, as_of: date, who: str = "") -> Course:
    """
    Return the course with visits written into its sessions, as no new revision yet.

    A session that was kept on another day stands on the day on which it happened. Twice is the same as once.
    What is said to have happened after today is left out.
    """
    return written(course, visits, as_of=as_of, who=who).course


def written(course: Course, visits: Iterable[Visit], *, as_of: date, who: str = "") -> History:
    """Return the history of the course with visits written into its sessions; see `recorded`."""
    new = _named(course, tuple(visit for visit in visits if happened(visit, as_of)), who)
    history = evaluate(course, new, as_of=as_of)
    if not new and all(visit.session is not None or visit.id for visit in course.visits):
        return history
    known = attrs.evolve(course, visits=(*course.visits, *new))
    of_session = {judged.session: judged for judged in history.visits if judged.session is not None}
    before = {visit.session for visit in course.visits}
    judged_sessions = []
    for judged_one in history.sessions:
        of = of_session.get(judged_one.session.id)
        session = as_it_went(judged_one.session, of, judged_one.state)
        if of is None and session.id in before and session.status in STATUS_OF.values():
            session = _reopened(course, session)  # what was recorded of it was taken back
        if session is not judged_one.session:
            judged_one = judged_session(session, judged_one.visit, as_of)
        judged_sessions.append(judged_one)
    named = {judged.visit.id: judged.session for judged in history.visits if judged.session is not None}
    judged_visits = {id(judged): judged for judged in history.visits}
    number = len(course.revisions) - 1
    for judged, session in unbooked(history, {one.session.id for one in judged_sessions}):
        extra = attrs.evolve(session, revised=(number,))
        named[judged.visit.id] = extra.id
        judged_visits[id(judged)] = attrs.evolve(judged, session=extra.id)
        judged_sessions.append(JudgedSession(session=extra, state=State.FULFILLED, visit=judged.visit))
    named |= {visit.id: visit.session for visit in course.visits if visit.session is not None}
    entries = tuple(
        visit
        if visit.session is not None
        else attrs.evolve(
            visit, session=named.get(visit.id) or (named.get(visit.corrects) if visit.corrects else None)
        )
        for visit in known.visits
    )
    judged_sessions.sort(key=lambda j: (j.session.day, j.session.time or time(), j.session.id))
    sessions = tuple(judged.session for judged in judged_sessions)
    return attrs.evolve(
        history,
        course=attrs.evolve(known, sessions=sessions, visits=entries),
        visits=tuple(judged_visits.values()),
        sessions=tuple(judged_sessions),
    )


def _named(course: Course, visits: tuple[Visit, ...], who: str) -> list[Visit]:
    """Return the visits that a course does not remember yet, each under an id."""
    taken = {visit.id for visit in (*course.visits, *visits) if visit.id}
    free = (name for number in count(1) if (name := f"v{number}") not in taken)
    found = []
    for visit in sorted(new_to(course, visits), key=lambda v: (v.day, v.at or time(), *said_of(v))):
        found.append(attrs.evolve(visit, id=visit.id or next(free), who=visit.who or who))
    return found


def _reopened(course: Course, session: Session) -> Session:
    """Return a session as it stood before anything was recorded of it."""
    for revision in reversed(course.revisions):
        for changed in revision.changes:
            was = changed.before
            if isinstance(was, Session) and was.id == session.id and was.status not in STATUS_OF.values():
                return attrs.evolve(was, status=Status.FIRM, revised=session.revised)
    status = (
        Status.FIRM if session.booked else Status.CLOSED
    )  # one that was never booked has no day to stand on
    return attrs.evolve(session, status=status, counts=session.booked)


def reasons(history: History) -> dict[str, str]:
    """Return for each session that a visit was of, what was recorded, in a few words."""
    withdrawn = (v for v in history.course.visits if v.status is Happened.WITHDRAWN and v.session is not None)
    found = {visit.session or "": f"the entry of {visit.day} was withdrawn" for visit in withdrawn}
    for judged in history.visits:
        if judged.session is None:
            continue
        visit = judged.visit
        said = str(visit.status) + (f" by the {visit.by}" if visit.by else "")
        where = " elsewhere" if visit.elsewhere else ""
        about = f" ({judged.verdict})" if judged.verdict not in (Verdict.VALID, Verdict.NOT_GIVEN) else ""
        found[judged.session] = f"{said}{where} on {visit.day}{about}"
    return found
