"""
What a clinician decides about the rest of a course: another interval, another protocol, one more booster, the end.

Each takes the history of a course and returns it with the protocol or the end of the course changed
and its sessions as they were; planning again then lays them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import attrs

from ketsched.errors import InvalidInput
from ketsched.history import History, evaluate
from ketsched.model import MOST_SESSIONS, Companion, Course, Join, Phase, Protocol, Segment
from ketsched.planning.pattern import joins_by_interval
from ketsched.tracking.places import current, used_places


def apply_outcomes(history: History) -> tuple[History, tuple[str, ...]]:
    """
    Act on the outcomes of reviews that nobody has acted on, and return the phases to lay anew as well.

    "Stop" ends the course; a step changes the interval of the phase that goes on.
    """
    relaid: list[str] = []
    for placed in history.course.companions:
        outcome = placed.outcome
        if outcome is None or outcome.applied or outcome.what == "continue":
            continue
        if outcome.what == "stop":
            history = end(history, on=outcome.on)
        else:
            history, phase = step_interval(history, outcome.step)
            relaid.append(phase)
        done = attrs.evolve(placed, outcome=attrs.evolve(outcome, applied=True))
        companions = tuple(done if other.id == placed.id else other for other in history.course.companions)
        history = attrs.evolve(history, course=attrs.evolve(history.course, companions=companions))
    return history, tuple(relaid)


def end(history: History, *, on: date) -> History:
    """End the course early, on a date; nothing is planned after it."""
    return attrs.evolve(history, course=attrs.evolve(history.course, ended=on))


def move_to(history: History, place: str) -> History:
    """Hold the sessions to come somewhere else, but those at home."""
    course = history.course
    judged = tuple(
        attrs.evolve(one, session=attrs.evolve(one.session, place=place))
        if one.session.day > history.as_of
        and one.session.status.stands
        and not course.is_at_home(one.session)
        else one
        for one in history.sessions
    )
    sessions = tuple(one.session for one in judged)
    return attrs.evolve(history, course=attrs.evolve(course, sessions=sessions), sessions=judged)


def step_interval(history: History, step: str) -> tuple[History, str]:
    """
    Go on with the interval before or after the current one of its list, and return the name of the phase as well.

    Of intervals 14, 21 and 28 days where 21 would be next, "back" goes on with 14, 21, 28, and "forward" with 28.

    Raises:
        InvalidInput: The phase that goes on has no list of intervals, or is at the end of it.
    """
    course, phase = history.course, current(history)
    if not phase.every:
        raise InvalidInput(
            what=f"a step {step} in {phase.name}",
            where=f"{course.protocol.id}, {phase.name}",
            why="only a phase with intervals has one to step to",
            fix="go over to another protocol for the rest ({switch})",
        )
    used = used_places(history)[phase.name]
    joins = phase.name != course.protocol.phases[0].name and joins_by_interval(phase)
    at = min(used if joins else max(used - 1, 0), len(phase.every) - 1)
    if not 0 <= (at - 1 if step == "back" else at + 1) < len(phase.every):
        raise InvalidInput(
            what=f"a step {step} from {phase.every[at].words()}",
            where=f"{course.protocol.id}, {phase.name}",
            why=f"it is the {'first' if step == 'back' else 'last'} of its intervals: {phase.pattern()}",
            fix="leave it, or go over to another protocol for the rest ({switch})",
        )
    every = phase.every[:at] + phase.every[at - 1 if step == "back" else at + 1 :]
    protocol = _with_phase(course.protocol, attrs.evolve(phase, every=every))
    # No visit is judged by the intervals of a phase.
    return attrs.evolve(history, course=attrs.evolve(course, protocol=protocol)), phase.name


def _with_phase(protocol: Protocol, phase: Phase) -> Protocol:
    phases = tuple(phase if other.name == phase.name else other for other in protocol.phases)
    return attrs.evolve(protocol, phases=phases)


def add_sessions(history: History, number: int, *, phase: str | None = None) -> History:
    """
    Give a phase so many more sessions; None: the one that goes on.

    What was surplus until now may count then, and does not take the place of one that is added.
    """
    if not 1 <= number <= MOST_SESSIONS:
        raise InvalidInput(
            what=f"{number} sessions more",
            where="repeat",
            why=f"it is a number of sessions, 1 to {MOST_SESSIONS}",
            fix="give {repeat=2} to give the last two again",
            argument="repeat",
        )
    course = history.course
    enlarged = current(history) if phase is None else course.protocol.phase(phase)
    if enlarged.count is None:
        if phase is not None:  # one more day of an open-ended phase needs no number
            return history
        raise InvalidInput(
            what=f"{number} sessions more in {enlarged.name}",
            where="repeat",
            why="it is open-ended: it goes on in any case",
            fix="plan it on to a later day (through), or add the days (add)",
            argument="repeat",
        )
    count, counted = enlarged.count + number, history.counted(enlarged.name)
    while True:
        protocol = _with_phase(course.protocol, _of_count(enlarged, count))
        history = evaluate(attrs.evolve(course, protocol=protocol), as_of=history.as_of)
        let_in = history.counted(enlarged.name) - counted
        if not let_in:
            return history
        count, counted = count + let_in, counted + let_in


def _of_count(phase: Phase, count: int) -> Phase:
    """Return a phase with so many sessions."""
    days = list(phase.study_days)
    while days and not phase.weekdays and len(days) < count:
        days.append(days[-1] + max(1, phase.neighbour_minimum()))
    least, most = phase.counts
    return attrs.evolve(phase, count=count, least=least, most=max(most, count), study_days=tuple(days))


def switch_protocol(history: History, protocol: Protocol, *, join: Join | None = None) -> History:
    """
    Go over to another protocol for the rest, today.

    The phases of the new protocol follow those of the old one, under names of their own, and its
    companions and sources come with it. What was given stays where it was counted.

    Args:
        history: Of the course up to today.
        protocol: For the rest, its choices made; its first phase has a pattern.
        join: How the first new session follows the last one given; None: the earlier phase's
            minimums hold, and it comes with the pattern of the new phase.

    Raises:
        InvalidInput: The new protocol's first phase derives its days of the week from a start.
    """
    protocol = protocol.at_zone(history.course.zone)
    first = protocol.phases[0]
    if not (first.weekdays or first.study_days or first.every):
        raise InvalidInput(
            what=f"{protocol.id} leaves its days of the week open",
            where="switch",
            why="only a course that begins with it can derive them, from its start",
            fix="choose weekdays for it: {weekdays=mon,thu|protocol.choose(weekdays=[0, 3])}",
        )
    course, old = history.course, history.course.protocol
    taken = {phase.name for phase in old.phases}
    names = {phase.name: _free(phase.name, taken) for phase in protocol.phases}
    known = {companion.id for companion in old.companions}
    companions = {c.id: _free(c.id, known, "-") for c in protocol.companions}
    sources, keys = dict(old.sources), dict[str, str]()
    for key, reference in protocol.sources:
        keys[key] = key if sources.get(key, reference) == reference else _free(key, set(sources), "-")
        sources[keys[key]] = reference
    phases = []
    for phase in protocol.phases:
        changed: dict[str, Any] = {"name": names[phase.name], "beside": names.get(phase.beside, "")}
        changed["evidence"] = tuple(
            attrs.evolve(e, source=", ".join(keys.get(k.strip(), k.strip()) for k in e.source.split(",")))
            for e in phase.evidence
        )
        if phase is first:
            changed["join"] = join
        if phase.weeks is not None and not phase.weeks_required:
            changed["weeks"] = None  # a preference that looks back to a first day that is not known
            changed["weeks_required"] = True
        phases.append(attrs.evolve(phase, **changed))
    kept = tuple(
        attrs.evolve(phase, count=phase.count or max(1, _booked(course, phase)), beside="")
        for phase in old.phases
    )
    both = attrs.evolve(
        old,
        phases=(*kept, *phases),
        companions=(*_bound(old), *_renamed(protocol, names, companions)),
        sources=tuple(sources.items()),
        title=f"{old.title}; then {protocol.title}",
        study="; then: ".join(_each_once(old.study, protocol.study)),
        indications=_each_once(*old.indications, *protocol.indications),
        note=" ".join(_each_once(old.note, protocol.note)),
    )
    segment = Segment(
        protocol=protocol.id, version=protocol.version, first=names[first.name], on=history.as_of
    )
    course = attrs.evolve(course, protocol=both, segments=(*course.segments, segment))
    return evaluate(course, as_of=history.as_of)


def _each_once(*texts: str) -> tuple[str, ...]:
    """Return those that are not empty, in order, each once."""
    return tuple(dict.fromkeys(filter(None, texts)))


def _booked(course: Course, phase: Phase) -> int:
    return sum(session.phase == phase.name and session.status.stands for session in course.sessions)


def _bound(old: Protocol) -> Iterator[Companion]:
    """Yield the companions of the protocol until now, what is counted from its end or each session bound to it."""
    for companion in old.companions:
        anchor = companion.anchor
        if not anchor.phase and anchor.edge == "end":
            anchor = attrs.evolve(anchor, phase=old.main[-1].name)
        elif not anchor.phase and anchor.every is not None and len(old.phases) == 1:
            anchor = attrs.evolve(anchor, phase=old.phases[0].name)
        yield attrs.evolve(companion, anchor=anchor)


def _renamed(protocol: Protocol, phases: dict[str, str], companions: dict[str, str]) -> Iterator[Companion]:
    """Yield the companions of the protocol to come, bound to its own phases and under names of their own."""
    taken = set(companions.values())
    for companion in protocol.companions:
        anchor = companion.anchor
        own = [anchor.phase] if anchor.phase else [protocol.phases[0].name]
        if not anchor.phase and anchor.edge == "end":
            own = [protocol.main[-1].name]
        elif not anchor.phase and anchor.every is not None:
            own = [phase.name for phase in protocol.phases]
        for number, phase in enumerate(own):
            name = companions[companion.id] if not number else _free(companions[companion.id], taken, "-")
            bound = attrs.evolve(
                anchor,
                phase="" if anchor.companion is not None else phases[phase],
                companion=companions.get(anchor.companion or ""),
            )
            yield attrs.evolve(companion, id=name, anchor=bound)


def _free(name: str, taken: set[str], mark: str = " ") -> str:
    """Return a name that is not taken yet, and take it."""
    free, number = name, 2
    while free in taken:
        free, number = f"{name}{mark}{number}", number + 1
    taken.add(free)
    return free
