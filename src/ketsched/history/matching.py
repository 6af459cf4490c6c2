"""Which booking each visit was, and which entries still stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, time
from typing import Any

import attrs

from ketsched.errors import InvalidInput
from ketsched.model import BookingStatus, Course, Session, Visit, VisitStatus
from ketsched.nearness import did_you_mean
from ketsched.revising import before_its_outcome, in_order

OUR_IDS = re.compile(r"v[0-9]+")
"""Ids of entries that are given here."""


def is_past(visit: Visit, as_of: date) -> bool:
    """Whether a visit can be taken as it was recorded: its day has come, or it was cancelled or taken back before."""
    return visit.day <= as_of or visit.status in (VisitStatus.CANCELLED, VisitStatus.WITHDRAWN)


def in_time(visit: Visit) -> tuple[date, time]:
    """Return a key that orders visits by when they were; one without an hour comes first on its day."""
    return visit.day, visit.at or time()


def sort_key(visit: Visit) -> tuple[bool, str, str]:
    """Return a key for visits of one time that does not depend on the order in which they are given."""
    v = visit
    return v.elsewhere, v.status.value, f"{v.note} {v.counts} {v.by} {v.route} {v.worse}"


def content(visit: Visit) -> tuple[Any, ...]:
    """Return what a visit says, without what recording it adds."""
    v = visit
    return v.day, v.status, v.at, v.elsewhere, v.counts, v.by, v.route, v.worse, v.note, v.corrects


def says_the_same(entry: Visit, visit: Visit) -> bool:
    """Whether a visit says nothing else than an entry, note and time aside; what it leaves open is no difference."""
    return (
        (entry.day, entry.status, entry.elsewhere, entry.corrects if visit.corrects else "")
        == (visit.day, visit.status, visit.elsewhere, visit.corrects)
        and visit.session in (None, entry.session)
        and visit.counts in (None, entry.counts)
        and visit.by in ("", entry.by)
        and visit.route in ("", entry.route)
        and visit.worse in (False, entry.worse)
    )


def says_more(entry: Visit, visit: Visit) -> bool:
    """Whether a visit has another note or time than an entry."""
    return visit.at not in (None, entry.at) or visit.note not in ("", entry.note)


def better_entry(entry: Visit, visit: Visit) -> Visit:
    """Return the correction of an entry that takes a visit's note and time: it is the same treatment."""
    at, note = visit.at or entry.at, visit.note or entry.note
    own = "" if visit.id == entry.id else visit.id
    return attrs.evolve(entry, at=at, note=note, session=None, id=own, corrects=entry.id, who=visit.who)


def unrecorded(course: Course, visits: Iterable[Visit]) -> list[Visit]:
    """
    Return the visits that a course does not remember yet; each that it does is taken once.

    One that says what an entry says, with another note, corrects that entry. A time of its own tells a second
    visit of one day from the first.
    """
    visits = list(visits)
    remembered: dict[tuple[Any, ...], list[Visit]] = {}
    for visit in course.visits if visits else ():
        remembered.setdefault(content(visit), []).append(visit)
    new, told = [], []
    for visit in visits:
        known = remembered.get(content(visit), [])
        at = next((n for n, one in enumerate(known) if _may_be(one, visit)), None)
        if at is None:
            new.append(visit)
        else:
            told.append(known[at].id)
            del known[at]
    return [*_not_known_better(course, new, told)] if course.visits else new


def _not_known_better(course: Course, visits: Iterable[Visit], told: Iterable[str]) -> Iterator[Visit]:
    """Yield visits but those that entries say already, and as a correction what says one of them better."""
    first: dict[str, str] = {}
    newest: dict[str, Visit] = {}
    for entry in course.visits:
        if entry.id:
            first[entry.id] = first.get(entry.corrects, entry.id) if entry.corrects else entry.id
            newest[first[entry.id]] = entry
    taken = {first.get(name, name) for name in told}
    for visit in visits:
        found = next(
            (
                (name, entry)
                for name, entry in newest.items()
                if name not in taken
                and not visit.corrects
                and visit.id in ("", entry.id)
                and visit.at in (None, entry.at)
                and says_the_same(entry, visit)
            ),
            None,
        )
        if found is None:
            yield visit
            continue
        taken.add(found[0])
        if says_more(found[1], visit):
            yield better_entry(found[1], visit)


