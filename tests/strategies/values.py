"""Texts, days, moments and zones of any kind, the odd ones among them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import strategies as st

from ketsched.model import Evidence, Mark

ZONES = (
    *("Europe/Amsterdam", "Europe/Dublin", "America/New_York", "America/Havana", "Australia/Lord_Howe"),
    *("Asia/Kolkata", "Asia/Jerusalem", "Asia/Kathmandu", "Pacific/Apia", "UTC", "America/Santiago"),
)
EVERY_ZONE = sorted(zone for zone in available_timezones() if zone not in ("localtime", "Factory"))
"""What there is on this machine; ZONES are those that differ in kind."""
texts = st.text(max_size=30) | st.sampled_from(
    [
        "",
        "x\r\nBEGIN:VEVENT",
        "a\\nb\\Nc\\\\n",
        "\x00\x1f\x7f\x85\u2028",
        "=1+1",
        "é漢😀" * 20,
        ' "q"; c, d: ',
        "\\u0041",
    ]
)
filled = texts.filter(str.strip)
session_ids = filled.filter(lambda text: len(text) <= 255 and not re.search(r"[\x00-\x1f\x7f-\x9f]", text))
foreign_uids = st.from_regex(r"[A-Za-z0-9@/,;:_ -]{0,120}[A-Za-z0-9]", fullmatch=True)
"""UIDs that other programs gave to events, without what makes each the only one."""
course_ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,63}", fullmatch=True)
days = st.dates(date(2020, 1, 1), date(2040, 12, 31))
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
offsets = st.builds(lambda m: timezone(timedelta(minutes=m)), st.integers(-14 * 60, 14 * 60))
moments = st.builds(
    lambda at, offset: at.astimezone(offset),
    st.integers(631_152_000 * 10**6, 4_102_444_800 * 10**6).map(  # 1990 to 2100
        lambda micros: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    ),
    st.just(UTC) | offsets,
)
marks = st.sampled_from(Mark)
evidences = st.builds(Evidence, key=texts, source=texts, mark=marks, note=texts)


def optional(values):
    return st.none() | values


@cache
def clock_changes(zone):
    """Moments within two days after the offset changes, 1990 to 2035: found apart from the library."""
    place, at, found = ZoneInfo(zone), datetime(1990, 1, 1, tzinfo=UTC), []
    before = at.astimezone(place).utcoffset()
    while at.year < 2035:
        at += timedelta(days=2)
        now = at.astimezone(place).utcoffset()
        if now != before:
            found.append(at)
        before = now
    return found


@st.composite
def near_changes(draw):
    """A zone and a date, most often one next to a change of its clocks."""
    zone = draw(st.sampled_from(EVERY_ZONE))
    day = draw(st.dates(date(1973, 1, 1), date(2199, 12, 31)))
    if draw(st.integers(0, 3)) and clock_changes(zone):
        day = draw(st.sampled_from(clock_changes(zone))).date() + timedelta(draw(st.integers(-4, 2)))
    return zone, day
