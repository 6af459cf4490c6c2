"""Text messages: what fits into one, where they are cut, and what they tell."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ketsched as ks
from ketsched import follow
from ketsched.errors import CannotWrite
from ketsched.interchange.messages import ONE, ONE_OF_OTHERS, messages, packed, size
from ketsched.languages import Contact
from ketsched.words.wording import Publication
from making import clinic, jan

AT, LATER = datetime(2026, 12, 1, 9, tzinfo=UTC), datetime(2027, 1, 5, 9, tzinfo=UTC)


def course() -> ks.Course:
    planned = ks.plan(
        ks.load_protocol("iv-mwf-6"),
        start=jan(4),
        calendar=clinic(zone="Europe/London"),
        time=time(10),
        id="G",
        at=AT,
    )
    return attrs.evolve(planned, contact=Contact(telephone="020 7946 0018"))


def texts(held: ks.Course, **options: Any) -> tuple[str, ...]:
    return messages(held, Publication(**options))


@pytest.mark.parametrize(
    ("text", "takes", "has"),
    [
        ("", 0, 160),
        ("a" * 160, 160, 160),
        ("é è ñ ü ß Ä", 11, 160),
        ("€", 2, 160),
        ("[x]", 5, 160),
        ("í", 1, 70),
        ("sábado", 6, 70),
        ("💊", 2, 70),
        ("a\u00a0b", 3, 70),
    ],
)
def test_how_much_room_a_text_takes(text, takes, has):
    assert size(text) == (takes, has)


def test_what_has_changed():
    moved = follow.move(course(), "s6", jan(18), calendar=clinic(zone="Europe/London"), at=LATER)
    assert texts(moved) == (
        "Your appointment on Friday 15 January at 10:00 has moved. It is now on Monday 18 January, at the same time.",
        "Please tell the person taking you home about the change. Your other appointments stay as they are.",
        "Times may change. If you cannot come or are unsure, please call 020 7946 0018.",
    )


def test_what_is_booked():
    assert texts(course(), privacy="named")[0] == (
        "Your appointments: Monday 28 December at 10:00, Monday 4 January 2027 at 10:00, "
        "Wednesday 6 January at 10:00, Friday 8 January at 10:00,"
    )
    assert "".join(texts(course())).count(" at 1") == 9


def test_a_german_list_is_cut_behind_an_appointment():
    *of_list, _, _ = texts(course(), language="de")
    assert all(text.endswith(("10:00 Uhr;", "12:00 Uhr;")) for text in of_list)


@pytest.mark.parametrize("language", ["en", "es", "de"])
@pytest.mark.parametrize("protocol_id", ks.protocol_ids())
def test_every_message_fits_and_says_nothing_of_the_treatment(protocol_id, language):
    held = ks.plan(
        ks.load_protocol(protocol_id), start=jan(4), calendar=clinic(), time=time(10), id="G", at=AT
    )
    for text in texts(held, language=language):
        takes, has = size(text)
        assert takes <= has
        assert not {"ketamin", "infusion", "treatment", "behandlung", "tratamiento"} & set(
            text.casefold().split()
        )


@given(st.lists(st.text("aé€í💊,; ", min_size=1, max_size=400).map(str.strip).filter(bool), max_size=6))
def test_nothing_is_lost_and_all_fits(said):
    said = [" ".join(sentence.split()) for sentence in said]
    said = [" ".join(word[:30] for word in sentence.split(" ")) for sentence in said if sentence]
    found = list(packed(said))
    assert " ".join(found).split() == " ".join(said).split()
    for text in found:
        takes, has = size(text)
        assert takes <= has
        assert has in (ONE, ONE_OF_OTHERS)


@pytest.mark.parametrize("options", [{"audience": "clinic"}, {"audience": "clinic", "privacy": "full"}])
def test_nothing_is_sent_to_the_clinic(options):
    with pytest.raises(CannotWrite, match="for the patient"):
        ks.dumps(course(), "txt", **options)


def test_where_nothing_is_to_be_told_nothing_is_written():
    given_it = follow.record(course(), [ks.Visit(jan(4))], at=datetime(2027, 1, 4, 18, tzinfo=UTC))
    with pytest.raises(CannotWrite, match="nothing to tell"):
        ks.dumps(given_it, "txt")


def test_the_file_has_a_paragraph_for_each_message():
    assert ks.dumps(course(), "txt").decode() == "\n\n".join(texts(course())) + "\n"


def test_a_command_that_tells_nothing_new_writes_no_message(run, tmp_path):
    ks.write(course(), tmp_path / "G.json")
    file, out = str(tmp_path / "G.json"), tmp_path / "a.txt"
    done = run("record", file, "2027-01-04", "given", "--at", "2027-01-04T18:00:00Z", "-o", str(out))
    assert done.code == 0
    assert "was not written" in done.out
    assert not out.exists()
    assert len(ks.read(file).visits) == 1
