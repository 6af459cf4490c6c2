"""Days, maps and rows that tests of files of visits share."""

from __future__ import annotations

from datetime import date

from ketsched.visitfile import ColumnMap, VisitFile

JAN = [date(2027, 1, day) for day in range(1, 32)]
"""JAN[3] is Monday 4 January 2027."""
LEAST = '[columns]\nday = "Appt Date"\nstatus = "Status"\n'


def unused(found: VisitFile) -> list[tuple[int, str]]:
    return [(row.line, row.why) for row in found.unused]


def with_formats(*dates: str, times: tuple[str, ...] = ("iso",), **more: str) -> ColumnMap:
    return ColumnMap(columns={"day": "d", "status": "s", **more}, dates=dates or ("iso",), times=times)
