"""
How fast calendar files are written, beside the `icalendar` package writing the same bytes.

    python benchmarks/ical.py [EVENTS ...]

Both begin with their own values in memory (a Course; the parsed components) and end with
bytes; the best of many runs counts, taken in turns so that a busy machine disturbs both alike.
"""

import platform
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Any

import attrs
import icalendar
from _ratios import note

from ketsched.interchange import dumps, json
from ketsched.model import Anatomy, Course, Phase, Protocol, Revision, Session
from ketsched.revising import revise

ROUNDS, IN_A_ROW = 24, 4


def course_of(count: int) -> Course:
    phase = Phase(
        kind="induction",
        name="induction",
        count=count,
        weekdays=(0, 2, 4),
        anatomy=Anatomy(prepare=20, infusion=40, observation=60),
        no_driving=timedelta(hours=24),
    )
    sessions = tuple(
        Session(
            id=f"s{n}", phase="induction", day=date(2027, 1, 4) + timedelta(3 * n), time=clock(9, 15), chair=1
        )
        for n in range(count)
    )
    return Course(
        protocol=Protocol(id="three-a-week", version="1", title="Three a week", phases=(phase,)),
        zone="Europe/Amsterdam",
        sessions=sessions,
        id="A-017",
        revisions=(Revision(at=datetime(2026, 12, 1, tzinfo=UTC)),),
    )


def moved(course: Course, times: int) -> Course:
    """Return a course of which so many sessions were moved, each in a revision of its own."""
    for number in range(times):
        sessions = list(course.sessions)
        one = sessions[5 * number]
        sessions[5 * number] = attrs.evolve(one, day=one.day + timedelta(1), time=clock(14))
        at = datetime(2026, 12, 2 + number, tzinfo=UTC)
        course = revise(course, at=at, what="moved", sessions=sessions)
    return course


def best(*calls: Callable[[], Any]) -> list[float]:
    """Return the shortest processor time of each call, in seconds, over rounds in which they take turns."""
    found = [float("inf")] * len(calls)
    for _ in range(ROUNDS):
        for number, call in enumerate(calls):
            for _ in range(IN_A_ROW):  # the first finds the processor's caches full of the other's
                start = time.process_time()
                call()
                found[number] = min(found[number], time.process_time() - start)
    return found


def main() -> None:
    print(f"Python {sys.version.split()[0]}, icalendar {icalendar.__version__}, {platform.machine()}")
    counts = [int(word) for word in sys.argv[1:]] or (20, 200, 1000)
    courses = [(f"{count} events", course_of(count)) for count in counts]
    courses.append(("60 events, 10 revisions", moved(course_of(60), 10)))
    for name, course in courses:
        count = len(course.sessions)
        for audience, privacy in (("patient", "discreet"), ("clinic", "named"), ("clinic", "full")):
            content = dumps(course, "ics", audience=audience, privacy=privacy)
            calendar = icalendar.Calendar.from_ical(content)
            assert calendar.to_ical() == content

            def write(course: Course = course, audience: str = audience, privacy: str = privacy) -> bytes:
                return dumps(course, "ics", audience=audience, privacy=privacy)

            ours, theirs = best(write, calendar.to_ical)
            label = f"{audience} {privacy}"
            note(f"ical: {name}, {label}, to icalendar's", ours / theirs)
            print(
                f"{name:>23}, {label:17} {ours / count * 1e6:6.1f} µs an event, icalendar "
                f"{theirs / count * 1e6:6.1f} µs: {theirs / ours:5.1f} times"
            )
    course = attrs.evolve(course_of(20))
    text = dumps(course, "json").decode()
    reading, writing = best(lambda: json.loads(text, "course.json"), lambda: dumps(course, "json"))
    print(f"course document of 20 sessions: read {reading * 1e3:.2f} ms, written {writing * 1e3:.2f} ms")


if __name__ == "__main__":
    main()
