"""
From a protocol, a start and a calendar to a course: place the days, seat the hours, then what goes around.

`plan` gives the one best course; `starts` tries every start of a stretch and ranks them.
Neither calls the checker: it reads the protocol by itself, so that each tests the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from itertools import islice
from typing import Any

import attrs

from ketsched.arguments import checked
from ketsched.around import confirmed
from ketsched.calendars import Calendar
from ketsched.clock import LAST_DAY, aware, plausible, zone_named
from ketsched.errors import InvalidInput, KetschedError
from ketsched.model import Authorisation, Course, Hold, Phase, Protocol, Revision, Session, check_course_id
from ketsched.placing import EFFORT, TooManyPlans, place, ranked
from ketsched.placing.values import Placement, Series
from ketsched.planning.companions import companions_of
from ketsched.planning.days import Kind, OpenDays, at_home, open_weekdays
from ketsched.planning.explaining import Change, NoFeasiblePlan, explain, said_days
from ketsched.planning.laying import HourRule, Layout, NotPaid, hour_rules, lay_out
from ketsched.planning.patterns import as_accepted, patterns
from ketsched.planning.seating import Seat, days_for_hours, seat
from ketsched.revising import revised

__all__ = ["Change", "NoFeasiblePlan", "Start", "accompany", "complete", "plan", "said_days", "starts"]

REACH = 26 * 7
"""Days after the last ideal day among which sessions are still looked for (house default)."""
SEATINGS = 50
"""Placements, best first, that are tried for hours before planning gives up."""
MOST_STARTS = 366 * 2
"""Days among which a start can be searched."""


class TooManyWays(InvalidInput):
    """The best plan cannot be found with the effort that one planning may take."""


@attrs.frozen(kw_only=True)
class Start:
    """
    One start that was tried.

    Attributes:
        day: The start.
        course: The plan from it, or None.
        placement: What that plan costs, or None.
        error: Why there is no plan, or None.
    """

    day: date
    course: Course | None = None
    placement: Placement | None = None
    error: KetschedError | None = None


@checked
def plan(
    protocol: Protocol,
    *,
    start: date | tuple[date, date],
    calendar: Calendar,
    id: str | None = None,  # noqa: A002 - the caller's word for it
    at: datetime | None = None,
    availability: Calendar | None = None,
    wishes: Calendar | None = None,
    time: time | None = None,
    calendars: Mapping[str, Calendar] | None = None,
    holds: Iterable[Hold] = (),
    authorisations: Iterable[Authorisation] = (),
) -> Course:
    """
    Plan a course: the best days that keep every required rule, the same hour on each, then what goes around them.

    Args:
        protocol: What to plan.
        start: Local date of the first session; or two dates, and the best start between them
            (both included) is taken.
        calendar: When the clinic is open, with its chairs.
        id: The course's opaque name, the caller's; needed to publish it.
        at: The moment of this first revision, aware; needed to publish it.
        availability: When the patient can; no session lies outside it.
        wishes: When the patient would rather come; planning leaves it as rarely as it can.
        time: Local time of day that sessions should be near to.
        calendars: Of those whose hours the protocol's companions need, by the name it gives them,
            "therapist"; one that is missing has the clinic's hours.
        holds: A clinician's; the sessions they hold are to be confirmed.
        authorisations: A payer's; sessions beyond them are to be confirmed, and a required one bounds its sessions.

    Raises:
        NoFeasiblePlan: With a minimal set of causes, and changes that were tried.
        InvalidInput: An argument cannot be used.
    """
    stops, paid = tuple(holds), tuple(authorisations)
    if id is not None:
        check_course_id(id)
    if at is not None:
        aware(at, "at")
    if isinstance(start, tuple):
        tried = starts(
            protocol,
            between=start,
            calendar=calendar,
            availability=availability,
            wishes=wishes,
            time=time,
            authorisations=paid,
        )
        found = [one.course for one in tried if one.course is not None]
        if not found:
            raise _no_start(protocol, start, tried)
    else:
        planner = _Planner(protocol, calendar, availability, wishes, time, paid)
        found = [planner.course(plausible(start, "start"))[0]]
    return complete(
        found,
        calendar=calendar,
        id=id,
        at=at,
        availability=availability,
        time=time,
        calendars=calendars,
        holds=stops,
        authorisations=paid,
    )


def _no_start(protocol: Protocol, between: tuple[date, date], tried: Sequence[Start]) -> NoFeasiblePlan:
    blocked = "; ".join(f"{s.day}: {s.error.what}" for s in tried[:5] if s.error is not None)
    return NoFeasiblePlan(
        what=f"no start from {between[0]} to {between[1]} has a plan",
        where=protocol.id,
        why=blocked or "none of these days is open and on the pattern",
        fix="search a longer stretch, or open more days",
    )


def complete(
    courses: Sequence[Course],
    *,
    calendar: Calendar,
    id: str | None = None,  # noqa: A002 - the caller's word for it
    at: datetime | None = None,
    availability: Calendar | None = None,
    time: time | None = None,
    calendars: Mapping[str, Calendar] | None = None,
    holds: Iterable[Hold] = (),
    authorisations: Iterable[Authorisation] = (),
) -> Course:
    """
    Return the first of some courses around whose sessions all has a day, with that, as its first revision.

    `starts` gives sessions alone; this makes the course of the best start from which what goes around them fits.

    Args:
        courses: At least one, the best first.
        calendar, id, at, availability, time, calendars, holds, authorisations: As for `plan`.

    Raises:
        NoFeasiblePlan: Around none of them all has a day; it explains the last one.
    """
    stops, paid = tuple(holds), tuple(authorisations)
    for course in courses:
        given: dict[str, Any] = {"id": id, "revisions": (Revision(at=at),)}
        if stops or paid:
            course = attrs.evolve(course, holds=stops, authorisations=paid)
        around: dict[str, Any] = {"calendars": calendars, "availability": availability, "time": time}
        try:
            placed = companions_of(course, calendar=calendar, **around)
        except NoFeasiblePlan:
            if course.standing()[0].day == courses[-1].standing()[0].day:  # no other start is left to try
                raise
            continue
        if stops or paid or any(companion.gate for companion in course.protocol.companions):
            given["sessions"], given["companions"] = confirmed(course, bookings=placed)
        else:
            given["companions"] = placed
        return attrs.evolve(course, **given)
    raise AssertionError  # the last course has its days, or has raised


@checked
def accompany(
    course: Course,
    *,
    calendar: Calendar,
    calendars: Mapping[str, Calendar] | None = None,
    availability: Calendar | None = None,
    time: time | None = None,
    at: datetime | None = None,
    as_of: date | None = None,
) -> Course:
    """
    Place what goes around the sessions of a course anew, as its next revision.

    What still can stays on its day; what has moved out of its window, or was prescribed since, is
    placed; what has lost its session is closed. Sessions stay as they are.

    Args:
        course: With its sessions where they are now.
        calendar: The clinic's.
        calendars: Of those whose hours companions need, by name.
        availability: When the patient can.
        time: Local time of day that appointments on a day of their own should be near to.
        at: The moment of the revision, aware.
        as_of: Today, the local date at the clinic; what is booked until then stays. That of `at`, unless given.

    Raises:
        NoFeasiblePlan: A companion that must be there has no day.
    """
    today = as_of
    if today is None and at is not None:
        today = aware(at, "at").astimezone(zone_named(course.zone)).date()
    around: dict[str, Any] = {"calendars": calendars, "availability": availability, "time": time}
    placed = companions_of(course, calendar=calendar, after=today, **around)
    sessions, companions = confirmed(attrs.evolve(course, companions=placed), before=course)
    return revised(course, at=at, what="around the sessions", sessions=sessions, companions=companions)


@checked
def starts(
    protocol: Protocol,
    *,
    between: tuple[date, date],
    calendar: Calendar,
    availability: Calendar | None = None,
    wishes: Calendar | None = None,
    time: time | None = None,
    any_weekday: bool = False,
    authorisations: Iterable[Authorisation] = (),
) -> tuple[Start, ...]:
    """
    Try every start of a stretch: those with a plan first, ranked, then those without, by date.

    Plans are ranked by preferences broken, total deviation, largest deviation, then start. They are
    the sessions alone; what goes around them is placed once a start is chosen.
    For a weekday pattern the starts are pattern days; closed days are not tried.

    Args:
        protocol: What to plan.
        between: First and last start to try, both included.
        calendar: When the clinic is open, with its chairs.
        availability: When the patient can.
        wishes: When the patient would rather come.
        time: Local time of day that sessions should be near to.
        any_weekday: Try every open day, also off the pattern.
        authorisations: A payer's; a required one bounds its sessions.
    """
    if len(between) != 2:
        raise InvalidInput(
            what=f"start names {len(between)} dates",
            where="start",
            why="it is one date, or the first and last of a stretch",
            fix="give date(2027, 1, 4), or (date(2027, 1, 4), date(2027, 1, 31))",
        )
    first, last = plausible(between[0], "first start"), plausible(between[1], "last start")
    if not 0 <= (last - first).days < MOST_STARTS:
        raise InvalidInput(
            what=f"starts from {first} to {last}",
            where="start",
            why=f"the first comes before the last, and at most {MOST_STARTS} days are searched",
            fix="give the earlier date first, or search a shorter stretch",
        )
    planner = _Planner(protocol, calendar, availability, wishes, time, tuple(authorisations))
    pattern = protocol.phases[0].weekdays
    kind = Kind(protocol.phases[0].place, _minutes(protocol.phases[0]))
    tried = []
    for day in planner.open_days[kind.place].between(first.toordinal(), last.toordinal(), kind.minutes):
        begin = date.fromordinal(day)
        if pattern and begin.weekday() not in pattern and not any_weekday:
            continue
        try:
            course, placement = planner.course(begin)
            tried.append(Start(day=begin, course=course, placement=placement))
        except (NoFeasiblePlan, NotPaid, TooManyWays) as error:
            tried.append(Start(day=begin, error=error))
    return tuple(sorted(tried, key=_rank))


def _rank(start: Start) -> tuple[bool, int, int, int, date]:
    cost = start.placement
    if cost is None:
        return (True, 0, 0, 0, start.day)
    return (False, cost.broken, cost.total, cost.worst, start.day)


def _minutes(phase: Phase) -> int:
    return phase.anatomy.minutes


class _Planner:
    """Plans one protocol on one set of calendars, from any start; remembers which days are open."""

    def __init__(
        self,
        protocol: Protocol,
        calendar: Calendar,
        availability: Calendar | None,
        wishes: Calendar | None,
        preferred: time | None,
        authorisations: tuple[Authorisation, ...] = (),
    ) -> None:
        self.authorisations = authorisations
        self.protocol, self.wishes, self.preferred = protocol, wishes, preferred
        self.zone = calendar.zone
        of_place = {"clinic": calendar, "home": at_home(calendar.zone)}
        self.calendars = {
            phase.place: of_place[phase.place]
            if availability is None
            else of_place[phase.place] & availability
            for phase in protocol.phases
        }
        self.open_days = {place: OpenDays(found) for place, found in self.calendars.items()}
        self.wished_days = (
            None
            if wishes is None
            else {place: OpenDays(found & wishes) for place, found in self.calendars.items()}
        )

    def course(self, start: date) -> tuple[Course, Placement]:
        """Plan from a start; raise an explanation if there is no plan."""
        found = self.attempt(start)
        if found is not None:
            return found
        *_, pattern = self._patterns(start)  # the most weeks: what no fewer could do either
        layout, kinds, series = self._laid_out(pattern, start)
        if place(series) is None:
            raise explain(self.protocol, layout, self.calendars, kinds, series, self._placed)
        prevented = self._seats(layout, kinds, series)
        assert isinstance(prevented, HourRule)  # noqa: S101 - else there had been a plan
        raise NoFeasiblePlan(
            what="the days can be placed, the hours cannot",
            where=f"{self.protocol.id}, from {start}",
            why=f"{prevented.rule} prevents every start within the opening hours ({SEATINGS} placements tried)",
            fix="open longer on these days, or state the rule in days",
            causes=(prevented.rule,),
        )

    def attempt(self, start: date) -> tuple[Course, Placement] | None:
        """Plan from a start, in the fewest weeks that are feasible if the pattern is derived; None if no plan is."""
        try:
            for pattern in self._patterns(start):
                layout, kinds, series = self._laid_out(pattern, start)
                found = self._seats(layout, kinds, series)
                if isinstance(found, tuple):
                    placement, seats = found
                    return self._seated(
                        as_accepted(pattern, self.protocol), layout, placement, seats
                    ), placement
        except TooManyPlans:
            raise TooManyWays(
                what="this course allows too many different plans to find the best one",
                where=f"{self.protocol.id}, from {start}",
                why=f"planning looks at {EFFORT} partial plans at most",
                fix="narrow it: fewer preferred rules, fewer sessions, or a latest day for each session",
            ) from None
        return None

    def _placed(self, start: date) -> Placement | None:
        try:
            found = self.attempt(start)
        except (NotPaid, TooManyWays):
            return None
        return None if found is None else found[1]

    def _patterns(self, start: date) -> Iterator[Protocol]:
        first = self.protocol.phases[0]
        return patterns(
            self.protocol, start, lambda: open_weekdays(self.calendars[first.place], _minutes(first))
        )

    def _laid_out(self, protocol: Protocol, start: date) -> tuple[Layout, list[Kind], Series]:
        layout = lay_out(protocol, start, self.authorisations)
        kinds = [Kind(phase.place, _minutes(phase)) for phase in layout.phases]
        return layout, kinds, self._series(layout, kinds)

    def _seats(
        self, layout: Layout, kinds: list[Kind], series: Series
    ) -> tuple[Placement, list[Seat]] | HourRule | None:
        """Seat the best placement, or the next best; return the rule that prevents all, or None without any."""
        best = place(series)
        if best is None:
            return None
        rules = list(hour_rules(layout.runs))
        prevented: HourRule | None = None
        for placement in islice(ranked(series), SEATINGS) if rules else [best]:
            days = [date.fromordinal(day) for day in placement.days]
            seats = seat(
                days, kinds, self.calendars, preferred=self.preferred, wishes=self.wishes, rules=rules
            )
            if not isinstance(seats, HourRule):
                return placement, seats
            prevented = prevented or seats
        return prevented

    def _series(self, layout: Layout, kinds: list[Kind]) -> Series:
        begin, end = layout.start.toordinal(), min(layout.nominal[-1] + REACH, LAST_DAY.toordinal())

        def open_on(days: dict[str, OpenDays]) -> dict[Kind, Sequence[int]]:
            return {kind: days[kind.place].between(begin, end, kind.minutes) for kind in set(kinds)}

        of_kind = open_on(self.open_days)
        days = [of_kind[kind] for kind in kinds]
        is_open = bool(days[0]) and days[0][0] == begin
        days[0] = [begin] if is_open else []
        wishes: tuple[frozenset[int] | None, ...] = ()
        if self.wished_days is not None:
            wished = {kind: frozenset(found) for kind, found in open_on(self.wished_days).items()}
            wishes = tuple(wished[kind] for kind in kinds)
        hours = days_for_hours(hour_rules(layout.runs), self.calendars.values())
        return Series(tuple(days), (*layout.bounds, *hours), layout.ideals, wishes)

    def _seated(self, protocol: Protocol, layout: Layout, placement: Placement, seats: list[Seat]) -> Course:
        ideals = layout.ideal_days(placement.days)
        names = [phase.name for phase in layout.phases]
        sessions = tuple(
            Session(
                id=f"s{n}",
                phase=name,
                day=date.fromordinal(day),
                time=taken.time,
                chair=taken.chair,
                ideal=date.fromordinal(ideal),
            )
            for n, (name, day, taken, ideal) in enumerate(
                zip(names, placement.days, seats, ideals, strict=True), 1
            )
        )
        return Course(protocol=protocol, zone=self.zone, sessions=sessions)
