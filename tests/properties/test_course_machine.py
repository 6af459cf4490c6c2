"""
A course lives through anything in any order, and keeps its promises after every step.

It is planned, recorded, corrected, planned again with every policy, held, moved by hand, stepped,
ended, gone over to another protocol, published and read back; days go by and days are closed.
KETSCHED_EXAMPLES=500 in the environment makes so many lives of it, not the few of every run.
"""

from __future__ import annotations

import contextlib
import os
import re
from datetime import UTC, datetime, time, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import making
from ketsched.checking import Severity, check
from ketsched.errors import KetschedError
from ketsched.history import evaluate
from ketsched.holds import decide, hold, release
from ketsched.interchange import dumps, ical, json
from ketsched.model import (
    POLICIES,
    Anchor,
    BookingStatus,
    Companion,
    Decision,
    Interval,
    Join,
    LapseBand,
    Spacing,
    Visit,
    Window,
)
from ketsched.planning import NoFeasiblePlan, plan
from ketsched.tracking import forecast, moving, proposals, record, replan
from ketsched.words import sentences
from making import GAPS, JAN_4, OPEN, boosters, every, protocol


def induction(count, weekdays, *spacing, **given):
    return making.phase(count, GAPS, *spacing, weekdays=weekdays, **given)


def upkeep(*days, count=4, spacing=(), **given):
    return boosters(count, *spacing, every=every(*days), **given)


REVIEW = Companion(
    id="response",
    kind="appointment",
    topic="review",
    title="Response",
    anchor=Anchor(edge="end", phase="induction"),
    window=Window(earliest=3, recommended=3, latest=6),
    minutes=20,
    place="telephone",
    gate=True,
)
RIDE = Companion(
    id="ride",
    kind="task",
    topic="ride",
    title="Ride home",
    anchor=Anchor(every=1),
    window=Window(earliest=-1, recommended=-1, latest=-1),
)
LAPSE = (
    LapseBand(first=0, last=7, propose="continue"),
    LapseBand(first=8, last=21, propose="repeat tail", repeat=2),
    LapseBand(first=22, last=None, propose="clinician review"),
)
AT_MOST_3 = Spacing(apart=3, minimum=7)
AT_MOST_2 = Spacing(apart=2, minimum=7, required=False)


TWICE_A_WEEK = protocol(induction(6, (0, 3), weeks=(1, 4), lapse=LAPSE), name="twice-a-week")
THREE_A_WEEK = protocol(induction(6, (0, 2, 4), AT_MOST_3, weeks=(2, 4)), name="three-a-week")
PREFERRED = protocol(
    induction(5, (0, 3), AT_MOST_2, missed="make-up"),
    upkeep(28, count=3, join=Join(ideal=14, minimum=7, latest=35), spacing=(Spacing(minimum=7),)),
    name="preferred",
)
GATED = protocol(
    induction(4, (0, 3), missed="shift"),
    upkeep(14, 21, 28, count=4, spacing=(Spacing(minimum=7, latest=42), Spacing(apart=2, minimum=21))),
    companions=(REVIEW, RIDE),
    name="gated",
)
SKIPPING = protocol(induction(8, (0, 3), AT_MOST_2, missed="skip", weeks=(2, 5)), name="skipping")
WEEKLY = protocol(
    induction(3, (0, 3), missed="next-open"),
    upkeep(7, count=None, review=Interval(days=70), spacing=(Spacing(minimum=5, latest=14),)),
    name="weekly",
)
STEPPING = protocol(upkeep(7, 14, 21, 28, count=6, spacing=(Spacing(minimum=5, latest=42),)), name="stepping")
BEGINNINGS = (TWICE_A_WEEK, THREE_A_WEEK, PREFERRED, GATED, SKIPPING, WEEKLY, STEPPING)

numbers = st.integers(0, 30)
policies = st.sampled_from([None, *POLICIES])


