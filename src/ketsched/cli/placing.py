"""
When something can be, for the commands that book or look at days.

What is typed comes first, then a case file, then what the course remembers; the clinic's files that it was
planned with are looked for beside the course file alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from functools import partial, wraps
from pathlib import Path
from typing import Any

import attrs
import click

from ketsched.calendars import Calendar
from ketsched.casefile import Case, load_case, named_calendar
from ketsched.cli import inputs
from ketsched.cli.inputs import option
from ketsched.clock import read_time
from ketsched.entries import check_calendars, named_files, read_named
from ketsched.errors import InvalidInput
from ketsched.hours import Hours, PatientHours
from ketsched.interchange.coursefile import is_of_version_1
from ketsched.interchange.folder import real_path, with_booked
from ketsched.model import OWN_FOLDER, ClinicFiles, Course, is_bare
from ketsched.revising import tell_besides
from ketsched.zones import same_zone

_TYPED = ("case", "clinic", "zone", "hours", "holidays", "closed", "chairs", "calendars", "booked", "clock")
"""The names of what `placing_options` and `inputs.courses_option` add."""


@attrs.frozen(kw_only=True)
class Known:
    """
    What a command knows of when something can be.

    Attributes:
        hours: When bookings can be; the patient's part is what was given, or else what the course remembers.
        said: The patient's part in a case file; None: none was given.
        clock: The time of day that was typed; None: none.
        files: The clinic's files that were given, by their names beside the course file.
        closing: What closes the clinic for this command alone, as one writes it in a clinic file.
    """

    hours: Hours
    said: PatientHours | None
    clock: time | None
    files: ClinicFiles
    closing: tuple[str, ...]

    def keywords(self, course: Course, *, back: Collection[date] = ()) -> dict[str, Any]:
        """
        Return them as keywords of the verbs that plan again: what the course remembers goes without saying.

        Args:
            course: That is planned again.
            back: Days away on which the patient can come after all.
        """
        known = course.patient
        _check_away(back, known.away)
        given: dict[str, Any] = {"calendar": self.hours.calendar, "calendars": self.hours.staff}
        if self.said is not None or back:  # a patient who always can is said as well
            said, always = self.said or known, Calendar.always(self.hours.zone)
            given |= {"availability": said.availability or always, "wishes": said.wishes or always}
            given |= {"time": said.time, "away": [day for day in known.away if day not in back]}
        return given if self.clock is None else given | {"time": self.clock}

    def patient(self, course: Course) -> PatientHours:
        """Return the patient's part: as it was given, or else as the course remembers it; days away stay."""
        known = course.patient if self.said is None else attrs.evolve(self.said, away=course.patient.away)
        return known if self.clock is None else attrs.evolve(known, time=self.clock)

    def keep(self, before: Course, after: Course) -> Course:
        """Return a course that has changed by a verb that places nothing, with all that was said."""
        return self.keep_files(
            before, attrs.evolve(after, patient=self.patient(before)) if after != before else after
        )

    def keep_files(self, before: Course, after: Course) -> Course:
        """Return a course that has changed, with the files that it is to be followed with from now on."""
        if after == before:
            return after
        return tell_besides(before, attrs.evolve(after, files=after.files.replaced(self.files)))

    def reminders(self, course: Course) -> Iterator[str]:
        """Yield what the course does not remember, and where it belongs."""
        return reminders(self.closing, course.files.clinic)


def _check_away(back: Iterable[date], away: Collection[date]) -> None:
    """Refuse a day on which the patient is not away."""
    other = next((day for day in back if day not in away), None)
    if other is not None:
        days = f"{len(away)} days, {min(away)} to {max(away)}" if away else "none"
        raise InvalidInput(
            what=f"{other} is not a day on which the patient is away",
            where="--back",
            why=f"the course knows of {days}",
            fix="name some of these; what a case file says they cannot is changed there, and given with --case",
        )


Reader = Callable[..., Known | None]
"""Makes it of what was typed, for a course and its file; None if nothing is known of a clinic."""


def hours_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say when sessions, and what goes around them, can be; the command gets them as `hours`."""

    @wraps(command)
    def placed(*args: Any, **given: Any) -> Any:
        asked = {name: given.pop(name) for name in _TYPED if name in given}
        return command(*args, hours=partial(known, **asked), **given)

    case = "Take clinic, calendars, time and what the patient cannot from it; what changes the course keeps them there."
    return option("--case", "CASE.toml", case)(inputs.clinic_options(inputs.staff_option(placed)))


def placing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add these options, and the time of day to be near to."""
    near = option("--time", "HH:MM", "Time of day to be near to.", read_time, to="clock")
    return hours_options(near(command))


