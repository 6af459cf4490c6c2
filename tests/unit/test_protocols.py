"""
The shipped protocols, their loader, its schema and the pages about both.

Expected days are written by hand from what the sources say. Run this file as a script to
write the tables of docs/explanation/evidence.md anew; a person reads the diff.
"""

from __future__ import annotations

import copy
import json
import re
import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ketsched import protocols
from ketsched.cli import commands
from ketsched.errors import CannotRead, InvalidProtocol, KetschedError
from ketsched.model import Anchor, Companion, Interval, LapseBand, Mark, Spacing, Window
from ketsched.planning.laying import lay_out
from ketsched.protocols import load_protocol, protocol_ids, read_protocol, template
from ketsched.tomlfile import Table, parse

FOLDER = Path(protocols.__file__).parent
DOCS = Path(__file__).parents[2] / "docs"
EVIDENCE = DOCS / "explanation" / "evidence.md"
OWN = DOCS / "how-to" / "own-protocol.md"
COMPANIONS = DOCS / "reference" / "companions.md"
SCHEMA = Draft202012Validator(json.loads((FOLDER / "protocol.schema.json").read_text(encoding="utf-8")))

STATED, DERIVED, SECONDARY, HOUSE_DEFAULT = Mark
MON, THU = date(2027, 1, 4), date(2027, 1, 7)
THRICE = [0, 2, 4, 7, 9, 11, 14, 16, 18, 21, 23, 25]
TWICE = [0, 3, 7, 10, 14, 17, 21, 24]
OFFSETS = {
    "crps-4h-x10": [0, 1, 2, 3, 4, 7, 8, 9, 10, 11],
    "esk-mdsi": TWICE,
    "esk-trd": [*TWICE, 28, 35, 42, 49, *range(56, 56 + 26 * 7, 14)],
    "iv-2xw-2w-4": TWICE[:4],
    "iv-2xw-2w-4-plus-cbt": TWICE[:4],
    "iv-2xw-3w-6": TWICE[:6],
    "iv-2xw-4w-8": TWICE,
    "iv-3xw-2w-plus-weekly-4": [*THRICE[:6], 18, 25, 32, 39],
    "iv-3xw-upto-12": THRICE,
    "iv-6-plus-wet": THRICE[:6],
    "iv-mwf-6": THRICE[:6],
    "iv-tms-same-visit": [*TWICE, 28, 31],
    "iv-weekly-3-plus-pe": [0, 7, 14],
    "kap-im-weekly": [0, 7, 14, 21],
    "sc-2xw-4w-8": TWICE,
    "sl-home-weekly-4": [0, 7, 14, 21],
}
COUNTS = {
    "crps-4h-x10": [(10, 10)],
    "esk-mdsi": [(8, 8)],
    "esk-trd": [(8, 8), (4, 4), (1, 1000)],
    "generic-induction": [(6, 8), (1, 1000)],
    "iv-2xw-2w-4": [(4, 4)],
    "iv-2xw-2w-4-plus-cbt": [(4, 4)],
    "iv-2xw-3w-6": [(6, 6)],
    "iv-2xw-4w-8": [(8, 8)],
    "iv-3xw-2w-plus-weekly-4": [(6, 6), (4, 4)],
    "iv-3xw-upto-12": [(1, 12)],
    "iv-6-plus-wet": [(6, 6)],
    "iv-booster-home": [(6, 8), (1, 1000), (1, 1000)],
    "iv-mwf-6": [(6, 6)],
    "iv-tms-same-visit": [(10, 30)],
    "iv-weekly-3-plus-pe": [(3, 3)],
    "kap-im-weekly": [(4, 5)],
    "sc-2xw-4w-8": [(8, 8)],
    "sl-home-weekly-4": [(4, 4)],
}
ROUTES = {
    "esk-mdsi": {"nasal"},
    "esk-trd": {"nasal"},
    "iv-booster-home": {"intravenous", "sublingual"},
    "kap-im-weekly": {"intramuscular"},
    "sc-2xw-4w-8": {"subcutaneous"},
    "sl-home-weekly-4": {"sublingual"},
}


def text_of(protocol_id: str) -> str:
    return (FOLDER / f"{protocol_id}.toml").read_text(encoding="utf-8")


def values_of(protocol_id: str) -> dict:
    return tomllib.loads(text_of(protocol_id))


def entries(value, path=()):
    """Yield every table of a file with its path."""
    match value:
        case dict():
            yield path, value
            for key, inner in value.items():
                yield from entries(inner, (*path, key))
        case list():
            for number, inner in enumerate(value):
                yield from entries(inner, (*path, number))


# -- what is shipped


def test_the_shipped_protocols():
    assert protocol_ids() == tuple(sorted(COUNTS))


@pytest.mark.parametrize("protocol_id", protocol_ids())
def test_a_file_is_named_for_its_id(protocol_id):
    assert load_protocol(protocol_id).id == protocol_id


@pytest.mark.parametrize("protocol_id", OFFSETS)
def test_ideal_days_are_those_of_the_sources(protocol_id):
    nominal = lay_out(load_protocol(protocol_id), MON).nominal
    assert [day - MON.toordinal() for day in nominal] == OFFSETS[protocol_id]


@pytest.mark.parametrize("protocol_id", OFFSETS)
def test_study_days_are_the_offsets_and_one(protocol_id):
    phase = load_protocol(protocol_id).phases[0]
    if phase.study_days:
        assert list(phase.study_days) == [
            offset + 1 for offset in OFFSETS[protocol_id][: len(phase.study_days)]
        ]
        assert len(phase.study_days) == phase.count


@pytest.mark.parametrize(
    ("start", "last", "next_one"), [(MON, date(2027, 1, 28), 4), (THU, date(2027, 2, 1), 3)]
)
def test_the_fifth_week_of_esketamine_begins_on_its_first_day(start, last, next_one):
    layout = lay_out(load_protocol("esk-trd"), start)
    days = [date.fromordinal(day) for day in layout.nominal]
    assert days[7] == last
    assert days[8] == last + timedelta(next_one) == start + timedelta(28)
    assert days[11:13] == [start + timedelta(49), start + timedelta(56)]


def test_esketamine_from_the_fourth_of_january():
    days = [date.fromordinal(day) for day in lay_out(load_protocol("esk-trd"), MON).nominal]
    january = [date(2027, 1, day) for day in (4, 7, 11, 14, 18, 21, 25, 28)]
    assert days[:13] == [*january, *(date(2027, 2, day) for day in (1, 8, 15, 22)), date(2027, 3, 1)]


def test_monday_wednesday_friday_begun_on_another_day_spans_thirteen_dates():
    for start in (date(2027, 1, 6), date(2027, 1, 8)):
        nominal = lay_out(load_protocol("iv-mwf-6"), start).nominal
        assert nominal[-1] - nominal[0] + 1 == 13


@pytest.mark.parametrize("protocol_id", COUNTS)
def test_counts_routes_and_places(protocol_id):
    phases = load_protocol(protocol_id).phases
    assert [phase.counts for phase in phases] == COUNTS[protocol_id]
    assert {phase.route for phase in phases} == ROUTES.get(protocol_id, {"intravenous"})
    assert all((phase.place == "home") == (phase.route == "sublingual") for phase in phases)


@pytest.mark.parametrize("protocol_id", COUNTS)
def test_spacing_floors_are_required_and_the_rest_preferred(protocol_id):
    for phase in load_protocol(protocol_id).phases:
        floors = [s.minimum for s in phase.spacing if s.required]
        weekly = phase.every and phase.every[0].days <= 14
        exceptional = {"crps-4h-x10": 1, "kap-im-weekly": 2}  # daily; a second session in the first week
        usual = 7 if phase.beside else 5 if weekly else 2
        assert floors == [exceptional.get(protocol_id, usual)]
        assert all(s.latest is None and s.apart == 1 for s in phase.spacing if s.required)
        if phase.kind == "induction":
            latest = [s.latest for s in phase.spacing if s.latest is not None]
            assert latest == [9 if phase.every else 7]
        most = {s.apart for s in phase.spacing if s.minimum == 7 and not s.required}
        if len(phase.weekdays) in (2, 3):
            assert most == {len(phase.weekdays)}
        elif phase.every and not phase.beside:
            assert most == {1}


@pytest.mark.parametrize("protocol_id", COUNTS)
def test_floors_and_windows_are_marked_house_defaults(protocol_id):
    for phase in values_of(protocol_id)["phase"]:
        for spacing in phase["spacing"]:
            if spacing.get("required", True) or "latest" in spacing:
                assert spacing["mark"] == "house default"


@pytest.mark.parametrize("protocol_id", COUNTS)
def test_what_the_label_states_is_stated(protocol_id):
    for phase in load_protocol(protocol_id).phases:
        before = {r.what: r.minutes for r in phase.before}
        if protocol_id.startswith("esk"):
            assert before == {"eating": 120, "drinking": 30, "a nasal corticosteroid or decongestant": 60}
            assert (phase.anatomy.observation, phase.anatomy.infusion, phase.no_driving) == (
                120,
                10,
                "next day",
            )
        else:
            assert before == {}
            assert phase.no_driving == timedelta(hours=24)


# -- a missed session, and a break


@pytest.mark.parametrize("protocol_id", COUNTS)
def test_every_shipped_phase_says_what_a_missed_session_and_a_break_do(protocol_id):
    """Esketamine weeks 1 to 4 keep their schedule and are not drawn out; nothing was found for anything else."""
    esketamine = protocol_id.startswith("esk")
    for phase in load_protocol(protocol_id).phases:
        assert phase.missed == ("skip" if esketamine and phase.kind == "induction" else "keep")
        assert [band.propose for band in phase.lapse] == ["continue", "clinician review"]
        said = {e.key: e for e in phase.evidence}
        assert {said[key].mark for key in ("missed", "lapse 1", "lapse 2")} == {HOUSE_DEFAULT}
        stepping = esketamine and phase.kind == "maintenance"
        assert [band.if_worse for band in phase.lapse] == ["step back" if stepping else "", ""]


