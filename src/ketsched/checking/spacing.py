"""
KS1, spacing: how far sessions are from each other.

`apart` counts places among the sessions that stand, in order of time. A bound that the
protocol requires makes an error, one that it prefers a warning. Between two sessions that
were both given nothing can be moved any more: that is history (KS5).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

import attrs

from ketsched.checking.bounds import Breach, move_back, still_to_come
from ketsched.checking.case import Case, Series, day_words, happened
from ketsched.checking.rules import Cited, Finding, Severity, rule
from ketsched.clock import elapsed, later
from ketsched.model import Phase, Session, Spacing


@rule("KS101", Severity.ERROR, source="Protocol: spacing.minimum")
def gap_too_short(case: Case) -> Iterator[Finding]:
    """
    A session is closer to the one before it than the protocol's minimum.

    Days are local dates at the clinic, not multiples of 24 hours. The grace between the absolute
    minimum and the minimum forgives what happened; it is not there to plan with, so a plan that
    uses it is found here too. Two sessions on one date are two-sessions-one-day, and only that.

    Why it matters: the minimum is the smallest gap that the source of the protocol used; closer
    sessions are another treatment than the one that was studied.

    Example: minimum 2 d, session 5 on Wed 20 January 2027 and session 6 on Thu 21 January.

    Instead: session 6 on Fri 22 January, or session 5 a day earlier.

    References: the protocol's own source for the bound. Thrice-weekly series have a smallest gap of
    2 d (Shiroma 2014, J Affect Disord 155:123-129); pain series are daily (Schwartzman 2009, Pain), so
    the minimum belongs to the protocol and there is none for all.
    """
    yield from still_to_come(gap_too_short, case, _short_gaps(case))


@rule("KS102", Severity.ERROR, source="Protocol: spacing.latest")
def gap_too_long(case: Case) -> Iterator[Finding]:
    """
    A session is further from the one `apart` places before it than the protocol's latest day.

    Why it matters: the latest day is the last of the visit window; after it the session is overdue and
    the series is no longer the one prescribed.

    Example: latest 7 d, sessions on Mon 4 and Tue 12 January 2027.

    Instead: the second on Mon 11 January or earlier, or a session between the two.

    References: the protocol's own source for the bound. No published visit window was found for any
    series read, so most shipped values are house defaults and say so.
    """
    yield from still_to_come(gap_too_long, case, _long_gaps(case))


@rule("KS103", Severity.ERROR, source="Protocol: spacing over several places")
def too_many_in_window(case: Case) -> Iterator[Finding]:
    """
    More sessions lie in a window of days than the protocol allows.

    "At most 3 in 7 days" counts half-open windows: a session and the third one after it are at least
    7 days apart, so the same weekday a week later is outside. It holds across the join to the next
    phase as well, unless that phase states its own.

    Why it matters: a cap on a week or a quarter is how papers and services limit the frequency; it can
    be broken although every single gap is long enough.

    Example: at most 3 in 7 d, sessions on Mon 4, Wed 6, Fri 8 and Sun 10 January 2027.

    Instead: the fourth on Mon 11 January.

    References: the protocol's own source for the bound. Two or three infusions a week: Singh 2016, Am J
    Psychiatry, doi:10.1176/appi.ajp.2016.16010037. The half-open window is derived: 8 dates of a valid
    Monday-Wednesday-Friday series contain 4 sessions.
    """
    yield from still_to_come(too_many_in_window, case, _full_windows(case))


@rule("KS104", Severity.ERROR, source="Protocol: spacing.between, minimum")
def places_too_close(case: Case) -> Iterator[Finding]:
    """
    Two numbered sessions of a series are closer than the protocol's minimum between them.

    Why it matters: some bounds are about given places ("the third at least two weeks after the first"),
    not about any two sessions.

    Example: sessions 1 and 3 at least 14 d apart, on Mon 4 and Fri 15 January 2027.

    Instead: session 3 on Mon 18 January or later.

    References: the protocol's own source for the bound.
    """
    yield from still_to_come(places_too_close, case, _close_places(case))


@rule("KS105", Severity.ERROR, source="Protocol: spacing.between, latest")
def places_too_far(case: Case) -> Iterator[Finding]:
    """
    Two numbered sessions of a series are further apart than the protocol's latest day between them.

    Why it matters: the bound keeps a part of the series together, whatever the gaps inside it are.

    Example: sessions 1 and 3 at most 14 d apart, on Mon 4 and Tue 19 January 2027.

    Instead: session 3 on Mon 18 January or earlier.

    References: the protocol's own source for the bound.
    """
    yield from still_to_come(places_too_far, case, _far_places(case))


@rule("KS106", Severity.ERROR, source="Protocol: spacing.minimum_hours", needs=("times",))
def too_few_hours(case: Case) -> Iterator[Finding]:
    """
    Fewer hours pass from the start of one session to the start of another than the protocol asks for.

    Hours are elapsed time, counted in UTC: where the clocks change they are not days times 24. The
    rule holds across the join to the next phase as well, unless that phase states its own.

    Why it matters: a rule in hours is about the drug, a rule in days about the calendar; across a
    night in which the clocks go forward the first can fail while the second holds.

    Example: 120 h, New York, Wed 10 March 2027 09:00 and Mon 15 March 09:00: 5 days, but 119 hours,
    because the clocks go forward on 14 March.

    Instead: 10:00 on Mon 15 March.

    References: the protocol's own source for the bound.
    """
    yield from still_to_come(too_few_hours, case, _few_hours(case))


@rule("KS107", Severity.ERROR, source="Protocol: join.minimum, or the earlier phase's spacing.minimum")
def join_too_short(case: Case) -> Iterator[Finding]:
    """
    A phase begins too soon after the last session of the phase before it.

    The later phase's own `join` decides. If it has none, the earlier phase's minimum holds across;
    its caps on a window are judged by too-many-in-window, its hours by too-few-hours.

    Why it matters: the step from a dense phase to a sparse one is where a schedule made of two parts
    puts sessions next to each other.

    Example: the next phase at least 7 d after the induction, which ends on Thu 21 January 2027; first
    booster on Wed 27 January.

    Instead: first booster on Thu 28 January or later.

    References: the protocol's own source for the bound. The label's step from twice weekly to weekly
    esketamine leaves 3 or 4 d, which its protocol states as a join of its own (SPRAVATO dosing and
    administration).
    """
    yield from still_to_come(join_too_short, case, _short_joins(case))


@rule("KS108", Severity.ERROR, source="Protocol: join.latest")
def join_too_long(case: Case) -> Iterator[Finding]:
    """
    A phase begins later after the phase before it than its join allows.

    Why it matters: maintenance is there to hold what the induction reached; a join with a latest day
    says how long that may wait.

    Example: join at most 14 d, induction ends on Thu 21 January 2027, first booster on Fri 5 February.

    Instead: first booster on Thu 4 February or earlier.

    References: the protocol's own source for the join.
    """
    yield from still_to_come(join_too_long, case, _long_joins(case))


@rule("KS109", Severity.ERROR, source="Derived: no series read gives two sessions on one date")
def two_sessions_one_day(case: Case) -> Iterator[Finding]:
    """
    Two sessions of a course are on one local date.

    This holds for every protocol and across phases; a minimum of days is then not reported as well.

    Why it matters: no published series gives two sessions on one day; it is nearly always one booking
    entered twice.

    Example: two sessions on Mon 4 January 2027, at 09:00 and 14:00.

    Instead: close one of them, or move it to another day.

    References: derived from all series the shipped protocols cite; none has two on one date.
    """
    yield from still_to_come(two_sessions_one_day, case, _days_with_two(case))


@rule("KS110", Severity.ERROR, source="Protocol: spacing.minimum of the phase that runs beside another")
def cross_series_gap(case: Case) -> Iterator[Finding]:
    """
    A session of a series that runs beside another is too close to its neighbour in that other series.

    The minimum is the one that the phase beside the other requires of its own sessions; it holds in both
    directions, whether the clinic's session or the one at home comes first. Within one series
    gap-too-short judges; two sessions on one date are two-sessions-one-day, and only that.

    Why it matters: a lozenge at home and an infusion at the clinic are two sessions of one drug. Kept in
    two lists, each looks well spaced by itself.

    Example: sessions at home at least 2 d apart; one on Mon 1 March 2027, an infusion on Tue 2 March.

    Instead: the session at home on Sun 28 February or on Thu 4 March.

    References: the protocol's own source for the bound. Clinics' articles list sessions at home beside
    boosters; no published rule on mixing the two was found, so that the minimum of the one holds for both
    is a house default.
    """
    yield from still_to_come(cross_series_gap, case, _crossing_gaps(case))


# What follows is how the rules above read a bound, and how they say it.


def breaches(case: Case) -> Iterator[Breach]:
    """Yield every bound on the distance between sessions that is broken, past or to come."""
    for found in (
        _short_gaps,
        _long_gaps,
        _full_windows,
        _close_places,
        _far_places,
        _few_hours,
        _short_joins,
        _long_joins,
        _days_with_two,
        _crossing_gaps,
    ):
        yield from found(case)


def _short_gaps(case: Case) -> Iterator[Breach]:
    for series in case.series:
        seen: set[int] = set()
        graced: dict[int, Breach] = {}
        for key, spacing in _rules(series, "minimum"):
            if spacing.apart > 1:
                continue
            for at in _closer(series, spacing):
                previous, session = series.sessions[at - 1], series.sessions[at]
                if previous.day < session.day and at not in seen:
                    breach = _too_short("KS101", case, series.phase, key, spacing, previous, session)
                    if breach.forgiven:
                        graced.setdefault(at, breach)
                    else:
                        seen.add(at)
                        yield breach
        yield from (breach for at, breach in graced.items() if at not in seen)


def _long_gaps(case: Case) -> Iterator[Breach]:
    for series in case.series:
        seen: set[tuple[int, int]] = set()
        for key, spacing in _rules(series, "latest"):
            for at in range(spacing.apart, len(series.days)):
                earlier, session = series.sessions[at - spacing.apart], series.sessions[at]
                gap = (session.day - earlier.day).days
                if gap > _latest(spacing, earlier) and (at, spacing.apart) not in seen:
                    seen.add((at, spacing.apart))
                    yield _too_long("KS102", case, series.phase, key, spacing, earlier, session, "them")


def _full_windows(case: Case) -> Iterator[Breach]:
    for series in case.series:
        for key, spacing in _rules(series, "minimum"):
            if spacing.apart > 1:
                for at in _closer(series, spacing):
                    sessions = series.sessions[at - spacing.apart : at + 1]
                    yield _too_many(case, series.phase, key, spacing, sessions)
    for earlier, following in case.joins:
        if not states_rules(following.phase):
            for key, spacing in _rules(earlier, "minimum"):
                if spacing.apart > 1:
                    for sessions in _across(earlier, following, spacing.apart):
                        if _too_near(spacing, sessions[0], sessions[-1]):
                            yield _too_many(case, earlier.phase, key, spacing, sessions)


def _close_places(case: Case) -> Iterator[Breach]:
    for series, key, spacing, first, second in _numbered(case, "minimum"):
        least = _least(spacing, first)
        gap = (second.day - first.day).days
        if gap < least:
            yield Breach(
                code="KS104",
                sessions=(first, second),
                what=f"{case.named(second)} is {gap} d after {case.named(first)}",
                why=f"{_asks(spacing)} at least {least} d between these two",
                fix=f"move it to {_day(first, least)} or later",
                severity=_severity(spacing),
                forgiven=_forgiven(spacing, first, second),
                cited=_cited(case, series.phase, key, spacing),
            )


def _far_places(case: Case) -> Iterator[Breach]:
    for series, key, spacing, first, second in _numbered(case, "latest"):
        if (second.day - first.day).days > _latest(spacing, first):
            yield _too_long("KS105", case, series.phase, key, spacing, first, second, "these two")


def _few_hours(case: Case) -> Iterator[Breach]:
    if not any(spacing.minimum_hours for phase in case.course.protocol.phases for spacing in phase.spacing):
        return
    for phase, key, spacing, first, second in _pairs_in_hours(case):
        start, other = case.start(first), case.start(second)
        if start is None or other is None:
            continue
        least = timedelta(hours=spacing.minimum_hours or 0)
        passed = elapsed(start, other)
        if passed < least:
            allowed = later(start, least)
            yield Breach(
                code="KS106",
                sessions=(first, second),
                what=f"{case.named(second)} starts {_hours(passed)} after {case.named(first)}",
                why=f"{_asks(spacing)} at least {spacing.minimum_hours} h from start to start",
                fix=f"start it on {day_words(allowed.date())} at {allowed:%H:%M} or later",
                severity=_severity(spacing),
                cited=_cited(case, phase, key, spacing),
            )


def _short_joins(case: Case) -> Iterator[Breach]:
    for earlier, following in case.joins:
        last, first = earlier.sessions[-1], following.sessions[0]
        gap = (first.day - last.day).days
        if gap == 0:
            continue
        if not states_rules(following.phase):
            broken = [
                _too_short("KS107", case, earlier.phase, key, spacing, last, first)
                for key, spacing in _rules(earlier, "minimum")
                if spacing.apart == 1 and _too_near(spacing, last, first)
            ]
            broken.sort(key=lambda breach: breach.forgiven)
            yield from broken[:1]
        elif (join := following.phase.join) and (least := join.minimum) is not None and gap < least:
            yield Breach(
                code="KS107",
                sessions=(last, first),
                what=f"{case.named(first)} is {gap} d after {case.named(last)}",
                why=f"{following.phase.name} begins at least {least} d after {earlier.phase.name}",
                fix=f"move it to {_day(last, least)} or later",
                severity=Severity.ERROR,
                cited=case.cite(following.phase, "join"),
            )


def _long_joins(case: Case) -> Iterator[Breach]:
    for earlier, following in case.joins:
        if following.phase.join is None or (latest := following.phase.join.latest) is None:
            continue
        last, first = earlier.sessions[-1], following.sessions[0]
        gap = (first.day - last.day).days
        if gap > latest:
            yield Breach(
                code="KS108",
                sessions=(last, first),
                what=f"{case.named(first)} is {gap} d after {case.named(last)}",
                why=f"{following.phase.name} begins at most {latest} d after {earlier.phase.name}",
                fix=move_back(case, last, latest),
                severity=Severity.ERROR,
                latest=latest,
                cited=case.cite(following.phase, "join"),
            )


def _days_with_two(case: Case) -> Iterator[Breach]:
    for previous, session in pairwise(case.standing):
        if previous.day == session.day:
            yield Breach(
                code="KS109",
                sessions=(previous, session),
                what=f"{case.named(session)} is on the same day as {case.named(previous)}",
                why="no protocol has two sessions on one date",
                fix="close one of them, or move it to another day",
                severity=Severity.ERROR,
            )


def _crossing_gaps(case: Case) -> Iterator[Breach]:
    beside = {series.phase.beside for series in case.series} - {""}
    if not beside:
        return
    among = {series.phase.name: series for series in case.series}
    merged = [s for s in case.standing if s.phase in beside or among[s.phase].phase.beside]
    for previous, session in pairwise(merged):
        gap = (session.day - previous.day).days
        if gap == 0 or previous.phase == session.phase:
            continue
        bounds = [
            (_least(spacing, previous), key, spacing, series)
            for series in (among[previous.phase], among[session.phase])
            for key, spacing in _rules(series, "minimum")
            if series.phase.beside and spacing.required and spacing.apart == 1
        ]
        least, key, spacing, series = max(bounds, key=lambda bound: bound[0], default=(0, "", None, None))
        if spacing is not None and series is not None and gap < least:
            own = attrs.evolve(spacing, absolute_minimum=None)  # what it forgives is of its own series
            yield _too_short("KS110", case, series.phase, key, own, previous, session)


def _rules(series: Series, field: str) -> list[tuple[str, Spacing]]:
    """Return the spacing rules over `apart` places that have this number, required ones first."""
    return [(k, s) for k, s in series.spacing if s.between is None and getattr(s, field) is not None]


def _numbered(case: Case, field: str) -> Iterator[tuple[Series, str, Spacing, Session, Session]]:
    """Yield the spacing rules between two numbered places that have this number, and the two sessions."""
    for series in case.series:
        for key, spacing in series.spacing:
            if spacing.between is None or getattr(spacing, field) is None:
                continue
            first, second = spacing.between
            if second <= len(series.counted):
                yield series, key, spacing, series.counted[first - 1], series.counted[second - 1]


def _closer(series: Series, spacing: Spacing) -> list[int]:
    """Return the places that are closer to the one `apart` places before than the minimum."""
    given = series.sessions
    return [
        at
        for at in range(spacing.apart, len(given))
        if _too_near(spacing, given[at - spacing.apart], given[at])
    ]


def _too_near(spacing: Spacing, earlier: Session, session: Session) -> bool:
    return (session.day - earlier.day).days < _least(spacing, earlier)


def _least(spacing: Spacing, earlier: Session) -> int:
    """Return the minimum in days, months counted from the earlier session."""
    return spacing.since(earlier.day).minimum or 0


def _latest(spacing: Spacing, earlier: Session) -> int:
    """Return the latest day as a number of days, months counted from the earlier session."""
    return spacing.since(earlier.day).latest or 0


def _across(earlier: Series, following: Series, apart: int) -> Iterator[tuple[Session, ...]]:
    """Yield the runs of `apart` + 1 sessions that begin in one phase and end in the next."""
    both = earlier.sessions + following.sessions
    here = len(earlier.sessions)
    for at in range(max(here, apart), min(here + apart, len(both))):
        yield both[at - apart : at + 1]


def _pairs_in_hours(case: Case) -> Iterator[tuple[Phase, str, Spacing, Session, Session]]:
    """Yield the pairs of sessions to which a rule in hours applies."""
    for series, key, spacing, first, second in _numbered(case, "minimum_hours"):
        yield series.phase, key, spacing, first, second
    for series in case.series:
        for key, spacing in _rules(series, "minimum_hours"):
            for first, second in zip(series.sessions, series.sessions[spacing.apart :], strict=False):
                yield series.phase, key, spacing, first, second
    for earlier, following in case.joins:
        if not states_rules(following.phase):
            for key, spacing in _rules(earlier, "minimum_hours"):
                for sessions in _across(earlier, following, spacing.apart):
                    yield earlier.phase, key, spacing, sessions[0], sessions[-1]


def _too_short(
    code: str, case: Case, phase: Phase, key: str, spacing: Spacing, previous: Session, session: Session
) -> Breach:
    least, longest = _least(spacing, previous), spacing.in_days().minimum or 0
    gap = (session.day - previous.day).days
    return Breach(
        code=code,
        sessions=(previous, session),
        what=f"{case.named(session)} is {gap} d after {case.named(previous)}",
        why=f"{_asks(spacing)} at least {least} d between two",
        fix=f"move it to {_day(previous, least)} or later"
        + (
            ""
            if happened(previous)
            else f", or {case.named(previous)} to {_day(session, -longest)} or earlier"
        ),
        severity=_severity(spacing),
        forgiven=_forgiven(spacing, previous, session),
        cited=_cited(case, phase, key, spacing),
    )


def _too_long(
    code: str,
    case: Case,
    phase: Phase,
    key: str,
    spacing: Spacing,
    earlier: Session,
    session: Session,
    between: str,
) -> Breach:
    latest = _latest(spacing, earlier)
    return Breach(
        code=code,
        sessions=(earlier, session),
        what=f"{case.named(session)} is {(session.day - earlier.day).days} d after {case.named(earlier)}",
        why=f"{_asks(spacing)} at most {latest} d between {between}",
        fix=move_back(case, earlier, latest),
        severity=_severity(spacing),
        latest=spacing.in_days().latest,
        cited=_cited(case, phase, key, spacing),
    )


def _too_many(case: Case, phase: Phase, key: str, spacing: Spacing, sessions: tuple[Session, ...]) -> Breach:
    first, last, least = sessions[0], sessions[-1], _least(spacing, sessions[0])
    return Breach(
        code="KS103",
        sessions=sessions,
        what=f"{case.named(first)} to {case.named(last)} are {len(sessions)} "
        f"in {(last.day - first.day).days + 1} d",
        why=f"{_asks(spacing)} at most {spacing.apart} in any {least} d",
        fix=f"move {case.named(last)} to {_day(first, least)} or later",
        severity=_severity(spacing),
        forgiven=_forgiven(spacing, first, last),
        cited=_cited(case, phase, key, spacing),
    )


def _severity(spacing: Spacing) -> Severity:
    return Severity.ERROR if spacing.required else Severity.WARNING


def _forgiven(spacing: Spacing, earlier: Session, session: Session) -> bool:
    """Whether a gap below the minimum is forgiven: both were given, and it keeps the absolute minimum."""
    forgiven = spacing.since(earlier.day).absolute_minimum
    return (
        forgiven is not None and happened(earlier, session) and (session.day - earlier.day).days >= forgiven
    )


def _asks(spacing: Spacing) -> str:
    return "the protocol asks for" if spacing.required else "the protocol prefers"


def _cited(case: Case, phase: Phase, key: str, spacing: Spacing) -> Cited | None:
    return case.cite(phase, key) or (Cited(case.in_full(spacing.source)) if spacing.source else None)


def _day(session: Session, days: int) -> str:
    return day_words(date.fromordinal(session.day.toordinal() + days))


def _hours(passed: timedelta) -> str:
    hours, minutes = divmod(int(passed.total_seconds()) // 60, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def states_rules(phase: Phase) -> bool:
    """Whether a phase says itself how far it lies from the one before."""
    return phase.join is not None and phase.join.states_rules
