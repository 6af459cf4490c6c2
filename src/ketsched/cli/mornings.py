"""`ketsched today`: the morning run over a folder of course files."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import click

from ketsched import reporting
from ketsched.cli import inputs, pictures
from ketsched.cli.options import JSON, OUTPUT, SCRIPTS, TO_DO, command, flag, option, under
from ketsched.entries import read_day
from ketsched.interchange.folder import course_files
from ketsched.screens.morning import Seen, check_days, look, morning_parts, morning_values, sharing

FEW = 150
"""Files up to which one process reads all: starting others takes as long (benchmarks/due.py: 2.3 ms a file)."""
PROCESSES = 2
"""That read many files (house default)."""
_PORTION = 25
"""Files that a process is given at a time (house default)."""
_PATIENCE = 1.0
"""Seconds after which it shows how far it is."""


@command()
@click.argument("folder", metavar="FOLDER")
@under(
    TO_DO,
    flag("-r --recursive", "Folders within it as well"),
    option("--days", "N", "Also what is booked in the next N days (0)", type=int, default=0),
)
@under(OUTPUT, JSON)
@under(SCRIPTS, option("--as-of", "DATE", "Use another date than today", read_day, to="today"))
@click.pass_context
def today_command(
    ctx: click.Context, /, folder: str, recursive: bool, today: date | None, days: int, as_json: bool
) -> None:
    """
    List what today holds by the hour, and what there is to see to, over a folder.

    Today: sessions, appointments and calls, with rides that are not settled. To see
    to: what is not recorded yet or overdue, long breaks, sessions without a date or
    booked too soon, decisions that are missing, to-dos, and courses that share an
    id. No file is changed. A file that cannot be read is listed with the reason, and
    the others are read all the same.

    Exit codes: 0 nothing but what today holds, 1 something to see to, 2 a file
    cannot be read.

    \b
    ketsched today courses --as-of 2027-01-15
    ketsched today courses -r --days 7 --json
    """
    inputs.located("--days", check_days, days)
    files = inputs.located("FOLDER", partial(course_files, recursive=recursive), folder)
    inputs.tell_passed_over(folder, recursive=recursive)
    looking = partial(look, folder=folder, as_of=today, now=datetime.now(UTC), days=days)
    seen = list(_progress(_looked(looking, files), len(files)))
    if as_json:
        click.echo(reporting.as_json(morning_values(folder, today, seen)))
    else:
        pictures.present(*morning_parts(seen, today, days))
    unread = any(one.error is not None for one in seen)
    to_do = any(matter.is_open for one in seen for matter in one.matters) or bool(sharing(seen))
    ctx.exit(2 if unread else 1 if to_do else 0)


def _looked(looking: partial[Seen], files: Sequence[Path]) -> Iterator[Seen]:
    """Yield what each file gave, in order; many files are read by several processes."""
    if len(files) <= FEW or (os.cpu_count() or 1) < PROCESSES:
        yield from map(looking, files)
        return
    with ProcessPoolExecutor(PROCESSES) as pool:
        yield from pool.map(looking, files, chunksize=_PORTION)


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
