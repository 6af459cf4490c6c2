"""
KS4, the day of a session: rest, rides and driving, and what may be drunk before it.

Whether and until when the patient may not drive is the protocol's rule; that a ride is
arranged is the course's record. Sessions at home need no ride.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from ketsched import house
from ketsched.checking.bookings import CompanionBooking, Stay, local
from ketsched.checking.case import CheckedCourse, amount, happened
from ketsched.checking.rules import HOUSE, Finding, Rule, Severity, rule
from ketsched.clock import day_words

NEAR = ("today", "tomorrow")
"""What days are called, from today on."""
DRINKING = ("drinking", "fluids", "liquids", "clear liquids")
"""What protocols call it when a patient is to leave out drinking."""


@rule("KS407", Severity.INFO, source="A clinic's article: rest after a session", needs=("times",))
def trip_after_session(case: CheckedCourse) -> Iterator[Finding]:
    """
    The patient has to go elsewhere later on the day of a session that is followed by rest.

    That is so after each session whose phase restricts driving, and where the protocol has a notice to rest. An
    appointment at the place of the session itself is the same trip, a call by telephone is none.

    Why it matters: the rest of the day is kept free, and somebody else has to drive.

    Example: an infusion from 09:00 to 11:00, a laboratory across town at 14:00.

    Instead: before the session, or on another day.

    References: a clinic's article advises to keep work and duties away from the hours that follow, and to let
    somebody else drive; no study was found.
    """
    told = {session.id for _, sessions in case.bookings.notices("rest") for session in sessions}
    for booked in case.bookings.trips:
        pairs = [(stay, one) for one in booked if (stay := _rests_from(case, told, one))]
        if pairs:
            stays, trips = zip(*pairs, strict=True)
            sessions = {stay.session.id: stay.session for stay in stays}.values()
            yield trip_after_session.at(
                *sessions,
                booked=trips,
                what=f"{trips[0].title} is elsewhere, later on the day of {case.named(*sessions)}",
                why="the patient should rest then",
                fix="move it to before the session or to another day, or arrange a ride",
                where=_where(case, trips),
            )


@rule("KS408", Severity.INFO, source="Protocol: no_driving", needs=("times",))
def driving_to_appointment(case: CheckedCourse) -> Iterator[Finding]:
    """
    An appointment begins before the patient may drive again after a session.

    A rule in hours counts elapsed time from the end of the infusion: across a night in which the clocks change, 24
    hours end an hour later or earlier on the clock than they began. "Next day" ends after a night's sleep,
    whatever the hours. What is on the day of a session is left out: it is the same trip, or trip-after-session.

    Why it matters: the ride home is arranged, the ride to the therapist on the next morning is forgotten.

    Example: 24 h; an infusion that ends on Mon 4 January 2027 at 10:00, therapy on Tue 5 January at 09:00.

    Instead: therapy at 10:00 or later, or somebody who drives.

    References: 24 hours for ketamine injection (Micromedex at Mayo Clinic), and after an anaesthesia, or longer by
    dose (Ketamin Labatec product information); the next day after a restful sleep for nasal esketamine (SPRAVATO
    dosing and administration).
    """
    rules = [phase.no_driving for phase in case.course.protocol.phases if phase.no_driving is not None]
    # A rule of n days can end n + 1 dates later, and a session can begin the date before its infusion ends.
    reach = max((rule.days + 2 if isinstance(rule, timedelta) else 2 for rule in rules), default=0)
    for booked in case.bookings.trips:
        pairs = [(stay, one) for one in booked if (stay := _keeps_from_driving(case, one, reach))]
        if pairs:
            stays, trips = zip(*pairs, strict=True)
            sessions = {stay.session.id: stay.session for stay in stays}.values()
            last, phase = stays[-1], case.phases[stays[-1].session.phase]
            until = local(last.drives_from or 0, case.course.zone)
            clock = ", after a night's sleep" if phase.no_driving == "next day" else f" at {until:%H:%M}"
            yield driving_to_appointment.at(
                *sessions,
                booked=trips,
                what=f"{_starting(case, trips[0])} before the patient may drive after {case.named(*sessions)}",
                why=f"the patient may drive from {day_words(until.date())}{clock}",
                fix="arrange a ride both ways, or start later",
                where=_where(case, trips),
                cited=case.cite(phase, "no_driving"),
            )


@rule(
    "KS409",
    Severity.WARNING,
    source=f"A clinic's article; Los Angeles County DMH SPRAVATO policy; when it should be known: {HOUSE}",
)
def ride_missing(case: CheckedCourse) -> Iterator[Finding]:
    """
    Nobody takes the patient home after a session, or nothing is known of it.

    Sessions at the clinic are judged whose phase restricts driving. No ride is a warning. If nothing is known, that is
    one remark for the whole course; within two days before a session it is a warning for that session.

    Why it matters: without a ride the patient drives, waits, or is sent home untreated.

    Example: session 3 on Fri 8 January 2027, nothing known of its ride on Wed 6 January.

    Instead: arrange and record the ride; if there is none, move the session.

    References: a clinic's article asks for somebody to drive home after each session and for arranging it in
    advance. One public health system reschedules the appointment where no transport is arranged (Los Angeles
    County DMH, SPRAVATO policy). That two days are soon is a house default.
    """
    unknown = []
    soon = house.count("ride-known")
    for session in case.driven_from:
        days = (session.day - case.as_of).days if case.as_of is not None else None
        if session.ride == "none":
            yield ride_missing.at(
                session,
                what=f"there is no ride home after {case.named(session)}",
                why="the patient may not drive; one health system reschedules a session without a ride",
                fix="find someone, or move the session",
            )
        elif session.ride == "" and days is not None and days <= soon:
            when = NEAR[days] if days < len(NEAR) else f"in {days} days"
            yield ride_missing.at(
                session,
                what=f"no ride home is known for {case.named(session)}, which is {when}",
                why="the patient may not drive",
                fix=f"ask, then: ketsched record ride FILE {session.day} confirmed",
            )
        elif session.ride == "":
            unknown.append(session)
    if unknown:
        yield ride_missing.at(
            *unknown,
            what=f"no ride home is known yet for {case.named(*unknown)}",
            why="the patient may not drive",
            fix="ask, and record each ride once it is arranged",
            where=case.course.protocol.id,
            severity=Severity.INFO,
        )


@rule("KS410", Severity.ERROR, source="Protocol: no_driving")
def drives_home(case: CheckedCourse) -> Iterator[Finding]:
    """
    The patient means to drive home after a session whose phase forbids it.

    Why it matters: product information and services keep patients from driving home, whatever else they differ in.

    Example: no driving for 24 h, the ride of session 2 recorded as "self".

    Instead: somebody else at the wheel, or another day on which somebody can.

    References: the protocol's own source for the rule. A clinic's article, too, has somebody else at the wheel on
    the way home.
    """
    for session in case.driven_from:
        if session.ride == "self":
            phase = case.phases[session.phase]
            yield drives_home.at(
                session,
                what=f"the patient plans to drive home after {case.named(session)}",
                why=f"driving is not allowed {_how_long(phase.no_driving)}",
                fix="arrange another ride, or move the session",
                cited=case.cite(phase, "no_driving"),
            )


@rule("KS411", Severity.WARNING, source="Protocol: before, and its notices about drinking")
def fasting_against_water(case: CheckedCourse) -> Iterator[Finding]:
    """
    A patient is told to drink before a session and to leave out drinking at the same time.

    A notice with a time before the session asks to drink from then on; one that holds only after it is no fault; one
    without any time is taken to hold all day.

    Why it matters: of two instructions that contradict each other the patient follows one.

    Example: no liquids for 30 min before the first spray, and "drink water" from 2 h before it.

    Instead: let the notice hold after the session only, or drop one of the two.

    References: the protocol's own sources. A clinic's article recommends water on both sides of an infusion; other
    clinics stop clear liquids 2 h before, and esketamine's maker 30 min before (spravato.com). There is no
    consensus.
    """
    for notice, with_it in case.bookings.notices("fluids"):
        all_day = notice.before is None and notice.after is None
        if not all_day and not notice.before:
            continue
        to_come = {session.id: session for session in with_it if not happened(session)}.values()
        for phase in case.course.protocol.phases:
            sessions = [session for session in to_come if session.phase == phase.name]
            left_out = [r for r in phase.before if r.what.strip().casefold() in DRINKING and r.minutes]
            if sessions and left_out:
                when = "all day" if all_day else f"from {notice.before} minutes before the session"
                drink = left_out[0].what
                yield fasting_against_water.at(
                    *sessions,
                    what=f'"{notice.title}" asks for water {when}, while no {drink} is allowed for '
                    f"{left_out[0].minutes} minutes before it",
                    why=f"{phase.name} has both for {case.named(*sessions)}",
                    fix="let the note apply after the session only",
                    where=case.where_phase(phase),
                    cited=case.cite(phase, f"before: {left_out[0].what}"),
                )


RULES: tuple[Rule, ...] = (
    trip_after_session,
    driving_to_appointment,
    ride_missing,
    drives_home,
    fasting_against_water,
)

# What follows is how the rules above find the sessions that count, and how they say them.


def _rests_from(case: CheckedCourse, told: set[str], booked: CompanionBooking) -> Stay | None:
    """Return the session after which a trip on its day leads elsewhere although the patient is to rest."""
    begin = booked.begin
    for stay in case.bookings.stays_on.get(booked.day, ()):
        session = stay.session
        elsewhere = (booked.companion.place == "clinic") == (session.id in case.at_home)
        rests = stay.drives_from is not None or session.id in told
        if begin is not None and stay.end <= begin and elsewhere and rests:
            return stay
    return None


def _keeps_from_driving(case: CheckedCourse, booked: CompanionBooking, reach: int) -> Stay | None:
    """Return the session, of some days before, after which the patient may not drive yet when a trip begins."""
    if booked.begin is None or (booked.companion.place == "clinic" and _is_at_clinic(case, booked)):
        return None
    for days in range(1, reach + 1):
        for stay in case.bookings.stays_on.get(booked.day - timedelta(days), ()):
            if stay.drives_from is not None and booked.begin < stay.drives_from:
                return stay
    return None


def _is_at_clinic(case: CheckedCourse, booked: CompanionBooking) -> bool:
    """Whether a session at the clinic is on the same day."""
    return any(session.id not in case.at_home for session in case.bookings.on.get(booked.day, ()))


def _how_long(rule: timedelta | str | None) -> str:
    """Say for how long a phase allows no driving."""
    if not isinstance(rule, timedelta):
        return "until the next day"
    hours, minutes = divmod(rule // timedelta(minutes=1), 60)
    return f"for {amount(hours, 'hour')}{f' {minutes} minutes' if minutes else ''} after it"


def _starting(case: CheckedCourse, trip: CompanionBooking) -> str:
    """Say what starts, and when, if its hour is known."""
    begin = trip.begin
    return trip.title if begin is None else f"{trip.title} starts at {local(begin, case.course.zone):%H:%M},"


def _where(case: CheckedCourse, trips: tuple[CompanionBooking, ...]) -> str:
    return case.where(trips[0].placed) + (f" and {len(trips) - 1} more" if len(trips) > 1 else "")
