"""Checking a course against what happened: misses, breaks, visits elsewhere, waivers of pinned sessions."""

from __future__ import annotations

import sys
from datetime import date, time
from typing import Any

import attrs
import pytest

from checked import AROUND, BOOSTERS, NO_DRIVING, START, T, at, check, codes, january, monthly
from ketsched import holds
from ketsched.checking import Severity
from ketsched.cli import main
from ketsched.errors import InvalidInput
from ketsched.interchange import write
from ketsched.model import (
    Anchor,
    BookingStatus,
    Companion,
    Decision,
    Evidence,
    LapseBand,
    Mark,
    Spacing,
    Visit,
    Waiver,
    Window,
)
from ketsched.planning import plan
from ketsched.tracking import record, replan
from making import OPEN

THREE = [Visit(day) for day in january(4, 7, 11)]
NO_SHOW = Visit(date(2027, 1, 14), "no-show")


def kept(plan_of=T):
    """Return a course that somebody keeps: from Mon 4 January 2027, at 09:00."""
    return plan(plan_of, start=START, calendar=OPEN, id="A-017", at=at(1), time=time(9))


def about(course, day, month=1, **given):
    """Return code, severity and sessions of what is found, but for remarks on the pattern."""
    found = check(course, calendar=OPEN, as_of=date(2027, month, day), **given)
    return [(f.code, str(f.severity), f.sessions) for f in found if f.code != "KS206"]


@pytest.mark.parametrize("policy", ["keep", "make-up", "next-open", "shift"])
def test_a_miss_that_was_made_up_leaves_nothing_to_say(policy):
    course = replan(kept(), [*THREE, NO_SHOW], calendar=OPEN, at=at(14), policy=policy)
    assert about(course, 14) == []


def test_a_miss_that_is_not_made_up_is_a_count_finding():
    course = replan(kept(), [*THREE, NO_SHOW], calendar=OPEN, at=at(14), policy="skip")
    assert about(course, 14) == [("KS201", "warning", ("s1", "s2", "s3", "s5", "s6"))]


def test_a_miss_that_nobody_decided_about_asks_for_a_plan_recorded_or_given_beside():
    asked = [("KS512", "warning", ("s4",))]
    assert about(record(kept(), [*THREE, NO_SHOW], at=at(14)), 14) == asked
    assert about(kept(), 14, visits=[*THREE, NO_SHOW]) == asked
    (found,) = check(kept(), calendar=OPEN, as_of=date(2027, 1, 14), visits=[*THREE, NO_SHOW])
    assert found.what == "Infusion (Thu 2027-01-14) was missed and has no new date."
    assert found.why == "The protocol's way: at the end."
    assert found.fix == "Plan again: ketsched replan FILE"
    assert found.where == "induction, Thu 2027-01-14"


def test_what_was_given_in_grace_is_said_and_counts():
    visits = [Visit(day) for day in january(4, 7, 12, 13)]
    assert about(kept(), 13, visits=visits) == [("KS504", "info", ("s3", "s4"))]
    course = replan(kept(), visits, calendar=OPEN, at=at(13))
    assert about(course, 13) == [("KS504", "info", ("s3", "s4"))]
    assert [s.day for s in course.standing()] == january(4, 7, 12, 13, 18, 21)


def test_one_day_recorded_twice():
    """With equal data it is one visit; with different data the second is too soon. T still has six."""
    same, other = Visit(date(2027, 1, 11)), Visit(date(2027, 1, 11), at=time(15), note="again")
    for again, found in ((same, ("KS509", "warning", ("s3",))), (other, ("KS503", "warning", ("s3", "x1")))):
        assert about(kept(), 13, visits=[*THREE, again]) == [found]
        course = replan(kept(), [*THREE, again], calendar=OPEN, at=at(13))
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
    course = replan(course, [*THREE, *missed], calendar=OPEN, at=at(15, 2))
    assert about(course, 15, 2) == [
        ("KS507", "warning", ("s3",)),
        ("KS506", "warning", ("s3", "s7")),
        ("KS506", "warning", ("s1", "s2", "s3", "s7", "s8", "s9")),
    ]
    (found,) = (f for f in check(course, as_of=date(2027, 2, 15)) if f.code == "KS507")
    assert found.what == ("Long break: 35 days since the last session (Mon 2027-01-11).")
    assert (
        found.why == "The protocol suggests: clinician review (induction, from day 29 on: clinician review)."
    )
    assert (found.fix, found.mark) == ("Ask a clinician. Ways: ketsched next FILE", Mark.HOUSE)
    assert found.source == "house default; not from a publication"


