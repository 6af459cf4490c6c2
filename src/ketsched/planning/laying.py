"""
A protocol laid out from a start: which sessions there are, the days its pattern asks for, its bounds.

Everything is turned into integers here (a day is `date.toordinal()`), for `placing`. A
later phase is laid from the last session before it as it stands in the plan, so its ideal
days are functions of that session's day.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from functools import cached_property, partial
from itertools import count as count_up
from itertools import islice, pairwise, takewhile

import attrs

from ketsched.clock import LAST_DAY
from ketsched.errors import InvalidInput
from ketsched.model import LONGEST_YEARS, MOST_SESSIONS, Authorisation, Interval, Phase, Protocol, Spacing
from ketsched.placing.values import Aim
from ketsched.spacing import Bound, lay

ONE_A_DAY = "one session a day"
"""The rule that needs no protocol; explanations never do without it."""
REVIEW = Interval(days=26 * 7)
"""How far an open-ended phase is planned where its protocol names no review (house default)."""


class NotPaid(InvalidInput):
    """The first session would lie outside the authorisation that has to pay for it."""


@attrs.frozen
class Run:
    """
    The places of one phase.

    Attributes:
        phase: The phase, with the number of sessions settled.
        places: Which places of the course are its, ascending.
        ideals: The ideal days of the phase's sessions, for a day of the session before it.
        numbered: Those places that count, for rules between numbered sessions; empty: all.
    """

    phase: Phase
    places: Sequence[int]
    ideals: Callable[[int], tuple[int, ...]]
    numbered: Sequence[int] = ()


@attrs.frozen(slots=False)
class Layout:
    """
    A protocol laid out from a start.

    Attributes:
        start: First session.
        runs: The phases, in order; the places of those that run beside another lie among its own.
        bounds: All rules, over places.
        ideals: For each place its ideal day, or how to find it from an earlier place.
        nominal: The ideal days if every session stands on its own.
    """

    start: date
    runs: tuple[Run, ...]
    bounds: tuple[Bound, ...]
    ideals: tuple[int | Aim, ...]
    nominal: tuple[int, ...]

    @cached_property
    def phases(self) -> tuple[Phase, ...]:
        """The phase of each place."""
        found = {place: run.phase for run in self.runs for place in run.places}
        return tuple(found[place] for place in range(len(found)))

    def ideal_days(self, days: tuple[int, ...]) -> list[int]:
        """Return the ideal days that belong to a placement."""
        return [ideal if isinstance(ideal, int) else ideal.day(days[ideal.after]) for ideal in self.ideals]


def lay_out(protocol: Protocol, start: date, authorisations: Sequence[Authorisation] = ()) -> Layout:
    """
    Lay a protocol out from its first session.

    Raises:
        InvalidInput: It has more sessions, or lasts longer, than a course may; or its start is not paid for.
    """
    runs: list[Run] = []
    nominal: list[int] = []
    main = protocol.main
    for phase in main[:-1]:
        run, days = _run(protocol, phase, start, nominal)
        runs.append(run)
        nominal += days
    together = [_run(protocol, phase, start, nominal) for phase in (main[-1], *protocol.phases[len(main) :])]
    first = len(nominal)
    # Of series side by side, the order is that of their ideal days; on the same day the clinic's comes first.
    merged = sorted(
        (day, run.phase.place == "home", which) for which, (run, days) in enumerate(together) for day in days
    )
    for which, (run, _) in enumerate(together):
        own = (first + at for at, (_, _, of) in enumerate(merged) if of == which)
        runs.append(attrs.evolve(run, places=tuple(own)))
    nominal += [day for day, _, _ in merged]
    if len(nominal) > MOST_SESSIONS:
        raise _too_many(protocol.id, len(nominal))
    ideals: list[int | Aim] = [0] * len(nominal)
    for run in runs:
        for k, ideal in enumerate(
            _aims(run, first=run is runs[0], before=_before(runs, run), nominal=nominal)
        ):
            ideals[run.places[k]] = ideal
    bounds = (*bounds_of(runs), *_paid(runs, start, authorisations))
    return Layout(start, tuple(runs), bounds, tuple(ideals), tuple(nominal))


def _run(protocol: Protocol, phase: Phase, start: date, nominal: list[int]) -> tuple[Run, tuple[int, ...]]:
    """Settle how many sessions a phase has after those laid so far; return it with its ideal days."""
    before = nominal[-1] if nominal else start.toordinal()
    days = partial(_ideals, phase, start, bool(nominal))
    count = _count(phase, days(before))
    if phase.count == count and phase.counts == (count, count):
        settled = phase
    else:
        settled = attrs.evolve(phase, count=count, least=None, most=None)
    places = range(len(nominal), len(nominal) + (settled.count or 0))
    if places.stop > MOST_SESSIONS:
        raise _too_many(protocol.id, places.stop)
    laid = _remembering(partial(_laid, settled, days))
    last = min(start.toordinal() + LONGEST_YEARS * 366, LAST_DAY.toordinal())
    if laid(before)[-1] > last:
        raise _too_long(f"{protocol.id}, {phase.name}", date.fromordinal(laid(before)[-1]))
    return Run(settled, places, laid), laid(before)


def _before(runs: Sequence[Run], run: Run) -> Run | None:
    """Return the run that another follows: the one before it, or before the one that it runs beside."""
    names = [known.phase.name for known in runs]
    at = names.index(run.phase.name)
    if run.phase.beside:  # that one may have no places yet
        at = min(at, names.index(run.phase.beside) if run.phase.beside in names else at)
    return next((known for known in reversed(runs[:at]) if not known.phase.beside), None)


def _aims(run: Run, *, first: bool, before: Run | None, nominal: list[int]) -> Iterator[int | Aim]:
    """Yield the ideal day of each of a run's sessions, or how to find it from an earlier place."""
    phase = run.phase
    for k, place in enumerate(run.places):
        if phase.anchor == "previous" and k:
            taken = k if not first and joins_by_interval(phase) else k - 1  # intervals before this one
            yield Aim(run.places[k - 1], partial(_from_previous, phase, k, taken))
        elif before is None:
            yield nominal[place]
        else:
            yield Aim(before.places[-1], partial(_nth, run.ideals, k))


