"""What each visit was, and what became of each session, with the days on both sides of each boundary."""

from __future__ import annotations

from datetime import date, time

import attrs
import pytest

from ketsched.errors import InvalidInput
from ketsched.history import SessionState, Verdict, evaluate
from ketsched.model import Anatomy, Interval, Join, LapseBand, Phase, Spacing, Visit, Waiver
from ketsched.tracking import record
from making import BEFORE, jan, maintenance, planned, twice_weekly, visits

T = planned(twice_weekly())


def judged(happened, *, course=T, today=31):
    """(verdict, number) of each visit, in order of time."""
    return [(v.verdict, v.number) for v in evaluate(course, happened, as_of=jan(today)).visits]


def last(happened, **options):
    return judged(happened, **options)[-1]


V = Verdict


# -- gaps


@pytest.mark.parametrize(
    ("day", "verdict", "number"),
    [
        (11, V.TOO_SOON, None),  # the same day
        (12, V.GRACE, 4),
        (13, V.VALID, 4),
        (18, V.VALID, 4),  # 7 d
        (19, V.TOO_LATE, 4),  # 8 d: late, and it counts
    ],
)
def test_the_gap_to_the_visit_before(day, verdict, number):
    assert last([*visits(4, 7, 11), *visits(day, note="x")]) == (verdict, number)


@pytest.mark.parametrize(
    ("spacing", "day", "verdict"),
    [
        (Spacing(minimum=3), 13, V.TOO_SOON),  # no absolute minimum: nothing is forgiven
        (Spacing(minimum=3), 14, V.VALID),
        (Spacing(absolute_minimum=3, minimum=3), 13, V.TOO_SOON),  # a grace of nothing
        (Spacing(absolute_minimum=3, minimum=3), 14, V.VALID),
        (Spacing(absolute_minimum=0, minimum=3), 12, V.GRACE),
        (Spacing(absolute_minimum=0, minimum=3), 11, V.TOO_SOON),  # never two on one day
        (Spacing(minimum=3, required=False), 12, V.VALID),  # a preference makes nothing too soon
    ],
)
def test_absolute_minimum_and_minimum(spacing, day, verdict):
    course = planned(twice_weekly(6, spacing))
    assert last([*visits(4, 7, 11), *visits(day, note="x")], course=course)[0] is verdict


@pytest.mark.parametrize(("day", "verdict"), [(10, V.TOO_SOON), (11, V.VALID), (12, V.VALID)])
def test_at_most_three_in_seven_days(day, verdict):
    """4, 6 and 8 January: half-open weeks, so the fourth may come on the 11th."""
    course = planned(twice_weekly(6, Spacing(minimum=1), Spacing(apart=3, minimum=7), weekdays=(0, 2, 4)))
    assert last([*visits(4, 6, 8), *visits(day, note="x")], course=course)[0] is verdict


def test_what_was_too_soon_sets_the_clock_and_fills_the_week():
    """A second one on the 4th and one on the 6th: the third in the week; the 8th is the fourth."""
    course = planned(twice_weekly(6, Spacing(minimum=1), Spacing(apart=3, minimum=7), weekdays=(0, 2, 4)))
    happened = [*visits(4, 6), *visits(4, note="again"), *visits(8)]
    assert judged(happened, course=course) == [
        (V.VALID, 1),
        (V.TOO_SOON, None),
        (V.VALID, 2),
        (V.TOO_SOON, None),
    ]
    # the clock runs from what was too soon
    assert judged([*visits(4, 7), *visits(7, note="again"), *visits(9)])[-1] == (V.VALID, 3)
    assert judged([*visits(4, 7), *visits(7, note="again"), *visits(8, note="x")])[-1] == (V.GRACE, 3)


@pytest.mark.parametrize(("day", "verdict"), [(17, V.TOO_SOON), (18, V.VALID), (19, V.VALID)])
def test_between_two_numbered_places(day, verdict):
    """The third at least 14 days after the first."""
    course = planned(twice_weekly(3, Spacing(minimum=1), Spacing(between=(1, 3), minimum=14), weekdays=(0,)))
    assert last([*visits(4, 11), *visits(day, note="x")], course=course)[0] is verdict


