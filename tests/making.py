"""Courses that tests start from."""

from __future__ import annotations

from datetime import date, time, timedelta

from ketsched.model import Anatomy, Course, Phase, Protocol, Session


def small_course(
    *days: date, place: str = "clinic", driving: timedelta | str | None = timedelta(hours=24)
) -> Course:
    """Sessions at 09:00 on some days: 15 minutes to prepare, 40 of infusion, 20 of observation."""
    phase = Phase(
        kind="induction",
        name="induction",
        count=len(days),
        study_days=tuple((day - days[0]).days + 1 for day in days),
        anatomy=Anatomy(prepare=15, infusion=40, observation=20),
        no_driving=driving,
        place=place,
    )
    protocol = Protocol(id="small", version="1", title="Small", phases=(phase,))
    sessions = [
        Session(id=f"s{n}", phase="induction", day=day, time=time(9)) for n, day in enumerate(days, 1)
    ]
    return Course(protocol=protocol, zone="Europe/Amsterdam", sessions=tuple(sessions))
