"""A folder of course files: which there are, and the chairs that they hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from ketsched.calendars import Calendar
from ketsched.errors import InvalidInput, KetschedError
from ketsched.hours import Hours
from ketsched.interchange import read
from ketsched.model import Course

MOST_FILES = 100_000
"""In one folder (house default)."""


def course_files(folder: str | Path, *, recursive: bool = False) -> tuple[Path, ...]:
    """
    Return the course files (.json) of a folder, by their names from the folder on; hidden ones are left aside.

    Raises:
        InvalidInput: It is no folder, or there are more than 100,000.
    """
    return tuple(name for name, kind in _named_so(folder, recursive=recursive) if kind == "")


def passed_over(folder: str | Path, *, recursive: bool = False) -> tuple[str, ...]:
    """Return a line about each thing in a folder that is named as a course file is, and is no file."""
    return tuple(
        f"{name} was passed over: {kind}" for name, kind in _named_so(folder, recursive=recursive) if kind
    )


def _named_so(folder: str | Path, *, recursive: bool) -> list[tuple[Path, str]]:
    """Return what is named as a course file is, in order of names, each with what it is if it is no file."""
    path = Path(folder)
    try:
        if not path.is_dir():
            raise InvalidInput(
                what=f"{str(folder)[:80]!r} is not a folder.",
                why="course files are looked for in a folder",
                fix="name the folder with the course files",
            )
        files = path.rglob("*") if recursive else path.glob("*")
        names = [file.relative_to(path) for file in files if file.suffix.lower() == ".json"]
        names = [name for name in names if not any(part.startswith(".") for part in name.parts)]
        found = [(name, _no_file(path / name)) for name in sorted(names, key=str)]
    except ValueError:
        raise InvalidInput(
            what="that is not the name of a folder",
            why="it has a character that no name can have",
            fix="check the name",
        ) from None
    files_there = sum(kind == "" for _, kind in found)
    if files_there > MOST_FILES:
        raise InvalidInput(
            what=f"{files_there} files",
            why=f"it reads at most {MOST_FILES}",
            fix="move courses that have ended to another folder",
        )
    return found


def _no_file(path: Path) -> str:
    """Say what something is that is no file; empty if it is one."""
    if path.is_file():
        return ""
    if path.is_dir():
        return "it is a folder"
    return "it is no file" if path.exists() else "it leads nowhere"


def read_courses(folder: str | Path) -> Iterator[Course]:
    """
    Yield the courses of a folder, in the order of their files' names.

    Raises:
        KetschedError: It is no folder, or one of its files cannot be read; says which.
    """
    for name in course_files(folder):
        try:
            yield read(Path(folder, name))
        except KetschedError as error:
            raise error.within(str(name)) from None


Bookable = TypeVar("Bookable", Calendar, Hours)


def with_booked(
    calendar: Bookable,
    folder: str | Path,
    *,
    id: str | None,  # noqa: A002 - the caller's word for it
    file: Path | None = None,
    same_id: Callable[[InvalidInput], None] = lambda _: None,
) -> Bookable:
    """
    Return a calendar, or all hours, with everything taken that the courses in a folder hold.

    Args:
        calendar: The clinic's; or the hours of the clinic and its people.
        folder: Of course files.
        id: Of the course that is planned; a file with it takes nothing.
        file: The file of that course, which takes nothing either.
        same_id: Is told of two courses of one id, that of the course included, as an error that it may raise.

    Raises:
        KetschedError: It is no folder, or one of its files cannot be read; says which.
    """
    ids = {} if id is None else {id: "the course that is planned" if file is None else file.name}
    own = None if file is None else real_path(file)
    for name in course_files(folder):
        path = Path(folder, name)
        if own is None or real_path(path) != own:
            try:
                course = read(path)
            except KetschedError as error:
                raise error.within(str(name)) from None
            twice = next((one for one in identities(course) if one in ids), None)
            if twice is not None:
                same_id(of_one_id(twice, (ids[twice], str(name))))
            ids = dict.fromkeys(identities(course), str(name)) | ids
            if course.id is None or course.id != id:
                calendar = calendar.booked(course)
    return calendar


def identities(course: Course) -> tuple[str, ...]:
    """Return what no other course may have: its id, and the UIDs that other programs gave its events."""
    known = () if course.id is None else (course.id,)
    return (*known, *sorted({booking.uid for booking in course.bookings().values() if booking.uid}))


def of_one_identity(courses: Iterable[tuple[str, tuple[str, ...]]]) -> list[InvalidInput]:
    """Return an error about each group of courses that share identities, given their files and these."""
    files: dict[str, list[str]] = {}
    for file, names in courses:
        for name in names:
            files.setdefault(name, []).append(file)
    shared: dict[tuple[str, ...], str] = {}
    for name, those in files.items():
        if len(those) > 1:
            shared.setdefault(tuple(those), name)
    return [of_one_id(name, those) for those, name in shared.items()]


def of_one_id(name: str, files: Sequence[str]) -> InvalidInput:
    """Say that several courses of a folder have one id, or one event."""
    return InvalidInput(
        what=f"The files {' and '.join(files)} have one id, {name}.",
        where="id",
        why="they share the identities of their events, so calendars take one for the other; and none of them "
        "sees what the others have booked",
        fix="move the copy away if it is one; else plan one of them anew, with an id of its own",
    )


def real_path(path: Path) -> Path:
    """Return where a path leads, however it is spelled."""
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):  # reading or writing it will say what is wrong
        return path
