"""Which way was taken after a lapse, and how far what is proposed then was verified."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import attrs

from ketsched.errors import InvalidInput
from ketsched.history import evaluate, unrecorded
from ketsched.model import Besides, Course, Revision, Visit
from ketsched.nearness import did_you_mean
from ketsched.tracking.forecasting import Forecast, lapse_of
from ketsched.tracking.proposing import Proposal


def taken(course: Course, visits: Iterable[Visit], seen: Forecast) -> Revision | None:
    """
    Return the revision that took one of the ways after a lapse, if nothing new has happened since.

    Args:
        course: The course.
        visits: What happened besides what it remembers.
        seen: Its forecast; a proposal that became another one since then is a new question.
    """
    numbers = [n for n, revision in enumerate(course.revisions) if revision.proposal]
    if not numbers or not seen.proposes or unrecorded(course, visits):
        return None
    revision, later = course.revisions[numbers[-1]], course.revisions[numbers[-1] + 1 :]
    if revision.at is None or any(one.records_visits or one.kind == "undone" for one in later):
        return None
    day = course.day_at(revision.at)
    if any(visit.day > day for visit in course.visits):
        return None
    then = lapse_of(evaluate(course, as_of=day))
    return revision if then is not None and then.proposes == seen.proposes else None


def take(
    course: Course, name: str, plans: Iterable[Proposal], *, at: datetime | None, who: str = ""
) -> Course:
    """
    Return the course that one of the ways after a lapse gives; which one it was is kept in its revision.

    Args:
        course: As it was given out last.
        name: Of the way; hyphens are as good as blanks.
        plans: What is proposed.
        at: The moment of the revision, aware.
        who: Who decided it.

    Raises:
        InvalidInput: It is not proposed.
        NoFeasiblePlan: It has no plan.
    """
    wanted = " ".join(name.replace("-", " ").split()).lower()
    by_name = {plan.name: plan for plan in plans}
    plan = by_name.get(wanted)
    if plan is None:
        known = [name.replace(" ", "-") for name in by_name]
        raise InvalidInput(
            what=f"{name[:40]!r} is not proposed",
            why=f"what is proposed is {', '.join(known)}"
            if by_name
            else "the protocol proposes nothing after so many days",
            fix=did_you_mean(name, known)
            or ("take one of these" if by_name else "leave it out; the rest is planned as it is"),
            argument="take",
        )
    if plan.course is None:
        raise plan.error or AssertionError
    if len(plan.course.revisions) == len(course.revisions):  # all can stay; that somebody decided so is kept
        revision = Revision(at=at, kind="proposal", proposal=wanted, who=who, besides=Besides())
        return attrs.evolve(course, revisions=(*course.revisions, revision))
    last = attrs.evolve(plan.course.revisions[-1], kind="proposal", proposal=wanted, what="")
    return attrs.evolve(plan.course, revisions=(*plan.course.revisions[:-1], last))


def verified(course: Course, seen: Forecast) -> str:
    """Say how far what a lapse band proposes was verified, and where it comes from; empty if the protocol does not."""
    band, protocol = seen.lapse, course.protocol
    if band is None:
        return ""
    phases = [phase for phase in protocol.phases if band in phase.lapse]
    phases.sort(key=lambda phase: seen.next is None or phase.name != seen.next.phase)  # its own first
    cited = (protocol.cite(phase, f"lapse {phase.lapse.index(band) + 1}") for phase in phases)
    return next((f"{entry.mark}: {entry.source}" for entry in cited if entry is not None), "")
