"""
Worked cases of what becomes of a course, each with the day before, the day, and the day after.

Dates were counted by hand. T is six infusions on Mondays and Thursdays from Monday 4 January 2027;
between two at least 2 days (1 is forgiven) and at most 7, all within 28 days; the clinic is open
from Monday to Friday. The numbers are for tests, not clinical advice.
"""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Any

import attrs
import pytest

from ketsched.calendars import Calendar
from ketsched.checking import Severity, check
from ketsched.errors import InvalidInput
from ketsched.history import SessionState, Verdict, evaluate
from ketsched.interchange import dumps
from ketsched.model import BookingStatus, Join, LapseBand, Phase, Spacing, Visit, Waiver
from ketsched.planning import NoFeasiblePlan
from ketsched.tracking import forecast, moving, proposals, record, replan, ways
from making import EVERY_DAY, GAPS, HOUR_FORTY, OPEN, ZONE, clinic, dates, day, named
from worked import again, coming, course_t, errors, induction, monthly, morning, planned, standing, visits


def lifted(course):
    """Which days a rule no longer joins, how far they might have been, and by what it was lifted."""
    where = {session.id: session.day for session in course.sessions}
    return {(where[one.earlier], where[one.later], one.latest, one.by) for one in course.lifted}


def events(course, **options):
    """The bytes of each event of the calendar file, by its UID."""
    content = dumps(course, "ics", **options)
    found = re.findall(rb"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", content, re.DOTALL)
    by_uid = {re.search(rb"\r\nUID:(.*?)\r\n", event)[1]: event for event in found}
    assert len(by_uid) == len(found)
    return by_uid


def of_day(found, text):
    """The one event that starts on a day."""
    stamp = day(text).strftime("%Y%m%d").encode()
    (event,) = (e for e in found.values() if re.search(rb"\r\nDTSTART[^\r\n]*:" + stamp, e))
    return event


def line(event, name):
    return re.search(rb"\r\n" + name.encode() + rb"(?:;[^:\r\n]*)?:([^\r\n]*)", event)[1].decode()


GIVEN_3 = visits("4 7 11 Jan")
MISSED_4 = [*GIVEN_3, *visits("14 Jan", "no-show")]


# -- moving one session by hand


@pytest.mark.parametrize(
    ("to", "others", "breaks"),
    [
        ("19 Jan", "21 Jan", False),  # 2 days before session 6
        ("20 Jan", "22 Jan", True),  # 1 day before it: it goes to Friday
        ("21 Jan", "25 Jan", True),  # its own day: 23 and 24 January are a weekend
    ],
)
def test_moving_session_5_by_hand(to, others, breaks):
    course = course_t()
    found = moving(course, "s5", day(to), calendar=OPEN, at=morning(day("1 Jan")))
    assert (found.earliest, found.latest) == (day("16 Jan"), day("19 Jan"))
    assert found.days == tuple(dates("18 19 Jan"))
    assert bool(found.breaks) is breaks
    if to == "21 Jan":
        assert found.alone is None  # session 6 is on it
    else:
        assert standing(found.alone) == sorted([*dates("4 7 11 14 21 Jan"), day(to)])
    result = found.repair if breaks else found.alone
    assert standing(result) == sorted([*dates("4 7 11 14 Jan"), day(to), day(others)])
    assert result.sessions[:4] == course.sessions[:4]
    assert named(result, "s5").day == day(to)
    assert named(result, "s6").day == day(others)
    if breaks:
        assert any("requires 2" in said or "infusion 6 is on that day" in said for said in found.breaks)


def test_moving_a_session_alone_is_an_error_finding_one_day_too_near():
    course = course_t()
    for to, codes in (("18 Jan", set()), ("19 Jan", set()), ("20 Jan", {"KS101"})):
        found = moving(course, "s5", day(to), calendar=OPEN, at=morning(day("1 Jan")))
        result = found.alone or course
        assert {f.code for f in check(result, calendar=OPEN) if f.severity is Severity.ERROR} == codes


# -- one session missed

UNTOUCHED = {"keep": ("s5", "s6"), "make-up": ("s5", "s6"), "next-open": ("s5", "s6"), "skip": ("s5", "s6")}


