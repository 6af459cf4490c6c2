"""
A second reading of protocols and calendars, by which plans are judged.

Written from the definitions, without the planner's layout, bounds or search: ideal days and
rules are worked out again for every vector of dates, and all vectors within a stretch are
tried. Weekly hours, dated closures and openings are read off the calendar's own fields.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import combinations, pairwise
from zoneinfo import ZoneInfo

from ketsched.calendars import Calendar
from ketsched.model import Course, Phase, Protocol, Session, Spacing
from making import whole

Cost = tuple[int, int, int, date, tuple[date, ...]]


def minutes_of(phase: Phase) -> int:
    parts = phase.anatomy
    return parts.prepare + parts.infusion + parts.observation + parts.discharge


def spans(calendar: Calendar, day: date) -> list[tuple[int, int]]:
    """The minutes of a day, half-open, in which a calendar and all its others are open (one zone)."""
    dated = {opening.day: opening.hours for opening in calendar.openings}
    if day in dated:
        own = dated[day]
    elif day in {closure.day for closure in calendar.closures}:
        own = ()
    else:
        own = calendar.hours[day.weekday()]
    found = [(span.start, span.end) for span in own]
    for other in calendar.others:
        theirs = spans(other, day)
        found = [(max(a, c), min(b, d)) for a, b in found for c, d in theirs if max(a, c) < min(b, d)]
    return found


def is_open(calendar: Calendar, day: date, minutes: int) -> bool:
    """Whether a start on the quarter of an hour fits; bookings and clock changes play no part."""
    return any(-(-begin // 15) * 15 + minutes <= end for begin, end in spans(calendar, day))


# -- ideal days and rules, place by place


def placed(protocol: Protocol) -> list[tuple[Phase, int]]:
    """The phase of every place and its number there from 0; every phase has a count."""
    return [(phase, k) for phase in protocol.phases for k in range(phase.count)]


def on_or_after(weekdays: Sequence[int], day: date) -> date:
    while day.weekday() not in weekdays:
        day += timedelta(1)
    return day


def ideal(  # noqa: PLR0912 - the definition, a branch for each pattern
    protocol: Protocol, days: Sequence[date], at: int
) -> date:
    """The day that the pattern asks for at a place, given the days before it; intervals are in days."""
    phase, k = placed(protocol)[at]
    opening = at - k
    used = 0  # intervals that the join has taken
    if opening == 0:
        first = days[0]
    else:
        last, join = days[opening - 1], phase.join
        if join is not None and join.ideal is not None:
            first = last + timedelta(whole(join.ideal))
        elif phase.every and not (join is not None and join.next_week):
            first, used = last + timedelta(phase.every[0].days), 1
        else:
            first = days[0]
            while first <= last:
                first += timedelta(7)
        if phase.weekdays:
            first = on_or_after(phase.weekdays, first)
    if k == 0:
        return first
    if phase.anchor == "previous":
        before, done = days[at - 1], k - 1
    else:
        before, done = first, 0
    apart = max(
        [whole(s.minimum) for s in phase.spacing if s.required and s.apart == 1 and s.between is None],
        default=0,
    )
    for number in range(done, k):
        if phase.weekdays:
            wide = phase.anchor == "previous" or before.weekday() not in phase.weekdays
            before = on_or_after(phase.weekdays, before + timedelta(max(1, apart) if wide else 1))
        elif phase.study_days:
            before += timedelta(phase.study_days[number + 1] - phase.study_days[number])
        else:
            before += timedelta(phase.every[min(number + used, len(phase.every) - 1)].days)
    return before


def too_near_or_far(gap: int, spacing: Spacing) -> bool:
    near = spacing.minimum is not None and gap < whole(spacing.minimum)
    return near or (spacing.latest is not None and gap > whole(spacing.latest))


def broken(  # noqa: PLR0912 - the definition, a branch for each kind of bound
    protocol: Protocol, days: Sequence[date]
) -> tuple[int, int]:
    """How many bounds in days the plan breaks: required ones, preferred ones."""
    faults = [0, 0]
    begin = 0
    before: tuple[Phase, list[date]] | None = None
    for phase in protocol.phases:
        own = list(days[begin : begin + phase.count])
        for spacing in phase.spacing:
            if spacing.between is not None:
                first, second = spacing.between
                pairs = [(own[first - 1], own[second - 1])] if second <= len(own) else []
            else:
                pairs = list(zip(own, own[spacing.apart :], strict=False))
            for one, other in pairs:
                faults[not spacing.required] += too_near_or_far((other - one).days, spacing)
        if phase.weeks is not None and len(own) > 1:
            weeks = -(-((own[-1] - own[0]).days + 1) // 7)
            faults[not phase.weeks_required] += not phase.weeks[0] <= weeks <= phase.weeks[1]
        if before is not None:
            earlier, theirs = before
            join = phase.join
            gap = (own[0] - theirs[-1]).days
            if join is not None and (join.minimum is not None or join.latest is not None):
                faults[0] += join.minimum is not None and gap < whole(join.minimum)
                faults[0] += join.latest is not None and gap > whole(join.latest)
            else:
                both = theirs + own
                for spacing in earlier.spacing:
                    if spacing.minimum is None or spacing.between is not None:
                        continue
                    for at in range(len(theirs), min(len(theirs) + spacing.apart, len(both))):
                        if at >= spacing.apart:
                            gap = (both[at] - both[at - spacing.apart]).days
                            faults[not spacing.required] += gap < whole(spacing.minimum)
        before = (phase, own)
        begin += phase.count
    faults[0] += sum(one >= other for one, other in pairwise(days))
    return faults[0], faults[1]


def cost(protocol: Protocol, days: Sequence[date], wished: Calendar | None) -> Cost:
    """The order of plans; `wished` is the clinic's calendar, the patient's and the wishes together."""
    preferred = broken(protocol, days)[1]
    if wished is not None:
        phases = [phase for phase, _ in placed(protocol)]
        preferred += sum(
            not is_open(wished, day, minutes_of(phase)) for day, phase in zip(days, phases, strict=True)
        )
    missed = [abs((day - ideal(protocol, days, at)).days) for at, day in enumerate(days)]
    return preferred, sum(missed), max(missed), days[-1], tuple(days)


def plans(protocol: Protocol, start: date, calendar: Calendar, reach: int) -> Iterator[tuple[date, ...]]:
    """Every vector of open days up to `reach` days after the start that keeps the required rules."""
    phases = [phase for phase, _ in placed(protocol)]
    lengths = {minutes_of(phase) for phase in phases}
    opened = {
        n: {start + timedelta(k) for k in range(reach + 1) if is_open(calendar, start + timedelta(k), n)}
        for n in lengths
    }
    if start not in opened[minutes_of(phases[0])]:
        return
    later = sorted(day for day in set().union(*opened.values()) if day > start)
    for rest in combinations(later, len(phases) - 1):
        days = (start, *rest)
        fits = all(day in opened[minutes_of(phase)] for day, phase in zip(days, phases, strict=True))
        if fits and not broken(protocol, days)[0]:
            yield days


def best(
    protocol: Protocol, start: date, calendar: Calendar, wished: Calendar | None, reach: int
) -> Cost | None:
    """The cost of the best plan within reach, or None if there is none."""
    found = (cost(protocol, days, wished) for days in plans(protocol, start, calendar, reach))
    return min(found, default=None)


# -- what is wrong with a course


def faults(course: Course, calendar: Calendar, booked: Iterable[Course] = ()) -> list[str]:
    """Every required rule, opening hour and chair that a course breaks."""
    said = []
    protocol, zone = course.protocol, ZoneInfo(course.zone)
    days = [session.day for session in course.sessions]
    if broken(protocol, days)[0]:
        said.append("a required bound is broken")
    phases = {phase.name: phase for phase in protocol.phases}
    taken = [(s.chair, *held(other, s)) for other in booked for s in other.sessions]
    chairs = next((part.chairs for part in calendar.parts() if part.chairs), None)
    for session in course.sessions:
        begin = session.time.hour * 60 + session.time.minute
        length = minutes_of(phases[session.phase])
        if begin % 15:
            said.append(f"{session.id} starts off the grid")
        if not any(a <= begin and begin + length <= b for a, b in spans(calendar, session.day)):
            said.append(f"{session.id} lies outside the opening hours")
        there = datetime.combine(session.day, session.time, zone)
        if there.utcoffset() != there.replace(fold=1).utcoffset():
            said.append(f"{session.id} starts at a time that is skipped or repeated")
        if chairs is not None:
            start, end = held(course, session)
            busy = {chair for chair, a, b in taken if a < end and start < b}
            free = [chair for chair in range(1, chairs + 1) if chair not in busy]
            if session.chair != min(free, default=None):
                said.append(f"{session.id} does not have the lowest free chair")
    return said


def held(course: Course, session: Session) -> tuple[datetime, datetime]:
    """From when until when a session holds its chair."""
    start = datetime.combine(session.day, session.time, ZoneInfo(course.zone)).astimezone(ZoneInfo("UTC"))
    return start, start + timedelta(minutes=minutes_of(course.protocol.phase(session.phase)))
