"""A protocol in words: every number with its source and how far it was verified."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from ketsched.clock import WEEKDAY_NAMES
from ketsched.countries import country_words
from ketsched.model import POLICY_WORDS, Companion, Evidence, Phase, Protocol
from ketsched.screens import Table, many

MARKS = (
    "Marks: stated = read in a primary or official text; secondary = read in a secondary page;\n"
    "derived = arithmetic from such a statement; house default = ours, not from a publication."
)
_PLACES = {"clinic": "clinic", "home": "at home", "telephone": "by telephone", "elsewhere": "elsewhere"}
_SESSION_DAYS = {"never": "never", "only": "only then", "during": "during the session"}


def protocols_table(protocols: Iterable[Protocol]) -> Table:
    """List protocols with the number of sessions in each phase."""
    rows = []
    for protocol in protocols:
        counts = " + ".join(_count(phase) for phase in protocol.main)
        beside = [f"{_count(phase)} beside" for phase in protocol.phases if phase.beside]
        rows.append((protocol.id, ", ".join([counts, *beside]), protocol.title))
    return Table(("id", "sessions", "title"), tuple(rows))


def phase_table(phase: Phase) -> Table:
    """List the numbers of a phase."""
    beside = f", beside {phase.beside}" if phase.beside else ""
    rows = (_row(evidence, _value(phase, evidence.key)) for evidence in phase.evidence)
    return _numbers(f"{phase.name} ({phase.route}, {phase.place}{beside})", rows)


def companion_table(companion: Companion) -> Table:
    """List the numbers of a companion, and what else is said of it."""
    stated = {evidence.key: evidence for evidence in companion.evidence}
    kind = f"{'required' if companion.required else 'recommended'} {companion.kind}"
    title = f"{companion.id} ({kind if companion.kind != 'notice' else 'notice'}): {companion.title}"
    first = () if "anchor" in stated else (("anchor", companion.anchor.words(), "", ""),)
    rows = (_row(evidence, _value(companion, key)) for key, evidence in stated.items())
    return _numbers(title, [*first, *rows, *((key, value, "", "") for key, value in _plain(companion))])


def with_and_where(companion: Companion) -> str:
    """Say whose hours a companion needs, and where it is; a task is nowhere."""
    where = "" if companion.kind == "task" else _PLACES[companion.place]
    return ", ".join(filter(None, (companion.calendar, where)))


def _numbers(title: str, rows: Iterable[tuple[str, ...]]) -> Table:
    return Table(("", "value", "mark", "source"), tuple(rows), title)


def _row(evidence: Evidence, value: str) -> tuple[str, ...]:
    note = f"\n({evidence.note})" if evidence.note else ""
    return evidence.key, value + note, evidence.mark.value, evidence.source


def _plain(companion: Companion) -> Iterator[tuple[str, str]]:
    """Yield what a companion says that is no number, and so has no source."""
    if companion.kind == "appointment":
        yield "where", with_and_where(companion)
    if companion.on_session_days != "allowed":
        yield "session days", _SESSION_DAYS[companion.on_session_days]
    if companion.gate:
        yield "decides", "sessions after it are to be confirmed until its outcome is recorded"
    if companion.audience != "both":
        yield "for", f"the {companion.audience} alone"
    if companion.countries:
        yield "in", ", ".join(map(country_words, companion.countries))
    if companion.areas:
        yield "looks at", ", ".join(companion.areas)
    if companion.text:
        yield "text", companion.text


# One value in words


def _value(of: Phase | Companion, key: str) -> str:
    """Say one value of a phase or a companion in words; a key is a name and, of several, a number."""
    name, _, number = key.partition(" ")
    if isinstance(of, Companion):
        say = _OF_COMPANION.get(name)
        return "" if say is None else say(of, number)
    if name == "before:":
        return next((f"{r.minutes} min before" for r in of.before if key == f"before: {r.what}"), "")
    say_phase = _OF_PHASE.get(name)
    return "" if say_phase is None else say_phase(of, number)


def _count(phase: Phase) -> str:
    low, high = phase.counts
    if phase.count is None:
        return "open"
    return f"{low}-{high}" if low < high else str(phase.count)


def _every(phase: Phase, _number: str) -> str:
    others = [step.words() for step in phase.choices if (step,) != phase.every]
    return phase.pattern() + (f" (or {' or '.join(others)})" if others else "")


def _spacing(phase: Phase, number: str) -> str:
    spacing = phase.spacing[int(number) - 1]
    return spacing.words() + ("" if spacing.required else " (preferred)")


def _weeks(phase: Phase, _number: str) -> str:
    if not phase.weeks:
        return ""
    least, most = phase.weeks
    span = f"{most}" if least == most else f"{least} to {most}"
    return f"{span} nominal weeks" + ("" if phase.weeks_required else " (preferred)")


def _join(phase: Phase, _number: str) -> str:
    if not phase.join:
        return ""
    ideal = "next treatment week" if phase.join.next_week else f"{phase.join.ideal} d"
    floor = "" if phase.join.minimum is None else f", at least {phase.join.minimum} d"
    return f"{ideal} after the phase before{floor}"


def _no_driving(phase: Phase, _number: str) -> str:
    if isinstance(phase.no_driving, timedelta):
        return f"{int(phase.no_driving.total_seconds()) // 3600} h from the end of the infusion"
    return "until the next day, after a full night's sleep"


def _window(companion: Companion, _number: str) -> str:
    window = companion.window
    if companion.kind == "task":
        return f"due {_days(window.latest)}"
    if window.earliest < window.latest:
        return f"{_days(window.recommended)} ({_days(window.earliest)} to {_days(window.latest)})"
    return _days(window.recommended)


def _days(number: int) -> str:
    if number == 0:
        return "the same day"
    return f"{many(abs(number), 'day')} {'after' if number > 0 else 'before'}"


def _weekdays(weekdays: Iterable[int]) -> str:
    return ", ".join(WEEKDAY_NAMES[day] for day in weekdays)


_OF_PHASE: dict[str, Callable[[Phase, str], str]] = {
    "count": lambda phase, _: _count(phase),
    "spacing": _spacing,
    "weeks": _weeks,
    "weekdays": lambda phase, _: phase.pattern(),
    "extra_days": lambda phase, _: "Day " + ", ".join(map(str, phase.extra_days)),
    "every": _every,
    "study_days": lambda phase, _: ", ".join(map(str, phase.study_days)),
    "prepare": lambda phase, _: f"{phase.anatomy.prepare} min",
    "infusion": lambda phase, _: f"{phase.anatomy.infusion} min",
    "observation": lambda phase, _: f"{phase.anatomy.observation} min",
    "discharge": lambda phase, _: f"{phase.anatomy.discharge} min",
    "join": _join,
    "until": lambda phase, _: "" if phase.until is None else phase.until.words(),
    "review": lambda phase, _: "" if phase.review is None else phase.review.words(),
    "missed": lambda phase, _: f"{phase.missed}: {POLICY_WORDS[phase.missed]}",
    "lapse": lambda phase, number: phase.lapse[int(number) - 1].words(),
    "no_driving": _no_driving,
    "anchor_weekday": lambda phase, _: (
        "" if phase.anchor_weekday is None else WEEKDAY_NAMES[phase.anchor_weekday]
    ),
}
_OF_COMPANION: dict[str, Callable[[Companion, str], str]] = {
    "anchor": lambda companion, _: companion.anchor.words(),
    "window": _window,
    "count": lambda companion, _: "again and again" if companion.count is None else str(companion.count),
    "every": lambda companion, _: ", then ".join(step.words() for step in companion.every),
    "weekdays": lambda companion, _: _weekdays(companion.weekdays),
    "spacing": lambda companion, number: companion.spacing[int(number) - 1].words(),
    "duration": lambda companion, _: f"{companion.minutes} min",
    "before": lambda companion, _: f"from {companion.before} min before",
    "after": lambda companion, _: f"until {companion.after} min after",
}
