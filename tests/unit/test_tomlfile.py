"""TOML files: the right type or an error that names file, line and key; never another exception."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketsched.errors import CannotRead, InvalidInput, KetschedError
from ketsched.tomlfile import Table, load, parse

CLINIC = """\
# a comment with key = 1 and [a heading]
name = "the clinic"
note = '''
[[closed]]
name = 3
'''

[hours]
mon = "09:00-17:00"   # [tue]
"tue" = "09:00-12:00"

[[closed]]
on = 2027-01-04
  [closed.why]
  words = "a ] in a text, and a \\" too"

[[closed]]
on = 2027-01-05
reasons = [
    "one", # a comment, with ] and }
    { text = "two", weight = 2 },
    { text = "three",  weight = 3 },
    [
      "four" ],
]
why.words = "dotted"
"""


def raised(how) -> KetschedError:
    with pytest.raises(KetschedError) as caught:
        how()
    error = caught.value
    assert error.what
    assert error.where
    assert error.why
    assert error.fix
    return error


# -- taking values


def test_a_table_hands_out_its_keys():
    table = parse(CLINIC, "clinic.toml")
    assert table.take("name", str) == "the clinic"
    assert table.take("absent", int, 7) == 7
    hours = table.table("hours")
    assert hours is not None
    assert hours.take("mon", str) == "09:00-17:00"
    assert table.table("absent") is None
    first, second = table.tables("closed")
    assert first.take("on", date) == date(2027, 1, 4)
    assert second.take("on", (str, date)) == date(2027, 1, 5)
    assert table.tables("absent") == []
    assert parse('days = ["Mon"]', "x.toml").texts("days") == ["Mon"]


def test_what_is_taken_is_not_taken_from_the_caller():
    values = {"a": 1}
    Table(values, "x.toml", "", ()).take("a", int)
    assert values == {"a": 1}


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("x = true", int, "x is true or false"),
        ("x = 1", bool, "x is the number 1"),
        ("x = 1.5", int, "x is a number with a decimal point"),
        ("x = 'a'", int, "x is the text 'a'"),
        ("x = 1", str, "x is the number 1"),
        ("x = [1]", dict, "x is a list"),
        ("x = {}", list, "x is a table"),
        ("x = 2027-01-04T09:00:00", date, "x is a date with a time"),
        ("x = 2027-01-04", str, "x is a date"),
        ("x = 09:00:00", str, "x is something else"),
        ("x = 9223372036854775808", int, "x is a very large number"),
        (f"x = 0x{'f' * 5000}", int, "x is a very large number"),
        ("x = 1.5", (int, str), "x is a number with a decimal point"),
    ],
)
def test_a_wrong_type_names_file_line_and_key(text, kind, said):
    error = raised(lambda: parse(f"\n{text}\n", "x.toml").take("x", kind))
    assert (error.what, error.where) == (said, "x.toml, line 2, x")


def test_one_of_several_types_is_said_with_both():
    error = raised(lambda: parse("x = true", "x.toml").take("x", (int, str)))
    assert error.why == "x is a whole number or a text in quotes"


def test_a_moment_is_no_date():
    assert parse("x = 2027-01-04T09:00:00", "x.toml").take("x", datetime) == datetime(2027, 1, 4, 9)  # noqa: DTZ001


def test_a_missing_key_names_the_table():
    _, second = parse(CLINIC, "clinic.toml").tables("closed")
    error = raised(lambda: second.take("reason", str))
    assert error.what == "reason is missing"
    assert error.where == "clinic.toml, line 17, closed 2"
    assert "closed 2 needs it" in error.why


def test_an_unknown_key_comes_with_a_suggestion():
    table = parse('\ntitel = "x"\n', "x.toml")
    table.take("title", str, "")
    error = raised(table.done)
    assert (error.what, error.where, error.fix) == (
        "unknown key 'titel'",
        "x.toml, line 2, titel",
        "did you mean title?",
    )


def test_an_unknown_key_like_no_other_is_to_be_removed():
    table = parse("zzz = 1", "x.toml")
    table.take("title", str, "")
    assert raised(table.done).fix == "remove it, or correct its name"


@pytest.mark.parametrize("text", ["x = 1", "x = [1]", "x = ['a', {}]"])
def test_a_list_of_tables_holds_tables(text):
    assert raised(lambda: parse(text, "x.toml").tables("x")).where == "x.toml, line 1, x"


def test_a_list_of_texts_holds_texts():
    error = raised(lambda: parse("x = ['a', 1]", "x.toml").texts("x"))
    assert error.what == "x holds the number 1"


def test_an_error_of_a_reader_gets_its_place():
    def fails(_):
        raise InvalidInput(what="no", why="because", fix="try again")

    table = parse("a = 1\nx = 2", "x.toml")
    assert raised(lambda: table.read("x", fails, 2)).where == "x.toml, line 2, x"
    assert raised(lambda: table.read(None, fails, 2)).where == "x.toml"


# -- lines


@pytest.mark.parametrize(
    ("steps", "line"),
    [
        (("name",), 2),
        (("note",), 3),
        (("hours",), 8),
        (("hours", "mon"), 9),
        (("hours", "tue"), 10),
        (("closed", 0), 12),
        (("closed", 0, "on"), 13),
        (("closed", 0, "why"), 14),
        (("closed", 0, "why", "words"), 15),
        (("closed", 1), 17),
        (("closed", 1, "on"), 18),
        (("closed", 1, "reasons"), 19),
        (("closed", 1, "reasons", 0), 20),
        (("closed", 1, "reasons", 1, "weight"), 21),
        (("closed", 1, "reasons", 2), 22),
        (("closed", 1, "reasons", 2, "weight"), 22),
        (("closed", 1, "reasons", 3), 23),
        (("closed", 1, "reasons", 3, 0), 24),
        (("closed", 1, "reasons", 2, "absent"), 22),
        (("closed", 1, "why"), 26),
        (("closed", 1, "why", "words"), 26),
        (("closed", 1, "absent"), 17),
    ],
)
def test_errors_name_the_line_an_editor_shows(steps, line):
    assert Table({}, "clinic.toml", CLINIC, steps).where().startswith(f"clinic.toml, line {line}, ")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines_are_counted_as_editors_count_them(newline):
    text = newline.join(["a = 'x\u2028y\x0by'".replace("\x0b", "\u0085"), "", "b = 1"])
    assert parse(text, "x.toml").where("b") == "x.toml, line 3, b"


def test_a_table_without_its_text_names_file_and_key():
    assert Table({}, "x.toml", "not = = toml", ("a", 0)).where("b") == "x.toml, a 1 b"


def scalars():
    texts = st.text(st.sampled_from("ab]}[{#,='\"\\ \n"), max_size=6)
    return st.one_of(st.integers(-9, 9), st.booleans(), texts, st.dates())


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def inline(value, newline: str) -> str:
    """Write a value as TOML; `newline` goes wherever a list allows one."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return quoted(value)
        case list():
            return "[" + ",".join(newline + inline(v, newline) for v in value) + newline + "]"
        case dict():
            return "{" + ", ".join(f"{quoted(k)} = {inline(v, newline)}" for k, v in value.items()) + "}"
        case _:
            return str(value)