@pytest.mark.parametrize(
    ("policy", "expected", "new"),
    [
        ("keep", "18 21 25 Jan", "25 Jan"),
        ("make-up", "15 18 21 Jan", "15 Jan"),
        ("next-open", "15 18 21 Jan", "15 Jan"),
        ("shift", "15 19 22 Jan", "15 Jan"),
        ("skip", "18 21 Jan", None),
    ],
)
def test_session_4_missed_on_its_day(policy, expected, new):
    course = course_t()
    result = again(course, MISSED_4, "14 Jan", policy=policy)
    assert coming(result) == dates(expected)
    assert not errors(result, "14 Jan")
    assert not result.lifted
    assert named(result, "s4").status is BookingStatus.MISSED
    assert named(result, "s4").day == day("14 Jan")
    for name in UNTOUCHED.get(policy, ()):
        assert named(result, name) == named(course, name)
    kinds = {change.booking: (change.kind, change.after.day) for change in result.changes}
    wanted = {f"s{n}": ("fulfilled", one) for n, one in enumerate(dates("4 7 11 Jan"), 1)}
    wanted["s4"] = ("missed", day("14 Jan"))
    if new is not None:
        wanted["s7"] = ("added", day(new))
    if policy == "shift":
        wanted |= {"s5": ("moved", day("19 Jan")), "s6": ("moved", day("22 Jan"))}
    assert kinds == wanted
    assert all(change.why for change in result.changes)
    counts = [f for f in check(result, calendar=OPEN, as_of=day("14 Jan")) if f.code == "KS201"]
    assert bool(counts) is (policy == "skip")


@pytest.mark.parametrize("policy", ["keep", "make-up", "next-open", "shift", "skip"])
def test_a_session_is_not_missed_before_its_day(policy):
    result = again(course_t(), MISSED_4, "13 Jan", policy=policy)
    assert standing(result) == dates("4 7 11 14 18 21 Jan")
    assert named(result, "s4") == named(course_t(), "s4")
    assert result.revisions[-1].remarks
    assert not [visit for visit in result.visits if visit.day == day("14 Jan")]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("keep", "18 21 25 Jan"),
        ("make-up", "18 21 25 Jan"),  # 16 and 17 January are a weekend: as keep
        ("next-open", "18 21 25 Jan"),  # the 18th is the first open day; the agreed days stay
        ("shift", "18 22 25 Jan"),  # 4 days each
        ("skip", "18 21 Jan"),
    ],
)
def test_session_4_missed_seen_on_the_day_after(policy, expected):
    course = course_t()
    result = again(course, MISSED_4, "15 Jan", policy=policy)
    assert coming(result) == dates(expected)
    for name in ("s5", "s6") if policy in ("keep", "make-up", "skip") else ("s5",):
        assert named(result, name) == named(course, name)
    fell_back = [said for said in result.revisions[-1].remarks if "made up at the end" in said]
    assert bool(fell_back) is (policy == "make-up")


@pytest.mark.parametrize(
    ("notice", "expected"), [(1, "15 18 21 Jan"), (2, "18 21 25 Jan"), (4, "18 21 25 Jan")]
)
def test_a_make_up_day_keeps_the_notice(notice, expected):
    assert coming(again(course_t(), MISSED_4, "14 Jan", policy="make-up", notice=notice)) == dates(expected)


def test_a_missed_session_is_handled_once():
    for policy in ("keep", "make-up", "next-open", "shift", "skip"):
        once = again(course_t(), MISSED_4, "14 Jan", policy=policy)
        assert again(once, MISSED_4, "14 Jan", policy=policy) == once
        assert again(once, [], "15 Jan", policy=policy, notice=0) == once


# -- too soon, twice, late


