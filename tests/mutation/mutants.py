"""
Change the core in one place at a time, and see whether a test notices.

Places are drawn at random among comparisons, sums, numbers, truth values and returns of the core
modules. Each is changed in a copy of `src`, and the tests that run that place are run against the copy,
the quick ones first, until one fails. What no test notices is printed with its line, to look at: some
changes mean nothing (those known are listed, with the reason, in `equivalent.toml` and counted apart),
and the others want a test. Not part of CI.

    make mutants                                    (300 places)
    make mutants MUTANTS="--places 20 --seed 7 --modules spacing tracking/moving"
    PYTHONPATH=tests python tests/mutation/mutants.py --list

What was found is kept in build/mutants: a run that was broken off goes on, and a place is tried again only
if its function or the tests that run it have changed.
"""

from __future__ import annotations

import argparse
import compileall
import gc
import hashlib
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from mutation.changes import PACKAGE, Place, changed, places_of, scopes_of
from mutation.covering import KEPT, ROOT, TESTS, Covering

CORE = (
    "spacing",
    "placing",
    "model/intervals",
    "model/spacings",
    "planning",
    "history",
    "checking",
    "tracking",
)
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
FIRST = 40
"""How many tests are tried before all others, so that only their files are read."""


class _Watching:
    """Notes the first test that fails, and lets Hypothesis fail without looking for a smaller example."""

    def __init__(self, told: Path) -> None:
        self.told = told

    def pytest_sessionstart(self) -> None:
        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile("unshrunk", hypothesis.settings.default, phases=phases)
        hypothesis.settings.load_profile("unshrunk")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.told.write_text(report.nodeid, encoding="utf-8")


def modules(chosen: Sequence[str]) -> Iterator[str]:
    """Yield the modules of the core, or those of the parts chosen."""
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.relative_to(PACKAGE).with_suffix("").as_posix()
        if any(module == part or module.startswith(f"{part}/") for part in chosen or CORE):
            yield module


def drawn(seed: int, chosen: Sequence[str]) -> list[Place]:
    """Return all places in an order that the seed decides, and that a change to one function leaves to the others."""
    every = [place for module in modules(chosen) for place in places_of(module)]
    return sorted(every, key=lambda place: hashlib.sha256(f"{seed} {place.key}".encode()).digest())


def equivalent() -> dict[str, str]:
    """Return the changes known to mean nothing, each with the reason."""
    changes = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["change"]
    return {change["place"]: change["why"] for change in changes}


class Trial:
    """A copy of the sources, in which one place at a time is changed and tests are run."""

    def __init__(self, folder: Path, covering: Covering, limit: float) -> None:
        self.folder, self.covering, self.limit = folder, covering, limit
        self.source = folder / "src"
        shutil.copytree(ROOT / "src", self.source, ignore=shutil.ignore_patterns("__pycache__"))
        compileall.compile_dir(self.source, quiet=2)
        for name in ("icalendar", "holidays", "click", "rich", "cattrs", "dateutil", "jsonschema"):
            importlib.import_module(name)  # once, and not by every child
        gc.freeze()  # what is here is not looked through, and so not copied, by every child

    def verdict(self, place: Place, before: Sequence[str]) -> tuple[str, str]:
        """
        Return "noticed", "not noticed" or "undecided", and the test that noticed.

        Undecided is where the tests do not end, or cannot be run.
        """
        tests = sorted(
            self.covering.of(place),
            key=lambda name: (name not in before, self.covering.seconds[name], name),
        )
        took, within = 0.0, list[str]()
        for name in tests:
            took += self.covering.seconds[name]
            if took > self.limit and within:
                break
            within.append(name)
        file = self.source / "ketsched" / f"{place.module}.py"
        file.write_text(changed(place), encoding="utf-8")
        try:
            for some in (within[:FIRST], within[FIRST:]):
                if some and (found := self._run(some))[0] != "not noticed":
                    return found
        finally:
            shutil.copy2(PACKAGE / f"{place.module}.py", file)
        return ("not noticed", "") if within else ("undecided", "no test runs it")

    def failing(self, tests: list[str]) -> str:
        """Return which of some tests fails although nothing is changed; empty if none does."""
        said, by = self._run(tests)
        return "" if said == "not noticed" else by or said

    def _run(self, tests: list[str]) -> tuple[str, str]:
        told = self.folder / "told"
        told.write_text("", encoding="utf-8")
        limit = 60 + 6 * sum(self.covering.seconds.get(name, 0) for name in tests)
        child = os.fork()
        if not child:
            self._be_child(tests, told)
        end = time.monotonic() + limit
        while not (ended := os.waitpid(child, os.WNOHANG))[0]:
            if time.monotonic() > end:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return "undecided", "the tests do not end"
            time.sleep(0.02)
        match os.waitstatus_to_exitcode(ended[1]):
            case pytest.ExitCode.OK:
                return "not noticed", ""
            case pytest.ExitCode.NO_TESTS_COLLECTED:
                return "undecided", "no test is found"
            case pytest.ExitCode.USAGE_ERROR:  # it cannot be imported, or names its cases otherwise
                files = sorted({name.partition("::")[0] for name in tests})
                return self._run(files) if files != tests else ("noticed", "cannot be imported")
            case pytest.ExitCode.INTERNAL_ERROR:
                raise SystemExit(f"pytest itself fails: run {' '.join(tests[:3])} by hand")
        return "noticed", told.read_text(encoding="utf-8") or "cannot be imported"

    def _be_child(self, tests: list[str], told: Path) -> None:
        """Run tests in this process, which ends with them."""
        code = 3
        try:
            os.setsid()
            quiet = os.open(os.devnull, os.O_RDWR)
            for stream in (0, 1, 2):
                os.dup2(quiet, stream)
            os.chdir(ROOT)
            sys.dont_write_bytecode = True
            sys.path[:0] = [str(self.source), str(TESTS)]
            os.environ |= {
                "PYTHONPATH": os.pathsep.join(sys.path[:2]),
                "PYTHONDONTWRITEBYTECODE": "1",
                "HYPOTHESIS_STORAGE_DIRECTORY": str(self.folder / "hypothesis"),
            }
            options = ["-x", "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0"]
            options += ["-W", "ignore::pytest.PytestAssertRewriteWarning"]  # it was imported before the fork
            code = int(pytest.main([*options, *tests], plugins=[_Watching(told)]))
        finally:
            os._exit(code)


