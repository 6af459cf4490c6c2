"""Whatever a file holds, reading it gives a value or a KetschedError with what, where, why and how to fix."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.readers import READERS, read_bytes

FOUND = Path(__file__).parent.parent / "fuzz" / "found"
SETTINGS = settings(
    max_examples=80, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)

VALUE = re.compile(rb"(?<=[=:,\[ ])[^\s=:,\[\]{}]+")
"""What stands after a sign that something follows: close enough to a value in TOML, JSON and iCalendar."""

ODD = (
    *(
        b"",
        b"0",
        b"-1",
        b"1",
        b"1.5",
        b"1e999",
        b"nan",
        b"NaN",
        b"-Infinity",
        b"99999999999999999999",
        b"0x7f",
    ),
    *(
        b"true",
        b"null",
        b'""',
        b'"x"',
        b'"\\u0000"',
        b'"\\ud800"',
        b"''",
        b"[]",
        b"{}",
        b"[[]]",
        b'[""]',
        b"{ a = 1 }",
    ),
    *(
        b"9999-12-31",
        b"0001-01-01",
        b"1969-12-31",
        b'"9999-12-31"',
        b"2027-01-04T09:00:00Z",
        b"09:00:00",
        b"2027-02-30",
    ),
    *(
        b'"00:00-24:00"',
        b'"24:00-24:00"',
        b'"P0D"',
        b'"PT0M"',
        b'"P99999D"',
        b'"-P1D"',
        b'"Mon"',
        b'["Fry"]',
        b'"UTC"',
    ),
    *(
        b'"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"',
        b'"FREQ=DAILY;COUNT=99999"',
        b"19691231T235959Z",
        b"99991231T235959Z",
    ),
    *(
        b"\r\nBEGIN:VEVENT\r\n",
        b"\x00",
        b"\x1b[2J",
        b"\xff",
        b"\xc2\x85",
        b"\xe2\x80\xa8",
        b"\\n",
        b"\\",
        b'"',
        b"'''",
        b"#",
    ),
)


@st.composite
def spoiled(draw, content: bytes) -> bytes:
    """A good file with a few values replaced, and pieces of it cut, doubled or put elsewhere."""
    for _ in range(draw(st.integers(1, 3))):
        spans = [found.span() for found in VALUE.finditer(content)] or [(0, 0)]
        if draw(st.booleans()):
            begin, end = draw(st.sampled_from(spans))
            other = draw(st.sampled_from(spans))
            piece = draw(st.sampled_from((*ODD, content[slice(*other)])))
        else:
            begin = draw(st.integers(0, len(content)))
            end = min(len(content), begin + draw(st.integers(0, 80)))
            piece = draw(st.sampled_from([b"", content[begin:end] * 2]) | st.binary(max_size=6))
        content = content[:begin] + piece + content[end:]
    return content


@pytest.mark.parametrize("name", READERS)
def test_the_files_to_start_from_are_good(name, tmp_path):
    for good in READERS[name].good:
        assert read_bytes(name, good, tmp_path)


@pytest.mark.parametrize("name", READERS)
@SETTINGS
@given(data=st.data())
def test_a_spoiled_file_is_read_or_refused(name, tmp_path, data):
    good = data.draw(st.sampled_from(READERS[name].good))
    read_bytes(name, data.draw(spoiled(good)), tmp_path)


@pytest.mark.parametrize("name", READERS)
@SETTINGS
@given(
    content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode(errors="replace"))
)
def test_any_bytes_are_read_or_refused(name, tmp_path, content):
    read_bytes(name, content, tmp_path)


@pytest.mark.parametrize("option", ["output", "hours", "start", "at", "closed", "holidays", "zone"])
@SETTINGS
@given(text=st.text(max_size=40) | st.text("0123456789-:.,;TZ+ monfridaly", max_size=30))
def test_any_words_for_an_option_are_read_or_refused(option, tmp_path, text):
    read_bytes("options", f"{option} {text}".encode(errors="replace"), tmp_path)


def test_what_fuzzing_found_is_read_or_refused(tmp_path):
    """The first byte says which reader it was, in order of their names."""
    kept = sorted(FOUND.glob("*"))
    assert kept
    for path in kept:
        first, *rest = path.read_bytes()
        read_bytes(sorted(READERS)[first % len(READERS)], bytes(rest), tmp_path)
