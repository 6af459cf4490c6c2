"""
What all commands share that change a course file: open it, write it with its calendars, name its sessions.

The file and all calendars that -o asks for are written together or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from functools import partial, wraps
from pathlib import Path
from typing import Any

import attrs
import click
from click.shell_completion import CompletionItem

from ketsched.calendars import Calendar
from ketsched.casefile import load_case
from ketsched.checking import Finding, check
from ketsched.cli import inputs
from ketsched.clock import plausible, read_date, read_time, zone_named
from ketsched.errors import InvalidInput, KetschedError
from ketsched.files import write_several
from ketsched.interchange import dumps, read
from ketsched.interchange.folder import with_booked
from ketsched.model import Course, Visit

course_file = click.argument("file", metavar="FILE")


def changes(command: Callable[..., Any]) -> Callable[..., Any]:
    """
    Open the course file for a command that changes it, and add the options that all these take.

    The command gets `opened` in place of the file, the moment and the calendars to write.
    """

    @wraps(command)
    def opening(file: str, at: str | None, output: tuple[str, ...], changes_only: bool, **given: Any) -> None:
        command(open_course(file, at, output, changes_only=changes_only), **given)

    for add in (
        click.option("--json", "as_json", is_flag=True, help="Print what changed as JSON."),
        click.option(
            "--changes-only",
            is_flag=True,
            help="Write into calendars only what this change changed, cancelled ones included.",
        ),
        inputs.output_option,
        click.option(
            "--at",
            metavar="MOMENT",
            help="The moment of this revision, 2027-01-08T09:00:00Z; the clock's if not given.",
        ),
    ):
        add(opening)
    return opening


as_of_option = click.option(
    "--as-of", metavar="DATE", help="Today at the clinic; the date of the moment if not given."
)


notice_option = click.option(
    "--notice",
    type=int,
    default=1,
    show_default=True,
    metavar="N",
    help="Nothing new is booked before so many days after today.",
)


def notice_of(days: int) -> int:
    """Return the days of notice that were given; never less than one, because today stays as it is."""
    if not 0 <= days <= 366:
        raise InvalidInput(
            what=f"a notice of {days} days",
            where="--notice",
            why="it is a number of days, 0 to 366; today itself is never planned again",
            fix="give --notice 1 for tomorrow at the earliest",
        )
    return max(days, 1)


HOURS = ("case", "clinic", "zone", "hours", "holidays", "closed", "chairs", "calendars", "booked", "clock")
"""The names of what `placing_options` and `inputs.booked_option` add."""


def hours_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say when sessions, and what goes around them, can be."""
    command = inputs.clinic_options(inputs.calendars_option(command))
    return click.option(
        "--case",
        metavar="CASE.toml",
        help="Take clinic, calendars, time and what the patient cannot from it.",
    )(command)


def placing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add these options, and the time of day to be near to."""
    return hours_options(
        click.option("--time", "clock", metavar="HH:MM", help="Time of day to be near to.")(command)
    )


@attrs.frozen(kw_only=True)
class Opened:
    """
    A course file that a command is about to change.

    Attributes:
        path: The file.
        course: As it was given out last.
        at: The moment of the next revision.
        outputs: Calendars to write as well.
        changes_only: Whether calendars get only what the command changes.
    """

    path: Path
    course: Course
    at: datetime
    outputs: list[inputs.Output]
    changes_only: bool = False

    @property
    def today(self) -> date:
        """The clinic's date at the moment of the revision."""
        return today_of(self.course, self.at)

    def as_of(self, text: str | None) -> date:
        """Return today as --as-of says it; the clinic's date at the moment of the revision if it does not."""
        return self.today if text is None else inputs.located("--as-of", day_of, text)


def day_of(text: str) -> date:
    """Read a date that a course can have."""
    return plausible(read_date(text), "date")


def today_of(course: Course, at: datetime) -> date:
    """Return the clinic's date at a moment."""
    return at.astimezone(zone_named(course.zone)).date()


