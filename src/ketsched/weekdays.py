"""Days of the week as people write them: ours in English, and those of neighbours, to say which is meant."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from ketsched.clock import WEEKDAY_NAMES, WEEKDAYS
from ketsched.errors import InvalidInput
from ketsched.unseen import as_seen

_OURS = {day.lower(): n for days in (WEEKDAYS, WEEKDAY_NAMES) for n, day in enumerate(days)}

_FROM_MONDAY = (
    "mo tu we th fr sa su",
    "mon tues weds thur fri sat sun",
    "mon tues wednes thurs fri satur sun",
    "mo di mi do fr sa so",
    "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "montags dienstags mittwochs donnerstags freitags sonnabend sonntags",
    "lun mar mie jue vie sab dom",
    "lu ma mi ju vi sa do",
    "lunes martes miercoles jueves viernes sabado domingo",
    "lun mar mer jeu ven sam dim",
    "lu ma me je ve sa di",
    "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "ma di wo do vr za zo",
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "lun mar mer gio ven sab dom",
    "lunedi martedi mercoledi giovedi venerdi sabato domenica",
    "seg ter qua qui sex sab dom",
    "segunda terca quarta quinta sexta sabado domingo",
)
"""English as others shorten it, German, Spanish, French, Dutch, Italian and Portuguese, without accents."""
_WEEKS = tuple(week.split() for week in _FROM_MONDAY)


def weekdays_meant(word: str) -> set[int]:
    """
    Return which days of the week a word can mean, Monday is 0; none if it is none that is known here.

    "do" is Thursday in Dutch and German and Sunday in Spanish.
    """
    plain = _plain(word)
    if plain in _OURS:
        return {_OURS[plain]}
    return {week.index(plain) for week in _WEEKS if plain in week}


def weekdays_meant_together(words: Sequence[str]) -> list[int]:
    """Return which days some words of one language mean, in their order; none if that is not clear."""
    plain = [_plain(word) for word in words]
    readings = {tuple(week.index(word) for word in plain) for week in _WEEKS if set(plain) <= set(week)}
    if len(readings) != 1:
        readings = {tuple(n for word in words for n in weekdays_meant(word))}
    reading = readings.pop()
    return list(reading) if len(reading) == len(words) else []


def _plain(word: str) -> str:
    """Return the letters of a word without capitals and accents."""
    apart = unicodedata.normalize("NFKD", as_seen(word).casefold())
    return "".join(letter for letter in apart if letter.isalpha())


def read_weekdays(names: Iterable[object]) -> tuple[int, ...]:
    """Read ["Mon", "Thu"] or ["monday", "thursday"] as 0 and 3, in order of the week."""
    return tuple(sorted(_weekday(name) for name in names))


def _weekday(name: object) -> int:
    number = _OURS.get(as_seen(name).lower()) if isinstance(name, str) else None
    if number is None:
        raise InvalidInput(
            what=f"{str(name)[:40]!r} is not a day of the week",
            why=f"days are {', '.join(WEEKDAY_NAMES)}, or in full",
            fix=suggested(name) or "write days as Mon and Thu, in English",
        )
    return number


def span_of_weekdays(text: str) -> list[int]:
    """Read "mon-fri", "mon,wed" or "daily", spelled as ours are, as weekdays; Monday is 0."""
    if text.lower() == "daily":
        return list(range(7))
    days: list[int] = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        begin, end = read_weekdays([first])[0], read_weekdays([last or first])[0]
        days += range(begin, end + 1) if begin <= end else [*range(begin, 7), *range(end + 1)]
    return sorted(set(days))


def suggested(name: object) -> str:
    """Say which day of the week is meant by a word that is none of ours; empty if that is not known."""
    near = sorted(weekdays_meant(name)) if isinstance(name, str) else []
    return f"did you mean {' or '.join(WEEKDAY_NAMES[n] for n in near)}?" if near else ""
