"""
Calendar files (iCalendar, RFC 5545): one event for each session that was ever booked.

Appointments around the sessions are events of their own. So are tasks and, for a patient, the
day after a session on which it is still forbidden to drive: whole days that block nothing.

Only what changed, changes: an event's UID, SEQUENCE and stamp come from the course, never
from the clock of the machine, so publishing twice gives the same bytes. SEQUENCE counts changes of
start, end, place and status; the stamp is of the last revision that changed anything the event says
to its reader, its words included. No event ever goes from a file: a session taken off stays, as
cancelled, because readers that know it would keep it otherwise. A session that was given
without a booking is in no calendar: nobody was told of it before, and now it is past. The content lines
are written here, in the order in which the `icalendar` package sorts them, and the tests
hold every file to that package: it reads the same values and writes the same bytes.

What matters for safety stands in the description, because readers drop alarms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import cached_property, partial
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from ketsched.clock import choices
from ketsched.errors import CannotWrite, InvalidInput
from ketsched.interchange import contentlines, json
from ketsched.interchange.identity import changed_at, course_id, last_changes, session_uid
from ketsched.interchange.telling import Telling
from ketsched.interchange.timing import DAY, Moments, Timing
from ketsched.interchange.vtimezones import vtimezone
from ketsched.interchange.wording import Audience, Privacy, Publication, clock
from ketsched.model import Companion, Course, PlacedCompanion, Protocol, Session, Status

if TYPE_CHECKING:
    import icalendar

COURSE = "X-KETSCHED-COURSE"
"""Property that holds the course document in a clinic's full calendar; in no other, because it tells the drug."""

STATUS = {
    Status.TENTATIVE: "TENTATIVE",
    Status.FIRM: "CONFIRMED",
    Status.FULFILLED: "CONFIRMED",
    Status.MISSED: "CANCELLED",
    Status.CLOSED: "CANCELLED",
}

IN_PART = True
"""Whether files of this format can leave out events."""

DAY_AFTER = "/after"
"""What the identity of the day after a session has behind the session's own."""

_END = "\r\n"
_ALARMS = (timedelta(days=-1), timedelta(hours=-2))
"""Before the start, the one that matters more first: some readers keep one only."""


def dumps(course: Course, publication: Publication) -> bytes:
    """Return the bytes of a calendar file."""
    return contentlines.file_of(_Calendar(course, publication).lines())


def loads(text: str, where: str, *, protocol: Protocol | None = None, zone: str | None = None) -> Course:
    """Read a calendar file, ours or another program's."""
    from ketsched.interchange.icalreading import course_from

    return course_from(text, where, protocol=protocol, zone=zone)


def has_event(session: Session) -> bool:
    """Return whether a session is in calendars: not so if it was given without a booking."""
    return session.booked or session.status in (Status.FIRM, Status.TENTATIVE)


class State(NamedTuple):
    """
    What an event says that a client must not miss.

    Attributes:
        start: Moment, or first day.
        end: Moment, or the day after the last.
        status: iCalendar's word.
        sequence: Its SEQUENCE.
    """

    start: date
    end: date
    status: str
    sequence: int


class Resource(NamedTuple):
    """
    One event as a file of its own, for servers that keep each by itself.

    Attributes:
        uid: Its UID.
        booking: Id of the session, appointment or task.
        state: As the file says.
        earlier: As files of earlier revisions said, the latest first.
        content: The bytes of the file.
    """

    uid: str
    booking: str
    state: State
    earlier: tuple[State, ...]
    content: bytes


def resources(course: Course, publication: Publication) -> Iterator[Resource]:
    """Yield each event of a course as a calendar of its own, in order of time: the same lines as in the whole file."""
    return _Calendar(course, publication).resources()


def to_icalendar(course: Course, **options: Any) -> icalendar.Calendar:
    """
    Return the calendar as a component of the `icalendar` package, to go on with there.

    The options are those of `write`.
    """
    import icalendar

    return icalendar.Calendar.from_ical(dumps(course, Publication(**options)))


