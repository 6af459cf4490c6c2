"""
TOML files that people write, read with the file, key and line at hand for the error.

A `Table` hands out one key after another, each checked for its type, and in the end
says which keys it did not know. The parser of the standard library keeps no positions,
so `_Scanner` finds them in the text once something is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar, overload

import attrs

from ketsched.clock import WEEKDAY_NAMES
from ketsched.errors import CannotRead, InvalidInput, KetschedError
from ketsched.files import read_text
from ketsched.nearness import close_to
from ketsched.unseen import UNSEEN
from ketsched.weekdays import span_of_weekdays, weekdays_meant

LARGEST_NUMBER = 2**63 - 1
"""TOML's own limit for whole numbers; beyond it Python may refuse to print them."""

Steps = tuple[str | int, ...]
"""Keys and, in lists, numbers from 0 that lead to a value."""

T = TypeVar("T")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_REQUIRED: Any = object()
_WORDS: dict[type, str] = {
    str: "a text in quotes",
    int: "a whole number",
    bool: "true or false",
    list: "a list in [ ]",
    dict: "a table",
    date: "a date, written without quotes: 2027-01-04",
}


def load(path: Path) -> Table:
    """Read a TOML file into a table that knows where its keys stand."""
    return parse(read_text(path), str(path))


def parse(text: str, file: str) -> Table:
    """Read TOML text into a table; `file` is what errors call it."""
    import tomllib

    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(str(error), text, file) from None
    except RecursionError:
        raise CannotRead(
            what="this file is nested too deeply",
            where=file,
            why="no file for this library has lists within lists within lists",
            fix="check its brackets",
        ) from None
    except ValueError:  # the parser's own errors are caught above; what is left is int()
        digits = re.search(r"[0-9_]{4000,}", text)
        line = _line_of(text, digits.start()) if digits else 1
        raise CannotRead(
            what="a number is too long",
            where=f"{file}, line {line}",
            why=f"whole numbers are at most {LARGEST_NUMBER}",
            fix="check the number",
        ) from None
    return Table(values, file, text, ())


def _not_toml(said: str, text: str, file: str) -> CannotRead:
    """Say the parser's complaint in four parts."""
    found = re.search(r"\(at line (\d+), column (\d+)\)", said)
    line = text.split("\n")[int(found[1]) - 1] if found else ""
    if unseen := UNSEEN.search(re.sub(_TEXT, "", line)):
        assert found is not None  # noqa: S101 - without it the line is empty
        raise CannotRead(
            what=f"an unseen character (U+{ord(unseen[0]):04X})",
            where=f"{file}, line {found[1]}",
            why="it came with text that was copied, and TOML has it only within quotes",
            fix="type the line again",
        )
    place = (
        f"line {found[1]}, column {found[2]}" if found else f"line {_line_of(text.rstrip(), None)}, the end"
    )
    if found and (written := _DATE.match(line)):
        key, one, other, year = written.groups()
        day, month = (one, other) if int(other) <= 12 else (other, one)
        return CannotRead(
            what=f"'{one}/{other}/{year}' is not a date.".replace("/", written[0].strip()[-5]),
            where=f"{file}, line {found[1]}",
            why="a date is written year-month-day; here the day is taken to come first",
            fix=f"{key} = {year}-{int(month):02}-{int(day):02}",
        )
    why = re.sub(r"\s*\(at .*\)", "", said)
    return CannotRead(
        what="this is not TOML",
        where=f"{file}, {place}",
        why=why[:1].lower() + why[1:],
        fix="check quotes, brackets and equals signs there; texts and hours need quotes, dates must exist",
    )


