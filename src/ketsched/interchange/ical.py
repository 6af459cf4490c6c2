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

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time, timedelta
from functools import cache, cached_property, partial
from itertools import chain, repeat
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import attrs

from ketsched.agenda import Agenda, agenda, is_in_calendars
from ketsched.clock import moment
from ketsched.errors import CannotWrite, KetschedError
from ketsched.interchange import contentlines, json
from ketsched.interchange.contentlines import decode as decode
from ketsched.interchange.icalevents import COURSE, STATUS
from ketsched.interchange.identity import (
    adopted_uids,
    changed_at,
    course_id,
    last_changes,
    own_since,
    uids_of,
)
from ketsched.interchange.vtimezones import vtimezone
from ketsched.model import Booking, BookingStatus, Course, Protocol
from ketsched.moments import DAY as ONE_DAY
from ketsched.moments import CompanionEntry, DayAfter, Entry, SessionEntry
from ketsched.words.naming import discreet_title, location, mark, name_of_all
from ketsched.words.telling import DAY, Lines, Telling
from ketsched.words.wording import Audience, Privacy, Publication

if TYPE_CHECKING:
    import icalendar

IN_PART = True
"""Whether files of this format can leave out events."""

DAY_AFTER = "/after"
"""What the identity of the day after a session has behind the session's own."""

_START, _END = attrgetter("start"), attrgetter("end")
PRODUCT = "-//Clinic schedule//EN"
"""What wrote the file; the name of this library would tell the drug."""
_GAP = "\0"
"""For each octet of a day that is filled in later; no text has it that was escaped."""
_ALARMS = {"alarm_day": timedelta(days=-1), "alarm_hours": timedelta(hours=-2)}
"""Before the start, the one that matters more first: some readers keep one only."""
_IN_THE_MORNING = timedelta(hours=9)
"""After the first moment of its day a patient is reminded of what is due (house default)."""


def dumps(course: Course, publication: Publication) -> bytes:
    """Return the bytes of a calendar file."""
    return contentlines.file_of(_Calendar(course, publication).lines())


