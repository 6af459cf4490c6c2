"""
A course lives through anything in any order, and keeps its promises after every step.

It is planned, recorded, corrected, planned again with every policy, held, moved by hand, stepped, ended, gone over
to another protocol, undone, changed at two desks at once, published and read back; its appointments are moved,
taken off and booked again; days go by, days are closed, chairs are taken, and the patient is away and comes back.
KETSCHED_EXAMPLES=500 in the environment makes so many lives of it, not the few of every run.
"""

from __future__ import annotations

import contextlib
import os
from datetime import time, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from ketsched import follow
from ketsched.calendars import Calendar
from ketsched.entries import booking_meant, read_move
from ketsched.errors import CannotWrite, KetschedError
from ketsched.interchange import dumps, ical, json, read
from ketsched.interchange.coursefile import changing
from ketsched.model import POLICIES, BookingStatus, Decision, Join, Visit
from ketsched.planning import plan
from ketsched.tracking import booking, forecast, moving, proposals
from making import HOUR, ZONE, clinic, every, phase, protocol
from properties.course_life import CourseLife, Desk, is_another, state, waits
from strategies.beginnings import BEGINNINGS, TWO_CHAIRS

ANOTHER = protocol(phase(1, anatomy=HOUR, every=every(7)), name="another")
MORNINGS = clinic("mon", "tue", "thu", "fri", hours="08:00-13:00", name="the patient")
PEOPLE = ("", "Lee", "Dr A")
GIVEN = ("fulfilled", "stopped early")

numbers = st.integers(0, 30)
policies = st.sampled_from([None, *POLICIES])
hours = st.sampled_from([None, None, time(9), time(10, 15), time(11, 5), time(14), time(19)])
units = st.sampled_from([None, None, 1, 2])
people = st.sampled_from(PEOPLE)


