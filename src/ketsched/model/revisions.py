"""
What a course remembers of itself: its revisions and what each changed, rules lifted, changes of protocol.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import attrs

from ketsched.clock import aware, plausible
from ketsched.errors import InvalidInput, refuse_first
from ketsched.hours import PatientHours
from ketsched.model.bookings import Booking, BookingStatus
from ketsched.model.clinicfiles import ClinicFiles
from ketsched.model.decisions import Authorisation, Hold, Waiver
from ketsched.model.limits import whole_text
from ketsched.model.protocols import Protocol
from ketsched.model.visits import Visit

CAUSES = ("closed", "away")
"""Why a booking cannot stand: the clinic is closed, or the patient cannot come."""


def _in_utc(at: datetime | None) -> datetime | None:
    """Return a moment in UTC: in the repeated hour of a named zone it would equal no other way of writing it."""
    if at is None:
        return None
    aware(at, "at")
    if 1 < at.year < 9999:  # else the conversion could leave what a datetime can be
        at = at.astimezone(UTC)
    plausible(at.date(), "at")
    return at


@attrs.frozen(kw_only=True)
class Changed:
    """
    A booking that a revision changed, as it was before.

    Attributes:
        booking: Id of the session, appointment or task.
        why: The reason, in a few words; empty if the revision says it all.
        before: As it was; None if it is new.
        instead: Id of the booking in whose place a new one came, and that was closed for it; empty: none.
        cause: What made it impossible as it was, one of CAUSES; empty: nothing, or it is not told.
    """

    booking: str = attrs.field(validator=whole_text)
    why: str = attrs.field(default="", validator=whole_text)
    before: Booking | None = None
    instead: str = attrs.field(default="", validator=whole_text)
    cause: str = attrs.field(default="", validator=attrs.validators.in_(("", *CAUSES)))


@attrs.frozen(kw_only=True)
class Lifted:
    """
    The latest day of a required rule between two sessions that binds no longer, and why.

    Attributes:
        rule: The rule, in words.
        earlier: Id of the session that it counts from.
        later: Id of the session that it counts to.
        latest: Days that the rule allows between the two.
        by: "history": what happened has made it impossible; "policy": the way in which a missed
            session is made up goes beyond it, and another way might not.
        key: Which rule it is, whatever its words: "induction/spacing 1/latest"; empty if it was lifted
            before rules had keys, and is known by its words.
    """

    rule: str = attrs.field(validator=whole_text)
    earlier: str = attrs.field(validator=whole_text)
    later: str = attrs.field(validator=whole_text)
    latest: int
    by: str = "history"
    key: str = attrs.field(default="", validator=whole_text)

    def __attrs_post_init__(self) -> None:
        fault = (
            self.by not in ("history", "policy") or self.latest < 0,
            "by" if self.latest >= 0 else "latest",
            f"a rule lifted by {self.by[:20]!r}, of {self.latest} days",
            "the history or a policy lifts a rule's latest day",
            'give by="history" or by="policy"',
        )
        refuse_first(InvalidInput, "lifted", (fault,))


@attrs.frozen(kw_only=True)
class Segment:
    """
    Where a course went over to another protocol.

    Attributes:
        protocol: Id of the protocol from here on.
        version: Of that protocol.
        first: Name of its first phase in the course's protocol.
        on: Local date of the change.
    """

    protocol: str = attrs.field(validator=whole_text)
    version: str = attrs.field(validator=whole_text)
    first: str = attrs.field(validator=whole_text)
    on: date


REVISION_KINDS = {
    "planned": "planned",
    "recorded": "recorded",
    "replanned": "re-planned",
    "recorded and replanned": "re-planned after what happened",
    "proposal": "after a lapse",
    "moved": "moved by hand",
    "companions": "around the sessions",
    "held": "held",
    "released": "hold lifted",
    "authorised": "authorised",
    "decided": "decided",
    "ride": "ride home",
    "done": "done",
    "waived": "waived",
    "undone": "undone",
}
"""What a revision can have been, by keys that stay, and how people are told."""


OF_MANY = ("visits", "holds", "authorisations", "waivers", "skipped", "lifted", "segments")
"""Attributes of a course, besides its bookings, that hold many things one after another."""


@attrs.frozen(kw_only=True)
class Kept:
    """
    An attribute of the course that a revision changed, and how much of it stayed.

    Attributes:
        name: Of the attribute.
        first: How many of the things in it, from the first on, stayed as they were; 0 for what is one thing.
    """

    name: str = attrs.field(validator=whole_text)
    first: int = 0


@attrs.frozen(kw_only=True)
class Besides:
    """
    What a revision changed of the course besides its bookings, each as it was before; so that it can be undone.

    Attributes:
        changed: Which attributes changed. Those that did not are left out below.
        visits, holds, authorisations, waivers, skipped, lifted, segments: What came after those that stayed.
        ended, protocol, patient, files: What it was.
    """

    changed: tuple[Kept, ...] = ()
    visits: tuple[Visit, ...] = ()
    holds: tuple[Hold, ...] = ()
    authorisations: tuple[Authorisation, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    skipped: tuple[str, ...] = ()
    lifted: tuple[Lifted, ...] = ()
    segments: tuple[Segment, ...] = ()
    ended: date | None = None
    patient: PatientHours | None = None
    files: ClinicFiles | None = None
    protocol: Protocol | None = None

    def __attrs_post_init__(self) -> None:
        names = [kept.name for kept in self.changed]
        known = {a.name for a in attrs.fields(Besides)} - {"changed"}
        lacks = {name for name in ("patient", "files", "protocol") if getattr(self, name) is None}
        fault = (
            not known.issuperset(names)
            or len(set(names)) < len(names)
            or any(kept.first < 0 for kept in self.changed)
            or not lacks.isdisjoint(names),
            "changed",
            "a revision that does not tell what it changed",
            "it names each attribute of the course once, and tells what it was",
            f"name some of {', '.join(sorted(known))}, and give what they were",
        )
        refuse_first(InvalidInput, "besides", (fault,))

    def earlier(self, now: Mapping[str, Any]) -> dict[str, Any]:
        """Return the attributes of a course as they were before, given as the revision left them."""
        found = dict(now)
        for kept in self.changed:
            was = getattr(self, kept.name)
            found[kept.name] = (*now[kept.name][: kept.first], *was) if kept.name in OF_MANY else was
        return found

    @classmethod
    def of(cls, before: Mapping[str, Any], after: Mapping[str, Any]) -> Besides:
        """Return what differs between the attributes of a course before and after."""
        changed, was = [], {}
        for name, now in after.items():
            then = before[name]
            if then is now or then == now:
                continue
            first = 0
            if name in OF_MANY:
                first = next((n for n, (a, b) in enumerate(zip(then, now, strict=False)) if a != b), -1)
                first = min(len(then), len(now)) if first < 0 else first
                then = then[first:]
            changed.append(Kept(name=name, first=first))
            was[name] = then
        return cls(changed=tuple(changed), **was)


BESIDES = (*OF_MANY, "ended", "patient", "files", "protocol")
"""All attributes of a course that `Besides` tells of."""


@attrs.frozen(kw_only=True)
class Revision:
    """
    One state of a course that was given out.

    Attributes:
        at: The moment it was made, kept in UTC; None if the caller gave none.
        kind: What it was, one of REVISION_KINDS; code goes by this, never by words.
        proposal: Which of the ways that were proposed after a lapse it took; empty: none.
        what: What was done, in a word or two for people; unless given, what the kind is called.
        who: Who did it; empty if nobody said.
        why: Why, in the words of whoever did it; for the clinic.
        changes: Each booking that it changed, in order of time; the first revision has none.
        remarks: What it did that a clinician should know, such as a rule that it could not keep.
        besides: What it changed besides bookings; None: that was not kept, or it is the first one.
    """

    at: datetime | None = attrs.field(converter=_in_utc)
    kind: str = "planned"
    proposal: str = attrs.field(default="", validator=whole_text)
    what: str = attrs.field(default="", validator=whole_text)
    who: str = attrs.field(default="", validator=whole_text)
    why: str = attrs.field(default="", validator=whole_text)
    changes: tuple[Changed, ...] = ()
    remarks: tuple[str, ...] = ()
    besides: Besides | None = None

    def __attrs_post_init__(self) -> None:
        if not self.what:
            said = REVISION_KINDS.get(self.kind, "")
            object.__setattr__(self, "what", f"{said}: {self.proposal}" if self.proposal else said)
        fault = (
            self.kind not in REVISION_KINDS,
            "kind",
            f"a revision of the kind {self.kind[:20]!r}",
            f"a revision is one of {', '.join(REVISION_KINDS)}",
            'give kind="replanned", or another of these',
        )
        refuse_first(InvalidInput, "revision", (fault,))

    @property
    def records_visits(self) -> bool:
        """Whether it wrote into the course what happened."""
        return self.kind in ("recorded", "recorded and replanned")

    def __repr__(self) -> str:
        at = "" if self.at is None else f" at {self.at:%Y-%m-%dT%H:%M:%SZ}"
        return f"<Revision {self.what!r}{at}: {len(self.changes)} changed>"


@attrs.frozen(kw_only=True)
class Change:
    """
    What a revision did to one booking, or to one that was closed and the one that came in its place.

    Attributes:
        booking: Its id.
        why: The reason, in a few words.
        before: As it was, or that in whose place it came; None if it is new.
        after: As the revision left it.
        cause: What made it impossible as it was, one of CAUSES; empty: nothing, or it is not told.
    """

    booking: str
    why: str
    before: Booking | None
    after: Booking
    cause: str = ""

    @property
    def instead(self) -> str:
        """Id of the booking in whose place it came, which was closed for it; empty: none."""
        return "" if self.before is None or self.before.id == self.booking else self.before.id

    @property
    def kind(self) -> str:
        """What became of it: "added", "moved", "closed", "missed", "fulfilled", "opened" again, or "changed"."""
        before, after = self.before, self.after
        if before is None:
            return "added"
        if before.status is not after.status:
            if not after.status.stands or after.status is BookingStatus.FULFILLED:
                return str(after.status)
            if not before.status.stands:
                return "opened"
        return "moved" if (before.day, before.time) != (after.day, after.time) else "changed"

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values: what is booked, what became of it, from when to when, and why."""
        return {
            "booking": self.booking,
            "is": self.after.kind,
            "phase": self.after.of if self.after.kind == "session" else None,
            "change": self.kind,
            "instead": self.instead or None,
            "from": None if self.before is None else _moment_of(self.before),
            "to": _moment_of(self.after),
            "why": self.why,
        }


def joined(changes: Sequence[Change], instead: Mapping[str, str]) -> tuple[Change, ...]:
    """
    Return changes with a booking that was closed and the one that came in its place as one.

    Args:
        changes: Each booking's own.
        instead: For a new booking the one in whose place it came.
    """
    closed = {change.booking: change for change in changes if not change.after.status.stands}
    pairs = {
        change.booking: closed[instead[change.booking]]
        for change in changes
        if change.before is None and change.after.status.stands and instead.get(change.booking) in closed
    }
    gone = {change.booking for change in pairs.values()}
    return tuple(
        attrs.evolve(change, before=pairs[change.booking].before, cause=pairs[change.booking].cause)
        if change.booking in pairs
        else change
        for change in changes
        if change.booking not in gone
    )


def _moment_of(booking: Booking) -> dict[str, Any]:
    at = f"{booking.time:%H:%M}" if booking.time else None
    return {"day": booking.day.isoformat(), "time": at, "status": str(booking.status)}
