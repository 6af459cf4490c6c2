"""VTIMEZONE from the footer of the tz database, held to zoneinfo in every zone there is."""

import struct
import zoneinfo
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from dateutil.tz import tzical
from hypothesis import given
from hypothesis import strategies as st

from ketsched.errors import InvalidTime
from ketsched.interchange import contentlines
from ketsched.interchange.vtimezones import vtimezone

FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

NEW_YORK = """\
BEGIN:VTIMEZONE
TZID:America/New_York
BEGIN:STANDARD
DTSTART:19701101T020000
RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11
TZNAME:EST
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700308T020000
RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3
TZNAME:EDT
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
END:DAYLIGHT
END:VTIMEZONE"""

LONDON = """\
BEGIN:VTIMEZONE
TZID:Europe/London
BEGIN:STANDARD
DTSTART:19701025T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZNAME:GMT
TZOFFSETFROM:+0100
TZOFFSETTO:+0000
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T010000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZNAME:BST
TZOFFSETFROM:+0000
TZOFFSETTO:+0100
END:DAYLIGHT
END:VTIMEZONE"""

DUBLIN = LONDON.replace("Europe/London", "Europe/Dublin").replace("BST", "IST")
"""The tz database has Irish winter time as negative daylight time; the clocks are those of London."""

LORD_HOWE = """\
BEGIN:VTIMEZONE
TZID:Australia/Lord_Howe
BEGIN:STANDARD
DTSTART:19700405T020000
RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4
TZOFFSETFROM:+1100
TZOFFSETTO:+1030
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19701004T020000
RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=10
TZOFFSETFROM:+1030
TZOFFSETTO:+1100
END:DAYLIGHT
END:VTIMEZONE"""

KOLKATA = """\
BEGIN:VTIMEZONE
TZID:Asia/Kolkata
BEGIN:STANDARD
DTSTART:19700101T000000
TZNAME:IST
TZOFFSETFROM:+0530
TZOFFSETTO:+0530
END:STANDARD
END:VTIMEZONE"""

WRITTEN_BY_HAND = {
    "America/New_York": NEW_YORK,
    "Europe/London": LONDON,
    "Europe/Dublin": DUBLIN,
    "Australia/Lord_Howe": LORD_HOWE,
    "Asia/Kolkata": KOLKATA,
}


def parsed(lines: tuple[str, ...]) -> icalendar.Timezone:
    found = icalendar.Timezone.from_ical(contentlines.document(lines))
    assert isinstance(found, icalendar.Timezone)
    return found


def tell_tale(zone: ZoneInfo) -> Iterator[datetime]:
    """Every moment of interest in five years: each hour about a clock change, and every fifth day."""
    days = [FIRST + n * DAY for n in range((LAST - FIRST).days)]
    yield from days[::5]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    for day, (before, after) in zip(days, pairwise(offsets), strict=False):
        if before != after:
            yield from (day + n * HOUR for n in range(-24, 48))


def near_a_change(moment: datetime) -> bool:
    """Within the day that may need UTC: from 24 hours before a clock change to 3 hours after it."""
    in_utc = moment.astimezone(UTC)
    before, after = (in_utc + n * HOUR for n in (-3, 24))
    return before.astimezone(moment.tzinfo).utcoffset() != after.astimezone(moment.tzinfo).utcoffset()


class Reader:
    """A VTIMEZONE as icalendar expands it, asked for the offset at a moment."""

    def __init__(self, lines: tuple[str, ...]) -> None:
        self.onsets, self.offsets = parsed(lines).get_transitions()

    def offset(self, moment: datetime) -> timedelta:
        return self.offsets[bisect_right(self.onsets, moment.replace(tzinfo=None)) - 1][0]


def test_every_zone_reads_as_zoneinfo_has_it_or_is_left_to_utc():
    readers: dict[tuple[str, ...], Reader] = {}
    told = 0
    for name in sorted(zoneinfo.available_timezones()):
        zone = ZoneInfo(name)
        here = [moment.astimezone(zone) for moment in tell_tale(zone)]
        lines = vtimezone(name, (moment for moment in here if not near_a_change(moment)))
        if lines is None:
            continue
        told += 1
        rule = (*lines[:1], "TZID:x", *lines[2:])  # many names share a rule, and expanding one takes long
        if rule not in readers:
            readers[rule] = Reader(rule)
        reader = readers[rule]
        wrong = [moment for moment in here if reader.offset(moment.astimezone(UTC)) != moment.utcoffset()]
        assert not wrong, f"{name}: {wrong[:3]}"
    # All but a dozen zones that move at odd hours, and some that change their law.
    assert told > 0.9 * len(zoneinfo.available_timezones())


@pytest.mark.parametrize("name", WRITTEN_BY_HAND)
def test_zones_written_by_hand(name):
    noons = [datetime(2027, month, 15, 12, tzinfo=ZoneInfo(name)) for month in range(1, 13)]
    assert vtimezone(name, noons) == tuple(WRITTEN_BY_HAND[name].splitlines())


