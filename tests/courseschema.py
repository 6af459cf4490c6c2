"""
The schema of the course document, made from the classes of the model.

Types, defaults and descriptions are those of the classes. What only a document knows (durations
and weekdays in words) and limits that no type can say stand in the tables here.
"""

from __future__ import annotations

import inspect
import json
import re
from datetime import date, datetime, time
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import attrs

from ketsched import model
from ketsched.clock import WEEKDAY_NAMES
from ketsched.hours import MOST_DAYS, MOST_PARTS, PatientHours
from ketsched.interchange import jsonform, jsontimes
from ketsched.model import bookings, companions, visits

Schema = dict[str, Any]

DAYS = 366 * model.LONGEST_YEARS
TEXT: Schema = {"type": "string", "pattern": r"\S"}
ID: Schema = {"type": "string", "pattern": r"\S", "minLength": 1, "maxLength": model.LONGEST_ID}
WORDS: Schema = {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 64}
OPAQUE: Schema = {"pattern": "^[A-Za-z0-9][A-Za-z0-9._~-]{0,63}$"}
BARE: Schema = {"pattern": r"^(|(?!\.+$)[^/\\:\x00-\x1f\x7f]{1,255})$"}
"""The name of a file, and no path."""
SPANS: Schema = {
    "pattern": "^([0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}(, [0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2})*)?$"
}
DURATION: Schema = {"$ref": "#/$defs/duration"}
WEEKDAY: Schema = {"$ref": "#/$defs/weekday"}
SIMPLE: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    date: {"$ref": "#/$defs/date"},
    time: {"$ref": "#/$defs/time"},
    datetime: {"$ref": "#/$defs/moment"},
}
WRITTEN: dict[str, Schema] = {
    "date": {
        "description": "Local date at the clinic, 1970 to 2199.",
        "type": "string",
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    },
    "time": {
        "description": "Local time at the clinic.",
        "type": "string",
        "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$",
    },
    "moment": {
        "description": "A moment with its offset from UTC; written in UTC.",
        "type": "string",
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})$",
    },
    "duration": {
        "description": "ISO 8601 duration of hours and minutes.",
        "type": "string",
        "pattern": "^PT(?=[0-9])([0-9]{1,6}H)?([0-9]{1,6}M)?$",
    },
    "weekday": {"enum": list(WEEKDAY_NAMES)},
}
"""What a document writes as text."""

INSTEAD: dict[tuple[type, str], Schema] = {
    (model.Phase, "weekdays"): {
        "type": "array",
        "items": WEEKDAY,
        "uniqueItems": True,
        "description": "Pattern by weekday.",
    },
    (model.Phase, "anchor_weekday"): {
        "anyOf": [WEEKDAY, {"type": "null"}],
        "description": "The weekday on which the source's first session falls, if it says so.",
    },
    (model.Phase, "no_driving"): {"anyOf": [{"const": "next day"}, DURATION, {"type": "null"}]},
    (model.Companion, "weekdays"): {
        "type": "array",
        "items": WEEKDAY,
        "uniqueItems": True,
        "description": "The only days of the week it can be on; empty: any.",
    },
    (model.Companion, "minutes"): DURATION | {"description": "How long an appointment takes."},
    (model.Companion, "before"): {
        "anyOf": [DURATION, {"type": "null"}],
        "description": "For a notice: it holds from so long before the start of the infusion.",
    },
    (model.Companion, "after"): {
        "anyOf": [DURATION, {"type": "null"}],
        "description": "For a notice: it holds until so long after the end of the infusion.",
    },
    (model.Protocol, "sources"): {
        "type": "array",
        "items": {
            "type": "object",
            "additionalProperties": False,
            "required": ["key", "reference"],
            "properties": {"key": {"type": "string"}, "reference": {"type": "string"}},
        },
        "description": "References that numbers cite by their key, each key once.",
    },
    (model.ClinicFiles, "staff"): {
        "type": "object",
        "propertyNames": {"minLength": 1},
        "additionalProperties": {"type": "string"} | BARE,
        "description": "Those whose hours appointments need, by the name that the protocol gives them, each with "
        "the name of the file that says them; an empty one: it is needed, and no file is known.",
    },
    **{(model.Anatomy, a.name): DURATION for a in attrs.fields(model.Anatomy)},
}
"""Attributes that a document writes otherwise than their types say."""

