"""
The course document read back, strictly; what is wrong in it is said with line, column and path.

The parser of the standard library keeps no positions and the converter's quick way no path,
so both are found only once something is wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, get_args, get_origin

import attrs

from ketsched.calendars import Calendar
from ketsched.clock import WEEKDAY_NAMES, read_date, read_time
from ketsched.errors import CannotRead, KetschedError
from ketsched.hours import MOST_DAYS, PatientHours
from ketsched.interchange.jsonform import (
    FORMAT,
    KINDS,
    LARGEST,
    LENGTHS,
    VERSION,
    names_of,
)
from ketsched.interchange.jsonpaths import names_in, shown
from ketsched.interchange.jsontimes import Days, PersonTimes, calendar_of
from ketsched.interchange.jsonversions import bring_to_version_2
from ketsched.model import (
    Anatomy,
    BookingStatus,
    Changed,
    ClinicFiles,
    Companion,
    Course,
    Interval,
    Mark,
    Phase,
    PlacedCompanion,
    Protocol,
    Session,
    Visit,
    VisitStatus,
)
from ketsched.nearness import did_you_mean

if TYPE_CHECKING:
    from cattrs import Converter

_BOOKINGS: tuple[type[Session] | type[PlacedCompanion], ...] = (Session, PlacedCompanion)


def course_from(text: str, where: str, *, embedded: bool = False) -> Course:
    """
    Read a course from the text of a course document.

    Args:
        text: The whole document.
        where: What errors call it.
        embedded: Whether it stands inside another file, where lines and columns say nothing.

    Raises:
        CannotRead: It is not JSON, not a course document, of a newer version, or contradicts itself.
    """
    return _Reader(text, where, positions=not embedded).course()


class _Fault(Exception):
    """What is wrong with one value of the document; where it stands is found out later, from its digits or path."""

    def __init__(self, what: str, why: str, fix: str, digits: str = "") -> None:
        super().__init__(what)
        self.what, self.why, self.fix, self.digits = what, why, fix, digits


class _Duplicate(Exception):
    """A name that an object gives twice."""


class _Reader:
    """Reads one document, and says where in it something is wrong."""

    def __init__(self, text: str, where: str, *, positions: bool = True) -> None:
        self.text, self.where, self.positions = text, where, positions

    def course(self) -> Course:
        found = self._parsed()
        self._check_format(found)
        parts = {key: value for key, value in found.items() if key not in ("format", "version")}
        if found["version"] == 1:
            bring_to_version_2(parts)
        try:
            return _converter().structure(parts, Course)
        except Exception:  # whatever it was, it comes again where the converter keeps account of the path
            try:
                return _converter(detailed=True).structure(parts, Course)
            except Exception as error:
                path, first = _first(error)
                raise self._refuse(path, first) from None

    def _parsed(self) -> dict[str, Any]:
        try:
            found = json.loads(
                self.text, object_pairs_hook=_once, parse_int=_whole, parse_constant=_no_constant
            )
        except json.JSONDecodeError as error:
            raise self._error(
                _Fault("this is not JSON", error.msg.lower(), "check quotes, commas and brackets there"),
                offset=error.pos,
            ) from None
        except _Duplicate:
            path, offset = next((p, at) for p, at, again in names_in(self.text) if again)
            raise self._error(
                _Fault(
                    "a name is given twice", "programs differ in which one they take", "remove one of the two"
                ),
                path=path,
                offset=offset,
            ) from None
        except RecursionError:
            raise self._error(
                _Fault(
                    "this is nested too deeply", "a course has no more than a few levels", "check the file"
                )
            ) from None
        except _Fault as fault:
            at = self.text.find(fault.digits)
            raise self._error(fault, offset=at) from None
        if not isinstance(found, dict):
            raise self._error(
                _Fault(
                    "this is not a course document",
                    "it is one JSON object",
                    "check that it is the file you meant",
                )
            )
        return found

    def _check_format(self, found: dict[str, Any]) -> None:
        version = found.get("version")
        if found.get("format") != FORMAT:
            raise self._refuse(
                ("format",),
                _Fault(
                    "this is not a course document",
                    f'a course document says "format": "{FORMAT}"',
                    "check that it is the file you meant",
                ),
            )
        if type(version) is int and version > VERSION:
            raise self._refuse(
                ("version",),
                _Fault(
                    f"version {version} of the course document is newer than this library",
                    f"this library reads versions up to {VERSION}; reading a newer one could lose what it adds",
                    "update the library: pip install --upgrade ketsched",
                ),
            )
        if type(version) is not int or version < 1:
            raise self._refuse(
                ("version",),
                _Fault(
                    "this course document has no version that is known",
                    f"versions are 1 to {VERSION}",
                    f'write "version": {VERSION}',
                ),
            )

    def _refuse(self, path: tuple[str | int, ...], error: BaseException) -> CannotRead:
        if type(error).__name__ == "ForbiddenExtraKeysError":
            unknown = sorted(error.extra_fields)[0]  # type: ignore[attr-defined]
            path = (*path, unknown)
            known = ", ".join(names_of(error.cl))  # type: ignore[attr-defined]
            error = _Fault("an unknown name", f"known here are {known}", "remove it, or correct it")
        elif isinstance(error, KeyError):
            path, missing = path[:-1], path[-1] if path else "a name"
            error = _Fault(f"{missing} is missing", "a course cannot be read without it", f'add "{missing}"')
        if isinstance(error, KetschedError):
            fault = _Fault(error.what, error.why, error.fix)
            within = (*path, *error.steps)
            path = within if self._offset(within, nearest=False) is not None else path
            return self._error(fault, path=path, offset=self._offset(path), within=error.where)
        if not isinstance(error, _Fault):
            error = _Fault(
                "this is a value that cannot be", "it is of another type than it should be", "correct it"
            )
        return self._error(error, path=path, offset=self._offset(path))

    def _offset(self, path: tuple[str | int, ...], *, nearest: bool = True) -> int | None:
        """Return where a value stands in the text, or the nearest one around it if it is not there."""
        if not self.positions:
            return None
        found: dict[tuple[str | int, ...], int] = {p: at for p, at, _ in names_in(self.text)}
        while nearest and path and path not in found:
            path = path[:-1]
        return found.get(path)

    def _error(
        self, fault: _Fault, *, path: tuple[str | int, ...] = (), offset: int | None = None, within: str = ""
    ) -> CannotRead:
        places = [self.where]
        if offset is not None and self.positions:
            line, begin = self.text.count("\n", 0, offset) + 1, self.text.rfind("\n", 0, offset)
            places.append(f"line {line}, column {offset - begin}")
        if path:
            places.append(shown(path))
        if within:
            places.append(within)
        return CannotRead(what=fault.what, where=", ".join(places), why=fault.why, fix=fault.fix)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Duplicate
    return found


def _whole(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > LARGEST:
        raise _Fault(
            "this number is too large", f"whole numbers lie within {LARGEST} (RFC 7493)", "check it", digits
        )
    return int(digits)


def _no_constant(name: str) -> Any:
    raise _Fault(f"{name} is not a number", "JSON has no such value (RFC 8259)", "remove it", name)


def _first(error: BaseException) -> tuple[tuple[str | int, ...], BaseException]:
    """Return the first fault of what cattrs raised, and the path to it."""
    steps: list[str | int] = []
    while True:
        notes = reversed(getattr(error, "__notes__", []))
        steps += [
            n.name if hasattr(n, "name") else n.index
            for n in notes
            if hasattr(n, "name") or hasattr(n, "index")
        ]
        inner = getattr(error, "exceptions", None)
        if not inner:
            return tuple(steps), error
        error = inner[0]


@cache
def _converter(*, detailed: bool = False) -> Converter:
    """
    Make the converter at first use; it takes longer than reading a document.

    Args:
        detailed: Whether faults are told with their path, which takes half as long again.
    """
    from cattrs import AttributeValidationNote, Converter, IterableValidationNote
    from cattrs.gen import make_dict_structure_fn, override

    converter = Converter(forbid_extra_keys=True, detailed_validation=detailed)
    hooks = _hooks(converter)

    def structured(kind: type[Any]) -> Callable[[Any, Any], Any]:
        special: dict[str, Any] = {
            name: override(struct_hook=hook) for (owner, name), hook in hooks.items() if owner is kind
        }
        inner = make_dict_structure_fn(kind, converter, **special)

        def structure(value: Any, _: Any) -> Any:
            found = _of_type(value, dict)
            if kind is Visit and "status" not in found:
                raise _Fault("status is missing", "nothing is assumed given", 'add "status"')
            return inner(found, kind)

        return structure

    def changed(value: Any, _: Any) -> Changed:
        found = dict(_of_type(value, dict))
        earlier = {kind: given for kind in _BOOKINGS if (given := found.pop(kind.kind, None)) is not None}
        if len(earlier) > 1:
            raise _Fault(
                "a change of two bookings", "it is of one, as that was before", "remove one of the two"
            )
        change = plain_change(found, Changed)
        for kind, given in earlier.items():
            try:
                return attrs.evolve(change, before=converter.structure(given, kind))
            except Exception as error:
                error.add_note(AttributeValidationNote("", kind.kind, kind))
                raise
        return change

    def many(kind: Any) -> Callable[[Any, Any], Any]:
        args = get_args(kind)
        count = None if args[-1] is Ellipsis else len(args)
        hook = converter.get_structure_hook(args[0])

        def structure(value: Any, _: Any) -> tuple[Any, ...]:
            found = []
            for index, entry in enumerate(_of_type(value, list)):
                try:
                    found.append(hook(entry, args[0]))
                except Exception as error:
                    error.add_note(IterableValidationNote("", index, args[0]))
                    raise
            if count is not None and len(found) != count:
                raise _Fault(f"a list of {len(found)}", f"it has {count} entries", "write that many")
            return tuple(found)

        return structure

    for kind in (str, int, bool):
        converter.register_structure_hook(kind, _of_type)
    for member in (VisitStatus, Mark, BookingStatus):
        converter.register_structure_hook(member, _member)
    converter.register_structure_hook(date, lambda v, _: _told(read_date, _of_type(v, str)))
    converter.register_structure_hook(time, lambda v, _: _told(read_time, _of_type(v, str)))
    converter.register_structure_hook(datetime, lambda v, _: _moment(v))
    converter.register_structure_hook_func(
        lambda kind: kind == timedelta | str | None, lambda v, _: _no_driving(v)
    )
    converter.register_structure_hook_factory(_is_tuple, many)
    converter.register_structure_hook_factory(attrs.has, structured)
    plain_change = make_dict_structure_fn(Changed, converter, before=override(omit=True))
    converter.register_structure_hook(Changed, changed)
    return converter


def _hooks(converter: Converter) -> dict[tuple[type[Any], str], Callable[[Any, Any], Any]]:
    """Return how attributes are read that a document writes otherwise than their types say."""
    return {
        (Phase, "weekdays"): _weekdays,
        (Phase, "anchor_weekday"): _weekday,
        (Companion, "weekdays"): _weekdays,
        (Companion, "minutes"): _length,
        (Companion, "before"): _length_or_none,
        (Companion, "after"): _length_or_none,
        (Protocol, "sources"): _sources,
        (PatientHours, "availability"): _times,
        (PatientHours, "wishes"): _times,
        (PatientHours, "away"): _days,
        (ClinicFiles, "staff"): _staff,
        **dict.fromkeys(LENGTHS, lambda v, _: _length_of_time(v, converter)),
        **{(Anatomy, a.name): _length for a in attrs.fields(Anatomy)},
    }


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _of_type(value: Any, kind: Any) -> Any:
    """Return a value that is of exactly that type: true is no number, and 6.0 no count."""
    if type(value) is not kind:
        raise _Fault(f"this is {KINDS[type(value)]}", f"here belongs {KINDS[kind]}", f"write {KINDS[kind]}")
    if kind is str and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _Fault(
                "a text with half a character",
                "a surrogate comes in pairs (RFC 7493)",
                "write the text again",
            ) from None
    return value


def _member(value: Any, kind: Any) -> Any:
    found = _words(kind).get(_of_type(value, str))
    if found is None:
        fix = did_you_mean(value, _words(kind)) or "choose one of these"
        raise _Fault("an unknown word", f"known here are {', '.join(_words(kind))}", fix)
    return found


@cache
def _words(kind: Any) -> dict[str, Any]:
    return {member.value: member for member in kind}


@lru_cache(4096)  # a course names the same days and hours again and again
def _told(how: Callable[[str], Any], value: str) -> Any:
    """Read a text strictly: the readers of the clock forgive blanks and one-digit hours, a document does not."""
    found = how(value)
    if value != (found.isoformat() if isinstance(found, date) else f"{found:%H:%M}"):
        raise _Fault("a date or time in another form", "dates are 2027-01-04, times 09:30", "write it so")
    return found


def _moment(value: Any) -> datetime:
    found = re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", _of_type(value, str), re.ASCII
    )
    try:
        if found is None:
            raise ValueError
        return datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _Fault(
            "this is not a moment", "moments have a date, a time and an offset", "write 2027-01-04T09:00:00Z"
        ) from None


def _length(value: Any, _: Any = None) -> int:
    """Read an ISO 8601 duration of hours and minutes as minutes."""
    found = re.fullmatch(r"PT(?=\d)(?:(\d{1,6})H)?(?:(\d{1,6})M)?", _of_type(value, str), re.ASCII)
    if found is None:
        raise _Fault(
            "this is not a duration", "durations are hours and minutes", "write PT40M, PT2H or PT1H30M"
        )
    return int(found[1] or 0) * 60 + int(found[2] or 0)


def _length_of_time(value: Any, converter: Converter) -> Any:
    """Read a number of days, or an interval."""
    if type(value) is dict:
        return converter.structure(value, Interval)
    return None if value is None else _of_type(value, int)


def _length_or_none(value: Any, _: Any = None) -> int | None:
    return None if value is None else _length(value)


def _no_driving(value: Any) -> timedelta | str | None:
    if value is None or (type(value) is str and not value.startswith("PT")):
        return value  # the phase itself refuses other words than "next day"
    return timedelta(minutes=_length(value))


def _weekday(value: Any, _: Any = None) -> int | None:
    if value is None:
        return None
    if _of_type(value, str) not in WEEKDAY_NAMES:
        raise _Fault(
            "this is not a day of the week", f"days are {', '.join(WEEKDAY_NAMES)}", "write one of these"
        )
    return WEEKDAY_NAMES.index(value)


def _weekdays(value: Any, _: Any = None) -> tuple[int | None, ...]:
    return tuple(_weekday(_of_type(name, str)) for name in _of_type(value, list))


def _times(value: Any, _: Any) -> Calendar:
    parts = _converter(detailed=True).structure(value, tuple[PersonTimes, ...])
    if not parts:
        raise _Fault("a calendar of nobody", "it has one part or more", "leave it out, or say when")
    return calendar_of(parts)


def _days(value: Any, _: Any) -> tuple[date, ...]:
    stretches = _converter(detailed=True).structure(value, tuple[Days, ...])
    if sum(map(len, stretches)) > MOST_DAYS:
        raise _Fault("too many days", f"there are at most {MOST_DAYS}", "leave out those that are long past")
    return tuple(day for stretch in stretches for day in stretch)


def _staff(value: Any, _: Any = None) -> tuple[tuple[str, str], ...]:
    return tuple((_of_type(name, str), _of_type(file, str)) for name, file in _of_type(value, dict).items())


def _sources(value: Any, _: Any = None) -> tuple[tuple[str, str], ...]:
    found = []
    for source in _of_type(value, list):
        if set(_of_type(source, dict)) != {"key", "reference"}:
            raise _Fault(
                "this is not a source", "a source has a key and a reference", "give both, and nothing else"
            )
        found.append((_of_type(source["key"], str), _of_type(source["reference"], str)))
    return tuple(found)
