"""Appointments and tasks of sessions that come to nothing, or take place after all; and why some were closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import attrs

from ketsched.anchors import anchors
from ketsched.clock import day_words
from ketsched.model import BookingStatus, Companion, Course, PlacedCompanion, Protocol

_TAKING = (BookingStatus.FIRM, BookingStatus.TENTATIVE)


def follow_outcomes(course: Course, before: Course, today: date) -> tuple[PlacedCompanion, ...]:
    """
    Return what goes with each session as what was recorded of the sessions leaves it.

    What was still to come of a session that came to nothing is closed, and comes back if that takes place after all;
    what was taken off by hand stays off.

    Args:
        course: With what became of its sessions.
        before: As it was until now.
        today: The local date at the clinic: what is until then stays as it is.
    """
    once, now = ({s.id for s in one.standing()} for one in (before, course))

    def followed(placed: PlacedCompanion) -> PlacedCompanion:
        own = _is_of_each(course.protocol, course.protocol.companion(placed.companion))
        if not own or placed.pinned or placed.day <= today:
            return placed
        if placed.session in once - now and placed.status in _TAKING:
            return attrs.evolve(placed, status=BookingStatus.CLOSED)
        if placed.session in now - once and placed.status is BookingStatus.CLOSED:
            return attrs.evolve(placed, status=BookingStatus.FIRM)
        return placed

    return tuple(map(followed, course.companions))


def _is_of_each(protocol: Protocol, companion: Companion) -> bool:
    """Whether there is one for each session: of its own, or with another that is."""
    while companion.anchor.companion is not None:
        companion = protocol.companion(companion.anchor.companion)
    return companion.anchor.every == 1


def closed_because(
    before: Course, after: Course, bookings: Sequence[PlacedCompanion] | None = None
) -> dict[str, str]:
    """Return why appointments and tasks were closed, by their ids; `bookings` are those after, if they are known."""
    return dict(_closed(before, after, after.companions if bookings is None else bookings))


def _closed(before: Course, after: Course, bookings: Sequence[PlacedCompanion]) -> Iterator[tuple[str, str]]:
    once = {placed.id: placed.status for placed in before.companions}
    sessions, standing = {session.id: session for session in after.sessions}, after.standing()
    for placed in bookings:
        if placed.status.stands or not once.get(placed.id, placed.status).stands:
            continue
        companion = after.protocol.companion(placed.companion)
        anchored = {one.key: one for one in anchors(companion, standing, bookings)}
        key = placed.id.removeprefix(f"{companion.id}:")
        found = anchored.get(key) or anchored.get(key.rpartition(":")[0])
        own = sessions.get(placed.session)
        if found is not None:
            first, last = (
                found.day + timedelta(days) for days in (companion.window.earliest, companion.window.latest)
            )
            yield placed.id, f"no day is free for it from {day_words(first)} to {day_words(last)}"
        elif own is not None and not own.status.stands:
            yield placed.id, "no longer needed"
        else:
            yield placed.id, f"nothing is left to count it from ({companion.anchor.words()})"
