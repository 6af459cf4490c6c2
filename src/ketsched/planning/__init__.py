"""
From a protocol, a start and a calendar to a course: place the days, seat the hours, then what goes around.

`plan` gives the one best course; `starts` tries every start of a stretch and ranks them.
Neither calls the checker: it reads the protocol by itself, so that each tests the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

import attrs

from ketsched.arguments import checked
from ketsched.calendars import Calendar
from ketsched.clock import aware, plausible
from ketsched.errors import InvalidInput, KetschedError
from ketsched.holds import with_statuses
from ketsched.hours import Hours
from ketsched.model import (
    Authorisation,
    ClinicFiles,
    Course,
    Hold,
    Protocol,
    Revision,
    check_course_id,
    check_key,
)
from ketsched.placing.values import Placement
from ketsched.planning.around import closed_because
from ketsched.planning.companions import place_companions
from ketsched.planning.explaining import Change, NoFeasiblePlan, said_days
from ketsched.planning.layout import NotPaid
from ketsched.planning.narrowing import TooManyWays
from ketsched.planning.planner import Planner, need_of
from ketsched.planning.room import Room
from ketsched.planning.unplaced import WIDEN, could_move, made_room, opened
from ketsched.protocols.conflicts import pattern_conflicts
from ketsched.revising import revise

__all__ = ["Change", "NoFeasiblePlan", "Start", "appointments", "complete", "plan", "said_days", "starts"]

MOST_STARTS = 366 * 2
"""Days among which a start can be searched."""
TRIED = 5
"""Days to open, and other starts, that are tried where something around the sessions has no day."""


@attrs.frozen(kw_only=True)
class Start:
    """
    One start that was tried.

    Attributes:
        day: The start.
        course: The plan from it, or None.
        placement: What that plan costs, or None.
        error: Why there is no plan, or None.
    """

    day: date
    course: Course | None = None
    placement: Placement | None = None
    error: KetschedError | None = None


@checked
def plan(  # noqa: PLR0913 - public, each a keyword
    protocol: Protocol,
    *,
    start: date | tuple[date, date],
    calendar: Calendar,
    id: str | None = None,  # noqa: A002 - the caller's word for it
    at: datetime | None = None,
    as_of: date | None = None,
    availability: Calendar | None = None,
    wishes: Calendar | None = None,
    time: time | None = None,
    calendars: Mapping[str, Calendar] | None = None,
    holds: Iterable[Hold] = (),
    authorisations: Iterable[Authorisation] = (),
    key: str | None = None,
    language: str = "en",
) -> Course:
    """
    Plan a course: the best days that keep every required rule, the same hour on each, then what goes around them.

    The course remembers when the patient can and would rather come, the time, and whose calendars were given:
    the verbs that follow it need not be told again.

    Args:
        protocol: What to plan.
        start: Local date of the first session; or two dates, and the best start between them
            (both included) is taken.
        calendar: When the clinic is open, with its chairs.
        id: The course's opaque name, the caller's; needed to publish it.
        at: The moment of this first revision, aware; needed to publish it.
        as_of: Today, the local date at the clinic: no appointment is placed before tomorrow. That of `at`, unless
            given; without either nothing is past.
        availability: When the patient can; no session lies outside it.
        wishes: When the patient would rather come; planning leaves it as rarely as it can.
        time: Local time of day that sessions should be near to.
        calendars: Of those whose hours the protocol's companions need, by the name it gives them,
            "therapist"; one that is missing has the clinic's hours.
        holds: A clinician's; the sessions they hold are to be confirmed.
        authorisations: A payer's; sessions beyond them are to be confirmed, and a required one bounds its sessions.
        key: Drawn at random and kept with the course, it goes into the identities of its events, so that whoever
            knows the id cannot tell them; None: they follow from the ids alone.
        language: What the patient reads in, "en", "es" or "de".

    Raises:
        NoFeasiblePlan: With a minimal set of causes, and changes that were tried.
        InvalidInput: An argument cannot be used.
    """
    stops, paid = tuple(holds), tuple(authorisations)
    if id is not None:
        check_course_id(id)
    if at is not None:
        aware(at, "at")
    if key is not None:
        check_key(key)
    hours = Hours(calendar, staff=calendars or {}, availability=availability, wishes=wishes, time=time)
    if isinstance(start, tuple):
        tried = _starts(Planner(protocol, hours, paid), start)
        courses = [one.course for one in tried if one.course is not None]
        if not courses:
            raise _no_start(protocol, start, tried)
    else:
        courses = [Planner(protocol, hours, paid).course(plausible(start, "start"))[0]]
    course = complete(
        courses,
        hours,
        protocol=protocol,
        id=id,
        key=key,
        at=at,
        as_of=as_of,
        holds=stops,
        authorisations=paid,
    )
    return course if language == course.language else attrs.evolve(course, language=language)


def _no_start(protocol: Protocol, between: tuple[date, date], tried: Sequence[Start]) -> NoFeasiblePlan:
    blocked = "; ".join(
        f"{s.day}: {s.error.what.removesuffix('.')}" for s in tried[:5] if s.error is not None
    )
    return NoFeasiblePlan(
        what=f"no start from {between[0]} to {between[1]} has a plan",
        where=protocol.id,
        why=blocked or "none of these days is open and on the pattern",
        fix="search a longer stretch, or open more days",
    )


def complete(  # noqa: PLR0913 - public, each a keyword
    courses: Sequence[Course],
    hours: Hours,
    *,
    protocol: Protocol | None = None,
    id: str | None = None,  # noqa: A002 - the caller's word for it
    key: str | None = None,
    at: datetime | None = None,
    as_of: date | None = None,
    holds: Iterable[Hold] = (),
    authorisations: Iterable[Authorisation] = (),
) -> Course:
    """
    Return the first of some courses around whose sessions all has a day, with that, as its first revision.

    `starts` gives sessions alone; this makes the course of the best start from which what goes around them fits.
    If there is none, the sessions of the best start for which that helps are laid again, on days that leave a day
    to what must go with them.

    Args:
        courses: At least one, the best first.
        hours: When appointments can be.
        protocol: What they were planned by, its choices open; None: sessions are not laid again.
        id, key, at, as_of, holds, authorisations: As for `plan`.

    Raises:
        NoFeasiblePlan: Around none of them all has a day; it explains the last one.
    """
    stops, paid = tuple(holds), tuple(authorisations)
    today = courses[0].day_at(at) if as_of is None and at is not None else as_of

    def around(course: Course, *remarks: str) -> Course:
        first = Revision(at=at, remarks=(*_past(course, today), *_contradicted(course.protocol), *remarks))
        given: dict[str, Any] = {"id": id, "key": key or "", "revisions": (first,)}
        given |= {"patient": hours.patient, "files": ClinicFiles().given(hours.staff)}
        given["contact"] = hours.calendar.contact
        if stops or paid:
            course = attrs.evolve(course, holds=stops, authorisations=paid)
        placed = place_companions(course, hours, after=today)
        if stops or paid or any(companion.gate for companion in course.protocol.companions):
            given["sessions"], given["companions"] = with_statuses(course, bookings=placed)
        else:
            given["companions"] = placed
        return attrs.evolve(course, **given)

    refused: NoFeasiblePlan | None = None
    for course in courses:
        try:
            return around(course)
        except NoFeasiblePlan as error:
            refused = error
    assert refused is not None  # noqa: S101 - there is at least one course
    if protocol is None or not could_move(refused):
        raise refused
    planner = Planner(protocol, hours, paid)
    for course in courses:
        room = Room(course, hours, today)
        again = planner.with_room(course.standing()[0].day, room)
        try:
            if again is not None:
                return around(again, made_room(refused))
        except NoFeasiblePlan:
            continue
    changes = tuple(_changes(planner, courses[-1], refused, today))
    raise room.without(refused).tried(changes, WIDEN if refused.openings else refused.fix)


def _changes(
    planner: Planner, course: Course, refused: NoFeasiblePlan, today: date | None
) -> Iterator[Change]:
    """Yield days to open, and another start, each tried, that give a plan around which all has a day."""
    start = course.standing()[0].day

    def fits(hours: Hours, on: date) -> tuple[date, ...]:
        trying = Planner(planner.protocol, hours, planner.authorisations)
        try:
            found = trying.course(on)[0]
            try:
                place_companions(found, hours, after=today)
            except NoFeasiblePlan:
                again = trying.with_room(on, Room(found, hours, today))
                if again is None:
                    return ()
                place_companions(again, hours, after=today)
                found = again
        except (NoFeasiblePlan, NotPaid, TooManyWays):
            return ()
        return tuple(session.day for session in found.standing())

    for day in refused.openings[:TRIED]:
        if days := fits(opened(planner.hours, day), start):
            yield Change(f"open {day}", days)
            break
    first = planner.protocol.phases[0]
    later = (start + timedelta(n) for n in range(1, TRIED * 7))
    usual = (day for day in later if not first.weekdays or day.weekday() in first.weekdays)
    for day in islice((d for d in usual if planner.hours.is_open(need_of(first), d.toordinal())), TRIED):
        if days := fits(planner.hours, day):
            yield Change(f"start on {day}", days)
            break


def _contradicted(protocol: Protocol) -> Iterator[str]:
    """Yield where a spacing contradicts the pattern of its own phase: sessions then leave their usual days."""
    for phase in protocol.phases:
        for _, why, better in pattern_conflicts(phase):
            yield f"the pattern and a spacing of {phase.name} contradict each other: {why} ({better} would fit)"


def _past(course: Course, today: date | None) -> Iterator[str]:
    """Yield what is over already of a course that is planned today: nothing around it is placed any more."""
    start = course.standing()[0].day
    if today is not None and start < today:
        yield f"the start, {start}, is in the past: today is {today}; what was to be around it is placed from now on"


@checked
def appointments(
    course: Course,
    *,
    calendar: Calendar,
    calendars: Mapping[str, Calendar] | None = None,
    availability: Calendar | None = None,
    time: time | None = None,
    at: datetime | None = None,
    as_of: date | None = None,
) -> Course:
    """
    Place what goes around the sessions of a course anew, as its next revision.

    What still can stays on its day; what has moved out of its window, or was prescribed since, is
    placed; what has lost its session is closed. Sessions stay as they are.

    Args:
        course: With its sessions where they are now.
        calendar: The clinic's.
        calendars: Of those whose hours companions need, by name; those that the course was planned with are needed.
        availability: When the patient can; in place of what the course remembers, and remembered from now on.
        time: Local time of day that appointments on a day of their own should be near to, this time.
        at: The moment of the revision, aware.
        as_of: Today, the local date at the clinic; what is booked until then stays. That of `at`, unless given.

    Raises:
        NoFeasiblePlan: A companion that must be there has no day.
    """
    today = as_of
    if today is None and at is not None:
        today = course.day_at(at)
    patient = course.patient.replaced(availability=availability)
    hours = patient.replaced(time=time).hours(calendar, staff=calendars, availability=availability)
    files = course.files.given(calendars or ())
    placed = place_companions(course, hours, after=today)
    known = attrs.evolve(course, companions=placed)
    sessions, companions = with_statuses(known, before=course)
    return revise(
        course,
        at=at,
        kind="companions",
        sessions=sessions,
        companions=companions,
        why=closed_because(course, known),
        patient=patient,
        files=files,
    )


@checked
def starts(
    protocol: Protocol,
    *,
    between: tuple[date, date],
    calendar: Calendar,
    availability: Calendar | None = None,
    wishes: Calendar | None = None,
    time: time | None = None,
    any_weekday: bool = False,
    authorisations: Iterable[Authorisation] = (),
) -> tuple[Start, ...]:
    """
    Try every start of a stretch: those with a plan first, ranked, then those without, by date.

    Plans are ranked by preferences broken, total deviation, largest deviation, then start. They are
    the sessions alone; what goes around them is placed once a start is chosen.
    For a weekday pattern the starts are pattern days; closed days are not tried.

    Args:
        protocol: What to plan.
        between: First and last start to try, both included.
        calendar: When the clinic is open, with its chairs.
        availability: When the patient can.
        wishes: When the patient would rather come.
        time: Local time of day that sessions should be near to.
        any_weekday: Try every open day, also off the pattern.
        authorisations: A payer's; a required one bounds its sessions.
    """
    hours = Hours(calendar, availability=availability, wishes=wishes, time=time)
    planner = Planner(protocol, hours, tuple(authorisations))
    return _starts(planner, between, any_weekday=any_weekday)


def _starts(planner: Planner, between: tuple[date, date], *, any_weekday: bool = False) -> tuple[Start, ...]:
    if len(between) != 2:
        raise InvalidInput(
            what=f"start names {len(between)} dates",
            where="start",
            why="it is one date, or the first and last of a stretch",
            fix="give date(2027, 1, 4), or (date(2027, 1, 4), date(2027, 1, 31))",
        )
    first, last = plausible(between[0], "first start"), plausible(between[1], "last start")
    if not 0 <= (last - first).days < MOST_STARTS:
        raise InvalidInput(
            what=f"starts from {first} to {last}",
            where="start",
            why=f"the first comes before the last, and at most {MOST_STARTS} days are searched",
            fix="give the earlier date first, or search a shorter stretch",
        )
    phase = planner.protocol.phases[0]
    tried = []
    for day in planner.hours.open_days(need_of(phase), first.toordinal(), last.toordinal()):
        begin = date.fromordinal(day)
        if phase.weekdays and begin.weekday() not in phase.weekdays and not any_weekday:
            continue
        try:
            course, placement = planner.course(begin)
            tried.append(Start(day=begin, course=course, placement=placement))
        except (NoFeasiblePlan, NotPaid, TooManyWays) as error:
            tried.append(Start(day=begin, error=error))
    return tuple(sorted(tried, key=_rank))


def _rank(start: Start) -> tuple[bool, int, int, int, date]:
    cost = start.placement
    if cost is None:
        return (True, 0, 0, 0, start.day)
    return (False, cost.broken, cost.total, cost.worst, start.day)
