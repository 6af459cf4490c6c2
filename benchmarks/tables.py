"""
How fast a workbook of many rows is written.

    python benchmarks/tables.py [ROWS]

The rows are the bookings of one course, repeated; the table is in memory, and bytes come out.
"""

import sys
import time
from datetime import UTC, date, datetime
from datetime import time as clock

import attrs

import ketsched as ks
from ketsched.interchange import tables
from ketsched.interchange.workbook import workbook
from ketsched.words.wording import Publication

rows = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
OPEN = "09:00-17:00"
clinic = ks.Calendar.weekly("Europe/London", mon=OPEN, tue=OPEN, wed=OPEN, thu=OPEN, fri=OPEN)
course = ks.plan(
    ks.load_protocol("iv-mwf-6"),
    start=date(2027, 1, 4),
    calendar=clinic,
    time=clock(10),
    id="A-017",
    at=datetime(2026, 12, 1, 9, tzinfo=UTC),
)
publication = Publication(audience="clinic", privacy="full")
table = tables.booked(course, publication)
begin = time.perf_counter()
for _ in range(100):
    tables.booked(course, publication)
made = (time.perf_counter() - begin) / 100
many = attrs.evolve(table, rows=(table.rows * (rows // len(table.rows) + 1))[:rows])
begin = time.perf_counter()
content = workbook([many])
print(f"{len(table.rows)} rows of a course: {made * 1000:.2f} ms")
print(f"{rows} rows as .xlsx: {time.perf_counter() - begin:.2f} s, {len(content)} octets")
