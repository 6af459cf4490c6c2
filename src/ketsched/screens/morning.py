"""The morning run: what there is to see to today, over many courses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import attrs

from ketsched.errors import InvalidInput, KetschedError
from ketsched.history import SessionState, Verdict
from ketsched.holds import is_over
from ketsched.interchange import read
from ketsched.interchange.folder import identities, of_one_identity
from ketsched.model import Booking, BookingStatus, Companion, Course, PlacedCompanion, Session
from ketsched.names import in_days
from ketsched.reporting import numbers_of
from ketsched.screens import Part, Table, called, many, on
from ketsched.tracking import Due, Forecast, forecast
from ketsched.tracking.lapses import taken

KINDS = {
    "due": "due",
    "overdue": "overdue",
    "lapsed": "a lapse",
    "late": "late",
    "early": "too early",
    "asked": "to be asked",
    "undecided": "to be decided",
    "unbooked": "not booked",
    "soon": "soon",
}
"""What a matter is about and what it is called: what today holds, then the most urgent first, then what is to come."""
NAMED = 6
"""Sessions that one line names (house default)."""
MOST_DAYS = 366
"""Days that can be looked ahead (house default: a year)."""


@attrs.frozen
class Matter:
    """
    One thing to see to.

    Attributes:
        kind: One of KINDS.
        day: The day that it is about.
        what: In words; of the course's own only what its protocol calls things.
        at: The local time at which it begins; None: it has none.
    """

    kind: str
    day: date
    what: str
    at: time | None = None

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
        identities: What no other course may have.
    """

    file: str
    course: str | None = None
    matters: tuple[Matter, ...] = ()
    error: tuple[str, str, str, str] | None = None
    identities: tuple[str, ...] = ()


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
    history, numbers = seen.history, numbers_of(course)
    yield from sorted(_booked(seen, as_of + timedelta(days), numbers), key=_by_the_hour)
    unknown = history.in_state(SessionState.NOT_RECORDED)
    if unknown:
        became = "it" if len(unknown) == 1 else "them"
        yield Matter("asked", unknown[0].day, f"{_named(unknown, numbers)}: what became of {became}?")
    for judged in history.visits:
        if judged.verdict is Verdict.ASKED:
            yield Matter("asked", judged.visit.day, f"{judged.phase}: stopped early, does it count?")
    yield from _to_come(seen)


def _by_the_hour(matter: Matter) -> tuple[date, bool, time]:
    """Return a key by which a day's matters follow each other: by the hour, and last what has none."""
    return matter.day, matter.at is None, matter.at or time()


def _booked(seen: Forecast, last: date, numbers: Mapping[str, int]) -> Iterator[Matter]:
    """Yield what is booked from today to a day: sessions, and what goes around them; and what is late of that."""
    history, course = seen.history, seen.history.course
    for session in (*history.in_state(SessionState.DUE), *history.in_state(SessionState.PLANNED)):
        if session.day <= last:
            kind = "due" if session.day == seen.as_of else "soon"
            said = _named([session], numbers) + _at(session) + _ride(course, session)
            yield Matter(kind, session.day, said, session.time)
    for placed in course.companions:
        if placed.status.stands and placed.status is not BookingStatus.FULFILLED and placed.day <= last:
            yield from _around(seen, placed, numbers)


def _around(seen: Forecast, placed: PlacedCompanion, numbers: Mapping[str, int]) -> Iterator[Matter]:
    """Yield what is to be said of an appointment or task that stands: that it is booked, late, or to be decided."""
    course, today = seen.history.course, seen.as_of
    companion = course.protocol.companion(placed.companion)
    session = next((s for s in course.sessions if s.id == placed.session), None)
    if _is_over(companion, session, today):
        return
    undecided = companion.gate and placed.outcome is None
    task_of = companion.kind == "task" and session is not None
    said = companion.title + (f" for {_named([session], numbers)}" if task_of and session else "")
    if placed.day >= today:
        decides = "; decides about sessions" if undecided else ""
        kind = "due" if placed.day == today else "soon"
        yield Matter(kind, placed.day, said + _at(placed) + decides, placed.time)
    elif undecided:
        yield Matter("undecided", placed.day, f"{companion.title}: what was decided?")
    elif companion.kind == "task":
        yield Matter("late", placed.day, said)


def _is_over(companion: Companion, session: Session | None, today: date) -> bool:
    """Whether nothing is left to do about a task: with its session, or once that day has passed."""
    if session is None or companion.kind != "task":
        return False
    return is_over(companion, session) or (session.day < today and companion.window.latest <= 0)