LAPSES_AFTER = {
    # the first day on which a clinician is asked, phase by phase
    "esk-trd": [29, 29, 29],
    "esk-mdsi": [29],
    "generic-induction": [8, 57],  # boosters every 28 days: twice that, and one
    "iv-booster-home": [8, 57, 57],
    "iv-3xw-2w-plus-weekly-4": [8, 29],
    "iv-weekly-3-plus-pe": [10],  # the latest day is 9
    "kap-im-weekly": [10],
    "sl-home-weekly-4": [10],
}


@pytest.mark.parametrize("protocol_id", COUNTS)
def test_a_break_is_for_a_clinician_from_the_day_after_the_last_that_is_given(protocol_id):
    expected = LAPSES_AFTER.get(protocol_id, [8])
    phases = load_protocol(protocol_id).phases
    assert [phase.lapses_after() for phase in phases] == expected
    for phase, day in zip(phases, expected, strict=True):
        assert phase.lapse_after(day - 1).propose == "continue"
        assert phase.lapse_after(day).propose == "clinician review"


def test_the_28_days_of_esketamine_do_not_pose_as_a_rule_of_the_label():
    for phase in load_protocol("esk-trd").phases[1:]:
        (review,) = (e for e in phase.evidence if e.key == "lapse 2")
        assert "no rule of the label" in review.note
        assert "subgroup" in review.note


@pytest.mark.parametrize(
    ("protocol_id", "shown"),
    [
        ("esk-trd", ["missed", "skip: the session is left out", "house default", "jnj2025, house"]),
        (
            "esk-trd",
            [
                "missed",
                "keep: the pattern stays, the session is made up at the end",
                "house default",
                "faq-repost, house",
            ],
        ),
        (
            "esk-trd",
            [
                "lapse 1",
                "day 0 to 28: continue (step back if symptoms are worse)",
                "house default",
                "jnj2025, faq-repost, house",
            ],
        ),
        ("esk-trd", ["lapse 2", "from day 29 on: clinician review", "house default", "jnj2025, house"]),
        ("generic-induction", ["lapse 1", "day 0 to 7: continue", "house default", "house"]),
        ("generic-induction", ["lapse 2", "from day 57 on: clinician review", "house default", "house"]),
    ],
)
def test_what_is_shown_of_a_missed_session_and_a_break(protocol_id, shown, capsys):
    """A long value goes on below; its first line has the mark and the source beside it."""
    commands.main(["show", protocol_id], standalone_mode=False)
    lines = [re.split(r"\s{2,}", line.strip()) for line in capsys.readouterr().out.splitlines()]
    assert any(
        len(line) == len(shown) and all(want.startswith(cell) for cell, want in zip(line, shown, strict=True))
        for line in lines
    ), shown


WORDS = {
    "phase": {"kind", "name", "route", "place", "anchor", "beside"},
    "companion": {
        *("id", "kind", "topic", "title", "text", "audience", "required", "calendar", "place"),
        "on_session_days",
    },
}
"""What stands by itself in a section, because it is no number."""


@pytest.mark.parametrize("protocol_id", COUNTS)
def test_every_number_has_a_source_and_a_mark(protocol_id):
    values = values_of(protocol_id)
    cited = set()
    for section, words in WORDS.items():
        for number, part in enumerate(values[section]):
            bare = {key for key, value in part.items() if not isinstance(value, dict | list)}
            assert bare <= words, (section, number)
            for path, entry in entries(part):
                if path and not (path == ("anchor",) and says_no_number(entry)):
                    assert entry["mark"] in {mark.value for mark in Mark}
                    cited |= set(re.split(r"\s*,\s*", entry["source"]))
    assert set(values["sources"]) == cited


def says_no_number(anchor):
    """The first session, each session, a start or end, another companion; a source is welcome and not needed."""
    return (
        "mark" not in anchor
        and "study_day" not in anchor
        and {anchor.get("session"), anchor.get("every")}
        <= {
            None,
            1,
        }
    )


@pytest.mark.parametrize("protocol_id", COUNTS)
def test_evidence_is_kept_for_every_number(protocol_id):
    protocol, values = load_protocol(protocol_id), values_of(protocol_id)
    for parts, section in ((protocol.phases, "phase"), (protocol.companions, "companion")):
        for part, table in zip(parts, values[section], strict=True):
            assert len(part.evidence) == sum("mark" in entry for _, entry in entries(table))


@pytest.mark.parametrize("protocol_id", COUNTS)
def test_what_is_only_remembered_is_not_cited(protocol_id):
    """Papers that nobody opened, or whose authors or schedule nobody could verify."""
    unread = r"aan het Rot|Murrough|Domany|Sanacora|McIntyre|Swainson|Singh|Rasmussen|Sakurai|Costi"
    assert not re.search(unread, text_of(protocol_id))


@pytest.mark.parametrize("protocol_id", COUNTS)
def test_house_defaults_and_sources_do_not_pose_as_each_other(protocol_id):
    for path, entry in entries(values_of(protocol_id)):
        if "mark" in entry:
            cites_house = "house" in re.split(r"\s*,\s*", entry["source"])
            assert cites_house == (entry["mark"] == "house default"), path


def test_negative_trials_are_said():
    note = load_protocol("iv-2xw-4w-8").note
    assert "Abdallah 2022" in note
    assert "Jelovac 2025" in note
    assert "negative" in note


@pytest.mark.parametrize("protocol_id", ["sl-home-weekly-4", "iv-booster-home"])
def test_home_use_carries_the_notice(protocol_id):
    """In the note, and beside each session at home."""
    protocol = load_protocol(protocol_id)
    notice = protocol.companion("home-notice")
    home = [phase.name for phase in protocol.phases if phase.place == "home"]
    everywhere = len(home) == len(protocol.phases)
    assert (notice.kind, notice.topic, notice.anchor.every) == ("notice", "warning", 1)
    assert [notice.anchor.phase] == ([""] if everywhere else home)
    for part in (
        "10 October 2023",
        "compounded ketamine is not approved for any psychiatric disorder",
        "adds risk",
    ):
        assert part in protocol.note
        assert part in notice.text


# -- what goes around the sessions of those that are shipped

SERIES = ["screening", "mid-series-review", "response-review", "confirm-ride"]
SHORT = ["screening", "response-review", "confirm-ride"]
AROUND = {
    "crps-4h-x10": ["screening", "confirm-ride", "follow-up"],
    "esk-mdsi": ["screening", "benefit-review", "confirm-ride", "monitoring-form"],
    "esk-trd": ["screening", "benefit-review", "periodic-review", "confirm-ride", "monitoring-form"],
    "generic-induction": [*SERIES[:3], "booster-review", "confirm-ride", "rest-of-day", "other-medicines"],
    "iv-2xw-2w-4": SHORT,
    "iv-2xw-2w-4-plus-cbt": ["screening", "cognitive-therapy", *SHORT[1:]],
    "iv-2xw-3w-6": SERIES,
    "iv-2xw-4w-8": SERIES,
    "iv-3xw-2w-plus-weekly-4": SERIES,
    "iv-3xw-upto-12": SERIES,
    "iv-6-plus-wet": ["screening", "written-exposure", *SERIES[1:]],
    "iv-booster-home": [
        *(*SERIES[:3], "booster-review", "confirm-ride", "confirm-ride-booster"),
        *("home-notice", "peer-monitor", "check-in"),
    ],
    "iv-mwf-6": SERIES,
    "iv-tms-same-visit": ["screening", "stimulation", *SERIES[1:]],
    "iv-weekly-3-plus-pe": ["screening", "prolonged-exposure", *SHORT[1:]],
    "kap-im-weekly": ["screening", "integration", *SHORT[1:]],
    "sc-2xw-4w-8": SERIES,
    "sl-home-weekly-4": ["screening", "home-notice", "peer-monitor", "check-in", "response-review"],
}
REQUIRED = {
    ("esk-mdsi", "confirm-ride"),
    ("esk-trd", "confirm-ride"),
    ("iv-2xw-2w-4-plus-cbt", "cognitive-therapy"),
    ("iv-6-plus-wet", "written-exposure"),
    ("iv-tms-same-visit", "stimulation"),
    ("iv-weekly-3-plus-pe", "prolonged-exposure"),
    ("kap-im-weekly", "integration"),
}
WEEKLY = ["iv-3xw-2w-plus-weekly-4"]
LATE = [known for known in AROUND if AROUND[known] == SERIES and known not in WEEKLY]
FACTS = [
    # whose, which, counted from, earliest, recommended and latest day, weakest mark of those days, their source
    (AROUND, "screening", "the first session", (-28, -7, -1), HOUSE_DEFAULT, "house"),
    (SERIES, "mid-series-review", "session 3 of induction", (0, 0, 1), HOUSE_DEFAULT, "house"),
    (LATE, "response-review", "the last session of induction", (14, 21, 31), HOUSE_DEFAULT, "mcinnes2022, house"),
    (WEEKLY, "response-review", "the last session of induction", (1, 5, 6), HOUSE_DEFAULT, "phillips2019, house"),
    (SHORT, "response-review", "the last session of induction", (14, 21, 31), HOUSE_DEFAULT, "mcinnes2022, house"),
    (["sl-home-weekly-4"], "response-review", "the last session of induction", (14, 21, 31), HOUSE_DEFAULT, "house"),
    (
        ["generic-induction", "iv-booster-home"],
        *("response-review", "the last session of induction", (14, 21, 27), HOUSE_DEFAULT, "mcinnes2022, house"),
    ),
    (["crps-4h-x10"], "follow-up", "the last session", (77, 91, 105), HOUSE_DEFAULT, "schwartzman2009, house"),
    (["iv-booster-home"], "confirm-ride", "each session of induction", (-1, -1, -1), HOUSE_DEFAULT, "house"),
    (["iv-booster-home"], "confirm-ride-booster", "each session of maintenance", (-1, -1, -1), HOUSE_DEFAULT, "house"),
    (["iv-mwf-6", "crps-4h-x10", "esk-trd"], "confirm-ride", "each session", (-1, -1, -1), HOUSE_DEFAULT, "house"),
    (["generic-induction"], "booster-review", "every 6th session of maintenance", (0, 0, 7), HOUSE_DEFAULT, "house"),
    (["esk-trd", "esk-mdsi"], "benefit-review", "Day 28", (-3, 0, 0), HOUSE_DEFAULT, "house"),
    (["esk-trd"], "periodic-review", "every 13th session of maintenance", (0, 0, 7), HOUSE_DEFAULT, "house"),
    (["esk-trd", "esk-mdsi"], "monitoring-form", "each session", (0, 0, 7), SECONDARY, "rems"),
    (["sl-home-weekly-4"], "peer-monitor", "each session", (-1, -1, -1), HOUSE_DEFAULT, "house"),
    (["sl-home-weekly-4"], "check-in", "session 1", (1, 1, 2), HOUSE_DEFAULT, "mindbloom, house"),
    (["iv-booster-home"], "check-in", "each session of home", (1, 1, 3), HOUSE_DEFAULT, "mindbloom, house"),
    (["iv-6-plus-wet"], "written-exposure", "session 4 of induction", (1, 1, 14), DERIVED, "feder2025"),
    (["iv-weekly-3-plus-pe"], "prolonged-exposure", "each session of induction", (1, 1, 3), HOUSE_DEFAULT,
     "pe-registry, house"),
    (["iv-2xw-2w-4-plus-cbt"], "cognitive-therapy", "the first session", (1, 1, 69), HOUSE_DEFAULT,
     "cbt-ketamine, house"),
    (["kap-im-weekly"], "integration", "each session of induction", (1, 1, 6), HOUSE_DEFAULT, "house"),
]  # fmt: skip