def known(
    course: Course,
    file: Path,
    *,
    case: str | None = None,
    calendars: Sequence[str] = (),
    clock: time | None = None,
    booked: str | None = None,
    clinic: inputs.ClinicFile | None = None,
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
    files = FilesBeside(course, file)
    beside = files.clinic if loaded is None else lambda: loaded.calendar
    calendar = inputs.clinic_calendar(clinic=clinic, **options, known=beside)
    if calendar is None:
        for name, given in (("--staff", calendars), ("--courses", booked), ("--time", clock)):
            if given:
                raise _no_hours(name)
        return None
    if not same_zone(calendar.zone, course.zone):
        raise InvalidInput(
            what=f"the course is in {course.zone[:60]}, its clinic in {calendar.zone}",
            where="--clinic",
            why="days and times are local to the clinic",
            fix="give the file of the clinic that the course was planned for",
        )
    staff = {} if loaded is None else loaded.calendars
    staff = files.staff({**staff, **inputs.located("--staff", read_named, calendars, course.protocol)})
    taken = files.booked(Hours(calendar, staff=staff), booked)
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
    click.echo(f"warning: {error.what}: {error.why}", err=True)


def required(hours: Reader, course: Course, file: Path) -> Known:
    """Return when a command can book; it needs the clinic's hours and all calendars."""
    found = hours(course, file)
    if found is None:
        raise _no_hours("the command line")
    inputs.located("--staff", check_calendars, course, found.hours.staff)
    return found


def _no_hours(where: str) -> InvalidInput:
    return InvalidInput(
        what="the clinic's hours are missing",
        where=where,
        why="sessions, and what goes around them, are placed within them",
        fix="give --clinic FILE, or --zone and --hours, or --case CASE.toml",
    )


def reminders(closing: Iterable[str], clinic: str) -> Iterator[str]:
    """Yield what closes the clinic for one command alone, and where it belongs."""
    lines = [f"  {line}" for line in closing]
    if lines:
        yield f"not remembered: what is closed; put it into {clinic or 'the clinic file'}, for all courses and commands"
        yield from lines


def closing(options: Mapping[str, Any]) -> Iterator[str]:
    """Yield what --closed and --holidays close, as one writes it in a clinic file."""
    for days in options.get("closed", ()):
        first, last = days[0], days[-1]
        when = f"on = {first}" if first == last else f"from = {first}, to = {last}"
        yield f"[[closed]] {when}"
    for holidays in options.get("holidays", ()):
        part = f', subdivision = "{holidays.subdivision}"' if holidays.subdivision else ""
        yield f'[[holidays]] country = "{holidays.country}"{part}'


# Files beside the course file


@attrs.frozen(kw_only=True)
class Paths:
    """
    Where the clinic's files are that were given.

    Attributes:
        clinic: Its file; None: none was given.
        staff: Files of those whose hours appointments need, by name.
        courses: The folder of the other courses; None: none was given.
    """

    clinic: Path | None = None
    staff: Mapping[str, Path] = attrs.field(factory=dict)
    courses: Path | None = None

    def beside(self, file: Path) -> ClinicFiles:
        """Return the names of those that are beside a course file: it remembers no other place."""
        here = real_path(file.parent)

        def name(path: Path | None) -> str:
            is_here = path is not None and real_path(path.parent) == here and is_bare(path.name)
            return path.name if path is not None and is_here else ""

        own = self.courses is not None and real_path(self.courses) == here
        return ClinicFiles(
            clinic=name(self.clinic),
            staff=tuple((whose, name(path)) for whose, path in self.staff.items()),
            courses=OWN_FOLDER if own else name(self.courses),
        )

    def elsewhere(self, file: Path) -> Iterator[str]:
        """Yield the names of those that are not beside a course file."""
        found = self.beside(file)
        pairs = [(self.clinic, found.clinic), (self.courses, found.courses)]
        pairs += [(path, dict(found.staff)[whose]) for whose, path in self.staff.items()]
        yield from (path.name for path, name in pairs if path is not None and not name)


def paths_of(
    case: Case | None,
    *,
    clinic: inputs.ClinicFile | None,
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


class FilesBeside:
    """The clinic's files that a course was planned with, where they still are; a missing one is said in a line."""

    def __init__(self, course: Course, file: Path) -> None:
        self.course, self.file = course, file

    def _path(self, name: str) -> Path | None:
        """Return where a file or folder is; None if the course knows of none, or it has gone."""
        if not name:
            return None
        path = self.file.parent / name
        if path.exists():
            return path
        click.echo(f"{name} is not beside {self.file.name} any more: going on without it", err=True)
        return None

    def clinic(self) -> Calendar | None:
        """Return the clinic's calendar."""
        path = self._path(self.course.files.clinic)
        return None if path is None else Calendar.load(path)

    def staff(self, given: Mapping[str, Calendar]) -> dict[str, Calendar]:
        """Return the calendars that were given, and those of whoever else's hours are needed."""
        protocol = self.course.protocol
        needed = {companion.calendar for companion in protocol.companions} - set(given)
        paths = {name: self._path(file) for name, file in self.course.files.staff if name in needed}
        known = {
            name: named_calendar(name, path, protocol) for name, path in paths.items() if path is not None
        }
        return {**known, **given}

    def booked(self, hours: Hours, folder: str | None = None) -> Hours:
        """Return hours with everything taken of the courses in a folder; None: in the one that is remembered."""
        path = self._path(self.course.files.courses) if folder is None else Path(folder)
        if path is None:
            return hours
        taken = partial(with_booked, id=self.course.id, file=self.file, same_id=warn_of)
        found: Hours = inputs.located("--courses", taken, hours, path)
        inputs.tell_passed_over(str(path))
        return found
