"""What became of each session, and the course as it really went."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from datetime import date
from itertools import count, zip_longest

import attrs

from ketsched.history.values import STATUS_OF, History, JudgedSession, JudgedVisit, SessionState, Verdict
from ketsched.model import BookingStatus, Session, Visit, VisitStatus


def judge_session(session: Session, visit: Visit | None, as_of: date) -> JudgedSession:
    """Return what became of a session, given the visit that it was."""
    if visit is not None:
        if visit.status.delivered:
            state = SessionState.FULFILLED
        else:
            state = SessionState.CLOSED if visit.status is VisitStatus.CANCELLED else SessionState.MISSED
    elif session.status is BookingStatus.FULFILLED:
        state = SessionState.FULFILLED
    elif session.status is BookingStatus.MISSED:
        state = SessionState.MISSED
    elif session.status is BookingStatus.CLOSED:
        state = SessionState.CLOSED
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
    visit, counts = judged.visit, judged.verdict.counts
    at, route = visit.at or session.time, visit.route or session.route
    phase = session.phase if session.booked else judged.phase or session.phase
    was = (session.status, session.day, session.time, session.counts, session.route, session.phase)
    if was == (status, visit.day, at, counts, route, phase):
        return session
    return attrs.evolve(
        session, status=status, day=visit.day, time=at, counts=counts, route=route, phase=phase
    )


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
                    status=BookingStatus.FULFILLED,
                    place="elsewhere" if visit.elsewhere else "",
                    route=visit.route,
                    revised=(len(history.course.revisions) - 1,),
                    booked=False,
                    counts=judged.verdict.counts,
                ),
            )


def outcomes(history: History) -> tuple[list[JudgedVisit], list[JudgedSession]]:
    """
    Return the visits and sessions of a history, these as they were given, missed or cancelled.

    What was given without a booking gets a session of its own, "x1", "x2" ...
    """
    visits = {
        j.session: j for j in history.visits if j.session is not None and j.verdict is not Verdict.FUTURE
    }
    sessions: list[JudgedSession] = []
    for judged in history.sessions:
        session = with_outcome(judged.session, visits.get(judged.session.id), judged.state)
        sessions.append(judged if session is judged.session else attrs.evolve(judged, session=session))
    judged_visits = {id(visit): visit for visit in history.visits}
    for visit, session in extra_sessions(history, {one.session.id for one in sessions}):
        sessions.append(JudgedSession(session=session, state=SessionState.FULFILLED, visit=visit.visit))
        judged_visits[id(visit)] = attrs.evolve(visit, session=session.id)
    return list(judged_visits.values()), sessions


def with_sessions(
    history: History,
    visits: Iterable[JudgedVisit],
    sessions: Iterable[JudgedSession],
    recorded: Iterable[Visit] | None = None,
) -> History:
    """
    Return the history of a course with other sessions, in order of time.

    Args:
        history: As it was.
        visits: As they are judged.
        sessions: As they are judged.
        recorded: The visits that the course is to remember; None: those that it does.
    """
    ordered = tuple(sorted(sessions, key=lambda judged: judged.session.when))
    course = attrs.evolve(
        history.course,
        sessions=tuple(judged.session for judged in ordered),
        visits=history.course.visits if recorded is None else tuple(recorded),
    )
    return attrs.evolve(history, course=course, visits=tuple(visits), sessions=ordered)


def as_given(history: History) -> History:
    """Return the history of a course whose sessions are as they were given, missed or cancelled."""
    visits, sessions = outcomes(history)
    if all(now is before for now, before in zip_longest(sessions, history.sessions)):
        return history
    return with_sessions(history, visits, sessions)
