"""
What all commands share that change a course file: open it, write it with its calendars, name its sessions.

The file is locked from before it is read until the command is done. It and all calendars that -o asks for are
written together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from functools import wraps
from pathlib import Path
from typing import Any

import attrs
import click
from click.shell_completion import CompletionItem

from ketsched.checking import Finding, check
from ketsched.cli import inputs
from ketsched.cli.inputs import flag, option
from ketsched.clock import plausible
from ketsched.entries import read_day, read_moment
from ketsched.errors import InvalidInput, KetschedError
from ketsched.interchange import dumps, read
from ketsched.interchange.coursefile import CourseFile, changing, reading
from ketsched.model import Course, VisitStatus

course_file = click.argument("file", metavar="FILE")


def changes(command: Callable[..., Any]) -> Callable[..., Any]:
    """
    Open the course file for a command that changes it, and add the options that all these take.

    The command gets `opened` in place of the file, the moment and the calendars to write.
    """

    @wraps(command)
    def opening(
        file: str,
        at: datetime | None,
        output: tuple[str, ...],
        changes_only: bool,
        as_json: bool,
        **given: Any,
    ) -> None:
        outputs, moment = _outputs(output, Path(file), changes_only=changes_only), chosen_moment(at)
        with _course_file(file, only_read=given.get("dry_run", False)) as held:
            opened = Opened(
                held=held,
                at=_next_moment(held.course, moment),
                today=held.course.day_at(moment.at),
                outputs=outputs,
                as_json=as_json,
            )
            command(opened, **given)

    for add in (
        flag("--json", "Print what changed as JSON.", to="as_json"),
        flag("--changes-only", "The same as :changes, if -o names one calendar alone."),
        inputs.output_option,
        option(
            "--at",
            "MOMENT",
            "The moment of this revision, 2027-01-08T09:00:00Z; if not given the clock's, or a second after the last.",
            read_moment,
        ),
    ):
        add(opening)
    return opening


as_of_option = option(
    "--as-of", "DATE", "Today at the clinic; the date of the moment if not given.", read_day
)


notice_option = option(
    "--notice",
    "N",
    "Nothing new is booked before so many days after today.",
    type=int,
    default=1,
    show_default=True,
)


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
    outputs: list[inputs.Output]
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


def present(course: Course, day: date | None) -> date:
    """
    Return today as --as-of says it, for a command that changes nothing.

    Otherwise it is the clinic's date by the clock of this machine, and not before the last day of which something is
    recorded as over: the clock may have been set back, the last revision's moment far ahead.
    """
    if day is not None:
        return day
    over = (visit.day for visit in course.visits if visit.status is not VisitStatus.CANCELLED)
    return max([course.day_at(inputs.clock()), *over])


@contextmanager
def _course_file(file: str, *, only_read: bool) -> Iterator[CourseFile]:
    """Open a course file, locked unless nothing will be written; a calendar is none."""
    path = _course_path(file)
    with reading(path) if only_read else changing(path) as held:
        yield held


def _outputs(output: Sequence[str], changing: Path, *, changes_only: bool) -> list[inputs.Output]:
    """Read all that -o was given; --changes-only is for the one calendar that there is."""
    outputs = inputs.outputs_of(output, changing=changing)
    if not changes_only:
        return outputs
    if len(outputs) != 1:
        raise InvalidInput(
            what=f"changes only, and {len(outputs) or 'no'} calendar{'s' * (len(outputs) > 1)} to write them into",
            where="--changes-only",
            why="it is for one calendar, the one that is sent now; the others hold all that is booked",
            fix="write -o changes.ics:changes for that one, or add -o changes.ics"
            if not outputs
            else f"leave it out, and write it to the one that is meant: -o {outputs[0].path.name}:changes",
        )
    return [attrs.evolve(outputs[0], changes_only=True)]


# The moment


@attrs.frozen
class _Moment:
    """
    When a change is made.

    Attributes:
        at: The moment.
        is_given: Whether it was given, and is not the clock's.
    """

    at: datetime
    is_given: bool


def chosen_moment(at: datetime | None) -> _Moment:
    """Return the moment that was given, or the clock's; on a terminal, one that is far ahead is asked about."""
    moment = inputs.moment(at)
    inputs.located("--at", plausible, moment.date(), "the revision")
    if at is not None:
        inputs.confirm_ahead(moment)
    return _Moment(moment, at is not None)


def _next_moment(course: Course, moment: _Moment) -> datetime:
    """
    Return the moment of the next revision; a moment that was given may not be before the last one.

    The clocks of two desks need not agree: without --at it is a second after the last revision at least.
    """
    last = course.revisions[-1].at
    if last is None or (moment.is_given and moment.at >= last):
        return moment.at
    if moment.is_given:
        raise InvalidInput(
            what="the course was changed later than this",
            where="--at",
            why=f"its last revision is of {last:%Y-%m-%dT%H:%M:%SZ}; calendars take the newer state by its moment",
            fix="give --at with that moment or a later one, or leave it out",
        )
    if last > moment.at + inputs.AHEAD:
        click.echo(
            f"warning: the last revision is of {last:%Y-%m-%dT%H:%M:%SZ}, and this machine's clock says "
            f"{moment.at:%Y-%m-%dT%H:%M:%SZ}; this one is a second after it, and today is by the clock",
            err=True,
        )
    return max(moment.at, last + timedelta(seconds=1))


def read_course(file: str) -> Course:
    """Read a course file; a calendar is none."""
    return read(_course_path(file))


def _course_path(file: str) -> Path:
    path = Path(file)
    if path.suffix.lower() != ".json":
        raise InvalidInput(
            what=f"{path.name[:60]} is no course file",
            where="FILE",
            why="a course goes on from its course file (.json); a calendar is what was given out of it",
            fix="name the course file that ketsched plan wrote with -o course.json",
        )
    return path


def write(opened: Opened, course: Course, findings: Sequence[Finding] | None = None) -> list[str]:
    """
    Write the changed course and its calendars, and return a line about each file.

    Args:
        opened: What was read.
        course: What it became.
        findings: For the clinic's calendar at full; None: found here, without a clinic's calendar.
    """
    changed = course != opened.course
    left_out = [
        out for out in opened.outputs if out.changes_only and not (changed and _changes_events(course, out))
    ]
    outputs = [out for out in opened.outputs if out not in left_out]
    if findings is None:
        findings = check(course) if outputs else ()
    remarks = opened.held.write(
        dumps(course, "json") if changed else None, [out.content(course, findings) for out in outputs]
    )
    number = len(course.revisions)
    lines = [f"wrote {opened.path} (revision {number})" if changed else "nothing has changed"]
    lines += [f"wrote {output}" for output in outputs]
    return [*lines, *remarks, *(f"{output} was not written: no event changed" for output in left_out)]


def _changes_events(course: Course, output: inputs.Output) -> bool:
    """Whether a calendar of changes has an event."""
    from ketsched.interchange.ical import changes_events
    from ketsched.words.wording import Publication

    return changes_events(course, Publication(audience=output.audience, privacy=output.privacy))


# Names


def course_to_complete(ctx: click.Context) -> Course | None:
    """Return the course of the file on a command line that is being completed; None if there is none."""
    given = ctx.params.get("file") or next(
        iter(ctx.args), None
    )  # an option that lacks its word stops the parser
    try:
        return None if given is None else read_course(str(given))
    except KetschedError:
        return None


def complete_session(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the id of a session that the course file on the command line has."""
    course = course_to_complete(ctx)
    known = () if course is None else course.sessions
    return [CompletionItem(s.id, help=str(s.day)) for s in known if s.id.startswith(incomplete)]
