"""`ketsched protocols`, `ketsched show` and `ketsched new`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ketsched import reporting
from ketsched.cli import inputs, pictures
from ketsched.cli.companions import with_and_where
from ketsched.errors import InvalidInput
from ketsched.files import write_whole
from ketsched.model import WEEKDAY_NAMES, Companion, Evidence, Phase
from ketsched.protocols import load_protocol, protocol_ids, template

if TYPE_CHECKING:
    from rich.console import RenderableType


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def protocols(as_json: bool) -> None:
    """List the protocols that come with the library."""
    known = [load_protocol(name) for name in protocol_ids()]
    if as_json:
        click.echo(
            reporting.as_json(
                [{"id": p.id, "title": p.title, "version": p.version, "note": p.note} for p in known]
            )
        )
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("id", "sessions", "title"):
        table.add_column(name)
    for protocol in known:
        counts = " + ".join(_count(phase) for phase in protocol.main)
        beside = [f"{_count(phase)} beside" for phase in protocol.phases if phase.beside]
        table.add_row(protocol.id, ", ".join([counts, *beside]), protocol.title)
    pictures.show(table)
    click.echo(
        "\nketsched show ID prints every number with its source; ketsched new writes a file of your own."
    )


def _count(phase: Phase) -> str:
    low, high = phase.counts
    if phase.count is None:
        return "open"
    return f"{low}-{high}" if low < high else str(phase.count)


@click.command()
@click.argument("protocol", metavar="ID|FILE", shell_complete=inputs.complete_protocol)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def show(protocol: str, as_json: bool) -> None:
    """Show a protocol, every number with its source and how far it was verified."""
    found = inputs.located("ID|FILE", load_protocol, protocol)
    if as_json:
        click.echo(reporting.as_json(reporting.protocol_values(found)))
        return
    pictures.show(f"{found.id} (version {found.version})\n{found.title}")
    if found.note:
        pictures.show(f"\nEvidence: {found.note}")
    for phase in found.phases:
        pictures.show("", _phase_table(phase))
    if found.companions:
        pictures.show("\nAround the sessions")
    for companion in found.companions:
        pictures.show("", _companion_table(companion))
    pictures.show("\nSources")
    for key, reference in found.sources:
        pictures.show(f"  {key}: {reference}")
    click.echo(
        "\nMarks: stated = read in a primary or official text; secondary = read in a secondary page;\n"
        "derived = arithmetic from such a statement; house default = ours, not from a publication."
    )


def _phase_table(phase: Phase) -> RenderableType:
    beside = f", beside {phase.beside}" if phase.beside else ""
    rows = [_row(evidence, _value(phase, evidence.key)) for evidence in phase.evidence]
    return _table(f"{phase.name} ({phase.route}, {phase.place}{beside})", rows)


def _companion_table(companion: Companion) -> RenderableType:
    stated = {evidence.key: evidence for evidence in companion.evidence}
    kind = f"{'required' if companion.required else 'recommended'} {companion.kind}"
    title = f"{companion.id} ({kind if companion.kind != 'notice' else 'notice'}): {companion.title}"
    first = () if "anchor" in stated else (("anchor", companion.anchor.words(), "", ""),)
    rows = [_row(evidence, _around_value(companion, key)) for key, evidence in stated.items()]
    return _table(title, [*first, *rows, *((key, value, "", "") for key, value in _plain(companion))])


def _plain(companion: Companion) -> Iterator[tuple[str, str]]:
    """Yield what a companion says that is no number, and so has no source."""
    if companion.kind == "appointment":
        yield "where", with_and_where(companion)
    if companion.on_session_days != "allowed":
        days = {"never": "never", "only": "only then", "during": "during the session"}
        yield "session days", days[companion.on_session_days]
    if companion.gate:
        yield "decides", "sessions after it are to be confirmed until its outcome is recorded"
    if companion.audience != "both":
        yield "for", f"the {companion.audience} alone"
    if companion.areas:
        yield "looks at", ", ".join(companion.areas)
    if companion.text:
        yield "text", companion.text


def _around_value(companion: Companion, key: str) -> str:
    """Say one value of a companion in words."""
    window = companion.window
    match key.partition(" ")[0]:
        case "anchor":
            return companion.anchor.words()
        case "window" if companion.kind == "task":
            return f"due {_days(window.latest)}"
        case "window" if window.earliest < window.latest:
            return f"{_days(window.recommended)} ({_days(window.earliest)} to {_days(window.latest)})"
        case "window":
            return _days(window.recommended)
        case "count":
            return "again and again" if companion.count is None else str(companion.count)
        case "every":
            return ", then ".join(step.words() for step in companion.every)
        case "weekdays":
            return ", ".join(WEEKDAY_NAMES[day] for day in companion.weekdays)
        case "spacing":
            return companion.spacing[int(key.partition(" ")[2]) - 1].words()
        case "duration":
            return f"{companion.minutes} min"
        case "before":
            return f"from {companion.before} min before"
        case "after":
            return f"until {companion.after} min after"
        case _:
            return ""


def _days(number: int) -> str:
    if number == 0:
        return "the same day"
    return f"{pictures.many(abs(number), 'day')} {'after' if number > 0 else 'before'}"


def _row(evidence: Evidence, value: str) -> tuple[str, str, str, str]:
    note = f"\n({evidence.note})" if evidence.note else ""
    return evidence.key, value + note, evidence.mark.value, evidence.source


def _table(title: str, rows: Iterable[tuple[str, str, str, str]]) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("", "value", "mark", "source"):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return Group(Text(title, style="italic"), table)


_POLICY_WORDS = {
    "keep": "keep: the pattern stays, the session is made up at the end",
    "make-up": "make-up: on the earliest day that leaves the rest in place",
    "next-open": "next-open: on the first open day; the rest is pushed as little as needed",
    "shift": "shift: everything moves by the same delay",
    "skip": "skip: the session is left out",
}


def _value(phase: Phase, key: str) -> str:
    """Say one value of a phase in words."""
    name, _, number = key.partition(" ")
    match name:
        case "spacing":
            spacing = phase.spacing[int(number) - 1]
            return spacing.words() + ("" if spacing.required else " (preferred)")
        case "count":
            return (
                _count(phase)
                if phase.count is None or phase.counts[0] < phase.counts[1]
                else str(phase.count)
            )
        case "weeks" if phase.weeks:
            least, most = phase.weeks
            span = f"{most}" if least == most else f"{least} to {most}"
            return f"{span} nominal weeks" + ("" if phase.weeks_required else " (preferred)")
        case "weekdays" | "every":
            return phase.pattern()
        case "study_days":
            return ", ".join(map(str, phase.study_days))
        case "prepare" | "infusion" | "observation" | "discharge":
            return f"{getattr(phase.anatomy, name)} min"
        case "join" if phase.join:
            ideal = "next treatment week" if phase.join.next_week else f"{phase.join.ideal} d"
            floor = "" if phase.join.minimum is None else f", at least {phase.join.minimum} d"
            return f"{ideal} after the phase before{floor}"
        case "until" | "review":
            return str(getattr(phase, name).words())
        case "missed":
            return _POLICY_WORDS[phase.missed]
        case "lapse":
            return phase.lapse[int(number) - 1].words()
        case "no_driving" if isinstance(phase.no_driving, timedelta):
            return f"{int(phase.no_driving.total_seconds()) // 3600} h from the end of the infusion"
        case "no_driving":
            return "until the next day, after a full night's sleep"
        case "anchor_weekday" if phase.anchor_weekday is not None:
            return WEEKDAY_NAMES[phase.anchor_weekday]
        case _:
            found = [r for r in phase.before if key == f"before: {r.what}"]
            return f"{found[0].minutes} min before" if found else ""


@click.command()
@click.argument("protocol_id", metavar="ID")
@click.option("-o", "--output", metavar="FILE", help="Where to; ID.toml if not given.")
def new(protocol_id: str, output: str | None) -> None:
    """Write a commented protocol file to start from."""
    text = inputs.located("ID", template, protocol_id)
    path = Path(output or f"{protocol_id}.toml")
    if path.exists():
        raise InvalidInput(
            what=f"{path.name} is there already",
            where=f"-o {path}" if output else str(path),
            why="your own file would be lost",
            fix="choose another name with -o",
        )
    write_whole(path, text.encode())
    click.echo(f"wrote {path}; edit it, then: ketsched show {path}")
