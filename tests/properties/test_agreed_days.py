"""
Days that were agreed, against every plan there is: two phases, closures, absences and chairs that are taken.

The second reading tries all open days near the agreed ones, from the definition alone: fewest agreed days
left, whichever session takes them; then fewest preferences broken; then as plans are compared.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ketsched.calendars import Calendar
from ketsched.model import Phase, Spacing, Visit
from ketsched.planning import NoFeasiblePlan, plan
from ketsched.tracking import replan
from making import BEFORE, HOUR, JAN_4, clinic, every, protocol

EXAMPLES = int(os.environ.get("KETSCHED_EXAMPLES", "50"))
often = settings(max_examples=EXAMPLES, deadline=None)

NEAR = 6
"""Days on either side of an agreed one that are tried; answers further away are left aside."""


@st.composite
def two_phases(draw):
    """An induction on weekdays and then boosters, with rules that some plans keep."""
    first, second = draw(st.sampled_from([2, 3, 5, 5])), 1
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


@st.composite
def disturbed(draw):
    """A course as it was given out, the hours that there are now, and the day that it is."""
    hours = clinic(zone="UTC", hours="09:00-10:00", chairs=1)
    known = draw(two_phases())
    start = JAN_4 + timedelta(draw(st.sampled_from(known.phases[0].weekdays)))
    course = plan(known, start=start, calendar=hours, id="A-017", at=BEFORE, time=time(9))
    agreed = [session.day for session in course.sessions]
    taken_away = st.sampled_from([*agreed[1:], *(day + timedelta(1) for day in agreed), agreed[0]])
    closed = draw(st.lists(taken_away, max_size=3, unique=True))
    away = draw(st.lists(taken_away, max_size=1))
    full = [day for day in draw(st.lists(taken_away, max_size=1)) if hours.without(closed).is_open(day, 60)]
    for day in full:  # another course has the only chair
        other = protocol(Phase(kind="induction", name="one", count=1, anatomy=HOUR, every=every(7)))
        hours = hours.booked(plan(other, start=day, calendar=hours, id="B-1", at=BEFORE))
    today = draw(st.sampled_from([agreed[0] - timedelta(2), agreed[0], agreed[1]]))
    return course, hours.without(closed), Calendar.always("UTC").without(away), today


def gap(one: date, other: date) -> int:
    return (other - one).days


def breaks(days: Sequence[date], phases: Sequence[Phase], *, required: bool, since: int) -> int:
    """How many rules two days break of which the later one is to come."""
    induction, boosters = phases
    count, wrong = induction.count or 0, 0
    for at in range(max(since, 1), len(days)):
        for spacing in induction.spacing if at < count else boosters.spacing:
            begin = 0 if at < count else count
            if at - spacing.apart >= begin and spacing.required is required:
                far = gap(days[at - spacing.apart], days[at])
                wrong += isinstance(spacing.minimum, int) and far < spacing.minimum
                wrong += isinstance(spacing.latest, int) and far > spacing.latest
        for spacing in induction.spacing:  # across the join the minimums of the earlier phase hold
            across = at >= count > at - spacing.apart >= 0
            if across and spacing.required is required and isinstance(spacing.minimum, int):
                wrong += gap(days[at - spacing.apart], days[at]) < spacing.minimum
    return wrong


def plans(
    fixed: Sequence[date], options: Sequence[Sequence[date]], phases: Sequence[Phase]
) -> Iterator[tuple[date, ...]]:
    """Every vector of days to come that keeps the required rules."""

    def extend(days: list[date]) -> Iterator[tuple[date, ...]]:
        at = len(days) - len(fixed)
        if at == len(options):
            yield tuple(days[len(fixed) :])
            return
        for day in options[at]:
            if (not days or day > days[-1]) and not breaks(
                [*days, day], phases, required=True, since=len(days)
            ):
                yield from extend([*days, day])

    yield from extend(list(fixed))


@often
@given(disturbed())
def test_fewest_agreed_days_are_left(case):
    course, hours, patient, today = case
    phases = course.protocol.phases
    fixed = [session.day for session in course.sessions if session.day <= today]
    to_come = [session.day for session in course.sessions if session.day > today]
    visits = [Visit(day) for day in fixed]
    at = datetime(today.year, today.month, today.day, 18, tzinfo=UTC)
    both = hours & patient

    def can_be(day: date) -> bool:
        return bool(day > today and (fixed or day >= to_come[0]) and both.is_open(day, 60))

    options = [
        [day for n in range(-NEAR, NEAR + 1) if can_be(day := ideal + timedelta(n))] for ideal in to_come
    ]
    if not fixed and can_be(to_come[0]):  # an agreed start stays
        options[0] = [to_come[0]]
    stand = {day for day in to_come if can_be(day)}

    def cost(days: Sequence[date]) -> tuple[int, int, int, int, date, Sequence[date]]:
        away = [abs(gap(ideal, day)) for ideal, day in zip(to_come, days, strict=True)]
        broken = breaks([*fixed, *days], phases, required=False, since=len(fixed))
        return len(stand - set(days)), broken, sum(away), max(away), days[-1], days

    best = min(map(cost, plans(fixed, options, phases)), default=None)
    try:
        after = replan(course, visits, calendar=hours, availability=patient, at=at)
    except NoFeasiblePlan:
        assert best is None
        return
    found = tuple(session.day for session in after.standing() if session.day > today)
    if best is None:
        assert any(abs(gap(ideal, day)) > NEAR for ideal, day in zip(to_come, found, strict=True))
        return
    assume(not after.lifted)
    mine = cost(found)
    assert mine == best or (mine < best and mine[3] > NEAR)
