"""
Published protocols, one TOML file each, and their loader.

A clinic's own protocol is a file of the same form; docs/how-to/own-protocol.md walks
through it and `protocol.schema.json` beside this module lets editors complete it. A
number without source and mark does not load.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from ketsched import tomlfile
from ketsched.errors import InvalidInput, InvalidProtocol
from ketsched.model import (
    WEEKDAY_NAMES,
    Anatomy,
    Evidence,
    Interval,
    Join,
    Mark,
    Phase,
    Protocol,
    Restriction,
    Spacing,
)
from ketsched.tomlfile import Table

T = TypeVar("T")


def protocol_ids() -> tuple[str, ...]:
    """Return the ids of the protocols that come with the library, in alphabetical order."""
    names = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def load_protocol(name: str | Path) -> Protocol:
    """
    Return a protocol by its id, or read a clinic's own from a TOML file.

    Args:
        name: The id of a protocol that comes with the library ("iv-mwf-6"), or the path of a .toml file.

    Raises:
        InvalidProtocol: The file contradicts itself or leaves out what it must state.
        CannotRead: There is no such protocol, or the file cannot be read.
    """
    text = str(name)
    if isinstance(name, Path) or text.endswith(".toml") or "/" in text or "\\" in text:
        return read_protocol(tomlfile.load(Path(name)))
    if text not in protocol_ids():
        from difflib import get_close_matches

        near = get_close_matches(text, protocol_ids(), n=3, cutoff=0.4)
        raise InvalidProtocol(
            what=f"there is no protocol {text[:64]!r}",
            why=f"the library has {', '.join(protocol_ids())}",
            fix=f"did you mean {' or '.join(near)}?"
            if near
            else "name one of these, or the path of a .toml file",
        )
    file = files(__name__).joinpath(f"{text}.toml")
    return read_protocol(tomlfile.parse(file.read_text(encoding="utf-8"), f"{text}.toml"))


def read_protocol(table: Table) -> Protocol:
    """Read a protocol file's table."""
    protocol_id, version = table.take("id", str), table.take("version", str)
    title, note = table.take("title", str), table.take("note", str, "")
    listed = table.table("sources")
    sources = [(key, listed.take(key, str)) for key in list(listed.values)] if listed else []
    phases = tuple(_read_phase(entry, dict(sources)) for entry in table.tables("phase"))
    table.done()
    return table.read(
        "id",
        lambda known: Protocol(
            id=known, version=version, title=title, phases=phases, sources=tuple(sources), note=note
        ),
        protocol_id,
    )