def whose(given):
    """The protocols that a fact is about: all, those with these companions, or those named."""
    return [known for known in AROUND if given is AROUND or AROUND[known] == given or known in given]


@pytest.mark.parametrize("protocol_id", AROUND)
def test_what_goes_around_the_sessions(protocol_id):
    """All that a source supports; none of it holds up a session until a clinic says so."""
    companions = load_protocol(protocol_id).companions
    assert [companion.id for companion in companions] == AROUND[protocol_id]
    assert {c.id for c in companions if c.required} == {
        name for known, name in REQUIRED if known == protocol_id
    }
    assert not any(companion.gate for companion in companions)


def test_every_shipped_protocol_has_something_around_it():
    assert tuple(sorted(AROUND)) == protocol_ids()


@pytest.mark.parametrize(("given", "name", "anchor", "days", "mark", "source"), FACTS)
def test_days_around_the_sessions_are_those_of_the_sources(given, name, anchor, days, mark, source):
    assert whose(given)
    for protocol_id in whose(given):
        companion = load_protocol(protocol_id).companion(name)
        window = companion.window
        assert companion.anchor.words() == anchor, protocol_id
        assert (window.earliest, window.recommended, window.latest) == days, protocol_id
        (evidence,) = (e for e in companion.evidence if e.key == "window")
        assert (evidence.mark, evidence.source) == (mark, source), protocol_id


@pytest.mark.parametrize(
    ("protocol_id", "name", "key", "mark", "source"),
    [
        ("iv-mwf-6", "screening", "anchor", SECONDARY, "clinics"),
        ("iv-mwf-6", "mid-series-review", "anchor", HOUSE_DEFAULT, "phillips2019, bio-k, house"),
        ("iv-mwf-6", "confirm-ride", "anchor", SECONDARY, "clinics"),
        ("esk-trd", "confirm-ride", "anchor", STATED, "spravatohcp-trd, us-pi-2019"),
        ("esk-trd", "benefit-review", "anchor", DERIVED, "spravatohcp-trd, mims"),
        ("esk-mdsi", "benefit-review", "anchor", DERIVED, "spravatohcp-mdsi"),
        ("iv-6-plus-wet", "written-exposure", "anchor", STATED, "feder2025"),
        ("iv-6-plus-wet", "written-exposure", "count", STATED, "feder2025"),
        ("iv-6-plus-wet", "written-exposure", "every", HOUSE_DEFAULT, "house"),
        ("iv-2xw-2w-4-plus-cbt", "cognitive-therapy", "count", STATED, "cbt-ketamine"),
        ("iv-2xw-2w-4-plus-cbt", "cognitive-therapy", "every", HOUSE_DEFAULT, "house"),
        ("iv-weekly-3-plus-pe", "prolonged-exposure", "anchor", SECONDARY, "pe-registry"),
        ("kap-im-weekly", "integration", "duration", SECONDARY, "kap-registry"),
        ("iv-tms-same-visit", "stimulation", "duration", STATED, "best2019"),
        ("iv-booster-home", "check-in", "anchor", HOUSE_DEFAULT, "mindbloom, house"),
        ("sl-home-weekly-4", "check-in", "anchor", SECONDARY, "mindbloom"),
        ("sl-home-weekly-4", "check-in", "window", HOUSE_DEFAULT, "mindbloom, house"),
        ("generic-induction", "other-medicines", "anchor", SECONDARY, "article"),
        ("generic-induction", "rest-of-day", "anchor", SECONDARY, "clinics"),
    ],
)
def test_numbers_around_the_sessions_say_how_far_they_were_verified(protocol_id, name, key, mark, source):
    (evidence,) = (e for e in load_protocol(protocol_id).companion(name).evidence if e.key == key)
    assert (evidence.mark, evidence.source) == (mark, source)


def ideal_days(companion):
    """Days after the anchor on which its bookings would be, if every day were free."""
    found = [companion.window.recommended]
    while len(found) < companion.count:
        found.append(found[-1] + companion.every[min(len(found), len(companion.every)) - 1].days)
    return found


def test_written_exposure_is_five_sessions_in_two_weeks_off_the_days_of_infusions():
    """From a Monday the fourth infusion is on the eighth day: therapy on Tu 12, Th 14, Mo 18, We 20, Fr 22 January."""
    protocol = load_protocol("iv-6-plus-wet")
    therapy = protocol.companion("written-exposure")
    days = [THRICE[3] + day for day in ideal_days(therapy)]
    assert [MON + timedelta(day) for day in days] == [date(2027, 1, day) for day in (12, 14, 18, 20, 22)]
    assert not set(days) & set(THRICE[:6])
    assert (therapy.on_session_days, therapy.calendar, therapy.topic) == (
        "never",
        "therapist",
        "psychotherapy",
    )


def test_cognitive_therapy_is_twelve_sessions_in_ten_weeks():
    """Twice a week beside the infusions, then weekly: the days are of weeks 1, 1, 2, 2 and 3 to 10."""
    therapy = load_protocol("iv-2xw-2w-4-plus-cbt").companion("cognitive-therapy")
    days = ideal_days(therapy)
    assert days == [1, 4, 8, 11, 15, 22, 29, 36, 43, 50, 57, 64]
    assert [1 + day // 7 for day in days] == [1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert therapy.window.latest == 10 * 7 - 1
    assert not set(days) & set(TWICE[:4])


def test_assisted_psychotherapy_takes_two_to_three_hours_and_may_share_the_day():
    protocol = load_protocol("kap-im-weekly")
    assert timedelta(hours=2) <= protocol.phases[0].anatomy.chair_time <= timedelta(hours=3)
    integration = protocol.companion("integration")
    assert (integration.minutes, integration.on_session_days) == (60, "allowed")


def test_stimulation_is_during_the_session_and_fits_into_it():
    protocol = load_protocol("iv-tms-same-visit")
    anatomy, stimulation = protocol.phases[0].anatomy, protocol.companion("stimulation")
    assert (anatomy.infusion, stimulation.minutes, stimulation.on_session_days) == (20, 30, "during")
    assert stimulation.minutes <= anatomy.infusion + anatomy.observation


def test_sessions_at_home_lie_half_way_between_boosters():
    """Boosters 28, 56, 84 days after the last infusion, sessions at home 14, 42, 70."""
    protocol = load_protocol("iv-booster-home")
    boosters, home = protocol.phase("maintenance"), protocol.phase("home")
    assert home.beside == boosters.name
    assert (boosters.join.ideal, home.join.ideal) == (28, 14)
    assert [step.days for step in (*boosters.every, *home.every)] == [28, 28]
    assert home.neighbour_minimum() == 7


@pytest.mark.parametrize(
    "protocol_id", ["generic-induction", "iv-booster-home", "iv-3xw-2w-plus-weekly-4", "new"]
)
def test_a_review_that_decides_about_what_follows_is_before_it(protocol_id, tmp_path):
    """Its last day is the one before the first booster: 27 before day 28, 6 before day 7."""
    path = tmp_path / "own.toml"
    path.write_text(template("own"), encoding="utf-8")
    protocol = load_protocol(path if protocol_id == "new" else protocol_id)
    review = protocol.companion("response-review")
    assert review.window.latest == protocol.phase("maintenance").join.ideal - 1
    assert review.on_session_days == "never"


@pytest.mark.parametrize("protocol_id", ["sl-home-weekly-4", "iv-booster-home"])
def test_a_call_after_a_session_at_home_does_not_pose_as_the_visit_of_its_source(protocol_id):
    call = load_protocol(protocol_id).companion("check-in")
    assert call.place == "telephone"
    for key in ("anchor", "window"):
        (note,) = (e.note for e in call.evidence if e.key == key)
        assert "visit by a clinician" in note
        assert "telephone call" in note


def test_no_number_of_one_series_is_stated_by_another_study():
    """The abstract on the therapy gives the count and the weeks, and no length of an infusion."""
    (phase,) = load_protocol("iv-2xw-2w-4-plus-cbt").phases
    said = {e.key: (e.mark, e.source) for e in phase.evidence}
    assert said["infusion"] == (HOUSE_DEFAULT, "house")
    assert said["count"] == said["weeks"] == (STATED, "cbt-ketamine")


def test_the_label_asks_for_a_ride_and_the_form_is_for_the_clinic():
    protocol = load_protocol("esk-trd")
    ride, form = protocol.companion("confirm-ride"), protocol.companion("monitoring-form")
    assert (ride.kind, ride.required, ride.audience) == ("task", True, "patient")
    assert (form.kind, form.required, form.audience) == ("task", False, "clinic")


def test_nothing_shipped_has_an_interval_for_monitoring():
    """No interval for urine, liver, blood pressure or memory was found."""
    topics = {c.topic for protocol_id in AROUND for c in load_protocol(protocol_id).companions}
    assert not topics & {"monitoring", "laboratory"}


def test_one_source_has_one_text_everywhere():
    found: dict[str, set[str]] = {}
    for protocol_id in protocol_ids():
        for key, reference in load_protocol(protocol_id).sources:
            found.setdefault(key, set()).add(reference)
    assert {key: texts for key, texts in found.items() if len(texts) > 1} == {}


# -- loading


def test_a_clinic_loads_its_own_file(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(template("own"), encoding="utf-8")
    assert load_protocol(path) == load_protocol(str(path))
    assert load_protocol(path).id == "own"


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("iv-mfw-6", "did you mean iv-mwf-6"),
        ("IV_MWF_6", "did you mean iv-mwf-6"),
        ("zzzzzzzzzzzzzzzzzzz", "the path of a .toml file"),
        ("", "the path of a .toml file"),
        ("new", "name one of these"),
    ],
)
def test_an_unknown_protocol(name, fix):
    with pytest.raises(InvalidProtocol) as caught:
        load_protocol(name)
    assert fix in caught.value.fix
    assert "iv-mwf-6" in caught.value.why