def events(content):
    """(UID, SEQUENCE, DTSTAMP, bytes) of each event of a calendar file."""
    for event in re.findall(rb"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", content, re.DOTALL):
        said = [
            re.search(rb"\r\n" + name + rb":(.*?)\r\n", event)[1]
            for name in (b"UID", b"SEQUENCE", b"DTSTAMP")
        ]
        yield said[0], int(said[1]), said[2], event


class Life(RuleBasedStateMachine):
    """One course, the day it is, and what has been given out of it."""

    def __init__(self):
        super().__init__()
        self.course = self.shown = self.remembered = None
        self.settled = False  # whether it was planned again after all that could disturb it

    @initialize(number=st.integers(0, len(BEGINNINGS) - 1), weekday=st.sampled_from([0, 3]))
    def begin(self, number, weekday):
        self.calendar = OPEN
        self.moment = datetime(2026, 12, 28, 9, tzinfo=UTC)
        self.today = self.moment.date()
        self.course = plan(
            BEGINNINGS[number],
            start=JAN_4 + timedelta(weekday),
            calendar=OPEN,
            id="A-017",
            at=self.moment,
            time=time(9),
        )
        self.kept = [self.course]
        self.given_out = {}
        self.settled = True

    # -- how steps are made

    def at(self):
        """A moment later than the last, on the day that it is."""
        self.moment += timedelta(seconds=1)
        return self.moment

    def take(self, course, *, settled):
        before = self.course
        if course != before:
            assert len(course.revisions) == len(before.revisions) + 1
            assert course.revisions[:-1] == before.revisions
            self.kept.append(course)
            named = {change.booking for change in course.changes}
            assert named | {change.instead for change in course.changes if change.instead} == {
                name for name, booking in course.bookings().items() if before.bookings().get(name) != booking
            }
            sentences(course)
        else:
            assert course.revisions == before.revisions
        assert set(before.bookings()) <= set(course.bookings())
        self.course = course
        self.settled = settled

    def plan_again(self, visits=(), **options):
        before = self.course
        given = {"calendar": self.calendar, "at": self.at(), "as_of": self.today} | options
        try:
            after = replan(before, visits, **given)
        except NoFeasiblePlan:
            if not (options.get("exceed") or options.get("move")):
                self.plan_again(visits, **options, exceed=True)
            return
        except KetschedError:
            return
        if not any(visit.corrects for visit in visits):
            self.never_too_soon(before, after)
        if not visits:
            self.past_stays(before, after)
        self.take(after, settled=True)
        # twice is once, whatever the protocol's own policy is
        again = replan(after, visits, calendar=self.calendar, at=self.at(), as_of=self.today)
        assert again == after

    def past_stays(self, before, after):
        for session in before.sessions:
            if session.day <= self.today:
                now = next(s for s in after.sessions if s.id == session.id)
                assert (now.day, now.time) == (session.day, session.time)
                assert now.status is session.status or session.status is BookingStatus.TENTATIVE

    def never_too_soon(self, before, after):
        known = {session.id: session for session in before.sessions}
        for session in after.sessions:
            if session.status not in (BookingStatus.FIRM, BookingStatus.TENTATIVE) or not session.booked:
                continue
            was = known.get(session.id)
            if was is None or was.day != session.day:
                assert session.day > self.today, session
                assert self.calendar.is_open(session.day, 100), session

    def pick(self, sessions, number):
        sessions = list(sessions)
        return sessions[number % len(sessions)] if sessions else None

    def unrecorded(self):
        return [
            s
            for s in self.course.standing()
            if s.day <= self.today and s.status is not BookingStatus.FULFILLED
        ]

    def coming(self):
        return [
            s
            for s in self.course.standing()
            if s.day > self.today and s.status is not BookingStatus.FULFILLED
        ]

    def happens(self, visits, plans, policy=None):
        if plans:
            self.plan_again(visits, policy=policy)
            return
        try:
            course = record(self.course, visits, at=self.at(), as_of=self.today)
        except KetschedError:
            return
        self.take(course, settled=False)

    # -- steps

    @rule(days=st.integers(1, 9))
    def days_go_by(self, days):
        self.moment += timedelta(days)
        self.today += timedelta(days)

    @rule()
    def go_to_the_next_session(self):
        coming = self.coming()
        if coming:
            self.moment += coming[0].day - self.today
            self.today = coming[0].day

    @rule(plans=st.booleans(), policy=policies)
    def all_until_today_were_given(self, plans, policy):
        visits = [Visit(s.day) for s in self.unrecorded()]
        if visits:
            self.happens(visits, plans, policy)

    @rule(
        number=numbers,
        status=st.sampled_from(["fulfilled", "no-show", "no-show", "cancelled", "stopped early"]),
        named=st.booleans(),
        counts=st.sampled_from([None, True, False]),
        plans=st.booleans(),
        policy=policies,
    )
    def one_is_recorded(self, number, status, named, counts, plans, policy):
        session = self.pick(self.unrecorded(), number)
        if session is not None:
            said = {"counts": counts} if status in ("fulfilled", "stopped early") else {}
            visit = Visit(session.day, status, session=session.id if named else None, **said)
            self.happens([visit], plans, policy)

    @rule(
        back=st.integers(0, 6), elsewhere=st.booleans(), note=st.sampled_from(["", "x"]), plans=st.booleans()
    )
    def one_was_given_on_some_day(self, back, elsewhere, note, plans):
        self.happens([Visit(self.today - timedelta(back), elsewhere=elsewhere, note=note)], plans)

    @rule(number=numbers, by=st.sampled_from(["", "patient", "clinic"]), plans=st.booleans(), policy=policies)
    def one_is_cancelled_in_advance(self, number, by, plans, policy):
        session = self.pick(self.coming(), number)
        if session is not None:
            self.happens([Visit(session.day, "cancelled", by=by, session=session.id)], plans, policy)

    @rule(number=numbers, status=st.sampled_from(["fulfilled", "no-show", "withdrawn"]), plans=st.booleans())
    def an_entry_is_corrected(self, number, status, plans):
        entry = self.pick([v for v in self.course.visits if v.id], number)
        if entry is not None:
            self.happens([Visit(entry.day, status, corrects=entry.id)], plans)

    @rule(ahead=st.integers(1, 20), length=st.integers(1, 6))
    def days_are_closed(self, ahead, length):
        first = self.today + timedelta(ahead)
        self.calendar = self.calendar.without([first + timedelta(n) for n in range(length)])
        self.settled = False

    @rule()
    def all_days_are_open_again(self):
        self.calendar = OPEN

    @rule(policy=policies)
    def it_is_planned_again(self, policy):
        self.plan_again(policy=policy)

    @rule(number=numbers, by=st.integers(-4, 6))
    def one_is_moved_by_hand(self, number, by):
        session = self.pick(self.coming(), number)
        if session is not None:
            self.plan_again(move={session.id: session.day + timedelta(by)})

    @rule(number=numbers, by=st.integers(-4, 6))
    def one_is_moved_alone(self, number, by):
        session = self.pick(self.coming(), number)
        if session is None:
            return
        try:
            found = moving(
                self.course,
                session.id,
                session.day + timedelta(by),
                calendar=self.calendar,
                at=self.at(),
                as_of=self.today,
            )
        except KetschedError:
            return
        if found.alone is not None:
            self.take(found.alone, settled=False)  # nothing around it moved with it

    @rule(step=st.sampled_from(["back", "forward"]))
    def the_interval_is_stepped(self, step):
        self.plan_again(step=step)

    @rule(by=st.integers(1, 30))
    def one_is_added(self, by):
        self.plan_again(add=[self.today + timedelta(by)])

    @precondition(lambda self: self.course is not None and not self.course.segments)
    @rule(number=st.integers(0, len(BEGINNINGS) - 1))
    def it_goes_over_to_another_protocol(self, number):
        self.plan_again(switch=BEGINNINGS[number], join=Join(minimum=2, ideal=7))

    @precondition(lambda self: self.course is not None and len(self.course.revisions) > 4)
    @rule()
    def it_ends(self):
        self.plan_again(end=True)

    @rule(ahead=st.integers(0, 9))
    def it_is_held(self, ahead):
        if not any(stop.stands for stop in self.course.holds):
            since = self.today + timedelta(ahead)
            held = hold(self.course, reason="ill", who="Dr A", since=since, at=self.at())
            self.take(held, settled=self.settled)

    @rule()
    def the_hold_is_lifted(self):
        for stop in self.course.holds:
            if stop.stands:
                freed = release(self.course, stop.id, who="Dr A", on=self.today, at=self.at())
                self.take(freed, settled=self.settled)

    @rule(what=st.sampled_from(["continue", "continue", "step back", "step forward", "stop"]))
    def the_review_decides(self, what):
        outcome = Decision(what=what, on=self.today, who="Dr A")
        for placed in self.course.companions:
            if placed.companion == "response" and placed.status.stands and placed.outcome is None:
                self.take(decide(self.course, placed.id, outcome, at=self.at()), settled=False)
                return

    @rule()
    def what_is_next_is_asked(self):
        found = forecast(self.course, as_of=self.today, calendar=self.calendar)
        for due in found.sessions:
            assert due.earliest <= due.recommended
            assert due.latest is None or due.recommended <= due.latest
        assert all(one > self.today for one in found.bookable[1:])
        with contextlib.suppress(KetschedError):
            proposals(self.course, calendar=self.calendar, at=self.at(), as_of=self.today)

    @rule()
    def it_is_read_back(self):
        text = dumps(self.course, "json").decode()
        found = json.loads(text, "course.json")
        assert found == self.course
        assert dumps(found, "json").decode() == text
        calendar = dumps(self.course, "ics", audience="clinic", privacy="full")
        assert ical.loads(calendar.decode(), "course.ics") == self.course
        self.course = found

    # -- promises

    @invariant()
    def what_was_given_out_is_followed(self):
        if self.course is None or self.course is self.shown:
            return
        self.shown = self.course
        content = dumps(self.course, "ics")
        assert dumps(self.course, "ics") == content
        found = list(events(content))
        now = {uid: (sequence, stamp, event) for uid, sequence, stamp, event in found}
        assert len(now) == len(found)
        for uid, (sequence, stamp, event) in self.given_out.items():
            later = now[uid]
            assert later[0] >= sequence
            assert later[1] >= stamp
            assert (later[1] == stamp) is (later[2] == event)
            assert later[0] == sequence or later[1] > stamp
        self.given_out = now

    @invariant()
    def every_revision_is_remembered(self):
        if self.course is None or self.course is self.remembered:
            return
        self.remembered = self.course
        assert len(self.kept) == len(self.course.revisions)
        for number, kept in enumerate(self.kept):
            then = self.course.at_revision(number)
            assert then.sessions == kept.sessions
            assert then.companions == kept.companions

    @invariant()
    def the_rest_has_no_error(self):
        if self.course is None or not self.settled:
            return
        # what history lifted is a warning; what a policy costs is an error, and named
        allowed = [{one.earlier, one.later} for one in self.course.lifted if one.by == "policy"]
        to_come = {s.id for s in self.coming()}
        for finding in check(self.course, calendar=self.calendar, as_of=self.today):
            named = set(finding.sessions)
            if finding.code == "KS405":
                continue  # an appointment that decides has no open day left: it stays, and that is said
            if finding.severity is Severity.ERROR and named & to_come:
                assert any(pair <= named for pair in allowed), finding

    @invariant()
    def no_session_is_missing(self):
        """What was lost is made up, or the course says that it is not."""
        if self.course is None or not self.settled:
            return
        skipped = set(self.course.skipped)
        history = evaluate(self.course, as_of=self.today)
        for phase in self.course.protocol.phases:
            if phase.count is not None and phase.name not in self.course.finished_phases():
                own = [s for s in self.course.sessions if s.phase == phase.name]
                booked = sum(s.status in (BookingStatus.FIRM, BookingStatus.TENTATIVE) for s in own)
                needed = phase.count - sum(s.id in skipped for s in own)
                assert history.counted(phase.name) + booked >= needed


EXAMPLES = int(os.environ.get("KETSCHED_EXAMPLES", "100"))
Life.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestLife = Life.TestCase
