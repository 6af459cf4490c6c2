"""
The form of a course document: its version, and the names in it and their order.
"""

from __future__ import annotations

from typing import Any

import attrs

from ketsched.model import (
    Changed,
    Companion,
    Course,
    Decision,
    Interval,
    Join,
    LapseBand,
    PlacedCompanion,
    RecommendedDay,
    Session,
    Spacing,
    Visit,
)

FORMAT = "ketsched-course"
VERSION = 2
ORDER = (
    "id",
    "key",
    "zone",
    "patient",
    "files",
    "contact",
    "language",
    "sessions",
    "companions",
    "visits",
    "skipped",
    "lifted",
    "segments",
    "ended",
    "holds",
    "authorisations",
    "revisions",
    "waivers",
    "protocol",
)
"""Of the document: what people look for first, and the longest part last."""

NOTHING_TOO = {
    Course: ("patient", "files", "contact", "language"),
    Interval: ("days", "months", "missing_day"),
    Companion: ("minutes",),
    Session: ("pinned", "booked", "counts"),
    PlacedCompanion: ("pinned",),
    Visit: ("elsewhere", "worse"),
    Decision: ("applied",),
    LapseBand: ("repeat",),
}
"""Attributes whose default means "nothing", or nothing unusual, although it is a number or a word."""

WRITTEN_AS = {(Changed, "before"): (Session.kind, PlacedCompanion.kind)}
"""Attributes that a document gives another name, by what the value is."""

LENGTHS: tuple[tuple[type[Any], str], ...] = (
    *((Spacing, name) for name in ("minimum", "latest", "absolute_minimum", "grace")),
    *((Join, name) for name in ("ideal", "minimum", "latest")),
    (RecommendedDay, "after_first"),
)
"""Attributes that are a number of days, or an interval."""

LARGEST = 2**53 - 1
"""Whole numbers lie within it (RFC 7493 2.2)."""
KINDS = {
    str: "a text in quotes",
    int: "a whole number",
    bool: "true or false",
    list: "a list in [ ]",
    dict: "an object in { }",
    float: "a number with a decimal point",
    type(None): "null",
}
"""What each type is called in a document."""


def names_of(kind: type[Any]) -> list[str]:
    """Return the names that an object of a class has in a document."""
    return [name for a in attrs.fields(kind) for name in WRITTEN_AS.get((kind, a.name), (a.name,))]