@pytest.mark.parametrize("name", ["absent.toml", "absent/x", "nul\0.toml", "lone\ud800.toml", Path("absent")])
def test_a_file_that_is_not_there(name):
    with pytest.raises(CannotRead):
        load_protocol(name)


def test_the_template_loads_as_it_is():
    protocol = read_protocol(parse((FOLDER / "new.toml.txt").read_text(encoding="utf-8"), "new.toml"))
    assert [phase.kind for phase in protocol.phases] == ["induction", "maintenance"]
    assert template(protocol.id) == (FOLDER / "new.toml.txt").read_text(encoding="utf-8")
    assert "new" not in protocol_ids()


def test_the_template_takes_the_id():
    text = template("clinic-a-2")
    assert read_protocol(parse(text, "x.toml")).id == "clinic-a-2"
    SCHEMA.validate(tomllib.loads(text))


def test_what_the_template_leaves_commented_out_loads_too():
    text = template("own")
    around = text.index("# -- what goes around")
    commented = re.compile(r"^# (?=\[\[companion\]\]|[a-z_]+ = )", re.MULTILINE)
    protocol = read_protocol(parse(text[:around] + commented.sub("", text[around:]), "own.toml"))
    assert [companion.id for companion in protocol.companions] == [
        *("screening", "response-review", "confirm-ride", "therapy", "drink-water", "monitoring")
    ]
    assert [companion.id for companion in protocol.companions if companion.gate] == [
        "screening",
        "response-review",
    ]
    assert not any(companion.gate for companion in read_protocol(parse(text, "own.toml")).companions)


@pytest.mark.parametrize("protocol_id", ["", "A", "a b", 'a"', "a\n", "-a", "a--b", "a" * 65, "é"])
def test_the_template_refuses_what_is_no_id(protocol_id):
    with pytest.raises(InvalidProtocol):
        template(protocol_id)


# -- mistakes

