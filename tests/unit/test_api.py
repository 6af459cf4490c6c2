"""The two tiers of public names: `ketsched`, and `ketsched.follow` for a course that has begun."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import attrs
import pytest

import ketsched
from ketsched import follow

TIERS = {"ketsched": ketsched, "ketsched.follow": follow}
NAMES = [(tier, name) for tier, module in TIERS.items() for name in module.__all__]
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "api.md"


@pytest.mark.parametrize(("tier", "name"), NAMES)
def test_a_public_name_is_documented(tier, name):
    """Its docstring opens with one plain sentence, and the page of the reference has it."""
    value = getattr(TIERS[tier], name)
    first = " ".join(inspect.getdoc(value).split("\n\n")[0].split())
    assert re.fullmatch(r"[A-Z].*[.:]", first), first
    assert f"\n::: {tier}.{name}\n" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("tier", TIERS)
def test_the_names_of_a_tier_are_listed_in_order_and_no_others_are(tier):
    module = TIERS[tier]
    assert module.__all__ == sorted(module.__all__)
    assert [name for name in dir(module) if not name.startswith("_")] == module.__all__


@pytest.mark.parametrize("tier", TIERS)
def test_a_name_is_of_the_same_type_where_it_is_checked_and_where_it_runs(tier):
    """A type checker reads the imports under TYPE_CHECKING; what runs is found by name."""
    module = TIERS[tier]
    (branch,) = (node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.If))
    imported = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in branch.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert sorted(imported) == module.__all__
    for name, (home, called) in imported.items():
        __import__(home)
        assert getattr(sys.modules[home], called) is getattr(module, name)


@pytest.mark.parametrize("tier", TIERS)
def test_what_is_in_no_tier_is_said_to_be_missing(tier):
    with pytest.raises(AttributeError, match=f"module '{tier}' has no attribute 'accompany'"):
        TIERS[tier].accompany  # noqa: B018 - reading it is the test


def test_a_tier_is_imported_when_it_is_used():
    """Neither `import ketsched` nor `ketsched.follow` brings in what only some verbs need."""
    code = "import sys; from ketsched import follow; print(*(n for n in sys.modules if n.startswith('ketsched')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {"ketsched", "ketsched.firstuse", "ketsched.follow"}


START = date(2027, 1, 4)
CLINIC = ketsched.Calendar.weekly("Europe/Amsterdam", mon="09:00-17:00", wed="09:00-17:00", fri="09:00-17:00")
COURSE = ketsched.plan(ketsched.load_protocol("iv-mwf-6"), start=START, calendar=CLINIC, id="A-017")
RESTED = ketsched.replan(COURSE, calendar=CLINIC, as_of=START, move={"s6": date(2027, 1, 18)})


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (COURSE, "<Course A-017: iv-mwf-6, 6 sessions, 2027-01-04 to 2027-01-15, revision 1>"),
        (
            attrs.evolve(COURSE, id=None, sessions=(), companions=()),
            "<Course without an id: iv-mwf-6, 0 sessions, revision 1>",
        ),
        (COURSE.protocol.phases[0], "<Phase induction: 6, Mon, Wed, Fri>"),
        (RESTED.revisions[-1], f"<Revision 'moved': {len(RESTED.changes)} changed>"),
        (CLINIC, "<Calendar 'the clinic' in Europe/Amsterdam: 3 days, 1 chair>"),
        (
            CLINIC.without([START]) & ketsched.Calendar.always("Europe/Paris"),
            "<Calendar 'the clinic' in Europe/Amsterdam: 3 days, 1 chair, 1 closing, and 'the patient'>",
        ),
        (
            ketsched.evaluate(COURSE, [ketsched.Visit(START)], as_of=START),
            f"<History as of 2027-01-04 of {COURSE!r}, with 1 visit>",
        ),
        (
            ketsched.forecast(COURSE, [ketsched.Visit(START)], as_of=START),
            f"<Forecast as of 2027-01-04 of {COURSE!r}: induction 2 is due from 2027-01-06>",
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_large_value_is_shown_in_one_line(value, shown):
    assert repr(value) == shown


@pytest.mark.parametrize("name", ketsched.protocol_ids())
def test_a_protocol_is_shown_in_one_line(name):
    protocol = ketsched.load_protocol(name)
    shown = [repr(value) for value in (protocol, *protocol.phases, *protocol.companions)]
    assert shown[0].startswith(f"<Protocol {name} (version {protocol.version}): ")
    assert max(map(len, shown)) < 200
    assert not any("\n" in one for one in shown)


def test_every_name_on_the_page_is_there():
    """The page is built from the names; one that was renamed would stop the build."""
    names = re.findall(r"^::: (\S+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(names) > len(NAMES)
    assert len(set(names)) == len(names)
    for module, _, name in (name.rpartition(".") for name in names):
        __import__(module)
        assert hasattr(sys.modules[module], name), f"{module}.{name}"
