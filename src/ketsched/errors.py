"""
What the library says when its input cannot be used: one base class, one voice.

Every error answers four questions (what, where, why, how to fix) so that the
reader can act without opening the source. A fault in the *input* is an error
and is raised; a remark on a *plan* is a Finding (see `checking`) and is returned.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Self

_MARKED = re.compile(r"\{(\w+)(?:=([^{}|]*))?(?:\|([^{}]*))?\}")


class KetschedError(Exception):
    """
    A fault in the input, in four parts.

    Attributes:
        what: The fault in a few words.
        where: File, line, key or argument it was found in; may be empty.
        why: The rule or limit it goes against.
        fix: What the reader can do about it, as one writes it in Python.
        argument: Name of the argument or attribute at fault, for whoever knows where that was written:
            "count", "phases 2 join" (the second phase's join); empty if it is no one's, or its place is known.
    """

    def __init__(self, *, what: str, why: str, fix: str, where: str = "", argument: str = "") -> None:
        super().__init__(what)
        self.what, self.where, self.why, self.argument = what, where, why, argument
        self._advice = fix  # with its arguments marked: {switch}, {repeat=2}, {step=back|step="back"}

    def __str__(self) -> str:
        lines = [self.what]
        lines += [
            f"  {label + ':':<6} {text.replace(chr(10), chr(10) + ' ' * 9)}"
            for label, text in (("where", self.where), ("why", self.why), ("fix", self.fix))
            if text
        ]
        return "\n".join(lines)

    def within(self, place: str) -> Self:
        """
        Return the same error, with `place` (a file, a table) put before where it was found.

        It takes the place of the name of an argument: who wrote a file or an option gave none.
        """
        return self.at(f"{place}, {self.where}" if self.where and self.where != self.argument else place)

    def at(self, where: str) -> Self:
        """Return the same error, found at another place."""
        placed = type(self).__new__(type(self), self.what)  # with whatever else a kind of error carries
        placed.__dict__.update(vars(self), where=where, argument="")
        return placed

    @property
    def fix(self) -> str:
        """What the reader can do about it, as one writes it in Python."""
        return self.advice(lambda name, value, python: python or (f"{name}={value}" if value else name))

    def advice(self, write: Callable[[str, str, str], str]) -> str:
        """
        Return what the reader can do about it, the arguments in it written in another way.

        Args:
            write: Writes one, given its name, its value in plain words (empty: none), and how Python
                writes it (empty: name=value).
        """
        return _MARKED.sub(lambda found: write(found[1], found[2] or "", found[3] or ""), self._advice)

    @property
    def steps(self) -> tuple[str | int, ...]:
        """The argument as keys and numbers from 0: "phases 2 join" is ("phases", 1, "join")."""
        return tuple(int(step) - 1 if step.isdigit() else step for step in self.argument.split())


class InvalidInput(KetschedError):
    """An argument, a case file or a clinic file that cannot be used."""


class InvalidProtocol(KetschedError):
    """A protocol that contradicts itself or leaves out what it must state."""


class InvalidTime(KetschedError):
    """A clock time that a zone skips or repeats, a naive moment, or a zone that does not exist."""


class CannotRead(KetschedError):
    """A file that is not what its suffix or its schema says."""


class CannotWrite(KetschedError):
    """A file that cannot be written, or a course that lacks what the format needs."""


Fault = tuple[bool, str, str, str, str]
"""Whether something is wrong, the attribute at fault, and what is wrong, why it is, and how to fix it."""


def refuse_first(kind: type[KetschedError], where: str, faults: Iterable[Fault]) -> None:
    """Raise an error of a kind about the first of some possible faults that is one; nothing if none is."""
    for wrong, argument, what, why, fix in faults:
        if wrong:
            raise kind(what=what, where=where, why=why, fix=fix, argument=argument)
