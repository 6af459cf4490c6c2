"""
The plans that could be made, ready to look at: by policy, and what a lapse band proposes.

Nothing is chosen here; a clinician decides, and `replan` makes the plan that was chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Unpack

import attrs

from ketsched.arguments import checked
from ketsched.calendars import Calendar
from ketsched.errors import InvalidInput, KetschedError
from ketsched.model import POLICIES, POLICY_NAMES, POLICY_WORDS, Course, Phase, Protocol, Visit
from ketsched.nearness import did_you_mean
from ketsched.tracking.forecasting import lapse_of
from ketsched.tracking.options import Decisions, ReplanKeywords, WaysKeywords
from ketsched.tracking.places import current
from ketsched.tracking.replanning import breaks_fewer, replan_as
from ketsched.tracking.request import Request, request

PREFER = "prefer"
"""The way that puts preferences before agreed days."""
WAYS = (*POLICIES, PREFER)
"""The ways in which the rest can be planned again, by their names."""
PREFER_SAYS = "more bookings move, and fewer preferences are broken"


@attrs.frozen(kw_only=True)
class Proposal:
    """
    One plan that could be made.

    Attributes:
        name: "keep", "make-up", ...; or "continue", "repeat tail", "step back", "restart".
        says: What it means, in a few words.
        course: The course that it would give; None if there is no such plan.
        error: Why there is none.
        same: Names of further ways that give the same days.
    """

    name: str
    says: str
    course: Course | None = None
    error: KetschedError | None = None
    same: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All names of ways that give these days."""
        return (self.name, *self.same)


@checked
def ways(
    course: Course, visits: Iterable[Visit] = (), *, calendar: Calendar, **options: Unpack[WaysKeywords]
) -> tuple[Proposal, ...]:
    """
    Return the plans that the policies would give, in the order of POLICIES; those with the same days as one.

    A policy is tried for what was missed, and for bookings that cannot stand because their day has closed or
    the patient is away. Last comes "prefer" where leaving more agreed days breaks fewer preferences.

    Args:
        course: As it was given out last.
        visits: What happened besides what it remembers.
        calendar: When the clinic is open, without this course's own bookings.
        options: The other keywords of `replan`, but policy.
    """
    return ways_of(request(course, visits, calendar, policy=None, **options))  # each is tried


def way_called(name: str) -> str:
    """Return what people call a way, or what a lapse band proposes."""
    return POLICY_NAMES.get(name, name)


def option_of(name: str) -> str:
    """Return the word for a way on a command line: leave-out, step-back."""
    return way_called(name).replace(" ", "-")


def read_ways(texts: Sequence[str], protocol: Protocol) -> Decisions:
    """
    Read "fit-in" for all phases, or "induction=fit-in" for one and others after it, into options of `replan`.

    One way for all phases also says what is done about bookings that cannot stand.

    Raises:
        InvalidInput: There is no such way or phase, or several ways without a phase.
    """
    ways = {option_of(name): name for name in WAYS}
    named = [tuple(part.strip() for part in text.partition("=")) for text in texts]
    phases = [phase.name for phase in protocol.phases]
    for first, sign, last in named:
        known = {name: of for name, of in ways.items() if of in POLICIES} if sign else ways
        if (last if sign else first) not in known or (sign and first not in phases):
            raise InvalidInput(
                what=f"there is no way {f'{first}{sign}{last}'[:40]!r}",
                why=f"ways are {', '.join(known)}; phases are {', '.join(phases)}",
                fix=did_you_mean(last if sign and first in phases else first, [*known, *phases])
                or "write fit-in, or induction=fit-in",
            )
    if len(named) == 1 and not named[0][1]:
        return options_of(ways[named[0][0]])
    if not all(sign for _, sign, _ in named):
        raise InvalidInput(
            what="Say which phase each way is for.",
            why="one way is for all phases; of several each is for one phase",
            fix="write induction=fit-in and maintenance=at-the-end",
        )
    return {"policy": {phase: ways[way] for phase, _, way in named}} if named else {}


def options_of(way: str) -> Decisions:
    """Return the options of `replan` that plan by a way."""
    return {"prefer": True} if way == PREFER else {"policy": way, "lost": way}


