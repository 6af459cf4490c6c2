"""What goes around sessions, placed: each kind, each anchor, each rule about days, counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import attrs
import pytest

from ketsched.burden import burden
from ketsched.calendars import Calendar
from ketsched.hours import Hours
from ketsched.model import Anchor, BookingStatus, Companion, Interval, Phase, Protocol, Spacing, Window
from ketsched.planning import NoFeasiblePlan, appointments, complete, plan
from ketsched.revising import revise
from ketsched.tracking import replan
from making import JAN_4, NEVER_CLOSED, OPEN, TWO_HOURS, WEEKDAYS, ZONE, clinic, dates

TUE_THU = clinic("tue", "thu", hours="13:00-18:00", name="the therapist")


def talk(anchor, earliest=0, recommended=0, latest=0, *, name="talk", kind="appointment", **given):
    """Return an appointment by telephone (it shares no trip) of a quarter of an hour, unless said otherwise."""
    if kind == "appointment":
        given = {"minutes": 15, "place": "telephone"} | given
    return Companion(
        id=name,
        kind=kind,
        topic="review",
        title=name.capitalize(),
        anchor=anchor,
        window=Window(earliest=earliest, recommended=recommended, latest=latest),
        **given,
    )


def review(anchor, earliest=0, recommended=0, latest=0, **given):
    """Return an appointment at the clinic of 20 minutes."""
    return talk(
        anchor, earliest, recommended, latest, **{"name": "review", "minutes": 20, "place": "clinic"} | given
    )


def task(anchor, latest, *, earliest=0, **given):
    return talk(anchor, earliest, latest, latest, **{"name": "form", "kind": "task"} | given)


SIX = Phase(
    kind="induction",
    name="induction",
    count=6,
    weekdays=(0, 2, 4),
    anatomy=TWO_HOURS,
    spacing=(Spacing(minimum=2),),
)
TWO = Phase(kind="maintenance", name="boosters", count=2, every=(Interval(days=28),), anatomy=TWO_HOURS)


def protocol(*companions, phases=(SIX, TWO)):
    """Six sessions from a Monday on, 4 6 8 11 13 15 January 2027, and boosters on 12 February and 12 March."""
    return Protocol(id="test", version="1", title="test", phases=phases, companions=companions)


def planned(*companions, calendar=OPEN, phases=(SIX, TWO), start=JAN_4, **options):
    return plan(protocol(*companions, phases=phases), start=start, calendar=calendar, **options)


def days_of(course, companion=None):
    return [p.day for p in course.companions if companion in (None, p.companion) and p.status.stands]


def booking(course, name):
    return next(placed for placed in course.companions if placed.id == name)


def no_plan(*companions, **options):
    with pytest.raises(NoFeasiblePlan) as caught:
        planned(*companions, **options)
    return caught.value


INDUCTION: dict[str, Any] = {"phase": "induction"}
FIRST, LAST = Anchor(edge="start"), Anchor(edge="end")


def test_the_sessions_that_all_days_here_are_counted_from():
    course = planned()
    assert [session.day for session in course.sessions] == dates("4 6 8 11 13 15 Jan, 12 Feb, 12 Mar")
    assert {session.time for session in course.sessions} == {time(9)}


# -- anchors and windows


@pytest.mark.parametrize(
    ("anchor", "window", "expected"),
    [
        # Friday 8 + 1 is a Saturday: the nearest open day of the window is Monday 11
        (Anchor(session=3), (1, 1, 3), {"talk:session3": "11 Jan s3"}),
        (Anchor(session=7), (1, 1, 3), {"talk:session7": "15 Feb s7"}),
        (Anchor(session=1, phase="boosters"), (1, 1, 3), {"talk:session1": "15 Feb s7"}),
        (Anchor(session=8), (0, 0, 0), {"talk:session8": "12 Mar s8"}),
        (Anchor(session=9), (0, 0, 0), {}),
        (Anchor(session=7, **INDUCTION), (0, 0, 0), {}),
        (
            Anchor(every=2, **INDUCTION),
            (1, 1, 3),
            {"talk:s2": "7 Jan s2", "talk:s4": "12 Jan s4", "talk:s6": "18 Jan s6"},
        ),
        (Anchor(every=3), (1, 1, 3), {"talk:s3": "11 Jan s3", "talk:s6": "18 Jan s6"}),
        (Anchor(every=7), (0, 0, 0), {"talk:s7": "12 Feb s7"}),
        (Anchor(every=9), (0, 0, 0), {}),
        (FIRST, (-7, -3, -3), {"talk:start": "1 Jan s1"}),
        (LAST, (0, 3, 3), {"talk:end": "15 Mar s8"}),
        (Anchor(edge="end", **INDUCTION), (0, 3, 3), {"talk:end": "18 Jan s6"}),
        (Anchor(edge="start", phase="boosters"), (-1, -1, -1), {"talk:start": "11 Feb s7"}),
        # Day 1 is the first session: Day 9 is Tuesday 12, after session 4; Day 10 is session 5 itself
        (Anchor(study_day=9), (0, 0, 0), {"talk:day9": "12 Jan s4"}),
        (Anchor(study_day=10), (0, 0, 0), {"talk:day10": "13 Jan s5"}),
        (Anchor(study_day=1), (-3, -3, -3), {"talk:day1": "1 Jan s1"}),
        (Anchor(study_day=4, phase="boosters"), (0, 0, 0), {"talk:day4": "15 Feb s7"}),
        (Anchor(study_day=400), (0, 0, 30), {"talk:day400": "7 Feb 2028 s8"}),
    ],
)
def test_each_anchor(anchor, window, expected):
    course = planned(talk(anchor, *window))
    found = {p.id: (p.day, p.session) for p in course.companions}
    wanted = {}
    for name, text in expected.items():
        *day, session = text.split()
        year = 2028 if "2028" in day else 2027
        wanted[name] = (*dates(" ".join(day[:2]), year), session)
    assert found == wanted


def test_what_is_counted_from_another_companion_follows_each_of_its_bookings():
    course = planned(
        talk(Anchor(every=3, **INDUCTION), 1, 1, 3, name="call"),
        talk(Anchor(companion="call"), 1, 1, 3, name="note"),
    )
    assert days_of(course, "call") == dates("11 18 Jan")
    assert [(p.id, p.day, p.session) for p in course.companions if p.companion == "note"] == [
        ("note:call:s3", *dates("12 Jan"), "s3"),
        ("note:call:s6", *dates("19 Jan"), "s6"),
    ]


def test_what_is_counted_from_a_companion_without_a_day_has_none_either():
    course = planned(
        talk(Anchor(session=3), 1, 1, 2, name="call"),  # Saturday and Sunday
        talk(Anchor(companion="call"), 0, 0, 9, name="note"),
    )
    assert course.companions == ()


@pytest.mark.parametrize(
    ("window", "closed", "expected"),
    [
        ((1, 2, 3), "", "6 Jan"),
        ((1, 2, 3), "6 Jan", "5 Jan"),  # 5 and 7 are as near: the earlier
        ((1, 2, 3), "5 6 Jan", "7 Jan"),
        ((1, 1, 3), "5 6 Jan", "7 Jan"),
        ((1, 3, 3), "6 7 Jan", "5 Jan"),
        ((0, 0, 0), "", "4 Jan"),
    ],
)
def test_the_nearest_open_day_to_the_recommended_one(window, closed, expected):
    away = Calendar.always(ZONE).without(dates(closed) if closed else [])
    course = planned(talk(Anchor(session=1), *window, calendar="nurse"), calendars={"nurse": away})
    assert days_of(course) == dates(expected)
    (placed,) = course.companions
    assert placed.ideal == JAN_4 + timedelta(window[1])


def test_a_new_booking_is_of_the_first_revision_and_firm():
    (placed,) = planned(talk(FIRST)).companions
    assert (placed.revised, placed.sequence, placed.status) == ((0,), 0, BookingStatus.FIRM)


# -- kinds


def test_appointments_have_an_hour_tasks_a_date_and_notices_no_booking():
    course = planned(
        talk(Anchor(session=1), 1, 1, 1),
        task(Anchor(session=1), 2),
        talk(Anchor(every=1), name="water", kind="notice"),
    )
    assert [(p.companion, p.day, p.time) for p in course.companions] == [
        ("talk", date(2027, 1, 5), time(9)),
        ("form", date(2027, 1, 6), None),
    ]


FORM = {"audience": "clinic"}


@pytest.mark.parametrize(
    ("closed", "given", "expected"),
    [
        # within 7 calendar days of each session: 4 6 8 11 13 15 January
        ("", FORM, "11 13 15 18 20 22 Jan"),
        # Monday 18 is closed: the last open day before it is Friday 15; before the 20th it is the 19th
        ("18 Jan", FORM, "11 13 15 15 20 22 Jan"),
        ("18 20 Jan", FORM, "11 13 15 15 19 22 Jan"),
        ("18 Jan", {"audience": "both"}, "11 13 15 15 20 22 Jan"),
        ("18 Jan", {"audience": "patient"}, "11 13 15 15 20 22 Jan"),
    ],
)
def test_a_form_within_seven_days_comes_earlier_where_the_clinic_is_closed(closed, given, expected):
    course = planned(
        task(Anchor(every=1, **INDUCTION), 7, **given),
        calendar=clinic(closed=dates(closed) if closed else []),
    )
    assert days_of(course) == dates(expected)


def test_a_task_is_not_brought_forward_out_of_its_window():
    # Sunday 3 January is closed, and the window is that day alone
    assert days_of(planned(task(FIRST, -1, earliest=-1, audience="both"))) == dates("3 Jan")
    assert days_of(planned(task(FIRST, -1, earliest=-2, audience="both"))) == dates("3 Jan")
    assert days_of(planned(task(FIRST, -1, earliest=-3, audience="both"))) == dates("1 Jan")


def test_a_to_do_that_was_due_before_the_weekend_does_not_become_due_on_it():
    """Due on Friday 1 January before the Monday; planned again on Saturday it stays due since then."""
    course = planned(task(FIRST, -1, earliest=-4, audience="patient"))
    assert days_of(course) == dates("1 Jan")
    saturday = datetime(2027, 1, 2, 9, tzinfo=UTC)
    assert days_of(replan(course, calendar=clinic(), at=saturday)) == dates("1 Jan")


def test_a_task_again_and_again_is_due_each_time():
    diary = task(Anchor(session=1), 0, count=None, every=(Interval(days=7),), audience="patient")
    assert days_of(planned(diary, phases=(SIX,))) == dates("4 11 Jan")


# -- series


def group(anchor, window, count, *every, **given):
    steps = tuple(Interval.parse(step) for step in every)
    return talk(anchor, *window, name="group", count=count, every=steps, **given)


def test_two_preparation_groups_on_consecutive_tuesdays_before_the_start():
    groups = group(FIRST, (-21, -13, -1), 2, "P7D", weekdays=(1,))
    course = planned(groups)
    assert [(p.id, p.day) for p in course.companions] == [
        ("group:start:1", date(2026, 12, 22)),
        ("group:start:2", date(2026, 12, 29)),
    ]
    closed = planned(groups, calendar=clinic(closed=[date(2026, 12, 29)]))
    assert days_of(closed) == dates("15 22 Dec", 2026)
    assert days_of(planned(groups, calendar=clinic(closed=dates("15 29 Dec", 2026)))) == []


@pytest.mark.parametrize(
    ("window", "count", "every", "given", "expected"),
    [
        # 1, then 2, then 5 days on, and the last repeats: 5 7 12 17 January; Sunday 17 gives way to Monday 18
        ((1, 1, 21), 4, ("P2D", "P5D"), {}, "5 7 12 18 Jan"),
        # all of them lie in the window
        ((1, 1, 13), 4, ("P2D", "P5D"), {}, "5 7 12 15 Jan"),
        ((1, 1, 3), 4, ("P2D", "P5D"), {}, ""),
        ((1, 1, 4), 4, ("P2D", "P5D"), {}, "5 6 7 8 Jan"),
        # ideals 5 6 7; 3 days apart at least
        ((1, 1, 9), 3, ("P1D",), {"spacing": (Spacing(minimum=3),)}, "5 8 11 Jan"),
        ((1, 1, 6), 3, ("P1D",), {"spacing": (Spacing(minimum=3),)}, ""),
        # Tuesdays and Thursdays only; ideals 5 8 11: 8 lies between 7 and 12
        ((1, 1, 14), 3, ("P3D",), {"weekdays": (1, 3)}, "5 7 12 Jan"),
        ((1, 1, 14), 2, ("P7D",), {"weekdays": (1,)}, "5 12 Jan"),
    ],
)
def test_several_bookings_from_one_anchor(window, count, every, given, expected):
    course = planned(group(Anchor(session=1), window, count, *every, **given))
    assert days_of(course) == (dates(expected) if expected else [])


def test_months_are_counted_from_the_same_day_each_time():
    single = (attrs.evolve(SIX, count=1, weekdays=(6,)),)
    course = planned(
        group(FIRST, (0, 0, 90), 3, "P1M", place="elsewhere"),
        calendar=NEVER_CLOSED,
        phases=single,
        start=date(2027, 1, 31),
    )
    assert days_of(course) == dates("31 Jan, 28 Feb, 31 Mar")


@pytest.mark.parametrize(
    ("anchor", "recommended", "expected"),
    [
        # weekly to the last session of the induction, 15 January
        (Anchor(session=1, **INDUCTION), 2, "6 13 Jan"),
        (Anchor(session=1, **INDUCTION), 4, "8 15 Jan"),
        (Anchor(session=1, **INDUCTION), 5, "9 Jan"),
        (Anchor(session=1, **INDUCTION), 11, "15 Jan"),
        (Anchor(session=1, **INDUCTION), 12, ""),
        # to the last of the course, 12 March
        (Anchor(session=1), 2, "6 13 20 27 Jan, 3 10 17 24 Feb, 3 10 Mar"),
        (Anchor(session=1), 4, "8 15 22 29 Jan, 5 12 19 26 Feb, 5 12 Mar"),
        (Anchor(edge="start", phase="boosters"), 7, "19 26 Feb, 5 12 Mar"),
    ],
)
def test_again_and_again_until_the_last_session(anchor, recommended, expected):
    weekly = group(anchor, (0, recommended, 20), None, "P7D")
    course = planned(weekly, calendar=NEVER_CLOSED)
    assert [s.day for s in course.sessions] == dates("4 6 8 11 13 15 Jan, 12 Feb, 12 Mar")
    assert days_of(course) == (dates(expected) if expected else [])


def test_a_series_is_all_there_or_not_at_all():
    five = group(Anchor(session=1), (1, 1, 4), 5, "P1D")
    assert planned(five).companions == ()
    error = no_plan(attrs.evolve(five, required=True))
    assert error.what == "no day for Group"


# -- days of sessions


@pytest.mark.parametrize(
    ("rule", "window", "expected"),
    [
        ("allowed", (0, 0, 3), "4 Jan"),
        ("never", (0, 0, 3), "5 Jan"),
        ("never", (2, 2, 2), ""),
        ("never", (2, 2, 3), "7 Jan"),
        ("only", (1, 1, 6), "6 Jan"),
        ("only", (1, 1, 1), ""),
        ("only", (3, 5, 6), "8 Jan"),
        ("only", (5, 5, 6), ""),
    ],
)
def test_on_days_of_sessions(rule, window, expected):
    course = planned(talk(Anchor(session=1), *window, on_session_days=rule))
    assert days_of(course) == (dates(expected) if expected else [])


def test_therapy_never_on_an_infusion_day_after_every_session():
    # after Friday 8 come a weekend and the infusion of Monday 11
    therapy = talk(Anchor(every=1, **INDUCTION), 0, 0, 3, on_session_days="never")
    course = planned(therapy)
    assert [p.id for p in course.companions] == ["talk:s1", "talk:s2", "talk:s4", "talk:s5", "talk:s6"]
    assert days_of(course) == dates("5 7 12 14 18 Jan")
    error = no_plan(attrs.evolve(therapy, required=True))
    assert error.what == "no day for Talk"
    assert "each session of induction (2027-01-08)" in error.where
    for day in ("2027-01-08", "2027-01-09 to 2027-01-10", "2027-01-11"):
        assert day in error.why
    assert "a session is on that day" in error.why


def test_only_is_on_days_of_the_sessions_that_the_anchor_counts():
    """28 days after the induction is a booster's day, and no day of the induction."""
    late = talk(Anchor(edge="end", **INDUCTION), 0, 28, 40, on_session_days="only")
    assert days_of(planned(late)) == dates("15 Jan")
    assert days_of(planned(attrs.evolve(late, anchor=Anchor(session=6)))) == dates("12 Feb")