IN_PLACE: dict[tuple[type, str], Any] = {
    (PatientHours, "availability"): tuple[jsontimes.PersonTimes, ...],
    (PatientHours, "wishes"): tuple[jsontimes.PersonTimes, ...],
    (PatientHours, "away"): tuple[jsontimes.Days, ...],
}
"""The types that a document writes in place of those of the model."""

ENUMS: dict[tuple[type, str], tuple[str | None, ...]] = {
    (model.Session, "ride"): bookings.RIDES,
    (model.Decision, "what"): model.OUTCOMES,
    (model.Visit, "by"): visits.CANCELLED_BY,
    (model.Lifted, "by"): ("history", "policy"),
    (model.Revision, "kind"): tuple(model.REVISION_KINDS),
    (model.Phase, "kind"): ("induction", "maintenance"),
    (model.Phase, "anchor"): ("start", "previous"),
    (model.Phase, "place"): ("clinic", "home"),
    (model.Phase, "missed"): model.POLICIES,
    (model.LapseBand, "propose"): model.LAPSES,
    (model.LapseBand, "if_worse"): ("", *model.LAPSES),
    (model.Companion, "kind"): companions.KINDS,
    (model.Companion, "topic"): model.TOPICS,
    (model.Companion, "audience"): companions.AUDIENCES,
    (model.Companion, "place"): companions.PLACES,
    (model.Companion, "on_session_days"): companions.SESSION_DAYS,
    (model.Anchor, "edge"): ("start", "end", None),
    (model.Interval, "missing_day"): ("clip", "roll"),
}
"""Texts that are one of a few words."""


TOLD: dict[tuple[type, str], str] = {
    (model.Anatomy, ""): "What a session is made of; the chair is taken for the sum.",
    (
        model.Changed,
        "",
    ): "A booking that a revision changed, as it was before; neither session nor companion if it is new.",
    (model.Changed, "session"): "The session before.",
    (model.Changed, "companion"): "The appointment or task before.",
    (
        model.Session,
        "status",
    ): "Tentative: to be confirmed; firm: planned; fulfilled: given; closed: taken off.",
    (model.PlacedCompanion, "status"): "As of a session; fulfilled once it took place or was done.",
    (model.Visit, "status"): "What became of it; withdrawn takes an earlier entry back.",
}
"""What is said of a document where the docstrings speak of Python."""


def within(least: int, most: int | None = None) -> Schema:
    """The limits of a whole number, both included."""
    return {"minimum": least} | ({} if most is None else {"maximum": most})


