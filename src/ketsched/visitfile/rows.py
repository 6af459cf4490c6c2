"""
The rows of an export: a CSV file as another program wrote it, with its header found and its columns named.

A row that cannot be used says why; what stands in a cell is never repeated, because it may name a patient.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import attrs

from ketsched.errors import CannotRead
from ketsched.files import decode, read_bytes
from ketsched.unseen import as_seen
from ketsched.visitfile.columns import DELIMITERS, OWN_NAMES, ColumnMap, folded

ROWS_ABOVE = 30
"""Rows in which the header is looked for: titles and dates of printing may stand above it."""

HEADER, ABOVE, HEADER_AGAIN, TOTAL = "the header", "above the header", "the header again", "a total"
"""What a row may be that is no row of data."""

QUOTES = "a quote within the cell is written twice"

_TOTAL = re.compile(
    r"(?:(?:grand|sub|report)[ -]?)?(?:totals?|count|sum|gesamt|gesamtsumme|summe|anzahl|totaal|aantal|totale|suma)"
    r"(?: (?:rows|records|visits|appointments|count))?\s*[:=]?\s*[0-9.,]*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[0-9.,\s]*")
_AFTER_APOSTROPHE = tuple("0123456789=+-@")


class Unusable(Exception):
    """One row cannot be used: why, and what to do about it."""

    def __init__(self, why: str, fix: str) -> None:
        super().__init__(why)
        self.why, self.fix = why, fix


@attrs.frozen
class Row:
    """
    A row and where it stands.

    Attributes:
        line, last: The lines of the file from which and to which it reaches.
        cells: What is in it; None if its quotes are broken.
    """

    line: int
    last: int
    cells: list[str] | None


class Rows:
    """
    The rows of one file, under its header.

    Attributes:
        file: The file.
        mapped: Whether a column map was given; else the columns have our own names.
        map: The column map, also if none was given.
        head: The line of the header.
        header: Its cells.
        places: The number of each thing's column, from 0.
    """

    def __init__(self, file: Path, columns: ColumnMap | None) -> None:
        self.file, self.mapped = file, columns is not None
        self.map = columns or ColumnMap(columns={"day": "day", "status": "status"})
        self._names = OWN_NAMES
        if columns is not None:
            self._names = {thing: (folded(header),) for thing, header in columns.columns.items()}
        self._lines, delimiter = _lines_of(file, self.map.encoding)
        self._skipped = 1 if delimiter is not None else 0
        given = self.map.delimiter
        if given is None and delimiter in DELIMITERS:
            given = delimiter
        self._delimiter, head, places = self._found_header(DELIMITERS if given is None else (given,))
        self.head, self.header = head.line, _without_end(head.cells or [])
        self.places = self._one_place_each(places)

    def __iter__(self) -> Iterator[Row]:
        """Yield the rows that are not blank, also the header and what stands above it."""
        return self._read(self._delimiter)

    def label(self, thing: str) -> str:
        """Name a column without repeating the file: by its number and what the map, or we, call it."""
        return f"column {self.places[thing] + 1} ({self.map.columns[thing] if self.mapped else thing})"

    def cell(self, cells: list[str], thing: str) -> str:
        """Return what a row has in a column, as it is seen; blank if it has no such column or ends before it."""
        place = self.places.get(thing, len(cells))
        if place >= len(cells):
            return ""
        return _bare(cells[place], whole=thing in ("note", "who"))

    def cells(self, row: Row) -> list[str] | str:
        """
        Return the cells of a row of data, or what the row is instead.

        Raises:
            Unusable: The row, or what it has swallowed, may be data and cannot be read.
        """
        if row.line == self.head:
            return HEADER
        if row.cells is None:
            reach = f", which reaches to line {row.last}" if row.last > row.line else ""
            raise Unusable(f"a quote in the middle of a cell, or a very long cell{reach}", QUOTES)
        if row.line < self.head:
            if self.map.is_day(self.cell(row.cells, "day")):
                raise Unusable("a date above the header", "put the header above all rows")
            return ABOVE
        self._check_whole(row, row.cells)
        if all(self.header[self.places[thing]] in row.cells for thing in ("day", "status")):
            self._check_same_header(row)
            return HEADER_AGAIN
        if self._is_total(row.cells):
            return TOTAL
        if any(map(_bare, row.cells[len(self.header) :])):
            raise Unusable(
                f"{len(_without_end(row.cells))} cells under a header of {len(self.header)}",
                "put quotes around a cell that has the delimiter in it",
            )
        return row.cells

    def _read(self, delimiter: str) -> Iterator[Row]:
        """Yield the rows that are not blank; a quote that never closes is an error."""
        reader = csv.reader(self._lines, delimiter=delimiter, strict=True, skipinitialspace=True)
        while True:
            line = reader.line_num + self._skipped + 1
            try:
                cells: list[str] | None = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                if "unexpected end of data" in str(error):
                    raise CannotRead(
                        what=f"Line {line} opens a quotation mark and does not close it.",
                        where=f"{self.file}, line {line}",
                        why="all that follows it would be one cell",
                        fix=f"{QUOTES}; one that stands alone is removed",
                    ) from None
                cells = None
            if cells is None or any(map(_bare, cells)):
                yield Row(line, reader.line_num + self._skipped, cells)

    # The header.

    def _found_header(self, delimiters: tuple[str, ...]) -> tuple[str, Row, dict[str, list[int]]]:
        """Find the header and what stands between cells; return them with the places of each thing."""
        for delimiter in delimiters:
            with contextlib.suppress(CannotRead):  # a quote that is open only with the wrong delimiter
                for row in itertools.islice(self._read(delimiter), ROWS_ABOVE):
                    places = self._placed(row)
                    if places["day"] and places["status"]:
                        return delimiter, row, places
        expected = "day (or date), status, and the others by their own names"
        if self.mapped:
            expected = ", ".join(f"{thing} = {header[:40]!r}" for thing, header in self.map.columns.items())
        raise CannotRead(
            what="no header with a column for day and one for status",
            where=str(self.file),
            why=f"columns are found by their headers, within the first {ROWS_ABOVE} rows: {expected}",
            fix=(
                "correct the headers in the column map, or its delimiter"
                if self.mapped
                else "name the columns so, or give a column map that says which is which"
            ),
        )

    def _placed(self, row: Row) -> dict[str, list[int]]:
        """Return the columns whose header is taken for each thing."""
        headers = [folded(_bare(cell)) for cell in row.cells or []]
        return {
            thing: [place for place, header in enumerate(headers) if header in names]
            for thing, names in self._names.items()
        }

    def _one_place_each(self, places: dict[str, list[int]]) -> dict[str, int]:
        """Return the column of each thing that has one; those that the map names have."""
        where = f"{self.file}, line {self.head}"
        for thing, columns in places.items():
            if len(columns) > 1:
                raise CannotRead(
                    what=f"{len(columns)} columns for {thing}",
                    where=where,
                    why=f"columns {', '.join(str(place + 1) for place in columns)} have a header that is taken for it",
                    fix="rename all but one in the export",
                )
            if not columns and self.mapped:
                raise CannotRead(
                    what=f"no column for {thing}",
                    where=where,
                    why=f"the column map says that its header is {self.map.columns[thing][:40]!r}",
                    fix="correct it in the column map, or leave it out there",
                )
        return {thing: columns[0] for thing, columns in places.items() if columns}

    # What a row may be instead of data.

    def _check_whole(self, row: Row, cells: list[str]) -> None:
        """Refuse a row that has swallowed others: a quote at the start of a cell that closes in a later row."""
        for cell in cells if row.last > row.line else []:
            for line in re.split(r"\r\n|\r|\n", cell)[1:]:
                inner = next(csv.reader([line], delimiter=self._delimiter), [])
                if len(inner) > self.places["status"] and self.map.is_day(self.cell(inner, "day")):
                    raise Unusable(
                        f"a quote that opens in it swallows rows, to line {row.last}",
                        f"{QUOTES}; one that stands alone is removed",
                    )

    def _check_same_header(self, row: Row) -> None:
        """Refuse a second header that puts the columns elsewhere: the rows under it would be misread."""
        if {thing: columns[0] for thing, columns in self._placed(row).items() if columns} != self.places:
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
        both = (self.cell(cells, "day"), self.cell(cells, "status"))
        return all(cell == first or _NUMBER.fullmatch(cell) for cell in both)


def _lines_of(file: Path, encoding: str | None) -> tuple[list[str], str | None]:
    """Return a file's lines but for one that names the delimiter ("sep=;"), and what that one names."""
    text = _text_of(file, encoding).replace("\ufeff", "")  # also where two files were put together
    lines = list(io.StringIO(text, newline=""))
    named = re.fullmatch(r'"?sep=(.)"?[,;|\s]*', lines[0], re.IGNORECASE) if lines else None
    return (lines, None) if named is None else (lines[1:], named[1])


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


def _without_end(cells: list[str]) -> list[str]:
    """Return a row without the blank cells at its end, which trailing delimiters make."""
    last = max((place for place, cell in enumerate(cells) if _bare(cell)), default=-1)
    return cells[: last + 1]


def _bare(cell: str, *, whole: bool = False) -> str:
    """
    Return a cell without blanks around it and without what spreadsheets put there to keep a text a text.

    What nobody sees in it is left out too, unless it is wanted whole: some scripts and emoji need it.
    """
    text = cell.strip() if whole else as_seen(cell)
    if text.startswith('="') and text.endswith('"') and len(text) > 2:
        return text[2:-1].strip()
    return text[1:] if text.startswith("'") and text[1:2] in _AFTER_APOSTROPHE else text
