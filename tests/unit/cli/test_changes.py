"""Changes of a course file: outcomes, holds, authorisations, rides, tasks, and what goes around it anew."""

from __future__ import annotations

import json
import os
import re
import signal
from datetime import date
from pathlib import Path

import pytest

from clinicfiles import CLINIC, SAID, THERAPIST, WEEK, WITH_THERAPIST, events, folder, said_in_four_parts
from ketsched.interchange import read
from ketsched.model import BookingStatus

pytestmark = pytest.mark.usefixtures("own_folder")


LATER = ("--at", "2026-12-29T09:00:00Z")


def states(name: str = "course.json") -> list[str]:
    return [str(session.status) for session in read(name).sessions]


FIRM, UNSURE = "firm", "tentative"


def decided(run) -> None:
    """Let the screening and the review go well, so that nothing holds the sessions up."""
    for companion in ("screening", "review"):
        words = (companion, "continue", "--who", "Dr A", "--on", "2026-12-28")
        assert run("record", "decision", "course.json", *words, "--at", "2026-12-28T15:00:00Z").code == 0
    assert states() == [FIRM] * 6


def test_an_outcome_makes_sessions_firm(run, course):
    """
    After the screening the review still waits: it comes before sessions 4 to 6.

    With session 1 go a call and a form on later days; the rides are confirmed the day before, come what may.
    """
    assert states() == [UNSURE] * 6
    done = run(
        "record", "decision", course, "screening", "continue", "--who", "Dr A", "--on", "2026-12-28", *LATER
    )
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "Screening for ketamine of Mon 2026-12-28: continue (Dr A).\n"
        "Changes\n"
        "  confirmed  infusion 1  Mon 2027-01-04 at 09:00\n"
        "  confirmed  infusion 2  Wed 2027-01-06 at 09:00\n"
        "  confirmed  infusion 3  Fri 2027-01-08 at 09:00\n"
        "  and 2 appointments and to-dos with them\n"
        "To be confirmed: infusions 4 to 6. Review in mid-series of 2027-01-08 has no\n"
        "  outcome yet.\n"
        "\n"
        "Say on the telephone (make sure you are speaking to the patient)\n"
        "  Your appointments will go ahead as planned. The next one is on Monday, January\n"
        "  4, 2027 at 9 am.\n"
        "\n"
        "Saved: course.json (revision 2).\n"
    )
    assert states() == [FIRM] * 3 + [UNSURE] * 3
    now = read("course.json")
    screening = next(placed for placed in now.companions if placed.id == "screening:start")
    assert (screening.status, screening.outcome.what, screening.outcome.who) == (
        BookingStatus.FULFILLED,
        "continue",
        "Dr A",
    )
    assert now.revisions[-1].at.isoformat() == "2026-12-29T09:00:00+00:00"


def test_stop_leaves_them_to_be_confirmed(run, course):
    decided(run)
    done = run(
        "record", "decision", course, "2027-01-08", "stop", "--who", "Dr B", "--on", "2027-01-08", *LATER
    )
    assert done.code == 0
    assert states() == [FIRM] * 3 + [UNSURE] * 3
    assert "To be confirmed: infusions 4 to 6. " in done.out
    assert "said stop (Dr B, 2027-01-08)" in " ".join(done.out.split())


@pytest.mark.parametrize("name", ["review:session3", "review", "2027-01-08"])
def test_an_appointment_that_decides_is_known_by_id_name_and_day(run, course, name):
    assert (
        run("record", "decision", course, name, "continue", "--who", "A", "--on", "2027-01-08", *LATER).code
        == 0
    )
    placed = {placed.id: placed for placed in read(course).companions}
    assert placed["review:session3"].outcome is not None
    assert placed["screening:start"].outcome is None


