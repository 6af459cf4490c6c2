"""
The values that everything else is about: protocols and courses.

All are frozen. A Protocol says what a paper, a label or a clinic prescribes; a Course is
one patient's sessions and what goes with them. Nothing here plans, checks or decides; a
class checks itself when built, and later code does not check again. Days are local dates
at the clinic.
"""

from ketsched.model.companions import AREAS, TOPICS, Anchor, Companion, Window
from ketsched.model.courses import (
    Authorisation,
    Course,
    Decision,
    Hold,
    PlacedCompanion,
    Revision,
    Session,
    Status,
    Waiver,
    check_course_id,
)
from ketsched.model.phases import (
    WEEKDAY_NAMES,
    Anatomy,
    Evidence,
    Interval,
    Join,
    Mark,
    Phase,
    Restriction,
    Spacing,
    read_weekdays,
)
from ketsched.model.protocols import Protocol
from ketsched.model.texts import (
    LONGEST_ID,
    LONGEST_YEARS,
    MOST_CHAIRS,
    MOST_COMPANIONS,
    MOST_MINUTES,
    MOST_SESSIONS,
    PREFERRED_APART,
)

__all__ = [
    "AREAS",
    "LONGEST_ID",
    "LONGEST_YEARS",
    "MOST_CHAIRS",
    "MOST_COMPANIONS",
    "MOST_MINUTES",
    "MOST_SESSIONS",
    "PREFERRED_APART",
    "TOPICS",
    "WEEKDAY_NAMES",
    "Anatomy",
    "Anchor",
    "Authorisation",
    "Companion",
    "Course",
    "Decision",
    "Evidence",
    "Hold",
    "Interval",
    "Join",
    "Mark",
    "Phase",
    "PlacedCompanion",
    "Protocol",
    "Restriction",
    "Revision",
    "Session",
    "Spacing",
    "Status",
    "Waiver",
    "Window",
    "check_course_id",
    "read_weekdays",
]
