"""
Bookings and hours for days that are placed: as few changes as can be, each with its reason.

Days are matched to the bookings so that most of them stay; those that keep their day keep
their hour while it is free.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, time

import attrs

from ketsched.clock import day_words
from ketsched.history import History
from ketsched.hours import Hours, SeatNeed
from ketsched.model import BookingStatus, Course, Lifted, Session
from ketsched.names import Names, in_days
from ketsched.planning import NoFeasiblePlan
from ketsched.planning.blockers import Cause, closed_in_short, hour_closed
from ketsched.planning.explaining import HOURS_CANNOT
from ketsched.planning.seating import NoStart, Seat, Seating, seat
from ketsched.spacing import Bound
from ketsched.tracking.matching import matched
from ketsched.tracking.places import OpenPlace, coming
from ketsched.tracking.problem import Placed


@attrs.frozen(kw_only=True)
class Booked:
    """
    What became of the bookings.

    Attributes:
        ids: Id of the session at each place, those taken first.
        changed: Sessions that are new or another than they were, by id.
        why: The reason for each of them.
        instead: For a new one the id of the booking that it came instead of, which is closed.
        causes: Why those that are closed could not stand, as `Changed.cause` says it.
    """

    ids: tuple[str, ...]
    changed: dict[str, Session]
    why: dict[str, str]
    instead: dict[str, str]
    causes: dict[str, str]


def book(history: History, placed: Placed, hours: Hours, chosen: Mapping[str, Seat] | None = None) -> Booked:
    """
    Match the days to the bookings, and give them hours: those that were chosen by hand, by the session's id.

    Raises:
        NoFeasiblePlan: A rule in hours, or the free hours of a day, leave no start.
    """
    return _Booking(history, placed, hours, chosen or {}).booked()


class _Booking:
    """Turns the days of what is left of one course into bookings."""

    def __init__(self, history: History, placed: Placed, hours: Hours, chosen: Mapping[str, Seat]) -> None:
        self.chosen = chosen
        self.history, self.course, self.placed, self.hours = history, history.course, placed, hours
        self.ideals = placed.intent.ideals
        again = {ideal.place.booking.id for ideal in self.ideals if ideal.place.booking is not None}
        again |= {session.id for session in coming(history)}
        self.standing = [session for session in self.course.sessions if session.id in again]

    def booked(self) -> Booked:
        bookings = self._match()
        order = sorted(range(len(self.ideals)), key=lambda n: self.placed.days[n])
        seats = self._seat(order, bookings)
        changed: dict[str, Session] = {}
        why: dict[str, str] = {}
        causes: dict[str, str] = {}
        ids: dict[int, str] = {}
        kept = {booking.id for booking in bookings.values() if booking is not None}
        closed = [session for session in self.standing if session.id not in kept]
        touching = self._rules_by_place()
        for session in closed:
            changed[session.id] = attrs.evolve(session, status=BookingStatus.CLOSED)
            why[session.id] = self._why_closed(session, touching)
            causes[session.id] = self._cause(session)
        added = [n for n in order if bookings[n] is None]
        needs, lost = self._needs([n for n in added if not self.ideals[n].by_hand], closed)
        taken = set(self.course.bookings())
        instead: dict[str, str] = {}
        for n in order:
            ideal, booking = self.ideals[n], bookings[n]
            if booking is None:
                name = next(s for k in range(1, len(taken) + 2) if (s := f"s{k}") not in taken)
                taken.add(name)
                ids[n], changed[name] = name, self._new(name, n, seats[n])
                if n in lost:
                    instead[name] = lost[n]
                    why[name] = why[lost[n]]
                else:
                    why[name] = "added by hand" if ideal.by_hand else needs.get(n) or "the series lacks one"
                continue
            ids[n] = booking.id
            now = self._kept(booking, n, seats[n])
            if now != booking:
                changed[booking.id] = now
                why[booking.id] = self._why(n, booking, now, touching)
        before = [known.session or "" for known in self.placed.places.fixed]
        return Booked(
            ids=(*before, *(ids[n] for n in range(len(self.ideals)))),
            changed=changed,
            why=why,
            instead=instead,
            causes=causes,
        )

    def _needs(
        self, added: Sequence[int], closed: Sequence[Session]
    ) -> tuple[dict[int, str], dict[int, str]]:
        """
        Return what each new session is for: the words of a policy, or the booking that cannot stand.

        What a policy laid keeps its day if that is among the new ones; what cannot stand takes the others, in
        order of time.
        """
        needs: dict[int, str] = {}
        lost: dict[int, str] = {}
        open_places = list(added)
        laid = [ideal for ideal in self.ideals if ideal.place.booking is None and not ideal.by_hand]
        for ideal in list(laid):
            own = next((n for n in open_places if self.placed.days[n] == ideal.day), None)
            if own is not None:
                needs[own] = ideal.why
                open_places.remove(own)
                laid.remove(ideal)
        for session in closed:
            if self._place_of(session) is not None:
                group = self._group(session)
                own = next((n for n in open_places if self._group_of(n) == group), None)
                if own is not None:
                    lost[own] = session.id
                    open_places.remove(own)
        needs |= {n: ideal.why for n, ideal in zip(open_places, laid, strict=False)}
        return needs, lost

    def _match(self) -> dict[int, Session | None]:
        """Return for each place the booking that takes its day; those of a phase and place among themselves."""
        found: dict[int, Session | None] = {}
        groups: dict[tuple[str, str], list[int]] = {}
        standing = [(session, self._group(session)) for session in self.standing]
        for n, ideal in enumerate(self.ideals):
            if ideal.by_hand:
                found[n] = ideal.place.booking
            else:
                groups.setdefault(self._group_of(n), []).append(n)
        by_hand = {booking.id for booking in found.values() if booking is not None}
        for group, places in groups.items():
            places.sort(key=lambda n: self.placed.days[n])
            bookings = [session for session, own in standing if session.id not in by_hand and own == group]
            pairs = matched([s.day.toordinal() for s in bookings], [self.placed.days[n] for n in places])
            for n, at in zip(places, pairs, strict=True):
                found[n] = None if at is None else bookings[at]
        return found

    def _group(self, session: Session) -> tuple[str, str]:
        """Return among which bookings a session is matched: of its phase, at the clinic or at home."""
        return session.phase, OpenPlace(self.course.protocol.phase(session.phase), session).need.place

    def _place_of(self, session: Session) -> int | None:
        """Return the place that a booking was laid for; None if the series needs it no more."""
        booked = ((n, ideal.place.booking) for n, ideal in enumerate(self.ideals))
        return next((n for n, own in booked if own is not None and own.id == session.id), None)

    def _group_of(self, n: int) -> tuple[str, str]:
        """Return among which bookings that of a place is found."""
        return self.ideals[n].place.phase.name, self.ideals[n].place.need.place

    def _seat(self, order: Sequence[int], bookings: Mapping[int, Session | None]) -> dict[int, Seat]:
        """Give hours to the places, in order of time."""
        places = self.placed.places
        first = places.first
        rules = places.rules_in_hours(self.hours)
        needs = [self._need(self.ideals[n].place, bookings[n]) for n in order]
        seating = Seating(
            days=[date.fromordinal(self.placed.days[n]) for n in order],
            needs=needs,
            places=[first + n for n in order],
            bookings=[bookings[n] for n in order],
            usual=_usual(self.course),
            begun=places.begun(self.hours.zone) if rules else {},
            rules=rules,
        )
        try:
            seats = dict(zip(order, seat(seating, self.hours), strict=True))
        except NoStart as none:
            on = seating.days[none.at]
            cause = Cause(on, "the hours that are free", f"hours {on}")
            if none.rule is not None:
                cause = Cause(None, none.rule.rule, none.rule.key)
            raise NoFeasiblePlan(
                what=HOURS_CANNOT,
                where=f"{self.course.protocol.id}, {on}",
                why=f"{cause.words} leave no start on it",
                fix="open longer on that day, or move the session by hand",
                causes=(cause,),
            ) from None
        for n, ideal in enumerate(self.ideals):
            booking = ideal.place.booking
            if ideal.by_hand and booking is not None:
                seats[n] = self.chosen.get(booking.id, seats[n])
        return seats

    @staticmethod
    def _need(open_place: OpenPlace, booking: Session | None) -> SeatNeed:
        """Return what a place needs, with the booking that takes its day."""
        other = booking is not None and booking is not open_place.booking
        return (attrs.evolve(open_place, booking=booking) if other else open_place).need

    def _rules_by_place(self) -> dict[int, list[Bound]]:
        touching: dict[int, list[Bound]] = {}
        for bound in self.placed.places.bounds:
            for place in (bound.earlier, bound.later):
                touching.setdefault(place, []).append(bound)
        return touching

    def _new(self, name: str, n: int, seat: Seat) -> Session:
        """Return one more session."""
        ideal = self.ideals[n]
        return Session(
            id=name,
            phase=ideal.place.phase.name,
            day=date.fromordinal(self.placed.days[n]),
            time=seat.time,
            chair=seat.chair,
            place=ideal.place.booking.place if ideal.place.booking is not None else ideal.place.where,
            ideal=date.fromordinal(ideal.day),
            pinned=ideal.by_hand,
            revised=(len(self.course.revisions) - 1,),
        )

    def _kept(self, booking: Session, n: int, seat: Seat) -> Session:
        """Return a booking on its new day and hour; the same value if it stays."""
        ideal, day = self.ideals[n], self.placed.days[n]
        moved = booking.day.toordinal() != day
        chosen = ideal.by_hand and ideal.place.booking is booking
        stays = not moved and (booking.time, booking.chair) == (seat.time, seat.chair)
        if stays and booking.status.stands and not (ideal.by_hand and not booking.pinned):
            return booking
        return attrs.evolve(
            booking,
            status=booking.status if booking.status.stands else BookingStatus.FIRM,
            day=date.fromordinal(day),
            time=seat.time,
            chair=seat.chair,
            ideal=date.fromordinal(ideal.day) if moved else booking.ideal,
            pinned=chosen or (booking.pinned and not moved),
        )

    def _why(self, n: int, booking: Session, now: Session, touching: Mapping[int, Sequence[Bound]]) -> str:
        """Say why a booking could not stay as it was."""
        ideal = self.ideals[n]
        if not booking.status.stands:
            return "needed again"
        if ideal.by_hand and ideal.place.booking is booking:
            return "moved by hand"
        if closed := self._closed(booking):
            return closed
        if booking.day == now.day:
            return "its chair is taken" if booking.time == now.time else self._hour_closed(booking)
        return self._why_elsewhere(n, booking, touching)

    def _hour_closed(self, booking: Session) -> str:
        """Say why a session cannot be at its hour any more."""
        need, clinic = self._need_of(booking), self.hours.calendar.name
        if booking.time is None:
            return "it had no hour"
        calendar = self.hours.of_place[need.place]
        why, _ = hour_closed(calendar, booking.day, booking.time, need.minutes, clinic)
        return f"not at {booking.time:%H:%M}: {why or 'to keep the gaps in hours'}"

    def _why_elsewhere(self, n: int, booking: Session, touching: Mapping[int, Sequence[Bound]]) -> str:
        """Say why a place is not on the day of a booking: it was laid anew, or a rule forbids that day."""
        ideal, place = self.ideals[n], self.placed.places.first + n
        if not ideal.stays and ideal.place.booking is not None:
            return ideal.why
        days = [*(known.day for known in self.placed.places.fixed), *self.placed.days]
        days[place] = booking.day.toordinal()
        broken = (bound for bound in touching.get(place, ()) if not bound.keeps(days))
        return next(
            (self._needs_days(bound, place, days) for bound in broken), ideal.why or "so that all rules hold"
        )

    def _needs_days(self, bound: Bound, place: int, days: Sequence[int]) -> str:
        """Say what a rule asks for between the session of a place and another: needs 2 days after infusion 4."""
        other, when = (bound.earlier, "after") if bound.later == place else (bound.later, "before")
        gap = days[bound.later] - days[bound.earlier]
        if bound.minimum is not None and gap < bound.minimum:
            return f"needs {in_days(bound.minimum)} {when} {self._called(other)}"
        if bound.latest is not None and gap > bound.latest:
            return f"at most {in_days(bound.latest)} {when} {self._called(other)}"
        return bound.rule

    def _called(self, place: int) -> str:
        """Call the session of a place by its number in the course as it will be."""
        names, sessions = Names(self.course), {session.id: session for session in self.course.sessions}
        first = self.placed.places.first
        known = [sessions[one.session] for one in self.placed.places.fixed if one.session in sessions]
        if place < first:
            fixed = self.placed.places.fixed[place]
            own = sessions.get(fixed.session or "")
            return day_words(date.fromordinal(fixed.day)) if own is None else names.of(own)
        phase = self.ideals[place - first].place.phase.name
        before = sum(s.phase == phase and s.status.stands and s.counts for s in known)
        own_day = self.placed.days[place - first]
        alike = [
            day
            for day, ideal in zip(self.placed.days, self.ideals, strict=True)
            if ideal.place.phase.name == phase
        ]
        return names.due(phase, before + sum(day <= own_day for day in alike))

    def _why_closed(self, session: Session, touching: Mapping[int, Sequence[Bound]]) -> str:
        if self.course.ended is not None:
            return "course ended"
        if session.phase in self.course.finished_phases():
            return f"the course went over to {self.course.segments[-1].protocol}"
        if closed := self._closed(session):
            return closed
        n = self._place_of(session)
        return (
            f"{session.phase} has all its sessions"
            if n is None
            else self._why_elsewhere(n, session, touching)
        )

    def _cause(self, session: Session) -> str:
        """Return why a session cannot stand, as the patient is told it."""
        patient, minutes = self.hours.availability, self.course.protocol.phase(session.phase).anatomy.minutes
        if patient is not None and not patient.is_open(session.day, minutes):
            return "away"
        return "" if self.hours.calendar.closed_by(session.day) is None else "closed"

    def _closed(self, session: Session) -> str:
        need = self._need_of(session)
        return closed_in_short(self.hours.of_place[need.place], session.day, need.minutes)

    def _need_of(self, session: Session) -> SeatNeed:
        return OpenPlace(self.course.protocol.phase(session.phase), session).need


def _usual(course: Course) -> dict[str, time]:
    """Return the hour that most sessions of a course have, the earlier of equally many, at the clinic and at home."""
    hours: dict[str, Counter[time]] = {}
    for session in course.standing():
        if session.time is not None:
            hours.setdefault("home" if course.is_at_home(session) else "clinic", Counter())[session.time] += 1
    return {
        place: min(t for t, n in found.items() if n == max(found.values())) for place, found in hours.items()
    }


def lifted_rules(placed: Placed, booked: Booked) -> tuple[Lifted, ...]:
    """Return the rules that do not bind any more, between the sessions that they are about."""
    first, ideals = placed.places.first, placed.intent.ideals
    past = set(placed.past)
    by_history = [
        (
            b,
            "history"
            if b in past and b.earlier < first and not ideals[b.later - first].by_hand
            else "policy",
        )
        for b in placed.lifted
    ]
    by_policy = [(bound, "policy") for bound in placed.costs if bound.required]
    days = [*(known.day for known in placed.places.fixed), *placed.days]
    before = [(bound, one.by) for bound, one in placed.places.lifted_before if not bound.keeps(days)]
    found = (
        Lifted(
            rule=bound.rule,
            earlier=booked.ids[bound.earlier],
            later=booked.ids[bound.later],
            latest=bound.latest or 0,
            by=by,
            key=bound.key,
        )
        for bound, by in (*before, *by_history, *by_policy)
    )
    return tuple(dict.fromkeys(found))


def lifted_in_words(course: Course, lifted: Iterable[Lifted]) -> Iterator[str]:
    """Yield in words which rules do not bind any more, each pair of sessions once."""
    days = {session.id: session.day for session in course.sessions}
    for one in lifted:
        gap = (days[one.later] - days[one.earlier]).days
        gap += one.key.endswith("/weeks")
        why = "no open day can keep it any more" if one.by == "history" else "the plan goes beyond it"
        stretch = f"{day_words(days[one.earlier])} to {day_words(days[one.later])}"
        yield f"{stretch} takes {in_days(gap)}; {one.rule}: {why}"
