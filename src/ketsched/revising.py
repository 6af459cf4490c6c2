"""
The next revision of a course: what changed its start, end, place or status gets its number.

Every change that is given out goes through here, so that calendars see which bookings
changed and which did not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

import attrs

from ketsched.errors import InvalidInput
from ketsched.model import Booking, Changed, Course, PlacedCompanion, Protocol, Revision, Session

AnyBooking = TypeVar("AnyBooking", bound=Booking)


def revised(
    course: Course,
    *,
    at: datetime | None,
    what: str,
    sessions: Iterable[Session] | None = None,
    companions: Iterable[PlacedCompanion] | None = None,
    why: Mapping[str, str] | str = "",
    who: str = "",
    remarks: Iterable[str] = (),
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
        why: The reason for the whole revision, or for each booking by its id.
        who: Who did it.
        remarks: What a clinician should know of it.
        others: Further attributes of Course.
    """
    last = course.revisions[-1].at
    reasons, reason = ({}, why) if isinstance(why, str) else (why, "")
    revision = Revision(at=at, what=what, who=who, why=reason, remarks=tuple(remarks))
    protocol = others.get("protocol", course.protocol)
    number = len(course.revisions)
    before = course.bookings()

    def numbered(booking: AnyBooking) -> AnyBooking:
        if before.get(booking.id) is booking and protocol is course.protocol:
            return booking
        numbers = numbers_of(before.get(booking.id), booking)
        return booking if booking.revised == numbers else attrs.evolve(booking, revised=numbers)

    def numbers_of(was: Booking | None, now: Booking) -> tuple[int, ...]:
        if was is None:
            return (number,)
        same = _state(was, course.protocol) == _state(now, protocol)
        return was.revised if same else (*was.revised, number)

    changed = {
        "sessions": in_order(map(numbered, course.sessions if sessions is None else sessions)),
        "companions": in_order(map(numbered, course.companions if companions is None else companions)),
        **others,
    }
    if all(getattr(course, name) == value for name, value in changed.items()):
        return course
    if last is not None and (revision.at is None or revision.at < last):
        raise InvalidInput(
            what=f"a revision at {revision.at}",
            where="at",
            why=f"the last one was at {last}, and calendars take the newer state by its stamp",
            fix="give a later moment",
        )
    after: tuple[Booking, ...] = (*changed["sessions"], *changed["companions"])
    revision = attrs.evolve(revision, changes=tuple(_changes(before, after, reasons)))
    return attrs.evolve(course, **changed, revisions=(*course.revisions, revision))


def _changes(
    before: Mapping[str, Session | PlacedCompanion],
    after: Iterable[Booking],
    reasons: Mapping[str, str],
) -> Iterator[Changed]:
    """Yield every booking that is new or another than it was, as it was."""
    new = [booking for booking in after if before.get(booking.id) is not booking]
    for booking in sorted(new, key=lambda booking: booking.when):
        was = before.get(booking.id)
        if was != booking:
            yield Changed(booking=booking.id, why=reasons.get(booking.id, ""), before=was)


def _state(booking: Booking, protocol: Protocol) -> tuple[Any, ...]:
    """Return what a calendar shows of a booking, and a client must not miss."""
    place, minutes = booking.place_and_minutes(protocol)
    return booking.day, booking.time, place, booking.status, minutes


def in_order(bookings: Iterable[AnyBooking]) -> tuple[AnyBooking, ...]:
    """Return bookings in order of time."""
    return tuple(sorted(bookings, key=lambda booking: booking.when))
