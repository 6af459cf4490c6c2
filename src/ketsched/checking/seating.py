"""
KS3, seating: hours, chairs and the session itself.

What the clinic's calendar says is asked only for sessions at the clinic that are still to
come; one that was given, or that is held at home, needs no chair and no opening hours.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import pairwise

import attrs

from ketsched import house
from ketsched.calendars import Calendar
from ketsched.checking.bookings import CompanionBooking
from ketsched.checking.case import CheckedCourse, SeatedSession, amount, happened
from ketsched.checking.rules import HOUSE, Finding, Rule, Severity, house_number, rule
from ketsched.checking.waysout import IF_MEANT
from ketsched.clock import (
    FIRST_DAY,
    LAST_DAY,
    MINUTES_A_DAY,
    WEEKDAYS,
    changes_clocks,
    day_words,
    later,
    merged,
    minute_of,
    moment,
)
from ketsched.errors import InvalidTime
from ketsched.model import Session
from ketsched.zones import same_zone

DAYS_TO_TRY = 60
"""How far ahead a fix looks for an open day."""


@rule("KS301", Severity.ERROR, source="The clinic's calendar", needs=("calendar",))
def closed_day(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session is on a day on which the clinic is closed, or somebody else who must be there cannot.

    Why it matters: nobody will be there.

    Example: a session on Mon 18 January 2027, closed for a public holiday.

    Instead: Tue 19 January, the next open day, if the spacing allows it.

    References: the calendar that was given; the finding says which closure or weekly hours close the day.
    """
    for seat in case.seats:
        if not seat.spans:
            yield closed_day.at(
                seat.session,
                what=f"{case.named(seat.session)} is on a closed day",
                why=closed_because(seat.calendar, seat.day),
                fix=_next_open(seat),
            )


