"""When the rest is due: windows, lapse, days that can be booked, and what is asked. Dates were counted by hand."""

from __future__ import annotations

import attrs
import pytest

from ketsched.calendars import Calendar
from ketsched.errors import InvalidInput
from ketsched.holds import hold
from ketsched.model import Anchor, Companion, Interval, Join, LapseBand, Spacing, Visit, Window
from ketsched.tracking import forecast, proposals, replan
from making import GAPS, OPEN_UTC, jan, maintenance, morning, planned, twice_weekly, visits

T = planned(twice_weekly())
"""On 4, 7, 11, 14, 18 and 21 January."""


def windows(found):
    return [(due.number, due.earliest, due.recommended, due.latest) for due in found.sessions]


# -- windows


def test_windows_by_the_rules_alone():
    """Each at least 2 and at most 7 days after the one before; 23 and 24 January are a weekend all the same."""
    found = forecast(T, visits(4, 7, 11, 14), as_of=jan(14))
    assert windows(found) == [
        (5, jan(16), jan(18), jan(21)),
        (6, jan(18), jan(21), jan(28)),
    ]
    assert [due.session for due in found.sessions] == ["s5", "s6"]
    assert [due.overdue for due in found.sessions] == [jan(22), jan(29)]
    assert found.next == found.sessions[0]
    assert found.last_given == jan(14)
    assert found.bookable == ()  # no calendar was given


def test_a_span_narrows_the_windows():
    """All within 20 days: the last on 23 January at the latest, so the fifth on the 21st."""
    course = planned(twice_weekly(6, GAPS, Spacing(apart=5, latest=19)))
    found = forecast(course, visits(4, 7, 11, 14), as_of=jan(14))
    assert windows(found) == [(5, jan(16), jan(18), jan(21)), (6, jan(18), jan(21), jan(23))]
    course = planned(twice_weekly(6, GAPS, Spacing(apart=5, latest=18)))
    found = forecast(course, visits(4, 7, 11, 14), as_of=jan(14))
    assert windows(found) == [(5, jan(16), jan(18), jan(20)), (6, jan(18), jan(21), jan(22))]


def test_at_most_so_many_in_a_week_moves_the_earliest():
    """Given 11, 12 and 14 January: the fourth in any seven days may come on the 18th."""
    course = planned(twice_weekly(6, Spacing(minimum=1, latest=7), Spacing(apart=3, minimum=7)))
    found = forecast(course, visits(4, 7, 12, 13), as_of=jan(13))
    # 7, 12, 13: the next on the 14th at the earliest; then 12 + 7
    assert [due.earliest for due in found.sessions] == [jan(14), jan(19)]


def test_without_a_latest_day_there_is_none():
    found = forecast(planned(twice_weekly(6, Spacing(minimum=2))), visits(4), as_of=jan(5))
    assert {due.latest for due in found.sessions} == {None}
    assert {due.overdue for due in found.sessions} == {None}
    assert not found.sessions[0].is_overdue(jan(300))


@pytest.mark.parametrize(("today", "overdue"), [(17, False), (18, False), (19, True)])
def test_overdue_is_the_day_after_the_latest(today, overdue):
    """Session 4 is to come by the 18th."""
    happened = [*visits(4, 7, 11), *visits(14, status="no-show")]
    found = forecast(T, happened, as_of=jan(today))
    # the 18th was booked and is not recorded from the 19th on
    due = forecast(T, [*happened, *visits(18, status="cancelled")], as_of=jan(today)).sessions[0]
    assert (due.earliest, due.latest) == (jan(13), jan(18))
    assert due.is_overdue(jan(today)) is overdue
    assert bool(found.asks) is (today == 19)


def test_windows_may_lie_in_the_past():
    found = forecast(T, [*visits(4, 7, 11), *visits(14, 18, 21, status="no-show")], as_of=jan(40))
    assert windows(found)[0] == (4, jan(13), jan(18), jan(18))
    assert found.lifted


def test_a_booster_by_its_join_and_its_interval():
    course = planned(twice_weekly(), maintenance(join=Join(ideal=28, minimum=7, latest=35)))
    found = forecast(course, visits(4, 7, 11, 14, 18, 21), as_of=jan(21))
    first, second, third = found.sessions
    assert (first.phase, first.number) == ("boosters", 1)
    assert (first.earliest, first.recommended, first.latest) == (jan(28), jan(21 + 28), jan(21 + 35))
    assert (second.earliest, second.recommended, second.latest) == (jan(35), jan(21 + 56), None)
    assert third.recommended == jan(21 + 84)


