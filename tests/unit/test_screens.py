"""What a screen shows, as plain text: no test here knows a terminal."""

from __future__ import annotations

from datetime import UTC, date, datetime

import attrs
import pytest

import ketsched as ks
from ketsched.checking import Severity
from ketsched.errors import InvalidInput
from ketsched.holds import hold
from ketsched.hours import Hours
from ketsched.model import BookingStatus, Waiver
from ketsched.planning import Start, starts
from ketsched.protocols import protocol_ids
from ketsched.revising import consequences
from ketsched.screens import Facts, Lines, Table, called, many, on
from ketsched.screens.changes import change_lines, visit_in_words, visit_lines, way_lines
from ketsched.screens.courses import beside_lines, consequences_parts, waiting_lines
from ketsched.screens.dates import dated_lines
from ketsched.screens.findings import finding_lines, gravest_first
from ketsched.screens.forecasts import forecast_parts
from ketsched.screens.histories import headline, revisions_table
from ketsched.screens.months import AT_CLINIC, AT_HOME, UNSURE, months
from ketsched.screens.plans import starts_lines
from ketsched.screens.protocols import companion_table, evidence_in_short, phase_table, protocols_table
from ketsched.tracking import forecast, record, ways

CLINIC = ks.Calendar.weekly("America/New_York", mon="09:00-17:00", wed="09:00-17:00", fri="09:00-17:00")
MONDAY, WEDNESDAY = date(2027, 1, 4), date(2027, 1, 6)
AT = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.fixture
def course():
    """Six sessions on Monday, Wednesday and Friday from 4 January 2027."""
    return ks.plan(ks.load_protocol("iv-mwf-6"), start=MONDAY, calendar=CLINIC, id="A-017", at=AT)


def rows_of(parts):
    return dict(next(part for part in parts if isinstance(part, Facts)).rows)


def test_days_numbers_and_sessions_in_words():
    assert on(MONDAY) == "Mon 2027-01-04"
    assert [many(number, "day") for number in (0, 1, 2)] == ["0 days", "1 day", "2 days"]
    assert called("induction", 2) == "induction 2"
    assert called("maintenance 2", 1) == "maintenance 2, session 1"
    assert called("maintenance 2", "1, 2", several=True) == "maintenance 2, sessions 1, 2"


@pytest.mark.parametrize("name", protocol_ids())
def test_every_number_of_a_protocol_is_said_with_its_mark_and_source(name):
    protocol = ks.load_protocol(name)
    for of, table in [(p, phase_table(p)) for p in protocol.phases] + [
        (c, companion_table(c)) for c in protocol.companions
    ]:
        stated = [row for row in table.rows if row[2]]
        assert [row[0] for row in stated] == list(dict.fromkeys(entry.key for entry in of.evidence))
        assert all(value and source for _, value, _, source in stated)
        assert all(len(row) == len(table.columns) for row in table.rows)


def test_protocols_are_listed_with_their_sessions():
    table = protocols_table(map(ks.load_protocol, protocol_ids()))
    assert table.columns == ("id", "indication", "sessions", "days", "boosters", "setting", "evidence")
    rows = {row[0]: row[1:] for row in table.rows}
    assert set(rows) == set(protocol_ids())
    assert rows["iv-mwf-6"] == ("depression, PTSD", "6", "Mon, Wed, Fri", "none", "clinic IV", "No placebo")
    assert rows["esk-trd"][3] == "4, every week; every 2 weeks"
    assert rows["iv-2xw-3w-6"][-1] == "Negative"
    assert all(len(row[-1]) <= 90 for row in rows.values())


def test_the_evidence_in_short_says_more_than_a_name_and_a_year():
    assert evidence_in_short("Negative: six infusions did not differ (Ionescu 2019)") == "Negative"
    assert evidence_in_short("Phillips 2019: open-label, after a crossover") == "Phillips 2019: open-label"
    assert evidence_in_short("No study") == "No study"
    assert evidence_in_short("Smith 2024") == "Smith 2024"


