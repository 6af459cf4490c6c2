"""
The days that what is left of a course aims at: where bookings stand, and where a policy lays the rest.

`keep` stays on the pattern and makes up at the end; `make-up` takes the earliest day that leaves
the rest in place; `next-open` the first day that its own rules allow; `shift` moves everything by
the delay; `skip` does without.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain, dropwhile, islice, takewhile

import attrs

from ketsched.clock import LAST_DAY
from ketsched.history import History, SessionState
from ketsched.hours import Hours
from ketsched.model import Phase, Session
from ketsched.planning.pattern import REVIEW, continued, first_days, ideal_days
from ketsched.planning.planner import REACH
from ketsched.planning.rules import hour_rules
from ketsched.planning.seating import days_for_hours
from ketsched.spacing import Bound
from ketsched.tracking.remaining import Remaining, Slot, missing, taken_of, used_places


@attrs.frozen
class Aimed:
    """
    A place to come, and the day that it aims at.

    Attributes:
        day: As an ordinal.
        slot: The place.
        stays: Whether to leave it there counts as moving a booking.
        only: Whether it can be on that day alone.
        why: What a new one is for, or why one that stands is laid anew.
        at_end: Whether a new one was laid after all others of its phase.
    """

    day: int
    slot: Slot
    stays: bool = False
    only: bool = False
    why: str = ""
    at_end: bool = False

    @property
    def by_hand(self) -> bool:
        """Whether somebody chose the day just now, of a booking or of one more session."""
        return self.only and (self.slot.booking is not None or not self.why)


@attrs.frozen(kw_only=True)
class Aims:
    """
    What is left of a course, aimed at days.

    Attributes:
        aimed: The places to come, those of each phase in order of time.
        skipped: Ids of sessions that are not made up.
        remarks: What a policy could not do.
    """

    aimed: tuple[Aimed, ...]
    skipped: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def lays_new(self) -> bool:
        """Whether a policy laid one more session."""
        return any(aim.slot.booking is None and not aim.by_hand for aim in self.aimed)


class Aiming:
    """
    Finds the days to aim at for what is left of one course.

    Args:
        history: Of the course up to today.
        first: The first day on which anything new can be, as an ordinal.
        hours: When sessions can be; None: every day is open.
    """

    def __init__(self, history: History, first: int, hours: Hours | None) -> None:
        self.history, self.course, self.first, self.hours = history, history.course, first, hours
        self.taken = taken_of(history)
        self.used = used_places(history)
        self.lacks = missing(history, self.used)
        self.cancelled = frozenset(
            judged.session.day.toordinal()
            for judged in history.sessions
            if judged.state is SessionState.CLOSED
            and judged.visit is not None
            and judged.session.day > history.as_of
        )
        self.order = {phase.name: n for n, phase in enumerate(self.course.protocol.phases)}
        for phase in self.course.protocol.phases:
            if phase.beside:
                self.order[phase.name] = self.order[phase.beside]

    def aims(
        self,
        policies: Mapping[str, str],
        *,
        only: Mapping[str, date] | None = None,
        add: Mapping[str, Sequence[date]] | None = None,
        relaid: Iterable[str] = (),
        through: date | None = None,
    ) -> Aims:
        """
        Return the places to come with the days they aim at.

        Args:
            policies: For each phase what is done about missed sessions.
            only: Days chosen by hand, by the id of the session.
            add: Days of further sessions chosen by hand, by the name of their phase.
            relaid: Names of phases whose bookings are laid anew on the pattern.
            through: Last day to which an open-ended phase is planned on.
        """
        chosen, anew, more = only or {}, set(relaid), add or {}
        lacks = dict(self.lacks)
        for name, days in more.items():
            if self.course.protocol.phase(name).count is not None:
                lacks[name] -= len(days)
        aimed, skipped, remarks = self._standing(lacks, chosen, anew), list[str](), list[str]()
        for phase in self.course.protocol.phases:
            by_hand = more.get(phase.name, ())
            aimed += [Aimed(day.toordinal(), self.new(phase), only=True) for day in by_hand]
            again = self._open_again(aimed, phase)[: max(lacks[phase.name], 0)]
            aimed += again
            if phase.name in anew:
                aimed = self._relaid(aimed, phase)
            lack = lacks[phase.name] - len(again)
            if phase.count is None and phase.name not in self.course.over():
                lack += self._more(aimed, phase, through)
            if lack > 0:
                missed = self._missed(phase)[-lack:]
                if policies[phase.name] == "skip" and missed:
                    skipped += [session.id for session in missed]
                    said, lack = _instead_of(missed), lack - len(missed)
                    aimed += self._at_end(aimed, phase, lack, said)
                else:
                    aimed, remark = self._made_up(aimed, phase, lack, policies[phase.name], missed)
                    remarks += remark
            aimed.sort(key=self.in_order)
        return Aims(aimed=tuple(aimed), skipped=tuple(skipped), remarks=tuple(remarks))

    def _relaid(self, aimed: list[Aimed], phase: Phase) -> list[Aimed]:
        """Return the aims with the bookings of a phase laid anew on its pattern."""
        own = [aim for aim in aimed if aim.slot.phase is phase and not (aim.stays or aim.only)]
        others = [aim for aim in aimed if aim not in own]
        days = zip(own, self._after(others, phase, len(own)), strict=False)
        return others + [attrs.evolve(aim, day=day, why="the interval has changed") for aim, day in days]

    def _made_up(
        self, aimed: list[Aimed], phase: Phase, lack: int, policy: str, missed: Sequence[Session]
    ) -> tuple[list[Aimed], list[str]]:
        """Return the aims with as many more sessions of a phase as it lacks, and what the policy could not do."""
        said, remarks = _instead_of(missed), list[str]()
        if policy == "shift" and missed:
            shifted = self._shifted(aimed, phase, missed)
            if shifted is not None:
                aimed, lack = shifted, lack - len(missed)
        elif policy in ("next-open", "make-up"):
            while lack:
                inserted = self._inserted(aimed, phase, policy, missed[-lack:])
                if inserted is None:
                    break
                aimed, lack = inserted, lack - 1
            if lack and policy == "make-up":
                remarks.append(f"{phase.name}: no day leaves the rest in place; made up at the end")
        return aimed + self._at_end(aimed, phase, lack, said), remarks

    def _at_end(self, aimed: Sequence[Aimed], phase: Phase, lack: int, said: str) -> list[Aimed]:
        """Return so many more sessions of a phase after its last one, on its pattern."""
        why = said or self._begins(phase)
        days = self._after(aimed, phase, lack)
        return [Aimed(day, self.new(phase), why=why, at_end=True) for day in days]

    def new(self, phase: Phase) -> Slot:
        """Return a place for one more session of a phase, where its last one is."""
        own = [s.place for s in self.course.standing() if s.phase == phase.name and s.booked]
        return Slot(phase, None, own[-1] if own else "")

    def in_order(self, aim: Aimed) -> tuple[int, int, bool]:
        """Return a key by which places follow each other: phase by phase, in order of time."""
        return self.order[aim.slot.phase.name], aim.day, aim.slot.phase.place == "home"

    def _open_again(self, aimed: Sequence[Aimed], phase: Phase) -> list[Aimed]:
        """Return bookings that were closed for want of a need, and not by anybody, where their day is still free."""
        taken = {aim.day for aim in aimed}
        return [
            Aimed(judged.session.day.toordinal(), Slot(phase, judged.session), stays=True, why="needed again")
            for judged in self.history.sessions
            if judged.state is SessionState.CLOSED
            and judged.visit is None
            and judged.session.phase == phase.name
            and judged.session.booked
            and judged.session.day.toordinal() >= self.first
            and judged.session.day.toordinal() not in taken
            and judged.session.id not in self.course.skipped
        ]

    def _standing(self, lacks: Mapping[str, int], only: Mapping[str, date], anew: set[str]) -> list[Aimed]:
        """Return the bookings that stand, less those that their phase has too many, the last first."""
        bookings = self.history.in_state(SessionState.PLANNED)
        surplus: set[str] = set()
        for name, lack in lacks.items():
            own = [session.id for session in bookings if session.phase == name and session.id not in only]
            surplus |= set(own[max(len(own) + lack, 0) :]) if lack < 0 else set()
        found = []
        for session in bookings:
            slot = Slot(self.course.protocol.phase(session.phase), session)
            if session.id in only:
                found.append(Aimed(only[session.id].toordinal(), slot, stays=True, only=True))
            elif session.id not in surplus:
                stays = session.pinned or session.phase not in anew
                found.append(Aimed(session.day.toordinal(), slot, stays=stays))
        return sorted(found, key=self.in_order)

    def _begins(self, phase: Phase) -> str:
        """Say what the sessions of a phase are for that nobody missed: it belongs to another protocol from here on."""
        segments = self.course.segments
        if not segments or self.order[phase.name] < self.order[segments[-1].first]:
            return ""
        return f"the course goes on with {segments[-1].protocol}"

    def _missed(self, phase: Phase) -> list[Session]:
        """Return the bookings of a phase that came to nothing and were not skipped."""
        gone = (SessionState.MISSED, SessionState.CLOSED)
        return [
            judged.session
            for judged in self.history.sessions
            if judged.session.phase == phase.name
            and judged.state in gone
            and judged.session.booked
            and judged.session.id not in self.course.skipped
        ]

    def _own(self, aimed: Sequence[Aimed], phase: Phase) -> list[int]:
        days = [taken.day for taken in self.taken if taken.phase == phase.name]
        return days + [aim.day for aim in aimed if aim.slot.phase.name == phase.name]

    def _after(self, aimed: Sequence[Aimed], phase: Phase, number: int) -> list[int]:
        """Lay so many sessions of a phase after its last one, on its pattern, from the first day that can be on."""
        return list(islice(self._pattern(aimed, phase), number)) if number > 0 else []

    def _pattern(self, aimed: Sequence[Aimed], phase: Phase) -> Iterable[int]:
        own = self._own(aimed, phase)
        start = self.course.sessions[0].day if self.course.sessions else self.history.as_of
        joins = phase.name != self.course.protocol.phases[0].name
        if own:
            since = self._last(aimed, phase, max(own))
            number = self.used[phase.name] + sum(aim.slot.phase.name == phase.name for aim in aimed)
            days = continued(phase, date.fromordinal(min(own)), since, max(number, 1), joins=joins)
        else:
            earlier = {name for name, at in self.order.items() if at < self.order[phase.name]}
            last = [taken.day for taken in self.taken if taken.phase in earlier]
            last += [aim.day for aim in aimed if aim.slot.phase.name in earlier]
            before = date.fromordinal(max(last, default=self.first - 1))
            days = first_days(phase, start, before) if joins else iter(())
            begin = next(days, date.min)
            if begin.toordinal() < self.first:  # too late for that: the pattern begins as soon as it can
                begin = date.fromordinal(self.first)
                while phase.weekdays and begin.weekday() not in phase.weekdays:
                    begin += timedelta(1)
                days = (
                    continued(phase, begin, begin, 1, joins=joins)
                    if phase.every
                    else ideal_days(phase, begin)
                )
            days = chain((begin,), dropwhile(lambda day: day <= begin, days))
        try:
            for day in takewhile(lambda day: day <= LAST_DAY, days):
                if day.toordinal() >= self.first and day.toordinal() not in self.cancelled:
                    yield day.toordinal()
        except (OverflowError, ValueError):  # a date beyond the year 9999
            return

    def _last(self, aimed: Sequence[Aimed], phase: Phase, last: int) -> date:
        """Return the day that a pattern goes on after: the ideal one of a last booking that a closure has moved."""
        booking = next((a.slot.booking for a in aimed if a.day == last and a.slot.phase is phase), None)
        if booking is None:  # or one that was given on another day than its own
            named = {taken.session for taken in self.taken if taken.day == last and taken.phase == phase.name}
            booking = next((s for s in self.course.sessions if s.id in named and s.booked), None)
        if booking is None or booking.ideal is None or booking.pinned or phase.anchor != "start":
            return date.fromordinal(last)
        by_week = phase.weekdays or phase.study_days
        return max(booking.ideal, date.fromordinal(last)) if by_week else date.fromordinal(last)

    def _more(self, aimed: Sequence[Aimed], phase: Phase, through: date | None) -> int:
        """Return how many sessions an open-ended phase gets up to a day; one that has none yet, up to its review."""
        if through is None:
            first = None if self._own(aimed, phase) else next(iter(self._pattern(aimed, phase)), None)
            if first is None:
                return 0
            limit = phase.until or phase.review or REVIEW
            through = limit.from_base(date.fromordinal(first)) - timedelta(1)
        until = through.toordinal()
        return sum(1 for _ in takewhile(lambda day: day <= until, self._pattern(aimed, phase)))

    def _shifted(self, aimed: list[Aimed], phase: Phase, missed: Sequence[Session]) -> list[Aimed] | None:
        """Move everything by the delay with which the first missed session can be held."""
        slot = self.new(phase)
        before = self._before(aimed, phase, missed)
        first = next(iter(self._open(slot, before, self._from(missed))), None)
        if first is None:
            return None
        delay = first - missed[0].day.toordinal()
        why = f"moves by as much as the session of {missed[0].day}"
        new = [Aimed(s.day.toordinal() + delay, slot, why=_instead_of([s])) for s in missed]
        chosen = [aim.day for aim in aimed if aim.only or pinned(aim)]

        def moves(aim: Aimed) -> bool:
            crosses = any(
                aim.day < day <= aim.day + delay for day in chosen
            )  # a day chosen by hand is not passed
            later = self.order[aim.slot.phase.name] >= self.order[phase.name]
            return later and aim not in before and not crosses

        old = [
            attrs.evolve(aim, day=aim.day + delay, stays=False, why=why) if moves(aim) else aim
            for aim in aimed
        ]
        return sorted([*new, *old], key=self.in_order)

    def _inserted(
        self, aimed: list[Aimed], phase: Phase, policy: str, missed: Sequence[Session]
    ) -> list[Aimed] | None:
        """Put one more session on the first open day that its own rules allow, or that leaves the rest in place."""
        slot, alone = self.new(phase), policy == "next-open"
        last = max((aim.day for aim in aimed if aim.slot.phase.name == phase.name), default=None)
        others = self._before(aimed, phase, missed) if alone else aimed
        for day in self._open(slot, others, self._from(missed), preferred=not alone):
            if policy == "make-up" and last is not None and day > last:
                return None
            if any(aim.day == day for aim in others):
                continue
            new = Aimed(day, slot, only=alone, why=_instead_of(missed) or "the series lacks one")
            rest = [aim if aim in others else self._after_it(aim, new) for aim in aimed] if alone else aimed
            return sorted([*rest, new], key=lambda aim: (*self.in_order(aim), aim is not new))
        return None

    def _after_it(self, aim: Aimed, new: Aimed) -> Aimed:
        """Return a later session, pushed behind a new one if it stands before it."""
        if aim.day > new.day or self.order[aim.slot.phase.name] > self.order[new.slot.phase.name]:
            return aim
        day = new.day + max(1, aim.slot.phase.neighbour_minimum())
        return attrs.evolve(
            aim, day=day, stays=False, why=f"comes after the new one on {date.fromordinal(new.day)}"
        )

    def squeezed(self, aims: Aims, before: int) -> Aims | None:
        """
        Return the aims with the last session that was made up at the end brought before a day.

        On the first open day there that keeps the required rules, if there is one: what has to lie there
        anyway moves no agreed booking.
        """
        at_end = next((aim for aim in reversed(aims.aimed) if aim.slot.booking is None and aim.at_end), None)
        if at_end is None or at_end.day < before:
            return None
        others = [aim for aim in aims.aimed if aim is not at_end]
        same = [aim.day for aim in others if aim.slot.phase is at_end.slot.phase and aim.day < before]
        taken = [taken.day for taken in self.taken if taken.phase == at_end.slot.phase.name]
        first = max([self.first, *(day + 1 for day in (*same, *taken))])
        for day in self._open(at_end.slot, others, first):
            if day >= before:
                return None
            if all(aim.day != day for aim in others):
                moved = attrs.evolve(at_end, day=day, at_end=False)
                return attrs.evolve(aims, aimed=tuple(sorted([*others, moved], key=self.in_order)))
        return None

    def _from(self, missed: Sequence[Session]) -> int:
        """Return the first day for what replaces a session: not before the day on which that was to be."""
        return max([self.first, *(session.day.toordinal() for session in missed[:1])])

    def _before(self, aimed: Sequence[Aimed], phase: Phase, missed: Sequence[Session]) -> list[Aimed]:
        """Return those that a replacement goes around: what cannot move, and what comes before the session lost."""
        lost = missed[0].day.toordinal() if missed else self.first
        return [
            aim
            for aim in aimed
            if aim.only
            or pinned(aim)
            or aim.day < self.first
            or (aim.day < lost and self.order[aim.slot.phase.name] <= self.order[phase.name])
        ]

    def _open(
        self, slot: Slot, others: Sequence[Aimed], first: int, *, preferred: bool = False
    ) -> Iterable[int]:
        """Yield open days on which one more session keeps the required rules, or all, among others, from a day on."""
        days: Iterable[int] = range(first, min(first + REACH, LAST_DAY.toordinal() + 1))
        if self.hours is not None:
            days = self.hours.open_days(slot.kind, first, first + REACH)
        rules = _Inserted(self, others, slot, preferred=preferred)
        for day in days:
            if day not in self.cancelled and rules.hold_on(day):
                yield day


class _Inserted:
    """
    The minimums and at-most-k rules for one more session among others on their days.

    With the preferred ones, if the others are to stay: to keep those, planning would move them.
    """

    def __init__(self, aiming: Aiming, aimed: Sequence[Aimed], slot: Slot, *, preferred: bool) -> None:
        self.aiming, self.slot, self.preferred = aiming, slot, preferred
        self.aimed = sorted(aimed, key=aiming.in_order)
        self.keys = [aiming.in_order(aim) for aim in self.aimed]
        self.taken = [taken.day for taken in aiming.taken]
        self.known: dict[int, list[Bound]] = {}

    def hold_on(self, day: int) -> bool:
        """Whether they hold with the session on a day."""
        at = bisect_left(self.keys, self.aiming.in_order(Aimed(day, self.slot)))
        days = [*self.taken, *(aim.day for aim in self.aimed)]
        days.insert(len(self.taken) + at, day)
        return all(days[b.later] - days[b.earlier] >= (b.minimum or 0) for b in self._around(at))

    def _around(self, at: int) -> list[Bound]:
        """Return the rules between two sessions of which it is one, or that lie on both sides of it."""
        if at not in self.known:
            slots = [aim.slot for aim in self.aimed]
            slots.insert(at, self.slot)
            rest = Remaining(self.aiming.course, self.aiming.taken, tuple(slots))
            place = rest.first + at
            bounds = [b for b in rest.bounds if b.required or self.preferred]
            if self.aiming.hours is not None and (in_hours := list(hour_rules(rest.runs))):
                calendars = self.aiming.hours.of_place.values()
                bounds += days_for_hours([rule for rule in in_hours if rule.later >= rest.first], calendars)
            self.known[at] = [b for b in bounds if b.earlier <= place <= b.later]
        return self.known[at]


def current(history: History) -> Phase:
    """Return the phase of the next session, or else the last one that goes on."""
    course = history.course
    main = {phase.name for phase in course.protocol.main} - course.over()
    name = next((s.phase for s in history.in_state(SessionState.PLANNED) if s.phase in main), None)
    return course.protocol.main[-1] if name is None else course.protocol.phase(name)


def phase_on(history: History, day: date) -> Phase:
    """Return the phase that a day falls into: of the last session before it, or the next one if that has no more."""
    course = history.course
    main = [phase.name for phase in course.protocol.main if phase.name not in course.over()]
    sessions = [session for session in course.standing() if session.phase in main]
    before = [session.phase for session in sessions if session.day < day]
    if not before:
        return current(history)
    name, after = before[-1], main[main.index(before[-1]) + 1 :]
    goes_on = any(session.phase == name and session.day > day for session in sessions)
    return course.protocol.phase(name if goes_on or not after else after[0])


def pinned(aim: Aimed) -> bool:
    """Whether somebody chose the day of a booking by hand."""
    return aim.slot.booking is not None and aim.slot.booking.pinned


def _instead_of(missed: Sequence[Session]) -> str:
    return f"instead of {' and '.join(str(session.day) for session in missed)}" if missed else ""
