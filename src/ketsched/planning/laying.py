"""
A protocol laid out from a start: which sessions there are, the days its pattern asks for, its bounds.

Everything is turned into integers here (a day is `date.toordinal()`), for `placing`. A
later phase is laid from the last session before it as it stands in the plan, so its ideal
days are functions of that session's day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from itertools import count as count_up
from itertools import islice, takewhile

import attrs

from ketsched.clock import LAST_DAY
from ketsched.errors import InvalidInput
from ketsched.model import LONGEST_YEARS, MOST_SESSIONS, Interval, Phase, Protocol, Spacing
from ketsched.series import Aim
from ketsched.spacing import Bound, lay

ONE_A_DAY = "one session a day"
"""The rule that needs no protocol; explanations never do without it."""
REVIEW = Interval(days=26 * 7)
"""How far an open-ended phase is planned where its protocol names no review (house default)."""


@attrs.frozen
class Run:
    """
    The places of one phase.

    Attributes:
        phase: The phase, with the number of sessions settled.
        places: Which places of the course are its.
        ideals: The ideal days of the phase's sessions, for a day of the session before it.
    """

    phase: Phase
    places: range
    ideals: Callable[[int], tuple[int, ...]]


@attrs.frozen
class Layout:
    """
    A protocol laid out from a start.

    Attributes:
        start: First session.
        runs: The phases, in order.
        bounds: All rules, over places.
        ideals: For each place its ideal day, or how to find it from an earlier place.
        nominal: The ideal days if every session stands on its own.
    """

    start: date
    runs: tuple[Run, ...]
    bounds: tuple[Bound, ...]
    ideals: tuple[int | Aim, ...]
    nominal: tuple[int, ...]

    def ideal_days(self, days: tuple[int, ...]) -> list[int]:
        """Return the ideal days that belong to a placement."""
        return [ideal if isinstance(ideal, int) else ideal.day(days[ideal.after]) for ideal in self.ideals]


def lay_out(protocol: Protocol, start: date) -> Layout:
    """
    Lay a protocol out from its first session.

    Raises:
        InvalidInput: It has more sessions, or lasts longer, than a course may.
    """
    runs: list[Run] = []
    ideals: list[int | Aim] = []
    nominal: list[int] = []
    for phase in protocol.phases:
        before = nominal[-1] if nominal else start.toordinal()
        days = partial(_ideals, phase, start, bool(runs))
        settled = attrs.evolve(phase, count=_count(phase, days(before)), least=None, most=None)
        first = len(nominal)
        places = range(first, first + (settled.count or 0))
        if places.stop > MOST_SESSIONS:
            raise InvalidInput(
                what=f"{places.stop} sessions",
                where=protocol.id,
                why=f"a course has at most {MOST_SESSIONS}",
                fix="plan fewer boosters, or an earlier end",
            )
        laid = _remembering(partial(_laid, settled, days))
        runs.append(Run(settled, places, laid))
        for k, day in enumerate(laid(before)):
            nominal.append(day)
            if settled.anchor == "previous" and k:
                taken = k if first and _joins_by_interval(settled) else k - 1  # intervals before this one
                ideals.append(Aim(first + k - 1, partial(_from_previous, settled, k, taken)))
            else:
                ideals.append(Aim(first - 1, partial(_nth, laid, k)) if first else day)
        last = min(start.toordinal() + LONGEST_YEARS * 366, LAST_DAY.toordinal())
        if nominal[-1] > last:
            raise _too_long(f"{protocol.id}, {phase.name}", date.fromordinal(nominal[-1]))
    return Layout(start, tuple(runs), tuple(_bounds(runs)), tuple(ideals), tuple(nominal))


def _remembering(laid: Callable[[int], tuple[int, ...]]) -> Callable[[int], tuple[int, ...]]:
    known: dict[int, tuple[int, ...]] = {}

    def look_up(before: int) -> tuple[int, ...]:
        if before not in known:
            known[before] = laid(before)
        return known[before]

    return look_up


def _nth(laid: Callable[[int], tuple[int, ...]], k: int, before: int) -> int:
    return laid(before)[k]


def _ideals(phase: Phase, start: date, joins: bool, before: int) -> Iterator[date]:
    """Yield a phase's ideal days without end, given the last session before it."""
    if not joins:
        return ideal_days(phase, start)
    last, join = date.fromordinal(before), phase.join
    if join is not None and join.ideal is not None:
        day = last + timedelta(join.ideal)
    elif _joins_by_interval(phase):
        return _steps(phase, last)  # months count from the last session
    else:
        weeks = (last - start).days // 7 + 1
        day = start + timedelta(7 * weeks)
    return ideal_days(phase, next(_pattern_days(phase.weekdays, day)) if phase.weekdays else day)


