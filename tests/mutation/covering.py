"""Which tests run a place: kept in build/mutants, and recorded anew for the files of tests that have changed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mutation.changes import PACKAGE, Place, scopes_of

ROOT = PACKAGE.parents[1]
TESTS = ROOT / "tests"
KEPT = ROOT / "build" / "mutants"
FOLDERS = ("unit", "rules", "properties")
"""Where the tests are that are run; the others are about other programs and the project."""

ABOUT_OTHERS = re.compile(
    r"unit/(cli|cli_following|visitfile|calendars)/"
    r"|test_(ical|json|bad_input|crash|vtimezones|contentlines|tomlfile|protocol|arguments|clock|zones|api"
    r"|files|screens|folder|dumps|morning|casefile|errors|countries|readers|interchange|calendar_revisions"
    r"|two_desks|next_export)"
)
"""Tests of what is around the core: they run all of it, and are about its words, files and commands."""

PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0")

BATCH = 10
"""How many files of tests are recorded in one go, so that a recording that is broken off goes on."""

ANYWHERE = -1
"""Stands for a line where the function has changed since its lines were recorded."""


def stamps() -> dict[str, str]:
    """Return a stamp of each file of tests; cases that stand beside it belong to it."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((TESTS / folder).rglob("test_*.py")):
            if ABOUT_OTHERS.search(path.relative_to(TESTS).as_posix()):
                continue
            text = path.read_bytes()
            if folder == "rules":
                text = b"".join(case.read_bytes() for case in (path, *sorted(path.parent.glob("*.toml"))))
            found[path.relative_to(ROOT).as_posix()] = hashlib.sha256(text).hexdigest()[:16]
    return found


class Covering:
    """
    Which test runs what, and how long it takes.

    Attributes:
        stamps: Of the files of tests, as they were when recorded.
        seconds: How long each test takes, by its name for pytest.
        ran: By module and function: its stamp, and by line (from its first on) the tests that run it.
    """

    def __init__(self) -> None:
        self.stamps: dict[str, str] = {}
        self.seconds: dict[str, float] = {}
        self.ran: dict[str, dict[str, tuple[str, dict[int, set[str]]]]] = {}

    @classmethod
    def kept(cls) -> Covering:
        """Return what was recorded before, brought up to date with the files of tests."""
        covering, file = cls(), KEPT / "covering.json"
        if file.exists():
            covering._read(json.loads(file.read_text(encoding="utf-8")))
        now = stamps()
        covering._forget(covering.stamps.keys() - now.keys())
        stale = [name for name, stamp in now.items() if covering.stamps.get(name) != stamp]
        for n in range(0, len(stale), BATCH):  # properties last: they take longest
            files = stale[n : n + BATCH]
            print(f"recording what {', '.join(Path(name).stem for name in files)} run", flush=True)
            recorded = _record(files)
            covering._forget(files)
            covering._add(recorded)
            covering.stamps |= {name: now[name] for name in files}
            KEPT.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(covering._written()), encoding="utf-8")
        return covering

    def of(self, place: Place) -> set[str]:
        """Return the tests that run a place; where that is not known, those that run its function."""
        stamp, lines = self.ran.get(place.module, {}).get(place.scope, ("", {}))
        scope = scopes_of(place.module).get(place.scope)
        if scope and scope.stamp == stamp:
            offsets = {line - scope.first for line in range(place.lines[0], place.lines[1] + 1)}
            found = set[str]().union(*(lines.get(offset, ()) for offset in (*offsets, ANYWHERE)))
            if found:
                return found
        if of_function := set[str]().union(*lines.values()):
            return of_function
        return set[str]().union(
            *(names for _, lines in self.ran.get(place.module, {}).values() for names in lines.values())
        )

    def _forget(self, files: Iterable[str]) -> None:
        files = set(files)
        self.stamps = {name: stamp for name, stamp in self.stamps.items() if name not in files}
        gone = {name for name in self.seconds if name.partition("::")[0] in files}
        self.seconds = {name: took for name, took in self.seconds.items() if name not in gone}
        for functions in self.ran.values():
            for _, lines in functions.values():
                for names in lines.values():
                    names -= gone

    def _add(self, recorded: dict[str, Any]) -> None:
        tests = list(recorded["seconds"])
        self.seconds |= recorded["seconds"]
        for path, lines in recorded["lines"].items():
            module, functions = path.removesuffix(".py"), self.ran.setdefault(path.removesuffix(".py"), {})
            for name, scope in scopes_of(module).items():
                before, known = functions.get(name, (scope.stamp, {}))
                if before != scope.stamp:
                    known = {ANYWHERE: set[str]().union(*known.values())}
                for line in range(scope.first, scope.last + 1):
                    numbers = lines.get(str(line), ())
                    known.setdefault(line - scope.first, set()).update(tests[n] for n in numbers)
                functions[name] = (scope.stamp, known)

    def _written(self) -> dict[str, Any]:
        number = {name: n for n, name in enumerate(self.seconds)}
        ran = {
            module: {
                name: [
                    stamp,
                    {
                        line: sorted(number[name] for name in names if name in number)
                        for line, names in lines.items()
                    },
                ]
                for name, (stamp, lines) in functions.items()
            }
            for module, functions in self.ran.items()
        }
        return {"stamps": self.stamps, "seconds": self.seconds, "ran": ran}

    def _read(self, written: dict[str, Any]) -> None:
        self.stamps, self.seconds = written["stamps"], written["seconds"]
        tests = list(self.seconds)
        self.ran = {
            module: {
                name: (stamp, {int(line): {tests[n] for n in numbers} for line, numbers in lines.items()})
                for name, (stamp, lines) in functions.items()
            }
            for module, functions in written["ran"].items()
        }


def _record(files: Iterable[str]) -> dict[str, Any]:
    """Run files of tests, and return what they ran."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "lines.json"
        paths = os.pathsep.join((str(PACKAGE.parent), str(TESTS)))
        subprocess.run(
            [*PYTEST, "-p", "mutation.recording", *files],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": paths, "RECORD": str(out)},
            stdout=subprocess.DEVNULL,
            check=False,  # what fails by itself is said, and not used
        )
        recorded: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        for name in recorded["failed"]:
            print(f"not used, it fails by itself: {name}")
        return recorded
