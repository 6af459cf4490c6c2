"""`ketsched next` and `ketsched status`: where a course stands."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import click

from ketsched import reporting
from ketsched.checking import check
from ketsched.cli import inputs, pictures, placing, revising
from ketsched.cli.options import AS_OF, JSON, NOTICE, OUTPUT, SCRIPTS, VERBOSE, command, option, under
from ketsched.entries import read_day
from ketsched.errors import InvalidInput
from ketsched.screens.forecasts import forecast_parts
from ketsched.screens.status import Status
from ketsched.tracking import forecast as forecast_course


@command()
@revising.course_file
@placing.hours_options(NOTICE, time=True)
@under(
    OUTPUT,
    option("--week", "DATE", "Only the possible days in the week of this date", read_day),
    VERBOSE,
    JSON,
)
@under(SCRIPTS, AS_OF)
def next_command(
    file: str,
    as_of: date | None,
    notice: int,
    week: date | None,
    verbose: bool,
    as_json: bool,
    hours: placing.Reader,
) -> None:
    """
    Say what is due next, and until when; no file is changed.

    With the clinic's hours it says which days could be booked. A past session that
    nobody recorded is asked about, with what follows from either answer.

    \b
    ketsched next course.json --clinic clinic.toml
    ketsched next course.json --clinic clinic.toml --week 2027-01-18
    """
    course = revising.read_course(file)
    today = revising.present(course, as_of)
    when = hours(course, Path(file))
    monday = None if week is None else week - timedelta(week.weekday())
    if monday is not None and when is None:
        raise InvalidInput(
            what="a week without the clinic's hours",
            where="--week",
            why="which days can be booked follows from when the clinic is open",
            fix="add --clinic FILE, or --zone and --hours, or --case CASE.toml",
        )
    keywords = {} if when is None else when.hours.of_sessions()
    found = inputs.by_option(forecast_course, course, as_of=today, notice=notice, **keywords)
    if as_json:
        click.echo(reporting.as_json(reporting.forecast_values(found, monday)))
        return
    pictures.present(*forecast_parts(course, found, monday, verbose=verbose))
    if when is None and found.next is not None:
        pictures.present("", "Add --clinic FILE to see which other days are possible.")


@command()
@revising.course_file
@placing.hours_options()
@under(OUTPUT, JSON)
@under(SCRIPTS, AS_OF)
def status_command(file: str, as_of: date | None, as_json: bool, hours: placing.Reader) -> None:
    """
    One page for the doctor; no file is changed.

    How many sessions were given, missed and are to come; what is next, and within
    which days; decisions, holds and findings; the last change.

    \b
    ketsched status course.json
    """
    course = revising.read_course(file)
    today = revising.present(course, as_of)
    known = hours(course, Path(file))
    calendar, staff = (None, None) if known is None else (known.hours.calendar, known.hours.staff)
    findings = check(course, calendar=calendar, calendars=staff, as_of=today)
    page = Status(course=course, seen=forecast_course(course, as_of=today), findings=findings)
    if as_json:
        click.echo(reporting.as_json(page.values()))
    else:
        pictures.present(*page.parts())
