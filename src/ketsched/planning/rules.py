"""
The rules of a protocol, as bounds between the places of a course.

Plain integers from here on (a day is `date.toordinal()`), for `placing`. Each bound has a key
that stays the same whatever its words are: "induction/spacing 2/latest".
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from itertools import pairwise

import attrs

from ketsched.model import Authorisation, Phase, Spacing, said
from ketsched.spacing import Bound, lay

ONE_A_DAY = "one session a day"
"""The rule that needs no protocol, and its key; explanations never do without it."""


@attrs.frozen
class PhasePlaces:
    """
    The places of one phase.

    Attributes:
        phase: The phase, with the number of sessions settled.
        places: Which places of the course are its, ascending.
        numbered: Those places that count, for rules between numbered sessions; empty: all.
    """

    phase: Phase
    places: Sequence[int]
    numbered: Sequence[int] = ()


NONE_KNOWN: Mapping[int, int] = {}
"""Of places none of which has its day."""


def bounds_of(
    runs: Sequence[PhasePlaces],
    *,
    implied: bool = True,
    since: int = 0,
    days: Mapping[int, int] = NONE_KNOWN,
) -> Iterator[Bound]:
    """
    Yield every rule of every phase, what holds across the joins, and one session a day.

    Args:
        runs: The places of each phase.
        implied: Whether to say "one session a day" also where the minimums of the phases say more.
        since: The first place that rules have to lead to; some that lead to earlier ones may be among them.
        days: The days of places that have theirs, as ordinals: calendar months are exact from there. From
            any other place a minimum is the most days that they can have, a latest the fewest.
    """
    for run in runs:
        named = f"{run.phase.name}: " if len(runs) > 1 else ""
        for number, spacing in enumerate(run.phase.spacing, 1):
            pairs = tuple(pairs_of(spacing, run.places, run.numbered, since))
            for part, words, end in _parts(spacing):
                key = f"{run.phase.name}/spacing {number}{end}"
                yield from bounds_over(part, pairs, named + words, key, days)
        if run.phase.weeks is not None and len(run.places) > 1:
            yield _weeks(run, run.phase.weeks, named)
        if (before := followed_by(runs, run)) is not None:
            yield from _across(before, run, days)
        if run.phase.beside:
            yield from _side_by_side(runs, run, days)
    overlap = any(before.places[-1] > after.places[0] for before, after in pairwise(runs))
    if overlap:
        yield from _out_of_order(runs, days)
    if implied or overlap or not all(map(_keeps_days_apart, runs)):
        yield from lay(range(sum(len(run.places) for run in runs)), minimum=1, rule=ONE_A_DAY, key=ONE_A_DAY)


def _weeks(run: PhasePlaces, weeks: tuple[int, int], named: str) -> Bound:
    """Return what the nominal weeks of a phase ask for between its first session and its last."""
    least, most = 7 * (weeks[0] - 1), 7 * weeks[1] - 1
    said = f"{weeks[0]} to {weeks[1]}" if weeks[0] < weeks[1] else f"{weeks[1]}"
    fewer = run.phase.count is not None and len(run.places) < run.phase.count
    return Bound(
        run.places[0],
        run.places[-1],
        None if fewer else least,  # what was skipped is not stretched over the weeks of the whole series
        most,
        run.phase.weeks_required,
        f"{named}{said} nominal weeks (at most {most + 1} days)",
        f"{run.phase.name}/weeks",
    )


def pairs_of(
    spacing: Spacing, places: Sequence[int], numbered: Sequence[int] = (), since: int = 0
) -> Iterator[tuple[int, int]]:
    """
    Yield the places that a rule is about, the earlier one first.

    Args:
        spacing: The rule.
        places: Of one phase, in order.
        numbered: Those that count; empty: all.
        since: The first place that pairs have to lead to; some that lead to earlier ones may be among them.
    """
    numbered = numbered or places
    if spacing.between is not None:
        first, second = spacing.between
        if second <= len(numbered):
            yield numbered[first - 1], numbered[second - 1]
    elif spacing.number is not None:
        if spacing.number <= len(numbered):
            later = numbered[spacing.number - 1]
            yield places[bisect_left(places, later) - 1], later
    else:
        if since:
            places = places[max(bisect_left(places, since) - spacing.apart, 0) :]
        yield from zip(places, places[spacing.apart :], strict=False)


def _day(days: Mapping[int, int], place: int) -> date | None:
    """Return the day of a place, if it has its day."""
    day = days.get(place)
    return None if day is None else date.fromordinal(day)


def _out_of_order(runs: Sequence[PhasePlaces], days: Mapping[int, int]) -> Iterator[Bound]:
    """
    Yield what keeps neighbours of different phases apart where the phases overlap, other than side by side.

    That happens where what is missing of a phase is made up after the next one has begun: the
    smaller of both minimums holds.
    """
    of = {place: run for run in runs for place in run.places}
    for place in sorted(of)[:-1]:
        before, after = of[place], of[place + 1]
        joins = place == before.places[-1] and place + 1 == after.places[0] and before is not after
        if before is after or joins or before.phase.beside or after.phase.beside:
            continue
        day = _day(days, place)
        least = min(before.phase.neighbour_minimum(day), after.phase.neighbour_minimum(day))
        if least > 1:
            rule = f"{before.phase.name} and {after.phase.name}: at least {least} days apart"
            key = f"{before.phase.name} and {after.phase.name}/apart"
            yield Bound(place, place + 1, least, rule=rule, key=key)


def _keeps_days_apart(run: PhasePlaces) -> bool:
    """Whether a phase's own minimums keep its sessions, and the step into it, on different days."""
    join = run.phase.join
    steps = join is None or not join.states_rules or bool(join.minimum)
    return run.phase.neighbour_minimum() > 0 and steps and not run.phase.beside


