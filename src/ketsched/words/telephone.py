"""
What one reads out on the telephone when a revision changed something: whole sentences, for the patient's ears.

They name days, hours and places. More than that is in no file that the patient has, unless that was asked
for: no drug, no diagnosis, no reason that is the clinic's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import attrs

from ketsched.agenda import Agenda, agenda
from ketsched.anchors import notices
from ketsched.arguments import checked
from ketsched.languages import Words
from ketsched.model import Booking, BookingStatus, Change, Course, Session
from ketsched.words.naming import call
from ketsched.words.wording import Privacy, privacy_of

AT_MOST = 3
"""Changes that are said one by one; of more, and of chains, the old times and the new ones are listed."""

MOST_LISTED = 12
"""Appointments to come that are all listed; of more only those up to the last that changed (house default)."""

_TO_COME = (BookingStatus.FIRM, BookingStatus.TENTATIVE)


@checked
def sentences(
    course: Course, revision: int | None = None, *, language: str = "", privacy: str = "discreet"
) -> tuple[str, ...]:
    """
    Return what a revision changed for the patient, to be read out; no sentence if that is nothing.

    Up to three changes are told in order of time. Of more, and where one appointment takes the day of another,
    the times that no longer apply are listed, and then all that are to come. To-dos, and what is for the clinic
    alone, are left out.

    Args:
        course: The course.
        revision: Its number, the first one is 0; None: the last one.
        language: Of the sentences; empty: the course's.
        privacy: As of the patient's file: "discreet", or "named" for what each appointment is.
    """
    number = len(course.revisions) - 1 if revision is None else revision
    return tuple(_Script(course, number, language, privacy_of(privacy)).lines())


def voicemail(course: Course, *, language: str = "") -> str:
    """Return what to leave on a voicemail: who calls, and the number; empty if the clinic's file has not both."""
    contact = course.contact
    if not (contact.spoken and contact.telephone):
        return ""
    words = Words.of(language or course.language, zone=course.zone, contact=contact)
    return words.say("voicemail", clinic=contact.spoken, phone=contact.telephone)


