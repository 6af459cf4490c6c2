"""`ketsched check`, `ketsched rules` and `ketsched explain`."""

from __future__ import annotations

import re
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
    WHO,
    ClinicFile,
    command,
    option,
    under,
)
from ketsched.clock import read_date
from ketsched.entries import read_named
from ketsched.errors import InvalidInput, KetschedError
from ketsched.hours import Hours
from ketsched.interchange import read
from ketsched.interchange.folder import course_files, identities, of_one_identity
from ketsched.model import Course, Protocol, Visit, Waiver
from ketsched.protocols import load_protocol
from ketsched.screens import Table
from ketsched.screens.morning import in_four_parts
from ketsched.tracking.rows import compare_rows
from ketsched.visitfile import load_visits
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
@under(OUTPUT, JSON)
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
        ctx.exit(_check_folder(what[0], as_of, waivers or (), fail_on, as_json=as_json, clinic=given))
    zone = given["zone"]
    alone = zone is not None and not any(given[name] for name in given if name != "zone")
    if len(what) == 1 and what[0].lower().endswith(".json"):
        course = _course(what, protocol, zone)
        files = placing.files_beside(course, Path(what[0]))
        calendar = None if alone else inputs.clinic_calendar(**given, known=files.clinic)
    else:
        files, calendar = None, None if alone else inputs.clinic_calendar(**given)
        course = _course(what, protocol, zone if calendar is None else calendar.zone)
    others = inputs.located("--staff", read_named, calendars, course.protocol)
    if files is not None and calendar is not None:
        taken = files.booked(Hours(calendar, staff=files.staff(others)))
        calendar, others = taken.calendar, dict(taken.staff)
    happened = inputs.located("--visits", _visits, visits, course, as_of)
    findings = inputs.located(
        "--visits",
        lambda: check_course(
            course, calendar=calendar, calendars=others, visits=happened, as_of=as_of, waivers=waivers or ()
        ),
    )
    if as_json:
        click.echo(reporting.as_json({"findings": reporting.finding_values(findings)}))
    elif findings:
        pictures.show(pictures.findings_of(findings))
    else:
        click.echo("no findings")
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
    as_json: bool,
    clinic: dict[str, Any],
) -> int:
    """Check each course file of a folder, and say which share an id; return the exit code."""
    found: list[tuple[str, Course, tuple[Finding, ...]]] = []
    unread: list[tuple[str, KetschedError]] = []
    names = list(inputs.located("FOLDER", course_files, folder))
    if not names:
        raise InvalidInput(
            what=f"no course file in {folder}",
            where="FOLDER",
            why="of a folder the course files (.json) in it are checked",
            fix="give the folder that holds them, or one file",
        )
    for path in (Path(folder, name) for name in names):
        try:
            course = read(path)
            files = placing.files_beside(course, path)
            calendar = inputs.clinic_calendar(**clinic, known=files.clinic)
            others = {} if calendar is None else files.staff({})
            findings = check_course(course, calendar=calendar, calendars=others, as_of=today, waivers=waivers)
            found.append((path.name, course, findings))
        except KetschedError as error:
            unread.append((path.name, error))
    shared = of_one_identity((name, identities(course)) for name, course, _ in found)
    if as_json:
        values = {
            "files": [
                {"file": name, "course": course.id, "findings": reporting.finding_values(findings)}
                for name, course, findings in found
            ],
            "same_id": [in_four_parts(same) for same in shared],
            "unread": [{"file": name, **in_four_parts(fault)} for name, fault in unread],
        }
        click.echo(reporting.as_json(values))
    else:
        for name, _, findings in found:
            pictures.show(name, pictures.findings_of(findings) if findings else "no findings", "")
        for same in shared:
            pictures.show(f"{same.what}: {same.why}", f"  {same.fix}", "")
        for name, fault in unread:
            pictures.show(f"{name}: {fault.what}", f"  {fault.where}; {fault.fix}", "")
    every = [finding for _, _, findings in found for finding in findings]
    return 2 if unread else max(inputs.exit_code(every, fail_on), int(bool(shared)))


def _visits(source: str | None, course: Course, today: date | None) -> tuple[Visit, ...]:
    if source is None:
        return ()
    if today is None:
        raise InvalidInput(
            what="visits, and no --as-of",
            where="the command line",
            why="what is past and what is to come depends on today",
            fix="add --as-of with today's date",
        )
    found = load_visits(source, zone=course.zone)
    # What is dated after today is a finding here, and no fault of its row.
    rows = compare_rows(course, found, as_of=max([today, *(visit.day for visit in found.visits)]))
    if rows.unused:
        first = rows.unused[0]
        raise InvalidInput(
            what=f"line {first.line} cannot be used", where=source, why=first.why, fix=first.fix
        )
    return rows.new


def _course(what: tuple[str, ...], known: Protocol | None, zone: str | None) -> Course:
    if all(re.match(r"[0-9]+-[0-9]+-[0-9]+$", text) for text in what):
        if known is None:
            raise InvalidInput(
                what="--protocol is missing",
                where="the command line",
                why="bare dates do not say what they follow",
                fix="give --protocol iv-mwf-6, or another of `ketsched protocols`",
            )
        days = [inputs.located("DATE", read_date, text) for text in what]
        return Course.of_days(known, days, zone=zone or "UTC")
    if len(what) > 1:
        raise InvalidInput(
            what=f"{len(what)} things to check",
            where=" ".join(what)[:80],
            why="it is one file, or dates only",
            fix="check one file at a time; write dates as 2027-01-04",
        )
    course = read(what[0], protocol=known, zone=zone)
    if known is not None and course.protocol.id != known.id:
        raise InvalidInput(
            what=f"{what[0][:80]} follows {course.protocol.id}, not {known.id}",
            where="--protocol",
            why="a course file says itself what it follows, with the choices that were made",
            fix="leave --protocol out; to try other rules on its dates, give the dates",
        )
    return course


@command()
@under(OUTPUT, JSON)
def rules_command(as_json: bool) -> None:
    """List the rules that check knows: code, severity, name and source."""
    if as_json:
        click.echo(reporting.as_json(reporting.rule_values(RULES)))
        return
    rows = ((rule.code, str(rule.severity), rule.name, rule.source) for rule in RULES)
    pictures.present(Table(("code", "severity", "rule", "source"), tuple(rows)))


@command()
@click.argument("code", shell_complete=complete_rule)
def explain_command(code: str) -> None:
    """Explain one rule by its code (KS101) or its name (gap-too-short)."""
    rule = inputs.located("CODE", rule_named, code)
    click.echo(f"{rule.code} {rule.name} ({rule.severity})\n\n{rule.page}\n\nSource: {rule.source}")
