"""
Course documents of earlier versions, brought to the form of this one.

What is not as it should be stays, and is refused where the document is read.
"""

from __future__ import annotations

from typing import Any

from ketsched.model import REVISION_KINDS


def bring_to_version_2(parts: dict[str, Any]) -> None:
    """Give each revision its kind, and each spacing the units of its own numbers."""
    _add_kinds(parts)
    _write_months_as_intervals(parts)


def _add_kinds(parts: dict[str, Any]) -> None:
    """Give each revision the kind that its words tell; what is no revision is refused later."""
    revisions = parts.get("revisions")
    for revision in revisions if isinstance(revisions, list) else ():
        words = revision.get("what") if isinstance(revision, dict) else None
        if isinstance(words, str):
            said, _, more = words.partition(": ")
            kind = next((kind for kind, known in REVISION_KINDS.items() if known == said), "replanned")
            revision["kind"] = kind
            if kind == "proposal":
                revision["proposal"] = more


def _write_months_as_intervals(parts: dict[str, Any]) -> None:
    """Give the numbers of a spacing that had a unit of its own as intervals; what is no spacing is refused later."""
    protocol = parts.get("protocol")
    phases = protocol.get("phases") if isinstance(protocol, dict) else None
    for phase in phases if isinstance(phases, list) else ():
        rules = phase.get("spacing") if isinstance(phase, dict) else None
        for spacing in rules if isinstance(rules, list) else ():
            if isinstance(spacing, dict) and spacing.get("unit") in ("days", "months"):
                in_months = spacing.pop("unit") == "months"
                for name in ("minimum", "latest", "absolute_minimum"):
                    if in_months and type(spacing.get(name)) is int and spacing[name]:
                        spacing[name] = {"months": spacing[name]}
