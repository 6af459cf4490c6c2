"""What became of each session, and the course as it really went."""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import date
from itertools import count

import attrs

from ketsched.history.values import STATUS_OF, History, JudgedSession, JudgedVisit, SessionState, Verdict
from ketsched.model import Happened, Session, Status, Visit
from ketsched.revising import in_order

_STATE_OF = {status: state for state, status in STATUS_OF.items()}


def judge_session(session: Session, visit: Visit | None, as_of: date) -> JudgedSession:
    """Return what became of a session, given the visit that it was."""
    if visit is not None:
        if visit.status.delivered:
            state = SessionState.FULFILLED
        else:
            state = SessionState.CLOSED if visit.status is Happened.CANCELLED else SessionState.MISSED
    elif session.status in _STATE_OF:
        state = _STATE_OF[session.status]
    elif session.day < as_of:
        state = SessionState.NOT_RECORDED
    else:
        state = SessionState.DUE if session.day == as_of else SessionState.PLANNED
    return JudgedSession(session=session, state=state, visit=visit)


def with_outcome(session: Session, judged: JudgedVisit | None, state: SessionState) -> Session:
    """Return a session with what became of it, if a visit says so; one given on another day moves to that day."""
    if judged is None:
        return session
    status = STATUS_OF.get(state, session.status)
    if state is not SessionState.FULFILLED:
        return session if session.status is status else attrs.evolve(session, status=status)
    visit = judged.visit
    changed = attrs.evolve(
        session,
        status=status,
        day=visit.day,
        time=visit.at or session.time,
        counts=judged.verdict.counts,
        route=visit.route or session.route,
        phase=session.phase if session.booked else judged.phase or session.phase,
    )
    return session if changed == session else changed


def extra_sessions(history: History, taken: Container[str]) -> Iterator[tuple[JudgedVisit, Session]]:
    """Yield a session "x1", "x2" ... for each visit in which something was given without a booking."""
    free = (name for number in count(1) if (name := f"x{number}") not in taken)
    for judged in history.given():
        if judged.session is None and judged.phase is not None:
            visit = judged.visit
            yield (
                judged,
                Session(
                    id=next(free),
                    phase=judged.phase,
                    day=visit.day,
                    time=visit.at,
                    status=Status.FULFILLED,
                    place="elsewhere" if visit.elsewhere else "",
                    route=visit.route,
                    revised=(len(history.course.revisions) - 1,),
                    booked=False,
                    counts=judged.verdict.counts,
                ),
            )


def as_given(history: History) -> History:
    """
    Return the history of a course whose sessions are as they were given, missed or cancelled.

    What was given without a booking gets a session of its own, "x1", "x2" ...
    """
    course = history.course
    visits = {
        j.session: j for j in history.visits if j.session is not None and j.verdict is not Verdict.FUTURE
    }
    of_session: dict[str, JudgedSession] = {}
    for judged in history.sessions:
        session = with_outcome(judged.session, visits.get(judged.session.id), judged.state)
        of_session[session.id] = (
            judged if session is judged.session else attrs.evolve(judged, session=session)
        )
    judged_visits = {id(visit): visit for visit in history.visits}
    for visit, session in extra_sessions(history, set(of_session)):
        of_session[session.id] = JudgedSession(
            session=session, state=SessionState.FULFILLED, visit=visit.visit
        )
        judged_visits[id(visit)] = attrs.evolve(visit, session=session.id)
    sessions = in_order(one.session for one in of_session.values())
    if sessions == course.sessions:
        return history
    return attrs.evolve(
        history,
        course=attrs.evolve(course, sessions=sessions),
        visits=tuple(judged_visits.values()),
        sessions=tuple(of_session[session.id] for session in sessions),
    )
