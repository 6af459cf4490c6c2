"""
ketsched plans courses of ketamine treatment: induction, boosters and what the spacing rules allow.

It decides nothing clinical: it holds no dose, recommends no treatment, and a clinician decides.
"""

from ketsched.calendars import Calendar
from ketsched.checking import Finding, check
from ketsched.errors import KetschedError
from ketsched.interchange import read, write
from ketsched.model import Course, Phase, Protocol, Session, Spacing, Waiver
from ketsched.planning import plan
from ketsched.protocols import load_protocol

__version__ = "0.1.0"

__all__ = [
    "Calendar",
    "Course",
    "Finding",
    "KetschedError",
    "Phase",
    "Protocol",
    "Session",
    "Spacing",
    "Waiver",
    "check",
    "load_protocol",
    "plan",
    "read",
    "write",
]
