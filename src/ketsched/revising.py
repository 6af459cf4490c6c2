"""
The next revision of a course: what changed its start, end, place or status gets its number.

Every change that is given out goes through here, so that calendars see which bookings
changed and which did not.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any, TypeVar

import attrs

from ketsched.errors import InvalidInput
from ketsched.model import Course, PlacedCompanion, Protocol, Revision, Session

Booking = TypeVar("Booking", Session, PlacedCompanion)


def revised(
    course: Course,
    *,
    at: datetime | None,
    what: str,
    sessions: Iterable[Session] | None = None,
    companions: Iterable[PlacedCompanion] | None = None,
    **others: Any,
) -> Course:
    """
    Return the course with other bookings, as its next revision; in order of time, whatever order they come in.

    Bookings that are new, or whose start, end, place or status changed, get the revision's
    number; the others keep theirs. If nothing at all changed, the course is returned as it is.

    Args:
        course: As it was given out last.
        at: The moment of the revision, aware, not before the last one; None if the course has none.
        what: What was done, in a word or two.
        sessions: All sessions; None: as they are.
        companions: All appointments and tasks; None: as they are.
        others: Further attributes of Course.
    """
    last = course.revisions[-1].at
    revision = Revision(at=at, what=what)
    if last is not None and (revision.at is None or revision.at < last):
        raise InvalidInput(
            what=f"a revision at {revision.at}",
            where="at",
            why=f"the last one was at {last}, and calendars take the newer state by its stamp",
            fix="give a later moment",
        )
    protocol = others.get("protocol", course.protocol)
    number = len(course.revisions)
    bookings: tuple[Session | PlacedCompanion, ...] = (*course.sessions, *course.companions)
    before = {booking.id: booking for booking in bookings}
    states = {b.id: _state(b, course.protocol) for b in before.values()}

    def numbered(booking: Booking) -> Booking:
        if booking.id not in before:
            return attrs.evolve(booking, revised=(number,))
        same = states[booking.id] == _state(booking, protocol)
        earlier: tuple[int, ...] = before[booking.id].revised
        return attrs.evolve(booking, revised=earlier if same else (*earlier, number))

    changed = {
        "sessions": _in_order(map(numbered, course.sessions if sessions is None else sessions)),
        "companions": _in_order(map(numbered, course.companions if companions is None else companions)),
        **others,
    }
    if all(getattr(course, name) == value for name, value in changed.items()):
        return course
    return attrs.evolve(course, **changed, revisions=(*course.revisions, revision))


def _state(booking: Session | PlacedCompanion, protocol: Protocol) -> tuple[Any, ...]:
    """Return what a calendar shows of a booking, and a client must not miss."""
    if isinstance(booking, PlacedCompanion):
        definition = protocol.companion(booking.companion)
        return booking.day, booking.time, definition.place, booking.status, definition.minutes
    phase = protocol.phase(booking.phase)
    return booking.day, booking.time, booking.place or phase.place, booking.status, phase.anatomy.chair_time


def _in_order(bookings: Iterable[Booking]) -> tuple[Booking, ...]:
    return tuple(sorted(bookings, key=lambda b: (b.day, b.time or time(), b.id)))
