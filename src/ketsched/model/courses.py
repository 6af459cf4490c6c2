"""
One patient's course: sessions, what goes with them, holds, authorisations, waivers, revisions.

Nothing here plans, checks or decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import attrs

from ketsched.clock import aware, choices, later, moment, plausible, zone_named
from ketsched.errors import InvalidInput
from ketsched.model.bookings import Booking, PlacedCompanion, Session, Status, check_booking_id
from ketsched.model.protocols import Protocol
from ketsched.model.texts import MOST_COMPANIONS, MOST_SESSIONS, MOST_VISITS, check_text, whole_text
from ketsched.model.visits import Visit


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
        check_booking_id(self.id, "hold")
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
class Changed:
    """
    A booking that a revision changed, as it was before.

    Attributes:
        booking: Id of the session, appointment or task.
        why: The reason, in a few words; empty if the revision says it all.
        before: As it was; None if it is new.
    """

    booking: str = attrs.field(validator=whole_text)
    why: str = attrs.field(default="", validator=whole_text)
    before: Session | PlacedCompanion | None = None


@attrs.frozen(kw_only=True)
class Lifted:
    """
    The latest day of a required rule between two sessions that binds no longer, and why.

    Attributes:
        rule: The rule, in words.
        earlier: Id of the session that it counts from.
        later: Id of the session that it counts to.
        latest: Days that the rule allows between the two.
        by: "history": what happened has made it impossible; "policy": the way in which a missed
            session is made up goes beyond it, and another way might not.
    """

    rule: str = attrs.field(validator=whole_text)
    earlier: str = attrs.field(validator=whole_text)
    later: str = attrs.field(validator=whole_text)
    latest: int
    by: str = "history"

    def __attrs_post_init__(self) -> None:
        if self.by not in ("history", "policy") or self.latest < 0:
            raise InvalidInput(
                what=f"a rule lifted by {self.by[:20]!r}, of {self.latest} days",
                where="lifted",
                why="the history or a policy lifts a rule's latest day",
                fix='give by="history" or by="policy"',
            )


@attrs.frozen(kw_only=True)
class Segment:
    """
    Where a course went over to another protocol.

    Attributes:
        protocol: Id of the protocol from here on.
        version: Of that protocol.
        first: Name of its first phase in the course's protocol.
        on: Local date of the change.
    """

    protocol: str = attrs.field(validator=whole_text)
    version: str = attrs.field(validator=whole_text)
    first: str = attrs.field(validator=whole_text)
    on: date


@attrs.frozen(kw_only=True)
class Revision:
    """
    One state of a course that was given out.

    Attributes:
        at: The moment it was made, kept in UTC; None if the caller gave none.
        what: What was done, in a word or two.
        who: Who did it; empty if nobody said.
        why: Why, in the words of whoever did it; for the clinic.
        changes: Each booking that it changed, in order of time; the first revision has none.
        remarks: What it did that a clinician should know, such as a rule that it could not keep.
    """

    at: datetime | None = attrs.field(converter=_in_utc)
    what: str = attrs.field(default="planned", validator=whole_text)
    who: str = attrs.field(default="", validator=whole_text)
    why: str = attrs.field(default="", validator=whole_text)
    changes: tuple[Changed, ...] = ()
    remarks: tuple[str, ...] = ()


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
        visits: What happened, as it was recorded; those that a later entry corrects included.
        skipped: Ids of sessions that came to nothing and are not made up: the series has so many fewer.
        lifted: Rules between sessions that the planner could not keep, or the policy did not.
        segments: Protocols that the course went over to, in order; none if it keeps to its first.
        ended: Local date on which it was ended early; nothing is planned any more.
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
    visits: tuple[Visit, ...] = ()
    skipped: tuple[str, ...] = ()
    lifted: tuple[Lifted, ...] = ()
    segments: tuple[Segment, ...] = ()
    ended: date | None = None

    def __attrs_post_init__(self) -> None:
        zone_named(self.zone)
        dated: tuple[Booking, ...] = (*self.sessions, *self.companions)
        ids = [booking.id for booking in dated]
        around = [c.when[:2] for c in self.companions]
        known = {companion.id for companion in self.protocol.companions if companion.kind != "notice"}
        order = [s.when[:2] for s in self.sessions]
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
                order != sorted(order),
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
                "a segment that begins with an unknown phase",
                any(segment.first not in names for segment in self.segments),
                f"the protocol has {', '.join(sorted(names))}",
                "name one of these phases",
            ),
            (
                f"{len(self.visits)} visits",
                len(self.visits) > MOST_VISITS,
                f"a course has at most {MOST_VISITS}",
                "check that they are of one patient",
            ),
            (
                "two visits of one id",
                len({v.id for v in self.visits if v.id}) != sum(bool(v.id) for v in self.visits),
                "an id is given once",
                "give each its own",
            ),
            (
                "a visit, or a rule lifted, of an unknown session",
                not {s for s in self._named_elsewhere() if s} <= {s.id for s in self.sessions},
                "what happened names a session of the course, or none",
                "name one of its sessions",
            ),
            (
                "a change of an unknown booking",
                not all(
                    self._is_known(changed, set(ids), names) for r in self.revisions for changed in r.changes
                ),
                "a revision's changes name bookings of the course, each as it was before",
                "give booking the id of the session, appointment or task, and that as it was",
            ),
            (
                "a booking that is new twice",
                len(new := [c.booking for r in self.revisions for c in r.changes if c.before is None])
                != len(set(new)),
                "a booking is made once, and changed from then on",
                "give the later change what it was before",
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

    @staticmethod
    def _is_known(changed: Changed, ids: set[str], phases: set[str]) -> bool:
        before = changed.before
        if isinstance(before, Session) and before.phase not in phases:
            return False
        return changed.booking in ids and (before is None or before.id == changed.booking)

    def _named_elsewhere(self) -> Iterator[str | None]:
        yield from (visit.session for visit in self.visits)
        yield from self.skipped
        for lifted in self.lifted:
            yield from (lifted.earlier, lifted.later)

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

    def over(self) -> frozenset[str]:
        """Return the names of the phases that nothing more is planned in: all before the last segment, or all."""
        names = [phase.name for phase in self.protocol.phases]
        if self.ended is not None:
            return frozenset(names)
        return frozenset(names[: names.index(self.segments[-1].first)] if self.segments else ())

    @property
    def changes(self) -> tuple[Change, ...]:
        """What the last revision changed, each booking with what became of it and the reason."""
        return self.changes_of(len(self.revisions) - 1)

    def changes_of(self, revision: int) -> tuple[Change, ...]:
        """Return what a revision changed; the first one is 0."""
        after = self.at_revision(revision)
        now = after.bookings()
        return tuple(
            Change(booking=c.booking, why=c.why, before=c.before, after=now[c.booking])
            for c in self.revisions[revision].changes
        )

    def at_revision(self, revision: int) -> Course:
        """
        Return the course with its sessions, appointments and tasks as a revision left them; the first one is 0.

        Holds, visits and the protocol are those of today: a revision remembers the bookings.
        """
        if not 0 <= revision < len(self.revisions):
            raise InvalidInput(
                what=f"revision {revision + 1}",
                where="course",
                why=f"the course has {len(self.revisions)}",
                fix=f"give a number from 1 to {len(self.revisions)}",
            )
        untold = next(
            (n for n, r in enumerate(self.revisions[1:], 1) if n > revision and not self._told(n)), None
        )
        if untold is not None:
            raise InvalidInput(
                what=f"revision {revision + 1} cannot be shown",
                where="course",
                why=f"what revision {untold + 1} changed was not kept: it was made by an earlier version",
                fix=f"show a revision from {untold + 1} on",
            )
        bookings = self.bookings()
        for later_one in reversed(self.revisions[revision + 1 :]):
            for changed in later_one.changes:
                if changed.before is None:
                    del bookings[changed.booking]
                else:
                    bookings[changed.booking] = changed.before
        in_order = sorted(bookings.values(), key=lambda booking: booking.when)
        known = set(bookings)
        return attrs.evolve(
            self,
            sessions=tuple(b for b in in_order if isinstance(b, Session)),
            companions=tuple(b for b in in_order if isinstance(b, PlacedCompanion)),
            revisions=self.revisions[: revision + 1],
            visits=tuple(v for v in self.visits if v.session is None or v.session in known),
            skipped=tuple(s for s in self.skipped if s in known),
            lifted=tuple(one for one in self.lifted if {one.earlier, one.later} <= known),
        )

    def _told(self, revision: int) -> bool:
        """Whether a revision names what it changed, if any booking says that it was changed by it."""
        if self.revisions[revision].changes:
            return True
        return not any(revision in booking.revised for booking in self.bookings().values())

    def bookings(self) -> dict[str, Session | PlacedCompanion]:
        """Return all that was ever booked, by id."""
        return {session.id: session for session in self.sessions} | {c.id: c for c in self.companions}

    def standing(self) -> tuple[Session, ...]:
        """Return the sessions that take place or did, in order."""
        return tuple(session for session in self.sessions if session.status.stands)

    def number(self, session: Session) -> int:
        """Return the session's place in its phase, from 1, counted over those that stand and count."""
        before = (s for s in self.sessions if s.phase == session.phase and s.status.stands and s.counts)
        return 1 + sum(s.when < session.when for s in before)

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