def test_during_is_at_the_start_of_the_infusion():
    course = planned(
        talk(
            Anchor(every=1, **INDUCTION), name="magnet", on_session_days="during", minutes=40, place="clinic"
        ),
        talk(Anchor(session=1), name="call"),
    )
    magnets = [p for p in course.companions if p.companion == "magnet"]
    assert [p.day for p in magnets] == dates("4 6 8 11 13 15 Jan")
    assert {p.time for p in magnets} == {time(9, 20)}
    assert booking(course, "call:session1").time == time(11)  # the session lasts from 09:00 to 11:00
    assert burden(course).trips_saved == 0  # it is the session's own trip


# -- shared trips


def test_a_review_after_the_third_infusion_is_on_the_same_morning():
    course = planned(review(Anchor(session=3), 0, 2, 3, required=True))
    (placed,) = course.companions
    # Friday 8 and Monday 11 are session days; 11 is nearer to Sunday 10
    assert (placed.day, placed.time) == (date(2027, 1, 11), time(11))
    (same,) = planned(review(Anchor(session=3), 0, 0, 2)).companions
    assert (same.day, same.time) == (date(2027, 1, 8), time(11))
    assert burden(planned(review(Anchor(session=3), 0, 1, 2))).trips_saved == 1


@pytest.mark.parametrize(
    ("given", "expected", "saved"),
    [
        ({}, "6 Jan", 1),  # the nearest session day in 5 to 7 January, although the 5th is recommended
        ({"audience": "patient"}, "6 Jan", 1),
        ({"audience": "clinic"}, "5 Jan", 0),
        ({"place": "telephone"}, "5 Jan", 0),
        ({"place": "elsewhere"}, "5 Jan", 0),
        ({"place": "home"}, "5 Jan", 0),
        ({"on_session_days": "never"}, "5 Jan", 0),
        ({"on_session_days": "only"}, "6 Jan", 1),
        ({"weekdays": (1, 3)}, "5 Jan", 0),
    ],
)
def test_what_shares_a_trip(given, expected, saved):
    course = planned(review(Anchor(session=1), 1, 1, 3, **given))
    assert days_of(course) == dates(expected)
    assert burden(course).trips_saved == saved


