"""
Plan again after what happened: as few changes as can be, by the policy for what was missed.

The past and today stay. What happened is written into the course first, then what a clinician
decides about the rest; what is left is aimed at days (`aiming`), laid (`laying`), and given out
as the next revision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

import attrs

from ketsched.arguments import checked
from ketsched.around import confirmed
from ketsched.calendars import Calendar
from ketsched.clock import plausible
from ketsched.errors import InvalidInput
from ketsched.history import History, SessionState, Verdict, evaluate, is_past
from ketsched.hours import Hours
from ketsched.model import POLICIES, Course, Join, Lifted, Protocol, Session, Visit
from ketsched.planning import NoFeasiblePlan
from ketsched.planning.companions import place_companions
from ketsched.planning.planner import TooManyWays
from ketsched.revising import in_order, revised
from ketsched.tracking import arguments
from ketsched.tracking.aiming import phase_on
from ketsched.tracking.altering import decided, ended, enlarged, stepped, switched
from ketsched.tracking.booking import book, lifted_rules
from ketsched.tracking.laying import Replanner
from ketsched.tracking.problem import Laid
from ketsched.tracking.recording import apply_visits, reasons, today_of


@checked
def replan(
    course: Course,
    visits: Iterable[Visit] = (),
    *,
    calendar: Calendar,
    at: datetime | None = None,
    as_of: date | None = None,
    policy: str | Mapping[str, str] | None = None,
    notice: int = 1,
    move: Mapping[str, date] | None = None,
    add: Sequence[date] = (),
    repeat: int = 0,
    step: str | None = None,
    switch: Protocol | None = None,
    join: Join | None = None,
    end: bool = False,
    through: date | None = None,
    place: str | None = None,
    exceed: bool = False,
    availability: Calendar | None = None,
    wishes: Calendar | None = None,
    time: time | None = None,
    calendars: Mapping[str, Calendar] | None = None,
    who: str = "",
) -> Course:
    """
    Plan the rest of a course again after what happened, as its next revision: as few changes as can be.

    The past and today stay. With nothing new the course is returned as it is. `changes` of the
    result names each session that changed with the reason; the revision's remarks say what could not be kept.

    Args:
        course: As it was given out last.
        visits: What happened; those that the course remembers are taken once.
        calendar: When the clinic is open, without this course's own bookings.
        at: The moment of the revision, aware.
        as_of: Today, the local date at the clinic; that of `at`, unless given.
        policy: What is done about missed sessions, one of POLICIES, for all phases or by the name of a
            phase; None: what the protocol says.
        notice: Nothing new is placed before so many days after today.
        move: New days chosen by hand, by the id of the session; others move as little as they must.
        add: Days of sessions besides the pattern, in the phase that each falls into: ad-hoc boosters.
        repeat: How many of the last sessions are given again: the phase that goes on has so many more.
        step: "back" or "forward": the phase that goes on takes the interval before or after its current one.
        switch: Another protocol for the rest, its choices made.
        join: How its first session follows the last one given.
        end: Whether the course ends today; what is still to come is closed.
        through: Last day to which an open-ended phase is planned on.
        place: Where sessions at the clinic are from now on.
        exceed: Whether latest days that cannot be kept give way, to be documented by a clinician.
        availability: When the patient can.
        wishes: When the patient would rather come.
        time: Local time of day that new and moved sessions should be near to; None: that of the others.
        calendars: Of those whose hours companions need, by name.
        who: Who planned again.

    Raises:
        NoFeasiblePlan: The required rules leave no days, or a companion that must be there has none.
        InvalidInput: An argument cannot be used.
    """
    given, notice = arguments.visits_of(visits), arguments.notice_of(notice)
    extra = sorted(add) if isinstance(add, list | tuple) else add
    arguments.check(
        course,
        calendar=calendar,
        availability=availability,
        wishes=wishes,
        calendars=calendars,
        time=time,
        move=move,
        add=extra,
        repeat=repeat,
        step=step,
        switch=switch,
        join=join,
        end=end,
        exceed=exceed,
        through=through,
        place=place,
        who=who,
    )
    today = today_of(course, at, as_of)
    arguments.policies_of(course, policy)
    history = apply_visits(course, given, as_of=today, who=who)
    altered, relaid = decided(history.course, as_of=today)
    wanted: dict[str, Any] = {
        "add": extra,
        "repeat": repeat,
        "step": step,
        "switch": switch,
        "through": through,
    }
    if altered.ended is not None and any(wanted.values()):
        raise InvalidInput(
            what=f"a course that ended on {altered.ended} is to go on",
            where=next(name for name, value in wanted.items() if value),
            why="nothing is planned in it any more",
            fix="plan a course of its own for what follows",
        )
    if step is not None:
        altered, phase = stepped(altered, step, as_of=today)
        relaid = (*relaid, phase)
    if switch is not None:
        altered = switched(altered, switch, on=today, join=join)
    if end:
        altered = ended(altered, on=today)
    for day in extra:
        plausible(day, "add")
    if len(set((move or {}).values())) < len(move or {}):
        raise InvalidInput(
            what="two sessions moved to one day",
            where="move",
            why="there is one session a day",
            fix="give each its own",
        )
    taken = {session.day for session in course.standing()} & set(extra)
    if taken or len(set(extra)) < len(extra):
        raise InvalidInput(
            what=f"one more session on {min(taken or set(extra))}",
            where="add",
            why="there is one on that day already, and two on one day are too many",
            fix="choose another day",
        )
    more: dict[str, list[date]] = {}
    for day in extra:
        more.setdefault(phase_on(history, day).name, []).append(day)
    for name, days in more.items():
        altered = enlarged(altered, len(days), as_of=today, phase=name)
    open_ended = [phase.name for phase in altered.protocol.main if phase.count is None]
    if through is not None and altered.protocol.main[-1].name not in open_ended:
        raise InvalidInput(
            what=f"a plan through {through}",
            where="through",
            why=f"{altered.protocol.main[-1].name} has a number of sessions, and no end to plan on to",
            fix="leave it out, or add sessions (add, repeat)",
        )
    if repeat:
        altered = enlarged(altered, repeat, as_of=today)
    if place is not None:
        altered = _placed(altered, place, today)
    if altered is not history.course:
        history = evaluate(altered, as_of=today)
    hours = Hours(calendar, staff=calendars or {}, availability=availability, wishes=wishes, time=time)
    planner = Replanner(history, hours, notice=notice, exceed=exceed)
    policies = arguments.policies_of(altered, policy)
    only = {to_come(history, name): plausible(day, "move") for name, day in (move or {}).items()}
    _check_days({f"the session {name}": day for name, day in only.items()}, "move", planner.first)
    _check_days({"one more session": extra[0]} if extra else {}, "add", planner.first)
    new = altered != course or bool(only or relaid or extra) or through is not None
    if not new and planner.is_settled():
        return _accompanied(course, at, who, hours, today)

    def lay(chosen: Mapping[str, str]) -> Laid:
        aims = planner.aiming.aims(chosen, only=only, add=more, relaid=relaid, through=through)
        return planner.lay(aims)

    laid = lay(policies)
    aims, booked = laid.aims, book(history, laid, hours)
    changed = dict(booked.changed)
    skipped = (*altered.skipped, *aims.skipped)
    counts = {j.session: j.verdict.counts for j in history.given()}  # of a longer series more may count
    kept = [_counted(changed.pop(s.id, s), counts) for s in altered.sessions]
    sessions = in_order([*kept, *changed.values()])
    known = attrs.evolve(altered, sessions=sessions, skipped=skipped, lifted=())
    known = attrs.evolve(known, companions=place_companions(known, hours, after=today))
    confirmed_sessions, companions = confirmed(known, before=course)
    lifted = lifted_rules(laid, booked)
    remarks = [*_unpinned(booked.changed, altered, only), *_not_known(history, given), *aims.remarks]
    remarks += _said_of(known, lifted)
    if laid.costs:
        remarks += _offers(lay, policies, laid)
    return revised(
        course,
        at=at,
        kind="recorded and replanned" if given else "replanned",
        what=_what(
            moved=move,
            added=extra,
            repeated=repeat,
            stepped=relaid,
            switched=switch,
            ended=end,
            **{"new place": place, "planned on": through},
        ),
        who=who,
        sessions=confirmed_sessions,
        companions=companions,
        why={**reasons(history), **booked.why},
        remarks=remarks,
        visits=known.visits,
        skipped=skipped,
        lifted=lifted,
        protocol=known.protocol,
        segments=known.segments,
        ended=known.ended,
    )


def _counted(session: Session, counts: Mapping[str | None, bool]) -> Session:
    now = counts.get(session.id, session.counts)
    return session if session.counts == now else attrs.evolve(session, counts=now)


def _accompanied(course: Course, at: datetime | None, who: str, hours: Hours, today: date) -> Course:
    """Return a course whose sessions stay, with what goes around them where it should be, if it can be there."""
    try:
        companions = place_companions(course, hours, after=today)
    except NoFeasiblePlan:  # nothing is new: check says what is missing
        return course
    sessions, companions = confirmed(attrs.evolve(course, companions=companions), before=course)
    return revised(course, at=at, kind="companions", who=who, sessions=sessions, companions=companions)


def to_come(history: History, name: str) -> str:
    """Return the id of a session, if it is still to come and can be moved."""
    over = history.course.over()
    can = [session.id for session in history.in_state(SessionState.PLANNED) if session.phase not in over]
    if name not in can:
        raise InvalidInput(
            what=f"the session {name[:40]!r} cannot be moved",
            where="move",
            why=f"sessions that are still to come are {', '.join(can[:12]) or 'none'}",
            fix="name one of these",
        )
    return name


def _check_days(days: Mapping[str, date], where: str, first: int) -> None:
    for name, day in days.items():
        if day.toordinal() < first:
            raise InvalidInput(
                what=f"{name} on {day}",
                where=where,
                why=f"with the notice given nothing new is before {date.fromordinal(first)}",
                fix="choose a later day, or a shorter notice",
            )


def _placed(course: Course, place: str, today: date) -> Course:
    sessions = tuple(
        attrs.evolve(s, place=place) if s.day > today and s.status.stands and not course.is_at_home(s) else s
        for s in course.sessions
    )
    return attrs.evolve(course, sessions=sessions)


def _unpinned(changed: Mapping[str, Session], before: Course, only: Mapping[str, date]) -> Iterator[str]:
    """Yield which sessions whose day was chosen by hand could not stay on it."""
    for session in before.sessions:
        now = changed.get(session.id, session)
        if session.pinned and session.status.stands and session.id not in only:
            if not now.status.stands and before.ended is None:
                yield f"the session of {session.day}, chosen by hand, cannot stand there: it is closed"
            elif now.day != session.day:
                yield f"the session of {session.day}, chosen by hand, cannot stand there: it moves to {now.day}"


def _not_known(history: History, given: Iterable[Visit]) -> Iterator[str]:
    """Yield what was left aside: visits after today, and past sessions that nobody recorded."""
    for visit in given:
        if not is_past(visit, history.as_of):
            yield f"a visit of {visit.day} is after today and was not recorded"
    for judged in history.visits:
        if judged.verdict is Verdict.ASKED:
            yield f"{judged.visit.day} was stopped early: until somebody says that it counts, it does not"
    for session in history.in_state(SessionState.NOT_RECORDED):
        yield f"{session.day} is not recorded: taken as given for gaps, and not as missed"


def _said_of(course: Course, lifted: Iterable[Lifted]) -> Iterator[str]:
    """Yield in words which rules do not bind any more, each pair of sessions once."""
    days = {session.id: session.day for session in course.sessions}
    for one in lifted:
        gap = (days[one.later] - days[one.earlier]).days
        said = f"spans {gap + 1} dates" if one.key.endswith("/weeks") else f"is {gap} d"
        why = "no open day can keep it any more" if one.by == "history" else "the plan goes beyond it"
        yield f"{days[one.earlier]} to {days[one.later]} {said}; {one.rule}: {why}"


def _offers(
    lay: Callable[[Mapping[str, str]], Laid], policies: Mapping[str, str], laid: Laid
) -> Iterator[str]:
    """Yield which other policies keep the rules that this one goes beyond."""
    keep = []
    for policy in POLICIES:
        if policy not in policies.values():
            try:
                other = lay(dict.fromkeys(policies, policy))
            except (NoFeasiblePlan, TooManyWays):
                continue
            if not other.costs and len(other.lifted) <= len(laid.lifted):
                keep.append(policy)
    rules = " and ".join(dict.fromkeys(bound.rule for bound in laid.costs))
    yield f"beyond {rules}: " + (f"kept by {', '.join(keep)}" if keep else "no policy keeps it")


def _what(**done: object) -> str:
    """Say in a word or two what a revision was for; nothing if its kind says it."""
    return ", ".join(word for word, happened in done.items() if happened)
