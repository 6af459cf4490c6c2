"""Files: read up to a largest size, and written whole or not at all, several of them together or none."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs

from ketsched.errors import CannotRead, CannotWrite

LARGEST_FILE = 10 * 1024 * 1024
"""Bytes that any file read by the library may have: 10 MiB."""

_LINE_END = re.compile(r"\r\n|\r|\n")


def read_text(path: Path) -> str:
    """Return the text of a file of at most 10 MiB in UTF-8."""
    return decode(read_bytes(path), path)


def read_bytes(path: Path, *, called: str = "", smaller: str = "split it") -> bytes:
    """
    Return what is in a file of at most 10 MiB.

    Args:
        path: The file.
        called: What errors call it; empty: its name.
        smaller: How to get a smaller one, after "or".
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise CannotRead(
            what=f"cannot open {called or path.name}",
            where=str(path),
            why=(error.strerror or str(error)).lower(),
            fix="check the name and the folder, and that you may read it",
        ) from None
    except ValueError:
        raise CannotRead(
            what="that is not a file name",
            where=repr(str(path)),
            why="it has a character in it that names of files cannot have",
            fix="check the name",
        ) from None
    if len(raw) > LARGEST_FILE:
        raise CannotRead(
            what=f"{path.name} is too large",
            where=str(path),
            why=f"files may have {LARGEST_FILE // 1024**2} MiB",
            fix=f"check that it is the file you meant, or {smaller}",
        )
    return raw


def decode(
    raw: bytes, path: Path, encoding: str = "utf-8-sig", *, fix: str = "save it again as UTF-8"
) -> str:
    """Return the bytes of a file as text; the error names the line of the first byte that is no character."""
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode(encoding, "replace")
        name = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16"}.get(encoding, encoding)
        raise CannotRead(
            what=f"{path.name} is not {name.upper()} text",
            where=f"{path}, line {len(_LINE_END.findall(before)) + 1}",
            why=f"byte {error.start + 1} of the file does not belong to any character",
            fix=fix,
        ) from None


def write_whole(path: Path, content: bytes) -> Path:
    """
    Put a file there in one step, and return its path.

    The bytes go to a temporary name in the same folder, reach the disk, and then take the
    place of what was there before. Until then a reader sees the old file, afterwards the new
    one; if anything fails the old one stays and the temporary one is gone. A symbolic link
    keeps pointing where it did. A file that was there before keeps its permissions and, where
    the system allows it, its group.

    Raises:
        CannotWrite: The folder is missing or read-only, the disk is full, or the path is no file.
    """
    write_several([(path, content)])
    return path


def write_several(contents: Iterable[tuple[Path, bytes]]) -> None:
    """
    Put several files there, or leave all as they were.

    All of them are written under temporary names first, so that a full disk is met before any
    file changes; then they take their places one after another, in the order given. If that
    fails, or the user stops the program, those that have taken theirs give it back.

    Raises:
        CannotWrite: One of them cannot be written; as for `write_whole`.
    """
    pending: list[_Pending] = []
    try:
        for path, content in contents:
            pending.append(_Pending.beside(path))
            with _named_in_errors(path):
                pending[-1].write(content)
        for one in pending:
            with _named_in_errors(one.path):
                one.take_place(can_go_back=len(pending) > 1)
    except BaseException:  # also when the user stops the program
        for one in reversed(pending):
            one.give_back()
        raise
    finally:
        for one in pending:
            one.clear()
    for folder in dict.fromkeys(one.target.parent for one in pending):
        _settle(folder)


@attrs.define
class _Pending:
    """
    A file on its way to its place.

    Attributes:
        path: As it was given.
        target: Where that leads, through symbolic links.
        before: What the system says of the file that is there; None: there is none yet.
        temporary: Where the bytes are until then.
        old: A second name of the file that was there, by which it can come back.
        is_there: Whether it has taken its place.
    """

    path: Path
    target: Path
    before: os.stat_result | None
    temporary: Path
    old: Path
    is_there: bool = False

    @classmethod
    def beside(cls, path: Path) -> _Pending:
        """Choose the temporary names beside a file."""
        with _named_in_errors(path):
            target = Path(os.path.realpath(path))
            before = _file_there(target, path)
            return cls(path, target, before, _temporary(target.parent), _temporary(target.parent))

    def write(self, content: bytes) -> None:
        """Write the bytes under the temporary name, until they have reached the disk."""
        # What takes the place of a private file is private from its first byte: it may stay behind half-written.
        begin = 0o666 if self.before is None else 0o600
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(self.temporary, flags, begin), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if self.before is not None:
            self.temporary.chmod(self._mode(self.before))

    def _mode(self, before: os.stat_result) -> int:
        """Return the permissions of the file there, after giving its group to the new one if the system allows it."""
        mode = stat.S_IMODE(before.st_mode)
        if self.temporary.stat().st_gid != before.st_gid:
            try:
                os.chown(self.temporary, -1, before.st_gid)
            except OSError:  # what one group may do must not pass to another
                return mode & ~stat.S_IRWXG
        return mode

    def take_place(self, *, can_go_back: bool) -> None:
        """Take the place of the file there, which keeps a second name if it may have to come back."""
        if can_go_back and self.before is not None:
            try:
                os.link(self.target, self.old)
            except OSError:  # not every file system gives a file two names
                from shutil import copy2

                copy2(self.target, self.old)
        self.temporary.replace(self.target)
        self.is_there = True

    def give_back(self) -> None:
        """Leave the place to what was there before."""
        with suppress(OSError):
            if self.is_there and self.before is None:
                self.target.unlink(missing_ok=True)
            elif self.is_there and self.old.exists():
                self.old.replace(self.target)

    def clear(self) -> None:
        """Remove the temporary names."""
        for name in (self.temporary, self.old):
            with suppress(OSError):
                name.unlink(missing_ok=True)


def _temporary(folder: Path) -> Path:
    """Choose a name that says nothing: it may stay behind if the machine loses power."""
    return folder / f".{os.urandom(8).hex()}.part"


@contextmanager
def _named_in_errors(path: Path) -> Iterator[None]:
    """Say of which file the system refuses something."""
    try:
        yield
    except OSError as error:
        folder = path.parent
        raise CannotWrite(
            what=f"cannot write {path.name}",
            where=str(path),
            why=(error.strerror or str(error)).lower(),
            fix="check that you may write to the folder and that the disk has room"
            if folder.exists()
            else f"make the folder {folder} first, or check its name",
        ) from None
    except ValueError:
        raise CannotWrite(
            what="that is not a file name",
            where=repr(str(path)),
            why="it has a character that no file name can have",
            fix="check the name",
        ) from None


def _file_there(target: Path, path: Path) -> os.stat_result | None:
    """Return what the system says of the file there; None if there is none yet."""
    try:
        there = target.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(there.st_mode):
        is_folder = stat.S_ISDIR(there.st_mode)
        raise CannotWrite(
            what=f"{path.name or path} is {'a folder' if is_folder else 'not a file'}",
            where=str(path),
            why="a file would have to take its place",
            fix="give the name of a file in it" if is_folder else "give another name",
        )
    return there


def _settle(folder: Path) -> None:
    """Let the new names reach the disk as well, where a folder can be told to."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders, and needs not
        return
    try:
        os.fsync(handle)
    except OSError:  # some file systems do not, and the file is there
        pass
    finally:
        os.close(handle)
