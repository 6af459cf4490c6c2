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

from ketsched.calendars import Booking, Calendar
from ketsched.checking import RULES, Finding, Severity, check, explain, rule_named
from ketsched.clock import TimeRange
from ketsched.errors import InvalidInput, KetschedError
from ketsched.model import (
    Anatomy,
    Course,
    Evidence,
    Interval,
    Join,
    Mark,
    Phase,
    Protocol,
    Session,
    Spacing,
    Status,
    Waiver,
)

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
        review=draw(st.sampled_from([None, Interval(days=182)])),
    )


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
    plan = protocol(
        *(draw(phases(n, n == number - 1)) for n in range(number)), note=draw(st.sampled_from(["", "n"]))
    )
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
            ideal=draw(st.none() | st.integers(0, 30).map(lambda n: first + timedelta(n))),
        )
        for n, (day, clock) in enumerate(placed, 1)
    )
    return Course(
        protocol=plan,
        zone=draw(st.sampled_from(ZONES)),
        sessions=sessions,
        waivers=tuple(draw(waiver_lists())[:1]),
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
    as_of = data.draw(st.sampled_from([None, START]))
    found = check(course, calendar=calendar, as_of=as_of, waivers=waivers)
    known = {session.id for session in course.sessions}
    for finding in found:
        assert set(finding.sessions) <= known
        assert finding.what
        assert finding.where
        assert finding.why
        assert finding.fix
        assert finding.source
        assert rule_named(finding.code).name == finding.name
        assert finding.waived_by is None or finding.severity is Severity.INFO
    shuffled = data.draw(st.permutations(waivers))
    assert check(course, calendar=calendar, as_of=as_of, waivers=shuffled) == found


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


@given(courses(), st.integers(1, 8))
def test_a_course_moved_by_whole_weeks_has_the_same_findings(course, weeks):
    by = timedelta(7 * weeks)
    moved = [s.day + by for s in course.sessions]
    if moved and max(moved) > date(2199, 12, 31):
        return
    plain = tuple(attrs.evolve(s, time=None) for s in course.sessions)
    if [s.day for s in plain] != sorted(s.day for s in plain):
        return
    later = tuple(
        attrs.evolve(s, day=s.day + by, ideal=s.ideal + by if s.ideal is not None else None) for s in plain
    )
    found, after = (
        [(f.code, f.severity, f.sessions) for f in check(attrs.evolve(course, sessions=sessions, waivers=()))]
        for sessions in (plain, later)
    )
    assert found == after


def test_every_error_of_a_rule_lookup_has_four_parts():
    with pytest.raises(KetschedError) as caught:
        rule_named("x" * 100)
    assert caught.value.what
    assert caught.value.why
    assert caught.value.fix
