"""A calendar file that is hard to read: visits around both clock changes of 2027, in zones of every kind."""

import zoneinfo
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from conformance.foreign import Event, event
from ketsched.interchange import contentlines
from ketsched.interchange.vtimezones import vtimezone

ZONES = (
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",  # changes by 30 minutes
    "Asia/Kolkata",  # never changes
    "Europe/Dublin",  # has its winter as daylight time
    "America/Havana",  # changes at midnight, and in data since 2026 leaves out one winter
    "Asia/Jerusalem",  # has no weekday of the month
)

HOUR = timedelta(hours=1)
AROUND = ((-36, 2), (-3, 0.9), (-3, 6), (2.25, 2), (5, 2), (24, 2))
"""Start and length in hours: before, across and after a change, none in the night hours that need UTC."""

THAT_NIGHT = ((-1.5, 1), (-1, 0.25), (-0.25, 0.5), (0, 0.25), (0.25, 0.5), (1, 1))
"""Likewise, of the hours before the change, the hour that comes again, and the change itself."""

_SUMMARY = "Visit {}: Zürich, «Haus B»; bring a driver – no food, please – 日本語のテキスト 😀"
"""Long enough to be folded, inside its escapes and its characters, wherever a reader may stumble."""


@contextmanager
def tz_data_of_the_package() -> Iterator[None]:
    """Have zoneinfo go by the tzdata package: a machine's own data may be years older than a reader's."""
    path = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([])
    ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath(path)
    ZoneInfo.clear_cache()


def visits(zone: str, around: Iterable[tuple[float, float]] = AROUND) -> list[tuple[datetime, datetime]]:
    """Start and end of visits about two clock changes of 2027; about quiet days, where there are fewer."""
    info = ZoneInfo(zone)
    half_hours = [datetime(2027, 1, 3, tzinfo=UTC) + n * HOUR / 2 for n in range(360 * 48)]
    offsets = [moment.astimezone(info).utcoffset() for moment in half_hours]
    changes = [
        moment
        for moment, (before, after) in zip(half_hours[1:], pairwise(offsets), strict=True)
        if before != after
    ]
    quiet_days = half_hours[12 * 48 :: 180 * 48]
    return [
        ((change + start * HOUR).astimezone(info), (change + (start + length) * HOUR).astimezone(info))
        for change in (changes + quiet_days)[:2]
        for start, length in around
    ]


def write(path: Path, groups: Iterable[tuple[str, list[tuple[datetime, datetime]]]]) -> list[Event]:
    """Write visits by zone into one file, and return the truth about them, in the order of `read_with`."""
    zones: dict[str, tuple[str, ...]] = {}
    lines: list[str] = []
    truth: list[Event] = []
    for zone, times in groups:
        described = vtimezone(zone, (moment for visit in times for moment in visit))
        if described:
            zones[zone] = described
        for start, end in times:
            number = len(truth)
            expected = event(
                f"visit-{number:04}",
                start,
                end,
                summary=_SUMMARY.format(number),
                status="CANCELLED" if number % 5 == 4 else "CONFIRMED",
                sequence=number % 3,
            )
            truth.append(expected)
            lines += [
                "BEGIN:VEVENT",
                f"UID:{expected['uid']}",
                "DTSTAMP:20260101T000000Z",
                f"DTSTART{_time(start, zone, described)}",
                f"DTEND{_time(end, zone, described)}",
                f"SUMMARY:{contentlines.text(expected['summary'])}",
                f"STATUS:{expected['status']}",
                f"SEQUENCE:{expected['sequence']}",
                "END:VEVENT",
            ]
    described_once = [line for zone in zones.values() for line in zone]
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//ketsched//conformance//EN"]
    path.write_bytes(contentlines.document([*head, *described_once, *lines, "END:VCALENDAR"]))
    return truth


def _time(moment: datetime, zone: str, described: tuple[str, ...] | None) -> str:
    if described is None:
        return f":{contentlines.utc(moment)}"
    return f";TZID={zone}:{contentlines.local(moment)}"
