"""Courses, visits and calendars too odd for a planner to make, which can be checked all the same."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import attrs
from hypothesis import strategies as st

from checked import NO_DRIVING, OUTCOME, START, WEEKLY, codes
from ketsched.calendars import Calendar
from ketsched.chairs import Occupancy
from ketsched.checking import RULES
from ketsched.clock import TimeRange
from ketsched.model import (
    Anatomy,
    Anchor,
    Authorisation,
    BookingStatus,
    Companion,
    Course,
    Hold,
    Interval,
    Join,
    Lifted,
    Phase,
    PlacedCompanion,
    Restriction,
    Session,
    Spacing,
    Visit,
    Waiver,
    Window,
)
from making import protocol

FOUR_ZONES = ("Europe/Amsterdam", "America/New_York", "Pacific/Apia", "UTC")


@st.composite
def odd_spacings(draw):
    numbers = sorted(draw(st.lists(st.integers(0, 30), min_size=3, max_size=3)))
    given = {
        name: number
        for name, number in zip(("absolute_minimum", "minimum", "latest"), numbers, strict=True)
        if draw(st.booleans())
    }
    hours = draw(st.none() | st.integers(0, 200))
    if "absolute_minimum" in given or (not given and hours is None):
        given["minimum"] = numbers[1]
    required = hours is not None or draw(st.booleans())
    apart = draw(st.integers(1, 3))
    between = draw(st.none() | st.just((1, 1 + apart)))
    return Spacing(**given, minimum_hours=hours, required=required, apart=apart, between=between)


@st.composite
def odd_phases(draw, number, last):
    count = draw(st.integers(1, 5)) if not last or draw(st.booleans()) else None
    pattern = draw(st.sampled_from(["weekdays", "study days", "neither"]))
    if count is None and pattern == "study days":
        pattern = "neither"
    every = (Interval(days=7),) if pattern == "neither" and (count is None or number) else ()
    return Phase(
        kind=draw(st.sampled_from(["induction", "maintenance"])),
        name=f"phase {number}",
        count=count,
        least=1,
        most=draw(st.sampled_from([5, 6])),
        anatomy=Anatomy(infusion=draw(st.sampled_from([1, 40, 600, 1440]))),
        every=every,
        weekdays=draw(st.sampled_from([(0, 3), (6,)])) if pattern == "weekdays" else (),
        study_days=(1, 2, 4, 8, 9, 11) if pattern == "study days" else (),
        weeks=draw(st.sampled_from([None, (1, 1), (2, 4)])),
        anchor_weekday=draw(st.sampled_from([None, 0])),
        spacing=tuple(draw(st.lists(odd_spacings(), max_size=2))),
        join=draw(st.sampled_from([None, Join(minimum=3, latest=9), Join()])) if number else None,
        route=draw(st.sampled_from(["intravenous", "nasal"])),
        place=draw(st.sampled_from(["clinic", "home"])),
        no_driving=draw(st.sampled_from([None, "next day", NO_DRIVING])),
        before=draw(st.sampled_from([(), (Restriction(what="liquids", minutes=30),)])),
        review=draw(st.sampled_from([None, Interval(days=182)])),
    )


@st.composite
def odd_companions(draw):
    """Up to three companions of one protocol, each a little of everything."""
    found: list[Companion] = []
    for number in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["appointment", "appointment", "task", "notice"]))
        ways = {
            "session": st.integers(1, 4),
            "every": st.integers(1, 3),
            "edge": st.sampled_from(["start", "end"]),
            "study_day": st.integers(1, 20),
        }
        if number:
            ways["companion"] = st.sampled_from([companion.id for companion in found])
        way = draw(st.sampled_from(sorted(ways)))
        phase = draw(st.sampled_from(["", "phase 0"])) if way != "companion" else ""
        given = {}
        if kind == "appointment":
            given = {
                "minutes": draw(st.sampled_from([30, 60, 600])),
                "calendar": draw(st.sampled_from(["", "therapist"])),
                "weekdays": draw(st.sampled_from([(), (1, 3)])),
                "on_session_days": draw(st.sampled_from(["allowed", "never", "only", "during"])),
                "gate": draw(st.booleans()),
            }
        if kind == "notice":
            given = {
                "before": draw(st.sampled_from([None, 0, 120])),
                "after": draw(st.sampled_from([None, 60])),
            }
        elif draw(st.booleans()):
            given |= {"count": draw(st.sampled_from([2, None])), "every": WEEKLY}
            given["spacing"] = draw(st.sampled_from([(), (Spacing(minimum=2, latest=9),)]))
        if given.get("on_session_days") == "during":  # on its session's day, and once
            given |= {"count": 1, "every": (), "spacing": (), "weekdays": ()}
        elif kind != "notice":
            ends = sorted(draw(st.lists(st.integers(-7, 20), min_size=3, max_size=3)))
            given["window"] = Window(earliest=ends[0], recommended=ends[1], latest=ends[2])
        found.append(
            Companion(
                id=f"c{number}",
                kind=kind,
                topic=draw(
                    st.sampled_from(["screening", "review", "fluids", "rest", "peer monitor", "integration"])
                ),
                title=f"C{number}",
                anchor=Anchor(**{way: draw(ways[way])}, phase=phase),
                place=draw(st.sampled_from(["clinic", "home", "telephone", "elsewhere"])),
                audience=draw(st.sampled_from(["patient", "clinic", "both"])),
                required=draw(st.booleans()),
                **given,
            )
        )
    return tuple(found)


@st.composite
def odd_waivers(draw):
    one = st.builds(
        Waiver,
        rule=st.sampled_from([*codes(RULES), "KS999"]),
        sessions=st.lists(st.sampled_from([f"s{n}" for n in range(1, 10)]), min_size=1, max_size=3).map(
            tuple
        ),
        reason=st.sampled_from(["one reason", "another"]),
        who=st.sampled_from(["Dr A", "Dr B"]),
        until=st.none() | st.integers(-5, 60).map(lambda n: START + timedelta(n)),
    )
    return draw(st.lists(one, max_size=6))


@st.composite
def odd_courses(draw):
    number = draw(st.integers(1, 3))
    phase_list = [draw(odd_phases(n, n == number - 1)) for n in range(number)]
    if number > 1 and draw(st.booleans()):
        phase_list.append(attrs.evolve(draw(odd_phases(number, last=False)), beside=phase_list[-1].name))
    plan = protocol(*phase_list, note=draw(st.sampled_from(["", "n"])), companions=draw(odd_companions()))
    first = draw(
        st.sampled_from([START, date(1970, 1, 1), date(2199, 12, 1), date(2027, 3, 8), date(2011, 12, 26)])
    )
    clocks = st.none() | st.sampled_from([time(0), time(2, 30), time(9), time(17), time(23, 59)])
    placed = draw(
        st.lists(st.tuples(st.integers(0, 30), clocks), max_size=9).map(
            lambda found: sorted(found, key=lambda at: (at[0], at[1] or time()))
        )
    )
    sessions = tuple(
        Session(
            id=f"s{n}",
            phase=draw(st.sampled_from(plan.phases)).name,
            day=first + timedelta(day),
            time=clock,
            status=draw(st.sampled_from(BookingStatus)),
            chair=draw(st.sampled_from([None, 1, 3])),
            place=draw(st.sampled_from(["", "home"])),
            route=draw(st.sampled_from(["", "nasal"])),
            ride=draw(st.sampled_from(["", "confirmed", "none", "self"])),
            ideal=draw(st.none() | st.integers(0, 30).map(lambda n: first + timedelta(n))),
            counts=draw(st.sampled_from([True, True, False])),
        )
        for n, (day, clock) in enumerate(placed, 1)
    )
    ids = st.sampled_from([session.id for session in sessions] or ["s1"])
    pairs = draw(st.lists(st.tuples(ids, ids, st.integers(0, 30)), max_size=3)) if sessions else []
    return Course(
        protocol=plan,
        zone=draw(st.sampled_from(FOUR_ZONES)),
        sessions=sessions,
        waivers=tuple(draw(odd_waivers())[:1]),
        companions=draw(odd_bookings(plan, sessions, first)),
        holds=draw(odd_holds(first)),
        authorisations=draw(odd_authorisations(plan, first)),
        skipped=tuple(draw(st.lists(ids, max_size=2, unique=True))) if sessions else (),
        lifted=tuple(Lifted(rule="a rule", earlier=a, later=b, latest=n) for a, b, n in pairs),
        ended=draw(st.sampled_from([None, None, first])),
    )


def odd_visits(first):
    """What happened, of no session by name: some on days of sessions, some not, some after today."""
    one = st.builds(
        Visit,
        st.integers(0, 30).map(lambda n: min(first + timedelta(n), date(2199, 12, 31))),
        st.sampled_from(["fulfilled", "no-show", "cancelled", "stopped early"]),
        at=st.sampled_from([None, time(9)]),
        elsewhere=st.booleans(),
        worse=st.booleans(),
    )
    return st.lists(one, max_size=6)


@st.composite
def odd_bookings(draw, plan, sessions, first):
    bookable = [companion for companion in plan.companions if companion.kind != "notice"]
    names = [session.id for session in sessions]
    placed = []
    for number in range(draw(st.integers(0, 5)) if bookable else 0):
        companion, session = draw(st.sampled_from(bookable)), draw(st.sampled_from(["", *names]))
        day = min(max(first + timedelta(draw(st.integers(-10, 40))), date(1970, 1, 1)), date(2199, 12, 31))
        clock = draw(st.none() | st.sampled_from([time(0), time(2, 30), time(9), time(10), time(23, 59)]))
        outcome = draw(st.sampled_from([None, OUTCOME, attrs.evolve(OUTCOME, what="stop")]))
        key = f"{companion.id}:{session}"
        placed.append(
            PlacedCompanion(
                id=draw(st.sampled_from([key, f"{key}:1", f"b{number}"])),
                companion=companion.id,
                day=day,
                time=clock if companion.kind == "appointment" else None,
                session=session,
                status=draw(st.sampled_from(BookingStatus)),
                outcome=outcome if companion.gate else None,
            )
        )
    once = {one.id: one for one in placed}.values()
    return tuple(sorted(once, key=lambda one: (one.day, one.time or time())))


@st.composite
def odd_holds(draw, first):
    return tuple(
        Hold(
            id=f"h{number}",
            reason="a reason",
            who="Dr A",
            since=first + timedelta(draw(st.integers(0, 20))),
            sessions=draw(st.sampled_from([(), ("s1",), ("s2", "s99")])),
            **({"lifted_by": "Dr A", "lifted_on": first} if draw(st.booleans()) else {}),
        )
        for number in range(draw(st.integers(0, 2)))
    )


@st.composite
def odd_authorisations(draw, plan, first):
    return tuple(
        Authorisation(
            sessions=draw(st.integers(1, 4)),
            first=draw(st.sampled_from([None, first + timedelta(3)])),
            until=draw(st.sampled_from([None, first + timedelta(12)])),
            scope=draw(st.sampled_from(["", plan.phases[0].name])),
            required=draw(st.booleans()),
        )
        for _ in range(draw(st.integers(0, 2)))
    )


@st.composite
def odd_calendars(draw, first):
    spans = st.sampled_from([(), TimeRange.parse("09:00-12:00, 13:00-17:00"), TimeRange.parse("00:00-24:00")])
    calendar = Calendar(
        draw(st.sampled_from(FOUR_ZONES)),
        tuple(draw(spans) for _ in range(7)),
        chairs=draw(st.sampled_from([None, 1, 2])),
    )
    calendar = calendar.without(
        [min(first + timedelta(draw(st.integers(0, 8))), date(2199, 12, 31))], "closed"
    )
    if draw(st.booleans()):
        start = datetime.combine(first, time(1), UTC)
        taken = Occupancy(
            start, start + timedelta(hours=draw(st.integers(1, 48))), draw(st.sampled_from([None, 1, 2]))
        )
        calendar = attrs.evolve(calendar, bookings=(taken,))
    if draw(st.booleans()):
        calendar &= Calendar.always(draw(st.sampled_from(FOUR_ZONES)))
    return calendar
