"""Where a booking may go is what a move there would say, day by day."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ketsched.errors import KetschedError
from ketsched.model import Anchor, Companion, Course, Spacing, Visit, Window
from ketsched.planning import plan
from ketsched.tracking import choices, move, record
from making import EVERY_DAY, clinic, jan, protocol, twice_weekly

REVIEW = Companion(
    id="review",
    kind="appointment",
    topic="review",
    title="Review",
    minutes=60,
    anchor=Anchor(session=3),
    window=Window(earliest=1, recommended=2, latest=5),
)
SCREENING = attrs.evolve(
    REVIEW,
    id="screening",
    topic="screening",
    anchor=Anchor(edge="start"),
    window=Window(earliest=-7, recommended=-4, latest=-1),
    gate=True,
)
RULES = {
    "gaps": (Spacing(minimum=2, latest=7),),
    "three a week": (Spacing(minimum=1, latest=7), Spacing(apart=3, minimum=7)),
    "hours": (Spacing(minimum=2, latest=7), Spacing(minimum_hours=60)),
}


def prescribed(rules: str, *companions: Companion) -> Course:
    phases = twice_weekly(6, *RULES[rules])
    at = datetime(2026, 12, 20, 9, tzinfo=UTC)
    return plan(protocol(phases, companions=companions), start=jan(4), calendar=clinic(*EVERY_DAY), at=at)


COURSES = {name: prescribed(name, REVIEW, SCREENING) for name in RULES} | {"bare": prescribed("gaps")}


@settings(max_examples=25)
@given(
    st.sampled_from(sorted(COURSES)),
    st.integers(3, 12),
    st.sets(st.integers(5, 24), max_size=4),
    st.sampled_from([(), ("fulfilled",), ("fulfilled", "no-show")]),
    st.integers(1, 3),
    st.data(),
)
def test_a_choice_is_what_a_move_there_would_be(name, today, closed, happened, notice, data):
    calendar = clinic(*EVERY_DAY, chairs=2, closed=[jan(day) for day in closed])
    at = datetime.combine(jan(today), time(0), UTC)
    course = COURSES[name]
    seen = [s for s in course.sessions if s.day < jan(today)]
    told = [Visit(s.day, status) for s, status in zip(seen, happened, strict=False)]
    course = record(course, told, at=at) if told else course
    names = [s.id for s in course.standing() if s.day >= jan(today) and s.status != "fulfilled"]
    names += [p.id for p in course.companions if p.day > jan(today)]
    booking = data.draw(st.sampled_from(sorted(names)))
    days = [jan(data.draw(st.integers(1, 20))) + timedelta(n) for n in range(4)]
    found = choices(course, booking, days, calendar=calendar, as_of=jan(today), notice=notice)
    assert [choice.day for choice in found] == days
    for choice in found:
        assert choice.kind == moved(course, booking, choice.day, calendar=calendar, notice=notice, at=at)
        assert bool(choice.words) is (choice.kind != "alone")
        assert bool(choice.key) is bool(choice.words)


def moved(course, booking, day, **options):
    """What becomes of the move itself."""
    for kind, others in (("alone", False), ("with others", True)):
        try:
            after = move(course, booking, day, others=others, **options)
        except KetschedError:
            continue
        assert after.bookings()[booking].day == day
        return kind
    return "not"


def test_an_appointment_within_the_notice_may_stay_where_it_is():
    """The review is on Thursday 14 January, three days after the third session; today is the 12th."""
    course, at = COURSES["gaps"], datetime(2027, 1, 12, tzinfo=UTC)
    for notice, day, kind in ((3, 14, "alone"), (3, 13, "not"), (1, 13, "alone")):
        calendar = clinic(*EVERY_DAY, chairs=2)
        (choice,) = choices(
            course, "review:session3", [jan(day)], calendar=calendar, as_of=jan(12), notice=notice
        )
        assert choice.kind == kind
        assert moved(course, "review:session3", jan(day), calendar=calendar, notice=notice, at=at) == kind


def test_hours_are_those_at_which_it_can_be_moved():
    calendar = clinic(*EVERY_DAY, chairs=2)
    course, at = COURSES["gaps"], datetime(2027, 1, 5, tzinfo=UTC)
    for booking in ("s4", "review:session3"):
        (day,) = choices(course, booking, [jan(15)], calendar=calendar, as_of=jan(5), hours=True)
        assert day.starts
        can = dict(day.starts)
        for minute in range(8 * 60, 18 * 60, 30):
            hour = time(*divmod(minute, 60))
            if hour in can:
                after = move(course, booking, jan(15), hour=hour, calendar=calendar, at=at)
                assert after.bookings()[booking].time == hour
            else:
                with pytest.raises(KetschedError):
                    move(course, booking, jan(15), hour=hour, calendar=calendar, at=at)
        for hour, units in day.starts[:1]:
            assert units == ((1, 2) if booking == "s4" else (1,))
            assert (
                move(course, booking, jan(15), hour=hour, unit=units[-1], calendar=calendar, at=at) != course
            )


def test_a_choice_as_plain_values():
    (choice,) = choices(
        COURSES["gaps"], "s4", [jan(15)], calendar=clinic(*EVERY_DAY), as_of=jan(5), hours=True
    )
    values = choice.as_dict()
    assert (values["day"], values["kind"], values["key"]) == ("2027-01-15", "alone", "")
    assert values["starts"][0] == {"time": "09:00", "units": [1]}