@pytest.mark.parametrize(
    ("fourth", "verdict", "number", "earliest"),
    [
        ("12 Jan", Verdict.TOO_SOON, 4, "14 Jan"),
        ("13 Jan", Verdict.GRACE, 5, "15 Jan"),
        ("14 Jan", Verdict.VALID, 5, "16 Jan"),
    ],
)
def test_session_4_so_soon_after_session_3(fourth, verdict, number, earliest):
    happened = [*visits("4 7 12 Jan"), Visit(day(fourth), at=time(15), note="second")]
    course = course_t()
    history = evaluate(course, happened, as_of=day(fourth))
    judged = next(one for one in history.visits if one.visit.note == "second")
    assert judged.verdict is verdict
    assert judged.number == (None if verdict is Verdict.TOO_SOON else 4)
    found = forecast(course, happened, as_of=day(fourth), calendar=OPEN)
    assert (found.sessions[0].number, found.sessions[0].earliest) == (number, day(earliest))
    assert min(found.bookable) >= day(earliest)
    for policy in ("keep", "make-up", "next-open", "shift", "skip"):
        result = again(course, happened, fourth, policy=policy)
        assert min(coming(result)) >= day(earliest)
        gaps = [b - a for a, b in zip(coming(result), coming(result)[1:], strict=False)]
        assert min(gaps) >= timedelta(2)


@pytest.mark.parametrize(
    ("second", "verdict"),
    [
        (Visit(day("11 Jan")), Verdict.DUPLICATE),
        (Visit(day("11 Jan"), note="headache"), Verdict.TOO_SOON),
        (Visit(day("12 Jan")), Verdict.GRACE),
    ],
)
def test_two_records_so_near_each_other(second, verdict):
    today = second.day
    course = course_t()
    history = evaluate(course, [*GIVEN_3, second], as_of=today)
    last = history.visits[-1]
    assert [one.verdict for one in history.visits[:3]] == [Verdict.VALID] * 3
    assert last.verdict is verdict
    assert last.number == (4 if verdict is Verdict.GRACE else None)
    found = forecast(course, [*GIVEN_3, second], as_of=today)
    assert found.sessions[0].earliest == today + timedelta(2)
    assert found.sessions[0].number == (5 if verdict is Verdict.GRACE else 4)


# -- a long break

BANDS = (
    LapseBand(first=0, last=7, propose="continue"),
    LapseBand(first=8, last=None, propose="clinician review"),
)


@pytest.mark.parametrize(
    ("today", "no_shows", "proposed"),
    [
        ("17 Jan", "14 Jan", ""),
        ("18 Jan", "14 18 Jan", ""),  # day 7
        ("19 Jan", "14 18 Jan", "clinician review"),  # day 8
        ("15 Feb", "14 18 21 Jan", "clinician review"),
    ],
)
def test_a_break_after_session_3(today, no_shows, proposed):
    course = planned(induction(lapse=BANDS))
    happened = [*GIVEN_3, *visits(no_shows, "no-show")]
    found = forecast(course, happened, as_of=day(today), calendar=OPEN)
    assert found.last_given == day("11 Jan")
    assert found.lapse == BANDS[bool(proposed)]
    assert found.proposes == proposed
    assert found.lapses_on == day("19 Jan")
    options = proposals(course, happened, calendar=OPEN, at=morning(day(today)))
    assert bool(options) is bool(proposed)
    # nothing is restarted by itself
    result = again(course, happened, today)
    assert len(result.standing()) == 6
    assert [s.id for s in result.standing()[:3]] == ["s1", "s2", "s3"]


@pytest.mark.parametrize("recorded", ["14 18 21 Jan", ""])
def test_back_after_five_weeks(recorded):
    """Whether somebody recorded what was missed or nobody did: both plans are there."""
    course = planned(induction(lapse=BANDS))
    happened = [*GIVEN_3, *(visits(recorded, "no-show") if recorded else ())]
    options = proposals(course, happened, calendar=OPEN, at=morning(day("15 Feb")))
    plans = {option.name: option for option in options}
    assert options[0].name == "continue"
    assert "restart" in plans
    assert all(option.error is None and option.says for option in options)
    restart = plans["restart"].course
    # 18 February is the first Thursday that leaves a day's notice
    assert [d for d in coming(restart) if d > day("15 Feb")] == dates("18 22 25 Feb, 1 4 8 Mar")
    assert not errors(restart, "15 Feb")
    if recorded:
        go_on = plans["continue"].course
        assert coming(go_on) == dates("18 22 25 Feb")
        assert [go_on.number(s) for s in go_on.standing()[3:]] == [4, 5, 6]
        assert (day("11 Jan"), day("18 Feb"), 7, "history") in lifted(go_on)
        assert not errors(go_on, "15 Feb")


