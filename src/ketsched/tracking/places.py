"""
What is left of a course: the places that are taken, the places to come, and the bounds between them.

What was given stands on its day; so does what is due today, and a past session without a
record counts as given for every minimum and window and as not given for the count. A rule's
latest day that the past has made impossible binds no longer: it is lifted and named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property

import attrs

from ketsched.clock import moment
from ketsched.history import History, SessionState, target
from ketsched.hours import Hours, SeatNeed
from ketsched.model import PREFERRED_APART, BookingStatus, Course, Lifted, Phase, Session
from ketsched.planning.rules import ONE_A_DAY, HourRule, PhasePlaces, bounds_of, hour_rules, payers
from ketsched.planning.seating import DaysForHours, no_overlaps
from ketsched.spacing import Bound, Bounds, required


@attrs.frozen(slots=False)
class OpenPlace:
    """
    One place to come.

    Attributes:
        phase: Whose session it is.
        booking: The booking that stands for it; None: it is new.
        where: Where a new one is, if not where the phase says.
    """

    phase: Phase
    booking: Session | None = None
    where: str = ""

    @cached_property
    def need(self) -> SeatNeed:
        """What it needs of a day: where it is, and its chair time."""
        own = self.booking.place if self.booking is not None else self.where
        where = (own or self.phase.place).strip().casefold()
        return SeatNeed("home" if where == "home" else "clinic", self.phase.anatomy.minutes)


@attrs.frozen
class FixedPlace:
    """
    One place that has its day.

    Attributes:
        day: As an ordinal.
        phase: Name of its phase.
        session: Id of its session; None for what was given and is no session yet.
        counts: Whether it fills a place of its phase, or may yet.
    """

    day: int
    phase: str
    session: str | None
    counts: bool


Laid = dict[object, tuple[tuple[Bound, ...], Bounds]]
"""Rules, and those of them that are required, by what they depend on within one history."""


@attrs.frozen(slots=False)
class Places:
    """
    What is left of a course.

    Attributes:
        course: The course.
        fixed: Everything that has its day, in order of time.
        open: The places to come, in order; they follow those taken.
        days: Of those to come the days that are known, as ordinals, None for the others; empty: none is.
            Calendar months are exact from a place that has its day.
        laid: The rules of other places of the same history.
    """

    course: Course
    fixed: tuple[FixedPlace, ...]
    open: tuple[OpenPlace, ...]
    days: tuple[int | None, ...] = ()
    laid: Laid = attrs.field(factory=dict, eq=False, repr=False)

    @property
    def first(self) -> int:
        """The first place to come."""
        return len(self.fixed)

    @cached_property
    def runs(self) -> tuple[PhasePlaces, ...]:
        """The places of each phase."""
        places: dict[str, list[int]] = {}
        for place, taken in enumerate(self.fixed):
            places.setdefault(taken.phase, []).append(place)
        for place, open_place in enumerate(self.open, self.first):
            places.setdefault(open_place.phase.name, []).append(place)
        return tuple(
            PhasePlaces(
                phase,
                tuple(places[phase.name]),
                tuple(p for p in places[phase.name] if p >= self.first or self.fixed[p].counts),
            )
            for phase in self.course.protocol.phases
            if phase.name in places
        )

    @property
    def has_months(self) -> bool:
        """Whether a rule of the protocol depends on the day that it is counted from."""
        return any(spacing.has_months for phase in self.course.protocol.phases for spacing in phase.spacing)

    @cached_property
    def known_days(self) -> Mapping[int, int]:
        """The days of the places that have theirs."""
        taken = {place: known.day for place, known in enumerate(self.fixed)}
        to_come = enumerate(self.days, self.first)
        return taken | {place: day for place, day in to_come if day is not None}

    @property
    def bounds(self) -> tuple[Bound, ...]:
        """All rules that still have something to come at one end, without those that a clinician has waived."""
        return self._rules[0]

    @property
    def required(self) -> Bounds:
        """Those of the rules that are required."""
        return self._rules[1]

    @cached_property
    def _rules(self) -> tuple[tuple[Bound, ...], Bounds]:
        course, open_places = self.course, range(self.first, self.first + len(self.open))
        names = map(self.name, open_places if course.lifted or course.waivers else ())
        phases = tuple([open_place.phase.name for open_place in self.open])
        key = phases, tuple(names), self.days if self.has_months else ()
        if key not in self.laid:
            bounds = self._lay()
            self.laid[key] = bounds, required(bounds)
        return self.laid[key]

    def _lay(self) -> tuple[Bound, ...]:
        first, waivers = self.first, bool(self.course.waivers)
        # A waived minimum leaves one session a day, which nobody can waive.
        rules = bounds_of(self.runs, implied=waivers, since=first, days=self.known_days)
        found = [bound for bound in rules if bound.later >= first]
        if self.course.lifted:
            found = without_latest(found, [bound for bound, _ in self.lifted_before])
        if not waivers:
            return tuple(found)
        return tuple(bound for bound in found if not self._waived(bound))

    @cached_property
    def lifted_before(self) -> tuple[tuple[Bound, Lifted], ...]:
        """Rules that were lifted, and that two sessions go beyond as they stand, with what lifted them."""
        if not self.course.lifted:
            return ()
        bounds = bounds_of(self.runs, days=self.known_days)
        pairs = ((bound, self._lifted(bound)) for bound in bounds if bound.latest is not None)
        return tuple((bound, one) for bound, one in pairs if one is not None and self._is_beyond(bound))

    @cached_property
    def _needs(self) -> list[SeatNeed]:
        """What each place needs of a day."""
        phases = {phase.name: phase for phase in self.course.protocol.phases}
        fixed = [
            OpenPlace(phases[taken.phase], self._sessions.get(taken.session or "")) for taken in self.fixed
        ]
        return [place.need for place in (*fixed, *self.open)]

    def begun(self, zone: str) -> dict[int, datetime]:
        """Return the starts of sessions that have taken place, or are due today, by their places."""
        found = {}
        for place, taken in enumerate(self.fixed):
            session = self._sessions.get(taken.session or "")
            if session is not None and session.time is not None:
                found[place] = moment(session.day, session.time, zone)
        return found

    def rules_in_hours(self, hours: Hours) -> list[HourRule]:
        """Return the rules in hours that lead to a place to come."""
        found = [rule for rule in hour_rules(self.runs) if rule.later >= self.first]
        return [*found, *no_overlaps(self._needs, hours, since=self.first)] if hours.overnight else found

    def days_for_hours(self, hours: Hours) -> Iterator[Bound]:
        """Yield what they ask of the days."""
        if rules := self.rules_in_hours(hours):
            booked = {
                n: one.booking for n, one in enumerate(self.open, self.first) if one.booking is not None
            }
            yield from DaysForHours(hours, self._needs, begun=self.begun(hours.zone), booked=booked).bounds(
                rules
            )

    @cached_property
    def _sessions(self) -> dict[str, Session]:
        return {session.id: session for session in self.course.sessions}

    def name(self, place: int) -> str | None:
        """Return the id of the session at a place; None if it has none yet."""
        if place < self.first:
            return self.fixed[place].session
        booking = self.open[place - self.first].booking
        return None if booking is None else booking.id

    def paid(self) -> list[tuple[date | None, date | None]]:
        """Return for each open place the first and last day on which a required authorisation pays for it."""
        authorisations = self.course.authorisations
        phases = [taken.phase for taken in self.fixed] + [open_place.phase.name for open_place in self.open]
        return [
            (None, None)
            if payer is None or not authorisations[payer].required
            else (authorisations[payer].first, authorisations[payer].until)
            for payer in payers(phases, authorisations)[self.first :]
        ]

    def known(self, bound: Bound) -> bool:
        """Whether a rule between two sessions was lifted before, and named."""
        return self._lifted(bound) is not None

    def _lifted(self, bound: Bound) -> Lifted | None:
        if not self.course.lifted:
            return None
        pair = self.name(bound.earlier), self.name(bound.later)
        return next(
            (one for one in self.course.lifted if (one.earlier, one.later) == pair and is_same(one, bound)),
            None,
        )

    def _is_beyond(self, bound: Bound) -> bool:
        """Whether the two sessions of a rule are still where they were, and further apart than it allows."""
        earlier, later = self._standing(bound.earlier), self._standing(bound.later)
        far = earlier is not None and later is not None and (later.day - earlier.day).days
        return bound.latest is not None and far is not False and far > bound.latest

    def _waived(self, bound: Bound) -> bool:
        """Whether two bookings break a rule as they stand, and a clinician has documented that for them."""
        earlier, later = self._standing(bound.earlier), self._standing(bound.later)
        one_a_day = bound.key == ONE_A_DAY
        if one_a_day or earlier is None or later is None or bound.allows((later.day - earlier.day).days):
            return False
        both = {earlier.id, later.id}
        return any(
            waiver.rule.startswith(("KS1", "KS2")) and both & set(waiver.sessions)
            for waiver in self.course.waivers
        )

    def _standing(self, place: int) -> Session | None:
        name = self.name(place)
        return None if name is None else next((s for s in self.course.sessions if s.id == name), None)


def is_same(lifted: Lifted, bound: Bound) -> bool:
    """Whether a rule that was lifted is the one that laid a bound: by its key, or by its words if it has none."""
    return lifted.key == bound.key if lifted.key else lifted.rule == bound.rule


def coming(history: History) -> tuple[Session, ...]:
    """Return the bookings after today that stand and are not given yet, in order of time."""
    return tuple(
        session
        for session in history.course.sessions
        if session.status.stands
        and session.status is not BookingStatus.FULFILLED
        and session.day > history.as_of
    )


def current(history: History) -> Phase:
    """Return the phase of the next session, or else the last one that goes on."""
    course = history.course
    main = {phase.name for phase in course.protocol.main} - course.finished_phases()
    name = next((s.phase for s in history.in_state(SessionState.PLANNED) if s.phase in main), None)
    return course.protocol.main[-1] if name is None else course.protocol.phase(name)


def phase_on(history: History, day: date) -> Phase:
    """Return the phase that a day falls into: of the last session before it, or the next one if that has no more."""
    course = history.course
    main = [phase.name for phase in course.protocol.main if phase.name not in course.finished_phases()]
    sessions = [session for session in course.standing() if session.phase in main]
    before = [session.phase for session in sessions if session.day < day]
    if not before:
        return current(history)
    name, after = before[-1], main[main.index(before[-1]) + 1 :]
    goes_on = any(session.phase == name and session.day > day for session in sessions)
    return course.protocol.phase(name if goes_on or not after else after[0])


def taken_of(history: History) -> tuple[FixedPlace, ...]:
    """Return what was given, what is due today, and what nobody recorded, in order of time."""
    found = [
        FixedPlace(j.visit.day.toordinal(), j.phase or "", j.session, j.verdict.counts)
        for j in history.given()
    ]
    for state in (SessionState.NOT_RECORDED, SessionState.DUE):
        found += [FixedPlace(s.day.toordinal(), s.phase, s.id, True) for s in history.in_state(state)]
    order = {session.id: at for at, session in enumerate(history.course.sessions)}
    return tuple(sorted(found, key=lambda taken: (taken.day, order.get(taken.session or "", len(order)))))


def used_places(history: History) -> dict[str, int]:
    """Return for each phase how many places are filled or may yet be: what counts, is due, or was not recorded."""
    used = {phase.name: history.counted(phase.name) for phase in history.course.protocol.phases}
    for state in (SessionState.NOT_RECORDED, SessionState.DUE):
        for session in history.in_state(state):
            used[session.phase] += 1
    return used


def missing(history: History, used: Mapping[str, int] | None = None) -> dict[str, int]:
    """
    Return for each phase how many sessions it lacks; negative: how many bookings it has too many.

    A past session that nobody recorded neither adds one, as if it had been missed, nor takes one
    away, as if it had been given.

    Args:
        history: Of the course up to today.
        used: Its used places, if they are known.
    """
    used = used_places(history) if used is None else used
    over = history.course.finished_phases()
    unknown, booked = dict.fromkeys(used, 0), dict.fromkeys(used, 0)
    for session in history.in_state(SessionState.NOT_RECORDED):
        unknown[session.phase] += 1
    for session in history.in_state(SessionState.PLANNED):
        booked[session.phase] += 1
    found = {}
    for phase in history.course.protocol.phases:
        name, needed = phase.name, target(history.course, phase)
        if name in over:
            found[name] = -booked[name]
            continue
        lack = 0 if needed is None else needed - used[name] - booked[name]
        found[name] = lack if lack > 0 else max(min(lack + unknown[name], 0), -booked[name])
    return found


def lifted(
    places: Places,
    days: Sequence[Sequence[int]],
    *,
    exceed: bool = False,
    bounds: Sequence[Bound] | None = None,
) -> tuple[Bound, ...]:
    """
    Return the required rules whose latest day no allowed day can keep any more, given what was taken.

    Minimums and at-most-k rules are never among them. First come those that are broken one by
    one; where the rest still contradicts, place after place in order of time, as few as need be,
    so that earlier sessions keep their rules.

    Args:
        places: What is left.
        days: For each place the days it may have, ascending; one for those taken.
        exceed: Also between two sessions to come; otherwise only from what was taken.
        bounds: The rules, if not all of the rest.
    """
    binding = places.required if bounds is None else required(bounds)
    can_go = [
        bound
        for bound in binding.each
        if bound.latest is not None
        and (exceed or bound.earlier < places.first or (places.course.lifted and places.known(bound)))
    ]
    if not can_go or binding.allow(days):
        return ()
    earliest = Bounds([attrs.evolve(bound, latest=None) for bound in binding.each]).earliest(days)
    if earliest is None:
        return ()  # not the past's doing
    broken = [
        bound
        for bound in can_go
        if bound.earlier < places.first
        and earliest[bound.later] - days[bound.earlier][0] > (bound.latest or 0)
    ]
    if Bounds(without_latest(binding.each, broken)).allow(days):
        return tuple(broken)
    for place in range(places.first, len(days)):
        until = [bound for bound in binding.each if bound.later <= place]

        def fits(gone: Sequence[Bound], until: Sequence[Bound] = until, last: int = place) -> bool:
            return Bounds(without_latest(until, gone)).allow(days[: last + 1])

        if fits(broken):
            continue
        into = [bound for bound in can_go if bound.later == place and bound not in broken]
        if not fits([*broken, *into]):
            return ()
        into.sort(key=lambda bound: (-(bound.latest or 0), bound.earlier))
        for bound in list(into):
            fewer = [other for other in into if other is not bound]
            if fits([*broken, *fewer]):
                into = fewer
        broken += into
    return tuple(broken)


def relax_latest(places: Places, days: Sequence[Sequence[int]]) -> tuple[list[Bound], tuple[Bound, ...]]:
    """
    Return the rules with latest days that may give way as preferences, and all that may give way.

    So as few as can be give way, and of plans with equally few the one that leaves most bookings where they
    are is taken. Those that look back further than a preference may are lifted one by one.
    """
    binding = places.required
    if binding.allow(days):
        return list(places.bounds), ()
    soft = [
        bound
        for bound in binding.each
        if bound.latest is not None and bound.later - bound.earlier <= PREFERRED_APART
    ]
    hard = without_latest(places.bounds, soft)
    wide = lifted(places, days, exceed=True, bounds=hard)
    wishes = [attrs.evolve(bound, minimum=None, required=False) for bound in soft]
    return [*without_latest(hard, wide), *wishes], (*soft, *wide)


def without_latest(bounds: Iterable[Bound], dropped: Iterable[Bound]) -> list[Bound]:
    """Return bounds of which some have lost their latest day."""
    gone = set(dropped)
    if not gone:
        return list(bounds)
    kept = (attrs.evolve(bound, latest=None) if bound in gone else bound for bound in bounds)
    return [bound for bound in kept if bound.minimum is not None or bound.latest is not None]
