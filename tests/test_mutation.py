"""The places at which `make mutants` changes the core: each has one name, and those said to mean nothing exist."""

from __future__ import annotations

import ast

import pytest

from mutation import changes
from mutation.mutants import drawn, equivalent

MODULE = """
LIMIT = 3

def least(days):
    return min(days) + 1 if days else 0

class Window:
    def holds(self, day):
        return self.first <= day <= self.last and not self.closed
"""


def test_every_place_has_a_name_of_its_own_and_what_means_nothing_is_a_place():
    names = [place.key for place in drawn(0, ())]
    assert len(names) == len(set(names))
    reasons = equivalent()
    assert not reasons.keys() - set(names)
    assert all(reasons.values())


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of one module, and how it is written."""
    monkeypatch.setattr(changes, "PACKAGE", tmp_path)

    def written(text):
        (tmp_path / "one.py").write_text(text, encoding="utf-8")
        return changes.places_of("one")

    return written


def test_each_change_is_of_one_place(package):
    places = package(MODULE)
    assert [f"{place.scope}: {place.text} [{place.change}]" for place in places] == [
        ": LIMIT = 3 [3 is 4]",
        "least: min(days) [min is max]",
        "least: min(days) + 1 [1 is 2]",
        "least: min(days) + 1 [Add is Sub]",
        "least: min(days) + 1 if days else 0 [0 is 1]",
        "least: min(days) + 1 if days else 0 [the other of two values]",
        "Window.holds: self.first <= day <= self.last [LtE is Lt]",
        "Window.holds: self.first <= day <= self.last [LtE is Lt]",
        "Window.holds: not self.closed [Not is left out]",
        "Window.holds: self.first <= day <= self.last and (not self.closed) [And is Or]",
    ]
    before, texts = ast.unparse(ast.parse(MODULE)), {changes.changed(place) for place in places}
    assert len(texts) == len(places)
    assert before not in texts


def test_a_change_above_leaves_the_names_and_the_order(package):
    before = {place.key for place in package(MODULE)}
    assert {
        place.key for place in package(MODULE.replace("LIMIT = 3", "LIMIT = 3\nMORE = LIMIT + 5"))
    } > before