def _may_be(known: Visit, visit: Visit) -> bool:
    """Whether a remembered visit may have been given like this."""
    return (
        visit.session in (None, known.session) and visit.id in ("", known.id) and visit.who in ("", known.who)
    )


def entries(course: Course, visits: Iterable[Visit]) -> list[Visit]:
    """
    Return what was recorded, in order of time, without the entries that a later one corrects.

    A correction of the same day is of the same session as what it corrects unless it names another; that of
    another day finds its own.

    Raises:
        InvalidInput: A correction names no entry, or one that was corrected already.
    """
    known = [*course.visits, *sorted(unrecorded(course, visits), key=sort_key)]
    by_id = {visit.id: visit for visit in known if visit.id}
    replaced: dict[str, Visit] = {}
    for number, visit in enumerate(known):
        if not visit.corrects:
            continue
        _check_correction(visit, by_id, replaced)
        replaced[visit.corrects] = visit
        if visit.session is None and is_of_same_session(visit, by_id[visit.corrects]):
            known[number] = attrs.evolve(visit, session=by_id[visit.corrects].session)
    return sorted(
        (v for v in known if v.status is not VisitStatus.WITHDRAWN and (not v.id or v.id not in replaced)),
        key=in_time,
    )


def is_of_same_session(correction: Visit, corrected: Visit) -> bool:
    """Whether a correction that names no session is of the same one: it takes an entry back, or stays on its day."""
    return correction.status is VisitStatus.WITHDRAWN or correction.day == corrected.day


def opened_again(course: Course, visits: Iterable[Visit]) -> Course:
    """Return a course with those sessions open again of which visits take back or correct all that was recorded."""
    visits = list(visits)
    if not any(visit.corrects for visit in visits):
        return course
    told, still = (
        {entry.session for entry in entries(course, given) if entry.session is not None}
        for given in ((), visits)
    )
    freed = told - still
    if not freed:
        return course
    sessions = (before_its_outcome(course, s) if s.id in freed else s for s in course.sessions)
    skipped = tuple(session for session in course.skipped if session not in freed)
    return attrs.evolve(course, sessions=in_order(sessions), skipped=skipped)


def _check_correction(visit: Visit, by_id: dict[str, Visit], replaced: dict[str, Visit]) -> None:
    """Refuse a correction of no entry, of one that was corrected already, or of an entry that corrects it."""
    what = why = fix = ""
    if visit.corrects not in by_id:
        what = f"a visit corrects the entry {visit.corrects[:40]!r}"
        why = f"entries are {', '.join(list(by_id)[:12]) or 'none yet'}"
        fix = "name the entry that it replaces"
    elif visit.corrects in replaced:
        by = replaced[visit.corrects].id
        what = f"the entry {visit.corrects[:40]!r} is corrected twice"
        why = f"it was corrected by {by or 'another entry'} already, and one of the two would be lost"
        fix = f"correct {by or 'that one'} instead"
    elif visit.id and by_id[visit.corrects].corrects == visit.id:
        what = f"the entries {visit.id[:40]!r} and {visit.corrects[:40]!r} correct each other"
        why = "a correction is of an earlier entry"
        fix = "let only the later one correct the other"
    if what:
        raise InvalidInput(what=what, where=f"visit of {visit.day}", why=why, fix=fix)


