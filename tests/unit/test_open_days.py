"""The advice of a finding names a day that is open, free and far enough from the other sessions."""

from __future__ import annotations

import re
from datetime import date

import pytest

import ketsched as ks
from ketsched.model import Course, Spacing
from ketsched.protocols import load_protocol
from making import MON_THU, OPEN, clinic, jan, phase, protocol

MWF = load_protocol("iv-mwf-6")
CLOSED = [jan(day) for day in range(13, 28)]


def fix(rules, days, code, calendar=OPEN):
    """The advice of the one finding of a code about sessions on these days of January 2027."""
    course = Course.of_days(rules, [jan(day) for day in days], zone=OPEN.zone)
    (found,) = [finding for finding in ks.check(course, calendar=calendar) if finding.code == code]
    return found.fix


@pytest.mark.parametrize(
    ("days", "advice"),
    [
        ((4, 6, 8, 11, 13, 18), "Move infusion 6 to Fri 2027-01-15 or earlier."),
        ((4, 6, 8, 11, 15, 18), "Move infusion 6 to Wed 2027-01-13 or earlier."),
    ],
)
def test_a_series_that_is_too_long_ends_on_an_open_day(days, advice):
    """Two weeks end on Sunday the 17th; the days before it that are open and free are named."""
    assert fix(MWF, days, "KS204") == advice
    assert fix(MWF, days, "KS204", calendar=None) == "Move infusion 6 to Sun 2027-01-17 or earlier."


def test_a_day_too_near_to_others_is_said_to_be():
    said = fix(MWF, (11, 28, 32, 34, 36, 39), "KS204", clinic(closed=CLOSED))
    assert said.startswith("Tue 2027-01-12 is the last open day, too near to others")


def test_no_open_day_at_all():
    said = fix(MWF, (11, 28, 32, 34, 36, 39), "KS204", clinic(closed=[*CLOSED, jan(12)]))
    assert said.startswith("No day until Sun 2027-01-24 is open: a clinician decides; record the exception.")


NO_ONE_MOVE = "Any one move breaks another rule; to move several: ketsched replan FILE"
LOOSE = protocol(phase(3, Spacing(minimum=2, latest=9), weekdays=MON_THU))
TWO = protocol(phase(3, Spacing(minimum=5, latest=6), Spacing(apart=2, minimum=13), weekdays=MON_THU))


@pytest.mark.parametrize(
    ("days", "code", "calendar", "advice"),
    [
        (
            (4, 7, 19),
            "KS101",
            None,
            "Move infusion 2 to Sat 2027-01-09 or later, or infusion 1 to Sat 2027-01-02 or earlier.",
        ),
        (
            (4, 7, 19),
            "KS101",
            OPEN,
            "Move infusion 2 to Mon 2027-01-11 or later, or infusion 1 to Fri 2027-01-01 or earlier.",
        ),
        ((5, 12, 17), "KS102", OPEN, "Move infusion 2 to Mon 2027-01-11 or earlier."),
        # 13 days in two gaps of 6 at most: no day does.
        ((4, 9, 14), "KS103", None, f"Move infusion 3 to Sun 2027-01-17 or later. {NO_ONE_MOVE}"),
        ((4, 9, 14), "KS103", OPEN, f"Move infusion 3 to Mon 2027-01-18 or later. {NO_ONE_MOVE}"),
    ],
)
def test_gaps_and_windows(days, code, calendar, advice):
    """Sessions at least 5 and at most 6 days apart, every second of them at least 13."""
    assert fix(TWO, days, code, calendar) == advice


def test_days_of_the_pattern_that_are_closed_are_not_advised():
    days = (4, 7, 12)
    assert fix(LOOSE, days, "KS206").startswith("Move it to Mon 2027-01-11 or Thu 2027-01-14.")
    closed = clinic(closed=[jan(11)])
    assert fix(LOOSE, days, "KS206", closed).startswith("Move it to Thu 2027-01-14.")
    closed = clinic(closed=[jan(11), jan(14)])
    assert (
        fix(LOOSE, days, "KS206", closed)
        == "Nothing to do if this is meant. The usual days beside it are closed."
    )
    # The 11th is 4 days after the 7th, the 14th 7 days: at least 5 and at most 6 are allowed.
    assert fix(TWO, days, "KS206") == "Nothing to do if this is meant. The usual days beside it break rules."


@pytest.mark.parametrize("name", ["iv-mwf-6", "iv-2xw-4w-8", "esk-trd"])
def test_every_advised_day_of_a_shipped_protocol_is_open(name):
    """Around a closure of two weeks; days that have passed and windows of appointments are not asked for."""
    calendar = clinic(closed=CLOSED)
    course = ks.plan(load_protocol(name), start=jan(4), calendar=calendar)
    for finding in ks.check(course, calendar=calendar):
        if finding.code < "KS3" and "no day until" not in finding.fix:
            for day in map(date.fromisoformat, re.findall(r"\d{4}-\d{2}-\d{2}", finding.fix)):
                assert calendar.is_open(day, 60), finding
