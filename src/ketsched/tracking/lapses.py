"""Which way was taken after a lapse, and how far what is proposed then was verified."""

from __future__ import annotations

from collections.abc import Iterable

from ketsched.clock import zone_named
from ketsched.history import unrecorded
from ketsched.model import Course, Revision, Visit
from ketsched.tracking.forecasting import Forecast, forecast


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
    if revision.at is None or any(one.records_visits for one in later):
        return None
    day = revision.at.astimezone(zone_named(course.zone)).date()
    if any(visit.day > day for visit in course.visits):
        return None
    return revision if forecast(course, as_of=day).proposes == seen.proposes else None


def verified(course: Course, seen: Forecast) -> str:
    """Say how far what a lapse band proposes was verified, and where it comes from; empty if the protocol does not."""
    band, protocol = seen.lapse, course.protocol
    if band is None:
        return ""
    phases = [phase for phase in protocol.phases if band in phase.lapse]
    phases.sort(key=lambda phase: seen.next is None or phase.name != seen.next.phase)  # its own first
    cited = (protocol.cite(phase, f"lapse {phase.lapse.index(band) + 1}") for phase in phases)
    return next((f"{entry.mark}: {entry.source}" for entry in cited if entry is not None), "")
