"""Laws of checking: no course or calendar is too odd to be checked, and counting another way finds the same."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, date, timedelta
from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st

from checked import (
    BOOSTERS,
    NO_DRIVING,
    START,
    THERAPIST,
    T,
    booked,
    check,
    codes,
    induction,
    january,
    monthly,
)
from ketsched import anchors
from ketsched.checking import Severity, rule_named
from ketsched.checking import check as check_all
from ketsched.checking.case import CheckedCourse
from ketsched.clock import LAST_DAY, seconds
from ketsched.errors import KetschedError
from ketsched.history import Verdict, evaluate
from ketsched.holds import tentative_reasons
from ketsched.model import (
    BookingStatus,
    Spacing,
    Visit,
)
from ketsched.planning import plan
from ketsched.tracking import record
from making import OPEN, protocol
from strategies.oddities import odd_calendars, odd_companions, odd_courses, odd_visits, odd_waivers


@given(odd_courses(), st.data(), odd_waivers())
def test_no_course_is_too_odd_to_be_checked(course, data, waivers):
    first = course.sessions[0].day if course.sessions else START
    calendar = data.draw(st.none() | odd_calendars(first))
    as_of = data.draw(st.sampled_from([None, START, min(first + timedelta(9), LAST_DAY)]))
    named = {"therapist": data.draw(odd_calendars(first))} if data.draw(st.booleans()) else {}
    visits = data.draw(odd_visits(first))
    given = {"calendar": calendar, "calendars": named, "as_of": as_of, "visits": visits}
    found = check_all(course, **given, waivers=waivers)
    known = {session.id for session in course.sessions} | {f"x{n}" for n in range(1, len(visits) + 1)}
    for finding in found:
        assert set(finding.sessions) <= known
        assert set(finding.companions) <= {placed.id for placed in course.companions}
        assert finding.what
        assert finding.where
        assert finding.why
        assert finding.fix
        assert finding.source
        assert rule_named(finding.code).name == finding.name
        assert finding.waived_by is None or finding.severity is Severity.INFO
    shuffled = data.draw(st.permutations(waivers))
    assert check_all(course, **given, waivers=shuffled) == found


@given(odd_courses())
def test_what_a_companion_is_counted_from_is_what_others_read(course):
    """The rules read anchors on their own; published files and the planner read them elsewhere."""
    bookings = CheckedCourse(course=course).bookings
    known = {session.id for session in course.sessions}
    for companion in course.protocol.companions:
        theirs = anchors.anchors(companion, course.standing(), course.companions)
        ours = [
            (due.key, due.day, due.session.id if due.session else None)
            for due in bookings.anchor_days(companion)
        ]
        assert ours == [(one.key, one.day, one.session if one.session in known else None) for one in theirs]


def sensible(companion):
    """What happens during a session is shorter than it."""
    return companion if companion.on_session_days != "during" else attrs.evolve(companion, minutes=30)


@given(odd_companions(), st.integers(1, 6), st.booleans(), st.booleans())
def test_a_plan_of_any_companions_has_no_error(companions, count, with_therapist, with_boosters):
    """The planner and the rules read windows, hours, days of sessions and overlaps separately and must agree."""
    phase_list = [
        attrs.evolve(induction(count, no_driving=NO_DRIVING, weekdays=(0, 2, 4)), name="phase 0"),
        *([monthly(2)] if with_boosters else []),
    ]
    prescribed = protocol(*phase_list, companions=tuple(map(sensible, companions)))
    named = {"therapist": THERAPIST} if with_therapist else {}
    try:
        course = plan(prescribed, start=START, calendar=OPEN, calendars=named)
    except KetschedError:
        return  # one that must be there has no day; planning's own tests judge that
    found = check_all(course, calendar=OPEN, calendars=named)
    assert [str(f) for f in found if f.severity is Severity.ERROR] == []


@given(odd_courses())
def test_firm_sessions_that_wait_are_found_and_no_others(course):
    course = attrs.evolve(course, waivers=())
    waiting = tentative_reasons(course)
    found = {finding.sessions for finding in check(course) if finding.code == "KS417"}
    assert found == {(s.id,) for s in course.sessions if s.id in waiting and s.status is BookingStatus.FIRM}


@given(odd_courses())
def test_moments_are_those_of_the_course(course):
    """Seconds counted by the rules against the course's own aware moments, also where clocks change."""
    case = CheckedCourse(course=course)
    for stay in case.bookings.stays:
        begin, end, until = (
            course.starts(stay.session),
            course.ends(stay.session),
            course.drives_from(stay.session),
        )
        assert (stay.begin, stay.end) == (seconds(begin), seconds(end))
        if until is None or until.astimezone(UTC).astimezone(until.tzinfo).time() == until.time():
            assert stay.drives_from == (seconds(until) if until is not None else None)
    for found in case.bookings.all:
        if found.begin is not None:
            assert (found.begin, found.end) == tuple(map(seconds, course.appointment(found.placed)))


