"""Days that were agreed stay where they can: what a closure or an absence moves. Dates were counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import combinations

import attrs
import pytest

import ketsched as ks
from ketsched.model import Spacing
from ketsched.tracking import replan, ways
from ketsched.words import sentences
from making import HOUR, MON_THU, OPEN_UTC, WEEKDAYS, clinic, jan, morning, phase, planned, visits

CLINIC = clinic(*WEEKDAYS, zone="Europe/London")


def course_of(name, start):
    return ks.plan(
        ks.load_protocol(name),
        start=start,
        calendar=CLINIC,
        id="A-017",
        at=datetime(2026, 12, 1, 9, tzinfo=UTC),
        time=time(9),
    )


def again(course, on, *, closed=(), away=(), **options):
    """The course planned again in the morning of a day, with days closed or the patient away."""
    return replan(
        course,
        calendar=CLINIC.without(closed),
        availability=ks.Calendar.always("Europe/London").without(away) if away else None,
        at=datetime(on.year, on.month, on.day, 9, tzinfo=UTC),
        **options,
    )


def days_of(course):
    return [session.day for session in course.standing()]


def test_one_closed_day_moves_one_booking():
    course = course_of("iv-mwf-6", jan(4))
    assert days_of(course) == [jan(day) for day in (4, 6, 8, 11, 13, 15)]
    # the 12th is a day from the 13th and the 10th a Sunday: between them there is no room
    after = again(course, jan(5), closed=[jan(11)])
    assert days_of(after) == [jan(day) for day in (4, 6, 8, 13, 15, 18)]


def test_a_preference_moves_nobody_else():
    """Mondays and Thursdays; a Monday closes. The 14th breaks a preference, as every other day would."""
    course = course_of("iv-2xw-4w-8", date(2027, 9, 6))
    sept = [date(2027, 9, day) for day in (6, 9, 13, 16, 20, 23, 27, 30)]
    assert days_of(course) == sept
    after = again(course, date(2027, 9, 7), closed=[date(2027, 9, 13)])
    assert days_of(after) == sorted({*sept, date(2027, 9, 14)} - {date(2027, 9, 13)})


def test_a_day_moved_away_from_by_hand_is_given_to_no_other_session():
    course = course_of("iv-mwf-6", jan(4))
    moved = again(course, jan(5), move={"s3": jan(12)})
    # 8 January is not used again; the 11th and the 13th are a day from the 12th; the 15th stays
    assert days_of(moved) == [jan(day) for day in (4, 6, 12, 15, 18, 20)]
    assert days_of(again(course, jan(5), move={"s3": jan(12)}, away=[jan(8)])) == days_of(moved)


def missed_on_the_11th():
    """Three were given, the fourth was missed and is made up on the 18th."""
    given = [ks.Visit(jan(day)) for day in (4, 6, 8)]
    course = course_of("iv-mwf-6", jan(4))
    return replan(
        course,
        [*given, ks.Visit(jan(11), status="no-show")],
        calendar=CLINIC,
        at=datetime(2027, 1, 11, 18, tzinfo=UTC),
    )


def test_a_day_told_in_advance_that_cannot_stand_goes_to_the_end_alone():
    course = missed_on_the_11th()
    assert days_of(course) == [jan(day) for day in (4, 6, 8, 13, 15, 18)]
    after = again(course, jan(12), away=[jan(13)])
    # the 14th is a day from the 15th; behind the 18th there is room on the 20th
    assert days_of(after) == [jan(day) for day in (4, 6, 8, 15, 18, 20)]
    (change,) = (change for change in after.changes if change.after.kind == "session")
    assert (change.kind, change.before.day, change.after.day) == ("moved", jan(13), jan(20))
    assert change.why == "patient away"


def test_a_day_that_was_called_off_is_not_used_again_even_if_it_is_the_first():
    """With four days' notice the 8th is the first day that can be booked, and its session was called off."""
    course = planned(phase(6, Spacing(minimum=1), weekdays=(0, 2, 4), anatomy=HOUR))
    off = [ks.Visit(jan(day), "cancelled", by="clinic") for day in (6, 8, 11)]
    after = replan(course, [*visits(4), *off], calendar=OPEN_UTC, at=morning(4), notice=4)
    assert not {jan(6), jan(8), jan(11)} & set(days_of(after))
    assert len(days_of(after)) == 6