def test_a_break_with_worse_symptoms_says_so():
    bands = (LapseBand(first=0, last=None, propose="continue", if_worse="step back"),)
    course = kept(attrs.evolve(T, phases=(attrs.evolve(T.phases[0], lapse=bands),)))
    visits = [*THREE, attrs.evolve(NO_SHOW, worse=True)]
    (found,) = (f for f in check(course, as_of=date(2027, 1, 15), visits=visits) if f.code == "KS507")
    assert found.what == (
        "Long break: 4 days since the last session (Mon 2027-01-11) and symptoms are recorded as worse."
    )


def test_what_nobody_recorded_is_asked_for():
    course = replan(kept(), THREE, calendar=OPEN, at=at(15))
    assert about(course, 15) == [("KS501", "warning", ("s4",))]
    assert about(course, 14) == []
    assert "KS501" not in codes(check(course, calendar=OPEN))


def test_a_visit_after_today_is_not_taken_as_given():
    assert about(kept(), 13, visits=[*THREE, Visit(date(2027, 1, 18))]) == [("KS502", "warning", ())]


def test_a_seventh_infusion_fills_a_booster_and_is_extraneous_without_one():
    visits = [Visit(day) for day in january(4, 7, 11, 14, 18, 21, 28)]
    assert about(kept(), 28, visits=visits) == [("KS508", "warning", ("x1",))]
    with_boosters = attrs.evolve(T, phases=(*T.phases, BOOSTERS))
    assert about(replan(kept(with_boosters), visits, calendar=OPEN, at=at(28)), 28) == []


def test_a_latest_day_that_the_policy_goes_beyond_stays_an_error():
    """Eight on Mon and Thu, the third missed: the ninth date is day 29 of 28."""
    eight = attrs.evolve(T, phases=(attrs.evolve(T.phases[0], count=8),))
    visits = [*THREE[:2], Visit(date(2027, 1, 11), "no-show")]
    course = replan(kept(eight), visits, calendar=OPEN, at=at(11), policy="keep")
    ((code, severity, sessions),) = about(course, 11)
    assert (code, severity, sessions[0], sessions[-1]) == ("KS204", "error", "s1", "s9")
    for policy in ("make-up", "shift"):
        course = replan(kept(eight), visits, calendar=OPEN, at=at(11), policy=policy)
        assert about(course, 11) == []


def test_a_latest_day_that_history_has_lifted_is_said_once():
    """Sessions 4 and 5 missed: 11 to 21 January are 10 days."""
    visits = [*THREE, NO_SHOW, Visit(date(2027, 1, 18), "no-show")]
    course = replan(kept(), visits, calendar=OPEN, at=at(18))
    assert about(course, 18) == [("KS506", "warning", ("s3", "s6"))]
    (found,) = check(course, as_of=date(2027, 1, 18), calendar=OPEN)
    assert found.what == "Infusion 4 (Thu 2027-01-21) is 10 days after infusion 3 (Mon 2027-01-11)."
    assert found.why == ("The protocol requires at most 7 days. No open day can keep that any more.")
    later_on = [Visit(date(2027, 1, 21))]
    assert about(record(course, later_on, at=at(21)), 21) == [("KS505", "warning", ("s3", "s6"))]


