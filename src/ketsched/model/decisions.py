"""
What somebody decided about a course: outcomes of appointments, holds, authorisations, waivers.

The library takes none of these decisions; it keeps them, with a name and a date.
"""

from __future__ import annotations

import re
from datetime import date

import attrs

from ketsched import house
from ketsched.arguments import checked_attributes
from ketsched.clock import plausible
from ketsched.errors import InvalidInput, refuse_first
from ketsched.model.limits import MOST_SESSIONS, check_booking_id, check_text, whole_text
from ketsched.nearness import did_you_mean

OUTCOMES = ("continue", "stop", "step back", "step forward")


@checked_attributes()
@attrs.frozen(kw_only=True)
class Decision:
    """
    What an appointment decided about the sessions after it.

    Attributes:
        what: "continue" (they take place as planned), "stop" (they stay to be confirmed until they are closed),
            "step back" or "step forward" (they go on at the interval before, or after, in the phase's list).
        on: Local date on which it was decided.
        who: Who decided it.
        applied: Whether planning again has acted on it.
    """

    what: str
    on: date
    who: str = attrs.field(validator=whole_text)
    applied: bool = False

    @property
    def step(self) -> str:
        """Which way it steps in the phase's list of intervals: "back", "forward", or "" if it does not."""
        return {"step back": "back", "step forward": "forward"}.get(self.what, "")

    def __attrs_post_init__(self) -> None:
        plausible(self.on, "on")
        somebody = bool(self.who.strip())
        fault = (
            self.what not in OUTCOMES or not somebody,
            "who" if self.what in OUTCOMES else "what",
            f"the outcome {self.what[:20]!r} by {'somebody' if somebody else 'nobody'}",
            f"an outcome is {', '.join(OUTCOMES)}, and somebody decided it",
            (did_you_mean(self.what, OUTCOMES) if self.what not in OUTCOMES else "")
            or 'give what="continue", on=date(2027, 1, 18), who="Dr A"',
        )
        refuse_first(InvalidInput, "outcome", (fault,))


@checked_attributes()
@attrs.frozen(kw_only=True)
class Hold:
    """
    A clinician's stop: the sessions it holds for are to be confirmed until it is lifted.

    The library judges no contraindication. The reason is for the clinic; no patient's file tells it.

    Attributes:
        id: Unique in the course, "h1".
        reason: In the clinician's words.
        who: Who decided it.
        since: First day whose sessions it holds.
        sessions: Ids of the sessions it holds; empty: all from `since` on.
        already: Ids of sessions that were to be confirmed before it, for a reason not known here; they stay so.
        lifted_by: Who lifted it; empty while it stands.
        lifted_on: Local date on which it was lifted; None while it stands.
    """

    id: str = attrs.field(validator=whole_text)
    reason: str = attrs.field(validator=whole_text)
    who: str = attrs.field(validator=whole_text)
    since: date
    sessions: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    lifted_by: str = attrs.field(default="", validator=whole_text)
    lifted_on: date | None = None

    def __attrs_post_init__(self) -> None:
        check_booking_id(self.id, "hold")
        plausible(self.since, "since")
        for session in (*self.sessions, *self.already):
            check_text(session, "sessions")
        faults = (
            (
                not (self.reason.strip() and self.who.strip()),
                "who" if self.reason.strip() else "reason",
                "a hold without a reason or a name",
                "a hold says why, and who decided it",
                'give reason="...", who="Dr A"',
            ),
            (
                bool(self.lifted_by.strip()) != (self.lifted_on is not None),
                "lifted_by",
                "a hold that is lifted in part",
                "it is lifted by somebody, on a date",
                'give lifted_by="Dr A" and lifted_on=date(2027, 1, 8), or neither',
            ),
        )
        refuse_first(InvalidInput, f"hold {self.id[:40]}", faults)
        if self.lifted_on is not None:
            plausible(self.lifted_on, "lifted_on")

    @property
    def stands(self) -> bool:
        """Whether it has not been lifted."""
        return self.lifted_on is None


@checked_attributes()
@attrs.frozen(kw_only=True)
class Authorisation:
    """
    A payer's permission for a number of sessions; those beyond it are to be confirmed.

    Attributes:
        sessions: How many it pays for, counted in order of time from `first` on.
        first: First day on which it pays; None: from the start.
        until: Last day on which it pays; None: no end.
        scope: Name of the phase it is for; empty: the whole course.
        required: Whether the sessions it pays for must lie within it; planning then keeps them there.
        warn_days: So many days before it runs out a finding says so.
        name: What the clinic calls it; for its own files only.
    """

    sessions: int
    first: date | None = None
    until: date | None = None
    scope: str = attrs.field(default="", validator=whole_text)
    required: bool = False
    warn_days: int = attrs.field(factory=lambda: house.count("payer-warning"))
    name: str = attrs.field(default="", validator=whole_text)

    def __attrs_post_init__(self) -> None:
        for name, day in (("first", self.first), ("until", self.until)):
            if day is not None:
                plausible(day, name)
        begins, ends = (
            (f" from {self.first}" if self.first else ""),
            (f" until {self.until}" if self.until else ""),
        )
        told = (
            f"an authorisation of {self.sessions} sessions{begins}{ends}",
            f"it pays for 1 to {MOST_SESSIONS} sessions, ends after it begins, and warns at most a year ahead",
            "check its number, its dates and its days of warning",
        )
        ends_first = self.first is not None and self.until is not None and self.until < self.first
        faults = (
            (not 1 <= self.sessions <= MOST_SESSIONS, "sessions", *told),
            (not 0 <= self.warn_days <= 366, "warn_days", *told),
            (ends_first, "until", *told),
        )
        refuse_first(InvalidInput, "authorisation", faults)


@checked_attributes()
@attrs.frozen(kw_only=True)
class Waiver:
    """
    A documented exception: it silences a finding, and never widens a rule for the planner.

    Attributes:
        rule: Code of the rule, "KS101".
        sessions: Ids of the sessions it holds for.
        reason: Why, in the clinician's words.
        who: Who decided it.
        until: Last day on which it holds; None: it does not run out.
    """

    rule: str
    sessions: tuple[str, ...]
    reason: str = attrs.field(validator=whole_text)
    who: str = attrs.field(validator=whole_text)
    until: date | None = None

    def __attrs_post_init__(self) -> None:
        for session in self.sessions:
            check_text(session, "sessions")
        told = (
            f"a waiver of {self.rule[:20] or 'nothing'}",
            "a waiver names a rule, its sessions, a reason and who decided it",
            'give rule="KS101", sessions=("s5",), reason="...", who="..."',
        )
        faults = (
            (not re.fullmatch(r"KS[0-9]{3}", self.rule), "rule", *told),
            (not self.sessions, "sessions", *told),
            (not self.reason.strip(), "reason", *told),
            (not self.who.strip(), "who", *told),
        )
        refuse_first(InvalidInput, "", faults)
