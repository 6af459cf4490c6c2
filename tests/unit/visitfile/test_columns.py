"""Column maps: which columns of an export say what, and in which words, dates and times."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path

import attrs
import pytest

from ketsched.model import Visit, VisitStatus
from ketsched.visitfile import ColumnMap, Meaning
from ketsched.visitfile.columns import OWN_NAMES
from refusals import refused
from visitfiles import JAN, LEAST, unused, with_formats


def test_the_least_that_a_map_says(columns):
    assert columns(LEAST) == ColumnMap(columns={"day": "Appt Date", "status": "Status"})


def test_all_that_a_map_says(columns):
    found = columns(
        '[columns]\nday = "D"\nstatus = "S"\ntime = "T"\npatient = "P"\n'
        '[format]\ndate = ["%m/%d/%Y", "iso"]\ntime = "%I:%M %p"\ndelimiter = "\\t"\nencoding = "cp1252"\n'
        '[status]\nCompleted = "fulfilled"\n"Partly" = { status = "stopped early", counts = false }\n'
        '"Pt cancel" = { status = "cancelled", by = "patient" }\nScheduled = "ignore"\n'
        '[by]\nPractice = "clinic"\nSystem = ""\n[yes]\nwords = ["J"]\n[no]\nwords = ["N"]\n'
    )
    assert found == ColumnMap(
        columns={"day": "D", "status": "S", "time": "T", "patient": "P"},
        dates=("%m/%d/%Y", "iso"),
        times=("%I:%M %p",),
        delimiter="\t",
        encoding="cp1252",
        statuses={
            "Completed": Meaning(VisitStatus.FULFILLED),
            "Partly": Meaning(VisitStatus.STOPPED_EARLY, counts=False),
            "Pt cancel": Meaning(VisitStatus.CANCELLED, by="patient"),
            "Scheduled": None,
        },
        by={"Practice": "clinic", "System": ""},
        yes=("J",),
        no=("N",),
    )


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["columns is missing", "[columns]"]),
        ("columns = 5\n", ["columns is the number 5", "line 1"]),
        ('[columns]\nday = "D"\n', ["no column for status", "line 1, columns"]),
        ('[columns]\nstatus = "S"\n', ["no column for day", "line 1, columns"]),
        ('[columns]\nday = "D"\nstatus = " "\n', ["a column without a header"]),
        ('[columns]\nday = "D"\nstatus = "d"\n', ["two things from one column"]),
        (LEAST + 'tiem = "T"\n', ["unknown key 'tiem'", "line 4", "did you mean time?"]),
        (LEAST + "time = 5\n", ["time is the number 5", "line 4"]),
        (LEAST + "[formt]\n", ["unknown key 'formt'", "line 4", "did you mean format?"]),
        (LEAST + '[format]\ndate = "DD.MM.YYYY"\n', ["not a whole date", "line 5, format date"]),
        (LEAST + '[format]\ndate = "%d.%m."\n', ["not a whole date", "line 5"]),
        (LEAST + '[format]\ndate = "%c"\n', ["cannot be used", "line 5"]),
        (LEAST + '[format]\ndate = "%d.%m.%Y %d"\n', ["the same part twice", "line 5"]),
        (LEAST + '[format]\ndate = "%d.%m.%Y%"\n', ["cannot be used", "line 5"]),
        (LEAST + '[format]\ndate = "%-d.%m.%Y"\n', ["cannot be used", "line 5"]),
        (LEAST + '[format]\ndate = "%d.%m.%Y %I:%M"\n', ["which half of the day", "line 5"]),
        (LEAST + "[format]\ndate = []\n", ["no format", "line 5"]),
        (LEAST + '[format]\ndate = ["iso", 5]\n', ["line 5"]),
        (LEAST + "[format]\ndate = 5\n", ["date is the number 5", "line 5"]),
        (LEAST + '[format]\ntime = "%I:%M"\n', ["which half of the day", "line 5, format time"]),
        (LEAST + '[format]\ntime = "%M"\n', ["which half of the day", "line 5"]),
        (LEAST + '[format]\ntime = "%d %H:%M"\n', ["cannot be used", "line 5"]),
        (LEAST + '[format]\ndelimiter = ":"\n', ["the delimiter ':'", "line 5, format delimiter"]),
        (LEAST + '[format]\ndelimiter = ";;"\n', ["the delimiter ';;'", "line 5"]),
        (LEAST + '[format]\nencoding = "latin"\n', ["the encoding 'latin'", "line 5", "cp1252"]),
        (LEAST + '[format]\ndates = "iso"\n', ["unknown key 'dates'", "line 5"]),
        (LEAST + '[status]\nDone = "given"\n', ["'given' is not a status", "line 5, status Done"]),
        (LEAST + "[status]\nDone = 5\n", ["Done is the number 5", "line 5"]),
        (LEAST + '[status]\n"" = "ignore"\n', ["a blank word in status", "nothing is assumed"]),
        (
            LEAST + '[status]\nDone = "fulfilled"\n"DONE " = "no-show"\n',
            ["one word twice in status", "line 4"],
        ),
        (LEAST + '[status]\nDone = { by = "patient" }\n', ["status is missing", "line 5"]),
        (LEAST + '[status]\nDone = { status = "fulfilled", by = "patient" }\n', ["who cancelled", "line 5"]),
        (LEAST + '[status]\nGone = { status = "no-show", counts = true }\n', ["whether it counts", "line 5"]),
        (LEAST + '[status]\nGone = { status = "cancelled", by = "me" }\n', ["cancelled by 'me'", "line 5"]),
        (LEAST + '[status]\nGone = { status = "cancelled", who = "x" }\n', ["unknown key 'who'", "line 5"]),
        (LEAST + '[by]\nPractice = "us"\n', ["cancelled by 'us'", "line 4"]),
        (LEAST + '[yes]\nwords = ["N"]\n', ["one word twice in yes and no", "line 4"]),
        (LEAST + '[yes]\nwords = [""]\n', ["a blank word in yes and no", "line 4"]),
        (LEAST + "[no]\nword = []\n", ["words is missing"]),
    ],
)
def test_a_map_that_cannot_be_used(columns, text, parts):
    refused(lambda: columns(text), *parts)


def test_yes_and_no_may_change_places(columns):
    found = columns(LEAST + '[yes]\nwords = ["0"]\n[no]\nwords = ["1"]\n')
    assert (found.yes, found.no) == (("0",), ("1",))


def test_a_map_made_in_python_is_checked_too():
    refused(lambda: ColumnMap(columns={"day": "D", "status": "S", "dose": "E"}), "unknown column 'dose'")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        ColumnMap(columns={"day": "D", "status": "S"}).encoding = "cp1252"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("dates", "cell", "day"),
    [
        (["%m/%d/%Y"], "01/04/2027", JAN[3]),
        (["%m/%d/%Y"], "1/4/2027", JAN[3]),
        (["%d.%m.%Y"], "04.01.2027", JAN[3]),
        (["%d.%m.%y"], "04.01.27", JAN[3]),
        (["%d-%b-%Y"], "04-Jan-2027", JAN[3]),
        (["%A, %B %d, %Y"], "Monday, January 04, 2027", JAN[3]),
        (["%Y%m%d"], "20270104", JAN[3]),
        (["%Y-%j"], "2027-004", JAN[3]),
        (["%m/%d/%Y", "iso"], "2027-01-04", JAN[3]),
        (["%m/%d/%Y", "%d/%m/%Y"], "01/14/2027", JAN[13]),
        (["%m/%d/%Y", "%d/%m/%Y"], "14/01/2027", JAN[13]),
        (["%m/%d/%Y", "%d/%m/%Y"], "01/01/2027", JAN[0]),  # the same day either way
    ],
)
def test_dates_as_the_map_says(load, dates, cell, day):
    found = load(f's,d\nfulfilled,"{cell}"\n', columns=with_formats(*dates))
    assert (found.visits, found.unused) == ((Visit(day),), ())


@pytest.mark.parametrize("turned", [False, True])
def test_a_date_that_two_formats_read_differently_is_refused(load, turned):
    dates = ["%m/%d/%Y", "%d/%m/%Y"]
    columns = with_formats(*(reversed(dates) if turned else dates))
    found = load("d,s\n01/14/2027,fulfilled\n01/02/2027,fulfilled\n", columns=columns)
    assert found.visits == (Visit(JAN[13]),)
    assert unused(found) == [(3, "column 1 (d) is 2 different days by the formats given")]


@pytest.mark.parametrize(
    ("columns", "row", "at"),
    [
        (with_formats(times=("%I:%M %p",), time="t"), "2027-01-04,fulfilled,2:15 PM", time(14, 15)),
        (with_formats(times=("%I:%M %p",), time="t"), "2027-01-04,fulfilled,12:15 AM", time(0, 15)),
        (with_formats(times=("%H%M",), time="t"), "2027-01-04,fulfilled,0915", time(9, 15)),
        (with_formats(times=("%H.%M", "iso"), time="t"), "2027-01-04,fulfilled,9:15:59", time(9, 15)),
        (with_formats(time="t"), "2027-01-04,fulfilled,", None),
        (with_formats(time="t"), "2027-01-04 09:15,fulfilled,", time(9, 15)),
        (with_formats(time="t"), "2027-01-04 09:15,fulfilled,09:15", time(9, 15)),
        (with_formats(time="t"), "2027-01-04 00:00:00,fulfilled,09:15", time(9, 15)),
        (with_formats(), "2027-01-04T09:15:30.5,fulfilled", time(9, 15)),
        (with_formats("%m/%d/%Y %I:%M:%S %p"), "1/4/2027 2:15:00 PM,fulfilled", time(14, 15)),
        (with_formats("%m/%d/%Y %H:%M"), "1/4/2027 00:00,fulfilled", None),
    ],
)
def test_times_as_the_map_says(load, columns, row, at):
    found = load(f"d,s,t\n{row}\n", columns=columns)
    assert (found.visits, found.unused) == ((Visit(JAN[3], at=at),), ())


def test_two_times_that_differ_are_refused(load):
    found = load(
        "d,s,t\n2027-01-04 09:15,fulfilled,09:15\n2027-01-04 09:15,fulfilled,09:16\n",
        columns=with_formats(time="t"),
    )
    assert unused(found) == [(3, "column 1 (d) and column 3 (t) give different times")]


def test_a_time_that_two_formats_read_differently_is_refused(load):
    columns = with_formats(times=("%H%M%S", "%S%M%H"), time="t")
    found = load("d,s,t\n2027-01-04,fulfilled,101010\n2027-01-04,fulfilled,101112\n", columns=columns)
    assert unused(found) == [(3, "column 3 (t) is 2 different times by the formats given")]


@pytest.mark.parametrize(
    ("cell", "zone", "day", "at"),
    [
        ("2027-01-04T14:00:00Z", "America/New_York", JAN[3], time(9)),
        ("2027-01-05T02:30:00Z", "America/New_York", JAN[3], time(21, 30)),
        ("2027-01-04T23:30:00+00:00", "Europe/Amsterdam", JAN[4], time(0, 30)),
        ("2027-01-04T23:00:00Z", "Europe/Amsterdam", JAN[4], None),  # midnight there: a date
        ("2027-01-04T00:00:00+0100", "Europe/Amsterdam", JAN[3], None),
        ("2027-01-04T00:00:00Z", "Europe/London", JAN[3], None),
    ],
)
def test_a_moment_becomes_the_day_and_time_of_the_clinic(load, cell, zone, day, at):
    assert load(f"day,status\n{cell},fulfilled\n", zone=zone).visits == (Visit(day, at=at),)


def test_a_moment_by_a_format_of_the_map(load):
    text = "d,s\n04/Jan/2027:14:00 +0000,fulfilled\n"
    found = load(text, columns=with_formats("%d/%b/%Y:%H:%M %z"), zone="America/New_York")
    assert found.visits == (Visit(JAN[3], at=time(9)),)


@pytest.mark.parametrize(
    ("cell", "zone", "why"),
    [
        ("2027-01-04T14:00:00Z", None, "nobody has said in which zone the clinic is"),
        ("2027-01-04T00:00:00Z", "America/New_York", "midnight in a zone that is not the clinic's"),
        ("2027-01-04T00:00:00+01:00", "America/New_York", "midnight in a zone that is not the clinic's"),
        ("1970-01-01T00:30:00Z", "America/New_York", "not a day to plan on"),
        ("0001-01-01T00:00:00+14:00", "America/New_York", "not a day to plan on"),
        ("9999-12-31T23:00:00-12:00", "Europe/Amsterdam", "not a day to plan on"),
        ("2027-03-14T02:30,x", "America/New_York", "that the clocks of America/New_York skip or show twice"),
        ("2027-11-07T01:30", "America/New_York", "that the clocks of America/New_York skip or show twice"),
    ],
)
def test_a_moment_that_tells_no_day(load, cell, zone, why):
    found = load(f"day,status\n2027-01-05,fulfilled\n{cell.partition(',')[0]},fulfilled\n", zone=zone)
    ((line, said),) = unused(found)
    assert line == 3
    assert why in said


def test_words_of_the_map_take_the_place_of_ours(load, columns):
    found = load(
        "Appt Date,Status\n2027-01-04,DONE\n2027-01-07, done \n2027-01-11,fulfilled\n",
        columns=columns(LEAST + '[status]\nDone = "fulfilled"\n'),
    )
    assert found.visits == (Visit(JAN[3]), Visit(JAN[6]))
    assert unused(found) == [(4, "an unknown status in column 2 (Status)")]


def test_what_a_status_and_a_column_say_together(load):
    columns = ColumnMap(
        columns={"day": "d", "status": "s", "by": "b", "counts": "c"},
        statuses={
            "pt": Meaning(VisitStatus.CANCELLED, by="patient"),
            "off": Meaning(VisitStatus.CANCELLED),
            "part": Meaning(VisitStatus.STOPPED_EARLY, counts=False),
        },
        by={"Guest": "patient", "House": "clinic", "System": ""},
    )
    found = load(
        "d,s,b,c\n2027-01-04,pt,,\n2027-01-04,pt,guest,\n2027-01-04,off,House,\n2027-01-04,off,System,\n"
        "2027-01-04,part,,\n2027-01-04,part,,no\n"
        "2027-01-04,pt,House,\n2027-01-04,part,,yes\n2027-01-04,off,patient,\n",
        columns=columns,
    )
    assert [(visit.by, visit.counts) for visit in found.visits] == [
        ("patient", None),
        ("patient", None),
        ("clinic", None),
        ("", None),
        ("", False),
        ("", False),
    ]
    assert unused(found) == [
        (8, "column 3 (b) contradicts the status in column 2 (s)"),
        (9, "column 4 (c) contradicts the status in column 2 (s)"),
        (10, "column 3 (b) does not say who cancelled"),
    ]


@pytest.mark.parametrize(
    ("word", "elsewhere"),
    [("J", True), ("j", True), ("Nein", False), ("", False), ("yes", None), ("no", None)],
)
def test_words_for_yes_and_no(load, word, elsewhere):
    columns = ColumnMap(columns={"day": "d", "status": "s", "elsewhere": "e"}, yes=("J",), no=("Nein",))
    found = load(f"d,s,e\n2027-01-04,fulfilled,\n2027-01-07,fulfilled,{word}\n", columns=columns)
    assert [visit.elsewhere for visit in found.visits[1:]] == ([] if elsewhere is None else [elsewhere])
    assert len(found.unused) == (elsewhere is None)


def test_a_column_that_the_map_names_and_the_export_lacks(load, columns):
    wanting = columns(LEAST + 'time = "Start"\n')
    refused(
        lambda: load("Appt Date,Status,Begin\n2027-01-04,fulfilled,\n", columns=wanting),
        "no column for time",
        "line 1",
        "its header is 'Start'",
    )
    refused(lambda: load("Date,Status,Start\n", columns=wanting), "no header", "day = 'Appt Date'")


def test_a_column_twice_matters_only_if_it_is_read(load, columns):
    text = "Appt Date,Status,Note,Note\n2027-01-04,fulfilled,a,b\n"
    assert load(text, columns=columns(LEAST)).visits == (Visit(JAN[3]),)
    refused(lambda: load(text, columns=columns(LEAST + 'note = "Note"\n')), "2 columns for note")


def test_a_stated_delimiter_is_the_only_one(load):
    columns = ColumnMap(columns={"day": "d", "status": "s"}, delimiter=";")
    assert load("sep=,\nd;s\n2027-01-04;fulfilled\n", columns=columns).visits == (Visit(JAN[3]),)
    refused(lambda: load("d,s\n2027-01-04,fulfilled\n", columns=columns), "no header")


# The page.


def test_the_page_names_every_key():
    root = Path(__file__).parents[3]
    text = (root / "docs" / "how-to" / "visits-from-a-file.md").read_text(encoding="utf-8")
    source = (root / "src" / "ketsched" / "visitfile" / "__init__.py").read_text(encoding="utf-8")
    keys = set(re.findall(r'take\("(\w+)"', source))
    known = [*OWN_NAMES, "visit"]
    tables = ["columns", "format", "yes", "no", "words", "date", "delimiter", "encoding"]
    assert {"day", "status", "time", "session", "counts"} <= keys
    assert {key for key in (*keys, *known, *tables) if not re.search(rf"`\[*{key}\]*`", text)} == set()
