"""
What all commands share that change a course file: open it, write it with its calendars, name its sessions.

The file is locked from before it is read until the command is done. It and all calendars that -o asks for are
written together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial, wraps
from pathlib import Path
from typing import Any

import attrs
import click

from ketsched.checking import Finding
from ketsched.cli import inputs
from ketsched.cli.completing import complete_course
from ketsched.cli.options import AT, CALENDARS, JSON, OUTPUT, SCRIPTS, Decorator, flag, under
from ketsched.clock import plausible
from ketsched.interchange import read
from ketsched.interchange.coursefile import CourseFile, changing, checked_path, next_moment, reading, today_of
from ketsched.interchange.outputs import Output, calendars_of, write_changed
from ketsched.model import Course

course_file = click.argument("file", metavar="FILE", shell_complete=complete_course)

_CHANGES_ONLY = flag(
    "--changes-only", "Only what changes, into the one calendar of -o; or changes.ics:changes"
)


def changes(*more: Decorator) -> Decorator:
    """
    Open the course file for a command that changes it, and add the options that all these take, `more` among them.

    The command gets `opened` in place of the file, the moment and the calendars to write.
    """

    def adding(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def opening(
            file: str,
            at: datetime | None,
            output: tuple[str, ...],
            changes_only: bool,
            as_json: bool,
            **given: Any,
        ) -> None:
            outputs = calendars_of(output, Path(file), changes_only=changes_only)
            moment = inputs.moment(at)
            inputs.located("--at", plausible, moment.date(), "the revision")
            if at is not None:
                inputs.confirm_ahead(moment)
            path = checked_path(file)
            with reading(path) if given.get("dry_run") else changing(path) as held:
                made = inputs.located(
                    "--at", partial(next_moment, is_given=at is not None), held.course, moment
                )
                for line in made.warnings:
                    click.echo(f"warning: {line}", err=True)
                today = held.course.day_at(moment)
                command(Opened(held=held, at=made.at, today=today, outputs=outputs, as_json=as_json), **given)

        under(OUTPUT, CALENDARS, _CHANGES_ONLY, *more, JSON)(opening)
        return under(SCRIPTS, AT)(opening)

    return adding


@attrs.frozen(kw_only=True)
class Opened:
    """
    A course file that a command is about to change.

    Attributes:
        held: The file, locked.
        at: The moment of the next revision.
        today: The clinic's date at the moment that was given, or else by the clock of this machine.
        outputs: Calendars to write as well.
        as_json: Whether what changed is printed as JSON.
    """

    held: CourseFile
    at: datetime
    today: date
    outputs: list[Output]
    as_json: bool = False

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self.held.path

    @property
    def course(self) -> Course:
        """The course as it was given out last."""
        return self.held.course

    def as_of(self, day: date | None) -> date:
        """Return today as --as-of says it, or else at the moment of this change."""
        return self.today if day is None else day

    def write(self, course: Course, findings: Sequence[Finding] | None = None) -> list[str]:
        """Write the changed course and its calendars, and return a line about each file."""
        lines = write_changed(self.held, course, self.outputs, findings, today=self.today)
        return lines if course != self.course else ["Nothing has changed.", *lines]


def present(course: Course, day: date | None) -> date:
    """Return today as --as-of says it, or else by the clock, for a command that changes nothing."""
    return today_of(course, inputs.clock()) if day is None else day


def read_course(file: str) -> Course:
    """Read a course file; a calendar is none."""
    return read(checked_path(file))
