"""What `record` shows: what was recorded, what is next, and the ways to make up what was missed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from ketsched.checking.rules import sentence
from ketsched.history import History, JudgedVisit, SessionState, Verdict
from ketsched.model import Course, VisitStatus
from ketsched.names import Names
from ketsched.reporting import given_of
from ketsched.screens import Part, at_hour, many, on
from ketsched.screens.changes import SUGGESTED, visit_in_words, visit_lines, way_lines
from ketsched.screens.rows import hung, paragraph
from ketsched.tracking import Due, Forecast, Proposal
from ketsched.tracking.following import Following
from ketsched.tracking.lapses import taken, verified
from ketsched.tracking.proposing import option_of


@attrs.frozen(kw_only=True)
class Recorded:
    """
    What was recorded, and what follows from it.

    Attributes:
        course: With the visits recorded.
        found: What follows.
        file: Its file, as commands name it.
        passed: Rows of a file that were no visits, by what they were.
        known: How many rows were recorded already.
    """

    course: Course
    found: Following
    file: str
    passed: Mapping[str, int] = attrs.field(factory=dict)
    known: int = 0

    def parts(self) -> Iterator[Part]:
        """Yield what was recorded, what is next, and the ways to make up what was missed."""
        course, found = self.course, self.found
        yield from self._recorded(found.visits)
        for judged in found.visits:
            if judged.verdict is Verdict.ASKED:
                yield from self._asks(judged)
        yield next_line(course, found.forecast)
        unknown = found.forecast.history.in_state(SessionState.NOT_RECORDED)
        if unknown and found.forecast.next is not None:
            days = ", ".join(on(session.day) for session in unknown)
            yield hung("! ", f"{days} {'is' if len(unknown) == 1 else 'are'} not recorded yet.")
        names = Names(course)
        if found.lacks and course.ended is None:
            without = [due for due in found.forecast.sessions if due.session is None]
            said = ", ".join(names.due(due.phase, due.number) for due in without)
            if without:
                yield hung("! ", sentence(f"{said} {'has' if len(without) == 1 else 'have'} no date"))
        yield from lapse_lines(course, found.forecast)
        yield from self._ways()

    def _recorded(self, visits: Sequence[JudgedVisit]) -> Iterator[Part]:
        given = given_in_words(self.course, self.found.forecast.history)
        if len(visits) == 1:
            yield paragraph(f"Recorded: {visit_in_words(self.course, visits[0])}. {given}")
        elif visits:
            yield paragraph(f"Recorded: {many(len(visits), 'visit')}. {given}")
            yield from visit_lines(self.course, visits)
        if self.passed:
            passed = ", ".join(f"{number} {what}" for what, number in self.passed.items())
            yield paragraph(f"No visits: {passed}.")
        if self.known:
            yield paragraph(
                f"{many(self.known, 'row')} {'was' if self.known == 1 else 'were'} recorded already."
            )

    def _asks(self, judged: JudgedVisit) -> Iterator[str]:
        visit = judged.visit
        yield hung("! ", f"Does {on(visit.day)} count? Until someone says so, it does not.")
        yield f"  ketsched record {self.file} {visit.day} stopped-early --counts yes --corrects {visit.id}"

    def _ways(self) -> Iterator[Part]:
        found = self.found
        if not found.plans:
            if found.lacks and self.course.ended is None:
                yield "Add --clinic FILE to see the ways to make it up."
            return
        yield ""
        yield from ways_parts(self.course, found.plans, found.marked, self.file)


def ways_parts(course: Course, plans: Sequence[Proposal], marked: str, file: str) -> Iterator[Part]:
    """Yield ways to go on, and the commands that take one."""
    yield "Ways to make it up (nothing is booked yet)" if marked else "Ways to go on (nothing is booked yet)"
    yield from way_lines(course, plans, marked)
    if marked:
        another = [plan.name for plan in plans if marked not in plan.names and plan.course is not None]
        yield f"  * the protocol's way: ketsched replan {file}"
        if another:
            yield f"    another:            ketsched replan {file} --way {option_of(another[-1])}"
        return
    named = [option_of(plan.name) for plan in plans if plan.course is not None]
    yield "  A clinician decides." + (
        f" To take one: ketsched replan {file} --take {named[0]}" if named else ""
    )


def given_in_words(course: Course, history: History) -> str:
    """Say how many sessions were given: 3 of 6 given."""
    counts, names = given_of(history), Names(course)
    if len(counts) == 1:
        ((number, most),) = counts.values()
        return f"{number} given." if most is None else f"{number} of {most} given."
    said: list[str] = []
    for phase, (number, most) in counts.items():
        if number or not said:
            word, _, which = names.due(phase, 0).partition(" 0")
            of = many(number, word) if most is None else f"{number} of {many(most, word)}"
            said.append(of + which)
    return f"{', '.join(said)} given."


def standing_in_words(course: Course, history: History) -> str:
    """Say how many sessions were given, missed and cancelled: 3 of 6 given, 1 missed."""
    said = [given_in_words(course, history).removesuffix(".")]
    for status, what in ((VisitStatus.NO_SHOW, "missed"), (VisitStatus.CANCELLED, "cancelled")):
        number = sum(judged.visit.status is status for judged in history.visits)
        said += [f"{number} {what}"] if number else []
    return ", ".join(said)


def next_line(course: Course, seen: Forecast) -> str:
    """Say what is next, or why nothing is."""
    due, names = seen.next, Names(course)
    today = seen.history.in_state(SessionState.DUE)
    first = f"Today: {', '.join(map(names.of, today))}. " if today else ""
    if due is not None:
        return paragraph(f"{first}Next: {_when(course, names, due, seen)}")
    if course.ended is not None:
        return f"This course was ended on {on(course.ended)}."
    unknown = seen.history.in_state(SessionState.NOT_RECORDED)
    if unknown:
        return paragraph(
            f"{first}Nothing more is booked. Not recorded yet: {', '.join(on(s.day) for s in unknown)}."
        )
    if today:
        return f"{first}Nothing is booked after today."
    return paragraph(f"{_all_given(course, seen.history)} Nothing is left to book.")


def _all_given(course: Course, history: History) -> str:
    """Say that all sessions were given: All 6 infusions are given; or how many were, if that is not all."""
    counts, names = given_of(history), Names(course)
    if any(most is not None and number < most for number, most in counts.values()):
        return given_in_words(course, history)
    said = (many(number, names.word(phase)) for phase, (number, _) in counts.items() if number)
    return f"All {', '.join(said)} are given."


def _when(course: Course, names: Names, due: Due, seen: Forecast) -> str:
    name = names.due(due.phase, due.number)
    booked = next((session for session in course.sessions if session.id == due.session), None)
    if booked is None:
        return f"{name} has no date yet; best {on(due.recommended)}."
    unsure = ", to be confirmed" if due.holds_up else ""
    late = "; it is overdue" if due.is_overdue(seen.as_of) else ""
    return f"{name}, {at_hour(booked)}{unsure}{late}."


def lapse_lines(course: Course, seen: Forecast) -> Iterator[str]:
    """Yield that it was a long break, and what the protocol suggests or somebody has decided."""
    done = taken(course, (), seen) if seen.proposes else None
    if done is not None and done.at is not None:
        by = f" by {done.who}" if done.who else ""
        said = SUGGESTED.get(done.proposal, done.proposal)
        yield paragraph(f"Long break: decided on {on(course.day_at(done.at))}{by}: {said}.")
    elif seen.proposes and seen.last_given is not None:
        names = Names(course)
        given = [judged for judged in seen.history.given() if judged.visit.day == seen.last_given]
        last = next(
            (names.due(j.phase, j.number) for j in given if j.phase and j.number), on(seen.last_given)
        )
        days = many((seen.as_of - seen.last_given).days, "day")
        source = verified(course, seen)
        says = f"Long break: {days} since {last}. The protocol suggests: {SUGGESTED.get(seen.proposes, seen.proposes)}."
        yield hung("! ", f"{says} ({source})" if source else says)
