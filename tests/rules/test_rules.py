"""
Each rule against hand-counted cases on both sides of its boundary.

A case that fires names the quiet case `across` from it; the two may differ in one thing
only, so that it is that thing the rule sees. `expect` lists every finding as (code, number
of the session in `days`), 0 for one about the course, or (code, id of the booking) for one
about an appointment or task. Left out, except in their own files, are rules-not-run and the
rules that say what a course or its protocol does without: cases about dates have nothing
around them, and those on shipped protocols do not depend on what these prescribe.

What happened is written as `visits` where it is given to `check`, as `recorded` where the course
remembers it; `status`, `uncounted` and `unbooked` are what it left of the sessions. An extra session
that only a visit knows is numbered as the finding names it, "x1".

Companions of a protocol are written as in the model: `window` as its three numbers, `count =
0` for one without end. Those of a case have the id "companion:session" unless they give one;
an `outcome` is of the booking's day unless `decided` says another. What the course remembers of its
patient is a calendar of the file (`patient`) and days (`away`).
"""

from __future__ import annotations

import tomllib
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

from ketsched.calendars import read_calendar
from ketsched.chairs import Occupancy
from ketsched.checking import RULES, Severity, check
from ketsched.clock import read_time
from ketsched.hours import PatientHours
from ketsched.model import (
    Anatomy,
    Anchor,
    Authorisation,
    BookingStatus,
    Companion,
    Course,
    Decision,
    Hold,
    Interval,
    Join,
    LapseBand,
    Lifted,
    Phase,
    PlacedCompanion,
    Protocol,
    Restriction,
    Segment,
    Session,
    Spacing,
    Visit,
    Waiver,
    Window,
)
from ketsched.protocols import load_protocol
from ketsched.tomlfile import parse

FOLDER = Path(__file__).parent
FILES = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))}
CASES = [(code, case) for code, file in FILES.items() for case in file["case"]]
NOT_ABOUT_THE_SCHEDULE = {"name", "expect", "across", "severity"}
LEFT_OUT = {"KS601", "KS402", "KS409", "KS412", "KS413", "KS414", "KS415", "KS422", "KS423"}


def read_spacing(table):
    return tuple(
        Spacing(**{**rule, "between": tuple(rule["between"])} if "between" in rule else rule)
        for rule in table.pop("spacing", [])
    )


def read_phase(table):
    table = dict(table)
    anatomy = {"prepare": 20, "infusion": 40, "observation": 60} | table.pop("anatomy", {})
    spacing = read_spacing(table)
    if table.get("no_driving", "").startswith("PT"):
        table["no_driving"] = timedelta(hours=int(table["no_driving"].removeprefix("PT").removesuffix("H")))
    before = tuple(Restriction(**restriction) for restriction in table.pop("before", []))
    intervals: dict[str, Any] = {
        key: Interval.parse(table.pop(key)) for key in ("review", "until") if key in table
    }
    every = tuple(Interval.parse(text) for text in table.pop("every", []))
    join = Join(**table.pop("join")) if "join" in table else None
    lists: dict[str, Any] = {
        key: tuple(table.pop(key)) for key in ("weekdays", "study_days", "weeks") if key in table
    }
    lapse = tuple(LapseBand(**{"last": None} | band) for band in table.pop("lapse", []))
    return Phase(
        kind=table.pop("kind", "induction"),
        name=table.pop("name", "induction"),
        count=table.pop("count", None),
        anatomy=Anatomy(**anatomy),
        spacing=spacing,
        every=every,
        join=join,
        before=before,
        lapse=lapse,
        **intervals,
        **lists,
        **table,
    )


def read_companion(table):
    table = dict(table)
    window = Window(
        **dict(zip(("earliest", "recommended", "latest"), table.pop("window", (0, 0, 0)), strict=True))
    )
    appointment = table.get("kind", "appointment") == "appointment"
    lists: dict[str, Any] = {key: tuple(table.pop(key)) for key in ("weekdays", "areas") if key in table}
    return Companion(
        kind=table.pop("kind", "appointment"),
        topic=table.pop("topic", "review"),
        title=table.pop("title", table["id"]),
        anchor=Anchor(**table.pop("anchor", {"session": 1})),
        window=window,
        count=table.pop("count", 1) or None,
        every=tuple(Interval.parse(text) for text in table.pop("every", [])),
        spacing=read_spacing(table),
        minutes=table.pop("minutes", 60 if appointment else 0),
        **lists,
        **table,
    )


def read_protocol(file, name):
    if name not in file.get("protocols", {}):
        return load_protocol(name)
    table = file["protocols"][name]
    return Protocol(
        id=name,
        version="1",
        title=name,
        note=table.get("note", ""),
        study=table.get("study", ""),
        indications=tuple(table.get("indications", ())),
        phases=tuple(map(read_phase, table["phase"])),
        companions=tuple(map(read_companion, table.get("companion", []))),
    )


def read_booking(table):
    table = dict(table)
    outcome, decided = table.pop("outcome", None), table.pop("decided", table["day"])
    return PlacedCompanion(
        id=table.pop("id", f"{table['companion']}:{table['session']}"),
        time=read_time(table.pop("time")) if "time" in table else None,
        status=BookingStatus(table.pop("status", "firm")),
        outcome=Decision(what=outcome, on=decided, who="Dr A") if outcome else None,
        **table,
    )


