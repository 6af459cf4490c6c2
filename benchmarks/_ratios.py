"""
Ratios that one sitting can be compared by with another, on whatever machine.

Milliseconds differ from machine to machine and from hour to hour. What a thing takes of a fixed piece of
plain Python, measured in the same minute, differs less. Where BENCH_RATIOS names a file, the benchmarks
leave their ratios in it; `make bench-check` compares them with those kept in `benchmarks/ratios.json`.
"""

from __future__ import annotations

import json
import os
import time
from datetime import date, timedelta
from pathlib import Path


def work() -> int:
    """Do what this library does most, dates and small tables, without any of it: the yardstick."""
    start, by_week = date(2027, 1, 4), dict[int, list[date]]()
    for number in range(2000):
        day = start + timedelta(number % 700)
        by_week.setdefault(day.isocalendar()[1], []).append(day)
    return sum(len({day.weekday() for day in sorted(days)}) for days in by_week.values())


def yardstick(runs: int = 25) -> float:
    """Return the milliseconds of the processor's time that the quickest of some runs takes."""
    took = []
    for _ in range(runs):
        begun = time.process_time()
        work()
        took.append((time.process_time() - begun) * 1000)
    return min(took)


def note(name: str, ratio: float) -> None:
    """Leave a ratio to what was measured beside it; smaller is better."""
    if file := os.environ.get("BENCH_RATIOS"):
        path = Path(file)
        ratios = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        ratios[name] = round(ratio, 5)
        path.write_text(
            json.dumps(ratios, indent=0, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def note_times(name: str, took: list[float]) -> None:
    """Leave what the quickest of some runs takes, in milliseconds, as a ratio to the yardstick."""
    if "BENCH_RATIOS" in os.environ:
        note(name, min(took) / yardstick())