def test_a_hold_holds_from_a_day_on_until_it_is_lifted(run, course):
    """From Monday 11 January on are sessions 4 to 6, and therapy twice after session 4."""
    decided(run)
    words = ("--reason", "psychosis", "--who", "Dr A", "--since", "2027-01-09")
    done = run("hold", course, *words, *LATER)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "On hold (h1, Dr A): all from Sat 2027-01-09 on.\n"
        "Changes\n"
        "  to confirm  infusion 4  Mon 2027-01-11 at 09:00\n"
        "  to confirm  infusion 5  Wed 2027-01-13 at 09:00\n"
        "  to confirm  infusion 6  Fri 2027-01-15 at 09:00\n"
        "  and 2 appointments and to-dos with them\n"
        "To be confirmed: infusions 4 to 6. Hold h1 by Dr A: psychosis.\n"
        "\n"
        "Say on the telephone (make sure you are speaking to the patient)\n"
        "  Your appointments from Monday, January 11, 2027 on are paused. Please keep the\n"
        "  times free. We will call you before the first one.\n"
        "\n"
        "Saved: course.json (revision 4).\n"
    )
    assert states() == [FIRM] * 3 + [UNSURE] * 3
    done = run("release", course, "h1", "--who", "Dr B", "--on", "2027-01-10", *LATER)
    assert done.out == (
        "Hold h1 was released by Dr B on Sun 2027-01-10.\n"
        "Changes\n"
        "  confirmed  infusion 4  Mon 2027-01-11 at 09:00\n"
        "  confirmed  infusion 5  Wed 2027-01-13 at 09:00\n"
        "  confirmed  infusion 6  Fri 2027-01-15 at 09:00\n"
        "  and 2 appointments and to-dos with them\n"
        "\n"
        "Say on the telephone (make sure you are speaking to the patient)\n"
        "  Your appointments will go ahead as planned. The next one is on Monday, January\n"
        "  4, 2027 at 9 am.\n"
        "\n"
        "Saved: course.json (revision 5).\n"
    )
    assert states() == [FIRM] * 6
    hold = read(course).holds[0]
    assert (hold.lifted_by, hold.lifted_on) == ("Dr B", date(2027, 1, 10))


@pytest.mark.parametrize(
    ("since", "held"), [("2027-01-11", 3), ("2027-01-12", 2), ("2027-01-15", 1), ("2027-01-16", 0)]
)
def test_a_hold_begins_with_the_sessions_of_its_first_day(run, course, since, held):
    decided(run)
    done = run("hold", course, "--reason", "rash", "--who", "A", "--since", since, *LATER)
    assert done.code == 0
    assert states() == [FIRM] * (6 - held) + [UNSURE] * held


def test_a_hold_begins_on_the_clinics_date_of_its_moment(run, course):
    """At 03:00 UTC on 12 January it is still 11 January in New York: session 4 is held."""
    decided(run)
    words = ("--reason", "rash", "--who", "A", "--at", "2027-01-12T03:00:00Z")
    assert run("hold", course, *words).code == 0
    assert read(course).holds[0].since == date(2027, 1, 11)
    assert states() == [FIRM] * 3 + [UNSURE] * 3


def test_single_sessions_are_held_by_id_and_by_day(run, course):
    decided(run)
    words = ("--session", "2027-01-06", "--session", "s4", "--session", "s2")
    done = run("hold", course, "--reason", "rash", "--who", "Dr A", *words, *LATER)
    assert done.out.startswith("On hold (h1, Dr A): infusions 2, 4.\n")
    assert re.findall(r"^  to confirm  (infusion \d) ", done.out, re.M) == ["infusion 2", "infusion 4"]
    assert states() == [FIRM, UNSURE, FIRM, UNSURE, FIRM, FIRM]
    assert read(course).holds[0].sessions == ("s2", "s4")


def test_what_another_hold_holds_stays_to_be_confirmed(run, course):
    decided(run)
    for words in (("--since", "2027-01-11"), ("--session", "s5")):
        assert run("hold", course, "--reason", "rash", "--who", "A", *words, *LATER).code == 0
    done = run("release", course, "h1", "--who", "A", "--on", "2027-01-05", *LATER)
    assert re.findall(r"^  confirmed  (infusion \d) ", done.out, re.M) == ["infusion 4", "infusion 6"]
    assert "To be confirmed: infusion 5. Hold h2 by A: rash.\n" in done.out
    assert states() == [FIRM] * 4 + [UNSURE, FIRM]


@pytest.mark.parametrize(
    ("words", "paid"),
    [
        (("--sessions", "4"), 4),
        (("--sessions", "6"), 6),
        (("--sessions", "6", "--until", "2027-01-13"), 5),
        (("--sessions", "6", "--until", "2027-01-12", "--scope", "induction"), 4),
    ],
)
def test_sessions_beyond_an_authorisation_are_to_be_confirmed(run, course, words, paid):
    decided(run)
    done = run("authorise", course, *words, *LATER)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{words[1]} sessions authorised.\n")
    assert states() == [FIRM] * paid + [UNSURE] * (6 - paid)
    assert ("No authorisation" in done.out) == (paid < 6)


