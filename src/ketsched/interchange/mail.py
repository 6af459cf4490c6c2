"""
A mail to a patient as a file (.eml): what has changed or is booked as its text, the page and the calendar attached.

Nothing is sent: a mail program opens the file as a draft, and a person fills in to whom. It names nobody.
"""

from __future__ import annotations

import re
from datetime import UTC
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256

import attrs

from ketsched.agenda import agenda
from ketsched.errors import CannotWrite
from ketsched.interchange import html, ical
from ketsched.interchange.messages import said_of
from ketsched.model import Course
from ketsched.words.naming import name_of_all
from ketsched.words.telling import Telling
from ketsched.words.wording import Audience, Publication

IN_PART = True
"""Whether files of this format can leave out events."""

_ONE_LINE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
"""What no header can hold, or what writes the rest of it backwards."""
_OF_FILES = re.compile(r"[^\w .,-]")
_LONGEST = 80
"""Characters of a file's name (house default)."""
_UNSENT = ("X-Unsent", "1")
"""By which Outlook opens a file as a draft."""


def dumps(course: Course, publication: Publication) -> bytes:
    """
    Return the bytes of a mail; its calendar has what the publication asks for, its page all that is to come.

    Raises:
        CannotWrite: It is for the clinic; or the page or the calendar cannot be written.
    """
    if publication.audience is not Audience.PATIENT:
        raise CannotWrite(
            what="A mail is for the patient.",
            where="audience",
            why="it says what the patient is told, and has the patient's page in it",
            fix='leave audience out, or give audience="patient"',
        )
    telling = Telling(agenda(course), publication)
    title = _ONE_LINE.sub(
        " ", name_of_all(telling.words, course.protocol, named=telling.named, full=telling.full)
    )
    name = _OF_FILES.sub("_", title)[:_LONGEST]
    page = html.dumps(course, attrs.evolve(publication, changes_only=False))
    calendar = ical.dumps(course, publication)
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = title
    at = course.revisions[-1].at
    if at is not None:
        mail["Date"] = format_datetime(at.astimezone(UTC))
    mail[_UNSENT[0]] = _UNSENT[1]
    mail.set_content("\n\n".join((*said_of(telling), telling.decided[0])) + "\n", cte="quoted-printable")
    mail.add_attachment(page.decode(), subtype="html", filename=f"{name}.html", cte="base64")
    mail.add_attachment(calendar.decode(), subtype="calendar", filename=f"{name}.ics", cte="base64")
    mail.set_boundary(sha256(page + calendar).hexdigest()[:32])  # else drawn at random
    return mail.as_bytes()
