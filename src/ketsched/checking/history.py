"""
KS5, history: what really happened, and what that means for the rest.

What was given can no longer be moved: a bound that it broke is a remark here and no fault of the plan.
What nobody recorded is asked for, and never assumed. The library proposes; a clinician decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ketsched.checking.bounds import Breach, all_breaches, is_lifted
from ketsched.checking.case import CheckedCourse, happened
from ketsched.checking.rules import Finding, Rule, Severity, rule
from ketsched.clock import day_words
from ketsched.history import OUR_IDS, JudgedVisit, SessionState, Verdict
from ketsched.model import POLICY_NAMES, BookingStatus, Phase, Session
from ketsched.names import STATUS_WORDS, in_days


@rule("KS501", Severity.WARNING, source="This library: nothing is assumed given", needs=("as_of",))
def not_recorded(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session has passed, and nobody recorded what became of it.

    It is neither missed nor given: for gaps it is taken as given, for the count as not given, and nothing is added
    or pulled forward because of it. One of today is due, and not judged yet. Dates without a course id of which
    nothing was ever recorded are left alone: their record is kept elsewhere.

    Why it matters: the next session is counted from the last one that was given, and nobody knows which that is.

    Example: a session on Thu 14 January 2027, no visit of that day on Fri 15 January.

    Instead: record it: given, a no-show, or cancelled.

    References: none; it is about this library.
    """
    if case.history is None or not (case.underway or case.course.id is not None):
        return
    for session in case.history.in_state(SessionState.NOT_RECORDED):
        yield not_recorded.at(
            session,
            what=f"{case.named(session)} is not recorded yet",
            why=f"today is {case.history.as_of}",
            fix=f"say what happened (given, missed, cancelled): ketsched record FILE {session.day} given",
        )


@rule("KS502", Severity.WARNING, source="This library: what has not come has not happened", needs=("as_of",))
def future_dated_visit(case: CheckedCourse) -> Iterator[Finding]:
    """
    A visit, or a session that stands as given or missed, is dated after today.

    It is not taken as having happened, and the session stays planned. What was cancelled may be known before its day.

    Why it matters: a slip in a date gives a session that nobody had, and the next one is counted from it.

    Example: a row dated Mon 18 January 2027, read on Thu 14 January.

    Instead: correct its date, or record it once its day has come.

    References: none; it is about this library.
    """
    history = case.history
    if history is None:
        return
    early = [judged for judged in history.visits if judged.verdict is Verdict.FUTURE]
    for judged in early:
        session = _session(case, judged)
        yield future_dated_visit.at(
            *([] if session is None else [session]),
            what=f"{day_words(judged.visit.day)} is recorded as {STATUS_WORDS[judged.visit.status]}",
            why=f"today is {history.as_of}",
            fix="correct the date, or record it when the day has come",
            where=f"visit of {day_words(judged.visit.day)}",
            day=judged.visit.day,
        )
    named = {judged.session for judged in early}
    for session in case.course.sessions:
        went = session.status in (BookingStatus.FULFILLED, BookingStatus.MISSED)
        if went and session.day > history.as_of and session.id not in named:
            yield future_dated_visit.at(
                session,
                what=f"{case.named(session)} is recorded as {'given' if happened(session) else 'missed'}",
                why=f"today is {history.as_of}",
                fix="correct the date, or record it when the day has come",
            )


@rule("KS503", Severity.WARNING, source="Protocol: minimums and caps of its spacing, join and weeks")
def given_too_soon(case: CheckedCourse) -> Iterator[Finding]:
    """
    Two sessions that were given are closer than the protocol's minimum, and closer than it forgives.

    So it is with every bound that asks for a distance: between neighbours, in a window, in hours, across a join, to a
    series that runs beside, and two on one day. While one of the two could still be moved it was a fault of
    the plan (KS1); a waiver of that rule covers this finding as well. What was given less than a required minimum of
    days after what was given before sets the clock for what is next, and does not count toward its series.

    Why it matters: two sessions in close succession are another treatment than the one that was studied.

    Example: minimum 2 days, forgiven from 1 day; infusions on Mon 11 January 2027 at 09:00 and again at 15:00.

    Instead: nothing can be moved any more; plan again, so that the series gets what it lacks, or record an exception.

    References: the protocol's own source for the bound.
    """
    for breach in _past(case):
        if breach.latest is None and not breach.forgiven:
            last = breach.sessions[-1]
            more = ". It does not count unless a clinician says so" * (not last.counts)
            yield breach.finding(given_too_soon, more=more, fix=SPACE_FROM.format(case.named(last)))


