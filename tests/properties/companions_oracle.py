"""
What goes around sessions, placed by trying everything: what the planner of companions is measured against.

Written from the definitions alone, without the planner's bounds, search or order of work: a
companion's anchors are read off the course, and every vector of days of its window is tried.
Opening hours are read off the calendars' own fields, in one zone without clock changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, time, timedelta
from functools import cache
from itertools import combinations

import attrs

from ketsched.calendars import Calendar
from ketsched.model import Companion, Course, PlacedCompanion, Session, Spacing
from properties.planning_oracle import minutes_of, spans, too_near_or_far

GRID = 15
HOME = [(8 * 60, 20 * 60)]

Cost = tuple[int, int, int, date, tuple[date, ...]]
Times = list[tuple[int, int]]


def minute(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def standing(course: Course) -> list[Session]:
    return [session for session in course.sessions if session.status not in ("missed", "closed")]


def counted(course: Course, companion: Companion) -> list[Session]:
    """The sessions that its anchor counts: those that stand, of its phase or of the whole course."""
    phase = companion.anchor.phase
    return [session for session in standing(course) if phase in ("", session.phase)]


# -- what it is counted from, and where it may be


def anchors(
    course: Course, companion: Companion, placed: Iterable[PlacedCompanion]
) -> list[tuple[str, date, str]]:
    """(what ids call it, day, session it goes with) of everything that a companion is counted from."""
    anchor, sessions = companion.anchor, counted(course, companion)
    if anchor.companion is not None:
        others = [p for p in placed if p.companion == anchor.companion]
        return [(p.id, p.day, p.session) for p in others if p.status not in ("missed", "closed")]
    if not sessions:
        return []
    if anchor.study_day is not None:
        day = sessions[0].day + timedelta(anchor.study_day - 1)
        last = max((s for s in sessions if s.day <= day), key=lambda s: (s.day, s.time))
        return [(f"day{anchor.study_day}", day, last.id)]
    if anchor.every is not None:
        return [(s.id, s.day, s.id) for number, s in enumerate(sessions, 1) if number % anchor.every == 0]
    if anchor.session is not None:
        numbered = [s for number, s in enumerate(sessions, 1) if number == anchor.session]
        return [(f"session{anchor.session}", s.day, s.id) for s in numbered]
    one = sessions[0] if anchor.edge == "start" else sessions[-1]
    return [(anchor.edge, one.day, one.id)]


def ideals(companion: Companion, day: date, until: date) -> list[date]:
    """The day that each booking of one anchor is meant for; intervals are in days."""
    found: list[date] = []
    wanted = day + timedelta(companion.window.recommended)
    while len(found) < companion.count if companion.count is not None else wanted <= until:
        found.append(wanted)
        if companion.every:
            wanted += timedelta(companion.every[min(len(found), len(companion.every)) - 1].days)
    return found


def hours(
    companion: Companion,
    day: date,
    clinic: Calendar,
    calendars: Mapping[str, Calendar],
    availability: Calendar | None,
) -> Times:
    """The minutes of a day, half-open, that are open to an appointment."""
    if companion.calendar in calendars:
        found = spans(calendars[companion.calendar], day)
    else:
        found = HOME if companion.place == "home" else spans(clinic, day)
    if availability is not None and companion.audience != "clinic":
        theirs = spans(availability, day)
        found = [(max(a, c), min(b, d)) for a, b in found for c, d in theirs if max(a, c) < min(b, d)]
    return found


def taken(course: Course, day: date) -> Times:
    """The minutes of a day that the course's sessions take, from arrival to the door."""
    found = []
    for session in standing(course):
        if session.day == day:
            begin = minute(session.time)
            found.append((begin, begin + minutes_of(course.protocol.phase(session.phase))))
    return found


