"""
KS4, companions: what the protocol asks for around the sessions, and what is booked.

What must be there makes errors, what is recommended makes warnings. What has taken place or
was done can no longer be moved, and is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice

import attrs

from ketsched.checking.appointmentdays import open_days, said_window, say_open_days
from ketsched.checking.bookings import AnchorDay, CompanionBooking, is_within, local, window_of
from ketsched.checking.case import CheckedCourse
from ketsched.checking.rules import Finding, Rule, Severity, rule
from ketsched.clock import WEEKDAY_NAMES, day_words
from ketsched.model import BookingStatus, Companion, Spacing
from ketsched.names import in_days, inside

TOO_LATE = "no day is left: record what took place, tell a clinician, or record an exception"
NAMED = 4
"""How many companions a finding about the whole course names."""


@rule("KS401", Severity.ERROR, source="Protocol: companions")
def companion_missing(case: CheckedCourse) -> Iterator[Finding]:
    """
    An appointment or task that the protocol asks for is not booked.

    One that must be there is an error, one that is recommended a warning. Where its last day has passed
    nothing can be booked any more: the first is then a warning, and of the second nothing is said. Where no
    booking of it stands, that is one finding for all its sessions; a course in which nothing at all is booked
    is companions-not-planned instead. A course that was ended asks for nothing more, and a session that was given
    elsewhere without a booking for nothing around it.

    Why it matters: a screening or a review that is in nobody's calendar does not take place, and the sessions
    it was to decide about do.

    Example: a review after session 3, no such booking.

    Instead: book it in its window, or record an exception with the reason for leaving it out.

    References: the protocol's own source for the companion.
    """
    if not case.course.companions or case.course.ended is not None:
        return
    for companion in case.bookings.bookable:
        missing = list(_missing(case, companion))
        if len(missing) > 1 and not any(booked.companion is companion for booked in case.bookings.all):
            possible = [one for one in missing if not one.is_past]
            yield companion_missing.at(
                *(one.anchor_day.session for one in missing if one.anchor_day.session is not None),
                what=f"no {inside(companion.title)} is booked, for {len(missing)} sessions",
                why=f"the protocol {_asks(companion)} one {_days(companion)} {companion.anchor.words()}",
                fix=_book_all(len(possible), len(missing)),
                where=f"{case.course.protocol.id}, {companion.title}",
                severity=severity_of(companion) if possible else Severity.WARNING,
                day=missing[0].anchor_day.day,
                cited=case.cite(companion, "anchor"),
            )
            continue
        for one in missing:
            window = said_window(*window_of(companion, one.anchor_day))
            due_day = day_words(one.anchor_day.day + timedelta(companion.window.latest))
            days = say_open_days(case, companion, one.anchor_day)
            book = f"book it on {days}" if days else f"open {window} for it"
            book = f"note it, due {due_day}" if companion.kind == "task" else book
            times = f" {one.number} of {one.asked} times" if one.number < one.asked else ""
            yield companion_missing.at(
                *([] if one.anchor_day.session is None else [one.anchor_day.session]),
                what=f"{companion.title} is not booked{times}",
                why=f"the protocol {_asks(companion)} it {_days(companion)} {_anchor_words(companion, one.anchor_day)}",
                fix=TOO_LATE if one.is_past else f"{book}, or record an exception",
                where=f"{companion.title}, {window}",
                severity=Severity.WARNING if one.is_past else severity_of(companion),
                day=one.anchor_day.day,
                cited=case.cite(companion, "anchor"),
            )


@rule("KS402", Severity.INFO, source="Protocol: companions")
def companions_not_planned(case: CheckedCourse) -> Iterator[Finding]:
    """
    The course is its sessions alone: nothing that goes around them is booked.

    That is so for bare dates and for schedules from elsewhere. It is said once, also where the protocol
    itself names nothing to book.

    Why it matters: a treatment is more than its sessions; screening, reviews, therapy and forms may be kept
    in another calendar, or may have been forgotten.

    Example: six dates checked against a protocol that has a screening before the first of them.

    Instead: plan the course, or plan what goes around it; leave it if that is kept elsewhere.

    References: clinics' articles describe screening, reviews and support between sessions as parts of
    the treatment; the protocol says which.
    """
    if case.course.companions or not case.to_come:
        return
    titles = list(dict.fromkeys(c.title for c in case.bookings.bookable if case.bookings.anchor_days(c)))
    if titles:
        named = ", ".join(titles[:NAMED]) + (f" and {len(titles) - NAMED} more" if titles[NAMED:] else "")
        yield companions_not_planned.at(
            what=f"no other appointments are planned ({named})",
            why="the protocol has them",
            fix="plan them. Nothing to do if another system has them",
        )
    elif not case.bookings.bookable:
        yield companions_not_planned.at(
            what="the protocol has no other appointments: no screening, no review, no check-ups",
            why="it has sessions only",
            fix="add what your clinic does as [[companion]]. Nothing to do if that is kept elsewhere",
        )


@rule("KS403", Severity.ERROR, source="Protocol: window, weekdays and spacing of the companion")
def companion_outside_window(case: CheckedCourse) -> Iterator[Finding]:
    """
    An appointment or task is not on a day that the protocol gives it.

    One that took place is judged as long as what it is counted from is still to come: a screening of five weeks
    ago does not count where two are allowed. What it decided about is then to be confirmed again; it holds again
    once a decision is recorded within the window.

    Its window is counted from its anchor in days, both ends in it. The days of the week it is bound to and the
    gaps to its own other bookings are judged too, and whether what happens during a session lies inside it.

    Why it matters: a review that slips behind the sessions it was to decide about decides nothing.

    Example: 14 to 31 days after the last session, which is on Mon 18 January 2027; the review on Sat 30 January.

    Instead: a day from Mon 1 to Thu 18 February.

    References: the protocol's own source for the window. A response was judged 14 to 31 days after the
    induction in one series (McInnes 2022, J Affect Disord, doi:10.1016/j.jad.2021.12.097).
    """
    recorded = {
        session.id
        for session in case.course.sessions
        if session.status in (BookingStatus.FULFILLED, BookingStatus.MISSED)
    }
    if case.history is not None:  # a cancelled one is closed
        recorded |= {one.session.id for one in case.history.sessions if not one.session.status.stands}
    for booked in case.bookings.to_come:
        if booked.is_over and booked.placed.session in recorded:
            continue  # nothing is to be done for it any more; planning the rest again closes the task
        for why, fix, key in _wrong_day(case, booked):
            yield companion_outside_window.at(
                booked=[booked],
                what=f"{booked.title} is {said_when(booked)}",
                why=why,
                fix=fix,
                severity=severity_of(booked.companion),
                cited=case.cite(booked.companion, key),
            )
    for booked in case.bookings.outdated:
        anchor = booked.anchor_day
        if anchor is not None:
            days = say_open_days(case, booked.companion, anchor)
            yield companion_outside_window.at(
                booked=[booked],
                what=f"{booked.title} of {day_words(booked.day)} no longer counts",
                why=f"it should be {_days(booked.companion)} {_anchor_words(booked.companion, anchor)}; it was "
                f"{in_days((anchor.day - booked.day).days)} before",
                fix=f"have it again on {days}, or move the session back" if days else "move the session back",
                severity=severity_of(booked.companion),
                cited=case.cite(booked.companion, "window"),
            )
    for number, spacing, earlier, booked in _pairs(case):
        limits = spacing.since(earlier.day)
        gap, low = (booked.day - earlier.day).days, limits.minimum or 0
        limit = low if gap < low else gap if limits.latest is None else min(gap, limits.latest)
        if gap != limit and (earlier.to_come or booked.to_come):
            side = "later" if gap < limit else "earlier"
            yield companion_outside_window.at(
                booked=[earlier, booked],
                what=f"{booked.title} {said_when(booked)} is {in_days(gap)} after the one on {day_words(earlier.day)}",
                why=f"the protocol {_asks(booked.companion)} {spacing.words()}",
                fix=f"move it to {day_words(earlier.day + timedelta(limit))} or {side}",
                severity=severity_of(booked.companion),
                cited=case.cite(booked.companion, f"spacing {number}"),
            )


@rule("KS404", Severity.ERROR, source='Protocol: on_session_days = "never"')
def companion_on_session_day(case: CheckedCourse) -> Iterator[Finding]:
    """
    An appointment that is kept off the days of sessions is on one.

    The protocol says of each appointment whether it may be on a day of a session; assisted psychotherapy
    may, and then nothing is found.

    Why it matters: trials that combined the two kept them apart, and the rest of a session's day is for resting.

    Example: a session and an hour of written exposure therapy, both on Wed 13 January 2027.

    Instead: Thu 14 January.

    References: the protocol's own source. Written exposure sessions were held "on different days than infusion
    days" (Feder 2025, J Clin Psychiatry 86(2):24m15622).
    """
    for booked in case.bookings.to_come:
        sessions = case.bookings.on.get(booked.day)
        if sessions and booked.companion.on_session_days == "never":
            anchor = booked.anchor_day
            days = [] if anchor is None else open_days(case, booked.companion, anchor, booked.day)
            yield companion_on_session_day.at(
                *sessions,
                booked=[booked],
                what=f"{booked.title} is on the day of {case.named(sessions[0])}",
                why="the protocol keeps those days free",
                fix=f"move it to {day_words(days[0])}"
                if days
                else "no other day is open for it: move the session",
                severity=severity_of(booked.companion),
                cited=case.cite(booked.companion, "on_session_days"),
            )


@rule("KS424", Severity.WARNING, source="Protocol: window of the task", needs=("as_of",))
def task_overdue(case: CheckedCourse) -> Iterator[Finding]:
    """
    A task was due before today and is neither done nor taken off.

    Why it matters: some forms have a due date that somebody else has set, and what is not sent in time is asked for.

    Example: a monitoring form due on Mon 11 January 2027, checked on Tue 12 January.

    What was to be done until a session is over with its day, and nothing is left to do for one that does not take
    place.

    Instead: do it and record it, or close it.

    References: the protocol's own source for the window. The monitoring form of nasal esketamine is sent within 7
    calendar days of each session (REMS, United States, as reported).
    """
    for booked in case.bookings.to_come if case.as_of is not None else ():
        past = booked.session is not None and case.as_of is not None and booked.session.day < case.as_of
        if booked.is_over or (past and booked.companion.window.latest <= 0):
            continue
        if booked.companion.kind == "task" and case.as_of and booked.day < case.as_of:
            yield task_overdue.at(
                booked=[booked],
                what=f"to do: {inside(booked.title)}{_for(case, booked)} was due on {day_words(booked.day)}",
                why=f"that was {in_days((case.as_of - booked.day).days)} ago",
                fix=f"if not needed, cancel {booked.placed.id}. If done: ketsched record done FILE {booked.placed.id}",
                cited=case.cite(booked.companion, "window"),
            )


RULES: tuple[Rule, ...] = (
    companion_missing,
    companions_not_planned,
    companion_outside_window,
    companion_on_session_day,
    task_overdue,
)

# What follows is how the rules above find another day, and how they say it.


def severity_of(companion: Companion) -> Severity:
    """Return how grave it is: an error if it must be there."""
    return Severity.ERROR if companion.required else Severity.WARNING


@attrs.frozen(eq=False)
class _Missing:
    """Bookings that are asked for from one anchor and are not there: so many, of how many."""

    anchor_day: AnchorDay
    number: int
    asked: int
    is_past: bool


def _missing(case: CheckedCourse, companion: Companion) -> Iterator[_Missing]:
    """Yield what is missing of a companion; of one that is recommended only what can still be booked."""
    for anchor in case.bookings.anchor_days(companion):
        if anchor.session is not None and not anchor.session.booked:
            continue
        asked = case.bookings.asked(companion, anchor)
        number = asked - len(case.bookings.from_one_anchor.get((companion.id, anchor.key), ()))
        if number > 0:
            is_past = window_of(companion, anchor)[1] < case.known_until
            if companion.required or not is_past:
                yield _Missing(anchor, number, asked, is_past)


def _book_all(possible: int, missing: int) -> str:
    if not possible:
        return TOO_LATE
    return f"book it{' for those to come' if possible < missing else ''}, or record an exception"


def _asks(companion: Companion) -> str:
    return "requires" if companion.required else "prefers"


def _anchor_words(companion: Companion, anchor: AnchorDay) -> str:
    return f"{companion.anchor.words()} on {day_words(anchor.day)}"


def said_when(booked: CompanionBooking) -> str:
    """Say when it is."""
    if booked.companion.kind == "task":
        return f"due {day_words(booked.day)}"
    clock = booked.placed.time
    return f"on {day_words(booked.day)}" + (f" at {clock:%H:%M}" if clock is not None else "")


def _wrong_day(case: CheckedCourse, booked: CompanionBooking) -> Iterator[tuple[str, str, str]]:
    """Yield what is wrong with a booking's day by itself: why, how to fix it, and which number says so."""
    companion, anchor = booked.companion, booked.anchor_day
    anchor_days = case.bookings.anchor_days(companion)
    if anchor is None:
        lost = booked.session is not None and not booked.session.status.stands
        if lost or not anchor_days:
            why = f"what it belongs to ({companion.anchor.words()}) does not take place"
            yield why, "cancel it, or book what it belongs to", "anchor"
            return
        if any(is_within(companion, one, booked.day) for one in anchor_days):
            return  # one more than the protocol asks for, on a day it could be
    anchor = anchor or min(anchor_days, key=lambda one: abs(one.day - booked.day))
    days, window = (
        say_open_days(case, companion, anchor, booked.day),
        said_window(*window_of(companion, anchor)),
    )
    to = f"{'set' if companion.kind == 'task' else 'move'} it to {days}" if days else f"open {window} for it"
    if not is_within(companion, anchor, booked.day):
        yield f"it should be {_days(companion)} {_anchor_words(companion, anchor)}", to, "window"
    if companion.weekdays and booked.day.weekday() not in companion.weekdays:
        names = ", ".join(WEEKDAY_NAMES[day] for day in companion.weekdays)
        yield f"the protocol has it on {names} only", to, "weekdays"
    if companion.on_session_days in ("only", "during"):
        sessions = case.bookings.of_phase(companion.anchor.phase)
        with_it = [session for session in sessions if session.day == booked.day]
        if not with_it:
            yield "the protocol has it on days of sessions only", to, "on_session_days"
        elif companion.on_session_days == "during" and booked.begin is not None and booked.end is not None:
            stays = [stay for stay in case.bookings.stays if stay.session in with_it]
            if stays and not any(s.begin <= booked.begin and booked.end <= s.end for s in stays):
                begin, end = (local(at, case.course.zone) for at in (stays[0].begin, stays[0].end))
                yield (
                    f"the protocol has it during the session, from {begin:%H:%M} to {end:%H:%M}",
                    f"start it at {begin:%H:%M} or later, within the session",
                    "on_session_days",
                )


