"""
The ideal days of what is left of a course: where bookings stand, and where a policy lays the rest.

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

from ketsched.clock import LAST_DAY, day_words
from ketsched.history import History, SessionState
from ketsched.hours import Hours
from ketsched.model import Phase, Session
from ketsched.planning.pattern import continued, first_days, ideal_days, next_review
from ketsched.planning.planner import REACH
from ketsched.revising import by_agreement, came_instead, days_moved_from
from ketsched.spacing import Bound
from ketsched.tracking.places import Laid, OpenPlace, Places, missing, taken_of, used_places


@attrs.frozen
class Ideal:
    """
    A place to come, and its ideal day.

    Attributes:
        day: As an ordinal.
        place: The place.
        stays: Whether moving it counts as a changed booking.
        only: Whether it can be on that day alone.
        why: What a new one is for, or why one that stands is laid anew.
    """

    day: int
    place: OpenPlace
    stays: bool = False
    only: bool = False
    why: str = ""

    @property
    def by_hand(self) -> bool:
        """Whether somebody chose the day just now, of a booking or of one more session."""
        return self.only and (self.place.booking is not None or not self.why)


@attrs.frozen(kw_only=True)
class Intent:
    """
    What is left of a course with its ideal days, and what a policy does without.

    Attributes:
        ideals: The places to come, those of each phase in order of time.
        skipped: Ids of sessions that are not made up.
        remarks: What a policy could not do.
    """

    ideals: tuple[Ideal, ...]
    skipped: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def lays_new(self) -> bool:
        """Whether a policy laid one more session."""
        return any(ideal.place.booking is None and not ideal.by_hand for ideal in self.ideals)


class IdealDays:
    """
    Finds the ideal days of what is left of one course.

    Args:
        history: Of the course up to today.
        first: The first day on which anything new can be, as an ordinal.
        hours: When sessions can be; None: every day is open.
        left: Days that sessions were moved away from by hand; None: as the history's course says, in which nothing
            was changed yet.
    """

    def __init__(
        self, history: History, first: int, hours: Hours | None, left: Iterable[date] | None = None
    ) -> None:
        self.history, self.course, self.first, self.hours = history, history.course, first, hours
        self.fixed = taken_of(history)
        self._laid: Laid = {}
        self.used = used_places(history)
        self.lacks = missing(history, self.used)
        self.cancelled = frozenset(
            judged.session.day.toordinal()
            for judged in history.sessions
            if judged.state is SessionState.CLOSED
            and judged.visit is not None
            and judged.session.day > history.as_of
        )
        left = days_moved_from(self.course) if left is None else left
        self.unused = self.cancelled | {day.toordinal() for day in left}
        self.order = {phase.name: n for n, phase in enumerate(self.course.protocol.phases)}
        for phase in self.course.protocol.phases:
            if phase.beside:
                self.order[phase.name] = self.order[phase.beside]

    def places(self, open_places: Iterable[OpenPlace], days: Iterable[int | None] = ()) -> Places:
        """Return places to come, in order, after those that have their day; `days` are those that are known."""
        return Places(self.course, self.fixed, tuple(open_places), tuple(days), self._laid)

    def intent(
        self,
        policies: Mapping[str, str],
        *,
        lost: str | None = None,
        only: Mapping[str, date] | None = None,
        add: Mapping[str, Sequence[date]] | None = None,
        relaid: Iterable[str] = (),
        through: date | None = None,
    ) -> Intent:
        """
        Return the places to come with their ideal days.

        Args:
            policies: For each phase what is done about missed sessions.
            lost: What is done about bookings that cannot stand; None and "keep": their ideal day stays.
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
        ideals, skipped, remarks = self._standing(lacks, chosen, anew), list[str](), list[str]()
        gone = self._cannot_stand(ideals) if lost not in (None, "keep") else []
        ideals = [ideal for ideal in ideals if ideal.place.booking not in gone]
        for phase in self.course.protocol.phases:
            by_hand = more.get(phase.name, ())
            ideals += [Ideal(day.toordinal(), self.new(phase), only=True) for day in by_hand]
            again = self._open_again(ideals, phase)[: max(lacks[phase.name], 0)]
            ideals += again
            if phase.name in anew:
                ideals = self._relaid(ideals, phase)
            lack = lacks[phase.name] - len(again)
            if phase.count is None and phase.name not in self.course.finished_phases():
                lack += self._more(ideals, phase, through)
            own = [session for session in gone if session.phase == phase.name]
            missed = self._missed(phase)[-lack:] if lack > 0 else []
            for sessions, many, policy in (
                (missed, max(lack, 0), policies[phase.name]),
                (own, len(own), lost or "keep"),
            ):
                ideals, dropped, remark = self._made_up(ideals, phase, many, policy, sessions)
                skipped += dropped
                remarks += remark
            ideals.sort(key=self.in_order)
        return Intent(ideals=tuple(ideals), skipped=tuple(skipped), remarks=tuple(remarks))

    def _relaid(self, ideals: list[Ideal], phase: Phase) -> list[Ideal]:
        """Return the ideals with the bookings of a phase laid anew on its pattern."""
        own = [ideal for ideal in ideals if ideal.place.phase is phase and not (ideal.stays or ideal.only)]
        others = [ideal for ideal in ideals if ideal not in own]
        days = zip(own, self._after(others, phase, len(own)), strict=False)
        return others + [attrs.evolve(ideal, day=day, why="the interval has changed") for ideal, day in days]

    def _cannot_stand(self, ideals: Iterable[Ideal]) -> list[Session]:
        """Return the bookings that nobody chose just now and whose day is not open for them any more."""
        return [
            ideal.place.booking
            for ideal in ideals
            if ideal.place.booking is not None and not ideal.only and not self._is_open(ideal)
        ]

    def _is_open(self, ideal: Ideal) -> bool:
        """Whether the day of a place is open for it, as far as that is known."""
        return self.hours is None or self.hours.is_open(ideal.place.need, ideal.day)

    def _made_up(
        self, ideals: list[Ideal], phase: Phase, lack: int, policy: str, missed: Sequence[Session]
    ) -> tuple[list[Ideal], list[str], list[str]]:
        """
        Fill so many places of a phase by a policy.

        Returns the ideals, the ids of sessions that are not made up, and what the policy could not do.
        """
        said, remarks = _instead_of(missed), list[str]()
        if policy == "skip" and missed:
            at_end = self._at_end(ideals, phase, lack - len(missed), said)
            return ideals + at_end, [session.id for session in missed], []
        if policy == "shift" and missed:
            shifted = self._shifted(ideals, phase, missed)
            if shifted is not None:
                ideals, lack = shifted, lack - len(missed)
        elif policy in ("next-open", "make-up"):
            while lack:
                inserted = self._inserted(ideals, phase, policy, missed[-lack:])
                if inserted is None:
                    break
                ideals, lack = inserted, lack - 1
            if lack and policy == "make-up":
                remarks.append(f"{phase.name}: no day leaves the rest in place; made up at the end")
        return ideals + self._at_end(ideals, phase, lack, said), [], remarks

    def _at_end(self, ideals: Sequence[Ideal], phase: Phase, lack: int, said: str) -> list[Ideal]:
        """Return so many more sessions of a phase after its last one, on its pattern."""
        why = said or self._begins(phase)
        days = self._after(ideals, phase, lack)
        return [Ideal(day, self.new(phase), why=why) for day in days]

    def new(self, phase: Phase) -> OpenPlace:
        """Return a place for one more session of a phase, where its last one is."""
        own = [s.place for s in self.course.standing() if s.phase == phase.name and s.booked]
        return OpenPlace(phase, None, own[-1] if own else "")

    def in_order(self, ideal: Ideal) -> tuple[int, int, bool]:
        """Return a key by which places follow each other: phase by phase, in order of time."""
        return self.order[ideal.place.phase.name], ideal.day, ideal.place.phase.place == "home"

    def _open_again(self, ideals: Sequence[Ideal], phase: Phase) -> list[Ideal]:
        """Return bookings that were closed for want of a need, and not by anybody, where their day is still free."""
        taken = {ideal.day for ideal in ideals}
        lost = set(came_instead(self.course).values())  # closed for want of a day
        closed = [
            Ideal(
                judged.session.day.toordinal(),
                OpenPlace(phase, judged.session),
                stays=True,
                why="needed again",
            )
            for judged in self.history.sessions
            if judged.state is SessionState.CLOSED
            and judged.visit is None
            and judged.session.phase == phase.name
            and judged.session.booked
            and judged.session.day.toordinal() >= self.first
            and judged.session.day.toordinal() not in taken
            and judged.session.id not in self.course.skipped
            and judged.session.id not in lost
        ]
        return [ideal for ideal in closed if self._is_open(ideal)]

    def _standing(self, lacks: Mapping[str, int], only: Mapping[str, date], anew: set[str]) -> list[Ideal]:
        """Return the bookings that stand, less those that their phase has too many, the last agreed first."""
        bookings = self.history.in_state(SessionState.PLANNED)
        surplus: set[str] = set()
        for name in (name for name, lack in lacks.items() if lack < 0):
            own = [session for session in bookings if session.phase == name and session.id not in only]
            agreed = by_agreement(self.course, own)
            surplus |= {session.id for session in agreed[max(len(own) + lacks[name], 0) :]}
        back = self._back_on({session.day for session in bookings if session.id in surplus})
        found = []
        for session in bookings:
            phase = self.course.protocol.phase(session.phase)
            if session.id in only:
                day = only[session.id].toordinal()
                found.append(Ideal(day, OpenPlace(phase, session), stays=True, only=True))
            elif session.id not in surplus:
                was = session if session.pinned else back.get(session.id, session)
                stays = session.pinned or session.phase not in anew
                why = "" if was is session else "needed again"
                found.append(Ideal(was.day.toordinal(), OpenPlace(phase, was), stays=stays, why=why))
        return sorted(found, key=self.in_order)

    def _back_on(self, days: set[date]) -> dict[str, Session]:
        """
        Return the bookings that were closed because one that is needless now took their day.

        Each by the id of the one that came in its place, which is closed in turn: the patient has had it less long.
        """
        closed = {
            j.session.id: j.session
            for j in self.history.sessions
            if j.state is SessionState.CLOSED and j.visit is None and j.session.day in days
        }
        instead = came_instead(self.course) if closed else {}
        return {new: closed[old] for new, old in instead.items() if old in closed}

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

    def _own(self, ideals: Sequence[Ideal], phase: Phase) -> list[int]:
        days = [taken.day for taken in self.fixed if taken.phase == phase.name]
        return days + [ideal.day for ideal in ideals if ideal.place.phase.name == phase.name]

    def _after(self, ideals: Sequence[Ideal], phase: Phase, number: int) -> list[int]:
        """Lay so many sessions of a phase after its last one, on its pattern, from the first day that can be on."""
        return list(islice(self._pattern(ideals, phase), number)) if number > 0 else []

    def _pattern(self, ideals: Sequence[Ideal], phase: Phase) -> Iterable[int]:
        own = self._own(ideals, phase)
        start = self.course.sessions[0].day if self.course.sessions else self.history.as_of
        joins = phase.name != self.course.protocol.phases[0].name
        if own:
            since = self._last(ideals, phase, max(own))
            number = self.used[phase.name] + sum(ideal.place.phase.name == phase.name for ideal in ideals)
            unnumbered = {taken.day for taken in self.fixed if phase.recommended and not taken.counts}
            first = date.fromordinal(min(set(own) - unnumbered or own))
            months = self._aimed_at(ideals, phase)
            days = continued(phase, first, since, max(number, 1), joins=joins, before=months)
            days = dropwhile(lambda day: day.toordinal() <= max(own), days)
        else:
            last = self._earlier(ideals, phase)
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
                if day.toordinal() >= self.first and day.toordinal() not in self.unused:
                    yield day.toordinal()
        except (OverflowError, ValueError):  # a date beyond the year 9999
            return

    def _earlier(self, ideals: Sequence[Ideal], phase: Phase) -> list[int]:
        """Return the days of the phases before one, ascending."""
        earlier = {name for name, at in self.order.items() if at < self.order[phase.name]}
        days = [taken.day for taken in self.fixed if taken.phase in earlier]
        return sorted([*days, *(ideal.day for ideal in ideals if ideal.place.phase.name in earlier)])

    def _aimed_at(self, ideals: Sequence[Ideal], phase: Phase) -> list[date]:
        """Return the days that a phase's months may be counted from: its own, missed or not, and the last before it."""
        days = [*self._own(ideals, phase), *self._earlier(ideals, phase)[-1:]]
        booked = (s for s in self.course.sessions if s.phase == phase.name and s.booked)
        return [*map(date.fromordinal, days), *(session.ideal or session.day for session in booked)]

    def _last(self, ideals: Sequence[Ideal], phase: Phase, last: int) -> date:
        """Return the day that a pattern goes on after: the ideal one of a last booking that a closure has moved."""
        booking = next((a.place.booking for a in ideals if a.day == last and a.place.phase is phase), None)
        if booking is None:  # or one that was given on another day than its own
            named = {taken.session for taken in self.fixed if taken.day == last and taken.phase == phase.name}
            booking = next((s for s in self.course.sessions if s.id in named and s.booked), None)
        if booking is None or booking.ideal is None or booking.pinned or phase.anchor != "start":
            return date.fromordinal(last)
        if phase.weekdays or phase.study_days:
            return max(booking.ideal, date.fromordinal(last))
        in_months = not any(step.days for step in phase.every)
        return booking.ideal if in_months else date.fromordinal(last)

    def _more(self, ideals: Sequence[Ideal], phase: Phase, through: date | None) -> int:
        """Return how many sessions an open-ended phase gets up to a day; one that has none yet, up to its review."""
        if through is None:
            first = None if self._own(ideals, phase) else next(iter(self._pattern(ideals, phase)), None)
            if first is None:
                return 0
            limit = phase.until or phase.review or next_review()
            through = limit.from_base(date.fromordinal(first)) - timedelta(1)
        until = through.toordinal()
        return sum(1 for _ in takewhile(lambda day: day <= until, self._pattern(ideals, phase)))

    def _shifted(self, ideals: list[Ideal], phase: Phase, missed: Sequence[Session]) -> list[Ideal] | None:
        """Move everything by the delay with which the first missed session can be held."""
        open_place = self.new(phase)
        before = self._before(ideals, phase, missed)
        first = next(iter(self._open(open_place, before, self._from(missed))), None)
        if first is None:
            return None
        delay = first - missed[0].day.toordinal()
        why = f"moves by as much as the session of {missed[0].day}"
        new = [Ideal(s.day.toordinal() + delay, open_place, why=_instead_of([s])) for s in missed]
        chosen = [ideal.day for ideal in ideals if ideal.only or pinned(ideal)]

        def moves(ideal: Ideal) -> bool:
            crosses = any(
                ideal.day < day <= ideal.day + delay for day in chosen
            )  # a day chosen by hand is not passed
            later = self.order[ideal.place.phase.name] >= self.order[phase.name]
            return later and ideal not in before and not crosses

        old = [
            attrs.evolve(ideal, day=ideal.day + delay, stays=False, why=why) if moves(ideal) else ideal
            for ideal in ideals
        ]
        return sorted([*new, *old], key=self.in_order)

    def _inserted(
        self, ideals: list[Ideal], phase: Phase, policy: str, missed: Sequence[Session]
    ) -> list[Ideal] | None:
        """Put one more session on the first open day that its own rules allow, or that leaves the rest in place."""
        open_place, alone = self.new(phase), policy == "next-open"
        last = max((ideal.day for ideal in ideals if ideal.place.phase.name == phase.name), default=None)
        others = self._before(ideals, phase, missed) if alone else ideals
        for day in self._open(open_place, others, self._from(missed), preferred=not alone):
            if policy == "make-up" and last is not None and day > last:
                return None
            if any(ideal.day == day for ideal in others):
                continue
            new = Ideal(day, open_place, only=alone, why=_instead_of(missed) or "the series lacks one")
            return sorted([*ideals, new], key=lambda ideal: (*self.in_order(ideal), ideal is not new))
        return None

    def _from(self, missed: Sequence[Session]) -> int:
        """Return the first day for what replaces a session: not before the day on which that was to be."""
        return max([self.first, *(session.day.toordinal() for session in missed[:1])])

    def _before(self, ideals: Sequence[Ideal], phase: Phase, missed: Sequence[Session]) -> list[Ideal]:
        """Return those that a replacement goes around: what cannot move, and what comes before the session lost."""
        lost = missed[0].day.toordinal() if missed else self.first
        return [
            ideal
            for ideal in ideals
            if ideal.only
            or pinned(ideal)
            or ideal.day < self.first
            or (ideal.day < lost and self.order[ideal.place.phase.name] <= self.order[phase.name])
        ]

    def _open(
        self, open_place: OpenPlace, others: Sequence[Ideal], first: int, *, preferred: bool = False
    ) -> Iterable[int]:
        """Yield open days on which one more session keeps the required rules, or all, among others, from a day on."""
        days: Iterable[int] = range(first, min(first + REACH, LAST_DAY.toordinal() + 1))
        if self.hours is not None:
            days = self.hours.open_days(open_place.need, first, first + REACH)
        rules = _Inserted(self, others, open_place, preferred=preferred)
        for day in days:
            if day not in self.unused and rules.hold_on(day):
                yield day


