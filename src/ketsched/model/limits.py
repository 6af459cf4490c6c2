"""Limits that hold for every value, and the checks that a text and an id can be one."""

from __future__ import annotations

import re

import attrs

from ketsched.errors import InvalidInput

MOST_SESSIONS = 1000
"""Sessions that may ever be booked in one course."""
MOST_COMPANIONS = 10 * MOST_SESSIONS
"""Appointments and tasks that one course may have."""
LONGEST_YEARS = 20
"""Years that one course may last."""
MOST_VISITS = 10 * MOST_SESSIONS
"""Visits that one course may remember, corrected entries included."""
MOST_MINUTES = 24 * 60
MOST_CHAIRS = 1000
"""As many as a calendar may have."""
LONGEST_ID = 255
"""Characters of a session's id: UIDs of calendars that were read have up to 255 octets (RFC 5545 3.8.4.7)."""
PREFERRED_APART = 3
"""Places that a preferred spacing may look back; further, planning would take seconds."""


def check_text(text: object, name: str) -> None:
    """Refuse what no file can hold, without repeating it: it may name somebody."""
    if isinstance(text, str) and text.isascii():
        return
    if not isinstance(text, str) or re.search(r"[\ud800-\udfff]", text):
        raise InvalidInput(
            what=f"{name} is no text, or a text with half a character (a lone surrogate)",
            where=name,
            argument=name,
            why="texts are whole characters, so that every format can hold them",
            fix="write the text again",
        )


def check_booking_id(given: str, what: str, name: str = "id") -> None:
    """Refuse an id that no booking or hold can have, or another name of one that calendars know it by."""
    if not given.strip() or len(given) > LONGEST_ID or re.search(r"[\x00-\x1f\x7f-\x9f]", given):
        raise InvalidInput(
            what=f"this {what} {name} cannot be used",
            where=name,
            argument=name,
            why=f"an id is 1 to {LONGEST_ID} characters, none of them a control character",
            fix='give one such as "s1"',
        )


def whole_text(_: object, attribute: attrs.Attribute[str], text: str) -> None:
    """Check an attribute as `check_text` does; for attrs."""
    check_text(text, attribute.name)