# -- nothing recorded, and recorded too early


@pytest.mark.parametrize(
    ("today", "state"),
    [("13 Jan", SessionState.PLANNED), ("14 Jan", SessionState.DUE), ("15 Jan", SessionState.NOT_RECORDED)],
)
def test_session_4_without_a_record(today, state):
    course = course_t()
    history = evaluate(course, GIVEN_3, as_of=day(today))
    assert next(one.state for one in history.sessions if one.session.id == "s4") is state
    found = forecast(course, GIVEN_3, as_of=day(today), calendar=OPEN)
    unknown = state is SessionState.NOT_RECORDED
    assert bool(found.asks) is unknown
    assert (found.if_given is not None, found.if_missed is not None) == (unknown, unknown)
    result = again(course, GIVEN_3, today)
    assert standing(result) == dates("4 7 11 14 18 21 Jan")  # nothing is added, nothing pulled forward
    assert named(result, "s4") == named(course, "s4")
    assert any("2027-01-14" in said for said in result.revisions[-1].remarks) is unknown


def test_both_branches_of_what_nobody_recorded():
    found = forecast(course_t(), GIVEN_3, as_of=day("15 Jan"), calendar=OPEN)
    given, missed = found.if_given.sessions[0], found.if_missed.sessions[0]
    assert (given.number, given.earliest, given.latest) == (5, day("16 Jan"), day("21 Jan"))
    assert (missed.number, missed.earliest, missed.latest) == (4, day("13 Jan"), day("18 Jan"))
    assert found.if_missed.bookable == (day("18 Jan"),)
    # for gaps it is taken as given
    assert found.sessions[0].earliest == day("16 Jan")


@pytest.mark.parametrize("today", ["17 Jan", "18 Jan", "19 Jan"])
def test_a_record_of_a_day_that_may_not_have_come(today):
    course = course_t()
    happened = visits("4 7 11 14 18 Jan")
    too_early = today == "17 Jan"
    history = evaluate(course, happened, as_of=day(today))
    assert (history.visits[-1].verdict is Verdict.FUTURE) is too_early
    state = next(one.state for one in history.sessions if one.session.id == "s5")
    assert state is (SessionState.PLANNED if too_early else SessionState.FULFILLED)
    assert forecast(course, happened, as_of=day(today)).sessions[0].number == (5 if too_early else 6)
    result = again(course, happened, today)
    assert standing(result) == dates("4 7 11 14 18 21 Jan")
    assert named(result, "s5").status is (BookingStatus.FIRM if too_early else BookingStatus.FULFILLED)
    if too_early:
        with pytest.raises(InvalidInput):
            record(course, happened, at=morning(day(today)))
    else:
        assert record(course, happened, at=morning(day(today))).sessions == result.sessions


# -- one infusion more


@pytest.mark.parametrize(("seventh", "fills"), [("27 Jan", False), ("28 Jan", True), ("29 Jan", True)])
def test_a_seventh_infusion_before_the_boosters(seventh, fills):
    course = planned(induction(), monthly(join=Join(ideal=28, minimum=7)))
    assert standing(course)[6:] == dates("18 Feb, 18 Mar, 15 Apr")
    happened = visits(f"4 7 11 14 18 21 Jan, {seventh}")
    last = evaluate(course, happened, as_of=day(seventh)).visits[-1]
    assert (last.verdict is Verdict.FILLS_BOOSTER) is fills
    assert last.number == (1 if fills else None)
    result = again(course, happened, seventh)
    assert coming(result) == dates("18 Feb, 18 Mar" if fills else "18 Feb, 18 Mar, 15 Apr")
    assert named(result, "s7") == named(course, "s7")  # the next booking stays as it is
    assert forecast(course, happened, as_of=day(seventh)).sessions[0].number == (2 if fills else 1)


# -- calendars follow


