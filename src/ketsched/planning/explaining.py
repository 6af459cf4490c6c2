"""
Why there is no plan: a minimal set of causes, and changes that were tried and give one.

The causes are found by leaving out one after another (preferences cannot cause it; dated
closures from the latest back, then weekly hours, then rules) and keeping out what is not
needed, with the push of `spacing` as judge. So the answer is the same everywhere, and
none of the causes it names could be left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from itertools import groupby

import attrs

from ketsched.calendars import Calendar
from ketsched.errors import KetschedError
from ketsched.model import WEEKDAY_NAMES, Protocol
from ketsched.placing import place
from ketsched.planning.days import Cause, blockers
from ketsched.planning.laying import ONE_A_DAY, Layout
from ketsched.series import Placement, Series
from ketsched.spacing import Bound, Contradiction, contradiction, edges, push_up, tight_windows

SEARCHED_STARTS = 28
"""Days after the wished start among which another start is looked for."""
_REACH = 126
"""Days that an explanation looks at; closures further on do not explain an early conflict."""


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
        causes: A minimal set: with any one of them gone there would be a plan.
        changes: Single changes that were tried and give a plan, the smallest first.
    """

    def __init__(
        self,
        *,
        what: str,
        why: str,
        fix: str,
        where: str = "",
        causes: tuple[str, ...] = (),
        changes: tuple[Change, ...] = (),
    ) -> None:
        super().__init__(what=what, where=where, why=why, fix=fix)
        self.causes, self.changes = causes, changes


def said_days(days: Sequence[date]) -> str:
    """Say days as briefly as can be read: 2026-11-09, 11, 16, 12-03."""
    said = []
    for n, day in enumerate(days):
        before = days[n - 1] if n else None
        if before is None or before.year != day.year:
            said.append(f"{day}")
        else:
            said.append(f"{day:%d}" if before.month == day.month else f"{day:%m-%d}")
    return ", ".join(said)


def explain(
    protocol: Protocol,
    layout: Layout,
    calendar: Calendar,
    minutes: Sequence[int],
    series: Series,
    another_start: Callable[[date], Placement | None],
) -> NoFeasiblePlan:
    """Find out why a series has no plan and what would give it one."""
    where = f"{protocol.id}, from {layout.start}"
    required = [bound for bound in layout.bounds if bound.required]
    clash = contradiction(len(minutes), required)
    if clash is not None:
        return NoFeasiblePlan(
            what="no plan: the rules contradict each other",
            where=where,
            why=str(clash),
            fix="plan fewer sessions or more weeks, or have a clinician change one of these rules",
            causes=clash.rules,
        )
    reach = min(_REACH + layout.nominal[-1], series.days[-1][-1] if series.days[-1] else layout.nominal[-1])
    closed = _Closed(calendar, layout.start.toordinal(), reach, minutes)
    if blocked := closed.at(layout.start.toordinal(), minutes[0]):
        return _closed_start(protocol, layout, blocked, another_start)
    names = dict.fromkeys(bound.rule for bound in required if bound.rule != ONE_A_DAY)
    rules = {name: Cause((2, n), None, name) for n, name in enumerate(names)}
    causes = sorted([*closed.causes(), *rules.values()])
    kept = list(causes)

    def impossible(left: Iterable[Cause]) -> bool:
        left = frozenset(left)
        bounds = [bound for bound in required if bound.rule == ONE_A_DAY or rules[bound.rule] in left]
        days = [closed.days(length, left) for length in minutes]
        days[0] = [day for day in days[0] if day == layout.start.toordinal()]
        return push_up(days, edges(bounds)) is None

    if not impossible(kept):  # the conflict lies beyond what an explanation looks at
        return NoFeasiblePlan(
            what=f"no plan for {len(minutes)} sessions",
            where=where,
            why="there are not enough open days within reach",
            fix="open more days, or plan fewer sessions",
        )
    for cause in causes:
        without = [other for other in kept if other is not cause]
        if impossible(without):
            kept = without
    kept.sort(key=lambda cause: (cause.order[0] != 2, cause.day or date.min, cause.words))
    changes = (
        *_opened(kept, closed, minutes, series),
        *_other_start(layout, another_start),
        *_without_rule(kept, series),
    )
    what, detail = _emptied(layout, required, closed, minutes)
    return NoFeasiblePlan(
        what=what,
        where=where,
        why="together these leave no day: " + "; ".join(_said(kept)) + detail,
        fix=", or ".join(map(str, changes[:3]))
        or "open more days, start on another day, or plan fewer sessions",
        causes=tuple(cause.words for cause in kept),
        changes=changes,
    )


