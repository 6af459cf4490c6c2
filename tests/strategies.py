"""Values to try the laws on: any protocol and any course that the model allows."""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone

from hypothesis import strategies as st

from ketsched.clock import choices
from ketsched.model import (
    Anatomy,
    Course,
    Evidence,
    Interval,
    Join,
    Mark,
    Phase,
    Protocol,
    Restriction,
    Revision,
    Session,
    Spacing,
    Status,
    Waiver,
)

ZONES = (
    *("Europe/Amsterdam", "Europe/Dublin", "America/New_York", "America/Havana", "Australia/Lord_Howe"),
    *("Asia/Kolkata", "Asia/Jerusalem", "Asia/Kathmandu", "Pacific/Apia", "UTC", "America/Santiago"),
)

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
        evidence=tuple(
            draw(st.lists(st.builds(Evidence, key=texts, source=texts, mark=marks, note=texts), max_size=3))
        ),
    )


@st.composite
def protocols(draw):
    names = draw(st.lists(texts, min_size=1, max_size=3, unique=True))
    return Protocol(
        id=draw(st.from_regex(r"[a-z0-9]+(-[a-z0-9]+){0,3}", fullmatch=True).filter(lambda i: len(i) <= 64)),
        version=draw(texts),
        title=draw(texts),
        note=draw(texts),
        phases=tuple(
            draw(phases(name, first=number == 0, last=number == len(names) - 1))
            for number, name in enumerate(names)
        ),
        sources=tuple(
            draw(st.lists(st.tuples(texts, texts), max_size=3, unique_by=lambda source: source[0]))
        ),
    )


@st.composite
def courses(draw, *, publishable=False, zones=ZONES):
    """
    Any course; a publishable one has an id, a moment for each revision and a time for each session.
    """
    protocol, zone = draw(protocols()), draw(st.sampled_from(zones))
    some = moments if publishable else _optional(moments)
    revisions = tuple(draw(st.lists(st.builds(Revision, at=some, what=texts), min_size=1, max_size=3)))
    ids = draw(st.lists(session_ids, max_size=6, unique=True))
    sessions = []
    for session_id in ids:
        day, at = draw(days), draw(times if publishable else _optional(times))
        if publishable and len(choices(day, at, zone)) != 1:
            at = time(12)
            if len(choices(day, at, zone)) != 1:  # Apia left a day out
                day = date(2027, 6, 1)
        sessions.append(
            Session(
                id=session_id,
                phase=draw(st.sampled_from([phase.name for phase in protocol.phases])),
                day=day,
                time=at,
                status=draw(st.sampled_from(Status)),
                chair=draw(_optional(st.integers(1, 9))),
                place=draw(st.just("") | texts),
                ideal=draw(_optional(days)),
                revised=tuple(sorted(draw(st.sets(st.integers(0, len(revisions) - 1), min_size=1)))),
            )
        )
    sessions.sort(key=lambda s: (s.day, s.time or time()))
    rules = st.from_regex(r"KS[0-9]{3}", fullmatch=True)
    named = st.lists(texts, min_size=1, max_size=2).map(tuple)
    waivers = st.builds(Waiver, rule=rules, sessions=named, reason=filled, who=filled, until=_optional(days))
    return Course(
        protocol=protocol,
        zone=zone,
        sessions=tuple(sessions),
        id=draw(course_ids if publishable else _optional(course_ids)),
        revisions=revisions,
        waivers=tuple(draw(st.lists(waivers, max_size=2))),
    )