def test_a_complete_course_has_nothing_due():
    found = forecast(T, visits(4, 7, 11, 14, 18, 21), as_of=jan(21), calendar=OPEN_UTC)
    assert (found.sessions, found.bookable, found.next, found.asks) == ((), (), None, ())
    assert found.last_given == jan(21)


def test_before_anything_is_given():
    found = forecast(T, as_of=jan(1), calendar=OPEN_UTC)
    assert [due.recommended for due in found.sessions] == [s.day for s in T.sessions]
    assert found.last_given is None
    assert found.bookable[0] == jan(4)


def test_what_is_missed_counts_for_no_number():
    found = forecast(T, [*visits(4), *visits(7, status="no-show")], as_of=jan(7))
    assert [due.number for due in found.sessions] == [2, 3, 4, 5, 6]
    assert [due.session for due in found.sessions] == ["s3", "s4", "s5", "s6", None]


# -- days that can be booked


@pytest.mark.parametrize(
    ("notice", "expected"),
    [
        # from the 16th by the rules, to the 21st; 16 and 17 are a weekend
        (1, (18, 19, 20, 21)),
        (4, (18, 19, 20, 21)),
        (5, (18, 19, 20, 21)),  # what is booked on the 18th may stay there
        (6, (18, 20, 21)),
        (8, (18,)),
    ],
)
def test_days_for_the_next_session(notice, expected):
    found = forecast(T, visits(4, 7, 11, 14), as_of=jan(14), calendar=OPEN_UTC, notice=notice)
    assert found.bookable == tuple(map(jan, expected))


def test_days_on_which_the_patient_can():
    patient = Calendar.always("UTC").without([jan(18), jan(20)])
    found = forecast(T, visits(4, 7, 11, 14), as_of=jan(14), calendar=OPEN_UTC, availability=patient)
    # the booking of the 18th moves to the 19th, 1 day away; then come 21 (as long as session 6 may follow)
    assert found.bookable == (jan(19), jan(21))


def test_a_day_that_the_patient_would_rather_not():
    wishes = Calendar.always("UTC").without([jan(18)])
    found = forecast(T, visits(4, 7, 11, 14), as_of=jan(14), calendar=OPEN_UTC, wishes=wishes)
    assert found.bookable[0] == jan(18)  # agreed: a wish moves no booking by itself
    assert jan(19) in found.bookable


@pytest.mark.parametrize("policy", ["keep", "make-up", "next-open", "shift", "skip"])
def test_the_first_is_the_one_that_planning_again_takes(policy):
    happened = [*visits(4, 7, 11), *visits(14, status="no-show")]
    found = forecast(T, happened, as_of=jan(14), calendar=OPEN_UTC, policy=policy)
    result = replan(T, happened, calendar=OPEN_UTC, at=morning(14), policy=policy)
    assert found.bookable[0] == min(s.day for s in result.standing() if s.day > jan(14))
    assert found.sessions[0].earliest <= found.bookable[0] <= found.sessions[0].latest


# -- what is asked


def test_what_nobody_recorded_is_asked_for_in_order():
    found = forecast(T, visits(4), as_of=jan(12), calendar=OPEN_UTC)
    assert found.asks == (
        "what became of the session of 2027-01-07?",
        "what became of the session of 2027-01-11?",
    )
    assert found.if_given.asks == ()
    assert found.if_given.sessions[0].number == 4
    assert found.if_given.sessions[0].earliest == jan(13)
    assert found.if_missed.sessions[0].number == 2
    assert found.if_missed.sessions[0].latest == jan(11)
    assert found.if_missed.if_missed is None


def test_one_stopped_early_is_asked_for_until_somebody_says():
    stopped = Visit(jan(7), "stopped early")
    asked = forecast(T, [*visits(4), stopped], as_of=jan(7))
    assert [said for said in asked.asks if "2027-01-07" in said]
    assert asked.sessions[0].number == 2
    for counts, number in ((True, 3), (False, 2)):
        found = forecast(T, [*visits(4), attrs.evolve(stopped, counts=counts)], as_of=jan(7))
        assert (found.asks, found.sessions[0].number) == ((), number)


def test_a_session_of_today_is_not_asked_for():
    assert forecast(T, visits(4), as_of=jan(7)).asks == ()
    assert forecast(T, visits(4), as_of=jan(8)).asks != ()


# -- lapse

BANDS = (
    LapseBand(first=0, last=7, propose="continue"),
    LapseBand(first=8, last=14, propose="repeat tail", repeat=2),
    LapseBand(first=15, last=28, propose="restart", if_worse="clinician review"),
    LapseBand(first=29, last=None, propose="clinician review"),
)
LAPSING = planned(twice_weekly(lapse=BANDS))


