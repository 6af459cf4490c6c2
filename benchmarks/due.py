"""
How long a clinic's morning run takes: `ketsched today` over a folder of course files.

    python benchmarks/due.py [FILES [ROUNDS]]

The courses have 6 to 31 sessions, half of them with what goes around each session, and are read on
a day in the middle of each. Times are of the whole program, by the clock on the wall; the share is
what one file adds, and the ratio what the run takes of a bare interpreter's start in the same round.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

import ketsched as ks
from ketsched.interchange import dumps
from ketsched.tracking import record

WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "08:00-18:00")
TODAY = date(2027, 6, 1)
PLANNED = datetime(2026, 9, 1, 9, tzinfo=UTC)
RECORDED = datetime(2027, 6, 1, 6, tzinfo=UTC)
BOOSTERS = (0, 3, 6, 12, 25)
TARGET = 3.0
"""Seconds for 1,000 files on two processors."""


def courses() -> list[ks.Course]:
    """Return courses of several lengths, each with what happened until today but for its last visit."""
    clinic = ks.Calendar.weekly("America/New_York", **WEEK, chairs=200).with_holidays("US")
    whole = ks.load_protocol("generic-induction")
    bare = ks.Protocol(id="bare", version="1", title="Six, then boosters", phases=whole.phases)
    found = []
    for boosters in BOOSTERS:
        for protocol in (whole, bare):
            if boosters:
                chosen = protocol.choose(boosters=boosters)
            else:
                chosen = ks.Protocol(id="six", version="1", title="Six", phases=protocol.phases[:1])
            start = TODAY - timedelta(7 if not boosters else min(28 + 14 * boosters, 250))
            course = ks.plan(
                chosen, start=start - timedelta(start.weekday()), calendar=clinic, id="c", at=PLANNED
            )
            past = [session.day for session in course.sessions if session.day < TODAY]
            found.append(record(course, [ks.Visit(day) for day in past], at=RECORDED, as_of=TODAY))
    return found


def fill(folder: Path, files: int) -> int:
    """Write course files, and return how many bytes they have together."""
    contents = [dumps(course, "json") for course in courses()]
    for number in range(files):
        text = contents[number % len(contents)].replace(b'"id": "c"', f'"id": "c-{number}"'.encode(), 1)
        (folder / f"course-{number:05}.json").write_bytes(text)
    return sum(path.stat().st_size for path in folder.iterdir())


def seconds(words: list[str]) -> float:
    """Return how long a program takes from start to end."""
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=False)
    assert done.returncode in (0, 1), done.returncode
    return time.perf_counter() - begin


def main() -> None:
    """Measure and print."""
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as made:
        size = fill(Path(made), files)
        words = ["-m", "ketsched.cli", "today", made, "--as-of", str(TODAY)]
        taken = [(seconds(["-c", "pass"]), seconds(words)) for _ in range(rounds)]
    print(
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} processors, "
        f"{files} files of {size / files / 1024:.0f} KiB, {rounds} rounds"
    )
    runs = [run for _, run in taken]
    ratio = median(run / bare for bare, run in taken)
    share = 1000 * min(runs) / files
    print(f"{'':<16}{'least s':>10}{'median s':>10}{'ms a file':>11}{'ratio':>8}")
    print(f"{'ketsched today':<16}{min(runs):>10.2f}{median(runs):>10.2f}{share:>11.2f}{ratio:>8.0f}", end="")
    print(f"   at most {TARGET * files / 1000:.1f} s on two quiet processors")


if __name__ == "__main__":
    main()
