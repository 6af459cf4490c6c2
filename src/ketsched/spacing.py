"""
Bounds on the distance between sessions, over plain integers: no medicine, no dates.

Every spacing rule says how far a session may be from the one some places before it.
A set of such bounds is a simple temporal problem (Dechter, Meiri and Pearl 1991,
"Temporal constraint networks", Artificial Intelligence 49). Its solutions form a
lattice: of two plans that keep every bound and stand on open days, the one that takes
the earlier day of each session keeps them too. So pushing every session to the first
day that its bounds and open days allow, until nothing moves, finds the earliest plan
there is, or shows that there is none. Everything here is that push.

Places are 0, 1, 2, ...; days are integers on one axis; all ends are inclusive.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

import attrs


@attrs.frozen
class Bound:
    """
    How far the session at place `later` may be from the one at place `earlier`.

    Attributes:
        earlier: The place counted from, from 0.
        later: The place counted to; greater than `earlier`.
        minimum: At least this many days between the two, or None.
        latest: At most this many days between the two, or None.
        required: False makes it a preference.
        rule: The rule that laid this bound, in words; many bounds share one.
        key: What that rule is recognised by, whatever its words; many bounds share one.
        after: The first day that it leaves to the later one, by the day of the earlier; it never falls as that
            rises, so a push carries it as well. None: there is nothing but minimum and latest.
    """

    earlier: int
    later: int
    minimum: int | None = None
    latest: int | None = None
    required: bool = True
    rule: str = ""
    key: str = ""
    after: Callable[[int], int] | None = None

    def keeps(self, days: Sequence[int]) -> bool:
        """Whether `days` (one day a place) keep this bound."""
        earlier, later = days[self.earlier], days[self.later]
        return self.allows(later - earlier) and (self.after is None or later >= self.after(earlier))

    def allows(self, gap: int) -> bool:
        """Whether so many days between the two keep this bound."""
        return (self.minimum is None or gap >= self.minimum) and (self.latest is None or gap <= self.latest)


@attrs.frozen
class Contradiction:
    """
    Bounds that no days at all can keep: together they ask for more days than they allow.

    Attributes:
        forward: Bounds whose minimum is used, in order of place.
        backward: Bounds whose latest is used.
    """

    forward: tuple[Bound, ...]
    backward: tuple[Bound, ...]

    @property
    def needs(self) -> int:
        """Days that the minimums on the cycle add up to."""
        return sum(bound.minimum or 0 for bound in self.forward)

    @property
    def allows(self) -> int:
        """Days that the latest days on the cycle add up to; less than `needs`."""
        return sum(bound.latest or 0 for bound in self.backward)

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that contradict each other, each once."""
        return tuple(dict.fromkeys(bound.rule for bound in (*self.forward, *self.backward)))

    def __str__(self) -> str:
        runs = _runs(self.forward)
        said = f"{' and '.join(map(_needed, runs))}; {' and '.join(map(_allowed, self.backward))}"
        if len(runs) == 1 and len(self.backward) == 1:
            return said
        return f"{said}: together {self.needs} days where {self.allows} are allowed"


def _runs(bounds: Sequence[Bound]) -> list[list[Bound]]:
    """Group equal minimums that follow each other, each beginning at the place where the last ended."""
    runs: list[list[Bound]] = []
    for bound in bounds:
        before = runs[-1][-1] if runs else None
        if (
            before is not None
            and before.later == bound.earlier
            and before.minimum == bound.minimum
            and before.later - before.earlier == bound.later - bound.earlier
        ):
            runs[-1].append(bound)
        else:
            runs.append([bound])
    return runs


def _needed(run: list[Bound]) -> str:
    """Say what a run of equal minimums needs, in calendar dates counted inclusively."""
    apart, minimum = run[0].later - run[0].earlier, run[0].minimum or 0
    first, last, least = run[0].earlier, run[-1].later, len(run) * minimum
    if apart == 1:
        return f"{last - first + 1} sessions at least {minimum} days apart need {least + 1} days"
    if len(run) == 1:
        return f"sessions {first + 1} to {last + 1} need {least + 1} days"
    span = f"each {minimum} days before the one {apart} places on"
    return f"sessions {first + 1} to {last + 1}, {span}, need {least + 1} days"


