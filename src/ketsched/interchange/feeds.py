"""
Feeds: calendar files that patients' programs ask for again and again, in a folder that a web server gives out.

A feed has a name that nobody can guess, and keeps it until it is revoked: whoever knows the name can read the feed.
The names are kept beside the feeds, in a file for its owner alone, and in no course.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import attrs

from ketsched.arguments import checked
from ketsched.clock import aware
from ketsched.errors import CannotRead, CannotWrite, InvalidInput
from ketsched.files import Lock, read_text, write_several, write_whole
from ketsched.interchange import dumps
from ketsched.interchange.folder import of_one_id
from ketsched.interchange.identity import course_id
from ketsched.model import Course
from ketsched.nearness import did_you_mean

NAMES = ".names.json"
"""The file with the names of the feeds of a folder."""

_Names = dict[str, dict[str, str]]
"""For each course, by its id, the name of the feed of each reader."""
_PRIVATE = 0o600


@attrs.frozen
class Feed:
    """
    One feed of a folder.

    Attributes:
        course: Id of the course.
        file: Name of the file: a secret, as whoever knows it can read the feed.
        action: "new", "written", "unchanged" or "revoked".
    """

    course: str
    file: str
    action: str


@checked
def publish_feeds(
    courses: Iterable[Course],
    folder: str | Path,
    *,
    at: datetime,
    audience: str = "patient",
    privacy: str = "discreet",
    language: str = "",
    events: str = "all",
    revoke: Iterable[str] = (),
) -> tuple[Feed, ...]:
    """
    Bring the feeds of a folder up to date, one for each course, and return what became of each.

    A cancelled event stays until its day has passed. Files that would not change are not touched; feeds of other
    courses, and of other readers, stay as they are.

    Args:
        courses: Each with an id of its own.
        folder: Where the feeds are; it is there already.
        at: Now, aware: it says which days have passed at each clinic.
        audience: As for `write`; so are privacy, language and events. Each combination is a feed of its own.
        revoke: Ids of courses whose feeds, for whatever reader, go; one that is published gets a new name.

    Raises:
        InvalidInput: There is no such folder, two courses have one id, or a revoked one has no feed there.
        CannotWrite: A course cannot be written, or the folder cannot; feeds are then as they were.
    """
    aware(at, "at")
    place = Path(folder)
    if not place.is_dir():
        raise InvalidInput(
            what=f"{str(folder)[:80]!r} is not a folder.",
            where="folder",
            why="the feeds are written into it",
            fix="make it first, where your web server gives files out",
        )
    own = _by_id(courses)
    reader = ",".join(filter(None, (audience, privacy, language, events if events != "all" else "")))
    contents = {
        name: dumps(
            course,
            "ics",
            audience=audience,
            privacy=privacy,
            language=language,
            events=events,
            as_of=course.day_at(at),
        )
        for name, course in own.items()
    }
    lock = Lock(place / NAMES)
    if not lock.take():
        raise CannotWrite(
            what="Somebody else is publishing into this folder.",
            where=str(place),
            why="two at once would lose names of feeds",
            fix="try again in a moment",
        )
    try:
        return _bring_up_to_date(place, contents, reader, tuple(revoke))
    finally:
        lock.give_up()


def _by_id(courses: Iterable[Course]) -> dict[str, Course]:
    found: dict[str, Course] = {}
    for course in courses:
        name = course_id(course)
        if name in found:
            raise of_one_id(name, ("two courses",))
        found[name] = course
    return found


def _bring_up_to_date(
    place: Path, contents: Mapping[str, bytes], reader: str, revoke: tuple[str, ...]
) -> tuple[Feed, ...]:
    names = _read_names(place / NAMES)
    before = {course: dict(readers) for course, readers in names.items()}
    gone: list[Feed] = []
    for course in revoke:
        if course not in names:
            raise InvalidInput(
                what=f"{course[:80]!r} has no feed in this folder.",
                where="revoke",
                why=f"the folder has {len(names)} feeds" if names else "it has none yet",
                fix=did_you_mean(course, names) or "check the id of the course",
            )
        gone += [Feed(course, name, "revoked") for name in names.pop(course).values()]
    for course in contents:
        names.setdefault(course, {}).setdefault(reader, f"{secrets.token_hex(16)}.ics")
    if names != before:  # before the feeds, so that no feed has a name that is forgotten
        _write_names(place / NAMES, names)
    found, changed = [], []
    for course, content in contents.items():
        path = place / names[course][reader]
        there = path.read_bytes() if path.is_file() else None
        action = "new" if there is None else "unchanged" if there == content else "written"
        found.append(Feed(course, path.name, action))
        if there != content:
            changed.append((path, content))
    write_several(changed)
    for feed in gone:
        with suppress(FileNotFoundError):
            (place / feed.file).unlink()
    return (*found, *gone)


def _read_names(path: Path) -> _Names:
    if not path.exists():
        return {}
    try:
        names = json.loads(read_text(path))
        good = isinstance(names, dict) and all(
            re.fullmatch(r"[0-9a-f]{32}\.ics", file)
            for readers in names.values()
            for file in readers.values()
        )
    except (ValueError, AttributeError, TypeError):
        good = False
    if not good:
        raise CannotRead(
            what="The names of the feeds cannot be read.",
            where=str(path),
            why="it is not what was written there: the id of each course, and the name of each feed",
            fix="bring it back from a copy; or remove it and the .ics files beside it, and give out new addresses",
        )
    found: _Names = names
    return found


def _write_names(path: Path, names: _Names) -> None:
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE))
    path.chmod(_PRIVATE)
    write_whole(path, (json.dumps(names, indent=1, sort_keys=True) + "\n").encode())
