"""
What really happened: what each visit was, and what became of each session.

Two questions are kept apart. *Matching* decides which booking a visit was, and nothing else.
*Counting* goes through everything that was given in order of time: all of it sets the clock
for every minimum and fills every at-most-k window, whether it counts toward a series or not.
A past session without a visit is not recorded: neither missed nor given.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import attrs

from ketsched.arguments import checked
from ketsched.clock import plausible
from ketsched.history.counting import judge, target
from ketsched.history.matching import (
    OUR_IDS,
    better_entry,
    in_time,
    is_of_same_session,
    is_past,
    match,
    opened_again,
    says_more,
    says_the_same,
    sort_key,
    unrecorded,
)
from ketsched.history.outcomes import as_given, judge_session, outcomes, with_sessions
from ketsched.history.values import (
    STATUS_OF,
    History,
    JudgedSession,
    JudgedVisit,
    Lapse,
    SessionState,
    Verdict,
)
from ketsched.model import BookingStatus, Course, Visit

__all__ = [
    "OUR_IDS",
    "STATUS_OF",
    "History",
    "JudgedSession",
    "JudgedVisit",
    "Lapse",
    "SessionState",
    "Verdict",
    "as_given",
    "better_entry",
    "evaluate",
    "in_time",
    "is_of_same_session",
    "is_past",
    "judge_session",
    "match",
    "outcomes",
    "says_more",
    "says_the_same",
    "sort_key",
    "target",
    "unrecorded",
    "with_sessions",
]


@checked
def evaluate(course: Course, visits: Iterable[Visit] = (), *, as_of: date) -> History:
    """
    Judge what happened, visit by visit and session by session.

    Args:
        course: With the visits that it remembers; those given again are taken once.
        visits: Further visits, in any order.
        as_of: Today, the local date at the clinic.

    Raises:
        InvalidInput: A visit names a session or an entry that does not exist, or two name one session.
    """
    plausible(as_of, "as_of")
    visits = tuple(visits)
    course = opened_again(course, visits)
    matched = match(course, visits, as_of=as_of)
    if course.skipped:
        came = {session for visit, session in matched if visit.status.delivered and is_past(visit, as_of)}
        course = attrs.evolve(course, skipped=tuple(s for s in course.skipped if s not in came))
    of_session = {session: visit for visit, session in matched if session is not None}
    told = {visit.session for visit in course.visits}
    implied = [
        (Visit(session.day, session=session.id, at=session.time), session.id)
        for session in course.sessions
        if session.status is BookingStatus.FULFILLED
        and session.id not in of_session
        and session.id not in told
    ]
    past = [pair for pair in matched if is_past(pair[0], as_of)]
    judged = [*judge(course, sorted((*past, *implied), key=lambda pair: in_time(pair[0])))]
    judged += [
        JudgedVisit(
            visit=visit,
            verdict=Verdict.FUTURE,
            reason=f"{visit.day} is after {as_of}: not taken as having happened",
            session=session,
        )
        for visit, session in matched
        if not is_past(visit, as_of)
    ]
    of_session = {session: visit for session, visit in of_session.items() if is_past(visit, as_of)}
    sessions = tuple(judge_session(session, of_session.get(session.id), as_of) for session in course.sessions)
    return History(course=course, as_of=as_of, visits=tuple(judged), sessions=sessions)
