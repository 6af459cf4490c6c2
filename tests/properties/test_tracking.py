"""The laws of following a course, against a second reading of the definitions that tries all days."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import attrs
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ketsched.errors import KetschedError
from ketsched.history import SessionState, Verdict, evaluate
from ketsched.interchange import dumps, json
from ketsched.model import POLICIES, BookingStatus, Visit
from ketsched.planning import NoFeasiblePlan
from ketsched.tracking import forecast, record, replan
from ketsched.tracking.altering import end, move_to
from ketsched.tracking.recording import apply_visits
from making import BEFORE
from properties import tracking_oracle as oracle
from strategies.lives import CLINICS, Life, lives, planned_courses

EXAMPLES = int(os.environ.get("KETSCHED_EXAMPLES", "50"))
often = settings(max_examples=2 * EXAMPLES, deadline=None)
seldom = settings(max_examples=EXAMPLES, deadline=None)
rarely = settings(max_examples=EXAMPLES // 2, deadline=None)

HORIZON = 28
"""Days after today in which the second reading looks for days."""


def planned_again(life, **options):
    """The course planned again, or None if it cannot be."""
    try:
        return life.again(**options)
    except NoFeasiblePlan:
        return None


def first_that_can_be(life, course, moves):
    """The course with the first of these moves that is not refused, its session and its day; or three times None."""
    for session, to in moves:
        try:
            return life.again(course, [], move={session.id: to}), session, to
        except KetschedError:
            continue
    return None, None, None


def to_come(course, today):
    return [s for s in course.standing() if s.day > today and s.status is not BookingStatus.FULFILLED]


def days_of(course):
    return [(s.id, s.day, s.status) for s in course.sessions]


# -- evaluate


@often
@given(lives())
def test_what_happened_is_judged_as_defined(life):
    history = evaluate(life.course, life.visits, as_of=life.today)
    mine = oracle.evaluate(life.course, life.visits, life.today)
    judged = [one for one in history.visits if one.verdict is not Verdict.FUTURE]
    assert sorted((one.visit.day, one.session or "", one.number is not None) for one in judged) == sorted(
        (one.visit.day, one.session or "", one.counts) for one in mine
    )
    words = {Verdict.DUPLICATE: "duplicate", Verdict.TOO_SOON: "too soon", Verdict.NOT_GIVEN: "not given"}
    words |= {Verdict.EXTRANEOUS: "extraneous", Verdict.GRACE: "grace"}
    key = lambda one: (one.visit.day, str(one.visit.status), one.visit.note)  # noqa: E731
    for one, other in zip(sorted(judged, key=key), sorted(mine, key=key), strict=True):
        if one.visit == other.visit:
            assert words.get(one.verdict, "valid") == other.verdict or other.verdict == "duplicate"


@often
@given(lives())
def test_what_became_of_each_session(life):
    history = evaluate(life.course, life.visits, as_of=life.today)
    became = {one.session: one.visit for one in oracle.evaluate(life.course, life.visits, life.today)}
    states = {
        "no-show": SessionState.MISSED,
        "cancelled": SessionState.CLOSED,
        "fulfilled": SessionState.FULFILLED,
    }
    for one in history.sessions:
        visit = became.get(one.session.id)
        if visit is not None:
            assert one.state is states[visit.status]
        elif one.session.day < life.today:
            assert one.state is SessionState.NOT_RECORDED
        else:
            assert one.state is (SessionState.DUE if one.session.day == life.today else SessionState.PLANNED)


# -- planning again, against all days


def judged(history):
    """What a history says of each session and each visit."""
    return (
        [(one.session, one.state) for one in history.sessions],
        sorted(
            (
                one.visit.day,
                one.visit.status,
                one.verdict,
                one.session or "",
                one.phase or "",
                one.number or 0,
            )
            for one in history.visits
        ),
    )


@seldom
@given(lives())
def test_a_history_that_is_handed_on_is_that_of_its_course(life):
    """What is recorded and decided changes the history at hand; judging the course from the start says the same."""
    recorded = apply_visits(life.course, life.visits, as_of=life.today)
    for history in (recorded, end(recorded, on=life.today), move_to(recorded, "ward 2")):
        assert judged(history) == judged(evaluate(history.course, as_of=life.today))


def open_days(life):
    cancelled = {v.day for v in life.visits if v.status == "cancelled"}
    after = (life.today + timedelta(n) for n in range(1, HORIZON + 1))
    left = oracle.left(life.course, life.visits, life.today)
    soonest = left.agreed or life.today
    return [d for d in after if d >= soonest and life.calendar.is_open(d, 60) and d not in cancelled]


@often
@given(lives(), st.sampled_from(POLICIES))
def test_planning_again_finds_the_best_days(life, policy):
    (phase,) = life.course.protocol.phases
    left = oracle.left(life.course, life.visits, life.today)
    target = phase.count - (len(left.lost) if policy == "skip" else 0)
    lacks = max(0, target - left.counted - left.due - left.unsure - len(left.standing))
    assume(left.counted + left.due + len(left.standing) <= target)  # one too many is another law
    assume(len(left.standing) + lacks <= 5)
    opened = open_days(life)
    result = planned_again(life, policy=policy)
    if policy in ("make-up", "next-open", "shift"):
        assume(all(spacing.required for spacing in phase.spacing))
        assume(left.fixed and len(left.lost) == 1 and not [d for d in left.lost if d > life.today])
        assume(lacks == 1)
    if policy == "make-up":
        assume(oracle.fits(phase, left, [s.day for s in left.standing], opened))
        assume(all(s.day in opened for s in left.standing))
    wanted = oracle.slots(phase, left, lacks, policy, opened, life.today + timedelta(1))
    assume(all(slot.aim <= life.today + timedelta(HORIZON - 10) for slot in wanted))
    lifted = oracle.lifted_by_history(phase, left, len(wanted), opened)
    assume(lifted is not None)
    if result is None:
        assert oracle.best(phase, left, wanted, opened, lifted, moves_count=True) is None
        return
    days = [s.day for s in to_come(result, life.today)]
    where = [*left.fixed, *days]
    day_of = {s.id: s.day for s in result.sessions}
    named = {(day_of[x.earlier], day_of[x.later], x.latest) for x in result.lifted if x.by == "history"}
    assert named == {(where[a], where[b], most) for a, b, most in lifted if (where[b] - where[a]).days > most}
    for one in result.lifted:
        if one.by == "policy":
            assert (day_of[one.later] - day_of[one.earlier]).days > one.latest
            lifted.add((where.index(day_of[one.earlier]), where.index(day_of[one.later]), one.latest))
    best = oracle.best(phase, left, wanted, opened, lifted, moves_count=policy != "shift")
    assert best is not None
    assert tuple(days) == best
    mine = {s.id: s.day for s in to_come(result, life.today) if s.id in {b.id for b in left.standing}}
    assert mine in oracle.pairings(left.standing, best)
    for session in left.standing:
        now = next(s for s in result.sessions if s.id == session.id)
        assert now.status is (BookingStatus.FIRM if session.id in mine else BookingStatus.CLOSED)


# -- the laws


def moved_or_new(before, after):
    """Sessions to come that are on another day than before, or are new."""
    days = {s.id: s.day for s in before.sessions}
    return [s for s in after.sessions if s.status is BookingStatus.FIRM and days.get(s.id) != s.day]


@often
@given(planned_courses(), st.sampled_from([None, *POLICIES]), st.integers(1, 20))
def test_with_nothing_new_the_course_stays_as_it_is(planned, policy, ahead):
    course, calendar = planned
    today = course.sessions[0].day - timedelta(ahead)
    at = datetime(today.year, today.month, today.day, 9, tzinfo=UTC)
    assert replan(course, calendar=calendar, at=at, policy=policy) == course


@often
@given(lives(), st.sampled_from(POLICIES))
def test_twice_is_once_also_after_reading_it_back(life, policy):
    once = planned_again(life, policy=policy)
    assume(once is not None)
    assert life.again(once, policy=policy) == once  # the same visits once more
    assert life.again(once, [], policy=policy) == once
    assert life.again(once, []) == once  # however it was planned
    assert json.loads(dumps(once, "json").decode(), "course.json") == once


@often
@given(lives(), st.sampled_from(POLICIES))
def test_the_past_stays_and_nothing_is_lost(life, policy):
    taken = [v for v in life.visits if v.day <= life.today or v.status == "cancelled"]
    first = record(life.course, taken, as_of=life.today, at=BEFORE)
    after = planned_again(life, policy=policy)
    assume(after is not None)
    now = {s.id: s for s in after.sessions}
    assert {s.id for s in first.sessions} <= set(now)
    for session in first.sessions:
        if session.day <= life.today:
            assert (now[session.id].day, now[session.id].status) == (session.day, session.status)
        elif session.status is BookingStatus.FIRM and not now[session.id].status.stands:
            assert now[session.id].status in (BookingStatus.CLOSED, BookingStatus.MISSED)
            assert now[session.id].day == session.day
    came_to_nothing = {v.day for v in life.visits if v.status in ("no-show", "cancelled")}
    named = {change.booking for change in after.changes}
    for session in life.course.sessions:
        if session.day in came_to_nothing:
            assert session.id in named
    assert all(change.why for change in after.changes)


@often
@given(lives(), st.sampled_from(POLICIES), st.integers(0, 4))
def test_what_is_laid_keeps_notice_closures_and_gaps(life, policy, notice):
    after = planned_again(life, policy=policy, notice=notice)
    assume(after is not None)
    (phase,) = after.protocol.phases
    cancelled = {v.day for v in life.visits if v.status == "cancelled" and v.day > life.today}
    for session in moved_or_new(life.course, after):
        if session.day == life.today:
            continue  # what is due today may have changed its state, not its day
        assert session.day >= life.today + timedelta(max(1, notice))
        assert life.calendar.is_open(session.day, 60)
        assert session.day not in cancelled
    days = [s.day for s in after.standing()]
    future = sum(day > life.today for day in days)
    assert oracle.too_near(phase, days, len(days) - future, required=True) == 0
    lifted = {(one.earlier, one.later) for one in after.lifted}
    ids = [s.id for s in after.standing()]
    for spacing in phase.spacing:
        if spacing.required and spacing.latest is not None:
            for later in range(max(spacing.apart, len(days) - future), len(days)):
                far = (days[later] - days[later - spacing.apart]).days > spacing.latest
                assert not far or (ids[later - spacing.apart], ids[later]) in lifted


@seldom
@given(lives(), st.integers(0, 5), st.permutations([-3, -2, -1, 1, 2, 3, 4, 5]))
def test_a_day_chosen_by_hand_stands_if_it_can(life, number, distances):
    after = planned_again(life)
    assume(after is not None)
    left = to_come(after, life.today)
    assume(left)
    turned = left[number % len(left) :] + left[: number % len(left)]
    moves = ((session, session.day + timedelta(by)) for session in turned for by in distances)
    moved, session, to = first_that_can_be(life, after, moves)
    assume(moved is not None)
    chosen = next(s for s in moved.sessions if s.id == session.id)
    assert (chosen.day, chosen.pinned) == (to, True)
    assert life.again(moved, []) == moved
    assume(moved.lifted == after.lifted)  # a day beyond a rule gives way
    # one after it is cancelled: the chosen day stays
    later = [s for s in to_come(moved, life.today) if s.day > to]
    assume(later)
    try:
        again = life.again(moved, [Visit(later[-1].day, "cancelled", session=later[-1].id)])
    except NoFeasiblePlan:
        return
    now = next(s for s in again.sessions if s.id == session.id)
    gave_way = f"{to:%a} {to}, chosen by hand, cannot be kept"
    assert now.day == to or any(gave_way in said for said in again.revisions[-1].remarks)
    (phase,) = again.protocol.phases
    if len(phase.spacing) == 1 and phase.spacing[0].latest is None and phase.weeks is None:
        assert now.day == to  # nothing but a minimum binds it, and nothing came nearer


@often
@given(lives(), st.sampled_from(POLICIES))
def test_the_next_day_is_the_first_that_the_forecast_offers(life, policy):
    after = planned_again(life, policy=policy)
    assume(after is not None)
    found = forecast(life.course, life.visits, as_of=life.today, calendar=life.calendar, policy=policy)
    coming = to_come(after, life.today)
    due_today = [s for s in after.standing() if s.day == life.today and s.status is BookingStatus.FIRM]
    if not coming:
        assert not found.bookable or due_today
        return
    assume(not due_today)
    assert found.bookable[0] == coming[0].day
    assert list(found.bookable[1:]) == sorted(set(found.bookable[1:]))
    first = found.sessions[0]
    assume(oracle.left(life.course, life.visits, life.today).fixed)  # else no rule says when to begin
    assert first.earliest <= first.recommended
    assert found.bookable[0] >= first.earliest
    if first.latest is not None and found.bookable[0] > first.latest:
        assert found.lifted or after.lifted


@often
@given(lives())
def test_windows_are_the_days_of_some_plan(life):
    """By the rules alone, without a calendar, given what was taken."""
    (phase,) = life.course.protocol.phases
    assume(any(s.required and s.latest for s in phase.spacing))
    left = oracle.left(life.course, life.visits, life.today)
    assume(left.fixed and not left.due)
    found = forecast(life.course, life.visits, as_of=life.today)
    assume(0 < len(found.sessions) <= 4)
    days, taken = list(left.fixed), len(left.fixed)
    reach: list[set[date]] = [set() for _ in found.sessions]

    def extend(days):
        if len(days) == taken + len(reach):
            bounds = oracle.uppers(phase, left.first, days, taken)
            if all((days[b] - days[a]).days <= most for a, b, most in bounds):
                for at, day in enumerate(days[taken:]):
                    reach[at].add(day)
            return
        far = [
            days[-s.apart] + timedelta(s.latest)
            for s in phase.spacing
            if s.required and s.latest is not None and len(days) >= s.apart
        ]
        day = days[-1] + timedelta(1)
        while day <= min(far):
            if not oracle.too_near(phase, [*days, day], len(days), required=True):
                extend([*days, day])
            day += timedelta(1)

    extend(days)
    assume(reach[0])
    assert [(due.earliest, due.latest) for due in found.sessions] == [(min(r), max(r)) for r in reach]


@seldom
@given(lives(), st.randoms(use_true_random=False), st.sampled_from(POLICIES))
def test_the_order_of_visits_does_not_matter(life, chance, policy):
    shuffled = list(life.visits)
    chance.shuffle(shuffled)
    other = Life(life.course, life.calendar, life.today, tuple(shuffled))
    one, two = planned_again(life, policy=policy), planned_again(other, policy=policy)
    assert (one is None) == (two is None)
    if one is not None and two is not None:
        assert days_of(one) == days_of(two)
    judged = [evaluate(x.course, x.visits, as_of=x.today).visits for x in (life, other)]
    assert judged[0] == judged[1]


@seldom
@given(lives(plain=True), st.sampled_from(POLICIES))
def test_one_by_one_is_all_at_once(life, policy):
    at_once = planned_again(life, policy=policy)
    assume(at_once is not None)
    course = life.course
    for visit in life.visits:
        course = record(course, [visit], as_of=life.today, at=BEFORE)
    assert days_of(life.again(course, [], policy=policy)) == days_of(at_once)


def later(life, weeks):
    """The same, all of it some weeks later."""
    by = timedelta(weeks=weeks)
    course = attrs.evolve(
        life.course,
        sessions=tuple(
            attrs.evolve(s, day=s.day + by, ideal=s.ideal and s.ideal + by) for s in life.course.sessions
        ),
    )
    closed = [c.day + by for c in life.calendar.closures]
    calendar = CLINICS[bool(life.calendar.hours[5])].without(closed)
    moved = tuple(attrs.evolve(v, day=v.day + by) for v in life.visits)
    return Life(course, calendar, life.today + by, moved)


@seldom
@given(lives(), st.integers(1, 60), st.sampled_from(POLICIES))
def test_some_weeks_later_it_is_the_same(life, weeks, policy):
    one, two = planned_again(life, policy=policy), planned_again(later(life, weeks), policy=policy)
    assert (one is None) == (two is None)
    if one is not None and two is not None:
        shifted = [(i, day + timedelta(weeks=weeks), status) for i, day, status in days_of(one)]
        assert days_of(two) == shifted


ELSEWHERE = """
from datetime import UTC, date, datetime, time
from ketsched.calendars import Calendar
from ketsched.model import Anatomy, Phase, Protocol, Spacing, Visit
from ketsched.planning import plan
from ketsched.tracking import replan

phase = Phase(kind="induction", name="induction", count=6, weekdays=(0, 3), anatomy=Anatomy(infusion=60),
              spacing=(Spacing(minimum=2, latest=7),))
clinic = Calendar.weekly("UTC", **dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00"), chairs=1)
course = plan(Protocol(id="test", version="1", title="test", phases=(phase,)), start=date(2027, 1, 4),
              calendar=clinic, id="A-017", at=datetime(2026, 12, 1, tzinfo=UTC), time=time(9))
visits = [Visit(date(2027, 1, 4)), Visit(date(2027, 1, 7)), Visit(date(2027, 1, 11), "no-show")]
for policy in ("keep", "make-up", "next-open", "shift", "skip"):
    after = replan(course, visits, calendar=clinic, at=datetime(2027, 1, 11, 23, 30, tzinfo=UTC), policy=policy)
    print(after)
"""


def test_neither_the_zone_of_the_machine_nor_chance_matters():
    said = {
        subprocess.run(
            [sys.executable, "-c", ELSEWHERE],
            env={**os.environ, "TZ": zone, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for zone, seed in (("UTC", "0"), ("Pacific/Kiritimati", "1"), ("Pacific/Honolulu", "2"))
    }
    (only,) = said
    assert "2027" in only