def read_hold(number, table):
    lists: dict[str, Any] = {"sessions": tuple(table["sessions"])} if "sessions" in table else {}
    lifted = {"lifted_by": "Dr A"} if "lifted_on" in table else {}
    return Hold(**{"id": f"h{number}", "reason": "a reason", "who": "Dr A"} | table | lists | lifted)


def read_visits(tables):
    return tuple(Visit(table["day"], **{k: v for k, v in table.items() if k != "day"}) for table in tables)


def read_course(file, case):
    protocol = read_protocol(file, case["protocol"])
    course = Course.of_days(protocol, case["days"], zone=case.get("zone", "Europe/Amsterdam"))
    times = case.get("times", [case["time"]] * len(case["days"]) if "time" in case else [])
    sessions = []
    for at, session in enumerate(course.sessions):
        sessions.append(
            Session(
                id=session.id,
                day=session.day,
                phase=case["phases"][at] if "phases" in case else session.phase,
                time=read_time(times[at]) if at < len(times) and times[at] else None,
                status=BookingStatus(case.get("status", {}).get(session.id, "firm")),
                chair=case.get("chairs", {}).get(session.id),
                place=case.get("places", {}).get(session.id, ""),
                route=case.get("routes", {}).get(session.id, ""),
                ride=case.get("rides", {}).get(session.id, ""),
                ideal=case.get("ideals", {}).get(session.id),
                counts=session.id not in case.get("uncounted", []),
                booked=session.id not in case.get("unbooked", []),
            )
        )
    companions = sorted(
        map(read_booking, case.get("companions", [])), key=lambda p: (p.day, p.time or time())
    )
    return attrs.evolve(
        course,
        sessions=tuple(sessions),
        companions=tuple(companions),
        holds=tuple(read_hold(n, hold) for n, hold in enumerate(case.get("holds", []), 1)),
        authorisations=tuple(Authorisation(**table) for table in case.get("authorisations", [])),
        id=case.get("id"),
        visits=read_visits(case.get("recorded", [])),
        skipped=tuple(case.get("skipped", [])),
        lifted=tuple(Lifted(**{"rule": "a rule"} | table) for table in case.get("lifted", [])),
        segments=tuple(Segment(**{"version": "1"} | table) for table in case.get("segments", [])),
        ended=case.get("ended"),
        patient=PatientHours(
            availability=read_hours(file, case["patient"]) if "patient" in case else None,
            away=case.get("away", []),
        ),
    )


def read_hours(file, name):
    return read_calendar(parse(file["calendars"][name], name))


def read_clinic(file, case):
    if "calendar" not in case:
        return None
    calendar = read_hours(file, case["calendar"])
    bookings = []
    for taken in case.get("booked", []):
        start = datetime.combine(taken["day"], read_time(taken["from"]), ZoneInfo(calendar.zone))
        bookings.append(Occupancy(start, start + timedelta(minutes=taken["minutes"]), taken.get("chair")))
    return attrs.evolve(calendar, bookings=tuple(bookings))


def found_in(code, case):
    file = FILES[code]
    waivers = [Waiver(**{**w, "sessions": tuple(w["sessions"])}) for w in case.get("waivers", [])]
    findings = check(
        read_course(file, case),
        calendar=read_clinic(file, case),
        calendars={name: read_hours(file, own) for name, own in case.get("calendars", {}).items()},
        visits=read_visits(case.get("visits", [])),
        as_of=case.get("as_of"),
        waivers=waivers,
    )
    return [finding for finding in findings if finding.code not in LEFT_OUT - {code}]


def numbered(finding):
    if finding.companions:
        return [finding.code, finding.companions[-1]]
    name = finding.sessions[-1] if finding.sessions else "0"
    return [finding.code, name if name.startswith("x") else int(name.removeprefix("s"))]


@pytest.mark.parametrize(("code", "case"), [pytest.param(*c, id=f"{c[0]}: {c[1]['name']}") for c in CASES])
def test_a_case_has_the_findings_that_were_counted_by_hand(code, case):
    found = found_in(code, case)
    assert sorted(map(numbered, found), key=str) == sorted(case["expect"], key=str), "\n".join(
        map(str, found)
    )
    for wanted, severity in case.get("severity", {}).items():
        assert {f.severity for f in found if f.code == wanted} == {Severity(severity)}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_has_cases_on_both_sides_of_its_boundary(rule):
    cases = {case["name"]: case for case in FILES[rule.code]["case"]}
    assert len(cases) == len(FILES[rule.code]["case"]), "two cases of one name"
    fires = [case for case in cases.values() if any(code == rule.code for code, _ in case["expect"])]
    across = [(case, cases[case["across"]]) for case in fires if "across" in case]
    assert across, "no case fires and names the quiet one beside it"
    for case, quiet in across:
        assert not any(code == rule.code for code, _ in quiet["expect"]), quiet["name"]
        keys = (case.keys() | quiet.keys()) - NOT_ABOUT_THE_SCHEDULE
        differ = [key for key in keys if case.get(key) != quiet.get(key)]
        assert len(differ) == 1, f"{case['name']} and {quiet['name']} differ in {differ}"
        one, other = case.get(differ[0]), quiet.get(differ[0])
        if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
            assert sum(a != b for a, b in zip(one, other, strict=True)) == 1, differ
        elif isinstance(one, list) and isinstance(other, list):
            longer, shorter = sorted((one, other), key=len, reverse=True)
            assert longer[:-1] == shorter, differ


def test_every_file_of_cases_belongs_to_a_rule():
    assert set(FILES) == {rule.code for rule in RULES}
