"""
How long it takes to say where a session may go: each day of its week, alone, with others, or not.

    python benchmarks/choices.py --runs 100

Prints the median and the 95th percentile, in milliseconds of the processor's time, for courses on the day of
their first session; every run with a calendar that remembers nothing. Asserts what comes out, never how long
it takes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from datetime import UTC, date, datetime, timedelta

from _ratios import note_times

from ketsched import Calendar, load_protocol, plan
from ketsched.tracking import choices

START = date(2027, 1, 4)
CASES = {
    "an induction": ("iv-2xw-3w-6", 3, "aawwwnn"),
    "an induction and boosters, reviews that decide": ("generic-induction", 4, "awwwwnn"),
    "a booster of these": ("generic-induction", 9, "aaaaann"),
}
"""For each case the protocol, the number of the session, and what may be done on Monday to Sunday of its week."""


def clinic() -> Calendar:
    hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00")
    return Calendar.weekly("America/New_York", chairs=2, **hours).with_holidays("US")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=100)
    runs = parser.parse_args().runs
    for name, (protocol, number, expected) in CASES.items():
        at = datetime(2026, 12, 1, 9, tzinfo=UTC)
        course = plan(load_protocol(protocol), start=START, calendar=clinic(), id="A-1", at=at)
        session = course.sessions[number - 1]
        monday = session.day - timedelta(session.day.weekday())
        week = [monday + timedelta(days) for days in range(7)]
        took = []
        for _ in range(runs):
            calendar = clinic()
            begun = time.process_time()
            found = choices(course, session.id, week, calendar=calendar, as_of=START)
            took.append(1000 * (time.process_time() - begun))
            assert "".join(choice.kind[0] for choice in found) == expected, found
        note_times(f"choices: {name}", took)
        median, p95 = statistics.median(took), statistics.quantiles(took, n=20)[-1]
        print(f"{name:48} median {median:6.2f} ms, p95 {p95:6.2f} ms")


if __name__ == "__main__":
    main()
