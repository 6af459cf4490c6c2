"""
KS4, the hours of companions: whether whoever an appointment needs can then, and nothing else is at that time.

What has taken place can no longer be moved, and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from ketsched.calendars import CLINICIAN, Calendar
from ketsched.checking.appointmentdays import calendar_of, open_days, said_window
from ketsched.checking.bookings import CompanionBooking, Stay, local, window_of
from ketsched.checking.case import CheckedCourse
from ketsched.checking.companions import said_when, severity_of
from ketsched.checking.rules import Finding, Rule, Severity, rule
from ketsched.checking.seating import closed_because
from ketsched.clock import (
    MINUTES_A_DAY,
    changes_clocks,
    day_words,
    merged,
    minute_of,
)
from ketsched.zones import same_zone


@rule("KS405", Severity.ERROR, source="The calendar of whoever it needs", needs=("calendar",))
def companion_outside_hours(case: CheckedCourse) -> Iterator[Finding]:
    """
    An appointment is at a time at which whoever it needs cannot.

    Its calendar is the one that it names; if it names none, or that one was not given, the clinic's opening
    hours hold; it needs no chair, and one of the clinicians. At home it lies between 08:00 and 20:00. What is for
    the clinic alone does not ask when the patient can.

    Why it matters: the therapist's week is not the clinic's; nobody will be there.

    Example: the therapist works on Tuesdays and Thursdays; integration on Wed 13 January 2027.

    Instead: Thu 14 January, if its window allows that.

    References: the calendars that were given; the hours at home are a house default.
    """
    for booked in case.bookings.to_come:
        if booked.companion.kind != "appointment" or booked.companion.on_session_days == "during":
            continue
        whose = calendar_of(case, booked.companion)
        why = _cannot(case, booked, whose) if whose is not None else ""
        if whose is not None and why:
            yield companion_outside_hours.at(
                booked=[booked],
                what=f"{booked.title} {said_when(booked)} is outside the hours of {whose.name}",
                why=why,
                fix=_other_day(case, booked, whose),
                severity=severity_of(booked.companion),
            )


@rule("KS406", Severity.ERROR, source="Derived: a patient is in one place at a time", needs=("times",))
def companion_overlaps(case: CheckedCourse) -> Iterator[Finding]:
    """
    An appointment of the patient overlaps a session, or another appointment.

    A session is taken from arrival to door. What the protocol puts into the session ("during") may overlap
    it, and what else is in it.

    Why it matters: nobody can be in two places; one of the two will not take place.

    Example: a session from 09:00 to 11:00, integration at 10:30.

    Instead: 11:00, or another day.

    References: derived; it is elapsed time, also on nights when the clocks change.
    """
    if not case.bookings.all:
        return
    spans: list[tuple[int, int, CompanionBooking | Stay]] = [(s.begin, s.end, s) for s in case.bookings.stays]
    spans += [
        (b.begin, b.end, b)
        for b in case.bookings.all
        if b.begin is not None and b.end is not None and b.companion.for_patient
    ]
    spans.sort(key=lambda span: span[:2])
    running: list[tuple[int, int, CompanionBooking | Stay]] = []
    for span in spans:
        running = [other for other in running if other[1] > span[0]]
        for other in running:
            booked = [one for _, _, one in (other, span) if isinstance(one, CompanionBooking)]
            if not booked or not any(one.to_come for one in booked):
                continue
            stays = [one for _, _, one in (other, span) if isinstance(one, Stay)]
            if all(one.companion.on_session_days == "during" for one in booked):
                continue
            begin, second, until = (local(at, case.course.zone) for at in (other[0], span[0], other[1]))
            taken = case.called(stays[0].session) if stays else booked[0].title
            yield companion_overlaps.at(
                *(stay.session for stay in stays),
                booked=booked,
                what=f"{booked[-1].title} overlaps {taken} on {day_words(booked[-1].day)}",
                why=f"they begin at {begin:%H:%M} and {second:%H:%M}; the first ends at {until:%H:%M}",
                fix=f"let it end by {second:%H:%M}, or move it to another day"
                if isinstance(span[2], Stay)
                else f"start it at {until:%H:%M} or later, or on another day",
            )
        running.append(span)


RULES: tuple[Rule, ...] = (companion_outside_hours, companion_overlaps)

# What follows is how the rules above look for other hours, and how they say them.


def _cannot(case: CheckedCourse, booked: CompanionBooking, whose: Calendar) -> str:
    """Say why a calendar is not open for an appointment; empty if it is."""
    day, minutes = booked.day, booked.companion.minutes
    spans = merged(whose.ranges(day))
    plain = same_zone(whose.zone, case.course.zone) and not changes_clocks(day, whose.zone)
    if plain and not spans:
        return closed_because(whose, day)
    clock = booked.placed.time
    if clock is None:
        long = max((span.end - span.start for span in spans), default=MINUTES_A_DAY)
        return f"{whose.name} has {long} minutes in one piece at most" if plain and long < minutes else ""
    if booked.begin is None or booked.end is None:
        return ""
    start = minute_of(clock)
    begin, end = (local(at, case.course.zone) for at in (booked.begin, booked.end))
    if plain and start + minutes <= MINUTES_A_DAY:
        fits = any(span.start <= start and start + minutes <= span.end for span in spans)
    else:
        fits = whose.is_open_throughout(begin, end)
    if not fits:
        hours = ", ".join(str(span) for span in spans)
        return f"it takes {minutes} minutes; {whose.name} has {hours or 'no hours'} on {day_words(day)}"
    named = booked.companion.role in case.calendars
    if named and (whose.is_booked or whose.others) and whose.free_chair(begin, end) is None:
        return f"{whose.name} has another booking between {begin:%H:%M} and {end:%H:%M}"
    clinician = next(whose.parts()).clinician
    if not named and booked.companion.role == CLINICIAN and clinician.free_chair(begin, end) is None:
        return f"every clinician has another booking between {begin:%H:%M} and {end:%H:%M}"
    return ""


def _other_day(case: CheckedCourse, booked: CompanionBooking, whose: Calendar) -> str:
    """Name the nearest day of the window on which a calendar has room."""
    companion, anchor = booked.companion, booked.anchor_day
    if anchor is None:
        return "move it to when they can"
    days = open_days(case, companion, anchor, booked.day)
    if booked.day in days and whose.is_open(booked.day, companion.minutes):
        return "start at another hour of that day"
    if days:
        return f"move it to {day_words(days[0])}"
    return f"open {said_window(*window_of(companion, anchor))}, or ask somebody else"
