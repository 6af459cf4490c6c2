"""How often a command goes through what happened: the history of a course is handed on, not made again."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

from followed import FOURTH, HOURS, as_json, on
from ketsched.history import evaluate

COMMANDS = ("ketsched.cli.recording", "ketsched.cli.mornings")


@pytest.fixture
def evaluations(monkeypatch):
    """The calls of `evaluate`, wherever in the library it is called."""
    calls = []
    for name in COMMANDS:  # otherwise imported at first use, after evaluate was replaced
        import_module(name)

    def counted(*given, **named):
        calls.append(given)
        return evaluate(*given, **named)

    for module in [module for name, module in sys.modules.items() if name.split(".")[0] == "ketsched"]:
        for name in [name for name, value in vars(module).items() if value is evaluate]:
            monkeypatch.setattr(module, name, counted)
    return calls


def test_a_no_show_is_judged_at_most_twice(run, third, evaluations):
    assert run("record", third, FOURTH, "no-show", *on(FOURTH)).code == 0
    assert 1 <= len(evaluations) <= 2


def test_a_no_show_is_judged_at_most_once_more_for_each_way_shown(run, third, evaluations):
    found = as_json(run("record", third, FOURTH, "no-show", *HOURS, *on(FOURTH), "--json"))
    assert sum(1 + len(way["same"]) for way in found["ways"]) == 5
    assert len(evaluations) <= 2 + 5


def test_likewise_for_what_is_proposed_after_a_lapse(run, third, evaluations):
    """On the 20th nine days have passed since the last session given."""
    assert run("record", third, FOURTH, "no-show", *on(FOURTH)).code == 0
    evaluations.clear()
    found = as_json(run("record", third, "2027-01-18", "no-show", *HOURS, *on("2027-01-20"), "--json"))
    assert "continue" in {way["name"] for way in found["ways"]}
    assert len(evaluations) <= 2 + len(found["ways"])


@pytest.mark.parametrize("today", [FOURTH, "2027-01-15"])
def test_the_morning_run_judges_each_course_once(run, third, evaluations, today):
    """On the 15th the session of the 14th is not recorded: both answers would be forecasts of their own."""
    Path("courses").mkdir()
    Path(third).rename("courses/a.json")
    assert run("today", "courses", "--as-of", today).code in (0, 1)
    assert len(evaluations) == 1
