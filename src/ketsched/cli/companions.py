"""Tables of what goes around the sessions, and of what holds them up, for the clinic's terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from ketsched.around import to_confirm
from ketsched.model import Companion, Course, PlacedCompanion, Session, Status
from ketsched.reporting import notices_of, numbers_of
from ketsched.screens import called, many, on
from ketsched.screens.protocols import with_and_where

if TYPE_CHECKING:
    from rich.console import RenderableType


def around_of(course: Course) -> Iterator[RenderableType]:
    """
    Yield tables of what goes around the sessions: what has a day of its own, what is each time, notices.

    A task of each session, or what takes place during each, is one line, so that long courses stay readable.
    """
    often = _each_time(course)
    single = [p for p in _standing(course) if p.companion not in often]
    if single:
        yield _dated(course, single)
    rows = [(course.protocol.companion(name), placed) for name, placed in often.items()]
    if rows:
        yield _titled("Each time", [(c.title, _each_time_in_words(course, c, p)) for c, p in rows])
    told = [(companion.title, _notice_in_words(course, companion)) for companion, _ in notices_of(course)]
    if told:
        yield _titled("Notices", told)


def _standing(course: Course) -> list[PlacedCompanion]:
    return [placed for placed in course.companions if placed.status.stands]


def _each_time(course: Course) -> dict[str, list[PlacedCompanion]]:
    """Return the bookings that are shown together, by companion: several of one task, or during sessions."""
    found: dict[str, list[PlacedCompanion]] = {}
    for placed in _standing(course):
        companion = course.protocol.companion(placed.companion)
        if companion.kind == "task" or companion.on_session_days == "during":
            found.setdefault(companion.id, []).append(placed)
    return {name: bookings for name, bookings in found.items() if len(bookings) > 1}


def _dated(course: Course, bookings: Sequence[PlacedCompanion]) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("day", "from", "to", "what", "with, where", "goes with", "note"):
        table.add_column(name, no_wrap=name in ("day", "from", "to"), overflow="fold")
    labels = labels_of(course)
    for placed in bookings:
        companion = course.protocol.companion(placed.companion)
        table.add_row(
            on(placed.day),
            *_hours(course, placed, companion),
            companion.title,
            _briefly(companion),
            labels.get(placed.session, ""),
            "; ".join(_notes(placed, companion)),
        )
    return Group(Text("Around the sessions", style="bold"), table)


def _hours(course: Course, placed: PlacedCompanion, companion: Companion) -> tuple[str, str]:
    times = course.appointment(placed)
    if times is not None:
        return f"{times[0]:%H:%M}", f"{times[1]:%H:%M}"
    return ("due" if companion.kind == "task" else ""), ""


def _briefly(companion: Companion) -> str:
    """Say the same where there is little room: who is there is at the clinic unless it says otherwise."""
    at_clinic = companion.kind == "appointment" and companion.place == "clinic"
    return companion.calendar if at_clinic and companion.calendar else with_and_where(companion)


def _notes(placed: PlacedCompanion, companion: Companion) -> Iterator[str]:
    if placed.outcome is not None:
        yield f"outcome: {placed.outcome.what} ({placed.outcome.who}, {placed.outcome.on})"
    elif placed.status is Status.FULFILLED:
        yield "done"
    elif placed.status is Status.TENTATIVE:
        yield "to be confirmed"
    elif companion.gate:
        yield "no outcome yet"
    if companion.on_session_days == "during":
        yield "during the session"
    if not companion.for_patient:
        yield "for the clinic"


def _each_time_in_words(course: Course, companion: Companion, bookings: Sequence[PlacedCompanion]) -> str:
    anchor = _anchor_in_words(course, companion)
    if companion.kind == "appointment":
        when = f"during {anchor}"
    elif companion.count == 1:
        when = f"due {_days_from(companion.window.latest)} {anchor}"
    else:
        when = f"due again and again, {companion.every[0].words()}, from {anchor} on"
    said = [when, many(len(bookings), "time"), f"{on(bookings[0].day)} to {on(bookings[-1].day)}"]
    sooner = sum(placed.ideal is not None and placed.day < placed.ideal for placed in bookings)
    unsure = sum(placed.status is Status.TENTATIVE for placed in bookings)
    done = sum(placed.status is Status.FULFILLED for placed in bookings)
    said += [f"{sooner} sooner, as the clinic is closed"] if sooner and companion.kind == "task" else []
    said += [f"{done} done"] if done else []
    said += [f"{unsure} to be confirmed"] if unsure else []
    said += [] if companion.for_patient else ["for the clinic"]
    return "; ".join(said)


def _days_from(days: int) -> str:
    """Say how a due date lies to what it is counted from."""
    words = {-1: "the day before", 0: "on the day of", 1: "the day after"}
    return words.get(days, f"{abs(days)} days {'after' if days > 0 else 'before'}")


def _anchor_in_words(course: Course, companion: Companion) -> str:
    anchor = companion.anchor
    return anchor.words() if anchor.companion is None else course.protocol.companion(anchor.companion).title


def _notice_in_words(course: Course, companion: Companion) -> str:
    span = " ".join(
        f"{word} {minutes // 60} h {minutes % 60:02d} min {side}"
        for word, minutes, side in (
            ("from", companion.before, "before"),
            ("until", companion.after, "after"),
        )
        if minutes is not None
    )
    who = "" if companion.for_patient else "for the clinic"
    said = ", ".join(filter(None, (_anchor_in_words(course, companion), span, who)))
    return f"{said}: {companion.text}" if companion.text else said


def _titled(title: str, rows: Iterable[tuple[str, str]]) -> RenderableType:
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(overflow="fold", max_width=30)
    table.add_column(overflow="fold", ratio=1)
    for row in rows:
        table.add_row(*row)
    return Group(Text(title, style="bold"), table)  # a table's own title would wrap at its width


def labels_of(course: Course) -> dict[str, str]:
    """Return what each session is called on the terminal, by its id: its phase and its number in it."""
    numbers = numbers_of(course)
    return {
        session.id: called(session.phase, numbers[session.id])
        if session.id in numbers
        else f"{session.phase}, {session.day}"
        for session in course.sessions
    }


def reasons_of(course: Course) -> RenderableType | None:
    """Show why sessions are to be confirmed, each reason once with its sessions; None if none is."""
    known = to_confirm(course)
    found: dict[str, list[str]] = {}
    for session in course.standing():
        reasons = known.get(session.id, ("no reason is recorded",))
        for reason in reasons if session.status is Status.TENTATIVE else ():
            found.setdefault(reason, []).append(session.id)
    if not found:
        return None
    rows = [(several(course, sessions), reason) for reason, sessions in found.items()]
    return _titled("To be confirmed, and why (for the clinic: no patient's file tells the reasons)", rows)


def sessions_briefly(course: Course, sessions: Iterable[Session]) -> RenderableType:
    """List sessions with their day and time."""
    labels = labels_of(course)
    return _rows((labels[s.id], on(s.day), f"{s.time:%H:%M}" if s.time else "") for s in sessions)


def bookings_briefly(course: Course, bookings: Iterable[PlacedCompanion]) -> RenderableType:
    """List appointments and tasks with their day and time, and the session they go with."""
    labels = labels_of(course)
    return _rows(
        (
            course.protocol.companion(placed.companion).title,
            on(placed.day),
            f"{placed.time:%H:%M}" if placed.time else "due",
            labels.get(placed.session, ""),
        )
        for placed in bookings
    )


def _rows(rows: Iterable[tuple[str, ...]]) -> RenderableType:
    from rich.table import Table

    table = Table(box=None, padding=(0, 0, 0, 2), show_header=False)
    for row in rows:
        table.add_row(*row)
    return table


def several(course: Course, session_ids: Iterable[str]) -> str:
    """Name several sessions shortly: induction 1 to 6, maintenance 2."""
    numbers, wanted = numbers_of(course), set(session_ids)
    said = []
    by_phase: dict[str, list[int]] = {}
    for session in course.standing():
        if session.id in wanted and session.id in numbers:
            by_phase.setdefault(session.phase, []).append(numbers[session.id])
        elif session.id in wanted:
            said.append(f"{session.phase}, {session.day}")
    for phase, reached in by_phase.items():
        runs = [
            [number for _, number in run]
            for _, run in groupby(enumerate(reached), lambda pair: pair[1] - pair[0])
        ]
        shown = [f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs]
        said.append(called(phase, ", ".join(shown), several=len(reached) > 1))
    return ", ".join(said)
