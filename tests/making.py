"""
Builders that tests start from: phases, protocols, clinics, dates, and the course that outputs are compared by.

What nobody says is what most tests mean: Mondays and Thursdays of January 2027, a clinic open from
Monday to Friday. The numbers are for tests, not clinical advice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from ketsched.calendars import Calendar
from ketsched.model import (
    Anatomy,
    Anchor,
    Authorisation,
    BookingStatus,
    Companion,
    Course,
    Decision,
    Evidence,
    Hold,
    Interval,
    Join,
    Length,
    Mark,
    Phase,
    PlacedCompanion,
    Protocol,
    Restriction,
    Revision,
    Session,
    Spacing,
    Visit,
    Waiver,
    Window,
)
from ketsched.planning import NoFeasiblePlan, plan

ZONE = "Europe/Amsterdam"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
EVERY_DAY = (*WEEKDAYS, "sat", "sun")
MON_THU, MON_WED_FRI = (0, 3), (0, 2, 4)
JAN_4 = date(2027, 1, 4)
"""A Monday."""
BEFORE = datetime(2026, 12, 1, 9, tzinfo=UTC)
"""When courses are planned."""


def whole(length: Length | None) -> int:
    """Return a number of days; 0 for none."""
    assert length is None or isinstance(length, int)
    return length or 0


HOUR = Anatomy(infusion=60)
HOUR_FORTY = Anatomy(infusion=40, observation=60)
TWO_HOURS = Anatomy(prepare=20, infusion=40, observation=60)
GAPS = Spacing(absolute_minimum=1, minimum=2, latest=7)
"""Between two sessions at least 2 days, 1 is forgiven, and at most 7."""
SPAN_28 = Spacing(apart=5, latest=27)
"""Six sessions within 28 dates."""


def jan(day: int, month: int = 1) -> date:
    """A day of January 2027, or of another month; 32 is 1 February."""
    return date(2027, month, 1) + timedelta(day - 1)


def dates(text: str, year: int = 2027) -> list[date]:
    """Read "4 7 11 Jan, 1 Feb" as dates in order; a month before the last one begins a new year."""
    found, last = [], 0
    for part in text.split(","):
        *numbers, name = part.split()
        month = datetime.strptime(name, "%b").replace(tzinfo=UTC).month
        year += month < last
        last = month
        found += [date(year, month, int(number)) for number in numbers]
    return found


def day(text: str) -> date:
    """Read "4 Jan" as a date of 2027."""
    (one,) = dates(text)
    return one


def clinic(
    *days: str,
    hours: str = "09:00-17:00",
    zone: str = ZONE,
    chairs: int = 1,
    closed: Iterable[date] = (),
    name: str = "the clinic",
) -> Calendar:
    """A clinic open on some weekdays, Monday to Friday unless said, without the days closed."""
    week = dict.fromkeys(days or WEEKDAYS, hours)
    return Calendar.weekly(zone, **week, chairs=chairs, name=name).without(closed)


OPEN = clinic()
OPEN_UTC = clinic(zone="UTC")
NEVER_CLOSED = clinic(*EVERY_DAY)


def patient(*away: date) -> Calendar:
    """Somebody who always can, but on these days."""
    return Calendar.always(ZONE).without(away)


def every(*days: int) -> tuple[Interval, ...]:
    """Intervals of so many days, one after the other."""
    return tuple(Interval(days=number) for number in days)


def phase(count: int | None = 6, *spacing: Spacing, **more: Any) -> Phase:
    """An induction of so many sessions, of 40 minutes and an hour of observation, unless said otherwise."""
    fields: dict[str, Any] = {"kind": "induction", "name": "induction", "anatomy": HOUR_FORTY} | more
    return Phase(count=count, spacing=spacing, **fields)


def boosters(count: int | None = 3, *spacing: Spacing, **more: Any) -> Phase:
    """A phase of maintenance, called boosters unless said otherwise."""
    fields: dict[str, Any] = {"kind": "maintenance", "name": "boosters"} | more
    return phase(count, *spacing, **fields)


def twice_weekly(count: int | None = 6, *spacing: Spacing, **more: Any) -> Phase:
    """Hours on Mondays and Thursdays, with `GAPS` between them unless other rules are given."""
    fields: dict[str, Any] = {"weekdays": MON_THU, "anatomy": HOUR} | more
    return phase(count, *(spacing or (GAPS,)), **fields)


def maintenance(count: int | None = 3, **more: Any) -> Phase:
    """Hours every 28 days, at least 7 apart, unless said otherwise."""
    fields: dict[str, Any] = {"every": every(28), "spacing": (Spacing(minimum=7),), "anatomy": HOUR} | more
    return boosters(count, *fields.pop("spacing"), **fields)


def protocol(*phases: Phase, name: str = "test", **more: Any) -> Protocol:
    """A protocol that only has phases, unless more is said; its id is its title."""
    return Protocol(phases=phases, **{"id": name, "version": "1", "title": name} | more)


T = protocol(phase(6, GAPS, SPAN_28, weekdays=MON_THU))
"""Six on Mondays and Thursdays within 28 dates: from 4 January on 4, 7, 11, 14, 18 and 21."""
M = protocol(
    phase(6, Spacing(minimum=2, latest=7), Spacing(apart=3, minimum=7), weekdays=MON_WED_FRI, weeks=(2, 4))
)
"""Six on Mondays, Wednesdays and Fridays, at most three in seven days: 4, 6, 8, 11, 13 and 15 January."""


def planned(*phases: Phase, companions: Sequence[Companion] = (), start: int = 4) -> Course:
    """A course that is planned for a day of January on, at 09:00 UTC, with all that saving it needs."""
    prescribed = protocol(*phases, companions=tuple(companions))
    return plan(prescribed, start=jan(start), calendar=OPEN_UTC, id="A-017", at=BEFORE, time=time(9))


def visits(*days: int, status: str = "fulfilled", **more: Any) -> list[Visit]:
    """What became of visits on days of January."""
    return [Visit(jan(day), status, **more) for day in days]


def morning(day: int) -> datetime:
    """08:00 UTC on a day of January: when a clinic's day begins."""
    return datetime.combine(jan(day), time(8), UTC)