def test_a_trip_for_one_review_serves_the_next():
    # Tuesday 5 is no session day; the second review is best on Thursday 7 but the patient comes on the 5th
    course = planned(
        review(Anchor(session=1), 1, 1, 1, name="one"),
        review(Anchor(session=1), 1, 3, 3, name="two", weekdays=(1, 3)),
    )
    assert days_of(course) == dates("5 5 Jan")
    assert burden(course).trips_saved == 1
    first, second = course.companions
    assert {first.time, second.time} == {time(9), time(9, 30)}  # 20 minutes, on the quarter of an hour


def test_a_series_shares_as_many_trips_as_it_can():
    # ideals 5, 7; window 5 to 8 January with the sessions of the 6th and the 8th
    course = planned(
        talk(Anchor(session=1), 1, 1, 4, name="group", place="clinic", count=2, every=(Interval(days=2),))
    )
    assert days_of(course) == dates("6 8 Jan")


def test_it_is_next_to_the_session_also_late_in_the_day():
    # the session is from 15:00 to 17:00, when the clinic closes; 20 minutes before it begin at 14:30
    (placed,) = planned(review(Anchor(session=3)), time=time(15)).companions
    assert placed.time == time(14, 30)


def test_a_day_of_its_own_is_near_to_the_preferred_time():
    course = planned(review(Anchor(session=1), 1, 1, 1), time=time(14, 5))
    assert course.companions[0].time == time(14)