def test_a_second_authorisation_pays_for_the_rest(run, course):
    decided(run)
    run("authorise", course, "--sessions", "4", *LATER)
    words = ("--from", "2027-01-13", "--required", "--warn-days", "7", "--name", "letter 2")
    done = run("authorise", course, "--sessions", "1", *words, *LATER)
    assert done.out.startswith(
        "1 session authorised.\nChanges\n  confirmed  infusion 5  Wed 2027-01-13 at 09:00\n"
    )
    assert states() == [FIRM] * 5 + [UNSURE]
    second = read(course).authorisations[1]
    assert (second.first, second.required, second.warn_days, second.name) == (
        date(2027, 1, 13),
        True,
        7,
        "letter 2",
    )


@pytest.mark.parametrize(
    ("known", "says", "changed"),
    [
        ("confirmed", "confirmed", 1),
        ("none", "there is none", 0),
        ("self", "the patient means to drive", 0),
    ],
)
def test_a_ride_is_recorded_and_moves_no_session(run, course, known, says, changed):
    """Once it is confirmed, the patient's reminder to confirm it says so; no other day's event changes."""
    words = ("-o", "patient.ics")
    assert run("appointments", course, *WEEK, *WITH_THERAPIST, *words, *LATER).code == 0
    before = events("patient.ics")
    done = run("record", "ride", course, "2027-01-06", known, *words, *LATER)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        f"Ride home on Wed 2027-01-06: {says}.\n\n"
        "Saved: course.json (revision 2), patient.ics (patient, discreet).\n"
    )
    now = read(course)
    assert [session.ride for session in now.sessions] == ["", known, "", "", "", ""]
    tasks = {placed.id: placed.status for placed in now.companions if placed.companion == "ride"}
    assert [name for name, status in tasks.items() if status is BookingStatus.FULFILLED] == [
        "ride:s2"
    ] * changed
    pairs = [(one, other) for one, other in zip(before, events("patient.ics"), strict=True) if one != other]
    assert bool(pairs) == bool(changed)
    for pair in pairs:  # the reminder is on the day before the session
        assert all(re.search("^DTSTART.*:2027010[56]", event, re.M) for event in pair)


@pytest.mark.parametrize("name", ["form:session1", "form", "2027-01-11"])
def test_a_task_is_done(run, course, name):
    """The form is the one thing besides sessions on Monday 11 January."""
    done = run("record", "done", course, name, *LATER)
    assert (done.code, done.err) == (0, "")
    assert done.out == "Monitoring form of Mon 2027-01-11: done.\n\nSaved: course.json (revision 2).\n"
    done_now = [placed.id for placed in read(course).companions if placed.status is BookingStatus.FULFILLED]
    assert done_now == ["form:session1"]


def test_what_changes_nothing_leaves_the_file_as_it_is(run, course):
    run("record", "ride", course, "s2", "confirmed", *LATER)
    before = Path(course).read_bytes(), Path(course).stat().st_mtime_ns
    done = run(
        "record", "ride", course, "s2", "confirmed", "--at", "2026-12-30T09:00:00Z", "-o", "patient.ics"
    )
    assert done.code == 0
    assert (Path(course).read_bytes(), Path(course).stat().st_mtime_ns) == before
    assert done.out.endswith("\nNothing has changed.\nSaved: patient.ics (patient, discreet).\n")


def test_what_goes_around_is_placed_anew_where_it_no_longer_fits(run, course):
    """On Thursdays alone therapy is on 14 and 21 January; the window ends a fortnight after the 11th, on the 25th."""
    Path("therapist.toml").write_text(
        THERAPIST.replace('tue = "13:00-20:00"', 'tue = "closed"'), encoding="utf-8"
    )
    done = run("appointments", course, *WEEK, *WITH_THERAPIST, *LATER)
    assert (done.code, done.err) == (0, "")
    days = re.findall(r"^  moved +Therapy +\S+ \d\d to Thu (\S+) at 13:00", done.out, re.M)
    assert days == ["2027-01-14", "2027-01-21"]
    assert done.out.endswith("Saved: course.json (revision 2).\n")
    again = run("appointments", course, *WEEK, *WITH_THERAPIST, *LATER)
    assert again.out == "Nothing to change: every date can stay.\n"