class _Closed:
    """What closes each day of a stretch, for each length of session."""

    def __init__(self, calendar: Calendar, first: int, last: int, minutes: Sequence[int]) -> None:
        self.first, self.last = first, last
        self.blocked = {
            length: {
                day: frozenset(found)
                for day in range(first, last + 1)
                if (found := blockers(calendar, date.fromordinal(day), length))
            }
            for length in set(minutes)
        }
        self._days: dict[tuple[int, frozenset[Cause]], list[int]] = {}

    def at(self, day: int, length: int) -> frozenset[Cause]:
        return self.blocked[length].get(day, frozenset())

    def causes(self) -> list[Cause]:
        return sorted({cause for days in self.blocked.values() for found in days.values() for cause in found})

    def days(self, length: int, left: frozenset[Cause]) -> list[int]:
        """Return the days that are open if only the causes `left` close any."""
        blocked = self.blocked[length]
        return [
            day for day in range(self.first, self.last + 1) if not (day in blocked and blocked[day] & left)
        ]


def _said(causes: Sequence[Cause]) -> list[str]:
    return [cause.words for cause in causes]


def _closed_start(
    protocol: Protocol,
    layout: Layout,
    blocked: frozenset[Cause],
    another_start: Callable[[date], Placement | None],
) -> NoFeasiblePlan:
    changes = tuple(_other_start(layout, another_start))
    words = tuple(cause.words for cause in sorted(blocked))
    return NoFeasiblePlan(
        what=f"the start {layout.start} ({WEEKDAY_NAMES[layout.start.weekday()]}) is not open",
        where=f"{protocol.id}, session 1",
        why="; ".join(words),
        fix=str(changes[0]) if changes else "choose another start, or check the opening hours",
        causes=words,
        changes=changes,
    )


def _opened(
    kept: Sequence[Cause], closed: _Closed, minutes: Sequence[int], series: Series
) -> Iterable[Change]:
    """Try to open each dated closure among the causes, the earliest first."""
    for cause in kept:
        if cause.day is None:
            continue
        day = cause.day.toordinal()
        days = tuple(
            tuple(sorted({*options, day})) if at and closed.at(day, length) <= {cause} else options
            for at, (options, length) in enumerate(zip(series.days, minutes, strict=True))
        )
        found = place(attrs.evolve(series, days=days))
        if found is not None:
            yield Change(f"open {cause.day}", _dates(found))


def _other_start(layout: Layout, another_start: Callable[[date], Placement | None]) -> Iterable[Change]:
    """Try the starts after the one that was asked for; the first that has a plan will do."""
    pattern = layout.runs[0].phase.weekdays
    for later in range(1, SEARCHED_STARTS + 1):
        start = layout.start + timedelta(later)
        if pattern and start.weekday() not in pattern:
            continue
        found = another_start(start)
        if found is not None:
            yield Change(f"start on {start}", _dates(found))
            return


def _without_rule(kept: Sequence[Cause], series: Series) -> Iterable[Change]:
    """Try to do without each rule among the causes: only a clinician can grant that."""
    for cause in kept:
        if cause.order[0] == 2:
            bounds = tuple(bound for bound in series.bounds if bound.rule != cause.words)
            found = place(attrs.evolve(series, bounds=bounds))
            if found is not None:
                yield Change(f"have a clinician set aside {cause.words!r}", _dates(found))


def _dates(placement: Placement) -> tuple[date, ...]:
    return tuple(date.fromordinal(day) for day in placement.days)


def _emptied(
    layout: Layout, required: Sequence[Bound], closed: _Closed, minutes: Sequence[int]
) -> tuple[str, str]:
    """Say which session has no open day in its window, if one has none, and what closes each day."""
    start = layout.start.toordinal()
    windows = tight_windows(len(minutes), required, fixed={0: start}, horizon=closed.last - start)
    if not isinstance(windows, Contradiction):
        for at, (first, last) in enumerate(windows):
            days = range(max(first, start), min(last, closed.last) + 1)
            reasons = [(day, closed.at(day, minutes[at])) for day in days]
            if reasons and all(found for _, found in reasons):
                said = "; ".join(
                    _stretch(list(same), found) for found, same in groupby(reasons, lambda r: r[1])
                )
                window = f"{date.fromordinal(days[0])} to {date.fromordinal(days[-1])}"
                return f"no open day for session {at + 1}", f"\nit can fall on {window}: {said}"
    return f"no plan for {len(minutes)} sessions", ""


def _stretch(days: Sequence[tuple[int, frozenset[Cause]]], found: frozenset[Cause]) -> str:
    first, last = date.fromordinal(days[0][0]), date.fromordinal(days[-1][0])
    when = f"{first}" if first == last else f"{first} to {last}"
    return f"{when}: {', '.join(_said(sorted(found)))}"
