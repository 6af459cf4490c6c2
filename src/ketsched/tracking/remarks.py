"""What a clinician should know of a plan for the rest: what could not stay, what was left aside, what gave way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from ketsched.history import History, SessionState, Verdict, is_past
from ketsched.model import Course, Session, Visit


def unpinned(changed: Mapping[str, Session], before: Course, only: Mapping[str, date]) -> Iterator[str]:
    """Yield which sessions whose day was chosen by hand could not stay on it."""
    for session in before.sessions:
        now = changed.get(session.id, session)
        if session.pinned and session.status.stands and session.id not in only:
            if not now.status.stands and before.ended is None:
                yield f"the session of {session.day}, chosen by hand, cannot stand there: it is closed"
            elif now.day != session.day:
                yield f"the session of {session.day}, chosen by hand, cannot stand there: it moves to {now.day}"


def rides_forgotten(before: Course, after: Course) -> Iterator[str]:
    """Yield which rides home were confirmed for another day or hour than a session is on now."""
    once = {session.id: session for session in before.sessions}
    for session in after.sessions:
        was = once.get(session.id, session)
        if was.ride == "confirmed" and not session.ride:
            at = f"{was.day}" if was.time is None or was.day != session.day else f"{was.day} {was.time:%H:%M}"
            yield f"the ride home for {session.day} is to be confirmed again: it was for {at}"


def left_aside(history: History, given: Iterable[Visit]) -> Iterator[str]:
    """Yield what was left aside: visits after today, and past sessions that nobody recorded."""
    for visit in given:
        if not is_past(visit, history.as_of):
            yield f"a visit of {visit.day} is after today and was not recorded"
    for judged in history.visits:
        if judged.verdict is Verdict.ASKED:
            yield f"{judged.visit.day} was stopped early: until somebody says that it counts, it does not"
    for session in history.in_state(SessionState.NOT_RECORDED):
        yield f"{session.day} is not recorded: taken as given for gaps, and not as missed"
