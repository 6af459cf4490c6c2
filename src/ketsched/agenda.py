"""
What a course holds, moment by moment: its sessions, appointments, tasks and the days after sessions.

Facts only, for every reader of a course: no rule, no word, no format. The same holds of the course
as an earlier revision left it, as far as its revisions kept what they changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate
from typing import ClassVar, NamedTuple

import attrs

from ketsched.clock import LAST_DAY, choices, later, uneven_days
from ketsched.model import (
    Authorisation,
    Booking,
    BookingStatus,
    Companion,
    Course,
    Hold,
    Phase,
    PlacedCompanion,
    Protocol,
    Session,
)
from ketsched.model.bookings import MIDNIGHT
from ketsched.zones import zone_named

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@attrs.frozen(kw_only=True)
class Entry:
    """
    One thing that a course holds.

    Attributes:
        booking: The session, appointment or task; of a day after, the session before it.
        start: When it starts; None for whole days, and where the hour is not known, or the clocks skip
            or repeat it.
        end: When it ends; None likewise.
    """

    is_whole_days: ClassVar[bool] = False
    """Whether it has no hour by its nature, rather than because that is not known."""

    booking: Booking
    start: datetime | None
    end: datetime | None

    @property
    def first(self) -> date:
        """Its first day, a local date."""
        return self.booking.day

    @property
    def last(self) -> date:
        """Its last day, in it; only days after a session can be several."""
        return self.first

    @property
    def status(self) -> BookingStatus:
        """What it is: to be confirmed, firm, given, missed or off."""
        return self.booking.status

    @property
    def begins(self) -> tuple[date, time]:
        """Its place in the order of time; what has no hour comes first on its day."""
        return self.first, MIDNIGHT if self.is_whole_days else self.booking.time or MIDNIGHT


class Moments(NamedTuple):
    """
    When the parts of a session are.

    Attributes:
        start: The chair is taken.
        treatment: The infusion starts; rules before it count back from here.
        treated: The infusion ends; rules after it count from here.
        observed: The observation period ends.
        end: The chair is free again.
    """

    start: datetime
    treatment: datetime
    treated: datetime
    observed: datetime
    end: datetime


@attrs.frozen(kw_only=True)
class SessionEntry(Entry):
    """
    A session.

    Attributes:
        phase: What the protocol says about it.
        number: Its number in its phase, from 1, counted over those that stand and count; None if it does not stand.
        total: How many there are of these.
        drives_from: When the patient may drive again; None if the protocol says nothing, or without an hour.
            "Next day" is after a night's sleep, so not before the local date changes: its first moment,
            which is no time to print.
    """

    booking: Session
    phase: Phase
    number: int | None
    total: int
    drives_from: datetime | None

    @property
    def at_home(self) -> bool:
        """Whether it takes no chair: it, or else its phase, is at home."""
        return self.booking.is_at_home(self.phase)

    @property
    def moments(self) -> Moments | None:
        """When its parts are; None where no one moment is known."""
        if self.start is None:
            return None
        parts = self.phase.anatomy
        minutes = accumulate((parts.prepare, parts.infusion, parts.observation, parts.discharge))
        return Moments(self.start, *(later(self.start, timedelta(minutes=elapsed)) for elapsed in minutes))

    @property
    def no_driving_on(self) -> date | None:
        """The last date on which it is forbidden to drive for some of the day; None as for drives_from."""
        if self.drives_from is None or not isinstance(self.phase.no_driving, timedelta):
            return self.drives_from and self.drives_from.date()
        return (self.drives_from - MINUTE).date()

    @property
    def route(self) -> str:
        """The route of the drug."""
        return self.booking.route or self.phase.route


@attrs.frozen(kw_only=True)
class DayAfter(Entry):
    """
    The days after a session at the clinic on which it is still forbidden to drive.

    Attributes:
        first: The day after the session's.
        last: The last date on which it is forbidden for some of the day.
        session: The session; as it was before, but off, if since then nothing is forbidden any more.
    """

    is_whole_days = True

    first: date
    last: date
    session: SessionEntry


@attrs.frozen(kw_only=True)
class CompanionEntry(Entry):
    """
    An appointment, or a task with its due date.

    Attributes:
        companion: What the protocol says about it.
    """

    booking: PlacedCompanion
    companion: Companion

    @property
    def is_whole_days(self) -> bool:  # type: ignore[override] # a task is due on a day, an appointment has an hour
        """Whether it has no hour by its nature."""
        return self.companion.kind == "task"

    @property
    def is_part_of_session(self) -> bool:
        """Whether it takes place during a session."""
        return self.companion.on_session_days == "during"


@attrs.frozen(eq=False)
class Agenda:
    """
    What a course holds, as one of its revisions left it.

    Attributes:
        today: The course; its protocol, zone, holds and visits are those of today.
        revision: The number of the revision.
        bookings: All that was booked until then, by id.
        _numbered: Numbers and totals, if they are those of the revision after it.
    """

    today: Course
    revision: int
    bookings: Mapping[str, Booking]
    _maker: _Maker
    _numbered: _Numbered | None = None

    @property
    def protocol(self) -> Protocol:
        """What it was planned with, as of today."""
        return self.today.protocol

    def runs_evenly(self, day: date) -> bool:
        """Whether the clocks run evenly on the day of a booking."""
        return day not in self._maker.uneven

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
        if self._numbered is not None:
            return self._numbered
        numbers: dict[str, int] = {}
        totals: dict[str, int] = {}
        sessions: Sequence[Session] = self.standing()
        if len({session.day for session in sessions}) < len(sessions):
            sessions = sorted(sessions, key=lambda session: session.when)  # of one hour by their ids
        for session in sessions:
            before = totals.get(session.phase, 0)
            numbers[session.id] = before + 1
            totals[session.phase] = before + session.counts
        return numbers, totals

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
        bookings, moved = dict(self.bookings), False
        numbered: _Numbered | None = self._counted
        for changed in revisions[number].changes:
            was, now = changed.before, bookings.get(changed.booking)
            if was is None:
                bookings.pop(changed.booking, None)
            else:
                bookings[changed.booking] = was
                moved = moved or now is None or was.when != now.when
            if not _counts_alike(was, now):
                numbered = None
        if moved:
            before = list(bookings)
            bookings = {b.id: b for b in sorted(bookings.values(), key=lambda booking: booking.when)}
            if list(bookings) != before:
                numbered = None
        return Agenda(self.today, number - 1, bookings, self._maker, numbered)


_Numbered = tuple[dict[str, int], dict[str, int]]


class _Maker:
    """
    Works out what follows for the bookings of one course.

    Clocks run evenly on all but two days of a year: only there is the detour over UTC taken.
    """

    def __init__(self, course: Course) -> None:
        self.zone, self.place = course.zone, zone_named(course.zone)
        self.phases = {phase.name: _parts(phase) for phase in course.protocol.phases}
        self.companions = {companion.id: companion for companion in course.protocol.companions}
        self.course = course
        years = {booking.day.year for booking in self._ever_booked()}
        years |= {min(year + 1, LAST_DAY.year) for year in years}
        self.uneven = frozenset[date]().union(*(uneven_days(year, self.zone) for year in years))

    def _ever_booked(self) -> Iterator[Booking]:
        """Yield all bookings, as they are and as they were."""
        yield from self.course.sessions
        yield from self.course.companions
        for revision in self.course.revisions:
            yield from (changed.before for changed in revision.changes if changed.before is not None)

    @cached_property
    def untold(self) -> set[int]:
        """The revisions that changed something and do not say what."""
        made = {number for booking in self._ever_booked() for number in booking.revised}
        return {n for n, revision in enumerate(self.course.revisions) if n in made and not revision.changes}

    def start(self, booking: Booking) -> datetime | None:
        """Return when a booking starts; None if that is not known, or no one moment."""
        day, clock = booking.day, booking.time
        if clock is None:
            return None
        if day not in self.uneven:
            return datetime.combine(day, clock, self.place)
        found = choices(day, clock, self.zone)
        return found[0] if len(found) == 1 else None

    def after(self, booking: Booking, start: datetime, elapsed: timedelta) -> datetime:
        """Return the moment that much elapsed time after the start of a booking."""
        shown = start + elapsed
        if booking.day not in self.uneven:
            last = shown.date()
            if last == booking.day or (elapsed <= 2 * DAY and self.uneven.isdisjoint((last - DAY, last))):
                return shown
        return later(start, elapsed)

    def session(self, session: Session, number: int | None, total: int) -> SessionEntry:
        """Return a session with what follows for it."""
        phase, length, until = self.phases[session.phase]
        start = self.start(session)
        end = drives_from = None
        if start is not None:
            end = self.after(session, start, length)
            if until is not None:
                drives_from = self.after(session, start, until)
                if not isinstance(phase.no_driving, timedelta):  # after a night's sleep
                    drives_from = datetime.combine(drives_from.date() + DAY, MIDNIGHT, self.place)
        return SessionEntry(
            booking=session,
            start=start,
            end=end,
            phase=phase,
            number=number,
            total=total,
            drives_from=drives_from,
        )

    def companion(self, placed: PlacedCompanion) -> CompanionEntry | None:
        """Return an appointment or task with what follows for it."""
        companion = self.companions.get(placed.companion)
        if companion is None:
            return None
        start = self.start(placed) if companion.kind == "appointment" else None
        end = None if start is None else self.after(placed, start, timedelta(minutes=companion.minutes))
        return CompanionEntry(booking=placed, start=start, end=end, companion=companion)

    def day_after(self, entry: SessionEntry) -> DayAfter | None:
        """Return the days after a session on which it is still forbidden to drive; None if there are none."""
        last, session = entry.no_driving_on, entry.booking
        if last is None or entry.at_home or last <= session.day:
            return None
        if not (session.status.stands or session.sequence):  # off before it was ever given out
            return None
        return DayAfter(
            booking=session, start=None, end=None, first=session.day + DAY, last=last, session=entry
        )


def _parts(phase: Phase) -> tuple[Phase, timedelta, timedelta | None]:
    """Return a phase, how long its sessions take, and how long after their start it is still forbidden to drive."""
    parts, rule = phase.anatomy, phase.no_driving
    treated = timedelta(minutes=parts.prepare + parts.infusion)
    until = None if rule is None else treated + (rule if isinstance(rule, timedelta) else timedelta())
    return phase, timedelta(minutes=parts.minutes), until


def _counts_alike(was: Booking | None, now: Booking | None) -> bool:
    """Whether a change of a booking leaves the numbers of sessions alone, if it passes none of them."""
    if isinstance(was, Session) and isinstance(now, Session):
        alike = was.phase == now.phase and was.counts == now.counts
        return alike and was.status.stands == now.status.stands
    return not (isinstance(was, Session) or isinstance(now, Session))


def is_in_calendars(session: Session) -> bool:
    """Whether a session is in calendars: not so if it was given without a booking, as it is past then."""
    return session.booked or session.status in (BookingStatus.FIRM, BookingStatus.TENTATIVE)


def agenda(course: Course) -> Agenda:
    """Return what a course holds, moment by moment."""
    return Agenda(course, len(course.revisions) - 1, course.bookings(), _Maker(course))
