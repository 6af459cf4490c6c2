"""
Plan again after what happened: as few changes as can be, by the policy for what was missed.

The past and today stay. What happened is written into the course first, then what a clinician
decides about the rest; what is left is given ideal days (`ideals`), laid (`laying`), booked, and
given out as the next revision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time

import attrs

from ketsched.arguments import checked
from ketsched.calendars import Calendar
from ketsched.errors import InvalidInput
from ketsched.history import History
from ketsched.holds import with_statuses, without_old_rides
from ketsched.model import POLICY_NAMES, Course, Join, Lifted, PlacedCompanion, Protocol, Session, Visit
from ketsched.planning import NoFeasiblePlan
from ketsched.planning.around import closed_because
from ketsched.planning.companions import check_companions, place_companions
from ketsched.planning.narrowing import TooManyWays
from ketsched.planning.room import Room
from ketsched.planning.runs import needed
from ketsched.planning.unplaced import could_move, made_room
from ketsched.revising import days_moved_from, in_order, revise
from ketsched.tracking.altering import (
    add_sessions,
    apply_outcomes,
    end,
    move_to,
    step_interval,
    switch_protocol,
)
from ketsched.tracking.booking import Booked, book, lifted_in_words, lifted_rules
from ketsched.tracking.ideals import Intent
from ketsched.tracking.laying import Replanner
from ketsched.tracking.options import ReplanOptions
from ketsched.tracking.places import phase_on
from ketsched.tracking.problem import Placed
from ketsched.tracking.recording import reasons
from ketsched.tracking.remarks import left_aside, rides_forgotten, unpinned
from ketsched.tracking.request import Request, request
from ketsched.tracking.targets import check_to_come


@checked
def replan(  # noqa: PLR0913 - public, each a keyword
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
    lost: str | None = None,
    prefer: bool = False,
    exceed: bool = False,
    availability: Calendar | None = None,
    away: Iterable[date] = (),
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
        lost: What is done about bookings that cannot stand, because their day has closed or the patient is
            away, one of POLICIES; None: each goes to the nearest day that leaves the others alone.
        prefer: Whether preferences come before agreed days: more bookings may move, so that fewer are broken.
        exceed: Whether latest days that cannot be kept give way, to be documented by a clinician.
        availability: When the patient can; in place of what the course remembers, and remembered from now on.
            None: as it remembers, or always.
        away: Further days on which the patient cannot come; remembered as well.
        wishes: When the patient would rather come; as availability.
        time: Local time of day that new and moved sessions should be near to; as availability, or that of the others.
        calendars: Of those whose hours companions need, by name; those that the course was planned with are needed.
        who: Who planned again.

    Raises:
        NoFeasiblePlan: The required rules leave no days, or a companion that must be there has none.
        InvalidInput: An argument cannot be used.
    """
    return replan_as(
        request(
            course,
            visits,
            calendar,
            at=at,
            as_of=as_of,
            policy=policy,
            notice=notice,
            move=move,
            add=add,
            repeat=repeat,
            step=step,
            switch=switch,
            join=join,
            end=end,
            through=through,
            place=place,
            lost=lost,
            prefer=prefer,
            exceed=exceed,
            availability=availability,
            away=away,
            wishes=wishes,
            time=time,
            calendars=calendars,
            who=who,
        )
    )


def replan_as(asked: Request) -> Course:
    """
    Plan the rest of a course again, as `replan` does.

    Raises:
        NoFeasiblePlan: The required rules leave no days, or a companion that must be there has none.
        InvalidInput: An option cannot be used for this course.
    """
    replanning = Replanning(asked)
    if replanning.decided.is_nothing(asked) and replanning.planner.is_settled():
        return _with_companions(asked)
    return replanning.course()


