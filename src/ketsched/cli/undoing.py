"""`ketsched undo`: the course as it was before its last change."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from ketsched import reporting
from ketsched.checking import check
from ketsched.checking.rules import sentence
from ketsched.cli import inputs, pictures, placing, revising
from ketsched.cli.options import AS_OF, SCRIPTS, TO_DO, VERBOSE, WHO, WHO_DECIDED, command, option, under
from ketsched.screens.replans import Replanned
from ketsched.screens.rows import hung
from ketsched.tracking import undo as undo_course


@command()
@revising.course_file
@under(TO_DO, option("--to", "N", "Go back to this revision, as history counts them", type=int))
@under(WHO, WHO_DECIDED)
@under(SCRIPTS, AS_OF)
@placing.hours_options()
@revising.changes(VERBOSE)
def undo_command(
    opened: revising.Opened,
    to: int | None,
    who: str,
    as_of: date | None,
    hours: placing.Reader,
    verbose: bool,
) -> None:
    """
    Make the state before the last revision the newest one.

    Sessions, appointments, visits, holds and the protocol are what they were then, and
    a course that was ended goes on. What was booked since then is cancelled. The undo is
    a revision itself: calendars follow, and a second undo takes it back. It is refused if a
    day is past, or, with the clinic's hours, if an hour is taken or closed.

    \b
    ketsched undo course.json -o patient.ics
    ketsched undo course.json --to 3 --clinic clinic.toml --courses courses
    """
    course = opened.course
    known = hours(course, opened.path)
    when = None if known is None else known.hours
    keywords: dict[str, Any] = {"at": opened.at, "as_of": opened.as_of(as_of), "who": who}
    if when is not None:
        keywords |= {"calendar": when.calendar, "calendars": when.staff}
    back = inputs.by_option(undo_course, course, to=None if to is None else to - 1, **keywords)
    findings = check(back) if when is None else check(back, calendar=when.calendar, calendars=when.staff)
    made = Replanned(before=course, after=back, findings=findings)
    lines = opened.write(back, findings)
    if opened.as_json:
        click.echo(reporting.as_json(made.values(written=made.is_changed)))
        return
    if not made.is_changed:
        pictures.present("Nothing to undo.", *lines[1:])
        return
    pictures.present(f"{sentence(back.revisions[-1].what)} To take that back: ketsched undo {opened.path}")
    pictures.present(*made.change_parts())
    if when is None and any(c.kind in ("opened", "moved") for c in back.changes):
        unknown = "Whether the hours are still free was not checked: add --clinic FILE, --courses FOLDER"
        pictures.present(hung("! ", unknown))
    pictures.present(*made.telephone_parts(verbose=verbose))
    pictures.present("", *lines)