START = """\
id = "own"
version = "1"
title = "Own"

[sources]
house = "house default; not from a publication"

[[phase]]
kind = "induction"
count = { value = 3, source = "house", mark = "house default" }
weekdays = { value = ["Mon", "Thu"], source = "house", mark = "house default" }
infusion = { value = "PT40M", source = "house", mark = "house default" }
spacing = [
    { minimum = 2, source = "house", mark = "house default" },

    # a comment
    { latest = 7, required = false, source = "house", mark = "house default" },
    { apart = 2, minimum = 7, required = false, source = "house", mark = "house default" },
]
before = [{ what = "eating", value = "PT2H", source = "house", mark = "house default" }]

[[phase]]
kind = "maintenance"
every = { value = ["P14D", "P28D"], source = "house", mark = "house default" }
review = { value = "P26W", source = "house", mark = "house default" }
join = { ideal = 14, minimum = 7, source = "house", mark = "house default" }
no_driving = { value = "PT24H", source = "house", mark = "house default" }
observation = { value = "PT1H", source = "house", mark = "house default" }

[[companion]]
id = "therapy"
kind = "appointment"
topic = "psychotherapy"
title = "Therapy"
anchor = { session = 2, phase = "induction", source = "house", mark = "house default" }
window = { earliest = 1, recommended = 5, latest = 13, source = "house", mark = "house default" }
duration = { value = "PT50M", source = "house", mark = "house default" }
count = { value = 4, source = "house", mark = "house default" }
every = { value = "P3D", source = "house", mark = "house default" }
spacing = [{ latest = 9, source = "house", mark = "house default" }]
calendar = "therapist"
on_session_days = "never"

[[companion]]
id = "form"
kind = "task"
topic = "form"
title = "Form"
anchor = { every = 2 }
window = { earliest = 0, recommended = 4, latest = 6, source = "house", mark = "house default" }

[[companion]]
id = "notes"
kind = "notice"
topic = "note"
title = "Notes"
anchor = { companion = "therapy" }
before = { value = "PT3H", source = "house", mark = "house default" }
"""
HOUSE = 'source = "house", mark = "house default" }'
GO, REVIEW = 'propose = "continue"', 'propose = "clinician review"'
MISTAKES = [
    # what is replaced, by what, line and key, what is said
    ('title = "Own"', 'titel = "Own"', "own.toml", "title is missing"),
    ('title = "Own"', 'title = "Own"\nnotes = ""', "line 4, notes", "unknown key 'notes'"),
    ('title = "Own"', 'title = " "', "line 3, title", "title is blank"),
    ('version = "1"', "", "own.toml", "version is missing"),
    ('version = "1"', "version = 1", "line 2, version", "version is the number 1"),
    ('id = "own"', 'id = "Own"', "line 1, id", "the id 'Own'"),
    ('[sources]\nhouse = "house default; not from a publication"', "", "phase 1 count source", "count cites 'house'"),
    ("house = ", '"a b" = "x"\nhouse = ', "line 6, sources a b", "the source key 'a b'"),
    ('"house default; not from a publication"', '""', "line 6, sources house", "house is blank"),
    ('kind = "induction"', 'kind = "acute"', "line 9, phase 1 kind", "kind is 'acute'"),
    ('kind = "induction"', "", "line 8, phase 1", "kind is missing"),
    ('kind = "maintenance"', 'kind = "maintenance"\nplace = "pub"', "line 24, phase 2 place", "place is 'pub'"),
    ('kind = "maintenance"', 'kind = "maintenance"\nanchor = "end"', "line 24, phase 2 anchor", "anchor is 'end'"),
    ('kind = "maintenance"', 'kind = "maintenance"\nname = ""', "line 24, phase 2 name", "name is blank"),
    ("value = 3, ", "", "line 10, phase 1 count", "phase 1 count has no number"),
    ("value = 3", "value = 0", "line 10, phase 1 count value", "value is 0"),
    ("value = 3", "value = 1001", "line 10, phase 1 count value", "value is 1001"),
    ("value = 3", "value = 3.0", "line 10, phase 1 count value", "a number with a decimal point"),
    ("value = 3", "value = true", "line 10, phase 1 count value", "true or false"),
    ("value = 3", "value = 3, least = 4, most = 5", "line 10, phase 1 count", "4 to 5 sessions, 3 of them"),
    ("value = 3", "value = 3, moist = 5", "line 10, phase 1 count moist", "unknown key 'moist'"),
    ("{ value = 3, " + HOUSE, "3", "line 10, phase 1 count", "count has no source and no mark"),
    ('value = 3, source = "house", ', "value = 3, ", "line 10, phase 1 count", "source is missing"),
    ('value = 3, source = "house", mark = "house default"', 'value = 3, source = "house"', "line 10", "mark is mis"),
    ('value = 3, source = "house"', 'value = 3, source = "hose"', "line 10, phase 1 count source", "cites 'hose'"),
    ('value = 3, source = "house"', 'value = 3, source = "house,"', "line 10, phase 1 count source", "cites ''"),
    ('value = 3, source = "house", mark = "house default"', 'value = 3, source = "house", mark = "sure"',
     "line 10, phase 1 count mark", "mark is 'sure'"),
    ('["Mon", "Thu"]', '["Mon", "Mon"]', "line 11, phase 1 weekdays value", "not a list of days of the week"),
    ('["Mon", "Thu"]', '["Mon", "Monday"]', "line 11, phase 1 weekdays value", "not a list of days of the week"),
    ('["Mon", "Thu"]', '["Monkey"]', "line 11, phase 1 weekdays value", "not a list of days of the week"),
    ('["Mon", "Thu"]', "[1, 4]", "line 11, phase 1 weekdays value", "not a list of days of the week"),
    ('["Mon", "Thu"]', "[]", "line 11, phase 1 weekdays value", "not a list of days of the week"),
    ('["Mon", "Thu"]', '"Mon"', "line 11, phase 1 weekdays value", "the text 'Mon'"),
    ('"PT40M"', '"40 min"', "line 12, phase 1 infusion value", "'40 min' is not a duration"),
    ('"PT40M"', '"PT"', "line 12, phase 1 infusion value", "'PT' is not a duration"),
    ('"PT40M"', "40", "line 12, phase 1 infusion value", "the number 40"),
    ('"PT40M"', '"PT0M"', "line 8, phase 1", "a session of 0 minutes"),
    ('"PT40M"', '"PT25H"', "line 8, phase 1", "a session of 1500 minutes"),
    ("minimum = 2", "minimum = -1", "line 14, phase 1 spacing 1 minimum", "minimum is -1"),
    ("minimum = 2", "minimum = 2, latest = 1", "line 14, phase 1 spacing 1", "out of order"),
    ("minimum = 2", "absolute_minimum = 3, minimum = 2", "line 14, phase 1 spacing 1", "out of order"),
    ("minimum = 2", "absolute_minimum = 2", "line 14, phase 1 spacing 1", "absolute_minimum without minimum"),
    ("minimum = 2", "apart = 2", "line 14, phase 1 spacing 1", "phase 1 spacing 1 has no number"),
    ("minimum = 2", "minimum = 2, maximum = 7", "line 14, phase 1 spacing 1 maximum", "unknown key 'maximum'"),
    ("minimum = 2", "minimum = 2, apart = 2, between = [1, 3]", "spacing 1 between", "apart and between"),
    ("minimum = 2", "minimum = 2, between = [1]", "line 14, phase 1 spacing 1 between", "two sessions"),
    ("minimum = 2", "minimum = 2, between = [0, 3]", "line 14, phase 1 spacing 1 between", "two sessions"),
    ("minimum = 2", "minimum = 2, between = [3, 1]", "line 14, phase 1 spacing 1", "between sessions 3 and 1"),
    ("minimum = 2", "minimum = 2, between = [1, 9], required = false", "line 14, phase 1 spacing 1 between", "over 8"),
    ("latest = 7, required = false", 'latest = "7"', "line 17, phase 1 spacing 2 latest", "the text '7'"),
    ("latest = 7, ", "minimum_hours = 48, ", "line 17, phase 1 spacing 2", "a preferred spacing in hours"),
    ("apart = 2, ", "apart = 4, ", "line 18, phase 1 spacing 3 apart", "a preferred spacing over 4 places"),
    ("apart = 2, ", "apart = 0, ", "line 18, phase 1 spacing 3 apart", "apart is 0"),
    ('what = "eating", ', "", "line 20, phase 1 before 1", "what is missing"),
    ('what = "eating"', 'what = ""', "line 20, phase 1 before 1 what", "what is blank"),
    ('"PT2H"', '"P2D"', "line 20, phase 1 before 1 value", "'P2D' is not a duration"),
    ('"PT2H"', '"PT168H1M"', "line 20, phase 1 before 1 value", "left for 10081 minutes"),
    ('["P14D", "P28D"]', '"monthly"', "line 24, phase 2 every value", "'monthly' is not an interval"),
    ('["P14D", "P28D"]', '["P14D", 28]', "line 24, phase 2 every value", "every names no interval"),
    ('["P14D", "P28D"]', "[]", "line 24, phase 2 every value", "every names no interval"),
    ('["P14D", "P28D"]', "28", "line 24, phase 2 every value", "the number 28"),
    ('["P14D", "P28D"]', '"P0D"', "line 24, phase 2 every value", "an interval of 0 d"),
    ('["P14D", "P28D"]', '"P121M"', "line 24, phase 2 every value", "121 months"),
    ('value = ["P14D", "P28D"]', 'value = "P1M", missing_day = "skip"', "phase 2 every missing_day", "is 'skip'"),
    ('"P26W"', '"half a year"', "line 25, phase 2 review value", "'half a year' is not an interval"),
    ("ideal = 14", 'ideal = "soon"', "line 26, phase 2 join ideal", "ideal is 'soon'"),
    ("ideal = 14", "ideal = true", "line 26, phase 2 join ideal", "true or false"),
    ("ideal = 14", "ideal = 6", "line 26, phase 2 join", "out of order"),
    ("ideal = 14, minimum = 7, ", "", "line 26, phase 2 join", "phase 2 join has no number"),
    ('"PT24H"', '"tomorrow"', "line 27, phase 2 no_driving value", "'tomorrow' is not a duration"),
    ('"PT24H"', '"PT0M"', "line 22, phase 2", "no_driving is"),
    ('"PT24H"', '"PT168H1M"', "line 22, phase 2", "no_driving is"),
    # phases that do not fit together
    ("infusion", "join = { ideal = 7, " + HOUSE + "\ninfusion", "line 12, phase 1 join", "the first phase has a join"),
    ("count = {", "duration = {", "line 10, phase 1 duration", "unknown key 'duration'"),
    ("count = { value = 3, " + HOUSE, "", "line 1, id, own", "a phase follows one without end"),
    ("weekdays = { value", "study_days = { value", "line 11, phase 1 study_days value", "study days that do not"),
    ('weekdays = { value = ["Mon", "Thu"]', "study_days = { value = [1, 4]", "line 8, phase 1", "2 study days for 3"),
    ('weekdays = { value = ["Mon", "Thu"]', "study_days = { value = [2, 4, 6]", "study_days value", "from 1"),
    ('weekdays = { value = ["Mon", "Thu"]', "study_days = { value = [1, 4, 4]", "study_days value", "from 1"),
    ('weekdays = { value = ["Mon", "Thu"]', f"study_days = {{ value = [1, 4, {10**9}]", "study_days value", "from 1"),
    ('every = { value = ["P14D", "P28D"], ' + HOUSE, "", "line 22, phase 2", "a phase without a pattern"),
    ("review = {", 'weekdays = { value = ["Mon"], ' + HOUSE + "\nreview = {", "line 24, phase 2 every", "every beside"),
    ('kind = "maintenance"', 'kind = "induction"', "line 1, id, own", "two phases of one name"),
    ("review = {", "weeks = { least = 3, most = 2, " + HOUSE + "\nreview = {", "phase 2 weeks", "3 to 2 weeks"),
    ("review = {", "weeks = { least = 1, most = 2, required = false, " + HOUSE + "\nreview = {",
     "line 1, id, own", "preferred weeks"),
    ('kind = "maintenance"', 'kind = "maintenance"\nbeside = ""', "line 24, phase 2 beside", "beside is blank"),
    ('kind = "maintenance"', 'kind = "maintenance"\nbeside = "x"', "line 1, id, own, phase maint", "runs beside 'x'"),
    # what goes around the sessions
    ('id = "therapy"', "", "line 30, companion 1", "id is missing"),
    ('id = "therapy"', 'id = "Therapy"', "line 30, companion 1, companion Therapy", "the id 'Therapy'"),
    ('id = "therapy"', 'id = "form"', "line 44, companion 2, own, companion form", "two companions of one id"),
    ('kind = "appointment"', 'kind = "visit"', "line 32, companion 1 kind", "kind is 'visit'"),
    ('kind = "appointment"', 'kind = "notice"', "line 37, companion 1 duration", "duration would be ignored"),
    ('topic = "psychotherapy"', 'topic = "talk"', "line 33, companion 1 topic", "topic is 'talk'"),
    ('title = "Therapy"', 'title = ""', "line 34, companion 1 title", "title is blank"),
    ('title = "Therapy"', 'titel = "Therapy"', "line 30, companion 1", "title is missing"),
    ('title = "Therapy"', 'title = "Therapy"\nwho = "x"', "line 35, companion 1 who", "unknown key 'who'"),
    ('title = "Therapy"', 'title = "Therapy"\ntext = 1', "line 35, companion 1 text", "the number 1"),
    ('title = "Therapy"', 'title = "Therapy"\naudience = "all"', "line 35, companion 1 audience", "audience is 'all'"),
    ('title = "Therapy"', 'title = "Therapy"\nrequired = "yes"', "line 35, companion 1 required", "the text 'yes'"),
    ('title = "Therapy"', 'title = "Therapy"\ngate = 1', "line 35, companion 1 gate", "the number 1"),
    ('title = "Therapy"', 'title = "Therapy"\nplace = "pub"', "line 35, companion 1 place", "place is 'pub'"),
    ('title = "Therapy"', 'title = "Therapy"\nareas = ["liver"]', "line 30, companion 1", "areas of monitoring"),
    ('title = "Therapy"', 'title = "Therapy"\nareas = [1]', "line 35, companion 1 areas", "areas holds the number 1"),
    ('title = "Therapy"', 'title = "Therapy"\nweekdays = ["Mon"]', "line 35, companion 1 weekdays", "no source and no"),
    ('title = "Therapy"', 'title = "Therapy"\nbefore = { value = "PT1H", ' + HOUSE, "line 30, companion 1", "minutes"),
    ("anchor = { session", "anker = { session", "line 30, companion 1", "anchor is missing"),
    ("session = 2", "session = 0", "line 35, companion 1 anchor session", "session is 0"),
    ("session = 2", "session = true", "line 35, companion 1 anchor session", "true or false"),
    ("session = 2", "session = 2, every = 1", "line 35, companion 1 anchor", "an anchor that names no one thing"),
    ("session = 2, ", "", "line 35, companion 1 anchor", "an anchor that names no one thing"),
    ("session = 2, ", 'edge = "middle", ', "line 35, companion 1 anchor edge", "edge is 'middle'"),
    ("session = 2, ", 'companion = "form", ', "line 35, companion 1 anchor", "an anchor that names no one thing"),
    ("session = 2, ", "study_day = 7321, ", "line 35, companion 1 anchor study_day", "study_day is 7321"),
    ("session = 2", "session = 2, day = 3", "line 35, companion 1 anchor day", "unknown key 'day'"),
    ('phase = "induction"', 'phase = "x"', "line 30, companion 1, own, companion therapy", "the phase 'x'"),
    ('phase = "induction"', 'phase = ""', "line 35, companion 1 anchor phase", "phase is blank"),
    ('phase = "induction", source = "house", ', 'phase = "induction", ', "companion 1 anchor", "source is missing"),
    ('phase = "induction", source = "house"', 'phase = "induction", source = "x"', "anchor source", "anchor cites 'x'"),
    ('{ companion = "therapy" }', '{ companion = "x" }', "line 52, companion 3, own, companion notes", "from 'x'"),
    ('{ companion = "therapy" }', '{ companion = "notes" }', "line 52, companion 3", "counted from 'notes'"),
    ("{ earliest = 1, recommended = 5, latest = 13, " + HOUSE, "7", "line 36, companion 1 window", "no source and no"),
    ("earliest = 1, ", "", "line 36, companion 1 window", "earliest is missing"),
    ("recommended = 5", "recommended = 0", "line 36, companion 1 window", "1/0/13 d is out of order"),
    ("recommended = 5", "recommended = 14", "line 36, companion 1 window", "1/14/13 d is out of order"),
    ("latest = 13", "latest = 7321", "line 36, companion 1 window", "out of order"),
    ('latest = 13, source = "house"', 'latest = 13, source = "x"', "line 36, companion 1 window source", "cites 'x'"),
    ('duration = { value = "PT50M", ' + HOUSE, "", "line 30, companion 1", "appointment of 0 minutes"),
    ('duration = { value = "PT50M", ' + HOUSE, "duration = 50", "line 37, companion 1 duration", "no source and no"),
    ('"PT50M"', '"50"', "line 37, companion 1 duration value", "'50' is not a duration"),
    ('"PT50M"', '"PT24H1M"', "line 30, companion 1", "appointment of 1441 minutes"),
    ("value = 4", "value = 0", "line 30, companion 1", "0 bookings"),
    ("value = 4", 'value = "always"', "line 38, companion 1 count value", "the count is 'always'"),
    ("value = 4", "value = 1", "line 39, companion 1 every", "every would be ignored"),
    ("count = { value = 4, " + HOUSE, "", "companion 1 every", "every would be ignored"),
    ('every = { value = "P3D", ' + HOUSE, "", "line 30, companion 1", "several bookings without an interval"),
    ('"P3D"', '"3 days"', "line 39, companion 1 every value", "'3 days' is not an interval"),
    ("{ latest = 9, ", "{ latest = 9, required = false, ", "line 30, companion 1", "a preferred spacing"),
    ("{ latest = 9, ", "{ minimum_hours = 9, ", "line 30, companion 1", "a spacing in hours"),
    ("{ latest = 9, ", "{ latest = 9, minimum = 10, ", "line 40, companion 1 spacing 1", "out of order"),
    ('calendar = "therapist"', 'calendar = " "', "line 41, companion 1 calendar", "calendar is blank"),
    ('"never"', '"sometimes"', "line 42, companion 1 on_session_days", "on_session_days is 'sometimes'"),
    ('"never"', '"during"', "line 30, companion 1", "an appointment during a session that has days of its own"),
    ('title = "Form"', 'title = "Form"\ngate = true', "line 44, companion 2", "a task that is an appointment in part"),
    ('title = "Form"', 'title = "Form"\nafter = { value = "PT1H", ' + HOUSE, "line 44, companion 2", "for minutes"),
    ('title = "Notes"', 'title = "Notes"\nwindow = { earliest = 1, recommended = 1, latest = 1, ' + HOUSE,
     "line 57, companion 3 window", "window would be ignored"),
    ('"PT3H"', '"P1D"', "line 58, companion 3 before value", "'P1D' is not a duration"),
    ('"PT3H"', '"PT168H1M"', "line 52, companion 3", "a notice from 10081"),
    # a missed session, and a break
    *(
        ('kind = "maintenance"', f'kind = "maintenance"\nmissed = {given}', where, what)
        for given, where, what in (
            ('"skip"', "line 24, phase 2 missed", "missed has no source and no mark"),
            ('{ value = "drop", ' + HOUSE, "line 24, phase 2 missed value", "value is 'drop'"),
            ('{ value = "", ' + HOUSE, "line 24, phase 2 missed value", "value is ''"),
            ("{ value = 1, " + HOUSE, "line 24, phase 2 missed value", "the number 1"),
            ("{ " + HOUSE, "line 24, phase 2 missed", "value is missing"),
            ('{ value = "skip", days = 1, ' + HOUSE, "line 24, phase 2 missed days", "unknown key 'days'"),
            ('{ value = "skip", source = "x", mark = "stated" }', "phase 2 missed source", "missed cites 'x'"),
        )
    ),
    *(
        (
            'kind = "maintenance"',
            'kind = "maintenance"\nlapse = [' + ",\n".join(f"{{ {band}, {HOUSE}" for band in bands) + "]",
            where,
            what,
        )
        for bands, where, what in (
            (["until = 7, " + REVIEW], "line 24, phase 2 lapse 1", "from is missing"),
            (["from = 0"], "line 24, phase 2 lapse 1", "propose is missing"),
            (["from = 1, " + REVIEW], "line 24, phase 2 lapse", "lapse bands that begin on day 1"),
            (["from = -1, " + REVIEW], "line 24, phase 2 lapse 1", "a lapse from day -1"),
            (["from = true, " + REVIEW], "line 24, phase 2 lapse 1 from", "true or false"),
            (["from = 0, until = 7, " + REVIEW], "line 24, phase 2 lapse", "lapse bands that end on day 7"),
            (["from = 0, until = 7, " + GO, "from = 9, " + REVIEW], "line 24, phase 2 lapse", "gap between"),
            (["from = 0, until = 7, " + GO, "from = 7, " + REVIEW], "line 24, phase 2 lapse", "overlap between"),
            (["from = 0, " + GO, "from = 8, " + REVIEW], "line 24, phase 2 lapse", "overlap between"),
            (["from = 0, until = 7, " + GO, "from = 8, until = 7, " + REVIEW], "line 25, phase 2 lapse 2", "day 8 to"),
            (["from = 0, until = 7321, " + GO, "from = 7322, " + REVIEW], "line 24, phase 2 lapse 1", "to day 7321"),
            (['from = 0, propose = "wait"'], "line 24, phase 2 lapse 1 propose", "propose is 'wait'"),
            (["from = 0, if_worse = 'wait', " + GO], "line 24, phase 2 lapse 1 if_worse", "if_worse is 'wait'"),
            (["from = 0, if_worse = '', " + GO], "line 24, phase 2 lapse 1 if_worse", "if_worse is ''"),
            (['from = 0, propose = "repeat tail"'], "line 24, phase 2 lapse 1", "and 0 sessions to repeat"),
            (['from = 0, propose = "repeat tail", repeat = 0'], "line 24, phase 2 lapse 1", "and 0 sessions to repeat"),
            (["from = 0, if_worse = 'repeat tail', " + GO], "line 24, phase 2 lapse 1", "and 0 sessions to repeat"),
            (["from = 0, repeat = 2, " + GO], "line 24, phase 2 lapse 1", "continue, and 2 sessions to repeat"),
            (["from = 0, day = 2, " + GO], "line 24, phase 2 lapse 1 day", "unknown key 'day'"),
        )
    ),
    ('kind = "maintenance"', 'kind = "maintenance"\nlapse = [{ from = 0, propose = "continue" }]',
     "line 24, phase 2 lapse 1", "source is missing"),
    ('kind = "maintenance"', 'kind = "maintenance"\nlapse = 28', "line 24, phase 2 lapse", "lapse is the number 28"),
    # sections and syntax
    ('[[phase]]\nkind = "maintenance"', '[phase]\nkind = "maintenance"', "line 22, column 7", "this is not TOML"),
    ('"PT40M"', "PT40M", "line 12, column 22", "this is not TOML"),
    ('"PT40M"', "2027-02-30", "line 12, column 22", "this is not TOML"),
    ('"PT40M"', "2027-02-28", "line 12, phase 1 infusion value", "value is a date"),
    ('"PT40M"', '"PT40M', "line 12", "this is not TOML"),
]  # fmt: skip


