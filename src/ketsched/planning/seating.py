"""
Hours for sessions whose days are placed: the agreed hour, else the same time every day unless something prevents it.

Starts lie on a grid, save those that stand already. The start is the one nearest to the usual
time; without one that is the earliest start that exists on most of the days. Rules in hours
are kept on instants.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta

import attrs

from ketsched.calendars import Calendar
from ketsched.clock import (
    MINUTES_A_DAY,
    changes_clocks,
    choices,
    elapsed,
    later,
    minute_of,
    moment,
    time_of,
)
from ketsched.hours import Hours, SeatNeed
from ketsched.model import Session
from ketsched.planning.rules import HourRule
from ketsched.spacing import Bound

_CLOCK_CHANGE = 120  # minutes that a change of the clocks may take away


@attrs.frozen
class Seat:
    """The local start of one session, and its chair."""

    time: time | None
    chair: int | None


class NoStart(Exception):
    """
    One of the days has no start that is free and keeps the rules in hours.

    Attributes:
        at: Which of the days, from 0.
        rule: The rule that prevents it; None: its hours are taken.
    """

    def __init__(self, at: int, rule: HourRule | None) -> None:
        super().__init__(at, rule)
        self.at, self.rule = at, rule


@attrs.frozen(kw_only=True)
class Seating:
    """
    Sessions to be given hours, in order of time.

    Attributes:
        days: Their days; each is open for its session.
        needs: Where each is, and for how long.
        places: The place of each in its course, to which rules in hours refer.
        bookings: The booking that each stands for, or None; one that keeps its day keeps its hour while it can.
        usual: The hours that a course is used to, by "clinic" and "home".
        begun: The starts of sessions that have their hour, by place.
        rules: Rules in hours.
    """

    days: Sequence[date]
    needs: Sequence[SeatNeed]
    places: Sequence[int]
    bookings: Sequence[Session | None]
    usual: Mapping[str, time] = attrs.field(factory=dict)
    begun: Mapping[int, datetime] = attrs.field(factory=dict)
    rules: Sequence[HourRule] = ()


def seat(sessions: Seating, hours: Hours) -> list[Seat]:
    """
    Give every session a start and a chair.

    Of all seatings the one is taken whose first session is nearest to the hour it should have
    (ties: the earlier), then the second, and so on; wished starts come before all others.

    Raises:
        NoStart: A session has none; it names the rule in hours that prevents it.
    """
    offered = [
        hours.start_minutes(need, day.toordinal())
        for day, need in zip(sessions.days, sessions.needs, strict=True)
    ]
    wished: list[list[int]] = offered
    if hours.wishes is not None:
        wished = [
            hours.wished_minutes(need, day.toordinal()) or starts
            for day, need, starts in zip(sessions.days, sessions.needs, offered, strict=True)
        ]
    targets = _targets(sessions, wished, hours)
    kept = [_kept(sessions, at, hours) for at in range(len(sessions.days))]
    starts: list[time | None]
    if sessions.rules:
        ordered = [
            _ordered(kept[at], offered[at], wished[at], targets[at]) for at in range(len(sessions.days))
        ]
        starts = _HourSearch(sessions, ordered, hours.zone).best()
    else:
        starts = [
            booked.time if booked is not None else _nearest(at, wished[at], targets[at])
            for at, booked in enumerate(kept)
        ]
    seats = []
    for at, start in enumerate(starts):
        booked = kept[at]
        if booked is not None and (start is None or booked.time == start):
            seats.append(booked)
            continue
        assert start is not None  # noqa: S101 - only a booking that stays may have no hour
        calendar = hours.of_place[sessions.needs[at].place]
        free = free_seat(calendar, sessions.days[at], start, sessions.needs[at], None)
        seats.append(free or Seat(start, None))
    return seats


def _targets(sessions: Seating, wished: Sequence[Sequence[int]], hours: Hours) -> list[int]:
    """Return the start that each session should be near to, in minutes after midnight."""
    if hours.time is not None:
        return [minute_of(hours.time)] * len(sessions.days)
    earliest: dict[str, int] = {}

    def of(at: int) -> int:
        booking, place = sessions.bookings[at], sessions.needs[at].place
        usual = (
            booking.time if booking is not None and booking.time is not None else sessions.usual.get(place)
        )
        if usual is not None:
            return minute_of(usual)
        if place not in earliest:
            earliest[place] = _earliest(place, sessions.needs, wished)
        return earliest[place]

    return [of(at) for at in range(len(sessions.days))]


def _earliest(place: str, needs: Sequence[SeatNeed], starts: Sequence[Sequence[int]]) -> int:
    """Return the earliest start that exists on most of the days at a place."""
    common = Counter(
        start for need, found in zip(needs, starts, strict=True) if need.place == place for start in found
    )
    most = max(common.values(), default=0)
    return min((start for start, times in common.items() if times == most), default=0)


def _kept(sessions: Seating, at: int, hours: Hours) -> Seat | None:
    """Return the seat that a booking has, if it keeps its day and its hour is free."""
    booking, need = sessions.bookings[at], sessions.needs[at]
    if booking is None or booking.day != sessions.days[at]:
        return None
    if booking.time is None:
        return Seat(None, booking.chair)
    return free_seat(hours.of_place[need.place], booking.day, booking.time, need, booking.chair)


def _nearest(at: int, starts: Sequence[int], target: int) -> time:
    if target in starts:
        return time_of(target)
    if not starts:
        raise NoStart(at, None)
    return time_of(min(starts, key=lambda start: (abs(start - target), start)))


def _ordered(
    booked: Seat | None, offered: Sequence[int], wished: Sequence[int], target: int
) -> Sequence[time] | None:
    """Return the starts of a session, the best first; None if it keeps its day without an hour."""
    if booked is not None and booked.time is None:
        return None
    within = set(wished)
    starts = [time_of(s) for s in sorted(offered, key=lambda s: (s not in within, abs(s - target), s))]
    return starts if booked is None or booked.time is None else [booked.time, *starts]


class _HourSearch:
    """
    Takes for each session the best start that still leaves one to every later session.

    Rules in hours are minimums only, so later sessions can follow exactly if each of them can
    when all before it start as early as they may: the push of `spacing`, on the clock.

    Args:
        sessions: In order of time.
        starts: For each session the starts that it can have, the best first; None: it keeps its day without an hour.
        zone: Of the clinic.
    """

    def __init__(self, sessions: Seating, starts: Sequence[Sequence[time] | None], zone: str) -> None:
        self.sessions, self.starts = sessions, starts
        self.earliest = [() if found is None else sorted(found) for found in starts]
        self.moments = [
            {start: moment(day, start, zone) for start in found}
            for day, found in zip(sessions.days, self.earliest, strict=True)
        ]
        self.touching: dict[int, list[HourRule]] = {}
        for rule in sessions.rules:
            self.touching.setdefault(rule.earlier, []).append(rule)
            self.touching.setdefault(rule.later, []).append(rule)

    def best(self) -> list[time | None]:
        """Return the starts; raise NoStart if a session has none."""
        begun, chosen = dict(self.sessions.begun), list[time | None]()
        if (none := self._stuck(begun, 0)) is not None:
            raise none
        for at, starts in enumerate(self.starts):
            found = None
            for start in starts or ():
                after = {**begun, self.sessions.places[at]: self.moments[at][start]}
                if self._prevents(begun, at, start) is None and self._stuck(after, at + 1) is None:
                    found, begun = start, after
                    break
            chosen.append(found)
        return chosen

    def _prevents(self, begun: Mapping[int, datetime], at: int, start: time) -> HourRule | None:
        """Return the rule to a session that has its start which a start breaks."""
        place = self.sessions.places[at]
        for rule in self.touching.get(place, ()):
            other = begun.get(rule.later if place == rule.earlier else rule.earlier)
            if other is not None:
                apart = elapsed(*sorted((other, self.moments[at][start])))
                if apart < timedelta(hours=rule.hours):
                    return rule
        return None

    def _stuck(self, begun: Mapping[int, datetime], since: int) -> NoStart | None:
        """Return which session has no start if all before it start as early as they may."""
        begun = dict(begun)
        for at in range(since, len(self.starts)):
            rule = None
            for start in self.earliest[at]:
                rule = self._prevents(begun, at, start)
                if rule is None:
                    begun[self.sessions.places[at]] = self.moments[at][start]
                    break
            else:
                if self.starts[at] is not None:
                    return NoStart(at, rule)
        return None


def free_seat(calendar: Calendar, day: date, start: time, need: SeatNeed, chair: int | None) -> Seat | None:
    """Return the seat that a session can have at an hour, in its own chair if that is free; None if there is none."""
    if not changes_clocks(day, calendar.zone) and not any(part.bookings for part in calendar.parts()):
        begins = minute_of(start)  # the plain day, on which nothing has to be looked up
        spans = calendar.ranges(day)
        if any(span.start <= begins and begins + need.minutes <= span.end for span in spans):
            return Seat(start, _chair_of(calendar, chair))
    if len(choices(day, start, calendar.zone)) != 1:
        return None
    begin = moment(day, start, calendar.zone)
    end = later(begin, timedelta(minutes=need.minutes))
    free = calendar.free_chair(begin, end, preferred=chair)
    if free is None or not calendar.is_open_throughout(begin, end):
        return None
    counted = any(part.chairs is not None for part in calendar.parts())
    return Seat(start, free if counted else chair)


def _chair_of(calendar: Calendar, chair: int | None) -> int | None:
    """Return the chair of a session where all are free: its own, or the first one."""
    chairs = next((part.chairs for part in calendar.parts() if part.chairs is not None), None)
    if chairs is None:
        return chair
    return chair if chair is not None and chair <= chairs else 1


def days_for_hours(rules: Iterable[HourRule], calendars: Iterable[Calendar]) -> Iterator[Bound]:
    """Yield what rules in hours ask of the days, given how far apart two starts of a day can be."""
    needed = list(rules)
    if not needed:
        return
    parts = [part for calendar in calendars for part in calendar.parts()]
    spans = [span for part in parts for day in part.hours for span in day]
    spans += [span for part in parts for opening in part.openings for span in opening.hours]
    widest = max(span.end for span in spans) - min(span.start for span in spans) if spans else 0
    for rule in needed:
        least = -(-(rule.hours * 60 - widest - _CLOCK_CHANGE) // MINUTES_A_DAY)
        if least > 0:
            yield Bound(rule.earlier, rule.later, least, rule=rule.rule, key=rule.key)
