"""Hours for days that are placed: the nearest start, rules in hours, clock changes, chairs."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import attrs
import pytest

from ketsched.calendars import Calendar
from ketsched.chairs import Occupancy
from ketsched.hours import Hours, SeatNeed
from ketsched.planning import seating
from ketsched.planning.rules import HourRule
from ketsched.planning.seating import NoStart, Seat, Seating

NEW_YORK = "America/New_York"
MON, TUE, WED = (date(2027, 1, day) for day in (4, 5, 6))


def seat(days, minutes, calendar, *, preferred=None, wishes=None, rules=()):
    """Seat new sessions that are all at one place."""
    sessions = Seating(
        days=days,
        needs=[SeatNeed("clinic", n) for n in minutes],
        places=range(len(days)),
        bookings=[None] * len(days),
        rules=rules,
    )
    return seating.seat(sessions, Hours(calendar, wishes=wishes, time=preferred))


def calendar(zone="UTC", chairs=None, **hours):
    return attrs.evolve(Calendar.weekly(zone, **hours), chairs=chairs)


def rule(hours, earlier=0, later=1):
    return HourRule(earlier, later, hours * 60, f"{hours} h", f"{hours}")


def starts_of(seats):
    return [f"{one.time:%H:%M}" for one in seats]


def test_without_a_preferred_time_the_earliest_that_most_days_have():
    week = calendar(mon="08:00-12:00", tue="10:00-12:00", wed="09:00-12:00")
    assert starts_of(seat([MON, TUE, WED], [60] * 3, week)) == ["10:00"] * 3
    # two of three days have 13:00, no start is on all three
    split = calendar(mon="08:00-09:00, 13:00-14:00", tue="13:00-14:00", wed="10:00-11:00")
    assert starts_of(seat([MON, TUE, WED], [60] * 3, split)) == ["13:00", "13:00", "10:00"]


def test_of_starts_that_as_many_days_have_the_earlier():
    split = calendar(mon="08:00-09:00", tue="10:00-11:00")
    # both exist on one day; nearest to 08:00 on Tuesday is 10:00
    assert starts_of(seat([MON, TUE], [60] * 2, split)) == ["08:00", "10:00"]


def test_starts_lie_on_the_quarter_of_an_hour():
    week = calendar(mon="08:05-10:00")
    assert starts_of(seat([MON], [60], week, preferred=time(8, 5))) == ["08:15"]
    assert starts_of(seat([MON], [60], week, preferred=time(9, 5))) == ["09:00"]


def test_lengths_may_differ():
    week = calendar(mon="09:00-12:00", tue="09:00-12:00")
    assert starts_of(seat([MON, TUE], [180, 30], week, preferred=time(11))) == ["09:00", "11:00"]


def test_wished_hours_come_before_near_ones():
    week = calendar(mon="09:00-20:00", tue="17:00-20:00")
    wishes = calendar(mon="00:00-12:00", tue="00:00-12:00")
    found = seat([MON, TUE], [60] * 2, week, preferred=time(18), wishes=wishes)
    assert starts_of(found) == ["11:00", "18:00"]


def test_a_rule_in_hours_moves_the_first_only_as_far_as_the_second_needs():
    # 24 h: the second can start at 10:00 at the latest, so the first can not be at 12:00 as preferred
    week = calendar(mon="08:00-13:00", tue="08:00-11:00")
    found = seat([MON, TUE], [60] * 2, week, preferred=time(12), rules=[rule(24)])
    assert starts_of(found) == ["10:00", "10:00"]


def test_a_rule_in_hours_over_two_places():
    week = calendar(mon="08:00-10:00", tue="08:00-10:00", wed="08:00-10:00")
    free = seat([MON, TUE, WED], [60] * 3, week, preferred=time(9))
    assert starts_of(free) == ["09:00"] * 3
    far = seat([MON, TUE, WED], [60] * 3, week, preferred=time(9), rules=[rule(49, 0, 2)])
    assert starts_of(far) == ["08:00", "09:00", "09:00"]


def test_a_rule_in_hours_that_cannot_be_kept_is_named():
    week = calendar(mon="08:00-10:00", tue="08:00-10:00")
    with pytest.raises(NoStart) as none:
        seat([MON, TUE], [60] * 2, week, rules=[rule(20), rule(26)])
    assert (none.value.at, none.value.rule) == (1, rule(26))
    assert starts_of(seat([MON, TUE], [60] * 2, week, rules=[rule(25)])) == ["08:00", "09:00"]


@pytest.mark.parametrize(
    ("first", "hours", "expected"),
    [
        # 13 to 14 March 2027 has 23 hours from noon to noon, 6 to 7 November 25
        (date(2027, 3, 13), 23, "12:00"),
        (date(2027, 3, 13), 24, "13:00"),
        (date(2027, 11, 6), 25, "12:00"),
        (date(2027, 11, 6), 26, "13:00"),
    ],
)
def test_hours_are_counted_on_instants(first, hours, expected):
    weekend = calendar(NEW_YORK, sat="12:00-13:00", sun="11:00-18:00")
    days = [first, date.fromordinal(first.toordinal() + 1)]
    found = seat(days, [60] * 2, weekend, preferred=time(12), rules=[rule(hours)])
    assert starts_of(found) == ["12:00", expected]


def test_the_hour_that_is_skipped_or_repeated_is_not_offered():
    nights = calendar(NEW_YORK, sun="00:00-04:00")
    spring, autumn = date(2027, 3, 14), date(2027, 11, 7)
    for clock in range(60, 180, 15):
        found = seat([spring, autumn], [15, 15], nights, preferred=time(clock // 60, clock % 60))
        assert not time(2) <= found[0].time < time(3)
        assert not time(1) <= found[1].time < time(2)


def test_a_session_over_a_clock_change_takes_elapsed_time():
    # from 00:30 to 03:30 are two hours on 14 March and four on 7 November
    nights = calendar(NEW_YORK, sun="00:30-03:30")
    assert starts_of(seat([date(2027, 3, 14)], [120], nights)) == ["00:30"]
    assert starts_of(seat([date(2027, 11, 7)], [240], nights)) == ["00:30"]


def booking(chair, *hours):
    start, end = (datetime(2027, 1, 4, hour, tzinfo=UTC) for hour in hours)
    return Occupancy(start, end, chair)


@pytest.mark.parametrize(
    ("bookings", "expected"),
    [
        ((), ("09:00", 1)),
        ((booking(1, 8, 10),), ("09:00", 2)),
        ((booking(2, 8, 10),), ("09:00", 1)),
        ((booking(1, 8, 10), booking(2, 9, 10)), ("08:00", 2)),
        ((booking(1, 8, 10), booking(None, 9, 12)), ("08:00", 2)),
        ((booking(1, 8, 12), booking(2, 8, 10)), ("10:00", 2)),
        # half-open: free from the moment at which the other ends, and until the next begins
        ((booking(1, 8, 9), booking(2, 8, 9), booking(1, 10, 12)), ("09:00", 1)),
    ],
)
def test_the_lowest_chair_that_is_free_throughout(bookings, expected):
    week = attrs.evolve(calendar(chairs=2, mon="08:00-12:00"), bookings=bookings)
    clock, chair = expected
    assert seat([MON], [60], week, preferred=time(9)) == [Seat(time.fromisoformat(clock), chair)]


def test_without_chairs_to_count_none_is_given():
    assert seat([MON], [60], calendar(mon="08:00-12:00")) == [Seat(time(8), None)]
