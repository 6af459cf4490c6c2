"""Every reader of the library under one name each, with good files to start from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import attrs

import ketsched as ks
from ketsched.casefile import load_case
from ketsched.cli import inputs
from ketsched.entries import read_country, read_dates, read_moment, read_start, read_week
from ketsched.errors import KetschedError
from ketsched.interchange import dumps
from ketsched.interchange.outputs import outputs_of
from ketsched.protocols import template
from ketsched.tracking import record
from ketsched.visitfile import load_columns, load_visits
from ketsched.waiverfile import load_waivers

CLINIC = b"""\
zone = "Europe/Amsterdam"
chairs = 2
holidays = [{ country = "NL", observed = false }]
[hours]
mon = "09:00-17:00"
wed = "09:00-12:00, 13:00-17:00"
fri = "09:00-17:00"
[[closed]]
from = 2027-12-24
to = 2027-12-31
reason = "year's end"
[[closed]]
every = "FREQ=MONTHLY;BYDAY=1MO"
[[open]]
on = 2027-12-20
hours = "09:00-12:00"
"""
CASE = b"""\
id = "A-017"
protocol = "generic-induction"
clinic = "clinic.toml"
start = { from = 2027-01-04, to = 2027-01-08 }
sessions = 6
weeks = 2
weekdays = ["Mon", "Wed", "Fri"]
boosters = 2
time = "10:00"
[[cannot]]
on = 2027-01-26
[[cannot]]
weekdays = ["Mon"]
hours = "15:00-17:00"
[rather]
before = "15:00"
"""
WAIVERS = b"""\
[[waiver]]
rule = "KS101"
sessions = ["s1"]
reason = "a journey"
who = "Dr A"
until = 2027-02-01
"""
VISITS = b"""\
[[visit]]
day = 2027-01-04
status = "fulfilled"
time = "09:00"
[[visit]]
day = 2027-01-06
status = "cancelled"
by = "patient"
note = "rang"
"""
EXPORT = b"""\
day;status;time;session
2027-01-04;fulfilled;09:00;s1
2027-01-06;"no-show";;s2
"""
COLUMNS = b"""\
[columns]
day = "Appt Date"
status = "Status"
[format]
date = ["%m/%d/%Y", "iso"]
delimiter = ";"
[status]
"Completed" = "fulfilled"
"Canceled by pt" = { status = "cancelled", by = "patient" }
"Scheduled" = "ignore"
"""
OPTIONS = b"""\
output clinic.ics:clinic,full
hours mon-fri 09:00-17:00
start 2027-01-04..2027-01-31
at 2026-11-20T09:00:00Z
closed 2027-01-04
holidays NL
zone Europe/Amsterdam
"""
MWF = ks.load_protocol("iv-mwf-6")


def course() -> ks.Course:
    """Return a course of six sessions, one of them given and one missed."""
    clinic = ks.Calendar.weekly("Europe/Amsterdam", mon="09:00-17:00", wed="09:00-17:00", fri="09:00-17:00")
    at = datetime(2026, 11, 20, 9, tzinfo=UTC)
    planned = ks.plan(MWF, start=date(2027, 1, 4), calendar=clinic, id="A-017", at=at)
    given = [ks.Visit(date(2027, 1, 4)), ks.Visit(date(2027, 1, 6), "no-show")]
    return record(planned, given, at=datetime(2027, 1, 6, 18, tzinfo=UTC), who="front desk")


def _options(path: Path) -> None:
    """Read lines of a file as words of the command line: the option, a blank, what was given to it."""
    for line in path.read_text("utf-8", errors="surrogateescape").split("\n"):
        name, _, text = line.partition(" ")
        match name:
            case "output":
                outputs_of([text, "other.ics"])
            case "start":
                inputs.located("--start", read_start, text)
            case "at":
                inputs.located("--at", read_moment, text)
            case "closed":
                inputs.located("--closed", read_dates, text)
            case "holidays":
                inputs.located("--holidays", read_country, text)
            case "hours":
                inputs.located("--hours", read_week, [text])
            case "zone":
                inputs.clinic_calendar(
                    clinic=None, chairs=None, zone=text, hours=["mon-fri 09:00-17:00"], holidays=[], closed=[]
                )


@attrs.frozen
class Reader:
    """How a kind of file is read, what it is called, and good ones."""

    name: str
    read: Callable[[Path], object]
    good: tuple[bytes, ...]


FULL = dumps(course(), "ics", audience="clinic", privacy="full")
BARE = dumps(course(), "ics")
READERS = {
    "case": Reader("case.toml", load_case, (CASE,)),
    "clinic": Reader("clinic.toml", ks.Calendar.load, (CLINIC,)),
    "columns": Reader("columns.toml", load_columns, (COLUMNS,)),
    "course": Reader("course.json", ks.read, (dumps(course(), "json"),)),
    "export": Reader("visits.csv", load_visits, (EXPORT,)),
    "foreign": Reader("bare.ics", lambda path: ks.read(path, protocol=MWF, zone="Europe/Amsterdam"), (BARE,)),
    "full": Reader("full.ics", ks.read, (FULL,)),
    "options": Reader("options.txt", _options, (OPTIONS, *OPTIONS.splitlines())),
    "protocol": Reader(
        "protocol.toml",
        lambda path: ks.load_protocol(path),
        (template("own").encode(),),
    ),
    "visits": Reader("visits.toml", load_visits, (VISITS,)),
    "waivers": Reader("waivers.toml", load_waivers, (WAIVERS,)),
}


def read_bytes(name: str, content: bytes, folder: Path) -> bool:
    """
    Read a file with that content; return whether it was good.

    Raises:
        AssertionError: It was refused without saying what, why or how to fix.
        Exception: The reader broke.
    """
    reader = READERS[name]
    path = folder / reader.name
    path.write_bytes(content)
    clinic = folder / "clinic.toml"
    if name == "case" and not clinic.exists():
        clinic.write_bytes(CLINIC)
    refusal = None
    try:
        reader.read(path)
    except KetschedError as error:
        refusal = error
    if refusal is not None:
        assert all((refusal.what, refusal.why, refusal.fix)), refusal
        assert refusal.where, refusal
    return refusal is None
