"""Sessions and appointments moved, booked, confirmed and cancelled by hand: another day, hour or chair."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import attrs
import pytest

from ketsched.chairs import Occupancy
from ketsched.checking import check
from ketsched.clock import moment
from ketsched.entries import booking_meant, read_move
from ketsched.errors import InvalidInput
from ketsched.holds import decide, hold, release
from ketsched.model import (
    Anchor,
    BookingStatus,
    Companion,
    Course,
    Decision,
    Interval,
    PlacedCompanion,
    Spacing,
    Visit,
    Window,
)
from ketsched.planning import appointments, plan
from ketsched.tracking import book, booking, cancel, choices, confirm, move, moving, record, replan, undo
from making import EVERY_DAY, ZONE, boosters, clinic, jan, morning, named, protocol, twice_weekly, visits

WEEK = clinic(*EVERY_DAY, chairs=2)
REVIEW = Companion(
    id="review",
    kind="appointment",
    topic="review",
    title="Review",
    minutes=60,
    place="telephone",
    anchor=Anchor(session=3),
    window=Window(earliest=1, recommended=2, latest=5),
)
SCREENING = attrs.evolve(
    REVIEW,
    id="screening",
    topic="screening",
    title="Screening",
    anchor=Anchor(edge="start"),
    window=Window(earliest=-7, recommended=-4, latest=-1),
    gate=True,
)


def planned(*companions: Companion) -> Course:
    """Six sessions on 4, 7, 11, 14, 18 and 21 January, and two boosters; the review on Wednesday 13 January."""
    phases = twice_weekly(6), boosters(2, every=(), weekdays=(0,), weeks=None)
    prescribed = protocol(*phases[:1], companions=companions)
    return plan(prescribed, start=jan(4), calendar=WEEK, at=datetime(2026, 12, 20, 9, tzinfo=UTC))


def placed(course: Course, name: str) -> PlacedCompanion:
    return next(one for one in course.companions if one.id == name)


def refused(*given, **options) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        move(*given, calendar=WEEK, **options)
    return caught.value


# -- sessions


def test_a_session_takes_another_hour_of_its_day():
    after = move(planned(), "s4", hour=time(14), calendar=WEEK, at=morning(5))
    four = named(after, "s4")
    assert (four.day, four.time, four.pinned) == (jan(14), time(14), True)
    assert [s.time for s in after.sessions if s.id != "s4"] == [time(9)] * 5
    assert [(c.booking, c.kind, c.why) for c in after.changes] == [("s4", "moved", "moved by hand")]
    assert replan(after, calendar=WEEK, at=morning(6)) == after


def test_a_session_takes_another_day_and_hour():
    after = move(planned(), "s4", jan(15), hour=time(14), calendar=WEEK, at=morning(5))
    assert (named(after, "s4").day, named(after, "s4").time) == (jan(15), time(14))


def test_a_session_takes_another_day_and_hour_and_others_move():
    before = planned()
    assert "1 day before infusion 5" in refused(before, "s4", jan(17), hour=time(14), at=morning(5)).why
    after = move(before, "s4", jan(17), hour=time(14), calendar=WEEK, at=morning(5), others=True)
    assert (named(after, "s4").day, named(after, "s4").time) == (jan(17), time(14))
    assert all((b.day - a.day).days >= 2 for a, b in zip(after.sessions, after.sessions[1:], strict=False))


def test_a_session_takes_another_chair():
    after = move(planned(), "s4", unit=2, calendar=WEEK, at=morning(5))
    assert (named(after, "s4").chair, named(after, "s4").time) == (2, time(9))
    refused(planned(), "s4", unit=3, at=morning(5))


@pytest.mark.parametrize(
    ("day", "hour", "words"),
    [
        (14, time(16, 15), "it would last until 17:15, beyond the clinic's hours (09:00-17:00)"),
        (14, time(8), "outside the clinic's hours (09:00-17:00)"),
        (3, None, "is over"),
        (4, time(9), "notice"),
    ],
)
def test_where_a_session_cannot_be(day, hour, words):
    assert words in refused(planned(), "s4", jan(day), hour=hour, at=morning(4)).why


def test_a_move_that_changes_nothing_is_the_same_course():
    course = planned()
    assert move(course, "s4", jan(14), hour=time(9), calendar=WEEK, at=morning(5)) is course
    assert move(course, "s4", calendar=WEEK, at=morning(5)) is course


# The clinic's clock shows 09:00 on Monday 4 January, the session of that day starts at 09:00.
@pytest.mark.parametrize(("hour", "can"), [(time(8, 45), False), (time(9, 15), True), (time(16), True)])
def test_a_session_of_today_may_take_a_later_hour(hour, can):
    if not can:
        refused(planned(), "s1", hour=hour, at=morning(4))
        return
    after = move(planned(), "s1", hour=hour, calendar=WEEK, at=morning(4))
    assert named(after, "s1").time == hour


def test_a_session_of_today_may_take_a_later_day():
    after = move(planned(), "s1", jan(5), calendar=WEEK, at=morning(4))
    assert (named(after, "s1").day, named(after, "s2").day) == (jan(5), jan(7))


@pytest.mark.parametrize(("day", "can"), [(4, False), (5, True), (6, True)])
def test_notice_does_not_bind_a_later_day_that_is_chosen_by_hand(day, can):
    """With 3 days of notice nothing new is placed before Thursday the 7th; s1 is on Monday, today."""
    course, noon = planned(), datetime(2027, 1, 4, 12, tzinfo=UTC)
    if can:
        alone = moving(course, "s1", jan(day), calendar=WEEK, notice=3, at=noon).alone
        assert alone is not None
        assert named(alone, "s1").day == jan(day)
    else:
        refused(course, "s1", jan(day), hour=time(10), notice=3, at=noon)


def test_an_hour_that_breaks_a_rule_in_hours_is_said():
    """At least 72 hours from start to start: 14 January at 09:00 and the 11th at 09:00 are just that."""
    spaced = protocol(twice_weekly(6, Spacing(minimum_hours=72)))
    course = plan(spaced, start=jan(4), calendar=WEEK, at=datetime(2026, 12, 20, 9, tzinfo=UTC))
    assert moving(course, "s4", hour=time(9), calendar=WEEK, at=morning(5)).breaks == ()
    (broken,) = moving(course, "s3", hour=time(9, 15), calendar=WEEK, at=morning(5)).breaks
    assert broken == "Mon 2027-01-11 at 09:15: at least 72 hours from start to start"


# -- appointments


def test_an_appointment_takes_another_day_and_hour():
    course = planned(REVIEW)
    assert placed(course, "review:session3").day == jan(13)
    after = move(course, "review:session3", jan(15), hour=time(14), calendar=WEEK, at=morning(5))
    now = placed(after, "review:session3")
    assert (now.day, now.time, now.pinned) == (jan(15), time(14), True)
    assert [(c.booking, c.kind, c.why) for c in after.changes] == [
        ("review:session3", "moved", "moved by hand")
    ]
    assert after.sessions == course.sessions
    # It stays there, also when all is planned again, until it cannot.
    assert replan(after, calendar=WEEK, at=morning(6)) == after
    closed = WEEK.without([jan(15)])
    assert placed(appointments(after, calendar=closed, at=morning(6)), "review:session3").day != jan(15)


def test_an_appointment_keeps_its_hour_where_that_is_free():
    course = move(planned(REVIEW), "review:session3", hour=time(15, 10), calendar=WEEK, at=morning(5))
    after = move(course, "review:session3", jan(15), calendar=WEEK, at=morning(6))
    assert placed(after, "review:session3").time == time(15, 10)
    # Thursday 14 January has a session from 09:00 to 10:00
    after = move(course, "review:session3", jan(14), calendar=WEEK, at=morning(6))
    assert (placed(after, "review:session3").day, placed(after, "review:session3").time) == (
        jan(14),
        time(15, 10),
    )


# Session 3 is on Monday 11 January: the review may be on the 12th to the 16th.
@pytest.mark.parametrize(("day", "alone"), [(12, False), (16, False), (17, True), (10, True)])
def test_an_appointment_outside_its_window_is_moved_alone_and_found(day, alone):
    course = planned(REVIEW)
    found = moving(course, "review:session3", jan(day), calendar=WEEK, at=morning(5))
    assert (found.fits is None) is alone
    assert found.alone is not None
    assert placed(found.alone, "review:session3").day == jan(day)
    codes = [f.code for f in check(found.alone, calendar=WEEK, as_of=jan(5)) if f.companions]
    assert codes == (["KS403"] if alone else [])
    if alone:
        assert "protocol has it on 2027-01-12 to 2027-01-16" in found.breaks[0]
        assert replan(found.alone, calendar=WEEK, at=morning(6)) == found.alone


@pytest.mark.parametrize(
    ("day", "hour", "words"),
    [
        (14, time(9, 30), "the patient has the induction session then"),  # from 09:00 to 10:00
        (13, time(16, 15), "it would last until 17:15, beyond the clinic's hours (09:00-17:00)"),
        (4, None, "over"),
        (5, time(8), "over"),
    ],
)
def test_where_an_appointment_cannot_be(day, hour, words):
    error = refused(planned(REVIEW), "review:session3", jan(day), hour=hour, at=morning(5))
    assert words in error.why


def test_what_is_no_appointment_to_come_is_not_moved():
    course = planned(REVIEW, attrs.evolve(REVIEW, id="coil", window=Window(), on_session_days="during"))
    assert "goes with it" in refused(course, "coil:session3", jan(15), at=morning(5)).why
    assert "to come are" in refused(course, "nothing", jan(15), at=morning(5)).why
    outcome = Decision(what="continue", on=jan(1), who="Dr A")
    decided = decide(planned(SCREENING), "screening:start", outcome, at=morning(1))
    assert "none" in refused(decided, "screening:start", jan(3), at=morning(2)).why


def test_a_moved_screening_still_holds_the_sessions_up():
    after = move(planned(SCREENING), "screening:start", jan(2), calendar=WEEK, at=morning(1))
    assert {session.status for session in after.sessions} == {BookingStatus.TENTATIVE}


# -- cancelled


def test_an_appointment_that_was_cancelled_by_hand_stays_off_until_it_is_moved():
    course = planned(REVIEW)
    off = cancel(course, "review:session3", at=morning(5), who="anna")
    assert placed(off, "review:session3").status == "closed"
    assert (off.revisions[-1].what, off.revisions[-1].who) == ("cancelled by hand", "anna")
    assert replan(off, calendar=WEEK, at=morning(6)) == off
    again = move(off, "review:session3", jan(14), hour=time(12), calendar=WEEK, at=morning(7))
    assert (placed(again, "review:session3").status, placed(again, "review:session3").day) == (
        "firm",
        jan(14),
    )


def test_what_decides_about_sessions_is_not_cancelled():
    with pytest.raises(InvalidInput) as caught:
        cancel(planned(SCREENING), "screening:start", at=morning(1))
    assert "without it nobody would" in caught.value.why


def test_a_session_that_is_cancelled_is_recorded_so():
    after = cancel(planned(), "s4", at=morning(5), by="patient")
    assert named(after, "s4").status == "closed"
    assert (after.visits[0].day, after.visits[0].by) == (jan(14), "patient")


def test_a_session_that_was_cancelled_by_mistake_can_be_cancelled_after_all():
    off = cancel(planned(), "s4", at=morning(5), by="patient")
    back = record(off, [Visit(jan(14), "withdrawn", corrects="v1")], at=morning(6))
    again = cancel(back, "s4", at=morning(7), by="patient")
    assert [named(course, "s4").status for course in (off, back, again)] == ["closed", "firm", "closed"]
    assert (again.visits[-1].status, again.visits[-1].corrects) == ("cancelled", "v2")
    assert cancel(again, "s4", at=morning(8), by="patient") == again


# -- names


def with_boosters() -> Course:
    """Six in January, then boosters on Mondays from the 25th on."""
    phases = twice_weekly(6), boosters(2, every=twice_weekly(2).every, weekdays=(0,))
    prescribed = protocol(*phases, companions=(REVIEW, attrs.evolve(REVIEW, id="late-review")))
    return plan(prescribed, start=jan(4), calendar=WEEK, at=datetime(2026, 12, 20, 9, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("2", "s2"),  # the second of the first series, and not the second booster
        ("4", "s4"),
        ("s4", "s4"),
        ("induction-4", "s4"),
        ("induction 4", "s4"),
        ("2027-01-14", "s4"),
        ("booster-2", "s8"),
        ("boosters-2", "s8"),
        ("maintenance 1", "s7"),
        ("late-review", "late-review:session3"),
        ("review:session3", "review:session3"),
        ("review", "review:session3"),  # the protocol's own name comes before what another is about
    ],
)
def test_a_booking_is_meant_by_its_number_day_name_or_id(text, name):
    assert booking_meant(with_boosters(), text) == name


def test_numbers_are_those_that_the_screen_shows():
    """Number 4 was missed: session s5 is now number 4."""
    course = record(planned(), [*visits(4, 7, 11), *visits(14, status="no-show")], at=morning(14))
    assert booking_meant(course, "4") == "s5"
    assert booking_meant(course, "s5") == "s5"
    with pytest.raises(InvalidInput, match="no booking '6'"):
        booking_meant(course, "6")


def test_what_fits_two_is_asked_back_with_their_days():
    course = planned(attrs.evolve(REVIEW, id="a-review"), attrs.evolve(REVIEW, id="b-review"))
    with pytest.raises(InvalidInput) as caught:
        booking_meant(course, "review")
    assert caught.value.what == "'review' fits 2 bookings"
    assert "2027-01-13 (a-review:session3)" in caught.value.why
    adopted = attrs.evolve(
        planned(), sessions=tuple(attrs.evolve(s, id=str(8 - int(s.id[1:]))) for s in planned().sessions)
    )
    with pytest.raises(InvalidInput, match="'5' fits 2"):
        booking_meant(adopted, "5")  # number 5 has the id 3, and 5 is the id of number 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4=T14:00", ("s4", None, time(14), None)),
        ("4=2027-01-15", ("s4", jan(15), None, None)),
        ("4=2027-01-15T14:00@2", ("s4", jan(15), time(14), 2)),
        ("4=@2", ("s4", None, None, 2)),
        ("review=2027-02-05T14:00", ("review:session3", date(2027, 2, 5), time(14), None)),
    ],
)
def test_a_move_is_written_with_a_day_an_hour_or_a_chair(text, expected):
    assert attrs.astuple(read_move(planned(REVIEW), text)) == expected


@pytest.mark.parametrize("text", ["4", "4=", "=T14:00", "4=14:00", "4=T25:00", "4=T14:00@", "9=T10:00"])
def test_what_is_no_move(text):
    with pytest.raises(InvalidInput):
        read_move(planned(), text)


def test_a_rule_between_numbered_appointments_is_none_between_neighbours():
    """On 6, 13 and 20 January, the third at least 14 days after the first: the second is free of it."""
    talks = attrs.evolve(
        REVIEW,
        id="talk",
        topic="psychotherapy",
        required=True,
        title="Talk",
        anchor=Anchor(session=1),
        window=Window(earliest=2, recommended=2, latest=30),
        count=3,
        every=(Interval(days=7),),
        spacing=(Spacing(between=(1, 3), minimum=14),),
    )
    course = planned(talks)
    days = {one.id: one.day for one in course.companions}
    assert sorted(days.values()) == [jan(6), jan(13), jan(20)]
    second = next(name for name, day in days.items() if day == jan(13))
    third = next(name for name, day in days.items() if day == jan(20))
    at = datetime(2026, 12, 21, 9, tzinfo=UTC)
    assert not moving(course, second, jan(14), calendar=WEEK, at=at).breaks
    assert any("14 days" in said for said in moving(course, third, jan(19), calendar=WEEK, at=at).breaks)


# -- booked and confirmed by hand


def without(course: Course) -> Course:
    """The same course as if its appointments had been added to the protocol later."""
    return attrs.evolve(course, companions=())


def test_an_appointment_without_a_booking_is_booked_by_hand_and_stays():
    course = without(planned(REVIEW))
    after = book(course, "review", jan(15), hour=time(14), calendar=WEEK, at=morning(5), who="anna")
    now = placed(after, "review:session3")
    assert (now.day, now.time, now.status, now.pinned) == (jan(15), time(14), "firm", True)
    assert (now.session, now.revised) == ("s3", (1,))
    assert (after.revisions[-1].what, after.revisions[-1].who) == ("booked by hand", "anna")
    assert [(c.booking, c.kind, c.why) for c in after.changes] == [
        ("review:session3", "added", "booked by hand")
    ]
    assert after.sessions == course.sessions
    assert replan(after, calendar=WEEK, at=morning(6)) == after


def test_an_appointment_that_lost_its_day_is_booked_with_the_id_it_had():
    course = planned(REVIEW)
    off = attrs.evolve(placed(course, "review:session3"), status=BookingStatus.CLOSED)
    lost = attrs.evolve(course, companions=(off,))
    after = book(lost, "review", jan(14), calendar=WEEK, at=morning(5))
    assert [p.id for p in after.companions] == ["review:session3"]
    assert [c.kind for c in after.changes] == ["opened"]
    assert placed(after, "review:session3").time == time(10)  # after the session of that day, 09:00 to 10:00


def test_of_several_that_lack_a_booking_the_nearest_is_meant():
    """A call the day after each session: those of the 4th, 7th, 11th, 14th, 18th and 21st."""
    call = attrs.evolve(
        REVIEW, id="call", anchor=Anchor(every=1), window=Window(earliest=1, recommended=1, latest=2)
    )
    after = book(without(planned(call)), "call", jan(15), calendar=WEEK, at=morning(5))
    assert [(p.id, p.session, p.day) for p in after.companions] == [("call:s4", "s4", jan(15))]
    again = book(after, "call", jan(13), calendar=WEEK, at=morning(6))
    assert {(p.id, p.day) for p in again.companions} == {("call:s3", jan(13)), ("call:s4", jan(15))}


# Session 3 is on Monday 11 January: the review may be on the 12th to the 16th.
@pytest.mark.parametrize(("day", "fits"), [(11, False), (12, True), (16, True), (17, False)])
def test_outside_its_window_an_appointment_is_booked_alone(day, fits):
    found = booking(without(planned(REVIEW)), "review", jan(day), calendar=WEEK, at=morning(5))
    assert (found.fits is not None) is fits
    assert found.alone is not None
    assert placed(found.alone, "review:session3").day == jan(day)
    if not fits:
        assert found.breaks == (f"2027-01-{day}: the protocol has it on 2027-01-12 to 2027-01-16",)


@pytest.mark.parametrize(
    ("calendar", "day", "hour", "words"),
    [
        (WEEK.without([jan(13)], "staff day"), 13, None, "2027-01-13: closed (staff day)"),
        (WEEK, 14, time(9, 30), "2027-01-14 at 09:30: the patient has the induction session then"),
        (WEEK, 13, time(8), "2027-01-13 at 08:00: outside the clinic's hours (09:00-17:00)"),
        (WEEK, 4, None, "2027-01-04 is over"),
        (WEEK, 5, time(14), "with the notice given nothing is moved to before 2027-01-06"),
    ],
)
def test_why_an_appointment_cannot_be_booked_there(calendar, day, hour, words):
    with pytest.raises(InvalidInput) as caught:
        book(without(planned(REVIEW)), "review", jan(day), hour=hour, calendar=calendar, at=morning(5))
    assert caught.value.why == words


def test_what_others_have_booked_is_said_with_whose_it_is():
    with_therapist = attrs.evolve(REVIEW, calendar="therapist")
    taken = attrs.evolve(clinic(*EVERY_DAY, chairs=1, name="therapist"), bookings=(all_of(13),))
    options: dict[str, Any] = {"calendar": WEEK, "calendars": {"therapist": taken}, "at": morning(5)}
    course = without(planned(with_therapist))
    found = booking(course, "review", jan(13), hour=time(10), **options)
    assert found.breaks == ("2027-01-13 at 10:00: therapist is booked by others then",)
    found = booking(course, "review", jan(13), **options)
    assert found.breaks == ("2027-01-13: therapist is booked by others then",)
    away = booking(course, "review", jan(14), away=[jan(14)], **options)
    assert away.breaks == ("2027-01-14: the patient is away",)


def all_of(day: int) -> Occupancy:
    return Occupancy(moment(jan(day), time(9), ZONE), moment(jan(day), time(17), ZONE), 1)


def test_what_cannot_be_booked_by_hand():
    course = planned(REVIEW)
    for name, words in (
        ("review", "move it"),
        ("reviw", "did you mean review?"),
        ("ride", "name one of these"),
    ):
        with pytest.raises(InvalidInput) as caught:
            book(course, name, jan(13), calendar=WEEK, at=morning(5))
        assert words in caught.value.fix


def held() -> Course:
    """Held from Wednesday 6 January on: the review of the 13th waits with session 3."""
    course = hold(planned(REVIEW), reason="blood pressure", who="Dr A", since=jan(6), at=morning(5))
    assert placed(course, "review:session3").status == "tentative"
    return course


def test_an_appointment_is_confirmed_by_hand_whatever_its_session():
    after = confirm(held(), "review:session3", calendar=WEEK, at=morning(6), who="anna")
    assert (placed(after, "review:session3").status, placed(after, "review:session3").pinned) == (
        "firm",
        True,
    )
    assert {s.status for s in after.sessions if s.id != "s1"} == {BookingStatus.TENTATIVE}
    assert [(c.booking, c.kind, c.why) for c in after.changes] == [
        ("review:session3", "changed", "confirmed by hand")
    ]
    assert confirm(after, "review:session3", calendar=WEEK, at=morning(7)) == after
    # It stays so, whatever else is done, until its session is sure and is held again.
    assert replan(after, calendar=WEEK, at=morning(7)) == after
    moved = move(after, "review:session3", jan(15), calendar=WEEK, at=morning(7))
    assert placed(moved, "review:session3").status == "firm"
    more = hold(after, reason="another", who="Dr A", since=jan(6), at=morning(7))
    assert placed(more, "review:session3").status == "firm"
    free = release(after, "h1", who="Dr A", on=jan(7), at=morning(7))
    again = hold(free, reason="again", who="Dr A", since=jan(6), at=morning(8))
    assert placed(again, "review:session3").status == "tentative"


@pytest.mark.parametrize(
    ("course", "name", "calendar", "today", "words"),
    [
        (held(), "review:session3", WEEK.without([jan(13)], "staff day"), 6, "closed (staff day)"),
        (held(), "review:session3", WEEK, 14, "2027-01-13 is over"),
        (cancel(held(), "review:session3", at=morning(6)), "review:session3", WEEK, 7, "off the calendar"),
        (held(), "s3", WEEK, 6, "hold h1 by Dr A: blood pressure"),
    ],
)
def test_why_something_cannot_be_confirmed(course, name, calendar, today, words):
    with pytest.raises(InvalidInput) as caught:
        confirm(course, name, calendar=calendar, at=morning(today))
    assert words in caught.value.why


def test_a_session_that_is_tentative_for_no_known_reason_is_confirmed_by_hand():
    course = planned()
    unsure = attrs.evolve(
        course,
        sessions=tuple(
            attrs.evolve(s, status=BookingStatus.TENTATIVE) if s.id == "s4" else s for s in course.sessions
        ),
    )
    after = confirm(unsure, "s4", calendar=WEEK, at=morning(5))
    assert (named(after, "s4").status, named(after, "s4").pinned) == ("firm", True)


def test_an_appointment_on_another_day_of_the_week_than_its_own():
    course = planned(attrs.evolve(REVIEW, weekdays=(1, 2)))  # Tuesday 12 or Wednesday 13 January
    assert moving(course, "review:session3", jan(12), calendar=WEEK, at=morning(5)).breaks == ()
    found = moving(course, "review:session3", jan(15), calendar=WEEK, at=morning(5))
    assert found.breaks == ("2027-01-15: it is on Tue, Wed only",)


def test_the_day_chosen_by_hand_is_the_one_aimed_at_and_an_hour_changes_none():
    course = planned()
    assert named(move(course, "s3", jan(12), calendar=WEEK, at=morning(5)), "s3").ideal == jan(12)
    assert named(move(course, "s3", hour=time(11), calendar=WEEK, at=morning(5)), "s3").ideal == jan(11)


def test_only_bookings_of_the_same_series_are_near():
    """Reviews on Monday 11 and 18 January, at least 6 days apart, and a call on Wednesday 13."""
    weekly = attrs.evolve(
        REVIEW, window=Window(latest=20), count=2, every=(Interval(days=7),), spacing=(Spacing(minimum=6),)
    )
    course = planned(weekly, attrs.evolve(REVIEW, id="call"))
    _, second = (p for p in course.companions if p.companion == "review")
    assert moving(course, second.id, jan(17), calendar=WEEK, at=morning(5)).breaks == ()
    (said,) = moving(course, second.id, jan(16), calendar=WEEK, at=morning(5)).breaks
    assert said.startswith("5 days after 2027-01-11")


@pytest.mark.parametrize(("number", "free"), [(1, (1,)), (2, (1, 2))])
def test_the_hours_of_a_day_come_with_the_chairs_that_are_free(number, free):
    week = clinic(*EVERY_DAY, chairs=number)
    (day,) = choices(planned(), "s3", [jan(12)], calendar=week, as_of=jan(5), hours=True)
    # an hour each, on the quarter of an hour, from 09:00 to 17:00
    assert [start for start, _ in day.starts] == [time(9 + n // 4, n % 4 * 15) for n in range(29)]
    assert {chairs for _, chairs in day.starts} == {free}


@pytest.mark.parametrize(
    ("given", "fix"),
    [
        ((4,), "name one of these, by its number, its day or its id"),
        ((4, 7, 11, 14, 18, 21), "book one more session"),
    ],
)
def test_what_was_given_is_not_moved_and_what_can_be_is_named(given, fix):
    course = record(planned(), visits(*given), at=morning(given[-1]))
    with pytest.raises(InvalidInput) as refused:
        move(course, "s1", jan(23), calendar=WEEK, at=morning(given[-1]))
    assert refused.value.fix == fix


# Session 4 and the review are on Thursday 14 January, the review from 12:00 to 13:00.
@pytest.mark.parametrize(("hour", "clashes"), [(11, False), (12, True), (13, False)])
def test_a_session_is_not_moved_to_the_hour_of_the_patients_own_appointment(hour, clashes):
    course = move(planned(REVIEW), "review:session3", jan(14), hour=time(12), calendar=WEEK, at=morning(5))
    found = moving(course, "s4", hour=time(hour), calendar=WEEK, at=morning(6))
    assert found.breaks == ((f"Thu 2027-01-14 at {hour}:00: the patient has Review then",) if clashes else ())
    assert (found.fits is None) is clashes


# Two talks at one hour need two therapists; another course has taken one since: of two none is left, of three one.
@pytest.mark.parametrize(("therapists", "can"), [(2, False), (3, True)])
def test_an_undo_leaves_the_courses_other_appointments_whom_they_take(therapists, can):
    talk = attrs.evolve(REVIEW, id="talk", title="Talk", calendar="therapist", required=True)
    meeting = attrs.evolve(talk, id="meeting", title="Meeting", audience="clinic")
    staff = clinic(*EVERY_DAY, chairs=therapists, name="therapist")
    course = plan(
        protocol(twice_weekly(6), companions=(talk, meeting)),
        start=jan(4),
        calendar=WEEK,
        calendars={"therapist": staff},
        at=datetime(2026, 12, 20, 9, tzinfo=UTC),
    )
    assert {(p.day, p.time, p.unit) for p in course.companions} == {
        (jan(13), time(9), 1),
        (jan(13), time(9), 2),
    }
    first = next(p for p in course.companions if p.unit == 1)
    options: dict[str, Any] = {"calendar": WEEK, "calendars": {"therapist": staff}}
    moved = move(course, first.id, jan(15), **options, at=morning(5))
    taken = attrs.evolve(staff, bookings=(all_of(13),))  # the first of them, all day
    again: dict[str, Any] = {"calendar": WEEK, "calendars": {"therapist": taken}, "at": morning(6)}
    if not can:
        with pytest.raises(InvalidInput) as caught:
            undo(moved, **again)
        assert caught.value.what == f"{first.id} cannot be on 2027-01-13 at 09:00 again"
        return
    assert placed(undo(moved, **again), first.id).unit == 3