@pytest.mark.parametrize(("day", "late"), [(31, False), (32, True)])
def test_the_last_one_after_the_weeks_of_the_series(day, late):
    """Two sessions within 4 weeks: day 28 is 31 January."""
    course = planned(twice_weekly(2, Spacing(minimum=1), Spacing(apart=1, latest=27)))
    end = jan(31) if day == 31 else jan(1, 2)
    found = evaluate(course, [*visits(4), Visit(end)], as_of=jan(28, 2)).visits[-1]
    assert found.verdict is (V.TOO_LATE if late else V.VALID)
    assert found.number == 2


@pytest.mark.parametrize(
    ("day", "verdict"),
    [
        (date(2027, 2, 27), V.TOO_SOON),
        (date(2027, 2, 28), V.VALID),  # a month after 31 January: the last day of February
        (date(2027, 3, 31), V.VALID),
        (date(2027, 4, 1), V.TOO_LATE),
    ],
)
def test_calendar_months_between_two(day, verdict):
    monthly = Phase(
        kind="maintenance",
        name="monthly",
        count=3,
        every=(Interval(months=1),),
        anatomy=Anatomy(infusion=60),
        spacing=(Spacing(minimum=Interval(months=1), latest=Interval(months=2)),),
    )
    course = planned(monthly, start=29)
    found = evaluate(course, [Visit(jan(31)), Visit(day)], as_of=date(2027, 5, 1)).visits
    assert [one.verdict for one in found] == [V.VALID, verdict]


# -- what counts


@pytest.mark.parametrize(
    ("status", "counts", "verdict", "number"),
    [
        ("fulfilled", None, V.VALID, 2),
        ("fulfilled", True, V.VALID, 2),
        ("fulfilled", False, V.NOT_COUNTED, None),
        ("stopped early", None, V.ASKED, None),
        ("stopped early", True, V.VALID, 2),
        ("stopped early", False, V.NOT_COUNTED, None),
        ("no-show", None, V.NOT_GIVEN, None),
        ("cancelled", None, V.NOT_GIVEN, None),
    ],
)
def test_whether_a_visit_counts(status, counts, verdict, number):
    happened = [*visits(4), Visit(jan(7), status, counts=counts), *visits(8, note="x")]
    found = judged(happened)
    assert found[1] == (verdict, number)
    # only what was given sets the clock
    given = status in ("fulfilled", "stopped early")
    assert found[2][0] is (V.GRACE if given else V.VALID)


def test_where_it_was_given_and_by_which_route_makes_no_difference():
    happened = [Visit(jan(4), elsewhere=True), Visit(jan(7), route="intramuscular")]
    assert judged(happened) == [(V.VALID, 1), (V.VALID, 2)]


@pytest.mark.parametrize(("day", "verdict"), [(5, V.TOO_SOON), (6, V.TOO_LATE)])  # the latest is 7 days
def test_one_made_up_after_a_booster_keeps_the_smaller_of_both_minimums(day, verdict):
    # 2 days within the induction, 7 between boosters; the booster was given on 4 February
    course = planned(twice_weekly(2), maintenance(2))
    happened = [*visits(4), Visit(jan(4, 2)), Visit(jan(day, 2), session="s2")]
    assert last(happened, course=course, today=60) == (verdict, 2 if verdict.counts else None)


def test_what_was_too_soon_counts_if_a_clinician_said_so():
    too_soon = [*visits(4, 7), *visits(7, note="x", counts=True)]
    assert last(too_soon) == (V.GRACE, 3)


def test_one_more_than_the_series_has():
    happened = visits(4, 7, 11, 14, 18, 21, 25)
    assert judged(happened)[-2:] == [(V.VALID, 6), (V.EXTRANEOUS, None)]
    course = planned(twice_weekly(), maintenance())
    assert last(happened, course=course) == (V.FILLS_BOOSTER, 1)
    assert evaluate(course, happened, as_of=jan(31)).counted("boosters") == 1


@pytest.mark.parametrize(("day", "fills"), [(27, False), (28, True)])
def test_a_booster_by_its_join(day, fills):
    course = planned(twice_weekly(), maintenance(join=Join(ideal=28, minimum=7)))
    found = last(visits(4, 7, 11, 14, 18, 21, day), course=course)
    assert found == ((V.FILLS_BOOSTER, 1) if fills else (V.TOO_SOON, None))


