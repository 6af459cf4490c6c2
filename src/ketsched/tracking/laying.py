"""
Days for what is left of a course.

The ideal day of a booking that stands is the day it stands on; what a series lacks is laid by the policy.
Days are placed as `plan` places them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import date
from itertools import chain

import attrs

from ketsched.clock import LAST_DAY
from ketsched.history import History, SessionState
from ketsched.hours import Hours, SeatNeed
from ketsched.model import Session
from ketsched.placing import Effort, TooManyPlans, can_place, place
from ketsched.placing.values import Agreed, Problem
from ketsched.planning import NoFeasiblePlan
from ketsched.planning.narrowing import too_many_ways
from ketsched.planning.planner import REACH
from ketsched.planning.room import Room
from ketsched.planning.seating import Seat, free_seat
from ketsched.spacing import Bound
from ketsched.tracking.explaining import no_plan
from ketsched.tracking.ideals import Ideal, IdealDays, Intent, pinned
from ketsched.tracking.places import OpenPlace, Places, coming, lifted, relax_latest, taken_of, without_latest
from ketsched.tracking.problem import Placed, Remainder

NEAR = 28
"""Days around the ideal one in which a session is looked for first (house default)."""


def _near(problem: Problem) -> Problem:
    """Return a problem with days near the ideal ones alone, so that no wish carries a whole course away."""
    days = [
        options[bisect_left(options, ideal - NEAR) : bisect_right(options, ideal + NEAR)]
        for options, ideal in zip(problem.days, problem.ideals, strict=True)
        if isinstance(ideal, int)
    ]
    return attrs.evolve(problem, days=tuple(days))


def _agreed(places: Places, ideals: Sequence[Ideal], options: Sequence[Sequence[int]]) -> Iterator[Agreed]:
    """Yield the days that should stay; those chosen by hand weigh more than all others together."""
    lines: dict[tuple[str, str], list[int]] = {}
    weights: dict[tuple[str, str], dict[int, int]] = {}
    for n, ideal in enumerate(ideals, places.first):
        phase = ideal.place.phase
        line = phase.name if phase.beside else "", ideal.place.need.place
        lines.setdefault(line, []).append(n)
        if ideal.stays and not ideal.only and ideal.day in options[n]:
            weights.setdefault(line, {})[ideal.day] = len(ideals) + 1 if pinned(ideal) else 1
    for line in weights:
        days = sorted(weights[line])
        yield Agreed(tuple(lines[line]), tuple(days), tuple([weights[line][day] for day in days]))


def _in_other_orders(intent: Intent) -> Iterator[tuple[Intent, int, int]]:
    """Yield an intent with each day chosen by hand passed by those near it, nearest first; its place, and the day."""
    ideals = intent.ideals
    by_hand = [(own, chosen) for own, chosen in enumerate(ideals) if chosen.only]
    for far in range(1, len(ideals) if by_hand else 1):
        for own, chosen in by_hand:
            for to in (own - far, own + far):
                between = ideals[min(own, to) : max(own, to) + 1] if 0 <= to < len(ideals) else ()
                can_pass = all(
                    other.place.phase is chosen.place.phase and abs(other.day - chosen.day) <= NEAR
                    for other in between
                )
                if between and can_pass:
                    others = [ideal for ideal in ideals if ideal is not chosen]
                    others.insert(to, chosen)
                    yield attrs.evolve(intent, ideals=tuple(others)), to, chosen.day


def _days_known(
    ideals: Sequence[Ideal], options: Sequence[Sequence[int]], moves: Container[int]
) -> Iterator[int | None]:
    """Yield the days of the places that have theirs: one that can be on no other, and a booking that stays."""
    for n, (ideal, days) in enumerate(zip(ideals, options, strict=True)):
        stays = ideal.stays and ideal.day in days and n not in moves
        yield days[0] if len(days) == 1 else ideal.day if stays else None


class Replanner:
    """
    Finds days and hours for what is left of one course.

    Args:
        history: Of the course up to today, what happened written into it.
        hours: When sessions can be; the clinic's calendar is without this course's own bookings.
        notice: Nothing new is placed before so many days after today.
        exceed: Whether latest days that cannot be kept give way, also where nothing has broken them yet.
        prefer: Whether preferences come before agreed days.
        left: Days that sessions were moved away from by hand; see IdealDays.

    Attributes:
        room: What leaves a day to what must go with each session; None: sessions come first.
    """

    def __init__(
        self,
        history: History,
        hours: Hours,
        *,
        notice: int = 1,
        exceed: bool = False,
        prefer: bool = False,
        left: Iterable[date] | None = None,
    ) -> None:
        self.history, self.course, self.hours, self.exceed = history, history.course, hours, exceed
        self.prefer = prefer
        self.room: Room | None = None
        self.first = history.as_of.toordinal() + notice
        self.start = self._agreed_start()
        begins = self.first if self.start is None else max(self.first, self.start.day.toordinal())
        self.ideal_days = IdealDays(history, begins, hours, left)

    def _agreed_start(self) -> Session | None:
        """Return the first booking of a course of which nothing was given yet: nothing is laid before it."""
        if taken_of(self.history):
            return None
        agreed = (j.session for j in self.history.sessions if j.session.booked)
        gone = {
            j.session.id
            for j in self.history.sessions
            if j.state is SessionState.CLOSED and j.visit is None  # replaced, and agreed no longer
        }
        return next((session for session in agreed if session.id not in gone), None)

    # Days

    def problem(self, intent: Intent, moves: Container[int] = ()) -> Remainder:
        """
        Return what has to be placed: the days there are, and the rules that still bind.

        Args:
            intent: The ideal days.
            moves: Which of them may be left; calendar months are exact from the other bookings' own days.
        """
        ideals = intent.ideals
        places = self.ideal_days.places(ideal.place for ideal in ideals)
        taken = [(known.day,) for known in places.fixed]
        options = (*taken, *self._options(places, ideals))
        if places.has_months:
            places = attrs.evolve(places, days=tuple(_days_known(ideals, options[places.first :], moves)))
        past = gone = lifted(places, options)
        bounds = without_latest(places.bounds, gone)
        if self.exceed:
            bounds, gone = relax_latest(places, options)
        costs = tuple(self._costs(places, ideals, bounds)) if intent.lays_new else ()
        bounds = without_latest(bounds, costs)
        in_days = places.days_for_hours(self.hours)
        wishes = (None,) * places.first + tuple(self._wished(ideals, options[places.first :]))
        return Remainder(
            intent=intent,
            places=places,
            problem=Problem(
                days=options,
                bounds=(*bounds, *in_days),
                ideals=(*(known.day for known in places.fixed), *(ideal.day for ideal in ideals)),
                wishes=wishes,
                agreed=tuple(_agreed(places, ideals, options)),
            ),
            lifted=gone,
            past=past,
            costs=costs,
        )

    def _exactly(self, intent: Intent, at_most: int | None = None) -> tuple[Remainder, Placed | None]:
        """Find the days of what is left, months counted from the days on which it finds bookings."""
        moves: set[int] = set()
        while True:
            left = self.problem(intent, moves)
            found = self._solved(left, at_most)
            days = () if found is None else zip(left.places.days, found.days, strict=False)
            moved = {n for n, (known, day) in enumerate(days) if known not in (None, day)}
            if not moved:
                return left, found
            moves |= moved

    def _solved(self, left: Remainder, at_most: int | None) -> Placed | None:
        """Find the days of what is left; None if the required rules leave none, or none but dearer ones."""
        near, effort = _near(left.problem), Effort()
        try:
            found = place(near, effort, prefer=self.prefer, at_most=at_most)
            if found is None and (at_most is None or not can_place(near)):
                found = place(left.problem, effort, prefer=self.prefer, at_most=at_most)
        except TooManyPlans:
            raise too_many_ways(
                "No best plan was found: there are too many different ones.",
                self.course.protocol.id,
                left.problem,
                [ideal.place.need for ideal in left.intent.ideals],
                lambda need: self.hours.of_place[need.place],
            ) from None
        if found is None:
            return None
        return Placed(
            intent=left.intent,
            places=left.places,
            days=found.days[left.places.first :],
            lifted=tuple(bound for bound in left.lifted if not bound.keeps(found.days)),
            past=left.past,
            costs=tuple(bound for bound in left.costs if not bound.keeps(found.days)),
            moved=found.moved,
            broken=found.broken,
        )

    def lay(self, intent: Intent) -> Placed:
        """
        Find the days of what is left.

        Raises:
            NoFeasiblePlan: The required rules leave none.
        """
        if (found := self._at_once(intent)) is not None:
            return found
        left, best = self._exactly(intent)
        for order, at, day in _in_other_orders(intent):
            if best is not None and not best.moved + best.broken:
                break
            any_cost = best is None or self.prefer or left.places.has_months
            at_most = None if any_cost or best is None else best.moved - (not best.broken)
            if at_most is not None and left.least_left(at, day) > at_most:
                continue
            _, other = self._exactly(order, at_most)
            if other is not None and (best is None or other.cost(self.prefer) < best.cost(self.prefer)):
                best = other
        if best is None:
            raise self._no_plan(left)
        return best

    def can_lay(self, intent: Intent) -> bool:
        """Whether there are days for what is left, where no rule counts months; the best ones are not looked for."""
        orders = chain((intent,), (order for order, _, _ in _in_other_orders(intent)))
        return any(can_place(self.problem(order).problem) for order in orders)

    def _no_plan(self, left: Remainder) -> NoFeasiblePlan:
        return no_plan(
            left,
            first=self.first,
            begins=self._begins(left.intent.ideals),
            where=f"{self.course.protocol.id}, as of {self.history.as_of}",
            hours=self.hours,
            start=self.start,
            cancelled=self.ideal_days.unused,
        )

    def _at_once(self, intent: Intent) -> Placed | None:
        """Return the ideal days themselves if every place can be on its own: nothing could be better."""
        ideals = intent.ideals
        on = tuple(ideal.day for ideal in ideals)
        places = self.ideal_days.places((ideal.place for ideal in ideals), on)
        if self.room or self.hours.wished or self.course.authorisations or places.rules_in_hours(self.hours):
            return None
        days = (*(taken.day for taken in places.fixed), *on)
        if not all(bound.keeps(days) for bound in places.bounds):
            return None
        for ideal in ideals:
            kind, booking = ideal.place.need, ideal.place.booking
            stands = booking is not None and booking.day.toordinal() == ideal.day
            if (ideal.day < self.first or ideal.day in self.ideal_days.unused) and not (stands or ideal.only):
                return None
            if not self.hours.is_open(kind, ideal.day):
                return None
        return Placed(intent=intent, places=places, days=days[places.first :], lifted=(), past=(), costs=())

    def _begins(self, ideals: Sequence[Ideal]) -> int:
        """Return the first day on which anything can be laid: not before an agreed start, unless by hand."""
        if self.start is None:
            return self.first
        by_hand = (ideal.day for ideal in ideals if ideal.by_hand)
        return max(self.first, min([self.start.day.toordinal(), *by_hand]))

    def _options(self, places: Places, ideals: Sequence[Ideal]) -> Iterator[Sequence[int]]:
        begins, unused, last = self._begins(ideals), self.ideal_days.unused, LAST_DAY.toordinal()
        far: list[Sequence[int]] = [(known.day,) for known in places.fixed]
        pushed = places.required.least([*far, *[range(begins, last + 1)] * len(ideals)]) or [0]
        ends = max([self.first, pushed[-1] if ideals else 0, *(ideal.day for ideal in ideals)])
        end = min(ends + REACH, last)
        paid = places.paid() if self.course.authorisations else [(None, None)] * len(ideals)
        days_for: dict[SeatNeed, Sequence[int]] = {}
        for at, (ideal, (since, until)) in enumerate(zip(ideals, paid, strict=True), places.first):
            need, booking = ideal.place.need, ideal.place.booking
            fixed = ideal.only or (booking is not None and booking is self.start)
            own_day = tuple(self.hours.open_days(need, ideal.day, ideal.day)) if fixed else ()
            if ideal.only or own_day:
                yield own_day
                continue
            if need not in days_for:
                days_for[need] = [day for day in self.hours.open_days(need, begins, end) if day not in unused]
            days = days_for[need]
            stands = None if booking is None else booking.day.toordinal()
            if stands is not None and (stands < self.first or stands in unused):  # it may stay where it is
                days = sorted({*self.hours.open_days(need, stands, stands), *days})
            if since is not None or until is not None:
                low, high = since or date.min, until or date.max
                days = [day for day in days if low.toordinal() <= day <= high.toordinal()]
            yield days if self.room is None else self.room.days(at, days)

    def _costs(self, places: Places, ideals: Sequence[Ideal], bounds: Sequence[Bound]) -> Iterator[Bound]:
        """Yield the rules over several sessions whose latest day one that the policy has laid goes beyond."""
        days = [*(taken.day for taken in places.fixed), *(ideal.day for ideal in ideals)]
        for bound in bounds:
            if bound.later < places.first or bound.later - bound.earlier < 2:
                continue
            far = bound.latest is not None and days[bound.later] - days[bound.earlier] > bound.latest
            if far and not ideals[bound.later - places.first].stays:
                yield bound

    def _wished(
        self, ideals: Sequence[Ideal], options: Sequence[Sequence[int]]
    ) -> Iterator[frozenset[int] | None]:
        for ideal, days in zip(ideals, options, strict=True):
            yield self.hours.wished_days(ideal.place.need, days[0], days[-1]) if days else None

    def is_settled(self) -> bool:
        """Whether nothing is missing or too much, and everything can stay where it is."""
        return not any(self.ideal_days.lacks.values()) and self.all_stand()

    def all_stand(self) -> bool:
        """Whether all bookings to come can stay at their days, hours and chairs, and the rules between them hold."""
        taken, bookings = self.ideal_days.fixed, self.history.in_state(SessionState.PLANNED)
        open_places = (OpenPlace(self.course.protocol.phase(session.phase), session) for session in bookings)
        on = tuple(session.day.toordinal() for session in bookings)
        places = self.ideal_days.places(open_places, on)
        days = [*(known.day for known in taken), *on]
        if not all(bound.keeps(days) or places.known(bound) for bound in places.bounds if bound.required):
            return False
        for session in coming(self.history):
            need = OpenPlace(self.course.protocol.phase(session.phase), session).need
            if session.time is None:
                if not self.hours.is_open(need, session.day.toordinal()):
                    return False
                continue
            seat = self._seat_of(session, need)
            if seat is None or session.chair not in (None, seat.chair):
                return False
        return True

    def _seat_of(self, session: Session, need: SeatNeed) -> Seat | None:
        """Return the seat that a booking keeps, if its hour is free."""
        if session.time is None:
            return None
        return free_seat(self.hours.of_place[need.place], session.day, session.time, need, session.chair)
