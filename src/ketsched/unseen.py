"""
Characters that nobody sees, and letters that can be written in two ways.

Browsers, spreadsheets and messengers put marks into what they copy: for the direction of a script, for
where a line may break, for the order of bytes. A date, a word or an id with one looks as it does without.
"""

from __future__ import annotations

import re
import unicodedata

UNSEEN = re.compile(
    "[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
"""What has no shape of its own: most are Default_Ignorable_Code_Point (Unicode 4.4, 5.21)."""

_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d", "-"))


def as_seen(text: str) -> str:
    """Return a text without blanks around it and what nobody sees in it, its accents composed (NFC)."""
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFC", UNSEEN.sub("", text)).strip()


def plain_dashes(text: str) -> str:
    """Return a date, a time or an offset with the hyphen of the keyboard for others that look like it."""
    return text if text.isascii() else text.translate(_DASHES)
