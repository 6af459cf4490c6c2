"""
The events of a calendar file, ours or another program's, their values asked for with care.

A file is looked through line by line before the `icalendar` package reads it, so that errors can
name the line. They never repeat what stands on it: it may name a patient.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from ketsched.errors import CannotRead
from ketsched.model import MOST_COMPANIONS, MOST_SESSIONS, BookingStatus
from ketsched.zones import is_zone

if TYPE_CHECKING:
    import icalendar

COURSE = "X-KETSCHED-COURSE"
"""Property that holds the course document in a clinic's full calendar; in no other, because it tells the drug."""

STATUS = {
    BookingStatus.TENTATIVE: "TENTATIVE",
    BookingStatus.FIRM: "CONFIRMED",
    BookingStatus.FULFILLED: "CONFIRMED",
    BookingStatus.MISSED: "CANCELLED",
    BookingStatus.CLOSED: "CANCELLED",
}
"""iCalendar's word for each status."""

_MOST_LEVELS = 10
_MOST_AROUND = MOST_COMPANIONS + MOST_SESSIONS
"""Events that belong to another one: appointments, tasks, and the days after sessions."""
_CONTENT_LINE = re.compile(r'([A-Za-z0-9-]+)((?:;[^:;"]+(?:"[^"]*"[^:;"]*)*)*):(.*)', re.DOTALL)
_READ_STATUS = {
    "": BookingStatus.FIRM,
    "CONFIRMED": BookingStatus.FIRM,
    "TENTATIVE": BookingStatus.TENTATIVE,
    "CANCELLED": BookingStatus.CLOSED,
}


class Outline(NamedTuple):
    """
    What the lines of a file say before anything is made of them.

    Attributes:
        events: The line at which each event begins.
        course: Line and value of the embedded course, if there is one.
    """

    events: list[int]
    course: tuple[int, str] | None


def outline(text: str, where: str) -> Outline:
    """Check that the text is content lines and that BEGIN and END fit, which the parser tells without a line."""
    events: list[int] = []
    belong: set[int] = set()
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
        elif name == "RELATED-TO" and levels[-1] == "VEVENT":
            belong.add(len(events))
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
    if len(events) - len(belong) > MOST_SESSIONS or len(belong) > _MOST_AROUND:
        raise CannotRead(
            what=f"{len(events)} events",
            where=where,
            why=f"a course has at most {MOST_SESSIONS} sessions and {MOST_COMPANIONS} appointments and tasks",
            fix="export the sessions of one course only",
        )
    return Outline(events, course)


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


def parsed(text: str, where: str) -> icalendar.Calendar:
    """Parse the text with the `icalendar` package; what it says of a fault repeats the text, so it is not told."""
    import warnings

    import icalendar

    try:
        # It remembers the zones that an earlier file described, and would take them for those of this one.
        icalendar.use_zoneinfo()  # type: ignore[no-untyped-call]
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


def zones_of(calendar: icalendar.Calendar) -> dict[str, str]:
    """
    Return the IANA names of the zones that a calendar describes itself and calls otherwise.

    Outlook has the names of Windows; others put the IANA name at the end, or beside it (X-LIC-LOCATION).
    """
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    found: dict[str, str] = {}
    for described in calendar.walk("VTIMEZONE"):
        name = str(described.get("TZID", ""))
        parts = name.strip("/ ").split("/")
        names = (
            WINDOWS_TO_OLSON.get(parts[-1], ""),
            str(described.get("X-LIC-LOCATION", "")),
            *("/".join(parts[begin:]) for begin in range(1, len(parts))),
        )
        found[name] = next((known for known in names if known and is_zone(known)), name)
    return found


@attrs.frozen(eq=False)
class Event:
    """
    One event of the file, its values asked for with care.

    Attributes:
        component: As it was parsed.
        where: What errors call it.
        zones: IANA names of zones that the file calls otherwise.
    """

    component: Any
    where: str
    zones: Mapping[str, str] = attrs.field(factory=dict)

    def error(self, what: str, why: str, fix: str) -> CannotRead:
        """Return an error that says where the event is."""
        return CannotRead(what=what, where=self.where, why=why, fix=fix)

    def text(self, name: str) -> str:
        """Return a text; empty if there is none."""
        value = self._one(name)
        return "" if value is None else str(value).strip()

    def belongs_to(self) -> set[str]:
        """Return the UIDs of what it is a part of (RELATED-TO, whose RELTYPE is PARENT unless it says so)."""
        related = self.component.get("RELATED-TO", [])
        return {
            str(value).strip()
            for value in (related if isinstance(related, list) else [related])
            if str(value.params.get("RELTYPE", "PARENT")).upper() == "PARENT"
        }

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
        return found, str(getattr(found.tzinfo, "key", "")) or self.zones.get(tzid, tzid)

    def status(self) -> BookingStatus:
        """Return what the event's STATUS makes of a session."""
        said = self.text("STATUS").upper()
        if said not in _READ_STATUS:
            raise self.error(
                "an event with an unknown STATUS",
                "an event is TENTATIVE, CONFIRMED or CANCELLED (RFC 5545 3.8.1.11)",
                "correct it; a session is never assumed to have been given",
            )
        return _READ_STATUS[said]
