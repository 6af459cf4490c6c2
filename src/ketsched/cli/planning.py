"""`ketsched plan`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from typing import Any

import attrs
import click

from ketsched import reporting
from ketsched.burden import burden
from ketsched.casefile import Case, check_holds, load_case
from ketsched.checking import Finding, check
from ketsched.cli import inputs, pictures
from ketsched.cli.inputs import flag, option
from ketsched.clock import read_time
from ketsched.entries import read_moment, read_named, read_start, read_weekday_span
from ketsched.errors import InvalidInput
from ketsched.files import write_several
from ketsched.interchange.coursefile import making
from ketsched.interchange.folder import with_booked
from ketsched.model import Course, Interval
from ketsched.planning import Start, complete, starts
from ketsched.planning import plan as plan_course
from ketsched.protocols import load_protocol
from ketsched.screens import on
from ketsched.screens.courses import around_parts, reasons_parts, sessions_table, starts_table
from ketsched.screens.months import months

_SHOWN_STARTS = 10


@click.command()
@click.argument("case", required=False, metavar="[CASE.toml]")
@option(
    "--protocol",
    "ID|FILE",
    "A protocol's id, or a .toml file.",
    load_protocol,
    shell_complete=inputs.complete_protocol,
)
@option(
    "--start",
    "DATE",
    "First session, 2027-01-04; or a stretch to search, 2027-01-04..2027-01-31.",
    read_start,
)
@inputs.clinic_options
@inputs.calendars_option
@inputs.booked_option
@option("--time", "HH:MM", "Time of day to be near to.", read_time, to="clock")
@option("--sessions", "N", "Sessions in the first phase.", type=int)
@option("--weeks", "N", "Nominal weeks of the first phase.", type=int)
@option("--weekdays", "DAYS", 'Days of the week of the first phase, "mon,thu".', read_weekday_span)
@option("--boosters", "N", "Sessions in the last phase.", type=int)
@option("--until", "DURATION", "How long the last phase lasts, P26W or P6M.", Interval.parse)
@option(
    "--every",
    "DURATION",
    "Interval of the last phase, one that the protocol leaves to choose: P7D.",
    Interval.parse,
)
@option(
    "--country",
    "CODE",
    "The country whose forms and the like are planned, US; that of the clinic's zone if not given.",
)
@flag(
    "--screening-decides",
    "Sessions are to be confirmed until the outcome of the screening is recorded.",
)
@option("--id", "ID", "The course's opaque name; made at random if not given.", to="course_id")
@option(
    "--at",
    "MOMENT",
    "The moment of this revision, 2026-11-20T09:00:00Z; the clock's if not given.",
    read_moment,
)
@option(
    "-o --output",
    "FILE[:WHO]",
    "Write .json or .ics; WHO: patient or clinic, discreet, named or full, as in clinic.ics:clinic,full.",
    several=True,
)
@inputs.fail_on_option
@flag("--json", "Print the plan and its findings as JSON.", to="as_json")
@click.pass_context
def plan(ctx: click.Context, /, case: str | None, fail_on: str, as_json: bool, **given: Any) -> None:
    """
    Plan a course from a protocol, a start and a clinic's hours.

    Everything can stand in a case file, or be given by options; options come first.

    \b
    ketsched plan case.toml -o patient.ics -o clinic.ics:clinic,full
    ketsched plan --protocol iv-mwf-6 --start 2027-01-04 \\
        --zone America/New_York --hours "mon-fri 09:00-17:00" -o course.ics
    """
    outputs = inputs.outputs_of(given["output"])
    what = _what_to_plan(case, given)
    course_id = given["course_id"] or what.id
    made = None if course_id else f"c-{os.urandom(6).hex()}"
    if given["booked"] is not None:
        calendar = inputs.located(
            "--booked", partial(with_booked, id=course_id), what.calendar, given["booked"]
        )
        what = attrs.evolve(what, calendar=calendar)
    payers: dict[str, Any] = {"authorisations": what.authorisations}
    at = inputs.moment(given["at"])
    inputs.confirm_ahead(at)
    given = {**payers, "holds": what.holds, "id": course_id or made, "at": at}
    tried: tuple[Start, ...] = ()
    if isinstance(what.start, tuple):
        with pictures.waiting("trying the starts ..."):
            tried = starts(what.protocol, between=what.start, **what.hours.of_sessions(), **payers)
    courses = [start.course for start in tried if start.course is not None]
    if courses:
        course = complete(courses, what.hours, **given)
    else:
        course = plan_course(what.protocol, start=what.start, **what.hours.keywords(), **given)
    inputs.located(case or "", check_holds, course)
    findings = check(course, calendar=what.calendar, calendars=what.calendars)
    with making(output.path for output in outputs if output.holds_course):
        remarks = write_several([output.content(course, findings) for output in outputs])
    if as_json:
        click.echo(reporting.as_json(reporting.plan_values(course, findings)))
    else:
        _show(course, what, findings, tried)
        for line in (*(f"wrote {output}" for output in outputs), *remarks):
            click.echo(line)
        if made and outputs:
            click.echo(f"course id: {made} (made now; give --id {made} next time, so that calendars update)")
    ctx.exit(inputs.exit_code(findings, fail_on))


def _what_to_plan(case: str | None, given: dict[str, Any]) -> Case:
    """Merge a case file and the options; the options come first."""
    loaded = None if case is None else load_case(case)
    for name in ("protocol", "start"):
        if loaded is None and given[name] is None:
            raise _missing(f"--{name} is missing", f"give --{name}, or a case file that says it")
    names = ("clinic", "zone", "hours", "holidays", "closed", "chairs")
    known = None if loaded is None else loaded.calendar
    calendar = inputs.clinic_calendar(**{name: given[name] for name in names}, known=known)
    if calendar is None:
        raise _missing(
            "the clinic's hours are missing",
            'give --zone America/New_York --hours "mon-fri 09:00-17:00", or --clinic FILE, or a case file',
        )
    said: dict[str, Any] = {"calendar": calendar}
    options = {"protocol": given["protocol"], "start": given["start"], "time": given["clock"]}
    said |= {name: value for name, value in options.items() if value is not None}
    what = Case(**said) if loaded is None else attrs.evolve(loaded, **said)
    if given["calendars"]:
        found = inputs.located("--calendar", read_named, given["calendars"], what.protocol)
        what = attrs.evolve(what, calendars={**what.calendars, **found})
    chosen = {name: given[name] for name in inputs.CHOICES if given[name] is not None}
    chosen |= {"screening_decides": True} if given["screening_decides"] else {}
    return attrs.evolve(what, protocol=what.protocol.choose(**chosen))


def _missing(what: str, fix: str) -> InvalidInput:
    return InvalidInput(
        what=what,
        where="the command line",
        why="a plan needs a protocol, a start and a clinic's hours",
        fix=fix,
    )


def _show(course: Course, what: Case, findings: Sequence[Finding], tried: tuple[Start, ...]) -> None:
    pictures.show(f"{course.protocol.title}\n{course.protocol.phases[0].pattern()} · {course.zone}\n")
    if tried:
        pictures.present(starts_table(tried, _SHOWN_STARTS), "")
        start = course.standing()[0].day
        if start != tried[0].day:
            better = "better starts leave no day for something around the sessions"
            pictures.show(f"Planned from {on(start)}: {better}\n")
    shown = months(course, what.calendar)
    pictures.show(pictures.months_of(shown), pictures.legend_of(shown), "")
    both = what.calendar if what.availability is None else what.calendar & what.availability
    pictures.present(sessions_table(course, {"clinic": both, "home": what.availability}), "")
    for part in (*around_parts(course), *reasons_parts(course)):
        pictures.present(part, "")
    asked = burden(course)
    if asked.first is not None and asked.last is not None:
        pictures.show(f"What this asks of you, from {on(asked.first)} to {on(asked.last)}:")
        pictures.show(*(f"  {line}" for line in asked.words()), "")
    pictures.show(pictures.findings_of(findings) if findings else "no findings")
    pictures.show(pictures.DISCLAIMER)
