"""
From a protocol, a start and a calendar to a course: place the days, then seat the hours.

`plan` gives the one best course; `starts` tries every start of a stretch and ranks them.
Neither calls the checker: it reads the protocol by itself, so that each tests the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from datetime import time as time_of_day
from itertools import combinations, islice

import attrs

from ketsched.calendars import WEEKDAYS, Calendar
from ketsched.clock import LAST_DAY, MINUTES_A_DAY, TimeRange, aware, plausible
from ketsched.errors import InvalidInput
from ketsched.model import Course, Phase, Protocol, Revision, Session, check_course_id
from ketsched.placing import EFFORT, TooManyPlans, place, ranked
from ketsched.planning.days import OpenDays, open_weekdays
from ketsched.planning.explaining import Change, NoFeasiblePlan, explain, said_days
from ketsched.planning.laying import HourRule, Layout, hour_rules, lay_out
from ketsched.planning.seating import Seat, seat
from ketsched.series import Placement, Series
from ketsched.spacing import Bound

__all__ = ["Change", "NoFeasiblePlan", "Start", "plan", "said_days", "starts"]

REACH = 26 * 7
"""Days after the last ideal day among which sessions are still looked for (house default)."""
SEATINGS = 50
"""Placements, best first, that are tried for hours before planning gives up."""
_CLOCK_CHANGE = 120  # minutes that a change of the clocks may take away
AT_HOME = (TimeRange(8 * 60, 20 * 60),)
"""Hours in which a session at home starts and ends, 08:00 to 20:00 on every day (house default)."""
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
    error: NoFeasiblePlan | TooManyWays | None = None


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
) -> Course:
    """
    Plan a course: the best days that keep every required rule, then the same hour on each.

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

    Raises:
        NoFeasiblePlan: With a minimal set of causes, and changes that were tried.
        InvalidInput: An argument cannot be used.
    """
    if id is not None:
        check_course_id(id)
    if at is not None:
        aware(at, "at")
    if time is not None and (
        not isinstance(time, time_of_day) or time.tzinfo or time.second or time.microsecond
    ):
        raise InvalidInput(
            what=f"the time {str(time)[:40]!r}",
            where="time",
            why="times of day are whole minutes on the clock of the clinic, whose calendar says the zone",
            fix="give a datetime.time without tzinfo, for example time(9, 30)",
        )
    if isinstance(start, tuple):
        if len(start) != 2:
            raise InvalidInput(
                what=f"start names {len(start)} dates",
                where="start",
                why="it is one date, or the first and last of a stretch",
                fix="give date(2027, 1, 4), or (date(2027, 1, 4), date(2027, 1, 31))",
            )
        best = starts(
            protocol, between=start, calendar=calendar, availability=availability, wishes=wishes, time=time
        )
        if not best or best[0].course is None:
            blocked = "; ".join(f"{s.day}: {s.error.what}" for s in best[:5] if s.error is not None)
            raise NoFeasiblePlan(
                what=f"no start from {start[0]} to {start[1]} has a plan",
                where=protocol.id,
                why=blocked or "none of these days is open and on the pattern",
                fix="search a longer stretch, or open more days",
            )
        course = best[0].course
    else:
        planner = _Planner(protocol, calendar, availability, wishes, time)
        course = planner.course(plausible(start, "start"))[0]
    return attrs.evolve(course, id=id, revisions=(Revision(at=at),))


def starts(
    protocol: Protocol,
    *,
    between: tuple[date, date],
    calendar: Calendar,
    availability: Calendar | None = None,
    wishes: Calendar | None = None,
    time: time | None = None,
    any_weekday: bool = False,
) -> tuple[Start, ...]:
    """
    Try every start of a stretch: those with a plan first, ranked, then those without, by date.

    Plans are ranked by preferences broken, total deviation, largest deviation, then start.
    For a weekday pattern the starts are pattern days; closed days are not tried.

    Args:
        protocol: What to plan.
        between: First and last start to try, both included.
        calendar: When the clinic is open, with its chairs.
        availability: When the patient can.
        wishes: When the patient would rather come.
        time: Local time of day that sessions should be near to.
        any_weekday: Try every open day, also off the pattern.
    """
    first, last = plausible(between[0], "first start"), plausible(between[1], "last start")
    if not 0 <= (last - first).days < MOST_STARTS:
        raise InvalidInput(
            what=f"starts from {first} to {last}",
            where="start",
            why=f"the first comes before the last, and at most {MOST_STARTS} days are searched",
            fix="give the earlier date first, or search a shorter stretch",
        )
    planner = _Planner(protocol, calendar, availability, wishes, time)
    pattern = protocol.phases[0].weekdays
    minutes = _minutes(protocol.phases[0])
    tried = []
    for day in planner.open_days.between(first.toordinal(), last.toordinal(), minutes):
        begin = date.fromordinal(day)
        if pattern and begin.weekday() not in pattern and not any_weekday:
            continue
        try:
            course, placement = planner.course(begin)
            tried.append(Start(day=begin, course=course, placement=placement))
        except (NoFeasiblePlan, TooManyWays) as error:
            tried.append(Start(day=begin, error=error))
    return tuple(sorted(tried, key=_rank))


def _rank(start: Start) -> tuple[bool, int, int, int, date]:
    cost = start.placement
    if cost is None:
        return (True, 0, 0, 0, start.day)
    return (False, cost.broken, cost.total, cost.worst, start.day)


def _minutes(phase: Phase) -> int:
    return int(phase.anatomy.chair_time.total_seconds()) // 60


class _Planner:
    """Plans one protocol on one set of calendars, from any start; remembers which days are open."""

    def __init__(
        self,
        protocol: Protocol,
        calendar: Calendar,
        availability: Calendar | None,
        wishes: Calendar | None,
        preferred: time | None,
    ) -> None:
        self.protocol, self.wishes, self.preferred = protocol, wishes, preferred
        if all(phase.place == "home" for phase in protocol.phases):  # no clinic hours, no chair
            calendar = attrs.evolve(Calendar.always(calendar.zone), hours=(AT_HOME,) * 7)
        self.calendar = calendar if availability is None else calendar & availability
        self.open_days = OpenDays(self.calendar)
        self.wished_days = OpenDays(self.calendar & wishes) if wishes is not None else None

    def course(self, start: date) -> tuple[Course, Placement]:
        """Plan from a start; raise an explanation if there is no plan."""
        found = self.attempt(start)
        if found is not None:
            return found
        *_, pattern = self._patterns(start)  # the most weeks: what no fewer could do either
        layout, minutes, series = self._laid_out(pattern, start)
        if place(series) is None:
            raise explain(self.protocol, layout, self.calendar, minutes, series, self._placed)
        prevented = self._seats(layout, minutes, series)
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
                layout, minutes, series = self._laid_out(pattern, start)
                found = self._seats(layout, minutes, series)
                if isinstance(found, tuple):
                    placement, seats = found
                    return self._seated(self._as_accepted(pattern), layout, placement, seats), placement
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
        except TooManyWays:
            return None
        return None if found is None else found[1]

    def _as_accepted(self, pattern: Protocol) -> Protocol:
        """Return a pattern that was tried with the weeks that the protocol accepts."""
        given = self.protocol.phases[0]
        first = attrs.evolve(pattern.phases[0], weeks=given.weeks, weeks_required=given.weeks_required)
        return _with_first(pattern, first)

    def _patterns(self, start: date) -> Iterator[Protocol]:
        """Yield the protocol with each pattern to try, the fewest weeks first."""
        phase = self.protocol.phases[0]
        if phase.weekdays or phase.study_days or phase.every:
            yield self.protocol
            return
        sessions, weeks = phase.count or 1, phase.weeks or (1, 52)
        weekdays = open_weekdays(self.calendar, _minutes(phase)) | {start.weekday()}
        for number in range(weeks[0], weeks[1] + 1):
            if sessions > 7 * number and number < weeks[1]:
                continue
            settled = attrs.evolve(phase, weeks=(weeks[0], number), weeks_required=True)
            a_week = -(-sessions // number)
            spread = _even_weekdays(start.weekday(), a_week, weekdays, phase.neighbour_minimum())
            if spread is not None and _spans(spread, start.weekday(), sessions) > 7 * (weeks[0] - 1):
                yield _with_first(self.protocol, attrs.evolve(settled, weekdays=spread))
            else:  # no such weekdays: as evenly as whole days allow
                even = _even_days(start.weekday(), sessions, 7 * number, weekdays, phase.neighbour_minimum())
                yield _with_first(self.protocol, attrs.evolve(settled, study_days=even))

    def _laid_out(self, protocol: Protocol, start: date) -> tuple[Layout, list[int], Series]:
        layout = lay_out(protocol, start)
        minutes = [_minutes(run.phase) for run in layout.runs for _ in run.places]
        return layout, minutes, self._series(layout, minutes)

    def _seats(
        self, layout: Layout, minutes: list[int], series: Series
    ) -> tuple[Placement, list[Seat]] | HourRule | None:
        """Seat the best placement, or the next best; return the rule that prevents all, or None without any."""
        best = place(series)
        if best is None:
            return None
        rules = list(hour_rules(layout))
        prevented: HourRule | None = None
        for placement in islice(ranked(series), SEATINGS) if rules else [best]:
            days = [date.fromordinal(day) for day in placement.days]
            seats = seat(
                days, minutes, self.calendar, preferred=self.preferred, wishes=self.wishes, rules=rules
            )
            if not isinstance(seats, HourRule):
                return placement, seats
            prevented = prevented or seats
        return prevented

    def _series(self, layout: Layout, minutes: list[int]) -> Series:
        begin, end = layout.start.toordinal(), min(layout.nominal[-1] + REACH, LAST_DAY.toordinal())
        of_length = {length: self.open_days.between(begin, end, length) for length in set(minutes)}
        days = [of_length[length] for length in minutes]
        is_open = bool(days[0]) and days[0][0] == begin
        days[0] = [begin] if is_open else []
        wishes: tuple[frozenset[int] | None, ...] = ()
        if self.wished_days is not None:
            wished = {n: frozenset(self.wished_days.between(begin, end, n)) for n in set(minutes)}
            wishes = tuple(wished[length] for length in minutes)
        return Series(tuple(days), (*layout.bounds, *self._days_for_hours(layout)), layout.ideals, wishes)

    def _days_for_hours(self, layout: Layout) -> Iterator[Bound]:
        """Yield what rules in hours ask of the days, given how far apart two starts of a day can be."""
        spans = [span for part in self.calendar.parts() for day in part.hours for span in day]
        spans += [
            span for part in self.calendar.parts() for opening in part.openings for span in opening.hours
        ]
        widest = max(span.end for span in spans) - min(span.start for span in spans) if spans else 0
        for rule in hour_rules(layout):
            least = -(-(rule.hours * 60 - widest - _CLOCK_CHANGE) // MINUTES_A_DAY)
            if least > 0:
                yield Bound(rule.earlier, rule.later, least, rule=rule.rule)

    def _seated(self, protocol: Protocol, layout: Layout, placement: Placement, seats: list[Seat]) -> Course:
        ideals = layout.ideal_days(placement.days)
        names = [run.phase.name for run in layout.runs for _ in run.places]
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
        return Course(protocol=protocol, zone=self.calendar.zone, sessions=sessions)


def _with_first(protocol: Protocol, first: Phase) -> Protocol:
    return attrs.evolve(protocol, phases=(first, *protocol.phases[1:]))


def _even_weekdays(start: int, number: int, weekdays: frozenset[int], minimum: int) -> tuple[int, ...] | None:
    """
    Return the weekday of the start and `number` - 1 others, spread most evenly over the week.

    Three a week come out 2, 2 and 3 days apart, two a week 3 and 4; ties go to the earliest.
    """
    after = sorted((day - start) % 7 for day in weekdays if day != start)
    best: tuple[int, tuple[int, ...]] | None = None
    for others in combinations(after, number - 1) if 1 <= number <= 7 else ():
        offsets = (0, *others)
        gaps = [b - a for a, b in zip(offsets, (*others, 7), strict=True)]
        uneven = sum(gap * gap for gap in gaps)
        if min(gaps) >= minimum and (best is None or (uneven, offsets) < best):
            best = (uneven, offsets)
    return None if best is None else tuple(sorted((start + offset) % len(WEEKDAYS) for offset in best[1]))


def _even_days(
    start: int, sessions: int, days: int, weekdays: frozenset[int], minimum: int
) -> tuple[int, ...]:
    """Return study days spread evenly over so many days, each on the open weekday nearest to that."""
    found = [0]
    for k in range(1, sessions):
        even, least = k * days // sessions, found[-1] + max(minimum, 1)
        near = [
            day for day in range(max(even - 6, least), max(even, least) + 7) if (start + day) % 7 in weekdays
        ]
        found.append(min(near, key=lambda day: (abs(day - even), day)))
    return tuple(1 + day for day in found)


def _spans(weekdays: tuple[int, ...], start: int, sessions: int) -> int:
    """Return how many dates a weekday pattern touches from its first session to its last, both included."""
    offsets = sorted((day - start) % 7 for day in weekdays)
    weeks, rest = divmod(sessions - 1, len(offsets))
    return 7 * weeks + offsets[rest] + 1
