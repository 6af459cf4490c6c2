"""`ketsched protocols`."""

from __future__ import annotations

import click

from ketsched import reporting
from ketsched.cli import inputs, pictures
from ketsched.cli.completing import complete_protocol
from ketsched.cli.options import JSON, OUTPUT, command, under
from ketsched.model import Protocol
from ketsched.protocols import load_protocol, protocol_ids
from ketsched.screens.protocols import MARKS, companion_table, headline_of, phase_table, protocol_lines
from ketsched.screens.rows import hung, paragraph


@command()
@click.argument("protocol", metavar="[ID|FILE]", required=False, shell_complete=complete_protocol)
@under(OUTPUT, JSON)
def protocols_command(protocol: str | None, as_json: bool) -> None:
    """
    List the protocols that come with the library, or show one.

    Of one, every number is shown with its source and how far it was verified.

    \b
    ketsched protocols
    ketsched protocols iv-mwf-6
    """
    if protocol is not None:
        _show(inputs.located("ID|FILE", load_protocol, protocol), as_json=as_json)
        return
    known = [load_protocol(name) for name in protocol_ids()]
    if as_json:
        plain = zip(reporting.protocol_headlines(known), map(headline_of, known), strict=True)
        click.echo(reporting.as_json([values | columns for values, columns in plain]))
        return
    pictures.present(
        *protocol_lines(known),
        "",
        "Every number with its source: ketsched protocols ID.",
        "A file of your own: ketsched new protocol.",
    )


def _show(found: Protocol, *, as_json: bool) -> None:
    if as_json:
        click.echo(reporting.as_json(reporting.protocol_values(found)))
        return
    pictures.present(f"{found.id} (version {found.version})", paragraph(found.title))
    for text in filter(None, (f"Evidence: {found.study}" if found.study else "", found.note)):
        pictures.present("", paragraph(text))
    for phase in found.phases:
        pictures.present("", phase_table(phase))
    if found.companions:
        pictures.show("\nOther appointments, to-dos and notes")
    for companion in found.companions:
        pictures.present("", companion_table(companion))
    pictures.present(
        "", "Sources", *(hung(f"  {key}: ", reference, at=4) for key, reference in found.sources)
    )
    click.echo(f"\n{MARKS}")
