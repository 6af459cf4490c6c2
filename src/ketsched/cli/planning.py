"""`ketsched plan`."""

from __future__ import annotations

import secrets
from typing import Any

import attrs
import click

from ketsched.casefile import Case, load_case
from ketsched.checking import Severity, check
from ketsched.cli import inputs, pictures
from ketsched.clock import read_time
from ketsched.errors import InvalidInput
from ketsched.interchange import write
from ketsched.model import Interval
from ketsched.planning import Start, starts
from ketsched.planning import plan as plan_course
from ketsched.protocols import load_protocol

_SHOWN_STARTS = 10


@click.command()
@click.argument("case", required=False, metavar="[CASE.toml]")
@click.option(
    "--protocol",
    metavar="ID|FILE",
    shell_complete=inputs.complete_protocol,
    help="A protocol's id, or a .toml file.",
)
@click.option(
    "--start",
    metavar="DATE",
    help="First session, 2027-01-04; or a stretch to search, 2027-01-04..2027-01-31.",
)
@inputs.clinic_options
@click.option("--time", "clock", metavar="HH:MM", help="Time of day to be near to.")
@click.option("--sessions", type=int, metavar="N", help="Sessions in the first phase.")
@click.option("--weeks", type=int, metavar="N", help="Nominal weeks of the first phase.")
@click.option("--days", metavar="DAYS", help='Weekdays of the first phase, "mon,thu".')
@click.option("--boosters", type=int, metavar="N", help="Sessions in the last phase.")
@click.option("--until", metavar="DURATION", help="How long the last phase lasts, P26W or P6M.")
@click.option(
    "--id", "course_id", metavar="ID", help="The course's opaque name; made at random if not given."
)
@click.option(
    "--at",
    metavar="MOMENT",
    help="The moment of this revision, 2026-11-20T09:00:00Z; the clock's if not given.",
)
@click.option(
    "-o",
    "--output",
    multiple=True,
    metavar="FILE[:WHO]",
    help="Write .json or .ics; WHO: patient or clinic, discreet, named or full, as in clinic.ics:clinic,full.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "info"]),
    default="warning",
    show_default=True,
    help="Exit with 1 from this severity up.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the plan and its findings as JSON.")
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
    outputs = [inputs.output_of(text) for text in given["output"]]
    for output in outputs:
        if output.path.suffix == ".json" and output.path.exists():
            raise InvalidInput(
                what=f"{output.path.name} is there already",
                where=str(output.path),
                why="a course file keeps its revisions; planning anew would lose them, and calendars would double",
                fix="choose another name, or move the old course away if it was never given out",
            )
    what = _what_to_plan(case, given)
    course_id = given["course_id"] or what.id
    made = None if course_id else f"c-{secrets.token_hex(6)}"
    at = inputs.moment_of(given["at"])
    tried: tuple[Start, ...] = ()
    if isinstance(what.start, tuple):
        with pictures.console(err=True).status("trying the starts ..."):
            tried = _tried(what)
    start = tried[0].day if tried and tried[0].course is not None else what.start
    course = plan_course(
        what.protocol,
        start=start,
        calendar=what.calendar,
        id=course_id or made,
        at=at,
        availability=what.availability,
        wishes=what.wishes,
        time=what.time,
    )
    findings = check(course, calendar=what.calendar)
    for output in outputs:
        write(course, output.path, audience=output.audience, privacy=output.privacy, findings=findings)
    if as_json:
        click.echo(_json(course, findings))
    else:
        _show(course, what, findings, tried)
        for output in outputs:
            whom = (
                "the course itself"
                if output.path.suffix == ".json"
                else f"{output.audience}, {output.privacy}"
            )
            click.echo(f"wrote {output.path} ({whom})")
        if made and outputs:
            click.echo(f"course id: {made} (made now; give --id {made} next time, so that calendars update)")
    ctx.exit(1 if any(finding.severity >= Severity[fail_on.upper()] for finding in findings) else 0)


def _what_to_plan(case: str | None, given: dict[str, Any]) -> Case:
    """Merge a case file and the options; the options come first."""
    names = ("clinic", "zone", "hours", "holidays", "closed", "chairs")
    calendar = inputs.clinic_calendar(**{name: given[name] for name in names})
    if case is not None:
        loaded = load_case(case)
        protocol = load_protocol(given["protocol"]) if given["protocol"] else loaded.protocol
        start = inputs.start_of(given["start"]) if given["start"] else loaded.start
        what = attrs.evolve(loaded, protocol=protocol, start=start, calendar=calendar or loaded.calendar)
    else:
        for name in ("protocol", "start"):
            if not given[name]:
                raise InvalidInput(
                    what=f"--{name} is missing",
                    why="a plan needs a protocol, a start and a clinic's hours",
                    fix=f"give --{name}, or a case file that says it",
                )
        if calendar is None:
            raise InvalidInput(
                what="the clinic's hours are missing",
                why="a plan needs a protocol, a start and a clinic's hours",
                fix='give --zone America/New_York --hours "mon-fri 09:00-17:00", or --clinic FILE, or a case file',
            )
        what = Case(
            protocol=load_protocol(given["protocol"]),
            start=inputs.start_of(given["start"]),
            calendar=calendar,
        )
    chosen: dict[str, Any] = {
        name: given[name] for name in ("sessions", "weeks", "boosters") if given[name] is not None
    }
    if given["days"]:
        chosen["weekdays"] = inputs.located("--days", inputs.weekday_span, given["days"])
    if given["until"]:
        chosen["until"] = inputs.located("--until", Interval.parse, given["until"])
    clock = inputs.located("--time", read_time, given["clock"]) if given["clock"] else what.time
    return attrs.evolve(what, protocol=what.protocol.choose(**chosen), time=clock)


def _tried(what: Case) -> tuple[Start, ...]:
    assert isinstance(what.start, tuple)  # noqa: S101 - the caller looked
    return starts(
        what.protocol,
        between=what.start,
        calendar=what.calendar,
        availability=what.availability,
        wishes=what.wishes,
        time=what.time,
    )


def _show(course: Any, what: Case, findings: Any, tried: tuple[Start, ...]) -> None:
    out = pictures.console()
    first = course.protocol.phases[0]
    out.print(f"[bold]{course.protocol.title}[/bold]\n{first.pattern()} · {course.zone}\n", markup=True)
    if tried:
        out.print(pictures.starts_of(tried[:_SHOWN_STARTS], len(tried)))
    out.print(pictures.months_of(course, what.calendar))
    out.print("[n] a session   · closed\n", markup=False)
    out.print(pictures.sessions_of(course, what.calendar))
    out.print()
    out.print(pictures.demands_of(course), markup=False)
    out.print()
    if findings:
        out.print(pictures.findings_of(findings))
    else:
        out.print("no findings")
    out.print(pictures.DISCLAIMER, style="dim")


def _json(course: Any, findings: Any) -> str:
    import json

    from ketsched.interchange import dumps

    asks = attrs.asdict(pictures.asks_of(course))
    document = json.loads(dumps(course, "json"))
    return pictures.as_json({"course": document, "asks": asks, "findings": pictures.findings_json(findings)})
