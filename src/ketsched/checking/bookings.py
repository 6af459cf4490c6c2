"""
Companions of a course: what the protocol asks for, and what is booked.

Moments are whole seconds since 1970 UTC, so that an overlap is elapsed time on every night.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import TypeVar

import attrs

from ketsched.agenda import Agenda
from ketsched.clock import seconds
from ketsched.holds import is_over
from ketsched.model import BookingStatus, Companion, Course, Interval, PlacedCompanion, Session, steps
from ketsched.zones import zone_named

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


@attrs.frozen(eq=False)
class AnchorDay:
    """
    One day that a companion is counted from, in this course.

    Attributes:
        key: What it is called in the ids of bookings: a session's id, another booking's, or "day13".
        day: Local date.
        session: The session that goes with it; None if the course has none of that id.
    """

    key: str
    day: date
    session: Session | None


@attrs.frozen(eq=False)
class CompanionBooking:
    """
    A booking that stands: an appointment or a task.

    Attributes:
        placed: The booking.
        companion: What the protocol says about it.
        session: The session it goes with; None if the course has none of that id.
        anchor_day: What it is counted from; None if nothing that takes place asks for it.
        begin, end: When it takes place; None for a task, and where no one moment is known.
    """

    placed: PlacedCompanion
    companion: Companion
    session: Session | None
    anchor_day: AnchorDay | None
    begin: int | None = None
    end: int | None = None

    @property
    def day(self) -> date:
        """Its local date."""
        return self.placed.day

    @property
    def title(self) -> str:
        """What the protocol calls it."""
        return self.companion.title

    @property
    def to_come(self) -> bool:
        """Whether it can still be changed."""
        return self.placed.status is not BookingStatus.FULFILLED

    @property
    def is_over(self) -> bool:
        """Whether it is a task that is over with its session: due until then, or of one that does not take place."""
        return self.session is not None and is_over(self.companion, self.session)

    @property
    def is_outdated(self) -> bool:
        """
        Whether it took place before a session that is still to come, and too far from it or too close to it.

        A decision counts as of the day of the appointment or its own, whichever lies in the window.
        """
        anchor = self.anchor_day
        if self.companion.kind != "appointment" or anchor is None or anchor.session is None or self.to_come:
            return False
        if anchor.session.status is BookingStatus.FULFILLED or anchor.day <= self.day:
            return False
        outcome = self.placed.outcome
        days = [self.day, *([] if outcome is None else [outcome.on])]
        return not any(is_within(self.companion, anchor, day) for day in days)

    @property
    def is_trip(self) -> bool:
        """Whether the patient has to go somewhere for it."""
        return self.companion.is_trip and self.companion.for_patient


@attrs.frozen(eq=False)
class Stay:
    """
    A session whose time is known, arrival to door.

    Attributes:
        session: The session.
        begin, end: When it takes place.
        drives_from: When the patient may drive again; None if its phase says nothing.
    """

    session: Session
    begin: int
    end: int
    drives_from: int | None


@attrs.frozen(eq=False)
class Bookings:
    """
    The companions of a course.

    Attributes:
        agenda: What the course holds.
        standing: Its sessions that stand, in order of time.
    """

    agenda: Agenda
    standing: tuple[Session, ...]

    @property
    def course(self) -> Course:
        """The course."""
        return self.agenda.today

    @cached_property
    def bookable(self) -> tuple[Companion, ...]:
        """The appointments and tasks that the protocol asks for."""
        return tuple(c for c in self.course.protocol.companions if c.kind != "notice")

    @cached_property
    def _placed(self) -> dict[str, list[PlacedCompanion]]:
        standing = (placed for placed in self.course.companions if placed.status.stands)
        return grouped((placed.companion, placed) for placed in standing)

    @cached_property
    def _anchor_of(self) -> dict[str, AnchorDay]:
        """What each booking is counted from, by the booking's id."""
        anchor_of: dict[str, AnchorDay] = {}
        for companion in self.bookable:
            placed = self._placed.get(companion.id)
            if placed:
                anchor_of |= _assigned(companion, self.anchor_days(companion), placed)
        return anchor_of

    @cached_property
    def sessions(self) -> dict[str, Session]:
        """All sessions of the course by id, also those that do not stand."""
        return {session.id: session for session in self.course.sessions}

    @cached_property
    def _anchor_days(self) -> dict[str, tuple[AnchorDay, ...]]:
        return {c.id: tuple(self._counted_from(c)) for c in self.course.protocol.companions}

    def anchor_days(self, companion: Companion) -> tuple[AnchorDay, ...]:
        """Return what a companion is counted from, in order of time."""
        return self._anchor_days[companion.id]

    def of_phase(self, name: str) -> tuple[Session, ...]:
        """Return the standing sessions of a phase, or of the whole course if no name is given."""
        return tuple(s for s in self.standing if s.phase == name) if name else self.standing

    def _counted_from(self, companion: Companion) -> Iterator[AnchorDay]:
        anchor = companion.anchor
        if anchor.companion is not None:
            for placed in self._placed.get(anchor.companion, ()):
                yield AnchorDay(placed.id, placed.day, self.sessions.get(placed.session))
            return
        sessions = self.of_phase(anchor.phase)
        if anchor.study_day is not None and sessions:
            day = sessions[0].day + timedelta(anchor.study_day - 1)
            yield AnchorDay(f"day{anchor.study_day}", day, [s for s in sessions if s.day <= day][-1])
        elif anchor.edge is not None:
            chosen = sessions[:1] if anchor.edge == "start" else sessions[-1:]
            yield from (AnchorDay(anchor.edge, s.day, s) for s in chosen)
        elif anchor.session is not None:
            numbered = [s for s in sessions if s.counts][anchor.session - 1 : anchor.session]
            yield from (AnchorDay(f"session{anchor.session}", s.day, s) for s in numbered)
        elif anchor.every is not None:
            each = [s for s in sessions if (s.booked if anchor.every == 1 else s.counts)]
            yield from (AnchorDay(s.id, s.day, s) for s in each[anchor.every - 1 :: anchor.every])

    def asked(self, companion: Companion, anchor: AnchorDay) -> int:
        """Return how many bookings a companion has from one anchor."""
        if companion.count is not None:
            return companion.count
        first = companion.window.latest if companion.kind == "task" else companion.window.recommended
        sessions = self.of_phase(companion.anchor.phase)
        return (
            _steps_until(anchor.day + timedelta(first), companion.every, sessions[-1].day) if sessions else 0
        )

    @cached_property
    def all(self) -> tuple[CompanionBooking, ...]:
        """The bookings that stand, in order of time."""
        if not self.course.companions:
            return ()
        return tuple(self._booked(placed) for placed in self.course.companions if placed.status.stands)

    @cached_property
    def definitions(self) -> dict[str, Companion]:
        """What the protocol says of each appointment and task, by its id there."""
        return {companion.id: companion for companion in self.bookable}

    def _booked(self, placed: PlacedCompanion) -> CompanionBooking:
        companion, entry = self.definitions[placed.companion], self.agenda.of_companion(placed)
        begin = None if entry is None or entry.start is None else seconds(entry.start)
        end = None if begin is None else begin + 60 * companion.minutes
        session, anchor = self.sessions.get(placed.session), self._anchor_of.get(placed.id)
        return CompanionBooking(placed, companion, session, anchor, begin, end)

    @cached_property
    def to_come(self) -> tuple[CompanionBooking, ...]:
        """The bookings that can still be changed."""
        return tuple(booked for booked in self.all if booked.to_come)

    @cached_property
    def outdated(self) -> tuple[CompanionBooking, ...]:
        """The appointments that took place, and not when they would have to for what is still to come."""
        return tuple(booked for booked in self.all if booked.is_outdated)

    @cached_property
    def gates(self) -> tuple[CompanionBooking, ...]:
        """The bookings that decide about the sessions after them; one that was missed still has to."""
        return tuple(
            self._booked(placed)
            for placed in self.course.companions
            if placed.status is not BookingStatus.CLOSED and self.definitions[placed.companion].gate
        )

    @cached_property
    def trips(self) -> tuple[tuple[CompanionBooking, ...], ...]:
        """The trips of the patient that can still be changed, those of one companion together."""
        trips = grouped((booked.companion.id, booked) for booked in self.to_come if booked.is_trip)
        return tuple(map(tuple, trips.values()))

    @cached_property
    def from_one_anchor(self) -> dict[tuple[str, str], list[CompanionBooking]]:
        """The bookings by their companion's id and the key of what they are counted from, in order of time."""
        return grouped(
            ((booked.companion.id, booked.anchor_day.key), booked)
            for booked in self.all
            if booked.anchor_day is not None
        )

    @cached_property
    def stays(self) -> tuple[Stay, ...]:
        """The standing sessions whose time is known, in order of time."""
        entries = (self.agenda.session_entries[session.id] for session in self.standing)
        return tuple(
            Stay(
                session=entry.booking,
                begin=seconds(entry.start),
                end=seconds(entry.end),
                drives_from=None if entry.drives_from is None else seconds(entry.drives_from),
            )
            for entry in entries
            if entry.start is not None and entry.end is not None
        )

    @cached_property
    def stays_on(self) -> dict[date, list[Stay]]:
        """The standing sessions whose time is known, by their day."""
        return grouped((stay.session.day, stay) for stay in self.stays)

    @cached_property
    def on(self) -> dict[date, list[Session]]:
        """The standing sessions by their day."""
        return grouped((session.day, session) for session in self.standing)

    def notices(self, topic: str) -> Iterator[tuple[Companion, list[Session]]]:
        """Yield the notices of a topic, each with the sessions that it goes with."""
        for companion in self.course.protocol.companions:
            if companion.kind == "notice" and companion.topic == topic:
                sessions = (anchor.session for anchor in self.anchor_days(companion))
                yield companion, [session for session in sessions if session is not None]


