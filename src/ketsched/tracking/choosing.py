"""
"Where may this go?": for each day whether a booking can be moved there, alone or with others, and at which hours.

A question: it takes no moment and makes no revision. It answers what a move there would, day by day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from typing import Any

import attrs

from ketsched.arguments import checked
from ketsched.calendars import Calendar
from ketsched.clock import moment, seconds, time_of
from ketsched.model import Course
from ketsched.tracking.appointing import AppointmentMove, is_there
from ketsched.tracking.moving import SessionMove
from ketsched.tracking.request import request
from ketsched.tracking.targets import Target

KINDS = ("alone", "with others", "not")
"""How a booking can be moved to a day: nothing else moves, other sessions move too, or not at all."""


@attrs.frozen(kw_only=True)
class Choice:
    """
    Whether a booking can be moved to a day.

    Attributes:
        day: Local date at the clinic.
        kind: One of KINDS.
        key: What stands in the way of moving it alone: "closed", "taken", "past", "notice", "occupied", "window" or the
            key of a rule; empty: nothing.
        words: The same in words; empty: nothing.
        starts: Hours of that day at which it can start, each with the chairs, or people, that are free then.
    """

    day: date
    kind: str
    key: str = ""
    words: str = ""
    starts: tuple[tuple[time, tuple[int, ...]], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "day": self.day.isoformat(),
            "kind": self.kind,
            "key": self.key,
            "words": self.words,
            "starts": [{"time": f"{at:%H:%M}", "units": list(units)} for at, units in self.starts],
        }


@checked
def choices(  # noqa: PLR0913 - public, each a keyword
    course: Course,
    booking: str,
    days: Iterable[date],
    *,
    calendar: Calendar,
    staff: Mapping[str, Calendar] | None = None,
    as_of: date,
    notice: int = 1,
    hours: bool = False,
    availability: Calendar | None = None,
    wishes: Calendar | None = None,
) -> tuple[Choice, ...]:
    """
    Say for each of some days whether a session or an appointment can be moved there, exactly as a move would.

    Args:
        course: With what happened recorded.
        booking: Id of a session or appointment that is still to come.
        days: Local dates at the clinic.
        calendar: When the clinic is open, without this course's own bookings.
        staff: Of those whose hours companions need, by name.
        as_of: Today, the local date at the clinic.
        notice: Nothing new is placed before so many days after today.
        hours: Whether the hours of each day are told, with the chairs or people that are free.
        availability: When the patient can, if not as the course remembers.
        wishes: When the patient would rather come, if not as the course remembers.

    Raises:
        InvalidInput: The booking cannot be moved, or an argument cannot be used.
    """
    asked = request(
        course,
        (),
        calendar,
        as_of=as_of,
        notice=notice,
        calendars=staff,
        availability=availability,
        wishes=wishes,
    )
    known = course.bookings().get(booking)
    if known is not None and known.kind == "companion":
        return tuple(_of_appointment(AppointmentMove(asked, booking), days, hours=hours))
    return tuple(_of_session(SessionMove(asked, booking), days, hours=hours))


def _of_appointment(move: AppointmentMove, days: Iterable[date], *, hours: bool) -> Iterator[Choice]:
    for day in days:
        target = Target(day=day)
        if is_there(move.placed, target):
            yield Choice(day=day, kind="alone", starts=_starts(move, day) if hours else ())
            continue
        words, key = move.cannot(target)
        if not words:
            words, key = next(move.breaks(target), ("", ""))
        kind = "not" if words else "alone"
        starts = _starts(move, day) if hours and not words else ()
        yield Choice(day=day, kind=kind, key=key, words=words, starts=starts)


def _starts(move: AppointmentMove, day: date) -> tuple[tuple[time, tuple[int, ...]], ...]:
    found = []
    whose = move.free.capacity(move.companion)
    most = 1 if whose is None or whose.chairs is None else whose.chairs
    for start in move.free.starts(move.companion, day.toordinal()):
        begin = seconds(moment(day, time_of(start), move.course.zone))
        numbers = {move.free.unit(move.companion, begin, preferred=n) for n in range(1, most + 1)}
        found.append((time_of(start), tuple(sorted(n for n in numbers if n is not None))))
    return tuple(found)


def _of_session(move: SessionMove, days: Iterable[date], *, hours: bool) -> Iterator[Choice]:
    for day in days:
        target = Target(day=day)
        starts = move.starts(day) if hours else ()
        if move.is_there(target):
            yield Choice(day=day, kind="alone", starts=starts)
            continue
        words, key = move.cannot(target)
        if words:
            yield Choice(day=day, kind="not", key=key, words=words)
            continue
        words, key = next(move.breaks(target), ("", ""))
        if not words and day in move.taken:
            words, key = f"{day}: another session is on that day", "occupied"
        if words:  # noqa: SIM108 - each line is one question
            possible = move.is_laid_anew(target) and move.can_be_repaired(target)
        else:
            possible = move.can_be_alone(target)
        if not words and not possible:
            words, key = f"{day}: no plan has it there", "no plan"
        kind = "not" if not possible else "with others" if words else "alone"
        yield Choice(day=day, kind=kind, key=key, words=words, starts=starts)
