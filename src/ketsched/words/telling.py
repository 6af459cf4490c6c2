"""
What the events of a calendar file say: their titles, and the lines of their descriptions, for one reader.

The lines are plain text: each format escapes and joins them in its own way.
A session's lines hold what is safe only if it is read there, because readers drop
alarms: what to leave out, when not to drive, who takes the patient home. Notices and tasks
are lines of it too. A discreet reader is told by topic, in words that tell nothing; the
clinic's own words stand only where all is told. A hold's reason is for the clinic alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import accumulate
from operator import attrgetter
from typing import NamedTuple

from ketsched import anchors, holds
from ketsched.agenda import Agenda
from ketsched.clock import later
from ketsched.model import BookingStatus, Companion, Phase, PlacedCompanion, Session
from ketsched.moments import CompanionEntry, DayAfter, Entry, Moments, SessionEntry
from ketsched.words.wording import Audience, Privacy, Publication, clock

Lines = tuple[str, ...]
Told = tuple[tuple[Lines, ...], Lines | None, str]
"""The lines of an event in groups; the group of one line, if any, in which DAY stands for a day; and that day."""
DAY = "{day}"


class Shared(NamedTuple):
    """
    Lines of a session that others like it have too.

    Attributes:
        groups: All but what goes with it, which comes after the first.
        rule: The rule about driving, with DAY for the day that it names; among the groups if this reader is told it.
    """

    groups: tuple[Lines, ...]
    rule: Lines | None


class Telling:
    """
    Says the titles and the lines of what a course holds, for one reader.

    Sessions of a phase at the same time of day share most of their words; those are made
    once. That holds where the clocks run evenly for three days, which is asked each time.
    """

    def __init__(self, agenda: Agenda, publication: Publication) -> None:
        self.agenda, self.publication, self.words = agenda, publication, publication.words
        self.findings = publication.findings
        self.for_patient = publication.audience is Audience.PATIENT
        self.named = publication.privacy is not Privacy.DISCREET
        self.full = publication.privacy is Privacy.FULL
        self.for_clinic_in_full = self.full and not self.for_patient
        self.definitions = {companion.id: companion for companion in agenda.protocol.companions}
        self.near = agenda.near
        self.tells_driving = self.named or self.for_patient
        self.decided = (self.words.decided_by[publication.audience],)
        self.shared: dict[tuple[object, ...], Shared] = {}
        self.titles: dict[tuple[str, str, int], list[str]] = {}

    def is_told(self, companion: Companion) -> bool:
        """Whether this reader is told of a companion at all."""
        return companion.for_patient if self.for_patient else companion.for_clinic

    def title(self, entry: Entry) -> str:
        """Return the title of a session, appointment, task or day after."""
        if isinstance(entry, SessionEntry):
            title = self._session_title(entry)
        elif isinstance(entry, CompanionEntry):
            title = self._called(entry.companion)
        else:
            title = self.words.day_after_named if self.named else self.words.day_after
        status = entry.booking.status
        return title if status is BookingStatus.FIRM else self._marked(title, status)

    def lines(self, entry: Entry) -> Lines:
        """Return the lines of a session, appointment, task or day after; the last says who decides."""
        groups, rule, day = self.told(entry)
        return tuple(line.replace(DAY, day) if group is rule else line for group in groups for line in group)

    def told(self, entry: Entry) -> Told:
        """Return the lines in groups that several events have, with the day that sets one of them apart."""
        if isinstance(entry, SessionEntry):
            return self._session(entry)
        if isinstance(entry, DayAfter):
            return self._day_after(entry)
        lines: Iterable[str] = ()
        if isinstance(entry, CompanionEntry):
            said = self._task(entry) if entry.companion.kind == "task" else self._appointment(entry)
            lines = (*said, *self._for_the_clinic(entry))
        return (tuple(lines), self.decided), None, ""

    def remarks(self) -> tuple[str, ...]:
        """Return what the rules remarked that is of no one booking."""
        return tuple(self._findings.get("", ()))

    def _marked(self, title: str, status: BookingStatus) -> str:
        """Return a title that says what a booking is: to be confirmed, or cancelled."""
        if status is BookingStatus.TENTATIVE:
            return self.words.tentative.format(title=title)
        return title if status.stands else self.words.cancelled.format(title=title)

    # What lines depend on, beside the booking itself and the protocol

    @cached_property
    def phases_apart(self) -> frozenset[str]:
        """Names of phases that are told: another one of the kind is there until then, and numbers begin again."""
        course = self.agenda.today
        phases = course.protocol.phases
        begins = {segment.first for segment in course.segments}
        part = [*accumulate(phase.name in begins for phase in phases)]  # a later protocol changes no title
        return frozenset(
            phase.name
            for phase, own in zip(phases, part, strict=True)
            for other, its in zip(phases, part, strict=True)
            if other is not phase and phase.name != phase.kind == other.kind and its <= own
        )

    @cached_property
    def notices(self) -> dict[str, tuple[Companion, ...]]:
        """The notices that this reader is told, by session: a clinic only where all is told."""
        if not self.definitions or not (self.for_patient or self.full):
            return {}
        found = anchors.notices(self.agenda).items()
        return {session: tuple(filter(self.is_told, notices)) for session, notices in found}

    @cached_property
    def reasons(self) -> dict[str, tuple[str, ...]]:
        """Why sessions are to be confirmed, by their id; for the clinic alone, where all is told."""
        return holds.tentative_reasons(self.agenda) if self.for_clinic_in_full else {}

    @cached_property
    def _findings(self) -> dict[str, list[str]]:
        """What the rules remarked, by the booking whose event tells it; that of no one booking under ""."""
        found: dict[str, list[str]] = {}
        if not (self.for_clinic_in_full and self.findings):
            return found
        places = {session.id: session.id for session in self.agenda.sessions}
        for placed in self.agenda.companions:
            companion = self.definitions[placed.companion]
            if self.is_told(companion):
                places[placed.id] = placed.session if companion.on_session_days == "during" else placed.id
        for finding in self.findings:
            # An appointment or task stands nearer to it than its session; the one to act on comes last.
            about = getattr(finding, "companions", ()) or getattr(finding, "sessions", ())
            said = self.words.finding.format(code=finding.code, what=finding.what)
            found.setdefault(places.get(about[-1], "") if about else "", []).append(said)
        return found

    def as_of(self, earlier: Agenda) -> Telling:
        """Return what tells this reader of an earlier revision, without the findings of today."""
        telling = Telling(earlier, self.publication)
        telling.shared, telling.findings = self.shared, ()
        return telling

    def differs(self, then: Telling) -> set[str]:
        """Return the ids of all bookings of which other things may be said than in the revision before."""
        now, once = self.agenda, then.agenda
        found: set[str] = set()
        for changed in now.today.revisions[once.revision + 1].changes:
            found.add(changed.booking)
            for booking in (now.bookings.get(changed.booking), changed.before):
                if isinstance(booking, PlacedCompanion):  # the event of its session tells of it
                    found.add(booking.session)
        if self.named and now.numbers is not once.numbers:
            phases = {phase for phase, total in now.totals.items() if once.totals.get(phase) != total}
            found.update(session.id for session in now.sessions if session.phase in phases)
            found.update(_differing(now.numbers, once.numbers))
        found.update(_differing(self.notices, then.notices))
        found.update(_differing(self.reasons, then.reasons))
        if self.definitions and list(now.in_calendars) != list(once.in_calendars):
            placed = (placed for placed in now.companions if now.goes_with(placed) != once.goes_with(placed))
            found.update(placed.id for placed in placed)
        return found

    # Sessions

    def _session_title(self, entry: SessionEntry) -> str:
        if not self.named or entry.number is None:
            return self._titled(entry, None)
        key = entry.phase.name, entry.booking.route, entry.total
        parts = self.titles.get(key)
        if parts is None:
            parts = self.titles[key] = self._titled(entry, _NUMBER).split(_NUMBER)
        # All but the number is the same for the sessions of a phase, whatever it is called.
        return f"{parts[0]}{entry.number}{parts[1]}" if len(parts) == 2 else self._titled(entry, entry.number)

    def _titled(self, entry: SessionEntry, number: int | str | None) -> str:
        words, title = self.words, self.words.session
        if self.named:
            title = words.series.get(entry.phase.kind, words.series["induction"])
            if entry.phase.name in self.phases_apart:
                title = words.of_phase.format(title=title, phase=entry.phase.name)
            if number is not None:
                title = words.numbered.format(title=title, number=number, total=entry.total)
        return words.with_route.format(title=title, route=entry.route) if self.full else title

    def _session(self, entry: SessionEntry) -> Told:
        session, (groups, rule) = entry.booking, self._shared(entry)
        if session.id in self.agenda.with_session and session.status.stands:
            groups = (groups[0], self._beside(session), *groups[1:])
        until = entry.drives_from
        if rule is None or until is None or not self.tells_driving:
            return groups, None, ""
        return groups, rule, self.words.date(until.date())

    def _shared(self, entry: SessionEntry) -> Shared:
        """Return the lines that sessions of a phase share at the same time of day, where the clocks run evenly."""
        session, notices = entry.booking, self.notices.get(entry.booking.id, ())
        ride = session.id in self.agenda.with_session and self._tells_of_ride(session)
        because, remarks = self._remarks_on(session) if self.for_clinic_in_full else ((), ())
        names = tuple(notice.id for notice in notices) if notices else ()
        key = _LIKENESS(session), ride, names, because, remarks
        even, known = session.day not in self.near, self.shared.get(key)
        if known is not None and even:
            return known
        opening, chair, rule, closing, times = self._made(entry, notices, ride=ride)
        last = (*closing, *because, *self._in_full(entry), *remarks, *self.decided)
        told_rule = rule if self.tells_driving else None
        found = Shared((opening, *filter(None, (chair, told_rule, last))), rule)
        until = entry.drives_from
        short = until is None or until.date() <= session.day + _EVEN_DAYS
        if even and short and all(moment.date() == session.day for moment in times):
            self.shared[key] = found
        return found

    def _remarks_on(self, session: Session) -> tuple[Lines, Lines]:
        """Return why a session is to be confirmed, and what the rules remarked on it."""
        unsure = session.status is BookingStatus.TENTATIVE
        reasons = self.reasons.get(session.id, ()) if unsure else ()
        said = tuple(self.words.to_confirm.format(reason=reason) for reason in reasons)
        return said, tuple(self._findings.get(session.id, ()))

    def _in_full(self, entry: SessionEntry) -> Lines:
        words, protocol = self.words, self.agenda.protocol
        if not self.full:
            return ()
        title = words.protocol.format(title=protocol.title, id=protocol.id, version=protocol.version)
        return words.route.format(route=entry.route), title

    def _off(self, status: BookingStatus) -> str:
        missed = status is BookingStatus.MISSED
        return self.words.did_not_take_place if missed else self.words.does_not_take_place

    def _made(
        self, entry: SessionEntry, notices: Iterable[Companion], *, ride: bool
    ) -> tuple[Lines, Lines, Lines | None, Lines, list[datetime]]:
        """Return a session's first lines, its chair, its rule about driving, the lines after it, and their moments."""
        session, phase, at, words = entry.booking, entry.phase, entry.moments, self.words
        if not session.status.stands:
            return (self._off(session.status),), (), None, (), []
        unconfirmed = (words.not_confirmed,) if session.status is BookingStatus.TENTATIVE else ()
        has_chair = self.named and not self.for_patient and session.chair is not None
        chair = (words.chair.format(number=session.chair),) if has_chair else ()
        if at is None:
            return unconfirmed, chair, None, (), []
        left_out = phase.before if self.for_patient else ()
        since = [later(at.treatment, timedelta(minutes=-restriction.minutes)) for restriction in left_out]
        arrives = self.for_patient and not entry.at_home
        template = words.arrive if arrives else words.begins
        before = [self._from_to(template, at.start, at.end, phase.anatomy.minutes)]
        before += self._left_out(phase, session.day, since)
        after = [words.ride_home] if arrives and (ride or phase.no_driving is not None) else []
        times = [*since, at.end]
        for notice in notices:
            begin, until = _holds(notice, at)
            lines = before if until is None and begin is not None else after
            lines.append(self._notice(notice, phase, begin, until, session.day))
            times += [moment for moment in (begin, until) if moment is not None]
        if self.full or (self.named and not self.for_patient):
            after += self._parts(entry, at)
        opening, closing = (*unconfirmed, *dict.fromkeys(before)), tuple(dict.fromkeys(after))
        return opening, chair, self._rule(entry), closing, times

    def _from_to(self, template: str, start: datetime, end: datetime, minutes: int) -> str:
        takes = self.words.takes.format(length=self.words.length(minutes), time=self._by(end, start.date()))
        return f"{template.format(time=clock(start))} {takes}"

    def _by(self, moment: datetime, day: date) -> str:
        """Say a clock time, with its day if that is not the one that is spoken of."""
        return clock(moment) if moment.date() == day and not moment.fold else self.words.moment(moment)

    def _left_out(self, phase: Phase, day: date, since: list[datetime]) -> Iterable[str]:
        """Say what the patient leaves out, and since when, counted back from the start of the treatment."""
        found = []
        for restriction, begin in zip(phase.before, since, strict=False):
            template = self.words.left_out.get(restriction.what.strip().casefold())
            if template is None:  # what it is could tell the drug
                template = self.words.left_out_full if self.full else self.words.left_out_discreet
            found.append(template.format(time=self._by(begin, day), what=restriction.what))
        return dict.fromkeys(found)

    def _rule(self, entry: SessionEntry) -> Lines | None:
        """Say until when the patient does not drive, counted from the end of the treatment, but for the day."""
        words, until = self.words, entry.drives_from
        if until is None:
            return None
        if isinstance(entry.phase.no_driving, timedelta):
            return (words.no_driving_until.format(time=words.moment(until, DAY)),)
        return (words.no_driving_next_day,)

    def _parts(self, entry: SessionEntry, at: Moments) -> Iterator[str]:
        words, day = self.words, entry.first
        prepare, treatment, observe, discharge = words.parts
        if self.full:
            treatment = words.treatments.get(entry.route.strip().casefold(), treatment)
        for part, begin, end in zip((prepare, treatment, observe, discharge), at, at[1:], strict=False):
            if begin != end:
                yield words.part.format(part=part, start=self._by(begin, day), end=self._by(end, day))
        if not self.for_patient:
            yield words.chair_free.format(time=self._by(at.end, day))

    # Notices, tasks and what happens during a session: lines of its description

    def _notice(
        self, notice: Companion, phase: Phase, begin: datetime | None, end: datetime | None, day: date
    ) -> str:
        words = self.words
        said = (notice.text or notice.title) if self.full else self._neutral(notice, phase)
        if begin is not None and end is not None:
            start, until = self._by(begin, day), self._by(end, day)
            return words.holds_between.format(start=start, end=until, said=said)
        if begin is not None:
            return words.holds_from.format(start=self._by(begin, day), said=said)
        return said if end is None else words.holds_until.format(end=self._by(end, day), said=said)

    def _neutral(self, notice: Companion, phase: Phase) -> str:
        """Say a notice by its topic alone; water is not asked for against a rule of the same session."""
        words = self.words
        if notice.topic == "fluids":
            if notice.before is None and notice.after is not None:
                return words.water_after
            left_out = (restriction.what.strip().casefold() for restriction in phase.before)
            if words.nothing_to_drink in map(words.left_out.get, left_out):
                return words.water_until
            if notice.before is not None and notice.after is None:
                return words.water_before
        known = words.notices.get(notice.topic)
        if known is None and self.named:
            known = words.notices_named.get(notice.topic)
        return known or words.notice

    def _with(self, session: Session) -> Iterator[tuple[PlacedCompanion, Companion]]:
        """Yield the appointments and tasks that stand and go with a session."""
        for placed in self.agenda.with_session.get(session.id, ()):
            companion = self.definitions.get(placed.companion)
            if companion is not None and placed.status.stands:
                yield placed, companion

    def _tells_of_ride(self, session: Session) -> bool:
        """Whether there is a task about the ride home from a session."""
        return any(c.topic == "ride" and c.kind == "task" for _, c in self._with(session))

    def _beside(self, session: Session) -> Lines:
        """Say the tasks of a session, done or not (its event stays as it was), and what happens during it."""
        found = []
        for placed, companion in self._with(session):
            if not self.is_told(companion):
                continue
            if companion.on_session_days == "during":
                found.append(self._during(placed, companion))
            elif companion.kind == "task" and self.for_patient:
                found.append(self._to_do(placed, companion))
        return tuple(dict.fromkeys(found))

    def _during(self, placed: PlacedCompanion, companion: Companion) -> str:
        if not self.named or placed.time is None:
            return self.words.during_discreet
        length = self.words.length(companion.minutes)
        title = self._called(companion)
        return self.words.during.format(time=clock(placed.time), title=title, length=length)

    def _to_do(self, placed: PlacedCompanion, companion: Companion) -> str:
        words, day = self.words, self.words.date(placed.day)
        if self.full:
            return words.task_full.format(day=day, said=companion.text or companion.title)
        template = words.tasks.get(companion.topic)
        if template is None and self.named:
            template = words.tasks_named.get(companion.topic)
        return (template or words.task).format(day=day)

    # Appointments and tasks by themselves

    def _called(self, companion: Companion) -> str:
        words = self.words
        general = words.reminder if companion.kind == "task" else words.session
        if self.full:
            return companion.title
        return words.topics.get(companion.topic, general) if self.named else general

    def _appointment(self, entry: CompanionEntry) -> list[str]:
        words, status, companion = self.words, entry.status, entry.companion
        if not status.stands or entry.start is None or entry.end is None:
            return [self._off(status)]
        found = [words.not_confirmed] if status is BookingStatus.TENTATIVE else []
        arrives = self.for_patient and companion.place == "clinic"
        template = words.arrive if arrives else words.begins
        found.append(self._from_to(template, entry.start, entry.end, companion.minutes))
        if companion.place in words.by_place:
            found.append(words.by_place[companion.place])
        if self.full and companion.text:
            found.append(companion.text)
        return found

    def _task(self, entry: CompanionEntry) -> list[str]:
        words, companion = self.words, entry.companion
        match entry.status:
            case BookingStatus.CLOSED:
                return [words.no_longer]
            case BookingStatus.MISSED:
                return [words.not_done]
            case BookingStatus.FULFILLED:
                return [words.done]
            case _ if self.for_patient:
                return [self._to_do(entry.booking, companion)]
        found = [words.due.format(day=words.date(entry.first))]
        return [*found, companion.text] if self.full and companion.text else found

    def _for_the_clinic(self, entry: CompanionEntry) -> Iterator[str]:
        """Say what only a clinic is told, and only where all is told."""
        if not self.for_clinic_in_full:
            return
        words, outcome = self.words, entry.booking.outcome
        if entry.companion.areas:
            yield words.areas.format(areas=", ".join(entry.companion.areas))
        if outcome is not None:
            yield words.outcome.format(what=outcome.what, who=outcome.who, day=words.date(outcome.on))
        elif entry.companion.gate and entry.status.stands:
            yield words.no_outcome
        yield from self._findings.get(entry.booking.id, ())

    # The day after a session

    def _day_after(self, entry: DayAfter) -> Told:
        if not entry.status.stands:
            return ((self.words.no_longer,), self.decided), None, ""
        of, phase = entry.session, entry.session.phase
        rule, day = None, ""
        if isinstance(phase.no_driving, timedelta) and of.drives_from is not None:
            rule, day = self._shared(of).rule, self.words.date(of.drives_from.date())
        first = (self.words.no_driving_slept,) if rule is None else rule
        notices = self.notices.get(of.booking.id, ())
        if not notices:
            return (first, self.decided), rule, day
        others = {first[0].replace(DAY, day): None}  # each line once
        for notice in notices:
            _, end = _holds(notice, of.moments)
            if end is not None and end.date() > of.first:
                others[self._notice(notice, phase, None, end, of.first)] = None
        return (first, tuple(others)[1:], self.decided), rule, day


_NUMBER = "\0"
"""Stands for the number of a session in a title that others have too."""
_LIKENESS = attrgetter("time", "status", "phase", "place", "route", "chair")
_EVEN_DAYS = timedelta(days=2)
"""After the day of a booking, on which the clocks run evenly if the agenda says so."""


def _differing(now: Mapping[str, object], once: Mapping[str, object]) -> Iterator[str]:
    """Yield the keys of two tables whose values differ, or that one of them lacks."""
    return (key for key in now.keys() | once.keys() if now.get(key) != once.get(key))


def _holds(notice: Companion, at: Moments | None) -> tuple[datetime | None, datetime | None]:
    """Return since when and until when a notice holds; None where it says no time."""
    if at is None:
        return None, None
    return (
        None if notice.before is None else later(at.treatment, timedelta(minutes=-notice.before)),
        None if notice.after is None else later(at.treated, timedelta(minutes=notice.after)),
    )
