"""
Column maps: what the columns and words of somebody else's export mean.

Nothing is guessed: no order of day and month, no half of the day, no meaning of a blank cell.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, time
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import attrs

from ketsched import tomlfile
from ketsched.errors import InvalidInput
from ketsched.model import VisitStatus
from ketsched.model.visits import CANCELLED_BY
from ketsched.nearness import did_you_mean
from ketsched.tomlfile import Table
from ketsched.unseen import as_seen, plain_dashes
from ketsched.visitfile.formats import (
    ISO,
    Contradiction,
    check_date,
    check_formats,
    check_time,
    moment_in,
    time_in,
)

T = TypeVar("T")

_LIKE_THEIR_HEADER = (
    *("session", "elsewhere", "counts", "by", "route", "worse"),
    *("note", "id", "corrects", "who", "patient"),
)
OWN_NAMES: dict[str, tuple[str, ...]] = {
    "day": ("day", "date"),
    "status": ("status",),
    "time": ("time", "at"),
    "weekday": ("weekday",),
    **{name: (name,) for name in _LIKE_THEIR_HEADER},
}
"""What a column may hold, and the headers that are taken for it where no map is given."""

DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = ("utf-8", "utf-16", "cp1252")
YES = ("yes", "y", "true", "1", "x")
NO = ("no", "n", "false", "0")

IGNORE = "ignore"
"""For a word that says there is no visit yet."""


@attrs.frozen
class Meaning:
    """What a status of an export says: what happened and, if the word tells, who cancelled and whether it counts."""

    status: VisitStatus
    by: str = ""
    counts: bool | None = None

    def __attrs_post_init__(self) -> None:
        _check_by(self.by)
        if self.by and self.status is not VisitStatus.CANCELLED:
            raise InvalidInput(
                what=f"{self.status}, and who cancelled",
                why="only what was cancelled was cancelled by somebody",
                fix='leave by out, or write status = "cancelled"',
            )
        if self.counts is not None and not self.status.delivered:
            raise InvalidInput(
                what=f"{self.status}, and whether it counts",
                why="only what was given can count",
                fix="leave counts out",
            )


def _check_by(who: str) -> None:
    if who not in CANCELLED_BY:
        raise InvalidInput(
            what=f"cancelled by {who[:20]!r}",
            why="a visit is cancelled by the patient or by the clinic",
            fix=did_you_mean(who, CANCELLED_BY)
            or 'write "patient" or "clinic", or "" if the word does not tell',
        )


def letters(text: str) -> str:
    """Return our own word without what stands between its parts: No Show, no-show and NOSHOW are one."""
    return re.sub(r"[\s_-]+", "", plain_dashes(as_seen(text))).casefold()


def folded(text: str) -> str:
    """Return a text so that capital letters, blanks and what nobody sees make no difference."""
    return " ".join(as_seen(text).split()).casefold()


def _readings(text: str, formats: tuple[str, ...], read: Callable[[str, str], T | None]) -> set[T]:
    """Return all that a text can be by some formats; what is wrong with it by one of them, if it is nothing."""
    readings: set[T] = set()
    fault: Contradiction | None = None
    for given in formats:
        try:
            reading = read(text, given)
        except Contradiction as wrong:
            fault = wrong
        else:
            readings |= set() if reading is None else {reading}
    if fault is not None and not readings:
        raise fault
    return readings


@attrs.frozen(kw_only=True)
class ColumnMap:
    """
    What the columns and words of an export mean.

    Attributes:
        columns: The header of each thing that is used; "day" and "status" are.
        dates: How dates are written, tried in turn: "iso", or as for `datetime.strptime`.
        times: How times of day are written, likewise.
        delimiter: Between cells; None: comma, semicolon, tab or bar, whichever makes the header.
        encoding: None: UTF-8, or UTF-16 with its mark.
        statuses: What each word says, None that it is no visit yet; empty: our own words are used.
        by: Who is meant by each word in a column of who cancelled: "patient", "clinic", or "" for unknown.
        yes: Words for yes.
        no: Words for no; a blank cell says neither.
    """

    columns: Mapping[str, str]
    dates: tuple[str, ...] = (ISO,)
    times: tuple[str, ...] = (ISO,)
    delimiter: str | None = None
    encoding: str | None = None
    statuses: Mapping[str, Meaning | None] = attrs.field(factory=dict)
    by: Mapping[str, str] = attrs.field(factory=dict)
    yes: tuple[str, ...] = YES
    no: tuple[str, ...] = NO

    def __attrs_post_init__(self) -> None:
        self._check_columns()
        check_formats(self.dates, check_date)
        check_formats(self.times, check_time)
        for name, value, usable in (
            ("delimiter", self.delimiter, DELIMITERS),
            ("encoding", self.encoding, ENCODINGS),
        ):
            if value is not None and value not in usable:
                raise InvalidInput(
                    what=f"the {name} {value[:20]!r}",
                    why=f"it is one of {', '.join(repr(one) for one in usable)}",
                    fix=did_you_mean(value, usable) or "write one of these, or leave it out to have it found",
                )
        for name, words in (
            ("status", self.statuses),
            ("by", self.by),
            ("yes and no", (*self.yes, *self.no)),
        ):
            _check_words(name, tuple(words))
        for who in self.by.values():
            _check_by(who)

    def days(self, text: str) -> set[datetime]:
        """
        Return all that a cell with a date can be by these formats, to the minute; without a time: midnight.

        Raises:
            Contradiction: It is written as one of them says, and still cannot be read.
        """
        return _readings(text, self.dates, moment_in)

    def is_day(self, text: str) -> bool:
        """Whether a cell is meant to be a date."""
        try:
            return bool(self.days(text))
        except Contradiction:
            return True

    def clocks(self, text: str) -> set[time]:
        """Return all times of day that a cell can be by these formats; raises as `days` does."""
        return _readings(text, self.times, time_in)

    def _check_columns(self) -> None:
        for thing in self.columns:
            if thing not in OWN_NAMES:
                raise InvalidInput(
                    what=f"unknown column {thing[:40]!r}",
                    why=f"a column is one of {', '.join(OWN_NAMES)}",
                    fix=did_you_mean(thing, OWN_NAMES)
                    or "name one of these, or leave the column out: others are not read",
                )
        for thing in ("day", "status"):
            if thing not in self.columns:
                raise InvalidInput(
                    what=f"no column for {thing}",
                    why="a visit is a day and what became of it; nothing is assumed given",
                    fix=f'add {thing} = "..." with the header of the export',
                )
        headers = Counter(map(folded, self.columns.values()))
        if "" in headers:
            raise InvalidInput(
                what="a column without a header",
                why="columns are found by their headers",
                fix="give the text of the header; write one into the export if it has none",
            )
        if max(headers.values()) > 1:
            raise InvalidInput(
                what="two things from one column",
                why="each column says one thing",
                fix="leave one of them out; a time beside the date is read by the format of the date: %d.%m.%Y %H:%M",
            )


def _check_words(name: str, words: tuple[str, ...]) -> None:
    counts = Counter(map(folded, words))
    if "" in counts:
        raise InvalidInput(
            what=f"a blank word in {name}",
            why="a blank cell says nothing; nothing is assumed given",
            fix="leave it out, and fill the cell in the export",
        )
    if counts and max(counts.values()) > 1:
        raise InvalidInput(
            what=f"one word twice in {name}",
            why="capital letters and blanks make no difference, and a word means one thing",
            fix="remove one of the two",
        )


def load_columns(path: str | Path) -> ColumnMap:
    """
    Read a column map: what the columns and words of an export mean.

    Raises:
        KetschedError: Something in it cannot be used; says file, line and key.
    """
    table = tomlfile.load(Path(path))
    columns = table.table("columns")
    if columns is None:
        raise InvalidInput(
            what="columns is missing",
            where=table.where(),
            why="a column map says what the columns of an export are",
            fix='write [columns], and under it day = "..." and status = "..." with the headers of the export',
        )
    named = {name: columns.take(name, str, None) for name in OWN_NAMES}
    columns.done()
    given = {name: header for name, header in named.items() if header is not None}
    column_map = columns.read(None, lambda given: ColumnMap(columns=given), given)
    written = table.table("format")
    if written is not None:
        column_map = _formats(written, column_map)
    for key, attribute, how in (("status", "statuses", _meaning), ("by", "by", _who)):
        words = table.table(key)
        if words is not None:
            meanings = {word: how(words, word) for word in list(words.values)}
            column_map = words.read(None, partial(_with, column_map, attribute), meanings)
    column_map = _flags(table, column_map)
    table.done()
    return column_map


def _flags(table: Table, columns: ColumnMap) -> ColumnMap:
    """Read [yes] and [no] together: no word is in both."""
    listed: dict[str, tuple[str, ...]] = {}
    for key in ("yes", "no"):
        words = table.table(key)
        if words is not None:
            listed[key] = tuple(words.texts("words"))
            words.done()
    return table.read(next(iter(listed), None), lambda listed: attrs.evolve(columns, **listed), listed)


def _with(columns: ColumnMap, attribute: str, value: Any) -> ColumnMap:  # noqa: ANN401 - of any attribute
    return attrs.evolve(columns, **{attribute: value})


def _formats(table: Table, columns: ColumnMap) -> ColumnMap:
    """Read [format]: how dates and times are written, what stands between cells, the encoding."""
    for key, attribute in (("date", "dates"), ("time", "times")):
        given = table.values.get(key)
        several = tuple(table.texts(key)) if isinstance(given, list) else (table.take(key, str, ISO),)
        columns = table.read(key, partial(_with, columns, attribute), several)
    for key in ("delimiter", "encoding"):
        one = table.take(key, str, None)
        columns = table.read(key, partial(_with, columns, key), one)
    table.done()
    return columns


def _meaning(table: Table, word: str) -> Meaning | None:
    """Read what one word of an export says: a status, "ignore", or a table with a status and more."""
    given = table.take(word, (str, dict))
    if given == IGNORE:
        return None
    if isinstance(given, str):
        return Meaning(table.read(word, status_named, given))
    entry = Table(given, table.file, table.text, (*table.path, word))
    status = entry.read("status", status_named, entry.take("status", str))
    by, counts = entry.take("by", str, ""), entry.take("counts", bool, None)
    entry.done()
    return entry.read(None, lambda _: Meaning(status, by, counts), None)


def _who(table: Table, word: str) -> str:
    return table.take(word, str)


def status_named(word: str) -> VisitStatus:
    """Return the status of that name; a blank is none."""
    try:
        return VisitStatus(word)
    except ValueError:
        raise InvalidInput(
            what=f"{word[:20]!r} is not a status." if word.strip() else "The status is missing.",
            why=f"a status is one of {', '.join(VisitStatus)}; nothing is assumed given",
            fix=did_you_mean(word, VisitStatus) or "write one of these",
        ) from None
