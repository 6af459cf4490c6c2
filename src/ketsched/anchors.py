"""
What the companions of a course are counted from, and the notices beside its sessions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

import attrs

from ketsched.agenda import Agenda
from ketsched.clock import later
from ketsched.model import Anchor, Companion, Course, PlacedCompanion, Session
from ketsched.moments import Moments


@attrs.frozen
class AnchorDay:
    """
    One thing that a companion of a course is counted from.

    Attributes:
        key: What it is called in the ids of bookings: the id of a session (each one) or of another booking,
            or "start", "end", "session3", "day13".
        day: Local date.
        session: Id of the session that a booking counted from it goes with.
    """

    key: str
    day: date
    session: str


def anchors(
    companion: Companion, standing: Sequence[Session], bookings: Iterable[PlacedCompanion]
) -> tuple[AnchorDay, ...]:
    """
    Return what a companion is counted from, in order of time.

    Args:
        companion: The companion.
        standing: All sessions of the course that stand, in order of time.
        bookings: Those of other companions.
    """
    anchor = companion.anchor
    if anchor.companion is not None:
        found = [p for p in bookings if p.companion == anchor.companion and p.status.stands]
        found.sort(key=lambda placed: placed.when)
        return tuple(AnchorDay(placed.id, placed.day, placed.session) for placed in found)
    if anchor.phase:
        standing = [session for session in standing if session.phase == anchor.phase]
    return tuple(_of_sessions(anchor, standing))


def anchor_of(
    placed: PlacedCompanion, anchored: Sequence[AnchorDay], companion: Companion
) -> AnchorDay | None:
    """Return which of the days that a companion is counted from a booking of it is counted from: its id says so."""
    key = placed.id.removeprefix(f"{companion.id}:")
    keys = (key, key.rpartition(":")[0])
    named = next((one for one in anchored if one.key in keys), None)
    return named or next((one for one in anchored if one.session == placed.session), None)


def is_within(companion: Companion, anchored: AnchorDay, day: date) -> bool:
    """Whether a day lies in the window that a companion has from an anchor; what goes on has no last day."""
    after, window = (day - anchored.day).days, companion.window
    return window.earliest <= after and (companion.count is None or after <= window.latest)


def _of_sessions(anchor: Anchor, standing: Sequence[Session]) -> Iterator[AnchorDay]:
    if not standing:
        return
    if anchor.study_day is not None:
        day = standing[0].day + timedelta(anchor.study_day - 1)
        with_session = [session for session in standing if session.day <= day][-1]
        yield AnchorDay(f"day{anchor.study_day}", day, with_session.id)
        return
    counting = [session for session in standing if session.counts]
    if anchor.every is not None:
        each = [session for session in standing if session.booked] if anchor.every == 1 else counting
        yield from (AnchorDay(s.id, s.day, s.id) for s in each[anchor.every - 1 :: anchor.every])
        return
    # Whichever session is the first, the last or the third: what is counted from it stays the same booking.
    if anchor.edge is not None:
        key, chosen = anchor.edge, standing[:1] if anchor.edge == "start" else standing[-1:]
    else:
        number = anchor.session or 1
        key, chosen = f"session{number}", counting[number - 1 : number]
    yield from (AnchorDay(key, session.day, session.id) for session in chosen)


def notices(course: Course | Agenda) -> dict[str, tuple[Companion, ...]]:
    """Return the notices that hold beside each standing session, by its id; sessions without any are left out."""
    found: dict[str, list[Companion]] = {}
    standing = course.standing()
    for companion in course.protocol.companions:
        if companion.kind == "notice":
            for anchored in anchors(companion, standing, course.companions):
                found.setdefault(anchored.session, []).append(companion)
    return {session: tuple(companions) for session, companions in found.items()}


def notice_times(notice: Companion, at: Moments | None) -> tuple[datetime | None, datetime | None]:
    """Return since when and until when a notice holds; None where it says no time."""
    if at is None:
        return None, None
    return (
        None if notice.before is None else later(at.treatment, timedelta(minutes=-notice.before)),
        None if notice.after is None else later(at.treated, timedelta(minutes=notice.after)),
    )
