"""
How long the days of a series take, and how long the same takes in OR-Tools CP-SAT.

    python benchmarks/placing.py [--runs 5] [--only NAME] [--no-cpsat]

Each case is a list of inputs (other closures, other years), each timed `--runs` times after
one to warm up. CP-SAT runs in a child process with one worker, on the same objective:
preferences broken, total and worst deviation, last day, the days. It is timed twice, as one
weighted objective (where that fits 64 bits) and level by level, without building the model;
the ratio is to the faster. Its days must be ours. `pip install ketsched[bench]` brings it.
"""

from __future__ import annotations

import argparse
import platform
import random
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from operator import add
from statistics import median, quantiles

from _cpsat import Answer, solved
from _ratios import note_times

from ketsched.placing import TooManyPlans, place
from ketsched.placing.values import IdealFrom, Problem
from ketsched.spacing import Bound, Days, lay, tight_windows

# Day 0 is Monday 4 January 2027. United States federal holidays as observed, 2027 and 2028, in days from it.
# fmt: off
HOLIDAYS = (
    14, 42, 147, 165, 182, 245, 280, 311, 325, 354, 361,
    378, 413, 511, 532, 547, 609, 644, 676, 689, 721, 728,
)
# fmt: on
FORTNIGHT_OFF = tuple(range(182, 196))


def weekdays(until: int, closed: Iterable[int] = (), start: int = 0) -> tuple[int, ...]:
    """Return the days Monday to Friday from `start` until before `until`, without the closed ones."""
    shut = set(closed)
    return tuple(day for day in range(start, until) if day % 7 < 5 and day not in shut)


def series(ideals: Iterable[int | IdealFrom], opened: Days, bounds: Iterable[Bound]) -> Problem:
    """Return a series that begins on the first of the open days."""
    aims = tuple(ideals)
    return Problem(((opened[0],), *[tuple(opened)] * (len(aims) - 1)), tuple(bounds), aims)


def induction(*, closures: bool) -> Iterator[Problem]:
    """Six infusions Monday, Wednesday, Friday; at most three in seven days is required or preferred."""
    for required in (True, False):
        for closed in weekdays(28)[1:] if closures else (None,):
            yield series(
                (0, 2, 4, 7, 9, 11),
                weekdays(28, () if closed is None else (closed,)),
                (
                    *lay(range(6), minimum=2, latest=7),
                    *lay(range(6), apart=3, minimum=7, required=required),
                    Bound(0, 5, latest=27),
                ),
            )


def boosted() -> Iterator[Problem]:
    """Eight infusions Monday and Thursday, then twelve fortnightly boosters from where the last stands."""
    bounds = (*lay(range(8), minimum=2, latest=7), *lay(range(8), apart=2, minimum=7), Bound(0, 7, latest=27))
    bounds += lay(range(7, 20), minimum=7, latest=28)
    for start in range(0, 364, 14):
        pattern = [start + day for day in (0, 3, 7, 10, 14, 17, 21, 24)]
        boosters = [IdealFrom(7, partial(add, 14 * k)) for k in range(1, 13)]
        closed = {*HOLIDAYS, *FORTNIGHT_OFF[:5]} - {start}
        yield series([*pattern, *boosters], weekdays(start + 28 + 200, closed, start), bounds)


def weekly(sessions: int, closed: float = 0.0) -> Iterator[Problem]:
    """Weekly sessions on each weekday over the holidays, and over a share of all days closed at random."""
    chance = random.Random(sessions)  # noqa: S311 - inputs, not secrets
    for start in range(5):
        until = start + 7 * sessions + 28
        shut = {day for day in range(until) if day in HOLIDAYS or chance.random() < closed} - {start}
        bounds = lay(range(sessions), minimum=2, latest=14)
        yield series([start + 7 * k for k in range(sessions)], weekdays(until, shut, start), bounds)


def fortnightly(closed: Iterable[int] = (), at_random: int = 0, ideal: int = 0) -> Iterator[Problem]:
    """26 fortnightly boosters, at most six in 84 days; so many closures at random, and on ideal days."""
    chance = random.Random(26)  # noqa: S311 - inputs, not secrets
    bounds = (*lay(range(26), minimum=7, latest=28), *lay(range(26), apart=6, minimum=84))
    for start in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11) * 2:
        pattern = [start + 14 * k for k in range(26)]
        shut = {*closed, *chance.sample(range(start, start + 380), at_random), *chance.sample(pattern, ideal)}
        yield series(pattern, weekdays(start + 420, shut - {start}, start), bounds)


