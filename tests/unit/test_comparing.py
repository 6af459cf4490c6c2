"""What a change breaks, by the findings before and after."""

from __future__ import annotations

from datetime import date
from typing import Any

import attrs
import pytest

import ketsched as ks
from ketsched.checking import Severity, check
from ketsched.checking.comparing import broken, broken_by, counted, waive, waivers_for
from ketsched.model import Waiver
from ketsched.revising import revise, tell_besides

MWF = ks.load_protocol("iv-mwf-6")
DAYS = [date(2027, 1, day) for day in (4, 6, 8, 11, 13, 15)]


@pytest.fixture
def before():
    return ks.Course.of_days(MWF, DAYS, zone="UTC")


@pytest.fixture
def after(before):
    """The third session on Thursday 7 January, the day after the second."""
    sessions = [attrs.evolve(s, day=date(2027, 1, 7)) if s.day == DAYS[2] else s for s in before.sessions]
    return attrs.evolve(before, sessions=tuple(sessions))


def test_what_a_move_breaks_is_what_was_not_found_before(before, after):
    third = before.sessions[2].id
    found = list(broken(check(before), check(after)))
    assert "KS101" in {finding.code for finding in found}
    assert all(third in finding.sessions for finding in found if finding.code == "KS101")
    assert list(broken(check(after), check(after))) == []
    assert all(finding.severity >= Severity.WARNING for finding in found)


def test_what_a_session_breaks_is_told_until_it_is_waived(after):
    third = after.sessions[2].id
    found = list(broken_by(third, check(after)))
    assert found
    waivers = waivers_for(found, reason="a journey", who="Dr A")
    first = found[0]
    assert waivers[0] == Waiver(rule=first.code, sessions=first.sessions, reason="a journey", who="Dr A")
    assert list(broken_by(third, check(after, waivers=waivers))) == []
    assert list(broken_by(after.sessions[-1].id, check(after))) == []


def test_findings_are_counted_that_nobody_waived(after):
    findings = check(after)
    errors = [f for f in findings if f.severity is Severity.ERROR]
    assert counted(findings)[Severity.ERROR] == len(errors) > 0
    waived = check(after, waivers=waivers_for(findings, reason="a journey", who="Dr A"))
    assert Severity.ERROR not in counted(waived)


def test_a_move_by_hand_is_waived_with_it_or_later(before, after):
    third = before.sessions[2].id
    moved = revise(before, at=None, kind="moved", sessions=after.sessions)
    given: dict[str, Any] = {"reason": "a journey", "who": "Dr A", "at": None}
    waived = waive(before, moved, third, check, **given)
    assert waived.revisions == tell_besides(before, waived).revisions  # so that an undo takes the waiver back
    assert [kept.name for kept in waived.revisions[-1].besides.changed] == ["waivers"]
    assert waived.changes == moved.changes
    assert [waiver.rule for waiver in waived.waivers] == [f.code for f in broken(check(before), check(moved))]
    later = waive(moved, moved, third, check, **given)
    assert (len(later.revisions), later.revisions[-1].kind) == (len(moved.revisions) + 1, "waived")
    assert list(broken_by(third, check(later))) == []