def _too_many(where: str, sessions: int) -> InvalidInput:
    return InvalidInput(
        what=f"{sessions} sessions",
        where=where,
        why=f"a course has at most {MOST_SESSIONS}",
        fix="plan fewer boosters, or an earlier end",
    )


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
    elif joins_by_interval(phase):
        return steps(phase.every, last)  # months count from the last session
    else:
        weeks = (last - start).days // 7 + 1
        day = start + timedelta(7 * weeks)
    return ideal_days(phase, next(_pattern_days(phase.weekdays, day)) if phase.weekdays else day)


def joins_by_interval(phase: Phase) -> bool:
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
        yield from steps(phase.every, first)


def steps(every: Sequence[Interval], base: date) -> Iterator[date]:
    """Yield the days that intervals lead to from a base; the last interval repeats."""
    for step in every[:-1]:
        base = step.from_base(base)
        yield base
    yield from (every[-1].from_base(base, times) for times in count_up(1))


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


def bounds_of(runs: Sequence[Run], *, implied: bool = True, since: int = 0) -> Iterator[Bound]:
    """
    Yield every rule of every phase, what holds across the joins, and one session a day.

    Args:
        runs: The places of each phase.
        implied: Whether to say "one session a day" also where the minimums of the phases say more.
        since: The first place that rules have to lead to; some that lead to earlier ones may be among them.
    """
    for run in runs:
        named = f"{run.phase.name}: " if len(runs) > 1 else ""
        for spacing in run.phase.spacing:
            places = (
                _leading_to(run, spacing, since) if spacing.between is None else run.numbered or run.places
            )
            for part in _parts(spacing):
                yield from over(part, places, named + part.words())
        weeks = run.phase.weeks
        if weeks is not None and len(run.places) > 1:
            rule = (
                f"{named}{weeks[0]} to {weeks[1]} nominal weeks"
                if weeks[0] < weeks[1]
                else f"{named}{weeks[1]} nominal weeks"
            )
            least, most = 7 * (weeks[0] - 1), 7 * weeks[1] - 1
            first, last = run.places[0], run.places[-1]
            fewer = run.phase.count is not None and len(run.places) < run.phase.count
            # What was skipped is not stretched over the weeks of the whole series.
            yield Bound(
                first,
                last,
                None if fewer else least,
                most,
                run.phase.weeks_required,
                f"{rule} (at most {most + 1} d)",
            )
        if (before := _before(runs, run)) is not None:
            yield from _across(before, run)
        if run.phase.beside:
            yield from _side_by_side(runs, run)
    overlap = any(before.places[-1] > after.places[0] for before, after in pairwise(runs))
    if overlap:
        yield from _out_of_order(runs)
    if implied or overlap or not all(map(_keeps_days_apart, runs)):
        yield from lay(range(sum(len(run.places) for run in runs)), minimum=1, rule=ONE_A_DAY)


