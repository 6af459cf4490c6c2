"""
One patient's course: sessions, what goes with them, holds, authorisations, waivers, revisions.

Nothing here plans, checks or decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

import attrs

from ketsched.clock import aware, choices, later, moment, plausible, zone_named
from ketsched.errors import InvalidInput
from ketsched.model.protocols import Protocol
from ketsched.model.texts import (
    LONGEST_ID,
    MOST_CHAIRS,
    MOST_COMPANIONS,
    MOST_SESSIONS,
    check_text,
    whole_text,
)


class Status(StrEnum):
    """What a booking is: planned and to be confirmed, planned, given, missed, or taken off the calendar."""

    TENTATIVE = "tentative"
    FIRM = "firm"
    FULFILLED = "fulfilled"
    MISSED = "missed"
    CLOSED = "closed"

    @property
    def stands(self) -> bool:
        """Whether the session takes place or did: it counts in the order of the course."""
        return self not in (Status.MISSED, Status.CLOSED)


def _check_id(given: str, what: str) -> None:
    if not given.strip() or len(given) > LONGEST_ID or re.search(r"[\x00-\x1f\x7f-\x9f]", given):
        raise InvalidInput(
            what=f"this {what} id cannot be used",
            where="id",
            why=f"an id is 1 to {LONGEST_ID} characters, none of them a control character",
            fix='give one such as "s1"',
        )


def _check_clock(given: time | None, what: str) -> None:
    if given is not None and (given.second or given.microsecond or given.tzinfo):
        raise InvalidInput(
            what=f"{what} starts at {given}",
            why="what is booked starts on a whole minute of the clinic's clock",
            fix="give hours and minutes without a zone; the zone is the course's",
        )


RIDES = ("", "confirmed", "none", "self")
"""What is known of the ride home: nothing yet, it is confirmed, there is none, the patient means to drive."""


@attrs.frozen(kw_only=True)
class Session:
    """
    One booking.

    Attributes:
        id: Given once and never reused, 1 to 255 characters; its number in the series is derived
            (see `Course.number`).
        phase: Name of its phase.
        day: Local date at the clinic.
        time: Local time at which the chair is taken; None if only the day is known.
        status: See Status.
        chair: Number of the chair, 1 to 1000; None if unknown.
        place: Where it is, if not where the phase says; "home" is not at the clinic.
        route: Of the drug, if not the phase's.
        ride: What is known of the ride home, one of RIDES; it changes no calendar.
        ideal: The day that the pattern asks for, if it was planned here.
        revised: Numbers of the course's revisions that gave or changed its start, end, place or status.
    """

    id: str = attrs.field(validator=whole_text)
    phase: str = attrs.field(validator=whole_text)
    day: date
    time: time | None = None
    status: Status = Status.FIRM
    chair: int | None = None
    place: str = attrs.field(default="", validator=whole_text)
    route: str = attrs.field(default="", validator=whole_text)
    ride: str = ""
    ideal: date | None = None
    revised: tuple[int, ...] = (0,)

    def __attrs_post_init__(self) -> None:
        _check_id(self.id, "session")
        plausible(self.day, f"session {self.id}")
        if self.chair is not None and not 1 <= self.chair <= MOST_CHAIRS:
            raise InvalidInput(
                what=f"session {self.id} is on chair {self.chair}",
                where="chair",
                why=f"chairs are numbered from 1, up to {MOST_CHAIRS}",
                fix="give its number, or leave it out if it is not known",
            )
        _check_clock(self.time, f"session {self.id}")
        if self.ride not in RIDES:
            raise InvalidInput(
                what=f"the ride home of session {self.id} is {str(self.ride)[:20]!r}",
                where="ride",
                why="a ride is confirmed, there is none, or the patient means to drive (self)",
                fix='give ride="confirmed", ride="none", ride="self", or leave it out if nothing is known',
            )

    @property
    def sequence(self) -> int:
        """How often it has changed since it was first given; iCalendar's SEQUENCE."""
        return len(self.revised) - 1


