"""Clinics, people and days closed."""

from __future__ import annotations

from datetime import timedelta

import attrs
from hypothesis import strategies as st

from ketsched.calendars import Calendar
from ketsched.clock import TimeRange
from making import EVERY_DAY, JAN_4, clinic
from strategies.values import EVERY_ZONE


@st.composite
def changing_clinics(draw, zone="UTC"):
    """A clinic with some weekdays, some short ones, closures, and days with hours of their own."""
    hours = {
        day: draw(st.sampled_from(["09:00-17:00", "09:00-17:00", "09:00-12:00", ""])) for day in EVERY_DAY
    }
    calendar = Calendar.weekly(zone, **hours).without(draw(closed_days()))
    for day in draw(st.lists(st.integers(0, 20), max_size=2)):
        calendar = calendar.opening(JAN_4 + timedelta(day), "10:00-15:00")
    return calendar


def closed_days(first=0, *, most=6):
    """A few days in order, from so many days after a Monday to 24 after it."""
    days = st.integers(first, 24).map(lambda day: JAN_4 + timedelta(day))
    return st.lists(days, max_size=most, unique=True).map(sorted)


@st.composite
def people(draw, zone="UTC"):
    """When a patient can, or would rather: some weekdays, some hours, some days not."""
    days = draw(st.sets(st.sampled_from(EVERY_DAY), min_size=3))
    hours = draw(st.sampled_from(["00:00-24:00", "09:00-13:00", "12:00-24:00"]))
    calendar = attrs.evolve(clinic(*days, hours=hours, zone=zone), chairs=None, name="the patient")
    return calendar.without(draw(closed_days(most=3)))


first_days = st.integers(0, 6).map(lambda day: JAN_4 + timedelta(day))


@st.composite
def weekly_calendars(draw, *hours):
    """A calendar with some of these hours on each weekday, and days closed."""
    week = {day: draw(st.sampled_from(hours)) for day in EVERY_DAY}
    return Calendar.weekly("UTC", **week).without(draw(closed_days(-8, most=8)))


clinics = weekly_calendars("09:00-17:00", "09:00-13:00", "")
therapists = weekly_calendars("12:00-18:00", "08:00-11:00", "")
patients = weekly_calendars("00:00-24:00", "11:00-24:00", "") | st.none()
hours_of_a_day = st.lists(st.integers(0, 96), min_size=2, max_size=6, unique=True).map(
    lambda marks: ", ".join(
        f"{a // 4:02d}:{a % 4 * 15:02d}-{b // 4:02d}:{b % 4 * 15:02d}"
        for a, b in zip(sorted(marks)[::2], sorted(marks)[1::2], strict=False)
    )
)
weeks = st.lists(hours_of_a_day | st.just("00:00-24:00") | st.just(""), min_size=7, max_size=7)


@st.composite
def calendars(draw, zone=None):
    """Any week in any zone, nothing closed."""
    place = zone or draw(st.sampled_from(EVERY_ZONE))
    return Calendar(
        place, tuple(TimeRange.parse(text) for text in draw(weeks)), chairs=draw(st.integers(1, 3))
    )
