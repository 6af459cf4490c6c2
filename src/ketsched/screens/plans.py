"""What `plan` shows: the dates, what they ask of the patient, and what needs attention."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import attrs

from ketsched.agenda import agenda
from ketsched.burden import burden
from ketsched.calendars import Calendar
from ketsched.checking import Finding
from ketsched.checking.rules import sentence
from ketsched.hours import Hours
from ketsched.model import Course
from ketsched.names import Names
from ketsched.planning import Start
from ketsched.screens import Part, many, on
from ketsched.screens.attention import attention_lines
from ketsched.screens.courses import beside_lines, waiting_lines
from ketsched.screens.dates import dated_lines
from ketsched.screens.holidays import more_holidays
from ketsched.screens.rows import columns, hung, paragraph, sides

SHOWN = 10
"""Starts that are shown of those that were tried."""


@attrs.frozen(kw_only=True)
class Planned:
    """
    A course as it was planned.

    Attributes:
        course: The course.
        hours: When its bookings can be.
        clinic: The clinic's calendar.
        findings: What the rules remark on it.
        tried: The starts that were tried.
        verbose: Whether ids, to-dos, notices and notes are shown as well.
    """

    course: Course
    hours: Hours
    clinic: Calendar
    findings: Sequence[Finding]
    tried: Sequence[Start] = ()
    verbose: bool = False

    def starts_parts(self) -> Iterator[Part]:
        """Yield which starts are best, if several were tried."""
        if not self.tried:
            return
        yield from starts_lines(self.tried)
        start = self.course.standing()[0].day
        if start != self.tried[0].day:
            yield paragraph(f"Planned from {on(start)}: better starts leave no day for an appointment.")
        yield ""

    def date_parts(self) -> Iterator[Part]:
        """Yield the head, the dates in order of time, and what they ask of the patient."""
        course = self.course
        yield sides(f"Course {course.id}: {in_short(course)}".replace("Course None: ", ""), course.zone)
        yield from dated_lines(course, self.hours, ids=self.verbose)
        yield ""
        asked = ", ".join(burden(course).words())
        if asked:
            yield paragraph(f"For the patient: {asked}.")
            yield ""

    def more_parts(self) -> Iterator[Part]:
        """Yield to-dos, notices and what else is known, for --verbose."""
        yield from beside_lines(self.course)
        for line in more_holidays(self.course, self.clinic):
            yield paragraph(line)
            yield ""

    def attention_parts(self) -> Iterator[Part]:
        """Yield what sessions wait for, and what needs attention."""
        yield from waiting_lines(self.course)
        for remark in self.course.revisions[0].remarks:
            yield hung("! ", sentence(remark))
        more = 0 if self.verbose else len(list(more_holidays(self.course, self.clinic)))
        yield from attention_lines(self.findings, notes=more)


def in_short(course: Course) -> str:
    """Say how many sessions a course has: 6 infusions in 2 weeks, then 7 boosters."""
    held, names = agenda(course), Names(course)
    said: list[str] = []
    for phase in course.protocol.phases:
        number = held.totals.get(phase.name, 0)
        if not number:
            continue
        of = names.due(phase.name, 0).partition(" 0")
        words = many(number, of[0]) + of[2]
        days = [s.day for s in held.standing() if s.phase == phase.name]
        weeks = many(-(-((days[-1] - days[0]).days + 1) // 7), "week")
        said.append(words if said or len(days) == 1 else f"{words} in {weeks}")
    return ", then ".join(said) or "no sessions"


def starts_lines(tried: Sequence[Start]) -> Iterator[str]:
    """Yield the best of the starts that were tried, and what blocks those that cannot be."""
    yield f"Best starts ({min(SHOWN, len(tried))} of {len(tried)})"
    rows = [("start", "ends", "days moved", "why not")]
    for start in tried[:SHOWN]:
        cost = start.placement
        if cost is not None:
            broken = f"{many(cost.broken, 'preference')} not kept" if cost.broken else ""
            rows.append((on(start.day), on(date.fromordinal(cost.last)), str(cost.total), broken))
        elif start.error is not None:
            rows.append((on(start.day), "", "", start.error.what))
    yield from columns(rows)