def test_what_is_next_has_its_window(course):
    """On Tuesday after a Monday given the second is booked for Wednesday, two days after the first."""
    known = record(course, [ks.Visit(MONDAY)], at=datetime(2027, 1, 4, 20, tzinfo=UTC))
    parts = list(forecast_parts(known, forecast(known, as_of=date(2027, 1, 5), calendar=CLINIC)))
    assert parts[0] == "Next is induction 2: booked for Wed 2027-01-06, 09:00"
    rows = rows_of(parts)
    assert rows["recommended"] == "Wed 2027-01-06"
    assert rows["last given"] == "Mon 2027-01-04, 1 day ago"
    assert rows["can be booked"].startswith("Wed 2027-01-06")
    (windows,) = (part for part in parts if isinstance(part, Table))
    assert [row[0] for row in windows.rows] == [f"induction {n}" for n in (3, 4, 5, 6)]


def test_days_of_one_week_alone(course):
    known = record(course, [ks.Visit(MONDAY)], at=datetime(2027, 1, 4, 20, tzinfo=UTC))
    seen = forecast(known, as_of=date(2027, 1, 5), calendar=CLINIC)
    assert (
        rows_of(forecast_parts(known, seen, MONDAY))["week of 2027-01-04"]
        == "Wed 2027-01-06 first; or Fri 2027-01-08"
    )
    assert (
        rows_of(forecast_parts(known, seen, date(2027, 3, 1)))["week of 2027-03-01"] == "no day can be booked"
    )


def facts_of(course, as_of, **more):
    """The first line of a forecast, its facts by name, and its table of what follows by session."""
    parts = list(forecast_parts(course, forecast(course, as_of=as_of, **more)))
    tables = [part for part in parts if isinstance(part, Table)]
    return parts[0], rows_of(parts), {row[0]: row[1:] for table in tables for row in table.rows}


def given_until(course, *days, status="fulfilled", on=None):
    """The course with visits of days of January recorded, the last one with a status."""
    last = len(days) - 1
    visits = [ks.Visit(date(2027, 1, d), status if n == last else "fulfilled") for n, d in enumerate(days)]
    return record(course, visits, at=datetime(2027, 1, on or days[-1], 20, tzinfo=UTC))


def test_a_place_without_a_booking_is_said(course):
    """The third of six was missed: five stand, and the sixth has none."""
    known = given_until(course, 4, 6, 8, status="no-show")
    head, _, windows = facts_of(known, date(2027, 1, 8))
    assert head == "Next is induction 3: booked for Mon 2027-01-11, 09:00"
    assert [name for name, row in windows.items() if row[0] == "no booking"] == ["induction 6"]


def test_what_was_taken_off_the_calendar_is_no_booking(course):
    """Taken off, and needed again: it would be opened, and until then nothing is booked."""
    last = course.sessions[-1]
    off = attrs.evolve(
        course, sessions=(*course.sessions[:-1], attrs.evolve(last, status=BookingStatus.CLOSED))
    )
    seen = forecast(off, as_of=date(2026, 12, 2))
    assert [due.session for due in seen.sessions] == ["s1", "s2", "s3", "s4", "s5", None]
    only = given_until(off, 4, 6, 8, 11, 13)
    head, *_ = facts_of(only, date(2027, 1, 14))
    assert head == "Next is induction 6: no booking"


@pytest.mark.parametrize(
    ("today", "shown"), [(9, "Sun 2027-01-10"), (10, "Sun 2027-01-10"), (11, "Mon 2027-01-11")]
)
def test_no_day_that_is_past_is_the_earliest(course, today, shown):
    """Given on Friday 8 January: the fourth is due from Sunday the 10th on."""
    moved = ks.replan(
        given_until(course, 4, 6, 8),
        calendar=CLINIC,
        at=datetime(2027, 1, 8, 21, tzinfo=UTC),
        move={"s4": date(2027, 1, 13)},
    )
    assert forecast(moved, as_of=date(2027, 1, today)).next.earliest == date(2027, 1, 10)
    assert facts_of(moved, date(2027, 1, today))[1]["earliest"] == shown


