"""Arguments of the wrong kind: every public verb says what, where, why and how to fix it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timezone
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ketsched as ks
from ketsched import arguments, follow, model
from ketsched.calendars import Calendar
from ketsched.errors import InvalidInput, KetschedError
from ketsched.model import Authorisation, Decision
from making import JAN_4, OPEN, T, phase

PROTOCOL = ks.load_protocol("iv-mwf-6")
CLINIC = ks.Calendar.weekly("Europe/Amsterdam", mon="09:00-17:00", wed="09:00-17:00", fri="09:00-17:00")
AT = datetime(2027, 1, 2, 9, tzinfo=UTC)
START, TODAY = date(2027, 1, 4), date(2027, 1, 5)
COURSE = ks.plan(PROTOCOL, start=START, calendar=CLINIC, id="A-017", at=AT)
VISITS = [ks.Visit(START)]
DECISION = Decision(what="continue", on=START, who="Dr A")
HOURS = {"calendar": CLINIC, "availability": None, "time": time(10)}
NEXT = {"course": COURSE, "visits": VISITS, "wishes": None, **HOURS}
HELD = follow.hold(COURSE, reason="rash", who="Dr A", since=START, at=AT)

GOOD = {
    ks.load_protocol: {"name": "iv-mwf-6"},
    ks.plan: {
        "protocol": PROTOCOL,
        "start": START,
        "id": "A-018",
        "at": AT,
        "wishes": None,
        **HOURS,
        "calendars": {},
        "holds": (),
        "authorisations": (),
    },
    ks.starts: {
        "protocol": PROTOCOL,
        "between": (START, TODAY),
        "wishes": None,
        "any_weekday": False,
        **HOURS,
        "authorisations": (),
    },
    ks.check: {
        "course": COURSE,
        "calendar": CLINIC,
        "calendars": {},
        "visits": VISITS,
        "as_of": TODAY,
        "waivers": (),
    },
    ks.evaluate: {"course": COURSE, "visits": VISITS, "as_of": TODAY},
    ks.forecast: {**NEXT, "as_of": TODAY, "policy": None, "notice": 1},
    ks.replan: {
        **NEXT,
        "at": AT,
        "as_of": TODAY,
        "policy": "keep",
        "notice": 1,
        "move": {},
        "add": (),
        "repeat": 0,
        "step": None,
        "switch": None,
        "join": None,
        "end": False,
        "through": None,
        "place": None,
        "exceed": False,
        "calendars": {},
        "who": "",
    },
    ks.dumps: {
        "course": COURSE,
        "suffix": "ics",
        "audience": "patient",
        "privacy": "discreet",
        "language": "en",
        "method": None,
        "findings": (),
        "changes_only": False,
        "as_of": None,
    },
    ks.loads: {"content": ks.dumps(COURSE, "json"), "suffix": "json", "protocol": None, "zone": None},
    follow.record: {"course": COURSE, "visits": VISITS, "at": AT, "as_of": TODAY, "who": ""},
    follow.ways: {**NEXT, "at": AT, "as_of": TODAY, "notice": 1, "calendars": {}, "who": ""},
    follow.sentences: {"course": COURSE, "revision": 0, "language": "en"},
    follow.hold: {
        "course": COURSE,
        "reason": "rash",
        "who": "Dr A",
        "since": START,
        "sessions": ("s1",),
        "at": AT,
    },
    follow.release: {"course": HELD, "hold_id": "h1", "who": "Dr A", "on": START, "at": AT},
    follow.authorise: {"course": COURSE, "authorisation": Authorisation(sessions=6), "at": AT},
    follow.decide: {"course": COURSE, "companion_id": "c1", "outcome": DECISION, "at": AT},
    follow.ride: {"course": COURSE, "session_id": "s1", "known": "confirmed", "at": AT},
    follow.done: {"course": COURSE, "companion_id": "c1", "at": AT},
    ks.Calendar.weekly: {"zone": "Europe/Paris", "mon": "09:00-17:00", "chairs": 1, "name": "the clinic"},
    ks.Calendar.always: {"zone": "Europe/Paris", "name": "the patient"},
    CLINIC.without: {"closed": [START], "reason": "closed"},
    CLINIC.opening: {"day": START, "hours": "09:00-12:00"},
    CLINIC.with_holidays: {"country": "NL", "subdivision": "", "observed": True},
    CLINIC.without_every: {"rule": "FREQ=WEEKLY", "first": START, "reason": "closed"},
    CLINIC.booked: {"course": COURSE},
    ks.Course.of_days: {"protocol": PROTOCOL, "days": [START], "zone": "UTC"},
    COURSE.at_revision: {"revision": 0},
    PROTOCOL.choose: {"sessions": None, "weeks": None, "weekdays": None, "boosters": None, "until": None},
    follow.appointments: {"course": COURSE, "calendars": {}, "at": AT, "as_of": TODAY, **HOURS},
}
"""
Good arguments of each verb that touches no file, and of the methods that make calendars and courses.

