"""
How dates and times are written: what a format may say, and reading by it without a guess.

`datetime.strptime` takes digits wherever they fit and does not look at a weekday. Here each number of a run
without separators has all its digits, and a weekday is that of its date; else the text is not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, time
from functools import lru_cache
from typing import TypeVar

from ketsched.clock import WEEKDAYS
from ketsched.errors import InvalidInput
from ketsched.unseen import as_seen, plain_dashes

ISO = "iso"
"""Dates as 2027-01-04, with or without a time after them; times as 09:30 or 09:30:00."""

_ISO_DAY = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ]([0-9]{2}:[0-9]{2})(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?\s?(Z|z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_ISO_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::[0-5][0-9](?:[.,][0-9]{1,9})?)?")
_WIDTHS = {"Y": 4, "f": 6, "j": 3} | dict.fromkeys("ymdHIMS", 2)
"""Digits of each number of a format."""
_WORD = r"[^\W\d_]+"
_PARTS = dict.fromkeys("aAbB", _WORD) | {
    "p": r"\s*[ap](?:\.\s?)?m\.?",  # also a.m. and a. m., as in Canada and much of Latin America
    "z": r"Z|[+-]\d{2}(?::?\d{2}(?::?\d{2}(?:\.\d{1,6})?)?)?",
}

DIGIT_LOST = (
    "has lost a digit: without separators its parts cannot be told apart",
    "export it with leading zeros, with separators, or as 2027-01-04",
)
AGAINST_ITSELF = (
    "contradicts itself: the weekday is not that of the date",
    "correct the one of the two that is wrong",
)
"""Why a text cannot be read, and what to do about it."""

T = TypeVar("T")


class Contradiction(ValueError):
    """A text that is written as expected and still cannot be read: why, and what to do about it."""

    def __init__(self, why: str, fix: str) -> None:
        super().__init__(why)
        self.why, self.fix = why, fix


def check_formats(formats: tuple[str, ...], check: Callable[[str], None]) -> None:
    """Refuse formats by which nothing can be read without a guess."""
    if not formats:
        raise InvalidInput(
            what="no format", why="at least one says how it is written", fix=f'write "{ISO}", or leave it out'
        )
    for given in formats:
        if given != ISO:
            check(given)


def check_date(given: str) -> None:
    """Refuse a format that is not a whole date."""
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


def check_time(given: str) -> None:
    """Refuse a format that is not a time of day."""
    _check_hours(given, _directives(given, "HIMSpf"))
    _check_twice(given)


def _directives(given: str, usable: str) -> set[str]:
    letters = set(re.findall(r"%(.?)", given.replace("%%", ""), re.DOTALL))
    if letters - set(usable):
        raise InvalidInput(
            what=f"the format {given[:40]!r} cannot be used",
            why=f"a format has {', '.join('%' + letter for letter in usable)} and what stands between them",
            fix=f'write what the export has, such as "%d.%m.%Y" or "%I:%M %p", or "{ISO}"',
        )
    return letters


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


def moment_in(text: str, given: str) -> datetime | None:
    """
    Read a day, with the time if it has one, to the minute; None if it is not written so.

    Raises:
        Contradiction: It is written so and cannot be a day without a guess.
    """
    if given != ISO:
        moment = _by_format(text, given)
    elif written := _ISO_DAY.fullmatch(plain_dashes(as_seen(text))):
        day, clock, offset = written.groups()
        offset = {"z": "Z", "UTC": "Z"}.get(offset, offset or "")
        moment = _or_none(datetime.fromisoformat, f"{day}T{clock or '00:00'}{offset}")
    else:
        return None
    return None if moment is None else moment.replace(second=0, microsecond=0)


def time_in(text: str, given: str) -> time | None:
    """Read a time of day, to the minute; None if it is not written so. Raises as `moment_in` does."""
    if given != ISO:
        moment = _by_format(text, given)
        return None if moment is None else moment.time().replace(second=0, microsecond=0)
    written = _ISO_TIME.fullmatch(as_seen(text))
    return None if written is None else _or_none(time, int(written[1]), int(written[2]))


def _or_none(make: Callable[..., T], *given: str | int) -> T | None:
    try:
        return make(*given)
    except ValueError:
        return None


def _by_format(text: str, given: str) -> datetime | None:
    text, given = plain_dashes(as_seen(text)), re.sub(r"\s*%p\.?", "%p", plain_dashes(as_seen(given)))
    found = _shape(given, whole=True).fullmatch(text)
    if found is None:
        if _shape(given, whole=False).fullmatch(text) and _or_none(datetime.strptime, text, given):
            raise Contradiction(*DIGIT_LOST)
        return None
    said = {letter: word for letter, word in found.groupdict().items() if word}
    for letter in sorted({"z", "p"} & said.keys(), key=found.start, reverse=True):
        write = _whole_offset if letter == "z" else _half
        text = f"{text[: found.start(letter)]}{write(said[letter])}{text[found.end(letter) :]}"
    moment = _or_none(datetime.strptime, text, given)
    for word in (said[letter] for letter in ("a", "A") if letter in said):
        if moment is not None and not WEEKDAYS[moment.weekday()].casefold().startswith(word.casefold()):
            raise Contradiction(*AGAINST_ITSELF)
    return moment


def _whole_offset(said: str) -> str:
    """Return an offset with its minutes; ISO 8601 allows hours alone, and PostgreSQL writes them so."""
    return f"{said}00" if len(said) == len("+00") else said


def _half(said: str) -> str:
    return "am" if "a" in said.casefold() else "pm"


@lru_cache(maxsize=64)
def _shape(given: str, *, whole: bool) -> re.Pattern[str]:
    """
    Return what the texts of a format look like.

    Args:
        given: The format.
        whole: Whether numbers that touch have all their digits; else some may be missing.
    """
    pieces = re.findall(r"%.|\s+|.", given, re.DOTALL)
    numbers = [piece[0] == "%" and piece[1:] in _WIDTHS for piece in pieces]
    parts = []
    for n, piece in enumerate(pieces):
        letter = piece[1:]
        if numbers[n]:
            touches, width = True in numbers[max(n - 1, 0) : n] + numbers[n + 1 : n + 2], _WIDTHS[letter]
            fewest = width if letter == "Y" or (touches and whole) else 1
            parts.append(rf"\d{{{fewest},{width}}}")
        elif piece[0] == "%" and letter in _PARTS:
            parts.append(f"(?P<{letter}>{_PARTS[letter]})")
        else:
            parts.append(r"\s+" if piece.isspace() else re.escape(letter if piece == "%%" else piece))
    return re.compile("".join(parts), re.IGNORECASE)
