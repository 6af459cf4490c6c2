"""
Why something that must be there has no day: what closes its window, and what would open it (tried).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby

import attrs

from ketsched.calendars import Calendar
from ketsched.closures import Opening
from ketsched.hours import Hours
from ketsched.model import Course
from ketsched.placing import Effort, TooManyPlans, place
from ketsched.placing.values import Problem
from ketsched.planning.blockers import Cause, each_part, weekly
from ketsched.planning.explaining import NoFeasiblePlan
from ketsched.planning.free import FreeTime
from ketsched.planning.runs import Run

WEEKLY = "weekly hours"
"""The key of what closes a day in every week."""
WIDEN = "widen its window, change its calendar, or let it be recommended (required = false)"


def no_day(course: Course, free: FreeTime, run: Run, *, earliest: int, effort: Effort) -> NoFeasiblePlan:
    """
    Say what closes each day of a window, what rules there are, and which day to open (tried).

    Args:
        course: Its course.
        free: When it can be, with everything booked that is before it.
        run: What has no day.
        earliest: First day (an ordinal) on which anything new can be.
        effort: What may still be tried.
    """
    companion = run.companion
    if run.first > run.last:
        return _over(course, run, earliest)
    reasons = [(day, free.why_not(companion, day)) for day in run.window]
    closed = [
        _stretch([day for day, _ in same], reason)
        for reason, same in groupby(reasons, lambda found: found[1])
        if reason
    ]
    still_open = sum(not reason for _, reason in reasons)
    if still_open:
        closed.append(f"{still_open} of these days are open")
        closed += [spacing.words() for spacing in companion.spacing]
    first, last = date.fromordinal(run.first), date.fromordinal(run.last)
    opening = next((day for day in run.window if _would_help(free, run, day, effort)), None)
    number = "it" if len(run.ids) == 1 else f"{len(run.ids)} of it"
    return NoFeasiblePlan(
        what=f"no day for {companion.title}",
        where=_where(course, run),
        why=f"{number} must be on {first} to {last}; " + "; ".join(closed),
        fix=WIDEN if opening is None else f"open {date.fromordinal(opening)}, or {WIDEN}",
        causes=list(_causes(free, run, reasons)),
    )


def could_move(refused: NoFeasiblePlan) -> bool:
    """Whether other days of the sessions could leave one: not every week is closed."""
    return set(refused.keys) != {WEEKLY}


def made_room(refused: NoFeasiblePlan) -> str:
    """Say why some sessions are on other days than they would be on by themselves."""
    return f"{refused.what} with all sessions nearest to their pattern: some are on other days for it"


def _causes(free: FreeTime, run: Run, reasons: Sequence[tuple[int, str]]) -> Iterator[Cause]:
    """Yield what closes the days of a window: each day closed by date or taken, and what closes any week once."""
    told = set()
    for day, why in reasons:
        on, in_other_weeks = date.fromordinal(day), free.fits_weekly(run.companion, day)
        if why and (in_other_weeks or why not in told):
            told.add(why)
            dated = in_other_weeks and free.closed_by_date(run.companion, day)
            key = f"{'closed' if dated else 'taken'} {on}" if in_other_weeks else WEEKLY
            yield Cause(on, f"{on}: {why}" if in_other_weeks else why, key, can_open=dated)


def opened(hours: Hours, day: date) -> Hours:
    """Return hours with a day opened that is closed by date, for everybody: at the hours of its day of the week."""

    def open_on(calendar: Calendar) -> Calendar:
        return each_part(calendar, lambda part: _opened_part(part, day))

    return Hours(
        open_on(hours.calendar),
        staff={name: open_on(calendar) for name, calendar in hours.staff.items()},
        availability=hours.availability and open_on(hours.availability),
        wishes=hours.wishes,
        time=hours.time,
    )


def _opened_part(part: Calendar, day: date) -> Calendar:
    if part.closed_by(day) is None:
        return part
    others = tuple(one for one in part.openings if one.day != day)
    closures = tuple(closure for closure in part.closures if closure.day != day)
    return attrs.evolve(part, closures=closures, openings=(*others, Opening(day, weekly(part).ranges(day))))


def _where(course: Course, run: Run) -> str:
    companion = run.companion
    from_it = f"from {companion.anchor.words()} ({run.anchored.day}) on"
    return f"{course.protocol.id}, companion {companion.id}: {from_it}"


def _over(course: Course, run: Run, earliest: int) -> NoFeasiblePlan:
    """Say that the last day on which something could be is over."""
    companion, window = run.companion, run.companion.window
    first, last = (run.anchored.day.toordinal() + days for days in (window.earliest, window.latest))
    on = date.fromordinal(earliest)
    later = date.fromordinal(run.anchored.day.toordinal() + earliest - last)
    return NoFeasiblePlan(
        what=f"no day for {companion.title}",
        where=_where(course, run),
        why=f"it must be on {date.fromordinal(first)} to {date.fromordinal(last)}, and nothing new is before {on}",
        fix=f"start so that {companion.anchor.words()} is on {later} or later, or let it be recommended "
        "(required = false)",
        causes=(Cause(None, "its window is over", f"{companion.id}/window"),),
    )


def _would_help(free: FreeTime, run: Run, day: int, effort: Effort) -> bool:
    """Whether one day that a date closes would give the run its days, if it were open."""
    if not free.closed_by_date(run.companion, day):
        return False
    days = tuple(d for d in run.window if d == day or free.is_open(run.companion, d))
    try:
        opened = Problem((days,) * len(run.ids), tuple(run.bounds()), run.ideals)
        return place(opened, effort) is not None
    except TooManyPlans:
        return False


def _stretch(days: Sequence[int], reason: str) -> str:
    first, last = date.fromordinal(days[0]), date.fromordinal(days[-1])
    return f"{first}: {reason}" if first == last else f"{first} to {last}: {reason}"
