"""
"Can I move this session to Wednesday?": where it may go, what that breaks, and what else would have to move.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import attrs

from ketsched.around import confirmed
from ketsched.calendars import Calendar
from ketsched.clock import minute_of, plausible
from ketsched.errors import KetschedError
from ketsched.hours import Hours
from ketsched.model import Course
from ketsched.planning.blockers import closed_by
from ketsched.planning.seating import free_seat
from ketsched.revising import in_order, revised
from ketsched.tracking import arguments
from ketsched.tracking.aiming import Aimed
from ketsched.tracking.laying import Replanner
from ketsched.tracking.recording import apply_visits, today_of
from ketsched.tracking.remaining import Remaining, Slot
from ketsched.tracking.replanning import replan, to_come


@attrs.frozen(kw_only=True)
class Moving:
    """
    What moving one session by hand would mean.

    Attributes:
        session: Its id.
        day: The day it would be on.
        earliest, latest: Between which days the rules allow it with all others in place, both included; None:
            no rule names one.
        days: The open days among these.
        breaks: What moving it alone would break, in words; empty: nothing.
        alone: The course with this session moved, and nothing else; a clinician documents what it breaks. None:
            the day is closed, or another session is on it.
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
    error: KetschedError | None = None


NEAR = 4 * 7
"""Days before and after its own that are looked at for a session without a limit (house default)."""


def moving(
    course: Course,
    session: str,
    day: date,
    *,
    calendar: Calendar,
    at: datetime | None = None,
    as_of: date | None = None,
    availability: Calendar | None = None,
    notice: int = 1,
    who: str = "",
    **options: Any,
) -> Moving:
    """
    Say what moving a session to a day would mean; nothing is moved.

    Args:
        course: With what happened recorded.
        session: Id of a session that is still to come.
        day: The local date to move it to.
        calendar: When the clinic is open, without this course's own bookings.
        at: The moment of the revision that it would be, aware.
        as_of: Today, the local date at the clinic; that of `at`, unless given.
        availability: When the patient can.
        notice: Nothing is moved to before so many days after today.
        who: Who moves it.
        options: Further options of `replan`, for the repair.
    """
    notice = arguments.notice_of(notice)
    chosen = "" if session is None else session  # None is no session either
    arguments.check(course, calendar=calendar, availability=availability, session=chosen, day=day, who=who)
    today = today_of(course, at, as_of)
    plausible(day, "move")
    history = apply_visits(course, (), as_of=today)
    known = history.course
    to_come(history, chosen)
    planner = Replanner(history, Hours(calendar, availability=availability), notice=notice)
    own = next(s for s in known.sessions if s.id == session)
    policies = {phase.name: phase.missed for phase in known.protocol.phases}
    aimed = planner.aiming.aims(policies, only={session: own.day}).aimed
    standing = [aim for aim in aimed if aim.slot.booking is not None]
    at_place = next(n for n, aim in enumerate(standing) if _is(aim, session))
    rest, days = _laid(known, planner, standing)
    place_of = rest.first + at_place
    low, high = _range(rest, days, place_of)
    kind = Slot(known.protocol.phase(own.phase), own).kind
    first, last = low or own.day.toordinal() - NEAR, high or own.day.toordinal() + NEAR
    is_open = planner.hours.open_days(kind, max(first, planner.first), max(last, planner.first))
    closed = closed_by(planner.hours.of_place[kind.place], day, kind)
    breaks = [f"{day}: {closed}"] if closed else []
    if day.toordinal() < planner.first:
        breaks.append(f"with the notice given nothing is moved to before {date.fromordinal(planner.first)}")
    breaks += _broken(known, planner, standing, at_place, day)
    found: dict[str, Any] = {"alone": None, "repair": None}
    taken = any(other.day == day and other.id != session for other in known.standing())
    if not closed and day.toordinal() >= planner.first:
        if not taken:
            found["alone"] = _alone(course, known, planner, session, day, at, who)
        if breaks:
            try:
                found["repair"] = replan(
                    course,
                    calendar=calendar,
                    at=at,
                    as_of=today,
                    availability=availability,
                    notice=notice,
                    move={session: day},
                    who=who,
                    **options,
                )
            except KetschedError as error:
                found["error"] = error
    return Moving(
        session=session,
        day=day,
        earliest=None if low is None else date.fromordinal(low),
        latest=None if high is None else date.fromordinal(high),
        days=tuple(date.fromordinal(d) for d in is_open if first <= d <= last),
        breaks=tuple(dict.fromkeys(breaks)),
        **found,
    )


