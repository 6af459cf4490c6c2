"""What a clinician should know of a plan for the rest: what could not stay, what was left aside, what gave way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from ketsched.clock import day_words
from ketsched.history import History, SessionState, Verdict, is_past
from ketsched.model import Course, Session, Visit
from ketsched.names import in_days
from ketsched.spacing import Bound


def unpinned(changed: Mapping[str, Session], before: Course, only: Mapping[str, date]) -> Iterator[str]:
    """Yield which sessions whose day was chosen by hand could not stay on it."""
    for session in before.sessions:
        now = changed.get(session.id, session)
        if session.pinned and session.status.stands and session.id not in only:
            if not now.status.stands and before.ended is None:
                yield f"{day_words(session.day)}, chosen by hand, cannot be kept: the session is cancelled"
            elif now.day != session.day:
                moved = f"the session moves to {day_words(now.day)}"
                yield f"{day_words(session.day)}, chosen by hand, cannot be kept: {moved}"


def rides_forgotten(before: Course, after: Course) -> Iterator[str]:
    """Yield which rides home were confirmed for another day or hour than a session is on now."""
    once = {session.id: session for session in before.sessions}
    for session in after.sessions:
        was = once.get(session.id, session)
        if was.ride == "confirmed" and not session.ride:
            hour = "" if was.time is None or was.day != session.day else f" at {was.time:%H:%M}"
            arranged = f"it was for {day_words(was.day)}{hour}"
            yield f"the ride home on {day_words(session.day)} is to be confirmed again: {arranged}"


def left_aside(history: History, given: Iterable[Visit]) -> Iterator[str]:
    """Yield what was left aside: visits after today, and past sessions that nobody recorded."""
    for visit in given:
        if not is_past(visit, history.as_of):
            yield f"the visit of {day_words(visit.day)} is after today and was not recorded"
    for judged in history.visits:
        if judged.verdict is Verdict.ASKED:
            yield f"{day_words(judged.visit.day)} was stopped early: until someone says that it counts, it does not"
    for session in history.in_state(SessionState.NOT_RECORDED):
        yield f"{day_words(session.day)} is not recorded yet: it counts for the days between, and is not made up"


def far_from(bound: Bound, gap: int, when: str, whom: str) -> str:
    """Say how far a session is from another, and what is required: 1 day after infusion 4; the protocol requires 2."""
    if not gap:
        return f"{whom} is on that day"
    if bound.minimum is not None and gap < bound.minimum:
        asked = f"{bound.minimum}"
    elif bound.latest is not None and gap > bound.latest:
        asked = f"at most {bound.latest}"
    else:
        asked = bound.rule
    return f"{in_days(gap)} {when} {whom}; the protocol requires {asked}"