@rule("KS302", Severity.ERROR, source="The clinic's calendar", needs=("calendar", "times"))
def outside_opening_hours(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session starts at an hour at which the clinic is closed.

    Why it matters: nobody will be there to begin.

    Example: open 09:00-12:00 and 13:00-17:00, a session at 12:30.

    Instead: 13:00.

    References: the calendar that was given.
    """
    for seat in case.seats:
        if seat.spans and seat.start is not None and not seat.opens:
            yield outside_opening_hours.at(
                seat.session,
                what=f"{case.named(seat.session)} starts at {_clock(seat.start)}",
                why=f"{_open(seat)}",
                fix=_other_start(case, seat),
            )


@rule(
    "KS303",
    Severity.ERROR,
    source="The clinic's calendar and the protocol's anatomy of a session",
    needs=("calendar",),
)
def does_not_fit(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session begins in opening hours and runs past closing time.

    The chair is taken from preparation to discharge, in elapsed time. A session without a time of day
    must fit into the longest opening of its day.

    Why it matters: observation is the part that gets cut short when the doors close.

    Example: chair time 120 min, open until 17:00, a session at 15:15.

    Instead: 15:00 or earlier.

    References: the calendar that was given, and the minutes of the protocol's session.
    """
    for seat in case.seats:
        if seat.fits or not seat.spans:
            continue
        if seat.opens:
            ends = _clock((seat.start or 0) + seat.minutes)
            yield does_not_fit.at(
                seat.session,
                what=f"{case.named(seat.session)} ends at {ends}",
                why=f"it takes {seat.minutes} minutes; {_open(seat)}",
                fix=_other_start(case, seat),
            )
        elif seat.start is None and not changes_clocks(seat.day, seat.calendar.zone):
            longest = _longest_piece(seat)
            if longest < seat.minutes:
                yield does_not_fit.at(
                    seat.session,
                    what=f"{case.named(seat.session)} takes {seat.minutes} minutes",
                    why=f"{_open(seat)}, {longest} minutes in one piece at most",
                    fix=_next_open(seat),
                )


@rule("KS304", Severity.ERROR, source="The clinic's calendar", needs=("calendar", "times"))
def no_free_chair(case: CheckedCourse) -> Iterator[Finding]:
    """
    No chair is free for a whole session, or the one it names is taken or does not exist.

    The calendar holds the chairs that others take. A calendar in which this course is booked itself
    finds the course in its own way: check against the calendar without it.

    Why it matters: two patients in one chair.

    Example: one chair, taken from 10:00 to 12:00; a session from 11:00.

    Instead: 12:00, or another day.

    References: the calendar that was given.
    """
    if case.calendar is None:
        return
    parts = list(case.calendar.parts())
    room = next((part for part in parts if part.chairs is not None), None)
    counts = any(part.is_booked for part in parts)
    for seat in case.seats:
        chair = seat.session.chair if room is not None else None
        if (
            room is not None
            and room.chairs is not None
            and chair is not None
            and not 1 <= chair <= room.chairs
        ):
            yield no_free_chair.at(
                seat.session,
                what=f"{case.named(seat.session)} is on chair {chair}, which does not exist",
                why=f"{room.name} has {amount(room.chairs, 'chair')}",
                fix=f"seat it on chair 1 to {room.chairs}" if room.chairs > 1 else "seat it on chair 1",
            )
            continue
        start = case.start(seat.session) if counts else None
        if start is None:
            continue
        end = later(start, timedelta(minutes=seat.minutes))
        free = case.calendar.free_chair(start, end)
        between = f"{start:%H:%M} to {end:%H:%M}"
        if free is None:
            yield no_free_chair.at(
                seat.session,
                what=f"all chairs are taken for {case.named(seat.session)}, {between}",
                why="other bookings have them for a part of that time",
                fix=_other_start(case, seat),
            )
        elif room is not None and chair is not None and _is_taken(room, chair, start, end):
            yield no_free_chair.at(
                seat.session,
                what=f"chair {chair} is taken for {case.named(seat.session)}, {between}",
                why=f"chair {free} is free",
                fix=f"seat it on chair {free}",
            )


@rule(
    "KS305",
    Severity.INFO,
    source=f"Clinic article: insomnia is more common after evening infusions; {HOUSE}",
    needs=("times",),
)
def evening_session(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session starts in the evening, at 17:00 or later.

    Why it matters: a clinic's article says that insomnia is more common after evening infusions. No study
    was found.

    Example: an infusion at 17:30.

    Instead: an earlier start, where there is one.

    References: an article of a clinic, and no study; the hour is a house default.
    """
    evening = house.clock("evening")
    for series in case.series:
        for session in series.sessions:
            if session.time is not None and session.time >= evening and not happened(session):
                yield evening_session.at(
                    session,
                    what=f"{case.named(session)} starts at {session.time:%H:%M}, in the evening",
                    why="one clinic reports worse sleep; we found no study",
                    fix=f"start before {evening:%H:%M}. {IF_MEANT}",
                    cited=house_number("evening"),
                )


@rule("KS306", Severity.ERROR, source="IANA time zone database", needs=("times",))
def start_does_not_exist(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session or an appointment starts at a time that the clocks of its zone skip or show twice that day.

    Why it matters: there is no moment to put into a calendar, or two, and each program picks another.

    Example: 02:30 in New York on Sun 14 March 2027, when the clocks go from 02:00 to 03:00.

    Instead: 01:30 or 03:30; a time outside the hour that is skipped or repeated.

    References: the IANA time zone database.
    """
    odd: list[tuple[tuple[Session, ...], tuple[CompanionBooking, ...], date, time | None]] = [
        ((session,), (), session.day, session.time)
        for session in case.standing
        if session.time is not None and not case.start_exists(session)
    ]
    odd += [
        ((), (booked,), booked.day, booked.placed.time)
        for booked in case.bookings.all
        if booked.companion.minutes and booked.begin is None and booked.placed.time is not None
    ]
    for sessions, appointments, day, clock in odd:
        if clock is None:
            continue
        try:
            moment(day, clock, case.course.zone)
        except InvalidTime as error:
            yield start_does_not_exist.at(
                *sessions, booked=appointments, what=error.what, why=error.why, fix=error.fix
            )


@rule("KS307", Severity.ERROR, source="SPRAVATO dosing and administration: observe for at least 2 hours")
def observation_too_short(case: CheckedCourse) -> Iterator[Finding]:
    """
    The observation period after nasal esketamine is shorter than two hours.

    A phase or session whose route is "nasal" or "nasal esketamine" is taken for the licensed product;
    write "nasal racemic" for a compounded spray.

    Why it matters: sedation, dissociation and blood pressure are watched for at least two hours after
    each treatment, until it is safe to leave.

    Example: 90 min of observation.

    Instead: 120 min or more, counted from the last spray.

    References: SPRAVATO dosing and administration (spravatohcp.com, treatment-resistant depression); US
    prescribing information, patient counselling.
    """
    least = house.count("esketamine-observation")
    for series in case.series:
        minutes = series.phase.anatomy.observation
        if minutes >= least or not case.esketamine:
            continue
        sessions = [session for session in series.sessions if session.id in case.esketamine]
        if not happened(*sessions):
            yield observation_too_short.at(
                *sessions,
                what=f"observation lasts {minutes} minutes in {series.phase.name}",
                why=f"esketamine needs {least}",
                fix=f'set observation = "PT{least // 60}H" in the protocol',
                cited=house_number("esketamine-observation"),
                where=case.where_phase(series.phase),
            )


@rule(
    "KS308",
    Severity.ERROR,
    source="SPRAVATO dosing and administration: given under supervision at a certified site",
)
def esketamine_at_home(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session with nasal esketamine is held at home.

    The route is the session's own, or else its phase's; "nasal" is taken for the licensed product.

    Why it matters: the licensed product is dispensed to and used at certified sites only, where the
    patient can be watched.

    Example: a weekly esketamine session with the place "home".

    Instead: the clinic.

    References: SPRAVATO dosing and administration (spravatohcp.com); the product's risk evaluation and
    mitigation strategy (REMS) in the United States.
    """
    for session in case.standing:
        if session.id in case.at_home and session.id in case.esketamine and not happened(session):
            yield esketamine_at_home.at(
                session,
                what=f"{case.named(session)} is at home",
                why="esketamine is given at certified sites only",
                fix="hold it at the clinic",
            )


@rule("KS309", Severity.ERROR, source="Derived: a patient is in one place", needs=("times",))
def sessions_overlap(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session starts before the chair time of the one before it is over.

    Chair time may go on after midnight, so that two sessions on different dates can meet. Planning does
    not let them.

    Why it matters: nobody can have two infusions at once, and the end of an observation period is no time
    to begin.

    Example: chair time of 5 h 20 min from Mon 4 January 2027 at 23:00, and the next session on Tue at 01:30.

    Instead: start the second at 04:20 or later, or the first earlier.

    References: derived; a patient is in one place.
    """
    entries = [case.agenda.session_entries[session.id] for session in case.standing]
    for before, entry in pairwise(entries):
        if before.end is None or entry.start is None or entry.start >= before.end:
            continue
        if before.first != entry.first and not happened(before.booking, entry.booking):
            yield sessions_overlap.at(
                before.booking,
                entry.booking,
                what=f"{case.named(entry.booking)} starts while {case.named(before.booking)} lasts",
                why=f"{case.called(before.booking)} ends on {day_words(before.end.date())} at {before.end:%H:%M}",
                fix="start it at that time or later, or the other one earlier",
            )


RULES: tuple[Rule, ...] = (
    closed_day,
    outside_opening_hours,
    does_not_fit,
    no_free_chair,
    evening_session,
    start_does_not_exist,
    observation_too_short,
    esketamine_at_home,
    sessions_overlap,
)

# What follows is how the rules above look for another day or hour, and how they say it.


def _is_taken(room: Calendar, chair: int, start: datetime, end: datetime) -> bool:
    """Whether a booking that names this chair lies on a span of time."""
    named = any(b.chair == chair and b.start < end and start < b.end for b in room.bookings)
    if named or room.occupancy is None:
        return named
    looked_up = attrs.evolve(room, bookings=(), others=())
    return looked_up.free_chair(start, end, preferred=chair) != chair


def closed_because(calendar: Calendar, day: date) -> str:
    """Say which closure or which weekly hours close a day."""
    closed = calendar.closed_by(day)
    if closed is not None:
        return f"{closed.day} is closed: {closed.reason}" if closed.reason != "closed" else f"{day} is closed"
    for part in calendar.parts():
        if not part.ranges(day):
            weekly = not part.hours[day.weekday()]
            return f"{part.name} has no hours on {f'{WEEKDAYS[day.weekday()]}s' if weekly else day}"
    return f"the hours of {' and '.join(part.name for part in calendar.parts())} do not meet on {day}"


def _longest_piece(seat: SeatedSession) -> int:
    """Return the minutes of the longest time that is open in one piece and begins on the day, over midnight too."""
    longest, last = max(span.end - span.start for span in seat.spans), seat.spans[-1]
    if last.end < MINUTES_A_DAY or seat.day >= LAST_DAY:
        return longest
    following = merged(seat.calendar.ranges(seat.day + timedelta(1)))
    over = following[0].end if following and following[0].start == 0 else 0
    return max(longest, last.end - last.start + over)


def _open(seat: SeatedSession) -> str:
    """Say when a day is open."""
    hours = ", ".join(str(span) for span in seat.spans)
    return f"on {day_words(seat.day)} the clinic is open {hours}"


def _next_open(seat: SeatedSession) -> str:
    """Name the next day on which the session fits."""
    for days in range(1, DAYS_TO_TRY + 1):
        day = seat.day + timedelta(days)
        if FIRST_DAY <= day <= LAST_DAY and seat.calendar.is_open(day, seat.minutes):
            return f"move it to {day_words(day)}, the next day it fits, if the spacing rules allow that"
    return f"move it to an earlier day; none of the next {DAYS_TO_TRY} days has room"


def _other_start(case: CheckedCourse, seat: SeatedSession) -> str:
    """Name the nearest start of the same day, or the next day on which the session fits."""
    plannable = (
        FIRST_DAY <= seat.day <= LAST_DAY
    )  # on the calendar's clocks it may be the day before or after
    starts = seat.calendar.starts(seat.day, seat.minutes) if plannable else []
    if not starts or seat.start is None:
        return _next_open(seat)
    wanted = seat.start
    nearest = min(starts, key=lambda start: (abs(minute_of(start) - wanted), start))
    return f"start at {nearest:%H:%M}{_in_zone(case, seat)}"


def _in_zone(case: CheckedCourse, seat: SeatedSession) -> str:
    """Name the calendar's zone where it is another than the course's."""
    return "" if same_zone(seat.calendar.zone, case.course.zone) else f" ({seat.calendar.zone})"


def _clock(minute: int | None) -> str:
    hours, minutes = divmod((minute or 0) % MINUTES_A_DAY, 60)
    return f"{hours:02d}:{minutes:02d}"
