"""Writing what a command was asked for: every file, or none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ketsched.checking import Finding
from ketsched.cli.inputs import Output
from ketsched.interchange import dumps
from ketsched.interchange.files import write_whole
from ketsched.model import Course


def write_all(
    course: Course,
    outputs: Iterable[Output],
    findings: Sequence[Finding],
    *,
    changed: Path | None = None,
    changes_only: bool = False,
) -> None:
    """
    Write every file, or leave all as they were.

    Args:
        course: What to write.
        outputs: The files that -o asked for.
        findings: For the clinic's file at full.
        changed: The course file, if it is to be replaced too; it comes first, because the rest follows from it.
        changes_only: Whether calendars get only what the last revision changed.
    """
    contents = [] if changed is None else [(changed, dumps(course, "json"))]
    contents += [
        (
            output.path,
            dumps(
                course,
                output.path.name,
                audience=output.audience,
                privacy=output.privacy,
                findings=findings,
                changes_only=changes_only,
            ),
        )
        for output in outputs
    ]
    before: list[tuple[Path, bytes | None]] = []
    try:
        for path, content in contents:
            before.append((path, path.read_bytes() if path.is_file() else None))
            write_whole(path, content)
    except BaseException:  # also when the user stops the program
        for path, old in before:
            if old is not None:
                write_whole(path, old)
            elif path.is_file():
                path.unlink()
        raise
