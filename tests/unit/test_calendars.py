"""Hours, closures, holidays and chairs, against real holidays and every zone's clocks."""

from __future__ import annotations

import doctest
import re
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from ketsched import tomlfile
from ketsched.calendars import (
    Booking,
    Calendar,
    Opening,
    read_calendar,
)
from ketsched.clock import (
    TimeRange,
    changes_clocks,
    choices,
    elapsed,
    later,
    minute_of,
    moment,
    time_of,
)
from ketsched.closures import Holidays, Recurring, days_between
from ketsched.errors import InvalidInput, InvalidTime, KetschedError

from .test_clock import ZONES, near_changes

NY = "America/New_York"
NINE_TO_FIVE = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00")


@pytest.fixture
def clinic():
    return Calendar.weekly(NY, **NINE_TO_FIVE)


def open_days(calendar, year, minutes=60):
    first = date(year, 1, 1)
    return [
        day
        for n in range(366)
        if (day := first + timedelta(n)).year == year and calendar.is_open(day, minutes)
    ]


def clocks(starts):
    return [f"{at:%H:%M}" for at in starts]


def booking(day, begin, end, chair=None, zone=NY):
    """A course of one session, as `booked` takes it."""
    span = TimeRange.parse(f"{begin}-{end}")[0]
    start = moment(day, time_of(span.start), zone)
    finish = later(start, timedelta(minutes=span.end - span.start))
    return SimpleNamespace(occupied=lambda: [(start, finish, chair)])


# -- public holidays: the days are those of the statutes and the government's own lists


@pytest.mark.parametrize(
    ("country", "part", "day", "closed"),
    [
        ("US", "", date(2026, 7, 3), True),  # 4 July 2026 is a Saturday
        ("US", "", date(2026, 7, 4), True),
        ("US", "", date(2026, 7, 6), False),
        ("US", "", date(2027, 6, 18), True),  # Juneteenth 2027 is a Saturday
        ("US", "", date(2027, 7, 5), True),  # 4 July 2027 is a Sunday
        ("US", "", date(2027, 12, 31), True),  # New Year 2028 is a Saturday: the year before
        ("US", "", date(2028, 1, 1), True),
        ("US", "", date(2026, 12, 31), False),
        ("US", "", date(2027, 11, 25), True),  # fourth Thursday
        ("US", "", date(2027, 11, 26), False),  # the day after is not a federal holiday
        ("US", "CA", date(2027, 3, 31), True),  # Cesar Chavez Day
        ("US", "", date(2027, 3, 31), False),
        ("DE", "BY", date(2027, 5, 27), True),  # Corpus Christi
        ("DE", "BE", date(2027, 5, 27), False),
        ("DE", "BE", date(2027, 3, 8), True),  # International Women's Day
        ("DE", "BY", date(2027, 3, 8), False),
        ("GB", "SCT", date(2027, 1, 4), True),  # 2 January 2027 is a Saturday
        ("GB", "ENG", date(2027, 1, 4), False),
        ("GB", "SCT", date(2027, 3, 29), False),  # Easter Monday is none in Scotland
        ("GB", "ENG", date(2027, 3, 29), True),
        ("NL", "", date(2027, 4, 27), True),  # King's Day
        ("NL", "", date(2025, 4, 26), True),  # 27 April 2025 is a Sunday
        ("NL", "", date(2025, 4, 27), False),
    ],
)
def test_public_holidays(country, part, day, closed):
    assert (day in Holidays(country, part).of(day.year)) is closed


def test_federal_holidays_of_2027():
    """As the U.S. Office of Personnel Management lists them."""
    weekdays = [day for day in sorted(Holidays("US").of(2027)) if day.weekday() < 5]
    listed = ["01-01", "01-18", "02-15", "05-31", "06-18", "07-05", "09-06", "10-11", "11-11", "11-25"]
    assert weekdays == [date.fromisoformat(f"2027-{day}") for day in [*listed, "12-24", "12-31"]]


def test_observed_days_can_be_left_out():
    assert date(2026, 7, 3) not in Holidays("US", observed=False).of(2026)
    assert date(2026, 7, 4) in Holidays("US", observed=False).of(2026)


def test_holidays_have_english_names():
    assert Holidays("NL").of(2027)[date(2027, 4, 27)] == "King's Day"
    assert Holidays("DE", "BY").of(2027)[date(2027, 5, 27)] == "Corpus Christi"


def test_a_holiday_closes_the_clinic_and_says_which(clinic):
    us = clinic.with_holidays("US")
    assert not us.is_open(date(2027, 12, 31), 60)
    assert us.closed_by(date(2027, 12, 31)).reason == "New Year's Day (observed)"
    assert us.closed_by(date(2027, 12, 30)) is None
    assert us.is_open(date(2027, 12, 30), 60)
    assert len(open_days(clinic, 2027)) - len(open_days(us, 2027)) == 12


def test_two_sets_of_holidays_add_up(clinic):
    both = clinic.with_holidays("US").with_holidays("NL")
    assert both.closed_by(date(2027, 4, 27)).reason == "King's Day"
    assert both.closed_by(date(2027, 11, 25)).reason == "Thanksgiving Day"


@pytest.mark.parametrize(
    ("country", "part", "why"),
    [
        ("XX", "", "two-letter"),
        ("", "", "two-letter"),
        ("us", "", "two-letter"),
        ("USA", "", "two-letter"),
        ("HolidayBase", "", "two-letter"),
        ("registry", "", "two-letter"),
        ("US", "XX", "US has AK, AL"),
        ("MC", "XX", "no subdivisions"),
    ],
)
def test_unknown_holidays_are_refused(country, part, why):
    with pytest.raises(InvalidInput, match="no holidays are known") as error:
        Holidays(country, part)
    assert why in error.value.why
    assert error.value.fix


# -- closures by date, and openings


