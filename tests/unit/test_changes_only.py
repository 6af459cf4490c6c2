"""Calendars that leave out events: those that did not change, those that are off and past, those never booked."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import attrs
import pytest

import ketsched as ks
from ketsched.errors import CannotRead, CannotWrite, InvalidInput
from ketsched.interchange import dumps, read, write
from ketsched.interchange.ical import resources
from ketsched.interchange.identity import session_uid
from ketsched.model import (
    Anatomy,
    Anchor,
    BookingStatus,
    Companion,
    Course,
    Phase,
    PlacedCompanion,
    Protocol,
    Revision,
    Session,
)
from ketsched.revising import revise
from ketsched.tracking import record
from ketsched.words.wording import Publication

FIRST, SECOND = datetime(2027, 1, 2, 9, tzinfo=UTC), datetime(2027, 1, 7, 9, tzinfo=UTC)
MON, WED, FRI = (date(2027, 1, day) for day in (4, 6, 8))
TALK = Companion(
    id="talk", kind="appointment", topic="review", title="Talk", anchor=Anchor(every=1), minutes=50
)
FORM = Companion(id="form", kind="task", topic="form", title="Form", anchor=Anchor(every=1))


@pytest.fixture
def course():
    """Three sessions at 9, each forbidding to drive until 10 on the next day; a talk and a form beside the second."""
    phase = Phase(
        kind="induction",
        name="induction",
        count=3,
        weekdays=(0, 2, 4),
        anatomy=Anatomy(prepare=20, infusion=40, observation=60),
        no_driving=timedelta(hours=24),
    )
    sessions = tuple(
        Session(id=f"s{n}", phase="induction", day=day, time=time(9))
        for n, day in enumerate((MON, WED, FRI), 1)
    )
    return Course(
        protocol=Protocol(
            id="three", version="1", title="Ketamine, three", phases=(phase,), companions=(TALK, FORM)
        ),
        zone="America/New_York",
        sessions=sessions,
        companions=(
            PlacedCompanion(id="form:s2", companion="form", day=WED, session="s2"),
            PlacedCompanion(id="talk:s2", companion="talk", day=WED, time=time(13), session="s2"),
        ),
        id="A-017",
        revisions=(Revision(at=FIRST),),
    )


def with_session(course, name, at=SECOND, **changes):
    sessions = [attrs.evolve(s, **changes) if s.id == name else s for s in course.sessions]
    return revise(course, at=at, what="changed", sessions=sessions)


def uid(name):
    return session_uid("A-017", name)


def events(content):
    """Return each event's bytes by its UID."""
    found = {}
    for part in content.split(b"BEGIN:VEVENT\r\n")[1:]:
        event = part.partition(b"END:VEVENT\r\n")[0]
        name = event.partition(b"\r\nUID:")[2].partition(b"\r\n")[0].decode()
        assert name not in found
        found[name] = event
    return found


def test_the_first_revision_is_all_change(course):
    assert events(dumps(course, "ics", changes_only=True)) == events(dumps(course, "ics"))


@pytest.mark.parametrize("audience", ["patient", "clinic"])
@pytest.mark.parametrize("privacy", ["discreet", "named", "full"])
def test_only_what_changed_is_written_with_the_bytes_that_it_has_in_the_whole_file(course, audience, privacy):
    now = with_session(course, "s3", day=date(2027, 1, 11))
    options = {"audience": audience, "privacy": privacy}
    part = events(dumps(now, "ics", changes_only=True, **options))
    assert set(part) == {uid("s3")} | ({uid("s3/after")} if audience == "patient" else set())
    assert part.items() <= events(dumps(now, "ics", **options)).items()


def test_a_cancelled_session_is_a_change_and_so_is_the_day_after_it(course):
    part = events(dumps(with_session(course, "s3", status=BookingStatus.CLOSED), "ics", changes_only=True))
    assert set(part) == {uid("s3"), uid("s3/after")}
    assert all(b"STATUS:CANCELLED" in event and b"SEQUENCE:1" in event for event in part.values())


def test_an_appointment_and_a_task_are_changes_of_their_own(course):
    companions = [attrs.evolve(c, day=date(2027, 1, 7)) for c in course.companions]
    now = revise(course, at=SECOND, what="changed", companions=companions)
    assert set(events(dumps(now, "ics", changes_only=True))) == {uid("talk:s2"), uid("form:s2")}


def test_only_the_last_revision_counts(course):
    twice = with_session(with_session(course, "s2", day=date(2027, 1, 7)), "s3", day=date(2027, 1, 11))
    assert set(events(dumps(twice, "ics", changes_only=True))) == {uid("s3"), uid("s3/after")}


def test_a_zone_is_explained_only_where_an_event_is_timed(course):
    now = revise(
        course,
        at=SECOND,
        what="changed",
        companions=[
            attrs.evolve(c, day=date(2027, 1, 7)) if c.companion == "form" else c for c in course.companions
        ],
    )
    content = dumps(now, "ics", changes_only=True)
    assert set(events(content)) == {uid("form:s2")}
    assert b"VTIMEZONE" not in content
    moved = dumps(with_session(course, "s3", day=date(2027, 1, 11)), "ics", changes_only=True)
    assert moved.count(b"BEGIN:VTIMEZONE") == 1


