"""`ketsched due`: the morning run over a folder of course files."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs
import click

from ketsched import reporting
from ketsched.cli import inputs, pictures, revising
from ketsched.errors import InvalidInput, KetschedError
from ketsched.history import State, Verdict
from ketsched.interchange import read
from ketsched.interchange.folder import course_files
from ketsched.model import Course, Session, Status
from ketsched.screens import called, many, on
from ketsched.tracking import Forecast, forecast
from ketsched.tracking.lapses import taken

if TYPE_CHECKING:
    from rich.console import RenderableType

FEW = 150
"""Files up to which one process reads all: starting others takes as long (benchmarks/due.py: 2.3 ms a file)."""
PROCESSES = 2
"""That read many files (house default)."""
"""In one folder (house default)."""
_PORTION = 25
"""Files that a process is given at a time (house default)."""
_PATIENCE = 1.0
"""Seconds after which it shows how far it is."""

KINDS = {
    "overdue": "overdue",
    "lapsed": "a lapse",
    "asked": "to be asked",
    "unbooked": "not booked",
    "due": "due",
    "soon": "soon",
}
"""What a line is about and what it is called, the most urgent first; "due" and "soon" need nothing to be done."""


@attrs.frozen
class Line:
    """
    One thing to see to.

    Attributes:
        kind: One of KINDS.
        day: The day that it is about.
        what: In words, without any text of the course.
    """

    kind: str
    day: date
    what: str


@attrs.frozen
class Seen:
    """
    What one file gave.

    Attributes:
        file: Its name, from the folder on.
        course: The course's id; None if it has none.
        lines: What there is to see to.
        error: Why it cannot be read, in four parts; None if it was.
    """

    file: str
    course: str | None = None
    lines: tuple[Line, ...] = ()
    error: tuple[str, str, str, str] | None = None


@click.command()
@click.argument("folder", metavar="FOLDER")
@click.option("-r", "--recursive", is_flag=True, help="Folders within it as well.")
@click.option(
    "--as-of",
    metavar="DATE",
    help="Today; if not given, each clinic's date by the clock of this machine.",
)
@click.option(
    "--days", type=int, default=0, show_default=True, metavar="N", help="Also what is due in the next N days."
)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def due(
    ctx: click.Context, /, folder: str, recursive: bool, as_of: str | None, days: int, as_json: bool
) -> None:
    """
    List what is due or overdue today, over a folder of course files.

    Besides: past sessions that nobody recorded, visits of which nobody said whether
    they count, breaks for which the protocol proposes something, and series whose
    next session is not booked. No file is changed. A file that cannot be read is
    listed with the reason, and the others are read all the same.

    Exit codes: 0 nothing but what is due, 1 something to see to, 2 a file cannot be
    read.

    \b
    ketsched due courses --as-of 2027-01-15
    ketsched due courses -r --days 7 --json
    """
    today = None if as_of is None else inputs.located("--as-of", revising.day_of, as_of)
    if not 0 <= days <= 366:
        raise InvalidInput(
            what=f"{days} days ahead",
            where="--days",
            why="it is a number of days, 0 to 366",
            fix="give --days 7 for the next week",
        )
    files = inputs.located("FOLDER", partial(course_files, recursive=recursive), folder)
    look = partial(_look, folder=folder, as_of=today, now=datetime.now(UTC), days=days)
    seen = list(_progress(_looked(look, files), len(files)))
    if as_json:
        click.echo(reporting.as_json(_json(folder, today, seen)))
    else:
        pictures.show(*_shown(seen, today, days))
    unread = any(one.error is not None for one in seen)
    todo = any(line.kind not in ("due", "soon") for one in seen for line in one.lines)
    ctx.exit(2 if unread else 1 if todo else 0)


def _looked(look: partial[Seen], files: Sequence[Path]) -> Iterator[Seen]:
    """Yield what each file gave, in order; many files are read by several processes."""
    if len(files) <= FEW or (os.cpu_count() or 1) < PROCESSES:
        yield from map(look, files)
        return
    with ProcessPoolExecutor(PROCESSES) as pool:
        yield from pool.map(look, files, chunksize=_PORTION)


def _progress(seen: Iterable[Seen], total: int) -> Iterator[Seen]:
    """Pass on what comes, and show on a terminal how far it is if that takes more than a second."""
    began, status = time.monotonic(), None
    try:
        for number, one in enumerate(seen, 1):
            yield one
            if status is None and time.monotonic() - began > _PATIENCE:
                status = pictures.waiting("")
                status.start()
            if status is not None:
                status.update(f"{number} of {total} course files")
    finally:
        if status is not None:
            status.stop()


def _look(file: Path, *, folder: str, as_of: date | None, now: datetime, days: int) -> Seen:
    """Read one course and say what there is to see to."""
    try:
        course = read(Path(folder, file))
        today = as_of or revising.today_of(course, now)
        return Seen(str(file), course.id, tuple(_lines(course, today, days)))
    except KetschedError as error:
        return Seen(str(file), error=(error.what, error.where, error.why, error.fix))


def _lines(course: Course, today: date, days: int) -> Iterator[Line]:
    found = forecast(course, as_of=today)
    history = found.history
    for session in history.in_state(State.DUE):
        yield Line("due", session.day, _told(session))
    for session in history.in_state(State.NOT_RECORDED):
        yield Line("asked", session.day, f"{session.phase}: what became of it?")
    for judged in history.visits:
        if judged.verdict is Verdict.ASKED:
            yield Line("asked", judged.visit.day, f"{judged.phase}: stopped early, does it count?")
    for session in history.in_state(State.PLANNED):
        if session.day <= today + timedelta(days):
            yield Line("soon", session.day, _told(session))
    yield from _to_come(found, today)


def _told(session: Session) -> str:
    at = f" at {session.time:%H:%M}" if session.time else ""
    unsure = ", to be confirmed" if session.status is Status.TENTATIVE else ""
    return f"{session.phase}{at}{unsure}"


def _to_come(found: Forecast, today: date) -> Iterator[Line]:
    upcoming = found.next
    open_question = bool(found.proposes) and taken(found.history.course, (), found) is None
    if upcoming is not None and open_question and found.last_given is not None:
        name, gap = called(upcoming.phase, upcoming.number), (today - found.last_given).days
        yield Line("lapsed", found.last_given, f"{name}: {gap} d since the last; proposed: {found.proposes}")
    elif upcoming is not None and upcoming.overdue is not None and upcoming.is_overdue(today):
        name = called(upcoming.phase, upcoming.number)
        yield Line(
            "overdue", upcoming.overdue, f"{name}: the latest day was {upcoming.overdue - timedelta(1)}"
        )
    lacking = next((one for one in found.sessions if one.session is None), None)
    if lacking is not None:
        yield Line("unbooked", lacking.recommended, f"{called(lacking.phase, lacking.number)}: no booking")


# What is shown


def _shown(seen: Sequence[Seen], today: date | None, days: int) -> Iterator[RenderableType]:
    from rich.table import Table

    ahead = f" and the next {many(days, 'day')}" if days else ""
    yield f"{many(len(seen), 'course file')}{'' if today is None else f', as of {on(today)}'}{ahead}"
    lines = [(one, line) for one in seen for line in one.lines]
    lines.sort(key=lambda pair: (list(KINDS).index(pair[1].kind), pair[1].day, pair[0].file))
    if lines:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for column in ("", "course", "day", "what", "file"):
            table.add_column(column, overflow="fold")
        for one, line in lines:
            table.add_row(KINDS[line.kind], one.course or "", on(line.day), line.what, one.file)
        yield ""
        yield table
    unread = [one for one in seen if one.error is not None]
    if unread:
        yield ""
        yield f"{many(len(unread), 'file')} cannot be read"
        for one in unread:
            what, where, _, fix = one.error or ("", "", "", "")
            yield f"  {one.file}: {what}"
            yield f"    {where}; {fix}"
    yield ""
    yield _counted(seen)


def _counted(seen: Sequence[Seen]) -> str:
    """Say how many lines of each kind there are."""
    kinds = [line.kind for one in seen for line in one.lines]
    said = [f"{kinds.count(kind)} {word}" for kind, word in KINDS.items() if kind in kinds]
    return ", ".join(said) if said else "nothing is due"


def _json(folder: str, today: date | None, seen: Sequence[Seen]) -> dict[str, Any]:
    return {
        "folder": folder,
        "as_of": today and today.isoformat(),
        "files": len(seen),
        "lines": [
            {
                "file": one.file,
                "course": one.course,
                "is": line.kind,
                "day": line.day.isoformat(),
                "what": line.what,
            }
            for one in seen
            for line in one.lines
        ],
        "unread": [
            {"file": one.file, **dict(zip(("what", "where", "why", "fix"), one.error, strict=True))}
            for one in seen
            if one.error is not None
        ],
    }
