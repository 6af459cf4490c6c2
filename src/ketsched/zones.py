"""
Time zones by their names: which there are, which are one under two names, and which say where a clinic is.

The names are those of the IANA time zone database. It keeps old ones (Europe/Kiev) as links to new ones, and
has names of clocks that are no place's (EST, Etc/GMT+5), on which no law changes anything.
"""

from __future__ import annotations

import re
import zoneinfo
from datetime import date, datetime, time
from functools import cache
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from ketsched.errors import InvalidTime

_CITIES = {
    "EST EDT EST5EDT": "America/New_York, or America/Panama, which has no summer time",
    "CST CDT CST6CDT": "America/Chicago, or America/Regina, which has no summer time",
    "MST MDT MST7MDT": "America/Denver, or America/Phoenix, which has no summer time",
    "PST PDT PST8PDT": "America/Los_Angeles or America/Vancouver",
    "AKST AKDT": "America/Anchorage",
    "AST ADT": "America/Halifax, or America/Puerto_Rico, which has no summer time",
    "HST": "Pacific/Honolulu",
    "WET WEST": "Europe/Lisbon",
    "GMT BST UTC": "Europe/London, or Atlantic/Reykjavik, which has no summer time",
    "CET CEST MET MEST MEZ MESZ": "Europe/Amsterdam or Europe/Berlin",
    "EET EEST": "Europe/Athens or Europe/Helsinki",
    "IST": "Asia/Kolkata, Europe/Dublin or Asia/Jerusalem",
    "AEST AEDT": "Australia/Sydney, or Australia/Brisbane, which has no summer time",
    "NZST NZDT": "Pacific/Auckland",
}
"""Cities for the abbreviations that people know, to choose from: an abbreviation alone does not tell."""

_NO_PLACE = re.compile(
    r"(?:Etc|SystemV)/.*|[A-Z]{3}(?:[0-9][A-Z]{3})?|GMT[+-]?0|Zulu|Universal|Greenwich|Factory"
)
_PLACES = frozenset(("PRC", "ROC", "ROK"))
"""Of three letters, and countries all the same."""


@cache
def zone_named(name: str) -> ZoneInfo:
    """Return the IANA zone of that name."""
    try:
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9_+\-]+(/[A-Za-z0-9_+\-]+)*", name):
            raise ValueError(name)
        if re.match(r"localtime$|posixrules$|posix/|right/", name):  # not the same on every machine
            raise ValueError(name)
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise InvalidTime(
            what=f"There is no time zone {str(name)[:60]!r}.",
            why="zones are named as in the IANA time zone database, capital letters included",
            fix=_meant(str(name)[:60]),
        ) from None


def is_zone(name: str) -> bool:
    """Whether the IANA time zone database has that name."""
    try:
        return bool(zone_named(name))
    except InvalidTime:
        return False


def clinic_zone(name: str) -> str:
    """Return the zone of a clinic as it was given; refuse one that is no place: its clocks may go otherwise."""
    zone_named(name)
    if not is_place(name):
        raise InvalidTime(
            what=f"'{name[:60]}' is not a place.",
            why="a clinic's clocks change, or do not, by the law of the place where it is",
            fix=f"name the city, or the nearest with the same clocks, as {_cities(name)}",
        )
    return name


def is_place(name: str) -> bool:
    """Whether a zone is called by a place, as Europe/Lisbon is and UTC is not."""
    return not _NO_PLACE.fullmatch(name) or name in _PLACES


def same_clocks(one: str, other: str, first: date, last: date) -> bool:
    """Whether the clocks of two zones show the same from one local date to another, both included."""
    zones = zone_named(one), zone_named(other)
    days = (date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 2))
    moments = (datetime.combine(day, time()) for day in days)
    return all(zones[0].utcoffset(at) == zones[1].utcoffset(at) for at in moments)


def place_like(name: str, first: date, last: date) -> str:
    """Return a place whose clocks show the same as those of a zone from one local date to another; empty if none do."""
    places = (place for place in sorted(zoneinfo.available_timezones()) if "/" in place and is_place(place))
    return next((place for place in places if same_clocks(place, name, first, last)), "")


@cache
def same_zone(one: str, other: str) -> bool:
    """Whether two names are one zone: the same, or one a link to the other, as Europe/Kiev is to Europe/Kyiv."""
    return one == other or zone_data(one) == zone_data(other)


def zone_data(name: str) -> bytes:
    """Return what stands in the file that `zoneinfo` opens for a zone (RFC 9636)."""
    for folder in zoneinfo.TZPATH:
        path = Path(folder, name)
        if path.is_file():
            return path.read_bytes()
    return resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


def _cities(name: str) -> str:
    """Name cities for a name that is no place."""
    return next(
        (cities for names, cities in _CITIES.items() if name.upper() in names.split()),
        "Europe/Amsterdam, America/New_York, or America/Phoenix, which has no summer time",
    )


def _meant(name: str) -> str:
    """Say which zone may be meant by a name that there is not."""
    from difflib import get_close_matches

    if any(name.upper() in names.split() for names in _CITIES):
        return f"name the city, such as {_cities(name)}"
    places = [place for place in sorted(zoneinfo.available_timezones()) if not _NO_PLACE.fullmatch(place)]
    plain = name.lower().replace(" ", "_")
    city = plain.rpartition("/")[2]
    known = {place.lower(): place for place in places}
    near = [place for lower, place in known.items() if lower.rpartition("/")[2] == city and "/" in lower]
    near = near or [known[lower] for lower in get_close_matches(plain, known, n=2, cutoff=0.6)]
    return f"did you mean {' or '.join(near[:2])}?" if near else 'write it as "Europe/Amsterdam"'