def _joins_by_interval(phase: Phase) -> bool:
    """Whether a later phase's own first interval leads to its first session."""
    return bool(phase.every) and (
        phase.join is None or (phase.join.ideal is None and not phase.join.next_week)
    )


def _laid(phase: Phase, ideals: Callable[[int], Iterator[date]], before: int) -> tuple[int, ...]:
    """Return the ideal days of a whole phase, given the last session before it."""
    try:
        return tuple(day.toordinal() for day in islice(ideals(before), phase.count))
    except (OverflowError, ValueError):  # a date beyond the year 9999
        raise _too_long(phase.name, "the year 9999") from None


def _too_long(where: str, end: object) -> InvalidInput:
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
        apart = 1 if on_pattern else max(1, phase.neighbour_minimum())
        yield from _pattern_days(phase.weekdays, first + timedelta(apart))
    elif phase.study_days:
        yield from (first + timedelta(day - 1) for day in phase.study_days[1:])
    else:
        yield from _steps(phase, first)


def _steps(phase: Phase, base: date) -> Iterator[date]:
    """Yield the days that a phase's intervals lead to from a base; the last interval repeats."""
    for step in phase.every[:-1]:
        base = step.from_base(base)
        yield base
    yield from (phase.every[-1].from_base(base, times) for times in count_up(1))


def _pattern_days(weekdays: tuple[int, ...], day: date) -> Iterator[date]:
    while True:
        if day.weekday() in weekdays:
            yield day
        day += timedelta(1)


def _from_previous(phase: Phase, k: int, taken: int, before: int) -> int:
    """Return the ideal day of a phase's session k (from 0), laid from the session before it."""
    previous = date.fromordinal(before)
    if phase.weekdays:
        return next(
            _pattern_days(phase.weekdays, previous + timedelta(max(1, phase.neighbour_minimum())))
        ).toordinal()
    if phase.study_days:
        return before + phase.study_days[k] - phase.study_days[k - 1]
    return phase.every[min(taken, len(phase.every) - 1)].from_base(previous).toordinal()


def _count(phase: Phase, days: Iterator[date]) -> int:
    """Settle how many sessions a phase has: its count, or those before its end or next review."""
    limit = phase.until or (phase.review or REVIEW if phase.count is None else None)
    most = phase.counts[1] if phase.count is None else phase.count
    if limit is None:
        return most
    try:
        first = next(days)
        end = limit.from_base(first)
        return 1 + sum(1 for _ in takewhile(lambda day: day < end, islice(days, most - 1)))
    except (OverflowError, ValueError):
        raise _too_long(phase.name, "the year 9999") from None


def _bounds(runs: list[Run]) -> Iterator[Bound]:
    """Yield every rule of every phase, what holds across the joins, and one session a day."""
    for number, run in enumerate(runs):
        named = f"{run.phase.name}: " if len(runs) > 1 else ""
        for spacing in run.phase.spacing:
            for part in _parts(spacing):
                yield from _over(part, run.places, named + part.words())
        weeks = run.phase.weeks
        if weeks is not None and len(run.places) > 1:
            rule = (
                f"{named}{weeks[0]} to {weeks[1]} nominal weeks"
                if weeks[0] < weeks[1]
                else f"{named}{weeks[1]} nominal weeks"
            )
            least, most = 7 * (weeks[0] - 1), 7 * weeks[1] - 1
            first, last = run.places[0], run.places[-1]
            yield Bound(first, last, least, most, run.phase.weeks_required, f"{rule} (at most {most + 1} d)")
        if number:
            yield from _across(runs[number - 1], run)
    yield from lay(range(runs[-1].places.stop), minimum=1, rule=ONE_A_DAY)