def other_ways(
    before: Course,
    after: Course,
    visits: Iterable[Visit] = (),
    *,
    calendar: Calendar,
    **options: Unpack[WaysKeywords],
) -> tuple[Proposal, ...]:
    """
    Return the ways that give other days than a plan that changed sessions to come; none if it changed none.

    Args:
        before: The course as it was given out last.
        after: As it was planned again.
        visits: What happened besides what it remembers.
        calendar: When the clinic is open, without this course's own bookings.
        options: The other keywords of `replan` with which it was planned.
    """
    if _days_of(before) == _days_of(after) or after.ended is not None:
        return ()
    found = ways(before, visits, calendar=calendar, **options)
    return tuple(way for way in found if way.course is not None and _days_of(way.course) != _days_of(after))


def ways_of(asked: Request) -> tuple[Proposal, ...]:
    """Return the plans that the policies would give, and that with fewer preferences broken, to a request."""
    names = WAYS if breaks_fewer(asked) else POLICIES
    tried = [
        _tried(name, {**POLICY_WORDS, PREFER: PREFER_SAYS}[name], asked, **options_of(name)) for name in names
    ]
    found: dict[object, Proposal] = {}
    for way in tried:
        key = _days_of(way.course) if way.course is not None else way.name
        first = found.setdefault(key, way)
        if first is not way:
            found[key] = attrs.evolve(first, same=(*first.same, way.name))
    return tuple(found.values())


def _days_of(course: Course) -> tuple[object, ...]:
    return tuple((session.phase, session.day, session.time) for session in course.standing())


@checked
def proposals(
    course: Course, visits: Iterable[Visit] = (), *, calendar: Calendar, **options: Unpack[ReplanKeywords]
) -> tuple[Proposal, ...]:
    """
    Return the plans for what the lapse band in force proposes; to continue is always the first.

    None is returned where the band proposes nothing but to continue. "Clinician review" shows all
    plans that there are; a clinician decides.

    Args:
        course: As it was given out last.
        visits: What happened besides what it remembers.
        calendar: When the clinic is open, without this course's own bookings.
        options: The other keywords of `replan`.
    """
    return proposals_of(request(course, visits, calendar, **options))


def proposals_of(asked: Request) -> tuple[Proposal, ...]:
    """Return the plans for what the lapse band in force proposes, in answer to a request."""
    lapse = lapse_of(asked.history)
    if lapse is None or lapse.band is None or not lapse.proposes or asked.course.ended is not None:
        return ()
    known, phase, repeat = asked.history.course, current(asked.history), lapse.band.repeat
    again: dict[str, tuple[str, Decisions]] = {
        "continue": ("go on where the series stands", {}),
        "restart": ("begin anew from the first session", {"switch": _from(known, 0)}),
    }
    before = _before(known, phase.name)
    if len(phase.every) > 1:
        again["step back"] = ("go on at the interval before", {"step": "back"})
    elif before is not None:
        name = _in_force(known)[before].name
        again["step back"] = (f"go back to {name}, from its first session", {"switch": _from(known, before)})
    if repeat:
        again["repeat tail"] = (f"give the last {repeat} again, then go on", {"repeat": repeat})
    names = list(again) if lapse.proposes == "clinician review" else ["continue", lapse.proposes]
    return tuple(_tried(name, again[name][0], asked, **again[name][1]) for name in names if name in again)


def _tried(name: str, says: str, asked: Request, **options: Unpack[Decisions]) -> Proposal:
    """Return the plan that a request gives with some options changed, or why there is none."""
    try:
        asked = attrs.evolve(asked, options=attrs.evolve(asked.options, **options))
        return Proposal(name=name, says=says, course=replan_as(asked))
    except KetschedError as error:
        return Proposal(name=name, says=says, error=error)


def _in_force(course: Course) -> list[Phase]:
    """Return the phases that follow each other in the part of the protocol that is in force."""
    return [phase for phase in course.protocol.main if phase.name not in course.finished_phases()]


def _before(course: Course, name: str) -> int | None:
    """Return the number of the phase before one, in the part of the protocol that is in force."""
    names = [phase.name for phase in _in_force(course)]
    at = names.index(name) if name in names else 0
    return at - 1 if at else None


def _from(course: Course, number: int) -> Protocol:
    """Return the part of a protocol that is in force, from one of its phases on."""
    protocol = course.protocol
    phases = [phase for phase in protocol.phases if phase.name not in course.finished_phases()][number:]
    first = attrs.evolve(phases[0], join=None)
    names = {"", *(phase.name for phase in phases)}
    companions = [c for c in protocol.companions if c.anchor.phase in names]
    known = {companion.id for companion in companions}
    companions = [c for c in companions if c.anchor.companion is None or c.anchor.companion in known]
    return attrs.evolve(protocol, phases=(first, *phases[1:]), companions=tuple(companions))
