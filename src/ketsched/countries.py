"""
The countries of time zones: that of a clinic follows from the zone of its calendar.

The tables are those of the package tzdata, not of the machine, so that the same version of it gives
the same answer everywhere.
"""

from __future__ import annotations

from functools import cache

from ketsched.errors import InvalidInput


def country_of(zone: str) -> str:
    """Return the ISO 3166 code of the country that a zone's city lies in, "US"; "" for UTC and what is no place."""
    return _countries().get(_links().get(zone, zone), "")


def country_named(code: str) -> str:
    """Return a country's code as ISO 3166 writes it, if there is such a country."""
    known = _names()
    if code.strip().upper() not in known:
        from difflib import get_close_matches

        of_name = {name.casefold(): found for found, name in known.items()}
        near = get_close_matches(code.strip()[:60].casefold(), of_name, n=1)
        raise InvalidInput(
            what=f"there is no country {code[:60]!r}",
            why="countries are written as ISO 3166 has them, in two letters",
            fix=f'did you mean "{of_name[near[0]]}" ({known[of_name[near[0]]]})?'
            if near
            else 'write "US", "DE", "GB"',
        )
    return code.strip().upper()


def country_words(code: str) -> str:
    """Say a country by its English name."""
    return _names().get(code, code)


@cache
def _names() -> dict[str, str]:
    """Read the name of each country, by its code."""
    return {row[0]: row[1] for row in _rows("iso3166.tab")}


@cache
def _countries() -> dict[str, str]:
    """Read the country of each zone that is a city."""
    return {row[2]: row[0] for row in _rows("zone.tab")}


@cache
def _links() -> dict[str, str]:
    """Read the names that lead to another zone, such as US/Eastern, with that zone; not those that are cities."""
    cities = _countries()
    lines = (line.split() for line in _text("tzdata.zi").splitlines() if line.startswith("L "))
    return {name: target for _, target, name in lines if name not in cities}


def _rows(name: str) -> list[list[str]]:
    lines = (line for line in _text(name).splitlines() if line and not line.startswith("#"))
    return [line.split("\t") for line in lines]


def _text(name: str) -> str:
    from importlib.resources import files

    return files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")