def breaks_fewer(asked: Request) -> bool:
    """Whether a plan that puts preferences before agreed days breaks fewer of them."""
    plain, other = (
        Replanning(attrs.evolve(asked, options=attrs.evolve(asked.options, prefer=prefer)))
        for prefer in (False, True)
    )
    try:
        placed = plain.lay(plain.policies)
        return bool(placed.broken) and other.lay(other.policies).broken < placed.broken
    except (NoFeasiblePlan, TooManyWays):
        return False


# What is decided about the rest


@attrs.frozen(kw_only=True)
class Decided:
    """
    What is decided about the rest of a course.

    Attributes:
        history: Of the course as it was decided to go on.
        relaid: Names of phases whose bookings are laid anew on the pattern.
        added: Days of sessions besides the pattern, by the name of their phase.
    """

    history: History
    relaid: tuple[str, ...]
    added: Mapping[str, Sequence[date]]

    def is_nothing(self, asked: Request) -> bool:
        """Whether the course goes on as it was given out."""
        options = asked.options
        chosen = any((options.move, options.add, self.relaid, options.through, options.lost, options.prefer))
        return not chosen and self.history.course == asked.course


def decide(course: Course, history: History, options: ReplanOptions) -> Decided:
    """
    Apply what was decided about the rest of a course: in its reviews, and by the options.

    Args:
        course: As it was given out last.
        history: Of the course with what happened written into it.
        options: What is to be done.

    Raises:
        InvalidInput: An option cannot be used for this course.
    """
    altered, relaid = apply_outcomes(history)
    if altered.course.ended is not None and options.goes_on:
        raise InvalidInput(
            what=f"This course was ended on {altered.course.ended}.",
            where=options.goes_on,
            why="nothing is planned in it any more",
            fix="ketsched undo, or plan a new course",
            argument=options.goes_on,
        )
    if options.step is not None:
        altered, phase = step_interval(altered, options.step)
        relaid = (*relaid, phase)
    if options.switch is not None:
        altered = switch_protocol(altered, options.switch, join=options.join)
    if options.end:
        altered = end(altered, on=history.as_of)
    _check_free(course, options.add)
    added: dict[str, list[date]] = {}
    for day in options.add:
        added.setdefault(phase_on(history, day).name, []).append(day)
    for name, days in added.items():
        altered = add_sessions(altered, len(days), phase=name)
    _check_through(altered.course.protocol, options.through)
    if options.repeat:
        altered = add_sessions(altered, options.repeat)
    if options.place is not None:
        altered = move_to(altered, options.place)
    return Decided(history=altered, relaid=relaid, added=added)


def _check_free(course: Course, days: Iterable[date]) -> None:
    """Refuse a further session on the day of another one."""
    taken = {session.day for session in course.standing()} & set(days)
    if taken:
        raise InvalidInput(
            what=f"one more session on {min(taken)}",
            where="add",
            why="there is one on that day already, and two on one day are too many",
            fix="choose another day",
            argument="add",
        )


def _check_through(protocol: Protocol, through: date | None) -> None:
    """Refuse to plan a phase on that has a number of sessions."""
    last = protocol.main[-1]
    if through is not None and last.count is not None:
        raise InvalidInput(
            what=f"a plan through {through}",
            where="through",
            why=f"{last.name} has a number of sessions, and no end to plan on to",
            fix="leave it out, or add sessions ({add}, {repeat})",
            argument="through",
        )


# The next revision