def test_it_takes_no_hour_of_a_session_and_none_of_another_appointment():
    # 09:00 to 13:00, a session of 2 h: two reviews of an hour fit, a third does not
    short = clinic(hours="09:00-13:00")
    hour = {"minutes": 60, "on_session_days": "only"}
    two = [review(Anchor(session=1), name=f"r{n}", **hour) for n in range(3)]
    course = planned(*two, calendar=short)
    assert [(p.companion, p.time) for p in course.companions] == [("r0", time(11)), ("r1", time(12))]
    error = no_plan(*(attrs.evolve(one, required=True) for one in two), calendar=short)
    assert error.what == "no day for R2"


# -- whose hours


def therapy(**given):
    return talk(
        Anchor(every=1, **INDUCTION),
        1,
        1,
        6,
        name="therapy",
        calendar="therapist",
        place="elsewhere",
        minutes=50,
        on_session_days="never",
        **given,
    )


def test_the_therapists_week_is_not_the_clinics():
    course = planned(therapy(), calendars={"therapist": TUE_THU})
    # Tuesdays and Thursdays from 13:00 on, the nearest to the day after each session; two on one day
    # follow each other. After Friday 15: Tuesday 19.
    assert days_of(course) == dates("5 7 12 12 14 19 Jan")
    assert [p.time for p in course.companions] == [
        time(13),
        time(13),
        time(13),
        time(14),
        time(13),
        time(13),
    ]


