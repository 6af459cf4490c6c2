"""
What makes sessions to be confirmed: holds, outcomes and payers, and the statuses that follow.

A session is *to be confirmed* while a clinician's hold stands for it, while the outcome of an
appointment before it (a screening, a review) has not been recorded or was of another time, or
while no authorisation pays for it. The library judges none of these: somebody records them, with
a name and a date. What was arranged for the day and the hour of a session is forgotten with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import attrs

from ketsched.agenda import Agenda
from ketsched.anchors import anchor_of, anchors, is_within
from ketsched.arguments import checked
from ketsched.errors import InvalidInput, refuse_first
from ketsched.model import (
    Authorisation,
    BookingStatus,
    Companion,
    Course,
    Decision,
    Hold,
    PlacedCompanion,
    Session,
)
from ketsched.names import in_days
from ketsched.nearness import did_you_mean
from ketsched.revising import AnyBooking, revise


def tentative_reasons(
    course: Course | Agenda, bookings: Iterable[PlacedCompanion] | None = None
) -> dict[str, tuple[str, ...]]:
    """
    Return why sessions are to be confirmed, by their id, in words for the clinic.

    Sessions that do not stand or were given are left out, and so are those that nothing holds up.

    Args:
        course: The course.
        bookings: Its appointments and tasks, if not those that it has.
    """
    if not (course.holds or course.authorisations or any(c.gate for c in course.protocol.companions)):
        return {}
    open_sessions = [s for s in course.standing() if s.status is not BookingStatus.FULFILLED]
    found: dict[str, list[str]] = {session.id: [] for session in open_sessions}
    for hold in course.holds:
        for session in open_sessions:
            if hold.stands and _holds(hold, session):
                found[session.id].append(f"hold {hold.id} by {hold.who}: {hold.reason}")
    around = course.companions if bookings is None else tuple(bookings)
    for placed, companion in _gates(course, around):
        said, own = _open_because(placed), placed.session
        if not said:
            said, own = outdated_because(course, placed, companion, around)
        for session in open_sessions if said else ():
            if _governs(course, placed, own, session):
                found[session.id].append(f"{companion.title} of {placed.day} {said}")
    for session_id in unauthorised(course):
        if session_id in found:
            found[session_id].append("no authorisation")
    return {session_id: tuple(why) for session_id, why in found.items() if why}


def _holds(hold: Hold, session: Session) -> bool:
    return session.id in hold.sessions if hold.sessions else session.day >= hold.since


def _gates(
    course: Course | Agenda, bookings: Iterable[PlacedCompanion]
) -> Iterator[tuple[PlacedCompanion, Companion]]:
    definitions = {companion.id: companion for companion in course.protocol.companions if companion.gate}
    for placed in bookings:
        companion = definitions.get(placed.companion)
        if companion is not None and placed.status is not BookingStatus.CLOSED:  # missed: still to come
            yield placed, companion


def _open_because(gate: PlacedCompanion) -> str:
    """Say why a gate lets nothing through; empty if it was decided to go on."""
    if gate.outcome is None:
        return "has no outcome yet"
    outcome = gate.outcome
    return f"said stop ({outcome.who}, {outcome.on})" if outcome.what == "stop" else ""


def outdated_because(
    course: Course | Agenda,
    gate: PlacedCompanion,
    companion: Companion,
    bookings: Sequence[PlacedCompanion],
) -> tuple[str, str]:
    """
    Say why what a gate decided does not hold any more, and the id of the session that has moved away from it.

    Only a session to come can still be waited for. The decision counts as of the appointment's day or of its
    own, whichever lies in the window: recorded again on a later day it holds again. Empty if it holds.
    """
    anchored = anchor_of(gate, anchors(companion, course.standing(), bookings), companion)
    session = next((s for s in course.standing() if anchored is not None and s.id == anchored.session), None)
    if anchored is None or session is None or session.status is BookingStatus.FULFILLED:
        return "", ""
    days = (gate.day, gate.day if gate.outcome is None else gate.outcome.on)
    if anchored.day <= gate.day or any(is_within(companion, anchored, day) for day in days):
        return "", ""
    away = (anchored.day - gate.day).days
    said = f"is {in_days(away)} before {companion.anchor.words()} ({anchored.day}), outside its window"
    return said, session.id


def _governs(course: Course | Agenda, gate: PlacedCompanion, own_id: str, session: Session) -> bool:
    """Whether a session comes after the one that a gate goes with, or is that one and the gate lies before it."""
    own = next((s for s in course.sessions if s.id == own_id), None)
    if own is None:
        return session.day >= gate.day
    if session.id == own.id:
        return gate.day < own.day
    return session.when > own.when


def unauthorised(course: Course | Agenda) -> tuple[str, ...]:
    """Return the ids of the standing sessions that some authorisation could pay for and none does, in order."""
    left = [authorisation.sessions for authorisation in course.authorisations]
    without = []
    for session in course.standing():
        matching = [n for n, a in enumerate(course.authorisations) if a.scope in ("", session.phase)]
        payer = next((n for n in matching if left[n] and _pays(course.authorisations[n], session.day)), None)
        if payer is not None:
            left[payer] -= 1
        elif matching:
            without.append(session.id)
    return tuple(without)


def _pays(authorisation: Authorisation, day: date) -> bool:
    first, until = authorisation.first, authorisation.until
    return (first is None or first <= day) and (until is None or day <= until)


def with_statuses(
    course: Course, *, before: Course | None = None, bookings: Iterable[PlacedCompanion] | None = None
) -> tuple[tuple[Session, ...], tuple[PlacedCompanion, ...]]:
    """
    Return the bookings of a course with the states that its holds, outcomes and authorisations give them.

    A session that was to be confirmed for no reason known here stays so. What goes with a session
    to be confirmed is so too, unless it decides about it or leads up to it on an earlier day, or was
    confirmed by hand: it stays firm as long as it stays where it is and its session is to be confirmed.

    Args:
        course: With the holds, outcomes and authorisations that are to count.
        before: As it was until now; its reasons are those that may have gone.
        bookings: Its appointments and tasks, if not those that it has.
    """
    around = course.companions if bookings is None else tuple(bookings)
    now, once = tentative_reasons(course, around), tentative_reasons(before) if before is not None else {}

    unexplained = {session_id for stop in course.holds for session_id in stop.already}

    def of_session(session: Session) -> BookingStatus:
        if session.id in now:
            return BookingStatus.TENTATIVE
        frees = session.id in once and session.id not in unexplained
        return BookingStatus.FIRM if frees and session.status is BookingStatus.TENTATIVE else session.status

    sessions = tuple(_with(session, of_session(session)) for session in course.sessions)
    unsure = {session.id: session for session in sessions if session.status is BookingStatus.TENTATIVE}
    gates = {companion.id for companion in course.protocol.companions if companion.gate}
    confirmed = _confirmed_by_hand(before) if before is not None else set()

    def of_companion(placed: PlacedCompanion) -> BookingStatus:
        if placed.status not in (BookingStatus.FIRM, BookingStatus.TENTATIVE):
            return placed.status
        waits = _waits(placed, unsure) and placed.companion not in gates
        return (
            BookingStatus.TENTATIVE
            if waits and not (placed.pinned and placed.id in confirmed)
            else BookingStatus.FIRM
        )

    return sessions, tuple(_with(placed, of_companion(placed)) for placed in around)


def _confirmed_by_hand(course: Course) -> set[str]:
    """Return the ids of appointments that are firm although what they go with is to be confirmed."""
    unsure = {s.id: s for s in course.sessions if s.status is BookingStatus.TENTATIVE}
    gates = {companion.id for companion in course.protocol.companions if companion.gate}
    firm = (p for p in course.companions if p.pinned and p.status is BookingStatus.FIRM)
    return {placed.id for placed in firm if placed.companion not in gates and _waits(placed, unsure)}


def _waits(placed: PlacedCompanion, unsure: Mapping[str, Session]) -> bool:
    """Whether a booking goes with a session to be confirmed, and does not lead up to it."""
    session = unsure.get(placed.session)
    return session is not None and placed.day >= session.day


def _with(booking: AnyBooking, status: BookingStatus) -> AnyBooking:
    return booking if booking.status is status else attrs.evolve(booking, status=status)


@checked
def hold(
    course: Course,
    *,
    reason: str,
    who: str,
    since: date,
    sessions: tuple[str, ...] = (),
    at: datetime | None,
) -> Course:
    """
    Return the course with a clinician's hold: its sessions are to be confirmed until it is lifted.

    Args:
        course: The course.
        reason: In the clinician's words, for the clinic.
        who: Who decided it.
        since: First day whose sessions it holds.
        sessions: Ids of the sessions it holds; empty: all from `since` on.
        at: The moment of the revision.

    Raises:
        InvalidInput: A session is not one of the course.
    """
    for session in sessions:
        _check_session(course, session)
    taken = {known.id for known in course.holds}
    name = next(f"h{n}" for n in range(1, len(taken) + 2) if f"h{n}" not in taken)
    known = tentative_reasons(course)
    unsure = (s.id for s in course.sessions if s.status is BookingStatus.TENTATIVE and s.id not in known)
    added = Hold(id=name, reason=reason, who=who, since=since, sessions=sessions, already=tuple(unsure))
    return _changed(course, at, "held", who=who, holds=(*course.holds, added))


@checked
def release(course: Course, hold_id: str, *, who: str, on: date, at: datetime | None) -> Course:
    """Return the course with a hold lifted, by somebody, on a local date."""
    standing = [hold.id for hold in course.holds if hold.stands]
    _check_named(hold_id, standing, "hold", "There is no active hold {}.", "active: {}")
    holds = tuple(
        attrs.evolve(known, lifted_by=who, lifted_on=on) if known.id == hold_id else known
        for known in course.holds
    )
    return _changed(course, at, "released", who=who, holds=holds)


@checked
def authorise(course: Course, authorisation: Authorisation, *, at: datetime | None) -> Course:
    """Return the course with one more authorisation, which pays after those it has."""
    return _changed(course, at, "authorised", authorisations=(*course.authorisations, authorisation))


@checked
def decide(course: Course, companion_id: str, outcome: Decision, *, at: datetime | None) -> Course:
    """Return the course with the outcome of an appointment, which thereby took place."""
    gates = {companion.id for companion in course.protocol.companions if companion.gate}
    waiting = [p.id for p in course.companions if p.companion in gates and p.status.stands]
    _check_named(companion_id, waiting, "companion", "Nothing waits for {}.", "waited for: {}")
    companions = tuple(
        attrs.evolve(p, outcome=outcome, status=BookingStatus.FULFILLED) if p.id == companion_id else p
        for p in course.companions
    )
    what = f"decided: {outcome.what}"
    return _changed(course, at, "decided", what=what, who=outcome.who, companions=companions)


@checked
def ride(course: Course, session_id: str, known: str, *, at: datetime | None) -> Course:
    """
    Return the course with what is known of a session's ride home: "confirmed", "none", "self" or "" (nothing).

    A task about the ride of that session is done once the ride is confirmed.
    """
    _check_session(course, session_id)
    sessions = tuple(attrs.evolve(s, ride=known) if s.id == session_id else s for s in course.sessions)
    tasks = {c.id for c in course.protocol.companions if c.kind == "task" and c.topic == "ride"}
    companions = tuple(
        _with(placed, BookingStatus.FULFILLED if known == "confirmed" else _not_done(placed))
        if placed.companion in tasks and placed.session == session_id and placed.status.stands
        else placed
        for placed in course.companions
    )
    changed = attrs.evolve(course, sessions=sessions, companions=companions)
    _, companions = with_statuses(changed, before=course)
    return revise(course, at=at, kind="ride", sessions=sessions, companions=companions)


@checked
def done(course: Course, companion_id: str, *, at: datetime | None) -> Course:
    """Return the course with a task done, or an appointment that took place and decides nothing."""
    gates = {companion.id for companion in course.protocol.companions if companion.gate}
    can = [p.id for p in course.companions if p.status.stands and p.companion not in gates]
    why = "tasks and appointments that stand are {}; what decides about sessions has an outcome"
    _check_named(companion_id, can, "companion", "{} cannot be recorded as done", why)
    companions = tuple(
        _with(p, BookingStatus.FULFILLED) if p.id == companion_id else p for p in course.companions
    )
    return revise(course, at=at, kind="done", companions=companions)


def is_over(companion: Companion, session: Session) -> bool:
    """
    Whether a task of a session is over with it, done or not.

    Once the session was given, what was due until then; what is due afterwards, such as a form, remains. Of a
    session that does not take place nothing remains.
    """
    if companion.kind != "task":
        return False
    if session.status is BookingStatus.FULFILLED:
        return companion.window.latest <= 0
    return not session.status.stands


ARRANGED = ("ride", "peer monitor")
"""Topics of tasks by which somebody was asked to come on the day and at the hour of a session."""


def without_old_rides(course: Course, before: Course) -> Course:
    """
    Return a course with nothing known of the rides home of sessions to come that were moved since a state before.

    Who drives on one day need not on another, nor at another hour: what was arranged is open again.
    """
    once = {session.id: session for session in before.sessions}

    def is_moved(session: Session) -> bool:
        was = once.get(session.id)
        open_still = session.status.stands and session.status is not BookingStatus.FULFILLED
        return open_still and was is not None and (was.day, was.time) != (session.day, session.time)

    moved = {session.id for session in course.sessions if is_moved(session)}
    tasks = {c.id for c in course.protocol.companions if c.kind == "task" and c.topic in ARRANGED}
    sessions = tuple(attrs.evolve(s, ride="") if s.ride and s.id in moved else s for s in course.sessions)
    companions = tuple(
        _with(p, _not_done(p)) if p.companion in tasks and p.session in moved else p
        for p in course.companions
    )
    if (sessions, companions) == (course.sessions, course.companions):
        return course
    return attrs.evolve(course, sessions=sessions, companions=companions)


def _not_done(placed: PlacedCompanion) -> BookingStatus:
    return BookingStatus.FIRM if placed.status is BookingStatus.FULFILLED else placed.status


def _check_named(name: str, known: Sequence[str], where: str, what: str, why: str) -> None:
    """Refuse a name that is none of those known, of which the first are told."""
    some = (", ".join(known[:8]) + (" ..." if len(known) > 8 else "")) or "none"
    fix = did_you_mean(name, known) or "name one of these" if known else "there is nothing to name here"
    fault = (name not in known, where, what.format(repr(name[:40])), why.format(some), fix)
    refuse_first(InvalidInput, where, (fault,))


def _check_session(course: Course, name: str) -> None:
    known = [session.id for session in course.sessions]
    _check_named(name, known, "session", "There is no session {}.", "the course has {}")


def _changed(course: Course, at: datetime | None, kind: str, **attributes: Any) -> Course:
    """
    Return the next revision, with the states that follow from what changed.

    Args:
        course: As it was.
        at: The moment of the revision.
        kind: What it is.
        attributes: What it did in words (`what`) and who did it (`who`); and the attributes of the course that changed.
    """
    about = {name: attributes.pop(name) for name in ("what", "who") if name in attributes}
    changed = attrs.evolve(course, **attributes)
    sessions, companions = with_statuses(changed, before=course)
    attributes.pop("companions", None)
    return revise(course, at=at, kind=kind, sessions=sessions, companions=companions, **about, **attributes)
