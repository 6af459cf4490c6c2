"""The lines of each language as they are shipped, by key, with `{placeholders}` that are filled in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from string import Formatter

from ketsched.errors import InvalidInput
from ketsched.nearness import close_to

LANGUAGES: dict[str, str] = {"en": "English", "es": "Spanish", "de": "German"}
"""The languages that people can read in, by the codes of ISO 639."""

_NEED_NOT_BE_SAID = {"what", "old_day", "old_time", "end", "length", "first"}
"""Placeholders that a clinic's own line may leave out; without the others it would not say when, or how many."""


def check_language(language: str) -> str:
    """Return the code of a language, if there are lines in it."""
    if language not in LANGUAGES:
        names = {name: code for code, name in LANGUAGES.items()} | {code: code for code in LANGUAGES}
        near = names.get(close_to(str(language), names), "")
        known = ", ".join(f"{code} ({name})" for code, name in LANGUAGES.items())
        raise InvalidInput(
            what=f"Calendars cannot be written in {str(language)[:20]!r}.",
            where="language",
            why=f"there are words for {known}",
            fix=f'did you mean "{near}"?' if near else "choose one of these",
        )
    return language


@cache
def lines_of(language: str, region: str = "") -> Mapping[str, str]:
    """Return the lines of a language by key; `region` is a country whose people write some of them otherwise."""
    import tomllib
    from importlib.resources import files

    here = files("ketsched.languages")
    lines: dict[str, str] = tomllib.loads(here.joinpath(f"{language}.toml").read_text(encoding="utf-8"))
    of_region = here.joinpath(f"{language}_{region}.toml")
    if region and of_region.is_file():
        lines |= tomllib.loads(of_region.read_text(encoding="utf-8"))
    return lines


def check_line(language: str, key: str, text: str) -> None:
    """Refuse a clinic's own line that is of no use: of an unknown key, empty, or with other placeholders."""
    shipped = lines_of(check_language(language))
    if key not in shipped:
        near = close_to(key, shipped)
        raise InvalidInput(
            what=f"there is no line {key[:40]!r}",
            why="a clinic can have its own words for each line that there is",
            fix=f"did you mean {near}?" if near else "take the key from the list in docs/how-to/words.md",
        )
    known = placeholders(shipped[key])
    try:
        used = placeholders(text)
    except ValueError:
        used = {"{"}
    if used - known or known - used - _NEED_NOT_BE_SAID:
        wanted = ", ".join(f"{{{name}}}" for name in sorted(known)) or "none"
        raise InvalidInput(
            what=f"the placeholders of {key} are not right",
            why=f"what is filled in is {wanted}; without it nobody learns when, or how many",
            fix=f"write it like {shipped[key]!r}",
        )
    if shipped[key].strip() and not text.strip():
        raise InvalidInput(
            what=f"{key} is empty",
            why="a line that is left out would not be missed; who decides has to be said",
            fix="give the line other words, or leave the key out",
        )


def placeholders(line: str) -> set[str]:
    """Return the names in braces in a line."""
    return {name for _, name, _, _ in Formatter().parse(line) if name is not None}
