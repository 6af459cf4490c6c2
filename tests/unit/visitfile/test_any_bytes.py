"""Files of visits of whatever bytes there are give visits or a refusal."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from ketsched.errors import KetschedError
from ketsched.model import Visit, VisitStatus
from ketsched.visitfile import ColumnMap, VisitFile, load_columns, load_visits
from visitfiles import LEAST, with_formats

# Whatever bytes there are.


NAME = "Mustermann"
CELLS = st.one_of(
    st.sampled_from(
        ["", "2027-01-04", "fulfilled", "no-show", "09:00", "day", "status", "yes", "x", "Total"]
    ),
    st.just(NAME),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(lambda text: NAME + text),
)


@st.composite
def messy(draw):
    """An export with anything in its cells and some bytes broken."""
    delimiter = draw(st.sampled_from([",", ";", "\t"]))
    ending = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    header = draw(st.permutations(["day", "status", "note", "time", "counts", "id", "by", "patient"]))
    rows = draw(st.lists(st.lists(CELLS, max_size=10), max_size=8))
    good = {"day": "2027-01-04", "status": "fulfilled", "patient": "x"}
    usable = [[good.get(name, "") for name in header]] * draw(st.integers(0, 1))
    lines = [delimiter.join(row) for row in (*[header] * draw(st.integers(0, 1)), *usable, *rows)]
    raw = bytearray(ending.join(lines).encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))))
    for _ in range(draw(st.sampled_from([0, 0, 1, 2, 3]))):
        at = draw(st.integers(0, len(raw)))
        raw[at:at] = draw(st.sampled_from([b'"', b"\n", b"\xff", b"\0", b",", b"\xef\xbb\xbf", b"'"]))
    return bytes(raw)


def fuzzed(path: Path, raw: bytes, **asked: Any) -> VisitFile | None:
    """Any bytes give visits or a refusal (None), and what is said repeats no cell."""
    path.write_bytes(raw)
    found, said = None, ""
    try:
        found = load_visits(path, **asked)
    except KetschedError as error:
        said = str(error)
    assert NAME not in said
    if found is None:
        return None
    assert found.visits
    lines = len(re.split(rb"\r\n|\r|\n", raw)) if b"\0" not in raw else len(raw)
    for row in found.unused:
        assert 1 <= row.line <= lines
        assert NAME not in row.why + row.fix
    return found


FREELY = settings(
    max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@FREELY
@given(raw=messy(), patient=st.sampled_from([None, "x", NAME.lower()]))
def test_any_export_gives_visits_or_a_refusal(tmp_path, raw, patient):
    fuzzed(tmp_path / "visits.csv", raw)
    fuzzed(tmp_path / "visits.csv", raw, patient=patient, zone="Europe/Amsterdam")
    columns = with_formats("%d.%m.%Y", "iso", "%Y-%m-%dT%H:%M%z", time="time")
    fuzzed(tmp_path / "visits.csv", raw, columns=attrs.evolve(columns, encoding="cp1252"))
    own = {"day": "day", "status": "status", "patient": "patient", "note": "note"}
    fuzzed(tmp_path / "visits.csv", raw, columns=ColumnMap(columns=own, statuses={"x": None}))


@pytest.mark.parametrize("asked", [{}, {"patient": "x", "zone": "Europe/Amsterdam"}])
def test_some_of_these_exports_give_visits_and_rows_that_cannot_be_used(tmp_path, asked):
    def usable(raw):
        found = fuzzed(tmp_path / "visits.csv", raw, **asked)
        return found is not None and found.unused

    assert find(messy(), usable, settings=settings(max_examples=2000, deadline=None))


@FREELY
@given(raw=st.binary(max_size=200))
@pytest.mark.parametrize("head", [b"", b"day,status\n2027-01-04,", b"\xff\xfe", b"sep=;\n", b'[[visit]]\n"'])
@pytest.mark.parametrize("suffix", [".csv", ".toml"])
def test_any_bytes_give_visits_or_a_refusal(tmp_path, head, suffix, raw):
    fuzzed(tmp_path / f"visits{suffix}", head + raw)


@FREELY
@given(text=st.text(max_size=80), value=st.sampled_from(["columns", "format", "status", "yes", "by"]))
def test_any_map_is_one_or_is_refused(tmp_path, text, value):
    path = tmp_path / "columns.toml"
    for content in (
        text,
        f"{LEAST}[{value}]\n{text}",
        f"{LEAST}[format]\ndate = '{text}'\ntime = '{text}'\n",
    ):
        path.write_bytes(content.encode("utf-8", "surrogatepass"))
        try:
            assert isinstance(load_columns(path), ColumnMap)
        except KetschedError:
            continue


@FREELY
@given(
    rows=st.lists(
        st.tuples(
            st.dates(date(2000, 1, 1), date(2100, 1, 1)),
            st.sampled_from([VisitStatus.FULFILLED, VisitStatus.NO_SHOW, VisitStatus.CANCELLED]),
            st.text(
                st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="\ufeff'="),
                max_size=20,
            ),
        ),
        min_size=1,
        max_size=20,
    ),
    delimiter=st.sampled_from(",;\t|"),
)
def test_what_a_careful_program_writes_is_read_as_it_was(tmp_path, rows, delimiter):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([("day", "status", "note"), *rows])
    (tmp_path / "visits.csv").write_bytes(out.getvalue().encode())
    found = load_visits(tmp_path / "visits.csv")
    assert found == VisitFile(tuple(Visit(day, status, note=note) for day, status, note in rows))
