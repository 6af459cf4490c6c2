"""
Files of visits: what happened, as somebody wrote it down or as another program exported it.

A TOML file is ours, and a fault in it is an error. A CSV file is somebody else's export: a column
map says what its columns and words mean, and a row that cannot be used is handed back with its
line and the reason.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from ketsched import tomlfile
from ketsched.clock import moment, plausible, read_time
from ketsched.errors import CannotRead, InvalidInput
from ketsched.model import MOST_VISITS, Visit
from ketsched.tomlfile import Table
from ketsched.unseen import as_seen
from ketsched.visitfile.columns import ColumnMap, Meaning, load_columns, status_named
from ketsched.visitfile.exports import Export, UnusedRow, VisitFile, too_many
from ketsched.zones import zone_named

__all__ = ["ColumnMap", "Meaning", "UnusedRow", "VisitFile", "load_columns", "load_visits"]

_IDS = ("session", "id", "corrects")
_TEXTS = ("by", "route", "note", "id", "corrects", "who")


def load_visits(
    path: str | Path,
    *,
    columns: ColumnMap | None = None,
    patient: str | None = None,
    zone: str | None = None,
) -> VisitFile:
    """
    Read the visits of one patient from a `.toml`, `.csv` or `.tsv` file.

    Args:
        path: The file; its suffix says which.
        columns: What the columns and words of an export mean; None: they are our own, and dates are ISO.
        patient: Whose rows to take, as the export's patient column has it; None: the file has one patient.
        zone: The clinic's, to see that times exist there and to read dates that come with an offset from UTC.

    Raises:
        KetschedError: The file cannot be used, or none of its rows can.
    """
    file = Path(path)
    if zone is not None:
        zone_named(zone)
    suffix = file.suffix.lower()
    if suffix in (".csv", ".tsv"):
        return Export(file, columns, patient, zone).read()
    if suffix != ".toml":
        raise CannotRead(
            what=f"no reader for {suffix[:20] or 'a file without a suffix'}",
            where=str(file),
            why="visits are read from .toml, .csv and .tsv",
            fix="save a spreadsheet as CSV in UTF-8, or correct the name",
        )
    for name, given in (("columns", columns), ("patient", patient)):
        if given is not None:
            raise InvalidInput(
                what=f"{name} given with {file.name}",
                where=name,
                why="a TOML file of visits has no columns and one patient",
                fix="leave it out, or give the .csv file that it belongs to",
            )
    return _from_toml(file, zone)


def _from_toml(file: Path, zone: str | None) -> VisitFile:
    table = tomlfile.load(file)
    visits: list[Visit] = []
    ids: set[str] = set()
    for entry in table.tables("visit"):
        visit = _visit(entry, zone)
        if visit.id and visit.id in ids:
            raise InvalidInput(
                what="two visits of one id",
                where=entry.where("id"),
                why="an id is that of one entry, so that a correction can name it",
                fix="give it another; an entry that replaces an earlier one names it in corrects",
            )
        ids.add(visit.id)
        visits.append(visit)
    table.done()
    if not visits:
        raise InvalidInput(
            what=f"no visit in {file.name}",
            where=str(file),
            why="a file of visits has a section for each",
            fix='write [[visit]], and under it day = 2027-01-14 and status = "no-show"',
        )
    if len(visits) > MOST_VISITS:
        raise too_many(file)
    return VisitFile(tuple(visits), lines=table.lines("visit", len(visits)))


def _visit(entry: Table, zone: str | None) -> Visit:
    """Read one [[visit]]; what happened is never left out."""
    day = entry.read("day", partial(plausible, name="day"), entry.take("day", date))
    status = entry.read("status", status_named, entry.take("status", str))
    clock = entry.take("time", str, None)
    at = None if clock is None else entry.read("time", read_time, clock)
    known: dict[str, Any] = {name: entry.take(name, str, "") for name in _TEXTS}
    known |= {name: entry.take(name, bool, False) for name in ("elsewhere", "worse")}
    if at is not None and zone is not None and not known["elsewhere"]:
        entry.read("time", lambda at: moment(day, at, zone), at)
    known |= {"session": entry.take("session", str, None), "counts": entry.take("counts", bool, None)}
    known |= {name: as_seen(known[name]) for name in _IDS if known[name] is not None}
    entry.done()
    return entry.read(None, lambda known: Visit(day, status, at=at, **known), known)
