"""
KS2, series and phases: how many sessions, over how many weeks, on which days of the pattern.

Counts and weeks are those that the protocol accepts, not the ones it plans. Rules about the
pattern are remarks: what is required of the days stands in the spacing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from ketsched.checking import bounds
from ketsched.checking.case import DAYS_A_WEEK, CheckedCourse, PhaseSessions, amount, happened
from ketsched.checking.opendays import fits, from_day
from ketsched.checking.rules import Finding, Rule, Severity, rule
from ketsched.checking.waysout import IF_MEANT, say_days, still_to_come
from ketsched.clock import WEEKDAY_NAMES, WEEKDAYS, day_words
from ketsched.model import BookingStatus, Phase, Session
from ketsched.names import in_days
from ketsched.revising import by_agreement


@rule("KS201", Severity.WARNING, source="Protocol: count")
def count_too_low(case: CheckedCourse) -> Iterator[Finding]:
    """
    A series has fewer sessions than the protocol accepts.

    Sessions that were missed, taken off the calendar, or given too soon to count do not count. A last phase that
    has no session at all is phase-without-sessions instead; where planning again would make up what was missed, that
    is missed-not-replanned; a course that was ended, or went over to another protocol, lacks nothing.

    Why it matters: fewer sessions than the source gave are another treatment. It may well be a
    clinician's decision, and then it is worth a line in the record.

    Example: 5 infusions where the protocol accepts 6 to 8.

    Instead: book the sixth, or record an exception with the reason for stopping.

    References: the protocol's own source for the count. A published range is 4 to 8 infusions over 7 to
    28 days (McInnes 2022, J Affect Disord, doi:10.1016/j.jad.2021.12.097).
    """
    present = {series.phase.name: series for series in case.series}
    last = max((n for n, p in enumerate(case.course.protocol.phases) if p.name in present), default=-1)
    for phase in case.course.protocol.phases[: last + 1]:
        series = present.get(phase.name)
        sessions = series.counted if series is not None else ()
        least, most = phase.counts
        missing = least - len(sessions)
        if phase.name not in case.over and missing > len(case.not_made_up.get(phase.name, ())):
            yield count_too_low.at(
                *sessions,
                what=f"{phase.name} has {amount(len(sessions))}",
                why=f"the protocol accepts {amount(least, most=most)}",
                fix=f"add {missing}, or record an exception with the reason for fewer",
                where=case.where_phase(phase),
                cited=case.cite(phase, "count"),
            )


@rule("KS202", Severity.WARNING, source="Protocol: count")
def count_too_high(case: CheckedCourse) -> Iterator[Finding]:
    """
    A series has more sessions than the protocol accepts.

    One that was given and does not count is not among them; of those, extraneous-visit speaks.

    Why it matters: what lies beyond the published number was not studied; where a paper says "up to",
    its number is a maximum.

    Example: 7 infusions of a protocol that has 6.

    Instead: close the seventh, or book it in the next phase if that is what it is.

    References: the protocol's own source for the count. "Up to 8" and "maximum of 12" are the words of
    trials of twice and thrice weekly series (Jelovac 2025, JAMA Psychiatry; KetECT, Int J
    Neuropsychopharmacol 2022).
    """
    for series in case.series:
        least, most = series.phase.counts
        if len(series.counted) > most:
            agreed = by_agreement(case.course, series.counted)
            agreed.sort(key=lambda session: session.status is not BookingStatus.FULFILLED)
            surplus = sorted(agreed[most:], key=lambda session: session.when)
            close = f"cancel {case.named(*surplus)}, book it in another phase, or record an exception"
            if any(not session.booked for session in series.counted):  # given besides those booked
                close = (
                    "record an exception, or plan again, which cancels the extra ones: ketsched replan FILE"
                )
            yield count_too_high.at(
                *surplus,
                what=f"{series.phase.name} has {amount(len(series.counted))}",
                why=f"the protocol accepts {amount(least, most=most)}",
                fix=close,
                where=case.where_phase(series.phase),
                cited=case.cite(series.phase, "count"),
            )


@rule("KS203", Severity.ERROR, source="Protocol: weeks")
def series_too_short(case: CheckedCourse) -> Iterator[Finding]:
    """
    A series spans fewer nominal weeks than the protocol accepts.

    The span counts both the first and the last date; nominal weeks are the span divided by 7, rounded
    up. So a Monday-Wednesday-Friday series of 6 spans 12 or 13 dates, which is 2 weeks and not too short.

    Why it matters: sessions crowded into too few weeks are another treatment than the one described.

    Example: 4 sessions on Mon 4 to Sun 10 January 2027 where 2 to 4 weeks are accepted: 7 dates, 1 week.

    Instead: the last session on Mon 11 January or later.

    References: the protocol's own source for the weeks. 4 to 8 infusions over 7 to 28 days: McInnes 2022,
    J Affect Disord, doi:10.1016/j.jad.2021.12.097. Rounding up is derived: a 12-day period is called two
    weeks (Shiroma 2014, J Affect Disord 155:123-129), and 12 / 7 rounded down is one.
    """
    yield from still_to_come(series_too_short, case, bounds.short_series)


@rule("KS204", Severity.ERROR, source="Protocol: weeks")
def series_too_long(case: CheckedCourse) -> Iterator[Finding]:
    """
    A series spans more nominal weeks than the protocol accepts.

    The span counts both the first and the last date; nominal weeks are the span divided by 7, rounded
    up. The same weekday four weeks on is date 29, the fifth week.

    Why it matters: a series drawn out is no longer the one described, although each gap may be allowed.

    Example: first session on Mon 4 January 2027, last on Mon 1 February where at most 4 weeks are accepted.

    Instead: the last session on Sun 31 January or earlier.

    References: the protocol's own source for the weeks. McInnes 2022 (J Affect Disord,
    doi:10.1016/j.jad.2021.12.097) says "over 7 to 28 days" and does not say whether both dates count; that
    they do, so that 28 is the last, is a house default.
    """
    yield from still_to_come(series_too_long, case, bounds.long_series)


@rule("KS205", Severity.INFO, source="Protocol: anchor_weekday")
def off_anchor_weekday(case: CheckedCourse) -> Iterator[Finding]:
    """
    The first session is not on the weekday on which the protocol's source begins.

    Why it matters: a pattern by weekdays begun on another of its days has another span and other gaps
    than the paper prints. That is allowed, and worth knowing when results are compared.

    Example: a Monday-Wednesday-Friday series begun on Wed 6 January 2027 spans 13 dates, not 12.

    Instead: begin on Mon 11 January, or leave it.

    References: "Monday-Wednesday-Friday schedule during a 12-day period" (Shiroma 2014, J Affect Disord
    155:123-129); 12 dates hold only from a Monday, which is derived.
    """
    for series in case.series:
        anchor, first = series.phase.anchor_weekday, series.sessions[0]
        if anchor is None or first.day.weekday() == anchor or happened(first):
            continue
        day = first.day + timedelta((anchor - first.day.weekday()) % DAYS_A_WEEK)
        weeks = (day + timedelta(DAYS_A_WEEK * n) for n in range(DAYS_A_WEEK))
        day = next((one for one in weeks if fits(case, first, one)), day)
        yield off_anchor_weekday.at(
            first,
            what=f"{series.phase.name} starts on a {WEEKDAYS[first.day.weekday()]}",
            why=f"its source starts on a {WEEKDAYS[anchor]}, so the days between differ",
            fix=f"start on {day_words(day)}. {IF_MEANT}",
            cited=case.cite(series.phase, "anchor_weekday"),
        )


@rule("KS206", Severity.INFO, source="Protocol: weekdays or study_days")
def off_pattern(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session is not on a day of its phase's pattern.

    The pattern is the phase's weekdays, or its study days where it has no weekdays (Day 1 is the first
    booking of the phase). Intervals are no pattern of days and are not judged here.

    Why it matters: a plan leaves the pattern only where it must, for a closure or a busy day. In a
    schedule made by hand it may be a slip.

    Example: Mon and Thu; a session on Tue 19 January 2027.

    Instead: Mon 18 January, unless it is closed.

    References: the protocol's own source for its days.
    """
    for series in case.series:
        aimed_at = _recommended(series)
        if series.phase.weekdays:
            names = ", ".join(WEEKDAY_NAMES[day] for day in series.phase.weekdays)
            for session in series.sessions:
                on_pattern = session.day.weekday() in series.phase.weekdays or session.id in aimed_at
                if on_pattern or happened(session):
                    continue
                around = _pattern_days_around(session.day, series.phase)
                yield off_pattern.at(
                    session,
                    what=f"{case.named(session)} is not on a usual day",
                    why=f"the usual days are {names}",
                    fix=say_days(case, session, around),
                    cited=case.cite(series.phase, "weekdays"),
                )
        elif series.phase.study_days and series.phase.anchor == "start":
            booked = next(s for s in case.course.sessions if s.phase == series.phase.name)
            day_1 = booked.ideal or booked.day
            for session in series.sessions:
                study_day = (session.day - day_1).days + 1
                on_pattern = study_day in series.phase.study_days or session.id in aimed_at
                if on_pattern or happened(session):
                    continue
                yield off_pattern.at(
                    session,
                    what=f"{case.named(session)} is on Day {study_day}, not on a usual one",
                    why=f"the usual ones are {series.phase.pattern()}",
                    fix=f"move it to one of these days. {IF_MEANT}",
                    cited=case.cite(series.phase, "study_days"),
                )


