"""
How long what goes around the sessions takes: an induction of six with twelve companions.

    python benchmarks/companions.py --runs 300

Prints the median and the 95th percentile, in milliseconds, of planning the induction alone,
with its companions, of placing them anew with nothing changed, and of checking it; every
run with calendars that remember nothing. Asserts what is placed, never how long it takes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import UTC, date, datetime

import attrs
from _ratios import note_times

from ketsched import Calendar, check, load_protocol
from ketsched.model import Anchor, Companion, Course, Interval, Protocol, Window
from ketsched.planning import appointments, plan

AT = datetime(2026, 12, 1, tzinfo=UTC)
EACH, THIRD = Anchor(every=1), Anchor(session=3)
END = Anchor(edge="end")


def appointment(
    name: str, topic: str, anchor: Anchor, window: tuple[int, int, int], **more: object
) -> Companion:
    earliest, recommended, latest = window
    return Companion(
        id=name,
        kind="appointment",
        topic=topic,
        title=name,
        anchor=anchor,
        window=Window(earliest=earliest, recommended=recommended, latest=latest),
        **{"minutes": 30, **more},  # type: ignore[arg-type]
    )


TWELVE = (
    appointment("screening", "screening", Anchor(edge="start"), (-28, -7, -1), required=True, minutes=60),
    appointment("intake", "intake", Anchor(edge="start"), (-28, -10, -1)),
    appointment("check-in", "check-in", Anchor(session=1), (1, 1, 2), place="telephone", minutes=15),
    appointment("laboratory", "laboratory", Anchor(edge="start"), (-14, -3, -1), minutes=15),
    appointment("mid-review", "review", THIRD, (0, 0, 1), required=True),
    appointment(
        "therapy",
        "psychotherapy",
        Anchor(session=4),
        (1, 1, 14),
        required=True,
        count=5,
        every=(Interval(days=3),),
        calendar="therapist",
        on_session_days="never",
        minutes=60,
    ),
    appointment("review", "review", END, (14, 21, 31), required=True, gate=True),
    appointment("monitoring", "monitoring", END, (21, 28, 42), areas=("urinary", "liver")),
    Companion(
        id="ride",
        kind="task",
        topic="ride",
        title="ride",
        anchor=EACH,
        window=Window(earliest=-2, recommended=-1, latest=-1),
    ),
    Companion(
        id="form",
        kind="task",
        topic="form",
        title="form",
        audience="clinic",
        anchor=EACH,
        window=Window(latest=7),
    ),
    Companion(id="water", kind="notice", topic="fluids", title="water", anchor=EACH),
    Companion(id="rest", kind="notice", topic="rest", title="rest", anchor=EACH),
)


Given = tuple[Calendar, dict[str, Calendar]]
"""The clinic's calendar, and those of others by name."""


def clinic() -> Given:
    hours = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00")
    therapist = Calendar.weekly(
        "America/New_York", mon="12:00-19:00", tue="12:00-19:00", thu="12:00-19:00", name="the therapist"
    )
    return Calendar.weekly("America/New_York", chairs=2, **hours).with_holidays("US"), {
        "therapist": therapist
    }


def timed(runs: int, act: Callable[[Given], object]) -> list[float]:
    found = []
    for _ in range(runs):
        given = clinic()
        begin = time.perf_counter()
        act(given)
        found.append(1000 * (time.perf_counter() - begin))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=300)
    runs = parser.parse_args().runs
    alone = attrs.evolve(load_protocol("iv-mwf-6"), companions=())
    whole = attrs.evolve(alone, companions=TWELVE)
    start = date(2027, 1, 4)

    def planned(protocol: Protocol, given: Given) -> Course:
        return plan(protocol, start=start, calendar=given[0], calendars=given[1], id="A-1", at=AT)

    course = planned(whole, clinic())
    assert len(course.companions) == 24, len(course.companions)  # 7 alone, 5 of therapy, 6 rides, 6 forms
    acts: dict[str, Callable[[Given], object]] = {
        "induction of 6, alone": lambda given: planned(alone, given),
        "with 12 companions": lambda given: planned(whole, given),
        "placed anew, nothing changed": lambda g: appointments(course, calendar=g[0], calendars=g[1], at=AT),
        "checked": lambda g: check(course, calendar=g[0], calendars=g[1]),
    }
    for name, act in acts.items():
        took = timed(runs, act)
        median, p95 = statistics.median(took), statistics.quantiles(took, n=20)[-1]
        note_times(f"companions: {name}", took)
        print(f"{name:30} median {median:6.2f} ms, p95 {p95:6.2f} ms")


if __name__ == "__main__":
    main()
