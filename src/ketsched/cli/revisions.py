"""`ketsched history`: what happened, what was changed, and the course as it was."""

from __future__ import annotations

from datetime import date

import click

from ketsched import reporting
from ketsched.cli import inputs, pictures, revising
from ketsched.cli.options import AS_OF, JSON, OUTPUT, SCRIPTS, VERBOSE, command, option, under
from ketsched.errors import InvalidInput
from ketsched.history import evaluate
from ketsched.interchange import dumps
from ketsched.model import Course
from ketsched.revising import difference
from ketsched.screens.changes import change_lines
from ketsched.screens.dates import dated_lines
from ketsched.screens.histories import headline, history_parts


@command()
@revising.course_file
@under(
    OUTPUT,
    option("--revision", "N", "Show the course as this revision left it", type=int),
    option("--diff", "A B", "Show what changed from one revision to another", type=(int, int)),
    VERBOSE,
    JSON,
)
@under(SCRIPTS, AS_OF)
def history_command(
    file: str,
    revision: int | None,
    diff: tuple[int, int] | None,
    as_of: date | None,
    verbose: bool,
    as_json: bool,
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
        _show_revision(inputs.located("--revision", course.at_revision, revision - 1), as_json=as_json)
    elif diff is not None:
        _show_difference(course, diff, as_json=as_json)
    else:
        _show_all(course, revising.present(course, as_of), verbose=verbose, as_json=as_json)


def _show_revision(course: Course, *, as_json: bool) -> None:
    if as_json:
        click.echo(dumps(course, "json").decode(), nl=False)
        return
    pictures.present(headline(course, len(course.revisions) - 1), "", *dated_lines(course, ids=True))


def _show_difference(course: Course, numbers: tuple[int, int], *, as_json: bool) -> None:
    first, last = (number - 1 for number in numbers)
    changes = inputs.located("--diff", difference, course, first, last)
    later = course.at_revision(last)
    if as_json:
        click.echo(reporting.as_json(reporting.difference_values(numbers, later, changes)))
        return
    pictures.present(headline(course, first), headline(course, last), "")
    pictures.present(*(change_lines(later, changes) or ["The same bookings."]))


def _show_all(course: Course, today: date, *, verbose: bool, as_json: bool) -> None:
    seen = evaluate(course, as_of=today)
    if as_json:
        click.echo(reporting.as_json(reporting.history_values(seen)))
        return
    pictures.present(*history_parts(seen, verbose=verbose))