def leaves(value, path=()):
    match value:
        case dict():
            for key, inner in value.items():
                yield from leaves(inner, (*path, key))
        case list() if value:
            for number, inner in enumerate(value):
                yield from leaves(inner, (*path, number))
        case _:
            yield path


KEYS = st.text(st.sampled_from("abc.=]"), min_size=1, max_size=3)
VALUES = st.recursive(
    scalars(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.sampled_from(["", "\n", " # ] } ' \" \n"]))
def test_every_leaf_of_every_file_is_found(values, newline):
    """The scanner reads what the standard library's parser reads."""
    text = "\n".join(f"{quoted(key)} = {inline(value, newline)}" for key, value in values.items())
    assert tomllib.loads(text) == values
    for path in leaves(values):
        steps = list(path)
        while steps and isinstance(steps[-1], int):
            steps.pop()
        shown = Table({}, "x", text, tuple(steps[:-1])).where(str(steps[-1]))
        assert shown.startswith("x, line ")
        line = text.split("\n")[int(shown.removeprefix("x, line ").split(",")[0]) - 1]
        assert quoted(str(steps[-1])) in line


# -- files that cannot be read


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a = 1\nb = = 2", "line 2, column 5"),
        ("a = 1\nb = 2027-02-30", "line 2, column 5"),
        ("a = 1\na = 2\nc = 3", "line 2, column 6"),
        ("a = 1\nb = 'open", "line 2"),
        ("a = [\n1,\n", "line 2, the end"),
        ("a = \x00", "line 1"),
        ("a = 1\nb = " + "9" * 5000, "line 2"),
        ("a = " + "[" * 100_000, ""),
    ],
)
def test_what_is_not_toml_names_line_and_column(text, place):
    error = raised(lambda: parse(text, "x.toml"))
    assert isinstance(error, CannotRead)
    assert error.where.startswith("x.toml")
    assert place in error.where


def test_the_parser_is_quoted_as_it_spoke():
    error = raised(lambda: parse("[a]\n[a]", "x.toml"))
    assert error.why == "cannot declare ('a',) twice"


def test_text_is_utf8_with_or_without_a_mark(tmp_path):
    path = tmp_path / "x.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 'caf\xc3\xa9'")
    assert load(path).take("a", str) == "café"


@settings(deadline=None)
@given(st.text(st.sampled_from("ab=[]{}\"'\\#\n,.:-0123TZ \r\0é"), max_size=40))
def test_no_text_raises_anything_else(text):
    try:
        table = parse(text, "x.toml")
    except CannotRead:
        return
    for key in table.values:
        assert table.where(key).startswith("x.toml, line ")


@given(st.text(st.sampled_from("ab=[]{}\"'\\#\n,. "), max_size=40))
def test_a_text_that_does_not_belong_to_the_table_does_no_harm(text):
    assert Table({}, "x.toml", text, ("a", 0)).where("b").startswith("x.toml")


def test_paths_may_be_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("x.toml").write_text("a = 1")
    assert load(Path("x.toml")).file == "x.toml"
