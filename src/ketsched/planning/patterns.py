"""
The days of the week of a phase that leaves them open: the most even spread, in the fewest weeks.

"6 to 8 infusions over 2 to 4 weeks" names no weekdays. Each number of weeks gives one pattern
to try, from the weekday of the start over the weekdays on which the clinic is open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import combinations

import attrs

from ketsched.clock import WEEKDAYS
from ketsched.model import Evidence, Mark, Phase, Protocol


def patterns(
    protocol: Protocol, start: date, open_weekdays: Callable[[], frozenset[int]]
) -> Iterator[Protocol]:
    """
    Yield the protocol with each pattern of its first phase to try, the fewest weeks first.

    Args:
        protocol: One whose first phase has a pattern is yielded as it is.
        start: First session; its weekday is part of every pattern.
        open_weekdays: Returns the weekdays that fit a session, Monday is 0; asked for only if needed.
    """
    phase = protocol.phases[0]
    if phase.weekdays or phase.study_days or phase.every:
        yield protocol
        return
    sessions, weeks = phase.count or 1, phase.weeks or (1, 52)
    weekdays = open_weekdays() | {start.weekday()}
    for number in range(weeks[0], weeks[1] + 1):
        if sessions > 7 * number and number < weeks[1]:
            continue
        settled = attrs.evolve(phase, weeks=(weeks[0], number), weeks_required=True)
        a_week = -(-sessions // number)
        spread = _even_weekdays(start.weekday(), a_week, weekdays, phase.neighbour_minimum())
        if spread is not None and _spans(spread, start.weekday(), sessions) > 7 * (weeks[0] - 1):
            yield _with_first(protocol, attrs.evolve(settled, weekdays=spread))
        else:  # no such weekdays: as evenly as whole days allow
            even = _even_days(start.weekday(), sessions, 7 * number, weekdays, phase.neighbour_minimum())
            yield _with_first(protocol, attrs.evolve(settled, study_days=even))


def as_accepted(pattern: Protocol, protocol: Protocol) -> Protocol:
    """Return a pattern that was tried with the weeks that the protocol accepts, and says that its days are ours."""
    if pattern is protocol:
        return protocol
    given, tried = protocol.phases[0], pattern.phases[0]
    ours = Evidence(
        key="weekdays" if tried.weekdays else "study_days",
        source="house default; not from a publication",
        mark=Mark.HOUSE,
        note="spread as evenly as the clinic's open days allow, in the fewest weeks",
    )
    evidence = (
        (*given.evidence, ours) if given.evidence else ()
    )  # a protocol that cites nothing cites nothing here
    first = attrs.evolve(tried, weeks=given.weeks, weeks_required=given.weeks_required, evidence=evidence)
    return _with_first(pattern, first)


def _with_first(protocol: Protocol, first: Phase) -> Protocol:
    return attrs.evolve(protocol, phases=(first, *protocol.phases[1:]))


def _even_weekdays(start: int, number: int, weekdays: frozenset[int], minimum: int) -> tuple[int, ...] | None:
    """
    Return the weekday of the start and `number` - 1 others, spread most evenly over the week.

    Three a week come out 2, 2 and 3 days apart, two a week 3 and 4; ties go to the earliest.
    """
    after = sorted((day - start) % 7 for day in weekdays if day != start)
    best: tuple[int, tuple[int, ...]] | None = None
    for others in combinations(after, number - 1) if 1 <= number <= 7 else ():
        offsets = (0, *others)
        gaps = [b - a for a, b in zip(offsets, (*others, 7), strict=True)]
        uneven = sum(gap * gap for gap in gaps)
        if min(gaps) >= minimum and (best is None or (uneven, offsets) < best):
            best = (uneven, offsets)
    return None if best is None else tuple(sorted((start + offset) % len(WEEKDAYS) for offset in best[1]))


def _even_days(
    start: int, sessions: int, days: int, weekdays: frozenset[int], minimum: int
) -> tuple[int, ...]:
    """Return study days spread evenly over so many days, each on the open weekday nearest to that."""
    found = [0]
    for k in range(1, sessions):
        even, least = k * days // sessions, found[-1] + max(minimum, 1)
        near = [
            day for day in range(max(even - 6, least), max(even, least) + 7) if (start + day) % 7 in weekdays
        ]
        found.append(min(near, key=lambda day: (abs(day - even), day)))
    return tuple(1 + day for day in found)


def _spans(weekdays: tuple[int, ...], start: int, sessions: int) -> int:
    """Return how many dates a weekday pattern touches from its first session to its last, both included."""
    offsets = sorted((day - start) % 7 for day in weekdays)
    weeks, rest = divmod(sessions - 1, len(offsets))
    return 7 * weeks + offsets[rest] + 1
