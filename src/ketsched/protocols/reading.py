"""
A protocol file as a Protocol: what it is, its sources, its phases.

What goes around the sessions is read in `companions`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from ketsched.errors import InvalidProtocol
from ketsched.model import (
    LAPSES,
    MOST_SESSIONS,
    POLICIES,
    Anatomy,
    Companion,
    Interval,
    Join,
    LapseBand,
    Mark,
    Phase,
    Protocol,
    RecommendedDay,
    Restriction,
    plain_length,
)
from ketsched.protocols.companions import read_companion
from ketsched.protocols.conflicts import pattern_conflicts
from ketsched.protocols.stated import (
    Stated,
    filled,
    length,
    minutes,
    name_of,
    needs_one,
    number,
    one_of,
    read_sources,
    weekdays,
)
from ketsched.tomlfile import Table

_PARTS = ("prepare", "infusion", "observation", "discharge")


def read_protocol(table: Table) -> Protocol:
    """Read a protocol file's table."""
    protocol_id, version = table.take("id", str), filled(table, "version")
    title, note = name_of(table, "title"), table.take("note", str, "")
    indications = tuple(table.texts("indications", []))
    study = filled(table, "study") if "study" in table.values else ""
    sources = read_sources(table.table("sources"))
    phases = tuple(_read_phase(entry, sources) for entry in table.tables("phase"))
    companions = tuple(read_companion(entry, sources) for entry in table.tables("companion"))
    if not study:
        study = _without_study(table, (*phases, *companions))
    table.done()
    fields = {
        "id": protocol_id,
        "version": version,
        "title": title,
        "phases": phases,
        "companions": companions,
        "sources": tuple(sources.items()),
        "study": study,
        "indications": indications,
        "note": note,
    }
    return table.make(Protocol, fields, phases="phase", companions="companion")


def _without_study(table: Table, parts: Iterable[Phase | Companion]) -> str:
    """Return the line of a protocol without `study`, of which all is a house default; refuse any other."""
    if all(one.mark is Mark.HOUSE for part in parts for one in part.evidence):
        return "No study: all of it is a house default."
    raise InvalidProtocol(
        what="study is missing",
        where=table.where(),
        why="a schedule looks the same whatever it rests on; a reader of the plan is told in one line",
        fix='add study = "..." before [sources]: a negative result first, then the kind of study, how many '
        'people, blinded or not; for what is your own: study = "No study: our own practice."',
    )


class _Phase(Stated):
    """Reads what only phases have."""

    def counts(self) -> tuple[int | None, int | None, int | None]:
        """Read `count`: the number to plan, and the numbers accepted."""
        entry = self.entry("count")
        if entry is None:
            return None, None, None
        keys = ("value", "least", "most")
        found = {key: number(entry, key, 1, MOST_SESSIONS) for key in keys}
        self.cite(entry, "count")
        entry.done()
        needs_one(entry, found, keys)
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
        return (least, most), required

    def join(self) -> Join | None:
        """Read how the phase follows the one before."""
        entry = self.entry("join")
        if entry is None:
            return None
        missing_day = one_of(entry, "missing_day", ("clip", "roll"), "clip")
        ideal = entry.take("ideal", (int, str), None)
        limits: dict[str, Any] = {
            name: length(entry, name, missing_day, most=3660) for name in ("minimum", "latest")
        }
        self.cite(entry, "join")
        entry.done()
        needs_one(entry, {"ideal": ideal, **limits}, ("ideal", "minimum", "latest"))
        next_week = ideal == "next week"
        if isinstance(ideal, str) and not next_week:
            if not ideal.strip().startswith("P"):
                raise InvalidProtocol(
                    what=f"ideal is {ideal[:40]!r}",
                    where=entry.where("ideal"),
                    why="it is a number of days, a duration, or the next treatment week",
                    fix='write ideal = 7, ideal = "P1M" or ideal = "next week"',
                )
            ideal = entry.read("ideal", lambda text: plain_length(Interval.parse(text, missing_day)), ideal)
        return entry.make(Join, {"ideal": None if next_week else ideal, "next_week": next_week, **limits})

    def recommended(self) -> tuple[RecommendedDay, ...]:
        """Read `recommended`: the days of numbered sessions that are counted from session 1."""
        return tuple(
            self._recommended(entry, f"recommended {n}")
            for n, entry in enumerate(self.table.tables("recommended"), 1)
        )

    def _recommended(self, entry: Table, key: str) -> RecommendedDay:
        missing_day = one_of(entry, "missing_day", ("clip", "roll"), "clip")
        given = {
            "number": number(entry, "number", 2, MOST_SESSIONS),
            "after_first": length(entry, "after_first", missing_day),
        }
        self.cite(entry, key)
        entry.done()
        for name, value in given.items():
            needs_one(entry, {name: value}, (name,))
        return entry.make(RecommendedDay, given)

    def before(self) -> tuple[Restriction, ...]:
        """Read what the patient leaves before a session."""
        found = []
        for entry in self.table.tables("before"):
            what, value = filled(entry, "what"), entry.take("value", str)
            self.cite(entry, f"before: {what}")
            entry.done()
            found.append(entry.read("value", partial(_restriction, what), value))
        return tuple(found)

    def missed(self) -> str:
        """Read `missed`: what is done about a session that was missed."""
        entry = self.entry("missed")
        if entry is None:
            return "keep"
        found = one_of(entry, "value", POLICIES)
        self.cite(entry, "missed")
        entry.done()
        return found

    def lapse(self) -> tuple[LapseBand, ...]:
        """Read the bands of `lapse`: what is proposed after so many days without a session."""
        return tuple(self._band(entry, f"lapse {n}") for n, entry in enumerate(self.table.tables("lapse"), 1))

    def _band(self, entry: Table, key: str) -> LapseBand:
        given: dict[str, Any] = {
            "first": entry.take("from", int),
            "last": entry.take("until", int, None),
            "propose": one_of(entry, "propose", LAPSES),
            "repeat": entry.take("repeat", int, 0),
            "if_worse": one_of(entry, "if_worse", LAPSES, ""),
        }
        self.cite(entry, key)
        entry.done()
        return entry.make(LapseBand, given, first="from", last="until")


