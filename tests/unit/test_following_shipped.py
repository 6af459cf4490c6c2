"""
Courses of shipped protocols that are followed, in a clinic open from Monday to Friday. Dates were counted by hand.

They begin on Monday 4 January 2027 unless said otherwise.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta

import pytest

import ketsched as ks
import ketsched.follow
from ketsched.calendars import Calendar
from ketsched.checking import check
from ketsched.errors import InvalidInput
from ketsched.holds import decide
from ketsched.model import Decision, Visit
from ketsched.screens.replans import Replanned
from ketsched.tracking import record
from making import BEFORE, JAN_4, dates, jan, named, visits

ZONE = "Europe/Amsterdam"
WEEK = Calendar.weekly(ZONE, **dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "08:00-18:00"), chairs=2)


def started(protocol, start=JAN_4, calendar=WEEK):
    known = ks.load_protocol(protocol)
    return ks.plan(
        known,
        start=start,
        calendar=calendar,
        calendars={"therapist": calendar},
        id="A-017",
        at=BEFORE,
        time=time(9),
    )


def again(course, today, *happened, hour=9, calendar=WEEK, **options):
    at = datetime.combine(today, time(hour), UTC)
    return ks.replan(course, happened, calendar=calendar, calendars={"therapist": calendar}, at=at, **options)


def standing(course, phase="induction"):
    return [session.day for session in course.standing() if session.phase == phase]


def entry(course, status):
    return next(visit.id for visit in course.visits if visit.status == status)


def missed_and_corrected(course, day, **options):
    """Return the course after a no-show, and after it has turned out on the same day that the patient did come."""
    given = [Visit(session.day) for session in course.sessions if session.day < day]
    missed = again(course, day, *given, Visit(day, "no-show"), **options)
    came = Visit(day, corrects=entry(missed, "no-show"))
    return missed, again(missed, day, came, hour=12, **options)


# A make-up that a correction makes needless


@pytest.mark.parametrize(
    ("protocol", "policy", "day", "made_up"),
    [
        # At most 9 days between two: after 4 January by the 13th.
        ("kap-im-weekly", "keep", "11 Jan", "4 13 18 25 Jan"),
        # Two days after the 4th, from tomorrow on: Tuesday the 12th.
        ("kap-im-weekly", "make-up", "11 Jan", "4 12 18 25 Jan"),
        ("iv-2xw-2w-4", "make-up", "11 Jan", "4 7 12 14 Jan"),
        # The pattern goes on at its end.
        ("iv-2xw-4w-8", "keep", "7 Jan", "4 11 14 18 21 25 28 Jan, 1 Feb"),
        ("iv-2xw-4w-8", "next-open", "7 Jan", "4 8 11 14 18 21 25 28 Jan"),
    ],
)
def test_a_make_up_that_is_needless_goes_and_not_the_last_session(protocol, policy, day, made_up):
    course = started(protocol)
    missed, corrected = missed_and_corrected(course, *dates(day), policy=policy)
    assert standing(missed) == dates(made_up)
    (make_up,) = {session.id for session in missed.sessions} - {session.id for session in course.sessions}
    assert standing(corrected) == standing(course)
    assert [session.id for session in corrected.sessions if not session.status.stands] == [make_up]


def test_what_gave_way_to_a_needless_make_up_comes_back():
    """Six in two weeks, then weekly from 22 January: the make-up takes that day, the weekly ones end a week later."""
    course = started("iv-3xw-2w-plus-weekly-4")
    missed, corrected = missed_and_corrected(course, jan(6), policy="keep")
    assert standing(missed)[-1] == jan(22)
    weekly = next(phase.name for phase in course.protocol.phases[1:])
    assert standing(course, weekly) == dates("22 29 Jan, 5 12 Feb")[: len(standing(course, weekly))]
    assert standing(missed, weekly) == [day + timedelta(7) for day in standing(course, weekly)]
    assert standing(corrected) == standing(course)
    assert standing(corrected, weekly) == standing(course, weekly)


def test_a_make_up_moved_by_hand_goes_as_well_and_one_added_by_hand_stays():
    course = started("iv-2xw-4w-8")
    missed = again(course, jan(7), Visit(jan(4)), Visit(jan(7), "no-show"))
    moved = again(missed, jan(7), hour=10, move={"s9": jan(2, 2)})
    added = again(moved, jan(7), hour=11, add=[jan(5, 2)])
    assert standing(added) == dates("4 11 14 18 21 25 28 Jan, 2 5 Feb")
    came = again(added, jan(7), Visit(jan(7), corrects=entry(added, "no-show")), hour=12)
    assert standing(came) == dates("4 7 11 14 18 21 25 28 Jan, 5 Feb")


def test_the_check_names_the_make_up_too():
    missed = again(
        started("iv-2xw-2w-4"), jan(11), *visits(4, 7), Visit(jan(11), "no-show"), policy="make-up"
    )
    came = [Visit(jan(11), corrects=entry(missed, "no-show"))]
    (finding,) = [found for found in check(missed, visits=came, as_of=jan(11)) if found.code == "KS202"]
    assert (finding.sessions, named(missed, "s5").day) == (("s5",), jan(12))


# One number everywhere


def numbers_on_screen(course):
    return {s.id: n for s in course.standing() for n in [course.number(s)]}


def test_a_session_has_the_number_in_the_forecast_that_it_has_in_calendars():
    """The week of 11 January closes, and the patient calls off the 7th: the eighth is lacking, after 4 February."""
    closed = WEEK.without(jan(day) for day in range(11, 16))
    course = again(started("iv-2xw-4w-8"), jan(3), calendar=closed)
    assert standing(course) == dates("4 7 18 21 25 28 Jan, 1 4 Feb")
    off = Visit(jan(7), "cancelled", by="patient")
    seen = ks.forecast(course, [Visit(jan(4)), off], as_of=jan(4), calendar=closed)
    booked = {s.id: s.day for s in course.sessions}
    assert [(due.number, booked.get(due.session)) for due in seen.sessions] == [
        *zip(range(2, 8), dates("18 21 25 28 Jan, 1 4 Feb"), strict=True),
        (8, None),
    ]
    assert seen.sessions[-1].recommended == jan(8, 2)
    after = again(course, jan(4), Visit(jan(4)), off, calendar=closed)
    assert standing(after) == dates("4 18 21 25 28 Jan, 1 4 8 Feb")
    assert numbers_on_screen(after) == {s.id: n for n, s in enumerate(after.standing(), 1)}


def test_what_is_lacking_before_others_is_numbered_after_them_until_it_is_booked():
    """Mondays; the 11th is made up on Tuesday the 12th: the fourth to be booked, and the second once it is."""
    course = started("kap-im-weekly")
    happened = [Visit(jan(4)), Visit(jan(11), "no-show")]
    seen = ks.forecast(course, happened, as_of=jan(11), calendar=WEEK, policy="make-up")
    assert [(due.number, due.recommended.day) for due in seen.sessions] == [(4, 12), (2, 18), (3, 25)]
    after = again(course, jan(11), *happened, policy="make-up")
    seen = ks.forecast(after, as_of=jan(11), calendar=WEEK, policy="make-up")
    assert [(due.number, due.recommended.day) for due in seen.sessions] == [(2, 12), (3, 18), (4, 25)]


@pytest.mark.parametrize("policy", ["keep", "make-up", "next-open", "shift"])
@pytest.mark.parametrize("protocol", ks.protocol_ids())
def test_the_forecast_numbers_bookings_as_the_course_does(protocol, policy):
    try:
        course = started(protocol)
    except ks.KetschedError:
        pytest.fail("every shipped protocol has a plan in an open clinic")
    first = next(s for s in course.sessions if s.day > course.sessions[0].day)
    happened = [*visits(4), Visit(first.day, "no-show")]
    at = datetime.combine(first.day, time(9), UTC)
    recorded = record(course, happened, at=at)
    shown = numbers_on_screen(recorded)
    for seen in (
        ks.forecast(course, happened, as_of=first.day, calendar=WEEK, policy=policy),
        ks.forecast(recorded, as_of=first.day, policy=policy),
    ):
        assert all(due.number == shown[due.session] for due in seen.sessions if due.session)
        assert len({(due.phase, due.number) for due in seen.sessions}) == len(seen.sessions)


# What goes with each session


def integrations(course):
    return [p.day for p in course.companions if p.companion == "integration" and p.status.stands]


@pytest.mark.parametrize(
    ("closed", "sessions", "days_after"),
    [("11 Jan", "4 12 18 25 Jan", "5 13 19 26 Jan"), ("18 Jan", "4 11 19 25 Jan", "5 12 20 26 Jan")],
)
def test_an_integration_follows_its_session_and_does_not_wait_for_the_next_one(closed, sessions, days_after):
    shut = WEEK.without(dates(closed))
    fresh = started("kap-im-weekly", calendar=shut)
    followed = again(started("kap-im-weekly"), jan(3), calendar=shut)
    for course in (fresh, followed):
        assert (standing(course), integrations(course)) == (dates(sessions), dates(days_after))


def test_an_integration_whose_next_days_are_closed_is_on_the_first_one_open():
    """The session of 11 January moves to the 12th; the 13th to 15th are closed, so it is on the 18th."""
    shut = WEEK.without(dates("11 13 14 15 Jan"))
    course = started("kap-im-weekly", calendar=shut)
    assert (standing(course), integrations(course)[1]) == (dates("4 12 18 25 Jan"), jan(18))


# Home sessions between boosters: on 29 January, 26 February, ...; boosters on 12 February, 12 March, ...


def at_home():
    """The course after its six infusions, of 4 to 15 January, and the review that went on."""
    given = record(started("iv-booster-home"), visits(4, 6, 8, 11, 13, 15), at=noon(15))
    return decide(
        given, "response-review:end", Decision(what="continue", who="Dr A", on=jan(28)), at=noon(28)
    )


def noon(day):
    return datetime.combine(jan(day), time(12), UTC)


def around(course, name):
    return next(placed for placed in course.companions if placed.id == name)


def reasons(course):
    return {change.booking: (change.kind, change.why) for change in course.changes}


def test_the_call_after_a_home_session_goes_and_comes_back_with_it():
    course = at_home()
    assert around(course, "check-in:s7").day == jan(1, 2)  # Saturday to Monday after Friday, 29 January
    missed = record(course, [Visit(jan(29), "no-show")], at=noon(29))
    assert str(around(missed, "check-in:s7").status) == "closed"
    assert reasons(missed)["check-in:s7"] == ("closed", "no longer needed")
    came = record(missed, [Visit(jan(29), corrects=entry(missed, "no-show"))], at=noon(30))
    assert around(came, "check-in:s7").status.stands
    off = ks.follow.cancel(course, "check-in:s7", at=noon(28))
    missed = record(off, [Visit(jan(29), "no-show")], at=noon(29))
    came = record(missed, [Visit(jan(29), corrects=entry(missed, "no-show"))], at=noon(30))
    assert not around(came, "check-in:s7").status.stands  # taken off by hand


def test_a_call_of_yesterday_stays_as_it_is_when_its_session_is_recorded_late():
    missed = record(at_home(), [Visit(jan(29), "no-show")], at=noon(33))
    assert around(missed, "check-in:s7").status.stands


def test_a_call_that_loses_its_day_says_so():
    shut = WEEK.without([jan(1, 2)])
    after = again(at_home(), jan(28), hour=13, calendar=shut)
    assert reasons(after) == {
        "check-in:s7": ("closed", "no day is free for it from Sat 2027-01-30 to Mon 2027-02-01")
    }


@pytest.mark.parametrize("protocol", ["iv-booster-home", "esk-trd", "iv-3xw-2w-plus-weekly-4"])
def test_no_two_sessions_have_one_title_in_the_clinics_calendar(protocol):
    course = started(protocol)
    text = ks.dumps(course, "ics", audience="clinic", privacy="named").decode().replace("\r\n ", "")
    titles = [line for line in text.splitlines() if line.startswith("SUMMARY") and "session" in line]
    numbers = [re.sub(r" of \d+| \(to be confirmed\)", "", title) for title in titles]
    assert len(numbers) == len(set(numbers)) == len(course.standing())


def test_the_title_of_a_home_session_names_its_phase():
    text = ks.dumps(started("iv-booster-home"), "ics", audience="clinic", privacy="named").decode()
    assert "SUMMARY:Booster session 1\\, at home (to be confirmed)" in text
    assert "SUMMARY:Booster session 1 (to be confirmed)" in text


def test_the_review_comes_before_the_first_session_that_it_decides_about():
    """Recommended three weeks after 15 January, on 5 February; the first home session is on Friday, 29 January."""
    course = started("iv-booster-home")
    assert around(course, "response-review:end").day == jan(28)
    late = ks.follow.move(
        course, "response-review:end", jan(5, 2), calendar=WEEK, calendars={"therapist": WEEK}, at=noon(4)
    )
    (finding,) = [found for found in check(late, calendar=WEEK, as_of=jan(4)) if found.code == "KS427"]
    assert finding.sessions == ("s7",)
    assert (
        finding.fix
        == "Move Response review to Thu 2027-01-28, or move home session 1 to a day after Fri 2027-02-05."
    )
    shut = WEEK.without(
        jan(day) for day in range(18, 30)
    )  # the window before the home session, 22 to 28 January
    (finding,) = [
        f for f in check(started("iv-booster-home", calendar=shut), calendar=shut) if f.code == "KS427"
    ]
    assert finding.fix.startswith("Move home session 1 to a day after ")


# By hand and back again


def test_a_session_that_is_over_is_named_as_people_name_it():
    course = record(started("iv-2xw-4w-8"), [Visit(jan(4)), Visit(jan(7), "no-show")], at=noon(7))
    to_come = (
        "; still to come are infusion 2 on Mon 2027-01-11 (s3), infusion 3 on Thu 2027-01-14 (s4), "
        "infusion 4 on Mon 2027-01-18 (s5) and later ones"
    )
    for session, named_, why in (
        ("s1", "infusion 1 on Mon 2027-01-04 (s1)", "it was given"),
        ("s2", "infusion on Thu 2027-01-07 (s2)", "it was missed"),
    ):
        with pytest.raises(InvalidInput) as refused:
            ks.follow.move(course, session, jan(20), calendar=WEEK, calendars={"therapist": WEEK}, at=noon(8))
        assert refused.value.what == f"{named_} cannot be moved"
        assert refused.value.why == why + to_come


def test_an_undo_takes_back_the_days_away_that_its_revision_brought():
    """The patient is away on Thursday 14 January, and session 4 moves to the 13th: both are taken back."""
    course = started("iv-2xw-4w-8")
    away = again(course, jan(1), away=[jan(14)])
    assert standing(away)[3] == jan(13)
    back = ks.follow.undo(away, at=noon(2))
    assert (standing(back), back.patient) == (standing(course), course.patient)
    assert standing(again(back, jan(3))) == standing(course)
    only_away = again(course, jan(1), away=[jan(5)])
    assert standing(only_away) == standing(course)
    assert ks.follow.undo(only_away, at=noon(2)).patient == course.patient
    twice = ks.follow.undo(ks.follow.undo(away, at=noon(2)), at=noon(3))
    assert (standing(twice), twice.patient) == (standing(away), away.patient)


def test_what_became_of_days_away_is_said_where_no_booking_says_it():
    course = started("iv-2xw-4w-8")
    away = again(course, jan(1), away=[jan(14)])
    back = again(away, jan(2), availability=Calendar.always(ZONE))
    for before, after, said in (
        (away, back, "The patient can come after all: Thu 2027-01-14. No date changes."),
        (
            course,
            again(course, jan(1), away=[jan(5)]),
            "The patient is away: Tue 2027-01-05. No date changes.",
        ),
        (away, ks.follow.undo(away, at=noon(2)), "The patient can come after all: Thu 2027-01-14."),
    ):
        assert said in Replanned(before=before, after=after, findings=()).change_parts()
