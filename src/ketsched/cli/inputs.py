"""What people type on the command line, turned into the library's values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, TypeVar

import attrs
import click
from click.shell_completion import CompletionItem

from ketsched.calendars import Calendar
from ketsched.casefile import named_calendar
from ketsched.checking import RULES, Finding
from ketsched.clock import TimeRange, read_date
from ketsched.closures import Holidays, days_between
from ketsched.errors import InvalidInput, KetschedError
from ketsched.interchange import FORMATS, dumps
from ketsched.interchange.folder import real_path
from ketsched.model import Course, Protocol, read_weekdays
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
                help='Weekly hours, "mon-fri 09:00-17:00"; again for other days.',
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
            click.option(
                "--chairs",
                type=int,
                metavar="N",
                help="Sessions that fit at once, those of other courses included.",
            ),
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
    known: Calendar | None = None,
) -> Calendar | None:
    """
    Make the clinic's calendar from its file or from options; None if nothing was said of it.

    A calendar that is known, from a case file, gives way to --clinic or --zone and --hours; the others add to it.
    """
    if clinic is not None and (zone or hours):
        raise InvalidInput(
            what="both a clinic file and its hours were given",
            where="--clinic",
            why="the file says the zone and the hours",
            fix="leave out --zone and --hours, or --clinic",
        )
    if clinic is not None:
        calendar = located("--clinic", Calendar.load, clinic)
    elif zone is not None and hours:
        calendar = located("--zone", Calendar, zone, weekly_hours(hours))
        calendar = attrs.evolve(calendar, chairs=1)
    elif known is not None and zone is None and not hours:
        calendar = known
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
    for text in holidays:
        country, _, part = text.partition("-")
        found = located("--holidays", Holidays, country.upper(), part.upper())
        calendar = attrs.evolve(calendar, holidays=(*calendar.holidays, found))
    for text in closed:
        calendar = calendar.without(dates(text, "--closed"))
    return calendar


def booked_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option for the courses that hold chairs already."""
    return click.option(
        "--booked",
        metavar="FOLDER",
        help="Leave other courses their chairs: the course files (.json) in it; this one's own bookings never count.",
    )(command)


def calendars_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option for the hours of those whom a protocol's companions name."""
    return click.option(
        "--calendar",
        "calendars",
        multiple=True,
        metavar="NAME=FILE",
        help="Hours of somebody whom the protocol names, therapist=therapist.toml; again for others.",
    )(command)


def named_calendars(texts: Iterable[str], protocol: Protocol) -> dict[str, Calendar]:
    """Read --calendar therapist=therapist.toml, as often as it was given."""
    found: dict[str, Calendar] = {}
    for text in texts:
        name, sign, file = (part.strip() for part in text.partition("="))
        if not (name and sign and file):
            raise InvalidInput(
                what=f"{text[:60]!r} is not a name and a file",
                where="--calendar",
                why="it says whose hours they are and where they stand, with an equals sign between",
                fix="write --calendar therapist=therapist.toml",
            )
        if name in found:
            raise InvalidInput(
                what=f"two calendars for {name[:60]!r}",
                where="--calendar",
                why="each has one",
                fix="give one of them, or put all hours into one file",
            )
        found[name] = located("--calendar", named_calendar, name, Path(file), protocol)
    return found


def weekly_hours(texts: Iterable[str]) -> tuple[tuple[TimeRange, ...], ...]:
    """Read "mon-fri 09:00-17:00" and "sat 09:00-12:00" into the spans of seven days."""
    week: list[tuple[TimeRange, ...]] = [()] * 7
    for text in (part for given in texts for part in given.split(";")):
        found = re.fullmatch(r"\s*([^0-9]+?)\s+([0-9].*|closed)\s*", text)
        if found is None:
            raise InvalidInput(
                what=f"{text.strip()[:40]!r} are not weekly hours",
                where="--hours",
                why="they are days of the week, a blank and the hours of each",
                fix='write them as "mon-fri 09:00-17:00", or "mon,thu 09:00-12:00, 13:00-17:00"',
            )
        for day in located("--hours", weekday_span, found[1]):
            week[day] = located("--hours", TimeRange.parse, found[2])
    return tuple(week)


def weekday_span(text: str) -> list[int]:
    """Read "mon-fri", "mon,wed" or "daily" as weekdays, Monday is 0."""
    if text.strip().lower() == "daily":
        return list(range(7))
    found: list[int] = []
    for part in text.split(","):
        first, _, last = part.replace("–", "-").partition("-")
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
        at = datetime.fromisoformat(text)
        if at.tzinfo is not None:
            return at
    except ValueError:
        pass
    raise InvalidInput(
        what=f"{text[:40]!r} is not a moment",
        where="--at",
        why="a moment is a date, a time and an offset from UTC",
        fix="write it as 2027-01-04T09:00:00Z, or as 2027-01-04T09:00:00-05:00",
    )


