"""The advice of an error is the one that works where the fault was written, and names what was meant."""

from __future__ import annotations

from datetime import date

import pytest

from ketsched.calendars import read_calendar
from ketsched.casefile import load_case
from ketsched.checking import explain
from ketsched.clock import read_date
from ketsched.entries import read_status, read_week, read_weekday_span, session_named
from ketsched.model import Visit
from ketsched.planning import plan
from ketsched.protocols import load_protocol, protocol_ids
from ketsched.protocols.reading import read_protocol
from ketsched.tomlfile import parse
from ketsched.tracking.proposing import read_ways
from making import JAN_4, OPEN, T
from refusals import refused

HOURS = '[hours]\nmon = "09:00-17:00"\n'


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("Mo-Fr", "mon-fri"),
        ("Mo, Do", "mon,thu"),
        ("lu,ma,do", "mon,tue,sun"),
        ("do", None),
        ("Lu-Ve", "mon-fri"),
        ("lunes,miércoles", "mon,wed"),
        ("Montag-Freitag", "mon-fri"),
        ("tues", "tue"),
        ("mon,thurs", "mon,thu"),
        ("mon-fri,samedi", "mon-fri,sat"),
        ("mon-x", None),
        ("weekdays", None),
    ],
)
def test_weekdays_in_the_syntax_of_the_command_line(text, ours):
    advice = f'write "{ours}"' if ours else '"mon-fri" or "mon,thu"'
    assert "[" not in refused(lambda: read_weekday_span(text), "is not a day of the week", advice)
    advice = f'write "{ours} 09:00-17:00"' if ours else '"mon-fri 09:00-17:00"'
    refused(lambda: read_week([f"{text} 09:00-17:00"]), advice)


def test_dashes_and_unseen_marks_in_what_is_typed():
    assert read_weekday_span("mon\u2013fri\u200b") == [0, 1, 2, 3, 4]
    assert read_week(["mon\u2011fri 09:00\u201317:00"]) == read_week(["mon-fri 09:00-17:00"])
    course = plan(T, start=JAN_4, calendar=OPEN)
    assert session_named(course, "\u200es2") == "s2"
    assert session_named(course, "2027-01-07\u200b") == "s2"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("no-shaw", "did you mean no-show?"),
        ("fullfilled", "did you mean fulfilled?"),
        ("stoped-early", "did you mean stopped-early?"),
        ("canceled", "did you mean cancelled?"),
        ("zzz", "write one of these"),
    ],
)
def test_a_status_that_is_near(text, advice):
    refused(lambda: read_status(text), advice)
    refused(lambda: Visit(JAN_4, text), advice.replace("-early", " early"))


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("2027-02-30", "2027-02 has 28 days"),
        ("2028-02-30", "2028-02 has 29 days"),
        ("04.01.2027", "write it as"),
    ],
)
def test_a_date_that_does_not_exist(text, advice):
    refused(lambda: read_date(text), "is not a date", advice)


@pytest.mark.parametrize("text", ["Mon 2027-01-04", "monday 2027-01-04", " 2027-01-04\u200b"])
def test_a_date_as_screens_show_it(text):
    assert read_date(text) == JAN_4


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Tue 2027-01-04", ("contradicts itself", "2027-01-04 is a Monday")),
        ("Xyz 2027-01-04", ("is not a date",)),
        ("Mon 2027-02-30", ("is not a date", "28 days")),
    ],
)
def test_a_date_against_its_weekday(text, parts):
    refused(lambda: read_date(text), *parts)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("leave", "did you mean leave-out?"),
        ("induction=fit in", "did you mean fit-in?"),
        ("inductoin=leave-out", "did you mean induction?"),
        ("zzz", "write fit-in, or induction=fit-in"),
    ],
)
def test_a_way_that_is_near(text, advice):
    refused(lambda: read_ways([text], T), "there is no way", advice)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("plan", "--protcol", "iv-mwf-6"), "did you mean '--protocol'?"),
        (("plan", "--fail-on", "eror"), "did you mean 'error'?"),
        (("plan", "--fail-on", "zzz"), "plan --help says"),
        (("plan", "--holiday", "GB"), "did you mean '--holidays'?"),
    ],
)
def test_an_option_that_is_near(run, words, advice):
    done = run(*words)
    assert done.code == 2
    assert f"fix:   {advice}" in done.err.replace("ketsched plan", "plan")


def test_a_status_as_it_is_typed():
    assert read_status("Stopped-Early") == read_status("stopped early") == "stopped early"
    assert read_status(" NO SHOW") == "no-show"


@pytest.mark.parametrize(
    ("name", "advice"),
    [("KS1011", "did you mean KS101"), ("gap too short", "did you mean KS101 gap-too-short?")],
)
def test_a_rule_that_is_near(name, advice):
    refused(lambda: explain(name), advice)


