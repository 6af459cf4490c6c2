"""
What goes around the sessions, placed after them; no companion moves a session.

Each companion is placed in the order of the protocol, those that must be there before those
that are recommended: on the best days of its window that are open to it, then at an hour that
neither a session nor another appointment takes. Its days are found as those of sessions are:
bounds between its bookings, the nearest days to those recommended, days on which the patient
comes anyway before all others. If a companion that must be there finds no day because of
another one, that one tries its next best days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby, islice, takewhile

import attrs

from ketsched.around import Anchored, anchors
from ketsched.calendars import Calendar
from ketsched.clock import LAST_DAY, changes_clocks, later, minute_of, moment, seconds, time_of, zone_named
from ketsched.errors import InvalidInput
from ketsched.model import MOST_COMPANIONS, Companion, Course, PlacedCompanion, Session, Status
from ketsched.placing import TooManyPlans, place, ranked
from ketsched.planning.days import GRID, at_home, weekly
from ketsched.planning.explaining import NoFeasiblePlan
from ketsched.planning.laying import over, steps
from ketsched.series import Series
from ketsched.spacing import Bound, lay

TRIES = 500
"""Next best days that companions may try to make room for one that must be there."""

Span = tuple[int, int]
"""(begin, end), half-open, in seconds since 1970 UTC."""


@attrs.frozen
class _Run:
    """The bookings of one companion that are counted from one anchor."""

    companion: Companion
    anchored: Anchored
    ids: tuple[str, ...]
    ideals: tuple[int, ...]
    first: int
    last: int

    def where(self, course: Course) -> str:
        return f"{course.protocol.id}, companion {self.companion.id}, from {self.anchored.key} on {self.anchored.day}"


def companions_of(
    course: Course,
    *,
    calendar: Calendar,
    calendars: Mapping[str, Calendar] | None = None,
    availability: Calendar | None = None,
    time: time | None = None,
) -> tuple[PlacedCompanion, ...]:
    """
    Place what goes around the sessions of a course, and return it in order of time.

    Bookings that the course has keep their day and time where they still can; what took place
    stays as it is, and what has lost its session is closed.

    Args:
        course: With its sessions placed.
        calendar: The clinic's; its chairs are for sessions only.
        calendars: Of those whom companions name, "therapist"; one that is missing has the clinic's hours.
        availability: When the patient can.
        time: Local time of day that appointments on a day of their own should be near to.

    Raises:
        NoFeasiblePlan: A companion that must be there has no day; it names what closes each day.
        InvalidInput: There are more bookings than a course may have.
    """
    placer = _Placer(course, calendar, calendars or {}, availability, time)
    return placer.all()


def trips_saved(course: Course) -> int:
    """Return how many appointments at the clinic are on a day on which the patient comes anyway."""
    definitions = {companion.id: companion for companion in course.protocol.companions}
    days = {session.day for session in course.standing() if not course.is_at_home(session)}
    saved = 0
    for placed in course.companions:
        companion = definitions[placed.companion]
        if not placed.status.stands or not companion.for_patient or companion.kind != "appointment":
            continue
        if companion.place != "clinic" or companion.on_session_days == "during":
            continue
        saved += placed.day in days
        days.add(placed.day)
    return saved


class _Placer:
    """Places the companions of one course; knows what is taken of each day."""

    def __init__(
        self,
        course: Course,
        calendar: Calendar,
        calendars: Mapping[str, Calendar],
        availability: Calendar | None,
        preferred: time | None,
    ) -> None:
        self.course, self.calendar, self.calendars = course, calendar, calendars
        self.availability, self.preferred = availability, preferred
        self.standing = course.standing()
        self.before = {placed.id: placed for placed in course.companions}
        self.booked: list[PlacedCompanion] = []
        self.session_days = {session.day.toordinal() for session in self.standing}
        self.trip_days = {s.day.toordinal(): 1 for s in self.standing if not course.is_at_home(s)}
        self.taken: dict[int, list[Span]] = {}
        self._known: dict[tuple[str, str, bool], Calendar] = {}
        self._starts: dict[tuple[str, str, bool, int, int], list[int]] = {}
        for session in self.standing:
            if session.time is not None:
                start, end = course.starts(session), course.ends(session)
                self._take(session.day.toordinal(), end.date().toordinal(), (seconds(start), seconds(end)), 1)

    def all(self) -> tuple[PlacedCompanion, ...]:
        needed = self._needed()
        definitions = [c for c in self.course.protocol.companions if c.kind != "notice"]
        self._settle([c for c in definitions if c.id in needed])
        self._settle([c for c in definitions if c.id not in needed])
        kept = {placed.id for placed in self.booked}
        lost = [
            placed if not placed.status.stands else attrs.evolve(placed, status=Status.CLOSED)
            for placed in self.course.companions
            if placed.id not in kept and placed.status is not Status.FULFILLED
        ]
        given = [p for p in self.course.companions if p.id not in kept and p.status is Status.FULFILLED]
        found = [*self.booked, *lost, *given]
        if len(found) > MOST_COMPANIONS:
            raise InvalidInput(
                what=f"{len(found)} appointments and tasks",
                where=self.course.protocol.id,
                why=f"a course has at most {MOST_COMPANIONS}",
                fix="prescribe fewer, or plan fewer sessions",
            )
        return tuple(sorted(found, key=lambda p: (p.day, p.time or time(), p.id)))

    def _needed(self) -> set[str]:
        """Return the ids of companions that must be there, and of those that they are counted from."""
        found: set[str] = set()
        for companion in reversed(self.course.protocol.companions):
            if companion.required or companion.id in found:
                found.add(companion.id)
                if companion.anchor.companion is not None:
                    found.add(companion.anchor.companion)
        return found

    def _settle(self, companions: Sequence[Companion]) -> None:
        """Book all runs of some companions; step back to an earlier one where one that must be there is stuck."""
        frames: list[_Frame] = []
        tries = 0
        at, runs = 0, list[_Run]()
        while True:
            while not runs and at < len(companions):
                runs, at = self._runs(companions[at]), at + 1
            if not runs:
                return
            run, *runs = runs
            frame = _Frame(run, len(self.booked), at, runs, self._placements(run))
            placed = next(frame.placements, None)
            stuck = run
            while placed is None and stuck.companion.required:
                tries += 1
                while frames and not self._in_the_way(frames[-1].run, stuck):
                    self._unbook(frames.pop().begun)
                if not frames or tries > TRIES:
                    raise self._no_day(stuck)
                frame = frames.pop()
                self._unbook(frame.begun)
                at, runs = frame.at, frame.runs
                placed = next(frame.placements, None)
                if placed is None and not frame.run.companion.required:
                    break
            if placed is not None:
                self._book(frame.run, placed)
                frames.append(frame)

    def _in_the_way(self, earlier: _Run, stuck: _Run) -> bool:
        """Whether other days of an earlier run could help one that found none."""
        if earlier.companion.kind != "appointment":
            return False
        from_it = stuck.companion.anchor.companion == earlier.companion.id
        return from_it or (earlier.first <= stuck.last and stuck.first <= earlier.last)

    def _runs(self, companion: Companion) -> list[_Run]:
        """Return the runs of a companion, with the ids and the recommended days of their bookings."""
        window = companion.window
        found = []
        for anchored in anchors(companion, self.standing, self.booked):
            day = anchored.day.toordinal()
            first, last = day + window.earliest, day + window.latest
            begin = last if companion.kind == "task" else day + window.recommended
            ideals = [begin] if companion.count is not None or begin <= self._end(companion) else []
            if companion.count is None:
                last = self._end(companion)
            following = self._stepped(companion, begin) if companion.count != 1 else ()
            for ideal in islice(following, None if companion.count is None else companion.count - 1):
                if companion.count is None and ideal > last:
                    break
                ideals.append(ideal)
            key = f"{companion.id}:{anchored.key}"
            ids = (key,) if companion.count == 1 else tuple(f"{key}:{n}" for n in range(1, len(ideals) + 1))
            if ideals:
                found.append(
                    _Run(companion, anchored, ids, tuple(ideals), first, min(last, LAST_DAY.toordinal()))
                )
        return found

    def _stepped(self, companion: Companion, begin: int) -> Iterator[int]:
        days = steps(companion.every, date.fromordinal(begin))
        return (day.toordinal() for day in takewhile(lambda day: day <= LAST_DAY, days))

    def _end(self, companion: Companion) -> int:
        """Return the day of the last session of what a companion is counted in."""
        phase = companion.anchor.phase
        return max(s.day.toordinal() for s in self.standing if phase in ("", s.phase))

    # Days

    def _placements(self, run: _Run) -> Iterator[tuple[int, ...]]:
        """Yield the days that a run can have, the best first."""
        companion = run.companion
        fixed = [self.before.get(name) for name in run.ids]
        given = [p for p in fixed if p is not None and p.status is Status.FULFILLED]
        if len(given) == len(run.ids):
            yield tuple(p.day.toordinal() for p in given)
        elif companion.kind == "task":
            yield tuple(self._due(run, ideal) for ideal in run.ideals)
        elif companion.on_session_days == "during":
            if run.anchored.day.toordinal() in self.session_days:
                yield (run.anchored.day.toordinal(),) * len(run.ids)
        elif len(run.ids) == 1:
            old = fixed[0] if fixed[0] is not None and fixed[0].status.stands else None
            ideal = old.day.toordinal() if old is not None else run.ideals[0]
            yield from ((day,) for day in self._nearest(run, ideal, share=old is None))
        else:
            yield from self._series(run, fixed)

    def _due(self, run: _Run, ideal: int) -> int:
        """Return a task's due date; the clinic's are brought forward to a day on which it is open."""
        if run.companion.audience != "patient":
            for day in range(ideal, max(run.first, ideal - 14) - 1, -1):
                if self.calendar.ranges(date.fromordinal(day)):
                    return day
        return ideal

    def _nearest(self, run: _Run, ideal: int, *, share: bool) -> Iterator[int]:
        """Yield the open days of a window from the nearest on; first those on which the patient comes anyway."""
        window = range(run.first, run.last + 1)
        shared: list[int] = []
        if share and self._shares(run.companion):
            shared = sorted((d for d in self.trip_days if d in window), key=lambda d: (abs(d - ideal), d))
            yield from (day for day in shared if self._open(run.companion, day))
        reach = max(abs(window.start - ideal), abs(window.stop - ideal))
        for away in range(reach + 1):
            for day in (ideal - away, ideal + away) if away else (ideal,):
                if day in window and day not in shared and self._open(run.companion, day):
                    yield day

    def _series(self, run: _Run, fixed: Sequence[PlacedCompanion | None]) -> Iterator[tuple[int, ...]]:
        """Yield the days of several bookings from one anchor, as sessions of a phase are placed."""
        companion = run.companion
        days = tuple(d for d in range(run.first, run.last + 1) if self._open(companion, d))
        places = range(len(run.ids))
        options = [
            (p.day.toordinal(),) if p is not None and p.status is Status.FULFILLED else days for p in fixed
        ]
        ideals = tuple(
            p.day.toordinal() if p is not None and p.status.stands else ideal
            for p, ideal in zip(fixed, run.ideals, strict=True)
        )
        wishes: tuple[frozenset[int] | None, ...] = ()
        if self._shares(companion) and not any(fixed):
            wishes = (frozenset(self.trip_days),) * len(places)
        series = Series(tuple(options), tuple(self._bounds(companion, places)), ideals, wishes)
        try:
            best = place(series)
            if best is not None:
                yield best.days
                yield from (placement.days for placement in islice(ranked(series), 1, None))
        except TooManyPlans:
            return

    def _bounds(self, companion: Companion, places: range) -> Iterator[Bound]:
        yield from lay(places, minimum=1, rule="one a day")
        for spacing in companion.spacing:
            yield from over(spacing, places, spacing.words())

    def _shares(self, companion: Companion) -> bool:
        return (
            companion.on_session_days == "allowed" and companion.place == "clinic" and companion.for_patient
        )

    def _open(self, companion: Companion, day: int) -> bool:
        return self._closed(companion, day) == "" and bool(self._free(companion, day))

    def _closed(self, companion: Companion, day: int) -> str:
        """Say what the protocol itself closes a day by; empty if nothing does."""
        if companion.weekdays and (day - 1) % 7 not in companion.weekdays:
            return "not one of its days of the week"
        if companion.on_session_days == "never" and day in self.session_days:
            return "a session is on that day"
        if companion.on_session_days == "only" and day not in self.session_days:
            return "no session is on that day"
        return ""

    # Hours

    def _whose(self, companion: Companion) -> Calendar:
        """Return all calendars that must be open for a companion, on the clock of the course."""
        key = (companion.calendar, companion.place, companion.for_patient)
        known = self._known.get(key)
        if known is None:
            zone = self.course.zone
            if companion.calendar in self.calendars:
                known = self.calendars[companion.calendar]
                known = known if known.zone == zone else Calendar.always(zone) & known
            elif companion.place == "home":
                known = at_home(zone)
            else:
                first, *others = (attrs.evolve(p, chairs=None, bookings=()) for p in self.calendar.parts())
                known = attrs.evolve(first, others=tuple(others))
            if self.availability is not None and companion.for_patient:
                known = known & self.availability
            self._known[key] = known
        return known

    def _free(self, companion: Companion, day: int) -> list[int]:
        """Return the starts of a day at which nothing else of the patient's is, in minutes after midnight."""
        key = (companion.calendar, companion.place, companion.for_patient, companion.minutes, day)
        starts = self._starts.get(key)
        if starts is None:
            on = date.fromordinal(day)
            starts = self._starts[key] = self._whose(companion).start_minutes(
                on, companion.minutes, grid=GRID
            )
        taken = self.taken.get(day)
        if not taken or not starts:
            return starts
        length = 60 * companion.minutes
        begins = self._begins(day, starts)
        return [
            start
            for start, begin in zip(starts, begins, strict=True)
            if all(begin + length <= since or until <= begin for since, until in taken)
        ]

    def _begins(self, day: int, starts: Sequence[int]) -> list[int]:
        on, zone = date.fromordinal(day), self.course.zone
        if changes_clocks(on, zone):
            return [seconds(moment(on, time_of(start), zone)) for start in starts]
        zero = seconds(datetime.combine(on, time(), zone_named(zone)))
        return [zero + 60 * start for start in starts]

    def _start(self, run: _Run, number: int, day: int) -> time | None:
        """Choose the hour: the old one, next to what the patient comes for anyway, or the one preferred."""
        companion, old = run.companion, self.before.get(run.ids[number])
        if companion.kind == "task":
            return None
        if old is not None and old.status is Status.FULFILLED:
            return old.time
        if companion.on_session_days == "during":
            session = self._session(run.anchored.session)
            return None if session.time is None else self.course.infusion(session)[0].time()
        free = self._free(companion, day)
        stays = old is not None and old.day.toordinal() == day
        if old is not None and stays and old.time is not None and minute_of(old.time) in free:
            return old.time
        taken = self.taken.get(day) if companion.place == "clinic" else None
        if taken:
            begins = self._begins(day, free)
            length = 60 * companion.minutes

            def wait(at: int) -> tuple[int, bool, int]:
                begin = begins[at]
                return min(
                    ((begin - until, False, at) if until <= begin else (since - begin - length, True, at))
                    for since, until in taken
                )

            return time_of(free[min(range(len(free)), key=wait)])
        target = free[0] if self.preferred is None else minute_of(self.preferred)
        return time_of(min(free, key=lambda start: (abs(start - target), start)))

    # Booking

    def _book(self, run: _Run, days: tuple[int, ...]) -> None:
        for number, (name, day, ideal) in enumerate(zip(run.ids, days, run.ideals, strict=True)):
            old, start = self.before.get(name), self._start(run, number, day)
            if old is not None and old.status is Status.FULFILLED:
                placed = old
            else:
                placed = PlacedCompanion(
                    id=name,
                    companion=run.companion.id,
                    day=date.fromordinal(day),
                    time=start,
                    session=run.anchored.session,
                    status=old.status if old is not None and old.status.stands else Status.FIRM,
                    ideal=date.fromordinal(ideal),
                    outcome=old.outcome if old is not None else None,
                    revised=old.revised if old is not None else (len(self.course.revisions) - 1,),
                )
            self.booked.append(placed)
            self._note(placed, run.companion, 1)

    def _unbook(self, begun: int) -> None:
        while len(self.booked) > begun:
            placed = self.booked.pop()
            self._note(placed, self.course.protocol.companion(placed.companion), -1)

    def _note(self, placed: PlacedCompanion, companion: Companion, sign: int) -> None:
        """Take the time of an appointment, or give it back."""
        if companion.kind != "appointment" or companion.on_session_days == "during":
            return
        if placed.time is None or not companion.for_patient:
            return
        day = placed.day.toordinal()
        if companion.place == "clinic":
            self.trip_days[day] = self.trip_days.get(day, 0) + sign
            if not self.trip_days[day]:
                del self.trip_days[day]
        start = moment(placed.day, placed.time, self.course.zone)
        end = later(start, timedelta(minutes=companion.minutes))
        self._take(day, end.date().toordinal(), (seconds(start), seconds(end)), sign)

    def _take(self, first: int, last: int, span: Span, sign: int) -> None:
        for day in range(first, last + 1):
            spans = self.taken.setdefault(day, [])
            if sign > 0:
                spans.append(span)
            else:
                spans.remove(span)

    def _session(self, name: str) -> Session:
        return next(session for session in self.standing if session.id == name)

    # No day

    def _no_day(self, run: _Run) -> NoFeasiblePlan:
        """Say what closes each day of a window, and what rules there are between several bookings."""
        companion = run.companion
        window = range(run.first, run.last + 1)
        reasons = [(day, self._reason(companion, day)) for day in window]
        closed = "; ".join(
            _stretch([day for day, _ in same], reason)
            for reason, same in groupby(reasons, lambda r: r[1])
            if reason
        )
        free = sum(not reason for _, reason in reasons)
        many = f"{len(run.ids)} bookings" if len(run.ids) > 1 else "it"
        rules = "".join(f"; {spacing.words()}" for spacing in companion.spacing)
        first, last = (date.fromordinal(day) for day in (run.first, run.last))
        left = f"; {free} of these days are open{rules}" if free else ""
        opened = next((day for day, _ in reasons if self._opens(run, day)), None)
        fix = "widen its window, change its calendar, or let it be recommended (required = false)"
        causes = tuple(dict.fromkeys(reason for _, reason in reasons if reason))
        return NoFeasiblePlan(
            what=f"no day for {companion.title} ({many} must be there)",
            where=run.where(self.course),
            why=f"it can be on {first} to {last}: {closed}{left}",
            fix=f"open {date.fromordinal(opened)}, or {fix}" if opened is not None else fix,
            causes=causes,
        )

    def _opens(self, run: _Run, day: int) -> bool:
        """Whether one day, opened, would give the run its days; tried."""
        if self._closed(run.companion, day) or self._free(run.companion, day):
            return False
        usual = self._usual(run.companion, day)
        if not usual:
            return False
        if len(run.ids) == 1:
            return True
        days = tuple(d for d in range(run.first, run.last + 1) if d == day or self._open(run.companion, d))
        places = range(len(run.ids))
        series = Series((days,) * len(places), tuple(self._bounds(run.companion, places)), run.ideals)
        try:
            return place(series) is not None
        except TooManyPlans:
            return False

    def _usual(self, companion: Companion, day: int) -> bool:
        """Whether the weekly hours of that weekday would fit it, and a date alone closes it."""
        whose = self._whose(companion)
        on = date.fromordinal(day)
        first, *others = (weekly(part) for part in whose.parts())
        return whose.closed_by(on) is not None and attrs.evolve(first, others=tuple(others)).is_open(
            on, companion.minutes, grid=GRID
        )

    def _reason(self, companion: Companion, day: int) -> str:
        if own := self._closed(companion, day):
            return own
        if self._free(companion, day):
            return ""
        whose, on = self._whose(companion), date.fromordinal(day)
        closure = whose.closed_by(on)
        if closure is not None:
            return f"closed ({closure.reason})" if closure.reason not in ("", "closed") else "closed"
        names = [part.name for part in whose.parts() if not part.ranges(on)]
        if names:
            return f"not among the hours of {' and '.join(names)}"
        return "its hours are taken or too short"


@attrs.frozen
class _Frame:
    """A run that was booked: what it can still try, and where the work stood before it."""

    run: _Run
    begun: int
    at: int
    runs: list[_Run]
    placements: Iterator[tuple[int, ...]]


def _stretch(days: Sequence[int], reason: str) -> str:
    first, last = date.fromordinal(days[0]), date.fromordinal(days[-1])
    return f"{first}: {reason}" if first == last else f"{first} to {last}: {reason}"