@attrs.frozen
class Output:
    """One file to write, and for whom."""

    path: Path
    audience: str = "patient"
    privacy: str = "discreet"

    def __str__(self) -> str:
        whom = "the course itself" if self.holds_course else f"{self.audience}, {self.privacy}"
        return f"{self.path} ({whom})"

    @property
    def holds_course(self) -> bool:
        """Whether it is the course document, from which the course goes on."""
        return self.path.suffix.lower() == ".json"

    def content(
        self, course: Course, findings: Sequence[Finding], *, changes_only: bool = False
    ) -> tuple[Path, bytes]:
        """Return the file and what is to stand in it."""
        whom: dict[str, Any] = {"audience": self.audience, "privacy": self.privacy}
        name = self.path.name
        return self.path, dumps(course, name, **whom, findings=findings, changes_only=changes_only)


_AUDIENCES, _PRIVACIES = ("patient", "clinic"), ("discreet", "named", "full")


def output_of(text: str) -> Output:
    """Read "-o patient.ics" or "-o clinic.ics:clinic,full": the file, the audience, the privacy."""
    found = re.fullmatch(r"(.*\.\w+):([\w ,-]*)", text, re.DOTALL)  # C:\\clinic.ics has a colon of its own
    if found is None:
        return Output(Path(text))
    words = [word.strip().lower() for word in found[2].split(",")]
    audiences = [word for word in words if word in _AUDIENCES]
    privacies = [word for word in words if word in _PRIVACIES]
    if len(audiences) + len(privacies) < len(words) or len(audiences) > 1 or len(privacies) > 1:
        raise InvalidInput(
            what=f"{found[2][:40]!r} is not an audience and a privacy",
            where=f"-o {text[:80]}",
            why="the audience is patient or clinic; the privacy is discreet, named or full",
            fix=f"write for example -o {found[1][:80]}:clinic,full",
        )
    return Output(Path(found[1]), *(audiences or ["patient"]), *(privacies or ["discreet"]))


def output_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add -o to a command that changes a course file: it writes calendars."""
    return click.option(
        "-o",
        "--output",
        multiple=True,
        metavar="FILE[:WHO]",
        help="Write .ics as well; WHO: patient or clinic, discreet, named or full, as in clinic.ics:clinic,full.",
    )(command)


def outputs_of(texts: Iterable[str], *, changing: Path | None = None) -> list[Output]:
    """
    Read all that -o was given: each file once, and no course file in place of another.

    Args:
        texts: As they were typed.
        changing: The course file that the command changes in place; -o then gives no course file at all.
    """
    outputs = [output_of(text) for text in texts]
    seen: set[Path] = set()
    for output in outputs:
        if not output.path.name.lower().endswith(tuple(FORMATS)):
            raise InvalidInput(
                what=f"{output.path.name[:60]!r} has no suffix of a known format",
                where=f"-o {str(output.path)[:200]}",
                why=f"the suffix says the format: {', '.join(FORMATS)}",
                fix="end the name with one of these, as in course.json or patient.ics:patient,named",
            )
        if output.holds_course and (output.audience, output.privacy) != ("patient", "discreet"):
            raise InvalidInput(
                what=f"{output.path.name} cannot be for somebody or more or less private",
                where=f"-o {output.path}",
                why="a course file holds the whole course, for the clinic's own use",
                fix="leave the words after the file name out, or write a .ics file",
            )
        if changing is not None and (output.holds_course or real_path(output.path) == real_path(changing)):
            raise InvalidInput(
                what=f"{output.path.name} would be a second course file",
                where=f"-o {output.path}",
                why=f"{changing.name} is changed in place; beside it another would be a course of its own",
                fix="leave it out; write calendars (.ics) with -o, or copy the course file by hand",
            )
        if real_path(output.path) in seen:
            raise InvalidInput(
                what=f"{output.path.name} is to be written twice",
                where=f"-o {output.path}",
                why="one file is for one reader",
                fix="give each its own name, as in -o patient.ics -o clinic.ics:clinic,full",
            )
        seen.add(real_path(output.path))
        if output.holds_course and output.path.exists():
            raise InvalidInput(
                what=f"{output.path.name} is there already",
                where=f"-o {output.path}",
                why="a course file keeps its revisions; planning anew would lose them, and calendars would double",
                fix="choose another name, or move the old course away if it was never given out",
            )
    return outputs


def complete_protocol(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the id of a protocol, or a file name."""
    found = [CompletionItem(name) for name in protocol_ids() if name.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="file")]


def complete_rule(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the code or the name of a rule."""
    rules = [(word, rule.name) for rule in RULES for word in (rule.code, rule.name)]
    return [CompletionItem(word, help=name) for word, name in rules if word.startswith(incomplete)]
