"""
Hours for sessions whose days are placed: the agreed hour, else the same time every day unless something prevents it.

Starts lie on a grid, save those that stand already. The start is the one nearest to the usual
time; without one that is the earliest start that exists on most of the days. Rules in hours
are kept on instants.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache, partial

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
from ketsched.hours import Hours, SeatNeed, spans_of
from ketsched.model import Session
from ketsched.planning.rules import HourRule
from ketsched.spacing import Bound

NO_OVERLAP = "sessions of one course do not overlap"
"""The rule that needs no protocol, and its key; it matters where chair time goes on after midnight."""
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
        pushing: It, and the days before it from which it has none: on these days or later ones it has none
            on its own day or an earlier one.
    """

    def __init__(self, at: int, rule: HourRule | None, pushing: tuple[int, ...] = ()) -> None:
        super().__init__(at, rule, pushing)
        self.at, self.rule, self.pushing = at, rule, pushing


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

    Rules in hours are minimums only, so starts make a lattice as days do (see `spacing`): a start can be
    taken if those before leave it, and it is no later than the last from which all after it can follow.

    Args:
        sessions: In order of time.
        starts: For each session the starts that it can have, the best first; None: it keeps its day without an hour.
        zone: Of the clinic.
    """

    def __init__(self, sessions: Seating, starts: Sequence[Sequence[time] | None], zone: str) -> None:
        self.sessions, self.starts = sessions, starts
        self.moments = [
            {start: moment(day, start, zone) for start in sorted(found or ())}
            for day, found in zip(sessions.days, starts, strict=True)
        ]
        self.before: dict[int, list[tuple[int, HourRule]]] = {}
        self.behind: dict[int, list[tuple[int, HourRule]]] = {}
        for rule in sessions.rules:
            self.before.setdefault(rule.later, []).append((rule.earlier, rule))
            self.behind.setdefault(rule.earlier, []).append((rule.later, rule))

    def best(self) -> list[time | None]:
        """Return the starts; raise NoStart if a session has none."""
        if (none := self._stuck()) is not None:
            raise none
        last = self._last()
        begun, chosen = dict(self.sessions.begun), list[time | None]()
        for place, starts, moments in zip(self.sessions.places, self.starts, self.moments, strict=True):
            found = None
            if starts is not None:
                found = next(
                    start
                    for start in starts
                    if moments[start] <= last[place] and self._too_soon(begun, place, moments[start]) is None
                )
                begun[place] = moments[found]
            chosen.append(found)
        return chosen

    def _too_soon(self, begun: Mapping[int, datetime], place: int, start: datetime) -> HourRule | None:
        """Return the rule to a session before it, of those that have their start, which a start breaks."""
        for other, rule in self.before.get(place, ()):
            if other in begun and elapsed(begun[other], start) < timedelta(minutes=rule.minutes):
                return rule
        return None

    def _too_late(self, begun: Mapping[int, datetime], place: int, start: datetime) -> HourRule | None:
        """Return the rule to a session behind it, of those that have their start, which a start breaks."""
        for other, rule in self.behind.get(place, ()):
            if other in begun and elapsed(start, begun[other]) < timedelta(minutes=rule.minutes):
                return rule
        return None

    def _stuck(self) -> NoStart | None:
        """Return which session has no start if all before it start as early as they may."""
        fixed = dict(self.sessions.begun)
        begun = dict(fixed)
        pushed_by: dict[int, HourRule] = {}
        at_place = {place: at for at, place in enumerate(self.sessions.places)}
        for at, place in enumerate(self.sessions.places):
            rule = None
            for start in self.moments[at].values():
                soon = self._too_soon(begun, place, start)
                late = None if soon is not None else self._too_late(fixed, place, start)
                rule = soon or late
                if rule is None:
                    begun[place] = start
                    break
                if soon is not None:
                    pushed_by[place] = soon
            else:
                if self.starts[at] is not None:
                    return NoStart(at, rule, tuple(self._pushing(at, pushed_by, at_place)))
        return None

    def _pushing(
        self, at: int, pushed_by: Mapping[int, HourRule], at_place: Mapping[int, int]
    ) -> Iterator[int]:
        """Yield the session that is stuck, and those before it that push one another towards it."""
        known: int | None = at
        while known is not None:
            yield known
            rule = pushed_by.get(self.sessions.places[known])
            known = None if rule is None else at_place.get(rule.earlier)

    def _last(self) -> dict[int, datetime]:
        """Return the last start of each session from which all behind it can follow; there is one for each."""
        last = dict(self.sessions.begun)
        for place, moments in zip(reversed(self.sessions.places), reversed(self.moments), strict=True):
            for start in reversed(moments.values()):
                if self._too_late(last, place, start) is None:
                    last[place] = start
                    break
        return last


def free_seat(calendar: Calendar, day: date, start: time, need: SeatNeed, chair: int | None) -> Seat | None:
    """Return the seat that a session can have at an hour, in its own chair if that is free; None if there is none."""
    if not changes_clocks(day, calendar.zone) and not any(part.is_booked for part in calendar.parts()):
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


def no_overlaps(needs: Sequence[SeatNeed], hours: Hours, *, since: int = 0) -> Iterator[HourRule]:
    """Yield what keeps sessions that may go on after midnight from the next one, from a place on."""
    for place in range(max(since, 1), len(needs)):
        if needs[place - 1].place in hours.overnight:
            yield HourRule(place - 1, place, needs[place - 1].minutes, NO_OVERLAP, NO_OVERLAP)


class DaysForHours:
    """
    What rules in hours ask of the days: each day of a session leaves another one some days alone.

    Args:
        hours: When sessions can be.
        needs: What each place needs of a day.
        begun: The starts of sessions that have their hour, by place.
        booked: The bookings that places stand for; one that keeps its day may keep its hour.
    """

    def __init__(
        self,
        hours: Hours,
        needs: Sequence[SeatNeed],
        *,
        begun: Mapping[int, datetime] | None = None,
        booked: Mapping[int, Session] | None = None,
    ) -> None:
        self.hours, self.needs = hours, needs
        self.begun, self.booked = begun or {}, booked or {}
        self._known: dict[tuple[SeatNeed, int], tuple[datetime, datetime] | None] = {}

    def bounds(self, rules: Sequence[HourRule]) -> Iterator[Bound]:
        """Yield what rules in hours ask of the days."""
        if not rules:
            return
        calendars = [self.hours.of_place[place] for place in {need.place for need in self.needs}]
        spans = [span for calendar in calendars for part in calendar.parts() for span in spans_of(part)]
        widest = max(span.end for span in spans) - min(span.start for span in spans) if spans else 0
        after: dict[tuple[object, ...], Callable[[int], int]] = {}
        for rule in rules:
            least = max(-(-(rule.minutes - widest - _CLOCK_CHANGE) // MINUTES_A_DAY), 0)
            own = [
                place for place in (rule.earlier, rule.later) if place in self.begun or place in self.booked
            ]
            alike = (rule.minutes, self.needs[rule.earlier], self.needs[rule.later], *own)
            if alike not in after:
                after[alike] = cache(partial(self.after, rule))
            yield Bound(rule.earlier, rule.later, least, rule=rule.rule, key=rule.key, after=after[alike])

    def after(self, rule: HourRule, day: int) -> int:
        """Return the first day that a rule leaves to its later place if the earlier one is on a day (an ordinal)."""
        starts = self._starts(rule.earlier, day)
        if starts is None:
            return day
        allowed = later(starts[0], timedelta(minutes=rule.minutes))
        then = allowed.date().toordinal()
        on_it = self._starts(rule.later, then)
        return then if on_it is None or on_it[1] >= allowed else then + 1

    def _starts(self, place: int, day: int) -> tuple[datetime, datetime] | None:
        """Return the first and the last start that a place can have on a day; None if there is none."""
        if place in self.begun:
            begun = self.begun[place]
            return (begun, begun) if begun.date().toordinal() == day else None
        need = self.needs[place]
        if (need, day) not in self._known:
            starts = self.hours.start_minutes(need, day)
            on = date.fromordinal(day)
            ends = (starts[0], starts[-1]) if starts else ()
            found = [moment(on, time_of(start), self.hours.zone) for start in ends]
            self._known[need, day] = (found[0], found[1]) if found else None
        known, booking = self._known[need, day], self.booked.get(place)
        if booking is None or booking.time is None or booking.day.toordinal() != day:
            return known
        agreed = choices(booking.day, booking.time, self.hours.zone)
        return (min(known[0], *agreed), max(known[1], *agreed)) if known and agreed else known
