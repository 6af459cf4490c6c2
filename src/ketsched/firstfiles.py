"""The first files of a clinic: commented ones to fill in, or filled with answers to a few questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import attrs

from ketsched.calendars import Calendar
from ketsched.clock import WEEKDAY_NAMES, TimeRange, read_time
from ketsched.entries import read_start, read_week
from ketsched.errors import InvalidInput
from ketsched.model import check_course_id
from ketsched.protocols import load_protocol
from ketsched.zones import clinic_zone

HOURS = "mon-fri 09:00-17:00"
AHEAD = timedelta(days=7)
"""How far ahead of today a first day is suggested at least (house default)."""

_CLINIC = """\
# When the clinic is open, in its own time. Text after # is for people and is not read.
# docs/how-to/clinic-file.md says all that this file may hold.

zone = "{zone}"  # a city such as "America/New_York", never an abbreviation such as EST
chairs = {chairs}  # sessions that fit at once

[hours]  # a day that is not named is closed
{week}

# Take away the # in front of what you need, and change it.
# [[holidays]]
# country = "US"
# subdivision = "NY"
#
# [[closed]]
# from = 2027-12-24
# to = 2027-12-31
# reason = "year's end"
"""
_CASE = """\
# What to plan for one patient. Text after # is for people and is not read.
# docs/how-to/case-file.md says all that this file may hold.

{id}id = "{course}"  # opaque: never a name, a record number or a date of birth
protocol = "{protocol}"  # an id that `ketsched protocols` lists, or a file of your own
clinic = "{clinic}"
start = {start}  # the first session, 2027-01-04; or days to search, {{ from = 2027-01-04, to = 2027-01-31 }}
{time}time = "{clock}"  # the hour to be near to

# Take away the # in front of what you need, and change it.
# sessions = 6  # where the protocol leaves a choice
#
# [[cannot]]
# from = 2027-02-01
# to = 2027-02-05
#
# [[cannot]]
# weekdays = ["Tue"]
# hours = "08:00-12:00"
"""


def clinic_file(*, zone: str = "", hours: str = HOURS, chairs: int | str = 1) -> str:
    """Return the text of a clinic file; without a zone it is one to fill in."""
    week = zip(WEEKDAY_NAMES, read_week([hours]), strict=True)
    lines = [f'{name.lower()} = "{_spans(spans)}"' for name, spans in week if spans]
    return _CLINIC.format(zone=zone, chairs=chairs, week="\n".join(lines))


def case_file(
    *, protocol: str = "", start: str = "", course: str = "", clock: str = "", clinic: str = "clinic.toml"
) -> str:
    """Return the text of a case file; without a protocol and a start it is one to fill in."""
    return _CASE.format(
        protocol=protocol,
        start=_start(start),
        clinic=clinic,
        id="" if course else "# ",
        course=course or "A-017",
        time="" if clock else "# ",
        clock=clock or "10:00",
    )


def _spans(spans: Iterable[TimeRange]) -> str:
    return ", ".join(map(str, spans))


def _start(text: str) -> str:
    first, dots, last = text.partition("..")
    return f"{{ from = {first}, to = {last} }}" if dots else first or '""'


# Questions


@attrs.frozen
class Question:
    """
    One thing that a first case needs.

    Attributes:
        name: Of the answer, as `clinic_file` and `case_file` take it.
        asks: The question.
        default: What is taken if nothing is answered.
        read: Refuses an answer that cannot be used.
    """

    name: str
    asks: str
    default: str
    read: Callable[[str], Any]


OF_CLINIC, OF_CASE = ("zone", "hours", "chairs"), ("protocol", "start", "course", "clock")
"""The answers that each of the two files takes."""


def questions(answers: dict[str, str], *, zone: str, course: str, today: date) -> Iterable[Question]:
    """
    Yield what a newcomer is asked, one after another; each answer is in `answers` before the next is asked.

    Args:
        answers: What was answered so far, by the names of the questions.
        zone: The time zone that is suggested.
        course: The course's id that is suggested.
        today: The local date.
    """
    yield Question("zone", "Time zone of the clinic (a city)", zone, clinic_zone)
    yield Question("hours", "When is it open", HOURS, lambda text: _open_hours(text))
    yield Question("chairs", "How many sessions fit at once", "1", _chairs)
    yield Question(
        "protocol", "Which protocol (ketsched protocols lists them)", "generic-induction", load_protocol
    )
    clinic = Calendar(answers["zone"], read_week([answers["hours"]]))
    first = next(day for day in _days_from(today + AHEAD) if clinic.hours[day.weekday()])
    yield Question("start", "First session", str(first), lambda text: _open_start(text, clinic, first))
    yield Question("clock", "At what time, if it can be", "10:00", read_time)
    yield Question(
        "course", "Name of the course (opaque: nothing about the patient)", course, check_course_id
    )


def _open_hours(text: str) -> Sequence[object]:
    week = read_week([text])
    if not any(week):
        raise InvalidInput(
            what=f"{text[:40]!r} is never open",
            why="without hours nothing can be planned",
            fix=f'write them as "{HOURS}"',
        )
    return week


def _chairs(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1000:
        raise InvalidInput(
            what=f"{text[:40]!r} is not a number of sessions",
            why="it is a whole number from 1",
            fix="write 1 or 2",
        )
    return int(text)


def _open_start(text: str, clinic: Calendar, first: date) -> object:
    start = read_start(text)
    if isinstance(start, date) and not clinic.hours[start.weekday()]:
        raise InvalidInput(
            what=f"the clinic is closed on {WEEKDAY_NAMES[start.weekday()]} {start}",
            why="the first session is on a day on which it is open",
            fix=f"take {first}, or another open day",
        )
    return start


def _days_from(day: date) -> Iterable[date]:
    return (day + timedelta(n) for n in range(7))
