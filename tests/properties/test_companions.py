"""The laws of what goes around sessions, against a second reading of the protocol that tries all days."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date, time, timedelta

import attrs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import ketsched as ks
from ketsched.calendars import Calendar
from ketsched.checking import Severity
from ketsched.errors import KetschedError
from ketsched.model import (
    Anatomy,
    Anchor,
    BookingStatus,
    Companion,
    Course,
    Interval,
    Phase,
    Protocol,
    Session,
    Spacing,
    Window,
)
from ketsched.planning import NoFeasiblePlan, plan
from ketsched.planning import appointments as accompany
from ketsched.planning.rules import bounds_over, pairs_of
from ketsched.protocols import protocol_ids
from ketsched.revising import revise
from ketsched.spacing import Bound, Bounds, lay, tight_windows
from making import clinic
from properties import companions_oracle as oracle
from strategies.calendars import clinics, patients, therapists, weekly_calendars
from strategies.companions import appointment_series, appointments, several_companions
from strategies.courses import short_courses
from strategies.protocols import accompanied_protocols

often = settings(max_examples=100, deadline=None)
seldom = settings(max_examples=60, deadline=None)
rarely = settings(max_examples=30, deadline=None)

MONDAY = date(2027, 1, 4)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = clinic(*WEEK, zone="UTC")


def around(course, *companions):
    """The course with these companions prescribed, and nothing booked yet."""
    return attrs.evolve(course, protocol=attrs.evolve(course.protocol, companions=companions))


def booked(course):
    """Id and day of every booking, or None where there is no course."""
    return course and {booking.id: booking.day for booking in course.companions}


def accompanied(course, clinic, named, availability):
    """The course with what goes around it, or None where one that must be there has no day."""
    try:
        return accompany(course, calendar=clinic, calendars=named, availability=availability)
    except NoFeasiblePlan as error:
        said = (error.what, error.where, error.why, error.fix)
    assert all(said)
    return None


# -- against exhaustive search


@often
@given(short_courses(), clinics, therapists, patients, st.data())
def test_a_single_appointment_is_on_the_best_day_of_its_window(course, clinic, therapist, patient, data):
    course = around(course, data.draw(appointments(course.protocol.phases)))
    named = {"therapist": therapist}
    placed = accompanied(course, clinic, named, patient)
    assert booked(placed) == oracle.all_days(course, clinic, named, patient)


@often
@given(short_courses(), clinics, therapists, patients, st.data())
def test_a_series_of_appointments_is_the_best_there_is(course, clinic, therapist, patient, data):
    course = around(course, data.draw(appointment_series(course.protocol.phases)))
    named = {"therapist": therapist}
    placed = accompanied(course, clinic, named, patient)
    assert booked(placed) == oracle.all_days(course, clinic, named, patient)


@often
@given(short_courses(), clinics, therapists, patients, st.data())
def test_several_companions_are_each_on_their_best_days(course, clinic, therapist, patient, data):
    """One after the other; where that leaves one that must be there without a day, some others exist or none do."""
    course = around(course, *data.draw(several_companions(course.protocol.phases)))
    named = {"therapist": therapist}
    placed = accompanied(course, clinic, named, patient)
    wanted = oracle.all_days(course, clinic, named, patient)
    if placed is None:
        assert wanted is None
        assert not oracle.can_follow(course, clinic, named, patient)
        return
    assert oracle.faults(placed, clinic, named, patient) == []
    assert oracle.missing(placed) == []
    if wanted is not None:
        assert booked(placed) == wanted


@often
@given(
    short_courses(),
    weekly_calendars("09:00-13:00", "09:00-11:00", ""),
    weekly_calendars("09:00-12:00", ""),
    patients,
    st.integers(1, 3),
    st.data(),
)
def test_those_that_must_be_there_are_unless_there_is_no_way(course, clinic, therapist, patient, most, data):
    """Long appointments in short days: days and hours together, against all ways to place them."""
    phases = course.protocol.phases
    must = {"required": True, "weekdays": ()}
    companions = [
        data.draw(
            appointments(
                phases,
                name=f"c{number}",
                minutes=data.draw(st.sampled_from([60, 90, 120])),
                anchor=Anchor(session=data.draw(st.integers(1, 2))),
                window=Window(earliest=first, recommended=first, latest=first + data.draw(st.integers(0, 2))),
                audience="both",
                **must,
            )
        )
        for number in range(most)
        for first in [data.draw(st.integers(-1, 2))]
    ]
    course = around(course, *companions)
    named = {"therapist": therapist}
    placed = accompanied(course, clinic, named, patient)
    if placed is not None:
        assert oracle.faults(placed, clinic, named, patient) == []
        assert oracle.missing(placed) == []
    assert (placed is not None) == oracle.can_all_be(course, clinic, named, patient)


@often
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 1)), min_size=2, max_size=5))
def test_where_each_day_has_one_hour_all_have_theirs_unless_there_is_no_way(shapes):
    """Windows one after the other, so that one makes room for the next by way of several."""
    hour = clinic(*WEEK, hours="13:00-14:00", zone="UTC", name="the therapist")
    phase = Phase(kind="induction", name="induction", count=1, weekdays=(0,), anatomy=Anatomy(infusion=60))
    companions = tuple(
        Companion(
            id=f"c{number}",
            kind="appointment",
            topic="review",
            title="Talk",
            minutes=60,
            required=True,
            anchor=Anchor(session=1),
            window=Window(earliest=first, recommended=first + on, latest=first + on + more),
            calendar="therapist",
        )
        for number, (sooner, on, more) in enumerate(shapes)
        for first in [number + 1 - sooner]
    )
    session = Session(id="s1", phase="induction", day=MONDAY, time=time(10))
    protocol = Protocol(id="test", version="1", title="test", phases=(phase,), companions=companions)
    course = Course(protocol=protocol, zone="UTC", sessions=(session,))
    named = {"therapist": hour}
    placed = accompanied(course, ALWAYS, named, None)
    assert (placed is not None) == oracle.can_all_be(course, ALWAYS, named, None)
    if placed is not None:
        assert oracle.faults(placed, ALWAYS, named, None) == []
        assert oracle.missing(placed) == []


@often
@given(st.sets(st.integers(0, 14)).map(sorted), st.integers(2, 4), st.data())
def test_windows_of_a_series_are_the_days_of_some_placement(opened, count, data):
    """The push over open days gives the first and last of them; with every day open, all between as well."""
    least = data.draw(st.integers(0, 4))
    rules = [Spacing(minimum=least, latest=data.draw(st.none() | st.integers(max(least, 1), 6)))]
    if data.draw(st.booleans()):
        rules.append(Spacing(apart=2, minimum=data.draw(st.integers(2, 8))))
    companion = Companion(
        id="group",
        kind="appointment",
        topic="review",
        title="Group",
        minutes=30,
        anchor=Anchor(session=1),
        window=Window(latest=14),
        count=count,
        every=(Interval(days=1),),
        spacing=tuple(rules),
    )
    places = range(count)
    bounds = list(lay(places, minimum=1))
    for rule in rules:
        bounds += bounds_over(rule, pairs_of(rule, places), "", "")
    found = oracle.windows(companion, [MONDAY + timedelta(n) for n in opened], count)
    pushed = Bounds(bounds).earliest([opened] * count), Bounds(bounds).latest([opened] * count)
    if found is None:
        assert pushed == (None, None)
    else:
        seen = [[(day - MONDAY).days for day in sorted(days)] for days in found]
        assert pushed == ([days[0] for days in seen], [days[-1] for days in seen])
    free = oracle.windows(companion, [MONDAY + timedelta(n) for n in range(15)], count)
    # from the session itself, at place 0, each booking is 0 to 14 days away
    shifted = [attrs.evolve(b, earlier=b.earlier + 1, later=b.later + 1) for b in bounds]
    window = [Bound(0, place + 1, minimum=0, latest=14) for place in places]
    tight = tight_windows(count + 1, [*window, *shifted], fixed={0: 0}, horizon=40)
    if free is None:
        assert not isinstance(tight, tuple)
    else:
        assert isinstance(tight, tuple)
        assert [
            {MONDAY + timedelta(day) for day in range(first, last + 1)} for first, last in tight[1:]
        ] == free


# -- laws of whole plans


def plan_or_none(protocol, clinic, therapist, patient, *, start=MONDAY):
    try:
        return plan(
            protocol, start=start, calendar=clinic, calendars={"therapist": therapist}, availability=patient
        )
    except NoFeasiblePlan:
        return None


@seldom
@given(accompanied_protocols(), clinics, therapists, patients)
def test_companions_move_sessions_only_for_a_day_and_each_is_where_it_may_be(
    protocol, clinic, therapist, patient
):
    """Where a session moves because something that goes with it has no day otherwise, the plan says so."""
    bare = plan_or_none(attrs.evolve(protocol, companions=()), clinic, therapist, patient)
    course = plan_or_none(protocol, clinic, therapist, patient)
    if course is None:
        return
    named = {"therapist": therapist}
    assert oracle.faults(course, clinic, named, patient) == []
    assert oracle.missing(course) == []
    moved = course.sessions != bare.sessions
    assert moved == any("some are on other days for it" in said for said in course.revisions[0].remarks)
    if moved:
        return
    asked = attrs.evolve(bare, protocol=protocol)
    later = accompany(asked, calendar=clinic, calendars=named, availability=patient)
    assert booked(later) == booked(course)


@seldom
@given(accompanied_protocols(), clinics, therapists, patients)
def test_nothing_new_is_the_same_course(protocol, clinic, therapist, patient):
    course = plan_or_none(protocol, clinic, therapist, patient)
    if course is not None:
        named = {"therapist": therapist}
        again = accompany(course, calendar=clinic, calendars=named, availability=patient)
        assert again is course


@seldom
@given(accompanied_protocols(), clinics, therapists, patients, st.data())
def test_what_still_fits_stays_and_the_rest_moves(protocol, clinic, therapist, patient, data):
    """A session moves, is closed, or a day closes; what can stay keeps id, day, hour and number."""
    course = plan_or_none(protocol, clinic, therapist, patient)
    if course is None:
        return
    session = data.draw(st.sampled_from(course.sessions))
    change = data.draw(
        st.sampled_from(
            [
                {"day": session.day + timedelta(data.draw(st.integers(-3, 3)))},
                {"status": BookingStatus.CLOSED},
                {"time": time(13)},
            ]
        )
    )
    taken = {s.day for s in course.sessions if s.id != session.id}
    assume(change.get("day") not in taken)
    done = data.draw(st.sets(st.sampled_from([p.id for p in course.companions]))) if course.companions else ()
    course = attrs.evolve(
        course,
        companions=tuple(
            attrs.evolve(p, status=BookingStatus.FULFILLED) if p.id in done else p for p in course.companions
        ),
    )
    sessions = [attrs.evolve(s, **change) if s.id == session.id else s for s in course.sessions]
    changed = revise(course, at=None, what="moved", sessions=sessions)
    named = {"therapist": therapist}
    after = accompanied(changed, clinic, named, patient)
    if after is None:
        return
    assert after.sessions == changed.sessions
    found = {p.id: p for p in after.companions}
    number = len(after.revisions) - 1
    for before in changed.companions:
        now = found[before.id]  # nothing that was given out is forgotten
        if before.status is BookingStatus.FULFILLED:
            assert now == before
            continue
        same = (now.day, now.time, now.status) == (before.day, before.time, before.status)
        assert now.revised == (before.revised if same else (*before.revised, number))
        if protocol.companion(before.companion).count == 1 and oracle.fits(
            changed, before, clinic, named, patient
        ):
            assert (now.day, now.time, now.status) == (before.day, before.time, before.status)
    said = [fault for fault in oracle.faults(after, clinic, named, patient) if fault.split()[0] not in done]
    assert [fault for fault in said if not (done and "overlaps" in fault)] == []
    assert accompany(after, calendar=clinic, calendars=named, availability=patient) is after


@often
@given(short_courses(), clinics, therapists, patients, st.data())
def test_what_no_longer_fits_is_on_its_best_day_again(course, clinic, therapist, patient, data):
    """By telephone, where no trip is shared: each booking stays if it can, else it is placed as a new one."""
    companion = data.draw(appointments(course.protocol.phases, place="telephone"))
    course, named = around(course, companion), {"therapist": therapist}
    placed = accompanied(course, clinic, named, patient)
    assume(placed is not None and placed.companions)
    session = data.draw(st.sampled_from(placed.sessions))
    day = session.day + timedelta(data.draw(st.integers(-4, 4)))
    assume(day not in {s.day for s in placed.sessions})
    sessions = [attrs.evolve(s, day=day) if s.id == session.id else s for s in placed.sessions]
    changed = revise(placed, at=None, what="moved", sessions=sessions)
    wanted = oracle.all_days(changed, clinic, named, patient)
    stays = {p.id: p.day for p in changed.companions if oracle.fits(changed, p, clinic, named, patient)}
    after = accompanied(changed, clinic, named, patient)
    if wanted is None:
        assert after is None
        return
    found = {p.id: p.day for p in after.companions if p.status.stands}
    before = {p.id: p.day for p in changed.companions}
    assert found.keys() == (wanted | stays).keys()
    for name, day in found.items():  # where only the hour is gone, the day stays
        assert day == stays[name] if name in stays else day in (wanted[name], before.get(name))


@rarely
@given(accompanied_protocols(), clinics, therapists, patients, st.integers(-60, 60))
def test_a_shift_by_whole_weeks_shifts_what_goes_around(protocol, clinic, therapist, patient, weeks):
    by = timedelta(7 * weeks)

    def shifted(calendar):
        closed = tuple(attrs.evolve(closure, day=closure.day + by) for closure in calendar.closures)
        return attrs.evolve(calendar, closures=closed)

    one = plan_or_none(protocol, clinic, therapist, patient)
    away = None if patient is None else shifted(patient)
    two = plan_or_none(protocol, shifted(clinic), shifted(therapist), away, start=MONDAY + by)
    assert (one is None) == (two is None)
    if one is not None:
        assert [(p.id, p.day + by, p.time, p.session) for p in one.companions] == [
            (p.id, p.day, p.time, p.session) for p in two.companions
        ]


@rarely
@given(accompanied_protocols(), clinics, therapists, patients, st.randoms(use_true_random=False))
def test_the_order_of_calendars_and_closures_does_not_matter(protocol, clinic, therapist, patient, random):
    def shuffled(calendar):
        return attrs.evolve(
            calendar, closures=tuple(random.sample(calendar.closures, k=len(calendar.closures)))
        )

    named = {"therapist": therapist, "doctor": clinic}
    options = {"start": MONDAY, "availability": patient}

    def answer(**given):
        try:
            return plan(protocol, **options, **given).companions
        except NoFeasiblePlan as error:
            return error.what, error.why, error.fix

    one = answer(calendar=clinic, calendars=named)
    other = dict(reversed([(name, shuffled(calendar)) for name, calendar in named.items()]))
    assert one == answer(calendar=shuffled(clinic), calendars=other)


SCRIPT = """
from datetime import date
from ketsched.calendars import Calendar
from ketsched.errors import KetschedError
from ketsched.planning import plan
from ketsched.protocols import load_protocol, protocol_ids

week = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00")
clinic = Calendar.weekly("America/New_York", **week, chairs=2).with_holidays("US")
therapist = Calendar.weekly("Europe/London", tue="13:00-18:00", fri="13:00-18:00", name="the therapist")
for name in protocol_ids():
    for closed in ([], [date(2027, 3, d) for d in range(1, 20)]):
        calendars = {"therapist": therapist.without(closed)}
        try:
            course = plan(load_protocol(name), start=date(2027, 3, 1), calendar=clinic, calendars=calendars)
            print(name, [(p.id, str(p.day), str(p.time), p.status.value) for p in course.companions])
        except KetschedError as error:
            print(name, error)
"""


def test_the_answer_depends_neither_on_the_hash_seed_nor_on_the_zone_of_the_host():
    said = set()
    for seed, zone in (("0", "Asia/Kolkata"), ("1", "America/New_York")):
        host = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=host, capture_output=True, text=True, check=True
        )
        said.add(done.stdout)
    (same,) = said
    assert "screening:start" in same
    assert "no day for" in same


@pytest.mark.parametrize("protocol_id", protocol_ids())
def test_what_goes_around_a_shipped_protocol_is_sound(protocol_id):
    """On a real week with real holidays and a therapist's own: no finding is an error."""
    week = dict.fromkeys(WEEK[:5], "08:00-18:00")
    with_chairs = Calendar.weekly("America/New_York", **week, chairs=2).with_holidays("US")
    named = {
        "therapist": clinic(*WEEK[:5], hours="10:00-19:00", zone="America/New_York", name="the therapist")
    }
    protocol = ks.load_protocol(protocol_id)
    planned = 0
    for day in range(7):
        try:
            course = plan(
                protocol, start=date(2027, 2, 1) + timedelta(day), calendar=with_chairs, calendars=named
            )
        except KetschedError:
            continue
        planned += 1
        findings = ks.check(course, calendar=with_chairs, calendars=named)
        assert not [found for found in findings if found.severity is Severity.ERROR]
        assert oracle.missing(course) == []
        assert accompany(course, calendar=with_chairs, calendars=named) is course
    assert planned
