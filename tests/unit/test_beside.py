"""Series side by side: sessions at home between boosters at the clinic, one clock across both."""

from __future__ import annotations

from datetime import date, time, timedelta
from itertools import combinations, pairwise
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketsched.calendars import Calendar
from ketsched.errors import InvalidInput, InvalidProtocol
from ketsched.model import Anchor, Companion, Interval, Join, Phase, Protocol, Spacing
from ketsched.planning import NoFeasiblePlan, plan, starts
from making import HOUR, JAN_4, WEEKDAYS, ZONE, clinic, dates
from properties import planning_oracle as oracle

MON_WED_FRI = clinic("mon", "wed", "fri")


SIX = Phase(
    kind="induction",
    name="induction",
    count=6,
    weekdays=(0, 2, 4),
    anatomy=HOUR,
    spacing=(Spacing(minimum=2),),
)
"""4 6 8 11 13 15 January."""
BOOSTERS = Phase(
    kind="maintenance",
    name="boosters",
    count=3,
    every=(Interval(days=28),),
    anatomy=HOUR,
    join=Join(ideal=28, minimum=7),
)
"""12 February, 12 March, 9 April; all of them Fridays."""
HOME = Phase(
    kind="maintenance",
    name="home",
    beside="boosters",
    place="home",
    route="sublingual",
    count=6,
    every=(Interval(days=14),),
    anatomy=HOUR,
    join=Join(ideal=14, minimum=7),
)
"""29 January, 12 26 February, 12 26 March, 9 April."""


def protocol(home=HOME, boosters=BOOSTERS, *, companions=()):
    return Protocol(id="test", version="1", title="test", phases=(SIX, boosters, home), companions=companions)


def planned(home=HOME, boosters=BOOSTERS, *, calendar=MON_WED_FRI, **options):
    return plan(protocol(home, boosters), start=JAN_4, calendar=calendar, **options)


def of(course, name):
    return [session.day for session in course.sessions if session.phase == name]


# -- expected dates


def test_sessions_at_home_half_way_between_boosters():
    monthly = attrs.evolve(HOME, count=3, every=(Interval(days=28),), spacing=(Spacing(minimum=7),))
    course = planned(monthly)
    assert of(course, "induction") == dates("4 6 8 11 13 15 Jan")
    assert of(course, "boosters") == dates("12 Feb, 12 Mar, 9 Apr")
    assert of(course, "home") == dates("29 Jan, 26 Feb, 26 Mar")
    assert [s.phase for s in course.sessions[6:]] == ["home", "boosters"] * 3
    assert [s.id for s in course.sessions] == [f"s{n}" for n in range(1, 13)]
    assert [s.ideal for s in course.sessions] == [s.day for s in course.sessions]


def test_every_fortnight_from_a_fortnight_after_the_induction():
    course = planned()
    # every second one falls on a booster's day: the clinic's comes first, and the one at home the day
    # after it, as the clinic has neither the day before nor the day after
    assert of(course, "boosters") == dates("12 Feb, 12 Mar, 9 Apr")
    assert of(course, "home") == dates("29 Jan, 13 26 Feb, 13 26 Mar, 10 Apr")
    assert [s.ideal for s in course.sessions if s.phase == "home"] == dates(
        "29 Jan, 12 26 Feb, 12 26 Mar, 9 Apr"
    )
    assert [s.phase[0] for s in course.sessions[6:]] == list("hbhhbhhbh")


def test_as_near_on_either_side_the_earlier_days_win():
    # open every weekday, the booster of 12 February can be the day before, and the session at home stays
    course = planned(calendar=clinic())
    assert of(course, "boosters") == dates("11 Feb, 11 Mar, 8 Apr")
    assert of(course, "home") == dates("29 Jan, 12 26 Feb, 12 26 Mar, 9 Apr")


@pytest.mark.parametrize(
    ("ideal", "least", "expected"),
    [
        # the booster is on Friday 12 February; before it
        (26, 2, "10 Feb"),
        (26, 3, "9 Feb"),
        (27, 3, "9 Feb"),
        (25, 3, "9 Feb"),
        (24, 3, "8 Feb"),
        # and after it
        (30, 2, "14 Feb"),
        (30, 3, "15 Feb"),
        (29, 3, "15 Feb"),
        (31, 3, "15 Feb"),
        (32, 3, "16 Feb"),
        # on the same day the clinic's comes first
        (28, 3, "15 Feb"),
        (28, 1, "13 Feb"),
        (28, 0, "13 Feb"),
    ],
)
def test_the_gap_to_boosters_holds_in_both_directions(ideal, least, expected):
    # Monday 8 and Monday 15 are closed to the clinic, so that only the one at home can give way
    closed = MON_WED_FRI.without(dates("8 10 15 17 Feb"))
    home = attrs.evolve(HOME, count=1, join=Join(ideal=ideal), spacing=(Spacing(minimum=least),))
    course = planned(home, calendar=closed)
    assert of(course, "boosters") == dates("12 Feb, 12 Mar, 9 Apr")
    assert of(course, "home") == dates(expected)


