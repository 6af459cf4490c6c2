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
from typing import TYPE_CHECKING, Any, NamedTuple

from ketsched.clock import changes_clocks, later, zone_named
from ketsched.errors import CannotWrite, KetschedError
from ketsched.interchange import contentlines, json
from ketsched.interchange.identity import changed_at, course_id, session_uid
from ketsched.interchange.vtimezones import vtimezone
from ketsched.interchange.wording import Audience, Privacy, Publication, clock
from ketsched.model import Course, Phase, Protocol, Session, Status

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

_DAY = timedelta(days=1)
_ALARMS = (timedelta(days=-1), timedelta(hours=-2))
"""Before the start, the one that matters more first: some readers keep one only."""


def dumps(course: Course, publication: Publication) -> bytes:
    """Return the bytes of a calendar file."""
    return contentlines.document(_Calendar(course, publication).lines())


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
    """Writes the lines of one calendar file."""

    def __init__(self, course: Course, publication: Publication) -> None:
        self.course, self.words = course, publication.words
        self.id = course_id(course)
        self.audience, self.privacy = publication.audience, publication.privacy
        self.for_patient = self.audience is Audience.PATIENT
        self.named, self.full = self.privacy is not Privacy.DISCREET, self.privacy is Privacy.FULL
        self.method = publication.method
        self.place = zone_named(course.zone)
        self.phases = {phase.name: phase for phase in course.protocol.phases}
        self.numbers, self.totals = _numbers(course)
        self.findings: dict[str, list[str]] = {}
        if self.full and not self.for_patient:
            self._sort_findings(publication.findings)
        self.stamps: dict[int, str] = {}
        title = contentlines.text(self.words.session)
        self.unchanging = f"CATEGORIES:{title}"

    def lines(self) -> Iterator[str]:
        zones: dict[str, tuple[str, ...]] = {}
        events = [line for session in self.course.sessions for line in self._event(session, zones)]
        yield from ("BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{contentlines.text(self.words.product)}")
        yield "CALSCALE:GREGORIAN"
        if self.method is not None:
            yield f"METHOD:{self.method}"
        remarks = contentlines.text("\n".join(self.findings.get("", ())))
        if remarks:
            yield f"DESCRIPTION:{remarks}"
        name = contentlines.text(self._name()) or contentlines.text(self.words.calendar)
        yield from (f"NAME:{name}", f"X-WR-CALNAME:{name}", "COLOR:teal", "REFRESH-INTERVAL;VALUE=DURATION:PT4H")
        if self.full and not self.for_patient:
            yield f"{COURSE}:{contentlines.text(json.compact(self.course))}"
        yield "X-PUBLISHED-TTL:PT4H"
        for zone in zones.values():
            yield from zone
        yield from events
        yield "END:VCALENDAR"

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

    def _event(self, session: Session, zones: dict[str, tuple[str, ...]]) -> list[str]:
        phase = self.phases[session.phase]
        at = self._moments(session, phase)
        stamp = self._stamp(session)
        title = contentlines.text(self._title(session, phase))
        described = contentlines.text("\n".join(self._description(session, phase, at)))
        known = vtimezone(self.course.zone, (at.start, at.end))
        if known is None:  # readers would not agree on these clock times; they do on UTC
            start, end = f":{contentlines.utc(at.start)}", f":{contentlines.utc(at.end)}"
        else:
            zones[self.course.zone] = known
            zone = f";TZID={self.course.zone}:"
            start, end = zone + contentlines.local(at.start), zone + contentlines.local(at.end)
        status = STATUS[session.status]
        lines = [
            "BEGIN:VEVENT",
            f"SUMMARY:{title}",
            f"DTSTART{start}",
            f"DTEND{end}",
            f"DTSTAMP:{stamp}",
            f"UID:{session_uid(self.id, session.id)}",
            f"SEQUENCE:{session.sequence}",
            self.unchanging,
            "CLASS:PRIVATE",
            f"DESCRIPTION:{described}",
            f"LAST-MODIFIED:{stamp}",
        ]
        if self.named and session.place and (place := contentlines.text(session.place)):
            lines.append(f"LOCATION:{place}")
        lines += (f"STATUS:{status}", f"TRANSP:{'OPAQUE' if session.status.stands else 'TRANSPARENT'}")
        if self.for_patient and session.status in (Status.FIRM, Status.TENTATIVE):
            lines += self._alarms(session, at.start)
        lines.append("END:VEVENT")
        return lines

    def _stamp(self, session: Session) -> str:
        revision = session.revised[-1]
        if revision not in self.stamps:
            self.stamps[revision] = contentlines.utc(changed_at(self.course, session))
        return self.stamps[revision]

    def _moments(self, session: Session, phase: Phase) -> _Moments:
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
        parts = phase.anatomy
        treatment = self._after(start, parts.prepare)
        treated = self._after(treatment, parts.infusion)
        observed = self._after(treated, parts.observation)
        return _Moments(start, treatment, treated, observed, self._after(observed, parts.discharge))

    def _after(self, start: datetime, minutes: int) -> datetime:
        """Return the moment so many minutes later; the detour over UTC is taken only where clocks change."""
        if not minutes:
            return start
        elapsed = timedelta(minutes=minutes)
        shown = start + elapsed
        first, last = sorted((start.date(), shown.date()))
        if last - first <= _DAY and not (
            changes_clocks(first, self.course.zone) or (last != first and changes_clocks(last, self.course.zone))
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

    def _description(self, session: Session, phase: Phase, at: _Moments) -> Iterator[str]:
        words = self.words
        match session.status:
            case Status.MISSED:
                yield words.did_not_take_place
            case Status.CLOSED:
                yield words.does_not_take_place
            case _:
                if session.status is Status.TENTATIVE:
                    yield words.not_confirmed
                home = (session.place or phase.place).strip().casefold() == "home"
                yield self._when(phase, at, home)
                if self.for_patient:
                    yield from dict.fromkeys(self._before(phase, at))
                    yield from self._afterwards(phase, at)
                    if phase.no_driving is not None and not home:
                        yield words.ride_home
                if self.full or (self.named and not self.for_patient):
                    yield from self._parts(phase, at)
                if self.named and not self.for_patient:
                    if session.chair is not None:
                        yield words.chair.format(number=session.chair)
                    yield from self._afterwards(phase, at)
        if self.full:
            yield words.route.format(route=phase.route)
            protocol = self.course.protocol
            yield words.protocol.format(title=protocol.title, id=protocol.id, version=protocol.version)
            yield from self.findings.get(session.id, ())
        yield words.decided_by[self.audience]

    def _when(self, phase: Phase, at: _Moments, home: bool) -> str:
        template = self.words.begins if home or not self.for_patient else self.words.arrive
        length = self.words.length(phase.anatomy.chair_time // timedelta(minutes=1))
        takes = self.words.takes.format(length=length, time=self._by(at.end, at.start))
        return f"{template.format(time=clock(at.start))} {takes}"

    def _by(self, moment: datetime, beside: datetime) -> str:
        """Say a clock time, with its day if that is not the one of the session."""
        return clock(moment) if moment.date() == beside.date() and not moment.fold else self.words.moment(moment)

    def _before(self, phase: Phase, at: _Moments) -> Iterator[str]:
        """Say what the patient leaves out, counted back from the start of the treatment."""
        for restriction in phase.before:
            since = self._by(self._after(at.treatment, -restriction.minutes), at.start)
            known = self.words.left_out.get(restriction.what.strip().casefold())
            if known is None:  # what it is could tell the drug
                known = self.words.left_out_full if self.full else self.words.left_out_discreet
            yield known.format(time=since, what=restriction.what)

    def _afterwards(self, phase: Phase, at: _Moments) -> Iterator[str]:
        """Say until when the patient does not drive, counted from the end of the treatment."""
        if isinstance(phase.no_driving, timedelta):
            until = self._after(at.treated, -(-phase.no_driving // timedelta(minutes=1)))
            yield self.words.no_driving_until.format(time=self.words.moment(until))
        elif phase.no_driving is not None:
            yield self.words.no_driving_next_day.format(day=self.words.date(at.treated.date() + _DAY))

    def _parts(self, phase: Phase, at: _Moments) -> Iterator[str]:
        words = self.words
        prepare, treatment, observe, discharge = words.parts
        if self.full:
            treatment = words.treatments.get(phase.route.strip().casefold(), treatment)
        for part, begin, end in (
            (prepare, at.start, at.treatment),
            (treatment, at.treatment, at.treated),
            (observe, at.treated, at.observed),
            (discharge, at.observed, at.end),
        ):
            if begin != end:
                yield words.part.format(
                    start=self._by(begin, at.start), end=self._by(end, at.start), part=part
                )
        if not self.for_patient:
            yield words.chair_free.format(time=self._by(at.end, at.start))

    def _alarms(self, session: Session, start: datetime) -> Iterator[str]:
        title = self.words.session  # on a locked screen, whatever the calendar itself may tell
        if session.status is Status.TENTATIVE:
            title = self.words.tentative.format(title=title)
        for before, template in zip(_ALARMS, (self.words.tomorrow, self.words.today), strict=True):
            said = contentlines.text(template.format(title=title, time=clock(start)))
            yield from ("BEGIN:VALARM", "ACTION:DISPLAY", f"DESCRIPTION:{said}")
            yield from (f"TRIGGER:{contentlines.duration(before)}", "END:VALARM")


def _numbers(course: Course) -> tuple[dict[str, int], dict[str, int]]:
    """Return the number of each session that stands, and how many stand in each phase; as `Course.number`, at once."""
    numbers: dict[str, int] = {}
    totals: dict[str, int] = {}
    for session in sorted(course.standing(), key=lambda s: (s.day, s.time or time(), s.id)):
        totals[session.phase] = numbers[session.id] = totals.get(session.phase, 0) + 1
    return numbers, totals
