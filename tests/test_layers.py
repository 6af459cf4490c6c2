"""The layout in dependency order: a module imports only from lines above its own."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent / "src" / "ketsched"

LAYERS = [
    "errors",
    "spacing",
    "series",
    "cutting",
    "placing",
    "clock",
    "tomlfile",
    "closures",
    "calendars",
    "model",
    "revising",
    "around",
    "protocols",
    "casefile",
    "visitfile",
    "planning",
    "history",
    "checking",
    "tracking",
    "interchange",
    "cli",
]

AT_FIRST_USE = ["cattrs", "tomllib", "icalendar", "holidays", "click", "rich", "dateutil", "numpy"]


def layer_of(path):
    """The line of the layout that a file belongs to: its module, or its package."""
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def imported(path):
    """Yield (line number, layer) of everything of the library that a file imports, also at first use."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(level=level, lineno=line) if level:
                pytest.fail(f"{path.name}, line {line}: imports are written in full, from ketsched on")
            case ast.ImportFrom(module="ketsched", names=names, lineno=line):
                yield from ((line, name.name) for name in names)
            case ast.ImportFrom(module=str(module), lineno=line) if module.startswith("ketsched."):
                yield line, module.split(".")[1]
            case ast.Import(names=names, lineno=line):
                dotted = [name.name.split(".") for name in names]
                yield from ((line, [*name, ""][1]) for name in dotted if name[0] == "ketsched")


SOURCES = sorted(path for path in SRC.rglob("*.py") if path != SRC / "__init__.py")


def test_every_module_has_its_line():
    assert {layer_of(path) for path in SOURCES} == set(LAYERS)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(SRC).as_posix())
def test_a_module_imports_only_from_lines_above(path):
    own = layer_of(path)
    above = LAYERS[: LAYERS.index(own)]
    siblings = [own] if path.parent != SRC else []
    # The one thing that the package's own front door gives to the lines below it.
    version = ["__version__"]
    wrong = [
        f"line {line}: {layer}" for line, layer in imported(path) if layer not in above + siblings + version
    ]
    assert not wrong


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
