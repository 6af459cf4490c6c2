"""A visit as somebody recorded it: what it may say, and what contradicts itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import attrs
import pytest

from ketsched.errors import InvalidInput
from ketsched.model import Visit, VisitStatus

DAY = date(2027, 1, 14)


def test_a_day_alone_is_a_visit_that_took_place():
    visit = Visit(DAY)
    assert visit.status is VisitStatus.FULFILLED
    assert (visit.session, visit.at, visit.counts) == (None, None, None)
    assert (visit.elsewhere, visit.worse) == (False, False)
    assert {visit.by, visit.route, visit.note, visit.id, visit.corrects, visit.who} == {""}


@pytest.mark.parametrize("status", ["fulfilled", "no-show", "cancelled", "stopped early"])
def test_a_status_by_its_word_is_the_status(status):
    assert Visit(DAY, status) == Visit(DAY, VisitStatus(status))
    assert Visit(DAY, status).status is VisitStatus(status)


@pytest.mark.parametrize(
    ("status", "given"),
    [
        (VisitStatus.FULFILLED, True),
        (VisitStatus.STOPPED_EARLY, True),
        (VisitStatus.NO_SHOW, False),
        (VisitStatus.CANCELLED, False),
        (VisitStatus.WITHDRAWN, False),
    ],
)
def test_what_sets_the_clock(status, given):
    assert status.delivered is given


@pytest.mark.parametrize(
    "word", ["", "  ", "given", "Fulfilled", "no show", "noshow", "stopped-early", None, 1]
)
def test_no_other_word_is_a_status(word):
    with pytest.raises(InvalidInput) as caught:
        Visit(DAY, word)
    assert "nothing is assumed given" in caught.value.why
    assert "no-show" in caught.value.why


def test_a_blank_status_is_said_to_be_none():
    with pytest.raises(InvalidInput, match=r"^The status is missing"):
        Visit(DAY, " ")


@pytest.mark.parametrize("day", [date(1970, 1, 1), date(2199, 12, 31)])
def test_the_first_and_the_last_day(day):
    assert Visit(day).day == day


@pytest.mark.parametrize(
    "day", [date(1969, 12, 31), date(2200, 1, 1), datetime(2027, 1, 14, tzinfo=UTC), "2027-01-14", None]
)
def test_what_is_no_day(day):
    with pytest.raises(InvalidInput):
        Visit(day)


@pytest.mark.parametrize("at", [time(0, 0), time(9, 0), time(23, 59)])
def test_a_time_is_a_whole_minute(at):
    assert Visit(DAY, at=at).at == at


@pytest.mark.parametrize(
    "at",
    [time(9, 0, 1), time(9, 0, 0, 1), time(9, 0, tzinfo=UTC), datetime(2027, 1, 14, 9, tzinfo=UTC)],
)
def test_any_other_time_is_refused(at):
    with pytest.raises(InvalidInput) as caught:
        Visit(DAY, at=at)
    assert "whole minute" in caught.value.why


@pytest.mark.parametrize("by", ["", "patient", "clinic"])
def test_who_cancelled(by):
    assert Visit(DAY, "cancelled", by=by).by == by


@pytest.mark.parametrize(
    ("said", "fix"),
    [
        ({"status": "cancelled", "by": "weather"}, "by="),
        ({"status": "cancelled", "by": "Patient"}, "did you mean patient?"),
        ({"status": "fulfilled", "by": "patient"}, "leave by out"),
        ({"status": "no-show", "by": "patient"}, "leave by out"),
        ({"status": "stopped early", "by": "clinic"}, "leave by out"),
        ({"status": "withdrawn", "corrects": "v1", "by": "clinic"}, "leave by out"),
        ({"status": "no-show", "counts": True}, "leave counts out"),
        ({"status": "no-show", "counts": False}, "leave counts out"),
        ({"status": "cancelled", "counts": False}, "leave counts out"),
        ({"status": "withdrawn", "corrects": "v1", "counts": False}, "leave counts out"),
        ({"status": "withdrawn"}, "corrects"),
        ({"status": "withdrawn", "id": "v2"}, "corrects"),
        ({"status": "fulfilled", "id": "v1", "corrects": "v1"}, "earlier"),
        ({"status": "withdrawn", "id": "v1", "corrects": "v1"}, "earlier"),
    ],
)
def test_a_record_that_contradicts_itself(said, fix):
    with pytest.raises(InvalidInput) as caught:
        Visit(DAY, **said)
    assert fix in caught.value.fix
    assert "2027-01-14" in caught.value.where


@pytest.mark.parametrize(
    "said",
    [
        {"status": "fulfilled", "counts": True},
        {"status": "fulfilled", "counts": False},
        {"status": "stopped early", "counts": True},
        {"status": "stopped early", "counts": False},
        {"status": "stopped early"},
        {"status": "withdrawn", "corrects": "v1"},
        {"status": "withdrawn", "corrects": "v1", "id": "v2"},
        {"status": "fulfilled", "corrects": "v1", "id": "v2"},
        {"status": "fulfilled", "corrects": "v1"},
        {"status": "no-show", "worse": True, "elsewhere": False},
        {"status": "fulfilled", "elsewhere": True, "session": "s4", "route": "nasal", "at": time(9, 0)},
    ],
)
def test_a_record_that_does_not(said):
    visit = Visit(DAY, **said)
    assert {name: getattr(visit, name) for name in said} == said


@pytest.mark.parametrize("name", ["session", "route", "note", "id", "corrects", "who"])
def test_a_text_is_whole_characters_and_is_not_repeated(name):
    text: dict[str, Any] = {name: "Zoë 漢字"}
    assert getattr(Visit(DAY, **text), name) == "Zoë 漢字"
    for broken in ("Mustermann \ud800", 5):
        text = {name: broken}
        with pytest.raises(InvalidInput) as caught:
            Visit(DAY, **text)
        assert caught.value.where == name
        assert "Mustermann" not in str(caught.value)


def test_a_visit_does_not_change():
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        Visit(DAY).status = VisitStatus.NO_SHOW  # type: ignore[misc]


def test_only_the_day_and_the_status_go_without_a_name():
    with pytest.raises(TypeError):
        Visit(DAY, "no-show", "s4")  # type: ignore[call-arg]


@pytest.mark.parametrize("flag", ["counts", "elsewhere", "worse"])
@pytest.mark.parametrize("value", ["no", "false", 0, 1])
def test_a_flag_is_true_or_false_and_no_word(flag, value):
    with pytest.raises(InvalidInput, match=flag) as refused:
        Visit(date(2027, 1, 4), "stopped early", **{flag: value})
    assert f"{flag}=False" in refused.value.fix