class _Inserted:
    """
    The minimums and at-most-k rules for one more session among others on their days.

    With the preferred ones, if the others are to stay: to keep those, planning would move them.
    """

    def __init__(
        self, ideal_days: IdealDays, ideals: Sequence[Ideal], open_place: OpenPlace, *, preferred: bool
    ) -> None:
        self.ideal_days, self.place, self.preferred = ideal_days, open_place, preferred
        self.ideals = sorted(ideals, key=ideal_days.in_order)
        self.keys = [ideal_days.in_order(ideal) for ideal in self.ideals]
        self.fixed = [taken.day for taken in ideal_days.fixed]
        self.known: dict[int, list[Bound]] = {}

    def hold_on(self, day: int) -> bool:
        """Whether they hold with the session on a day."""
        at = bisect_left(self.keys, self.ideal_days.in_order(Ideal(day, self.place)))
        days = [*self.fixed, *(ideal.day for ideal in self.ideals)]
        days.insert(len(self.fixed) + at, day)
        return all(
            days[b.later] - days[b.earlier] >= (b.minimum or 0)
            and (b.after is None or days[b.later] >= b.after(days[b.earlier]))
            for b in self._around(at)
        )

    def _around(self, at: int) -> list[Bound]:
        """Return the rules between two sessions of which it is one, or that lie on both sides of it."""
        if at not in self.known:
            open_places = [ideal.place for ideal in self.ideals]
            open_places.insert(at, self.place)
            places = self.ideal_days.places(open_places)
            place = places.first + at
            bounds = [b for b in places.bounds if b.required or self.preferred]
            if self.ideal_days.hours is not None:
                bounds += places.days_for_hours(self.ideal_days.hours)
            self.known[at] = [b for b in bounds if b.earlier <= place <= b.later]
        return self.known[at]


def pinned(ideal: Ideal) -> bool:
    """Whether somebody chose the day of a booking by hand."""
    return ideal.place.booking is not None and ideal.place.booking.pinned


def _instead_of(missed: Sequence[Session]) -> str:
    return f"for the missed {' and '.join(day_words(session.day) for session in missed)}" if missed else ""