def test_ways_with_the_same_dates_are_one_and_claim_what_they_keep():
    """In three of four ways the series ends on Monday 18 January: 15 dates, where two weeks have 14."""
    given = [ks.Visit(jan(day)) for day in (4, 6, 8)]
    missed = [*given, ks.Visit(jan(11), status="no-show")]
    found = ways(
        course_of("iv-mwf-6", jan(4)), missed, calendar=CLINIC, at=datetime(2027, 1, 11, 18, tzinfo=UTC)
    )
    ends = {way.names: days_of(way.course)[-1] for way in found}
    assert {names: day for names, day in ends.items() if "skip" not in names} == dict.fromkeys(
        [names for names in ends if "skip" not in names], jan(18)
    )
    assert ends[("skip",)] == jan(15)
    for way in found:
        said = [remark for remark in way.course.revisions[-1].remarks if "series now" in remark]
        assert said == (
            []
            if way.names == ("skip",)
            else ["the series now takes 15 days; the protocol prefers 14 (leave out keeps to it)"]
        )


def test_a_plan_that_keeps_a_preference_is_offered_beside_and_not_taken():
    """A Monday closes: the 14th breaks one preference, and moving the Mondays after it breaks none."""
    course = course_of("iv-2xw-4w-8", date(2027, 9, 6))
    closed = CLINIC.without([date(2027, 9, 13)])
    at = datetime(2027, 9, 7, 9, tzinfo=UTC)
    found = {name: way.course for way in ways(course, calendar=closed, at=at) for name in way.names}
    assert days_of(found["keep"]) == days_of(replan(course, calendar=closed, at=at))
    assert not set(days_of(course)[3:]) <= set(days_of(found["prefer"]))
    broken = [
        [
            finding
            for finding in ks.check(plan, calendar=closed, as_of=at.date())
            if finding.code.startswith("KS1")
        ]
        for plan in (found["keep"], found["prefer"])
    ]
    assert len(broken[0]) > len(broken[1]) == 0
    assert days_of(replan(course, calendar=closed, at=at, prefer=True)) == days_of(found["prefer"])


def test_policies_are_offered_for_a_booking_that_cannot_stand():
    """Wednesday 13 January closes, in a course on 4, 6, 8, 11, 13 and 15 January."""
    course = course_of("iv-mwf-6", jan(4))
    closed, at = CLINIC.without([jan(13)]), datetime(2027, 1, 8, 18, tzinfo=UTC)
    given = [ks.Visit(jan(day)) for day in (4, 6, 8)]
    found = {name: way.course for way in ways(course, given, calendar=closed, at=at) for name in way.names}
    assert days_of(found["skip"]) == [jan(day) for day in (4, 6, 8, 11, 15)]
    # a day's delay for it and the one after: Thursday, and Saturday, which is Monday
    assert days_of(found["shift"]) == [jan(day) for day in (4, 6, 8, 11, 14, 18)]
    for name, way in found.items():
        if name in ("make-up", "next-open", "shift", "skip"):
            assert days_of(replan(course, given, calendar=closed, at=at, lost=name)) == days_of(way)


def test_a_shift_that_goes_beyond_a_rule_says_which():
    """
    Five sessions within 21 dates on 4, 7, 11, 15 and 19 January; the second is cancelled.

    On the 15th the first day with two days' notice is Monday 18: 11 days of delay carry the 19th to the 30th, a
    Saturday, and so to Friday 29, 25 days after the first.
    """
    known = phase(5, Spacing(minimum=2), Spacing(apart=4, latest=20), weekdays=MON_THU, anatomy=HOUR)
    course = planned(known)
    days = dict(zip(("s1", "s2", "s3", "s4", "s5"), (4, 7, 11, 15, 19), strict=True))
    course = attrs.evolve(
        course, sessions=tuple([attrs.evolve(s, day=jan(days[s.id])) for s in course.sessions])
    )
    seen = [*visits(4), ks.Visit(jan(7), "cancelled", by="patient"), *visits(11, 15)]
    after = replan(course, seen, calendar=OPEN_UTC, at=morning(15), notice=2, policy="shift")
    assert days_of(after) == [jan(day) for day in (4, 11, 15, 18, 29)]
    assert [(one.rule, one.by) for one in after.lifted] == [("5 within 21 days", "policy")]
    assert (
        "5 sessions now take 26 days; the protocol requires 21 "
        "(at the end, fit in, next open day, leave out keep to it)" in after.revisions[-1].remarks
    )
    kept = replan(course, seen, calendar=OPEN_UTC, at=morning(15), notice=2, policy="keep")
    assert (days_of(kept)[-1] - days_of(kept)[0]).days <= 20


