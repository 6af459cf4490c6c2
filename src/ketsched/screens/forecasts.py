"""What `next` shows: where a course stands, what is next and until when, and what comes then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from ketsched.checking.rules import sentence
from ketsched.history import SessionState, Verdict
from ketsched.model import Course, Session
from ketsched.names import Names
from ketsched.reporting import in_week
from ketsched.screens import Part, at_hour, in_short, many, on, titled
from ketsched.screens.changes import SUGGESTED
from ketsched.screens.courses import waiting_lines
from ketsched.screens.recorded import lapse_lines, next_line, standing_in_words
from ketsched.screens.rows import hung, paragraph
from ketsched.tracking import Due, Forecast

SHOWN_DAYS = 4
"""Other possible days of which each is named; of more the last is (house default)."""
SHOWN = 6
"""Sessions after the next one of which each has a line; of more their number is said (house default)."""


def forecast_parts(
    course: Course, seen: Forecast, monday: date | None = None, *, verbose: bool = False
) -> Iterator[Part]:
    """
    Yield where the course stands, what is next and when else it could be, and what comes then.

    Args:
        course: The course.
        seen: Its forecast.
        monday: Of the week whose days alone are shown; None: all.
        verbose: Whether each session has the days that it may be on, and all of them a line.
    """
    history, last = seen.history, seen.last_given
    yield paragraph(f"{titled(course)} on {on(seen.as_of)}: {standing_in_words(course, history)}.")
    if last is not None:
        days = (seen.as_of - last).days
        ago = f"{many(days, 'day')} ago" if days else "today"
        yield f"Last given {on(last)}, {ago}."
    yield ""
    yield from _unrecorded(course, seen)
    yield from _Rows(course, seen).lines(monday, verbose=verbose)
    yield from _attention(course, seen)


def _attention(course: Course, seen: Forecast) -> Iterator[str]:
    lines = [*lapse_lines(course, seen), *waiting_lines(course)]
    lines += [hung("! ", sentence(f"Limit that can no longer be kept: {limit}")) for limit in seen.lifted]
    if lines:
        yield ""
        yield from lines


def _unrecorded(course: Course, seen: Forecast) -> Iterator[str]:
    """Yield what nobody recorded, with what follows from either answer, and what is to be asked."""
    unknown = [session.day for session in seen.history.in_state(SessionState.NOT_RECORDED)]
    lines = []
    if unknown:
        said = f"{', '.join(map(on, unknown))} {'is' if len(unknown) == 1 else 'are'} not recorded yet."
        for answer, branch in (("given", seen.if_given), ("missed", seen.if_missed)):
            if branch is not None and course.ended is None:
                said += f" If {answer}: {_branch(course, branch)}."
        lines.append(hung("! ", said))
    for judged in seen.history.visits:
        if judged.verdict is Verdict.ASKED:
            day = on(judged.visit.day)
            lines.append(hung("! ", f"{day} was stopped early: please say whether it counts."))
    if lines:
        yield from (*lines, "")


def _branch(course: Course, seen: Forecast) -> str:
    due = seen.next
    if due is None:
        return "nothing is left to book"
    booked = _booking(course, due)
    said = f"next is {Names(course).due(due.phase, due.number)}"
    said += f" on {at_hour(booked)}" if booked is not None else f", no date yet; best {on(due.recommended)}"
    return said + (f", after a long break: {_suggested(seen.proposes)}" if seen.proposes else "")


def _suggested(proposal: str) -> str:
    return SUGGESTED.get(proposal, proposal)


def _booking(course: Course, due: Due) -> Session | None:
    return next((session for session in course.sessions if session.id == due.session), None)


class _Rows:
    """The sessions of today, the next one, and those after it, in columns."""

    def __init__(self, course: Course, seen: Forecast) -> None:
        self.course, self.seen, self.names = course, seen, Names(course)
        self.today: Sequence[Session] = seen.history.in_state(SessionState.DUE)
        called = [self.names.due(due.phase, due.number) for due in seen.sessions]
        self.width = max(map(len, (*called, *map(self.names.of, self.today))), default=0)

    def lines(self, monday: date | None, *, verbose: bool) -> Iterator[str]:
        seen, history = self.seen, self.seen.history
        for session in self.today:
            yield self._row(
                "Today" if session is self.today[0] else "", self.names.of(session), at_hour(session)
            )
        if seen.next is None:
            if self.today:
                yield "Nothing is booked after today."
            elif self.course.ended or not history.in_state(SessionState.NOT_RECORDED):
                yield next_line(self.course, seen)
            return
        yield from self._of_due("Next", seen.next)
        yield from (self._row("", "", text) for text in self._about(seen.next, monday, verbose=verbose))
        then = seen.sessions[1:]
        shown = then if verbose or len(then) <= SHOWN + 1 else then[:SHOWN]
        for due in shown:
            yield from self._of_due("Then" if due is then[0] else "", due)
            if verbose:
                yield self._row("", "", self._window(due))
        if len(shown) < len(then):
            last = max(map(self._day, then))
            yield self._row("", f"and {len(then) - len(shown)} more, the last on {on(last)}: --verbose", "")

    def _row(self, head: str, name: str, text: str) -> str:
        before = f"{head:<5} {name:<{self.width}}"
        return hung(f"{before}  ", text) if text else before.rstrip()

    def _day(self, due: Due) -> date:
        booked = _booking(self.course, due)
        return due.recommended if booked is None else booked.day

    def _of_due(self, head: str, due: Due) -> Iterator[str]:
        booked = _booking(self.course, due)
        said = f"no date yet; best {on(due.recommended)}" if booked is None else at_hour(booked)
        said += ", to be confirmed" if due.holds_up else ""
        yield self._row(head, self.names.due(due.phase, due.number), said)
        if booked is not None and booked.day < due.earliest:
            yield self._row("", "", f"! Too soon: may be from {on(due.earliest)}.")

    def _about(self, due: Due, monday: date | None, *, verbose: bool) -> Iterator[str]:
        seen, day = self.seen, self._day(due)
        if verbose:
            yield self._window(due)
        possible = [one for one in seen.bookable if one != day]
        if monday is not None:
            week = in_week(seen.bookable, monday)
            yield f"Possible in the week of {on(monday)}: {in_short(week) if week else 'no day'}."
        elif possible:
            more = len(possible) - SHOWN_DAYS
            days = in_short(sorted(possible)[:SHOWN_DAYS])
            days += f" and {more} more to {on(max(possible))}" if more > 0 else ""
            yield f"Also possible: {days} (later dates may move)."
        if due.overdue is not None and due.is_overdue(seen.as_of):
            yield f"! Overdue since {on(due.overdue)}."
        elif due.latest is not None:
            yield f"The protocol requires it by {on(due.latest)}."
        elif due.preferred_latest is not None:
            later = "; it is later" if day > due.preferred_latest else ""
            yield f"The protocol prefers it by {on(due.preferred_latest)}{later}."
        if seen.lapses_on is not None and not seen.proposes and seen.last_given is not None:
            band = self.course.protocol.phase(due.phase).lapse_after((seen.lapses_on - seen.last_given).days)
            asks = f": {_suggested(band.propose)}" if band is not None and band.propose != "continue" else ""
            yield f"From {on(seen.lapses_on)} it is a long break{asks}."

    def _window(self, due: Due) -> str:
        """Say on which days a session may be; none of them is past."""
        first, last = max(due.earliest, self.seen.as_of), due.latest
        if last is not None:
            return f"May be from {on(first)} to {on(last)}."
        preferred = due.preferred_latest
        return f"May be from {on(first)}{f'; preferred by {on(preferred)}' if preferred else ''}."