@attrs.frozen(kw_only=True)
class Change:
    """
    What a revision did to one booking.

    Attributes:
        booking: Its id.
        why: The reason, in a few words.
        before: As it was; None if it is new.
        after: As the revision left it.
    """

    booking: str
    why: str
    before: Session | PlacedCompanion | None
    after: Session | PlacedCompanion

    @property
    def kind(self) -> str:
        """What became of it: "added", "moved", "closed", "missed", "fulfilled", "opened" again, or "changed"."""
        before, after = self.before, self.after
        if before is None:
            return "added"
        if before.status is not after.status:
            if not after.status.stands or after.status is Status.FULFILLED:
                return str(after.status)
            if not before.status.stands:
                return "opened"
        return "moved" if (before.day, before.time) != (after.day, after.time) else "changed"

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values: what is booked, what became of it, from when to when, and why."""
        session = self.after if isinstance(self.after, Session) else None
        return {
            "booking": self.booking,
            "is": "companion" if session is None else "session",
            "phase": None if session is None else session.phase,
            "change": self.kind,
            "from": None if self.before is None else _moment_of(self.before),
            "to": _moment_of(self.after),
            "why": self.why,
        }


def _moment_of(booking: Booking) -> dict[str, Any]:
    at = f"{booking.time:%H:%M}" if booking.time else None
    return {"day": booking.day.isoformat(), "time": at, "status": str(booking.status)}


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
