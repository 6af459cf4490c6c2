"""A calendar server that refuses some events or all, and one that answers without end."""

from __future__ import annotations

import gc
import gzip
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from xml.sax.saxutils import escape

import pytest

import ketsched as ks
from ketsched.errors import CannotWrite
from ketsched.interchange import calendarserver
from ketsched.interchange.caldav import Published, publish
from ketsched.model import Course
from making import WEEKDAYS, clinic

# What is left of a connection that was given up is closed whenever its thread comes to it.
pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning"
)

_PLACE = b"""<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:response>
<d:href>/cal/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/><c:calendar/></d:resourcetype></d:prop>
<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"""
_REFUSAL = {
    "xml": b'<?xml version="1.0"?><d:error xmlns:d="DAV:"><d:message>Anna Example</d:message></d:error>',
    "html": b"<html><body>Anna Example<br></body></html>",
    "nothing": b"",
}


class Refusing(BaseHTTPRequestHandler):
    """Keeps events, but those that it refuses."""

    store: dict[str, str]
    refused: Callable[[str], int]
    said = "xml"

    def _send(self, status: int, body: bytes = b"", etag: str = "") -> None:
        self.send_response(status)
        if etag:
            self.send_header("ETag", etag)
        self.send_header("Content-Type", "text/html" if body.startswith(b"<html") else "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _asked(self) -> str:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()

    def do_PROPFIND(self) -> None:
        self._asked()
        self._send(207, _PLACE)

    def do_REPORT(self) -> None:
        self._asked()
        events = "".join(
            f'<d:response><d:href>{path}</d:href><d:propstat><d:prop><d:getetag>"1"</d:getetag>'
            f"<c:calendar-data>{escape(text)}</c:calendar-data></d:prop>"
            "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
            for path, text in self.store.items()
        )
        head = '<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
        self._send(207, f"{head}{events}</d:multistatus>".encode())

    def do_PUT(self) -> None:
        text = self._asked()
        status = type(self).refused(text)
        if status:
            self._send(status, _REFUSAL[self.said])
        else:
            self.store[self.path] = text
            self._send(201, etag='"1"')

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def serving() -> Iterator[Callable[..., str]]:
    """Start a server of a kind, and return the address of its calendar."""
    started: list[ThreadingHTTPServer] = []

    def start(kind: type[BaseHTTPRequestHandler], **known: Any) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (kind,), known))
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        started.append(server)
        return f"http://127.0.0.1:{server.server_port}/cal/"

    yield start
    for server in started:
        server.shutdown()
        server.server_close()
    gc.collect()


@pytest.fixture(scope="module")
def course() -> Course:
    at = datetime(2026, 12, 1, 9, tzinfo=UTC)
    start, calendar = date(2027, 1, 4), clinic(*WEEKDAYS)
    return ks.plan(ks.load_protocol("iv-mwf-6"), start=start, calendar=calendar, id="A-017", at=at)


def refusing(course: Course, status: int, *names: str) -> Callable[[str], int]:
    """Refuse the events of these bookings; without names all."""
    uids = {one.uid for one in publish_dry(course) if one.booking in names}
    return staticmethod(
        lambda text: status if not names or any(f"\r\nUID:{uid}\r\n" in text for uid in uids) else 0
    )


def publish_dry(course: Course) -> tuple[Published, ...]:
    from ketsched.interchange.ical import resources
    from ketsched.words.wording import Publication

    return tuple(
        Published(one.uid, one.booking, one.title, one.day, "") for one in resources(course, Publication())
    )


@pytest.mark.parametrize("said", _REFUSAL)
@pytest.mark.parametrize("status", [400, 403, 404, 413, 415, 422, 500, 507])
def test_what_is_refused_is_named_and_the_others_are_written(
    serving: Callable[..., str], course: Course, status: int, said: str
) -> None:
    store: dict[str, str] = {}
    url = serving(Refusing, store=store, said=said, refused=refusing(course, status, "s2", "s5"))
    expected = {
        one.booking: "conflict" if one.booking in ("s2", "s5") else "added" for one in publish_dry(course)
    }
    done = publish(course, url)
    assert {one.booking: one.action for one in done} == expected
    refused = [one for one in done if one.action == "conflict"]
    assert {one.why for one in refused} == {f"the server refuses it ({status})"}
    assert len(store) == len(done) - len(refused)
    again = publish(course, url)  # the same, although nothing but what is refused is left to write
    assert {one.action for one in again if one.booking not in ("s2", "s5")} == {"unchanged"}
    assert [one for one in again if one.action == "conflict"] == refused