class Results:
    """What was found so far, by the names of places, kept in a file."""

    def __init__(self, covering: Covering) -> None:
        self.covering, self.file = covering, KEPT / "results.json"
        read = json.loads(self.file.read_text(encoding="utf-8")) if self.file.exists() else {}
        self.found: dict[str, dict[str, Any]] = read

    def _stamp(self, place: Place, said: str) -> str:
        scope = scopes_of(place.module).get(place.scope)
        parts = [scope.stamp if scope else ""]
        if said != "noticed":  # a new test may notice it
            files = {name.partition("::")[0] for name in self.covering.of(place)}
            parts += [self.covering.stamps[file] for file in sorted(files)]
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]

    def of(self, place: Place) -> tuple[str, str] | None:
        """Return what was found of a place, if that holds still."""
        known = self.found.get(place.key)
        if known and known["said"] != "undecided" and known["stamp"] == self._stamp(place, known["said"]):
            return known["said"], known["by"]
        return None

    def noticing(self, place: Place) -> list[str]:
        """Return the tests that noticed other changes of its function."""
        prefix = place.key.partition(":")[0] + ":"
        return [known["by"] for key, known in self.found.items() if key.startswith(prefix)]

    def keep(self, place: Place, said: str, by: str) -> None:
        """Keep what was found of a place."""
        self.found[place.key] = {"said": said, "by": by, "stamp": self._stamp(place, said)}
        self._write()

    def forget(self, test: str) -> None:
        """Forget what one test has noticed."""
        self.found = {key: known for key, known in self.found.items() if known["by"] != test}
        self._write()

    def _write(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        new = self.file.with_suffix(".new")
        new.write_text(json.dumps(self.found, indent=0), encoding="utf-8")
        new.replace(self.file)


def asked() -> argparse.Namespace:
    """Return what the command line asks for."""
    ask = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    ask.add_argument("--places", type=int, default=300, help="how many are drawn (300)")
    ask.add_argument(
        "--seed", type=int, default=0, help="of the draw (0); the same seed draws the same places"
    )
    ask.add_argument("--modules", nargs="+", default=(), help='parts such as "spacing" or "tracking/moving"')
    ask.add_argument(
        "--limit", type=float, default=60, help="seconds that the tests of a place may take together (60)"
    )
    ask.add_argument("--afresh", action="store_true", help="try again what was tried before")
    ask.add_argument("--list", action="store_true", help="print the places that would be tried")
    return ask.parse_args()


def main() -> int:
    """Draw places, try each, and print the score and what was not noticed."""
    given = asked()
    every = drawn(given.seed, given.modules)
    places = every[: given.places]
    print(f"{len(places)} of {len(every)} places, seed {given.seed}")
    if given.list:
        print(*(f"line {place.lines[0]:4} {place.key}" for place in places), sep="\n")
        return 0
    same = equivalent()
    covering = Covering.kept()
    results = Results(covering)
    said, killers = dict[str, list[Place]](), set[str]()
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(Path(folder), covering, given.limit)
        if failing := trial.failing(sorted(covering.seconds, key=covering.seconds.__getitem__)[:FIRST]):
            raise SystemExit(f"nothing was changed, and it fails: {failing}")
        for n, place in enumerate(places, 1):
            begun = time.monotonic()
            if place.key in same:
                found, by = "equivalent", same[place.key]
            elif given.afresh or not (before := results.of(place)):
                found, by = trial.verdict(place, results.noticing(place))
                results.keep(place, found, by)
            else:
                found, by = before
            said.setdefault(found, []).append(place)
            took, killers = time.monotonic() - begun, killers | ({by} if found == "noticed" else set())
            print(f"{n:4} {found:11} {took:4.0f} s  line {place.lines[0]} {place.key}  {by}", flush=True)
        failing = trial.failing(sorted(killers & covering.seconds.keys()))
    noticed, unnoticed = len(said.get("noticed", ())), said.get("not noticed", [])
    decided = noticed + len(unnoticed)
    print(f"noticed {noticed} of {decided}: {100 * noticed / max(decided, 1):.1f} %")
    print(f"apart: {len(said.get('equivalent', ()))} equivalent, {len(said.get('undecided', ()))} undecided")
    print(*(f"  not noticed: line {place.lines[0]} {place.key}" for place in unnoticed), sep="\n")
    print(
        *(f"  undecided: line {place.lines[0]} {place.key}" for place in said.get("undecided", ())), sep="\n"
    )
    if failing:
        results.forget(failing)
        print(f"{failing} fails by itself, and notices nothing: mend it, and run this again")
    return bool(failing)


if __name__ == "__main__":
    sys.exit(main())