@pytest.mark.parametrize(("day", "early"), [(11, False), (12, True)])
def test_a_booking_before_its_earliest_day_is_said(course, day, early):
    """At least 2 days apart: with the fourth given on the 12th the fifth, on Wednesday 13, is a day early."""
    visits = [ks.Visit(date(2027, 1, d)) for d in (4, 6, 8)]
    visits.append(ks.Visit(date(2027, 1, day), session="s4"))
    known = record(course, visits, at=datetime(2027, 1, 12, 20, tzinfo=UTC))
    head, rows, windows = facts_of(known, date(2027, 1, 12))
    said = ", before its earliest day" if early else ""
    assert head == f"Next is induction 5: booked for Wed 2027-01-13, 09:00{said}"
    assert rows["earliest"] == ("Thu 2027-01-14" if early else "Wed 2027-01-13")
    assert ("before its earliest day" in windows["induction 6"][-1]) is early


def test_a_recommended_day_after_the_preferred_latest_says_so(course):
    known = given_until(course, 4, 6, 8, 11, status="no-show")
    seen = forecast(known, as_of=date(2027, 1, 11))
    late = [due for due in seen.sessions if due.passes_preferred_latest]
    assert late
    assert all(due.recommended > due.preferred_latest for due in late)
    _, rows, windows = facts_of(known, date(2027, 1, 11))
    said = {f"induction {due.number}" for due in late}
    first = seen.sessions[0]
    assert ("after the latest, which is preferred" in rows["recommended"]) is (
        f"induction {first.number}" in said
    )
    assert {n for n, row in windows.items() if "after the latest" in row[-1]} == said - {
        f"induction {first.number}"
    }


def test_the_next_session_may_be_late_too(course):
    """Two weeks from Monday 4 January end on Sunday 17; the last of six, missed on the 15th, is on Monday 18."""
    known = given_until(course, 4, 6, 8, 11, 13, 15, status="no-show")
    _, rows, _ = facts_of(known, date(2027, 1, 15))
    assert rows["recommended"] == "Mon 2027-01-18, after the latest, which is preferred"
    assert rows["latest"] == "Sun 2027-01-17, preferred"


def test_a_course_is_complete_once_its_last_session_is_over(course):
    """The last of six is on Friday 15 January."""
    until = given_until(course, 4, 6, 8, 11, 13)
    assert list(forecast_parts(until, forecast(until, as_of=date(2027, 1, 15)))) == [
        "Today: induction 6 at 09:00",
        "Nothing more is due after today.",
    ]
    after = list(forecast_parts(until, forecast(until, as_of=date(2027, 1, 16))))
    assert after[0] == "Nothing more is booked; nobody recorded what became of 1 session."
    over = given_until(until, 15)
    seen = forecast(over, as_of=date(2027, 1, 15))
    assert list(forecast_parts(over, seen)) == ["Nothing is due: the course is complete."]


def test_the_session_of_today_stands_above_the_next(course):
    known = given_until(course, 4)
    parts = list(forecast_parts(known, forecast(known, as_of=WEDNESDAY)))
    assert parts[:2] == [
        "Today: induction 2 at 09:00",
        "Next is induction 3: booked for Fri 2027-01-08, 09:00",
    ]


def test_what_nobody_recorded_is_asked_with_both_answers(course):
    parts = list(forecast_parts(course, forecast(course, as_of=date(2027, 1, 5))))
    (asked,) = (part for part in parts if isinstance(part, Lines))
    assert asked.title == "To be asked"
    assert asked.lines[0] == "what became of the session of 2027-01-04?"
    assert asked.lines[1].startswith("if given: induction 2 is next, booked for Wed 2027-01-06")
    assert asked.lines[2].startswith("if missed: induction 1 is next, booked for Wed 2027-01-06")