class _Script:
    """Says what one revision changed."""

    def __init__(self, course: Course, number: int, language: str, privacy: Privacy) -> None:
        changes = course.changes_of(number)
        self.course, self.revision = course.at_revision(number), course.revisions[number]
        self.words = Words.of(language or course.language, zone=course.zone, contact=course.contact)
        self.named = privacy is not Privacy.DISCREET
        self.now = agenda(self.course)
        self.then = self.now.earlier() or self.now
        self.today = self._today([change.after.day for change in changes])
        self.told = [told for told in _paired(changes) if self._is_told(told.after)]
        self.coming = [
            booking
            for booking in sorted(self.now.bookings.values(), key=lambda booking: booking.when)
            if booking.status in _TO_COME and booking.day >= self.today and self._is_told(booking)
        ]

    def _today(self, days: Sequence[date]) -> date:
        """Return the date at the clinic when the revision was made, or else the first day that it is about."""
        if self.revision.at is not None:
            return self.course.day_at(self.revision.at)
        return min(days, default=date.min)

    def _is_told(self, booking: Booking) -> bool:
        """Whether the patient is told of a booking by itself."""
        if isinstance(booking, Session):
            return booking.booked
        companion = self.course.protocol.companion(booking.of)
        return (
            companion.for_patient
            and companion.kind == "appointment"
            and companion.on_session_days != "during"
        )

    def lines(self) -> Iterator[str]:
        """Yield the sentences in the order in which they are said."""
        changes = [told for told in self.told if self._says(told)]
        series, others = self._series(changes)
        yield from series
        if len(others) > AT_MOST or _is_chain(others):
            yield from self._listed(others)
            return
        for told in sorted(others, key=lambda told: (told.before or told.after).when):
            yield from self._says(told)
        yield from self._along(others)
        changed = {told.after.id for told in others}
        if others and not series and any(booking.id not in changed for booking in self.coming):
            yield self.words.say("rest_stays")

    # All of a series at once

    def _series(self, changes: Sequence[_Told]) -> tuple[list[str], list[_Told]]:
        """Return what is said of a whole series (paused, going ahead, ended), and the changes that it leaves out."""
        say, besides = self.words.say, self.revision.besides
        changed = {kept.name for kept in besides.changed} if besides is not None else set()
        if "ended" in changed and self.course.ended is not None:
            off = [told for told in changes if not told.after.status.stands]
            last = max((booking.day for booking in self.coming), default=None)
            line = say("ended_now") if last is None else say("ended", day=self._day(last))
            return [line] if off else [], [told for told in changes if told not in off]
        unsure = [told for told in changes if told.becomes is BookingStatus.TENTATIVE]
        if len(unsure) > AT_MOST or (unsure and self.revision.kind == "held"):
            first = min(told.after.day for told in unsure)
            return [say("paused", day=self._day(first))], [told for told in changes if told not in unsure]
        sure = [told for told in changes if told.becomes is BookingStatus.FIRM]
        if self.coming and (len(sure) > AT_MOST or (sure and self.revision.kind == "released")):
            line = say("resumed", **self._when(self.coming[0]))
            return [line], [told for told in changes if told not in sure]
        return [], list(changes)

    # Old times and new ones

    def _listed(self, changes: Sequence[_Told]) -> Iterator[str]:
        """Yield the times that no longer apply, and all that are to come; a time that is taken again applies."""
        say = self.words.say
        yield say("count", n=len(changes))
        kept = {(booking.day, booking.time) for booking in self.coming}
        old = [told.before for told in changes if told.before is not None and _stood(told.before)]
        gone = [booking for booking in old if (booking.day, booking.time) not in kept]
        if gone:
            yield say("old_list", list=self._list(gone))
        last = max(told.after.day for told in changes)
        listed = [b for b in self.coming if len(self.coming) <= MOST_LISTED or b.day <= last]
        if listed:
            yield say("new_list", list=self._list(listed))
        yield from self._along(changes, prepare=False)
        if len(listed) < len(self.coming):
            yield say("rest_stays")

    def _list(self, bookings: Iterable[Booking]) -> str:
        ordered = sorted(bookings, key=lambda booking: booking.when)
        items = (self.words.say("list_item", **self._when(booking)) for booking in ordered)
        return self.words.listed(list(dict.fromkeys(items)))

    # What goes with a session that is new or at another time

    def _along(self, changes: Sequence[_Told], *, prepare: bool = True) -> Iterator[str]:
        """Yield what else follows for the patient: the ride home, and when to eat and drink."""
        anew = [
            told for told in changes if isinstance(told.after, Session) and (told.is_moved or told.is_new)
        ]
        moved = [told.after for told in anew if told.is_moved and isinstance(told.after, Session)]
        if any(map(self._has_ride, anew)):
            yield self.words.say("ride")
        if prepare and any(map(self._has_times, moved)):
            yield self.words.say("prepare")

    def _has_ride(self, told: _Told) -> bool:
        """Whether somebody was to take the patient home, or there is a task to ask who does."""
        if isinstance(told.before, Session) and told.before.ride == "confirmed":
            return True
        protocol = self.course.protocol
        with_it = (protocol.companion(p.companion) for p in self.now.with_session.get(told.after.id, ()))
        return any(companion.topic == "ride" and companion.kind == "task" for companion in with_it)

    def _has_times(self, session: Session) -> bool:
        """Whether the patient's calendar has times before or after it for eating, drinking or medicines."""
        if self.course.protocol.phase(session.phase).before:
            return True
        beside = notices(self.now).get(session.id, ())
        return any(n.for_patient and (n.before is not None or n.after is not None) for n in beside)

    # One appointment

    def _says(self, told: _Told) -> list[str]:
        """Return the sentences about one appointment; none if nothing changed that the patient has to know."""
        before, after, say = told.before, told.after, self.words.say
        if before is None or not _stood(before):
            if not after.status.stands or after.status is BookingStatus.FULFILLED:
                return []
            return [say("time_open" if after.time is None else "added", **self._about(after, self.now))]
        if not after.status.stands:
            missed = after.status is BookingStatus.MISSED
            return [say("missed" if missed else "cancelled", **self._about(before, self.then))]
        if told.cause:
            lost = {"closed": "cancelled_clinic", "away": "cancelled_patient", "missed": "missed"}[told.cause]
            about = self._about(before, self.then)
            return [say(lost, **about), say("instead", **self._about(after, self.now))]
        return list(self._changed(told, before, after))

    def _changed(self, told: _Told, before: Booking, after: Booking) -> Iterator[str]:
        """Yield what is to be said of an appointment that stands, and stood before."""
        say, place, was = self.words.say, self._place(after), self._place(before)
        if told.is_moved:
            yield self._moved(before, after)
            if place == was == "home":
                yield say("moved_home")
        if place != was:
            about = self._about(before, self.then) | self._when(after)
            known = place in ("home", "telephone", "clinic")
            if known or self.named:
                yield say(place if known else "place", **about, place=place)
        if told.becomes in _TO_COME:
            sure = told.becomes is BookingStatus.FIRM
            yield say("confirmed" if sure else "tentative", **self._about(after, self.now))

    def _moved(self, before: Booking, after: Booking) -> str:
        say, was = self.words.say, self._about(before, self.then)
        old = {"what": was["what"], "old_day": was["day"], "old_time": was["time"]}
        if before.day == after.day:
            return say("moved_time", **old, **self._when(after))
        same = before.time == after.time and after.time is not None
        return say("moved_day_same" if same else "moved_day", **old, **self._when(after))

    # How a booking is called, and when it is

    def _place(self, booking: Booking) -> str:
        return booking.place_and_minutes(self.course.protocol)[0].strip().casefold() or "clinic"

    def _about(self, booking: Booking, held: Agenda) -> dict[str, str]:
        what = call(self.words, held, booking, self.now.totals, named=self.named)
        return {"what": what, **self._when(booking)}

    def _when(self, booking: Booking) -> dict[str, str]:
        time = self.words.say("no_time") if booking.time is None else self.words.clock(booking.time)
        return {"day": self._day(booking.day), "time": time}

    def _day(self, day: date) -> str:
        return self.words.day(day, beside=self.today if self.today > date.min else None)


