"""
Which session is which, and since when: the same in every format, audience and privacy level.

Formats that readers update by identity (calendars, clinic software) need a name for each
booking that stays, and the moment it was last changed. Neither comes from the clock of
the machine or from what the file says, so that the same course gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from hashlib import sha1
from operator import itemgetter
from uuid import UUID

from ketsched.agenda import is_in_calendars
from ketsched.errors import CannotWrite
from ketsched.model import Booking, Course, PlacedCompanion, Session

NAMESPACE = UUID("6db346c1-edac-4889-8934-5c617381bcbd")
"""Drawn at random, once, so that an identity tells nothing of where it comes from; fixed for ever."""
_VARIANTS = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
"""What stands for a digit in which two bits say the variant of the UUID."""
_FIELDS = itemgetter(slice(8), slice(8, 12), slice(13, 16), 16, slice(17, 20), slice(20, 32))
"""Of the digits of a UUID; the one before the third is its version."""


def course_id(course: Course) -> str:
    """Return the id of a course, or say how to give it one."""
    if course.id is None:
        raise CannotWrite(
            what="This course has no id.",
            where="course",
            why="a calendar or a clinic system knows a session again by the course's id and its own",
            fix='plan it with plan(..., id="A-017", at=...) or `ketsched plan --id A-017`; an opaque name, never a '
            "patient's name or number",
        )
    return course.id


def session_uid(course_id: str, session_id: str, key: str = "") -> str:
    """
    Return the identity of a session: a UUIDv5 (RFC 9562 5.5) of the course's id, its key if it has one, and its own id.

    Appointments and tasks share the ids of sessions, and so have theirs in the same way.
    """
    return uids_of(course_id, key)(session_id)


def uids_of(course_id: str, key: str = "") -> Callable[[str], str]:
    """Return what gives the identity of each session of a course; see `session_uid`."""
    # As uuid.uuid5, in a fourth of the time: it would be a fifth of what writing an event takes.
    # No course id or key has a slash or a #, so no two of these make one name.
    begin = f"{course_id}#{key}/" if key else f"{course_id}/"
    course = sha1(NAMESPACE.bytes + begin.encode(), usedforsecurity=False)

    def uid(session_id: str) -> str:
        name = course.copy()
        name.update(session_id.encode())
        low, mid, high, variant, sequence, node = _FIELDS(name.hexdigest())
        return f"{low}-{mid}-5{high}-{_VARIANTS[variant]}{sequence}-{node}"

    return uid


def adopted_uids(course: Course) -> dict[str, str]:
    """Return the identities that other programs gave to bookings, by the bookings' ids; each keeps its own."""
    return {booking.id: booking.uid for booking in (*course.sessions, *course.companions) if booking.uid}


def last_changes(course: Course) -> int:
    """
    Return the number of the first of the revisions that are given out together with the last one.

    What was recorded just before it belongs to it, since by itself it asks nobody to come at another time:
    a session that was cancelled goes out with the one that takes its place.
    """
    number = len(course.revisions) - 1
    while number > 1 and course.revisions[number - 1].kind == "recorded":
        number -= 1
    return number


def changed_at(course: Course, booking: Booking, revision: int) -> datetime:
    """Return the moment of the revision that last changed what is told of a booking, in UTC, or say how to give it."""
    at = course.revisions[revision].at
    if at is None:
        raise CannotWrite(
            what=f"Revision {revision} of this course does not say when it was made.",
            where=f"{booking.kind} {booking.id[:40]}",
            why="a calendar or a clinic system takes the newer state of a booking by its stamp",
            fix="make it with plan(..., at=...), an aware datetime; `ketsched` does so itself",
        )
    return at


def own_since(course: Course) -> dict[str, int]:
    """Return the first revision in which each task was more to a patient than a line of its session's event."""
    kinds = {companion.id: companion.kind for companion in course.protocol.companions}
    tasks = [placed.id for placed in course.companions if kinds[placed.companion] == "task"]
    found: dict[str, int] = {}
    if not tasks:
        return found
    bookings = course.bookings()

    def find(number: int, names: Iterable[str]) -> None:
        for name in names:
            task = bookings.get(name)
            if isinstance(task, PlacedCompanion) and not _is_line_of(bookings.get(task.session), task):
                found[name] = number

    for number in range(len(course.revisions) - 1, 0, -1):
        changes = course.revisions[number].changes
        if changes:
            touched = {changed.booking for changed in changes}
            find(
                number,
                (name for name in tasks if name in touched or _session_of(bookings.get(name)) in touched),
            )
        for changed in changes:
            if changed.before is None:
                bookings.pop(changed.booking, None)
            else:
                bookings[changed.booking] = changed.before
    find(0, tasks)
    return found


def _session_of(task: Booking | None) -> str:
    return task.session if isinstance(task, PlacedCompanion) else ""


def _is_line_of(session: Booking | None, task: PlacedCompanion) -> bool:
    """Whether a session's description tells a task; what is still to be done is not lost with a session that is off."""
    if not isinstance(session, Session) or not is_in_calendars(session) or session.day != task.day:
        return False
    return session.status.stands or not task.status.stands