def test_the_gap_to_boosters_is_the_neighbours_minimum_that_is_required():
    closed = MON_WED_FRI.without(dates("8 10 15 17 Feb"))

    def day(*spacing):
        home = attrs.evolve(HOME, count=1, join=Join(ideal=29), spacing=spacing)
        return of(planned(home, calendar=closed), "home")

    assert day(Spacing(minimum=5)) == dates("17 Feb")
    assert day(Spacing(minimum=5, required=False)) == dates("13 Feb")
    assert day(Spacing(minimum=5, apart=2)) == dates("13 Feb")
    assert day(Spacing(minimum=5, absolute_minimum=1)) == dates("17 Feb")
    assert day(Spacing(minimum=3), Spacing(minimum=5)) == dates("17 Feb")


def test_a_boosters_own_rules_hold_over_boosters_alone():
    far = attrs.evolve(BOOSTERS, spacing=(Spacing(minimum=21),))
    course = planned(boosters=far)
    assert of(course, "boosters") == dates("12 Feb, 12 Mar, 9 Apr")
    assert of(course, "home") == dates("29 Jan, 13 26 Feb, 13 26 Mar, 10 Apr")


def test_it_joins_to_the_induction_and_not_to_the_boosters():
    # its own first interval after 15 January, as there is no join; a booster's closure moves no session at home
    weekly = attrs.evolve(HOME, count=3, every=(Interval(days=10),), join=None)
    course = planned(weekly)
    assert of(course, "home") == dates("25 Jan, 4 14 Feb")
    closed = planned(weekly, calendar=MON_WED_FRI.without(dates("12 Feb")))
    assert of(closed, "boosters")[0] == dates("10 Feb")[0]
    assert of(closed, "home") == dates("25 Jan, 4 14 Feb")
    # it is counted from the induction as it stands: without 15 January that ends on the 18th
    late = planned(weekly, calendar=MON_WED_FRI.without(dates("15 Jan")))
    assert of(late, "induction")[-1] == date(2027, 1, 18)
    assert of(late, "home") == dates("28 Jan, 7 17 Feb")


@pytest.mark.parametrize(
    ("join", "expected"),
    [
        (Join(ideal=3), "18 Jan"),
        (Join(minimum=5, ideal=5), "20 Jan"),
        # the induction's own minimum of 2 days holds where the join states no rule
        (Join(ideal=1), "17 Jan"),
        (Join(minimum=1, ideal=1), "16 Jan"),
    ],
)
def test_the_join_of_the_one_beside(join, expected):
    home = attrs.evolve(HOME, count=1, join=join)
    assert of(planned(home), "home") == dates(expected)


# -- at home


def test_at_home_there_are_no_clinic_hours_and_no_chair():
    closed = MON_WED_FRI.without(dates("29 Jan, 26 Feb, 26 Mar"))
    course = planned(attrs.evolve(HOME, every=(Interval(days=28),), count=3), calendar=closed, time=time(19))
    home = [s for s in course.sessions if s.phase == "home"]
    assert [s.day for s in home] == dates("29 Jan, 26 Feb, 26 Mar")
    assert {(s.time, s.chair) for s in home} == {(time(19), None)}
    assert {(s.time, s.chair) for s in course.sessions if s.phase != "home"} == {(time(16), 1)}
    assert all(course.is_at_home(s) == (s.phase == "home") for s in course.sessions)
    assert {course.route(s) for s in home} == {"sublingual"}
    assert len(list(course.occupied())) == 9


def test_the_patient_can_neither_there_nor_here():
    away = Calendar.always(ZONE).without(dates("29 Jan, 12 Feb"))
    course = planned(attrs.evolve(HOME, every=(Interval(days=28),), count=3), availability=away)
    assert of(course, "home")[0] == date(2027, 1, 28)
    assert of(course, "boosters")[0] == date(2027, 2, 10)


# -- how long


