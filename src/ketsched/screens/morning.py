"""The morning run: what there is to see to today, over many courses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import attrs

from ketsched.checking.rules import sentence
from ketsched.errors import InvalidInput, KetschedError
from ketsched.history import SessionState, Verdict
from ketsched.holds import is_over
from ketsched.interchange import read
from ketsched.interchange.folder import identities, of_one_identity
from ketsched.model import Booking, BookingStatus, Companion, Course, PlacedCompanion, Session
from ketsched.names import Names, in_days, inside
from ketsched.screens import Part, at_hour, in_short, many, on
from ketsched.screens.changes import SUGGESTED
from ketsched.screens.rows import columns, hung, sides
from ketsched.tracking import Due, Forecast, forecast
from ketsched.tracking.lapses import taken

KINDS = {
    "due": "Today",
    "asked": "Please record",
    "overdue": "Overdue",
    "lapsed": "Long break: ask a clinician",
    "unbooked": "No date yet",
    "early": "Please decide",
    "undecided": "Please decide",
    "late": "To do",
    "soon": "Next",
}
"""What a matter is about and the heading that it stands under, from top to bottom."""
TO_DO = KINDS["late"]
NAMED = 6
"""Sessions that one line names one by one (house default)."""
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
        is_task: Whether it is a to-do.
    """

    kind: str
    day: date
    what: str
    at: time | None = None
    is_task: bool = False

    @property
    def heading(self) -> str:
        """What it stands under; what is to be done today is with what is late of that."""
        return TO_DO if self.is_task and self.kind == "due" else KINDS[self.kind]

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
        today: The day that was looked at; None if it cannot be read.
        next: The session that is next after that day; None if there is none.
        identities: What no other course may have.
    """

    file: str
    course: str | None = None
    matters: tuple[Matter, ...] = ()
    error: tuple[str, str, str, str] | None = None
    identities: tuple[str, ...] = ()
    today: date | None = None
    next: Session | None = None


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
    history, names = seen.history, Names(course)
    yield from sorted(_booked(seen, as_of + timedelta(days), names), key=_by_the_hour)
    unknown = history.in_state(SessionState.NOT_RECORDED)
    if unknown:
        yield Matter("asked", unknown[0].day, _each_with_its_day(unknown, names))
    for judged in history.visits:
        if judged.verdict is Verdict.ASKED:
            said = f"{on(judged.visit.day)} was stopped early: please say whether it counts"
            yield Matter("asked", judged.visit.day, said)
    yield from _to_come(seen, names)


def _by_the_hour(matter: Matter) -> tuple[date, bool, time]:
    """Return a key by which a day's matters follow each other: by the hour, and last what has none."""
    return matter.day, matter.at is None, matter.at or time()


def _booked(seen: Forecast, last: date, names: Names) -> Iterator[Matter]:
    """Yield what is booked from today to a day: sessions and other appointments; and what is late of that."""
    history, course = seen.history, seen.history.course
    for session in (*history.in_state(SessionState.DUE), *history.in_state(SessionState.PLANNED)):
        if session.day <= last:
            kind = "due" if session.day == seen.as_of else "soon"
            said = names.of(session) + _unsure(session) + _ride(course, session, today=kind == "due")
            yield Matter(kind, session.day, said, session.time)
    for placed in course.companions:
        if placed.status.stands and placed.status is not BookingStatus.FULFILLED and placed.day <= last:
            yield from _around(seen, placed, names)


def _around(seen: Forecast, placed: PlacedCompanion, names: Names) -> Iterator[Matter]:
    """Yield what is to be said of an appointment or a to-do that stands: that it is booked, late, or to be decided."""
    course, today = seen.history.course, seen.as_of
    companion = course.protocol.companion(placed.companion)
    session = next((s for s in course.sessions if s.id == placed.session), None)
    if _is_over(companion, session, today):
        return
    undecided, is_task = companion.gate and placed.outcome is None, companion.kind == "task"
    said = companion.title + (f" for {names.of(session)}" if is_task and session else "")
    if placed.day >= today:
        kind = "due" if placed.day == today else "soon"
        said += _unsure(placed) + ("; a decision" if undecided else "")
        yield Matter(kind, placed.day, said, placed.time, is_task=is_task)
    elif undecided:
        said = f"{companion.title}, {on(placed.day)}: waiting for a decision"
        yield Matter("undecided", placed.day, said)
    elif is_task:
        yield Matter("late", placed.day, f"{said}, due {on(placed.day)}", is_task=True)


def _is_over(companion: Companion, session: Session | None, today: date) -> bool:
    """Whether nothing is left to do about a task: with its session, or once that day has passed."""
    if session is None or companion.kind != "task":
        return False
    return is_over(companion, session) or (session.day < today and companion.window.latest <= 0)


def _each_with_its_day(sessions: Sequence[Session], names: Names) -> str:
    """Name sessions and their days: infusions 1, 2: Mon 4, Thu 7 January; of many the first and the last day."""
    if len(sessions) == 1:
        return f"{names.of(sessions[0])}: {on(sessions[0].day)}"
    days = [session.day for session in sessions]
    if len(sessions) > NAMED:
        return f"{names.several(s.id for s in sessions)}: {on(min(days))} to {on(max(days))}"
    return f"{names.several((s.id for s in sessions), each=True)}: {in_short(days)}"


