"""Files of a course that is followed: six infusions on Mondays and Thursdays, and how answers look."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ketsched.interchange import read

PROTOCOL = """\
id = "t"
version = "1"
title = "Two a week"
study = "No study: our own practice."
[sources]
own = "our own"
[[phase]]
kind = "induction"
count = { value = 6, source = "own", mark = "house default" }
weekdays = { value = ["Mon", "Thu"], source = "own", mark = "house default" }
weeks = { least = 1, most = 4, source = "own", mark = "house default" }
infusion = { value = "PT40M", source = "own", mark = "house default" }
observation = { value = "PT1H", source = "own", mark = "house default" }
spacing = [{ minimum = 2, absolute_minimum = 1, latest = 7, source = "own", mark = "house default" }]
lapse = [
    { from = 0, until = 7, propose = "continue", source = "own", mark = "house default" },
    { from = 8, propose = "clinician review", source = "own", mark = "house default" },
]
"""
"""At least 2 days apart (1 is forgiven), at most 7 between two, at most 28 in all."""

CLINIC = """\
zone = "Europe/Amsterdam"
[hours]
mon = "09:00-17:00"
tue = "09:00-17:00"
wed = "09:00-17:00"
thu = "09:00-17:00"
fri = "09:00-17:00"
"""
HOURS = ("--clinic", "clinic.toml")
FILE = "course.json"
FOURTH = "2027-01-14"


def on(day: str, hour: int = 12) -> tuple[str, str]:
    return "--at", f"{day}T{hour:02}:00:00Z"


def days(course: str = FILE) -> list[str]:
    """Return what is booked, as days of a month: "04 given", "25"; what came to nothing is left out."""
    said = {"fulfilled": " given", "firm": "", "tentative": "?"}
    return [f"{s.day:%d}{said[s.status]}" for s in read(course).sessions if s.status.stands]


def said_in_four_parts(text: str) -> bool:
    return (
        re.fullmatch(
            r"error: .+\n  where: .+\n(         .+\n)*  why:   .+\n(         .+\n)*  fix:   .+\n", text
        )
        is not None
    )


def as_json(done, code=0):
    assert (done.code, done.err) == (code, "")
    return json.loads(done.out)


def everything() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path().iterdir() if path.is_file()}


URL = ("--caldav", "https://cal.example.org/nurse/")
