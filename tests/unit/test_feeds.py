"""Feeds: names that nobody can guess and that stay, files that change only if they must, and what is revoked."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import attrs
import pytest

import ketsched as ks
from ketsched import follow
from ketsched.errors import CannotRead, CannotWrite, InvalidInput
from ketsched.interchange.feeds import NAMES, Feed, publish_feeds
from making import clinic, jan

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
NOW = AT + timedelta(days=1)


def course(name: str = "A") -> ks.Course:
    return ks.plan(
        ks.load_protocol("iv-mwf-6"), start=jan(4), calendar=clinic(), time=time(10), id=name, at=AT
    )


def actions(feeds: tuple[Feed, ...]) -> list[tuple[str, str]]:
    return [(feed.course, feed.action) for feed in feeds]


def test_each_course_has_a_feed_of_its_own_under_a_name_that_stays(tmp_path):
    first = publish_feeds([course("A"), course("B")], tmp_path, at=NOW)
    assert actions(first) == [("A", "new"), ("B", "new")]
    assert len({feed.file for feed in first}) == 2
    again = publish_feeds([course("A"), course("B")], tmp_path, at=NOW)
    assert [feed.file for feed in again] == [feed.file for feed in first]
    assert actions(again) == [("A", "unchanged"), ("B", "unchanged")]


def test_a_name_tells_nothing_and_is_not_in_the_course_or_the_feed(tmp_path):
    (feed,) = publish_feeds([course("A-017")], tmp_path, at=NOW)
    stem, suffix = feed.file.split(".")
    assert (len(stem), suffix) == (32, "ics")
    int(stem, 16)
    assert stem.encode() not in (tmp_path / feed.file).read_bytes()
    assert stem.encode() not in ks.dumps(course("A-017"), "json")
    assert publish_feeds([course("A-017")], tmp_path, at=NOW, revoke=["A-017"])[0].file != feed.file


def test_the_names_are_their_owner_s_alone(tmp_path):
    publish_feeds([course()], tmp_path, at=NOW)
    assert stat.S_IMODE((tmp_path / NAMES).stat().st_mode) == 0o600
    (tmp_path / NAMES).chmod(0o644)
    publish_feeds([course("B")], tmp_path, at=NOW)
    assert stat.S_IMODE((tmp_path / NAMES).stat().st_mode) == 0o600
    assert set(json.loads((tmp_path / NAMES).read_text())) == {"A", "B"}


def test_only_what_changed_is_written(tmp_path):
    before = {feed.course: feed.file for feed in publish_feeds([course("A"), course("B")], tmp_path, at=NOW)}
    moments = {name: (tmp_path / file).stat().st_mtime_ns for name, file in before.items()}
    moved = follow.move(course("A"), "s6", jan(18), calendar=clinic(), at=NOW)
    after = publish_feeds([moved, course("B")], tmp_path, at=NOW)
    assert actions(after) == [("A", "written"), ("B", "unchanged")]
    assert (tmp_path / before["B"]).stat().st_mtime_ns == moments["B"]
    assert b"20270118" in (tmp_path / before["A"]).read_bytes()


def test_each_reader_has_a_feed_of_its_own(tmp_path):
    (discreet,) = publish_feeds([course()], tmp_path, at=NOW)
    (named,) = publish_feeds([course()], tmp_path, at=NOW, privacy="named")
    (spanish,) = publish_feeds([course()], tmp_path, at=NOW, language="es")
    assert len({discreet.file, named.file, spanish.file}) == 3
    assert b"Treatment" not in (tmp_path / discreet.file).read_bytes()
    assert b"Treatment session 1 of 6" in (tmp_path / named.file).read_bytes()
    assert b"SUMMARY:Cita" in (tmp_path / spanish.file).read_bytes()


def test_a_cancelled_event_stays_until_its_day_has_passed(tmp_path):
    ended = follow.cancel(course(), "s6", at=NOW)
    for day, there in ((16, True), (17, False)):  # nothing is said of driving on the 17th
        (feed,) = publish_feeds([ended], tmp_path, at=datetime(2027, 1, day, 20, tzinfo=UTC))
        assert (b"STATUS:CANCELLED" in (tmp_path / feed.file).read_bytes()) is there


def test_what_is_revoked_is_gone_for_every_reader(tmp_path):
    (discreet,) = publish_feeds([course()], tmp_path, at=NOW)
    (named,) = publish_feeds([course()], tmp_path, at=NOW, privacy="named")
    found = publish_feeds([course("B")], tmp_path, at=NOW, revoke=["A"])
    assert actions(found) == [("B", "new"), ("A", "revoked"), ("A", "revoked")]
    assert sorted(path.name for path in tmp_path.glob("*.ics")) == [found[0].file]
    assert {discreet.file, named.file}.isdisjoint({found[0].file})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"revoke": ["Ab"]}, "'Ab' has no feed in this folder"),
        ({"courses": [course("A"), course("A")]}, "have one id, A"),
        ({"folder": "nowhere"}, "is not a folder"),
    ],
)
def test_what_cannot_be_published_changes_nothing(given, said, tmp_path):
    publish_feeds([course("Aa")], tmp_path, at=NOW)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InvalidInput, match=said):
        publish_feeds(**{"courses": [course("A")], "folder": tmp_path, "at": NOW} | given)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_course_without_an_id_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(CannotWrite, match="no id"):
        publish_feeds([course(), attrs.evolve(course(), id=None)], tmp_path, at=NOW)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "content", ["", "[]", '{"A": []}', '{"A": {"x": "../../etc/passwd"}}', '{"A": {"x": 1}}', "x"]
)
def test_a_file_of_names_that_is_something_else_is_left_alone(content, tmp_path):
    (tmp_path / NAMES).write_text(content)
    with pytest.raises(CannotRead, match="names of the feeds cannot be read"):
        publish_feeds([course()], tmp_path, at=NOW)
    assert [path.name for path in tmp_path.iterdir()] == [NAMES]
    assert (tmp_path / NAMES).read_text() == content


# On the command line


def folder_of(tmp_path: Path, *names: str) -> tuple[Path, Path]:
    courses, feeds = tmp_path / "courses", tmp_path / "feeds"
    courses.mkdir()
    feeds.mkdir()
    for name in names:
        ks.write(course(name), courses / f"{name}.json")
    return courses, feeds


def test_a_folder_of_courses(run, tmp_path):
    courses, feeds = folder_of(tmp_path, "A", "B")
    done = run("publish", str(courses), "--to", str(feeds), "--at", "2026-12-02T09:00:00Z")
    assert done.code == 0
    assert all(path.name in done.out for path in feeds.glob("*.ics"))
    said = json.loads(run("publish", str(courses / "A.json"), "--to", str(feeds), "--json").out)
    assert [(feed["course"], feed["action"]) for feed in said] == [("A", "unchanged")]


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--caldav", "https://cal.example.org/", "--to", "x"),
        ("--caldav", "https://x", "--revoke", "A"),
        ("--to", "x", "--dry-run"),
    ],
)
def test_it_must_be_clear_where(run, options, tmp_path):
    courses, _ = folder_of(tmp_path, "A")
    done = run("publish", str(courses / "A.json"), *options)
    assert done.code == 2
    assert "It is not clear where to publish." in done.err


def test_a_mistake_is_named_by_its_option(run, tmp_path):
    courses, feeds = folder_of(tmp_path, "A")
    assert "where: --to" in run("publish", str(courses), "--to", str(tmp_path / "x")).err
    assert "where: --revoke" in run("publish", str(courses), "--to", str(feeds), "--revoke", "B").err
    (courses / "B.json").write_text("{")
    assert "B.json" in run("publish", str(courses), "--to", str(feeds)).err
    assert not list(feeds.iterdir())
