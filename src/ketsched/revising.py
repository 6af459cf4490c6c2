"""
The next revision of a course: what changed its start, end, place or status gets its number.

Every change that is given out goes through here, so that calendars see which bookings
changed and which did not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, TypeVar

import attrs

from ketsched.errors import InvalidInput
from ketsched.model import (
    BESIDES,
    Besides,
    Booking,
    BookingStatus,
    Change,
    Changed,
    Course,
    PlacedCompanion,
    Protocol,
    Revision,
    Session,
    joined,
)

AnyBooking = TypeVar("AnyBooking", bound=Booking)


def revise(
    course: Course,
    *,
    at: datetime | None,
    kind: str = "replanned",
    sessions: Iterable[Session] | None = None,
    companions: Iterable[PlacedCompanion] | None = None,
    why: Mapping[str, str] | str = "",
    instead: Mapping[str, str] | None = None,
    causes: Mapping[str, str] | None = None,
    **others: Any,
) -> Course:
    """
    Return the course with other bookings, as its next revision; in order of time, whatever order they come in.

    Bookings that are new, or whose start, end, place or status changed, get the revision's
    number; the others keep theirs. If nothing at all changed, the course is returned as it is.

    Args:
        course: As it was given out last.
        at: The moment of the revision, aware, not before the last one; None if the course has none.
        kind: What it is, one of REVISION_KINDS.
        sessions: All sessions; None: as they are.
        companions: All appointments and tasks; None: as they are.
        why: The reason for the whole revision, or for each booking by its id.
        instead: For a new booking the id of the one in whose place it came, which is closed.
        causes: Why bookings could not stand as they were, each one of CAUSES, by id.
        others: Further attributes of the revision (`what`, `who`, `remarks`), and of the course.
    """
    last = course.revisions[-1].at
    reasons, reason = ({}, why) if isinstance(why, str) else (why, "")
    about = {name: others.pop(name) for name in ("what", "who", "remarks") if name in others}
    about["remarks"] = tuple(about.get("remarks", ()))
    revision = Revision(at=at, kind=kind, why=reason, **about)
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
            what="a revision without a moment" if revision.at is None else f"a revision at {revision.at}",
            where="at",
            why=f"the last one was at {last}, and calendars take the newer state by its stamp",
            fix="give a later moment",
        )
    after: tuple[Booking, ...] = (*changed["sessions"], *changed["companions"])
    was = besides_bookings(course)
    revision = attrs.evolve(
        revision,
        changes=tuple(_changes(before, after, why=reasons, instead=instead or {}, cause=causes or {})),
        besides=Besides.of(was, {name: changed.get(name, value) for name, value in was.items()}),
    )
    return attrs.evolve(course, **changed, revisions=(*course.revisions, revision))


def tell_besides(before: Course, after: Course) -> Course:
    """Return a course whose last revision tells what it changed besides bookings, against the course before it."""
    last = attrs.evolve(
        after.revisions[-1], besides=Besides.of(besides_bookings(before), besides_bookings(after))
    )
    return attrs.evolve(after, revisions=(*after.revisions[:-1], last))


def besides_bookings(course: Course) -> dict[str, Any]:
    """Return what a course has besides its bookings, as `Besides` tells of it."""
    return {name: getattr(course, name) for name in BESIDES}


def _changes(
    before: Mapping[str, Booking], after: Iterable[Booking], **about: Mapping[str, str]
) -> Iterator[Changed]:
    """Yield every booking that is new or another than it was, as it was, with what is known about it by its id."""
    new = [booking for booking in after if before.get(booking.id) is not booking]
    for booking in sorted(new, key=lambda booking: booking.when):
        name = booking.id
        if before.get(name) != booking:
            told = {what: known[name] for what, known in about.items() if name in known}
            yield Changed(booking=name, before=before.get(name), **told)


def _state(booking: Booking, protocol: Protocol) -> tuple[Any, ...]:
    """Return what a calendar shows of a booking, and a client must not miss."""
    place, minutes = booking.place_and_minutes(protocol)
    return booking.day, booking.time, place, booking.status, minutes


def in_order(bookings: Iterable[AnyBooking]) -> tuple[AnyBooking, ...]:
    """Return bookings in order of time."""
    return tuple(sorted(bookings, key=lambda booking: booking.when))


def difference(course: Course, earlier: int, later: int) -> tuple[Change, ...]:
    """
    Return what changed from one revision to another, with the reason that was given last; the first one is 0.

    Raises:
        InvalidInput: The earlier one comes after the other, or one of them cannot be shown.
    """
    then, now = course.at_revision(earlier), course.at_revision(later)
    if later < earlier:
        raise InvalidInput(
            what=f"from revision {earlier + 1} back to {later + 1}",
            why="a change leads from an earlier revision to a later one",
            fix=f"give {later + 1} before {earlier + 1}",
            argument="earlier",
        )
    before = then.bookings()
    changed = [c for revision in course.revisions[earlier + 1 : later + 1] for c in revision.changes]
    reasons = {c.booking: c.why for c in changed}
    changes = [
        Change(booking=name, why=reasons.get(name, ""), before=before.get(name), after=booking)
        for name, booking in now.bookings().items()
        if before.get(name) != booking
    ]
    return joined(changes, {c.booking: c.instead for c in changed if c.instead})


def before_its_outcome(course: Course, session: Session) -> Session:
    """Return a session as it was before anything was recorded of it, to be firm again."""
    for revision in reversed(course.revisions):
        for changed in revision.changes:
            was = changed.before
            if isinstance(was, Session) and was.id == session.id and _is_to_come(was):
                return attrs.evolve(was, status=BookingStatus.FIRM, revised=session.revised)
    # One that was never booked has no day to go back to.
    status = BookingStatus.FIRM if session.booked else BookingStatus.CLOSED
    return attrs.evolve(session, status=status, counts=session.booked)


def came_instead(course: Course) -> dict[str, str]:
    """Return for each booking that came in the place of another, which was closed for it, the id of that one."""
    changes = (changed for revision in course.revisions for changed in revision.changes)
    return {changed.booking: changed.instead for changed in changes if changed.instead}


def by_agreement(course: Course, sessions: Iterable[Session]) -> list[Session]:
    """
    Return sessions by how long ago they were agreed; of those made at once those moved by hand first, then by time.

    One that came in the place of another was agreed when that was. One that somebody added by hand was wanted for
    itself, and comes before all others.
    """
    changes = [changed for revision in course.revisions for changed in revision.changes]
    made: dict[str, Booking] = course.bookings()
    made |= {c.booking: c.before for c in reversed(changes) if c.before is not None}
    instead = came_instead(course)

    def since(session: Session) -> int:
        first, left = made[session.id], dict(instead)
        while first.id in left:
            first = made[left.pop(first.id)]
        by_hand = isinstance(first, Session) and first.pinned and first.revised[0]
        return -1 if by_hand else first.revised[0]

    return sorted(sessions, key=lambda session: (since(session), not session.pinned, session.when))


BY_HAND = ("moved", "replanned", "recorded and replanned")
"""Kinds of revisions in which a day can have been chosen by hand: it is pinned from then on."""


def days_moved_from(course: Course) -> frozenset[date]:
    """
    Return the days that sessions were moved away from by hand: this patient gets none of them again by itself.

    A day that a session was put on later, by hand or by taking the move back, is no longer among them.
    A change of the hour alone leaves no day.
    """
    after: dict[str, Booking] = course.bookings()
    steps: list[tuple[bool, list[tuple[Booking | None, Booking]]]] = []
    for revision in reversed(course.revisions):
        steps.append((revision.kind in BY_HAND, [(c.before, after[c.booking]) for c in revision.changes]))
        after |= {c.booking: c.before for c in revision.changes if c.before is not None}
    left: set[date] = set()
    for by_hand, changes in reversed(steps):
        put = [(was, now) for was, now in changes if isinstance(now, Session) and _is_to_come(now)]
        moved = [(was, now) for was, now in put if was is None or not was.status.stands or was.day != now.day]
        if by_hand:
            left |= {was.day for was, now in moved if was is not None and now.pinned and _is_to_come(was)}
        left -= {now.day for _, now in moved}
    return frozenset(left)


def _is_to_come(booking: Booking) -> bool:
    """Whether a booking stands and nothing was recorded of it."""
    return booking.status.stands and booking.status is not BookingStatus.FULFILLED


@attrs.frozen(kw_only=True)
class Consequences:
    """
    What a change of holds, outcomes, payers or appointments meant for a course; it adds and moves no session.

    Attributes:
        unsure: Sessions to come that are now to be confirmed.
        firm: Sessions to come that no longer are.
        added, moved, closed: Appointments and tasks.
        turned: How many appointments and tasks became firm, or to be confirmed, with their sessions.
        confirms: Whether anything changed that holds sessions up, even if no session did.
    """

    unsure: tuple[Session, ...]
    firm: tuple[Session, ...]
    added: tuple[PlacedCompanion, ...]
    moved: tuple[PlacedCompanion, ...]
    closed: tuple[PlacedCompanion, ...]
    turned: int
    confirms: bool


def consequences(before: Course, after: Course, *, as_of: date) -> Consequences:
    """Return what became of a course; sessions before today are left aside."""
    once = {session.id: session.status for session in before.sessions}
    known = {placed.id: placed for placed in before.companions}
    became = [s for s in after.standing() if s.status is not once[s.id]]
    ahead = [session for session in became if session.day >= as_of]
    old = [(placed, known[placed.id]) for placed in after.companions if placed.id in known]
    waiting = {BookingStatus.FIRM, BookingStatus.TENTATIVE}
    return Consequences(
        unsure=tuple(session for session in ahead if session.status is BookingStatus.TENTATIVE),
        firm=tuple(session for session in ahead if session.status is BookingStatus.FIRM),
        added=tuple(placed for placed in after.companions if placed.id not in known),
        moved=tuple(p for p, was in old if p.status.stands and (p.day, p.time) != (was.day, was.time)),
        closed=tuple(p for p, was in old if was.status.stands and not p.status.stands),
        turned=sum({p.status, was.status} == waiting for p, was in old),
        confirms=_holding_up(before) != _holding_up(after) or bool(became),
    )


def _holding_up(course: Course) -> tuple[Any, ...]:
    outcomes = {placed.id: placed.outcome for placed in course.companions if placed.outcome is not None}
    return course.holds, course.authorisations, outcomes