@rule("KS504", Severity.INFO, source="Protocol: spacing.absolute_minimum")
def given_in_grace(case: CheckedCourse) -> Iterator[Finding]:
    """
    Two sessions that were given are closer than the protocol's minimum, and not closer than it forgives.

    It counts. The grace between the absolute minimum and the minimum is for what happened; no plan uses it.

    Why it matters: a session a day early is no reason to repeat it. It is worth a line, because the next is
    counted from it.

    Example: minimum 2 days, forgiven from 1 day; given on Tue 12 and on Wed 13 January 2027. Next from Fri 15 on.

    Instead: nothing.

    References: the protocol's own source for the bound; most are house defaults and say so.
    """
    for breach in _past(case):
        if breach.forgiven:
            forgiven = ", and accepts this once it has happened"
            yield breach.finding(given_in_grace, more=forgiven, fix="nothing to do")


@rule("KS505", Severity.WARNING, source="Protocol: latest days of its spacing, join and weeks")
def given_too_late(case: CheckedCourse) -> Iterator[Finding]:
    """
    Two sessions that were given are further apart than the protocol's latest day.

    So it is with every bound that asks for nearness: between neighbours, over several places, across a join,
    and with the weeks of a series. It counts all the same. While one of the two could still be moved it was a
    fault of the plan; a waiver of that rule covers this finding as well.

    Why it matters: a series drawn out is no longer the one described, and its result is read with that in mind.

    Example: latest 7 days, given on Mon 11 and on Tue 19 January 2027.

    Instead: nothing can be moved any more; record the exception.

    References: the protocol's own source for the bound. No published visit window was found for any series read, so
    most shipped values are house defaults and say so.
    """
    for breach in _past(case):
        if breach.latest is not None:
            yield breach.finding(given_too_late, fix=SPACE_FROM.format(case.named(breach.sessions[-1])))


@rule(
    "KS506", Severity.WARNING, source="Protocol: latest days; the course: what planning again could not keep"
)
def latest_day_lifted(case: CheckedCourse) -> Iterator[Finding]:
    """
    What happened has made it impossible to keep a latest day, and the rest is planned without it.

    It is said once for each such bound, and is then no error of the plan. Minimums and caps are never lifted. Where
    the way in which a missed session is made up goes beyond a latest day that another way might keep, the error of
    the bound's own rule stays.

    Why it matters: one miss may leave no day that keeps the rule. The patient still has a next session, and somebody
    should know that the rule is broken.

    Example: latest 7 days; given on Mon 11 January 2027, the next two missed, the one after them on Thu 21 January.

    Instead: go on, or let a clinician decide otherwise; record the exception.

    References: the protocol's own source for the bound.
    """
    if not case.lifted:
        return
    for breach in all_breaches(case):
        if not breach.is_past and is_lifted(case, breach):
            yield breach.finding(
                latest_day_lifted,
                more=". No open day can keep that any more",
                fix="a clinician decides; record the exception",
            )


