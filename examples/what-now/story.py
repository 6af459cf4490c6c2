"""
A patient missed infusion 4 on Thursday; what now?

Six infusions, Monday and Thursday from 4 January 2027: 4, 7, 11, 14, 18, 21. The fourth is missed.
Counted by hand: staying on the pattern the series ends on Monday the 25th; Friday the 15th leaves the
rest where it is, and is 3 days before the 18th; with everything a day later the last is Friday the 22nd.
"""

import shlex
import subprocess
import sys

CLINIC = "--clinic clinic.toml"


def ketsched(words: str, *, shown: bool = True) -> None:
    """Run a command, as in a shell; print what it says unless it is only there to make the course."""
    command = [sys.executable, "-m", "ketsched.cli", *shlex.split(words)]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True, encoding="utf-8")  # noqa: S603 - our own command
    if shown:
        print(f"$ ketsched {words}\n{done.stdout}")


ketsched(
    f"plan --protocol protocol.toml --start 2027-01-04 --time 10:00 {CLINIC} --id A-017 "
    '--key "" --at 2026-12-01T09:00:00Z -o out/course.json -o out/before.ics',
    shown=False,
)
for day in ("2027-01-04", "2027-01-07", "2027-01-11"):
    ketsched(f"record out/course.json {day} fulfilled --at {day}T15:00:00Z", shown=False)

ketsched(f"record out/course.json 2027-01-14 no-show {CLINIC} --at 2027-01-14T15:00:00Z")
ketsched(
    f'replan out/course.json {CLINIC} --way fit-in --who "Nurse B" --at 2027-01-14T15:10:00Z '
    "-o out/changes.ics:changes"
)
ketsched("history out/course.json")