OUTCOMES = ("continue", "stop")


@attrs.frozen(kw_only=True)
class Decision:
    """
    What an appointment decided about the sessions after it.

    Attributes:
        what: "continue" (they take place as planned) or "stop" (they stay to be confirmed until they are closed).
        on: Local date on which it was decided.
        who: Who decided it.
    """

    what: str
    on: date
    who: str = attrs.field(validator=whole_text)

    def __attrs_post_init__(self) -> None:
        plausible(self.on, "on")
        if self.what not in OUTCOMES or not self.who.strip():
            raise InvalidInput(
                what=f"the outcome {self.what[:20]!r} by {'nobody' if not self.who.strip() else 'somebody'}",
                where="outcome",
                why=f"an outcome is {' or '.join(OUTCOMES)}, and somebody decided it",
                fix='give what="continue", on=date(2027, 1, 18), who="Dr A"',
            )


@attrs.frozen(kw_only=True)
class PlacedCompanion:
    """
    One booking of what goes around the sessions: an appointment on its day, or a task with its due date.

    Notices are not booked: they follow from the protocol and the session they are beside.

    Attributes:
        id: Given once and never reused; no session of the course has it either.
        companion: Id of the protocol's companion.
        day: Local date at the clinic; a task's due date.
        time: Local time at which an appointment starts; None for a task.
        session: Id of the session that it goes with: its anchor, or the one nearest to that.
        status: As of a session; FULFILLED once it took place or was done.
        ideal: The day that the protocol recommends.
        outcome: What it decided, if it is a gate and that was recorded.
        revised: Numbers of the course's revisions that gave or changed its start, end, place or status.
    """

    id: str = attrs.field(validator=whole_text)
    companion: str
    day: date
    time: time | None = None
    session: str = attrs.field(default="", validator=whole_text)
    status: Status = Status.FIRM
    ideal: date | None = None
    outcome: Decision | None = None
    revised: tuple[int, ...] = (0,)

    def __attrs_post_init__(self) -> None:
        _check_id(self.id, "companion")
        plausible(self.day, f"companion {self.id}")
        _check_clock(self.time, f"companion {self.id}")

    @property
    def sequence(self) -> int:
        """How often it has changed since it was first given; iCalendar's SEQUENCE."""
        return len(self.revised) - 1


@attrs.frozen(kw_only=True)
class Hold:
    """
    A clinician's stop: the sessions it holds for are to be confirmed until it is lifted.

    The library judges no contraindication. The reason is for the clinic; no patient's file tells it.

    Attributes:
        id: Unique in the course, "h1".
        reason: In the clinician's words.
        who: Who decided it.
        since: First day whose sessions it holds.
        sessions: Ids of the sessions it holds; empty: all from `since` on.
        already: Ids of sessions that were to be confirmed before it, for a reason not known here; they stay so.
        lifted_by: Who lifted it; empty while it stands.
        lifted_on: Local date on which it was lifted; None while it stands.
    """

    id: str = attrs.field(validator=whole_text)
    reason: str = attrs.field(validator=whole_text)
    who: str = attrs.field(validator=whole_text)
    since: date
    sessions: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    lifted_by: str = attrs.field(default="", validator=whole_text)
    lifted_on: date | None = None

    def __attrs_post_init__(self) -> None:
        _check_id(self.id, "hold")
        plausible(self.since, "since")
        for session in (*self.sessions, *self.already):
            check_text(session, "sessions")
        if not (self.reason.strip() and self.who.strip()):
            raise InvalidInput(
                what="a hold without a reason or a name",
                where=f"hold {self.id[:40]}",
                why="a hold says why, and who decided it",
                fix='give reason="...", who="Dr A"',
            )
        if bool(self.lifted_by.strip()) != (self.lifted_on is not None):
            raise InvalidInput(
                what="a hold that is lifted in part",
                where=f"hold {self.id[:40]}",
                why="it is lifted by somebody, on a date",
                fix='give lifted_by="Dr A" and lifted_on=date(2027, 1, 8), or neither',
            )
        if self.lifted_on is not None:
            plausible(self.lifted_on, "lifted_on")

    @property
    def stands(self) -> bool:
        """Whether it has not been lifted."""
        return self.lifted_on is None


