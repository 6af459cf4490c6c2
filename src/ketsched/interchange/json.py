"""
The course document: all of a course in one JSON file, the whole protocol included.

Its form is versioned and described by `course.schema.json` beside this module. The same
course gives the same bytes. The file keeps to I-JSON (RFC 7493): names are given once,
whole numbers fit into 53 bits, texts are whole characters.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import cache
from itertools import compress
from operator import attrgetter, ne
from typing import TYPE_CHECKING, Any

import attrs

from ketsched.calendars import Calendar
from ketsched.clock import WEEKDAY_NAMES
from ketsched.errors import CannotRead, CannotWrite, KetschedError
from ketsched.hours import PatientHours
from ketsched.interchange.jsonform import (
    FORMAT,
    KINDS,
    LARGEST,
    LENGTHS,
    NOTHING_TOO,
    ORDER,
    VERSION,
    WRITTEN_AS,
)
from ketsched.interchange.jsontimes import days_of, times_of
from ketsched.model import (
    Anatomy,
    Changed,
    ClinicFiles,
    Companion,
    Course,
    Interval,
    Phase,
    PlacedCompanion,
    Protocol,
    Session,
)
from ketsched.words.wording import Publication

if TYPE_CHECKING:
    from cattrs import Converter

_NEVER = object()
"""What no attribute is."""
_SHORT_ESCAPE = re.compile(r'\\(["\\bfnrt])')
_LONG_ESCAPES = {
    f"\\{short}": f"\\u{code:04x}" for short, code in zip('"\\bfnrt', (34, 92, 8, 12, 10, 13, 9), strict=True)
}
_NOT_PRINTED = re.compile(r"[^\x20-\x7e]+")
_SHORT_LIST = re.compile(r'\[\n +((?:(?:\d+|"[A-Z][a-z]{2}"),\n +)*(?:\d+|"[A-Z][a-z]{2}"))\n +\]')
"""Of numbers or weekdays alone; no text has a line break of its own in JSON, so nothing else looks like it."""


def dumps(course: Course, publication: Publication) -> bytes:
    """Return the course document, indented for people; it tells everything, whatever the audience."""
    if publication.method is not None:
        raise CannotWrite(
            what="a course document with a method",
            where="method",
            why="only calendar files have one",
            fix="leave it out, or write a .ics file",
        )
    text = json.dumps(document(course), indent=2, ensure_ascii=False, allow_nan=False)
    return _SHORT_LIST.sub(_on_one_line, _encodable(text)).encode() + b"\n"


def _on_one_line(found: re.Match[str]) -> str:
    return "[" + re.sub(r",\s+", ", ", found[1]) + "]"


def compact(course: Course) -> str:
    r"""
    Return the course document on one line, in ASCII, with every escape written as \uXXXX.

    So it passes through formats that alter control characters or read a backslash before n.
    """
    text = _encodable(
        json.dumps(document(course), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    )
    if "\\" in text:
        text = _SHORT_ESCAPE.sub(lambda found: _LONG_ESCAPES[found[0]], text)
    return text if text.isascii() and text.isprintable() else _NOT_PRINTED.sub(_as_escapes, text)


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _unwritable("a text in it holds half a character (a lone surrogate)") from None
    return text


def _as_escapes(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))


def document(course: Course) -> dict[str, Any]:
    """Return the course document as plain lists and dictionaries."""
    try:
        parts = _converter().unstructure(course)
    except KetschedError:
        raise
    except Exception as error:  # whatever a value of a foreign type makes of being written
        raise _unwritable(
            f"a value in it is of another type than it should be ({type(error).__name__})"
        ) from None
    return {"format": FORMAT, "version": VERSION} | {name: parts[name] for name in ORDER if name in parts}


def to_values(course: Course) -> dict[str, Any]:
    """Return the course document as reading its file as JSON would give it, lists and not tuples within."""
    values: dict[str, Any] = json.loads(json.dumps(document(course), allow_nan=False))
    return values


def loads(text: str, where: str, *, protocol: Protocol | None = None, zone: str | None = None) -> Course:
    """
    Read a course document; it names its own protocol and zone.

    Raises:
        CannotRead: It is not JSON, not a course document, of a newer version, or contradicts itself.
    """
    from ketsched.interchange.jsonreading import course_from

    del protocol, zone
    return course_from(text, where)


def from_values(values: Mapping[str, Any]) -> Course:
    """Read the values of a course document; as if they were written down, so that the same is refused."""
    from ketsched.interchange.jsonreading import course_from

    try:
        text = json.dumps(dict(values))
    except (TypeError, ValueError, RecursionError):
        raise CannotRead(
            what="these are not the values of a course document",
            where="content",
            why="it holds something that is no text, number, truth value, list or dictionary",
            fix='give what dumps(course, "dict") returned',
        ) from None
    return course_from(text, "the values", embedded=True)


@cache
def _converter() -> Converter:
    """Make the converter at first use; it takes longer than writing a document."""
    from cattrs import Converter

    converter = Converter()

    def unstructured(kind: type[Any]) -> Callable[[Any], dict[str, Any]]:
        """
        Return what writes a class, its attributes in order: an absent one means "nothing", and only that.

        A default that says something is written out, so that a document keeps its meaning
        when a default changes.
        """
        nothing, more = (None, "", ()), NOTHING_TOO.get(kind, ())
        fields = [a for a in attrs.fields(attrs.resolve_types(kind)) if (kind, a.name) not in WRITTEN_AS]
        names = [a.name for a in fields]
        writers = [hooks.get((kind, a.name)) or converter.get_unstructure_hook(a.type) for a in fields]
        absent = [
            a.default if a.name in more or any(a.default is n or a.default == n for n in nothing) else _NEVER
            for a in fields
        ]
        parts_of = attrgetter(*names, names[0])  # of one name alone it would return no tuple

        def unstructure(value: Any) -> dict[str, Any]:
            parts = parts_of(value)
            present = compress(zip(names, writers, parts, strict=False), map(ne, parts, absent))
            return {name: write(part) for name, write, part in present}

        return unstructure

    def times_written(calendar: Calendar | None) -> Any:
        return None if calendar is None else [converter.unstructure(part) for part in times_of(calendar)]

    def days_written(days: tuple[date, ...]) -> Any:
        return [converter.unstructure(stretch) for stretch in days_of(days)]

    def change_written(changed: Changed) -> dict[str, Any]:
        before = changed.before
        earlier = {} if before is None else {before.kind: converter.unstructure(before)}
        return plain_change(changed) | earlier

    def length_written(length: Any) -> Any:
        plain = length is None or isinstance(length, Interval)
        return converter.unstructure(length) if plain else _checked(int)(length)

    hooks: dict[tuple[type[Any], str], Callable[[Any], Any]] = {
        (Phase, "weekdays"): _weekdays_named,
        (Phase, "anchor_weekday"): _weekday_named,
        (Companion, "weekdays"): _weekdays_named,
        (Companion, "minutes"): _length_written,
        (Companion, "before"): _length_or_none_written,
        (Companion, "after"): _length_or_none_written,
        (Protocol, "sources"): _sources_written,
        (PatientHours, "availability"): times_written,
        (PatientHours, "wishes"): times_written,
        (PatientHours, "away"): days_written,
        (ClinicFiles, "staff"): dict,
        **dict.fromkeys(((Session, "revised"), (PlacedCompanion, "revised")), _numbers_written),
        **dict.fromkeys(LENGTHS, length_written),
        **{(Anatomy, a.name): _length_written for a in attrs.fields(Anatomy)},
    }
    for kind in (str, int, bool):
        converter.register_unstructure_hook(kind, _checked(kind))
    converter.register_unstructure_hook(Enum, lambda v: v.value)
    converter.register_unstructure_hook(date, date.isoformat)
    converter.register_unstructure_hook(time, lambda v: v.isoformat("minutes"))
    converter.register_unstructure_hook(datetime, _moment_written)
    converter.register_unstructure_hook(timedelta, _timedelta_written)
    converter.register_unstructure_hook_factory(attrs.has, unstructured)
    plain_change = unstructured(Changed)
    converter.register_unstructure_hook(Changed, change_written)
    return converter


def _checked(kind: type[Any]) -> Callable[[Any], Any]:
    def unstructure(value: Any) -> Any:
        if type(value) is not kind:
            if isinstance(value, Enum):
                return value.value
            raise _unwritable(f"a {type(value).__name__} in it should be {KINDS[kind]}")
        if kind is int and abs(value) > LARGEST:
            raise _unwritable("a number in it is too large to be one of a course")
        return value

    return unstructure


def _numbers_written(numbers: tuple[int, ...]) -> list[int]:
    return list(map(_WHOLE_NUMBER, numbers))


_WHOLE_NUMBER = _checked(int)


def _length_written(minutes: int) -> str:
    if type(minutes) is not int or not 0 <= minutes < 1_000_000 * 60:
        raise _unwritable("a length of time in it is not a whole number of minutes from 0 on")
    hours, rest = divmod(minutes, 60)
    return "PT" + (f"{hours}H" if hours else "") + (f"{rest}M" if rest or not hours else "")


def _length_or_none_written(minutes: int | None) -> str | None:
    return None if minutes is None else _length_written(minutes)


def _timedelta_written(length: timedelta) -> str:
    minutes, rest = divmod(length, timedelta(minutes=1))
    return _length_written(minutes if not rest else -1)


def _moment_written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")  # a revision keeps its moment in UTC


def _weekday_named(number: int | None) -> str | None:
    if number is None:
        return None
    if type(number) is not int or not 0 <= number <= 6:
        raise _unwritable("a weekday in it is not one of 0 (Monday) to 6")
    return WEEKDAY_NAMES[number]


def _weekdays_named(numbers: tuple[int, ...]) -> list[str | None]:
    return [_weekday_named(number) for number in numbers]


def _sources_written(sources: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"key": key, "reference": reference} for key, reference in sources]


def _unwritable(why: str) -> CannotWrite:
    return CannotWrite(
        what="this course cannot be written as a document",
        where="course",
        why=why,
        fix="correct the value where the course or its protocol is made",
    )
