"""
By hand an appointment that has no booking gets one, what is booked is confirmed, and it is taken off.

What was booked or confirmed is pinned, as after a move: planning again moves it only if it can no longer stand.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Unpack

import attrs

from ketsched.arguments import checked
from ketsched.calendars import Calendar
from ketsched.errors import InvalidInput
from ketsched.holds import tentative_reasons, with_statuses
from ketsched.model import Booking, BookingStatus, Course, PlacedCompanion, Session, Visit, VisitStatus
from ketsched.nearness import did_you_mean
from ketsched.planning.companions import unbooked
from ketsched.revising import revise
from ketsched.tracking.appointing import CONFIRMED, AppointmentMove, cancelled, has_own_day
from ketsched.tracking.moving import Moving, moving_appointment
from ketsched.tracking.options import MovingKeywords
from ketsched.tracking.recording import record
from ketsched.tracking.request import Request, request
from ketsched.tracking.targets import Target, check_to_come


@checked
def booking(
    course: Course,
    companion: str,
    day: date,
    *,
    calendar: Calendar,
    hour: time | None = None,
    unit: int | None = None,
    **options: Unpack[MovingKeywords],
) -> Moving:
    """
    Say what booking an appointment that has no booking would mean; nothing is booked.

    Of several that lack one it is the one whose recommended day is nearest.

    Args:
        course: With what happened recorded.
        companion: Id of the protocol's appointment.
        day: The local date.
        calendar: When the clinic is open, without this course's own bookings.
        hour: The local time; None: the nearest to the usual one that is free.
        unit: Which of those whom it takes, from 1; None: any.
        options: The other keywords of `replan`, but move.

    Raises:
        InvalidInput: There is no such appointment, each is booked or over, or an argument cannot be used.
    """
    asked = request(course, (), calendar, **options)
    target = Target(day=day, hour=hour, unit=unit)
    return moving_appointment(AppointmentMove(asked, _lacking(asked, companion, day)), target)


@checked
def book(
    course: Course,
    companion: str,
    day: date,
    *,
    calendar: Calendar,
    hour: time | None = None,
    unit: int | None = None,
    **options: Unpack[MovingKeywords],
) -> Course:
    """
    Return the course with an appointment booked by hand that had no booking, as its next revision.

    Args:
        course: With what happened recorded.
        companion: Id of the protocol's appointment.
        day: The local date.
        calendar: When the clinic is open, without this course's own bookings.
        hour: The local time; None: the nearest to the usual one that is free.
        unit: Which of those whom it takes, from 1; None: any.
        options: The other keywords of `replan`, but move.

    Raises:
        InvalidInput: It cannot be there, or the protocol does not have it there; it says why.
    """
    found = booking(course, companion, day, calendar=calendar, hour=hour, unit=unit, **options)
    if found.fits is not None:
        return found.fits
    raise InvalidInput(
        what=f"{companion[:40]!r} cannot be booked on {day}",
        where="book",
        why="; ".join(found.breaks),
        fix="choose another day or hour",
        argument="book",
    )


@checked
def confirm(course: Course, name: str, *, calendar: Calendar, **options: Unpack[MovingKeywords]) -> Course:
    """
    Return the course with a booking confirmed by hand, as its next revision; it stays on its day from then on.

    An appointment to be confirmed takes place although its session is still to be confirmed. A session is only
    confirmed by hand where nothing known here holds it up.

    Args:
        course: With what happened recorded.
        name: Id of a session or an appointment that is still to come.
        calendar: When the clinic is open, without this course's own bookings.
        options: The other keywords of `replan`, but move.

    Raises:
        InvalidInput: It is over or not booked, it cannot be at its hour, or something holds it up.
    """
    asked = request(course, (), calendar, **options)
    known = asked.course.bookings().get(name)
    if isinstance(known, Session):
        return _confirmed_session(asked, known)
    move = AppointmentMove(asked, name)
    placed = move.placed
    if not placed.status.stands:
        raise _refused(placed, "it is off the calendar", "give it a day: {book=NAME=DATE|follow.book(...)}")
    if why := _over(placed, asked) or move.cannot_stay():
        raise _refused(placed, why, "move it to a day and an hour at which it can be")
    return move.confirmed()


@checked
def cancel(
    course: Course,
    booking: str,
    *,
    by: str = "clinic",
    at: datetime | None = None,
    as_of: date | None = None,
    who: str = "",
) -> Course:
    """
    Return the course with a session, an appointment or a task taken off, as its next revision; nothing replaces it.

    Args:
        course: With what happened recorded.
        booking: Its id.
        by: Who cancelled a session, "patient" or "clinic".
        at: The moment of the revision, aware.
        as_of: Today, the local date at the clinic; that of `at`, unless given.
        who: Who cancelled it.

    Raises:
        InvalidInput: It is over, or an appointment that decides about sessions.
    """
    known = {session.id: session for session in course.sessions}
    if booking in known:
        day = known[booking].day
        back = _taken_back(course, booking, day)
        visit = Visit(day, VisitStatus.CANCELLED, session=booking, by=by, corrects=back)
        return record(course, [visit], at=at, as_of=as_of, who=who)
    always = Calendar.always(course.zone)  # whatever is taken off needs nobody's hours
    staff = {name: always for name, _ in course.files.staff}
    asked = request(course, (), always, at=at, as_of=as_of, who=who, calendars=staff)
    return cancelled(asked, booking)


def _taken_back(course: Course, session: str, day: date) -> str:
    """
    Return the id of the entry that took back what was recorded of a session on a day; empty if there is none.

    Cancelled once more, it is corrected: an entry that says what one before it said would be taken as that one.
    """
    corrected = {visit.corrects for visit in course.visits}
    return next(
        (
            visit.id
            for visit in course.visits
            if visit.status is VisitStatus.WITHDRAWN and visit.id not in corrected
            if (visit.session, visit.day) == (session, day)
        ),
        "",
    )


def _confirmed_session(asked: Request, session: Session) -> Course:
    """Return the course with a session confirmed; what holds it up is not lifted by that."""
    check_to_come(asked.history, session.id)
    reasons = tentative_reasons(asked.course).get(session.id, ())
    if reasons:
        raise _refused(session, "; ".join(reasons), "settle that: record what was decided, or lift the hold")
    if why := _over(session, asked):
        raise _refused(session, why, "record what happened")
    now = attrs.evolve(session, status=BookingStatus.FIRM, pinned=True)
    known = asked.history.course
    others = tuple(now if other.id == now.id else other for other in known.sessions)
    sessions, companions = with_statuses(attrs.evolve(known, sessions=others), before=asked.course)
    return revise(
        asked.course,
        at=asked.at,
        kind="moved",
        what=CONFIRMED,
        who=asked.who,
        sessions=sessions,
        companions=companions,
        why={now.id: CONFIRMED},
        visits=known.visits,
        patient=known.patient,
        files=known.files,
    )


def _over(booking: Booking, asked: Request) -> str:
    return f"{booking.day} is over" if booking.day < asked.today else ""


def _refused(booking: Booking, why: str, fix: str) -> InvalidInput:
    return InvalidInput(
        what=f"{booking.id} on {booking.day} cannot be confirmed",
        where="confirm",
        why=why,
        fix=fix,
        argument="confirm",
    )


def _lacking(asked: Request, name: str, day: date) -> PlacedCompanion:
    """Return the booking that an appointment lacks and that would be nearest to a day, as one that is off."""
    course = asked.history.course
    companion = next((one for one in course.protocol.companions if one.id == name), None)
    if companion is None or not has_own_day(companion):
        can = [one.id for one in course.protocol.companions if has_own_day(one)]
        raise InvalidInput(
            what=f"{name[:40]!r} cannot be booked by hand",
            where="book",
            why=f"appointments of the protocol that have a day of their own are {', '.join(can) or 'none'}",
            fix=did_you_mean(name, can) or ("name one of these" if can else "plan a protocol that has some"),
            argument="book",
        )
    known = course.bookings()
    lacking = unbooked(course, asked.hours, companion)
    if not lacking:
        booked = [p for p in course.companions if p.companion == companion.id]
        shown = ", ".join(f"{p.id} on {p.day} ({p.status})" for p in booked[:8])
        raise InvalidInput(
            what=f"{companion.title} lacks no booking",
            where="book",
            why=f"the course has {shown}"
            if booked
            else f"it has no {companion.anchor.words()} to count it from",
            fix="move it ({move})" if booked else "choose another appointment",
            argument="book",
        )
    new = min(lacking, key=lambda one: (abs((one.day - day).days), one.day, one.id))
    off = known.get(new.id)
    return off if isinstance(off, PlacedCompanion) else new