def present(course: Course, text: str | None) -> date:
    """
    Return today as --as-of says it, for a command that changes nothing.

    Otherwise it is the clinic's date by the clock of this machine, and not before the course's last revision.
    """
    if text is not None:
        return inputs.located("--as-of", day_of, text)
    now, last = inputs.moment_of(None), course.revisions[-1].at
    return today_of(course, now if last is None else max(now, last))


def open_course(
    file: str, at: str | None, output: Sequence[str] = (), *, changes_only: bool = False
) -> Opened:
    """Read a course file to change it; refuse a moment before its last revision."""
    course = read_course(file)
    path = Path(file)
    outputs = inputs.outputs_of(output, changing=path)
    if changes_only and not outputs:
        raise InvalidInput(
            what="changes only, and no calendar to write them into",
            where="--changes-only",
            why="it says what calendars get; the course file always holds all",
            fix="add -o changes.ics, or leave it out",
        )
    moment = inputs.moment_of(at)
    inputs.located("--at", plausible, moment.date(), "the revision")
    opened = Opened(path=path, course=course, at=moment, outputs=outputs, changes_only=changes_only)
    last = opened.course.revisions[-1].at
    if last is not None and opened.at < last:
        raise InvalidInput(
            what="the course was changed later than this",
            where="the clock of this machine" if at is None else "--at",
            why=f"its last revision is of {last:%Y-%m-%dT%H:%M:%SZ}; calendars take the newer state by its moment",
            fix="give --at with that moment or a later one",
        )
    return opened


def read_course(file: str) -> Course:
    """Read a course file; a calendar is none."""
    path = Path(file)
    if path.suffix.lower() != ".json":
        raise InvalidInput(
            what=f"{path.name[:60]} is no course file",
            where="FILE",
            why="a course goes on from its course file (.json); a calendar is what was given out of it",
            fix="name the course file that ketsched plan wrote with -o course.json",
        )
    return read(path)


def write(opened: Opened, course: Course, findings: Sequence[Finding] | None = None) -> list[str]:
    """
    Write the changed course and its calendars, and return a line about each file.

    Args:
        opened: What was read.
        course: What it became.
        findings: For the clinic's calendar at full; None: found here, without a clinic's calendar.
    """
    changed = course != opened.course
    outputs, left_out = opened.outputs, []
    if opened.changes_only:
        outputs = [out for out in opened.outputs if changed and _changes_events(course, out)]
        left_out = [out for out in opened.outputs if out not in outputs]
    if findings is None:
        findings = check(course) if outputs else ()
    contents = [(opened.path, dumps(course, "json"))] if changed else []  # first: the rest follows from it
    contents += [out.content(course, findings, changes_only=opened.changes_only) for out in outputs]
    write_several(contents)
    number = len(course.revisions)
    lines = [f"wrote {opened.path} (revision {number})" if changed else "nothing has changed"]
    lines += [f"wrote {output}" for output in outputs]
    return [*lines, *(f"{output} was not written: no event changed" for output in left_out)]


def _changes_events(course: Course, output: inputs.Output) -> bool:
    """Whether a calendar of changes has an event."""
    from ketsched.interchange.ical import changes_events
    from ketsched.interchange.wording import Publication

    return changes_events(course, Publication(audience=output.audience, privacy=output.privacy))


def status_word(text: str) -> str:
    """Return a status as the course has it: stopped-early is one word on a command line."""
    word = text.strip().lower()
    return "stopped early" if word == "stopped-early" else word


# When something can be


@attrs.frozen(kw_only=True)
class Placing:
    """
    When sessions, and what goes around them, can be.

    Attributes:
        calendar: The clinic's.
        calendars: Of those whom the protocol names.
        availability: When the patient can; None: always.
        wishes: When the patient would rather.
        time: Local time of day to be near to.
    """

    calendar: Calendar
    calendars: Mapping[str, Calendar]
    availability: Calendar | None
    wishes: Calendar | None
    time: time | None

    def options(self) -> dict[str, Any]:
        """Return them as arguments of the verbs that plan again."""
        return {a.name: getattr(self, a.name) for a in attrs.fields(Placing)}


