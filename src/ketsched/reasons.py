"""
Why something is on its day: from a date to the rules behind it, their numbers, sources and marks.

Nothing is worked out anew: what is told is what the protocol says of a phase or a companion, and what
the revisions of the course remember.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import attrs

from ketsched.agenda import Agenda, agenda
from ketsched.anchors import notices
from ketsched.arguments import checked
from ketsched.clock import day_words, plausible
from ketsched.errors import InvalidInput
from ketsched.model import Companion, Course, Evidence, Mark, Phase, Session
from ketsched.moments import CompanionEntry, DayAfter, Entry, SessionEntry
from ketsched.words.prescribed import value_words

CHOSEN = "chosen when the course was planned"
"""Where a number comes from that is not in the protocol's file."""
HOUSE = "house default; not from a publication"
_PATTERNS = ("weekdays", "study_days", "every")
_PARTS = ("prepare", "infusion", "observation", "discharge")


@attrs.frozen(kw_only=True)
class Reason:
    """
    One rule that has a part in a day.

    Attributes:
        part: "day" (it put the booking there), "limit" (it keeps it within bounds), "length" (how long it
            takes) or "around" (what holds before or after it).
        rule: Its key in the protocol's file, "weekdays", "spacing 1"; "start" for the day that was given.
        says: The number, or what else it says, in words.
        source: Its references in full.
        mark: How far that was verified; None if it is no number of the protocol.
        note: What else a reader should know.
    """

    part: str
    rule: str
    says: str
    source: str
    mark: Mark | None = None
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return attrs.asdict(self) | {"mark": None if self.mark is None else self.mark.value}


@attrs.frozen(kw_only=True)
class OnDay:
    """
    Something of a course that is on a day, and why.

    Attributes:
        booking: Id of the session, appointment or task; of a notice the id of its session.
        kind: "session", "appointment", "task", "notice" or "day after".
        title: What it is: a phase and a number, or a title.
        day: Local date.
        aimed: The day that the pattern has for it, if it is another one.
        remarks: What revisions say of how it came there, the latest first.
        reasons: The rules that have a part in it; those that put it there first.
    """

    booking: str
    kind: str
    title: str
    day: date
    aimed: date | None = None
    remarks: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return attrs.asdict(self, recurse=False) | {
            "day": self.day.isoformat(),
            "aimed": self.aimed and self.aimed.isoformat(),
            "remarks": list(self.remarks),
            "reasons": [reason.as_dict() for reason in self.reasons],
        }


@checked
def why(course: Course, day: date) -> tuple[OnDay, ...]:
    """
    Say why something is on a day: which rules put it there, their numbers, sources and marks.

    What is on the day comes in order of time, then the notices that hold beside its sessions. What was
    closed is told as well, with the reason that was kept.

    Args:
        course: The course.
        day: Local date at the clinic.

    Raises:
        InvalidInput: Nothing of the course is on that day; the nearest days are named.
    """
    plausible(day, "day")
    held = agenda(course)
    there = [entry for entry in held.entries if entry.first <= day <= entry.last]
    if not there:
        raise _nothing(held, day)
    reader = _Reader(course, held)
    found = [reader.entry(entry, day) for entry in there]
    sessions = [e.booking.id for e in there if isinstance(e, SessionEntry)]
    beside = notices(held)
    found += [reader.notice(companion, name, day) for name in sessions for companion in beside.get(name, ())]
    return tuple(found)


def _nothing(held: Agenda, day: date) -> InvalidInput:
    days = sorted({entry.first for entry in held.entries}, key=lambda known: (abs(known - day), known))
    near = " and ".join(str(known) for known in sorted(days[:2]))
    return InvalidInput(
        what=f"nothing of this course is on {day_words(day)}",
        where="day",
        why=f"the nearest days with something are {near}" if days else "nothing is booked",
        fix="give one of these" if days else "plan the course first",
    )


