"""
Days of sessions on which what must go with them has an open day: only where a plan has none for it.

Sessions come first, and what goes around them moves none. But where something that must be there finds
no day, sessions are laid again so that it has one, as near to their pattern as that allows. None goes
further from where it would be than its protocol lets sessions be apart: whoever is away for half a year
stretches no course by as much.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from ketsched import house
from ketsched.anchors import anchors
from ketsched.hours import GRID, Hours
from ketsched.model import Companion, Course, Phase
from ketsched.names import in_days
from ketsched.planning.explaining import NoFeasiblePlan
from ketsched.planning.free import FreeTime

FIRST_DAY_WITHIN = 366
"""Days in which the next one that something can have is looked for, where it is to be named."""


class Room:
    """
    For each standing session the appointments that must be there and are counted from it, and the days they can have.

    Args:
        course: A plan in which one of them has no day.
        hours: When they can be.
        after: Today: none is booked before the next day; None: no such day.
    """

    def __init__(self, course: Course, hours: Hours, after: date | None) -> None:
        self.free = FreeTime(course, hours)
        self.earliest = 1 if after is None else after.toordinal() + 1
        self.required = {c.id: c for c in course.protocol.companions if _needs_a_day(c)}
        self.of_place: dict[int, list[Companion]] = {}
        self.standing = course.standing()
        places = {session.id: place for place, session in enumerate(self.standing)}
        for companion in self.required.values():
            first = self._chain(companion)[0]
            for anchored in anchors(first, self.standing, ()):
                place = places.get(anchored.session)
                if place is not None and first.anchor.study_day is None:
                    self.of_place.setdefault(place, []).append(companion)
        self._known: dict[tuple[str, int], bool] = {}
        self._has: dict[tuple[str, int], bool] = {}

    def days(self, place: int, days: Sequence[int]) -> Sequence[int]:
        """Return those of the days of a session on which all that must be there for it can have one."""
        companions = self.of_place.get(place, ())
        if not companions:
            return days
        usual, far = self.standing[place].day.toordinal(), self._furthest(place)
        near = (day for day in days if far is None or abs(day - usual) <= far)
        return [day for day in near if all(self._has_room(companion, day) for companion in companions)]

    def without(self, refused: NoFeasiblePlan) -> NoFeasiblePlan:
        """Return an error with the first day of whoever has none for a session, and how far that moves at most."""
        for place, session in enumerate(self.standing):
            usual = session.day.toordinal()
            lacking = (c for c in self.of_place.get(place, ()) if not self._has_room(c, usual))
            if (companion := next(lacking, None)) is None:
                continue
            blocked, begin = self._blocked(companion, usual)
            later = range(begin, begin + FIRST_DAY_WITHIN)
            first = next((day for day in later if self._is_open(blocked, day)), None)
            has = "no day within a year" if first is None else f"no day before {date.fromordinal(first)}"
            whose = blocked.calendar or self.free.calendar.name
            far = self._furthest(place) if place else None  # the first session stays on the start
            moves = "" if far is None else f", and session {place + 1} moves at most {in_days(far)} for it"
            return refused.because(f"{whose} has {has} for {blocked.title}{moves}")
        return refused

    def _furthest(self, place: int) -> int | None:
        """
        Return how many days a session may be from where it would be without what goes with it.

        None: the rules of its phase bound that, because they require a latest day after the session before.
        """
        phase = self.free.course.protocol.phase(self.standing[place].phase)
        if any(required for required, _ in _latest(phase)):
            return None
        return min((days for _, days in _latest(phase)), default=house.count("moved-for-companion"))

    def _blocked(self, companion: Companion, session_day: int) -> tuple[Companion, int]:
        """Return what first has no day for a session of a day, and from which day on it looks for one."""
        reached = {session_day}
        for one in self._chain(companion):
            days = {day for begin in reached for day in self._open(one, begin, session_day)}
            if not days:
                break
            begins, reached = reached, days
        else:
            reached = begins  # there are days, but too few
        return one, max(min(reached) + one.window.earliest, self.earliest)

    def _chain(self, companion: Companion) -> list[Companion]:
        """Return what an appointment is counted from by way of others, the one counted from a session first."""
        chain = [companion]
        while (name := chain[0].anchor.companion) is not None:
            chain.insert(0, self.free.course.protocol.companion(name))
        return chain

    def _has_room(self, companion: Companion, day: int) -> bool:
        key = companion.id, day
        if key not in self._has:
            reached = {day}
            for one in self._chain(companion):
                reached = {d for begin in reached for d in self._open(one, begin, day)}
            self._has[key] = len(reached) >= (companion.count or 1)
        return self._has[key]

    def _open(self, companion: Companion, begin: int, session_day: int) -> Iterator[int]:
        """Yield the open days that a companion can have from a day on."""
        window = companion.window
        for day in range(max(begin + window.earliest, self.earliest), begin + window.latest + 1):
            if companion.on_session_days == "never" and day == session_day:
                continue
            if self._is_open(companion, day):
                yield day

    def _is_open(self, companion: Companion, day: int) -> bool:
        if companion.kind != "appointment":  # a task that it is counted from takes no time
            return True
        if companion.weekdays and (day - 1) % 7 not in companion.weekdays:  # 1 was a Monday
            return False
        key = companion.id, day
        if key not in self._known:
            whose = self.free.whose(companion)
            self._known[key] = whose.is_open(date.fromordinal(day), companion.minutes, grid=GRID)
        return self._known[key]


def _latest(phase: Phase) -> Iterator[tuple[bool, int]]:
    """Yield how many days two neighbours of a phase may be apart, each with whether that is required."""
    for spacing in phase.spacing:
        days = spacing.in_days().latest
        if spacing.is_for_all and spacing.apart == 1 and days is not None:
            yield spacing.required, days


def _needs_a_day(companion: Companion) -> bool:
    """Whether it is an appointment that must be there, on a day within a window."""
    is_there = companion.required and companion.kind == "appointment" and companion.count is not None
    return is_there and companion.on_session_days in ("never", "allowed")
