"""What events, calls and screens say: short sentences, no word of ours, and each day with its right weekday."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import attrs
import click
import icalendar
import pytest

from ketsched.calendars import Calendar
from ketsched.checking import Finding, check
from ketsched.cli import commands
from ketsched.clock import WEEKDAY_NAMES
from ketsched.errors import KetschedError
from ketsched.history import evaluate
from ketsched.holds import authorise, hold
from ketsched.interchange import dumps
from ketsched.languages import LANGUAGES, Contact, Words
from ketsched.model import Authorisation, Course, Visit, Waiver
from ketsched.planning import plan
from ketsched.protocols import load_protocol, protocol_ids
from ketsched.screens import Part
from ketsched.screens.forecasts import forecast_parts
from ketsched.screens.histories import history_parts
from ketsched.screens.morning import Seen, matters, morning_parts
from ketsched.screens.status import Status
from ketsched.tracking import forecast, replan
from ketsched.words import sentences
from making import WEEKDAYS

ZONES = {"en": "Europe/London", "es": "America/Mexico_City", "de": "Europe/Vienna"}
NEVER = (
    "no-show|tentative|slot|companion|besides|goes around|is off|extra booking|dose|top-up|journey|programme|"
    "overdue|violation|waive|lapse|pinned|lifted"
)
"""Words that no patient reads or hears."""


def clinic(zone: str) -> Calendar:
    return Calendar.weekly(zone, **dict.fromkeys(WEEKDAYS, "08:00-18:00"), chairs=2)


def course(protocol: str, language: str) -> Course:
    return plan(
        load_protocol(protocol),
        start=date(2027, 1, 4),
        calendar=clinic(ZONES[language]),
        id="A-017",
        at=datetime(2026, 12, 1, 9, tzinfo=UTC),
        language=language,
    )


def followed(planned: Course) -> Course:
    """The first session given, the second missed, a week closed after that."""
    first, second = (session.day for session in planned.standing()[:2])
    shut = clinic(planned.zone).without([second + timedelta(n) for n in range(2, 7)])
    seen = [Visit(first), Visit(second, status="no-show")]
    try:
        return replan(
            planned, seen, calendar=shut, at=datetime.combine(second, planned.sessions[0].time, UTC)
        )
    except KetschedError:  # no plan keeps its rules then
        return planned


def said_in_events(course: Course, privacy: str) -> Iterator[str]:
    calendar = icalendar.Calendar.from_ical(dumps(course, "ics", privacy=privacy))
    for event in calendar.walk("VEVENT"):
        yield str(event["SUMMARY"])
        yield from str(event["DESCRIPTION"]).split("\n")
        yield from (str(alarm["DESCRIPTION"]) for alarm in event.walk("VALARM"))


def words_of(text: str) -> Iterator[list[str]]:
    for sentence in re.split(r"(?<=[.?!]) |: ", text):
        yield sentence.split()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("protocol", protocol_ids())
def test_what_patients_read_and_hear(protocol, language):
    planned = course(protocol, language)
    after = followed(planned)
    texts = {text for privacy in ("discreet", "named") for text in said_in_events(after, privacy)}
    calls = {line for privacy in ("discreet", "named") for line in sentences(after, privacy=privacy)}
    assert len(texts) > 5
    words = Words.of(language, zone=planned.zone)
    names = {words.locale.days["format"]["wide"][day]: day for day in range(7)}
    months = {name: number for number, name in words.locale.months["format"]["wide"].items()}
    dated = {
        "en": r"(\w+day) (\d+) (\w+)(?: (\d{4}))?",
        "es": r"(\w+) (\d+) de (\w+)(?: de (\d{4}))?",
        "de": r"(\w+), (\d+)\. (\w+)(?: (\d{4}))?",
    }[language]
    found = 0
    for text in texts | calls:
        assert not re.search(r"\d{4}-\d\d-\d\d|\bs\d+\b|\u202f|[{}\[\]]|\b12 [ap]m\b", text), text
        assert not re.search(rf"\b({NEVER})\b", text, re.IGNORECASE), text
        for sentence in words_of(text):
            lists = text in calls and len(re.findall(dated, text)) > 2
            assert lists or len(sentence) <= 20, text
        for weekday, day, month, year in re.findall(dated, text):
            if weekday not in names:
                continue
            found += 1
            years = [int(year)] if year else [2026, 2027, 2028]
            assert any(date(y, months[month], int(day)).weekday() == names[weekday] for y in years), text
    assert found > 5


def test_a_clinic_s_own_lines_and_number_are_in_its_files():
    planned = course("iv-mwf-6", "en")
    assert "call 020 7946 0018." not in " ".join(said_in_events(planned, "discreet"))
    reached = Contact(telephone="020 7946 0018", address="1 High Street")

    calendar = attrs.evolve(clinic("Europe/London"), contact=reached)
    of_clinic = plan(
        load_protocol("iv-mwf-6"),
        start=date(2027, 1, 4),
        calendar=calendar,
        id="A-017",
        at=datetime(2026, 12, 1, 9, tzinfo=UTC),
    )
    said = list(said_in_events(of_clinic, "discreet"))
    assert "Times may change. If you cannot come or are unsure, please call 020 7946 0018." in said
    text = dumps(of_clinic, "ics", privacy="named").decode()
    assert "LOCATION:1 High Street" in text
    assert "High Street" not in dumps(of_clinic, "ics").decode()


def test_appointments_alone():
    planned = course("generic-induction", "en")
    everything = icalendar.Calendar.from_ical(dumps(planned, "ics"))
    alone = icalendar.Calendar.from_ical(dumps(planned, "ics", events="appointments"))
    titles = {str(event["SUMMARY"]).partition(" (")[0] for event in alone.walk("VEVENT")}
    assert titles == {"Appointment"}
    kept = [e for e in everything.walk("VEVENT") if str(e["SUMMARY"]).startswith("Appointment")]
    assert [e.to_ical() for e in alone.walk("VEVENT")] == [e.to_ical() for e in kept]
    assert len(kept) < len(everything.walk("VEVENT"))


NEVER_AT_THE_CLINIC = re.compile(
    r"waive|leave it\b|nominal|asks for|became of|pays for|\b\d+ [dh]\b|journey|programme|violation|\bslot|besides"
    r"|goes? around|goes with|off-pattern|did not attend|top-up|\(s\d|by name and date|no-show|s is off\b"
)
"""Words that no coordinator reads in a finding: those of the code, and what one has to guess at."""
ENDS = re.compile(r"[.?!]$|: ketsched \w+ .+$")


def checked_in_many_ways(planned: Course) -> Iterator[Finding]:
    """As planned, followed, with sessions at wrong times, and by a clinic that is closed or has one chair."""
    first, later = planned.sessions[0], planned.sessions[2]
    beside = attrs.evolve(later, day=planned.sessions[1].day + timedelta(1), time=time(19), ride="self")
    broken = attrs.evolve(planned, sessions=(first, planned.sessions[1], beside, *planned.sessions[3:]))
    one = clinic(planned.zone).without([first.day, planned.sessions[-1].day])
    waiver = Waiver(rule="KS301", sessions=("s1",), reason="agreed", who="Dr A", until=first.day)
    for found in (planned, followed(planned), broken, attrs.evolve(planned, companions=())):
        yield from check(found)
        yield from check(found, calendar=one, as_of=later.day, waivers=[waiver])
        yield from check(
            found, calendar=one, visits=[Visit(first.day, status="stopped early")], as_of=later.day
        )


@pytest.mark.parametrize("protocol", protocol_ids())
def test_a_finding_is_said_in_sentences_and_in_the_words_of_a_clinic(protocol):
    findings = {finding.code: finding for finding in checked_in_many_ways(course(protocol, "en"))}
    assert len(findings) > 8
    for finding in findings.values():
        own = "" if finding.code == "KS211" else finding.why  # what the protocol's file says
        for text in (finding.what, own, finding.fix):
            assert not NEVER_AT_THE_CLINIC.search(text), text
        for text in (finding.what, finding.why, finding.fix):
            assert not text[:1].islower(), text
            assert ENDS.search(text), text
        assert missing_options(finding.fix) == []


def missing_options(fix: str) -> list[str]:
    """Return the options without which a command that a finding says to type would be refused."""
    typed = re.search(r": ketsched (record )?(\w+)(.*)$", fix)
    if typed is None:
        return []
    group, name, rest = typed.groups()
    told = click.Context(commands)
    command = commands.get_command(told, f"{group or ''}{name}") or commands.get_command(told, "record")
    assert command is not None
    required = [param for param in command.params if param.required and isinstance(param, click.Option)]
    return [param.opts[-1] for param in required if not any(option in rest for option in param.opts)]


@pytest.mark.parametrize(
    ("fix", "missing"),
    [
        ("When settled: ketsched release FILE h1", ["--who", "--on"]),
        ("When settled: ketsched release FILE h1 --who NAME --on DATE", []),
        ("Ask, then: ketsched authorise FILE", ["--sessions"]),
    ],
)
def test_a_command_that_lacks_what_it_needs_is_seen(fix, missing):
    assert missing_options(fix) == missing


NOW = datetime(2026, 12, 2, 9, tzinfo=UTC)


def on_hold_and_paid_in_part(planned: Course) -> Course:
    """The third session and those after it on hold, one session authorised, no review decided."""
    held = hold(planned, reason="blood test", who="Dr A", since=planned.sessions[2].day, at=NOW)
    return authorise(held, Authorisation(sessions=1), at=NOW + timedelta(hours=1))


@pytest.mark.parametrize("protocol", ["iv-mwf-6", "esk-trd", "generic-induction"])
def test_a_command_in_a_finding_about_what_waits_has_all_that_it_needs(protocol):
    waiting = on_hold_and_paid_in_part(course(protocol, "en"))
    late = waiting.companions[-1].day + timedelta(1)
    fixes = {f.code: f.fix for day in (None, late) for f in check(waiting, as_of=day) if "ketsched" in f.fix}
    assert {"KS416", "KS419"} <= set(fixes)
    assert [missing_options(fix) for fix in fixes.values()] == [[] for _ in fixes]


# Screens


ROOT = Path(__file__).parent.parent.parent
WIDEST = 80
MOST_WORDS = 20
DATED = re.compile(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) (\d{4})-(\d\d)-(\d\d)\b")
NEVER_AT_THE_CLINIC = re.compile(
    r"\b(induction \d|maintenance \d|loading|slots?|top-up|refresh|goes? around|around the sessions|besides"
    r"|did not attend|tentative|is off|what became of|lapse[ds]?|past due|violations?|waived?|pinned|off-pattern"
    r"|hold lifted|re-planned|skip|nominal|to be asked)\b",
    re.IGNORECASE,
)
"""Words that a coordinator reads in no screen, after the list of words."""
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
OTHER = re.compile(
    r"--help|--json|\bprotocols? \S|\bexplain\b|\brules\b|new protocol|cat |python|pip |--version"
)
"""Commands that print what is no screen of dates: help, files, sources."""


def shown_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of kept output, with what it shows; a backslash at the end of a line goes on."""
    for part in re.split(r"^\$ ", text.replace("\\\n", " "), flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        if output.strip() and command.startswith("ketsched ") and not OTHER.search(command):
            yield command, output


def screens() -> Iterator[tuple[str, str, str]]:
    for path in sorted((ROOT / "examples").glob("*/output.txt")):
        yield from ((path.parent.name, *shown) for shown in shown_in(path.read_text("utf-8")))
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for block in BLOCK.findall(page.read_text("utf-8")):
            yield from ((page.name, *shown) for shown in shown_in(block))


SCREENS = list(screens())


def sentences_of(output: str) -> Iterator[str]:
    """Yield the sentences of a screen: of lines that begin with a capital or a mark, and of those that go on."""
    for paragraph in re.split(r"\n(?=[^ ]|\s*\n)|\n(?=  \S)", output):
        text = " ".join(paragraph.split())
        yield from re.split(r"(?<=[.?!]) |; |: ", text)


def test_many_screens_are_read():
    assert len(SCREENS) > 20


def reads_well(output: str) -> None:
    for line in output.splitlines():
        assert len(line) <= WIDEST or "ketsched " in line, line
    assert not NEVER_AT_THE_CLINIC.search(output), output
    for weekday, *parts in DATED.findall(" ".join(output.split())):
        day = date(*map(int, parts))
        assert WEEKDAY_NAMES[day.weekday()] == weekday, day
    for sentence in sentences_of(output):
        assert not sentence.endswith(".") or len(sentence.split()) <= MOST_WORDS, sentence


@pytest.mark.parametrize("output", [shown[-1] for shown in SCREENS], ids=[shown[1][:60] for shown in SCREENS])
def test_what_kept_screens_say(output):
    reads_well(output)


def screens_of(seen: Course, today: date) -> Iterator[Iterable[Part]]:
    """What a coordinator looks at: what is next, where the course stands, what happened, and the morning."""
    for verbose in (False, True):
        yield forecast_parts(seen, forecast(seen, as_of=today), verbose=verbose)
        yield history_parts(evaluate(seen, as_of=today), verbose=verbose)
    yield Status(course=seen, seen=forecast(seen, as_of=today), findings=check(seen, as_of=today)).parts()
    yield morning_parts([Seen("a.json", seen.id, tuple(matters(seen, as_of=today, days=7)))], today, 7)


@pytest.mark.parametrize("protocol", protocol_ids())
def test_what_screens_say_of_every_protocol(protocol):
    """Before it begins, after the first was given and the second missed, and a month later with nothing recorded."""
    planned = course(protocol, "en")
    after = followed(planned)
    first, second = (session.day for session in planned.standing()[:2])
    for seen, today in (
        (planned, date(2026, 12, 2)),
        (planned, first),
        (after, second + timedelta(1)),
        (after, second + timedelta(30)),
    ):
        for parts in screens_of(seen, today):
            reads_well("\n".join(map(str, parts)))
