"""
What a patient is told, as text messages or to be read aloud (.txt): what the last change was, or what is booked.

A message of the telephone network holds 160 characters of its own alphabet (GSM 03.38, GSM-7), of which some count
twice; with any other character in it, 70. Messages are cut between sentences, a long list between its parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ketsched.agenda import agenda
from ketsched.errors import CannotWrite
from ketsched.model import BookingStatus, Course
from ketsched.words.telephone import sentences
from ketsched.words.telling import Telling
from ketsched.words.wording import Audience, Publication

ONE, ONE_OF_OTHERS = 160, 70
"""Characters of a message, and of one with a character that is not in the alphabet (UCS-2)."""

_ALPHABET = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_TWICE = frozenset("^{}\\[~]|€\f")
"""Characters of its second table, which count twice."""
_TO_COME = (BookingStatus.FIRM, BookingStatus.TENTATIVE)


def size(text: str) -> tuple[int, int]:
    """Return how much room a text takes in a message, and how much one message has for it."""
    if all(letter in _ALPHABET or letter in _TWICE for letter in text):
        return sum(1 + (letter in _TWICE) for letter in text), ONE
    return len(text.encode("utf-16-le")) // 2, ONE_OF_OTHERS


def dumps(course: Course, publication: Publication) -> bytes:
    """
    Return the messages, one a paragraph, in UTF-8.

    Raises:
        CannotWrite: It is for the clinic, to which nothing is sent; or there is nothing to say.
    """
    found = messages(course, publication)
    if not found:
        raise CannotWrite(
            what="There is nothing to tell the patient.",
            where="course",
            why="the last change concerns no appointment of the patient's",
            fix="write the calendar instead, or nothing",
        )
    return ("\n\n".join(found) + "\n").encode()


def messages(course: Course, publication: Publication) -> tuple[str, ...]:
    """
    Return what the last revision changed for the patient, or, of a course that was just planned, what is booked.

    Each text fits into one message.
    """
    if publication.audience is not Audience.PATIENT:
        raise CannotWrite(
            what="Text messages are for the patient.",
            where="audience",
            why="they say what the patient is told on the telephone",
            fix='leave audience out, or give audience="patient"',
        )
    telling = Telling(agenda(course), publication)
    said = said_of(telling)
    return tuple(packed([*said, telling.decided[0]])) if said else ()


def said_of(telling: Telling) -> tuple[str, ...]:
    """Return in sentences what the last revision changed, or, of a course that was just planned, what is booked."""
    course, asked = telling.agenda.today, telling.publication
    if len(course.revisions) == 1:
        return tuple(_booked(telling))
    return sentences(course, language=asked.language, privacy=str(asked.privacy))


def _booked(telling: Telling) -> Iterator[str]:
    """Yield the appointments to come in one sentence."""
    words = telling.words
    coming = [
        entry
        for entry in telling.agenda.booked
        if telling.tells(entry) and entry.status in _TO_COME and not entry.is_whole_days
    ]
    items = [
        words.say(
            "list_item",
            day=words.day(entry.first, beside=before.first),
            time=words.say("no_time") if entry.start is None else words.clock(entry.start),
        )
        for before, entry in zip((*coming[:1], *coming), coming, strict=False)
    ]
    if items:
        yield words.say("booked_list", list=words.listed(items))


def packed(said: Iterable[str]) -> Iterator[str]:
    """Yield the fewest messages that hold some sentences, in order; one that is too long goes on in the next."""
    text = ""
    for sentence in said:
        longer = f"{text} {sentence}".lstrip()
        if _fits(longer):
            text = longer
            continue
        if text:
            yield text
        text = ""
        for word in sentence.split(" "):
            longer = f"{text} {word}".lstrip()
            if text and not _fits(longer):
                part, rest = _cut(text)
                yield part
                longer = f"{rest} {word}".lstrip()
            text = longer
    if text:
        yield text


def _fits(text: str) -> bool:
    takes, has = size(text)
    return takes <= has


def _cut(text: str) -> tuple[str, str]:
    """Cut a text behind the last part of its list, if it has any, or else at its end."""
    at = text.rfind("; ") if "; " in text else text.rfind(", ")
    if at < len(text) // 2:
        return text, ""
    return text[: at + 1], text[at + 2 :]
