"""
The next export beside what a course remembers: what is new, what is known, what is handed back with its line.

Six infusions on 4, 7, 11, 14, 18 and 21 January 2027; today is the 15th unless said.
"""

from __future__ import annotations

from datetime import time

import pytest

from ketsched.history import Verdict, evaluate
from ketsched.model import Visit
from ketsched.tracking import record
from ketsched.tracking.rows import compare_rows
from ketsched.visitfile import load_visits
from making import jan, morning, planned, twice_weekly

SIX = planned(twice_weekly(6))


class Desk:
    """Somebody who imports files into one course."""

    def __init__(self, folder, course=SIX):
        self.folder, self.course, self.number = folder, course, 0

    def compare(self, text, suffix=".csv", today=15):
        self.number += 1
        path = self.folder / f"export{self.number}{suffix}"
        path.write_text(text, encoding="utf-8")
        return compare_rows(self.course, load_visits(path, zone="UTC"), as_of=jan(today))

    def take(self, text, suffix=".csv", today=15):
        """Record what is new, and return (lines handed back, how many were known)."""
        rows = self.compare(text, suffix, today)
        self.record(*rows.new)
        return [row.line for row in rows.unused], len(rows.known)

    def record(self, *visits):
        self.course = record(self.course, visits, at=morning(15))

    @property
    def said(self):
        """What stands of each day: id, status, time and note of every entry that no other corrects."""
        seen = evaluate(self.course, as_of=jan(15)).visits
        return [(j.visit.id, j.visit.day.day, str(j.visit.status), j.visit.at, j.visit.note) for j in seen]


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


BARE = "date,status\n2027-01-04,fulfilled\n2027-01-07,fulfilled\n"
OF_IDS = "id,date,status\nA1,2027-01-04,fulfilled\nA2,2027-01-07,no-show\n"


# The same once more


@pytest.mark.parametrize("text", [BARE, OF_IDS])
def test_the_same_export_again_is_known(desk, text):
    assert desk.take(text) == ([], 0)
    before = desk.course
    assert desk.take(text) == ([], 2)
    assert desk.course == before


def test_what_an_export_leaves_open_is_no_difference(desk):
    desk.record(Visit(jan(7), "cancelled", by="patient", at=time(9), note="called", id="v1"))
    assert desk.take("date,status\n2027-01-07,cancelled\n") == ([], 1)


def test_what_was_recorded_by_hand_is_not_recorded_again_from_an_export_with_ids(desk):
    desk.record(Visit(jan(4)), Visit(jan(7), "no-show"))
    assert desk.take(OF_IDS) == ([], 2)


def test_a_row_that_an_export_has_twice_is_no_further_visit(desk):
    twice = "date,status\n2027-01-04,fulfilled\n2027-01-04,fulfilled\n"
    assert desk.take(BARE) == ([], 0)
    assert desk.take(twice) == ([], 2)
    assert len(desk.course.visits) == 2


def test_two_rows_alike_of_a_day_that_is_new_are_one_visit_entered_twice(desk):
    twice = "date,status\n2027-01-04,fulfilled\n2027-01-04,fulfilled\n"
    assert desk.take(twice) == ([], 0)
    verdicts = [judged.verdict for judged in evaluate(desk.course, as_of=jan(15)).visits]
    assert verdicts == [Verdict.VALID, Verdict.DUPLICATE]
    assert desk.take(twice) == ([], 2)


# Another outcome


@pytest.mark.parametrize(
    ("first", "then", "entry"),
    [
        (BARE, "date,status\n2027-01-04,fulfilled\n2027-01-07,no-show\n", "v2"),
        (BARE, "date,status,elsewhere\n2027-01-04,fulfilled,\n2027-01-07,fulfilled,yes\n", "v2"),
        (OF_IDS, "id,date,status\nA1,2027-01-04,fulfilled\nA2,2027-01-07,fulfilled\n", "A2"),
        (OF_IDS, "id,date,status\nA1,2027-01-04,fulfilled\nA2,2027-01-08,no-show\n", "A2"),
        (BARE, OF_IDS, "v2"),
        (OF_IDS, BARE, "A2"),
    ],
)
def test_a_changed_row_is_handed_back_with_its_line_and_how_to_correct_it(desk, first, then, entry):
    desk.take(first)
    before = desk.course
    rows = desk.compare(then)
    assert (rows.new, len(rows.known)) == ((), 1)
    (unused,) = rows.unused
    assert unused.line == 3
    assert unused.why.startswith(f"{entry} says of 2027-01-07 already: ")
    assert f"--corrects {entry}" in unused.fix
    assert desk.take(then) == ([3], 1)
    assert desk.course == before


