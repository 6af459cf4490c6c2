"""
Exports: CSV files that another program wrote, read row by row.

A row that cannot be used is handed back with its line and the reason; what stands in a cell is
never repeated, because it may name a patient.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from pathlib import Path

import attrs

from ketsched.clock import FIRST_DAY, LAST_DAY, choices, zone_named
from ketsched.errors import CannotRead, KetschedError
from ketsched.files import decode, read_bytes
from ketsched.model import LONGEST_ID, MOST_VISITS, Happened, Visit
from ketsched.model.visits import CANCELLED_BY
from ketsched.visitfile.columns import DELIMITERS, ISO, OWN_NAMES, ColumnMap, Meaning, folded, letters

ROWS_ABOVE = 30
"""Rows in which the header is looked for: titles and dates of printing may stand above it."""

ANOTHER_PATIENT, NO_VISIT_YET = "of another patient", "no visit yet"
ABOVE, HEADER_AGAIN, TOTAL = "above the header", "the header again", "a total"
"""What a row may be that is no visit of this patient; counted, not handed back."""

OWN_STATUSES = {letters(status): Meaning(status) for status in Happened} | {
    "canceled": Meaning(Happened.CANCELLED),  # as it is written in the United States
}


@attrs.frozen
class UnusedRow:
    """
    A row of an export that could not be used.

    Attributes:
        line: Where the row begins in the file, from 1.
        why: What is wrong with it, without the text of a cell.
        fix: What to do about it.
    """

    line: int
    why: str
    fix: str


@attrs.frozen
class VisitFile:
    """
    What a file of visits holds.

    Attributes:
        visits: In the order of the file.
        unused: Rows that may be visits and could not be used; the caller decides.
        passed: How many rows are no visits of this patient, by what they are.
    """

    visits: tuple[Visit, ...]
    unused: tuple[UnusedRow, ...] = ()
    passed: Mapping[str, int] = attrs.field(factory=dict)


def too_many(file: Path) -> CannotRead:
    """Say that a file has more visits than a course remembers."""
    return CannotRead(
        what=f"{file.name} has too many visits",
        where=str(file),
        why=f"a course remembers at most {MOST_VISITS}, and one patient's file has no more rows than that",
        fix="check that it is the file you meant; of an export of all patients, say whose rows to take",
    )


class _Unusable(Exception):
    """One row cannot be used: why, and what to do about it."""

    def __init__(self, why: str, fix: str) -> None:
        super().__init__(why)
        self.why, self.fix = why, fix


@attrs.frozen
class _Row:
    """A row and where it stands; its cells are None if their quotes are broken."""

    line: int
    last: int
    cells: list[str] | None


_QUOTES = "a quote within the cell is written twice"
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_UNSEEN_IN_ONE_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ISO_DAY = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ]([0-9]{2}:[0-9]{2})(?::[0-9]{2}(?:[.,][0-9]{1,9})?)?\s?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_ISO_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::[0-5][0-9](?:[.,][0-9]{1,9})?)?")
_TOTAL = re.compile(
    r"(?:(?:grand|sub|report)[ -]?)?(?:totals?|count|sum|gesamt|gesamtsumme|summe|anzahl|totaal|aantal|totale|suma)"
    r"(?: (?:rows|records|visits|appointments|count))?\s*[:=]?\s*[0-9.,]*",
    re.IGNORECASE,
)
_AFTER_APOSTROPHE = tuple("0123456789=+-@")
_NUMBER = re.compile(r"[0-9.,\s]*")


class Export:
    """One reading of an export: finds the header, then turns rows into visits."""

    def __init__(self, file: Path, columns: ColumnMap | None, patient: str | None, zone: str | None) -> None:
        self.file, self.zone = file, zone
        self.patient = None if patient is None else patient.strip()
        self.asked = patient is not None
        self.mapped = columns is not None
        self.map = columns or ColumnMap(columns={"day": "day", "status": "status"})
        self.names = OWN_NAMES
        if columns is not None:
            self.names = {thing: (folded(header),) for thing, header in columns.columns.items()}
        self.statuses = {folded(word): meaning for word, meaning in self.map.statuses.items()}
        self.own = {} if self.statuses else OWN_STATUSES
        self.by = {folded(word): who for word, who in self.map.by.items()}
        self.yes, self.no = frozenset(map(folded, self.map.yes)), frozenset(map(folded, self.map.no))
        self.lines, self.skipped = self._lines()
        self.delimiter = ""
        self.header: list[str] = []
        self.head = 0
        self.places: dict[str, int] = {}

    def read(self) -> VisitFile:
        """Return what the export holds; at least one of its rows is a visit."""
        self._find_header()
        visits: list[Visit] = []
        unused: list[UnusedRow] = []
        passed: Counter[str] = Counter()
        ids: dict[str, int] = {}
        for row in self._rows(self.delimiter):
            try:
                found = self._of(row)
                if isinstance(found, Visit) and found.id and ids.setdefault(found.id, row.line) != row.line:
                    raise _Unusable(
                        f"the id in {self._label('id')} is that of line {ids[found.id]}",
                        "an entry is in the file once; one that replaces another has an id of its own",
                    )
            except _Unusable as fault:
                unused.append(UnusedRow(row.line, fault.why, fault.fix))
                found = None
            if isinstance(found, Visit):
                visits.append(found)
            elif found:
                passed[found] += 1
            if len(visits) + len(unused) > MOST_VISITS:
                raise too_many(self.file)
        if not visits:
            raise self._nothing(unused, passed)
        return VisitFile(tuple(visits), tuple(unused), dict(passed))

    def _nothing(self, unused: list[UnusedRow], passed: Counter[str]) -> CannotRead:
        why, fix = "it has a header and no rows", "check that it is the file you meant"
        if unused:
            why = "; ".join(f"line {row.line}: {row.why}" for row in unused[:3])
            why += f"; and {len(unused) - 3} more" if len(unused) > 3 else ""
            fix = unused[0].fix
        elif passed:
            why = "its rows are: " + ", ".join(f"{number} {what}" for what, number in passed.items())
            if passed[ANOTHER_PATIENT]:
                fix = f"check whose rows to take, as {self._label('patient')} has it"
        return CannotRead(
            what=f"no visit in {self.file.name} can be used", where=str(self.file), why=why, fix=fix
        )

    # The file as lines.

    def _lines(self) -> tuple[list[str], int]:
        """Return the lines without that which names the delimiter, and how many were left out."""
        text = _text_of(self.file, self.map.encoding)
        text = text.replace("\ufeff", "")  # also where two files were put together
        lines = list(io.StringIO(text, newline=""))
        named = re.fullmatch(r'"?sep=(.)"?[,;|\s]*', lines[0], re.IGNORECASE) if lines else None
        if named is None:
            return lines, 0
        if self.map.delimiter is None and named[1] in DELIMITERS:
            self.map = attrs.evolve(self.map, delimiter=named[1])
        return lines[1:], 1

    def _rows(self, delimiter: str) -> Iterator[_Row]:
        """Yield the rows that are not blank; a quote that never closes is an error."""
        reader = csv.reader(self.lines, delimiter=delimiter, strict=True, skipinitialspace=True)
        while True:
            line = reader.line_num + self.skipped + 1
            try:
                cells: list[str] | None = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if "unexpected end of data" in str(error):
                    raise CannotRead(
                        what="a quote is never closed",
                        where=f"{self.file}, line {line}",
                        why="all that follows it would be one cell",
                        fix=f"{_QUOTES}; one that stands alone is removed",
                    ) from None
                cells = None
            if cells is None or any(map(str.strip, cells)):
                yield _Row(line, reader.line_num + self.skipped, cells)

    # The header.

    def _find_header(self) -> None:
        """Find the header, and with it what stands between cells."""
        given = self.map.delimiter
        for delimiter in DELIMITERS if given is None else (given,):
            with contextlib.suppress(CannotRead):  # a quote that is open only with the wrong delimiter
                for row in itertools.islice(self._rows(delimiter), ROWS_ABOVE):
                    places = self._placed(row)
                    if places["day"] and places["status"]:
                        self.delimiter, self.head = delimiter, row.line
                        self.header = _without_end(row.cells or [])
                        break
            if self.header:
                self._take_places(places)
                return
        wanted = "day (or date), status, and the others by their own names"
        if self.mapped:
            wanted = ", ".join(f"{thing} = {header[:40]!r}" for thing, header in self.map.columns.items())
        raise CannotRead(
            what="no header with a column for day and one for status",
            where=str(self.file),
            why=f"columns are found by their headers, within the first {ROWS_ABOVE} rows: {wanted}",
            fix=(
                "correct the headers in the column map, or its delimiter"
                if self.mapped
                else "name the columns so, or give a column map that says which is which"
            ),
        )

    def _placed(self, row: _Row) -> dict[str, list[int]]:
        headers = [folded(_bare(cell)) for cell in row.cells or []]
        return {
            thing: [place for place, header in enumerate(headers) if header in wanted]
            for thing, wanted in self.names.items()
        }

    def _take_places(self, places: dict[str, list[int]]) -> None:
        where = f"{self.file}, line {self.head}"
        for thing, found in places.items():
            if len(found) > 1:
                raise CannotRead(
                    what=f"{len(found)} columns for {thing}",
                    where=where,
                    why=f"columns {', '.join(str(place + 1) for place in found)} have a header that is taken for it",
                    fix="rename all but one in the export",
                )
            if not found and self.mapped:
                raise CannotRead(
                    what=f"no column for {thing}",
                    where=where,
                    why=f"the column map says that its header is {self.map.columns[thing][:40]!r}",
                    fix="correct it in the column map, or leave it out there",
                )
        self.places = {thing: found[0] for thing, found in places.items() if found}
        if self.patient is not None and "patient" not in self.places:
            raise CannotRead(
                what="no column says whose row it is",
                where=where,
                why="the rows of one patient are asked for",
                fix='add patient = "..." to [columns] of a column map, or ask for no patient',
            )

    def _label(self, thing: str) -> str:
        """Name a column without repeating the file: by its number and what the map, or we, call it."""
        return f"column {self.places[thing] + 1} ({self.map.columns[thing] if self.mapped else thing})"

    # The rows.

    def _of(self, row: _Row) -> Visit | str | None:
        """Return a visit, or what the row is instead; None for the header itself."""
        if row.line == self.head:
            return None
        if row.cells is None:
            reach = f", which reaches to line {row.last}" if row.last > row.line else ""
            raise _Unusable(f"a quote in the middle of a cell, or a very long cell{reach}", _QUOTES)
        if row.line < self.head:
            if self._days(self._cell(row.cells, "day")):
                raise _Unusable("a date above the header", "put the header above all rows")
            return ABOVE
        self._see_whole(row)
        if all(self.header[self.places[thing]] in row.cells for thing in ("day", "status")):
            self._see_same_header(row)
            return HEADER_AGAIN
        if self._is_total(row.cells):
            return TOTAL
        if any(map(_bare, row.cells[len(self.header) :])):
            raise _Unusable(
                f"{len(_without_end(row.cells))} cells under a header of {len(self.header)}",
                "put quotes around a cell that has the delimiter in it",
            )
        if not self._is_ours(row):
            return ANOTHER_PATIENT
        meaning = self._happened(row.cells)
        return NO_VISIT_YET if meaning is None else self._visit(row.cells, meaning)

    def _cell(self, cells: list[str], thing: str) -> str:
        """Return what a row has in a column; blank if it has no such column or ends before it."""
        place = self.places.get(thing, len(cells))
        return _bare(cells[place]) if place < len(cells) else ""

    def _see_whole(self, row: _Row) -> None:
        """Refuse a row that has swallowed others: a quote at the start of a cell that closes in a later row."""
        for cell in (row.cells or []) if row.last > row.line else []:
            for inner in re.split(r"\r\n|\r|\n", cell)[1:]:
                found = next(csv.reader([inner], delimiter=self.delimiter), [])
                if len(found) > self.places["status"] and self._days(self._cell(found, "day")):
                    raise _Unusable(
                        f"a quote that opens in it swallows rows, to line {row.last}",
                        f"{_QUOTES}; one that stands alone is removed",
                    )

    def _see_same_header(self, row: _Row) -> None:
        """Refuse a second header that puts the columns elsewhere: the rows under it would be misread."""
        if {thing: found[:1] for thing, found in self._placed(row).items() if found} != {
            thing: [place] for thing, place in self.places.items()
        }:
            raise CannotRead(
                what="a second header with other columns",
                where=f"{self.file}, line {row.line}",
                why="the rows under it would be read by the first one",
                fix="split the file there",
            )

    def _is_total(self, cells: list[str]) -> bool:
        first = next(filter(None, map(_bare, cells)), "")
        if not _TOTAL.fullmatch(first):
            return False
        both = (self._cell(cells, "day"), self._cell(cells, "status"))
        return all(cell == first or _NUMBER.fullmatch(cell) for cell in both)

    def _is_ours(self, row: _Row) -> bool:
        if "patient" not in self.places:
            return True
        whose = self._cell(row.cells or [], "patient")
        if not whose:
            raise _Unusable(f"no patient in {self._label('patient')}", "fill the cell in the export")
        if self.patient is None:
            self.patient = whose
        if whose != self.patient and not self.asked:
            raise CannotRead(
                what=f"{self.file.name} has rows of several patients",
                where=f"{self.file}, line {row.line}",
                why=f"{self._label('patient')} is not the same in all rows, and a course is one patient's",
                fix="say whose rows to take",
            )
        return whose == self.patient

    def _happened(self, cells: list[str]) -> Meaning | None:
        word, label = self._cell(cells, "status"), self._label("status")
        if not word:
            raise _Unusable(f"no status in {label}", "say what became of the visit; nothing is assumed given")
        if folded(word) in self.statuses:
            return self.statuses[folded(word)]
        if letters(word) in self.own:
            return self.own[letters(word)]
        raise _Unusable(
            f"an unknown status in {label}",
            "add the word to [status] of the column map"
            if self.mapped
            else f"write one of {', '.join(Happened)}, or give a column map with [status]",
        )

    def _visit(self, cells: list[str], meaning: Meaning) -> Visit:
        day, at = self._when(cells)
        by, counts = self._by(cells), self._flag(cells, "counts")
        for thing, here, said in (("by", by, meaning.by), ("counts", counts, meaning.counts)):
            if here not in ("", None) and said not in ("", None) and here != said:
                raise _Unusable(
                    f"{self._label(thing)} contradicts the status in {self._label('status')}",
                    "correct one of the two",
                )
        try:
            return Visit(
                day,
                meaning.status,
                at=at,
                by=by or meaning.by,
                counts=meaning.counts if counts is None else counts,
                session=self._text(cells, "session") or None,
                elsewhere=bool(self._flag(cells, "elsewhere")),
                worse=bool(self._flag(cells, "worse")),
                route=self._text(cells, "route"),
                note=self._text(cells, "note"),
                id=self._text(cells, "id"),
                corrects=self._text(cells, "corrects"),
                who=self._text(cells, "who"),
            )
        except KetschedError as error:  # without its "what", which may repeat a cell
            raise _Unusable(error.why, error.fix) from None

    # What stands in a cell.

    def _when(self, cells: list[str]) -> tuple[date, time | None]:
        """Read the day, and the time from its own column or from beside the date."""
        label = self._label("day")
        found = self._days(self._cell(cells, "day"))
        if len(found) > 1:
            raise _Unusable(
                f"{label} is {len(found)} different days by the formats given",
                "list only the format that the export has in [format] date",
            )
        if not found:
            raise _Unusable(
                f"no date in {label}"
                if not self._cell(cells, "day")
                else f"{label} is not a date as expected",
                "say in [format] date of the column map how dates are written"
                if self.mapped
                else "write it as 2027-01-04, or give a column map with [format] date",
            )
        moment = found.pop()
        day, at, sure = self._local(moment)
        if not FIRST_DAY <= day <= LAST_DAY:
            raise _Unusable(
                f"{label} is not a day to plan on: days lie between {FIRST_DAY} and {LAST_DAY}",
                "check the year",
            )
        clock = self._clock(cells)
        if clock is not None and at not in (None, clock):
            raise _Unusable(
                f"{label} and {self._label('time')} give different times",
                "leave time out of the column map, or correct one of the two",
            )
        at = at or clock
        if at is not None and not sure and self.zone is not None and len(choices(day, at, self.zone)) != 1:
            raise _Unusable(
                f"a time in {self._label('time' if clock else 'day')} that the clocks of {self.zone} skip"
                " or show twice that day",
                "correct it, or leave it blank",
            )
        return day, at

    def _local(self, given: datetime) -> tuple[date, time | None, bool]:
        """Return the local day and time, and whether they come from a moment; midnight beside a date is no time."""
        midnight = given.time() == time(0)
        if (
            given.tzinfo is None or not FIRST_DAY <= given.date() <= LAST_DAY
        ):  # no zone is needed to refuse it
            return given.date(), None if midnight else given.time(), False
        label = self._label("day")
        if self.zone is None:
            raise _Unusable(
                f"{label} is a moment with an offset from UTC, and nobody has said in which zone the clinic is",
                "give the clinic's zone, or export dates as the clinic's calendar has them",
            )
        there = given.astimezone(zone_named(self.zone))
        if midnight and there.time() != time(0):
            raise _Unusable(
                f"{label} is midnight in a zone that is not the clinic's: a moment, or a date without a time",
                "export dates without a time, or as the clinic's calendar has them",
            )
        return there.date(), None if there.time() == time(0) else there.time(), True

    def _days(self, text: str) -> set[datetime]:
        """Return all that a cell can be by the formats given; without a time: midnight."""
        found = (_moment(text, given) for given in self.map.dates)
        return {moment for moment in found if moment is not None}

    def _clock(self, cells: list[str]) -> time | None:
        text = self._cell(cells, "time")
        if not text:
            return None
        found = {clock for given in self.map.times if (clock := _time(text, given)) is not None}
        if len(found) != 1:
            raise _Unusable(
                f"{self._label('time')} is {len(found)} different times by the formats given"
                if found
                else f"{self._label('time')} is not a time as expected",
                "say in [format] time of the column map how times are written"
                if self.mapped
                else "write it as 09:30, or give a column map with [format] time",
            )
        return found.pop()

    def _flag(self, cells: list[str], thing: str) -> bool | None:
        word = folded(self._cell(cells, thing))
        if not word or word in self.yes or word in self.no:
            return word in self.yes if word else None
        raise _Unusable(
            f"{self._label(thing)} says neither yes nor no",
            "add the word to [yes] or [no] of the column map"
            if self.mapped
            else "write yes or no, or leave it blank",
        )

    def _by(self, cells: list[str]) -> str:
        word = folded(self._cell(cells, "by"))
        known = self.by or {who: who for who in CANCELLED_BY}
        if word and word not in known:
            raise _Unusable(
                f"{self._label('by')} does not say who cancelled",
                "add the word to [by] of the column map" if self.mapped else "write patient or clinic",
            )
        return known[word] if word else ""

    def _text(self, cells: list[str], thing: str) -> str:
        text = self._cell(cells, thing)
        if thing == "note":
            text = re.sub(
                r"\r\n?|\v", "\n", text
            )  # some programs break lines within a cell by a vertical tabulator
        if (_UNSEEN if thing == "note" else _UNSEEN_IN_ONE_LINE).search(text):
            raise _Unusable(f"a control character in {self._label(thing)}", "remove it from the export")
        if thing in ("session", "id", "corrects") and len(text) > LONGEST_ID:
            raise _Unusable(
                f"{self._label(thing)} is longer than {LONGEST_ID} characters",
                "an id is a short name; check the column",
            )
        return text


def _without_end(cells: list[str]) -> list[str]:
    """Return a row without the blank cells at its end, which trailing delimiters make."""
    last = max((place for place, cell in enumerate(cells) if _bare(cell)), default=-1)
    return cells[: last + 1]


def _bare(cell: str) -> str:
    """Return a cell without blanks around it and without what spreadsheets put there to keep a text a text."""
    text = cell.strip()
    if text.startswith('="') and text.endswith('"') and len(text) > 2:
        return text[2:-1].strip()
    return text[1:] if text.startswith("'") and text[1:2] in _AFTER_APOSTROPHE else text


def _moment(text: str, given: str) -> datetime | None:
    """Read a day, with the time if it has one, to the minute; None if it is not written so."""
    try:
        if given != ISO:
            found = datetime.strptime(text, given)  # noqa: DTZ007 - local to the clinic, unless the text has an offset
        elif written := _ISO_DAY.fullmatch(text):
            day, clock, offset = written.groups()
            found = datetime.fromisoformat(f"{day}T{clock or '00:00'}{offset or ''}")
        else:
            return None
    except ValueError:
        return None
    return found.replace(second=0, microsecond=0)


def _time(text: str, given: str) -> time | None:
    try:
        if given != ISO:
            return datetime.strptime(text, given).time().replace(second=0, microsecond=0)  # noqa: DTZ007 - no day
        written = _ISO_TIME.fullmatch(text)
        return time(int(written[1]), int(written[2])) if written else None
    except ValueError:
        return None


def _text_of(file: Path, stated: str | None) -> str:
    """Return a file's text: by its mark if it has one, else as stated, else as UTF-8."""
    raw = read_bytes(file, called=repr(file.name), smaller="export fewer years or patients")
    encoding = {"utf-16": "utf-16-le"}.get(stated or "", stated or "utf-8")
    if raw.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    elif raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    workbook = raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))
    if workbook or (b"\0" in raw and not encoding.startswith("utf-16")):
        raise CannotRead(
            what=f"{file.name} is not text",
            where=str(file),
            why="it is a workbook" if workbook else "it has zero bytes, as UTF-16 without its mark has",
            fix="save it as CSV in UTF-8",
        )
    return decode(
        raw,
        file,
        encoding,
        fix='save it again as UTF-8, or state encoding = "cp1252" in [format] of the column map if it is that',
    )