def test_closed_days_and_openings_replace_each_other(clinic):
    day, sunday = date(2027, 1, 4), date(2027, 1, 3)
    closed = clinic.without([day, day], "staff training")
    assert not closed.is_open(day, 60)
    assert closed.closed_by(day).reason == "staff training"
    assert closed.opening(day, "10:00-12:00").ranges(day) == TimeRange.parse("10:00-12:00")
    assert closed.opening(day, "10:00-12:00").closed_by(day) is None
    assert closed.opening(day, "10:00-12:00").without([day]).ranges(day) == ()
    assert clinic.opening(sunday, "10:00-12:00").opening(sunday, "11:00-12:00").ranges(sunday) == (
        TimeRange(660, 720),
    )
    assert clinic.is_open(day, 60), "the first calendar has not changed"


def test_an_opening_comes_before_a_holiday_and_a_rule(clinic):
    day = date(2027, 1, 18)  # Martin Luther King Jr. Day, a third Monday
    closed = clinic.with_holidays("US").without_every("FREQ=MONTHLY;BYDAY=3MO", date(2020, 1, 1))
    assert not closed.is_open(day, 60)
    assert clocks(closed.opening(day, "10:00-11:15").starts(day, 60)) == ["10:00", "10:15"]


def test_a_closure_without_a_reason_still_closes(clinic):
    closed = clinic.without([date(2027, 1, 4)], "")
    assert not closed.is_open(date(2027, 1, 4), 60)
    assert closed.closed_by(date(2027, 1, 4)) is not None


def test_what_closes_either_closes_both(clinic):
    patient = Calendar.always(NY).without([date(2027, 1, 4)], "on holiday")
    assert (clinic & patient).closed_by(date(2027, 1, 4)).reason == "on holiday"
    opened = clinic.opening(date(2027, 1, 4), "09:00-12:00")
    assert (opened & patient).closed_by(date(2027, 1, 4)).reason == "on holiday"


def test_a_holiday_calendar_is_an_iterable_of_dates(clinic):
    assert not clinic.without(Holidays("NL").of(2027)).is_open(date(2027, 4, 27), 60)


# -- closures by rule


def test_the_first_monday_of_the_month(clinic):
    closed = clinic.without_every("FREQ=MONTHLY;BYDAY=1MO", date(2000, 1, 1), "audit")
    mondays = [day for day in open_days(clinic, 2027) if day not in open_days(closed, 2027)]
    assert mondays == [
        date(2027, month, day)
        for month, day in enumerate((4, 1, 1, 5, 3, 7, 5, 2, 6, 4, 1, 6), 1)  # off a wall calendar
    ]
    assert closed.closed_by(date(2027, 2, 1)).reason == "audit"


@pytest.mark.parametrize(
    ("rule", "first", "year", "days"),
    [
        ("FREQ=WEEKLY;COUNT=3", date(2027, 1, 4), 2027, ["01-04", "01-11", "01-18"]),
        ("FREQ=WEEKLY;COUNT=3", date(2026, 12, 28), 2027, ["01-04", "01-11"]),
        ("FREQ=WEEKLY;INTERVAL=26;BYDAY=FR", date(2026, 1, 2), 2027, ["01-01", "07-02", "12-31"]),
        ("FREQ=WEEKLY;UNTIL=20270111", date(2027, 1, 4), 2027, ["01-04", "01-11"]),
        ("FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=-1", date(2026, 1, 15), 2027, ["04-30", "09-30"]),
        (
            "FREQ=MONTHLY",
            date(2026, 1, 31),
            2027,
            ["01-31", "03-31", "05-31", "07-31", "08-31", "10-31", "12-31"],
        ),
        ("FREQ=YEARLY", date(2024, 2, 29), 2027, []),
        ("FREQ=YEARLY", date(2024, 2, 29), 2028, ["02-29"]),
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24,31", date(2000, 1, 1), 2027, ["12-24", "12-31"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;BYMONTH=6", date(2000, 1, 1), 2027, ["06-30"]),
        ("freq=monthly;byday=1mo;bymonth=1", date(2027, 1, 5), 2027, []),
    ],
)
def test_rules_by_hand(rule, first, year, days):
    assert [f"{day:%m-%d}" for day in Recurring(rule, first).of(year)] == days


@st.composite
def rules(draw):
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 7))}"]
    if draw(st.booleans()):
        number = draw(st.sampled_from(["", "1", "-1", "2"])) if frequency in ("MONTHLY", "YEARLY") else ""
        parts.append(f"BYDAY={number}{draw(st.sampled_from(['MO', 'WE', 'SU']))}")
    elif draw(st.booleans()) and frequency != "WEEKLY":
        parts.append(f"BYMONTHDAY={draw(st.sampled_from(['1', '15', '31', '-1']))}")
    if draw(st.booleans()):
        parts.append(f"BYMONTH={draw(st.sampled_from(['1', '2,3', '12']))}")
    if draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(['MO', 'SU']))}")
    if draw(st.integers(0, 3)) == 0:
        parts.append(draw(st.sampled_from(["COUNT=5", "COUNT=60", "UNTIL=20301231"])))
    return ";".join(parts)


