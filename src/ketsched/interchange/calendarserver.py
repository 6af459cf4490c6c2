"""
The way to a calendar server: its address, who asks, and what goes wrong on the way.

Nothing goes where the caller did not say, unencrypted or past a certificate that is not trusted. An answer
of the server is never repeated, because it may name a patient.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from ketsched.errors import CannotWrite, InvalidInput

if TYPE_CHECKING:
    from caldav.davclient import DAVClient
    from niquests import Response

_HERE = ("localhost", "127.0.0.1", "::1")
"""Hosts to which nothing travels over a network."""

_SECONDS = 30
"""That a server may say nothing at all (house default)."""

_WHOLE_SECONDS = 60
"""That one answer may take from asking to its last byte (house default)."""

_LARGEST_ANSWER = 32 * 1024 * 1024
"""Bytes that one answer may have, once it is unpacked (house default)."""


def host_of(url: str) -> str:
    """Return the name of the server in an address; empty if there is none."""
    written = re.match(r"[a-z]+://(?:[^/?#]*@)?(\[[^\]/]*\]|[^/?#:@]*)", url.strip(), re.IGNORECASE)
    return written[1].strip("[]").lower() if written else ""


def shown(url: str) -> str:
    """Return an address without what may be secret in it: user, password, query."""
    return re.sub(r"^([a-z]+://)[^/?#]*@", r"\1", re.sub(r"[?#].*", "", url.strip()), flags=re.IGNORECASE)[
        :200
    ]


def _checked(url: str, *, insecure: bool) -> str:
    """Return the address with a slash at its end, or say what is wrong with it."""
    given, told = url.strip(), shown(url)
    scheme = given.partition("://")[0].lower()
    host = host_of(given)
    authority = re.match(r"[a-z]+://([^/?#]*)", given, re.IGNORECASE)
    port = (
        re.fullmatch(r"(?:.*@)?(?:\[[^\]]*\]|[^:\[\]]+)(?::(\d{1,5}))?", authority[1]) if authority else None
    )
    if (
        scheme not in ("https", "http")
        or not host
        or port is None
        or re.search(r"[\s\x00-\x1f\x7f\\]", given)
    ):
        raise InvalidInput(
            what="this is not the address of a calendar",
            where="url",
            why="it begins with https:// and names a server and a calendar on it",
            fix="give one such as https://cal.example.org/nurse/appointments/",
        )
    if authority is not None and "@" in authority[1]:
        raise InvalidInput(
            what="the address has a user or a password in it",
            where=told,
            why="addresses are shown, kept and logged in many places",
            fix="take it out, and give user and password apart: username= and password=, or KETSCHED_CALDAV_USER and "
            "KETSCHED_CALDAV_PASSWORD and the keyring on the command line",
        )
    if re.search(r"[?#]", given):
        raise InvalidInput(
            what="the address has a query in it",
            where=told,
            why="a calendar on a server is a folder of events, and its address ends with a slash",
            fix="copy the CalDAV address of the calendar, not that of a page or a feed",
        )
    if scheme == "http" and host not in _HERE and not insecure:
        raise InvalidInput(
            what="the address begins with http://",
            where=told,
            why="user, password and events would travel unencrypted",
            fix="use https://; from Python insecure=True allows it if nobody is between this machine and the server",
        )
    return given if given.endswith("/") else f"{given}/"


@contextmanager
def connected(
    url: str, username: str | None, password: str | None, verify: bool | str | Path, *, insecure: bool
) -> Iterator[DAVClient]:
    """Connect to a server; what goes wrong is raised as our errors."""
    address = _checked(url, insecure=insecure)
    if verify is False:
        raise InvalidInput(
            what="verify=False",
            where="verify",
            why="a server whose certificate is not checked may be anybody",
            fix="give the path of the certificate that it has, or of the one that signed it",
        )
    if verify is not True and not Path(verify).is_file():
        raise InvalidInput(
            what="there is no file of certificates",
            where=str(verify)[:200],
            why="the server's certificate is checked against those in it",
            fix="give the path of a file in PEM form, or leave verify out",
        )
    try:
        from caldav.davclient import DAVClient
    except ImportError:
        raise CannotWrite(
            what="the caldav package is not installed",
            where=shown(url),
            why="it speaks to calendar servers, and not everybody needs it",
            fix='pip install "ketsched[caldav]"',
        ) from None
    client = DAVClient(
        url=address,
        username=username,
        password=password,
        timeout=_SECONDS,
        ssl_verify_cert=verify if isinstance(verify, bool) else str(verify),
        enable_rfc6764=False,  # nothing is asked of the DNS but the host's address
    )
    session: Any = client.session
    session.trust_env = False  # no .netrc, no proxies: what is not given is not used
    session.get_redirect_target = lambda _: (
        None
    )  # nothing goes where the caller did not say, nor is that read
    session.request = _bounded(session.request, shown(address))
    try:
        with server_errors(shown(address)):
            yield client
    finally:
        client.close()


def _bounded(ask: Callable[..., Response], where: str) -> Callable[..., Response]:
    """
    Return a session's `request` that reads no more and waits no longer than a calendar is worth.

    What the session does cannot be stopped from outside while the server keeps it waiting, so it is done beside,
    and left alone when its time is over.
    """

    def asking(*given: object, **more: object) -> Response:
        found: list[Response | BaseException] = []
        over = Event()

        def ask_and_read() -> None:
            try:
                answer = ask(*given, **more, stream=True, allow_redirects=False)
                found.append(_read_whole(answer, over, where))
            except BaseException as fault:  # told by whoever waits for it
                found.append(fault)

        beside = Thread(target=ask_and_read, daemon=True)
        beside.start()
        try:
            beside.join(_WHOLE_SECONDS)
        finally:
            over.set()
        if not found:
            raise CannotWrite(
                what="the server does not come to an end",
                where=where,
                why=f"its answer took more than {_WHOLE_SECONDS} seconds",
                fix="try again later, or ask whoever runs it",
            )
        if isinstance(found[0], BaseException):
            raise found[0]
        return found[0]

    return asking


def _read_whole(answer: Response, over: Event, where: str) -> Response:
    """Return an answer with all that it says read, unless that is too much; one that points elsewhere is refused."""
    from caldav.lib import http_sync

    if answer.is_redirect or answer.is_permanent_redirect:
        answer.close()
        raise http_sync.requests.exceptions.TooManyRedirects
    body = bytearray()
    for piece in answer.iter_content(64 * 1024):
        body += piece
        if over.is_set() or len(body) > _LARGEST_ANSWER:
            answer.close()
            raise CannotWrite(
                what="the server's answer is too large",
                where=where,
                why=f"answers may have {_LARGEST_ANSWER // 1024**2} MiB, which is more than a calendar of courses has",
                fix="check the address; give a calendar that holds nothing else",
            )
    # The packages that speak HTTP have no other way to say that an answer was read: requests and niquests alike.
    answer._content, answer._content_consumed = bytes(body), True
    return answer


_NOT_ALLOWED = (
    "this user may not do that on the server",
    "the server refuses it (403)",
    "ask whoever runs it for the right to write to this calendar, or check the address",
)


def not_allowed(where: str) -> CannotWrite:
    """Return the error of a user who has no right to write."""
    what, why, fix = _NOT_ALLOWED
    return CannotWrite(what=what, where=where, why=why, fix=fix)


@contextmanager
def server_errors(where: str) -> Iterator[None]:
    """Translate what goes wrong between here and the server; never repeat the response, which may name a patient."""
    from caldav.lib import error, http_sync

    faults = http_sync.requests.exceptions
    ours: tuple[tuple[Any, str, str, str], ...] = (
        (error.AuthorizationError, *_NOT_ALLOWED),
        (
            faults.TooManyRedirects,
            "The server pointed to another address; nothing was sent there.",
            "events go only where they were sent",
            "use that address if you trust it",
        ),
        (
            faults.SSLError,
            "the server's certificate is not trusted",
            "without that anybody could pass for the server",
            "check the address; if the server has a certificate of its own, give its file: verify=",
        ),
        (
            faults.Timeout,
            "the server does not answer",
            f"it took more than {_SECONDS} seconds",
            "try again later",
        ),
        (
            (faults.RequestException, OSError),
            "the server cannot be reached",
            "no connection to it could be made or kept",
            "check the address and the network, and try again",
        ),
        (
            (error.DAVError, NotImplementedError, SyntaxError),  # the last is what its XML parser raises
            "the server's answer cannot be used",
            "it is not what a calendar server says",
            "check the address, and try again later",
        ),
    )
    try:
        yield
    except (error.DAVError, faults.RequestException, OSError, NotImplementedError, SyntaxError) as fault:
        what, why, fix = next(words for kinds, *words in ours if isinstance(fault, kinds))
        if isinstance(fault, error.AuthorizationError) and fault.status == 401:
            what, why = (
                "The calendar server rejected the user name or password.",
                "one of them is missing or wrong",
            )
            fix = "check them; on the command line KETSCHED_CALDAV_USER and KETSCHED_CALDAV_PASSWORD, or the keyring"
        raise CannotWrite(what=what, where=where, why=why, fix=fix) from None
