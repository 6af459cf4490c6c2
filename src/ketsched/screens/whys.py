"""Why something is on a day, as a table: the rules behind it, with their sources and marks."""

from __future__ import annotations

from collections.abc import Iterator

from ketsched.reasons import OnDay, Reason
from ketsched.screens import Table, on

_PARTS = {"day": "the day", "limit": "within", "length": "takes", "around": "around it"}


def reasons_table(one: OnDay) -> Table:
    """List the rules behind one thing of a day."""
    return Table(("", "rule", "value", "mark", "source"), tuple(_rows(one)), "\n".join(_title(one)))


def _title(one: OnDay) -> Iterator[str]:
    """Say what it is, where the pattern has it, and how it came where it is."""
    aimed = f"; its pattern has {on(one.aimed)}" if one.aimed is not None else ""
    yield f"{on(one.day)}: {one.title} ({one.kind}){aimed}"
    yield from one.remarks


def _rows(one: OnDay) -> Iterator[tuple[str, ...]]:
    part = ""
    for reason in one.reasons:
        first = "" if reason.part == part else _PARTS[reason.part]
        part = reason.part
        yield first, reason.rule.replace("_", " "), _value(reason), _mark(reason), reason.source


def _value(reason: Reason) -> str:
    return reason.says + (f"\n({reason.note})" if reason.note else "")


def _mark(reason: Reason) -> str:
    return "" if reason.mark is None else reason.mark.value
