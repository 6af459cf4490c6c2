"""Rules in hours placed together with the days, against all days and all their starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import combinations, pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import ketsched as ks
from ketsched.calendars import Calendar
from ketsched.model import Anatomy, Phase, Protocol, Spacing

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONDAY = date(2027, 1, 4)
REACH = 28
Opening = tuple[int, int]
"""First and last hour at which a session of an hour can start."""


@st.composite
def cases(draw: Any) -> tuple[dict[int, Opening], Phase]:
    """Weekly hours that are open on Mondays, and up to four sessions with a rule in hours, or two."""
    opened = {}
    for weekday in {0, *draw(st.sets(st.integers(1, 6), min_size=2))}:
        begin = draw(st.sampled_from([9, 10, 13, 15, 16]))
        opened[weekday] = begin, begin + draw(st.sampled_from([0, 0, 1, 3]))
    spacing = [
        Spacing(
            minimum=1,
            latest=draw(st.sampled_from([None, 3, 4, 7])),
            minimum_hours=draw(st.sampled_from([24, 36, 47, 48, 49, 60, 72])),
        )
    ]
    if draw(st.booleans()):
        spacing.append(Spacing(apart=2, minimum_hours=draw(st.sampled_from([96, 97, 100, 120]))))
    phase = Phase(
        kind="induction",
        name="induction",
        count=draw(st.integers(2, 4)),
        weekdays=draw(st.sampled_from([(0, 2), (0, 3), (0, 2, 4)])),
        spacing=tuple(spacing),
        anatomy=Anatomy(infusion=60),
    )
    return opened, phase


def ideal_days(phase: Phase) -> Iterator[date]:
    """Yield the days of the pattern from the Monday on."""
    day = MONDAY
    while True:
        if day.weekday() in phase.weekdays:
            yield day
        day += timedelta(1)


def can_be_seated(days: Sequence[date], opened: dict[int, Opening], phase: Phase) -> bool:
    """Whether each session can start as early as those before it leave; all hours are whole ones."""
    begun: list[int] = []
    for at, day in enumerate(days):
        first, last = opened[day.weekday()]
        midnight = 24 * (day - MONDAY).days
        earliest = [
            begun[at - rule.apart] + rule.minimum_hours
            for rule in phase.spacing
            if rule.minimum_hours is not None and at >= rule.apart
        ]
        begun.append(max([midnight + first, *earliest]))
        if begun[-1] > midnight + last:
            return False
    return True


def best_days(opened: dict[int, Opening], phase: Phase) -> tuple[date, ...] | None:
    """Return the best days of all, by total deviation, the largest, the last day, and the days."""
    count, latest = phase.count or 0, phase.spacing[0].in_days().latest
    ideals = [day for day, _ in zip(ideal_days(phase), range(count), strict=False)]
    days = [day for n in range(1, REACH + 1) if (day := MONDAY + timedelta(n)).weekday() in opened]
    found = []
    for rest in combinations(days, count - 1):
        plan = (MONDAY, *rest)
        if latest is not None and any((b - a).days > latest for a, b in pairwise(plan)):
            continue
        missed = [abs((day - ideal).days) for day, ideal in zip(plan, ideals, strict=True)]
        if can_be_seated(plan, opened, phase):
            found.append((sum(missed), max(missed), plan[-1], plan))
    return min(found)[-1] if found else None


@settings(max_examples=100, deadline=None)
@given(cases())
def test_days_and_hours_are_the_best_that_keep_the_rules_in_hours(
    case: tuple[dict[int, Opening], Phase],
) -> None:
    opened, phase = case
    hours: dict[str, Any] = {
        WEEK[weekday]: f"{first:02}:00-{last + 1:02}:00" for weekday, (first, last) in opened.items()
    }
    protocol = Protocol(id="p", version="1", title="P", phases=(phase,))
    calendar = Calendar.weekly("UTC", **hours)
    expected = best_days(opened, phase)
    try:
        course = ks.plan(protocol, start=MONDAY, calendar=calendar)
    except ks.NoFeasiblePlan:
        assert expected is None
        return
    planned = tuple(session.day for session in course.sessions)
    assert planned == expected or (expected is None and planned[-1] > MONDAY + timedelta(REACH))
    assert "KS106" not in {finding.code for finding in ks.check(course, calendar=calendar)}
