"""
Every verb reads the same day off a rule in months: `check`, `evaluate`, `forecast`, `replan` and a move.

What the day is, is counted here by the length of each month.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ketsched import Phase, Spacing
from ketsched.errors import InvalidProtocol
from ketsched.model import Interval
from making import HOUR, protocol
from monthly import allowed

ENDS = st.sampled_from([28, 29, 30, 31])


@st.composite
def days(draw):
    """A day of 2026 to 2032, most of them at the end of a month: 2028 and 2032 have a 29 February."""
    year, month = draw(st.integers(2026, 2032)), draw(st.sampled_from([1, 2, 2, 3, 5, 8, 10, 11, 12, 12]))
    return date(year, month, min(draw(ENDS | st.integers(1, 28)), monthrange(year, month)[1]))


@st.composite
def lengths(draw, missing_day):
    months, more = draw(st.sampled_from([0, 1, 2, 3, 6, 12, 13, 18])), draw(st.integers(0, 40))
    if not months:
        return more + 1
    return Interval(months=months, days=draw(st.sampled_from([0, 0, 0, more])), missing_day=missing_day)


def on(base: date, length: int | Interval) -> date:
    """The day that a length leads to: month after month, then the days."""
    if isinstance(length, int):
        return base + timedelta(length)
    year, month = base.year, base.month
    for _ in range(length.months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    last = date(year, month, monthrange(year, month)[1])
    past = base.day - last.day
    day = last - timedelta(-past) if past <= 0 else last + timedelta(length.missing_day == "roll")
    return day + timedelta(length.days)


@pytest.mark.parametrize(
    ("base", "length", "expected"),
    [
        (date(2027, 1, 31), Interval(months=1), date(2027, 2, 28)),
        (date(2027, 1, 31), Interval(months=1, missing_day="roll"), date(2027, 3, 1)),
        (date(2028, 2, 29), Interval(months=12), date(2029, 2, 28)),
        (date(2027, 12, 30), Interval(months=2, days=1), date(2028, 3, 1)),
    ],
)
def test_the_count_of_this_test_is_right(base, length, expected):
    assert on(base, length) == expected


@settings(max_examples=60)
@given(st.data())
def test_every_verb_says_the_same_of_every_boundary_day(data):
    missing_day = data.draw(st.sampled_from(["clip", "roll"]))
    first = data.draw(days())
    minimum, latest = data.draw(lengths(missing_day)), data.draw(st.none() | lengths(missing_day))
    try:
        rule = Spacing(minimum=minimum, latest=latest)
    except InvalidProtocol:
        rule = Spacing(minimum=minimum)
    series = protocol(
        Phase(
            kind="induction",
            name="series",
            count=2,
            every=(Interval(months=6),),
            spacing=(rule,),
            anatomy=HOUR,
        )
    )
    low, high = on(first, minimum), None if rule.latest is None else on(first, rule.latest)
    # Asked on the day after, with a day's notice: a latest day before that is lost, and lifted.
    assume(high is None or (high - first).days >= 2)
    edges = {edge + timedelta(n) for edge in (low, high) if edge is not None for n in (-1, 0, 1)}
    for day in sorted(edges):
        if (day - first).days < 2:  # with a day's notice nothing is booked for tomorrow
            continue
        can_be = low <= day and (high is None or day <= high)
        said = allowed(series, first, day)
        assert said == dict.fromkeys(said, can_be), (rule, first, day)


@settings(max_examples=200)
@given(days(), lengths("clip"), lengths("roll"))
@example(date(2027, 8, 31), Interval(months=6), Interval(months=6, missing_day="roll"))
def test_a_plan_keeps_a_rule_from_any_day(first, minimum, latest):
    """The most days that a minimum can have, and the fewest of a latest: whoever keeps them keeps the rule."""
    assert Spacing(minimum=minimum).in_days().minimum >= (on(first, minimum) - first).days
    assert Spacing(latest=latest).in_days().latest <= (on(first, latest) - first).days
    assert Spacing(minimum=minimum).last_before(on(first, minimum)) >= first


@settings(max_examples=200)
@given(days(), lengths("clip"), lengths("clip"))
def test_an_order_that_is_accepted_holds_from_every_day(first, shorter, longer):
    try:
        Spacing(minimum=shorter, latest=longer)
    except InvalidProtocol:
        return
    assert on(first, shorter) <= on(first, longer)