def _leading_to(run: Run, spacing: Spacing, since: int) -> Sequence[int]:
    """Return the places of a phase without those of which a rule leads to none from `since` on."""
    if not since:
        return run.places
    return run.places[max(bisect_left(run.places, since) - spacing.apart, 0) :]


def _out_of_order(runs: Sequence[Run]) -> Iterator[Bound]:
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
        least = min(before.phase.neighbour_minimum(), after.phase.neighbour_minimum())
        if least > 1:
            rule = f"{before.phase.name} and {after.phase.name}: at least {least} d apart"
            yield Bound(place, place + 1, least, rule=rule)


def _keeps_days_apart(run: Run) -> bool:
    """Whether a phase's own minimums keep its sessions, and the step into it, on different days."""
    join = run.phase.join
    steps = join is None or not join.states_rules or (join.minimum or 0) > 0
    return run.phase.neighbour_minimum() > 0 and steps and not run.phase.beside


def _side_by_side(runs: Sequence[Run], run: Run) -> Iterator[Bound]:
    """Yield what keeps the sessions of a phase from their neighbours of the series that they lie among."""
    least = run.phase.neighbour_minimum()
    of = {place: known.phase.name for known in runs for place in known.places}
    rule = f"{run.phase.name}: at least {least} d from sessions of {run.phase.beside}"
    names = {run.phase.beside, *(known.phase.name for known in runs if known.phase.beside)}
    for place in run.places if least > 1 else ():
        for earlier, later in ((place - 1, place), (place, place + 1)):
            other = of.get(earlier if later == place else later)
            if other in names and other != run.phase.name:
                yield Bound(earlier, later, least, rule=rule)


def _paid(runs: Sequence[Run], start: date, authorisations: Sequence[Authorisation]) -> Iterator[Bound]:
    """Yield what keeps sessions within the required authorisations that pay for them, one after another."""
    phases = {place: run.phase.name for run in runs for place in run.places}
    pays_for: list[list[int]] = [[] for _ in authorisations]
    for place in sorted(phases):
        for authorisation, paid in zip(authorisations, pays_for, strict=True):
            if authorisation.scope in ("", phases[place]) and len(paid) < authorisation.sessions:
                paid.append(place)
                break
    for authorisation, paid in zip(authorisations, pays_for, strict=True):
        scope, first, until = authorisation.scope, authorisation.first, authorisation.until
        if not authorisation.required or not paid:
            continue
        rule = f"authorised for {len(paid)} sessions" + (f" of {scope}" if scope else "")
        if (first is not None and paid[0] == 0 and start < first) or (until is not None and start > until):
            raise NotPaid(
                what=f"the start {start} is not paid for",
                where=rule,
                why=f"the authorisation pays from {first or 'the start'} to {until or 'whenever'}",
                fix="start within it, or leave it not required",
            )
        if first is not None and paid[0] > 0:
            yield Bound(0, paid[0], (first - start).days, rule=f"{rule} from {first}")
        if until is not None and paid[-1] > 0:
            yield Bound(0, paid[-1], latest=(until - start).days, rule=f"{rule} until {until}")


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
        yield attrs.evolve(spacing, latest=None, absolute_minimum=None, minimum_hours=None)
    if spacing.latest is not None:
        yield attrs.evolve(spacing, minimum=None, absolute_minimum=None, minimum_hours=None)


