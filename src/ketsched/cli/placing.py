"""
When something can be, for the commands that book or look at days.

What is typed comes first, then a case file, then what the course remembers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import time, timedelta
from functools import partial, wraps
from pathlib import Path
from typing import Any

import attrs
import click

from ketsched.calendars import Calendar
from ketsched.casefile import Case, load_case
from ketsched.cli import inputs
from ketsched.cli.options import (
    CASE,
    CLINIC,
    CLINIC_OPTIONS,
    COURSES,
    STAFF,
    TO_DO,
    ClinicFile,
    Decorator,
    option,
    under,
)
from ketsched.clock import read_time
from ketsched.entries import check_calendars, named_files, read_named
from ketsched.errors import InvalidInput
from ketsched.hours import Hours
from ketsched.interchange.beside import FilesBeside, Known, Paths, closing
from ketsched.interchange.coursefile import is_of_version_1
from ketsched.model import ClinicFiles, Course
from ketsched.zones import is_place, place_like, same_clocks, same_zone

_TYPED = ("case", "clinic", "zone", "hours", "holidays", "closed", "chairs", "calendars", "booked", "clock")
"""The names of what `hours_options` adds."""

Reader = Callable[..., Known | None]
"""Makes it of what was typed, for a course and its file; None if nothing is known of a clinic."""


def hours_options(*more: Decorator, time: bool = False) -> Decorator:
    """Add the options that say when bookings can be, and `more` beside them; the command gets them as `hours`."""

    def adding(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def placed(*args: Any, **given: Any) -> Any:
            asked = {name: given.pop(name) for name in _TYPED if name in given}
            return command(*args, hours=partial(known, **asked), **given)

        first, *others = CLINIC_OPTIONS
        add = under(CLINIC, first, CASE, *others, STAFF, COURSES, *more)
        near = option("--time", "HH:MM", "Preferred start", read_time, to="clock")
        return add(under(TO_DO, near)(placed) if time else placed)

    return adding


def _by_its_clocks(calendar: Calendar, course: Course) -> Calendar:
    """
    Return a clinic's calendar by the clocks of a course; refuse it if they are others.

    A course in UTC and the like, which no clinic file may name any more, is followed with the file of a clinic whose
    clocks show the same.
    """
    if same_zone(calendar.zone, course.zone):
        return calendar
    days = [booking.day for booking in course.bookings().values()]
    first, last = min(days), max(days) + timedelta(366)  # what is planned later lies near
    if is_place(course.zone):
        fix = "give the file of the clinic that the course was planned for"
    elif same_clocks(calendar.zone, course.zone, first, last):
        return attrs.evolve(calendar, zone=course.zone)
    else:
        like = place_like(course.zone, first, last)
        fix = f'give a clinic file with zone = "{like}", where clocks show the same, or ' if like else ""
        fix += f"plan the rest as a course of its own in {calendar.zone}"
    raise InvalidInput(
        what=f"The course is in zone {course.zone[:60]}, the clinic file in {calendar.zone}.",
        where="--clinic",
        why="days and times are local to the clinic",
        fix=fix,
    )


def known(
    course: Course,
    file: Path,
    *,
    case: str | None = None,
    calendars: Sequence[str] = (),
    clock: time | None = None,
    booked: str | None = None,
    clinic: ClinicFile | None = None,
    **options: Any,
) -> Known | None:
    """
    Read the options of `hours_options` and `placing_options`; None if nothing is known of a clinic.

    Args:
        course: That something is placed for.
        file: Its file, which takes no chair of its own.
        case, calendars, clock: As they were typed.
        booked: The folder of courses that hold chairs.
        clinic, options: What `inputs.clinic_calendar` takes.
    """
    loaded = None if case is None else load_case(case)
    if loaded is None and is_of_version_1(file):
        click.echo(
            f"{file.name} does not say yet what the patient cannot: add --case CASE.toml once, and it is remembered",
            err=True,
        )
    files = files_beside(course, file)
    beside = files.clinic if loaded is None else lambda: loaded.calendar
    calendar = inputs.clinic_calendar(
        clinic=None if clinic is None else clinic.calendar, **options, known=beside
    )
    if calendar is None:
        for name, given in (("--staff", calendars), ("--courses", booked), ("--time", clock)):
            if given:
                raise _no_hours(name)
        return None
    calendar = _by_its_clocks(calendar, course)
    staff = {} if loaded is None else loaded.calendars
    staff = files.staff({**staff, **inputs.located("--staff", read_named, calendars, course.protocol)})
    taken = inputs.located("--courses", files.booked, Hours(calendar, staff=staff), booked)
    calendar, staff = taken.calendar, dict(taken.staff)
    found = Known(
        hours=Hours(calendar),
        said=None if loaded is None else loaded.hours.patient,
        clock=clock,
        files=paths_of(loaded, clinic=clinic, calendars=calendars, booked=booked, **options).beside(file),
        closing=tuple(closing(options)),
    )
    return attrs.evolve(found, hours=found.patient(course).hours(calendar, staff=staff))


def warn_of(error: InvalidInput) -> None:
    """Say what is wrong in a line, and go on."""
    click.echo(f"warning: {error.what.removesuffix('.')}: {error.why}", err=True)


def required(hours: Reader, course: Course, file: Path) -> Known:
    """Return when a command can book; it needs the clinic's hours and all calendars."""
    found = hours(course, file)
    if found is None:
        raise _no_hours("the command line")
    inputs.located("--staff", check_calendars, course, found.hours.staff)
    return found


def or_any(hours: Reader, course: Course, file: Path) -> Known:
    """Return the same for a command that books nothing: it needs nobody's hours."""
    if (found := hours(course, file)) is not None:
        return found
    always = Calendar.always(course.zone)
    staff = {companion.calendar: always for companion in course.protocol.companions if companion.calendar}
    anything = Known(hours=Hours(always), said=None, clock=None, files=ClinicFiles(), closing=(), is_any=True)
    return attrs.evolve(anything, hours=anything.patient(course).hours(always, staff=staff))


def _no_hours(where: str) -> InvalidInput:
    return InvalidInput(
        what="the clinic's hours are missing",
        where=where,
        why="sessions and other appointments are placed within them",
        fix="give --clinic FILE, or --zone and --hours, or --case CASE.toml",
    )


def files_beside(course: Course, file: Path) -> FilesBeside:
    """Return the clinic's files beside a course file; what is missing, or no file, is said on the side."""
    return FilesBeside(course, file, tell=partial(click.echo, err=True), same_id=warn_of)


def paths_of(
    case: Case | None,
    *,
    clinic: ClinicFile | None,
    zone: str | None,
    calendars: Sequence[str],
    booked: str | None,
    **_: object,
) -> Paths:
    """Return where the clinic's files are that a case file or the options name; hours that were typed have none."""
    known = None if case is None or zone is not None else case.clinic_file
    named = {name: Path(file) for name, file in named_files(calendars)}
    return Paths(
        clinic=known if clinic is None else clinic.path,
        staff=named if case is None else {**case.staff_files, **named},
        courses=None if booked is None else Path(booked),
    )
