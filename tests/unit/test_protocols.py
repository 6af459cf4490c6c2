"""
The shipped protocols: their days, their numbers with sources and marks, and what goes around them.

Expected days are written by hand from what the sources say.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from ketsched.cli import commands
from ketsched.errors import InvalidInput
from ketsched.model import Companion, Interval, Mark, Phase
from ketsched.planning.layout import lay_out
from ketsched.protocols import load_protocol, protocol_ids, template
from making import whole
from protocolfiles import DERIVED, HOUSE_DEFAULT, SECONDARY, STATED, entries, text_of, values_of

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
            weekly = phase.every or protocol_id == "kap-im-weekly"
            assert latest == [9 if weekly else 7]
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
    "esk-trd": [8, 29, 29],  # no threshold inside weeks 1 to 4 was found: the latest day is 7
    "esk-mdsi": [8],
    "generic-induction": [8, 57],  # boosters every 28 days: twice that, and one
    "iv-booster-home": [8, 57, 57],
    "iv-3xw-2w-plus-weekly-4": [8, 10],
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
    commands.main(["protocols", protocol_id], standalone_mode=False)
    lines = [re.split(r"\s{2,}", line.strip()) for line in capsys.readouterr().out.splitlines()]
    assert any(
        len(line) == len(shown) and all(want.startswith(cell) for cell, want in zip(line, shown, strict=True))
        for line in lines
    ), shown


WORDS = {
    "phase": {"kind", "name", "route", "place", "anchor", "beside"},
    "companion": {
        *("id", "kind", "topic", "title", "text", "audience", "required", "calendar", "place"),
        *("on_session_days", "gate", "countries"),
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
            bare |= {"countries"} & set(part)
            assert bare <= words, (section, number)
            for path, entry in entries(part):
                if path and not (path == ("anchor",) and says_no_number(entry)):
                    assert entry["mark"] in {mark.value for mark in Mark}
                    cited |= set(re.split(r"\s*,\s*", entry["source"]))
    assert cited <= set(values["sources"])
    for key in set(values["sources"]) - cited:  # cited in words
        name = re.sub(r"(\d{4})", r" \1", key.capitalize())
        assert name in values["study"] + values["note"], key


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
            assert isinstance(part, Phase | Companion)
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


NEGATIVE = {
    # how the line begins, and whose result it was
    "iv-2xw-4w-8": ("Negative", ["Abdallah 2022", "Jelovac 2025"]),
    "iv-2xw-3w-6": ("Negative", ["Ionescu 2019", "26 people", "p = .47"]),
    "iv-2xw-2w-4-plus-cbt": ("Not significant", ["Wilkinson 2021"]),
    "iv-3xw-upto-12": ("Remission was less frequent", ["Ekstrand 2022"]),
    "kap-im-weekly": ("No result", ["August 2027"]),
}


@pytest.mark.parametrize("protocol_id", NEGATIVE)
def test_a_negative_result_is_said_first(protocol_id):
    first, rest = NEGATIVE[protocol_id]
    study = load_protocol(protocol_id).study
    assert study.startswith(first)
    for part in rest:
        assert part in study


STUDIES = {
    # what was read of each: the kind of study, how many people
    "crps-4h-x10": ["One trial", "was not read"],
    "esk-mdsi": ["Not a study", "were not opened"],
    "esk-trd": ["Not a study", "were not opened"],
    "generic-induction": ["Not a study", "retrospective", "was not read"],
    "iv-2xw-2w-4": ["neither a randomised nor a blinded trial", "was not read"],
    "iv-2xw-2w-4-plus-cbt": ["open-label, 16 people"],
    "iv-2xw-3w-6": ["85 patients", "electroconvulsive"],
    "iv-2xw-4w-8": ["open-label and observational, 13 people"],
    "iv-3xw-2w-plus-weekly-4": ["open-label, after a blinded crossover of single ones", "was not read"],
    "iv-3xw-upto-12": ["KetECT", "was not read"],
    "iv-6-plus-wet": ["open-label", "was not read"],
    "iv-booster-home": ["Not a study"],
    "iv-mwf-6": ["No placebo", "enrolled 14 people", "open-label"],
    "iv-tms-same-visit": [
        "28 people of one private clinic",
        "six publications",
        "three case reports, one retrospective study, one pilot, one review",
    ],
    "iv-weekly-3-plus-pe": ["12 participants as its target"],
    "kap-im-weekly": ["randomised trial of 70 people"],
    "sc-2xw-4w-8": ["in two cohorts", "was not read"],
    "sl-home-weekly-4": ["Open-label", "a provider's own data", "a sponsor"],
}


@pytest.mark.parametrize("protocol_id", protocol_ids())
def test_each_says_what_kind_of_study_it_rests_on(protocol_id):
    study = load_protocol(protocol_id).study
    assert "\n" not in study
    for part in STUDIES[protocol_id]:
        assert part in study


@pytest.mark.parametrize(
    ("protocol_id", "said"),
    [
        ("sc-2xw-4w-8", "from fixed to flexible dosing on its safety board's recommendation"),
        ("crps-4h-x10", "also gave midazolam and clonidine"),
        ("crps-4h-x10", "one of two readings"),
        ("iv-mwf-6", "about 3 hours"),
        ("iv-6-plus-wet", "at least 240 minutes"),
        ("esk-trd", "the manufacturer's medical information, not the label's section 2"),
        ("esk-mdsi", "the manufacturer's medical information, not the label's section 2"),
        ("esk-trd", "at least 6 months after improvement"),
        ("generic-induction", "The article says monthly; every 28 days is ours"),
    ],
)
def test_what_else_a_reader_should_know_is_in_the_note(protocol_id, said):
    assert said in load_protocol(protocol_id).note


@pytest.mark.parametrize("protocol_id", protocol_ids())
def test_no_source_leads_nowhere(protocol_id):
    """A title or a journal, and where it was read, or that it is an article with its title."""
    for key, reference in load_protocol(protocol_id).sources:
        assert key == "house" or re.search(r"; (abstract )?read (at|on) |no year given", reference), key


@pytest.mark.parametrize("protocol_id", protocol_ids())
def test_no_text_tells_a_patient_to_go_on_with_medicines(protocol_id):
    for companion in load_protocol(protocol_id).companions:
        assert not re.search(r"(?i)go on with|continue .*medic|keep taking", companion.text)


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

SERIES = ["screening", "mid-series-review", "response-review", "confirm-ride", "rest-of-day"]
SHORT = ["screening", "response-review", "confirm-ride", "rest-of-day"]
ESKETAMINE = ["watching", "confirm-ride", "monitoring-form", "rest-of-day"]
AROUND = {
    "crps-4h-x10": ["screening", "confirm-ride", "follow-up", "rest-of-day"],
    "esk-mdsi": ["screening", "benefit-review", *ESKETAMINE],
    "esk-trd": ["screening", "benefit-review", "periodic-review", *ESKETAMINE],
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
        *("home-notice", "peer-monitor", "guide-again", "check-in", "rest-of-day", "rest-of-day-booster"),
    ],
    "iv-mwf-6": SERIES,
    "iv-tms-same-visit": ["screening", "stimulation", *SERIES[1:]],
    "iv-weekly-3-plus-pe": ["screening", "prolonged-exposure", *SHORT[1:]],
    "kap-im-weekly": ["screening", "preparation", "integration", *SHORT[1:]],
    "sc-2xw-4w-8": SERIES,
    "sl-home-weekly-4": [
        *("screening", "home-notice", "peer-monitor", "guide-again", "check-in", "response-review")
    ],
}
RIDE_NEEDED = [known for known in AROUND if known not in ("kap-im-weekly", "sl-home-weekly-4")]
"""Where the patient leaves an hour after the infusion, or the label asks for it; not after two hours and a half."""
GATES = {
    ("esk-trd", "benefit-review"),
    ("generic-induction", "response-review"),
    ("generic-induction", "booster-review"),
    ("iv-booster-home", "response-review"),
    ("iv-booster-home", "booster-review"),
}
"""What decides about sessions to come, as the sources say."""
REQUIRED = {
    *((known, "confirm-ride") for known in RIDE_NEEDED),
    ("iv-booster-home", "confirm-ride-booster"),
    *GATES,
    ("esk-mdsi", "monitoring-form"),
    ("esk-trd", "monitoring-form"),
    ("kap-im-weekly", "preparation"),
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
    ([known for known in AROUND if known != "kap-im-weekly"], "screening", "the first session", (-28, -7, -1),
     HOUSE_DEFAULT, "house"),
    (["kap-im-weekly"], "screening", "the first session", (-28, -7, -7), HOUSE_DEFAULT, "house"),
    (SERIES, "mid-series-review", "session 3 of induction", (0, 0, 1), HOUSE_DEFAULT, "house"),
    (LATE, "response-review", "the last session of induction", (14, 21, 31), HOUSE_DEFAULT, "mcinnes2022, house"),
    (WEEKLY, "response-review", "the last session of induction", (1, 5, 6), HOUSE_DEFAULT, "phillips2019, house"),
    (SHORT, "response-review", "the last session of induction", (14, 21, 31), HOUSE_DEFAULT, "mcinnes2022, house"),
    (["sl-home-weekly-4"], "response-review", "the last session of induction", (14, 21, 31), HOUSE_DEFAULT, "house"),
    (
        ["generic-induction", "iv-booster-home"],
        *("response-review", "the last session of induction", (7, 21, 27), HOUSE_DEFAULT, "mcinnes2022, house"),
    ),
    (["crps-4h-x10"], "follow-up", "the last session", (77, 91, 105), HOUSE_DEFAULT, "schwartzman2009, house"),
    (["iv-booster-home"], "confirm-ride", "each session of induction", (-4, -1, -1), HOUSE_DEFAULT, "house"),
    (["iv-booster-home"], "confirm-ride-booster", "each session of maintenance", (-4, -1, -1), HOUSE_DEFAULT, "house"),
    (["iv-mwf-6", "crps-4h-x10", "esk-trd"], "confirm-ride", "each session", (-4, -1, -1), HOUSE_DEFAULT, "house"),
    (["generic-induction"], "booster-review", "every 6th session of maintenance", (0, 0, 7), HOUSE_DEFAULT, "house"),
    (["esk-trd"], "benefit-review", "the last session of induction", (0, 0, 3), HOUSE_DEFAULT, "house"),
    (["esk-mdsi"], "benefit-review", "Day 28", (0, 1, 7), HOUSE_DEFAULT, "spravatohcp-mdsi, house"),
    (["esk-trd"], "periodic-review", "every 13th session of maintenance", (0, 0, 7), HOUSE_DEFAULT, "house"),
    (["esk-trd", "esk-mdsi"], "monitoring-form", "each session", (0, 0, 7), STATED, "rems"),
    (["kap-im-weekly"], "preparation", "the first session", (-6, -3, -1), HOUSE_DEFAULT, "house"),
    (["sl-home-weekly-4"], "peer-monitor", "each session", (-1, -1, -1), HOUSE_DEFAULT, "house"),
    (["sl-home-weekly-4"], "check-in", "session 1", (1, 1, 2), HOUSE_DEFAULT, "mindbloom, house"),
    (["iv-booster-home"], "check-in", "each session of home", (1, 1, 3), HOUSE_DEFAULT, "mindbloom, house"),
    (["iv-6-plus-wet"], "written-exposure", "session 4 of induction", (1, 1, 14), DERIVED, "feder2025"),
    (["iv-weekly-3-plus-pe"], "prolonged-exposure", "each session of induction", (1, 1, 3), HOUSE_DEFAULT,
     "pe-registry, house"),
    (["iv-2xw-2w-4-plus-cbt"], "cognitive-therapy", "the first session", (1, 1, 69), HOUSE_DEFAULT,
     "wilkinson2017, house"),
    (["kap-im-weekly"], "integration", "each session of induction", (1, 1, 6), HOUSE_DEFAULT, "house"),
]  # fmt: skip


def whose(given):
    """The protocols that a fact is about: all, those with these companions, or those named."""
    return [known for known in AROUND if given is AROUND or AROUND[known] == given or known in given]


@pytest.mark.parametrize("protocol_id", AROUND)
def test_what_goes_around_the_sessions(protocol_id):
    """All that a source supports; what a source has decide about more sessions holds them up."""
    companions = load_protocol(protocol_id).companions
    assert [companion.id for companion in companions] == AROUND[protocol_id]
    assert {c.id for c in companions if c.required} == {
        name for known, name in REQUIRED if known == protocol_id
    }
    assert {c.id for c in companions if c.gate} == {name for known, name in GATES if known == protocol_id}
    assert {c.id: c.countries for c in companions if c.countries} == (
        {"monitoring-form": ("US",)} if protocol_id.startswith("esk") else {}
    )
    rides = [c.anchor for c in companions if c.topic == "ride"]
    assert [c.anchor for c in companions if c.topic == "rest"] == rides


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
        ("iv-mwf-6", "confirm-ride", "anchor", STATED, "oxford, labatec"),
        ("crps-4h-x10", "confirm-ride", "anchor", STATED, "labatec"),
        ("esk-mdsi", "confirm-ride", "anchor", STATED, "spravatohcp-mdsi"),
        ("esk-trd", "monitoring-form", "anchor", STATED, "rems"),
        ("esk-trd", "watching", "anchor", STATED, "mims, spravatohcp-dosing"),
        ("sl-home-weekly-4", "peer-monitor", "anchor", STATED, "mindbloom"),
        ("sl-home-weekly-4", "guide-again", "anchor", SECONDARY, "mindbloom"),
        ("generic-induction", "response-review", "anchor", SECONDARY, "article"),
        ("esk-trd", "confirm-ride", "anchor", STATED, "spravatohcp-trd, us-pi-2019"),
        ("esk-trd", "benefit-review", "anchor", STATED, "spravatohcp-trd, mims"),
        ("esk-mdsi", "benefit-review", "anchor", DERIVED, "spravatohcp-mdsi"),
        ("iv-6-plus-wet", "written-exposure", "anchor", STATED, "feder2025"),
        ("iv-6-plus-wet", "written-exposure", "count", STATED, "feder2025"),
        ("iv-6-plus-wet", "written-exposure", "every", HOUSE_DEFAULT, "house"),
        ("iv-2xw-2w-4-plus-cbt", "cognitive-therapy", "count", STATED, "wilkinson2017"),
        ("iv-2xw-2w-4-plus-cbt", "cognitive-therapy", "every", HOUSE_DEFAULT, "house"),
        ("iv-weekly-3-plus-pe", "prolonged-exposure", "anchor", SECONDARY, "pe-registry"),
        ("kap-im-weekly", "integration", "duration", SECONDARY, "kap-registry"),
        ("iv-tms-same-visit", "stimulation", "duration", STATED, "best2019"),
        ("iv-booster-home", "check-in", "anchor", HOUSE_DEFAULT, "mindbloom, house"),
        ("sl-home-weekly-4", "check-in", "anchor", SECONDARY, "mindbloom"),
        ("sl-home-weekly-4", "check-in", "window", HOUSE_DEFAULT, "mindbloom, house"),
        ("generic-induction", "other-medicines", "anchor", HOUSE_DEFAULT, "house"),
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
    assert review.window.latest == whole(protocol.phase("maintenance").join.ideal) - 1
    assert review.on_session_days == "never"


@pytest.mark.parametrize("protocol_id", ["sl-home-weekly-4", "iv-booster-home"])
def test_a_call_after_a_session_at_home_does_not_pose_as_the_visit_of_its_source(protocol_id):
    call = load_protocol(protocol_id).companion("check-in")
    assert call.place == "telephone"
    for key in ("anchor", "window"):
        (note,) = (e.note for e in call.evidence if e.key == key)
        assert "visit by a clinician" in note
        assert "telephone call" in note


@pytest.mark.parametrize(
    ("protocol_id", "key", "mark", "source"),
    [
        ("iv-2xw-2w-4-plus-cbt", "infusion", STATED, "wilkinson2017"),
        ("iv-2xw-2w-4-plus-cbt", "count", STATED, "wilkinson2017"),
        ("iv-2xw-2w-4-plus-cbt", "weeks", STATED, "wilkinson2017"),
        ("iv-2xw-4w-8", "count", STATED, "abdallah2022, wilkowska2021"),
        ("iv-2xw-4w-8", "weeks", STATED, "wilkowska2021"),
        ("iv-2xw-4w-8", "infusion", HOUSE_DEFAULT, "house"),
        ("sl-home-weekly-4", "count", STATED, "mathai2024"),
        ("sl-home-weekly-4", "weeks", STATED, "hull2022, mathai2024"),
        ("sl-home-weekly-4", "observation", STATED, "mindbloom"),
        ("esk-mdsi", "observation", STATED, "spravatohcp-mdsi, mims"),
        ("esk-mdsi", "no_driving", STATED, "spravatohcp-mdsi"),
    ],
)
def test_no_number_of_one_series_is_stated_by_another_study(protocol_id, key, mark, source):
    said = {e.key: (e.mark, e.source) for e in load_protocol(protocol_id).phases[0].evidence}
    assert said[key] == (mark, source)


def test_monthly_is_what_the_article_says_and_28_days_are_ours():
    for protocol_id in ("generic-induction", "iv-booster-home"):
        (said,) = (e for e in load_protocol(protocol_id).phase("maintenance").evidence if e.key == "every")
        assert said.mark == HOUSE_DEFAULT
        assert "weekly for 1 month, every 2 weeks for 2 months, monthly for 3" in said.note


def test_a_fifth_session_of_assisted_psychotherapy_is_a_second_one_in_week_1():
    five = load_protocol("kap-im-weekly").choose(sessions=5)
    days = [day - MON.toordinal() for day in lay_out(five, MON).nominal]
    assert days == [0, 3, 7, 14, 21]
    assert load_protocol("kap-im-weekly").companion("preparation").topic == "preparation"


def test_the_interval_of_esketamine_from_week_9_on_can_be_chosen():
    """From a Monday week 9 begins on 1 March: then weekly 8 and 15 March, every 2 weeks 15 and 29 March."""
    protocol = load_protocol("esk-trd")
    for interval, expected in (("P7D", [1, 8, 15]), ("P14D", [1, 15, 29])):
        chosen = protocol.choose(every=Interval.parse(interval))
        days = [date.fromordinal(day) for day in lay_out(chosen, MON).nominal[12:15]]
        assert days == [date(2027, 3, day) for day in expected]
    with pytest.raises(InvalidInput, match="the interval"):
        protocol.choose(every=Interval.parse("P28D"))
    with pytest.raises(InvalidInput, match="the interval"):
        load_protocol("generic-induction").choose(every=Interval.parse("P7D"))


def test_the_label_asks_for_a_ride_and_the_form_is_for_the_clinic():
    protocol = load_protocol("esk-trd")
    ride, form = protocol.companion("confirm-ride"), protocol.companion("monitoring-form")
    assert (ride.kind, ride.required, ride.audience) == ("task", True, "patient")
    assert (form.kind, form.required, form.audience) == ("task", True, "clinic")


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
