"""What a screen shows, as plain text: no test here knows a terminal."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import attrs
import pytest

import ketsched as ks
from ketsched.checking import RULES, Severity
from ketsched.errors import InvalidInput
from ketsched.holds import hold
from ketsched.hours import Hours
from ketsched.model import BookingStatus, Waiver
from ketsched.planning import Start, starts
from ketsched.protocols import protocol_ids
from ketsched.revising import consequences
from ketsched.screens import many, on
from ketsched.screens.changes import change_lines, visit_in_words, visit_lines, way_lines
from ketsched.screens.courses import beside_lines, consequences_parts, waiting_lines
from ketsched.screens.dates import dated_lines
from ketsched.screens.findings import finding_lines, gravest_first
from ketsched.screens.forecasts import forecast_parts
from ketsched.screens.histories import headline, history_parts, revision_in_words
from ketsched.screens.months import AT_CLINIC, AT_HOME, UNSURE, months
from ketsched.screens.plans import starts_lines
from ketsched.screens.protocols import (
    companion_table,
    evidence_in_short,
    headline_of,
    phase_table,
    protocol_lines,
)
from ketsched.screens.rules import page_lines, rule_lines
from ketsched.tracking import forecast, record, ways

CLINIC = ks.Calendar.weekly("America/New_York", mon="09:00-17:00", wed="09:00-17:00", fri="09:00-17:00")
MONDAY, WEDNESDAY = date(2027, 1, 4), date(2027, 1, 6)
AT = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.fixture
def course():
    """Six sessions on Monday, Wednesday and Friday from 4 January 2027."""
    return ks.plan(ks.load_protocol("iv-mwf-6"), start=MONDAY, calendar=CLINIC, id="A-017", at=AT)


def test_days_numbers_and_sessions_in_words():
    assert on(MONDAY) == "Mon 2027-01-04"
    assert [many(number, "day") for number in (0, 1, 2)] == ["0 days", "1 day", "2 days"]


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


def test_protocols_are_listed_in_two_lines_each_or_three():
    known = [ks.load_protocol(name) for name in protocol_ids()]
    lines = text_of(protocol_lines(known)).splitlines()
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == list(protocol_ids())
    assert max(map(len, lines)) <= 80
    assert max(len(text_of(protocol_lines([one])).splitlines()) for one in known) <= 3
    assert (
        text_of(protocol_lines([ks.load_protocol("iv-mwf-6")]))
        == """\
iv-mwf-6      6  Mon, Wed, Fri
    depression, PTSD; clinic IV. No placebo."""
    )
    esk = {name: headline_of(ks.load_protocol(name)) for name in ("esk-trd", "iv-2xw-3w-6")}
    assert esk["esk-trd"]["boosters"] == "4, every week; every 2 weeks"
    assert esk["iv-2xw-3w-6"]["evidence"] == "Negative"


def test_rules_are_listed_with_how_grave_they_are():
    lines = rule_lines(RULES)
    assert lines[0].split() == ["KS101", "problem", "gap-too-short", "Protocol:", "spacing.minimum"]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_page_of_a_rule_fits_a_screen(rule):
    lines = text_of(page_lines(rule)).splitlines()
    assert lines[0].startswith(f"{rule.code} {rule.name} (")
    assert max(map(len, lines)) <= 80
    assert " ".join(" ".join(lines).split()).count("Source: ") >= 1


def test_the_evidence_in_short_says_more_than_a_name_and_a_year():
    assert evidence_in_short("Negative: six infusions did not differ (Ionescu 2019)") == "Negative"
    assert evidence_in_short("Phillips 2019: open-label, after a crossover") == "Phillips 2019: open-label"
    assert evidence_in_short("No study") == "No study"
    assert evidence_in_short("Smith 2024") == "Smith 2024"


def text_of(parts):
    return "\n".join(parts)


def next_text(course, day, **how):
    """What `next` shows on a day of January."""
    week = how.pop("week", None)
    verbose = how.pop("verbose", False)
    seen = forecast(course, as_of=date(2027, 1, day), **how)
    return text_of(forecast_parts(course, seen, week, verbose=verbose))


def given_until(course, *days, status="fulfilled", on=None):
    """The course with visits of days of January recorded, the last one with a status."""
    last = len(days) - 1
    visits = [ks.Visit(date(2027, 1, d), status if n == last else "fulfilled") for n, d in enumerate(days)]
    return record(course, visits, at=datetime(2027, 1, on or days[-1], 20, tzinfo=UTC))


NINE = "09:00-17:00"
OPEN = ks.Calendar.weekly("Europe/London", mon=NINE, tue=NINE, wed=NINE, thu=NINE, fri=NINE)


@pytest.fixture
def g():
    """Course G: six infusions at 10:00 in a clinic that is open from Monday to Friday."""
    return ks.plan(ks.load_protocol("iv-mwf-6"), start=MONDAY, calendar=OPEN, time=time(10), id="G", at=AT)


def test_what_is_next_when_else_it_could_be_and_what_comes_then(g):
    """The fourth is missed on Monday 11 January; two weeks from the 4th end on the 17th, a week later than 8 days."""
    known = given_until(g, 4, 6, 8, 11, status="no-show")
    assert (
        next_text(known, 12)
        == """\
