"""Courses: any that the model allows, and short ones that all days can be tried for."""

from __future__ import annotations

import re
from datetime import date, time, timedelta

import attrs
from hypothesis import assume
from hypothesis import strategies as st

from ketsched.clock import choices
from ketsched.hours import PatientHours
from ketsched.model import (
    OUTCOMES,
    Anatomy,
    Authorisation,
    BookingStatus,
    Changed,
    ClinicFiles,
    Course,
    Decision,
    Hold,
    Interval,
    Lifted,
    Phase,
    PlacedCompanion,
    Protocol,
    Revision,
    Segment,
    Session,
    Visit,
    VisitStatus,
    Waiver,
)
from making import JAN_4
from strategies.calendars import calendars, people
from strategies.protocols import protocols
from strategies.values import (
    ZONES,
    course_ids,
    days,
    filled,
    foreign_uids,
    moments,
    optional,
    session_ids,
    texts,
    times,
)


@st.composite
def patient_hours(draw, zone):
    """The patient's part of the hours, as a course remembers it."""
    return PatientHours(
        availability=draw(optional(calendars(zone))),
        away=draw(st.lists(days, max_size=4)),
        wishes=draw(optional(people(zone))),
        time=draw(optional(times)),
    )


file_names = st.sampled_from(["clinic.toml", "Dr A.toml", "a", "..b"])
clinic_files = st.builds(
    ClinicFiles,
    clinic=st.just("") | file_names,
    staff=st.dictionaries(filled, st.just("") | file_names, max_size=2).map(lambda each: tuple(each.items())),
    courses=st.sampled_from(["", ".", "courses"]),
)


@st.composite
def holds(draw, hold_id):
    """A clinician's stop that stands, or one that was lifted."""
    lifted = draw(st.booleans())
    return Hold(
        id=hold_id,
        reason=draw(filled),
        who=draw(filled),
        since=draw(days),
        sessions=tuple(draw(st.lists(texts, max_size=2))),
        lifted_by=draw(filled) if lifted else "",
        lifted_on=draw(days) if lifted else None,
    )


@st.composite
def authorisations(draw, names):
    """What a payer permits, for one of the phases or all."""
    ends = draw(st.lists(days, min_size=2, max_size=2))
    return Authorisation(
        sessions=draw(st.integers(1, 1000)),
        first=draw(optional(st.just(min(ends)))),
        until=draw(optional(st.just(max(ends)))),
        scope=draw(st.sampled_from(["", *names])),
        required=draw(st.booleans()),
        warn_days=draw(st.integers(0, 366)),
        name=draw(texts),
    )


@st.composite
def visits(draw, visit_id, sessions=()):
    """What became of a visit, as somebody recorded it; of one of these sessions, or of none."""
    status = draw(st.sampled_from(VisitStatus))
    return Visit(
        draw(days),
        status,
        session=draw(st.sampled_from([None, *sessions])),
        at=draw(optional(times)),
        elsewhere=draw(st.booleans()),
        counts=draw(st.sampled_from([None, True, False])) if status.delivered else None,
        by=draw(st.sampled_from(["", "patient", "clinic"])) if status is VisitStatus.CANCELLED else "",
        route=draw(texts),
        worse=draw(st.booleans()),
        note=draw(texts),
        id=visit_id,
        corrects="before" if status is VisitStatus.WITHDRAWN else draw(st.sampled_from(["", "before"])),
        who=draw(texts),
    )


def _followed(draw, course, publishable):
    """Return the course with what has happened to it: visits, and revisions that say what they changed."""
    ids = [session.id for session in course.sessions]
    changes: list[list[Changed]] = [[] for _ in course.revisions]
    for booking in course.bookings().values():
        numbers = sorted(draw(st.sets(st.integers(0, len(changes) - 1), max_size=2)) - {0})
        for number in numbers:
            before = None
            if number != numbers[0] or draw(st.booleans()):  # only the first can be the one that made it
                day, at = _on_a_day(draw, publishable=publishable, zone=course.zone)
                at = at if isinstance(booking, Session) or booking.time is not None else None
                before = attrs.evolve(
                    booking, day=day, time=at, status=draw(st.sampled_from(BookingStatus)), revised=(0,)
                )
            changes[number].append(Changed(booking=booking.id, why=draw(texts), before=before))
    revisions = tuple(
        attrs.evolve(
            revision,
            who=draw(texts),
            why=draw(texts),
            changes=tuple(changed),
            remarks=tuple(draw(st.lists(texts, max_size=2))),
        )
        for revision, changed in zip(course.revisions, changes, strict=True)
    )
    lifted = st.builds(
        Lifted,
        rule=texts,
        earlier=st.sampled_from(ids),
        later=st.sampled_from(ids),
        latest=st.integers(0, 400),
        by=st.sampled_from(["history", "policy"]),
    )
    phases_of = st.sampled_from([phase.name for phase in course.protocol.phases])
    segments = st.builds(Segment, protocol=texts, version=texts, first=phases_of, on=days)
    names = draw(st.lists(texts.filter(lambda text: text not in ("", "before")), max_size=3, unique=True))
    return attrs.evolve(
        course,
        sessions=tuple(
            attrs.evolve(
                session,
                pinned=draw(st.booleans()),
                booked=draw(st.sampled_from([True, True, False])),
                counts=draw(st.sampled_from([True, True, False])),
            )
            for session in course.sessions
        ),
        revisions=revisions,
        visits=tuple(draw(visits(name, ids)) for name in (*names, "")),
        skipped=tuple(draw(st.lists(st.sampled_from(ids), max_size=2))) if ids else (),
        lifted=tuple(draw(st.lists(lifted, max_size=2))) if ids else (),
        segments=tuple(draw(st.lists(segments, max_size=2))),
        ended=draw(optional(days)),
        patient=draw(patient_hours(course.zone)),
        files=draw(clinic_files),
    )