def loads(text: str, where: str, *, protocol: Protocol | None = None, zone: str | None = None) -> Course:
    """Read a calendar file, ours or another program's."""
    from ketsched.interchange.icalreading import course_from

    return course_from(text, where, protocol=protocol, zone=zone)


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
        title: What the event is called.
        day: Its local date, or the first of its days.
        state: As the file says.
        earlier: As files of earlier revisions said, the latest first.
        content: The bytes of the file.
    """

    uid: str
    booking: str
    title: str
    day: date
    state: State
    earlier: tuple[State, ...]
    content: bytes


def resources(course: Course, publication: Publication) -> Iterator[Resource]:
    """Yield each event of a course as a calendar of its own, in order of time: the same lines as in the whole file."""
    return _Calendar(course, publication).resources()


def to_icalendar(
    course: Course, *, audience: str = "patient", privacy: str = "discreet", language: str = ""
) -> icalendar.Calendar:
    """Return the calendar as a component of the `icalendar` package, to go on with there; options as for `write`."""
    import icalendar

    publication = Publication(audience=audience, privacy=privacy, language=language)
    return icalendar.Calendar.from_ical(dumps(course, publication))


def changes_events(course: Course, publication: Publication) -> bool:
    """Return whether a calendar that is published so, of changes only, has an event."""
    calendar = _Calendar(course, attrs.evolve(publication, changes_only=True))
    return any(map(calendar.is_asked_for, calendar.entries))


class _Calendar:
    """Writes the lines of one calendar file."""

    def __init__(self, course: Course, publication: Publication) -> None:
        self.course, self.publication, self.words = course, publication, publication.words_for(course)
        self.id = course_id(course)
        self.for_patient = publication.audience is Audience.PATIENT
        self.named = publication.privacy is not Privacy.DISCREET
        self.full = publication.privacy is Privacy.FULL
        self.agenda = agenda(course)
        self.telling = Telling(self.agenda, publication)
        self.adopted = adopted_uids(course)
        # What several events have is made once.
        self.uid, self.text = cache(uids_of(self.id, course.key)), cache(contentlines.text)
        self.clock = cache(contentlines.clock)
        self.summary = cache(partial(contentlines.text_line, "SUMMARY"))
        self.folded, self.ending, self.alarms = cache(self._folded), cache(self._ending), cache(self._alarms)
        self.stamps: dict[int, str] = {}
        self.category = contentlines.text_line("CATEGORIES", self.words.lines["title_appointment"])
        self.zoned = f";TZID={course.zone}:"

    def lines(self) -> Iterator[str]:
        """Yield the file, as `contentlines.line` returns lines; an event comes in one piece."""
        entries = self.entries
        if self.publication.in_part:
            entries = list(filter(self.is_asked_for, entries))
        if self.publication.changes_only and not entries:
            raise CannotWrite(
                what="the last revision changed no event",
                where=f"revision {len(self.course.revisions)} of this course",
                why="a calendar of changes has the events whose time, place or state it changed, and there are none",
                fix="there is nothing to give out; or write the whole calendar, without changes_only",
            )
        since = self._since(entries)
        moments = [at for at in chain(map(_START, entries), map(_END, entries)) if at is not None]
        known = vtimezone(self.course.zone, moments)
        local: Iterator[bool] = repeat(True)
        if known is None:
            # Readers would not agree on some of the clock times; they do on UTC, and other events stay as they were.
            rules = list(map(self._zone_of, entries))
            known, local = next(filter(None, rules), None), (rule is not None for rule in rules)
        yield from map(contentlines.line, self._head())
        if moments and known is not None:
            yield contentlines.joined(known)
        yield from map(self._event, entries, repeat(since), local)
        yield contentlines.line("END:VCALENDAR")

    def resources(self) -> Iterator[Resource]:
        """Yield each event as a file of its own, without what says something of the whole calendar."""
        opening, end = contentlines.joined(tuple(self._opening())), contentlines.line("END:VCALENDAR")
        since = self._since(self.entries)
        for entry in self.entries:
            zone = self._zone_of(entry)
            event = self._event(entry, since, zone is not None)
            was = (was for was in self.agenda.was(entry.booking.id) if type(was) is type(entry))
            yield Resource(
                uid=self.adopted.get(_key(entry)) or self.uid(_key(entry)),
                booking=entry.booking.id,
                title=self.telling.title(entry),
                day=entry.first if isinstance(entry, DayAfter) else entry.booking.day,
                state=_state(entry),
                earlier=tuple(map(_state, filter(_can_be_event, was))),
                content=contentlines.file_of((opening, contentlines.joined(zone or ()), event, end)),
            )

    def _zone_of(self, entry: Entry) -> tuple[str, ...] | None:
        """Return what describes the zone of an event's times; None if it has none, or they are written in UTC."""
        if entry.start is None or entry.end is None:
            return None
        return vtimezone(self.course.zone, (entry.start, entry.end))

    # Which events there are

    @cached_property
    def entries(self) -> Sequence[Entry]:
        """All events, in order of time."""
        entries = list(
            filter(self._is_event, self.agenda.entries if self.for_patient else self.agenda.booked)
        )
        for entry in entries:
            if entry.start is None and not entry.is_whole_days:
                _check_hour(entry, self.course.zone)
        return entries

    def _is_event(self, entry: Entry) -> bool:
        """
        Return whether this reader has an event of something.

        What happens during a session is part of its event, and so is, for a patient, what is due on its day
        and was so in all revisions: an event that was once given out stays.
        """
        is_task = self.for_patient and isinstance(entry, CompanionEntry) and entry.companion.kind == "task"
        return self.telling.tells(entry) and (not is_task or entry.booking.id in self.own_since)

    def is_asked_for(self, entry: Entry) -> bool:
        """Whether an event is in a file that leaves out some."""
        asked, stands = self.publication, entry.status.stands
        if asked.changes_only:
            # What was recorded just before as cancelled belongs to what takes its place.
            first = len(self.course.revisions) - 1 if stands else last_changes(self.course)
            if self._own_change(entry) < first:
                return False
        return asked.as_of is None or stands or entry.last >= asked.as_of

    def _own_change(self, entry: Entry) -> int:
        """Return the last revision that changed its start, end, place or status, or made it an event of its own."""
        return max(entry.booking.revised[-1], self.own_since.get(entry.booking.id, 0))

    @cached_property
    def own_since(self) -> dict[str, int]:
        """The first revision in which each task had an event of its own; empty for a clinic, where all have."""
        return own_since(self.course) if self.for_patient else {}

    # Since when each event says what it says

    def _since(self, entries: Sequence[Entry]) -> dict[str, int]:
        """
        Return the last revision that changed what each event says to this reader; 0 of those that it leaves out.

        That of its own start, end, place or status is known. Beyond that its words are compared from
        revision to revision, where they can differ. Findings of the rules are left out.
        """
        if len(self.course.revisions) == 1:
            return {}
        since = {_key(entry): self._known_since(entry) for entry in entries}
        if not since or not (self.named or self.course.protocol.companions):
            return since  # nothing is told but its own day, hour and state
        now = self.telling.as_of(self.agenda)
        while (earlier := now.agenda.earlier()) is not None and earlier.revision + 1 > min(since.values()):
            number, then = earlier.revision + 1, now.as_of(earlier)
            for booking in now.differs(then):
                if min(since.get(booking, number), since.get(booking + DAY_AFTER, number)) >= number:
                    continue
                said, once = self._says(now, booking), self._says(then, booking)
                for key in said.keys() | once.keys():
                    if since.get(key, number) < number and said.get(key) != once.get(key):
                        since[key] = number
            now = then
        return since

    def _known_since(self, entry: Entry) -> int:
        """Return the last revision that is known to have changed an event, or may have in ways that are not kept."""
        own = self._own_change(entry)
        if not self.full or not isinstance(entry, SessionEntry):
            return own
        stops = self.course.holds or self.course.authorisations
        if stops and not self.for_patient and entry.status is BookingStatus.TENTATIVE:
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

    def _says(self, telling: Telling, booking: str) -> dict[str, tuple[object, ...]]:
        """Return what the events of a booking are and say in a revision, by what each is told apart by."""
        return {
            _key(entry): (
                *(_state(entry), telling.title(entry), telling.lines(entry)),
                *self._place_and_related(telling.agenda, entry),
            )
            for entry in telling.agenda.of(booking)
            if _can_be_event(entry) and (self.for_patient or not isinstance(entry, DayAfter))
        }

    def _place_and_related(self, held: Agenda, entry: Entry) -> tuple[str, str]:
        """Return where an event is, and the id of the session that it belongs to."""
        of_session = held.goes_with(entry.booking) if isinstance(entry, CompanionEntry) else ""
        related = entry.booking.id if isinstance(entry, DayAfter) else of_session
        return location(entry, self.course.contact.address, named=self.named), related

    # The lines

    def _opening(self) -> Iterator[str]:
        yield from ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}")
        yield "CALSCALE:GREGORIAN"

    def _head(self) -> Iterator[str]:
        yield from self._opening()
        if self.publication.method is not None:
            yield f"METHOD:{self.publication.method}"
        remarks = contentlines.text("\n".join(self.telling.remarks()))
        if remarks:
            yield f"DESCRIPTION:{remarks}"
        name = contentlines.text(self._name()) or contentlines.text(self.words.lines["title_calendar"])
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
        name = name_of_all(self.words, self.course.protocol, named=self.named, full=self.full)
        return f"{name}, {self.id}" if self.named and not self.for_patient else name

    def _event(self, entry: Entry, since: Mapping[str, int], local: bool) -> str:
        """Return an event; one that blocks no time has no alarm."""
        booking, key, telling = entry.booking, _key(entry), self.telling
        revision, (place, related) = since.get(key, 0), self._place_and_related(self.agenda, entry)
        stamp = self.stamps.get(revision) or self._stamp(booking, revision)
        # What is not passed through `line` is digits, codes and a zone's name: short, and without breaks.
        return (
            f"BEGIN:VEVENT\r\n{self.summary(telling.title(entry))}{self._when(entry, local)}"
            f"DTSTAMP:{stamp}\r\n{self._identity('UID', key)}SEQUENCE:{len(booking.revised) - 1}\r\n"
            f"{self.category}CLASS:PRIVATE\r\n{self._description(*telling.told(entry))}"
            f"LAST-MODIFIED:{stamp}\r\n{_location(place) if place else ''}"
            f"{self._identity('RELATED-TO', related) if related else ''}"
            f"{self._end(entry)}"
        )

    def _description(self, groups: tuple[Lines, ...], rule: Lines | None, day: str) -> str:
        """
        Return the line of a description.

        Events that differ in a day alone have it folded at the same places, if their days are equally long.
        """
        if rule is None:
            return self.folded(groups, None, "")
        said = self.text(day)
        gap = _GAP * len(said)
        folded = self.folded(groups, rule, gap)
        if gap in folded and said.isascii() and "\\" not in said:
            return folded.replace(gap, said)
        return self._folded(groups, rule, said)

    def _folded(self, groups: tuple[Lines, ...], rule: Lines | None, day: str) -> str:
        """Return the line of a description, a day as it stands there among the words of the rule that names it."""
        said = [
            self.text(line) if group is not rule else self.text(line).replace(DAY, day)
            for group in groups
            for line in group
        ]
        return contentlines.line("DESCRIPTION:" + r"\n".join(said))

    def _identity(self, name: str, key: str) -> str:
        """Return the line of a property that names an event; one of our own names needs neither escape nor fold."""
        adopted = self.adopted.get(key)
        if adopted is None:
            return f"{name}:{self.uid(key)}\r\n"
        return contentlines.text_line(name, adopted)

    def _when(self, entry: Entry, local: bool) -> str:
        start, end = entry.start, entry.end
        if start is None or end is None:  # the end of whole days is the day after the last
            first, last = contentlines.day(entry.first), contentlines.day(entry.last + ONE_DAY)
            return f"DTSTART;VALUE=DATE:{first}\r\nDTEND;VALUE=DATE:{last}\r\n"
        if local:
            first, zoned = contentlines.local(start), self.zoned
            same_day = start.date() == end.date()
            last = first[:9] + self.clock(end.time()) if same_day else contentlines.local(end)
            return f"DTSTART{zoned}{first}\r\nDTEND{zoned}{last}\r\n"
        return f"DTSTART:{contentlines.utc(start)}\r\nDTEND:{contentlines.utc(end)}\r\n"

    def _stamp(self, booking: Booking, revision: int) -> str:
        stamp = self.stamps[revision] = contentlines.utc(changed_at(self.course, booking, revision))
        return stamp

    def _end(self, entry: Entry) -> str:
        """Return how an event ends; one that is to come, for a patient, with its alarms."""
        status, start, place = entry.booking.status, entry.booking.time if entry.start else None, ""
        to_come = status in (BookingStatus.FIRM, BookingStatus.TENTATIVE)
        if isinstance(entry, SessionEntry):
            place = "home" if entry.at_home else "clinic"
        elif isinstance(entry, CompanionEntry):
            place = entry.companion.place if entry.companion.kind == "appointment" else "task"
        if not (self.for_patient and to_come and (start is not None or place == "task")):
            return f"{self.ending(status, start is not None)}END:VEVENT\r\n"
        day = self.text(self.words.day(entry.first))
        alarms = [
            f"{contentlines.line(f'DESCRIPTION:{said.replace(DAY, day)}')}TRIGGER:{trigger}\r\nEND:VALARM\r\n"
            for said, trigger in self.alarms(status, start, place)
        ]
        begin = "BEGIN:VALARM\r\nACTION:DISPLAY\r\n"
        return f"{self.ending(status, start is not None)}{begin}{begin.join(alarms)}END:VEVENT\r\n"

    @staticmethod
    def _ending(status: BookingStatus, timed: bool) -> str:
        """Return the lines about the status of an event, and whether it blocks time."""
        word = STATUS[status]
        blocks = "OPAQUE" if timed and word != "CANCELLED" else "TRANSPARENT"
        return f"STATUS:{word}\r\nTRANSP:{blocks}\r\n"

    def _alarms(self, status: BookingStatus, start: time | None, place: str) -> tuple[tuple[str, str], ...]:
        """Return what alarms say, with DAY for the day, and when; titles are discreet, whatever the calendar tells."""
        say = self.words.say
        if start is None:
            return ((contentlines.text(say("alarm_todo", day=DAY)), contentlines.duration(_IN_THE_MORNING)),)
        title, at = mark(self.words, discreet_title(self.words, place), status), self.words.clock(start)
        return tuple(
            (contentlines.text(say(key, title=title, day=DAY, time=at)), contentlines.duration(before))
            for key, before in _ALARMS.items()
        )