def test_without_a_calendar_of_that_name_the_clinics_hours_hold():
    course = planned(therapy(), calendars={"nobody": TUE_THU})
    # the day after; Saturdays and Sundays are closed and Mondays are of sessions
    assert days_of(course) == dates("5 7 12 12 14 18 Jan")
    assert {p.time for p in course.companions} == {time(9), time(10)}  # 50 minutes, on the quarter of an hour


def test_a_therapists_closed_week_moves_what_can_move_and_explains_what_cannot():
    away = TUE_THU.without(dates("5 7 Jan"), "leave")
    course = planned(therapy(), calendars={"therapist": away})
    # session 1 has 5 to 10 January: nothing; session 2 has 7 to 12: Tuesday 12
    assert [p.id for p in course.companions][:1] == ["therapy:s2"]
    assert booking(course, "therapy:s2").day == date(2027, 1, 12)
    error = no_plan(therapy(required=True), calendars={"therapist": away})
    assert error.what == "no day for Therapy"
    assert "companion therapy" in error.where
    for said in ("2027-01-05", "2027-01-07", "leave", "the therapist", "a session is on that day"):
        assert said in error.why, said
    assert "open 2027-01-05" in error.fix
    opened = away.opening(date(2027, 1, 5), "13:00-14:00")
    mended = planned(therapy(required=True), calendars={"therapist": opened})
    assert booking(mended, "therapy:s1").day == date(2027, 1, 5)


def test_a_window_that_no_closure_explains_offers_no_day_to_open():
    error = no_plan(talk(Anchor(session=3), 1, 1, 2, required=True))  # Saturday and Sunday
    assert "2027-01-09 to 2027-01-10" in error.why
    assert "the clinic" in error.why
    assert "open 2027" not in error.fix
    assert "window" in error.fix


def test_at_home_it_is_any_day_from_eight_to_eight():
    day_after = {"earliest": 1, "recommended": 1, "latest": 1}
    (placed,) = planned(talk(Anchor(session=3), **day_after, place="home")).companions
    assert (placed.day, placed.time) == (date(2027, 1, 9), time(8))  # a Saturday
    long = talk(Anchor(session=3), **day_after, place="home", minutes=12 * 60)
    assert planned(long).companions[0].time == time(8)
    assert planned(attrs.evolve(long, minutes=12 * 60 + 1)).companions == ()
    evening = planned(talk(Anchor(session=3), **day_after, place="home"), time=time(21)).companions[0]
    assert evening.time == time(19, 45)


def test_at_home_with_somebody_it_is_when_they_can():
    nurse = clinic("sat", hours="10:00-12:00", name="the nurse")
    visit = talk(Anchor(session=3), 1, 1, 3, place="home", calendar="nurse")
    (placed,) = planned(visit, calendars={"nurse": nurse}).companions
    assert (placed.day, placed.time) == (date(2027, 1, 9), time(10))


def test_by_telephone_it_is_within_the_clinics_hours():
    assert planned(talk(Anchor(session=3), 1, 1, 2)).companions == ()
    (placed,) = planned(talk(Anchor(session=3), 1, 1, 4, weekdays=(1,)), time=time(20)).companions
    assert (placed.day, placed.time) == (date(2027, 1, 12), time(16, 45))


def test_it_needs_no_chair():
    full = planned(review(Anchor(session=1), 1, 1, 1), calendar=OPEN)
    taken = OPEN.booked(
        plan(protocol(phases=(attrs.evolve(SIX, count=1),)), start=date(2027, 1, 5), calendar=OPEN)
    )
    assert planned(review(Anchor(session=1), 1, 1, 1), calendar=taken).companions == full.companions


def test_what_is_for_the_clinic_alone_does_not_ask_when_the_patient_can():
    away = Calendar.always(ZONE).without(dates("5 Jan"))
    case = talk(Anchor(session=1), 1, 1, 3)
    assert days_of(planned(case, availability=away)) == dates("6 Jan")
    assert days_of(planned(attrs.evolve(case, audience="clinic"), availability=away)) == dates("5 Jan")
    mornings = attrs.evolve(clinic(hours="09:00-12:00"), name="the patient")
    assert planned(case, availability=mornings, time=time(16)).companions[0].time == time(11, 45)


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        # 09:00 in New York is 15:00 in Amsterdam, but 14:00 while only one of them has changed its clocks
        (date(2027, 1, 4), time(15)),
        (date(2027, 3, 8), time(15)),
        (date(2027, 3, 15), time(14)),
        (date(2027, 3, 22), time(14)),
        (date(2027, 3, 29), time(15)),
    ],
)
def test_a_therapist_in_another_zone(start, expected):
    there = clinic("tue", hours="09:00-10:00", zone="America/New_York", name="the therapist")
    session = talk(Anchor(session=1), 1, 1, 1, calendar="therapist", minutes=60)
    (placed,) = planned(session, calendars={"therapist": there}, start=start).companions
    assert (placed.day, placed.time) == (start + timedelta(1), expected)