def test_the_file_to_make_mistakes_in_is_right():
    SCHEMA.validate(tomllib.loads(START))
    assert read_protocol(parse(START, "own.toml")).id == "own"


@pytest.mark.parametrize(("old", "new", "where", "what"), MISTAKES)
def test_a_mistake_is_said_in_four_parts(old, new, where, what):
    assert START.count(old) >= 1
    with pytest.raises(KetschedError) as caught:
        read_protocol(parse(START.replace(old, new, 1), "own.toml"))
    error = caught.value
    assert error.where.startswith("own.toml")
    assert where in error.where
    assert what in error.what
    assert error.why
    assert error.fix


def test_an_unknown_key_is_answered_with_the_nearest():
    with pytest.raises(KetschedError, match="unknown key") as caught:
        read_protocol(parse(START.replace("review =", "reviw ="), "own.toml"))
    assert caught.value.fix == "did you mean review?"


def test_no_phase_at_all():
    with pytest.raises(InvalidProtocol, match="no phases"):
        read_protocol(parse('id = "x"\nversion = "1"\ntitle = "x"', "own.toml"))


def test_a_month_keeps_what_it_does_where_the_day_is_missing():
    text = START.replace('value = ["P14D", "P28D"]', 'value = "P1M", missing_day = "roll"')
    (step,) = read_protocol(parse(text, "own.toml")).phases[1].every
    assert (step.months, step.missing_day) == (1, "roll")