@given(odd_courses())
def test_appointments_overlap_where_comparing_each_pair_says_so(course):
    course = attrs.evolve(course, waivers=())
    case = CheckedCourse(course=course)
    stays = case.bookings.stays
    timed = [one for one in case.bookings.all if one.begin is not None and one.companion.for_patient]
    pairs = [
        (one, other)
        for one, other in itertools.chain[Any](
            itertools.combinations(timed, 2), itertools.product(timed, stays)
        )
        if one.begin < other.end and other.begin < one.end
    ]
    inside = [one for one in timed if one.companion.on_session_days == "during"]
    counted = [
        (one, other)
        for one, other in pairs
        if (one.to_come or (other not in stays and other.to_come))
        and not (one in inside and (other in stays or other in inside))
    ]
    assert codes(check(course)).count("KS406") == len(counted)


@given(odd_courses(), odd_waivers())
def test_waivers_hide_no_finding_and_change_nothing_but_its_severity(course, waivers):
    course = attrs.evolve(course, waivers=())

    def about_the_schedule(found):
        return [
            attrs.evolve(finding, severity=Severity.INFO, waived_by=None)
            for finding in found
            if not finding.code.startswith("KS6")
        ]

    assert about_the_schedule(check(course, waivers=waivers)) == about_the_schedule(check(course))


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=9, unique=True), st.integers(1, 4), st.integers(1, 21)
)
def test_a_cap_on_a_window_is_broken_where_counting_every_window_says_so(offsets, most, width):
    plan = protocol(induction(9, least=1, spacing=(Spacing(apart=most, minimum=width),)))
    course = booked(plan, [START + timedelta(n) for n in offsets])
    counted = max(sum(begin <= n < begin + width for n in offsets) for begin in offsets) > most
    found = [f for f in check(course) if f.code in ("KS101", "KS103")]
    assert bool(found) == counted
    assert all(f.severity is Severity.ERROR for f in found)


@given(
    st.lists(st.integers(1, 12), min_size=1, max_size=8),
    st.integers(0, 6),
    st.integers(0, 6),
    st.integers(1, 3),
)
def test_gaps_are_found_where_subtracting_dates_says_so(gaps, least, more, apart):
    days = [START + timedelta(n) for n in itertools.accumulate(gaps, initial=0)]
    plan = protocol(
        induction(9, least=1, spacing=(Spacing(minimum=least), Spacing(apart=apart, latest=least + more)))
    )
    found = [(f.code, f.sessions) for f in check(booked(plan, days)) if f.code.startswith("KS1")]
    short = [("KS101", (f"s{n}", f"s{n + 1}")) for n, gap in enumerate(gaps, 1) if gap < least]
    long = [
        ("KS102", (f"s{n + 1}", f"s{n + 1 + apart}"))
        for n in range(len(days) - apart)
        if sum(gaps[n : n + apart]) > least + more
    ]
    assert sorted(found) == sorted(short + long)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=7), st.data())
