"""What an appointment is called: as the title of an event, and in a sentence."""

from __future__ import annotations

from collections.abc import Mapping

from ketsched.agenda import Agenda
from ketsched.languages import Words
from ketsched.model import Booking, BookingStatus, Companion, Protocol, Session
from ketsched.moments import CompanionEntry, Entry, SessionEntry
from ketsched.names import ROUTES

_MARKS = {
    BookingStatus.TENTATIVE: "mark_tentative",
    BookingStatus.CLOSED: "mark_cancelled",
    BookingStatus.MISSED: "mark_missed",
}


def mark(words: Words, title: str, status: BookingStatus) -> str:
    """Return a title that says what became of the booking: to be confirmed, cancelled, missed."""
    key = _MARKS.get(status)
    return title if key is None else words.say(key, title=title)


def discreet_title(words: Words, place: str) -> str:
    """Return the title of an appointment that tells where it is if nobody goes to the clinic for it, and no more."""
    return words.lines[{"home": "title_home", "telephone": "title_telephone"}.get(place, "title_appointment")]


def session_title(words: Words, entry: SessionEntry, *, full: bool, phase: str = "") -> str:
    """
    Return the title of a session that is told as a treatment, with its number.

    Args:
        words: Of the reader's language.
        entry: The session.
        full: Whether the route of the drug is told.
        phase: Name of its phase, if another one's numbers begin again; empty: that is not told.
    """
    booster, at_home = entry.phase.kind == "maintenance", entry.at_home
    if full:
        kind = "session" if at_home else ROUTES.get(entry.route.strip().casefold(), "session")
        key = f"full_booster_{kind}" if booster else f"full_{kind}"
    else:
        key = "named_booster" if booster else "named_session"
    title = words.say(key, n=entry.number or "").strip()
    if entry.number is not None and not booster and entry.phase.count is not None:
        title = words.say("of_total", title=title, total=entry.total)
    if phase:
        title = words.say("of_phase", title=title, phase=phase)
    return words.say("mark_home", title=title) if at_home else title


def companion_title(words: Words, companion: Companion, *, named: bool, full: bool) -> str:
    """Return the title of an appointment or a task."""
    place = companion.place if companion.kind == "appointment" else ""
    if not (named or full):
        return words.lines["title_reminder"] if companion.kind == "task" else discreet_title(words, place)
    if full:
        title = companion.title
    else:
        general = "title_reminder" if companion.kind == "task" else "title_appointment"
        key = f"named_{companion.topic.replace(' ', '_')}"
        title = words.lines[key if words.knows(key) else general]
    where = {"home": "mark_home", "telephone": "mark_telephone"}.get(place)
    return title if where is None else words.say(where, title=title)


def name_of_all(words: Words, protocol: Protocol, *, named: bool, full: bool) -> str:
    """Return what all appointments of a course are called together."""
    if full:
        return protocol.title
    return words.lines["named_calendar" if named else "title_calendar"]


def location(entry: Entry, address: str, *, named: bool) -> str:
    """
    Return the address of an entry; empty if it is not told, or nobody goes anywhere for it.

    Args:
        entry: A session, appointment, task or day after.
        address: The clinic's.
        named: Whether the reader may be told where it is.
    """
    if isinstance(entry, SessionEntry) and named:
        return entry.booking.place or ("" if entry.at_home else address)
    if isinstance(entry, CompanionEntry) and named:
        companion = entry.companion
        return address if (companion.kind, companion.place) == ("appointment", "clinic") else ""
    return ""


def call(words: Words, held: Agenda, booking: Booking, totals: Mapping[str, int], *, named: bool) -> str:
    """
    Return what the patient's appointment is called in a sentence: "appointment at home", "review by telephone".

    Args:
        words: Of the patient's language.
        held: What the course held then; the session's number is counted in it.
        booking: The session or appointment.
        totals: How many sessions each phase has now: a number of then is told with the total of now.
        named: Whether it may be told what it is.
    """
    protocol = held.protocol
    place = booking.place_and_minutes(protocol)[0].strip().casefold()
    if not named:
        return words.say({"home": "what_home", "telephone": "what_telephone"}.get(place, "what_appointment"))
    if isinstance(booking, Session):
        what = _of_session(words, held, booking, totals)
    else:
        known = f"what_{protocol.companion(booking.of).topic}"
        what = words.say(known if words.knows(known) else "what_appointment")
    where = {"home": "what_at_home", "telephone": "what_by_telephone"}.get(place)
    return what if where is None else words.say(where, what=what)


def _of_session(words: Words, held: Agenda, session: Session, totals: Mapping[str, int]) -> str:
    phase, number = held.protocol.phase(session.phase), held.numbers.get(session.id)
    if number is None:
        return words.say("what_appointment")
    what = words.say("what_booster" if phase.kind == "maintenance" else "what_session", n=number)
    if phase.count is None:
        return what
    return words.say("what_of_total", what=what, total=max(number, totals.get(session.phase, 0)))