def _assigned(
    companion: Companion, anchor_days: Sequence[AnchorDay], placed: Sequence[PlacedCompanion]
) -> dict[str, AnchorDay]:
    """
    Return what each booking of a companion is counted from, by the booking's id.

    Its id says so, or else its session; what is left takes the first anchor with room whose window it
    lies in, and at last the nearest with room. What the protocol has no room for is left out.
    """
    room = {anchor.key: len(placed) if companion.count is None else companion.count for anchor in anchor_days}
    by_key = {anchor.key: anchor for anchor in anchor_days}
    with_session = grouped((a.session.id if a.session is not None else "", a) for a in anchor_days)
    anchor_of: dict[str, AnchorDay] = {}
    named = f"{companion.id}:"

    def by_id(one: PlacedCompanion) -> AnchorDay | None:
        if not one.id.startswith(named):
            return None
        key = one.id[len(named) :]
        if key in by_key:
            return by_key[key]
        key, _, number = key.rpartition(":")
        return by_key.get(key) if number.isdecimal() else None

    def by_session(one: PlacedCompanion) -> AnchorDay | None:
        return next((d for d in with_session.get(one.session, ()) if room[d.key]), None)

    def by_window(one: PlacedCompanion) -> AnchorDay | None:
        return next((d for d in anchor_days if room[d.key] and is_within(companion, d, one.day)), None)

    def by_day(one: PlacedCompanion) -> AnchorDay | None:
        return min((d for d in anchor_days if room[d.key]), key=lambda d: abs(d.day - one.day), default=None)

    for way in (by_id, by_session, by_window, by_day):
        for one in placed:
            of = way(one) if one.id not in anchor_of else None
            if of is not None and room[of.key]:
                room[of.key] -= 1
                anchor_of[one.id] = of
        if len(anchor_of) == len(placed):
            break
    return anchor_of


