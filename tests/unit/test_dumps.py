"""A course as text, bytes or plain values, and back."""

from __future__ import annotations

import json

import pytest

import ketsched as ks


def test_values_are_the_document_and_read_back(reference_course):
    values = ks.dumps(reference_course, "dict")
    text = ks.dumps(reference_course, "json")
    assert values == json.loads(text)
    assert ks.loads(values, "dict") == ks.loads(json.loads(json.dumps(values)), "dict") == reference_course


@pytest.mark.parametrize("suffix", ["json", ".json", "course.json"])
@pytest.mark.parametrize("written", [bytes, bytes.decode], ids=["bytes", "text"])
def test_a_document_reads_back(reference_course, suffix, written):
    assert ks.loads(written(ks.dumps(reference_course, suffix)), suffix) == reference_course


def test_a_full_calendar_reads_back(reference_course):
    text = ks.dumps(reference_course, "ics", audience="clinic", privacy="full").decode()
    assert ks.loads(text, "ics") == reference_course


def test_a_bare_calendar_is_told_what_it_follows(reference_course):
    text = ks.dumps(reference_course, "ics")
    zone, protocol = reference_course.zone, reference_course.protocol
    found = ks.loads(text, "ics", protocol=protocol, zone=zone)
    kept = {session.day for session in reference_course.standing() if session.booked}
    assert {session.day for session in found.standing()} == kept


@pytest.mark.parametrize(
    ("content", "suffix", "what", "where"),
    [
        ("{}", "dict", "a text for the suffix 'dict'", "content"),
        ({}, "json", "values for the suffix 'json'", "content"),
        ({}, "dict", "this is not a course document", "the values, format"),
        ({"format": {1, 2}}, "dict", "these are not the values of a course document", "content"),
        ("{", "json", "this is not JSON", "the json text, line 1, column 2"),
        (b"\xff", "json", "is not UTF-8 text", "the json text, line 1"),
        ("x", "pdf", "'pdf' has no suffix of a known format", "pdf"),
    ],
)
def test_what_is_no_course_is_refused(content, suffix, what, where):
    with pytest.raises(ks.KetschedError) as refused:
        ks.loads(content, suffix)
    assert what in refused.value.what
    assert refused.value.where == where
    assert refused.value.why
    assert refused.value.fix


def test_a_fault_in_values_names_the_key_and_no_line(reference_course):
    values = ks.dumps(reference_course, "dict")
    values["sessions"][1]["day"] = "2027-02-30"
    with pytest.raises(ks.KetschedError) as refused:
        ks.loads(values, "dict")
    assert refused.value.where == "the values, sessions[1].day"


def test_values_hold_the_whole_course(reference_course):
    with pytest.raises(ks.KetschedError, match="holds the whole course"):
        ks.dumps(reference_course, "dict", changes_only=True)
