"""Patient's pages as they are read, and courses whose texts would get out of their place on one."""

from __future__ import annotations

from datetime import date, time
from html.parser import HTMLParser
from typing import Any

import attrs

from ketsched.interchange import dumps
from ketsched.interchange.pagefolder import LONGEST_LINE
from ketsched.languages import Contact, Line
from ketsched.model import Course, Restriction
from published import MONDAY, TUESDAY, around_it, at, course_of, placed

PHONE = "+44 20 7946 0018"
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</style></title></p><h1>Own</h1>",
    "|^~\\&",
    "&lt;b&gt;&#60;b&#62;",
    "{{ 7 * 7 }}{% raw %}{# #}",
    "{0.__class__}{say}",
    "a\rb",
    "a\nb",
    "a\0b",
    "a\x1bb\x85c\ufffe",
    "\u202egnp.\u2066x",
    "\u05d0\u200f\u061c",
    "\U0001f469\u200d\u2695\ufe0f",
    "\ud800",
    "x" * (LONGEST_LINE + 1),
)
"""Texts that would get out of their place on a page, were they let."""


class Page(HTMLParser):
    """A page as it is read: its elements with their attributes, and the text in each of them."""

    VOID = frozenset({"meta", "link", "line", "circle", "img"})
    INLINE = frozenset({"a", "b", "span", "time"})

    def __init__(self, course: Course, **options: Any) -> None:
        super().__init__()
        self.source = dumps(course, "html", **options).decode()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[tuple[str, list[str]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(self.source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append((tag, []))

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        name, said = self.open.pop()
        assert name == tag, "elements lie within each other"
        text = " ".join("".join(said).split())
        self.texts.append((tag, text))
        if self.open:
            self.open[-1][1].append(text if tag in self.INLINE else f" {text} ")

    def handle_data(self, data: str) -> None:
        if self.open:
            self.open[-1][1].append(data)

    def texts_of(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]

    @property
    def shape(self) -> list[tuple[str, list[str]]]:
        return [(tag, sorted(given)) for tag, given in self.elements]

    @property
    def visible(self) -> str:
        return self.texts_of("body")[0]


def section(page: Page, heading: str) -> str:
    """Return what stands in the section under a heading."""
    (found,) = [text for text in page.texts_of("section") if text.startswith(heading)]
    return found.removeprefix(heading).strip()


def full_of(text: str) -> Course:
    """A course that has a text wherever a page can show one."""
    own = () if "{" in text else (Line("en", "page_next", text),)  # a clinic's line with a brace is refused
    kinds = {"visit": ("appointment", "review"), "form": ("task", "form"), "note": ("notice", "rest")}
    around = [around_it(*kind, id=name, title=text, text=text) for name, kind in kinds.items()]
    around.append(around_it(id="part", title=text, text=text, on_session_days="during"))
    booked = (
        placed(date(2027, 1, 3), None, id="form:s1", companion="form"),
        placed(MONDAY, time(9, 35), id="part:s1", companion="part"),
        placed(TUESDAY, time(10), id="visit:s1", companion="visit"),
    )
    course = course_of(
        *around,
        sessions=(at(place=text), at(date(2027, 1, 11), number=2)),
        booked=booked,
        before=(Restriction(what=text, minutes=60),),
        others={"contact": Contact(telephone=PHONE, lines=own)},
    )
    return attrs.evolve(course, protocol=attrs.evolve(course.protocol, title=text))
