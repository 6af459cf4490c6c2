"""Tables and pictures for the terminal: the month view, findings, what a course asks of a patient."""

from __future__ import annotations

import calendar as months
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import attrs

from ketsched.calendars import Calendar
from ketsched.checking import Finding, Severity
from ketsched.model import WEEKDAY_NAMES, Course, Session, Status
from ketsched.planning import Start

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

DISCLAIMER = "A proposal of dates, not medical advice: it holds no dose, and a clinician decides."
_SIGNS = {Severity.ERROR: "✗ error", Severity.WARNING: "! warning", Severity.INFO: "i info"}
_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def console(*, err: bool = False) -> Console:
    """Return a console that is as wide as the terminal, or 100 columns in a file."""
    from rich.console import Console

    made = Console(stderr=err, highlight=False, soft_wrap=False)
    return made if made.is_terminal else Console(stderr=err, highlight=False, width=100, no_color=True)


@attrs.frozen(kw_only=True)
class Asks:
    """
    What a course asks of a patient.

    Attributes:
        visits: Sessions that stand.
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
    at_clinic = [phase for phase in phases if phase.place != "home"]
    return Asks(
        visits=len(at_clinic),
        minutes=sum(int(phase.anatomy.chair_time.total_seconds()) // 60 for phase in at_clinic),
        rides=sum(phase.no_driving is not None for phase in at_clinic),
        workdays=len({session.day for session in standing if session.day.weekday() < 5}),
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
                    tentative = on_day[day].status is Status.TENTATIVE
                    cells.append(Text(f"({day.day})" if tentative else f"[{day.day}]", style="bold green"))
                elif clinic is not None and not clinic.ranges(day):
                    cells.append(Text("·", style="dim"))
                else:
                    cells.append(Text(f"{day.day} "))
            table.add_row(*cells)
        pictures.append(table)
    return Columns(pictures, padding=(0, 3))


def sessions_of(course: Course, clinic: Calendar | None) -> RenderableType:
    """List the sessions: number, day, hours, and why one is not on its pattern's day."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("", "phase", "day", "from", "to", "note"):
        table.add_column(name)
    for session in course.standing():
        table.add_row(
            str(course.number(session)),
            session.phase,
            f"{WEEKDAY_NAMES[session.day.weekday()]} {session.day}",
            f"{session.time:%H:%M}" if session.time else "",
            f"{course.ends(session):%H:%M}" if session.time else "",
            _moved(session, clinic),
        )
    return table


def _moved(session: Session, clinic: Calendar | None) -> str:
    if session.status is Status.TENTATIVE:
        return "to be confirmed"
    if session.ideal is None or session.ideal == session.day:
        return ""
    apart = abs((session.day - session.ideal).days)
    why = ""
    if clinic is not None and not clinic.ranges(session.ideal):
        closure = clinic.closed_by(session.ideal)
        why = f": {closure.reason}" if closure else ": not open"
    days = "1 day" if apart == 1 else f"{apart} days"
    side = "later" if session.day > session.ideal else "earlier"
    return f"{days} {side} than {WEEKDAY_NAMES[session.ideal.weekday()]} {session.ideal}{why}"


def findings_of(findings: Sequence[Finding]) -> RenderableType:
    """Show findings as a table: severity in words, code, where, what, why, fix."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 1, 0), header_style="bold")
    table.add_column("")
    table.add_column("rule", overflow="fold", max_width=18)
    table.add_column("where", overflow="fold", max_width=24)
    table.add_column("what, why, how to fix", overflow="fold", ratio=1)
    for finding in findings:
        said = [finding.what, f"why: {finding.why}", f"fix: {finding.fix}"]
        if finding.waived_by is not None:
            said.append(f"waived by {finding.waived_by.who}: {finding.waived_by.reason}")
        table.add_row(
            Text(_SIGNS[finding.severity], style=_COLOURS[finding.severity]),
            f"{finding.code} {finding.name}",
            finding.where,
            "\n".join(said),
        )
    return table


def demands_of(course: Course) -> str:
    """Say in two lines what a course asks of a patient."""
    asks = asks_of(course)
    hours, minutes = divmod(asks.minutes, 60)
    span = f"from {asks.first} to {asks.last}"
    rides = f"{_many(asks.rides, 'ride')} home" if asks.rides else "no rides"
    return (
        f"What this asks of you: {_many(asks.visits, 'visit')} {span}, {hours} h {minutes:02d} min at the clinic, "
        f"{rides},\n{_many(asks.workdays, 'working day')} with a session."
    )


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def as_json(value: Any) -> str:
    """Return plain JSON for programs."""
    import json

    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


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


def starts_of(tried: Sequence[Start], all_tried: int) -> RenderableType:
    """List the starts that were tried, the best first, and what blocks the others."""
    from rich.table import Table

    table = Table(
        title=f"Starts ({all_tried} tried)",
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
        header_style="bold",
    )
    for name in ("start", "last session", "days off the pattern", "preferences broken", "what blocks it"):
        table.add_column(name, overflow="fold")
    for start in tried:
        day = f"{WEEKDAY_NAMES[start.day.weekday()]} {start.day}"
        cost = start.placement
        if cost is not None:
            table.add_row(day, str(date.fromordinal(cost.last)), str(cost.total), str(cost.broken), "")
        elif start.error is not None:
            table.add_row(day, "", "", "", start.error.what)
    return table
