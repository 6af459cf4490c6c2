"""What belongs to one country, and in which country a zone lies."""

from __future__ import annotations

from datetime import date

import attrs
import pytest

import ketsched as ks
from ketsched.checking import check
from ketsched.countries import country_named, country_of
from ketsched.errors import InvalidInput, InvalidProtocol
from ketsched.model import Anchor, Companion, Course, Window
from ketsched.protocols import load_protocol, read_protocol
from ketsched.tomlfile import parse
from making import JAN_4, clinic, phase, protocol
from protocolfiles import START


@pytest.mark.parametrize(
    ("zone", "country"),
    [
        ("America/New_York", "US"),
        ("Pacific/Honolulu", "US"),
        ("US/Eastern", "US"),  # another name of New York
        ("America/Toronto", "CA"),
        ("America/Puerto_Rico", "PR"),
        ("Europe/Berlin", "DE"),
        ("Europe/Amsterdam", "NL"),  # its clocks are those of Brussels
        ("Asia/Calcutta", "IN"),
        ("UTC", ""),
        ("Etc/GMT+5", ""),
    ],
)
def test_the_country_of_a_zone(zone, country):
    assert country_of(zone) == country


def test_a_country_is_named_by_its_code():
    assert country_named("us") == "US"
    with pytest.raises(InvalidInput, match="there is no country 'USA'"):
        country_named("USA")
    with pytest.raises(InvalidInput) as caught:
        country_named("Germany")
    assert '"DE"' in caught.value.fix


# The form to the REMS is for the United States


def forms(course):
    return [placed for placed in course.companions if placed.companion == "monitoring-form"]


@pytest.mark.parametrize("zone", ["America/Chicago", "US/Pacific", "America/Anchorage"])
def test_a_clinic_in_the_united_states_has_the_forms(zone):
    course = ks.plan(load_protocol("esk-mdsi"), start=JAN_4, calendar=clinic(zone=zone))
    assert len(forms(course)) == 8
    assert "Left out" not in course.protocol.note


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Europe/London", "America/Toronto", "UTC"])
def test_a_clinic_elsewhere_has_none_and_is_told(zone):
    course = ks.plan(load_protocol("esk-mdsi"), start=JAN_4, calendar=clinic(zone=zone))
    assert not forms(course)
    (noted,) = (f for f in check(course) if f.code == "KS211")
    said = f"Left out, as the clinic's zone is {zone}: Monitoring form to the REMS (United States only)."
    assert said in noted.why
    assert not [f for f in check(course) if "Monitoring form" in f.what]


def test_forms_that_are_asked_for_are_there():
    wanted = load_protocol("esk-mdsi").choose(country="us")
    course = ks.plan(wanted, start=JAN_4, calendar=clinic(zone="Europe/Berlin"))
    assert len(forms(course)) == 8
    elsewhere = load_protocol("esk-mdsi").choose(country="GB")
    course = ks.plan(elsewhere, start=JAN_4, calendar=clinic(zone="America/Chicago"))
    assert not forms(course)


def test_a_schedule_made_elsewhere_lacks_no_form():
    days = [date(2027, 1, day) for day in (4, 7, 11, 14, 18, 21, 25, 28)]
    for zone, wanted in (("Europe/Berlin", False), ("America/Chicago", True)):
        course = Course.of_days(load_protocol("esk-mdsi"), days, zone=zone)
        assert ("monitoring-form" in {c.id for c in course.protocol.companions}) is wanted


FORM = Companion(
    id="form", kind="task", topic="form", title="Form", anchor=Anchor(every=1), countries=("DE", "AT")
)
COPY = Companion(
    id="copy",
    kind="task",
    topic="form",
    title="Copy",
    anchor=Anchor(companion="form"),
    window=Window(latest=2),
)


@pytest.mark.parametrize(("zone", "left"), [("Europe/Vienna", 2), ("Europe/Zurich", 0)])
def test_what_is_counted_from_something_left_out_is_left_out_too(zone, left):
    made = protocol(phase(3), companions=(FORM, COPY)).at_zone(zone)
    assert len(made.companions) == left
    assert not any(companion.countries for companion in made.companions)
    assert made.at_zone("America/Chicago") == made  # its country is behind it


def test_what_is_for_everywhere_stays_the_same_protocol():
    made = protocol(phase(3), companions=(attrs.evolve(FORM, countries=()),))
    assert made.at_zone("UTC") is made


def test_countries_in_a_file():
    (*_, form, _) = read_protocol(
        parse(START.replace('title = "Form"', 'title = "Form"\ncountries = ["us", "DE"]'), "own.toml")
    ).companions
    assert form.countries == ("US", "DE")
    for wrong, said in (('["USA"]', "there is no country"), ('["US", "US"]', "each once")):
        with pytest.raises((InvalidProtocol, InvalidInput), match=said):
            read_protocol(
                parse(START.replace('title = "Form"', f'title = "Form"\ncountries = {wrong}'), "own.toml")
            )


def test_the_command_line_asks_for_a_country(run):
    words = ("plan", "--protocol", "esk-mdsi", "--start", "2027-01-04", "--zone", "Europe/Berlin")
    hours = ("--hours", "mon-fri 09:00-17:00")
    assert "REMS  due" not in run(*words, *hours, "--verbose").out
    assert "Monitoring form to the REMS  due" in run(*words, *hours, "--country", "US", "--verbose").out
