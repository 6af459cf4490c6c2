"""From a date on a calendar to the rule that put it there, the number, its source and its mark."""

from __future__ import annotations

import json
from datetime import date, time

import pytest

import ketsched as ks
from ketsched.agenda import agenda
from ketsched.errors import InvalidInput
from ketsched.follow import why
from ketsched.model import Mark
from ketsched.protocols import load_protocol, protocol_ids
from making import (
    BEFORE,
    JAN_4,
    NEVER_CLOSED,
    clinic,
    morning,
    phase,
    planned,
    protocol,
    reference_course,
    twice_weekly,
)

US = clinic(zone="America/New_York")


def course_of(name, **more):
    return ks.plan(
        load_protocol(name), start=JAN_4, calendar=US, id="A-017", at=BEFORE, time=time(10), **more
    )


def reasons(course, day, title):
    """The rules behind one thing of a day, by their keys."""
    (one,) = (found for found in why(course, day) if found.title == title)
    return {reason.rule: reason for reason in one.reasons}


@pytest.mark.parametrize("name", protocol_ids())
def test_each_thing_on_each_day_of_a_shipped_protocol_has_its_rule(name):
    """A rule that put it there, with a value in words, a source that can be looked up, and a mark."""
    course = course_of(name)
    seen = set()
    for day in sorted({entry.first for entry in agenda(course).entries}):
        for one in why(course, day):
            seen.add(one.booking)
            behind = [reason for reason in one.reasons if reason.part == "day"]
            assert any(reason.mark is not None and reason.source for reason in behind), (day, one.title)
            for reason in one.reasons:
                assert reason.says, (one.title, reason.rule)
                assert reason.source or reason.rule == "anchor"
                assert (reason.mark is Mark.HOUSE) == ("house default" in reason.source), reason
    assert seen == set(course.bookings())


@pytest.mark.parametrize(
    ("name", "day", "title", "rule", "says", "mark", "source"),
    [
        ("iv-mwf-6", date(2027, 1, 6), "induction 2", "weekdays", "Mon, Wed, Fri", Mark.STATED,
         "Shiroma PR et al. 2014"),
        ("iv-mwf-6", date(2027, 1, 8), "induction 3", "spacing 1", "at least 2 days apart", Mark.HOUSE,
         "house default"),
        ("iv-mwf-6", date(2027, 1, 8), "induction 3", "count", "6", Mark.STATED, "Albott CS"),
        ("iv-mwf-6", date(2027, 1, 7), "Confirm the ride home", "window", "due 1 day before", Mark.HOUSE,
         "house default"),
        ("esk-trd", date(2027, 2, 1), "weekly 1", "join", "next treatment week after the phase before, at least 2 days",
         Mark.HOUSE, "MIMS Hong Kong"),
        ("esk-trd", date(2027, 2, 8), "weekly 2", "every", "every week", Mark.STATED, "MIMS Hong Kong"),
        ("esk-trd", date(2027, 2, 8), "weekly 2", "observation", "120 min", Mark.STATED, "spravatohcp.com"),
        ("esk-trd", date(2027, 1, 11), "Monitoring form to the REMS", "window", "due 7 days after",
         Mark.STATED, "REMS"),
        ("iv-6-plus-wet", date(2027, 1, 12), "Written exposure therapy", "anchor",
         "counted from session 4 of induction", Mark.STATED, "Feder A et al. 2025"),
        ("kap-im-weekly", date(2027, 1, 11), "induction 2", "study_days", "1, 8, 15, 22", Mark.DERIVED,
         "moreblossom.com"),
    ],
)  # fmt: skip
def test_a_date_leads_to_the_number_its_source_and_its_mark(name, day, title, rule, says, mark, source):
    found = reasons(course_of(name), day, title)[rule]
    assert (found.says, found.mark) == (says, mark)
    assert source in found.source


def test_the_day_after_a_session_is_there_because_of_driving():
    found = reasons(course_of("iv-mwf-6"), date(2027, 1, 5), "no driving, after induction 1")
    assert found["no_driving"].says == "24 h from the end of the infusion"
    assert "Micromedex" in found["no_driving"].source


def test_the_first_session_is_on_the_day_given():
    found = reasons(course_of("iv-mwf-6"), JAN_4, "induction 1")
    assert found["start"].source == "chosen when the course was planned"
    assert found["start"].mark is None
    assert "start" not in reasons(course_of("iv-mwf-6"), date(2027, 1, 6), "induction 2")


def test_what_was_chosen_is_not_said_to_be_the_papers():
    chosen = ks.plan(load_protocol("iv-mwf-6").choose(weekdays=[1, 3]), start=date(2027, 1, 5), calendar=US)
    assert (
        reasons(chosen, date(2027, 1, 7), "induction 2")["weekdays"].source
        == "chosen when the course was planned"
    )
    kept = ks.plan(load_protocol("iv-mwf-6").choose(weekdays=[0, 2, 4]), start=JAN_4, calendar=US)
    assert "Shiroma" in reasons(kept, date(2027, 1, 6), "induction 2")["weekdays"].source