Course G on Tue 2027-01-12: 3 of 6 given, 1 missed.
Last given Fri 2027-01-08, 4 days ago.

Next  infusion 4  Wed 2027-01-13 at 10:00
                  The protocol prefers it by Wed 2027-01-13.
                  From Sat 2027-01-16 it is a long break: ask a clinician.
Then  infusion 5  Fri 2027-01-15 at 10:00
      infusion 6  no date yet; best Mon 2027-01-18"""
    )


def test_with_hours_the_other_possible_days_are_named(g):
    """At least 2 days after Friday 8 January, and none before tomorrow: any open day, while the later ones follow."""
    known = given_until(g, 4, 6, 8, 11, status="no-show")
    said = " ".join(next_text(known, 12, calendar=OPEN).split())
    assert "Also possible: Thu 14, Fri 15, Mon 18, Tue 19 January and " in said
    assert " (later dates may move). The protocol prefers it by" in said


@pytest.mark.parametrize(
    ("week", "says"),
    [
        (MONDAY, "Mon 2027-01-04: Wed 6, Thu 7, Fri 8 January."),
        (date(2027, 3, 1), "Mon 2027-03-01: no day."),
    ],
)
def test_days_of_one_week_alone(g, week, says):
    said = " ".join(next_text(given_until(g, 4), 5, calendar=OPEN, week=week).split())
    assert f"Possible in the week of {says}" in said


def test_verbose_has_the_days_that_each_session_may_be_on(g):
    """At least 2 days apart from Friday 8 January on: 10, 12 and 14; of the 14 days the last is Sunday 17."""
    said = next_text(given_until(g, 4, 6, 8, 11, status="no-show"), 12, verbose=True)
    assert "May be from Tue 2027-01-12; preferred by Wed 2027-01-13." in said
    assert "May be from Tue 2027-01-12; preferred by Fri 2027-01-15." in said
    assert "May be from Thu 2027-01-14; preferred by Sun 2027-01-17." in said


def test_what_was_taken_off_the_calendar_is_no_booking(g):
    """Taken off, and needed again: it would be opened, and until then nothing is booked."""
    last = g.sessions[-1]
    off = attrs.evolve(g, sessions=(*g.sessions[:-1], attrs.evolve(last, status=BookingStatus.CLOSED)))
    seen = forecast(off, as_of=date(2026, 12, 2))
    assert [due.session for due in seen.sessions] == ["s1", "s2", "s3", "s4", "s5", None]
    only = given_until(off, 4, 6, 8, 11, 13)
    assert "Next  infusion 6  no date yet; best Fri 2027-01-15" in next_text(only, 14)


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
    assert f"May be from {shown}" in next_text(moved, today, verbose=True)


@pytest.mark.parametrize(("day", "early"), [(11, False), (12, True)])
def test_a_booking_before_its_earliest_day_is_said(course, day, early):
    """At least 2 days apart: with the fourth given on the 12th the fifth, on Wednesday 13, is a day early."""
    visits = [ks.Visit(date(2027, 1, d)) for d in (4, 6, 8)]
    visits.append(ks.Visit(date(2027, 1, day), session="s4"))
    known = record(course, visits, at=datetime(2027, 1, 12, 20, tzinfo=UTC))
    said = next_text(known, 12)
    assert "Next  infusion 5  Wed 2027-01-13 at 09:00\n" in said
    assert ("! Too soon: may be from Thu 2027-01-14." in said) is early
    assert ("! Too soon: may be from Sat 2027-01-16." in said) is early


def test_the_next_session_may_be_late_too(g):
    """Two weeks from Monday 4 January end on Sunday 17; the last of six, missed on the 15th, is on Monday 18."""
    known = given_until(g, 4, 6, 8, 11, 13, 15, status="no-show")
    said = next_text(known, 15)
    assert "Next  infusion 6  no date yet; best Mon 2027-01-18\n" in said
    assert "The protocol prefers it by Sun 2027-01-17; it is later." in said


def test_a_course_is_complete_once_its_last_session_is_over(g):
    """The last of six is on Friday 15 January."""
    until = given_until(g, 4, 6, 8, 11, 13)
    assert (
        next_text(until, 15)
        == """\
Course G on Fri 2027-01-15: 5 of 6 given.
Last given Wed 2027-01-13, 2 days ago.