`publish`, `read` and `write` are further down.
"""

WRONG = [
    *("iv-mwf-6", "clinic.toml", "2027-01-04", "", b"x", 7, -1, 1.5, True, object(), Path("clinic.toml")),
    *([], [START], ["x"], [None], (START,), (1, 2), {}, {"a": 1}, {1: CLINIC}, {"s1": START}, {START}),
    *(START, datetime(2027, 1, 4, 9), AT, time(9), time(9, 0, 1), time(9, tzinfo=timezone.utc)),  # noqa: DTZ001, UP017
    *(PROTOCOL, CLINIC, COURSE, VISITS[0], VISITS, DECISION, int, None),
]
"""Values of many kinds; each is wrong for most arguments, and right for a few."""
EACH = [(verb, name) for verb, good in GOOD.items() for name in good]


def refusal(verb, arguments):
    """Return the error with which a verb refuses, or None; what is no error in four parts comes through."""
    try:
        verb(**arguments)
    except ks.KetschedError as error:
        return error
    return None


def is_refused_in_four_parts(verb, arguments):
    error = refusal(verb, arguments)
    assert error is None or all((error.what, error.why, error.fix)), error
    return error is not None


@pytest.mark.parametrize("verb", GOOD, ids=lambda verb: verb.__name__)
def test_the_good_arguments_are_of_the_right_kinds(verb):
    """Those of every verb, by name; it may still refuse what they say, such as an unknown booking."""
    error = refusal(verb, GOOD[verb])
    assert error is None or "has to be" not in error.why, error


@pytest.mark.parametrize(("verb", "name"), EACH, ids=lambda one: getattr(one, "__name__", one))
def test_an_argument_of_any_kind_is_taken_or_refused(verb, name):
    refused = [is_refused_in_four_parts(verb, {**GOOD[verb], name: value}) for value in WRONG]
    assert sum(refused) > len(WRONG) / 2 or name == "findings"


@given(data=st.data())
@settings(max_examples=150)
def test_several_wrong_arguments_are_refused_as_well(data):
    verb = data.draw(st.sampled_from(list(GOOD)))
    wrong = data.draw(st.dictionaries(st.sampled_from(list(GOOD[verb])), st.sampled_from(WRONG), max_size=3))
    is_refused_in_four_parts(verb, {**GOOD[verb], **wrong})


@pytest.mark.parametrize(
    ("call", "what", "where", "fix"),
    [
        (
            lambda: ks.plan("iv-mwf-6", start=START, calendar=CLINIC),
            *("protocol is 'iv-mwf-6'", "protocol", 'load_protocol("iv-mwf-6")'),
        ),
        (
            lambda: ks.plan(PROTOCOL, start=START, calendar="clinic.toml"),
            *("calendar is 'clinic.toml'", "calendar", 'Calendar.load("clinic.toml")'),
        ),
        (
            lambda: ks.plan(PROTOCOL, start=START, calendar=CLINIC, availability=[START]),
            *("availability is a list of date", "availability", "without(days)"),
        ),
        (
            lambda: ks.plan(PROTOCOL, start="2027-01-04", calendar=CLINIC),
            *("start is '2027-01-04'", "start", "date(2027, 1, 4)"),
        ),
        (lambda: ks.check([START]), "course is a list of date", "course", "Course.of_days(protocol, days)"),
        (
            lambda: ks.check(COURSE, visits=[START], as_of=TODAY),
            *("visits is a list of date", "visits", 'Visit(date(2027, 1, 14), "no-show")'),
        ),
        (
            lambda: ks.evaluate(COURSE, as_of="2027-01-05"),
            *("as_of is not a date: '2027-01-05'", "as_of", "date(2027, 1, 4)"),
        ),
        (lambda: ks.write([START], "x.ics"), "course is a list of date", "course", "plan or read"),
        (lambda: ks.write(COURSE, 7), "path is 7", "path", "a path"),
        (lambda: ks.read(None), "path is None", "path", "a path"),
        (
            lambda: ks.read("x.ics", protocol="iv-mwf-6"),
            "protocol is 'iv-mwf-6'",
            "protocol",
            "load_protocol",
        ),
        (lambda: CLINIC & [START], "other is a list of date", "other", "without(days)"),
        (lambda: CLINIC.booked([COURSE]), "course is a list of Course", "course", "plan or read"),
        (lambda: ks.Calendar.load(None), "path is None", "path", "a path"),
        (lambda: PROTOCOL.choose(weekdays="mon"), "weekdays is 'mon'", "weekdays", "a whole number"),
        (lambda: follow.publish(COURSE, 5), "url is 5", "url", "a text"),
        (
            lambda: follow.ways(COURSE, calendar="clinic.toml"),
            "calendar is 'clinic.toml'",
            "calendar",
            "Calendar",
        ),
    ],
)
def test_a_wrong_argument_is_named_with_what_to_give(call, what, where, fix):
    with pytest.raises(ks.KetschedError) as refused:
        call()
    assert (refused.value.what, refused.value.where) == (what, where)
    assert fix in refused.value.fix


def test_visits_may_come_one_by_one():
    """What is checked is not used up by it."""
    assert ks.evaluate(COURSE, iter(VISITS), as_of=TODAY) == ks.evaluate(COURSE, VISITS, as_of=TODAY)


def test_what_python_refuses_itself_it_says_itself():
    with pytest.raises(TypeError, match="unexpected keyword argument 'calender'"):
        ks.plan(PROTOCOL, start=START, calender=CLINIC)
    with pytest.raises(TypeError, match="takes 1 positional argument"):
        ks.plan(PROTOCOL, START)
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'calendar'"):
        ks.plan(PROTOCOL, start=START)
    with pytest.raises(TypeError, match="multiple values"):
        ks.check(COURSE, course=COURSE)


@pytest.mark.parametrize("module", [ks, follow], ids=["ketsched", "follow"])
def test_every_verb_checks_its_arguments(module):
    """All but `ways`, which hands its options on, and `protocol_ids`, which has none."""
    verbs = [getattr(module, name) for name in module.__all__ if name.islower()]
    unchecked = {verb.__name__ for verb in verbs if verb.__code__ is not _CHECKING}
    assert unchecked <= {"protocol_ids"}


_CHECKING = arguments.checked(lambda: None).__code__


@pytest.mark.parametrize(
    ("make", "name", "says"),
    [
        (lambda: model.Spacing(minimum="2"), "minimum", "whole number"),
        (lambda: model.Spacing(minimum=2, required="yes"), "required", "True or False"),
        (lambda: model.Spacing(minimum=True), "minimum", "whole number"),
        (lambda: model.Spacing(minimum=2, between=(1,)), "between", "pair"),
        (lambda: model.Waiver(rule="KS101", sessions=5, reason="x", who="y"), "sessions", "list"),
        (lambda: model.Waiver(rule="KS101", sessions="s5", reason="x", who="y"), "sessions", "list"),
        (lambda: model.Waiver(rule=5, sessions=("s5",), reason="x", who="y"), "rule", "text"),
        (lambda: model.Window(earliest="x"), "earliest", "whole number"),
        (lambda: model.Interval(days="7"), "days", "whole number"),
        (lambda: model.Interval.parse(7), "text", "text"),
        (lambda: model.Join(ideal="7"), "ideal", "whole number"),
        (lambda: model.Anatomy(infusion="40"), "infusion", "whole number"),
        (lambda: model.LapseBand(first="1", last=None, propose="continue"), "first", "whole number"),
        (lambda: model.Restriction(what="eating", minutes="2 h"), "minutes", "whole number"),
        (lambda: model.Authorisation(sessions="6"), "sessions", "whole number"),
        (lambda: phase(weekdays=("Mon", "Thu")), "weekdays", "whole number"),
        (lambda: phase(weekdays=5), "weekdays", "list"),
        (lambda: phase(anatomy=5), "anatomy", "anatomy"),
        (lambda: attrs.evolve(phase(), spacing=model.Spacing(minimum=2)), "spacing", "list"),
        (lambda: model.Protocol(id="x", version="1", title="t", phases=5), "phases", "list"),
        (lambda: model.Course(protocol="x", zone="Europe/London", sessions=()), "protocol", "protocol"),
        (lambda: Calendar("Europe/London", chairs="2"), "chairs", "whole number"),
        (lambda: ks.load_protocol("nonsense"), "name", ""),
        (lambda: ks.plan(T, start=JAN_4, calendar=OPEN, at=5), "at", "offset"),
    ],
)
def test_attributes_and_arguments_of_another_kind_are_named(make, name, says):
    with pytest.raises(KetschedError) as caught:
        make()
    error = caught.value
    assert error.where == error.argument == name
    assert says in error.why
    assert error.fix


def test_several_of_something_may_be_a_list():
    assert phase(weekdays=[0, 3]).weekdays == (0, 3)
    assert model.Spacing(minimum=2, between=[1, 3]).between == (1, 3)


@pytest.mark.parametrize("verb", [ks.dumps, ks.write])
def test_an_option_that_there_is_not_is_said_of_the_verb(verb):
    course = ks.plan(T, start=JAN_4, calendar=OPEN)
    with pytest.raises(TypeError, match=rf"^{verb.__name__}\(\) got an unexpected keyword argument 'privcy'"):
        verb(course, "x.ics", privcy="full")


def test_the_name_of_an_argument_gives_way_to_the_place_where_it_was_written():
    error = InvalidInput(what="x", where="name", why="y", fix="z", argument="name")
    assert error.within("--protocol").where == "--protocol"
    assert error.at("line 2").within("p.toml").where == "p.toml, line 2"