def named(course: Course, name: str) -> Session:
    """The session of this id."""
    return next(session for session in course.sessions if session.id == name)


def days_of(course: Course) -> list[date]:
    return [session.day for session in course.sessions]


def times_of(course: Course) -> list[str]:
    return [f"{session.time:%H:%M}" for session in course.sessions]


def no_plan(*arguments: Any, **options: Any) -> NoFeasiblePlan:
    """Why there is no plan for this."""
    with pytest.raises(NoFeasiblePlan) as caught:
        plan(*arguments, **options)
    return caught.value


def small_course(
    *days: date, place: str = "clinic", driving: timedelta | str | None = timedelta(hours=24)
) -> Course:
    """Sessions at 09:00 on some days: 15 minutes to prepare, 40 of infusion, 20 of observation."""
    phase = Phase(
        kind="induction",
        name="induction",
        count=len(days),
        study_days=tuple((day - days[0]).days + 1 for day in days),
        anatomy=Anatomy(prepare=15, infusion=40, observation=20),
        no_driving=driving,
        place=place,
    )
    protocol = Protocol(id="small", version="1", title="Small", phases=(phase,))
    sessions = [
        Session(id=f"s{n}", phase="induction", day=day, time=time(9)) for n, day in enumerate(days, 1)
    ]
    return Course(protocol=protocol, zone="Europe/Amsterdam", sessions=tuple(sessions))


