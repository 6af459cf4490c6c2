"""What people write, read into values."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import attrs
import pytest

import ketsched as ks
from ketsched.clock import TimeRange
from ketsched.entries import (
    Move,
    booking_named,
    check_calendars,
    check_entry,
    event_named,
    read_dates,
    read_moment,
    read_move,
    read_start,
    read_status,
    read_visit,
    read_week,
    read_weekday_span,
    session_named,
    with_session,
)
from ketsched.errors import InvalidInput, KetschedError
from ketsched.model import VisitStatus
from ketsched.tracking.proposing import read_ways


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("mon-fri", [0, 1, 2, 3, 4]),
        ("sat-mon", [0, 5, 6]),
        ("mon,thu", [0, 3]),
        ("Mon, Wed-Thu", [0, 2, 3]),
        ("monday–wednesday", [0, 1, 2]),
        ("daily", [0, 1, 2, 3, 4, 5, 6]),
        ("tue", [1]),
    ],
)
def test_weekdays_are_named_as_people_name_them(text, days):
    assert read_weekday_span(text) == days


def test_weekly_hours_may_be_given_in_parts():
    morning, day = TimeRange(540, 720), TimeRange(540, 1020)
    expected = ((morning, TimeRange(780, 1020)), (), (day,), (), (), (morning,), ())
    assert read_week(["mon,wed 09:00-17:00", "sat 9:00-12:00; mon 09:00-12:00, 13:00-17:00"]) == expected


@pytest.mark.parametrize("text", ["", "09:00-17:00", "mon", "mon 25:00-26:00", "someday 09:00-17:00"])
def test_what_are_no_weekly_hours_is_refused(text):
    with pytest.raises(KetschedError):
        read_week([text])


def test_a_stretch_has_both_its_ends():
    days = [date(2027, 12, 30), date(2027, 12, 31), date(2028, 1, 1)]
    assert read_dates("2027-12-30..2028-01-01") == days
    assert read_dates("2027-12-30") == days[:1]
    assert read_start("2027-12-30..2028-01-01") == (days[0], days[-1])
    assert read_start("2027-12-30") == days[0]
    with pytest.raises(InvalidInput, match="ends before it begins") as error:
        read_dates("2028-01-01..2027-12-30")
    assert error.value.fix == "write 2027-12-30..2028-01-01"


def test_a_moment_says_how_far_it_is_from_utc():
    assert read_moment("2027-01-04T09:00:00Z") == datetime(2027, 1, 4, 9, tzinfo=UTC)
    assert read_moment("2027-01-04T09:00:00-05:00") == datetime(2027, 1, 4, 14, tzinfo=UTC)
    for text in ("2027-01-04T09:00:00", "2027-01-04", "now"):
        with pytest.raises(InvalidInput, match="is not a moment"):
            read_moment(text)


def test_a_visit_is_a_day_and_what_became_of_it():
    assert read_visit("2027-01-14 no-show") == ks.Visit(date(2027, 1, 14), "no-show")
    assert read_status(" Stopped-Early ") is VisitStatus.STOPPED_EARLY
    assert (read_status("given"), read_status("Missed")) == (VisitStatus.FULFILLED, VisitStatus.NO_SHOW)
    for text in ("2027-01-14", "2027-01-14 gone", "no-show"):
        with pytest.raises(KetschedError):
            read_visit(text)


def test_a_session_is_meant_by_its_id_or_by_its_day(reference_course):
    first, second, *_ = reference_course.standing()
    assert session_named(reference_course, first.id) == first.id
    assert session_named(reference_course, str(second.day)) == second.id
    with pytest.raises(InvalidInput, match="There is no session 's99'"):
        session_named(reference_course, "s99")


def test_an_appointment_is_meant_by_its_id_what_it_is_or_its_day(reference_course):
    gates = {companion.id for companion in reference_course.protocol.companions if companion.gate}
    standing = [placed for placed in reference_course.companions if placed.status.stands]
    for placed in standing:
        decides = placed.companion in gates
        assert booking_named(reference_course, placed.id, deciding=decides) == placed.id
        with pytest.raises(InvalidInput):
            booking_named(reference_course, placed.id, deciding=not decides)
        for text in (placed.companion, str(placed.day)):
            alike = [
                p for p in standing if text in (p.companion, str(p.day)) and (p.companion in gates) is decides
            ]
            if len(alike) == 1:
                assert booking_named(reference_course, text, deciding=decides) == placed.id


def test_an_event_is_meant_by_its_uid_its_booking_or_the_day_of_a_session(reference_course):
    uid = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
    placed, session = reference_course.companions[0], reference_course.standing()[1]
    for text, name in (
        (uid, uid),
        (placed.id, placed.id),
        (session.id, session.id),
        (str(session.day), session.id),
    ):
        assert event_named(reference_course, text) == name
    with pytest.raises(InvalidInput, match="There is no session 'other'"):
        event_named(reference_course, "other")


def test_what_did_not_take_place_is_of_a_day_with_a_session(reference_course):
    day = reference_course.standing()[0].day
    free = next(
        d
        for n in range(1, 9)
        if (d := date.fromordinal(day.toordinal() + n))
        not in {session.day for session in reference_course.sessions}
    )
    assert with_session(reference_course, ks.Visit(day, "no-show")) == ks.Visit(day, "no-show")
    assert with_session(reference_course, ks.Visit(free)) == ks.Visit(free)
    with pytest.raises(InvalidInput, match="There is no session"):
        with_session(reference_course, ks.Visit(free, "no-show"))


def test_a_second_entry_of_a_day_says_that_it_is_one(reference_course):
    day = reference_course.standing()[0].day
    known = attrs.evolve(reference_course, visits=(ks.Visit(day, id="v1", who="Dr A"),))
    for visit in (
        ks.Visit(day),  # the same once more
        ks.Visit(day, "no-show", corrects="v1"),
        ks.Visit(day, "no-show", session=reference_course.standing()[0].id),
        ks.Visit(day, route="im", at=time(15)),
        ks.Visit(date.fromordinal(day.toordinal() + 1), "no-show"),
    ):
        assert check_entry(known, visit) is visit
    with pytest.raises(InvalidInput, match=rf"{day} is already recorded as given \(v1\)"):
        check_entry(known, ks.Visit(day, "no-show"))
    withdrawn = ks.Visit(day, "withdrawn", id="v2", corrects="v1")
    again = attrs.evolve(known, visits=(*known.visits, withdrawn))
    assert check_entry(again, ks.Visit(day, "no-show")) == ks.Visit(day, "no-show")


def test_an_entry_that_was_taken_back_is_corrected_rather_than_given_again(reference_course):
    """Given again it would be taken as the first one, and its session would stand as if nothing had been said."""
    day = reference_course.standing()[0].day
    said, back = ks.Visit(day, id="v1", who="Dr A"), ks.Visit(day, "withdrawn", id="v2", corrects="v1")
    withdrawn = attrs.evolve(reference_course, visits=(said, back))
    with pytest.raises(InvalidInput, match=f"v1 said that of {day}, and v2 took it back") as error:
        check_entry(withdrawn, ks.Visit(day))
    assert 'corrects="v2"' in error.value.fix
    after_all = ks.Visit(day, id="v3", corrects="v2")
    assert check_entry(withdrawn, after_all) is after_all
    recorded = attrs.evolve(withdrawn, visits=(said, back, after_all))
    assert check_entry(recorded, ks.Visit(day)) == ks.Visit(day)  # the same once more
    assert check_entry(withdrawn, ks.Visit(day, "no-show")) == ks.Visit(day, "no-show")


def test_an_entry_corrects_one_that_is_there(reference_course):
    day = reference_course.standing()[0].day
    bare = attrs.evolve(reference_course, visits=())
    for course, known in (
        (bare, "none yet"),
        (attrs.evolve(bare, visits=(ks.Visit(day, id="v1"),)), f"v1 ({day})"),
    ):
        with pytest.raises(InvalidInput, match="there is no entry 'v9'") as error:
            check_entry(course, ks.Visit(day, "no-show", corrects="v9"))
        assert error.value.why == f"entries are {known}"


def test_those_whom_appointments_need_have_their_hours(reference_course):
    placed = (reference_course.protocol.companion(p.companion) for p in reference_course.companions)
    needed = {companion.calendar for companion in placed} - {""}
    hours = {name: ks.Calendar.weekly("Europe/Amsterdam", mon="09:00-12:00", name=name) for name in needed}
    check_calendars(reference_course, hours)
    for name in needed:
        with pytest.raises(InvalidInput, match=f"the calendar of {name} is missing"):
            check_calendars(reference_course, {other: hours[other] for other in needed - {name}})


def test_a_way_is_for_all_phases_or_for_one_each():
    protocol = ks.load_protocol("generic-induction")
    first, last = (phase.name for phase in protocol.phases)
    assert read_ways([], protocol) == {}
    assert read_ways(["at-the-end"], protocol) == {"policy": "keep", "lost": "keep"}
    assert read_ways(["prefer"], protocol) == {"prefer": True}
    assert read_ways([f"{first}=fit-in", f" {last} = at-the-end"], protocol) == {
        "policy": {first: "make-up", last: "keep"}
    }
    several = ["at-the-end", f"{first}=leave-out"], ["at-the-end", "leave-out"]
    for texts in (["later"], ["keep"], ["other=at-the-end"], [f"{first}="], [f"{first}=prefer"], *several):
        with pytest.raises(InvalidInput):
            read_ways(texts, protocol)


def test_a_move_names_a_session_and_its_new_day(reference_course):
    session, day = reference_course.standing()[1], date(2027, 1, 20)
    assert read_move(reference_course, f"{session.id}={day}") == Move(session.id, day)
    assert read_move(reference_course, f"{session.day} = {day}") == Move(session.id, day)
    for text in (session.id, f"{session.id}=", f"={day}", f"s99={day}", f"{session.id}=soon"):
        with pytest.raises(KetschedError):
            read_move(reference_course, text)