class _Stated:
    """Reads the values of one phase, each with its source and mark, and remembers those."""

    def __init__(self, table: Table, sources: dict[str, str]) -> None:
        self.table, self.sources = table, sources
        self.evidence: list[Evidence] = []

    def value(self, key: str, kind: type[Any] | tuple[type, ...], how: Callable[[Any], T], default: T) -> T:
        """Read `key = { value = ..., source = ..., mark = ... }`."""
        entry = self._entry(key)
        if entry is None:
            return default
        found = entry.take("value", kind)  # type: ignore[arg-type] # isinstance takes a tuple as well
        self.cite(entry, key)
        entry.done()
        return entry.read("value", how, found)

    def _entry(self, key: str) -> Table | None:
        given = self.table.values.get(key)
        if given is not None and not isinstance(given, dict):
            self.table.known.append(key)
            raise InvalidProtocol(
                what=f"{key} has no source and no mark",
                where=self.table.where(key),
                why="every number with clinical meaning says where it comes from and how far that was verified",
                fix=f'write {key} = {{ value = ..., source = "house", mark = "house default" }}',
            )
        return self.table.table(key)

    def cite(self, entry: Table, key: str) -> str:
        """Take source, mark and note out of an entry; return the source."""
        source, mark, note = entry.take("source", str), entry.take("mark", str), entry.take("note", str, "")
        for name in re.split(r"\s*,\s*", source.strip()):
            if name not in self.sources:
                raise InvalidProtocol(
                    what=f"{key} cites {name[:40]!r}",
                    where=entry.where("source"),
                    why="the section [sources] has no such key",
                    fix=f"add {name or 'it'} to [sources], or cite {', '.join(self.sources) or 'one that is there'}",
                )
        marks = [known.value for known in Mark]
        if mark not in marks:
            raise InvalidProtocol(
                what=f"{key} is marked {mark[:40]!r}",
                where=entry.where("mark"),
                why=f"a mark is one of {', '.join(marks)}",
                fix="say how far the number was verified",
            )
        self.evidence.append(Evidence(key=key, source=source, mark=Mark(mark), note=note))
        return source

    def counts(self) -> tuple[int | None, int | None, int | None]:
        """Read `count`: the number to plan, and the numbers accepted."""
        entry = self._entry("count")
        if entry is None:
            return None, None, None
        value, least, most = (
            entry.take("value", int, None),
            entry.take("least", int, None),
            entry.take("most", int, None),
        )
        self.cite(entry, "count")
        entry.done()
        return value, least, most

    def weeks(self) -> tuple[tuple[int, int] | None, bool]:
        """Read `weeks`: the nominal weeks accepted, and whether that is required."""
        entry = self._entry("weeks")
        if entry is None:
            return None, True
        weeks = entry.take("least", int), entry.take("most", int)
        required = entry.take("required", bool, True)
        self.cite(entry, "weeks")
        entry.done()
        return weeks, required

    def spacing(self) -> tuple[Spacing, ...]:
        """Read the list of spacing rules."""
        rules = []
        for number, entry in enumerate(self.table.tables("spacing"), 1):
            source = self.cite(entry, f"spacing {number}")
            names = ("minimum", "latest", "absolute_minimum", "minimum_hours")
            given = {name: entry.take(name, int, None) for name in names}
            apart, required = entry.take("apart", int, 1), entry.take("required", bool, True)
            between = entry.take("between", list, None)
            entry.done()
            rules.append(
                entry.read(
                    "source",
                    lambda cited: Spacing(
                        source=cited,
                        apart=apart,  # noqa: B023 - called at once
                        required=required,  # noqa: B023
                        between=None if between is None else _pair(between),  # noqa: B023
                        **given,  # noqa: B023
                    ),
                    source,
                )
            )
        return tuple(rules)

    def join(self) -> Join | None:
        """Read how the phase follows the one before."""
        entry = self._entry("join")
        if entry is None:
            return None
        ideal = entry.take("ideal", (int, str), None)  # type: ignore[arg-type]
        limits = {name: entry.take(name, int, None) for name in ("minimum", "latest")}
        self.cite(entry, "join")
        entry.done()
        if isinstance(ideal, str) and ideal != "next week":
            raise InvalidProtocol(
                what=f"ideal is {ideal[:40]!r}",
                where=entry.where("ideal"),
                why="it is a number of days, or the next treatment week",
                fix='write ideal = 7 or ideal = "next week"',
            )
        return entry.read("ideal", lambda at: Join(ideal=None if at == "next week" else at, **limits), ideal)

    def before(self) -> tuple[Restriction, ...]:
        """Read what the patient leaves before a session."""
        found = []
        for entry in self.table.tables("before"):
            what, value = entry.take("what", str), entry.take("value", str)
            self.cite(entry, f"before: {what}")
            entry.done()
            found.append(Restriction(what=what, minutes=entry.read("value", _minutes, value)))
        return tuple(found)


