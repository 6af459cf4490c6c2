"""Checking: worked cases, waivers, and what findings say."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import attrs
import pytest

from checked import T, booked, check, codes, induction, january, monthly
from ketsched.calendars import Calendar
from ketsched.chairs import Occupancy
from ketsched.checking import Finding, Severity
from ketsched.errors import InvalidInput
from ketsched.model import BookingStatus, Join, Mark, Spacing, Waiver
from making import OPEN, protocol

# 6 infusions, Monday-Wednesday-Friday, 2 to 4 nominal weeks.
M = protocol(
    induction(
        weekdays=(0, 2, 4), weeks=(2, 4), spacing=(Spacing(minimum=2, latest=7), Spacing(apart=3, minimum=7))
    )
)


# -- worked cases


def test_a_sound_course_has_no_finding():
    assert check(booked(T, january(4, 7, 11, 14, 18, 21)), calendar=OPEN) == ()


def test_a_session_moved_next_to_another_is_an_error_that_names_the_day_to_move_to():
    (off_pattern, found) = check(booked(T, january(4, 7, 11, 14, 20, 21)), calendar=OPEN)
    assert (off_pattern.code, off_pattern.severity, off_pattern.sessions) == ("KS206", Severity.INFO, ("s5",))
    assert found == Finding(
        code="KS101",
        name="gap-too-short",
        severity=Severity.ERROR,
        sessions=("s5", "s6"),
        day=date(2027, 1, 21),
        what="Infusion 6 (Thu 2027-01-21) is only 1 day after infusion 5 (Wed 2027-01-20).",
        where="induction, session 6, Thu 2027-01-21",
        why="The protocol requires at least 2 days.",
        fix="Move infusion 6 to Fri 2027-01-22 or later, or infusion 5 to Tue 2027-01-19 or earlier.",
        source="house default; not from a publication",
        mark=Mark.HOUSE,
    )


def test_what_the_fix_names_is_a_fix():
    assert check(booked(T, january(4, 7, 11, 14, 19, 21)), calendar=OPEN)[-1].code == "KS206"
    assert "KS101" not in codes(check(booked(T, january(4, 7, 11, 14, 20, 22)), calendar=OPEN))


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
    assert check(booked(M, days), calendar=OPEN) == ()


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
    assert (
        hours.what
        == "Infusion 2 (Mon 2027-03-15) starts 119 hours after infusion 1 (Wed 2027-03-10) started."
    )
    assert hours.fix == "Start it on Mon 2027-03-15 at 10:00 or later."


def test_a_waived_finding_is_acknowledged_and_not_hidden():
    waiver = Waiver(rule="KS101", sessions=("s5", "s6"), reason="travels on the 22nd", who="Dr A")
    course = booked(T, january(4, 7, 11, 14, 20, 21), waivers=(waiver,))
    (_, found) = check(course, calendar=OPEN)
    assert (found.code, found.severity, found.waived_by) == ("KS101", Severity.INFO, waiver)
    assert str(found).endswith("exception by Dr A: travels on the 22nd")
    (_, given_by_the_caller) = check(attrs.evolve(course, waivers=()), calendar=OPEN, waivers=[waiver])
    assert given_by_the_caller == found


def test_a_waiver_is_unused_once_the_date_has_changed():
    waiver = Waiver(rule="KS101", sessions=("s5", "s6"), reason="travels on the 22nd", who="Dr A")
    (found,) = check(booked(T, january(4, 7, 11, 14, 18, 21), waivers=(waiver,)), calendar=OPEN)
    assert (found.code, found.severity, found.sessions) == ("KS602", Severity.WARNING, ("s5", "s6"))


def test_two_waivers_of_one_finding_are_both_in_use():
    waivers = [
        Waiver(rule="KS101", sessions=ids, reason="travels", who=who)
        for ids, who in ((("s5", "s6"), "Dr B"), (("s6",), "Dr A"))
    ]
    (_, found) = check(booked(T, january(4, 7, 11, 14, 20, 21)), calendar=OPEN, waivers=waivers)
    assert found.waived_by == waivers[0]


def test_a_waiver_that_has_run_out_still_leaves_the_one_that_has_not():
    old, new = (
        Waiver(rule="KS101", sessions=("s6",), reason="travels", who=who, until=until)
        for who, until in (("Dr A", date(2027, 1, 1)), ("Dr B", date(2027, 2, 1)))
    )
    course = booked(T, january(4, 7, 11, 14, 20, 21), waivers=(old, new))
    found = check(course, calendar=OPEN, as_of=date(2027, 1, 10))
    assert [(f.code, f.severity) for f in found] == [
        ("KS206", Severity.INFO),
        ("KS101", Severity.INFO),
        ("KS602", Severity.WARNING),
    ]
    assert found[1].waived_by == new
    assert "2027-01-01" in found[2].why


# -- what findings say


def test_a_closed_day_says_which_closure():
    closed = OPEN.without(january(18), "public holiday")
    (found,) = check(booked(T, january(4, 7, 11, 14, 18, 21)), calendar=closed)
    assert (found.code, found.sessions) == ("KS301", ("s5",))
    assert found.why == "2027-01-18 is closed: public holiday."
    assert found.fix == "Move it to Tue 2027-01-19, the next day it fits, if the spacing rules allow that."


def test_a_closed_day_says_which_weekly_hours():
    shut = attrs.evolve(OPEN, hours=((), *OPEN.hours[1:]))
    found = check(booked(T, january(4, 7, 11, 14, 18, 21)), calendar=shut)
    assert {f.why for f in found} == {"The clinic has no hours on Mondays."}
    assert [f.sessions for f in found] == [("s1",), ("s3",), ("s5",)]


def test_a_closed_day_says_who_cannot():
    patient = Calendar.always("Europe/Amsterdam").without(january(18), "away")
    (found,) = check(booked(T, january(4, 7, 11, 14, 18, 21)), calendar=OPEN & patient)
    assert found.why == "2027-01-18 is closed: away."


def test_hours_that_never_meet_are_a_closed_day():
    patient = Calendar.weekly("Europe/Amsterdam", mon="18:00-21:00", thu="09:00-12:00", name="the patient")
    found = check(booked(T, january(4, 7, 11, 14, 18, 21)), calendar=OPEN & patient)
    assert found[0].why == "The hours of the clinic and the patient do not meet on 2027-01-04."


def test_a_start_that_does_not_fit_names_the_nearest_one_that_does():
    course = booked(T, january(4, 7, 11, 14, 18, 21), time(16))
    found = check(course, calendar=OPEN)
    assert {f.code for f in found} == {"KS303"}
    assert {f.fix for f in found} == {"Start at 15:00."}
    assert found[0].what == "Infusion 1 (Mon 2027-01-04) ends at 18:00."


def test_a_taken_chair_names_the_nearest_free_start():
    start = datetime(2027, 1, 4, 8, tzinfo=UTC)  # 09:00 in Amsterdam
    taken = attrs.evolve(OPEN, bookings=(Occupancy(start, start + timedelta(hours=1)),))
    (found,) = check(booked(T, january(4, 7, 11, 14, 18, 21)), calendar=taken)
    assert (found.code, found.sessions, found.fix) == ("KS304", ("s1",), "Start at 10:00.")


def test_another_course_takes_its_chair_only_while_it_sits_on_it():
    course = booked(T, january(4, 7, 11, 14, 18, 21))
    assert check(course, calendar=OPEN.booked(booked(T, january(5, 8, 12, 15, 19, 22)))) == ()
    assert check(course, calendar=OPEN.booked(booked(T, january(4, 7), time(11)))) == ()
    found = check(course, calendar=OPEN.booked(booked(T, january(4, 7), time(10))))
    assert [(f.code, f.sessions) for f in found] == [("KS304", ("s1",)), ("KS304", ("s2",))]


def test_a_time_that_the_zone_skips_names_both_choices():
    course = attrs.evolve(
        booked(protocol(induction(1)), [date(2027, 3, 14)], time(2, 30)), zone="America/New_York"
    )
    (found,) = [f for f in check(course) if f.code == "KS306"]
    assert found.fix == "Choose 01:30 or 03:30."


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
        monthly(1, join=Join(minimum=7)),
    )
    (found,) = [f for f in check(booked(plan, january(4, 7, 13))) if f.code == "KS107"]
    assert found.what == "Boosters starts 6 days after induction ended."
    assert found.why == "The protocol requires at least 7 days."


def test_numbers_are_the_places_of_those_that_stand():
    course = booked(T, january(4, 7, 11, 14, 20, 21))
    second = attrs.evolve(course.sessions[1], status=BookingStatus.CLOSED)
    course = attrs.evolve(course, sessions=(course.sessions[0], second, *course.sessions[2:]))
    (found,) = [f for f in check(course) if f.code == "KS101"]
    assert (found.what, found.sessions) == (
        "Infusion 5 (Thu 2027-01-21) is only 1 day after infusion 4 (Wed 2027-01-20).",
        ("s5", "s6"),
    )


def test_findings_come_by_day_then_by_code_and_those_about_the_course_last():
    found = check(booked(attrs.evolve(T, note="negative trial"), january(5, 7, 11, 14, 20, 21), time(18)))
    keys = [(f.day or date.max, f.code) for f in found]
    assert keys == sorted(keys)
    assert found[-1].day is None
    assert len(set(codes(found))) > 3


def test_a_finding_is_said_in_the_voice_of_errors():
    (found,) = [f for f in check(booked(T, january(4, 7, 11, 14, 20, 21))) if f.code == "KS101"]
    assert str(found).splitlines()[:2] == [
        "KS101 gap-too-short (error): Infusion 6 (Thu 2027-01-21) is only 1 day after infusion 5 (Wed 2027-01-20).",
        "  where: induction, session 6, Thu 2027-01-21",
    ]


def test_severities_compare_and_read_as_words():
    assert Severity.INFO < Severity.WARNING < Severity.ERROR
    assert f"{Severity.WARNING}" == str(Severity.WARNING) == "warning"
    assert Severity("error") is Severity.ERROR  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="dreadful"):
        Severity("dreadful")  # type: ignore[arg-type]


def test_today_is_a_date():
    with pytest.raises(InvalidInput, match="as_of"):
        check(booked(T, january(4)), as_of=datetime(2027, 1, 4, tzinfo=UTC))


def test_a_cap_broken_across_a_join_names_every_session_in_the_window():
    plan = protocol(
        induction(2, spacing=(Spacing(apart=2, minimum=7),)),
        monthly(2),
    )
    found = [f for f in check(booked(plan, january(4, 7, 9, 13))) if f.code == "KS103"]
    assert [f.sessions for f in found] == [("s1", "s2", "s3"), ("s2", "s3", "s4")]
    assert found[0].what == "3 sessions in 6 days, infusion 1 (Mon 2027-01-04) to booster 1 (Sat 2027-01-09)."
    assert found[0].fix == "Move booster 1 to Mon 2027-01-11 or later."


def test_what_was_not_run_is_named_once():
    course = booked(T, january(4, 7, 11, 14, 18, 21), None)
    untimed, without = (f.what for f in check(course) if f.code == "KS601")
    assert without == (
        "Not checked: KS301 closed-day, KS302 outside-opening-hours, KS303 does-not-fit, KS304 no-free-chair."
    )
    assert untimed == (
        "Not checked for all sessions: KS106 too-few-hours, KS305 evening-session, KS306 start-does-not-exist, "
        "KS309 sessions-overlap."
    )
    first = attrs.evolve(course.sessions[0], time=time(9))
    (partly,) = check(attrs.evolve(course, sessions=(first, *course.sessions[1:])), calendar=OPEN)
    assert partly.what == (
        "Not checked for 5 of 6 sessions: KS106 too-few-hours, KS302 outside-opening-hours, KS304 no-free-chair, "
        "KS305 evening-session, KS306 start-does-not-exist, KS309 sessions-overlap."
    )


@pytest.mark.parametrize(
    ("plan", "days", "what", "why", "fix"),
    [
        (
            induction(6, most=8),
            january(4, 7, 11, 14, 18),
            "Induction has 5 sessions.",
            "The protocol accepts 6 to 8 sessions.",
            "Add 1, or record an exception with the reason for fewer.",
        ),
        (
            induction(3),
            january(4),
            "Induction has 1 session.",
            "The protocol accepts 3 sessions.",
            "Add 2, or record an exception with the reason for fewer.",
        ),
        (
            induction(1),
            january(4, 7),
            "Induction has 2 sessions.",
            "The protocol accepts 1 session.",
            "Cancel infusion 2 (Thu 2027-01-07), book it in another phase, or record an exception.",
        ),
        (
            induction(1, weeks=(2, 4)),
            january(4),
            "Induction takes 1 day.",
            "The protocol requires at least 2 weeks.",
            "Move infusion 1 to Mon 2027-01-11 or later.",
        ),
        (
            induction(2, weeks=(1, 1)),
            january(4, 11),
            "Induction takes 8 days.",
            "The protocol requires at most 1 week.",
            "Move infusion 2 to Fri 2027-01-08 or earlier.",
        ),
    ],
)
def test_what_findings_about_a_series_say(plan, days, what, why, fix):
    (found,) = check(booked(protocol(plan), days), calendar=OPEN)
    assert (found.what, found.why, found.fix) == (what, why, fix)
