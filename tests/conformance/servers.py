"""Calendar servers that are not ours, each a process of its own on this machine, for as long as a test lasts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import monotonic
from typing import Any

import attrs
from caldav.davclient import DAVClient

USER, PASSWORD = "nurse", "correct horse"
SERVERS = ("radicale", "xandikos")

_CALENDAR = """<?xml version="1.0" encoding="utf-8"?>
<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop>
<c:supported-calendar-component-set><c:comp name="VEVENT"/></c:supported-calendar-component-set>
</d:prop></d:set></c:mkcalendar>"""

_EVERYTHING = """<?xml version="1.0" encoding="utf-8"?>
<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">
<d:prop><d:getetag/><c:calendar-data/></d:prop>
<c:filter><c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>"""


@attrs.frozen
class Server:
    """
    A server, and one calendar on it.

    Attributes:
        url: Of the calendar; of the folder of calendars before there is one.
        root: Of the server.
        login: What `publish` and the package are given to get in.
        trust: File of the certificate that it is known by, if not by those of the machine.
    """

    url: str
    root: str
    login: dict[str, Any]
    trust: Path | None = None

    def with_calendar(self, name: str) -> Server:
        """Make an empty calendar, and return the server with that."""
        made = attrs.evolve(self, url=f"{self.url}{name}/")
        with self.client() as client:
            answer = client.mkcalendar(made.url, _CALENDAR)
            assert answer.status == 201, answer.status
        return made

    @contextmanager
    def client(self) -> Iterator[DAVClient]:
        """Have a connection that is not ours."""
        trusted: bool | str = str(self.trust) if self.trust else True
        with DAVClient(url=self.root, enable_rfc6764=False, ssl_verify_cert=trusted, **self.login) as client:
            client.session.trust_env = False
            yield client

    def files(self) -> dict[str, tuple[str, str]]:
        """Return what the calendar holds: ETag and text of each file, by its address."""
        with self.client() as client:
            found = client.report(self.url, _EVERYTHING, depth=1).parse_calendar_query()
            return {
                str(client.url.join(event.href)): (str(event.etag), str(event.calendar_data))
                for event in found
            }

    def put(self, address: str, text: str) -> None:
        """Write a file as another program would, over whatever is there."""
        with self.client() as client:
            answer = client.put(address, text, {"Content-Type": "text/calendar; charset=utf-8"})
            assert answer.status in (200, 201, 204), answer.status

    def delete(self, address: str) -> None:
        """Take a file away."""
        with self.client() as client:
            assert client.delete(address).status in (200, 204)


@contextmanager
def running(
    name: str, folder: Path, *, certificate: Path | None = None, trust: Path | None = None
) -> Iterator[Server]:
    """
    Run a server, without the calendar that a test wants.

    Args:
        name: One of SERVERS; Radicale asks for user and password.
        folder: For all that it keeps.
        certificate: File of key and certificate, for Radicale over https.
        trust: File of the certificate that signed it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    login = {"username": USER, "password": PASSWORD} if name == "radicale" else {}
    command = _radicale(folder, port, certificate) if name == "radicale" else _xandikos(folder, port)
    scheme = "https" if certificate else "http"
    host = "localhost" if certificate else "127.0.0.1"
    root = f"{scheme}://{host}:{port}/"
    home = f"{root}{USER}/" if name == "radicale" else f"{root}user/calendars/"
    log = folder / "log"
    with log.open("wb") as stream:  # not a pipe: it would fill, and the server wait for a reader
        process = subprocess.Popen(
            command, stdout=stream, stderr=stream, env={**os.environ, "HOME": str(folder)}
        )
    try:
        _until_ready(process, port, log)
        yield Server(home, root, login, trust)
    finally:
        process.kill()
        process.wait()


def _until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until a server takes connections: one says that it listens before it does."""
    until = monotonic() + 60
    while monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.05)
            break
    raise AssertionError(f"it does not listen:\n{log.read_text(encoding='utf-8')}")


def _radicale(folder: Path, port: int, certificate: Path | None) -> list[str]:
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n", encoding="utf-8")
    secured = f"ssl = True\ncertificate = {certificate}\nkey = {certificate}" if certificate else ""
    (folder / "config").write_text(
        f"""[server]
hosts = 127.0.0.1:{port}
{secured}
[auth]
type = htpasswd
htpasswd_filename = {folder / "users"}
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder / "kept"}
""",
        encoding="utf-8",
    )
    return [sys.executable, "-m", "radicale", "--config", str(folder / "config")]


def _xandikos(folder: Path, port: int) -> list[str]:
    kept = folder / "kept"
    kept.mkdir()
    program = [str(Path(sys.executable).parent / "xandikos"), "serve"]
    return [
        *program,
        "-d",
        str(kept),
        "--defaults",
        "-l",
        "127.0.0.1",
        "-p",
        str(port),
        "--no-detect-systemd",
    ]