@settings(deadline=None)
@given(rules(), st.dates(date(2015, 1, 1), date(2031, 12, 31)), st.integers(2014, 2055))
def test_a_rule_gives_the_same_days_wherever_it_is_asked(rule, first, year):
    """Held against dateutil, walking from the first day; ours begins near the year."""
    recurring = refused(lambda: Recurring(rule, first))
    found = recurring.of(year) if recurring else {}  # refused as one that no day ever fits
    whole = rrulestr(rule, dtstart=datetime.combine(first, time()))
    expected = whole.between(datetime(year, 1, 1), datetime(year, 12, 31), inc=True)  # noqa: DTZ001
    assert list(found) == [at.date() for at in expected]


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY", "FREQ=WEEKLY;INTERVAL=2", "FREQ=MONTHLY;BYDAY=1MO", "FREQ=YEARLY"]
)
def test_a_rule_is_not_walked_from_its_beginning(rule):
    """Far years cost what near ones do: the walk begins at most two intervals before the year."""
    first = Recurring(rule, date(1970, 1, 5))._close_before(2199)
    assert date(2196, 1, 1) < first < date(2199, 1, 1)


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        ("first Monday", "made of parts"),
        ("", "made of parts"),
        ("FREQ=DAILY;", "made of parts"),
        ("RRULE:FREQ=DAILY", "made of parts"),
        ("DTSTART:20270101\nRRULE:FREQ=DAILY", "made of parts"),
        ("FREQ=DAILY;COUNT=3\r\nBEGIN:VEVENT", "made of parts"),
        ("BYDAY=MO", "FREQ is needed"),
        ("FREQ=DAILY;FREQ=WEEKLY", "given once"),
        ("FREQ=HOURLY", "FREQ=HOURLY is not a part"),
        ("FREQ=DAILY;BYHOUR=9", "BYHOUR=9 is not a part"),
        ("FREQ=DAILY;BYEASTER=0", "BYEASTER=0 is not a part"),
        ("FREQ=WEEKLY;INTERVAL=0", "INTERVAL=0 is not a part"),
        ("FREQ=WEEKLY;COUNT=-1", "COUNT=-1 is not a part"),
        ("FREQ=WEEKLY;UNTIL=20271231T000000Z", "UNTIL=20271231T000000Z is not a part"),
        ("FREQ=WEEKLY;UNTIL=20271331", "UNTIL"),
        ("FREQ=WEEKLY;UNTIL=20271231;COUNT=2", "not by both"),
        ("FREQ=WEEKLY;BYDAY=1MO", "numbered weekdays"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "no day ever fits it"),
        ("FREQ=DAILY;BYMONTH=13", "no day ever fits it"),
        ("FREQ=WEEKLY;INTERVAL=2;BYMONTHDAY=32", "no day ever fits it"),
        ("FREQ=MONTHLY;BYSETPOS=0", "bysetpos"),
        ("FREQ=DAILY;BYDAY=" + ",".join(["MO"] * 500), "made of parts"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(rule, why):
    with pytest.raises(InvalidInput, match="is not a recurrence rule") as error:
        Recurring(rule, date(2027, 1, 1))
    assert why.lower() in error.value.why.lower()


@settings(deadline=None, max_examples=200)
@given(st.text("FREQ=DAILYWKMONTHBUSP;0123456789,-+", max_size=40) | st.text(max_size=20))
def test_any_rule_is_read_or_refused(rule):
    refused(lambda: Recurring(rule, date(2027, 1, 1)))


def refused(act):
    """Run it; whatever goes wrong must be an error in four parts."""
    try:
        return act()
    except KetschedError as error:
        if not (error.what and error.why and error.fix):
            raise AssertionError(f"a part is missing: {error}") from None
        return None


# -- starts


def test_starts_lie_on_the_grid_and_end_within_the_hours(clinic):
    day = date(2027, 1, 5)
    calendar = clinic.opening(day, "09:05-11:00, 13:00-14:00")
    assert clocks(calendar.starts(day, 60)) == ["09:15", "09:30", "09:45", "10:00", "13:00"]
    assert clocks(calendar.starts(day, 60, grid=20)) == ["09:20", "09:40", "10:00", "13:00"]
    assert clocks(calendar.starts(day, 115, grid=5)) == ["09:05"]
    assert calendar.starts(day, 116, grid=5) == []
    assert not calendar.is_open(day, 116, grid=5)


def test_a_session_may_run_past_midnight_where_both_days_are_open():
    calendar = Calendar.weekly("UTC", fri="22:00-24:00", sat="00:00-01:00, 12:00-13:00", sun="00:00-01:00")
    friday, saturday = date(2027, 1, 1), date(2027, 1, 2)
    assert clocks(calendar.starts(friday, 90, grid=30)) == ["22:00", "22:30", "23:00", "23:30"]
    assert calendar.starts(friday, 181, grid=30) == []
    assert calendar.starts(friday, 180, grid=30) == [time(22)]
    assert calendar.starts(saturday, 61, grid=30) == [], "Saturday closes before midnight"
    assert clocks(calendar.starts(saturday, 60, grid=30)) == ["00:00", "12:00"]
    assert calendar.without([saturday]).starts(friday, 121) == []
    assert clocks(calendar.without([saturday]).starts(friday, 120)) == ["22:00"]


@pytest.mark.parametrize(("minutes", "grid"), [(0, 15), (-5, 15), (60, 0), (60, -1)])
def test_a_start_needs_a_length_and_a_grid(clinic, minutes, grid):
    for ask in (clinic.starts, clinic.is_open):
        with pytest.raises(InvalidInput, match="on a grid of"):
            ask(date(2027, 1, 4), minutes, grid=grid)


@pytest.mark.parametrize("day", [date.min, date(9999, 12, 31), date(1969, 12, 31)])
def test_days_far_off_are_refused(day):
    with pytest.raises(InvalidInput, match="not a day to plan on"):
        Calendar.always("Asia/Tokyo").starts(day, 60)


def test_clocks_forward_shorten_the_day():
    night = Calendar.weekly(NY, sun="01:00-04:00")
    day = date(2027, 3, 14)  # 02:00 becomes 03:00
    assert clocks(night.starts(day, 120, grid=30)) == ["01:00"]
    assert clocks(night.starts(day, 30, grid=30)) == ["01:00", "01:30", "03:00", "03:30"]
    assert night.starts(day, 121, grid=30) == []


def test_clocks_back_lengthen_the_day():
    night = Calendar.weekly(NY, sun="00:00-03:00")
    day = date(2027, 11, 7)  # 02:00 becomes 01:00
    assert clocks(night.starts(day, 240, grid=30)) == ["00:00"]
    assert clocks(night.starts(day, 30, grid=30)) == ["00:00", "00:30", "02:00", "02:30"]


def test_hours_that_end_within_a_repeated_hour_end_at_its_first_time():
    """Open until 01:30: the clocks go from 02:00 back to 01:00, and 01:00 to 01:30 comes again by itself."""
    night = Calendar.weekly(NY, sun="00:00-01:30")
    assert clocks(night.starts(date(2027, 11, 7), 90, grid=30)) == ["00:00"]
    assert night.starts(date(2027, 11, 7), 91) == []


def test_lord_howe_changes_by_half_an_hour():
    island = Calendar.weekly("Australia/Lord_Howe", sun="01:00-04:00")
    assert clocks(island.starts(date(2027, 10, 3), 150, grid=30)) == ["01:00"]
    assert clocks(island.starts(date(2027, 10, 3), 30, grid=30)) == [
        "01:00",
        "01:30",
        "02:30",
        "03:00",
        "03:30",
    ]
    assert clocks(island.starts(date(2027, 4, 4), 210, grid=30)) == ["01:00"]
    assert clocks(island.starts(date(2027, 4, 4), 30, grid=30)) == [
        "01:00",
        "02:00",
        "02:30",
        "03:00",
        "03:30",
    ]


@pytest.mark.parametrize(
    ("zone", "day"), [("Pacific/Apia", date(2011, 12, 30)), ("Pacific/Kwajalein", date(1993, 8, 21))]
)
def test_a_day_that_is_left_out_has_no_starts(zone, day):
    calendar = Calendar.always(zone)
    assert calendar.starts(day, 60) == []
    assert not calendar.is_open(day, 60)
    assert time(23, 30) in calendar.starts(day - timedelta(1), 60), "its eve runs on into the day after"


@pytest.mark.parametrize(
    ("zone", "day", "starts"),
    [
        ("Asia/Beirut", date(2022, 3, 27), ["01:00", "01:30", "02:00"]),
        ("America/Havana", date(2024, 11, 3), ["01:00", "01:30", "02:00"]),
        ("America/Asuncion", date(2023, 10, 1), ["01:00", "01:30", "02:00"]),
    ],
)
def test_midnight_may_be_skipped_or_repeated(zone, day, starts):
    calendar = Calendar.always(zone).opening(day, "00:00-02:30")
    assert clocks(calendar.starts(day, 30, grid=30)) == starts


hours_of_a_day = st.lists(st.integers(0, 96), min_size=2, max_size=6, unique=True).map(
    lambda marks: ", ".join(
        f"{a // 4:02d}:{a % 4 * 15:02d}-{b // 4:02d}:{b % 4 * 15:02d}"
        for a, b in zip(sorted(marks)[::2], sorted(marks)[1::2], strict=False)
    )
)
weeks = st.lists(hours_of_a_day | st.just("00:00-24:00") | st.just(""), min_size=7, max_size=7)


@st.composite
def calendars(draw, zone=None):
    place = zone or draw(st.sampled_from(ZONES))
    return Calendar(
        place, tuple(TimeRange.parse(text) for text in draw(weeks)), chairs=draw(st.integers(1, 3))
    )


def shows_open(calendar, at):
    """Whether a calendar is open at a moment, read off its clocks and nothing else."""
    for part in calendar.parts():
        local = at.astimezone(moment(date(2027, 1, 4), time(12), part.zone).tzinfo)
        minute = minute_of(local.time())
        if not any(span.start <= minute < span.end for span in part.hours[local.weekday()]):
            return False
    return True


@settings(deadline=None, max_examples=80)
@given(near_changes(), weeks, st.sampled_from([10, 60, 95, 240]), st.sampled_from([15, 30, 7]))
def test_every_start_exists_once_and_ends_within_the_hours(where, week, minutes, grid):
    """The law of starts, in every zone: offered if and only if it can be, minute by minute."""
    zone, day = where
    calendar = Calendar(zone, tuple(TimeRange.parse(text) for text in week))
    starts = calendar.starts(day, minutes, grid=grid)
    assert calendar.is_open(day, minutes, grid=grid) is bool(starts)
    assert starts == sorted(set(starts))
    step = 1 if grid == 7 else 5  # hours are quarters, and so are the other grids
    for minute in range(0, 1440, grid):
        found = choices(day, time_of(minute), zone)
        assert (time_of(minute) in starts) is (
            len(found) == 1
            and all(
                shows_open(calendar, later(found[0], timedelta(minutes=n))) for n in range(0, minutes, step)
            )
        )
    for at in starts:
        begin = moment(day, at, zone)
        end = later(begin, timedelta(minutes=minutes))
        assert elapsed(begin, end) == timedelta(minutes=minutes)
        assert calendar.is_open_throughout(begin, end)


# -- both can


def test_a_patient_in_los_angeles_and_a_clinic_in_new_york(clinic):
    patient = Calendar.weekly("America/Los_Angeles", mon="08:00-12:00", sun="09:00-12:00", name="the patient")
    both = clinic & patient
    assert both.zone == NY
    assert both.ranges(date(2027, 1, 4)) == TimeRange.parse("11:00-15:00")
    assert (patient & clinic).ranges(date(2027, 1, 4)) == TimeRange.parse("08:00-12:00")
    assert both.ranges(date(2027, 1, 3)) == ()
    assert clocks(both.starts(date(2027, 1, 4), 210)) == ["11:00", "11:15", "11:30"]
    # Both change clocks on the same Sunday, three hours apart; Monday is as before.
    assert both.ranges(date(2027, 3, 15)) == TimeRange.parse("11:00-15:00")
    # Between 02:00 in New York and 02:00 in Los Angeles the two are four hours apart.
    night = Calendar.always("America/Los_Angeles").opening(date(2027, 3, 14), "00:30-01:30")
    assert (Calendar.always(NY) & night).ranges(date(2027, 3, 14)) == TimeRange.parse(
        "00:00-02:00, 03:00-04:00, 04:30-05:30"
    )


def test_zones_that_change_clocks_in_other_weeks():
    """Between 14 and 28 March 2027 New York is 4 hours behind London, else 5."""
    london = Calendar.weekly("Europe/London", **dict.fromkeys(("mon", "tue"), "14:00-18:00"))
    both = Calendar.weekly(NY, **NINE_TO_FIVE) & london
    assert both.ranges(date(2027, 3, 8)) == TimeRange.parse("09:00-13:00")
    assert both.ranges(date(2027, 3, 15)) == TimeRange.parse("10:00-14:00")
    assert both.ranges(date(2027, 3, 29)) == TimeRange.parse("09:00-13:00")


def test_across_the_date_line():
    """09:00 to 17:00 on a Monday in Auckland is a Sunday in Honolulu: 23 hours apart in January."""
    auckland = Calendar.weekly("Pacific/Auckland", mon="09:00-17:00")
    honolulu = Calendar.always("Pacific/Honolulu")
    assert (honolulu & auckland).ranges(date(2027, 1, 3)) == TimeRange.parse("10:00-18:00")
    assert (honolulu & auckland).ranges(date(2027, 1, 4)) == ()
    assert (auckland & honolulu.without([date(2027, 1, 3)])).ranges(date(2027, 1, 4)) == ()
    kiritimati = Calendar.weekly("Pacific/Kiritimati", mon="09:00-17:00")
    assert (Calendar.always("Pacific/Niue") & kiritimati).ranges(date(2027, 1, 3)) == TimeRange.parse(
        "08:00-16:00"
    )


def test_hours_that_cross_the_other_zones_midnight():
    """London 09:00 to 17:00 is 22:00 to 06:00 in Auckland: one span on either side of midnight."""
    london = Calendar.weekly("Europe/London", **NINE_TO_FIVE)
    there = Calendar.always("Pacific/Auckland") & london
    assert there.ranges(date(2027, 1, 5)) == TimeRange.parse("00:00-06:00, 22:00-24:00")
    assert clocks(there.starts(date(2027, 1, 5), 8 * 60)) == ["22:00"]
    assert clocks(there.starts(date(2027, 1, 9), 60, grid=60)) == [
        "00:00",
        "01:00",
        "02:00",
        "03:00",
        "04:00",
        "05:00",
    ]


def all_starts(calendar, around, minutes):
    """Moments of all starts on three days, by the calendar's own clock."""
    days = (around + timedelta(n) for n in (-1, 0, 1))
    return {
        moment(day, at, calendar.zone).astimezone(UTC) for day in days for at in calendar.starts(day, minutes)
    }


@settings(deadline=None, max_examples=30)
@given(calendars(), calendars(), near_changes(), st.sampled_from([15, 60, 180]))
def test_both_can_whoever_is_asked_first(one, other, where, minutes):
    """The same moments, save those that the asked zone skips, repeats or has off its quarter hours."""
    zone, day = where
    other = Calendar(zone, other.hours)
    there = {
        at
        for at in all_starts(other & one, day, minutes)
        if len(choices(*_local(at, one.zone), one.zone)) == 1
        and at.astimezone(_place(one.zone)).minute % 15 == 0
    }
    here = all_starts(one & other, day, minutes)
    middle = datetime.combine(day, time(12), UTC)
    near = timedelta(hours=9)  # within all three days of either zone
    assert {at for at in there if abs(at - middle) < near} <= here
    for at in here:
        assert all(shows_open(one & other, at + timedelta(minutes=n)) for n in range(0, minutes, 5))


def _place(zone):
    return moment(date(2027, 1, 4), time(12), zone).tzinfo


def _local(at, zone):
    local = at.astimezone(_place(zone)).replace(tzinfo=None)
    return local.date(), local.time()


@settings(deadline=None, max_examples=40)
@given(calendars(), calendars(), calendars(), near_changes())
def test_brackets_do_not_matter(one, two, three, where):
    day = where[1]
    assert (one & two) & three == one & (two & three)
    assert ((one & two) & three).ranges(day) == ((one & three) & two).ranges(day)
    assert (one & one).ranges(day) == one.ranges(day) or changes_clocks(day, one.zone)


@settings(deadline=None, max_examples=60)
@given(calendars(), near_changes())
def test_spans_seen_from_another_zone_are_the_same_moments(calendar, where):
    zone, day = where
    seen = Calendar.always(zone) & calendar
    spans = seen.ranges(day)
    for minute in range(0, 1440, 20):
        found = choices(day, time_of(minute), zone)
        shown = any(shows_open(calendar, at) for at in found)
        if all(at.astimezone(UTC).second == 0 for at in found):
            assert any(span.start <= minute < span.end for span in spans) is shown


# -- chairs


def test_one_chair_is_taken(clinic):
    day = date(2027, 1, 5)
    taken = clinic.opening(day, "09:00-12:00").booked(booking(day, "10:00", "11:00", 1))
    assert clocks(taken.starts(day, 60)) == ["09:00", "11:00"]
    assert taken.starts(day, 61) == []
    assert not taken.is_open(day, 61)


def test_two_overlapping_courses_on_two_chairs():
    day = date(2027, 1, 5)
    clinic = Calendar.weekly(NY, tue="09:00-12:00", chairs=2)
    first = clinic.booked(booking(day, "09:00", "10:30", 1))
    both = first.booked(booking(day, "10:00", "11:00", 2))
    at = [moment(day, time(9 + n // 2, n % 2 * 30), NY) for n in range(6)]
    chairs = [both.free_chair(start, later(start, timedelta(minutes=30))) for start in at]
    assert chairs == [2, 2, None, 1, 1, 1]
    assert clocks(both.starts(day, 60, grid=30)) == ["09:00", "10:30", "11:00"]
    assert both.starts(day, 61, grid=30) == [time(10, 30)]


def test_bookings_without_a_chair_sit_where_they_fit():
    day = date(2027, 1, 5)
    clinic = Calendar.weekly(NY, tue="09:00-12:00", chairs=2)
    one = clinic.booked(booking(day, "09:00", "10:00"))
    assert one.free_chair(moment(day, time(9), NY), moment(day, time(10), NY)) == 2
    two = one.booked(booking(day, "09:30", "10:30"))
    assert clocks(two.starts(day, 30, grid=30)) == ["09:00", "10:00", "10:30", "11:00", "11:30"]
    # The second sits on chair 2, so that chair 1 is the one that is free from 10:00.
    assert two.free_chair(moment(day, time(10), NY), moment(day, time(11), NY)) == 1


def test_a_booking_that_fits_on_no_chair_takes_them_all():
    day = date(2027, 1, 5)
    clinic = Calendar.weekly(NY, tue="09:00-12:00", chairs=2)
    full = clinic.booked(booking(day, "09:00", "10:00", 1)).booked(booking(day, "10:00", "11:00", 2))
    assert clocks(full.starts(day, 60, grid=60)) == ["09:00", "10:00", "11:00"]
    assert clocks(full.booked(booking(day, "09:00", "11:00")).starts(day, 60, grid=60)) == ["11:00"]


def test_a_booking_across_midnight_holds_its_chair_on_both_days():
    calendar = Calendar.weekly("UTC", fri="20:00-24:00", sat="00:00-03:00")
    friday, saturday = date(2027, 1, 1), date(2027, 1, 2)
    start = datetime(2027, 1, 1, 23, tzinfo=UTC)
    late = SimpleNamespace(occupied=lambda: [(start, start + timedelta(hours=2), 1)])
    taken = calendar.booked(late)
    assert clocks(taken.starts(friday, 60, grid=60)) == ["20:00", "21:00", "22:00"]
    assert clocks(taken.starts(saturday, 60, grid=60)) == ["01:00", "02:00"]


def test_a_booking_on_the_night_the_clocks_go_back_is_counted_in_elapsed_time():
    """01:30 to 01:15 by the wall is 45 minutes."""
    start = datetime(2027, 11, 7, 5, 30, tzinfo=UTC).astimezone(_place(NY))
    end = later(start, timedelta(minutes=45))
    assert (start.time(), end.time()) == (time(1, 30), time(1, 15))
    taken = Calendar.weekly(NY, sun="00:00-04:00").booked(SimpleNamespace(occupied=lambda: [(start, end, 1)]))
    assert clocks(taken.starts(date(2027, 11, 7), 90, grid=30)) == ["00:00", "02:00", "02:30"]


def test_a_course_takes_the_clinics_chair_wherever_the_clinic_stands(clinic):
    day = date(2027, 1, 5)
    patient = Calendar.always(NY)
    course = booking(day, "09:00", "17:00", 1)
    for both in (clinic & patient, patient & clinic):
        assert both.is_open(day, 60)
        assert not both.booked(course).is_open(day, 60)
    # A person whose calendar was made from weekly hours is one chair, and does not hide the clinic's.
    patient = Calendar.weekly(NY, tue="09:00-17:00", name="the patient")
    assert not (patient & clinic.booked(course)).is_open(day, 60)
    assert not (clinic.booked(course) & patient).is_open(day, 60)


def test_a_person_is_at_one_place_at_a_time():
    day = date(2027, 1, 5)
    patient = Calendar.always(NY).opening(day, "09:00-12:00").booked(booking(day, "09:00", "10:30"))
    assert clocks(patient.starts(day, 60, grid=30)) == ["10:30", "11:00"]
    assert patient.free_chair(moment(day, time(11), NY), moment(day, time(12), NY)) == 1


def test_without_chairs_to_count_the_chair_is_the_first():
    patient = Calendar.always(NY)
    assert patient.free_chair(datetime(2027, 1, 5, tzinfo=UTC), datetime(2027, 1, 6, tzinfo=UTC)) == 1


spans_of_a_morning = st.tuples(st.integers(0, 11), st.integers(1, 6), st.none() | st.integers(1, 3))


@settings(deadline=None, max_examples=80)
@given(st.lists(spans_of_a_morning, max_size=7), st.randoms())
def test_no_chair_is_taken_twice_and_order_does_not_matter(taken, random):
    day, zero = date(2027, 1, 5), datetime(2027, 1, 5, 9, tzinfo=UTC)
    quarter = timedelta(minutes=15)
    courses = [
        SimpleNamespace(occupied=lambda a=a, n=n, c=c: [(zero + a * quarter, zero + (a + n) * quarter, c)])
        for a, n, c in taken
    ]
    clinic = shuffled = Calendar.weekly("UTC", tue="09:00-13:00", chairs=3)
    for course in courses:
        clinic = clinic.booked(course)
    random.shuffle(courses)
    for course in courses:
        shuffled = shuffled.booked(course)
    assert clinic.starts(day, 45) == shuffled.starts(day, 45)
    for at in clinic.starts(day, 45):
        start = moment(day, at, "UTC")
        chair = clinic.free_chair(start, later(start, timedelta(minutes=45)))
        for n in range(3):
            quarters = minute_of(at) // 15 - 36 + n
            busy = Counter(c for a, length, c in taken if a <= quarters < a + length)
            assert not busy[chair]
            assert len([c for c in (1, 2, 3) if c != chair and not busy[c]]) >= busy[None]


@pytest.mark.parametrize(
    ("start", "end", "chair"),
    [
        (datetime(2027, 1, 5, 10, tzinfo=UTC), datetime(2027, 1, 5, 9, tzinfo=UTC), 1),
        (datetime(2027, 1, 5, 10, tzinfo=UTC), datetime(2027, 1, 5, 10, tzinfo=UTC), 1),
        (datetime(2027, 1, 5, 9, tzinfo=UTC), datetime(2027, 1, 5, 10, tzinfo=UTC), 0),
        (datetime(2027, 1, 5, 9), datetime(2027, 1, 5, 10), 1),  # noqa: DTZ001
    ],
)
def test_a_booking_that_cannot_be_is_refused(start, end, chair):
    with pytest.raises((InvalidInput, InvalidTime)):
        Booking(start, end, chair)


# -- a calendar checks itself


@pytest.mark.parametrize(
    "make",
    [
        lambda: Calendar("Mars/Olympus"),
        lambda: Calendar(NY, ()),
        lambda: Calendar(NY, chairs=0),
        lambda: Calendar(NY, chairs=1001),
        lambda: Calendar.weekly(NY, mon="9 to 5"),
        lambda: Calendar.always(NY).without([date(9999, 1, 1)]),
        lambda: Calendar.always(NY).without(["2027-01-04"]),
        lambda: Calendar.always(NY).opening(date(207, 1, 4), "09:00-12:00"),
        lambda: Calendar.always(NY).opening(date(2027, 1, 4), "9"),
        lambda: Calendar.always(NY).without_every("FREQ=WEEKLY", date(9999, 1, 1)),
        lambda: Calendar.always(NY).with_holidays("Atlantis"),
        lambda: days_between(date(2027, 1, 4), date(9999, 1, 1)),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(make):
    with pytest.raises(KetschedError) as error:
        make()
    assert error.value.why
    assert error.value.fix


def test_hours_given_in_any_order_are_put_in_order():
    spans = (TimeRange(780, 1020), TimeRange(540, 720), TimeRange(600, 780))
    assert Calendar(NY, (spans,) * 7).hours[0] == (TimeRange(540, 1020),)
    assert Opening(date(2027, 1, 4), spans).hours == (TimeRange(540, 1020),)


def test_days_between_has_both_ends():
    assert days_between(date(2026, 12, 31), date(2027, 1, 2)) == [
        date(2026, 12, 31),
        date(2027, 1, 1),
        date(2027, 1, 2),
    ]
    assert days_between(date(2027, 1, 2), date(2027, 1, 1)) == []


# -- clinic files

CLINIC = """\
name = "Riverside"
zone = "America/New_York"
chairs = 2

[hours]
mon = "09:00-17:00"
tue = "09:00-12:00, 13:00-17:00"
thu = "closed"

[[holidays]]
country = "US"
subdivision = "NY"

[[closed]]
on = 2027-01-19
reason = "staff training"

[[closed]]
from = 2027-12-24
to = 2027-12-31

[[closed]]
every = "FREQ=MONTHLY;BYDAY=1MO"
from = 2027-02-01

[[open]]
on = 2027-01-16
hours = "10:00-14:00"
"""


def read(text):
    return read_calendar(tomlfile.parse(text, "clinic.toml"))


def test_a_clinic_file_holds_all_of_it(tmp_path):
    path = tmp_path / "clinic.toml"
    path.write_text(CLINIC, encoding="utf-8")
    calendar = Calendar.load(path)
    assert calendar == read(CLINIC)
    assert (calendar.name, calendar.zone, calendar.chairs) == ("Riverside", NY, 2)
    assert calendar.ranges(date(2027, 1, 4)) == TimeRange.parse("09:00-17:00"), "the rule begins in February"
    assert calendar.ranges(date(2027, 2, 1)) == ()
    assert calendar.ranges(date(2027, 1, 16)) == TimeRange.parse("10:00-14:00")
    assert calendar.closed_by(date(2027, 1, 18)).reason == "Martin Luther King Jr. Day"
    assert calendar.closed_by(date(2027, 1, 19)).reason == "staff training"
    assert calendar.closed_by(date(2027, 12, 28)).reason == "closed"
    assert calendar.ranges(date(2027, 1, 7)) == ()
    assert calendar == (
        Calendar.weekly(NY, mon="09:00-17:00", tue="09:00-12:00, 13:00-17:00", chairs=2, name="Riverside")
        .with_holidays("US", "NY")
        .without([date(2027, 1, 19)], "staff training")
        .without(days_between(date(2027, 12, 24), date(2027, 12, 31)))
        .without_every("FREQ=MONTHLY;BYDAY=1MO", date(2027, 2, 1))
        .opening(date(2027, 1, 16), "10:00-14:00")
    )


@pytest.mark.parametrize(
    ("old", "new", "what", "where"),
    [
        ('zone = "America/New_York"\n', "", "zone is missing", "clinic.toml"),
        ("America/New_York", "America/NewYork", "there is no time zone", "line 2, zone"),
        ("chairs = 2", "chairs = 0", "0 chairs", "line 3, chairs"),
        ("chairs = 2", 'chairs = "two"', "chairs is the text", "line 3, chairs"),
        ("chairs = 2", "chairs = true", "chairs is true or false", "line 3, chairs"),
        ("chairs = 2", "chiars = 2", "unknown key 'chiars'", "line 3, chiars"),
        ("[hours]", "[hourz]", "no hours are given", "clinic.toml"),
        ('mon = "09:00-17:00"', 'mon = "9-5"', "'9-5' are not hours", "line 6, hours mon"),
        ('mon = "09:00-17:00"', 'mon = "17:00-09:00"', "not a span", "line 6, hours mon"),
        ('mon = "09:00-17:00"', "mon = 9", "mon is the number 9", "line 6, hours mon"),
        ("mon =", "monday =", "unknown key 'monday'", "line 6, hours monday"),
        ('country = "US"', 'country = "USA"', "no holidays are known for USA", "line 11, holidays 1 country"),
        ('"NY"', '"XX"', "no holidays are known for US XX", "line 11, holidays 1 country"),
        ('subdivision = "NY"', 'state = "NY"', "unknown key 'state'", "line 12, holidays 1 state"),
        ("on = 2027-01-19", "on = 2027-02-30", "", "clinic.toml"),
        ("on = 2027-01-19", "on = 9999-01-19", "not a day to plan on", "line 15, closed 1 on"),
        ("on = 2027-01-19", 'on = "2027-01-19"', "on is the text", "line 15, closed 1 on"),
        ("on = 2027-01-19", "on = 2027-01-19T09:00:00", "on is a date with a time", "line 15, closed 1 on"),
        ("on = 2027-01-19", "", "this closure names no days", "closed 1"),
        ("on = 2027-01-19", "on = 2027-01-19\nto = 2027-01-20", "names no days", "closed 1"),
        ("to = 2027-12-31", "to = 2027-12-23", "names no days", "closed 2"),
        ("to = 2027-12-31", "to = 9999-12-31", "not a day to plan on", "closed 2 from"),
        ("FREQ=MONTHLY", "FREQ=HOURLY", "not a recurrence rule", "line 23, closed 3 every"),
        ('hours = "10:00-14:00"', "", "hours is missing", "open 1"),
        ('hours = "10:00-14:00"', 'hours = "25:00-26:00"', "not a span", "line 28, open 1 hours"),
        ("on = 2027-01-16", "on = 2027-01-19", "both closed and open", "line 27, open 1 on"),
        ("on = 2027-01-16", "on = 1900-01-19", "not a day to plan on", "line 27, open 1 on"),
        (
            "[[open]]",
            '[[open]]\non = 2027-01-16\nhours = "09:00-10:00"\n\n[[open]]',
            "opened twice",
            "open 2 on",
        ),
        ("[[closed]]\non", "[closed]\non", "", "clinic.toml"),
        ('name = "Riverside"', 'name = "Riverside', "not TOML", "line 1"),
    ],
)
def test_every_mistake_names_its_file_line_and_key(old, new, what, where):
    assert old in CLINIC
    with pytest.raises(KetschedError) as error:
        read(CLINIC.replace(old, new, 1))
    assert what in error.value.what
    assert error.value.where.startswith("clinic.toml")
    assert where in error.value.where
    assert error.value.why
    assert error.value.fix


def test_a_large_clinic_file_is_read_in_one_go():
    closed = "".join(f"[[closed]]\non = {date(1990, 1, 1) + timedelta(n)}\n" for n in range(5000))
    calendar = read('zone = "UTC"\n[hours]\nmon = "09:00-17:00"\n' + closed)
    assert len(calendar.closures) == 5000


values = st.one_of(
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.dates().map(str),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12).map(
        lambda text: '"' + text.replace("\\", "").replace('"', "") + '"'
    ),
    st.sampled_from(
        ['"US"', '"NY"', '"UTC"', '"09:00-17:00"', '"FREQ=WEEKLY"', "[]", "{}", "[[]]", "1.5", "nan"]
    ),
).map(lambda value: str(value).lower() if isinstance(value, bool) else str(value))
keys = st.from_regex(
    "(zone|name|chairs|mon|sun|country|subdivision|observed|on|from|to|every|reason|hours|closed|holidays|open)",
    fullmatch=True,
)
lines = st.one_of(
    st.tuples(keys, values).map(" = ".join),
    st.sampled_from(
        ["[hours]", "[[closed]]", "[[open]]", "[[holidays]]", "[closed]", "[open]", 'zone = "UTC"']
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(lines, max_size=8), st.integers(0, 28), st.integers(0, 4))
def test_any_file_is_read_or_refused(added, at, dropped):
    """A good file with lines put in and left out: a calendar, or an error in four parts."""
    good = CLINIC.splitlines()
    refused(lambda: read("\n".join([*good[:at], *added, *good[at + dropped :]])))
    refused(lambda: read("\n".join(added)))


# -- what the docs show

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"


@pytest.mark.parametrize("page", ["clinic-file.md", "holidays.md"])
def test_every_clinic_file_in_the_docs_is_read(page):
    text = (HOW_TO / page).read_text(encoding="utf-8")
    shown = re.findall(r"^```toml\n(.*?)^```", text, re.M | re.S)
    assert shown
    assert all(read(file).hours for file in shown)


@pytest.mark.parametrize("page", ["clinic-file.md", "holidays.md"])
def test_every_example_in_the_docs_says_what_it_prints(page):
    result = doctest.testfile(str(HOW_TO / page), module_relative=False)
    assert result.attempted
    assert not result.failed


def test_every_rule_in_the_docs_is_one():
    text = (HOW_TO / "clinic-file.md").read_text(encoding="utf-8")
    found = re.findall(r"`(FREQ=[^`]+)`", text)
    assert len(found) == 7
    assert all(Recurring(rule, date(2027, 1, 1)).of(2027) for rule in found)


def test_the_day_after_thanksgiving_is_a_rule():
    """The fourth Thursday is the 22nd to the 28th, so its Friday the 23rd to the 29th."""
    rule = "FREQ=YEARLY;BYMONTH=11;BYDAY=FR;BYMONTHDAY=23,24,25,26,27,28,29"
    assert rule in (HOW_TO / "holidays.md").read_text(encoding="utf-8")
    found = [day for year in range(2026, 2031) for day in Recurring(rule, date(2026, 1, 1)).of(year)]
    listed = ["2026-11-27", "2027-11-26", "2028-11-24", "2029-11-23", "2030-11-29"]
    assert found == [date.fromisoformat(day) for day in listed]
