"""
Calendar files read back: our own full ones whole, those of other programs as sessions.

A full clinic calendar holds its course. What its events say is compared with that course,
so that a file somebody edited in a calendar program is refused and never read as it was.
From any other file come days, times and states; what the sessions follow comes from the
caller. Errors name the line and never repeat what stands on it: it may name a patient.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from ketsched.clock import choices, elapsed, zone_named
from ketsched.errors import CannotRead, InvalidTime, KetschedError
from ketsched.interchange import contentlines, jsonreading
from ketsched.interchange.ical import COURSE, STATUS
from ketsched.interchange.identity import session_uid
from ketsched.model import MOST_SESSIONS, Course, Protocol, Session, Status

if TYPE_CHECKING:
    import icalendar

_MOST_LEVELS = 10
_CONTENT_LINE = re.compile(r'([A-Za-z0-9-]+)((?:;[^:;"]+(?:"[^"]*"[^:;"]*)*)*):(.*)', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_READ_STATUS = {
    "": Status.FIRM,
    "CONFIRMED": Status.FIRM,
    "TENTATIVE": Status.TENTATIVE,
    "CANCELLED": Status.CLOSED,
}


def course_from(text: str, where: str, *, protocol: Protocol | None, zone: str | None) -> Course:
    """
    Read a course from the text of a calendar file.

    Args:
        text: The whole file.
        where: What errors call it.
        protocol: What the sessions follow, if the file holds no course.
        zone: Zone of the clinic; else the one zone that the events name.

    Raises:
        CannotRead: It is no calendar, or its events are not what sessions are.
    """
    outline = _outline(text, where)
    calendar = _parsed(text, where)
    events = [
        _Event(component, f"{where}, line {line}")
        for component, line in zip(calendar.walk("VEVENT"), outline.events, strict=False)
    ]
    if outline.course is not None:
        line, value = outline.course
        embedded = _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)
        course = jsonreading.course_from(embedded, f"{where}, line {line}, {COURSE}", embedded=True)
        _compare(course, events, where)
        return course
    if protocol is None:
        raise CannotRead(
            what="this calendar does not say which protocol its sessions follow",
            where=where,
            why="only a calendar written for the clinic at full privacy holds the whole course",
            fix='say which: protocol=load_protocol("iv-mwf-6"), on the command line --protocol iv-mwf-6; '
            "or read the course document (.json)",
        )
    method = str(calendar.get("METHOD", "")).strip().upper()
    return _bare(events, where, protocol, zone, cancelled=method == "CANCEL")


class _Outline(NamedTuple):
    """
    What the lines of a file say before anything is made of them.

    Attributes:
        events: The line at which each event begins.
        course: Line and value of the embedded course, if there is one.
    """

    events: list[int]
    course: tuple[int, str] | None


def _outline(text: str, where: str) -> _Outline:
    """Check that the text is content lines and that BEGIN and END fit, which the parser tells without a line."""
    events: list[int] = []
    course: tuple[int, str] | None = None
    levels: list[str] = []
    ended = False
    for number, line in _unfolded(text):
        found = _CONTENT_LINE.fullmatch(line)
        if found is None or (not levels and found[1].upper() != "BEGIN"):
            raise CannotRead(
                what="this is not a calendar file"
                if number == 1
                else "this is not a line of a calendar file",
                where=f"{where}, line {number}",
                why="a line is a name, a colon and a value, from BEGIN:VCALENDAR to END:VCALENDAR (RFC 5545 3.1)",
                fix="export the calendar again, or check that it is the file you meant",
            )
        name, value = found[1].upper(), found[3].strip().upper()
        if name == "BEGIN":
            if ended or (value == "VCALENDAR") != (not levels) or len(levels) == _MOST_LEVELS:
                raise CannotRead(
                    what="a part of the calendar begins where none can",
                    where=f"{where}, line {number}",
                    why="a file holds one calendar, and its parts lie within it",
                    fix="split the file into one for each calendar, or export it again",
                )
            levels.append(value)
            if value == "VEVENT":
                events.append(number)
        elif name == "END":
            if levels.pop() != value:
                raise CannotRead(
                    what="a part of the calendar ends that has not begun",
                    where=f"{where}, line {number}",
                    why="each BEGIN has its own END",
                    fix="export the calendar again",
                )
            ended = not levels
        elif name in ("DTSTART", "DTEND") and value.endswith("Z") and "TZID=" in found[2].upper():
            raise CannotRead(  # the parser drops the Z
                what=f"a {name} in a zone that cannot be told",
                where=f"{where}, line {number}",
                why="it names a zone and says UTC too",
                fix="export it with an IANA zone such as Europe/Amsterdam, or in UTC",
            )
        elif name == COURSE and len(levels) == 1:
            if course is not None:
                raise CannotRead(
                    what="this calendar holds two courses",
                    where=f"{where}, line {number}",
                    why="a file holds one",
                    fix="read the file that was written, not one joined from several",
                )
            course = number, found[3]
    if levels or not ended:
        raise CannotRead(
            what="this calendar file is cut off" if levels else "this is not a calendar file",
            where=where,
            why="it begins with BEGIN:VCALENDAR and ends with END:VCALENDAR",
            fix="copy or export it again",
        )
    if len(events) > MOST_SESSIONS:
        raise CannotRead(
            what=f"{len(events)} events",
            where=where,
            why=f"a course has at most {MOST_SESSIONS} sessions",
            fix="export the sessions of one course only",
        )
    return _Outline(events, course)


def _unfolded(text: str) -> Iterator[tuple[int, str]]:
    """Yield each content line, unfolded, with the number of its first line; blank ones are passed over."""
    begin, parts = 0, list[str]()
    for number, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if line[:1] in (" ", "\t") and parts:
            parts.append(line[1:])
        elif line.strip():
            if parts:
                yield begin, "".join(parts)
            begin, parts = number, [line]
    if parts:
        yield begin, "".join(parts)


def _parsed(text: str, where: str) -> icalendar.Calendar:
    import warnings

    import icalendar

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of guessed zones; each event's zone is checked below
            return icalendar.Calendar.from_ical(text)
    except Exception:  # the package raises what its values raise; the message repeats the file's text
        raise CannotRead(
            what="this calendar file cannot be read",
            where=where,
            why="a value in it is not of the form that RFC 5545 gives it",
            fix="export the calendar again",
        ) from None


@attrs.frozen(eq=False)
class _Event:
    """One event of the file, its values asked for with care."""

    component: Any
    where: str

    def error(self, what: str, why: str, fix: str) -> CannotRead:
        return CannotRead(what=what, where=self.where, why=why, fix=fix)

    def text(self, name: str) -> str:
        """Return a text; empty if there is none."""
        value = self._one(name)
        return "" if value is None else str(value).strip()

    def _one(self, name: str) -> Any:
        value = self.component.get(name)
        if isinstance(value, list):
            raise self.error(f"an event with {len(value)} {name}", "it has one at most", "remove the others")
        return value

    def time(self, name: str) -> tuple[date | datetime, str]:
        """Return the date, or the moment and the name of the zone it is in; "UTC" for that."""
        value = self._one(name)
        found: Any = None
        if value is not None:
            try:
                found = value.dt
                tzid = str(value.params.get("TZID", ""))
            except Exception:
                found = None
        if type(found) is date:
            return found, ""
        if type(found) is not datetime:
            raise self.error(
                f"an event whose {name} is {'missing' if value is None else 'not a date or time'}",
                "a session is on a day that exists, and has a time or none",
                "write it as 20270104T090000 with a TZID, or as a date",
            )
        if found.tzinfo is None and not tzid:
            raise self.error(
                f"an event whose {name} floats",
                "a time without a zone is another moment wherever it is read",
                "export it with its zone (TZID), or in UTC",
            )
        if found.tzinfo is None:
            raise self.error(
                f"an event whose {name} is in a zone that cannot be told",
                "the zone it names is neither known here nor described in the file",
                "export it with an IANA zone such as Europe/Amsterdam, or in UTC",
            )
        return found, str(getattr(found.tzinfo, "key", "")) or tzid

    def status(self) -> Status:
        """Return what the event's STATUS makes of a session."""
        said = self.text("STATUS").upper()
        if said not in _READ_STATUS:
            raise self.error(
                "an event with an unknown STATUS",
                "an event is TENTATIVE, CONFIRMED or CANCELLED (RFC 5545 3.8.1.11)",
                "correct it; a session is never assumed to have been given",
            )
        return _READ_STATUS[said]