Today infusion 6  Fri 2027-01-15 at 10:00
Nothing is booked after today."""
    )
    assert next_text(until, 16).splitlines()[3:5] == [
        "! Fri 2027-01-15 is not recorded yet. If given: nothing is left to book. If",
        "  missed: next is infusion 6, no date yet; best Mon 2027-01-18.",
    ]
    over = given_until(until, 15)
    assert next_text(over, 15).splitlines()[3:] == ["All 6 infusions are given. Nothing is left to book."]


def test_the_session_of_today_stands_above_the_next(g):
    said = next_text(given_until(g, 4), 6).splitlines()
    assert said[3:5] == [
        "Today infusion 2  Wed 2027-01-06 at 10:00",
        "Next  infusion 3  Fri 2027-01-08 at 10:00",
    ]


def test_what_nobody_recorded_is_asked_with_both_answers(g):
    assert next_text(g, 5).startswith("""\
Course G on Tue 2027-01-05: 0 of 6 given.

! Mon 2027-01-04 is not recorded yet. If given: next is infusion 2 on Wed
  2027-01-06 at 10:00. If missed: next is infusion 1 on Wed 2027-01-06 at 10:00.
""")


def test_a_course_that_was_ended_says_when(g):
    known = attrs.evolve(given_until(g, 4, 6, 8, 11, 13), ended=date(2027, 1, 14))
    assert "! Fri 2027-01-15 is not recorded yet.\n" in next_text(known, 16)
    assert next_text(known, 16).endswith("\nThis course was ended on Thu 2027-01-14.")


def test_the_history_of_a_course_has_a_line_for_each_revision(g):
    """Planned on 1 December; three given, the fourth missed on Monday 11 January, and made up for on the 18th."""
    known = attrs.evolve(g, protocol=attrs.evolve(g.protocol, companions=()), companions=())
    for day, status in ((4, "fulfilled"), (6, "fulfilled"), (8, "fulfilled"), (11, "no-show")):
        known = record(
            known, [ks.Visit(date(2027, 1, day), status)], at=datetime(2027, 1, day, 18, tzinfo=UTC)
        )
    known = ks.replan(known, calendar=OPEN, at=datetime(2027, 1, 11, 19, tzinfo=UTC), who="Nurse B")
    seen = ks.evaluate(known, as_of=date(2027, 1, 12))
    assert (
        text_of(history_parts(seen))
        == """\
Course G: 3 of 6 given, 1 missed, 3 to come. Ends Mon 2027-01-18.
  1  Tue 2026-12-01 09:00  planned: 6 infusions, 2027-01-04 to 2027-01-15
  2  Mon 2027-01-04 18:00  infusion 1 given
  3  Wed 2027-01-06 18:00  infusion 2 given
  4  Fri 2027-01-08 18:00  infusion 3 given
  5  Mon 2027-01-11 18:00  Mon 2027-01-11 missed
  6  Mon 2027-01-11 19:00  infusion 6 new on Mon 2027-01-18, by Nurse B"""
    )
    assert text_of(history_parts(seen, verbose=True)).endswith("""
Records
  v1  Mon 2027-01-04  infusion 1  given
  v2  Wed 2027-01-06  infusion 2  given
  v3  Fri 2027-01-08  infusion 3  given
  v4  Mon 2027-01-11  infusion    missed""")
    assert headline(known, 1) == "Revision 2, Mon 2027-01-04 18:00: infusion 1 given"


def test_the_history_of_a_course_to_which_nothing_happened(g):
    (said,) = history_parts(ks.evaluate(g, as_of=date(2026, 12, 2)))
    assert said == "Planned on Tue 2026-12-01. Nothing has been recorded or changed since."


def test_the_history_says_what_was_on_hold(g):
    at = datetime(2026, 12, 2, 9, tzinfo=UTC)
    held = hold(g, reason="rash", who="Dr A", since=date(2027, 1, 13), at=at)
    assert revision_in_words(held, 1) == "on hold: infusions 5, 6 to confirm, by Dr A"


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


def test_findings_that_are_alike_are_one_with_the_days_of_the_others(g):
    """The clinic closes for the second week: one thing to do for three infusions."""
    shut = OPEN.without([date(2027, 1, day) for day in range(11, 16)])
    closed = [finding for finding in ks.check(g, calendar=shut) if finding.code == "KS301"]
    shown = " ".join(" ".join(finding_lines(closed, verbose=False)).split())
    assert "Infusion 4 (Mon 2027-01-11) is on a closed day." in shown
    assert "And 2 others like it: Wed 2027-01-13, Fri 2027-01-15." in shown


def test_a_command_to_type_names_the_course_file_and_stays_in_one_line(course):
    finding = ks.check(course, as_of=MONDAY)[0]
    typed = "ketsched record ride a/very/long/name/of/a/folder/and/of/a/file.json 2027-01-04 confirmed"
    asked = attrs.evolve(
        finding, fix="Add --clinic FILE, then: ketsched record ride FILE 2027-01-04 confirmed"
    )
    lines = list(finding_lines([asked], file="a/very/long/name/of/a/folder/and/of/a/file.json"))
    assert [line.strip() for line in lines[-3:-1]] == ["Add --clinic FILE, then:", typed]
