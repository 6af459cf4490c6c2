"""
Calendar files (iCalendar, RFC 5545): one event for each session that was ever booked.

Only what changed, changes: an event's UID, SEQUENCE and stamp come from the course, never
from the clock of the machine, so publishing twice gives the same bytes. A session taken
off stays, as cancelled: readers that know it would keep it otherwise. The content lines
are written here, in the order in which the `icalendar` package sorts them, and the tests
hold every file to that package: it reads the same values and writes the same bytes.

What matters for safety stands in the description, because readers drop alarms.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any, NamedTuple

from ketsched.clock import changes_clocks, later, zone_named
from ketsched.errors import CannotWrite, KetschedError
from ketsched.interchange import contentlines, json
from ketsched.interchange.identity import changed_at, course_id, session_uid
from ketsched.interchange.vtimezones import vtimezone
from ketsched.interchange.wording import Audience, Privacy, Publication, clock
from ketsched.model import Anatomy, Course, Phase, Protocol, Session, Status

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

_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
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


class _Moments(NamedTuple):
    """When the parts of a session are, on the clock of the clinic."""

    start: datetime
    treatment: datetime
    treated: datetime
    observed: datetime
    end: datetime


class _Calendar:
    """
    Writes the lines of one calendar file.

    Sessions of a phase at the same time of day share most of their words; those are made
    once. That holds on days on which the clocks run evenly, which is asked each time.
    """

    def __init__(self, course: Course, publication: Publication) -> None:
        self.course, self.words, self.method = course, publication.words, publication.method
        self.id = course_id(course)
        self.audience, self.privacy = publication.audience, publication.privacy
        self.for_patient = self.audience is Audience.PATIENT
        self.named, self.full = self.privacy is not Privacy.DISCREET, self.privacy is Privacy.FULL
        self.place = zone_named(course.zone)
        self.phases = {phase.name: phase for phase in course.protocol.phases}
        self.lengths = {name: _lengths(phase.anatomy) for name, phase in self.phases.items()}
        self.numbers, self.totals = _numbers(course)
        self.findings: dict[str, list[str]] = {}
        if self.full and not self.for_patient:
            self._sort_findings(publication.findings)
        self.stamps: dict[int, str] = {}
        self.alike: dict[tuple[str, time | None, str], tuple[list[str], list[str]]] = {}
        self.alarms: dict[tuple[time | None, bool], str] = {}
        self.titles: dict[str, str] = {}
        self.category = contentlines.line(f"CATEGORIES:{contentlines.text(self.words.session)}")
        self.zoned = f";TZID={course.zone}:"
        self.decided = contentlines.text(self.words.decided_by[self.audience])

    def lines(self) -> Iterator[str]:
        """Yield the file, as `contentlines.line` returns lines; an event comes in one piece."""
        times = [self._moments(session) for session in self.course.sessions]
        both = [(at.start, at.end) for at in times]
        known = vtimezone(self.course.zone, chain.from_iterable(both))
        # Readers would not agree on some of the clock times; they do on UTC, and the other events stay as they were.
        told = [known is not None or vtimezone(self.course.zone, pair) is not None for pair in both]
        if known is None and any(told):
            known = vtimezone(self.course.zone, both[told.index(True)])
        yield from map(contentlines.line, self._head())
        if both:
            yield from map(contentlines.line, known or ())
        for session, at, local in zip(self.course.sessions, times, told, strict=True):
            yield self._event(session, at, local=local)
        yield contentlines.line("END:VCALENDAR")

    def _head(self) -> Iterator[str]:
        yield from ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{contentlines.text(self.words.product)}")
        yield "CALSCALE:GREGORIAN"
        if self.method is not None:
            yield f"METHOD:{self.method}"
        remarks = contentlines.text("\n".join(self.findings.get("", ())))
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

    def _sort_findings(self, findings: tuple[Any, ...]) -> None:
        for finding in findings:
            said = self.words.finding.format(code=finding.code, what=finding.what)
            about = getattr(finding, "sessions", ())  # the one to act on comes last
            self.findings.setdefault(about[-1] if about else "", []).append(said)

    def _event(self, session: Session, at: _Moments, *, local: bool) -> str:
        phase, status = self.phases[session.phase], session.status
        stamp = self._stamp(session)
        if local:
            start, end = self.zoned + contentlines.local(at.start), self.zoned + contentlines.local(at.end)
        else:
            start, end = f":{contentlines.utc(at.start)}", f":{contentlines.utc(at.end)}"
        described = r"\n".join(self._description(session, phase, at))
        location = contentlines.text(session.place) if self.named and session.place else ""
        # What is not passed through `line` is digits, codes and a zone's name: short, and without breaks.
        return (
            f"BEGIN:VEVENT\r\n{self._summary(self._title(session, phase))}DTSTART{start}\r\nDTEND{end}\r\n"
            f"DTSTAMP:{stamp}\r\nUID:{session_uid(self.id, session.id)}\r\nSEQUENCE:{session.sequence}\r\n"
            f"{self.category}CLASS:PRIVATE\r\n{contentlines.line(f'DESCRIPTION:{described}')}"
            f"LAST-MODIFIED:{stamp}\r\n{contentlines.line(f'LOCATION:{location}') if location else ''}"
            f"STATUS:{STATUS[status]}\r\nTRANSP:{'OPAQUE' if status.stands else 'TRANSPARENT'}\r\n"
            f"{self._alarms(session)}END:VEVENT\r\n"
        )

    def _summary(self, title: str) -> str:
        found = self.titles.get(title)
        if found is None:
            found = self.titles[title] = contentlines.line(f"SUMMARY:{contentlines.text(title)}")
        return found

    def _stamp(self, session: Session) -> str:
        revision = session.revised[-1]
        if revision not in self.stamps:
            self.stamps[revision] = contentlines.utc(changed_at(self.course, session))
        return self.stamps[revision]

    def _moments(self, session: Session) -> _Moments:
        if session.time is None:
            raise CannotWrite(
                what=f"session {session.id[:40]} has no time of day",
                where=f"{session.day}",
                why="a calendar shows when to come",
                fix="plan the course with a calendar of opening hours, or give its sessions a time",
            )
        if changes_clocks(session.day, self.course.zone):
            try:
                start = self.course.starts(session)
            except KetschedError as error:
                raise error.within(f"session {session.id[:40]}") from None
        else:
            start = datetime.combine(session.day, session.time, self.place)
        parts = self.lengths[session.phase]
        end = start + parts[-1]
        if end.date() == session.day and not changes_clocks(session.day, self.course.zone):
            return _Moments(start, start + parts[0], start + parts[1], start + parts[2], end)
        return _Moments(start, *(self._after(start, part // _MINUTE) for part in parts))

    def _after(self, start: datetime, minutes: int) -> datetime:
        """Return the moment so many minutes later; the detour over UTC is taken only where clocks change."""
        if not minutes:
            return start
        elapsed = timedelta(minutes=minutes)
        shown = start + elapsed
        first, last = start.date(), shown.date()
        if abs(last - first) <= _DAY and not (
            changes_clocks(first, self.course.zone)
            or (last != first and changes_clocks(last, self.course.zone))
        ):
            return shown
        return later(start, elapsed)

    def _title(self, session: Session, phase: Phase) -> str:
        words = self.words
        title = words.session
        if self.named:
            title = words.series.get(phase.kind, words.series["induction"])
            if session.status.stands:
                title = words.numbered.format(
                    title=title, number=self.numbers[session.id], total=self.totals[session.phase]
                )
        if self.full:
            title = words.with_route.format(title=title, route=phase.route)
        if session.status is Status.TENTATIVE:
            return words.tentative.format(title=title)
        return title if session.status.stands else words.cancelled.format(title=title)

    def _description(self, session: Session, phase: Phase, at: _Moments) -> list[str]:
        """Return the lines of the description, escaped."""
        text, status = contentlines.text, session.status
        if not status.stands:
            missed = status is Status.MISSED
            said = [text(self.words.did_not_take_place if missed else self.words.does_not_take_place)]
        else:
            said = [text(self.words.not_confirmed)] if status is Status.TENTATIVE else []
            before, after = self._around(session, phase, at)
            said += before
            if self.named and not self.for_patient and session.chair is not None:
                said.append(text(self.words.chair.format(number=session.chair)))
            if phase.no_driving is not None and (self.named or self.for_patient):
                said.append(text(self._driving(phase.no_driving, at)))
            said += after
        if self.full:
            protocol = self.course.protocol
            said.append(text(self.words.route.format(route=phase.route)))
            said.append(
                text(
                    self.words.protocol.format(title=protocol.title, id=protocol.id, version=protocol.version)
                )
            )
            said += map(text, self.findings.get(session.id, ()))
        said.append(self.decided)
        return said

    def _around(self, session: Session, phase: Phase, at: _Moments) -> tuple[list[str], list[str]]:
        """Return what is said before and after the one line that differs from day to day."""
        alike = (phase.name, session.time, session.place)
        even = not changes_clocks(session.day, self.course.zone)
        if even and (known := self.alike.get(alike)):
            return known
        home = self.course.is_at_home(session)
        since = [self._after(at.treatment, -r.minutes) for r in phase.before] if self.for_patient else []
        before = [self._when(phase, at, home), *self._before(phase, at, since)]
        after = []
        if self.for_patient and phase.no_driving is not None and not home:
            after.append(self.words.ride_home)
        if self.full or (self.named and not self.for_patient):
            after += self._parts(phase, at)
        both = list(map(contentlines.text, before)), list(map(contentlines.text, after))
        if even and all(moment.date() == session.day for moment in (*since, at.end)):
            self.alike[alike] = both
        return both

    def _when(self, phase: Phase, at: _Moments, home: bool) -> str:
        template = self.words.begins if home or not self.for_patient else self.words.arrive
        length = self.words.length(phase.anatomy.chair_time // _MINUTE)
        takes = self.words.takes.format(length=length, time=self._by(at.end, at.start))
        return f"{template.format(time=clock(at.start))} {takes}"

    def _by(self, moment: datetime, beside: datetime) -> str:
        """Say a clock time, with its day if that is not the one of the session."""
        return (
            clock(moment) if moment.date() == beside.date() and not moment.fold else self.words.moment(moment)
        )

    def _before(self, phase: Phase, at: _Moments, since: list[datetime]) -> Iterator[str]:
        """Say what the patient leaves out, and since when, counted back from the start of the treatment."""
        said = []
        for restriction, begin in zip(phase.before, since, strict=False):
            template = self.words.left_out.get(restriction.what.strip().casefold())
            if template is None:  # what it is could tell the drug
                template = self.words.left_out_full if self.full else self.words.left_out_discreet
            said.append(template.format(time=self._by(begin, at.start), what=restriction.what))
        yield from dict.fromkeys(said)

    def _driving(self, no_driving: timedelta | str, at: _Moments) -> str:
        """Say until when the patient does not drive, counted from the end of the treatment."""
        if isinstance(no_driving, timedelta):
            until = self._after(at.treated, -(-no_driving // _MINUTE))
            return self.words.no_driving_until.format(time=self.words.moment(until))
        return self.words.no_driving_next_day.format(day=self.words.date(at.treated.date() + _DAY))

    def _parts(self, phase: Phase, at: _Moments) -> Iterator[str]:
        words = self.words
        prepare, treatment, observe, discharge = words.parts
        if self.full:
            treatment = words.treatments.get(phase.route.strip().casefold(), treatment)
        for part, begin, end in zip((prepare, treatment, observe, discharge), at, at[1:], strict=False):
            if begin != end:
                said = {"start": self._by(begin, at.start), "end": self._by(end, at.start)}
                yield words.part.format(part=part, **said)
        if not self.for_patient:
            yield words.chair_free.format(time=self._by(at.end, at.start))

    def _alarms(self, session: Session) -> str:
        if not self.for_patient or session.status not in (Status.FIRM, Status.TENTATIVE):
            return ""
        unsure = session.status is Status.TENTATIVE
        found = self.alarms.get((session.time, unsure))
        if found is None:
            lines = self._alarm_lines(session.time or time(), unsure)
            found = self.alarms[session.time, unsure] = "".join(map(contentlines.line, lines))
        return found

    def _alarm_lines(self, start: time, unsure: bool) -> Iterator[str]:
        title = self.words.session  # on a locked screen, whatever the calendar itself may tell
        if unsure:
            title = self.words.tentative.format(title=title)
        for before, template in zip(_ALARMS, (self.words.tomorrow, self.words.today), strict=True):
            said = contentlines.text(template.format(title=title, time=clock(start)))
            yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{said}")
            yield from (f"TRIGGER:{contentlines.duration(before)}", "END:VALARM")


def _lengths(parts: Anatomy) -> tuple[timedelta, ...]:
    """Return how long after the start each part of a session ends."""
    minutes = accumulate((parts.prepare, parts.infusion, parts.observation, parts.discharge))
    return tuple(timedelta(minutes=elapsed) for elapsed in minutes)


def _numbers(course: Course) -> tuple[dict[str, int], dict[str, int]]:
    """Return the number of each session that stands, and how many stand in each phase; as `Course.number`, at once."""
    numbers: dict[str, int] = {}
    totals: dict[str, int] = {}
    for session in sorted(course.standing(), key=lambda s: (s.day, s.time or time(), s.id)):
        totals[session.phase] = numbers[session.id] = totals.get(session.phase, 0) + 1
    return numbers, totals
