"""
The sentences that one reads out on the telephone: what changed, session by session.

They name days, hours and places, and nothing else: no drug, no diagnosis, no reason that is the
clinic's own.
"""

from __future__ import annotations

from datetime import date, time

from ketsched.arguments import checked
from ketsched.model import Change, Course, PlacedCompanion, Session

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


@checked
def sentences(course: Course, revision: int | None = None) -> tuple[str, ...]:
    """
    Return what a revision changed for the patient, a sentence for each booking, in order of time.

    What happened is not told again; tasks, and appointments for the clinic alone, are left out. A new
    appointment at the day and hour of one that is off is no change.

    Args:
        course: The course.
        revision: Its number, the first one is 0; None: the last one.
    """
    number = len(course.revisions) - 1 if revision is None else revision
    changes = [change for change in course.changes_of(number) if _what(course, change)]
    off = {(c.before.day, c.before.time) for c in changes if c.kind == "closed" and c.before is not None}
    on = {
        (c.after.day, c.after.time)
        for c in changes
        if c.kind in ("added", "opened") and c.after.status.stands
    }
    said = []
    for change in changes:
        when = change.before if change.kind == "closed" else change.after
        same = (
            when is not None
            and (when.day, when.time) in off & on
            and change.kind in ("closed", "added", "opened")
        )
        sentence = "" if same else _sentence(_what(course, change), change)
        said += [sentence] if sentence else []
    return tuple(said)


def _what(course: Course, change: Change) -> str:
    """Return what to call a booking; empty if the patient is not told of it."""
    if isinstance(change.after, Session):
        return "appointment" if change.after.booked else ""
    companion = course.protocol.companion(change.after.companion)
    told = companion.for_patient and companion.kind == "appointment"
    return "appointment besides" if told else ""


def _sentence(what: str, change: Change) -> str:
    before, after = change.before, change.after
    match change.kind:
        case "added" | "opened" if after.status.stands:
            return f"There is a new {what} on {_when(after)}."
        case "moved" if before is not None and before.day != after.day:
            return f"The {what} of {_when(before)} moves to {_when(after)}."
        case "moved" if before is not None:
            return f"The {what} on {said_day(after.day)} is now at {_clock(after.time)}, not {_clock(before.time)}."
        case "closed" if before is not None:
            return f"The {what} of {_when(before)} is cancelled."
        case "missed" if before is not None:
            return f"The {what} of {_when(before)} did not take place."
        case "changed" if before is not None and before.status is not after.status:
            sure = "is confirmed" if after.status == "firm" else "is to be confirmed"
            return f"The {what} of {_when(after)} {sure}."
        case "changed" if (
            isinstance(before, Session) and isinstance(after, Session) and before.place != after.place
        ):
            return f"The {what} of {_when(after)} is at another place: {after.place}."
    return ""


def _when(booking: Session | PlacedCompanion) -> str:
    at = f" at {_clock(booking.time)}" if booking.time is not None else ""
    return f"{said_day(booking.day)}{at}"


def said_day(day: date) -> str:
    """Say a day as "Monday 18 January"."""
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def _clock(at: time | None) -> str:
    return "an hour to be agreed" if at is None else f"{at:%H:%M}"
