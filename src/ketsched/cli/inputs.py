"""What people type on the command line, turned into the library's values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import attrs
import click
from click.shell_completion import CompletionItem

from ketsched import tomlfile
from ketsched.calendars import Calendar, Holidays, days_between
from ketsched.clock import TimeRange, aware, read_date
from ketsched.errors import InvalidInput, KetschedError
from ketsched.model import Waiver, read_weekdays
from ketsched.protocols import protocol_ids

T = TypeVar("T")


def located(option: str, read: Callable[..., T], *given: Any) -> T:
    """Read something; what goes wrong is said with the option it came from."""
    try:
        return read(*given)
    except KetschedError as error:
        raise error.within(option) from None


def clinic_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that describe a clinic's calendar."""
    for add in reversed(
        [
            click.option(
                "--clinic",
                metavar="FILE",
                help="Clinic file (TOML): zone, hours, closures, holidays, chairs.",
            ),
            click.option(
                "--zone", metavar="ZONE", help="IANA time zone of the clinic, such as America/New_York."
            ),
            click.option(
                "--hours",
                multiple=True,
                metavar="HOURS",
                help='Weekly hours, "mon-fri 09:00-17:00"; repeat for other days.',
            ),
            click.option(
                "--holidays",
                multiple=True,
                metavar="CODE",
                help="Close on public holidays: US, US-NY, DE-BY.",
            ),
            click.option(
                "--closed",
                multiple=True,
                metavar="DATES",
                help="Close a day or a stretch, 2026-12-24..2027-01-01.",
            ),
            click.option("--chairs", type=int, metavar="N", help="Sessions that fit at once."),
        ]
    ):
        command = add(command)
    return command


def clinic_calendar(
    *,
    clinic: str | None,
    zone: str | None,
    hours: Iterable[str],
    holidays: Iterable[str],
    closed: Iterable[str],
    chairs: int | None,
) -> Calendar | None:
    """Make the clinic's calendar from its file or from options; None if nothing was said of it."""
    if clinic is not None:
        if zone or hours:
            raise InvalidInput(
                what="both a clinic file and its hours were given",
                where="--clinic",
                why="the file says the zone and the hours",
                fix="leave out --zone and --hours, or --clinic",
            )
        calendar = Calendar.load(clinic)
    elif zone is None and not hours and not holidays and not closed and chairs is None:
        return None
    elif zone is None or not hours:
        raise InvalidInput(
            what=f"{'--zone' if zone is None else '--hours'} is missing",
            why="a clinic's calendar is its zone and its weekly hours",
            fix='give --zone America/New_York and --hours "mon-fri 09:00-17:00", or --clinic FILE',
        )
    else:
        calendar = located("--zone", Calendar, zone, weekly_hours(hours))
        calendar = attrs.evolve(calendar, chairs=1)
    if chairs is not None:
        calendar = located("--chairs", lambda: attrs.evolve(calendar, chairs=chairs))
    for text in holidays:
        country, _, part = text.partition("-")
        found = located("--holidays", Holidays, country.upper(), part.upper())
        calendar = attrs.evolve(calendar, holidays=(*calendar.holidays, found))
    for text in closed:
        calendar = calendar.without(dates(text, "--closed"))
    return calendar


def weekly_hours(texts: Iterable[str]) -> tuple[tuple[TimeRange, ...], ...]:
    """Read "mon-fri 09:00-17:00" and "sat 09:00-12:00" into the spans of seven days."""
    week: list[tuple[TimeRange, ...]] = [()] * 7
    for text in (part for given in texts for part in given.split(";")):
        names, _, spans = text.strip().partition(" ")
        for day in located("--hours", weekday_span, names):
            week[day] = located("--hours", TimeRange.parse, spans)
    return tuple(week)


def weekday_span(text: str) -> list[int]:
    """Read "mon-fri", "mon,wed" or "daily" as weekdays, Monday is 0."""
    if text.lower() == "daily":
        return list(range(7))
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin, end = read_weekdays([first])[0], read_weekdays([last or first])[0]
        found += range(begin, end + 1) if begin <= end else [*range(begin, 7), *range(end + 1)]
    return sorted(set(found))


def dates(text: str, option: str) -> list[date]:
    """Read one date, or a stretch "2027-12-24..2027-12-31" with both ends."""
    first, dots, last = text.partition("..")
    begin = located(option, read_date, first)
    if not dots:
        return [begin]
    end = located(option, read_date, last)
    if end < begin:
        raise InvalidInput(
            what=f"{text[:40]} ends before it begins",
            where=option,
            why="a stretch runs from the earlier date to the later, both included",
            fix=f"write {end}..{begin}",
        )
    return days_between(begin, end)


def start_of(text: str) -> date | tuple[date, date]:
    """Read --start: a date, or a stretch of dates to search."""
    days = dates(text, "--start")
    return days[0] if ".." not in text else (days[0], days[-1])


def moment_of(text: str | None) -> datetime:
    """Read --at, or take the clock's moment, in whole seconds."""
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        return located("--at", aware, datetime.fromisoformat(text), "at")
    except ValueError:
        raise InvalidInput(
            what=f"{text[:40]!r} is not a moment",
            where="--at",
            why="a moment is a date, a time and an offset from UTC",
            fix="write it as 2027-01-04T09:00:00Z",
        ) from None


@attrs.frozen
class Output:
    """One file to write, and for whom."""

    path: Path
    audience: str = "patient"
    privacy: str = "discreet"


def output_of(text: str) -> Output:
    """Read "-o patient.ics" or "-o clinic.ics:clinic,full": the file, the audience, the privacy."""
    path, colon, words = text.rpartition(":")
    if not colon or not re.fullmatch(r"[a-z]+(,[a-z]+)?", words):
        return Output(Path(text))
    chosen = {"audience": "patient", "privacy": "discreet"}
    kinds = {
        "patient": "audience",
        "clinic": "audience",
        "discreet": "privacy",
        "named": "privacy",
        "full": "privacy",
    }
    for word in words.split(","):
        if word not in kinds:
            raise InvalidInput(
                what=f"{word!r} is neither an audience nor a privacy",
                where=f"-o {text[:80]}",
                why="audiences are patient and clinic; privacy is discreet, named or full",
                fix="write for example -o clinic.ics:clinic,full",
            )
        chosen[kinds[word]] = word
    return Output(Path(path), **chosen)


def load_waivers(path: str) -> tuple[Waiver, ...]:
    """Read a file of waivers: [[waiver]] with rule, sessions, reason, who and until."""
    table = tomlfile.load(Path(path))
    waivers = []
    for entry in table.tables("waiver"):
        rule, sessions = entry.take("rule", str), tuple(entry.texts("sessions"))
        reason, who, until = (
            entry.take("reason", str),
            entry.take("who", str),
            entry.take("until", date, None),
        )
        entry.done()
        waivers.append(entry.read("rule", _waiver(sessions, reason, who, until), rule))
    table.done()
    return tuple(waivers)


def _waiver(sessions: tuple[str, ...], reason: str, who: str, until: date | None) -> Callable[[str], Waiver]:
    return lambda rule: Waiver(rule=rule, sessions=sessions, reason=reason, who=who, until=until)


def complete_protocol(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the id of a protocol, or a file name."""
    found = [CompletionItem(name) for name in protocol_ids() if name.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="file")]