class Replanning:
    """
    Lays and books what is left of one course, and gives it out as the next revision.

    Raises:
        InvalidInput: An option cannot be used for this course.
    """

    def __init__(self, asked: Request) -> None:
        self.decided = decide(asked.course, asked.history, asked.options)
        self.asked, self.options, self.history = asked, asked.options, self.decided.history
        self.altered = self.history.course
        self.policies = self.options.policies(self.altered.protocol)
        self.made_room: tuple[str, ...] = ()
        days = {session.id: session.day for session in self.altered.sessions}
        leaves = (days[name] for name, day in self.options.move.items() if days.get(name, day) != day)
        self.planner = Replanner(
            self.history,
            asked.hours,
            notice=self.options.days_of_notice,
            exceed=self.options.exceed,
            prefer=self.options.prefer,
            left={*days_moved_from(asked.course), *leaves},
        )
        self.moved = {check_to_come(self.history, name): day for name, day in self.options.move.items()}
        for name, day in self.moved.items():
            self._check_notice(f"the session {name}", day, "move")
        for day in self.options.add[:1]:
            self._check_notice("one more session", day, "add")

    def _check_notice(self, what: str, day: date, argument: str) -> None:
        if day.toordinal() < self.planner.first:
            raise InvalidInput(
                what=f"{what} on {day}",
                where=argument,
                why=f"with the notice given nothing new is before {date.fromordinal(self.planner.first)}",
                fix="choose a later day, or a shorter notice",
                argument=argument,
            )

    def _intent(self, policies: Mapping[str, str], lost: str | None) -> Intent:
        return self.planner.ideal_days.intent(
            policies,
            lost=lost,
            only=self.moved,
            add=self.decided.added,
            relaid=self.decided.relaid,
            through=self.options.through,
        )

    def lay(self, policies: Mapping[str, str], lost: str | None = None) -> Placed:
        """Find the days of what is left, by the policy of each phase, and that for bookings that cannot stand."""
        return self.planner.lay(self._intent(policies, lost))

    def _outcome(self) -> tuple[Placed, Booked, Course]:
        """Return the rest on its days, booked, and the course with it."""
        placed = self.lay(self.policies, self.options.lost)
        booked = book(self.history, placed, self.asked.hours, self.options.seats)
        return placed, booked, without_old_rides(self._booked(placed, booked), self.asked.course)

    def is_possible(self, moved: Mapping[str, date]) -> bool:
        """Whether there is such a course with the same sessions moved to other days; the error may say why not."""
        self.moved = dict(moved)
        phases = self.altered.protocol.phases
        rules = [spacing for phase in phases for spacing in phase.spacing]
        in_hours = self.asked.hours.overnight or any(rule.minimum_hours is not None for rule in rules)
        if not (in_hours or any(rule.has_months for rule in rules) or needed(self.altered.protocol)):
            return self.planner.can_lay(self._intent(self.policies, self.options.lost))
        _, _, known = self._outcome()
        try:
            check_companions(known, self.asked.hours, after=self.asked.today)
        except NoFeasiblePlan as refused:
            self._with_room(known, refused)
        return True

    def _complete(self) -> tuple[Placed, Booked, Course, tuple[PlacedCompanion, ...]]:
        """Return the rest on its days, booked, the course with it, and what goes around that."""
        placed, booked, known = self._outcome()
        try:
            return placed, booked, known, place_companions(known, self.asked.hours, after=self.asked.today)
        except NoFeasiblePlan as refused:
            return self._with_room(known, refused)

    def _with_room(
        self, course: Course, refused: NoFeasiblePlan
    ) -> tuple[Placed, Booked, Course, tuple[PlacedCompanion, ...]]:
        """Return the same with sessions on days that leave one to what must go with them."""
        if not could_move(refused):
            raise refused
        hours, today = self.asked.hours, self.asked.today
        self.planner.room = room = Room(course, hours, today)
        try:
            placed, booked, known = self._outcome()
            around = place_companions(known, hours, after=today)
        except (NoFeasiblePlan, TooManyWays):
            raise room.without(refused) from None
        finally:
            self.planner.room = None
        self.made_room = (made_room(refused),)
        return placed, booked, known, around

    def course(self) -> Course:
        """Return the course with the rest laid and booked, as its next revision."""
        asked = self.asked
        placed, booked, known, around = self._complete()
        sessions, companions = with_statuses(known, before=asked.course, bookings=around)
        lifted = lifted_rules(placed, booked)
        closed = closed_because(asked.course, known, companions)
        return revise(
            asked.course,
            at=asked.at,
            kind="recorded and replanned" if asked.visits else "replanned",
            what=_what(asked.options, stepped=bool(self.decided.relaid)),
            who=asked.who,
            sessions=sessions,
            companions=companions,
            why={**closed, **asked.why, **reasons(self.history), **booked.why},
            instead=booked.instead,
            causes=booked.causes,
            remarks=tuple(self._remarks(known, placed, booked, lifted)),
            visits=known.visits,
            skipped=known.skipped,
            lifted=lifted,
            protocol=known.protocol,
            segments=known.segments,
            ended=known.ended,
            patient=known.patient,
            files=known.files,
        )

    def _booked(self, placed: Placed, booked: Booked) -> Course:
        """Return the course with its bookings changed; of a longer series more of what was given may count."""
        counts = {judged.session: judged.verdict.counts for judged in self.history.given()}
        changed = dict(booked.changed)
        kept = [_counted(changed.pop(s.id, s), counts) for s in self.altered.sessions]
        return attrs.evolve(
            self.altered,
            sessions=in_order([*kept, *changed.values()]),
            skipped=(*self.altered.skipped, *placed.intent.skipped),
            lifted=(),
        )

    def _remarks(
        self, known: Course, placed: Placed, booked: Booked, lifted: Iterable[Lifted]
    ) -> Iterator[str]:
        """Yield what a clinician should know of the plan: what could not be kept, and what was left aside."""
        yield from unpinned(booked.changed, self.altered, self.moved)
        yield from rides_forgotten(self.asked.course, known)
        yield from left_aside(self.history, self.asked.visits)
        yield from placed.intent.remarks
        yield from self.made_room
        over = placed.breaks_more  # told in words of its own
        yield from lifted_in_words(
            known, (one for one in lifted if one.by == "history" or one.key not in over)
        )
        if over:
            yield self._offer(placed, over)

    def _offer(self, placed: Placed, over: Mapping[str, str]) -> str:
        """Say which other policies keep the rules that this one goes beyond, as their plans show."""
        keep = []
        for policy, name in POLICY_NAMES.items():
            if policy not in self.policies.values():
                try:
                    other = self.lay(dict.fromkeys(self.policies, policy), policy)
                except (NoFeasiblePlan, TooManyWays):
                    continue
                if over.keys().isdisjoint(other.breaks) and len(other.lifted) <= len(placed.lifted):
                    keep.append(name)
        keeps = "keeps" if len(keep) == 1 else "keep"
        kept = f"{', '.join(keep)} {keeps} to it" if keep else "no way keeps to it"
        return f"{'; '.join(placed.beyond_in_words(over))} ({kept})"


def _counted(session: Session, counts: Mapping[str | None, bool]) -> Session:
    now = counts.get(session.id, session.counts)
    return session if session.counts == now else attrs.evolve(session, counts=now)


def _with_companions(asked: Request) -> Course:
    """Return a course whose sessions stay, with what goes around them where it should be, if it can be there."""
    course = asked.course
    try:
        companions = place_companions(course, asked.hours, after=asked.today)
    except NoFeasiblePlan:  # nothing is new: check says what is missing
        return course
    known = attrs.evolve(course, companions=companions)
    sessions, companions = with_statuses(known, before=course)
    return revise(
        course,
        at=asked.at,
        kind="companions",
        who=asked.who,
        sessions=sessions,
        companions=companions,
        why=closed_because(course, known),
    )


def _what(options: ReplanOptions, *, stepped: bool) -> str:
    """Say in a word or two what a revision was for; nothing if its kind says it."""
    done = {
        "moved": options.move,
        "added": options.add,
        "repeated": options.repeat,
        "stepped": stepped,
        "switched": options.switch,
        "ended": options.end,
        "new place": options.place,
        "planned on": options.through,
    }
    return ", ".join(word for word, happened in done.items() if happened)
