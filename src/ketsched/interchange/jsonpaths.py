"""
Where each value of a JSON text stands: the parser of the standard library keeps no positions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_OPENING: dict[str, str | int] = {"{": "", "[": 0}
"""What opens an object or a list, and the step of a path that stands for its first entry."""
_TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|([{}\[\],:])|([^\s{}\[\],:"]+))')


def names_in(text: str) -> Iterator[tuple[tuple[str | int, ...], int, bool]]:
    """Yield path, offset and whether it came before, for each name and list entry of valid JSON text."""
    path: list[str | int] = []
    seen: list[set[str] | None] = []  # of each object around the token; None for a list
    before = ""
    for found in _TOKEN.finditer(text):
        token, at = found[0].lstrip(), found.start(found.lastindex or 0)
        names = seen[-1] if seen else None
        match token:
            case ":":
                pass
            case ",":
                if names is None:
                    path[-1] = int(path[-1]) + 1
            case "}" | "]":
                path.pop()
                seen.pop()
            case _ if names is not None and before in ("{", ","):
                name = json.loads(token)
                path[-1] = name
                yield tuple(path), at, name in names
                names.add(name)
            case _:
                if names is None:
                    yield tuple(path), at, False
                if token in _OPENING:
                    path.append(_OPENING[token])
                    seen.append(set() if path[-1] == "" else None)
        before = token


def shown(path: tuple[str | int, ...]) -> str:
    """Write a path as sessions[3].day; what is not a plain word is cut short and quoted."""
    steps = [
        f"[{s}]"
        if isinstance(s, int)
        else f".{s}"
        if re.fullmatch(r"\w{1,40}", s, re.ASCII)
        else f".{s[:20]!r}"
        for s in path
    ]
    return "".join(steps).removeprefix(".")