@pytest.mark.parametrize(
    ("since", "band", "proposes"),
    [
        (7, 0, ""),
        (8, 1, "repeat tail"),
        (14, 1, "repeat tail"),
        (15, 2, "restart"),
        (28, 2, "restart"),
        (29, 3, "clinician review"),
        (400, 3, "clinician review"),
    ],
)
def test_the_band_in_force(since, band, proposes):
    happened = [*visits(4, 7, 11), *visits(14, 18, 21, status="no-show")]
    happened = [visit for visit in happened if visit.day <= jan(11 + since)]
    found = forecast(LAPSING, happened, as_of=jan(11 + since))
    assert found.lapse == BANDS[band]
    assert found.proposes == proposes
    assert found.lapses_on == jan(19)


def test_worse_symptoms_change_what_is_proposed():
    worse = Visit(jan(14), "no-show", worse=True)
    found = forecast(LAPSING, [*visits(4, 7, 11), worse], as_of=jan(26))
    assert found.proposes == "clinician review"
    well = forecast(LAPSING, [*visits(4, 7, 11), *visits(14, status="no-show")], as_of=jan(26))
    assert well.proposes == "restart"


def test_the_plans_for_a_band():
    happened = [*visits(4, 7, 11), *visits(14, 18, 21, status="no-show")]
    options = proposals(LAPSING, happened, calendar=OPEN_UTC, at=morning(20))
    assert [option.name for option in options] == ["continue", "repeat tail"]
    tail = options[1].course
    # the 21st is not booked again: 25 and 28 January, 1, 4 and 8 February
    coming = [s.day for s in tail.standing() if s.day > jan(20)]
    assert len(coming) == 5
    assert len(tail.standing()) == 8


def test_stepping_back_from_the_third_phase_is_to_the_second():
    """Given until 21 January; of 3 March, 41 days later, the second phase begins again on Thursday the 4th."""
    weekly = maintenance(2, every=(Interval(days=7),), name="weekly", spacing=(Spacing(minimum=5),))
    bands = (
        LapseBand(first=0, last=35, propose="continue"),
        LapseBand(first=36, last=None, propose="step back"),
    )
    talk = Companion(
        id="talk",
        kind="appointment",
        topic="psychotherapy",
        title="Talk",
        minutes=20,
        place="telephone",
        anchor=Anchor(every=1, phase="weekly"),
        window=Window(earliest=1, recommended=1, latest=3),
    )
    note = Companion(id="note", kind="task", topic="form", title="Note", anchor=Anchor(companion="talk"))
    course = planned(
        twice_weekly(2), weekly, maintenance(2, name="monthly", lapse=bands), companions=[talk, note]
    )
    assert [s.day for s in course.sessions] == [jan(day) for day in (4, 7, 14, 21, 49, 77)]
    happened = [*visits(4, 7, 14, 21), *visits(49, status="no-show")]
    going_on, back = proposals(course, happened, calendar=OPEN_UTC, at=morning(62))
    assert (going_on.name, back.name) == ("continue", "step back")
    assert back.says == "go back to weekly, from its first session"
    # 4 and 11 March, then every 28 days: 8 April and 6 May
    assert [s.day for s in back.course.standing() if s.day > jan(62)] == [
        jan(day) for day in (63, 70, 98, 126)
    ]
    # the talk the day after each, and its note, come again with their phase
    around = [(p.companion, p.day) for p in back.course.companions if p.day > jan(62)]
    assert sorted(around) == [
        ("note-2", jan(64)),
        ("note-2", jan(71)),
        ("talk-2", jan(64)),
        ("talk-2", jan(71)),
    ]


def test_nothing_given_is_no_lapse():
    found = forecast(LAPSING, as_of=jan(60))
    assert (found.lapse, found.proposes, found.lapses_on) == (None, "", None)


# -- holds, and what is refused


def test_what_holds_a_session_up_is_said():
    held = hold(T, reason="blood pressure", who="Dr A", since=jan(18), at=morning(12))
    found = forecast(held, visits(4, 7, 11), as_of=jan(12))
    assert [bool(due.holds_up) for due in found.sessions] == [False, True, True]


@pytest.mark.parametrize(
    "wrong", [{"notice": -1}, {"notice": 1.5}, {"policy": "later"}, {"policy": {"nowhere": "keep"}}]
)
def test_arguments_that_cannot_be(wrong):
    with pytest.raises(InvalidInput):
        forecast(T, as_of=jan(4), calendar=OPEN_UTC, **wrong)
