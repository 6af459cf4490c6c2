"""`ketsched record`: what happened, and what follows from it."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import click
from click.shell_completion import CompletionItem

from ketsched import reporting
from ketsched.cli import inputs, pictures, placing, printable, revising
from ketsched.cli.completing import among, complete_course, complete_session, complete_visit
from ketsched.cli.options import (
    AS_OF,
    HAPPENED,
    NOTICE,
    SCRIPTS,
    WHO,
    Reading,
    choice,
    command,
    flag,
    option,
    under,
)
from ketsched.clock import read_time
from ketsched.entries import STATUSES, check_entry, read_day, read_status, session_named, with_session
from ketsched.errors import InvalidInput
from ketsched.interchange.json import document
from ketsched.model import RECORD_WORDS, Course, Visit, VisitStatus
from ketsched.screens import many
from ketsched.screens.changes import stands_again
from ketsched.screens.recorded import Recorded
from ketsched.tracking import record as record_visits
from ketsched.tracking.following import following
from ketsched.tracking.options import ReplanOptions
from ketsched.tracking.rows import Compared, compare_rows
from ketsched.visitfile import load_columns, load_visits

_ONE = ("session", "began", "elsewhere", "counts", "by", "route", "worse", "note", "corrects")
"""Options about the one visit that the command line names."""
_FILE = ("columns", "patient", "skip_bad_rows")
"""Options about a file of visits."""


def _complete_file(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the course file, or the second word of a command that begins with record."""
    return [
        *among(RECORD_WORDS)(ctx, param, incomplete),
        *complete_course(ctx, param, incomplete),
    ]


@command()
@click.argument("file", metavar="FILE", shell_complete=_complete_file)
@click.argument("day", required=False, type=Reading(read_day), metavar="[DATE")
@click.argument(
    "status", required=False, type=Reading(read_status), metavar="STATUS]", shell_complete=among(STATUSES)
)
@under(
    HAPPENED,
    option("--from", "FILE", "Visits of a .toml, .csv or .tsv file instead", to="source"),
    option("--columns", "MAP.toml", "What the columns and words of an export mean"),
    option("--patient", "TEXT", "Whose rows to take, as the export has it"),
    flag("--skip-bad-rows", "Record the other rows if some cannot be used"),
    option(
        "--session", "ID|DATE", "The session it was, if not that of the day", shell_complete=complete_session
    ),
    option("--time", "HH:MM", "When it began, by the clock of where it was", read_time, to="began"),
    flag("--elsewhere", "It was at another clinic"),
    choice("--counts", ("yes", "no"), "Whether one that was stopped early counts"),
    choice("--by", ("patient", "clinic"), "Who cancelled"),
    option("--route", "TEXT", "Of the drug, if another than the session's", default=""),
    flag("--worse", "Somebody found symptoms worse"),
    option(
        "--corrects",
        "ID",
        "The entry it replaces, such as v2 (see history); with withdrawn: takes it back",
        default="",
        shell_complete=complete_visit,
    ),
)
@under(
    WHO,
    option("--who", "NAME", "Who records it", default=""),
    option("--note", "TEXT", "For the clinic", default=""),
)
@under(SCRIPTS, AS_OF)
@placing.hours_options(NOTICE)
@revising.changes()
def record_command(
    opened: revising.Opened,
    day: date | None,
    status: VisitStatus | None,
    source: str | None,
    as_of: date | None,
    notice: int,
    who: str,
    hours: placing.Reader,
    **given: Any,
) -> None:
    """
    Record what happened: DATE and STATUS of a visit, or --from a file.

    STATUS is given, missed, cancelled (also: came, and was sent home untreated),
    stopped-early or withdrawn. It then says what the visit was and
    what is next; with the clinic's hours, and if the series lacks a session, which
    ways there are to make up for it. No session to come is moved: ketsched replan.

    What a review decided, a to-do that is done and a ride home have commands of their
    own: ketsched record decision, ketsched record done, ketsched record ride.

    \b
    ketsched record course.json 2027-01-14 missed --clinic clinic.toml
    ketsched record course.json 2027-01-14 stopped-early --counts no
    ketsched record course.json --from visits.csv --columns map.toml
    """
    today = opened.as_of(as_of)
    of_one, of_file = ({name: given.pop(name) for name in names} for names in (_ONE, _FILE))
    known = hours(opened.course, opened.path)
    inputs.by_option(ReplanOptions, notice=notice)  # before anything is written
    passed: dict[str, int] = {}
    if source is not None:
        _refuse(day is not None or any(of_one.values()), "--from", "a file and one visit")
        rows, passed = _read(source, opened.course, today, **of_file)
        where = "--from"
    else:
        _refuse(any(of_file.values()), "--from", "options for a file, and no file")
        visit, where = _visit(opened, day, status, of_one), "DATE"
        rows = Compared(new=(visit,), known=(), unused=())
    keywords: dict[str, Any] = {"at": opened.at, "as_of": today}
    course = inputs.located(where, partial(record_visits, who=who, **keywords), opened.course, rows.new)
    course = course if known is None else known.keep(opened.course, course)
    lines = opened.write(course)
    if course != opened.course:
        lines = [*stands_again(course), *lines, *(() if known is None else known.reminders(course))]
    visits = (*rows.known, *rows.new)
    when = None if known is None else known.hours
    found = inputs.by_option(following, course, visits, hours=when, notice=notice, **keywords)
    if opened.as_json:
        result = {
            "changed": course != opened.course,
            "revision": len(course.revisions),
            "visits": reporting.visit_values(found.visits),
            "unused": [attrs.asdict(row) for row in rows.unused],
            "passed": passed | ({"recorded already": len(rows.known)} if rows.known else {}),
            "lacks": list(found.lacks),
            "forecast": reporting.forecast_values(found.forecast),
            "ways": reporting.proposal_values(course, found.plans, found.marked),
            "course": document(course),
        }
        click.echo(reporting.as_json(result))
        return
    told = Recorded(course=course, found=found, file=str(opened.path), passed=passed, known=len(rows.known))
    pictures.present(*told.parts(), *lines)


