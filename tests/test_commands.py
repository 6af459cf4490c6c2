"""Texts name commands and options that exist: the library's own, the documentation, the examples and the README."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ketsched.cli import commands

ROOT = Path(__file__).parent.parent
OTHERS = {"--upgrade", "--no-deps", "--wheel-dir", "--cpsat-inputs", "--keep", "--runs"}
"""Options of other programs that the texts name: pip, the benchmarks."""


def known() -> dict[str, click.Command]:
    """All commands by their names, of one word or two."""
    ctx = click.Context(commands)
    found = {name: commands.get_command(ctx, name) for name in commands.list_commands(ctx)}
    return {name: command for name, command in found.items() if command is not None}


COMMANDS = known()
OPTIONS = {"--help", "--version"} | {
    name
    for command in COMMANDS.values()
    for param in command.params
    for name in param.opts + param.secondary_opts
}


def texts_of_source(path: Path) -> str:
    """All texts in a module, docstrings among them, with a gap for what is put in."""
    tree = ast.parse(path.read_text("utf-8"))
    parts = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
    return "\n".join(part for part in parts if isinstance(part, str))


def texts() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "src").rglob("*.py")):
        yield path.relative_to(ROOT).as_posix(), texts_of_source(path)
    pages = [
        ROOT / "README.md",
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "changelog.d").glob("*.md")),
    ]
    pages += [*sorted((ROOT / "examples").rglob("*.py")), *sorted((ROOT / "examples").rglob("output.txt"))]
    for path in pages:
        yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")


TEXTS = dict(texts())


NAMED = re.compile(
    r"(?:`|\$ |\(|: |^ +|then |by |run )ketsched ([a-z]+)\b(?!<)(?: ([a-z]+)\b)?((?:[^`;|().\n]|\.\S)*)", re.M
)
PROSE = {"plans", "pl"}
"""Words after the library's name that are no commands, or the beginning of one."""


def named(text: str) -> Iterator[tuple[str, str]]:
    """Yield the commands that a text names, and what stands behind each on its line."""
    for first, second, rest in NAMED.findall(text):
        if first not in PROSE:
            two = f"{first} {second}"
            yield (two, rest) if two in COMMANDS else (first, rest)


@pytest.mark.parametrize("name", TEXTS)
def test_every_command_that_a_text_names_exists(name: str) -> None:
    assert [command for command, _ in named(TEXTS[name]) if command not in COMMANDS] == []


@pytest.mark.parametrize("name", TEXTS)
def test_every_option_that_a_text_names_exists(name: str) -> None:
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*\b", TEXTS[name]))
    assert sorted(options - OPTIONS - OTHERS) == []


@pytest.mark.parametrize("name", TEXTS)
def test_every_option_beside_a_command_is_one_of_it(name: str) -> None:
    for command, rest in named(TEXTS[name]):
        has = {"--help", *(opt for param in COMMANDS[command].params for opt in param.opts)}
        assert sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]*\b", rest)) - has) == [], command
