"""
A protocol laid out from a start: which sessions there are, the days its pattern asks for, its bounds.

A later phase is laid from the last session before it as it stands in the plan, so its ideal
days are functions of that session's day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import cache, cached_property, partial
from itertools import islice

import attrs

from ketsched.clock import LAST_DAY
from ketsched.errors import InvalidInput
from ketsched.model import (
    LONGEST_YEARS,
    MOST_SESSIONS,
    Authorisation,
    Length,
    Phase,
    Protocol,
    day_after,
)
from ketsched.placing.values import IdealFrom
from ketsched.planning.pattern import (
    count_of,
    day_after_previous,
    days_after_join,
    joins_by_interval,
    too_long,
)
from ketsched.planning.rules import PhasePlaces, bounds_of, followed_by, payers
from ketsched.spacing import Bound

IdealDays = Callable[[int], tuple[int, ...]]
"""The ideal days of a phase's sessions, for a day of the session before it."""


class NotPaid(InvalidInput):
    """The first session would lie outside the authorisation that has to pay for it."""


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
    runs: tuple[PhasePlaces, ...]
    bounds: tuple[Bound, ...]
    ideals: tuple[int | IdealFrom, ...]
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
    runs: list[PhasePlaces] = []
    days_of: dict[str, IdealDays] = {}
    nominal: list[int] = []
    main = protocol.main
    for phase in main[:-1]:
        run, days_of[phase.name], days = _phase(protocol, phase, start, nominal)
        runs.append(run)
        nominal += days
    together = [
        _phase(protocol, phase, start, nominal) for phase in (main[-1], *protocol.phases[len(main) :])
    ]
    first = len(nominal)
    # Of series side by side, the order is that of their ideal days; on the same day the clinic's comes first.
    merged = sorted(
        (day, run.phase.place == "home", which)
        for which, (run, _, days) in enumerate(together)
        for day in days
    )
    for which, (run, days_after, _) in enumerate(together):
        own = (first + at for at, (_, _, of) in enumerate(merged) if of == which)
        runs.append(attrs.evolve(run, places=tuple(own)))
        days_of[run.phase.name] = days_after
    nominal += [day for day, _, _ in merged]
    if len(nominal) > MOST_SESSIONS:
        raise _too_many(protocol.id, len(nominal))
    ideals: list[int | IdealFrom] = [0] * len(nominal)
    for run in runs:
        before = followed_by(runs, run)
        for place, ideal in zip(
            run.places,
            _ideals(run, days_of[run.phase.name], before, nominal, first=run is runs[0]),
            strict=True,
        ):
            ideals[place] = ideal
    bounds = (*bounds_of(runs), *_paid(runs, start, authorisations))
    return Layout(start, tuple(runs), bounds, tuple(ideals), tuple(nominal))


def _phase(
    protocol: Protocol, phase: Phase, start: date, nominal: list[int]
) -> tuple[PhasePlaces, IdealDays, tuple[int, ...]]:
    """Settle how many sessions a phase has after those laid so far; return it with its ideal days."""
    before = nominal[-1] if nominal else start.toordinal()
    joins = bool(nominal)
    count = count_of(phase, days_after_join(phase, start, joins, before))
    if phase.count == count and phase.counts == (count, count):
        settled = phase
    else:
        settled = attrs.evolve(phase, count=count, least=None, most=None)
    places = range(len(nominal), len(nominal) + (settled.count or 0))
    if places.stop > MOST_SESSIONS:
        raise _too_many(protocol.id, places.stop)

    @cache
    def ideal_days(last: int) -> tuple[int, ...]:
        try:
            days = islice(days_after_join(phase, start, joins, last), settled.count)
            return tuple(day.toordinal() for day in days)
        except (OverflowError, ValueError):  # a date beyond the year 9999
            raise too_long(phase.name, "the year 9999") from None

    end = min(start.toordinal() + LONGEST_YEARS * 366, LAST_DAY.toordinal())
    if ideal_days(before)[-1] > end:
        raise too_long(f"{protocol.id}, {phase.name}", date.fromordinal(ideal_days(before)[-1]))
    return PhasePlaces(settled, places), ideal_days, ideal_days(before)


def _ideals(
    run: PhasePlaces, days: IdealDays, before: PhasePlaces | None, nominal: list[int], *, first: bool
) -> Iterator[int | IdealFrom]:
    """Yield the ideal day of each session of a phase, or how to find it from an earlier place."""
    phase = run.phase
    stated = {one.number - 1: one.after_first for one in phase.recommended}
    for k, place in enumerate(run.places):
        if k in stated and not (first and phase.anchor == "start"):
            yield IdealFrom(run.places[0], partial(_days_on, stated[k]))
        elif phase.anchor == "previous" and k:
            taken = k if not first and joins_by_interval(phase) else k - 1  # intervals before this one
            yield IdealFrom(run.places[k - 1], cache(partial(day_after_previous, phase, k, taken)))
        elif before is None:
            yield nominal[place]
        else:
            yield IdealFrom(before.places[-1], partial(_nth, days, k))


def _days_on(length: Length, first: int) -> int:
    return day_after(date.fromordinal(first), length).toordinal()


def _nth(days: IdealDays, k: int, before: int) -> int:
    return days(before)[k]


def _too_many(where: str, sessions: int) -> InvalidInput:
    return InvalidInput(
        what=f"{sessions} sessions",
        where=where,
        why=f"a course has at most {MOST_SESSIONS}",
        fix="plan fewer boosters, or an earlier end",
    )


def _paid(
    runs: Sequence[PhasePlaces], start: date, authorisations: Sequence[Authorisation]
) -> Iterator[Bound]:
    """Yield what keeps sessions within the required authorisations that pay for them, one after another."""
    phases = {place: run.phase.name for run in runs for place in run.places}
    order = sorted(phases)
    payer = payers((phases[place] for place in order), authorisations)
    for n, authorisation in enumerate(authorisations, 1):
        paid = [place for place, of in zip(order, payer, strict=True) if of == n - 1]
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
            yield Bound(0, paid[0], (first - start).days, rule=f"{rule} from {first}", key=f"paid {n}/from")
        if until is not None and paid[-1] > 0:
            yield Bound(
                0, paid[-1], latest=(until - start).days, rule=f"{rule} until {until}", key=f"paid {n}/until"
            )
