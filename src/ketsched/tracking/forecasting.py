"""
What is due next, and until when: the forecast of a course from what was given.

`earliest` and `latest` follow from the rules alone and may lie in the past; `recommended` is the
day aimed at, brought between them. With a calendar the forecast says which days could be booked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, time, timedelta
from functools import cached_property
from typing import Any

import attrs

from ketsched.agenda import numbered
from ketsched.arguments import checked
from ketsched.calendars import Calendar
from ketsched.clock import LAST_DAY
from ketsched.history import History, Lapse, SessionState, Verdict, evaluate, outcomes, unrecorded
from ketsched.holds import tentative_reasons
from ketsched.hours import Hours
from ketsched.model import Course, LapseBand, Phase, Visit, VisitStatus
from ketsched.planning import NoFeasiblePlan
from ketsched.planning.narrowing import TooManyWays
from ketsched.planning.pattern import too_long
from ketsched.revising import in_order
from ketsched.spacing import Bound, Bounds, Days, required
from ketsched.tracking.ideals import Ideal, IdealDays, Intent
from ketsched.tracking.laying import Replanner
from ketsched.tracking.options import ReplanOptions
from ketsched.tracking.places import Places, lifted, without_latest
from ketsched.tracking.problem import Remainder
from ketsched.tracking.request import check_zone

CHOICES = 28
"""Days after the best one that are offered for a session without a latest day (house default)."""


@attrs.frozen(kw_only=True)
class Due:
    """
    When one session is due; local dates, inclusive.

    Attributes:
        phase: Name of its phase.
        number: Its number in the phase, from 1, as everywhere else; one that has no booking comes after those that do.
        session: Id of the booking that stands for it; None: it has none.
        earliest: The first day that the rules allow, given all that was given before.
        recommended: The day aimed at, brought between earliest and latest.
        latest: The last day that the required rules allow; None: they name none.
        preferred_latest: The last day that the preferred rules allow; None: they name none, or a required one does.
        holds_up: Why it is to be confirmed, in words for the clinic; empty: it is firm.
    """

    phase: str
    number: int
    session: str | None
    earliest: date
    recommended: date
    latest: date | None
    preferred_latest: date | None = None
    holds_up: tuple[str, ...] = ()

    @property
    def overdue(self) -> date | None:
        """The first day on which it is overdue: the one after the latest, or else after the preferred latest."""
        last = self.latest or self.preferred_latest
        return None if last is None else last + timedelta(1)

    def is_overdue(self, as_of: date) -> bool:
        """Whether it is overdue on a day."""
        return self.overdue is not None and as_of >= self.overdue


@attrs.frozen(kw_only=True, slots=False)
class Forecast:
    """
    What is due, seen from one day.

    Attributes:
        history: What happened until then.
        sessions: Every session that is to come, in order.
        bookable: Days that the next one could be on, the one that planning again takes first, then
            in order of time; empty without a calendar, or if there is none.
        last_given: The day of the last session that was given; None: nothing was.
        lapse: The band in force, by the days since then; None: the phase has none, or nothing was given.
        proposes: What that band proposes; empty if nothing but to continue.
        lapses_on: The first day on which another band than "continue" is in force; None: there is none.
        asks: Sessions that nobody recorded, and visits of which nobody said whether they count, in words.
        lifted: Rules whose latest day no day can keep any more, in words.
    """

    history: History
    sessions: tuple[Due, ...]
    bookable: tuple[date, ...] = ()
    last_given: date | None = None
    lapse: LapseBand | None = None
    proposes: str = ""
    lapses_on: date | None = None
    asks: tuple[str, ...] = ()
    lifted: tuple[str, ...] = ()
    _answered: Callable[[VisitStatus], Forecast | None] = attrs.field(
        default=lambda _: None, alias="answered", eq=False, repr=False
    )

    def __repr__(self) -> str:
        due = self.next
        says = (
            "nothing more is due" if due is None else f"{due.phase} {due.number} is due from {due.earliest}"
        )
        return f"<Forecast as of {self.as_of} of {self.history.course!r}: {says}>"

    @cached_property
    def if_given(self) -> Forecast | None:
        """The forecast if all sessions that nobody recorded were given; None if there is none."""
        return self._answered(VisitStatus.FULFILLED)

    @cached_property
    def if_missed(self) -> Forecast | None:
        """The forecast if all sessions that nobody recorded were missed; None if there is none."""
        return self._answered(VisitStatus.NO_SHOW)

    @property
    def as_of(self) -> date:
        """Today."""
        return self.history.as_of

    @property
    def next(self) -> Due | None:
        """The session that is next after today; None if nothing more is to come."""
        return self.sessions[0] if self.sessions else None

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values; what follows from either answer to what it asks is a forecast again."""
        return {
            "course": self.history.course.id,
            "as_of": self.as_of.isoformat(),
            "next": None if self.next is None else self._due(self.next),
            "bookable": [day.isoformat() for day in self.bookable],
            "last_given": _written(self.last_given),
            "lapse": None if self.lapse is None else self.lapse.words(),
            "proposes": self.proposes,
            "lapses_on": _written(self.lapses_on),
            "sessions": [self._due(due) for due in self.sessions],
            "asks": list(self.asks),
            "if_given": None if self.if_given is None else self.if_given.as_dict(),
            "if_missed": None if self.if_missed is None else self.if_missed.as_dict(),
            "lifted": list(self.lifted),
        }

    def _due(self, due: Due) -> dict[str, Any]:
        sessions = self.history.course.sessions
        booked = next((session for session in sessions if session.id == due.session), None)
        return {
            "phase": due.phase,
            "number": due.number,
            "session": due.session,
            "booked": None if booked is None else booked.day.isoformat(),
            "earliest": due.earliest.isoformat(),
            "recommended": due.recommended.isoformat(),
            "latest": _written(due.latest),
            "preferred_latest": _written(due.preferred_latest),
            "overdue": _written(due.overdue),
            "is_overdue": due.is_overdue(self.as_of),
            "to_confirm": list(due.holds_up),
        }