@pytest.mark.parametrize(
    ("sunday", "minutes", "wanted", "expected"),
    [
        # 28 March 2027: 02:00 to 03:00 is left out, so midnight to four is three hours
        (date(2027, 3, 28), 60, time(2, 30), time(3)),
        (date(2027, 3, 28), 180, time(0), time(0)),
        (date(2027, 3, 28), 181, time(0), None),
        # 31 October 2027: 02:00 to 03:00 comes twice, so it is five
        (date(2027, 10, 31), 60, time(2, 30), time(3)),
        (date(2027, 10, 31), 60, time(2, 10), time(1, 45)),
        (date(2027, 10, 31), 300, time(0), time(0)),
        (date(2027, 10, 31), 301, time(0), None),
        (date(2027, 10, 24), 240, time(0), time(0)),
        (date(2027, 10, 24), 241, time(0), None),
    ],
)
def test_nights_on_which_the_clocks_change(sunday, minutes, wanted, expected):
    night = clinic("sun", hours="00:00-04:00", name="the night")
    session = talk(Anchor(session=1), 2, 2, 2, calendar="night", minutes=minutes)
    friday = sunday - timedelta(2)
    course = planned(session, calendars={"night": night}, start=friday, time=wanted)
    assert [p.time for p in course.companions] == ([] if expected is None else [expected])


# -- those that must be there


def test_those_that_must_be_there_come_first():
    # one hour of the therapist's in the window of both: the required one has it, though it is listed second
    hour = clinic("tue", hours="13:00-14:00", name="the therapist")
    wish = talk(Anchor(session=1), 1, 1, 1, name="wish", calendar="therapist", minutes=60)
    must = attrs.evolve(wish, id="must", required=True)
    course = planned(wish, must, calendars={"therapist": hour})
    assert [p.companion for p in course.companions] == ["must"]


def hour_a_day(*names):
    """An hour a day, and companions of an hour that must be there, by their windows after session 1."""
    return clinic(*WEEKDAYS, hours="13:00-14:00", name="the therapist"), [
        talk(
            Anchor(session=1),
            *window,
            name=name,
            calendar="therapist",
            minutes=60,
            required=True,
            place="elsewhere",
        )
        for name, window in names
    ]


def test_one_that_must_be_there_makes_room_for_another():
    hour, both = hour_a_day(("one", (1, 2, 2)), ("two", (2, 2, 2)))
    course = planned(*both, calendars={"therapist": hour})
    assert days_of(course, "one") == dates("5 Jan")
    assert days_of(course, "two") == dates("6 Jan")


def test_one_makes_room_by_way_of_another():
    # 5 6 7 January have an hour each: c needs the 7th, so b the 6th, so a the 5th
    hour, three = hour_a_day(("a", (1, 2, 2)), ("b", (2, 3, 3)), ("c", (3, 3, 3)))
    course = planned(*three, calendars={"therapist": hour})
    assert [(p.companion, p.day) for p in course.companions] == list(
        zip("abc", dates("5 6 7 Jan"), strict=True)
    )


def test_where_they_take_each_others_hours_the_error_says_so():
    hour, both = hour_a_day(("one", (2, 2, 2)), ("two", (2, 2, 2)))
    error = no_plan(*both, calendars={"therapist": hour})
    assert error.what == "no day for Two"
    assert "2027-01-06" in error.why
    assert "the patient has One then" in error.why


def test_what_must_follow_moves_what_it_is_counted_from():
    # the note is 2 days after the call, on a Thursday: so the call is on Tuesday 5, not on Wednesday 6
    course = planned(
        talk(Anchor(session=1), 1, 2, 3, name="call"),
        talk(Anchor(companion="call"), 2, 2, 2, name="note", weekdays=(3,), required=True),
    )
    assert days_of(course) == dates("5 7 Jan")


def test_what_must_follow_and_cannot_is_an_error():
    call = talk(Anchor(session=3), 0, 0, 0, name="call")
    note = talk(Anchor(companion="call"), 1, 1, 2, name="note", required=True)  # Saturday and Sunday
    assert no_plan(attrs.evolve(call, required=True), note).what == "no day for Note"
    assert no_plan(call, note).what == "no day for Note"


def test_a_start_is_taken_from_which_all_that_must_be_there_can_be():
    # nobody screens before 4 January: the start of that day has no screening, the 6th has one
    doctor = clinic(name="the doctor", closed=[date(2026, 12, 20) + timedelta(n) for n in range(15)])
    screening = talk(FIRST, -7, -3, -1, name="screening", calendar="doctor", required=True)
    between = (date(2027, 1, 4), date(2027, 1, 11))
    course = planned(screening, calendars={"doctor": doctor}, start=between)
    assert course.sessions[0].day == date(2027, 1, 6)
    assert days_of(course) == dates("4 Jan")
    assert planned(screening, start=between).sessions[0].day == JAN_4
    with pytest.raises(NoFeasiblePlan):
        planned(screening, calendars={"doctor": doctor}, start=(JAN_4, JAN_4))