def test_nobody_is_told_to_fetch_a_file_of_changes_again(course):
    assert b"REFRESH-INTERVAL" in dumps(course, "ics")
    part = dumps(course, "ics", changes_only=True)
    assert b"REFRESH-INTERVAL" not in part
    assert b"X-PUBLISHED-TTL" not in part


def test_a_revision_that_changed_no_event_is_an_error_and_writes_no_file(course, tmp_path):
    noted = with_session(course, "s3", ride="confirmed")
    assert len(noted.revisions) == 2
    with pytest.raises(CannotWrite) as caught:
        write(noted, tmp_path / "changes.ics", changes_only=True)
    assert caught.value.what == "the last revision changed no event"
    assert list(tmp_path.iterdir()) == []
    write(noted, tmp_path / "whole.ics")


def test_a_file_in_part_holds_no_course(course, tmp_path):
    for name, options in (("c.ics", {"changes_only": True}), ("a.ics", {"as_of": MON})):
        path = write(course, tmp_path / name, audience="clinic", privacy="full", **options)
        assert b"X-KETSCHED" not in path.read_bytes()
        with pytest.raises(CannotRead):
            read(path)
    whole = write(course, tmp_path / "whole.ics", audience="clinic", privacy="full")
    assert read(whole) == course


@pytest.mark.parametrize("options", [{"changes_only": True}, {"as_of": MON}])
def test_a_course_document_is_whole(course, tmp_path, options):
    with pytest.raises(CannotWrite) as caught:
        write(course, tmp_path / "course.json", **options)
    assert caught.value.where == next(iter(options))
    assert list(tmp_path.iterdir()) == []


# Cancelled events stay until their day has passed


@pytest.mark.parametrize(
    ("as_of", "gone"),
    [
        (WED, []),
        (date(2027, 1, 7), ["s2"]),  # the day after it is the 7th
        (FRI, ["s2", "s2/after"]),
        (date(2030, 1, 1), ["s2", "s2/after"]),
    ],
)
def test_a_cancelled_event_is_left_out_once_its_day_has_passed(course, as_of, gone):
    off = with_session(course, "s2", status=BookingStatus.MISSED)
    whole = events(dumps(off, "ics"))
    assert set(whole) == {uid(n) for s in ("s1", "s2", "s3") for n in (s, f"{s}/after")} | {
        uid("talk:s2"),
        uid("form:s2"),
    }
    feed = events(dumps(off, "ics", as_of=as_of))
    assert feed.items() <= whole.items()
    assert set(whole) - set(feed) == {uid(name) for name in gone}


def test_what_took_place_stays_however_long_ago(course):
    given = with_session(course, "s1", status=BookingStatus.FULFILLED)
    assert events(dumps(given, "ics", as_of=date(2030, 1, 1))) == events(dumps(given, "ics"))


def test_as_of_is_a_date(course):
    for wrong in (SECOND, "2027-01-06"):
        with pytest.raises(InvalidInput) as caught:
            dumps(course, "ics", as_of=wrong)  # type: ignore[arg-type]
        assert caught.value.where == "as_of"


# Sessions that were given without a booking


@pytest.fixture
def walked_in(course):
    """One was given on Thursday that nobody had booked."""
    extra = Session(
        id="x1",
        phase="induction",
        day=date(2027, 1, 7),
        time=time(9),
        status=BookingStatus.FULFILLED,
        booked=False,
    )
    return revise(course, at=SECOND, kind="recorded", sessions=[*course.sessions, extra])


@pytest.mark.parametrize("status", [BookingStatus.FULFILLED, BookingStatus.MISSED, BookingStatus.CLOSED])
@pytest.mark.parametrize("audience", ["patient", "clinic"])
def test_a_session_without_a_booking_is_in_no_calendar(course, walked_in, audience, status):
    sessions = [attrs.evolve(s, status=status) if s.id == "x1" else s for s in walked_in.sessions]
    now = attrs.evolve(walked_in, sessions=sessions)
    names = set(events(dumps(now, "ics", audience=audience)))
    assert names == set(events(dumps(course, "ics", audience=audience)))
    assert uid("x1").encode() not in dumps(now, "ics", audience=audience)
    assert {r.uid for r in resources(now, Publication(audience=audience))} == names


def test_a_session_still_to_come_is_never_hidden(walked_in):
    sessions = [attrs.evolve(s, status=BookingStatus.FIRM) if s.id == "x1" else s for s in walked_in.sessions]
    now = attrs.evolve(walked_in, sessions=sessions)
    assert {uid("x1"), uid("x1/after")} <= set(events(dumps(now, "ics")))


def test_a_full_file_reads_back_with_a_session_that_it_does_not_show(walked_in, tmp_path):
    path = write(walked_in, tmp_path / "full.ics", audience="clinic", privacy="full")
    assert set(events(path.read_bytes())) == {uid(n) for n in ("s1", "s2", "s3", "talk:s2", "form:s2")}
    assert read(path) == walked_in


