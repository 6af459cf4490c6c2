"""Content lines: what goes in comes out of a reader again, and nothing that goes in becomes a line."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from icalendar.parser import Contentline

from ketsched.errors import CannotWrite, InvalidTime
from ketsched.interchange import contentlines

texts = st.one_of(st.text(), st.text(alphabet="aé€😀\\^;,:\"'’\n\r\t \x00\x85\u2028nN", max_size=300))
"""Any text, and long ones of the characters that need care, so that every fold falls on one of them."""

one_line = st.text(alphabet="ab éß€漢😀\\^;,:\t", min_size=1, max_size=400) | st.text(
    alphabet="ab\\^", min_size=1, max_size=2000
)


def as_it_should_read(value: str) -> str:
    """What `text` promises: breaks are newlines, no other controls but tabs, nothing blank at the ends."""
    broken = re.sub("\r\n|[\r\v\f\x85\u2028\u2029]", "\n", value)
    kept = re.sub("[\x00-\x08\x0b-\x1f\x7f-\x9f]", "", broken)
    return kept.strip("\n\t \xa0\ufeff")


def read_summary(value: str) -> str:
    lines = ["BEGIN:VEVENT", f"SUMMARY:{contentlines.text(value)}", "UID:1", "END:VEVENT"]
    event = icalendar.Event.from_ical(contentlines.document(lines))
    assert list(event) == ["SUMMARY", "UID"]
    assert not event.subcomponents
    return str(event["SUMMARY"])


# icalendar takes a backslash before n or N for a line break, so it cannot judge these.
readable = texts.filter(lambda value: not re.search(r"\\[nN]", as_it_should_read(value)))


@given(readable)
@example("Bring: a driver; no food, no drink\\water\r\nThank you\u2029")
@example("\x00 \x1f a\tb\x00c \ufeff")
def test_a_text_reads_back_as_it_was(value):
    assert read_summary(value) == as_it_should_read(value)


@given(readable)
def test_a_text_is_escaped_as_icalendar_does(value):
    ours = contentlines.text(value)
    assert ours.encode() == icalendar.vText(as_it_should_read(value)).to_ical()


@given(texts)
@example("x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:2")
@example("x\nBEGIN:VEVENT")
@example("x\rBEGIN:VEVENT")
@example("x\\\nBEGIN:VEVENT")
@example("x\u2028BEGIN:VEVENT\x85BEGIN:VEVENT\x0bBEGIN:VEVENT\x1cBEGIN:VEVENT")
def test_no_text_becomes_a_line(value):
    """Held against the strictest splitter at hand: Python's takes eleven kinds of line break."""
    written = contentlines.document([f"SUMMARY:{contentlines.text(value)}"]).decode()
    first, *others = written.splitlines()
    assert first.startswith("SUMMARY:")
    assert all(line.startswith(" ") for line in others)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("Infusion 1", "Infusion 1"),
        ("a;b,c\\d", r"a\;b\,c\\d"),
        ("one\r\ntwo\rthree\nfour", r"one\ntwo\nthree\nfour"),
        ("one\u2028two\u2029three\x85four", r"one\ntwo\nthree\nfour"),
        ("\\n", r"\\n"),
        ("be\x07ll\x7f \x9bCSI", "bell CSI"),
        ("a\tb", "a\tb"),
        ("  \n outer \t\r\n", "outer"),
        ("half a pair \ud83d", "half a pair \ufffd"),
        ("", ""),
    ],
)
def test_text_by_hand(value, written):
    assert contentlines.text(value) == written


@given(one_line)
def test_folds_fall_where_icalendar_puts_them(line):
    assert contentlines.fold(line).encode() == Contentline(line).to_ical()


@given(one_line)
def test_no_physical_line_is_longer_than_75_octets(line):
    folded = contentlines.fold(line)
    assert folded.replace("\r\n ", "") == line
    assert all(len(piece.encode()) <= 75 for piece in folded.split("\r\n"))


@pytest.mark.parametrize("character", ["a", "é", "€", "😀"])
@pytest.mark.parametrize("length", range(70, 80))
def test_a_fold_never_cuts_a_character(character, length):
    line = "x" * length + character * 3
    assert all(piece.decode() for piece in contentlines.fold(line).encode().split(b"\r\n "))


def test_folds_by_hand():
    assert contentlines.fold("x" * 74) == "x" * 74
    assert contentlines.fold("x" * 75) == "x" * 74 + "\r\n x"
    assert contentlines.fold("x" * 73 + "é") == "x" * 73 + "\r\n é"
    assert contentlines.fold("x" * 73 + r"\;") == "x" * 73 + "\r\n \\;"
    assert contentlines.fold("x" * 73 + "^n") == "x" * 73 + "\r\n ^n"


def test_a_document_is_crlf_to_the_end_and_has_no_bom():
    assert contentlines.document(["BEGIN:X", "é" * 40, "END:X"]) == (
        b"BEGIN:X\r\n" + "é".encode() * 37 + b"\r\n " + "é".encode() * 3 + b"\r\nEND:X\r\n"
    )


@pytest.mark.parametrize("line", ["", "UID:1\r\nBEGIN:VEVENT", "UID:1\nX:2", "UID:1\rX:2", "UID:1\r\n X"])
def test_a_line_that_is_none_is_refused(line):
    with pytest.raises(CannotWrite, match="empty or holds a line break") as refused:
        contentlines.document(["BEGIN:VEVENT", line])
    assert repr(line[:60]) in refused.value.where


zones = st.sampled_from(["UTC", "America/St_Johns", "Asia/Kathmandu", "Pacific/Kiritimati"]).map(ZoneInfo)
moments = st.datetimes(timezones=zones).filter(lambda moment: 1900 < moment.year < 9000)


@given(moments.map(lambda moment: moment.replace(microsecond=0)))
def test_times_are_written_as_icalendar_does(moment):
    in_utc = moment.astimezone(UTC)
    assert contentlines.utc(moment).encode() == icalendar.vDatetime(in_utc).to_ical()
    assert contentlines.local(moment).encode() == icalendar.vDatetime(moment.replace(tzinfo=None)).to_ical()
    assert contentlines.day(moment).encode() == icalendar.vDate(moment.date()).to_ical()


def test_times_by_hand():
    start = datetime(2027, 7, 4, 9, 5, tzinfo=ZoneInfo("Europe/London"))
    assert contentlines.local(start) == "20270704T090500"
    assert contentlines.utc(start) == "20270704T080500Z"
    assert contentlines.day(date(987, 1, 2)) == "09870102"


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(InvalidTime, match="has no zone"):
        contentlines.utc(datetime.fromisoformat("2027-01-04T09:00"))


@given(st.integers(-(10**7), 10**7).map(lambda seconds: timedelta(seconds=seconds)))
@example(timedelta(0))
@example(timedelta(days=-7))
@example(timedelta(hours=1, seconds=5))
def test_durations_are_written_as_icalendar_does(length):
    written = contentlines.duration(length)
    assert written.encode() == icalendar.vDuration(length).to_ical()
    assert icalendar.vDuration.from_ical(written) == length
