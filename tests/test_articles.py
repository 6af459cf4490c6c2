"""
The page that maps the articles to features: what it names exists, and what it promises is so.

The dates of examples/whole-path were counted by hand: from Monday 1 March 2027, Monday-
Wednesday-Friday, is 1, 3, 5, 8, 10, 12 March; four weeks after the last one, and every four
from there, is 9 April, 7 May, 4 June, 2 July.
"""

from __future__ import annotations

import ast
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

import ketsched.model
from ketsched import anchors, holds
from ketsched.burden import burden
from ketsched.casefile import load_case
from ketsched.checking import RULES
from ketsched.model import Course
from ketsched.planning import plan
from ketsched.protocols import load_protocol, protocol_ids

TESTS = Path(__file__).parent
ROOT = TESTS.parent
PAGE = (ROOT / "docs" / "explanation" / "articles.md").read_text(encoding="utf-8")
ARTICLES = re.findall(r"^## (Article \d: .+)\n((?:.*\n)+?)(?=^## )", PAGE, re.M)
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for _, text in ARTICLES
    for line in text.splitlines()
    if line.startswith("| ") and not line.startswith(("| it says", "| ---"))
]


def each_row(function):
    return pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:40])(function)


def spans(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


# What the page names exists


def test_every_article_has_its_statements():
    """As many as were found in each that a schedule can do something with."""
    counted = [text.count("\n| ") - 2 for _, text in ARTICLES]
    assert [title[:9] for title, _ in ARTICLES] == [f"Article {n}" for n in range(1, 6)]
    assert all(found >= least for found, least in zip(counted, (10, 8, 5, 11, 7), strict=True))
    assert not re.search(r"article[-_ ]?00", PAGE, re.I)


@each_row
def test_a_row_says_what_where_and_what_keeps_it(row):
    assert len(row) == 4
    assert all(row)
    assert spans(row[2])
    assert spans(row[3])


@each_row
def test_the_tests_of_a_row_exist(row):
    for named in spans(row[3]):
        path, _, function = named.partition("::")
        file = TESTS / path
        assert file.is_file(), f"there is no tests/{path}"
        if file.suffix == ".py":
            tree = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            assert function in {node.name for node in tree if isinstance(node, ast.FunctionDef)}, named


@each_row
def test_the_names_of_a_row_are_of_the_model(row):
    for named in spans(row[2]):
        if re.fullmatch("[a-z0-9-]+", named):
            assert named in protocol_ids()
        else:
            owner, name = named.split(".")
            kind = getattr(ketsched.model, owner)
            assert name in {a.name for a in kind.__attrs_attrs__} or hasattr(kind, name), named


def test_the_rules_of_the_page_exist():
    known = {rule.code for rule in RULES}
    named = re.findall(r"\[(KS\d{3})\]\(\.\./reference/rules\.md#(ks\d{3})\)", PAGE)
    assert {code for code, _ in named} <= known
    assert all(code.lower() == anchor for code, anchor in named)
    assert set(re.findall(r"KS\d{3}", PAGE)) == {code for code, _ in named}


def test_no_rule_that_goes_back_to_an_article_is_left_out():
    from_articles = {rule.code for rule in RULES if "article" in f"{rule.source} {rule.page}"}
    assert from_articles
    assert from_articles <= set(re.findall(r"KS\d{3}", PAGE))


# What it promises is so, on the whole path of a clinic


@pytest.fixture(scope="module")
def whole_path() -> Course:
    case = load_case(ROOT / "examples" / "whole-path" / "case.toml")
    return plan(
        case.protocol,
        start=case.start,
        calendar=case.calendar,
        calendars=case.calendars,
        time=case.time,
        authorisations=case.authorisations,
    )


def days(course: Course, name: str) -> list[date]:
    return [placed.day for placed in course.companions if placed.companion == name]


def march(*numbers: int) -> list[date]:
    return [date(2027, 3, number) for number in numbers]


BOOSTERS = [date(2027, 4, 9), date(2027, 5, 7), date(2027, 6, 4), date(2027, 7, 2)]


def test_the_whole_path_has_a_dozen_companions(whole_path):
    assert len(whole_path.protocol.companions) >= 12
    assert {companion.kind for companion in whole_path.protocol.companions} == {
        "appointment",
        "task",
        "notice",
    }
    assert [s.day for s in whole_path.sessions if s.phase == "induction"] == march(1, 3, 5, 8, 10, 12)
    assert [s.day for s in whole_path.sessions if s.phase == "boosters"] == BOOSTERS


def test_the_screening_is_before_the_first_session_and_holds_up_all(whole_path):
    assert days(whole_path, "screening") == [date(2027, 2, 22)]
    assert set(holds.tentative_reasons(whole_path)) == {session.id for session in whole_path.sessions}


def test_the_review_after_the_induction_is_before_the_boosters_it_decides_about(whole_path):
    assert days(whole_path, "response-review") == march(26)  # 14 days after the 12th
    waiting = {
        session
        for session, reasons in holds.tentative_reasons(whole_path).items()
        if any("2027-03-26" in reason for reason in reasons)
    }
    assert waiting == {session.id for session in whole_path.sessions if session.phase != "induction"}


def test_therapy_keeps_to_the_therapists_days_and_off_those_of_infusions(whole_path):
    """
    Mondays, Tuesdays and Thursdays from the day after the fourth infusion on, all five within 14 days.

    Every third day from 9 March would be 9, 12, 15, 18, 21; she is there on 9, 11, 15, 18 and 22.
    """
    assert days(whole_path, "therapy") == march(9, 11, 15, 18, 22)


def test_sessions_at_home_lie_half_way_between_boosters(whole_path):
    at_home = [session.day for session in whole_path.sessions if whole_path.is_at_home(session)]
    assert at_home == [day + timedelta(14) for day in BOOSTERS[:3]]


def test_monitoring_goes_on_at_the_clinics_own_interval(whole_path):
    """Every 56 days from the first booster on; the next one would be on 30 July, after the last session."""
    assert days(whole_path, "monitoring") == [BOOSTERS[0], BOOSTERS[2]]


def test_appointments_on_days_of_infusions_save_trips(whole_path):
    """The baseline with the screening, the review on 5 March, two monitorings, the review of 4 June."""
    assert days(whole_path, "baseline") == days(whole_path, "screening")
    assert days(whole_path, "mid-series-review") == march(5)
    assert days(whole_path, "booster-review") == [date(2027, 6, 4)]
    assert burden(whole_path).trips_saved == 5


def test_what_belongs_to_one_session_is_said_of_no_other(whole_path):
    told = anchors.notices(whole_path)
    with_medicine = [name for name, notices in told.items() if any(n.id == "medicine" for n in notices)]
    assert with_medicine == [whole_path.sessions[0].id]


def test_no_rule_rests_on_how_long_the_drug_stays():
    pages = [f"{rule.source} {rule.page}" for rule in RULES]
    notes = [
        evidence.note
        for name in protocol_ids()
        for phase in load_protocol(name).phases
        for evidence in phase.evidence
    ]
    assert not re.search("excret|half-li(fe|ves)|eliminat", " ".join([*pages, *notes]), re.I)
