"""
Readers that are not ours: what each makes of a calendar file, in one shape.

Five are programs in other languages, in `readers/` beside this file, where
`setup.sh` installs what they need. Three are Python packages. An error in a
VTIMEZONE shows only in those that go by it; the others go by the name of the zone.
"""

import json
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import vobject
from ical.calendar_stream import IcsCalendarStream

Event = dict[str, Any]
"""
uid, start_utc, end_utc, summary, status, sequence.

Times are ISO 8601 with Z; a whole day is a bare date, and its end exclusive.
"""

READERS = Path(__file__).parent / "readers"

_PROGRAMS = {
    "icaljs": ["node", "icaljs.mjs"],
    "ts_ics": ["node", "ts_ics.mjs"],
    "node_ical": ["node", "node_ical.mjs"],
    "libical": [str(READERS / "build" / "libical_reader")],
    "ruby": ["ruby", "ruby_reader.rb"],
}

FOREIGN = tuple(_PROGRAMS)
PYTHON = ("ical", "vobject", "khal")
BY_VTIMEZONE = frozenset({"icaljs", "ts_ics", "libical", "ruby", "vobject"})


def read_with(reader: str, path: Path) -> list[Event]:
    """Return the events of the file as this reader has them, by uid."""
    events = _IN_PYTHON[reader](path) if reader in _IN_PYTHON else _run(reader, path)
    return sorted(events, key=lambda event: event["uid"])


def event(uid: object, start: date, end: date, *, summary: object, status: object, sequence: object) -> Event:
    """Put an event in the one shape."""
    return {
        "uid": str(uid),
        "start_utc": iso(start),
        "end_utc": iso(end),
        "summary": None if summary is None else str(summary),
        "status": None if status is None else str(status),
        "sequence": None if sequence is None else int(str(sequence)),
    }


def iso(moment: date) -> str:
    if not isinstance(moment, datetime):
        return moment.isoformat()
    if moment.tzinfo is None:
        raise AssertionError(f"{moment} floats: the reader found no zone for it")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _run(reader: str, path: Path) -> list[Event]:
    try:
        run = subprocess.run(
            [*_PROGRAMS[reader], str(path.resolve())],
            cwd=READERS,
            env={**os.environ, "TZ": "UTC"},
            capture_output=True,
            check=False,
            text=True,
            timeout=60,
        )
    except FileNotFoundError as error:
        raise AssertionError(f"cannot start the {reader} reader: run readers/setup.sh") from error
    assert run.returncode == 0, f"the {reader} reader failed (was readers/setup.sh run?):\n{run.stderr}"
    events: list[Event] = json.loads(run.stdout)
    return events


def _ical(path: Path) -> list[Event]:
    calendar = IcsCalendarStream.calendar_from_ics(path.read_bytes().decode())
    return [
        event(
            found.uid,
            found.dtstart,
            found.dtend,
            summary=found.summary,
            status=found.status.value if found.status else None,
            sequence=found.sequence,
        )
        for found in calendar.events
    ]


def _vobject(path: Path) -> list[Event]:
    # It keeps the zones of the first file it reads for as long as the process lives.
    vars(vobject.icalendar)["__tzidMap"].clear()
    vobject.icalendar.registerTzid("UTC", UTC)
    calendar = vobject.readOne(path.read_bytes().decode())

    def value(found: Any, name: str) -> Any:
        return getattr(found, name).value if hasattr(found, name) else None

    return [
        event(
            found.uid.value,
            found.dtstart.value,
            found.dtend.value,
            summary=value(found, "summary"),
            status=value(found, "status"),
            sequence=value(found, "sequence"),
        )
        for found in calendar.contents.get("vevent", [])
    ]


def _khal(path: Path) -> list[Event]:
    try:
        return _khal_with_pytz(path)
    finally:
        icalendar.use_zoneinfo()


def _khal_with_pytz(path: Path) -> list[Event]:
    # Not at the top: once imported, it has icalendar use pytz in the whole process.
    from khal.icalendar import cal_from_ics
    from khal.khalendar.event import Event as KhalEvent

    icalendar.use_pytz()
    calendar = cal_from_ics(path.read_bytes().decode())
    found = []
    for component in calendar.walk("VEVENT"):
        shown = KhalEvent.fromVEvents([component], locale={})  # no default zone: a floating time fails
        whole_days = not isinstance(shown.end, datetime)  # khal has the last day, not the day after it
        found.append(
            event(
                shown.uid,
                shown.start,
                shown.end + timedelta(days=1) if whole_days else shown.end,
                summary=shown.summary,
                status=component.get("STATUS"),
                sequence=component.get("SEQUENCE"),
            )
        )
    return found


_IN_PYTHON: dict[str, Callable[[Path], list[Event]]] = {"ical": _ical, "vobject": _vobject, "khal": _khal}
