"""
How much work one answer may take, counted and not timed, so that it is the same everywhere.
"""

from __future__ import annotations

EFFORT = 150_000
"""Steps that one answer may take: partial plans looked at, and what takes as long (well under a second)."""


class TooManyPlans(Exception):
    """A search has taken as many steps as it may, and is not done."""


class Effort:
    """
    Steps that are left to an answer; all that is searched for it draws on the same ones.

    Args:
        left: How many there are.
    """

    def __init__(self, left: int = EFFORT) -> None:
        self.left = left

    def take(self, steps: int) -> None:
        """Take some steps; raise TooManyPlans if there are none left."""
        self.left -= steps
        if self.left < 0:
            raise TooManyPlans

    def part(self, steps: int) -> Effort:
        """Return at most so many of the steps that are left, to be drawn on alone; see `give_back`."""
        part = Effort(min(steps, max(self.left, 0)))
        self.left -= part.left
        return part

    def give_back(self, part: Effort) -> None:
        """Take back what is left of a part."""
        self.left += max(part.left, 0)
