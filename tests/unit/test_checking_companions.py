"""Checking what goes around the sessions: windows, hours, rides, holds, authorisations."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime, time, timedelta

import attrs
import pytest

from checked import AROUND, OUTCOME, THERAPIST, WEEKLY, T, booked, check, induction, january
from ketsched.calendars import Calendar
from ketsched.chairs import Occupancy
from ketsched.checking import Finding, Severity
from ketsched.checking import check as check_all
from ketsched.checking.sessiondays import DRINKING
from ketsched.clock import day_words
from ketsched.model import (
    Anchor,
    Authorisation,
    BookingStatus,
    Companion,
    Decision,
    Hold,
    Mark,
    PlacedCompanion,
    Spacing,
    Waiver,
    Window,
)
from ketsched.planning import plan
from ketsched.protocols import load_protocol, protocol_ids
from ketsched.words.telling import RESTRICTIONS
from making import OPEN, clinic, jan, protocol


def around_six(clock=time(9), **changed):
    """Return a course in which all is booked as it should be; `changed` are attributes of bookings, by id."""
    course = booked(AROUND, january(4, 7, 11, 14, 18, 21), clock)
    bookings = {
        "screening:s1": {"day": date(2026, 12, 28), "time": time(9), "outcome": OUTCOME},
        "therapy:s1": {"day": date(2027, 1, 5), "time": time(13)},
        "mid-review:s3": {"day": date(2027, 1, 11), "time": time(11), "session": "s3"},
        "form:s6": {"day": date(2027, 1, 28), "session": "s6"},
        "review:s6": {"day": date(2027, 2, 11), "time": time(9), "session": "s6"},
    }
    placed = [
        PlacedCompanion(
            **{"id": name, "companion": name.split(":")[0], "session": "s1"} | given | changed.get(name, {})
        )
        for name, given in bookings.items()
    ]
    sessions = tuple(
        attrs.evolve(session, **{"ride": "confirmed"} | changed.get(session.id, {}))
        for session in course.sessions
    )
    return attrs.evolve(
        course, sessions=sessions, companions=tuple(sorted(placed, key=lambda p: (p.day, p.time or time())))
    )


def found_around(course, **given):
    return check(course, calendar=OPEN, calendars={"therapist": THERAPIST}, as_of=date(2026, 12, 1), **given)


def test_a_course_with_all_that_goes_around_it_has_no_finding():
    assert found_around(around_six()) == ()
    assert check_all(around_six(), calendar=OPEN, calendars={"therapist": THERAPIST}) == ()


def test_a_course_without_it_is_told_once():
    course = attrs.evolve(around_six(), companions=())
    (found,) = check_all(course, calendar=OPEN)
    assert (found.code, found.severity, found.sessions, found.day) == ("KS402", Severity.INFO, (), None)
    assert (
        found.what
        == "No other appointments are planned (Screening, Therapy, Review, Review on the way and 1 more)."
    )
    (bare,) = check_all(booked(T, january(4, 7, 11, 14, 18, 21)), calendar=OPEN)
    assert bare.what == "The protocol has no other appointments: no screening, no review, no check-ups."


def test_a_booking_outside_its_window_is_an_error_that_names_the_window():
    (found,) = found_around(
        around_six(**{"screening:s1": {"day": date(2027, 1, 4), "time": time(8)}}), waivers=()
    )[:1]
    assert found == Finding(
        code="KS403",
        name="companion-outside-window",
        severity=Severity.ERROR,
        sessions=("s1",),
        companions=("screening:s1",),
        day=date(2027, 1, 4),
        what="Screening is on Mon 2027-01-04 at 08:00.",
        where="Screening, Mon 2027-01-04",
        why="It should be 1 to 14 days before the first session on Mon 2027-01-04.",
        fix="Move it to a day from Mon 2026-12-21 to Fri 2027-01-01.",
        source="house default; not from a publication",
        mark=Mark.HOUSE,
    )


@pytest.mark.parametrize(
    ("name", "changes", "code", "said"),
    [
        (
            "therapy:s1",
            {"status": BookingStatus.CLOSED},
            "KS401",
            (
                "Therapy is not booked.",
                "The protocol prefers it 1 to 10 days after session 1 on Mon 2027-01-04.",
                "Book it on a day from Tue 2027-01-05 to Tue 2027-01-12, or record an exception.",
            ),
        ),
        (
            "form:s6",
            {"status": BookingStatus.CLOSED},
            "KS401",
            (
                "Form is not booked.",
                "The protocol prefers it 0 to 7 days after session 6 on Thu 2027-01-21.",
                "Note it, due Thu 2027-01-28, or record an exception.",
            ),
        ),
        (
            "review:s6",
            {"day": date(2027, 2, 3)},
            "KS403",
            (
                "Review is on Wed 2027-02-03 at 09:00.",
                "It should be 14 to 31 days after the last session on Thu 2027-01-21.",
                "Move it to a day from Thu 2027-02-04 to Fri 2027-02-19.",
            ),
        ),
        (
            "form:s6",
            {"day": date(2027, 1, 29)},
            "KS403",
            (
                "Form is due Fri 2027-01-29.",
                "It should be 0 to 7 days after session 6 on Thu 2027-01-21.",
                "Set it to a day from Thu 2027-01-21 to Thu 2027-01-28.",
            ),
        ),
        (
            "mid-review:s3",
            {"day": date(2027, 1, 12)},
            "KS403",
            (
                "Review on the way is on Tue 2027-01-12 at 11:00.",
                "It should be on the day of session 3 on Mon 2027-01-11.",
                "Move it to Mon 2027-01-11.",
            ),
        ),
        (
            "therapy:s1",
            {"day": date(2027, 1, 7)},
            "KS404",
            (
                "Therapy is on the day of infusion 2 (Thu 2027-01-07).",
                "The protocol keeps those days free.",
                "Move it to Tue 2027-01-05.",
            ),
        ),
        (
            "therapy:s1",
            {"day": date(2027, 1, 6)},
            "KS405",
            (
                "Therapy on Wed 2027-01-06 at 13:00 is outside the hours of the therapist.",
                "The therapist has no hours on Wednesdays.",
                "Move it to Tue 2027-01-05.",
            ),
        ),
        (
            "therapy:s1",
            {"time": time(15, 15)},
            "KS405",
            (
                "Therapy on Tue 2027-01-05 at 15:15 is outside the hours of the therapist.",
                "It takes 60 minutes; the therapist has 10:00-16:00 on Tue 2027-01-05.",
                "Start at another hour of that day.",
            ),
        ),
        (
            "mid-review:s3",
            {"time": time(10, 45)},
            "KS406",
            (
                "Review on the way overlaps infusion 3 on Mon 2027-01-11.",
                "They begin at 09:00 and 10:45; the first ends at 11:00.",
                "Start it at 11:00 or later, or on another day.",
            ),
        ),
        (
            "mid-review:s3",
            {"time": time(8, 45)},
            "KS406",
            (
                "Review on the way overlaps infusion 3 on Mon 2027-01-11.",
                "They begin at 08:45 and 09:00; the first ends at 09:15.",
                "Let it end by 09:00, or move it to another day.",
            ),
        ),
        (
            "s3",
            {"ride": "self"},
            "KS410",
            (
                "The patient plans to drive home after infusion 3 (Mon 2027-01-11).",
                "Driving is not allowed for 24 hours after it.",
                "Arrange another ride, or move the session.",
            ),
        ),
        (
            "screening:s1",
            {"outcome": None, "status": BookingStatus.FULFILLED},
            "KS418",
            (
                "Infusions 1 to 6 wait for the decision at Screening on Mon 2026-12-28.",
                "Its day is over, and no decision is recorded.",
                "Record who decided what: ketsched record decision FILE screening:s1 continue --who NAME --on DATE",
            ),
        ),
        (
            "screening:s1",
            {"outcome": Decision(what="stop", on=date(2026, 12, 29), who="Dr B")},
            "KS426",
            (
                "Infusions 1 to 6 are booked after the decision to stop on 2026-12-29.",
                "Dr B decided it.",
                "If the decision has changed, record it. If not, cancel them: ketsched replan FILE",
            ),
        ),
    ],
)
def test_what_findings_about_companions_say(name, changes, code, said):
    found = [f for f in found_around(around_six(**{name: changes})) if f.code == code]
    assert [(f.what, f.why, f.fix) for f in found] == [said]


@pytest.mark.parametrize(
    ("window", "said"),
    [
        ((0, 0), "on the day of"),
        ((7, 7), "7 days after"),
        ((-1, -1), "1 day before"),
        ((0, 7), "0 to 7 days after"),
        ((1, 7), "1 to 7 days after"),
        ((-14, -1), "1 to 14 days before"),
        ((-14, 0), "0 to 14 days before"),
        ((-2, 3), "2 days before to 3 days after"),
    ],
)
def test_a_window_is_said_in_days(window, said):
    low, high = window
    review = attrs.evolve(
        AROUND.companions[3],
        window=Window(earliest=low, recommended=low, latest=high),
        anchor=Anchor(session=1),
    )
    course = booked(protocol(induction(1), companions=(review,)), january(4))
    placed = PlacedCompanion(id="mid-review:s1", companion="mid-review", session="s1", day=date(2027, 2, 1))
    found = [f.why for f in check(attrs.evolve(course, companions=(placed,))) if f.code == "KS403"]
    assert found == [f"It should be {said} session 1 on Mon 2027-01-04."]


@pytest.mark.parametrize(
    ("code", "day", "weekdays", "fix"),
    [
        ("KS405", date(2027, 1, 8), (), "Move it to Tue 2027-01-05."),  # Thursday the 7th is a session's day
        (
            "KS405",
            date(2027, 1, 13),
            (3,),
            "Open a day from Tue 2027-01-05 to Thu 2027-01-14, or ask somebody else.",
        ),
        ("KS404", date(2027, 1, 11), (), "Move it to Tue 2027-01-12."),
        ("KS404", date(2027, 1, 11), (1,), "Move it to Tue 2027-01-12."),
        ("KS404", date(2027, 1, 11), (0,), "No other day is open for it: move the session."),
    ],
)
def test_a_fix_names_a_day_that_the_protocol_allows(code, day, weekdays, fix):
    """Sessions on Mon 4, Thu 7, Mon 11 and Thu 14; the therapist has Tuesdays and Thursdays."""
    companions = tuple(
        attrs.evolve(c, weekdays=weekdays) if c.id == "therapy" else c for c in AROUND.companions
    )
    course = around_six(**{"therapy:s1": {"day": day}})
    course = attrs.evolve(course, protocol=attrs.evolve(AROUND, companions=companions))
    assert [f.fix for f in found_around(course) if f.code == code] == [fix]


def test_the_distance_between_two_bookings_names_the_day_to_move_to():
    pair = Spacing(minimum=5, latest=9)
    therapy = attrs.evolve(
        AROUND.companions[1],
        count=2,
        every=WEEKLY,
        spacing=(pair,),
        window=Window(earliest=1, recommended=1, latest=30),
    )
    course = booked(protocol(induction(1), companions=(therapy,)), january(4))
    for day, fix in (
        (8, "Move it to Sun 2027-01-10 or later."),
        (15, "Move it to Thu 2027-01-14 or earlier."),
    ):
        placed = tuple(
            PlacedCompanion(id=f"therapy:s1:{n}", companion="therapy", session="s1", day=date(2027, 1, d))
            for n, d in ((1, 5), (2, day))
        )
        (found,) = (f for f in check(attrs.evolve(course, companions=placed)) if f.code == "KS403")
        assert (
            found.what
            == f"Therapy on {day_words(jan(day))} is {day - 5} days after the one on Tue 2027-01-05."
        )
        assert found.why == "The protocol prefers at least 5 days apart, at most 9 days between two."
        assert (found.fix, found.companions) == (fix, ("therapy:s1:1", "therapy:s1:2"))


def test_what_is_missing_everywhere_says_whether_some_of_it_can_still_be_booked():
    forms = attrs.evolve(AROUND.companions[4], anchor=Anchor(every=1), required=True)
    plan_of = attrs.evolve(AROUND, companions=(*AROUND.companions[:4], forms))
    course = attrs.evolve(around_six(), protocol=plan_of)
    course = attrs.evolve(course, companions=tuple(p for p in course.companions if p.companion != "form"))
    said = {}
    for today in (
        date(2027, 1, 11),
        date(2027, 1, 12),
        date(2027, 1, 29),
    ):  # the first form is due on the 11th
        (found,) = (f for f in check(course, calendar=OPEN, as_of=today) if f.code == "KS401")
        assert found.what == "No form is booked, for 6 sessions."
        said[today.day] = (found.severity, found.fix)
    assert said == {
        11: (Severity.ERROR, "Book it, or record an exception."),
        12: (Severity.ERROR, "Book it for those to come, or record an exception."),
        29: (
            Severity.WARNING,
            "No day is left: record what took place, tell a clinician, or record an exception.",
        ),
    }


def test_the_day_on_which_driving_is_allowed_again_is_said_with_its_clock_time():
    course = around_six(**{"therapy:s1": {"time": time(9), "day": date(2027, 1, 5)}})
    (found,) = (f for f in found_around(course) if f.code == "KS408")
    assert (
        found.what
        == "Therapy starts at 09:00, before the patient may drive after infusion 1 (Mon 2027-01-04)."
    )
    assert found.why == "The patient may drive from Tue 2027-01-05 at 10:00."
    assert (found.sessions, found.companions) == (("s1",), ("therapy:s1",))


def test_a_hold_names_its_reason_and_every_session_it_holds():
    waiting = {f"s{n}": {"status": BookingStatus.TENTATIVE} for n in (4, 5)}
    held = Hold(id="h1", reason="blood pressure", who="Dr A", since=date(2027, 1, 14))
    findings = found_around(attrs.evolve(around_six(**waiting), holds=(held,)))
    assert [(f.code, f.sessions) for f in findings] == [("KS416", ("s4", "s5", "s6")), ("KS417", ("s6",))]
    said = {f.code: (f.what, f.why) for f in findings}
    assert said["KS416"] == (
        "Infusions 4 to 6 are on hold: blood pressure.",
        "Dr A decided it for all sessions from 2027-01-14 on.",
    )
    assert said["KS417"] == (
        "Infusion 6 (Thu 2027-01-21) is shown as confirmed.",
        "It waits for: hold h1 by Dr A.",
    )


def test_what_awaits_an_outcome_is_named_once_with_the_sessions_that_wait():
    gates = tuple(attrs.evolve(c, gate=c.id == "mid-review") for c in AROUND.companions)
    waiting = {f"s{n}": {"status": BookingStatus.TENTATIVE} for n in (4, 5, 6)}
    course = attrs.evolve(around_six(**waiting), protocol=attrs.evolve(AROUND, companions=gates))
    (found,) = found_around(course)
    assert (found.code, found.severity, found.sessions) == ("KS418", Severity.INFO, ("s4", "s5", "s6"))
    assert found.companions == ("mid-review:s3",)
    assert found.what == "Infusions 4 to 6 wait for the decision at Review on the way on Mon 2027-01-11."


def test_an_authorisation_says_what_it_pays_for():
    unpaid = {"s6": {"status": BookingStatus.TENTATIVE}}
    paid = Authorisation(sessions=5, until=date(2027, 1, 31), name="letter 2")
    course = attrs.evolve(around_six(**unpaid), authorisations=(paid,))
    (found,) = found_around(course)
    assert (found.code, found.what) == ("KS419", "Infusion 6 (Thu 2027-01-21) is not authorised.")
    assert found.why == "Authorised for induction: 5 sessions until 2027-01-31."
    soon = check(course, calendar=OPEN, calendars={"therapist": THERAPIST}, as_of=date(2027, 1, 4))
    (found,) = (f for f in soon if f.code == "KS420")
    assert found.what == "The authorisation ends on Mon 2027-01-18; infusion 6 (Thu 2027-01-21) comes later."
    assert (found.where, found.day) == ("authorisation letter 2", date(2027, 1, 18))


def test_a_waiver_of_the_session_that_an_appointment_goes_with_covers_it():
    waiver = Waiver(rule="KS405", sessions=("s1",), reason="she comes in for it", who="Dr A")
    course = around_six(**{"therapy:s1": {"day": date(2027, 1, 6)}})
    (found,) = found_around(course, waivers=[waiver])
    assert (found.code, found.severity, found.waived_by) == ("KS405", Severity.INFO, waiver)


def test_somebody_who_is_with_another_patient_cannot():
    start = datetime(2027, 1, 5, 12, 30, tzinfo=UTC)  # 13:30 in Amsterdam
    taken = attrs.evolve(THERAPIST, bookings=(Occupancy(start, start + timedelta(hours=1)),))
    (found,) = check(around_six(), calendar=OPEN, calendars={"therapist": taken})
    assert (found.code, found.why) == ("KS405", "The therapist has another booking between 13:00 and 14:00.")
    free = attrs.evolve(
        THERAPIST, bookings=(Occupancy(start + timedelta(minutes=30), start + timedelta(hours=1)),)
    )
    assert check(around_six(), calendar=OPEN, calendars={"therapist": free}) == ()


def test_what_is_for_the_clinic_alone_does_not_ask_when_the_patient_can():
    patient = Calendar.always("Europe/Amsterdam").without([date(2027, 2, 11)], "away")
    course = around_six()
    (found,) = check(course, calendar=OPEN & patient, calendars={"therapist": THERAPIST})
    assert (found.code, found.companions, found.why) == (
        "KS405",
        ("review:s6",),
        "2027-02-11 is closed: away.",
    )
    alone = tuple(attrs.evolve(c, audience="clinic") if c.id == "review" else c for c in AROUND.companions)
    course = attrs.evolve(course, protocol=attrs.evolve(AROUND, companions=alone))
    assert check(course, calendar=OPEN & patient, calendars={"therapist": THERAPIST}) == ()


def test_a_calendar_without_a_name_of_its_own_is_called_as_the_protocol_does():
    nameless = attrs.evolve(THERAPIST, name="the clinic")
    (found,) = check(
        around_six(**{"therapy:s1": {"day": date(2027, 1, 6)}}),
        calendar=OPEN,
        calendars={"therapist": nameless},
    )
    assert found.what == "Therapy on Wed 2027-01-06 at 13:00 is outside the hours of therapist."


def test_hours_that_were_not_given_are_named_and_rules_that_had_nothing_to_judge_are_not():
    (found,) = check(around_six(), calendar=OPEN)
    assert (found.code, found.what) == ("KS601", "Not checked: the hours of therapist.")
    (found,) = check(around_six())
    assert found.what.endswith("KS304 no-free-chair, KS405 companion-outside-hours.")
    (found,) = check(around_six(None), calendar=OPEN, calendars={"therapist": THERAPIST})
    assert found.what == (
        "Not checked for all sessions: KS106 too-few-hours, KS302 outside-opening-hours, KS304 no-free-chair, "
        "KS305 evening-session, KS306 start-does-not-exist, KS309 sessions-overlap, KS406 companion-overlaps, "
        "KS407 trip-after-session, KS408 driving-to-appointment."
    )


def test_what_counts_as_drinking_is_what_files_call_so():
    assert set(DRINKING) == {what for what, line in RESTRICTIONS.items() if line == "drink"}


@pytest.mark.parametrize("name", protocol_ids())
@pytest.mark.parametrize("start", january(4, 6, 8))
def test_a_plan_of_a_shipped_protocol_has_no_error(name, start):
    """The planner and the rules read windows, anchors and hours separately and must agree."""
    early_and_late = clinic(hours="08:00-18:00")
    course = plan(load_protocol(name), start=start, calendar=early_and_late)
    assert [str(f) for f in check_all(course, calendar=early_and_late) if f.severity is Severity.ERROR] == []


def lines_run(what):
    """How many lines of Python something runs: its work, however that is cut into functions."""
    run = 0

    def count(_frame, event, _argument):
        nonlocal run
        run += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        what()
    finally:
        sys.settrace(before)
    return run


def test_a_check_of_a_course_with_much_around_it_asks_each_booking_once():
    """Twelve companions at each session: the work grows with the bookings, not with their pairs."""
    companions = tuple(
        Companion(
            id=f"c{n}", kind="appointment", topic="check-in", title=f"C{n}", anchor=Anchor(every=1), minutes=5
        )
        for n in range(12)
    )
    work = {}
    for number in (10, 40):
        plan_of = protocol(induction(number, spacing=(Spacing(minimum=1),)), companions=companions)
        course = booked(plan_of, [date(2027, 1, 4) + timedelta(n) for n in range(number)])
        placed = [
            PlacedCompanion(
                id=f"c{c}:{s.id}", companion=f"c{c}", session=s.id, day=s.day, time=time(12, 5 * c)
            )
            for s in course.sessions
            for c in range(12)
        ]
        course = attrs.evolve(course, companions=tuple(placed))
        assert {f.code for f in check(course)} <= {"KS412", "KS413", "KS414", "KS601"}
        work[number] = lines_run(lambda course=course: check(course))
    assert work[40] < 5 * work[10]  # with every pair it would be 16 times as much


@pytest.mark.parametrize(
    ("latest", "said"),
    [
        (None, "The protocol has no review of the response to induction."),
        (2, "The review is too early for the response to induction."),
        (3, None),
    ],
)
def test_a_review_that_is_too_early_is_not_called_missing(latest, said):
    """Sessions on Mon 4 and Thu 7 January; the review counts from the first."""
    window = Window(earliest=0, recommended=1, latest=latest or 1)
    topic = "screening" if latest is None else "review"
    look = Companion(
        id="look",
        kind="appointment",
        topic=topic,
        title="Look",
        anchor=Anchor(session=1),
        window=window,
        minutes=30,
    )
    course = booked(protocol(induction(count=2), companions=(look,)), january(4, 7))
    found = [finding for finding in check_all(course) if finding.code == "KS413"]
    assert [finding.what for finding in found] == ([] if said is None else [said])
    if latest == 2:
        assert "Wed 2027-01-06 at the latest, the last session on Thu 2027-01-07" in found[0].why
