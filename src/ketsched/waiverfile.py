"""
A file of waivers: documented exceptions that a clinic keeps outside the course.

Each [[waiver]] names a rule, the sessions, the reason, who decided it and, if it ends, until when.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from ketsched import tomlfile
from ketsched.checking import rule_named
from ketsched.model import Waiver
from ketsched.tomlfile import Table


def load_waivers(path: str | Path) -> tuple[Waiver, ...]:
    """
    Read a file of waivers; a rule is named by its code or its name.

    Raises:
        KetschedError: Something in it cannot be used; says file, line and key.
    """
    table = tomlfile.load(Path(path))
    waivers = tuple(_waiver(entry) for entry in table.tables("waiver"))
    table.done()
    return waivers


def _waiver(entry: Table) -> Waiver:
    name, sessions = entry.take("rule", str), tuple(entry.texts("sessions"))
    reason, who = entry.take("reason", str), entry.take("who", str)
    until = entry.take("until", date, None)
    entry.done()
    return entry.read(
        "rule",
        lambda rule: Waiver(
            rule=rule_named(rule).code, sessions=sessions, reason=reason, who=who, until=until
        ),
        name,
    )
