"""Schedules that somebody wants checked, from wherever they come, and what happened meanwhile."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from ketsched.clock import read_date
from ketsched.errors import InvalidInput, KetschedError
from ketsched.interchange import read
from ketsched.model import Course, Protocol, Visit
from ketsched.tracking.rows import compare_rows
from ketsched.visitfile import load_visits


def read_schedule(what: Sequence[str], known: Protocol | None, zone: str | None) -> Course:
    """
    Return what is to be checked: a course file, a calendar, or bare dates.

    Args:
        what: One file, or dates.
        known: The protocol that bare dates or a foreign calendar follow; None: the file says it.
        zone: Of the clinic, if the file does not say it.
    """
    if all(re.match(r"[0-9]+-[0-9]+-[0-9]+$", text) for text in what):
        if known is None:
            raise InvalidInput(
                what="--protocol is missing",
                where="the command line",
                why="bare dates do not say what they follow",
                fix="give --protocol iv-mwf-6, or another of `ketsched protocols`",
            )
        days = [_day(text) for text in what]
        return Course.of_days(known, days, zone=zone or "UTC")
    if len(what) > 1:
        raise InvalidInput(
            what=f"{len(what)} things to check",
            where=" ".join(what)[:80],
            why="it is one file, or dates only",
            fix="check one file at a time; write dates as 2027-01-04",
        )
    course = read(what[0], protocol=known, zone=zone)
    if known is not None and course.protocol.id != known.id:
        raise InvalidInput(
            what=f"{what[0][:80]} follows {course.protocol.id}, not {known.id}",
            where="--protocol",
            why="a course file says itself what it follows, with the choices that were made",
            fix="leave --protocol out; to try other rules on its dates, give the dates",
        )
    return course


def _day(text: str) -> date:
    try:
        return read_date(text)
    except KetschedError as error:
        raise error.within("DATE") from None


def visits_to_check(source: str | None, course: Course, today: date | None) -> tuple[Visit, ...]:
    """Return what happened and is not recorded in a course yet, from a file; nothing without one."""
    if source is None:
        return ()
    if today is None:
        raise InvalidInput(
            what="visits, and no --as-of",
            where="the command line",
            why="what is past and what is to come depends on today",
            fix="add --as-of with today's date",
        )
    found = load_visits(source, zone=course.zone)
    # What is dated after today is a finding here, and no fault of its row.
    rows = compare_rows(course, found, as_of=max([today, *(visit.day for visit in found.visits)]))
    if rows.unused:
        first = rows.unused[0]
        raise InvalidInput(
            what=f"line {first.line} cannot be used", where=source, why=first.why, fix=first.fix
        )
    return rows.new