def _line_of(text: str, offset: int | None) -> int:
    """Return the number of a line as editors count them, from 1; None: of the last line."""
    return text.count("\n", 0, offset) + 1


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
    path: Steps
    known: list[str] = attrs.field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.values = dict(self.values)

    @overload
    def take(self, key: str, kind: type[T], default: Any = _REQUIRED) -> T: ...

    @overload
    def take(self, key: str, kind: tuple[type, ...], default: Any = _REQUIRED) -> Any: ...

    def take(self, key: str, kind: type[Any] | tuple[type, ...], default: Any = _REQUIRED) -> Any:
        """Take one key of that type, or of one of these types, out of the table."""
        kinds = kind if isinstance(kind, tuple) else (kind,)
        self.known.append(key)
        words = " or ".join(_WORDS.get(kind, kind.__name__) for kind in kinds)
        if key not in self.values:
            if default is not _REQUIRED:
                return default
            near = close_to(key, self.values, cutoff=0.75)
            raise InvalidInput(
                what=f"{key} is missing",
                where=self.where(),
                why=f"{self.name()} needs it",
                fix=f"write {key} for {near}" if near else f"add {key} = ... with {words}",
            )
        value = self.values.pop(key)
        if not any(_is(value, kind) for kind in kinds):
            raise InvalidInput(
                what=f"{key} is {_described(value)}",
                where=self.where(key),
                why=f"{key} is {words}",
                fix=f"write {key} = ... with {words}",
            )
        if isinstance(value, str):
            self._printable(key, value)
        return value

    def _printable(self, key: str, text: str) -> None:
        if _CONTROL.search(text):
            raise InvalidInput(
                what=f"{key} holds a control character",
                where=self.where(key),
                why="such a character moves a cursor or ends a line where nobody sees it",
                fix="remove it; a line break is written as \\n, a tabulator as \\t",
            )

    def table(self, key: str) -> Table | None:
        """Take a sub-table, or None if it is not there."""
        if isinstance(self.values.get(key), list):
            raise InvalidInput(
                what=f"{key} is a list",
                where=self.where(key),
                why=f"there is one {key}, a section or a table",
                fix=f"write [{self._section(key)}] once, with one bracket on each side, or {key} = {{ ... }}",
            )
        values = self.take(key, dict, None)
        return None if values is None else Table(values, self.file, self.text, (*self.path, key))

    def tables(self, key: str) -> list[Table]:
        """Take a list of tables, written as [[key]] or inline; empty if it is not there."""
        if isinstance(self.values.get(key), dict):
            raise InvalidInput(
                what=f"{key} is one table",
                where=self.where(key),
                why=f"there may be several, each with its own [[{self._section(key)}]]",
                fix=f"write [[{self._section(key)}]] with two brackets on each side, or {key} = [{{ ... }}]",
            )
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

    def _section(self, key: str) -> str:
        """Return what stands in the brackets above a table below this one."""
        return ".".join(step for step in (*self.path, key) if isinstance(step, str))

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
            self._printable(key, value)
        return found

    def read(self, key: str | None, how: Callable[[Any], T], value: Any) -> T:
        """
        Turn a taken value into something else; what goes wrong is said with its file, key and line.

        Args:
            key: Where the value stood; None: the table as a whole.
            how: Makes the other thing, or raises a KetschedError.
            value: What was taken.
        """
        try:
            return how(value)
        except KetschedError as error:
            raise error.within(self.where(key)) from None

    def make(self, kind: Callable[..., T], fields: Mapping[str, Any], **keys: str) -> T:
        """
        Make a value of all that was taken; what it refuses is said with the line of the key at fault.

        Args:
            kind: The class, or what else takes the fields by name and raises a KetschedError.
            fields: Its arguments, by name.
            keys: What the table calls an argument, where it has another name for it.
        """
        try:
            return kind(**fields)
        except KetschedError as error:
            first, *rest = error.steps or ("",)
            key = keys.get(str(first), first)
            raise error.within(self.where(key, *rest) if key in self.known else self.where()) from None

    def done(self) -> None:
        """Complain about keys that nobody took."""
        for key in self.values:
            near = close_to(key, self.known) or self._weekday(key)
            fix = f"did you mean {near}?" if near else "remove it, or correct its name"
            raise InvalidInput(
                what=f"unknown key {key[:60]!r}",
                where=self.where(key),
                why=f"{self.name()} knows {', '.join(dict.fromkeys(self.known))}",
                fix=self._each_weekday(key) or fix,
            )

    def _each_weekday(self, key: str) -> str:
        """Say how several days of the week are written, if a key means some and the table has weekdays."""
        try:
            days = [WEEKDAY_NAMES[number].lower() for number in span_of_weekdays(key.strip().lower())]
        except InvalidInput:
            return ""
        if len(days) < 2 or not set(days) <= set(self.known):
            return ""
        lines = ", ".join(f"{day} = ..." for day in days)
        return f"give each day a line of its own: {lines}"

    def _weekday(self, key: str) -> str:
        """Return the key of a weekday that is meant by its name in another language, if the table has weekdays."""
        meant = {WEEKDAY_NAMES[number].lower() for number in weekdays_meant(key)}
        return " or ".join(name for name in self.known if name in meant)

    def name(self) -> str:
        """Say which table this is."""
        steps = [f"{step}" if isinstance(step, str) else f"{step + 1}" for step in self.path]
        return " ".join(steps) or "the file"

    def where(self, *keys: str | int | None) -> str:
        """Say where a key, or what stands below it (or the table), is: file, line, key."""
        path = (*self.path, *(key for key in keys if key is not None))
        line = self._line(path)
        place = f"{self.file}, line {line}" if line else self.file
        shown = " ".join(str(step + 1) if isinstance(step, int) else step for step in path)
        return f"{place}, {shown}" if shown else place

    def lines(self, key: str, number: int) -> tuple[int, ...]:
        """Return the lines on which so many tables of a key begin, from 1."""
        offsets = _Scanner(self.text).scan()
        line, before, found = 1, 0, []
        for n in range(number):
            offset = offsets.get((*self.path, key, n), before)
            line, before = line + self.text.count("\n", before, offset), offset
            found.append(line)
        return tuple(found)

    def _line(self, path: Steps) -> int | None:
        """Find the line of a key, or of the nearest table around it; None if neither is in the text."""
        offsets = _Scanner(self.text).scan()
        for length in range(len(path), 0, -1):
            if path[:length] in offsets:
                return _line_of(self.text, offsets[path[:length]])
        return None


