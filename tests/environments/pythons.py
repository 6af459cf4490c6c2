"""
Print where the other Pythons are that ketsched is for: the newest of each version on PATH or under pyenv.

    python tests/environments/pythons.py

One path a line. The version that this runs on is left out: `make test` has run everything on it.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

OLDEST = (3, 11)
ASK = "import sys, venv, ensurepip; print(*sys.version_info[:3], sys.version_info.releaselevel)"


def candidates() -> Iterator[Path]:
    """Yield programs that may be a Python."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        yield from (p for p in Path(folder).glob("python3.*") if re.fullmatch(r"python3\.\d+", p.name))
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from root.glob("versions/*/bin/python3")


def main() -> None:
    """Ask each candidate for its version, and print the newest of each that can make an environment."""
    newest: dict[tuple[int, int], tuple[int, Path]] = {}
    for path in candidates():
        done = subprocess.run([path, "-c", ASK], capture_output=True, text=True)
        if done.returncode or not done.stdout.strip().endswith(" final"):
            continue
        major, minor, micro = map(int, done.stdout.split()[:3])
        version = (major, minor)
        if version >= OLDEST and version != sys.version_info[:2] and micro > newest.get(version, (-1,))[0]:
            newest[version] = (micro, path)
    for _, (_, path) in sorted(newest.items()):
        print(path)  # noqa: T201 - what it is for


if __name__ == "__main__":
    main()
