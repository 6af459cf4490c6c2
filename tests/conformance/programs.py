"""
What calendar programs make of our files: each one here imports a course, then the course with a change.

    python tests/conformance/programs.py

Prints a table as it stands in docs/how-to/calendar-programs.md. CI does not run it. A program that is not
installed is "not run": calcurse is a Debian package; khal and vdirsyncer come with the tests' requirements.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path

import attrs
import icalendar

import ketsched as ks
from ketsched.follow import cancel, move

ZONE = "America/New_York"
MONTHS = (date(2027, 3, 1), date(2027, 4, 30))
Seen = set[tuple[date, str, str]]
"""What a program shows: the day, the hour (empty: all day) and the title."""


@attrs.frozen
class Courses:
    """One course as it was planned, with its last session moved, and with its first one cancelled."""

    planned: ks.Course
    moved: ks.Course
    cancelled: ks.Course


def courses() -> Courses:
    clinic = ks.Calendar.weekly(ZONE, **dict.fromkeys(("mon", "wed", "fri"), "08:30-17:00"), chairs=2)
    planned_at, changed_at = (datetime(2027, 2, day, 9, tzinfo=UTC) for day in (20, 21))
    planned = ks.plan(
        ks.load_protocol("iv-mwf-6"),
        start=date(2027, 3, 15),
        calendar=clinic,
        time=time(10),
        id="G",
        at=planned_at,
    )
    moved = move(planned, "s6", date(2027, 3, 29), calendar=clinic, at=changed_at)
    return Courses(planned, moved, cancel(planned, "s1", at=changed_at))


def started(*command: str, folder: Path) -> str:
    """Start a program with a home of its own, in the clinic's zone, and return what it printed."""
    env = {**os.environ, "HOME": str(folder), "TZ": ZONE, "LC_ALL": "C.UTF-8", "XDG_CONFIG_HOME": str(folder)}
    done = subprocess.run(
        command, env=env, cwd=folder, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


class Khal:
    name, command = "khal", ("khal", "--version")

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "config"
        forms = {"time": "%H:%M", "date": "%Y-%m-%d", "longdate": "%Y-%m-%d"}
        forms |= {"datetime": "%Y-%m-%d %H:%M", "longdatetime": "%Y-%m-%d %H:%M"}
        lines = [f"{name}format = {form}" for name, form in forms.items()]
        self.config.write_text(
            f"[calendars]\n[[patient]]\npath = {folder}/cal\ntype = calendar\n[locale]\n"
            f"local_timezone = {ZONE}\ndefault_timezone = {ZONE}\n" + "\n".join(lines) + "\n"
            f"[sqlite]\npath = {folder}/khal.db\n",
            encoding="utf-8",
        )

    def take(self, file: Path) -> None:
        started(
            "khal",
            "-c",
            str(self.config),
            "import",
            "--batch",
            "-a",
            "patient",
            str(file),
            folder=self.folder,
        )

    def seen(self) -> Seen:
        form = "{start-date}|{start-time}|{title}"
        listed = ("list", *map(str, MONTHS), "--format", form, "--day-format", "")
        rows = started("khal", "-c", str(self.config), *listed, folder=self.folder).splitlines()
        cells = (row.strip().split("|") for row in rows if row.count("|") == 2)
        return {(date.fromisoformat(day), hour, title) for day, hour, title in cells}


class Calcurse:
    name, command = "calcurse", ("calcurse", "--version")

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def take(self, file: Path) -> None:
        started("calcurse", "-q", "-D", str(self.folder / "cal"), "-i", str(file), folder=self.folder)

    def seen(self) -> Seen:
        dates = ("--input-datefmt", "4", "--output-datefmt", "%Y-%m-%d")
        days = ("-Q", "--from", str(MONTHS[0]), "--to", str(MONTHS[1]))
        forms = ("--format-apt", "%S|%m\n", "--format-event", "|%m\n")
        shown = started("calcurse", "-D", str(self.folder / "cal"), *dates, *days, *forms, folder=self.folder)
        return set(self._rows(shown))

    @staticmethod
    def _rows(shown: str) -> Iterator[tuple[date, str, str]]:
        day = MONTHS[0]
        for line in shown.splitlines():
            if (heading := re.fullmatch(r"(\d{4}-\d\d-\d\d):", line)) is not None:
                day = date.fromisoformat(heading[1])
            elif "|" in line:
                hour, title = line.split("|", 1)
                yield day, hour, title


class Vdirsyncer:
    """A file that is fetched again, as a subscribed calendar is."""

    name, command = "vdirsyncer (subscribed)", ("vdirsyncer", "--version")

    def __init__(self, folder: Path) -> None:
        self.folder, self.config = folder, folder / "config"
        (folder / "cal").mkdir()
        self.config.write_text(
            f'[general]\nstatus_path = "{folder}/status"\n[pair it]\na = "file"\nb = "folder"\n'
            'collections = null\nconflict_resolution = "a wins"\n'
            f'[storage file]\ntype = "singlefile"\npath = "{folder}/feed.ics"\n'
            f'[storage folder]\ntype = "filesystem"\npath = "{folder}/cal"\nfileext = ".ics"\n',
            encoding="utf-8",
        )

    def take(self, file: Path) -> None:
        shutil.copy(file, self.folder / "feed.ics")
        for step in ("discover", "sync"):
            started("vdirsyncer", "-c", str(self.config), step, folder=self.folder)

    def seen(self) -> Seen:
        return {one for path in (self.folder / "cal").glob("*.ics") for one in shown_in(path.read_bytes())}


Program = type[Khal] | type[Calcurse] | type[Vdirsyncer]
PROGRAMS: tuple[Program, ...] = (Khal, Calcurse, Vdirsyncer)


def shown_in(content: bytes) -> Seen:
    """Return what a calendar holds, as a program would show it."""
    found: Seen = set()
    for event in icalendar.Calendar.from_ical(content).walk("VEVENT"):
        start, title = event["DTSTART"].dt, str(event["SUMMARY"])
        if isinstance(start, datetime):
            found.add((start.date(), f"{start:%H:%M}", title))
        elif isinstance(start, date):
            found.add((start, "", title))
    return found


def version_of(command: tuple[str, ...]) -> str | None:
    """Return the version that a program says it has; None if it is not here."""
    if shutil.which(command[0]) is None:
        return None
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    found = re.search(r"\d+(?:\.\d+)+", said)
    return "?" if found is None else found[0]


def row_of(program: Program, files: dict[str, bytes]) -> tuple[str, ...]:
    """Return what one program makes of a first file, of a later one, and of one with a session cancelled."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, content in files.items():
            (folder / f"{name}.ics").write_bytes(content)
        (folder / "one").mkdir()
        used = program(folder / "one")
        used.take(folder / "planned.ics")
        planned, later = shown_in(files["planned"]), shown_in(files["moved"])
        first = used.seen()
        complete = (
            "complete, hours right" if first == planned else f"{len(first & planned)} of {len(planned)} right"
        )
        used.take(folder / "moved.ics")
        second = used.seen()
        stale, missing = (planned - later) & second, later - second
        again = {
            (True, False): "both days are shown",
            (False, False): "moves",
            (True, True): "stays as it was",
        }
        (folder / "two").mkdir()
        other = program(folder / "two")
        other.take(folder / "cancelled.ics")
        called = sorted(title for _, hour, title in other.seen() if hour and "ancel" in title)
        struck = f'shown as "{called[0]}"' if called else "not shown"
        return complete, again.get((bool(stale), bool(missing)), "a part of it moves"), struck


def main() -> None:
    made = courses()
    files = {name: ks.dumps(getattr(made, name), "ics") for name in ("planned", "moved", "cancelled")}
    rows: list[tuple[str, ...]] = [
        ("program", "version", "first import", "a later file, imported again", "a cancelled session"),
        ("---",) * 5,
    ]
    for program in PROGRAMS:
        version = version_of(program.command)
        cells = ("not run", "", "") if version is None else row_of(program, files)
        rows.append((program.name, version or "", *cells))
    sys.stdout.writelines(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    main()
