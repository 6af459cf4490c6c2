"""Hours, starts and chairs, against every zone's clocks."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import making
from ketsched.calendars import Calendar
from ketsched.chairs import Occupancy
from ketsched.clock import TimeRange, changes_clocks, choices, elapsed, later, minute_of, moment, time_of
from ketsched.closures import Opening, days_between
from ketsched.errors import InvalidInput, InvalidTime, KetschedError
from strategies.calendars import calendars, weeks
from strategies.values import near_changes

NY = "America/New_York"
NINE_TO_FIVE: dict[str, Any] = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00")


def clocks(starts):
    return [f"{at:%H:%M}" for at in starts]


def booking(day, begin, end, chair=None, zone=NY):
    """A course of one session, as `booked` takes it."""
    span = TimeRange.parse(f"{begin}-{end}")[0]
    start = moment(day, time_of(span.start), zone)
    finish = later(start, timedelta(minutes=span.end - span.start))
    return SimpleNamespace(occupied=lambda: [(start, finish, chair)])


def test_starts_lie_on_the_grid_and_end_within_the_hours(clinic):
    day = date(2027, 1, 5)
    calendar = clinic.opening(day, "09:05-11:00, 13:00-14:00")
    assert clocks(calendar.starts(day, 60)) == ["09:15", "09:30", "09:45", "10:00", "13:00"]
    assert clocks(calendar.starts(day, 60, grid=20)) == ["09:20", "09:40", "10:00", "13:00"]
    assert clocks(calendar.starts(day, 115, grid=5)) == ["09:05"]
    assert calendar.starts(day, 116, grid=5) == []
    assert not calendar.is_open(day, 116, grid=5)


def test_a_session_may_run_past_midnight_where_both_days_are_open():
    calendar = Calendar.weekly("UTC", fri="22:00-24:00", sat="00:00-01:00, 12:00-13:00", sun="00:00-01:00")
    friday, saturday = date(2027, 1, 1), date(2027, 1, 2)
    assert clocks(calendar.starts(friday, 90, grid=30)) == ["22:00", "22:30", "23:00", "23:30"]
    assert calendar.starts(friday, 181, grid=30) == []
    assert calendar.starts(friday, 180, grid=30) == [time(22)]
    assert calendar.starts(saturday, 61, grid=30) == [], "Saturday closes before midnight"
    assert clocks(calendar.starts(saturday, 60, grid=30)) == ["00:00", "12:00"]
    assert calendar.without([saturday]).starts(friday, 121) == []
    assert clocks(calendar.without([saturday]).starts(friday, 120)) == ["22:00"]


@pytest.mark.parametrize(("minutes", "grid"), [(0, 15), (-5, 15), (60, 0), (60, -1)])
def test_a_start_needs_a_length_and_a_grid(clinic, minutes, grid):
    for ask in (clinic.starts, clinic.is_open):
        with pytest.raises(InvalidInput, match="on a grid of"):
            ask(date(2027, 1, 4), minutes, grid=grid)


@pytest.mark.parametrize("day", [date.min, date(9999, 12, 31), date(1969, 12, 31)])
def test_days_far_off_are_refused(day):
    with pytest.raises(InvalidInput, match="not a day to plan on"):
        Calendar.always("Asia/Tokyo").starts(day, 60)


def test_clocks_forward_shorten_the_day():
    night = Calendar.weekly(NY, sun="01:00-04:00")
    day = date(2027, 3, 14)  # 02:00 becomes 03:00
    assert clocks(night.starts(day, 120, grid=30)) == ["01:00"]
    assert clocks(night.starts(day, 30, grid=30)) == ["01:00", "01:30", "03:00", "03:30"]
    assert night.starts(day, 121, grid=30) == []


def test_clocks_back_lengthen_the_day():
    night = Calendar.weekly(NY, sun="00:00-03:00")
    day = date(2027, 11, 7)  # 02:00 becomes 01:00
    assert clocks(night.starts(day, 240, grid=30)) == ["00:00"]
    assert clocks(night.starts(day, 30, grid=30)) == ["00:00", "00:30", "02:00", "02:30"]


def test_hours_that_end_within_a_repeated_hour_end_at_its_first_time():
    """Open until 01:30: the clocks go from 02:00 back to 01:00, and 01:00 to 01:30 comes again by itself."""
    night = Calendar.weekly(NY, sun="00:00-01:30")
    assert clocks(night.starts(date(2027, 11, 7), 90, grid=30)) == ["00:00"]
    assert night.starts(date(2027, 11, 7), 91) == []


def test_lord_howe_changes_by_half_an_hour():
    island = Calendar.weekly("Australia/Lord_Howe", sun="01:00-04:00")
    assert clocks(island.starts(date(2027, 10, 3), 150, grid=30)) == ["01:00"]
    assert clocks(island.starts(date(2027, 10, 3), 30, grid=30)) == [
        "01:00",
        "01:30",
        "02:30",
        "03:00",
        "03:30",
    ]
    assert clocks(island.starts(date(2027, 4, 4), 210, grid=30)) == ["01:00"]
    assert clocks(island.starts(date(2027, 4, 4), 30, grid=30)) == [
        "01:00",
        "02:00",
        "02:30",
        "03:00",
        "03:30",
    ]


@pytest.mark.parametrize(
    ("zone", "day"), [("Pacific/Apia", date(2011, 12, 30)), ("Pacific/Kwajalein", date(1993, 8, 21))]
)
def test_a_day_that_is_left_out_has_no_starts(zone, day):
    calendar = Calendar.always(zone)
    assert calendar.starts(day, 60) == []
    assert not calendar.is_open(day, 60)
    assert time(23, 30) in calendar.starts(day - timedelta(1), 60), "its eve runs on into the day after"


@pytest.mark.parametrize(
    ("zone", "day", "starts"),
    [
        ("Asia/Beirut", date(2022, 3, 27), ["01:00", "01:30", "02:00"]),
        ("America/Havana", date(2024, 11, 3), ["01:00", "01:30", "02:00"]),
        ("America/Asuncion", date(2023, 10, 1), ["01:00", "01:30", "02:00"]),
    ],
)
def test_midnight_may_be_skipped_or_repeated(zone, day, starts):
    calendar = Calendar.always(zone).opening(day, "00:00-02:30")
    assert clocks(calendar.starts(day, 30, grid=30)) == starts


def shows_open(calendar, at):
    """Whether a calendar is open at a moment, read off its clocks and nothing else."""
    for part in calendar.parts():
        local = at.astimezone(moment(date(2027, 1, 4), time(12), part.zone).tzinfo)
        minute = minute_of(local.time())
        if not any(span.start <= minute < span.end for span in part.hours[local.weekday()]):
            return False
    return True


@settings(deadline=None, max_examples=80)
@given(near_changes(), weeks, st.sampled_from([10, 60, 95, 240]), st.sampled_from([15, 30, 7]))
def test_every_start_exists_once_and_ends_within_the_hours(where, week, minutes, grid):
    """The law of starts, in every zone: offered if and only if it can be, minute by minute."""
    zone, day = where
    calendar = Calendar(zone, tuple(TimeRange.parse(text) for text in week))
    starts = calendar.starts(day, minutes, grid=grid)
    assert calendar.is_open(day, minutes, grid=grid) is bool(starts)
    assert starts == sorted(set(starts))
    step = 1 if grid == 7 else 5  # hours are quarters, and so are the other grids
    for minute in range(0, 1440, grid):
        found = choices(day, time_of(minute), zone)
        assert (time_of(minute) in starts) is (
            len(found) == 1
            and all(
                shows_open(calendar, later(found[0], timedelta(minutes=n))) for n in range(0, minutes, step)
            )
        )
    for at in starts:
        begin = moment(day, at, zone)
        end = later(begin, timedelta(minutes=minutes))
        assert elapsed(begin, end) == timedelta(minutes=minutes)
        assert calendar.is_open_throughout(begin, end)


# -- both can


def test_a_patient_in_los_angeles_and_a_clinic_in_new_york(clinic):
    patient = Calendar.weekly("America/Los_Angeles", mon="08:00-12:00", sun="09:00-12:00", name="the patient")
    both = clinic & patient
    assert both.zone == NY
    assert both.ranges(date(2027, 1, 4)) == TimeRange.parse("11:00-15:00")
    assert (patient & clinic).ranges(date(2027, 1, 4)) == TimeRange.parse("08:00-12:00")
    assert both.ranges(date(2027, 1, 3)) == ()
    assert clocks(both.starts(date(2027, 1, 4), 210)) == ["11:00", "11:15", "11:30"]
    # Both change clocks on the same Sunday, three hours apart; Monday is as before.
    assert both.ranges(date(2027, 3, 15)) == TimeRange.parse("11:00-15:00")
    # Between 02:00 in New York and 02:00 in Los Angeles the two are four hours apart.
    night = Calendar.always("America/Los_Angeles").opening(date(2027, 3, 14), "00:30-01:30")
    assert (Calendar.always(NY) & night).ranges(date(2027, 3, 14)) == TimeRange.parse(
        "00:00-02:00, 03:00-04:00, 04:30-05:30"
    )


def test_zones_that_change_clocks_in_other_weeks():
    """Between 14 and 28 March 2027 New York is 4 hours behind London, else 5."""
    london = making.clinic("mon", "tue", hours="14:00-18:00", zone="Europe/London")
    both = Calendar.weekly(NY, **NINE_TO_FIVE) & london
    assert both.ranges(date(2027, 3, 8)) == TimeRange.parse("09:00-13:00")
    assert both.ranges(date(2027, 3, 15)) == TimeRange.parse("10:00-14:00")
    assert both.ranges(date(2027, 3, 29)) == TimeRange.parse("09:00-13:00")


def test_across_the_date_line():
    """09:00 to 17:00 on a Monday in Auckland is a Sunday in Honolulu: 23 hours apart in January."""
    auckland = Calendar.weekly("Pacific/Auckland", mon="09:00-17:00")
    honolulu = Calendar.always("Pacific/Honolulu")
    assert (honolulu & auckland).ranges(date(2027, 1, 3)) == TimeRange.parse("10:00-18:00")
    assert (honolulu & auckland).ranges(date(2027, 1, 4)) == ()
    assert (auckland & honolulu.without([date(2027, 1, 3)])).ranges(date(2027, 1, 4)) == ()
    kiritimati = Calendar.weekly("Pacific/Kiritimati", mon="09:00-17:00")
    assert (Calendar.always("Pacific/Niue") & kiritimati).ranges(date(2027, 1, 3)) == TimeRange.parse(
        "08:00-16:00"
    )


def test_hours_that_cross_the_other_zones_midnight():
    """London 09:00 to 17:00 is 22:00 to 06:00 in Auckland: one span on either side of midnight."""
    london = Calendar.weekly("Europe/London", **NINE_TO_FIVE)
    there = Calendar.always("Pacific/Auckland") & london
    assert there.ranges(date(2027, 1, 5)) == TimeRange.parse("00:00-06:00, 22:00-24:00")
    assert clocks(there.starts(date(2027, 1, 5), 8 * 60)) == ["22:00"]
    assert clocks(there.starts(date(2027, 1, 9), 60, grid=60)) == [
        "00:00",
        "01:00",
        "02:00",
        "03:00",
        "04:00",
        "05:00",
    ]


def all_starts(calendar, around, minutes):
    """Moments of all starts on three days, by the calendar's own clock."""
    days = (around + timedelta(n) for n in (-1, 0, 1))
    return {
        moment(day, at, calendar.zone).astimezone(UTC) for day in days for at in calendar.starts(day, minutes)
    }


