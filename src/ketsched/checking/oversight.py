"""
KS4, oversight: screening, reviews, monitoring, and what use at home asks for.

These rules read what the protocol prescribes, whatever is booked. One that prescribes
nothing around its sessions is told so once, by companions-not-planned.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ketsched import house
from ketsched.checking.bookings import window_of
from ketsched.checking.case import CheckedCourse, PhaseSessions, happened
from ketsched.checking.rules import HOUSE, Finding, Rule, Severity, house_number, rule
from ketsched.clock import day_words
from ketsched.model import AREAS, Session

DEPRESSION = {"depression", "bipolar depression"}
"""Indications for which the course of a response was read."""


@rule("KS412", Severity.WARNING, source="Clinics' articles: a thorough evaluation before the first session")
def screening_missing(case: CheckedCourse) -> Iterator[Finding]:
    """
    The protocol has no screening or intake.

    It is a warning where something else is booked around the sessions, and a remark where nothing is.

    Why it matters: whether the treatment is right for somebody is decided before the first session.

    Example: a protocol with therapy and reviews, and nothing before session 1.

    Instead: an appointment with the topic screening before the first session.

    References: clinics' articles ask for a thorough medical and psychological evaluation before the start; none gives a
    lead time, and no other source was found.
    """
    begun = happened(*case.standing[:1]) or case.course.ended is not None
    if _prescribes(case) and not begun and not _has(case, "screening", "intake"):
        yield screening_missing.at(
            what="the protocol has no screening",
            why="patients are evaluated before the first session",
            fix='add a [[companion]] with topic = "screening". Nothing to do if it is kept elsewhere',
            severity=_severity(case),
        )


@rule("KS413", Severity.WARNING, source="McInnes 2022; SPRAVATO dosing and administration")
def response_review_missing(case: CheckedCourse) -> Iterator[Finding]:
    """
    No review looks at the response to the whole induction.

    One counts whose window reaches the day of the last session of the induction or a later one; one that is over
    before is said to be too early. It is a warning where something else is booked around the sessions, and a remark
    where nothing is.

    Why it matters: whether and how often to go on is decided by the response, and somebody has to ask for it.

    Example: six infusions, then boosters, and no review between the two.

    Instead: a review 14 to 31 days after the last infusion; for esketamine at the end of week 4.

    References: response was judged 14 to 31 days after the induction (McInnes 2022, J Affect Disord,
    doi:10.1016/j.jad.2021.12.097); the benefit of esketamine is examined at the end of the induction (SPRAVATO dosing
    and administration).
    """
    induction = _induction(case)
    if induction is None or not case.to_come:
        return
    last = induction.sessions[-1].day
    ends = [end for _, end in _reviews(case)]
    if not ends or max(ends) < last:
        what, why = f"the protocol has no review of the response to {induction.phase.name}", ""
        fix = 'add a [[companion]] with topic = "review" after the last session'
        if ends:
            what = f"the review is too early for the response to {induction.phase.name}"
            why = f"; it is on {day_words(max(ends))} at the latest, the last session on {day_words(last)}"
            fix = "let its window reach the last session, or add one after it"
        yield response_review_missing.at(
            what=what,
            why=f"what follows depends on the response{why}",
            fix=f"{fix}. Nothing to do if it is kept elsewhere",
            where=case.where_phase(induction.phase),
            severity=_severity(case),
        )


@rule(
    "KS414",
    Severity.INFO,
    source=f"Phillips 2019; Bio-K trial 2023; from how many sessions on: {HOUSE}",
)
def mid_series_review_missing(case: CheckedCourse) -> Iterator[Finding]:
    """
    A long induction against depression has no review in its course.

    Protocols whose indications name a depression are judged; of others nothing was found. An induction is long from
    six sessions on; a review counts whose window lies, in part, between the second session and the last.

    Why it matters: a series is a good deal of travelling and money, and by its middle some of the answer is there.

    Example: 8 infusions over four weeks, reviewed a month later only.

    Instead: a review after session 2 or 3, on the same trip.

    References: the median was 3 infusions to response (Phillips 2019, Am J Psychiatry,
    doi:10.1176/appi.ajp.2018.18070834); of those without a response after 2 infusions, 20 % remitted after the third
    (Bio-K open-label trial, 2023). Both are about depression. From how many sessions on to ask is a house default.
    """
    induction = _induction(case)
    if not set(case.course.protocol.indications) & DEPRESSION:
        return
    if (
        induction is None
        or len(induction.sessions) < house.count("long-induction")
        or happened(induction.sessions[-1])
    ):
        return
    second, last = induction.sessions[1].day, induction.sessions[-1].day
    if not any(begin < last and end >= second for begin, end in _reviews(case)):
        yield mid_series_review_missing.at(
            what=f"the protocol has no review during the {len(induction.sessions)} sessions of {induction.phase.name}",
            why="in one trial half of those who responded had done so by the third infusion",
            fix="add a review after session 2 or 3. Nothing to do if it is kept elsewhere",
            cited=house_number("long-induction"),
            where=case.where_phase(induction.phase),
        )


@rule(
    "KS415",
    Severity.INFO,
    source="KSET: screening, baseline and longer-term follow-up; no interval was found",
)
def monitoring_not_set(case: CheckedCourse) -> Iterator[Finding]:
    """
    Maintenance goes on, and the protocol sets no looking at some of bladder, liver, blood pressure and memory.

    No interval is proposed: no authoritative number was found for any of the four. The clinic sets its own. What is
    watched during a session, such as blood pressure in the observation period, is another matter and is not asked here.

    Why it matters: urinary symptoms are described in long use and liver injury with repeated use; only what is looked
    for is found.

    Example: a booster every 4 weeks, monitoring of blood pressure alone.

    Instead: an appointment with the topic monitoring or laboratory that names its areas, at the clinic's own interval.

    References: KSET looks at screening, baseline, after a treatment and at longer-term follow-up, and its authors say
    that there is no standard safety monitoring for generic ketamine (Short 2020, J Affect Disord 266:615-620; Bayes
    2022, J Affect Disord 308:44-46). Liver: Cotter 2021, Drug Saf, doi:10.1007/s40264-021-01120-9.
    """
    upkeep = [s for s in case.series if s.phase.kind == "maintenance" and s.phase.name not in case.over]
    if not _prescribes(case) or not upkeep or not case.to_come:
        return
    watched = {area for companion in case.course.protocol.companions for area in companion.areas}
    missing = [area for area in AREAS if area not in watched]
    if missing:
        yield monitoring_not_set.at(
            what=f"no check-ups are set: {', '.join(missing)}",
            why="no source gives an interval; the clinic sets its own",
            fix='add a [[companion]] with topic = "monitoring" and its areas. Nothing to do if they are kept elsewhere',
            where=case.where_phase(upkeep[0].phase),
        )


@rule(
    "KS422", Severity.INFO, source="FDA alert of 10 October 2023, as reported; the page itself was not read"
)
def home_use(case: CheckedCourse) -> Iterator[Finding]:
    """
    Sessions are held at home with compounded ketamine.

    Esketamine at home is an error instead, esketamine-at-home.

    Why it matters: at home nobody watches blood pressure, breathing and sedation.

    Example: a lozenge every week, at home.

    Instead: nothing in the schedule; weigh the notice, and record the exception.

    References: the FDA warned on 10 October 2023 that compounded ketamine, oral forms included, is not approved for any
    psychiatric disorder and that use at home adds risk, because nobody monitors on site (several reports agree; the
    notice itself was not read).
    """
    sessions = _at_home(case)
    if sessions:
        yield home_use.at(
            *sessions,
            what=f"{case.with_verb(sessions)} at home",
            why="the FDA warned of compounded ketamine at home on 10 October 2023: it is not approved for any "
            "psychiatric disorder, and nobody monitors on site",
            fix="for a clinician to weigh and record",
            where=case.where_phase(case.phases[sessions[0].phase]),
        )


@rule(
    "KS423", Severity.INFO, source="Mindbloom, help pages: a monitor is with the patient; a secondary source"
)
def peer_monitor_missing(case: CheckedCourse) -> Iterator[Finding]:
    """
    Sessions are held at home, and the protocol asks nobody to be there.

    Why it matters: at home nobody of the clinic sees how the patient is.

    Example: four sessions at home, and no companion with the topic peer monitor.

    Instead: a task or notice at each session that asks who stays with the patient.

    References: a provider of treatment at home has a monitor with the patient (Mindbloom, help pages; a
    secondary source). No study was found that compares.
    """
    sessions = _at_home(case)
    if sessions and not _has(case, "peer monitor"):
        yield peer_monitor_missing.at(
            *sessions,
            what="nobody is asked to stay with the patient at home",
            why="a provider of treatment at home has somebody there",
            fix='add a to-do with topic = "peer monitor". Nothing to do if this is kept elsewhere',
            where=case.where_phase(case.phases[sessions[0].phase]),
        )


RULES: tuple[Rule, ...] = (
    screening_missing,
    response_review_missing,
    mid_series_review_missing,
    monitoring_not_set,
    home_use,
    peer_monitor_missing,
)

# What follows is what the rules above look for in the protocol.


def _prescribes(case: CheckedCourse) -> bool:
    """Whether there are sessions, and something to book around them."""
    return bool(case.bookings.bookable and case.standing)


def _severity(case: CheckedCourse) -> Severity:
    return Severity.WARNING if case.course.companions else Severity.INFO


def _has(case: CheckedCourse, *topics: str) -> bool:
    return any(companion.topic in topics for companion in case.course.protocol.companions)


def _induction(case: CheckedCourse) -> PhaseSessions | None:
    """Return the last induction that has sessions; None if it was broken off, or nothing is booked around any."""
    inductions = [series for series in case.series if series.phase.kind == "induction"]
    if not inductions or inductions[-1].phase.name in case.over or not _prescribes(case):
        return None
    return inductions[-1]


def _reviews(case: CheckedCourse) -> Iterator[tuple[date, date]]:
    """Yield the windows of the reviews that the protocol asks for."""
    for companion in case.bookings.bookable:
        if companion.topic == "review":
            for anchor in case.bookings.anchor_days(companion):
                yield window_of(companion, anchor)


def _at_home(case: CheckedCourse) -> list[Session]:
    """Return the sessions to come that are at home with something else than esketamine."""
    compounded = case.at_home - case.esketamine
    return [session for session in case.to_come if session.id in compounded]
