"""
When each booking of a course is, and what follows for it: the values that an agenda holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import accumulate
from operator import add
from typing import ClassVar, NamedTuple

import attrs

from ketsched.clock import LAST_DAY, choices, later, uneven_days
from ketsched.model import (
    Booking,
    BookingStatus,
    Companion,
    Course,
    Phase,
    PlacedCompanion,
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
        at_home: Whether it takes no chair: it, or else its phase, is at home.
        drives_from: When the patient may drive again; None if the protocol says nothing, or without an hour.
            "Next day" is after a night's sleep, so not before the local date changes: its first moment,
            which is no time to print.
    """

    booking: Session
    phase: Phase
    number: int | None
    total: int
    at_home: bool
    drives_from: datetime | None

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


class Maker:
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
        # Elapsed time is what clocks show for two days after any other day.
        self.near = {day - days * DAY for day in self.uneven for days in range(3)}

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

    def session(self, session: Session, number: int | None, total: int) -> SessionEntry:
        """Return a session with what follows for it."""
        phase, length, until, is_short, at_home = self.phases[session.phase]
        start = self.start(session)
        end = drives_from = None
        if start is not None:
            after = add if is_short and session.day not in self.near else later
            end = after(start, length)
            if until is not None:
                drives_from = after(start, until)
                if not isinstance(phase.no_driving, timedelta):  # after a night's sleep
                    drives_from = datetime.combine(drives_from.date() + DAY, MIDNIGHT, self.place)
        return SessionEntry(
            booking=session,
            start=start,
            end=end,
            phase=phase,
            number=number,
            total=total,
            at_home=session.is_at_home(phase) if session.place else at_home,
            drives_from=drives_from,
        )

    def companion(self, placed: PlacedCompanion) -> CompanionEntry | None:
        """Return an appointment or task with what follows for it."""
        companion = self.companions.get(placed.companion)
        if companion is None:
            return None
        start = self.start(placed) if companion.kind == "appointment" else None
        after = add if placed.day not in self.near else later  # it takes a day at most
        end = None if start is None else after(start, timedelta(minutes=companion.minutes))
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


def _parts(phase: Phase) -> tuple[Phase, timedelta, timedelta | None, bool, bool]:
    """
    Return a phase, how long its sessions take, and how long after their start it is still forbidden to drive.

    At last, whether both end within two days, and whether it is at home.
    """
    parts, rule = phase.anatomy, phase.no_driving
    length, treated = timedelta(minutes=parts.minutes), timedelta(minutes=parts.prepare + parts.infusion)
    until = None if rule is None else treated + (rule if isinstance(rule, timedelta) else timedelta())
    return (
        phase,
        length,
        until,
        max(length, until or length) <= 2 * DAY,
        phase.place.strip().casefold() == "home",
    )
