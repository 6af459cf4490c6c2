"""Files are written whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from ketsched.errors import CannotWrite


def write_whole(path: Path, content: bytes) -> Path:
    """
    Put a file there in one step, and return its path.

    The bytes go to a temporary name in the same folder, reach the disk, and then take the
    place of what was there before. Until then a reader sees the old file, afterwards the new
    one; if anything fails the old one stays and the temporary one is gone. A symbolic link
    keeps pointing where it did, and a file that was there before keeps its permissions.

    Raises:
        CannotWrite: The folder is missing or read-only, the disk is full, or the path is no file.
    """
    try:
        target = Path(os.path.realpath(path))
        mode = _mode_of(target, path)
        # The name says nothing: it may stay behind if the machine loses power.
        temporary = target.parent / f".{os.urandom(8).hex()}.part"
        _write(temporary, target, content, mode)
    except OSError as error:
        raise CannotWrite(
            what=f"cannot write {path.name}",
            where=str(path),
            why=(error.strerror or str(error)).lower(),
            fix=_advice(path),
        ) from None
    except ValueError:
        raise CannotWrite(
            what="that is not a file name",
            where=repr(str(path)),
            why="it has a character that no file name can have",
            fix="check the name",
        ) from None
    return path


def write_several(contents: Iterable[tuple[Path, bytes]]) -> None:
    """
    Write several files in the order given, or leave all as they were.

    Each is whole at every moment; if one cannot be written, those before it are put back.

    Raises:
        CannotWrite: One of them cannot be written; nothing has changed.
    """
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


def _mode_of(target: Path, path: Path) -> int | None:
    """Return the permissions of the file that is there; None if there is none yet."""
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        raise CannotWrite(
            what=f"{path.name or path} is {'a folder' if stat.S_ISDIR(mode) else 'not a file'}",
            where=str(path),
            why="a file would have to take its place",
            fix="give the name of a file in it" if stat.S_ISDIR(mode) else "give another name",
        )
    return stat.S_IMODE(mode)


def _write(temporary: Path, target: Path, content: bytes, mode: int | None) -> None:
    # What takes the place of a private file is private from its first byte: it may stay behind half-written.
    begin = 0o666 if mode is None else 0o600
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), begin)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if mode is not None:
            temporary.chmod(mode)
        temporary.replace(target)
        _settle(target.parent)
    except BaseException:  # also when the user stops the program
        temporary.unlink(missing_ok=True)
        raise


def _settle(folder: Path) -> None:
    """Let the new name reach the disk as well, where a folder can be told to."""
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


def _advice(path: Path) -> str:
    folder = path.parent
    if not folder.exists():
        return f"make the folder {folder} first, or check its name"
    return "check that you may write to the folder and that the disk has room"