class Life(CourseLife):
    """What can happen to it."""

    # -- what happened

    def happens(self, visits, plans, policy=None, who=""):
        if plans:
            self.plan_again(visits, policy=policy, who=who)
            return
        try:
            course = follow.record(self.course, visits, at=self.at(), as_of=self.today, who=who)
        except KetschedError:
            return
        self.take(course, settled=False)

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
        who=people,
    )
    def one_is_recorded(self, number, status, named, counts, plans, policy, who):
        session = self.pick(self.unrecorded(), number)
        if session is not None:
            said = {"counts": counts} if status in GIVEN else {}
            visit = Visit(session.day, status, session=session.id if named else None, **said)
            self.happens([visit], plans, policy, who)

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

    @rule(
        number=numbers,
        status=st.sampled_from(
            ["fulfilled", "no-show", "cancelled", "stopped early", "withdrawn", "withdrawn"]
        ),
        by=st.sampled_from([0, 0, 0, -1, 1]),
        counts=st.sampled_from([None, None, True, False]),
        plans=st.booleans(),
        who=people,
    )
    def an_entry_is_corrected(self, number, status, by, counts, plans, who):
        entry = self.pick([v for v in self.course.visits if v.id], number)
        if entry is not None:
            said = {"counts": counts} if status in GIVEN else {}
            day = entry.day + timedelta(by if status != "withdrawn" else 0)
            self.happens([Visit(day, status, corrects=entry.id, **said)], plans, who=who)

    # -- when it can be

    @rule(ahead=st.integers(1, 20), length=st.integers(1, 6))
    def days_are_closed(self, ahead, length):
        first = self.today + timedelta(ahead)
        self.calendar = self.calendar.without([first + timedelta(n) for n in range(length)])
        self.settled = False

    @rule(
        ahead=st.integers(1, 20), length=st.integers(1, 3), at=st.sampled_from([time(9), time(10), time(14)])
    )
    def others_take_a_chair(self, ahead, length, at):
        for n in range(length):
            day = self.today + timedelta(ahead + n)
            with contextlib.suppress(KetschedError):
                other = plan(ANOTHER, start=day, calendar=self.calendar, id="B-1", at=self.moment, time=at)
                self.calendar = self.calendar.booked(other)
        self.settled = False

    @rule()
    def all_days_are_open_again(self):
        self.calendar = TWO_CHAIRS
        self.settled = False

    @rule(ahead=st.integers(0, 20), length=st.integers(1, 6), policy=policies, lost=policies)
    def the_patient_is_away(self, ahead, length, policy, lost):
        away = [self.today + timedelta(ahead + n) for n in range(length)]
        before = self.course
        self.plan_again(away=away, policy=policy, lost=lost)
        if self.course is not before:
            assert set(away) <= set(self.course.patient.away)

    @rule(stays=st.integers(0, 3), mornings=st.sampled_from([None, None, MORNINGS]))
    def the_patient_is_back(self, stays, mornings):
        known = self.course.patient
        if known.away or mornings:
            can = mornings or Calendar.always(ZONE)
            self.plan_again(availability=can, away=known.away[:stays])

    @rule(policy=policies, notice=st.sampled_from([0, 1, 3]), prefer=st.booleans(), who=people)
    def it_is_planned_again(self, policy, notice, prefer, who):
        self.plan_again(policy=policy, notice=notice, prefer=prefer, who=who)

    @rule()
    def what_goes_around_it_is_placed_again(self):
        before = self.course
        try:
            after = follow.appointments(before, **self.within())
        except KetschedError:
            return
        assert after.sessions == before.sessions or before.companions
        self.take(after, settled=self.settled)

    # -- by hand

    @rule(number=numbers, by=st.integers(-4, 6))
    def one_is_moved_by_planning_again(self, number, by):
        session = self.pick(self.coming(), number)
        if session is not None:
            self.plan_again(move={session.id: session.day + timedelta(by)})

    @rule(
        number=numbers,
        by=st.integers(-4, 6),
        hour=hours,
        chair=units,
        way=st.sampled_from(["alone", "others", ""]),
    )
    def one_is_moved_by_hand(self, number, by, hour, chair, way):
        can = [s for s in self.course.standing() if s.day >= self.today and waits(s)]
        session = self.pick(can, number)
        if session is not None:
            self.moved(session, session.day + timedelta(by), hour, chair, way)

    @rule(number=numbers, by=st.integers(-6, 9), hour=hours, unit=units, way=st.sampled_from(["alone", ""]))
    def an_appointment_is_moved_by_hand(self, number, by, hour, unit, way):
        """As `--move review=2027-01-20T14:00`: one that was taken off is booked again by it."""
        placed = self.pick(self.appointments(), number)
        if placed is not None:
            self.moved(placed, placed.day + timedelta(by), hour, unit, way)

    def appointments(self):
        kinds = {c.id: c.kind for c in self.course.protocol.companions}
        return [p for p in self.course.companions if kinds[p.companion] == "appointment"]

    def moved(self, known, day, hour, unit, way):
        try:
            found = moving(self.course, known.id, day, hour=hour, unit=unit, **self.within())
        except KetschedError:
            assert known.day < self.today or not known.status.can_move or self.is_over(known)
            return
        self.put_where_it_can(found, known.id, hour, unit, way)

    @rule(
        number=numbers, ahead=st.integers(0, 20), hour=hours, unit=units, way=st.sampled_from(["alone", ""])
    )
    def an_appointment_is_booked_by_hand(self, number, ahead, hour, unit, way):
        can = [c.id for c in self.course.protocol.companions if c.kind == "appointment"]
        companion = self.pick(can, number)
        if companion is None:
            return
        day = self.today + timedelta(ahead)
        try:
            found = booking(self.course, companion, day, hour=hour, unit=unit, **self.within())
        except KetschedError as error:
            assert error.where == "book"  # noqa: PT017 - mostly there is one that lacks
            return
        known = self.course.bookings().get(found.session)
        assert known is None or not known.status.stands
        self.put_where_it_can(found, found.session, hour, unit, way)

    @rule(number=numbers)
    def one_is_confirmed_by_hand(self, number):
        known = self.pick([b for b in self.course.bookings().values() if waits(b)], number)
        if known is None:
            return
        try:
            after = follow.confirm(self.course, known.id, **self.within())
        except KetschedError:
            return
        now = after.bookings()[known.id]
        assert now.status is BookingStatus.FIRM
        assert getattr(now, "pinned", False)
        assert (now.day, now.time) == (known.day, known.time)
        self.take(after, settled=False)

    def put_where_it_can(self, found, name, hour, unit, way):
        assert not (found.breaks and found.fits)
        around = name not in {session.id for session in self.course.sessions}
        if found.fits is not None:
            self.put(found.fits, name, found.day, hour, unit, alone=around)
        elif way == "alone" and found.alone is not None:
            self.put(found.alone, name, found.day, hour, unit, alone=True)
        elif way == "others" and found.repair is not None:
            self.put(found.repair, name, found.day, hour, unit, alone=False)

    def is_over(self, known):
        return known.kind == "session" and known.phase in self.course.finished_phases()

    def put(self, after, name, day, hour, unit, *, alone):
        """Go on with a course in which a booking was put somewhere by hand."""
        before, now = self.course, after.bookings()[name]
        assert now.status.stands
        assert now.day == day
        assert hour in (None, now.time)
        assert unit in (None, now.unit if now.kind == "companion" else now.chair)
        if after == before:
            return
        known = before.bookings()
        was = known.get(name)
        if was is not None:
            assert now.pinned or (now.day, now.time) == (was.day, was.time)
            assert (now.day, now.time) >= (was.day, was.time) or now.day > self.today
        assert now.day >= self.today
        others = [
            b for other, b in after.bookings().items() if other != name and is_another(known.get(other), b)
        ]
        tasks = {c.id for c in after.protocol.companions if c.kind == "task"}
        assert not alone or all(b.kind == "companion" and b.companion in tasks for b in others), others
        self.take(after, settled=False, by_hand=[name])

    @rule(number=numbers)
    def an_appointment_is_cancelled_by_hand(self, number):
        placed = self.pick([p for p in self.appointments() if waits(p)], number)
        if placed is None:
            return
        before, gate = self.course, self.course.protocol.companion(placed.companion).gate
        try:
            after = follow.cancel(before, placed.id, at=self.at(), as_of=self.today)
        except KetschedError:
            assert gate
            return
        assert not gate
        assert after.sessions == before.sessions
        assert after.bookings()[placed.id].status is BookingStatus.CLOSED
        self.take(after, settled=self.settled)

    @rule(number=numbers, by=st.sampled_from(["patient", "clinic"]))
    def a_session_is_cancelled_by_hand(self, number, by):
        session = self.pick(self.coming(), number)
        if session is not None:
            after = follow.cancel(self.course, session.id, by=by, at=self.at(), as_of=self.today)
            assert not after.bookings()[session.id].status.stands
            self.take(after, settled=False)

    @rule(number=numbers, by=st.integers(0, 9), hour=st.sampled_from(["", "T10:00", "T14:30"]))
    def what_is_typed_means_one_booking(self, number, by, hour):
        booking = self.pick(self.course.bookings().values(), number)
        if booking.kind == "companion" and booking not in self.appointments():
            return
        day = booking.day + timedelta(by)
        assert booking_meant(self.course, booking.id) == booking.id
        assert read_move(self.course, f"{booking.id}={day}{hour}").booking == booking.id
        if booking.kind == "companion":
            topic = self.course.protocol.companion(booking.companion).topic
            with contextlib.suppress(KetschedError):
                meant = self.course.bookings()[read_move(self.course, f"{topic}={day}{hour}").booking]
                assert self.course.protocol.companion(meant.of).topic == topic
                assert meant.status.can_move

    @rule(number=numbers)
    def a_ride_is_confirmed(self, number):
        session = self.pick(self.coming(), number)
        if session is not None:
            self.take(follow.ride(self.course, session.id, "confirmed", at=self.at()), settled=self.settled)

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

    @rule(ahead=st.integers(0, 9), who=st.sampled_from(["Dr A", "Dr B"]))
    def it_is_held(self, ahead, who):
        if not any(stop.stands for stop in self.course.holds):
            since = self.today + timedelta(ahead)
            held = follow.hold(self.course, reason="ill", who=who, since=since, at=self.at())
            self.take(held, settled=self.settled)

    @rule()
    def the_hold_is_lifted(self):
        for stop in self.course.holds:
            if stop.stands:
                freed = follow.release(self.course, stop.id, who="Dr A", on=self.today, at=self.at())
                self.take(freed, settled=self.settled)

    @rule(what=st.sampled_from(["continue", "continue", "step back", "step forward", "stop"]))
    def a_gate_decides(self, what):
        outcome = Decision(what=what, on=self.today, who="Dr A")
        gates = {companion.id for companion in self.course.protocol.companions if companion.gate}
        for placed in self.course.companions:
            if placed.companion in gates and placed.status.stands and placed.outcome is None:
                self.take(follow.decide(self.course, placed.id, outcome, at=self.at()), settled=False)
                return

    # -- undone

    @rule(back=st.sampled_from([1, 1, 1, 2, 3, 5]), looks=st.booleans(), who=people)
    def it_is_undone(self, back, looks, who):
        before, last = self.course, len(self.course.revisions) - 1
        target, within = last - back, self.within()
        seen = within if looks else {"at": within["at"], "as_of": self.today}
        try:
            after = follow.undo(before, to=None if back == 1 else target, who=who, **seen)
        except KetschedError as error:
            said = f"{error.what}: {error.why}"
            past = "that day is past" in said
            protocol = "knows nothing of them" in said
            seat = looks and "again:" in said
            assert target < 0 or past or protocol or seat, said
            return
        assert target >= 0
        assert state(after) == state(self.kept[target])
        assert after == before or after.revisions[-1].kind == "undone"
        self.take(after, settled=False)
        if after != before:
            try:
                again = follow.undo(after, at=self.at(), as_of=self.today)
            except KetschedError as error:
                assert "that day is past" in error.why  # noqa: PT017 - most of them are done
                return
            assert state(again) == state(before)

    # -- two desks

    def in_file(self):
        """The course as it stands in its file, written by this desk if it has changed."""
        content = dumps(self.course, "json")
        if not self.path.exists():
            self.path.write_bytes(content)
        with changing(self.path) as opened:
            if opened.course != self.course:
                opened.write(content)
        return content

    @precondition(lambda self: self.desk is None)
    @rule()
    def another_desk_opens_the_file(self):
        self.in_file()
        self.desk = Desk(self.path, self.course)

    @precondition(lambda self: self.desk is not None)
    @rule(who=st.sampled_from(["Desk B", "Desk C"]))
    def the_other_desk_enters_a_hold(self, who):
        """It is refused what it began before others changed the course, and told who they were and when."""
        content, desk = self.in_file(), self.desk
        self.desk = refused = None
        held = follow.hold(desk.course, reason="x", who=who, since=self.today, at=self.at())
        try:
            desk.write(dumps(held, "json"))
        except CannotWrite as error:
            refused = error
        if desk.course == self.course:
            assert refused is None
            assert read(self.path) == held
            self.take(held, settled=self.settled)
            return
        assert refused is not None
        assert self.path.read_bytes() == content
        read_then = len(desk.course.revisions)
        assert f"began with revision {read_then}; since then" in refused.why
        for number, revision in list(enumerate(self.course.revisions, 1))[read_then:][-3:]:
            told = f"{revision.who or 'somebody'} made revision {number} ({revision.what[:60]})"
            assert f"{told} at {revision.at:%Y-%m-%dT%H:%M:%SZ}" in refused.why

    # -- asked, given out

    @rule()
    def what_is_next_is_asked(self):
        found = forecast(self.course, as_of=self.today, calendar=self.calendar)
        for due in found.sessions:
            assert due.earliest <= due.recommended
            assert due.latest is None or due.recommended <= due.latest
        assert all(one > self.today for one in found.bookable[1:])
        with contextlib.suppress(KetschedError):
            proposals(self.course, **self.within())

    @rule()
    def it_is_read_back(self):
        text = dumps(self.course, "json").decode()
        found = json.loads(text, "course.json")
        assert found == self.course
        assert dumps(found, "json").decode() == text
        calendar = dumps(self.course, "ics", audience="clinic", privacy="full")
        assert ical.loads(calendar.decode(), "course.ics") == self.course
        self.course = found


EXAMPLES = int(os.environ.get("KETSCHED_EXAMPLES", "100"))
Life.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestLife = Life.TestCase