def _refuse(wrong: bool, where: str, what: str) -> None:
    if wrong:
        raise InvalidInput(
            what=what,
            where=where,
            why="visits are those of a file, or the one that the command line names",
            fix="give DATE and STATUS with its options, or --from with --columns, --patient, --skip-bad-rows",
        )


def _visit(
    opened: revising.Opened, day: date | None, status: VisitStatus | None, given: dict[str, Any]
) -> Visit:
    """Read the one visit that the command line names."""
    course = opened.course
    if day is None or status is None:
        raise InvalidInput(
            what="Please say which day." if day is None else "Please say what happened.",
            where="DATE" if day is None else "STATUS",
            why="a record is a day and what happened; nothing is assumed given",
            fix=f"ketsched record {opened.path} {day or '2027-01-14'} missed; or --from with a file of visits",
        )
    began, session, counts, corrects = (given[name] for name in ("began", "session", "counts", "corrects"))
    asks = status is VisitStatus.STOPPED_EARLY and counts is None and not opened.as_json
    if asks and inputs.on_a_terminal():
        with opened.held.left_to_others():
            counts = _asked(day)
    visit = inputs.located(
        "the command line",
        lambda: Visit(
            day,
            status,
            session=None if session is None else inputs.located("--session", session_named, course, session),
            at=began,
            counts=None if counts is None else counts == "yes",
            by=given["by"] or "",
            corrects=corrects,
            **{name: given[name] for name in ("elsewhere", "route", "worse", "note")},
        ),
    )
    where = "--corrects" if corrects else "DATE"
    return inputs.located(where, lambda: with_session(course, check_entry(course, visit)))


def _asked(day: date) -> str | None:
    """Ask whether what was stopped early counts; None: nobody can say yet."""
    choice = click.Choice(["yes", "no", "unknown"])
    said = click.prompt(
        f"Does the session of {day} count toward the series?", type=choice, default="unknown", err=True
    )
    return None if said == "unknown" else str(said)


def _read(
    source: str, course: Course, today: date, *, columns: str | None, patient: str | None, skip_bad_rows: bool
) -> tuple[Compared, dict[str, int]]:
    """Read a file of visits; rows that cannot be used are listed, and end it unless they are to be skipped."""
    meanings = None if columns is None else inputs.located("--columns", load_columns, columns)
    found = inputs.located(
        "--from", lambda: load_visits(Path(source), columns=meanings, patient=patient, zone=course.zone)
    )
    rows = compare_rows(course, found, as_of=today)
    for row in rows.unused:
        click.echo(printable(f"{source}, line {row.line}: {row.why}; {row.fix}"), err=True)
    if rows.unused and not skip_bad_rows:
        raise InvalidInput(
            what=f"{many(len(rows.unused), 'row')} cannot be used",
            where=f"--from, {source}, line {', '.join(str(row.line) for row in rows.unused[:8])}",
            why="a visit that is left out would be taken as not recorded; nothing was recorded",
            fix="correct them, or add --skip-bad-rows to record the others",
        )
    return rows, dict(found.passed)