def changes_events(course: Course, publication: Publication) -> bool:
    """Return whether a calendar that is published so, of changes only, has an event."""
    return _Calendar(course, attrs.evolve(publication, changes_only=True)).has_entries()


def own_events(course: Course, audience: Audience) -> Iterator[tuple[PlacedCompanion, Companion]]:
    """
    Yield the appointments and tasks that are events of their own to a reader, in order of time.

    What happens during a session is part of its event, and so is, for a patient, what is due on its day
    and was so in all revisions: an event that was once given out stays.
    """
    return _own_events(course, audience, _own_since(course) if audience is Audience.PATIENT else {})


def _own_events(
    course: Course, audience: Audience, since: Mapping[str, int]
) -> Iterator[tuple[PlacedCompanion, Companion]]:
    definitions = {companion.id: companion for companion in course.protocol.companions}
    for placed in course.companions:
        companion = definitions[placed.companion]
        shown = companion.for_patient if audience is Audience.PATIENT else companion.for_clinic
        if shown and audience is Audience.PATIENT and companion.kind == "task":
            shown = placed.id in since
        if shown and companion.on_session_days != "during":
            yield placed, companion


def _own_since(course: Course) -> dict[str, int]:
    """Return the first revision in which each task was more to a patient than a line of its session's event."""
    kinds = {companion.id: companion.kind for companion in course.protocol.companions}
    tasks = [placed.id for placed in course.companions if kinds[placed.companion] == "task"]
    found: dict[str, int] = {}
    if not tasks:
        return found
    bookings = course.bookings()
    for number in range(len(course.revisions) - 1, -1, -1):
        for task in tasks:
            placed = bookings.get(task)
            if isinstance(placed, PlacedCompanion) and not _is_line_of(bookings.get(placed.session), placed):
                found[task] = number
        for changed in course.revisions[number].changes:
            if changed.before is None:
                bookings.pop(changed.booking, None)
            else:
                bookings[changed.booking] = changed.before
    return found


def _is_line_of(session: Session | PlacedCompanion | None, task: PlacedCompanion) -> bool:
    """Whether a session's description tells a task; what is still to be done is not lost with a session that is off."""
    if not isinstance(session, Session) or not has_event(session) or session.day != task.day:
        return False
    return session.status.stands or not task.status.stands


class _Entry(NamedTuple):
    """
    One event, to be put in order of time.

    Attributes:
        last: Last day of whole days; of others the first.
        times: Start and end; None for whole days.
        booked: What it is the event of.
        uid: Its UID.
        write: Returns its lines, given those that say when.
    """

    day: date
    clock: time
    last: date
    times: tuple[datetime, datetime] | None
    booked: Session | PlacedCompanion
    uid: str
    write: Callable[[str], str]

    @property
    def state(self) -> State:
        """What it says that a client must not miss."""
        start, end = self.times or (self.day, self.last + DAY)
        return State(start, end, STATUS[self.booked.status], self.booked.sequence)


