"""Which of some known words is meant by one that is not among them."""

from __future__ import annotations

from collections.abc import Collection, Iterable


def close_to(given: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """Return the known word that is spelled most like another, capitals and dashes aside; empty if none is near."""
    from difflib import get_close_matches

    words = {_plain(word): word for word in known}
    near = get_close_matches(_plain(given[:60]), words, n=1, cutoff=cutoff)
    return words[near[0]] if near else ""


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Ask about the known word that is near; empty if none is, or if it is known or no word at all."""
    words = list(map(str, known))
    near = close_to(given, words) if given and given not in words else ""
    return f"did you mean {near}?" if near else ""


def meant_of(given: Iterable[str], known: Collection[str]) -> str:
    """Ask about the known word that is near the first of several that is not known; empty if none is."""
    return next((did_you_mean(word, known) for word in given if word not in known), "")


def _plain(word: str) -> str:
    return word.casefold().replace("-", " ").replace("_", " ")
