"""Many who change one course at once, some of them killed: what was said to be written is there."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ketsched.interchange import read, write
from ketsched.planning import plan
from ketsched.protocols import load_protocol
from making import WEEKDAYS, clinic

DESKS = 8
DAYS = ("2027-01-04", "2027-01-06", "2027-01-08")


def entries(round_of):
    """The entries of one round, each with what it leaves behind; visits first, the rest are holds."""
    records = [("record", day, "fulfilled", "--at", "2027-01-09T20:00:00Z") for day in DAYS]
    named = [
        ("hold", "--reason", f"round {round_of}", "--who", f"Desk {n}", "--since", "2027-01-20")
        for n in range(DESKS - len(records))
    ]
    return [*zip(DAYS, records, strict=True), *((hold[4], (*hold, "--at", records[0][-1])) for hold in named)]


def kept(course):
    """What a course holds of such entries."""
    return {f"{visit.day}" for visit in course.visits} | {hold.who for hold in course.holds}


@pytest.mark.parametrize("kills", [0, 4])
def test_every_entry_that_ended_well_is_in_the_file(tmp_path, request, kills):
    """Whoever is killed may or may not have written; nobody else loses anything, and nobody is kept waiting by it."""
    rounds = 20 if request.config.getoption("--laws") else 1
    protocol = load_protocol("iv-mwf-6")
    start, at = date(2027, 1, 4), datetime(2026, 12, 1, 9, tzinfo=UTC)
    planned = plan(protocol, start=start, calendar=clinic(*WEEKDAYS), id="A-017", at=at)
    for number in range(rounds):
        chance = random.Random(f"{kills} {number}")  # noqa: S311 - not a secret
        path = tmp_path / f"{number}" / "course.json"
        path.parent.mkdir()
        write(planned, path)
        asked = entries(number)
        chance.shuffle(asked)
        desks = {}
        for name, (command, *words) in asked:
            program = [sys.executable, "-m", "ketsched.cli", command, str(path), *words]
            desks[name] = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(kills):
            time.sleep(chance.uniform(0.1, 0.9))
            one = chance.choice(list(desks.values()))
            if one.poll() is None:
                os.kill(one.pid, signal.SIGKILL)
        ended = {name: one.wait(timeout=300) for name, one in desks.items()}
        assert set(ended.values()) <= {0, 2, -signal.SIGKILL}, ended  # 2: on a slow machine, waited too long
        course = read(path)  # whole, however it came there
        assert {name for name, code in ended.items() if code == 0} <= kept(course)
        assert kept(course).isdisjoint(name for name, code in ended.items() if code == 2)
        assert len(course.revisions) == 1 + len(kept(course))
        last = subprocess.run(
            [*program[:3], "record", "ride", str(path), "s6", "confirmed"],
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert last.returncode == 0, last.stderr
        left = {file.name for file in Path(path.parent).iterdir()} - {"course.json"}
        assert all(name.endswith(".part") for name in left)
        assert len(left) <= kills
