"""
`ketsched publish` against a calendar server that is not ours, as somebody at the clinic uses it.

Six sessions on Mondays and Thursdays from Monday 4 January 2027; the fourth, on the 14th, is missed
and made up for at the end of the pattern, on Monday the 25th.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.servers import PASSWORD, USER, Server, running
from ketsched.interchange.identity import session_uid

PROTOCOL = """\
id = "t"
version = "1"
title = "Two a week"
study = "No study: our own practice."
[sources]
own = "our own"
[[phase]]
kind = "induction"
count = { value = 6, source = "own", mark = "house default" }
weekdays = { value = ["Mon", "Thu"], source = "own", mark = "house default" }
infusion = { value = "PT40M", source = "own", mark = "house default" }
spacing = [{ minimum = 2, source = "own", mark = "house default" }]
"""
HOURS = ("--zone", "Europe/Amsterdam", "--hours", "mon-fri 09:00-17:00")
START = ("--start", "2027-01-04", "--id", "A-017", "--at", "2026-12-01T09:00:00Z")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "server").mkdir()
    with running("radicale", tmp_path / "server") as found:
        yield found.with_calendar("appointments")


def test_publish_again_after_a_change_and_over_a_conflict(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "clinic"
    folder.mkdir()
    (folder / "t.toml").write_text(PROTOCOL, encoding="utf-8")

    def run(*words: str) -> tuple[int, str, str]:
        known = {"KETSCHED_CALDAV_USER": USER, "KETSCHED_CALDAV_PASSWORD": PASSWORD, "NO_PROXY": "*"}
        done = subprocess.run(
            [sys.executable, "-m", "ketsched.cli", *words],
            cwd=folder,
            env=os.environ | known,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    def published(*words: str) -> tuple[int, list[str]]:
        code, out, err = run("publish", "course.json", "--caldav", server.url, *words)
        assert err == ""
        assert PASSWORD not in out
        return code, out.splitlines()

    assert run("plan", "--protocol", "t.toml", *HOURS, *START, "-o", "course.json")[0] == 0
    code, said = published("--dry-run")
    assert (code, said[-2:]) == (0, ["6 added", "nothing was written: --dry-run"])
    assert server.files() == {}
    code, said = published()
    assert (code, said[-1]) == (0, "6 added")
    assert len(server.files()) == 6
    before = server.files()
    assert published() == (0, ["6 unchanged"])
    assert server.files() == before

    moment = ("--at", "2027-01-14T12:00:00Z")
    for day in ("2027-01-04", "2027-01-07", "2027-01-11"):
        assert run("record", "course.json", day, "fulfilled", *moment)[0] == 0
    assert run("replan", "course.json", *HOURS, "--missed", "2027-01-14", *moment)[0] == 0
    code, said = published()
    assert code == 0
    counted = {what: number for number, what in (part.split() for part in said[-1].split(", "))}
    assert (counted["added"], counted.get("conflict")) == ("1", None)  # the 25th
    assert {"updated", "unchanged"} <= set(counted)
    texts = [text for _, text in server.files().values()]
    assert len(texts) == 7
    assert sum("T090000" in text and "20270125" in text for text in texts) == 1
    assert sum("STATUS:CANCELLED" in text for text in texts) == 1
    assert published() == (0, ["7 unchanged"])

    uid = session_uid("A-017", "s5", json.loads((folder / "course.json").read_bytes())["key"])
    ((address, text),) = [(a, text) for a, (_, text) in server.files().items() if uid in text]
    assert "20270118T090000" in text
    server.put(address, text.replace("20270118T", "20270119T"))
    code, said = published()
    assert code == 1
    assert said[-2:] == [
        "6 unchanged, 1 conflict",
        "conflicts were left as they are; --overwrite ID decides one that the server does not refuse",
    ]
    assert "20270119T090000" in server.files()[address][1]
    code, said = published("--overwrite", "s5")
    assert code == 0
    assert "20270118T090000" in server.files()[address][1]