def test_an_open_ended_phase_takes_every_visit():
    """Weekly without end: any number of visits count."""
    weekly = Phase(
        kind="maintenance",
        name="weekly",
        count=None,
        every=(Interval(days=7),),
        review=Interval(days=28),
        anatomy=Anatomy(infusion=60),
        spacing=(Spacing(minimum=5),),
    )
    course = planned(weekly)
    assert [n for _, n in judged(visits(4, 11, 18, 25, 30), course=course)] == [1, 2, 3, 4, 5]


# -- twice


def test_the_same_entry_twice_is_one_visit():
    assert judged([*visits(4), *visits(4)]) == [(V.VALID, 1), (V.DUPLICATE, None)]


def test_two_entries_that_differ_are_two_visits():
    for other in (
        Visit(jan(4), note="x"),
        Visit(jan(4), at=time(15)),
        Visit(jan(4), elsewhere=True),
        Visit(jan(4), "stopped early"),
    ):
        assert judged([*visits(4), other])[1] == (V.TOO_SOON, None)


def test_what_the_course_remembers_is_not_taken_again():
    course = record(T, visits(4, 7), at=BEFORE, as_of=jan(8))
    assert judged(visits(4, 7), course=course) == [(V.VALID, 1), (V.VALID, 2)]
    assert judged(visits(4, 7, 11), course=course)[-1] == (V.VALID, 3)


# -- corrections


def test_an_entry_is_replaced():
    entry = Visit(jan(7), "no-show", id="a")
    right = Visit(jan(7), corrects="a")
    assert judged([*visits(4), entry, right]) == [(V.VALID, 1), (V.VALID, 2)]
    assert judged([*visits(4), right, entry]) == [(V.VALID, 1), (V.VALID, 2)]


def test_an_entry_is_taken_back():
    history = evaluate(
        T, [*visits(4), Visit(jan(7), id="a"), Visit(jan(7), "withdrawn", corrects="a")], as_of=jan(8)
    )
    assert [one.visit.day for one in history.visits] == [jan(4)]
    assert history.sessions[1].state is SessionState.NOT_RECORDED


def test_a_correction_is_of_the_same_booking():
    """It was given on the 8th, not on the 7th: still session 2."""
    entry = Visit(jan(7), id="a", session="s2")
    right = Visit(jan(8), corrects="a")
    history = evaluate(T, [entry, right], as_of=jan(9))
    assert [(one.visit.day, one.session) for one in history.visits] == [(jan(8), "s2")]


def test_a_correction_is_corrected():
    first = Visit(jan(7), "no-show", id="a")
    second = Visit(jan(7), "cancelled", corrects="a", id="b")
    third = Visit(jan(7), corrects="b", id="c")
    assert judged([first, second, third]) == [(V.VALID, 1)]


@pytest.mark.parametrize(
    "wrong",
    [
        [Visit(jan(7), corrects="nobody")],
        [Visit(jan(7), id="a"), Visit(jan(8), corrects="a", id="b"), Visit(jan(9), corrects="a", id="c")],
        [Visit(jan(7), id="a", corrects="b"), Visit(jan(8), id="b", corrects="a")],
    ],
)
def test_corrections_that_cannot_be(wrong):
    with pytest.raises(InvalidInput):
        evaluate(T, wrong, as_of=jan(31))


# -- what became of each session


def states(happened, today):
    return [one.state for one in evaluate(T, happened, as_of=jan(today)).sessions]


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (3, [SessionState.PLANNED, SessionState.PLANNED]),
        (4, [SessionState.DUE, SessionState.PLANNED]),
        (5, [SessionState.NOT_RECORDED, SessionState.PLANNED]),
        (7, [SessionState.NOT_RECORDED, SessionState.DUE]),
        (8, [SessionState.NOT_RECORDED, SessionState.NOT_RECORDED]),
    ],
)
def test_what_nobody_recorded(today, expected):
    assert states([], today)[:2] == expected


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("fulfilled", SessionState.FULFILLED),
        ("stopped early", SessionState.FULFILLED),
        ("no-show", SessionState.MISSED),
        ("cancelled", SessionState.CLOSED),
    ],
)
def test_what_was_recorded(status, state):
    assert states(visits(4, status=status), 4)[0] is state
    assert states(visits(4, status=status), 5)[0] is state


