"""
Published protocols, one TOML file each, and their loader.

A clinic's own protocol is a file of the same form; docs/how-to/own-protocol.md walks
through it, `template` gives one to start from, and `protocol.schema.json` beside this
module lets editors complete it. A number without source and mark does not load.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import attrs

from ketsched import tomlfile
from ketsched.errors import InvalidProtocol
from ketsched.model import (
    MOST_SESSIONS,
    PREFERRED_APART,
    Anatomy,
    Evidence,
    Interval,
    Join,
    Mark,
    Phase,
    Protocol,
    Restriction,
    Spacing,
    read_weekdays,
)
from ketsched.tomlfile import Table

T = TypeVar("T")
D = TypeVar("D")

_KEY = r"[A-Za-z0-9_-]+"
_TEMPLATE_ID = "my-protocol"
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LATEST_STUDY_DAY = 20 * 366


def protocol_ids() -> tuple[str, ...]:
    """Return the ids of the protocols that come with the library, in alphabetical order."""
    from importlib.resources import files

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

        near = get_close_matches(text[:64].lower(), protocol_ids(), n=3, cutoff=0.4)
        raise InvalidProtocol(
            what=f"there is no protocol {text[:64]!r}",
            why=f"the library has {', '.join(protocol_ids())}",
            fix=f"did you mean {' or '.join(near)}?"
            if near
            else "name one of these, or the path of a .toml file",
        )
    return read_protocol(tomlfile.parse(_shipped(f"{text}.toml"), f"{text}.toml"))


def template(protocol_id: str) -> str:
    """
    Return the text of a commented protocol file that a clinic can start from.

    Args:
        protocol_id: The id that the new protocol shall have.
    """
    text = _shipped("new.toml.txt")
    attrs.evolve(read_protocol(tomlfile.parse(text, "new.toml")), id=protocol_id)  # refuses what is no id
    return text.replace(f'id = "{_TEMPLATE_ID}"', f'id = "{protocol_id}"', 1)


def _shipped(name: str) -> str:
    from importlib.resources import files

    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def read_protocol(table: Table) -> Protocol:
    """Read a protocol file's table."""
    protocol_id, version = table.take("id", str), _filled(table, "version")
    title, note = _filled(table, "title"), table.take("note", str, "")
    sources = _read_sources(table.table("sources"))
    _refuse_companions(table)
    phases = [_read_phase(entry, sources, first=not n) for n, entry in enumerate(table.tables("phase"))]
    table.done()
    return table.read(
        "id",
        lambda known: Protocol(
            id=known,
            version=version,
            title=title,
            phases=tuple(phases),
            sources=tuple(sources.items()),
            note=note,
        ),
        protocol_id,
    )


def _read_sources(table: Table | None) -> dict[str, str]:
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
        found[key] = _filled(table, key) if table else ""
    return found


def _refuse_companions(table: Table) -> None:
    if "companion" in table.values:
        raise InvalidProtocol(
            what="companions cannot be read yet",
            where=table.where("companion"),
            why="[[companion]] is kept for what goes around sessions, which a later version plans",
            fix="leave the section out, and write what goes around sessions in a note",
        )


def _filled(table: Table, key: str, default: Any = None) -> str:
    """Take a text that is not blank."""
    text = table.take(key, str) if default is None else table.take(key, str, default)
    if not text.strip():
        raise InvalidProtocol(
            what=f"{key} is blank",
            where=table.where(key),
            why=f"{table.name()} needs it in words",
            fix=f'write {key} = "..."',
        )
    return text