@pytest.mark.parametrize(
    ("status", "what"),
    [
        (401, "The calendar server rejected the user name or password."),
        (403, "this user may not do that on the server"),
        (404, "the server refuses"),
        (500, "the server refuses"),
    ],
)
def test_a_server_that_takes_nothing_at_all_is_said_to(
    serving: Callable[..., str], course: Course, status: int, what: str
) -> None:
    url = serving(Refusing, store={}, refused=refusing(course, status))
    with pytest.raises(CannotWrite) as caught:
        publish(course, url)
    assert caught.value.what == what
    assert "Anna" not in str(caught.value)


def test_every_event_can_be_wrong_in_itself(serving: Callable[..., str], course: Course) -> None:
    url = serving(Refusing, store={}, refused=refusing(course, 415))
    assert {one.action for one in publish(course, url)} == {"conflict"}


# Answers without end.


class Endless(BaseHTTPRequestHandler):
    """Answers everything in one of the ways in which an answer does not come to an end."""

    way = ""

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.way == "slow head":
            self.wfile.write(b"HTTP/1.1 207 Multi-Status\r\n")
            self._slowly(lambda n: b"X-%d: x\r\n" % n)
            return
        self.send_response(302 if self.way == "redirect" else 401 if self.way == "refusal" else 207)
        self.send_header("Content-Type", "application/xml")
        if self.way == "gzip":
            self.send_header("Content-Encoding", "gzip")
            body = gzip.compress(b" " * (16 * 1024 * 1024))
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        elif self.way in ("slow", "redirect"):
            self.send_header("Location", "/elsewhere/")
            self.send_header("Content-Length", str(10**9))
            self.end_headers()
            self._slowly(lambda _: b" ")
        else:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while True:
                self.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")

    def _slowly(self, piece: Callable[[int], bytes]) -> None:
        for number in range(1000):
            self.wfile.write(piece(number))
            self.wfile.flush()
            time.sleep(0.05)

    do_PROPFIND = answer  # noqa: N815

    def handle(self) -> None:
        with suppress(OSError):  # whoever asked has gone
            super().handle()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    ("way", "what"),
    [
        ("gzip", "the server's answer is too large"),
        ("chunks", "the server's answer is too large"),
        ("refusal", "the server's answer is too large"),
        ("slow", "the server does not come to an end"),
        ("slow head", "the server does not come to an end"),
        ("redirect", "The server pointed to another address; nothing was sent there."),
    ],
)
def test_an_answer_without_end_is_left(
    serving: Callable[..., str], course: Course, monkeypatch: pytest.MonkeyPatch, way: str, what: str
) -> None:
    monkeypatch.setattr(calendarserver, "_LARGEST_ANSWER", 8 * 1024 * 1024)
    if way.startswith("slow"):
        monkeypatch.setattr(calendarserver, "_WHOLE_SECONDS", 1)
    began = time.monotonic()
    with pytest.raises(CannotWrite) as caught:
        publish(course, serving(Endless, way=way))
    assert caught.value.what == what
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(("size", "fits"), [(0, True), (1, False)])
def test_an_answer_may_be_just_so_large(
    serving: Callable[..., str], course: Course, monkeypatch: pytest.MonkeyPatch, size: int, fits: bool
) -> None:
    monkeypatch.setattr(calendarserver, "_LARGEST_ANSWER", len(_PLACE) - size)
    store: dict[str, str] = {}
    url = serving(Refusing, store=store, refused=staticmethod(lambda _: 0))
    if fits:
        assert {one.action for one in publish(course, url, dry_run=True)} == {"added"}
    else:
        with pytest.raises(CannotWrite, match="too large"):
            publish(course, url)