def test_without_an_end_both_go_on_to_the_review():
    # 12 weeks from 12 February are over on 7 May; from 29 January on 23 April: neither is in
    open_ended: dict[str, Any] = {"count": None, "review": Interval(days=84)}
    course = planned(attrs.evolve(HOME, **open_ended), attrs.evolve(BOOSTERS, **open_ended))
    assert of(course, "boosters") == dates("12 Feb, 12 Mar, 9 Apr")
    assert of(course, "home") == dates("29 Jan, 13 26 Feb, 13 26 Mar, 10 Apr")
    longer: dict[str, Any] = {"count": None, "review": Interval(days=85)}
    course = planned(attrs.evolve(HOME, **longer), attrs.evolve(BOOSTERS, **longer))
    assert of(course, "boosters") == dates("12 Feb, 12 Mar, 9 Apr, 7 May")
    assert of(course, "home") == dates("29 Jan, 13 26 Feb, 13 26 Mar, 10 23 Apr")


def test_no_boosters_leaves_out_what_runs_beside_them():
    around = [
        Companion(id=name, kind="notice", topic="note", title=name, anchor=anchor)
        for name, anchor in (
            ("home", Anchor(every=1, phase="home")),
            ("boosters", Anchor(every=1, phase="boosters")),
            ("all", Anchor(every=1)),
        )
    ]
    chosen = protocol(companions=tuple(around)).choose(boosters=0)
    assert [phase.name for phase in chosen.phases] == ["induction"]
    assert [companion.id for companion in chosen.companions] == ["all"]
    course = plan(chosen, start=JAN_4, calendar=MON_WED_FRI)
    assert [s.day for s in course.sessions] == dates("4 6 8 11 13 15 Jan")


def test_the_number_of_boosters_is_of_boosters():
    free = attrs.evolve(BOOSTERS, least=1, most=6)
    chosen = protocol(boosters=free).choose(boosters=1)
    course = plan(chosen, start=JAN_4, calendar=MON_WED_FRI)
    assert of(course, "boosters") == dates("12 Feb")
    assert len(of(course, "home")) == 6


def test_two_series_beside_the_boosters():
    calls = attrs.evolve(HOME, name="more", count=2, every=(Interval(days=28),), join=Join(ideal=21))
    home = attrs.evolve(HOME, count=2, every=(Interval(days=28),), join=Join(ideal=14))
    both = Protocol(id="test", version="1", title="test", phases=(SIX, BOOSTERS, home, calls))
    course = plan(both, start=JAN_4, calendar=MON_WED_FRI)
    assert of(course, "home") == dates("29 Jan, 26 Feb")
    assert of(course, "more") == dates("5 Feb, 5 Mar")
    assert [s.phase[0] for s in course.sessions[6:]] == list("hmbhmbb")


@pytest.mark.parametrize("beside", ["induction", "nothing", "home"])
def test_only_the_last_phase_that_follows_can_have_another_beside_it(beside):
    with pytest.raises(InvalidProtocol):
        protocol(attrs.evolve(HOME, beside=beside))


def test_one_beside_another_is_listed_after_it():
    with pytest.raises(InvalidProtocol):
        Protocol(id="test", version="1", title="test", phases=(SIX, HOME, BOOSTERS))


def test_where_there_is_no_room_it_is_explained():
    tight = attrs.evolve(HOME, count=2, join=Join(ideal=26), spacing=(Spacing(minimum=30),))
    near = attrs.evolve(BOOSTERS, spacing=(Spacing(minimum=2, latest=28),))
    with pytest.raises(NoFeasiblePlan) as caught:
        planned(attrs.evolve(tight, every=(Interval(days=20),)), near)
    assert any("home" in cause for cause in caught.value.causes)
    assert caught.value.why
    assert caught.value.fix


# -- no better placement exists, given the order in which they merge

SMALL = settings(max_examples=60, deadline=None)


@st.composite
def small_protocols(draw):
    def phase(name, count, gaps, **fields):
        return Phase(
            kind="induction" if name == "induction" else "maintenance",
            name=name,
            count=count,
            anatomy=HOUR,
            every=tuple(Interval(days=gap) for gap in gaps),
            **fields,
        )

    def spacing():
        least = draw(st.integers(0, 3))
        latest = draw(st.none() | st.integers(5, 9))
        return (Spacing(minimum=least, latest=latest),)

    def join():
        ideal = draw(st.integers(1, 7))
        rule = draw(st.sampled_from([{}, {"minimum": 1}, {"latest": 8}]))
        return draw(st.just(None) | st.just(Join(ideal=ideal, **rule)))

    gaps = st.lists(st.integers(1, 6), min_size=1, max_size=2)
    first = phase("induction", draw(st.integers(1, 2)), draw(gaps), spacing=spacing())
    second = phase("boosters", draw(st.integers(1, 2)), draw(gaps), spacing=spacing(), join=join())
    third = phase(
        "home",
        draw(st.integers(1, 2)),
        draw(gaps),
        spacing=spacing(),
        join=join(),
        beside="boosters",
        place=draw(st.sampled_from(["home", "home", "clinic"])),
    )
    return Protocol(id="test", version="1", title="test", phases=(first, second, third))