def _is(aim: Aimed, session: str) -> bool:
    return aim.slot.booking is not None and aim.slot.booking.id == session


def _laid(course: Course, planner: Replanner, aimed: Sequence[Aimed]) -> tuple[Remaining, list[int]]:
    rest = Remaining(course, planner.aiming.taken, tuple(aim.slot for aim in aimed))
    return rest, [*(taken.day for taken in rest.taken), *(aim.day for aim in aimed)]


def _range(rest: Remaining, days: Sequence[int], place_of: int) -> tuple[int | None, int | None]:
    """Return between which days the required rules allow a place with all others where they are."""
    low: list[int] = []
    high: list[int] = []
    for bound in rest.bounds:
        if not bound.required:
            continue
        if bound.later == place_of:
            low += [days[bound.earlier] + bound.minimum] if bound.minimum is not None else []
            high += [days[bound.earlier] + bound.latest] if bound.latest is not None else []
        elif bound.earlier == place_of:
            high += [days[bound.later] - bound.minimum] if bound.minimum is not None else []
            low += [days[bound.later] - bound.latest] if bound.latest is not None else []
    return max(low, default=None), min(high, default=None)


def _broken(
    course: Course, planner: Replanner, aimed: Sequence[Aimed], at_place: int, day: date
) -> list[str]:
    """Return what is broken with a session on another day and the others where they are, in words."""
    moved = [attrs.evolve(aim, day=day.toordinal()) if n == at_place else aim for n, aim in enumerate(aimed)]
    own = moved[at_place]
    moved.sort(key=planner.aiming.in_order)
    rest, days = _laid(course, planner, moved)
    place_of = rest.first + moved.index(own)
    said = []
    for bound in rest.bounds:
        if not bound.required or place_of not in (bound.earlier, bound.later) or bound.keeps(days):
            continue
        other = bound.earlier if bound.later == place_of else bound.later
        gap = abs(days[place_of] - days[other])
        when = "before" if other > place_of else "after"
        said.append(f"{gap} d {when} {date.fromordinal(days[other])}: {bound.rule}")
    return said


def _alone(
    course: Course, known: Course, planner: Replanner, session: str, day: date, at: datetime | None, who: str
) -> Course:
    """Return the course with one session moved and pinned, at its hour if that is free."""
    booking = next(s for s in known.sessions if s.id == session)
    kind = Slot(known.protocol.phase(booking.phase), booking).kind
    calendar = planner.hours.of_place[kind.place]
    start, chair = booking.time, booking.chair
    if start is not None:
        free = free_seat(calendar, day, start, kind, chair)
        if free is None:
            before = start
            start = min(
                calendar.starts(day, kind.minutes), key=lambda t: abs(minute_of(t) - minute_of(before))
            )
            free = free_seat(calendar, day, start, kind, None)
        chair = None if free is None else free.chair
    moved = attrs.evolve(booking, day=day, time=start, chair=chair, pinned=True)
    changed = in_order([moved if s.id == session else s for s in known.sessions])
    sessions, companions = confirmed(attrs.evolve(known, sessions=changed), before=course)
    return revised(
        course,
        at=at,
        kind="moved",
        who=who,
        sessions=sessions,
        companions=companions,
        why={session: "moved by hand"},
        visits=known.visits,
    )
