"""
Calendar servers (CalDAV, RFC 4791): each event of a course is put there by itself, and only if it has to be.

Nothing is remembered between two runs. What stands on the server is compared with what the
course says now and what its earlier revisions said: an event that is as some revision gave it
is ours, and may be replaced; one that somebody moved, cancelled or counted further there is a
conflict, which is reported and left alone. Every event is written on the condition that it is
still as it was read (If-Match), so that two who publish at once cannot undo each other's work,
and a run that broke off is finished by the next.

The `caldav` package speaks to the server; what is put there are the bytes of our own calendar
files, because its `save` counts SEQUENCE up. It is an extra: `pip install "ketsched[caldav]"`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import attrs

from ketsched.arguments import checked
from ketsched.clock import day_words
from ketsched.errors import CannotWrite
from ketsched.interchange.calendarserver import connected, host_of, not_allowed, server_errors, shown
from ketsched.interchange.ical import Resource, State, resources
from ketsched.model import Course
from ketsched.words.wording import Publication

if TYPE_CHECKING:
    from caldav.davclient import DAVClient

_TEXTS = ("SUMMARY", "DESCRIPTION", "LOCATION")
"""What people read, and what is replaced where only it differs; reminders that somebody changed there stay."""

_WRITES = ("added", "updated")
"""What is done about an event by writing it."""

_ACCEPTED = (200, 201, 204)
"""What a server answers that has taken an event."""

_ABOUT_THE_EVENT = (400, 409, 412, 413, 415, 422)
"""What a server answers that would not take this one: what is in it, its size, its form, or that it has changed."""

_DAV, _CALDAV = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
_UID_TAKEN = {f"{_CALDAV}no-uid-conflict", f"{_CALDAV}unique-scheduling-object-resource"}
"""What a server says where another file of the calendar has the UID (RFC 4791 5.3.2.1, RFC 6638 3.2.4.1)."""

_COLLECTION = """<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop>
<d:resourcetype/><c:supported-calendar-component-set/></d:prop></d:propfind>"""
_EVENTS = """<?xml version="1.0" encoding="utf-8"?>
<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop>
<d:getetag/><c:calendar-data/></d:prop><c:filter><c:comp-filter name="VCALENDAR">
<c:comp-filter name="VEVENT"/></c:comp-filter></c:filter></c:calendar-query>"""


@attrs.frozen
class Published:
    """
    What became of one event.

    Attributes:
        uid: Its UID.
        booking: Id of the session, appointment or task that it is of.
        title: What it is called, as published.
        day: Its local date at the clinic.
        action: "added", "updated", "unchanged", "conflict" (somebody changed it there, or the server
            refuses it; it was left alone), or "kept" (nothing to do, although the server says
            something else: see `why`).
        why: In a few words.
    """

    uid: str
    booking: str
    title: str
    day: date
    action: str
    why: str = ""


@checked
def publish(  # noqa: PLR0913 - public, each a keyword
    course: Course,
    url: str,
    *,
    username: str | None = None,
    password: str | None = None,
    audience: str = "patient",
    privacy: str = "discreet",
    language: str = "",
    overwrite: Collection[str] = (),
    dry_run: bool = False,
    verify: bool | str | Path = True,
    insecure: bool = False,
) -> tuple[Published, ...]:
    """
    Bring a calendar on a CalDAV server up to date with a course, and say what became of each event.

    It is safe to repeat: a second run finds everything as it should be and writes nothing. An
    event that was deleted there is added again, unless it is cancelled; nothing is ever deleted.
    Text that somebody wrote into an event of ours is replaced by ours; reminders that somebody
    changed there stay until the event itself changes.

    Args:
        course: It needs an id, and its revisions a moment.
        url: Of the calendar itself, one collection of events. User and password do not belong in it.
        username: None: the server asks for none.
        password: None: likewise.
        audience: As in `write`.
        privacy: As in `write`; whoever may read the calendar reads the events.
        language: As in `write`.
        overwrite: UIDs or booking ids of conflicts to be decided for the course, against what was changed there.
        dry_run: Whether nothing is written; what would be is returned.
        verify: The path of a file of certificates to trust, if not those of the machine; not False.
        insecure: Whether http:// is allowed to another machine: whoever is between reads user, password and events.

    Raises:
        InvalidInput: The address or another argument cannot be used.
        CannotWrite: The server cannot be reached, does not let this user in, has no such calendar,
            accepts nothing, says too much or takes too long, or its certificate is not trusted;
            or the course lacks what calendars need. Events that were
            already written stay, and the next run goes on from there.
    """
    publication = Publication(audience=audience, privacy=privacy, language=language)
    with connected(url, username, password, verify, insecure=insecure) as client:
        events = tuple(resources(course, publication))
        collection = _Collection(client, url)
        collection.check()
        on_server = collection.events({event.uid for event in events})
        done: list[Published] = []
        for event in events:
            stored = on_server.get(event.uid, [])
            forced = not {event.uid, event.booking}.isdisjoint(overwrite)
            action, why = _decide(event, stored, forced=forced)
            if action in _WRITES and not dry_run:
                try:
                    refused = collection.put(event, stored[0] if stored else None)
                except CannotWrite as error:
                    written = sum(one.action in _WRITES for one in done)
                    raise CannotWrite(
                        what=error.what,
                        where=error.where,
                        why=error.why,
                        fix=f"{error.fix}; {written} events were written before, and the next run goes on from there",
                    ) from None
                if refused:
                    action, why = "conflict", refused
            done.append(Published(event.uid, event.booking, event.title, event.day, action, why))
        if not on_server:
            collection.check_accepted()
        return tuple(done)


def calendars(
    url: str,
    *,
    username: str | None = None,
    password: str | None = None,
    verify: bool | str | Path = True,
    insecure: bool = False,
) -> tuple[str, ...]:
    """
    Return the addresses of a user's calendars, as a server tells them.

    Args:
        url: Any address of the server that knows its users, often its root.
        username: As in `publish`.
        password: As in `publish`.
        verify: As in `publish`.
        insecure: As in `publish`.

    Raises:
        InvalidInput: As in `publish`.
        CannotWrite: As in `publish`.
    """
    with connected(url, username, password, verify, insecure=insecure) as client:
        # Their names may be people's, and are left with the server.
        return tuple(sorted(str(calendar.url) for calendar in client.get_calendars()))


def credentials(url: str, environ: Mapping[str, str]) -> tuple[str | None, str | None]:
    """
    Return user and password for a server: from an environment, or else from the machine's keyring.

    The keyring is asked for the server's host name, as in `keyring set cal.example.org nurse`, if the
    `keyring` package is installed. None stands for what is not known.

    Args:
        url: Of the calendar.
        environ: May have KETSCHED_CALDAV_USER and KETSCHED_CALDAV_PASSWORD.
    """
    user = environ.get("KETSCHED_CALDAV_USER") or None
    password = environ.get("KETSCHED_CALDAV_PASSWORD") or None
    if password is None:
        try:
            import keyring
            import keyring.errors
        except ImportError:
            return user, None
        host = host_of(url)
        try:
            kept = keyring.get_credential(host, user) if host else None
        except keyring.errors.KeyringError:  # locked, or this machine has none
            kept = None
        if kept is not None and (user is None or kept.username == user):
            return kept.username, kept.password
    return user, password


class _StoredEvent(NamedTuple):
    """
    An event as it is on the server.

    Attributes:
        address: Of its file.
        etag: Name of the version; empty if the server tells none.
        text: The file.
    """

    address: str
    etag: str
    text: str


class _Collection:
    """One calendar on a server."""

    def __init__(self, client: DAVClient, url: str) -> None:
        self.client, self.shown = client, shown(url)
        self.answers: list[int] = []  # of the events that were to be written

    def check(self) -> None:
        """Refuse what is no calendar."""
        response = self.client.propfind(str(self.client.url), _COLLECTION, depth=0)
        tree: Any = response.tree if response.status == 207 else None
        statuses = (
            [] if tree is None else [tag.text or "" for tag in tree.iterfind(f"{_DAV}response/{_DAV}status")]
        )
        if response.status == 404 or any(" 404 " in f"{text} " for text in statuses):
            raise CannotWrite(
                what="there is no such calendar",
                where=self.shown,
                why="the server knows nothing at this address",
                fix="check it, or make the calendar there first; ketsched makes none",
            )
        kinds, parts = set[str](), set[str]()
        if tree is not None:
            kinds = {child.tag for kind in tree.iter(f"{_DAV}resourcetype") for child in kind}
            parts = {comp.get("name", "").upper() for comp in tree.iter(f"{_CALDAV}comp")}
        if f"{_CALDAV}calendar" not in kinds or (parts and "VEVENT" not in parts):
            raise CannotWrite(
                what="this is not a calendar for events",
                where=self.shown,
                why="the server has something else at this address, or no calendars at all",
                fix="give the address of the calendar itself; ketsched.interchange.caldav.calendars(url) finds them",
            )

    def events(self, uids: Collection[str]) -> dict[str, list[_StoredEvent]]:
        """Return the events with these UIDs, under whatever names the server has them."""
        response = self.client.report(str(self.client.url), _EVENTS, depth=1)
        if response.status != 207 or response.tree is None:
            raise self._unusable(response.status)
        events: dict[str, list[_StoredEvent]] = {}
        tree: Any = response.tree
        for answer in tree.iter(f"{_DAV}response"):
            text = "".join(data.text or "" for data in answer.iter(f"{_CALDAV}calendar-data"))
            # Of other people's events no more is read than this.
            named = _names_in(text) & set(uids)
            if named:
                etag = "".join(tag.text or "" for tag in answer.iter(f"{_DAV}getetag")).strip()
                event = _StoredEvent(self._address(answer.findtext(f"{_DAV}href") or ""), etag, text)
                for uid in named:
                    events.setdefault(uid, []).append(event)
        return events

    def _address(self, href: str) -> str:
        try:
            return str(self.client.url.join(href.strip()))
        except ValueError:  # another host or scheme
            raise CannotWrite(
                what="the server names an event on another machine",
                where=self.shown,
                why="events go only where they were sent",
                fix="give the address of the calendar on that machine",
            ) from None

    def put(self, event: Resource, stored: _StoredEvent | None) -> str:
        """Write an event if it is still as it was read; return why not, or nothing."""
        address = stored.address if stored else str(self.client.url.join(f"{_in_address(event.uid)}.ics"))
        headers = {
            "Content-Type": "text/calendar; charset=utf-8",
            **({"If-Match": stored.etag} if stored else {"If-None-Match": "*"}),
        }
        try:
            with server_errors(self.shown):
                status = self._answer_to(address, event, headers)
        except CannotWrite as fault:
            raise CannotWrite(
                what=fault.what,
                where=f"{self.shown}, event of {event.booking[:40]}",
                why=fault.why,
                fix=fault.fix,
            ) from None
        self.answers.append(status)
        if status in (409, 412):
            return f"somebody {'changed' if stored else 'put'} it there in the meantime"
        return "" if status in _ACCEPTED else f"the server refuses it ({status})"

    def _answer_to(self, address: str, event: Resource, headers: dict[str, str]) -> int:
        """Return the status of the answer to an event; what stops everything is raised."""
        from caldav.lib import error

        try:
            return int(self.client.put(address, event.content.decode(), headers).status)
        except error.AuthorizationError as fault:
            if _UID_TAKEN.intersection(fault.preconditions):
                return 409
            if fault.status != 403:
                raise
            return 403

    def check_accepted(self) -> None:
        """Refuse a server that has none of the course's events and takes none, for a reason that is not in them."""
        status = self.answers[0] if len(self.answers) > 1 and len(set(self.answers)) == 1 else 200
        if status == 403:
            raise not_allowed(self.shown)
        if status not in (*_ACCEPTED, *_ABOUT_THE_EVENT):
            raise self._unusable(status)

    def _unusable(self, status: int) -> CannotWrite:
        return CannotWrite(
            what="the server refuses",
            where=self.shown,
            why=f"its answer is {status}",
            fix="try again later, or ask whoever runs it",
        )


