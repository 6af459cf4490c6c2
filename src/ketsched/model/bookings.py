"""
What is booked: sessions, and the appointments and tasks around them.

A booking keeps its id for ever; its day, hour and state change.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from enum import StrEnum
from typing import Any, ClassVar

import attrs

from ketsched.clock import plausible
from ketsched.errors import InvalidInput
from ketsched.model.decisions import Decision
from ketsched.model.limits import MOST_CHAIRS, check_booking_id, whole_text
from ketsched.model.phases import Phase
from ketsched.model.protocols import Protocol


class BookingStatus(StrEnum):
    """What a booking is: planned and to be confirmed, planned, given, missed, or taken off the calendar."""

    TENTATIVE = "tentative"
    FIRM = "firm"
    FULFILLED = "fulfilled"
    MISSED = "missed"
    CLOSED = "closed"

    stands: bool
    """Whether the session takes place or did: it counts in the order of the course."""

    def __init__(self, word: str) -> None:
        self.stands = word not in ("missed", "closed")

    @property
    def can_move(self) -> bool:
        """Whether nothing was recorded of it: it can be given another day, and one that was closed comes back."""
        return self is not BookingStatus.MISSED and self is not BookingStatus.FULFILLED


def _check_clock(given: time | None, what: str) -> None:
    if given is not None and (given.second or given.microsecond or given.tzinfo):
        raise InvalidInput(
            what=f"{what} starts at {given}",
            why="what is booked starts on a whole minute of the clinic's clock",
            fix="give hours and minutes without a zone; the zone is the course's",
        )


MIDNIGHT = time()
RIDES = ("", "confirmed", "none", "self")
"""What is known of the ride home: nothing yet, it is confirmed, there is none, the patient means to drive."""


def _in_order(*names: str) -> Callable[[type, list[attrs.Attribute[Any]]], list[attrs.Attribute[Any]]]:
    """Let a class show its attributes in this order, and so the course document, those of its base among them."""
    return lambda _, attributes: sorted(attributes, key=lambda attribute: names.index(attribute.name))


When = tuple[date, time, str]
"""A booking's place in the order of time: its day, its hour (what has none comes first), and at last its id."""


@attrs.frozen(kw_only=True)
class Booking:
    """
    What sessions, appointments and tasks have in common: an id for ever, a day, and what is known of it.

    Attributes:
        id: Given once and never reused, 1 to 255 characters; no other booking of the course has it.
        day: Local date at the clinic; a task's due date.
        time: Local time at which it starts; None for a task, or if only the day is known.
        status: See BookingStatus.
        ideal: The day that the pattern or the protocol asks for, if it was planned here.
        uid: The identity of its event, if another program gave it one; empty: it follows from the ids of the course
            and its own.
        revised: Numbers of the course's revisions, from 0, that gave or changed its start, end, place or status.
    """

    kind: ClassVar[str]

    id: str = attrs.field(validator=whole_text)
    day: date
    time: time | None = None
    status: BookingStatus = BookingStatus.FIRM
    ideal: date | None = None
    uid: str = attrs.field(default="", validator=whole_text)
    revised: tuple[int, ...] = (0,)

    def __attrs_post_init__(self) -> None:
        check_booking_id(self.id, self.kind)
        if self.uid:
            check_booking_id(self.uid, f"{self.kind} {self.id}", "uid")
            if self.uid != self.uid.strip():
                raise InvalidInput(
                    what=f"the uid of {self.kind} {self.id} begins or ends with a blank",
                    where="uid",
                    why="calendars drop it, and would then know the event by another name",
                    fix="give the UID as the calendar has it, without blanks around it",
                )
        plausible(self.day, f"{self.kind} {self.id}")
        _check_clock(self.time, f"{self.kind} {self.id}")

    @property
    def of(self) -> str:
        """What it is of: the name of a session's phase, the id of an appointment's or task's companion."""
        raise NotImplementedError

    def place_and_minutes(self, protocol: Protocol) -> tuple[str, int]:
        """Return where it is and how long it takes: what it says itself, or else what it is of."""
        raise NotImplementedError

    @property
    def when(self) -> When:
        """What it is sorted by."""
        return self.day, self.time or MIDNIGHT, self.id

    @property
    def sequence(self) -> int:
        """How often it has changed since it was first given; iCalendar's SEQUENCE."""
        return len(self.revised) - 1