def _allowed(bound: Bound) -> str:
    most = (bound.latest or 0) + 1
    if bound.earlier == 0 and bound.later - bound.earlier > 1:
        return f"the series may take {most}"
    return f"sessions {bound.earlier + 1} to {bound.later + 1} may take {most}"


def lay(
    places: Sequence[int],
    *,
    apart: int = 1,
    minimum: int | None = None,
    latest: int | None = None,
    required: bool = True,
    rule: str = "",
    key: str = "",
) -> tuple[Bound, ...]:
    """Lay one rule over some places in order: a bound between each of them and the one `apart` further on."""
    return tuple(
        [
            Bound(earlier, later, minimum, latest, required, rule, key)
            for earlier, later in zip(places, places[apart:], strict=False)
        ]
    )


Edge = tuple[int, int, int]
"""(i, j, least): place j stands at least `least` days after place i; `least` may be negative."""

Days = Sequence[int]
"""The days that a place may have, ascending; a `range` where every day is open."""


def _whole(bounds: Iterable[Bound]) -> tuple[Bound, ...]:
    return tuple(bounds)


@attrs.frozen(slots=False)
class Bounds:
    """
    Bounds that are all kept, as one thing that places can be pushed by.

    Attributes:
        each: The bounds, in no order that matters.
    """

    each: tuple[Bound, ...] = attrs.field(converter=_whole)

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """Both directions of every bound, in the order in which one sweep carries furthest."""
        ahead = [(b.earlier, b.later, b.minimum) for b in self.each if b.minimum is not None]
        back = [(b.later, b.earlier, -b.latest) for b in self.each if b.latest is not None]
        ahead.sort()
        back.sort(reverse=True)
        return (*ahead, *back)

    @cached_property
    def rising(self) -> tuple[tuple[int, int, Callable[[int], int]], ...]:
        """The bounds that leave other days to the later place by the day of the earlier: both, and what they leave."""
        found = [(b.earlier, b.later, b.after) for b in self.each if b.after is not None]
        return tuple(sorted(found, key=lambda step: step[:2]))

    def earliest(self, days: Sequence[Days], pushed: Callable[[int], None] | None = None) -> list[int] | None:
        """
        Return the earliest plan, pointwise, on the days of each place; None when there is none.

        Args:
            days: Of each place.
            pushed: Told of each sweep how many bounds it looks at.
        """
        if not all(map(len, days)):
            return None
        at = [options[0] for options in days]
        steps, moved = self.edges, True
        while moved:
            moved = False
            if pushed is not None:
                pushed(len(steps))
            for i, j, least in steps:
                if at[j] - at[i] < least:
                    options = days[j]
                    next_open = bisect_left(options, at[i] + least)
                    if next_open == len(options):
                        return None
                    at[j] = options[next_open]
                    moved = True
            for i, j, after in self.rising:
                if at[j] < (first := after(at[i])):
                    options = days[j]
                    next_open = bisect_left(options, first)
                    if next_open == len(options):
                        return None
                    at[j] = options[next_open]
                    moved = True
        return at

    def latest(self, days: Sequence[Days]) -> list[int] | None:
        """Return the latest plan, pointwise, on the days of each place; None when there is none."""
        if not all(map(len, days)):
            return None
        at = [options[-1] for options in days]
        steps, moved = self.edges[::-1], True
        while moved:
            moved = False
            for i, j, least in steps:
                if at[j] - at[i] < least:
                    options = days[i]
                    last_open = bisect_right(options, at[j] - least) - 1
                    if last_open < 0:
                        return None
                    at[i] = options[last_open]
                    moved = True
            for i, j, after in self.rising[::-1]:
                if at[j] < after(at[i]):
                    options = days[i]
                    last_open = bisect_right(options, at[j], key=after) - 1
                    if last_open < 0:
                        return None
                    at[i] = options[last_open]
                    moved = True
        return at

    def allow(self, days: Sequence[Days], pushed: Callable[[int], None] | None = None) -> bool:
        """Whether any plan on these days keeps them; see `earliest`."""
        return self.earliest(days, pushed) is not None

    def windows(self, days: Sequence[Days]) -> list[Days] | None:
        """Return for each place the days between its earliest and its latest one in any plan; None without a plan."""
        low, high = self.earliest(days), self.latest(days)
        if low is None or high is None:
            return None
        return [
            options[bisect_left(options, first) : bisect_right(options, last)]
            for options, first, last in zip(days, low, high, strict=True)
        ]

    def least(self, days: Sequence[Days]) -> list[int] | None:
        """Return the earliest plan by the minimums alone, if all together allow none; None when there is none."""
        if contradiction(len(days), self.each) is None and (found := self.earliest(days)) is not None:
            return found  # a push against a contradiction would creep on day by day
        return Bounds([attrs.evolve(b, latest=None) for b in self.each]).earliest(days)

    def limited(self, known: int) -> set[int]:
        """Return the places whose last day follows from those of the first `known` places, these included."""
        leads: dict[int, list[int]] = {}
        for i, j, _ in (*self.edges, *self.rising):
            leads.setdefault(j, []).append(i)
        found = set(range(known))
        left = list(found)
        while left:
            new = [place for place in leads.get(left.pop(), ()) if place not in found]
            found.update(new)
            left += new
        return found


