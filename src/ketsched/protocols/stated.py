"""
The values of a protocol file: words, and numbers that each say where they come from.

A number without source and mark does not load.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from ketsched.clock import WEEKDAY_NAMES, WEEKDAYS
from ketsched.errors import InvalidProtocol
from ketsched.model import (
    MOST_DAYS,
    MOST_SESSIONS,
    Evidence,
    Interval,
    Length,
    Mark,
    Spacing,
    plain_length,
    read_length,
)
from ketsched.nearness import close_to
from ketsched.tomlfile import Table
from ketsched.weekdays import read_weekdays, suggested

T = TypeVar("T")
D = TypeVar("D")

_KEY = r"[A-Za-z0-9_-]+"


def read_sources(table: Table | None) -> dict[str, str]:
    """Read the references, each under a key that numbers can cite."""
    found: dict[str, str] = {}
    for key in list(table.values) if table else []:
        if not re.fullmatch(_KEY, key):
            raise InvalidProtocol(
                what=f"the source key {key[:40]!r}",
                where=table.where(key) if table else "",
                why="keys are letters, digits, _ and -, so that several can be cited with commas between them",
                fix='write it like shiroma2014 = "..."',
            )
        found[key] = filled(table, key) if table else ""
    return found


def filled(table: Table, key: str, default: str | None = None) -> str:
    """Take a text that is not blank; the default if it is not there."""
    if default is not None and key not in table.values:
        return table.take(key, str, default)
    text = table.take(key, str)
    if not text.strip():
        raise InvalidProtocol(
            what=f"{key} is blank",
            where=table.where(key),
            why=f"{table.name()} needs it in words",
            fix=f'write {key} = "..."',
        )
    return text


def name_of(table: Table, key: str, default: str | None = None) -> str:
    """Take what something is called, as `filled` does; several lines become one, as tables and calendars need it."""
    text = filled(table, key, default)
    lines = text.splitlines()
    return " ".join(lines) if len(lines) > 1 else text


def one_of(table: Table, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    """Take a text that is one of a few words; the default if it is not there."""
    if default is not None and key not in table.values:
        return table.take(key, str, default)
    text = table.take(key, str)
    if text not in allowed:
        near = close_to(text, allowed)
        words = (near,) if near else allowed
        raise InvalidProtocol(
            what=f"{key} is {text[:40]!r}",
            where=table.where(key),
            why=f"{key} is {' or '.join(allowed)}",
            fix=" or ".join(f'{key} = "{word}"' for word in words)
            if len(words) < 5
            else "choose one of these",
        )
    return text


def number(table: Table, key: str, least: int, most: int, default: int | None = None) -> int | None:
    """Take a whole number within limits, both included; None if it is not there."""
    found = table.take(key, int, default)
    if found is not None and not least <= found <= most:
        raise InvalidProtocol(
            what=f"{key} is {found}",
            where=table.where(key),
            why=f"{key} is {least} to {most}",
            fix=f"write a number among those, or leave {key} out",
        )
    return found


def length(table: Table, key: str, missing_day: str = "clip", *, most: int = MOST_DAYS) -> Length | None:
    """Take a number of days, or a duration such as "P4W", "P6M" or "P3M4W"; None if it is not there."""
    if not isinstance(table.values.get(key), str):
        return number(table, key, 0, most)
    text = table.take(key, str)
    if not text.strip().startswith("P"):
        raise InvalidProtocol(
            what=f"{key} is the text {text[:40]!r}",
            where=table.where(key),
            why=f"{key} is a number of days, or an ISO 8601 duration of years, months, weeks and days",
            fix=f'write {key} = 28, {key} = "P4W" or {key} = "P6M"',
        )
    if key == "absolute_minimum":  # nought has no unit
        return table.read(key, lambda written: read_length(written, missing_day), text)
    return plain_length(table.read(key, lambda written: Interval.parse(written, missing_day), text))


def needs_one(table: Table, found: dict[str, Any], keys: tuple[str, ...]) -> None:
    """Refuse an entry of which every number is missing."""
    if all(found[key] is None for key in keys):
        raise InvalidProtocol(
            what=f"{table.name()} has no number.",
            where=table.where(),
            why=f"it says nothing without {' or '.join(keys)}",
            fix=f"add {keys[0]} = ..., or leave the entry out",
        )


class Stated:
    """Reads the values of one section, each with its source and mark, and remembers those."""

    def __init__(self, table: Table, sources: dict[str, str]) -> None:
        self.table, self.sources = table, sources
        self.evidence: list[Evidence] = []
        self.choices: tuple[Interval, ...] = ()

    def value(
        self, key: str, kind: type[Any] | tuple[type, ...], how: Callable[[Any], T], default: D
    ) -> T | D:
        """Read `key = { value = ..., source = ..., mark = ... }`."""
        entry = self.entry(key)
        if entry is None:
            return default
        found = entry.take("value", kind)
        self.cite(entry, key)
        entry.done()
        return entry.read("value", how, found)

    def entry(self, key: str, form: str = "value = ...") -> Table | None:
        """Take `key = { ... }`; a bare value is refused, because it has no source."""
        given = self.table.values.get(key)
        if given is not None and not isinstance(given, dict):
            self.table.known.append(key)
            raise InvalidProtocol(
                what=f"{key} has no source and no mark",
                where=self.table.where(key),
                why="every number with clinical meaning says where it comes from and how far that was verified",
                fix=f'write {key} = {{ {form}, source = "house", mark = "house default" }}',
            )
        return self.table.table(key)

    def cite(self, entry: Table, key: str) -> str:
        """Take source, mark and note out of an entry; return the source."""
        source = entry.take("source", str)
        for name in re.split(r"\s*,\s*", source.strip()):
            if name not in self.sources:
                raise InvalidProtocol(
                    what=f"{key} cites {name[:40]!r}",
                    where=entry.where("source"),
                    why="the section [sources] has no such key",
                    fix=f"add {name[:40] or 'it'} to [sources], or cite "
                    + (", ".join(self.sources) or "one that is there"),
                )
        mark = one_of(entry, "mark", tuple(mark.value for mark in Mark))
        note = entry.take("note", str, "")
        self.evidence.append(Evidence(key=key, source=source, mark=Mark(mark), note=note))
        return source

    def every(self, *, chosen: bool = False) -> tuple[Interval, ...]:
        """Read `every`: one interval or a list, what a month without the day does, and what else may be chosen."""
        entry = self.entry("every")
        if entry is None:
            return ()
        value = entry.take("value", (str, list))
        missing_day = one_of(entry, "missing_day", ("clip", "roll"), "clip")
        choices = entry.take("choices", list, None) if chosen else None
        self.cite(entry, "every")
        entry.done()
        if choices is not None:
            self.choices = entry.read("choices", lambda found: _intervals(found, missing_day), choices)
        return entry.read("value", lambda found: _intervals(found, missing_day), value)

    def spacing(self) -> tuple[Spacing, ...]:
        """Read the list of spacing rules."""
        return tuple(
            self._spacing(entry, f"spacing {n}") for n, entry in enumerate(self.table.tables("spacing"), 1)
        )

    def _spacing(self, entry: Table, key: str) -> Spacing:
        missing_day = one_of(entry, "missing_day", ("clip", "roll"), "clip")
        lengths = ("minimum", "latest", "absolute_minimum", "grace")
        given: dict[str, Any] = {key: length(entry, key, missing_day) for key in lengths}
        given["minimum_hours"] = number(entry, "minimum_hours", 0, 24 * 366)
        apart = number(entry, "apart", 1, MOST_SESSIONS - 1)
        between, alone = entry.take("between", list, None), number(entry, "number", 2, MOST_SESSIONS)
        named = {"apart": apart, "between": between, "number": alone}
        several = [key for key, value in named.items() if value is not None]
        if len(several) > 1:
            raise InvalidProtocol(
                what=f"{several[0]} and {several[1]} in one spacing",
                where=entry.where(several[1]),
                why="apart is a rule for all sessions, between for two numbered ones, number for one of them",
                fix="keep one of them, or write two spacings",
            )
        given["between"] = None if between is None else entry.read("between", _pair, between)
        given["apart"], given["number"] = apart or 1, alone
        given["required"] = entry.take("required", bool, True)
        source = self.cite(entry, key)
        entry.done()
        needs_one(entry, given, (*lengths, "minimum_hours"))
        return entry.make(Spacing, {**given, "source": source})


def minutes(text: str) -> int:
    """Read "PT40M", "PT2H" or "PT1H30M" as whole minutes."""
    found = re.fullmatch(r"PT(?:(\d{1,4})H)?(?:(\d{1,5})M)?", text)
    if found is None or not (found[1] or found[2]):
        raise InvalidProtocol(
            what=f"{text[:40]!r} is not a duration",
            why="durations are hours and minutes in ISO 8601",
            fix='write "PT40M", "PT2H" or "PT1H30M"',
        )
    return int(found[1] or 0) * 60 + int(found[2] or 0)


def weekdays(names: list[Any]) -> tuple[int, ...]:
    """Read ["Mon", "Thu"] or ["Monday", "Thursday"], each day once."""
    strange = [name for name in names if name not in (*WEEKDAYS, *WEEKDAY_NAMES)]
    short = [name[:3] for name in names if name not in strange]
    if strange or not names or len(set(short)) != len(short):
        raise InvalidProtocol(
            what="this is not a list of days of the week",
            why="days are Mon, Tue, Wed, Thu, Fri, Sat, Sun or their full names, each once",
            fix=next(filter(None, map(suggested, strange)), 'write ["Mon", "Thu"]'),
        )
    return read_weekdays(short)


def _pair(numbers: list[Any]) -> tuple[int, int]:
    if len(numbers) != 2 or not all(type(n) is int and 1 <= n <= MOST_SESSIONS for n in numbers):
        raise InvalidProtocol(
            what="this does not name two sessions",
            why=f"between is about two numbered sessions, 1 to {MOST_SESSIONS}",
            fix="write between = [1, 3]",
        )
    return numbers[0], numbers[1]


def _intervals(value: str | list[Any], missing_day: str) -> tuple[Interval, ...]:
    texts = [value] if isinstance(value, str) else value
    if not texts or not all(isinstance(text, str) for text in texts):
        raise InvalidProtocol(
            what="every names no interval",
            why="it is one interval or a list",
            fix='write "P28D" or ["P14D", "P28D"]',
        )
    return tuple(Interval.parse(text, missing_day) for text in texts)
