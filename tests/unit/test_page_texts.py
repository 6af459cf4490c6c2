"""Every text of a course document in turn is replaced by another: what a page shows of it, and as what."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

import attrs
import pytest

from ketsched.interchange import dumps, loads
from ketsched.languages import Contact, Line
from ketsched.model import Course
from making import reference_course
from pages import HOSTILE, PHONE, Page
from refusals import refused_or_not

Where = tuple[str | int, ...]
Field = tuple[str, ...]

SHOWN: dict[Field, str] = {
    ("contact", "lines", "text"): "discreet",
    ("contact", "address"): "named",
    ("sessions", "place"): "named",
    ("protocol", "title"): "full",
    ("protocol", "phases", "before", "what"): "full",
    ("protocol", "companions", "title"): "full",
    ("protocol", "companions", "text"): "full",
}
"""Free texts that a page shows, with the privacy from which on it does: those of WORDS, and none besides."""
LEVELS = ("discreet", "named", "full")
NOISY = [" ".join(text for text in HOSTILE if text.isascii() and text.isprintable() and len(text) < 100)]
NOISY += [text for text in HOSTILE if not text.isascii() or not text.isprintable()]


@cache
def document() -> dict[str, Any]:
    contact = Contact(
        telephone=PHONE, address="1 High Street", spoken="Dr B", lines=(Line("en", "page_next", "Next"),)
    )
    return dumps(attrs.evolve(reference_course(), contact=contact), "dict")


def texts(value: Any, where: Where = ()) -> Iterator[Where]:
    """Yield where each text of a document stands."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from [(*where, key)] if isinstance(part, str) else texts(part, (*where, key))


def field(where: Where) -> Field:
    return tuple(key for key in where if isinstance(key, str))


FIELDS = sorted({field(where) for where in texts(document())})


def saying(name: Field, text: str) -> Course | None:
    """The course with another text in each place of a field; if that cannot be, in the first; None: nor can that."""
    places = [where for where in texts(document()) if field(where) == name]
    for chosen in (places, places[:1]):
        values = copy.deepcopy(document())
        for *path, last in chosen:
            inner: Any = values
            for key in path:
                inner = inner[key]
            inner[last] = text
        course: Course | None = refused_or_not(lambda values=values: loads(values, "dict"))
        if course is not None:
            return course
    return None


@pytest.mark.parametrize("name", FIELDS, ids=".".join)
class TestEveryText:
    def test_it_is_told_to_whom_it_may_be(self, name):
        course = saying(name, "Jane Doe 4711 ketamine")
        if course is None:
            return
        telling = [privacy for privacy in LEVELS if b"Jane" in dumps(course, "html", privacy=privacy)]
        first = SHOWN.get(name)
        assert telling == ([] if first is None else list(LEVELS[LEVELS.index(first) :]))

    def test_it_stays_a_text(self, name):
        plain = saying(name, "plain")
        if plain is None:
            return
        shape = Page(plain, privacy="full").shape
        for text in NOISY:
            hostile = saying(name, text)
            page = hostile and refused_or_not(lambda course=hostile: Page(course, privacy="full"))
            assert page is None or page.shape == shape


def test_the_fields_that_a_page_shows_are_among_those_that_are_tried():
    assert set(SHOWN) <= set(FIELDS)