def test_two_numbered_sessions_may_have_a_spacing():
    text = START.replace("minimum = 2", "minimum = 112, between = [1, 3]")
    spacing = read_protocol(parse(text, "own.toml")).phases[0].spacing[0]
    assert (spacing.between, spacing.minimum, spacing.apart) == ((1, 3), 112, 1)


def bands_of(*bands):
    """The lapse bands of the second phase, from what a file says of each."""
    given = ", ".join(f"{{ {band}, {HOUSE}" for band in bands)
    text = START.replace('kind = "maintenance"', f'kind = "maintenance"\nlapse = [{given}]')
    SCHEMA.validate(tomllib.loads(text))
    return read_protocol(parse(text, "own.toml")).phases[1]


def test_a_break_is_read_with_all_it_says():
    phase = bands_of(
        "from = 0, until = 28, if_worse = 'step back', " + GO,
        'from = 29, until = 42, propose = "repeat tail", repeat = 2, note = "x"',
        "from = 43, " + REVIEW,
    )
    assert phase.lapse == (
        LapseBand(first=0, last=28, propose="continue", if_worse="step back"),
        LapseBand(first=29, last=42, propose="repeat tail", repeat=2),
        LapseBand(first=43, last=None, propose="clinician review"),
    )
    said = [(e.key, e.mark, e.note) for e in phase.evidence if e.key.startswith("lapse")]
    assert said == [
        ("lapse 1", HOUSE_DEFAULT, ""),
        ("lapse 2", HOUSE_DEFAULT, "x"),
        ("lapse 3", HOUSE_DEFAULT, ""),
    ]
    found = [phase.lapse_after(day).propose for day in (0, 28, 29, 42, 43, 9999)]
    assert found == [
        "continue",
        "continue",
        "repeat tail",
        "repeat tail",
        "clinician review",
        "clinician review",
    ]
    assert phase.lapses_after() == 29


def test_one_band_may_hold_for_ever():
    phase = bands_of("from = 0, " + GO)
    assert phase.lapse == (LapseBand(first=0, last=None, propose="continue"),)
    assert phase.lapses_after() is None


def test_a_phase_that_says_nothing_of_a_break_proposes_nothing():
    for phase in read_protocol(parse(START, "own.toml")).phases:
        assert (phase.missed, phase.lapse, phase.lapse_after(100), phase.lapses_after()) == (
            "keep",
            (),
            None,
            None,
        )
        assert not any(e.key == "missed" or e.key.startswith("lapse") for e in phase.evidence)


@pytest.mark.parametrize("word", ["keep", "make-up", "next-open", "shift", "skip"])
def test_what_is_done_about_a_missed_session_is_read(word):
    text = START.replace(
        'kind = "maintenance"', f'kind = "maintenance"\nmissed = {{ value = "{word}", {HOUSE}'
    )
    SCHEMA.validate(tomllib.loads(text))
    phase = read_protocol(parse(text, "own.toml")).phases[1]
    assert phase.missed == word
    assert [e.mark for e in phase.evidence if e.key == "missed"] == [HOUSE_DEFAULT]


def companions_of(text):
    return read_protocol(parse(text, "own.toml")).companions


def test_an_appointment_is_read_with_all_it_says():
    therapy = companions_of(START)[0]
    assert therapy == Companion(
        id="therapy",
        kind="appointment",
        topic="psychotherapy",
        title="Therapy",
        anchor=Anchor(session=2, phase="induction"),
        window=Window(earliest=1, recommended=5, latest=13),
        count=4,
        every=(Interval(days=3),),
        spacing=(Spacing(latest=9),),
        minutes=50,
        calendar="therapist",
        on_session_days="never",
        evidence=therapy.evidence,
    )
    keys = [evidence.key for evidence in therapy.evidence]
    assert keys == ["anchor", "window", "count", "every", "spacing 1", "duration"]


def test_a_task_and_a_notice_are_read_with_all_they_say():
    form, notes = companions_of(START)[1:]
    assert (form.kind, form.anchor, form.window) == (
        "task",
        Anchor(every=2),
        Window(earliest=0, recommended=4, latest=6),
    )
    assert (form.audience, form.required, form.count, form.minutes, form.gate) == ("both", False, 1, 0, False)
    assert (notes.kind, notes.anchor, notes.window) == ("notice", Anchor(companion="therapy"), Window())
    assert (notes.before, notes.after) == (180, None)


@pytest.mark.parametrize(
    ("old", "new", "attribute", "value"),
    [
        ("value = 4", 'value = "until the end"', "count", None),
        ('"P3D"', '["P3D", "P4D"]', "every", (Interval(days=3), Interval(days=4))),
        ('"never"', '"only"', "on_session_days", "only"),
        ('title = "Therapy"', 'title = "Therapy"\ngate = true', "gate", True),
        ('title = "Therapy"', 'title = "Therapy"\nrequired = true', "required", True),
        ('title = "Therapy"', 'title = "Therapy"\nplace = "telephone"', "place", "telephone"),
        ('title = "Therapy"', 'title = "Therapy"\naudience = "clinic"', "audience", "clinic"),
        ('title = "Therapy"', 'title = "Therapy"\ntext = "Bring water."', "text", "Bring water."),
        ('title = "Therapy"', 'title = "Therapy"\nweekdays = { value = ["Tue"], ' + HOUSE, "weekdays", (1,)),
        ('"psychotherapy"', '"monitoring"\nareas = ["urinary", "liver"]', "areas", ("urinary", "liver")),
        ("session = 2, ", 'edge = "end", ', "anchor", Anchor(edge="end", phase="induction")),
        ('session = 2, phase = "induction"', "study_day = 13", "anchor", Anchor(study_day=13)),
    ],
)
def test_what_a_companion_can_say(old, new, attribute, value):
    assert START.count(old) == 1
    assert getattr(companions_of(START.replace(old, new))[0], attribute) == value


def test_without_a_window_a_companion_is_on_the_day_of_its_anchor():
    given = "window = { earliest = 1, recommended = 5, latest = 13, " + HOUSE
    assert companions_of(START.replace(given, ""))[0].window == Window(earliest=0, recommended=0, latest=0)


def test_a_phase_may_run_beside_the_last_that_follows():
    home = """
[[phase]]
kind = "maintenance"
name = "home"
beside = "maintenance"
place = "home"
every = { value = "P7D", source = "house", mark = "house default" }
observation = { value = "PT1H", source = "house", mark = "house default" }
"""
    protocol = read_protocol(parse(START + home, "own.toml"))
    assert [phase.beside for phase in protocol.phases] == ["", "", "maintenance"]
    SCHEMA.validate(tomllib.loads(START + home))


def test_days_of_the_week_may_be_written_out():
    text = START.replace('["Mon", "Thu"]', '["Thursday", "Mon"]')
    assert read_protocol(parse(text, "own.toml")).phases[0].weekdays == (0, 3)


# -- the schema


@pytest.mark.parametrize("protocol_id", protocol_ids())
def test_a_shipped_file_keeps_to_the_schema(protocol_id):
    SCHEMA.validate(values_of(protocol_id))


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA.schema)


def test_editors_find_words_for_every_key():
    for path, part in entries(SCHEMA.schema):
        if (
            len(path) > 1
            and path[-2] == "properties"
            and not {"if", "then", "else", "allOf"} & set(path)
            and "$ref" not in part
        ):
            assert part["title"], path
            assert part["description"], path


BEYOND_THE_SCHEMA = (
    "out of order|cites|sessions, .* of them planned|study days|a session of|two phases of one name"
    "|an interval of|follows one without end|a preferred spacing over|a spacing between sessions"
    "|a number with a decimal point|preferred weeks|not a list of days|\\d+ to \\d+ weeks|a phase without a pattern"
    "|no_driving is datetime|is left for|runs beside|two companions of one id|a companion of the phase"
    "|a companion counted from|appointment of \\d+ minutes|a notice from"
    "|a lapse from day|lapse bands that end|(gap|overlap) between the lapse bands"
)
"""What compares several values, which the schema cannot say; and 3.0, which it takes for a whole number."""


def loads(values: dict) -> KetschedError | None:
    try:
        read_protocol(Table(copy.deepcopy(values), "own.toml", "", ()))
    except KetschedError as error:
        return error
    return None


def agree(values: dict) -> None:
    """What the schema refuses the loader refuses; and the other way round but for comparisons of values."""
    error, fits = loads(values), SCHEMA.is_valid(values)
    if not fits:
        assert error is not None, [e.message for e in SCHEMA.iter_errors(values)]
    elif error is not None:
        assert re.search(BEYOND_THE_SCHEMA, error.what), str(error)


@pytest.mark.parametrize(("old", "new", "where", "what"), MISTAKES)
def test_schema_and_loader_agree_on_mistakes(old, new, where, what):  # noqa: ARG001 - shared with the test above
    try:
        values = tomllib.loads(START.replace(old, new, 1))
    except tomllib.TOMLDecodeError:
        return
    agree(values)