def test_a_to_do_is_cancelled_and_stays_so(run, course):
    """The form after the first session: nothing asks for it any more, and no command plans it again."""
    assert any(placed.id == "form:session1" and placed.status.stands for placed in read(course).companions)
    done = run("cancel", course, "form:session1", *WEEK, *WITH_THERAPIST, "--who", "Dr A", *LATER)
    assert (done.code, done.err) == (0, "")
    for _ in range(2):
        form = next(placed for placed in read(course).companions if placed.id == "form:session1")
        assert form.status == "closed"
        assert run("appointments", course, *WEEK, *WITH_THERAPIST, *LATER).code == 0
    again = run("cancel", course, "form:session1", *WEEK, *WITH_THERAPIST, *LATER)
    assert again.code == 2
    assert said_in_four_parts(again.err)


def test_a_therapists_appointments_are_not_moved_without_the_therapists_hours(run, course):
    Path("therapist.toml").unlink()
    before = Path(course).read_bytes()
    done = run("appointments", course, *WEEK, *LATER)
    assert (done.code, done.out, Path(course).read_bytes()) == (2, "", before)
    gone, _, error = done.err.partition("\n")
    assert gone == "therapist.toml is not beside course.json any more: going on without it"
    assert said_in_four_parts(error)
    assert "the calendar of therapist is missing" in done.err


def test_what_has_lost_its_session_is_cancelled_and_what_goes_with_the_first_moves(run, course):
    """Without Monday 4 January the first session is on Wednesday: a call the day after, a form within a week."""
    document = json.loads(Path(course).read_text("utf-8"))
    document["sessions"][0]["status"] = "closed"
    Path(course).write_text(json.dumps(document), encoding="utf-8")
    found = json.loads(run("appointments", course, *WEEK, *WITH_THERAPIST, "--json", *LATER).out)
    changes = {change["booking"]: change["change"] for change in found["changes"]}
    assert [booking for booking, kind in changes.items() if kind == "closed"] == ["ride:s1"]
    assert changes["call:session1"] == changes["form:session1"] == "moved"
    days = {one["id"]: one["day"] for one in found["course"]["companions"]}
    assert (days["call:session1"], days["form:session1"]) == ("2027-01-07", "2027-01-13")


def test_accompany_takes_a_case_with_what_the_patient_cannot(run, course, case_around):
    """Therapy keeps off Tuesday 12 January, and goes with the other one to the next days that are free."""
    with Path("case.toml").open("a", encoding="utf-8") as file:
        file.write("[[cannot]]\non = 2027-01-12\n")
    Path("clinic.toml").write_text(CLINIC + 'tue = "09:00-17:00"\nthu = "09:00-17:00"\n', encoding="utf-8")
    found = json.loads(run("appointments", course, "--case", case_around, "--json", *LATER).out)
    therapy = [one["day"] for one in found["course"]["companions"] if one["companion"] == "therapy"]
    assert "2027-01-12" not in therapy
    assert {change["change"] for change in found["changes"]} == {"moved"}


def test_json_says_what_changed(run, course):
    words = ("screening", "continue", "--who", "Dr A", "--on", "2026-12-28", "--json")
    done = run("record", "decision", course, *words, *LATER, "-o", "patient.ics")
    assert done.out.isascii()
    found = json.loads(done.out)
    assert (found["changed"], found["revision"]) == (True, 2)
    assert (found["now_firm"], found["now_to_be_confirmed"]) == (["s1", "s2", "s3"], [])
    assert set(found["to_confirm"]) == {"s4", "s5", "s6"}
    assert (found["added"], found["moved"], found["cancelled"]) == ([], [], [])
    Path("again.json").write_text(json.dumps(found["course"]), encoding="utf-8")
    assert read("again.json") == read(course)


def test_calendars_say_to_be_confirmed_and_never_why(run, course):
    """The reason of a hold is in the course file and in the clinic's calendar at full; in no file of the patient."""
    decided(run)
    privacies = ("discreet", "named", "full")
    words = [word for level in privacies for word in ("-o", f"{level}.ics:patient,{level}")]
    words += ["-o", "clinic.ics:clinic,full"]
    done = run("hold", course, "--reason", "psychosis", "--who", "Dr Zed", "--session", "s4", *LATER, *words)
    assert done.code == 0
    for level in privacies:
        text = Path(f"{level}.ics").read_text("utf-8").replace("\r\n ", "")
        assert len(re.findall("^SUMMARY:.*to be confirmed", text, re.M)) >= 1
        assert "psychosis" not in text
        assert "Zed" not in text
    assert "psychosis" in Path(course).read_text("utf-8")
    assert "psychosis" in Path("clinic.ics").read_text("utf-8").replace("\r\n ", "")


