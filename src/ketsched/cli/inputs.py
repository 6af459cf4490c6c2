"""What people type on the command line, turned into the library's values."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import click
from click.shell_completion import CompletionItem

from ketsched.calendars import Calendar
from ketsched.checking import RULES, Finding, Severity
from ketsched.cli import option_called
from ketsched.closures import Holidays
from ketsched.entries import read_country, read_dates, read_week
from ketsched.errors import InvalidInput, KetschedError, refuse_first
from ketsched.interchange import FORMATS, dumps
from ketsched.interchange.folder import passed_over, real_path
from ketsched.model import Course, Protocol
from ketsched.nearness import did_you_mean, meant_of
from ketsched.protocols import protocol_ids
from ketsched.zones import clinic_zone

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


if TYPE_CHECKING:
    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # generic as of click 8.4 only


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


Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


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
        several: Whether it can be given again and again.
        more: As click takes it.
    """
    if read is not None:
        more["type"] = Reading(read)
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


@attrs.frozen
class ClinicFile:
    """A clinic's calendar, and the file that it was read from."""

    path: Path
    calendar: Calendar

    @classmethod
    def load(cls, text: str) -> ClinicFile:
        """Read a clinic file."""
        return cls(Path(text), Calendar.load(text))


def clinic_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that describe a clinic's calendar."""
    for add in reversed(
        [
            option(
                "--clinic",
                "FILE",
                "Clinic file (TOML): zone, hours, closures, holidays, chairs.",
                ClinicFile.load,
            ),
            option("--zone", "ZONE", "IANA time zone of the clinic, such as America/New_York.", clinic_zone),
            option(
                "--hours", "HOURS", 'Weekly hours, "mon-fri 09:00-17:00"; again for other days.', several=True
            ),
            option(
                "--holidays",
                "CODE",
                "Close on public holidays: US, US-NY, DE-BY.",
                read_country,
                several=True,
            ),
            option(
                "--closed",
                "DATES",
                "Close a day or a stretch, 2026-12-24..2027-01-01.",
                read_dates,
                several=True,
            ),
            option("--chairs", "N", "Sessions that fit at once, those of other courses included.", type=int),
        ]
    ):
        command = add(command)
    return command


def clinic_calendar(
    *,
    clinic: ClinicFile | None,
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
            what="both a clinic file and its hours were given",
            where="--clinic",
            why="the file says the zone and the hours",
            fix="leave out --zone and --hours, or --clinic",
        )
    if clinic is not None:
        calendar = clinic.calendar
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


AHEAD = timedelta(days=1)
"""How far a moment may lie ahead of this machine's clock without a word (house default)."""


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


fail_on_option = choice(
    "--fail-on", ("error", "warning", "info"), "Exit with 1 from this severity up.", "warning"
)


def exit_code(findings: Iterable[Finding], fail_on: str) -> int:
    """Return 1 if a finding is as grave as --fail-on says."""
    return int(any(finding.severity >= Severity[fail_on.upper()] for finding in findings))


def courses_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option for the courses that hold chairs already."""
    return option(
        "--courses",
        "FOLDER",
        "Leave other courses their chairs: the course files (.json) in it; this one's own bookings never count.",
        to="booked",
    )(command)


def tell_passed_over(folder: str, *, recursive: bool = False) -> None:
    """Say on the side what in a folder is named as a course file is, and is none."""
    for line in passed_over(folder, recursive=recursive):
        click.echo(line, err=True)


def staff_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option for the hours of those whom a protocol's companions name."""
    return option(
        "--staff",
        "NAME=FILE",
        "Hours of somebody whom the protocol names, therapist=therapist.toml; again for others.",
        to="calendars",
        several=True,
    )(command)


@attrs.frozen
class Output:
    """
    One file to write, and for whom.

    Attributes:
        path: The file.
        audience: Of a calendar, as `write` takes it.
        privacy: Likewise.
        changes_only: Whether it gets only what the command changes.
    """

    path: Path
    audience: str = "patient"
    privacy: str = "discreet"
    changes_only: bool = False

    def __str__(self) -> str:
        whom = "the course itself" if self.holds_course else f"{self.audience}, {self.privacy}"
        return f"{self.path} ({whom}{', changes only' if self.changes_only else ''})"

    @property
    def holds_course(self) -> bool:
        """Whether it is the course document, from which the course goes on."""
        return self.path.suffix.lower() == ".json"

    def content(self, course: Course, findings: Sequence[Finding]) -> tuple[Path, bytes]:
        """Return the file and what is to stand in it."""
        whom: dict[str, Any] = {"audience": self.audience, "privacy": self.privacy}
        name = self.path.name
        return self.path, dumps(course, name, **whom, findings=findings, changes_only=self.changes_only)


