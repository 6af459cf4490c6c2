"""
The sections [[companion]] of a protocol file: what goes around the sessions.

A text or a word stands by itself; a number (days, minutes, counts) has its source and mark,
as in a phase. Without a window a companion is on the day of what it is counted from.
"""

from __future__ import annotations

from typing import Any

from ketsched.countries import country_named
from ketsched.errors import InvalidProtocol
from ketsched.model import (
    LONGEST_YEARS,
    MOST_SESSIONS,
    TOPICS,
    Anchor,
    Companion,
    Window,
)
from ketsched.model.companions import AUDIENCES, KINDS, PLACES, SESSION_DAYS
from ketsched.protocols.stated import Stated, filled, minutes, name_of, number, one_of, weekdays
from ketsched.tomlfile import Table

_UNTIL_THE_END = "until the end"
_FARTHEST = LONGEST_YEARS * 366


def read_companion(table: Table, sources: dict[str, str]) -> Companion:
    """Read one section [[companion]]; whether it fits the protocol is checked there."""
    stated, given = _Around(table, sources), set(table.values)
    kind = one_of(table, "kind", KINDS)
    fields: dict[str, Any] = {
        "id": table.take("id", str),
        "topic": one_of(table, "topic", TOPICS),
        "title": name_of(table, "title"),
        "text": table.take("text", str, ""),
        "audience": one_of(table, "audience", AUDIENCES, "both"),
        "required": table.take("required", bool, False),
        "anchor": stated.anchor(),
        "window": stated.window(),
        "count": stated.value("count", (int, str), _count, 1),
        "every": stated.every(),
        "weekdays": stated.value("weekdays", list, weekdays, ()),
        "spacing": stated.spacing(),
        "minutes": stated.value("duration", str, minutes, 0),
        "calendar": filled(table, "calendar", ""),
        "place": one_of(table, "place", PLACES, "clinic"),
        "on_session_days": one_of(table, "on_session_days", SESSION_DAYS, "allowed"),
        "gate": table.take("gate", bool, False),
        "before": stated.value("before", str, minutes, None),
        "after": stated.value("after", str, minutes, None),
        "areas": tuple(table.texts("areas", [])),
        "countries": tuple(
            table.read("countries", country_named, code) for code in table.texts("countries", [])
        ),
    }
    table.done()
    _refuse_what_would_be_ignored(table, given, kind, one=fields["count"] == 1)
    fields |= {"kind": kind, "evidence": tuple(stated.evidence)}
    return table.make(Companion, fields, minutes="duration")


class _Around(Stated):
    """Reads what only companions have."""

    def anchor(self) -> Anchor:
        """Read `anchor`: what it is counted from; a number in it may say where it comes from."""
        entry = self.table.table("anchor")
        if entry is None:
            raise InvalidProtocol(
                what="anchor is missing",
                where=self.table.where(),
                why="what goes around sessions is counted from one of them, from a day, or from another companion",
                fix='add anchor = { every = 1 }, { session = 3 }, { edge = "end" }, { study_day = 13 } '
                'or { companion = "..." }',
            )
        fields = {
            "session": number(entry, "session", 1, MOST_SESSIONS),
            "every": number(entry, "every", 1, MOST_SESSIONS),
            "edge": one_of(entry, "edge", ("start", "end"), "") or None,
            "study_day": number(entry, "study_day", 1, _FARTHEST),
            "companion": entry.take("companion", str, None),
            "phase": name_of(entry, "phase", ""),
        }
        entry.known += ["source", "mark", "note"]
        if {"source", "mark", "note"} & set(entry.values):
            self.cite(entry, "anchor")
        entry.done()
        return entry.make(Anchor, fields)

    def window(self) -> Window:
        """Read `window`: the earliest, the recommended and the latest day, counted from the anchor."""
        entry = self.entry("window", "earliest = 14, recommended = 21, latest = 31")
        if entry is None:
            return Window()
        days = {key: entry.take(key, int) for key in ("earliest", "recommended", "latest")}
        self.cite(entry, "window")
        entry.done()
        return entry.make(Window, days)


def _count(value: int | str) -> int | None:
    """Read a number of bookings, or that they go on."""
    if isinstance(value, str) and value != _UNTIL_THE_END:
        raise InvalidProtocol(
            what=f"the count is {value[:40]!r}",
            why="it is a number, or says that bookings go on as long as there are sessions",
            fix=f'write value = 5 or value = "{_UNTIL_THE_END}"',
        )
    return value if isinstance(value, int) else None


def _refuse_what_would_be_ignored(table: Table, given: set[str], kind: str, *, one: bool) -> None:
    for key, ignored, why, fix in (
        ("every", one, "one booking has no interval to the next", "add a count"),
        ("spacing", one, "one booking has no neighbour", "add a count"),
        ("duration", kind != "appointment", f"a {kind} takes no time", "make it an appointment"),
        ("window", kind == "notice", "a notice holds beside its session, whatever the day", "make it a task"),
    ):
        if key in given and ignored:
            raise InvalidProtocol(
                what=f"{key} would be ignored",
                where=table.where(key),
                why=why,
                fix=f"{fix}, or leave {key} out",
            )