def _side_by_side(runs: Sequence[PhasePlaces], run: PhasePlaces, days: Mapping[int, int]) -> Iterator[Bound]:
    """Yield what keeps the sessions of a phase from their neighbours of the series that they lie among."""
    most = run.phase.neighbour_minimum()
    of = {place: known.phase.name for known in runs for place in known.places}
    names = {run.phase.beside, *(known.phase.name for known in runs if known.phase.beside)}
    for place in run.places if most > 1 else ():
        for earlier, later in ((place - 1, place), (place, place + 1)):
            other = of.get(earlier if later == place else later)
            if other in names and other != run.phase.name:
                least = run.phase.neighbour_minimum(_day(days, earlier))
                rule = f"{run.phase.name}: at least {least} days from sessions of {run.phase.beside}"
                yield Bound(earlier, later, least, rule=rule, key=f"{run.phase.name}/beside")


def followed_by(runs: Sequence[PhasePlaces], run: PhasePlaces) -> PhasePlaces | None:
    """Return the phase that another follows: the one before it, or before the one that it runs beside."""
    names = [known.phase.name for known in runs]
    at = names.index(run.phase.name)
    if run.phase.beside:  # that one may have no places yet
        at = min(at, names.index(run.phase.beside) if run.phase.beside in names else at)
    return next((known for known in reversed(runs[:at]) if not known.phase.beside), None)


@lru_cache(maxsize=1024)
def _parts(spacing: Spacing) -> tuple[tuple[Spacing, str, str], ...]:
    """
    Return the rules that a spacing is made of, each with its words and the end of its key.

    A required one is two rules, so that explanations name only the half that matters; a
    preferred one stays whole, because breaking it counts once.
    """
    if not spacing.required:
        return ((spacing, spacing.words(), ""),)
    parts = []
    if spacing.minimum is not None:
        half = attrs.evolve(spacing, latest=None, absolute_minimum=None, grace=None, minimum_hours=None)
        parts.append((half, half.words(), "/minimum"))
    if spacing.latest is not None:
        half = attrs.evolve(spacing, minimum=None, absolute_minimum=None, grace=None, minimum_hours=None)
        parts.append((half, half.words(), "/latest"))
    return tuple(parts)