def test_of_starts_that_were_tried_the_first_is_completed_around_which_all_can_be():
    doctor = clinic(name="the doctor", closed=[date(2026, 12, 20) + timedelta(n) for n in range(15)])
    screening = talk(FIRST, -7, -3, -1, name="screening", calendar="doctor", required=True)
    courses = [planned(screening, start=day) for day in (JAN_4, date(2027, 1, 6), date(2027, 1, 8))]
    hours = Hours(clinic(), staff={"doctor": doctor})
    assert complete(courses, hours, id="A-1") == attrs.evolve(
        planned(screening, calendars={"doctor": doctor}, start=date(2027, 1, 6)), id="A-1"
    )
    with pytest.raises(NoFeasiblePlan):
        complete(courses[:1], hours)


# -- once booked


AT = datetime(2027, 1, 2, 9, tzinfo=UTC)


def moved(course, session_id, **change):
    """The course with one session changed, as its next revision."""
    sessions = [attrs.evolve(s, **change) if s.id == session_id else s for s in course.sessions]
    return revise(course, at=None, what="moved", sessions=sessions)


def record(course, name, status):
    companions = [attrs.evolve(p, status=status) if p.id == name else p for p in course.companions]
    return revise(course, at=None, kind="recorded", companions=companions)


CALLS = talk(Anchor(every=1, **INDUCTION), 1, 1, 3, name="call")
"""Days after 4 6 8 11 13 15 January: 5 7 11 12 14 18."""


def test_nothing_new_is_the_same_course():
    course = planned(CALLS)
    assert days_of(course) == dates("5 7 11 12 14 18 Jan")
    assert appointments(course, calendar=OPEN) is course
    assert appointments(course, calendar=OPEN, time=time(16)) is course  # what is booked keeps its hour


def test_what_is_prescribed_later_is_placed_as_the_next_revision():
    bare = plan(protocol(), start=JAN_4, calendar=OPEN, at=AT)
    asked = attrs.evolve(bare, protocol=protocol(CALLS))
    course = appointments(asked, calendar=OPEN, at=AT + timedelta(1))
    assert days_of(course) == dates("5 7 11 12 14 18 Jan")
    assert {p.revised for p in course.companions} == {(1,)}
    assert {p.sequence for p in course.companions} == {0}
    assert course.sessions == bare.sessions
    assert [r.at for r in course.revisions] == [AT, AT + timedelta(1)]


def test_a_companion_moves_with_its_session_and_the_others_stay():
    course = planned(CALLS)
    # session 2 from Wednesday 6 to Thursday 7: its call has 8 to 10 January, so Friday 8
    after = appointments(moved(course, "s2", day=date(2027, 1, 7)), calendar=OPEN)
    assert days_of(after) == dates("5 8 11 12 14 18 Jan")
    assert [s.day for s in after.sessions[:6]] == dates("4 7 8 11 13 15 Jan")
    assert booking(after, "call:s2").revised == (0, 2)
    for before in course.companions:
        if before.id != "call:s2":
            assert booking(after, before.id) == before


def test_a_companion_that_still_fits_stays_though_another_day_is_recommended():
    # from Wednesday 6 to Tuesday 5: the call of Thursday 7 is 2 days after it, within 1 to 3
    course = planned(CALLS)
    after = appointments(moved(course, "s2", day=date(2027, 1, 5)), calendar=OPEN)
    assert days_of(after) == days_of(course)
    assert booking(after, "call:s2").revised == (0,)


def test_a_companion_that_no_longer_fits_is_on_its_recommended_day_again():
    # recommended 2 days after; from Monday 4 to Thursday 7, so from Wednesday 6 to Saturday 9
    call = talk(Anchor(session=1), 0, 2, 6, name="call")
    single = (attrs.evolve(SIX, count=1),)
    course = planned(call, calendar=NEVER_CLOSED, phases=single)
    assert days_of(course) == dates("6 Jan")
    after = appointments(moved(course, "s1", day=date(2027, 1, 7)), calendar=NEVER_CLOSED)
    assert days_of(after) == dates("9 Jan")


def test_it_gives_way_to_a_session_that_takes_its_hour():
    course = planned(talk(Anchor(session=1), 1, 1, 1))
    assert booking(course, "talk:session1").time == time(9)
    after = appointments(moved(course, "s2", day=date(2027, 1, 5)), calendar=OPEN)
    placed = booking(after, "talk:session1")
    assert (placed.day, placed.time, placed.revised) == (date(2027, 1, 5), time(11), (0, 2))


def test_what_has_lost_its_session_is_closed_and_comes_back_with_it():
    course = planned(CALLS)
    without = appointments(moved(course, "s2", status=BookingStatus.CLOSED), calendar=OPEN)
    lost = booking(without, "call:s2")
    assert (lost.status, lost.day, lost.revised) == (BookingStatus.CLOSED, date(2027, 1, 7), (0, 2))
    assert all(booking(without, p.id) == p for p in course.companions if p.id != "call:s2")
    assert appointments(without, calendar=OPEN) is without
    again = appointments(moved(without, "s2", status=BookingStatus.FIRM), calendar=OPEN)
    back = booking(again, "call:s2")
    assert (back.status, back.day, back.revised) == (BookingStatus.FIRM, date(2027, 1, 7), (0, 2, 4))