WHO = ("--who", "Dr A", "--on", "2027-01-08")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("hold", "FILE", "--who", "Dr A"), "missing option '--reason'"),
        (("hold", "FILE", "--reason", "rash"), "missing option '--who'"),
        (("hold", "FILE", "--reason", " ", "--who", "Dr A"), "a hold without a reason or a name"),
        (("hold", "FILE", "--reason", "x", "--who", "A", "--since", "soon"), "--since"),
        (("hold", "FILE", "--reason", "x", "--who", "A", "--session", "s7"), "There is no session 's7'"),
        (("hold", "FILE", "--reason", "x", "--who", "A", "--session", "2027-01-05"), "s1 (2027-01-04), s2"),
        (("hold", "FILE", "--reason", "x", "--who", "A", "--at", "noon"), "'noon' is not a moment"),
        (("hold", "FILE", "--reason", "x", "--who", "A", "--at", "9999-12-31T23:59:59-12:00"), "--at"),
        (
            ("hold", "FILE", "--reason", "x", "--who", "A", "--at", "2026-11-20T08:59:59Z"),
            "drop --at, or give that",
        ),
        (("hold", "missing.json", "--reason", "x", "--who", "A"), "cannot open missing.json"),
        (("hold", "own.toml", "--reason", "x", "--who", "A"), "own.toml is no course file"),
        (("release", "FILE", "h2", *WHO), "There is no active hold 'h2'"),
        (("release", "FILE", "h1", "--who", "Dr A"), "missing option '--on'"),
        (("release", "FILE", "h1", "--on", "2027-01-08"), "missing option '--who'"),
        (("release", "FILE", "h1", "--who", "A", "--on", "2027-02-30"), "--on"),
        (("release", "FILE", "h1", "--who", " ", "--on", "2027-01-08"), "lifted in part"),
        (("release", "FILE"), "missing argument 'HOLD'"),
        (("authorise", "FILE"), "missing option '--sessions'"),
        (("authorise", "FILE", "--sessions", "0"), "an authorisation of 0 sessions"),
        (("authorise", "FILE", "--sessions", "six"), "'--sessions'"),
        (("authorise", "FILE", "--sessions", "6", "--scope", "induktion"), "did you mean induction?"),
        (("authorise", "FILE", "--sessions", "6", "--warn-days", "400"), "an authorisation of 6 sessions"),
        (
            ("authorise", "FILE", "--sessions", "6", "--from", "2027-02-01", "--until", "2027-01-31"),
            "from 2027-02-01 until 2027-01-31",
        ),
        (("authorise", "FILE", "--sessions", "6", "--from", "x"), "--from"),
        (("authorise", "FILE", "--sessions", "6", "--until", "x"), "--until"),
        (("record", "decision", "FILE", "screening", "perhaps", *WHO), "'perhaps' is not one of"),
        (
            ("record", "decision", "FILE", "call", "continue", *WHO),
            "has screening:start (2026-12-28), review:session3",
        ),
        (
            ("record", "decision", "FILE", "call:s1", "stop", *WHO),
            "There is no appointment that decides 'call:s1'",
        ),
        (
            ("record", "decision", "FILE", "2027-01-05", "stop", *WHO),
            "There is no appointment that decides '2027-01-05'",
        ),
        (("record", "decision", "FILE", "screening", "stop", "--who", "A"), "missing option '--on'"),
        (
            ("record", "decision", "FILE", "screening", "stop", "--who", " ", "--on", "2027-01-08"),
            "by nobody",
        ),
        (("record", "decision", "FILE", "screening", "stop", "--who", "A", "--on", "8.1."), "--on"),
        (("record", "done", "FILE", "screening"), "There is no appointment or task 'screening'"),
        (
            ("record", "done", "FILE", "therapy"),
            "has therapy:session4:1 (2027-01-12), therapy:session4:2 (2027-01-14)",
        ),
        (("record", "done", "FILE", "2027-01-12"), "There are 2 of them on 2027-01-12"),
        (("record", "done", "FILE"), "missing argument 'COMPANION'"),
        (("record", "ride", "FILE", "s2", "perhaps"), "'perhaps' is not one of"),
        (("record", "ride", "FILE", "s9", "confirmed"), "There is no session 's9'"),
        (("record", "ride", "FILE", "2027-01-05", "confirmed"), "There is no session '2027-01-05'"),
        (("appointments", "FILE"), "the clinic's hours are missing"),
        (("appointments", "FILE", "--clinic", "missing.toml"), "cannot open missing.toml"),
        (("appointments", "FILE", "--case", "missing.toml"), "cannot open missing.toml"),
        (("appointments", "FILE", *WEEK, "--time", "25:00"), "--time"),
        (
            ("appointments", "FILE", "--zone", "Europe/Paris", *WEEK[2:]),
            "The course is in zone America/New_York, the clinic file in Europe/Paris",
        ),
        (("appointments", "FILE", *WEEK, "--staff", "therapist=away.toml"), "no day for Therapy"),
        (
            ("record", "ride", "FILE", "s2", "none", "-o", "course.json"),
            "course.json would make a second course file",
        ),
        (
            ("record", "ride", "FILE", "s2", "none", "-o", "second.json"),
            "second.json would make a second course file",
        ),
        (
            ("record", "ride", "FILE", "s2", "none", "-o", "link.ics"),
            "link.ics would make a second course file",
        ),
        (("record", "ride", "FILE", "s2", "none", "-o", "a.pdf"), "no suffix of a known format"),
        (("record", "ride", "FILE", "s2", "none", "-o", "a.ics", "-o", "a.ics"), "is named twice"),
        (("record", "ride", "FILE", "s2", "none", "-o", "a.ics", "-o", "nowhere/b.ics"), "nowhere"),
        (("record", "ride", "FILE", "s2", "none", "-o", "a.ics", "-o", "sub.ics"), "sub.ics is a folder"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, tuple) else "",
)
def test_what_a_change_cannot_use_is_said_and_leaves_every_file_as_it_was(run, course, words, says):
    run("hold", course, "--reason", "rash", "--who", "Dr A", "--session", "s2", *SAID[2:])
    Path("a.ics").write_text("old", encoding="utf-8")
    Path("sub.ics").mkdir()
    Path("link.ics").symlink_to(course)
    Path("away.toml").write_text(THERAPIST + "[[closed]]\nfrom = 2027-01-01\nto = 2027-01-31\n")
    files, before = folder(), Path(course).read_bytes()
    done = run(*(course if word == "FILE" else word for word in words))
    assert (done.code, done.out) == (2, "")
    assert said_in_four_parts(done.err), done.err
    assert says in done.err
    assert (folder(), Path(course).read_bytes(), Path("a.ics").read_text("utf-8")) == (files, before, "old")


