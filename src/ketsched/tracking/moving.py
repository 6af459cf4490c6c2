"""
"Can I move this to Wednesday at two?": where a booking may go, what that breaks, and what else would have to move.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Unpack

import attrs

from ketsched.arguments import checked
from ketsched.calendars import Calendar
from ketsched.clock import choices, day_words, elapsed, later, minute_of, moment
from ketsched.errors import InvalidInput, KetschedError
from ketsched.history import History, SessionState, with_sessions
from ketsched.holds import with_statuses, without_old_rides
from ketsched.model import Booking, BookingStatus, Course, Session
from ketsched.names import Names
from ketsched.planning.blockers import closed_by, hour_closed
from ketsched.planning.companions import check_companions, place_companions
from ketsched.planning.rules import hour_rules
from ketsched.planning.seating import Seat, free_seat
from ketsched.revising import days_moved_from, in_order, revise
from ketsched.spacing import Bound
from ketsched.tracking.appointing import AppointmentMove, is_there
from ketsched.tracking.ideals import Ideal
from ketsched.tracking.laying import Replanner
from ketsched.tracking.options import MovingKeywords
from ketsched.tracking.places import OpenPlace, Places
from ketsched.tracking.remarks import far_from, rides_forgotten
from ketsched.tracking.replanning import Replanning, replan_as
from ketsched.tracking.request import Request, request
from ketsched.tracking.targets import Target, check_to_come, too_soon


@attrs.frozen(kw_only=True)
class Moving:
    """
    What moving one session or appointment by hand would mean.

    Attributes:
        session: Its id.
        day: The day it would be on.
        earliest, latest: Between which days the rules allow it with all others in place, both included; None:
            no rule names one.
        days: The open days among these.
        breaks: What moving it alone would break, in words; empty: nothing.
        fits: The course as it would be, if nothing breaks; the same course if it is there already.
        alone: The course with this booking moved, and nothing else; a clinician documents what it breaks. None:
            the day is closed or over, or another session is on it.
        repair: The course with whatever else has to move; None: there is no such plan, or nothing has to.
        error: Why there is no such plan.
    """

    session: str
    day: date
    earliest: date | None
    latest: date | None
    days: tuple[date, ...]
    breaks: tuple[str, ...]
    alone: Course | None
    repair: Course | None
    fits: Course | None = None
    error: KetschedError | None = None


NEAR = 4 * 7
"""Days before and after its own that are looked at for a session without a limit (house default)."""


@checked
def moving(
    course: Course,
    session: str,
    day: date | None = None,
    *,
    calendar: Calendar,
    hour: time | None = None,
    unit: int | None = None,
    **options: Unpack[MovingKeywords],
) -> Moving:
    """
    Say what moving a session or an appointment to a day or an hour would mean; nothing is moved.

    Args:
        course: With what happened recorded.
        session: Id of a session or appointment that is still to come; of a session of today as well.
        day: The local date to move it to; None: its own.
        calendar: When the clinic is open, without this course's own bookings.
        hour: The local time to move it to; None: its own, or the nearest that is free.
        unit: The chair, or which of those whom an appointment takes, from 1; None: its own, or any.
        options: The other keywords of `replan`, but move.

    Raises:
        InvalidInput: The booking cannot be moved, or an argument cannot be used.
    """
    asked = request(course, (), calendar, **options)
    booking = course.bookings().get(session)
    target = Target(day=day or (asked.today if booking is None else booking.day), hour=hour, unit=unit)
    if booking is not None and booking.kind == "companion":
        return moving_appointment(AppointmentMove(asked, session), target)
    return SessionMove(asked, session).tried(target)


@checked
def move(
    course: Course,
    booking: str,
    day: date | None = None,
    *,
    calendar: Calendar,
    hour: time | None = None,
    unit: int | None = None,
    others: bool = False,
    **options: Unpack[MovingKeywords],
) -> Course:
    """
    Return the course with a session or an appointment moved by hand, as its next revision.

    Args:
        course: With what happened recorded.
        booking: Its id.
        day: The local date to move it to; None: its own.
        calendar: When the clinic is open, without this course's own bookings.
        hour: The local time to move it to; None: its own, or the nearest that is free.
        unit: The chair, or which of those whom an appointment takes, from 1; None: its own, or any.
        others: Whether other sessions may move with it; else it is moved only where nothing else has to.
        options: The other keywords of `replan`, but move.

    Raises:
        InvalidInput: It cannot be there, or not without moving others; it says what that would break.
    """
    found = moving(course, booking, day, calendar=calendar, hour=hour, unit=unit, **options)
    if found.fits is not None:
        return found.fits
    if others and found.repair is not None:
        return found.repair
    why = "; ".join(found.breaks)
    raise InvalidInput(
        what=f"{booking[:40]!r} cannot be moved to {found.day}",
        where="move",
        why=why if found.error is None else f"{why}; {found.error.what}",
        fix="choose another day or hour" + (", or let others move too" if found.repair else ""),
        argument="move",
    )


def moving_appointment(move: AppointmentMove, target: Target) -> Moving:
    """Say what moving an appointment, or booking one that is off, would mean."""
    same = is_there(move.placed, target)  # it may stay, whatever the notice
    why = "" if same else move.cannot(target)[0]
    breaks = [why] if why else [words for words, _ in move.breaks(target)]
    alone = None if why else move.asked.course if same else move.moved(target)
    first, last = move.between or (None, None)
    return Moving(
        session=move.placed.id,
        day=target.day,
        earliest=first,
        latest=last,
        days=tuple(move.days()) if breaks else (),
        breaks=() if same else tuple(breaks),
        alone=alone,
        repair=None,
        fits=alone if same or not breaks else None,
    )


def _as_planned(history: History, session: str) -> History:
    """Return a history in which a session of today is still to come: by hand it may be moved to later."""
    judged = [
        attrs.evolve(one, state=SessionState.PLANNED)
        if one.session.id == session and one.state is SessionState.DUE
        else one
        for one in history.sessions
    ]
    return with_sessions(history, history.visits, judged)


class SessionMove:
    """One session that is to be moved, with all others where they are."""

    def __init__(self, asked: Request, session: str) -> None:
        history = _as_planned(asked.history, session)
        check_to_come(history, session)
        self.asked = attrs.evolve(asked, history=history)
        self.course = history.course
        self.booking = next(s for s in self.course.sessions if s.id == session)
        self.need = OpenPlace(self.course.protocol.phase(self.booking.phase), self.booking).need
        self.calendar = asked.hours.of_place[self.need.place]
        self._others: Replanning | None = None

    @cached_property
    def planner(self) -> Replanner:
        """What lays the others."""
        asked = self.asked
        return Replanner(
            asked.history,
            asked.hours,
            notice=asked.options.days_of_notice,
            left=days_moved_from(asked.course),
        )

    @cached_property
    def standing(self) -> list[Ideal]:
        """The sessions to come where they are, this one among them."""
        policies = {phase.name: phase.missed for phase in self.course.protocol.phases}
        ideals = self.planner.ideal_days.intent(policies, only={self.booking.id: self.booking.day}).ideals
        return [ideal for ideal in ideals if ideal.place.booking is not None]

    @cached_property
    def own(self) -> int:
        """Which of them it is."""
        return next(n for n, ideal in enumerate(self.standing) if ideal.place.booking == self.booking)

    @cached_property
    def taken(self) -> set[date]:
        """The days of the other sessions."""
        return {other.day for other in self.course.standing() if other.id != self.booking.id}

    def is_there(self, target: Target) -> bool:
        """Whether the session stands just there already."""
        booking = self.booking
        same = booking.day == target.day and target.hour in (None, booking.time)
        return same and target.unit in (None, booking.chair)

    def cannot(self, target: Target) -> tuple[str, str]:
        """Say why it cannot be there at all, and the key of that; empty if it can."""
        day = target.day
        closed = closed_by(self.calendar, day, self.need)
        if closed:
            return f"{day_words(day)}: {closed}", "closed"
        past = too_soon(self.booking, target, self.asked)
        if past[0]:
            return past
        if self.seat(target) is None:
            return f"{day_words(day)}{self._why_no_seat(target)}", "taken"
        return "", ""

    def _why_no_seat(self, target: Target) -> str:
        """Say what stands in the way of the hour, or the chair, that was asked for."""
        start = target.hour or self.booking.time
        if start is None:
            return ": it has no hour, and a chair is taken for an hour"
        minutes, clinic = self.need.minutes, self.asked.hours.calendar.name
        why, _ = hour_closed(self.calendar, target.day, start, minutes, clinic)
        return f" at {start:%H:%M}: {why or f'chair {target.unit} is taken, or there is none'}"

    def breaks(self, target: Target) -> Iterator[tuple[str, str]]:
        """Yield what is broken with the session there and the others where they are, each with its key."""
        ideals = list(self.standing)
        moved = ideals[self.own] = attrs.evolve(ideals[self.own], day=target.day.toordinal())
        ideals.sort(key=self.planner.ideal_days.in_order)
        places, days = self._laid(ideals)
        place = places.first + ideals.index(moved)
        for bound in places.bounds if target.day != self.booking.day else ():
            if not bound.required or place not in (bound.earlier, bound.later) or bound.keeps(days):
                continue
            yield self._apart(bound, place, places, ideals), bound.key
        yield from self._hours_broken(target, places, place, ideals)
        yield from self._appointments_then(target)

    def _apart(self, bound: Bound, place: int, places: Places, ideals: Sequence[Ideal]) -> str:
        """Say how far the session of a place is from another, and what the protocol requires there."""
        days = [*(taken.day for taken in places.fixed), *(ideal.day for ideal in ideals)]
        other = bound.earlier if bound.later == place else bound.later
        gap = abs(days[place] - days[other])
        when = "before" if days[other] > days[place] else "after"
        booking = self._booked_at(other, places, ideals)
        whom = day_words(date.fromordinal(days[other])) if booking is None else Names(self.course).of(booking)
        return far_from(bound, gap, when, whom)

    def _booked_at(self, place: int, places: Places, ideals: Sequence[Ideal]) -> Session | None:
        """Return the session of a place; None if it has no booking."""
        if place >= places.first:
            return ideals[place - places.first].place.booking
        return next((s for s in self.course.sessions if s.id == places.fixed[place].session), None)

    def _hours_broken(
        self, target: Target, places: Places, place: int, ideals: Sequence[Ideal]
    ) -> Iterator[tuple[str, str]]:
        rules = [rule for rule in hour_rules(places.runs) if place in (rule.earlier, rule.later)]
        seat = self.seat(target) if rules and target.hour is not None else None
        if seat is None or seat.time is None:
            return
        others = [self._booked_at(n, places, ideals) for n in range(places.first + len(ideals))]
        begins = moment(target.day, seat.time, self.course.zone)
        for rule in rules:
            other = others[rule.earlier if rule.later == place else rule.later]
            start = self._start(other)
            if start is not None and elapsed(*sorted((start, begins))).total_seconds() < rule.minutes * 60:
                yield f"{day_words(target.day)} at {seat.time:%H:%M}: {rule.rule}", rule.key

    def _appointments_then(self, target: Target) -> Iterator[tuple[str, str]]:
        """Yield which of the patient's appointments it would be at the hour of; laid anew, they make way."""
        seat = None if self.is_laid_anew(target) else self.seat(target)
        if seat is None or seat.time is None:
            return
        begins = moment(target.day, seat.time, self.course.zone)
        ends = later(begins, timedelta(minutes=self.need.minutes))
        for placed in self.course.companions:
            companion = self.course.protocol.companion(placed.companion)
            to_come = placed.status in (BookingStatus.FIRM, BookingStatus.TENTATIVE)
            times = self.course.appointment(placed) if to_come and companion.for_patient else None
            if times is None or companion.on_session_days == "during":
                continue
            if times[0] < ends and begins < times[1]:
                yield (
                    f"{day_words(target.day)} at {seat.time:%H:%M}: the patient has {companion.title} then",
                    "taken",
                )

    def _start(self, session: Booking | None) -> datetime | None:
        if session is None or session.time is None:
            return None
        once = len(choices(session.day, session.time, self.course.zone)) == 1
        return moment(session.day, session.time, self.course.zone) if once else None

    def tried(self, target: Target) -> Moving:
        """Return what moving it there would mean."""
        day, first = target.day, self.planner.first
        low, high = self.between()
        begin, end = low or self.booking.day.toordinal() - NEAR, high or self.booking.day.toordinal() + NEAR
        is_open = self.asked.hours.open_days(self.need, max(begin, first), max(end, first))
        if self.is_there(target):
            breaks, why = [], ""
        else:
            why, _ = self.cannot(target)
            breaks = [why] if why else []
            breaks += [words for words, _ in self.breaks(target)]
        can_be = not why
        within = self.is_laid_anew(target)
        repair, error = self._repaired(target) if can_be and breaks and within else (None, None)
        alone = self.moved(target) if can_be and day not in self.taken else None
        fits = alone if not breaks else None
        if fits is not None and within:
            fits, error = self._repaired(target)
        return Moving(
            session=self.booking.id,
            day=day,
            earliest=None if low is None else date.fromordinal(low),
            latest=None if high is None else date.fromordinal(high),
            days=tuple(date.fromordinal(d) for d in is_open if begin <= d <= end),
            breaks=tuple(dict.fromkeys(breaks)),
            alone=alone,
            repair=repair,
            fits=fits,
            error=error,
        )

    def _laid(self, ideals: Sequence[Ideal], *, moves: int | None = None) -> tuple[Places, list[int]]:
        """Return the places, and their days; one of those to come may not have its day yet."""
        taken = self.planner.ideal_days.fixed
        known = tuple(None if n == moves else ideal.day for n, ideal in enumerate(ideals))
        places = self.planner.ideal_days.places((ideal.place for ideal in ideals), known)
        return places, [*(one.day for one in taken), *(ideal.day for ideal in ideals)]

    def between(self) -> tuple[int | None, int | None]:
        """Return between which days the required rules allow the session with all others where they are."""
        places, days = self._laid(self.standing, moves=self.own)
        place = places.first + self.own
        low: list[int] = []
        high: list[int] = []
        for bound in places.bounds:
            if not bound.required:
                continue
            if bound.later == place:
                low += [days[bound.earlier] + bound.minimum] if bound.minimum is not None else []
                high += [days[bound.earlier] + bound.latest] if bound.latest is not None else []
            elif bound.earlier == place:
                high += [days[bound.later] - bound.minimum] if bound.minimum is not None else []
                low += [days[bound.later] - bound.latest] if bound.latest is not None else []
        first, last = max(low, default=None), min(high, default=None)
        while first is not None and self._keeps(first - 1):  # months have fewer days than they can have
            first -= 1
        while last is not None and self._keeps(last + 1):
            last += 1
        return first, last

    def _keeps(self, day: int) -> bool:
        """Whether the required rules allow the session on a day with all others where they are."""
        ideals = list(self.standing)
        ideals[self.own] = attrs.evolve(ideals[self.own], day=day)
        places, days = self._laid(ideals)
        place = places.first + self.own
        touching = (b for b in places.bounds if b.required and place in (b.earlier, b.later))
        return all(bound.keeps(days) for bound in touching)

    def is_laid_anew(self, target: Target) -> bool:
        """Whether the others are laid again with it: on another day, from the first that is planned on."""
        return target.day.toordinal() >= self.planner.first and target.day != self.booking.day

    def can_be_repaired(self, target: Target) -> bool:
        """Whether there is a course with it there, and whatever else has to move."""
        try:
            self._others = self._others or Replanning(self._with_others(target))
            return self._others.is_possible({self.booking.id: target.day})
        except KetschedError:
            return False

    def can_be_alone(self, target: Target) -> bool:
        """Whether there is a course with it there and the others where they are, which breaks no rule between them."""
        if not self.is_laid_anew(target):
            return True
        if not self._others_stay:
            return self.can_be_repaired(target)
        try:
            check_companions(self._placed_at(target), self.asked.hours, after=self.asked.today)
        except KetschedError:
            return self.can_be_repaired(target)
        return True

    @cached_property
    def _others_stay(self) -> bool:
        """Whether laying them again would leave the others where they are: they stand, and nothing is lacking."""
        settled = self.planner.is_settled() and not self.course.lifted
        in_hours = any(True for _ in hour_rules(self._laid(self.standing)[0].runs))
        return settled and not in_hours

    def _placed_at(self, target: Target) -> Course:
        """Return the course with the session there, its hour among those that are free."""
        seat = self.seat(target) or Seat(None, self.booking.chair)
        moved = attrs.evolve(self.booking, day=target.day, time=seat.time, chair=seat.chair, pinned=True)
        sessions = in_order(moved if s is self.booking else s for s in self.course.sessions)
        return without_old_rides(attrs.evolve(self.course, sessions=sessions), self.asked.course)

    def starts(self, day: date) -> tuple[tuple[time, tuple[int, ...]], ...]:
        """Return the hours of a day at which a session can start, each with the chairs that are free then."""
        chairs = next((part.chairs for part in self.calendar.parts() if part.chairs is not None), None)
        found = []
        for start in self.calendar.starts(day, self.need.minutes):
            seats = (
                free_seat(self.calendar, day, start, self.need, number)
                for number in range(1, (chairs or 0) + 1)
            )
            found.append(
                (start, tuple(sorted({s.chair for s in seats if s is not None and s.chair is not None})))
            )
        return tuple(found)

    def _with_others(self, target: Target) -> Request:
        chosen = target.hour is not None or target.unit is not None
        seat = self.seat(target) if chosen else None
        options = attrs.evolve(
            self.asked.options,
            move={self.booking.id: target.day},
            seats={} if seat is None else {self.booking.id: seat},
        )
        return attrs.evolve(self.asked, options=options)

    def _repaired(self, target: Target) -> tuple[Course | None, KetschedError | None]:
        """Return the course with whatever else has to move, or why there is none."""
        try:
            return replan_as(self._with_others(target)), None
        except KetschedError as error:
            return None, error

    def moved(self, target: Target) -> Course:
        """Return the course with the session moved and pinned, and nothing else."""
        if self.is_there(target):
            return self.asked.course
        before, known = self.asked.course, self._placed_at(target)
        around = place_companions(known, self.asked.hours, after=self.asked.today, tasks_only=True)
        sessions, companions = with_statuses(known, before=before, bookings=around)
        return revise(
            before,
            at=self.asked.at,
            kind="moved",
            who=self.asked.who,
            sessions=sessions,
            companions=companions,
            why={self.booking.id: "moved by hand"},
            remarks=rides_forgotten(before, known),
            visits=known.visits,
            patient=known.patient,
            files=known.files,
        )

    def seat(self, target: Target) -> Seat | None:
        """Return the hour and chair there: as they are, else the nearest hour that is free; None if there is none."""
        start, chair = self.booking.time, self.booking.chair
        if target.hour is not None or target.unit is not None:
            start = target.hour or start
            if start is None:
                return None
            wanted = target.unit or chair
            free = free_seat(self.calendar, target.day, start, self.need, wanted)
            return free if target.unit is None or free is None or free.chair == target.unit else None
        if start is None:
            return Seat(None, chair)
        free = free_seat(self.calendar, target.day, start, self.need, chair)
        if free is not None:
            return free
        starts = self.calendar.starts(target.day, self.need.minutes)
        if not starts:
            return None
        nearest = min(starts, key=lambda at: abs(minute_of(at) - minute_of(start)))
        return free_seat(self.calendar, target.day, nearest, self.need, None) or Seat(nearest, None)
