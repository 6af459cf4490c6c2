"""
What is next, and what changes: record what happened, forecast what is due, plan again.

`record` writes visits into a course, `forecast` says when the rest is due, `replan` lays what is
left with as few changes as can be; `ways` and `proposals` show the plans that could be made,
`moving` and `booking` what moving or booking something by hand would mean. None of them decides anything clinical.
"""

from ketsched.tracking.byhand import book, booking, cancel, confirm
from ketsched.tracking.choosing import Choice, choices
from ketsched.tracking.forecasting import Due, Forecast, forecast
from ketsched.tracking.moving import Moving, move, moving
from ketsched.tracking.proposing import Proposal, proposals, ways
from ketsched.tracking.recording import record
from ketsched.tracking.replanning import replan
from ketsched.tracking.undoing import undo

__all__ = [
    "Choice",
    "Due",
    "Forecast",
    "Moving",
    "Proposal",
    "book",
    "booking",
    "cancel",
    "choices",
    "confirm",
    "forecast",
    "move",
    "moving",
    "proposals",
    "record",
    "replan",
    "undo",
    "ways",
]
