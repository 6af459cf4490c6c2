"""
Any series of doses can be stated and judged: bounds from the one before and from a numbered one, in days or months.

The numbers are made up. Days are counted by hand on a calendar.
"""

from __future__ import annotations

from datetime import date

import pytest

from ketsched import Calendar, Visit, check, evaluate, forecast, load_protocol, plan
from ketsched.errors import InvalidProtocol
from ketsched.history import Verdict
from ketsched.model import Anatomy, Course, DayLimits, Interval, Phase, Protocol, Spacing

OPEN = Calendar.always("Europe/Amsterdam", name="the clinic")
EIGHT_WEEKS = (Interval(days=56),)


def series(*spacing, count=3, every=EIGHT_WEEKS, then=()):
    """A series of three, eight weeks apart, and what follows it."""
    first = Phase(
        kind="induction",
        name="primary",
        count=count,
        every=every,
        spacing=spacing,
        anatomy=Anatomy(infusion=10),
    )
    return Protocol(id="doses", version="1", title="doses", phases=(first, *then))


def verdicts(protocol, *days, **visit):
    """Judge visits on these days of a course that has not begun."""
    booked = [date(2030, 1, 1).replace(month=1 + n) for n in range(3)]
    course = Course.of_days(protocol, booked)
    last = Visit(days[-1], **visit) if visit else Visit(days[-1])
    history = evaluate(course, [*map(Visit, days[:-1]), last], as_of=date(2029, 12, 31))
    return [judged.verdict for judged in history.visits]


TO_PREVIOUS = Spacing(minimum=28, absolute_minimum=24, latest=84)
THIRD = Spacing(between=(1, 3), minimum=112, absolute_minimum=108)


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (date(2027, 1, 27), Verdict.TOO_SOON),  # 23 days
        (date(2027, 1, 28), Verdict.GRACE),  # 24
        (date(2027, 1, 31), Verdict.GRACE),  # 27
        (date(2027, 2, 1), Verdict.VALID),  # 28
        (date(2027, 3, 29), Verdict.VALID),  # 84
        (date(2027, 3, 30), Verdict.TOO_LATE),  # 85
    ],
)
def test_a_bound_to_the_one_before(second, expected):
    assert verdicts(series(TO_PREVIOUS), date(2027, 1, 4), second) == [Verdict.VALID, expected]


@pytest.mark.parametrize(
    ("third", "expected"),
    [
        (date(2027, 4, 21), Verdict.TOO_SOON),  # 107 days after the first, 51 after the second
        (date(2027, 4, 22), Verdict.GRACE),  # 108
        (date(2027, 4, 25), Verdict.GRACE),  # 111
        (date(2027, 4, 26), Verdict.VALID),  # 112
    ],
)
def test_several_bounds_on_one_place_the_strictest_decides(third, expected):
    given = verdicts(series(TO_PREVIOUS, THIRD), date(2027, 1, 4), date(2027, 3, 1), third)
    assert given == [Verdict.VALID, Verdict.VALID, expected]


def test_the_previous_is_the_last_that_was_given_whether_it_counted_or_not():
    """The second came too soon; the clock of the next runs from it, and the count does not."""
    days = date(2027, 1, 4), date(2027, 1, 14), date(2027, 2, 4), date(2027, 2, 11)
    assert verdicts(series(TO_PREVIOUS), *days) == [
        Verdict.VALID,
        Verdict.TOO_SOON,
        Verdict.TOO_SOON,  # 31 days after the first, but 21 after the one that was given
        Verdict.TOO_SOON,
    ]


def test_a_numbered_place_is_the_one_that_counted():
    """What was too soon is not session 1 of the rule between 1 and 3."""
    protocol = series(Spacing(minimum=7), Spacing(between=(1, 3), minimum=60))
    days = date(2027, 1, 4), date(2027, 1, 6), date(2027, 1, 20), date(2027, 3, 5)
    assert verdicts(protocol, *days) == [
        Verdict.VALID,
        Verdict.TOO_SOON,
        Verdict.VALID,
        Verdict.VALID,  # 60 days after 4 January
    ]
    assert verdicts(protocol, *days[:3], date(2027, 3, 4))[-1] is Verdict.TOO_SOON  # 59 days


