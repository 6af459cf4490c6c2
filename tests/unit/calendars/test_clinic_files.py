"""Files of a clinic, and what the docs show of them."""

from __future__ import annotations

import doctest
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketsched import tomlfile
from ketsched.calendars import Calendar, read_calendar
from ketsched.clock import TimeRange
from ketsched.closures import Recurring, days_between
from ketsched.errors import KetschedError
from refusals import refused_or_not

NY = "America/New_York"


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
        ("America/New_York", "America/NewYork", "There is no time zone", "line 2, zone"),
        ("chairs = 2", "chairs = 0", "0 chairs", "line 3, chairs"),
        ("chairs = 2", 'chairs = "two"', "chairs is the text", "line 3, chairs"),
        ("chairs = 2", "chairs = true", "chairs is true or false", "line 3, chairs"),
        ("chairs = 2", "chiars = 2", "unknown key 'chiars'", "line 3, chiars"),
        ("[hours]", "[hourz]", "no hours are given", "clinic.toml"),
        ('mon = "09:00-17:00"', 'mon = "9-5"', "'9-5' was not understood as hours", "line 6, hours mon"),
        ('mon = "09:00-17:00"', 'mon = "17:00-09:00"', "not within one day", "line 6, hours mon"),
        ('mon = "09:00-17:00"', "mon = 9", "mon is the number 9", "line 6, hours mon"),
        ("mon =", "monday =", "unknown key 'monday'", "line 6, hours monday"),
        ('country = "US"', 'country = "USA"', "no holidays are known for USA", "line 11, holidays 1 country"),
        ('"NY"', '"XX"', "no holidays are known for US XX", "line 11, holidays 1 country"),
        ('subdivision = "NY"', 'state = "NY"', "unknown key 'state'", "line 12, holidays 1 state"),
        ("on = 2027-01-19", "on = 2027-02-30", "", "clinic.toml"),
        ("on = 2027-01-19", "on = 9999-01-19", "not a day to plan on", "line 15, closed 1 on"),
        ("on = 2027-01-19", 'on = "2027-01-19"', "on is the text", "line 15, closed 1 on"),
        ("on = 2027-01-19", "on = 2027-01-19T09:00:00", "on is a date with a time", "line 15, closed 1 on"),
        ("on = 2027-01-19", "", "This closure names no days", "closed 1"),
        ("on = 2027-01-19", "on = 2027-01-19\nto = 2027-01-20", "names no days", "closed 1"),
        ("to = 2027-12-31", "to = 2027-12-23", "ends before it begins", "closed 2"),
        ("to = 2027-12-31", "to = 9999-12-31", "not a day to plan on", "closed 2 from"),
        ("FREQ=MONTHLY", "FREQ=HOURLY", "not a recurrence rule", "line 23, closed 3 every"),
        ('hours = "10:00-14:00"', "", "hours is missing", "open 1"),
        ('hours = "10:00-14:00"', 'hours = "25:00-26:00"', "not within one day", "line 28, open 1 hours"),
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
    calendar = read('zone = "Europe/London"\n[hours]\nmon = "09:00-17:00"\n' + closed)
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
    refused_or_not(lambda: read("\n".join([*good[:at], *added, *good[at + dropped :]])))
    refused_or_not(lambda: read("\n".join(added)))


# -- what the docs show

HOW_TO = Path(__file__).parents[3] / "docs" / "how-to"


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
