"""Tables and pictures for the terminal: the month view, sessions, findings, starts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from ketsched.cli import printable
from ketsched.clock import WEEKDAY_NAMES
from ketsched.screens import Part
from ketsched.screens.months import AT_CLINIC, AT_HOME, UNSURE, Day, Month
from ketsched.screens.rows import WIDTH, within

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.status import Status
    from rich.text import Text


DISCLAIMER = "A proposal of dates, not medical advice. A clinician decides."


def show(*parts: RenderableType) -> None:
    """Print 80 columns wide, or as wide as a narrower terminal; in a file without colours; no blanks end a line."""
    out = _console()
    with out.capture() as printed:
        for part in parts:
            out.print(part, crop=False)
    click.echo("\n".join(line.rstrip() for line in printed.get().split("\n")), nl=False)


def waiting(what: str) -> Status:
    """Show on the terminal that something is being done, for as long as the context lasts."""
    return _console(err=True).status(what)


def _console(*, err: bool = False) -> Console:
    from rich.console import Console

    class Screen(Console):
        """Takes texts as they are: square brackets in a protocol's title are no mark-up."""

        def render_str(self, text: str, **how: Any) -> Text:
            return super().render_str(printable(text), **how)

    def made(**how: Any) -> Screen:
        return Screen(stderr=err, highlight=False, markup=False, emoji=False, **how)

    found = made()
    return made(width=min(found.width, WIDTH)) if found.is_terminal else made(width=WIDTH, no_color=True)


def drawn(part: Part) -> RenderableType:
    """Draw one part of what a screen shows."""
    from rich.console import Group
    from rich.table import Table as Drawn
    from rich.text import Text

    if isinstance(part, str):
        return Group(*(_coloured(within(line)) for line in part.split("\n")))
    bare = not any(part.columns)
    padding = (0, 0, 0, 2) if bare else (0, 2, 0, 0)
    picture = Drawn(box=None, padding=padding, header_style="bold", show_header=not bare)
    for name in part.columns:
        picture.add_column(name, overflow="fold", no_wrap=name in part.whole)
    for row in part.rows:
        picture.add_row(*row)
    return Group(Text(part.title, style="bold"), picture) if part.title else picture


def _coloured(line: str) -> Text:
    """Return a line; the mark of a problem or a warning before it is coloured on a terminal."""
    from rich.text import Text

    text = Text(printable(line), no_wrap=True, overflow="ignore")
    if (style := _COLOURS.get(line[:2])) is not None:
        text.stylize(style, 0, 1)
    return text


def present(*parts: Part) -> None:
    """Print parts of what a screen shows, from top to bottom."""
    show(*map(drawn, parts))


_COLOURS = {"x ": "bold red", "! ": "bold yellow"}
_SIGNS_OF = {AT_CLINIC: ("[", "]"), AT_HOME: ("{", "}"), UNSURE: ("(", ")")}


def months_of(shown: Iterable[Month]) -> RenderableType:
    """Draw months; `legend_of` says what the signs mean."""
    from rich.columns import Columns
    from rich.table import Table as Drawn
    from rich.text import Text

    months = tuple(shown)
    room = " " * any(
        day.session and day.has_appointment for day in _days_of(months)
    )  # one more sign, on every day
    pictures: list[RenderableType] = []
    for month in months:
        table = Drawn(title=month.title, box=None, padding=(0, 0), title_style="bold")
        for name in WEEKDAY_NAMES:
            table.add_column(name[:2] + room, justify="right", width=4 + len(room))
        for week in month.weeks:
            table.add_row(*(Text(*_cell(day, room)) for day in week))
        table.add_row("")  # so that the months below keep their distance
        pictures.append(table)
    return Columns(pictures, padding=(0, 3))


def _days_of(months: Iterable[Month]) -> list[Day]:
    return [day for month in months for week in month.weeks for day in week if day is not None]


def _cell(shown: Day | None, room: str) -> tuple[str, str]:
    """Return the text of a day and its style."""
    if shown is None:
        return "", ""
    number, last = shown.day.day, "+" if shown.has_appointment else room
    if shown.session:
        before, after = _SIGNS_OF[shown.session]
        return f"{before}{number}{after}{last}", "bold green"
    if shown.has_appointment:
        return f"{number}+{room}", "bold cyan"
    return (f"·{room}", "dim") if shown.is_closed else (f"{number} {room}", "")


def legend_of(shown: Iterable[Month]) -> str:
    """Say what the signs in months mean."""
    days = _days_of(shown)
    kinds = {day.session for day in days}
    said = ["n".join(sign) + f" {kind}" for kind, sign in _SIGNS_OF.items() if kind in kinds]
    if any(day.has_appointment for day in days):
        said.append("n+ an appointment")
    return "   ".join([*said, "· closed"])
