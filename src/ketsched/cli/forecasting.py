"""`ketsched forecast`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ketsched import reporting
from ketsched.cli import inputs, pictures, revising, tracked
from ketsched.cli.companions import reasons_of
from ketsched.errors import InvalidInput
from ketsched.model import Course, Session
from ketsched.reporting import in_week
from ketsched.screens import called, many, on
from ketsched.tracking import Due, Forecast
from ketsched.tracking import forecast as forecast_course
from ketsched.tracking.lapses import taken, verified

if TYPE_CHECKING:
    from rich.console import RenderableType


@click.command()
@revising.course_file
@click.option(
    "--as-of",
    metavar="DATE",
    help="Today at the clinic; if not given, its date by the clock of this machine.",
)
@revising.placing_options
@inputs.booked_option
@revising.notice_option
@click.option(
    "--week", metavar="DATE", help="Show the days that can be booked in the week of this date alone."
)
@click.option("--json", "as_json", is_flag=True, help="Print the forecast as JSON.")
def forecast(
    file: str, as_of: str | None, notice: int, week: str | None, as_json: bool, **given: Any
) -> None:
    """
    Say what is due next, and until when; no file is changed.

    With the clinic's hours it says which days could be booked. A past session that
    nobody recorded is asked about, with what follows from either answer.

    \b
    ketsched forecast course.json --clinic clinic.toml
    ketsched forecast course.json --clinic clinic.toml --week 2027-01-18
    """
    course = revising.read_course(file)
    today = revising.present(course, as_of)
    when = revising.placing(course, file=Path(file), **given)
    monday = None if week is None else _monday(inputs.located("--week", revising.day_of, week))
    if monday is not None and when is None:
        raise InvalidInput(
            what="a week without the clinic's hours",
            where="--week",
            why="which days can be booked follows from when the clinic is open",
            fix="add --clinic FILE, or --zone and --hours, or --case CASE.toml",
        )
    hours = {} if when is None else when.options()
    hours.pop("calendars", None)
    found = forecast_course(course, as_of=today, notice=revising.notice_of(notice), **hours)
    if as_json:
        click.echo(reporting.as_json(reporting.forecast_values(found, monday)))
        return
    pictures.show(f"as of {on(today)}", *forecast_of(course, found, monday))
    if when is None:
        pictures.show("", "which days can be booked: add --clinic FILE, or --zone and --hours")


def _monday(day: date) -> date:
    return day - timedelta(day.weekday())


def forecast_of(course: Course, found: Forecast, monday: date | None = None) -> Iterator[RenderableType]:
    """
    Yield what is due next, the windows of what follows, and what is to be asked.

    Args:
        course: The course.
        found: Its forecast.
        monday: Of the week whose days alone are shown; None: all.
    """
    if found.next is None:
        yield f"Nothing is due: the course {'was ended' if course.ended else 'is complete'}."
    else:
        yield from _next_of(course, found, found.next, monday)
    if len(found.sessions) > 1:
        yield ""
        yield _windows_of(course, found.sessions[1:])
    reasons = reasons_of(course)
    if reasons is not None:
        yield ""
        yield reasons
    if found.asks:
        yield ""
        yield tracked.titled("To be asked", _asked(course, found))
    if found.lifted:
        yield ""
        yield tracked.titled("No day can keep any more", found.lifted)


def _next_of(course: Course, found: Forecast, due: Due, monday: date | None) -> Iterator[RenderableType]:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 2), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, said in _rows(course, found, due, monday):
        table.add_row(name, said)
    yield next_in_words(course, due)
    yield table


def next_in_words(course: Course, due: Due) -> str:
    """Say in one line what is next, and what is booked for it."""
    booked = _booking(course, due)
    at = f", {booked.time:%H:%M}" if booked is not None and booked.time else ""
    said = "not booked yet" if booked is None else f"booked for {on(booked.day)}{at}"
    return f"Next is {called(due.phase, due.number)}: {said}"


def _booking(course: Course, due: Due) -> Session | None:
    return next((session for session in course.sessions if session.id == due.session), None)


def _latest(due: Due) -> str:
    """Say the latest day, and if only a preferred rule names it."""
    if due.latest is not None:
        return on(due.latest)
    return "" if due.preferred_latest is None else f"{on(due.preferred_latest)}, preferred"


def _rows(course: Course, found: Forecast, due: Due, monday: date | None) -> Iterator[tuple[str, str]]:
    yield "earliest", on(due.earliest)
    yield "recommended", on(due.recommended)
    yield "latest", _latest(due) or "no rule names one"
    if due.overdue is not None:
        yield "overdue from", on(due.overdue) + (": overdue" if due.is_overdue(found.as_of) else "")
    if found.last_given is not None:
        yield "last given", f"{on(found.last_given)}, {_ago(found)}"
    if found.proposes:
        done = taken(course, (), found)
        if done is not None:
            yield "lapse", tracked.taken_in_words(course, done)
        else:
            since = "" if found.lapse is None else f", {found.lapse.words().partition(':')[0]}"
            source = verified(course, found)
            yield "lapse", f"{found.proposes} is proposed{since}; a clinician decides"
            if source:
                yield "", source
    elif found.lapses_on is not None:
        yield "lapse from", on(found.lapses_on)
    if due.holds_up:
        yield "to be confirmed", "; ".join(due.holds_up)
    if monday is not None:
        days = in_week(found.bookable, monday)
        yield f"week of {monday}", ", ".join(map(on, days)) or "no day can be booked"
    elif found.bookable:
        yield "can be booked", _listed(found.bookable)


def _ago(found: Forecast) -> str:
    assert found.last_given is not None  # noqa: S101 - the caller looked
    days = (found.as_of - found.last_given).days
    return "today" if not days else f"{many(days, 'day')} ago"


_SHOWN_DAYS = 7


def _listed(days: Sequence[date]) -> str:
    """List days, the first of them first; of many the first few and the last."""
    shown = ", ".join(map(on, days[:_SHOWN_DAYS]))
    more = len(days) - _SHOWN_DAYS
    return shown if more <= 0 else f"{shown}, and {more} more to {on(max(days))}"


def _windows_of(course: Course, dues: Sequence[Due]) -> RenderableType:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("then", "booked", "earliest", "recommended", "latest", "note"):
        table.add_column(name, overflow="fold", no_wrap=name != "note")
    for due in dues:
        booked = _booking(course, due)
        table.add_row(
            called(due.phase, due.number),
            "" if booked is None else on(booked.day),
            on(due.earliest),
            on(due.recommended),
            _latest(due),
            "to be confirmed" if due.holds_up else "",
        )
    return table


def _asked(course: Course, found: Forecast) -> Iterator[str]:
    yield from found.asks
    for said, branch in (("given", found.if_given), ("missed", found.if_missed)):
        if branch is not None:
            yield f"if {said}: {_branch(course, branch)}"


def _branch(course: Course, found: Forecast) -> str:
    due = found.next
    if due is None:
        return "nothing more is due"
    latest = f", latest {_latest(due)}" if _latest(due) else ""
    lapse = f"; {found.proposes} is proposed" if found.proposes else ""
    booked = _booking(course, due)
    where = "not booked yet" if booked is None else f"booked for {on(booked.day)}"
    name = called(due.phase, due.number)
    return f"{name} is next, {where}; earliest {on(due.earliest)}{latest}{lapse}"
