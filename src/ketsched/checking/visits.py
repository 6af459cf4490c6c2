"""
A course as it really went: what became of each session, and a session for what was given without one.

Rules then read one course, whether its visits were recorded in it or are given beside it.
"""

from __future__ import annotations

import attrs

from ketsched.history import History, JudgedSession, State, Verdict, as_it_went, unbooked
from ketsched.revising import in_order


def as_given(history: History) -> History:
    """
    Return the history of a course whose sessions stand as they were given, missed or taken off.

    What was given without a booking has a session "x1", "x2" ... as it will once it is recorded.
    """
    course = history.course
    visits = {
        j.session: j for j in history.visits if j.session is not None and j.verdict is not Verdict.FUTURE
    }
    judged = [
        attrs.evolve(one, session=as_it_went(one.session, visits.get(one.session.id), one.state))
        for one in history.sessions
    ]
    found = {id(visit): visit for visit in history.visits}
    for visit, session in unbooked(history, {session.id for session in course.sessions}):
        judged.append(JudgedSession(session=session, state=State.FULFILLED, visit=visit.visit))
        found[id(visit)] = attrs.evolve(visit, session=session.id)
    sessions = in_order(one.session for one in judged)
    if sessions == course.sessions:
        return history
    of_session = {one.session.id: one for one in judged}
    return attrs.evolve(
        history,
        course=attrs.evolve(course, sessions=sessions),
        visits=tuple(found.values()),
        sessions=tuple(of_session[session.id] for session in sessions),
    )
