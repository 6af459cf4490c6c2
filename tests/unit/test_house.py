"""Numbers with clinical meaning that are no protocol's: one file has them, each with its source and mark."""

from __future__ import annotations

import re
from datetime import date, time
from pathlib import Path

import pytest

import ketsched
from ketsched import house
from ketsched.checking import RULES, check
from ketsched.clock import TimeRange
from ketsched.hours import at_home
from ketsched.model import Authorisation, Mark
from making import HOUR, jan, phase, planned

VALUES = {
    # what was read, or chosen where nothing was found
    "esketamine-observation": (120, "stated"),
    "evening": ("17:00", "house default"),
    "ride-known": (2, "house default"),
    "long-induction": (6, "house default"),
    "next-review": (26 * 7, "house default"),
    "longest-gap": (7, "house default"),
    "home-hours": ("08:00-20:00", "house default"),
    "payer-warning": (14, "house default"),
    "moved-for-companion": (14, "house default"),
}
SOURCES = {path: path.read_text(encoding="utf-8") for path in Path(ketsched.__file__).parent.rglob("*.py")}


def test_the_numbers_are_these():
    assert {key: (one.value, one.mark) for key, one in house.house_numbers().items()} == VALUES


@pytest.mark.parametrize("key", VALUES)
def test_each_has_a_source_and_a_mark_and_is_used(key):
    one = house.house_numbers()[key]
    assert one.what
    assert one.source
    assert one.unit in ("minutes", "local time", "days", "sessions")
    assert ("house" in one.source) == (Mark(one.mark) is Mark.HOUSE)
    assert [path for path, text in SOURCES.items() if f'"{key}"' in text]


@pytest.mark.parametrize(
    ("code", "key", "said"),
    [
        ("KS305", "evening", "17:00"),
        ("KS307", "esketamine-observation", "120 min"),
        ("KS405", "home-hours", "08:00 and 20:00"),
        ("KS409", "ride-known", "two days"),
        ("KS414", "long-induction", "six sessions"),
    ],
)
def test_the_page_of_a_rule_says_the_number_that_it_reads(code, key, said):
    (page,) = (rule.page for rule in RULES if rule.code == code)
    assert said in re.sub(r"\s+", " ", page)
    number = str(house.house_numbers()[key].value)
    assert number in said.replace(" and ", "-") or said.split()[0] in ("two", "six")


def test_home_is_the_same_for_planning_and_for_checking():
    assert house.hours("home-hours") == (TimeRange(8 * 60, 20 * 60),)
    assert at_home("Europe/Berlin").ranges(date(2027, 1, 3)) == house.hours("home-hours")


def test_a_payer_warns_two_weeks_before_unless_it_says_otherwise():
    assert Authorisation(sessions=6).warn_days == 14
    assert Authorisation(sessions=6, warn_days=0).warn_days == 0


@pytest.mark.parametrize(("clock", "found"), [(time(16, 59), False), (time(17), True)])
def test_a_finding_cites_where_its_number_comes_from(clock, found):
    course = planned(phase(1, weekdays=(0,), anatomy=HOUR))
    session = course.sessions[0].__class__(id="s1", phase="induction", day=jan(4), time=clock)
    late = course.__class__(protocol=course.protocol, zone="UTC", sessions=(session,))
    evening = [f for f in check(late) if f.code == "KS305"]
    assert bool(evening) is found
    assert all(f.mark is Mark.HOUSE and "insomnia" not in f.source for f in evening)
