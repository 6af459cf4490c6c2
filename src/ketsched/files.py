"""Files: read up to a largest size, written whole or not at all, several together or none, and locked meanwhile."""

from __future__ import annotations

import errno
import os
import re
import stat
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from ketsched.errors import CannotRead, CannotWrite

if TYPE_CHECKING:
    from filelock import BaseFileLock

LARGEST_FILE = 10 * 1024 * 1024
"""Bytes that any file read by the library may have: 10 MiB."""

PATIENCE = 30.0
"""Seconds that one who wants to change a file waits for another who does (house default)."""

_NEW_FILES = 0o640
"""What a new file allows at most: its owner may change it, its group may read it."""

_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP)
"""What a system says of a folder in which nothing can be locked."""

_LONGEST_NAME = 255
"""Bytes that a file's name can have."""

_LINE_END = re.compile(r"\r\n|\r|\n")
_BARE = re.compile(r"(?!\.+$)[^/\\:\x00-\x1f\x7f]{1,255}")


def is_bare(name: str) -> bool:
    """Whether a text is the name of a file or folder, and no path."""
    return _BARE.fullmatch(name) is not None


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
    keeps pointing where it did. A file that was there before keeps its permissions, its group
    and its owner where the system allows it; a warning says where it does not. A new one can be
    read by its group and changed by its owner at most, less if the umask of the process says so.

    Raises:
        CannotWrite: The folder is missing or read-only, the disk is full, or the path is no file.
    """
    for remark in write_several([(path, content)]):
        warnings.warn(remark, stacklevel=3)
    return path


def write_several(contents: Iterable[tuple[Path, bytes]]) -> tuple[str, ...]:
    """
    Put several files there, or leave all as they were; return what could not be kept of those that were there.

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
    return tuple(one.lost for one in pending if one.lost)


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
        lost: What could not be kept of the file that was there, in words; empty: nothing.
    """

    path: Path
    target: Path
    before: os.stat_result | None
    temporary: Path
    old: Path
    is_there: bool = False
    lost: str = ""

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
        begin = _NEW_FILES if self.before is None else 0o600
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(self.temporary, flags, begin), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if self.before is not None:
            self._keep(self.before)

    def _keep(self, before: os.stat_result) -> None:
        """Give the new file the owner, the group and the permissions of the one that is there."""
        mode, now = stat.S_IMODE(before.st_mode), self.temporary.stat()
        if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid) and not self._chown(
            before.st_uid, before.st_gid
        ):
            # As a rule nobody can give a file away, but those of a group can leave it to the group.
            if now.st_gid != before.st_gid and not self._chown(-1, before.st_gid):
                # What one group may do must not pass to another.
                mode &= ~(stat.S_IRWXG | stat.S_ISGID)
                self.lost = "its group could not be kept: those of the group cannot use it any more"
            mode &= ~stat.S_ISUID
        try:
            self.temporary.chmod(mode)
        except OSError:  # shares of other systems may know no permissions
            self.lost = "its permissions could not be kept: it is its owner's alone"
        if self.lost:
            self.lost = f"{self.path.name}: {self.lost}; whoever looks after the folder can set them again"

    def _chown(self, user: int, group: int) -> bool:
        """Give the new file to a user and a group; -1: as it is. Return whether the system allowed it."""
        try:
            os.chown(self.temporary, user, group)
        except (OSError, AttributeError):  # Windows has no such thing
            return False
        return True

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


def _lock_beside(target: Path) -> Path:
    """Return the name of the file that is locked in place of another, which a new one replaces."""
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    name = target.name
    if len(os.fsencode(name)) > _LONGEST_NAME - len("..lock"):
        from hashlib import sha256

        name = sha256(os.fsencode(name)).hexdigest()
    return target.with_name(f".{name}.lock")


class Lock:
    """
    The right to change a file, for one at a time of all who ask for it, also from other machines that share its folder.

    What holds it is the running program: whoever was killed holds nothing any more. Meanwhile an
    empty file `.NAME.lock` lies beside it; one that a killed program has left does not matter.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._beside: Path | None = None
        self._held: BaseFileLock | None = None

    def take(self, wait: float | None = None) -> bool:
        """
        Wait until it is free and take it; return whether it was free in time.

        Args:
            wait: At most so many seconds; None: PATIENCE.

        Raises:
            CannotWrite: The system allows no file beside it, or its folder knows no locks.
        """
        from filelock import FileLock, Timeout

        with _named_in_errors(self.path):
            self._beside = _lock_beside(Path(os.path.realpath(self.path)))
            # Whoever may use the folder may lock its files: there is nothing in the file to read or to change.
            held = FileLock(self._beside, timeout=PATIENCE if wait is None else wait, mode=0o666)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # that a folder without locks is locked in another way
                    held.acquire(poll_interval=0.02)
            except Timeout:
                return False
            except OSError as error:
                if error.errno not in _NO_LOCKS:
                    raise
                raise CannotWrite(
                    what=f"{self.path.name} cannot be locked",
                    where=str(self.path),
                    why="its folder knows no locks, and two who change it at once would lose what one of them wrote",
                    fix="keep it on this machine, or on a share that has locks; who runs the share can turn them on",
                ) from None
        self._held = held
        return True

    def give_up(self) -> None:
        """Let the next one take it."""
        if self._held is None or self._beside is None:
            return
        # Those who wait look whether the file that they have locked is still there, and begin again if not.
        with suppress(OSError):
            self._beside.unlink()
        self._held.release()
        self._held = None
