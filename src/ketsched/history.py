"""
What really happened: what each visit was, and what became of each session.

Two questions are kept apart. *Matching* decides which booking a visit was, and nothing else.
*Counting* goes through everything that was given in order of time: all of it sets the clock
for every minimum and fills every at-most-k window, whether it counts toward a series or not.
A past session without a visit is not recorded: neither missed nor given.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import date, time
from enum import StrEnum
from functools import cached_property
from itertools import count
from typing import Any

import attrs

from ketsched.arguments import checked
from ketsched.clock import plausible
from ketsched.errors import InvalidInput
from ketsched.model import Course, Happened, Phase, Session, Spacing, Status, Visit


class Verdict(StrEnum):
    """What a visit was."""

    VALID = "valid"
    GRACE = "grace"
    TOO_SOON = "too soon"
    TOO_LATE = "too late"
    DUPLICATE = "duplicate"
    EXTRANEOUS = "extraneous"
    FILLS_BOOSTER = "fills a booster"
    NOT_COUNTED = "does not count"
    ASKED = "does it count?"
    NOT_GIVEN = "not given"
    FUTURE = "in the future"

    @property
    def counts(self) -> bool:
        """Whether a visit of this kind fills a place of a series."""
        return self in (Verdict.VALID, Verdict.GRACE, Verdict.TOO_LATE, Verdict.FILLS_BOOSTER)

    @property
    def given(self) -> bool:
        """Whether something was given, and this entry is the one that says so."""
        return self not in (Verdict.NOT_GIVEN, Verdict.FUTURE, Verdict.DUPLICATE)


class State(StrEnum):
    """What became of a session."""

    FULFILLED = "fulfilled"
    MISSED = "missed"
    CLOSED = "closed"
    NOT_RECORDED = "not recorded"
    DUE = "due"
    PLANNED = "planned"


STATUS_OF = {State.FULFILLED: Status.FULFILLED, State.MISSED: Status.MISSED, State.CLOSED: Status.CLOSED}
"""The status of a session of which something was recorded."""


@attrs.frozen(kw_only=True)
class JudgedVisit:
    """
    A visit and what it was.

    Attributes:
        visit: As it was recorded.
        verdict: See Verdict.
        reason: Why, in a few words; empty for what is simply valid.
        session: Id of the session that it was; None for one that has none yet.
        phase: Name of the phase that it was given in; None if nothing was given.
        number: Its place among those that count in that phase, from 1; None if it does not count.
    """

    visit: Visit
    verdict: Verdict
    reason: str = ""
    session: str | None = None
    phase: str | None = None
    number: int | None = None


@attrs.frozen(kw_only=True)
class JudgedSession:
    """A session, what became of it, and the visit that says so (None: no visit does)."""

    session: Session
    state: State
    visit: Visit | None = None


@attrs.frozen(kw_only=True, slots=False)
class History:
    """
    A course up to today.

    Attributes:
        course: As it stands.
        as_of: Today.
        visits: Every visit that no later entry corrects, in order of time; those after today last.
        sessions: Every session, in order of time.
    """

    course: Course
    as_of: date
    visits: tuple[JudgedVisit, ...]
    sessions: tuple[JudgedSession, ...]

    def __repr__(self) -> str:
        number = len(self.visits)
        return f"<History as of {self.as_of} of {self.course!r}, with {number} visit{'s' * (number != 1)}>"

    @cached_property
    def _of_state(self) -> dict[State, list[Session]]:
        found: dict[State, list[Session]] = {}
        for judged in self.sessions:
            found.setdefault(judged.state, []).append(judged.session)
        return found

    def given(self) -> tuple[JudgedVisit, ...]:
        """Return all that was given, in order of time; a visit entered twice is one."""
        return tuple(judged for judged in self.visits if judged.verdict.given)

    def counted(self, phase: str) -> int:
        """Return how many visits count toward a phase."""
        return sum(judged.verdict.counts and judged.phase == phase for judged in self.visits)

    def in_state(self, state: State) -> tuple[Session, ...]:
        """Return the sessions in a state, in order of time."""
        return tuple(self._of_state.get(state, ()))


@checked
def evaluate(course: Course, visits: Iterable[Visit] = (), *, as_of: date) -> History:
    """
    Judge what happened, visit by visit and session by session.

    Args:
        course: With the visits that it remembers; those given again are taken once.
        visits: Further visits, in any order.
        as_of: Today, the local date at the clinic.

    Raises:
        InvalidInput: A visit names a session or an entry that does not exist, or two name one session.
    """
    plausible(as_of, "as_of")
    matched = match(course, visits, as_of=as_of)
    of_session = {session: visit for visit, session in matched if session is not None}
    told = {visit.session for visit in course.visits}
    implied = [
        (Visit(session.day, session=session.id, at=session.time), session.id)
        for session in course.sessions
        if session.status is Status.FULFILLED and session.id not in of_session and session.id not in told
    ]
    past = [pair for pair in matched if happened(pair[0], as_of)]
    judged = [*_Count(course).judge(sorted((*past, *implied), key=lambda pair: _when(pair[0])))]
    judged += [
        JudgedVisit(
            visit=visit,
            verdict=Verdict.FUTURE,
            reason=f"{visit.day} is after {as_of}: not taken as having happened",
            session=session,
        )
        for visit, session in matched
        if not happened(visit, as_of)
    ]
    of_session = {session: visit for session, visit in of_session.items() if happened(visit, as_of)}
    sessions = tuple(
        judged_session(session, of_session.get(session.id), as_of) for session in course.sessions
    )
    return History(course=course, as_of=as_of, visits=tuple(judged), sessions=sessions)


def as_it_went(session: Session, judged: JudgedVisit | None, state: State) -> Session:
    """Return a session with what became of it, if a visit says so; one given on another day stands on that."""
    if judged is None:
        return session
    status = STATUS_OF.get(state, session.status)
    if state is not State.FULFILLED:
        return session if session.status is status else attrs.evolve(session, status=status)
    visit = judged.visit
    changed = attrs.evolve(
        session,
        status=status,
        day=visit.day,
        time=visit.at or session.time,
        counts=judged.verdict.counts,
        route=visit.route or session.route,
        phase=session.phase if session.booked else judged.phase or session.phase,
    )
    return session if changed == session else changed


def unbooked(history: History, taken: Container[str]) -> Iterator[tuple[JudgedVisit, Session]]:
    """Yield a session "x1", "x2" ... for each visit in which something was given without a booking."""
    free = (name for number in count(1) if (name := f"x{number}") not in taken)
    for judged in history.given():
        if judged.session is None and judged.phase is not None:
            visit = judged.visit
            yield (
                judged,
                Session(
                    id=next(free),
                    phase=judged.phase,
                    day=visit.day,
                    time=visit.at,
                    status=Status.FULFILLED,
                    place="elsewhere" if visit.elsewhere else "",
                    route=visit.route,
                    booked=False,
                    counts=judged.verdict.counts,
                ),
            )


def happened(visit: Visit, as_of: date) -> bool:
    """Whether a visit can be taken as it was recorded: its day has come, or it was cancelled before that."""
    return visit.day <= as_of or visit.status is Happened.CANCELLED


def _when(visit: Visit) -> tuple[date, time]:
    return visit.day, visit.at or time()


def said_of(visit: Visit) -> tuple[bool, str, str]:
    """Return a key for visits of one time that does not depend on the order in which they are given."""
    v = visit
    return v.elsewhere, v.status.value, f"{v.note} {v.counts} {v.by} {v.route} {v.worse}"


def new_to(course: Course, visits: Iterable[Visit]) -> list[Visit]:
    """Return the visits that a course does not remember yet; each that it does is taken once."""
    left: dict[tuple[Any, ...], list[Visit]] = {}
    for visit in course.visits:
        left.setdefault(_bare(visit), []).append(visit)
    found = []
    for visit in visits:
        known = left.get(_bare(visit), [])
        at = next((n for n, one in enumerate(known) if _given_as(one, visit)), None)
        if at is None:
            found.append(visit)
        else:
            del known[at]
    return found


def _bare(visit: Visit) -> tuple[Any, ...]:
    """Return what a visit says, without what recording it adds."""
    v = visit
    return v.day, v.status, v.at, v.elsewhere, v.counts, v.by, v.route, v.worse, v.note, v.corrects


def _given_as(known: Visit, visit: Visit) -> bool:
    """Whether a remembered visit may have been given like this."""
    return (
        visit.session in (None, known.session) and visit.id in ("", known.id) and visit.who in ("", known.who)
    )


def entries(course: Course, visits: Iterable[Visit]) -> list[Visit]:
    """
    Return what was recorded, in order of time, each entry that a later one corrects left out.

    A correction is of the same session as what it corrects unless it names another.

    Raises:
        InvalidInput: A correction names no entry.
    """
    known = [*course.visits, *sorted(new_to(course, visits), key=said_of)]
    by_id = {visit.id: visit for visit in known if visit.id}
    replaced: set[str] = set()
    found: list[Visit] = []
    for visit in known:
        if visit.corrects:
            if visit.corrects not in by_id:
                raise InvalidInput(
                    what=f"a visit corrects the entry {visit.corrects[:40]!r}",
                    where=f"visit of {visit.day}",
                    why=f"entries are {', '.join(list(by_id)[:12]) or 'none yet'}",
                    fix="name the entry that it replaces",
                )
            if visit.corrects in replaced:
                by = next(v.id for v in found if v.corrects == visit.corrects)
                raise InvalidInput(
                    what=f"the entry {visit.corrects[:40]!r} is corrected twice",
                    where=f"visit of {visit.day}",
                    why=f"it was corrected by {by or 'another entry'} already, and one of the two would be lost",
                    fix=f"correct {by or 'that one'} instead",
                )
            replaced.add(visit.corrects)
            if by_id[visit.corrects].corrects == visit.id and visit.id:
                raise InvalidInput(
                    what=f"the entries {visit.id[:40]!r} and {visit.corrects[:40]!r} correct each other",
                    where=f"visit of {visit.day}",
                    why="a correction is of an earlier entry",
                    fix="let only the later one correct the other",
                )
            if visit.session is None:
                visit = attrs.evolve(visit, session=by_id[visit.corrects].session)
        found.append(visit)
    return sorted(
        (v for v in found if v.status is not Happened.WITHDRAWN and (not v.id or v.id not in replaced)),
        key=_when,
    )


def match(course: Course, visits: Iterable[Visit], *, as_of: date) -> list[tuple[Visit, str | None]]:
    """
    Return each visit with the id of the session that it was, or None; each session once.

    By id if it names one; else the open session of that local day; else, if something was given,
    the nearest open one that lies closer to it than to any other visit and no further than half
    the gap to its neighbour (ties: the earlier); else none.
    """
    left = entries(course, visits)
    sessions = {session.id: session for session in course.sessions}
    found: list[str | None] = [None] * len(left)
    taken: dict[str, Visit] = {}
    for at, visit in enumerate(left):
        if visit.session is None:
            continue
        if visit.session not in sessions:
            raise InvalidInput(
                what=f"a visit of the session {visit.session[:40]!r}",
                where=f"visit of {visit.day}",
                why="the course has no such session",
                fix="name one of its sessions, or leave session out",
            )
        if visit.session in taken and _bare(taken[visit.session]) != _bare(visit):
            raise InvalidInput(
                what=f"two visits of the session {visit.session[:40]!r}",
                where=f"visits of {taken[visit.session].day} and {visit.day}",
                why="a session is one visit",
                fix="say which entry the later one corrects, or leave its session out",
            )
        if visit.session not in taken:
            found[at] = visit.session
            taken[visit.session] = visit
    handled = {
        visit.id for visit in course.visits if visit.id and visit.session is None
    }  # of no session, for good
    of_day: dict[date, list[Session]] = {}
    for session in course.sessions:
        of_day.setdefault(session.day, []).append(session)
    for at, visit in enumerate(left):
        if visit.session is None and visit.id not in handled and happened(visit, as_of):
            own = [s for s in of_day.get(visit.day, ()) if s.id not in taken]
            own.sort(key=lambda session: not session.status.stands)
            if own:
                found[at] = own[0].id
                taken[own[0].id] = visit
    loose = [
        at
        for at, visit in enumerate(left)
        if found[at] is None and visit.session is None and visit.id not in handled
    ]
    given: list[tuple[int, Visit]] = []
    said = {_bare(visit) for at, visit in enumerate(left) if found[at] is not None}
    for at in loose:
        if left[at].status.delivered and left[at].day <= as_of and _bare(left[at]) not in said:
            said.add(_bare(left[at]))  # the same entered twice is of no second session
            given.append((at, left[at]))
    for at, name in _nearest(course, given, set(taken)):
        found[at] = name
    return list(zip(left, found, strict=True))


def _nearest(
    course: Course, visits: Sequence[tuple[int, Visit]], taken: set[str]
) -> Iterator[tuple[int, str]]:
    """Yield what was given on another day than it was booked for, with its session."""
    if not visits:
        return
    standing = course.standing()
    pairs = []
    for place, session in enumerate(standing):
        if session.id in taken or session.status is Status.FULFILLED:
            continue
        around = standing[max(place - 1, 0) : place] + standing[place + 1 : place + 2]
        gaps = [abs((other.day - session.day).days) for other in around]
        for at, visit in visits:
            away = abs((visit.day - session.day).days)
            if not gaps or 2 * away <= min(gaps):
                pairs.append((away, session.day, place, at))
    used: set[int] = set()
    booked: set[int] = set()
    for _, _, place, at in sorted(pairs):
        if at not in used and place not in booked:
            used.add(at)
            booked.add(place)
            yield at, standing[place].id


def judged_session(session: Session, visit: Visit | None, as_of: date) -> JudgedSession:
    """Return what became of a session, given the visit that it was."""
    if visit is not None:
        if visit.status.delivered:
            state = State.FULFILLED
        else:
            state = State.CLOSED if visit.status is Happened.CANCELLED else State.MISSED
    elif session.status is Status.FULFILLED:
        state = State.FULFILLED
    elif session.status is Status.MISSED:
        state = State.MISSED
    elif session.status is Status.CLOSED:
        state = State.CLOSED
    elif session.day < as_of:
        state = State.NOT_RECORDED
    else:
        state = State.DUE if session.day == as_of else State.PLANNED
    return JudgedSession(session=session, state=state, visit=visit)


def target(course: Course, phase: Phase) -> int | None:
    """Return how many visits a phase needs: its count less what was skipped; None if it is open-ended."""
    if phase.count is None:
        return None
    if not course.skipped:
        return phase.count
    skipped = set(course.skipped)
    return phase.count - sum(s.phase == phase.name and s.id in skipped for s in course.sessions)


def _in_force(course: Course, day: date) -> tuple[Phase, ...]:
    """Return the phases that follow each other in the protocol that a course kept to on a day."""
    main = course.protocol.main
    names = [phase.name for phase in main]
    begins = [0, *(names.index(segment.first) for segment in course.segments), len(main)]
    number = sum(segment.on < day for segment in course.segments)  # of that day itself: before it
    return main[begins[number] : begins[number + 1]]


@attrs.frozen
class _Given:
    """One thing that was given, as the rules see it."""

    day: date
    phase: str
    counts: bool


class _Count:
    """Goes through what was given in order of time, and says what each counts for."""

    def __init__(self, course: Course) -> None:
        self.course = course
        self.phases = {phase.name: phase for phase in course.protocol.phases}
        self.order = {name: at for at, name in enumerate(self.phases)}
        self.sessions = {session.id: session for session in course.sessions}
        self.counted = dict.fromkeys(self.phases, 0)
        self.targets = {phase.name: target(course, phase) for phase in course.protocol.phases}
        self.given: list[_Given] = []
        self.of_phase: dict[str, list[_Given]] = {}

    def judge(self, visits: Iterable[tuple[Visit, str | None]]) -> Iterator[JudgedVisit]:
        before: set[tuple[Any, ...]] = set()  # what was said of one day
        day: date | None = None
        for visit, session in visits:
            if not visit.status.delivered:
                reason = f"{visit.status}" + (f" by the {visit.by}" if visit.by else "")
                yield JudgedVisit(visit=visit, verdict=Verdict.NOT_GIVEN, reason=reason, session=session)
                continue
            if day != visit.day:
                before, day = set(), visit.day
            if self._entered_twice(visit, session, before):
                reason = f"entered twice: {visit.day} is recorded with the same data"
                yield JudgedVisit(visit=visit, verdict=Verdict.DUPLICATE, reason=reason, session=None)
                continue
            before.add(_bare(visit))
            yield self._delivered(visit, session)

    def _entered_twice(self, visit: Visit, session: str | None, before: set[tuple[Any, ...]]) -> bool:
        """Whether a visit without a session of its own says what another of that day says."""
        own = self.sessions.get(session or "")
        return (own is None or not own.booked) and _bare(visit) in before

    def _delivered(self, visit: Visit, session: str | None) -> JudgedVisit:
        booking = self.sessions.get(session or "")
        phase = self._phase(booking, visit.day)
        here = phase or _in_force(self.course, visit.day)[-1]
        looked_back = list(self._looked_back(here))
        floor, gap = self._too_soon(visit.day, looked_back)
        booster = (booking is None or not booking.booked) and here.kind == "maintenance"
        verdict: Verdict
        reason: str
        if floor is Verdict.TOO_SOON and phase is not None and self._let_count(visit, session):
            verdict, reason = Verdict.GRACE, f"{gap}; a clinician let it count"
        elif floor is Verdict.TOO_SOON:
            verdict, reason = floor, gap
        elif phase is None:
            verdict, reason = Verdict.EXTRANEOUS, "every series has all its sessions"
        elif visit.counts is False:
            verdict, reason = Verdict.NOT_COUNTED, "recorded as not counting"
        elif visit.status is Happened.STOPPED_EARLY and visit.counts is None:
            verdict, reason = Verdict.ASKED, "stopped early, and nobody said whether it counts"
        elif floor is Verdict.GRACE:
            verdict, reason = floor, gap
        elif booster:
            before = self.course.protocol.main[0].name
            verdict = Verdict.FILLS_BOOSTER
            reason = f"extraneous to the {before}, which is complete; it is {here.name} {self.counted[here.name] + 1}"
        elif late := self._too_late(visit.day, looked_back):
            verdict, reason = Verdict.TOO_LATE, late
        else:
            verdict, reason = Verdict.VALID, ""
        number = None
        if verdict.counts:
            self.counted[here.name] += 1
            number = self.counted[here.name]
        self.given.append(_Given(visit.day, here.name, verdict.counts))
        self.of_phase.setdefault(here.name, []).append(self.given[-1])
        return JudgedVisit(
            visit=visit, verdict=verdict, reason=reason, session=session, phase=here.name, number=number
        )

    def _let_count(self, visit: Visit, session: str | None) -> bool:
        """Whether somebody decided that what was too soon counts: in the record, or by a waiver of its spacing."""
        if visit.counts is not None:
            return visit.counts
        spacing = [w for w in self.course.waivers if w.rule.startswith("KS1") or w.rule == "KS503"]
        return session is not None and any(session in waiver.sessions for waiver in spacing)

    def _phase(self, booking: Session | None, day: date) -> Phase | None:
        """Return the phase that a visit counts for: its booking's, or the first that lacks one; None if none does."""
        if booking is not None and booking.booked and self._lacks(self.phases[booking.phase]):
            return self.phases[booking.phase]
        phases = _in_force(self.course, day)
        return next((phase for phase in phases if self._lacks(phase)), None)

    def _lacks(self, phase: Phase) -> bool:
        needed = self.targets[phase.name]
        return needed is None or self.counted[phase.name] < needed

    def _too_soon(
        self, day: date, looked_back: Iterable[tuple[Spacing, _Given]]
    ) -> tuple[Verdict | None, str]:
        """Return whether a day breaks a required minimum to what was given before, or is forgiven."""
        grace = ""
        for spacing, earlier in looked_back:
            minimum = spacing.minimum
            if minimum is None or not spacing.required:
                continue
            least = spacing.counted(minimum, earlier.day)
            if least is not None and day < least:
                said = f"{(day - earlier.day).days} d after {earlier.day}; {spacing.words()}"
                forgiven = spacing.counted(spacing.absolute_minimum, earlier.day)
                if forgiven is None or day < forgiven:
                    return Verdict.TOO_SOON, said
                grace = said
        if self.given and self.given[-1].day == day:
            return Verdict.TOO_SOON, f"a second one on {day}"
        return (Verdict.GRACE, grace) if grace else (None, "")

    @staticmethod
    def _too_late(day: date, looked_back: Iterable[tuple[Spacing, _Given]]) -> str:
        """Return what makes a day too late, a required rule or a preferred one; empty if nothing does."""
        for spacing, earlier in looked_back:
            latest = spacing.counted(spacing.latest, earlier.day)
            if latest is not None and day > latest:
                return f"{(day - earlier.day).days} d after {earlier.day}; {spacing.words()}"
        return ""

    def _looked_back(self, phase: Phase) -> Iterator[tuple[Spacing, _Given]]:
        """Yield every rule that looks back from the next thing given in a phase, and what it looks back at."""
        if not self.given:
            return
        own = self.of_phase.setdefault(phase.name, [])
        for spacing in phase.spacing:
            if spacing.between is None:
                if len(own) >= spacing.apart:
                    yield spacing, own[-spacing.apart]
            elif self.counted[phase.name] + 1 == spacing.between[1]:
                counting = [given for given in own if given.counts]
                yield spacing, counting[spacing.between[0] - 1]
        last = self.given[-1]
        before = self.phases[last.phase]
        if before is phase:
            return
        if phase.name == before.beside or before.name == phase.beside:
            least = max(phase.neighbour_minimum() if phase.beside else before.neighbour_minimum(), 1)
            yield Spacing(minimum=least), last
            return
        if own or self.order[before.name] > self.order[phase.name]:  # made up after the next phase has begun
            least = min(phase.neighbour_minimum(), before.neighbour_minimum())
            yield Spacing(minimum=max(least, 1)), last
            return
        if phase.join is not None and phase.join.states_rules:
            yield Spacing(minimum=phase.join.minimum, latest=phase.join.latest), last
            return
        for spacing in before.spacing:
            if spacing.between is None and spacing.minimum is not None and len(self.given) >= spacing.apart:
                yield attrs.evolve(spacing, latest=None), self.given[-spacing.apart]
