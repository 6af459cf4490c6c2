"""What the shell completes: protocols and rules, course files, and what a course file has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from ketsched.checking import RULES
from ketsched.errors import KetschedError
from ketsched.interchange import read
from ketsched.interchange.coursefile import checked_path
from ketsched.model import Course
from ketsched.protocols import protocol_ids

Completing = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]
MOST_READ = 50
"""Course files whose ids are read for a completion; of more in a folder the names alone are shown (house default)."""


def among(words: Iterable[str]) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """Complete one of some words."""
    known = [word.replace(" ", "-") for word in words]
    return lambda _ctx, _param, begun: [CompletionItem(word) for word in known if word.startswith(begun)]


def complete_protocol(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the id of a protocol, or a file name."""
    found = [CompletionItem(name) for name in protocol_ids() if name.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="file")]


def complete_rule(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the code or the name of a rule."""
    rules = [(word, rule.name) for rule in RULES for word in (rule.code, rule.name)]
    return [CompletionItem(word, help=name) for word, name in rules if word.startswith(incomplete)]


def complete_course(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a course file, or the id of its course; in a folder, or of the folder."""
    folder = Path(incomplete) if incomplete.endswith("/") else Path(incomplete).parent
    begun = incomplete.rpartition("/")[2]
    files = sorted(folder.glob("*.json")) if folder.is_dir() else []
    ids = {file: _id_of(file) for file in files[:MOST_READ]} if len(files) <= MOST_READ else {}
    found = [file for file in files if file.name.startswith(begun)]
    found = found or [file for file in files if begun and ids.get(file, "").startswith(begun)]
    items = [CompletionItem(str(file), help=ids.get(file, "")) for file in found]
    return items or [CompletionItem(incomplete, type="file")]


def _id_of(file: Path) -> str:
    try:
        return read(file).id or ""
    except KetschedError:
        return ""


def _of_course(items: Callable[[Course], Iterable[tuple[str, str]]]) -> Completing:
    """Complete one of the names, each with a word about it, that the course file on the command line has."""

    def complete(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        given = ctx.params.get("file") or next(
            iter(ctx.args), None
        )  # an option without its word stops the parser
        try:
            course = read(checked_path(str(given)))
        except KetschedError:
            return []
        return [
            CompletionItem(name, help=help_) for name, help_ in items(course) if name.startswith(incomplete)
        ]

    return complete


complete_session = _of_course(lambda course: ((one.id, str(one.day)) for one in course.sessions))
complete_visit = _of_course(lambda course: ((one.id, f"{one.day} {one.status}") for one in course.visits))
complete_hold = _of_course(
    lambda course: ((one.id, one.reason) for one in course.holds if one.lifted_on is None)
)
complete_around = _of_course(
    lambda course: ((one.id, str(one.day)) for one in course.companions if one.status.stands)
)
complete_booking = _of_course(
    lambda course: ((one.id, str(one.day)) for one in course.bookings().values() if one.status.stands)
)