def _decide(event: Resource, stored: list[_StoredEvent], *, forced: bool) -> tuple[str, str]:
    """Return what to do about an event, and why."""
    state = event.state
    if not stored:
        if state.status == "CANCELLED":
            return "kept", "it is cancelled, and not there"
        return "added", ""
    if len(stored) > 1:
        return "conflict", f"it is there {len(stored)} times"
    on_server = _read(stored[0].text, event.uid)
    if not stored[0].etag or stored[0].etag.startswith("W/"):
        conflict = "the server does not say which version of it is there"
    elif on_server is None:
        conflict = "it is there in a form that cannot be compared"
    else:
        conflict = ""
        shown, texts = on_server
        ours = _in_utc(state)
        if shown == ours:
            mine = _read(event.content.decode(), event.uid)
            if mine is None or mine[1] != texts:
                return "updated", "its text was another"
            return "unchanged", ""
        if shown in map(_in_utc, event.earlier):
            return "updated", ""
        if shown[:3] == ours[:3]:  # somebody there has done what the course says, too
            counted = shown.sequence > ours.sequence
            return "kept" if counted else "updated", "it was changed there to what the course says"
        conflict = _difference(shown, ours, state.start)
    if forced and stored[0].etag:
        return "updated", f"overwritten: {conflict}"
    return "conflict", conflict


