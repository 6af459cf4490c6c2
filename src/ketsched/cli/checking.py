"""`ketsched check`, `ketsched rules` and `ketsched explain`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import click

from ketsched import reporting
from ketsched.checking import RULES, Finding, rule_named
from ketsched.checking import check as check_course
from ketsched.cli import inputs, pictures, placing
from ketsched.cli.completing import complete_protocol, complete_rule
from ketsched.cli.options import (
    CLINIC,
    CLINIC_OPTIONS,
    FAIL_ON,
    HAPPENED,
    JSON,
    OUTPUT,
    SCRIPTS,
    STAFF,
    TO_DO,
    VERBOSE,
    WHO,
    ClinicFile,
    command,
    option,
    under,
)
from ketsched.clock import read_date
from ketsched.entries import read_named
from ketsched.errors import InvalidInput
from ketsched.hours import Hours
from ketsched.interchange.schedules import read_schedule, visits_to_check
from ketsched.model import Course, Protocol, Waiver
from ketsched.protocols import load_protocol
from ketsched.screens.checks import check_folder
from ketsched.screens.findings import check_lines
from ketsched.screens.rules import page_lines, rule_lines
from ketsched.waiverfile import load_waivers


@command()
@click.argument("what", nargs=-1, required=True, metavar="FILE|FOLDER|DATE...")
@under(
    HAPPENED,
    option("--visits", "FILE", "What happened and is not recorded yet: .toml, .csv or .tsv"),
)
@under(
    TO_DO,
    option(
        "--protocol",
        "ID|FILE",
        "What bare dates or a foreign calendar follow",
        load_protocol,
        shell_complete=complete_protocol,
    ),
)
@under(CLINIC, *CLINIC_OPTIONS, STAFF)
@under(
    WHO,
    option(
        "--waivers", "FILE", "Exceptions: [[waiver]] with rule, sessions, reason, who, until", load_waivers
    ),
)
@under(OUTPUT, VERBOSE, JSON)
@under(
    SCRIPTS,
    option("--as-of", "DATE", "Today: for what happened, and what is overdue or runs out", read_date),
    FAIL_ON,
)
@click.pass_context
def check_command(  # noqa: PLR0913 - a parameter for each option
    ctx: click.Context,
    /,
    what: tuple[str, ...],
    protocol: Protocol | None,
    visits: str | None,
    as_of: date | None,
    waivers: tuple[Waiver, ...] | None,
    fail_on: str,
    verbose: bool,
    as_json: bool,
    calendars: tuple[str, ...],
    clinic: ClinicFile | None,
    **typed: Any,
) -> None:
    """
    Check a course file (.json), a calendar (.ics), bare dates, or a folder.

    Of a folder each course file is checked by itself, without the others' chairs; and
    courses that share an id are named. A clinic file that a course remembers is taken
    from beside it.

    \b
    ketsched check course.json --clinic clinic.toml
    ketsched check courses --as-of 2027-01-15
    ketsched check --protocol iv-mwf-6 2027-01-04 2027-01-06 2027-01-08
    """
    given = {**typed, "clinic": None if clinic is None else clinic.calendar}
    if len(what) == 1 and Path(what[0]).is_dir():
        _refuse_for_folder(protocol=protocol, visits=visits, staff=calendars)
        ctx.exit(
            _check_folder(
                what[0], as_of, waivers or (), fail_on, verbose=verbose, as_json=as_json, clinic=given
            )
        )
    zone = given["zone"]
    alone = zone is not None and not any(given[name] for name in given if name != "zone")
    if len(what) == 1 and what[0].lower().endswith(".json"):
        course = read_schedule(what, protocol, zone)
        files = placing.files_beside(course, Path(what[0]))
        calendar = None if alone else inputs.clinic_calendar(**given, known=files.clinic)
    else:
        files, calendar = None, None if alone else inputs.clinic_calendar(**given)
        course = read_schedule(what, protocol, zone if calendar is None else calendar.zone)
    others = inputs.located("--staff", read_named, calendars, course.protocol)
    if files is not None and calendar is not None:
        taken = files.booked(Hours(calendar, staff=files.staff(others)))
        calendar, others = taken.calendar, dict(taken.staff)
    happened = inputs.located("--visits", visits_to_check, visits, course, as_of)
    findings = inputs.located(
        "--visits",
        lambda: check_course(
            course, calendar=calendar, calendars=others, visits=happened, as_of=as_of, waivers=waivers or ()
        ),
    )
    if as_json:
        click.echo(reporting.as_json({"findings": reporting.finding_values(findings)}))
    else:
        file = what[0] if course.id is not None else ""
        named = f"Course {course.id}" if course.id is not None else course.protocol.id
        pictures.present(*check_lines(findings, course=named, as_of=as_of, file=file, verbose=verbose))
    ctx.exit(inputs.exit_code(findings, fail_on))


def _refuse_for_folder(**given: object) -> None:
    for name, value in given.items():
        if value:
            raise InvalidInput(
                what=f"--{name} for a folder",
                where=f"--{name}",
                why="it is about one course; the courses of a folder are of many patients",
                fix="leave it out, or check one file",
            )


def _check_folder(
    folder: str,
    today: date | None,
    waivers: tuple[Waiver, ...],
    fail_on: str,
    *,
    verbose: bool,
    as_json: bool,
    clinic: dict[str, Any],
) -> int:
    """Check each course file of a folder, and say which share an id; return the exit code."""

    def look(course: Course, path: Path) -> tuple[Finding, ...]:
        files = placing.files_beside(course, path)
        calendar = inputs.clinic_calendar(**clinic, known=files.clinic)
        others = {} if calendar is None else files.staff({})
        return check_course(course, calendar=calendar, calendars=others, as_of=today, waivers=waivers)

    found = inputs.located("FOLDER", check_folder, folder, look)
    if as_json:
        click.echo(reporting.as_json(found.values()))
    else:
        for name, _, findings in found.files:
            lines = check_lines(
                findings, course=name, as_of=today, file=str(Path(folder, name)), verbose=verbose
            )
            pictures.present(*lines, "")
        for line, more in found.faults():
            pictures.show(line, f"  {more}", "")
    return 2 if found.unread else max(inputs.exit_code(found.findings(), fail_on), int(bool(found.shared)))


@command()
@under(OUTPUT, JSON)
def rules_command(as_json: bool) -> None:
    """List the rules that check knows: code, severity, name and source."""
    if as_json:
        click.echo(reporting.as_json(reporting.rule_values(RULES)))
        return
    pictures.present(*rule_lines(RULES))


@command()
@click.argument("code", shell_complete=complete_rule)
def explain_command(code: str) -> None:
    """Explain one rule by its code (KS101) or its name (gap-too-short)."""
    rule = inputs.located("CODE", rule_named, code)
    pictures.present(*page_lines(rule))
