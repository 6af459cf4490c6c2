r"""
The lines an iCalendar file is made of: values escaped, lines folded, nothing else.

RFC 5545, sections 3.1 to 3.3. We write the lines ourselves because a component
tree costs some twenty times as much; the tests hold every line to what the
`icalendar` package writes, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from operator import itemgetter
from pathlib import Path

from ketsched import files
from ketsched.errors import CannotWrite, InvalidTime

_OCTETS = 74
"""Of a piece of a folded line; with the blank before it, the 75 that RFC 5545 3.1 allows."""

_BREAKS = "\n\r\v\f\x85\u2028\u2029"
"""What Unicode (5.8, newline guidelines) ends a line with, and many a reader's line splitter too."""

_CONTROLS = "".join(
    chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in _BREAKS and chr(code) != "\t"
)
_OUTER = _CONTROLS + _BREAKS + "\t \xa0\ufeff"

_IN_TEXT: dict[int, str | None] = str.maketrans(
    {
        **dict.fromkeys(_CONTROLS),
        **dict.fromkeys(map(chr, range(0xD800, 0xE000)), "\ufffd"),  # half a surrogate pair has no UTF-8
        **dict.fromkeys(_BREAKS, "\n"),
    }
)

_CUTS = tuple(
    itemgetter(*(slice(at, at + _OCTETS) for at in range(0, pieces * _OCTETS, _OCTETS)))
    for pieces in range(1, 17)
)
"""By the number of breaks: what cuts a line of ASCII at once, where no break has to come sooner."""
_PIECES = re.compile(rf".{{{_OCTETS - 1}}}(?:[^\\^]|(?=[\\^].))|.+", re.DOTALL)
"""Of any line of ASCII."""

_TWO_DIGITS = tuple(f"{number:02}" for number in range(100))


def text(value: str) -> str:
    r"""
    Escape a TEXT value, so that no character of it can end the line or the value (RFC 5545 3.3.11).

    Line breaks of every kind become `\n`. Control characters go, tabs excepted;
    so do blanks, tabs and line breaks at either end, which readers drop unevenly.
    """
    if not value.isprintable():  # most texts are, and the table is the slow part
        value = value.replace("\r\n", "\n").strip(_OUTER).translate(_IN_TEXT)
    value = value.strip(" ").replace("\\", r"\\").replace(";", r"\;").replace(",", r"\,")
    return value.replace("\n", r"\n")


def day(on: date) -> str:
    """Write a DATE value (RFC 5545 3.3.4)."""
    return on.isoformat()[:10].replace("-", "")


def local(moment: datetime) -> str:
    """
    Write the clock time of a moment in its own zone, which the line names as TZID (RFC 5545 3.3.5, form 3).

    A second reading (`fold=1`) cannot be told from the first in this form: see `vtimezone`.
    """
    two, year = _TWO_DIGITS, moment.year  # in a fifth of the time that strftime takes
    return f"{two[year // 100]}{two[year % 100]}{two[moment.month]}{two[moment.day]}T{clock(moment)}"


def clock(at: datetime | time) -> str:
    """Write a time of day as it stands in a DATE-TIME value."""
    return f"{_TWO_DIGITS[at.hour]}{_TWO_DIGITS[at.minute]}{_TWO_DIGITS[at.second]}"


def utc(moment: datetime) -> str:
    """Write a moment in UTC, to the second (RFC 5545 3.3.5, form 2)."""
    if moment.tzinfo is None:
        raise InvalidTime(
            what=f"{moment.isoformat()} has no zone",
            why="a time without a zone is another moment in every place it is read",
            fix="give an aware datetime",
        )
    return local(moment.astimezone(UTC)) + "Z"


def duration(length: timedelta) -> str:
    """Write a DURATION in days, hours, minutes and whole seconds; negative means before (RFC 5545 3.3.6)."""
    sign, length = ("-", -length) if length < timedelta(0) else ("", length)
    minutes, seconds = divmod(length.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    # The grammar lets no unit be left out between two that are written.
    units = (
        (f"{hours}H" if hours else "")
        + (f"{minutes}M" if minutes or (hours and seconds) else "")
        + (f"{seconds}S" if seconds else "")
    )
    days = f"{length.days}D" if length.days or not units else ""
    return f"{sign}P{days}{units and 'T' + units}"


def fold(line: str) -> str:
    r"""
    Break a line every 74 octets, never inside a character (RFC 5545 3.1).

    Where the break would follow a backslash or a caret, it comes one octet
    sooner, as in `icalendar`: a reader that unescapes before it unfolds would
    otherwise see half an escape.
    """
    octets = _octets(line)
    return line if len(octets) <= _OCTETS else _fold(octets).encode("latin-1").decode("utf-8")


def line(content: str) -> str:
    """
    Return one content line as it stands in a file: folded, ended by CRLF, each octet one character.

    Raises:
        CannotWrite: It is empty or holds a line break, so that a value could pass for a line.
    """
    octets = content if content.isascii() else _octets(content)
    if not octets or "\n" in octets or "\r" in octets:
        raise CannotWrite(
            what="a content line is empty or holds a line break",
            where=f"line {content[:60]!r}",
            why="a reader would take what follows the break for a line of its own (RFC 5545 3.1)",
            fix="pass every value through text()",
        )
    return f"{octets if len(octets) <= _OCTETS else _fold(octets)}\r\n"


def text_line(name: str, value: str) -> str:
    """Return the line of a property whose value is a TEXT, as `line` does."""
    content = f"{name}:{text(value)}"
    return f"{content}\r\n" if content.isascii() and len(content) <= _OCTETS else line(content)


@lru_cache(maxsize=64)
def joined(lines: tuple[str, ...]) -> str:
    """Return lines that many files have, those of a zone above all, as `line` does each."""
    return "".join(map(line, lines))


def document(lines: Iterable[str]) -> bytes:
    """Put content lines together as the bytes of a file: UTF-8 without a BOM, nothing after the last CRLF."""
    return file_of(map(line, lines))


def file_of(lines: Iterable[str]) -> bytes:
    """Put together as the bytes of a file what `line` returned."""
    return "".join(lines).encode("latin-1")


def _octets(line: str) -> str:
    """Return the UTF-8 octets of a line, one character each, to be counted and cut like text."""
    return line.encode("utf-8").decode("latin-1")


def _fold(octets: str) -> str:
    if octets.isascii():
        before = octets[_OCTETS - 1 : -1 : _OCTETS]  # what each break follows, if none comes sooner
        if len(before) < len(_CUTS) and "\\" not in before and "^" not in before:
            return "\r\n ".join(_CUTS[len(before)](octets))
        return "\r\n ".join(_PIECES.findall(octets))
    pieces = []
    start, end = 0, _OCTETS
    while end < len(octets):
        while "\x80" <= octets[end] <= "\xbf":  # inside a character
            end -= 1
        if octets[end - 1] in "\\^":
            end -= 1
        pieces.append(octets[start:end])
        start, end = end, end + _OCTETS
    pieces.append(octets[start:])
    return "\r\n ".join(pieces)


_SPLIT = re.compile(rb"([\xc2-\xf4][\x80-\xbf]{0,2})(\r?\n[ \t])([\x80-\xbf]+)")


def decode(raw: bytes, path: Path) -> str:
    """Return the text of a calendar file; a fold within a character comes after it instead (RFC 5545 3.1)."""
    return files.decode(_SPLIT.sub(rb"\1\3\2", raw), path)
