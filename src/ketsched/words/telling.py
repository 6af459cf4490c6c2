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
from operator import attrgetter, itemgetter
from typing import NamedTuple

from ketsched import anchors, holds
from ketsched.agenda import Agenda
from ketsched.clock import later
from ketsched.model import BookingStatus, Companion, Phase, PlacedCompanion, Session
from ketsched.moments import CompanionEntry, DayAfter, Entry, Moments, SessionEntry
from ketsched.names import ROUTES
from ketsched.words.naming import companion_title, discreet_title, mark, session_title
from ketsched.words.wording import Audience, Events, Privacy, Publication

Lines = tuple[str, ...]
Told = tuple[tuple[Lines, ...], Lines | None, str]
"""The lines of an event in groups; the group of one line, if any, in which DAY stands for a day; and that day."""
DAY = "{day}"

RESTRICTIONS = {
    **dict.fromkeys(("eating", "food", "solid food"), "eat"),
    **dict.fromkeys(("drinking", "fluids", "liquids", "clear liquids"), "drink"),
}
"""Lines about what is left out before a treatment, by what protocols call it; what else it is could tell the drug."""
_TASKS = {"ride": "ride_by", "peer monitor": "stay_by", "form": "form_by"}
"""Lines about what is to be done, by topic."""
_NOTICES = {"rest": "rest", "ride": "ride_home", "medicine": "medicine", "fluids": "water_before"}
"""Lines of notices, by topic; those about drinking depend on the time too."""


