"""What findings, forecasts and changes are as plain values: texts, numbers, lists and dictionaries."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest

import ketsched as ks
from ketsched import reporting

CLINIC = ks.Calendar.weekly("Europe/Amsterdam", mon="09:00-17:00", wed="09:00-17:00", fri="09:00-17:00")
PLANNED_AT = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def course():
    """4, 6, 8, 11, 13 and 15 January 2027."""
    protocol = ks.load_protocol("iv-mwf-6")
    return ks.plan(protocol, start=date(2027, 1, 4), calendar=CLINIC, id="A-017", at=PLANNED_AT)


def test_a_finding_as_plain_values():
    course = ks.Course.of_days(ks.load_protocol("iv-mwf-6"), [date(2027, 1, 4), date(2027, 1, 5)])
    short = next(finding for finding in ks.check(course) if finding.code == "KS101")
    values = short.as_dict()
    assert {key: values[key] for key in ("code", "name", "severity", "sessions", "waived_by")} == {
        "code": "KS101",
        "name": "gap-too-short",
        "severity": "error",
        "sessions": ["s1", "s2"],
        "waived_by": None,
    }
    assert [values[key] for key in ("what", "where", "why", "fix", "source")] == [
        short.what,
        short.where,
        short.why,
        short.fix,
        short.source,
    ]
    assert json.loads(json.dumps(values)) == values


def test_a_change_as_plain_values(course):
    moved = ks.replan(
        course,
        calendar=CLINIC,
        at=datetime(2027, 1, 2, 9, tzinfo=UTC),
        move={"s6": date(2027, 1, 18)},
    )
    change = next(change for change in moved.changes if change.booking == "s6")
    assert change.as_dict() == {
        "booking": "s6",
        "is": "session",
        "phase": "induction",
        "change": "moved",
        "instead": None,
        "from": {"day": "2027-01-15", "time": "09:00", "status": "firm"},
        "to": {"day": "2027-01-18", "time": "09:00", "status": "firm"},
        "why": change.why,
    }
    (numbered,) = reporting.change_values(moved, [change])
    assert numbered == {**change.as_dict(), "number": 6}
    assert list(numbered)[:4] == ["booking", "is", "phase", "number"]


def test_a_forecast_as_plain_values(course):
    """Nothing was recorded by the 7th: what follows from either answer is a forecast again."""
    values = ks.forecast(course, as_of=date(2027, 1, 7), calendar=CLINIC).as_dict()
    assert (values["course"], values["as_of"], values["last_given"]) == ("A-017", "2027-01-07", None)
    assert values["next"] == values["sessions"][0]
    assert values["next"]["booked"] in ("2027-01-08", None)
    assert values["if_given"]["last_given"] == "2027-01-06"
    assert values["if_given"]["next"]["session"] == "s3"
    assert set(values["if_missed"]) == set(values)
    assert json.loads(json.dumps(values)) == values


def test_a_reported_forecast_adds_what_a_lapse_means(course):
    seen = ks.forecast(course, as_of=date(2027, 1, 7))
    values = reporting.forecast_values(seen)
    assert {"verified", "taken"} == set(values) - set(seen.as_dict())
    assert {"verified", "taken"} == set(values["if_given"]) - set(seen.as_dict()["if_given"])


@pytest.mark.parametrize(("monday", "days"), [(4, []), (11, ["2027-01-11", "2027-01-13", "2027-01-15"])])
def test_the_days_of_one_week_alone(course, monday, days):
    seen = ks.forecast(course, [ks.Visit(date(2027, 1, 4))], as_of=date(2027, 1, 8), calendar=CLINIC)
    values = reporting.forecast_values(seen, date(2027, 1, monday))
    assert [day for day in values["bookable"] if day not in days] == []
    assert bool(values["bookable"]) == bool(days)
