"""Checking: worked cases, waivers, the rules' pages, and that no course or calendar is too odd to be checked."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketsched import around
from ketsched.calendars import Booking, Calendar
from ketsched.checking import RULES, Finding, Severity, explain, rule_named
from ketsched.checking import check as check_all
from ketsched.checking.case import Case
from ketsched.checking.companions import AT_HOME
from ketsched.checking.sessiondays import DRINKING
from ketsched.cli import main
from ketsched.clock import TimeRange, seconds
from ketsched.errors import InvalidInput, KetschedError
from ketsched.history import Verdict, evaluate
from ketsched.interchange import write
from ketsched.interchange.wording import LANGUAGES
from ketsched.model import (
    Anatomy,
    Anchor,
    Authorisation,
    Companion,
    Course,
    Decision,
    Evidence,
    Hold,
    Interval,
    Join,
    LapseBand,
    Lifted,
    Mark,
    Phase,
    PlacedCompanion,
    Protocol,
    Restriction,
    Session,
    Spacing,
    Status,
    Visit,
    Waiver,
    Window,
)
from ketsched.planning import plan
from ketsched.protocols import load_protocol, protocol_ids
from ketsched.tracking import record, replan

ANATOMY = Anatomy(prepare=20, infusion=40, observation=60)
CLINIC = Calendar.weekly(
    "Europe/Amsterdam",
    mon="09:00-17:00",
    tue="09:00-17:00",
    wed="09:00-17:00",
    thu="09:00-17:00",
    fri="09:00-17:00",
)


def january(*days):
    return [date(2027, 1, day) for day in days]


def protocol(*phases, **given):
    return Protocol(**{"id": "test", "version": "1", "title": "test", "phases": phases} | given)


def induction(count=6, **given):
    return Phase(kind="induction", name="induction", count=count, anatomy=ANATOMY, **given)


def boosters(count, **given):
    monthly = (Interval(days=28),)
    return Phase(kind="maintenance", name="boosters", count=count, anatomy=ANATOMY, every=monthly, **given)


# 6 infusions, Monday and Thursday, over at most 28 dates.
T = protocol(
    induction(
        weekdays=(0, 3),
        weeks=(1, 4),
        spacing=(Spacing(absolute_minimum=1, minimum=2, latest=7, source="house"),),
        evidence=(Evidence(key="spacing 1", source="house", mark=Mark.HOUSE),),
    ),
    sources=(("house", "house default; not from a publication"),),
)
# 6 infusions, Monday-Wednesday-Friday, 2 to 4 nominal weeks.
M = protocol(
    induction(
        weekdays=(0, 2, 4), weeks=(2, 4), spacing=(Spacing(minimum=2, latest=7), Spacing(apart=3, minimum=7))
    )
)


def booked(plan, days, clock=time(9), **given):
    """Return a course of these days, each session at the same time."""
    course = Course.of_days(plan, days, zone="Europe/Amsterdam")
    return attrs.evolve(
        course, sessions=tuple(attrs.evolve(session, time=clock) for session in course.sessions), **given
    )


def check(course, **given):
    """Check a course, but for the remark that nothing goes around its sessions: here that is so of most."""
    return tuple(finding for finding in check_all(course, **given) if finding.code != "KS402")


def codes(findings):
    return [finding.code for finding in findings]


# -- worked cases


def test_a_sound_course_has_no_finding():
    assert check(booked(T, january(4, 7, 11, 14, 18, 21)), calendar=CLINIC) == ()


def test_a_session_moved_next_to_another_is_an_error_that_names_the_day_to_move_to():
    (off_pattern, found) = check(booked(T, january(4, 7, 11, 14, 20, 21)), calendar=CLINIC)
    assert (off_pattern.code, off_pattern.severity, off_pattern.sessions) == ("KS206", Severity.INFO, ("s5",))
    assert found == Finding(
        code="KS101",
        name="gap-too-short",
        severity=Severity.ERROR,
        sessions=("s5", "s6"),
        day=date(2027, 1, 21),
        what="session 6 is 1 d after session 5",
        where="induction, session 6, Thu 2027-01-21",
        why="the protocol asks for at least 2 d between two",
        fix="move it to Fri 2027-01-22 or later, or session 5 to Tue 2027-01-19 or earlier",
        source="house default; not from a publication",
        mark=Mark.HOUSE,
    )


def test_what_the_fix_names_is_a_fix():
    assert check(booked(T, january(4, 7, 11, 14, 19, 21)), calendar=CLINIC)[-1].code == "KS206"
    assert "KS101" not in codes(check(booked(T, january(4, 7, 11, 14, 20, 22)), calendar=CLINIC))


@pytest.mark.parametrize(
    ("days", "span"),
    [
        (january(4, 6, 8, 11, 13, 15), 12),
        (january(6, 8, 11, 13, 15, 18), 13),
        (january(8, 11, 13, 15, 18, 20), 13),
    ],
)
def test_monday_wednesday_friday_is_two_weeks_from_each_of_its_days(days, span):
    assert (days[-1] - days[0]).days + 1 == span
    assert check(booked(M, days), calendar=CLINIC) == ()


def test_five_days_across_a_clock_change_are_119_hours():
    days = [date(2027, 3, 10), date(2027, 3, 15)]
    found = {}
    for spacing in (Spacing(minimum=5), Spacing(minimum_hours=120)):
        course = attrs.evolve(
            booked(protocol(induction(2, spacing=(spacing,))), days), zone="America/New_York"
        )
        found[spacing] = [f for f in check(course) if f.code != "KS601"]
    assert found[Spacing(minimum=5)] == []
    (hours,) = found[Spacing(minimum_hours=120)]
    assert (hours.code, hours.severity) == ("KS106", Severity.ERROR)
    assert hours.what == "session 2 starts 119 h after session 1"
    assert hours.fix == "start it on Mon 2027-03-15 at 10:00 or later"


def test_a_waived_finding_is_acknowledged_and_not_hidden():
    waiver = Waiver(rule="KS101", sessions=("s5", "s6"), reason="travels on the 22nd", who="Dr A")
    course = booked(T, january(4, 7, 11, 14, 20, 21), waivers=(waiver,))
    (_, found) = check(course, calendar=CLINIC)
    assert (found.code, found.severity, found.waived_by) == ("KS101", Severity.INFO, waiver)
    assert str(found).endswith("waived by Dr A: travels on the 22nd")
    (_, given_by_the_caller) = check(attrs.evolve(course, waivers=()), calendar=CLINIC, waivers=[waiver])
    assert given_by_the_caller == found


def test_a_waiver_is_unused_once_the_date_has_changed():
    waiver = Waiver(rule="KS101", sessions=("s5", "s6"), reason="travels on the 22nd", who="Dr A")
    (found,) = check(booked(T, january(4, 7, 11, 14, 18, 21), waivers=(waiver,)), calendar=CLINIC)
    assert (found.code, found.severity, found.sessions) == ("KS602", Severity.WARNING, ("s5", "s6"))


def test_two_waivers_of_one_finding_are_both_in_use():
    waivers = [
        Waiver(rule="KS101", sessions=ids, reason="travels", who=who)
        for ids, who in ((("s5", "s6"), "Dr B"), (("s6",), "Dr A"))
    ]
    (_, found) = check(booked(T, january(4, 7, 11, 14, 20, 21)), calendar=CLINIC, waivers=waivers)
    assert found.waived_by == waivers[0]


def test_a_waiver_that_has_run_out_still_leaves_the_one_that_has_not():
    old, new = (
        Waiver(rule="KS101", sessions=("s6",), reason="travels", who=who, until=until)
        for who, until in (("Dr A", date(2027, 1, 1)), ("Dr B", date(2027, 2, 1)))
    )
    course = booked(T, january(4, 7, 11, 14, 20, 21), waivers=(old, new))
    found = check(course, calendar=CLINIC, as_of=date(2027, 1, 10))
    assert [(f.code, f.severity) for f in found] == [
        ("KS206", Severity.INFO),
        ("KS101", Severity.INFO),
        ("KS602", Severity.WARNING),
    ]
    assert found[1].waived_by == new
    assert "2027-01-01" in found[2].why


# -- what findings say


def test_a_closed_day_says_which_closure():
    closed = CLINIC.without(january(18), "public holiday")
    (found,) = check(booked(T, january(4, 7, 11, 14, 18, 21)), calendar=closed)
    assert (found.code, found.sessions) == ("KS301", ("s5",))
    assert found.why == "2027-01-18 is closed: public holiday"
    assert found.fix == "move it to Tue 2027-01-19, the next day it fits, if its spacing allows that"


def test_a_closed_day_says_which_weekly_hours():
    shut = attrs.evolve(CLINIC, hours=((), *CLINIC.hours[1:]))
    found = check(booked(T, january(4, 7, 11, 14, 18, 21)), calendar=shut)
    assert {f.why for f in found} == {"the clinic is not open on Mondays"}
    assert [f.sessions for f in found] == [("s1",), ("s3",), ("s5",)]


def test_a_closed_day_says_who_cannot():
    patient = Calendar.always("Europe/Amsterdam").without(january(18), "away")
    (found,) = check(booked(T, january(4, 7, 11, 14, 18, 21)), calendar=CLINIC & patient)
    assert found.why == "2027-01-18 is closed: away"


def test_hours_that_never_meet_are_a_closed_day():
    patient = Calendar.weekly("Europe/Amsterdam", mon="18:00-21:00", thu="09:00-12:00", name="the patient")
    found = check(booked(T, january(4, 7, 11, 14, 18, 21)), calendar=CLINIC & patient)
    assert found[0].why == "the hours of the clinic and the patient do not meet on 2027-01-04"


def test_a_start_that_does_not_fit_names_the_nearest_one_that_does():
    course = booked(T, january(4, 7, 11, 14, 18, 21), time(16))
    found = check(course, calendar=CLINIC)
    assert {f.code for f in found} == {"KS303"}
    assert {f.fix for f in found} == {"start at 15:00"}
    assert found[0].what == "session 1 ends at 18:00"


def test_a_taken_chair_names_the_nearest_free_start():
    start = datetime(2027, 1, 4, 8, tzinfo=UTC)  # 09:00 in Amsterdam
    taken = attrs.evolve(CLINIC, bookings=(Booking(start, start + timedelta(hours=1)),))
    (found,) = check(booked(T, january(4, 7, 11, 14, 18, 21)), calendar=taken)
    assert (found.code, found.sessions, found.fix) == ("KS304", ("s1",), "start at 10:00")


def test_another_course_takes_its_chair_only_while_it_sits_on_it():
    course = booked(T, january(4, 7, 11, 14, 18, 21))
    assert check(course, calendar=CLINIC.booked(booked(T, january(5, 8, 12, 15, 19, 22)))) == ()
    assert check(course, calendar=CLINIC.booked(booked(T, january(4, 7), time(11)))) == ()
    found = check(course, calendar=CLINIC.booked(booked(T, january(4, 7), time(10))))
    assert [(f.code, f.sessions) for f in found] == [("KS304", ("s1",)), ("KS304", ("s2",))]


def test_a_time_that_the_zone_skips_names_both_choices():
    course = attrs.evolve(
        booked(protocol(induction(1)), [date(2027, 3, 14)], time(2, 30)), zone="America/New_York"
    )
    (found,) = [f for f in check(course) if f.code == "KS306"]
    assert found.fix == "choose 01:30 or 03:30"


def test_a_session_over_midnight_fits_where_both_days_are_open():
    night = Calendar.weekly("Europe/Amsterdam", mon="18:00-24:00", tue="00:00-02:00")
    late = booked(protocol(induction(1)), january(4), time(23))
    assert {f.code for f in check(late, calendar=night)} == {"KS305"}
    assert "KS303" in codes(
        check(late, calendar=attrs.evolve(night, hours=(night.hours[0], (), *night.hours[2:])))
    )


def test_a_phase_is_named_where_there_are_several():
    plan = protocol(
        induction(2),
        boosters(1, join=Join(minimum=7)),
    )
    (found,) = [f for f in check(booked(plan, january(4, 7, 13))) if f.code == "KS107"]
    assert found.what == "boosters session 1 is 6 d after induction session 2"
    assert found.why == "boosters begins at least 7 d after induction"


def test_numbers_are_the_places_of_those_that_stand():
    course = booked(T, january(4, 7, 11, 14, 20, 21))
    second = attrs.evolve(course.sessions[1], status=Status.CLOSED)
    course = attrs.evolve(course, sessions=(course.sessions[0], second, *course.sessions[2:]))
    (found,) = [f for f in check(course) if f.code == "KS101"]
    assert (found.what, found.sessions) == ("session 5 is 1 d after session 4", ("s5", "s6"))


def test_findings_come_by_day_then_by_code_and_those_about_the_course_last():
    found = check(booked(attrs.evolve(T, note="negative trial"), january(5, 7, 11, 14, 20, 21), time(18)))
    keys = [(f.day or date.max, f.code) for f in found]
    assert keys == sorted(keys)
    assert found[-1].day is None
    assert len(set(codes(found))) > 3


def test_a_finding_is_said_in_the_voice_of_errors():
    (found,) = [f for f in check(booked(T, january(4, 7, 11, 14, 20, 21))) if f.code == "KS101"]
    assert str(found).splitlines()[:2] == [
        "KS101 gap-too-short (error): session 6 is 1 d after session 5",
        "  where: induction, session 6, Thu 2027-01-21",
    ]


def test_severities_compare_and_read_as_words():
    assert Severity.INFO < Severity.WARNING < Severity.ERROR
    assert f"{Severity.WARNING}" == str(Severity.WARNING) == "warning"
    assert Severity("error") is Severity.ERROR
    with pytest.raises(ValueError, match="dreadful"):
        Severity("dreadful")


def test_today_is_a_date():
    with pytest.raises(InvalidInput, match="as_of"):
        check(booked(T, january(4)), as_of=datetime(2027, 1, 4, tzinfo=UTC))


def test_a_cap_broken_across_a_join_names_every_session_in_the_window():
    plan = protocol(
        induction(2, spacing=(Spacing(apart=2, minimum=7),)),
        boosters(2),
    )
    found = [f for f in check(booked(plan, january(4, 7, 9, 13))) if f.code == "KS103"]
    assert [f.sessions for f in found] == [("s1", "s2", "s3"), ("s2", "s3", "s4")]
    assert found[0].what == "induction session 1 to boosters session 1 are 3 in 6 d"
    assert found[0].fix == "move boosters session 1 to Mon 2027-01-11 or later"


def test_what_was_not_run_is_named_once():
    course = booked(T, january(4, 7, 11, 14, 18, 21), None)
    untimed, without = (f.what for f in check(course) if f.code == "KS601")
    assert without == (
        "not run: KS301 closed-day, KS302 outside-opening-hours, KS303 does-not-fit, KS304 no-free-chair"
    )
    assert untimed == (
        "not run for all sessions: KS106 too-few-hours, KS305 evening-session, KS306 start-does-not-exist"
    )
    first = attrs.evolve(course.sessions[0], time=time(9))
    (partly,) = check(attrs.evolve(course, sessions=(first, *course.sessions[1:])), calendar=CLINIC)
    assert partly.what == (
        "not run for 5 of 6 sessions: KS106 too-few-hours, KS302 outside-opening-hours, "
        "KS304 no-free-chair, KS305 evening-session, KS306 start-does-not-exist"
    )


@pytest.mark.parametrize(
    ("plan", "days", "what", "why", "fix"),
    [
        (
            induction(6, most=8),
            january(4, 7, 11, 14, 18),
            "induction has 5 sessions",
            "the protocol accepts 6 to 8 sessions",
            "add 1 session, or waive this with the reason for fewer",
        ),
        (
            induction(3),
            january(4),
            "induction has 1 session",
            "the protocol accepts 3 sessions",
            "add 2 sessions, or waive this with the reason for fewer",
        ),
        (
            induction(1),
            january(4, 7),
            "induction has 2 sessions",
            "the protocol accepts 1 session",
            "close 1 session, book what is over in another phase, or waive this with the reason",
        ),
        (
            induction(1, weeks=(2, 4)),
            january(4),
            "induction spans 1 day, 1 nominal week",
            "the protocol accepts 2 to 4 weeks",
            "move the last session to Mon 2027-01-11 or later",
        ),
        (
            induction(2, weeks=(1, 1)),
            january(4, 11),
            "induction spans 8 days, 2 nominal weeks",
            "the protocol accepts 1 week",
            "move the last session to Sun 2027-01-10 or earlier",
        ),
    ],
)
def test_what_findings_about_a_series_say(plan, days, what, why, fix):
    (found,) = check(booked(protocol(plan), days), calendar=CLINIC)
    assert (found.what, found.why, found.fix) == (what, why, fix)


# -- what goes around the sessions

NO_DRIVING = timedelta(hours=24)
WEEKLY = (Interval(days=7),)
# 6 infusions, a screening and a review that decide, therapy off the days of infusions, and a form a week after each.
AROUND = protocol(
    induction(no_driving=NO_DRIVING, least=1),
    companions=(
        Companion(
            id="screening",
            kind="appointment",
            topic="screening",
            title="Screening",
            required=True,
            gate=True,
            anchor=Anchor(edge="start"),
            window=Window(earliest=-14, recommended=-7, latest=-1),
            minutes=60,
            evidence=(Evidence(key="window", source="house", mark=Mark.HOUSE),),
        ),
        Companion(
            id="therapy",
            kind="appointment",
            topic="psychotherapy",
            title="Therapy",
            anchor=Anchor(session=1),
            window=Window(earliest=1, recommended=1, latest=10),
            calendar="therapist",
            on_session_days="never",
            minutes=60,
        ),
        Companion(
            id="review",
            kind="appointment",
            topic="review",
            title="Review",
            anchor=Anchor(edge="end"),
            window=Window(earliest=14, recommended=21, latest=31),
            minutes=30,
        ),
        Companion(
            id="mid-review",
            kind="appointment",
            topic="review",
            title="Review on the way",
            anchor=Anchor(session=3),
            minutes=30,
        ),
        Companion(
            id="form",
            kind="task",
            topic="form",
            title="Form",
            anchor=Anchor(session=6),
            window=Window(earliest=0, recommended=7, latest=7),
        ),
    ),
    sources=(("house", "house default; not from a publication"),),
)
OUTCOME = Decision(what="continue", on=date(2026, 12, 28), who="Dr A")


def around_six(clock=time(9), **changed):
    """Return a course in which all is booked as it should be; `changed` are attributes of bookings, by id."""
    course = booked(AROUND, january(4, 7, 11, 14, 18, 21), clock)
    bookings = {
        "screening:s1": {"day": date(2026, 12, 28), "time": time(9), "outcome": OUTCOME},
        "therapy:s1": {"day": date(2027, 1, 5), "time": time(13)},
        "mid-review:s3": {"day": date(2027, 1, 11), "time": time(11), "session": "s3"},
        "form:s6": {"day": date(2027, 1, 28), "session": "s6"},
        "review:s6": {"day": date(2027, 2, 11), "time": time(9), "session": "s6"},
    }
    placed = [
        PlacedCompanion(
            **{"id": name, "companion": name.split(":")[0], "session": "s1"} | given | changed.get(name, {})
        )
        for name, given in bookings.items()
    ]
    sessions = tuple(
        attrs.evolve(session, **{"ride": "confirmed"} | changed.get(session.id, {}))
        for session in course.sessions
    )
    return attrs.evolve(
        course, sessions=sessions, companions=tuple(sorted(placed, key=lambda p: (p.day, p.time or time())))
    )


THERAPIST = Calendar.weekly("Europe/Amsterdam", tue="10:00-16:00", thu="10:00-16:00", name="the therapist")


def found_around(course, **given):
    return check(
        course, calendar=CLINIC, calendars={"therapist": THERAPIST}, as_of=date(2026, 12, 1), **given
    )


def test_a_course_with_all_that_goes_around_it_has_no_finding():
    assert found_around(around_six()) == ()
    assert check_all(around_six(), calendar=CLINIC, calendars={"therapist": THERAPIST}) == ()


def test_a_course_without_it_is_told_once():
    course = attrs.evolve(around_six(), companions=())
    (found,) = check_all(course, calendar=CLINIC)
    assert (found.code, found.severity, found.sessions, found.day) == ("KS402", Severity.INFO, (), None)
    assert (
        found.what
        == "nothing around the sessions is planned: Screening, Therapy, Review, Review on the way and 1 more"
    )
    (bare,) = check_all(booked(T, january(4, 7, 11, 14, 18, 21)), calendar=CLINIC)
    assert (
        bare.what == "the protocol names nothing around its sessions: no screening, no review, no monitoring"
    )


def test_a_booking_outside_its_window_is_an_error_that_names_the_window():
    (found,) = found_around(
        around_six(**{"screening:s1": {"day": date(2027, 1, 4), "time": time(8)}}), waivers=()
    )[:1]
    assert found == Finding(
        code="KS403",
        name="companion-outside-window",
        severity=Severity.ERROR,
        sessions=("s1",),
        companions=("screening:s1",),
        day=date(2027, 1, 4),
        what="Screening is on Mon 2027-01-04 at 08:00",
        where="Screening, Mon 2027-01-04",
        why="it lies 1 to 14 d before the first session on Mon 2027-01-04",
        fix="move it to a day from Mon 2026-12-21 to Sun 2027-01-03",
        source="house default; not from a publication",
        mark=Mark.HOUSE,
    )


@pytest.mark.parametrize(
    ("name", "changes", "code", "said"),
    [
        (
            "therapy:s1",
            {"status": Status.CLOSED},
            "KS401",
            (
                "Therapy is not booked",
                "the protocol recommends it, counted from session 1 on Mon 2027-01-04",
                "book it on a day from Tue 2027-01-05 to Thu 2027-01-14, or waive this with the reason",
            ),
        ),
        (
            "form:s6",
            {"status": Status.CLOSED},
            "KS401",
            (
                "Form is not booked",
                "the protocol recommends it, counted from session 6 on Thu 2027-01-21",
                "note it, due Thu 2027-01-28, or waive this with the reason",
            ),
        ),
        (
            "review:s6",
            {"day": date(2027, 2, 3)},
            "KS403",
            (
                "Review is on Wed 2027-02-03 at 09:00",
                "it lies 14 to 31 d after the last session on Thu 2027-01-21",
                "move it to a day from Thu 2027-02-04 to Sun 2027-02-21",
            ),
        ),
        (
            "form:s6",
            {"day": date(2027, 1, 29)},
            "KS403",
            (
                "Form is due Fri 2027-01-29",
                "it lies 0 to 7 d after session 6 on Thu 2027-01-21",
                "set it to a day from Thu 2027-01-21 to Thu 2027-01-28",
            ),
        ),
        (
            "mid-review:s3",
            {"day": date(2027, 1, 12)},
            "KS403",
            (
                "Review on the way is on Tue 2027-01-12 at 11:00",
                "it lies on the day of session 3 on Mon 2027-01-11",
                "move it to Mon 2027-01-11",
            ),
        ),
        (
            "therapy:s1",
            {"day": date(2027, 1, 7)},
            "KS404",
            (
                "Therapy is on the day of session 2",
                "the protocol keeps it off the days of sessions",
                "move it to Wed 2027-01-06",
            ),
        ),
        (
            "therapy:s1",
            {"day": date(2027, 1, 6)},
            "KS405",
            (
                "Therapy is on Wed 2027-01-06 at 13:00, outside the hours of the therapist",
                "the therapist is not open on Wednesdays",
                "move it to Tue 2027-01-05",
            ),
        ),
        (
            "therapy:s1",
            {"time": time(15, 15)},
            "KS405",
            (
                "Therapy is on Tue 2027-01-05 at 15:15, outside the hours of the therapist",
                "it takes 60 min; the therapist has 10:00-16:00 on Tue 2027-01-05",
                "start at another hour of that day",
            ),
        ),
        (
            "mid-review:s3",
            {"time": time(10, 45)},
            "KS406",
            (
                "Review on the way overlaps session 3",
                "they begin at 09:00 and 10:45, the first ends at 11:00",
                "start it at 11:00 or later, or on another day",
            ),
        ),
        (
            "mid-review:s3",
            {"time": time(8, 45)},
            "KS406",
            (
                "Review on the way overlaps session 3",
                "they begin at 08:45 and 09:00, the first ends at 09:15",
                "let it end by 09:00, or move it to another day",
            ),
        ),
        (
            "s3",
            {"ride": "self"},
            "KS410",
            (
                "the patient means to drive home after session 3",
                "induction allows no driving for 24 h after it",
                "arrange another ride, or move the session to a day with one",
            ),
        ),
        (
            "screening:s1",
            {"outcome": None, "status": Status.FULFILLED},
            "KS418",
            (
                "Screening of 2026-12-28 has no outcome; 6 sessions are waiting",
                "what it decides about stays to be confirmed",
                "record whether to continue or to stop, with who decided it",
            ),
        ),
        (
            "screening:s1",
            {"outcome": Decision(what="stop", on=date(2026, 12, 29), who="Dr B")},
            "KS426",
            (
                "6 sessions are after Screening of 2026-12-28, which said stop",
                "Dr B decided it on 2026-12-29",
                "close them with ketsched replan, or record another outcome if the decision has changed",
            ),
        ),
    ],
)
def test_what_findings_about_companions_say(name, changes, code, said):
    found = [f for f in found_around(around_six(**{name: changes})) if f.code == code]
    assert [(f.what, f.why, f.fix) for f in found] == [said]


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ((0, 0), "on the day of"),
        ((7, 7), "7 d after"),
        ((-1, -1), "1 d before"),
        ((0, 7), "0 to 7 d after"),
        ((1, 7), "1 to 7 d after"),
        ((-14, -1), "1 to 14 d before"),
        ((-14, 0), "0 to 14 d before"),
        ((-2, 3), "2 d before to 3 d after"),
    ],
)
def test_a_window_is_said_in_days(window, said):
    low, high = window
    review = attrs.evolve(
        AROUND.companions[3],
        window=Window(earliest=low, recommended=low, latest=high),
        anchor=Anchor(session=1),
    )
    course = booked(protocol(induction(1), companions=(review,)), january(4))
    placed = PlacedCompanion(id="mid-review:s1", companion="mid-review", session="s1", day=date(2027, 2, 1))
    found = [f.why for f in check(attrs.evolve(course, companions=(placed,))) if f.code == "KS403"]
    assert found == [f"it lies {said} session 1 on Mon 2027-01-04"]


@pytest.mark.parametrize(
    ("code", "day", "weekdays", "fix"),
    [
        ("KS405", date(2027, 1, 8), (), "move it to Tue 2027-01-05"),  # Thursday the 7th is a session's day
        (
            "KS405",
            date(2027, 1, 13),
            (3,),
            "open a day from Tue 2027-01-05 to Thu 2027-01-14, or ask somebody else",
        ),
        ("KS404", date(2027, 1, 11), (), "move it to Sun 2027-01-10"),
        ("KS404", date(2027, 1, 11), (1,), "move it to Tue 2027-01-12"),
        ("KS404", date(2027, 1, 11), (0,), "move it; no day of its window is without a session"),
    ],
)
def test_a_fix_names_a_day_that_the_protocol_allows(code, day, weekdays, fix):
    """Sessions on Mon 4, Thu 7, Mon 11 and Thu 14; the therapist has Tuesdays and Thursdays."""
    companions = tuple(
        attrs.evolve(c, weekdays=weekdays) if c.id == "therapy" else c for c in AROUND.companions
    )
    course = around_six(**{"therapy:s1": {"day": day}})
    course = attrs.evolve(course, protocol=attrs.evolve(AROUND, companions=companions))
    assert [f.fix for f in found_around(course) if f.code == code] == [fix]


def test_the_distance_between_two_bookings_names_the_day_to_move_to():
    pair = Spacing(minimum=5, latest=9)
    therapy = attrs.evolve(
        AROUND.companions[1],
        count=2,
        every=WEEKLY,
        spacing=(pair,),
        window=Window(earliest=1, recommended=1, latest=30),
    )
    course = booked(protocol(induction(1), companions=(therapy,)), january(4))
    for day, fix in ((8, "move it to Sun 2027-01-10 or later"), (15, "move it to Thu 2027-01-14 or earlier")):
        placed = tuple(
            PlacedCompanion(id=f"therapy:s1:{n}", companion="therapy", session="s1", day=date(2027, 1, d))
            for n, d in ((1, 5), (2, day))
        )
        (found,) = (f for f in check(attrs.evolve(course, companions=placed)) if f.code == "KS403")
        assert found.what == f"Therapy is {day - 5} d after the one of Tue 2027-01-05"
        assert found.why == "the protocol asks for at least 5 d apart, at most 9 d between two"
        assert (found.fix, found.companions) == (fix, ("therapy:s1:1", "therapy:s1:2"))


def test_what_is_missing_everywhere_says_whether_some_of_it_can_still_be_booked():
    forms = attrs.evolve(AROUND.companions[4], anchor=Anchor(every=1), required=True)
    plan_of = attrs.evolve(AROUND, companions=(*AROUND.companions[:4], forms))
    course = attrs.evolve(around_six(), protocol=plan_of)
    course = attrs.evolve(course, companions=tuple(p for p in course.companions if p.companion != "form"))
    said = {}
    for today in (
        date(2027, 1, 11),
        date(2027, 1, 12),
        date(2027, 1, 29),
    ):  # the first form is due on the 11th
        (found,) = (f for f in check(course, calendar=CLINIC, as_of=today) if f.code == "KS401")
        assert found.what == "Form is not booked at all, for 6 sessions"
        said[today.day] = (found.severity, found.fix)
    assert said == {
        11: (Severity.ERROR, "book it or waive this with the reason"),
        12: (Severity.ERROR, "book it for those to come or waive this with the reason"),
        29: (Severity.WARNING, "it can no longer be: record what took place, or waive this with the reason"),
    }


def test_the_day_on_which_driving_is_allowed_again_is_said_with_its_clock_time():
    course = around_six(**{"therapy:s1": {"time": time(9), "day": date(2027, 1, 5)}})
    (found,) = (f for f in found_around(course) if f.code == "KS408")
    assert found.what == "Therapy begins before the patient may drive after session 1"
    assert found.why == "after session 1 that is from Tue 2027-01-05, 10:00 on"
    assert (found.sessions, found.companions) == (("s1",), ("therapy:s1",))


def test_a_hold_names_its_reason_and_every_session_it_holds():
    waiting = {f"s{n}": {"status": Status.TENTATIVE} for n in (4, 5)}
    held = Hold(id="h1", reason="blood pressure", who="Dr A", since=date(2027, 1, 14))
    findings = found_around(attrs.evolve(around_six(**waiting), holds=(held,)))
    assert [(f.code, f.sessions) for f in findings] == [("KS416", ("s4", "s5", "s6")), ("KS417", ("s6",))]
    said = {f.code: (f.what, f.why) for f in findings}
    assert said["KS416"] == (
        "3 sessions are on hold: blood pressure",
        "Dr A decided it for all sessions from 2027-01-14 on",
    )
    assert said["KS417"] == ("session 6 is firm", "it is to be confirmed: hold h1 by Dr A")


def test_what_awaits_an_outcome_is_named_once_with_the_sessions_that_wait():
    gates = tuple(attrs.evolve(c, gate=c.id == "mid-review") for c in AROUND.companions)
    waiting = {f"s{n}": {"status": Status.TENTATIVE} for n in (4, 5, 6)}
    course = attrs.evolve(around_six(**waiting), protocol=attrs.evolve(AROUND, companions=gates))
    (found,) = found_around(course)
    assert (found.code, found.severity, found.sessions) == ("KS418", Severity.INFO, ("s4", "s5", "s6"))
    assert found.companions == ("mid-review:s3",)
    assert found.what == "3 sessions are to be confirmed until the outcome of Review on the way (2027-01-11)"


def test_an_authorisation_says_what_it_pays_for():
    unpaid = {"s6": {"status": Status.TENTATIVE}}
    paid = Authorisation(sessions=5, until=date(2027, 1, 31), name="letter 2")
    course = attrs.evolve(around_six(**unpaid), authorisations=(paid,))
    (found,) = found_around(course)
    assert (found.code, found.what) == ("KS419", "session 6 is without an authorisation")
    assert found.why == "what was given for induction pays for 5 sessions until 2027-01-31"
    soon = check(course, calendar=CLINIC, calendars={"therapist": THERAPIST}, as_of=date(2027, 1, 4))
    (found,) = (f for f in soon if f.code == "KS420")
    assert found.what == "an authorisation runs out on Mon 2027-01-18; session 6 is after it"
    assert (found.where, found.day) == ("authorisation letter 2", date(2027, 1, 18))


def test_a_waiver_of_the_session_that_an_appointment_goes_with_covers_it():
    waiver = Waiver(rule="KS405", sessions=("s1",), reason="she comes in for it", who="Dr A")
    course = around_six(**{"therapy:s1": {"day": date(2027, 1, 6)}})
    (found,) = found_around(course, waivers=[waiver])
    assert (found.code, found.severity, found.waived_by) == ("KS405", Severity.INFO, waiver)


def test_somebody_who_is_with_another_patient_cannot():
    start = datetime(2027, 1, 5, 12, 30, tzinfo=UTC)  # 13:30 in Amsterdam
    taken = attrs.evolve(THERAPIST, bookings=(Booking(start, start + timedelta(hours=1)),))
    (found,) = check(around_six(), calendar=CLINIC, calendars={"therapist": taken})
    assert (found.code, found.why) == ("KS405", "the therapist is taken at some time between 13:00 and 14:00")
    free = attrs.evolve(
        THERAPIST, bookings=(Booking(start + timedelta(minutes=30), start + timedelta(hours=1)),)
    )
    assert check(around_six(), calendar=CLINIC, calendars={"therapist": free}) == ()


def test_what_is_for_the_clinic_alone_does_not_ask_when_the_patient_can():
    patient = Calendar.always("Europe/Amsterdam").without([date(2027, 2, 11)], "away")
    course = around_six()
    (found,) = check(course, calendar=CLINIC & patient, calendars={"therapist": THERAPIST})
    assert (found.code, found.companions, found.why) == (
        "KS405",
        ("review:s6",),
        "2027-02-11 is closed: away",
    )
    alone = tuple(attrs.evolve(c, audience="clinic") if c.id == "review" else c for c in AROUND.companions)
    course = attrs.evolve(course, protocol=attrs.evolve(AROUND, companions=alone))
    assert check(course, calendar=CLINIC & patient, calendars={"therapist": THERAPIST}) == ()


def test_a_calendar_without_a_name_of_its_own_is_called_as_the_protocol_does():
    nameless = attrs.evolve(THERAPIST, name="the clinic")
    (found,) = check(
        around_six(**{"therapy:s1": {"day": date(2027, 1, 6)}}),
        calendar=CLINIC,
        calendars={"therapist": nameless},
    )
    assert found.what == "Therapy is on Wed 2027-01-06 at 13:00, outside the hours of therapist"


def test_hours_that_were_not_given_are_named_and_rules_that_had_nothing_to_judge_are_not():
    (found,) = check(around_six(), calendar=CLINIC)
    assert (found.code, found.what) == ("KS601", "not judged: the hours of therapist")
    (found,) = check(around_six())
    assert found.what.endswith("KS304 no-free-chair, KS405 companion-outside-hours")
    (found,) = check(around_six(None), calendar=CLINIC, calendars={"therapist": THERAPIST})
    assert found.what == (
        "not run for all sessions: KS106 too-few-hours, KS302 outside-opening-hours, KS304 no-free-chair, "
        "KS305 evening-session, KS306 start-does-not-exist, KS406 companion-overlaps, KS407 trip-after-session, "
        "KS408 driving-to-appointment"
    )


def test_what_counts_as_drinking_is_what_files_call_so():
    left_out = LANGUAGES["en"].left_out
    assert set(DRINKING) == {what for what, said in left_out.items() if said == left_out["drinking"]}


def test_hours_at_home_are_those_that_planning_keeps():
    from ketsched.planning.days import AT_HOME as PLANNED

    assert AT_HOME == PLANNED


@pytest.mark.parametrize("name", protocol_ids())
@pytest.mark.parametrize("start", january(4, 6, 8))
def test_a_plan_of_a_shipped_protocol_has_no_error(name, start):
    """The planner and the rules read windows, anchors and hours separately and must agree."""
    clinic = Calendar.weekly(
        "Europe/Amsterdam", **dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "08:00-18:00")
    )
    course = plan(load_protocol(name), start=start, calendar=clinic)
    assert [str(f) for f in check_all(course, calendar=clinic) if f.severity is Severity.ERROR] == []


def test_a_check_of_a_course_with_much_around_it_asks_each_booking_once():
    """Twelve companions at each of 20 sessions: the work grows with the bookings, not with their pairs."""
    companions = tuple(
        Companion(
            id=f"c{n}", kind="appointment", topic="check-in", title=f"C{n}", anchor=Anchor(every=1), minutes=5
        )
        for n in range(12)
    )
    counted = {}
    for number in (10, 20):
        plan_of = protocol(induction(number, spacing=(Spacing(minimum=1),)), companions=companions)
        course = booked(plan_of, [date(2027, 1, 4) + timedelta(n) for n in range(number)])
        placed = [
            PlacedCompanion(
                id=f"c{c}:{s.id}", companion=f"c{c}", session=s.id, day=s.day, time=time(12, 5 * c)
            )
            for s in course.sessions
            for c in range(12)
        ]
        course = attrs.evolve(course, companions=tuple(placed))
        calls = 0

        def count(_frame, event, _argument):
            nonlocal calls
            calls += event == "call"

        sys.setprofile(count)
        try:
            found = check(course)
        finally:
            sys.setprofile(None)
        assert {f.code for f in found} <= {"KS412", "KS413", "KS414", "KS601"}
        counted[number] = calls
    assert counted[20] < 2.5 * counted[10]


# -- what happened

BOOSTERS = boosters(3, spacing=(Spacing(minimum=7),))
THREE = [Visit(day) for day in january(4, 7, 11)]
NO_SHOW = Visit(date(2027, 1, 14), "no-show")


def at(day, month=1):
    return datetime(2027, month, day, 8, tzinfo=UTC)


def kept(plan_of=T):
    """Return a course that somebody keeps: from Mon 4 January 2027, at 09:00."""
    return plan(plan_of, start=START, calendar=CLINIC, id="A-017", at=at(1), time=time(9))


def about(course, day, month=1, **given):
    """Return code, severity and sessions of what is found, but for remarks on the pattern."""
    found = check(course, calendar=CLINIC, as_of=date(2027, month, day), **given)
    return [(f.code, str(f.severity), f.sessions) for f in found if f.code != "KS206"]


@pytest.mark.parametrize("policy", ["keep", "make-up", "next-open", "shift"])
def test_a_miss_that_was_made_up_leaves_nothing_to_say(policy):
    course = replan(kept(), [*THREE, NO_SHOW], calendar=CLINIC, at=at(14), policy=policy)
    assert about(course, 14) == []


def test_a_miss_that_is_not_made_up_is_a_count_finding():
    course = replan(kept(), [*THREE, NO_SHOW], calendar=CLINIC, at=at(14), policy="skip")
    assert about(course, 14) == [("KS201", "warning", ("s1", "s2", "s3", "s5", "s6"))]


def test_a_miss_that_nobody_decided_about_asks_for_a_plan_recorded_or_given_beside():
    asked = [("KS512", "warning", ("s4",))]
    assert about(record(kept(), [*THREE, NO_SHOW], at=at(14)), 14) == asked
    assert about(kept(), 14, visits=[*THREE, NO_SHOW]) == asked
    (found,) = check(kept(), calendar=CLINIC, as_of=date(2027, 1, 14), visits=[*THREE, NO_SHOW])
    assert found.what == "the session of Thu 2027-01-14 was missed, and nothing makes it up"
    assert found.why == "induction has 6 sessions, and lacks 1"
    assert found.fix == "plan again (ketsched replan); the protocol's way with a missed session is keep"
    assert found.where == "induction, Thu 2027-01-14"


def test_what_was_given_in_grace_is_said_and_counts():
    visits = [Visit(day) for day in january(4, 7, 12, 13)]
    assert about(kept(), 13, visits=visits) == [("KS504", "info", ("s3", "s4"))]
    course = replan(kept(), visits, calendar=CLINIC, at=at(13))
    assert about(course, 13) == [("KS504", "info", ("s3", "s4"))]
    assert [s.day for s in course.standing()] == january(4, 7, 12, 13, 18, 21)


def test_one_day_recorded_twice():
    """With equal data it is one visit; with different data the second is too soon. T still has six."""
    same, other = Visit(date(2027, 1, 11)), Visit(date(2027, 1, 11), at=time(15), note="again")
    for again, found in ((same, ("KS509", "warning", ("s3",))), (other, ("KS503", "warning", ("s3", "x1")))):
        assert about(kept(), 13, visits=[*THREE, again]) == [found]
        course = replan(kept(), [*THREE, again], calendar=CLINIC, at=at(13))
        assert about(course, 13) == [found]
        assert [s.day for s in course.standing() if s.counts] == january(4, 7, 11, 14, 18, 21)


def test_a_break_proposes_and_decides_nothing():
    """Nothing after session 3, back on Mon 15 February: 35 days."""
    bands = (
        LapseBand(first=0, last=28, propose="continue"),
        LapseBand(first=29, last=None, propose="clinician review"),
    )
    evidence = (*T.phases[0].evidence, Evidence(key="lapse 2", source="house", mark=Mark.HOUSE))
    course = kept(attrs.evolve(T, phases=(attrs.evolve(T.phases[0], lapse=bands, evidence=evidence),)))
    missed = [Visit(day, "no-show") for day in january(14, 18, 21)]
    course = replan(course, [*THREE, *missed], calendar=CLINIC, at=at(15, 2))
    assert about(course, 15, 2) == [
        ("KS507", "warning", ("s3",)),
        ("KS506", "warning", ("s3", "s7")),
        ("KS506", "warning", ("s1", "s2", "s3", "s7", "s8", "s9")),
    ]
    (found,) = (f for f in check(course, as_of=date(2027, 2, 15)) if f.code == "KS507")
    assert found.what == (
        "35 d since the last session given, on Mon 2027-01-11: clinician review is proposed"
    )
    assert found.why == "induction, from day 29 on: clinician review; it is a proposal"
    assert (found.fix, found.mark) == ("a clinician decides", Mark.HOUSE)
    assert found.source == "house default; not from a publication"


def test_a_break_with_worse_symptoms_says_so():
    bands = (LapseBand(first=0, last=None, propose="continue", if_worse="step back"),)
    course = kept(attrs.evolve(T, phases=(attrs.evolve(T.phases[0], lapse=bands),)))
    visits = [*THREE, attrs.evolve(NO_SHOW, worse=True)]
    (found,) = (f for f in check(course, as_of=date(2027, 1, 15), visits=visits) if f.code == "KS507")
    assert found.what == (
        "4 d since the last session given, on Mon 2027-01-11 and symptoms are recorded as worse: step back is proposed"
    )


def test_what_nobody_recorded_is_asked_for():
    course = replan(kept(), THREE, calendar=CLINIC, at=at(15))
    assert about(course, 15) == [("KS501", "warning", ("s4",))]
    assert about(course, 14) == []
    assert "KS501" not in codes(check(course, calendar=CLINIC))


def test_a_visit_after_today_is_not_taken_as_given():
    assert about(kept(), 13, visits=[*THREE, Visit(date(2027, 1, 18))]) == [("KS502", "warning", ())]


def test_a_seventh_infusion_fills_a_booster_and_is_extraneous_without_one():
    visits = [Visit(day) for day in january(4, 7, 11, 14, 18, 21, 28)]
    assert about(kept(), 28, visits=visits) == [("KS508", "warning", ("x1",))]
    with_boosters = attrs.evolve(T, phases=(*T.phases, BOOSTERS))
    assert about(replan(kept(with_boosters), visits, calendar=CLINIC, at=at(28)), 28) == []


def test_a_latest_day_that_the_policy_goes_beyond_stays_an_error():
    """Eight on Mon and Thu, the third missed: the ninth date is day 29 of 28."""
    eight = attrs.evolve(T, phases=(attrs.evolve(T.phases[0], count=8),))
    visits = [*THREE[:2], Visit(date(2027, 1, 11), "no-show")]
    course = replan(kept(eight), visits, calendar=CLINIC, at=at(11), policy="keep")
    ((code, severity, sessions),) = about(course, 11)
    assert (code, severity, sessions[0], sessions[-1]) == ("KS204", "error", "s1", "s9")
    for policy in ("make-up", "shift"):
        course = replan(kept(eight), visits, calendar=CLINIC, at=at(11), policy=policy)
        assert about(course, 11) == []


def test_a_latest_day_that_history_has_lifted_is_said_once():
    """Sessions 4 and 5 missed: 11 to 21 January are 10 days."""
    visits = [*THREE, NO_SHOW, Visit(date(2027, 1, 18), "no-show")]
    course = replan(kept(), visits, calendar=CLINIC, at=at(18))
    assert about(course, 18) == [("KS506", "warning", ("s3", "s6"))]
    (found,) = check(course, as_of=date(2027, 1, 18), calendar=CLINIC)
    assert found.what == "session 4 is 10 d after session 3"
    assert found.why == (
        "the protocol asks for at most 7 d between them; what happened has left no day that keeps it"
    )
    later_on = [Visit(date(2027, 1, 21))]
    assert about(record(course, later_on, at=at(21)), 21) == [("KS505", "warning", ("s3", "s6"))]


def test_a_latest_day_that_has_passed_is_no_day_to_move_to():
    """Recorded, and not planned again: no session since 4 January, at most 7 days, today is the 11th."""
    visits = [Visit(date(2027, 1, 4)), *(Visit(day, "no-show") for day in january(7, 11))]
    for today, fix in (
        (10, "move it to Mon 2027-01-11 or earlier"),
        (
            11,
            "Mon 2027-01-11 has passed: plan the rest again (ketsched replan), which says what it cannot keep",
        ),
    ):
        course = record(kept(), visits, as_of=date(2027, 1, 11), at=at(11))
        (found,) = (f for f in check(course, as_of=date(2027, 1, today)) if f.code == "KS102")
        assert (found.sessions, found.fix) == (("s1", "s4"), fix)


WAIVED = Waiver(rule="KS101", sessions=("s5", "s6"), reason="travels on the 22nd", who="Dr A")


def pinned():
    """Session 5 moved by hand to Wed 20 January, a day before session 6, with a reason."""
    course = kept()
    sessions = (
        attrs.evolve(s, day=date(2027, 1, 20), pinned=True) if s.id == "s5" else s for s in course.sessions
    )
    return attrs.evolve(course, sessions=tuple(sessions), waivers=(WAIVED,))


def test_a_waiver_of_a_pinned_session_lasts_until_the_date_changes():
    assert about(pinned(), 11, visits=THREE) == [("KS101", "info", ("s5", "s6"))]
    cancelled = Visit(date(2027, 1, 21), "cancelled", by="clinic")
    course = replan(pinned(), [*THREE, Visit(date(2027, 1, 14)), cancelled], calendar=CLINIC, at=at(14))
    assert [s.id for s in course.standing()] == ["s1", "s2", "s3", "s4", "s5", "s7"]
    assert course.standing()[4].day == date(2027, 1, 20)
    assert about(course, 14) == [("KS602", "warning", ("s5", "s6"))]


def test_a_waiver_outlasts_its_day_once_both_were_given():
    """The exception was kept, so that it is no unused one."""
    visits = [*THREE, *(Visit(day) for day in january(14, 20, 21))]
    found = check(pinned(), calendar=CLINIC, as_of=date(2027, 1, 22), visits=visits)
    assert [(f.code, f.waived_by) for f in found] == [("KS504", WAIVED)]
    graceless = attrs.evolve(T.phases[0], spacing=(Spacing(minimum=2, latest=7),))
    course = attrs.evolve(pinned(), protocol=attrs.evolve(T, phases=(graceless,)))
    found = check(course, calendar=CLINIC, as_of=date(2027, 1, 22), visits=visits)
    assert [(f.code, f.severity, f.waived_by) for f in found if f.code[:3] != "KS2"] == [
        ("KS503", Severity.INFO, WAIVED)
    ]
    assert about(attrs.evolve(pinned(), waivers=()), 22, visits=visits)[0][:2] == ("KS504", "info")


REVIEW = Companion(
    id="review",
    kind="appointment",
    topic="review",
    title="Review",
    gate=True,
    anchor=Anchor(edge="end", phase="induction"),
    window=Window(earliest=7, recommended=14, latest=21),
    minutes=30,
)


def test_boosters_wait_for_the_review_and_are_not_missed_once_it_said_stop():
    reviewed = attrs.evolve(T, phases=(*T.phases, BOOSTERS), companions=(REVIEW,))
    six = [Visit(day) for day in january(4, 7, 11, 14, 18, 21)]
    course = replan(kept(reviewed), six, calendar=CLINIC, at=at(22))
    ours = {"KS415"}  # what the protocol does without

    def seen(course):
        found = check(course, calendar=CLINIC, as_of=date(2027, 2, 5))
        return [(f.code, f.sessions) for f in found if f.code not in ours]

    boosted = ("s7", "s8", "s9")
    assert {s.status for s in course.sessions if s.id in boosted} == {Status.TENTATIVE}
    assert seen(course) == [("KS418", boosted)]
    for what, status, before, after in (
        ("continue", Status.FIRM, [], []),
        ("stop", Status.CLOSED, [("KS426", boosted)], []),
    ):
        outcome = Decision(what=what, on=date(2027, 2, 4), who="Dr A")
        decided = around.decide(course, "review:end", outcome, at=at(4, 2))
        assert seen(decided) == before
        again = replan(decided, calendar=CLINIC, at=at(5, 2))
        assert {s.status for s in again.sessions if s.id in boosted} == {status}
        assert seen(again) == after


def test_a_course_that_was_ended_lacks_nothing():
    reviewed = attrs.evolve(
        T, phases=(*T.phases, boosters(None)), companions=(attrs.evolve(REVIEW, required=True),)
    )
    course = replan(kept(reviewed), THREE, calendar=CLINIC, at=at(12), end=True)
    assert about(course, 12) == []
    assert "KS201" in codes(check(attrs.evolve(course, ended=None), calendar=CLINIC, as_of=date(2027, 1, 12)))
    nothing = replan(kept(), [], calendar=CLINIC, as_of=date(2027, 1, 3), at=at(3), end=True)
    assert about(nothing, 3) == []
    assert [code for code, *_ in about(attrs.evolve(nothing, ended=None), 3)] == ["KS605"]


def test_infusions_elsewhere_count_and_ask_for_nothing_around_them():
    form = attrs.evolve(AROUND.companions[4], anchor=Anchor(every=1), required=True)
    plan_of = attrs.evolve(
        T,
        phases=(attrs.evolve(T.phases[0], no_driving=NO_DRIVING),),
        companions=(form, *(c for c in AROUND.companions if c.id in ("review", "mid-review"))),
    )
    course = kept(plan_of)
    elsewhere = [Visit(date(2026, 12, day), elsewhere=True) for day in (28, 31)]
    course = record(course, elsewhere, at=at(2))
    assert [s.id for s in course.standing()][:3] == ["x1", "x2", "s1"]

    def about_them(course):
        found = check(course, calendar=CLINIC, as_of=date(2027, 1, 2))
        return [f.code for f in found if {"x1", "x2"} & set(f.sessions)]

    assert about_them(course) == []
    here = tuple(attrs.evolve(s, booked=True) for s in course.sessions)
    assert about_them(attrs.evolve(course, sessions=here)).count("KS401") == 2


def test_visits_without_today_are_said_to_be_left_aside():
    found = check(kept(), calendar=CLINIC, visits=THREE)
    assert [f.what for f in found] == ["not judged: what happened to the sessions that have passed"]
    assert check(kept(), calendar=CLINIC) == ()


def test_visits_that_contradict_each_other_are_a_fault_of_the_input():
    visits = [
        Visit(date(2027, 1, 4), session="s1"),
        Visit(date(2027, 1, 4), "no-show", session="s1"),
    ]
    with pytest.raises(InvalidInput, match="two visits of the session"):
        check(kept(), visits=visits, as_of=date(2027, 1, 5))


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write(kept(), "course.json")

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["ketsched", *words])
        with pytest.raises(SystemExit) as done:
            main()
        return done.value.code, capsys.readouterr()

    return run


def test_the_command_checks_a_course_against_a_file_of_visits(command, tmp_path):
    (tmp_path / "visits.csv").write_text(
        "day,status\n2027-01-04,fulfilled\n2027-01-07,fulfilled\n2027-01-11,fulfilled\n2027-01-14,no-show\n"
    )
    code, done = command("check", "course.json", "--visits", "visits.csv", "--as-of", "2027-01-14")
    assert code == 1
    assert "KS512" in done.out
    assert "KS501" not in done.out
    code, done = command("check", "course.json", "--as-of", "2027-01-14")
    assert done.out.count("KS501") == 3
    code, done = command("check", "course.json", "--visits", "visits.csv")
    assert code == 2
    assert "add --as-of with today's date" in done.err
    (tmp_path / "visits.csv").write_text("day,status\n2027-01-04,fulfilled\n2027-01-07,perhaps\n")
    code, done = command("check", "course.json", "--visits", "visits.csv", "--as-of", "2027-01-14")
    assert code == 2
    assert "line 3" in done.err


# -- the rules and their pages

SECTIONS = ("Why it matters:", "Example:", "Instead:", "References:")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_has_a_whole_page(rule):
    paragraphs = rule.page.split("\n\n")
    assert paragraphs[0].endswith(".")
    begins = [next((s for s in SECTIONS if p.startswith(s)), None) for p in paragraphs]
    assert tuple(s for s in begins if s) == SECTIONS, "each section once, in order"
    assert all(len(p) > len(s) + 1 for p, s in zip(paragraphs, begins, strict=True) if s)
    assert rule.source
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.name)


def test_codes_and_names_are_given_once_and_in_order():
    listed = codes(RULES)
    assert listed == sorted(set(listed))
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(re.fullmatch(r"KS[1-6]\d\d", code) for code in listed)


def test_codes_keep_their_names_for_ever():
    """A change here is a breaking one: waivers in course files name the codes."""
    assert {rule.code: rule.name for rule in RULES} == {
        "KS101": "gap-too-short",
        "KS102": "gap-too-long",
        "KS103": "too-many-in-window",
        "KS104": "places-too-close",
        "KS105": "places-too-far",
        "KS106": "too-few-hours",
        "KS107": "join-too-short",
        "KS108": "join-too-long",
        "KS109": "two-sessions-one-day",
        "KS110": "cross-series-gap",
        "KS201": "count-too-low",
        "KS202": "count-too-high",
        "KS203": "series-too-short",
        "KS204": "series-too-long",
        "KS205": "off-anchor-weekday",
        "KS206": "off-pattern",
        "KS207": "too-many-in-treatment-week",
        "KS208": "shrinking-maintenance-interval",
        "KS209": "maintenance-without-review",
        "KS210": "mixed-phases",
        "KS211": "evidence-note",
        "KS212": "phase-without-sessions",
        "KS301": "closed-day",
        "KS302": "outside-opening-hours",
        "KS303": "does-not-fit",
        "KS304": "no-free-chair",
        "KS305": "evening-session",
        "KS306": "start-does-not-exist",
        "KS307": "observation-too-short",
        "KS308": "esketamine-at-home",
        "KS401": "companion-missing",
        "KS402": "companions-not-planned",
        "KS403": "companion-outside-window",
        "KS404": "companion-on-session-day",
        "KS405": "companion-outside-hours",
        "KS406": "companion-overlaps",
        "KS407": "trip-after-session",
        "KS408": "driving-to-appointment",
        "KS409": "ride-missing",
        "KS410": "drives-home",
        "KS411": "fasting-against-water",
        "KS412": "screening-missing",
        "KS413": "response-review-missing",
        "KS414": "mid-series-review-missing",
        "KS415": "monitoring-not-set",
        "KS416": "session-on-hold",
        "KS417": "firm-too-soon",
        "KS418": "awaiting-outcome",
        "KS419": "not-authorised",
        "KS420": "authorisation-runs-out",
        "KS421": "outside-required-authorisation",
        "KS422": "home-use",
        "KS423": "peer-monitor-missing",
        "KS424": "task-overdue",
        "KS425": "hold-of-unknown-session",
        "KS426": "sessions-after-stop",
        "KS501": "not-recorded",
        "KS502": "future-dated-visit",
        "KS503": "given-too-soon",
        "KS504": "given-in-grace",
        "KS505": "given-too-late",
        "KS506": "latest-day-lifted",
        "KS507": "series-lapsed",
        "KS508": "extraneous-visit",
        "KS509": "entered-twice",
        "KS510": "counts-unknown",
        "KS511": "count-not-reached",
        "KS512": "missed-not-replanned",
        "KS601": "rules-not-run",
        "KS602": "unused-waiver",
        "KS603": "waiver-of-unknown-rule",
        "KS604": "waiver-of-unknown-session",
        "KS605": "course-without-sessions",
    }


@pytest.mark.parametrize("name", ["KS101", "ks101", "gap-too-short", " Gap-Too-Short "])
def test_a_rule_is_found_by_code_and_by_name(name):
    assert rule_named(name).code == "KS101"
    assert explain(name).startswith("KS101 gap-too-short\nerror; Protocol: spacing.minimum\n\nA session is")


def test_a_rule_that_does_not_exist_names_those_near():
    with pytest.raises(InvalidInput) as caught:
        rule_named("gap-to-short")
    assert caught.value.fix == "did you mean KS101 gap-too-short?"
    with pytest.raises(InvalidInput, match="no rule"):
        explain("")


def test_the_rules_are_imported_without_what_only_files_and_commands_need():
    heavy = ("rich", "click", "cattrs", "holidays", "icalendar", "dateutil", "tomllib", "numpy")
    seen = "import sys, ketsched.checking; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True).stdout
    assert not set(heavy) & set(loaded.split())


# -- laws

START = date(2027, 1, 4)
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
    found = []
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
            status=draw(st.sampled_from(Status)),
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
                status=draw(st.sampled_from(Status)),
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
        taken = Booking(
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
    bookings = Case(course=course).bookings
    known = {session.id for session in course.sessions}
    for companion in course.protocol.companions:
        theirs = around.anchors(companion, course.standing(), course.companions)
        ours = [
            (due.key, due.day, due.session.id if due.session else None) for due in bookings.dues(companion)
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
        *([boosters(2)] if with_boosters else []),
    ]
    prescribed = protocol(*phase_list, companions=tuple(map(sensible, companions)))
    named = {"therapist": THERAPIST} if with_therapist else {}
    try:
        course = plan(prescribed, start=START, calendar=CLINIC, calendars=named)
    except KetschedError:
        return  # one that must be there has no day; planning's own tests judge that
    found = check_all(course, calendar=CLINIC, calendars=named)
    assert [str(f) for f in found if f.severity is Severity.ERROR] == []


@given(courses())
def test_firm_sessions_that_wait_are_found_and_no_others(course):
    course = attrs.evolve(course, waivers=())
    waiting = around.to_confirm(course)
    found = {finding.sessions for finding in check(course) if finding.code == "KS417"}
    assert found == {(s.id,) for s in course.sessions if s.id in waiting and s.status is Status.FIRM}


@given(courses())
def test_moments_are_those_of_the_course(course):
    """Seconds counted by the rules against the course's own aware moments, also where clocks change."""
    case = Case(course=course)
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
    case = Case(course=course)
    stays = case.bookings.stays
    timed = [one for one in case.bookings.all if one.begin is not None and one.companion.for_patient]
    pairs = [
        (one, other)
        for one, other in (*itertools.combinations(timed, 2), *itertools.product(timed, stays))
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
    given_all = tuple(attrs.evolve(s, status=Status.FULFILLED) for s in course.sessions if s.status.stands)
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


def test_every_error_of_a_rule_lookup_has_four_parts():
    with pytest.raises(KetschedError) as caught:
        rule_named("x" * 100)
    assert caught.value.what
    assert caught.value.why
    assert caught.value.fix
