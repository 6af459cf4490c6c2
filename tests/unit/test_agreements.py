"""Where planner, checker and readers once disagreed: each case counted by hand."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

import ketsched as ks
from ketsched.checking import Severity
from ketsched.errors import InvalidInput
from ketsched.model import Anatomy, Interval, Join, Phase, Protocol, Session, Spacing
from ketsched.planning import NoFeasiblePlan, starts

WEEK: dict[str, Any] = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00")
CLINIC = ks.Calendar.weekly("America/New_York", **WEEK)
JANUARY = date(2027, 1, 1)


def january(*days: int) -> list[date]:
    return [JANUARY + timedelta(day - 1) for day in days]


def test_eight_infusions_in_four_weeks_are_one_induction() -> None:
    """The generic protocol accepts 6 to 8: the seventh and eighth are no boosters when they follow in the series."""
    course = ks.Course.of_days(ks.load_protocol("generic-induction"), january(4, 7, 11, 14, 18, 21, 25, 28))
    assert {session.phase for session in course.sessions} == {"induction"}
    assert max(finding.severity for finding in ks.check(course)) == Severity.INFO


@pytest.mark.parametrize(
    ("seventh", "phase"),
    [
        (january(28)[0], "induction"),  # 7 days after the sixth, the most that neighbours should be apart
        (january(29)[0], "maintenance"),  # 8 days
    ],
)
def test_a_seventh_session_belongs_to_the_series_as_long_as_it_is_near(seventh: date, phase: str) -> None:
    days = [*january(4, 7, 11, 14, 18, 21), seventh]
    course = ks.Course.of_days(ks.load_protocol("generic-induction"), days)
    assert course.sessions[-1].phase == phase


def test_boosters_of_a_fixed_series_stay_boosters() -> None:
    course = ks.Course.of_days(ks.load_protocol("iv-3xw-2w-plus-weekly-4"), january(4, 6, 8, 11, 13, 15, 18))
    assert [session.phase for session in course.sessions] == ["induction"] * 6 + [
        course.protocol.phases[1].name
    ]


def joined(join: Join | None) -> Protocol:
    """Two sessions at least 2 days apart, then one more."""
    parts = Anatomy(infusion=60)
    first = Phase(
        kind="induction",
        name="induction",
        count=2,
        anatomy=parts,
        weekdays=(0, 2),
        spacing=(Spacing(minimum=2),),
    )
    after = Phase(
        kind="maintenance", name="maintenance", count=1, anatomy=parts, every=(Interval(days=7),), join=join
    )
    return Protocol(id="joined", version="1", title="joined", phases=(first, after))


@pytest.mark.parametrize(
    ("join", "found"),
    [
        (None, {"KS107"}),
        (Join(ideal=7), {"KS107"}),
        (Join(next_week=True), {"KS107"}),
        (Join(minimum=1), set()),
        (Join(latest=9), set()),
    ],
)
def test_a_join_replaces_the_earlier_rules_only_if_it_states_its_own(
    join: Join | None, found: set[str]
) -> None:
    """Wednesday 6 to Thursday 7 January is 1 day, the earlier phase asks for 2."""
    course = ks.Course.of_days(joined(join), january(4, 6, 7))
    errors = {finding.code for finding in ks.check(course) if finding.severity is Severity.ERROR}
    assert errors == found


def test_sessions_at_home_need_no_clinic() -> None:
    """A clinic closed on every Monday holiday moves no session at home, and gives it no chair."""
    mondays = ks.Calendar.weekly("America/New_York", mon="09:00-17:00").with_holidays("US")
    course = ks.plan(
        ks.load_protocol("sl-home-weekly-4"), start=date(2027, 1, 11), calendar=mondays, time=time(10)
    )
    assert [session.day for session in course.sessions] == [*january(11, 18, 25), date(2027, 2, 1)]
    assert {session.chair for session in course.sessions} == {None}
    assert list(course.occupied()) == []


def test_home_is_home_however_it_is_written() -> None:
    """Esketamine may not be used at home: the rule is not passed by a capital letter."""
    esketamine = ks.load_protocol("esk-mdsi")
    course = ks.plan(esketamine, start=date(2027, 2, 1), calendar=CLINIC)
    moved = attrs.evolve(course, sessions=tuple(attrs.evolve(s, place=" Home") for s in course.sessions))
    assert "KS308" in {finding.code for finding in ks.check(moved)}
    assert list(moved.occupied()) == []


def test_a_wish_never_makes_a_rule_in_hours_impossible() -> None:
    """At 15:00 on Monday and 09:00 on Tuesday would be 18 h: the second is outside the wish then."""
    phase = Phase(
        kind="induction",
        name="induction",
        count=2,
        anatomy=Anatomy(infusion=60),
        weekdays=(0, 1),
        spacing=(Spacing(minimum=1, minimum_hours=24),),
    )
    protocol = Protocol(id="daily", version="1", title="daily", phases=(phase,))
    wishes = ks.Calendar.weekly("America/New_York", mon="15:00-17:00", tue="09:00-11:00")
    course = ks.plan(protocol, start=date(2027, 1, 4), calendar=CLINIC, wishes=wishes)
    assert [(s.day, s.time) for s in course.sessions] == [
        (january(4)[0], time(15)),
        (january(5)[0], time(15)),
    ]


def test_a_start_that_takes_long_does_not_stop_the_search() -> None:
    """A clinic open two days a week, closed for a week in March and three in July."""
    clinic = ks.Calendar.weekly("America/New_York", mon="09:00-17:00", tue="09:00-17:00").with_holidays("US")
    clinic = clinic.without([date(2027, 7, 19) + timedelta(n) for n in range(21)])
    clinic = clinic.without([date(2027, 3, 22) + timedelta(n) for n in range(7)])
    esketamine = ks.load_protocol("esk-trd")
    course = ks.plan(esketamine, start=date(2027, 2, 1), calendar=clinic)
    assert not [f for f in ks.check(course, calendar=clinic) if f.severity is Severity.ERROR]
    tried = starts(esketamine, between=(date(2027, 1, 4), date(2027, 1, 12)), calendar=clinic)
    assert all(start.course or isinstance(start.error, NoFeasiblePlan) for start in tried)


def test_what_the_patient_cannot_is_not_for_the_clinic_to_open() -> None:
    """Three sessions two days apart within five: Wednesday 6 January must be."""
    phase = Phase(
        kind="induction",
        name="induction",
        count=3,
        anatomy=Anatomy(infusion=60),
        weekdays=(0, 2, 4),
        spacing=(Spacing(minimum=2), Spacing(apart=2, latest=4)),
    )
    protocol = Protocol(id="three", version="1", title="three", phases=(phase,))
    away = ks.Calendar.always("America/New_York").without(january(6))
    with pytest.raises(NoFeasiblePlan) as refused:
        ks.plan(protocol, start=date(2027, 1, 4), calendar=CLINIC, availability=away)
    assert refused.value.changes[0].what == "if the patient can on 2027-01-06"


def test_an_induction_alone_can_be_chosen() -> None:
    chosen = ks.load_protocol("generic-induction").choose(boosters=0, sessions=7)
    assert [phase.name for phase in chosen.phases] == ["induction"]
    assert chosen.phases[0].count == 7


@pytest.mark.parametrize(
    "choice",
    [{"sessions": "6"}, {"weekdays": ("Mon",)}, {"until": "P6M"}, {"boosters": 2.0}, {"weeks": True}],
)
def test_a_choice_of_another_type_is_refused(choice: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        ks.load_protocol("generic-induction").choose(**choice)  # type: ignore[arg-type]


def test_a_place_edited_in_a_clinics_file_is_noticed(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    at = datetime(2026, 12, 1, tzinfo=UTC)
    course = ks.plan(ks.load_protocol("iv-mwf-6"), start=date(2027, 1, 4), calendar=CLINIC, id="A-017", at=at)
    placed: tuple[Session, ...] = tuple(attrs.evolve(s, place="Room 2") for s in course.sessions)
    path = ks.write(
        attrs.evolve(course, sessions=placed), tmp_path / "a.ics", audience="clinic", privacy="full"
    )
    path.write_bytes(path.read_bytes().replace(b"LOCATION:Room 2", b"LOCATION:Room 9", 1))
    with pytest.raises(ks.KetschedError, match="another place"):
        ks.read(path)
