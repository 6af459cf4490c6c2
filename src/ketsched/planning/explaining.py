"""
Why there is no plan: a minimal set of causes, and changes that were tried and give one.

Only the first sessions that cannot all be placed are looked at. The causes are found by
leaving out one after another (dated closures from the latest back, then weekly hours, then
rules; preferences cannot cause it) and keeping out what is not needed, with the push of
`spacing` as judge. So the answer is the same everywhere, and none of the causes it names
could be left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import groupby

import attrs

from ketsched.calendars import Calendar
from ketsched.clock import WEEKDAY_NAMES
from ketsched.errors import KetschedError
from ketsched.hours import SeatNeed
from ketsched.model import Protocol
from ketsched.placing.values import Placement, Problem
from ketsched.planning.blockers import Blockers, Cause, longest_piece, open_weekdays
from ketsched.planning.layout import Layout
from ketsched.planning.rules import ONE_A_DAY
from ketsched.spacing import Bound, Bounds, Contradiction, contradiction, tight_windows

SEARCHED_STARTS = 28
"""Days after the wished start among which another start is looked for; fewer for long courses."""
_SEARCHED_SESSIONS = 5000
Tried = Callable[[Problem], Placement | None]
"""What gives the best placement of a problem that was changed; None if there is none, or no effort is left."""
HOURS_CANNOT = "The days fit, but no start time does"
"""What is said where days alone would do, and a rule in hours leaves no starts on them."""
OPENED = 5
"""Dated closures that are tried to be opened, the earliest first."""
_REACH = 126  # days after the last ideal day that an explanation looks at
_SHOWN_DAYS = 10


@attrs.frozen
class Change:
    """
    One change that was tried, and the plan it gives.

    Attributes:
        what: "open 2026-11-11", "start on 2026-11-10".
        days: The sessions' days after it.
    """

    what: str
    days: tuple[date, ...]

    def __str__(self) -> str:
        return f"{self.what} (gives {said_days(self.days)})"


class NoFeasiblePlan(KetschedError):
    """
    No plan keeps the required rules on open days.

    Attributes:
        causes: A minimal set, in words: without any one of them the rest would not prevent a plan.
        keys: What each of the causes is recognised by, whatever its words: "induction/spacing 1/latest",
            "closed 2027-01-18", "weekly hours".
        changes: Single changes that were tried and give a plan, the smallest first.
        openings: Days that are closed by date and are among the causes.
    """

    def __init__(
        self,
        *,
        what: str,
        why: str,
        fix: str,
        where: str = "",
        causes: Iterable[Cause] = (),
        changes: tuple[Change, ...] = (),
    ) -> None:
        super().__init__(what=what, where=where, why=why, fix=fix)
        named = tuple(causes)
        self.causes, self.keys = tuple(c.words for c in named), tuple(c.key for c in named)
        self.changes = changes
        self.openings = tuple(c.day for c in named if c.can_open and c.day is not None)

    def tried(self, changes: Sequence[Change], fix: str) -> NoFeasiblePlan:
        """Return the same error with changes that were tried, and what else there is to do."""
        error = self.at(self.where)
        error.changes, error._advice = tuple(changes), ", or ".join((*map(str, changes), fix))
        return error

    def because(self, why: str) -> NoFeasiblePlan:
        """Return the same error with one more reason."""
        error = self.at(self.where)
        error.why = f"{self.why}; {why}"
        return error


def said_days(days: Sequence[date]) -> str:
    """Say days as briefly as can be read: 2026-11-09, 11, 16, 12-03."""
    shown = days if len(days) <= _SHOWN_DAYS else days[: _SHOWN_DAYS - 1]
    said = []
    for n, day in enumerate(shown):
        before = shown[n - 1] if n else None
        if before is None or before.year != day.year:
            said.append(f"{day}")
        else:
            said.append(f"{day:%d}" if before.month == day.month else f"{day:%m-%d}")
    rest = [] if len(shown) == len(days) else [f"... {days[-1]}, {len(days)} in all"]
    return ", ".join(said + rest)


def explain(
    protocol: Protocol,
    layout: Layout,
    calendars: Mapping[str, Calendar],
    kinds: Sequence[SeatNeed],
    problem: Problem,
    tried: Tried,
    another_start: Callable[[date], Placement | None],
) -> NoFeasiblePlan:
    """
    Find out why a series has no plan and what would give it one.

    Args:
        protocol: What was to be planned.
        layout: It, laid out from the start.
        calendars: For each place all calendars that must be open.
        kinds: Place and chair time of each session.
        problem: What could not be placed.
        tried: Places it after one change, or returns None.
        another_start: Places the protocol from another start, or returns None.
    """
    where = f"{protocol.id}, from {layout.start}"
    required = [bound for bound in problem.bounds if bound.required]
    if contradiction(len(kinds), required) is not None:
        return _contradiction(where, required, problem, tried)
    placed = _first_that_cannot(problem, required)
    start = layout.start.toordinal()
    closed = ClosedDays.until(layout.nominal[placed - 1] + _REACH, start, calendars, kinds[:placed], problem)
    if blocked := closed.at(start, kinds[0]):
        return _closed_start(
            protocol, layout, calendars[kinds[0].place], kinds[0].minutes, blocked, another_start
        )
    near = [bound for bound in required if bound.later < placed]
    causes = [*closed.causes, *causes_of(near)]
    if not _impossible(causes, closed, kinds[:placed], near):
        return NoFeasiblePlan(
            what=f"no day for session {placed}",
            where=where,
            why="there are not enough open days within reach",
            fix="open more days, or plan fewer sessions",
        )
    kept = minimal(causes, lambda left: _impossible(left, closed, kinds[:placed], near))
    if placed < len(kinds):  # the sessions after it may do without some
        all_days = ClosedDays.until(layout.nominal[-1] + _REACH, start, calendars, kinds, problem)
        kept = minimal(kept, lambda left: _impossible(left, all_days, kinds, required))
    kinds = kinds[:placed]
    kept.sort(key=lambda cause: (cause.order[0] != 2, cause.day or date.min, cause.words))
    changes = (
        *_opened(kept, closed, kinds, problem, tried),
        *_other_start(protocol, layout, another_start),
        *_without_rule([cause for cause in kept if cause.order[0] == 2], problem, tried),
    )
    what, detail = _emptied(start, near, closed, kinds)
    in_hours = {bound.key for bound in near if bound.after is not None}
    fixes = [str(change) for change in changes[:3]]
    if any(cause.key in in_hours for cause in kept):
        what, detail = HOURS_CANNOT, ", with the hours that are open"
        fixes.insert(0, "open longer on these days")
    return NoFeasiblePlan(
        what=what,
        where=where,
        why="together these leave no day: " + "; ".join(cause.words for cause in kept) + detail,
        fix=", or ".join(fixes) or "open more days, start on another day, or plan fewer sessions",
        causes=kept,
        changes=changes,
    )


def _contradiction(where: str, required: Sequence[Bound], problem: Problem, tried: Tried) -> NoFeasiblePlan:
    """Explain rules that contradict each other on any days."""
    places = len(problem.days)

    def clash(left: Sequence[Cause]) -> Contradiction | None:
        return contradiction(places, bounds_left(required, left))

    kept = minimal(causes_of(required), lambda left: clash(left) is not None)
    changes = tuple(_without_rule(kept, problem, tried))
    return NoFeasiblePlan(
        what="no plan: the rules contradict each other",
        where=where,
        why=str(clash(kept)),
        fix="plan fewer sessions or more weeks, or have a clinician change one of these rules",
        causes=kept,
        changes=changes,
    )


def _impossible(
    left: Sequence[Cause], closed: ClosedDays, kinds: Sequence[SeatNeed], required: Sequence[Bound]
) -> bool:
    """Whether there is no plan even if only the causes `left` stand against it."""
    days = closed.days(left)
    places = [[closed.stretch.start], *(days[kind] for kind in kinds[1:])]
    return not Bounds(bounds_left(required, left)).allow(places)


def causes_of(bounds: Iterable[Bound]) -> list[Cause]:
    """Return the rules that laid some bounds, each once, as causes; one session a day is none."""
    rules = {bound.key: bound.rule for bound in bounds if bound.key != ONE_A_DAY}
    return [Cause(None, words, key, order=(2, n)) for n, (key, words) in enumerate(rules.items())]


def bounds_left(bounds: Iterable[Bound], left: Iterable[Cause]) -> list[Bound]:
    """Return the bounds of the rules that are left, and one session a day."""
    keys = {cause.key for cause in left} | {ONE_A_DAY}
    return [bound for bound in bounds if bound.key in keys]


def minimal(causes: Sequence[Cause], impossible: Callable[[Sequence[Cause]], bool]) -> list[Cause]:
    """Return a minimal part of some causes that still leaves no plan (deletion filter)."""
    kept = list(causes)
    for cause in causes:
        without = [other for other in kept if other is not cause]
        if impossible(without):
            kept = without
    return kept


def _first_that_cannot(problem: Problem, required: Sequence[Bound]) -> int:
    """Return how many of the first sessions cannot all be placed; all before the last of them can."""
    low, high = 1, len(problem.days)
    while low < high:
        middle = (low + high) // 2
        near = Bounds([bound for bound in required if bound.later < middle])
        if not near.allow(problem.days[:middle]):
            high = middle
        else:
            low = middle + 1
    return low


class ClosedDays:
    """What closes each day of a stretch, for each kind of session; causes are kept as bits."""

    @classmethod
    def until(
        cls,
        last: int,
        first: int,
        calendars: Mapping[str, Calendar],
        kinds: Sequence[SeatNeed],
        problem: Problem,
    ) -> ClosedDays:
        """Look at the days from the first to the last, but no further than planning does."""
        looked = max((options[-1] for options in problem.days if options), default=first + _REACH)
        return cls(calendars, first, max(first, min(last, looked)), kinds)

    def __init__(
        self, calendars: Mapping[str, Calendar], first: int, last: int, kinds: Sequence[SeatNeed]
    ) -> None:
        self.stretch = range(first, last + 1)
        self.kinds = sorted(set(kinds))
        blockers = {place: Blockers(calendar) for place, calendar in calendars.items()}
        found = {
            kind: [blockers[kind.place].of(date.fromordinal(day), kind.minutes) for day in self.stretch]
            for kind in self.kinds
        }
        every = {cause for days in found.values() for on_day in days for cause in on_day}
        self.causes = sorted(every, key=lambda cause: (cause.order, cause.words))
        self._bits = {cause: 1 << n for n, cause in enumerate(self.causes)}
        self._blocked = {
            kind: [sum(self._bits[cause] for cause in on_day) for on_day in days]
            for kind, days in found.items()
        }

    def at(self, day: int, kind: SeatNeed) -> list[Cause]:
        """Return what closes a day to sessions of a kind."""
        if day not in self.stretch:
            return []
        blocked = self._blocked[kind][day - self.stretch.start]
        return [cause for cause, bit in self._bits.items() if blocked & bit]

    def days(self, left: Iterable[Cause]) -> dict[SeatNeed, list[int]]:
        """Return for each kind the days that are open if only the causes `left` close any."""
        mask = self._mask(left)
        return self._where(lambda blocked: not blocked & mask)

    def opened(self, left: Iterable[Cause]) -> dict[SeatNeed, list[int]]:
        """Return for each kind the closed days that would be open if only the causes `left` closed any."""
        mask = self._mask(left)
        return self._where(lambda blocked: bool(blocked) and not blocked & mask)

    def _mask(self, left: Iterable[Cause]) -> int:
        return sum(self._bits.get(cause, 0) for cause in left)

    def _where(self, holds: Callable[[int], bool]) -> dict[SeatNeed, list[int]]:
        return {
            kind: [
                day for day, blocked in zip(self.stretch, self._blocked[kind], strict=True) if holds(blocked)
            ]
            for kind in self.kinds
        }


def _closed_start(
    protocol: Protocol,
    layout: Layout,
    calendar: Calendar,
    minutes: int,
    blocked: Sequence[Cause],
    another_start: Callable[[date], Placement | None],
) -> NoFeasiblePlan:
    if longest_piece(calendar) and not open_weekdays(calendar, minutes):
        return _too_long(protocol, calendar, minutes, blocked)
    changes = tuple(_other_start(protocol, layout, another_start))
    return NoFeasiblePlan(
        what=f"The first day, {WEEKDAY_NAMES[layout.start.weekday()]} {layout.start}, is not open.",
        where=f"{protocol.id}, session 1",
        why="; ".join(cause.words for cause in blocked),
        fix=str(changes[0]) if changes else "choose another start, or check the opening hours",
        causes=(blocked[-1],),
        changes=changes,
    )


def _too_long(
    protocol: Protocol, calendar: Calendar, minutes: int, blocked: Sequence[Cause]
) -> NoFeasiblePlan:
    """Say that no day of the week has hours in which a session fits, whatever the start."""
    return NoFeasiblePlan(
        what=f"a session of {minutes} min fits into the hours of no day of the week",
        where=f"{protocol.id}, session 1",
        why=f"it takes its time in one piece, and the longest is {longest_piece(calendar)} min: "
        + "; ".join(cause.words for cause in blocked),
        fix=f"give hours with {minutes} min in one piece, or check how long the protocol's session is",
        causes=(blocked[-1],),
    )


def _opened(
    kept: Sequence[Cause], closed: ClosedDays, kinds: Sequence[SeatNeed], problem: Problem, tried: Tried
) -> Iterator[Change]:
    """Try to open each dated closure among the causes, the earliest first."""
    for cause in [cause for cause in kept if cause.can_open][:OPENED]:
        assert cause.day is not None  # noqa: S101 - a closure that can be opened has a day
        day = cause.day.toordinal()
        opened = [kind for kind in set(kinds) if closed.at(day, kind) == [cause]]
        days = tuple(
            tuple(sorted({*options, day})) if at and at < len(kinds) and kinds[at] in opened else options
            for at, options in enumerate(problem.days)
        )
        found = tried(attrs.evolve(problem, days=days))
        if found is not None:
            yield Change(cause.opens or f"open {cause.day}", _dates(found))


def _other_start(
    protocol: Protocol, layout: Layout, another_start: Callable[[date], Placement | None]
) -> Iterator[Change]:
    """Try the starts after the one that was asked for; the first that has a plan will do."""
    pattern = protocol.phases[0].weekdays
    tries = min(SEARCHED_STARTS, max(3, _SEARCHED_SESSIONS // len(layout.nominal)))
    for days_later in range(1, tries + 1):
        start = layout.start + timedelta(days_later)
        if pattern and start.weekday() not in pattern:
            continue
        found = another_start(start)
        if found is not None:
            yield Change(f"start on {start}", _dates(found))
            return


def _without_rule(rules: Iterable[Cause], problem: Problem, tried: Tried) -> Iterator[Change]:
    """Try to do without each of some rules: only a clinician can grant that."""
    for rule in rules:
        bounds = tuple(bound for bound in problem.bounds if bound.key != rule.key)
        found = tried(attrs.evolve(problem, bounds=bounds))
        if found is not None:
            yield Change(f"have a clinician set aside {rule.words!r}", _dates(found))


def _dates(placement: Placement) -> tuple[date, ...]:
    return tuple(date.fromordinal(day) for day in placement.days)


def _emptied(
    start: int, required: Sequence[Bound], closed: ClosedDays, kinds: Sequence[SeatNeed]
) -> tuple[str, str]:
    """Say which session has no open day in its window, if one has none, and what closes each day."""
    last = closed.stretch.stop - 1
    windows = tight_windows(len(kinds), required, fixed={0: start}, horizon=last - start)
    if not isinstance(windows, Contradiction):
        for at, (begin, end) in enumerate(windows):
            days = range(max(begin, start), min(end, last) + 1)
            reasons = [(day, [cause.words for cause in closed.at(day, kinds[at])]) for day in days]
            if reasons and all(found for _, found in reasons):
                said = "; ".join(
                    _stretch(list(same), found) for found, same in groupby(reasons, lambda r: r[1])
                )
                window = f"{date.fromordinal(days[0])} to {date.fromordinal(days[-1])}"
                return f"no open day for session {at + 1}", f"\nit can fall on {window}: {said}"
    return f"no day for session {len(kinds)}", ""


def _stretch(days: Sequence[tuple[int, list[str]]], words: Sequence[str]) -> str:
    first, last = date.fromordinal(days[0][0]), date.fromordinal(days[-1][0])
    return f"{first}: {', '.join(words)}" if first == last else f"{first} to {last}: {', '.join(words)}"
