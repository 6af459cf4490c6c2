"""
How long a check takes, and a whole plan with hours and its check.

    python benchmarks/checking.py

Milliseconds, median and 95th percentile of many runs; no run is left out.
"""

import platform
import sys
import time
from collections.abc import Callable
from datetime import date
from statistics import median, quantiles
from typing import Any

from _ratios import note_times

import ketsched as ks

WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "08:00-18:00")
RUNS = 200


def timed(call: Callable[[], Any]) -> list[float]:
    """Return the milliseconds of each run of a call."""
    call()
    found = []
    for _ in range(RUNS):
        start = time.perf_counter()
        call()
        found.append((time.perf_counter() - start) * 1e3)
    return found


def main() -> None:
    clinic = ks.Calendar.weekly("America/New_York", **WEEK, chairs=2).with_holidays("US")
    protocol = ks.load_protocol("iv-2xw-4w-8")
    boosters = ks.load_protocol("generic-induction").phases[1]
    longer = ks.Protocol(
        id="eight-and-twelve",
        version="1",
        title="8 and 12",
        phases=(protocol.phases[0], boosters),
        sources=(),
    ).choose(boosters=12)
    course = ks.plan(longer, start=date(2027, 2, 1), calendar=clinic)
    assert len(course.sessions) == 20
    print(f"Python {sys.version.split()[0]}, {platform.machine()}; milliseconds")
    print(f"{'':<44}{'median':>8}{'p95':>8}{'target':>8}")
    for label, call, target in (
        ("check, 20 sessions, no calendar", lambda: ks.check(course), "0.3"),
        ("check, 20 sessions, with calendar", lambda: ks.check(course, calendar=clinic), ""),
        ("plan with hours and check, 8 sessions", lambda: whole(protocol, clinic), "5"),
        ("plan with hours and check, 8 + 12 sessions", lambda: whole(longer, clinic), "5"),
    ):
        took = timed(call)
        middle, high = median(took), quantiles(took, n=20)[-1]
        note_times(f"checking: {label}", took)
        print(f"{label:<44}{middle:>8.3f}{high:>8.3f}{target:>8}")


def whole(protocol: ks.Protocol, clinic: ks.Calendar) -> None:
    course = ks.plan(protocol, start=date(2027, 2, 1), calendar=clinic)
    ks.check(course, calendar=clinic)


if __name__ == "__main__":
    main()
