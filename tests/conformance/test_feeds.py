"""A feed behind a real web server, followed by a real program (vdirsyncer): a change arrives, and nothing doubles."""

from __future__ import annotations

import functools
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path

import icalendar
import pytest

import ketsched as ks
from ketsched import follow
from ketsched.interchange.feeds import publish_feeds
from making import clinic, jan

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A web server that gives out the folder of feeds."""
    (tmp_path / "feeds").mkdir()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "feeds"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def follower(tmp_path: Path, url: str) -> list[tuple[str, str]]:
    """Let vdirsyncer follow a feed; return the start and status of each event that it then has."""
    kept = tmp_path / "kept"
    config = tmp_path / "config"
    config.write_text(
        f'[general]\nstatus_path = "{tmp_path / "status"}"\n'
        '[pair feed]\na = "theirs"\nb = "own"\ncollections = null\nconflict_resolution = "a wins"\n'
        f'[storage theirs]\ntype = "http"\nurl = "{url}"\n'
        f'[storage own]\ntype = "filesystem"\npath = "{kept}"\nfileext = ".ics"\n'
    )
    kept.mkdir(exist_ok=True)
    for what in ("discover", "sync"):
        subprocess.run(
            [sys.executable, "-m", "vdirsyncer", "-c", str(config), what],
            check=True,
            input=b"y\n",
            capture_output=True,
        )
    events = [
        event
        for path in kept.glob("*.ics")
        for event in icalendar.Calendar.from_ical(path.read_bytes()).walk("VEVENT")
    ]
    return sorted((f"{event['DTSTART'].dt:%Y-%m-%d %H:%M}", str(event["STATUS"])) for event in events)


def test_a_program_that_follows_a_feed_sees_every_change_once(tmp_path, address):
    course = ks.plan(
        ks.load_protocol("iv-mwf-6"), start=jan(4), calendar=clinic(), time=time(10), id="A", at=AT
    )
    (feed,) = publish_feeds([course], tmp_path / "feeds", at=AT)
    before = follower(tmp_path, address + feed.file)
    assert ("2027-01-15 10:00", "CONFIRMED") in before
    moved = follow.move(course, "s6", jan(18), calendar=clinic(), at=datetime(2026, 12, 2, 9, tzinfo=UTC))
    publish_feeds([moved], tmp_path / "feeds", at=AT)
    after = follower(tmp_path, address + feed.file)
    assert ("2027-01-18 10:00", "CONFIRMED") in after
    assert ("2027-01-15 10:00", "CONFIRMED") not in after
    assert len(after) == len(before)
