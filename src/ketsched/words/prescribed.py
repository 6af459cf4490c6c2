"""
What a protocol prescribes, one value at a time, in the words of a clinic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from ketsched.clock import WEEKDAY_NAMES
from ketsched.model import POLICY_WORDS, Companion, Phase, said


def value_words(of: Phase | Companion, key: str) -> str:
    """Say one value of a phase or a companion, by the key of its evidence; "" if there is no such value."""
    name, _, number = key.partition(" ")
    if isinstance(of, Companion):
        say = _OF_COMPANION.get(name)
        return "" if say is None else say(of, number)
    if name == "before:":
        return next((f"{r.minutes} min before" for r in of.before if key == f"before: {r.what}"), "")
    say_phase = _OF_PHASE.get(name)
    return "" if say_phase is None else say_phase(of, number)


def count_words(phase: Phase) -> str:
    """Say how many sessions a phase has: "6", "6-8", "open"."""
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
    join = phase.join
    if not join:
        return ""
    ideal = "next treatment week" if join.next_week else "" if join.ideal is None else said(join.ideal)
    least = "" if join.minimum is None else f"at least {said(join.minimum)}"
    ideal, least = (ideal, least) if ideal else (least, "")
    return f"{ideal} after the phase before" + (f", {least}" if least else "")


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
    days = "1 day" if abs(number) == 1 else f"{abs(number)} days"
    return f"{days} {'after' if number > 0 else 'before'}"


def _weekdays(weekdays: Iterable[int]) -> str:
    return ", ".join(WEEKDAY_NAMES[day] for day in weekdays)


_OF_PHASE: dict[str, Callable[[Phase, str], str]] = {
    "count": lambda phase, _: count_words(phase),
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
    "recommended": lambda phase, number: phase.recommended[int(number) - 1].words(),
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
