"""What planning again is asked to do, as a value that checks itself."""

from __future__ import annotations

from datetime import date

import pytest

from ketsched import load_protocol
from ketsched.errors import InvalidInput
from ketsched.model import POLICIES, POLICY_WORDS
from ketsched.tracking import moving, proposals, ways
from ketsched.tracking.options import MOST_NOTICE, ReplanOptions
from making import clinic, planned, twice_weekly

MONDAY, TUESDAY = date(2027, 1, 4), date(2027, 1, 5)
PROTOCOL = load_protocol("iv-mwf-6")
COURSE = planned(twice_weekly())


@pytest.mark.parametrize(
    ("argument", "wrong", "right"),
    [
        ("notice", -1, 0),
        ("notice", MOST_NOTICE + 1, MOST_NOTICE),
        ("repeat", -1, 0),
        ("step", "sideways", "back"),
        ("step", "", "forward"),
        ("place", "x" * 201, "x" * 200),
        ("move", {"s1": MONDAY, "s2": MONDAY}, {"s1": MONDAY, "s2": TUESDAY}),
        ("move", {"s1": date(1066, 10, 14)}, {}),
        ("add", [MONDAY, MONDAY], [MONDAY, TUESDAY]),
        ("add", [date(1066, 10, 14)], []),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_name(argument, wrong, right):
    with pytest.raises(InvalidInput) as refused:
        ReplanOptions(**{argument: wrong})
    assert refused.value.argument == refused.value.where == argument
    assert refused.value.why
    assert refused.value.fix
    ReplanOptions(**{argument: right})


def test_what_is_not_asked_for_is_as_it_is():
    options = ReplanOptions(move=None)
    assert (options.move, options.add, options.goes_on) == ({}, (), "")
    assert options.policies(PROTOCOL) == {phase.name: phase.missed for phase in PROTOCOL.phases}


def test_days_to_add_are_in_order_of_time():
    assert ReplanOptions(add=[TUESDAY, MONDAY]).add == (MONDAY, TUESDAY)


@pytest.mark.parametrize(("notice", "days"), [(0, 1), (1, 1), (2, 2)])
def test_today_is_never_planned_again(notice, days):
    assert ReplanOptions(notice=notice).days_of_notice == days


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"end": True}, ""),
        ({"place": "ward 2"}, ""),
        ({"repeat": 1}, "repeat"),
        ({"through": MONDAY}, "through"),
    ],
)
def test_what_lets_a_course_go_on(options, name):
    assert ReplanOptions(**options).goes_on == name


def test_a_policy_is_for_all_phases_or_by_the_name_of_one():
    names = [phase.name for phase in PROTOCOL.phases]
    assert ReplanOptions(policy="shift").policies(PROTOCOL) == dict.fromkeys(names, "shift")
    assert ReplanOptions(policy={names[0]: "skip"}).policies(PROTOCOL)[names[0]] == "skip"


@pytest.mark.parametrize("policy", ["sometimes", {"induction": "sometimes"}, {"no phase": "keep"}])
def test_there_is_no_other_policy_or_phase(policy):
    with pytest.raises(InvalidInput) as refused:
        ReplanOptions(policy=policy).policies(PROTOCOL)
    assert refused.value.argument == "policy"


def test_every_policy_has_its_words():
    assert tuple(POLICY_WORDS) == POLICIES


@pytest.mark.parametrize(
    ("verb", "given", "misspelt"),
    [
        (ways, (), "exeed"),
        (ways, (), "policy"),  # it tries them all
        (proposals, (), "exeed"),
        (moving, ("s5", TUESDAY), "exeed"),
        (moving, ("s5", TUESDAY), "move"),  # it moves one session
    ],
)
def test_a_keyword_that_there_is_not_is_an_error_of_python(verb, given, misspelt):
    with pytest.raises(TypeError, match=misspelt):
        verb(COURSE, *given, calendar=clinic(zone=COURSE.zone), as_of=MONDAY, **{misspelt: None})