def followed_by(whole, which):
    """The induction followed by one of the two series, each phase with an interval for every session."""

    def spread(phase):
        every = (*phase.every, *[phase.every[-1]] * 5)
        return attrs.evolve(phase, every=every, beside="")

    return Protocol(
        id="test", version="1", title="test", phases=(spread(whole.phases[0]), spread(whole.phases[which]))
    )


def merged_order(whole, start):
    """Which phase has each place: by ideal days when all is on its ideal day, the clinic's before the home's."""
    laid = []
    for which in (1, 2):
        alone = followed_by(whole, which)
        days = [start]
        for at in range(1, len(oracle.placed(alone))):
            days.append(oracle.ideal(alone, days, at))
        begin = whole.phases[0].count
        laid += [(day, whole.phases[which].place == "home", which) for day in days[begin:]]
    return [0] * whole.phases[0].count + [which for _, _, which in sorted(laid)]


def best(whole, start, calendar, reach):
    order = merged_order(whole, start)
    alone = {which: followed_by(whole, which) for which in (1, 2)}
    own = {which: [at for at, of_ in enumerate(order) if of_ in (0, which)] for which in (1, 2)}
    least = max((s.minimum or 0 for s in whole.phases[2].spacing), default=0)
    found = []
    days = [start + timedelta(n) for n in range(reach + 1)]
    opened = {
        which: {
            day for day in days if whole.phases[which].place == "home" or oracle.is_open(calendar, day, 60)
        }
        for which in (0, 1, 2)
    }
    if start not in opened[0]:
        return None
    for rest in combinations(days[1:], len(order) - 1):
        chosen = (start, *rest)
        if any(day not in opened[which] for day, which in zip(chosen, order, strict=True)):
            continue
        if any(
            {one, other} == {1, 2} and (later - earlier).days < least
            for (one, earlier), (other, later) in pairwise(zip(order, chosen, strict=True))
        ):
            continue
        missed = [0] * len(order)
        broken = 0
        for which in (1, 2):
            part = [chosen[at] for at in own[which]]
            broken += oracle.broken(alone[which], part)[0]
            for number, at in enumerate(own[which]):
                missed[at] = abs((chosen[at] - oracle.ideal(alone[which], part, number)).days)
        if not broken:
            found.append((sum(missed), max(missed), chosen[-1], chosen))
    return min(found, default=None)


@SMALL
@given(
    small_protocols(),
    st.lists(st.integers(1, 16), max_size=5, unique=True).map(sorted),
    st.sampled_from([("sun",), (), ("tue", "thu")]),
)
def test_no_plan_is_better_given_the_order_in_which_they_merge(whole, closed, shut):
    week = [day for day in (*WEEKDAYS, "sat", "sun") if day not in shut]
    calendar = clinic(*week, closed=[JAN_4 + timedelta(n) for n in closed])
    reach = 17
    (tried,) = starts(whole, between=(JAN_4, JAN_4), calendar=calendar, any_weekday=True) or [None]
    expected = best(whole, JAN_4, calendar, reach)
    if tried is None or tried.course is None:
        assert expected is None
        return
    days = tuple(session.day for session in tried.course.sessions)
    cost = (tried.placement.total, tried.placement.worst, days[-1], days)
    assert expected is None or cost <= expected
    assert cost == expected or days[-1] > JAN_4 + timedelta(reach)


def test_too_many_sessions_are_refused_with_their_number():
    many: dict[str, Any] = {"count": 600}
    with pytest.raises(InvalidInput) as caught:
        planned(
            attrs.evolve(HOME, **many, every=(Interval(days=2),)),
            attrs.evolve(BOOSTERS, **many, every=(Interval(days=2),)),
        )
    assert "1206" in caught.value.what


def test_its_own_minimum_holds_from_the_boosters_and_not_from_the_phase_before():
    # a week from each booster and from each other, and as the join says a day after the induction's last, 15 January
    near = attrs.evolve(HOME, count=1, join=Join(ideal=1, minimum=1), spacing=(Spacing(minimum=7),))
    assert of(planned(near), "home") == dates("16 Jan")
