"""Where a booking is to be moved to by hand, and whether that lies before what a move by hand may reach."""

from __future__ import annotations

from datetime import date, time, timedelta

import attrs

from ketsched.clock import choices, moment, plausible
from ketsched.errors import InvalidInput
from ketsched.model import Booking
from ketsched.model.bookings import MIDNIGHT
from ketsched.tracking.request import Request


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