def placing(
    course: Course,
    *,
    case: str | None,
    calendars: Sequence[str],
    clock: str | None = None,
    booked: str | None = None,
    file: Path | None = None,
    **clinic: Any,
) -> Placing | None:
    """
    Read the options of `hours_options` and `placing_options`; None if they say nothing of a clinic.

    Args:
        course: That something is placed for.
        case, calendars, clock: As they were typed.
        booked: The folder of courses that hold chairs.
        file: That of the course itself, which takes none of them.
        clinic: What `inputs.clinic_calendar` takes.
    """
    known = None if case is None else load_case(case)
    calendar = inputs.clinic_calendar(**clinic, known=None if known is None else known.calendar)
    if calendar is None:
        for option, given in (("--calendar", calendars), ("--booked", booked), ("--time", clock)):
            if given:
                raise _no_hours(option)
        return None
    if calendar.zone != course.zone:
        raise InvalidInput(
            what=f"the course is in {course.zone[:60]}, its clinic in {calendar.zone}",
            where="--clinic",
            why="days and times are local to the clinic",
            fix="give the file of the clinic that the course was planned for",
        )
    others = dict(known.calendars) if known is not None else {}
    others |= inputs.named_calendars(calendars, course.protocol)
    near = None if known is None else known.time
    if booked is not None:
        calendar = inputs.located("--booked", partial(with_booked, id=course.id, file=file), calendar, booked)
    return Placing(
        calendar=calendar,
        calendars=others,
        availability=None if known is None else known.availability,
        wishes=None if known is None else known.wishes,
        time=near if clock is None else inputs.located("--time", read_time, clock),
    )


def required_placing(course: Course, **given: Any) -> Placing:
    """Read the options of `placing_options` for a command that books; it needs all calendars."""
    found = placing(course, **given)
    if found is None:
        raise _no_hours("the command line")
    check_named(course, found.calendars)
    return found


def _no_hours(where: str) -> InvalidInput:
    return InvalidInput(
        what="the clinic's hours are missing",
        where=where,
        why="sessions, and what goes around them, are placed within them",
        fix="give --clinic FILE, or --zone and --hours, or --case CASE.toml",
    )


def check_named(course: Course, others: Mapping[str, Calendar]) -> None:
    """Refuse to move appointments by other hours than those of whom they need."""
    missing = sorted(_needed(course) - others.keys())
    if missing:
        raise InvalidInput(
            what=f"the calendar of {missing[0]} is missing",
            where="--calendar",
            why="without it the clinic's hours would decide where appointments with them go",
            fix=f"give --calendar {missing[0]}=FILE, or --case with a case file that names it",
        )


def _needed(course: Course) -> set[str]:
    definitions = {companion.id: companion for companion in course.protocol.companions}
    return {definitions[p.companion].calendar for p in course.companions if p.status.stands} - {""}


# Which booking is meant


def session_named(course: Course, text: str, option: str) -> str:
    """Return the id of the session that is meant by its id, or by its day if only one is on it."""
    if any(session.id == text for session in course.sessions):
        return text
    known = [(session.id, session.day) for session in course.standing()]
    return on_its_day(known, text, option, "session")


def check_booked(course: Course, visit: Visit, option: str) -> Visit:
    """Return a visit; refuse one that did not take place on a day without a session: it is a slip of the keyboard."""
    named = visit.session is not None or visit.corrects
    if visit.status.delivered or named or any(session.day == visit.day for session in course.sessions):
        return visit
    session_named(course, str(visit.day), option)
    return visit


def on_its_day(known: list[tuple[str, date]], text: str, option: str, one: str) -> str:
    """Return the id of the one thing that is on a day, or say which there are."""
    try:
        day = read_date(text)
    except KetschedError:
        day = None
    found = [(name, on) for name, on in known if on == day]
    if len(found) == 1:
        return found[0][0]
    near = found or known
    shown = ", ".join(f"{name} ({on})" for name, on in near[:8]) + (", ..." if len(near) > 8 else "")
    raise InvalidInput(
        what=f"{len(found)} of the course are on {text}" if found else f"there is no {one} {text[:40]!r}",
        where=option,
        why=f"the course has {shown or 'none'}",
        fix="name one of these by its id, or by its day if it is alone on it" if known else "leave it",
    )


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
