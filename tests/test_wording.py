"""The words that README, docs, `--help` and the examples do without: puns, and what a newcomer has to guess at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from ketsched.cli import commands

ROOT = Path(__file__).parent.parent
NEVER = re.compile(
    r"\b(?:goes?\s+around|going\s+around|besides|for\s+want\s+of|(?:made\s+)?afresh|dealt\s+out|(?:be|get)\s+rid\s+of"
    r"|is\s+off|for\s+somebody\s+to\s+say|by\s+name\s+and\s+date|what\s+became\s+of|goes\s+with|did\s+not\s+attend"
    r"|programme|journey|top-up|violations?|extra\s+booking)\b",
    re.IGNORECASE,
)
CODE = re.compile(r"`[^`\n]+`")
"""Names of keys stand in backquotes: they are what a file has, whatever one thinks of them."""
SHOWN = re.compile(r"^```(?:console|pycon|text).*?^```$", re.DOTALL | re.MULTILINE)
"""What commands print is not a page's own wording."""
MADE = {"docs/reference/rules.md", "docs/explanation/evidence.md"}
"""Pages that are made from the source."""


def files() -> Iterator[tuple[str, str]]:
    """Everything that is read before or beside a first course."""
    examples = (path for path in sorted((ROOT / "examples").rglob("*")) if path.suffix in {".toml", ".py"})
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *examples]:
        if (name := path.relative_to(ROOT).as_posix()) not in MADE:
            yield name, SHOWN.sub("", path.read_text("utf-8"))


def helps(group: click.Group, ctx: click.Context, name: str = "ketsched") -> Iterator[tuple[str, str]]:
    yield f"{name} --help", group.get_help(ctx)
    for word in group.list_commands(ctx):
        command = group.get_command(ctx, word)
        if isinstance(command, click.Command):
            yield (
                f"{name} {word} --help",
                command.get_help(
                    click.Context(command, info_name=word, parent=ctx, **command.context_settings)
                ),
            )


TEXTS = dict(
    [*files(), *helps(commands, click.Context(commands, info_name="ketsched", **commands.context_settings))]
)


def said(text: str) -> list[str]:
    return [" ".join(found.group().split()) for found in NEVER.finditer(CODE.sub("", text))]


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_for_newcomers_does_without_these_words(name: str) -> None:
    assert said(TEXTS[name]) == []


@pytest.mark.parametrize(
    "text",
    [
        "what goes\naround sessions",
        "It is off.",
        "nobody said what became of it",
        "Release it, by name and date",
    ],
)
def test_a_word_to_do_without_would_be_found(text: str) -> None:
    assert len(said(text)) == 1


@pytest.mark.parametrize("text", ["`besides`, which says for an undo", "the official list", "it goes within"])
def test_other_words_are_let_through(text: str) -> None:
    assert said(text) == []