CASES: dict[str, tuple[Callable[[], Iterable[Problem]], float | None]] = {
    "induction": (partial(induction, closures=False), 0.15),
    "induction, one day closed": (partial(induction, closures=True), 0.15),
    "8 + 12 boosters": (boosted, 1),
    "104 weekly": (partial(weekly, 104), 5),
    "104 weekly, 5 % closed": (partial(weekly, 104, 0.05), 5),
    "26, 6 in 84, holidays": (partial(fortnightly, HOLIDAYS), 100),
    "26, 6 in 84, fortnight off": (partial(fortnightly, (*HOLIDAYS, *FORTNIGHT_OFF)), 100),
    "26, 6 in 84, 6 ideal closed": (partial(fortnightly, (), 0, 6), 1000),
    "26, 6 in 84, 60 + 6 closed": (partial(fortnightly, (), 60, 6), 1000),
    "1000 weekly": (partial(weekly, 1000), 1000),
    "1000 weekly, 20 % closed": (partial(weekly, 1000, 0.2), 1000),
}
TOO_LARGE = "1000"  # CP-SAT is not asked for these


def days_of(one: Problem) -> Answer:
    """Return our answer, or that the search gave up."""
    try:
        found = place(one)
    except TooManyPlans:
        return "gave up"
    return None if found is None else found.days


def windows_of_eight() -> object:
    """Return the tight windows of eight sessions, three of them delivered."""
    bounds = (*lay(range(8), minimum=2, latest=7), *lay(range(8), apart=2, minimum=7), Bound(0, 7, latest=27))
    return tight_windows(8, bounds, fixed={0: 0, 1: 3, 2: 8}, horizon=60)


def timed(work: Callable[[], object], runs: int) -> list[float]:
    """Return the milliseconds of each run."""
    work()
    took = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        took.append((time.perf_counter() - begun) * 1000)
    return took


# -- the same in CP-SAT


def cpsat(name: str, at: int, weighted: bool) -> tuple[float, Answer]:
    """Return the milliseconds of solving, and the days; runs in the child process."""
    found: tuple[float, Answer] = solved(list(CASES[name][0]())[at], weighted=weighted)
    return found


def compared(name: str, ours: list[Answer], most: int) -> list[float]:
    """Return CP-SAT's milliseconds, in the faster of its two ways, having checked the answers."""
    ways = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as child:
        for weighted in (True, False):
            took = []
            for at in range(0, len(ours), -(-len(ours) // most)):
                ms, days = child.submit(cpsat, name, at, weighted).result()
                if days != "does not fit" and "gave up" not in (days, ours[at]):
                    assert days == ours[at], f"{name} {at}: CP-SAT {days}, ours {ours[at]}"
                took.append(ms)
            ways.append(took)
    return min(ways, key=median)


def p95(took: list[float]) -> float:
    """Return the time that 19 of 20 runs stay within."""
    return quantiles(took, n=20)[-1] if len(took) > 1 else took[0]


def main() -> None:
    """Time all cases and print a table."""
    asked = argparse.ArgumentParser(description="Time the placing of days.")
    asked.add_argument("--runs", type=int, default=5, help="runs of each input (default 5)")
    asked.add_argument("--only", default="", help="cases whose name contains this")
    asked.add_argument("--no-cpsat", action="store_true", help="leave CP-SAT out")
    asked.add_argument("--cpsat-inputs", type=int, default=10, help="inputs of each case that CP-SAT gets")
    given = asked.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}, {sys.platform}; milliseconds")
    print(f"{'':28}{'inputs':>7}{'median':>10}{'p95':>10}{'most':>10}{'target':>8}{'CP-SAT':>10}{'ratio':>8}")
    if given.only in "windows of 8":
        row("windows of 8", 1, timed(windows_of_eight, 200 * given.runs), 0.1)
    for name, (inputs, target) in CASES.items():
        if given.only not in name:
            continue
        all_series = list(inputs())
        times = [timed(partial(days_of, one), given.runs) for one in all_series]
        note_times(f"placing: {name}", [sum(map(min, times))])
        took = [ms for each in times for ms in each]
        ours = [days_of(one) for one in all_series]
        theirs = None
        if not given.no_cpsat and not name.startswith(TOO_LARGE):
            theirs = median(compared(name, ours, given.cpsat_inputs))
        row(name, len(ours), took, target, theirs, sum(days is None for days in ours), ours.count("gave up"))


def row(
    name: str,
    inputs: int,
    took: list[float],
    target: float | None,
    theirs: float | None = None,
    none: int = 0,
    gave_up: int = 0,
) -> None:
    """Print one line of the table."""
    cells = f"{name:28}{inputs:7}{median(took):10.3f}{p95(took):10.3f}{max(took):10.3f}{target or '':>8}"
    if theirs is not None:
        cells += f"{theirs:10.2f}{theirs / median(took):8.0f}"
    notes = [f"{none} without a plan"] * bool(none) + [f"{gave_up} given up"] * bool(gave_up)
    print(cells, *(["  " + ", ".join(notes)] if notes else []), flush=True)


if __name__ == "__main__":
    main()
