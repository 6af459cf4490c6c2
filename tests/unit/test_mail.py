"""A mail as a file: read by Python's own reader, with the page and the calendar that are written by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import attrs
import pytest

import ketsched as ks
from ketsched import follow
from ketsched.errors import CannotWrite
from ketsched.languages import Contact
from making import clinic, jan

AT, LATER = datetime(2026, 12, 1, 9, tzinfo=UTC), datetime(2027, 1, 5, 9, tzinfo=UTC)
LONDON = clinic(zone="Europe/London")


def course() -> ks.Course:
    planned = ks.plan(
        ks.load_protocol("iv-mwf-6"), start=jan(4), calendar=LONDON, time=time(10), id="G", at=AT
    )
    return attrs.evolve(planned, contact=Contact(telephone="020 7946 0018"))


def read(held: ks.Course, **options: Any) -> EmailMessage:
    found = message_from_bytes(ks.dumps(held, "eml", **options), policy=default)
    assert isinstance(found, EmailMessage)
    return found


def attached(mail: EmailMessage) -> dict[str, tuple[str, bytes]]:
    return {
        str(part.get_filename()): (part.get_content_type(), bytes(part.get_payload(decode=True) or b""))
        for part in mail.iter_attachments()
    }


@pytest.mark.parametrize("options", [{}, {"privacy": "named"}, {"language": "de"}])
def test_the_page_and_the_calendar_are_those_that_are_written_by_themselves(options):
    parts = attached(read(course(), **options))
    assert [kind for kind, _ in parts.values()] == ["text/html", "text/calendar"]
    page, calendar = (content.replace(b"\r\n", b"\n") for _, content in parts.values())
    assert page == ks.dumps(course(), "html", **options)
    assert calendar == ks.dumps(course(), "ics", **options).replace(b"\r\n", b"\n")


def test_its_text_says_what_changed():
    moved = follow.move(course(), "s6", jan(18), calendar=LONDON, at=LATER)
    body = read(moved).get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n").split("\n\n") == [
        "Your appointment on Friday 15 January at 10:00 has moved. It is now on Monday 18 January, at the same time.",
        "Please tell the person taking you home about the change.",
        "Your other appointments stay as they are.",
        "Times may change. If you cannot come or are unsure, please call 020 7946 0018.\n",
    ]


def test_it_is_a_draft_that_names_nobody_and_tells_nothing():
    mail, content = read(course()), ks.dumps(course(), "eml")
    assert {name.casefold() for name in mail.keys()} == {  # noqa: SIM118 - a message, no dictionary
        *("subject", "date", "x-unsent", "mime-version", "content-type"),
    }
    assert (mail["Subject"], mail["X-Unsent"], mail["Date"].datetime) == ("Appointments", "1", AT)
    assert list(attached(mail)) == ["Appointments.html", "Appointments.ics"]
    everything = content + b"".join(part for _, part in attached(mail).values())
    for secret in (b"ketamin", b"infusion", b"treatment", b"ketsched", b"of 6"):
        assert secret not in everything.lower()


def test_the_same_course_gives_the_same_bytes():
    assert ks.dumps(course(), "eml") == ks.dumps(course(), "eml")


def test_a_title_makes_no_header_and_no_other_file_name():
    evil = "../x\r\nBcc: a@example.org"
    held = attrs.evolve(course(), protocol=attrs.evolve(course().protocol, title=evil))
    mail = read(held, privacy="full")
    assert mail["Bcc"] is None
    assert list(attached(mail)) == [".._x Bcc_ a_example.org.html", ".._x Bcc_ a_example.org.ics"]


def test_none_is_for_the_clinic():
    with pytest.raises(CannotWrite, match="for the patient"):
        ks.dumps(course(), "eml", audience="clinic")
