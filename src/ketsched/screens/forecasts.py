"""What is due next and until when, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from ketsched.history import SessionState
from ketsched.model import Course, Revision, Session
from ketsched.reporting import in_week, numbers_of
from ketsched.screens import Facts, Lines, Part, Table, called, many, on
from ketsched.screens.courses import waiting_lines
from ketsched.tracking import Due, Forecast
from ketsched.tracking.lapses import taken, verified

SHOWN_DAYS = 7
"""Days that can be booked of which each is named; of more the last is."""
TOO_EARLY = "before its earliest day"
LATE = "after the latest"


def forecast_parts(course: Course, seen: Forecast, monday: date | None = None) -> Iterator[Part]:
    """
    Yield what is due next, the windows of what follows, what holds sessions up, and what is to be asked.

    Args:
        course: The course.
        seen: Its forecast.
        monday: Of the week whose days alone are shown; None: all.
    """
    today = tuple(_of_today(seen))
    if today:
        yield f"Today: {', '.join(today)}"
    if seen.next is None:
        yield _nothing(course, seen, "after today" if today else "")
    else:
        yield f"Next is {called(seen.next.phase, seen.next.number)}: {_booked(course, seen.next, hour=True)}"
        yield Facts(tuple(_rows(course, seen, seen.next, monday)))
    if len(seen.sessions) > 1:
        yield ""
        yield _windows(course, seen)
    for part in waiting_lines(course):
        yield ""
        yield part
    if seen.asks:
        yield ""
        yield Lines("To be asked", tuple(_asked(course, seen)))
    if seen.lifted:
        yield ""
        yield Lines("No day can keep any more", seen.lifted)


def taken_in_words(course: Course, revision: Revision) -> str:
    """Say which way was taken after a lapse, when and by whom."""
    assert revision.at is not None  # noqa: S101 - `taken` looked
    day = course.day_at(revision.at)
    by = f" by {revision.who}" if revision.who else ""
    return f"{revision.proposal} was taken on {on(day)}{by}"


def _of_today(seen: Forecast) -> Iterator[str]:
    """Name the sessions of today of which nothing was recorded yet."""
    course = seen.history.course
    numbers = numbers_of(course)
    for session in seen.history.in_state(SessionState.DUE):
        name = called(session.phase, numbers[session.id]) if session.id in numbers else session.phase
        yield name + (f" at {session.time:%H:%M}" if session.time else "")


def _nothing(course: Course, seen: Forecast, when: str) -> str:
    """Say why nothing is next; a course is complete once it is known what became of all its sessions."""
    if course.ended:
        return "Nothing is due: the course was ended."
    if when:
        return f"Nothing more is due {when}."
    unknown = len(seen.history.in_state(SessionState.NOT_RECORDED))
    if unknown:
        return f"Nothing more is booked; nobody recorded what became of {many(unknown, 'session')}."
    return "Nothing is due: the course is complete."


def _booking(course: Course, due: Due) -> Session | None:
    return next((session for session in course.sessions if session.id == due.session), None)


def _booked(course: Course, due: Due, *, hour: bool = False) -> str:
    booked = _booking(course, due)
    if booked is None:
        return "no booking"
    said = f"booked for {on(booked.day)}" + (f", {booked.time:%H:%M}" if hour and booked.time else "")
    return said + (f", {TOO_EARLY}" if booked.day < due.earliest else "")


def _earliest(seen: Forecast, due: Due) -> str:
    """Say the earliest day; of what is past already, today."""
    return on(max(due.earliest, seen.as_of))


def _latest(due: Due) -> str:
    """Say the latest day, and if only a preferred rule names it."""
    if due.latest is not None:
        return on(due.latest)
    return "" if due.preferred_latest is None else f"{on(due.preferred_latest)}, preferred"


def _rows(course: Course, seen: Forecast, due: Due, monday: date | None) -> Iterator[tuple[str, str]]:
    yield "earliest", _earliest(seen, due)
    yield (
        "recommended",
        on(due.recommended) + (f", {LATE}, which is preferred" if due.passes_preferred_latest else ""),
    )
    yield "latest", _latest(due) or "no rule names one"
    if due.overdue is not None:
        yield "overdue from", on(due.overdue) + (": overdue" if due.is_overdue(seen.as_of) else "")
    if seen.last_given is not None:
        days = (seen.as_of - seen.last_given).days
        ago = f"{many(days, 'day')} ago" if days else "today"
        yield "last given", f"{on(seen.last_given)}, {ago}"
    yield from _lapse(course, seen)
    if due.holds_up:
        yield "to be confirmed", "; ".join(due.holds_up)
    if monday is not None:
        days_open = in_week(seen.bookable, monday)
        yield f"week of {monday}", _listed(days_open, seen.bookable[:1]) or "no day can be booked"
    elif seen.bookable:
        yield "can be booked", _listed(seen.bookable, seen.bookable[:1])


def _lapse(course: Course, seen: Forecast) -> Iterator[tuple[str, str]]:
    done = taken(course, (), seen) if seen.proposes else None
    if done is not None:
        yield "lapse", taken_in_words(course, done)
    elif seen.proposes:
        since = "" if seen.lapse is None else f", {seen.lapse.words().partition(':')[0]}"
        yield "lapse", f"{seen.proposes} is proposed{since}; a clinician decides"
        source = verified(course, seen)
        if source:
            yield "", source
    elif seen.lapses_on is not None:
        yield "lapse from", on(seen.lapses_on)


def _listed(days: Sequence[date], best: Sequence[date]) -> str:
    """List days in order of time behind the one that planning again takes; of many the first few and the last."""
    first, others = [day for day in days if day in best], sorted(day for day in days if day not in best)
    shown = ", ".join(map(on, others[: SHOWN_DAYS - len(first)]))
    more = len(days) - SHOWN_DAYS
    if more > 0:
        shown += f", and {more} more to {on(others[-1])}"
    if not first:
        return shown
    in_order = "or, in order of time," if len(others) > 1 else "or"
    return f"{on(first[0])} first" + (f"; {in_order} {shown}" if shown else "")


def _windows(course: Course, seen: Forecast) -> Table:
    rows = []
    for due in seen.sessions[1:]:
        booked = _booking(course, due)
        notes = (
            (bool(due.holds_up), "to be confirmed"),
            (booked is not None and booked.day < due.earliest, TOO_EARLY),
            (due.passes_preferred_latest, LATE),
        )
        rows.append(
            (
                called(due.phase, due.number),
                "no booking" if booked is None else on(booked.day),
                _earliest(seen, due),
                on(due.recommended),
                _latest(due),
                "\n".join(note for applies, note in notes if applies),
            )
        )
    columns = ("then", "booked", "earliest", "recommended", "latest", "note")
    return Table(columns, tuple(rows), whole=columns[:-1])


def _asked(course: Course, seen: Forecast) -> Iterator[str]:
    yield from seen.asks
    for answer, branch in (("given", seen.if_given), ("missed", seen.if_missed)):
        if branch is not None:
            yield f"if {answer}: {_branch(course, branch)}"


def _branch(course: Course, seen: Forecast) -> str:
    due = seen.next
    if due is None:
        return "nothing more is due"
    latest = f", latest {_latest(due)}" if _latest(due) else ""
    lapse = f"; {seen.proposes} is proposed" if seen.proposes else ""
    name = called(due.phase, due.number)
    return f"{name} is next, {_booked(course, due)}; earliest {_earliest(seen, due)}{latest}{lapse}"
