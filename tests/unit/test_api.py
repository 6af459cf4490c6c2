"""The two tiers of public names: `ketsched`, and `ketsched.follow` for a course that has begun."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

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
        for alias in node.names
        if isinstance(node, ast.ImportFrom)
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
