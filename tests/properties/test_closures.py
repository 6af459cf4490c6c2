"""
Every shipped protocol around a closure: the best plan or none, and an agreed start that stays.

A clinic that closes for a week over Christmas asks for exactly this, and so does one that closes
for a day. The whole grid is `make laws`; otherwise a fixed sample of it is tried.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice

import pytest

import ketsched as ks
from ketsched.model import Course
from ketsched.placing import Effort, place
from ketsched.placing.values import Placement, Problem
from ketsched.planning import NoFeasiblePlan, planner
from ketsched.protocols import protocol_ids
from properties.oracle import breaks, feasible

STARTS = (date(2027, 1, 4), date(2027, 4, 5), date(2027, 9, 6), date(2027, 12, 1))
LENGTHS = range(1, 29)
CLINIC = ks.Calendar.weekly(
    "America/New_York",
    mon="08:00-18:00",
    tue="08:00-18:00",
    wed="08:00-18:00",
    thu="08:00-18:00",
    fri="08:00-18:00",
)
AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
DEEP = 8
"""Days of deviation up to which every plan that might be better is tried."""
SHORT = 6
"""Sessions up to which that is done."""


@cache
def planned(name: str, wished: date) -> Course:
    """A shipped protocol without any closure, from the first pattern day on or after a date."""
    protocol = ks.load_protocol(name)
    pattern = protocol.phases[0].weekdays or range(5)
    start = next(d for d in (wished + timedelta(n) for n in range(7)) if d.weekday() in pattern)
    return ks.plan(protocol, start=start, calendar=CLINIC, id="A-017", at=AT)


def closures(name: str, wished: date) -> Iterator[tuple[int, int]]:
    """Yield the first day (counted from the start) and the length of every closure within the first ten sessions."""
    sessions = planned(name, wished).sessions[:10]
    for length in LENGTHS:
        for first in range(1, (sessions[-1].day - sessions[0].day).days + 2):
            yield first, length


def cases(pytestconfig: pytest.Config, name: str, wished: date) -> Iterator[list[date]]:
    """Yield the closed days of the whole grid, or of a fixed sample spread over it."""
    course = planned(name, wished)
    every = list(closures(name, wished))
    step = 1 if pytestconfig.getoption("--laws") else len(every) // 5 + 1
    for first, length in islice(every, step // 2, None, step):
        yield [course.sessions[0].day + timedelta(first + n) for n in range(length)]


def better(series: Problem, found: Placement) -> tuple[int, ...] | None:
    """
    Try every plan that might be better than the one found, place after place; return one that is.

    A partial plan is given up only where its broken preferences and its deviation alone already cost more.
    """
    required = [bound for bound in series.bounds if bound.required]
    preferred = [bound for bound in series.bounds if not bound.required]
    wishes = series.wishes or (None,) * len(series.days)

    def extended(plan: tuple[int, ...], broken: int, off: tuple[int, ...]) -> tuple[int, ...] | None:
        at = len(plan)
        if at == len(series.days):
            cost = (broken, sum(off), max(off), plan[-1], plan)
            return plan if cost < (found.broken, found.total, found.worst, found.last, found.days) else None
        ideal = series.ideals[at]
        wanted = ideal if isinstance(ideal, int) else ideal.day(plan[ideal.after])
        for day in series.days[at]:
            longer, away = (*plan, day), (*off, abs(day - wanted))
            if any(breaks(longer, bound) for bound in required if bound.later == at):
                continue
            more = broken + sum(breaks(longer, bound) for bound in preferred if bound.later == at)
            wish = wishes[at]
            more += wish is not None and day not in wish
            if (more, sum(away)) <= (found.broken, found.total):
                other = extended(longer, more, away)
                if other is not None:
                    return other
        return None

    return extended((), 0, ())


@pytest.fixture
def laid(monkeypatch):
    """What planning has placed: each series with its placement."""
    seen: list[tuple[Problem, Placement | None]] = []

    def watched(series: Problem, effort: Effort) -> Placement | None:
        seen.append((series, place(series, effort)))
        return seen[-1][1]

    monkeypatch.setattr(planner, "place", watched)
    return seen


grid = pytest.mark.parametrize(
    ("name", "wished"), [(name, wished) for name in protocol_ids() for wished in STARTS], ids=str
)


@grid
def test_a_closure_leaves_the_best_plan_or_none(name, wished, pytestconfig, laid):
    start = planned(name, wished).sessions[0].day
    for closed in cases(pytestconfig, name, wished):
        laid.clear()
        try:
            course = ks.plan(ks.load_protocol(name), start=start, calendar=CLINIC.without(closed))
        except NoFeasiblePlan as error:
            if "companion" in error.where:  # the sessions have a plan, what must go with them has none
                continue
            series, found = laid[0]
            assert found is None
            if len(series.days) <= SHORT:
                assert next(iter(feasible(series.days, series.bounds)), None) is None, closed
            continue
        series, found = laid[-1]
        assert found is not None
        assert [s.day.toordinal() for s in course.sessions] == list(found.days)
        assert not {s.day for s in course.sessions if not course.is_at_home(s)} & set(closed)
        if len(found.days) <= SHORT and found.total <= DEEP:
            assert better(series, found) is None, closed


@grid
@pytest.mark.parametrize("before", [7, 1], ids=["a week before", "the evening before"])
def test_an_agreed_start_stays_when_the_clinic_closes_later(name, wished, before, pytestconfig):
    course = planned(name, wished)
    start = course.sessions[0]
    today = start.day - timedelta(before)
    for closed in cases(pytestconfig, name, wished):
        try:
            again = ks.replan(course, calendar=CLINIC.without(closed), at=AT, as_of=today)
        except NoFeasiblePlan:
            continue
        standing = again.standing()
        assert (standing[0].id, standing[0].day, standing[0].time) == (start.id, start.day, start.time)


@pytest.mark.parametrize("name", protocol_ids())
def test_a_start_whose_own_day_closes_is_not_brought_forward(name):
    course = planned(name, STARTS[1])
    start = course.sessions[0].day
    if course.is_at_home(course.sessions[0]):
        return
    again = ks.replan(course, calendar=CLINIC.without([start]), at=AT, as_of=start - timedelta(7))
    assert again.standing()[0].day > start


def test_a_week_closed_after_five_sessions_moves_the_sixth_alone():
    # Counted by hand: 16 April is closed, and so is the week after it up to Thursday.
    closed = [date(2027, 4, day) for day in range(16, 23)]
    course = ks.plan(ks.load_protocol("iv-mwf-6"), start=date(2027, 4, 5), calendar=CLINIC.without(closed))
    assert [s.day.day for s in course.sessions] == [5, 7, 9, 12, 14, 23]


def test_a_day_closed_before_the_start_leaves_the_start_where_it_was_agreed():
    course = planned("iv-mwf-6", date(2027, 4, 5))
    again = ks.replan(course, calendar=CLINIC.without([date(2027, 4, 12)]), at=AT, as_of=date(2027, 3, 29))
    assert [s.day for s in again.standing()][:3] == [date(2027, 4, day) for day in (5, 7, 9)]
    moved = ks.replan(
        course, calendar=CLINIC, at=AT, as_of=date(2027, 3, 29), move={"s1": date(2027, 4, 2)}
    )  # by hand it may go anywhere
    assert moved.standing()[0].day == date(2027, 4, 2)
