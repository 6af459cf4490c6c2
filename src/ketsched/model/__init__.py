"""
The values that everything else is about: protocols and courses.

All are frozen. A Protocol says what a paper, a label or a clinic prescribes; a Course is
one patient's sessions and what goes with them. Nothing here plans, checks or decides; a
class checks itself when built, and later code does not check again. Days are local dates
at the clinic.
"""

from ketsched.model.bookings import Booking, BookingStatus, PlacedCompanion, Session
from ketsched.model.clinicfiles import OWN_FOLDER, ClinicFiles
from ketsched.model.companions import AREAS, TOPICS, Anchor, Companion, Window
from ketsched.model.courses import RECORD_WORDS, Course, check_course_id, check_key
from ketsched.model.decisions import OUTCOMES, Authorisation, Decision, Hold, Waiver
from ketsched.model.intervals import (
    MOST_DAYS,
    MOST_MONTHS,
    Interval,
    Length,
    RecommendedDay,
    day_after,
    days_between,
    fewest_and_most_days,
    months_passed,
    plain_length,
    read_length,
    said,
    steps,
)
from ketsched.model.limits import (
    LONGEST_ID,
    LONGEST_YEARS,
    MOST_CHAIRS,
    MOST_COMPANIONS,
    MOST_MINUTES,
    MOST_SESSIONS,
    MOST_VISITS,
    PREFERRED_APART,
)
from ketsched.model.phases import (
    LAPSES,
    POLICIES,
    POLICY_NAMES,
    POLICY_WORDS,
    Anatomy,
    Evidence,
    LapseBand,
    Mark,
    Phase,
    Restriction,
)
from ketsched.model.protocols import INDICATIONS, Protocol
from ketsched.model.revisions import (
    BESIDES,
    REVISION_KINDS,
    Besides,
    Change,
    Changed,
    Lifted,
    Revision,
    Segment,
    joined,
)
from ketsched.model.spacings import DayLimits, Join, Spacing
from ketsched.model.visits import Visit, VisitStatus

__all__ = [
    "AREAS",
    "BESIDES",
    "INDICATIONS",
    "LAPSES",
    "LONGEST_ID",
    "LONGEST_YEARS",
    "MOST_CHAIRS",
    "MOST_COMPANIONS",
    "MOST_DAYS",
    "MOST_MINUTES",
    "MOST_MONTHS",
    "MOST_SESSIONS",
    "MOST_VISITS",
    "OUTCOMES",
    "OWN_FOLDER",
    "POLICIES",
    "POLICY_NAMES",
    "POLICY_WORDS",
    "PREFERRED_APART",
    "RECORD_WORDS",
    "REVISION_KINDS",
    "TOPICS",
    "Anatomy",
    "Anchor",
    "Authorisation",
    "Besides",
    "Booking",
    "BookingStatus",
    "Change",
    "Changed",
    "ClinicFiles",
    "Companion",
    "Course",
    "DayLimits",
    "Decision",
    "Evidence",
    "Hold",
    "Interval",
    "Join",
    "LapseBand",
    "Length",
    "Lifted",
    "Mark",
    "Phase",
    "PlacedCompanion",
    "Protocol",
    "RecommendedDay",
    "Restriction",
    "Revision",
    "Segment",
    "Session",
    "Spacing",
    "Visit",
    "VisitStatus",
    "Waiver",
    "Window",
    "check_course_id",
    "check_key",
    "day_after",
    "days_between",
    "fewest_and_most_days",
    "joined",
    "months_passed",
    "plain_length",
    "read_length",
    "said",
    "steps",
]