def _one_of(table: Table, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    """Take a text that is one of a few words."""
    text = table.take(key, str) if default is None else table.take(key, str, default)
    if text not in allowed:
        raise InvalidProtocol(
            what=f"{key} is {text[:40]!r}",
            where=table.where(key),
            why=f"{key} is {' or '.join(allowed)}",
            fix=" or ".join(f'{key} = "{word}"' for word in allowed),
        )
    return text


def _number(table: Table, key: str, least: int, most: int, default: Any = None) -> int | None:
    """Take a whole number within limits, both included; None if it is not there."""
    number = table.take(key, int, default)
    if number is not None and not least <= number <= most:
        raise InvalidProtocol(
            what=f"{key} is {number}",
            where=table.where(key),
            why=f"{key} is {least} to {most}",
            fix=f"write a number among those, or leave {key} out",
        )
    return number


def _needs_one(table: Table, found: dict[str, Any], keys: tuple[str, ...]) -> None:
    if all(found[key] is None for key in keys):
        raise InvalidProtocol(
            what=f"{table.name()} has no number",
            where=table.where(),
            why=f"it says nothing without {' or '.join(keys)}",
            fix=f"add {keys[0]} = ..., or leave the entry out",
        )


class _Stated:
    """Reads the values of one phase, each with its source and mark, and remembers those."""

    def __init__(self, table: Table, sources: dict[str, str]) -> None:
        self.table, self.sources = table, sources
        self.evidence: list[Evidence] = []

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

    def entry(self, key: str) -> Table | None:
        """Take `key = { ... }`; a bare value is refused, because it has no source."""
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
        mark = _one_of(entry, "mark", tuple(mark.value for mark in Mark))
        note = entry.take("note", str, "")
        self.evidence.append(Evidence(key=key, source=source, mark=Mark(mark), note=note))
        return source

    def counts(self) -> tuple[int | None, int | None, int | None]:
        """Read `count`: the number to plan, and the numbers accepted."""
        entry = self.entry("count")
        if entry is None:
            return None, None, None
        keys = ("value", "least", "most")
        found = {key: _number(entry, key, 1, MOST_SESSIONS) for key in keys}
        self.cite(entry, "count")
        entry.done()
        _needs_one(entry, found, keys)
        given = [found[key] for key in ("least", "value", "most") if found[key] is not None]
        if given != sorted(given, key=lambda number: number or 0):
            raise InvalidProtocol(
                what=f"{found['least']} to {found['most']} sessions, {found['value']} of them planned",
                where=entry.where(),
                why="the planned count lies among those accepted, the fewest first",
                fix="give least <= value <= most",
            )
        return found["value"], found["least"], found["most"]

    def weeks(self) -> tuple[tuple[int, int] | None, bool]:
        """Read `weeks`: the nominal weeks accepted, and whether that is required."""
        entry = self.entry("weeks")
        if entry is None:
            return None, True
        least, most = entry.take("least", int), entry.take("most", int)
        required = entry.take("required", bool, True)
        self.cite(entry, "weeks")
        entry.done()
        if not 1 <= least <= most <= 1040:
            raise InvalidProtocol(
                what=f"{least} to {most} weeks",
                where=entry.where(),
                why="nominal weeks are 1 to 1040, the fewer first",
                fix="write least = 2, most = 4",
            )
        return (least, most), required

    def every(self) -> tuple[Interval, ...]:
        """Read `every`: one interval or a list, and what a month without the day does."""
        entry = self.entry("every")
        if entry is None:
            return ()
        value = entry.take("value", (str, list))
        missing_day = _one_of(entry, "missing_day", ("clip", "roll"), "clip")
        self.cite(entry, "every")
        entry.done()
        return entry.read("value", lambda found: _intervals(found, missing_day), value)

    def spacing(self) -> tuple[Spacing, ...]:
        """Read the list of spacing rules."""
        return tuple(
            self._spacing(entry, f"spacing {n}") for n, entry in enumerate(self.table.tables("spacing"), 1)
        )

    def _spacing(self, entry: Table, key: str) -> Spacing:
        days = ("minimum", "latest", "absolute_minimum")
        given: dict[str, Any] = {name: _number(entry, name, 0, 20 * 366) for name in days}
        given["minimum_hours"] = _number(entry, "minimum_hours", 0, 24 * 366)
        _needs_one(entry, given, (*days, "minimum_hours"))
        apart = _number(entry, "apart", 1, MOST_SESSIONS - 1)
        between = entry.take("between", list, None)
        if apart is not None and between is not None:
            raise InvalidProtocol(
                what="apart and between in one spacing",
                where=entry.where("between"),
                why="apart is a rule for all sessions, between for two numbered ones",
                fix="keep one of them, or write two spacings",
            )
        given["between"] = None if between is None else entry.read("between", _pair, between)
        given["apart"], given["required"] = apart or 1, entry.take("required", bool, True)
        source = self.cite(entry, key)
        entry.done()
        spacing = entry.read(None, lambda found: Spacing(**found), {**given, "source": source})
        reach = spacing.apart if spacing.between is None else spacing.between[1] - spacing.between[0]
        if not spacing.required and reach > PREFERRED_APART:
            raise InvalidProtocol(
                what=f"a preferred spacing over {reach} places",
                where=entry.where("between" if spacing.between else "apart"),
                why=f"a preference may look back {PREFERRED_APART} places; beyond, planning takes seconds",
                fix="make it required, or give it over fewer places",
            )
        return spacing

    def join(self) -> Join | None:
        """Read how the phase follows the one before."""
        entry = self.entry("join")
        if entry is None:
            return None
        ideal = entry.take("ideal", (int, str), None)
        limits: dict[str, Any] = {name: entry.take(name, int, None) for name in ("minimum", "latest")}
        self.cite(entry, "join")
        entry.done()
        _needs_one(entry, {"ideal": ideal, **limits}, ("ideal", "minimum", "latest"))
        if isinstance(ideal, str) and ideal != "next week":
            raise InvalidProtocol(
                what=f"ideal is {ideal[:40]!r}",
                where=entry.where("ideal"),
                why="it is a number of days, or the next treatment week",
                fix='write ideal = 7 or ideal = "next week"',
            )
        next_week = ideal == "next week"
        days = None if next_week else ideal
        return entry.read(None, lambda given: Join(ideal=days, next_week=next_week, **given), limits)

    def before(self) -> tuple[Restriction, ...]:
        """Read what the patient leaves before a session."""
        found = []
        for entry in self.table.tables("before"):
            what, value = _filled(entry, "what"), entry.take("value", str)
            self.cite(entry, f"before: {what}")
            entry.done()
            found.append(entry.read("value", partial(_restriction, what), value))
        return tuple(found)


def _read_phase(table: Table, sources: dict[str, str], *, first: bool) -> Phase:
    stated = _Stated(table, sources)
    kind = _one_of(table, "kind", ("induction", "maintenance"))
    count, least, most = stated.counts()
    weeks, weeks_required = stated.weeks()
    parts = ("prepare", "infusion", "observation", "discharge")
    anatomy = {name: stated.value(name, str, _minutes, 0) for name in parts}
    fields: dict[str, Any] = {
        "name": _filled(table, "name", kind),
        "route": _filled(table, "route", "intravenous"),
        "place": _one_of(table, "place", ("clinic", "home"), "clinic"),
        "anchor": _one_of(table, "anchor", ("start", "previous"), "start"),
        "weekdays": stated.value("weekdays", list, _weekdays, ()),
        "study_days": stated.value("study_days", list, _study_days, ()),
        "every": stated.every(),
        "until": stated.value("until", str, Interval.parse, None),
        "review": stated.value("review", str, Interval.parse, None),
        "anchor_weekday": stated.value("anchor_weekday", str, lambda day: _weekdays([day])[0], None),
        "no_driving": stated.value("no_driving", str, _no_driving, None),
        "spacing": stated.spacing(),
        "join": stated.join(),
        "before": stated.before(),
    }
    table.done()
    _check_pattern(table, fields, count, first=first)
    return table.read(
        None,
        lambda parts: Phase(
            kind=kind,
            count=count,
            least=least,
            most=most,
            weeks=weeks,
            weeks_required=weeks_required,
            anatomy=Anatomy(**parts),
            evidence=tuple(stated.evidence),
            **fields,
        ),
        anatomy,
    )


def _check_pattern(table: Table, fields: dict[str, Any], count: int | None, *, first: bool) -> None:
    """Refuse patterns of which one would be ignored in silence, and none where none can be derived."""
    days, every = fields["weekdays"] or fields["study_days"], fields["every"]
    if days and every:
        raise InvalidProtocol(
            what="every beside weekdays or study_days",
            where=table.where("every"),
            why="a phase has one pattern: days of the week, study days or an interval",
            fix="keep one of them",
        )
    if not (days or every) and (count is None or not first):
        raise InvalidProtocol(
            what="a phase without a pattern",
            where=table.where(),
            why="days are derived for the first phase only, and only if it has a count",
            fix="give every, weekdays or study_days",
        )
    if fields["join"] is not None and first:
        raise InvalidProtocol(
            what="the first phase has a join",
            where=table.where("join"),
            why="a join says how a phase follows an earlier one",
            fix="remove the join",
        )


def _no_driving(text: str) -> timedelta | str:
    """Read "next day", or a duration of elapsed time."""
    return text if text == "next day" else timedelta(minutes=_minutes(text))


def _restriction(what: str, text: str) -> Restriction:
    return Restriction(what=what, minutes=_minutes(text))


def _minutes(text: str) -> int:
    """Read "PT40M", "PT2H" or "PT1H30M" as whole minutes."""
    found = re.fullmatch(r"PT(?:(\d{1,4})H)?(?:(\d{1,5})M)?", text)
    if found is None or not (found[1] or found[2]):
        raise InvalidProtocol(
            what=f"{text[:40]!r} is not a duration",
            why="durations are hours and minutes in ISO 8601",
            fix='write "PT40M", "PT2H" or "PT1H30M"',
        )
    return int(found[1] or 0) * 60 + int(found[2] or 0)


def _weekdays(names: list[Any]) -> tuple[int, ...]:
    """Read ["Mon", "Thu"] or ["Monday", "Thursday"], each day once."""
    short = [name[:3] for name in names if name in _WEEKDAYS or name in [day[:3] for day in _WEEKDAYS]]
    if not names or len(short) != len(names) or len(set(short)) != len(short):
        raise InvalidProtocol(
            what="this is not a list of days of the week",
            why="days are Mon, Tue, Wed, Thu, Fri, Sat, Sun or their full names, each once",
            fix='write ["Mon", "Thu"]',
        )
    return read_weekdays(short)


def _study_days(days: list[Any]) -> tuple[int, ...]:
    """Read days as papers print them: whole numbers that ascend from 1."""
    whole = all(type(day) is int for day in days)
    if not whole or not days or days[0] != 1 or sorted(set(days)) != days or days[-1] > _LATEST_STUDY_DAY:
        raise InvalidProtocol(
            what="study days that do not ascend from 1",
            why="Day 1 is the first session, each day is a later whole number, and a course lasts 20 years at most",
            fix="write them as papers do: [1, 3, 5, 8, 10, 12]",
        )
    return tuple(days)


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