@attrs.frozen(kw_only=True)
class Authorisation:
    """
    A payer's permission for a number of sessions; those beyond it are to be confirmed.

    Attributes:
        sessions: How many it pays for, counted in order of time from `first` on.
        first: First day on which it pays; None: from the start.
        until: Last day on which it pays; None: no end.
        scope: Name of the phase it is for; empty: the whole course.
        required: Whether the sessions it pays for must lie within it; planning then keeps them there.
        warn_days: So many days before it runs out a finding says so.
        name: What the clinic calls it; for its own files only.
    """

    sessions: int
    first: date | None = None
    until: date | None = None
    scope: str = attrs.field(default="", validator=whole_text)
    required: bool = False
    warn_days: int = 14
    name: str = attrs.field(default="", validator=whole_text)

    def __attrs_post_init__(self) -> None:
        for name, day in (("first", self.first), ("until", self.until)):
            if day is not None:
                plausible(day, name)
        wrong_order = self.first is not None and self.until is not None and self.until < self.first
        if not 1 <= self.sessions <= MOST_SESSIONS or not 0 <= self.warn_days <= 366 or wrong_order:
            raise InvalidInput(
                what=f"an authorisation of {self.sessions} sessions"
                + (f" from {self.first}" if self.first else "")
                + (f" until {self.until}" if self.until else ""),
                where="authorisation",
                why=f"it pays for 1 to {MOST_SESSIONS} sessions, ends after it begins, "
                "and warns at most a year ahead",
                fix="check its number, its dates and its days of warning",
            )


@attrs.frozen(kw_only=True)
class Waiver:
    """
    A documented exception: it silences a finding, and never widens a rule for the planner.

    Attributes:
        rule: Code of the rule, "KS101".
        sessions: Ids of the sessions it holds for.
        reason: Why, in the clinician's words.
        who: Who decided it.
        until: Last day on which it holds; None: it does not run out.
    """

    rule: str
    sessions: tuple[str, ...]
    reason: str = attrs.field(validator=whole_text)
    who: str = attrs.field(validator=whole_text)
    until: date | None = None

    def __attrs_post_init__(self) -> None:
        for session in self.sessions:
            check_text(session, "sessions")
        if not (
            re.fullmatch(r"KS[0-9]{3}", self.rule)
            and self.sessions
            and self.reason.strip()
            and self.who.strip()
        ):
            raise InvalidInput(
                what=f"a waiver of {self.rule[:20] or 'nothing'}",
                why="a waiver names a rule, its sessions, a reason and who decided it",
                fix='give rule="KS101", sessions=("s5",), reason="...", who="..."',
            )


def _in_utc(at: datetime | None) -> datetime | None:
    """Return a moment in UTC: in the repeated hour of a named zone it would equal no other way of writing it."""
    if at is None:
        return None
    aware(at, "at")
    if 1 < at.year < 9999:  # else the conversion could leave what a datetime can be
        at = at.astimezone(UTC)
    plausible(at.date(), "at")
    return at


@attrs.frozen(kw_only=True)
class Revision:
    """
    One state of a course that was given out.

    Attributes:
        at: The moment it was made, kept in UTC; None if the caller gave none.
        what: What was done, in a word or two.
    """

    at: datetime | None = attrs.field(converter=_in_utc)
    what: str = attrs.field(default="planned", validator=whole_text)