def _on_a_day(draw, *, publishable, zone):
    """Draw a day and a time; one that the zone shows exactly once if it is to be published."""
    day, at = draw(days), draw(times if publishable else optional(times))
    if publishable and len(choices(day, at, zone)) != 1:
        at = time(12)
        if len(choices(day, at, zone)) != 1:  # Apia left a day out
            day = date(2027, 6, 1)
    return day, at


@st.composite
def courses(draw, *, publishable=False, zones=ZONES, around=False, followed=False):
    """
    Any course; a publishable one has an id, a moment for each revision and a time for each session.

    With `around` it may also have appointments, tasks, holds and authorisations, and its protocol companions;
    with `followed` visits, sessions without a booking, and revisions that say what they changed.
    """
    protocol, zone = draw(protocols(around=around)), draw(st.sampled_from(zones))
    some = moments if publishable else optional(moments)
    revisions = tuple(draw(st.lists(st.builds(Revision, at=some, what=texts), min_size=1, max_size=3)))
    changes = st.sets(st.integers(0, len(revisions) - 1), min_size=1).map(lambda given: tuple(sorted(given)))
    names = [phase.name for phase in protocol.phases]
    bookable = [companion for companion in protocol.companions if companion.kind != "notice"]
    ids = draw(st.lists(session_ids, max_size=6, unique=True))
    ids = [
        given for given in ids if not re.fullmatch(r"(a|b-2):[01]", given)
    ]  # what bookings are called here
    sessions: list[Session] = []
    placed: list[PlacedCompanion] = []
    for session_id in ids:
        day, at = _on_a_day(draw, publishable=publishable, zone=zone)
        sessions.append(
            Session(
                id=session_id,
                phase=draw(st.sampled_from(names)),
                day=day,
                time=at,
                status=draw(st.sampled_from(BookingStatus)),
                chair=draw(optional(st.integers(1, 9))),
                place=draw(st.just("") | texts),
                route=draw(st.just("") | texts) if around else "",
                ride=draw(st.sampled_from(["", "confirmed", "none", "self"])) if around else "",
                ideal=draw(optional(days)),
                uid=draw(st.just("") | foreign_uids.map(f"{len(sessions)}@".__add__)),
                revised=draw(changes),
            )
        )
    for number in range(draw(st.sampled_from([2, 1, 0])) if bookable else 0):
        companion = draw(st.sampled_from(bookable))
        day, at = _on_a_day(draw, publishable=publishable, zone=zone)
        decided = st.builds(
            Decision, what=st.sampled_from(OUTCOMES), on=days, who=filled, applied=st.booleans()
        )
        placed.append(
            PlacedCompanion(
                id=f"{companion.id}:{number}",
                companion=companion.id,
                day=day,
                time=at if companion.kind == "appointment" else None,
                session=draw(st.sampled_from(["", *ids])),
                status=draw(st.sampled_from(BookingStatus)),
                ideal=draw(optional(days)),
                outcome=draw(optional(decided)) if companion.gate else None,
                who=(who := draw(st.just("") | texts)),
                unit=draw(optional(st.integers(1, 9))) if who else None,
                pinned=draw(st.booleans()),
                uid=draw(st.just("") | foreign_uids.map(f"{number}#".__add__)),
                revised=draw(changes),
            )
        )
    sessions.sort(key=lambda s: (s.day, s.time or time()))
    placed.sort(key=lambda p: (p.day, p.time or time()))
    rules = st.from_regex(r"KS[0-9]{3}", fullmatch=True)
    named = st.lists(texts, min_size=1, max_size=2).map(tuple)
    waivers = st.builds(Waiver, rule=rules, sessions=named, reason=filled, who=filled, until=optional(days))
    course = Course(
        protocol=protocol,
        zone=zone,
        sessions=tuple(sessions),
        id=draw(course_ids if publishable else optional(course_ids)),
        key=draw(st.just("") | course_ids),
        revisions=revisions,
        waivers=tuple(draw(st.lists(waivers, max_size=2))),
        companions=tuple(placed),
        holds=tuple(draw(holds(f"h{n}")) for n in range(draw(st.integers(0, 2)) if around else 0)),
        authorisations=tuple(draw(st.lists(authorisations(names), max_size=2)) if around else ()),
    )
    return _followed(draw, course, publishable) if followed else course


@st.composite
def short_courses(draw):
    """Some sessions within two weeks, in one phase or two, some closed, some at home."""
    after = draw(st.sets(st.integers(0, 12), min_size=1, max_size=5).map(sorted))
    split = draw(st.integers(1, len(after)))
    phases = [
        Phase(kind="induction", name="induction", count=split, anatomy=Anatomy(prepare=10, infusion=90))
    ]
    if split < len(after):
        phases.append(
            Phase(
                kind="maintenance",
                name="boosters",
                count=len(after) - split,
                every=(Interval(days=7),),
                place=draw(st.sampled_from(["clinic", "clinic", "home"])),
                anatomy=Anatomy(infusion=60),
            )
        )
    sessions = tuple(
        Session(
            id=f"s{n + 1}",
            phase="induction" if n < split else "boosters",
            day=JAN_4 + timedelta(day),
            time=time(10),
            status=draw(
                st.sampled_from([BookingStatus.FIRM] * 6 + [BookingStatus.FULFILLED, BookingStatus.CLOSED])
            ),
        )
        for n, day in enumerate(after)
    )
    assume(any(session.status.stands for session in sessions))
    protocol = Protocol(id="test", version="1", title="test", phases=tuple(phases))
    return Course(protocol=protocol, zone="UTC", sessions=sessions)