def required(bounds: Iterable[Bound]) -> Bounds:
    """Return those of some bounds that are required."""
    return Bounds([bound for bound in bounds if bound.required])


def tight_windows(
    places: int, bounds: Iterable[Bound], *, fixed: Mapping[int, int], horizon: int
) -> tuple[tuple[int, int], ...] | Contradiction:
    """
    Return the earliest and latest day of every place that some full schedule still allows.

    Open days, their hours and preferences play no part: these are the days that the required bounds leave.

    Args:
        places: How many sessions there are.
        bounds: The rules; preferred ones are passed over.
        fixed: Places whose day is known already: the start of a new series, or all that was delivered.
        horizon: No day further than this from the earliest fixed one, in either direction.

    Returns:
        A window for each place, or the contradiction if no schedule exists.
    """
    origin, first = min(fixed.values()), min(fixed)
    known = [
        Bound(first, at, day - fixed[first], day - fixed[first], rule="already on its day")
        for at, day in sorted(fixed.items())
        if at != first
    ]
    binding = Bounds([*(attrs.evolve(bound, after=None) for bound in required(bounds).each), *known])
    if (found := contradiction(places, binding.each)) is not None:
        return found
    days = [
        range(fixed[at], fixed[at] + 1) if at in fixed else range(origin - horizon, origin + horizon + 1)
        for at in range(places)
    ]
    earliest, latest = binding.earliest(days), binding.latest(days)
    if earliest is None or latest is None:
        start = min(fixed, key=lambda at: fixed[at])
        within = [
            Bound(min(start, at), max(start, at), -horizon, horizon, rule="horizon")
            for at in range(places)
            if at != start
        ]
        found = contradiction(places, [*binding.each, *within])
        assert found is not None  # noqa: S101 - the push has just shown that nothing fits
        return found
    return tuple(zip(earliest, latest, strict=True))


def contradiction(places: int, bounds: Iterable[Bound]) -> Contradiction | None:
    """
    Return bounds that cannot be kept together on any days, or None if all can.

    This is Bellman and Ford's search for a cycle whose minimums exceed its latest days;
    every place starts at 0 and is pushed up, and one that still moves after as many
    sweeps as there are places is being pushed by itself.
    """
    ordered = list(bounds)
    steps = [(b.earlier, b.later, b.minimum, b) for b in ordered if b.minimum is not None]
    steps.sort(key=lambda step: step[:2])
    back = [(b.later, b.earlier, -b.latest, b) for b in ordered if b.latest is not None]
    steps += sorted(back, key=lambda step: step[:2], reverse=True)
    at = [0] * places
    pushed_by: dict[int, tuple[int, Bound]] = {}
    mover = -1
    for _ in range(places + 1):
        mover = -1
        for i, j, least, bound in steps:
            if at[j] - at[i] < least:
                at[j] = at[i] + least
                pushed_by[j] = (i, bound)
                mover = j
        if mover < 0:
            return None
    for _ in range(places):  # walk back until surely on the cycle itself
        mover = pushed_by[mover][0]
    cycle, place = [], mover
    while True:
        before, bound = pushed_by[place]
        cycle.append((before, bound))
        place = before
        if place == mover:
            break
    forward = sorted((b for at, b in cycle if at == b.earlier), key=lambda b: b.earlier)
    return Contradiction(tuple(forward), tuple(b for at, b in cycle if at == b.later))