_AUDIENCES, _PRIVACIES, _CHANGES = ("patient", "clinic"), ("discreet", "named", "full"), "changes"


def output_of(text: str) -> Output:
    """Read "-o patient.ics" or "-o clinic.ics:clinic,full": the file, the audience, the privacy, all or changes."""
    found = re.fullmatch(r"(.*\.\w+):([\w ,-]*)", text, re.DOTALL)  # C:\\clinic.ics has a colon of its own
    if found is None:
        return Output(Path(text))
    words = [word.strip().lower() for word in found[2].split(",")]
    audiences = [word for word in words if word in _AUDIENCES]
    privacies = [word for word in words if word in _PRIVACIES]
    changes = words.count(_CHANGES)
    if (
        len(audiences) + len(privacies) + changes < len(words)
        or max(len(audiences), len(privacies), changes) > 1
    ):
        raise InvalidInput(
            what=f"{found[2][:40]!r} is not an audience and a privacy",
            where=f"-o {text[:80]}",
            why=f"the audience is patient or clinic; the privacy is discreet, named or full; {_CHANGES} is for "
            "what a command changes alone",
            fix=meant_of(words, (*_AUDIENCES, *_PRIVACIES, _CHANGES))
            or f"write for example -o {found[1][:80]}:clinic,full",
        )
    return Output(
        Path(found[1]),
        audience=audiences[0] if audiences else "patient",
        privacy=privacies[0] if privacies else "discreet",
        changes_only=bool(changes),
    )


def output_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add -o to a command that changes a course file: it writes calendars."""
    return option(
        "-o --output",
        "FILE[:WHO]",
        "Write .ics as well; WHO: patient or clinic, discreet, named or full, as in clinic.ics:clinic,full; "
        "with changes only what this command changes, as in changes.ics:changes.",
        several=True,
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
        name, path = output.path.name, real_path(output.path)
        in_its_place = changing is not None and (output.holds_course or path == real_path(changing))
        whom = (output.audience, output.privacy, output.changes_only)
        faults = (
            (
                not name.lower().endswith(tuple(FORMATS)),
                "output",
                f"{name[:60]!r} has no suffix of a known format",
                f"the suffix says the format: {', '.join(FORMATS)}",
                did_you_mean(output.path.suffix, FORMATS)
                or "end the name with one of these, as in course.json or patient.ics:patient,named",
            ),
            (
                output.holds_course and whom != ("patient", "discreet", False),
                "output",
                f"{name} cannot be for somebody or more or less private",
                "a course file holds the whole course, for the clinic's own use",
                "leave the words after the file name out, or write a .ics file",
            ),
            (
                output.changes_only and changing is None,
                "output",
                f"{name} would have only what changes",
                "a first plan changes nothing: all of it is new",
                f"leave {_CHANGES} out",
            ),
            (
                in_its_place,
                "output",
                f"{name} would be a second course file",
                f"{changing and changing.name} is changed in place; beside it another would be a course of its own",
                "leave it out; write calendars (.ics) with -o, or copy the course file by hand",
            ),
            (
                path in seen,
                "output",
                f"{name} is to be written twice",
                "one file is for one reader",
                "give each its own name, as in -o patient.ics -o clinic.ics:clinic,full",
            ),
            (
                output.holds_course and output.path.exists(),
                "output",
                f"{name} is there already",
                "a course file keeps its revisions; planning anew would lose them, and calendars would double",
                "choose another name, or move the old course away if it was never given out",
            ),
        )
        refuse_first(InvalidInput, f"-o {str(output.path)[:200]}", faults)
        seen.add(path)
    return outputs


def among(words: Iterable[str]) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """Complete one of some words."""
    known = [word.replace(" ", "-") for word in words]
    return lambda _ctx, _param, begun: [CompletionItem(word) for word in known if word.startswith(begun)]


def complete_protocol(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the id of a protocol, or a file name."""
    found = [CompletionItem(name) for name in protocol_ids() if name.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="file")]


def complete_rule(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the code or the name of a rule."""
    rules = [(word, rule.name) for rule in RULES for word in (rule.code, rule.name)]
    return [CompletionItem(word, help=name) for word, name in rules if word.startswith(incomplete)]
