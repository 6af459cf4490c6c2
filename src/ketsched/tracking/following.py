"""What follows from what was recorded: what each visit was, what is next, and the plans that could be made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

import attrs

from ketsched.entries import check_calendars
from ketsched.history import JudgedVisit
from ketsched.hours import Hours
from ketsched.model import Course, Visit
from ketsched.tracking.forecasting import Forecast, forecast_of
from ketsched.tracking.lapses import taken
from ketsched.tracking.options import ReplanOptions
from ketsched.tracking.places import missing
from ketsched.tracking.proposing import Proposal, proposals_of, ways_of
from ketsched.tracking.recording import apply_visits
from ketsched.tracking.request import Request, check_zone


@attrs.frozen(kw_only=True)
class Following:
    """
    What follows from what was recorded; nothing of it is booked.

    Attributes:
        visits: What those visits were that were recorded.
        forecast: What is next.
        lacks: Names of the phases that lack a session.
        plans: Ways to make up for it, or what a lapse band proposes; empty without hours, and if nothing lacks.
        marked: Name of the way that the protocol takes; empty: it proposes something else, or nothing lacks.
    """

    visits: tuple[JudgedVisit, ...]
    forecast: Forecast
    lacks: tuple[str, ...]
    plans: tuple[Proposal, ...] = ()
    marked: str = ""


def following(
    course: Course,
    visits: Iterable[Visit],
    *,
    hours: Hours | None,
    at: datetime,
    as_of: date,
    notice: int = 1,
) -> Following:
    """
    Say what follows from visits that were recorded.

    Args:
        course: With the visits recorded.
        visits: What was recorded.
        hours: When sessions and appointments can be; None: no plans are made.
        at: The moment of the revision that a plan would be, aware.
        as_of: Today, the local date at the clinic.
        notice: Nothing new is booked before so many days after today.
    """
    days = {visit.day for visit in visits}
    entries = {visit.id for visit in course.visits if visit.day in days}
    if hours is not None:
        check_zone(course, hours.calendar)
    history, options = apply_visits(course, (), as_of=as_of), ReplanOptions(notice=notice)
    seen = forecast_of(history, (), hours, options)
    lacks = tuple(name for name, number in missing(history).items() if number > 0)
    plans: tuple[Proposal, ...] = ()
    if hours is not None and lacks and course.ended is None:
        check_calendars(course, hours.staff)
        asked = Request(course=course, history=history, hours=hours, options=options, at=at)
        if not seen.proposes:
            plans = tuple(_without_adding(ways_of(asked), course))
        elif taken(course, (), seen) is None:
            plans = proposals_of(asked)
    return Following(
        visits=tuple(judged for judged in history.visits if judged.visit.id in entries),
        forecast=seen,
        lacks=lacks,
        plans=plans,
        marked=course.protocol.phase(lacks[0]).missed if lacks and not seen.proposes else "",
    )


def _without_adding(ways: Iterable[Proposal], course: Course) -> Iterator[Proposal]:
    """Yield ways without "skip" where it would add a session: one is open to question, and that is answered first."""
    known = {session.id for session in course.sessions}
    for way in ways:
        made = () if way.course is None else way.course.standing()
        if any(session.id not in known for session in made):
            names = [name for name in way.names if name != "skip"]
            if names:
                yield attrs.evolve(way, name=names[0], same=tuple(names[1:]))
        else:
            yield way
