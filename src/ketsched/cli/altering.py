"""What `ketsched replan` is asked to change, as its options say it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import attrs

from ketsched.cli import inputs
from ketsched.entries import read_move, read_policies, with_session
from ketsched.errors import InvalidInput
from ketsched.model import Course, Happened, Join, Protocol, Visit

_CHOICES = ("sessions", "weeks", "weekdays", "boosters", "until")
"""What the protocol of --switch leaves open."""


@attrs.frozen(kw_only=True)
class Asked:
    """
    What the options ask for.

    Attributes:
        visits: What happened besides what the course remembers.
        moves: New days by the id of the session.
        changes: Further arguments of `replan`.
        repair, alone: What is to be done if a move breaks a rule.
        waive: The reason to document.
        who: Who decided it.
        take: Name of the way to take after a lapse; empty: none.
    """

    visits: tuple[Visit, ...]
    moves: Mapping[str, date]
    changes: Mapping[str, Any]
    repair: bool
    alone: bool
    waive: str
    who: str
    take: str = ""

    def check(self) -> None:
        """Refuse what contradicts itself."""
        more = bool(self.visits or any(self.changes.values()))
        for wrong, where, what, why, fix in (
            (
                self.repair and self.alone,
                "--alone",
                "both --repair and --alone",
                "either others move too, or none does",
                "give one of them",
            ),
            (
                (self.repair or self.alone) and not self.moves,
                "--repair" if self.repair else "--alone",
                "nothing to move",
                "it says what is to be done if moving a session by hand breaks a rule",
                "add --move ID=DATE, or leave it out",
            ),
            (
                bool(self.waive) and not (self.alone and self.who.strip()),
                "--waive",
                "a waiver of nothing, or by nobody",
                "it documents what a session that is moved alone breaks, and who decided that",
                "give it with --move, --alone and --who NAME",
            ),
            (
                bool(self.take) and (bool(self.moves) or any(self.changes.values())),
                "--take",
                "a way to take after a lapse, and another change",
                "each way is a plan of its own, as replan shows it",
                "leave the other options out, or give them without --take",
            ),
            (
                bool(self.moves) and more,
                "--move",
                "a session moved by hand, and another change",
                "a move by hand is made by itself, so that what it breaks can be told apart",
                "make the other change first, then move the session",
            ),
            (
                self.alone and len(self.moves) > 1,
                "--alone",
                f"{len(self.moves)} sessions to move alone",
                "what each breaks depends on where the others are",
                "move one, then the next; or give --repair",
            ),
        ):
            if wrong:
                raise InvalidInput(what=what, where=where, why=why, fix=fix)


def asked_of(given: Mapping[str, Any], course: Course) -> Asked:
    """Read the options of a command line, and refuse those that contradict each other."""
    missed = [Visit(day, Happened.NO_SHOW) for day in given["missed"]]
    asked = Asked(
        visits=(
            *(inputs.located("--missed", with_session, course, visit) for visit in missed),
            *(inputs.located("--record", with_session, course, visit) for visit in given["records"]),
        ),
        moves=dict(inputs.located("--move", read_move, course, text) for text in given["moves"]),
        changes={
            "policy": inputs.located("--policy", read_policies, given["policies"], course.protocol),
            "add": list(given["add"]),
            "repeat": given["repeat"],
            "step": given["step"],
            "switch": _switch(given),
            "join": None
            if given["join"] is None
            else inputs.located("--join", lambda: Join(ideal=given["join"])),
            "end": given["end"],
            "through": given["through"],
            "place": given["place"],
        },
        **{name: given[name] for name in ("repair", "alone", "waive", "who", "take")},
    )
    asked.check()
    return asked


def _switch(given: Mapping[str, Any]) -> Protocol | None:
    chosen = {name: given[name] for name in _CHOICES if given[name] is not None}
    if given["switch"] is None:
        for name in (*chosen, *(["join"] if given["join"] is not None else [])):
            raise InvalidInput(
                what=f"--{name} without --switch",
                where=f"--{name}",
                why="the course keeps what was chosen for it; only another protocol leaves something open",
                fix="add --switch with the protocol for the rest, or leave it out",
            )
        return None
    protocol: Protocol = given["switch"]
    return inputs.located("--switch", lambda: protocol.choose(**chosen))
