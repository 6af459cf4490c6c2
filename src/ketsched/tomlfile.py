"""
TOML files that people write, read with the file, key and line at hand for the error.

A `Table` hands out one key after another, each checked for its type, and in the end
says which keys it did not know.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import attrs

from ketsched.errors import CannotRead, InvalidInput, KetschedError

LARGEST_FILE = 10 * 1024 * 1024
"""Bytes that any file read by the library may have: 10 MiB."""

T = TypeVar("T")
_REQUIRED: Any = object()
_WORDS: dict[type, str] = {
    str: "a text in quotes",
    int: "a whole number",
    bool: "true or false",
    list: "a list in [ ]",
    dict: "a table",
    date: "a date, written without quotes: 2027-01-04",
}


def read_text(path: Path) -> str:
    """Return the text of a file of at most 10 MiB in UTF-8."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise CannotRead(
            what=f"cannot open {path.name}",
            where=str(path),
            why=(error.strerror or str(error)).lower(),
            fix="check the name and the folder, and that you may read it",
        ) from None
    except ValueError:
        raise CannotRead(
            what="that is not a file name",
            where=repr(str(path)),
            why="it has a NUL in it",
            fix="check the name",
        ) from None
    if len(raw) > LARGEST_FILE:
        raise CannotRead(
            what=f"{path.name} is too large",
            where=str(path),
            why=f"files may have {LARGEST_FILE // 1024**2} MiB",
            fix="check that it is the file you meant, or split it",
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise CannotRead(
            what=f"{path.name} is not UTF-8 text",
            where=f"{path}, line {line}",
            why=f"byte {error.start + 1} of the file does not belong to any character",
            fix="save it again as UTF-8",
        ) from None


def load(path: Path) -> Table:
    """Read a TOML file into a table that knows where its keys stand."""
    return parse(read_text(path), str(path))


def parse(text: str, file: str) -> Table:
    """Read TOML text into a table; `file` is what errors call it."""
    import tomllib

    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        raise CannotRead(
            what="this is not TOML",
            where=f"{file}, line {found[1]}, column {found[2]}" if found else file,
            why=re.sub(r"\s*\(at .*\)", "", str(error)).lower() or "it is nested too deeply",
            fix="check quotes, brackets and equals signs there; texts and hours need quotes",
        ) from None
    except ValueError as error:  # an impossible date passes the pattern and fails here
        raise CannotRead(
            what="a value in this file cannot be", where=file, why=str(error), fix="check its dates"
        ) from None
    return Table(values, file, text, ())


@attrs.define(eq=False)
class Table:
    """
    One table of a TOML file, handed out key by key.

    Attributes:
        values: The keys that nobody has taken yet.
        file: What errors call the file.
        text: The whole file, to find lines in.
        path: The keys that lead here.
    """

    values: dict[str, Any]
    file: str
    text: str
    path: tuple[str | int, ...]
    known: list[str] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.values = dict(self.values)

    def take(self, key: str, kind: type[T], default: Any = _REQUIRED) -> T:
        """Take one key of that type out of the table."""
        self.known.append(key)
        if key not in self.values:
            if default is not _REQUIRED:
                return default  # type: ignore[no-any-return]
            raise InvalidInput(
                what=f"{key} is missing",
                where=self.where(),
                why=f"{self.name()} needs it",
                fix=f"add {key} = ... with {_WORDS.get(kind, kind.__name__)}",
            )
        value = self.values.pop(key)
        right = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
        if kind is date and isinstance(value, datetime):
            right = False
        if not right:
            raise InvalidInput(
                what=f"{key} is {_described(value)}",
                where=self.where(key),
                why=f"{key} is {_WORDS.get(kind, kind.__name__)}",
                fix=f"write {key} = ... with {_WORDS.get(kind, kind.__name__)}",
            )
        return value  # type: ignore[no-any-return] # it was just found to be a T

    def table(self, key: str) -> Table | None:
        """Take a sub-table, or None if it is not there."""
        values = self.take(key, dict, None)
        return None if values is None else Table(values, self.file, self.text, (*self.path, key))

    def tables(self, key: str) -> list[Table]:
        """Take a list of tables, written as [[key]] or inline; empty if it is not there."""
        found = self.take(key, list, [])
        for value in found:
            if not isinstance(value, dict):
                raise InvalidInput(
                    what=f"{key} holds {_described(value)}",
                    where=self.where(key),
                    why=f"{key} is a list of tables",
                    fix=f"write each as a section of its own under [[{key}]], or as {{ ... }}",
                )
        return [Table(v, self.file, self.text, (*self.path, key, n)) for n, v in enumerate(found)]

    def texts(self, key: str, default: Any = _REQUIRED) -> list[str]:
        """Take a list of texts."""
        found: list[Any] = self.take(key, list, default)
        for value in found:
            if not isinstance(value, str):
                raise InvalidInput(
                    what=f"{key} holds {_described(value)}",
                    where=self.where(key),
                    why=f"{key} is a list of texts",
                    fix="put each entry in quotes",
                )
        return found

    def read(self, key: str, how: Callable[[Any], T], value: Any) -> T:
        """Turn a taken value into something else; what goes wrong is said with its file, key and line."""
        try:
            return how(value)
        except KetschedError as error:
            raise error.within(self.where(key)) from None

    def done(self) -> None:
        """Complain about keys that nobody took."""
        for key in self.values:
            near = difflib.get_close_matches(key, self.known, n=1)
            raise InvalidInput(
                what=f"unknown key {key[:60]!r}",
                where=self.where(key),
                why=f"{self.name()} knows {', '.join(sorted(self.known))}",
                fix=f"did you mean {near[0]}?" if near else "remove it, or correct its name",
            )

    def name(self) -> str:
        """Say which table this is."""
        steps = [f"{step}" if isinstance(step, str) else f"{step + 1}" for step in self.path]
        return " ".join(steps) or "the file"

    def where(self, key: str | None = None) -> str:
        """Say where a key (or the table) stands: file, line, key."""
        path = (*self.path, key) if key is not None else self.path
        line = self._line(path)
        place = f"{self.file}, line {line}" if line else self.file
        shown = " ".join(str(step + 1) if isinstance(step, int) else step for step in path)
        return f"{place}, {shown}" if shown else place

    def _line(self, path: tuple[str | int, ...]) -> int | None:
        """
        Find the line of a key by its headings; None if it cannot be told.

        The parser of the standard library keeps no positions, so the headings and
        keys are read once more, as plain lines.
        """
        here: tuple[str | int, ...] = ()
        counts: dict[tuple[str | int, ...], int] = {}
        best: tuple[int, int] | None = None  # how much of the path was found, line
        for number, line in enumerate(self.text.splitlines(), 1):
            heading = re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", line)
            if heading and "=" not in line.split("]")[0]:
                here = ()
                names = [part.strip().strip("\"'") for part in heading[2].split(".")]
                for position, name in enumerate(names):
                    here = (*here, name)
                    if heading[1] == "[[" and position == len(names) - 1:
                        counts[here] = counts.get(here, -1) + 1
                    if here in counts:
                        here = (*here, counts[here])
                found = here
            else:
                key = re.match(r"\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')\s*=", line)
                if key is None:
                    continue
                found = (*here, key[1].strip("\"'"))
            if path[: len(found)] == found and (best is None or len(found) > best[0]):
                best = (len(found), number)
        return best[1] if best else None


def _described(value: Any) -> str:
    """Say what a value is without repeating a long or private one."""
    match value:
        case bool():
            return "true or false"
        case int():
            return f"the number {value}" if abs(value) < 10**9 else "a very large number"
        case float():
            return "a number with a decimal point"
        case str():
            return f"the text {value[:40]!r}"
        case list():
            return "a list"
        case dict():
            return "a table"
        case datetime():
            return "a date with a time"
        case date():
            return "a date"
        case _:
            return "something else"
