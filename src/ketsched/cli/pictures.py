"""Tables and pictures for the terminal: the month view, findings, what a course asks of a patient."""

from __future__ import annotations

import calendar as months
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import attrs
import click

from ketsched.calendars import Calendar
from ketsched.checking import Finding, Severity
from ketsched.cli import printable
from ketsched.model import WEEKDAY_NAMES, Course, Session
from ketsched.model import Status as Standing
from ketsched.planning import Start

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


@attrs.frozen(kw_only=True)
class Asks:
    """
    What a course asks of a patient.

    Attributes:
        visits: Sessions at the clinic that stand.
        minutes: Time at the clinic, from arrival to the door, all sessions together.
        rides: Rides home that somebody else drives.
        workdays: Monday to Friday dates that are taken up by a session.
        first, last: Dates of the first and last session.
    """

    visits: int
    minutes: int
    rides: int
    workdays: int
    first: date
    last: date


def asks_of(course: Course) -> Asks:
    """Add up what a course asks of a patient."""
    standing = course.standing()
    phases = [course.protocol.phase(session.phase) for session in standing]
    at_clinic = [
        phase for phase, session in zip(phases, standing, strict=True) if not course.is_at_home(session)
    ]
    return Asks(
        visits=len(at_clinic),
        minutes=sum(int(phase.anatomy.chair_time.total_seconds()) // 60 for phase in at_clinic),
        rides=sum(phase.no_driving is not None for phase in at_clinic),
        workdays=len({s.day for s in standing if s.day.weekday() < 5 and not course.is_at_home(s)}),
        first=standing[0].day,
        last=standing[-1].day,
    )


def months_of(course: Course, clinic: Calendar | None) -> RenderableType:
    """Draw each month with sessions: a number in brackets is a session, a dot a closed day."""
    from rich.columns import Columns
    from rich.table import Table
    from rich.text import Text

    on_day = {session.day: session for session in course.standing()}
    pictures: list[RenderableType] = []
    for year, month in sorted({(day.year, day.month) for day in on_day}):
        table = Table(
            title=f"{months.month_name[month]} {year}", box=None, padding=(0, 0), title_style="bold"
        )
        for name in WEEKDAY_NAMES:
            table.add_column(name[:2], justify="right", width=4)
        for week in months.Calendar().monthdatescalendar(year, month):
            cells = []
            for day in week:
                if day.month != month:
                    cells.append(Text(""))
                elif day in on_day:
                    tentative = on_day[day].status is Standing.TENTATIVE
                    cells.append(Text(f"({day.day})" if tentative else f"[{day.day}]", style="bold green"))
                elif clinic is not None and not clinic.ranges(day):
                    cells.append(Text("·", style="dim"))
                else:
                    cells.append(Text(f"{day.day} "))
            table.add_row(*cells)
        table.add_row("")  # so that the months below keep their distance
        pictures.append(table)
    return Columns(pictures, padding=(0, 3))


def legend_of(course: Course) -> str:
    """Say what the signs in the months mean."""
    tentative = any(session.status is Standing.TENTATIVE for session in course.standing())
    return f"[n] a session   {'(n) one to be confirmed   ' if tentative else ''}· closed"


def sessions_of(course: Course, both: Calendar | None) -> RenderableType:
    """List the sessions: number, day, hours; a calendar of clinic and patient tells why one was moved."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("", "phase", "day", "from", "to", "note"):
        table.add_column(name)
    for session in course.standing():
        table.add_row(
            str(course.number(session)),
            session.phase,
            on(session.day),
            f"{session.time:%H:%M}" if session.time else "",
            f"{course.ends(session):%H:%M}" if session.time else "",
            _moved(session, both),
        )
    return table


def _moved(session: Session, both: Calendar | None) -> str:
    if session.status is Standing.TENTATIVE:
        return "to be confirmed"
    if session.ideal is None or session.ideal == session.day:
        return ""
    apart = abs((session.day - session.ideal).days)
    why = " to keep the gaps"
    if both is not None and not both.ranges(session.ideal):
        closure = both.closed_by(session.ideal)
        why = f": {closure.reason}" if closure else ": not open"
    days = "1 day" if apart == 1 else f"{apart} days"
    side = "later" if session.day > session.ideal else "earlier"
    return f"{days} {side} than {on(session.ideal)}{why}"


def findings_of(findings: Sequence[Finding]) -> RenderableType:
    """Show findings, the gravest first; those that only inform in short (`--json` has all of it)."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
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


def demands_of(course: Course) -> str:
    """Say in a few lines what a course asks of a patient."""
    asks = asks_of(course)
    hours, minutes = divmod(asks.minutes, 60)
    return (
        f"What this asks of you, from {on(asks.first)} to {on(asks.last)}:\n"
        f"  {_many(asks.visits, 'visit')}, {hours} h {minutes:02d} min at the clinic\n"
        f"  {_many(asks.rides, 'ride')} home with somebody else at the wheel\n"
        f"  {_many(asks.workdays, 'day')} off (Monday to Friday)"
    )


def on(day: date) -> str:
    """Return a date with its weekday: Mon 2027-01-04."""
    return f"{WEEKDAY_NAMES[day.weekday()]} {day}"


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def as_json(value: Any) -> str:
    """Return plain JSON for programs, in ASCII, so that every terminal and pipe carries it."""
    import json

    return json.dumps(value, indent=2, default=str)


def findings_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as plain values for programs."""
    return [
        {
            "code": finding.code,
            "name": finding.name,
            "severity": str(finding.severity),
            "sessions": list(finding.sessions),
            "where": finding.where,
            "what": finding.what,
            "why": finding.why,
            "fix": finding.fix,
            "source": finding.source,
            "waived_by": None if finding.waived_by is None else finding.waived_by.who,
        }
        for finding in findings
    ]


def starts_of(tried: Sequence[Start], shown: int) -> RenderableType:
    """List the best of the starts that were tried, and what blocks those that cannot be."""
    from rich.table import Table

    table = Table(
        title=f"Starts, the best first ({min(shown, len(tried))} of {len(tried)} tried)",
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
        header_style="bold",
    )
    for name in (
        "start",
        "first phase",
        "last session",
        "days from pattern",
        "preferences broken",
        "what blocks it",
    ):
        table.add_column(name, overflow="fold")
    for start in tried[:shown]:
        cost = start.placement
        if cost is not None and start.course is not None:
            last = on(date.fromordinal(cost.last))
            weeks = _first_weeks(start.course)
            table.add_row(on(start.day), weeks, last, str(cost.total), str(cost.broken), "")
        elif start.error is not None:
            table.add_row(on(start.day), "", "", "", "", start.error.what)
    return table


def _first_weeks(course: Course) -> str:
    """Say how many nominal weeks the first phase takes: its span in dates / 7, rounded up."""
    days = [session.day for session in course.standing() if session.phase == course.protocol.phases[0].name]
    return _many(-(-((days[-1] - days[0]).days + 1) // 7), "week")
