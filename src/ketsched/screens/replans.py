"""What planning the rest again gave, or moving by hand would break: in words, and as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from ketsched import reporting
from ketsched.checking import Finding
from ketsched.checking.comparing import counted
from ketsched.interchange.json import document
from ketsched.model import Course, PlacedCompanion, Session
from ketsched.planning.explaining import said_days
from ketsched.screens import Lines, Part, many, on
from ketsched.screens.changes import changes_table, plans_table
from ketsched.screens.courses import labels_of
from ketsched.screens.forecasts import taken_in_words
from ketsched.tracking import Forecast, Moving, Proposal
from ketsched.tracking.lapses import taken, verified
from ketsched.tracking.proposing import option_of
from ketsched.words import sentences


@attrs.frozen(kw_only=True)
class Replanned:
    """
    What became of a course when the rest was planned again.

    Attributes:
        before: The course as it was given out last.
        after: What it became; the same if nothing changed.
        findings: What the rules remark on it.
        moving: What moving a session by hand meant; None: none was moved.
        seen: The forecast before; None: it was not asked for.
        plans: What a lapse band proposes, if nobody has taken one of them.
        others: Ways that give other days.
    """

    before: Course
    after: Course
    findings: Sequence[Finding]
    moving: Moving | None = None
    seen: Forecast | None = None
    plans: Sequence[Proposal] = ()
    others: Sequence[Proposal] = ()

    @property
    def is_changed(self) -> bool:
        """Whether there is a new revision."""
        return self.after != self.before

    @property
    def breaks(self) -> tuple[str, ...]:
        """What a session that was moved by hand, and nothing else with it, breaks."""
        moving = self.moving
        if moving is None or moving.alone is None or not self.is_changed:
            return ()
        moved = self.after.bookings()[moving.session]
        if isinstance(moved, PlacedCompanion):
            return moving.breaks
        sessions = [change.booking for change in self.after.changes if change.after.kind == "session"]
        return (
            moving.breaks
            if isinstance(moved, Session) and moved.pinned and sessions == [moving.session]
            else ()
        )

    @property
    def leaves_appointments(self) -> bool:
        """Whether a session was moved alone, and appointments that go with it stayed where they were."""
        if self.moving is None or not self.breaks:
            return False
        placed = (p for p in self.after.companions if p.session == self.moving.session and p.status.stands)
        return any(self.after.protocol.companion(p.companion).kind == "appointment" for p in placed)

    def change_parts(self) -> Iterator[Part]:
        """Yield what changed, what was not made up for, what to know of it and what it breaks."""
        if not self.is_changed:
            return
        yield from self._of_the_patient()
        if self.after.changes:
            yield changes_table(self.after, self.after.changes)
        labels = labels_of(self.after)
        for name in self.after.skipped[len(self.before.skipped) :]:
            yield f"{labels[name]}: not made up for; the series has one session fewer"
        for title, lines in (("To know", self.after.revisions[-1].remarks), ("It breaks", self.breaks)):
            if lines:
                yield ""
                yield Lines(title, lines)

    def _of_the_patient(self) -> Iterator[Part]:
        """Say from which days the patient is away now, or no longer, where no booking that changed says so."""
        once, now = (set(course.patient.away) for course in (self.before, self.after))
        stays = "" if self.after.changes else "; no booking changes"
        if once - now:
            yield f"the patient can come after all: {said_days(sorted(once - now))}{stays}"
        if now - once and stays:
            yield f"the patient is away: {said_days(sorted(now - once))}{stays}"

    def waived_parts(self) -> Iterator[Part]:
        """Yield what was waived with it."""
        labels = labels_of(self.after)
        for waiver in self.after.waivers[len(self.before.waivers) :]:
            where = ", ".join(labels.get(name, name) for name in waiver.sessions)
            yield f"waived by {waiver.who}: {waiver.rule}, {where}: {waiver.reason}"

    def lapse_parts(self) -> Iterator[Part]:
        """Yield what the protocol proposes after a lapse, or what was taken of it."""
        if self.seen is None:
            return
        if self.plans:
            last = self.seen.last_given
            since = "" if last is None else f", {(self.seen.as_of - last).days} days since the last"
            yield ""
            yield f"The protocol proposes: {self.seen.proposes}{since}. A clinician decides; the ways would be"
            yield from filter(None, [verified(self.before, self.seen)])
            yield plans_table(self.before, self.plans, "")
            return
        done = taken(self.after, (), self.seen)
        if done is not None:
            yield ""
            yield f"After the lapse: {taken_in_words(self.after, done)}"

    def other_parts(self) -> Iterator[Part]:
        """Yield the ways that give other days, and how to take one."""
        if self.others:
            yield ""
            yield "Other ways; none of them is booked"
            yield plans_table(self.before, self.others, "", known=self._known_of_all())
            names = " or ".join(f"--way {option_of(way.name)}" for way in self.others)
            yield f"To take one: the same command on the course as it was before, with {names}"

    def _known_of_all(self) -> Sequence[str]:
        """Return the remarks that hold for this plan and for all others alike."""
        plans = [way.course for way in self.others if way.course is not None]
        said = [course.revisions[-1].remarks for course in plans]
        return [remark for remark in self.after.revisions[-1].remarks if all(remark in one for one in said)]

    def telephone_parts(self) -> Iterator[Part]:
        """Yield what to say to the patient."""
        said = sentences(self.after) if self.is_changed else ()
        if said:
            yield ""
            yield Lines("To say on the telephone", said)

    def values(self, *, written: bool) -> dict[str, Any]:
        """Return all of it as plain values."""
        course, seen = self.after, self.seen
        last = course.revisions[-1]
        return {
            "changed": self.is_changed,
            "written": written,
            "revision": len(course.revisions),
            "what": last.what if self.is_changed else "",
            "changes": reporting.change_values(course, course.changes if self.is_changed else ()),
            "remarks": list(last.remarks if self.is_changed else ()),
            "lifted": [attrs.asdict(one) for one in course.lifted],
            "say": list(sentences(course) if self.is_changed else ()),
            "move": None if self.moving is None else reporting.moving_values(self.before, self.moving),
            "proposes": "" if seen is None else seen.proposes,
            "verified": "" if seen is None or not seen.proposes else verified(course, seen),
            "plans": reporting.proposal_values(self.before, self.plans, ""),
            "others": reporting.proposal_values(self.before, self.others, ""),
            "findings": reporting.finding_values(self.findings),
            "course": document(course),
        }


def refused_parts(course: Course, moves: Sequence[Moving], repair: Course | None) -> Iterator[Part]:
    """Yield what moving sessions by hand would break, and what else would have to move."""
    labels = labels_of(course)
    for moving in moves:
        now = course.bookings().get(moving.session)
        of = moving.session.partition(":")[0] if now is None else now.of  # an appointment's id begins with it
        called = labels.get(moving.session) or course.protocol.companion(of).title
        there = f"is on {on(now.day)}" if now is not None and now.status.stands else "has no booking"
        yield f"{called} {there}; on {on(moving.day)} it would break:"
        yield from (f"  {rule}" for rule in moving.breaks)
        ends = (("from", moving.earliest), ("to", moving.latest))
        between = " ".join(f"{word} {on(day)}" for word, day in ends if day is not None)
        if between:
            yield f"with the others where they are it can be {between}"
        if moving.days:
            yield f"days that are open: {', '.join(map(on, moving.days))}"
        if moving.error is not None and moving.repair is None:
            yield f"no plan has it there: {moving.error.what}"
    if repair is not None:
        yield ""
        yield "what else would have to move:"
        yield changes_table(repair, repair.changes)


def refused_values(course: Course, moves: Sequence[Moving], repair: Course | None) -> dict[str, Any]:
    """Return the same as plain values."""
    return {
        "changed": False,
        "written": False,
        "revision": len(course.revisions),
        "move": reporting.moving_values(course, moves[0]) if moves else None,
        "repair": reporting.change_values(repair or course, () if repair is None else repair.changes),
        "say": list(sentences(repair)) if repair is not None else [],
    }


def counted_in_words(findings: Sequence[Finding]) -> str:
    """Say how many errors and warnings there are that nobody waived; empty if there is none."""
    return ", ".join(many(number, str(severity)) for severity, number in counted(findings).items())