def match(course: Course, visits: Iterable[Visit], *, as_of: date) -> list[tuple[Visit, str | None]]:
    """
    Return each visit with the id of the session that it was, or None; each session once.

    By id if it names one; else the open session of that local day; else, if something was given,
    the nearest open one that lies closer to it than to any other visit and no further than half
    the gap to its neighbour (ties: the earlier); else none.
    """
    left = entries(course, visits)
    matched = _named(course, left)
    taken = set(matched.values())
    # An entry that was recorded as of no session stays so.
    handled = {visit.id for visit in course.visits if visit.id and visit.session is None}
    loose = {at: visit for at, visit in enumerate(left) if visit.session is None and visit.id not in handled}
    of_day: dict[date, list[Session]] = {}
    for session in course.sessions:
        of_day.setdefault(session.day, []).append(session)
    for at, visit in loose.items():
        if is_past(visit, as_of):
            free = [session for session in of_day.get(visit.day, ()) if session.id not in taken]
            if free:
                matched[at] = min(free, key=lambda session: not session.status.stands).id
                taken.add(matched[at])
    contents = {content(left[at]) for at in matched}
    given: list[tuple[int, Visit]] = []
    for at, visit in loose.items():
        new = (
            at not in matched and content(visit) not in contents
        )  # the same entered twice is of no second one
        if new and visit.status.delivered and visit.day <= as_of:
            contents.add(content(visit))
            given.append((at, visit))
    matched |= _nearest(course, given, taken)
    matched |= _still_unbooked(course, ((at, visit) for at, visit in given if at not in matched), matched)
    return [(visit, matched.get(at)) for at, visit in enumerate(left)]


def _named(course: Course, visits: Sequence[Visit]) -> dict[int, str]:
    """Return the sessions that visits name, by the number of the visit; of one entered twice the first."""
    known = {session.id for session in course.sessions}
    named: dict[int, str] = {}
    taken: dict[str, Visit] = {}
    for at, visit in enumerate(visits):
        if visit.session is None:
            continue
        if visit.session not in known:
            raise InvalidInput(
                what=f"a visit of the session {visit.session[:40]!r}",
                where=f"visit of {visit.day}",
                why="the course has no such session",
                fix=did_you_mean(visit.session, known) or "name one of its sessions, or leave session out",
            )
        if visit.session not in taken:
            named[at] = visit.session
            taken[visit.session] = visit
        elif content(taken[visit.session]) != content(visit):
            raise InvalidInput(
                what=f"Session {visit.session[:40]!r} is recorded twice.",
                where=f"visits of {taken[visit.session].day} and {visit.day}",
                why="a session is one visit",
                fix="say which one the later entry corrects, or leave its session out",
            )
    return named


def _still_unbooked(
    course: Course, visits: Iterable[tuple[int, Visit]], matched: Mapping[int, str]
) -> dict[int, str]:
    """Return the sessions of corrections that are of no booking, as what they correct was of none."""
    of_entry = {visit.id: visit.session for visit in course.visits}
    unbooked = {s.id for s in course.sessions if not s.booked} - set(matched.values())
    own = ((at, of_entry.get(visit.corrects) or "") for at, visit in visits if visit.corrects)
    return {at: session for at, session in own if session in unbooked}


def _nearest(course: Course, visits: Sequence[tuple[int, Visit]], taken: set[str]) -> dict[int, str]:
    """Return the sessions of what was given on another day than it was booked for, by the number of the visit."""
    if not visits:
        return {}
    standing = course.standing()
    pairs = []
    for place, session in enumerate(standing):
        if session.id in taken or session.status is BookingStatus.FULFILLED:
            continue
        neighbours = standing[max(place - 1, 0) : place] + standing[place + 1 : place + 2]
        gaps = [abs((other.day - session.day).days) for other in neighbours]
        for at, visit in visits:
            away = abs((visit.day - session.day).days)
            if not gaps or 2 * away <= min(gaps):
                pairs.append((away, session.day, place, at))
    matched: dict[int, str] = {}
    used: set[int] = set()
    for _, _, place, at in sorted(pairs):
        if at not in matched and place not in used:
            matched[at] = standing[place].id
            used.add(place)
    return matched