EACH_BOOSTER = Anchor(every=1, phase="boosters")
REFERENCE_COMPANIONS = (
    Companion(
        id="screening",
        kind="appointment",
        topic="screening",
        title="Ketamine screening",
        text="We go through contraindications; bring your list of medicines.",
        anchor=Anchor(edge="start"),
        window=Window(earliest=-14, recommended=-7, latest=-3),
        required=True,
        minutes=60,
        gate=True,
        evidence=(Evidence(key="window", source="house", mark=Mark.HOUSE),),
    ),
    Companion(
        id="therapy",
        kind="appointment",
        topic="psychotherapy",
        title="Psychotherapy with Dr B",
        anchor=Anchor(every=2, phase="induction"),
        window=Window(earliest=1, recommended=1, latest=3),
        minutes=50,
        calendar="therapist",
        place="elsewhere",
        on_session_days="never",
    ),
    Companion(
        id="call",
        kind="appointment",
        topic="check-in",
        title="Call about dissociation",
        text="We ask about your mood; “nothing” is an answer.",
        anchor=Anchor(session=4, phase="induction"),
        window=Window(earliest=1, recommended=1, latest=2),
        minutes=15,
        place="telephone",
    ),
    Companion(
        id="writing",
        kind="appointment",
        topic="integration",
        title="Write about the infusion",
        anchor=Anchor(companion="therapy"),
        window=Window(earliest=1, recommended=1, latest=2),
        audience="patient",
        minutes=30,
        place="home",
        on_session_days="never",
    ),
    Companion(
        id="stimulation",
        kind="appointment",
        topic="stimulation",
        title="Magnetic stimulation",
        anchor=Anchor(session=2, phase="induction"),
        minutes=30,
        on_session_days="during",
    ),
    Companion(
        id="organs",
        kind="appointment",
        topic="monitoring",
        title="Bladder and liver panel",
        anchor=Anchor(study_day=10),
        window=Window(latest=2),
        minutes=30,
        areas=("urinary", "liver"),
    ),
    Companion(
        id="case-review",
        kind="appointment",
        topic="review",
        title="Case review by the team",
        anchor=Anchor(session=3, phase="induction"),
        window=Window(earliest=1, recommended=1, latest=1),
        audience="clinic",
        minutes=20,
    ),
    Companion(
        id="report",
        kind="task",
        topic="form",
        title="Monitoring form for ketamine",
        text="Within 7 calendar days.",
        anchor=Anchor(edge="start"),
        window=Window(latest=7),
        audience="clinic",
    ),
    Companion(
        id="diary",
        kind="task",
        topic="form",
        title="Depression questionnaire",
        anchor=Anchor(session=4, phase="induction"),
    ),
    Companion(
        id="ride",
        kind="task",
        topic="ride",
        title="Ride after ketamine",
        text="Tell us who takes you home after the infusion.",
        anchor=EACH_BOOSTER,
        window=Window(earliest=-3, recommended=-1, latest=-1),
        required=True,
    ),
    Companion(
        id="water",
        kind="notice",
        topic="fluids",
        title="Water",
        text="Have water before the session, and again when it is over.",
        anchor=EACH_BOOSTER,
        audience="patient",
    ),
    Companion(
        id="rest",
        kind="notice",
        topic="rest",
        title="Rest after ketamine",
        anchor=Anchor(every=1),
        after=480,
    ),
    Companion(
        id="spray",
        kind="notice",
        topic="medicine",
        title="Nasal corticosteroid",
        text="No corticosteroid spray; it keeps esketamine out.",
        anchor=EACH_BOOSTER,
        before=60,
    ),
    Companion(
        id="first-time",
        kind="notice",
        topic="warning",
        title="Dissociation",
        text="The first time may feel strange.",
        anchor=Anchor(session=1),
    ),
    Companion(
        id="staff",
        kind="notice",
        topic="note",
        title="Two nurses",
        anchor=Anchor(session=2),
        audience="clinic",
    ),
)

REFERENCE_PROTOCOL = Protocol(
    id="reference-6-plus",
    version="3",
    title="Ketamine infusions, Monday-Wednesday-Friday, then every 4 weeks",
    note="For tests. Keeps “quotes”, ümlauts and 漢字.",
    phases=(
        Phase(
            kind="induction",
            name="induction",
            count=6,
            least=4,
            most=6,
            weeks=(2, 3),
            weekdays=(0, 2, 4),
            anchor_weekday=0,
            anatomy=Anatomy(prepare=20, infusion=40, observation=60),
            spacing=(
                Spacing(minimum=2, latest=7, absolute_minimum=1, source="house"),
                Spacing(minimum=7, apart=3, required=False, source="shiroma2014"),
            ),
            no_driving=timedelta(hours=24),
            before=(Restriction(what="eating", minutes=240), Restriction(what="drinking", minutes=120)),
            evidence=(
                Evidence(key="count", source="shiroma2014", mark=Mark.STATED),
                Evidence(key="spacing 1", source="house", mark=Mark.HOUSE, note="for tests"),
            ),
        ),
        Phase(
            kind="maintenance",
            name="boosters",
            count=None,
            every=(Interval(days=28), Interval(months=2, missing_day="roll")),
            until=Interval(months=12),
            review=Interval(days=182),
            join=Join(ideal=28, minimum=7),
            route="nasal",
            anatomy=Anatomy(prepare=15, infusion=10, observation=120, discharge=5),
            no_driving="next day",
            before=(Restriction(what="a nasal decongestant", minutes=60),),
        ),
    ),
    companions=REFERENCE_COMPANIONS,
    sources=(
        ("shiroma2014", "Shiroma 2014, J Affect Disord 155:123-129"),
        ("house", "house default; not from a publication"),
    ),
)


