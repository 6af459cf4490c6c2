"""
ketsched plans courses of ketamine treatment: induction, boosters and what the spacing rules allow.

It decides nothing clinical: it holds no dose, recommends no treatment, and a clinician decides.

These are the values, and the verbs that plan, check, forecast and hand out a course;
`ketsched.follow` has those that follow one. All of them are imported when they are first used.
"""

from typing import TYPE_CHECKING

from ketsched.firstuse import at_first_use

__version__ = "0.1.0"

__all__ = [
    "Calendar",
    "Companion",
    "Course",
    "Finding",
    "Forecast",
    "Hours",
    "KetschedError",
    "NoFeasiblePlan",
    "Phase",
    "Protocol",
    "Session",
    "Severity",
    "Spacing",
    "Visit",
    "Waiver",
    "Window",
    "check",
    "dumps",
    "evaluate",
    "forecast",
    "load_protocol",
    "loads",
    "plan",
    "protocol_ids",
    "read",
    "replan",
    "starts",
    "write",
]

if TYPE_CHECKING:
    from ketsched.calendars import Calendar
    from ketsched.checking import Finding, Severity, check
    from ketsched.errors import KetschedError
    from ketsched.history import evaluate
    from ketsched.hours import Hours
    from ketsched.interchange import dumps, loads, read, write
    from ketsched.model import Companion, Course, Phase, Protocol, Session, Spacing, Visit, Waiver, Window
    from ketsched.planning import NoFeasiblePlan, plan, starts
    from ketsched.protocols import load_protocol, protocol_ids
    from ketsched.tracking import Forecast, forecast, replan
else:
    __getattr__, __dir__ = at_first_use(
        __name__,
        {
            "Calendar": "calendars",
            **dict.fromkeys(("Finding", "Severity", "check"), "checking"),
            "KetschedError": "errors",
            "evaluate": "history",
            "Hours": "hours",
            **dict.fromkeys(("dumps", "loads", "read", "write"), "interchange"),
            **dict.fromkeys(("Companion", "Course", "Phase", "Protocol", "Session", "Spacing"), "model"),
            **dict.fromkeys(("Visit", "Waiver", "Window"), "model"),
            **dict.fromkeys(("NoFeasiblePlan", "plan", "starts"), "planning"),
            **dict.fromkeys(("load_protocol", "protocol_ids"), "protocols"),
            **dict.fromkeys(("Forecast", "forecast", "replan"), "tracking"),
        },
    )
