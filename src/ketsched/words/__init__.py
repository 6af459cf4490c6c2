"""
What people read of a course, by audience, privacy and language: plain text, which each format translates.

`wording` has the words of each language, `telling` what the events of a course say, `telephone`
what one reads out when something changed.
"""

from __future__ import annotations

from ketsched.words.telephone import sentences, voicemail

__all__ = ["sentences", "voicemail"]
