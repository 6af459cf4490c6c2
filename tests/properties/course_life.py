"""
A course, the day that it is, what was given out of it, and what it promises after every step.

The steps are in test_course_machine.py. What is promised is read from the definitions a second time, by plain
means: dates, spans of time and the bookings before and after.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from ketsched.agenda import agenda
from ketsched.checking import Severity, check
from ketsched.errors import KetschedError
from ketsched.history import evaluate
from ketsched.interchange import dumps
from ketsched.interchange.coursefile import changing
from ketsched.model import BESIDES, BookingStatus
from ketsched.planning import NoFeasiblePlan, plan
from ketsched.tracking import replan
from ketsched.words import sentences
from making import JAN_4
from strategies.beginnings import BEGINNINGS, TWO_CHAIRS, staff_of

WAITING = (BookingStatus.FIRM, BookingStatus.TENTATIVE)


def waits(booking):
    return booking.status in WAITING


def is_another(was, now):
    """Whether a booking is to come where it was not: on another day or hour, or it stands only now."""
    if was is None or not waits(was):
        return waits(now)
    return waits(now) and (was.day, was.time) != (now.day, now.time)


def state(course):
    """What an undo brings back."""
    standing = {
        name: (booking.day, booking.time, booking.status, booking.place_and_minutes(course.protocol))
        for name, booking in course.bookings().items()
        if booking.status.stands
    }
    return standing, {name: getattr(course, name) for name in BESIDES}


def events(content):
    """(UID, SEQUENCE, DTSTAMP, bytes) of each event of a calendar file."""
    for event in re.findall(rb"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", content, re.DOTALL):
        said = [
            re.search(rb"\r\n" + name + rb":(.*?)\r\n", event)[1]
            for name in (b"UID", b"SEQUENCE", b"DTSTAMP")
        ]
        yield said[0], int(said[1]), said[2], event


class Desk:
    """Another desk: it has opened the file of a course, and its people have not entered anything yet."""

    def __init__(self, path, course):
        self.course = course
        self.file = self._stack = None
        self._open = ExitStack()
        self.file = self._open.enter_context(changing(path))
        assert self.file.course == course
        self._away = ExitStack()
        self._away.enter_context(self.file.left_to_others())

    def write(self, content):
        """Write what they have entered, or be refused."""
        try:
            self._away.close()
            self.file.write(content)
        finally:
            self._open.close()

    def close(self):
        self._away.close()
        self._open.close()


class CourseLife(RuleBasedStateMachine):
    """One course, the day that it is, and what has been given out of it."""

    def __init__(self):
        super().__init__()
        self.course = self.shown = self.remembered = self.desk = None
        self.settled = False  # whether it was planned again after all that could disturb it
        self.left = set()  # days that sessions were moved away from by hand
        self.folder = Path(tempfile.mkdtemp(prefix="life-"))
        self.path = self.folder / "course.json"

    def teardown(self):
        if self.desk is not None:
            self.desk.close()
        shutil.rmtree(self.folder)

    @initialize(number=st.integers(0, len(BEGINNINGS) - 1), weekday=st.sampled_from([0, 3]))
    def begin(self, number, weekday):
        self.calendar = TWO_CHAIRS
        self.moment = datetime(2026, 12, 28, 9, tzinfo=UTC)
        self.today = self.moment.date()
        self.course = plan(
            BEGINNINGS[number],
            start=JAN_4 + timedelta(weekday),
            calendar=self.calendar,
            calendars=staff_of(BEGINNINGS[number]),
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

    def within(self, protocol=None):
        """The hours and the day that verbs are given."""
        return {
            "calendar": self.calendar,
            "calendars": staff_of(self.course.protocol) | (staff_of(protocol) if protocol else {}),
            "at": self.at(),
            "as_of": self.today,
        }

    def take(self, course, *, settled, by_hand=()):
        """Go on with a course; by_hand: ids of bookings that somebody put where they are."""
        before = self.course
        if course != before:
            assert len(course.revisions) == len(before.revisions) + 1
            assert course.revisions[:-1] == before.revisions
            self.kept.append(course)
            self.changes_are_named(before, course)
            sentences(course)
            self.follow_left(before, course, by_hand)
        else:
            assert course.revisions == before.revisions
        assert set(before.bookings()) <= set(course.bookings())
        self.course = course
        self.settled = settled

    def changes_are_named(self, before, after):
        """What a patient was told stays, unless the changes name it; nothing else is named."""
        once = before.bookings()
        named = {change.booking for change in after.changes}
        named |= {change.instead for change in after.changes if change.instead}
        assert named == {name for name, booking in after.bookings().items() if once.get(name) != booking}
        for name, booking in after.bookings().items():
            if name in once:
                assert booking.sequence >= once[name].sequence
                assert booking.uid == once[name].uid

    def follow_left(self, before, after, by_hand):
        once = before.bookings()
        moved = [s for s in after.sessions if waits(s) and s.id in once and once[s.id].day != s.day]
        self.left |= {once[s.id].day for s in moved if s.id in by_hand and waits(once[s.id])}
        put = [s for s in after.sessions if waits(s) and (s in moved or not once.get(s.id, s).status.stands)]
        self.left -= {s.day for s in put} | {s.day for s in after.sessions if waits(s) and s.id not in once}

    def plan_again(self, visits=(), **options):
        before = self.course
        given = self.within(options.get("switch")) | options
        try:
            after = replan(before, visits, **given)
        except NoFeasiblePlan:
            if not (options.get("exceed") or options.get("move")):
                self.plan_again(visits, **options, exceed=True)
            return
        except KetschedError:
            return
        moved = set(options.get("move", ()))
        corrected = any(visit.corrects for visit in visits)
        if not corrected:
            self.is_laid_as_promised(before, after, options)
        if not visits:
            self.past_stays(before, after)
        if not (corrected or after.ended or options.get("switch")):
            self.pins_stay(before, after, moved)
        self.take(after, settled=True, by_hand=moved)
        # twice is once, whatever the protocol's own policy is
        again = replan(after, visits, **self.within())
        assert again == after

    def past_stays(self, before, after):
        for session in before.sessions:
            if session.day <= self.today:
                now = next(s for s in after.sessions if s.id == session.id)
                assert (now.day, now.time) == (session.day, session.time)
                assert now.status is session.status or session.status is BookingStatus.TENTATIVE

    def is_laid_as_promised(self, before, after, options):
        """Nothing is laid in the past, within the notice, on closed days, or on one that was left by hand."""
        known, chosen = before.bookings(), set(options.get("move", ()))
        notice = max(1, options.get("notice", 1))
        for booking in after.bookings().values():
            if not is_another(known.get(booking.id), booking):
                continue
            if booking.kind == "companion":
                task = after.protocol.companion(booking.companion).kind == "task"
                assert booking.day > self.today or (task and booking.day == self.today), booking
                if not task:
                    self.can_be_there(after, booking)
            elif booking.booked and getattr(known.get(booking.id), "day", None) != booking.day:
                assert booking.day >= self.today + timedelta(notice), booking
                self.can_be_there(after, booking)
                if booking.id not in chosen and booking.day not in options.get("add", ()):
                    assert booking.day not in self.left, booking

    def can_be_there(self, course, booking):
        """Whoever and whatever a booking takes is there and free for it, and the patient has nothing else then."""
        begin, end = self.span(course, booking)
        patient = course.patient.can(course.zone)
        assert patient is None or self.is_open(patient, begin, end), booking
        if booking.kind == "session":
            assert self.is_open(self.calendar, begin, end), booking
            assert self.calendar.free_chair(begin, end, preferred=booking.chair) == booking.chair, booking
        else:
            named = staff_of(course.protocol).get(booking.who)
            assert self.is_open(named or self.calendar, begin, end), booking
        for other in course.bookings().values():
            if other.id != booking.id and waits(other) and other.time is not None:
                begun, ended = self.span(course, other)
                assert ended <= begin or end <= begun, (booking, other)

    def is_open(self, calendar, begin, end):
        return calendar.is_open_throughout(begin, end)

    def span(self, course, booking):
        if booking.kind == "session":
            return course.starts(booking), course.ends(booking)
        return course.appointment(booking)

    def pins_stay(self, before, after, moved):
        """What was put somewhere by hand stays there, or is said to give way; what was taken off stays off."""
        now, recorded = after.bookings(), {visit.session for visit in after.visits}
        for session in before.standing():
            if session.pinned and session.day > self.today and session.id not in moved | recorded:
                told = f"{session.day:%a} {session.day}, chosen by hand, cannot be kept"
                stays = now[session.id].day == session.day and now[session.id].status.stands
                assert stays or any(told in said for said in after.revisions[-1].remarks), session
        for placed in before.companions:
            if placed.pinned and placed.status is BookingStatus.CLOSED:
                assert now[placed.id].status is BookingStatus.CLOSED

    def errors(self, course):
        """What is wrong with a course, by the hours that there are."""
        given = {"calendar": self.calendar, "calendars": staff_of(course.protocol), "as_of": self.today}
        return [one for one in check(course, **given) if one.severity is Severity.ERROR]

    def pick(self, bookings, number):
        bookings = list(bookings)
        return bookings[number % len(bookings)] if bookings else None

    def unrecorded(self):
        return [
            s
            for s in self.course.standing()
            if s.day <= self.today and s.status is not BookingStatus.FULFILLED
        ]

    def coming(self):
        return [s for s in self.course.standing() if s.day > self.today and waits(s)]

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
    def what_is_off_is_shown_as_off(self):
        """No chair, nobody's hour and no line of a calendar is for a booking that does not stand."""
        if self.course is None:
            return
        course, shown = self.course, agenda(self.course)
        entries = {entry.booking.id: entry for entry in shown.booked}
        for name, booking in course.bookings().items():
            assert entries[name].booking == booking
        assert set(shown.numbers) == {s.id for s in course.sessions if s.status.stands}
        held = sum(s.status.stands and s.time is not None for s in course.sessions)
        assert len(list(course.occupied())) == held
        standing = [s.day for s in course.sessions if waits(s) and s.day > self.today]
        assert len(set(standing)) == len(standing)

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
        for finding in self.errors(self.course):
            named = set(finding.sessions)
            if finding.code == "KS405":
                continue  # an appointment that decides has no open day left: it stays, and that is said
            if finding.code == "KS203" and self.course.skipped:
                continue  # what was skipped is not stretched over the weeks of the whole series
            around = [placed for placed in self.course.companions if placed.id in finding.companions]
            if any(p.pinned or p.day <= self.today or not waits(p) for p in around):
                continue  # by hand it may be where the protocol would not have it; and what is past stays
            if named & to_come:
                assert any(pair <= named for pair in allowed), finding

    @invariant()
    def tasks_follow_their_sessions(self):
        """A ride home is asked for on the day before, whoever moved the session, or today if that is over."""
        if self.course is None:
            return
        days = {s.id: s.day for s in self.coming()}
        for placed in self.course.companions:
            if placed.companion == "ride" and waits(placed) and placed.session in days:
                due = days[placed.session] - timedelta(1)
                assert placed.day == due or placed.day <= self.today, placed

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
                booked = sum(map(waits, own))
                needed = phase.count - sum(s.id in skipped for s in own)
                assert history.counted(phase.name) + booked >= needed
