"""
Change the core in one place at a time, and see whether a test notices.

Places are drawn at random among comparisons, sums, numbers, truth values and returns of the core
modules. Each is changed in a copy of `src`, and the tests that are about its module are run against
the copy, until the first that fails. What no test notices is printed with its line, to look at: some
changes mean nothing, and the others want a test. Not part of CI: a place takes as long as its tests.

    make mutants                                    (300 places)
    make mutants MUTANTS="--places 20 --seed 7 --modules spacing tracking/moving"
    PYTHONPATH=tests python tests/mutation/mutants.py --list
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "ketsched"

TESTS: dict[str, tuple[str, ...]] = {
    "spacing": ("unit/test_spacing.py", "unit/test_placing.py", "properties/test_placing.py"),
    "placing": ("unit/test_placing.py", "properties/test_placing.py", "properties/test_cutting.py"),
    "model/intervals": ("unit/test_model.py", "unit/test_months.py", "properties/test_months.py"),
    "model/spacings": ("unit/test_model.py", "unit/test_months.py", "unit/test_dose_series.py"),
    "planning": (
        "unit/test_planning.py",
        "unit/test_planning_generic.py",
        "unit/test_planning_hours.py",
        "unit/test_planning_regressions.py",
        "unit/test_seating.py",
        "unit/test_beside.py",
        "unit/test_companions.py",
        "unit/test_months.py",
        "unit/test_boundaries.py",
        "properties/test_planning.py",
    ),
    "history": (
        "unit/test_rows.py",
        "unit/test_entries.py",
        "unit/test_history.py",
        "unit/test_matching.py",
        "unit/test_dose_series.py",
        "unit/test_months.py",
    ),
    "checking": ("rules", "unit/test_checking.py", "unit/test_checking_history.py", "unit/test_months.py"),
    "tracking": (
        "unit/test_replan.py",
        "unit/test_replan_options.py",
        "unit/test_forecast.py",
        "unit/test_agreements.py",
        "unit/test_following.py",
        "unit/test_matching.py",
        "unit/test_beside.py",
        "unit/test_months.py",
        "unit/test_boundaries.py",
        "properties/test_tracking.py",
    ),
}
"""The core, and which tests are about each part: the longest name that a module begins with decides."""

COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Mod: ast.Add,
    ast.FloorDiv: ast.Mult,
}


@attrs.frozen
class Place:
    """
    A place of a module that can be changed.

    Attributes:
        module: Path below the package, without its suffix.
        number: Which of the places of that module it is, in the order in which they are found.
        line: Its line.
        change: What becomes of it, in a few words.
    """

    module: str
    number: int
    line: int
    change: str

    def __str__(self) -> str:
        return f"{self.module}.py:{self.line}: {self.change}"


class _Changes(ast.NodeTransformer):
    """Finds the places of a module; with a number, changes that one."""

    def __init__(self, module: str, changed: int | None = None) -> None:
        self.module, self.changed = module, changed
        self.found: list[Place] = []

    def _is_next(self, node: ast.expr | ast.stmt, change: str) -> bool:
        place = Place(self.module, len(self.found), node.lineno, change)
        self.found.append(place)
        return place.number == self.changed

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        for n, op in enumerate(node.ops):
            other = COMPARED[type(op)]
            if self._is_next(node, f"{type(op).__name__} is {other.__name__}"):
                node.ops[n] = other()
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        other = COUNTED.get(type(node.op))
        if other is not None and self._is_next(node, f"{type(node.op).__name__} is {other.__name__}"):
            node.op = other()
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        other = ast.Or if isinstance(node.op, ast.And) else ast.And
        if self._is_next(node, f"{type(node.op).__name__} is {other.__name__}"):
            node.op = other()
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not) and self._is_next(node, "Not is left out"):
            return node.operand
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        match node.value:
            case bool(value):
                other: bool | int = not value
            case int(value):
                other = value + 1
            case _:
                return node
        return ast.Constant(other) if self._is_next(node, f"{node.value} is {other}") else node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        if self._is_next(node, "the other of two values"):
            node.body, node.orelse = node.orelse, node.body
        return node

    def visit_Continue(self, node: ast.Continue) -> ast.AST:
        return ast.Break() if self._is_next(node, "continue is break") else node

    def visit_Break(self, node: ast.Break) -> ast.AST:
        return ast.Continue() if self._is_next(node, "break is continue") else node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        swapped = {"min": "max", "max": "min", "all": "any", "any": "all"}
        if isinstance(node.func, ast.Name) and node.func.id in swapped:
            other = swapped[node.func.id]
            if self._is_next(node, f"{node.func.id} is {other}"):
                node.func = ast.Name(other, ast.Load())
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node


def tests_of(module: str) -> tuple[str, ...]:
    """Return the tests that are about a module."""
    part = max((part for part in TESTS if module == part or module.startswith(f"{part}/")), key=len)
    return TESTS[part]


def modules(chosen: Sequence[str]) -> Iterator[str]:
    """Yield the modules of the core, or those of the parts chosen."""
    for path in sorted(PACKAGE.rglob("*.py")):
        module = path.relative_to(PACKAGE).with_suffix("").as_posix()
        parts = chosen or list(TESTS)
        if any(module == part or module.startswith(f"{part}/") for part in parts):
            yield module


def places_of(module: str) -> list[Place]:
    """Return the places of a module that can be changed."""
    changes = _Changes(module)
    changes.visit(ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8")))
    return changes.found


def changed(place: Place) -> str:
    """Return the text of a module with one place changed."""
    tree = ast.parse((PACKAGE / f"{place.module}.py").read_text(encoding="utf-8"))
    tree = _Changes(place.module, place.number).visit(tree)
    return ast.unparse(ast.fix_missing_locations(tree))


def verdict(place: Place, source: Path, limit: float) -> str:
    """Return "noticed", "not noticed", or "undecided" where the tests take too long."""
    file = source / "ketsched" / f"{place.module}.py"
    before = file.read_text(encoding="utf-8")
    file.write_text(changed(place), encoding="utf-8")
    tests = [
        str(ROOT / "tests" / name) for name in tests_of(place.module) if (ROOT / "tests" / name).exists()
    ]
    paths = os.pathsep.join((str(source), str(ROOT / "tests")))
    try:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-x",
                "-q",
                "-p",
                "no:cacheprovider",
                "--hypothesis-seed=0",
                *tests,
            ],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "undecided"  # it may never end, or the machine be busy
    finally:
        file.write_text(before, encoding="utf-8")
    no_tests = 5
    return {0: "not noticed", no_tests: "undecided"}.get(done.returncode, "noticed")


def main() -> int:
    """Draw places, try each, and print the score and what was not noticed."""
    ask = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", maxsplit=1)[0])
    ask.add_argument("--places", type=int, default=300, help="how many are drawn (300)")
    ask.add_argument(
        "--seed", type=int, default=0, help="of the draw (0); the same seed draws the same places"
    )
    ask.add_argument("--modules", nargs="+", default=(), help='parts such as "spacing" or "tracking/moving"')
    ask.add_argument(
        "--tests", nargs="+", default=(), help="these below tests/, instead of those of each module"
    )
    ask.add_argument(
        "--limit", type=float, default=600, help="seconds that the tests of a place may take (600)"
    )
    ask.add_argument("--list", action="store_true", help="print the places that would be tried")
    given = ask.parse_args()
    if given.tests:
        TESTS.update(dict.fromkeys(TESTS, tuple(given.tests)))
    every = [place for module in modules(given.modules) for place in places_of(module)]
    drawn = random.Random(given.seed).sample(every, min(given.places, len(every)))  # noqa: S311 - no secret
    print(f"{len(drawn)} of {len(every)} places, seed {given.seed}")
    if given.list:
        print(*drawn, sep="\n")
        return 0
    survived, found = list[Place](), dict[str, int]()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "src"
        shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
        for place in drawn:
            begun = time.monotonic()
            said = verdict(place, source, given.limit)
            found[said] = found.get(said, 0) + 1
            survived += [place] if said == "not noticed" else []
            print(f"{said:12} {time.monotonic() - begun:5.0f} s  {place}", flush=True)
    decided = found.get("noticed", 0) + len(survived)
    score = 100 * found.get("noticed", 0) / decided if decided else 0
    print(
        f"noticed {found.get('noticed', 0)} of {decided}: {score:.0f} %; undecided {found.get('undecided', 0)}"
    )
    print(*(f"  {place}" for place in survived), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
