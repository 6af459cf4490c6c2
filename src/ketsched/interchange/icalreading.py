"""
Calendar files read back: our own full ones whole, those of other programs as sessions.

A full clinic calendar holds its course. What its events say is compared with that course,
so that a file somebody edited in a calendar program is refused and never read as it was.
From any other file come days, times and states; what the sessions follow comes from the
caller, and an event that belongs to another one of the file is no session.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from functools import partial
from typing import NamedTuple

from ketsched.agenda import agenda
from ketsched.clock import choices, elapsed
from ketsched.errors import CannotRead, InvalidTime, KetschedError
from ketsched.interchange import contentlines, jsonreading
from ketsched.interchange.icalevents import COURSE, STATUS, Event, outline, parsed, zones_of
from ketsched.interchange.identity import adopted_uids, uids_of
from ketsched.model import BookingStatus, Course, Protocol, Session
from ketsched.moments import DAY, CompanionEntry, SessionEntry
from ketsched.zones import is_zone, same_zone, zone_named

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_GIVE_ZONE = (
    'give the zone of the clinic: zone="Europe/Amsterdam", on the command line --zone Europe/Amsterdam'
)


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
    found = outline(text, where)
    calendar = parsed(text, where)
    zones = zones_of(calendar)
    events = [
        Event(component, f"{where}, line {line}", zones)
        for component, line in zip(calendar.walk("VEVENT"), found.events, strict=False)
    ]
    if found.course is not None:
        line, value = found.course
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


def _compare(course: Course, events: list[Event], where: str) -> None:
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
    expected = {booked.uid: booked for booked in _expected(course, course.id)}
    seen: set[str] = set()
    for event in events:
        uid = event.text("UID")
        if uid not in expected or uid in seen:
            raise edited(
                "an event that is not in the course",
                event.where,
                "the course in the file has no such session, appointment or task",
            )
        seen.add(uid)
        booked = expected[uid]
        try:
            moments = booked.times()
        except KetschedError as error:
            raise event.error(error.what, error.why, error.fix) from None
        for name, moment in zip(("DTSTART", "DTEND"), moments, strict=True):
            found, _ = event.time(name)
            if not _same(found, moment):
                raise edited(
                    f"{booked.name} was moved in the calendar",
                    event.where,
                    f"its {name} is not {_said(moment)}, as the course in the file says",
                )
        if contentlines.text(event.text("LOCATION")) != contentlines.text(booked.place):
            raise edited(
                f"{booked.name} has another place in the calendar",
                event.where,
                "the course in the file says another LOCATION",
            )
        if event.text("STATUS").upper() != STATUS[booked.status]:
            raise edited(
                f"{booked.name} has another status in the calendar",
                event.where,
                f"its STATUS is not {STATUS[booked.status]}, as the course in the file says",
            )
    for uid, booked in expected.items():
        if uid not in seen:
            raise edited(
                f"{booked.name} is missing from the calendar",
                where,
                f"the course in the file has it on {booked.day}",
            )


class _Booked(NamedTuple):
    """What the event of one booking says in a clinic's file; `times` finds its start and end."""

    uid: str
    name: str
    day: date
    times: Callable[[], tuple[date, date]]
    place: str
    status: BookingStatus


def _expected(course: Course, course_id: str) -> Iterator[_Booked]:
    held, uid_of = agenda(course), uids_of(course_id, course.key)
    own = adopted_uids(course)
    for entry in held.booked:
        booking = entry.booking
        if isinstance(entry, CompanionEntry):
            kind, place = entry.companion.kind, ""
            told = entry.companion.for_clinic and not entry.is_part_of_session
        else:
            kind, place, told = "session", entry.booking.place, booking.id in held.in_calendars
        if told:
            times = partial(_times, course, entry)
            uid, name = own.get(booking.id) or uid_of(booking.id), f"{kind} {booking.id[:40]}"
            yield _Booked(uid, name, booking.day, times, place, booking.status)