@settings(deadline=None, max_examples=30)
@given(calendars(), calendars(), near_changes(), st.sampled_from([15, 60, 180]))
def test_both_can_whoever_is_asked_first(one, other, where, minutes):
    """The same moments, save those that the asked zone skips, repeats or has off its quarter hours."""
    zone, day = where
    other = Calendar(zone, other.hours)
    there = {
        at
        for at in all_starts(other & one, day, minutes)
        if len(choices(*_local(at, one.zone), one.zone)) == 1
        and at.astimezone(_place(one.zone)).minute % 15 == 0
    }
    here = all_starts(one & other, day, minutes)
    middle = datetime.combine(day, time(12), UTC)
    near = timedelta(hours=9)  # within all three days of either zone
    assert {at for at in there if abs(at - middle) < near} <= here
    for at in here:
        assert all(shows_open(one & other, at + timedelta(minutes=n)) for n in range(0, minutes, 5))


def _place(zone):
    return moment(date(2027, 1, 4), time(12), zone).tzinfo


def _local(at, zone) -> tuple[date, time]:
    local = at.astimezone(_place(zone)).replace(tzinfo=None)
    return local.date(), local.time()


@settings(deadline=None, max_examples=40)
@given(calendars(), calendars(), calendars(), near_changes())
def test_brackets_do_not_matter(one, two, three, where):
    day = where[1]
    assert (one & two) & three == one & (two & three)
    assert ((one & two) & three).ranges(day) == ((one & three) & two).ranges(day)
    assert (one & one).ranges(day) == one.ranges(day) or changes_clocks(day, one.zone)