_DATE = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=\s*(\d\d?)[/.](\d\d?)[/.](\d{4})(?=\s*(?:#|$))")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*(?:"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)'|([A-Za-z0-9_-]+))[ \t]*""")
_TEXT = re.compile(
    r'"{3}(?:[^\\]|\\.)*?"{3,5}|"(?:[^"\\\n]|\\.)*"' + r"|'{3}.*?'{3,5}|'[^'\n]*'",
    re.DOTALL,
)
_BARE = re.compile(r"[^,\]}\n#]+")


class _Lost(Exception):
    """The text is not the TOML it was said to be."""


class _Scanner:
    """Finds where each key and each entry of a list stands in a text that is known to be TOML."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.offsets: dict[Steps, int] = {}
        self.entries: dict[Steps, int] = {}  # of a list of [[sections]]: the number of the last

    def scan(self) -> dict[Steps, int]:
        """Return the offset of every path; of those before a fault, if the text is not TOML."""
        here: Steps = ()
        try:
            while self._blank() < len(self.text):
                if self._next("["):
                    here = self._heading()
                else:
                    self._pair(here)
        except (_Lost, RecursionError):
            pass
        return self.offsets

    def _blank(self) -> int:
        self._over(_BLANK)
        return self.at

    def _over(self, what: re.Pattern[str]) -> re.Match[str]:
        found = what.match(self.text, self.at)
        if found is None:
            raise _Lost
        self.at = found.end()
        return found

    def _next(self, mark: str) -> bool:
        found = self.text.startswith(mark, self.at)
        self.at += len(mark) if found else 0
        return found

    def _names(self) -> list[str]:
        names: list[str] = []
        while not names or self._next("."):
            found = self._over(_KEY)
            names.append(next(part for part in found.groups() if part is not None))
        return names

    def _note(self, path: Steps, offset: int) -> None:
        for length in range(1, len(path) + 1):
            self.offsets.setdefault(path[:length], offset)

    def _heading(self) -> Steps:
        offset, listed = self.at - 1, self._next("[")
        names = self._names()
        here: Steps = ()
        for position, name in enumerate(names):
            here = (*here, name)
            if listed and position == len(names) - 1:
                self.entries[here] = self.entries.get(here, -1) + 1
            if here in self.entries:
                here = (*here, self.entries[here])
        if not self._next("]]" if listed else "]"):
            raise _Lost
        self._note(here, offset)
        return here

    def _pair(self, here: Steps) -> None:
        offset = self.at
        path = (*here, *self._names())
        if not self._next("="):
            raise _Lost
        self._note(path, offset)
        self._blank()
        self._value(path)

    def _value(self, path: Steps) -> None:
        if self._next("["):
            self._several(path, "]")
        elif self._next("{"):
            self._several(path, "}")
        else:
            self._over(_TEXT if self.text[self.at : self.at + 1] in ("'", '"') else _BARE)

    def _several(self, path: Steps, end: str) -> None:
        number = 0
        while self._blank() < len(self.text) and not self._next(end):
            if end == "}":
                self._pair(path)
            else:
                self._note((*path, number), self.at)
                self._value((*path, number))
            number += 1
            self._blank()
            if not self._next(",") and not self.text.startswith(end, self.at):
                raise _Lost


def _is(value: object, kind: type) -> bool:
    """Whether a value is of that type as TOML sees it: true is no number, a date has no time."""
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER
    return isinstance(value, kind) and not (kind is date and isinstance(value, datetime))


def _described(value: object) -> str:
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
