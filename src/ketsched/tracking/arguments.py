"""The arguments that following a course takes, checked where they come in, so that nothing wrong is passed over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Any

from ketsched.calendars import Calendar
from ketsched.errors import InvalidInput
from ketsched.model import POLICIES, Course, Join, Protocol, Visit

MOST_NOTICE = 366
"""Days of notice that a replacement can be held to (house default)."""


def visits_of(visits: object) -> tuple[Visit, ...]:
    """Return visits as a tuple."""
    if isinstance(visits, Iterable) and not isinstance(visits, str):
        found = tuple(visits)
        if all(isinstance(visit, Visit) for visit in found):
            return found
    raise _wrong("visits", visits, "a list of visits", "[Visit(date(2027, 1, 14), 'no-show')]")


def notice_of(notice: object) -> int:
    """Return after how many days something new can be: 1 at least, because today is never planned again."""
    if type(notice) is not int or not 0 <= notice <= MOST_NOTICE:
        raise _wrong(
            "notice", notice, f"a number of days, 0 to {MOST_NOTICE}", "notice=1 for tomorrow at the earliest"
        )
    return max(notice, 1)


def check(course: Course, **given: Any) -> None:
    """
    Refuse arguments of the wrong kind, by their names; those that are None were not given.

    Raises:
        InvalidInput: Says which, and what it should be.
    """
    for name, value in given.items():
        if value is None and name != "calendar":
            continue
        kind, fix, fits = _KINDS[name]
        if not fits(value):
            raise _wrong(name, value, kind, fix)
    calendar = given.get("calendar")
    if calendar is not None and calendar.zone != course.zone:
        raise InvalidInput(
            what=f"a calendar of {calendar.zone} for a course of {course.zone}",
            where="calendar",
            why="the days and hours of a course are local to its clinic",
            fix=f"give the clinic's calendar, in {course.zone}; availability and wishes may be in another zone",
        )


def policies_of(course: Course, policy: object) -> dict[str, str]:
    """Return the policy of each phase: the protocol's, unless another one is given."""
    phases = {phase.name: phase.missed for phase in course.protocol.phases}
    chosen: Mapping[Any, Any] = {}
    if isinstance(policy, Mapping):
        chosen = policy
    elif policy is not None:
        chosen = dict.fromkeys(phases, policy)
    for name, one in chosen.items():
        if name not in phases or one not in POLICIES:
            raise InvalidInput(
                what=f"the policy {str(one)[:20]!r} for {str(name)[:40]}",
                where="policy",
                why=f"policies are {', '.join(POLICIES)}; phases are {', '.join(phases)}",
                fix='give policy="make-up", or policy={"induction": "make-up"}',
            )
    return phases | dict(chosen)


def _is_time(value: object) -> bool:
    return isinstance(value, time) and not (value.second or value.microsecond or value.tzinfo)


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _are_moves(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(k, str) and _is_day(v) for k, v in value.items())


_CALENDAR = ("a calendar", "give Calendar.weekly(...)", lambda value: isinstance(value, Calendar))
_TEXT = (
    "a text of at most 200 characters",
    "write it shorter",
    lambda v: isinstance(v, str) and len(v) <= 200,
)
_KINDS: dict[str, tuple[str, str, Any]] = {
    "calendar": _CALENDAR,
    "availability": _CALENDAR,
    "wishes": _CALENDAR,
    "calendars": (
        "calendars by name",
        'give {"therapist": Calendar.weekly(...)}',
        lambda v: isinstance(v, Mapping) and all(isinstance(one, Calendar) for one in v.values()),
    ),
    "time": ("a whole minute without a zone", "give time(9, 30)", _is_time),
    "move": ("a new day for each session, by its id", 'give {"s5": date(2027, 1, 20)}', _are_moves),
    "add": (
        "a list of days",
        "give [date(2027, 1, 28)]",
        lambda v: isinstance(v, list | tuple) and all(map(_is_day, v)),
    ),
    "repeat": ("a number of sessions", "give repeat=2", lambda v: type(v) is int and v >= 0),
    "step": ("a step", 'give step="back" or step="forward"', lambda v: v in ("back", "forward")),
    "switch": ("a protocol", 'give load_protocol("esk-trd")', lambda v: isinstance(v, Protocol)),
    "join": ("a join", "give Join(ideal=7)", lambda v: isinstance(v, Join)),
    "end": ("True or False", "give end=True to end the course today", lambda v: isinstance(v, bool)),
    "exceed": ("True or False", "give exceed=True", lambda v: isinstance(v, bool)),
    "through": ("a day", "give date(2027, 12, 31)", _is_day),
    "day": ("a day", "give date(2027, 1, 20)", _is_day),
    "place": _TEXT,
    "who": _TEXT,
    "session": ("the id of a session", 'give "s5"', lambda v: isinstance(v, str)),
}


def _wrong(name: str, value: object, kind: str, fix: str) -> InvalidInput:
    return InvalidInput(
        what=f"{name} is {str(value)[:40]!r}",
        where=name,
        why=f"it is {kind}",
        fix=fix,
    )