LIMITS: dict[tuple[type, str], Schema] = {
    (model.Course, "id"): OPAQUE,
    (model.Course, "key"): OPAQUE,
    (model.ClinicFiles, "clinic"): BARE,
    (model.ClinicFiles, "courses"): {"anyOf": [{"const": "."}, BARE]},
    **{(PatientHours, name): {"minItems": 1, "maxItems": MOST_PARTS} for name in ("availability", "wishes")},
    (PatientHours, "away"): {"maxItems": MOST_DAYS},
    **{(jsontimes.PersonTimes, name): {"maxItems": MOST_DAYS} for name in ("closures", "openings")},
    **{(jsontimes.PersonTimes, name): {"maxItems": MOST_PARTS} for name in ("holidays", "recurring")},
    **{(jsontimes.Week, a.name): SPANS for a in attrs.fields(jsontimes.Week)},
    (jsontimes.OpenDay, "hours"): SPANS,
    (model.Course, "sessions"): {"maxItems": model.MOST_SESSIONS + model.MOST_VISITS},
    (model.Course, "companions"): {"maxItems": model.MOST_COMPANIONS},
    (model.Course, "visits"): {"maxItems": model.MOST_VISITS},
    (model.Course, "revisions"): {"minItems": 1},
    (model.Session, "id"): ID,
    (model.Session, "chair"): within(1, model.MOST_CHAIRS),
    (model.Session, "revised"): {"minItems": 1, "items": {"type": "integer", "minimum": 0}},
    (model.PlacedCompanion, "id"): ID,
    (model.PlacedCompanion, "unit"): within(1, model.MOST_CHAIRS),
    **{(kind, "uid"): {"maxLength": model.LONGEST_ID} for kind in (model.Session, model.PlacedCompanion)},
    (model.PlacedCompanion, "revised"): {"minItems": 1, "items": {"type": "integer", "minimum": 0}},
    (model.Decision, "who"): TEXT,
    (model.Hold, "id"): ID,
    (model.Hold, "reason"): TEXT,
    (model.Hold, "who"): TEXT,
    (model.Authorisation, "sessions"): within(1, model.MOST_SESSIONS),
    (model.Authorisation, "warn_days"): within(0, 366),
    (model.Lifted, "latest"): within(0),
    (model.Waiver, "rule"): {"pattern": "^KS[0-9]{3}$"},
    (model.Waiver, "sessions"): {"minItems": 1},
    (model.Waiver, "reason"): TEXT,
    (model.Waiver, "who"): TEXT,
    (model.Protocol, "id"): WORDS,
    (model.Protocol, "phases"): {"minItems": 1},
    **{(model.Phase, name): within(1, model.MOST_SESSIONS) for name in ("count", "least", "most")},
    (model.Phase, "weeks"): {"items": {"type": "integer"} | within(1, 52 * model.LONGEST_YEARS)},
    (model.Phase, "study_days"): {"items": {"type": "integer"} | within(1, DAYS), "uniqueItems": True},
    (model.Restriction, "what"): TEXT,
    (model.Restriction, "minutes"): within(0, 7 * model.MOST_MINUTES),
    (model.LapseBand, "first"): within(0, DAYS),
    (model.LapseBand, "last"): within(0, DAYS),
    (model.LapseBand, "repeat"): within(0, model.MOST_SESSIONS),
    (model.Companion, "id"): WORDS,
    (model.Companion, "title"): TEXT,
    (model.Companion, "count"): within(1, model.MOST_SESSIONS),
    (model.Companion, "areas"): {"items": {"enum": list(model.AREAS)}, "uniqueItems": True},
    (model.Companion, "countries"): {
        "items": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "uniqueItems": True,
    },
    (model.Protocol, "indications"): {"items": {"enum": list(model.INDICATIONS)}, "uniqueItems": True},
    (model.Protocol, "study"): {"type": "string", "pattern": r"^[^\n]*$"},
    (model.Anchor, "session"): within(1, model.MOST_SESSIONS),
    (model.Anchor, "every"): within(1, model.MOST_SESSIONS),
    (model.Anchor, "study_day"): within(1, DAYS),
    **{(model.Window, a.name): within(-DAYS, DAYS) for a in attrs.fields(model.Window)},
    (model.Interval, "days"): within(0, model.MOST_DAYS),
    (model.Interval, "months"): within(0, model.MOST_MONTHS),
    **{(model.Spacing, name): within(0, DAYS) for name in ("minimum", "latest", "absolute_minimum", "grace")},
    (model.Spacing, "number"): within(2, model.MOST_SESSIONS),
    (model.RecommendedDay, "number"): within(2, model.MOST_SESSIONS),
    (model.RecommendedDay, "after_first"): within(1, DAYS),
    (model.Spacing, "apart"): within(1, model.MOST_SESSIONS - 1),
    (model.Spacing, "minimum_hours"): within(0, 24 * 366),
    (model.Spacing, "between"): {"items": {"type": "integer"} | within(1, model.MOST_SESSIONS)},
    **{(model.Join, name): within(0, 3660) for name in ("ideal", "minimum", "latest")},
}
"""What no type can say; whatever compares several values is left to the reader of documents."""


def course_schema() -> str:
    """Return the schema as the text of its file."""
    definitions = dict(WRITTEN)
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Course document, version {jsonform.VERSION}",
        "description": "One patient's course of sessions with the protocol it follows. An absent name means "
        "nothing, none or empty, or the default that is given here. What a schema cannot say is checked when "
        "the document is read: that sessions are in order, that phases and companions exist, that numbers of "
        "a protocol agree with each other.",
    }
    course = object_of(model.Course, definitions)
    properties = {name: course["properties"][name] for name in jsonform.ORDER}
    about = {"format": {"const": jsonform.FORMAT}, "version": {"const": jsonform.VERSION, "type": "integer"}}
    course["properties"] = about | properties
    course["required"] = [
        name for name in course["properties"] if name in ("format", "version", *course["required"])
    ]
    del course["description"]
    return json.dumps(whole | course | {"$defs": definitions}, indent=2, ensure_ascii=False) + "\n"


