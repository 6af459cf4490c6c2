"""
What goes around the sessions, placed after them; it moves none (where what must be there finds no day, see `room`).

Those that must be there come first, the ones before that have the fewest hours to start at;
then, in the order of the protocol, those that are recommended. Each is placed on the best days
of its window that are open to it, then at an hour that neither a session nor another appointment
takes. Its days are found as those of sessions are: bounds between its bookings, the nearest days
to those recommended, days on which the patient comes anyway before all others. If a companion
that must be there finds no day because of another one, that one tries its next best days, and
then other hours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, time
from itertools import islice, pairwise, takewhile

import attrs

from ketsched.anchors import AnchorDay, anchors
from ketsched.clock import LAST_DAY, MINUTES_A_DAY, minute_of, moment, seconds, time_of
from ketsched.errors import InvalidInput
from ketsched.holds import is_over
from ketsched.hours import Hours
from ketsched.model import MOST_COMPANIONS, BookingStatus, Companion, Course, PlacedCompanion, Session, steps
from ketsched.placing import Effort, TooManyPlans, place, ranked
from ketsched.placing.values import Problem
from ketsched.planning.explaining import NoFeasiblePlan
from ketsched.planning.free import FreeTime
from ketsched.planning.runs import Run, needed
from ketsched.planning.unplaced import no_day

_SETTLED = (BookingStatus.FULFILLED, BookingStatus.MISSED)
"""States in which a booking is history: it is not placed again."""
_TAKING = (BookingStatus.FIRM, BookingStatus.TENTATIVE)
_WINDOW = 92
"""Days of a window beyond which there are hours enough."""
_MANY = _WINDOW * MINUTES_A_DAY
_Bookings = tuple[tuple[int, ...], time | None]
"""Days, and the hour of a single booking if it is not the best one."""
TRIES = 2000
"""Next best days and hours that companions may try to make room for one that must be there."""


def place_companions(
    course: Course, hours: Hours, *, after: date | None = None, tasks_only: bool = False
) -> tuple[PlacedCompanion, ...]:
    """
    Place what goes around the sessions of a course, and return it in order of time.

    Bookings that the course has keep their day and time where they still can; what took place
    stays as it is, and what has lost its session is closed.

    Args:
        course: With its sessions placed.
        hours: When they can be; the clinic's chairs are for sessions only.
        after: Today: what is booked until then stays, and nothing is booked before the next day; None: no such day.
            A task follows its session all the same, and one whose own day has passed is due today.
        tasks_only: Leave appointments where they are, those that cannot stand there included.

    Raises:
        NoFeasiblePlan: A companion that must be there has no day; it names what closes each day.
        InvalidInput: There are more bookings than a course may have.
    """
    if all(companion.kind == "notice" for companion in course.protocol.companions):
        return ()
    return _Placer(course, FreeTime(course, hours), after, tasks_only=tasks_only).all()


def unbooked(course: Course, hours: Hours, companion: Companion) -> list[PlacedCompanion]:
    """Return the bookings that an appointment has no day for, off the calendar on the days that are recommended."""
    placer = _Placer(course, FreeTime(course, hours), None, tasks_only=False)
    placer.booked += course.companions
    taken = {placed.id for placed in course.companions if placed.status is not BookingStatus.CLOSED}
    return [
        PlacedCompanion(
            id=name,
            companion=companion.id,
            day=date.fromordinal(ideal),
            session=run.anchored.session,
            status=BookingStatus.CLOSED,
            ideal=date.fromordinal(ideal),
        )
        for run in placer.runs(companion)
        for name, ideal in zip(run.ids, run.ideals, strict=True)
        if name not in taken
    ]


def check_companions(course: Course, hours: Hours, *, after: date) -> None:
    """Refuse a course in which something that must be there has no day, as `place_companions` does."""
    if must_be := needed(course.protocol):
        _Placer(course, FreeTime(course, hours), after, tasks_only=False).settle_needed(must_be)


class _Placer:
    """Places the companions of one course, one after another."""

    def __init__(self, course: Course, free: FreeTime, after: date | None, *, tasks_only: bool) -> None:
        self.course, self.free, self.after, self.tasks_only = course, free, after, tasks_only
        self.earliest = 1 if after is None else after.toordinal() + 1
        self.standing = course.standing()
        self.before = {placed.id: placed for placed in course.companions}
        self.booked: list[PlacedCompanion] = []
        self.effort = Effort()

    def all(self) -> tuple[PlacedCompanion, ...]:
        must_be = needed(self.course.protocol)
        kinds = ("task",) if self.tasks_only else ("task", "appointment")
        definitions = [c for c in self.course.protocol.companions if c.kind in kinds]
        if self.tasks_only:
            placed_by = {c.id for c in definitions}
            self.booked = [p for p in self.course.companions if p.companion not in placed_by]
            must_be = set()
        self.settle_needed(must_be)
        self._settle([c for c in definitions if c.id not in must_be])
        kept = {placed.id for placed in self.booked}
        left = [placed for placed in self.course.companions if placed.id not in kept]
        lost = [p if self._settled(p) else attrs.evolve(p, status=BookingStatus.CLOSED) for p in left]
        found = [*self.booked, *lost]
        if len(found) > MOST_COMPANIONS:
            raise InvalidInput(
                what=f"{len(found)} appointments and tasks",
                where=self.course.protocol.id,
                why=f"a course has at most {MOST_COMPANIONS}",
                fix="prescribe fewer, or plan fewer sessions",
            )
        return tuple(sorted(found, key=lambda placed: placed.when))

    def settle_needed(self, must_be: Collection[str]) -> None:
        """Book the companions of some ids, those that must be there."""
        companions = (c for c in self.course.protocol.companions if c.kind != "notice")
        self._settle(self._tightest_first([c for c in companions if c.id in must_be]))

    def _tightest_first(self, companions: Sequence[Companion]) -> list[Companion]:
        """
        Return those that must be there with the ones first that can start at the fewest hours (then by id).

        So the order of the protocol does not matter to appointments that contend for hours; what one is
        counted from comes before it.
        """
        runs = {
            companion.id: [run for run in self.runs(companion) if len(run.window) <= _WINDOW]
            for companion in companions
            if companion.kind == "appointment" and companion.on_session_days != "during"
        }
        windows = sorted((run.first, run.last) for own in runs.values() for run in own)
        if not any(later[0] <= earlier[1] for earlier, later in pairwise(windows)):
            return list(companions)
        hours = {name: min(map(self._starts_of, own), default=_MANY) for name, own in runs.items()}
        left = sorted(companions, key=lambda companion: (hours.get(companion.id, 0), companion.id))
        order: list[Companion] = []
        while left:
            waiting = {companion.id for companion in left}
            order.append(next(one for one in left if one.anchor.companion not in waiting))
            left.remove(order[-1])
        return order

    def _starts_of(self, run: Run) -> int:
        """Return at how many hours an appointment can start."""
        days = (day for day in run.window if not self.free.closed(run.companion, day))
        return sum(len(self.free.starts(run.companion, day)) for day in days)

    def _settle(self, companions: Sequence[Companion]) -> None:
        """Book all runs of some companions; where one that must be there is stuck, step back to those in its way."""
        frames: list[_Frame] = []
        tries = 0
        at, runs = 0, list[Run]()
        while True:
            while not runs and at < len(companions):
                runs, at = self.runs(companions[at]), at + 1
            if not runs:
                return
            run, *runs = runs
            frame = _Frame(run, len(self.booked), at, runs, self._placements(run))
            placed = next(frame.placements, None)
            if placed is None and run.companion.required:
                known, stuck = tuple(self.booked), [run]
                while placed is None:
                    tries += 1
                    while frames and not any(self._in_the_way(frames[-1].run, other) for other in stuck):
                        self._unbook(frames.pop().begun)
                    if not frames or tries > TRIES:
                        raise self._stuck(run, known)
                    frame = frames.pop()
                    self._unbook(frame.begun)
                    at, runs = frame.at, frame.runs
                    placed = next(frame.placements, None)
                    stuck.append(frame.run)
            if placed is not None:
                self._book(frame.run, placed)
                frames.append(frame)

    def _in_the_way(self, earlier: Run, stuck: Run) -> bool:
        """Whether other days of an earlier run could help one that found none."""
        if earlier.companion.kind != "appointment":
            return False
        from_it = stuck.companion.anchor.companion == earlier.companion.id
        return from_it or (earlier.first <= stuck.last and stuck.first <= earlier.last)

    def runs(self, companion: Companion) -> list[Run]:
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
            earliest = self.earliest - (companion.kind == "task")  # that can still be today
            first, last = max(first, earliest), min(last, LAST_DAY.toordinal())
            known = any(name in self.before for name in ids) or self._goes_along(companion, anchored)
            known = known or (self._is_asked_for(companion) and not self._is_over(anchored))
            if ideals and (
                known or first <= last
            ):  # what was not booked while it could be, is not booked now
                found.append(Run(companion, anchored, ids, tuple(ideals), first, last))
        return found

    def _is_asked_for(self, companion: Companion) -> bool:
        """Whether a course that is planned for the first time cannot do without a companion."""
        return not self.before and companion.required and companion.kind == "appointment"

    def _is_over(self, anchored: AnchorDay) -> bool:
        return self.after is not None and anchored.day <= self.after

    def _stepped(self, companion: Companion, begin: int) -> Iterator[int]:
        days = steps(companion.every, date.fromordinal(begin))
        return (day.toordinal() for day in takewhile(lambda day: day <= LAST_DAY, days))

    def _end(self, companion: Companion) -> int:
        """Return the day of the last session of what a companion is counted in."""
        phase = companion.anchor.phase
        return max(s.day.toordinal() for s in self.standing if phase in ("", s.phase))

    def _placements(self, run: Run) -> Iterator[_Bookings]:
        """Yield the days that a run can have, the best first; then, of one that must be there, other hours on them."""
        days = list[tuple[int, ...]]()
        for found in self._days(run):
            days.append(found)
            yield found, None
        one = run.companion.required and run.companion.kind == "appointment" and len(run.ids) == 1
        if not one or run.companion.on_session_days == "during":
            return
        for found in days:
            old = self.before.get(run.ids[0])
            if old is not None and self._is_history(run, old):
                return
            best = minute_of(self.free.choose(run.companion, found[0], old=None if old is None else old.time))
            others = [start for start in self.free.starts(run.companion, found[0]) if start != best]
            for start in sorted(others, key=lambda start: (abs(start - best), start)):
                yield found, time_of(start)

    def _days(self, run: Run) -> Iterator[tuple[int, ...]]:
        """Yield the days that a run can have, the best first."""
        companion = run.companion
        old = [self.before.get(name) for name in run.ids]
        settled = [p for p in old if p is not None and self._is_history(run, p)]
        if len(settled) == len(run.ids):
            yield tuple(p.day.toordinal() for p in settled)
        elif companion.kind == "task":
            yield tuple(self._due(run, ideal, known) for ideal, known in zip(run.ideals, old, strict=True))
        elif companion.on_session_days == "during":
            session = self._session(run.anchored)
            on_its_day = session is not None and session.day == run.anchored.day
            if session is not None and on_its_day and self._fits_in(companion, session):
                yield (run.anchored.day.toordinal(),) * len(run.ids)
        elif len(run.ids) == 1:
            stays = self._agreed(run, old[0])
            if stays is not None:
                yield (stays,)
            shares = stays is None and _shares(companion)
            nearest = self._nearest(run, run.ideals[0], share=shares)
            yield from ((day,) for day in self._in_time(run, nearest) if day != stays)
        else:
            yield from self._series(run, old)

    def _settled(self, placed: PlacedCompanion) -> bool:
        """Whether a booking is history: it took place, was missed, or its day has come."""
        return placed.status in _SETTLED or (self.after is not None and placed.day <= self.after)

    def _is_history(self, run: Run, placed: PlacedCompanion) -> bool:
        """
        Whether a booking is history.

        Not so one at the end that nobody recorded, if the end is now later, and a task whose session is to come.
        """
        if placed.pinned and placed.status is BookingStatus.CLOSED:  # taken off by hand
            return True
        if run.companion.kind == "task" and placed.status not in _SETTLED:
            session = self._session(run.anchored)
            if session is not None and is_over(run.companion, session):
                return True
            if self._goes_along(run.companion, run.anchored):
                return False
        at_end = run.companion.anchor.edge == "end" and run.companion.kind == "appointment"
        if at_end and placed.status in _TAKING and run.first <= run.last:
            begins = run.anchored.day.toordinal() + run.companion.window.earliest
            return self._settled(placed) and placed.day.toordinal() >= begins
        return self._settled(placed)

    def _agreed(self, run: Run, old: PlacedCompanion | None) -> int | None:
        """Return the day that a booking stands on, if it can stay there."""
        if old is None or not old.status.stands:
            return None
        day = old.day.toordinal()
        if old.pinned:  # by hand it may be where the protocol would not have it
            return day if day >= self.earliest and self.free.starts(run.companion, day) else None
        return day if day in run.window and self.free.is_open(run.companion, day) else None

    def _fits_in(self, companion: Companion, session: Session) -> bool:
        """Whether an appointment can be held during a session; one whose hour is not known leaves that open."""
        return session.time is None or self.free.during(companion, session) is not None

    def _session(self, anchored: AnchorDay) -> Session | None:
        return next((session for session in self.standing if session.id == anchored.session), None)

    def _goes_along(self, companion: Companion, anchored: AnchorDay) -> bool:
        """Whether it is a task that follows its session: that is still to come."""
        session = self._session(anchored) if companion.kind == "task" else None
        to_come = session is not None and session.status is not BookingStatus.FULFILLED
        return to_come and (self.after is None or anchored.day > self.after)

    def _due(self, run: Run, ideal: int, known: PlacedCompanion | None) -> int:
        """
        Return a task's due date, brought forward within its window to a day on which somebody answers at the clinic.

        One that would have been due before today is due as it was, or else as soon as somebody answers.
        """
        today = self.earliest - 1
        first = min(run.first, run.anchored.day.toordinal() + run.companion.window.earliest)
        due = self._answered(ideal, first)
        if self.after is None or due >= today:
            return due
        return (
            max(self._answered(ideal, today), today) if known is None else min(known.day.toordinal(), today)
        )

    def _answered(self, last: int, first: int) -> int:
        """Return the last of some days on which the clinic is open, both ends included; the last one if on none."""
        clinic, days = next(self.free.calendar.parts()), range(last, first - 1, -1)
        return next((day for day in days if clinic.ranges(date.fromordinal(day))), last)

    def _nearest(self, run: Run, ideal: int, *, share: bool) -> Iterator[int]:
        """Yield the open days of a window from the nearest on; first those on which the patient comes anyway."""
        window, shared = run.window, list[int]()
        if share:
            shared = sorted((d for d in self._trips(run) if d in window), key=lambda d: (abs(d - ideal), d))
            yield from (day for day in shared if self.free.is_open(run.companion, day))
        reach = max(abs(window.start - ideal), abs(window.stop - ideal))
        for away in range(reach + 1):
            for day in (ideal - away, ideal + away) if away else (ideal,):
                if day in window and day not in shared and self.free.is_open(run.companion, day):
                    yield day

    def _in_time(self, run: Run, days: Iterable[int]) -> Iterator[int]:
        """Yield days as they come; of what decides about later sessions first those before the next one."""
        own = run.anchored.day.toordinal()
        ahead = (day for day in self.free.session_days if day > own) if run.companion.gate else ()
        until = min(ahead, default=LAST_DAY.toordinal() + 1)
        too_late: list[int] = []
        for day in days:
            if day < until:
                yield day
            else:
                too_late.append(day)
        yield from too_late

    def _trips(self, run: Run) -> frozenset[int]:
        """Return the trips that a run can share: what goes with each session is not put off to another one's."""
        trips = frozenset(self.free.trip_days)
        if run.companion.anchor.every != 1:
            return trips
        own, sessions = run.anchored.day.toordinal(), self.free.session_days
        since = max((day for day in sessions if day < own), default=0)
        until = min((day for day in sessions if day > own), default=LAST_DAY.toordinal() + 1)
        return frozenset(day for day in trips if since < day < until)

    def _series(self, run: Run, old: Sequence[PlacedCompanion | None]) -> Iterator[tuple[int, ...]]:
        """Yield the days of several bookings from one anchor, as sessions of a phase are placed."""
        days = tuple(day for day in run.window if self.free.is_open(run.companion, day))
        options: list[tuple[int, ...]] = []
        ideals: list[int] = []
        for known, ideal in zip(old, run.ideals, strict=True):
            settled = known is not None and self._is_history(run, known)
            options.append((known.day.toordinal(),) if known is not None and settled else days)
            agreed = self._agreed(run, known)
            if agreed is not None and known is not None and known.pinned:
                options[-1] = (agreed,)
            ideals.append(known.day.toordinal() if known is not None and settled else agreed or ideal)
        wishes: tuple[frozenset[int] | None, ...] = ()
        if _shares(run.companion) and not any(old):
            wishes = (self._trips(run),) * len(run.ids)
        series = Problem(tuple(options), tuple(run.bounds()), tuple(ideals), wishes)
        try:
            best = place(series, self.effort)
            if best is not None:
                yield best.days
                yield from (placement.days for placement in islice(ranked(series, self.effort), 1, None))
        except TooManyPlans:
            return

    def _book(self, run: Run, bookings: _Bookings) -> None:
        days, start = bookings
        companion = run.companion
        for name, day, ideal in zip(run.ids, days, run.ideals, strict=True):
            old = self.before.get(name)
            placed = old
            if placed is None or not self._is_history(run, placed):
                timed = companion.kind == "appointment"
                begin = (start or self._start(run, day, old)) if timed else None
                placed = PlacedCompanion(
                    id=name,
                    companion=companion.id,
                    day=date.fromordinal(day),
                    time=begin,
                    session=run.anchored.session,
                    who=companion.role,
                    unit=self._unit(companion, day, begin, old),
                    status=old.status if old is not None and old.status.stands else BookingStatus.FIRM,
                    pinned=old is not None and old.pinned and old.day.toordinal() == day,
                    uid="" if old is None else old.uid,
                    ideal=date.fromordinal(ideal),
                    outcome=old.outcome if old is not None else None,
                    revised=old.revised if old is not None else (len(self.course.revisions) - 1,),
                )
            self.booked.append(placed)
            if placed.status in _TAKING:  # the time of what took place is taken from the start
                self.free.book(placed, companion)

    def _start(self, run: Run, day: int, old: PlacedCompanion | None) -> time | None:
        if run.companion.on_session_days == "during":
            session = self._session(run.anchored)
            timed = session is not None and session.time is not None
            return self.free.during(run.companion, session) if session is not None and timed else None
        stays = old is not None and old.day.toordinal() == day
        return self.free.choose(run.companion, day, old=old.time if old is not None and stays else None)

    def _unit(
        self, companion: Companion, day: int, start: time | None, old: PlacedCompanion | None
    ) -> int | None:
        """Return which of those whom an appointment takes it is: as before, or else the first who is free."""
        if start is None or not companion.role:
            return None
        begin = seconds(moment(date.fromordinal(day), start, self.course.zone))
        return self.free.unit(companion, begin, preferred=None if old is None else old.unit)

    def _unbook(self, begun: int) -> None:
        while len(self.booked) > begun:
            placed = self.booked.pop()
            if placed.status in _TAKING:
                self.free.unbook(placed, self.course.protocol.companion(placed.companion))

    def _stuck(self, run: Run, booked: Sequence[PlacedCompanion]) -> NoFeasiblePlan:
        """Say why a run had no day with others booked as they then were."""
        self._unbook(0)
        for placed in booked:
            self.booked.append(placed)
            if placed.status in _TAKING:
                self.free.book(placed, self.course.protocol.companion(placed.companion))
        return no_day(self.course, self.free, run, earliest=self.earliest, effort=self.effort)


def _shares(companion: Companion) -> bool:
    """Whether a companion is best on a day on which the patient comes to the clinic anyway."""
    return companion.on_session_days == "allowed" and companion.place == "clinic" and companion.for_patient


@attrs.frozen
class _Frame:
    """A run that was booked: what it can still try, and where the work stood before it."""

    run: Run
    begun: int
    at: int
    runs: list[Run]
    placements: Iterator[_Bookings]
