"""
The advice of findings, followed: on shipped protocols, with a session moved and a day closed.

A move that is advised and leads to another finding, whose advice leads back, helps nobody.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

import attrs
import pytest

import ketsched as ks
from ketsched.checking import check
from ketsched.checking.case import CheckedCourse
from ketsched.checking.waysout import NEAR
from ketsched.revising import in_order
from making import JAN_4, OPEN, jan, named

ADVICE = re.compile(r"Move (.+?) to \w{3} (\d{4}-\d{2}-\d{2})")
STEPS = 8
PROTOCOLS = ("iv-mwf-6", "iv-2xw-4w-8", "iv-2xw-2w-4", "esk-mdsi", "kap-im-weekly", "iv-3xw-2w-plus-weekly-4")


def moved(course, session, day):
    sessions = (attrs.evolve(s, day=day) if s.id == session else s for s in course.sessions)
    return attrs.evolve(course, companions=(), sessions=in_order(sessions))


def advised(course, calendar):
    """Return the first move that a finding about days advises: its code, the session and the day."""
    called = {CheckedCourse(course=course).called(session): session.id for session in course.sessions}
    for finding in check(course, calendar=calendar):
        told = ADVICE.match(finding.fix)
        if finding.code < "KS3" and told and "breaks another rule" not in finding.fix:
            name = finding.sessions[-1] if told[1] == "it" else called[told[1]]
            yield finding.code, name, date.fromisoformat(told[2])


def is_clean(course, calendar):
    return not [f for f in check(course, calendar=calendar) if f.code < "KS3" and f.severity > 1]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_advice_that_is_followed_comes_to_an_end(protocol):
    course = ks.plan(ks.load_protocol(protocol), start=JAN_4, calendar=OPEN, calendars={"therapist": OPEN})
    series = [session for session in course.sessions if session.phase == course.sessions[0].phase]
    for session in series:
        for later in (-3, -1, 2, 4, 7):
            day = session.day + timedelta(later)
            for calendar in (OPEN, OPEN.without([series[-1].day])):
                now, path, states = moved(course, session.id, day), [], set()
                for step in range(STEPS + 1):
                    move = next(advised(now, calendar), None)
                    if move is None:
                        break
                    path.append(move)
                    assert step < STEPS, path
                    now = moved(now, *move[1:])
                    days = tuple(s.day for s in now.sessions)
                    assert days not in states, path
                    states.add(days)


def test_the_advised_day_breaks_no_other_rule():
    """
    Mondays and Thursdays, at most 2 in 7 days, 8 in 4 weeks: session 8 of 28 January moved to Tuesday the 26th.

    With the 21st and the 25th there are three in 6 days; the 28th, 7 days after the 21st, is the first that helps,
    and the last of the four weeks is Sunday the 31st. With the 28th closed it is the 29th.
    """
    course = ks.plan(ks.load_protocol("iv-2xw-4w-8"), start=JAN_4, calendar=OPEN)
    for calendar, day in ((OPEN, jan(28)), (OPEN.without([jan(28)]), jan(29))):
        now = moved(course, "s8", jan(26))
        assert ("s8", day) in {(name, to) for _, name, to in advised(now, calendar)}
        assert is_clean(moved(now, "s8", day), calendar)
    assert named(course, "s8").day == jan(28)
    assert NEAR >= 7
