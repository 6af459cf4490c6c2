"""
The sentences that one reads out on the telephone: what changed, session by session.

They name days, hours and places, and nothing else: no drug, no diagnosis, no reason that is the
clinic's own.
"""

from __future__ import annotations

from collections.abc import Set
from datetime import time

import attrs

from ketsched.arguments import checked
from ketsched.model import Booking, BookingStatus, Change, Course, Session
from ketsched.words.wording import Words, clock, words_of


@checked
def sentences(course: Course, revision: int | None = None, *, language: str = "en") -> tuple[str, ...]:
    """
    Return what a revision changed for the patient, a sentence for each booking, in order of time.

    What happened is not told again; tasks, and appointments for the clinic alone, are left out. Where one
    takes the day and hour that another of its kind gives up, the patient is told what is left of both.

    Args:
        course: The course.
        revision: Its number, the first one is 0; None: the last one.
        language: Of the sentences.
    """
    words = words_of(language)
    number = len(course.revisions) - 1 if revision is None else revision
    changes = [change for change in course.changes_of(number) if _is_told(course, change.after)]
    given_up = {_slot(course, change.before) for change in changes if _stood(change.before)}
    again = given_up & {_slot(course, change.after) for change in changes if change.after.status.stands}
    said = []
    for change in changes:
        sentence = _sentence(words, _net(course, change, again))
        if sentence and _has_lost_its_ride(change):
            sentence = f"{sentence} {words.telephone.ride_again}"
        said += [sentence] if sentence else []
    return tuple(said)


def _stood(booking: Booking | None) -> bool:
    return booking is not None and booking.status.stands


def _slot(course: Course, booking: Booking | None) -> tuple[object, ...]:
    """Return what a booking is for whoever comes: of what kind, when, where, and for how long."""
    if booking is None:
        return ()
    place, minutes = booking.place_and_minutes(course.protocol)
    of = booking.kind if isinstance(booking, Session) else booking.of
    return of, booking.day, booking.time, place, minutes


def _net(course: Course, change: Change, again: Set[tuple[object, ...]]) -> Change | None:
    """
    Return what is left of a change for the patient, where one booking takes the day and hour that another gives up.

    Who moves to such an hour is off for the patient, and who moves from one is new.
    """
    before = change.before if _stood(change.before) else None
    after = change.after if change.after.status.stands else None
    left, taken = _slot(course, before) in again, _slot(course, after) in again
    if not (left or taken) or _slot(course, before) == _slot(course, after):
        return change
    if not left and before is not None:  # the patient comes then already, and not any more at the hour before
        return attrs.evolve(change, after=attrs.evolve(before, status=BookingStatus.CLOSED))
    return None if taken or after is None else attrs.evolve(change, before=None)


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


def _sentence(words: Words, change: Change | None) -> str:
    if change is None:
        return ""
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
