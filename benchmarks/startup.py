"""
What a start costs: `import ketsched` and `ketsched --help`, against a bare interpreter.

Each round starts every program once, in turn, so that whatever else the machine does falls on all alike.
Counted is the processor time of the child (user and system), which other programs disturb less than the
clock on the wall; a ratio is one program's time to the bare interpreter's in the same round. Run it with

    python benchmarks/startup.py [ROUNDS]
"""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import tempfile
from statistics import median

from _ratios import note

PROGRAMS = {
    "a bare interpreter": ["-c", "pass"],
    "import attrs": ["-c", "import attrs"],
    "import click": ["-c", "import click"],
    "import ketsched": ["-c", "import ketsched"],
    "every public name": ["-c", "from ketsched import *"],
    "ketsched --help": ["-m", "ketsched.cli", "--help"],
    "ketsched rules": ["-m", "ketsched.cli", "rules"],
}
MOST = {"import ketsched": 80, "ketsched --help": 150}
"""What a start may add to a bare interpreter on a quiet machine, in milliseconds."""


def processor_ms(words: list[str], settings: dict[str, str]) -> float:
    """Return the processor time that a program takes from start to end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], env=settings, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as compiled:  # installed programs are compiled, and so are these
        settings = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        settings["PYTHONPYCACHEPREFIX"] = compiled
        for words in PROGRAMS.values():
            processor_ms(words, settings)
        taken = [
            {name: processor_ms(words, settings) for name, words in PROGRAMS.items()} for _ in range(rounds)
        ]
    bare, *_ = PROGRAMS
    print(
        f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} processors, {rounds} rounds"
    )
    print(f"{'':<20}{'least ms':>10}{'median ms':>11}{'adds ms':>9}{'ratio':>7}")
    for name in PROGRAMS:
        times = [row[name] for row in taken]
        adds = min(times) - min(row[bare] for row in taken)
        ratio = median(row[name] / row[bare] for row in taken)
        if name != bare:
            note(f"startup: {name}, to a bare interpreter's", ratio)
        limit = f"   may add {MOST[name]} on a quiet machine" if name in MOST else ""
        print(f"{name:<20}{min(times):>10.1f}{median(times):>11.1f}{adds:>9.1f}{ratio:>7.1f}{limit}")


if __name__ == "__main__":
    main()
