"""Planner and checker derive every rule from the protocol separately, and must agree."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ketsched as ks
from ketsched.checking import Severity
from ketsched.planning import NoFeasiblePlan, starts
from ketsched.protocols import protocol_ids

FIRST = date(2026, 12, 1)
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@st.composite
def clinics(draw: st.DrawFn) -> ks.Calendar:
    """A clinic with long or short days, holidays, and closures drawn at random."""
    hours = st.sampled_from(["08:00-18:00", "09:00-13:00, 13:30-18:30", "09:00-14:00", ""])
    week = {day: draw(hours) for day in WEEK[:5]} | {"tue": "08:00-19:00"}
    clinic = ks.Calendar.weekly("Europe/Berlin", **week, chairs=draw(st.integers(1, 3)))
    if draw(st.booleans()):
        clinic = clinic.with_holidays("DE", "BY")
    return clinic.without(
        [FIRST + timedelta(n) for n in draw(st.frozensets(st.integers(0, 200), max_size=12))]
    )


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(protocol_ids()), clinics(), st.integers(0, 60))
def test_a_plan_has_no_error_finding(protocol_id: str, clinic: ks.Calendar, days: int) -> None:
    """Law 1, for every shipped protocol; a plan that breaks no preference has no warning either."""
    protocol = ks.load_protocol(protocol_id)
    first = FIRST + timedelta(days)
    for start in starts(protocol, between=(first, first + timedelta(6)), calendar=clinic):
        if start.course is None or start.placement is None:
            assert isinstance(start.error, NoFeasiblePlan)
            assert start.error.causes
            continue
        findings = ks.check(start.course, calendar=clinic)
        assert not [found for found in findings if found.severity is Severity.ERROR]
        warned = [found for found in findings if found.severity is Severity.WARNING]
        assert bool(warned) == bool(start.placement.broken), (warned, start.placement)


@pytest.mark.parametrize("protocol_id", protocol_ids())
def test_every_shipped_protocol_can_be_planned_checked_and_published(
    protocol_id: str, tmp_path: Path
) -> None:
    """On a real week with real holidays, written and read back."""
    from datetime import UTC, datetime

    week = dict.fromkeys(WEEK[:5], "08:00-18:00")
    clinic = ks.Calendar.weekly("America/New_York", **week, chairs=2).with_holidays("US")
    at = datetime(2026, 12, 1, 9, tzinfo=UTC)
    course = ks.plan(
        ks.load_protocol(protocol_id), start=date(2027, 2, 1), calendar=clinic, id="A-017", at=at
    )
    assert not [f for f in ks.check(course, calendar=clinic) if f.severity is Severity.ERROR]
    assert ks.read(ks.write(course, tmp_path / "course.json")) == course
    clinic_file = ks.write(course, tmp_path / "clinic.ics", audience="clinic", privacy="full")
    assert ks.read(clinic_file) == course
    patient = ks.write(course, tmp_path / "patient.ics").read_bytes().lower()
    for word in (b"ketamine", b"ketsched", b"infusion", protocol_id.encode(), b"a-017"):
        assert word not in patient


def test_no_plan_says_so_with_its_own_error() -> None:
    with pytest.raises(NoFeasiblePlan):
        ks.plan(ks.load_protocol("iv-mwf-6"), start=date(2027, 1, 4), calendar=ks.Calendar.weekly("UTC"))
