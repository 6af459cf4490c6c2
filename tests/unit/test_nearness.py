"""A spelling near a status, key, code or word of a closed set is suggested, wherever one is read."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ketsched.calendars import read_calendar
from ketsched.checking import rule_named
from ketsched.entries import booking_meant, booking_named, read_status
from ketsched.errors import KetschedError
from ketsched.holds import decide
from ketsched.interchange import dumps, loads
from ketsched.model import Anchor, Companion, Decision, LapseBand, Visit, Window
from ketsched.model.visits import VisitStatus
from ketsched.nearness import did_you_mean, meant_of
from ketsched.planning import plan
from ketsched.tomlfile import parse
from ketsched.tracking import replan
from ketsched.visitfile.columns import ColumnMap
from ketsched.words.wording import Publication
from making import EVERY_DAY, clinic, jan, protocol, twice_weekly

WEEK = clinic(*EVERY_DAY)
SCREENING = Companion(
    id="screening",
    kind="appointment",
    topic="screening",
    title="Screening",
    minutes=60,
    place="telephone",
    anchor=Anchor(edge="start"),
    window=Window(earliest=-7, recommended=-4, latest=-1),
    gate=True,
)
COURSE = plan(
    protocol(twice_weekly(4), companions=(SCREENING,)),
    start=jan(4),
    calendar=WEEK,
    id="A",
    at=datetime(2026, 12, 1, tzinfo=UTC),
)
DECIDED = Decision(what="continue", on=jan(1), who="Dr A")


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        (lambda: read_status("gvien"), "given"),
        (lambda: Visit(jan(4), "canceled"), "cancelled"),
        (lambda: Visit(jan(4), "cancelled", by="patent"), "patient"),
        (lambda: Decision(what="contniue", on=jan(1), who="Dr A"), "continue"),
        (lambda: LapseBand(first=0, last=None, propose="restrat"), "restart"),
        (lambda: twice_weekly(4, missed="shfit"), "shift"),
        (lambda: booking_meant(COURSE, "screning"), "screening"),
        (lambda: booking_named(COURSE, "screning", deciding=True), "screening"),
        (lambda: decide(COURSE, "screening:strat", DECIDED, at=None), "screening:start"),
        (lambda: replan(COURSE, calendar=WEEK, as_of=jan(1), policy="shfit"), "shift"),
        (lambda: replan(COURSE, calendar=WEEK, as_of=jan(1), policy={"inducton": "keep"}), "induction"),
        (lambda: replan(COURSE, calendar=WEEK, as_of=jan(1), step="bakc"), "back"),
        (lambda: Publication(audience="clinc"), "clinic"),
        (lambda: Publication(privacy="discret"), "discreet"),
        (lambda: dumps(COURSE, ".jsn"), ".json"),
        (lambda: rule_named("gap-to-short"), "KS101 gap-too-short"),
        (lambda: rule_named("KS1O1"), "KS101 gap-too-short"),
        (lambda: ColumnMap(columns={"day": "Date", "stats": "Status"}), "status"),
        (lambda: loads(dumps(COURSE, ".json").replace(b'"tentative"', b'"tentativ"'), ".json"), "tentative"),
    ],
)
def test_a_slip_of_the_keyboard_is_asked_about(wrong, meant):
    with pytest.raises(KetschedError) as caught:
        wrong()
    assert f"did you mean {meant}?" in caught.value.fix


# Nothing is near: what there is to choose from is told instead, and no guess is made.
@pytest.mark.parametrize("text", ["zzz", "9", "s44", "2027-01-05"])
def test_what_is_near_nothing_is_not_guessed(text):
    with pytest.raises(KetschedError) as caught:
        booking_named(COURSE, text, deciding=True)
    assert "did you mean" not in caught.value.fix


@pytest.mark.parametrize(
    ("key", "fix"),
    [
        ("mon-fri", "give each day a line of its own: mon = ..., tue = ..., wed = ..., thu = ..., fri = ..."),
        ('"mon,thu"', "give each day a line of its own: mon = ..., thu = ..."),
        ("sat-mon", "give each day a line of its own: mon = ..., sat = ..., sun = ..."),
        ("mom", "did you mean mon?"),
        ("monday", "did you mean mon?"),
        ("hours", "remove it, or correct its name"),
    ],
)
def test_hours_of_several_days_are_a_line_each(key, fix):
    table = parse(f'zone = "Europe/Amsterdam"\n[hours]\n{key} = "09:00-17:00"\n', "clinic.toml")
    with pytest.raises(KetschedError) as caught:
        read_calendar(table)
    assert caught.value.where == f"clinic.toml, line 3, hours {key.strip(chr(34))}"
    assert caught.value.fix == fix


def test_the_first_word_that_is_not_known_is_asked_about():
    assert meant_of(["liver", "urinray", "livr"], ["liver", "urinary"]) == "did you mean urinary?"
    assert meant_of(["liver"], ["liver", "urinary"]) == ""
    assert did_you_mean("no show", VisitStatus) == "did you mean no-show?"
    assert did_you_mean("no-show", VisitStatus) == did_you_mean("", VisitStatus) == ""