def test_without_grace_a_day_less_is_too_soon():
    protocol = series(Spacing(minimum=28))
    assert verdicts(protocol, date(2027, 1, 4), date(2027, 1, 31))[1] is Verdict.TOO_SOON
    assert verdicts(protocol, date(2027, 1, 4), date(2027, 2, 1))[1] is Verdict.VALID


MONTHS = Spacing(minimum=Interval(months=6), absolute_minimum=Interval(months=5), latest=Interval(months=12))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (date(2027, 1, 15), date(2027, 6, 14), Verdict.TOO_SOON),
        (date(2027, 1, 15), date(2027, 6, 15), Verdict.GRACE),
        (date(2027, 1, 15), date(2027, 7, 14), Verdict.GRACE),
        (date(2027, 1, 15), date(2027, 7, 15), Verdict.VALID),
        (
            date(2027, 8, 31),
            date(2028, 2, 28),
            Verdict.GRACE,
        ),  # six months on is 29 February, the month's last
        (date(2027, 8, 31), date(2028, 2, 29), Verdict.VALID),
        (date(2027, 1, 15), date(2028, 1, 15), Verdict.VALID),
        (date(2027, 1, 15), date(2028, 1, 16), Verdict.TOO_LATE),
    ],
)
def test_months_are_calendar_months(first, second, expected):
    assert verdicts(series(MONTHS), first, second) == [Verdict.VALID, expected]


def test_a_plan_keeps_months_from_any_day():
    """Six months have 181 to 184 days: a plan keeps 184, and a year's 365 for the latest."""
    protocol = series(MONTHS, count=2, every=(Interval(days=30),))
    course = plan(protocol, start=date(2027, 1, 15), calendar=OPEN)
    assert (course.sessions[1].day - course.sessions[0].day).days == 184
    assert MONTHS.in_days() == DayLimits(184, 365)
    assert MONTHS.words() == (
        "at least 6 months apart, at most 12 months between two, forgiven from 5 months once it has happened"
    )


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (date(2027, 1, 15), date(2027, 4, 25), {"KS101"}),  # 100 days, not 6 months
        (date(2027, 1, 15), date(2027, 7, 14), {"KS101"}),
        (date(2027, 1, 15), date(2027, 7, 15), set()),  # 181 days
        (date(2027, 8, 31), date(2028, 2, 28), {"KS101"}),
        (date(2027, 8, 31), date(2028, 2, 29), set()),
        (date(2027, 1, 15), date(2028, 1, 15), set()),  # 365 days
        (date(2027, 1, 15), date(2028, 1, 16), {"KS102"}),
        (date(2028, 1, 15), date(2029, 1, 15), set()),  # 366 days, 29 February among them
        (date(2028, 1, 15), date(2029, 1, 16), {"KS102"}),
    ],
)
def test_a_schedule_in_months_is_checked_in_months(first, second, expected):
    course = Course.of_days(series(MONTHS, count=2), [first, second])
    found = {finding.code for finding in check(course) if finding.code.startswith("KS1")}
    assert found == expected


def test_what_was_given_in_months_is_found_as_it_was_judged():
    """Six months and grace from five, as `evaluate` says."""
    course = Course.of_days(series(MONTHS, count=2), [date(2027, 1, 15), date(2028, 1, 15)])
    for day, code in (
        (date(2027, 6, 14), "KS503"),
        (date(2027, 6, 15), "KS504"),
        (date(2027, 7, 14), "KS504"),
        (date(2027, 7, 15), None),
        (date(2028, 1, 15), None),
        (date(2028, 1, 16), "KS505"),
    ):
        visits = [Visit(date(2027, 1, 15)), Visit(day)]
        found = {finding.code for finding in check(course, visits=visits, as_of=day)}
        assert found & {"KS503", "KS504", "KS505"} == ({code} if code else set()), day


