"""What happened, what changed, and the plans that could be made, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from textwrap import wrap

from ketsched.checking.rules import sentence
from ketsched.history import JudgedVisit, Verdict
from ketsched.model import BookingStatus, Change, Course, Session, VisitStatus
from ketsched.names import STATUS_WORDS, Names, inside
from ketsched.reporting import changes_made
from ketsched.screens import at_hour, on, short
from ketsched.screens.rows import columns, paragraph
from ketsched.tracking import Proposal
from ketsched.tracking.proposing import way_called

SHOWN = 6
"""New days, or moved sessions, that a table of plans shows of each."""
WIDEST = 24
"""Columns of the names of ways (house default)."""
SHOWN_TASKS = 3
"""To-dos that are listed one by one; of more their number is said (house default)."""


# What happened


_VERDICTS = {
    Verdict.GRACE: "given early, accepted",
    Verdict.TOO_SOON: "given too soon, does not count",
    Verdict.TOO_LATE: "given late, counts",
    Verdict.DUPLICATE: "entered twice",
    Verdict.EXTRANEOUS: "one more than planned",
    Verdict.NOT_COUNTED: "does not count",
    Verdict.ASKED: "please say whether it counts",
}
"""What a record counted for, if not simply as given."""


def visit_lines(course: Course, visits: Iterable[JudgedVisit]) -> list[str]:
    """List visits: the entry, the day, which session it was, what was recorded, and who recorded it."""
    names = Names(course)
    return columns(
        [
            (
                judged.visit.id,
                on(judged.visit.day) + (f" {judged.visit.at:%H:%M}" if judged.visit.at else ""),
                _session(names, course, judged),
                "; ".join(filter(None, (happened(names, judged), judged.visit.who))),
            )
            for judged in visits
        ]
    )


def visit_in_words(course: Course, judged: JudgedVisit) -> str:
    """Say in one line what a visit was: infusion 1, Mon 2027-01-04: given."""
    names = Names(course)
    name = names.due(judged.phase, judged.number) if judged.phase and judged.number else ""
    return f"{', '.join(filter(None, (name, on(judged.visit.day))))}: {happened(names, judged)}"


def happened(names: Names, judged: JudgedVisit) -> str:
    """Say what was recorded, and what it counted for."""
    visit, said = judged.visit, []
    status = STATUS_WORDS[visit.status] + (f" by {visit.by}" if visit.by else "")
    verdict = _VERDICTS.get(judged.verdict, "")
    if judged.verdict is Verdict.FILLS_BOOSTER and judged.phase is not None and judged.number:
        verdict = f"counts as {names.due(judged.phase, judged.number)}"
    if verdict and judged.reason and str(visit.status) not in judged.reason:
        verdict += f" ({judged.reason})"
    given = visit.status is VisitStatus.FULFILLED and verdict.startswith("given")
    said += [] if given else [status]
    said += [verdict] if verdict else []
    said += ["elsewhere"] if visit.elsewhere else []
    said += ["counts"] if visit.counts and not verdict else []
    said += ["symptoms worse"] if visit.worse else []
    said += [f"instead of {visit.corrects}"] if visit.corrects else []
    return ", ".join(said)


def _session(names: Names, course: Course, judged: JudgedVisit) -> str:
    """Call the session of a visit."""
    session = next((s for s in course.sessions if s.id == judged.session), None)
    return "no session" if session is None else names.of(session)


# What changed


_BECAME = {
    "added": "new",
    "opened": "rebooked",
    "closed": "cancelled",
    "fulfilled": "given",
    BookingStatus.TENTATIVE: "to confirm",
    BookingStatus.FIRM: "confirmed",
}
"""What became of a booking, by its kind of change or, if nothing else changed, by its status."""


def change_lines(course: Course, changes: Sequence[Change]) -> list[str]:
    """
    List what people see of a change in order of time: what became of each booking, which it is, when, and why.

    To-dos come last; of many that are alike their number is said.
    """
    shown = sorted(filter(shows, changes), key=lambda change: (change.before or change.after).when)
    tasks = [change for change in shown if is_task(course, change)]
    names = Names(course)
    rows = [_row(course, names, change) for change in shown if change not in tasks]
    for became in dict.fromkeys(became_of(change) for change in tasks):
        alike = [change for change in tasks if became_of(change) == became]
        if len(alike) > SHOWN_TASKS:
            rows.append((became, f"{len(alike)} to-dos", "", ""))
        else:
            rows += [_row(course, names, change) for change in alike]
    return columns(rows)


def _row(course: Course, names: Names, change: Change) -> tuple[str, str, str, str]:
    after, why = change.after, change.why
    name = names.of(after)
    if not is_task(course, change):
        return (
            became_of(change),
            name,
            _from_to(change),
            "" if change.kind in ("missed", "fulfilled") else why,
        )
    if change.kind == "closed":
        why = "no longer needed"
    elif change.kind == "moved":
        session = next((s for s in course.sessions if s.id == getattr(after, "session", "")), None)
        why = f"moves with {names.of(session)}" if session is not None else why
    return became_of(change), f"to do: {inside(name)}", f"by {on(after.day)}", why


def is_task(course: Course, change: Change) -> bool:
    """Whether it is a to-do that changed."""
    after = change.after
    return after.kind == "companion" and course.protocol.companion(after.of).kind == "task"


def _from_to(change: Change) -> str:
    """Say when a booking is; of one that moved from when to when: Wed 13 to Thu 2027-01-14 at 10:00."""
    before, after = change.before, change.after
    stays = before is None or not before.status.stands or (before.day, before.time) == (after.day, after.time)
    if before is None or stays or not after.status.stands:
        return at_hour(after)
    if before.day == after.day:
        was = f"{before.time:%H:%M}" if before.time else "no hour"
        return f"{on(after.day)} {was} to " + (f"{after.time:%H:%M}" if after.time else "no hour")
    same_month = (before.day.year, before.day.month) == (after.day.year, after.day.month)
    was = short(before.day) if same_month else on(before.day)
    hour = f" {before.time:%H:%M}" if before.time and before.time != after.time else ""
    return f"{was}{hour} to {at_hour(after)}"


def stands_again(course: Course) -> Iterator[str]:
    """Say which sessions the last revision opened again, and why."""
    names = Names(course)
    for change in course.changes:
        if change.kind == "opened" and change.after.kind == "session":
            yield paragraph(f"Rebooked: {names.of(change.after)}, {at_hour(change.after)}: {change.why}.")


def shows(change: Change) -> bool:
    """Whether a change is one that people see; what a booking goes with may change behind it."""
    before, after = change.before, change.after
    if change.kind != "changed" or before is None or before.status is not after.status:
        return True
    return isinstance(before, Session) and isinstance(after, Session) and before.place != after.place


def became_of(change: Change) -> str:
    """Return what became of a booking in a word or two: new, moved, given."""
    before, after = change.before, change.after
    if isinstance(before, Session) and isinstance(after, Session) and before.place != after.place:
        return f"now at {after.place}" if change.kind == "changed" else change.kind
    if before is not None and change.kind == "changed" and before.status is not after.status:
        return _BECAME.get(after.status, str(after.status))
    if change.kind == "fulfilled" and not isinstance(change.after, Session):
        return "done"
    return _BECAME.get(change.kind, change.kind)


# What could be done


SUGGESTED = {
    "continue": "carry on",
    "step back": "go back one step",
    "repeat tail": "repeat the last sessions",
    "restart": "start again",
    "clinician review": "ask a clinician",
}
"""What a protocol can suggest after a long break, as people say it."""


def _called(way: str) -> str:
    return SUGGESTED.get(way, way_called(way))


def way_lines(before: Course, proposals: Sequence[Proposal], marked: str) -> Iterator[str]:
    """
    Yield plans that could be made: new dates, which others move, when each ends, and what it costs.

    Args:
        before: The course that they are made from.
        proposals: Of `ways` or `proposals`.
        marked: Name of the one that the protocol takes; it gets an asterisk.
    """
    rows = [("", "way", "new date", "others that move", "ends")]
    for proposal in proposals:
        changes = changes_made(before, proposal)
        new = [c.after for c in changes if c.kind == "added" and c.after.kind == "session"]
        ends = [] if proposal.course is None else proposal.course.standing()[-1:]
        star = "*" if marked in proposal.names else ""
        name = ", ".join(map(_called, proposal.names))
        others = _others(changes)
        dates = [on(booking.day) for booking in new] or ["none"]
        end = on(ends[0].day) if ends else ""
        rows += _stacked(star, name, dates, others or ["none"], end)
    yield from columns(rows)
    yield from map(partial(paragraph, indent=2), _costs_in_words(before, proposals))


def _stacked(
    star: str, name: str, dates: list[str], others: list[str], end: str
) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield the rows of one plan: its further dates stand below the first."""
    names = wrap(name, WIDEST, break_long_words=False)
    for n in range(max(len(names), len(dates), len(others))):
        cells = (lines[n] if n < len(lines) else "" for lines in (names, dates, others))
        of_name, of_dates, of_others = cells
        yield star if n == 0 else "", of_name, of_dates, of_others, end if n == 0 else ""