@attrs.frozen(
    kw_only=True,
    field_transformer=_in_order(
        *("id", "phase", "day", "time", "status", "chair", "place", "route", "ride"),
        *("ideal", "pinned", "booked", "counts", "uid", "revised"),
    ),
)
class Session(Booking):
    """
    One session: what is booked of a phase.

    Its number in the series is derived (see `Course.number`).

    Attributes:
        phase: Name of its phase.
        chair: Number of the chair, 1 to 1000; None if unknown.
        place: Where it is, if not where the phase says; "home" is not at the clinic.
        route: Of the drug, if not the phase's.
        ride: What is known of the ride home, one of RIDES; it changes no calendar.
        pinned: Whether its day was chosen by hand: planning again moves it only if it can no longer stand.
        booked: Whether it was ever booked; one that was given without a booking is in no calendar file.
        counts: Whether it fills a place of its series; not so if it was given too soon, or is an ad-hoc booster.
    """

    kind = "session"

    phase: str = attrs.field(validator=whole_text)
    chair: int | None = None
    place: str = attrs.field(default="", validator=whole_text)
    route: str = attrs.field(default="", validator=whole_text)
    ride: str = ""
    pinned: bool = False
    booked: bool = True
    counts: bool = True

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.chair is not None and not 1 <= self.chair <= MOST_CHAIRS:
            raise InvalidInput(
                what=f"session {self.id} is on chair {self.chair}",
                where="chair",
                why=f"chairs are numbered from 1, up to {MOST_CHAIRS}",
                fix="give its number, or leave it out if it is not known",
            )
        if self.ride not in RIDES:
            raise InvalidInput(
                what=f"the ride home of session {self.id} is {str(self.ride)[:20]!r}",
                where="ride",
                why="a ride is confirmed, there is none, or the patient means to drive (self)",
                fix='give ride="confirmed", ride="none", ride="self", or leave it out if nothing is known',
            )

    @property
    def of(self) -> str:
        """The name of its phase."""
        return self.phase

    def place_and_minutes(self, protocol: Protocol) -> tuple[str, int]:
        """Return where it is (its own place, or else its phase's) and how long it takes the chair."""
        phase = protocol.phase(self.phase)
        return self.place or phase.place, phase.anatomy.minutes

    def is_at_home(self, phase: Phase) -> bool:
        """Whether it takes no chair: it, or else its phase, is at home."""
        return (self.place or phase.place).strip().casefold() == "home"


@attrs.frozen(
    kw_only=True,
    field_transformer=_in_order(
        *("id", "companion", "day", "time", "session", "who", "unit", "status"),
        *("ideal", "pinned", "outcome", "uid", "revised"),
    ),
)
class PlacedCompanion(Booking):
    """
    One booking of what goes around the sessions: an appointment on its day, or a task with its due date.

    It is FULFILLED once it took place or was done. Notices are not booked: they follow from the
    protocol and the session they are beside.

    Attributes:
        companion: Id of the protocol's companion.
        session: Id of the session that it goes with: its anchor, or the one nearest to that.
        who: Whom or what an appointment takes, by the name of the calendar, "therapist"; empty: nobody that is counted.
        unit: Which of them it is where there are several, from 1; None if unknown.
        pinned: Whether its day was chosen by hand: it is moved by itself only if it can no longer stand.
        outcome: What it decided, if it is a gate and that was recorded.
    """

    kind = "companion"

    companion: str
    session: str = attrs.field(default="", validator=whole_text)
    who: str = attrs.field(default="", validator=whole_text)
    unit: int | None = None
    pinned: bool = False
    outcome: Decision | None = None

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.unit is not None and not (self.who and 1 <= self.unit <= MOST_CHAIRS):
            raise InvalidInput(
                what=f"appointment {self.id} takes number {self.unit} of {self.who[:40] or 'nobody'}",
                where="unit",
                why=f"those whom a calendar is for are numbered from 1, up to {MOST_CHAIRS}",
                fix='give who="therapist", unit=1, or leave unit out if it is not known',
            )

    @property
    def of(self) -> str:
        """The id of its companion."""
        return self.companion

    def place_and_minutes(self, protocol: Protocol) -> tuple[str, int]:
        """Return where it is and how long it takes, as its companion says; a task takes no time."""
        companion = protocol.companion(self.companion)
        return companion.place, companion.minutes