def test_a_latest_day_that_has_passed_is_no_day_to_move_to():
    """Recorded, and not planned again: no session since 4 January, at most 7 days, today is the 11th."""
    visits = [Visit(date(2027, 1, 4)), *(Visit(day, "no-show") for day in january(7, 11))]
    for today, fix in (
        (10, "Move infusion 2 to Mon 2027-01-11 or earlier."),
        (
            11,
            "Mon 2027-01-11 has passed. Plan the rest again: ketsched replan FILE",
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
    course = replan(pinned(), [*THREE, Visit(date(2027, 1, 14)), cancelled], calendar=OPEN, at=at(14))
    assert [s.id for s in course.standing()] == ["s1", "s2", "s3", "s4", "s5", "s7"]
    assert course.standing()[4].day == date(2027, 1, 20)
    assert about(course, 14) == [("KS602", "warning", ("s5", "s6"))]


def test_a_waiver_outlasts_its_day_once_both_were_given():
    """The exception was kept, so that it is no unused one."""
    visits = [*THREE, *(Visit(day) for day in january(14, 20, 21))]
    found = check(pinned(), calendar=OPEN, as_of=date(2027, 1, 22), visits=visits)
    assert [(f.code, f.waived_by) for f in found] == [("KS504", WAIVED)]
    graceless = attrs.evolve(T.phases[0], spacing=(Spacing(minimum=2, latest=7),))
    course = attrs.evolve(pinned(), protocol=attrs.evolve(T, phases=(graceless,)))
    found = check(course, calendar=OPEN, as_of=date(2027, 1, 22), visits=visits)
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
    course = replan(kept(reviewed), six, calendar=OPEN, at=at(22))
    ours = {"KS415"}  # what the protocol does without

    def seen(course):
        found = check(course, calendar=OPEN, as_of=date(2027, 2, 5))
        return [(f.code, f.sessions) for f in found if f.code not in ours]

    boosted = ("s7", "s8", "s9")
    assert {s.status for s in course.sessions if s.id in boosted} == {BookingStatus.TENTATIVE}
    assert seen(course) == [("KS418", boosted)]
    cases: tuple[tuple[str, BookingStatus, list[Any], list[Any]], ...] = (
        ("continue", BookingStatus.FIRM, [], []),
        ("stop", BookingStatus.CLOSED, [("KS426", boosted)], []),
    )
    for what, status, before, after in cases:
        outcome = Decision(what=what, on=date(2027, 2, 4), who="Dr A")
        decided = holds.decide(course, "review:end", outcome, at=at(4, 2))
        assert seen(decided) == before
        again = replan(decided, calendar=OPEN, at=at(5, 2))
        assert {s.status for s in again.sessions if s.id in boosted} == {status}
        assert seen(again) == after


def test_a_course_that_was_ended_lacks_nothing():
    reviewed = attrs.evolve(
        T, phases=(*T.phases, monthly(None)), companions=(attrs.evolve(REVIEW, required=True),)
    )
    course = replan(kept(reviewed), THREE, calendar=OPEN, at=at(12), end=True)
    assert about(course, 12) == []
    assert "KS201" in codes(check(attrs.evolve(course, ended=None), calendar=OPEN, as_of=date(2027, 1, 12)))
    nothing = replan(kept(), [], calendar=OPEN, as_of=date(2027, 1, 3), at=at(3), end=True)
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
        found = check(course, calendar=OPEN, as_of=date(2027, 1, 2))
        return [f.code for f in found if {"x1", "x2"} & set(f.sessions)]

    assert about_them(course) == []
    here = tuple(attrs.evolve(s, booked=True) for s in course.sessions)
    assert about_them(attrs.evolve(course, sessions=here)).count("KS401") == 2


def test_visits_without_today_are_said_to_be_left_aside():
    found = check(kept(), calendar=OPEN, visits=THREE)
    assert [f.what for f in found] == ["Not checked: what happened to the sessions that have passed."]
    assert check(kept(), calendar=OPEN) == ()


def test_visits_that_contradict_each_other_are_a_fault_of_the_input():
    visits = [
        Visit(date(2027, 1, 4), session="s1"),
        Visit(date(2027, 1, 4), "no-show", session="s1"),
    ]
    with pytest.raises(InvalidInput, match="is recorded twice"):
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
    assert done.out.count("! KS501") == 3
    code, done = command("check", "course.json", "--visits", "visits.csv")
    assert code == 2
    assert "add --as-of with today's date" in done.err
    (tmp_path / "visits.csv").write_text("day,status\n2027-01-04,fulfilled\n2027-01-07,perhaps\n")
    code, done = command("check", "course.json", "--visits", "visits.csv", "--as-of", "2027-01-14")
    assert code == 2
    assert "line 3" in done.err


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("A2,2027-01-07,fulfilled,", "A2 says of 2027-01-07 already: no-show"),
        ("A3,2027-01-11,fulfilled,s99", "the course has no such session"),
    ],
)
def test_the_command_names_the_line_that_the_course_shows_to_be_wrong(command, tmp_path, row, said):
    known = record(kept(), [Visit(date(2027, 1, 7), "no-show", id="A2")], at=at(7))
    write(known, "course.json")
    (tmp_path / "visits.csv").write_text(f"id,day,status,session\nA1,2027-01-04,fulfilled,\n{row}\n")
    code, done = command("check", "course.json", "--visits", "visits.csv", "--as-of", "2027-01-14")
    assert code == 2
    assert "line 3 cannot be used" in done.err
    assert said in done.err


def test_the_command_finds_what_is_dated_after_today(command, tmp_path):
    (tmp_path / "visits.csv").write_text("day,status\n2027-01-04,fulfilled\n2027-01-18,fulfilled\n")
    code, done = command("check", "course.json", "--visits", "visits.csv", "--as-of", "2027-01-07")
    assert code == 1
    assert "KS502" in done.out


@pytest.mark.parametrize(("given", "early"), [(11, False), (12, False), (13, True)])
def test_what_was_given_late_leaves_the_next_booking_before_its_earliest_day(given, early):
    """At least 2 days apart: given on the 13th, the next is due from the 15th on and booked for the 14th."""
    late = Visit(date(2027, 1, given), session="s3")
    course = record(kept(), [*THREE[:2], late], at=at(13))
    found = [("KS101", "error", ("s3", "s4"))] if early else []
    assert about(course, 13) == found
    assert [x for x in about(kept(), 13, visits=[*THREE[:2], late]) if x[0] == "KS101"] == found