def test_what_was_too_soon_or_forgiven_is_what_the_history_says(gaps, data):
    """The rules read days and bounds, the history its visits; both read the protocol on their own."""
    floor, least, more = (data.draw(st.integers(1, 3)) for _ in range(3))
    spacing = [Spacing(absolute_minimum=floor, minimum=floor + least, latest=floor + least + more)]
    if data.draw(st.booleans()):
        spacing.append(Spacing(apart=2, minimum=data.draw(st.integers(3, 9))))
    days = [START + timedelta(n) for n in itertools.accumulate(gaps, initial=0)]
    course = booked(protocol(induction(9, least=1, spacing=tuple(spacing))), days)
    visits = [Visit(day) for day in days]
    found = check(course, visits=visits, as_of=days[-1])
    judged = evaluate(course, visits, as_of=days[-1]).visits

    def last(code):
        return {finding.sessions[-1] for finding in found if finding.code == code}

    def of(verdict):
        return {one.session for one in judged if one.verdict is verdict}

    assert last("KS503") == of(Verdict.TOO_SOON)
    assert last("KS504") >= of(Verdict.GRACE)
    assert last("KS504") <= of(Verdict.GRACE) | of(Verdict.TOO_SOON)
    assert last("KS505") >= of(Verdict.TOO_LATE)
    assert {f.severity for f in found if f.code < "KS3"} <= {Severity.WARNING}


@given(odd_courses())
def test_between_sessions_that_were_given_no_bound_is_a_fault_of_the_plan(course):
    given_all = tuple(
        attrs.evolve(s, status=BookingStatus.FULFILLED) for s in course.sessions if s.status.stands
    )
    course = attrs.evolve(
        course, sessions=given_all, companions=(), waivers=(), skipped=(), lifted=(), holds=()
    )
    found = check(course)
    assert [f.code for f in found if f.code.startswith("KS1") or f.severity is Severity.ERROR] == [
        f.code for f in found if f.code == "KS306"
    ]


@given(odd_visits(START), st.integers(0, 30))
def test_visits_given_beside_are_checked_as_if_they_were_recorded(visits, days):
    today = START + timedelta(days)
    visits = [visit for visit in visits if visit.day <= today or visit.status == "cancelled"]
    course = booked(attrs.evolve(T, phases=(*T.phases, BOOSTERS)), january(4, 7, 11, 14, 18, 21, 28))
    recorded = record(course, visits, as_of=today)
    beside = check(course, visits=visits, as_of=today)
    assert _without_ids(beside) == _without_ids(check(recorded, as_of=today))


def _without_ids(findings):
    """A command that corrects an entry names it by the id that it got when it was recorded."""
    return [attrs.evolve(finding, fix=re.sub(r" --corrects \S+", "", finding.fix)) for finding in findings]


@given(odd_courses(), st.integers(1, 8))
def test_a_course_moved_by_whole_weeks_has_the_same_findings(course, weeks):
    by = timedelta(7 * weeks)
    dates = [one.day for one in (*course.sessions, *course.companions)]
    dates += [hold.since for hold in course.holds] + [s.ideal for s in course.sessions if s.ideal is not None]
    dates += [day for one in course.authorisations for day in (one.first, one.until) if day is not None]
    if max(dates, default=START) + by > date(2199, 12, 31):
        return

    def moved(by):
        def later(day):
            return day + by if day is not None else None

        return attrs.evolve(
            course,
            waivers=(),
            sessions=tuple(
                attrs.evolve(s, time=None, day=s.day + by, ideal=later(s.ideal)) for s in course.sessions
            ),
            companions=tuple(attrs.evolve(p, time=None, day=p.day + by) for p in course.companions),
            holds=tuple(attrs.evolve(hold, since=hold.since + by) for hold in course.holds),
            authorisations=tuple(
                attrs.evolve(one, first=later(one.first), until=later(one.until))
                for one in course.authorisations
            ),
        )

    found, after = (
        [(f.code, f.severity, f.sessions, f.companions) for f in check_all(moved(delay))]
        for delay in (timedelta(), by)
    )
    assert found == after
