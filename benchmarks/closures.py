"""
How long the days of shipped protocols take around a closure of 1 to 28 days, and how long in OR-Tools CP-SAT.

    python benchmarks/closures.py [--every 60] [--only NAME] [--runs 3] [--no-cpsat]

Every protocol is planned from four starts, for each of them around closures that begin on every day of its
first ten sessions; of these cases each `--every`th is taken (1: all). Timed is the placing of days, as
`plan` asks for it. CP-SAT gets some of the same problems, with one worker and level by level: preferences
broken, total and worst deviation, last day, the days. Its days must be ours.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import islice
from statistics import median, quantiles
from unittest.mock import patch

import attrs
from _cpsat import Answer, solved
from _ratios import note_times

import ketsched as ks
from ketsched.placing import Effort, TooManyPlans, place
from ketsched.placing.values import Placement, Problem
from ketsched.planning import planner

WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "08:00-18:00")
CLINIC = ks.Calendar.weekly("America/New_York", chairs=1, **WEEK)
STARTS = (date(2027, 1, 4), date(2027, 4, 5), date(2027, 9, 6), date(2027, 12, 1))
TARGET = 50
"""Milliseconds that the worst case may take."""


def closures(protocol: ks.Protocol) -> Iterator[tuple[date, list[date]]]:
    """Yield each start with each closure of the grid."""
    pattern = protocol.phases[0].weekdays or range(5)
    for wished in STARTS:
        start = next(d for d in (wished + timedelta(n) for n in range(7)) if d.weekday() in pattern)
        sessions = ks.plan(protocol, start=start, calendar=CLINIC).sessions[:10]
        for length in range(1, 29):
            for first in range(1, (sessions[-1].day - start).days + 2):
                yield start, [start + timedelta(first + n) for n in range(length)]


def problem_of(protocol: ks.Protocol, start: date, closed: list[date]) -> Problem:
    """Return what `plan` places last."""
    asked: list[Problem] = []

    def watched(problem: Problem, effort: Effort) -> Placement | None:
        asked.append(problem)
        return place(problem, effort)

    with patch.object(planner, "place", watched):
        try:
            ks.plan(protocol, start=start, calendar=CLINIC.without(closed))
        except ks.NoFeasiblePlan:
            return asked[0]  # the others belong to the explanation
    return asked[-1]


def days_of(problem: Problem) -> Answer:
    """Return our answer, or that the search gave up."""
    try:
        best = place(problem)
    except TooManyPlans:
        return "gave up"
    return None if best is None else best.days


def least(problem: Problem, runs: int) -> float:
    """Return the milliseconds of the quickest of some runs."""
    took = []
    for _ in range(runs):
        begun = time.perf_counter()
        days_of(problem)
        took.append((time.perf_counter() - begun) * 1000)
    return min(took)


def main() -> None:
    """Time all cases and print a line for each protocol."""
    parser = argparse.ArgumentParser(description="Time the placing of days around closures.")
    parser.add_argument("--every", type=int, default=60, help="take each so many of the cases (default 60)")
    parser.add_argument("--only", default="", help="protocols whose id contains this")
    parser.add_argument(
        "--runs", type=int, default=3, help="runs of each case; the quickest counts (default 3)"
    )
    parser.add_argument("--no-cpsat", action="store_true", help="leave CP-SAT out")
    parser.add_argument("--cpsat-inputs", type=int, default=2, help="cases of each protocol that CP-SAT gets")
    options = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}, {sys.platform}; milliseconds")
    print(f"{'':24}{'cases':>7}{'median':>9}{'p95':>9}{'most':>9}{'target':>8}{'CP-SAT':>9}{'ratio':>7}")
    for name in ks.protocol_ids():
        if options.only not in name:
            continue
        protocol = attrs.evolve(ks.load_protocol(name), companions=())  # they move no session
        cases = islice(closures(protocol), options.every // 2, None, options.every)
        problems = [problem_of(protocol, *case) for case in cases]
        ours = [days_of(problem) for problem in problems]
        took = [least(problem, options.runs) for problem in problems]
        unsure = 0
        line = f"{name:24}{len(took):7}{median(took):9.3f}{quantiles(took, n=20)[-1]:9.3f}{max(took):9.3f}{TARGET:8}"
        if not options.no_cpsat:
            # The hardest first: where ours took longest.
            chosen = sorted(range(len(took)), key=took.__getitem__)[-options.cpsat_inputs :]
            theirs = []
            for at in chosen:
                ms, days = solved(problems[at])
                unsure += days == "gave up"
                if "gave up" not in (days, ours[at]):
                    assert days == ours[at], f"{name} {at}: CP-SAT {days}, ours {ours[at]}"
                theirs.append(ms)
            line += f"{median(theirs):9.1f}{median(theirs) / median(took[at] for at in chosen):7.0f}"
        note_times(f"closures: {name}", [sum(took)])
        notes = {
            "without a plan": ours.count(None),
            "given up": ours.count("gave up"),
            "given up by CP-SAT": unsure,
        }
        print(line, ", ".join(f" {number} {what}" for what, number in notes.items() if number), flush=True)


if __name__ == "__main__":
    main()