def _days(companion: Companion) -> str:
    """Say a window in days, before "session 3 on Mon ..."."""
    low, high = companion.window.earliest, companion.window.latest
    if companion.count is None or (companion.kind == "task" and companion.count > 1):
        return f"{in_days(low)} or more after" if low >= 0 else f"{in_days(-low)} before, or later than"
    if low == high:
        return "on the day of" if low == 0 else f"{in_days(abs(low))} {'after' if low > 0 else 'before'}"
    if low >= 0:
        return f"{low} to {high} days after"
    return (
        f"{-high} to {-low} days before" if high <= 0 else f"{in_days(-low)} before to {in_days(high)} after"
    )


def _for(case: CheckedCourse, booked: CompanionBooking) -> str:
    """Say for which session a to-do is, if it belongs to one that stands."""
    session = booked.session
    return f" for {case.called(session)}" if session is not None and session.id in case.numbers else ""


def _pairs(case: CheckedCourse) -> Iterator[tuple[int, Spacing, CompanionBooking, CompanionBooking]]:
    """Yield the bookings from one anchor that a companion's own spacing holds between, with its number."""
    for bookings in case.bookings.from_one_anchor.values():
        for number, spacing in enumerate(bookings[0].companion.spacing, 1):
            first, second = spacing.between or (1, 1 + spacing.apart)
            pairs = zip(bookings[first - 1 :], bookings[second - 1 :], strict=False)
            for earlier, booked in islice(pairs, 1 if spacing.between is not None else None):
                yield number, spacing, earlier, booked
