"""What a course asks of a patient: trips, hours, rides, days off, and things to do."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime
from itertools import accumulate

import attrs

from ketsched.cli.pictures import many, on
from ketsched.model import Companion, Course, PlacedCompanion
from ketsched.planning import trips_saved

Trip = tuple[str, date]
"""To the clinic ("") on a day, once a day whatever is there; or elsewhere, for one appointment (its id)."""


@attrs.frozen(kw_only=True)
class Asks:
    """
    What a course asks of a patient; appointments and tasks for the clinic alone are not counted.

    Attributes:
        trips: To the clinic, and elsewhere.
        trips_saved: Appointments for which the patient does not have to come once more.
        minutes: Time at the clinic: sessions from arrival to the door, and appointments.
        minutes_elsewhere: Time of appointments elsewhere.
        rides: Trips from which the patient may not drive home.
        workdays: Monday to Friday dates that are taken up by a trip.
        home_sessions: Sessions at home.
        calls: Appointments by telephone.
        home_appointments: Appointments at home.
        tasks: Things to do.
        first, last: Dates of the first and last session or appointment.
    """

    trips: int
    trips_saved: int
    minutes: int
    minutes_elsewhere: int
    rides: int
    workdays: int
    home_sessions: int
    calls: int
    home_appointments: int
    tasks: int
    first: date
    last: date


def asks_of(course: Course) -> Asks:
    """Add up what a course asks of a patient."""
    standing = course.standing()
    at_clinic = [session for session in standing if not course.is_at_home(session)]
    phases = [course.protocol.phase(session.phase) for session in at_clinic]
    known = ((placed, course.protocol.companion(placed.companion)) for placed in course.companions)
    around = [(placed, c) for placed, c in known if placed.status.stands and c.for_patient]
    booked = [(p, c) for p, c in around if c.kind == "appointment" and c.on_session_days != "during"]
    sessions = {("", session.day) for session in at_clinic}
    trips = sessions | {_trip(placed, companion) for placed, companion in booked if companion.is_trip}
    driven = {("", s.day) for s, phase in zip(at_clinic, phases, strict=True) if phase.no_driving is not None}
    driving = _Driving(course)
    driven |= {_trip(p, c) for p, c in booked if c.is_trip and driving.is_forbidden(course.appointment(p))}
    days = [*(session.day for session in standing), *(placed.day for placed, _ in booked)]
    places = [companion.place for _, companion in booked]
    return Asks(
        trips=len(trips),
        trips_saved=trips_saved(course),
        minutes=sum(int(phase.anatomy.chair_time.total_seconds()) // 60 for phase in phases)
        + sum(companion.minutes for _, companion in booked if companion.place == "clinic"),
        minutes_elsewhere=sum(companion.minutes for _, companion in booked if companion.place == "elsewhere"),
        rides=len(driven),
        workdays=len({day for _, day in trips if day.weekday() < 5}),
        home_sessions=len(standing) - len(at_clinic),
        calls=places.count("telephone"),
        home_appointments=places.count("home"),
        tasks=sum(companion.kind == "task" for _, companion in around),
        first=min(days),
        last=max(days),
    )


def _trip(placed: PlacedCompanion, companion: Companion) -> Trip:
    return ("" if companion.place == "clinic" else placed.id), placed.day


class _Driving:
    """Knows when the patient may not drive after a session, wherever that was."""

    def __init__(self, course: Course) -> None:
        timed = [session for session in course.standing() if session.time is not None]
        spans = [(course.starts(session), course.drives_from(session)) for session in timed]
        held = sorted((start.astimezone(UTC), until.astimezone(UTC)) for start, until in spans if until)
        self.starts = [start for start, _ in held]
        self.until = list(accumulate((until for _, until in held), max))

    def is_forbidden(self, appointment: tuple[datetime, datetime] | None) -> bool:
        """Whether the patient may not yet drive when an appointment begins."""
        if appointment is None:
            return False
        begin = appointment[0].astimezone(UTC)  # in one zone the hour that comes twice would compare as once
        before = bisect_right(self.starts, begin)
        return before > 0 and begin < self.until[before - 1]


def demands_of(course: Course) -> str:
    """Say in a few lines what a course asks of a patient."""
    asks = asks_of(course)
    saved = f" ({asks.trips_saved} more saved by sharing)" if asks.trips_saved else ""
    elsewhere = f", {_hours(asks.minutes_elsewhere)} elsewhere" if asks.minutes_elsewhere else ""
    besides = (
        (asks.home_sessions, "session", " at home"),
        (asks.home_appointments, "appointment", " at home"),
        (asks.calls, "call", ""),
        (asks.tasks, "thing", " to do"),
    )
    lines = [
        f"What this asks of you, from {on(asks.first)} to {on(asks.last)}:",
        f"{many(asks.trips, 'trip')}{saved}, {_hours(asks.minutes)} at the clinic{elsewhere}",
        f"{many(asks.rides, 'ride')} with somebody else at the wheel",
        f"{many(asks.workdays, 'day')} off (Monday to Friday)",
        ", ".join(many(number, what) + where for number, what, where in besides if number),
    ]
    return "\n  ".join(filter(None, lines))


def _hours(minutes: int) -> str:
    return f"{minutes // 60} h {minutes % 60:02d} min"
