"""
How long the patient's page of a course of three months takes, from the course in memory to bytes.

    python benchmarks/page.py [RUNS]

Prints the first one, for which the template is read and compiled, and the median and the 95th percentile of
those after it, in milliseconds of the processor's time: of a default page, and of one where all is told.
"""

from __future__ import annotations

import platform
import statistics
import sys
import time
from datetime import UTC, date, datetime

from _ratios import note_times

import ketsched as ks
from ketsched.interchange import dumps
from ketsched.model import Course, Interval

OPEN = "09:00-17:00"


def course() -> Course:
    """Return an induction of four weeks and what follows until the end of three months, with what goes around it."""
    return ks.plan(
        ks.load_protocol("esk-trd").choose(until=Interval.parse("P5W")),
        start=date(2027, 1, 4),
        calendar=ks.Calendar.weekly("America/New_York", mon=OPEN, tue=OPEN, wed=OPEN, thu=OPEN, fri=OPEN),
        id="A-1",
        at=datetime(2026, 12, 1, tzinfo=UTC),
    )


def timed(planned: Course, privacy: str) -> float:
    begin = time.process_time()
    dumps(planned, "html", privacy=privacy)
    return 1000 * (time.process_time() - begin)


def main() -> None:
    """Measure and print."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    planned = course()
    assert (len(planned.sessions), len(planned.companions)) == (
        15,
        32,
    )  # 8 in 4 weeks, 5 weekly, 2 fortnightly
    print(f"Python {platform.python_version()}, {platform.machine()}")
    print(f"{'the first one':<20} {timed(planned, 'discreet'):6.2f} ms")
    for privacy in ("discreet", "full"):
        took = [timed(planned, privacy) for _ in range(runs)]
        median, p95 = statistics.median(took), statistics.quantiles(took, n=20)[-1]
        note_times(f"page: {privacy}", took)
        size = len(dumps(planned, "html", privacy=privacy))
        print(f"{privacy:<20} median {median:6.2f} ms, p95 {p95:6.2f} ms, {size} octets")


if __name__ == "__main__":
    main()
