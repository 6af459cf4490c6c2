"""
Hours for sessions whose days are placed: the same time every day unless something prevents it.

Starts lie on a grid. The start is the one nearest to the preferred time; without one that is
the earliest start that exists on most of the days. Rules in hours are kept on instants.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import attrs

from ketsched.calendars import Calendar
from ketsched.clock import elapsed, later, minute_of, moment, time_of
from ketsched.planning.days import GRID
from ketsched.planning.laying import HourRule


@attrs.frozen
class Seat:
    """The local start of one session, and its chair."""

    time: time
    chair: int | None


def seat(
    days: Sequence[date],
    minutes: Sequence[int],
    calendar: Calendar,
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
        days: Days on which the calendar is open for that long.
        minutes: Chair time of each session.
        calendar: All calendars that must be open.
        preferred: Local time of day to be near to.
        wishes: Starts within it come before all others, where a day has any.
        rules: Rules in hours.
    """
    offered = [calendar.start_minutes(day, n, grid=GRID) for day, n in zip(days, minutes, strict=True)]
    wished = offered
    if wishes is not None:
        both = calendar & wishes
        found = [both.start_minutes(day, n, grid=GRID) for day, n in zip(days, minutes, strict=True)]
        wished = [within or starts for within, starts in zip(found, offered, strict=True)]
    if preferred is None:
        common = Counter(start for starts in wished for start in starts)
        most = max(common.values())
        target = min(start for start, times in common.items() if times == most)
    else:
        target = minute_of(preferred)
    chosen = _choose(days, offered, wished, target, calendar.zone, rules)
    if isinstance(chosen, HourRule):
        return chosen
    if all(part.chairs is None for part in calendar.parts()):
        return [Seat(time_of(start), None) for start in chosen]
    seats = []
    for day, start, length in zip(days, chosen, minutes, strict=True):
        begin = moment(day, time_of(start), calendar.zone)
        seats.append(
            Seat(time_of(start), calendar.free_chair(begin, later(begin, timedelta(minutes=length))))
        )
    return seats


def _choose(
    days: Sequence[date],
    offered: Sequence[Sequence[int]],
    wished: Sequence[Sequence[int]],
    target: int,
    zone: str,
    rules: Sequence[HourRule],
) -> list[int] | HourRule:
    """
    Take for each day the start nearest to the target, wished ones first, that still leaves one to every later day.

    Rules in hours are minimums only, so later days can follow exactly if each of them can
    when all before it start as early as they may: the push of `spacing`, on the clock.
    """

    def nearness(start: int) -> tuple[int, int]:
        return abs(start - target), start

    if not rules:
        return [min(starts, key=nearness) for starts in wished]
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
        for start in sorted(starts, key=lambda start: (start not in first, nearness(start))):
            begin = instants[at][start]
            if prevented(begun, at, begin) is None and stuck([*begun, begin]) is None:
                begun.append(begin)
                chosen.append(start)
                break
    return chosen