def test_the_rows_beside_a_changed_one_are_new(desk):
    desk.take(OF_IDS)
    changed = OF_IDS.replace("A2,2027-01-07,no-show", "A2,2027-01-07,fulfilled") + "A3,2027-01-11,fulfilled\n"
    assert desk.take(changed) == ([3], 1)
    assert [(name, day) for name, day, *_ in desk.said] == [("A1", 4), ("A2", 7), ("A3", 11)]


def test_what_was_corrected_by_hand_is_known_in_its_old_form_and_in_its_new_one(desk):
    desk.take(OF_IDS)
    desk.record(Visit(jan(7), "fulfilled", corrects="A2"))
    before = desk.course
    assert desk.take(OF_IDS) == ([], 2)
    assert desk.take(OF_IDS.replace("no-show", "fulfilled")) == ([], 2)
    assert desk.course == before
    assert desk.take(OF_IDS.replace("no-show", "cancelled")) == ([3], 1)


def test_a_row_may_correct_an_entry_in_the_file(desk):
    desk.take(BARE)
    said = "date,status,corrects\n2027-01-04,fulfilled,\n2027-01-07,no-show,v2\n"
    assert desk.take(said) == ([], 1)
    assert desk.said[1][:3] == ("v3", 7, "no-show")
    assert desk.take(said) == ([], 2)  # and is known from then on


@pytest.mark.parametrize(
    ("corrects", "why"),
    [("v9", "an entry that is not there"), ("v2", "corrected by v3 already")],
)
def test_a_correction_of_nothing_is_handed_back(desk, corrects, why):
    desk.take(BARE)
    desk.record(Visit(jan(7), "no-show", corrects="v2"))
    rows = desk.compare(f"date,status,corrects\n2027-01-07,cancelled,{corrects}\n")
    assert [row.line for row in rows.unused] == [2]
    assert why in rows.unused[0].why


def test_what_was_taken_back_is_not_recorded_again(desk):
    desk.take(OF_IDS)
    desk.record(Visit(jan(7), "withdrawn", corrects="A2"))
    before = desk.course
    assert desk.take(OF_IDS) == ([], 2)
    assert desk.take(OF_IDS.replace("no-show", "fulfilled")) == ([3], 1)
    assert desk.course == before


# A better note, a better time


def test_a_remark_that_was_added_is_a_better_note_and_no_second_visit(desk):
    desk.take(BARE)
    remark = "date,status,note\n2027-01-04,fulfilled,\n2027-01-07,fulfilled,a little dizzy\n"
    assert desk.take(remark) == ([], 1)
    assert [(day, note) for _, day, _, _, note in desk.said] == [(4, ""), (7, "a little dizzy")]
    assert len(evaluate(desk.course, as_of=jan(15)).given()) == 2
    assert desk.take(remark) == ([], 2)
    assert desk.take(BARE) == ([], 2)


def test_a_time_that_was_added_is_a_better_time(desk):
    desk.take(BARE)
    assert desk.take("date,status,time\n2027-01-04,fulfilled,\n2027-01-07,fulfilled,09:40\n") == ([], 1)
    assert [(day, at) for _, day, _, at, _ in desk.said] == [(4, None), (7, time(9, 40))]


def test_another_time_is_a_better_one_of_the_same_id_and_else_asked_about(desk):
    timed = "id,date,status,time\nA1,2027-01-04,fulfilled,09:00\n"
    desk.take(timed)
    assert desk.take("date,status,time\n2027-01-04,fulfilled,09:20\n") == ([2], 0)
    assert desk.take(timed.replace("09:00", "09:20")) == ([], 0)
    assert [(day, at) for _, day, _, at, _ in desk.said] == [(4, time(9, 20))]


# A second visit of one day


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("id,date,status\nA1,2027-01-04,cancelled\n", "A2,2027-01-04,fulfilled\n"),
        ("date,status,time\n2027-01-04,cancelled,09:00\n", "2027-01-04,fulfilled,15:00\n"),
        ("date,status,session\n2027-01-04,cancelled,s1\n", "2027-01-04,fulfilled,s2\n"),
    ],
)
def test_a_second_visit_of_a_day_is_one_by_its_id_its_time_or_its_session(desk, first, second):
    desk.take(first)
    assert desk.take(first + second) == ([], 1)
    assert sorted(status for _, _, status, _, _ in desk.said) == ["cancelled", "fulfilled"]
    assert desk.take(first + second) == ([], 2)


def test_without_any_of_these_it_is_a_contradiction(desk):
    desk.take("date,status\n2027-01-04,fulfilled\n")
    assert desk.take("date,status\n2027-01-04,fulfilled\n2027-01-04,no-show\n") == ([3], 1)