def reference_course() -> Course:
    """
    An induction with a missed session made up and one that is held, then two boosters.

    Around it: an appointment of every kind of place and reader, one of them to be confirmed and
    one cancelled, one during a session; tasks on the day of their session and on another; notices.
    """
    planned, moved = (0,), (0, 1)
    rows = [
        ("s1", date(2027, 3, 1), time(9, 15), BookingStatus.FULFILLED, planned),
        ("s2", date(2027, 3, 3), time(9, 15), BookingStatus.MISSED, moved),
        ("s3", date(2027, 3, 5), time(9, 15), BookingStatus.FIRM, planned),
        ("s4", date(2027, 3, 8), time(9, 15), BookingStatus.FIRM, planned),
        ("s5", date(2027, 3, 10), time(13, 0), BookingStatus.FIRM, moved),
        ("s6", date(2027, 3, 12), time(9, 15), BookingStatus.CLOSED, moved),
        ("s8", date(2027, 3, 12), time(15, 30), BookingStatus.FIRM, (1,)),
        ("s7", date(2027, 3, 15), time(9, 15), BookingStatus.TENTATIVE, (1,)),
    ]
    sessions = [
        Session(id=i, phase="induction", day=d, time=t, status=s, chair=2, ideal=d, revised=r)
        for i, d, t, s, r in rows
    ]
    sessions += [
        Session(
            id="b1", phase="boosters", day=date(2027, 4, 12), time=time(9, 15), place="Room 3, first floor"
        ),
        Session(id="b2", phase="boosters", day=date(2027, 5, 10), time=time(9, 15), ride="confirmed"),
    ]
    done = Decision(what="continue", on=date(2027, 2, 23), who="Dr A")
    around = [
        ("screening:s1", date(2027, 2, 22), time(10, 0), "s1", BookingStatus.FULFILLED, planned),
        ("therapy:s2", date(2027, 3, 4), time(11, 0), "s2", BookingStatus.CLOSED, moved),
        ("stimulation:s3", date(2027, 3, 5), time(9, 35), "s3", BookingStatus.FIRM, planned),
        ("therapy:s3", date(2027, 3, 6), time(11, 0), "s3", BookingStatus.FIRM, (1,)),
        ("writing:therapy:s3", date(2027, 3, 7), time(10, 0), "s3", BookingStatus.FIRM, (1,)),
        ("report:s1", date(2027, 3, 8), None, "s1", BookingStatus.FULFILLED, planned),
        ("case-review:s4", date(2027, 3, 9), time(8, 30), "s4", BookingStatus.FIRM, planned),
        ("diary:s5", date(2027, 3, 10), None, "s5", BookingStatus.FIRM, planned),
        ("organs:day10", date(2027, 3, 10), time(11, 30), "s5", BookingStatus.FIRM, moved),
        ("therapy:s5", date(2027, 3, 11), time(11, 0), "s5", BookingStatus.FIRM, planned),
        ("call:s5", date(2027, 3, 11), time(16, 0), "s5", BookingStatus.FIRM, planned),
        ("writing:therapy:s5", date(2027, 3, 13), time(10, 0), "s5", BookingStatus.FIRM, planned),
        ("therapy:s7", date(2027, 3, 16), time(11, 0), "s7", BookingStatus.TENTATIVE, (1,)),
        ("writing:therapy:s7", date(2027, 3, 17), time(10, 0), "s7", BookingStatus.TENTATIVE, (1,)),
        ("ride:b1", date(2027, 4, 11), None, "b1", BookingStatus.FIRM, planned),
        ("ride:b2", date(2027, 5, 9), None, "b2", BookingStatus.FULFILLED, planned),
    ]
    companions = [
        PlacedCompanion(
            id=i,
            companion=i.partition(":")[0],
            day=d,
            time=t,
            session=with_session,
            status=s,
            outcome=done if i.startswith("screening") else None,
            revised=r,
        )
        for i, d, t, with_session, s, r in around
    ]
    return Course(
        protocol=REFERENCE_PROTOCOL,
        zone="Europe/Amsterdam",
        sessions=tuple(sessions),
        id="A-017",
        revisions=(
            Revision(at=datetime(2027, 2, 20, 9, tzinfo=UTC)),
            Revision(at=datetime(2027, 3, 3, 16, 30, tzinfo=UTC), kind="replanned", what="replanned"),
        ),
        waivers=(
            Waiver(rule="KS101", sessions=("s8",), reason="holiday", who="Dr A", until=date(2027, 4, 1)),
        ),
        companions=tuple(companions),
        holds=(
            Hold(
                id="h1",
                reason="hypertension",
                who="Dr A",
                since=date(2027, 2, 20),
                lifted_by="Dr A",
                lifted_on=date(2027, 2, 26),
            ),
            Hold(id="h2", reason="psychosis", who="Dr C", since=date(2027, 3, 3), sessions=("s7",)),
        ),
        authorisations=(
            Authorisation(sessions=6, until=date(2027, 3, 31), scope="induction", name="Payer 4711"),
        ),
    )