def test_a_calendar_follows_a_missed_session():
    course = course_t()
    before = events(course)
    result = again(course, MISSED_4, "14 Jan")
    after = events(result)
    assert set(before) < set(after)
    for text in ("18 Jan", "21 Jan"):
        assert of_day(after, text) == of_day(before, text)
    for text in ("4 Jan", "7 Jan", "11 Jan", "14 Jan"):
        assert line(of_day(after, text), "UID") == line(of_day(before, text), "UID")
        assert line(of_day(after, text), "SEQUENCE") == "1"
        assert line(of_day(after, text), "DTSTAMP") == "20270114T080000Z"
    missed = of_day(after, "14 Jan")
    assert line(missed, "STATUS") == "CANCELLED"
    assert line(missed, "SUMMARY") != line(of_day(before, "14 Jan"), "SUMMARY")
    (new,) = set(after) - set(before)
    assert after[new] == of_day(after, "25 Jan")
    assert line(after[new], "SEQUENCE") == "0"
    assert dumps(result, "ics") == dumps(again(result, MISSED_4, "14 Jan"), "ics")
    assert dumps(course, "ics") == dumps(course_t(), "ics")


@pytest.mark.parametrize("today", ["13 Jan", "14 Jan", "15 Jan"])
def test_a_calendar_tells_a_session_missed_from_its_day_on(today):
    course = again(course_t(), GIVEN_3, "12 Jan")
    before = events(course)
    after = events(again(course, MISSED_4, today))
    assert (after == before) is (today == "13 Jan")
    changed = {uid for uid in before if before[uid] != after[uid]}
    assert len(changed) == (today != "13 Jan")


def test_a_calendar_follows_a_session_that_is_dropped():
    course = course_t()
    before = of_day(events(course), "21 Jan")
    cases: tuple[tuple[str, dict[str, Any]], ...] = (
        ("12 Jan", {"visits": visits("21 Jan", "cancelled", by="patient"), "policy": "skip"}),
        ("19 Jan", {"visits": [], "end": True}),
    )
    for today, options in cases:
        happened = options.pop("visits")
        result = replan(course, happened, calendar=OPEN, at=morning(day(today)), **options)
        assert standing(result) == dates("4 7 11 14 18 Jan")
        after = of_day(events(result), "21 Jan")
        assert line(after, "UID") == line(before, "UID")
        assert (line(before, "SEQUENCE"), line(after, "SEQUENCE")) == ("0", "1")
        assert line(after, "STATUS") == "CANCELLED"
        assert "cancel" in line(after, "SUMMARY").lower()
        for text in ("14 Jan", "18 Jan"):
            assert of_day(events(result), text) == of_day(events(course), text)


@pytest.mark.parametrize(("today", "left"), [("20 Jan", False), ("21 Jan", True), ("22 Jan", True)])
def test_ending_a_course_leaves_the_session_of_that_day(today, left):
    result = again(course_t(), [], today, end=True)
    assert (day("21 Jan") in standing(result)) is left
    assert result.ended == day(today)
    assert standing(result)[:5] == dates("4 7 11 14 18 Jan")


# -- a policy that costs a rule


@pytest.mark.parametrize(("latest", "kept"), [(26, False), (27, False), (28, True)])
def test_eight_sessions_and_a_ninth_day(latest, kept):
    """1 February is 28 days after 4 January."""
    course = planned(induction(8, GAPS, Spacing(apart=7, latest=latest)))
    assert standing(course) == dates("4 7 11 14 18 21 25 28 Jan")
    happened = [*visits("4 7 Jan"), *visits("11 Jan", "no-show")]
    tried = ways(course, happened, calendar=OPEN, at=morning(day("11 Jan")))
    options = {name: option for option in tried for name in option.names}
    expected = {
        "keep": "14 18 21 25 28 Jan, 1 Feb",
        "make-up": "12 14 18 21 25 28 Jan",
        "next-open": "12 14 18 21 25 28 Jan",
        "shift": "12 15 19 22 26 29 Jan",
        "skip": "14 18 21 25 28 Jan",
    }
    for name, text in expected.items():
        assert coming(options[name].course) == dates(text), name
        span = {(day("4 Jan"), day("1 Feb"), latest, "policy")}
        assert lifted(options[name].course) == (set() if kept or name != "keep" else span)
        assert not errors(options[name].course, "11 Jan")
    said = " ".join(options["keep"].course.revisions[-1].remarks)
    for other in ("fit in", "move all", "leave out"):
        assert (other in said) is not kept


