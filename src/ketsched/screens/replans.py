"""What planning the rest again gave, or moving by hand would break: in words, and as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any

import attrs

from ketsched import reporting
from ketsched.checking import Finding
from ketsched.checking.rules import sentence
from ketsched.interchange.json import document
from ketsched.model import Course, PlacedCompanion, Session
from ketsched.names import Names
from ketsched.screens import Part, on
from ketsched.screens.attention import news_lines
from ketsched.screens.changes import change_lines, way_lines
from ketsched.screens.recorded import lapse_lines, ways_parts
from ketsched.screens.rows import hung, paragraph
from ketsched.tracking import Forecast, Moving, Proposal
from ketsched.tracking.lapses import verified
from ketsched.tracking.proposing import option_of, way_called
from ketsched.words import sentences, voicemail

SHOWN = 6
"""Days that are named of those on which a booking can be (house default)."""


@attrs.frozen(kw_only=True)
class Replanned:
    """
    What became of a course when the rest was planned again.

    Attributes:
        before: The course as it was given out last.
        after: What it became; the same if nothing changed.
        findings: What the rules remark on it.
        known: What they remarked before: it is not told again.
        moving: What moving a session by hand meant; None: none was moved.
        seen: The forecast before; None: it was not asked for.
        plans: What a lapse band proposes, if nobody has taken one of them.
        others: Ways that give other days.
    """

    before: Course
    after: Course
    findings: Sequence[Finding]
    known: Sequence[Finding] = ()
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
            yield "Nothing to change: every date can stay."
            return
        yield from self._of_the_patient()
        lines = change_lines(self.after, self.after.changes)
        if lines:
            yield "Changes"
            yield from lines
        names = Names(self.after)
        left_out = set(self.after.skipped[len(self.before.skipped) :])
        for session in self.after.sessions:
            if session.id in left_out:
                yield paragraph(f"Left out: {names.on_day(session)}. The series has one session fewer.")

    def attention_parts(self) -> Iterator[Part]:
        """Yield what a clinician should know: what could not be kept, what was broken, and what was waived."""
        if not self.is_changed:
            return
        for remark in self.after.revisions[-1].remarks:
            yield hung("! ", sentence(remark))
        for rule in self.breaks:
            yield hung("! ", f"Moved all the same: {sentence(rule)}")
        names = Names(self.after)
        bookings = self.after.bookings()
        for waiver in self.after.waivers[len(self.before.waivers) :]:
            where = ", ".join(
                names.of(bookings[name]) if name in bookings else name for name in waiver.sessions
            )
            yield paragraph(f"Exception by {waiver.who}: {waiver.rule}, {where}: {waiver.reason}")

    def finding_lines(self, file: str) -> Iterator[str]:
        """Yield the problems and warnings that are new, if no remark says so already, and count the others."""
        if not self.is_changed:
            return
        told = self.after.revisions[-1].remarks or self.breaks
        yield from news_lines(self.findings, self.known, counts_only=bool(told), course=file)

    def _of_the_patient(self) -> Iterator[Part]:
        """Say from which days the patient is away now, or no longer, where no booking that changed says so."""
        once, now = (set(course.patient.away) for course in (self.before, self.after))
        stays = "" if self.after.changes else " No date changes."
        if once - now:
            yield paragraph(f"The patient can come after all: {_listed(once - now)}.{stays}")
        if now - once and stays:
            yield paragraph(f"The patient is away: {_listed(now - once)}.{stays}")

    def lapse_parts(self, file: str) -> Iterator[Part]:
        """Yield what the protocol suggests after a long break, or what was taken of it."""
        if self.seen is None:
            return
        yield from lapse_lines(self.after if not self.plans else self.before, self.seen)
        if self.plans:
            yield ""
            yield from ways_parts(self.before, self.plans, "", file)

    def other_parts(self, file: str, *, verbose: bool) -> Iterator[Part]:
        """Yield the ways that give other days, in full or by their names."""
        if not self.others:
            return
        if not verbose:
            names = ", ".join(way_called(way.name) for way in self.others)
            yield paragraph(f"Other ways: {names}. To see them: --dry-run --verbose")
            return
        yield ""
        yield "Other ways (none of them is booked)"
        yield from way_lines(self.before, self.others, "")
        way = option_of(self.others[0].name)
        yield paragraph(
            f"To take one: ketsched undo {file}, then: ketsched replan {file} --way {way}", indent=2
        )

    def telephone_parts(self, *, verbose: bool) -> Iterator[Part]:
        """Yield what to say to the patient, and with `verbose` what to leave on a voicemail."""
        if self.is_changed:
            yield from telephone_lines(self.after, verbose=verbose)

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


def _listed(days: Iterable[date]) -> str:
    """List dates, those in a row as from the first to the last."""
    runs: list[list[date]] = []
    for day in sorted(days):
        if runs and day - runs[-1][-1] == timedelta(1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return ", ".join(on(run[0]) + (f" to {on(run[-1])}" if len(run) > 1 else "") for run in runs)


def telephone_lines(course: Course, *, verbose: bool = False) -> Iterator[str]:
    """Yield what to say to the patient of the last revision, and with `verbose` what to leave on a voicemail."""
    said = sentences(course)
    if not said:
        return
    yield ""
    yield "Say on the telephone (make sure you are speaking to the patient)"
    yield from (paragraph(line, indent=2) for line in said)
    message = voicemail(course) if verbose else ""
    if message:
        yield "If nobody answers"
        yield paragraph(message, indent=2)


def refused_parts(course: Course, moves: Sequence[Moving], repair: Course | None) -> Iterator[Part]:
    """Yield what moving sessions by hand would break, which days are possible, and what else would have to move."""
    names = Names(course)
    for moving in moves:
        now = course.bookings().get(moving.session)
        if now is not None and now.status.stands:
            said = sentence(f"{names.of(now)} cannot move from {on(now.day)} to {on(moving.day)}")
        else:
            of = now.of if now is not None else moving.session.partition(":")[0]  # its id begins with it
            said = sentence(f"{course.protocol.companion(of).title} cannot be booked on {on(moving.day)}")
        yield paragraph(said.removesuffix(".") + ":")
        yield from (paragraph(sentence(rule), indent=2) for rule in moving.breaks)
        yield from map(paragraph, _possible(moving))
        if moving.error is not None and moving.repair is None:
            yield paragraph(f"Nor with the others moved: {sentence(moving.error.what)}")
    if repair is not None:
        yield "With the others moved"
        yield from change_lines(repair, repair.changes)


def _possible(moving: Moving) -> Iterator[str]:
    """Say between which days it can be with the others as they are, and which of them are open."""
    days, first, last = moving.days, moving.earliest, moving.latest
    if not days:
        if moving.breaks:
            yield "Possible with the others as they are: no day."
        return
    if first is None and last is None:
        return
    if len(days) == 1:
        yield f"Possible with the others as they are: {on(days[0])} only."
    elif len(days) == (days[-1] - days[0]).days + 1:
        yield f"Possible with the others as they are: from {on(days[0])} to {on(days[-1])}."
    else:
        shown = ", ".join(map(on, days[:SHOWN]))
        more = f" and {len(days) - SHOWN} more to {on(days[-1])}" if len(days) > SHOWN else ""
        yield f"Possible with the others as they are: {shown}{more}."


def choices_of(moves: Sequence[Moving], repair: Course | None) -> str:
    """Say how to go on after a move that was refused."""
    said = ["Let the others follow: --repair."] if repair is not None else []
    if moves and moves[0].alone is not None:
        said.append("Move it anyway: --alone.")
    return "  ".join([*said, "Not saved."])


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
