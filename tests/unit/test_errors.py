"""What every error says, and in whose words."""

from __future__ import annotations

import pytest

from ketsched.errors import InvalidInput, InvalidProtocol, refuse_first


def as_option(name, value, _):
    return f"--{name} {value}".rstrip()


@pytest.mark.parametrize(
    ("fix", "in_python", "on_a_command_line"),
    [
        ("go over to another protocol ({switch})", "go over to another protocol (switch)", "(--switch)"),
        ("give {repeat=2} to give two again", "give repeat=2 to give two again", "give --repeat 2 to"),
        ('{step=back|step="back"}', 'step="back"', "--step back"),
        (
            "{weekdays=mon,thu|protocol.choose(weekdays=[0, 3])}",
            "choose(weekdays=[0, 3])",
            "--weekdays mon,thu",
        ),
        ("({add}, {repeat})", "(add, repeat)", "(--add, --repeat)"),
        (
            'write { session = 3 } or {"a": 1} or {}',
            'write { session = 3 } or {"a": 1} or {}',
            "{ session = 3 }",
        ),
    ],
)
def test_advice_names_arguments_as_the_reader_writes_them(fix, in_python, on_a_command_line):
    error = InvalidInput(what="a", why="b", fix=fix)
    assert in_python in error.fix
    assert error.fix in str(error)
    for told in (error, error.within("x.toml"), error.at("--step")):
        assert on_a_command_line in told.advice(as_option)


def test_the_first_fault_is_refused_with_the_argument_at_fault():
    faults = (
        (False, "a", "what a", "why a", "fix a"),
        (True, "phases 2 join", "what b", "why b", "fix b"),
        (True, "c", "what c", "why c", "fix c"),
    )
    with pytest.raises(InvalidProtocol) as caught:
        refuse_first(InvalidProtocol, "here", faults)
    error = caught.value
    assert (error.what, error.where, error.why, error.fix) == ("what b", "here", "why b", "fix b")
    assert (error.argument, error.steps) == ("phases 2 join", ("phases", 1, "join"))
    placed = error.within("own.toml, line 4")
    assert (placed.where, placed.argument, placed.steps) == ("own.toml, line 4, here", "", ())
    refuse_first(InvalidProtocol, "here", faults[:1])
