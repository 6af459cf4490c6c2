"""
Tables as CSV (RFC 4180): safe in spreadsheets for people, plain for programs.

A spreadsheet takes a cell that begins with = or + for a formula, whatever its quotes are (CWE-1236). So what
people open has an apostrophe before such a text; what a program imports has texts as they are.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, datetime, time

import attrs

from ketsched.interchange import tables
from ketsched.interchange.tables import Cell, Table
from ketsched.model import Course
from ketsched.words.wording import Publication

_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_BOM = "\ufeff"


@attrs.frozen
class Csv:
    """
    A format of one table.

    Attributes:
        table: The table.
        for_people: Whether a person opens it in a spreadsheet.
    """

    table: Callable[[Course, Publication], Table]
    for_people: bool = True

    def dumps(self, course: Course, publication: Publication) -> bytes:
        """Return the bytes of the file, in UTF-8; for people with the mark by which Excel knows that."""
        found = self.table(course, publication)
        text = io.StringIO(newline="")
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(found.headings)
        writer.writerows([self._text(cell) for cell in row] for row in found.rows)
        return (_BOM * self.for_people + text.getvalue()).encode()

    def _text(self, cell: Cell) -> str:
        if cell is None:
            return ""
        if isinstance(cell, datetime):
            return f"{cell:%Y-%m-%dT%H:%M:%SZ}"
        if isinstance(cell, time):
            return f"{cell:%H:%M}"
        if isinstance(cell, date):
            return cell.isoformat()
        text = str(cell).replace("\0", "")
        return f"'{text}" if self.for_people and text.lstrip(" ").startswith(_FORMULA) else text


people = Csv(tables.booked)
sessions = Csv(tables.sessions)
appointments = Csv(tables.appointments)
visits = Csv(tables.visits)
findings = Csv(tables.findings)
plain = Csv(tables.plain, for_people=False)
google = Csv(tables.google, for_people=False)
outlook = Csv(tables.outlook, for_people=False)
