"""Every line that people read: the same keys and placeholders in each language, and what a clinic has of its own."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from ketsched.calendars import Calendar
from ketsched.errors import InvalidInput, KetschedError
from ketsched.languages import LANGUAGES, Contact, Line, Words
from ketsched.languages.table import lines_of, placeholders
from ketsched.planning import plan
from making import clinic, jan, protocol, twice_weekly

HOURS = '[hours]\nmon = "09:00-17:00"\n'


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_the_same_lines_with_the_same_placeholders(language):
    english, lines = lines_of("en"), lines_of(language)
    assert list(lines) == list(english)
    assert {key: placeholders(line) for key, line in lines.items()} == {
        key: placeholders(line) for key, line in english.items()
    }


def test_american_english_has_no_line_of_its_own_that_english_lacks():
    english, american = lines_of("en"), lines_of("en", "US")
    assert list(american) == list(english)
    assert {key for key in english if english[key] != american[key]} >= {"day", "cancelled", "list_comma"}
    assert not any("cancell" in line for line in american.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_long(language):
    """At most twenty words; what is filled in counts as one."""
    for key, line in lines_of(language).items():
        for sentence in re.split(r"(?<=[.:?]) ", line):
            assert len(sentence.split()) <= 20, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_says_today_or_an_abbreviation(language):
    never = r"\b(today|tomorrow|a\.m|p\.m|hoy|mañana por|heute|morgen)\b|\u202f"
    assert not [line for line in lines_of(language).values() if re.search(never, line, re.IGNORECASE)]


@pytest.mark.parametrize(
    ("language", "zone", "at", "said"),
    [
        ("en", "Europe/London", time(9), "09:00"),
        ("en", "Europe/Dublin", time(14, 30), "14:30"),
        ("en", "America/New_York", time(9), "9 am"),
        ("en", "America/Toronto", time(14, 30), "2:30 pm"),
        ("en", "Australia/Sydney", time(12), "12 noon"),
        ("en", "Pacific/Auckland", time(12, 15), "12:15 pm"),
        ("en", "America/New_York", time(0, 30), "12:30 am"),
        ("es", "Europe/Madrid", time(10), "las 10:00"),
        ("es", "Europe/Madrid", time(1), "la 1:00"),
        ("es", "Europe/Madrid", time(13), "las 13:00"),
        ("es", "America/Mexico_City", time(13), "la 1 de la tarde"),
        ("es", "America/Mexico_City", time(14, 30), "las 2:30 de la tarde"),
        ("es", "America/Mexico_City", time(12), "las 12 del mediodía"),
        ("de", "Europe/Vienna", time(10), "10:00 Uhr"),
        ("de", "America/New_York", time(22), "22:00 Uhr"),
    ],
)
def test_hours_are_said_by_the_clock_of_the_place(language, zone, at, said):
    assert Words.of(language, zone=zone).clock(at) == said


def test_a_clinic_s_clock_comes_before_its_country_s():
    assert Words.of("en", zone="Europe/London", contact=Contact(clock="12h")).clock(time(14, 30)) == "2:30 pm"
    assert (
        Words.of("en", zone="America/New_York", contact=Contact(clock="24h")).clock(time(14, 30)) == "14:30"
    )


@pytest.mark.parametrize(
    ("language", "zone", "said", "another_year"),
    [
        ("en", "Europe/London", "Monday 18 January", "Monday 18 January 2027"),
        ("en", "America/Chicago", "Monday, January 18", "Monday, January 18, 2027"),
        ("es", "Europe/Madrid", "lunes 18 de enero", "lunes 18 de enero de 2027"),
        ("de", "Europe/Berlin", "Montag, 18. Januar", "Montag, 18. Januar 2027"),
    ],
)
def test_days_have_their_weekday_and_month_in_words(language, zone, said, another_year):
    words = Words.of(language, zone=zone)
    assert words.day(jan(18)) == words.day(jan(18), beside=date(2027, 12, 31)) == said
    assert words.day(jan(18), beside=date(2026, 12, 31)) == another_year


def test_a_time_brings_its_day_if_that_is_another_one():
    def at(day: int, hour: int, zone: str, minute: int = 0) -> datetime:
        return datetime(2027, 1, day, hour, minute, tzinfo=ZoneInfo(zone))

    london, york = Words.of("en", zone="Europe/London"), Words.of("en", zone="America/New_York")
    assert london.moment(at(10, 22, "Europe/London"), beside=jan(10)) == "22:00"
    assert london.moment(at(10, 22, "Europe/London"), beside=jan(11)) == "22:00 on Sunday 10 January"
    assert york.moment(at(11, 0, "America/New_York"), beside=jan(11)) == "11:59 pm on Sunday, January 10"
    spanish = Words.of("es", zone="Europe/Madrid")
    assert spanish.moment(at(10, 22, "Europe/Madrid"), beside=jan(11)) == "las 22:00 del domingo 10 de enero"
    german = Words.of("de", zone="Europe/Berlin")
    assert german.moment(at(10, 22, "Europe/Berlin"), beside=jan(11)) == "22:00 Uhr am Sonntag, 10. Januar"


def test_a_time_that_comes_twice_says_which():
    twice = datetime(2026, 10, 25, 1, 30, tzinfo=ZoneInfo("Europe/London"), fold=1)
    said = Words.of("en", zone="Europe/London").moment(twice, beside=twice.date())
    assert said == "01:30 (the second time, after the clocks go back)"


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, "0 minutes"), (1, "1 minute"), (60, "1 hour"), (61, "1 hour 1 minute"), (150, "2 hours 30 minutes")],
)
def test_lengths(minutes, said):
    assert Words.of("en").length(minutes) == said


def test_lists_and_cities():
    words = Words.of("en", zone="Europe/London")
    assert [words.listed(list("abc")[:n]) for n in (1, 2, 3)] == ["a", "a and b", "a, b and c"]
    assert Words.of("es").city("Europe/London") == "Londres"


# What a clinic has of its own


def clinic_file(tmp_path, text):
    path = tmp_path / "clinic.toml"
    path.write_text(f'zone = "Europe/London"\n{text}{HOURS}', encoding="utf-8")
    return path


def test_a_clinic_file_says_how_the_clinic_is_reached_and_speaks(tmp_path):
    text = (
        'telephone = "+44 20 7946 0018"\nspoken = "the practice"\naddress = "1 High Street"\nclock = "12h"\n'
    )
    path = clinic_file(tmp_path, text)
    path.write_text(path.read_text() + '[words.en]\nended_now = "We have cancelled the rest."\n')
    contact = Calendar.load(path).contact
    assert contact == Contact(
        telephone="+44 20 7946 0018",
        spoken="the practice",
        address="1 High Street",
        clock="12h",
        lines=(Line("en", "ended_now", "We have cancelled the rest."),),
    )
    assert (
        Words.of("en", zone="Europe/London", contact=contact).say("ended_now")
        == "We have cancelled the rest."
    )
    assert "later" in Words.of("en", zone="Europe/London").say("ended", day="")


def test_the_course_remembers_it(tmp_path):
    path = clinic_file(tmp_path, 'telephone = "020 7946 0018"\n')
    course = plan(protocol(twice_weekly(1)), start=jan(4), calendar=Calendar.load(path), language="es")
    assert (course.contact.telephone, course.language) == ("020 7946 0018", "es")


@pytest.mark.parametrize(
    ("text", "what", "line"),
    [
        ('telephone = "reception"\n', "is not a telephone number", 2),
        ('telephone = "12"\n', "is not a telephone number", 2),
        ("telephone = 442079460018\n", "telephone is a very large number", 2),
        ('clock = "12"\n', "is not a clock", 2),
        ('address = "a\\nb"\n', "is not one line", 2),
    ],
)
def test_what_is_wrong_in_a_clinic_file_is_said_with_its_line(tmp_path, text, what, line):
    with pytest.raises(KetschedError) as caught:
        Calendar.load(clinic_file(tmp_path, text))
    assert what in caught.value.what
    assert f"line {line}" in caught.value.where


@pytest.mark.parametrize(
    ("lines", "what", "fix"),
    [
        ('[words.fr]\nride = "a"', "Calendars cannot be written in 'fr'", "choose one of these"),
        ('[words.English]\nride = "a"', "Calendars cannot be written in 'English'", 'did you mean "en"?'),
        ('[words.en]\nrest_stay = "a"', "there is no line 'rest_stay'", "did you mean rest_stays?"),
        ('[words.en]\nended = "On {tag}."', "the placeholders of ended are not right", "write it like"),
        (
            '[words.en]\nended = "That was the last."',
            "the placeholders of ended are not right",
            "write it like",
        ),
        ('[words.en]\nride = "a {"', "the placeholders of ride are not right", "write it like"),
        ('[words.en]\nride = "a {0.__class__}"', "the placeholders of ride are not right", "write it like"),
        ('[words.en]\nproposal = " "', "proposal is empty", "other words"),
        ('[words.en]\nfooter = ""', "footer is empty", "other words"),
    ],
)
def test_a_line_of_the_clinic_s_own_is_checked_when_it_is_read(tmp_path, lines, what, fix):
    path = clinic_file(tmp_path, "")
    path.write_text(path.read_text() + lines + "\n", encoding="utf-8")
    with pytest.raises(KetschedError) as caught:
        Calendar.load(path)
    assert what in caught.value.what
    assert fix in caught.value.fix
    assert re.search(r"line \d+", caught.value.where)


def test_a_line_may_leave_out_what_need_not_be_said():
    Line("en", "moved_day", "It is now on {day} at {time}.")
    with pytest.raises(InvalidInput):
        Line("en", "moved_day", "It is now on {day}.")


def test_contact_is_kept_where_calendars_are_joined():
    reached = Contact(telephone="020 7946 0018")
    import attrs

    assert (attrs.evolve(clinic(), contact=reached) & clinic()).contact == reached
