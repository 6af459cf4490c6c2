"""A course that is to be planned again: what has happened, when it can be, what is to be done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Unpack

import attrs

from ketsched.calendars import Calendar
from ketsched.errors import InvalidInput
from ketsched.history import History
from ketsched.hours import Hours
from ketsched.languages import NO_CONTACT
from ketsched.model import Course, Visit
from ketsched.tracking.options import Decisions, ReplanOptions
from ketsched.tracking.recording import apply_visits, today_of
from ketsched.zones import same_zone


@attrs.frozen(kw_only=True)
class Request:
    """
    A course that is to be planned again, with all that the plan follows from.

    Attributes:
        course: As it was given out last.
        history: Of the course with what happened, and what it is to remember of hours, written into it, up to today.
        hours: When sessions and appointments can be.
        options: What is to be done.
        visits: What happened besides what the course remembers.
        at: The moment of the revision, aware; None if the course has none.
        who: Who plans again.
        why: Reasons for what was changed in the history beforehand, by the id of the booking.
    """

    course: Course
    history: History
    hours: Hours
    options: ReplanOptions
    visits: tuple[Visit, ...] = ()
    at: datetime | None = None
    who: str = ""
    why: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def today(self) -> date:
        """Today at the clinic."""
        return self.history.as_of


def request(  # noqa: PLR0913 - the keywords of the public verbs
    course: Course,
    visits: Iterable[Visit],
    calendar: Calendar,
    *,
    at: datetime | None = None,
    as_of: date | None = None,
    who: str = "",
    availability: Calendar | None = None,
    away: Iterable[date] = (),
    wishes: Calendar | None = None,
    time: time | None = None,
    calendars: Mapping[str, Calendar] | None = None,
    **options: Unpack[Decisions],
) -> Request:
    """
    Pack the arguments of `replan`, and write what happened into the course.

    Raises:
        InvalidInput: An argument cannot be used.
    """
    given, chosen = tuple(visits), ReplanOptions(**options)
    check_zone(course, calendar)
    course = reached_by(course, calendar)
    today = today_of(course, at, as_of)
    chosen.policies(course.protocol)
    patient = course.patient.replaced(availability=availability, away=away, wishes=wishes, time=time)
    files = course.files.given(calendars or ())
    same = (patient, files) == (course.patient, course.files)
    known = course if same else attrs.evolve(course, patient=patient, files=files)
    return Request(
        course=course,
        visits=given,
        history=apply_visits(known, given, as_of=today, who=who),
        hours=patient.hours(calendar, staff=calendars, availability=availability, wishes=wishes),
        options=chosen,
        at=at,
        who=who,
    )


def reached_by(course: Course, calendar: Calendar) -> Course:
    """Return a course with how its clinic is reached now, if the calendar says it; that is no change to tell."""
    contact = calendar.contact
    return course if contact in (NO_CONTACT, course.contact) else attrs.evolve(course, contact=contact)


def check_zone(course: Course, calendar: Calendar) -> None:
    """Refuse the calendar of a clinic in another zone than the course."""
    if not same_zone(calendar.zone, course.zone):
        raise InvalidInput(
            what=f"a calendar of {calendar.zone} for a course of {course.zone}",
            where="calendar",
            why="the days and hours of a course are local to its clinic",
            fix=f"give the clinic's calendar, in {course.zone}; availability and wishes may be in another zone",
            argument="calendar",
        )
