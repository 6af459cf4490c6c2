"""What is due next and until when, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from ketsched.model import Course, Revision, Session
from ketsched.reporting import in_week
from ketsched.screens import Facts, Lines, Part, Table, called, many, on
from ketsched.screens.courses import reasons_parts
from ketsched.tracking import Due, Forecast
from ketsched.tracking.lapses import taken, verified

SHOWN_DAYS = 7
"""Days that can be booked of which each is named; of more the last is."""


def forecast_parts(course: Course, seen: Forecast, monday: date | None = None) -> Iterator[Part]:
    """
    Yield what is due next, the windows of what follows, what holds sessions up, and what is to be asked.

    Args:
        course: The course.
        seen: Its forecast.
        monday: Of the week whose days alone are shown; None: all.
    """
    if seen.next is None:
        yield f"Nothing is due: the course {'was ended' if course.ended else 'is complete'}."
    else:
        yield f"Next is {called(seen.next.phase, seen.next.number)}: {_booked(course, seen.next, hour=True)}"
        yield Facts(tuple(_rows(course, seen, seen.next, monday)))
    if len(seen.sessions) > 1:
        yield ""
        yield _windows(course, seen.sessions[1:])
    for part in reasons_parts(course):
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


def _booking(course: Course, due: Due) -> Session | None:
    return next((session for session in course.sessions if session.id == due.session), None)


def _booked(course: Course, due: Due, *, hour: bool = False) -> str:
    booked = _booking(course, due)
    if booked is None:
        return "not booked yet"
    return f"booked for {on(booked.day)}" + (f", {booked.time:%H:%M}" if hour and booked.time else "")


def _latest(due: Due) -> str:
    """Say the latest day, and if only a preferred rule names it."""
    if due.latest is not None:
        return on(due.latest)
    return "" if due.preferred_latest is None else f"{on(due.preferred_latest)}, preferred"


def _rows(course: Course, seen: Forecast, due: Due, monday: date | None) -> Iterator[tuple[str, str]]:
    yield "earliest", on(due.earliest)
    yield "recommended", on(due.recommended)
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
        yield f"week of {monday}", ", ".join(map(on, days_open)) or "no day can be booked"
    elif seen.bookable:
        yield "can be booked", _listed(seen.bookable)


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


def _listed(days: Sequence[date]) -> str:
    """List days, the first of them first; of many the first few and the last."""
    shown = ", ".join(map(on, days[:SHOWN_DAYS]))
    more = len(days) - SHOWN_DAYS
    return shown if more <= 0 else f"{shown}, and {more} more to {on(max(days))}"


def _windows(course: Course, dues: Sequence[Due]) -> Table:
    rows = []
    for due in dues:
        booked = _booking(course, due)
        rows.append(
            (
                called(due.phase, due.number),
                "" if booked is None else on(booked.day),
                on(due.earliest),
                on(due.recommended),
                _latest(due),
                "to be confirmed" if due.holds_up else "",
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
    return f"{name} is next, {_booked(course, due)}; earliest {on(due.earliest)}{latest}{lapse}"