# -- away


@pytest.mark.parametrize(("back", "feasible"), [("18 Jan", True), ("19 Jan", False), ("27 Jan", False)])
def test_away_from_12_january_told_in_advance(back, feasible):
    """Session 3 is on the 11th, so session 4 has to come by the 18th."""
    away = [day("12 Jan") + timedelta(n) for n in range((day(back) - day("12 Jan")).days)]
    options = {"availability": Calendar.always(ZONE).without(away)}
    course = course_t()
    if feasible:
        result = again(course, visits("4 7 Jan"), "8 Jan", **options)
        assert coming(result)[:2] == dates("11 18 Jan")
        assert not result.lifted
        assert not errors(result, "8 Jan")
        return
    with pytest.raises(NoFeasiblePlan) as caught:
        again(course, visits("4 7 Jan"), "8 Jan", **options)
    assert "at most 7 days between two" in caught.value.why
    # a clinician may let it go
    result = again(course, visits("4 7 Jan"), "8 Jan", exceed=True, **options)
    assert coming(result)[0] == day("11 Jan")
    assert coming(result)[1] >= day(back)
    assert (day("11 Jan"), coming(result)[1], 7, "policy") in lifted(result)


def test_back_on_27_january_without_having_told():
    course = course_t()
    happened = [*GIVEN_3, *visits("14 18 21 Jan", "no-show")]
    result = again(course, happened, "27 Jan")
    # 28 January is the first Thursday that leaves a day's notice
    assert coming(result) == dates("28 Jan, 1 4 Feb")
    assert (day("11 Jan"), day("28 Jan"), 7, "history") in lifted(result)
    assert {by for *_, by in lifted(result)} == {"history"}
    assert not errors(result, "27 Jan")
    found = forecast(course, happened, as_of=day("27 Jan"), calendar=OPEN)
    assert found.lifted
    assert found.bookable[0] == day("28 Jan")


# -- by hand, and then the clinic


@pytest.mark.parametrize("fifth", ["19 Jan", "20 Jan"])
def test_a_session_moved_by_hand_stays(fifth):
    moved = moving(course_t(), "s5", day(fifth), calendar=OPEN, at=morning(day("12 Jan"))).alone
    waiver = Waiver(rule="KS101", sessions=("s5", "s6"), reason="a long journey", who="Dr A")
    course = attrs.evolve(moved, waivers=(waiver,) if fifth == "20 Jan" else ())
    happened = [*visits("4 7 11 14 Jan"), *visits("21 Jan", "cancelled", by="clinic")]
    result = again(course, happened, "14 Jan")
    assert named(result, "s5").day == day(fifth)
    assert named(result, "s5").pinned
    assert named(result, "s6").status is BookingStatus.CLOSED
    assert coming(result) == [day(fifth), day("25 Jan")]  # the next day of the pattern but the cancelled one
    # the clinic closes on that day instead: the booking moves to the next open day that its rules allow
    closed = again(course, visits("4 7 11 14 Jan"), "14 Jan", calendar=OPEN.without(dates("21 Jan")))
    assert coming(closed) == [day(fifth), day("22 Jan")]
    assert named(closed, "s6").day == day("22 Jan")


# -- two missed in a row


@pytest.mark.parametrize(
    ("today", "expected"),
    [("17 Jan", "18 21 25 Jan"), ("18 Jan", "21 25 28 Jan"), ("19 Jan", "21 25 28 Jan")],
)
def test_sessions_4_and_5_missed(today, expected):
    course = course_t()
    happened = [*GIVEN_3, *visits("14 18 Jan", "no-show")]
    result = again(course, happened, today)
    assert coming(result) == dates(expected)
    assert named(result, "s6") == named(course, "s6")
    broken = {(day("11 Jan"), day("21 Jan"), 7, "history")}
    assert lifted(result) == (set() if today == "17 Jan" else broken)
    assert bool([said for said in result.revisions[-1].remarks if "10 days" in said]) is (today != "17 Jan")
    assert not errors(result, today)