def _read_phase(table: Table, sources: dict[str, str]) -> Phase:
    stated = _Stated(table, sources)
    kind = table.take("kind", str)
    if kind not in ("induction", "maintenance"):
        raise InvalidProtocol(
            what=f"kind is {kind[:40]!r}",
            where=table.where("kind"),
            why="a phase is the induction or maintenance",
            fix='write kind = "induction" or kind = "maintenance"',
        )
    count, least, most = stated.counts()
    weeks, weeks_required = stated.weeks()
    anatomy = {
        name: stated.value(name, str, _minutes, 0)
        for name in ("prepare", "infusion", "observation", "discharge")
    }
    every_table = table.values.get("every")
    missing_day = every_table.pop("missing_day", "clip") if isinstance(every_table, dict) else "clip"
    fields: dict[str, Any] = {
        "name": table.take("name", str, kind),
        "route": table.take("route", str, "intravenous"),
        "place": table.take("place", str, "clinic"),
        "anchor": table.take("anchor", str, "start"),
        "weekdays": stated.value("weekdays", list, _weekdays, ()),
        "study_days": stated.value("study_days", list, _whole_numbers, ()),
        "every": stated.value("every", (str, list), lambda v: _intervals(v, missing_day), ()),
        "until": stated.value("until", str, Interval.parse, None),
        "review": stated.value("review", str, Interval.parse, None),
        "anchor_weekday": stated.value("anchor_weekday", str, lambda v: _weekdays([v])[0], None),
        "no_driving": stated.value(
            "no_driving", str, lambda v: v if v == "next day" else timedelta(minutes=_minutes(v)), None
        ),
        "spacing": stated.spacing(),
        "join": stated.join(),
        "before": stated.before(),
    }
    table.done()
    return table.read(
        "kind",
        lambda known: Phase(
            kind=known,
            count=count,
            least=least,
            most=most,
            weeks=weeks,
            weeks_required=weeks_required,
            anatomy=Anatomy(**anatomy),
            evidence=tuple(stated.evidence),
            **fields,
        ),
        kind,
    )


def _minutes(text: str) -> int:
    """Read "PT40M", "PT2H" or "PT1H30M" as whole minutes."""
    found = re.fullmatch(r"PT(?:(\d{1,4})H)?(?:(\d{1,5})M)?", text.strip())
    if found is None or not (found[1] or found[2]):
        raise InvalidProtocol(
            what=f"{text[:40]!r} is not a duration",
            why="durations are hours and minutes in ISO 8601",
            fix='write "PT40M", "PT2H" or "PT1H30M"',
        )
    return int(found[1] or 0) * 60 + int(found[2] or 0)


def _weekdays(names: list[Any]) -> tuple[int, ...]:
    """Read ["Mon", "Thu"] as 0 and 3, in order of the week."""
    days = []
    for name in names:
        short = str(name).strip().title()[:3]
        if not isinstance(name, str) or short not in WEEKDAY_NAMES or not name.strip().isalpha():
            raise InvalidInput(
                what=f"{str(name)[:40]!r} is not a day of the week",
                why=f"days are {', '.join(WEEKDAY_NAMES)}",
                fix='write ["Mon", "Thu"]',
            )
        days.append(WEEKDAY_NAMES.index(short))
    return tuple(sorted(days))


def _whole_numbers(values: list[Any]) -> tuple[int, ...]:
    if not all(type(value) is int for value in values):
        raise InvalidProtocol(
            what="study days that are not whole numbers",
            why="Day 1 is the first session",
            fix="write them as papers do: [1, 3, 5, 8, 10, 12]",
        )
    return tuple(values)


def _pair(values: list[Any]) -> tuple[int, int]:
    if len(values) != 2:
        raise InvalidProtocol(
            what=f"between names {len(values)} sessions", why="it is about two", fix="write between = [1, 3]"
        )
    first, second = _whole_numbers(values)
    return first, second


def _intervals(value: str | list[Any], missing_day: str) -> tuple[Interval, ...]:
    texts = [value] if isinstance(value, str) else value
    if not texts or not all(isinstance(text, str) for text in texts):
        raise InvalidProtocol(
            what="every names no interval",
            why="it is one interval or a list",
            fix='write "P28D" or ["P14D", "P28D"]',
        )
    return tuple(Interval.parse(text, missing_day) for text in texts)