def free_starts(opened: Times, busy: Times, minutes: int) -> list[int]:
    """The quarters of an hour at which something of that length can start."""
    return [
        start
        for begin, end in opened
        for start in range(-(-begin // GRID) * GRID, end - minutes + 1, GRID)
        if all(start + minutes <= since or until <= start for since, until in busy)
    ]


def trip_days(course: Course) -> set[date]:
    """Days on which the patient comes to the clinic for a session."""
    home = {phase.name for phase in course.protocol.phases if phase.place == "home"}
    return {s.day for s in standing(course) if (s.place or ("home" if s.phase in home else "")) != "home"}


def shares(companion: Companion) -> bool:
    """Whether it goes to days on which the patient comes anyway before all others."""
    return is_visit(companion) and companion.on_session_days == "allowed"


def options(
    course: Course,
    companion: Companion,
    window: Iterable[date],
    clinic: Calendar,
    calendars: Mapping[str, Calendar],
    availability: Calendar | None,
) -> list[date]:
    """The days of a window on which an appointment can be: open, and as its rule about session days says."""
    days = []
    own = {session.day for session in counted(course, companion)}
    every = {session.day for session in standing(course)}
    for day in window:
        if companion.weekdays and day.weekday() not in companion.weekdays:
            continue
        if companion.on_session_days == "never" and day in every:
            continue
        if companion.on_session_days == "only" and day not in own:
            continue
        opened = hours(companion, day, clinic, calendars, availability)
        busy = taken(course, day) if companion.audience != "clinic" else []
        if free_starts(opened, busy, companion.minutes):
            days.append(day)
    return days


# -- placements


def keeps(days: Sequence[date], rules: Iterable[Spacing]) -> bool:
    """Whether bookings of one anchor keep the rules between them."""
    for rule in rules:
        if rule.between is not None:
            first, second = rule.between
            pairs = [(days[first - 1], days[second - 1])] if second <= len(days) else []
        else:
            pairs = list(zip(days, days[rule.apart :], strict=False))
        if any(too_near_or_far((later - earlier).days, rule) for earlier, later in pairs):
            return False
    return True


def placements(companion: Companion, opened: Sequence[date], count: int) -> Iterator[tuple[date, ...]]:
    """Every vector of open days, one booking a day, that keeps the rules between the bookings."""
    return (days for days in combinations(opened, count) if keeps(days, companion.spacing))


def cost(companion: Companion, days: Sequence[date], wanted: Sequence[date], trips: set[date]) -> Cost:
    missed = [abs((day - ideal).days) for day, ideal in zip(days, wanted, strict=True)]
    alone = sum(day not in trips for day in days) if shares(companion) else 0
    return alone, sum(missed), max(missed), days[-1], tuple(days)


def windows(companion: Companion, opened: Sequence[date], count: int) -> list[set[date]] | None:
    """For each booking the days it has in some placement, or None if there is none."""
    found = list(placements(companion, opened, count))
    return [set(seen) for seen in zip(*found, strict=True)] if found else None


def every_way(
    course: Course,
    companion: Companion,
    day: date,
    clinic: Calendar,
    calendars: Mapping[str, Calendar],
    availability: Calendar | None,
) -> list[tuple[date, ...]]:
    """All placements of the bookings that are counted from one day."""
    if companion.kind == "task":
        return [(due(companion, day, clinic),)]
    until = last_session(course, companion)
    number = len(ideals(companion, day, until))
    first = day + timedelta(companion.window.earliest)
    last = until if companion.count is None else day + timedelta(companion.window.latest)
    window = [first + timedelta(n) for n in range((last - first).days + 1)]
    opened = options(course, companion, window, clinic, calendars, availability)
    return list(placements(companion, opened, number))


def best(
    course: Course,
    companion: Companion,
    day: date,
    clinic: Calendar,
    calendars: Mapping[str, Calendar],
    availability: Calendar | None,
    others: Iterable[date] = (),
) -> tuple[date, ...] | None:
    """
    The best days of the bookings that are counted from one day, or None if there are none.

    `others` are further days on which the patient comes to the clinic.
    """
    if companion.kind == "task":
        return (due(companion, day, clinic),)
    wanted = ideals(companion, day, last_session(course, companion))
    trips = trip_days(course).union(others)
    if (
        companion.anchor.every == 1
    ):  # what goes with each session shares no other session's trip, nor one beyond it
        beside = [session.day for session in standing(course) if session.day != day]
        trips = {trip for trip in trips if not any(min(day, trip) <= s <= max(day, trip) for s in beside)}
    ways = every_way(course, companion, day, clinic, calendars, availability)
    ahead = [session.day for session in standing(course) if session.day > day] if companion.gate else []

    def too_late(days: Sequence[date]) -> bool:
        """Whether it decides about later sessions, and comes only after the next of them."""
        return len(days) == 1 and bool(ahead) and days[0] >= min(ahead)

    costs = ((too_late(days), *cost(companion, days, wanted, trips)) for days in ways)
    found = min(costs, default=None) if wanted else ((),)
    return None if found is None else found[-1]


def last_session(course: Course, companion: Companion) -> date:
    """The day of the last session of what a companion is counted in."""
    return counted(course, companion)[-1].day


def must_be(course: Course) -> set[str]:
    """Ids of the companions that must be there, and of those that they are counted from."""
    needed: set[str] = set()
    for companion in reversed(course.protocol.companions):
        if companion.required or companion.id in needed:
            needed.add(companion.id)
            if companion.anchor.companion is not None:
                needed.add(companion.anchor.companion)
    return needed


def all_days(
    course: Course, clinic: Calendar, calendars: Mapping[str, Calendar], availability: Calendar | None
) -> dict[str, date] | None:
    """
    Id and day of every appointment and task, one companion after the other; None if a required one has no day.

    Those that must be there come first, with what they are counted from, each in the order of the
    protocol. It is right where appointments are so short that none takes another's hours, and
    none is already booked.
    """
    found: dict[str, PlacedCompanion] = {}
    needed = must_be(course)
    for companion in sorted(course.protocol.companions, key=lambda companion: companion.id not in needed):
        for key, day, session in anchors(course, companion, found.values()):
            visits = {p.day for p in found.values() if is_visit(course.protocol.companion(p.companion))}
            days = best(course, companion, day, clinic, calendars, availability, visits)
            if days is None and companion.required:
                return None
            for number, on in enumerate(days or (), 1):
                name = f"{companion.id}:{key}" + (f":{number}" if companion.count != 1 else "")
                found[name] = PlacedCompanion(id=name, companion=companion.id, day=on, session=session)
    return {name: booking.day for name, booking in found.items()}


def is_visit(companion: Companion) -> bool:
    """Whether the patient comes to the clinic for it."""
    return companion.kind == "appointment" and companion.place == "clinic" and companion.audience != "clinic"


def due(companion: Companion, day: date, clinic: Calendar) -> date:
    """The due date of a task, brought forward to a day of its window on which the clinic is open."""
    last = day + timedelta(companion.window.latest)
    first = max(day + timedelta(companion.window.earliest), last - timedelta(14))
    days = (last - timedelta(n) for n in range((last - first).days + 1))
    return next((on for on in days if spans(clinic, on)), last)


# -- several that contend for hours


def can_all_be(
    course: Course, clinic: Calendar, calendars: Mapping[str, Calendar], availability: Calendar | None
) -> bool:
    """
    Whether all appointments can be at once, each booked once from its anchor; by trying all days and hours.

    All are told to the patient.
    """
    choices = []
    for companion in course.protocol.companions:
        for _, day, _ in anchors(course, companion, ()):
            window = companion.window
            days = [day + timedelta(n) for n in range(window.earliest, window.latest + 1)]
            choices.append(
                [
                    (on, start, start + companion.minutes)
                    for on in options(course, companion, days, clinic, calendars, availability)
                    for start in free_starts(
                        hours(companion, on, clinic, calendars, availability),
                        taken(course, on),
                        companion.minutes,
                    )
                ]
            )
    return _fit((), choices)


def _fit(
    chosen: tuple[tuple[date, int, int], ...], choices: Sequence[Sequence[tuple[date, int, int]]]
) -> bool:
    if not choices:
        return True
    return any(
        _fit((*chosen, one), choices[1:])
        for one in choices[0]
        if all(one[0] != other[0] or one[2] <= other[1] or other[2] <= one[1] for other in chosen)
    )


def can_follow(
    course: Course, clinic: Calendar, calendars: Mapping[str, Calendar], availability: Calendar | None
) -> bool:
    """
    Whether there are days for all that must be there and for what that is counted from, by trying all.

    Right where appointments are so short that none takes another's hours. Where nothing is counted from a
    companion, one of its days is as good as any other.
    """
    needed = must_be(course)
    companions = [c for c in course.protocol.companions if c.id in needed]
    leads = {companion.anchor.companion for companion in companions}

    @cache
    def ways(at: int, day: date) -> list[tuple[date, ...]]:
        found = every_way(course, companions[at], day, clinic, calendars, availability)
        return found if companions[at].id in leads else found[:1]

    def placed(at: int, found: tuple[PlacedCompanion, ...]) -> bool:
        if at == len(companions):
            return True
        return from_anchors(at, anchors(course, companions[at], found), found)

    def from_anchors(
        at: int, left: Sequence[tuple[str, date, str]], found: tuple[PlacedCompanion, ...]
    ) -> bool:
        if not left:
            return placed(at + 1, found)
        companion, (key, day, session), some = companions[at], left[0], False
        for days in ways(at, day):
            some = True
            names = [f"{companion.id}:{key}:{n}" for n in range(len(days))]
            own = tuple(
                PlacedCompanion(id=name, companion=companion.id, day=on, session=session)
                for name, on in zip(names, days, strict=True)
            )
            if from_anchors(at, left[1:], (*found, *own)):
                return True
        return not some and not companion.required and from_anchors(at, left[1:], found)

    return placed(0, ())


# -- what is wrong with what was placed


def missing(course: Course) -> list[str]:
    """What must be there and is not: each booking from each anchor of a required companion."""
    said = []
    there = {booking.id for booking in course.companions if booking.status not in ("missed", "closed")}
    for companion in course.protocol.companions:
        if companion.required and companion.kind != "notice":
            for key, day, _ in anchors(course, companion, course.companions):
                name = f"{companion.id}:{key}"
                number = len(ideals(companion, day, last_session(course, companion)))
                wanted = [name] if companion.count == 1 else [f"{name}:{n}" for n in range(1, number + 1)]
                said += [f"{one} is missing" for one in wanted if one not in there]
    return said


def fits(
    course: Course,
    booking: PlacedCompanion,
    clinic: Calendar,
    calendars: Mapping[str, Calendar],
    availability: Calendar | None,
) -> bool:
    """Whether a booking can be where it is, with nothing else around the sessions."""
    companion = course.protocol.companion(booking.companion)
    if companion.anchor.companion is not None:
        return False  # what it is counted from may move
    bare = tuple(attrs.evolve(revision, changes=()) for revision in course.revisions)  # of other bookings
    alone = attrs.evolve(course, companions=(booking,), revisions=bare)
    return faults(alone, clinic, calendars, availability) == []


def faults(  # noqa: C901, PLR0912 - the definition, a line for each rule
    course: Course,
    clinic: Calendar,
    calendars: Mapping[str, Calendar],
    availability: Calendar | None,
) -> list[str]:
    """Every booking of a course that is where it must not be; one zone, no clock changes."""
    said = []
    busy: list[tuple[date, int, int]] = []
    for session in standing(course):
        begin = minute(session.time)
        busy.append((session.day, begin, begin + minutes_of(course.protocol.phase(session.phase))))
    for booking in course.companions:
        if booking.status in ("missed", "closed"):
            continue
        companion = course.protocol.companion(booking.companion)
        by_key = {key: (day, session) for key, day, session in anchors(course, companion, course.companions)}
        key = booking.id.removeprefix(f"{companion.id}:")
        if key not in by_key:
            key = key.rpartition(":")[0]
        if key not in by_key:
            said.append(f"{booking.id} is counted from nothing")
            continue
        day, session_id = by_key[key]
        if booking.session != session_id:
            said.append(f"{booking.id} goes with {booking.session}")
        after = (booking.day - day).days
        window = companion.window
        if after < window.earliest or (companion.count is not None and after > window.latest):
            said.append(f"{booking.id} lies outside its window")
        if companion.kind == "task":
            if booking.time is not None or booking.day != due(companion, day, clinic):
                said.append(f"{booking.id} is not on its due date")
            continue
        begin = minute(booking.time)
        end = begin + companion.minutes
        if companion.on_session_days == "during":
            own = next(s for s in standing(course) if s.id == session_id)
            anatomy = course.protocol.phase(own.phase).anatomy
            if booking.day != own.day or begin != minute(own.time) + anatomy.prepare:
                said.append(f"{booking.id} is not at the start of the infusion")
            continue
        if booking.day not in options(course, companion, [booking.day], clinic, calendars, availability):
            said.append(f"{booking.id} is on a day that is not open to it")
        opened = hours(companion, booking.day, clinic, calendars, availability)
        if not any(a <= begin and end <= b for a, b in opened) or begin % GRID:
            said.append(f"{booking.id} is at an hour that is not open to it")
        if companion.audience == "clinic":
            continue
        if any(on == booking.day and begin < until and since < end for on, since, until in busy):
            said.append(f"{booking.id} overlaps something")
        busy.append((booking.day, begin, end))
    return said
