"""What stands beside the dates of a course: to-dos, notes, what sessions wait for, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ketsched.checking.rules import sentence
from ketsched.holds import tentative_reasons
from ketsched.interchange.json import document
from ketsched.model import BookingStatus, Companion, Course, PlacedCompanion
from ketsched.names import Names, inside
from ketsched.reporting import around_values, notices_of
from ketsched.revising import Consequences
from ketsched.screens import Part, at_hour, many, on
from ketsched.screens.rows import columns, hung

SHOWN = 6
"""Sessions that are listed one by one; of more the first and the last are (house default)."""


# To-dos, and notes beside sessions


def beside_lines(course: Course) -> Iterator[str]:
    """Yield the to-dos of a course, those of one kind on one line, and the notes beside its sessions."""
    found: dict[str, list[PlacedCompanion]] = {}
    for placed in course.companions:
        if placed.status.stands and course.protocol.companion(placed.companion).kind == "task":
            found.setdefault(placed.companion, []).append(placed)
    todos = ((course.protocol.companion(name), placed) for name, placed in found.items())
    yield from _listed("To do", ((c.title, _each_time_in_words(course, c, placed)) for c, placed in todos))
    notes = notices_of(course)
    yield from _listed("Notes", ((c.title, _notice_in_words(course, c)) for c, _ in notes))


def _listed(title: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    lines = columns(rows)
    if lines:
        yield from (title, *lines, "")


def _each_time_in_words(course: Course, companion: Companion, bookings: Sequence[PlacedCompanion]) -> str:
    anchor = _anchor_in_words(course, companion)
    if len(bookings) == 1:
        when = f"due {on(bookings[0].day)}"
    elif companion.count == 1:
        when = f"due {_days_from(companion.window.latest)} {anchor}"
    else:
        when = f"due again and again, {companion.every[0].words()}, from {anchor} on"
    several = len(bookings) > 1
    said = [when]
    said += (
        [many(len(bookings), "time"), f"{on(bookings[0].day)} to {on(bookings[-1].day)}"] if several else []
    )
    sooner = sum(placed.ideal is not None and placed.day < placed.ideal for placed in bookings)
    unsure = sum(placed.status is BookingStatus.TENTATIVE for placed in bookings)
    done = sum(placed.status is BookingStatus.FULFILLED for placed in bookings)
    said += [f"{sooner} sooner, as the clinic is closed"] if sooner else []
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
    sides = (("from", companion.before, "before"), ("until", companion.after, "after"))
    span = " ".join(
        f"{word} {minutes // 60} h {minutes % 60:02d} min {side}"
        for word, minutes, side in sides
        if minutes is not None
    )
    who = "" if companion.for_patient else "for the clinic"
    said = ", ".join(filter(None, (_anchor_in_words(course, companion), span, who)))
    return f"{said}: {companion.text}" if companion.text else said


# What holds sessions up


def waiting_lines(course: Course) -> Iterator[str]:
    """Yield what sessions wait for that are to be confirmed, each reason once."""
    known, names = tentative_reasons(course), Names(course)
    found: dict[str, list[str]] = {}
    for session in course.standing():
        if session.status is BookingStatus.TENTATIVE:
            for reason in known.get(session.id, ("no reason is recorded",)):
                found.setdefault(reason, []).append(session.id)
    for reason, sessions in found.items():
        yield hung("", f"To be confirmed: {names.several(sessions)}. {sentence(reason)}", at=2)


def consequences_parts(course: Course, became: Consequences) -> Iterator[Part]:
    """Yield what a change of holds, decisions, payers or appointments meant, and what is to be said of it."""
    rows = [*_turned(course, became)]
    if rows:
        yield "Changes"
        yield from columns(rows)
    if became.turned:
        things = "appointment or to-do" if became.turned == 1 else "appointments and to-dos"
        yield f"  and {became.turned} {things} with them"
    if became.confirms:
        yield from waiting_lines(course)


def _turned(course: Course, became: Consequences) -> Iterator[tuple[str, str, str]]:
    names = Names(course)
    for word, sessions in (("to confirm", became.unsure), ("confirmed", became.firm)):
        if len(sessions) > SHOWN:
            several = names.several(session.id for session in sessions)
            yield word, several, f"{on(sessions[0].day)} to {on(sessions[-1].day)}"
        else:
            yield from ((word, names.of(session), at_hour(session)) for session in sessions)
    for word, bookings in (("new", became.added), ("moved", became.moved), ("cancelled", became.closed)):
        for placed in bookings:
            is_task = course.protocol.companion(placed.companion).kind == "task"
            name = f"to do: {inside(names.of(placed))}" if is_task else names.of(placed)
            yield word, name, f"by {on(placed.day)}" if is_task else at_hour(placed)


def consequences_values(course: Course, became: Consequences) -> dict[str, Any]:
    """Return the same as plain values, with what the course became."""
    return {
        "revision": len(course.revisions),
        "now_to_be_confirmed": [session.id for session in became.unsure],
        "now_firm": [session.id for session in became.firm],
        "added": [placed.id for placed in became.added],
        "moved": [placed.id for placed in became.moved],
        "cancelled": [placed.id for placed in became.closed],
        **around_values(course),
        "course": document(course),
    }
