"""
The days that a phase's pattern asks for, from its first day, from the session before it, or after a session of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import chain, islice, takewhile
from itertools import count as count_up

from ketsched import house
from ketsched.clock import LAST_DAY
from ketsched.errors import InvalidInput
from ketsched.model import LONGEST_YEARS, Interval, Phase, day_after, months_passed, steps


def next_review() -> Interval:
    """Return how far an open-ended phase is planned where its protocol names no review."""
    return Interval(days=house.count("next-review"))


def days_after_join(phase: Phase, start: date, joins: bool, before: int) -> Iterator[date]:
    """Yield a phase's ideal days without end, given the last session before it."""
    if not joins:
        return ideal_days(phase, start)
    last, join = date.fromordinal(before), phase.join
    if join is not None and join.ideal is not None:
        day = day_after(last, join.ideal)
    elif joins_by_interval(phase):
        every = steps(phase.every, last)  # months count from the last session
        first = next(every)
        return chain((first,), _as_recommended(phase, every, first, 1, joins=True))
    else:
        weeks = (last - start).days // 7 + 1
        day = start + timedelta(7 * weeks)
    return ideal_days(phase, next(_pattern_days(phase.weekdays, day)) if phase.weekdays else day)


def joins_by_interval(phase: Phase) -> bool:
    """Whether a later phase's own first interval leads to its first session."""
    return bool(phase.every) and (
        phase.join is None or (phase.join.ideal is None and not phase.join.next_week)
    )


def too_long(where: str, end: object) -> InvalidInput:
    """Return the error that says that a course lasts too long."""
    return InvalidInput(
        what=f"a course that lasts to {end}",
        where=where,
        why=f"a course lasts at most {LONGEST_YEARS} years, to {LAST_DAY} at the latest",
        fix="plan fewer boosters, or an earlier end",
    )


def ideal_days(phase: Phase, first: date) -> Iterator[date]:
    """
    Yield the days that a phase's pattern asks for, from its first day on.

    A first day off the weekday pattern stands by itself; the pattern goes on with its next
    day that the neighbours' minimum allows.
    """
    yield first
    if phase.weekdays:
        on_pattern = first.weekday() in phase.weekdays
        apart = 1 if on_pattern else max(1, phase.neighbour_minimum(first))
        days = _pattern_days(phase.weekdays, first + timedelta(apart))
    elif phase.study_days:
        days = (first + timedelta(day - 1) for day in phase.study_days[1:])
    else:
        days = steps(phase.every, first)
    yield from _as_recommended(phase, days, first, 1, joins=False)


def _as_recommended(
    phase: Phase, days: Iterator[date], first: date, number: int, *, joins: bool
) -> Iterator[date]:
    """
    Yield the days of a phase's pattern after its session of a number, or what is recommended instead.

    Where a numbered session has a recommended day, counted from session 1, the pattern goes on from there.
    """
    last = date.min
    while phase.recommended:
        number, day = number + 1, next(days, None)
        stated = phase.recommended_day(number, first)
        if stated is not None:
            day = last = stated
            if not phase.study_days:  # these count from session 1 already
                days = _goes_on(phase, first, last, number, joins=joins)
        while day is not None and stated is None and day <= last:
            day = next(days, None)
        if day is None:
            return
        yield day
    yield from days


def _pattern_days(weekdays: tuple[int, ...], day: date) -> Iterator[date]:
    while True:
        if day.weekday() in weekdays:
            yield day
        day += timedelta(1)


def day_after_previous(phase: Phase, k: int, taken: int, before: int) -> int:
    """Return the ideal day of a phase's session k (from 0), laid from the session before it."""
    previous = date.fromordinal(before)
    if phase.weekdays:
        return next(
            _pattern_days(phase.weekdays, previous + timedelta(max(1, phase.neighbour_minimum(previous))))
        ).toordinal()
    if phase.study_days:
        return before + phase.study_days[k] - phase.study_days[k - 1]
    return phase.every[min(taken, len(phase.every) - 1)].from_base(previous).toordinal()


def count_of(phase: Phase, days: Iterator[date]) -> int:
    """Settle how many sessions a phase has: its count, or those before its end or next review."""
    limit = phase.until or (phase.review or next_review() if phase.count is None else None)
    most = phase.counts[1] if phase.count is None else phase.count
    if limit is None:
        return most
    try:
        first = next(days)
        end = limit.from_base(first)
        return 1 + sum(1 for _ in takewhile(lambda day: day < end, islice(days, most - 1)))
    except (OverflowError, ValueError):
        raise too_long(phase.name, "the year 9999") from None


def continued(
    phase: Phase, start: date, last: date, number: int, *, joins: bool, before: Iterable[date] = ()
) -> Iterator[date]:
    """
    Yield the days of a phase's pattern after a session of it, without end.

    Calendar months are counted from the day that those until now were counted from, so that a session
    on the last day of a short month does not draw the rest to that day.

    Args:
        phase: The phase.
        start: Its first session; study days count from there, and go on by their days of the week.
        last: The session to go on after.
        number: The number of that session in the phase, from 1; an interval in a list depends on it.
        joins: Whether the phase follows another one, so that its first interval may lead to its first session.
        before: The days aimed at until then, those of the session that its first interval leads from included.
    """
    days = _goes_on(phase, start, last, number, joins=joins, before=before)
    yield from _as_recommended(phase, days, start, number, joins=joins)


def _goes_on(
    phase: Phase, start: date, last: date, number: int, *, joins: bool, before: Iterable[date] = ()
) -> Iterator[date]:
    """Yield the days of a phase's pattern after a session of it, as if none had a day of its own."""
    if phase.weekdays:
        yield from _pattern_days(phase.weekdays, last + timedelta(1))
    elif phase.study_days:
        of_week = {(day - 1) % 7 for day in phase.study_days}
        yield from (
            day for day in (last + timedelta(n) for n in count_up(1)) if (day - start).days % 7 in of_week
        )
    else:
        taken = number if joins and joins_by_interval(phase) else number - 1
        every = phase.every[min(taken, len(phase.every) - 1) :]
        base, passed = _base_of(every[0], last, before)
        yield from steps(every, base, passed=passed)


def _base_of(step: Interval, last: date, before: Iterable[date]) -> tuple[date, int]:
    """Return the day that months until a session were counted from, and how many have passed since then."""
    days = sorted({day for day in before if day < last})
    explained: list[tuple[int, date, int]] = []
    for base in days if not step.days else ():
        if (passed := months_passed(base, last, step.missing_day)) is not None:
            others = (months_passed(base, day, step.missing_day) for day in days)
            explained.append((-sum(n is not None for n in others), base, passed))
    return min(explained)[1:] if explained else (last, 0)


def first_days(phase: Phase, start: date, before: date) -> Iterator[date]:
    """Yield the ideal days of a later phase, given the course's first session and the last one before the phase."""
    yield from days_after_join(phase, start, True, before.toordinal())