def test_a_pattern_that_is_derived_is_ours():
    found = reasons(course_of("generic-induction"), date(2027, 1, 6), "induction 2")
    assert found["weekdays"].says == "Mon, Wed, Fri"
    assert found["weekdays"].source == "house default; not from a publication"
    assert found["weekdays"].mark is Mark.HOUSE


def test_a_closed_day_is_told_by_the_day_that_the_pattern_has():
    course = ks.plan(load_protocol("iv-mwf-6"), start=JAN_4, calendar=US.without([date(2027, 1, 13)]))
    moved = [
        one for s in course.sessions for one in why(course, s.day) if one.kind == "session" and one.aimed
    ]
    assert [one.aimed for one in moved if one.day == date(2027, 1, 14)] == [date(2027, 1, 13)]


def test_a_session_moved_by_hand_says_so_with_its_reason():
    course = planned(twice_weekly(6))
    moved = ks.replan(course, calendar=clinic(zone="UTC"), at=morning(5), move={"s3": date(2027, 1, 12)})
    (one,) = (found for found in why(moved, date(2027, 1, 12)) if found.kind == "session")
    assert one.remarks[0] == "moved by hand"
    assert any("was on Mon 2027-01-11" in remark for remark in one.remarks)


def test_a_session_made_up_says_what_the_protocol_does_about_a_missed_one():
    """Mon and Thu from 4 January; the second missed, so that a seventh is made up on 25 January."""
    own = protocol(phase(6, weekdays=(0, 3), anatomy=load_protocol("iv-2xw-3w-6").phases[0].anatomy))
    course = ks.plan(own, start=JAN_4, calendar=US, id="A", at=BEFORE, time=time(10))
    visits = [ks.Visit(JAN_4), ks.Visit(date(2027, 1, 7), "no-show")]
    again = ks.replan(course, visits, calendar=US, at=morning(8))
    added = max(session.day for session in again.standing())
    assert added == date(2027, 1, 25)
    (one,) = (found for found in why(again, added) if found.kind == "session")
    assert one.remarks


def test_a_day_with_nothing_names_the_nearest():
    course = course_of("iv-2xw-2w-4")
    with pytest.raises(InvalidInput) as caught:
        why(course, date(2027, 3, 20))
    assert caught.value.what == "nothing of this course is on Sat 2027-03-20"
    assert str(max(entry.first for entry in agenda(course).entries)) in caught.value.why


def test_all_that_is_told_goes_into_json():
    course = reference_course()
    for day in sorted({entry.first for entry in agenda(course).entries}):
        for one in why(course, day):
            assert json.loads(json.dumps(one.as_dict()))["day"] == day.isoformat()


@pytest.mark.usefixtures("own_folder")
def test_the_command_line_says_it_and_prints_json(run):
    words = ("--zone", "America/New_York", "--hours", "mon-fri 09:00-17:00", "--id", "A-017")
    run("plan", "--protocol", "iv-mwf-6", "--start", "2027-01-04", *words, "-o", "course.json")
    said = run("why", "course.json", "2027-01-06")
    assert said.code == 0
    for part in ("Wed 2027-01-06: induction 2 (session)", "weekdays", "stated", "Shiroma", "Marks: stated"):
        assert part in said.out
    found = json.loads(run("why", "course.json", "2027-01-06", "--json").out)
    assert found[0]["title"] == "induction 2"
    assert found[0]["reasons"][0]["mark"] == "stated"
    none = run("why", "course.json", "2027-02-20")
    assert none.code == 2
    assert "nothing of this course is on Sat 2027-02-20" in none.err
    assert run("why", "course.json", "9 January").code == 2


def test_a_session_with_a_day_of_its_own_says_so_and_which_rules_are_about_it(tmp_path):
    """The third is there by its recommended day, and the rules for the third are about no other."""
    file = tmp_path / "doses.toml"
    cited = 'source = "house", mark = "house default"'
    file.write_text(
        f"""
id = "doses"
version = "1"
title = "doses"
study = "No study: our own practice."
[sources]
house = "house default; not from a publication"
[[phase]]
kind = "induction"
count = {{ value = 4, {cited} }}
every = {{ value = "P2M", {cited} }}
infusion = {{ value = "PT10M", {cited} }}
recommended = [{{ number = 3, after_first = "P1Y", {cited} }}]
spacing = [
    {{ minimum = "P1M", {cited} }},
    {{ number = 3, minimum = "P3M", {cited} }},
    {{ between = [1, 3], latest = "P2Y", {cited} }},
]
""",
        encoding="utf-8",
    )
    course = ks.plan(load_protocol(file), start=date(2027, 1, 31), calendar=NEVER_CLOSED, at=BEFORE)
    second, third = (
        reasons(course, date(2027, 3, 31), "induction 2"),
        reasons(course, date(2028, 1, 31), "induction 3"),
    )
    assert {"every", "spacing 1"} <= set(second)
    assert not {"recommended 1", "spacing 2", "spacing 3"} & set(second)
    assert {"recommended 1", "spacing 1", "spacing 2", "spacing 3"} <= set(third)
    assert "every" not in third
    assert third["recommended 1"].says == "session 3 12 months after session 1"
