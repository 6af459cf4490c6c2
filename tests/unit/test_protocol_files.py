"""Protocol files of a clinic's own: what they may say, and how a mistake in one is answered."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from ketsched.errors import CannotRead, InvalidProtocol, KetschedError
from ketsched.model import Anchor, Companion, Interval, LapseBand, Spacing, Window
from ketsched.protocols import load_protocol, protocol_ids, read_protocol, template
from ketsched.tomlfile import parse
from protocolfiles import FOLDER, GO, HOUSE, HOUSE_DEFAULT, MISTAKES, REVIEW, SCHEMA, START


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


@pytest.mark.parametrize("end", ["\\n", "\\u2028"])
def test_a_name_or_title_of_two_lines_is_one(end):
    """Tables and calendars call things by it, and companions look for it as it is written."""
    text = START.replace('title = "Own"', f'title = "Own{end}protocol"')
    text = text.replace('kind = "induction"', f'kind = "induction"\nname = "first{end}series"', 1)
    text = text.replace('phase = "induction"', f'phase = "first{end}series"')
    found = read_protocol(parse(text, "own.toml"))
    assert (found.title, found.phases[0].name) == ("Own protocol", "first series")


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
        *(
            "screening",
            "response-review",
            "confirm-ride",
            "rest-of-day",
            "therapy",
            "drink-water",
            "monitoring",
        )
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


def test_a_line_on_the_studies_is_asked_of_what_rests_on_one():
    """Where every number is a house default there is no study to speak of, and that is said."""
    without = START.replace('study = "None."', "")
    SCHEMA.validate(tomllib.loads(without))
    assert read_protocol(parse(without, "own.toml")).study.startswith("No study")
    stated = without.replace('mark = "house default"', 'mark = "stated"', 1)
    with pytest.raises(InvalidProtocol, match="study is missing") as caught:
        read_protocol(parse(stated, "own.toml"))
    assert "No study: our own practice." in caught.value.fix


def test_an_unknown_key_is_answered_with_the_nearest():
    with pytest.raises(KetschedError, match="unknown key") as caught:
        read_protocol(parse(START.replace("review =", "reviw ="), "own.toml"))
    assert caught.value.fix == "did you mean review?"


def test_no_phase_at_all():
    with pytest.raises(InvalidProtocol, match="no phases"):
        read_protocol(parse('id = "x"\nversion = "1"\ntitle = "x"\nstudy = "x"', "own.toml"))


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


@pytest.mark.parametrize(("topic", "fix"), [("reveiw", 'topic = "review"'), ("zzz", "choose one of these")])
def test_a_slip_in_a_long_list_of_words_is_answered_with_the_nearest(tmp_path, topic, fix):
    text = template("own").replace('topic = "screening"', f'topic = "{topic}"', 1)
    assert topic in text
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidProtocol) as error:
        load_protocol(tmp_path / "own.toml")
    assert (error.value.what, error.value.fix) == (f"topic is {topic!r}", fix)