@settings(deadline=None, max_examples=60)
@given(calendars(), near_changes())
@example(Calendar.weekly("Asia/Dili", sun="00:00-24:00"), ("Asia/Dili", date(2000, 9, 17)))
def test_spans_seen_from_another_zone_are_the_same_moments(calendar, where):
    """In its own zone hours are as they were given, also over times of day that the zone skips."""
    zone, day = where
    seen = Calendar.always(zone) & calendar
    spans = seen.ranges(day)
    for minute in range(0, 1440, 20):
        found = choices(day, time_of(minute), zone)
        shown = any(shows_open(calendar, at) for at in found)
        as_given = not found and zone == calendar.zone
        if not as_given and all(at.astimezone(UTC).second == 0 for at in found):
            assert any(span.start <= minute < span.end for span in spans) is shown


# -- chairs


def test_one_chair_is_taken(clinic):
    day = date(2027, 1, 5)
    taken = clinic.opening(day, "09:00-12:00").booked(booking(day, "10:00", "11:00", 1))
    assert clocks(taken.starts(day, 60)) == ["09:00", "11:00"]
    assert taken.starts(day, 61) == []
    assert not taken.is_open(day, 61)


def test_two_overlapping_courses_on_two_chairs():
    day = date(2027, 1, 5)
    clinic = Calendar.weekly(NY, tue="09:00-12:00", chairs=2)
    first = clinic.booked(booking(day, "09:00", "10:30", 1))
    both = first.booked(booking(day, "10:00", "11:00", 2))
    at = [moment(day, time(9 + n // 2, n % 2 * 30), NY) for n in range(6)]
    chairs = [both.free_chair(start, later(start, timedelta(minutes=30))) for start in at]
    assert chairs == [2, 2, None, 1, 1, 1]
    assert clocks(both.starts(day, 60, grid=30)) == ["09:00", "10:30", "11:00"]
    assert both.starts(day, 61, grid=30) == [time(10, 30)]


def test_bookings_without_a_chair_sit_where_they_fit():
    day = date(2027, 1, 5)
    clinic = Calendar.weekly(NY, tue="09:00-12:00", chairs=2)
    one = clinic.booked(booking(day, "09:00", "10:00"))
    assert one.free_chair(moment(day, time(9), NY), moment(day, time(10), NY)) == 2
    two = one.booked(booking(day, "09:30", "10:30"))
    assert clocks(two.starts(day, 30, grid=30)) == ["09:00", "10:00", "10:30", "11:00", "11:30"]
    # The second sits on chair 2, so that chair 1 is the one that is free from 10:00.
    assert two.free_chair(moment(day, time(10), NY), moment(day, time(11), NY)) == 1


def test_a_booking_that_fits_on_no_chair_takes_them_all():
    day = date(2027, 1, 5)
    clinic = Calendar.weekly(NY, tue="09:00-12:00", chairs=2)
    full = clinic.booked(booking(day, "09:00", "10:00", 1)).booked(booking(day, "10:00", "11:00", 2))
    assert clocks(full.starts(day, 60, grid=60)) == ["09:00", "10:00", "11:00"]
    assert clocks(full.booked(booking(day, "09:00", "11:00")).starts(day, 60, grid=60)) == ["11:00"]


def test_a_booking_across_midnight_holds_its_chair_on_both_days():
    calendar = Calendar.weekly("UTC", fri="20:00-24:00", sat="00:00-03:00")
    friday, saturday = date(2027, 1, 1), date(2027, 1, 2)
    start = datetime(2027, 1, 1, 23, tzinfo=UTC)
    late = SimpleNamespace(occupied=lambda: [(start, start + timedelta(hours=2), 1)])
    taken = calendar.booked(late)
    assert clocks(taken.starts(friday, 60, grid=60)) == ["20:00", "21:00", "22:00"]
    assert clocks(taken.starts(saturday, 60, grid=60)) == ["01:00", "02:00"]


def test_a_booking_on_the_night_the_clocks_go_back_is_counted_in_elapsed_time():
    """01:30 to 01:15 by the wall is 45 minutes."""
    start = datetime(2027, 11, 7, 5, 30, tzinfo=UTC).astimezone(_place(NY))
    end = later(start, timedelta(minutes=45))
    assert (start.time(), end.time()) == (time(1, 30), time(1, 15))
    taken = Calendar.weekly(NY, sun="00:00-04:00").booked(SimpleNamespace(occupied=lambda: [(start, end, 1)]))
    assert clocks(taken.starts(date(2027, 11, 7), 90, grid=30)) == ["00:00", "02:00", "02:30"]


def test_a_course_takes_the_clinics_chair_wherever_the_clinic_stands(clinic):
    day = date(2027, 1, 5)
    patient = Calendar.always(NY)
    course = booking(day, "09:00", "17:00", 1)
    for both in (clinic & patient, patient & clinic):
        assert both.is_open(day, 60)
        assert not both.booked(course).is_open(day, 60)
    # A person whose calendar was made from weekly hours is one chair, and does not hide the clinic's.
    patient = Calendar.weekly(NY, tue="09:00-17:00", name="the patient")
    assert not (patient & clinic.booked(course)).is_open(day, 60)
    assert not (clinic.booked(course) & patient).is_open(day, 60)


def test_a_person_is_at_one_place_at_a_time():
    day = date(2027, 1, 5)
    patient = Calendar.always(NY).opening(day, "09:00-12:00").booked(booking(day, "09:00", "10:30"))
    assert clocks(patient.starts(day, 60, grid=30)) == ["10:30", "11:00"]
    assert patient.free_chair(moment(day, time(11), NY), moment(day, time(12), NY)) == 1


def test_without_chairs_to_count_the_chair_is_the_first():
    patient = Calendar.always(NY)
    assert patient.free_chair(datetime(2027, 1, 5, tzinfo=UTC), datetime(2027, 1, 6, tzinfo=UTC)) == 1


spans_of_a_morning = st.tuples(st.integers(0, 11), st.integers(1, 6), st.none() | st.integers(1, 3))


@settings(deadline=None, max_examples=80)
@given(st.lists(spans_of_a_morning, max_size=7), st.randoms())
def test_no_chair_is_taken_twice_and_order_does_not_matter(taken, random):
    day, zero = date(2027, 1, 5), datetime(2027, 1, 5, 9, tzinfo=UTC)
    quarter = timedelta(minutes=15)
    courses = [
        SimpleNamespace(occupied=lambda a=a, n=n, c=c: [(zero + a * quarter, zero + (a + n) * quarter, c)])
        for a, n, c in taken
    ]
    clinic = shuffled = Calendar.weekly("UTC", tue="09:00-13:00", chairs=3)
    for course in courses:
        clinic = clinic.booked(course)
    random.shuffle(courses)
    for course in courses:
        shuffled = shuffled.booked(course)
    assert clinic.starts(day, 45) == shuffled.starts(day, 45)
    for at in clinic.starts(day, 45):
        start = moment(day, at, "UTC")
        chair = clinic.free_chair(start, later(start, timedelta(minutes=45)))
        for n in range(3):
            quarters = minute_of(at) // 15 - 36 + n
            busy = Counter(c for a, length, c in taken if a <= quarters < a + length)
            assert not busy[chair]
            assert len([c for c in (1, 2, 3) if c != chair and not busy[c]]) >= busy[None]


@pytest.mark.parametrize(
    ("start", "end", "chair"),
    [
        (datetime(2027, 1, 5, 10, tzinfo=UTC), datetime(2027, 1, 5, 9, tzinfo=UTC), 1),
        (datetime(2027, 1, 5, 10, tzinfo=UTC), datetime(2027, 1, 5, 10, tzinfo=UTC), 1),
        (datetime(2027, 1, 5, 9, tzinfo=UTC), datetime(2027, 1, 5, 10, tzinfo=UTC), 0),
        (datetime(2027, 1, 5, 9), datetime(2027, 1, 5, 10), 1),  # noqa: DTZ001
    ],
)
def test_a_booking_that_cannot_be_is_refused(start, end, chair):
    with pytest.raises((InvalidInput, InvalidTime)):
        Occupancy(start, end, chair)


# -- a calendar checks itself


@pytest.mark.parametrize(
    "make",
    [
        lambda: Calendar("Mars/Olympus"),
        lambda: Calendar(NY, ()),
        lambda: Calendar(NY, chairs=0),
        lambda: Calendar(NY, chairs=1001),
        lambda: Calendar.weekly(NY, mon="9 to 5"),
        lambda: Calendar.always(NY).without([date(9999, 1, 1)]),
        lambda: Calendar.always(NY).without(["2027-01-04"]),  # type: ignore[list-item]
        lambda: Calendar.always(NY).opening(date(207, 1, 4), "09:00-12:00"),
        lambda: Calendar.always(NY).opening(date(2027, 1, 4), "9"),
        lambda: Calendar.always(NY).without_every("FREQ=WEEKLY", date(9999, 1, 1)),
        lambda: Calendar.always(NY).with_holidays("Atlantis"),
        lambda: days_between(date(2027, 1, 4), date(9999, 1, 1)),
    ],
)
def test_a_calendar_that_cannot_be_is_refused(make):
    with pytest.raises(KetschedError) as error:
        make()
    assert error.value.why
    assert error.value.fix


def test_hours_given_in_any_order_are_put_in_order():
    spans = (TimeRange(780, 1020), TimeRange(540, 720), TimeRange(600, 780))
    assert Calendar(NY, (spans,) * 7).hours[0] == (TimeRange(540, 1020),)
    assert Opening(date(2027, 1, 4), spans).hours == (TimeRange(540, 1020),)


def test_days_between_has_both_ends():
    assert days_between(date(2026, 12, 31), date(2027, 1, 2)) == [
        date(2026, 12, 31),
        date(2027, 1, 1),
        date(2027, 1, 2),
    ]
    assert days_between(date(2027, 1, 2), date(2027, 1, 1)) == []
