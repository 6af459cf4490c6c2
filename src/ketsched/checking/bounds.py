"""
Bounds of the protocol that a course breaks, whether its sessions were given or are to come.

A bound is read in one place and reported in one of two. What can still be moved is a fault of the
plan (KS1, and KS2 for the weeks of a series); what has happened is a remark on the history (KS5).
`apart` counts places among the sessions that stand, in order of time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from itertools import chain, pairwise

import attrs

from ketsched.checking.case import DAYS_A_WEEK, CheckedCourse, PhaseSessions, amount, happened
from ketsched.checking.opendays import from_day, last_free, until_day
from ketsched.checking.rules import Cited, Finding, Rule, Severity
from ketsched.clock import day_words, elapsed, later
from ketsched.model import Phase, Session, Spacing, days_between, said
from ketsched.names import in_days


@attrs.frozen(kw_only=True, eq=False)
class Breach:
    """
    A bound that is broken between the first and the last of some sessions.

    Attributes:
        code: Of the rule that reports it while one of the two can still be moved.
        sessions: In order of time, at least two unless the bound is on a whole series.
        what, why: As in a finding.
        fix: What can be done about it while one of the two can still be moved.
        severity: Of the bound, required or preferred.
        latest: The latest day of the bound, in days after the first; None: its minimum is broken.
        forgiven: Whether both were given, and the absolute minimum is kept.
        where: Of the finding, if not at its last session.
        cited: Where the number comes from.
    """

    code: str
    sessions: tuple[Session, ...]
    what: str
    why: str
    fix: str
    severity: Severity = Severity.ERROR
    latest: int | None = None
    forgiven: bool = False
    where: str = ""
    cited: Cited | None = None

    @property
    def is_past(self) -> bool:
        """Whether both sessions were given: nothing between them can be moved any more."""
        return happened(self.sessions[0], self.sessions[-1])

    def finding(self, rule: Rule, *, more: str = "", fix: str = "") -> Finding:
        """
        Return what a rule says of it.

        A rule of another code than its own is about what has happened; a waiver of its own covers that as well.
        """
        own = rule.code == self.code
        finding = rule.at(
            *self.sessions,
            what=self.what,
            why=self.why + more,
            fix=fix or self.fix,
            severity=self.severity if own else None,
            where=self.where,
            cited=self.cited,
        )
        return finding if own else attrs.evolve(finding, before=self.code)


Read = Callable[[CheckedCourse], Iterator[Breach]]
"""What reads the breaches of one kind of bound off a course."""


def is_lifted(case: CheckedCourse, breach: Breach) -> bool:
    """
    Whether the course says of a latest day that what happened has made it impossible.

    That is taken only of one that counts from what is over: between two sessions to come both can be moved.
    """
    first, last = breach.sessions[0], breach.sessions[-1]
    to_come = not happened(first) and case.as_of is not None and first.day > case.as_of
    return breach.latest is not None and not to_come and (first.id, last.id, breach.latest) in case.lifted


def all_breaches(case: CheckedCourse) -> Iterator[Breach]:
    """Yield every bound that is broken, past or to come."""
    for read in (
        short_gaps,
        long_gaps,
        full_windows,
        close_places,
        far_places,
        few_hours,
        short_joins,
        long_joins,
        days_with_two,
        crossing_gaps,
        short_series,
        long_series,
    ):
        yield from case.once(read)


# Between neighbours, and over several places.


def short_gaps(case: CheckedCourse) -> Iterator[Breach]:
    """Yield the gaps between neighbours of a phase that are shorter than a minimum."""
    for series in case.series:
        stated = [one for one in _stated(series, "minimum") if one.spacing.apart == 1]
        alone = _about_one(series, "minimum")
        for previous, session in pairwise(series.sessions):
            yield from _too_short(case, "KS101", [*stated, *alone.get(session.id, ())], previous, session)


def long_gaps(case: CheckedCourse) -> Iterator[Breach]:
    """Yield the gaps, over as many places as a rule counts, that are longer than its latest day."""
    reported: set[tuple[str, str]] = set()
    for stated, sessions in _runs(case, "latest"):
        first, last = sessions[0], sessions[-1]
        if stated.too_far(first, last) and (first.id, last.id) not in reported:
            reported.add((first.id, last.id))
            yield _too_long(case, "KS102", stated, first, last)


def full_windows(case: CheckedCourse) -> Iterator[Breach]:
    """Yield the windows of days that hold more sessions than a rule allows."""
    for stated, sessions in chain(_runs(case, "minimum"), _runs_across(case, "minimum")):
        first, last = sessions[0], sessions[-1]
        if stated.spacing.apart > 1 and stated.too_near(first, last):
            least = stated.least(first)
            yield stated.breach(
                case,
                "KS103",
                sessions,
                what=f"{amount(len(sessions))} in {in_days((last.day - first.day).days + 1)}, "
                f"{case.named(first)} to {case.named(last)}",
                limit=f"at most {stated.spacing.apart} in any {in_days(least)}",
                fix=f"move {case.called(last)} to {from_day(case, last, first.day + timedelta(least))}",
                forgiven=stated.forgives(first, last),
            )


def close_places(case: CheckedCourse) -> Iterator[Breach]:
    """Yield the pairs of numbered sessions that are closer than the minimum between them."""
    for stated, (first, second) in _numbered_places(case, "minimum"):
        if stated.too_near(first, second):
            least = stated.least(first)
            yield stated.breach(
                case,
                "KS104",
                (first, second),
                limit=f"at least {in_days(least)} between these two",
                fix=f"move {case.called(second)} to {from_day(case, second, first.day + timedelta(least))}",
                forgiven=stated.forgives(first, second),
            )


def far_places(case: CheckedCourse) -> Iterator[Breach]:
    """Yield the pairs of numbered sessions that are further apart than the latest day between them."""
    for stated, (first, second) in _numbered_places(case, "latest"):
        if stated.too_far(first, second):
            yield _too_long(case, "KS105", stated, first, second, " between these two")


def few_hours(case: CheckedCourse) -> Iterator[Breach]:
    """Yield the pairs of sessions of which the second starts fewer hours after the first than a rule in hours asks."""
    field = "minimum_hours"
    for stated, sessions in chain(
        _numbered_places(case, field), _runs(case, field), _runs_across(case, field)
    ):
        first, last = sessions[0], sessions[-1]
        start, other = case.start(first), case.start(last)
        if start is None or other is None:
            continue
        least, passed = timedelta(hours=stated.spacing.minimum_hours or 0), elapsed(start, other)
        if passed < least:
            allowed = later(start, least)
            yield stated.breach(
                case,
                "KS106",
                (first, last),
                what=f"{case.named(last)} starts {_hours(passed)} after {case.named(first)} started",
                limit=f"at least {amount(stated.spacing.minimum_hours or 0, 'hour')}",
                fix=f"start it on {day_words(allowed.date())} at {allowed:%H:%M} or later",
            )


# Between phases.


def short_joins(case: CheckedCourse) -> Iterator[Breach]:
    """Yield the phases that begin too soon after the one before."""
    for earlier, following in case.joins:
        last, first = earlier.sessions[-1], following.sessions[0]
        if not _states_rules(following.phase):
            stated = [one for one in _stated(earlier, "minimum") if one.spacing.apart == 1]
            yield from _too_short(case, "KS107", stated, last, first, what=_join(last, first))
        elif (rule := following.phase.join_rule) is not None and rule.minimum is not None:
            least = days_between(last.day, rule.minimum)
            if 0 < (first.day - last.day).days < least:
                yield Breach(
                    code="KS107",
                    sessions=(last, first),
                    what=_join(last, first),
                    why=f"the protocol requires at least {said(rule.minimum)}",
                    fix=f"move {case.called(first)} to {from_day(case, first, last.day + timedelta(least))}",
                    cited=case.cite(following.phase, "join"),
                )


def long_joins(case: CheckedCourse) -> Iterator[Breach]:
    """Yield the phases that begin later after the one before than their join allows."""
    for earlier, following in case.joins:
        last, first = earlier.sessions[-1], following.sessions[0]
        stated = following.phase.join.latest if following.phase.join is not None else None
        latest = None if stated is None else days_between(last.day, stated)
        if stated is not None and latest is not None and (first.day - last.day).days > latest:
            yield Breach(
                code="KS108",
                sessions=(last, first),
                what=_join(last, first),
                why=f"the protocol requires at most {said(stated)}",
                fix=_move_back(case, last, first, latest),
                latest=latest,
                cited=case.cite(following.phase, "join"),
            )


def days_with_two(case: CheckedCourse) -> Iterator[Breach]:
    """Yield the sessions that are on one day with the one before."""
    for previous, session in pairwise(case.standing):
        if previous.day == session.day:
            yield Breach(
                code="KS109",
                sessions=(previous, session),
                what=f"{case.named(previous)} and {case.named(session)} are on the same day",
                why="no protocol we read does that",
                fix="move one to another day, or cancel it",
            )


def crossing_gaps(case: CheckedCourse) -> Iterator[Breach]:
    """Yield the gaps between two series, side by side, that are shorter than the minimum of the one beside."""
    beside = {series.phase.beside for series in case.series} - {""}
    among = {series.phase.name: series for series in case.series}
    merged = [s for s in case.standing if s.phase in beside or among[s.phase].phase.beside] if beside else []
    for previous, session in pairwise(merged):
        if previous.phase == session.phase:
            continue
        stated = [
            # What it forgives is of its own series.
            attrs.evolve(one, spacing=attrs.evolve(one.spacing, absolute_minimum=None, grace=None))
            for series in (among[previous.phase], among[session.phase])
            for one in _stated(series, "minimum")
            if series.phase.beside and one.spacing.required and one.spacing.apart == 1
        ]
        if stated:
            widest = max(stated, key=lambda one: one.least(previous))
            yield from _too_short(case, "KS110", [widest], previous, session)


# Over a whole series.


def short_series(case: CheckedCourse) -> Iterator[Breach]:
    """Yield the series that span fewer nominal weeks than the protocol accepts."""
    for series, weeks, (least, _) in _weeks(case):
        unfinished = happened(series.sessions[-1]) and len(series.counted) < series.phase.counts[0]
        if weeks < least and series.phase.name not in case.over and not unfinished:
            day = series.sessions[0].day + timedelta(DAYS_A_WEEK * (least - 1))
            fix = f"move {case.called(series.sessions[-1])} to {from_day(case, series.sessions[-1], day)}"
            yield _span_broken(case, "KS203", series, fix=fix, latest=None)


def long_series(case: CheckedCourse) -> Iterator[Breach]:
    """Yield the series that span more nominal weeks than the protocol accepts."""
    for series, weeks, (_, most) in _weeks(case):
        if weeks > most:
            latest = DAYS_A_WEEK * most - 1
            back = _move_back(case, series.sessions[0], series.sessions[-1], latest)
            yield _span_broken(case, "KS204", series, fix=back, latest=latest)


def _weeks(case: CheckedCourse) -> Iterator[tuple[PhaseSessions, int, tuple[int, int]]]:
    """Yield each series with its nominal weeks and the weeks that are accepted."""
    for series in case.series:
        if series.phase.weeks is not None:
            yield series, series.nominal_weeks, series.phase.weeks


def _span_broken(
    case: CheckedCourse, code: str, series: PhaseSessions, *, fix: str, latest: int | None
) -> Breach:
    least, most = series.phase.weeks or (0, 0)
    requires = "requires" if series.phase.weeks_required else "prefers"
    limit = f"at least {amount(least, 'week')}" if latest is None else f"at most {amount(most, 'week')}"
    return Breach(
        code=code,
        sessions=series.sessions,
        what=f"{series.phase.name} takes {in_days(series.span)}",
        why=f"the protocol {requires} {limit}",
        fix=fix,
        where=case.where_phase(series.phase),
        severity=Severity.ERROR if series.phase.weeks_required else Severity.WARNING,
        latest=latest,
        cited=case.cite(series.phase, "weeks"),
    )


# How a bound is read, and how it is said.


@attrs.frozen(eq=False)
class _Stated:
    """
    A spacing rule as a phase states it.

    Attributes:
        phase: The phase.
        key: Of its evidence, "spacing 1".
        spacing: The rule; months in it are counted from the earlier session.
    """

    phase: Phase
    key: str
    spacing: Spacing

    def least(self, earlier: Session) -> int:
        """Return its minimum in days."""
        return self.spacing.since(earlier.day).minimum or 0

    def latest(self, earlier: Session) -> int:
        """Return its latest day in days."""
        return self.spacing.since(earlier.day).latest or 0

    def too_near(self, earlier: Session, session: Session) -> bool:
        """Whether two sessions are closer than its minimum."""
        return (session.day - earlier.day).days < self.least(earlier)

    def too_far(self, earlier: Session, session: Session) -> bool:
        """Whether two sessions are further apart than its latest day."""
        return (session.day - earlier.day).days > self.latest(earlier)

    def forgives(self, earlier: Session, session: Session) -> bool:
        """Whether a gap below the minimum is forgiven: both were given, and it keeps the absolute minimum."""
        forgiven = self.spacing.since(earlier.day).forgiven
        gap = (session.day - earlier.day).days
        return forgiven is not None and happened(earlier, session) and gap >= forgiven

    def breach(
        self,
        case: CheckedCourse,
        code: str,
        sessions: tuple[Session, ...],
        *,
        limit: str,
        fix: str,
        what: str = "",
        forgiven: bool = False,
    ) -> Breach:
        """Return how it is broken between the first and the last of these sessions."""
        required = self.spacing.required
        source = Cited(case.course.protocol.references(self.spacing.source)) if self.spacing.source else None
        return Breach(
            code=code,
            sessions=sessions,
            what=what or _gap(case, sessions[0], sessions[-1], only=" at least " in f" {limit}"),
            why=f"the protocol {'requires' if required else 'prefers'} {limit}",
            fix=fix,
            severity=Severity.ERROR if required else Severity.WARNING,
            forgiven=forgiven,
            cited=case.cite(self.phase, self.key) or source,
        )


def _stated(series: PhaseSessions, field: str) -> list[_Stated]:
    """Return the spacing rules over `apart` places that have this number, required ones first."""
    return [
        _Stated(series.phase, key, spacing)
        for key, spacing in series.spacing
        if spacing.is_for_all and getattr(spacing, field) is not None
    ]


def _about_one(series: PhaseSessions, field: str) -> dict[str, list[_Stated]]:
    """Return the rules about one session alone, counted from the one before it, that have this number, by its id."""
    found: dict[str, list[_Stated]] = {}
    for key, spacing in series.spacing:
        if spacing.number is not None and getattr(spacing, field) is not None:
            for session in series.counted[spacing.number - 1 : spacing.number]:
                found.setdefault(session.id, []).append(_Stated(series.phase, key, spacing))
    return found


_Runs = Iterator[tuple[_Stated, tuple[Session, ...]]]


def _numbered_places(case: CheckedCourse, field: str) -> _Runs:
    """Yield the spacing rules between two numbered places that have this number, and the two sessions."""
    for series in case.series:
        for key, spacing in series.spacing:
            if spacing.between is not None and getattr(spacing, field) is not None:
                first, second = spacing.between
                if second <= len(series.counted):
                    pair = (series.counted[first - 1], series.counted[second - 1])
                    yield _Stated(series.phase, key, spacing), pair


def _runs(case: CheckedCourse, field: str) -> _Runs:
    """Yield what rules over `apart` places are about: `apart` + 1 sessions in turn of one phase."""
    for series in case.series:
        for stated in _stated(series, field):
            apart = stated.spacing.apart
            for at in range(apart, len(series.sessions)):
                yield stated, series.sessions[at - apart : at + 1]
        alone = _about_one(series, field)
        for pair in pairwise(series.sessions) if alone else ():
            yield from ((stated, pair) for stated in alone.get(pair[1].id, ()))


def _runs_across(case: CheckedCourse, field: str) -> _Runs:
    """Yield the runs that begin in one phase and end in the next, unless that one states its own rules."""
    for earlier, following in case.joins:
        both, here = earlier.sessions + following.sessions, len(earlier.sessions)
        for stated in [] if _states_rules(following.phase) else _stated(earlier, field):
            apart = stated.spacing.apart
            for at in range(max(here, apart), min(here + apart, len(both))):
                yield stated, both[at - apart : at + 1]


def _states_rules(phase: Phase) -> bool:
    """Whether a phase says itself how far it lies from the one before."""
    return phase.join is not None and phase.join.states_rules


def _too_short(
    case: CheckedCourse,
    code: str,
    stated: Iterable[_Stated],
    previous: Session,
    session: Session,
    *,
    what: str = "",
) -> Iterator[Breach]:
    """Yield the first rule that a gap is too short for, those that forgive it last; not of two on one day."""
    broken = [one for one in stated if one.too_near(previous, session)] if previous.day < session.day else []
    for one in sorted(broken, key=lambda one: one.forgives(previous, session))[:1]:
        least = one.least(previous)
        fix = f"move {case.called(session)} to {from_day(case, session, previous.day + timedelta(least))}"
        if not happened(previous):
            before = last_free(case, previous, one.spacing.last_before(session.day), DAYS_A_WEEK)
            fix += f", or {case.called(previous)} to {day_words(before)} or earlier" if before else ""
        yield one.breach(
            case,
            code,
            (previous, session),
            limit=f"at least {in_days(least)}",
            fix=fix,
            what=what,
            forgiven=one.forgives(previous, session),
        )


def _too_long(
    case: CheckedCourse, code: str, stated: _Stated, first: Session, last: Session, between: str = ""
) -> Breach:
    latest = stated.latest(first)
    limit, fix = f"at most {in_days(latest)}{between}", _move_back(case, first, last, latest)
    breach = stated.breach(case, code, (first, last), limit=limit, fix=fix)
    return attrs.evolve(breach, latest=latest)


def _move_back(case: CheckedCourse, first: Session, last: Session, latest: int) -> str:
    """Say until when the later of two sessions can be, or that no day until then is left."""
    until = first.day + timedelta(latest)
    if happened(first) and case.as_of is not None and until <= case.as_of:
        return f"{day_words(until)} has passed. Plan the rest again: ketsched replan FILE"
    return until_day(case, last, first.day, until, f"move {case.called(last)} to")


def _gap(case: CheckedCourse, earlier: Session, session: Session, *, only: bool) -> str:
    away = in_days((session.day - earlier.day).days)
    return f"{case.named(session)} is {'only ' * only}{away} after {case.named(earlier)}"


def _join(last: Session, first: Session) -> str:
    return f"{first.phase} starts {in_days((first.day - last.day).days)} after {last.phase} ended"


def _hours(passed: timedelta) -> str:
    hours, minutes = divmod(int(passed.total_seconds()) // 60, 60)
    return amount(hours, "hour") + (f" {amount(minutes, 'minute')}" if minutes else "")
