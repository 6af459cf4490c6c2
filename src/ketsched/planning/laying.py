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

    def phase_at(self, place: int) -> Phase:
        """Return the phase of a place."""
        return next(run.phase for run in self.runs if place in run.places)

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
        begin = partial(_first_day, phase, start, bool(runs))
        settled = attrs.evolve(
            phase, count=_count(phase, begin(nominal[-1] if nominal else start.toordinal()))
        )
        first = len(nominal)
        places = range(first, first + (settled.count or 0))
        if places.stop > MOST_SESSIONS:
            raise InvalidInput(
                what=f"{places.stop} sessions",
                where=protocol.id,
                why=f"a course has at most {MOST_SESSIONS}",
                fix="plan fewer boosters, or an earlier end",
            )
        laid = _remembering(partial(_laid, settled, begin))
        runs.append(Run(settled, places, laid))
        before = nominal[-1] if nominal else start.toordinal()
        for k, day in enumerate(laid(before)):
            nominal.append(day)
            if settled.anchor == "previous" and k:
                ideals.append(Aim(first + k - 1, partial(_from_previous, settled, k)))
            else:
                ideals.append(Aim(first - 1, partial(_nth, laid, k)) if first else day)
        if nominal[-1] > start.toordinal() + LONGEST_YEARS * 365:
            raise InvalidInput(
                what=f"a course from {start} to {date.fromordinal(min(nominal[-1], date.max.toordinal()))}",
                where=protocol.id,
                why=f"a course lasts at most {LONGEST_YEARS} years",
                fix="plan fewer boosters, or an earlier end",
            )
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


def _first_day(phase: Phase, start: date, joins: bool, before: int) -> date:
    """Return a phase's own first ideal day, given the last session before it."""
    if not joins:
        return start
    last, join = date.fromordinal(before), phase.join
    if join is not None and join.ideal is not None:
        day = last + timedelta(join.ideal)
    elif phase.every and not (join is not None and join.next_week):
        return phase.every[0].from_base(last)
    else:
        weeks = (last - start).days // 7 + 1
        day = start + timedelta(7 * weeks)
    return next(_pattern_days(phase.weekdays, day)) if phase.weekdays else day


def _laid(phase: Phase, begin: Callable[[int], date], before: int) -> tuple[int, ...]:
    """Return the ideal days of a whole phase, given the last session before it."""
    return tuple(day.toordinal() for day in islice(ideal_days(phase, begin(before)), phase.count))


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
        base = first
        for step in phase.every[:-1]:
            base = step.from_base(base)
            yield base
        yield from (phase.every[-1].from_base(base, times) for times in count_up(1))


def _pattern_days(weekdays: tuple[int, ...], day: date) -> Iterator[date]:
    while True:
        if day.weekday() in weekdays:
            yield day
        day += timedelta(1)


def _from_previous(phase: Phase, k: int, before: int) -> int:
    """Return the ideal day of a phase's session k (from 0), laid from the session before it."""
    previous = date.fromordinal(before)
    if phase.weekdays:
        return next(
            _pattern_days(phase.weekdays, previous + timedelta(max(1, phase.neighbour_minimum())))
        ).toordinal()
    if phase.study_days:
        return before + phase.study_days[k] - phase.study_days[k - 1]
    return phase.every[min(k, len(phase.every)) - 1].from_base(previous).toordinal()


def _count(phase: Phase, first: date) -> int:
    """Settle how many sessions a phase has: its count, or those before its end or next review."""
    limits = [phase.until] if phase.until else []
    if phase.count is None and not limits:
        limits = [phase.review or REVIEW]
    most = phase.count if phase.count is not None else MOST_SESSIONS + 1
    if not limits:
        return most
    end = limits[0].from_base(first)
    return max(1, sum(1 for _ in takewhile(lambda day: day < end, islice(ideal_days(phase, first), most))))


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
    if join is not None and (join.minimum is not None or join.latest is not None):
        words = [f"at least {join.minimum} d"] if join.minimum is not None else []
        words += [f"at most {join.latest} d"] if join.latest is not None else []
        rule = f"{before.phase.name} to {after.phase.name}: {', '.join(words)}"
        yield Bound(last, first, join.minimum, join.latest, rule=rule)
        return
    for spacing in before.phase.spacing:
        if spacing.minimum is None or spacing.between is not None:
            continue
        rule = f"{before.phase.name}: {spacing.words()}"
        for later in after.places[: spacing.apart]:
            earlier = later - spacing.apart
            if earlier in before.places:
                yield Bound(earlier, later, spacing.minimum, required=spacing.required, rule=rule)
