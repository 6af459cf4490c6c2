"""
Arguments of the wrong kind, refused at the door of each public verb, and nowhere else.

`checked` reads what a verb says of its arguments in its annotations. A path for a calendar or bare
dates for a course then give an error in four parts, and no AttributeError from within.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import attrs

from ketsched.clock import aware, plausible
from ketsched.errors import InvalidInput, KetschedError

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Refusal = type[KetschedError]
_WRONG = object()

_SAID = {
    "Course": ("a course", "give what plan or read returned; for bare dates, Course.of_days(protocol, days)"),
    "Protocol": ("a protocol", 'give load_protocol("iv-mwf-6")'),
    "Calendar": (
        "a calendar",
        'give Calendar.weekly("Europe/Amsterdam", mon="09:00-17:00"), Calendar.load("clinic.toml"), '
        'or Calendar.always("Europe/Amsterdam").without(days)',
    ),
    "Occupant": ("a course", "give what plan or read returned"),
    "Visit": ("a visit", 'give Visit(date(2027, 1, 14), "no-show")'),
    "Waiver": (
        "a waiver",
        'give Waiver(rule="KS101", sessions=("s5",), reason="a journey", who="Dr A")',
    ),
    "Join": ("a join", "give Join(ideal=7)"),
    "Interval": ("an interval", 'give Interval.parse("P26W")'),
    "Length": ("a whole number of days, or an interval", 'give 7, or Interval.parse("P3M")'),
    "Hold": ("a hold", 'give Hold(id="h1", reason="rash", who="Dr A", since=date(2027, 1, 4))'),
    "Authorisation": ("an authorisation", "give Authorisation(sessions=6)"),
    "Decision": ("a decision", 'give Decision(what="continue", on=date(2027, 1, 18), who="Dr A")'),
    "date": ("a date", "give date(2027, 1, 4)"),
    "datetime": ("a moment", "give datetime(2027, 1, 4, 9, tzinfo=UTC)"),
    "time": ("a time of day", "give time(9, 30)"),
    "timedelta": ("a time that passes", "give timedelta(hours=2)"),
    "str": ("a text", 'give a text, "..."'),
    "bytes": ("bytes", "give bytes"),
    "Path": ("a path", "give a path"),
    "int": ("a whole number", "give a whole number, such as 1"),
    "bool": ("True or False", "give True or False"),
    "Any": ("anything", "give anything"),
}
"""What each type is called, and what to give."""
_TYPES: dict[str, type] = {
    "date": date,
    "datetime": datetime,
    "timedelta": timedelta,
    "str": str,
    "bytes": bytes,
    "Path": Path,
    "int": int,
    "bool": bool,
    "Any": object,
}
"""The types that are not of the library; those that are, are found where the verb is."""
_NEVER: dict[str, type] = {"date": datetime, "int": bool, "Length": bool}
"""A kind of each type that is another thing all the same."""


@attrs.frozen
class Kind:
    """
    What an argument may be.

    Attributes:
        says: What it is, in a few words.
        fix: What to give.
        take: Returns the value to go on with, or _WRONG if it is of another kind.
        refuse: Raises what is said of a wrong one, if that is said elsewhere already.
        type: A type of which every value fits: many of them are looked at at once.
    """

    says: str
    fix: str
    take: Callable[[object], object]
    refuse: Callable[[Any, str], object] | None = None
    type: type | None = None

    def taken(self, value: object, name: str, error: Refusal = InvalidInput) -> object:
        """Return the value to go on with; refuse one of another kind by the name of the argument."""
        taken = self.take(value)
        if taken is not _WRONG:
            return taken
        if self.refuse is not None:
            self.refuse(value, name)
        what, why = f"{name} is {_shown(value)}", f"it has to be {self.says}"
        raise error(what=what, where=name, why=why, fix=self.fix, argument=name)


def checked(verb: Callable[P, R]) -> Callable[P, R]:
    """Let a verb refuse arguments of another kind than its annotations say; several of something become a tuple."""
    code = verb.__code__
    names = code.co_varnames[: code.co_argcount]
    collects = any(said.startswith("Unpack[") for said in verb.__annotations__.values())

    @wraps(verb)
    def checking(*args: P.args, **kwargs: P.kwargs) -> R:
        given: dict[str, object] = dict(zip(names, args, strict=False))
        if len(args) > len(names) or not given.keys().isdisjoint(kwargs):
            return verb(*args, **kwargs)  # too many, or one given twice: Python says so
        given |= kwargs
        kinds = _kinds(verb)
        if collects and (unknown := given.keys() - kinds.keys() - set(names)):
            raise TypeError(f"{verb.__name__}() got an unexpected keyword argument {min(unknown)!r}")
        for name, value in given.items():
            if name in kinds:  # else the value that has the method, or no argument of the verb
                given[name] = kinds[name].taken(value, name)
        return cast("Callable[..., R]", verb)(**given)  # as they came, by name

    return checking


def checked_attributes(error: Refusal = InvalidInput) -> Callable[[type[T]], type[T]]:
    """
    Let an attrs class refuse attributes of another kind than its annotations say, before it looks at values.

    Args:
        error: What it raises.
    """

    def checking(kind: type[T]) -> type[T]:
        make: Callable[..., None] = kind.__init__
        fields = [field for field in attrs.fields(cast("type[attrs.AttrsInstance]", kind)) if field.init]
        in_order = [field.alias for field in fields if not field.kw_only]
        said = {
            f.alias: str(f.type)
            for f in fields
            if (f.converter is None or "Length" in str(f.type)) and f.validator is None
        }
        kinds: dict[str, Kind] = {}

        @wraps(make)
        def making(self: T, *args: object, **kwargs: object) -> None:
            given: dict[str, object] = dict(zip(in_order, args, strict=False))
            if len(args) > len(in_order) or not given.keys().isdisjoint(kwargs):
                make(self, *args, **kwargs)  # too many, or one given twice: Python says so
                return
            if not kinds:
                known = vars(sys.modules[kind.__module__]) | _TYPES
                kinds.update({name: _kind(annotation, known) for name, annotation in said.items()})
            given |= kwargs
            for name, value in given.items():
                if name in kinds:
                    given[name] = kinds[name].taken(value, name, error)
            make(self, **given)

        kind.__init__ = making  # type: ignore[method-assign,assignment]
        return kind

    return checking


def _shown(value: object) -> str:
    """Say what a value is; of a long one, or one that may name somebody, its type alone."""
    if value is None or isinstance(value, bool | int | float):
        return f"{value}"[:40]
    if isinstance(value, str):
        return repr(value[:40])
    name = type(value).__name__
    entry = f" of {type(value[0]).__name__}" if isinstance(value, list | tuple) and value else ""
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}{entry}"


@cache
def _kinds(verb: Callable[..., object]) -> dict[str, Kind]:
    """Return the kind of each argument of a verb."""
    known = verb.__globals__ | _TYPES
    said: dict[str, str] = {}
    for name, annotation in verb.__annotations__.items():
        if annotation.startswith("Unpack["):
            options = known[annotation[len("Unpack[") : -1]]
            known = vars(sys.modules[options.__module__]) | known
            said |= {key: one.__forward_arg__ for key, one in options.__annotations__.items()}
        elif name != "return":
            said[name] = annotation
    return {name: _kind(annotation, known) for name, annotation in said.items()}


def _kind(annotation: str, known: Mapping[str, Any]) -> Kind:
    """Return the kind that an annotation names, "Calendar | None" or "Iterable[Visit]"."""
    parts = annotation.split(" | ")
    kinds = [_alone(part, known) for part in parts if part != "None"]
    if len(parts) == 1:
        return kinds[0]

    optional = "None" in parts

    def take(value: object) -> object:
        if value is None and optional:
            return value
        for kind in kinds:
            taken = kind.take(value)
            if taken is not _WRONG:
                return taken
        return _WRONG

    says, fix = " or ".join(kind.says for kind in kinds), "; or ".join(kind.fix for kind in kinds)
    return Kind(says, fix, take, kinds[0].refuse if len(kinds) == 1 else None)


def _alone(annotation: str, known: Mapping[str, Any]) -> Kind:
    base, _, inner = annotation.partition("[")
    inner = inner.removesuffix("]")
    if annotation == "tuple[date, date]":
        fix = "give (date(2027, 1, 4), date(2027, 1, 31))"
        return Kind("the first and the last date", fix, _of_dates)
    if base == "Mapping":
        return _by_name(_one(inner.partition(", ")[2], known))
    if base == "tuple" and not inner.endswith(", ..."):
        return _exactly([_alone(part, known) for part in inner.split(", ")])
    return _several(_alone(inner.removesuffix(", ..."), known)) if inner else _one(base, known)


def _one(name: str, known: Mapping[str, Any]) -> Kind:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    says, fix = _SAID.get(name, (f"{'an' if words[0] in 'aeiou' else 'a'} {words}", f"give {name}(...)"))
    if name == "time":
        return Kind(says, fix, _whole_minute, _refuse_time)
    kind, never = known[name], _NEVER.get(name, ())

    def take(value: object) -> object:
        return value if isinstance(value, kind) and not isinstance(value, never) else _WRONG

    return Kind(says, fix, take, {"date": plausible, "datetime": aware}.get(name), kind)


def _several(kind: Kind) -> Kind:
    def take(values: object) -> object:
        if not isinstance(values, Iterable) or isinstance(values, str | bytes):
            return _WRONG
        taken = tuple(values)
        fits = {kind.type}.issuperset(map(type, taken)) or all(kind.take(v) is not _WRONG for v in taken)
        return taken if fits else _WRONG

    one = kind.says.removeprefix("a ").removeprefix("an ")
    return Kind(f"a list, each entry {kind.says}", f"{kind.fix}, in a list; [] for no {one}", take)


def _exactly(kinds: Sequence[Kind]) -> Kind:
    def take(values: object) -> object:
        if not isinstance(values, list | tuple) or len(values) != len(kinds):
            return _WRONG
        taken = tuple(kind.take(value) for kind, value in zip(kinds, values, strict=True))
        return _WRONG if _WRONG in taken else taken

    return Kind(f"a pair, each entry {kinds[0].says}", f"{kinds[0].fix}, two in parentheses", take)


def _by_name(kind: Kind) -> Kind:
    def take(values: object) -> object:
        if not isinstance(values, Mapping) or not all(isinstance(name, str) for name in values):
            return _WRONG
        return values if all(kind.take(value) is not _WRONG for value in values.values()) else _WRONG

    return Kind(f"a dictionary, by name {kind.says}", f'give {{"name": ...}}, each value {kind.says}', take)


def _of_dates(values: object) -> object:
    is_date = _one("date", _TYPES).take
    fits = isinstance(values, tuple) and all(is_date(value) is not _WRONG for value in values)
    return values if fits else _WRONG


def _whole_minute(at: object) -> object:
    fits = isinstance(at, time) and not (at.tzinfo or at.second or at.microsecond)
    return at if fits else _WRONG


def _refuse_time(at: object, name: str) -> None:
    raise InvalidInput(
        what=f"the time {str(at)[:40]!r}",
        where=name,
        why="times of day are whole minutes on the clock of the clinic, whose calendar says the zone",
        fix="give a datetime.time without tzinfo, for example time(9, 30)",
        argument=name,
    )