@rule("KS507", Severity.WARNING, source="Protocol: lapse bands of the phase", needs=("as_of",))
def series_lapsed(case: CheckedCourse) -> Iterator[Finding]:
    """
    So many days have passed since the last session given that the protocol proposes something else than to go on.

    Counted is everything that was given, whether it counts toward a series or not; the bands are those of the phase
    that goes on. Where a band says so, a miss with worse symptoms recorded proposes more than one without. Nothing
    is done by itself: the finding says what is proposed and how far that was verified, and a clinician decides.

    Why it matters: after a break the next session may not simply be the next one.

    Example: days 0 to 28 go on, from day 29 on a clinician reviews; last given on Mon 11 January 2027, today is Tue 9
    February.

    Instead: ask a clinician; the plans for what is proposed can be shown (ketsched next).

    References: the protocol's own source for the band. For esketamine the manufacturer's text on missed sessions names
    worse symptoms in maintenance; its 28 days are the threshold of a subgroup analysis and no rule.
    """
    history, phase = case.history, _goes_on(case)
    lapse = None if history is None or phase is None else history.lapse(phase)
    if history is None or phase is None or lapse is None or lapse.band is None or not lapse.proposes:
        return
    days, last, band = lapse.days, lapse.last_given, lapse.band
    proposed = lapse.proposes if lapse.proposes != "repeat tail" else f"to repeat the last {band.repeat}"
    session = next((s for s in reversed(case.given) if s.day == last), None)
    unknown = [s for s in history.in_state(SessionState.NOT_RECORDED) if s.day > last]
    also = " and symptoms are recorded as worse" if lapse.worse and band.if_worse else ""
    yield series_lapsed.at(
        *([] if session is None else [session]),
        what=f"long break: {in_days(days)} since the last session ({day_words(last)}){also}",
        why=f"the protocol suggests: {proposed} ({phase.name}, {band.words()})",
        fix=("first record what happened since. Then ask" if unknown else "ask")
        + " a clinician. Ways: ketsched next FILE",
        where=case.where_phase(phase),
        day=history.as_of,
        cited=case.cite(phase, f"lapse {phase.lapse.index(band) + 1}"),
    )


