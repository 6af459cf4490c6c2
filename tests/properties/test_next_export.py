"""The next export: every row is recorded, known or handed back, and twice is the same as once."""

from __future__ import annotations

from datetime import time

from hypothesis import given
from hypothesis import strategies as st

from ketsched.history import evaluate
from ketsched.model import Visit
from ketsched.tracking import record
from ketsched.tracking.rows import compare_rows
from ketsched.visitfile import VisitFile
from making import jan, morning, planned, twice_weekly

SIX = planned(twice_weekly(6))

visits = st.builds(
    lambda day, status, **more: Visit(jan(day), status, **more),
    st.integers(3, 16),
    st.sampled_from(["fulfilled", "no-show", "cancelled", "stopped early"]),
    id=st.sampled_from(["", "", "A1", "A2", "v1", "v2"]),
    at=st.sampled_from([None, None, time(9), time(15)]),
    note=st.sampled_from(["", "", "dizzy"]),
    session=st.sampled_from([None, None, None, "s99"]),
)


def files(exported):
    """A file of a few rows, in which an id is that of one row."""
    rows = st.lists(visits, max_size=5, unique_by=lambda visit: visit.id or object())
    return rows.map(
        lambda rows: VisitFile(tuple(rows), lines=tuple(range(2, 2 + len(rows))), exported=exported)
    )


@given(st.booleans().flatmap(lambda exported: st.lists(files(exported), min_size=1, max_size=2)))
def test_every_row_is_recorded_known_or_handed_back_and_twice_is_the_same_as_once(exports):
    course = SIX
    for found in exports:
        once = compare_rows(course, found, as_of=jan(15))
        assert len(once.new) + len(once.known) + len(once.unused) == len(found.visits)
        course = record(course, once.new, at=morning(15))
        again = compare_rows(course, found, as_of=jan(15))
        assert again.new == ()
        assert [row.line for row in again.unused] == [row.line for row in once.unused]
        evaluate(course, as_of=jan(15))