def window_of(companion: Companion, anchor: AnchorDay) -> tuple[date, date]:
    """Return the first and the last day of a companion's window, both in it; what goes on has no last day."""
    first = anchor.day + timedelta(companion.window.earliest)
    return first, date.max if _goes_on(companion) else anchor.day + timedelta(companion.window.latest)


def is_within(companion: Companion, anchor: AnchorDay, day: date) -> bool:
    """Whether a day lies in the window that a companion has from an anchor."""
    days, window = (day - anchor.day).days, companion.window
    return window.earliest <= days and (days <= window.latest or _goes_on(companion))


def _goes_on(companion: Companion) -> bool:
    """Whether bookings go on past the window: without a count, and tasks of which only the first is due in it."""
    return companion.count is None or (companion.kind == "task" and companion.count > 1)


def _steps_until(first: date, every: Sequence[Interval], last: date) -> int:
    """Count the days from a first one on, by intervals of which the last repeats, up to a last day."""
    number, day, following = 0, first, steps(every, first)
    while day <= last:
        number += 1
        if number >= len(every) and not every[-1].months:  # days alone, again and again
            return number + (last - day).days // every[-1].days
        day = next(following)
    return number


def grouped(pairs: Iterable[tuple[Key, Value]]) -> dict[Key, list[Value]]:
    """Return the values of each key, both in the order in which they come."""
    groups: dict[Key, list[Value]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups


def local(at: int, zone: str) -> datetime:
    """Return a moment on the clock of a zone."""
    return datetime.fromtimestamp(at, UTC).astimezone(zone_named(zone))
