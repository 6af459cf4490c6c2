"""Planning the rest again, request by request: what changes, stays and is refused. Dates were counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import attrs
import pytest

from ketsched.calendars import Calendar
from ketsched.checking import Severity, check
from ketsched.errors import InvalidInput, KetschedError
from ketsched.history import evaluate
from ketsched.holds import hold
from ketsched.model import (
    Anatomy,
    Anchor,
    Authorisation,
    BookingStatus,
    Companion,
    Decision,
    Interval,
    Join,
    Phase,
    Spacing,
    Visit,
    Waiver,
    Window,
)
from ketsched.planning import NoFeasiblePlan, plan
from ketsched.protocols import load_protocol
from ketsched.revising import revise
from ketsched.tracking import moving, record, replan
from ketsched.tracking.altering import step_interval
from ketsched.tracking.places import phase_on
from ketsched.tracking.recording import apply_visits
from ketsched.words import sentences
from making import (
    BEFORE,
    GAPS,
    HOUR,
    OPEN_UTC,
    clinic,
    every,
    jan,
    maintenance,
    morning,
    named,
    phase,
    planned,
    protocol,
    twice_weekly,
    visits,
)

STAY = "Your other appointments stay as they are."
T = planned(twice_weekly())
"""On 4, 7, 11, 14, 18 and 21 January."""
WITH_BOOSTERS = planned(twice_weekly(), maintenance(4, every=every(14, 21, 28)))
"""And then on 4 February (14 days after), 25 February (21), 25 March and 22 April (28)."""


SIX = visits(4, 7, 11, 14, 18, 21)


def again(course, today, *happened, **options):
    given: dict[str, Any] = {"calendar": OPEN_UTC, "at": morning(today)} | options
    return replan(course, happened, **given)


def standing(course):
    return [(session.day - jan(1)).days + 1 for session in course.standing()]


def coming(course, today):
    return [day for day in standing(course) if day > today]


def kinds(course):
    return {change.booking: change.kind for change in course.changes}


def after_two_misses():
    """The 7th and the 11th were missed, then the 14th was given: 10 days, where 7 at most were allowed."""
    missed = again(T, 12, *visits(4), *visits(7, 11, status="no-show"))
    return again(missed, 15, *visits(14))


# -- nothing new, and the past


@pytest.mark.parametrize(
    "policy", [None, "keep", "make-up", "next-open", "shift", "skip", {"induction": "skip"}]
)
def test_with_nothing_new_it_is_the_same_course(policy):
    assert again(T, 1, policy=policy) is T


def test_who_and_when_are_kept():
    result = again(T, 4, *visits(4), who="Dr A")
    assert result.revisions[-1].who == "Dr A"
    assert result.revisions[-1].at == morning(4)
    assert result.visits[0].who == "Dr A"
    assert kinds(result) == {"s1": "fulfilled"}


def test_what_is_due_today_stays_whatever_else_moves():
    result = again(T, 7, *visits(4), calendar=OPEN_UTC.without([jan(7), jan(11)]))
    assert named(result, "s2") == named(T, "s2")
    # 11 January moves to the 12th: 5 d after the 7th, 2 d before the 14th
    assert standing(result) == [4, 7, 12, 14, 18, 21]


def test_a_doctor_out_sick_today():
    """Recorded as cancelled by the clinic it is history: the 7th is closed, the sixth is made up on the 25th."""
    result = again(T, 7, *visits(4), *visits(7, status="cancelled", by="clinic"))
    assert named(result, "s2").status is BookingStatus.CLOSED
    assert standing(result) == [4, 11, 14, 18, 21, 25]
    assert kinds(result) == {"s1": "fulfilled", "s2": "closed", "s7": "added"}
    assert "clinic" in next(c.why for c in result.changes if c.booking == "s2")


@pytest.mark.parametrize(("closed", "expected"), [((9, 10), [11, 14, 18, 21]), ((12, 13), [11, 14, 18, 21])])
def test_days_closed_on_which_nothing_is_booked(closed, expected):
    course = record(T, visits(4, 7), at=morning(8))
    result = again(course, 8, calendar=OPEN_UTC.without(map(jan, closed)))
    assert result is course
    assert coming(result, 8) == expected


def test_the_clinic_closes_for_a_week():
    """18 to 22 January; from the 14th the fifth has to come by the 21st, so nothing keeps every rule."""
    course = record(T, visits(4, 7, 11), at=morning(12))
    closed = OPEN_UTC.without([jan(day) for day in range(18, 23)])
    with pytest.raises(NoFeasiblePlan) as caught:
        again(course, 12, calendar=closed)
    assert "at most 7 days between two" in caught.value.why
    assert "exceed" in caught.value.fix
    result = again(course, 12, calendar=closed, exceed=True)
    assert coming(result, 12) == [14, 25, 27]
    assert [(one.latest, one.by) for one in result.lifted] == [(7, "policy")]
    assert named(result, "s4") == named(T, "s4")


def test_the_clinic_closes_for_four_days():
    """
    18 to 21 January: there is one way left.

    The last can be on the 22nd, so the fifth on the 15th, so the fourth on the 13th.
    """
    course = record(T, visits(4, 7, 11), at=morning(12))
    result = again(course, 12, calendar=OPEN_UTC.without([jan(day) for day in range(18, 22)]))
    assert coming(result, 12) == [13, 15, 22]
    assert {s.id for s in result.standing()} == {s.id for s in T.sessions}
    assert result.lifted == ()


def test_an_open_day_is_offered_as_a_way_out():
    course = record(T, visits(4, 7, 11), at=morning(12))
    with pytest.raises(NoFeasiblePlan) as caught:
        again(course, 12, calendar=OPEN_UTC.without([jan(day) for day in range(18, 23)]))
    assert "open 2027-01-" in caught.value.fix


# -- by hand


def test_an_agreed_start_is_named_where_it_leaves_no_plan():
    # from Monday the 4th at least 2 days and at most 7: the 6th to the 11th; the 9th and 10th are a weekend
    shut = OPEN_UTC.without([jan(day) for day in range(5, 14)])
    with pytest.raises(NoFeasiblePlan) as none:
        again(T, 1, calendar=shut)
    reasons = ["agreed start", "weekly hours", *(f"closed {jan(day)}" for day in (6, 7, 8, 11))]
    assert [key for key in none.value.keys if not key.startswith("induction/")] == reasons
    assert "the agreed start 2027-01-04 stays" in none.value.causes
    assert "another start" not in none.value.fix  # none before the second session, on the 7th, helps


def test_an_agreed_start_stays_when_a_later_day_is_cancelled_in_advance():
    called_off = Visit(jan(11), "cancelled", by="patient")
    moved = again(T, 1, called_off, calendar=OPEN_UTC.without([jan(4)]))
    assert standing(moved)[0] == 5  # the nearest open day that is not before the 4th


def test_no_day_before_an_agreed_start_is_offered_to_be_opened():
    # The 4th is closed; the second was put on the 5th by hand, and no day of the next week is open.
    december = [date(2026, 12, 30), date(2026, 12, 31)]
    shut = OPEN_UTC.without([*december, *(jan(day) for day in (1, 4, *range(6, 14)))])
    with pytest.raises(NoFeasiblePlan) as none:
        replan(T, calendar=shut, at=datetime(2026, 12, 28, 8, tzinfo=UTC), move={"s2": jan(5)})
    assert not [key for key in none.value.keys if key.startswith("closed 2026")]
    assert "open 2026" not in none.value.fix
    assert (
        "nothing before the agreed start 2027-01-04" in none.value.causes
    )  # its own day is closed: it cannot stay


def test_a_course_ends_before_it_began_also_with_wishes():
    mondays = Calendar.weekly("UTC", mon="09:00-17:00")
    over = again(T, 1, end=True, wishes=mondays)
    assert over.standing() == ()


def test_a_wish_carries_no_course_weeks_away():
    # Would rather come on Mondays, two of which are closed: a later week could keep one wish more.
    open_days = clinic(closed=[date(2027, 2, 22), date(2027, 3, 1)])
    wishes = Calendar.weekly("UTC", mon="08:00-20:00")
    course = plan(
        load_protocol("iv-2xw-4w-8"), start=jan(4), calendar=open_days, id="A-017", at=BEFORE, wishes=wishes
    )
    given = [*visits(4, 7), *visits(11, 18, status="no-show")]
    after = again(course, 20, *given, calendar=open_days, wishes=wishes)
    assert coming(after, 20)[0] == 25  # the next one, as agreed


def test_another_start_is_offered_where_it_helps():
    # Six in at most 28 dates from Monday 14 December, closed from the 24th to 8 January: the 14th, 16th, 18th,
    # 21st and 23rd are five. The 14th is not used again once the start has left it: from the 10th or 11th it is
    # five as well. From Wednesday the 9th it is six.
    def shut(first: date, last: date) -> Calendar:
        return OPEN_UTC.without([first + timedelta(n) for n in range((last - first).days + 1)])

    six = load_protocol("generic-induction").choose(sessions=6, boosters=1)
    holidays = shut(date(2026, 12, 19), date(2027, 1, 3))
    course = plan(six, start=date(2026, 12, 14), calendar=holidays, id="A-017", at=BEFORE)
    longer = shut(date(2026, 12, 24), date(2027, 1, 8))
    given: dict[str, Any] = {"calendar": longer, "at": datetime(2026, 12, 1, 15, tzinfo=UTC)}
    with pytest.raises(NoFeasiblePlan) as none:
        replan(course, **given)
    assert "agree on another start, 2026-12-09 for example (move)" in none.value.fix
    moved = replan(course, **given, move={"s1": date(2026, 12, 9)})
    assert [s.day.day for s in moved.standing()[:6]] == [9, 11, 16, 18, 21, 23]


def test_others_move_as_little_as_they_must():
    result = again(T, 1, move={"s3": jan(13)})
    # s4 on the 14th is 1 day after: to the 15th
    assert standing(result) == [4, 7, 13, 15, 18, 21]
    assert named(result, "s3").pinned
    assert kinds(result) == {"s3": "moved", "s4": "moved"}
    assert "by hand" in next(c.why for c in result.changes if c.booking == "s3")


def test_a_day_chosen_by_hand_stands_when_others_move():
    moved = again(T, 1, move={"s3": jan(12)})
    assert standing(moved) == [4, 7, 12, 14, 18, 21]
    result = again(moved, 1, calendar=OPEN_UTC.without([jan(14)]))
    # 14 January moves to the 15th, though the 12th might have gone back to the 11th
    assert standing(result) == [4, 7, 12, 15, 18, 21]


def test_a_day_chosen_by_hand_that_is_closed_is_listed_first():
    moved = again(T, 1, move={"s5": jan(19)})
    result = again(moved, 1, calendar=OPEN_UTC.without([jan(19)]))
    # not back to the 18th, which it was moved away from; the 20th is too near to the 21st, which stays
    assert standing(result) == [4, 7, 11, 14, 21, 25]
    (change,) = result.changes
    assert (change.before.id, change.after.day) == ("s5", jan(25))
    assert "2027-01-19" in result.revisions[-1].remarks[0]


def test_a_session_keeps_its_day_by_hand():
    result = again(T, 1, move={"s5": jan(18)})
    assert named(result, "s5").pinned
    assert standing(result) == standing(T)


def test_a_series_by_study_days_goes_on_on_its_weekdays():
    """Days 1, 2, 8 and 9 are Mondays and Tuesdays; the fourth, missed on the 12th, is made up on Monday the 18th."""
    course = planned(phase(4, Spacing(minimum=1), study_days=(1, 2, 8, 9), anatomy=HOUR))
    assert standing(course) == [4, 5, 11, 12]
    result = again(course, 13, *visits(4, 5, 11), *visits(12, status="no-show"), policy="keep")
    assert standing(result) == [4, 5, 11, 18]


@pytest.mark.parametrize(
    ("move", "today", "said"),
    [
        ({"s9": jan(19)}, 1, "'s9' cannot be moved"),
        ({"s1": jan(5)}, 4, "infusion 1 on Mon 2027-01-04"),  # today is not moved
        ({"s1": jan(9)}, 6, "its day is past"),  # nor what is past
        ({"s5": jan(6)}, 6, "s5 on 2027-01-06"),  # not to today
        ({"s5": jan(5)}, 6, "s5 on 2027-01-05"),  # nor to the past
        ({"s5": jan(19), "s6": jan(19)}, 1, "two sessions moved to one day"),
    ],
)
def test_moves_that_cannot_be(move, today, said):
    with pytest.raises(KetschedError, match=said):
        again(T, today, move=move)


@pytest.mark.parametrize(("notice", "fits"), [(5, True), (6, True), (7, False)])
def test_a_move_keeps_the_notice(notice, fits):
    if fits:
        assert named(again(T, 13, move={"s5": jan(19)}, notice=notice), "s5").day == jan(19)
    else:
        with pytest.raises(KetschedError, match="nothing new is before 2027-01-20"):
            again(T, 13, move={"s5": jan(19)}, notice=notice)


# -- one more, and the tail again


def test_one_more_besides_the_pattern():
    course = record(WITH_BOOSTERS, SIX, at=morning(21))
    result = again(course, 22, add=[jan(28)])
    assert coming(result, 22) == [28, *coming(course, 22)]
    assert named(result, "s11").pinned
    assert (named(result, "s11").phase, result.number(named(result, "s11"))) == ("boosters", 1)
    assert result.lifted == ()
    assert again(result, 22) is result
    assert sentences(result) == ("You have a new appointment on Thursday 28 January at 09:00.", STAY)


@pytest.mark.parametrize(
    ("day", "phase"),
    [
        (3, "induction"),
        (5, "induction"),
        (20, "induction"),
        (22, "boosters"),
        (40, "boosters"),
        (150, "boosters"),
    ],
)
def test_the_phase_that_a_day_falls_into(day, phase):
    # the induction is from 4 to 21 January, the boosters from 4 February (35) to 22 April (112)
    assert phase_on(evaluate(WITH_BOOSTERS, as_of=jan(2)), jan(day)).name == phase


@pytest.mark.parametrize("day", [21, 22])
def test_one_more_on_a_day_that_is_taken_or_past(day):
    with pytest.raises(InvalidInput):
        again(T, 20 if day == 21 else 22, add=[jan(day)])


def test_the_last_two_again():
    result = again(T, 21, *SIX, repeat=2)
    # the pattern goes on: Monday 25 and Thursday 28 January
    assert coming(result, 21) == [25, 28]
    assert [result.number(s) for s in result.standing()][-2:] == [7, 8]
    assert again(result, 21) is result


def test_what_was_surplus_counts_once_the_series_is_longer():
    course = record(T, visits(4, 7, 11, 14, 18, 21, 25), at=morning(25))
    assert not course.sessions[-1].counts
    result = again(course, 26, repeat=2)
    seventh = next(session for session in result.sessions if session.day == jan(25))
    assert (seventh.counts, result.number(seventh)) == (True, 7)
    assert coming(result, 26) == [28, 32]  # Thursday 28 January and Monday 1 February are added all the same


def test_what_cannot_be_kept_any_more_is_said_in_days_and_in_dates():
    """Four of six are missed, and the rest goes on from Friday 15 January: from the 4th to the 25th are 22 dates."""
    course = planned(phase(6, GAPS, weekdays=(0, 2, 4), weeks=(2, 2), weeks_required=True, anatomy=HOUR))
    result = again(course, 14, *visits(4), *visits(6, 8, 11, 13, status="no-show"))
    assert standing(result) == [4, 15, 18, 20, 22, 25]
    assert result.revisions[-1].remarks == (
        "Mon 2027-01-04 to Fri 2027-01-15 takes 11 days; at most 7 days between two: no open day can keep it any more",
        "Mon 2027-01-04 to Mon 2027-01-25 takes 22 days; 2 nominal weeks (at most 14 days): "
        "no open day can keep it any more",
    )


def test_a_booking_that_was_not_needed_comes_back_and_no_other_beside_it():
    """A third infusion on the 9th, which nobody had planned: the 21st is closed, until the third does not count."""
    result = again(T, 9, *visits(4, 7, 9))
    assert coming(result, 9) == [11, 14, 18]
    third = result.visits[-1]
    after = again(result, 10, attrs.evolve(third, id="", counts=False, corrects=third.id))
    assert coming(after, 9) == [11, 14, 18, 21]
    assert (named(after, "s6").day, named(after, "s6").status) == (jan(21), BookingStatus.FIRM)


@pytest.mark.parametrize("policy", ["next-open", "make-up"])
def test_a_start_that_was_cancelled_is_made_up_for_at_once(policy):
    """Not before the agreed day, Monday the 4th, and not only from the second session on."""
    result = again(T, 2, *visits(4, status="cancelled", by="clinic"), policy=policy)
    assert standing(result) == [5, 7, 11, 14, 18, 21]


def test_a_waiver_sets_no_rule_aside_for_other_sessions():
    """From the 12th to the 15th only Tuesday the 12th is open, a day after the 11th, and the 16th is a Saturday."""
    closed = OPEN_UTC.without([jan(13), jan(14), jan(15)])
    waiver = Waiver(rule="KS101", sessions=("s1",), reason="travel", who="Dr A", until=jan(31))
    result = again(attrs.evolve(T, waivers=(waiver,)), 5, *visits(4), calendar=closed)
    assert standing(result) == standing(again(T, 5, *visits(4), calendar=closed))
    assert all(later - earlier >= 2 for earlier, later in pairwise(standing(result)))


# -- stepping the interval


@pytest.mark.parametrize(
    ("done", "step", "expected"),
    [
        # after booster 1 on 4 February the next interval is 21 days: 25 February
        (1, "back", [35 + 14, 35 + 14 + 21, 35 + 14 + 21 + 28]),
        (1, "forward", [35 + 28, 35 + 56, 35 + 84]),
        # after booster 2 on 25 February it is 28 days
        (2, "back", [56 + 21, 56 + 21 + 28]),
    ],
)
def test_a_step_along_the_intervals(done, step, expected):
    given = [*SIX, *visits(35, 56)[:done]]
    today = (35, 56)[done - 1] + 1
    result = again(WITH_BOOSTERS, today, *given, step=step)
    assert coming(result, today) == expected
    assert again(result, today) is result


def test_no_visit_is_judged_by_the_interval_that_a_step_changes():
    history = apply_visits(WITH_BOOSTERS, [*SIX, *visits(35)], as_of=jan(36))
    stepped, phase = step_interval(history, "forward")
    assert stepped.course.protocol.phase(phase).every != history.course.protocol.phase(phase).every
    again = evaluate(stepped.course, as_of=jan(36))
    assert [(s.session, s.state) for s in again.sessions] == [(s.session, s.state) for s in stepped.sessions]
    assert [one.verdict for one in again.visits] == [one.verdict for one in stepped.visits]


@pytest.mark.parametrize(("done", "step"), [(0, "back"), (2, "forward"), (1, "sideways")])
def test_steps_that_there_are_not(done, step):
    given = [*SIX, *visits(35, 56)[:done]]
    with pytest.raises(InvalidInput):
        again(WITH_BOOSTERS, (22, 36, 57)[done], *given, step=step)


def test_a_step_in_a_phase_that_is_the_first_begins_with_its_first_interval():
    course = planned(phase(4, Spacing(minimum=7), every=every(14, 21, 28), anatomy=HOUR))
    assert standing(course) == [4, 18, 39, 67]
    # 21 days after 4 January, then 28; one further and 14 would be kept
    assert standing(again(course, 5, *visits(4), step="forward")) == [4, 25, 53, 81]
    with pytest.raises(InvalidInput, match="first of its intervals"):
        again(course, 5, *visits(4), step="back")


def test_what_was_decided_is_acted_on_once_and_only_what_was_decided():
    review = Companion(
        id="review", kind="appointment", topic="review", title="Review", anchor=Anchor(every=3), minutes=20
    )
    course = planned(twice_weekly(), maintenance(4, every=every(14, 21, 28)), companions=[review])
    course = record(course, SIX, at=morning(21))
    forward = Decision(what="step forward", on=jan(21), who="Dr A")
    first, second, *rest = course.companions
    decided = attrs.evolve(course, companions=(first, attrs.evolve(second, outcome=forward), *rest))
    after = again(decided, 22)
    # the first interval of 14 days is left out: 21 days after 21 January, then 28
    assert coming(after, 22) == [42, 70, 98, 126]
    assert after.companions[0].outcome is None
    assert after.companions[1].outcome == attrs.evolve(forward, applied=True)
    assert coming(again(after, 23), 22) == [42, 70, 98, 126]


def test_a_phase_without_intervals_has_no_step():
    with pytest.raises(InvalidInput):
        again(T, 5, *visits(4), step="back")


# -- the end, another place, another protocol


@pytest.mark.parametrize(("today", "left"), [(13, [4, 7, 11]), (14, [4, 7, 11, 14]), (15, [4, 7, 11, 14])])
def test_the_end(today, left):
    result = again(T, today, *visits(4, 7, 11), end=True)
    assert standing(result) == left
    assert result.ended == jan(today)
    assert again(result, today + 3) == result
    assert {s.status for s in result.sessions if s.day > jan(today)} == {BookingStatus.CLOSED}
    for option in ({"add": [jan(40)]}, {"repeat": 1}, {"switch": protocol(twice_weekly())}):
        with pytest.raises(InvalidInput):
            again(result, today, **option)


def test_another_place_from_now_on():
    course = record(T, visits(4, 7), at=morning(7))
    result = again(course, 8, place="Room 3")
    assert [s.place for s in result.sessions] == ["", "", "Room 3", "Room 3", "Room 3", "Room 3"]
    assert standing(result) == standing(T)
    assert [s.sequence for s in result.sessions] == [1, 1, 1, 1, 1, 1]
    assert again(result, 8, place="Room 3") == result


def test_a_session_at_home_stays_at_home():
    course = record(T, visits(4, 7), at=morning(7))
    at_home = [attrs.evolve(s, place="home") if s.id == "s4" else s for s in course.sessions]
    result = again(attrs.evolve(course, sessions=tuple(at_home)), 8, place="Room 3")
    assert [s.place for s in result.sessions] == ["", "", "Room 3", "home", "Room 3", "Room 3"]


@pytest.mark.parametrize(
    ("every", "following"),
    [
        # 7 days after the 21st, then 14, then 28 each time: 28 January, 11 February, 11 March, 8 April
        ([Interval(days=7), Interval(days=14), Interval(days=28)], [28, 42, 70, 98]),
        # months after the 21st: in February and March that is a Sunday, so Monday the 22nd
        ([Interval(months=1)], [53, 81, 111, 141]),
    ],
)
def test_the_boosters_of_another_protocol_take_its_intervals_in_turn(every, following):
    booster = attrs.evolve(maintenance(4), every=tuple(every))
    other = protocol(twice_weekly(2), booster, name="other")
    result = again(T, 12, *visits(4, 7, 11), switch=other, join=Join(minimum=3, ideal=7))
    assert coming(result, 12) == [18, 21, *following]


@pytest.mark.parametrize("anchor", [Anchor(edge="end"), Anchor(edge="end", phase="induction")])
def test_what_is_counted_from_the_end_stays_with_its_own_protocol(anchor):
    """The last session of the old protocol, not of the new one."""
    review = Companion(
        id="review",
        kind="appointment",
        topic="review",
        title="Review",
        anchor=anchor,
        window=Window(earliest=3, recommended=3, latest=3),
        minutes=20,
    )
    course = planned(twice_weekly(), companions=[review])
    other = protocol(twice_weekly(2), name="other")
    result = again(course, 12, *visits(4, 7, 11), switch=other, join=Join(minimum=3, ideal=7))
    assert result.protocol.companion("review").anchor.phase == course.protocol.phases[0].name


@pytest.mark.parametrize("policy", ["next-open", "make-up"])
def test_a_session_that_replaces_one_says_which(policy):
    course = again(T, 12, *visits(4, 7), *visits(11, status="no-show"), policy=policy)
    (why,) = {change.why for change in course.changes if change.kind == "added"}
    assert why == "for the missed Mon 2027-01-11"


@pytest.mark.parametrize("sessions", [6, 8])
def test_an_authorisation_ends_nothing_that_it_does_not_pay_for(sessions):
    """It pays for the induction until 31 January; of the booster on 18 February it says nothing."""
    course = planned(twice_weekly(), maintenance(1))
    scope = "induction" if sessions == 8 else ""
    pays = Authorisation(sessions=sessions, until=jan(31), required=True, scope=scope)
    paid = attrs.evolve(course, authorisations=(pays,))
    assert standing(again(paid, 5, *visits(4), calendar=OPEN_UTC.without([jan(7)])))[-1] == 49


def test_a_rule_that_was_lifted_stays_so_in_another_protocol():
    """Of one phase the rule is "at most 7 days between two", beside others "induction: at most 7 days ..."."""
    course = after_two_misses()
    (lifted,) = course.lifted
    assert (lifted.key, lifted.latest, lifted.by) == ("induction/spacing 1/latest", 7, "history")
    other = protocol(twice_weekly(2), maintenance(2, every=every(14)), name="other")
    switched = again(course, 16, switch=other, join=Join(minimum=3, ideal=7))
    assert [one.key for one in switched.lifted] == [lifted.key]
    assert switched.lifted[0].rule != lifted.rule


@pytest.mark.parametrize("key", ["", "induction/spacing 1/latest"])
def test_a_rule_that_was_lifted_stays_so_when_it_is_worded_anew(key):
    """One that was lifted before rules had keys is known by its words."""
    course = after_two_misses()
    words = "never more than a week" if key else course.lifted[0].rule
    course = attrs.evolve(course, lifted=(attrs.evolve(course.lifted[0], rule=words, key=key, by="policy"),))
    after = again(course, 16, *visits(18, status="cancelled"))
    assert [(one.latest, one.by) for one in after.lifted] == [(7, "policy")]


def test_months_of_another_protocol_are_counted_from_the_same_day_each_time():
    """28 February is a Sunday, so Monday 1 March; then 29 March and 29 April, a month and two after the 29th."""
    monthly = attrs.evolve(maintenance(3), every=(Interval(months=1),))
    other = protocol(twice_weekly(2, weekdays=(0, 4)), monthly, name="other")
    result = again(T, 12, *visits(4, 7, 11), switch=other, join=Join(minimum=3, ideal=14))
    assert coming(result, 12) == [25, 29, 60, 88, 119]


@pytest.mark.parametrize("policy", ["make-up", "next-open", "shift"])
def test_a_course_may_end_with_the_last_day_there_is(policy):
    first = date(2199, 12, 5)  # a Thursday
    course = plan(
        protocol(twice_weekly(3)), start=first, calendar=OPEN_UTC, id="A-017", at=BEFORE, time=time(9)
    )
    assert [s.day for s in course.sessions] == [first, date(2199, 12, 9), date(2199, 12, 12)]
    moment = datetime(2199, 12, 9, 12, tzinfo=UTC)
    missed = [Visit(first), Visit(date(2199, 12, 9), "no-show")]
    result = replan(course, missed, calendar=OPEN_UTC, at=moment, policy=policy)
    assert len([s for s in result.standing() if s.day >= first]) == 3
    moved = moving(
        course, "s3", date(2199, 12, 13), calendar=OPEN_UTC, at=datetime(2199, 12, 5, 6, tzinfo=UTC)
    )
    assert moved.alone is not None


@pytest.mark.parametrize(("chairs", "seat"), [(1, (time(10), 1)), (2, (time(9), 2))])
def test_a_session_moved_by_hand_keeps_its_hour_or_takes_the_nearest_that_is_free(chairs, seat):
    """Somebody has chair 1 from 09:00 to 10:00 on the 19th; a session is an hour long."""
    taken = attrs.evolve(planned(twice_weekly(1, weekdays=(1,)), start=19), id="B-1")
    riverside = clinic(zone="UTC", chairs=chairs).booked(taken)
    moved = moving(T, "s5", jan(19), calendar=riverside, at=morning(1))
    session = named(moved.alone, "s5")
    assert (session.day, session.time, session.chair) == (jan(19), *seat)


def test_what_is_said_of_another_hour_and_of_what_is_certain_now():
    later = [attrs.evolve(s, time=time(13, 30)) if s.id == "s5" else s for s in T.sessions]
    moved = revise(T, at=morning(1), what="moved", sessions=later)
    assert sentences(moved) == (
        "Your appointment on Monday 18 January at 09:00 has a new time. It is now at 13:30.",
        STAY,
    )
    last_unsure = [attrs.evolve(s, status=BookingStatus.TENTATIVE) if s.id == "s6" else s for s in T.sessions]
    unsure = revise(T, at=morning(1), what="held", sessions=last_unsure)
    assert sentences(unsure) == (
        "Your appointment on Thursday 21 January at 09:00 is not confirmed yet. "
        "Please keep the time free. We will call you.",
        STAY,
    )
    sure = revise(unsure, at=morning(2), what="lifted", sessions=T.sessions)
    assert sentences(sure) == ("Your appointment on Thursday 21 January at 09:00 is now confirmed.", STAY)


def test_what_is_said_of_an_appointment_that_is_no_session():
    """
    A review after the last session is told as such; one for the clinic alone is not.

    Ended on the 13th, the last session was that of the 11th: from the 14th on there are days 1 to 5 after it.
    """
    after = Anchor(edge="end", phase="induction")
    window = Window(earliest=1, recommended=1, latest=5)
    review = Companion(
        id="review",
        kind="appointment",
        topic="review",
        title="Review",
        anchor=after,
        window=window,
        minutes=20,
    )
    alone = attrs.evolve(review, id="talk", title="Talk", audience="clinic")
    course = planned(twice_weekly(), companions=(review, alone))
    result = again(course, 13, *visits(4, 7, 11), *visits(14, status="no-show"), end=True)
    assert sentences(result, privacy="named") == (
        "We have cancelled your later appointments. Your last one is on Thursday 14 January.",
        "Your review on Friday 22 January at 09:00 has moved. It is now on Thursday 14 January, at the same time.",
    )


def test_no_session_cannot_be_moved():
    with pytest.raises(InvalidInput, match="session is None"):
        moving(T, None, jan(20), calendar=OPEN_UTC, at=morning(3))


def test_another_protocol_for_the_rest():
    nasal = protocol(maintenance(4, every=every(7), spacing=(Spacing(minimum=5),)), name="nasal")
    result = again(T, 12, *visits(4, 7, 11), switch=nasal, join=Join(minimum=3, ideal=7))
    # 7 days after the 11th, then weekly
    assert coming(result, 12) == [18, 25, 32, 39]
    assert [s.status for s in result.sessions if s.id in ("s4", "s5", "s6")] == [BookingStatus.CLOSED] * 3
    assert result.segments[-1].protocol == "nasal"
    assert result.segments[-1].on == jan(12)
    assert result.finished_phases() == {"induction"}
    assert again(result, 12) == result
    assert not [f for f in check(result, calendar=OPEN_UTC, as_of=jan(12)) if f.severity is Severity.ERROR]


@pytest.mark.parametrize(("least", "first"), [(1, 13), (2, 13), (3, 14), (4, 15), (5, 18)])
def test_the_join_of_another_protocol(least, first):
    """11 January was the last given; the 16th and 17th are a weekend."""
    nasal = protocol(maintenance(2, every=every(7), spacing=(Spacing(minimum=5),)), name="nasal")
    result = again(T, 12, *visits(4, 7, 11), switch=nasal, join=Join(minimum=least, ideal=max(least, 2)))
    assert coming(result, 12)[0] == first


def test_an_open_ended_phase_is_planned_on():
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
    first = len(course.standing())
    last = standing(course)[-1]
    result = again(course, 4, *visits(4), through=jan(last + 14))
    assert standing(result) == [*standing(course), last + 7, last + 14]
    assert len(result.standing()) == first + 2
    shorter = again(course, 4, *visits(4), through=jan(last + 13))
    assert standing(shorter) == [*standing(course), last + 7]


# -- what the patient can, and would rather


@pytest.mark.parametrize("back", [14, 15])
def test_a_patient_who_is_away(back):
    away = Calendar.always("UTC").without([jan(day) for day in range(12, back)])
    result = again(T, 5, *visits(4), availability=away)
    # back on the 14th nothing changes; on the 15th session 4 moves by a day
    assert coming(result, 5) == [7, 11, back, 18, 21]


def test_a_wish_moves_no_booking_by_itself():
    wishes = Calendar.always("UTC").without([jan(18)])
    result = again(T, 12, *visits(4, 7, 11), wishes=wishes)
    assert coming(result, 12) == [14, 18, 21]
    # 18 January closes: of the days that leave the 21st in place, it would rather come on the 19th
    closed = OPEN_UTC.without([jan(18)])
    assert coming(again(T, 12, *visits(4, 7, 11), wishes=wishes, calendar=closed), 12) == [14, 19, 21]


def test_the_hour_stays_and_new_sessions_take_it():
    result = again(T, 7, *visits(4), *visits(7, status="no-show"))
    assert {s.time for s in result.sessions} == {time(9)}
    result = again(T, 7, *visits(4), *visits(7, status="no-show"), time=time(14))
    assert named(result, "s7").time == time(14)
    assert {s.time for s in result.sessions if s.id != "s7"} == {time(9)}


def test_a_chair_that_is_taken_is_not_booked_twice():
    """Somebody else has the one chair all of 25 January: the new session is on the next best day."""
    all_day = Phase(
        kind="maintenance", name="other", count=1, every=(Interval(days=7),), anatomy=Anatomy(infusion=480)
    )
    other = plan(protocol(all_day), start=jan(25), calendar=OPEN_UTC, id="B-1", at=BEFORE)
    result = again(T, 7, *visits(4), *visits(7, status="no-show"), calendar=OPEN_UTC.booked(other))
    assert coming(result, 7)[:4] == [11, 14, 18, 21]
    assert coming(result, 7)[4] == 26


@pytest.mark.parametrize(("chair", "changed"), [(1, ["s2"]), (2, [])])
def test_who_loses_a_chair_takes_another_at_the_same_hour(chair, changed):
    """Somebody else has one of two chairs from 09:00 to 10:00 on the 7th; s2 was on chair 1."""
    another = attrs.evolve(planned(twice_weekly(1, weekdays=(3,)), start=7), id="B-1")
    another = attrs.evolve(another, sessions=(attrs.evolve(another.sessions[0], chair=chair),))
    riverside = clinic(zone="UTC", chairs=2).booked(another)
    result = again(T, 1, calendar=riverside)
    assert [(change.booking, change.why) for change in result.changes] == [
        (name, "its chair is taken") for name in changed
    ]
    session = named(result, "s2")
    assert (session.day, session.time, session.chair) == (jan(7), time(9), 3 - chair)
    assert session.sequence == 0  # in nobody's calendar has anything changed
    assert not [f for f in check(result, calendar=riverside) if f.severity is Severity.ERROR]


@pytest.mark.parametrize("in_one_go", [True, False])
def test_a_day_left_by_hand_is_not_used_when_its_session_is_cancelled_later(in_one_go):
    """s4 was moved from the 14th to the 13th, then cancelled there: not back to the 14th, but to the 15th."""
    moved = again(T, 4, *visits(4), move={"s4": jan(13)})
    cancelled = visits(13, status="cancelled", session="s4")
    if in_one_go:
        result = again(moved, 5, *cancelled, policy="make-up")
    else:
        result = again(record(moved, cancelled, at=morning(5)), 5, policy="make-up")
    assert standing(result) == [4, 7, 11, 15, 18, 21]


# -- policies by phase


def test_a_policy_for_one_phase():
    given = [*visits(4, 7, 11, 14, 18), *visits(21, status="no-show")]
    kept = again(WITH_BOOSTERS, 21, *given, policy={"boosters": "skip"})
    skipped = again(WITH_BOOSTERS, 21, *given, policy={"induction": "skip"})
    assert len(kept.standing()) == 10
    assert len(skipped.standing()) == 9
    assert skipped.skipped == ("s6",)
    assert again(skipped, 22) == skipped  # it is not made up at the next call


def test_the_protocol_says_what_is_done():
    course = planned(twice_weekly(missed="make-up"))
    result = again(course, 14, *visits(4, 7, 11), *visits(14, status="no-show"))
    assert coming(result, 14) == [15, 18, 21]


@pytest.mark.parametrize("wrong", ["later", {"nowhere": "keep"}, {"induction": "later"}, 3])
def test_policies_that_there_are_not(wrong):
    with pytest.raises(InvalidInput):
        again(T, 1, policy=wrong)


# -- holds and companions

RIDE = Companion(
    id="ride",
    kind="task",
    topic="ride",
    title="Ride home",
    anchor=Anchor(every=1),
    window=Window(earliest=-1, recommended=-1, latest=-1),
)


def test_a_new_session_that_a_hold_covers_is_to_be_confirmed():
    held = hold(T, reason="blood pressure", who="Dr A", since=jan(18), at=morning(1))
    result = again(held, 7, *visits(4), *visits(7, status="no-show"))
    assert {s.day.day: s.status for s in result.standing() if s.day > jan(7)} == {
        11: BookingStatus.FIRM,
        14: BookingStatus.FIRM,
        18: BookingStatus.TENTATIVE,
        21: BookingStatus.TENTATIVE,
        25: BookingStatus.TENTATIVE,
    }


def test_what_goes_with_a_session_follows_it():
    course = planned(twice_weekly(), companions=(RIDE,))
    result = again(course, 7, *visits(4), *visits(7, status="no-show"), calendar=OPEN_UTC.without([jan(18)]))
    rides = {p.session: (p.day.day, p.status) for p in result.companions}
    # the 18th moves to the 19th; a new one is on the 25th
    assert rides["s5"] == (18, BookingStatus.FIRM)
    assert rides["s7"] == (24, BookingStatus.FIRM)
    assert rides["s3"] == (10, BookingStatus.FIRM)
    assert {p.id for p in course.companions} <= {p.id for p in result.companions}


# -- what is remembered


def test_every_revision_can_be_shown():
    first = again(T, 4, *visits(4))
    second = again(first, 7, *visits(7, status="no-show"))
    third = again(second, 8, move={"s5": jan(19)})
    for number, course in enumerate((T, first, second, third)):
        assert third.at_revision(number).sessions == course.sessions
    assert {c.booking for c in third.changes_of(2)} == {"s2", "s7"}
    assert sentences(third, 2) == (
        "Your appointment on Thursday 7 January at 09:00 did not take place.",
        "Your new appointment is on Monday 25 January at 09:00.",
        STAY,
    )
    assert sentences(third) == (
        "Your appointment on Monday 18 January at 09:00 has moved. "
        "It is now on Tuesday 19 January, at the same time.",
        STAY,
    )
    with pytest.raises(InvalidInput):
        third.at_revision(4)


def test_a_moment_before_the_last_revision():
    course = again(T, 7, *visits(4))
    with pytest.raises(InvalidInput):
        again(course, 6, *visits(6, status="no-show"))


def test_today_is_that_of_the_clinic():
    """23:30 in Amsterdam on the 13th is 22:30 in UTC; half an hour after midnight it is the 14th there."""
    course = attrs.evolve(T, zone="Europe/Amsterdam")
    amsterdam = clinic()
    missed = [*visits(4, 7, 11), *visits(14, status="no-show")]
    for at, seen in (
        (datetime(2027, 1, 13, 22, 30, tzinfo=UTC), False),
        (datetime(2027, 1, 13, 23, 30, tzinfo=UTC), True),
    ):
        result = replan(course, missed, calendar=amsterdam, at=at)
        assert (named(result, "s4").status is BookingStatus.MISSED) is seen


@pytest.mark.parametrize(
    "wrong",
    [
        {"notice": -1},
        {"notice": 400},
        {"at": None},
        {"at": datetime(2027, 1, 4, 9)},  # noqa: DTZ001
        {"calendar": Calendar.weekly("Asia/Tokyo", mon="09:00-17:00")},
        {"calendar": None},
        {"step": "up"},
        {"repeat": -1},
        {"move": {"s5": "2027-01-19"}},
        {"add": [date(1066, 10, 14)]},
        {"through": "next year"},
        {"time": time(9, 0, 30)},
        {"join": 3},
        {"switch": "esk-trd"},
    ],
)
def test_arguments_that_cannot_be(wrong):
    with pytest.raises(KetschedError):
        again(T, 4, **wrong)
