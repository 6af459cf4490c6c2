"""What a course holds is the same for every reader, and each time it is worked out."""

from datetime import datetime

from hypothesis import HealthCheck, given, settings

from ketsched.agenda import agenda
from ketsched.errors import KetschedError
from ketsched.interchange import dumps
from ketsched.interchange.ical import resources
from ketsched.interchange.icalevents import STATUS
from ketsched.moments import CompanionEntry, SessionEntry
from ketsched.reporting import around_values, numbers_of
from ketsched.screens.dates import dated_rows
from ketsched.words.wording import Publication
from strategies.courses import courses

slow = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
followed_courses = courses(publishable=True, around=True, followed=True)


def clock(at):
    return at and f"{at:%H:%M}"


def in_calendar(entry):
    """Day, hour and state of an entry, as calendars know them."""
    at = None if entry.is_whole_days else clock(entry.booking.time)
    return entry.booking.id, entry.first, at, STATUS[entry.status]


@slow
@given(followed_courses)
def test_every_format_and_screen_lists_the_same_bookings(course):
    held = agenda(course)
    entries = {entry.booking.id: entry for entry in held.booked}
    document = dumps(course, "dict")
    listed = [*document["sessions"], *document.get("companions", ())]
    assert [(b["id"], b["day"], b.get("time"), b["status"]) for b in listed] == [
        (b.id, b.day.isoformat(), clock(b.time), str(b.status))
        for b in (*course.sessions, *course.companions)
    ]
    assert {b["id"] for b in listed} == entries.keys()

    sessions = {e for e in entries if e in held.in_calendars}
    for audience in ("patient", "clinic"):
        companions = {
            name
            for name, entry in entries.items()
            if isinstance(entry, CompanionEntry)
            and getattr(entry.companion, f"for_{audience}")
            and not entry.is_part_of_session
        }
        events = {
            (r.booking, r.state.start, r.state.status): r.uid
            for r in resources(course, Publication(audience=audience))
        }
        seen = {
            (name, *((at.date(), clock(at)) if isinstance(at, datetime) else (at, None)), status)
            for name, at, status in events
        }
        wanted = {in_calendar(entries[name]) for name in sessions | companions}
        if audience == "clinic":
            assert seen == wanted
        else:  # what is due on the day of its session is a line of it; the days after sessions come besides
            tasks = {name for name in companions if entries[name].companion.kind == "task"}
            assert {one for one in wanted if one[0] not in tasks} <= seen
            assert {one[0] for one in seen} <= sessions | companions

    standing = [e for e in held.booked if isinstance(e, SessionEntry) and e.status.stands]
    on_screen = {name: row.day for row in dated_rows(course) for name in row.bookings}
    booked = [e for e in held.companion_entries if e.status.stands and e.companion.kind == "appointment"]
    assert on_screen == {e.booking.id: e.first for e in (*standing, *booked)}
    assert len(on_screen) == sum(len(row.bookings) for row in dated_rows(course))
    assert [(b["id"], b["day"], b["status"]) for b in around_values(course)["around"]] == [
        (p.id, p.day.isoformat(), str(p.status)) for p in course.companions if p.status.stands
    ]


@slow
@given(followed_courses)
def test_a_number_is_the_same_wherever_it_is_asked_for(course):
    numbers = agenda(course).numbers
    assert numbers == {session.id: course.number(session) for session in course.standing()}
    assert numbers_of(course).items() <= numbers.items()


@slow
@given(followed_courses)
def test_what_was_held_before_is_what_the_course_was(course):
    then = agenda(course).earlier()
    if then is not None:
        try:
            was = course.at_revision(then.revision)
        except KetschedError:
            return  # a course that no verb made: its revisions do not say what they changed
        assert then.session_entries == agenda(was).session_entries