def name_of(kind: type) -> str:
    """Return the name under which a class is defined: PlacedCompanion is placed_companion."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


def object_of(kind: type, definitions: dict[str, Schema]) -> Schema:
    """Return the schema of a class, and add those of the classes that it is made of."""
    types, told = get_type_hints(kind), descriptions_of(kind)
    properties: dict[str, Schema] = {}
    required: list[str] = []
    for a in attrs.fields(kind):
        for name in jsonform.WRITTEN_AS.get((kind, a.name), (a.name,)):  # type: ignore[arg-type]
            properties[name] = property_of(kind, a, types[a.name], name, definitions)
            properties[name].setdefault("description", TOLD.get((kind, name), told.get(name, told[a.name])))
            if a.default is attrs.NOTHING or (kind, name) == (
                model.Visit,
                "status",
            ):  # nothing is assumed given
                required.append(name)
    return {
        "description": TOLD.get((kind, ""), told[""]),
        "type": "object",
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


def property_of(
    kind: type, a: attrs.Attribute[Any], type_: Any, name: str, definitions: dict[str, Schema]
) -> Schema:
    """Return the schema of one attribute: what its type says, its limits, and its default if that says something."""
    at = (kind, a.name)
    if at in INSTEAD:
        return dict(INSTEAD[at])
    type_ = IN_PLACE.get(at, type_)
    if a.name != name:  # of several kinds of booking, the one that the name stands for
        classes = {booking.kind: booking for booking in (model.Session, model.PlacedCompanion)}
        type_ = classes[name] | None
    found: Schema = {"enum": list(ENUMS[at])} if at in ENUMS else of_type(type_, definitions)
    if at in jsonform.LENGTHS:
        found["anyOf"][0] |= LIMITS[at]
    else:
        found |= LIMITS.get(at, {})
    said = not isinstance(a.default, attrs.Factory | tuple) and a.default not in (None, attrs.NOTHING)
    if (
        said
        and at != (model.Visit, "status")
        and not attrs.has(type(a.default))
        and (a.default != "" or at in ENUMS)
    ):
        found["default"] = a.default.value if isinstance(a.default, Enum) else a.default
    return found


def of_type(type_: Any, definitions: dict[str, Schema]) -> Schema:
    """Return what a type says, and add the classes that it names."""
    if type_ in SIMPLE:
        return dict(SIMPLE[type_])
    if get_origin(type_) in (Union, UnionType):
        inner, *more = (of_type(one, definitions) for one in get_args(type_) if one is not NoneType)
        null = NoneType in get_args(type_)
        if null and not more and isinstance(inner.get("type"), str):
            return inner | {"type": [inner["type"], "null"]}
        return {"anyOf": [inner, *more, *([{"type": "null"}] if null else [])]}
    if get_origin(type_) is tuple:
        first, *rest = get_args(type_)
        count = {} if rest == [Ellipsis] else {"minItems": 1 + len(rest), "maxItems": 1 + len(rest)}
        return {"type": "array", "items": of_type(first, definitions)} | count
    if issubclass(type_, Enum):
        return {"enum": [member.value for member in type_]}
    name = name_of(type_)
    if name not in definitions:
        definitions[name] = {}  # so that the order is that in which classes are met
        definitions[name] = object_of(type_, definitions)
    return {"$ref": f"#/$defs/{name}"}


def descriptions_of(kind: type) -> dict[str, str]:
    """Return what the docstring of a class says of it (under "") and of each attribute, its own or its base's."""
    found: dict[str, str] = {}
    for one in reversed([base for base in kind.__mro__ if attrs.has(base)]):
        text = inspect.cleandoc(one.__doc__ or "")
        about, _, attributes = text.partition("\nAttributes:\n")
        found[""] = _plain(about)
        for names, said in re.findall(r"^    (\w+(?:, \w+)*): (.*(?:\n     .*)*)", attributes, re.MULTILINE):
            found |= dict.fromkeys(names.split(", "), _plain(said))
    return found


def _plain(said: str) -> str:
    """Return the words of a docstring for somebody who reads documents, and sees the words that are allowed."""
    plain = " ".join(said.replace("`", "").split())
    plain = re.sub(r",? (?:one )?of [A-Z_]{4,}\b|; code goes by .*words", "", plain)
    plain = re.sub(r"^One of [A-Z_]{4,}\.", "One of these.", plain)
    return (
        re.sub(r"\bNone\b", "null", plain)
        .replace("FULFILLED", "fulfilled")
        .replace(" (see Course.number)", "")
    )