def _difference(shown: State, ours: State, at_clinic: date) -> str:
    """Say what somebody changed there, in the time of the clinic, which the start of our event is told in."""
    if shown.status != ours.status and shown.status == "CANCELLED":
        return "it was cancelled there"
    if shown[:2] != ours[:2]:
        start, zone = shown.start, at_clinic.tzinfo if isinstance(at_clinic, datetime) else UTC
        if isinstance(start, datetime):
            start = start.astimezone(zone)
            return f"it was moved there, to {day_words(start.date())} at {start:%H:%M}"
        return f"it was moved there, to {day_words(start)}"
    if shown.status != ours.status:
        return "its status was changed there"
    return f"it was changed there: its SEQUENCE is {shown.sequence}, the course has {ours.sequence}"


def _in_utc(state: State) -> State:
    """Return a state whose moments can be compared, whatever zone they are told in."""
    start, end = (at.astimezone(UTC) if isinstance(at, datetime) else at for at in state[:2])
    return State(start, end, state.status, state.sequence)


def _in_address(name: str) -> str:
    """Return a name as one step of an address; a UID from elsewhere can have any character."""
    kept = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    return "".join(chr(octet) if octet in kept else f"%{octet:02X}" for octet in name.encode())


def _names_in(text: str) -> set[str]:
    """Return the UIDs in a file: unfolded, and as they are without the escapes of a text (RFC 5545 3.1, 3.3.11)."""
    lines = re.findall(r"^UID[^:\n]*:(.*)$", re.sub(r"\r?\n[ \t]", "", text), re.MULTILINE | re.IGNORECASE)
    return {re.sub(r"\\([\\;,])", r"\1", line).strip() for line in lines}


def _read(text: str, uid: str) -> tuple[State, tuple[str, ...]] | None:
    """Return state and texts of the one event of a file; None if it is not one that we could have written."""
    import warnings

    import icalendar

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of guessed zones
            calendar: Any = icalendar.Calendar.from_ical(text)
            (event,) = calendar.walk("VEVENT")
            start: date = event["DTSTART"].dt
            end: date = event["DTEND"].dt if "DTEND" in event else start + event["DURATION"].dt
            status = str(event.get("STATUS", "CONFIRMED")).strip().upper()
            sequence = int(event.get("SEQUENCE", 0))
            texts = tuple(" ".join(str(event.get(name, "")).split()) for name in _TEXTS)
            theirs = str(event["UID"]).strip()
    except Exception:  # the package raises what its values raise
        return None
    moments = [at for at in (start, end) if isinstance(at, datetime)]
    if (
        theirs != uid
        or len(moments) == 1
        or any(at.tzinfo is None for at in moments)
        or any(name in event for name in ("RRULE", "RDATE", "RECURRENCE-ID"))
    ):
        return None
    return _in_utc(State(start, end, status, sequence)), texts