def _compare(course: Course, events: list[_Event], where: str) -> None:
    """Refuse a file whose events are not those of the course in it."""

    def edited(what: str, at: str, why: str) -> CannotRead:
        return CannotRead(
            what=what,
            where=at,
            why=f"{why}; somebody edited the calendar after it was written",
            fix="make the change in the course and write the calendar again; to read the events as they "
            f"stand, take the line {COURSE} out and give protocol=",
        )

    if course.id is None:
        raise CannotRead(
            what="the course in this calendar has no id",
            where=where,
            why="its events cannot be told apart without one",
            fix="write the calendar again from the course document",
        )
    expected = {session_uid(course.id, session.id): session for session in course.sessions}
    seen: set[str] = set()
    for event in events:
        uid = event.text("UID")
        if uid not in expected or uid in seen:
            raise edited(
                "an event that is not in the course",
                event.where,
                "the course in the file has no such session",
            )
        seen.add(uid)
        session = expected[uid]
        try:
            moments = course.starts(session), course.ends(session)
        except KetschedError as error:
            raise event.error(error.what, error.why, error.fix) from None
        for name, moment in zip(("DTSTART", "DTEND"), moments, strict=True):
            found, _ = event.time(name)
            if not isinstance(found, datetime) or found.astimezone(UTC) != moment.astimezone(UTC):
                raise edited(
                    f"session {session.id[:40]} was moved in the calendar",
                    event.where,
                    f"its {name} is not {moment:%Y-%m-%d %H:%M}, as the course in the file says",
                )
        if contentlines.text(event.text("LOCATION")) != contentlines.text(session.place):
            raise edited(
                f"session {session.id[:40]} has another place in the calendar",
                event.where,
                "the course in the file says another LOCATION",
            )
        if event.text("STATUS").upper() != STATUS[session.status]:
            raise edited(
                f"session {session.id[:40]} has another status in the calendar",
                event.where,
                f"its STATUS is not {STATUS[session.status]}, as the course in the file says",
            )
    for uid, session in expected.items():
        if uid not in seen:
            raise edited(
                f"session {session.id[:40]} is missing from the calendar",
                where,
                f"the course in the file has it on {session.day}",
            )