def _named(sessions: Sequence[Session], numbers: Mapping[str, int]) -> str:
    """Name sessions by phase and number, and by day where they are several."""
    if len(sessions) == 1:
        (session,) = sessions
        return called(session.phase, numbers[session.id]) if session.id in numbers else session.phase
    phases = dict.fromkeys(session.phase for session in sessions)
    said = []
    for phase in phases:
        own = [f"{numbers.get(s.id, 'one')} ({on(s.day)})" for s in sessions if s.phase == phase]
        more = f" and {len(own) - NAMED} more" if len(own) > NAMED else ""
        said.append(called(phase, ", ".join(own[:NAMED]) + more, several=True))
    return "; ".join(said)


def _at(booking: Booking) -> str:
    at = f" at {booking.time:%H:%M}" if booking.time else ""
    return at + (", to be confirmed" if booking.status is BookingStatus.TENTATIVE else "")


def _ride(course: Course, session: Session) -> str:
    """Say what is not settled about the ride home of a session after which the patient may not drive."""
    if course.protocol.phase(session.phase).no_driving is None or course.is_at_home(session):
        return ""
    unsettled = {"": ", ride home not known", "none": ", no ride home", "self": ", means to drive home"}
    return unsettled.get(session.ride, "")


def _to_come(seen: Forecast) -> Iterator[Matter]:
    upcoming, last = seen.next, seen.last_given
    is_open = bool(seen.proposes) and taken(seen.history.course, (), seen) is None
    if upcoming is not None and is_open and last is not None:
        gap = f"{in_days((seen.as_of - last).days)} since the last"
        name = called(upcoming.phase, upcoming.number)
        yield Matter("lapsed", last, f"{name}: {gap}; proposed: {seen.proposes}")
    elif upcoming is not None and upcoming.overdue is not None and upcoming.is_overdue(seen.as_of):
        name, latest = called(upcoming.phase, upcoming.number), upcoming.overdue - timedelta(1)
        yield Matter("overdue", upcoming.overdue, f"{name}: the latest day was {latest}")
    early = next((due for due in seen.sessions if _is_early(seen, due)), None)
    if early is not None:
        said = f"{called(early.phase, early.number)}: booked before its earliest day, {on(early.earliest)}"
        yield Matter("early", _day_of(seen, early) or early.earliest, said)
    lacking = [due for due in seen.sessions if due.session is None]
    if lacking:
        first = lacking[0]
        more = f", nor {len(lacking) - 1} more" if len(lacking) > 1 else ""
        yield Matter("unbooked", first.recommended, f"{called(first.phase, first.number)}: no booking{more}")


def _day_of(seen: Forecast, due: Due) -> date | None:
    """Return the day on which the booking of a place stands; None if it has none."""
    return next((s.day for s in seen.history.course.sessions if s.id == due.session), None)


def _is_early(seen: Forecast, due: Due) -> bool:
    day = _day_of(seen, due)
    return day is not None and day < due.earliest


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
        found = tuple(matters(course, as_of=today, days=days))
        return Seen(str(file), course.id, found, identities=identities(course))
    except KetschedError as error:
        return Seen(str(file), error=(error.what, error.where, error.why, error.fix))


def sharing(seen: Sequence[Seen]) -> list[InvalidInput]:
    """Return an error about each group of courses that share an id, or an event."""
    return of_one_identity((one.file, one.identities) for one in seen)


def morning_parts(seen: Sequence[Seen], as_of: date | None, days: int) -> Iterator[Part]:
    """Yield what today holds by the hour, what there is to see to, what is to come, and files that cannot be read."""
    ahead = f" and the next {many(days, 'day')}" if days else ""
    yield f"{many(len(seen), 'course file')}{'' if as_of is None else f', as of {on(as_of)}'}{ahead}"
    lines = [(one, matter) for one in seen for matter in one.matters]
    lines.sort(key=lambda pair: (list(KINDS).index(pair[1].kind), *_by_the_hour(pair[1]), pair[0].file))
    if lines:
        rows = ((KINDS[m.kind], one.course or "", on(m.day), m.what, one.file) for one, m in lines)
        yield ""
        yield Table(("", "course", "day", "what", "file"), tuple(rows))
    for error in sharing(seen):
        yield ""
        yield f"{error.what}: {error.why}"
        yield f"  {error.fix}"
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


def in_four_parts(error: KetschedError) -> dict[str, str]:
    """Return an error as plain values."""
    return {"what": error.what, "where": error.where, "why": error.why, "fix": error.fix}


def morning_values(folder: str, as_of: date | None, seen: Sequence[Seen]) -> dict[str, Any]:
    """Return the same as plain values, in order of the files."""
    shared = [in_four_parts(error) for error in sharing(seen)]
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
                "time": matter.at and f"{matter.at:%H:%M}",
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
    } | ({"same_id": shared} if shared else {})
