"""
The numbers with clinical meaning that hold for all protocols, each with its source and mark.

They stand in `house.toml` beside this module, and in no code; what one protocol prescribes stands
in its own file.
"""

from __future__ import annotations

from datetime import time
from functools import cache

import attrs

from ketsched.clock import TimeRange, read_time


@attrs.frozen(kw_only=True)
class HouseNumber:
    """
    One number that is no protocol's.

    Attributes:
        key: Its name in the file, "evening".
        what: What it is, in a few words.
        value: A whole number, or a time of day or hours as a text.
        unit: What the value counts.
        source: Where it comes from.
        mark: How far that was verified, in the words of protocol files.
        note: What else a reader should know.
    """

    key: str
    what: str
    value: int | str
    unit: str
    source: str
    mark: str
    note: str


@cache
def house_numbers() -> dict[str, HouseNumber]:
    """Return all of them by their keys, in the order of the file."""
    import tomllib
    from importlib.resources import files

    text = files("ketsched").joinpath("house.toml").read_text(encoding="utf-8")
    return {key: HouseNumber(key=key, **entry) for key, entry in tomllib.loads(text).items()}


def count(key: str) -> int:
    """Return a whole number."""
    return int(house_numbers()[key].value)


def clock(key: str) -> time:
    """Return a time of day."""
    return read_time(str(house_numbers()[key].value))


@cache
def hours(key: str) -> tuple[TimeRange, ...]:
    """Return hours of a day."""
    return TimeRange.parse(str(house_numbers()[key].value))