def _bare(
    events: list[_Event], where: str, protocol: Protocol, zone: str | None, *, cancelled: bool
) -> Course:
    """Make a course of the events of any calendar, dealt out to the protocol's phases in order of time."""
    if not events:
        raise CannotRead(
            what="this calendar has no events", where=where, why="sessions are events", fix="check the export"
        )
    times = [_start(event) for event in events]
    place = _zone(
        [(event, name) for event, (_, name) in zip(events, times, strict=True) if name], where, zone
    )
    found: list[tuple[date, clock_time | None, Status, str, str, _Event]] = []
    for event, (start, _) in zip(events, times, strict=True):
        day, at = _local(event, start, place)
        status = Status.CLOSED if cancelled else event.status()
        found.append((day, at, status, event.text("UID"), event.text("LOCATION"), event))
    found.sort(key=lambda entry: (entry[0], entry[1] or clock_time()))
    names = protocol.deal([day for day, _, status, *_ in found if status.stands])
    sessions, ids, standing = [], set[str](), 0
    for number, (day, at, status, uid, location, event) in enumerate(found, 1):
        known = uid or f"s{number}"
        if known in ids:
            raise event.error(
                "a second event of one UID",
                "a UID names one event",
                "export the calendar again, or remove one",
            )
        ids.add(known)
        phase = names[standing] if standing < len(names) else protocol.phases[-1].name
        standing += status.stands
        try:
            session = Session(id=known, phase=phase, day=day, time=at, status=status, place=location)
        except KetschedError as error:
            text = error.where in ("id", "place")
            raise event.error(
                error.what if text else "an event at a time that no session has", error.why, error.fix
            ) from None
        sessions.append(session)
    try:
        return Course(protocol=protocol, zone=place, sessions=tuple(sessions))
    except KetschedError as error:
        raise CannotRead(
            what=error.what, where=f"{where}, {error.where}", why=error.why, fix=error.fix
        ) from None


