"""
Courses as files: one module per format, chosen by the suffix of the file.

`write` and `read` are the verbs; `dumps` and `loads` do the same with the bytes of a file, or with plain values.
A format is a module with `dumps(course, publication)` and, if it can be read back, `loads`;
one whose files can leave out part of a course says so with `IN_PART`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack, cast, overload
from typing import Protocol as Interface

from ketsched.arguments import checked
from ketsched.errors import CannotRead, CannotWrite
from ketsched.files import decode, read_bytes, write_whole
from ketsched.model import Course, Protocol
from ketsched.nearness import did_you_mean
from ketsched.words.wording import Publication

FORMATS: dict[str, str] = {
    ".json": "json",
    ".ics": "ical",
    ".html": "html",
    ".csv": "csvfile:people",
    ".sessions.csv": "csvfile:sessions",
    ".appointments.csv": "csvfile:appointments",
    ".visits.csv": "csvfile:visits",
    ".findings.csv": "csvfile:findings",
    ".plain.csv": "csvfile:plain",
    ".google.csv": "csvfile:google",
    ".outlook.csv": "csvfile:outlook",
    ".xlsx": "workbook",
    ".txt": "messages",
    ".eml": "mail",
}
"""Suffix of each format with its module, and what of it, if it has several; the longest suffix that fits decides."""


class _Format(Interface):
    """What a format's module has; without `loads` it is not read back; some have `IN_PART`, `TEMPLATED`, `decode`."""

    def dumps(self, course: Course, publication: Publication) -> bytes: ...

    def loads(self, text: str, where: str, *, protocol: Protocol | None, zone: str | None) -> Course: ...


@checked
def write(  # noqa: PLR0913 - public, each a keyword
    course: Course,
    path: str | Path,
    *,
    audience: str = "patient",
    privacy: str = "discreet",
    language: str = "",
    method: str | None = None,
    findings: Iterable[Any] = (),
    events: str = "all",
    changes_only: bool = False,
    as_of: date | None = None,
    templates: str | Path | None = None,
) -> Path:
    """
    Write a course to a file whose suffix says the format, and return its path.

    A .json file is the course document: it holds all of the course, whatever the audience.

    Args:
        course: For formats with identity and a stamp (.ics) it needs an id, and its revisions a moment.
        path: Ends in .json, .ics, .html or .csv; docs/how-to/ has a page on each.
        audience: "patient" for plain words and alarms, "clinic" for the parts of a session and chairs.
        privacy: "discreet" tells nothing, "named" that it is a treatment and its number, "full" all.
        language: Of the words in the file; empty: what the course says its patient reads in.
        method: "PUBLISH" for a calendar program that wants it.
        findings: What the rules remarked, for the clinic at privacy "full".
        events: "all", or "appointments" for a calendar without reminders and days after sessions; what they say
            stands in the appointments anyway.
        changes_only: Only the events that the last revision changed, and those that were recorded as
            off just before it, each as in the whole file; for a calendar (.ics). Such a file holds no
            course to read back.
        as_of: On a page, the local date by which something is past; left out, the last revision's.
            For a calendar that is replaced again and again, such as one that is subscribed to: leaves
            out cancelled events whose day is before this local date. Without it they stay for ever. No
            other event is ever left out. Such a file holds no course to read back.
        templates: For a page: the folder with the clinic's own template, logo and colours.

    Raises:
        CannotWrite: The course lacks what the format needs, the last revision changed no event and
            changes_only asks for them, or the file cannot be written; nothing is.
    """
    target = Path(path)
    content = dumps(
        course,
        target.name,
        audience=audience,
        privacy=privacy,
        language=language,
        method=method,
        findings=findings,
        events=events,
        changes_only=changes_only,
        as_of=as_of,
        templates=templates,
    )
    return write_whole(target, content)


class Options(TypedDict, total=False):
    """What `write` takes by name, and so does `dumps`."""

    audience: str
    privacy: str
    language: str
    method: str | None
    findings: Iterable[Any]
    events: str
    changes_only: bool
    as_of: date | None
    templates: str | Path | None


@overload
def dumps(course: Course, suffix: Literal["dict"], **options: Unpack[Options]) -> dict[str, Any]: ...  # type: ignore[overload-overlap] # "dict" is a str


@overload
def dumps(course: Course, suffix: str, **options: Unpack[Options]) -> bytes: ...