def test_an_event_for_it_in_a_full_file_was_put_there_by_somebody(walked_in, tmp_path):
    path = write(walked_in, tmp_path / "full.ics", audience="clinic", privacy="full")
    content = path.read_bytes()
    one = next(iter(events(content).values()))
    added = b"BEGIN:VEVENT\r\n" + one.replace(uid("s1").encode(), uid("x1").encode()) + b"END:VEVENT\r\n"
    path.write_bytes(content.replace(b"END:VCALENDAR", added + b"END:VCALENDAR"))
    with pytest.raises(CannotRead):
        read(path)


def test_what_goes_with_it_refers_to_a_session_that_is_there(walked_in):
    """Else a reader would take the appointment for a session, and the task would be told nowhere."""
    companions = [attrs.evolve(c, day=date(2027, 1, 7), session="x1") for c in walked_in.companions]
    found = events(dumps(attrs.evolve(walked_in, companions=companions), "ics"))
    for name in ("talk:s2", "form:s2"):
        assert f"RELATED-TO:{uid('s1')}\r\n".encode() in found[uid(name)]


def test_nothing_but_such_a_session_is_no_change(walked_in):
    with pytest.raises(CannotWrite) as caught:
        dumps(walked_in, "ics", changes_only=True)
    assert caught.value.what == "the last revision changed no event"


# Each event as a file of its own


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Jerusalem"])
def test_a_file_of_its_own_has_the_lines_of_the_whole_file(course, zone):
    course = attrs.evolve(course, zone=zone)
    whole = events(dumps(course, "ics"))
    alone = list(resources(course, Publication()))
    assert [r.uid for r in alone] == list(whole)
    for resource in alone:
        assert events(resource.content) == {resource.uid: whole[resource.uid]}
        assert resource.content.count(b"BEGIN:VTIMEZONE") == (b"TZID=" in whole[resource.uid])
        assert b"METHOD" not in resource.content


def test_it_knows_what_earlier_revisions_said(course):
    now = with_session(with_session(course, "s3", time=time(10)), "s3", status=BookingStatus.CLOSED)
    found = {r.uid: r for r in resources(now, Publication())}
    said = [
        (state.start.hour, state.end.hour, state.status, state.sequence)
        for state in (found[uid("s3")].state, *found[uid("s3")].earlier)
        if isinstance(state.start, datetime) and isinstance(state.end, datetime)
    ]
    assert said == [(10, 12, "CANCELLED", 2), (10, 12, "CONFIRMED", 1), (9, 11, "CONFIRMED", 0)]
    after = found[uid("s3/after")]
    assert [(s.start, s.end, s.sequence) for s in (after.state, *after.earlier)] == [
        (date(2027, 1, 9), date(2027, 1, 10), sequence) for sequence in (2, 1, 0)
    ]
    assert found[uid("s1")].earlier == ()


def test_the_day_after_was_longer_when_the_session_was_later(course):
    """At 23:15 the treatment ends on the next day, and so 24 hours later ends on the one after that."""
    at_night = with_session(course, "s3", at=FIRST, time=time(23, 15))
    now = with_session(at_night, "s3", time=time(9))
    after = {r.uid: r for r in resources(now, Publication())}[uid("s3/after")]
    assert [(s.start, s.end) for s in (after.state, *after.earlier)] == [
        (date(2027, 1, 9), date(2027, 1, 10)),
        (date(2027, 1, 9), date(2027, 1, 11)),
        (date(2027, 1, 9), date(2027, 1, 10)),
    ]


def test_what_was_recorded_as_off_goes_out_with_what_takes_its_place():
    """Session 6 is cancelled in one revision and made up in the next; what was given meanwhile is no change."""
    hours: dict[str, Any] = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00")
    clinic = ks.Calendar.weekly("Europe/Amsterdam", **hours)
    bare = attrs.evolve(ks.load_protocol("iv-2xw-3w-6"), companions=())
    at = [datetime(2027, 1, day, 18, tzinfo=UTC) for day in (1, 4, 5, 6)]
    course = ks.plan(bare, start=date(2027, 1, 4), calendar=clinic, id="A-017", at=at[0])
    course = record(course, [ks.Visit(date(2027, 1, 4))], at=at[1])
    course = record(course, [ks.Visit(date(2027, 1, 21), "cancelled", by="patient")], at=at[2])
    course = ks.replan(course, calendar=clinic, at=at[3])
    text = dumps(course, "ics", changes_only=True).decode()
    found = [line for line in text.splitlines() if line.startswith(("SUMMARY", "DTSTART;TZID"))]
    assert found == [
        "SUMMARY:Cancelled: Appointment",
        "DTSTART;TZID=Europe/Amsterdam:20270121T090000",
        "SUMMARY:Cancelled: After your appointment",  # when one may drive again
        "SUMMARY:Appointment",
        "DTSTART;TZID=Europe/Amsterdam:20270125T090000",
        "SUMMARY:After your appointment",
    ]