class _Calendar:
    """
    Writes the lines of one calendar file.

    One that is not `dated` writes no stamps: it is there to compare what events say.
    """

    def __init__(self, course: Course, publication: Publication, *, dated: bool = True) -> None:
        self.course, self.publication, self.dated = course, publication, dated
        self.words, self.method = publication.words, publication.method
        self.id = course_id(course)
        self.audience, self.privacy = publication.audience, publication.privacy
        self.for_patient = self.audience is Audience.PATIENT
        self.named, self.full = self.privacy is not Privacy.DISCREET, self.privacy is Privacy.FULL
        self.timing = Timing(course)
        self.telling = Telling(course, publication, self.timing)
        self.uids = {s.id: session_uid(self.id, s.id) for s in course.sessions if has_event(s)}
        self.said_since: dict[str, int] = {}
        self.stamps: dict[int, str] = {}
        self.alarms: dict[tuple[time | None, bool], str] = {}
        self.titles: dict[str, str] = {}
        self.category = contentlines.line(f"CATEGORIES:{contentlines.text(self.words.session)}")
        self.zoned = f";TZID={course.zone}:"

    def has_entries(self) -> bool:
        """Return whether there is an event to write."""
        return any(map(self._is_asked_for, self._entries()))

    def lines(self) -> Iterator[str]:
        """Yield the file, as `contentlines.line` returns lines; an event comes in one piece."""
        entries = [entry for entry in self._in_order() if self._is_asked_for(entry)]
        if self.publication.changes_only and not entries:
            raise CannotWrite(
                what="the last revision changed no event",
                where=f"revision {len(self.course.revisions)} of this course",
                why="a calendar of changes has the events whose time, place or state it changed, and there are none",
                fix="there is nothing to give out; or write the whole calendar, without changes_only",
            )
        self._find_since(entries)
        timed = [entry.times for entry in entries if entry.times]
        known, local = vtimezone(self.course.zone, chain.from_iterable(timed)), [True] * len(timed)
        if known is None:
            # Readers would not agree on some of the clock times; they do on UTC, and other events stay as they were.
            rules = [vtimezone(self.course.zone, times) for times in timed]
            known, local = next(filter(None, rules), None), [rule is not None for rule in rules]
        yield from map(contentlines.line, self._head())
        if timed:
            yield from map(contentlines.line, known or ())
        as_local = iter(local)
        for entry in entries:
            yield entry.write(self._when(*entry.times, local=next(as_local)) if entry.times else "")
        yield contentlines.line("END:VCALENDAR")

    def resources(self) -> Iterator[Resource]:
        """Yield each event as a file of its own, without what says something of the whole calendar."""
        opening = "".join(map(contentlines.line, self._opening()))
        entries = self._in_order()
        self._find_since(entries)
        for entry in entries:
            zone = vtimezone(self.course.zone, entry.times) if entry.times else None
            when = self._when(*entry.times, local=zone is not None) if entry.times else ""
            rule = "".join(map(contentlines.line, zone or ()))
            parts = (opening, rule, entry.write(when), contentlines.line("END:VCALENDAR"))
            before = self.before.get(entry.booked.id, [])
            then = (
                was for n, booked in enumerate(before) for was in self._as_it_was(booked, before[n + 1 :])
            )
            earlier = tuple(was.state for was in then if was.uid == entry.uid)
            yield Resource(entry.uid, entry.booked.id, entry.state, earlier, contentlines.file_of(parts))

    @cached_property
    def before(self) -> dict[str, list[Session | PlacedCompanion]]:
        """What the bookings were in earlier revisions, by id, the latest first."""
        found: dict[str, list[Session | PlacedCompanion]] = {}
        for revision in reversed(self.course.revisions):
            for changed in revision.changes:
                if changed.before is not None:
                    found.setdefault(changed.booking, []).append(changed.before)
        return found

    @cached_property
    def own_since(self) -> dict[str, int]:
        """The first revision in which each task had an event of its own; empty for a clinic, where all have."""
        return _own_since(self.course) if self.for_patient else {}

    def _as_it_was(
        self, booked: Session | PlacedCompanion, before: Iterable[Session | PlacedCompanion]
    ) -> Iterator[_Entry]:
        """Yield the events of a booking as an earlier revision had it; its lengths are those of today's protocol."""
        if isinstance(booked, Session):
            if self._had_event(booked):
                yield from self._of_session(booked, before)
            return
        companion = self.telling.definitions.get(booked.companion)
        if companion is not None and (companion.kind == "task" or booked.time is not None):
            yield from self._of_companion(booked, companion)

    def _had_event(self, session: Session) -> bool:
        """Whether an earlier revision's file could have the event of a session as it was then."""
        if not has_event(session) or session.phase not in self.timing.lengths or session.time is None:
            return False
        return len(choices(session.day, session.time, self.course.zone)) == 1

    # Since when each event says what it says

    def _find_since(self, entries: Iterable[_Entry]) -> None:
        """
        Find the last revision that changed what each event says to this reader.

        That of its own start, end, place or status is known. Beyond that its words are compared from
        revision to revision, where what they depend on differs. Findings of the rules are left out.
        """
        last = len(self.course.revisions) - 1
        left: dict[str, dict[str, int]] = {}
        for entry in entries:
            since = self.said_since[entry.uid] = self._known_since(entry)
            if since < last:
                left.setdefault(entry.booked.id, {})[entry.uid] = since
        if not self.named and not self.course.protocol.companions:
            return  # nothing is told but a booking's own day, hour and state
        plain = attrs.evolve(self.publication, findings=(), changes_only=False, as_of=None)
        now = None
        for number in range(last, 0, -1):
            if not self.course.revisions[number].changes:
                continue
            left = {
                name: later
                for name, events in left.items()
                if (later := {uid: since for uid, since in events.items() if since < number})
            }
            if not left:
                return
            now = now or _Calendar(self.course, plain, dated=False)
            try:
                then = _Calendar(now.course.at_revision(number - 1), plain, dated=False)
            except InvalidInput:
                return  # made by an earlier version, which did not keep what it changed
            for name, events in left.items():
                if now.depends_on(name) == then.depends_on(name):
                    continue
                texts, earlier = now.texts(name), then.texts(name)
                for uid in [uid for uid in events if texts.get(uid) != earlier.get(uid)]:
                    self.said_since[uid] = number
                    del events[uid]
            now = then

    def _known_since(self, entry: _Entry) -> int:
        """Return the last revision that is known to have changed an event, or may have in ways that are not kept."""
        booked = entry.booked
        own = max(booked.revised[-1], self.own_since.get(booked.id, 0))
        if not self.full or not isinstance(booked, Session) or entry.times is None:
            return own
        stops = self.course.holds or self.course.authorisations
        if stops and not self.for_patient and booked.status is Status.TENTATIVE:
            # It tells why it is to be confirmed, and what held it up then is not kept.
            return len(self.course.revisions) - 1
        return max(own, self._titled_since)

    @cached_property
    def _titled_since(self) -> int:
        """The revision that gave the protocol its title: the one that first booked the protocol gone over to last."""
        if not self.course.segments:
            return 0
        names = [phase.name for phase in self.course.protocol.phases]
        added = set(names[names.index(self.course.segments[-1].first) :])
        firsts = (session.revised[0] for session in self.course.sessions if session.phase in added)
        return min(firsts, default=len(self.course.revisions) - 1)

    @cached_property
    def bookings(self) -> dict[str, Session | PlacedCompanion]:
        """All bookings of the course, by id."""
        return self.course.bookings()

    def depends_on(self, booking: str) -> tuple[object, ...]:
        """Return what the events of a booking say depends on: if it is equal, they say the same."""
        booked = self.bookings.get(booking)
        if isinstance(booked, Session):
            return booked, self.telling.facts(booked)
        return (booked, self._goes_with(booked)) if booked is not None else ()

    def texts(self, booking: str) -> dict[str, str]:
        """Return what each event of a booking says, but for when, by its UID."""
        booked = self.bookings.get(booking)
        if booked is None:
            return {}
        before = self.before.get(booking, ())
        return {entry.uid: entry.write("") for entry in self._as_it_was(booked, before)}

    def _opening(self) -> Iterator[str]:
        yield from ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{contentlines.text(self.words.product)}")
        yield "CALSCALE:GREGORIAN"

    def _head(self) -> Iterator[str]:
        yield from self._opening()
        if self.method is not None:
            yield f"METHOD:{self.method}"
        remarks = contentlines.text("\n".join(self.telling.findings.get("", ())))
        if remarks:
            yield f"DESCRIPTION:{remarks}"
        name = contentlines.text(self._name()) or contentlines.text(self.words.calendar)
        yield from (
            f"NAME:{name}",
            f"X-WR-CALNAME:{name}",
            "COLOR:teal",
        )
        if self.publication.changes_only:
            return  # nobody is to ask for it again
        yield "REFRESH-INTERVAL;VALUE=DURATION:PT4H"
        if self.full and not self.for_patient and not self.publication.in_part:
            yield f"{COURSE}:{contentlines.text(json.compact(self.course))}"
        yield "X-PUBLISHED-TTL:PT4H"

    def _name(self) -> str:
        if not self.named:
            return self.words.calendar
        name = self.course.protocol.title if self.full else self.words.calendar_named
        return name if self.for_patient else f"{name}, {self.id}"

    def _is_asked_for(self, entry: _Entry) -> bool:
        """Whether an event is in a file that leaves out some."""
        asked, booked = self.publication, entry.booked
        last_changed = max(booked.revised[-1], self.own_since.get(booked.id, 0))
        if asked.changes_only and last_changed != len(self.course.revisions) - 1:
            is_off = not booked.status.stands and last_changed >= last_changes(self.course)
            if not is_off:  # what was recorded just before as cancelled belongs to what takes its place
                return False
        return asked.as_of is None or booked.status.stands or entry.last >= asked.as_of

    def _in_order(self) -> list[_Entry]:
        """Return all events in order of time; those of one time as they were found."""
        return sorted(self._entries(), key=lambda entry: entry[:2])

    def _entries(self) -> Iterator[_Entry]:
        for session in filter(has_event, self.course.sessions):
            yield from self._of_session(session, self.before.get(session.id, ()))
        for placed, companion in _own_events(self.course, self.audience, self.own_since):
            yield from self._of_companion(placed, companion)

    def _of_session(self, session: Session, before: Iterable[Session | PlacedCompanion]) -> Iterator[_Entry]:
        """Yield the events of a session, which was once as `before` says, the latest first."""
        at, uid = self.timing.session(session), session_uid(self.id, session.id)
        write = partial(self._session, session, at)
        day, times = session.day, (at.start, at.end)
        yield _Entry(day, at.start.time(), day, times, session, uid, write)
        if not self.for_patient:
            return
        after = self.telling.last_day_after(session, at)
        if after is None:
            session, at, after = next(self._no_longer(session, before), (session, at, None))
        if after is not None:
            uid = session_uid(self.id, session.id + DAY_AFTER)
            write = partial(self._day_after, session, at, after)
            yield _Entry(session.day + DAY, time(), after, None, session, uid, write)

    def _no_longer(
        self, session: Session, before: Iterable[Session | PlacedCompanion]
    ) -> Iterator[tuple[Session, Moments, date]]:
        """Yield a session as it was when the day after it was told of, but off; with its moments and that day."""
        for was in before:
            if isinstance(was, Session) and self._had_event(was):
                at = self.timing.session(was)
                if (after := self.telling.last_day_after(was, at)) is not None:
                    yield attrs.evolve(was, status=Status.CLOSED, revised=session.revised), at, after

    def _of_companion(self, placed: PlacedCompanion, companion: Companion) -> Iterator[_Entry]:
        day, uid = placed.day, session_uid(self.id, placed.id)
        if companion.kind == "task":
            write = partial(self._task, placed, companion)
            yield _Entry(day, time(), day, None, placed, uid, write)
        else:
            times = self.timing.appointment(placed, companion.minutes)
            write = partial(self._appointment, placed, companion, times)
            yield _Entry(day, times[0].time(), day, times, placed, uid, write)

    def _session(self, session: Session, at: Moments, when: str) -> str:
        return self._event(
            session,
            self.uids[session.id],
            title=self.telling.session_title(session),
            when=when,
            described=self.telling.session(session, at),
            place=session.place,
        )

    def _day_after(self, session: Session, at: Moments, last: date, _: str) -> str:
        return self._event(
            session,
            session_uid(self.id, session.id + DAY_AFTER),
            title=self.telling.day_after_title(session),
            when=_whole_days(session.day + DAY, last),
            described=self.telling.day_after(session, at),
            related=self.uids[session.id],
            blocks=False,
        )

    def _appointment(
        self, placed: PlacedCompanion, companion: Companion, times: tuple[datetime, datetime], when: str
    ) -> str:
        return self._event(
            placed,
            session_uid(self.id, placed.id),
            title=self.telling.companion_title(placed, companion),
            when=when,
            described=self.telling.appointment(placed, companion, *times),
            related=self._goes_with(placed),
        )

    def _task(self, placed: PlacedCompanion, companion: Companion, _: str) -> str:
        return self._event(
            placed,
            session_uid(self.id, placed.id),
            title=self.telling.companion_title(placed, companion),
            when=_whole_days(placed.day, placed.day),
            described=self.telling.task(placed, companion),
            related=self._goes_with(placed),
            blocks=False,
        )

    def _goes_with(self, placed: PlacedCompanion) -> str:
        """Return the identity of the session a booking goes with; without one it would pass for a session."""
        known = self.uids.get(placed.session)
        return known if known is not None else next(iter(self.uids.values()), "")

    def _when(self, start: datetime, end: datetime, *, local: bool) -> str:
        if local:
            zoned = self.zoned
            return f"DTSTART{zoned}{contentlines.local(start)}\r\nDTEND{zoned}{contentlines.local(end)}\r\n"
        return f"DTSTART:{contentlines.utc(start)}\r\nDTEND:{contentlines.utc(end)}\r\n"

    def _event(
        self,
        booked: Session | PlacedCompanion,
        uid: str,
        *,
        title: str,
        when: str,
        described: str,
        place: str = "",
        related: str = "",
        blocks: bool = True,
    ) -> str:
        """Return an event; one that blocks no time has no alarm."""
        status, stamp = STATUS[booked.status], self._stamp(booked, uid)
        location = contentlines.text(place) if self.named and place else ""
        # What is not passed through `line` is digits, codes and a zone's name: short, and without breaks.
        return (
            f"BEGIN:VEVENT\r\n{self._summary(title)}{when}"
            f"DTSTAMP:{stamp}\r\nUID:{uid}\r\nSEQUENCE:{booked.sequence}\r\n"
            f"{self.category}CLASS:PRIVATE\r\n{contentlines.line(f'DESCRIPTION:{described}')}"
            f"LAST-MODIFIED:{stamp}\r\n{contentlines.line(f'LOCATION:{location}') if location else ''}"
            f"{f'RELATED-TO:{related}{_END}' if related else ''}"
            f"STATUS:{status}\r\nTRANSP:{'OPAQUE' if blocks and status != 'CANCELLED' else 'TRANSPARENT'}\r\n"
            f"{self._alarms(booked) if blocks else ''}END:VEVENT\r\n"
        )

    def _summary(self, title: str) -> str:
        found = self.titles.get(title)
        if found is None:
            found = self.titles[title] = contentlines.line(f"SUMMARY:{contentlines.text(title)}")
        return found

    def _stamp(self, booked: Session | PlacedCompanion, uid: str) -> str:
        if not self.dated:
            return ""
        revision = self.said_since[uid]
        if revision not in self.stamps:
            self.stamps[revision] = contentlines.utc(changed_at(self.course, booked, revision))
        return self.stamps[revision]

    def _alarms(self, booked: Session | PlacedCompanion) -> str:
        if not self.for_patient or booked.status not in (Status.FIRM, Status.TENTATIVE):
            return ""
        unsure = booked.status is Status.TENTATIVE
        found = self.alarms.get((booked.time, unsure))
        if found is None:
            lines = self._alarm_lines(booked.time or time(), unsure)
            found = self.alarms[booked.time, unsure] = "".join(map(contentlines.line, lines))
        return found

    def _alarm_lines(self, start: time, unsure: bool) -> Iterator[str]:
        title = self.words.session  # on a locked screen, whatever the calendar itself may tell
        if unsure:
            title = self.words.tentative.format(title=title)
        for before, template in zip(_ALARMS, (self.words.tomorrow, self.words.today), strict=True):
            said = contentlines.text(template.format(title=title, time=clock(start)))
            yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{said}")
            yield from (f"TRIGGER:{contentlines.duration(before)}", "END:VALARM")


def _whole_days(first: date, last: date) -> str:
    """Write the days from the first to the last; the end of an event is the day after it."""
    begin, end = contentlines.day(first), contentlines.day(last + DAY)
    return f"DTSTART;VALUE=DATE:{begin}\r\nDTEND;VALUE=DATE:{end}\r\n"
