"""Values to try the laws on: any protocol and any course that the model allows."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import attrs
from hypothesis import strategies as st

from ketsched.clock import choices
from ketsched.model import (
    AREAS,
    LAPSES,
    OUTCOMES,
    POLICIES,
    TOPICS,
    Anatomy,
    Anchor,
    Authorisation,
    BookingStatus,
    Changed,
    Companion,
    Course,
    Decision,
    Evidence,
    Hold,
    Interval,
    Join,
    LapseBand,
    Lifted,
    Mark,
    Phase,
    PlacedCompanion,
    Protocol,
    Restriction,
    Revision,
    Segment,
    Session,
    Spacing,
    Visit,
    VisitStatus,
    Waiver,
    Window,
)

ZONES = (
    *("Europe/Amsterdam", "Europe/Dublin", "America/New_York", "America/Havana", "Australia/Lord_Howe"),
    *("Asia/Kolkata", "Asia/Jerusalem", "Asia/Kathmandu", "Pacific/Apia", "UTC", "America/Santiago"),
)
EVERY_ZONE = sorted(zone for zone in available_timezones() if zone not in ("localtime", "Factory"))
"""What there is on this machine; ZONES are those that differ in kind."""

texts = st.text(max_size=30) | st.sampled_from(
    [
        "",
        "x\r\nBEGIN:VEVENT",
        "a\\nb\\Nc\\\\n",
        "\x00\x1f\x7f\x85\u2028",
        "=1+1",
        "é漢😀" * 20,
        ' "q"; c, d: ',
        "\\u0041",
    ]
)
filled = texts.filter(str.strip)
session_ids = filled.filter(lambda text: len(text) <= 255 and not re.search(r"[\x00-\x1f\x7f-\x9f]", text))
course_ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._~-]{0,63}", fullmatch=True)
days = st.dates(date(2020, 1, 1), date(2040, 12, 31))
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
offsets = st.builds(lambda m: timezone(timedelta(minutes=m)), st.integers(-14 * 60, 14 * 60))
moments = st.builds(
    lambda at, offset: at.astimezone(offset),
    st.integers(631_152_000 * 10**6, 4_102_444_800 * 10**6).map(  # 1990 to 2100
        lambda micros: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    ),
    st.just(UTC) | offsets,
)
marks = st.sampled_from(Mark)

evidences = st.builds(Evidence, key=texts, source=texts, mark=marks, note=texts)

intervals = st.builds(Interval, days=st.integers(1, 3660), missing_day=st.sampled_from(["clip", "roll"])) | (
    st.builds(Interval, months=st.integers(1, 120), missing_day=st.sampled_from(["clip", "roll"]))
)


def _optional(values):
    return st.none() | values


@st.composite
def spacings(draw):
    given_days = sorted(draw(st.lists(st.integers(0, 400), min_size=3, max_size=3)))
    names = draw(st.sets(st.sampled_from(["absolute_minimum", "minimum", "latest"]), min_size=1))
    ordered = ("absolute_minimum", "minimum", "latest")
    if "absolute_minimum" in names:
        names.add("minimum")
    fields = {n: d for n, d in zip(ordered, given_days, strict=True) if n in names}
    required = draw(st.booleans())
    return Spacing(
        **fields,
        apart=draw(st.integers(1, 12 if required else 3)),
        minimum_hours=draw(_optional(st.integers(0, 8784))) if required else None,
        between=draw(_optional(st.tuples(st.integers(1, 5), st.integers(6, 9)))) if required else None,
        required=required,
        source=draw(texts),
    )


@st.composite
def joins(draw):
    least, ideal, most = sorted(draw(st.lists(st.integers(0, 100), min_size=3, max_size=3)))
    chosen = draw(st.sampled_from([{}, {"ideal": ideal}, {"next_week": True}]))
    return Join(minimum=least, latest=most, **chosen)


@st.composite
def lapses(draw):
    """What is proposed after a break: bands from day 0 on, the last one without end; or nothing."""
    firsts = [0, *sorted(draw(st.sets(st.integers(1, 400), max_size=2)))]
    bands = []
    for first, following in zip(firsts, [*firsts[1:], None], strict=True):
        propose, if_worse = draw(st.sampled_from(LAPSES)), draw(st.sampled_from(["", *LAPSES]))
        repeat = draw(st.integers(1, 12)) if "repeat tail" in (propose, if_worse) else 0
        last = None if following is None else following - 1
        bands.append(LapseBand(first=first, last=last, propose=propose, repeat=repeat, if_worse=if_worse))
    return draw(st.sampled_from([tuple(bands), ()]))


@st.composite
def phases(draw, name="induction", *, first=True, last=True):
    by_days = draw(st.booleans())
    every = () if by_days else tuple(draw(st.lists(intervals, min_size=not first, max_size=2)))
    weekdays = (
        tuple(sorted(draw(st.sets(st.integers(0, 6), min_size=not first, max_size=4)))) if by_days else ()
    )
    endless = last and (every or weekdays) and draw(st.booleans())
    least, count, most = sorted(draw(st.lists(st.integers(1, 12), min_size=3, max_size=3)))
    study_days = ()
    if by_days and not endless and draw(st.booleans()):
        study_days = (1, *sorted(draw(st.sets(st.integers(2, 90), min_size=most, max_size=most + 2))))
    return Phase(
        kind=draw(st.sampled_from(["induction", "maintenance"])),
        name=name,
        count=None if endless else count,
        least=draw(st.sampled_from([None, least])),
        most=draw(st.sampled_from([None, most])),
        weeks=draw(_optional(st.tuples(st.integers(1, 4), st.integers(4, 9)))),
        weeks_required=draw(st.booleans()) if first else True,
        weekdays=weekdays,
        study_days=study_days,
        every=every,
        until=draw(_optional(intervals)),
        review=draw(_optional(intervals)),
        anchor=draw(st.sampled_from(["start", "previous"])),
        anchor_weekday=draw(_optional(st.integers(0, 6))),
        spacing=tuple(draw(st.lists(spacings(), max_size=3))),
        join=None if first else draw(_optional(joins())),
        anatomy=Anatomy(
            prepare=draw(st.integers(0, 90)),
            infusion=draw(st.integers(1, 400)),
            observation=draw(st.integers(0, 300)),
            discharge=draw(st.integers(0, 90)),
        ),
        route=draw(st.sampled_from(["intravenous", "nasal", ""]) | texts),
        place=draw(st.sampled_from(["clinic", "home"])),
        no_driving=draw(
            _optional(st.just("next day") | st.builds(timedelta, minutes=st.integers(1, 10_080)))
        ),
        before=tuple(
            draw(
                st.lists(
                    st.builds(
                        Restriction,
                        what=st.sampled_from(["eating", "drinking"]) | filled,
                        minutes=st.integers(0, 10_080),
                    ),
                    max_size=3,
                )
            )
        ),
        missed=draw(st.sampled_from(POLICIES)),
        lapse=draw(lapses()),
        evidence=tuple(draw(st.lists(evidences, max_size=3))),
    )


@st.composite
def anchors(draw, names, known):
    """What a companion can be counted from, given the names of the phases and the companions before it."""
    chosen = draw(
        st.sampled_from(["session", "every", "edge", "study_day", *(["companion"] if known else [])])
    )
    if chosen == "companion":
        return Anchor(companion=draw(st.sampled_from(known)))
    value = draw(st.sampled_from(["start", "end"]) if chosen == "edge" else st.integers(1, 40))
    return Anchor(**{chosen: value}, phase=draw(st.sampled_from(["", *names])))


@st.composite
def companions(draw, companion_id, names=(), known=()):
    """One thing around the sessions, of any kind, as far as its kind allows."""
    kind = draw(st.sampled_from(["appointment", "task", "notice"]))
    fields = {}
    if kind == "appointment":
        fields = {
            "minutes": draw(st.integers(1, 24 * 60)),
            "weekdays": tuple(draw(st.lists(st.integers(0, 6), max_size=2, unique=True))),
            "calendar": draw(texts),
            "on_session_days": draw(st.sampled_from(["allowed", "never", "only", "during"])),
            "gate": draw(st.booleans()),
        }
    if kind == "notice":
        holds = _optional(st.integers(0, 10_080))
        fields = {"before": draw(holds), "after": draw(holds)}
    else:
        count = draw(st.sampled_from([1, 1, 2, 1000, None]))
        fields["count"] = count
        fields["every"] = tuple(draw(st.lists(intervals, min_size=count != 1, max_size=2)))
        rules = spacings().filter(lambda rule: rule.required and rule.minimum_hours is None)
        fields["spacing"] = tuple(draw(st.lists(rules, max_size=1)))
    if fields.get("on_session_days") == "during":  # on its session's day, and once
        fields |= {"count": 1, "every": (), "spacing": (), "weekdays": ()}
    else:
        ends = draw(st.lists(st.integers(-400, 400), min_size=3, max_size=3))
        fields["window"] = Window(
            **dict(zip(("earliest", "recommended", "latest"), sorted(ends), strict=True))
        )
    topic = draw(st.sampled_from(TOPICS))
    if topic in ("monitoring", "laboratory"):
        fields["areas"] = tuple(draw(st.lists(st.sampled_from(AREAS), max_size=2, unique=True)))
    return Companion(
        id=companion_id,
        kind=kind,
        topic=topic,
        title=draw(filled),
        text=draw(texts),
        anchor=draw(anchors(names, known)),
        audience=draw(st.sampled_from(["patient", "clinic", "both"])),
        required=draw(st.booleans()),
        place=draw(st.sampled_from(["clinic", "home", "telephone", "elsewhere"])),
        evidence=tuple(draw(st.lists(evidences, max_size=1))),
        **fields,
    )


@st.composite
def protocols(draw, *, around=False):
    """Any protocol; with companions and a phase beside the last if asked for what goes around sessions."""
    names = draw(st.lists(texts, min_size=1, max_size=3, unique=True))
    phase_list = [
        draw(phases(name, first=number == 0, last=number == len(names) - 1))
        for number, name in enumerate(names)
    ]
    added: list[Companion] = []
    if around:
        if len(names) > 1 and names[-1] and draw(st.booleans()):
            beside = draw(phases("".join(names) + "beside", first=False))
            phase_list.append(attrs.evolve(beside, beside=names[-1]))
        for companion_id in ("a", "b-2")[: draw(st.sampled_from([2, 1, 0]))]:
            known = [companion.id for companion in added]
            added.append(draw(companions(companion_id, [phase.name for phase in phase_list], known)))
    return Protocol(
        id=draw(st.from_regex(r"[a-z0-9]+(-[a-z0-9]+){0,3}", fullmatch=True).filter(lambda i: len(i) <= 64)),
        version=draw(texts),
        title=draw(texts),
        note=draw(texts),
        phases=tuple(phase_list),
        companions=tuple(added),
        sources=tuple(
            draw(st.lists(st.tuples(texts, texts), max_size=3, unique_by=lambda source: source[0]))
        ),
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
        first=draw(_optional(st.just(min(ends)))),
        until=draw(_optional(st.just(max(ends)))),
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
        at=draw(_optional(times)),
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
        ended=draw(_optional(days)),
    )


def _on_a_day(draw, *, publishable, zone):
    """Draw a day and a time; one that the zone shows exactly once if it is to be published."""
    day, at = draw(days), draw(times if publishable else _optional(times))
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
    some = moments if publishable else _optional(moments)
    revisions = tuple(draw(st.lists(st.builds(Revision, at=some, what=texts), min_size=1, max_size=3)))
    changes = st.sets(st.integers(0, len(revisions) - 1), min_size=1).map(lambda given: tuple(sorted(given)))
    names = [phase.name for phase in protocol.phases]
    bookable = [companion for companion in protocol.companions if companion.kind != "notice"]
    ids = draw(st.lists(session_ids, max_size=6, unique=True))
    ids = [
        given for given in ids if not re.fullmatch(r"(a|b-2):[01]", given)
    ]  # what bookings are called here
    sessions, placed = [], []
    for session_id in ids:
        day, at = _on_a_day(draw, publishable=publishable, zone=zone)
        sessions.append(
            Session(
                id=session_id,
                phase=draw(st.sampled_from(names)),
                day=day,
                time=at,
                status=draw(st.sampled_from(BookingStatus)),
                chair=draw(_optional(st.integers(1, 9))),
                place=draw(st.just("") | texts),
                route=draw(st.just("") | texts) if around else "",
                ride=draw(st.sampled_from(["", "confirmed", "none", "self"])) if around else "",
                ideal=draw(_optional(days)),
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
                ideal=draw(_optional(days)),
                outcome=draw(_optional(decided)) if companion.gate else None,
                revised=draw(changes),
            )
        )
    sessions.sort(key=lambda s: (s.day, s.time or time()))
    placed.sort(key=lambda p: (p.day, p.time or time()))
    rules = st.from_regex(r"KS[0-9]{3}", fullmatch=True)
    named = st.lists(texts, min_size=1, max_size=2).map(tuple)
    waivers = st.builds(Waiver, rule=rules, sessions=named, reason=filled, who=filled, until=_optional(days))
    course = Course(
        protocol=protocol,
        zone=zone,
        sessions=tuple(sessions),
        id=draw(course_ids if publishable else _optional(course_ids)),
        revisions=revisions,
        waivers=tuple(draw(st.lists(waivers, max_size=2))),
        companions=tuple(placed),
        holds=tuple(draw(holds(f"h{n}")) for n in range(draw(st.integers(0, 2)) if around else 0)),
        authorisations=tuple(draw(st.lists(authorisations(names), max_size=2)) if around else ()),
    )
    return _followed(draw, course, publishable) if followed else course


@cache
def clock_changes(zone):
    """Moments within two days after the offset changes, 1990 to 2035: found apart from the library."""
    place, at, found = ZoneInfo(zone), datetime(1990, 1, 1, tzinfo=UTC), []
    before = at.astimezone(place).utcoffset()
    while at.year < 2035:
        at += timedelta(days=2)
        now = at.astimezone(place).utcoffset()
        if now != before:
            found.append(at)
        before = now
    return found


@st.composite
def near_changes(draw):
    """A zone and a date, most often one next to a change of its clocks."""
    zone = draw(st.sampled_from(EVERY_ZONE))
    day = draw(st.dates(date(1973, 1, 1), date(2199, 12, 31)))
    if draw(st.integers(0, 3)) and clock_changes(zone):
        day = draw(st.sampled_from(clock_changes(zone))).date() + timedelta(draw(st.integers(-4, 2)))
    return zone, day
