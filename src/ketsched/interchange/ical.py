"""
Calendar files (iCalendar, RFC 5545): one event for each session that was ever booked.

Appointments around the sessions are events of their own. So are tasks and, for a patient, the
day after a session on which it is still forbidden to drive: whole days that block nothing.

Only what changed, changes: an event's UID, SEQUENCE and stamp come from the course, never
from the clock of the machine, so publishing twice gives the same bytes. A session taken
off stays, as cancelled: readers that know it would keep it otherwise. The content lines
are written here, in the order in which the `icalendar` package sorts them, and the tests
hold every file to that package: it reads the same values and writes the same bytes.

What matters for safety stands in the description, because readers drop alarms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import chain, count
from typing import TYPE_CHECKING, Any, NamedTuple

from ketsched.interchange import contentlines, json
from ketsched.interchange.identity import changed_at, course_id, session_uid
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


def to_icalendar(course: Course, **options: Any) -> icalendar.Calendar:
    """
    Return the calendar as a component of the `icalendar` package, to go on with there.

    The options are those of `write`.
    """
    import icalendar

    return icalendar.Calendar.from_ical(dumps(course, Publication(**options)))


def own_events(course: Course, audience: Audience) -> Iterator[tuple[PlacedCompanion, Companion]]:
    """
    Yield the appointments and tasks that are events of their own to a reader, in order of time.

    What happens during a session is part of its event, and so is, for a patient, what is due on its day.
    """
    definitions = {companion.id: companion for companion in course.protocol.companions}
    sessions = {session.id: session for session in course.sessions} if course.companions else {}
    for placed in course.companions:
        companion = definitions[placed.companion]
        shown = companion.for_patient if audience is Audience.PATIENT else companion.for_clinic
        if shown and audience is Audience.PATIENT and companion.kind == "task":
            shown = not _is_line_of(sessions.get(placed.session), placed)
        if shown and companion.on_session_days != "during":
            yield placed, companion


def _is_line_of(session: Session | None, task: PlacedCompanion) -> bool:
    """Whether a session's description tells a task; what is still to be done is not lost with a session that is off."""
    if session is None or session.day != task.day:
        return False
    return session.status.stands or not task.status.stands


class _Entry(NamedTuple):
    """
    One event, to be put in order of time.

    Attributes:
        number: Keeps those of one time in the order in which they were found.
        times: Start and end; None for whole days.
        write: Returns its lines, given those that say when.
    """

    day: date
    clock: time
    number: int
    times: tuple[datetime, datetime] | None
    write: Callable[[str], str]


class _Calendar:
    """Writes the lines of one calendar file."""

    def __init__(self, course: Course, publication: Publication) -> None:
        self.course, self.words, self.method = course, publication.words, publication.method
        self.id = course_id(course)
        self.audience, self.privacy = publication.audience, publication.privacy
        self.for_patient = self.audience is Audience.PATIENT
        self.named, self.full = self.privacy is not Privacy.DISCREET, self.privacy is Privacy.FULL
        self.timing = Timing(course)
        self.telling = Telling(course, publication, self.timing)
        self.uids = {session.id: session_uid(self.id, session.id) for session in course.sessions}
        self.stamps: dict[int, str] = {}
        self.alarms: dict[tuple[time | None, bool], str] = {}
        self.titles: dict[str, str] = {}
        self.category = contentlines.line(f"CATEGORIES:{contentlines.text(self.words.session)}")
        self.zoned = f";TZID={course.zone}:"

    def lines(self) -> Iterator[str]:
        """Yield the file, as `contentlines.line` returns lines; an event comes in one piece."""
        entries = sorted(self._entries())
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

    def _head(self) -> Iterator[str]:
        yield from ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{contentlines.text(self.words.product)}")
        yield "CALSCALE:GREGORIAN"
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
            "REFRESH-INTERVAL;VALUE=DURATION:PT4H",
        )
        if self.full and not self.for_patient:
            yield f"{COURSE}:{contentlines.text(json.compact(self.course))}"
        yield "X-PUBLISHED-TTL:PT4H"

    def _name(self) -> str:
        if not self.named:
            return self.words.calendar
        name = self.course.protocol.title if self.full else self.words.calendar_named
        return name if self.for_patient else f"{name}, {self.id}"

    def _entries(self) -> Iterator[_Entry]:
        numbers, midnight = count(), time()
        for session in self.course.sessions:
            at = self.timing.session(session)
            write = partial(self._session, session, at)
            yield _Entry(session.day, at.start.time(), next(numbers), (at.start, at.end), write)
            if self.for_patient and (last := self.telling.last_day_after(session, at)) is not None:
                write = partial(self._day_after, session, at, last)
                yield _Entry(session.day + DAY, midnight, next(numbers), None, write)
        for placed, companion in own_events(self.course, self.audience):
            if companion.kind == "task":
                write = partial(self._task, placed, companion)
                yield _Entry(placed.day, midnight, next(numbers), None, write)
            else:
                times = self.timing.appointment(placed, companion.minutes)
                write = partial(self._appointment, placed, companion, times)
                yield _Entry(placed.day, times[0].time(), next(numbers), times, write)

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
        status, stamp = STATUS[booked.status], self._stamp(booked)
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

    def _stamp(self, booked: Session | PlacedCompanion) -> str:
        revision = booked.revised[-1]
        if revision not in self.stamps:
            self.stamps[revision] = contentlines.utc(changed_at(self.course, booked))
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