def test_of_a_course_that_is_over_nothing_is_due(course):
    given = [ks.Visit(session.day) for session in course.sessions]
    for known, word in ((course, "is complete"), (attrs.evolve(course, ended=date(2027, 2, 1)), "was ended")):
        seen = forecast(known, given, as_of=date(2027, 2, 1))
        assert list(forecast_parts(known, seen)) == [f"Nothing is due: the course {word}."]


def test_revisions_are_listed_with_what_they_changed(course):
    known = record(course, [ks.Visit(MONDAY)], at=datetime(2027, 1, 4, 20, tzinfo=UTC), who="Nurse B")
    assert headline(known, 0).startswith("revision 1 of 2026-12-01T09:00:00Z: ")
    first, second = revisions_table(known).rows
    assert (first[0], first[1], first[4]) == ("1", "2026-12-01 09:00Z", "")
    assert (second[0], second[3], second[4]) == ("2", "Nurse B", "1")


# The bookings of a course, and what changed


def test_sessions_are_listed_with_why_one_is_not_on_its_day(course):
    first, second, *rest = course.sessions
    moved = attrs.evolve(second, day=date(2027, 1, 7), ideal=WEDNESDAY)
    shown = attrs.evolve(course, sessions=(attrs.evolve(first, ride="confirmed"), moved, *rest))
    shown = attrs.evolve(shown, companions=())
    closed = CLINIC.without([WEDNESDAY], "staff day")
    lines = list(dated_lines(shown, Hours(closed), ids=True))
    assert [line[:3].strip() for line in lines] == ["1", "2", "3", "4", "5", "6"]
    assert lines[:2] == [
        "  1  Mon 2027-01-04  09:00-11:00  Infusion (s1); ride home confirmed",
        "  2  Thu 2027-01-07  09:00-11:00  Infusion (s2); 1 day late: staff day",
    ]
    assert list(dated_lines(shown))[1].endswith("Infusion; 1 day late: to keep the days between")


def test_starts_are_listed_with_what_they_cost_or_what_blocks_them(course):
    tried = starts(course.protocol, between=(MONDAY, date(2027, 1, 15)), calendar=CLINIC)
    title, _, *rows = starts_lines(tried)
    assert title == f"Best starts ({len(tried)} of {len(tried)})"
    assert [row[2:16] for row in rows] == [on(start.day) for start in tried]
    blocked = Start(day=MONDAY, error=InvalidInput(what="no day", why="closed", fix="open it"))
    assert list(starts_lines([blocked]))[1:] == [
        "  start           ends  days moved  why not",
        "  Mon 2027-01-04                    no day",
    ]


def test_sessions_held_up_are_named_shortly_with_their_reason(course):
    assert list(waiting_lines(course)) == []
    held = hold(course, reason="rash", who="Dr A", since=date(2027, 1, 8), at=AT)
    assert list(waiting_lines(held)) == ["To be confirmed: infusions 3 to 6. Hold h1 by Dr A: rash."]
    parts = list(consequences_parts(held, consequences(course, held, as_of=MONDAY)))
    assert parts[:2] == ["Changes", "  to confirm  infusion 3  Fri 2027-01-08 at 09:00"]


def test_what_goes_around_the_sessions_is_listed(reference_course):
    lines = "\n".join(beside_lines(reference_course))
    kinds = reference_course.protocol.companions
    for companion in kinds:
        told = " ".join(lines.split()) if companion.kind != "appointment" else lines
        assert (companion.title.split()[0] in told) or companion.kind == "appointment"


def test_a_visit_and_a_change_are_said_in_one_line_each(course):
    at = datetime(2027, 1, 6, 20, tzinfo=UTC)
    known = record(course, [ks.Visit(MONDAY), ks.Visit(WEDNESDAY, "cancelled", by="patient")], at=at)
    judged = ks.evaluate(known, as_of=WEDNESDAY).visits
    assert [visit_in_words(known, one) for one in judged] == [
        "infusion 1, Mon 2027-01-04: given",
        "Wed 2027-01-06: cancelled by patient",
    ]
    assert visit_lines(known, judged) == [
        "  v1  Mon 2027-01-04  infusion 1  given",
        "  v2  Wed 2027-01-06  infusion    cancelled by patient",
    ]
    lines = change_lines(known, known.changes)
    assert lines[0] == "  given      infusion 1  Mon 2027-01-04 at 09:00"
    assert lines[1].startswith("  cancelled  infusion    Wed 2027-01-06 at 09:00")


