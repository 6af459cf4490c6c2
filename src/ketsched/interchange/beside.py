"""
When a course can be planned again, as far as it is known: the clinic's files beside its own, and the patient's part.

A course remembers the names of the files that it was planned with, beside its own file alone.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, time
from pathlib import Path
from typing import Any

import attrs

from ketsched.calendars import Calendar
from ketsched.casefile import named_calendar
from ketsched.errors import InvalidInput
from ketsched.files import is_bare
from ketsched.hours import Hours, PatientHours
from ketsched.interchange.folder import passed_over, real_path, with_booked
from ketsched.model import OWN_FOLDER, ClinicFiles, Course
from ketsched.revising import tell_besides


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
        is_any: Whether nothing is known of the clinic, and any hour will do: nothing is booked.
    """

    hours: Hours
    said: PatientHours | None
    clock: time | None
    files: ClinicFiles
    closing: tuple[str, ...]
    is_any: bool = False

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
            argument="back",
            why=f"the course knows of {days}",
            fix="name some of these; what a case file says they cannot is changed there, and given again",
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


class FilesBeside:
    """The clinic's files that a course was planned with, where they still are; a missing one is said in a line."""

    def __init__(
        self,
        course: Course,
        file: Path,
        *,
        tell: Callable[[str], None],
        same_id: Callable[[InvalidInput], None],
    ) -> None:
        self.course, self.file, self.tell, self.same_id = course, file, tell, same_id

    def _path(self, name: str) -> Path | None:
        """Return where a file or folder is; None if the course knows of none, or it has gone."""
        if not name:
            return None
        path = self.file.parent / name
        if path.exists():
            return path
        self.tell(f"{name} is not beside {self.file.name} any more: going on without it")
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
        found = with_booked(hours, path, id=self.course.id, file=self.file, same_id=self.same_id)
        for line in passed_over(path):
            self.tell(line)
        return found
