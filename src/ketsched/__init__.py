"""
ketsched plans courses of ketamine treatment: induction, boosters and what the spacing rules allow.

It decides nothing clinical: it holds no dose, recommends no treatment, and a clinician decides.

The public names are imported when they are first used, so that a program which needs one
verb does not wait for all of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ketsched.calendars import Calendar
    from ketsched.checking import Finding, check
    from ketsched.errors import KetschedError
    from ketsched.history import evaluate
    from ketsched.interchange import read, write
    from ketsched.model import Companion, Course, Phase, Protocol, Session, Spacing, Visit, Waiver
    from ketsched.planning import plan
    from ketsched.protocols import load_protocol
    from ketsched.tracking import Forecast, forecast, replan

__version__ = "0.1.0"

__all__ = [
    "Calendar",
    "Companion",
    "Course",
    "Finding",
    "Forecast",
    "KetschedError",
    "Phase",
    "Protocol",
    "Session",
    "Spacing",
    "Visit",
    "Waiver",
    "check",
    "evaluate",
    "forecast",
    "load_protocol",
    "plan",
    "read",
    "replan",
    "write",
]

_HOMES = {
    "Calendar": "calendars",
    "Finding": "checking",
    "Forecast": "tracking",
    "KetschedError": "errors",
    "check": "checking",
    "evaluate": "history",
    "forecast": "tracking",
    "load_protocol": "protocols",
    "plan": "planning",
    "read": "interchange",
    "replan": "tracking",
    "write": "interchange",
} | dict.fromkeys(
    ("Companion", "Course", "Phase", "Protocol", "Session", "Spacing", "Visit", "Waiver"), "model"
)


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'ketsched' has no attribute {name!r}")
    found: object = getattr(import_module(f"ketsched.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
