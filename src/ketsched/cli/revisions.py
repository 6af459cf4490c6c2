"""`ketsched history`: what happened, what was changed, and the course as it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import click

from ketsched import reporting
from ketsched.cli import inputs, pictures, revising, tracked
from ketsched.cli.companions import bookings_briefly
from ketsched.cli.inputs import flag, option
from ketsched.entries import read_day
from ketsched.errors import InvalidInput
from ketsched.history import evaluate
from ketsched.interchange import dumps
from ketsched.model import Change, Course
from ketsched.screens import on


@click.command()
@revising.course_file
@option("--revision", "N", "Show the course as this revision left it.", type=int)
@option("--diff", "A B", "Show what changed from one revision to another.", type=(int, int))
@option(
    "--as-of", "DATE", "Today at the clinic; if not given, its date by the clock of this machine.", read_day
)
@flag("--json", "Print it as JSON.", to="as_json")
def history(
    file: str, revision: int | None, diff: tuple[int, int] | None, as_of: date | None, as_json: bool
) -> None:
    """
    Show what happened and what was changed; no file is changed.

    Revisions count from 1, the first plan. Holds, visits and the protocol of an
    earlier one are those of today: a revision remembers its bookings.

    \b
    ketsched history course.json
    ketsched history course.json --revision 1
    ketsched history course.json --diff 1 3
    """
    course = revising.read_course(file)
    if revision is not None and diff is not None:
        raise InvalidInput(
            what="both --revision and --diff",
            where="--diff",
            why="one shows a revision, the other what changed between two",
            fix="give one of them",
        )
    if revision is not None:
        _show_revision(inputs.located("--revision", _at, course, revision), as_json=as_json)
    elif diff is not None:
        _show_difference(course, diff, as_json=as_json)
    else:
        _show_all(course, revising.present(course, as_of), as_json=as_json)


def _at(course: Course, number: int) -> Course:
    return course.at_revision(number - 1)


def _show_revision(course: Course, *, as_json: bool) -> None:
    if as_json:
        click.echo(dumps(course, "json").decode(), nl=False)
        return
    pictures.show(_headline(course, len(course.revisions)), "")
    pictures.show(pictures.sessions_of(course, {}))
    around = [placed for placed in course.companions if placed.status.stands]
    if around:
        pictures.show("", "Around the sessions", bookings_briefly(course, around))


def _headline(course: Course, number: int) -> str:
    revision = course.revisions[number - 1]
    at = "" if revision.at is None else f" of {revision.at:%Y-%m-%dT%H:%M:%SZ}"
    return f"revision {number}{at}: {revision.what}"


def _show_difference(course: Course, numbers: tuple[int, int], *, as_json: bool) -> None:
    earlier, later = (inputs.located("--diff", _at, course, number) for number in numbers)
    changes = _between(course, earlier, later)
    if as_json:
        click.echo(reporting.as_json(reporting.difference_values(numbers, later, changes)))
        return
    pictures.show(*(_headline(course, number) for number in numbers), "")
    if changes:
        pictures.show(tracked.changes_of(later, changes))
    else:
        click.echo("the same bookings")


def _between(course: Course, earlier: Course, later: Course) -> list[Change]:
    """Return what changed from one revision to another, with the reason that was given last."""
    if len(later.revisions) < len(earlier.revisions):
        raise InvalidInput(
            what=f"from revision {len(earlier.revisions)} back to {len(later.revisions)}",
            where="--diff",
            why="a change leads from an earlier revision to a later one",
            fix=f"write --diff {len(later.revisions)} {len(earlier.revisions)}",
        )
    before = earlier.bookings()
    reasons = {
        changed.booking: changed.why
        for revision in course.revisions[len(earlier.revisions) : len(later.revisions)]
        for changed in revision.changes
    }
    return [
        Change(booking=name, why=reasons.get(name, ""), before=before.get(name), after=booking)
        for name, booking in later.bookings().items()
        if before.get(name) != booking
    ]


def _show_all(course: Course, today: date, *, as_json: bool) -> None:
    seen = evaluate(course, as_of=today)
    if as_json:
        click.echo(reporting.as_json(reporting.history_values(seen)))
        return
    pictures.show(_revisions_of(course))
    if seen.visits:
        pictures.show("", tracked.visits_of(course, seen.visits))
    if course.ended is not None:
        pictures.show("", f"ended on {on(course.ended)}")


def _revisions_of(course: Course) -> Any:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("revision", "when", "what", "who", "bookings changed", "why, and what to know"):
        table.add_column(name, overflow="fold")
    for number, revision in enumerate(course.revisions, 1):
        said: Sequence[str] = [*filter(None, [revision.why]), *revision.remarks]
        table.add_row(
            str(number),
            "" if revision.at is None else f"{revision.at:%Y-%m-%d %H:%M}Z",
            revision.what,
            revision.who,
            str(len(revision.changes)) if number > 1 else "",
            "\n".join(said),
        )
    return table
