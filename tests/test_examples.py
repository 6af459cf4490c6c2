"""
The examples run, and print and write what is kept beside them.

`COMMAND` holds one command line; `pytest --update-golden` rewrites what is kept, and a person
reads the difference: dates in it were counted by hand (see each example's own comments).
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
FROM = os.environ.get("EXAMPLES_FROM")
"""The folder of an installed `python` and `ketsched` to run them with; else what runs the tests."""


@pytest.mark.parametrize("name", sorted(path.parent.name for path in EXAMPLES.glob("*/COMMAND")))
def test_an_example_prints_and_writes_what_is_kept(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Same input, same bytes, from a folder of its own."""
    folder = EXAMPLES / name
    for path in folder.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "out").mkdir()
    words = shlex.split((folder / "COMMAND").read_text())
    if FROM:
        program = [str(Path(FROM) / words[0])]
    else:
        program = [sys.executable, *{"ketsched": ["-m", "ketsched.cli"], "python": []}[words[0]]]
    done = subprocess.run(
        [*program, *words[1:]], cwd=tmp_path, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.stderr == ""
    assert done.returncode == 0
    kept = {"output.txt": done.stdout.encode()}
    for path in sorted((tmp_path / "out").iterdir()):
        kept[f"kept/{path.name}"] = path.read_bytes()
    if request.config.getoption("--update-golden"):
        for where, content in kept.items():
            (folder / where).parent.mkdir(exist_ok=True)
            (folder / where).write_bytes(content)
    for where, content in kept.items():
        assert content == (folder / where).read_bytes(), where