def _parts(spacing: Spacing) -> Iterator[Spacing]:
    """
    Yield the bounds in days that a spacing is made of.

    A required one is two rules, so that explanations name only the half that matters; a
    preferred one stays whole, because breaking it counts once.
    """
    if not spacing.required:
        yield spacing
        return
    if spacing.minimum is not None:
        yield Spacing(minimum=spacing.minimum, apart=spacing.apart, between=spacing.between)
    if spacing.latest is not None:
        yield Spacing(latest=spacing.latest, apart=spacing.apart, between=spacing.between)


def _over(spacing: Spacing, places: range, rule: str) -> tuple[Bound, ...]:
    """Lay one spacing over a phase's places."""
    minimum, latest = spacing.minimum, spacing.latest
    if spacing.between is not None:
        earlier, later = (places.start + n - 1 for n in spacing.between)
        if later not in places:
            return ()
        return (Bound(earlier, later, minimum, latest, spacing.required, rule),)
    return lay(
        places, apart=spacing.apart, minimum=minimum, latest=latest, required=spacing.required, rule=rule
    )


def _across(before: Run, after: Run) -> Iterator[Bound]:
    """Yield what holds between the sessions of two phases that follow each other."""
    last, first, join = before.places[-1], after.places[0], after.phase.join
    if join is not None and join.states_rules:
        named = f"{before.phase.name} to {after.phase.name}:"
        if join.minimum is not None:
            yield Bound(last, first, join.minimum, rule=f"{named} at least {join.minimum} d")
        if join.latest is not None:
            yield Bound(last, first, latest=join.latest, rule=f"{named} at most {join.latest} d")
        return
    for spacing in before.phase.spacing:
        if spacing.minimum is None or spacing.between is not None:
            continue
        floor = Spacing(minimum=spacing.minimum, apart=spacing.apart, required=spacing.required)
        rule = f"{before.phase.name}: {floor.words()}"
        for earlier, later in _straddling(before.places, after.places, spacing.apart):
            yield Bound(earlier, later, spacing.minimum, required=spacing.required, rule=rule)


def _straddling(before: range, after: range, apart: int) -> Iterator[tuple[int, int]]:
    """Yield the pairs of places `apart` places from each other with a join between them."""
    for later in after[:apart]:
        if later - apart in before:
            yield later - apart, later


@attrs.frozen
class HourRule:
    """Two places whose starts must lie at least `hours` elapsed hours apart."""

    earlier: int
    later: int
    hours: int
    rule: str


def hour_rules(layout: Layout) -> Iterator[HourRule]:
    """Yield what the protocol asks for in hours; across a join it holds as minimums in days do."""
    for number, run in enumerate(layout.runs):
        following = layout.runs[number + 1] if number + 1 < len(layout.runs) else None
        for spacing in run.phase.spacing:
            if spacing.minimum_hours is None:
                continue
            rule = Spacing(
                minimum_hours=spacing.minimum_hours, apart=spacing.apart, between=spacing.between
            ).words()
            bounds = _over(
                attrs.evolve(spacing, minimum=None, absolute_minimum=None, latest=None), run.places, rule
            )
            pairs = [(bound.earlier, bound.later) for bound in bounds]
            if following is None or spacing.between is not None:
                joined = False
            else:
                joined = following.phase.join is None or not following.phase.join.states_rules
            if following is not None and joined:
                pairs += _straddling(run.places, following.places, spacing.apart)
            for earlier, later in pairs:
                yield HourRule(earlier, later, spacing.minimum_hours, rule)
