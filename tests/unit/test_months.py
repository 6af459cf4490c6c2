"""
Calendar durations in rules: months are exact from a session that has its day, in every verb.

Days are counted by hand on a calendar. The numbers are made up.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import attrs
import pytest

from ketsched import Course, Phase, Spacing, Visit, check, evaluate, forecast, load_protocol, plan, replan
from ketsched.errors import InvalidProtocol
from ketsched.history import Verdict
from ketsched.interchange.json import from_values, to_values
from ketsched.model import DayLimits, Interval, Join, Protocol, RecommendedDay, read_length
from ketsched.model.intervals import said
from making import BEFORE, HOUR, protocol
from monthly import OPEN, allowed, allowed_days

MONTH, SIX_MONTHS = Interval(months=1), Interval(months=6)


def series(*spacing: Spacing, count: int = 2, every: Any = (SIX_MONTHS,), **more: Any) -> Protocol:
    kind: dict[str, Any] = {"kind": "induction", "anatomy": HOUR} | more
    return protocol(Phase(name="series", count=count, every=every, spacing=spacing, **kind))


# -- exact from a session that has its day


@pytest.mark.parametrize(
    ("rule", "given", "first", "last"),
    [
        (Spacing(minimum=SIX_MONTHS), date(2027, 11, 10), date(2028, 5, 10), None),
        (Spacing(minimum=SIX_MONTHS), date(2027, 8, 31), date(2028, 2, 29), None),  # clipped, a leap year
        (Spacing(minimum=SIX_MONTHS), date(2026, 8, 31), date(2027, 2, 28), None),
        (
            Spacing(minimum=MONTH, latest=Interval(months=2)),
            date(2027, 12, 31),
            date(2028, 1, 31),
            date(2028, 2, 29),
        ),
        (
            Spacing(
                minimum=Interval(months=1, missing_day="roll"), latest=Interval(months=3, missing_day="roll")
            ),
            date(2027, 1, 31),
            date(2027, 3, 1),
            date(2027, 5, 1),  # there is no 31 April
        ),
        (Spacing(minimum=Interval(months=3, days=28)), date(2027, 1, 30), date(2027, 5, 28), None),
        (Spacing(minimum=Interval(months=14, days=10)), date(2027, 11, 30), date(2029, 2, 9), None),
        (
            Spacing(minimum=28, latest=Interval(months=12)),
            date(2028, 2, 29),
            date(2028, 3, 28),
            date(2029, 2, 28),
        ),
    ],
)
def test_every_verb_says_the_same_of_a_day_and_the_days_beside_it(rule, given, first, last):
    expected = {first - timedelta(1): False, first: True, first + timedelta(1): True}
    if last is not None:
        expected |= {last - timedelta(1): True, last: True, last + timedelta(1): False}
    for day, can_be in expected.items():
        said = allowed(series(rule), given, day)
        assert said == dict.fromkeys(said, can_be), day


def test_two_sessions_to_come_are_as_far_apart_as_so_many_months_can_be():
    """184 days: 12 May to 12 November. From what was given they are exact: 10 May."""
    course = plan(
        series(Spacing(minimum=SIX_MONTHS), count=3), start=date(2027, 11, 10), calendar=OPEN, at=BEFORE
    )
    assert [session.day for session in course.sessions[1:]] == [date(2028, 5, 12), date(2028, 11, 12)]
    given = [Visit(date(2027, 11, 10))]
    due = forecast(course, given, as_of=date(2027, 11, 11)).sessions
    assert [one.earliest for one in due] == [date(2028, 5, 10), date(2028, 11, 10)]


def test_an_agreed_day_that_keeps_the_months_stays():
    """181 days from 31 August to 28 February, between two sessions to come: no fault, and nothing to mend."""
    days = [date(2026, 3, 1), date(2026, 9, 1), date(2027, 3, 1)]
    course = Course.of_days(series(Spacing(minimum=SIX_MONTHS), count=3), days)
    course = attrs.evolve(course, zone=OPEN.zone)
    again = replan(course, [Visit(days[0])], calendar=OPEN, at=BEFORE, as_of=date(2026, 3, 2))
    assert [session.day for session in again.sessions] == days


def test_a_lifted_latest_day_in_months_is_known_again():
    """What was given in January leaves nothing until 31 July: lifted once, and no error of the plan."""
    rule = Spacing(latest=SIX_MONTHS)
    course = plan(series(rule, every=(MONTH,)), start=date(2027, 1, 31), calendar=OPEN, at=BEFORE)
    again = replan(
        course,
        [Visit(date(2027, 1, 31)), Visit(date(2027, 2, 28), "no-show")],
        calendar=OPEN.without([date(2027, 8, 1) - timedelta(n) for n in range(160)]),
        at=BEFORE.replace(year=2027, month=3, day=1),
    )
    assert again.lifted[0].latest == 181
    assert not [found for found in check(again, as_of=date(2027, 3, 2)) if found.code == "KS102"]


# -- durations of several units, and grace in its own


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("P3M4W", Interval(months=3, days=28)),
        ("P1Y2M10D", Interval(months=14, days=10)),
        ("P1Y", Interval(months=12)),
        ("P2W3D", Interval(days=17)),
        ("P20Y", Interval(months=240)),
    ],
)
def test_a_duration_of_several_units(text, expected):
    assert Interval.parse(text) == expected


@pytest.mark.parametrize("text", ["P", "P1D1M", "P1M1Y", "PT1H", "P1,5M", "P-1M", "1M", "P٣M"])
def test_what_is_no_duration(text):
    with pytest.raises(InvalidProtocol):
        Interval.parse(text)


def test_a_length_in_whole_days_is_a_number():
    assert Spacing(minimum=Interval(days=28)) == Spacing(minimum=28)
    assert Spacing(minimum=Interval(months=1)).minimum == MONTH


def test_nought_has_no_unit():
    """Whatever came sooner than five years is forgiven, the next day as well."""
    rule = Spacing(minimum=Interval(months=60), absolute_minimum=0)
    assert rule.since(date(2027, 1, 31)) == DayLimits(1826, None, 0)
    visits = [Visit(date(2027, 1, 31)), Visit(date(2027, 2, 1))]
    course = Course.of_days(series(rule), [date(2027, 1, 31), date(2032, 1, 31)])
    assert evaluate(course, visits, as_of=date(2027, 2, 2)).visits[1].verdict is Verdict.GRACE


@pytest.mark.parametrize(
    ("rule", "graced"),
    [
        (Spacing(minimum=SIX_MONTHS, absolute_minimum=168), date(2027, 7, 18)),  # 31 January and 168 days
        (Spacing(minimum=SIX_MONTHS, grace=4), date(2027, 7, 27)),  # 31 July less 4 days
        (Spacing(minimum=SIX_MONTHS, grace=Interval(months=1)), date(2027, 6, 30)),
        (Spacing(minimum=181, grace=Interval(months=1, days=1)), date(2027, 6, 29)),
    ],
)
def test_grace_may_be_of_another_unit(rule, graced):
    start = date(2027, 1, 31)
    course = Course.of_days(series(rule), [start, date(2028, 1, 31)])
    for day, verdict in (
        (graced - timedelta(1), Verdict.TOO_SOON),
        (graced, Verdict.GRACE),
        (date(2027, 7, 30), Verdict.GRACE),
        (date(2027, 7, 31), Verdict.VALID),
    ):
        found = evaluate(course, [Visit(start), Visit(day)], as_of=day).visits
        assert found[1].verdict is verdict, day


@pytest.mark.parametrize(
    "rule",
    [
        {"minimum": Interval(months=3), "latest": 92},  # never more than 92 days
        {"minimum": 28, "latest": MONTH},
        {"minimum": SIX_MONTHS, "latest": Interval(months=6, days=1)},
        {"absolute_minimum": 181, "minimum": SIX_MONTHS},
        {"absolute_minimum": 365, "minimum": Interval(months=12)},
        {"minimum": Interval(months=48), "latest": 1461},
        {"grace": 28, "minimum": MONTH},
    ],
)
def test_lengths_in_order_from_any_day(rule):
    Spacing(**rule)


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"minimum": Interval(months=3), "latest": 91}, "out of order"),
        ({"minimum": 29, "latest": MONTH}, "out of order"),
        ({"absolute_minimum": 182, "minimum": SIX_MONTHS}, "out of order"),
        ({"absolute_minimum": 366, "minimum": Interval(months=12)}, "out of order"),
        ({"absolute_minimum": 1461, "minimum": Interval(months=48)}, "out of order"),  # 2100 is no leap year
        ({"minimum": SIX_MONTHS, "latest": Interval(months=5, days=29)}, "out of order"),
        ({"grace": 29, "minimum": MONTH}, "a grace of 29 days on a minimum of 1 month"),
        ({"grace": 4}, "grace without minimum"),
        ({"grace": 4, "latest": 7}, "grace without minimum"),
        ({"grace": 1, "minimum": 4, "absolute_minimum": 2}, "grace beside absolute_minimum"),
        ({"grace": -1, "minimum": 4}, "out of order"),
    ],
)
def test_lengths_that_contradict_each_other_from_some_day(rule, said):
    with pytest.raises(InvalidProtocol, match=said) as refused:
        Spacing(**rule)
    assert refused.value.why
    assert refused.value.fix


def test_a_rule_in_several_units_is_said_in_words():
    rule = Spacing(minimum=Interval(months=3, days=28), latest=MONTH_AND_YEAR, grace=4)
    assert rule.words() == (
        "at least 3 months and 28 days apart, at most 13 months between two, "
        "forgiven up to 4 days sooner once it has happened"
    )


MONTH_AND_YEAR = Interval(months=13)


def test_a_join_in_months():
    """From 30 November: not before 28 February, aimed at for 30 March, not after 30 May."""
    later = Phase(
        kind="maintenance",
        name="later",
        count=1,
        every=(Interval(days=7),),
        anatomy=HOUR,
        join=Join(minimum=Interval(months=3), ideal=Interval(months=4), latest=SIX_MONTHS),
    )
    first = series(count=1).phases[0]
    course = plan(protocol(first, later), start=date(2026, 11, 30), calendar=OPEN, at=BEFORE)
    assert course.sessions[1].day == date(2027, 3, 30)
    due = forecast(course, [Visit(date(2026, 11, 30))], as_of=date(2026, 12, 1)).next
    assert (due.earliest, due.latest) == (date(2027, 2, 28), date(2027, 5, 30))
    for day, codes in (
        (date(2027, 2, 27), {"KS107"}),
        (date(2027, 2, 28), set()),
        (date(2027, 5, 30), set()),
        (date(2027, 5, 31), {"KS108"}),
    ):
        found = check(Course.of_days(protocol(first, later), [date(2026, 11, 30), day]))
        assert {one.code for one in found} & {"KS107", "KS108"} == codes, day


# -- rules and days of numbered sessions


ALONE = Spacing(number=3, minimum=56)
"""The third not sooner than 56 days after whatever was given last."""


@pytest.mark.parametrize(
    ("fourth", "verdict"),
    [(date(2027, 4, 24), Verdict.TOO_SOON), (date(2027, 4, 25), Verdict.VALID)],
)
def test_a_rule_for_one_session_runs_from_the_last_given(fourth, verdict):
    """The one of 28 February does not count, and it is what the third is counted from; 56 days."""
    days = [date(2027, 1, 1), date(2027, 1, 29), date(2027, 2, 28)]
    course = Course.of_days(series(ALONE, count=3), [*days[:2], date(2027, 12, 1)])
    visits = [*map(Visit, days[:2]), Visit(days[2], counts=False), Visit(fourth)]
    found = evaluate(course, visits, as_of=fourth).visits
    assert [one.verdict for one in found][-2:] == [Verdict.TOO_SOON, verdict]
    seen = forecast(course, visits[:3], as_of=date(2027, 3, 1)).next
    assert (seen.number, seen.earliest) == (3, date(2027, 4, 25))


def test_a_rule_for_one_session_is_about_no_other():
    days = [
        date(2027, 1, 1),
        date(2027, 1, 8),
        date(2027, 3, 5),
        date(2027, 3, 12),
    ]  # 56 days before the third
    said = allowed_days(series(ALONE, count=4), days)
    assert said == set()
    assert allowed_days(series(ALONE, count=4), [*days[:2], date(2027, 3, 4), days[3]]) == {"KS101"}
    latest = Spacing(number=3, latest=56)
    assert allowed_days(series(latest, count=4), days) == set()
    assert allowed_days(series(latest, count=4), [*days[:2], date(2027, 3, 6), days[3]]) == {"KS102"}


def test_a_plan_keeps_a_rule_for_one_session():
    course = plan(
        series(ALONE, count=4, every=(Interval(days=7),)), start=date(2027, 1, 1), calendar=OPEN, at=BEFORE
    )
    gaps = [(b.day - a.day).days for a, b in zip(course.sessions, course.sessions[1:], strict=False)]
    assert gaps[1] == 56
    assert max(gaps[0], gaps[2]) < 56


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"number": 1}, "before session 1"),
        ({"number": 1001}, "before session 1001"),
        ({"number": 3, "apart": 2}, "number beside apart"),
        ({"number": 3, "between": (1, 3)}, "number beside between"),
    ],
)
def test_a_rule_for_one_session_that_names_none(rule, said):
    with pytest.raises(InvalidProtocol, match=said):
        Spacing(minimum=7, **rule)


THIRD_AT_A_YEAR = (RecommendedDay(number=3, after_first=Interval(months=12)),)


@pytest.mark.parametrize("anchor", ["start", "previous"])
def test_a_recommended_day_counts_from_the_first(anchor):
    """The third a year after the first, wherever the second is; the fourth two months after the third."""
    doses = series(count=4, every=(Interval(months=2),), recommended=THIRD_AT_A_YEAR, anchor=anchor)
    course = plan(doses, start=date(2027, 1, 31), calendar=OPEN, at=BEFORE)
    assert [session.day for session in course.sessions] == [
        date(2027, 1, 31),
        date(2027, 3, 31),
        date(2028, 1, 31),
        date(2028, 3, 31),
    ]


def test_what_is_made_up_is_aimed_at_its_recommended_day():
    """Two given, the third missed: it is number 3 still, and a year after the first is ahead."""
    doses = series(count=3, every=(Interval(months=2),), recommended=THIRD_AT_A_YEAR)
    course = Course.of_days(doses, [date(2027, 1, 31), date(2027, 3, 31), date(2027, 6, 1)])
    course = attrs.evolve(course, zone=OPEN.zone)
    visits = [Visit(date(2027, 1, 31)), Visit(date(2027, 3, 31)), Visit(date(2027, 6, 1), "no-show")]
    seen = forecast(course, visits, as_of=date(2027, 6, 2)).next
    assert (seen.number, seen.recommended) == (3, date(2028, 1, 31))


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ([(1, 30)], "session 1"),
        ([(3, 0)], "0 days after session 1"),
        ([(3, 60), (3, 90)], "do not ascend"),
        ([(3, 60), (2, 90)], "do not ascend"),
        ([(3, SIX_MONTHS), (4, 182)], "do not ascend"),
    ],
)
def test_recommended_days_that_cannot_be(days, said):
    with pytest.raises(InvalidProtocol, match=said):
        series(recommended=tuple(RecommendedDay(number=n, after_first=after) for n, after in days))


# -- months do not drift


@pytest.mark.parametrize(("missing_day", "last"), [("clip", date(2027, 7, 31)), ("roll", date(2027, 7, 31))])
def test_what_is_made_up_at_the_end_does_not_drift(missing_day, last):
    monthly = series(count=6, every=(Interval(months=1, missing_day=missing_day),))
    course = plan(monthly, start=date(2027, 1, 31), calendar=OPEN, at=BEFORE)
    days = [session.day for session in course.sessions]
    visits = [*map(Visit, days[:2]), Visit(days[2], "no-show")]
    again = replan(course, visits, calendar=OPEN, policy="keep", at=BEFORE.replace(year=2027, month=4))
    assert [session.day for session in again.standing()] == [*days[:2], *days[3:], last]


def test_a_closure_moves_one_session_and_not_the_months_after_it():
    """30 June is closed and goes to 1 July; what is made up comes on 31 July."""
    monthly = series(count=6, every=(MONTH,))
    closed = OPEN.without([date(2027, 6, 29), date(2027, 6, 30)])
    course = plan(monthly, start=date(2027, 1, 31), calendar=closed, at=BEFORE)
    assert course.sessions[-1].day == date(2027, 7, 1)
    visits = [Visit(date(2027, 1, 31)), Visit(date(2027, 2, 28), "no-show")]
    again = replan(course, visits, calendar=closed, policy="keep", at=BEFORE.replace(year=2027, month=3))
    assert again.standing()[-1].day == date(2027, 7, 31)


def test_a_list_of_months_is_counted_from_one_day():
    """From 31 January one month, then two, again and again."""
    doses = series(count=4, every=(MONTH, Interval(months=2)))
    course = plan(doses, start=date(2027, 1, 31), calendar=OPEN, at=BEFORE)
    assert [session.day for session in course.sessions[1:]] == [
        date(2027, 2, 28),
        date(2027, 4, 30),
        date(2027, 6, 30),
    ]


# -- a forecast does not fall back


def test_a_window_far_ahead_is_the_one_that_the_rules_give():
    """500 days after 8 February 2027 are 22 June 2028."""
    first = series(Spacing(minimum=2), count=2, every=(Interval(days=7),)).phases[0]
    later = Phase(
        kind="maintenance",
        name="later",
        count=3,
        every=(Interval(days=28),),
        anatomy=HOUR,
        spacing=(Spacing(between=(1, 3), minimum=500),),
    )
    course = plan(protocol(first, later), start=date(2027, 1, 4), calendar=OPEN, at=BEFORE)
    opening = next(session.day for session in course.sessions if session.phase == "later")
    assert course.sessions[-1].day >= opening + timedelta(500)
    given = [Visit(session.day) for session in course.sessions[:3]]
    due = forecast(course, given, as_of=given[-1].day).sessions
    assert due[-1].earliest == given[-1].day + timedelta(500)
    assert due[-1].recommended >= due[-1].earliest


def test_a_pattern_closer_than_its_minimums_is_planned():
    """Every 4 weeks with at least 60 days between two: 60 days each, beyond any reach of the pattern."""
    close = series(Spacing(minimum=60), count=12, every=(Interval(days=28),))
    course = plan(close, start=date(2027, 1, 4), calendar=OPEN, at=BEFORE)
    assert course.sessions[-1].day == date(2027, 1, 4) + timedelta(11 * 60)


def test_rules_that_no_window_can_keep_are_named():
    """At most a week between two, and 100 days from the first to the third."""
    clash = (Spacing(latest=7), Spacing(between=(1, 3), minimum=100))
    course = Course.of_days(series(*clash, count=3), [date(2027, 1, 4), date(2027, 1, 11), date(2027, 4, 14)])
    seen = forecast(course, [Visit(date(2027, 1, 4))], as_of=date(2027, 1, 5))
    assert seen.sessions[-1].earliest == date(2027, 4, 14)
    assert any("at most 7 days between two" in said for said in seen.lifted)


# -- in a file


FILE = """
id = "doses"
version = "1"
title = "doses"
study = "No study: our own practice."
[sources]
house = "house default; not from a publication"
[[phase]]
kind = "induction"
count = {{ value = 4, source = "house", mark = "house default" }}
every = {{ value = "P6Y2W", source = "house", mark = "house default" }}
infusion = {{ value = "PT10M", source = "house", mark = "house default" }}
spacing = [{{ {spacing}, source = "house", mark = "house default" }}]
recommended = [{{ number = 3, after_first = "P13Y", source = "house", mark = "house default" }}]
"""


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('minimum = "P3M4W"', Spacing(minimum=Interval(months=3, days=28))),
        ('minimum = "P5Y", absolute_minimum = 0', Spacing(minimum=Interval(months=60), absolute_minimum=0)),
        (
            'minimum = "P5Y", absolute_minimum = "P0D"',
            Spacing(minimum=Interval(months=60), absolute_minimum=0),
        ),
        ('minimum = "P6M", grace = 4', Spacing(minimum=SIX_MONTHS, grace=4)),
        ('minimum = "P4W", latest = "P2M"', Spacing(minimum=28, latest=Interval(months=2))),
        ('minimum = "P1M", missing_day = "roll"', Spacing(minimum=Interval(months=1, missing_day="roll"))),
        ('minimum = "P8W", number = 3', Spacing(minimum=56, number=3)),
    ],
)
def test_a_file_says_it(tmp_path, written, expected):
    file = tmp_path / "doses.toml"
    file.write_text(FILE.format(spacing=written), encoding="utf-8")
    phase = load_protocol(file).phases[0]
    assert phase.spacing == (expected,)
    assert phase.every == (Interval(months=72, days=14),)
    assert phase.recommended == (RecommendedDay(number=3, after_first=Interval(months=156)),)
    assert [evidence.key for evidence in phase.evidence][-2:] == ["spacing 1", "recommended 1"]


@pytest.mark.parametrize(
    ("written", "line", "said"),
    [
        ("minimum = 7, number = 3, apart = 2", 13, "apart and number in one spacing"),
        ("minimum = 7, number = 1", 13, "number is 1"),
        ('minimum = "6 months"', 13, "the text '6 months'"),
        ('minimum = "P6 months"', 13, "is not an interval"),
        ('minimum = "P6M", missing_day = "skip"', 13, "missing_day is 'skip'"),
        ("grace = 4", 13, "grace without minimum"),
    ],
)
def test_what_a_file_cannot_say(tmp_path, written, line, said):
    file = tmp_path / "doses.toml"
    file.write_text(FILE.format(spacing=written), encoding="utf-8")
    with pytest.raises(InvalidProtocol, match=said) as refused:
        load_protocol(file)
    assert f"line {line}" in refused.value.where


def test_a_course_document_keeps_it():
    rules = (
        Spacing(minimum=Interval(months=3, days=28), grace=Interval(months=1), latest=400),
        Spacing(number=3, minimum=56),
    )
    doses = series(*rules, count=3, recommended=THIRD_AT_A_YEAR)
    course = Course.of_days(doses, [date(2027, 1, 4), date(2027, 8, 4), date(2028, 1, 4)])
    course = attrs.evolve(course, id="A-1", zone=OPEN.zone)
    assert from_values(to_values(course)).protocol == doses


def test_a_document_of_version_1_has_its_months():
    doses = series(Spacing(minimum=2, latest=3))
    course = Course.of_days(doses, [date(2027, 1, 4), date(2027, 3, 10)])
    values = to_values(attrs.evolve(course, id="A-1", zone=OPEN.zone))
    values["version"] = 1
    for revision in values["revisions"]:
        revision.pop("kind", None)
    values["protocol"]["phases"][0]["spacing"][0]["unit"] = "months"
    rule = from_values(values).protocol.phases[0].spacing[0]
    assert rule == Spacing(minimum=Interval(months=2), latest=Interval(months=3))


@pytest.mark.parametrize(
    ("text", "length"), [("P0M14D", 14), ("P0Y6M", Interval(months=6)), ("P0M", 0), ("P0D", 0)]
)
def test_a_part_of_nought_is_nothing(text, length):
    assert read_length(text) == length


@pytest.mark.parametrize(("months", "words"), [(1, "1 month and 14 days"), (2, "2 months and 14 days")])
def test_one_month_is_no_months(months, words):
    assert said(Interval(months=months, days=14)) == words
