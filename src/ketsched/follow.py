"""
The verbs of following a course: what happened, what holds sessions up, what goes around them, who is told.

Each takes a course and returns its next revision, the plans that could be made, or what there is
to say; none of them asks the clock or decides anything clinical. `ketsched.replan` plans the rest.
"""

from typing import TYPE_CHECKING

from ketsched.firstuse import at_first_use

__all__ = [
    "appointments",
    "authorise",
    "book",
    "cancel",
    "choices",
    "confirm",
    "decide",
    "done",
    "hold",
    "move",
    "publish",
    "publish_feeds",
    "record",
    "release",
    "ride",
    "sentences",
    "undo",
    "ways",
    "why",
]

if TYPE_CHECKING:
    from ketsched.holds import authorise, decide, done, hold, release, ride
    from ketsched.interchange.caldav import publish
    from ketsched.interchange.feeds import publish_feeds
    from ketsched.planning import appointments
    from ketsched.reasons import why
    from ketsched.tracking import book, cancel, choices, confirm, move, record, undo, ways
    from ketsched.words import sentences
else:
    __getattr__, __dir__ = at_first_use(
        __name__,
        {
            **dict.fromkeys(("authorise", "decide", "done", "hold", "release", "ride"), "holds"),
            "publish": "interchange.caldav",
            "publish_feeds": "interchange.feeds",
            "appointments": "planning",
            **dict.fromkeys(
                ("book", "cancel", "choices", "confirm", "move", "record", "undo", "ways"), "tracking"
            ),
            "sentences": "words",
            "why": "reasons",
        },
    )
