"""Where the pattern of a phase and a required spacing of it contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from ketsched.clock import FIRST_DAY
from ketsched.model import MOST_SESSIONS, Phase

MOST_PATTERN = 60
"""Weeks or steps of a pattern that are looked at beside a spacing: its gaps come back long before."""


def pattern_conflicts(phase: Phase) -> Iterator[tuple[int, str, str]]:
    """
    Yield each required spacing that the phase's own pattern keeps nowhere.

    Its number from 0, what contradicts what, and how the spacing would fit the pattern.
    """
    days = [] if phase.recommended else _pattern_days(phase)
    for n, rule in enumerate(phase.spacing):
        gaps = {later - earlier for earlier, later in zip(days, days[rule.apart :], strict=False)}
        if (
            not gaps
            or not rule.required
            or not rule.is_for_all
            or rule.apart >= (phase.count or MOST_SESSIONS)
        ):
            continue
        in_days = rule.since(FIRST_DAY)
        least, most = in_days.minimum or 0, in_days.latest
        if max(gaps) < least or (most is not None and most < min(gaps)):
            asked = f"at least {least}" if max(gaps) < least else f"at most {most}"
            shown = f"{min(gaps)}" if len(gaps) == 1 else f"{min(gaps)} to {max(gaps)}"
            better = (
                f"minimum = {max(gaps)} or less" if max(gaps) < least else f"latest = {min(gaps)} or more"
            )
            what = "neighbours" if rule.apart == 1 else f"a session and the {rule.apart}. after it"
            why = f"by {phase.pattern()} {what} are {shown} days apart, and the spacing asks for {asked}"
            yield n, why, better


def _pattern_days(phase: Phase) -> list[int]:
    """Return on which days a phase's pattern puts sessions, the first of some; none if it has no pattern."""
    if phase.every:
        day, days = FIRST_DAY, [0]
        for step in (*phase.every, *phase.every[-1:] * MOST_PATTERN):
            day = step.from_base(day)
            days.append((day - FIRST_DAY).days)
        return days
    if phase.weekdays:
        return [7 * week + day for week in range(MOST_PATTERN) for day in phase.weekdays]
    return list(phase.study_days)
