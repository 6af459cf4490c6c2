"""
Sessions leave a day to what must go with them, where some plan does; exhaustive search agrees.

Weekly sessions 5 to 9 days apart from Monday 4 January 2027, a call 1 to 3 days after each that must be there.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise, product
from typing import Any

import attrs
import pytest

from ketsched.calendars import Calendar
from ketsched.checking import Severity, check
from ketsched.model import Anchor, Companion, Course, Protocol, Spacing, Window
from ketsched.planning import NoFeasiblePlan, plan
from ketsched.tracking import replan
from making import BEFORE, EVERY_DAY, HOUR, clinic, jan, phase, protocol

START = jan(4)
CALL = Companion(
    id="call",
    kind="appointment",
    topic="check-in",
    title="Call",
    minutes=30,
    place="telephone",
    required=True,
    anchor=Anchor(every=1),
    window=Window(earliest=1, recommended=1, latest=3),
    on_session_days="never",
)
WEEKLY = phase(4, Spacing(minimum=5, latest=9), weekdays=(0,), anatomy=HOUR)


def best(closed: set[date], *, around: bool) -> tuple[date, ...] | None:
    """The best days by search of all, with a day for each call if that is asked; None if there are none."""
    found = []
    for days in all_days(closed):
        if around and not all(has_day(day, closed) for day in days):
            continue
        away = [abs((day - START).days - 7 * n) for n, day in enumerate(days)]
        found.append((sum(away), max(away), days[-1], days))
    return tuple(min(found)[-1]) if found else None


def all_days(closed: set[date]) -> Iterator[list[date]]:
    """Yield all days that keep the gaps and are open."""
    for gaps in product(range(5, 10), repeat=3):
        days = [START]
        for gap in gaps:
            days.append(days[-1] + timedelta(gap))
        if not closed & set(days):
            yield days


def has_day(day: date, closed: set[date]) -> bool:
    return any(day + timedelta(n) not in closed for n in (1, 2, 3))


@pytest.mark.parametrize("seed", range(60))
def test_the_best_days_leave_a_day_to_what_must_be_there(seed):
    draw = random.Random(seed)  # noqa: S311 - made-up closures, the same each time
    closed = set[date]()
    for _ in range(draw.choice((1, 2, 3))):
        first = START + timedelta(draw.randrange(1, 28))
        closed |= {first + timedelta(n) for n in range(draw.choice((2, 3, 4, 5, 6)))}
    calendar = clinic(*EVERY_DAY).without(sorted(closed))
    plain, around = best(closed, around=False), best(closed, around=True)
    prescribed = protocol(WEEKLY, companions=(CALL,))
    try:
        course = plan(prescribed, start=START, calendar=calendar)
    except NoFeasiblePlan as error:
        assert around is None
        for change in error.changes:
            assert change.what.startswith(("open ", "start on ", "have a clinician"))
        return
    assert around is not None
    assert tuple(session.day for session in course.sessions) == around
    assert len(course.companions) == 4
    assert bool(course.revisions[0].remarks) is (plain != around)
    assert not [f for f in check(course, calendar=calendar) if f.severity is Severity.ERROR]


@pytest.mark.parametrize(("last", "moved"), [(13, False), (14, True)])
def test_a_session_moves_only_where_its_call_would_have_no_day(last, moved):
    """
    The session of Monday 11 January has its call on the 12th to the 14th; closed to the 13th, the 14th is left.

    Closed to the 14th, the session goes to the nearest other day that is open and leaves a day: the 15th has the
    16th, four days later; the 10th has the 11th, one day earlier.
    """
    closed = [jan(day) for day in range(12, last + 1)]
    course = plan(
        protocol(WEEKLY, companions=(CALL,)), start=START, calendar=clinic(*EVERY_DAY).without(closed)
    )
    assert course.sessions[1].day == (jan(10) if moved else jan(11))
    call = next(one for one in course.companions if one.session == "s2")
    assert call.day == (jan(11) if moved else jan(14))
    assert course.revisions[0].remarks == (
        ("no day for Call with all sessions nearest to their pattern: some are on other days for it",)
        if moved
        else ()
    )


def test_without_such_days_the_error_names_what_closes_them_and_what_would_help():
    """The first session is on Monday 4 January, whatever else: its call on the 5th, 6th or 7th."""
    closed = [jan(5), jan(6), jan(7)]
    with pytest.raises(NoFeasiblePlan) as caught:
        plan(
            protocol(WEEKLY, companions=(CALL,)),
            start=START,
            calendar=clinic(*EVERY_DAY).without(closed, "staff days"),
        )
    error = caught.value
    assert error.what == "no day for Call"
    assert error.why == (
        "it must be on 2027-01-05 to 2027-01-07; 2027-01-05 to 2027-01-07: closed (staff days); "
        "the clinic has no day before 2027-01-08 for Call"
    )
    assert error.keys == ("closed 2027-01-05", "closed 2027-01-06", "closed 2027-01-07")
    assert [(change.what, change.days) for change in error.changes] == [
        ("open 2027-01-05", (jan(4), jan(11), jan(18), jan(25))),
        ("start on 2027-01-11", (jan(11), jan(18), jan(25), date(2027, 2, 1))),
    ]
    assert error.fix.endswith("or let it be recommended (required = false)")


def test_what_is_counted_from_another_has_its_day_too():
    """A letter 1 day after the call, which is 1 to 3 days after each session: closed on the 13th to the 15th."""
    letter = attrs.evolve(
        CALL,
        id="letter",
        title="Letter",
        anchor=Anchor(companion="call"),
        window=Window(earliest=1, recommended=1, latest=1),
    )
    closed = [jan(day) for day in (13, 14, 15)]
    course = plan(
        protocol(WEEKLY, companions=(CALL, letter)), start=START, calendar=clinic(*EVERY_DAY).without(closed)
    )
    assert course.sessions[1].day == jan(10)  # the call on Monday the 11th, the letter on the 12th
    assert {one.day for one in course.companions if one.session == "s2"} == {jan(11), jan(12)}


# -- planning the rest again


def agreed() -> Course:
    prescribed = protocol(WEEKLY, companions=(CALL,))
    return plan(prescribed, start=START, calendar=clinic(*EVERY_DAY), at=BEFORE)


@pytest.mark.parametrize(("last", "lost"), [(13, False), (14, True)])
def test_agreed_sessions_that_can_stay_do_and_check_finds_a_call_without_a_day(last, lost):
    course, closed = agreed(), [jan(day) for day in range(12, last + 1)]
    after = replan(course, calendar=clinic(*EVERY_DAY).without(closed), at=BEFORE)
    days = [session.day for session in after.sessions]
    assert days == [
        jan(4),
        jan(11),
        jan(18),
        jan(25),
    ]
    codes = {finding.code for finding in check(after, calendar=clinic(*EVERY_DAY).without(closed))}
    assert ("KS405" in codes) is lost


def test_where_something_moves_anyway_each_session_leaves_a_day():
    """
    Closed from Sunday the 17th to Thursday the 21st, the 18th among them: 14 to 17 days away from the first
    session only the 22nd leaves a day, or the 15th. Exhaustive search says how few agreed days must go.
    """
    closed = {jan(day) for day in range(17, 22)}
    after = replan(agreed(), calendar=clinic(*EVERY_DAY).without(sorted(closed)), at=BEFORE)
    days = [session.day for session in after.standing()]
    assert all(has_day(day, closed) for day in days)
    assert all(5 <= (b - a).days <= 9 for a, b in pairwise(days))
    assert len([p for p in after.companions if p.status.stands]) == 4
    fewest = min(
        sum(day not in (jan(4), jan(11), jan(18), jan(25)) for day in days)
        for days in all_days(closed)
        if all(has_day(day, closed) for day in days)
    )
    assert sum(day not in (jan(4), jan(11), jan(18), jan(25)) for day in days) == fewest


# -- how far a session goes for it


THERAPIST = attrs.evolve(CALL, calendar="therapist")


def away(last: date) -> dict[str, Calendar]:
    """A therapist who can every day but from Wednesday 6 January to the last, both included."""
    days = [jan(6) + timedelta(n) for n in range((last - jan(6)).days + 1)]
    return {"therapist": clinic(*EVERY_DAY, name="therapist").without(days, "leave")}


def two(*latest: Spacing) -> Protocol:
    return protocol(
        phase(2, Spacing(minimum=5), *latest, weekdays=(0,), anatomy=HOUR), companions=(THERAPIST,)
    )


@pytest.mark.parametrize(
    ("latest", "moved", "last"),
    [
        ((), jan(25), jan(27)),  # two weeks from Monday the 11th: its call can be on the 28th
        (
            (Spacing(latest=10, required=False),),
            jan(21),
            jan(23),
        ),  # ten days from the 11th, the call on the 24th
        (
            (Spacing(latest=10),),
            jan(14),
            jan(16),
        ),  # ten days from the session before it, the call on the 17th
    ],
)
def test_a_session_goes_no_further_for_a_call_than_its_protocol_lets_sessions_be_apart(latest, moved, last):
    """The second session would be on the 11th; it has its call 1 to 3 days after it, and the 5th is the first one's."""
    on: dict[str, Any] = {"start": START, "calendar": clinic(*EVERY_DAY)}
    course = plan(two(*latest), **on, calendars=away(last))
    assert [session.day for session in course.sessions] == [START, moved]
    with pytest.raises(NoFeasiblePlan) as caught:
        plan(two(*latest), **on, calendars=away(last + timedelta(1)))
    error = caught.value
    assert error.what == "no day for Call"
    assert f"therapist has no day before {last + timedelta(2)} for Call" in error.why
    far = {jan(25): 14, jan(21): 10}.get(moved)
    said = "" if far is None else f", and session 2 moves at most {far} days for it"
    assert error.why.endswith(f"for Call{said}")


def test_a_therapist_away_for_half_a_year_stretches_no_course():
    with pytest.raises(NoFeasiblePlan) as caught:
        plan(two(), start=START, calendar=clinic(*EVERY_DAY), calendars=away(date(2027, 6, 30)))
    assert "therapist has no day before 2027-07-01 for Call" in caught.value.why


@pytest.mark.parametrize(("last", "moved"), [(26, jan(24)), (27, None)])
def test_nor_does_it_where_the_rest_is_planned_again(last, moved):
    """Monday the 11th closes: the second session would go to the 10th, two weeks before Sunday the 24th."""
    everybody = clinic(*EVERY_DAY)
    agreed = plan(two(), start=START, calendar=everybody, calendars={"therapist": everybody}, at=BEFORE)
    changed: dict[str, Any] = {
        "calendar": everybody.without([jan(11)]),
        "calendars": away(jan(last)),
        "at": BEFORE,
    }
    if moved is not None:
        assert replan(agreed, **changed).standing()[1].day == moved
        return
    with pytest.raises(NoFeasiblePlan, match="no day for Call") as caught:
        replan(agreed, **changed)
    assert caught.value.why.endswith(
        "therapist has no day before 2027-01-28 for Call, and session 2 moves at most 14 days for it"
    )
