"""
Plans one protocol from a start: places the days, then gives them hours; or says why there is no plan.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from heapq import heappop, heappush
from itertools import count

import attrs

from ketsched.clock import LAST_DAY
from ketsched.hours import Hours, SeatNeed
from ketsched.model import Authorisation, Course, Phase, Protocol, Session
from ketsched.placing import EFFORT, Effort, TooManyPlans, place
from ketsched.placing.values import Placement, Problem
from ketsched.planning.blockers import Cause, open_weekdays
from ketsched.planning.explaining import HOURS_CANNOT, NoFeasiblePlan, explain
from ketsched.planning.layout import Layout, NotPaid, lay_out
from ketsched.planning.narrowing import too_many_ways
from ketsched.planning.patterns import as_accepted, patterns
from ketsched.planning.room import Room
from ketsched.planning.rules import HourRule, hour_rules
from ketsched.planning.seating import DaysForHours, NoStart, Seat, Seating, no_overlaps, seat
from ketsched.spacing import required

REACH = 26 * 7
"""Days after the last ideal day among which sessions are still looked for (house default)."""
TRYING = EFFORT // 4
"""Steps that may be taken to try what would give a plan where there is none; what is not tried is not said."""
SEATINGS = 50
"""Placements, best first, that are tried for hours before planning gives up."""


class Planner:
    """Plans one protocol on one set of calendars, from any start; remembers which days are open."""

    def __init__(
        self, protocol: Protocol, hours: Hours, authorisations: tuple[Authorisation, ...] = ()
    ) -> None:
        self.protocol, self.hours, self.authorisations = protocol.at_zone(hours.zone), hours, authorisations
        self.calendars = {phase.place: hours.of_place[phase.place] for phase in protocol.phases}

    def course(self, start: date) -> tuple[Course, Placement]:
        """Plan from a start; raise an explanation if there is no plan."""
        prevented: HourRule | None = None
        effort = Effort()
        try:
            for pattern in patterns(self.protocol, start, self._open_weekdays):
                layout, problem = self._problem(pattern, start)
                placement, seats, rule = self._seated(layout, problem, effort)
                if placement is not None:
                    accepted = as_accepted(pattern, self.protocol)
                    return self._course(accepted, layout, placement, seats), placement
                prevented = rule
        except TooManyPlans:
            raise too_many_ways(
                "No best plan was found: there are too many different ones.",
                f"{self.protocol.id}, from {start}",
                problem,
                [need_of(phase) for phase in layout.phases],
                lambda need: self.calendars[need.place],
            ) from None
        if prevented is None:  # explained for the most weeks: what they cannot, no fewer could either
            needs = [need_of(phase) for phase in layout.phases]
            trying = Effort(TRYING)
            raise explain(
                self.protocol,
                layout,
                self.calendars,
                needs,
                problem,
                lambda changed: _placed(changed, trying),
                lambda another: self._placement(another, trying),
            )
        raise NoFeasiblePlan(
            what=HOURS_CANNOT,
            where=f"{self.protocol.id}, from {start}",
            why=f"{prevented.rule}: none of the {SEATINGS} best placements has a start for every session",
            fix="open longer on these days, or state the rule in days",
            causes=(Cause(None, prevented.rule, prevented.key),),
        )

    def with_room(self, start: date, room: Room) -> Course | None:
        """Plan from a start, each session on a day that leaves a day to what must go with it; None if it cannot be."""
        effort = Effort()
        try:
            for pattern in patterns(self.protocol, start, self._open_weekdays):
                layout, problem = self._problem(pattern, start)
                days = tuple(room.days(place, days) for place, days in enumerate(problem.days))
                placement, seats, _ = self._seated(layout, attrs.evolve(problem, days=days), effort)
                if placement is not None:
                    return self._course(as_accepted(pattern, self.protocol), layout, placement, seats)
        except TooManyPlans:
            pass
        return None

    def _placement(self, start: date, effort: Effort) -> Placement | None:
        """Return what the plan from another start costs; None if there is none, or that cannot be found."""
        try:
            for pattern in patterns(self.protocol, start, self._open_weekdays):
                placement, _, _ = self._seated(*self._problem(pattern, start), effort)
                if placement is not None:
                    return placement
        except (NotPaid, TooManyPlans):
            pass
        return None

    def _open_weekdays(self) -> frozenset[int]:
        first = self.protocol.phases[0]
        return open_weekdays(self.calendars[first.place], first.anatomy.minutes)

    def _problem(self, protocol: Protocol, start: date) -> tuple[Layout, Problem]:
        layout = lay_out(protocol, start, self.authorisations)
        begin, last = start.toordinal(), LAST_DAY.toordinal()
        far: list[Sequence[int]] = [range(begin, last + 1)] * len(layout.nominal)
        # A pattern may be closer than its minimums.
        pushed = required(layout.bounds).least(far) or layout.nominal
        end = min(max(layout.nominal[-1], pushed[-1]) + REACH, last)
        needs = [need_of(phase) for phase in layout.phases]
        open_days = {need: self.hours.open_days(need, begin, end) for need in set(needs)}
        wished = {need: self.hours.wished_days(need, begin, end) for need in set(needs)}
        days = [open_days[need] for need in needs]
        days[0] = [begin] if begin in days[0][:1] else []
        in_hours = self._rules_in_hours(layout)
        return layout, Problem(
            days=tuple(days),
            bounds=(*layout.bounds, *DaysForHours(self.hours, needs).bounds(in_hours)),
            ideals=layout.ideals,
            wishes=tuple(wished[need] for need in needs),
        )

    def _rules_in_hours(self, layout: Layout) -> list[HourRule]:
        needs = [need_of(phase) for phase in layout.phases]
        return [*hour_rules(layout.runs), *no_overlaps(needs, self.hours)]

    def _seated(
        self, layout: Layout, problem: Problem, effort: Effort
    ) -> tuple[Placement | None, list[Seat], HourRule | None]:
        """Return the best placement that can be seated, its seats, and the rule that prevents a better one or all."""
        needs = [need_of(phase) for phase in layout.phases]
        rules = self._rules_in_hours(layout)
        prevented: HourRule | None = None
        parts, number = list[tuple[Placement, int, Problem]](), count()

        def add(part: Problem) -> None:
            if (found := place(part, effort)) is not None:
                heappush(parts, (found, next(number), part))

        add(problem)
        for _ in range(SEATINGS):
            if not parts:
                break
            placement, _, part = heappop(parts)
            seating = Seating(
                days=[date.fromordinal(day) for day in placement.days],
                needs=needs,
                places=range(len(needs)),
                bookings=[None] * len(needs),
                rules=rules,
            )
            try:
                return placement, seat(seating, self.hours), prevented
            except NoStart as none:
                prevented = prevented or none.rule
                for other in _without(part, placement, none.pushing):
                    add(other)
        return None, [], prevented

    def _course(
        self, protocol: Protocol, layout: Layout, placement: Placement, seats: Sequence[Seat]
    ) -> Course:
        sessions = tuple(
            Session(
                id=f"s{n}",
                phase=phase.name,
                day=date.fromordinal(day),
                time=taken.time,
                chair=taken.chair,
                ideal=date.fromordinal(ideal),
            )
            for n, (phase, day, taken, ideal) in enumerate(
                zip(layout.phases, placement.days, seats, layout.ideal_days(placement.days), strict=True), 1
            )
        )
        return Course(protocol=protocol, zone=self.hours.zone, sessions=sessions)


def _placed(problem: Problem, effort: Effort) -> Placement | None:
    """Return the best placement; None if there is none, or it cannot be found."""
    try:
        return place(problem, effort)
    except TooManyPlans:
        return None


def _without(problem: Problem, placement: Placement, pushing: Sequence[int]) -> Iterator[Problem]:
    """
    Yield the parts of a problem without a placement that has no hours, each plan in one of them.

    Args:
        problem: The problem.
        placement: Its best placement.
        pushing: See `NoStart`; plans with the first of these no later, and all others no earlier, have none either.
    """
    days = list(problem.days)
    for at in pushing:
        on = placement.days[at]
        sooner = [day for day in days[at] if day < on]
        as_late = [day for day in days[at] if day >= on]
        if at == pushing[0]:
            sooner, as_late = [day for day in days[at] if day > on], [day for day in days[at] if day <= on]
        if sooner:
            yield attrs.evolve(problem, days=(*days[:at], sooner, *days[at + 1 :]))
        days[at] = as_late


def need_of(phase: Phase) -> SeatNeed:
    """Return what a session of a phase needs of a day, where its protocol has it."""
    return SeatNeed(phase.place, phase.anatomy.minutes)