def test_a_day_with_two_sessions_names_neither(run, course):
    document = json.loads(Path(course).read_text("utf-8"))
    document["sessions"][1] |= {"day": "2027-01-04", "time": "15:00"}
    Path(course).write_text(json.dumps(document), encoding="utf-8")
    done = run("record", "ride", course, "2027-01-04", "none", *LATER)
    assert done.code == 2
    assert said_in_four_parts(done.err)
    assert "2 sessions on 2027-01-04" in done.err
    assert "the course has s1 (2027-01-04), s2 (2027-01-04)\n" in done.err
    assert run("record", "ride", course, "s2", "none", *LATER).code == 0


def test_a_course_file_may_be_named_by_a_link(run, course):
    """It stays a link, and the file that it leads to changes."""
    Path("link.json").symlink_to(course)
    assert run("record", "ride", "link.json", "s2", "none", *LATER).code == 0
    assert Path("link.json").is_symlink()
    assert read(course).sessions[1].ride == "none"


@pytest.mark.parametrize("stopped_at", [1, 2, 3])
def test_when_the_user_stops_a_change_no_file_is_half_written(run, course, monkeypatch, stopped_at):
    """The course file and two calendars are written, in this order; at each of them the user may have had enough."""
    Path("a.ics").write_text("old", encoding="utf-8")
    files_before, before = folder(), Path(course).read_bytes()
    writes = []

    def stopped(handle):
        writes.append(handle)
        if len(writes) == stopped_at:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(os, "fsync", stopped)
    known = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        done = run("hold", course, "--reason", "x", "--who", "A", *LATER, "-o", "a.ics", "-o", "b.ics")
    finally:
        signal.signal(signal.SIGINT, known)
    assert (done.code, done.out) == (130, "")
    assert "Traceback" not in done.err
    assert (folder(), Path(course).read_bytes()) == (files_before, before)
    assert Path("a.ics").read_text("utf-8") == "old"
