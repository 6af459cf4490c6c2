"""`ketsched plan`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import click

from ketsched import reporting
from ketsched.casefile import Case, check_holds, load_case
from ketsched.checking import check
from ketsched.cli import inputs, pictures, placing
from ketsched.cli.completing import complete_protocol
from ketsched.cli.options import (
    AT,
    CLINIC,
    CLINIC_OPTIONS,
    COURSES,
    FAIL_ON,
    FILES,
    JSON,
    OUTPUT,
    PROTOCOL_CHOICES,
    SCRIPTS,
    STAFF,
    TO_DO,
    VERBOSE,
    command,
    flag,
    option,
    under,
)
from ketsched.clock import read_time
from ketsched.entries import read_named, read_start
from ketsched.errors import InvalidInput
from ketsched.files import write_several
from ketsched.interchange.beside import Paths, closing, reminders
from ketsched.interchange.coursefile import making
from ketsched.interchange.folder import with_booked
from ketsched.interchange.outputs import outputs_of, saved
from ketsched.languages import check_language
from ketsched.model import Course
from ketsched.planning import Start, complete, starts
from ketsched.planning import plan as plan_course
from ketsched.protocols import load_protocol
from ketsched.screens.findings import finding_lines
from ketsched.screens.months import months
from ketsched.screens.plans import Planned
from ketsched.screens.rows import paragraph


@command()
@click.argument("case", required=False, metavar="[CASE.toml]")
@under(
    TO_DO,
    option(
        "--protocol",
        "ID|FILE",
        "A protocol's id, or a .toml file",
        load_protocol,
        shell_complete=complete_protocol,
    ),
    option("--start", "DATE", "First session, or days to search: 2027-01-04..2027-01-31", read_start),
    option("--time", "HH:MM", "Preferred start", read_time, to="clock"),
    *PROTOCOL_CHOICES,
    flag("--screening-decides", "Sessions are to be confirmed until the screening's outcome is recorded"),
)
@under(CLINIC, *CLINIC_OPTIONS, STAFF, COURSES)
@under(
    OUTPUT,
    FILES,
    option("--language", "LANG", "What the patient reads in: en, es or de (en)", check_language),
    VERBOSE,
    JSON,
)
@under(
    SCRIPTS,
    AT,
    FAIL_ON,
    option("--id", "ID", "The course's opaque name; made at random if not given", to="course_id"),
    option(
        "--key",
        "TEXT",
        'Keeps the UIDs of events from being guessed; made at random if not given, "" for none',
    ),
)
@click.pass_context
def plan_command(
    ctx: click.Context, /, case: str | None, fail_on: str, verbose: bool, as_json: bool, **given: Any
) -> None:
    """
    Plan a course from a protocol, a start and a clinic's hours.

    Everything can stand in a case file, or be given by options; options come first.

    \b
    ketsched plan case.toml -o patient.ics -o clinic.ics:clinic,full
    ketsched plan --protocol iv-mwf-6 --start 2027-01-04 \\
        --zone America/New_York --hours "mon-fri 09:00-17:00" -o course.ics
    """
    outputs = outputs_of(given["output"])
    what = _what_to_plan(case, given)
    course_id = given["course_id"] or what.id
    made = {} if course_id else {"id": f"c-{os.urandom(6).hex()}"}
    key = what.key if given["key"] is None else given["key"]
    if key is None and outputs:
        key = made["key"] = os.urandom(16).hex()
    if given["booked"] is not None:
        taken = partial(with_booked, id=course_id, same_id=_refuse if outputs else placing.warn_of)
        hours = inputs.located("--courses", taken, what.hours, given["booked"])
        what = attrs.evolve(what, calendar=hours.calendar, calendars=hours.staff)
        inputs.tell_passed_over(given["booked"])
    paths, closes = placing.paths_of(what, **given), tuple(closing(given))
    payers: dict[str, Any] = {"authorisations": what.authorisations}
    at = inputs.moment(given["at"])
    inputs.confirm_ahead(at)
    language = given["language"] or what.language
    given = {**payers, "holds": what.holds, "id": course_id or made["id"], "key": key or None, "at": at}
    tried: tuple[Start, ...] = ()
    if isinstance(what.start, tuple):
        with pictures.waiting("trying the starts ..."):
            tried = starts(what.protocol, between=what.start, **what.hours.of_sessions(), **payers)
    courses = [start.course for start in tried if start.course is not None]
    if courses:
        course = complete(courses, what.hours, protocol=what.protocol, **given)
    else:
        course = plan_course(what.protocol, start=what.start, **what.hours.keywords(), **given)
    inputs.located(case or "", check_holds, course)
    course = attrs.evolve(course, language=language)
    document = next((output.path for output in outputs if output.holds_course), None)
    if document is not None:
        course = attrs.evolve(course, files=course.files.replaced(paths.beside(document)))
    findings = check(course, calendar=what.calendar, calendars=what.calendars)
    with making(output.path for output in outputs if output.holds_course):
        remarks = write_several([output.content(course, findings, beside=paths.clinic) for output in outputs])
    if as_json:
        click.echo(reporting.as_json(reporting.plan_values(course, findings)))
    else:
        _show(
            Planned(
                course=course,
                hours=what.hours,
                clinic=what.calendar,
                findings=findings,
                tried=tried,
                verbose=verbose,
            )
        )
        named = sorted(outputs, key=lambda output: output.holds_course)
        lines = [
            saved(map(str, named)) if named else "Not saved: add -o COURSE.json to keep the course.",
            *remarks,
        ]
        lines += [*_to_remember(made, document)] if outputs else []
        lines += [] if document is None else _not_remembered(document, paths, course, closes)
        pictures.present(*map(paragraph, lines), pictures.DISCLAIMER)
    ctx.exit(inputs.exit_code(findings, fail_on))


def _refuse(error: InvalidInput) -> None:
    raise error


def _to_remember(made: Mapping[str, str], document: Path | None) -> Iterator[str]:
    """Yield what was made at random, and how to give it again; a course file keeps its key."""
    again = {name: text for name, text in made.items() if name == "id" or document is None}
    options = " ".join(f"--{name} {text}" for name, text in again.items())
    for name, text in list(again.items())[:1]:
        called = "Course id" if name == "id" else "Key"
        yield f"{called}: {text}. To plan it again so that calendars update, add {options}."


def _not_remembered(document: Path, paths: Paths, course: Course, closes: Iterable[str]) -> Iterator[str]:
    """Yield which files a course file does not lead to, and what closes the clinic this once."""
    for name in paths.elsewhere(document):
        yield f"Not remembered: {name} is not beside {document.name}. Give it again, or keep both in one folder."
    yield from reminders(closes, course.files.clinic)


def _what_to_plan(case: str | None, given: dict[str, Any]) -> Case:
    """Merge a case file and the options; the options come first."""
    loaded = None if case is None else load_case(case)
    for name in ("protocol", "start"):
        if loaded is None and given[name] is None:
            raise _missing(f"--{name} is missing", f"give --{name}, or a case file that says it")
    names = ("clinic", "zone", "hours", "holidays", "closed", "chairs")
    typed = {name: given[name] for name in names}
    typed["clinic"] = None if given["clinic"] is None else given["clinic"].calendar
    calendar = inputs.clinic_calendar(**typed, known=lambda: None if loaded is None else loaded.calendar)
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
        found = inputs.located("--staff", read_named, given["calendars"], what.protocol)
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


def _show(planned: Planned) -> None:
    pictures.present(*planned.starts_parts(), *planned.date_parts())
    if planned.verbose:
        course = planned.course
        pictures.show(f"{course.protocol.title}\n{course.protocol.phases[0].pattern()}\n")
        shown = months(course, planned.clinic)
        pictures.show(pictures.months_of(shown), pictures.legend_of(shown), "")
        pictures.present(*planned.more_parts())
        pictures.present(*finding_lines(planned.findings), "")
    pictures.present(*planned.attention_parts())
