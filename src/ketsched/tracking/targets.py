"""Where a booking is to be moved to by hand, and whether that lies before what a move by hand may reach."""

from __future__ import annotations

from datetime import date, time, timedelta

import attrs

from ketsched.clock import choices, moment, plausible
from ketsched.entries import say_booking
from ketsched.errors import InvalidInput
from ketsched.history import History, SessionState
from ketsched.model import Booking
from ketsched.model.bookings import MIDNIGHT
from ketsched.tracking.request import Request

SHOWN = 3
"""Sessions to come that a refusal names."""
_OVER = {
    SessionState.FULFILLED: "it was given",
    SessionState.MISSED: "it was missed",
    SessionState.CLOSED: "it is off",
    SessionState.NOT_RECORDED: "its day is past, and nobody has recorded what became of it",
    SessionState.DUE: "it is due today",
}
"""Why a session cannot be moved any more."""


@attrs.frozen(kw_only=True)
class Target:
    """
    Where a booking is to be.

    Attributes:
        day: Local date at the clinic.
        hour: Local time; None: its own if it is free, or else the nearest that is.
        unit: The chair, or which of those whom an appointment takes, from 1; None: its own if free, or any.
    """

    day: date
    hour: time | None = None
    unit: int | None = None

    def __attrs_post_init__(self) -> None:
        plausible(self.day, "move")
        if self.hour is not None and (self.hour.second or self.hour.microsecond or self.hour.tzinfo):
            raise InvalidInput(
                what=f"a move to {self.hour}",
                where="move",
                why="what is booked starts on a whole minute of the clinic's clock",
                fix="give hours and minutes without a zone",
                argument="move",
            )


def too_soon(booking: Booking, target: Target, asked: Request) -> tuple[str, str]:
    """
    Say why a booking cannot be put there by hand any more, and the key of that; empty if it can.

    Notice is for what is placed by itself: by hand, what is booked within it may take a later day or hour.
    """
    first = asked.today + timedelta(asked.options.days_of_notice)
    if target.day < asked.today:
        return f"{target.day} is over", "past"
    start = target.hour or booking.time
    if target.day == asked.today and asked.at is not None and start is not None:
        known = choices(target.day, start, asked.course.zone)
        if known and moment(target.day, start, asked.course.zone) < asked.at:
            return f"{target.day} at {start:%H:%M} is over", "past"
    later = (target.day, start or MIDNIGHT) > (booking.day, booking.time or MIDNIGHT)
    if target.day < first and not (later and booking.day >= asked.today):
        return f"with the notice given nothing is moved to before {first}", "notice"
    return "", ""


def check_to_come(history: History, session: str) -> str:
    """Return the id of a session; refuse one that is not to come, or cannot be moved."""
    course, over = history.course, history.course.finished_phases()
    can = [one for one in history.in_state(SessionState.PLANNED) if one.phase not in over]
    if session in {one.id for one in can}:
        return session
    judged = next((one for one in history.sessions if one.session.id == session), None)
    known = f"the session {session[:40]!r}" if judged is None else say_booking(course, judged.session)
    if judged is None:
        why = "the course has no such session"
    elif judged.state is SessionState.PLANNED:
        why = f"nothing more is planned in {judged.session.phase}"
    else:
        why = _OVER[judged.state]
    named = ", ".join(say_booking(course, one) for one in can[:SHOWN]) + (
        " and later ones" if can[SHOWN:] else ""
    )
    raise InvalidInput(
        what=f"{known} cannot be moved",
        where="move",
        why=f"{why}; still to come {'are ' + named if can else 'is none'}",
        fix="name one of these, by its number, its day or its id" if can else "book one more session",
        argument="move",
    )
