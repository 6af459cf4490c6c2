"""
An appointment moved, booked again or cancelled by hand: a screening, a review, a call.

It may be where the protocol would not have it, which is said and which a clinician documents; it cannot be
where whoever it needs cannot, or where the patient is somewhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta
from functools import cached_property

import attrs

from ketsched.anchors import AnchorDay, anchor_of, anchors, is_within
from ketsched.clock import WEEKDAY_NAMES, minute_of, moment, seconds
from ketsched.errors import InvalidInput
from ketsched.holds import with_statuses
from ketsched.model import BookingStatus, Companion, Course, PlacedCompanion
from ketsched.names import in_days
from ketsched.planning.free import FreeTime
from ketsched.planning.rules import pairs_of
from ketsched.revising import revise
from ketsched.tracking.request import Request
from ketsched.tracking.targets import Target, too_soon

MOVED, BOOKED, CANCELLED, CONFIRMED = (
    f"{done} by hand" for done in ("moved", "booked", "cancelled", "confirmed")
)
"""What is done to an appointment by hand, in words for the clinic."""
NEAR = 31
"""Days on either side of an appointment without a last day that are looked at (house default)."""


class AppointmentMove:
    """One appointment that is to be moved, with everything else where it is; or one that is to be booked."""

    def __init__(self, asked: Request, booking: str | PlacedCompanion) -> None:
        self.asked, self.course = asked, asked.history.course
        self.by_hand = BOOKED if isinstance(booking, PlacedCompanion) else MOVED
        self.placed = (
            booking if isinstance(booking, PlacedCompanion) else check_appointment(self.course, booking)
        )
        self.companion = self.course.protocol.companion(self.placed.companion)

    @cached_property
    def free(self) -> FreeTime:
        """When the patient and whoever it needs are free, this appointment left aside."""
        free = FreeTime(self.course, self.asked.hours)
        for other in self.course.companions:
            if other.id != self.placed.id and other.status in (BookingStatus.FIRM, BookingStatus.TENTATIVE):
                free.book(other, self.course.protocol.companion(other.companion))
        return free

    @cached_property
    def anchored(self) -> AnchorDay | None:
        """What it is counted from."""
        found = anchors(self.companion, self.course.standing(), self.course.companions)
        return anchor_of(self.placed, found, self.companion)

    @property
    def between(self) -> tuple[date, date] | None:
        """The first and the last day that the protocol gives it, both included; None if nothing asks for it."""
        if self.anchored is None:
            return None
        first = self.anchored.day + timedelta(self.companion.window.earliest)
        if self.companion.count is None:
            return first, max(first, self.placed.day) + timedelta(NEAR)
        return first, self.anchored.day + timedelta(self.companion.window.latest)

    def cannot(self, target: Target) -> tuple[str, str]:
        """Say why it cannot be there at all, and the key of that; empty if it can."""
        day = target.day.toordinal()
        past = too_soon(self.placed, target, self.asked)
        if past[0]:
            return past
        if target.hour is not None:
            why, key = self.free.hour_closed(self.companion, day, target.hour)
            where = f"{target.day} at {target.hour:%H:%M}"
        else:
            free = self.free.starts(self.companion, day)
            why, key = ("", "") if free else (self.free.hours_closed(self.companion, day), "closed")
            where = str(target.day)
        if why:
            return f"{where}: {why}", key
        if target.unit not in (None, self.at(target).unit):
            return (
                f"{where}: {self.companion.role or 'chair'} number {target.unit} is taken or missing",
                "taken",
            )
        return "", ""

    def breaks(self, target: Target) -> Iterator[tuple[str, str]]:
        """Yield what the protocol says against a day, each with its key."""
        companion, day = self.companion, target.day
        if self.anchored is not None and not is_within(companion, self.anchored, day) and self.between:
            first, last = self.between
            yield f"{day}: the protocol has it on {first} to {last}", "window"
        if companion.weekdays and day.weekday() not in companion.weekdays:
            names = ", ".join(WEEKDAY_NAMES[number] for number in companion.weekdays)
            yield f"{day}: it is on {names} only", "weekdays"
        elif closed := self.free.closed(companion, day.toordinal()):
            yield f"{day}: {closed}", "session days"
        others = [p for p in self.course.companions if p.companion == companion.id and p.status.stands]
        series = sorted(
            [*(p.day for p in others if p.session == self.placed.session and p.id != self.placed.id), day]
        )
        for spacing in companion.spacing:
            for one, other in pairs_of(spacing, range(len(series))):
                earlier, later = series[one], series[other]
                limits, gap = spacing.since(earlier), (later - earlier).days
                wrong = gap < (limits.minimum or 0) or (limits.latest is not None and gap > limits.latest)
                if wrong and day in (earlier, later):
                    yield f"{in_days(gap)} after {earlier}: {spacing.words()}", "spacing"

    def days(self) -> Iterator[date]:
        """Yield the days that the protocol gives it and on which it could be."""
        if self.between is None:
            return
        first, last = self.between
        for day in range(max(first, self.asked.today).toordinal(), last.toordinal() + 1):
            if self.free.is_open(self.companion, day):
                yield date.fromordinal(day)

    def at(self, target: Target) -> PlacedCompanion:
        """Return the appointment on a day on which it can be, at its hour or the one that is nearest to it."""
        day, hour = target.day.toordinal(), target.hour
        if hour is None and self.placed.time is not None:
            wanted, starts = self.placed.time, self.free.starts(self.companion, day)
            keeps = self.free.fits(self.companion, day, wanted)
            nearest = min(starts, key=lambda start: (abs(start - minute_of(wanted)), start))
            hour = wanted if keeps else time(*divmod(nearest, 60))
        elif hour is None:
            hour = self.free.choose(self.companion, day, old=None)
        stands = self.placed.status.stands
        return attrs.evolve(
            self.placed,
            day=target.day,
            time=hour,
            status=self.placed.status if stands else BookingStatus.FIRM,
            who=self.companion.role,
            unit=self.free.unit(
                self.companion,
                seconds(moment(target.day, hour, self.course.zone)),
                preferred=target.unit or self.placed.unit,
            ),
            pinned=True,
        )

    def moved(self, target: Target) -> Course:
        """Return the course with the appointment moved, and nothing else."""
        return _revised(self.asked, self.at(target), self.by_hand)

    def cannot_stay(self) -> str:
        """Say why it cannot be where it is; empty if it can."""
        placed = self.placed
        if placed.time is None:
            return ""
        why, _ = self.free.hour_closed(self.companion, placed.day.toordinal(), placed.time)
        return why and f"{placed.day} at {placed.time:%H:%M}: {why}"

    def confirmed(self) -> Course:
        """Return the course with the appointment firm where it is, whatever becomes of its session."""
        now = attrs.evolve(self.placed, status=BookingStatus.FIRM, pinned=True)
        return _revised(self.asked, now, CONFIRMED)


_OPEN = (BookingStatus.FIRM, BookingStatus.TENTATIVE)


def cancelled(asked: Request, name: str) -> Course:
    """
    Return the course with an appointment or a task taken off by hand: planning again leaves it off.

    Raises:
        InvalidInput: It decides about sessions, is over, or is off already.
    """
    known = asked.history.course
    tasks = [p for p in known.companions if known.protocol.companion(p.companion).kind == "task"]
    task = next((p for p in tasks if p.id == name and p.status in _OPEN), None)
    placed = check_appointment(known, name) if task is None else task
    companion = asked.course.protocol.companion(placed.companion)
    if companion.gate:
        raise InvalidInput(
            what=f"{companion.title} cannot be cancelled",
            where="cancel",
            why="it decides about the sessions after it: without it nobody would",
            fix="move it, or record what was decided",
            argument="cancel",
        )
    return _revised(asked, attrs.evolve(placed, status=BookingStatus.CLOSED, pinned=True), CANCELLED)


def _revised(asked: Request, now: PlacedCompanion, why: str) -> Course:
    known = asked.history.course
    others = [placed for placed in known.companions if placed.id != now.id]
    changed = attrs.evolve(known, companions=tuple(sorted([*others, now], key=lambda placed: placed.when)))
    sessions, companions = with_statuses(changed, before=asked.course)
    if why == CONFIRMED:
        companions = tuple(now if placed.id == now.id else placed for placed in companions)
    return revise(
        asked.course,
        at=asked.at,
        kind="moved",
        what="" if why == MOVED else why,
        who=asked.who,
        sessions=sessions,
        companions=companions,
        why={now.id: why},
        visits=known.visits,
        patient=known.patient,
        files=known.files,
    )


def check_appointment(course: Course, name: str) -> PlacedCompanion:
    """Return an appointment that can be moved by hand; refuse a task, and what is over or part of a session."""
    placed = next((one for one in course.companions if one.id == name), None)
    companion = None if placed is None else course.protocol.companion(placed.companion)
    can = [p.id for p in course.companions if _can_be_moved(p, course.protocol.companion(p.companion))]
    if placed is None or companion is None or placed.id not in can:
        why = f"appointments that are still to come are {', '.join(can[:12]) or 'none'}"
        fix = "name one of these" if can else "leave it out"
        if placed is not None and companion is not None and companion.kind == "task":
            why, fix = "a task has no day of its own: it follows its session", "move the session"
        elif companion is not None and companion.on_session_days == "during":
            why, fix = "it takes place during a session, and goes with it", "move the session"
        raise InvalidInput(
            what=f"{name[:40]!r} cannot be moved", where="move", why=why, fix=fix, argument="move"
        )
    return placed


def _can_be_moved(placed: PlacedCompanion, companion: Companion) -> bool:
    return has_own_day(companion) and placed.status.can_move


def has_own_day(companion: Companion) -> bool:
    """Whether it is an appointment with a day and an hour of its own: neither a task nor a part of a session."""
    return companion.kind == "appointment" and companion.on_session_days != "during"


def is_there(placed: PlacedCompanion, target: Target) -> bool:
    """Whether an appointment stands just there already."""
    same = placed.status.stands and placed.day == target.day
    same = same and target.hour in (None, placed.time)
    return same and target.unit in (None, placed.unit)
