"""
What a rule is shown: a course seen phase by phase, and against the calendar.

Everything is worked out once and only when a rule asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeVar

import attrs

from ketsched.agenda import Agenda, agenda
from ketsched.calendars import Calendar
from ketsched.checking.bookings import Bookings, grouped
from ketsched.checking.rules import Cited, Finding, Rule
from ketsched.clock import (
    MINUTES_A_DAY,
    TimeRange,
    changes_clocks,
    day_words,
    merged,
    minute_of,
)
from ketsched.history import History, evaluate
from ketsched.model import (
    Booking,
    BookingStatus,
    Companion,
    Course,
    Phase,
    Session,
    Spacing,
    Visit,
    Waiver,
)
from ketsched.names import Names
from ketsched.zones import same_zone, zone_named

DAYS_A_WEEK = 7
Read = TypeVar("Read")


@attrs.frozen(eq=False)
class PhaseSessions:
    """
    The sessions of one phase that stand, at least one, in order of time.

    Attributes:
        phase: What the protocol says about them.
        sessions: The sessions; all of them set the clock and fill windows.
    """

    phase: Phase
    sessions: tuple[Session, ...]

    @cached_property
    def counted(self) -> tuple[Session, ...]:
        """Those that fill a place of the series; session 4 is the fourth of these."""
        return tuple(session for session in self.sessions if session.counts)

    @cached_property
    def spacing(self) -> tuple[tuple[str, Spacing], ...]:
        """The phase's spacing rules and the key of their evidence; required ones first, then the wider."""
        rules = [(f"spacing {n}", spacing) for n, spacing in enumerate(self.phase.spacing, 1)]
        return tuple(sorted(rules, key=lambda r: (not r[1].required, -(r[1].in_days().minimum or 0))))

    @property
    def span(self) -> int:
        """From the first to the last session in days, both dates counted."""
        return (self.sessions[-1].day - self.sessions[0].day).days + 1

    @property
    def nominal_weeks(self) -> int:
        """The span in weeks, rounded up."""
        return -(-self.span // DAYS_A_WEEK)


@attrs.frozen(kw_only=True, eq=False)
class CheckedCourse:
    """
    What a rule is shown: a course, and what else the caller knows.

    Attributes:
        course: The schedule, with what happened written into its sessions.
        calendar: When the clinic (and the patient) can; None if not given.
        calendars: Of those whom companions name, by name.
        as_of: Today; None if not given.
        waivers: The course's and the caller's, each once, in one order.
        rules: All rules there are.
        visits: What happened and may not be recorded in the course yet.
        judged: The course up to today, if visits were judged for it; see `history`.
        findings: Of the rules about the schedule, waivers applied; for the rules about waivers.
    """

    course: Course
    calendar: Calendar | None = None
    calendars: Mapping[str, Calendar] = attrs.field(factory=dict)
    as_of: date | None = None
    waivers: tuple[Waiver, ...] = ()
    rules: tuple[Rule, ...] = ()
    visits: tuple[Visit, ...] = ()
    judged: History | None = None
    findings: tuple[Finding, ...] = ()
    _read: dict[object, tuple[Any, ...]] = attrs.field(factory=dict, init=False, repr=False)

    def once(self, read: Callable[[CheckedCourse], Iterable[Read]]) -> tuple[Read, ...]:
        """Return what is read off this course; several rules ask for the same, and it is read once."""
        if read not in self._read:
            self._read[read] = tuple(read(self))
        return self._read[read]

    @cached_property
    def standing(self) -> tuple[Session, ...]:
        """The sessions that take place or did, in order of time."""
        return self.course.standing()

    @cached_property
    def series(self) -> tuple[PhaseSessions, ...]:
        """The phases that have sessions, in the protocol's order."""
        by_phase = grouped((session.phase, session) for session in self.standing)
        return tuple(
            PhaseSessions(phase, tuple(by_phase[phase.name]))
            for phase in self.course.protocol.phases
            if phase.name in by_phase
        )

    @cached_property
    def joins(self) -> tuple[tuple[PhaseSessions, PhaseSessions], ...]:
        """
        Each phase and the next one that has sessions, where the later begins after the earlier has ended.

        A phase that runs beside another follows the one before that, not the one it is beside.
        """
        if len(self.series) < 2:
            return ()
        place = {session.id: at for at, session in enumerate(self.standing)}
        main = [series for series in self.series if not series.phase.beside]
        pairs = list(pairwise(main))
        for series in self.series[len(main) :]:
            before = [earlier for earlier in main if earlier.phase.name != series.phase.beside]
            pairs += [(earlier, series) for earlier in before[-1:]]
        return tuple(
            (earlier, later)
            for earlier, later in pairs
            if place[earlier.sessions[-1].id] < place[later.sessions[0].id]
        )

    @cached_property
    def agenda(self) -> Agenda:
        """What the course holds, moment by moment."""
        return agenda(self.course)

    @cached_property
    def bookings(self) -> Bookings:
        """The companions, as they are asked for and as they are booked."""
        return Bookings(self.agenda, self.standing)

    @cached_property
    def phases(self) -> dict[str, Phase]:
        """The protocol's phases by name."""
        return {phase.name: phase for phase in self.course.protocol.phases}

    @cached_property
    def to_come(self) -> tuple[Session, ...]:
        """The standing sessions that were not given, in order of time."""
        return tuple(session for session in self.standing if session.status is not BookingStatus.FULFILLED)

    @cached_property
    def given(self) -> tuple[Session, ...]:
        """The sessions that were given, in order of time."""
        return tuple(session for session in self.standing if session.status is BookingStatus.FULFILLED)

    @cached_property
    def known_until(self) -> date:
        """Today, or the day of the last session that was given, whichever is later."""
        return max([*(session.day for session in self.given), self.as_of or date.min])

    @cached_property
    def history(self) -> History | None:
        """What happened until today, visit by visit; None if today was not given."""
        if self.judged is None and self.as_of is not None:
            return evaluate(self.course, as_of=self.as_of)
        return self.judged

    @cached_property
    def underway(self) -> bool:
        """Whether anything is known of how the course went."""
        went = (BookingStatus.FULFILLED, BookingStatus.MISSED)
        return bool(self.visits or self.course.visits) or any(s.status in went for s in self.course.sessions)

    @cached_property
    def over(self) -> frozenset[str]:
        """Names of the phases in which nothing more is planned: the course was ended, or went over to another."""
        return self.course.finished_phases()

    @cached_property
    def lifted(self) -> frozenset[tuple[str, str, int]]:
        """The latest days that what happened has made impossible: both sessions' ids, and the days."""
        return frozenset((x.earlier, x.later, x.latest) for x in self.course.lifted if x.by == "history")

    @cached_property
    def not_made_up(self) -> dict[str, tuple[Session, ...]]:
        """
        By phase, the sessions that were missed or cancelled, and that it still lacks.

        One that was merely taken off the calendar, or is known not to be made up, is not among them.
        """
        visited = {visit.session for visit in self.course.visits}
        visited |= {one.session for one in self.judged.visits} if self.judged is not None else set()
        gone: dict[str, list[Session]] = {}
        for session in self.course.sessions:
            missed = session.status is BookingStatus.MISSED
            missed = missed or (session.status is BookingStatus.CLOSED and session.id in visited)
            if missed and session.id not in self.course.skipped and session.phase not in self.over:
                gone.setdefault(session.phase, []).append(session)
        counted = {series.phase.name: len(series.counted) for series in self.series}
        lacking = {}
        for name, sessions in gone.items():
            count = self.phases[name].count
            skipped = sum(s.phase == name and s.id in self.course.skipped for s in self.course.sessions)
            lacks = 0 if count is None else count - skipped - counted.get(name, 0)
            if lacks > 0:
                lacking[name] = tuple(sessions[-lacks:])
        return lacking

    @cached_property
    def at_home(self) -> frozenset[str]:
        """Ids of the standing sessions that are at home."""
        phases = self.phases
        return frozenset(s.id for s in self.standing if s.is_at_home(phases[s.phase]))

    @cached_property
    def esketamine(self) -> frozenset[str]:
        """Ids of the standing sessions whose route is that of the licensed nasal spray."""
        nasal = {name for name, phase in self.phases.items() if _is_nasal(phase.route)}
        return frozenset(
            session.id
            for session in self.standing
            if (_is_nasal(session.route) if session.route else session.phase in nasal)
        )

    @cached_property
    def driven_from(self) -> tuple[Session, ...]:
        """The sessions at the clinic, neither given nor past, after which the patient may not drive."""
        restricted = {name for name, phase in self.phases.items() if phase.no_driving is not None}
        return tuple(
            session
            for session in self.to_come
            if session.phase in restricted
            and session.id not in self.at_home
            and (self.as_of is None or session.day >= self.as_of)
        )

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The place of each standing session in its series, from 1; those that do not count have none."""
        return {s.id: n for series in self.series for n, s in enumerate(series.counted, 1)}

    def start(self, session: Session) -> datetime | None:
        """Return when a session starts; None if its time is unknown, skipped by its zone or repeated."""
        return self.agenda.start(session)

    def start_exists(self, session: Session) -> bool:
        """Whether the clocks of the course's zone show that time once; an unknown time does."""
        return session.time is None or self.start(session) is not None

    @cached_property
    def seats(self) -> tuple[SeatedSession, ...]:
        """The sessions at the clinic that are still to come, against the calendar; none without one."""
        if self.calendar is None:
            return ()
        return tuple(
            self._seated(session, self.calendar, series.phase.anatomy.minutes)
            for series in self.series
            for session in series.sessions
            if not happened(session) and session.id not in self.at_home
        )

    def _seated(self, session: Session, calendar: Calendar, minutes: int) -> SeatedSession:
        """Lay a session against a calendar, whose clocks may change, or be of another zone than the course's."""
        entry = self.agenda.session_entries[session.id]
        if session.time is None or entry.start is None or entry.end is None:
            return SeatedSession(
                session, calendar, minutes, session.day, merged(calendar.ranges(session.day))
            )
        day, start = session.day, minute_of(session.time)
        abroad = not same_zone(calendar.zone, self.course.zone)
        if abroad:
            there = entry.start.astimezone(zone_named(calendar.zone))
            day, start = there.date(), minute_of(there.time())
        spans = merged(calendar.ranges(day))
        opening = next((span for span in spans if span.start <= start < span.end), None)
        end = start + minutes
        if abroad or end > MINUTES_A_DAY or changes_clocks(day, calendar.zone):
            fits = calendar.is_open_throughout(entry.start, entry.end)
        else:
            fits = opening is not None and end <= opening.end
        return SeatedSession(session, calendar, minutes, day, spans, start, opening is not None, fits)

    @cached_property
    def names(self) -> Names:
        """What its bookings are called."""
        return Names(self.agenda)

    def named(self, session: Session, *others: Session) -> str:
        """Say which session it is, or which several: "infusion 3 (Fri 2027-01-08)", "infusions 3 to 5"."""
        if others:
            return self.names.several(one.id for one in (session, *others))
        return self.names.on_day(session)

    def called(self, session: Session) -> str:
        """Say which session it is where its day was said already: "infusion 3"; by its day if it has no number."""
        return self.names.of(session) if session.id in self.numbers else self.names.on_day(session)

    def with_verb(self, sessions: Sequence[Session]) -> str:
        """Name sessions with their verb: "infusion 3 (Fri 2027-01-08) is", "infusions 3 to 6 are"."""
        return f"{self.named(*sessions)} {'is' if len(sessions) == 1 else 'are'}"

    def place(self, finding: Finding) -> str:
        """Say where a finding is: at the last appointment or session it is about, or else in the protocol."""
        if finding.companions:
            placed = next(one for one in self.course.companions if one.id == finding.companions[-1])
            return self.where(placed)
        if finding.sessions:
            return self.where(self.bookings.sessions[finding.sessions[-1]])
        return self.course.protocol.id

    def where(self, booking: Booking) -> str:
        """Say which session, appointment or task it is, with its day."""
        if booking.kind == "companion":
            return f"{self.bookings.definitions[booking.of].title}, {day_words(booking.day)}"
        number = f"session {self.numbers[booking.id]}, " if booking.id in self.numbers else ""
        return f"{booking.of}, {number}{day_words(booking.day)}"

    def where_phase(self, phase: Phase) -> str:
        """Say which phase a finding is about."""
        return f"{self.course.protocol.id}, {phase.name}"

    def cite(self, of: Phase | Companion, key: str) -> Cited | None:
        """Return where a number of the protocol comes from, in full; None if it does not say."""
        entry = self.course.protocol.cite(of, key)
        return None if entry is None else Cited(entry.source, entry.mark)


def amount(number: int, unit: str = "session", most: int | None = None) -> str:
    """Say "no sessions", "1 session" or "6 sessions"; up to another number "6 to 8 sessions"."""
    if most is not None and most != number:
        return f"{number} to {most} {unit}s"
    return f"{number or 'no'} {unit}{'' if number == 1 else 's'}"


def unknown_sessions(
    case: CheckedCourse,
    rule: Rule,
    ids: Iterable[str],
    *sessions: Session,
    named_by: str,
    where: str,
    otherwise: str,
) -> Iterator[Finding]:
    """Yield what a rule finds if a part of the file names sessions that the course does not have."""
    known = {session.id for session in case.course.sessions}
    unknown = [name for name in ids if name not in known]
    if unknown:
        yield rule.at(
            *sessions,
            what=f"{named_by} names {' and '.join(unknown)}",
            why="the course has no such session",
            fix=f"name the session that was meant by its id, or {otherwise}",
            where=where,
        )


def happened(*sessions: Session) -> bool:
    """Whether all these sessions were given: no plan can change them any more."""
    return all(session.status is BookingStatus.FULFILLED for session in sessions)


def _is_nasal(route: str) -> bool:
    return route.strip().casefold() in ("nasal", "nasal esketamine")


@attrs.frozen(eq=False)
class SeatedSession:
    """
    A session against the calendar.

    Attributes:
        session: The session.
        calendar: The calendar.
        minutes: Its chair time.
        day: The date it starts on, by the calendar's clocks.
        spans: When the calendar is open on that day, in as few pieces as can be.
        start: Minutes after midnight at which it starts, by the calendar's clocks; None if that is unknown.
        opens: Whether the calendar is open when it starts.
        fits: Whether it is open throughout, elapsed time.
    """

    session: Session
    calendar: Calendar
    minutes: int
    day: date
    spans: tuple[TimeRange, ...]
    start: int | None = None
    opens: bool = False
    fits: bool = False
