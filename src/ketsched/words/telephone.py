"""
The sentences that one reads out on the telephone: what changed, session by session.

They name days, hours and places, and nothing else: no drug, no diagnosis, no reason that is the
clinic's own.
"""

from __future__ import annotations

from datetime import time

from ketsched.arguments import checked
from ketsched.model import Booking, Change, Course, Session
from ketsched.words.wording import Words, clock, words_of


@checked
def sentences(course: Course, revision: int | None = None, *, language: str = "en") -> tuple[str, ...]:
    """
    Return what a revision changed for the patient, a sentence for each booking, in order of time.

    What happened is not told again; tasks, and appointments for the clinic alone, are left out. A new
    appointment at the day and hour of one that is off is no change.

    Args:
        course: The course.
        revision: Its number, the first one is 0; None: the last one.
        language: Of the sentences.
    """
    words = words_of(language)
    number = len(course.revisions) - 1 if revision is None else revision
    changes = [change for change in course.changes_of(number) if _is_told(course, change.after)]
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
        sentence = "" if same else _sentence(words, change)
        if sentence and _has_lost_its_ride(change):
            sentence = f"{sentence} {words.telephone.ride_again}"
        said += [sentence] if sentence else []
    return tuple(said)


def _has_lost_its_ride(change: Change) -> bool:
    """Whether a session moved for which a ride home was confirmed."""
    before, after = change.before, change.after
    if not (isinstance(before, Session) and isinstance(after, Session) and change.kind == "moved"):
        return False
    return before.ride == "confirmed" and not after.ride


def _is_told(course: Course, booking: Booking) -> bool:
    """Whether the patient is told of a booking, and has to come for it."""
    if isinstance(booking, Session):
        return booking.booked
    companion = course.protocol.companion(booking.of)
    return companion.for_patient and companion.kind == "appointment"


def _sentence(words: Words, change: Change) -> str:
    before, after, say = change.before, change.after, words.telephone
    what = say.session if after.kind == "session" else say.companion
    when = _when(words, after)
    if change.kind in ("added", "opened") and after.status.stands:
        return say.new.format(what=what, when=when)
    if before is None:
        return ""
    once = _when(words, before)
    match change.kind:
        case "moved" if before.day != after.day:
            return say.other_day.format(what=what, before=once, when=when)
        case "moved":
            time, earlier = _hour(words, after.time), _hour(words, before.time)
            return say.other_hour.format(what=what, day=words.date(after.day), time=time, earlier=earlier)
        case "closed":
            return say.cancelled.format(what=what, before=once)
        case "missed":
            return say.did_not_take_place.format(what=what, before=once)
        case "changed" if before.status is not after.status:
            sure = say.confirmed if after.status == "firm" else say.to_be_confirmed
            return sure.format(what=what, when=when)
        case "changed" if isinstance(before, Session) and isinstance(after, Session):
            if before.place != after.place:
                return say.other_place.format(what=what, when=when, place=after.place)
    return ""


def _when(words: Words, booking: Booking) -> str:
    day = words.date(booking.day)
    return day if booking.time is None else words.telephone.hour.format(day=day, time=clock(booking.time))


def _hour(words: Words, at: time | None) -> str:
    return words.telephone.no_hour if at is None else clock(at)
