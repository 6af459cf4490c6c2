"""Tables and pictures for the terminal: the month view, sessions, findings, starts."""

from __future__ import annotations

import calendar as months
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from ketsched.calendars import Calendar
from ketsched.checking import Finding, Severity
from ketsched.cli import printable
from ketsched.clock import WEEKDAY_NAMES
from ketsched.model import Course, Session
from ketsched.model import Status as Standing
from ketsched.screens import Facts, Lines, Part, Table
from ketsched.tracking import Proposal

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.status import Status
    from rich.text import Text

DISCLAIMER = "A proposal of dates, not medical advice: it holds no dose, and a clinician decides."
_SIGNS = {Severity.ERROR: "✗ error", Severity.WARNING: "! warning", Severity.INFO: "i info"}
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def show(*parts: RenderableType) -> None:
    """Print as wide as the terminal; in a file 100 columns wide, without colours or blanks at the ends of lines."""
    out = _console()
    with out.capture() as printed:
        for part in parts:
            out.print(part)
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
    return found if found.is_terminal else made(width=100, no_color=True)


def drawn(part: Part) -> RenderableType:
    """Draw one part of what a screen shows."""
    from rich.console import Group
    from rich.padding import Padding
    from rich.table import Table as Drawn
    from rich.text import Text

    picture: RenderableType
    match part:
        case Lines():
            picture = Group(*(Padding(Text(line), (0, 0, 0, 2)) for line in part.lines))
        case Facts():
            picture = Drawn(box=None, padding=(0, 2, 0, 0 if part.title else 2), show_header=False)
            if part.title:
                picture.add_column(overflow="fold", max_width=30)
                picture.add_column(overflow="fold", ratio=1)
            else:
                picture.add_column(no_wrap=True)
                picture.add_column(overflow="fold")
        case Table():
            bare = not any(part.columns)
            padding = (0, 0, 0, 2) if bare else (0, 2, 0, 0)
            picture = Drawn(box=None, padding=padding, header_style="bold", show_header=not bare)
            for name in part.columns:
                picture.add_column(name, overflow="fold", no_wrap=name in part.whole)
        case _:
            return part
    if isinstance(picture, Drawn) and isinstance(part, Table | Facts):
        for row in part.rows:
            picture.add_row(*row)
    return Group(Text(part.title, style="bold"), picture) if part.title else picture


def present(*parts: Part) -> None:
    """Print parts of what a screen shows, from top to bottom."""
    show(*map(drawn, parts))


def months_of(course: Course, clinic: Calendar | None) -> RenderableType:
    """Draw each month with sessions or appointments; `legend_of` says what the signs mean."""
    from rich.columns import Columns
    from rich.table import Table as Drawn
    from rich.text import Text

    on_day, booked = _sessions_by_day(course), _appointment_days(course)
    room = " " * any(day in booked for day in on_day)  # for one more sign, on every day
    pictures: list[RenderableType] = []
    for year, month in sorted({(day.year, day.month) for day in (*on_day, *booked)}):
        table = Drawn(
            title=f"{months.month_name[month]} {year}", box=None, padding=(0, 0), title_style="bold"
        )
        for name in WEEKDAY_NAMES:
            table.add_column(name[:2] + room, justify="right", width=4 + len(room))
        for week in months.Calendar().monthdatescalendar(year, month):
            cells = []
            for day in week:
                if day.month != month:
                    cells.append(Text(""))
                elif day in on_day:
                    sign, last = _sign(course, on_day[day]), "+" if day in booked else room
                    cells.append(Text(f"{sign[0]}{day.day}{sign[1]}{last}", style="bold green"))
                elif day in booked:
                    cells.append(Text(f"{day.day}+{room}", style="bold cyan"))
                elif clinic is not None and not clinic.ranges(day):
                    cells.append(Text(f"·{room}", style="dim"))
                else:
                    cells.append(Text(f"{day.day} {room}"))
            table.add_row(*cells)
        table.add_row("")  # so that the months below keep their distance
        pictures.append(table)
    return Columns(pictures, padding=(0, 3))


_IN_WORDS = {"[]": "[n] a session", "{}": "{n} a session at home", "()": "(n) one to be confirmed"}


def legend_of(course: Course) -> str:
    """Say what the signs in the months mean."""
    used = {_sign(course, session) for session in _sessions_by_day(course).values()}
    said = [words for sign, words in _IN_WORDS.items() if sign in used]
    if _appointment_days(course):
        said.append("n+ an appointment")
    return "   ".join([*said, "· closed"])


def _sign(course: Course, session: Session) -> str:
    if session.status is Standing.TENTATIVE:
        return "()"
    return "{}" if course.is_at_home(session) else "[]"


def _sessions_by_day(course: Course) -> dict[date, Session]:
    """Return the session that a month shows on each day: of several, the first one at the clinic."""
    found: dict[date, Session] = {}
    for session in sorted(course.standing(), key=course.is_at_home):
        found.setdefault(session.day, session)
    return found


def _appointment_days(course: Course) -> set[date]:
    """Return the days of appointments; what happens during a session is part of it."""
    booked = ((placed, course.protocol.companion(placed.companion)) for placed in course.companions)
    return {
        placed.day
        for placed, companion in booked
        if placed.status.stands and companion.kind == "appointment" and companion.on_session_days != "during"
    }


def findings_of(findings: Sequence[Finding]) -> RenderableType:
    """Show findings, the gravest first; those that only inform in short (`--json` has all of it)."""
    from rich.table import Table as Drawn
    from rich.text import Text

    table = Drawn(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column("severity", no_wrap=True)
    table.add_column("code", no_wrap=True)
    table.add_column("finding", overflow="fold", ratio=1)
    for finding in sorted(findings, key=lambda found: -found.severity):
        said = [f"{finding.where}", f"{finding.name}: {finding.what}"]
        if finding.severity > Severity.INFO or finding.code == "KS211":
            said.append(f"why: {finding.why}")
        if finding.severity > Severity.INFO:
            said.append(f"fix: {finding.fix}")
        if finding.waived_by is not None:
            said.append(f"waived by {finding.waived_by.who}: {finding.waived_by.reason}")
        sign = Text(_SIGNS[finding.severity], style=_COLOURS[finding.severity])
        table.add_row(sign, finding.code, Text("\n".join(said)))
    return table


def after_a_lapse(proposals: Iterable[Proposal]) -> str:
    """Say how one of the plans that a lapse band proposes is taken."""
    names = [option_of(proposal.name) for proposal in proposals if proposal.course is not None]
    if not names:
        return "A clinician decides."
    return f"A clinician decides. To take one of these: ketsched replan --take {' or --take '.join(names)}"


def option_of(name: str) -> str:
    """Write the name of a way as one word: step-back."""
    return name.replace(" ", "-")