@attrs.frozen(kw_only=True)
class _Told:
    """
    What became of one appointment, as the patient is told it.

    Attributes:
        before: As it was, or the one in whose place another came; None if it is new.
        after: As it is, or the one that came in its place.
        cause: Why it could not stand: "closed", "away", "missed"; empty: it was moved.
    """

    before: Booking | None
    after: Booking
    cause: str = ""

    @property
    def is_new(self) -> bool:
        """Whether the patient has an appointment more than before."""
        return not _stood(self.before) and self.after.status.stands

    @property
    def is_moved(self) -> bool:
        """Whether the patient has it at another day or hour."""
        before, after = self.before, self.after
        if before is None or not (_stood(before) and after.status.stands):
            return False
        return bool(self.cause) or (before.day, before.time) != (after.day, after.time)

    @property
    def becomes(self) -> BookingStatus | None:
        """What it is now, where nothing but that has changed; None otherwise."""
        before, after = self.before, self.after
        if before is None or self.is_new or self.is_moved or before.status is after.status:
            return None
        return after.status


def _paired(changes: Iterable[Change]) -> Iterator[_Told]:
    """
    Yield what became of each appointment; one of a series that is off and one that is new belong together.

    They do so in order of time, where the revision does not say which came for which.
    """
    off: dict[str, list[_Told]] = {}
    new: dict[str, list[_Told]] = {}
    for change in sorted(changes, key=lambda change: (change.before or change.after).when):
        told = _Told(before=change.before, after=change.after, cause=change.cause if change.instead else "")
        if _stood(change.before) and change.kind in ("closed", "missed"):
            off.setdefault(change.after.of, []).append(told)
        elif change.before is None and change.after.status.stands:
            new.setdefault(change.after.of, []).append(told)
        else:
            yield told
    for of in dict.fromkeys((*off, *new)):
        gone, came = off.get(of, []), new.get(of, [])
        for old, one in zip(gone, came, strict=False):
            cause = "missed" if old.after.status is BookingStatus.MISSED else old.cause
            yield _Told(before=old.before, after=one.after, cause=cause)
        yield from (*gone[len(came) :], *came[len(gone) :])


def _is_chain(changes: Sequence[_Told]) -> bool:
    """Whether an appointment comes to a day that another one had before."""
    had = [(told, told.before.day) for told in changes if told.before is not None and _stood(told.before)]
    come = [told for told in changes if told.is_moved or told.is_new]
    return any(told is not other and told.after.day == day for told in come for other, day in had)


def _stood(booking: Booking | None) -> bool:
    return booking is not None and booking.status.stands