POOL = [
    0, 1, -1, 2, 4, 14, 1000, 1001, 7320, 7321, 10**30, 1.5, True, False, "", " ", "x", "house", "house, house",
    "house,", "next week", "next day", "PT40M", "PT2H5M", "PT", "PT12345H", "P28D", "P1M", "P00000D", " P28D", "Mon",
    "Monday", "mon", "clip", "home", "induction", "stated", "derived", "previous", "a b", [], {}, [1, 3], [1], ["Mon"],
    [1, 4, 8], ["P14D", "P28D"], [{}], {"value": 3}, date(2027, 1, 4),
    {"value": 3, "source": "house", "mark": "stated"},
    {"value": ["Mon"], "source": "house", "mark": "stated"},
    {"value": "P14D", "source": "house", "mark": "stated"},
    {"value": "PT1H", "source": "house", "mark": "stated"},
    {"ideal": 7, "source": "house", "mark": "stated"},
    [{"minimum": 7, "source": "house", "mark": "stated"}],
    "appointment", "task", "notice", "therapy", "never", "during", "until the end", "start", ["liver"], "monitoring",
    {"every": 1}, {"study_day": 9}, {"companion": "therapy"}, {"edge": "end", "phase": "induction"},
    {"earliest": 0, "recommended": 0, "latest": 0, "source": "house", "mark": "stated"},
    {"earliest": 1, "recommended": 2, "latest": 9, "source": "house", "mark": "stated"},
    {"value": 1, "source": "house", "mark": "stated"}, {"value": "until the end", "source": "house", "mark": "stated"},
]  # fmt: skip
NAMES = [
    "id", "version", "title", "note", "sources", "phase", "companion", "kind", "name", "route", "place", "anchor",
    "count", "weeks", "weekdays", "study_days", "every", "until", "review", "anchor_weekday", "prepare", "infusion",
    "observation", "discharge", "no_driving", "spacing", "join", "before", "value", "least", "most", "required",
    "source", "mark", "missing_day", "minimum", "latest", "absolute_minimum", "minimum_hours", "apart", "between",
    "ideal", "what", "house", "zzz", "a b", "", "beside", "topic", "text", "audience", "window", "duration", "calendar",
    "on_session_days", "gate", "after", "areas", "session", "edge", "study_day", "earliest", "recommended",
]  # fmt: skip


@st.composite
def mutated(draw):
    """Take a file that loads and change, add or delete one to three of its values."""
    source = draw(st.sampled_from(["own", *protocol_ids()]))
    values = tomllib.loads(START) if source == "own" else values_of(source)
    for _ in range(draw(st.integers(1, 3))):
        held = [value for _, value in entries(values)]
        held += [inner for table in held for inner in table.values() if isinstance(inner, list)]
        place = held[draw(st.integers(0, len(held) - 1))]
        new = copy.deepcopy(draw(st.sampled_from(POOL)))
        if isinstance(place, list):
            at = draw(st.integers(0, len(place)))
            match draw(st.sampled_from(["put", "delete", "twice"])):
                case "put":
                    place[at : at + draw(st.integers(0, 1))] = [new]
                case "delete":
                    del place[at : at + 1]
                case _:
                    place[at:at] = copy.deepcopy(place[at : at + 1])
        else:
            key = draw(st.sampled_from(sorted(place) + NAMES if place else NAMES))
            if draw(st.booleans()):
                place[key] = new
            else:
                place.pop(key, None)
    return values


@settings(max_examples=600)
@given(mutated())
def test_schema_and_loader_agree(values):
    agree(values)


# -- nothing raises another exception


JSON = st.recursive(
    st.sampled_from([*POOL, None, 1e300, float("nan")]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=25,
)


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8))
def test_no_structure_raises_anything_else(values):
    head = {"id": "own", "version": "1", "title": "Own", "sources": {"house": "house default"}}
    for tried in (values, head | values, head | {"phase": [values]}, head | {"companion": [values]}):
        error = loads(tried)
        assert error is None or (error.what and error.why and error.fix)


@settings(max_examples=400)
@given(st.data())
def test_no_damaged_file_raises_anything_else(data):
    text = text_of(data.draw(st.sampled_from(protocol_ids())))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        to = min(len(text), at + data.draw(st.integers(0, 30)))
        middle = data.draw(
            st.sampled_from(["", text[at:to] * 2])
            | st.text(st.sampled_from("\"'[]{}=,#.\n 019Pa\\-:"), max_size=4)
        )
        text = text[:at] + middle + text[to:]
    try:
        read_protocol(parse(text, "own.toml"))
    except KetschedError as error:
        damaged = error
    else:
        damaged = None
    assume(damaged is not None)
    assert damaged.where.startswith("own.toml")
    assert damaged.what
    assert damaged.why
    assert damaged.fix


# -- the pages


def tables() -> str:
    """Return the tables of the evidence page, one for each shipped protocol, and the list of sources."""
    parts, sources = [], {}
    for protocol_id in protocol_ids():
        values = values_of(protocol_id)
        sources |= values["sources"]
        parts += [f"### {protocol_id}", values["title"] + "."]
        parts += [f"> {values['note']}"] if values.get("note") else []
        for phase in values["phase"]:
            name = phase.get("name", phase["kind"])
            where = f"{phase.get('route', 'intravenous')}, {phase.get('place', 'clinic')}"
            beside = f", beside {phase['beside']}" if "beside" in phase else ""
            parts += [f"**{name}** ({where}{beside})", table_of(phase)]
        for companion in values["companion"]:
            need = "required" if companion.get("required") else "recommended"
            parts += [f"**{companion['title']}** (`{companion['id']}`, {companion['kind']}, {need})"]
            parts += [table_of(companion)]
    listed = "\n".join(f"- `{key}`: {reference}" for key, reference in sorted(sources.items()))
    return "\n\n".join([*parts, "### Sources", listed]) + "\n"


def table_of(section: dict) -> str:
    rows = ["| number | value | mark | source | note |", "| --- | --- | --- | --- | --- |"]
    for key, value in section.items():
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, dict):
                sources = ", ".join(f"`{s.strip()}`" for s in entry.get("source", "").split(",") if s)
                said = shown(entry) if key != "anchor" else counted_from(entry)
                name = "counted from" if key == "anchor" else key.replace("_", " ")
                cells = (name, said, entry.get("mark", ""), sources, entry.get("note", ""))
                rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def counted_from(entry: dict) -> str:
    return Anchor(
        **{key: value for key, value in entry.items() if key not in ("source", "mark", "note")}
    ).words()


def from_anchor(day: int) -> str:
    if not day:
        return "the same day"
    return f"{abs(day)} day{'s' * (abs(day) > 1)} {'before' if day < 0 else 'after'}"


def shown(entry: dict) -> str:
    """Say an entry's values with their units."""
    if "earliest" in entry:
        first, best, last = (from_anchor(entry[key]) for key in ("earliest", "recommended", "latest"))
        return first if first == last else f"{first} to {last}, best {best}"
    if "propose" in entry:
        return proposed(entry)
    said = [worded(entry["value"])] if "value" in entry else []
    if "what" in entry:
        said = [f"{entry['what']}: {said[0]}"]
    if "apart" in entry:
        said.append(f"at most {entry['apart']} in {entry['minimum']} days")
    for key in ("least", "most", "ideal"):
        if key in entry:
            said.append(
                f"{key} {entry[key]}" + (" days" if key == "ideal" and isinstance(entry[key], int) else "")
            )
    for key in ("minimum", "latest"):
        if key in entry and "apart" not in entry:
            said.append(f"{key} {entry[key]} day" + ("" if entry[key] == 1 else "s"))
    if entry.get("required") is False:
        said.append("preferred")
    return ", ".join(said)


def proposed(band: dict) -> str:
    days = f"day {band['from']} to {band['until']}" if "until" in band else f"from day {band['from']} on"
    what = band["propose"] + (f", {band['repeat']} sessions" if "repeat" in band else "")
    return f"{days}: {what}" + (f"; if worse: {band['if_worse']}" if "if_worse" in band else "")


def worded(value) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    units = {"D": "days", "W": "weeks", "M": "months"}
    if isinstance(value, str) and (found := re.fullmatch(r"P(\d+)([DWM])", value)):
        return f"{found[1]} {units[found[2]]}"
    if isinstance(value, str) and (found := re.fullmatch(r"PT(?:(\d+)H)?(?:(\d+)M)?", value)):
        return " ".join(f"{n} {unit}" for n, unit in ((found[1], "h"), (found[2], "min")) if n)
    return str(value)


BEGIN, END = "<!-- tables: begin -->\n\n", "\n<!-- tables: end -->"


def test_the_evidence_page_shows_what_the_files_say():
    """Run this file as a script to write the tables anew."""
    page = EVIDENCE.read_text(encoding="utf-8")
    assert page.split(BEGIN)[1].split(END)[0] == tables()


def test_the_example_of_the_how_to_loads():
    text = OWN.read_text(encoding="utf-8")
    (whole,) = [
        block for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) if block.startswith("id = ")
    ]
    SCHEMA.validate(tomllib.loads(whole))
    protocol = read_protocol(parse(whole, "riverside-2xw.toml"))
    days = [date.fromordinal(day) for day in lay_out(protocol, date(2027, 1, 5)).nominal]
    assert days[:6] == [date(2027, 1, day) for day in (5, 8, 12, 15, 19, 22)]
    assert days[6:9] == [date(2027, 2, 5), date(2027, 2, 19), date(2027, 3, 19)]


def test_the_pages_explain_every_key():
    text = "".join(page.read_text(encoding="utf-8") for page in (OWN, COMPANIONS))
    named = set(SCHEMA.schema["properties"])
    for definition in SCHEMA.schema["$defs"].values():
        for key, part in definition.get("properties", {}).items():
            named |= {key, *part.get("properties", {}), *part.get("items", {}).get("properties", {})}
    assert {key for key in named if not re.search(rf"`[^`\n]*\b{key}\b[^`\n]*`", text)} == set()


if __name__ == "__main__":
    page = EVIDENCE.read_text(encoding="utf-8")
    EVIDENCE.write_text(page.split(BEGIN)[0] + BEGIN + tables() + END + page.split(END)[1], encoding="utf-8")


@pytest.mark.parametrize(("topic", "fix"), [("reveiw", 'topic = "review"'), ("zzz", "choose one of these")])
def test_a_slip_in_a_long_list_of_words_is_answered_with_the_nearest(tmp_path, topic, fix):
    text = template("own").replace('topic = "screening"', f'topic = "{topic}"', 1)
    assert topic in text
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidProtocol) as error:
        load_protocol(tmp_path / "own.toml")
    assert (error.value.what, error.value.fix) == (f"topic is {topic!r}", fix)
