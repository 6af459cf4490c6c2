"""What is left of a course, ready to be placed, and placed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import attrs

from ketsched.placing.values import Problem
from ketsched.spacing import Bound
from ketsched.tracking.ideals import Intent
from ketsched.tracking.places import Places

_SEVERAL = 2
"""A rule over several sessions counts to the second one after, or further."""


@attrs.frozen(kw_only=True)
class Remainder:
    """
    What is left of a course, ready to be placed.

    Attributes:
        intent: Its ideal days.
        places: The places.
        problem: Its days and bounds, without the latest days that give way; one day for those taken.
        lifted: Rules whose latest day no open day can keep any more, or may give way.
        past: Those of them that what was taken has made impossible.
        costs: Rules whose latest day the policy goes beyond, and another might not.
    """

    intent: Intent
    places: Places
    problem: Problem
    lifted: tuple[Bound, ...]
    past: tuple[Bound, ...]
    costs: tuple[Bound, ...]

    def least_left(self, at: int, day: int) -> int:
        """Return how many agreed days are left at least if the place to come of a number, from 0, is on a day."""
        lines = [line for line in self.problem.agreed if len(line.places) == len(self.intent.ideals)]
        return (
            lines[0].least_left(self.places.first + at, day) if lines else 0
        )  # else lines may change with the order


@attrs.frozen(kw_only=True)
class Placed:
    """
    What is left of a course, on days.

    Attributes:
        intent: Its ideal days.
        places: The places.
        days: A day for each place to come, as ordinals.
        lifted: Rules whose latest day these days go beyond, because no open day can keep it, or it may give way.
        past: Those of which what was taken has made it impossible.
        costs: Rules whose latest day the policy goes beyond, and another might not.
        moved: Agreed days that are left; one chosen by hand weighs more than all others.
        broken: Preferences broken.
    """

    intent: Intent
    places: Places
    days: tuple[int, ...]
    lifted: tuple[Bound, ...]
    past: tuple[Bound, ...]
    costs: tuple[Bound, ...]
    moved: int = 0
    broken: int = 0

    def cost(self, prefer: bool) -> tuple[int, int]:
        """Return the agreed days left and the preferences broken, these first if they are preferred."""
        return (self.broken, self.moved) if prefer else (self.moved, self.broken)

    @property
    def breaks(self) -> dict[str, str]:
        """The rules over several sessions whose latest day these days go beyond: in words, by their keys."""
        return self._beyond(self.days)

    @property
    def breaks_more(self) -> dict[str, str]:
        """Those of them that the past leaves open, and that the bookings as they stood did not go beyond."""
        stood = {} if self.intent.lays_new else self._beyond([ideal.day for ideal in self.intent.ideals])
        past = {bound.key for bound in self.past}
        return {key: rule for key, rule in self.breaks.items() if key not in stood and key not in past}

    def _beyond(self, to_come: Sequence[int]) -> dict[str, str]:
        days = [*(taken.day for taken in self.places.fixed), *to_come]
        return {
            bound.key: bound.rule
            for bound in self.places.bounds
            if bound.later - bound.earlier >= _SEVERAL
            and bound.latest is not None
            and days[bound.later] - days[bound.earlier] > bound.latest
        }

    def beyond_in_words(self, keys: Iterable[str]) -> Iterator[str]:
        """Yield in words how far these days go beyond rules, each by its key: the series now takes 15 days; ..."""
        days = [*(taken.day for taken in self.places.fixed), *self.days]
        for key in keys:
            bounds = [bound for bound in self.places.bounds if bound.key == key and bound.latest is not None]
            worst = max(
                bounds, key=lambda bound: days[bound.later] - days[bound.earlier] - (bound.latest or 0)
            )
            taken, most = days[worst.later] - days[worst.earlier] + 1, (worst.latest or 0) + 1
            asks = "requires" if worst.required else "prefers"
            if key.endswith("/weeks"):
                yield f"the series now takes {taken} days; the protocol {asks} {most}"
            else:
                sessions = worst.later - worst.earlier + 1
                yield f"{sessions} sessions now take {taken} days; the protocol {asks} {most}"