def _recommended(series: PhaseSessions) -> set[str]:
    """Return the ids of the sessions of a phase that are on the recommended days of their own."""
    counted = series.counted
    return {
        session.id
        for number, session in enumerate(counted, 1)
        if session.day == series.phase.recommended_day(number, counted[0].day)
    }


@rule("KS207", Severity.WARNING, source="Protocol: weekdays")
def too_many_in_treatment_week(case: CheckedCourse) -> Iterator[Finding]:
    """
    A treatment week holds more sessions than the pattern has weekdays.

    Treatment week k is days 7(k - 1) to 7k - 1 from the first session, not Monday to Sunday. A session
    counts in the week of the pattern day it stands for: the day it was planned for if that is one, else its own
    day, else the nearest day of the pattern (as near: the later). So a closure that moves a session into another
    week is no fault, and a week may hold fewer. One that was given and does not count stands for none. Where the
    protocol has a cap on 7 days, too-many-in-window judges instead.

    Why it matters: "twice weekly" is how often, whatever the gaps; three in a treatment week is another
    frequency.

    Example: Mon and Thu; sessions on Mon 4, Wed 6, Thu 7 and Mon 11 January 2027 (three in week 1).

    Instead: Mon 4, Thu 7, Mon 11 and Thu 14 January.

    References: esketamine is given twice a week in weeks 1 to 4 and once in weeks 5 to 8 (SPRAVATO dosing
    and administration); counting weeks from the first session is a house default, the label does not say.
    """
    for series in case.series:
        often = len(series.phase.weekdays)
        if not often or any(
            s.is_for_all and s.apart <= often and (s.in_days().minimum or 0) >= DAYS_A_WEEK
            for s in series.phase.spacing
        ):
            continue
        first = series.sessions[0]
        day_1 = _stands_for(first, series.phase)
        weeks: dict[int, list[Session]] = {}
        for session in series.counted:
            stands_for = _stands_for(session, series.phase)
            weeks.setdefault((stands_for - day_1).days // DAYS_A_WEEK, []).append(session)
        for week, sessions in weeks.items():
            if len(sessions) > often and not happened(*sessions):
                begin = day_1 + timedelta(DAYS_A_WEEK * week)
                end = begin + timedelta(DAYS_A_WEEK - 1)
                beyond = [day_words(s.day) for s in sessions if not begin <= s.day <= end]
                stand = (
                    f"; {' and '.join(beyond)} stand{'s' * (len(beyond) == 1)} for a day of it"
                    if beyond
                    else ""
                )
                yield too_many_in_treatment_week.at(
                    *sessions,
                    what=f"{amount(len(sessions))} in week {week + 1} ({begin} to {end})",
                    why=f"usual are {often}, on {series.phase.pattern()}{stand}",
                    fix=f"move {case.called(sessions[-1])} to the next usual day after the last session",
                    cited=case.cite(series.phase, "weekdays"),
                )


@rule("KS208", Severity.INFO, source="SPRAVATO dosing and administration; steps seen in clinics")
def shrinking_maintenance_interval(case: CheckedCourse) -> Iterator[Finding]:
    """
    A maintenance interval is shorter than the one before it.

    Intervals are compared in weeks, rounded to the nearest, and a session that was planned here counts
    on the day it was planned for: a booster moved by a closure is no shorter interval. A series that runs
    beside another is judged by itself; a session that does not count, such as an ad-hoc booster, is left out.

    Why it matters: maintenance goes on at the lowest frequency that holds the response. A shorter
    interval is usually a decision to step back, and then a reason belongs beside it.

    Example: boosters on Mon 1 March, Mon 29 March and Mon 12 April 2027: 4 weeks, then 2.

    Instead: the third on Mon 26 April, or record an exception with the reason for stepping back.

    References: esketamine steps from weekly to every 2 weeks, to the lowest frequency that maintains the
    response (SPRAVATO dosing and administration; SPRAVATO monograph, MIMS Hong Kong). A clinic's published
    steps are 14, 21, then about 30 days. No trial of shrinking intervals was found.
    """
    for boosters in _side_by_side(case):
        for one, two, three in zip(boosters, boosters[1:], boosters[2:], strict=False):
            longer, shorter = two.day - one.day, three.day - two.day
            if shorter < longer and _in_weeks(shorter) < _in_weeks(longer):
                begin, middle, end = (session.ideal or session.day for session in (one, two, three))
                if _in_weeks(end - middle) < _in_weeks(middle - begin) and not happened(one, two, three):
                    yield shrinking_maintenance_interval.at(
                        one,
                        two,
                        three,
                        what=f"{case.named(three)} is {in_days((three.day - two.day).days)} after {case.named(two)}; "
                        f"the gap before was {in_days((two.day - one.day).days)}",
                        why="boosters usually move further apart",
                        fix=f"move it to {from_day(case, three, two.day + (two.day - one.day))}, "
                        "or record who decided to step back",
                    )


@rule(
    "KS209", Severity.INFO, source="SPRAVATO monograph, MIMS Hong Kong: benefit is re-examined periodically"
)
def maintenance_without_review(case: CheckedCourse) -> Iterator[Finding]:
    """
    A phase without an end has no review.

    Why it matters: what goes on without an end goes on unexamined, unless somebody has set a day to ask
    whether it still helps.

    Example: a booster every 4 weeks, no count, no end, no review.

    Instead: a review every 26 weeks in the protocol (the shipped ones have that as a house default), a
    count, or an end.

    References: the benefit is to be re-examined periodically (SPRAVATO monograph, MIMS Hong Kong). The
    number of weeks is a house default.
    """
    for series in case.series:
        phase = series.phase
        if phase.name in case.over:
            continue
        if phase.count is None and phase.review is None and phase.until is None:
            yield maintenance_without_review.at(
                series.sessions[-1],
                what=f"{phase.name} goes on without a review",
                why="the benefit should be looked at from time to time",
                fix="add a review, a number of sessions (count) or an end (until) to the protocol file",
                where=case.where_phase(phase),
            )


@rule("KS210", Severity.ERROR, source="Protocol: order of the phases")
def mixed_phases(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session of an earlier phase comes after one of a later phase.

    A phase that runs beside another lies among its sessions; the two are not mixed up.

    Why it matters: every rule reads a series phase by phase. Mixed up, sessions are counted in the wrong
    series and the step between the phases cannot be judged.

    Example: a booster on Thu 14 January 2027 and the last infusion of the induction on Mon 18 January.

    Instead: change the two phases, or move the booster behind the induction.

    References: the order of the phases in the protocol.
    """
    if len(case.series) < 2:
        return
    order = {phase.name: n for n, phase in enumerate(case.course.protocol.phases)}
    order |= {phase.name: order[phase.beside] for phase in case.course.protocol.phases if phase.beside}
    furthest = case.standing[0]
    for session in case.standing:
        if order[session.phase] < order[furthest.phase]:
            yield mixed_phases.at(
                furthest,
                session,
                what=f"{case.named(session)} of {session.phase} comes after {case.named(furthest)} of {furthest.phase}",
                why=f"in the protocol {session.phase} comes before {furthest.phase}",
                fix=f"book it as {furthest.phase}, or move it to before {day_words(furthest.day)}",
                severity=Severity.WARNING if _has_begun(case, furthest) else None,
            )
        else:
            furthest = session


def _has_begun(case: CheckedCourse, session: Session) -> bool:
    """Whether a session was given, or its day has come: what is made up after it cannot be before it."""
    return happened(session) or (case.as_of is not None and session.day <= case.as_of)


@rule("KS211", Severity.INFO, source="Protocol: its study and its note")
def evidence_note(case: CheckedCourse) -> Iterator[Finding]:
    """
    What the protocol rests on: the kind of study, and what else its reader should know.

    Why it matters: a schedule looks the same whether its trial was positive, negative or never held. One line says
    so: a negative result first, then the kind of study, how many people, blinded or not. A note adds what else
    there is, such as a regulator's notice. A course that was planned before protocols had that line has its note
    alone.

    Example: a home protocol repeats the FDA's alert of 10 October 2023 on compounded ketamine.

    Instead: nothing in the schedule; read the note, and record an exception once it is on record.

    References: stand in the protocol. Negative primary outcomes: Jelovac 2025, JAMA Psychiatry; Abdallah 2022,
    Neuropsychopharmacology, doi:10.1038/s41386-022-01266-9.
    """
    said = " ".join(filter(None, (case.course.protocol.study, case.course.protocol.note)))
    if said and case.standing:
        yield evidence_note.at(
            what="the protocol has a note on its evidence",
            why=said,
            fix="nothing to do in the calendar",
        )


@rule("KS212", Severity.INFO, source="Protocol: its phases")
def phase_without_sessions(case: CheckedCourse) -> Iterator[Finding]:
    """
    The course ends before the protocol does: a last phase has no sessions.

    A course that was ended, or went over to another protocol, is left alone.

    Why it matters: boosters are often booked once the induction is over, and then forgotten. Booking them
    at the outset helps the timing to be kept.

    Example: six infusions, and no booster of a protocol that has one every 4 weeks.

    Instead: plan the phase, or use a protocol that ends with the induction.

    References: "good idea to set up these appointments at the outset to help ensure the proper timing is
    followed" (spravatotreatmentcenter.com, treating).
    """
    if not case.series:
        return
    names = [phase.name for phase in case.course.protocol.phases]
    for name in names[names.index(case.series[-1].phase.name) + 1 :]:
        if name in case.over:
            continue
        yield phase_without_sessions.at(
            what=f"{name} has no sessions",
            why="the protocol continues with it",
            fix="plan them, or choose a protocol that ends earlier",
            where=case.where_phase(case.course.protocol.phase(name)),
        )


RULES: tuple[Rule, ...] = (
    count_too_low,
    count_too_high,
    series_too_short,
    series_too_long,
    off_anchor_weekday,
    off_pattern,
    too_many_in_treatment_week,
    shrinking_maintenance_interval,
    maintenance_without_review,
    mixed_phases,
    evidence_note,
    phase_without_sessions,
)

# What follows is how the rules above count, and how they say it.


def _side_by_side(case: CheckedCourse) -> list[list[Session]]:
    """Return the maintenance sessions of the phases that follow each other, then those of each beside them."""
    upkeep = [series for series in case.series if series.phase.kind == "maintenance"]
    followed = [s for series in upkeep if not series.phase.beside for s in series.counted]
    followed.sort(key=lambda s: s.day)
    return [followed, *(list(series.counted) for series in upkeep if series.phase.beside)]


def _pattern_days_around(day: date, phase: Phase) -> tuple[date, date]:
    """Return the last pattern day before and the first after a day that is not one."""
    before = min((day.weekday() - weekday) % DAYS_A_WEEK for weekday in phase.weekdays)
    after = min((weekday - day.weekday()) % DAYS_A_WEEK for weekday in phase.weekdays)
    return day - timedelta(before), day + timedelta(after)


def _stands_for(session: Session, phase: Phase) -> date:
    """Return the day of the pattern that a session is for: the one it was planned for, its own, or the nearest."""
    for day in (session.ideal, session.day):
        if day is not None and day.weekday() in phase.weekdays:
            return day
    before, after = _pattern_days_around(session.day, phase)
    return before if session.day - before < after - session.day else after


def _in_weeks(gap: timedelta) -> int:
    """Return a gap in weeks, rounded to the nearest."""
    return (2 * gap.days + DAYS_A_WEEK) // (2 * DAYS_A_WEEK)
