"""The dates of a course: one list in order of time, sessions with their numbers, appointments, what is special."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import attrs

from ketsched.agenda import agenda
from ketsched.hours import Hours
from ketsched.model import BookingStatus, Companion, Course, Session
from ketsched.moments import CompanionEntry, SessionEntry
from ketsched.names import Names, inside
from ketsched.screens import on
from ketsched.screens.notes import Notes
from ketsched.screens.rows import hung

_RIDES = {"confirmed": "ride home confirmed", "none": "no ride home", "self": "means to drive home"}
_PLACES = {"telephone": "by telephone", "home": "at home", "elsewhere": "elsewhere"}


@attrs.frozen(kw_only=True)
class Row:
    """
    One line of the list.

    Attributes:
        number: Of a session.
        day, start, end: Local.
        what: What it is.
        bookings: Ids of what stands on it.
        notes: What is special, each in a few words.
    """

    number: str = ""
    day: date
    start: datetime | None
    end: datetime | None
    what: str
    bookings: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def line(self, *, ids: bool = False) -> str:
        """Return it as a line, or several: the notes come behind what it is, and behind `ids` if they are wanted."""
        hours = (
            "" if self.start is None else f"{self.start:%H:%M}" + (f"-{self.end:%H:%M}" if self.end else "")
        )
        before = f"{self.number:>3}  {on(self.day)}  {hours:<11}  "
        what = f"{self.what} ({', '.join(self.bookings)})" if ids else self.what
        return hung(before, "; ".join((what, *dict.fromkeys(self.notes))))


def dated_lines(course: Course, hours: Hours | None = None, *, ids: bool = False) -> Iterator[str]:
    """
    Yield the sessions and appointments that stand, in order of time, a line for each.

    An appointment that follows a session at once, in the same place, stands on its line: it is one trip. What takes
    place during a session does so as well. To-dos have no line.

    Args:
        course: The course.
        hours: When its bookings can be; they tell why one is on another day or at another hour.
        ids: Whether each line ends with the id of the booking.
    """
    return (row.line(ids=ids) for row in dated_rows(course, hours))


def dated_rows(course: Course, hours: Hours | None = None) -> Iterator[Row]:
    """Yield the same as rows; each booking is on one of them."""
    return _Rows(course, hours).rows()


class _Rows:
    def __init__(self, course: Course, hours: Hours | None) -> None:
        self.names, self.notes = Names(course), Notes(course, hours)
        self.entries = [e for e in agenda(course).booked if e.status.stands and not _is_task(e)]
        self.by_day: dict[date, list[CompanionEntry]] = {}
        for entry in self.entries:
            if isinstance(entry, CompanionEntry):
                self.by_day.setdefault(entry.first, []).append(entry)
        self.joined: set[str] = set()
        self.beside = {e.booking.id: self._with(e) for e in self.entries if isinstance(e, SessionEntry)}

    def rows(self) -> Iterator[Row]:
        for entry in self.entries:
            if isinstance(entry, SessionEntry):
                yield self._of_session(entry)
            elif entry.booking.id not in self.joined:
                yield self._of_appointment(entry)

    def _with(self, entry: SessionEntry) -> list[CompanionEntry]:
        """Return the appointments that stand on the line of a session: during it, or right after it."""
        found, end = [], entry.end
        for other in self.by_day.get(entry.first, ()):
            if other.start is None or end is None or other.booking.id in self.joined:
                continue
            follows = other.start == end and other.companion.place == "clinic" and not entry.at_home
            if follows and not other.is_part_of_session:
                end = other.end or end
            elif not (other.is_part_of_session and other.booking.session == entry.booking.id):
                continue
            found.append(other)
            self.joined.add(other.booking.id)
        return found

    def _of_session(self, entry: SessionEntry) -> Row:
        session, word = entry.booking, self.names.word(entry.phase.name)
        shared = self.names.due(session.phase, 0).endswith(")")
        said = [word[:1].upper() + word[1:] + (f" ({session.phase})" if shared else "")]
        if entry.at_home and not word.startswith("home"):
            said[0] += " at home"
        beside = self.beside[session.id]
        said += [
            f"with {inside(_titled(other.companion))}"
            if other.is_part_of_session
            else f"then {inside(_titled(other.companion))} at {other.start:%H:%M}"
            for other in beside
        ]
        notes = [*self._state(entry), *([_RIDES[session.ride]] if session.ride else ())]
        notes += self.notes.of_session(entry)
        notes += [note for other in beside for note in self._of_it(other)]
        ends = [other.end for other in beside if other.end is not None]
        return Row(
            number=str(entry.number) if session.counts and entry.number else "",
            day=entry.first,
            start=entry.start,
            end=max([*ends, entry.end]) if entry.end else None,
            what=", ".join(said),
            bookings=(session.id, *(other.booking.id for other in beside)),
            notes=tuple(notes),
        )

    def _of_appointment(self, entry: CompanionEntry) -> Row:
        return Row(
            day=entry.first,
            start=entry.start,
            end=entry.end,
            what=_titled(entry.companion),
            bookings=(entry.booking.id,),
            notes=tuple(self._of_it(entry)),
        )

    def _of_it(self, entry: CompanionEntry) -> Iterator[str]:
        """Yield what is special about an appointment."""
        placed, companion = entry.booking, entry.companion
        if placed.outcome is not None:
            yield f"decided: {placed.outcome.what}"
        elif companion.gate:
            yield "a decision"
        yield from self._state(entry) if placed.outcome is None else ()
        if not companion.for_patient:
            yield "for the clinic"
        yield from self.notes.of_appointment(placed)

    @staticmethod
    def _state(entry: SessionEntry | CompanionEntry) -> Iterator[str]:
        booking = entry.booking
        if booking.status is BookingStatus.TENTATIVE:
            yield "to be confirmed"
        elif booking.status is BookingStatus.FULFILLED and isinstance(entry, CompanionEntry):
            yield "done"
        elif booking.status is BookingStatus.FULFILLED:
            counts = not isinstance(booking, Session) or booking.counts
            yield "given" if counts else "given, does not count"


def _is_task(entry: SessionEntry | CompanionEntry) -> bool:
    return isinstance(entry, CompanionEntry) and entry.companion.kind == "task"


def _titled(companion: Companion) -> str:
    """Return the title of an appointment, with whose hours it takes and where it is, if the title does not say so."""
    title, whose = companion.title, companion.calendar
    said = title.casefold()
    where = "" if "call" in said and companion.place == "telephone" else _PLACES.get(companion.place, "")
    with_whom = f"with {whose}" if whose and whose.casefold() not in said else ""
    return ", ".join(filter(None, (title, with_whom, where)))
