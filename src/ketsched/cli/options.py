"""Options of commands, in groups under headings, and those that several commands take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from ketsched.calendars import Calendar
from ketsched.cli.inputs import located
from ketsched.entries import read_country, read_dates, read_day, read_moment, read_weekday_span
from ketsched.model import Interval
from ketsched.zones import clinic_zone

HAPPENED, TO_DO, CLINIC = "What happened", "What to do", "Clinic"
ANOTHER, WHO, OUTPUT, SCRIPTS = "Another protocol", "Who and why", "Output", "For scripts"
HEADINGS = (HAPPENED, TO_DO, CLINIC, ANOTHER, WHO, OUTPUT, SCRIPTS, "Options")
"""In the order in which they are printed; "Options" has what stands under no other."""
_WIDEST = 24
"""Columns for the names of options; a longer one has its help in the next line."""

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # generic as of click 8.4 only


class Grouped(click.Command):
    """A command that prints its options in groups."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options under their headings."""
        groups: dict[str, list[tuple[str, str]]] = {heading: [] for heading in HEADINGS}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
            if record is not None:
                groups[getattr(param, "heading", "Options")].append(record)
        names = [name for rows in groups.values() for name, _ in rows]
        width = max(len(name) for name in names if len(name) <= _WIDEST)
        for heading, rows in groups.items():
            if rows:
                with formatter.section(heading):
                    formatter.write_dl([(name.ljust(width), text) for name, text in rows], col_max=width)


def command() -> Callable[[Callable[..., Any]], click.Command]:
    """Make a command of a function."""
    return click.command(cls=Grouped)


class Reading(_ParamType):
    """Reads what was typed; what goes wrong is said with the option it came from."""

    name = "text"

    def __init__(self, read: Callable[[str], Any]) -> None:
        self.read = read

    def convert(self, value: Any, param: click.Parameter | None, _ctx: click.Context | None) -> Any:
        """Read a text; what is none was read already."""
        if not isinstance(value, str) or param is None:
            return value
        name = max(param.opts, key=len) if isinstance(param, click.Option) else param.metavar or ""
        return located(name.strip("[]"), self.read, value)


def option(
    names: str,
    metavar: str,
    help: str,  # noqa: A002 - click's word for it
    read: Callable[[str], Any] | None = None,
    *,
    to: str = "",
    several: bool = False,
    **more: Any,
) -> Decorator:
    """
    Add an option that takes a text.

    Args:
        names: With blanks between them.
        metavar: What --help calls the text.
        help: What it is for.
        read: Makes a value of it; None: it stays a text.
        to: Name of the command's argument, if not that of the option.
        several: Whether it can be given again and again; --help says so.
        more: As click takes it.
    """
    if read is not None:
        more["type"] = Reading(read)
    help += " (repeatable)" if several else ""  # noqa: A001
    return click.option(
        *names.split(), *filter(None, [to]), metavar=metavar, help=help, multiple=several, **more
    )


def choice(name: str, words: Sequence[str], help: str, default: str | None = None) -> Decorator:  # noqa: A002
    """Add an option that takes one of some words; --help shows which one it has if none is given."""
    of = click.Choice(words)
    return click.option(name, type=of, help=help, default=default, show_default=default is not None)


def flag(names: str, help: str, *, to: str = "") -> Decorator:  # noqa: A002 - click's word for it
    """Add an option that is given or not."""
    return click.option(*names.split(), *filter(None, [to]), is_flag=True, help=help)


def under(heading: str, *adds: Decorator) -> Decorator:
    """Add options under a heading, in this order."""

    def adding(command: Callable[..., Any]) -> Callable[..., Any]:
        before = len(getattr(command, "__click_params__", ()))
        for add in reversed(adds):
            command = add(command)
        params: Iterable[Any] = getattr(command, "__click_params__", ())
        for param in [*params][before:]:
            param.heading = heading
        return command

    return adding


# Options that several commands take


@attrs.frozen
class ClinicFile:
    """A clinic's calendar, and the file that it was read from."""

    path: Path
    calendar: Calendar

    @classmethod
    def load(cls, text: str) -> ClinicFile:
        """Read a clinic file."""
        return cls(Path(text), Calendar.load(text))


CASE = option("--case", "CASE.toml", "Clinic, staff, time and what the patient cannot, from a case file")
CLINIC_OPTIONS = (
    option("--clinic", "FILE", "Clinic file: zone, hours, closures, holidays, chairs", ClinicFile.load),
    option("--zone", "ZONE", "Time zone of the clinic, such as America/New_York", clinic_zone),
    option("--hours", "HOURS", 'Weekly hours, "mon-fri 09:00-17:00"', several=True),
    option("--holidays", "CODE", "Close on public holidays: US, US-NY, DE-BY", read_country, several=True),
    option(
        "--closed", "DATES", "Days the clinic is closed: 2026-12-24..2027-01-01", read_dates, several=True
    ),
    option("--chairs", "N", "Sessions that fit at once, those of other courses too", type=int),
)
"""What describes a clinic's calendar."""
STAFF = option("--staff", "NAME=FILE", "Hours of a person the protocol names", to="calendars", several=True)
COURSES = option("--courses", "FOLDER", "Do not double-book with the courses in this folder", to="booked")
NOTICE = option("--notice", "N", "Book nothing new within N days (1)", type=int, default=1)
WHO_DECIDED = option("--who", "NAME", "Who decided it", default="")
VERBOSE = flag("-v --verbose", "Show more: months, windows, sources, notes, ids")
JSON = flag("--json", "Print it as JSON", to="as_json")
_FOR_WHOM = (
    "WHO: patient or clinic, discreet, named or full, en, es or de, appointments (no reminders), "
    "as in clinic.ics:clinic,full"
)
FILES = option(
    "-o --output",
    "FILE[:WHO]",
    f"Write .json, .ics, .html, .csv, .xlsx, .txt or .eml; {_FOR_WHOM}",
    several=True,
)
CALENDARS = option(
    "-o --output",
    "FILE[:WHO]",
    f"Write a calendar, .ics, a page, .html, a table, .csv, messages, .txt, or a mail, .eml; {_FOR_WHOM}",
    several=True,
)
DRY_RUN = flag("--dry-run", "Show what would change, and write nothing")
AS_OF = option("--as-of", "DATE", "Use another date than today", read_day)
AT = option("--at", "MOMENT", "Use another moment than now: 2027-01-08T09:00:00Z", read_moment)
FAIL_ON = choice("--fail-on", ("error", "warning", "info"), "Exit with 1 from this severity up", "warning")
PROTOCOL_CHOICES = (
    option("--sessions", "N", "Sessions in its first phase", type=int),
    option("--weeks", "N", "Nominal weeks of its first phase", type=int),
    option("--weekdays", "DAYS", 'Days of the week of its first phase, "mon,thu"', read_weekday_span),
    option("--boosters", "N", "Sessions in its last phase", type=int),
    option("--every", "DURATION", "Interval of its last phase, if it leaves that open: P7D", Interval.parse),
    option("--until", "DURATION", "How long its last phase lasts: P26W or P6M", Interval.parse),
    option("--country", "CODE", "Whose forms are planned: US; of the clinic's zone if not given"),
)
"""What a protocol leaves open; inputs.CHOICES are their names."""
