"""
Days that were agreed, against every plan there is: two phases, a miss, closures, absences, hours and chairs.

The second reading tries all open days near those aimed at, from the definition alone: fewest agreed days left,
whichever session takes them; then fewest preferences broken; then as plans are compared. When the clinic is open,
which chairs are free and when the patient can, it counts itself, in minutes. Where the definitions leave a choice,
this one was made, besides those of the tracking oracle: `make-up` takes a day before the last booking of its phase that
stands, and any day where none does. Whether such a day may break a preference is not said: with preferences `make-up`
is left aside.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property

import attrs
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ketsched.calendars import Calendar
from ketsched.clock import TimeRange
from ketsched.model import Course, Phase, Session, Spacing, Visit
from ketsched.model.courses import Held
from ketsched.planning import NoFeasiblePlan, plan
from ketsched.tracking import replan
from making import BEFORE, HOUR, JAN_4, clinic, every, protocol

EXAMPLES = int(os.environ.get("KETSCHED_EXAMPLES", "50"))
often = settings(max_examples=EXAMPLES, deadline=None)

NEAR = 6
"""Days on either side of one aimed at that are tried; answers further away are left aside."""
LONG = 60
"""Minutes that a session takes."""
POLICIES = ("keep", "skip", "next-open", "make-up", "shift")


def gap(one: date, other: date) -> int:
    return (other - one).days


def clock(minute: int) -> time:
    return time(*divmod(minute, 60))


def written(begin: int, end: int) -> str:
    return f"{clock(begin):%H:%M}-{clock(end):%H:%M}"


# -- when a session can be


@attrs.frozen(slots=False)
class Times:
    """
    When a clinic is open from Monday to Friday, what others have of its chairs, and when the patient can.

    Attributes:
        opens, closes: Minutes of the day.
        chairs: How many there are.
        taken: (day, from, until, chair) that others have.
        closed, away: Days on which the clinic, or the patient, cannot.
        hours: Hours in which alone the patient can on a day of the week, Monday is 0.
    """

    opens: int
    closes: int
    chairs: int
    taken: tuple[tuple[date, int, int, int], ...]
    closed: frozenset[date]
    away: frozenset[date]
    hours: Mapping[int, tuple[int, int]]

    def free(self, day: date) -> dict[int, list[int]]:
        """The minutes at which a session can start on a day, each with the chairs that are free throughout."""
        if day.weekday() > 4 or day in self.closed or day in self.away:
            return {}
        can, until = self.hours.get(day.weekday(), (0, 24 * 60))
        found = {}
        for start in range(max(self.opens, can), min(self.closes, until) - LONG + 1, 15):
            taken = {c for on, a, b, c in self.taken if on == day and a < start + LONG and start < b}
            if left := [chair for chair in range(1, self.chairs + 1) if chair not in taken]:
                found[start] = left
        return found

    @cached_property
    def calendar(self) -> Calendar:
        at = lambda day, minute: datetime.combine(day, clock(minute), UTC)  # noqa: E731
        others = Held(tuple((at(day, a), at(day, b), chair) for day, a, b, chair in self.taken))
        hours = written(self.opens, self.closes)
        return clinic(zone="UTC", hours=hours, chairs=self.chairs).booked(others).without(self.closed)

    @cached_property
    def patient(self) -> Calendar:
        always = Calendar.always("UTC")
        week = tuple((TimeRange(*self.hours[n]),) if n in self.hours else always.hours[n] for n in range(7))
        return attrs.evolve(always, hours=week).without(self.away)


# -- courses


@st.composite
def two_phases(draw):
    """An induction on weekdays and then boosters, with rules that some plans keep."""
    first, second = draw(st.sampled_from([(2, 1), (2, 2), (3, 1), (3, 2), (5, 1), (5, 1)]))
    least, most = draw(st.integers(1, 3)), draw(st.sampled_from([None, 7, 9]))
    preferred = draw(st.sampled_from([None, (2, 7), (2, 7), (1, 4)]))
    spacing = [Spacing(minimum=least, latest=most)]
    if preferred is not None and first > preferred[0]:
        apart, days = preferred
        spacing.append(Spacing(apart=apart, minimum=days, required=False))
    induction = Phase(
        kind="induction",
        name="induction",
        count=first,
        weekdays=draw(st.sampled_from([(0, 3), (0, 2, 4), (1, 4)])),
        anatomy=HOUR,
        spacing=tuple(spacing),
    )
    boosters = Phase(
        kind="maintenance",
        name="boosters",
        count=second,
        every=every(draw(st.sampled_from([7, 10]))),
        anatomy=HOUR,
        spacing=(Spacing(minimum=draw(st.integers(3, 6))),),
    )
    return protocol(induction, boosters)


@attrs.frozen
class Case:
    """A course as it was given out, the hours there are now, the day that it is, which was missed, and the policy."""

    course: Course
    times: Times
    today: date
    missed: date | None
    policy: str


@st.composite
def disturbed(draw):
    known = draw(two_phases())
    start = JAN_4 + timedelta(draw(st.sampled_from(known.phases[0].weekdays)))
    closes, chairs = draw(st.sampled_from([600, 660, 750])), draw(st.sampled_from([1, 1, 2]))
    usual = draw(st.sampled_from([540, 540, closes - LONG]))
    open_all = Times(540, closes, chairs, (), frozenset(), frozenset(), {})
    course = plan(known, start=start, calendar=open_all.calendar, id="A-017", at=BEFORE, time=clock(usual))
    agreed = [session.day for session in course.sessions]
    days = st.sampled_from([*agreed[1:], *(day + timedelta(1) for day in agreed), agreed[0]])
    spans = st.sampled_from([(540, closes), (540, 570), (555, 660), (usual, usual + LONG)])
    taken = draw(
        st.lists(st.tuples(days, spans, st.integers(1, chairs)), max_size=4, unique_by=lambda one: one[::2])
    )
    hours = draw(
        st.dictionaries(st.integers(0, 4), st.sampled_from([(540, 630), (585, 720), (600, 640)]), max_size=1)
    )
    times = attrs.evolve(
        open_all,
        taken=tuple((day, begin, end, chair) for day, (begin, end), chair in taken),
        closed=frozenset(draw(st.lists(days, max_size=2))),
        away=frozenset(draw(st.lists(days, max_size=1))),
        hours=hours,
    )
    today = draw(st.sampled_from([agreed[1], agreed[1], agreed[0], agreed[0] - timedelta(2)]))
    over = [day for day in agreed if day <= today]
    missed = draw(st.sampled_from([*over, None]))
    return Case(course, times, today, missed, "keep" if missed is None else draw(st.sampled_from(POLICIES)))


# -- the rules


def breaks(days: Sequence[date], of: Sequence[Phase], *, required: bool, since: int) -> int:
    """How many rules two days break of which the later one is to come; of: the phase of each."""
    wrong = 0
    for at in range(max(since, 1), len(days)):
        for spacing in of[at].spacing:
            if at >= spacing.apart and of[at - spacing.apart] is of[at] and spacing.required is required:
                far = gap(days[at - spacing.apart], days[at])
                wrong += isinstance(spacing.minimum, int) and far < spacing.minimum
                wrong += isinstance(spacing.latest, int) and far > spacing.latest
        for spacing in of[0].spacing:  # across the join the minimums of the earlier phase hold
            across = at >= spacing.apart and of[at] is not of[0] is of[at - spacing.apart]
            if across and spacing.required is required and isinstance(spacing.minimum, int):
                wrong += gap(days[at - spacing.apart], days[at]) < spacing.minimum
    return wrong


def plans(
    fixed: Sequence[date], options: Sequence[Sequence[date]], of: Sequence[Phase]
) -> Iterator[tuple[date, ...]]:
    """Every vector of days to come that keeps the required rules."""

    def extend(days: list[date]) -> Iterator[tuple[date, ...]]:
        at = len(days) - len(fixed)
        if at == len(options):
            yield tuple(days[len(fixed) :])
            return
        for day in options[at]:
            if (not days or day > days[-1]) and not breaks([*days, day], of, required=True, since=len(days)):
                yield from extend([*days, day])

    yield from extend(list(fixed))


# -- where sessions should be


@attrs.frozen
class Slot:
    """A session to come: its phase, the day aimed at, the booking that it is (None: a new one); fixed: only there."""

    phase: Phase
    aim: date
    booking: Session | None = None
    fixed: bool = False


class Reading:
    """What is left of a course, read from the definitions."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.phases = {phase.name: phase for phase in case.course.protocol.phases}
        self.induction = case.course.protocol.phases[0]
        over = [s for s in case.course.sessions if s.day <= case.today]
        self.taken = [s for s in over if s.day != case.missed]
        self.fixed = [s.day for s in self.taken]
        self.standing = [s for s in case.course.sessions if s.day > case.today]
        self.agreed = [s.day for s in self.standing]
        self.first = case.course.sessions[0].day

    def can_be(self, day: date) -> bool:
        """Whether a session can be laid on a day; nothing before the first booking until something was given."""
        later = day > self.case.today and (bool(self.fixed) or day >= self.first)
        return later and bool(self.case.times.free(day))

    def days(self) -> Iterator[date]:
        """The days that a session can be laid on, but the one that was missed."""
        return (day for n in range(1, 60) if self.can_be(day := self.case.today + timedelta(n)))

    def fits(self, to_come: Sequence[tuple[date, Phase]]) -> bool:
        """Whether days keep every required rule."""
        ordered = sorted(to_come, key=lambda one: (one[1] is not self.induction, one[0]))
        days = [*self.fixed, *(day for day, _ in ordered)]
        of = [self.induction] * len(self.fixed) + [phase for _, phase in ordered]
        return days == sorted(set(days)) and not breaks(days, of, required=True, since=len(self.fixed))

    def first_allowed(self) -> date | None:
        """The first open day that the minimums allow after what was given."""
        for day in self.days():
            days = [*self.fixed, day]
            least = (s for s in self.induction.spacing if s.required and len(days) > s.apart)
            if all(
                gap(days[-1 - s.apart], day) >= (s.minimum or 0) for s in least if isinstance(s.minimum, int)
            ):
                return day
        return None

    def after_the_last(self) -> date:
        """The first day of the pattern after the last of the induction that was taken or stands, or after its ideal."""
        own = [(s.day, s.ideal or s.day) for s in (*self.taken, *self.standing) if s.phase == "induction"]
        day: date = max([self.case.today, *max(own, default=())]) + timedelta(1)
        while day.weekday() not in self.induction.weekdays:
            day += timedelta(1)
        return day

    def slots(self) -> list[Slot] | None:
        """The sessions to come in order; None: the definitions do not say where."""
        case = self.case
        stand = [Slot(self.phases[s.phase], s.day, s) for s in self.standing]
        if case.missed is None or case.policy == "skip":
            return stand
        new = Slot(self.induction, self.after_the_last())
        there = [(slot.aim, slot.phase) for slot in stand]
        before = [s.day for s in self.standing if s.phase == "induction"]
        if case.policy == "make-up":
            required = all(spacing.required for spacing in self.induction.spacing)
            if not (required and all(map(self.can_be, self.agreed)) and self.fits(there)):
                return None  # where one cannot stand, there is no day that leaves the rest in place
            could = (
                d
                for d in self.days()
                if (not before or d < before[-1]) and self.fits([*there, (d, self.induction)])
            )
            new = Slot(self.induction, next(could, new.aim))
        elif case.policy in ("next-open", "shift"):
            first = self.first_allowed()
            if first is None:
                return None
            if case.policy == "next-open":
                new = Slot(self.induction, first, fixed=True)
            else:
                delay = timedelta(gap(case.missed, first))
                stand = [attrs.evolve(slot, aim=slot.aim + delay) for slot in stand]
                new = Slot(self.induction, first)
        return sorted(
            [new, *stand],
            key=lambda slot: (slot.phase is not self.induction, slot.aim, slot.booking is not None),
        )

    def options(self, slot: Slot, at: int) -> list[date]:
        if slot.fixed:
            return [slot.aim]
        if at == 0 and slot.aim == self.first and not self.fixed and self.can_be(slot.aim):
            return [slot.aim]  # an agreed start stays
        return [day for n in range(-NEAR, NEAR + 1) if self.can_be(day := slot.aim + timedelta(n))]

    def orders(self, slots: Sequence[Slot]) -> Iterator[Sequence[Slot]]:
        """That of the days aimed at; then those in which the one that has its day is passed by others of its phase."""
        yield slots
        for n, slot in enumerate(slots):
            if slot.fixed:
                others = [other for other in slots if other is not slot]
                own = range(sum(other.phase is slot.phase for other in others) + 1)
                for to in sorted(own, key=lambda to: (abs(to - n), to)):
                    if to != n:
                        yield [*others[:to], slot, *others[to:]]

    def best(self, slots: Sequence[Slot]) -> Cost | None:
        """What the best plan costs; the days are the last of it."""
        costs: list[Cost] = []
        for order in self.orders(slots):
            of = [self.induction] * len(self.fixed) + [slot.phase for slot in order]
            options = [self.options(slot, at) for at, slot in enumerate(order)]
            mine = (self.cost(order, days) for days in plans(self.fixed, options, of))
            found = min(mine, default=None)
            if found is not None and (not costs or found[:2] < costs[-1][:2]):
                costs.append(found)
        return costs[-1] if costs else None

    def cost(self, slots: Sequence[Slot], days: Sequence[date]) -> Cost:
        away = [abs(gap(slot.aim, day)) for slot, day in zip(slots, days, strict=True)]
        of = [self.induction] * len(self.fixed) + [slot.phase for slot in slots]
        broken = breaks([*self.fixed, *days], of, required=False, since=len(self.fixed))
        left = {day for day in self.agreed if self.can_be(day)} - set(days)
        moved = 0 if self.case.policy == "shift" else len(left)
        return moved, broken, sum(away), max(away, default=0), max(days, default=date.min), tuple(days)


