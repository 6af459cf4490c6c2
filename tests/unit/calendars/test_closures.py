"""Holidays, closures and openings, against the days of statutes and of governments' own lists."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from ketsched.calendars import Calendar
from ketsched.clock import TimeRange
from ketsched.closures import Holidays, Recurring
from ketsched.errors import InvalidInput
from refusals import refused_or_not

NY = "America/New_York"


def open_days(calendar, year, minutes=60):
    first = date(year, 1, 1)
    return [
        day
        for n in range(366)
        if (day := first + timedelta(n)).year == year and calendar.is_open(day, minutes)
    ]


def clocks(starts):
    return [f"{at:%H:%M}" for at in starts]


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
    recurring = refused_or_not(lambda: Recurring(rule, first))
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
    refused_or_not(lambda: Recurring(rule, date(2027, 1, 1)))


@pytest.mark.parametrize(
    ("holidays", "day", "parts"),
    [
        (Holidays("GB"), date(2027, 3, 29), {"ENG", "NIR", "WLS"}),  # Easter Monday is no holiday in Scotland
        (Holidays("UK"), date(2027, 3, 29), {"ENG", "NIR", "WLS"}),
        (Holidays("GB"), date(2027, 3, 26), set()),  # Good Friday is one everywhere
        (Holidays("GB"), date(2027, 3, 30), set()),
        (Holidays("GB", "SCT"), date(2027, 3, 29), set()),
        (Holidays("GB"), date(2027, 11, 30), {"SCT"}),
        (Holidays("NL"), date(2027, 3, 29), set()),
    ],
)
def test_what_parts_of_a_country_keep_more(holidays, day, parts):
    """Bank Holidays Act 1971, Schedule 1, and the St Andrew's Day Bank Holiday (Scotland) Act 2007."""
    assert {code for kept in holidays.kept_in_parts([day]).values() for code in kept} == parts