def test_a_rule_that_is_not_near_is_not_guessed():
    refused(lambda: explain("KS999"), "give the code that the finding shows")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('[[hours]]\nmon = "09:00-17:00"', ("hours is a list", "line 2", "write [hours] once")),
        (HOURS + "[closed]\non = 2027-01-04", ("closed is one table", "line 4", "write [[closed]]")),
        (HOURS + "closed = 2027-01-04", ("unknown key 'closed'",)),
        ('[hours]\nMontag = "09:00-17:00"', ("unknown key 'Montag'", "line 3", "did you mean mon?")),
        ('[hours]\ntues = "09:00-17:00"', ("did you mean tue?",)),
        ('[hours]\ndo = "09:00-17:00"', ("did you mean thu or sun?",)),
        (
            HOURS + "[[closed]]\nfrom = 2027-01-10\nto = 2027-01-08",
            ("ends before it begins", "from = 2027-01-08"),
        ),
        (HOURS + "[[closed]]\nfrom = 2027-01-10", ("names no days", "write on = ")),
        (HOURS + '[[open]]\nhours = "09:00-12:00"\nonn = 2027-01-10', ("on is missing", "write on for onn")),
    ],
)
def test_a_clinic_file(text, parts):
    refused(lambda: read_calendar(parse('zone = "Europe/London"\n' + text, "clinic.toml")), *parts)


def test_the_keys_of_a_table_are_named_in_their_order():
    text = 'zone = "Europe/London"\n[hours]\nzzz = "09:00-17:00"'
    said = refused(lambda: read_calendar(parse(text, "clinic.toml")))
    assert "knows mon, tue, wed, thu, fri, sat, sun" in said


def test_an_unseen_character_is_named():
    refused(lambda: parse('zone = "x"\n\u200bname = "y"', "clinic.toml"), "U+200B", "line 2")
    assert parse('name = "\U0001f469\u200d\U0001f52c"', "clinic.toml").take("name", str)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ('[cannot]\nweekdays = ["Tue"]', ("cannot is one table", "line 4", "write [[cannot]]")),
        ('[[rather]]\nafter = "10:00"', ("rather is a list", "line 4", "write [rather] once")),
        ('[[cannot]]\nweekdays = ["Di"]', ("'Di' is not a day", "line 5", "did you mean Tue or Sun?")),
        ("[[cannot]]\nfrom = 2027-01-10\nto = 2027-01-08", ("ends before it begins", "to = 2027-01-10")),
    ],
)
def test_a_case_file(tmp_path, text, parts):
    (tmp_path / "clinic.toml").write_text('zone = "Europe/London"\n' + HOURS, encoding="utf-8")
    head = 'protocol = "iv-mwf-6"\nclinic = "clinic.toml"\nstart = 2027-01-04\n'
    (tmp_path / "case.toml").write_text(head + text, encoding="utf-8")
    refused(lambda: load_case(tmp_path / "case.toml"), *parts)


PROTOCOL = """id = "own"
version = "1"
title = "t"
study = "No study: our own practice."
[sources]
house = "house default; not from a publication"
[[phase]]
kind = "induction"
count = { value = 6, HOUSE }
infusion = { value = "PT40M", HOUSE }
PATTERN
spacing = [{ RULE, HOUSE }]
"""
MON_THU = 'weekdays = { value = ["Mon", "Thu"], HOUSE }'
DAYS = "study_days = { value = [1, 3, 5, 8, 10, 12], HOUSE }"


def own(rule, pattern=MON_THU):
    text = PROTOCOL.replace("PATTERN", pattern).replace("RULE", rule)
    return parse(text.replace("HOUSE", 'source = "house", mark = "house default"'), "own.toml")


@pytest.mark.parametrize(
    ("rule", "pattern", "contradict"),
    [
        ("minimum = 4", MON_THU, False),
        ("minimum = 5", MON_THU, True),
        ("minimum = 9", MON_THU, True),
        ("minimum = 9, required = false", MON_THU, False),
        ("latest = 3", MON_THU, False),
        ("latest = 2", MON_THU, True),
        ("apart = 2, minimum = 7", MON_THU, False),
        ("apart = 2, minimum = 8", MON_THU, True),
        ("apart = 6, minimum = 99", MON_THU, False),
        ("minimum = 7", 'every = { value = "P7D", HOUSE }', False),
        ("minimum = 8", 'every = { value = "P7D", HOUSE }', True),
        ("minimum = 3", DAYS, False),
        ("minimum = 4", DAYS, True),
    ],
)
def test_a_spacing_that_the_pattern_keeps_nowhere_is_a_contradiction(rule, pattern, contradict):
    """Mondays and Thursdays are 3 or 4 days apart, every second of them 7; the study days 2 or 3."""
    if contradict:
        refused(
            lambda: read_protocol(own(rule, pattern)),
            "contradict each other",
            "own.toml, line 12, phase 1 spacing 1",
        )
    else:
        assert read_protocol(own(rule, pattern)).phases


@pytest.mark.parametrize("rule", ["lastest = 7", "apart = 2, lastest = 7", "minimum = 2, lastest = 7"])
def test_a_key_that_is_near(rule):
    refused(lambda: read_protocol(own(rule)), "unknown key 'lastest'", "did you mean latest?")


def test_the_protocols_that_ship_contradict_themselves_nowhere():
    assert all(load_protocol(name).phases for name in protocol_ids())


def test_a_day_twice_is_no_other_day():
    text = 'weekdays = { value = ["Mon", "Mon"], HOUSE }'
    assert "did you mean" not in refused(lambda: read_protocol(own("minimum = 2", text)), "each once")
    assert date(2027, 1, 4) == JAN_4
