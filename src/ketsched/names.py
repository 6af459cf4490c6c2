"""
What sessions are called at the clinic: infusion 4, injection 4, spray session 4, home session 4, booster 2.

By the route of the drug, boosters by themselves, each with its number in its phase: the same on every screen
and in every finding, and as people can type it.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

from ketsched.agenda import Agenda, agenda
from ketsched.clock import day_words
from ketsched.model import Booking, Course, Phase, Protocol, Session, VisitStatus

ROUTES = {
    "intravenous": "infusion",
    "subcutaneous infusion": "infusion",
    "intramuscular": "injection",
    "subcutaneous": "injection",
    "nasal": "spray",
    "intranasal": "spray",
}
"""What the treatment is called by the route of the drug; by another one it is a session."""

STATUS_WORDS = {
    VisitStatus.FULFILLED: "given",
    VisitStatus.NO_SHOW: "missed",
    VisitStatus.CANCELLED: "cancelled",
    VisitStatus.STOPPED_EARLY: "stopped early",
    VisitStatus.WITHDRAWN: "taken back",
}
"""What became of a visit, as the clinic says it."""


def word_of(phase: Phase) -> str:
    """Return what a session of a phase is called, without its number: infusion, booster, home session."""
    if phase.place.strip().casefold() == "home":
        return "home session"
    if phase.kind == "maintenance":
        return "booster"
    kind = ROUTES.get(phase.route.strip().casefold(), "session")
    return "spray session" if kind == "spray" else kind


def words_typed(protocol: Protocol, phase: Phase) -> set[str]:
    """Return the words before a number by which sessions of a phase are meant; later ones are boosters, if none is."""
    name, word = phase.name.casefold(), word_of(phase)
    found = {name, name.removesuffix("s"), phase.kind, word, word.replace(" ", "-")}
    if phase.kind == "maintenance" and (word == "booster" or "booster" not in map(word_of, protocol.phases)):
        found |= {"booster", "boosters"}
    return found


def in_days(number: int) -> str:
    """Return a number of days in words: 1 day, 2 days."""
    return f"{number} day" if number == 1 else f"{number} days"


def inside(title: str) -> str:
    """Return a title as it stands inside a sentence: "Review" as "review", "REMS form" as it is."""
    return title[:1].lower() + title[1:] if title[1:2].islower() else title


class Names:
    """What the bookings of one course are called."""

    def __init__(self, held: Course | Agenda) -> None:
        self._held = agenda(held) if isinstance(held, Course) else held
        self.protocol: Protocol = self._held.protocol
        self._shared = Counter(map(word_of, self.protocol.phases))
        self._words = {phase.name: word_of(phase) for phase in self.protocol.phases}

    def word(self, phase: str) -> str:
        """Return what a session of a phase is called, without its number."""
        return self._words[phase]

    def due(self, phase: str, number: int | str, *, several: bool = False) -> str:
        """Call a session, or several, by phase and number; the phase is named where another one has such names too."""
        word = self._words[phase]
        said = f"{word}{'s' if several else ''} {number}"
        return f"{said} ({phase})" if self._shared[word] > 1 else said

    def of(self, booking: Booking) -> str:
        """Call a session by its number, if it has one, and an appointment or a to-do by its title."""
        if not isinstance(booking, Session):
            return self.protocol.companion(booking.of).title
        number = self._held.numbers.get(booking.id) if booking.counts else None
        return self._words[booking.phase] if number is None else self.due(booking.phase, number)

    def on_day(self, booking: Booking) -> str:
        """Call a booking with its day: infusion 3 (Fri 2027-01-08)."""
        return f"{self.of(booking)} ({day_words(booking.day)})"

    def several(self, session_ids: Iterable[str], *, each: bool = False) -> str:
        """Name several sessions shortly: infusions 1 to 6, booster 2; or `each` by its number: infusions 1, 2, 3."""
        return ", ".join(self._runs(set(session_ids), sys.maxsize if each else 2))

    def _runs(self, wanted: set[str], longest: int) -> Iterator[str]:
        by_phase: dict[str, list[int]] = {}
        for session in self._held.standing():
            if session.id not in wanted:
                continue
            if session.counts:
                by_phase.setdefault(session.phase, []).append(self._held.numbers[session.id])
            else:
                yield self.on_day(session)
        for phase, reached in by_phase.items():
            runs = [
                [number for _, number in run]
                for _, run in groupby(enumerate(reached), lambda pair: pair[1] - pair[0])
            ]
            shown = [
                f"{run[0]} to {run[-1]}" if len(run) > longest else ", ".join(map(str, run)) for run in runs
            ]
            yield self.due(phase, ", ".join(shown), several=len(reached) > 1)