@checked
def dumps(course: Course, suffix: str, **options: Unpack[Options]) -> bytes | dict[str, Any]:
    """
    Return what `write` would put into a file: its bytes, or the values of the course document.

    Args:
        course: As for `write`.
        suffix: Of the format, "json" or "ics", or a file's name; or "dict" for the course document as lists
            and dictionaries of plain values, to be kept in a database or sent as part of something else.
        options: Those of `write`.

    Raises:
        CannotWrite: The course lacks what the format needs.
    """
    publication = Publication(**options)
    form = _format("json" if suffix == "dict" else suffix, CannotWrite)
    if publication.in_part and not getattr(form, "IN_PART", False):
        raise CannotWrite(
            what="this format holds the whole course",
            where="changes_only" if publication.changes_only else "as_of",
            why="only the events of a calendar can be written in part",
            fix="leave it out, or write a .ics file",
        )
    if publication.templates is not None and not getattr(form, "TEMPLATED", False):
        raise CannotWrite(
            what="this format is not made with templates",
            where="templates",
            why="a clinic's own template, logo and colours are for the patient's page",
            fix="leave templates out, or write a .html file",
        )
    if suffix == "dict":
        from ketsched.interchange.json import to_values

        return to_values(course)
    return form.dumps(course, publication)


@checked
def read(path: str | Path, *, protocol: Protocol | None = None, zone: str | None = None) -> Course:
    """
    Read a course from a file whose suffix says the format.

    Args:
        path: Ends in .json or .ics.
        protocol: What the sessions follow, if the file does not say: a calendar of another program.
        zone: IANA zone of the clinic, if the file does not say: a calendar in UTC.

    Raises:
        CannotRead: The file is not what its suffix says, or leaves out what a course needs.
    """
    source = Path(path)
    form = _readable(source.name, str(source))
    text = getattr(form, "decode", decode)(read_bytes(source), source)
    return form.loads(text, str(source), protocol=protocol, zone=zone)


@checked
def loads(
    content: str | bytes | Mapping[str, Any],
    suffix: str,
    *,
    protocol: Protocol | None = None,
    zone: str | None = None,
) -> Course:
    """
    Return the course that `dumps` gave, from its text, its bytes, or the values of its document.

    Args:
        content: What stands in a file of that format, as text or as bytes in UTF-8; or the document's values.
        suffix: Of the format, "json" or "ics"; or "dict" for values.
        protocol: As for `read`.
        zone: As for `read`.

    Raises:
        CannotRead: It is not what the suffix says, or leaves out what a course needs.
    """
    if (suffix == "dict") != isinstance(content, Mapping):
        raise CannotRead(
            what=f"{'values' if isinstance(content, Mapping) else 'a text'} for the suffix {suffix[:20]!r}",
            where="content",
            why='the values of a course document have the suffix "dict", and nothing else has',
            fix='give loads(values, "dict"), or loads(text, "json")',
        )
    if isinstance(content, Mapping):
        from ketsched.interchange.json import from_values

        return from_values(content)
    where = f"the {suffix} text"
    form = _readable(suffix, where)
    text = getattr(form, "decode", decode)(content, Path(where)) if isinstance(content, bytes) else content
    return form.loads(text, where, protocol=protocol, zone=zone)


def _readable(name: str, where: str) -> _Format:
    """Return the module of a format that can be read back."""
    form = _format(name, CannotRead)
    if not hasattr(form, "loads"):
        raise CannotRead(
            what=f"{name} cannot be read back",
            where=where,
            why="files of this format are for people",
            fix="read the course document (.json) that was written beside it",
        )
    return form


def _format(name: str, error: type[CannotRead | CannotWrite]) -> _Format:
    dotted = f".{name.lower()}"  # so that a bare suffix is found as well
    fitting = [suffix for suffix in FORMATS if dotted.endswith(suffix)]
    if not fitting:
        raise error(
            what=f"{name[:60]!r} has no suffix of a known format",
            where=name[:200],
            why=f"the suffix says the format: {', '.join(FORMATS)}",
            fix=did_you_mean(name[name.rfind(".") :], FORMATS) or "end the name with one of these",
        )
    module, _, of_it = FORMATS[max(fitting, key=len)].partition(":")
    form = import_module(f"{__name__}.{module}")
    return cast(_Format, getattr(form, of_it) if of_it else form)
