"""Dates and times as other programs write them: what can be read, and what would be a guess."""

from __future__ import annotations

from datetime import time

import pytest

from ketsched.visitfile import ColumnMap
from visitfiles import JAN, unused, with_formats

LOST = "column 1 (d) has lost a digit: without separators its parts cannot be told apart"
AGAINST = "column 1 (d) contradicts itself: the weekday is not that of the date"


def days(load, given, *cells, **asked):
    """What comes of some dates written by one format: (day, time) of those read, and line and reason of the others."""
    found = load(
        "d,s\n2027-01-29,fulfilled\n" + "".join(f'"{cell}",fulfilled\n' for cell in cells),
        columns=with_formats(given, "iso"),
        **asked,
    )
    return [(visit.day, visit.at) for visit in found.visits[1:]], unused(found)


@pytest.mark.parametrize(
    ("given", "whole", "lost"),
    [
        ("%m%d%Y", "01112027", ["1112027", "1222027", "112027"]),
        ("%d%m%Y", "11012027", ["1112027", "1012027"]),
        ("%Y%m%d", "20270111", ["2027111"]),
        ("%y%m%d", "270111", ["27111"]),
        ("%Y%j", "2027011", ["202711"]),
        ("%m/%d%Y", "01/112027", ["01/12027"]),
        ("%Y%m%d %H%M", "20270111 0000", ["20270111 130", "2027111 0000"]),
    ],
)
def test_a_date_without_separators_keeps_its_zeros(load, given, whole, lost):
    read, others = days(load, given, whole, *lost)
    assert read == [(JAN[10], None)]
    assert others == [(line, LOST) for line in range(4, 4 + len(lost))]


@pytest.mark.parametrize("cell", ["1/11/2027", "01/11/2027"])
def test_with_separators_a_zero_may_be_missing(load, cell):
    assert days(load, "%m/%d/%Y", cell)[0] == [(JAN[10], None)]


def test_a_letter_separates_too(load):
    assert days(load, "%d%b%Y", "4Jan2027", "04jan2027") == ([(JAN[3], None)] * 2, [])


def test_a_time_without_separators_keeps_its_zeros(load):
    columns = with_formats(times=("%H%M",), time="t")
    found = load("d,s,t\n2027-01-04,fulfilled,0130\n2027-01-07,fulfilled,130\n", columns=columns)
    assert [visit.at for visit in found.visits] == [time(1, 30)]
    assert unused(found) == [(3, LOST.replace("1 (d)", "3 (t)"))]


@pytest.mark.parametrize(
    ("given", "right", "wrong"),
    [
        ("%a %m/%d/%Y", "Thu 01/07/2027", "Tue 01/07/2027"),
        ("%A, %d %B %Y", "thursday, 7 January 2027", "Friday, 7 January 2027"),
        ("%m/%d/%Y (%a)", "01/07/2027 (THU)", "01/07/2027 (Wed)"),
    ],
)
def test_a_weekday_is_that_of_its_date(load, given, right, wrong):
    assert days(load, given, right, wrong) == ([(JAN[6], None)], [(4, AGAINST)])


def test_a_column_of_weekdays_is_held_against_the_date(load):
    rows = [
        "2027-01-07,fulfilled,Thu",
        "2027-01-11,fulfilled,Montag",
        "2027-01-14,fulfilled,",
        "2027-01-18,fulfilled,Tue",
    ]
    found = load("\n".join(["date,status,weekday", *rows, "2027-01-21,fulfilled,x"]))
    assert [visit.day for visit in found.visits] == [JAN[6], JAN[10], JAN[13]]
    why = "column 3 (weekday) is not the weekday of the date in column 1 (day)"
    assert unused(found) == [(5, why), (6, why)]


@pytest.mark.parametrize(
    "cell",
    [
        "2027-01-07 15:00:00+00",
        "2027-01-07 10:00:00-05",
        "2027-01-07T20:30:00.123+05:30",
        "2027-01-07 10:00-0500",
        "2027-01-07 10:00:00\u221205:00",
        "2027-01-07 15:00:00 UTC",
        "2027-01-07t15:00:00z",
    ],
)
def test_an_offset_may_have_hours_alone(load, cell):
    assert days(load, "iso", cell, zone="America/New_York")[0] == [(JAN[6], time(10))]


@pytest.mark.parametrize(
    "cell", ["2027-01-07 15:00:00+00", "2027-01-07 15:00:00Z", "2027-01-07 10:00:00-0500"]
)
def test_an_offset_by_a_format_too(load, cell):
    given = "%Y-%m-%d %H:%M:%S%z"
    assert days(load, given, cell, zone="America/New_York")[0] == [(JAN[6], time(10))]


@pytest.mark.parametrize("cell", ["2027-01-07 15:00:00+0", "2027-01-07 15:00:00+000", "2027-01-07+00"])
def test_what_is_no_offset(load, cell):
    assert days(load, "iso", cell, zone="America/New_York")[0] == []