def _start(event: _Event) -> tuple[date | datetime, str]:
    for name in ("RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"):
        if name in event.component:
            raise event.error(
                f"an event with {name}",
                "sessions are booked one by one: a repeated event does not say which of its days were moved or missed",
                "export each session as an event of its own",
            )
    start, zone = event.time("DTSTART")
    if "DTEND" in event.component:
        end, _ = event.time("DTEND")
        if isinstance(end, datetime) != isinstance(start, datetime) or not _within_a_day(start, end):
            raise event.error(
                "an event that ends before it begins, or lasts longer than a day",
                "a session takes place within a day",
                "check its start and end, or leave it out",
            )
    return start, zone


def _within_a_day(start: date | datetime, end: date | datetime) -> bool:
    if isinstance(start, datetime) and isinstance(end, datetime):
        try:
            return timedelta() <= elapsed(start, end) <= timedelta(days=1)
        except OverflowError:
            return False
    return start.toordinal() <= end.toordinal() <= start.toordinal() + 1


def _zone(named: list[tuple[_Event, str]], where: str, zone: str | None) -> str:
    """Return the zone of the clinic: the caller's, or the only one that the events name."""
    try:
        if zone is not None:
            return zone_named(zone).key
        zones: dict[str, _Event] = {}
        for event, name in named:
            zones.setdefault(name, event)
        if set(zones) <= {"UTC"}:
            raise CannotRead(
                what="this calendar does not say in which zone the clinic is",
                where=where,
                why="its times are in UTC, or it has none",
                fix='give the zone of the clinic: zone="Europe/Amsterdam", on the command line --zone Europe/Amsterdam',
            )
        first, *others = (name for name in zones if name != "UTC")
        if others:
            raise zones[others[0]].error(
                "an event in a second zone",
                f"the sessions of a course are in one zone; the file has {len(others) + 1}",
                'give the zone of the clinic: zone="Europe/Amsterdam", on the command line --zone Europe/Amsterdam',
            )
        try:
            return zone_named(first).key
        except InvalidTime as error:
            raise zones[first].error("an event in a zone that is not known", error.why, error.fix) from None
    except InvalidTime as error:
        raise error.within("zone") from None


def _local(event: _Event, start: date | datetime, zone: str) -> tuple[date, clock_time | None]:
    """Return day and time of day at the clinic."""
    if not isinstance(start, datetime):
        return start, None
    try:
        here = start.astimezone(UTC).astimezone(zone_named(zone))
    except OverflowError:
        raise event.error(
            "an event at the end of time", "days lie between 1970 and 2199", "check the year"
        ) from None
    at = here.time().replace(fold=0)
    same_zone = getattr(start.tzinfo, "key", "") == zone
    if (same_zone and here.replace(tzinfo=None) != start.replace(tzinfo=None)) or len(
        choices(here.date(), at, zone)
    ) != 1:
        raise event.error(
            "an event at a time that the clocks skip or show twice",
            f"the clocks of {zone} change in that hour, and readers differ about it",
            "move the session out of that hour",
        )
    return here.date(), at
