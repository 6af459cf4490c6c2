"""
Bad input of every kind: the error has four parts, the exit code is 2, and no file is written.

Each kind of file has a good one to start from and a table of edits that spoil it. A row is
(what is wrong, what stood there, what stands there instead, words of the error).
"""

from __future__ import annotations

import errno
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ketsched.cli import main
from ketsched.files import LARGEST_FILE
from ketsched.protocols import template

CLINIC = """\
name = "Riverside"
zone = "America/New_York"
chairs = 2
holidays = [{ country = "US" }]
[hours]
mon = "09:00-17:00"
wed = "09:00-12:00, 13:00-17:00"
fri = "09:00-17:00"
[[closed]]
from = 2027-12-24
to = 2027-12-31
[[open]]
on = 2027-02-15
hours = "09:00-12:00"
"""
CASE = """\
id = "A-017"
protocol = "iv-mwf-6"
clinic = "clinic.toml"
start = 2027-01-04
time = "10:00"
[[cannot]]
on = 2027-01-26
[rather]
before = "15:00"
"""
WAIVERS = """\
[[waiver]]
rule = "KS101"
sessions = ["s1"]
reason = "a journey"
who = "Dr A"
until = 2027-02-01
"""
OURS = ("plan", "case.toml", "--at", "2026-11-20T09:00:00Z", "-o")
USES = {
    "protocol.toml": ("plan", "case.toml", "--protocol", "protocol.toml", "-o", "new.ics"),
    "clinic.toml": (*OURS, "new.ics"),
    "case.toml": (*OURS, "new.ics"),
    "waivers.toml": ("check", "course.json", "--waivers", "waivers.toml"),
    "course.json": ("check", "course.json"),
    "clinic.ics": ("check", "clinic.ics"),
    "bare.ics": ("check", "bare.ics", "--protocol", "iv-mwf-6", "--zone", "America/New_York"),
}
"""Each kind of file with a command that reads it."""


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The good files by name, as bytes."""
    folder = tmp_path_factory.mktemp("good")
    texts = {
        "clinic.toml": CLINIC,
        "case.toml": CASE,
        "waivers.toml": WAIVERS,
        "protocol.toml": template("own"),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in ("course.json", "clinic.ics:clinic,full", "bare.ics"):
            patch.setattr(sys, "argv", ["ketsched", *OURS, name])
            with pytest.raises(SystemExit) as ended:
                main()
            assert ended.value.code == 0
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    events = re.split(rb"(?=BEGIN:VEVENT)", found["bare.ics"])  # another program knows of sessions only
    kept = [event for event in events[:-1] if b"RELATED-TO" not in event]
    found["bare.ics"] = b"".join(kept) + b"END:VCALENDAR\r\n"
    return found


@pytest.fixture
def refused(good, tmp_path, monkeypatch, capsys):
    """Run a command over the good files and what has been made of them; it must be refused in full."""
    monkeypatch.chdir(tmp_path)
    for name, content in good.items():
        (tmp_path / name).write_bytes(content)

    def refusing(*words: str) -> str:
        before = state(tmp_path)
        monkeypatch.setattr(sys, "argv", ["ketsched", *words])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert (ended.value.code, out) == (2, ""), out + err
        assert re.fullmatch(
            r"error: .+\n  where: .+\n(         .+\n)*  why:   .+\n(         .+\n)*  fix:   .+\n", err
        ), err
        assert state(tmp_path) == before
        return str(err)

    return refusing


def state(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in folder.iterdir()}


@pytest.mark.parametrize("name", USES)
def test_the_good_files_are_good(name, good, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for other, content in good.items():
        Path(other).write_bytes(content)
    monkeypatch.setattr(sys, "argv", ["ketsched", *USES[name]])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in (0, 1)


# Of any file


@pytest.mark.parametrize("name", USES)
@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b"#\n\xe9t\xe9 = 1\n", "is not UTF-8 text"),
        (b"\x00" * 10, ""),
        (b"", ""),
        (b" " * (LARGEST_FILE + 1), "is too large"),
        (b"[" * 100_000, ""),
        (b'{"a":' * 100_000, ""),
        (b"BEGIN:VCALENDAR\r\n" * 10_000, ""),
        (None, "cannot open"),
    ],
    ids=["UTF-16", "Latin-1", "zeros", "empty", "too large", "brackets", "braces", "begins", "missing"],
)
def test_a_file_that_is_none_of_ours(refused, name, content, says):
    if name == "waivers.toml" and content in (b"",):
        return  # no waivers are some waivers
    Path(name).unlink()
    if content is not None:
        Path(name).write_bytes(content)
    assert says in refused(*USES[name])


@pytest.mark.parametrize("name", USES)
def test_a_folder_is_no_file(refused, name):
    Path(name).unlink()
    Path(name).mkdir()
    said = refused(*USES[name])  # a folder of courses can be checked: this one has none
    assert any(words in said for words in ("cannot open", "no course file", "--protocol for a folder"))


@pytest.mark.parametrize("name", USES)
def test_a_cut_off_file(refused, good, name):
    """In the middle of a text."""
    text = good[name]
    half = len(text) // 2
    if name.endswith(".toml"):
        half = [found.end() for found in re.finditer(rb'^\w+ = "\w', text, re.MULTILINE)][-1]
    Path(name).write_bytes(text[:half])
    refused(*USES[name])


@pytest.mark.parametrize("name", USES)
def test_a_name_that_no_file_can_have(refused, name):
    words = [word.replace(name, "x" * 300 + name) for word in USES[name]]
    if words == list(USES[name]):
        Path("case.toml").write_text(CASE.replace(name, "x" * 300 + name), encoding="utf-8")
    refused(*words)
    if words != list(USES[name]):
        refused(*(word.replace("x" * 300, "\0") for word in words))


# Of each kind of file

PROTOCOL_ROWS = [
    ("unknown key", "[[phase]]", "[[phase]]\ncolour = 1", "unknown key 'colour'"),
    ("wrong type", 'kind = "induction"', "kind = 1", "kind is the number 1"),
    ("spacing out of order", "{ minimum = 2,", "{ latest = 1, minimum = 2,", "out of order"),
    ("a number without source", 'minimum = 2, source = "house", ', "minimum = 2, ", "source is missing"),
    ("a number without mark", ', mark = "house default" },\n', " },\n", "mark is missing"),
    ("a bare number", re.compile("^count = .*$", re.M), "count = 6", "count"),
    ("an unknown source", 'source = "house"', 'source = "hearsay"', "hearsay"),
    ("an unknown mark", 'mark = "house default"', 'mark = "surely"', "surely"),
    ("10,000 sessions", re.compile("count = { value = [0-9]+"), "count = { value = 10000", "10000"),
    ("a year of infusion", re.compile('infusion = { value = "[^"]+"'), 'infusion = { value = "P1Y"', ""),
    (
        "an impossible duration",
        re.compile('infusion = { value = "[^"]+"'),
        'infusion = { value = "PT-4M"',
        "",
    ),
    ("an impossible weekday", '["Mon", "Thu"]', '["Mon", "Fry"]', "days of the week"),
    ("not an id", 'id = "own"', 'id = "Our Own"', "id"),
    ("a policy that is none", 'missed = { value = "keep"', 'missed = { value = "wait"', "value is 'wait'"),
    ("a gap between lapse bands", "{ from = 15,", "{ from = 16,", "gap between the lapse bands"),
    ("an overlap of lapse bands", "{ from = 15,", "{ from = 14,", "overlap between the lapse bands"),
    ("a lapse not from day 0", "{ from = 0,", "{ from = 1,", "begin on day 1"),
    ("a lapse with an end", "{ from = 15,", "{ from = 15, until = 99,", "end on day 99"),
    ("an unknown proposal", 'propose = "continue"', 'propose = "wait"', "propose is 'wait'"),
    ("a repeat without a tail", "{ from = 15,", "{ from = 15, repeat = 2,", "2 sessions to repeat"),
    ("no phases", re.compile(r"^\[\[phase\]\].*", re.M | re.S), "", "phase"),
]
CLINIC_ROWS = [
    ("unknown key", "chairs = 2", "chair = 2", "unknown key 'chair'"),
    ("unknown weekday", "mon = ", "monday = ", "unknown key 'monday'"),
    ("wrong type", "chairs = 2", 'chairs = "two"', "chairs is the text"),
    ("no chairs", "chairs = 2", "chairs = 0", "0 chairs"),
    ("hours as numbers", 'mon = "09:00-17:00"', "mon = 9", "mon is the number 9"),
    ("impossible hours", 'mon = "09:00-17:00"', 'mon = "09:00-25:00"', "09:00-25:00"),
    ("hours that overlap", "12:00, 13:00", "12:00, 11:00", "overlap"),
    ("an impossible date", "2027-12-24", "2027-02-30", "not TOML"),
    ("year 9999", "on = 2027-02-15", "on = 9999-02-15", "9999-02-15"),
    ("closed from 9999", "2027-12-31", "9999-12-31", "9999-12-31"),
    ("a zone that does not exist", "America/New_York", "America/New_Yrok", "no time zone"),
    ("no zone at all", 'zone = "America/New_York"\n', "", "zone is missing"),
    ("no holidays known", '"US"', '"XX"', "no holidays"),
    ("an empty calendar", re.compile(r'^(mon|wed|fri) = ".*"$', re.M), "", "is not open"),
    ("no hours", re.compile(r"\[hours\].*\Z", re.S), "", "no hours are given"),
    ("a stretch backwards", "2027-12-31", "2027-12-01", "ends before it begins"),
]
CASE_ROWS = [
    ("unknown key", "time = ", "tiem = ", "unknown key 'tiem'"),
    ("wrong type", "start = 2027-01-04", 'start = "2027-01-04"', "start is the text"),
    ("an impossible date", "2027-01-04", "2027-02-29", "not TOML"),
    ("year 9999", "2027-01-04", "9999-01-04", "9999-01-04"),
    ("year 1", "2027-01-04", "0001-01-04", "0001-01-04"),
    ("a start on a closed day", "2027-01-04", "2027-01-18", "2027-01-18"),
    ("a stretch backwards", "start = 2027-01-04", "start = { from = 2027-02-01, to = 2027-01-01 }", ""),
    ("an endless stretch", "start = 2027-01-04", "start = { from = 1970-01-01, to = 2199-12-31 }", ""),
    ("no start", "start = 2027-01-04\n", "", "start is missing"),
    ("10,000 sessions", "start =", "sessions = 10000\nstart =", "sessions, not 10000"),
    ("a zone that does not exist", "start =", 'zone = "Mars/Base"\nstart =', "no time zone"),
    ("another protocol", "iv-mwf-6", "iv-mwf-7", "no protocol"),
    ("an id that tells", "A-017", "Jane Doe", "id cannot be used"),
    ("an id with control characters", '"A-017"', r'"A\u0007"', "holds a control character"),
    ("an id with an event", '"A-017"', r'"A\r\nBEGIN:VEVENT"', "holds a control character"),
    ("the patient never can", "on = 2027-01-26", "from = 2020-01-01\nto = 2030-01-01", ""),
]
WAIVER_ROWS = [
    ("unknown key", "until", "till", "unknown key 'till'"),
    ("another table", "[[waiver]]", "[[waivers]]", "unknown key 'waivers'"),
    ("wrong type", '["s1"]', '"s1"', "sessions is the text"),
    ("an impossible date", "2027-02-01", "2027-02-31", "not TOML"),
    ("no reason", '"a journey"', '" "', "waiver"),
    ("nobody", 'who = "Dr A"\n', "", "who is missing"),
    ("no rule of ours", "KS101", "KS999", "no rule"),
    ("no rule at all", "KS101", "x\\r\\nBEGIN:VEVENT", "holds a control character"),
]
COURSE_ROWS = [
    ("unknown name", '"zone":', '"colour": 1, "zone":', "unknown name"),
    ("wrong type", '"day": "2027-01-04"', '"day": 20270104', ""),
    ("an impossible date", '"day": "2027-01-04"', '"day": "2027-02-30"', "2027-02-30"),
    ("year 9999", '"day": "2027-01-04"', '"day": "9999-01-04"', "9999-01-04"),
    ("a zone that does not exist", "America/New_York", "America/New_Yrok", "no time zone"),
    ("a name given twice", '"zone":', '"zone": "UTC", "zone":', "twice"),
    ("not a number", '"version": 2', '"version": NaN', ""),
    ("a newer version", '"version": 2', '"version": 3', "newer"),
    ("no such session", '"id": "s2"', '"id": "s1"', ""),
    ("an id with an event", '"A-017"', r'"A\r\nBEGIN:VEVENT"', "id cannot be used"),
    ("a moment without offset", "2026-11-20T09:00:00Z", "2026-11-20T09:00:00", ""),
    ("a status that is none", '"status": "firm"', '"status": "given"', ""),
    ("half a character", '"A-017"', r'"\ud800"', "half a character"),
    ("a huge number", '"version": 2', '"version": 1' + "0" * 5000, ""),
    *(
        (wrong, '"revisions":', f'"visits": [{{"day": "2027-01-04"{said}}}], "revisions":', says)
        for wrong, said, says in (
            ("a visit without a status", "", "status is missing"),
            ("a visit with a blank status", ', "status": ""', "unknown word"),
            ("a visit with another status", ', "status": "done"', "unknown word"),
            ("a visit of no session", ', "status": "no-show", "session": "s99"', "of an unknown session"),
            ("a no-show that counts", ', "status": "no-show", "counts": true', "whether it counts"),
        )
    ),
    ("a policy that is none", '"missed": "keep"', '"missed": "wait"', "missed is 'wait'"),
]
FULL_ROWS = [
    (
        "a session moved",
        "DTSTART;TZID=America/New_York:20270104T100000",
        "DTSTART;TZID=America/New_York:20270104T110000",
        "moved",
    ),
    ("an impossible date", "20270104T100000", "20270230T100000", ""),
    ("year 9999", "DTSTART;TZID=America/New_York:20270104", "DTSTART;TZID=America/New_York:99990104", ""),
    ("cut lines", "BEGIN:VEVENT", "BEGIN VEVENT", "not a line"),
    ("an event more", "END:VCALENDAR", "BEGIN:VEVENT\r\nEND:VEVENT\r\nEND:VCALENDAR", ""),
    ("no end", "END:VCALENDAR", "", "cut off"),
]
BARE_ROWS = [
    (
        "an impossible date",
        "DTSTART;TZID=America/New_York:20270104T",
        "DTSTART;TZID=America/New_York:20270230T",
        "",
    ),
    ("year 9999", "America/New_York:20270104T100000", "America/New_York:99990104T100000", ""),
    ("a time that floats", "DTSTART;TZID=America/New_York:", "DTSTART:", "floats"),
    (
        "a zone that does not exist",
        "TZID=America/New_York:20270104T100000",
        "TZID=Mars/Base:20270104T100000",
        "zone",
    ),
    ("a repeated event", "END:VEVENT", "RRULE:FREQ=DAILY\r\nEND:VEVENT", "RRULE"),
    ("no events", re.compile("BEGIN:VEVENT.*END:VEVENT\r\n", re.S), "", "no events"),
    ("a status that is none", "STATUS:CONFIRMED", "STATUS:GIVEN", "STATUS"),
    ("an event within an event", "BEGIN:VEVENT", "BEGIN:VEVENT\r\nBEGIN:VCALENDAR", "begins where none can"),
]
TABLES: dict[str, Any] = {
    "protocol.toml": PROTOCOL_ROWS,
    "clinic.toml": CLINIC_ROWS,
    "case.toml": CASE_ROWS,
    "waivers.toml": WAIVER_ROWS,
    "course.json": COURSE_ROWS,
    "clinic.ics": FULL_ROWS,
    "bare.ics": BARE_ROWS,
}


def spoil(content: bytes, old: str | re.Pattern[str], new: str) -> bytes:
    """Replace every match of a pattern, or the first of a text."""
    if isinstance(old, re.Pattern):
        return old.sub(lambda _: new, content.decode()).encode()
    return content.replace(old.encode(), new.encode(), 1)


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        pytest.param(name, old, new, says, id=f"{name}: {wrong}")
        for name, rows in TABLES.items()
        for wrong, old, new, says in rows
    ],
)
def test_a_spoiled_file(refused, good, name, old, new, says):
    spoiled = spoil(good[name], old, new)
    assert spoiled != good[name], "the good file has no such text any more"
    Path(name).write_bytes(spoiled)
    assert says in refused(*USES[name])


def test_ten_thousand_events(refused):
    event = "BEGIN:VEVENT\r\nUID:{n}\r\nDTSTART:20270104T100000Z\r\nEND:VEVENT\r\n"
    events = "".join(event.format(n=n) for n in range(10_000))
    Path("bare.ics").write_text(f"BEGIN:VCALENDAR\r\n{events}END:VCALENDAR\r\n", newline="")
    assert "10000 events" in refused(*USES["bare.ics"])


def test_ten_thousand_sessions_in_a_course(refused, good):
    text = good["course.json"].decode()
    first = re.search(r"    {\n      \"id\": \"s1\".*?\n    },\n", text, re.S)[0]
    more = "".join(first.replace('"s1"', f'"x{n}"') for n in range(10_000))
    Path("course.json").write_text(text.replace(first, more + first), encoding="utf-8")
    refused(*USES["course.json"])


def test_ten_thousand_dates(refused):
    refused("check", "--protocol", "iv-mwf-6", *("2027-01-04" for _ in range(10_000)))


@pytest.mark.parametrize(
    "words",
    [
        ("--start", "2027-02-30"),
        ("--start", "9999-01-04"),
        ("--start", "2027-01-18"),
        ("--start", "2027-01-04.."),
        ("--start", "2027-01-04..2027-01-01"),
        ("--start", "2027-01-04...2027-02-01"),
        ("--start", "x\r\nBEGIN:VEVENT"),
        ("--time", "25:00"),
        ("--time", "١٠:٠٠"),
        ("--at", "yesterday"),
        ("--at", "2026-11-20T09:00:00"),
        ("--at", "0001-01-01T00:00:00+14:00"),
        ("--id", "Jane Doe"),
        ("--id", "x" * 65),
        ("--sessions", "10000"),
        ("--sessions", "9" * 5000),
        ("--weeks", "-1"),
        ("--boosters", "0"),
        ("--weekdays", "mon,fry"),
        ("--weekdays", ""),
        ("--until", "P99999999999W"),
        ("--until", "soon"),
        ("--closed", "2027-13-01"),
        ("--closed", "2020-01-01..2030-01-01"),
        ("--holidays", "Utopia"),
        ("--holidays", "US-XX"),
        ("--chairs", "0"),
        ("--chairs", "many"),
        ("--clinic", "missing.toml"),
        ("--protocol", "missing.toml"),
        ("--protocol", "\x1b[2J"),
        ("--zone", "America/New_York", "--hours", "mon-fri"),
        ("--zone", "America/New_York", "--hours", ""),
        ("--zone", "America/New_York", "--hours", "mon-fri 9-5"),
        ("--zone", "America/New_York", "--hours", "fry 09:00-17:00"),
        ("--zone", "Mars/Base", "--hours", "mon-fri 09:00-17:00"),
        ("--zone", "America/New_York"),
        ("-o", "course.pdf"),
        ("-o", "missing/course.ics"),
        ("-o", "new.ics:everybody"),
        ("-o", ""),
        ("-o", "\0.ics"),
        ("-o", "x" * 300 + ".ics"),
        ("-o", "x" * 300 + ".json"),
    ],
    ids=lambda words: " ".join(words)[:40].encode("unicode_escape").decode(),
)
def test_options_that_cannot_be_used(refused, words):
    refused(*OURS, "new.ics", *words)


EVIL = r"x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:evil \u0000\u001b[2J\u0085\u2028"


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("protocol.toml", re.compile("^title = .*$", re.M), f'title = "{EVIL}"'),
        ("protocol.toml", re.compile("^note = .*$", re.M), f'note = "{EVIL}"'),
        ("clinic.toml", '"Riverside"', f'"{EVIL}"'),
        ("clinic.toml", "to = 2027-12-31", f'to = 2027-12-31\nreason = "{EVIL}"'),
    ],
)
def test_text_that_would_break_out_is_refused_or_tamed(good, tmp_path, monkeypatch, capsys, name, old, new):
    """Where a text is taken at all, it adds no event and no line, and does not reach the terminal as it is."""
    monkeypatch.chdir(tmp_path)
    for other, content in good.items():
        Path(other).write_bytes(content)
    Path(name).write_bytes(spoil(good[name], old, new))
    words = (*OURS, "new.ics:clinic,full", "--protocol", "protocol.toml")
    monkeypatch.setattr(sys, "argv", ["ketsched", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028]", out + err)
    if ended.value.code == 2:
        assert not Path("new.ics").exists()
    else:
        lines = Path("new.ics").read_bytes().split(b"\r\n")
        assert lines.count(b"BEGIN:VEVENT") == out.count("induction  ") + out.count("maintenance  ")
        assert not [line for line in lines if line.startswith(b"SUMMARY:evil")]


# Disks and folders


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("call", ["fsync", "open"])
def test_a_disk_that_fails(refused, monkeypatch, fault, call):
    """The second of two files cannot be written; the first, new or not, is as it was."""
    calls = []
    real = getattr(os, call)

    def failing(*words, **more):
        if call == "open" and not str(words[0]).endswith(".part"):
            return real(*words, **more)
        calls.append(words)
        if len(calls) == 2:
            raise OSError(fault, os.strerror(fault))
        return real(*words, **more)

    monkeypatch.setattr(os, call, failing)
    said = refused(*OURS, "new.ics", "-o", "new.json")
    assert os.strerror(fault).lower() in said
    calls.clear()
    Path("old.ics").write_text("old", encoding="utf-8")
    refused(*OURS, "old.ics", "-o", "new.json")
    assert Path("old.ics").read_text("utf-8") == "old"


def test_a_disk_that_is_full_in_the_middle_of_a_file(good, tmp_path):
    """The system lets the process write 4 KiB to a file and no more."""
    for name, content in good.items():
        (tmp_path / name).write_bytes(content)
    before = state(tmp_path)

    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    command = [sys.executable, "-B", "-m", "ketsched.cli", *OURS, "new.ics:clinic,full"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, preexec_fn=small)
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot write new.ics" in done.stderr
    assert "Traceback" not in done.stderr
    assert state(tmp_path) == before


def test_a_device_is_no_file(refused):
    Path("new.ics").symlink_to("/dev/full")
    assert "not a file" in refused(*OURS, "new.ics")


@contextmanager
def as_anybody():
    """Run as a user whose rights count: as nobody where the tests run as root."""
    if os.geteuid():
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder(good, monkeypatch):
    """A folder that anybody can look into and only its owner can write to."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in good.items():
            (folder / file).write_bytes(content)
        monkeypatch.chdir(folder)
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)


def test_a_folder_that_may_only_be_read(open_folder, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["ketsched", *OURS, "new.ics"])
    with as_anybody(), pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert "permission denied" in err
    assert not (open_folder / "new.ics").exists()


@pytest.mark.parametrize("name", USES)
def test_a_file_that_may_not_be_read(open_folder, monkeypatch, capsys, name):
    (open_folder / name).chmod(0)
    words = [word for word in USES[name] if word not in ("-o", "new.ics")]
    monkeypatch.setattr(sys, "argv", ["ketsched", *words])
    with as_anybody(), pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert (ended.value.code, out) == (2, "")
    assert f"error: cannot open {name}\n" in err
