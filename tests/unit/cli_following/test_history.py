"""What a course file remembers, and what the shell completes from it."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from followed import FILE, FOURTH, HOURS, as_json, on
from ketsched.interchange import read


def test_history_lists_revisions_and_visits(run, third):
    run("replan", third, *HOURS, "--missed", FOURTH, "--who", "Nurse B", *on(FOURTH))
    done = run("history", third)
    assert (done.code, done.err) == (0, "")
    assert re.search(
        r"^  1  Tue 2026-12-01 10:00  planned: 6 infusions, 2027-01-04 to 2027-01-21$", done.out, re.M
    )
    said = " ".join(done.out.split())
    assert (
        " 5 Thu 2027-01-14 13:00 Thu 2027-01-14 missed; infusion 6 new on Mon 2027-01-25, by Nurse B" in said
    )
    assert "\nRecords\n  v1 " in run("history", third, "-v").out
    found = as_json(run("history", third, "--json"))
    assert set(found) == {"course", "as_of", "revisions", "visits", "sessions", "ended"}
    assert [(r["revision"], r["changes"]) for r in found["revisions"]] == [
        (1, 0),
        (2, 1),
        (3, 1),
        (4, 1),
        (5, 2),
    ]
    assert [v["verdict"] for v in found["visits"]] == ["valid", "valid", "valid", "not given"]
    assert {"session": "s4", "day": FOURTH, "is": "missed"} in found["sessions"]
    assert found["as_of"] >= FOURTH  # never before the last revision, whatever the clock says


def test_an_earlier_revision_is_shown_and_compared(run, third):
    run("replan", third, *HOURS, "--missed", FOURTH, *on(FOURTH))
    done = run("history", third, "--revision", "1")
    assert done.out.startswith("Revision 1, Tue 2026-12-01 10:00: planned: ")
    assert "Thu 2027-01-14" in done.out
    assert "2027-01-25" not in done.out
    assert as_json(run("history", third, "--revision", "4", "--json"))["sessions"][3]["status"] == "firm"
    done = run("history", third, "--diff", "4", "5")
    assert "  missed  infusion    Thu 2027-01-14 at 09:00\n" in done.out
    assert re.search(r"^  new     infusion 6  Mon 2027-01-25 at 09:00  for the missed Thu", done.out, re.M)
    assert "The same bookings." in run("history", third, "--diff", "4", "4").out
    found = as_json(run("history", third, "--diff", "1", "5", "--json"))
    assert set(found) == {"from", "to", "changes"}
    assert [c["booking"] for c in found["changes"]] == ["s1", "s2", "s3", "s4", "s7"]


@pytest.mark.usefixtures("third")
def test_the_shell_completes_what_a_course_file_has():
    def completed(*words: str) -> list[str]:
        env = os.environ | {
            "_KETSCHED_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(words),
            "COMP_CWORD": str(len(words) - 1),
        }
        command = [sys.executable, "-m", "ketsched.cli"]
        found = subprocess.run(command, env=env, stdout=-1, stderr=-1, text=True, check=False)
        return found.stdout.split()

    assert completed("ketsched", "record", FILE, FOURTH, "mi") == ["plain,missed"]
    assert completed("ketsched", "record", FILE, FOURTH, "fulfilled", "--session", "s4") == ["plain,s4"]
    assert completed("ketsched", "record", FILE, FOURTH, "fulfilled", "--corrects", "v") == [
        "plain,v1",
        "plain,v2",
        "plain,v3",
    ]
    assert completed("ketsched", "status", "cou") == ["plain,course.json"]
    assert completed("ketsched", "status", read(FILE).id) == ["plain,course.json"]  # the course's own id
    assert completed("ketsched", "move", FILE, "s5") == ["plain,s5"]
    assert completed("ketsched", "record", "d")[:2] == ["plain,decision", "plain,done"]
    assert completed("ketsched", "record", "ride", FILE, "s4") == ["plain,s4"]
    assert completed("ketsched", "record", "none.json", FOURTH, "fulfilled", "--session", "s") == []
    assert completed("ketsched", "replan", FILE, "--way", "fi") == ["plain,fit-in"]
