"""What happened, what changed, and the plans that could be made, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ketsched.history import JudgedVisit, Verdict
from ketsched.model import Booking, Change, Course, Session
from ketsched.reporting import changes_made, costs, numbers_of
from ketsched.screens import Table, called, many, on
from ketsched.tracking import Proposal
from ketsched.tracking.proposing import way_called

SHOWN = 6
"""New days, or moved sessions, that a table of plans shows of each."""


# What happened


def visits_table(course: Course, visits: Iterable[JudgedVisit]) -> Table:
    """List visits: what was recorded, what each was, and why."""
    rows = (
        (
            judged.visit.id,
            on(judged.visit.day) + (f" {judged.visit.at:%H:%M}" if judged.visit.at else ""),
            "; ".join(_happened(judged)),
            _session(course, judged),
            str(judged.verdict),
            "" if str(judged.visit.status) in judged.reason else judged.reason,
            judged.visit.who,
        )
        for judged in visits
    )
    return Table(("visit", "day", "what happened", "session", "is", "because", "who"), tuple(rows))


def visit_in_words(course: Course, judged: JudgedVisit) -> str:
    """Say in one line what a visit was."""
    said = [*_happened(judged)]
    if judged.verdict is not Verdict.NOT_GIVEN:
        said.append(f"{judged.verdict}" + (f" ({judged.reason})" if judged.reason else ""))
    return f"{on(judged.visit.day)}, {_session(course, judged)}: {'; '.join(said)}"


def _happened(judged: JudgedVisit) -> Iterator[str]:
    visit = judged.visit
    yield f"{visit.status}" + (f" by the {visit.by}" if visit.by else "")
    if visit.elsewhere:
        yield "elsewhere"
    if visit.counts is not None:
        yield "counts" if visit.counts else "does not count"
    if visit.worse:
        yield "symptoms worse"
    if visit.corrects:
        yield f"instead of {visit.corrects}"


def _session(course: Course, judged: JudgedVisit) -> str:
    """Call the session of a visit by its phase, and its number if it has one."""
    number = numbers_of(course).get(judged.session or "")
    phase = next((s.phase for s in course.sessions if s.id == judged.session), "no session")
    return phase if number is None else called(phase, number)


# What changed


def changes_table(course: Course, changes: Sequence[Change]) -> Table:
    """List what people see of a change: each booking, what became of it, from when to when, and why."""
    numbers = numbers_of(course)
    rows = []
    for change in filter(_shows, changes):
        before, after = _when(change.before), _when(change.after)
        moved = after != before and change.after.status.stands
        name = _named(course, change.after, numbers)
        rows.append((name, _became(change), before, after if moved else "", change.why))
    return Table(("what", "is", "from", "to", "because"), tuple(rows))


def stands_again(course: Course) -> Iterator[str]:
    """Say which sessions the last revision opened again, and why."""
    numbers = numbers_of(course)
    for change in course.changes:
        if change.kind == "opened" and change.after.kind == "session":
            name = _named(course, change.after, numbers)
            yield f"{name} stands again, on {_when(change.after)}: {change.why}"


def _named(course: Course, booking: Booking, numbers: dict[str, int]) -> str:
    if booking.kind == "companion":
        return course.protocol.companion(booking.of).title
    return called(booking.of, numbers[booking.id]) if booking.id in numbers else booking.of


def _shows(change: Change) -> bool:
    """Whether a change is one that people see; what a booking goes with may change behind it."""
    before, after = change.before, change.after
    if change.kind != "changed" or before is None or before.status is not after.status:
        return True
    return isinstance(before, Session) and isinstance(after, Session) and before.place != after.place


def _became(change: Change) -> str:
    before, after = change.before, change.after
    if isinstance(before, Session) and isinstance(after, Session) and before.place != after.place:
        return f"now at {after.place}" if change.kind == "changed" else change.kind
    if before is not None and change.kind == "changed" and before.status is not after.status:
        return "to be confirmed" if after.status == "tentative" else str(after.status)
    return change.kind


def _when(booking: Booking | None) -> str:
    if booking is None:
        return ""
    return f"{on(booking.day)} {booking.time:%H:%M}" if booking.time else on(booking.day)


# What could be done


def plans_table(
    before: Course, proposals: Iterable[Proposal], marked: str, *, known: Sequence[str] = ()
) -> Table:
    """
    List plans that could be made: new days, what else changes, what each costs.

    Args:
        before: The course that they are made from.
        proposals: Of `ways` or `proposals`.
        marked: Name of the one that the protocol takes; it gets an asterisk.
        known: Remarks that are left out, because they stand elsewhere.
    """
    rows = []
    for proposal in proposals:
        changes = changes_made(before, proposal)
        new = [on(c.after.day) for c in changes if c.kind == "added" and c.after.kind == "session"]
        if len(new) > SHOWN:
            new = [*new[:SHOWN], f"and {len(new) - SHOWN} more, to {new[-1]}"]
        others = _others(changes) or (["nothing"] if proposal.course is not None else [])
        cells = (new, others, costs(before, proposal, known))
        star = "*" if marked in proposal.names else ""
        rows.append((star, "\n".join(map(way_called, proposal.names)), *map("\n".join, cells)))
    return Table(("", "way", "new days", "what else changes", "what it costs"), tuple(rows))


def _others(changes: Iterable[Change]) -> list[str]:
    """Say what a plan changes besides the days that it adds."""
    said, around = [], 0
    for change in changes:
        if change.after.kind == "companion":
            around += 1
        elif change.kind == "moved" and change.before is not None:
            said.append(f"{on(change.before.day)} to {on(change.after.day)}")
        elif change.kind in ("closed", "opened"):
            said.append(f"{on(change.after.day)} {change.kind}")
    if len(said) > SHOWN:
        said = [*said[:SHOWN], f"and {len(said) - SHOWN} more"]
    return [*said, f"{many(around, 'booking')} around them"] if around else said