@pytest.mark.parametrize("name", WRITTEN_BY_HAND)
def test_clock_times_are_read_as_meant(name):
    """As readers do it: from the clock time and the VTIMEZONE alone (dateutil)."""
    zone = ZoneInfo(name)
    here = [moment for moment in (m.astimezone(zone) for m in tell_tale(zone)) if not near_a_change(moment)]
    reader = tzical(StringIO(contentlines.document(vtimezone(name, here)).decode())).get()
    assert [m for m in here if m.replace(tzinfo=reader).utcoffset() != m.utcoffset()] == []


@pytest.mark.parametrize("name", WRITTEN_BY_HAND)
def test_icalendar_would_write_the_same_bytes(name):
    lines = vtimezone(name, [])
    assert parsed(lines).to_ical() == contentlines.document(lines)


@pytest.mark.parametrize("name", WRITTEN_BY_HAND)
def test_each_start_is_an_onset_of_its_own_rule(name):
    """RFC 5545 3.8.5.3 leaves a DTSTART out of step with its RRULE undefined."""
    for part in parsed(vtimezone(name, [])).subcomponents:
        if "RRULE" in part:
            rule: Any = part["RRULE"]
            day, start = rule["BYDAY"][0], part.DTSTART
            nth = int(day[:-2])
            assert ("MO", "TU", "WE", "TH", "FR", "SA", "SU")[start.weekday()] == day[-2:]
            assert start.month == rule["BYMONTH"][0]
            assert (
                (start + timedelta(days=7)).month != start.month if nth < 0 else (start.day + 6) // 7 == nth
            )


@pytest.mark.parametrize(
    "name",
    [
        "Asia/Jerusalem",  # Friday before the last Sunday of March: POSIX says Thursday at 26:00
        "Asia/Gaza",  # Saturday after the fourth Thursday: Thursday at 50:00
        "Africa/Cairo",  # end of the last Thursday of October: 24:00
        "America/Santiago",  # end of the first Saturday: 24:00
        "America/Nuuk",  # Saturday before the last Sunday of March: Sunday at -1:00
        "UTC",  # has a form of its own
    ],
)
def test_zones_that_a_weekday_of_the_month_cannot_tell(name):
    assert vtimezone(name, []) is None


@pytest.mark.parametrize(
    ("clock", "fold"),
    [
        ("2027-03-14T00:00", 0),  # ts-ics has changed already
        ("2027-03-14T01:59", 0),
        ("2027-03-14T02:30", 0),  # there is no such time
        ("2027-11-07T00:00", 0),
        ("2027-11-07T01:30", 0),  # comes twice: the second to ical.js, libical, node-ical
        ("2027-11-07T01:30", 1),  # the first to vobject and Ruby
        ("2027-11-07T02:00", 0),  # before the change to Ruby
    ],
)
def test_the_night_of_a_change_needs_utc(clock, fold):
    """New York 2027: forward at 02:00 on Sunday 14 March, back at 02:00 on Sunday 7 November."""
    moment = datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo("America/New_York"), fold=fold)
    assert vtimezone("America/New_York", [moment]) is None


@pytest.mark.parametrize(
    "clock", ["2027-03-13T23:59", "2027-03-14T03:01", "2027-11-06T23:59", "2027-11-07T03:01"]
)
def test_the_rest_of_that_day_and_the_day_before_do_not(clock):
    moment = datetime.fromisoformat(clock).replace(tzinfo=ZoneInfo("America/New_York"))
    assert vtimezone("America/New_York", [moment]) is not None


def test_an_hour_repeated_on_the_day_before_needs_utc():
    """Beirut goes back at midnight, so that 23:00 to 24:00 of the Saturday comes twice."""
    beirut = ZoneInfo("Asia/Beirut")
    assert vtimezone("Asia/Beirut", [datetime(2027, 10, 30, 23, 30, tzinfo=beirut)]) is None
    assert vtimezone("Asia/Beirut", [datetime(2027, 10, 30, 22, 30, tzinfo=beirut)]) is not None


def test_moments_before_the_first_onset_need_utc():
    for name in ("America/New_York", "Asia/Kolkata"):
        assert vtimezone(name, [datetime(1970, 1, 15, tzinfo=UTC)]) is None


@given(st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.timezones()))
def test_the_zone_a_moment_comes_in_does_not_matter(moment):
    assert vtimezone("Europe/London", [moment]) == vtimezone("Europe/London", [moment.astimezone(UTC)])


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(InvalidTime, match="has no zone"):
        vtimezone("Europe/London", [datetime.fromisoformat("2027-01-04T09:00")])


@pytest.mark.parametrize("name", ["Europe/Atlantis", "../etc/passwd", "Europe", "", "Europe/London\r\nX:1"])
def test_a_zone_that_does_not_exist_is_refused(name):
    with pytest.raises(InvalidTime, match="there is no zone"):
        vtimezone(name, [])


