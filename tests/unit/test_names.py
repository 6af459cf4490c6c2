"""What sessions are called at the clinic: WORDS, section 2, and no two alike."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

import ketsched as ks
from ketsched.entries import booking_meant
from ketsched.model import Course
from ketsched.names import Names, word_of
from ketsched.protocols import protocol_ids

EVERY_DAY = ks.Calendar.weekly(
    "Europe/London",
    mon="08:00-20:00",
    tue="08:00-20:00",
    wed="08:00-20:00",
    thu="08:00-20:00",
    fri="08:00-20:00",
    sat="08:00-20:00",
    sun="08:00-20:00",
)


def planned(name, start=date(2027, 1, 4)):
    return ks.plan(
        ks.load_protocol(name),
        start=start,
        calendar=EVERY_DAY,
        id="G",
        at=datetime(2026, 12, 1, 9, tzinfo=UTC),
    )


def named(course):
    names = Names(course)
    return {session.id: names.of(session) for session in course.standing()}


def test_infusions_have_their_numbers():
    assert list(named(planned("iv-mwf-6")).values()) == [f"infusion {n}" for n in range(1, 7)]


def test_a_booster_has_a_number_of_its_own():
    assert [name for name in named(planned("iv-booster-home")).values() if name.startswith("booster")][
        :2
    ] == [
        "booster 1",
        "booster 2",
    ]


@pytest.mark.parametrize(
    ("route", "word"),
    [
        ("intravenous", "infusion"),
        ("intramuscular", "injection"),
        ("nasal", "spray session"),
        ("oral", "session"),
    ],
)
def test_a_session_is_called_by_its_route(route, word):
    phase = ks.load_protocol("iv-mwf-6").phases[0]
    assert word_of(ks.Phase(**{**_fields(phase), "route": route})) == word
    assert word_of(ks.Phase(**{**_fields(phase), "route": route, "place": "home"})) == "home session"


def _fields(phase):
    return {field.name: getattr(phase, field.name) for field in type(phase).__attrs_attrs__ if field.init}


def test_boosters_of_two_phases_say_which():
    names = Names(planned("esk-trd"))
    assert names.due("weekly", 2) == "booster 2 (weekly)"
    assert names.due("maintenance", 2) == "booster 2 (maintenance)"
    assert names.due("induction", 2) == "spray session 2"


def test_several_are_named_shortly():
    course = planned("iv-mwf-6")
    names = Names(course)
    assert names.several(["s1", "s2", "s3", "s5"]) == "infusions 1 to 3, 5"
    assert names.several(["s4"]) == "infusion 4"


@pytest.mark.parametrize("protocol", protocol_ids())
def test_no_two_sessions_are_called_alike_and_each_can_be_typed(protocol):
    course: Course = planned(protocol)
    found = named(course)
    assert len(set(found.values())) == len(found)
    for session_id, name in found.items():
        if "(" not in name:
            assert booking_meant(course, name.replace(" ", "-")) == session_id
            assert booking_meant(course, name) == session_id