def _written(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


@checked
def forecast(  # noqa: PLR0913 - public, each a keyword
    course: Course,
    visits: Iterable[Visit] = (),
    *,
    as_of: date,
    calendar: Calendar | None = None,
    availability: Calendar | None = None,
    wishes: Calendar | None = None,
    policy: str | Mapping[str, str] | None = None,
    notice: int = 1,
    time: time | None = None,
) -> Forecast:
    """
    Say what is due next, and the windows of all that follows.

    A past session that nobody recorded is taken as given for gaps and as not given for the count;
    the forecast asks about it and shows both answers.

    Args:
        course: The course.
        visits: What happened; those that the course remembers are taken once.
        as_of: Today, the local date at the clinic.
        calendar: When the clinic is open, without this course's own bookings; for `bookable`.
        availability: When the patient can, in place of what the course remembers; for `bookable`.
        wishes: When the patient would rather come, in place of what the course remembers; for `bookable`.
        policy: What is done about missed sessions; None: what the protocol says.
        notice: Nothing new can be booked before so many days after today.
        time: Local time of day to be near to, in place of what the course remembers.
    """
    given, options = tuple(visits), ReplanOptions(policy=policy, notice=notice)
    hours = None
    if calendar is not None:
        check_zone(course, calendar)
        patient = course.patient.replaced(availability=availability, wishes=wishes, time=time)
        hours = patient.hours(calendar, availability=availability, wishes=wishes)
    return forecast_of(evaluate(course, given, as_of=as_of), given, hours, options)


def forecast_of(
    history: History,
    visits: Sequence[Visit] = (),
    hours: Hours | None = None,
    options: ReplanOptions = ReplanOptions(),  # noqa: B008 - a frozen value
) -> Forecast:
    """
    Say what is due next in a course whose history is known.

    Args:
        history: Of the course with those visits.
        visits: What happened; those that the course remembers are taken once.
        hours: When sessions can be; None: no days to book are looked for.
        options: What is done about missed sessions, and the notice.
    """
    course, notice = history.course, options.days_of_notice
    planner = None if hours is None else Replanner(history, hours, notice=notice)
    ideal_days = (
        IdealDays(history, history.as_of.toordinal() + notice, None)
        if planner is None
        else planner.ideal_days
    )
    intent = ideal_days.intent(options.policies(course.protocol))
    ideals = intent.ideals
    places = ideal_days.places(ideal.place for ideal in ideals)
    if ideals and not places.fixed:  # nothing fixes the first day but where it is aimed at
        places = attrs.evolve(places, days=(ideals[0].day,))
    dues, beyond = _dues(places, ideals, history)
    bookable: tuple[date, ...] = ()
    if planner is None or not ideals:
        gone = _impossible(places, ideal_days, ideals)
    else:
        problem = planner.problem(intent)
        stands = not unrecorded(course, visits) and planner.is_settled()
        bookable, gone = tuple(_bookable(planner, intent, problem, stands=stands)), problem.lifted

    def answered(status: VisitStatus) -> Forecast | None:
        unknown = history.in_state(SessionState.NOT_RECORDED)
        if not unknown:
            return None
        more = (*visits, *(Visit(session.day, status, session=session.id) for session in unknown))
        return forecast_of(evaluate(course, more, as_of=history.as_of), more, hours, options)

    return Forecast(
        history=history,
        sessions=dues,
        bookable=bookable,
        asks=tuple(_asks(history)),
        lifted=tuple(_in_words(places, dict.fromkeys((*gone, *beyond)))),
        answered=answered,
        **_lapse(history, ideals),
    )


def lapse_of(history: History) -> Lapse | None:
    """Return what the lapse bands of the phase that goes on say today; None if none goes on, or nothing was given."""
    intent = IdealDays(history, history.as_of.toordinal() + 1, None).intent(
        ReplanOptions().policies(history.course.protocol)
    )
    phase = _goes_on(history, intent.ideals)
    return None if phase is None else history.lapse(phase)


def _dues(
    places: Places, ideals: Sequence[Ideal], history: History
) -> tuple[tuple[Due, ...], tuple[Bound, ...]]:
    """
    Return the window of every session to come, by the rules alone, and the rules that no window can keep.

    Raises:
        InvalidInput: The rules put a session beyond the days that are planned on.
    """
    if not ideals:
        return (), ()
    known = places.known_days
    begun = places.fixed[-1].day + 1 if places.fixed else min(ideal.day for ideal in ideals)
    to_come = range(begun, LAST_DAY.toordinal() + 1)
    days: list[Sequence[int]] = [
        (known[place],) if place in known else to_come for place in range(places.first + len(ideals))
    ]
    bounds, gone = places.required, tuple[Bound, ...]()
    low = bounds.earliest(days)
    if low is None:  # what was given broke a latest day, or the rules do: the windows go on without it
        gone = lifted(places, days, exceed=True)
        bounds = Bounds(without_latest(bounds.each, gone))
        low = bounds.earliest(days)
    high = bounds.latest(days)
    if low is None or high is None:
        raise too_long(places.course.protocol.id, "a day later than that")
    limited = bounds.limited(max(places.first, 1))
    preferred = _preferred_latest(places, days, bounds, limited)
    if not places.fixed:  # nothing bounds the first session of a course that has not begun
        low = [min(low[0], history.as_of.toordinal()), *low[1:]]
        limited.discard(0)
        preferred.pop(0, None)
    latest = {place: date.fromordinal(high[place]) for place in limited}
    given = (judged.session for judged in outcomes(history)[1])
    held = numbered(in_order(session for session in given if session.status.stands))
    return tuple(_windows(places, ideals, low, latest, preferred, *held)), gone


def _windows(
    places: Places,
    ideals: Sequence[Ideal],
    earliest: Sequence[int],
    latest: Mapping[int, date],
    preferred: Mapping[int, date],
    numbers: Mapping[str, int],
    totals: Mapping[str, int],
) -> Iterator[Due]:
    """Yield each session to come with its window; a place that no rule limits has no latest day."""
    course = places.course
    holds = tentative_reasons(course) if course.holds or course.authorisations or course.companions else {}
    last_of = Counter(totals)
    for place, ideal in enumerate(ideals, places.first):
        name, booking = ideal.place.phase.name, ideal.place.booking
        number = None if booking is None else numbers.get(booking.id)
        last_of[name] += number is None
        first, last = date.fromordinal(earliest[place]), latest.get(place)
        aimed_at = max(date.fromordinal(ideal.day), first)
        yield Due(
            phase=name,
            number=last_of[name] if number is None else number,
            session=booking.id if booking is not None and booking.status.stands else None,
            earliest=first,
            recommended=aimed_at if last is None else min(aimed_at, last),
            latest=last,
            preferred_latest=preferred.get(place),
            holds_up=() if booking is None else holds.get(booking.id, ()),
        )


def _preferred_latest(
    places: Places, days: Sequence[Days], bounds: Bounds, limited: set[int]
) -> dict[int, date]:
    """Return the last day that preferred rules allow each place that no required one limits, if they do together."""
    soft = [b for b in places.bounds if not b.required and b.latest is not None]
    if not soft or len(limited) == len(days):
        return {}
    both = Bounds([*bounds.each, *(attrs.evolve(bound, minimum=None) for bound in soft)])
    high = both.latest(days)
    if high is None:
        return {}
    found = both.limited(max(places.first, 1)) - limited
    return {place: date.fromordinal(high[place]) for place in found if place >= places.first}


def _bookable(planner: Replanner, intent: Intent, problem: Remainder, *, stands: bool) -> Iterator[date]:
    """Yield the days that the next session could be on, the best one first, the others in order of time."""
    try:
        best = intent.ideals[0].day if stands else planner.lay(intent).days[0]
    except (NoFeasiblePlan, TooManyWays):
        return
    yield date.fromordinal(best)
    at = problem.places.first
    bounds, days = required(problem.problem.bounds), list(problem.problem.days)
    windows = bounds.windows(days)
    if windows is None:
        return
    limited = at in bounds.limited(max(at, 1))
    for day in windows[at]:
        if day != best and (limited or day <= best + CHOICES):
            days[at] = (day,)
            if bounds.allow(days):
                yield date.fromordinal(day)


def _asks(history: History) -> Iterator[str]:
    for session in history.in_state(SessionState.NOT_RECORDED):
        yield f"what became of the session of {session.day}?"
    for judged in history.visits:
        if judged.verdict is Verdict.ASKED:
            yield f"does the session of {judged.visit.day}, which was stopped early, count?"


def _goes_on(history: History, ideals: Sequence[Ideal]) -> Phase | None:
    """Return the phase of the first session that is due or was not recorded, or else of the next one."""
    waiting = (*history.in_state(SessionState.NOT_RECORDED), *history.in_state(SessionState.DUE))
    names = [*(session.phase for session in waiting[:1]), *(ideal.place.phase.name for ideal in ideals[:1])]
    return history.course.protocol.phase(names[0]) if names else None


def _lapse(history: History, ideals: Sequence[Ideal]) -> dict[str, Any]:
    """Return what the lapse bands of the phase that goes on say, given the days since the last session given."""
    phase = _goes_on(history, ideals)
    lapse = None if phase is None else history.lapse(phase)
    if phase is None or lapse is None:
        return {"last_given": max((judged.visit.day for judged in history.given()), default=None)}
    after = phase.lapses_after()
    return {
        "last_given": lapse.last_given,
        "lapse": lapse.band,
        "proposes": lapse.proposes,
        "lapses_on": None if after is None else lapse.last_given + timedelta(after),
    }


def _impossible(places: Places, ideal_days: IdealDays, ideals: Sequence[Ideal]) -> tuple[Bound, ...]:
    """Return the rules that no day from the first that can be booked on can keep any more."""
    taken: list[Sequence[int]] = [(taken.day,) for taken in places.fixed]
    end = LAST_DAY.toordinal()
    booked = [ideal.place.booking for ideal in ideals]
    days = [
        range(min(ideal_days.first, b.day.toordinal()) if b is not None else ideal_days.first, end + 1)
        for b in booked
    ]
    return lifted(places, [*taken, *days])


def _in_words(places: Places, bounds: Iterable[Bound]) -> Iterator[str]:
    for bound in bounds:
        known = bound.earlier < places.first
        since = f", from {date.fromordinal(places.fixed[bound.earlier].day)}" if known else ""
        yield f"{bound.rule}{since}"
