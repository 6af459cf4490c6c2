"""
The file of a course while somebody changes it: nobody's change may cost another's.

It is locked from before it is read until it is written, so that those who come at the same time wait
for each other. While a person is asked something it is left to others; and because not every program
asks for a lock, it is written only if it is still what was read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

import attrs

from ketsched.errors import CannotRead, CannotWrite, InvalidInput, KetschedError
from ketsched.files import PATIENCE, Lock, decode, read_bytes, write_several
from ketsched.interchange import loads
from ketsched.model import Course, Revision, VisitStatus


@attrs.frozen
class CourseFile:
    """
    A course file (.json) that is being changed.

    Attributes:
        path: Where it is.
        course: What was read.
        content: The same, byte for byte.
    """

    path: Path
    course: Course
    content: bytes = attrs.field(repr=False)
    _lock: Lock = attrs.field(repr=False)

    @contextmanager
    def left_to_others(self) -> Iterator[None]:
        """Let others change the file while something takes as long as a person likes."""
        self._lock.give_up()
        try:
            yield
        finally:
            _take(self._lock, self.path)

    def write(self, course: bytes | None, others: Iterable[tuple[Path, bytes]] = ()) -> tuple[str, ...]:
        """
        Put the changed course in its place together with other files, or leave all as they were.

        Args:
            course: The new document; None: it stays as it is.
            others: What else is to be written, each with its content.

        Returns:
            What could not be kept of the files that were there, in words.

        Raises:
            CannotWrite: Somebody has changed the course since it was read, or a file cannot be written.
        """
        self._check_same()
        contents = [] if course is None else [(self.path, course)]  # first: the others follow from it
        return write_several([*contents, *others])

    def _check_same(self) -> None:
        try:
            now = read_bytes(self.path)
        except CannotRead as error:
            raise CannotWrite(
                what=f"{self.path.name} has gone in the meantime",
                where=str(self.path),
                why=f"somebody moved or deleted it; {error.why}",
                fix="look for it, or for its copy of last night, before you enter anything",
            ) from None
        if now == self.content:
            return
        try:
            changed = loads(now, "json").revisions[len(self.course.revisions) :]
        except KetschedError:
            changed = ()
        read = len(self.course.revisions)
        raise CannotWrite(
            what=f"{self.path.name} was changed in the meantime",
            where=str(self.path),
            why=f"this command began with revision {read}; since then {_told(changed, read)}",
            fix="give the command again: it begins with what is there now, and nothing was written by this one",
        )


def checked_path(file: str) -> Path:
    """Return the path of a course file; a calendar is none."""
    path = Path(file)
    if path.suffix.lower() != ".json":
        raise InvalidInput(
            what=f"{path.name[:60]} is no course file",
            where="FILE",
            why="a course goes on from its course file (.json); a calendar is what was given out of it",
            fix="name the course file that ketsched plan wrote with -o course.json",
        )
    return path


AHEAD = timedelta(days=1)
"""How far a moment may lie ahead of a machine's clock without a word (house default)."""


@attrs.frozen
class NextMoment:
    """The moment of the next revision, and what is to be said of it."""

    at: datetime
    warnings: tuple[str, ...] = ()


def next_moment(course: Course, at: datetime, *, is_given: bool) -> NextMoment:
    """
    Return the moment of the next revision; a moment that was given may not be before the last one.

    The clocks of two desks need not agree: by the clock it is a second after the last revision at least.

    Args:
        course: As it was given out last.
        at: The moment that was given, or the clock's.
        is_given: Whether it was given.
    """
    last = course.revisions[-1].at
    if last is None or (is_given and at >= last):
        return NextMoment(at)
    if is_given:
        raise InvalidInput(
            what=f"The course has a later change ({last:%Y-%m-%dT%H:%M:%SZ}).",
            why="calendars take the newer state by its moment",
            fix="drop --at, or give that moment or a later one",
        )
    warning = (
        f"the last revision is of {last:%Y-%m-%dT%H:%M:%SZ}, and this machine's clock says "
        f"{at:%Y-%m-%dT%H:%M:%SZ}; this one is a second after it, and today is by the clock"
    )
    return NextMoment(max(at, last + timedelta(seconds=1)), (warning,) if last > at + AHEAD else ())


def today_of(course: Course, now: datetime) -> date:
    """
    Return today at the clinic by a clock, for who only looks; not before the last day recorded as over.

    The clock may have been set back, the last revision's moment far ahead.
    """
    over = (visit.day for visit in course.visits if visit.status is not VisitStatus.CANCELLED)
    return max([course.day_at(now), *over])


def _told(revisions: Iterable[Revision], read: int) -> str:
    """Say who changed a course, what they did, and when."""
    said = [
        f"{'somebody' if not revision.who else revision.who[:60]} made revision {number} ({revision.what[:60]})"
        + (f" at {revision.at:%Y-%m-%dT%H:%M:%SZ}" if revision.at else "")
        for number, revision in enumerate(revisions, read + 1)
    ]
    return ", then ".join(said[-3:]) or "it was written without a new revision, by a program other than this"


@contextmanager
def changing(path: Path) -> Iterator[CourseFile]:
    """
    Open a course file to change it; others who want to wait until this is done.

    Raises:
        CannotRead: It is no course file, or cannot be read.
        CannotWrite: Somebody else keeps it for longer than PATIENCE.
    """
    if not path.is_file():
        read_bytes(path)  # says why not
    lock = Lock(path)
    _take(lock, path)
    try:
        content = read_bytes(path)
        yield CourseFile(path, _course(content, path), content, lock)
    finally:
        lock.give_up()


@contextmanager
def reading(path: Path) -> Iterator[CourseFile]:
    """Open a course file that will not be written; nobody waits for it, and it waits for nobody."""
    content = read_bytes(path)
    yield CourseFile(path, _course(content, path), content, Lock(path))


@contextmanager
def making(paths: Iterable[Path]) -> Iterator[None]:
    """
    Keep others from making the same course files meanwhile, and refuse one that is there already.

    Raises:
        CannotWrite: One is there, or somebody is making it.
    """
    locks: list[Lock] = []
    try:
        for path in sorted(paths):  # in one order, so that two never wait for each other
            locks.append(Lock(path))
            _take(locks[-1], path)
            if path.exists():
                raise CannotWrite(
                    what=f"{path.name} exists.",
                    where=str(path),
                    why="somebody has made it in the meantime; planning over it would lose its history",
                    fix="another name, or ketsched replan",
                )
        yield
    finally:
        for lock in locks:
            lock.give_up()


def is_of_version_1(path: Path) -> bool:
    """Whether a course file was written before courses remembered when their patients can."""
    begin = read_bytes(path)[:200].decode("utf-8", "replace")
    return re.search(r'"version"\s*:\s*1\b', begin) is not None


def _course(content: bytes, path: Path) -> Course:
    from ketsched.interchange import json

    return json.loads(decode(content, path), str(path), protocol=None, zone=None)


def _take(lock: Lock, path: Path) -> None:
    if lock.take():
        return
    try:
        revisions = _course(read_bytes(path), path).revisions
        last = _told(revisions[-1:], len(revisions) - 1)
    except KetschedError:
        last = ""
    raise CannotWrite(
        what=f"{path.name} is being changed by somebody else",
        where=str(path),
        why=f"another command has kept it for {PATIENCE:g} seconds"
        + (f"; before that {last}" if last else ""),
        fix="wait until it has ended, then give this one again; nothing was written",
    )