@pytest.mark.parametrize(("today", "taken"), [(6, False), (7, True), (8, True)])
def test_a_visit_of_a_day_to_come(today, taken):
    history = evaluate(T, visits(4, 7), as_of=jan(today))
    assert history.visits[-1].verdict is (V.VALID if taken else V.FUTURE)
    assert history.visits[-1].number == (2 if taken else None)
    assert history.counted("induction") == (2 if taken else 1)
    assert len(history.given()) == (2 if taken else 1)
    assert history.sessions[1].state is (SessionState.FULFILLED if taken else SessionState.PLANNED)
    if not taken:
        assert "2027-01-07 is after 2027-01-06" in history.visits[-1].reason


def test_what_is_cancelled_is_known_before_its_day():
    history = evaluate(T, visits(21, status="cancelled", by="patient"), as_of=jan(4))
    assert history.sessions[-1].state is SessionState.CLOSED
    assert history.visits[-1].verdict is V.NOT_GIVEN
    assert "patient" in history.visits[-1].reason


def test_reasons_say_what_was_asked_for():
    history = evaluate(
        T, [*visits(4, 7), *visits(7, note="x"), *visits(9, status="stopped early")], as_of=jan(9)
    )
    reasons = [one.reason for one in history.visits]
    assert reasons[:2] == ["", ""]
    assert "0 days after 2027-01-07" in reasons[2]
    assert "nobody said" in reasons[3]


def test_nothing_happened_yet():
    history = evaluate(T, [], as_of=jan(1))
    assert history.visits == ()
    assert history.given() == ()
    assert {one.state for one in history.sessions} == {SessionState.PLANNED}


def test_a_waiver_of_the_spacing_lets_it_count():
    course = record(T, visits(4), at=BEFORE, as_of=jan(4))
    waiver = Waiver(rule="KS101", sessions=("s2",), reason="a long journey", who="Dr A")
    waived = attrs.evolve(planned(twice_weekly(6, Spacing(minimum=3))), waivers=(waiver,))
    happened = [*visits(4), Visit(jan(6), session="s2")]
    assert last(happened, course=waived) == (V.GRACE, 2)
    bare = attrs.evolve(waived, waivers=())
    assert last(happened, course=bare) == (V.TOO_SOON, None)
    assert course.visits[0].session == "s1"


# -- lapses

BANDS = (
    LapseBand(first=0, last=7, propose="continue"),
    LapseBand(first=8, last=10, propose="continue", if_worse="clinician review"),
    LapseBand(first=11, last=None, propose="restart"),
)


@pytest.mark.parametrize(
    ("since", "proposed"),
    [
        ([], ""),
        (visits(14, status="no-show"), ""),
        (visits(14, status="no-show", worse=True), "clinician review"),
        ([*visits(14, status="no-show"), *visits(18, status="cancelled", worse=True)], "clinician review"),
        (
            visits(21, status="cancelled", worse=True),
            "clinician review",
        ),  # cancelled ahead: it will be missed
        ([*visits(14, status="no-show"), *visits(21, worse=True)], ""),  # after today: not taken as said
    ],
)
def test_a_lapse_with_symptoms_that_have_become_worse(since, proposed):
    """Today is the 19th, 8 days after the last session given."""
    course = planned(twice_weekly(lapse=BANDS))
    lapse = evaluate(course, [*visits(4, 7, 11), *since], as_of=jan(19)).lapse(course.protocol.phases[0])
    assert (lapse.last_given, lapse.days, lapse.band) == (jan(11), 8, BANDS[1])
    assert lapse.proposes == proposed


def test_a_band_is_in_force_from_its_first_day_to_its_last():
    course = planned(twice_weekly(lapse=BANDS))
    (own,) = course.protocol.phases

    def proposes(today):
        return evaluate(course, visits(4), as_of=jan(today)).lapse(own).proposes

    assert [proposes(today) for today in (11, 12, 14, 15)] == ["", "", "", "restart"]
    assert (
        evaluate(course, visits(4, status="no-show"), as_of=jan(15)).lapse(own) is None
    )  # nothing was given