def test_plans_say_their_new_days_and_what_they_cost(course):
    at = datetime(2027, 1, 4, 20, tzinfo=UTC)
    known = record(course, [ks.Visit(MONDAY, "no-show")], at=at)
    assert list(way_lines(known, ways(known, calendar=CLINIC, at=at), "keep"))[:4] == [
        "     way                       new date        others that move  ends",
        "  *  at the end, fit in, next  Mon 2027-01-18  none              Mon 2027-01-18",
        "     open day, move all",
        "     leave out                 none            none              Fri 2027-01-15",
    ]


def test_a_month_shows_its_sessions_appointments_and_closed_days(course):
    """1 January 2027 is a Friday; Monday 4 January is Day 1."""
    first, second, *rest = course.sessions
    unsure = attrs.evolve(second, status=BookingStatus.TENTATIVE)
    shown = attrs.evolve(course, sessions=(attrs.evolve(first, place="home"), unsure, *rest))
    (january,) = months(attrs.evolve(shown, companions=()), CLINIC)
    assert (january.title, january.weeks[0][3]) == ("January 2027", None)
    days = {day.day: day for week in january.weeks for day in week if day is not None}
    assert len(days) == 31
    assert [days[session.day].session for session in shown.sessions][:3] == [AT_HOME, UNSURE, AT_CLINIC]
    assert {day.day.isoweekday() for day in days.values() if day.is_closed} == {2, 4, 6, 7}
    assert not any(
        day.is_closed for month in months(course, None) for week in month.weeks for day in week if day
    )


def test_a_month_shows_appointments_but_not_what_is_part_of_a_session(reference_course):
    shown = [day for month in months(reference_course, None) for week in month.weeks for day in week if day]
    definitions = reference_course.protocol.companion
    booked = {
        placed.day
        for placed in reference_course.companions
        if placed.status.stands
        and definitions(placed.companion).kind == "appointment"
        and definitions(placed.companion).on_session_days != "during"
    }
    assert {day.day for day in shown if day.has_appointment} == booked


def test_a_finding_says_what_to_do_unless_it_only_informs_or_is_waived(course):
    days = [MONDAY, date(2027, 1, 5)]
    findings = ks.check(ks.Course.of_days(course.protocol, days, zone="UTC"))
    ordered = gravest_first(findings)
    assert [finding.severity for finding in ordered] == sorted((f.severity for f in findings), reverse=True)
    grave = ordered[0]
    shown = " ".join(" ".join(finding_lines([grave])).split())
    assert shown == f"x {grave.code} {grave.what} {grave.why} {grave.fix} Source: {grave.source}"
    informs = next(f for f in ordered if f.severity is Severity.INFO and f.code != "KS211")
    assert list(finding_lines([informs], verbose=False)) == []
    waived = attrs.evolve(
        informs, waived_by=Waiver(rule="KS101", sessions=("s1",), reason="a journey", who="Dr A")
    )
    assert any("Exception by Dr A: a journey" in line for line in finding_lines([waived]))


def test_a_command_to_type_names_the_course_file_and_stays_in_one_line(course):
    finding = ks.check(course, as_of=MONDAY)[0]
    typed = "ketsched record ride a/very/long/name/of/a/folder/and/of/a/file.json 2027-01-04 confirmed"
    asked = attrs.evolve(
        finding, fix="Add --clinic FILE, then: ketsched record ride FILE 2027-01-04 confirmed"
    )
    lines = list(finding_lines([asked], file="a/very/long/name/of/a/folder/and/of/a/file.json"))
    assert [line.strip() for line in lines[-3:-1]] == ["Add --clinic FILE, then:", typed]
