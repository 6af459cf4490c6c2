"""What a course asks of a patient: trips, hours, rides, days off, and things to do."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime
from itertools import accumulate

import attrs

from ketsched.agenda import agenda
from ketsched.clock import seconds
from ketsched.model import Companion, Course, PlacedCompanion

Trip = tuple[str, date]
"""To the clinic ("") on a day, once a day whatever is there; or elsewhere, for one appointment (its id)."""


@attrs.frozen(kw_only=True)
class Burden:
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
        first, last: Dates of the first and last session or appointment; None if there is none.
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
    first: date | None
    last: date | None

    def words(self) -> Iterator[str]:
        """Yield in plain words what is asked, each kind of thing by itself; what is none is left out."""
        shares = (
            "1 appointment shares one"
            if self.trips_saved == 1
            else f"{self.trips_saved} appointments share others"
        )
        asked = (
            (self.trips, _many(self.trips, "trip") + (f" ({shares})" if self.trips_saved else "")),
            (self.minutes, f"{_hours(self.minutes)} at the clinic"),
            (self.minutes_elsewhere, f"{_hours(self.minutes_elsewhere)} elsewhere"),
            (self.rides, f"{_many(self.rides, 'ride')} home"),
            (self.workdays, _many(self.workdays, "working day")),
            (self.home_sessions, f"{_many(self.home_sessions, 'session')} at home"),
            (self.home_appointments, f"{_many(self.home_appointments, 'appointment')} at home"),
            (self.calls, _many(self.calls, "call")),
            (self.tasks, _many(self.tasks, "to-do")),
        )
        return (words for number, words in asked if number)


def burden(course: Course) -> Burden:
    """Add up what a course asks of a patient."""
    sessions = course.standing()
    at_clinic = [session for session in sessions if not course.is_at_home(session)]
    phases = [course.protocol.phase(session.phase) for session in at_clinic]
    known = ((placed, course.protocol.companion(placed.companion)) for placed in course.companions)
    told = [(placed, c) for placed, c in known if placed.status.stands and c.for_patient]
    booked = [(p, c) for p, c in told if c.kind == "appointment" and c.on_session_days != "during"]
    places = [companion.place for _, companion in booked]
    session_trips = {("", session.day) for session in at_clinic}
    trips = session_trips | {_trip(placed, companion) for placed, companion in booked if companion.is_trip}
    rides = {("", s.day) for s, phase in zip(at_clinic, phases, strict=True) if phase.no_driving is not None}
    driving = _Driving(course)
    rides |= {_trip(p, c) for p, c in booked if c.is_trip and driving.is_forbidden(course.appointment(p))}
    days = [*(session.day for session in sessions), *(placed.day for placed, _ in booked)]
    return Burden(
        trips=len(trips),
        trips_saved=places.count("clinic") - sum(not name for name, _ in trips - session_trips),
        minutes=sum(phase.anatomy.minutes for phase in phases)
        + sum(companion.minutes for _, companion in booked if companion.place == "clinic"),
        minutes_elsewhere=sum(companion.minutes for _, companion in booked if companion.place == "elsewhere"),
        rides=len(rides),
        workdays=len({day for _, day in trips if day.weekday() < 5}),
        home_sessions=len(sessions) - len(at_clinic),
        calls=places.count("telephone"),
        home_appointments=places.count("home"),
        tasks=sum(companion.kind == "task" for _, companion in told),
        first=min(days, default=None),
        last=max(days, default=None),
    )


def _trip(placed: PlacedCompanion, companion: Companion) -> Trip:
    return ("" if companion.place == "clinic" else placed.id), placed.day


class _Driving:
    """Knows when the patient may not drive after a session, wherever that was."""

    def __init__(self, course: Course) -> None:
        entries = agenda(course).session_entries.values()
        forbidden = sorted(
            (seconds(entry.start), seconds(entry.drives_from))
            for entry in entries
            if entry.status.stands and entry.start is not None and entry.drives_from is not None
        )
        self.starts = [start for start, _ in forbidden]
        self.until = list(accumulate((until for _, until in forbidden), max))

    def is_forbidden(self, appointment: tuple[datetime, datetime] | None) -> bool:
        """Whether the patient may not yet drive when an appointment begins."""
        if appointment is None:
            return False
        begin = seconds(appointment[0])
        before = bisect_right(self.starts, begin)
        return before > 0 and begin < self.until[before - 1]


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _hours(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    return " ".join(f"{number} {unit}" for number, unit in ((hours, "h"), (rest, "min")) if number)
