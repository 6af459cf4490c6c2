"""
What a rule is and what it says.

A rule is a function from a course (see `case`) to findings. Its name is the fault and reads
after "allow"; its docstring is its page in the reference. Rules read the protocol on their
own and know nothing of how a plan is made.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from enum import IntEnum
from typing import Any

import attrs

from ketsched.checking.bookings import CompanionBooking
from ketsched.house import house_numbers
from ketsched.model import Mark, Session, Waiver

HOUSE = "house default; not from a publication"


class Severity(IntEnum):
    """How grave a finding is; they compare, and print as words."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @classmethod
    def _missing_(cls, value: object) -> Severity | None:
        return cls.__members__.get(value.upper()) if isinstance(value, str) else None

    def __str__(self) -> str:
        return self.name.lower()

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)


@attrs.frozen(kw_only=True)
class Finding:
    """
    A rule's remark on a course.

    Attributes:
        code: The rule's code, "KS101"; the same for ever.
        name: The rule's name, "gap-too-short".
        severity: As the rule or the protocol's bound has it; a waived finding is info.
        sessions: Ids of the sessions it is about, the one to act on last; none if it is about the course.
        companions: Ids of the appointments and tasks it is about, the one to act on last.
        day: Local date of the last of them; None if it is about the course.
        where: Phase, session and day.
        what: The fault, in a sentence; as are the next two.
        why: The rule or limit it goes against.
        fix: What the reader can do about it; in a command FILE stands for the course file.
        source: Where the limit comes from.
        mark: How far that was verified, if a number of the protocol was read.
        waived_by: The waiver that acknowledges it, or None.
        before: Code of the rule that the same fault is a finding of while it can still be moved, "KS101";
            a waiver of that one covers it as well, so that an exception lasts when its day has come.
    """

    code: str
    name: str
    severity: Severity
    what: str
    where: str
    why: str
    fix: str
    source: str
    sessions: tuple[str, ...] = ()
    companions: tuple[str, ...] = ()
    day: date | None = None
    mark: Mark | None = None
    waived_by: Waiver | None = None
    before: str = ""

    def __str__(self) -> str:
        lines = [f"{self.code} {self.name} ({self.severity}): {self.what}"]
        lines += [
            f"  {label + ':':<6} {text}"
            for label, text in (("where", self.where), ("why", self.why), ("fix", self.fix))
        ]
        if self.waived_by is not None:
            lines.append(f"  exception by {self.waived_by.who}: {self.waived_by.reason}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values: texts, and a list of the sessions' ids."""
        return {
            "code": self.code,
            "name": self.name,
            "severity": str(self.severity),
            "sessions": list(self.sessions),
            "where": self.where,
            "what": self.what,
            "why": self.why,
            "fix": self.fix,
            "source": self.source,
            "waived_by": None if self.waived_by is None else self.waived_by.who,
        }


@attrs.frozen
class Cited:
    """Where a number comes from, and how far that was verified."""

    source: str
    mark: Mark | None = None


def house_number(key: str) -> Cited:
    """Return where a number that is no protocol's comes from."""
    known = house_numbers()[key]
    return Cited(known.source, Mark(known.mark))


Checks = Callable[[Any], Iterator[Finding]]
"""What a rule runs: shown a `case.CheckedCourse`, it yields its findings."""


@attrs.frozen(eq=False)
class Rule:
    """
    One thing that can be wrong with a schedule.

    Attributes:
        code: "KS101"; a retired one is not used again.
        name: The fault; it reads after "allow".
        severity: Of its findings, unless the protocol's bound says otherwise.
        source: Where it comes from.
        needs: What it cannot do without: "calendar", "times", "as_of".
        page: Its page in the reference.
        run: Yields its findings.
    """

    code: str
    name: str
    severity: Severity
    source: str
    needs: tuple[str, ...]
    page: str
    run: Checks

    def at(
        self,
        *sessions: Session,
        what: str,
        why: str,
        fix: str,
        where: str = "",
        severity: Severity | None = None,
        cited: Cited | None = None,
        booked: Sequence[CompanionBooking] = (),
        day: date | None = None,
    ) -> Finding:
        """
        Make a finding about these sessions, and these appointments and tasks; the one to act on last.

        An appointment brings the session it goes with, unless sessions are given. Where it is, if not said
        here, `check` adds by the last of them.
        """
        if booked and not sessions:
            sessions = tuple(one.session for one in booked if one.session is not None)
        last = booked[-1] if booked else sessions[-1] if sessions else None
        what, why, fix = map(sentence, (what, why, fix))
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity or self.severity,
            what=what,
            where=where,
            why=why,
            fix=fix,
            source=cited.source if cited is not None else self.source,
            sessions=tuple(dict.fromkeys(session.id for session in sessions)),
            companions=tuple(one.placed.id for one in booked),
            day=day or (last.day if last is not None else None),
            mark=cited.mark if cited is not None else None,
        )


def rule(
    code: str, severity: Severity, *, source: str, needs: Sequence[str] = ()
) -> Callable[[Checks], Rule]:
    """Make a function a rule; it is named after the function, and its docstring is its page."""

    def made(run: Checks) -> Rule:
        name = run.__name__.replace("_", "-")
        return Rule(code, name, severity, source, tuple(needs), inspect.getdoc(run) or "", run)

    return made


def sentence(text: str) -> str:
    """Return a text as a sentence: it begins with a capital, and ends with a full stop or with a command to type."""
    text = text.strip()
    begun = text[:1].upper() + text[1:]
    ends = begun[-1:] in (".", "?", "!", "") or ": ketsched " in begun.rsplit(". ", 1)[-1]
    return begun if ends else f"{begun}."


def covers(waiver: Waiver, finding: Finding) -> bool:
    """Whether a waiver is about a finding: it names all its sessions, or only sessions among them."""
    named, about = set(waiver.sessions), set(finding.sessions)
    return waiver.rule in (finding.code, finding.before) and (about <= named or named <= about)


def has_run_out(waiver: Waiver, as_of: date | None) -> bool:
    """Whether a waiver ended before today; not if today is unknown."""
    return as_of is not None and waiver.until is not None and waiver.until < as_of