def test_a_session_by_number_is_the_next_one_that_stands():
    course = planned(talk(Anchor(session=2), 1, 1, 3))
    assert [(p.id, p.day, p.session) for p in course.companions] == [
        ("talk:session2", date(2027, 1, 7), "s2")
    ]
    after = appointments(moved(course, "s2", status=BookingStatus.MISSED), calendar=OPEN)
    assert [(p.id, p.day, p.session, p.status) for p in after.companions] == [
        ("talk:session2", date(2027, 1, 11), "s3", BookingStatus.FIRM)  # the same booking, moved
    ]


@pytest.mark.parametrize("status", [BookingStatus.FULFILLED, BookingStatus.MISSED])
def test_what_took_place_or_was_missed_stays_as_it_is(status):
    course = record(planned(CALLS), "call:s2", status)
    assert appointments(course, calendar=OPEN) is course
    # also when its session moves away from it
    after = appointments(moved(course, "s2", day=date(2027, 1, 7)), calendar=OPEN)
    assert booking(after, "call:s2") == booking(course, "call:s2")


def test_what_took_place_stays_when_its_session_is_closed():
    course = record(planned(CALLS), "call:s2", BookingStatus.FULFILLED)
    after = appointments(moved(course, "s2", status=BookingStatus.CLOSED), calendar=OPEN)
    assert booking(after, "call:s2") == booking(course, "call:s2")


def test_a_day_that_closes_moves_what_was_booked_on_it():
    course = planned(CALLS)
    after = appointments(course, calendar=clinic(closed=dates("7 Jan")))
    # session 2 has 7 to 9 January: 8 is the nearest
    assert days_of(after) == dates("5 8 11 12 14 18 Jan")
    assert booking(after, "call:s2").sequence == 1


def test_sessions_are_where_they_are_with_companions_and_without():
    many = planned(CALLS, review(Anchor(every=1), 0, 0, 3), task(FIRST, 7), therapy())
    assert many.sessions == planned().sessions


# -- gates, the past, and one therapist for two patients

SCREENING = talk(FIRST, -7, -4, -1, name="screening", gate=True)


def test_a_gate_is_always_required():
    assert SCREENING.required
    assert not talk(FIRST, -7, -4, -1, name="screening").required


def test_a_gate_without_a_day_is_no_plan_and_no_firm_sessions():
    # 28 December to 3 January: seven days before Monday 4 January, all closed
    closed = OPEN.without(dates("28 29 30 31 Dec, 1 Jan", year=2026))
    assert no_plan(SCREENING, calendar=closed).what == "no day for Screening"
    course = planned(SCREENING)
    with pytest.raises(NoFeasiblePlan):
        appointments(course, calendar=closed)


def test_sessions_wait_for_a_screening_that_was_missed():
    course = planned(SCREENING)
    (screening,) = course.companions
    missed = attrs.evolve(course, companions=(attrs.evolve(screening, status=BookingStatus.MISSED),))
    assert appointments(missed, calendar=OPEN) == missed
    assert {session.status for session in missed.sessions} == {BookingStatus.TENTATIVE}


@pytest.mark.parametrize(
    ("today", "day"),
    [
        (date(2027, 1, 4), date(2027, 1, 6)),  # the day before it: it moves off the day that is closed
        (date(2027, 1, 5), date(2027, 1, 5)),  # its own day: it stays
        (date(2027, 1, 20), date(2027, 1, 5)),  # long after
    ],
)
def test_the_past_stays_as_it_is(today, day):
    course = planned(talk(Anchor(session=1), 1, 1, 3))
    assert days_of(course) == [date(2027, 1, 5)]
    after = appointments(course, calendar=OPEN.without([date(2027, 1, 5)]), as_of=today)
    assert days_of(after) == [day]


def test_nothing_new_is_booked_in_the_past():
    bare = attrs.evolve(planned(), protocol=protocol(talk(Anchor(every=1), 1, 1, 1)))
    after = appointments(bare, calendar=OPEN, as_of=date(2027, 1, 12))
    # the day after 4, 6, 8 and 11 January is over, and Saturdays are closed
    assert days_of(after) == dates("14 Jan")


def test_the_moment_of_a_revision_says_what_is_past_at_the_clinic():
    course = planned(talk(Anchor(session=1), 1, 1, 3), at=datetime(2026, 12, 1, tzinfo=UTC))
    closed = OPEN.without([date(2027, 1, 5)])
    late = datetime(2027, 1, 4, 23, 30, tzinfo=UTC)  # 00:30 on the 5th in Amsterdam
    assert days_of(appointments(course, calendar=closed, at=late)) == [date(2027, 1, 5)]
    assert days_of(appointments(course, calendar=closed, at=late - timedelta(hours=1))) == [date(2027, 1, 6)]


def test_one_therapist_is_not_with_two_patients_at_once():
    alone = clinic("tue", hours="13:00-14:00", name="the therapist")
    therapy = talk(Anchor(session=1), 1, 1, 14, name="therapy", calendar="therapist", minutes=60)
    first = planned(therapy, calendars={"therapist": alone})
    assert days_of(first) == dates("5 Jan")
    booked = alone.booked(first.held_by("therapist"))
    assert days_of(planned(therapy, calendars={"therapist": booked})) == dates("12 Jan")
