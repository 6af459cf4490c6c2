"""
KS1, spacing: how far sessions are from each other.

A bound that the protocol requires makes an error, one that it prefers a warning. Between two
sessions that were both given nothing can be moved any more: that is history (KS5). How bounds
are read stands in `bounds`.
"""

from __future__ import annotations

from collections.abc import Iterator

from ketsched.checking import bounds
from ketsched.checking.case import CheckedCourse
from ketsched.checking.rules import Finding, Rule, Severity, rule
from ketsched.checking.waysout import still_to_come


@rule("KS101", Severity.ERROR, source="Protocol: spacing.minimum")
def gap_too_short(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session is closer to the one before it than the protocol's minimum.

    Days are local dates at the clinic, not multiples of 24 hours. The grace between the absolute
    minimum and the minimum forgives what happened; it is not there to plan with, so a plan that
    uses it is found here too. Two sessions on one date are two-sessions-one-day, and only that.

    Why it matters: the minimum is a floor of safety that the protocol sets; closer sessions are another
    schedule than the one that somebody answered for. No source read states a least gap: the floors of
    the shipped protocols are house defaults, and the finding says where the protocol has its own from.

    Example: minimum 2 days, session 5 on Wed 20 January 2027 and session 6 on Thu 21 January.

    Instead: session 6 on Fri 22 January, or session 5 a day earlier.

    References: the protocol's own source for the bound. Where days were given, thrice-weekly series come
    to a smallest gap of 2 days (Shiroma 2014, J Affect Disord 155:123-129); pain series are daily
    (Schwartzman 2009, Pain), so the minimum belongs to the protocol and there is none for all.
    """
    yield from still_to_come(gap_too_short, case, bounds.short_gaps)


@rule("KS102", Severity.ERROR, source="Protocol: spacing.latest")
def gap_too_long(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session is further from the one `apart` places before it than the protocol's latest day.

    Why it matters: the latest day is the last of the visit window; after it the session is overdue and
    the series is no longer the one prescribed.

    Example: latest 7 days, sessions on Mon 4 and Tue 12 January 2027.

    Instead: the second on Mon 11 January or earlier, or a session between the two.

    References: the protocol's own source for the bound. No published visit window was found for any
    series read, so most shipped values are house defaults and say so.
    """
    yield from still_to_come(gap_too_long, case, bounds.long_gaps)


@rule("KS103", Severity.ERROR, source="Protocol: spacing over several places")
def too_many_in_window(case: CheckedCourse) -> Iterator[Finding]:
    """
    More sessions lie in a window of days than the protocol allows.

    "At most 3 in 7 days" counts half-open windows: a session and the third one after it are at least
    7 days apart, so the same weekday a week later is outside. It holds across the join to the next
    phase as well, unless that phase states its own.

    Why it matters: a cap on a week or a quarter is how papers and services limit the frequency; it can
    be broken although every single gap is long enough.

    Example: at most 3 in 7 days, sessions on Mon 4, Wed 6, Fri 8 and Sun 10 January 2027.

    Instead: the fourth on Mon 11 January.

    References: the protocol's own source for the bound. Two or three infusions a week: Singh 2016, Am J
    Psychiatry, doi:10.1176/appi.ajp.2016.16010037. The half-open window is derived: 8 dates of a valid
    Monday-Wednesday-Friday series contain 4 sessions.
    """
    yield from still_to_come(too_many_in_window, case, bounds.full_windows)


@rule("KS104", Severity.ERROR, source="Protocol: spacing.between, minimum")
def places_too_close(case: CheckedCourse) -> Iterator[Finding]:
    """
    Two numbered sessions of a series are closer than the protocol's minimum between them.

    Why it matters: some bounds are about given places ("the third at least two weeks after the first"),
    not about any two sessions.

    Example: sessions 1 and 3 at least 14 days apart, on Mon 4 and Fri 15 January 2027.

    Instead: session 3 on Mon 18 January or later.

    References: the protocol's own source for the bound.
    """
    yield from still_to_come(places_too_close, case, bounds.close_places)


@rule("KS105", Severity.ERROR, source="Protocol: spacing.between, latest")
def places_too_far(case: CheckedCourse) -> Iterator[Finding]:
    """
    Two numbered sessions of a series are further apart than the protocol's latest day between them.

    Why it matters: the bound keeps a part of the series together, whatever the gaps inside it are.

    Example: sessions 1 and 3 at most 14 days apart, on Mon 4 and Tue 19 January 2027.

    Instead: session 3 on Mon 18 January or earlier.

    References: the protocol's own source for the bound.
    """
    yield from still_to_come(places_too_far, case, bounds.far_places)


@rule("KS106", Severity.ERROR, source="Protocol: spacing.minimum_hours", needs=("times",))
def too_few_hours(case: CheckedCourse) -> Iterator[Finding]:
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
    yield from still_to_come(too_few_hours, case, bounds.few_hours)


@rule("KS107", Severity.ERROR, source="Protocol: join.minimum, or the earlier phase's spacing.minimum")
def join_too_short(case: CheckedCourse) -> Iterator[Finding]:
    """
    A phase begins too soon after the last session of the phase before it.

    The later phase's own `join` decides. If it has none, the earlier phase's minimum holds across;
    its caps on a window are judged by too-many-in-window, its hours by too-few-hours.

    Why it matters: the step from a dense phase to a sparse one is where a schedule made of two parts
    puts sessions next to each other.

    Example: the next phase at least 7 days after the induction, which ends on Thu 21 January 2027; first
    booster on Wed 27 January.

    Instead: first booster on Thu 28 January or later.

    References: the protocol's own source for the bound. The label's step from twice weekly to weekly
    esketamine leaves 3 or 4 days, which its protocol states as a join of its own (SPRAVATO dosing and
    administration).
    """
    yield from still_to_come(join_too_short, case, bounds.short_joins)


@rule("KS108", Severity.ERROR, source="Protocol: join.latest")
def join_too_long(case: CheckedCourse) -> Iterator[Finding]:
    """
    A phase begins later after the phase before it than its join allows.

    Why it matters: maintenance is there to hold what the induction reached; a join with a latest day
    says how long that may wait.

    Example: join at most 14 days, induction ends on Thu 21 January 2027, first booster on Fri 5 February.

    Instead: first booster on Thu 4 February or earlier.

    References: the protocol's own source for the join.
    """
    yield from still_to_come(join_too_long, case, bounds.long_joins)


@rule("KS109", Severity.ERROR, source="Derived: no series read gives two sessions on one date")
def two_sessions_one_day(case: CheckedCourse) -> Iterator[Finding]:
    """
    Two sessions of a course are on one local date.

    This holds for every protocol and across phases; a minimum of days is then not reported as well.

    Why it matters: no published series gives two sessions on one day; it is nearly always one booking
    entered twice.

    Example: two sessions on Mon 4 January 2027, at 09:00 and 14:00.

    Instead: close one of them, or move it to another day.

    References: derived from all series the shipped protocols cite; none has two on one date.
    """
    yield from still_to_come(two_sessions_one_day, case, bounds.days_with_two)


@rule("KS110", Severity.ERROR, source="Protocol: spacing.minimum of the phase that runs beside another")
def cross_series_gap(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session of a series that runs beside another is too close to its neighbour in that other series.

    The minimum is the one that the phase beside the other requires of its own sessions; it holds in both
    directions, whether the clinic's session or the one at home comes first. Within one series
    gap-too-short judges; two sessions on one date are two-sessions-one-day, and only that.

    Why it matters: a lozenge at home and an infusion at the clinic are two sessions of one drug. Kept in
    two lists, each looks well spaced by itself.

    Example: sessions at home at least 2 days apart; one on Mon 1 March 2027, an infusion on Tue 2 March.

    Instead: the session at home on Sun 28 February or on Thu 4 March.

    References: the protocol's own source for the bound. Clinics' articles list sessions at home beside
    boosters; no published rule on mixing the two was found, so that the minimum of the one holds for both
    is a house default.
    """
    yield from still_to_come(cross_series_gap, case, bounds.crossing_gaps)


RULES: tuple[Rule, ...] = (
    gap_too_short,
    gap_too_long,
    too_many_in_window,
    places_too_close,
    places_too_far,
    too_few_hours,
    join_too_short,
    join_too_long,
    two_sessions_one_day,
    cross_series_gap,
)
