"""
The layout in dependency order: a module imports only from lines above its own.

The same holds inside a package. Its order is not written down: there is one as long as no module
imports, by whatever way round, a module that imports it.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent / "src" / "ketsched"

LAYERS = [
    "firstuse",
    "nearness",
    "unseen",
    "errors",
    "spacing",
    "placing",
    "zones",
    "clock",
    "countries",
    "house",
    "weekdays",
    "arguments",
    "files",
    "tomlfile",
    "languages",
    "closures",
    "chairs",
    "calendars",
    "hours",
    "model",
    "revising",
    "moments",
    "agenda",
    "names",
    "burden",
    "anchors",
    "holds",
    "protocols",
    "casefile",
    "visitfile",
    "entries",
    "firstfiles",
    "planning",
    "history",
    "checking",
    "waiverfile",
    "tracking",
    "words",
    "reasons",
    "interchange",
    "reporting",
    "follow",
    "screens",
    "cli",
    "__main__",
]

AT_FIRST_USE = [
    "cattrs",
    "tomllib",
    "icalendar",
    "holidays",
    "click",
    "rich",
    "filelock",
    "dateutil",
    "babel",
    "numpy",
    "xlsxwriter",
    "jinja2",
]


def layer_of(path):
    """The line of the layout that a file belongs to: its module, or its package."""
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def module_of(path):
    """The name of a file's module below `ketsched`; that of `__init__.py` is its package's."""
    parts = path.relative_to(SRC).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path):
    """Yield (line number, name below `ketsched`) of all of the library that a file imports, also at first use."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(level=level, lineno=line) if level:
                pytest.fail(f"{path.name}, line {line}: imports are written in full, from ketsched on")
            case ast.ImportFrom(module=str(module), names=names, lineno=line):
                dotted = [(module + "." + name.name).split(".") for name in names]
            case ast.Import(names=names, lineno=line):
                dotted = [name.name.split(".") for name in names]
            case _:
                continue
        yield from ((line, ".".join(name[1:])) for name in dotted if name[0] == "ketsched")


SOURCES = sorted(path for path in SRC.rglob("*.py") if path != SRC / "__init__.py")
MODULES = {module_of(path): path for path in SOURCES}
PACKAGES = sorted(path.parent.name for path in SRC.glob("*/__init__.py"))


def above(package):
    """The modules of a package, each with those of the same package that it imports."""
    found = {}
    for module, path in MODULES.items():
        if module.split(".")[0] == package:
            # What is imported is a module, or a name in one.
            names = {name if name in MODULES else name.rpartition(".")[0] for _, name in imported(path)}
            found[module] = {name for name in names - {module} if name.split(".")[0] == package}
    return found


def test_every_module_has_its_line():
    assert {layer_of(path) for path in SOURCES} == set(LAYERS)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(SRC).as_posix())
def test_a_module_imports_only_from_lines_above(path):
    own = layer_of(path)
    allowed = LAYERS[: LAYERS.index(own)]
    if path.parent != SRC:
        allowed = [*allowed, own]
    # The one thing that the package's own front door gives to the lines below it.
    allowed = [*allowed, "__version__"]
    wrong = [f"line {line}: {name}" for line, name in imported(path) if name.split(".")[0] not in allowed]
    assert not wrong


def test_the_agenda_is_facts_alone():
    """Nothing that plans, judges or words has a part in it: values, what changed in them, and clocks."""
    for module in ("agenda.py", "moments.py"):
        names = {name.split(".")[0] for _, name in imported(SRC / module)}
        assert names <= {"errors", "zones", "clock", "model", "revising", "moments"}


@pytest.mark.parametrize("package", PACKAGES)
def test_no_circle_runs_inside_a_package(package):
    arrows = above(package)
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as circle:
        pytest.fail("these import each other, the last the one before it: " + ", ".join(circle.args[1]))


def test_the_public_names_import_attrs_alone():
    """What only some verbs need is imported at first use, so that a start stays quick."""
    found = subprocess.run(
        [sys.executable, "-c", "import sys; from ketsched import *; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert "attrs" in found
    assert not {name.split(".")[0] for name in found} & set(AT_FIRST_USE)
