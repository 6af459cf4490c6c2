"""
A course as it really went: what became of each session, and a session for what was given without one.

Rules then read one course, whether its visits were recorded in it or are given beside it.
"""

from __future__ import annotations

import attrs

from ketsched.history import History, JudgedSession, JudgedVisit, State, Verdict
from ketsched.model import Session, Status
from ketsched.revising import in_order

_STATUS = {State.FULFILLED: Status.FULFILLED, State.MISSED: Status.MISSED, State.CLOSED: Status.CLOSED}


def as_it_went(history: History) -> History:
    """
    Return the history of a course whose sessions stand as they were given, missed or taken off.

    What was given without a booking has a session "x1", "x2" ... as it will once it is recorded.
    """
    course = history.course
    visits = {
        j.session: j for j in history.visits if j.session is not None and j.verdict is not Verdict.FUTURE
    }
    judged = [
        attrs.evolve(one, session=_with(one.session, visits.get(one.session.id), one.state))
        for one in history.sessions
    ]
    taken = {session.id for session in course.sessions}
    found = []
    for visit in history.visits:
        if visit.verdict.given and visit.session is None and visit.phase is not None:
            name = next(n for k in range(1, len(taken) + 2) if (n := f"x{k}") not in taken)
            taken.add(name)
            extra = _extra(name, visit.phase, visit)
            judged.append(JudgedSession(session=extra, state=State.FULFILLED, visit=visit.visit))
            visit = attrs.evolve(visit, session=name)
        found.append(visit)
    sessions = in_order(one.session for one in judged)
    if sessions == course.sessions:
        return history
    of_session = {one.session.id: one for one in judged}
    return attrs.evolve(
        history,
        course=attrs.evolve(course, sessions=sessions),
        visits=tuple(found),
        sessions=tuple(of_session[session.id] for session in sessions),
    )


def _with(session: Session, judged: JudgedVisit | None, state: State) -> Session:
    """Return a session with what became of it."""
    status = _STATUS.get(state, session.status)
    if judged is None or state is not State.FULFILLED:
        return attrs.evolve(session, status=status)
    visit = judged.visit
    return attrs.evolve(
        session,
        status=status,
        day=visit.day,
        time=visit.at or session.time,
        route=visit.route or session.route,
        counts=judged.verdict.counts,
    )


def _extra(name: str, phase: str, judged: JudgedVisit) -> Session:
    visit = judged.visit
    return Session(
        id=name,
        phase=phase,
        day=visit.day,
        time=visit.at,
        status=Status.FULFILLED,
        place="elsewhere" if visit.elsewhere else "",
        route=visit.route,
        booked=False,
        counts=judged.verdict.counts,
    )