def bounds_over(
    spacing: Spacing,
    pairs: Iterable[tuple[int, int]],
    rule: str,
    key: str,
    days: Mapping[int, int] = NONE_KNOWN,
) -> Iterator[Bound]:
    """Lay one spacing over the pairs of places that it is about; months in it are exact from `days`."""
    limits, months = spacing.in_days(), spacing.has_months
    for earlier, later in pairs:
        if months:
            limits = spacing.limits(_day(days, earlier))
        yield Bound(earlier, later, limits.minimum, limits.latest, spacing.required, rule, key)


def _across(before: PhasePlaces, after: PhasePlaces, days: Mapping[int, int]) -> Iterator[Bound]:
    """Yield what holds between the sessions of two phases that follow each other."""
    last, first, join = before.places[-1], after.places[0], after.phase.join
    if first < last:  # what really happened need not keep to the order of the phases
        return
    if join is not None and join.states_rules:
        named, key = f"{before.phase.name} to {after.phase.name}:", f"{after.phase.name}/join"
        if join.minimum is not None:
            least, rule = Spacing(minimum=join.minimum), f"{named} at least {said(join.minimum)}"
            yield from bounds_over(least, [(last, first)], rule, f"{key}/minimum", days)
        if join.latest is not None:
            most, rule = Spacing(latest=join.latest), f"{named} at most {said(join.latest)}"
            yield from bounds_over(most, [(last, first)], rule, f"{key}/latest", days)
        return
    for number, spacing in enumerate(before.phase.spacing, 1):
        if spacing.minimum is None or not spacing.is_for_all:
            continue
        floor, words, end = _floor(spacing)
        rule, key = f"{before.phase.name}: {words}", f"{before.phase.name}/spacing {number}{end}"
        straddling = _straddling(before.places, after.places, spacing.apart)
        yield from bounds_over(floor, straddling, rule, key, days)


@lru_cache(maxsize=1024)
def _floor(spacing: Spacing) -> tuple[Spacing, str, str]:
    """Return what a spacing asks for at least, with its words and the end of its key."""
    floor = attrs.evolve(spacing, latest=None, absolute_minimum=None, grace=None, minimum_hours=None)
    return floor, floor.words(), "/minimum" if spacing.required else ""


def _straddling(before: Sequence[int], after: Sequence[int], apart: int) -> Iterator[tuple[int, int]]:
    """Yield the pairs of places `apart` places of these two from each other with the join between them."""
    both = (*before, *after[:apart])
    for at in range(max(len(before), apart), len(both)):
        yield both[at - apart], both[at]


@attrs.frozen
class HourRule:
    """Two places whose starts must lie at least so many elapsed minutes apart."""

    earlier: int
    later: int
    minutes: int
    rule: str
    key: str


def hour_rules(runs: Sequence[PhasePlaces]) -> Iterator[HourRule]:
    """Yield what the protocol asks for in hours; across a join it holds as minimums in days do."""
    for run in runs:
        followed = [other for other in runs if followed_by(runs, other) is run]
        for number, spacing in enumerate(run.phase.spacing, 1):
            if spacing.minimum_hours is None:
                continue
            in_hours = attrs.evolve(spacing, minimum=None, latest=None, absolute_minimum=None, grace=None)
            rule, key = in_hours.words(), f"{run.phase.name}/spacing {number}/hours"
            pairs = list(pairs_of(spacing, run.places, run.numbered))
            for after in followed if spacing.is_for_all else ():
                if after.phase.join is None or not after.phase.join.states_rules:
                    pairs += _straddling(run.places, after.places, spacing.apart)
            for earlier, later in pairs:
                yield HourRule(earlier, later, spacing.minimum_hours * 60, rule, key)


def payers(phases: Iterable[str], authorisations: Sequence[Authorisation]) -> list[int | None]:
    """
    Return which authorisation has to pay for each of some places, by its number from 0; None: none has.

    Each pays for as many places of its phase as it is for, in order; earlier authorisations come first.

    Args:
        phases: The phase of each place, in order.
        authorisations: A payer's.
    """
    left = [authorisation.sessions for authorisation in authorisations]
    found: list[int | None] = []
    for phase in phases:
        pays = (n for n, a in enumerate(authorisations) if left[n] and a.scope in ("", phase))
        found.append(payer := next(pays, None))
        if payer is not None:
            left[payer] -= 1
    return found
