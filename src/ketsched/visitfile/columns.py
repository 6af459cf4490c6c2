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
from typing import Any

import attrs

from ketsched import tomlfile
from ketsched.errors import InvalidInput
from ketsched.model import VisitStatus
from ketsched.model.visits import CANCELLED_BY
from ketsched.tomlfile import Table

_LIKE_THEIR_HEADER = (
    *("session", "elsewhere", "counts", "by", "route", "worse"),
    *("note", "id", "corrects", "who", "patient"),
)
OWN_NAMES: dict[str, tuple[str, ...]] = {
    "day": ("day", "date"),
    "status": ("status",),
    "time": ("time", "at"),
    **{name: (name,) for name in _LIKE_THEIR_HEADER},
}
"""What a column may hold, and the headers that are taken for it where no map is given."""

DELIMITERS = (",", ";", "\t", "|")
ENCODINGS = ("utf-8", "utf-16", "cp1252")
YES = ("yes", "y", "true", "1", "x")
NO = ("no", "n", "false", "0")

ISO = "iso"
"""Dates as 2027-01-04, with or without a time after them; times as 09:30 or 09:30:00."""

_ISO_DAY = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]([0-9]{2}:[0-9]{2})(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?\s?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_ISO_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::[0-5][0-9](?:[.,][0-9]{1,9})?)?")

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
            fix='write "patient" or "clinic", or "" if the word does not tell',
        )


def letters(text: str) -> str:
    """Return our own word without what stands between its parts: No Show, no-show and NOSHOW are one."""
    return re.sub(r"[\s_-]+", "", text).casefold()


def folded(text: str) -> str:
    """Return a text so that capital letters and blanks make no difference."""
    return " ".join(text.split()).casefold()


def _check_formats(formats: tuple[str, ...], check: Callable[[str], None]) -> None:
    if not formats:
        raise InvalidInput(
            what="no format", why="at least one says how it is written", fix=f'write "{ISO}", or leave it out'
        )
    for given in formats:
        if given != ISO:
            check(given)


def _directives(given: str, usable: str) -> set[str]:
    letters = set(re.findall(r"%(.?)", given.replace("%%", ""), re.DOTALL))
    if letters - set(usable):
        raise InvalidInput(
            what=f"the format {given[:40]!r} cannot be used",
            why=f"a format has {', '.join('%' + letter for letter in usable)} and what stands between them",
            fix=f'write what the export has, such as "%d.%m.%Y" or "%I:%M %p", or "{ISO}"',
        )
    return letters


def _check_date(given: str) -> None:
    parts = _directives(given, "YymbBdaAjHIMSpfz")
    if not (parts & {"Y", "y"} and ((parts & {"m", "b", "B"} and "d" in parts) or "j" in parts)):
        raise InvalidInput(
            what=f"the format {given[:40]!r} is not a whole date",
            why="a day is a year (%Y or %y), a month (%m, %b or %B) and a day (%d)",
            fix=f'write what the export has, such as "%d.%m.%Y", or "{ISO}"',
        )
    if parts & {"H", "I"} or "z" in parts:
        _check_hours(given, parts)
    _check_twice(given)


def _check_time(given: str) -> None:
    _check_hours(given, _directives(given, "HIMSpf"))
    _check_twice(given)


def _check_hours(given: str, parts: set[str]) -> None:
    if not ("H" in parts or {"I", "p"} <= parts):
        raise InvalidInput(
            what=f"the format {given[:40]!r} does not say which half of the day",
            why="an hour is %H on a 24-hour clock, or %I with %p",
            fix='write what the export has, such as "%H:%M" or "%I:%M %p"',
        )


def _check_twice(given: str) -> None:
    try:
        datetime.strptime(given, given)  # noqa: DTZ007 - only whether the format can be used at all
    except (ValueError, re.error) as error:
        if "does not match format" not in str(error):
            raise InvalidInput(
                what=f"the format {given[:40]!r} cannot be used",
                why="it names the same part twice, or has a percent sign too many",
                fix="name each part once; a percent sign itself is %%",
            ) from None


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
        _check_formats(self.dates, _check_date)
        _check_formats(self.times, _check_time)
        for name, value, usable in (
            ("delimiter", self.delimiter, DELIMITERS),
            ("encoding", self.encoding, ENCODINGS),
        ):
            if value is not None and value not in usable:
                raise InvalidInput(
                    what=f"the {name} {value[:20]!r}",
                    why=f"it is one of {', '.join(repr(one) for one in usable)}",
                    fix="write one of these, or leave it out to have it found",
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
        """Return all that a cell with a date can be by these formats, to the minute; without a time: midnight."""
        moments = (_moment(text, given) for given in self.dates)
        return {moment for moment in moments if moment is not None}

    def clocks(self, text: str) -> set[time]:
        """Return all times of day that a cell can be by these formats."""
        clocks = (_time(text, given) for given in self.times)
        return {clock for clock in clocks if clock is not None}

    def _check_columns(self) -> None:
        for thing in self.columns:
            if thing not in OWN_NAMES:
                raise InvalidInput(
                    what=f"unknown column {thing[:40]!r}",
                    why=f"a column is one of {', '.join(OWN_NAMES)}",
                    fix="name one of these, or leave the column out: others are not read",
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


def _moment(text: str, given: str) -> datetime | None:
    """Read a day, with the time if it has one, to the minute; None if it is not written so."""
    try:
        if given != ISO:
            moment = datetime.strptime(text, given)  # noqa: DTZ007 - local to the clinic, unless the text has an offset
        elif written := _ISO_DAY.fullmatch(text):
            day, clock, offset = written.groups()
            moment = datetime.fromisoformat(f"{day}T{clock or '00:00'}{offset or ''}")
        else:
            return None
    except ValueError:
        return None
    return moment.replace(second=0, microsecond=0)


def _time(text: str, given: str) -> time | None:
    try:
        if given != ISO:
            return datetime.strptime(text, given).time().replace(second=0, microsecond=0)  # noqa: DTZ007 - no day
        written = _ISO_TIME.fullmatch(text)
        return time(int(written[1]), int(written[2])) if written else None
    except ValueError:
        return None


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
            what=f"the status {word[:20]!r}" if word.strip() else "no status",
            why=f"what became of a visit is one of {', '.join(VisitStatus)}; nothing is assumed given",
            fix="write one of these",
        ) from None
