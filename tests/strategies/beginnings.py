"""Protocols that the life of a course begins with, or goes over to, and those whose hours they need."""

from __future__ import annotations

import making
from ketsched.calendars import Calendar
from ketsched.model import Anchor, Companion, Interval, Join, LapseBand, Spacing, Window
from making import GAPS, ZONE, boosters, clinic, every, protocol

TWO_CHAIRS = clinic(chairs=2)
THERAPISTS = Calendar.weekly(
    ZONE, tue="10:00-16:00", wed="10:00-13:00", fri="10:00-16:00", chairs=2, name="the therapists"
)


def induction(count, weekdays, *spacing, **given):
    return making.phase(count, GAPS, *spacing, weekdays=weekdays, **given)


def upkeep(*days, count=4, spacing=(), **given):
    return boosters(count, *spacing, every=every(*days), **given)


REVIEW = Companion(
    id="response",
    kind="appointment",
    topic="review",
    title="Response",
    anchor=Anchor(edge="end", phase="induction"),
    window=Window(earliest=3, recommended=3, latest=6),
    minutes=20,
    place="telephone",
    gate=True,
)
RIDE = Companion(
    id="ride",
    kind="task",
    topic="ride",
    title="Ride home",
    anchor=Anchor(every=1),
    window=Window(earliest=-1, recommended=-1, latest=-1),
)
SCREENING = Companion(
    id="screening",
    kind="appointment",
    topic="screening",
    title="Screening",
    anchor=Anchor(edge="start"),
    window=Window(earliest=-6, recommended=-4, latest=-1),
    minutes=45,
    gate=True,
)
THERAPY = Companion(
    id="therapy",
    kind="appointment",
    topic="psychotherapy",
    title="Therapy",
    anchor=Anchor(every=2, phase="induction"),
    window=Window(earliest=1, recommended=1, latest=5),
    minutes=50,
    calendar="therapist",
    on_session_days="never",
)
CALLS = Companion(
    id="calls",
    kind="appointment",
    topic="check-in",
    title="Calls",
    anchor=Anchor(session=2, phase="induction"),
    window=Window(earliest=1, recommended=1, latest=21),
    count=3,
    every=every(7),
    spacing=(Spacing(minimum=4, latest=12),),
    minutes=15,
    place="telephone",
)
LAPSE = (
    LapseBand(first=0, last=7, propose="continue"),
    LapseBand(first=8, last=21, propose="repeat tail", repeat=2),
    LapseBand(first=22, last=None, propose="clinician review"),
)
AT_MOST_3 = Spacing(apart=3, minimum=7)
AT_MOST_2 = Spacing(apart=2, minimum=7, required=False)


TWICE_A_WEEK = protocol(induction(6, (0, 3), weeks=(1, 4), lapse=LAPSE), name="twice-a-week")
THREE_A_WEEK = protocol(induction(6, (0, 2, 4), AT_MOST_3, weeks=(2, 4)), name="three-a-week")
PREFERRED = protocol(
    induction(5, (0, 3), AT_MOST_2, missed="make-up"),
    upkeep(28, count=3, join=Join(ideal=14, minimum=7, latest=35), spacing=(Spacing(minimum=7),)),
    name="preferred",
)
GATED = protocol(
    induction(4, (0, 3), missed="shift"),
    upkeep(14, 21, 28, count=4, spacing=(Spacing(minimum=7, latest=42), Spacing(apart=2, minimum=21))),
    companions=(REVIEW, RIDE),
    name="gated",
)
ACCOMPANIED = protocol(
    induction(5, (0, 3)),
    companions=(SCREENING, THERAPY, CALLS, REVIEW, RIDE),
    name="accompanied",
)
SKIPPING = protocol(induction(8, (0, 3), AT_MOST_2, missed="skip", weeks=(2, 5)), name="skipping")
WEEKLY = protocol(
    induction(3, (0, 3), missed="next-open"),
    upkeep(7, count=None, review=Interval(days=70), spacing=(Spacing(minimum=5, latest=14),)),
    name="weekly",
)
STEPPING = protocol(upkeep(7, 14, 21, 28, count=6, spacing=(Spacing(minimum=5, latest=42),)), name="stepping")
BEGINNINGS = (TWICE_A_WEEK, THREE_A_WEEK, PREFERRED, GATED, ACCOMPANIED, SKIPPING, WEEKLY, STEPPING)


def staff_of(protocol):
    """The calendars of those whom the appointments of a protocol need."""
    named = {companion.calendar for companion in protocol.companions}
    return {"therapist": THERAPISTS} if "therapist" in named else {}
