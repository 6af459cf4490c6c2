"""The bookings of a course in words: sessions, what goes around them, and what holds them up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ketsched.agenda import agenda
from ketsched.holds import tentative_reasons
from ketsched.hours import Hours
from ketsched.interchange.json import document
from ketsched.model import BookingStatus, Companion, Course, PlacedCompanion, Session
from ketsched.moments import SessionEntry
from ketsched.reporting import around_values, notices_of, numbers_of
from ketsched.revising import Consequences
from ketsched.screens import Facts, Part, Table, called, many, on
from ketsched.screens.notes import appointment_notes, notes_on_days, notes_on_hours, usual_hour
from ketsched.screens.protocols import with_and_where

if TYPE_CHECKING:
    from ketsched.planning import Start

_RIDES = {"confirmed": "ride home confirmed", "none": "no ride home", "self": "means to drive home"}


def sessions_table(course: Course, hours: Hours | None = None) -> Table:
    """
    List the sessions: number, day, hours, and what there is to say of each.

    Args:
        course: The course.
        hours: When its sessions can be; they tell why one is on another day or at another hour.
    """
    usual = {at_home: usual_hour(course, hours, at_home=at_home) for at_home in (False, True)}
    rows = (
        (
            str(entry.number) if entry.booking.counts else "",
            entry.booking.phase,
            on(entry.first),
            f"{entry.start:%H:%M}" if entry.start else "",
            f"{entry.end:%H:%M}" if entry.end else "",
            "; ".join(_of_session(entry, hours, usual[entry.at_home])),
        )
        for entry in agenda(course).session_entries.values()
        if entry.status.stands
    )
    return Table(("", "phase", "day", "from", "to", "note"), tuple(rows))


def _of_session(entry: SessionEntry, hours: Hours | None, usual: time | None) -> Iterator[str]:
    session, at_home = entry.booking, entry.at_home
    if session.status is BookingStatus.TENTATIVE:
        yield "to be confirmed"
    elif session.status is BookingStatus.FULFILLED:
        yield "given" if session.counts else "given, does not count"
    if at_home:
        yield "at home"
    if session.ride:
        yield _RIDES[session.ride]
    yield from notes_on_days(entry, hours)
    yield from notes_on_hours(entry, hours, usual)


def starts_table(tried: Sequence[Start], shown: int) -> Table:
    """List the best of the starts that were tried, and what blocks those that cannot be."""
    rows = []
    for start in tried[:shown]:
        cost = start.placement
        if cost is not None and start.course is not None:
            last, weeks = on(date.fromordinal(cost.last)), _first_weeks(start.course)
            rows.append((on(start.day), weeks, last, str(cost.total), str(cost.broken), ""))
        elif start.error is not None:
            rows.append((on(start.day), "", "", "", "", start.error.what))
    return Table(
        ("start", "first phase", "last session", "days from pattern", "preferences broken", "what blocks it"),
        tuple(rows),
        f"Starts, the best first ({min(shown, len(tried))} of {len(tried)} tried)",
    )


def _first_weeks(course: Course) -> str:
    """Say how many nominal weeks the first phase takes: its span in dates / 7, rounded up."""
    days = [session.day for session in course.standing() if session.phase == course.protocol.phases[0].name]
    return many(-(-((days[-1] - days[0]).days + 1) // 7), "week")


# What goes around the sessions


def around_parts(course: Course, hours: Hours | None = None) -> Iterator[Table | Facts]:
    """
    Yield what goes around the sessions: what has a day of its own, what is each time, notices.

    A task of each session, or what takes place during each, is one line, so that long courses stay readable.

    Args:
        course: The course.
        hours: When its appointments can be; they tell why one is on another day.
    """
    often = _each_time(course)
    single = [p for p in _standing(course) if p.companion not in often]
    if single:
        yield _dated(course, single, hours)
    rows = [(course.protocol.companion(name), placed) for name, placed in often.items()]
    if rows:
        yield Facts(tuple((c.title, _each_time_in_words(course, c, p)) for c, p in rows), "Each time")
    told = tuple(
        (companion.title, _notice_in_words(course, companion)) for companion, _ in notices_of(course)
    )
    if told:
        yield Facts(told, "Notices")


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


def _dated(course: Course, bookings: Sequence[PlacedCompanion], hours: Hours | None) -> Table:
    labels = labels_of(course)
    notes = {} if hours is None else appointment_notes(course, hours)
    rows = []
    for placed in bookings:
        companion = course.protocol.companion(placed.companion)
        rows.append(
            (
                on(placed.day),
                *_hours(course, placed, companion),
                companion.title,
                _briefly(companion),
                labels.get(placed.session, ""),
                "; ".join(filter(None, (*_of_companion(placed, companion), notes.get(placed.id)))),
            )
        )
    columns = ("day", "from", "to", "what", "with, where", "goes with", "note")
    return Table(columns, tuple(rows), "Around the sessions", whole=columns[:3])


def _hours(course: Course, placed: PlacedCompanion, companion: Companion) -> tuple[str, str]:
    times = course.appointment(placed)
    if times is not None:
        return f"{times[0]:%H:%M}", f"{times[1]:%H:%M}"
    return ("due" if companion.kind == "task" else ""), ""


def _briefly(companion: Companion) -> str:
    """Say who and where in little room: who is there is at the clinic unless it says otherwise."""
    at_clinic = companion.kind == "appointment" and companion.place == "clinic"
    return companion.calendar if at_clinic and companion.calendar else with_and_where(companion)


def _of_companion(placed: PlacedCompanion, companion: Companion) -> Iterator[str]:
    if placed.outcome is not None:
        yield f"outcome: {placed.outcome.what} ({placed.outcome.who}, {placed.outcome.on})"
    elif placed.status is BookingStatus.FULFILLED:
        yield "done"
    elif placed.status is BookingStatus.TENTATIVE:
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
    unsure = sum(placed.status is BookingStatus.TENTATIVE for placed in bookings)
    done = sum(placed.status is BookingStatus.FULFILLED for placed in bookings)
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


def reasons_parts(course: Course) -> Iterator[Facts]:
    """Yield why sessions are to be confirmed, each reason once with its sessions; nothing if none is."""
    known = tentative_reasons(course)
    found: dict[str, list[str]] = {}
    for session in course.standing():
        reasons = known.get(session.id, ("no reason is recorded",))
        for reason in reasons if session.status is BookingStatus.TENTATIVE else ():
            found.setdefault(reason, []).append(session.id)
    if found:
        rows = tuple((several(course, sessions), reason) for reason, sessions in found.items())
        yield Facts(rows, "To be confirmed, and why (for the clinic: no patient's file tells the reasons)")


def consequences_parts(course: Course, became: Consequences) -> Iterator[Part]:
    """Yield what a change of holds, outcomes, payers or appointments meant."""
    for title, sessions in (("now to be confirmed", became.unsure), ("now firm", became.firm)):
        if sessions:
            yield f"{title}: {several(course, (session.id for session in sessions))}"
            yield _brief_sessions(course, sessions)
    if became.turned:
        things = "appointment or task" if became.turned == 1 else "appointments and tasks"
        yield f"  and {became.turned} {things} with them"
    for title, placed in (("added", became.added), ("moved", became.moved), ("cancelled", became.closed)):
        if placed:
            yield f"{title}:"
            yield bookings_table(course, placed)
    reasons = tuple(reasons_parts(course)) if became.confirms else ()
    if reasons:
        yield ""
        yield from reasons
        yield ""


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


def _brief_sessions(course: Course, sessions: Iterable[Session]) -> Table:
    labels = labels_of(course)
    rows = ((labels[s.id], on(s.day), f"{s.time:%H:%M}" if s.time else "") for s in sessions)
    return Table(("",) * 3, tuple(rows))


def bookings_table(course: Course, bookings: Iterable[PlacedCompanion]) -> Table:
    """List appointments and tasks with their day and time, and the session they go with."""
    labels = labels_of(course)
    rows = (
        (
            course.protocol.companion(placed.companion).title,
            on(placed.day),
            f"{placed.time:%H:%M}" if placed.time else "due",
            labels.get(placed.session, ""),
        )
        for placed in bookings
    )
    return Table(("",) * 4, tuple(rows))


# What sessions are called


def labels_of(course: Course) -> dict[str, str]:
    """Return what each session is called, by its id: its phase and its number in it."""
    numbers = numbers_of(course)
    return {
        session.id: called(session.phase, numbers[session.id])
        if session.id in numbers
        else f"{session.phase}, {session.day}"
        for session in course.sessions
    }


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
