"""What `history` shows: what was given, missed and changed, a line for each revision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from ketsched.agenda import agenda
from ketsched.history import History, SessionState
from ketsched.model import Change, Course, Revision
from ketsched.model.revisions import REVISION_KINDS
from ketsched.names import Names, inside
from ketsched.screens import Part, many, on, titled
from ketsched.screens.changes import SUGGESTED, became_of, is_task, shows, visit_lines
from ketsched.screens.recorded import standing_in_words
from ketsched.screens.rows import columns, paragraph
from ketsched.zones import zone_named

SHOWN = 3
"""Bookings that a line names one by one; more of one kind in short (house default)."""
_KINDS = {
    "replanned": "planned again",
    "recorded and replanned": "planned again after what happened",
    "companions": "other appointments",
    "held": "on hold",
    "released": "hold released",
    "decided": "decision recorded",
    "ride": "ride home recorded",
    "done": "done",
    "waived": "exception recorded",
}
"""What a revision was, where the course file says it in another word."""
_BY_ITSELF = {"recorded", "replanned", "recorded and replanned", "moved"}
"""Revisions whose changes say all of it."""
_WITHOUT_CHANGES = {"ride"}
"""Revisions that say all of it without their changes."""
_OF_COURSE = {"ended": "course ended", "skipped": "a session left out"}
"""What a revision did to the course itself, which is always said."""


def history_parts(seen: History, *, verbose: bool = False) -> Iterator[Part]:
    """
    Yield where a course stands, and what each revision was, in the hours of the clinic.

    Args:
        seen: What happened.
        verbose: Whether reasons, remarks and the records with their ids are shown as well.
    """
    course = seen.course
    if len(course.revisions) == 1 and not seen.visits:
        at = course.revisions[0].at
        planned = "Planned" if at is None else f"Planned on {on(course.day_at(at))}"
        yield f"{planned}. Nothing has been recorded or changed since."
        return
    yield paragraph(_headline(seen))
    rows = []
    for number, revision in enumerate(course.revisions):
        said = revision_in_words(course, number)
        if verbose:
            said = ". ".join(part.rstrip(".") for part in (said, revision.why, *revision.remarks) if part)
        rows.append((f"{number + 1:>{len(str(len(course.revisions)))}}", _moment(course, revision.at), said))
    yield from columns(rows)
    if verbose and seen.visits:
        yield ""
        yield "Records"
        yield from visit_lines(course, seen.visits)


def _headline(seen: History) -> str:
    course = seen.course
    to_come = [*seen.in_state(SessionState.DUE), *seen.in_state(SessionState.PLANNED)]
    said = f"{titled(course)}: {standing_in_words(course, seen)}"
    if course.ended is not None:
        return f"{said}. Ended on {on(course.ended)}."
    if not to_come:
        return f"{said}."
    return f"{said}, {len(to_come)} to come. Ends {on(max(session.day for session in to_come))}."


def _moment(course: Course, at: datetime | None) -> str:
    """Return a moment in the hours of the clinic: Mon 2027-01-11 19:00."""
    return "" if at is None else f"{at.astimezone(zone_named(course.zone)):%a %Y-%m-%d %H:%M}"


def headline(course: Course, revision: int) -> str:
    """Say in one line what a revision was; the first one is 0, and is called revision 1."""
    at = _moment(course, course.revisions[revision].at)
    return paragraph(
        f"Revision {revision + 1}{f', {at}' if at else ''}: {revision_in_words(course, revision)}"
    )


def revision_in_words(course: Course, number: int) -> str:
    """Say what a revision did and who made it: infusion 6 new on Mon 2027-01-18, by Nurse B; the first one is 0."""
    revision = course.revisions[number]
    if number:
        changes = () if revision.kind in _WITHOUT_CHANGES else course.changes_of(number)
        changed = "; ".join(_changed(course.at_revision(number), changes))
        kind = _kind(revision)
        if kind not in _OF_COURSE.values() and changed and revision.kind in _BY_ITSELF:
            kind = ""
        said = ": ".join(filter(None, (kind, changed)))
    else:
        said = f"{_kind(revision)}: {_planned(course.at_revision(0))}"
    return f"{said}, by {revision.who}" if revision.who else said


def _kind(revision: Revision) -> str:
    besides = () if revision.besides is None else (kept.name for kept in revision.besides.changed)
    of_course = next((_OF_COURSE[name] for name in besides if name in _OF_COURSE), "")
    if of_course and revision.kind in _BY_ITSELF:
        return of_course
    if revision.kind == "proposal" and revision.proposal:
        return f"after a long break, {SUGGESTED.get(revision.proposal, revision.proposal)}"
    usual = revision.what == REVISION_KINDS[revision.kind]
    return _KINDS.get(revision.kind, revision.what) if usual else revision.what


def _planned(course: Course) -> str:
    totals, names = agenda(course).totals, Names(course)
    said = ", ".join(
        many(totals[p.name], names.word(p.name)) for p in course.protocol.phases if totals.get(p.name)
    )
    days = [session.day for session in course.standing()]
    return f"{said or 'no sessions'}, {days[0]} to {days[-1]}" if days else said or "no sessions"


def _changed(course: Course, changes: Sequence[Change]) -> Iterator[str]:
    """Yield what became of sessions; if nothing did, of appointments, and if of none either, of to-dos."""
    shown = [change for change in changes if shows(change)]
    sessions = [change for change in shown if change.after.kind == "session"]
    appointments = [c for c in shown if c.after.kind != "session" and not is_task(course, c)]
    told = sessions or appointments or shown
    for word in dict.fromkeys(map(became_of, told)):
        alike = sorted((c for c in told if became_of(c) == word), key=lambda change: change.after.when)
        dated = len(alike) == 1 or word in ("new", "rebooked", "moved")
        stand = all(change.after.status.stands for change in alike)
        if len(alike) <= SHOWN and (dated or not sessions or not stand):
            yield from (_one(course, change, word) for change in alike)
        elif sessions and stand:
            yield f"{Names(course).several(change.booking for change in alike)} {word}"
        else:
            what = "session" if sessions else "appointment" if appointments else "to-do"
            yield f"{many(len(alike), what)} {word}"


def _one(course: Course, change: Change, word: str) -> str:
    after = change.after
    if after.kind == "session" and not after.status.stands:
        return f"{on(after.day)} {word}"
    name = inside(Names(course).of(after))
    if word in ("new", "rebooked"):
        return f"{name} {word} on {on(after.day)}"
    return f"{name} {word} to {on(after.day)}" if word == "moved" else f"{name} {word}"
