"""
Hours for sessions whose days are placed: the same time every day unless something prevents it.

Starts lie on a grid. The start is the one nearest to the preferred time; without one that is
the earliest start that exists on most of the days. Rules in hours are kept on instants.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta

import attrs

from ketsched.calendars import Calendar
from ketsched.clock import MINUTES_A_DAY, elapsed, later, minute_of, moment, time_of
from ketsched.planning.days import GRID, Kind
from ketsched.planning.laying import HourRule
from ketsched.spacing import Bound

_CLOCK_CHANGE = 120  # minutes that a change of the clocks may take away


@attrs.frozen
class Seat:
    """The local start of one session, and its chair."""

    time: time
    chair: int | None


def seat(
    days: Sequence[date],
    kinds: Sequence[Kind],
    calendars: Mapping[str, Calendar],
    *,
    preferred: time | None = None,
    wishes: Calendar | None = None,
    rules: Sequence[HourRule] = (),
) -> list[Seat] | HourRule:
    """
    Give every session a start and a chair; or return the rule in hours that prevents it.

    Of all seatings the one is taken whose first session is nearest to the preferred time
    (ties: the earlier), then the second, and so on.

    Args:
        days: Days on which the calendar of its place is open for that long.
        kinds: Place and chair time of each session.
        calendars: For each place all calendars that must be open; in one zone.
        preferred: Local time of day to be near to.
        wishes: Starts within it come before all others, where a day has any.
        rules: Rules in hours.
    """
    offered = [_starts(calendars[kind.place], day, kind) for day, kind in zip(days, kinds, strict=True)]
    wished = offered
    if wishes is not None:
        both = {place: calendar & wishes for place, calendar in calendars.items()}
        found = [_starts(both[kind.place], day, kind) for day, kind in zip(days, kinds, strict=True)]
        wished = [within or starts for within, starts in zip(found, offered, strict=True)]
    targets = {place: _target(place, kinds, wished, preferred) for place in {kind.place for kind in kinds}}
    zone = calendars[kinds[0].place].zone
    chosen = _choose(days, offered, wished, [targets[kind.place] for kind in kinds], zone, rules)
    if isinstance(chosen, HourRule):
        return chosen
    seats = []
    for day, start, kind in zip(days, chosen, kinds, strict=True):
        chair = None
        if any(part.chairs is not None for part in calendars[kind.place].parts()):
            begin = moment(day, time_of(start), zone)
            chair = calendars[kind.place].free_chair(begin, later(begin, timedelta(minutes=kind.minutes)))
        seats.append(Seat(time_of(start), chair))
    return seats


def _starts(calendar: Calendar, day: date, kind: Kind) -> list[int]:
    return calendar.start_minutes(day, kind.minutes, grid=GRID)


def _target(
    place: str, kinds: Sequence[Kind], starts: Sequence[Sequence[int]], preferred: time | None
) -> int:
    """Return the start to be near to: the preferred one, or the earliest that exists on most days at that place."""
    if preferred is not None:
        return minute_of(preferred)
    common = Counter(
        start for kind, found in zip(kinds, starts, strict=True) if kind.place == place for start in found
    )
    most = max(common.values())
    return min(start for start, times in common.items() if times == most)


def _choose(
    days: Sequence[date],
    offered: Sequence[Sequence[int]],
    wished: Sequence[Sequence[int]],
    targets: Sequence[int],
    zone: str,
    rules: Sequence[HourRule],
) -> list[int] | HourRule:
    """
    Take for each day the start nearest to its target, wished ones first, that still leaves one to every later day.

    Rules in hours are minimums only, so later days can follow exactly if each of them can
    when all before it start as early as they may: the push of `spacing`, on the clock.
    """

    def nearness(start: int, target: int) -> tuple[int, int]:
        return abs(start - target), start

    if not rules:
        return [
            target if target in starts else min(starts, key=lambda start: nearness(start, target))
            for starts, target in zip(wished, targets, strict=True)
        ]
    looks = [[rule for rule in rules if rule.later == at] for at in range(len(days))]
    instants = [
        {start: moment(day, time_of(start), zone) for start in starts}
        for day, starts in zip(days, offered, strict=True)
    ]

    def prevented(begun: list[datetime], at: int, begin: datetime) -> HourRule | None:
        return next(
            (r for r in looks[at] if elapsed(begun[r.earlier], begin) < timedelta(hours=r.hours)), None
        )

    def stuck(begun: list[datetime]) -> HourRule | None:
        begun = list(begun)
        for at in range(len(begun), len(days)):
            rule = None
            for start in offered[at]:
                rule = prevented(begun, at, instants[at][start])
                if rule is None:
                    begun.append(instants[at][start])
                    break
            if rule is not None:
                return rule
        return None

    if (rule := stuck([])) is not None:
        return rule
    begun: list[datetime] = []
    chosen: list[int] = []
    for at, starts in enumerate(offered):
        first = set(wished[at])
        for start in sorted(starts, key=lambda start: (start not in first, nearness(start, targets[at]))):
            begin = instants[at][start]
            if prevented(begun, at, begin) is None and stuck([*begun, begin]) is None:
                begun.append(begin)
                chosen.append(start)
                break
    return chosen


def days_for_hours(rules: Iterable[HourRule], calendars: Iterable[Calendar]) -> Iterator[Bound]:
    """Yield what rules in hours ask of the days, given how far apart two starts of a day can be."""
    found = list(rules)
    if not found:
        return
    parts = [part for calendar in calendars for part in calendar.parts()]
    spans = [span for part in parts for day in part.hours for span in day]
    spans += [span for part in parts for opening in part.openings for span in opening.hours]
    widest = max(span.end for span in spans) - min(span.start for span in spans) if spans else 0
    for rule in found:
        least = -(-(rule.hours * 60 - widest - _CLOCK_CHANGE) // MINUTES_A_DAY)
        if least > 0:
            yield Bound(rule.earlier, rule.later, least, rule=rule.rule)
