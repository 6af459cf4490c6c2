"""`ketsched why`: from a date to the rules behind what is on it."""

from __future__ import annotations

from datetime import date

import click

from ketsched import reporting
from ketsched.cli import inputs, pictures, revising
from ketsched.cli.options import JSON, OUTPUT, command, under
from ketsched.clock import read_date
from ketsched.reasons import why as reasons_of
from ketsched.screens.protocols import MARKS
from ketsched.screens.whys import reasons_table


@command()
@revising.course_file
@click.argument("day", metavar="DATE")
@under(OUTPUT, JSON)
def why_command(file: str, day: str, as_json: bool) -> None:
    """
    Say why something is on a day: the rule, its number, its source and its mark.

    For each session, appointment, task and notice of that day: what put it there,
    what keeps it within bounds, how long it takes, and what holds around it. No
    file is changed.

    \b
    ketsched why course.json 2027-01-11
    """
    course = revising.read_course(file)
    when: date = inputs.located("DATE", read_date, day)
    found = inputs.located("DATE", reasons_of, course, when)
    if as_json:
        click.echo(reporting.as_json([one.as_dict() for one in found]))
        return
    for one in found:
        pictures.present(reasons_table(one), "")
    click.echo(MARKS)