@pytest.mark.parametrize(
    ("cell", "at"),
    [
        ("9:00 AM", 9), ("9:00 a.m.", 9), ("9:00 a. m.", 9), ("9:00 a.\u00a0m.", 9), ("9:00\u202fam", 9),
        ("12:00 a.m.", 0), ("12:00 p.m.", 12), ("1:00 P.M.", 13), ("1:00 p.m", 13), ("1:00pm", 13),
    ],
)  # fmt: skip
@pytest.mark.parametrize("given", ["%I:%M %p", "%I:%M%p"])
def test_the_halves_of_the_day_may_have_dots(load, given, cell, at):
    columns = with_formats(times=(given,), time="t")
    found = load(f"d,s,t\n2027-01-04,fulfilled,{cell}\n", columns=columns)
    assert [visit.at for visit in found.visits] == [time(at)]


def test_the_half_of_the_day_beside_a_date(load):
    assert days(load, "%d %b %Y %I:%M %p", "7 Jan 2027 1:30 p. m.")[0] == [(JAN[6], time(13, 30))]
    assert days(load, "am %d.%m.%Y um %I:%M %p", "am 07.01.2027 um 1:30 p.m.")[0] == [(JAN[6], time(13, 30))]


@pytest.mark.parametrize("cell", ["9:00 x.m.", "9:00 a..m.", "9:00", "9:00 m."])
def test_what_is_no_half_of_the_day(load, cell):
    columns = with_formats(times=("%I:%M %p",), time="t")
    found = load(f"d,s,t\n2027-01-29,fulfilled,9:00 AM\n2027-01-04,fulfilled,{cell}\n", columns=columns)
    assert unused(found) == [(3, "column 3 (t) is not a time as expected")]


MARKS = [
    "\u200b",
    "\u200e",
    "\u200f",
    "\u202a",
    "\u202c",
    "\u2060",
    "\u2068",
    "\ufeff",
    "\u00ad",
    "\u200d",
    "\u061c",
]


@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: f"U+{ord(mark):04X}")
def test_what_nobody_sees_makes_no_difference(load, mark):
    rows = [f"{mark}01/07/2027,fulfilled,0017", f"01{mark}/07/2027{mark} ,ful{mark}filled,{mark}0017 {mark}"]
    columns = ColumnMap(columns={"day": "d", "status": "s", "patient": "p"}, dates=("%m/%d/%Y",))
    found = load(f"{mark}d,s{mark},p\n" + "\n".join(rows), columns=columns, patient=f"0017{mark}")
    assert [visit.day for visit in found.visits] == [JAN[6]] * 2
    assert not found.unused


def test_ids_are_compared_as_they_are_seen(load):
    text = (
        "day,status,session,id,note\n2027-01-07,fulfilled,s\u200b4,Mu\u0308ller,\U0001f469\u200d\U0001f52c\n"
    )
    visit = load(text).visits[0]
    assert (visit.session, visit.id) == ("s4", "M\u00fcller")
    assert visit.note == "\U0001f469\u200d\U0001f52c"  # of which the unseen character is a part
    toml = '[[visit]]\nday = 2027-01-07\nstatus = "fulfilled"\nsession = "s\u200b4"\nid = "Mu\u0308ller"\n'
    visit = load(toml, ".toml").visits[0]
    assert (visit.session, visit.id) == ("s4", "M\u00fcller")


def test_what_may_be_the_patient_is_never_passed_over(load):
    whose = ["0017", "17", "A-9", "a-9", "\uff10\uff10\uff11\uff17", "00 17", "170", "0017\x08"]
    text = "patient,day,status\n" + "".join(
        f"{name},2027-01-{n:02},fulfilled\n" for n, name in enumerate(whose, 4)
    )
    found = load(text, patient="0017")
    assert [visit.day for visit in found.visits] == [JAN[3]]
    assert [line for line, _ in unused(found)] == [3, 6, 7, 9]
    assert found.passed == {"of another patient": 3}


def test_times_elsewhere_are_by_the_clock_there(load):
    """The clocks of New York skip 02:30 on 14 March 2027; those of Arizona do not."""
    text = "day,time,status,elsewhere\n2027-03-14,02:30,fulfilled,{}\n2027-03-16,10:00,fulfilled,no\n"
    assert load(text.format("yes"), zone="America/New_York").visits[0].at == time(2, 30)
    assert [line for line, _ in unused(load(text.format("no"), zone="America/New_York"))] == [2]
    toml = '[[visit]]\nday = 2027-03-14\nstatus = "fulfilled"\ntime = "02:30"\nelsewhere = true\n'
    assert load(toml, ".toml", zone="America/New_York").visits[0].at == time(2, 30)


@pytest.mark.parametrize(
    ("written", "elsewhere", "day", "at"),
    [
        ("2027-01-06T23:00:00-07:00", "yes", 6, time(23)),
        ("2027-01-06T23:00:00-07:00", "no", 7, time(1)),
        ("2027-01-07T06:00:00Z", "yes", 7, time(1)),
    ],
)
def test_an_offset_elsewhere_is_that_of_the_place_unless_it_is_utc(load, written, elsewhere, day, at):
    found = load(f"day,status,elsewhere\n{written},fulfilled,{elsewhere}\n", zone="America/New_York")
    assert [(visit.day, visit.at) for visit in found.visits] == [(JAN[day - 1], at)]
