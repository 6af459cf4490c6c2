"""What tests of the command line begin with: files of a clinic, the words that plan from them, and how answers look."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

WEEK = ("--zone", "America/New_York", "--hours", "mon-fri 09:00-17:00")
MWF = ("plan", "--protocol", "iv-mwf-6", "--start", "2027-01-04", *WEEK)
SAID = ("--id", "A-017", "--at", "2026-11-20T09:00:00Z")

CASE = """\
id = "A-017"
protocol = "iv-mwf-6"
clinic = "clinic.toml"
start = 2027-01-04
"""
CASE_AROUND = """\
id = "A-017"
protocol = "own.toml"
clinic = "clinic.toml"
start = 2027-01-04
[calendars]
therapist = "therapist.toml"
"""
CLINIC = """\
zone = "America/New_York"
[hours]
mon = "09:00-17:00"
wed = "09:00-17:00"
fri = "09:00-17:00"
"""


PLAIN = """\
id = "plain"
version = "1"
title = "Three a week"
study = "No study: our own practice."
[sources]
own = "our own"
[[phase]]
kind = "induction"
count = { value = 6, source = "own", mark = "house default" }
weekdays = { value = ["Mon", "Wed", "Fri"], source = "own", mark = "house default" }
prepare = { value = "PT20M", source = "own", mark = "house default" }
infusion = { value = "PT40M", source = "own", mark = "house default" }
observation = { value = "PT1H", source = "own", mark = "house default" }
no_driving = { value = "PT24H", source = "own", mark = "house default" }
spacing = [{ minimum = 2, source = "own", mark = "house default" }]
"""
PLAN = ("plan", "--protocol", "own.toml", "--start", "2027-01-04", *WEEK)

AROUND = (
    PLAIN
    + """\
[[companion]]
id = "screening"
kind = "appointment"
topic = "screening"
title = "Screening for ketamine"
required = true
gate = true
anchor = { edge = "start" }
window = { earliest = -28, recommended = -7, latest = -1, source = "own", mark = "house default" }
duration = { value = "PT1H", source = "own", mark = "house default" }
[[companion]]
id = "review"
kind = "appointment"
topic = "review"
title = "Review in mid-series"
gate = true
anchor = { session = 3 }
window = { earliest = 0, recommended = 0, latest = 1, source = "own", mark = "house default" }
duration = { value = "PT20M", source = "own", mark = "house default" }
[[companion]]
id = "therapy"
kind = "appointment"
topic = "psychotherapy"
title = "Therapy"
required = true
anchor = { session = 4 }
window = { earliest = 1, recommended = 1, latest = 14, source = "own", mark = "house default" }
count = { value = 2, source = "own", mark = "house default" }
every = { value = "P3D", source = "own", mark = "house default" }
spacing = [{ minimum = 1, source = "own", mark = "house default" }]
duration = { value = "PT50M", source = "own", mark = "house default" }
calendar = "therapist"
on_session_days = "never"
[[companion]]
id = "call"
kind = "appointment"
topic = "check-in"
title = "Call"
place = "telephone"
anchor = { session = 1 }
window = { earliest = 1, recommended = 1, latest = 2, source = "own", mark = "house default" }
duration = { value = "PT15M", source = "own", mark = "house default" }
[[companion]]
id = "form"
kind = "task"
topic = "form"
title = "Monitoring form"
audience = "clinic"
anchor = { session = 1 }
window = { earliest = 0, recommended = 7, latest = 7, source = "own", mark = "house default" }
[[companion]]
id = "ride"
kind = "task"
topic = "ride"
title = "Confirm the ride home"
audience = "patient"
anchor = { every = 1 }
window = { earliest = -1, recommended = -1, latest = -1, source = "own", mark = "house default" }
[[companion]]
id = "water"
kind = "notice"
topic = "fluids"
title = "Water"
text = "Drink water before and after."
anchor = { every = 1 }
after = { value = "PT1H30M", source = "own", mark = "house default" }
"""
)
"""What goes around six sessions from Monday 4 January 2027: 4, 6, 8, 11, 13 and 15 January."""

THERAPIST = 'zone = "America/New_York"\n[hours]\ntue = "13:00-20:00"\nthu = "13:00-20:00"\n'
WITH_THERAPIST = ("--staff", "therapist=therapist.toml")
SATURDAY, MONDAY = date(2027, 1, 9), date(2027, 1, 11)


def said_in_four_parts(text: str) -> bool:
    return (
        re.fullmatch(r"error: .+\n  where: .+\n(         .+\n)*  why:   .+\n  fix:   .+\n", text) is not None
    )


def folder() -> set[str]:
    return {path.name for path in Path().iterdir()}


def planned(run, *outputs: str) -> None:
    assert run(*MWF, *SAID, *(word for name in outputs for word in ("-o", name))).code == 0


def events(name: str) -> list[str]:
    return Path(name).read_text("utf-8").split("BEGIN:VEVENT")
