"""
Publishing to calendar servers that are not ours, and what a client that is not ours then shows.

Radicale and xandikos are the servers, vdirsyncer with khal the client. The days are those of six
sessions on Monday, Wednesday and Friday from Monday 4 January 2027, 9 to 11 in New York.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import attrs
import icalendar
import keyring
import keyring.backend
import keyring.credentials
import keyring.errors
import pytest
import trustme
from caldav.davclient import DAVClient

import ketsched as ks
from conformance.servers import PASSWORD, SERVERS, USER, Server, running
from ketsched.errors import CannotWrite, InvalidInput
from ketsched.interchange import dumps
from ketsched.interchange.caldav import Published, calendars, credentials, publish
from ketsched.interchange.ical import resources
from ketsched.interchange.identity import session_uid
from ketsched.model import BookingStatus, Course, Session
from ketsched.revising import revise
from ketsched.words.wording import Publication

PLANNED = datetime(2026, 11, 20, 9, tzinfo=UTC)
MISSED = datetime(2027, 1, 11, 20, tzinfo=UTC)
DAYS = [date(2027, 1, day) for day in (4, 6, 8, 11, 13, 15)]
SEVENTH = date(2027, 1, 18)


@pytest.fixture(scope="module", params=SERVERS)
def process(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(request.param, tmp_path_factory.mktemp(request.param)) as server:
        yield server


numbers = count(1)


@pytest.fixture
def server(process: Server) -> Server:
    """An empty calendar of its own for each test."""
    return process.with_calendar(f"appointments-{next(numbers)}")


@pytest.fixture(scope="module")
def course() -> Course:
    clinic = ks.Calendar.weekly("America/New_York", mon="09:00-17:00", wed="09:00-17:00", fri="09:00-17:00")
    planned = ks.plan(ks.load_protocol("iv-mwf-6"), start=DAYS[0], calendar=clinic, id="A-017", at=PLANNED)
    assert [(s.id, s.day) for s in planned.sessions] == list(zip(ids(1, 6), DAYS, strict=True))
    assert {s.time for s in planned.sessions} == {time(9)}
    beside = tuple(c for c in planned.companions if c.id in ("confirm-ride:s3", "response-review:end"))
    assert [c.time is None for c in beside] == [True, False]  # a task and an appointment are enough
    return attrs.evolve(planned, companions=beside)


@pytest.fixture(scope="module")
def later(course: Course) -> Course:
    """The fourth session was missed, and a seventh makes up for it."""
    fourth = course.sessions[3]
    seventh = attrs.evolve(fourth, id="s7", day=SEVENTH, ideal=SEVENTH)
    sessions = [*with_status(course, "s4", BookingStatus.MISSED), seventh]
    return revise(course, at=MISSED, what="replanned", sessions=sessions)


def ids(first: int, last: int) -> list[str]:
    return [f"s{number}" for number in range(first, last + 1)]


def with_status(course: Course, name: str, status: BookingStatus) -> list[Session]:
    return [attrs.evolve(s, status=status) if s.id == name else s for s in course.sessions]


def moved(course: Course, name: str, day: date, at: datetime) -> Course:
    sessions = [attrs.evolve(s, day=day) if s.id == name else s for s in course.sessions]
    return revise(course, at=at, what="moved", sessions=sessions)


def uid(name: str) -> str:
    return session_uid("A-017", name)


def to(server: Server, course: Course, **options: Any) -> tuple[Published, ...]:
    return publish(course, server.url, **server.login, **options)


def actions(done: tuple[Published, ...]) -> dict[str, set[str]]:
    """Return the UIDs of each action."""
    found: dict[str, set[str]] = {}
    for one in done:
        found.setdefault(one.action, set()).add(one.uid)
    return found


def event_of(text: str) -> icalendar.Event:
    (event,) = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert isinstance(event, icalendar.Event)
    return event


def told(component: Any) -> tuple[object, ...]:
    names = ("SUMMARY", "DESCRIPTION", "STATUS", "SEQUENCE", "CLASS", "RELATED-TO")
    values = tuple(str(component.get(name, "")) for name in names)
    return (component["DTSTART"].dt, component["DTEND"].dt, component["DTSTAMP"].dt, *values)


def in_the_whole_file(course: Course) -> dict[str, tuple[object, ...]]:
    found = icalendar.Calendar.from_ical(dumps(course, "ics")).walk("VEVENT")
    return {str(event["UID"]): told(event) for event in found}


def on_server(server: Server) -> dict[str, tuple[object, ...]]:
    """Return what each event says, by UID; two of one UID fail."""
    events = [event_of(text) for _, text in server.files().values()]
    assert len({str(event["UID"]) for event in events}) == len(events)
    return {str(event["UID"]): told(event) for event in events}


def file_of(server: Server, name: str) -> tuple[str, str, str]:
    """Return address, ETag and text of a session's file."""
    ((address, (etag, text)),) = [
        (a, found) for a, found in server.files().items() if event_of(found[1])["UID"] == uid(name)
    ]
    return address, etag, text


