"""What a visit was, what became of a session, and all of a course up to one day."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cached_property
from itertools import groupby
from operator import attrgetter

import attrs

from ketsched.model import BookingStatus, Course, LapseBand, Phase, Session, Visit


class Verdict(StrEnum):
    """What a visit was."""

    VALID = "valid"
    GRACE = "grace"
    TOO_SOON = "too soon"
    TOO_LATE = "too late"
    DUPLICATE = "duplicate"
    EXTRANEOUS = "extraneous"
    FILLS_BOOSTER = "fills a booster"
    NOT_COUNTED = "does not count"
    ASKED = "does it count?"
    NOT_GIVEN = "not given"
    FUTURE = "in the future"

    @property
    def counts(self) -> bool:
        """Whether a visit of this kind fills a place of a series."""
        return self in (Verdict.VALID, Verdict.GRACE, Verdict.TOO_LATE, Verdict.FILLS_BOOSTER)

    @property
    def given(self) -> bool:
        """Whether something was given, and this entry is the one that says so."""
        return self not in (Verdict.NOT_GIVEN, Verdict.FUTURE, Verdict.DUPLICATE)


class SessionState(StrEnum):
    """Outcome of a session, or how far it is from having one."""

    FULFILLED = "fulfilled"
    MISSED = "missed"
    CLOSED = "closed"
    NOT_RECORDED = "not recorded"
    DUE = "due"
    PLANNED = "planned"


STATUS_OF = {
    SessionState.FULFILLED: BookingStatus.FULFILLED,
    SessionState.MISSED: BookingStatus.MISSED,
    SessionState.CLOSED: BookingStatus.CLOSED,
}
"""The status of a session of which something was recorded."""


@attrs.frozen(kw_only=True)
class JudgedVisit:
    """
    A visit and what it was.

    Attributes:
        visit: As it was recorded.
        verdict: See Verdict.
        reason: Why, in a few words; empty for what is simply valid.
        session: Id of the session that it was; None for one that has none yet.
        phase: Name of the phase that it was given in; None if nothing was given.
        number: Its place among those that count in that phase, from 1; None if it does not count.
    """

    visit: Visit
    verdict: Verdict
    reason: str = ""
    session: str | None = None
    phase: str | None = None
    number: int | None = None


@attrs.frozen(kw_only=True)
class JudgedSession:
    """A session, what became of it, and the visit that says so (None: no visit does)."""

    session: Session
    state: SessionState
    visit: Visit | None = None


@attrs.frozen(kw_only=True)
class Lapse:
    """
    How long ago the last session was given, and what a phase's lapse bands say of that.

    Attributes:
        last_given: Local date of the last session given, whether it counts or not.
        days: Days from then until today.
        band: The band in force; None: the phase has none for so many days.
        missed: Whether a session since then was not given.
        worse: Whether one was missed and symptoms were recorded as worse since then.
    """

    last_given: date
    days: int
    band: LapseBand | None
    missed: bool
    worse: bool

    @property
    def proposes(self) -> str:
        """What the band proposes; empty if nothing but to continue."""
        if self.band is None:
            return ""
        proposed = self.band.if_worse if self.worse and self.band.if_worse else self.band.propose
        return "" if proposed == "continue" else proposed


@attrs.frozen(kw_only=True, slots=False)
class History:
    """
    A course up to today.

    Attributes:
        course: As it stands.
        as_of: Today.
        visits: Every visit that no later entry corrects, in order of time; those after today last.
        sessions: Every session, in order of time.
    """

    course: Course
    as_of: date
    visits: tuple[JudgedVisit, ...]
    sessions: tuple[JudgedSession, ...]

    def __repr__(self) -> str:
        number = len(self.visits)
        return f"<History as of {self.as_of} of {self.course!r}, with {number} visit{'s' * (number != 1)}>"

    @cached_property
    def _of_state(self) -> dict[SessionState, list[Session]]:
        found: dict[SessionState, list[Session]] = {}
        for state, judged in groupby(self.sessions, key=attrgetter("state")):
            found.setdefault(state, []).extend(one.session for one in judged)
        return found

    def given(self) -> tuple[JudgedVisit, ...]:
        """Return all that was given, in order of time; a visit entered twice is one."""
        return tuple(judged for judged in self.visits if judged.verdict.given)

    def counted(self, phase: str) -> int:
        """Return how many visits count toward a phase."""
        return sum(judged.verdict.counts and judged.phase == phase for judged in self.visits)

    def in_state(self, state: SessionState) -> tuple[Session, ...]:
        """Return the sessions in a state, in order of time."""
        return tuple(self._of_state.get(state, ()))

    def lapse(self, phase: Phase) -> Lapse | None:
        """
        Return how long ago the last session was given, as a phase sees it; None if none was.

        Args:
            phase: The one that goes on; its lapse bands are asked.
        """
        given = [judged.visit.day for judged in self.given()]
        if not given:
            return None
        last = max(given)
        days = (self.as_of - last).days
        since = [j for j in self.visits if j.visit.day >= last and j.verdict is not Verdict.FUTURE]
        missed = any(judged.verdict is Verdict.NOT_GIVEN for judged in since)
        return Lapse(
            last_given=last,
            days=days,
            band=phase.lapse_after(days),
            missed=missed,
            worse=missed and any(judged.visit.worse for judged in since),
        )
