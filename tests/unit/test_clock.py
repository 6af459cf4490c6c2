"""Local times, moments and elapsed time, in every zone and on the days that are not 24 hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketsched import clock
from ketsched.clock import (
    SECONDS_A_DAY,
    TimeRange,
    aware,
    changes_clocks,
    choices,
    day_of,
    elapsed,
    later,
    merged,
    midnight,
    minute_of,
    moment,
    overlap,
    plausible,
    read_date,
    read_time,
    seconds,
    stretches,
    time_of,
)
from ketsched.errors import InvalidInput, InvalidTime, KetschedError
from ketsched.zones import zone_named
from strategies.values import EVERY_ZONE, near_changes

ODD_DAYS = {
    # what the zone's law said; counted by hand: when the day begins and ends in UTC, and its hours
    ("America/New_York", date(2027, 3, 14)): 23,
    ("America/New_York", date(2027, 11, 7)): 25,
    ("Europe/Dublin", date(2027, 3, 28)): 23,
    ("Australia/Lord_Howe", date(2027, 4, 4)): 24.5,
    ("Australia/Lord_Howe", date(2027, 10, 3)): 23.5,
    ("Asia/Beirut", date(2022, 3, 27)): 23,  # 00:00 does not happen
    ("Asia/Beirut", date(2022, 10, 29)): 25,  # 23:00 happens twice
    ("Africa/Cairo", date(2024, 4, 26)): 23,  # 00:00 does not happen
    ("America/Havana", date(2024, 3, 10)): 23,  # 00:00 does not happen
    ("America/Havana", date(2024, 11, 3)): 25,  # 00:00 happens twice
    ("America/Asuncion", date(2023, 10, 1)): 23,  # 00:00 does not happen
    ("America/Asuncion", date(2024, 3, 23)): 25,  # 23:00 happens twice
    ("America/St_Johns", date(2010, 3, 14)): 23,  # at 00:01
    ("America/St_Johns", date(2010, 11, 6)): 25 - 1 / 60,  # at 00:01 of the day after, back to 23:01
    ("America/St_Johns", date(2010, 11, 7)): 24 + 1 / 60,
    ("Pacific/Apia", date(2011, 12, 30)): 0,  # left out
    ("Pacific/Kwajalein", date(1993, 8, 21)): 0,  # left out
    ("America/Caracas", date(2007, 12, 9)): 24.5,
    ("Africa/Casablanca", date(2024, 3, 10)): 25,
    ("America/New_York", date(2027, 3, 13)): 24,
    ("Asia/Kolkata", date(2027, 3, 14)): 24,
}


# -- spans of a day


def test_hours_are_read_in_order_and_printed_as_they_were_written():
    spans = TimeRange.parse("13:00–17:00 , 9:00-12:00")
    assert spans == (TimeRange(540, 720), TimeRange(780, 1020))
    assert ", ".join(map(str, spans)) == "09:00-12:00, 13:00-17:00"


def test_hours_that_touch_are_one_span():
    assert TimeRange.parse("09:00-12:00, 12:00-17:00") == (TimeRange(540, 1020),)


@pytest.mark.parametrize("text", ["", "  ", "closed", "Closed"])
def test_no_hours_are_no_spans(text):
    assert TimeRange.parse(text) == ()


def test_a_day_may_end_at_24_00():
    assert TimeRange.parse("00:00-24:00") == (TimeRange(0, 1440),)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("9-17", "was not understood as hours"),
        ("09:00", "was not understood as hours"),
        ("09:60-17:00", "was not understood as hours"),
        ("09:00-17:00,", "was not understood as hours"),
        ("٠٩:00-17:00", "was not understood as hours"),
        ("17:00-09:00", "not within one day"),
        ("09:00-09:00", "not within one day"),
        ("09:00-24:15", "not within one day"),
        ("20:00-26:00", "not within one day"),
        ("09:00-12:00, 11:00-17:00", "overlap"),
    ],
)
def test_hours_that_cannot_be_are_refused(text, what):
    with pytest.raises(InvalidInput, match=what) as error:
        TimeRange.parse(text)
    assert error.value.why
    assert error.value.fix


def test_overlapping_hours_are_answered_with_the_span_that_was_meant():
    with pytest.raises(InvalidInput) as error:
        TimeRange.parse("09:00-12:00, 11:00-17:00")
    assert error.value.fix == "write one span: 09:00-17:00"


spans = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda t: t[0] < t[1])
days_of_spans = st.lists(spans.map(lambda t: TimeRange(*t)), max_size=5)


def minutes_in(found):
    return {minute for span in found for minute in range(span.start, span.end)}


@given(days_of_spans, days_of_spans)
def test_spans_are_sets_of_minutes(one, other):
    assert minutes_in(merged(one)) == minutes_in(one)
    both = overlap(merged(one), merged(other))
    assert minutes_in(both) == minutes_in(one) & minutes_in(other)
    assert all(a.end < b.start for a, b in zip(merged(one), merged(one)[1:], strict=False))
    assert both == tuple(sorted(both))


@given(st.integers(0, 1439))
def test_minutes_and_times_of_day_are_the_same(minute):
    assert minute_of(time_of(minute)) == minute
    assert read_time(f"{time_of(minute):%H:%M}") == time_of(minute)


# -- zones


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("Europe/Amsterdm", "did you mean Europe/Amsterdam"),
        ("america/new_york", "America/New_York"),
        ("Mars/Olympus_Mons", ""),
        ("", ""),
        ("../../etc/passwd", ""),
        ("/etc/localtime", ""),
        ("America", ""),
        ("localtime", ""),
        ("posix/Europe/Paris", "Europe/Paris"),
        ("right/Europe/Paris", "Europe/Paris"),
        ("a\0b", ""),
        ("x" * 5000, ""),
        (None, ""),
        (5, ""),
    ],
)
def test_a_zone_that_does_not_exist_is_refused_with_its_neighbours(name, fix):
    with pytest.raises(InvalidTime, match="no time zone") as error:
        zone_named(name)
    assert fix in error.value.fix
    assert error.value.fix


def test_every_zone_is_known():
    assert all(zone_named(zone).key == zone for zone in EVERY_ZONE)
    assert len(EVERY_ZONE) > 400


# -- moments


def test_a_plain_time_is_one_moment():
    assert moment(date(2027, 1, 4), time(9), "America/New_York") == datetime(2027, 1, 4, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "at", "zone", "what", "fix"),
    [
        (date(2027, 3, 14), time(2, 30), "America/New_York", "02:30 does not happen", "01:30 or 03:30"),
        (date(2027, 10, 3), time(2, 15), "Australia/Lord_Howe", "02:15 does not happen", "01:45 or 02:45"),
        (
            date(2027, 11, 7),
            time(1, 30),
            "America/New_York",
            "01:30 happens twice",
            "01:30 UTC-04:00 or 01:30 UTC-05:00",
        ),
        (
            date(2027, 4, 4),
            time(1, 45),
            "Australia/Lord_Howe",
            "01:45 happens twice",
            "UTC+11:00 or 01:45 UTC+10:30",
        ),
        (
            date(2027, 10, 31),
            time(1, 30),
            "Europe/Dublin",
            "01:30 happens twice",
            "UTC+01:00 or 01:30 UTC+00:00",
        ),
        (date(2022, 3, 27), time(0, 30), "Asia/Beirut", "does not happen", "23:30 on 2022-03-26 or 01:30"),
        (
            date(2011, 12, 30),
            time(9),
            "Pacific/Apia",
            "does not happen",
            "09:00 on 2011-12-29 or 09:00 on 2011-12-31",
        ),
    ],
)
def test_a_time_that_is_skipped_or_repeated_names_both_choices(day, at, zone, what, fix):
    with pytest.raises(InvalidTime, match=what) as error:
        moment(day, at, zone)
    assert fix in error.value.fix
    assert zone in error.value.what


def test_a_day_that_is_left_out_is_called_a_day():
    with pytest.raises(InvalidTime) as error:
        moment(date(2011, 12, 30), time(9), "Pacific/Apia")
    assert error.value.why == "the clocks go forward over that day"


@settings(deadline=None)  # a zone is read from disk when it is first met
@given(near_changes(), st.integers(0, 1439))
def test_choices_are_all_moments_at_which_the_clocks_show_that_time(where, minute):
    """Held against a walk over every minute at which it could be."""
    zone, day = where
    place, wall = zone_named(zone), time_of(minute)
    shown = datetime.combine(day, wall)
    expected = set()
    for offset in {at.utcoffset() for n in range(-48, 49) for at in [_around(day, n).astimezone(place)]}:
        at = (shown - offset).replace(tzinfo=UTC)
        if at.astimezone(place).replace(tzinfo=None) == shown:
            expected.add(at)
    found = choices(day, wall, zone)
    assert {at.astimezone(UTC) for at in found} == expected
    assert len(found) == len(expected)
    assert [at.astimezone(UTC) for at in found] == sorted(expected)
    if len(found) == 1:
        assert moment(day, wall, zone) == found[0]
    else:
        with pytest.raises(InvalidTime):
            moment(day, wall, zone)


def _around(day, hours):
    return datetime.combine(day, time(12), UTC) + timedelta(hours=hours)


def test_elapsed_time_crosses_a_change_of_the_clocks():
    start = moment(date(2027, 3, 13), time(22), "America/New_York")
    end = later(start, timedelta(hours=12))
    assert (end.date(), end.time()) == (date(2027, 3, 14), time(11))
    assert elapsed(start, end) == timedelta(hours=12)
    assert end - start == timedelta(hours=13), "what the wall says, which is why `elapsed` is there"


@settings(deadline=None)  # a zone is read from disk when it is first met
@given(near_changes(), st.integers(0, 1439), st.integers(-(10**6), 10**6))
def test_elapsed_undoes_later(where, minute, step):
    zone, day = where
    for start in choices(day, time_of(minute), zone):
        end = later(start, timedelta(seconds=step))
        assert elapsed(start, end) == timedelta(seconds=step)
        assert end.tzinfo is start.tzinfo


# -- days that are not 24 hours


@pytest.mark.parametrize(
    ("where", "hours"), ODD_DAYS.items(), ids=lambda v: "-".join(map(str, v)) if isinstance(v, tuple) else ""
)
def test_a_day_is_as_long_as_its_law_says(where, hours):
    zone, day = where
    assert sum(end - begin for begin, end, _ in stretches(day, zone)) == round(hours * 3600)
    assert changes_clocks(day, zone) is (
        where[1] not in (date(2027, 3, 13), date(2027, 3, 14)) or hours != 24
    )


@settings(deadline=None)  # a zone is read from disk when it is first met
@given(near_changes())
def test_stretches_are_the_moments_that_show_the_date(where):
    """Held against every quarter of an hour for two days on either side, and each end to the second."""
    zone, day = where
    place, found = zone_named(zone), stretches(day, zone)
    zero = midnight(day)

    def shown(at):
        local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=at)).astimezone(place)
        return local.date(), local.utcoffset() // timedelta(seconds=1)

    inside = [at for begin, end, _ in found for at in (begin, end - 1)]
    outside = [at for begin, end, _ in found for at in (begin - 1, end)]
    for at in [*range(zero - 2 * SECONDS_A_DAY, zero + 3 * SECONDS_A_DAY, 900), *inside, *outside]:
        held = [offset for begin, end, offset in found if begin <= at < end]
        assert held == ([shown(at)[1]] if shown(at)[0] == day else [])


@settings(deadline=None)  # a zone is read from disk when it is first met
@given(near_changes(), st.integers(0, 1439), st.integers(0, 1439))
def test_on_a_plain_day_the_wall_and_elapsed_time_agree(where, minute, other):
    zone, day = where
    if changes_clocks(day, zone):
        return
    one, two = (choices(day, time_of(m), zone) for m in sorted((minute, other)))
    assert len(one) == len(two) == 1
    assert elapsed(one[0], two[0]) == timedelta(minutes=abs(other - minute))


@given(st.dates(date(1900, 1, 1), date(2299, 12, 31)), st.integers(0, SECONDS_A_DAY - 1))
def test_seconds_count_from_1970(day, second):
    assert day_of(midnight(day) + second) == day
    assert seconds(datetime.combine(day, time(), UTC)) == midnight(day)


# -- what people write


@pytest.mark.parametrize(
    "text", ["2027-1-4", "04/01/2027", "2027-02-30", "20270104", "2027-01-04T09:00", "", "٢٠٢٧-01-04"]
)
def test_a_date_is_written_year_month_day(text):
    with pytest.raises(InvalidInput, match="is not a date"):
        read_date(text)


def test_dates_and_times_are_read():
    assert read_date(" 2027-01-04 ") == date(2027, 1, 4)
    assert read_time("9:30") == time(9, 30)


@pytest.mark.parametrize("text", ["24:00", "9", "9.30", "09:60", "noon", "9:30 pm", "", "٩:30"])
def test_a_time_is_written_with_hours_and_minutes(text):
    with pytest.raises(InvalidInput, match="is not a time of day"):
        read_time(text)


@pytest.mark.parametrize("day", [date(1969, 12, 31), date(2200, 1, 1), date(9999, 12, 31), date(207, 1, 4)])
def test_a_year_that_is_a_slip_of_the_keyboard_is_refused(day):
    with pytest.raises(InvalidInput, match="not a day to plan on"):
        plausible(day, "start")
    with pytest.raises(InvalidInput, match="not a day to plan on"):
        read_date(str(day))


def test_the_first_and_the_last_day_are_plausible():
    assert [plausible(day, "start") for day in (clock.FIRST_DAY, clock.LAST_DAY)]
    assert stretches(clock.LAST_DAY, "Pacific/Kiritimati")
    assert stretches(clock.FIRST_DAY, "Pacific/Kiritimati")


@pytest.mark.parametrize("day", [datetime(2027, 1, 4, tzinfo=UTC), "2027-01-04", 20270104, None])
def test_a_moment_is_not_a_date(day):
    with pytest.raises(InvalidInput, match="start is not a date"):
        plausible(day, "start")


@pytest.mark.parametrize("at", [datetime(2027, 1, 4, 9), date(2027, 1, 4), "2027-01-04T09:00Z", None])  # noqa: DTZ001
def test_a_naive_time_is_not_a_moment(at):
    with pytest.raises(InvalidTime, match="at is not a moment"):
        aware(at, "at")


@given(st.text(max_size=30), st.sampled_from([TimeRange.parse, read_date, read_time, zone_named]))
def test_text_is_read_or_refused(text, read):
    error = fault(read, text)
    assert error is None or all((error.what, error.why, error.fix))


def fault(read, text):
    try:
        read(text)
    except KetschedError as error:
        return error
    return None
