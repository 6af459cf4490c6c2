"""
What a course holds, moment by moment: its sessions, appointments, tasks and the days after sessions.

Facts only, for every reader of a course: no rule, no word, no format. The same holds of the course
as an earlier revision left it, as far as its revisions kept what they changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import date, datetime
from functools import cached_property

import attrs

from ketsched.model import (
    Authorisation,
    Booking,
    BookingStatus,
    Course,
    Hold,
    PlacedCompanion,
    Protocol,
    Session,
)
from ketsched.model.bookings import When
from ketsched.moments import CompanionEntry, DayAfter, Entry, Maker, SessionEntry

_Numbered = tuple[dict[str, int], dict[str, int]]
"""The number of each standing session in its phase, by its id, and how many each phase has, by its name."""


@attrs.frozen(eq=False)
class Agenda:
    """
    What a course holds, as one of its revisions left it.

    Attributes:
        today: The course; its protocol, zone, holds and visits are those of today.
        revision: The number of the revision.
        bookings: All that was booked until then, by id.
        _numbered: Numbers and totals, if they are those of the revision after it.
        _sorted_by: Where each booking is in the order of time, if that is known.
    """

    today: Course
    revision: int
    bookings: Mapping[str, Booking]
    _maker: Maker
    _numbered: _Numbered | None = None
    _sorted_by: dict[str, When] | None = None

    @property
    def protocol(self) -> Protocol:
        """What it was planned with, as of today."""
        return self.today.protocol

    @property
    def near(self) -> Set[date]:
        """The days on which, or on one of the two after which, the clocks do not run evenly."""
        return self._maker.near

    @property
    def holds(self) -> tuple[Hold, ...]:
        """A clinician's stops, as of today."""
        return self.today.holds

    @property
    def authorisations(self) -> tuple[Authorisation, ...]:
        """What a payer has permitted, as of today."""
        return self.today.authorisations

    @cached_property
    def sessions(self) -> tuple[Session, ...]:
        """The sessions, in order of time."""
        return tuple(booking for booking in self.bookings.values() if isinstance(booking, Session))

    @cached_property
    def companions(self) -> tuple[PlacedCompanion, ...]:
        """The appointments and tasks, in order of time."""
        return tuple(booking for booking in self.bookings.values() if isinstance(booking, PlacedCompanion))

    def standing(self) -> tuple[Session, ...]:
        """Return the sessions that take place or did, in order of time."""
        return tuple(session for session in self.sessions if session.status.stands)

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each standing session in its phase, by its id."""
        return self._counted[0]

    @property
    def totals(self) -> dict[str, int]:
        """How many sessions of each phase stand and count, by its name."""
        return self._counted[1]

    @cached_property
    def _counted(self) -> _Numbered:
        return numbered(self.standing()) if self._numbered is None else self._numbered

    @cached_property
    def _whens(self) -> dict[str, When]:
        known = self._sorted_by
        return {booking.id: booking.when for booking in self.bookings.values()} if known is None else known

    @cached_property
    def with_session(self) -> dict[str, list[PlacedCompanion]]:
        """The appointments and tasks that go with each session, by its id, in order of time."""
        found: dict[str, list[PlacedCompanion]] = {}
        for placed in self.companions:
            found.setdefault(placed.session, []).append(placed)
        return found

    @cached_property
    def booked(self) -> tuple[SessionEntry | CompanionEntry, ...]:
        """The bookings, in order of time; of what starts at one time the sessions come first."""
        if not self.companion_entries:  # sessions are in order
            return tuple(self.session_entries.values())
        found: Iterable[SessionEntry | CompanionEntry] = (
            *self.session_entries.values(),
            *self.companion_entries,
        )
        return tuple(sorted(found, key=lambda entry: entry.begins))

    @cached_property
    def entries(self) -> tuple[Entry, ...]:
        """The bookings and the days after sessions, in order of time."""
        sessions = ((entry, self.day_after(entry)) for entry in self.session_entries.values())
        found = (entry for both in sessions for entry in both if entry is not None)
        return tuple(sorted((*found, *self.companion_entries), key=lambda entry: entry.begins))

    @cached_property
    def session_entries(self) -> dict[str, SessionEntry]:
        """The sessions by id, in order of time."""
        (numbers, totals), entry = self._counted, self._maker.session
        return {s.id: entry(s, numbers.get(s.id), totals.get(s.phase, 0)) for s in self.sessions}

    @cached_property
    def companion_entries(self) -> list[CompanionEntry]:
        """The appointments and tasks that the protocol has, in order of time."""
        return [entry for entry in map(self.of_companion, self.companions) if entry is not None]

    def of(self, booking: str) -> Iterator[Entry]:
        """Yield what a booking is: itself and, of a session, the day after it; nothing if it was not made yet."""
        found = self.bookings.get(booking)
        if found is not None:
            yield from self._as_it_was(found, self.before.get(booking, ()))

    def was(self, booking: str) -> Iterator[Entry]:
        """Yield what a booking was in the revisions before, the latest first, each as `of` does."""
        before = self.before.get(booking, [])
        for number, was in enumerate(before, 1):
            yield from self._as_it_was(was, before[number:])

    def _as_it_was(self, booking: Booking, before: Sequence[Booking]) -> Iterator[Entry]:
        found: tuple[Entry | None, ...] = ()
        if isinstance(booking, Session):
            entry = self.of_session(booking)
            found = (entry, self.day_after(entry, before))
        elif isinstance(booking, PlacedCompanion):
            found = (self.of_companion(booking),)
        yield from filter(None, found)

    def start(self, booking: Booking) -> datetime | None:
        """Return when a booking starts; None if its hour is not known, or the clocks skip or repeat it."""
        return self._maker.start(booking)

    def of_session(self, session: Session) -> SessionEntry:
        """Return a session with what follows for it."""
        numbers, totals = self._counted
        return self._maker.session(session, numbers.get(session.id), totals.get(session.phase, 0))

    def of_companion(self, placed: PlacedCompanion) -> CompanionEntry | None:
        """Return an appointment or task with what follows for it; None if the protocol does not have it any more."""
        return self._maker.companion(placed)

    def goes_with(self, placed: PlacedCompanion) -> str:
        """Return the id of the session in calendars that a booking goes with, or else of the first; "" without any."""
        return placed.session if placed.session in self.in_calendars else next(iter(self.in_calendars), "")

    @cached_property
    def in_calendars(self) -> dict[str, Session]:
        """The sessions that are in calendars, by id, in order of time."""
        return {session.id: session for session in self.sessions if is_in_calendars(session)}

    def day_after(self, entry: SessionEntry, before: Sequence[Booking] | None = None) -> DayAfter | None:
        """
        Return the days after a session on which it is still forbidden to drive; None if there are none.

        None, too, for a session that was off before it was ever given out. Where there were such days once,
        they are off, as they were last.

        Args:
            entry: The session.
            before: What it was in earlier revisions, the latest first; None: as the course says.
        """
        session = entry.booking
        after = self._maker.day_after(entry)
        if after is not None:
            return after
        for was in self.before.get(session.id, ()) if before is None else before:
            if isinstance(was, Session) and is_in_calendars(was):
                after = self._maker.day_after(self._maker.session(was, None, 0))
                if after is not None:
                    off = attrs.evolve(was, status=BookingStatus.CLOSED, revised=session.revised)
                    return attrs.evolve(after, booking=off)
        return None

    @cached_property
    def before(self) -> dict[str, list[Booking]]:
        """What bookings were in the revisions before, by id, the latest first."""
        found: dict[str, list[Booking]] = {}
        for revision in reversed(self.today.revisions[: self.revision + 1]):
            for changed in revision.changes:
                if changed.before is not None:
                    found.setdefault(changed.booking, []).append(changed.before)
        return found

    def earlier(self) -> Agenda | None:
        """
        Return what the course held before the last revision that changed it.

        None if none did, and if one made by an earlier version did, which did not keep what it changed.
        """
        number, revisions = self.revision, self.today.revisions
        while number and not revisions[number].changes and number not in self._maker.untold:
            number -= 1
        if not revisions[number].changes:
            return None
        bookings, whens, moved = dict(self.bookings), dict(self._whens), False
        numbered: _Numbered | None = self._counted
        for changed in revisions[number].changes:
            was, now = changed.before, bookings.get(changed.booking)
            if was is None:
                bookings.pop(changed.booking, None)
                whens.pop(changed.booking, None)
            else:
                moved = moved or was.when != whens.get(was.id)
                bookings[was.id], whens[was.id] = was, was.when
            numbered = numbered if _counts_as(was) == _counts_as(now) else None
        in_order = sorted(whens.values()) if moved else []
        if moved and in_order != list(whens.values()):
            bookings = {name: bookings[name] for _, _, name in in_order}
            whens, numbered = {when[2]: when for when in in_order}, None
        return Agenda(self.today, number - 1, bookings, self._maker, numbered, whens)


def numbered(sessions: Sequence[Session]) -> _Numbered:
    """Return the numbers of standing sessions, given in order of time, and how many each phase has; see `_Numbered`."""
    numbers: dict[str, int] = {}
    totals: dict[str, int] = {}
    if len({session.day for session in sessions}) < len(sessions):
        sessions = sorted(sessions, key=lambda session: session.when)  # of one hour by their ids
    for session in sessions:
        before = totals.get(session.phase, 0)
        numbers[session.id] = before + 1
        totals[session.phase] = before + session.counts
    return numbers, totals


def _counts_as(booking: Booking | None) -> tuple[str, bool, bool] | None:
    """Return what the numbers of sessions depend on, beside their order; None: they do not."""
    if not isinstance(booking, Session):
        return None
    return booking.phase, booking.counts, booking.status.stands


def is_in_calendars(session: Session) -> bool:
    """Whether a session is in calendars: not so if it was given without a booking, as it is past then."""
    return session.booked or session.status in (BookingStatus.FIRM, BookingStatus.TENTATIVE)


def agenda(course: Course) -> Agenda:
    """Return what a course holds, moment by moment."""
    return Agenda(course, len(course.revisions) - 1, course.bookings(), Maker(course))
