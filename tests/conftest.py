"""What several tests share: the reference course, files that are kept byte for byte, a command that is run."""

import os
import sys
from pathlib import Path
from typing import NamedTuple

import attrs
import pytest
from hypothesis import HealthCheck, settings

import making
from ketsched.cli import main

# How fast the machine is decides no test; on a busy one making examples takes long.
settings.register_profile(
    "untimed", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the files in tests/golden; read the diff"
    )
    parser.addoption("--laws", action="store_true", help="the whole of every grid, and far more examples")


def pytest_configure(config):
    if config.getoption("--laws"):
        os.environ.setdefault("KETSCHED_EXAMPLES", "500")  # of the laws that try few in every run


@attrs.frozen
class Golden:
    """Files that a change must not alter unseen."""

    folder: Path
    update: bool

    def check(self, name: str, content: bytes) -> None:
        path = self.folder / name
        if self.update:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        assert path.exists(), f"no golden file {name}: run pytest --update-golden and read the diff"
        assert content == path.read_bytes(), f"{name} changed: run pytest --update-golden and read the diff"


class Done(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def own_folder(tmp_path, monkeypatch):
    """Work in a folder of one's own, with a terminal that says nothing about itself."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a command in this process, as the installed script does."""

    def running(*words: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["ketsched", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return running


@pytest.fixture
def golden(request):
    return Golden(Path(__file__).parent / "golden", request.config.getoption("--update-golden"))


@pytest.fixture
def reference_course():
    """The course that outputs are compared by."""
    return making.reference_course()
