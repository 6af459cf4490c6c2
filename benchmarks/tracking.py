"""
How long following a course takes: what was given, what is due, and the plan again after a miss.

    python benchmarks/tracking.py --runs 300

Prints the median and the 95th percentile, in milliseconds of the processor's time, for a course of two
years (an induction of 6, then a booster every 4 weeks) with nine visits, the last one missed; every run
with a calendar that remembers nothing. Asserts what comes out, never how long it takes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime

import attrs
from _ratios import note_times

from ketsched import Calendar, Course, Protocol, Visit, evaluate, forecast, load_protocol, plan, replan
from ketsched.model import POLICIES, Anatomy, Interval, Phase, Spacing
from ketsched.tracking import record

START = date(2027, 1, 4)


def clinic() -> Calendar:
    hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00")
    return Calendar.weekly("America/New_York", chairs=2, **hours).with_holidays("US")


def two_years() -> Protocol:
    induction = load_protocol("iv-2xw-3w-6").phases[0]
    boosters = Phase(
        kind="maintenance",
        name="maintenance",
        count=25,
        every=(Interval(days=28),),
        anatomy=Anatomy(prepare=15, infusion=40, observation=60),
        spacing=(Spacing(minimum=7, latest=63), Spacing(apart=6, minimum=84)),
    )
    return Protocol(id="two-years", version="1", title="two years", phases=(induction, boosters))


def timed(runs: int, act: Callable[[Calendar], object]) -> list[float]:
    found = []
    for _ in range(runs):
        calendar = clinic()
        begin = time.process_time()
        act(calendar)
        found.append(1000 * (time.process_time() - begin))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=300)
    runs = parser.parse_args().runs
    course = plan(
        two_years(), start=START, calendar=clinic(), id="A-1", at=datetime(2026, 12, 1, 9, tzinfo=UTC)
    )
    days = [session.day for session in course.sessions]
    given, missed = [Visit(day) for day in days[:8]], Visit(days[8], "no-show")
    today, at = days[8], datetime.combine(days[8], datetime.min.time(), UTC).replace(hour=18)
    known = record(course, given, at=at)

    def whole(course: Course, visits: list[Visit]) -> None:
        evaluate(course, visits, as_of=today)
        assert forecast(course, visits, as_of=today).next is not None

    acts: dict[str, Callable[[Calendar], object]] = {
        "evaluate and forecast": lambda _: whole(known, [missed]),
        "with days that can be booked": lambda c: forecast(known, [missed], as_of=today, calendar=c),
        "replan, nothing new": lambda c: replan(known, calendar=c, at=at),
    }
    for policy in POLICIES:
        acts[f"replan, {policy}"] = lambda c, policy=policy: replan(  # type: ignore[misc]
            known, [missed], calendar=c, at=at, policy=policy
        )
    for name, act in acts.items():
        took = timed(runs, act)
        median, p95 = statistics.median(took), statistics.quantiles(took, n=20)[-1]
        note_times(f"tracking: {name}", took)
        print(f"{name:30} median {median:6.2f} ms, p95 {p95:6.2f} ms")
    again = replan(known, [missed], calendar=clinic(), at=at)
    assert len(again.standing()) == len(course.sessions)
    assert attrs.evolve(again) == again


if __name__ == "__main__":
    main()
