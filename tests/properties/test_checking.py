"""Laws of checking: no course or calendar is too odd to be checked, and counting another way finds the same."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import attrs
from hypothesis import given
from hypothesis import strategies as st

from checked import (
    BOOSTERS,
    NO_DRIVING,
    OUTCOME,
    START,
    THERAPIST,
    WEEKLY,
    T,
    booked,
    check,
    codes,
    induction,
    january,
    monthly,
)
from ketsched import anchors
from ketsched.calendars import Calendar
from ketsched.chairs import Occupancy
from ketsched.checking import RULES, Severity, rule_named
from ketsched.checking import check as check_all
from ketsched.checking.case import CheckedCourse
from ketsched.clock import TimeRange, seconds
from ketsched.errors import KetschedError
from ketsched.history import Verdict, evaluate
from ketsched.holds import tentative_reasons
from ketsched.model import (
    Anatomy,
    Anchor,
    Authorisation,
    BookingStatus,
    Companion,
    Course,
    Hold,
    Interval,
    Join,
    Lifted,
    Phase,
    PlacedCompanion,
    Restriction,
    Session,
    Spacing,
    Visit,
    Waiver,
    Window,
)
from ketsched.planning import plan
from ketsched.tracking import record
from making import OPEN, protocol

ZONES = ("Europe/Amsterdam", "America/New_York", "Pacific/Apia", "UTC")
near = st.integers(0, 8)


@st.composite
def spacings(draw):
    numbers = sorted(draw(st.lists(st.integers(0, 30), min_size=3, max_size=3)))
    given = {
        name: number
        for name, number in zip(("absolute_minimum", "minimum", "latest"), numbers, strict=True)
        if draw(st.booleans())
    }
    hours = draw(st.none() | st.integers(0, 200))
    if "absolute_minimum" in given or (not given and hours is None):
        given["minimum"] = numbers[1]
    required = hours is not None or draw(st.booleans())
    apart = draw(st.integers(1, 3))
    between = draw(st.none() | st.just((1, 1 + apart)))
    return Spacing(**given, minimum_hours=hours, required=required, apart=apart, between=between)


@st.composite
def phases(draw, number, last):
    count = draw(st.integers(1, 5)) if not last or draw(st.booleans()) else None
    pattern = draw(st.sampled_from(["weekdays", "study days", "neither"]))
    if count is None and pattern == "study days":
        pattern = "neither"
    every = (Interval(days=7),) if pattern == "neither" and (count is None or number) else ()
    return Phase(
        kind=draw(st.sampled_from(["induction", "maintenance"])),
        name=f"phase {number}",
        count=count,
        least=1,
        most=draw(st.sampled_from([5, 6])),
        anatomy=Anatomy(infusion=draw(st.sampled_from([1, 40, 600, 1440]))),
        every=every,
        weekdays=draw(st.sampled_from([(0, 3), (6,)])) if pattern == "weekdays" else (),
        study_days=(1, 2, 4, 8, 9, 11) if pattern == "study days" else (),
        weeks=draw(st.sampled_from([None, (1, 1), (2, 4)])),
        anchor_weekday=draw(st.sampled_from([None, 0])),
        spacing=tuple(draw(st.lists(spacings(), max_size=2))),
        join=draw(st.sampled_from([None, Join(minimum=3, latest=9), Join()])) if number else None,
        route=draw(st.sampled_from(["intravenous", "nasal"])),
        place=draw(st.sampled_from(["clinic", "home"])),
        no_driving=draw(st.sampled_from([None, "next day", NO_DRIVING])),
        before=draw(st.sampled_from([(), (Restriction(what="liquids", minutes=30),)])),
        review=draw(st.sampled_from([None, Interval(days=182)])),
    )


@st.composite
def companion_lists(draw):
    """Up to three companions, each a little of everything."""
    found: list[Companion] = []
    for number in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["appointment", "appointment", "task", "notice"]))
        ways = {
            "session": st.integers(1, 4),
            "every": st.integers(1, 3),
            "edge": st.sampled_from(["start", "end"]),
            "study_day": st.integers(1, 20),
        }
        if number:
            ways["companion"] = st.sampled_from([companion.id for companion in found])
        way = draw(st.sampled_from(sorted(ways)))
        phase = draw(st.sampled_from(["", "phase 0"])) if way != "companion" else ""
        given = {}
        if kind == "appointment":
            given = {
                "minutes": draw(st.sampled_from([30, 60, 600])),
                "calendar": draw(st.sampled_from(["", "therapist"])),
                "weekdays": draw(st.sampled_from([(), (1, 3)])),
                "on_session_days": draw(st.sampled_from(["allowed", "never", "only", "during"])),
                "gate": draw(st.booleans()),
            }
        if kind == "notice":
            given = {
                "before": draw(st.sampled_from([None, 0, 120])),
                "after": draw(st.sampled_from([None, 60])),
            }
        elif draw(st.booleans()):
            given |= {"count": draw(st.sampled_from([2, None])), "every": WEEKLY}
            given["spacing"] = draw(st.sampled_from([(), (Spacing(minimum=2, latest=9),)]))
        if given.get("on_session_days") == "during":  # on its session's day, and once
            given |= {"count": 1, "every": (), "spacing": (), "weekdays": ()}
        elif kind != "notice":
            ends = sorted(draw(st.lists(st.integers(-7, 20), min_size=3, max_size=3)))
            given["window"] = Window(earliest=ends[0], recommended=ends[1], latest=ends[2])
        found.append(
            Companion(
                id=f"c{number}",
                kind=kind,
                topic=draw(
                    st.sampled_from(["screening", "review", "fluids", "rest", "peer monitor", "integration"])
                ),
                title=f"C{number}",
                anchor=Anchor(**{way: draw(ways[way])}, phase=phase),
                place=draw(st.sampled_from(["clinic", "home", "telephone", "elsewhere"])),
                audience=draw(st.sampled_from(["patient", "clinic", "both"])),
                required=draw(st.booleans()),
                **given,
            )
        )
    return tuple(found)


@st.composite
def waiver_lists(draw):
    one = st.builds(
        Waiver,
        rule=st.sampled_from([*codes(RULES), "KS999"]),
        sessions=st.lists(st.sampled_from([f"s{n}" for n in range(1, 10)]), min_size=1, max_size=3).map(
            tuple
        ),
        reason=st.sampled_from(["one reason", "another"]),
        who=st.sampled_from(["Dr A", "Dr B"]),
        until=st.none() | st.integers(-5, 60).map(lambda n: START + timedelta(n)),
    )
    return draw(st.lists(one, max_size=6))


@st.composite
def courses(draw):
    number = draw(st.integers(1, 3))
    phase_list = [draw(phases(n, n == number - 1)) for n in range(number)]
    if number > 1 and draw(st.booleans()):
        phase_list.append(attrs.evolve(draw(phases(number, last=False)), beside=phase_list[-1].name))
    plan = protocol(*phase_list, note=draw(st.sampled_from(["", "n"])), companions=draw(companion_lists()))
    first = draw(
        st.sampled_from([START, date(1970, 1, 1), date(2199, 12, 1), date(2027, 3, 8), date(2011, 12, 26)])
    )
    clocks = st.none() | st.sampled_from([time(0), time(2, 30), time(9), time(17), time(23, 59)])
    placed = draw(
        st.lists(st.tuples(st.integers(0, 30), clocks), max_size=9).map(
            lambda found: sorted(found, key=lambda at: (at[0], at[1] or time()))
        )
    )
    sessions = tuple(
        Session(
            id=f"s{n}",
            phase=draw(st.sampled_from(plan.phases)).name,
            day=first + timedelta(day),
            time=clock,
            status=draw(st.sampled_from(BookingStatus)),
            chair=draw(st.sampled_from([None, 1, 3])),
            place=draw(st.sampled_from(["", "home"])),
            route=draw(st.sampled_from(["", "nasal"])),
            ride=draw(st.sampled_from(["", "confirmed", "none", "self"])),
            ideal=draw(st.none() | st.integers(0, 30).map(lambda n: first + timedelta(n))),
            counts=draw(st.sampled_from([True, True, False])),
        )
        for n, (day, clock) in enumerate(placed, 1)
    )
    ids = st.sampled_from([session.id for session in sessions] or ["s1"])
    pairs = draw(st.lists(st.tuples(ids, ids, st.integers(0, 30)), max_size=3)) if sessions else []
    return Course(
        protocol=plan,
        zone=draw(st.sampled_from(ZONES)),
        sessions=sessions,
        waivers=tuple(draw(waiver_lists())[:1]),
        companions=draw(bookings(plan, sessions, first)),
        holds=draw(holds(first)),
        authorisations=draw(authorisations(plan, first)),
        skipped=tuple(draw(st.lists(ids, max_size=2, unique=True))) if sessions else (),
        lifted=tuple(Lifted(rule="a rule", earlier=a, later=b, latest=n) for a, b, n in pairs),
        ended=draw(st.sampled_from([None, None, first])),
    )


def visit_lists(first):
    """What happened, of no session by name: some on days of sessions, some not, some after today."""
    one = st.builds(
        Visit,
        st.integers(0, 30).map(lambda n: min(first + timedelta(n), date(2199, 12, 31))),
        st.sampled_from(["fulfilled", "no-show", "cancelled", "stopped early"]),
        at=st.sampled_from([None, time(9)]),
        elsewhere=st.booleans(),
        worse=st.booleans(),
    )
    return st.lists(one, max_size=6)


@st.composite
def bookings(draw, plan, sessions, first):
    bookable = [companion for companion in plan.companions if companion.kind != "notice"]
    names = [session.id for session in sessions]
    placed = []
    for number in range(draw(st.integers(0, 5)) if bookable else 0):
        companion, session = draw(st.sampled_from(bookable)), draw(st.sampled_from(["", *names]))
        day = min(max(first + timedelta(draw(st.integers(-10, 40))), date(1970, 1, 1)), date(2199, 12, 31))
        clock = draw(st.none() | st.sampled_from([time(0), time(2, 30), time(9), time(10), time(23, 59)]))
        outcome = draw(st.sampled_from([None, OUTCOME, attrs.evolve(OUTCOME, what="stop")]))
        key = f"{companion.id}:{session}"
        placed.append(
            PlacedCompanion(
                id=draw(st.sampled_from([key, f"{key}:1", f"b{number}"])),
                companion=companion.id,
                day=day,
                time=clock if companion.kind == "appointment" else None,
                session=session,
                status=draw(st.sampled_from(BookingStatus)),
                outcome=outcome if companion.gate else None,
            )
        )
    once = {one.id: one for one in placed}.values()
    return tuple(sorted(once, key=lambda one: (one.day, one.time or time())))


@st.composite
def holds(draw, first):
    return tuple(
        Hold(
            id=f"h{number}",
            reason="a reason",
            who="Dr A",
            since=first + timedelta(draw(st.integers(0, 20))),
            sessions=draw(st.sampled_from([(), ("s1",), ("s2", "s99")])),
            **({"lifted_by": "Dr A", "lifted_on": first} if draw(st.booleans()) else {}),
        )
        for number in range(draw(st.integers(0, 2)))
    )


@st.composite
def authorisations(draw, plan, first):
    return tuple(
        Authorisation(
            sessions=draw(st.integers(1, 4)),
            first=draw(st.sampled_from([None, first + timedelta(3)])),
            until=draw(st.sampled_from([None, first + timedelta(12)])),
            scope=draw(st.sampled_from(["", plan.phases[0].name])),
            required=draw(st.booleans()),
        )
        for _ in range(draw(st.integers(0, 2)))
    )


@st.composite
def calendars(draw, first):
    spans = st.sampled_from([(), TimeRange.parse("09:00-12:00, 13:00-17:00"), TimeRange.parse("00:00-24:00")])
    calendar = Calendar(
        draw(st.sampled_from(ZONES)),
        tuple(draw(spans) for _ in range(7)),
        chairs=draw(st.sampled_from([None, 1, 2])),
    )
    calendar = calendar.without([min(first + timedelta(draw(near)), date(2199, 12, 31))], "closed")
    if draw(st.booleans()):
        start = datetime.combine(first, time(1), UTC)
        taken = Occupancy(
            start, start + timedelta(hours=draw(st.integers(1, 48))), draw(st.sampled_from([None, 1, 2]))
        )
        calendar = attrs.evolve(calendar, bookings=(taken,))
    if draw(st.booleans()):
        calendar &= Calendar.always(draw(st.sampled_from(ZONES)))
    return calendar


@given(courses(), st.data(), waiver_lists())
def test_no_course_is_too_odd_to_be_checked(course, data, waivers):
    first = course.sessions[0].day if course.sessions else START
    calendar = data.draw(st.none() | calendars(first))
    as_of = data.draw(st.sampled_from([None, START, first + timedelta(9)]))
    named = {"therapist": data.draw(calendars(first))} if data.draw(st.booleans()) else {}
    visits = data.draw(visit_lists(first))
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


@given(courses())
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


@given(companion_lists(), st.integers(1, 6), st.booleans(), st.booleans())
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


@given(courses())
def test_firm_sessions_that_wait_are_found_and_no_others(course):
    course = attrs.evolve(course, waivers=())
    waiting = tentative_reasons(course)
    found = {finding.sessions for finding in check(course) if finding.code == "KS417"}
    assert found == {(s.id,) for s in course.sessions if s.id in waiting and s.status is BookingStatus.FIRM}


@given(courses())
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


@given(courses())
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


@given(courses(), waiver_lists())
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


@given(courses())
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


@given(visit_lists(START), st.integers(0, 30))
def test_visits_given_beside_are_checked_as_if_they_were_recorded(visits, days):
    today = START + timedelta(days)
    visits = [visit for visit in visits if visit.day <= today or visit.status == "cancelled"]
    course = booked(attrs.evolve(T, phases=(*T.phases, BOOSTERS)), january(4, 7, 11, 14, 18, 21, 28))
    recorded = record(course, visits, as_of=today)
    beside = check(course, visits=visits, as_of=today)
    assert beside == check(recorded, as_of=today)


@given(courses(), st.integers(1, 8))
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
