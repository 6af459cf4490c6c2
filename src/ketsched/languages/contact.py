"""How a clinic is reached, and how it speaks: its telephone, its clock, its own lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import attrs

from ketsched.errors import InvalidInput, refuse_first
from ketsched.files import is_bare
from ketsched.languages.table import check_language, check_line
from ketsched.tomlfile import Table

CLOCKS = ("24h", "12h")
_LONGEST = 200
_TELEPHONE = re.compile(r"(?=(?:\D*\d){3})[+(]?[0-9][0-9 ()./-]{1,38}")


@attrs.frozen
class Line:
    """
    A line of the clinic's own, instead of the one that is shipped.

    Attributes:
        language: Its language, "en".
        key: Which line.
        text: Its words, with the placeholders of the line that it takes the place of.
    """

    language: str
    key: str
    text: str

    def __attrs_post_init__(self) -> None:
        check_line(self.language, self.key, self.text)


@attrs.frozen(kw_only=True)
class Contact:
    """
    How a clinic is reached, and how it speaks.

    Attributes:
        telephone: The number that patients call, as they dial it; it can be looked up, so a switchboard's is discreet.
        spoken: What the clinic is called on a voicemail; its name may tell the treatment. Empty: no voicemail.
        address: Where patients go; in files from "named" up.
        clock: "12h" or "24h"; empty: what is usual in the country of its zone.
        pages: Name of the folder with its own template of the patient's page, which is looked for only beside
            its files; empty: the page is made as it is shipped.
        lines: Its own lines.
    """

    telephone: str = ""
    spoken: str = ""
    address: str = ""
    clock: str = ""
    pages: str = ""
    lines: tuple[Line, ...] = ()

    def __attrs_post_init__(self) -> None:
        faults = (
            (
                bool(self.telephone) and not _TELEPHONE.fullmatch(self.telephone),
                "telephone",
                f"{self.telephone[:40]!r} is not a telephone number",
                "patients dial it as it stands: digits, spaces, brackets, dashes, and + for a country",
                'write it as "+44 20 7946 0018"',
            ),
            (
                self.clock not in ("", *CLOCKS),
                "clock",
                f"{self.clock[:20]!r} is not a clock",
                "hours are written by a clock of 12 or of 24 hours",
                'write "12h" or "24h", or leave it out for what is usual in the country',
            ),
            (
                bool(self.pages) and not is_bare(self.pages),
                "pages",
                "a path, where the name of a folder belongs",
                "the folder is looked for only beside the clinic's file or the course file",
                'write the name alone, as in "pages"',
            ),
            *(
                (
                    len(text) > _LONGEST or text != " ".join(text.split()),
                    name,
                    f"the clinic's {name} is not one line",
                    f"it is read out and printed as one line of at most {_LONGEST} characters",
                    "write it in one line",
                )
                for name, text in (("spoken", self.spoken), ("address", self.address))
            ),
        )
        refuse_first(InvalidInput, "", faults)


NO_CONTACT = Contact()
"""That of a clinic which says nothing of itself."""


def read_contact(table: Table) -> Contact:
    """Read `telephone`, `spoken`, `address`, `clock`, `pages` and `words` of a clinic's file."""
    texts = {name: table.take(name, str, "") for name in ("telephone", "spoken", "address", "clock", "pages")}
    return table.make(partial(Contact, lines=tuple(_read_lines(table))), texts)


def _read_lines(table: Table) -> Iterator[Line]:
    """Yield the lines of a section [words.en], and of one for each other language."""
    words = table.table("words")
    if words is None:
        return
    for language in tuple(words.values):
        words.read(language, check_language, language)
        lines = words.table(language)
        assert lines is not None  # noqa: S101 - it is a key of the table
        for key in tuple(lines.values):
            yield lines.read(key, partial(Line, language, key), lines.take(key, str))