def _unsure(booking: Booking) -> str:
    return "; to be confirmed" if booking.status is BookingStatus.TENTATIVE else ""


def _ride(course: Course, session: Session, *, today: bool) -> str:
    """Say what is not settled about the ride home of a session after which the patient may not drive."""
    if course.protocol.phase(session.phase).no_driving is None or course.is_at_home(session):
        return ""
    unsettled = {
        "": "; no ride home known" if today else "",
        "none": "; no ride home",
        "self": "; means to drive home",
    }
    return unsettled.get(session.ride, "")


def _to_come(seen: Forecast, names: Names) -> Iterator[Matter]:
    upcoming, last = seen.next, seen.last_given
    is_open = bool(seen.proposes) and taken(seen.history.course, (), seen) is None
    if upcoming is not None and is_open and last is not None:
        said = f"{names.due(upcoming.phase, upcoming.number)}: {in_days((seen.as_of - last).days)} since the last"
        if seen.proposes != "clinician review":
            said += f"; the protocol suggests: {SUGGESTED.get(seen.proposes, seen.proposes)}"
        yield Matter("lapsed", last, said)
    elif upcoming is not None and upcoming.overdue is not None and upcoming.is_overdue(seen.as_of):
        said = f"{names.due(upcoming.phase, upcoming.number)}: overdue since {on(upcoming.overdue)}"
        yield Matter("overdue", upcoming.overdue, said)
    early = next((due for due in seen.sessions if _is_early(seen, due)), None)
    if early is not None:
        day = _day_of(seen, early) or early.earliest
        said = (
            f"{names.due(early.phase, early.number)}, {on(day)}: too soon, may be from {on(early.earliest)}"
        )
        yield Matter("early", day, said)
    lacking = [due for due in seen.sessions if due.session is None]
    if lacking:
        first = lacking[0]
        more = f", and {len(lacking) - 1} more" if len(lacking) > 1 else ""
        said = f"{names.due(first.phase, first.number)}: best {on(first.recommended)}{more}"
        yield Matter("unbooked", first.recommended, said)


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
        ahead = (session for session in course.standing() if session.day > today)
        return Seen(
            str(file), course.id, found, identities=identities(course), today=today, next=next(ahead, None)
        )
    except KetschedError as error:
        return Seen(str(file), error=(error.what, error.where, error.why, error.fix))


def sharing(seen: Sequence[Seen]) -> list[InvalidInput]:
    """Return an error about each group of courses that share an id, or an event."""
    return of_one_identity((one.file, one.identities) for one in seen)


def morning_parts(seen: Sequence[Seen], as_of: date | None, days: int) -> Iterator[Part]:
    """Yield what today holds by the hour, what there is to see to, what is to come, and files that cannot be read."""
    today = {one.today for one in seen if one.today is not None} if as_of is None else {as_of}
    read = [one for one in seen if one.error is None]
    yield sides(on(next(iter(today))) if len(today) == 1 else "Today", many(len(read), "course"))
    lines = [(one, matter) for one in seen for matter in one.matters]
    if not lines:
        yield _nothing(read)
    lines.sort(key=lambda pair: (*_by_the_hour(pair[1]), pair[0].file))
    for heading in dict.fromkeys(KINDS.values()):
        shown = [(one.course or one.file, matter) for one, matter in lines if matter.heading == heading]
        if shown:
            yield f"Next {many(days, 'day')}" if heading == KINDS["soon"] else heading
            yield from columns(_rows(heading, shown), gives=-1)
    for error in sharing(seen):
        yield hung("! ", f"{sentence(error.what)} {sentence(error.why)} {sentence(error.fix)}")
    unread = [(one.file, one.error) for one in seen if one.error is not None]
    if unread:
        yield "Files that cannot be read"
        for file, (what, where, _, fix) in unread:
            yield hung("  ", f"{file}: {what}")
            yield hung("    ", f"{where}; {fix}")


def _rows(heading: str, shown: Iterable[tuple[str, Matter]]) -> list[tuple[str, ...]]:
    rows = []
    for course, matter in shown:
        hour = f"{matter.at:%H:%M}" if matter.at else " " * 5
        ahead = (on(matter.day),) if heading == KINDS["soon"] else ()
        what = f"to do: {inside(matter.what)}" if matter.is_task and ahead else matter.what
        what += ", due today" if heading == TO_DO and matter.kind == "due" else ""
        rows.append((*ahead, hour, course, what))
    return rows


def _nothing(seen: Sequence[Seen]) -> str:
    """Say that nothing is to be done today, and which session is next of all."""
    ahead = [(one.next, one.course or one.file) for one in seen if one.next is not None]
    first, course = min(ahead, key=lambda pair: (pair[0].when, pair[1]), default=(None, ""))
    said = f"Nothing today in {many(len(seen), 'course')}."
    return said if first is None else f"{said} Next: {course}, {at_hour(first)}."


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
