"""What is to be done when a course is planned again, and the keywords that the verbs have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import TypedDict

import attrs

from ketsched.calendars import Calendar
from ketsched.clock import plausible
from ketsched.errors import InvalidInput, refuse_first
from ketsched.model import POLICIES, Join, Protocol
from ketsched.nearness import did_you_mean
from ketsched.planning.seating import Seat

MOST_NOTICE = 366
"""Days of notice that a replacement can be held to (house default)."""
STEPS = ("back", "forward")
"""Ways to go in a phase's list of intervals."""
LONGEST_PLACE = 200
"""Characters of a place (house default)."""


def _moves(days: Mapping[str, date] | None) -> Mapping[str, date]:
    return days or {}


def _days(days: Sequence[date]) -> tuple[date, ...]:
    return tuple(sorted(days))


@attrs.frozen(kw_only=True)
class ReplanOptions:
    """
    What is to be done when a course is planned again.

    Attributes:
        policy: What is done about missed sessions, one of POLICIES, for all phases or by the name of a
            phase; None: what the protocol says.
        move: New days chosen by hand, by the id of the session.
        add: Days of sessions besides the pattern, ascending.
        repeat: How many of the last sessions are given again.
        step: One of STEPS: the interval before or after the current one; None: none.
        switch: Another protocol for the rest, its choices made; None: none.
        join: How its first session follows the last one given; None: with the pattern of its first phase.
        end: Whether the course ends today.
        through: Last day to which an open-ended phase is planned on; None: as far as it is.
        place: Where sessions at the clinic are from now on; None: where they are.
        lost: What is done about bookings that cannot stand, one of POLICIES; None and "keep": each goes to the
            nearest day that leaves the others alone.
        prefer: Whether preferences come before agreed days.
        exceed: Whether latest days that cannot be kept give way.
        notice: Nothing new is placed before so many days after today; 0 is as 1, as today stays.
        seats: The hour and the chair that were chosen with a day, by the id of the session; they are free.
    """

    policy: str | Mapping[str, str] | None = None
    move: Mapping[str, date] = attrs.field(default=None, converter=_moves)
    add: tuple[date, ...] = attrs.field(default=(), converter=_days)
    repeat: int = 0
    step: str | None = None
    switch: Protocol | None = None
    join: Join | None = None
    end: bool = False
    through: date | None = None
    place: str | None = None
    lost: str | None = None
    prefer: bool = False
    exceed: bool = False
    notice: int = 1
    seats: Mapping[str, Seat] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        for name in self.move:
            plausible(self.move[name], "move")
        for day in self.add:
            plausible(day, "add")
        twice = next((day for day in self.add if self.add.count(day) > 1), None)
        for wrong, argument, what, why, fix in (
            (
                not 0 <= self.notice <= MOST_NOTICE,
                "notice",
                f"a notice of {self.notice} days",
                f"it is a number of days, 0 to {MOST_NOTICE}",
                "give {notice=1} for tomorrow at the earliest",
            ),
            (
                self.repeat < 0,
                "repeat",
                f"{self.repeat} sessions to give again",
                "it is a number of sessions",
                "give {repeat=2} to give the last two again",
            ),
            (
                self.step not in (None, *STEPS),
                "step",
                f"a step {str(self.step)[:40]!r}",
                f"it is one of {', '.join(STEPS)}",
                did_you_mean(str(self.step or ""), STEPS)
                or 'give {step=back|step="back"} or {step=forward|step="forward"}',
            ),
            (
                self.lost not in (None, *POLICIES),
                "lost",
                f"{str(self.lost)[:40]!r} for bookings that cannot stand",
                f"it is one of {', '.join(POLICIES)}",
                did_you_mean(str(self.lost or ""), POLICIES)
                or 'give {lost=shift|lost="shift"}, or leave it out: each goes to the nearest day',
            ),
            (
                self.place is not None and len(self.place) > LONGEST_PLACE,
                "place",
                "a long place",
                f"it is a text of at most {LONGEST_PLACE} characters",
                "write it shorter",
            ),
            (
                len(set(self.move.values())) < len(self.move),
                "move",
                "two sessions moved to one day",
                "there is one session a day",
                "give each its own",
            ),
            (
                twice is not None,
                "add",
                f"one more session on {twice}",
                "there is one on that day already, and two on one day are too many",
                "choose another day",
            ),
        ):
            refuse_first(InvalidInput, argument, [(wrong, argument, what, why, fix)])

    @property
    def days_of_notice(self) -> int:
        """After how many days something new can be: 1 at least, because today is never planned again."""
        return max(self.notice, 1)

    @property
    def goes_on(self) -> str:
        """The first option that asks for more sessions; empty if none does."""
        return next(
            (name for name in ("add", "repeat", "step", "switch", "through") if getattr(self, name)), ""
        )

    def policies(self, protocol: Protocol) -> dict[str, str]:
        """
        Return the policy of each phase of a protocol: the protocol's own, unless another one is given.

        Raises:
            InvalidInput: There is no such policy or phase.
        """
        phases = {phase.name: phase.missed for phase in protocol.phases}
        given = self.policy or {}
        chosen = dict.fromkeys(phases, given) if isinstance(given, str) else dict(given)
        for name, policy in chosen.items():
            if name not in phases or policy not in POLICIES:
                raise InvalidInput(
                    what=f"the policy {policy[:20]!r} for {name[:40]}",
                    where="policy",
                    why=f"policies are {', '.join(POLICIES)}; phases are {', '.join(phases)}",
                    fix=did_you_mean(*((policy, POLICIES) if name in phases else (name, phases)))
                    or 'give policy="make-up", or policy={"induction": "make-up"}',
                    argument="policy",
                )
        return phases | chosen


class _Within(TypedDict, total=False):
    at: datetime | None
    as_of: date | None
    who: str
    availability: Calendar | None
    away: Iterable[date]
    wishes: Calendar | None
    time: time | None
    calendars: Mapping[str, Calendar] | None


class _Decisions(TypedDict, total=False):
    notice: int
    add: Sequence[date]
    repeat: int
    step: str | None
    switch: Protocol | None
    join: Join | None
    end: bool
    through: date | None
    place: str | None
    exceed: bool


class _Policy(TypedDict, total=False):
    policy: str | Mapping[str, str] | None
    lost: str | None
    prefer: bool


class _Move(TypedDict, total=False):
    move: Mapping[str, date] | None


class Decisions(_Decisions, _Policy, _Move, total=False):
    """The keywords of which ReplanOptions are made."""


class MovingKeywords(_Within, _Decisions, _Policy, total=False):
    """Keywords of `moving`: those of `replan` but the move itself."""


class WaysKeywords(_Within, _Decisions, _Move, total=False):
    """Keywords of `ways`: those of `replan` but those that say which way."""


class ReplanKeywords(_Within, Decisions, total=False):
    """Keywords of `replan` and `proposals`, but the clinic's calendar."""
