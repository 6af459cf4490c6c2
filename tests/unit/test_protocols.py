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
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ketsched import protocols
from ketsched.errors import CannotRead, InvalidProtocol, KetschedError
from ketsched.model import Mark
from ketsched.planning.laying import lay_out
from ketsched.protocols import load_protocol, protocol_ids, read_protocol, template
from ketsched.tomlfile import Table, parse

FOLDER = Path(protocols.__file__).parent
DOCS = Path(__file__).parents[2] / "docs"
EVIDENCE = DOCS / "explanation" / "evidence.md"
OWN = DOCS / "how-to" / "own-protocol.md"
SCHEMA = Draft202012Validator(json.loads((FOLDER / "protocol.schema.json").read_text(encoding="utf-8")))

MON, THU = date(2027, 1, 4), date(2027, 1, 7)
THRICE = [0, 2, 4, 7, 9, 11, 14, 16, 18, 21, 23, 25]
TWICE = [0, 3, 7, 10, 14, 17, 21, 24]
OFFSETS = {
    "crps-4h-x10": [0, 1, 2, 3, 4, 7, 8, 9, 10, 11],
    "esk-mdsi": TWICE,
    "esk-trd": [*TWICE, 28, 35, 42, 49, *range(56, 56 + 26 * 7, 14)],
    "iv-2xw-2w-4": TWICE[:4],
    "iv-2xw-3w-6": TWICE[:6],
    "iv-2xw-4w-8": TWICE,
    "iv-3xw-2w-plus-weekly-4": [*THRICE[:6], 18, 25, 32, 39],
    "iv-3xw-upto-12": THRICE,
    "iv-6-plus-wet": THRICE[:6],
    "iv-mwf-6": THRICE[:6],
    "sc-2xw-4w-8": TWICE,
    "sl-home-weekly-4": [0, 7, 14, 21],
}
COUNTS = {
    "crps-4h-x10": [(10, 10)],
    "esk-mdsi": [(8, 8)],
    "esk-trd": [(8, 8), (4, 4), (1, 1000)],
    "generic-induction": [(6, 8), (1, 1000)],
    "iv-2xw-2w-4": [(4, 4)],
    "iv-2xw-3w-6": [(6, 6)],
    "iv-2xw-4w-8": [(8, 8)],
    "iv-3xw-2w-plus-weekly-4": [(6, 6), (4, 4)],
    "iv-3xw-upto-12": [(1, 12)],
    "iv-6-plus-wet": [(6, 6)],
    "iv-mwf-6": [(6, 6)],
    "sc-2xw-4w-8": [(8, 8)],
    "sl-home-weekly-4": [(4, 4)],
}
ROUTES = {
    "esk-mdsi": "nasal",
    "esk-trd": "nasal",
    "sc-2xw-4w-8": "subcutaneous",
    "sl-home-weekly-4": "sublingual",
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
    assert {phase.route for phase in phases} == {ROUTES.get(protocol_id, "intravenous")}
    assert {phase.place for phase in phases} == {"home" if protocol_id.startswith("sl-home") else "clinic"}


@pytest.mark.parametrize("protocol_id", COUNTS)
def test_spacing_floors_are_required_and_the_rest_preferred(protocol_id):
    for phase in load_protocol(protocol_id).phases:
        floors = [s.minimum for s in phase.spacing if s.required]
        assert len(floors) == 1
        assert floors[0] == (
            1 if protocol_id.startswith("crps") else 5 if phase.every and phase.every[0].days <= 14 else 2
        )
        assert all(s.latest is None and s.apart == 1 for s in phase.spacing if s.required)
        if phase.kind == "induction":
            latest = [s.latest for s in phase.spacing if s.latest is not None]
            assert latest == [9 if phase.every else 7]
        most = {s.apart for s in phase.spacing if s.minimum == 7 and not s.required}
        if len(phase.weekdays) in (2, 3):
            assert most == {len(phase.weekdays)}
        elif phase.every:
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


@pytest.mark.parametrize("protocol_id", COUNTS)
def test_every_number_has_a_source_and_a_mark(protocol_id):
    values = values_of(protocol_id)
    cited = set()
    for number, phase in enumerate(values["phase"]):
        bare = {key for key, value in phase.items() if not isinstance(value, dict | list)}
        assert bare <= {"kind", "name", "route", "place", "anchor"}, number
        for path, entry in entries(phase):
            if path:
                assert entry["mark"] in {mark.value for mark in Mark}
                cited |= set(re.split(r"\s*,\s*", entry["source"]))
    said_in_the_note = {"fda2023"} if protocol_id == "sl-home-weekly-4" else set()
    assert set(values["sources"]) == cited | said_in_the_note


@pytest.mark.parametrize("protocol_id", COUNTS)
def test_evidence_is_kept_for_every_number(protocol_id):
    for phase, values in zip(load_protocol(protocol_id).phases, values_of(protocol_id)["phase"], strict=True):
        assert len(phase.evidence) == sum(1 for path, _ in entries(values) if path)


@pytest.mark.parametrize("protocol_id", COUNTS)
def test_what_is_only_remembered_is_not_cited(protocol_id):
    """Papers that nobody opened, or whose authors or schedule nobody could verify."""
    unread = r"aan het Rot|Murrough|Domany|Sanacora|McIntyre|Swainson|Singh|Rasmussen|Sakurai|Costi"
    assert not re.search(unread, text_of(protocol_id))


@pytest.mark.parametrize("protocol_id", COUNTS)
def test_house_defaults_and_sources_do_not_pose_as_each_other(protocol_id):
    for path, entry in entries(values_of(protocol_id)["phase"]):
        if "mark" in entry:
            cites_house = "house" in re.split(r"\s*,\s*", entry["source"])
            assert cites_house == (entry["mark"] == "house default"), path


def test_negative_trials_are_said():
    note = load_protocol("iv-2xw-4w-8").note
    assert "Abdallah 2022" in note
    assert "Jelovac 2025" in note
    assert "negative" in note


def test_home_use_carries_the_notice():
    note = load_protocol("sl-home-weekly-4").note
    for part in (
        "10 October 2023",
        "compounded ketamine is not approved for any psychiatric disorder",
        "adds risk",
    ):
        assert part in note


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
"""
HOUSE = 'source = "house", mark = "house default" }'
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
    # sections and syntax
    ('[[phase]]\nkind = "maintenance"', '[[companion]]\nkind = "x"', "line 22, companion", "companions cannot be read"),
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
            and "then" not in path
            and "if" not in path
            and "$ref" not in part
        ):
            assert part["title"], path
            assert part["description"], path


BEYOND_THE_SCHEMA = (
    "out of order|cites|sessions, .* of them planned|study days|a session of|two phases of one name"
    "|an interval of|follows one without end|a preferred spacing over|a spacing between sessions"
    "|a number with a decimal point|preferred weeks|not a list of days|\\d+ to \\d+ weeks|a phase without a pattern"
    "|no_driving is datetime|is left for"
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
]  # fmt: skip
NAMES = [
    "id", "version", "title", "note", "sources", "phase", "companion", "kind", "name", "route", "place", "anchor",
    "count", "weeks", "weekdays", "study_days", "every", "until", "review", "anchor_weekday", "prepare", "infusion",
    "observation", "discharge", "no_driving", "spacing", "join", "before", "value", "least", "most", "required",
    "source", "mark", "missing_day", "minimum", "latest", "absolute_minimum", "minimum_hours", "apart", "between",
    "ideal", "what", "house", "zzz", "a b", "",
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


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_schema_and_loader_agree(values):
    agree(values)


# -- nothing raises another exception


JSON = st.recursive(
    st.sampled_from([*POOL, None, 1e300, float("nan")]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=25,
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=8))
def test_no_structure_raises_anything_else(values):
    head = {"id": "own", "version": "1", "title": "Own", "sources": {"house": "house default"}}
    for tried in (values, head | values, head | {"phase": [values]}):
        error = loads(tried)
        assert error is None or (error.what and error.why and error.fix)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
            parts += [f"**{name}** ({where})", phase_table(phase)]
    listed = "\n".join(f"- `{key}`: {reference}" for key, reference in sorted(sources.items()))
    return "\n\n".join([*parts, "### Sources", listed]) + "\n"


def phase_table(phase: dict) -> str:
    rows = ["| number | value | mark | source | note |", "| --- | --- | --- | --- | --- |"]
    for key, value in phase.items():
        for entry in value if isinstance(value, list) else [value]:
            if isinstance(entry, dict):
                sources = ", ".join(f"`{s.strip()}`" for s in entry["source"].split(","))
                cells = (key.replace("_", " "), shown(entry), entry["mark"], sources, entry.get("note", ""))
                rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def shown(entry: dict) -> str:
    """Say an entry's values with their units."""
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


def test_the_how_to_explains_every_key():
    text = OWN.read_text(encoding="utf-8")
    named = set(SCHEMA.schema["properties"])
    for definition in SCHEMA.schema["$defs"].values():
        for key, part in definition.get("properties", {}).items():
            named |= {key, *part.get("properties", {}), *part.get("items", {}).get("properties", {})}
    assert {key for key in named if f"`{key}`" not in text} == set()


if __name__ == "__main__":
    page = EVIDENCE.read_text(encoding="utf-8")
    EVIDENCE.write_text(page.split(BEGIN)[0] + BEGIN + tables() + END + page.split(END)[1], encoding="utf-8")