def over(spacing: Spacing, places: Sequence[int], rule: str) -> tuple[Bound, ...]:
    """Lay one spacing over a phase's places."""
    days = spacing.in_days()
    minimum, latest = days.minimum, days.latest
    if spacing.between is not None:
        if spacing.between[1] > len(places):
            return ()
        earlier, later = (places[n - 1] for n in spacing.between)
        return (Bound(earlier, later, minimum, latest, spacing.required, rule),)
    return lay(
        places, apart=spacing.apart, minimum=minimum, latest=latest, required=spacing.required, rule=rule
    )


def _across(before: Run, after: Run) -> Iterator[Bound]:
    """Yield what holds between the sessions of two phases that follow each other."""
    last, first, join = before.places[-1], after.places[0], after.phase.join
    if first < last:  # what really happened need not keep to the order of the phases
        return
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
        floor = attrs.evolve(spacing, latest=None, absolute_minimum=None, minimum_hours=None)
        rule = f"{before.phase.name}: {floor.words()}"
        for earlier, later in _straddling(before.places, after.places, spacing.apart):
            yield Bound(earlier, later, spacing.in_days().minimum, required=spacing.required, rule=rule)


def continued(phase: Phase, start: date, last: date, number: int, *, joins: bool) -> Iterator[date]:
    """
    Yield the days of a phase's pattern after a session of it, without end.

    Args:
        phase: The phase.
        start: Its first session; study days count from there, and go on by their days of the week.
        last: The session to go on after.
        number: The number of that session in the phase, from 1; an interval in a list depends on it.
        joins: Whether the phase follows another one, so that its first interval may lead to its first session.
    """
    if phase.weekdays:
        yield from _pattern_days(phase.weekdays, last + timedelta(1))
    elif phase.study_days:
        of_week = {(day - 1) % 7 for day in phase.study_days}
        yield from (
            day for day in (last + timedelta(n) for n in count_up(1)) if (day - start).days % 7 in of_week
        )
    else:
        taken = number if joins and joins_by_interval(phase) else number - 1
        yield from steps(phase.every[min(taken, len(phase.every) - 1) :], last)


def first_days(phase: Phase, start: date, before: date) -> Iterator[date]:
    """Yield the ideal days of a later phase, given the course's first session and the last one before the phase."""
    yield from _ideals(phase, start, True, before.toordinal())


def _straddling(before: Sequence[int], after: Sequence[int], apart: int) -> Iterator[tuple[int, int]]:
    """Yield the pairs of places `apart` places of these two from each other with the join between them."""
    both = (*before, *after[:apart])
    for at in range(max(len(before), apart), len(both)):
        yield both[at - apart], both[at]


@attrs.frozen
class HourRule:
    """Two places whose starts must lie at least `hours` elapsed hours apart."""

    earlier: int
    later: int
    hours: int
    rule: str


def hour_rules(runs: Sequence[Run]) -> Iterator[HourRule]:
    """Yield what the protocol asks for in hours; across a join it holds as minimums in days do."""
    for run in runs:
        followed = [other for other in runs if _before(runs, other) is run]
        for spacing in run.phase.spacing:
            if spacing.minimum_hours is None:
                continue
            rule = Spacing(
                minimum_hours=spacing.minimum_hours, apart=spacing.apart, between=spacing.between
            ).words()
            bounds = over(
                attrs.evolve(spacing, minimum=None, absolute_minimum=None, latest=None), run.places, rule
            )
            pairs = [(bound.earlier, bound.later) for bound in bounds]
            for after in followed if spacing.between is None else ():
                if after.phase.join is None or not after.phase.join.states_rules:
                    pairs += _straddling(run.places, after.places, spacing.apart)
            for earlier, later in pairs:
                yield HourRule(earlier, later, spacing.minimum_hours, rule)
