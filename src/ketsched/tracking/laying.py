"""
Days for what is left of a course.

Bookings that stand aim at the day they stand on; what a series lacks is laid by the policy.
Days are placed as `plan` places them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from ketsched.clock import LAST_DAY
from ketsched.history import History, SessionState
from ketsched.hours import Hours, SeatNeed
from ketsched.model import Session
from ketsched.placing import EFFORT, TooManyPlans, place
from ketsched.placing.values import Problem
from ketsched.planning.planner import REACH, TooManyWays
from ketsched.planning.rules import hour_rules
from ketsched.planning.seating import Seat, days_for_hours, free_seat
from ketsched.spacing import Bound
from ketsched.tracking.aiming import Aimed, Aiming, Aims, pinned
from ketsched.tracking.explaining import no_plan
from ketsched.tracking.problem import Laid, Remainder
from ketsched.tracking.remaining import Remaining, Slot, coming, lifted, softened, taken_of, without_latest


def _moved(laid: Laid) -> list[int]:
    """Return the days of the bookings that do not stay, in order of time."""
    days = zip(laid.aims.aimed, laid.days, strict=True)
    return sorted(aim.day for aim, day in days if aim.stays and aim.day != day)


class Replanner:
    """
    Finds days and hours for what is left of one course.

    Args:
        history: Of the course up to today, what happened written into it.
        hours: When sessions can be; the clinic's calendar is without this course's own bookings.
        notice: Nothing new is placed before so many days after today.
        exceed: Whether latest days that cannot be kept give way, also where nothing has broken them yet.
    """

    def __init__(self, history: History, hours: Hours, *, notice: int = 1, exceed: bool = False) -> None:
        self.history, self.course, self.hours, self.exceed = history, history.course, hours, exceed
        self.first = history.as_of.toordinal() + notice
        self.start = self._agreed_start()
        begins = self.first if self.start is None else max(self.first, self.start.day.toordinal())
        self.aiming = Aiming(history, begins, hours)

    def _agreed_start(self) -> Session | None:
        """Return the first booking of a course of which nothing has happened yet: nothing is laid before it."""
        if self.course.visits or self.history.visits or taken_of(self.history):
            return None
        return next(iter(self.history.in_state(SessionState.PLANNED)), None)

    # Days

    def problem(self, aims: Aims, *, pins: bool = True, gives: Bound | None = None) -> Remainder:
        """
        Return what has to be placed: the days there are, and the rules that still bind.

        Args:
            aims: What is aimed at.
            pins: Whether pinned days are the only ones of theirs.
            gives: The one rule whose latest day gives way; None: those that have to.
        """
        aimed = aims.aimed
        rest = Remaining(self.course, self.aiming.taken, tuple(aim.slot for aim in aimed))
        taken = [(known.day,) for known in rest.taken]
        options = free = (*taken, *self._options(rest, aimed, pins=False))
        if pins and any(map(pinned, aimed)):
            options = (*taken, *self._options(rest, aimed, pins=True))
        past = gone = lifted(rest, free)  # a day chosen by hand lifts nothing
        bounds = without_latest(rest.bounds, gone)
        if gives is not None:
            bounds, gone = without_latest(rest.bounds, [gives]), (gives,)
        elif self.exceed:
            bounds, gone = softened(rest, free)
        costs = tuple(self._costs(rest, aimed, bounds)) if aims.lays_new else ()
        bounds = without_latest(bounds, costs)
        chosen = {place for place, aim in enumerate(aimed, rest.first) if aim.by_hand}
        if chosen:  # whoever chose the day knows: a preference about it moves nobody else
            bounds = [b for b in bounds if b.required or chosen.isdisjoint(range(b.earlier, b.later + 1))]
        rules = [rule for rule in hour_rules(rest.runs) if rule.later >= rest.first]
        in_days = days_for_hours(rules, self.hours.of_place.values())
        wishes = (None,) * rest.first + tuple(self._wished(aimed, options[rest.first :]))
        agreed = [aim.day if aim.stays and not aim.only else None for aim in aimed]
        return Remainder(
            aims=aims,
            rest=rest,
            problem=Problem(
                days=options,
                bounds=(*bounds, *in_days),
                ideals=(*(known.day for known in rest.taken), *(aim.day for aim in aimed)),
                wishes=wishes,
                agreed=((None,) * rest.first + tuple(agreed)),
            ),
            lifted=gone,
            past=past,
            costs=costs,
        )

    def solve(self, left: Remainder) -> Laid:
        """
        Find the days of what is left.

        Raises:
            NoFeasiblePlan: The required rules leave none.
        """
        try:
            found = place(left.problem)
        except TooManyPlans:
            raise TooManyWays(
                what="what is left of this course allows too many different plans to find the best one",
                where=self.course.protocol.id,
                why=f"planning looks at {EFFORT} partial plans at most",
                fix="pin some sessions, or shorten what is left",
            ) from None
        if found is None:
            where = f"{self.course.protocol.id}, as of {self.history.as_of}"
            raise no_plan(left, first=self.first, where=where, hours=self.hours)
        return Laid(
            aims=left.aims,
            rest=left.rest,
            days=found.days[left.rest.first :],
            lifted=tuple(bound for bound in left.lifted if not bound.keeps(found.days)),
            past=left.past,
            costs=tuple(bound for bound in left.costs if not bound.keeps(found.days)),
        )

    def lay(self, aims: Aims) -> Laid:
        """
        Find the days of what is aimed at.

        Raises:
            NoFeasiblePlan: The required rules leave none.
        """
        found = self._at_once(aims)
        if found is not None:
            return found
        best = self._laid(aims)
        moved = _moved(best)
        while moved:  # a new session before the first booking that moved may let it stay
            squeezed = self.aiming.squeezed(best.aims, moved[0])
            if squeezed is None:
                break
            other = self._laid(squeezed)
            if len(_moved(other)) >= len(moved) or len(other.lifted) > len(best.lifted):
                break
            best, moved = other, _moved(other)
        return best

    def _laid(self, aims: Aims) -> Laid:
        """Find the days of what is aimed at; pins that are infeasible are dropped."""
        left = self.problem_of(aims)
        best = self.solve(left)
        if not self.exceed or len(best.lifted) != 1:
            return best
        # One rule has to give way: the one that leaves most bookings where they are.
        for bound in left.lifted:
            if bound in best.lifted or not _moved(best):
                continue
            other = self.problem(aims, gives=bound)
            if other.problem.is_feasible():
                laid = self.solve(other)
                best = laid if len(_moved(laid)) < len(_moved(best)) else best
        return best

    def problem_of(self, aims: Aims) -> Remainder:
        """Return what has to be placed, with the pinned days, or without them if there is no plan with them."""
        left = self.problem(aims)
        if any(map(pinned, aims.aimed)) and not left.problem.is_feasible():
            return self.problem(aims, pins=False)
        return left

    def _at_once(self, aims: Aims) -> Laid | None:
        """Return the aims themselves if every place can be on its day: nothing could be better."""
        aimed = aims.aimed
        rest = Remaining(self.course, self.aiming.taken, tuple(aim.slot for aim in aimed))
        if (
            self.hours.wished
            or self.course.authorisations
            or next(iter(hour_rules(rest.runs)), None) is not None
        ):
            return None
        days = (*(taken.day for taken in rest.taken), *(aim.day for aim in aimed))
        if not all(bound.keeps(days) for bound in rest.bounds):
            return None
        for aim in aimed:
            kind, booking = aim.slot.kind, aim.slot.booking
            stands = booking is not None and booking.day.toordinal() == aim.day
            if (aim.day < self.first or aim.day in self.aiming.cancelled) and not (stands or aim.only):
                return None
            if not self.hours.is_open(kind, aim.day):
                return None
        return Laid(aims=aims, rest=rest, days=days[rest.first :], lifted=(), past=(), costs=())

    def _options(self, rest: Remaining, aimed: Sequence[Aimed], *, pins: bool) -> Iterator[Sequence[int]]:
        last = max((aim.day for aim in aimed), default=self.first)
        end = min(max(last, self.first) + REACH, LAST_DAY.toordinal())
        paid = rest.paid() if self.course.authorisations else [(None, None)] * len(aimed)
        begins = self.first
        if self.start is not None:
            chosen = (aim.day for aim in aimed if aim.by_hand)
            begins = max(begins, min([self.start.day.toordinal(), *chosen]))
        for aim, (since, until) in zip(aimed, paid, strict=True):
            need, booking = aim.slot.kind, aim.slot.booking
            agreed = (pins and pinned(aim)) or (booking is not None and booking is self.start)
            own_day = tuple(self.hours.open_days(need, aim.day, aim.day)) if aim.only or agreed else ()
            if aim.only or own_day:
                yield own_day
                continue
            days = self.hours.open_days(need, begins, end)
            if self.aiming.cancelled:  # what was taken off a day is not put there again
                days = [day for day in days if day not in self.aiming.cancelled]
            if booking is not None and booking.day.toordinal() < self.first:  # it may stay where it is
                stands = booking.day.toordinal()
                days = (*self.hours.open_days(need, stands, stands), *days)
            if since is not None or until is not None:
                low, high = since or date.min, until or date.max
                days = [day for day in days if low.toordinal() <= day <= high.toordinal()]
            yield days

    def _costs(self, rest: Remaining, aimed: Sequence[Aimed], bounds: Sequence[Bound]) -> Iterator[Bound]:
        """Yield the rules over several sessions whose latest day a new session, laid by the policy, goes beyond."""
        days = [*(taken.day for taken in rest.taken), *(aim.day for aim in aimed)]
        for bound in bounds:
            if bound.later < rest.first or bound.later - bound.earlier < 2:
                continue
            far = bound.latest is not None and days[bound.later] - days[bound.earlier] > bound.latest
            if far and aimed[bound.later - rest.first].slot.booking is None:
                yield bound

    def _wished(
        self, aimed: Sequence[Aimed], options: Sequence[Sequence[int]]
    ) -> Iterator[frozenset[int] | None]:
        for aim, days in zip(aimed, options, strict=True):
            yield self.hours.wished_days(aim.slot.kind, days[0], days[-1]) if days else None

    def is_settled(self) -> bool:
        """Whether nothing is missing or too much, and everything can stay where it is."""
        return not any(self.aiming.lacks.values()) and self.all_stand()

    def all_stand(self) -> bool:
        """Whether every booking to come can stay at its day and hour, and the rules between them hold."""
        taken, bookings = self.aiming.taken, self.history.in_state(SessionState.PLANNED)
        slots = (Slot(self.course.protocol.phase(session.phase), session) for session in bookings)
        rest = Remaining(self.course, taken, tuple(slots))
        days = [*(known.day for known in taken), *(session.day.toordinal() for session in bookings)]
        if not all(bound.keeps(days) or rest.known(bound) for bound in rest.bounds if bound.required):
            return False
        for session in coming(self.history):
            need = Slot(self.course.protocol.phase(session.phase), session).kind
            if session.time is None:
                if not self.hours.is_open(need, session.day.toordinal()):
                    return False
            elif self._seat_of(session, need) is None:
                return False
        return True

    def _seat_of(self, session: Session, need: SeatNeed) -> Seat | None:
        """Return the seat that a booking keeps, if its hour is free."""
        if session.time is None:
            return None
        return free_seat(self.hours.of_place[need.place], session.day, session.time, need, session.chair)
