"""What an appointment is called in a sentence."""

from __future__ import annotations

from ketsched.agenda import Agenda
from ketsched.languages import Words
from ketsched.model import Booking, Session


def call(words: Words, held: Agenda, booking: Booking, *, named: bool) -> str:
    """
    Return what the patient's appointment is called in a sentence: "appointment at home", "review by telephone".

    Args:
        words: Of the patient's language.
        held: What the course held then; the session's number is counted in it.
        booking: The session or appointment.
        named: Whether it may be told what it is.
    """
    protocol = held.protocol
    place = booking.place_and_minutes(protocol)[0].strip().casefold()
    if not named:
        return words.say({"home": "what_home", "telephone": "what_telephone"}.get(place, "what_appointment"))
    if isinstance(booking, Session):
        what = _of_session(words, held, booking)
    else:
        known = f"what_{protocol.companion(booking.of).topic}"
        what = words.say(known if words.knows(known) else "what_appointment")
    where = {"home": "what_at_home", "telephone": "what_by_telephone"}.get(place)
    return what if where is None else words.say(where, what=what)


def _of_session(words: Words, held: Agenda, session: Session) -> str:
    phase, number = held.protocol.phase(session.phase), held.numbers.get(session.id)
    if number is None:
        return words.say("what_appointment")
    what = words.say("what_booster" if phase.kind == "maintenance" else "what_session", n=number)
    if phase.count is None:
        return what
    return words.say("what_of_total", what=what, total=held.totals.get(session.phase, number))
