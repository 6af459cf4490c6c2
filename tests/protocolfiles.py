"""Where protocol files and their pages lie, and mistakes in them."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from jsonschema import Draft202012Validator

from ketsched import protocols
from ketsched.model import Mark

FOLDER = Path(protocols.__file__).parent
SCHEMA = Draft202012Validator(json.loads((FOLDER / "protocol.schema.json").read_text(encoding="utf-8")))

STATED, DERIVED, SECONDARY, HOUSE_DEFAULT = Mark


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


START = """\
id = "own"
version = "1"
title = "Own"
study = "None."
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
    ('"None."', '" "', "line 4, study", "study is blank"),
    ('"None."', "1", "line 4, study", "study is the number 1"),
    ('"None."', '"One\\nTwo"', "line 4, study", "the study takes several lines"),
    ('"None."', '"None."\nindications = ["hiccups"]', "line 5, indications", "indications that are not known"),
    ('"None."', '"None."\nindications = ["pain", "pain"]', "line 5, indications", "indications that are not known"),
    ('"None."', '"None."\nindications = "pain"', "line 5, indications", "indications is the text 'pain'"),
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
    ('["P14D", "P28D"]', '"P0D"', "line 24, phase 2 every value", "an interval of 0 days"),
    ('["P14D", "P28D"]', '"P241M"', "line 24, phase 2 every value", "241 months"),
    ('value = ["P14D", "P28D"]', 'value = "P1M", missing_day = "skip"', "phase 2 every missing_day", "is 'skip'"),
    ('"P26W"', '"half a year"', "line 25, phase 2 review value", "'half a year' is not an interval"),
    ("ideal = 14", 'ideal = "soon"', "line 26, phase 2 join ideal", "ideal is 'soon'"),
    ("ideal = 14", "ideal = true", "line 26, phase 2 join ideal", "true or false"),
    ("ideal = 14", "ideal = 6", "line 26, phase 2 join", "out of order"),
    ("ideal = 14, minimum = 7, ", "", "line 26, phase 2 join", "phase 2 join has no number"),
    ('"PT24H"', '"tomorrow"', "line 27, phase 2 no_driving value", "'tomorrow' is not a duration"),
    ('"PT24H"', '"PT0M"', "line 27, phase 2 no_driving", "no_driving is"),
    ('"PT24H"', '"PT168H1M"', "line 27, phase 2 no_driving", "no_driving is"),
    # phases that do not fit together
    ("infusion", "join = { ideal = 7, " + HOUSE + "\ninfusion", "line 12, phase 1 join", "the first phase has a join"),
    ("count = {", "duration = {", "line 10, phase 1 duration", "unknown key 'duration'"),
    ("count = { value = 3, " + HOUSE, "", "line 8, phase 1, own", "a phase follows one without end"),
    ("weekdays = { value", "study_days = { value", "line 11, phase 1 study_days value", "study days that do not"),
    ('weekdays = { value = ["Mon", "Thu"]', "study_days = { value = [1, 4]", "phase 1 study_days", "2 study days"),
    ('weekdays = { value = ["Mon", "Thu"]', "study_days = { value = [2, 4, 6]", "phase 1 study_days", "from 1"),
    ('weekdays = { value = ["Mon", "Thu"]', "study_days = { value = [1, 4, 4]", "phase 1 study_days", "from 1"),
    ('weekdays = { value = ["Mon", "Thu"]', f"study_days = {{ value = [1, 4, {10**9}]", "phase 1 study_days", "from 1"),
    ('every = { value = ["P14D", "P28D"], ' + HOUSE, "", "line 22, phase 2", "an open-ended phase"),
    ("review = {", 'weekdays = { value = ["Mon"], ' + HOUSE + "\nreview = {", "line 24, phase 2 every", "every beside"),
    ('kind = "maintenance"', 'kind = "induction"', "line 22, phase 2 name, own", "two phases of one name"),
    ("review = {", "weeks = { least = 3, most = 2, " + HOUSE + "\nreview = {", "phase 2 weeks", "3 to 2 weeks"),
    ("review = {", "weeks = { least = 1, most = 2, required = false, " + HOUSE + "\nreview = {",
     "line 25, phase 2 weeks, own", "preferred weeks"),
    ('kind = "maintenance"', 'kind = "maintenance"\nbeside = ""', "line 24, phase 2 beside", "beside is blank"),
    ('kind = "maintenance"', 'kind = "maintenance"\nbeside = "x"', "line 24, phase 2 beside, own", "runs beside 'x'"),
    # what goes around the sessions
    ('id = "therapy"', "", "line 30, companion 1", "id is missing"),
    ('id = "therapy"', 'id = "Therapy"', "line 31, companion 1 id, companion Therapy", "the id 'Therapy'"),
    ('id = "therapy"', 'id = "form"', "line 45, companion 2 id, own", "two companions of one id"),
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
    ('title = "Therapy"', 'title = "Therapy"\nareas = ["liver"]', "line 35, companion 1 areas", "areas of monitoring"),
    ('title = "Therapy"', 'title = "Therapy"\nareas = [1]', "line 35, companion 1 areas", "areas holds the number 1"),
    ('title = "Therapy"', 'title = "Therapy"\nweekdays = ["Mon"]', "line 35, companion 1 weekdays", "no source and no"),
    ('title = "Therapy"', 'title = "Therapy"\nbefore = { value = "PT1H", ' + HOUSE, "companion 1 before", "minutes"),
    ("anchor = { session", "anker = { session", "line 30, companion 1", "anchor is missing"),
    ("session = 2", "session = 0", "line 35, companion 1 anchor session", "session is 0"),
    ("session = 2", "session = true", "line 35, companion 1 anchor session", "true or false"),
    ("session = 2", "session = 2, every = 1", "line 35, companion 1 anchor", "an anchor that names no one thing"),
    ("session = 2, ", "", "line 35, companion 1 anchor", "an anchor that names no one thing"),
    ("session = 2, ", 'edge = "middle", ', "line 35, companion 1 anchor edge", "edge is 'middle'"),
    ("session = 2, ", 'companion = "form", ', "line 35, companion 1 anchor", "an anchor that names no one thing"),
    ("session = 2, ", "study_day = 7321, ", "line 35, companion 1 anchor study_day", "study_day is 7321"),
    ("session = 2", "session = 2, day = 3", "line 35, companion 1 anchor day", "unknown key 'day'"),
    ('phase = "induction"', 'phase = "x"', "line 35, companion 1 anchor, own", "the phase 'x'"),
    ('phase = "induction"', 'phase = ""', "line 35, companion 1 anchor phase", "phase is blank"),
    ('phase = "induction", source = "house", ', 'phase = "induction", ', "companion 1 anchor", "source is missing"),
    ('phase = "induction", source = "house"', 'phase = "induction", source = "x"', "anchor source", "anchor cites 'x'"),
    ('{ companion = "therapy" }', '{ companion = "x" }', "line 57, companion 3 anchor, own", "from 'x'"),
    ('{ companion = "therapy" }', '{ companion = "notes" }', "line 57, companion 3 anchor", "counted from 'notes'"),
    ("{ earliest = 1, recommended = 5, latest = 13, " + HOUSE, "7", "line 36, companion 1 window", "no source and no"),
    ("earliest = 1, ", "", "line 36, companion 1 window", "earliest is missing"),
    ("recommended = 5", "recommended = 0", "line 36, companion 1 window", "1/0/13 days is out of order"),
    ("recommended = 5", "recommended = 14", "line 36, companion 1 window", "1/14/13 days is out of order"),
    ("latest = 13", "latest = 7321", "line 36, companion 1 window", "out of order"),
    ('latest = 13, source = "house"', 'latest = 13, source = "x"', "line 36, companion 1 window source", "cites 'x'"),
    ('duration = { value = "PT50M", ' + HOUSE, "", "line 30, companion 1", "appointment of 0 minutes"),
    ('duration = { value = "PT50M", ' + HOUSE, "duration = 50", "line 37, companion 1 duration", "no source and no"),
    ('"PT50M"', '"50"', "line 37, companion 1 duration value", "'50' is not a duration"),
    ('"PT50M"', '"PT24H1M"', "line 37, companion 1 duration", "appointment of 1441 minutes"),
    ("value = 4", "value = 0", "line 38, companion 1 count", "0 bookings"),
    ("value = 4", 'value = "always"', "line 38, companion 1 count value", "the count is 'always'"),
    ("value = 4", "value = 1", "line 39, companion 1 every", "every would be ignored"),
    ("count = { value = 4, " + HOUSE, "", "companion 1 every", "every would be ignored"),
    ('every = { value = "P3D", ' + HOUSE, "", "line 38, companion 1 count", "several bookings without an interval"),
    ('"P3D"', '"3 days"', "line 39, companion 1 every value", "'3 days' is not an interval"),
    ("{ latest = 9, ", "{ latest = 9, required = false, ", "line 40, companion 1 spacing", "a preferred spacing"),
    ("{ latest = 9, ", "{ minimum_hours = 9, ", "line 40, companion 1 spacing", "a spacing in hours"),
    ("{ latest = 9, ", "{ latest = 9, minimum = 10, ", "line 40, companion 1 spacing 1", "out of order"),
    ('calendar = "therapist"', 'calendar = " "', "line 41, companion 1 calendar", "calendar is blank"),
    ('"never"', '"sometimes"', "line 42, companion 1 on_session_days", "on_session_days is 'sometimes'"),
    ('"never"', '"during"', "line 42, companion 1 on_session_days", "an appointment during a session"),
    ('title = "Form"', 'title = "Form"\ngate = true', "line 44, companion 2", "a task that is an appointment in part"),
    ('title = "Form"', 'title = "Form"\nafter = { value = "PT1H", ' + HOUSE, "companion 2 after", "for minutes"),
    ('title = "Notes"', 'title = "Notes"\nwindow = { earliest = 1, recommended = 1, latest = 1, ' + HOUSE,
     "line 57, companion 3 window", "window would be ignored"),
    ('"PT3H"', '"P1D"', "line 58, companion 3 before value", "'P1D' is not a duration"),
    ('"PT3H"', '"PT168H1M"', "line 58, companion 3 before", "a notice from 10081"),
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
