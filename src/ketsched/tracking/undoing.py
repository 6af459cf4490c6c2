"""
What was done by mistake, taken back: an earlier state of a course becomes its newest one.

Nothing is forgotten by it. It is a revision like any other, so calendars follow, and a second one
takes it back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

import attrs

from ketsched.arguments import checked
from ketsched.calendars import Calendar
from ketsched.errors import InvalidInput
from ketsched.hours import Hours, SeatNeed
from ketsched.model import Booking, BookingStatus, Course, PlacedCompanion, Session
from ketsched.planning.blockers import closed_by, hour_closed
from ketsched.planning.free import FreeTime
from ketsched.planning.seating import Seat, free_seat
from ketsched.revising import besides_bookings, revise
from ketsched.tracking.recording import today_of

_WAITING = (BookingStatus.FIRM, BookingStatus.TENTATIVE)


@checked
def undo(
    course: Course,
    *,
    at: datetime | None = None,
    to: int | None = None,
    as_of: date | None = None,
    calendar: Calendar | None = None,
    calendars: Mapping[str, Calendar] | None = None,
    who: str = "",
) -> Course:
    """
    Return the course as it was before its last revision, as its next revision.

    Bookings, visits, holds, authorisations, waivers, the protocol and the end are what they were then. What was
    booked since then is closed, not dropped, and no SEQUENCE goes back. An undo is undone by another one.

    Args:
        course: As it was given out last.
        at: The moment of the revision, aware.
        to: Number of the revision whose state it gets, the first one 0; None: the one before the last.
        as_of: Today, the local date at the clinic; that of `at`, unless given.
        calendar: The clinic's, without this course's own bookings: a session takes its old hour and chair only if
            they are free and open. None: that is not looked at.
        calendars: Of those whose hours appointments need, by name; likewise.
        who: Who decided it.

    Raises:
        InvalidInput: There is no such revision, or what was booked then cannot be any more: its day is past, its hour
            is taken or closed.
    """
    last = len(course.revisions) - 1
    target = last - 1 if to is None else to
    if not 0 <= target < last:
        raise _no_such(target, last)
    today = today_of(course, at, as_of)
    then, besides = course.bookings_at(target), _besides_at(course, target)
    _check_phases(course, then, besides["protocol"], target)
    visits = {visit.session for visit in course.visits} - {visit.session for visit in besides["visits"]}
    known = course.bookings()
    back = {name: _back(now, then.get(name)) for name, now in known.items()}
    for name, booking in [(n, one) for n, one in back.items() if _is_new_there(known[n], one)]:
        _check_day(booking, known[name], today, taken_back=name in visits)
        if booking.day >= today:
            around = [one for one in back.values() if isinstance(one, PlacedCompanion)]
            around = [attrs.evolve(p, status=BookingStatus.CLOSED) if p.id == name else p for p in around]
            own = attrs.evolve(course, companions=tuple(sorted(around, key=lambda placed: placed.when)))
            back[name] = _seated(own, booking, calendar, calendars or {})
    numbers = f"revision {last + 1}" if target == last - 1 else f"revisions {target + 2} to {last + 1}"
    again = ", itself an undo" if target == last - 1 and course.revisions[-1].kind == "undone" else ""
    return revise(
        course,
        at=at,
        kind="undone",
        what=f"undone: {numbers}{again}",
        who=who,
        sessions=[one for one in back.values() if isinstance(one, Session)],
        companions=[one for one in back.values() if isinstance(one, PlacedCompanion)],
        why=dict(_reasons(course, back, then, target)),
        **besides,
    )


def _no_such(target: int, last: int) -> InvalidInput:
    if last == 0:
        return InvalidInput(
            what="the first revision cannot be undone",
            where="course",
            why="there was nothing before it",
            fix="end the course, or move its file away if it was never given out",
            argument="to",
        )
    return InvalidInput(
        what=f"an undo to revision {target + 1}",
        where="to",
        why=f"the course has revisions 1 to {last + 1}, and the last one is what it is now",
        fix=f"give one from 1 to {last}",
        argument="to",
    )


def _besides_at(course: Course, target: int) -> dict[str, Any]:
    """Return what a course had besides its bookings when a revision was given out."""
    found = besides_bookings(course)
    for number in range(len(course.revisions) - 1, target, -1):
        besides = course.revisions[number].besides
        if besides is None:
            raise InvalidInput(
                what=f"revision {number + 1} cannot be undone",
                where="course",
                why="what it changed was not kept: it was made by an earlier version of this library",
                fix="make the change that takes it back: another entry that corrects, a hold lifted, or replan",
                argument="to",
            )
        found = besides.earlier(found)
    return found


def _check_phases(course: Course, then: Mapping[str, Booking], protocol: object, target: int) -> None:
    """Refuse to leave a protocol whose phases have been booked since then: their events would be of nothing known."""
    phases = {phase.name for phase in getattr(protocol, "phases", ())}
    companions = {companion.id for companion in getattr(protocol, "companions", ())}
    made = [one for name, one in course.bookings().items() if name not in then]
    made += then.values()
    if any(one.of not in (phases if isinstance(one, Session) else companions) for one in made):
        raise InvalidInput(
            what=f"an undo to revision {target + 1}, before another protocol",
            where="course",
            why="its bookings have been given out, and the earlier protocol knows nothing of them",
            fix="go over to the earlier protocol again with replan: switch",
            argument="to",
        )


def _back(now: Booking, was: Booking | None) -> Booking:
    """Return a booking as it was; one that did not exist then is closed."""
    if was is not None:
        return attrs.evolve(was, revised=now.revised)
    return attrs.evolve(now, status=BookingStatus.CLOSED) if now.status.stands else now


def _is_new_there(now: Booking, back: Booking) -> bool:
    """Whether it takes an hour again that it does not have now."""
    if back.status not in _WAITING:
        return False
    return not now.status.stands or (now.day, now.time) != (back.day, back.time)


def _check_day(back: Booking, now: Booking, today: date, *, taken_back: bool) -> None:
    """Refuse to book in the past; an entry that is taken back leaves its session there, for another entry."""
    if back.day < today and not taken_back and back.time is not None:
        raise InvalidInput(
            what=f"{back.id} would be booked on {back.day} again",
            where="course",
            why=f"that day is past: today is {today}"
            + (f"; now it is on {now.day}" if now.status.stands else ""),
            fix="plan the rest again, or move it by hand",
            argument="to",
        )


def _seated(
    course: Course, back: Booking, calendar: Calendar | None, calendars: Mapping[str, Calendar]
) -> Booking:
    """
    Return a booking with its chair, or whom it takes, free at its old hour; refuse if it cannot be then.

    Args:
        course: With its other appointments as they are to be: whom they take is not free for this one.
        back: The booking.
        calendar, calendars: As for `undo`.
    """
    of_whom, at_home = calendar, False
    if isinstance(back, Session):
        at_home = course.is_at_home(back)
    elif isinstance(back, PlacedCompanion):
        companion = course.protocol.companion(back.companion)
        of_whom = calendars.get(companion.role)
        if of_whom is None and calendar is not None:  # a clinician, or the clinic's hours
            of_whom = FreeTime(course, Hours(calendar, staff=calendars)).whose(companion)
        if of_whom is not None and companion.role:
            of_whom = of_whom.booked(course.held_by(companion.role))
    if of_whom is None or at_home or back.time is None:
        return back
    need = SeatNeed("clinic", back.place_and_minutes(course.protocol)[1])
    chair = back.chair if isinstance(back, Session) else getattr(back, "unit", None)
    clinic = of_whom.name if calendar is None else calendar.name
    seat: Seat | None = free_seat(of_whom, back.day, back.time, need, chair)
    if seat is None:
        raise InvalidInput(
            what=f"{back.id} cannot be on {back.day} at {back.time:%H:%M} again",
            where="course",
            why=closed_by(of_whom, back.day, need)
            or hour_closed(of_whom, back.day, back.time, need.minutes, clinic)[0],
            fix="plan the rest again, or move it by hand to an hour that is free",
            argument="to",
        )
    if isinstance(back, Session):
        return attrs.evolve(back, chair=seat.chair)
    return attrs.evolve(back, unit=seat.chair) if isinstance(back, PlacedCompanion) and back.who else back


def _reasons(
    course: Course, back: Mapping[str, Booking], then: Mapping[str, Booking], target: int
) -> Iterator[tuple[str, str]]:
    for name, now in course.bookings().items():
        if back[name] != now:
            yield (
                name,
                f"as in revision {target + 1}" if name in then else f"not there in revision {target + 1}",
            )