Cost = tuple[int, int, int, int, date, tuple[date, ...]]


def planned_again(case: Case) -> Course:
    over = [s.day for s in case.course.sessions if s.day <= case.today]
    visits = [Visit(day, "no-show" if day == case.missed else "fulfilled") for day in over]
    at = datetime(case.today.year, case.today.month, case.today.day, 18, tzinfo=UTC)
    times = case.times
    return replan(
        case.course, visits, calendar=times.calendar, availability=times.patient, at=at, policy=case.policy
    )


def on_its_day(order: Sequence[Slot], days: Sequence[date]) -> bool:
    """Whether days are as many as the places, and what has its day is on it."""
    return len(order) == len(days) and all(
        day == slot.aim for slot, day in zip(order, days, strict=True) if slot.fixed
    )


@often
@given(disturbed())
def test_fewest_agreed_days_are_left(case):
    reading = Reading(case)
    slots = reading.slots()
    assume(slots is not None)
    best = reading.best(slots)
    try:
        after = planned_again(case)
    except NoFeasiblePlan:
        assert best is None
        return
    to_come = [session for session in after.standing() if session.day > case.today]
    found = tuple(session.day for session in to_come)
    orders = [order for order in reading.orders(slots) if on_its_day(order, found)]
    if best is None:
        assert after.lifted or all(reading.cost(order, found)[3] > NEAR for order in orders)
        return
    assume(not after.lifted)
    if found != best[-1]:  # then it is better, and further away than was looked
        mine = min(reading.cost(order, found) for order in orders)
        assert mine < best
        assert mine[3] > NEAR
    days = {session.id: session.day for session in to_come}
    for session in reading.standing:
        if session.day in [one.day for one in to_come if one.phase == session.phase]:
            assert days.get(session.id) == session.day  # who stays is not touched


@often
@given(disturbed())
def test_hours_and_chairs_are_the_nearest_that_are_free(case):
    """The usual hour or the nearest to it, the earlier of two; the chair that it had, or the first that is free."""
    try:
        after = planned_again(case)
    except NoFeasiblePlan:
        return
    usual, chairs = case.course.sessions[0].time, {s.id: s.chair for s in case.course.sessions}
    wanted = usual.hour * 60 + usual.minute
    for session in after.standing():
        if session.day > case.today:
            free = case.times.free(session.day)
            start = min(free, key=lambda minute: (abs(minute - wanted), minute))
            own = chairs.get(session.id)
            assert session.time == clock(start)
            assert session.chair == (own if own in free[start] else free[start][0])
