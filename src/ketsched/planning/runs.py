"""The bookings of one companion that are counted from one anchor, as they are to be placed."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from ketsched.anchors import AnchorDay
from ketsched.model import Companion, Protocol
from ketsched.planning.rules import ONE_A_DAY, bounds_over, pairs_of
from ketsched.spacing import Bound, lay


def needed(protocol: Protocol) -> set[str]:
    """
    Return the ids of the appointments that must be there, and of what they are counted from.

    A task always has its day.
    """
    found: set[str] = set()
    for companion in reversed(protocol.companions):
        if (companion.required and companion.kind == "appointment") or companion.id in found:
            found.add(companion.id)
            if companion.anchor.companion is not None:
                found.add(companion.anchor.companion)
    return found


@attrs.frozen
class Run:
    """The bookings of one companion that are counted from one anchor."""

    companion: Companion
    anchored: AnchorDay
    ids: tuple[str, ...]
    ideals: tuple[int, ...]
    first: int
    last: int

    @property
    def window(self) -> range:
        """The days on which they can be."""
        return range(self.first, self.last + 1)

    def bounds(self) -> Iterator[Bound]:
        """Yield the rules between its bookings."""
        places = range(len(self.ids))
        yield from lay(places, minimum=1, rule="one a day", key=ONE_A_DAY)
        for number, spacing in enumerate(self.companion.spacing, 1):
            key = f"{self.companion.id}/spacing {number}"
            yield from bounds_over(spacing, pairs_of(spacing, places), spacing.words(), key)