class Shared(NamedTuple):
    """
    Lines of a session that others like it have too.

    Attributes:
        groups: All but what goes with it: what takes place during it comes after the first, what is to be done
            after the second.
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
        self.agenda, self.publication = agenda, publication
        self.words = publication.words_for(agenda.today)
        self.findings = publication.findings
        self.for_patient = publication.audience is Audience.PATIENT
        self.named = publication.privacy is not Privacy.DISCREET
        self.full = publication.privacy is Privacy.FULL
        self.for_clinic_in_full = self.full and not self.for_patient
        self.definitions = {companion.id: companion for companion in agenda.protocol.companions}
        self.near = agenda.near
        self.tells_driving = self.named or self.for_patient
        contact, say = agenda.today.contact, self.words.say
        footer = say("footer_phone", phone=contact.telephone) if contact.telephone else say("footer")
        self.decided = (footer if self.for_patient else say("proposal"),)
        self.timed = (say("zone", city=self.words.city(agenda.today.zone)), *self.decided)
        self.shared: dict[tuple[object, ...], Shared] = {}

    def is_told(self, companion: Companion) -> bool:
        """Whether this reader is told of a companion at all."""
        return companion.for_patient if self.for_patient else companion.for_clinic

    def tells(self, entry: Entry) -> bool:
        """Whether this reader is told of an entry by itself: what takes place during a session is part of that."""
        if entry.is_whole_days and self.publication.events is Events.APPOINTMENTS:
            return False
        if isinstance(entry, CompanionEntry):
            return self.is_told(entry.companion) and not entry.is_part_of_session
        return entry.booking.id in self.agenda.in_calendars

    def title(self, entry: Entry) -> str:
        """Return the title of a session, appointment, task or day after."""
        named, place = self.named, "home" if isinstance(entry, SessionEntry) and entry.at_home else ""
        if isinstance(entry, DayAfter):
            title = self.words.lines["named_day_after" if named else "title_day_after"]
        elif isinstance(entry, CompanionEntry):
            title = companion_title(self.words, entry.companion, named=named, full=self.full)
        elif isinstance(entry, SessionEntry) and named:
            apart = not (self.for_patient or entry.at_home) and entry.phase.name in self.phases_apart
            phase = entry.phase.name if apart else ""
            title = session_title(self.words, entry, full=self.full, phase=phase)
        else:
            title = discreet_title(self.words, place)
        status = entry.booking.status
        if status is BookingStatus.MISSED and entry.is_whole_days:
            status = BookingStatus.CLOSED  # what is due takes no place
        return title if status is BookingStatus.FIRM else mark(self.words, title, status)

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
        if not isinstance(entry, CompanionEntry):
            return (self.decided,), None, ""
        task = entry.companion.kind == "task"
        said = self._task(entry) if task else self._appointment(entry)
        last = self.decided if task or entry.start is None or not entry.status.stands else self.timed
        return ((*said, *self._for_the_clinic(entry)), last), None, ""

    def remarks(self) -> tuple[str, ...]:
        """Return what the rules remarked that is of no one booking."""
        return tuple(self._findings.get("", ()))

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
            if str(getattr(finding, "severity", "error")) != "error":
                continue  # what is no problem is for whoever checks the course
            # An appointment or task stands nearer to it than its session; the one to act on comes last.
            about = getattr(finding, "companions", ()) or getattr(finding, "sessions", ())
            found.setdefault(places.get(about[-1], "") if about else "", []).append(
                self.words.say("problem", what=finding.what)
            )
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

    def _session(self, entry: SessionEntry) -> Told:
        session, (groups, rule) = entry.booking, self._shared(entry)
        if session.id in self.agenda.with_session and session.status.stands:
            during, to_do = self._beside(session)
            groups = (groups[0], during, groups[1], to_do, *groups[2:])
        if rule is None or not self.tells_driving:
            return groups, None, ""
        return groups, rule, self._day_of(entry)

    def _day_of(self, entry: SessionEntry) -> str:
        """Say the day that the rule about driving names."""
        until = entry.drives_from
        return "" if until is None else self.words.day(self.words.spoken(until).date(), beside=entry.first)

    def _shared(self, entry: SessionEntry) -> Shared:
        """Return the lines that sessions of a phase share at the same time of day, where the clocks run evenly."""
        session, notices = entry.booking, self.notices.get(entry.booking.id, ())
        ride = session.id in self.agenda.with_session and self._tells_of_ride(session)
        because, remarks = self._remarks_on(session) if self.reasons or self._findings else ((), ())
        names = tuple(notice.id for notice in notices) if notices else ()
        key = _LIKENESS(session), ride, names, because, remarks
        even, known = session.day not in self.near, self.shared.get(key)
        if known is not None and even:
            return known
        opening, before, home, rule, closing, times = self._made(entry, notices, ride=ride)
        stands = session.status.stands and entry.moments is not None
        end = self.timed if stands else self.decided
        last = (*closing, *self._in_full(), *because, *remarks, *end)
        told_rule = rule if self.tells_driving else None
        found = Shared((opening, before, *filter(None, (home, told_rule, last))), rule)
        until = entry.drives_from
        short = until is None or until.date() <= session.day + _EVEN_DAYS
        if even and short and all(self.words.spoken(moment).date() == session.day for moment in times):
            self.shared[key] = found
        return found

    def _remarks_on(self, session: Session) -> tuple[Lines, Lines]:
        """Return why a session is to be confirmed, and what the rules remarked on it."""
        unsure = session.status is BookingStatus.TENTATIVE
        reasons = self.reasons.get(session.id, ()) if unsure else ()
        said = tuple(self.words.say("to_confirm", reason=reason) for reason in reasons)
        return said, tuple(self._findings.get(session.id, ()))

    def _in_full(self) -> Lines:
        return (self.words.say("protocol", title=self.agenda.protocol.title),) if self.full else ()

    def _off(self, status: BookingStatus, place: str) -> str:
        """Say that an appointment is off; who would have come to the clinic for it is asked not to."""
        if status is BookingStatus.MISSED:
            return self.words.lines["is_missed" if self.for_patient else "was_missed"]
        return self.words.lines["is_cancelled" if self.for_patient and place == "clinic" else "is_off"]

    def _made(
        self, entry: SessionEntry, notices: Iterable[Companion], *, ride: bool
    ) -> tuple[Lines, Lines, Lines, Lines | None, Lines, list[datetime]]:
        """
        Return the lines of a session and their moments: where and when it is, what comes before, the way home.

        Then its rule about driving, and the last lines. In each they stand in the order of the table.
        """
        session, phase, at, words = entry.booking, entry.phase, entry.moments, self.words
        place = "home" if entry.at_home else "clinic"
        if not session.status.stands:
            return (self._off(session.status, place),), (), (), None, (), []
        unconfirmed = (words.lines["not_confirmed"],) if session.status is BookingStatus.TENTATIVE else ()
        has_chair = self.named and not self.for_patient and session.chair is not None
        if at is None:
            chair = (words.say("chair", n=session.chair),) if has_chair else ()
            return unconfirmed, (), (), None, chair, []
        left_out = phase.before if self.for_patient else ()
        since = [later(at.treatment, timedelta(minutes=-restriction.minutes)) for restriction in left_out]
        opening = (*unconfirmed, self._from_to(place, at.start, at.end, phase.anatomy.minutes))
        before = self._left_out(phase, session.day, since)
        rides = self.for_patient and place == "clinic" and (ride or phase.no_driving is not None)
        home, after = [words.lines["ride_home"]] if rides else [], list[str]()
        times = [*since, at.end]
        for notice in sorted(notices, key=lambda notice: self._rank(_NOTICES.get(notice.topic, "note"))):
            begin, until = anchors.notice_times(notice, at)
            lines = {"ride": home, "fluids": before, "medicine": before}.get(notice.topic, after)
            lines += self._notice(notice, phase, begin, until, session.day)
            times += [moment for moment in (begin, until) if moment is not None]
        if self.full or (self.named and not self.for_patient):
            after += self._parts(entry, at)
        if not self.for_patient and self.named:
            free = self._by(at.end, session.day)
            after.append(words.say("chair_until" if has_chair else "chair_free", n=session.chair, time=free))
        parts = (tuple(dict.fromkeys(lines)) for lines in (before, home, after))
        said, way, closing = parts
        return opening, said, way, self._rule(entry), closing, times

    @cached_property
    def _ranks(self) -> dict[str, int]:
        return {key: rank for rank, key in enumerate(self.words.lines)}

    def _rank(self, key: str) -> int:
        """Return where a line stands among others: the table has them in that order."""
        return self._ranks[key]

    def _from_to(self, place: str, start: datetime, end: datetime, minutes: int) -> str:
        """Say where and when an appointment is: when to come, or where one need not come for it."""
        say, day = self.words.say, start.date()
        times = {"time": self._by(start, day), "end": self._by(end, day)}
        if self.for_patient:
            key = {"home": "at_home", "telephone": "by_telephone", "elsewhere": "elsewhere"}.get(
                place, "arrive"
            )
            return say(key, **times, length=self.words.length(minutes))
        starts = say("starts", **times)
        return starts if place == "clinic" else f"{self.words.lines[f'place_{place}']} {starts}"

    def _by(self, moment: datetime, day: date) -> str:
        """Say a clock time, with its day if that is not the one that is spoken of."""
        return self.words.moment(moment, beside=day)

    def _left_out(self, phase: Phase, day: date, since: list[datetime]) -> list[str]:
        """Say what the patient leaves out, and since when, counted back from the start of the treatment."""
        found = []
        for restriction, begin in zip(phase.before, since, strict=False):
            key = RESTRICTIONS.get(restriction.what.strip().casefold())
            if key is None:  # what it is could tell the drug
                key = "avoid_what" if self.full else "avoid"
            said = self.words.say(key, time=self._by(begin, day), what=restriction.what)
            found.append((("eat", "drink").index(key) if key in ("eat", "drink") else 2, said))
        return [said for _, said in sorted(found, key=itemgetter(0))]

    def _rule(self, entry: SessionEntry) -> Lines | None:
        """Say until when the patient does not drive, counted from the end of the treatment, but for the day."""
        words, until = self.words, entry.drives_from
        if until is None:
            return None
        if isinstance(entry.phase.no_driving, timedelta):
            until = words.spoken(until)
            return (words.say("no_driving", time=words.moment(until, beside=until.date()), day=DAY),)
        return (words.say("no_driving_sleep", day=DAY),)

    def _parts(self, entry: SessionEntry, at: Moments) -> Iterator[str]:
        say, lines, day = self.words.say, self.words.lines, entry.first
        infusion = self.full and ROUTES.get(entry.route.strip().casefold()) == "infusion"
        parts = ("preparation", "infusion" if infusion else "treatment", "observation", "leaving")
        for part, begin, end in zip(parts, at, at[1:], strict=False):
            if begin != end:
                start, until = self._by(begin, day), self._by(end, day)
                yield say("part", start=start, end=until, part=lines[f"part_{part}"])

    # Notices, tasks and what happens during a session: lines of its description

    def _notice(
        self, notice: Companion, phase: Phase, begin: datetime | None, end: datetime | None, day: date
    ) -> list[str]:
        """Return the lines of a notice, with the times between which it holds."""
        if self.full:
            return [self._timed(notice.text or notice.title, begin, end, day)]
        lines = self.words.lines
        match notice.topic:
            case "fluids":
                left_out = (restriction.what.strip().casefold() for restriction in phase.before)
                if "drink" in map(RESTRICTIONS.get, left_out):  # not against a rule of the same session
                    if begin is None and end is not None:
                        return [self._timed(lines["water_after"], None, end, day)]
                    return [self._timed(lines["water_until"], begin, None, day)]
                before, after = begin is not None or end is None, end is not None or begin is None
                said = [self._timed(lines["water_before"], begin, None, day)] if before else []
                return said + ([self._timed(lines["water_after"], None, end, day)] if after else [])
            case "ride":
                return [lines["ride_home"]]
            case "rest" if end is None or end.date() == day:  # of the day: no hour says more
                return [lines["rest"]]
        return [self._timed(lines[_NOTICES.get(notice.topic, "note")], begin, end, day)]

    def _timed(self, text: str, begin: datetime | None, end: datetime | None, day: date) -> str:
        """Return a text with since when and until when it holds; as it is if neither is known."""
        if begin is None and end is None:
            return text
        key = "from_until" if begin and end else "from_time" if begin else "until_time"
        start, until = (None if moment is None else self._by(moment, day) for moment in (begin, end))
        return self.words.say(key, start=start, end=until, text=text)

    def _with(self, session: Session) -> Iterator[tuple[PlacedCompanion, Companion]]:
        """Yield the appointments and tasks that stand and go with a session."""
        for placed in self.agenda.with_session.get(session.id, ()):
            companion = self.definitions.get(placed.companion)
            if companion is not None and placed.status.stands:
                yield placed, companion

    def _tells_of_ride(self, session: Session) -> bool:
        """Whether there is a task about the ride home from a session."""
        return any(c.topic == "ride" and c.kind == "task" for _, c in self._with(session))

    def _beside(self, session: Session) -> tuple[Lines, Lines]:
        """Say what happens during a session, and its tasks, done or not: its event stays as it was."""
        during, tasks = [], []
        for placed, companion in self._with(session):
            if not self.is_told(companion):
                continue
            if companion.on_session_days == "during":
                during.append(self._during(placed, companion, session.day))
            elif companion.kind == "task" and self.for_patient:
                said = self._to_do(placed, companion, session.day)
                tasks.append((self._rank(_TASKS.get(companion.topic, "todo_by")), said))
        in_order = (said for _, said in sorted(tasks, key=itemgetter(0)))
        return tuple(dict.fromkeys(during)), tuple(dict.fromkeys(in_order))

    def _during(self, placed: PlacedCompanion, companion: Companion, day: date) -> str:
        start = self.agenda.start(placed)
        if start is None or not (self.full or (self.named and not self.for_patient)):
            return self.words.lines["during"]
        title = companion_title(self.words, companion, named=True, full=self.full)
        length = self.words.length(companion.minutes)
        return self.words.say("during_what", time=self._by(start, day), title=title, length=length)

    def _to_do(self, placed: PlacedCompanion, companion: Companion, beside: date) -> str:
        day = self.words.day(placed.day, beside=beside)
        if self.full:
            return self.words.say("todo_text", day=day, text=companion.text or companion.title)
        return self.words.say(_TASKS.get(companion.topic, "todo_by"), day=day)

    # Appointments and tasks by themselves

    def _appointment(self, entry: CompanionEntry) -> list[str]:
        status, companion = entry.status, entry.companion
        if not status.stands or entry.start is None or entry.end is None:
            return [self._off(status, companion.place)]
        found = [self.words.lines["not_confirmed"]] if status is BookingStatus.TENTATIVE else []
        found.append(self._from_to(companion.place, entry.start, entry.end, companion.minutes))
        if self.full and companion.text:
            found.append(companion.text)
        return found

    def _task(self, entry: CompanionEntry) -> list[str]:
        lines, companion = self.words.lines, entry.companion
        match entry.status:
            case BookingStatus.CLOSED:
                return [lines["no_longer"]]
            case BookingStatus.MISSED:
                return [lines["not_done" if self.for_patient else "was_not_done"]]
            case BookingStatus.FULFILLED:
                return [lines["done" if self.for_patient else "was_done"]]
            case _ if self.for_patient:
                return [self._to_do(entry.booking, companion, entry.first)]
        found = [self.words.say("due", day=self.words.day(entry.first))]
        return [*found, companion.text] if self.full and companion.text else found

    def _for_the_clinic(self, entry: CompanionEntry) -> Iterator[str]:
        """Say what only a clinic is told, and only where all is told."""
        if not self.for_clinic_in_full:
            return
        words, outcome = self.words, entry.booking.outcome
        if outcome is not None:
            day = words.day(outcome.on, beside=entry.first)
            yield words.say("decision", what=outcome.what, who=outcome.who, day=day)
        elif entry.companion.gate and entry.status.stands:
            yield words.lines["no_decision"]
        if entry.companion.areas:
            yield words.say("checks", areas=", ".join(entry.companion.areas))
        yield from self._findings.get(entry.booking.id, ())

    # The day after a session

    def _day_after(self, entry: DayAfter) -> Told:
        if not entry.status.stands:
            return ((self.words.lines["no_longer"],), self.decided), None, ""
        of, phase = entry.session, entry.session.phase
        day, rule = self._day_of(of), self._shared(of).rule
        first = rule or (self.words.say("no_driving_sleep", day=self.words.day(entry.first)),)
        said = first[0].replace(DAY, day)
        others: dict[str, None] = {}
        for notice in self.notices.get(of.booking.id, ()):
            _, end = anchors.notice_times(notice, of.moments)
            if end is not None and end.date() > of.first:
                others.update(dict.fromkeys(self._notice(notice, phase, None, end, of.first)))
        others.pop(said, None)
        last = self.timed if others or isinstance(phase.no_driving, timedelta) else self.decided
        groups: tuple[Lines, ...] = (first, tuple(others), last)
        return tuple(filter(None, groups)), rule, day


_LIKENESS = attrgetter("time", "status", "phase", "place", "route", "chair")
_EVEN_DAYS = timedelta(days=2)
"""After the day of a booking, on which the clocks run evenly if the agenda says so."""


def _differing(now: Mapping[str, object], once: Mapping[str, object]) -> Iterator[str]:
    """Yield the keys of two tables whose values differ, or that one of them lacks."""
    return (key for key in now.keys() | once.keys() if now.get(key) != once.get(key))
