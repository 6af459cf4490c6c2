"""A booking that another program made keeps the name by which calendars know its event."""

import attrs
import icalendar
import pytest

from ketsched.errors import InvalidInput
from ketsched.interchange import dumps, loads
from ketsched.interchange.ical import to_icalendar
from making import named, planned, twice_weekly

LONG = "040000008200E00074C5B7101A82E00800000000;,\\" + "x" * 120 + "@example.org"


def adopted(uid):
    course = planned(twice_weekly(2))
    sessions = tuple(attrs.evolve(s, uid=uid) if s.id == "s1" else s for s in course.sessions)
    return attrs.evolve(course, sessions=sessions)


@pytest.mark.parametrize("uid", ["8@example.org", LONG])
def test_its_event_has_that_name_and_the_others_have_their_own(uid):
    own = [str(event["UID"]) for event in to_icalendar(planned(twice_weekly(2))).events]
    assert [str(event["UID"]) for event in to_icalendar(adopted(uid)).events] == [uid, *own[1:]]


def test_what_follows_it_names_it():
    drives = attrs.evolve(twice_weekly(1), no_driving="next day")
    course = planned(drives)
    course = attrs.evolve(course, sessions=(attrs.evolve(course.sessions[0], uid=LONG),))
    events = icalendar.Calendar.from_ical(dumps(course, "ics")).events
    assert {str(event["RELATED-TO"]) for event in events if "RELATED-TO" in event} <= {LONG}


def test_a_course_that_is_written_in_full_reads_back():
    course = adopted(LONG)
    assert loads(dumps(course, "ics", audience="clinic", privacy="full"), "ics") == course
    assert loads(dumps(course, "json"), "json") == course


@pytest.mark.parametrize("uid", [" 8", "8 ", "8\n9", "x" * 256])
def test_what_no_calendar_could_have_given_is_refused(uid):
    with pytest.raises(InvalidInput) as caught:
        adopted(uid)
    assert caught.value.where == "uid"


def test_two_bookings_are_two_events():
    course = adopted("8@example.org")
    with pytest.raises(InvalidInput, match="two bookings of one UID"):
        attrs.evolve(course, sessions=tuple(attrs.evolve(s, uid="8@example.org") for s in course.sessions))
    assert named(course, "s2").uid == ""