# -- closures and clocks


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        ("17 Jan", "4 7 11 14 18 21 Jan"),  # a Sunday
        ("18 Jan", "4 7 11 14 19 21 Jan"),
        ("19 Jan", "4 7 11 14 18 21 Jan"),
    ],
)
def test_a_day_closed_when_planned_and_afterwards(closed, expected):
    calendar = OPEN.without(dates(closed))
    assert standing(planned(induction(), calendar=calendar)) == dates(expected)
    result = again(course_t(), [], "1 Jan", calendar=calendar)
    assert standing(result) == dates(expected)
    assert (result == course_t()) is (closed != "18 Jan")


@pytest.mark.parametrize(("sessions", "feasible"), [(7, True), (8, False)])
def test_so_many_within_two_weeks(sessions, feasible):
    every_day = clinic(*EVERY_DAY, zone="UTC")
    dense = Phase(
        kind="induction",
        name="induction",
        count=sessions,
        weeks=(2, 2),
        study_days=tuple(range(1, 2 * sessions, 2)),
        anatomy=HOUR_FORTY,
        spacing=(Spacing(minimum=2),),
    )
    if feasible:
        days = standing(planned(dense, calendar=every_day))
        assert days == dates("4 6 8 10 12 14 16 Jan")
        return
    with pytest.raises(NoFeasiblePlan) as caught:
        planned(dense, calendar=every_day)
    assert "8 sessions at least 2 days apart need 15 days" in str(caught.value)


# -- what the checker says of it


def history_codes(course, happened, today):
    found = check(course, calendar=OPEN, visits=happened, as_of=day(today))
    return {finding.code for finding in found if finding.code.startswith("KS5")}


@pytest.mark.parametrize(
    ("happened", "today", "code", "said"),
    [
        # a day without a record
        (GIVEN_3, "13 Jan", "KS501", False),
        (GIVEN_3, "14 Jan", "KS501", False),
        (GIVEN_3, "15 Jan", "KS501", True),
        # a record of a day to come
        (visits("4 7 11 14 18 Jan"), "17 Jan", "KS502", True),
        (visits("4 7 11 14 18 Jan"), "18 Jan", "KS502", False),
        # the gap to the one before: 0, 1 and 2 days
        ([*GIVEN_3, Visit(day("11 Jan"), note="x")], "13 Jan", "KS503", True),
        ([*GIVEN_3, Visit(day("12 Jan"))], "13 Jan", "KS503", False),
        ([*GIVEN_3, Visit(day("12 Jan"))], "13 Jan", "KS504", True),
        ([*GIVEN_3, Visit(day("13 Jan"))], "13 Jan", "KS504", False),
        # 7 and 8 days
        ([*MISSED_4, Visit(day("18 Jan"))], "18 Jan", "KS505", False),
        ([*MISSED_4, Visit(day("19 Jan"))], "19 Jan", "KS505", True),
        # a break: day 7 and day 8
        (MISSED_4, "18 Jan", "KS507", False),
        (MISSED_4, "19 Jan", "KS507", True),
        # six and seven
        (visits("4 7 11 14 18 21 Jan"), "28 Jan", "KS508", False),
        (visits("4 7 11 14 18 21 28 Jan"), "28 Jan", "KS508", True),
        # entered twice
        ([*GIVEN_3, Visit(day("11 Jan"))], "13 Jan", "KS503", False),
    ],
)
def test_what_is_said_of_the_past(happened, today, code, said):
    assert (code in history_codes(planned(induction(lapse=BANDS)), happened, today)) is said


@pytest.mark.parametrize(("gap", "reported"), [("18 Jan", False), ("21 Jan", True)])
def test_a_rule_that_the_past_has_broken_is_reported_once_and_as_a_warning(gap, reported):
    """Sessions 4 and 5 missed: 11 to 21 January is 10 days. With 4 alone, 11 to 18 January is 7."""
    missed = "14 18 Jan" if reported else "14 Jan"
    today = "18 Jan" if reported else "14 Jan"
    result = again(course_t(), [*GIVEN_3, *visits(missed, "no-show")], today)
    assert coming(result)[0] == day(gap)
    found = check(result, calendar=OPEN, as_of=day(today))
    told = [f for f in found if f.code == "KS506"]
    assert [f.severity for f in told] == [Severity.WARNING] * reported
    assert not [f for f in found if f.severity is Severity.ERROR]