class _Reader:
    """Reads the rules behind the entries of one course."""

    def __init__(self, course: Course, held: Agenda) -> None:
        self.course, self.held, self.protocol = course, held, course.protocol
        standing = held.standing()
        self.first = {phase: s.id for s in reversed(standing) for phase in (s.phase,)}
        self.start = standing[0].id if standing else ""

    def entry(self, entry: Entry, day: date) -> OnDay:
        """Return why one entry is on its day."""
        if isinstance(entry, DayAfter):
            reasons = self._of(entry.session.phase, "day", "no_driving")
            title = f"no driving, after {self._named(entry.session)}"
            return OnDay(
                booking=entry.booking.id, kind="day after", title=title, day=day, reasons=tuple(reasons)
            )
        remarks = self._remarks(entry.booking.id)
        if isinstance(entry, SessionEntry):
            session = entry.booking
            return OnDay(
                booking=session.id,
                kind="session",
                title=self._named(entry),
                day=day,
                aimed=session.ideal if session.ideal != session.day else None,
                remarks=("moved by hand", *remarks) if session.pinned else remarks,
                reasons=tuple(self._of_session(entry)),
            )
        assert isinstance(entry, CompanionEntry)  # noqa: S101 - there are no other entries
        return OnDay(
            booking=entry.booking.id,
            kind=entry.companion.kind,
            title=entry.companion.title,
            day=day,
            remarks=remarks,
            reasons=tuple(self._of_companion(entry.companion)),
        )

    def notice(self, companion: Companion, session: str, day: date) -> OnDay:
        """Return why a notice holds beside a session."""
        reasons = tuple(self._of_companion(companion))
        return OnDay(booking=session, kind="notice", title=companion.title, day=day, reasons=reasons)

    def _named(self, entry: SessionEntry) -> str:
        number = "" if entry.number is None else f" {entry.number}"
        return f"{entry.booking.phase}{number}"

    def _remarks(self, booking: str) -> tuple[str, ...]:
        """Return what revisions say of how a booking came where it is, the latest first."""
        found = []
        for revision in reversed(self.course.revisions):
            for changed in revision.changes:
                if changed.booking == booking and changed.before is not None:
                    was = day_words(changed.before.day)
                    found.append(f"{revision.what}, was on {was}: {changed.why}".removesuffix(": "))
                elif changed.booking == booking:
                    found.append(f"{revision.what}, new: {changed.why}".removesuffix(": "))
        return tuple(found)

    def _of_session(self, entry: SessionEntry) -> Iterator[Reason]:
        """Yield the rules behind a session: its day first, then its limits, its length and what is around it."""
        session, phase = entry.booking, entry.phase
        if session.id == self.start and phase is self.protocol.phases[0]:
            yield Reason(part="day", rule="start", says="the first session, on the day given", source=CHOSEN)
        elif session.id == self.first.get(phase.name):
            yield from self._of(phase, "day", "join")
        days = [key for key, one in _numbered(phase, "recommended") if one.number == entry.number]
        if days:
            yield from self._of(phase, "day", *days)
        else:
            yield self._pattern(phase)
        if self._makes_up(session):
            yield from self._of(phase, "day", "missed")
        limits = [key for key, rule in _numbered(phase, "spacing") if rule.is_about(entry.number)]
        yield from self._of(phase, "limit", *limits, "count", "weeks", "review", "until")
        yield from self._of(phase, "length", *_PARTS)
        yield from self._of(phase, "around", *(f"before: {one.what}" for one in phase.before), "no_driving")

    def _makes_up(self, session: Session) -> bool:
        """Whether a session was added by a later revision."""
        return bool(session.revised) and min(session.revised) > 0

    def _pattern(self, phase: Phase) -> Reason:
        """Return the pattern that a phase's days follow."""
        keys = [key for key in _PATTERNS if getattr(phase, key)]
        for key in keys:
            for reason in self._of(phase, "day", key):
                return reason
        if keys:
            return Reason(part="day", rule=keys[0], says=value_words(phase, keys[0]), source=CHOSEN)
        return Reason(part="day", rule="pattern", says=phase.pattern(), source=HOUSE, mark=Mark.HOUSE)

    def _of_companion(self, companion: Companion) -> Iterator[Reason]:
        """Yield the rules behind an appointment, a task or a notice."""
        if not any(entry.key == "anchor" for entry in companion.evidence):
            yield Reason(
                part="day", rule="anchor", says=f"counted from {companion.anchor.words()}", source=""
            )
        yield from self._of(companion, "day", "anchor", "window", "every", "weekdays", "count")
        yield from self._of(companion, "limit", *(key for key, _ in _numbered(companion, "spacing")))
        yield from self._of(companion, "length", "duration")
        yield from self._of(companion, "around", "before", "after")

    def _of(self, of: Phase | Companion, part: str, *keys: str) -> Iterator[Reason]:
        """Yield what the protocol says under some keys, as far as it does."""
        known = {entry.key: entry for entry in of.evidence}
        for key in keys:
            if key in known:
                yield self._reason(of, part, known[key])

    def _reason(self, of: Phase | Companion, part: str, evidence: Evidence) -> Reason:
        says = value_words(of, evidence.key)
        if evidence.key == "anchor":
            says = f"counted from {says}"
        return Reason(
            part=part,
            rule=evidence.key,
            says=says,
            source=self.protocol.references(evidence.source),
            mark=evidence.mark,
            note=evidence.note,
        )


def _numbered(of: Phase | Companion, name: str) -> Iterator[tuple[str, Any]]:
    """Yield the rules of a list, each with its key, "spacing 1" and so on."""
    return ((f"{name} {number}", rule) for number, rule in enumerate(getattr(of, name), 1))