def _times(course: Course, entry: SessionEntry | CompanionEntry) -> tuple[date, date]:
    """Return when an event starts and ends; a session and an appointment have an hour that their day shows once."""
    if entry.start is not None and entry.end is not None:
        return entry.start, entry.end
    if isinstance(entry, SessionEntry):
        return course.starts(entry.booking), course.ends(entry.booking)
    return course.appointment(entry.booking) or (entry.first, entry.last + DAY)


def _same(found: date, expected: date) -> bool:
    """Whether an event is when the course says, in whatever zone: a moment, or a date."""
    if isinstance(found, datetime) and isinstance(expected, datetime):
        return found.astimezone(UTC) == expected.astimezone(UTC)
    return found == expected  # a date equals no moment


def _said(moment: date) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if isinstance(moment, datetime) else f"{moment}"


def _bare(
    events: list[Event], where: str, protocol: Protocol, zone: str | None, *, cancelled: bool
) -> Course:
    """Make a course of the events of any calendar, dealt out to the protocol's phases in order of time."""
    uids = {event.text("UID") for event in events} - {""}
    events = [event for event in events if not event.belongs_to() & uids - {event.text("UID")}]
    if not events:
        raise CannotRead(
            what="this calendar has no events" + " of their own" * bool(uids),
            where=where,
            why="sessions are events that belong to no other one (RELATED-TO)"
            if uids
            else "sessions are events",
            fix="check the export",
        )
    times = [_start(event) for event in events]
    place = _zone(
        [(event, name) for event, (_, name) in zip(events, times, strict=True) if name], where, zone
    )
    found: list[tuple[date, clock_time | None, BookingStatus, str, str, Event]] = []
    for event, (start, _) in zip(events, times, strict=True):
        day, at = _local(event, start, place)
        status = BookingStatus.CLOSED if cancelled else event.status()
        found.append((day, at, status, event.text("UID"), event.text("LOCATION"), event))
    found.sort(key=lambda entry: (entry[0], entry[1] or clock_time()))
    names = protocol.assign_phases([day for day, _, status, *_ in found if status.stands])
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
        return Course(protocol=protocol.at_zone(place), zone=place, sessions=tuple(sessions))
    except KetschedError as error:
        raise CannotRead(
            what=error.what, where=f"{where}, {error.where}", why=error.why, fix=error.fix
        ) from None


def _start(event: Event) -> tuple[date | datetime, str]:
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


def _zone(named: list[tuple[Event, str]], where: str, zone: str | None) -> str:
    """Return the zone of the clinic: the caller's, or the only one that the events name."""
    try:
        if zone is not None:
            return zone_named(zone).key
        zones: dict[str, Event] = {}
        for event, name in named:
            same = (other for other in ("UTC", *zones) if is_zone(name) and same_zone(other, name))
            zones.setdefault(next(same, name), event)
        if set(zones) <= {"UTC"}:
            raise CannotRead(
                what="this calendar does not say in which zone the clinic is",
                where=where,
                why="its times are in UTC, or it has none",
                fix=_GIVE_ZONE,
            )
        first, *others = (name for name in zones if name != "UTC")
        if others:
            raise zones[others[0]].error(
                "an event in a second zone",
                f"the sessions of a course are in one zone; the file has {len(others) + 1}",
                _GIVE_ZONE,
            )
        if not is_zone(first):
            raise zones[first].error(
                "an event in a zone that is not known",
                "its name is neither in the IANA time zone database nor one of Windows",
                _GIVE_ZONE,
            )
        return first
    except InvalidTime as error:
        raise error.within("zone") from None


def _local(event: Event, start: date | datetime, zone: str) -> tuple[date, clock_time | None]:
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
    named = getattr(start.tzinfo, "key", "")
    if (named and same_zone(named, zone) and here.replace(tzinfo=None) != start.replace(tzinfo=None)) or len(
        choices(here.date(), at, zone)
    ) != 1:
        raise event.error(
            "an event at a time that the clocks skip or show twice",
            f"the clocks of {zone} change in that hour, and readers differ about it",
            "move the session out of that hour",
        )
    return here.date(), at