@pytest.mark.parametrize(("code", "third"), [("KS104", date(2027, 7, 14)), ("KS105", date(2027, 10, 16))])
def test_numbered_places_in_months(code, third):
    rule = Spacing(between=(1, 3), minimum=Interval(months=6), latest=Interval(months=9))
    days = [date(2027, 1, 15), date(2027, 3, 15), third]
    nearer = date(2027, 7, 15) if code == "KS104" else date(2027, 10, 15)
    for last, expected in ((third, {code}), (nearer, set())):
        found = check(Course.of_days(series(rule), [*days[:2], last]))
        assert {finding.code for finding in found} & {"KS104", "KS105"} == expected


@pytest.mark.parametrize("fourth", [date(2028, 1, 14), date(2028, 1, 15)])
def test_at_most_three_in_a_year(fourth):
    rule = Spacing(apart=3, minimum=Interval(months=12))
    days = [date(2027, 1, 15), date(2027, 3, 15), date(2027, 5, 15), fourth]
    found = {finding.code for finding in check(Course.of_days(series(rule, count=4), days))}
    assert ("KS103" in found) is (fourth == date(2028, 1, 14))


def test_a_planned_course_in_months_has_no_error_of_spacing():
    for start in (date(2027, 1, 15), date(2027, 8, 31), date(2028, 2, 29)):
        course = plan(series(MONTHS, count=3, every=(Interval(months=6),)), start=start, calendar=OPEN)
        assert not [found for found in check(course) if found.code.startswith("KS1")]


def test_a_recurring_last_phase_goes_on():
    again = Phase(
        kind="maintenance",
        name="yearly",
        count=None,
        every=(Interval(months=12),),
        review=Interval(months=36),
        spacing=(Spacing(minimum=Interval(months=6)),),
        anatomy=Anatomy(infusion=10),
    )
    protocol = series(TO_PREVIOUS, then=(again,))
    course = plan(protocol, start=date(2027, 1, 4), calendar=OPEN)
    given = [Visit(session.day) for session in course.sessions[:4]]
    seen = forecast(course, given, as_of=given[-1].day)
    assert [due.phase for due in seen.sessions] == ["yearly", "yearly"]
    assert [judged.phase for judged in seen.history.visits] == ["primary"] * 3 + ["yearly"]


PROTOCOL = """
id = "doses"
version = "1"
title = "doses"
study = "No study: our own practice."
[sources]
house = "house default; not from a publication"
[[phase]]
kind = "induction"
count = {{ value = 3, source = "house", mark = "house default" }}
every = {{ value = "P8W", source = "house", mark = "house default" }}
infusion = {{ value = "PT10M", source = "house", mark = "house default" }}
observation = {{ value = "PT15M", source = "house", mark = "house default" }}
no_driving = {{ value = "PT24H", source = "house", mark = "house default" }}
spacing = [{{ {spacing}, source = "house", mark = "house default" }}]
"""


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("minimum = 28", Spacing(minimum=28)),
        ('minimum = "P28D"', Spacing(minimum=28)),
        ('minimum = "P4W", latest = "P8W"', Spacing(minimum=28, latest=56)),
        ('minimum = "P4W", latest = 56', Spacing(minimum=28, latest=56)),
        ('minimum = "P1M", latest = "P1Y"', Spacing(minimum=Interval(months=1), latest=Interval(months=12))),
    ],
)
def test_a_file_states_days_weeks_months_and_years(tmp_path, written, expected):
    file = tmp_path / "doses.toml"
    file.write_text(PROTOCOL.format(spacing=written), encoding="utf-8")
    assert load_protocol(file).phases[0].spacing == (expected,)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('minimum = "P5W", latest = "P1M"', "out of order"),
        ('minimum = "P4weeks"', "is not an interval"),
        ('minimum = "P0M"', "an interval of 0 days"),
        ('minimum = "P6M", latest = "P3M"', "out of order"),
    ],
)
def test_what_a_file_cannot_mean_is_an_error_with_its_line(tmp_path, written, said):
    file = tmp_path / "doses.toml"
    file.write_text(PROTOCOL.format(spacing=written), encoding="utf-8")
    with pytest.raises(InvalidProtocol, match=said) as raised:
        load_protocol(file)
    assert "line 15" in raised.value.where