def changed_there(server: Server, name: str, change: Callable[[str], str]) -> None:
    """Change a session's event as another program would, which knows nothing of us."""
    address, _, text = file_of(server, name)
    new = change(text)
    assert new != text
    server.put(address, new)


@pytest.mark.parametrize("name", ["a;b", "a b", "x" * 120 + "@example.org"])
def test_an_event_under_the_name_that_another_program_gave_it_is_found_again(
    server: Server, course: Course, name: str
) -> None:
    """It is escaped and folded in the file (RFC 5545 3.1, 3.3.11), and is the same name."""
    sessions = tuple([attrs.evolve(s, uid=name) if s.id == "s1" else s for s in course.sessions])
    kept = attrs.evolve(course, sessions=sessions)
    done = to(server, kept)
    assert [one for one in done if one.action != "added"] == []
    assert set(actions(to(server, kept))) == {"unchanged"}
    assert name in on_server(server)


def test_what_is_published_is_read_back(server: Server, course: Course) -> None:
    done = to(server, course)
    assert actions(done) == {"added": set(in_the_whole_file(course))}
    assert on_server(server) == in_the_whole_file(course)
    with server.client() as client:
        found = client.calendar(url=server.url).get_events()
    assert {str(event.icalendar_component["UID"]) for event in found} == set(in_the_whole_file(course))
    starts = {name: on_server(server)[uid(name)][0] for name in ids(1, 6)}
    nine = [datetime.combine(day, time(14), UTC) for day in DAYS]  # New York is 5 hours behind in January
    assert [start.astimezone(UTC) for start in starts.values() if isinstance(start, datetime)] == nine


def test_each_event_is_a_file_of_its_own_that_tells_nothing(server: Server, course: Course) -> None:
    to(server, course, audience="clinic")
    for address, (_, text) in server.files().items():
        assert address.endswith(f"/{event_of(text)['UID']}.ics")
        assert "METHOD" not in text
        timed = "TZID=America/New_York" in text
        assert text.count("BEGIN:VTIMEZONE") == timed
        for word in ("ketamin", "ketsched", "a-017", "infusion", "depress"):
            assert word not in text.lower()
        assert word not in address


