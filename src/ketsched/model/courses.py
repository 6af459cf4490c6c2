"""
One patient's course: sessions, what goes with them, holds, authorisations, waivers, revisions.

Nothing here plans, checks or decides.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime, time, timedelta

import attrs

from ketsched.arguments import checked, checked_attributes
from ketsched.clock import aware, choices, later, moment, plausible
from ketsched.errors import Fault, InvalidInput, refuse_first
from ketsched.hours import PatientHours
from ketsched.languages import NO_CONTACT, Contact, check_language
from ketsched.model.bookings import Booking, PlacedCompanion, Session
from ketsched.model.clinicfiles import ClinicFiles
from ketsched.model.decisions import Authorisation, Hold, Waiver
from ketsched.model.limits import MOST_COMPANIONS, MOST_SESSIONS, MOST_VISITS
from ketsched.model.protocols import Protocol
from ketsched.model.revisions import Change, Changed, Lifted, Revision, Segment, joined
from ketsched.model.visits import Visit
from ketsched.zones import zone_named

_NO_HOURS, _NO_FILES = PatientHours(), ClinicFiles()


@checked_attributes()
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
        key: What goes into the identities of its events, so that nobody who knows its id can tell them; empty: nothing.
        patient: When the patient can, and would rather come.
        files: The clinic's files that it was planned with.
        contact: How the clinic is reached, and how it speaks.
        language: What its patient reads in, "en".
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
    key: str = ""
    patient: PatientHours = _NO_HOURS
    files: ClinicFiles = _NO_FILES
    contact: Contact = NO_CONTACT
    language: str = "en"

    def __repr__(self) -> str:
        days = [session.day for session in self.standing()]
        held = f"{len(days)} session{'s' * (len(days) != 1)}"
        span = f", {min(days)} to {max(days)}" if days else ""
        called = "without an id" if self.id is None else self.id
        return f"<Course {called}: {self.protocol.id}, {held}{span}, revision {len(self.revisions)}>"

    def __attrs_post_init__(self) -> None:
        zone_named(self.zone)
        check_language(self.language)
        for faults in (self._faults_of_bookings(), self._faults_of_phases(), self._faults_of_records()):
            refuse_first(InvalidInput, "course", faults)
        if self.id is not None:
            check_course_id(self.id)
        if self.key:
            check_key(self.key)

    def _faults_of_bookings(self) -> Iterator[Fault]:
        """Yield what can be wrong with the bookings by themselves: too many, out of order, given an id twice."""
        ids = [booking.id for booking in (*self.sessions, *self.companions)]
        # One that was given without a booking comes of a visit, and is bounded with those.
        booked = sum(session.booked for session in self.sessions)
        for name, bookings, number, most, many in (
            ("sessions", self.sessions, booked, MOST_SESSIONS, "sessions"),
            ("companions", self.companions, len(self.companions), MOST_COMPANIONS, "appointments and tasks"),
        ):
            order = [booking.when[:2] for booking in bookings]
            yield (
                number > most or len(bookings) > most + MOST_VISITS,
                name,
                f"{number} {many}",
                f"a course has at most {most}",
                "split it into courses",
            )
            yield (
                order != sorted(order),
                name,
                f"{many.partition(' ')[0]} out of order",
                "they are in order of time",
                "sort them",
            )
        yield (
            len(set(ids)) != len(ids),
            "",
            "two bookings of one id",
            "an id is given once",
            "give each its own",
        )
        uids = [booking.uid for booking in (*self.sessions, *self.companions) if booking.uid]
        yield (
            len(set(uids)) != len(uids),
            "",
            "two bookings of one UID",
            "calendars take them for one event",
            "give it to one of them",
        )
        last = len(self.revisions) - 1
        numbers = (booking.revised for booking in (*self.sessions, *self.companions))
        yield (
            last < 0 or any(not revised or min(revised) < 0 or max(revised) > last for revised in numbers),
            "revisions",
            "a session without the revision that made it",
            "every session, appointment and task names the revisions that changed it",
            "give revised=(0,) and one revision",
        )

    def _faults_of_phases(self) -> Iterator[Fault]:
        """Yield where something names a phase or a companion that the protocol does not have."""
        phases = {phase.name for phase in self.protocol.phases}
        companions = {companion.id for companion in self.protocol.companions if companion.kind != "notice"}
        has = f"the protocol has {', '.join(sorted(phases))}"
        yield (
            any(session.phase not in phases for session in self.sessions),
            "sessions",
            "a session of an unknown phase",
            has,
            "name one of these phases",
        )
        yield (
            any(placed.companion not in companions for placed in self.companions),
            "companions",
            "an appointment or task that the protocol does not have",
            f"the protocol has {', '.join(sorted(companions)) or 'none'}",
            "name one of these",
        )
        yield (
            any(segment.first not in phases for segment in self.segments),
            "segments",
            "a segment that begins with an unknown phase",
            has,
            "name one of these phases",
        )
        yield (
            any(authorisation.scope not in ("", *phases) for authorisation in self.authorisations),
            "authorisations",
            "an authorisation for an unknown phase",
            has,
            "name one of these phases, or leave scope out",
        )

    def _faults_of_records(self) -> Iterator[Fault]:
        """Yield what can be wrong with what the course remembers: visits, holds, changes, rules lifted."""
        for name, ids, two in (
            ("visits", [visit.id for visit in self.visits if visit.id], "two visits of one id"),
            ("holds", [hold.id for hold in self.holds], "two holds of one id"),
        ):
            yield (len(set(ids)) != len(ids), name, two, "an id is given once", "give each its own")
        yield (
            len(self.visits) > MOST_VISITS,
            "visits",
            f"{len(self.visits)} visits",
            f"a course has at most {MOST_VISITS}",
            "check that they are of one patient",
        )
        yield (
            not {name for name in self._sessions_named() if name}
            <= {session.id for session in self.sessions},
            "",
            "a visit, or a rule lifted, of an unknown session",
            "what happened names a session of the course, or none",
            "name one of its sessions",
        )
        changes = [changed for revision in self.revisions for changed in revision.changes]
        bookings, phases = self.bookings(), {phase.name for phase in self.protocol.phases}
        yield (
            any(
                changed.booking not in bookings
                or (changed.instead and changed.instead not in bookings)
                or not _is_state_of(changed, phases)
                for changed in changes
            ),
            "revisions",
            "a change of an unknown booking",
            "a revision's changes name bookings of the course, each as it was before",
            "give booking the id of the session, appointment or task, and that as it was",
        )
        new = [changed.booking for changed in changes if changed.before is None]
        yield (
            len(set(new)) != len(new),
            "revisions",
            "a booking that is new twice",
            "a booking is made once, and changed from then on",
            "give the later change what it was before",
        )

    def _sessions_named(self) -> Iterator[str | None]:
        """Yield the ids of sessions that something else of the course names."""
        yield from (visit.session for visit in self.visits)
        yield from self.skipped
        for lifted in self.lifted:
            yield from (lifted.earlier, lifted.later)

    @classmethod
    @checked
    def of_days(cls, protocol: Protocol, days: Iterable[date], *, zone: str = "UTC") -> Course:
        """Make a course of bare dates, dealt out to the protocol's phases in order."""
        ordered = sorted(plausible(day, "session") for day in days)
        names = protocol.assign_phases(ordered)
        sessions = tuple(
            Session(id=f"s{n}", phase=name, day=day)
            for n, (day, name) in enumerate(zip(ordered, names, strict=False), 1)
        )
        return cls(protocol=protocol.at_zone(zone), zone=zone, sessions=sessions)

    def finished_phases(self) -> frozenset[str]:
        """Return the names of the phases that nothing more is planned in: all before the last segment, or all."""
        names = [phase.name for phase in self.protocol.phases]
        if self.ended is not None:
            return frozenset(names)
        return frozenset(names[: names.index(self.segments[-1].first)] if self.segments else ())

    @property
    def changes(self) -> tuple[Change, ...]:
        """What the last revision changed, each booking with what became of it and the reason."""
        return self.changes_of(len(self.revisions) - 1)

    @checked
    def changes_of(self, revision: int) -> tuple[Change, ...]:
        """Return what a revision changed; the first one is 0."""
        after = self.at_revision(revision)
        now = after.bookings()
        changes = self.revisions[revision].changes
        return joined(
            [
                Change(booking=c.booking, why=c.why, before=c.before, after=now[c.booking], cause=c.cause)
                for c in changes
            ],
            {c.booking: c.instead for c in changes},
        )

    @checked
    def at_revision(self, revision: int) -> Course:
        """
        Return the course with its sessions, appointments and tasks as a revision left them; the first one is 0.

        Holds, visits and the protocol are those of today: a revision remembers the bookings.
        """
        bookings = self.bookings_at(revision)
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

    def bookings_at(self, revision: int) -> dict[str, Booking]:
        """Return all that was booked when a revision was given out, as it was then, by id; the first one is 0."""
        if not 0 <= revision < len(self.revisions):
            raise InvalidInput(
                what=f"The course has no revision {revision + 1}.",
                where="course",
                why=f"its revisions are numbered from 1 to {len(self.revisions)}",
                fix=f"give a number from 1 to {len(self.revisions)}",
            )
        untold = next(
            (n for n, r in enumerate(self.revisions[1:], 1) if n > revision and not self._told(n)), None
        )
        if untold is not None:
            raise InvalidInput(
                what=f"Revision {revision + 1} cannot be shown.",
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
        return bookings

    def _told(self, revision: int) -> bool:
        """Whether a revision names what it changed, if any booking says that it was changed by it."""
        if self.revisions[revision].changes:
            return True
        return not any(revision in booking.revised for booking in self.bookings().values())

    def bookings(self) -> dict[str, Booking]:
        """Return all that was ever booked, by id."""
        return {booking.id: booking for booking in (*self.sessions, *self.companions)}

    def standing(self) -> tuple[Session, ...]:
        """Return the sessions that take place or did, in order."""
        return tuple(session for session in self.sessions if session.status.stands)

    def number(self, session: Session) -> int:
        """Return the session's place in its phase, from 1, counted over those that stand and count."""
        before = (s for s in self.sessions if s.phase == session.phase and s.status.stands and s.counts)
        return 1 + sum(s.when < session.when for s in before)

    def is_at_home(self, session: Session) -> bool:
        """Whether a session takes no chair: it, or else its phase, is at home."""
        return session.is_at_home(self.protocol.phase(session.phase))

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
        """Return what the appointments take of a calendar, by its name; "clinician" where they name none."""
        return Held(
            tuple(
                (*times, placed.unit if placed.who == calendar else None)
                for placed in self.companions
                if placed.status.stands and self.protocol.companion(placed.companion).role == calendar
                if (times := self.appointment(placed)) is not None
            )
        )

    def day_at(self, at: datetime) -> date:
        """Return the local date at the clinic at a moment."""
        plausible(aware(at, "at").date(), "at")
        return at.astimezone(zone_named(self.zone)).date()

    def starts(self, session: Session) -> datetime:
        """Return the moment at which the chair is taken."""
        if session.time is None:
            raise InvalidInput(
                what=f"Session {session.id} has no time of day.",
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
        times: (start, end, number) of each, half-open; None: whichever of them is free.
    """

    times: tuple[tuple[datetime, datetime, int | None], ...]

    def occupied(self) -> tuple[tuple[datetime, datetime, int | None], ...]:
        """Return (start, end, chair) of each; as `Course.occupied` does for chairs."""
        return self.times


RECORD_WORDS = ("decision", "done", "ride")
"""What `ketsched record` takes as its second word; no course has one of these as its id."""

_OPAQUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,63}")


def check_key(key: str) -> str:
    """Return a course's key as it was given, if it can be one."""
    if not isinstance(key, str) or not _OPAQUE.fullmatch(key):
        raise InvalidInput(
            what="This key cannot be used.",
            where="key",
            why="a key is 1 to 64 letters, digits and . _ ~ - drawn at random, so that nobody can guess it",
            fix="give key=secrets.token_hex(16), and keep it with the course",
            argument="key",
        )
    return key


def check_course_id(course_id: str) -> str:
    """Return a course's id as it was given, if it can be one."""
    if not isinstance(course_id, str) or not _OPAQUE.fullmatch(course_id):
        raise InvalidInput(
            what="This course id cannot be used.",
            where="id",
            why="an id is 1 to 64 letters, digits and . _ ~ - and says nothing about the patient",
            fix='give an opaque name such as "A-017", never a name, record number or date of birth',
        )
    if course_id in RECORD_WORDS:
        raise InvalidInput(
            what=f"'{course_id}' cannot be the id of a course.",
            where="id",
            why=f"ketsched record {course_id} is a command, so a file of that name would be mistaken for it",
            fix=f'give another opaque name, such as "A-017" or "{course_id}-1"',
        )
    return course_id


def _is_state_of(changed: Changed, phases: Collection[str]) -> bool:
    """Whether a change's earlier state, if it has one, is of the booking that it names and of a known phase."""
    before = changed.before
    if before is not None and before.kind == "session" and before.of not in phases:
        return False
    return before is None or before.id == changed.booking