@rule("KS508", Severity.WARNING, source="Protocol: counts of its phases", needs=("as_of",))
def extraneous_visit(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session was given after every series had all that it needs.

    It sets the clock for what is next and counts toward no series. One that a booster was due for fills that
    booster instead, and is no fault.

    Why it matters: it was treatment that no plan asked for: a slip in the record, or a decision that belongs beside it.

    Example: 6 infusions, and a seventh on Thu 28 January 2027 in a protocol that ends with the sixth.

    Instead: check the record; if it was meant, record an exception with the reason.

    References: none; it is about this library.
    """
    yield from _of_verdict(
        case,
        Verdict.EXTRANEOUS,
        extraneous_visit,
        what="the session on {day} is one more than planned",
        why="it does not count: {reason}",
        fix="check the record. If it was meant, record an exception",
    )


@rule(
    "KS509",
    Severity.WARNING,
    source="Derived: no series read gives two sessions on one date",
    needs=("as_of",),
)
def entered_twice(case: CheckedCourse) -> Iterator[Finding]:
    """
    Two records of one day say the same: it is taken for one visit entered twice.

    With different data the second is a session of its own, given too soon.

    Why it matters: an export read twice, or two people at two desks, would make a session that nobody had.

    Example: two rows of Mon 11 January 2027, alike in everything.

    Instead: take one of them back; if there were two, record what tells them apart, such as their times.

    References: derived from all series the shipped protocols cite; none has two on one date.
    """
    yield from _of_verdict(
        case,
        Verdict.DUPLICATE,
        entered_twice,
        what="{day} is recorded twice with the same details",
        why="it counts once",
        fix="take one back, or add the time to both",
    )


@rule("KS510", Severity.WARNING, source="This library: nothing is assumed given", needs=("as_of",))
def counts_unknown(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session was stopped early, and nobody said whether it counts.

    Until somebody does it fills no place of its series; it sets the clock for what is next.

    Why it matters: whether a part of a session is a session is a clinician's judgement, and the number of
    sessions to come depends on it.

    Example: an infusion stopped after 15 of 40 minutes on Thu 7 January 2027.

    Instead: record whether it counts.

    References: none; the decision is a clinician's.
    """
    yield from _of_verdict(
        case,
        Verdict.ASKED,
        counts_unknown,
        what="the session on {day} was stopped early. Does it count?",
        why="until someone says so, it does not",
        fix="say so (yes or no): ketsched record FILE {iso} stopped-early --counts yes{corrects}",
    )


@rule("KS511", Severity.WARNING, source="Protocol: count")
def count_not_reached(case: CheckedCourse) -> Iterator[Finding]:
    """
    A series that is under way will have fewer sessions than were planned, though no fewer than the protocol accepts.

    Some were missed and are known not to be made up, or were given too soon to count. With fewer than the protocol
    accepts it is count-too-low; while planning again would make up what was missed it is missed-not-replanned; a
    course that was ended, or went over to another protocol, is left alone.

    Why it matters: a session less than planned is a decision, and then it is worth a line in the record.

    Example: 8 planned where 6 to 8 are accepted; the fourth was a no-show and is not made up, so that 7 are left.

    Instead: plan one more, or record an exception with the reason.

    References: the protocol's own source for the count.
    """
    for series in case.series:
        phase, counted = series.phase, series.counted
        least, _ = phase.counts
        if phase.count is None or not least <= len(counted) < phase.count or phase.name in case.over:
            continue
        skipped = [s for s in case.course.sessions if s.phase == phase.name and s.id in case.course.skipped]
        uncounted = [session for session in series.sessions if not session.counts]
        goes_on = any(not happened(session) for session in series.sessions)
        if phase.name in case.not_made_up or not (skipped or (uncounted and not goes_on)):
            continue
        about = skipped or uncounted
        not_made_up = ", ".join(day_words(session.day) for session in about)
        yield count_not_reached.at(
            *about,
            what=f"{phase.name} has {len(counted)} of {phase.count} sessions",
            why=f"{not_made_up}: {'left out' if skipped else 'given, and does not count'}",
            fix="plan one more, or record an exception",
            where=case.where_phase(phase),
            cited=case.cite(phase, "count"),
        )


@rule("KS512", Severity.WARNING, source="Protocol: count, and what it does about missed sessions")
def missed_not_replanned(case: CheckedCourse) -> Iterator[Finding]:
    """
    A session was missed or cancelled, its series lacks one, and no booking makes it up.

    Why it matters: what was missed is forgotten unless somebody decides to make it up or to do without.

    Example: 6 infusions, the fourth a no-show on Thu 14 January 2027, five others booked or given.

    Instead: plan again: in the protocol's way (keep, make-up, next-open, shift), or do without it (skip).

    References: the protocol says what it does about a missed session; keeping to the pattern and making up at the
    end is a house default. For esketamine in weeks 1 to 4 the manufacturer's text keeps the current schedule.
    """
    for name, sessions in case.not_made_up.items():
        phase = case.phases[name]
        for session in sessions:
            came_to = "missed" if session.status is BookingStatus.MISSED else "cancelled"
            yield missed_not_replanned.at(
                session,
                what=f"{case.named(session)} was {came_to} and has no new date",
                why=f"the protocol's way: {POLICY_NAMES[phase.missed]}",
                fix="plan again: ketsched replan FILE",
                cited=case.cite(phase, "missed"),
            )


@rule("KS513", Severity.WARNING, source="This library: nothing is assumed given", needs=("as_of",))
def entries_contradict(case: CheckedCourse) -> Iterator[Finding]:
    """
    Two entries of one day contradict each other: something was given, and it was not.

    Two visits of one day are told apart by their hours, by the bookings that they were, or by the ids of the
    program that they come from. Without any of these one of the two entries is a mistake.

    Why it matters: what was given is counted, so nothing is made up for a session that nobody had.

    Example: Thu 7 January 2027 recorded as given, and as a no-show.

    Instead: let the right one correct the other, or record what tells them apart.

    References: none; it is about this library.
    """
    booked = {session.id for session in case.course.sessions if session.booked}
    stand = case.history.visits if case.history is not None else ()
    for given in stand:
        for other in stand if given.verdict.given else ():
            alike = other.verdict is Verdict.NOT_GIVEN and other.visit.day == given.visit.day
            if alike and not _told_apart(given, other, booked):
                session = _session(case, given)
                said = " and ".join(_told(judged) for judged in (given, other))
                yield entries_contradict.at(
                    *([] if session is None else [session]),
                    what=f"{day_words(given.visit.day)} is recorded twice: {said}",
                    why="nothing tells two visits apart, and what was given is counted",
                    fix="correct the wrong one (--corrects), or add the time to both",
                    where=f"visit of {day_words(given.visit.day)}",
                    day=given.visit.day,
                )


SPACE_FROM = "space the next one from {}"

RULES: tuple[Rule, ...] = (
    not_recorded,
    future_dated_visit,
    given_too_soon,
    given_in_grace,
    given_too_late,
    latest_day_lifted,
    series_lapsed,
    extraneous_visit,
    entered_twice,
    counts_unknown,
    count_not_reached,
    missed_not_replanned,
    entries_contradict,
)

# What follows is how the rules above read the history.


def _past(case: CheckedCourse) -> Iterator[Breach]:
    """Yield the bounds that are broken between sessions that were given, one of a kind for each pair."""
    if len(case.given) < 2:
        return
    seen = set()
    for breach in all_breaches(case):
        key = (breach.sessions[0].id, breach.sessions[-1].id, breach.latest is None, breach.forgiven)
        if breach.is_past and key not in seen:
            seen.add(key)
            yield breach


def _of_verdict(
    case: CheckedCourse, verdict: Verdict, rule: Rule, *, what: str, why: str, fix: str
) -> Iterator[Finding]:
    """Yield a finding for every visit that was judged so."""
    for judged in case.history.visits if case.history is not None else ():
        if judged.verdict is verdict:
            session = _session(case, judged)
            day, name = day_words(judged.visit.day), judged.visit.id
            yield rule.at(
                *([] if session is None else [session]),
                what=what.format(day=day),
                why=why.format(reason=judged.reason),
                fix=fix.format(iso=judged.visit.day, corrects=f" --corrects {name}" if name else ""),
                where=f"visit of {day}",
                day=judged.visit.day,
            )


def _told(judged: JudgedVisit) -> str:
    """Name an entry by its status; an id that is given when it is recorded is left out, as before recording."""
    name, status = judged.visit.id, judged.visit.status
    return status if not name or OUR_IDS.fullmatch(name) else f"{name} {status}"


def _told_apart(one: JudgedVisit, other: JudgedVisit, booked: Collection[str]) -> bool:
    """Whether two visits of one day differ in their hours, or are of two bookings, or of two ids of another program."""
    a, b = one.visit, other.visit
    hours = a.at is not None and b.at is not None and a.at != b.at
    ids = a.id != b.id and not any(OUR_IDS.fullmatch(name) or not name for name in (a.id, b.id))
    return hours or ids or {one.session, other.session} <= set(booked)


def _session(case: CheckedCourse, judged: JudgedVisit) -> Session | None:
    """Return the session that a visit was; of one that has none, what was given on that day."""
    if judged.session is not None:
        return next(session for session in case.course.sessions if session.id == judged.session)
    return next((session for session in case.given if session.day == judged.visit.day), None)


def _goes_on(case: CheckedCourse) -> Phase | None:
    """Return the phase of the next session, or else the first that lacks some; None if the course is complete."""
    history = case.history
    if history is None:
        return None
    for session in case.to_come:
        if session.day >= history.as_of and session.phase not in case.over:
            return case.phases[session.phase]
    counted = {series.phase.name: len(series.counted) for series in case.series}
    for phase in case.course.protocol.main:
        if phase.name not in case.over:
            skipped = sum(s.phase == phase.name and s.id in case.course.skipped for s in case.course.sessions)
            if phase.count is None or counted.get(phase.name, 0) + skipped < phase.count:
                return phase
    return None
