"""One page for the doctor: how many were given, what is next, what waits for whom, and what changed last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import Any

import attrs

from ketsched import reporting
from ketsched.checking import Finding
from ketsched.history import SessionState
from ketsched.model import Course, PlacedCompanion, VisitStatus
from ketsched.names import Names, inside
from ketsched.reporting import given_of
from ketsched.screens import Part, at_hour, on, titled
from ketsched.screens.changes import SUGGESTED
from ketsched.screens.findings import counted, open_still
from ketsched.screens.histories import headline
from ketsched.screens.recorded import given_in_words
from ketsched.screens.rows import columns, paragraph
from ketsched.tracking import Forecast

SHOWN = 3
"""Days, decisions, holds and findings of which each is named; of more the number is said (house default)."""


@attrs.frozen(kw_only=True)
class Status:
    """
    A course as a doctor looks at it.

    Attributes:
        course: As it was given out last.
        seen: Its forecast, as of today.
        findings: What the rules remark on it.
    """

    course: Course
    seen: Forecast
    findings: Sequence[Finding]

    def given(self) -> dict[str, tuple[int, int | None]]:
        """Return how many sessions of each phase count as given, and of how many; None: it has no end."""
        return given_of(self.seen.history)

    def visits(self, status: VisitStatus) -> list[str]:
        """Return the days of the visits of which one thing became."""
        return [on(one.visit.day) for one in self.seen.history.visits if one.visit.status is status]

    def to_come(self) -> int:
        """Return how many sessions are to come, that of today among them."""
        return len(self.seen.history.in_state(SessionState.DUE)) + len(self.seen.sessions)

    def decisions(self) -> list[PlacedCompanion]:
        """Return the appointments that decide, in order of time."""
        gates = {companion.id for companion in self.course.protocol.companions if companion.gate}
        return [p for p in self.course.companions if p.companion in gates and (p.status.stands or p.outcome)]

    def warnings(self) -> list[Finding]:
        """Return the problems and warnings that nobody waived, the gravest first."""
        return open_still(self.findings)

    def parts(self) -> Iterator[Part]:
        """Yield the page: at most twenty lines, as long as none has to be broken."""
        yield paragraph(f"{titled(self.course)} on {on(self.seen.as_of)}: {self.course.protocol.title}")
        rows = ((name, line) for name, lines in self._rows() for name, line in zip_longest([name], lines))
        yield from columns([(name or "", line or "") for name, line in rows])

    def _rows(self) -> Iterator[tuple[str, list[str]]]:
        """Yield each name with its lines, those that have any."""
        seen, history = self.seen, self.seen.history
        last = "" if seen.last_given is None else f"; the last on {on(seen.last_given)}"
        unknown = [on(one.day) for one in history.in_state(SessionState.NOT_RECORDED)]
        rows = {
            "given": [given_in_words(self.course, history).removesuffix(" given.") + last],
            "missed": _counted(self.visits(VisitStatus.NO_SHOW)),
            "cancelled": _counted(self.visits(VisitStatus.CANCELLED)),
            "not recorded": _counted(unknown),
            "to come": [self._to_come()],
            "next": _next(self),
            "long break": [SUGGESTED.get(seen.proposes, seen.proposes)] if seen.proposes else [],
            "decisions": _shown(map(self._decision, self.decisions())),
            "holds": _shown(self._holds()),
            "findings": self._findings(),
            "last change": [self._last_change()],
        }
        return ((name, lines) for name, lines in rows.items() if lines)

    def _to_come(self) -> str:
        standing = self.course.standing()
        if self.to_come() and standing:
            return f"{self.to_come()}, to {on(standing[-1].day)}"
        return f"none: ended on {on(self.course.ended)}" if self.course.ended else "none"

    def _holds(self) -> Iterator[str]:
        names = Names(self.course)
        for hold in self.course.holds:
            if hold.stands:
                of = names.several(hold.sessions) if hold.sessions else "all"
                yield f"{hold.id}: {of} on hold since {on(hold.since)}, {hold.reason} ({hold.who})"

    def _findings(self) -> list[str]:
        said = counted(f for f in self.findings if f.waived_by is None)
        return [said or "none", *_shown(f"{one.code} {one.what}" for one in self.warnings())]

    def _decision(self, placed: PlacedCompanion) -> str:
        title = self.course.protocol.companion(placed.companion).title
        if placed.outcome is not None:
            return f"{title}: {placed.outcome.what} on {on(placed.outcome.on)} ({placed.outcome.who})"
        return f"{title}, {on(placed.day)}: waiting for a decision"

    def _last_change(self) -> str:
        said = headline(self.course, len(self.course.revisions) - 1)
        return inside(" ".join(said.split()))

    def values(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        revision = self.course.revisions[-1]
        return {
            "course": self.course.id,
            "protocol": self.course.protocol.id,
            "as_of": str(self.seen.as_of),
            "given": {name: {"given": n, "of": most} for name, (n, most) in self.given().items()},
            "missed": len(self.visits(VisitStatus.NO_SHOW)),
            "cancelled": len(self.visits(VisitStatus.CANCELLED)),
            "not_recorded": [str(one.day) for one in self.seen.history.in_state(SessionState.NOT_RECORDED)],
            "to_come": self.to_come(),
            "ended": None if self.course.ended is None else str(self.course.ended),
            "forecast": reporting.forecast_values(self.seen),
            "decisions": [
                {"id": p.id, "day": str(p.day), "outcome": None if p.outcome is None else p.outcome.what}
                for p in self.decisions()
            ],
            "holds": [
                {"id": h.id, "since": str(h.since), "reason": h.reason, "who": h.who}
                for h in self.course.holds
                if h.stands
            ],
            "findings": reporting.finding_values(self.warnings()),
            "last_change": {
                "revision": len(self.course.revisions),
                "at": None if revision.at is None else f"{revision.at:%Y-%m-%dT%H:%M:%SZ}",
                "what": revision.what,
                "who": revision.who,
            },
        }


def _next(status: Status) -> list[str]:
    course, seen, due = status.course, status.seen, status.seen.next
    names = Names(course)
    lines = [f"today: {names.of(one)}, {at_hour(one)}" for one in seen.history.in_state(SessionState.DUE)]
    if due is None:
        return lines
    booked = next((one for one in course.sessions if one.id == due.session), None)
    day = f"no date yet; best {on(due.recommended)}" if booked is None else at_hour(booked)
    lines.append(f"{names.due(due.phase, due.number)}, {day}")
    until = "" if due.latest is None else f" to {on(due.latest)}"
    lines.append(f"may be from {on(max(due.earliest, seen.as_of))}{until}")
    if due.overdue is not None and due.is_overdue(seen.as_of):
        lines[-1] = f"overdue since {on(due.overdue)}"
    return lines


def _counted(days: Sequence[str]) -> list[str]:
    more = "..., " if len(days) > SHOWN else ""
    return [f"{len(days)}: {more}{', '.join(days[-SHOWN:])}"] if days else []


def _shown(lines: Iterable[str]) -> list[str]:
    said = list(lines)
    more = [f"and {len(said) - SHOWN} more"] if len(said) > SHOWN else []
    return [*said[:SHOWN], *more]