def _others(changes: Iterable[Change]) -> list[str]:
    """Say which sessions a plan changes besides those that it adds: Wed 13 to Tue 12."""
    said = []
    for change in changes:
        if change.after.kind == "companion":
            continue
        if change.kind == "moved" and change.before is not None:
            said.append(f"{short(change.before.day)} to {short(change.after.day)}")
        elif change.kind in ("closed", "opened"):
            said.append(f"{short(change.after.day)} {_BECAME[change.kind]}")
    more = [f"and {len(said) - SHOWN} more"] if len(said) > SHOWN else []
    shown = [*said[:SHOWN], *more]
    return [text + "," for text in shown[:-1]] + shown[-1:]


def _costs_in_words(before: Course, proposals: Sequence[Proposal]) -> Iterator[str]:
    """Yield what plans cost, what is common to several of them in one sentence."""
    of_way = {_called(p.name): _costs(before, p) for p in proposals}
    for cost in dict.fromkeys(cost for found in of_way.values() for cost in found):
        with_it = [name for name, found in of_way.items() if cost in found]
        without = [name for name in of_way if name not in with_it]
        if not without:
            yield sentence(cost)
        elif len(with_it) > 2 and len(without) == 1:
            yield f'All but "{without[0]}": {sentence(cost)}'
        else:
            yield f"{', '.join(with_it)}: {sentence(cost)}"


def _costs(before: Course, proposal: Proposal) -> tuple[str, ...]:
    """Return why a plan cannot be, or what it could not keep; that leaving out is one session fewer, its name says."""
    if proposal.course is None:
        return () if proposal.error is None else (f"cannot be: {proposal.error.what.removesuffix('.')}",)
    return proposal.course.revisions[-1].remarks if changes_made(before, proposal) else ()