def test_what_a_move_by_hand_pushes_off_is_one_change_with_its_reason():
    """
    On 4, 7, 11, 14, 18 and 21 January; the fourth is moved to the 12th, a day after the third.

    The 11th cannot stand beside it, and there is no open day before: its session goes behind, and is one change.
    """
    course = planned(phase(6, Spacing(minimum=2), weekdays=MON_THU, anatomy=HOUR))
    after = replan(course, visits(4, 7), calendar=OPEN_UTC, at=morning(8), move={"s4": jan(12)})
    assert jan(12) in days_of(after)
    assert jan(11) not in days_of(after)
    assert not {"the series lacks one", "induction has all its sessions"} & {c.why for c in after.changes}
    (pushed,) = (change for change in after.changes if change.before.day == jan(11))
    assert (pushed.kind, pushed.why) == ("moved", "needs 2 days after infusion 3")


def test_a_closure_says_what_its_plan_goes_beyond():
    """Three weeks from Monday 4 January end on the 24th; closed from the 18th to the 22nd the last is on the 27th."""
    course = course_of("iv-2xw-3w-6", jan(4))
    closed = [jan(day) for day in range(18, 23)]
    after = again(course, jan(2), closed=closed)
    assert days_of(after)[-2:] == [jan(25), jan(27)]
    assert list(after.revisions[-1].remarks) == [
        "the series now takes 24 days; the protocol prefers 21 (leave out keeps to it)"
    ]
    # a week later one more day closes: it was beyond already, and is not told again
    later = again(after, jan(3), closed=[*closed, jan(27)])
    assert not [remark for remark in later.revisions[-1].remarks if "the series now" in remark]


def test_the_patient_is_told_what_is_left_of_days_that_change_hands():
    """
    Closed from 24 December to 1 January, in a series of two a week that goes over to one a week on 11 January.

    The first series takes the 11th and the 18th, which the patient has already: these two are not told.
    """
    course = ks.plan(
        ks.load_protocol("esk-trd"),
        start=date(2026, 12, 14),
        calendar=CLINIC,
        id="A-017",
        at=datetime(2026, 12, 1, 9, tzinfo=UTC),
        time=time(9),
    )
    closed = [date(2026, 12, 24) + timedelta(n) for n in range(9)]
    after = again(course, date(2026, 12, 2), closed=closed)
    agreed, now = set(days_of(course)), set(days_of(after))
    _, old, *new = sentences(after)
    for day in agreed & now:
        assert f" {day.day} {day:%B} at" not in old
    for day in agreed - now:
        assert f" {day.day} {day:%B} at" in old
    for day in now - agreed:
        assert f" {day.day} {day:%B}" in new[0]
    reasons = {change.why for change in after.changes}
    assert not {"the series lacks one", "weekly has all its sessions"} & reasons


def test_a_session_at_the_hour_of_an_appointment_that_is_off_is_told():
    """The second of six weekly sessions is missed on 11 January; the day after it the integration of it was to be."""
    course = ks.plan(
        ks.load_protocol("kap-im-weekly"),
        start=jan(4),
        calendar=CLINIC,
        id="A-017",
        at=datetime(2026, 12, 1, 9, tzinfo=UTC),
        time=time(9),
    )
    after = replan(
        course,
        [ks.Visit(jan(4)), ks.Visit(jan(11), status="no-show")],
        calendar=CLINIC,
        policy="make-up",
        at=datetime(2027, 1, 11, 18, tzinfo=UTC),
    )
    (new,) = (c for c in after.changes if c.kind == "added" and c.after.kind == "session")
    assert [line for line in sentences(after) if f" {new.after.day.day} January" in line]


STARTS = [date(2027, 1, 4), date(2027, 4, 5), date(2027, 9, 6), date(2027, 11, 1)]


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("name", ["iv-mwf-6", "iv-2xw-4w-8", "generic-induction"])
def test_no_closure_of_a_day_or_two_moves_a_booking_that_could_stay(name, start):
    course = course_of(name, start)
    agreed = days_of(course)
    singles = [(day,) for day in agreed[1:8]]
    for closed in (*singles, *combinations(agreed[1:6], 2)):
        try:
            after = days_of(again(course, start - timedelta(3), closed=closed))
        except ks.NoFeasiblePlan:
            continue
        assert set(agreed) - set(closed) <= set(after), closed
        assert len(after) == len(agreed)
