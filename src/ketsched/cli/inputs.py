"""What people type on the command line, turned into the library's values."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, TypeVar

import attrs
import click

from ketsched.calendars import Calendar
from ketsched.checking import Finding, Severity
from ketsched.cli import option_called
from ketsched.closures import Holidays
from ketsched.entries import read_week
from ketsched.errors import InvalidInput, KetschedError
from ketsched.interchange.coursefile import AHEAD
from ketsched.interchange.folder import passed_over
from ketsched.model import Protocol

T = TypeVar("T")
CHOICES = ("sessions", "weeks", "weekdays", "boosters", "until", "every", "country")
"""What a protocol may leave open."""


def located(option: str, read: Callable[..., T], *given: Any) -> T:
    """Read something; what goes wrong is said with the option it came from."""
    try:
        return read(*given)
    except KetschedError as error:
        raise error.within(option) from None


def by_option(verb: Callable[..., T], *given: Any, **options: Any) -> T:
    """Do something; an argument that cannot be used is called by its option."""
    try:
        return verb(*given, **options)
    except InvalidInput as error:
        name = error.argument or error.where
        if name not in {*options, "move", "book", "confirm", "calendars"}:
            raise
        raise error.at(option_called(name)) from None


def switch(given: Mapping[str, Any]) -> Protocol | None:
    """Return the protocol to go over to, with what was chosen for it; None: the course keeps its own."""
    chosen = {name: given[name] for name in CHOICES if given[name] is not None}
    if given["switch"] is None:
        for name in (*chosen, *(["switch-after"] if given["join"] is not None else [])):
            raise InvalidInput(
                what=f"--{name} without --switch",
                where=f"--{name}",
                why="the course keeps what was chosen for it; only another protocol leaves something open",
                fix="add --switch with the protocol for the rest, or leave it out",
            )
        return None
    protocol: Protocol = given["switch"]
    return located("--switch", lambda: protocol.choose(**chosen))


def clinic_calendar(
    *,
    clinic: Calendar | None,
    zone: str | None,
    hours: Iterable[str],
    holidays: Iterable[Holidays],
    closed: Iterable[Sequence[date]],
    chairs: int | None,
    known: Callable[[], Calendar | None] = lambda: None,
) -> Calendar | None:
    """
    Make the clinic's calendar from its file or from options; None if nothing was said of it.

    One that is known, from a case file or because the course remembers it, is asked for only if it is
    needed: --clinic, or --zone and --hours, come first. The other options add to it.
    """
    if clinic is not None and (zone or hours):
        raise InvalidInput(
            what="Give --clinic, or --zone and --hours, not both.",
            where="--clinic",
            why="the file says the zone and the hours",
            fix="drop --zone and --hours, or --clinic",
        )
    if clinic is not None:
        calendar = clinic
    elif zone is not None and hours:
        calendar = located("--zone", Calendar, zone, located("--hours", read_week, hours))
        calendar = attrs.evolve(calendar, chairs=1)
    elif zone is None and not hours and (found := known()) is not None:
        calendar = found
    elif zone is None and not hours and not holidays and not closed and chairs is None:
        return None
    else:
        raise InvalidInput(
            what=f"{'--zone' if zone is None else '--hours'} is missing",
            where="the command line",
            why="a clinic's calendar is its zone and its weekly hours",
            fix='give --zone America/New_York and --hours "mon-fri 09:00-17:00", or --clinic FILE',
        )
    if chairs is not None:
        calendar = located("--chairs", lambda: attrs.evolve(calendar, chairs=chairs))
    calendar = attrs.evolve(calendar, holidays=(*calendar.holidays, *holidays))
    for days in closed:
        calendar = calendar.without(days)
    return calendar


def clock() -> datetime:
    """Return the moment by the clock of this machine, in whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


def moment(at: datetime | None) -> datetime:
    """Return a moment that was given, or the clock's."""
    return clock() if at is None else at


def confirm_ahead(at: datetime) -> None:
    """Ask whether a moment is meant that lies far ahead of the clock; where nobody can be asked it is taken."""
    now = clock()
    if at > now + AHEAD and on_a_terminal():
        days = (at - now).days
        click.confirm(
            f"--at is {days} day{'s' * (days > 1)} ahead of this machine's clock ({now:%Y-%m-%dT%H:%M:%SZ}), "
            f"and later changes come after it. Is {at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} meant?",
            abort=True,
            err=True,
        )


def on_a_terminal() -> bool:
    """Whether somebody is there to be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def exit_code(findings: Iterable[Finding], fail_on: str) -> int:
    """Return 1 if a finding is as grave as --fail-on says."""
    return int(any(finding.severity >= Severity[fail_on.upper()] for finding in findings))


def tell_passed_over(folder: str, *, recursive: bool = False) -> None:
    """Say on the side what in a folder is named as a course file is, and is none."""
    for line in passed_over(folder, recursive=recursive):
        click.echo(line, err=True)
