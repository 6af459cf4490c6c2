"""
How long whole plans take, days and hours, and how long it takes to say why there is none.

    python benchmarks/planning.py [--runs 5] [--only NAME] [--profile NAME]

Each case is a list of calls (other starts, other closures), each timed `--runs` times after
one to warm up. `--profile` prints where the time of one case goes instead.
"""

from __future__ import annotations

import argparse
import cProfile
import platform
import pstats
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from functools import partial
from statistics import median, quantiles

import attrs
from _ratios import note_times

from ketsched.calendars import Calendar
from ketsched.model import Anatomy, Interval, Phase, Protocol, Spacing
from ketsched.planning import NoFeasiblePlan, plan
from ketsched.protocols import load_protocol

START = date(2027, 1, 4)
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00")
CLINIC = Calendar.weekly("America/New_York", **WEEK, chairs=2)
SESSION = Anatomy(prepare=20, infusion=40, observation=60)

Call = Callable[[], object]


def protocol(phase: Phase) -> Protocol:
    """Return a protocol of one phase."""
    return Protocol(id="benchmark", version="1", title="benchmark", phases=(phase,))


def tried(chosen: Protocol, start: date, calendar: Calendar) -> bool:
    """Plan; whether there is a plan."""
    try:
        plan(chosen, start=start, calendar=calendar)
    except NoFeasiblePlan:
        return False
    return True


def mondays(number: int) -> Iterator[date]:
    """Yield so many Mondays, from the first of the year on."""
    yield from (START + timedelta(7 * week) for week in range(number))


def induction() -> Iterator[Call]:
    """Six infusions in the fewest weeks, from 20 Mondays; a Wednesday of the first week is closed."""
    generic = load_protocol("generic-induction")
    series = attrs.evolve(generic, phases=generic.phases[:1], companions=())
    for start in mondays(20):
        yield partial(tried, series, start, CLINIC.without([start + timedelta(2)]))


def boosted() -> Iterator[Call]:
    """The same with boosters to the review, on a calendar with public holidays."""
    generic, calendar = load_protocol("generic-induction"), CLINIC.with_holidays("US")
    for start in mondays(20):
        if not calendar.closed_by(start):
            yield partial(tried, generic, start, calendar)


def weekly(sessions: int, holidays: bool = True) -> Iterator[Call]:
    """Weekly sessions at 2 to 14 days from each other, from each weekday."""
    calendar = CLINIC.with_holidays("US") if holidays else CLINIC
    phase = Phase(
        kind="maintenance",
        name="maintenance",
        count=sessions,
        anatomy=SESSION,
        every=(Interval(days=7),),
        spacing=(Spacing(minimum=2, latest=14),),
    )
    for weekday in range(5):
        yield partial(tried, protocol(phase), START + timedelta(weekday), calendar)


def eight_impossible() -> Iterator[Call]:
    """Eight sessions, at most 2 in 7 days and within 28: two closed weekdays and a closed day leave no plan."""
    spacing = (
        Spacing(minimum=2, latest=7),
        Spacing(apart=2, minimum=7),
        Spacing(apart=7, latest=27),
    )
    phase = Phase(
        kind="induction", name="induction", count=8, anatomy=SESSION, weekdays=(0, 3), spacing=spacing
    )
    for start in mondays(10):
        closed = [start + timedelta(after) for after in (2, 17, 18)]
        yield partial(tried, protocol(phase), start, CLINIC.without(closed))


def contradictory() -> Iterator[Call]:
    """Eight sessions at two days' distance in two weeks."""
    eight = load_protocol("generic-induction").choose(sessions=8, weeks=2)
    for start in mondays(5):
        yield partial(tried, eight, start, CLINIC)


def weekly_impossible(sessions: int) -> Iterator[Call]:
    """Weekly sessions that keep their weekday, over public holidays."""
    phase = Phase(
        kind="maintenance",
        name="maintenance",
        count=sessions,
        anatomy=SESSION,
        every=(Interval(days=7),),
        spacing=(Spacing(minimum=7, latest=7),),
    )
    yield partial(tried, protocol(phase), START, CLINIC.with_holidays("US"))


CASES: dict[str, tuple[Callable[[], Iterable[Call]], float, bool]] = {
    "induction": (induction, 5, True),
    "induction + boosters": (boosted, 5, True),
    "104 weekly": (partial(weekly, 104), 5, True),
    "104 weekly, no holidays": (partial(weekly, 104, False), 5, True),
    "1000 weekly": (partial(weekly, 1000), 1000, True),
    "why not: 8 sessions": (eight_impossible, 5, False),
    "why not: contradiction": (contradictory, 5, False),
    "why not: 26 weekly": (partial(weekly_impossible, 26), 50, False),
    "why not: 104 weekly": (partial(weekly_impossible, 104), 1000, False),
}


def timed(work: Call, runs: int) -> list[float]:
    """Return the milliseconds of each run."""
    work()
    took = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        took.append((time.perf_counter() - begun) * 1000)
    return took


def p95(took: list[float]) -> float:
    """Return the time that 19 of 20 runs stay within."""
    return quantiles(took, n=20)[-1] if len(took) > 1 else took[0]


def profile(calls: list[Call]) -> None:
    """Print the functions that one case spends its time in."""
    for call in calls:
        call()
    profiler = cProfile.Profile()
    with profiler:
        for call in calls:
            call()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(18)


def main() -> None:
    """Time all cases and print a table."""
    asked = argparse.ArgumentParser(description="Time whole plans.")
    asked.add_argument("--runs", type=int, default=5, help="runs of each call (default 5)")
    asked.add_argument("--only", default="", help="cases whose name contains this")
    asked.add_argument("--profile", default="", help="print the profile of this case", choices=["", *CASES])
    given = asked.parse_args()
    if given.profile:
        profile(list(CASES[given.profile][0]()))
        return
    print(f"Python {platform.python_version()}, {platform.machine()}, {sys.platform}; milliseconds")
    print(f"{'':26}{'calls':>7}{'median':>10}{'p95':>10}{'most':>10}{'target':>8}")
    for name, (calls, target, has_plan) in CASES.items():
        if given.only not in name:
            continue
        all_calls = list(calls())
        assert all(call() is has_plan for call in all_calls), name
        times = [timed(call, given.runs) for call in all_calls]
        note_times(f"planning: {name}", [sum(map(min, times))])
        took = [ms for each in times for ms in each]
        print(
            f"{name:26}{len(all_calls):7}{median(took):10.2f}{p95(took):10.2f}{max(took):10.2f}{target:>8}",
            flush=True,
        )


if __name__ == "__main__":
    main()
