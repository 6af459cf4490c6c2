"""Schema and loader of protocol files agree, and nothing raises another exception."""

from __future__ import annotations

import copy
import re
import tomllib
from datetime import date

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ketsched.errors import KetschedError
from ketsched.protocols import protocol_ids, read_protocol
from ketsched.tomlfile import Table, parse
from protocolfiles import MISTAKES, SCHEMA, START, entries, text_of, values_of

# -- the schema


@pytest.mark.parametrize("protocol_id", protocol_ids())
def test_a_shipped_file_keeps_to_the_schema(protocol_id):
    SCHEMA.validate(values_of(protocol_id))


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA.schema)


def test_editors_find_words_for_every_key():
    for path, part in entries(SCHEMA.schema):
        if (
            len(path) > 1
            and path[-2] == "properties"
            and not {"if", "then", "else", "allOf"} & set(path)
            and "$ref" not in part
        ):
            assert part["title"], path
            assert part["description"], path


BEYOND_THE_SCHEMA = (
    "out of order|cites|study is missing|sessions, .* of them planned|study days|a session of|two phases of one name"
    "|an interval of|follows one without end|a preferred spacing over|a spacing between sessions"
    "|a number with a decimal point|preferred weeks|not a list of days|\\d+ to \\d+ weeks|without a pattern"
    "|an open-ended phase without|a spacing in hours|a grace of|is recommended 0 days|recommended days that"
    "|no_driving is datetime|is left for|runs beside|two companions of one id|a companion of the phase"
    "|a companion counted from|appointment of \\d+ minutes|a notice from"
    "|extra days that are no|choices beside no interval"
    "|a lapse from day|lapse bands that end|(gap|overlap) between the lapse bands"
)
"""What compares several values, which the schema cannot say; and 3.0, which it takes for a whole number."""


def loads(values: dict) -> KetschedError | None:
    try:
        read_protocol(Table(copy.deepcopy(values), "own.toml", "", ()))
    except KetschedError as error:
        return error
    return None


def agree(values: dict) -> None:
    """What the schema refuses the loader refuses; and the other way round but for comparisons of values."""
    error, fits = loads(values), SCHEMA.is_valid(values)
    if not fits:
        assert error is not None, [e.message for e in SCHEMA.iter_errors(values)]
    elif error is not None:
        assert re.search(BEYOND_THE_SCHEMA, error.what), str(error)


@pytest.mark.parametrize(("old", "new", "where", "what"), MISTAKES)
def test_schema_and_loader_agree_on_mistakes(old, new, where, what):  # noqa: ARG001 - shared with the test above
    try:
        values = tomllib.loads(START.replace(old, new, 1))
    except tomllib.TOMLDecodeError:
        return
    agree(values)


POOL = [
    0, 1, -1, 2, 4, 14, 1000, 1001, 7320, 7321, 10**30, 1.5, True, False, "", " ", "x", "house", "house, house",
    "house,", "next week", "next day", "PT40M", "PT2H5M", "PT", "PT12345H", "P28D", "P1M", "P00000D", " P28D", "Mon",
    "P1Y2M10D", "P0D",
    "Monday", "mon", "clip", "home", "induction", "stated", "derived", "previous", "a b", [], {}, [1, 3], [1], ["Mon"],
    [1, 4, 8], ["P14D", "P28D"], [{}], {"value": 3}, date(2027, 1, 4),
    {"value": 3, "source": "house", "mark": "stated"},
    {"value": ["Mon"], "source": "house", "mark": "stated"},
    {"value": "P14D", "source": "house", "mark": "stated"},
    {"value": "PT1H", "source": "house", "mark": "stated"},
    {"ideal": 7, "source": "house", "mark": "stated"},
    [{"minimum": 7, "source": "house", "mark": "stated"}],
    "appointment", "task", "notice", "therapy", "never", "during", "until the end", "start", ["liver"], "monitoring",
    {"every": 1}, {"study_day": 9}, {"companion": "therapy"}, {"edge": "end", "phase": "induction"},
    {"earliest": 0, "recommended": 0, "latest": 0, "source": "house", "mark": "stated"},
    {"earliest": 1, "recommended": 2, "latest": 9, "source": "house", "mark": "stated"},
    {"value": 1, "source": "house", "mark": "stated"}, {"value": "until the end", "source": "house", "mark": "stated"},
]  # fmt: skip
NAMES = [
    "id", "version", "title", "study", "note", "sources", "phase", "companion", "kind", "name", "route", "place",
    "anchor", "count", "weeks", "weekdays", "study_days", "every", "until", "review", "anchor_weekday", "prepare",
    "infusion",
    "indications", "extra_days", "choices", "countries",
    "observation", "discharge", "no_driving", "spacing", "join", "before", "value", "least", "most", "required",
    "source", "mark", "missing_day", "minimum", "latest", "absolute_minimum", "minimum_hours", "apart", "between",
    "grace", "number", "recommended", "after_first",
    "ideal", "what", "house", "zzz", "a b", "", "beside", "topic", "text", "audience", "window", "duration", "calendar",
    "on_session_days", "gate", "after", "areas", "session", "edge", "study_day", "earliest", "recommended",
]  # fmt: skip


@st.composite
def mutated(draw):
    """Take a file that loads and change, add or delete one to three of its values."""
    source = draw(st.sampled_from(["own", *protocol_ids()]))
    values = tomllib.loads(START) if source == "own" else values_of(source)
    for _ in range(draw(st.integers(1, 3))):
        held = [value for _, value in entries(values)]
        held += [inner for table in held for inner in table.values() if isinstance(inner, list)]
        place = held[draw(st.integers(0, len(held) - 1))]
        new = copy.deepcopy(draw(st.sampled_from(POOL)))
        if isinstance(place, list):
            at = draw(st.integers(0, len(place)))
            match draw(st.sampled_from(["put", "delete", "twice"])):
                case "put":
                    place[at : at + draw(st.integers(0, 1))] = [new]
                case "delete":
                    del place[at : at + 1]
                case _:
                    place[at:at] = copy.deepcopy(place[at : at + 1])
        else:
            key = draw(st.sampled_from(sorted(place) + NAMES if place else NAMES))
            if draw(st.booleans()):
                place[key] = new
            else:
                place.pop(key, None)
    return values


@settings(max_examples=600)
@given(mutated())
def test_schema_and_loader_agree(values):
    agree(values)


# -- nothing raises another exception


JSON = st.recursive(
    st.sampled_from([*POOL, None, 1e300, float("nan")]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=25,
)


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8))
def test_no_structure_raises_anything_else(values):
    head = {"id": "own", "version": "1", "title": "Own", "sources": {"house": "house default"}}
    for tried in (values, head | values, head | {"phase": [values]}, head | {"companion": [values]}):
        error = loads(tried)
        assert error is None or (error.what and error.why and error.fix)


@settings(max_examples=400)
@given(st.data())
def test_no_damaged_file_raises_anything_else(data):
    text = text_of(data.draw(st.sampled_from(protocol_ids())))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        to = min(len(text), at + data.draw(st.integers(0, 30)))
        middle = data.draw(
            st.sampled_from(["", text[at:to] * 2])
            | st.text(st.sampled_from("\"'[]{}=,#.\n 019Pa\\-:"), max_size=4)
        )
        text = text[:at] + middle + text[to:]
    try:
        read_protocol(parse(text, "own.toml"))
    except KetschedError as error:
        damaged = error
    else:
        damaged = None
    assume(damaged is not None)
    assert damaged.where.startswith("own.toml")
    assert damaged.what
    assert damaged.why
    assert damaged.fix
