"""
How long `plan` takes at most: random protocols within the limits, the explanation of "no plan" included.

    python benchmarks/effort.py [--cases 400] [--seed 1] [--slow 5]

Wishes, closures, weekly patterns that the clinic is not open for, preferred rules and rules in hours, ideal
days counted from the session before, and rules that look back far. Processor time of one run each, in
milliseconds; printed are the slowest with the numbers by which `--only` runs one again.
"""

from __future__ import annotations

import argparse
import platform
import random
import sys
import time
from collections import Counter
from datetime import date, timedelta
from statistics import median, quantiles
from typing import Any

from _ratios import note, yardstick

import ketsched as ks
from ketsched.model import Anatomy, Interval, Phase, Protocol, Spacing

TARGET = 1000
"""Milliseconds that no case may take."""
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def weekly(draw: random.Random, likely: float) -> dict[str, Any]:
    """Return hours for some days of the week, at least one."""
    found: dict[str, Any] = {}
    while not found:
        for day in WEEK:
            if draw.random() < likely:
                begin = draw.choice((8, 9, 13))
                found[day] = f"{begin:02}:00-{begin + draw.choice((3, 4, 8)):02}:00"
    return found


def rules(draw: random.Random, pattern: int) -> list[Spacing]:
    """Return some rules of every kind, about as wide as the pattern is."""
    found = []
    gap = 7 / pattern
    for _ in range(draw.randint(0, 5)):
        required = draw.random() < 0.5
        apart = draw.choice((1, 1, 2, 3)) if not required else draw.choice((1, 1, 2, 3, 5, 8, 12))
        least = most = None
        if draw.random() < 0.7:
            least = max(round(apart * gap * draw.uniform(0.3, 1.3)), 1)
        if least is None or draw.random() < 0.5:
            most = max(round(apart * gap * draw.uniform(0.8, 2)), least or 1)
        hours = draw.choice((24, 47, 48, 72)) if draw.random() < 0.15 and required else None
        found.append(Spacing(minimum=least, latest=most, apart=apart, required=required, minimum_hours=hours))
    return found


def case(number: int, seed: int) -> tuple[Protocol, date, dict[str, Any]]:
    """Return a protocol, a start and the hours of one case."""
    draw = random.Random(f"{seed}/{number}")  # noqa: S311 - made-up cases, the same each time
    days = tuple(sorted(draw.sample(range(7), draw.randint(1, 4))))
    count = draw.choice((6, 8, 12, 20, 26, 40, 52, 104, 200))
    given: dict[str, Any] = {"weekdays": days}
    if draw.random() < 0.25:
        given = {"every": (Interval(days=draw.choice((2, 3, 5, 7, 14))),)}
    phases = [
        Phase(
            kind="induction",
            name="induction",
            count=count,
            anchor=draw.choice(("start", "previous")),
            spacing=tuple(rules(draw, len(days) if "weekdays" in given else 2)),
            anatomy=Anatomy(infusion=draw.choice((40, 60, 120))),
            **given,
        )
    ]
    if draw.random() < 0.2:
        phases.append(
            Phase(
                kind="maintenance",
                name="maintenance",
                count=draw.choice((4, 12)),
                every=(Interval(days=draw.choice((7, 14, 28))),),
                anchor=draw.choice(("start", "previous")),
                spacing=tuple(rules(draw, 1)[:2]),
                anatomy=Anatomy(infusion=40),
            )
        )
    clinic = ks.Calendar.weekly("Europe/Amsterdam", chairs=2, **weekly(draw, draw.choice((0.4, 0.7, 1))))
    start = date(2027, 1, 4) + timedelta(draw.randrange(28))
    closed = []
    for _ in range(draw.choice((0, 0, 1, 3, 8))):
        first = start + timedelta(draw.randrange(1, 20 + count * 4))
        closed += [first + timedelta(n) for n in range(draw.choice((1, 1, 5, 10, 21)))]
    hours: dict[str, Any] = {"calendar": clinic.without(closed) if closed else clinic}
    if draw.random() < 0.5:
        hours["wishes"] = ks.Calendar.weekly("Europe/Amsterdam", **weekly(draw, draw.choice((0.3, 0.6))))
    while clinic.hours[start.weekday()] == ():
        start += timedelta(1)
    return Protocol(id=f"random-{number}", version="1", title="Random", phases=tuple(phases)), start, hours


def run(number: int, seed: int) -> tuple[float, str]:
    """Return the milliseconds of one case, and what came of it."""
    protocol, start, hours = case(number, seed)
    begun = time.process_time()
    try:
        ks.plan(protocol, start=start, **hours)
        outcome = "planned"
    except ks.KetschedError as error:
        outcome = "no plan" if isinstance(error, ks.NoFeasiblePlan) else error.what
    return (time.process_time() - begun) * 1e3, outcome


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slow", type=int, default=5)
    parser.add_argument("--only", type=int)
    asked = parser.parse_args()
    numbers = range(asked.cases) if asked.only is None else [asked.only]
    print(
        f"Python {sys.version.split()[0]}, {platform.machine()}; milliseconds of processor time, one run each"
    )
    run(0, asked.seed)
    found = {number: run(number, asked.seed) for number in numbers}
    took = sorted(milliseconds for milliseconds, _ in found.values())
    high = quantiles(took, n=20)[-1] if len(took) > 1 else took[0]
    print(f"p50 {median(took):.1f}, p95 {high:.1f}, max {took[-1]:.1f}; target of each {TARGET}")
    for outcome, many in Counter(outcome for _, outcome in found.values()).most_common():
        print(f"{many:5} {outcome}")
    for number in sorted(found, key=lambda number: -found[number][0])[: asked.slow]:
        print(f"  case {number}: {found[number][0]:.0f} ms, {found[number][1]}")
    unit = yardstick()
    for name, value in (("p50", median(took)), ("p95", high), ("max", took[-1])):
        note(f"effort: random protocols, {name}", value / unit)


if __name__ == "__main__":
    main()
