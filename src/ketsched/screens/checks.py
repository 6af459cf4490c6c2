"""The courses of a folder, each checked by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs

from ketsched import reporting
from ketsched.checking import Finding
from ketsched.checking.rules import sentence
from ketsched.errors import InvalidInput, KetschedError
from ketsched.interchange import read
from ketsched.interchange.folder import course_files, identities, of_one_identity
from ketsched.model import Course
from ketsched.screens.morning import in_four_parts


@attrs.frozen
class CheckedFolder:
    """
    What the rules remark on the courses of a folder.

    Attributes:
        files: The name of each file that was read, its course, and the findings.
        unread: The name of each file that cannot be read, and why.
        shared: An error about each group of courses that share an id.
    """

    files: tuple[tuple[str, Course, tuple[Finding, ...]], ...]
    unread: tuple[tuple[str, KetschedError], ...]
    shared: tuple[InvalidInput, ...]

    def findings(self) -> Iterator[Finding]:
        """Yield the findings of all courses."""
        for _, _, findings in self.files:
            yield from findings

    def faults(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong with the files themselves, each with what can be done about it."""
        for same in self.shared:
            yield f"{same.what} {sentence(same.why)}", sentence(same.fix)
        for name, fault in self.unread:
            yield f"{name}: {fault.what}", f"{fault.where}; {fault.fix}"

    def values(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "files": [
                {"file": name, "course": course.id, "findings": reporting.finding_values(findings)}
                for name, course, findings in self.files
            ],
            "same_id": [in_four_parts(same) for same in self.shared],
            "unread": [{"file": name, **in_four_parts(fault)} for name, fault in self.unread],
        }


def check_folder(folder: str | Path, look: Callable[[Course, Path], tuple[Finding, ...]]) -> CheckedFolder:
    """
    Check each course file of a folder.

    Args:
        folder: Its course files (.json) are read.
        look: Returns the findings of one course, given its file.

    Raises:
        InvalidInput: It is no folder, or has no course file.
    """
    names = course_files(folder)
    if not names:
        raise InvalidInput(
            what=f"no course file in {folder}",
            why="of a folder the course files (.json) in it are checked",
            fix="give the folder that holds them, or one file",
        )
    found: list[tuple[str, Course, tuple[Finding, ...]]] = []
    unread: list[tuple[str, KetschedError]] = []
    for path in (Path(folder, name) for name in names):
        try:
            course = read(path)
            found.append((path.name, course, look(course, path)))
        except KetschedError as error:
            unread.append((path.name, error))
    shared = of_one_identity((name, identities(course)) for name, course, _ in found)
    return CheckedFolder(tuple(found), tuple(unread), tuple(shared))