def _location(place: str) -> str:
    said = contentlines.text(place)
    return contentlines.line(f"LOCATION:{said}") if said else ""


def _key(entry: Entry) -> str:
    """Return what an event is told apart by in its course."""
    return entry.booking.id + DAY_AFTER if isinstance(entry, DayAfter) else entry.booking.id


def _state(entry: Entry) -> State:
    """Return what an event says that a client must not miss."""
    start, end = entry.start or entry.first, entry.end or entry.last + ONE_DAY
    return State(start, end, STATUS[entry.status], entry.booking.sequence)


def _can_be_event(entry: Entry) -> bool:
    """Whether something can be in a calendar: it has an hour that its day shows once, or is whole days."""
    if isinstance(entry, SessionEntry) and not is_in_calendars(entry.booking):
        return False
    return entry.start is not None or entry.is_whole_days


def _check_hour(entry: Entry, zone: str) -> None:
    """Refuse a session or an appointment without an hour, or with one that its day does not show once."""
    kind, booking = "session" if isinstance(entry, SessionEntry) else "appointment", entry.booking
    if booking.time is None:
        raise CannotWrite(
            what=f"{kind} {booking.id[:40]} has no time of day",
            where=f"{booking.day}",
            why="a calendar shows when to come",
            fix=f"plan the course with a calendar of opening hours, or give its {kind}s a time",
        )
    try:
        moment(booking.day, booking.time, zone)
    except KetschedError as error:
        raise error.within(f"{kind} {booking.id[:40]}") from None
