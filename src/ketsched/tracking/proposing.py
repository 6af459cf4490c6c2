"""
The plans that could be made, ready to look at: by policy, and what a lapse band proposes.

Nothing is chosen here; a clinician decides, and `replan` makes the plan that was chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import attrs

from ketsched.arguments import checked, refuse_options
from ketsched.errors import KetschedError
from ketsched.model import POLICIES, Course, Protocol, Visit
from ketsched.tracking.aiming import current
from ketsched.tracking.forecasting import forecast
from ketsched.tracking.recording import apply_visits, today_of
from ketsched.tracking.replanning import replan


@attrs.frozen(kw_only=True)
class Proposal:
    """
    One plan that could be made.

    Attributes:
        name: "keep", "make-up", ...; or "continue", "repeat tail", "step back", "restart".
        says: What it means, in a few words.
        course: The course that it would give; None if there is no such plan.
        error: Why there is none.
    """

    name: str
    says: str
    course: Course | None = None
    error: KetschedError | None = None


_POLICIES = {
    "keep": "stay on the pattern; what was missed is made up at the end",
    "make-up": "the earliest day that leaves the rest in place",
    "next-open": "the first open day that its own rules allow",
    "shift": "everything moves by the same delay",
    "skip": "do without it",
}


@checked
def ways(course: Course, visits: Iterable[Visit] = (), **options: Any) -> tuple[Proposal, ...]:
    """
    Return the plan that each policy would give, the policies in the order of POLICIES.

    The options are those of `replan`, without policy.
    """
    refuse_options(replan, options)
    given = tuple(visits)
    return tuple(
        _tried(name, _POLICIES[name], partial(replan, course, given, policy=name, **options))
        for name in POLICIES
    )


def proposals(course: Course, visits: Iterable[Visit] = (), **options: Any) -> tuple[Proposal, ...]:
    """
    Return the plans for what the lapse band in force proposes; to continue is always the first.

    None is returned where the band proposes nothing but to continue. "Clinician review" shows all
    plans that there are; a clinician decides. The options are those of `replan`.
    """
    given = tuple(visits)
    today = today_of(course, options.get("at"), options.get("as_of"))
    seen = forecast(course, given, as_of=today)
    if not seen.proposes or seen.lapse is None or course.ended is not None:
        return ()
    history = apply_visits(course, given, as_of=today)
    known, phase = history.course, current(history)
    again: dict[str, tuple[str, dict[str, Any]]] = {
        "continue": ("go on where the series stands", {}),
        "restart": ("begin anew from the first session", {"switch": _from(known.protocol, known, 0)}),
    }
    before = _before(known.protocol, known, phase.name)
    if len(phase.every) > 1:
        again["step back"] = ("go on at the interval before", {"step": "back"})
    elif before is not None:
        names = [p.name for p in known.protocol.main if p.name not in known.over()]
        says = f"go back to {names[before]}, from its first session"
        again["step back"] = (says, {"switch": _from(known.protocol, known, before)})
    if seen.lapse.repeat:
        again["repeat tail"] = (
            f"give the last {seen.lapse.repeat} again, then go on",
            {"repeat": seen.lapse.repeat},
        )
    names = list(again) if seen.proposes == "clinician review" else ["continue", seen.proposes]
    return tuple(
        _tried(name, again[name][0], partial(replan, course, given, **{**options, **again[name][1]}))
        for name in names
        if name in again
    )


def _tried(name: str, says: str, make: Callable[[], Course]) -> Proposal:
    try:
        return Proposal(name=name, says=says, course=make())
    except KetschedError as error:
        return Proposal(name=name, says=says, error=error)


def _before(protocol: Protocol, course: Course, name: str) -> int | None:
    """Return the number of the phase before one, in the part of the protocol that is in force."""
    names = [phase.name for phase in protocol.main if phase.name not in course.over()]
    at = names.index(name) if name in names else 0
    return at - 1 if at else None


def _from(protocol: Protocol, course: Course, number: int) -> Protocol:
    """Return the part of a protocol that is in force, from one of its phases on."""
    phases = [phase for phase in protocol.phases if phase.name not in course.over()][number:]
    first = attrs.evolve(phases[0], join=None)
    names = {"", *(phase.name for phase in phases)}
    companions = [c for c in protocol.companions if c.anchor.phase in names]
    known = {companion.id for companion in companions}
    companions = [c for c in companions if c.anchor.companion is None or c.anchor.companion in known]
    return attrs.evolve(protocol, phases=(first, *phases[1:]), companions=tuple(companions))