def _read_phase(table: Table, sources: dict[str, str]) -> Phase:
    stated = _Phase(table, sources)
    kind = one_of(table, "kind", ("induction", "maintenance"))
    count, least, most = stated.counts()
    weeks, weeks_required = stated.weeks()
    parts = {name: stated.value(name, str, minutes, 0) for name in _PARTS}
    fields: dict[str, Any] = {
        "kind": kind,
        "count": count,
        "least": least,
        "most": most,
        "weeks": weeks,
        "weeks_required": weeks_required,
        "name": name_of(table, "name", kind),
        "route": filled(table, "route", "intravenous"),
        "place": one_of(table, "place", ("clinic", "home"), "clinic"),
        "anchor": one_of(table, "anchor", ("start", "previous"), "start"),
        "beside": name_of(table, "beside", ""),
        "weekdays": stated.value("weekdays", list, weekdays, ()),
        "study_days": stated.value("study_days", list, _study_days, ()),
        "extra_days": stated.value("extra_days", list, _study_days, ()),
        "every": stated.every(chosen=True),
        "choices": tuple(stated.choices),
        "until": stated.value("until", str, Interval.parse, None),
        "review": stated.value("review", str, Interval.parse, None),
        "anchor_weekday": stated.value("anchor_weekday", str, lambda day: weekdays([day])[0], None),
        "no_driving": stated.value("no_driving", str, _no_driving, None),
        "spacing": stated.spacing(),
        "recommended": stated.recommended(),
        "join": stated.join(),
        "before": stated.before(),
        "missed": stated.missed(),
        "lapse": stated.lapse(),
    }
    table.done()
    fields |= {"anatomy": table.make(Anatomy, parts), "evidence": tuple(stated.evidence)}
    phase = table.make(Phase, fields)
    _check_pattern(phase, table)
    return phase


def _check_pattern(phase: Phase, table: Table) -> None:
    """Refuse a required spacing that the phase's own pattern keeps nowhere: a slip, in one or the other."""
    for n, why, better in pattern_conflicts(phase):
        raise InvalidProtocol(
            what="the pattern and a spacing contradict each other",
            where=table.where("spacing", n),
            why=why,
            fix=f"write {better}, or another pattern",
        )


def _no_driving(text: str) -> timedelta | str:
    """Read "next day", or a duration of elapsed time."""
    return text if text == "next day" else timedelta(minutes=minutes(text))


def _restriction(what: str, text: str) -> Restriction:
    return Restriction(what=what, minutes=minutes(text))


def _study_days(days: list[Any]) -> tuple[int, ...]:
    """Read days as papers print them, which are whole numbers."""
    if not days or not all(type(day) is int for day in days):
        raise InvalidProtocol(
            what="study days that do not ascend from 1",
            why="Day 1 is the first session, each day is a later whole number",
            fix="write them as papers do: [1, 3, 5, 8, 10, 12]",
        )
    return tuple(days)
