"""
Days and hours for what is left of a course, and the bookings that take them.

Bookings that stand aim at the day they stand on; what a series lacks is laid by the policy.
Days are placed as `plan` places them, and matched to the bookings so that most days stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, time

import attrs

from ketsched.calendars import Calendar
from ketsched.clock import LAST_DAY
from ketsched.history import History, SessionState
from ketsched.model import Lifted, Session, Status
from ketsched.placing import EFFORT, TooManyPlans, place
from ketsched.placing.values import Series
from ketsched.planning import REACH, TooManyWays
from ketsched.planning.days import GRID, OpenDays, at_home
from ketsched.planning.laying import hour_rules
from ketsched.planning.seating import days_for_hours
from ketsched.spacing import Bound, edges, push_up
from ketsched.tracking.aiming import Aimed, Aiming, Aims, pinned
from ketsched.tracking.explaining import closed_by, no_plan
from ketsched.tracking.hours import Hours, stays
from ketsched.tracking.matching import matched
from ketsched.tracking.problem import Laid, Problem
from ketsched.tracking.remaining import Remaining, Slot, lifted, softened, taken_of, without_latest


@attrs.frozen(kw_only=True)
class Booked:
    """
    What became of the bookings.

    Attributes:
        ids: Id of the session at each place, those taken first.
        changed: Sessions that are new or another than they were, by id.
        why: The reason for each of them.
    """

    ids: tuple[str, ...]
    changed: dict[str, Session]
    why: dict[str, str]


def _moved(laid: Laid) -> list[int]:
    """Return the days of the bookings that do not stay, in order of time."""
    days = zip(laid.aims.aimed, laid.days, strict=True)
    return sorted(aim.day for aim, day in days if aim.stays and aim.day != day)


class Replanner:
    """
    Finds days and hours for what is left of one course.

    Args:
        history: Of the course up to today, what happened written into it.
        calendar: The clinic's, without this course's own bookings.
        availability: When the patient can.
        wishes: When the patient would rather come.
        preferred: Local time of day that new and moved sessions should be near to; None: as the others.
        notice: Nothing new is placed before so many days after today.
        exceed: Whether latest days that cannot be kept give way, also where nothing has broken them yet.
    """

    def __init__(
        self,
        history: History,
        calendar: Calendar,
        *,
        availability: Calendar | None = None,
        wishes: Calendar | None = None,
        preferred: time | None = None,
        notice: int = 1,
        exceed: bool = False,
    ) -> None:
        self.history, self.course, self.exceed = history, history.course, exceed
        self.preferred = preferred
        of_place = {"clinic": calendar, "home": at_home(calendar.zone)}
        self.calendars = {
            where: found if availability is None else found & availability
            for where, found in of_place.items()
        }
        self.open_days = {where: OpenDays(found) for where, found in self.calendars.items()}
        self.wished = {} if wishes is None else {w: found & wishes for w, found in self.calendars.items()}
        self.wished_days = {where: OpenDays(found) for where, found in self.wished.items()}
        self.first = history.as_of.toordinal() + notice
        self.start = self._agreed_start()
        begins = self.first if self.start is None else max(self.first, self.start.day.toordinal())
        self.aiming = Aiming(history, begins, self.open_days)

    def _agreed_start(self) -> Session | None:
        """Return the first booking of a course of which nothing has happened yet: nothing is laid before it."""
        if self.course.visits or self.history.visits or taken_of(self.history):
            return None
        return next(iter(self.history.in_state(SessionState.PLANNED)), None)

    # Days

    def problem(self, aims: Aims, *, pins: bool = True, gives: Bound | None = None) -> Problem:
        """
        Return what has to be placed: the days there are, and the rules that still bind.

        Args:
            aims: What is aimed at.
            pins: Whether pinned days are the only ones of theirs.
            gives: The one rule whose latest day gives way; None: those that have to.
        """
        aimed = aims.aimed
        rest = Remaining(self.course, self.aiming.taken, tuple(aim.slot for aim in aimed))
        taken = [(known.day,) for known in rest.taken]
        options = free = (*taken, *self._options(rest, aimed, pins=False))
        if pins and any(map(pinned, aimed)):
            options = (*taken, *self._options(rest, aimed, pins=True))
        past = gone = lifted(rest, free)  # a day chosen by hand lifts nothing
        bounds = without_latest(rest.bounds, gone)
        if gives is not None:
            bounds, gone = without_latest(rest.bounds, [gives]), (gives,)
        elif self.exceed:
            bounds, gone = softened(rest, free)
        costs = tuple(self._costs(rest, aimed, bounds)) if aims.lays_new else ()
        bounds = without_latest(bounds, costs)
        chosen = {place for place, aim in enumerate(aimed, rest.first) if aim.by_hand}
        if chosen:  # whoever chose the day knows: a preference about it moves nobody else
            bounds = [b for b in bounds if b.required or chosen.isdisjoint(range(b.earlier, b.later + 1))]
        rules = [rule for rule in hour_rules(rest.runs) if rule.later >= rest.first]
        hours = days_for_hours(rules, self.calendars.values())
        return Problem(
            aims=aims,
            rest=rest,
            options=options,
            bounds=(*bounds, *hours),
            lifted=gone,
            past=past,
            costs=costs,
        )

    def solve(self, problem: Problem) -> Laid:
        """
        Find the days of what is left.

        Raises:
            NoFeasiblePlan: The required rules leave none.
        """
        aims, rest = problem.aims, problem.rest
        ideals = (*(taken.day for taken in rest.taken), *(aim.day for aim in aims.aimed))
        found = self._best(rest, problem.options, problem.bounds, ideals, aims.aimed)
        if found is None:
            raise no_plan(
                problem,
                first=self.first,
                where=f"{self.course.protocol.id}, as of {self.history.as_of}",
                open_days=self.open_days,
            )
        return Laid(
            aims=aims,
            rest=rest,
            days=found[rest.first :],
            lifted=tuple(bound for bound in problem.lifted if not bound.keeps(found)),
            past=problem.past,
            costs=tuple(bound for bound in problem.costs if not bound.keeps(found)),
        )

    def lay(self, aims: Aims) -> Laid:
        """
        Find the days of what is aimed at.

        Raises:
            NoFeasiblePlan: The required rules leave none.
        """
        found = self._at_once(aims)
        if found is not None:
            return found
        best = self._laid(aims)
        moved = _moved(best)
        while moved:  # a new session before the first booking that moved may let it stay
            squeezed = self.aiming.squeezed(best.aims, moved[0])
            if squeezed is None:
                break
            other = self._laid(squeezed)
            if len(_moved(other)) >= len(moved) or len(other.lifted) > len(best.lifted):
                break
            best, moved = other, _moved(other)
        return best

    def _laid(self, aims: Aims) -> Laid:
        """Find the days of what is aimed at; a pinned day that cannot stand gives way."""
        problem = self.problem_of(aims)
        best = self.solve(problem)
        if not self.exceed or len(best.lifted) != 1:
            return best
        for (
            bound
        ) in problem.lifted:  # one rule has to give way: the one that leaves most bookings where they are
            if bound in best.lifted or not _moved(best):
                continue
            other = self.problem(aims, gives=bound)
            required = edges([b for b in other.bounds if b.required])
            if push_up(other.options, required) is not None:
                laid = self.solve(other)
                best = laid if len(_moved(laid)) < len(_moved(best)) else best
        return best

    def problem_of(self, aims: Aims) -> Problem:
        """Return what has to be placed, with the pinned days, or without them if there is no plan with them."""
        problem = self.problem(aims)
        required = edges([bound for bound in problem.bounds if bound.required])
        if any(map(pinned, aims.aimed)) and push_up(problem.options, required) is None:
            return self.problem(aims, pins=False)
        return problem

    def _at_once(self, aims: Aims) -> Laid | None:
        """Return the aims themselves if every place can be on its day: nothing could be better."""
        aimed = aims.aimed
        rest = Remaining(self.course, self.aiming.taken, tuple(aim.slot for aim in aimed))
        if self.wished or self.course.authorisations or next(iter(hour_rules(rest.runs)), None) is not None:
            return None
        days = (*(taken.day for taken in rest.taken), *(aim.day for aim in aimed))
        if not all(bound.keeps(days) for bound in rest.bounds):
            return None
        for aim in aimed:
            kind, booking = aim.slot.kind, aim.slot.booking
            stands = booking is not None and booking.day.toordinal() == aim.day
            if (aim.day < self.first or aim.day in self.aiming.cancelled) and not (stands or aim.only):
                return None
            if not self.calendars[kind.place].is_open(date.fromordinal(aim.day), kind.minutes, grid=GRID):
                return None
        return Laid(aims=aims, rest=rest, days=days[rest.first :], lifted=(), past=(), costs=())

    def _options(self, rest: Remaining, aimed: Sequence[Aimed], *, pins: bool) -> Iterator[Sequence[int]]:
        last = max((aim.day for aim in aimed), default=self.first)
        end = min(max(last, self.first) + REACH, LAST_DAY.toordinal())
        paid = rest.paid() if self.course.authorisations else [(None, None)] * len(aimed)
        begins = self.first
        if self.start is not None:
            chosen = (aim.day for aim in aimed if aim.by_hand)
            begins = max(begins, min([self.start.day.toordinal(), *chosen]))
        for aim, (since, until) in zip(aimed, paid, strict=True):
            kind, booking = aim.slot.kind, aim.slot.booking
            days = self.open_days[kind.place]
            agreed = (pins and pinned(aim)) or (booking is not None and booking is self.start)
            if aim.only or (agreed and days.between(aim.day, aim.day, kind.minutes)):
                yield tuple(days.between(aim.day, aim.day, kind.minutes))
                continue
            found = days.between(begins, end, kind.minutes)
            if self.aiming.cancelled:  # what was taken off a day is not put there again
                found = [day for day in found if day not in self.aiming.cancelled]
            if booking is not None and booking.day.toordinal() < self.first:  # it may stay where it is
                own = booking.day.toordinal()
                found = (*days.between(own, own, kind.minutes), *found)
            if since is not None or until is not None:
                low, high = since or date.min, until or date.max
                found = [day for day in found if low.toordinal() <= day <= high.toordinal()]
            yield found

    def _costs(self, rest: Remaining, aimed: Sequence[Aimed], bounds: Sequence[Bound]) -> Iterator[Bound]:
        """Yield the rules over several sessions whose latest day a new session, laid by the policy, goes beyond."""
        days = [*(taken.day for taken in rest.taken), *(aim.day for aim in aimed)]
        for bound in bounds:
            if bound.later < rest.first or bound.later - bound.earlier < 2:
                continue
            far = bound.latest is not None and days[bound.later] - days[bound.earlier] > bound.latest
            if far and aimed[bound.later - rest.first].slot.booking is None:
                yield bound

    def _best(
        self,
        rest: Remaining,
        options: Sequence[Sequence[int]],
        bounds: Sequence[Bound],
        ideals: tuple[int, ...],
        aimed: Sequence[Aimed],
    ) -> tuple[int, ...] | None:
        """Return the best days: preferences first, then bookings that stay, then as `plan` does."""
        stays = (None,) * rest.first + tuple(
            frozenset((aim.day,)) if aim.stays and not aim.only else None for aim in aimed
        )
        wishes = (None,) * rest.first + tuple(self._wished(aimed, options[rest.first :]))
        preferred = [bound for bound in bounds if not bound.required]
        required = [bound for bound in bounds if bound.required]
        days = tuple(options)
        try:
            if preferred or any(wish is not None for wish in wishes):
                first = place(Series(days, tuple(bounds), ideals, wishes))
                if first is None:
                    return None
                required += [attrs.evolve(b, required=True) for b in preferred if b.keeps(first.days)]
                days = tuple(
                    tuple(d for d in found if d in wish) if wish is not None and day in wish else found
                    for found, wish, day in zip(days, wishes, first.days, strict=True)
                )
            best = place(Series(days, tuple(required), ideals, stays))
        except TooManyPlans:
            raise TooManyWays(
                what="what is left of this course allows too many different plans to find the best one",
                where=self.course.protocol.id,
                why=f"planning looks at {EFFORT} partial plans at most",
                fix="pin some sessions, or shorten what is left",
            ) from None
        return None if best is None else best.days

    def _wished(
        self, aimed: Sequence[Aimed], options: Sequence[Sequence[int]]
    ) -> Iterator[frozenset[int] | None]:
        for aim, days in zip(aimed, options, strict=True):
            if not self.wished_days or not days:
                yield None
                continue
            kind = aim.slot.kind
            yield frozenset(self.wished_days[kind.place].between(days[0], days[-1], kind.minutes))

    # Bookings

    def book(self, laid: Laid) -> Booked:
        """
        Match the days to the bookings, and give them hours.

        Raises:
            NoFeasiblePlan: A rule in hours, or the free hours of a day, leave no start.
        """
        day_of: dict[int, Session | None] = {}
        slots = list(zip(laid.aims.aimed, laid.days, strict=True))
        again = {aim.slot.booking.id for aim, _ in slots if aim.slot.booking is not None}
        standing = [s for s in self.course.sessions if self._to_come(s) or s.id in again]
        ids: dict[int, str] = {}
        groups: dict[tuple[str, str], list[int]] = {}
        for n, (aim, _) in enumerate(slots):
            if aim.by_hand:
                day_of[n] = aim.slot.booking
            else:
                groups.setdefault((aim.slot.phase.name, aim.slot.kind.place), []).append(n)
        by_hand = {booking.id for booking in day_of.values() if booking is not None}
        for group, own in groups.items():
            own.sort(key=lambda n: slots[n][1])
            bookings = [s for s in standing if s.id not in by_hand and self._group(s) == group]
            found = matched([s.day.toordinal() for s in bookings], [slots[n][1] for n in own])
            for n, at in zip(own, found, strict=True):
                day_of[n] = None if at is None else bookings[at]
        touching: dict[int, list[Bound]] = {}
        for bound in laid.rest.bounds:
            for place_of in (bound.earlier, bound.later):
                touching.setdefault(place_of, []).append(bound)
        changed: dict[str, Session] = {}
        reasons: dict[str, str] = {}
        new = iter([aim.why for aim, _ in slots if aim.slot.booking is None and not aim.by_hand])
        hours = Hours(self.course, laid, self.calendars, self.wished, self.preferred)
        taken = set(self.course.bookings())
        for n in sorted(range(len(slots)), key=lambda n: slots[n][1]):
            (aim, day), booking = slots[n], day_of[n]
            if booking is not None:
                ids[n] = booking.id
            seat = hours.seat(n, aim, date.fromordinal(day), booking)
            if booking is None:
                name = next(s for k in range(1, len(taken) + 2) if (s := f"s{k}") not in taken)
                taken.add(name)
                ids[n] = name
                changed[name] = Session(
                    id=name,
                    phase=aim.slot.phase.name,
                    day=date.fromordinal(day),
                    time=seat[0],
                    chair=seat[1],
                    place=aim.slot.booking.place if aim.slot.booking is not None else aim.slot.place,
                    ideal=date.fromordinal(aim.day),
                    pinned=aim.by_hand,
                    revised=(len(self.course.revisions) - 1,),
                )
                reasons[name] = "added by hand" if aim.by_hand else next(new, "") or "the series lacks one"
            elif (
                booking.day.toordinal() != day
                or (booking.time, booking.chair) != seat
                or not booking.status.stands
                or (aim.by_hand and not booking.pinned)
            ):
                moved = booking.day.toordinal() != day
                chosen = aim.by_hand and aim.slot.booking is booking
                changed[booking.id] = attrs.evolve(
                    booking,
                    status=booking.status if booking.status.stands else Status.FIRM,
                    day=date.fromordinal(day),
                    time=seat[0],
                    chair=seat[1],
                    ideal=date.fromordinal(aim.day) if moved else booking.ideal,
                    pinned=chosen or (booking.pinned and not moved),
                )
                if not booking.status.stands:
                    reasons[booking.id] = "needed again"
                else:
                    why = "moved by hand" if chosen else self._why(laid, n, booking, touching, moved=moved)
                    reasons[booking.id] = why
        for session in standing:
            if session.id not in ids.values():
                changed[session.id] = attrs.evolve(session, status=Status.CLOSED)
                reasons[session.id] = self._why_closed(session)
        before = [known.session or "" for known in laid.rest.taken]
        return Booked(ids=(*before, *(ids[n] for n in range(len(slots)))), changed=changed, why=reasons)

    def is_settled(self) -> bool:
        """Whether nothing is missing or too much, and everything can stay where it is."""
        return not any(self.aiming.lacks.values()) and self.all_stand()

    def all_stand(self) -> bool:
        """Whether every booking to come can stay at its day and hour, and the rules between them hold."""
        taken, bookings = self.aiming.taken, self.history.in_state(SessionState.PLANNED)
        slots = (Slot(self.course.protocol.phase(session.phase), session) for session in bookings)
        rest = Remaining(self.course, taken, tuple(slots))
        days = [*(known.day for known in taken), *(session.day.toordinal() for session in bookings)]
        if not all(bound.keeps(days) or rest.known(bound) for bound in rest.bounds if bound.required):
            return False
        for session in filter(self._to_come, self.course.sessions):
            kind = Slot(self.course.protocol.phase(session.phase), session).kind
            calendar = self.calendars[kind.place]
            if session.time is None:
                day = session.day.toordinal()
                if not self.open_days[kind.place].between(day, day, kind.minutes):
                    return False
            elif stays(calendar, session.day, session.time, kind, session.chair) is None:
                return False
        return True

    def _group(self, session: Session) -> tuple[str, str]:
        """Return among which bookings a session is matched: of its phase, at the clinic or at home."""
        return session.phase, Slot(self.course.protocol.phase(session.phase), session).kind.place

    def _to_come(self, session: Session) -> bool:
        given = session.status is Status.FULFILLED
        return session.status.stands and not given and session.day > self.history.as_of

    def _why_closed(self, session: Session) -> str:
        if self.course.ended is not None:
            return "the course was ended"
        if session.phase in self.course.over():
            return f"the course went over to {self.course.segments[-1].protocol}"
        kind = Slot(self.course.protocol.phase(session.phase), session).kind
        closed = closed_by(self.calendars[kind.place], session.day, kind)
        return closed or f"{session.phase} has all its sessions"

    def _why(
        self, laid: Laid, at: int, booking: Session, touching: Mapping[int, list[Bound]], *, moved: bool
    ) -> str:
        """Say why a booking could not stay where it was."""
        aim = laid.aims.aimed[at]
        kind = Slot(self.course.protocol.phase(booking.phase), booking).kind
        closed = closed_by(self.calendars[kind.place], booking.day, kind)
        if closed:
            return closed
        if not moved:
            return "its hour is taken or closed"
        if not aim.stays and aim.slot.booking is not None:
            return aim.why
        place_of, days = laid.rest.first + at, [*(t.day for t in laid.rest.taken), *laid.days]
        days[place_of] = booking.day.toordinal()
        for bound in touching.get(place_of, ()):
            if not bound.keeps(days):
                return bound.rule
        return "so that all rules hold"

    def lifted(self, laid: Laid, booked: Booked) -> tuple[Lifted, ...]:
        """Return the rules that do not bind any more, between the sessions that they are about."""
        first, aimed = laid.rest.first, laid.aims.aimed
        past = set(laid.past)
        by_history = [
            (
                b,
                "history"
                if b in past and b.earlier < first and not aimed[b.later - first].by_hand
                else "policy",
            )
            for b in laid.lifted
        ]
        by_policy = [(bound, "policy") for bound in laid.costs if bound.required]
        days = [*(known.day for known in laid.rest.taken), *laid.days]
        by_before = {(one.earlier, one.later, one.rule): one.by for one in self.course.lifted}
        name = laid.rest.name
        before = [
            (bound, by_before[name(bound.earlier) or "", name(bound.later) or "", bound.rule])
            for bound in laid.rest.lifted_before
            if not bound.keeps(days)
        ]
        found = (
            Lifted(
                rule=bound.rule,
                earlier=booked.ids[bound.earlier],
                later=booked.ids[bound.later],
                latest=bound.latest or 0,
                by=by,
            )
            for bound, by in (*before, *by_history, *by_policy)
        )
        return tuple(dict.fromkeys(found))