@attrs.frozen(kw_only=True)
class Course:
    """
    One patient's sessions, in order of time.

    Attributes:
        protocol: What it was planned with, its choices made.
        zone: IANA zone of the clinic; all days and times are local to it.
        sessions: All that were ever booked, closed ones included.
        id: The caller's opaque name for it; never made from a name, record number, protocol or date.
        revisions: States that were given out, the first one first.
        waivers: Exceptions that a clinician documented.
        companions: Appointments and tasks around the sessions, in order of time, closed ones included.
        holds: A clinician's stops, lifted ones included.
        authorisations: What a payer has permitted, in the order in which it pays.
    """

    protocol: Protocol
    zone: str
    sessions: tuple[Session, ...]
    id: str | None = None
    revisions: tuple[Revision, ...] = (Revision(at=None),)
    waivers: tuple[Waiver, ...] = ()
    companions: tuple[PlacedCompanion, ...] = ()
    holds: tuple[Hold, ...] = ()
    authorisations: tuple[Authorisation, ...] = ()

    def __attrs_post_init__(self) -> None:
        zone_named(self.zone)
        dated: tuple[Session | PlacedCompanion, ...] = (*self.sessions, *self.companions)
        ids = [booking.id for booking in dated]
        around = [(c.day, c.time or time()) for c in self.companions]
        known = {companion.id for companion in self.protocol.companions if companion.kind != "notice"}
        keys = [(s.day, s.time or time(), s.id) for s in self.sessions]
        names = {phase.name for phase in self.protocol.phases}
        for what, wrong, why, fix in (
            (
                f"{len(self.sessions)} sessions",
                len(self.sessions) > MOST_SESSIONS,
                f"a course has at most {MOST_SESSIONS}",
                "split it into courses",
            ),
            (
                f"{len(self.companions)} appointments and tasks",
                len(self.companions) > MOST_COMPANIONS,
                f"a course has at most {MOST_COMPANIONS}",
                "split it into courses",
            ),
            ("two bookings of one id", len(set(ids)) != len(ids), "an id is given once", "give each its own"),
            (
                "sessions out of order",
                [k[:2] for k in keys] != sorted(k[:2] for k in keys),
                "they are in order of time",
                "sort them",
            ),
            (
                "a session of an unknown phase",
                any(s.phase not in names for s in self.sessions),
                f"the protocol has {', '.join(sorted(names))}",
                "name one of these phases",
            ),
            ("appointments out of order", around != sorted(around), "they are in order of time", "sort them"),
            (
                "an appointment or task that the protocol does not have",
                any(c.companion not in known for c in self.companions),
                f"the protocol has {', '.join(sorted(known)) or 'none'}",
                "name one of these",
            ),
            (
                "two holds of one id",
                len({hold.id for hold in self.holds}) != len(self.holds),
                "an id is given once",
                "give each its own",
            ),
            (
                "an authorisation for an unknown phase",
                any(a.scope and a.scope not in names for a in self.authorisations),
                f"the protocol has {', '.join(sorted(names))}",
                "name one of these phases, or leave scope out",
            ),
            (
                "a session without the revision that made it",
                not self.revisions
                or any(
                    not s.revised or not 0 <= min(s.revised) <= max(s.revised) < len(self.revisions)
                    for s in dated
                ),
                "every session, appointment and task names the revisions that changed it",
                "give revised=(0,) and one revision",
            ),
        ):
            if wrong:
                raise InvalidInput(what=what, where="course", why=why, fix=fix)
        if self.id is not None:
            check_course_id(self.id)

    @classmethod
    def of_days(cls, protocol: Protocol, days: Iterable[date], *, zone: str = "UTC") -> Course:
        """Make a course of bare dates, dealt out to the protocol's phases in order."""
        ordered = sorted(plausible(day, "session") for day in days)
        names = protocol.deal(ordered)
        sessions = tuple(
            Session(id=f"s{n}", phase=name, day=day)
            for n, (day, name) in enumerate(zip(ordered, names, strict=False), 1)
        )
        return cls(protocol=protocol, zone=zone, sessions=sessions)

    def standing(self) -> tuple[Session, ...]:
        """Return the sessions that take place or did, in order."""
        return tuple(session for session in self.sessions if session.status.stands)

    def number(self, session: Session) -> int:
        """Return the session's place in its phase, from 1, counted over those that stand."""
        before = (s for s in self.sessions if s.phase == session.phase and s.status.stands)
        return 1 + sum(
            (s.day, s.time or time(), s.id) < (session.day, session.time or time(), session.id)
            for s in before
        )

    def is_at_home(self, session: Session) -> bool:
        """Whether a session takes no chair: it, or else its phase, is at home."""
        return (session.place or self.protocol.phase(session.phase).place).strip().casefold() == "home"

    def route(self, session: Session) -> str:
        """Return the route of the drug: the session's own, or else its phase's."""
        return session.route or self.protocol.phase(session.phase).route

    def infusion(self, session: Session) -> tuple[datetime, datetime]:
        """Return when the infusion of a session starts and ends; rules before and after count from these."""
        anatomy = self.protocol.phase(session.phase).anatomy
        begin = later(self.starts(session), timedelta(minutes=anatomy.prepare))
        return begin, later(begin, timedelta(minutes=anatomy.infusion))

    def drives_from(self, session: Session) -> datetime | None:
        """
        Return when the patient may drive again after a session; None if its phase says nothing.

        An elapsed time runs from the end of the infusion. "Next day" is after a night's sleep, so not
        before the local date changes: the first moment of the next date, which is no time to print.
        """
        rule = self.protocol.phase(session.phase).no_driving
        if rule is None:
            return None
        end = self.infusion(session)[1]
        if isinstance(rule, timedelta):
            return later(end, rule)
        return datetime.combine(end.date() + timedelta(1), time(), end.tzinfo)

    def appointment(self, placed: PlacedCompanion) -> tuple[datetime, datetime] | None:
        """Return when an appointment starts and ends; None for a task, or if only its day is known."""
        definition = self.protocol.companion(placed.companion)
        if placed.time is None or definition.kind != "appointment":
            return None
        start = moment(placed.day, placed.time, self.zone)
        return start, later(start, timedelta(minutes=definition.minutes))

    def held_by(self, calendar: str) -> Held:
        """Return what the appointments of this course take of a named calendar; for `Calendar.booked`."""
        return Held(
            tuple(
                (*times, None)
                for placed in self.companions
                if placed.status.stands and self.protocol.companion(placed.companion).calendar == calendar
                if (times := self.appointment(placed)) is not None
            )
        )

    def starts(self, session: Session) -> datetime:
        """Return the moment at which the chair is taken."""
        if session.time is None:
            raise InvalidInput(
                what=f"session {session.id} has no time of day",
                where=f"{session.day}",
                why="only its day is known",
                fix="plan the course with a calendar, or give its sessions a time",
            )
        return moment(session.day, session.time, self.zone)

    def ends(self, session: Session) -> datetime:
        """Return the moment at which the chair is free again."""
        return later(self.starts(session), self.protocol.phase(session.phase).anatomy.chair_time)

    def occupied(self) -> Iterator[tuple[datetime, datetime, int | None]]:
        """
        Yield (start, end, chair) of the sessions that hold a chair.

        Those are the ones that stand, are not at home, and have a time that their day shows exactly
        once; a start that the zone skips or repeats holds no chair, and the checker reports it.
        """
        for session in self.sessions:
            at_home = self.is_at_home(session)
            if not session.status.stands or session.time is None or at_home:
                continue
            if len(choices(session.day, session.time, self.zone)) == 1:
                yield self.starts(session), self.ends(session), session.chair


@attrs.frozen
class Held:
    """
    Times that are taken of somebody's calendar.

    Attributes:
        times: (start, end, None) of each, half-open.
    """

    times: tuple[tuple[datetime, datetime, None], ...]

    def occupied(self) -> tuple[tuple[datetime, datetime, None], ...]:
        """Return (start, end, chair) of each; as `Course.occupied` does for chairs."""
        return self.times


def check_course_id(course_id: str) -> str:
    """Return a course's id as it was given, if it can be one."""
    if not isinstance(course_id, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,63}", course_id):
        raise InvalidInput(
            what="this course id cannot be used",
            where="id",
            why="an id is 1 to 64 letters, digits and . _ ~ - and says nothing about the patient",
            fix='give an opaque name such as "A-017", never a name, record number or date of birth',
        )
    return course_id
