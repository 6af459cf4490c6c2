"""One page for the doctor: how many were given, what is next, what waits for whom, and what changed last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs

from ketsched import reporting
from ketsched.checking import Finding
from ketsched.checking.comparing import counted
from ketsched.history import SessionState
from ketsched.model import Course, PlacedCompanion, VisitStatus
from ketsched.names import Names
from ketsched.reporting import given_of
from ketsched.screens import Facts, Part, called, many, on
from ketsched.screens.findings import open_still
from ketsched.tracking import Forecast
from ketsched.zones import zone_named

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
        """Return the errors and warnings that nobody documented an exception for, the gravest first."""
        return open_still(self.findings)

    def parts(self) -> Iterator[Part]:
        """Yield the page: at most twenty lines, as long as none has to be broken."""
        yield f"Course {self.course.id or 'without an id'} on {on(self.seen.as_of)}: {self.course.protocol.title}"
        yield Facts(tuple((name, text) for name, text in self._rows() if text))

    def _rows(self) -> Iterator[tuple[str, str]]:
        seen, history = self.seen, self.seen.history
        counts = (
            called(name, number) + ("" if most is None else f" of {most}")
            for name, (number, most) in self.given().items()
        )
        last = "" if seen.last_given is None else f"; the last on {on(seen.last_given)}"
        yield "given", ", ".join(counts) + last
        yield "missed", _counted(self.visits(VisitStatus.NO_SHOW))
        yield "cancelled", _counted(self.visits(VisitStatus.CANCELLED))
        yield "not recorded", _counted([on(one.day) for one in history.in_state(SessionState.NOT_RECORDED)])
        ended = f"none: ended on {on(self.course.ended)}" if self.course.ended else "none"
        standing = self.course.standing()
        yield (
            "to come",
            f"{self.to_come()}, to {on(standing[-1].day)}" if self.to_come() and standing else ended,
        )
        yield "next", _next(self)
        yield "long break", f"{seen.proposes} (proposed)" if seen.proposes else ""
        yield "decisions", _shown(map(self._decision, self.decisions()))
        holds = [hold for hold in self.course.holds if hold.stands]
        of = (Names(self.course).several(hold.sessions) if hold.sessions else "all" for hold in holds)
        said = (
            f"{h.id}: {name} from {on(h.since)}, {h.reason} ({h.who})"
            for h, name in zip(holds, of, strict=True)
        )
        yield "holds", _shown(said)
        numbers = ", ".join(many(number, str(kind)) for kind, number in counted(self.findings).items())
        yield (
            "findings",
            "\n".join(filter(None, [numbers or "no errors, no warnings", _findings(self.warnings())])),
        )
        yield "last change", self._last_change()

    def _decision(self, placed: PlacedCompanion) -> str:
        title = self.course.protocol.companion(placed.companion).title
        if placed.outcome is not None:
            return f"{title}: {placed.outcome.what} on {on(placed.outcome.on)} ({placed.outcome.who})"
        return f"{title}: waiting, {'was' if placed.day < self.seen.as_of else 'is'} on {on(placed.day)}"

    def _last_change(self) -> str:
        revision = self.course.revisions[-1]
        when = (
            ""
            if revision.at is None
            else f", {revision.at.astimezone(zone_named(self.course.zone)):%a %Y-%m-%d %H:%M}"
        )
        by = f", by {revision.who}" if revision.who else ""
        return f"revision {len(self.course.revisions)}{when}: {revision.what}{by}"

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


def _next(status: Status) -> str:
    seen, due = status.seen, status.seen.next
    today = seen.history.in_state(SessionState.DUE)
    first = f"today, {on(today[0].day)}; then " if today else ""
    if due is None:
        return first.removesuffix("; then ")
    booked = next((one for one in status.course.sessions if one.id == due.session), None)
    hour = f" at {booked.time:%H:%M}" if booked is not None and booked.time else ""
    day = "no date yet" if booked is None else f"{on(booked.day)}{hour}"
    until = "" if due.latest is None else f" to {on(due.latest)}"
    late = ", overdue" if due.is_overdue(seen.as_of) else ""
    earliest = max(due.earliest, seen.as_of)
    return f"{first}{called(due.phase, due.number)}: {day}\nmay be from {on(earliest)}{until}{late}"


def _counted(days: Sequence[str]) -> str:
    more = ", ..." if len(days) > SHOWN else ""
    return f"{len(days)}: {', '.join(days[-SHOWN:])}{more}" if days else ""


def _shown(lines: Iterable[str]) -> str:
    said = list(lines)
    more = [f"and {len(said) - SHOWN} more"] if len(said) > SHOWN else []
    return "\n".join([*said[:SHOWN], *more])


def _findings(findings: Sequence[Finding]) -> str:
    return _shown(f"{one.code} {one.what}" for one in findings)