def test_publishing_again_writes_nothing(
    server: Server, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    to(server, course)
    before = server.files()

    def put(*_: object) -> None:
        raise AssertionError("it wrote something")

    monkeypatch.setattr(DAVClient, "put", put)
    assert actions(to(server, course)) == {"unchanged": set(in_the_whole_file(course))}
    assert server.files() == before


def test_a_dry_run_writes_nothing_and_says_what_would_be(server: Server, course: Course) -> None:
    would = to(server, course, dry_run=True)
    assert server.files() == {}
    assert would == to(server, course)


def test_a_later_revision_changes_what_it_changed_and_nothing_else(
    server: Server, course: Course, later: Course
) -> None:
    to(server, course)
    before = server.files()
    done = to(server, later)
    assert actions(done)["updated"] == {uid("s4"), uid("s4/after")}
    assert actions(done)["added"] == {uid("s7"), uid("s7/after")}
    assert set(actions(done)) == {"updated", "added", "unchanged"}
    after = server.files()
    touched = {event_of(text)["UID"] for at, (tag, text) in after.items() if before.get(at, ("",))[0] != tag}
    assert touched == actions(done)["updated"] | actions(done)["added"]
    assert on_server(server) == in_the_whole_file(later)
    missed = event_of(file_of(server, "s4")[2])
    assert (missed["STATUS"], missed["SEQUENCE"], missed["SUMMARY"]) == (
        "CANCELLED",
        1,
        "Appointment (did not take place)",
    )
    assert actions(to(server, later)) == {"unchanged": set(in_the_whole_file(later))}


def test_revisions_that_were_never_published_are_no_obstacle(
    server: Server, course: Course, later: Course
) -> None:
    """What stands there is the first state; the course has since moved on twice."""
    to(server, course)
    twice = moved(moved(later, "s6", date(2027, 1, 20), MISSED), "s6", date(2027, 1, 22), MISSED)
    done = actions(to(server, twice))
    assert done["updated"] == {uid(name) for name in ("s4", "s4/after", "s6", "s6/after")}
    assert "conflict" not in done
    assert on_server(server) == in_the_whole_file(twice)


def test_an_event_under_another_name_is_found(server: Server, course: Course, later: Course) -> None:
    to(server, course)
    address, _, text = file_of(server, "s4")
    server.delete(address)
    other = address.rpartition("/")[0] + "/own%20name.ics"
    server.put(other, text)
    assert actions(to(server, course)) == {"unchanged": set(in_the_whole_file(course))}
    to(server, later)
    assert on_server(server) == in_the_whole_file(later)
    assert "name.ics" in file_of(server, "s4")[0]


def test_events_of_others_stay_as_they_are(server: Server, course: Course) -> None:
    theirs = (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:dentist\r\n"
        "DTSTAMP:20270101T000000Z\r\nDTSTART:20270104T140000Z\r\nSUMMARY:Dentist\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    server.put(f"{server.url}dentist.ics", theirs)
    before = server.files()
    to(server, course)
    after = server.files()
    assert before.items() <= after.items()
    assert len(after) == 1 + len(in_the_whole_file(course))


MOVED = ("T090000", "T100000"), ("T110000", "T120000")


def an_hour_later(text: str) -> str:
    for old, new in MOVED:
        text = text.replace(f"New_York:20270111{old}", f"New_York:20270111{new}")
    return text


CHANGES: dict[str, tuple[Callable[[str], str], str]] = {
    "moved": (an_hour_later, "it was moved there, to Mon 2027-01-11 at 10:00"),
    "longer": (lambda text: text.replace("0111T110000", "0111T113000"), "it was moved there"),
    "cancelled": (
        lambda text: text.replace("STATUS:CONFIRMED", "STATUS:CANCELLED"),
        "it was cancelled there",
    ),
    "not sure": (lambda text: text.replace("STATUS:CONFIRMED", "STATUS:TENTATIVE"), "its status was changed"),
    "moved and counted": (
        lambda text: an_hour_later(text).replace("SEQUENCE:0", "SEQUENCE:1"),
        "it was moved there",
    ),
    "repeated": (
        lambda text: text.replace("SEQUENCE:0", "SEQUENCE:0\nRRULE:FREQ=WEEKLY;COUNT=3"),
        "in a form that cannot be compared",
    ),
}


@pytest.mark.parametrize(
    ("what", "moved_on"), [*((what, False) for what in CHANGES), ("moved", True), ("not sure", True)]
)
def test_what_somebody_changed_there_is_reported_and_left_alone(
    server: Server, course: Course, later: Course, what: str, moved_on: bool
) -> None:
    change, why = CHANGES[what]
    to(server, course)
    changed_there(server, "s4", change)
    before = file_of(server, "s4")
    now = later if moved_on else course
    for _ in range(2):  # it stays a conflict until somebody decides
        done = to(server, now)
        (conflict,) = [one for one in done if one.action == "conflict"]
        assert (conflict.uid, conflict.booking) == (uid("s4"), "s4")
        assert why in conflict.why
        assert file_of(server, "s4") == before
    expected = in_the_whole_file(now)
    assert {k: v for k, v in on_server(server).items() if k != uid("s4")} == {
        k: v for k, v in expected.items() if k != uid("s4")
    }
    decided = to(server, now, overwrite=["s4"])
    assert uid("s4") in actions(decided)["updated"]
    assert on_server(server) == expected
    assert set(actions(to(server, now))) == {"unchanged"}


def test_a_time_that_the_course_had_before_is_a_conflict_if_somebody_went_back_to_it(
    server: Server, course: Course
) -> None:
    """Only with the SEQUENCE of that time is it the event as the course gave it."""
    to(server, course)
    first = file_of(server, "s6")[2]
    now = moved(course, "s6", date(2027, 1, 20), MISSED)
    to(server, now)
    address, _, _ = file_of(server, "s6")
    server.put(address, first.replace("SEQUENCE:0", "SEQUENCE:2"))
    done = actions(to(server, moved(now, "s6", date(2027, 1, 22), MISSED)))
    assert done["conflict"] == {uid("s6")}


def test_what_was_cancelled_there_and_in_the_course_is_no_conflict(
    server: Server, course: Course, later: Course
) -> None:
    to(server, course)
    changed_there(server, "s4", CHANGES["cancelled"][0])
    assert uid("s4") in actions(to(server, later))["updated"]
    assert on_server(server) == in_the_whole_file(later)


def test_what_the_course_follows_afterwards_is_kept_as_it_is_there(server: Server, course: Course) -> None:
    """The patient's own program moved it and counted; the clinic then agreed to the same day."""
    to(server, course)
    changed_there(
        server,
        "s6",
        lambda text: text.replace(":20270115T", ":20270120T").replace("SEQUENCE:0", "SEQUENCE:4"),
    )
    before = file_of(server, "s6")
    done = to(server, moved(course, "s6", date(2027, 1, 20), MISSED))
    assert [one.action for one in done if one.uid == uid("s6")] == ["kept"]
    assert file_of(server, "s6") == before


def test_reminders_that_somebody_changed_stay(server: Server, course: Course) -> None:
    to(server, course)
    changed_there(
        server,
        "s4",
        lambda text: text.replace("TRIGGER:-P1D", "TRIGGER:-P2D").replace(
            "SEQUENCE:0", "SEQUENCE:0\nX-MOZ-LASTACK:20270110T120000Z"
        ),
    )
    before = server.files()
    assert set(actions(to(server, course))) == {"unchanged"}
    assert server.files() == before


def test_other_words_are_given_out(server: Server, course: Course) -> None:
    to(server, course)
    done = to(server, course, privacy="named")
    assert "conflict" not in actions(done)
    assert uid("s1") in actions(done)["updated"]
    assert event_of(file_of(server, "s1")[2])["SUMMARY"] == "Treatment session 1 of 6"
    assert set(actions(to(server, course, privacy="named"))) == {"unchanged"}


def test_what_was_deleted_there_is_added_again_unless_it_is_cancelled(server: Server, later: Course) -> None:
    to(server, later)
    assert uid("s4") not in on_server(server)  # cancelled, and nobody there had ever heard of it
    server.delete(file_of(server, "s5")[0])
    done = actions(to(server, later))
    assert done["added"] == {uid("s5")}
    assert done["kept"] == {uid("s4"), uid("s4/after")}


def test_of_two_who_publish_at_once_neither_undoes_the_other(
    server: Server, course: Course, later: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    to(server, course)
    plain = DAVClient.put
    meanwhile = [
        lambda: changed_there(server, "s4", an_hour_later),  # between our reading and our writing
        lambda: server.put(f"{server.url}{uid('s7')}.ics", dumps_of(later, "s7")),
    ]

    def put(client: DAVClient, url: str, body: str, headers: Any = None) -> Any:
        if meanwhile and body.count(f"UID:{uid('s4')}\r\n"):
            for change in (meanwhile.pop() for _ in range(2)):
                change()
        return plain(client, url, body, headers)

    def dumps_of(whole: Course, name: str) -> str:
        found = [r for r in resources(whole, Publication()) if r.uid == uid(name)]
        return found[0].content.decode()

    monkeypatch.setattr(DAVClient, "put", put)
    done = to(server, later)
    assert not meanwhile
    assert actions(done)["conflict"] == {uid("s4"), uid("s7")}
    assert {one.why for one in done if one.action == "conflict"} == {
        "somebody changed it there in the meantime",
        "somebody put it there in the meantime",
    }
    assert "T100000" in file_of(server, "s4")[2]
    assert actions(to(server, later))["conflict"] == {uid("s4")}  # s7 is as the course has it


KILLED = """
import os, sys
from pathlib import Path
from caldav.davclient import DAVClient
import ketsched as ks
from ketsched.interchange.caldav import publish

path, url, user, password, number, sent = sys.argv[1:]
left, plain = int(number), DAVClient.put

def put(client, *given):
    global left
    left -= 1
    if left < 0:
        if sent == "sent":
            plain(client, *given)
        os._exit(9)
    return plain(client, *given)

DAVClient.put = put
publish(ks.read(path), url, username=user or None, password=password or None)
"""


@pytest.mark.parametrize("sent", ["sent", "not sent"])
@pytest.mark.parametrize("number", [0, 1, 3])
def test_a_run_that_was_killed_is_finished_by_the_next(
    server: Server, course: Course, later: Course, tmp_path: Path, number: int, sent: str
) -> None:
    to(server, course)
    ks.write(later, tmp_path / "course.json")
    login = [server.login.get("username", ""), server.login.get("password", "")]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path / "course.json", server.url, *login, str(number), sent],
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert killed.returncode == 9, killed.stderr.decode()
    done = actions(to(server, later))
    written = len(done.get("updated", ())) + len(done.get("added", ()))
    assert written == 4 - number - (sent == "sent")  # s4, s7 and the days after them
    assert "conflict" not in done
    assert on_server(server) == in_the_whole_file(later)


def test_a_connection_that_breaks_off_says_how_far_it_came(
    server: Server, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, calls = DAVClient.put, count()

    def put(client: DAVClient, *given: Any) -> Any:
        if next(calls) == 5:
            raise ConnectionResetError("Anna Example has an appointment")
        return plain(client, *given)

    monkeypatch.setattr(DAVClient, "put", put)
    with pytest.raises(CannotWrite) as caught:
        to(server, course)
    assert "5 events were written before, and the next run goes on from there" in caught.value.fix
    assert "Anna" not in str(caught.value)
    assert caught.value.__suppress_context__
    assert len(server.files()) == 5
    to(server, course)
    assert on_server(server) == in_the_whole_file(course)


def test_the_calendars_of_a_user_are_found(server: Server, course: Course) -> None:
    found = calendars(server.root, **server.login)
    assert server.url in found
    with pytest.raises(CannotWrite) as caught:
        publish(course, server.root, **server.login)
    assert caught.value.what == "this is not a calendar for events"
    assert "calendars(url)" in caught.value.fix


def test_a_calendar_that_is_not_there_is_not_made(server: Server, course: Course) -> None:
    missing = f"{server.url.rstrip('/')}-missing/"
    with pytest.raises(CannotWrite) as caught:
        publish(course, missing, **server.login)
    assert caught.value.what == "there is no such calendar"
    assert caught.value.where == missing


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running("radicale", tmp_path_factory.mktemp("asks")) as server:
        yield server.with_calendar("appointments")


@pytest.mark.parametrize(
    "login", [{"username": USER, "password": "wrong horse"}, {"username": "nobody", "password": PASSWORD}, {}]
)
def test_nobody_gets_in_with_the_wrong_password(
    radicale: Server, course: Course, login: dict[str, Any]
) -> None:
    with pytest.raises(CannotWrite) as caught:
        publish(course, radicale.url, **login)
    assert caught.value.what == "The calendar server rejected the user name or password."
    assert "horse" not in str(caught.value)
    assert radicale.files() == {}


def test_a_calendar_of_somebody_else_is_refused(radicale: Server, course: Course) -> None:
    with pytest.raises(CannotWrite) as caught:
        publish(course, f"{radicale.root}doctor/appointments/", **radicale.login)
    assert caught.value.what == "this user may not do that on the server"


def test_a_server_that_is_not_there_is_said_to_be_so(course: Course) -> None:
    with pytest.raises(CannotWrite) as caught:
        publish(course, "http://127.0.0.1:9/nurse/appointments/")
    assert caught.value.what == "the server cannot be reached"


def test_a_certificate_is_checked(course: Course, tmp_path: Path) -> None:
    signer = trustme.CA()
    signed = tmp_path / "server.pem"
    signer.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(signed)
    trusted = tmp_path / "ca.pem"
    signer.cert_pem.write_to_path(trusted)
    another = tmp_path / "another.pem"
    trustme.CA().cert_pem.write_to_path(another)
    with running("radicale", tmp_path / "server", certificate=signed, trust=trusted) as process:
        server = process.with_calendar("appointments")
        for verify in (True, another):
            with pytest.raises(CannotWrite) as caught:
                to(server, course, verify=verify)
            assert caught.value.what == "the server's certificate is not trusted"
        assert server.files() == {}
        to(server, course, verify=trusted)
        assert on_server(server) == in_the_whole_file(course)


class Answering(BaseHTTPRequestHandler):
    """Gives the same answer to everything."""

    status, headers_given, body = 500, dict[str, str](), b""
    asked: list[str]

    def answer(self) -> None:
        self.asked.append(f"{self.command} {self.path} {self.headers.get('Authorization', '')}")
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(self.status)
        for name, value in {**self.headers_given, "Content-Length": str(len(self.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.body)

    do_PROPFIND = do_REPORT = do_PUT = do_GET = answer  # noqa: N815 - named by the standard library

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def answering() -> Iterator[Callable[..., tuple[str, list[str]]]]:
    """A server of our own that says something odd: give it status, headers and body."""
    started: list[HTTPServer] = []

    def start(status: int, headers: dict[str, str], body: bytes = b"") -> tuple[str, list[str]]:
        asked: list[str] = []
        known = {"status": status, "headers_given": headers, "body": body, "asked": asked}
        server = HTTPServer(("127.0.0.1", 0), type("Handler", (Answering,), known))
        Thread(target=server.serve_forever, daemon=True).start()
        started.append(server)
        return f"http://127.0.0.1:{server.server_port}/appointments/", asked

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


def test_nothing_follows_a_server_that_points_elsewhere(
    answering: Callable[..., tuple[str, list[str]]], course: Course
) -> None:
    elsewhere, asked_there = answering(500, {})
    for status in (301, 302, 307, 308):
        url, asked = answering(status, {"Location": elsewhere})
        with pytest.raises(CannotWrite) as caught:
            publish(course, url, username=USER, password=PASSWORD)
        assert caught.value.what == "The server pointed to another address; nothing was sent there."
        assert len(asked) == 1
    assert asked_there == []


XML = {"Content-Type": "text/xml; charset=utf-8"}


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (500, {}, b"Anna Example"),
        (503, {"Retry-After": "1"}, b""),
        (200, {"Content-Type": "text/html"}, b"<html><body>Anna Example</body></html>"),
        (207, XML, b"<d:multistatus xmlns:d='DAV:'><broken>Anna Example"),
        (207, XML, b""),
        (401, {"WWW-Authenticate": "Negotiate"}, b""),
        (405, {}, b""),
    ],
)
def test_odd_answers_are_told_in_four_parts_and_without_their_text(
    answering: Callable[..., tuple[str, list[str]]],
    course: Course,
    status: int,
    headers: dict[str, str],
    body: bytes,
) -> None:
    url, _ = answering(status, headers, body)
    with pytest.raises(CannotWrite) as caught:
        publish(course, url, username=USER, password=PASSWORD)
    assert caught.value.where == url
    assert caught.value.why
    assert caught.value.fix
    assert "Anna" not in str(caught.value)
    assert PASSWORD not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("http://cal.example.org/a/", "the address begins with http://"),
        ("http://localhost.example.org/a/", "the address begins with http://"),
        ("http://127.0.0.1@cal.example.org/a/", "the address has a user or a password in it"),
        ("https://nurse:horse@cal.example.org/a/", "the address has a user or a password in it"),
        ("https://nurse@cal.example.org/a/", "the address has a user or a password in it"),
        ("https://cal.example.org/a/?token=horse", "the address has a query in it"),
        ("https://cal.example.org/a/#horse", "the address has a query in it"),
        ("https:///a/", "this is not the address of a calendar"),
        ("https://cal.example.org:99999999/", "this is not the address of a calendar"),
        ("https://cal.example.org:horse/", "this is not the address of a calendar"),
        ("https://cal.example.org/a b/", "this is not the address of a calendar"),
        ("https://cal.example.org\\@evil.example.org/", "this is not the address of a calendar"),
        ("ftp://cal.example.org/a/", "this is not the address of a calendar"),
        ("file:///horse", "this is not the address of a calendar"),
        ("cal.example.org", "this is not the address of a calendar"),
        ("", "this is not the address of a calendar"),
    ],
)
def test_addresses_that_are_refused(course: Course, url: str, what: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        publish(course, url)
    assert caught.value.what == what
    assert "horse" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://localhost:9/a", "http://127.0.0.1:9/a", "http://[::1]:9/a"])
def test_on_this_machine_http_will_do(course: Course, url: str) -> None:
    with pytest.raises(CannotWrite) as caught:
        publish(course, url)
    assert caught.value.what == "the server cannot be reached"
    assert caught.value.where == f"{url}/"


def test_a_certificate_cannot_be_left_unchecked(course: Course, tmp_path: Path) -> None:
    for verify in (False, tmp_path / "none.pem"):
        with pytest.raises(InvalidInput) as caught:
            publish(course, "https://cal.example.org/a/", verify=verify)
        assert caught.value.where.startswith(("verify", str(tmp_path)))


def test_without_the_package_it_says_how_to_get_it(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "caldav.davclient", None)
    with pytest.raises(CannotWrite) as caught:
        publish(course, "https://cal.example.org/a/")
    assert caught.value.fix == 'pip install "ketsched[caldav]"'


def test_a_course_without_an_id_is_not_published(radicale: Server, course: Course) -> None:
    with pytest.raises(CannotWrite) as caught:
        to(radicale, attrs.evolve(course, id=None))
    assert caught.value.what == "This course has no id."


class Keyring(keyring.backend.KeyringBackend):
    """Holds one password."""

    priority = 1

    def get_password(self, service: str, username: str) -> str | None:
        return "kept horse" if (service, username) == ("cal.example.org", "nurse") else None

    def get_credential(
        self, service: str, username: str | None
    ) -> keyring.credentials.SimpleCredential | None:
        found = self.get_password(service, username or "nurse")
        return keyring.credentials.SimpleCredential(username or "nurse", found) if found else None

    def set_password(self, *_: str) -> None:
        raise AssertionError

    def delete_password(self, *_: str) -> None:
        raise AssertionError


class Locked(Keyring):
    """Does not open."""

    def get_password(self, *_: str) -> str | None:
        raise keyring.errors.KeyringLocked


USER_GIVEN, BOTH_GIVEN = (
    {"KETSCHED_CALDAV_USER": "nurse"},
    {"KETSCHED_CALDAV_USER": "doctor", "KETSCHED_CALDAV_PASSWORD": "horse"},
)


@pytest.mark.parametrize(
    ("kept", "environ", "url", "expected"),
    [
        (Keyring, BOTH_GIVEN, "https://cal.example.org/a/", ("doctor", "horse")),
        (Keyring, {}, "https://cal.example.org:8443/a/", ("nurse", "kept horse")),
        (Keyring, USER_GIVEN, "https://CAL.example.org/a/", ("nurse", "kept horse")),
        (Keyring, {"KETSCHED_CALDAV_USER": "doctor"}, "https://cal.example.org/a/", ("doctor", None)),
        (Keyring, {}, "https://other.example.org/a/", (None, None)),
        (Keyring, {}, "nonsense", (None, None)),
        (Locked, USER_GIVEN, "https://cal.example.org/a/", ("nurse", None)),
        (None, USER_GIVEN, "https://cal.example.org/a/", ("nurse", None)),
    ],
)
def test_where_user_and_password_come_from(
    kept: type[Keyring] | None,
    environ: dict[str, str],
    url: str,
    expected: tuple[str | None, str | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if kept is None:
        monkeypatch.setitem(sys.modules, "keyring", None)
    else:
        monkeypatch.setattr(keyring, "get_credential", kept().get_credential)
    assert credentials(url, environ) == expected


# A client that is not ours


@attrs.frozen
class Phone:
    """A client: vdirsyncer fetches the calendar, khal shows it."""

    folder: Path

    @classmethod
    def with_calendar(cls, server: Server, folder: Path) -> Phone:
        (folder / "phone").mkdir()
        login = "\n".join(f'{name} = "{value}"' for name, value in server.login.items())
        (folder / "vdirsyncer").write_text(
            f"""[general]
status_path = "{folder}/status/"
[pair appointments]
a = "server"
b = "phone"
collections = null
[storage server]
type = "caldav"
url = "{server.url}"
{login}
[storage phone]
type = "filesystem"
path = "{folder}/phone"
fileext = ".ics"
""",
            encoding="utf-8",
        )
        (folder / "khal").write_text(
            textwrap.dedent(f"""
            [calendars]
            [[phone]]
            path = {folder}/phone
            [locale]
            timeformat = %H:%M
            dateformat = %Y-%m-%d
            longdateformat = %Y-%m-%d
            datetimeformat = %Y-%m-%d %H:%M
            longdatetimeformat = %Y-%m-%d %H:%M
            local_timezone = America/New_York
            default_timezone = America/New_York
            [sqlite]
            path = {folder}/khal.db
            """),
            encoding="utf-8",
        )
        phone = cls(folder)
        phone.run("vdirsyncer", "discover")
        return phone

    def run(self, program: str, *words: str) -> str:
        done = subprocess.run(
            [Path(sys.executable).parent / program, "-c", self.folder / program, *words],
            env={**os.environ, "HOME": str(self.folder)},
            capture_output=True,
            check=False,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def shown(self) -> list[str]:
        """Fetch what is new, and return what the calendar shows: UID, start, state and title."""
        self.run("vdirsyncer", "sync")
        form = "{uid}|{start}|{status}{title}"
        days = ("2026-12-01", "2027-12-31")
        lines = self.run("khal", "list", "--day-format", "", "--format", form, *days).splitlines()
        return [line.strip() for line in lines if line.strip()]


def test_a_client_shows_each_session_once_before_and_after_a_missed_one(
    server: Server, course: Course, later: Course, tmp_path: Path
) -> None:
    """Plan, sync, miss one, plan anew, sync: nothing is there twice, nothing is lost."""
    to(server, course)
    phone = Phone.with_calendar(server, tmp_path)

    def sessions(shown: list[str], *names: str) -> list[str]:
        known = [uid(name) for name in names]
        return [line.partition("|")[2] for name in known for line in shown if line.startswith(name)]

    first = phone.shown()
    assert len(first) == len({line.partition("|")[0] for line in first}) == len(in_the_whole_file(course))
    assert sessions(first, *ids(1, 6)) == [f"{day} 09:00|CONFIRMED Appointment" for day in DAYS]

    to(server, later)
    second = phone.shown()
    assert len(second) == len({line.partition("|")[0] for line in second}) == len(in_the_whole_file(later))
    assert sessions(second, "s1", "s2", "s3", "s5", "s6", "s7") == [
        f"{day} 09:00|CONFIRMED Appointment" for day in (*DAYS[:3], *DAYS[4:], SEVENTH)
    ]
    assert sessions(second, "s4") == ["2027-01-11 09:00|CANCELLED Appointment (did not take place)"]
    assert sessions(second, "s4/after") == ["2027-01-12|CANCELLED Canceled: After your appointment"]
    assert sessions(second, "s7/after") == [f"{SEVENTH + timedelta(1)}|CONFIRMED After your appointment"]
    others = {line for line in first if not line.startswith((uid("s4"), uid("s4/after")))}
    assert others <= set(second)

    to(server, later)
    assert phone.shown() == second
