"""The morning run: what there is to see to today, over many courses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs

from ketsched.errors import InvalidInput, KetschedError
from ketsched.history import SessionState, Verdict
from ketsched.interchange import read
from ketsched.model import BookingStatus, Course, Session
from ketsched.screens import Part, Table, called, many, on
from ketsched.tracking import Forecast, forecast
from ketsched.tracking.lapses import taken

KINDS = {
    "overdue": "overdue",
    "lapsed": "a lapse",
    "asked": "to be asked",
    "unbooked": "not booked",
    "due": "due",
    "soon": "soon",
}
"""What a matter is about and what it is called, the most urgent first; "due" and "soon" need nothing to be done."""
MOST_DAYS = 366
"""Days that can be looked ahead (house default: a year)."""


@attrs.frozen
class Matter:
    """
    One thing to see to.

    Attributes:
        kind: One of KINDS.
        day: The day that it is about.
        what: In words, without any text of the course.
    """

    kind: str
    day: date
    what: str

    @property
    def is_open(self) -> bool:
        """Whether somebody has to do something about it."""
        return self.kind not in ("due", "soon")


@attrs.frozen
class Seen:
    """
    What one file gave.

    Attributes:
        file: Its name, from the folder on.
        course: The course's id; None if it has none.
        matters: What there is to see to.
        error: Why it cannot be read, in four parts; None if it was.
    """

    file: str
    course: str | None = None
    matters: tuple[Matter, ...] = ()
    error: tuple[str, str, str, str] | None = None


def check_days(days: int) -> int:
    """Return how many days are looked ahead, if they are not too many."""
    if not 0 <= days <= MOST_DAYS:
        raise InvalidInput(
            what=f"{days} days ahead",
            why=f"it is a number of days, 0 to {MOST_DAYS}",
            fix="give 7 for the next week",
            argument="days",
        )
    return days


def matters(course: Course, *, as_of: date, days: int = 0) -> Iterator[Matter]:
    """
    Yield what there is to see to in a course.

    Args:
        course: The course.
        as_of: Today, the local date at the clinic.
        days: Also what is booked in so many days from then on.
    """
    check_days(days)
    seen = forecast(course, as_of=as_of)
    history = seen.history
    for session in history.in_state(SessionState.DUE):
        yield Matter("due", session.day, _session(session))
    for session in history.in_state(SessionState.NOT_RECORDED):
        yield Matter("asked", session.day, f"{session.phase}: what became of it?")
    for judged in history.visits:
        if judged.verdict is Verdict.ASKED:
            yield Matter("asked", judged.visit.day, f"{judged.phase}: stopped early, does it count?")
    for session in history.in_state(SessionState.PLANNED):
        if session.day <= as_of + timedelta(days):
            yield Matter("soon", session.day, _session(session))
    yield from _to_come(seen)


def _session(session: Session) -> str:
    at = f" at {session.time:%H:%M}" if session.time else ""
    unsure = ", to be confirmed" if session.status is BookingStatus.TENTATIVE else ""
    return f"{session.phase}{at}{unsure}"


def _to_come(seen: Forecast) -> Iterator[Matter]:
    upcoming, last = seen.next, seen.last_given
    is_open = bool(seen.proposes) and taken(seen.history.course, (), seen) is None
    if upcoming is not None and is_open and last is not None:
        gap = f"{(seen.as_of - last).days} d since the last"
        name = called(upcoming.phase, upcoming.number)
        yield Matter("lapsed", last, f"{name}: {gap}; proposed: {seen.proposes}")
    elif upcoming is not None and upcoming.overdue is not None and upcoming.is_overdue(seen.as_of):
        name, latest = called(upcoming.phase, upcoming.number), upcoming.overdue - timedelta(1)
        yield Matter("overdue", upcoming.overdue, f"{name}: the latest day was {latest}")
    lacking = next((due for due in seen.sessions if due.session is None), None)
    if lacking is not None:
        yield Matter("unbooked", lacking.recommended, f"{called(lacking.phase, lacking.number)}: no booking")


def look(file: Path, *, folder: str | Path, as_of: date | None, now: datetime, days: int) -> Seen:
    """
    Read one course file and say what there is to see to; one that cannot be read says why.

    Args:
        file: Its name, from the folder on.
        folder: Where it is.
        as_of: Today; None: the date at each clinic at the moment `now`.
        now: The moment, aware.
        days: As for `matters`.
    """
    try:
        course = read(Path(folder, file))
        today = as_of or course.day_at(now)
        return Seen(str(file), course.id, tuple(matters(course, as_of=today, days=days)))
    except KetschedError as error:
        return Seen(str(file), error=(error.what, error.where, error.why, error.fix))


def morning_parts(seen: Sequence[Seen], as_of: date | None, days: int) -> Iterator[Part]:
    """Yield what there is to see to, the most urgent first, and the files that cannot be read."""
    ahead = f" and the next {many(days, 'day')}" if days else ""
    yield f"{many(len(seen), 'course file')}{'' if as_of is None else f', as of {on(as_of)}'}{ahead}"
    lines = [(one, matter) for one in seen for matter in one.matters]
    lines.sort(key=lambda pair: (list(KINDS).index(pair[1].kind), pair[1].day, pair[0].file))
    if lines:
        rows = ((KINDS[m.kind], one.course or "", on(m.day), m.what, one.file) for one, m in lines)
        yield ""
        yield Table(("", "course", "day", "what", "file"), tuple(rows))
    unread = [(one.file, one.error) for one in seen if one.error is not None]
    if unread:
        yield ""
        yield f"{many(len(unread), 'file')} cannot be read"
        for file, (what, where, _, fix) in unread:
            yield f"  {file}: {what}"
            yield f"    {where}; {fix}"
    yield ""
    kinds = [matter.kind for _, matter in lines]
    yield ", ".join(f"{kinds.count(k)} {word}" for k, word in KINDS.items() if k in kinds) or "nothing is due"


def morning_values(folder: str, as_of: date | None, seen: Sequence[Seen]) -> dict[str, Any]:
    """Return the same as plain values, in order of the files."""
    return {
        "folder": folder,
        "as_of": as_of and as_of.isoformat(),
        "files": len(seen),
        "lines": [
            {
                "file": one.file,
                "course": one.course,
                "is": matter.kind,
                "day": matter.day.isoformat(),
                "what": matter.what,
            }
            for one in seen
            for matter in one.matters
        ],
        "unread": [
            {"file": one.file, **dict(zip(("what", "where", "why", "fix"), one.error, strict=True))}
            for one in seen
            if one.error is not None
        ],
    }