# Ids that meet


def test_an_id_of_an_export_does_not_meet_one_that_was_given_here(desk):
    desk.record(Visit(jan(4)))
    assert desk.course.visits[0].id == "v1"
    theirs = "id,date,status\nv1,2027-01-07,no-show\nexport-v1,2027-01-11,fulfilled\n"
    assert desk.take(theirs) == ([], 0)
    assert [(name, day) for name, day, *_ in desk.said] == [
        ("v1", 4),
        ("export-v1", 7),
        ("export-export-v1", 11),
    ]
    assert desk.take(theirs) == ([], 2)
    assert desk.take(theirs.replace("no-show", "fulfilled")) == ([2], 1)


def test_a_correction_in_an_export_is_known_the_next_time(desk):
    theirs = "id,date,status,corrects\nA1,2027-01-07,no-show,\n,2027-01-07,fulfilled,A1\n"
    assert desk.take(theirs) == ([], 0)
    assert [(day, status) for _, day, status, *_ in desk.said] == [(7, "fulfilled")]
    before = desk.course
    assert desk.take(theirs) == ([], 2)
    assert desk.course == before


def test_what_a_row_corrects_is_a_row_of_its_file_first(desk):
    desk.record(Visit(jan(4)))
    theirs = "id,date,status,corrects\nv1,2027-01-07,no-show,\nv2,2027-01-07,fulfilled,v1\n"
    assert desk.take(theirs) == ([], 0)
    assert [(name, day, status) for name, day, status, *_ in desk.said] == [
        ("v1", 4, "fulfilled"),
        ("export-v2", 7, "fulfilled"),
    ]
    assert desk.take(theirs) == ([], 2)


def test_an_id_in_a_file_of_our_own_is_that_of_the_entry(desk):
    own = '[[visit]]\nday = 2027-01-07\nstatus = "no-show"\nid = "v1"\n'
    assert desk.take(own, ".toml") == ([], 0)
    assert desk.take(own, ".toml") == ([], 1)
    assert desk.take(own.replace("no-show", "fulfilled"), ".toml") == ([1], 0)


# Wrong only beside the course


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("2028-01-07,fulfilled,", "after today, 2027-01-15"),
        ("2027-01-16,no-show,", "after today"),
        ("2027-01-07,fulfilled,s99", "no such session"),
        ("2027-01-11,fulfilled,s1", "another row is of the same session"),
    ],
)
def test_a_row_that_the_course_shows_to_be_wrong_is_handed_back_with_its_line(desk, row, why):
    text = f"date,status,session\n2027-01-04,fulfilled,s1\n{row}\n2027-01-14,no-show,\n"
    rows = desk.compare(text)
    assert [visit.day for visit in rows.new] == [jan(4), jan(14)]
    (unused,) = rows.unused
    assert unused.line == 3
    assert why in unused.why
    assert unused.fix


@pytest.mark.parametrize("row", ["2027-01-15,fulfilled,", "2027-01-18,cancelled,", "2027-01-07,fulfilled,s2"])
def test_a_row_that_it_does_not(desk, row):
    text = f"date,status,session\n2027-01-04,fulfilled,s1\n{row}\n"
    assert desk.take(text) == ([], 0)


def test_a_session_that_an_entry_is_of_is_not_another_visit(desk):
    desk.record(Visit(jan(7), "no-show", session="s2"))
    rows = desk.compare("date,status,session\n2027-01-08,fulfilled,s2\n")
    assert rows.unused[0].why == "v1 says of 2027-01-07 already: no-show"


def test_lines_are_those_of_the_file(desk):
    desk.take(BARE)
    text = 'date,status,note\n\n2027-01-04,fulfilled,"two\nlines"\n2027-01-07,no-show,\n'
    assert desk.take(text) == ([5], 0)
    entry = '[[visit]]\nday = 2027-01-04\nstatus = "fulfilled"\n'
    own = f"# ours\n{entry}\n" + entry.replace("04", "07").replace("fulfilled", "no-show")
    assert desk.take(own, ".toml") == ([6], 1)


@pytest.mark.parametrize(
    ("count", "listed"),
    [
        (8, "s1, s2, s3, s4, s5, s6, s7, s8;"),
        (9, "s1, s2, s3, s4, s5, s6, s7, s8, ...;"),
    ],
)
def test_a_session_that_does_not_exist_names_the_first_few_that_do(tmp_path, count, listed):
    desk = Desk(tmp_path, planned(twice_weekly(count)))
    (row,) = desk.compare("date,status,session\n2027-01-04,fulfilled,s99\n").unused
    assert f"sessions are {listed} or leave session out" in str(row)
