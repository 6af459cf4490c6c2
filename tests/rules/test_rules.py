"""
Each rule against hand-counted cases on both sides of its boundary.

A case that fires names the quiet case `across` from it; the two may differ in one thing
only, so that it is that thing the rule sees. `expect` lists every finding as (code, number
of the session in `days`), 0 for one about the course; rules-not-run is left out, except in
its own file.
"""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import attrs
import pytest

from ketsched.calendars import Booking, read_calendar
from ketsched.checking import RULES, Severity, check
from ketsched.clock import read_time
from ketsched.model import (
    Anatomy,
    Course,
    Interval,
    Join,
    Phase,
    Protocol,
    Session,
    Spacing,
    Status,
    Waiver,
)
from ketsched.protocols import load_protocol
from ketsched.tomlfile import parse

FOLDER = Path(__file__).parent
FILES = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.toml"))}
CASES = [(code, case) for code, file in FILES.items() for case in file["case"]]
NOT_ABOUT_THE_SCHEDULE = {"name", "expect", "across", "severity"}


def read_phase(table):
    table = dict(table)
    anatomy = {"prepare": 20, "infusion": 40, "observation": 60} | table.pop("anatomy", {})
    spacing = tuple(
        Spacing(**{**rule, "between": tuple(rule["between"])} if "between" in rule else rule)
        for rule in table.pop("spacing", [])
    )
    intervals = {key: Interval.parse(table.pop(key)) for key in ("review", "until") if key in table}
    every = tuple(Interval.parse(text) for text in table.pop("every", []))
    join = Join(**table.pop("join")) if "join" in table else None
    lists = {key: tuple(table.pop(key)) for key in ("weekdays", "study_days", "weeks") if key in table}
    return Phase(
        kind=table.pop("kind", "induction"),
        name=table.pop("name", "induction"),
        count=table.pop("count", None),
        anatomy=Anatomy(**anatomy),
        spacing=spacing,
        every=every,
        join=join,
        **intervals,
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
        phases=tuple(map(read_phase, table["phase"])),
    )


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
                status=Status(case.get("status", {}).get(session.id, "firm")),
                chair=case.get("chairs", {}).get(session.id),
                place=case.get("places", {}).get(session.id, ""),
                ideal=case.get("ideals", {}).get(session.id),
            )
        )
    return attrs.evolve(course, sessions=tuple(sessions))


def read_clinic(file, case):
    if "calendar" not in case:
        return None
    zone, hours = case["calendar"], file["calendars"][case["calendar"]]
    calendar = read_calendar(parse(hours, zone))
    bookings = []
    for taken in case.get("booked", []):
        start = datetime.combine(taken["day"], read_time(taken["from"]), ZoneInfo(calendar.zone))
        bookings.append(Booking(start, start + timedelta(minutes=taken["minutes"]), taken.get("chair")))
    return attrs.evolve(calendar, bookings=tuple(bookings))


def found_in(code, case):
    file = FILES[code]
    waivers = [Waiver(**{**w, "sessions": tuple(w["sessions"])}) for w in case.get("waivers", [])]
    findings = check(
        read_course(file, case), calendar=read_clinic(file, case), as_of=case.get("as_of"), waivers=waivers
    )
    return [finding for finding in findings if finding.code != "KS601" or code == "KS601"]


def numbered(finding):
    return [finding.code, int(finding.sessions[-1].removeprefix("s")) if finding.sessions else 0]


@pytest.mark.parametrize(("code", "case"), [pytest.param(*c, id=f"{c[0]}: {c[1]['name']}") for c in CASES])
def test_a_case_has_the_findings_that_were_counted_by_hand(code, case):
    found = found_in(code, case)
    assert sorted(map(numbered, found)) == sorted(case["expect"]), "\n".join(map(str, found))
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
