"""What each visit counts for: all that was given, in order of time, held to the rules of its phase."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache

import attrs

from ketsched.history.matching import content
from ketsched.history.values import JudgedVisit, Verdict
from ketsched.model import Course, Phase, Session, Spacing, Visit, VisitStatus
from ketsched.names import in_days


def target(course: Course, phase: Phase) -> int | None:
    """Return how many visits a phase needs: its count less what was skipped; None if it is open-ended."""
    if phase.count is None:
        return None
    if not course.skipped:
        return phase.count
    skipped = set(course.skipped)
    return phase.count - sum(s.phase == phase.name and s.id in skipped for s in course.sessions)


def judge(course: Course, visits: Iterable[tuple[Visit, str | None]]) -> Iterator[JudgedVisit]:
    """
    Yield what each visit was, and what it counts for.

    Args:
        course: The course.
        visits: In order of time, each with the id of the session that it was, or None.
    """
    yield from _Count(course).judge(visits)


def _in_force(course: Course, day: date) -> tuple[Phase, ...]:
    """Return the phases that follow each other in the protocol that a course kept to on a day."""
    main = course.protocol.main
    names = [phase.name for phase in main]
    begins = [0, *(names.index(segment.first) for segment in course.segments), len(main)]
    number = sum(segment.on < day for segment in course.segments)  # of that day itself: before it
    return main[begins[number] : begins[number + 1]]


@attrs.frozen
class _Given:
    """One thing that was given, as the rules see it."""

    day: date
    phase: str
    counts: bool


class _Count:
    """Goes through what was given in order of time, and says what each counts for."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.phases = {phase.name: phase for phase in course.protocol.phases}
        self.order = {name: at for at, name in enumerate(self.phases)}
        self.sessions = {session.id: session for session in course.sessions}
        self.counted = dict.fromkeys(self.phases, 0)
        self.targets = {phase.name: target(course, phase) for phase in course.protocol.phases}
        self.given: list[_Given] = []
        self.of_phase: dict[str, list[_Given]] = {}

    def judge(self, visits: Iterable[tuple[Visit, str | None]]) -> Iterator[JudgedVisit]:
        before: list[Visit] = []  # those of one day
        for visit, session in visits:
            if not visit.status.delivered:
                reason = f"{visit.status}" + (f" by the {visit.by}" if visit.by else "")
                yield JudgedVisit(visit=visit, verdict=Verdict.NOT_GIVEN, reason=reason, session=session)
                continue
            if before and before[0].day != visit.day:
                before = []
            if self._entered_twice(visit, session, before):
                reason = f"entered twice: {visit.day} is recorded with the same data"
                yield JudgedVisit(visit=visit, verdict=Verdict.DUPLICATE, reason=reason, session=None)
                continue
            before.append(visit)
            yield self._delivered(visit, session)

    def _entered_twice(self, visit: Visit, session: str | None, before: Iterable[Visit]) -> bool:
        """Whether a visit without a session of its own says what another of that day says."""
        own = self.sessions.get(session or "")
        return (own is None or not own.booked) and content(visit) in map(content, before)

    def _delivered(self, visit: Visit, session: str | None) -> JudgedVisit:
        booking = self.sessions.get(session or "")
        phase = self._phase(booking, visit.day)
        here = phase or _in_force(self.course, visit.day)[-1]
        looked_back = list(self._looked_back(here))
        floor, gap = self._too_soon(visit.day, looked_back)
        booster = (booking is None or not booking.booked) and here.kind == "maintenance"
        verdict: Verdict
        reason: str
        if floor is Verdict.TOO_SOON and phase is not None and self._let_count(visit, session):
            verdict, reason = Verdict.GRACE, f"{gap}; a clinician let it count"
        elif floor is Verdict.TOO_SOON:
            verdict, reason = floor, gap
        elif phase is None:
            verdict, reason = Verdict.EXTRANEOUS, "every series has all its sessions"
        elif visit.counts is False:
            verdict, reason = Verdict.NOT_COUNTED, "recorded as not counting"
        elif visit.status is VisitStatus.STOPPED_EARLY and visit.counts is None:
            verdict, reason = Verdict.ASKED, "stopped early, and nobody said whether it counts"
        elif floor is Verdict.GRACE:
            verdict, reason = floor, gap
        elif booster:
            before = self.course.protocol.main[0].name
            verdict = Verdict.FILLS_BOOSTER
            reason = f"extraneous to the {before}, which is complete; it is {here.name} {self.counted[here.name] + 1}"
        elif late := self._too_late(visit.day, looked_back):
            verdict, reason = Verdict.TOO_LATE, late
        else:
            verdict, reason = Verdict.VALID, ""
        number = None
        if verdict.counts:
            self.counted[here.name] += 1
            number = self.counted[here.name]
        self.given.append(_Given(visit.day, here.name, verdict.counts))
        self.of_phase.setdefault(here.name, []).append(self.given[-1])
        return JudgedVisit(
            visit=visit, verdict=verdict, reason=reason, session=session, phase=here.name, number=number
        )

    def _let_count(self, visit: Visit, session: str | None) -> bool:
        """Whether somebody decided that what was too soon counts: in the record, or by a waiver of its spacing."""
        if visit.counts is not None:
            return visit.counts
        spacing = [w for w in self.course.waivers if w.rule.startswith("KS1") or w.rule == "KS503"]
        return session is not None and any(session in waiver.sessions for waiver in spacing)

    def _phase(self, booking: Session | None, day: date) -> Phase | None:
        """Return the phase that a visit counts for: its booking's, or the first that lacks one; None if none does."""
        if booking is not None and booking.booked and self._lacks(self.phases[booking.phase]):
            return self.phases[booking.phase]
        phases = _in_force(self.course, day)
        return next((phase for phase in phases if self._lacks(phase)), None)

    def _lacks(self, phase: Phase) -> bool:
        needed = self.targets[phase.name]
        return needed is None or self.counted[phase.name] < needed

    def _too_soon(
        self, day: date, looked_back: Iterable[tuple[Spacing, _Given]]
    ) -> tuple[Verdict | None, str]:
        """Return whether a day breaks a required minimum to what was given before, or is forgiven."""
        grace = ""
        for spacing, earlier in looked_back:
            if not spacing.required:
                continue
            limits, gap = spacing.since(earlier.day), (day - earlier.day).days
            if limits.minimum is not None and gap < limits.minimum:
                said = f"{in_days(gap)} after {earlier.day}; {spacing.words()}"
                if limits.forgiven is None or gap < limits.forgiven:
                    return Verdict.TOO_SOON, said
                grace = said
        if self.given and self.given[-1].day == day:
            return Verdict.TOO_SOON, f"a second one on {day}"
        return (Verdict.GRACE, grace) if grace else (None, "")

    @staticmethod
    def _too_late(day: date, looked_back: Iterable[tuple[Spacing, _Given]]) -> str:
        """Return what makes a day too late, a required rule or a preferred one; empty if nothing does."""
        for spacing, earlier in looked_back:
            latest, gap = spacing.since(earlier.day).latest, (day - earlier.day).days
            if latest is not None and gap > latest:
                return f"{in_days(gap)} after {earlier.day}; {spacing.words()}"
        return ""

    def _within(self, phase: Phase, own: Sequence[_Given]) -> Iterator[tuple[Spacing, _Given]]:
        """Yield the rules between sessions of one phase, and what each looks back at."""
        number = self.counted[phase.name] + 1
        for spacing in phase.spacing:
            if spacing.between is not None:
                if number == spacing.between[1]:
                    counting = [given for given in own if given.counts]
                    yield spacing, counting[spacing.between[0] - 1]
            elif spacing.number in (None, number) and len(own) >= spacing.apart:
                yield spacing, own[-spacing.apart]

    def _looked_back(self, phase: Phase) -> Iterator[tuple[Spacing, _Given]]:
        """Yield every rule that looks back from the next thing given in a phase, and what it looks back at."""
        if not self.given:
            return
        own = self.of_phase.setdefault(phase.name, [])
        yield from self._within(phase, own)
        last = self.given[-1]
        before = self.phases[last.phase]
        if before is phase:
            return
        if phase.name == before.beside or before.name == phase.beside:
            beside = phase if phase.beside else before
            yield Spacing(minimum=max(beside.neighbour_minimum(last.day), 1)), last
            return
        if own or self.order[before.name] > self.order[phase.name]:  # made up after the next phase has begun
            least = min(phase.neighbour_minimum(last.day), before.neighbour_minimum(last.day))
            yield Spacing(minimum=max(least, 1)), last
            return
        if phase.join_rule is not None:
            yield phase.join_rule, last
            return
        for spacing in before.spacing:
            if spacing.is_for_all and spacing.minimum is not None and len(self.given) >= spacing.apart:
                yield _without_latest(spacing), self.given[-spacing.apart]


@lru_cache(maxsize=1024)
def _without_latest(spacing: Spacing) -> Spacing:
    return attrs.evolve(spacing, latest=None)
