"""
What a published file says: for whom, how much of it, and in which words.

A default file tells nothing: not the drug, the diagnosis or the number of a session, and not the name of
this library, because that tells the drug.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import attrs

from ketsched.errors import InvalidInput
from ketsched.languages import Words, check_language
from ketsched.model import Course
from ketsched.nearness import did_you_mean

Chosen = TypeVar("Chosen", bound=StrEnum)


class Audience(StrEnum):
    """Who reads the file; decides the words."""

    PATIENT = "patient"
    CLINIC = "clinic"


class Privacy(StrEnum):
    """How much the words tell: nothing, that it is a treatment and its number, or all."""

    DISCREET = "discreet"
    NAMED = "named"
    FULL = "full"


class Events(StrEnum):
    """Which events a file has: all, or appointments alone, whose texts tell of the reminders anyway."""

    ALL = "all"
    APPOINTMENTS = "appointments"


METHODS = ("PUBLISH",)
"""Methods that a calendar file may carry; none is the default."""


def _one_of(kind: type[Chosen], value: object, name: str) -> Chosen:
    try:
        return kind(str(value))
    except ValueError:
        known = [member.value for member in kind]
        raise InvalidInput(
            what=f"the {name} {str(value)[:20]!r}",
            where=name,
            why=f"it is one of {', '.join(known)}",
            fix=did_you_mean(str(value), known) or f'give {name}="{known[0]}", or leave it out',
        ) from None


def _audience(value: object) -> Audience:
    return _one_of(Audience, value, "audience")


def _events(value: object) -> Events:
    return _one_of(Events, value, "events")


def privacy_of(value: object) -> Privacy:
    """Return the privacy of a name, "discreet"."""
    return _one_of(Privacy, value, "privacy")


@attrs.frozen(kw_only=True)
class Publication:
    """
    How a course is published.

    Attributes:
        audience: Who reads it.
        privacy: How much it tells.
        language: Of its words; empty: the course's.
        method: A calendar's METHOD, if it has to carry one.
        findings: What the rules remarked, each with `code` and `what`; told to the clinic where all is told.
        events: Whether it has reminders and the days after sessions as events, or appointments alone.
        changes_only: Whether only what the last revision changed is written, and what was recorded just before it.
        as_of: Cancelled events whose day is before this local date are left out; None: all are kept.
        templates: The clinic's folder that a page is made with; None: as it is shipped.
    """

    audience: Audience = attrs.field(default=Audience.PATIENT, converter=_audience)
    privacy: Privacy = attrs.field(default=Privacy.DISCREET, converter=privacy_of)
    language: str = ""
    method: str | None = None
    findings: tuple[Any, ...] = attrs.field(default=(), converter=tuple)
    events: Events = attrs.field(default=Events.ALL, converter=_events)
    changes_only: bool = False
    as_of: date | None = None
    templates: Path | None = attrs.field(default=None, converter=attrs.converters.optional(Path))

    def __attrs_post_init__(self) -> None:
        if self.language:
            check_language(self.language)
        if self.method is not None and self.method not in METHODS:
            raise InvalidInput(
                what=f"the method {str(self.method)[:20]!r}",
                where="method",
                why="a method other than PUBLISH asks readers for answers, and some then show one event only",
                fix='leave it out, or give method="PUBLISH" for a program that wants it',
            )
        if self.as_of is not None and (isinstance(self.as_of, datetime) or not isinstance(self.as_of, date)):
            raise InvalidInput(
                what="as_of is not a date",
                where="as_of",
                why="a cancelled event is left out once its day at the clinic has passed",
                fix="give a date, as_of=date(2027, 1, 14), or leave it out",
            )

    @property
    def in_part(self) -> bool:
        """Whether some events of the course are left out."""
        return self.changes_only or self.as_of is not None or self.events is not Events.ALL

    def words_for(self, course: Course) -> Words:
        """Return the words in which a course is told: of its language and place, the clinic's own among them."""
        return Words.of(self.language or course.language, zone=course.zone, contact=course.contact)