@pytest.fixture
def tz_folder(tmp_path):
    """A tz database of one's own, in the one folder where zoneinfo then looks."""
    path = zoneinfo.TZPATH
    zoneinfo.reset_tzpath([str(tmp_path)])
    ZoneInfo.clear_cache()
    yield tmp_path
    zoneinfo.reset_tzpath(path)
    ZoneInfo.clear_cache()


def tzif(footer: str | None, hours: tuple[int, int], changes: list[datetime]) -> bytes:
    """A TZif file (RFC 9636) of two offsets that take turns at `changes`; without a footer, of version 1."""
    times = [int(change.timestamp()) for change in changes]
    turns = bytes((n + 1) % 2 for n in range(len(times)))
    types = b"".join(struct.pack(">lBB", hour * 3600, n, 4 * n) for n, hour in enumerate(hours))
    version = b"2" if footer is not None else b"\0"

    def block(width: str) -> bytes:
        counts = struct.pack(">6l", 0, 0, 0, len(times), 2, 8)
        moments = struct.pack(f">{len(times)}{width}", *times)
        return b"TZif" + version + bytes(15) + counts + moments + turns + types + b"AAA\0BBB\0"

    return block("l") + (block("q") + f"\n{footer}\n".encode() if footer is not None else b"")


def test_a_year_that_breaks_the_rule_needs_utc(tz_folder):
    """As Havana in the winter of 2026-27 in current data: the footer stays, one winter keeps summer time."""
    changes = [datetime(2026, 3, 8, 5, tzinfo=UTC), datetime(2027, 11, 7, 5, tzinfo=UTC)]
    (tz_folder / "Stays").write_bytes(tzif("CST5CDT,M3.2.0/0,M11.1.0/1", (-5, -4), changes))
    assert vtimezone("Stays", [datetime(2027, 1, 15, 12, tzinfo=UTC)]) is None
    assert vtimezone("Stays", [datetime(2026, 7, 15, 12, tzinfo=UTC)]) is not None
    assert vtimezone("Stays", [datetime(2028, 1, 15, 12, tzinfo=UTC)]) is not None


def test_havana_is_told_just_where_its_rule_holds():
    """Data since 2026 keep summer time through that winter; older data know nothing of it yet."""
    january = datetime(2027, 1, 15, 12, tzinfo=ZoneInfo("America/Havana"))
    keeps_the_rule = january.utcoffset() == timedelta(hours=-5)
    assert (vtimezone("America/Havana", [january]) is not None) == keeps_the_rule
    assert vtimezone("America/Havana", [january.replace(year=2029)]) is not None


@pytest.mark.parametrize(
    "footer",
    [
        None,  # version 1 files have none
        "",  # the future is not known
        "AAA0BBB,J60,J300",  # days of the year, without 29 February
        "AAA0BBB,59,299",  # and with it
        "AAA0BBB,M3.5.0/-1,M10.5.0/0",
        "AAA0BBB,M3.5.0,M10.5.0/24",
        "AAA0:00:30",  # seconds, which readers round
    ],
)
def test_footers_that_a_weekday_of_the_month_cannot_tell(tz_folder, footer):
    (tz_folder / "Odd").write_bytes(tzif(footer, (0, 1), []))
    assert vtimezone("Odd", []) is None


@pytest.mark.parametrize(
    ("footer", "start", "offsets"),
    [
        ("AAA-1BBB,M4.1.3/1:30,M9.4.6/23:59", "19700401T013000", ("+0100", "+0200")),
        ("<+03>-3<+0545>-5:45,M2.5.5,M10.1.0", "19700227T020000", ("+0300", "+0545")),
        ("<-0330>3:30<-02>2,M5.5.0/0,M10.1.0", "19700531T000000", ("-0330", "-0200")),
    ],
)
def test_footers_by_hand(tz_folder, footer, start, offsets):
    """DTSTART of the daylight part: 1970-04-01 was a Wednesday, -02-27 a Friday, -05-31 a Sunday."""
    (tz_folder / "Odd").write_bytes(tzif(footer, (0, 1), []))
    lines = vtimezone("Odd", [])
    daylight = lines[lines.index("BEGIN:DAYLIGHT") :]
    assert f"DTSTART:{start}" in daylight
    assert (f"TZOFFSETFROM:{offsets[0]}", f"TZOFFSETTO:{offsets[1]}") == daylight[-4:-2]


def test_the_file_zoneinfo_opens_is_the_file_we_read(tz_folder):
    """First the folders of TZPATH in turn, then the tzdata package."""
    assert vtimezone("Europe/London", []) == tuple(LONDON.splitlines())
    (tz_folder / "Europe").mkdir()
    (tz_folder / "Europe" / "London").write_bytes(tzif("AAA-3", (3, 3), []))
    ZoneInfo.clear_cache()
    assert "TZOFFSETTO:+0300" in vtimezone("Europe/London", [])
