"""
Every line that people read, in each language; how they write days, hours and lists; and what a clinic has of its own.

`Words` is the one table of a language: en.toml, es.toml and de.toml beside this have the same keys and the
same placeholders. A clinic may have lines of its own instead of any of them.
"""

from __future__ import annotations

from ketsched.languages.contact import NO_CONTACT, Contact, Line, read_contact
from ketsched.languages.table import LANGUAGES, check_language
from ketsched.languages.words import Words

__all__ = ["LANGUAGES", "NO_CONTACT", "Contact", "Line", "Words", "check_language", "read_contact"]
