"""What goes around the sessions, planned and shown by the command line."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import attrs
import pytest

import ketsched as ks
from clinicfiles import (
    AROUND,
    MONDAY,
    PLAIN,
    PLAN,
    THERAPIST,
    WEEK,
    WITH_THERAPIST,
    folder,
    said_in_four_parts,
)
from ketsched.cli import pictures
from ketsched.hours import Hours
from ketsched.screens.dates import dated_lines
from ketsched.screens.months import months
from making import small_course

pytestmark = pytest.mark.usefixtures("own_folder")


def lines_of(out: str, title: str) -> list[str]:
    """The lines under a title, up to the next empty one."""
    return out.partition(f"\n{title}\n")[2].partition("\n\n")[0].split("\n")


def test_days_with_appointments_are_marked_beside_sessions(run, around):
    """A review shares the trip on Friday 8 January; a call and therapy have days of their own."""
    done = run(*around, *WITH_THERAPIST, "--verbose")
    lines = done.out.split("\n")
    first = next(n for n, line in enumerate(lines) if "December 2026" in line)
    assert lines[first : first + 7] == [
        "           December 2026                         January 2027",
        "   Mo   Tu   We   Th   Fr   Sa   Su      Mo   Tu   We   Th   Fr   Sa   Su",
        "         1    2    3    4    ·    ·                           1    ·    ·",
        "    7    8    9   10   11    ·    ·     (4)   5+  (6)    7 (8)+    ·    ·",
        "   14   15   16   17   18    ·    ·    (11)  12+ (13)  14+ (15)    ·    ·",
        "   21   22   23   24   25    ·    ·      18   19   20   21   22    ·    ·",
        "  28+   29   30   31                     25   26   27   28   29    ·    ·",
    ]
    assert "(n) one to be confirmed   n+ an appointment   · closed" in lines


def test_sessions_and_appointments_are_one_list_in_order_of_time(run, around):
    """
    Counted by hand, for six mornings from 09:00 to 11:00.

    The screening is a week before Monday 4 January, the review comes right after session 3, the call
    a day after session 1, the form a week after it. Therapy is due on Tuesday 12 and Friday 15 January,
    which is a session's day; the therapist's nearest is Thursday 14.
    """
    out = run(*around, *WITH_THERAPIST).out
    assert out.partition("\n\n")[0].split("\n")[1:] == [
        "     Mon 2026-12-28  09:00-10:00  Screening for ketamine; a decision",
        "  1  Mon 2027-01-04  09:00-11:00  Infusion; to be confirmed",
        "     Tue 2027-01-05  09:00-09:15  Call; to be confirmed",
        "  2  Wed 2027-01-06  09:00-11:00  Infusion; to be confirmed",
        "  3  Fri 2027-01-08  09:00-11:20  Infusion, then review in mid-series at 11:00;",
        "                                  to be confirmed; a decision",
        "  4  Mon 2027-01-11  09:00-11:00  Infusion; to be confirmed",
        "     Tue 2027-01-12  13:00-13:50  Therapy, with therapist; to be confirmed",
        "  5  Wed 2027-01-13  09:00-11:00  Infusion; to be confirmed",
        "     Thu 2027-01-14  13:00-13:50  Therapy, with therapist; to be confirmed; 1",
        "                                  day early: a session is on that day",
        "  6  Fri 2027-01-15  09:00-11:00  Infusion; to be confirmed",
    ]
    assert (
        "To be confirmed: infusions 1 to 6. Screening for ketamine of 2026-12-28 has no\n"
        "  outcome yet.\n"
        "To be confirmed: infusions 4 to 6. Review in mid-series of 2027-01-08 has no\n"
        "  outcome yet.\n"
    ) in out
    more = run(*around, *WITH_THERAPIST, "--verbose").out
    todo = " ".join(" ".join(lines_of(more, "To do")).split())
    assert (
        "Confirm the ride home due the day before each session; 6 times; Sun 2027-01-03 to Thu 2027" in todo
    )
    assert "Monitoring form due Mon 2027-01-11; 1 to be confirmed; for the clinic" in todo
    notes = " ".join(" ".join(lines_of(more, "Notes")).split())
    assert notes == "Water each session, until 1 h 30 min after: Drink water before and after."


def test_what_is_around_the_sessions_is_asked_of_the_patient_too(run, around):
    """
    Nine days: six sessions, the screening and two days of therapy; the review is on one of them.

    Six sessions of 2 hours, one hour, 20 minutes and twice 50 minutes make 15 hours. Therapy on Tuesday
    at 13:00 is more than 24 hours after Monday's infusion, which ended at 10:00.
    """
    assert (
        "For the patient: 9 trips (1 appointment shares one), 15 h at the clinic, 6 rides\n"
        "home, 9 working days, 1 call, 6 to-dos.\n"
    ) in run(*around, *WITH_THERAPIST).out


def test_twenty_sessions_stay_readable(run):
    """Their tasks are one line, and so are the sessions that wait for one reason."""
    Path("therapist.toml").write_text(THERAPIST, encoding="utf-8")
    twenty = re.sub("count = { value = 6", "count = { value = 20", AROUND, count=1)
    Path("own.toml").write_text(twenty, encoding="utf-8")
    out = run(*PLAN, *WITH_THERAPIST).out
    assert "To be confirmed: infusions 1 to 20. Screening for ketamine of 2026-12-28 has no\n" in out
    assert "Each to-do" not in out
    assert max(map(len, out.split("\n"))) <= 80
    assert "; 20 times; Sun 2027-01-03 to " in " ".join(run(*PLAN, *WITH_THERAPIST, "-v").out.split())


EACH = """\
[[companion]]
id = "form"
kind = "task"
topic = "form"
title = "Form"
audience = "clinic"
anchor = { every = 1 }
window = { earliest = 0, recommended = 7, latest = 7, source = "own", mark = "house default" }
[[companion]]
id = "stimulation"
kind = "appointment"
topic = "stimulation"
title = "Stimulation"
anchor = { every = 2 }
duration = { value = "PT20M", source = "own", mark = "house default" }
on_session_days = "during"
[[companion]]
id = "diary"
kind = "task"
topic = "form"
title = "Diary"
audience = "patient"
anchor = { session = 2 }
count = { value = 3, source = "own", mark = "house default" }
every = { value = "P7D", source = "own", mark = "house default" }
"""


def test_what_comes_each_time_is_one_line(run):
    """Of the clinic's forms one is due on Monday 18 January, which is closed: it is due on the Friday before."""
    Path("own.toml").write_text(PLAIN + EACH, encoding="utf-8")
    out = run(*PLAN, "--closed", "2027-01-18", "--verbose").out
    said = " ".join(" ".join(lines_of(out, "To do")).split())
    for line in (
        "Form due 7 days after each session; 6 times; Mon 2027-01-11 to Fri 2027-01-22; "
        "1 sooner, as the clinic is closed; for the clinic",
        "Diary due again and again, every week, from session 2 on; 3 times; Wed 2027-01-06 to Wed 2027-01-20",
    ):
        assert line in said
    assert re.findall(r"^  (\d) .* Infusion, with stimulation ", out, re.M) == ["2", "4", "6"]
    assert " [4]   5 [6]   7 [8]   ·   ·\n[11]  12[13]  14[15]   ·   ·\n" in out
    assert "+ an appointment" not in out


def test_json_carries_what_is_around_the_sessions(run, around):
    found = json.loads(run(*around, *WITH_THERAPIST, "--json").out)
    placed = {one["id"]: one for one in found["around"]}
    assert placed["review:session3"] == {
        "id": "review:session3",
        "companion": "review",
        "kind": "appointment",
        "title": "Review in mid-series",
        "audience": "both",
        "day": "2027-01-08",
        "from": "11:00",
        "to": "11:20",
        "with": "",
        "place": "clinic",
        "session": "s3",
        "number": 3,
        "status": "firm",
        "outcome": None,
    }
    assert (placed["form:session1"]["day"], placed["form:session1"]["from"]) == ("2027-01-11", None)
    assert placed["therapy:session4:1"]["with"] == "therapist"
    assert [notice["sessions"] for notice in found["notices"]] == [[f"s{n}" for n in range(1, 7)]]
    first = "Screening for ketamine of 2026-12-28 has no outcome yet"
    assert found["to_confirm"]["s3"] == [first]
    assert found["to_confirm"]["s4"] == [first, "Review in mid-series of 2027-01-08 has no outcome yet"]
    asks = found["asks"]
    assert (asks["trips"], asks["trips_saved"], asks["minutes"], asks["rides"]) == (9, 1, 900, 6)
    assert (asks["workdays"], asks["calls"], asks["tasks"]) == (9, 1, 6)
    assert (asks["first"], asks["last"]) == ("2026-12-28", "2027-01-15")


def test_a_therapist_without_hours_has_the_clinics(run, around):
    """Then Tuesday at 09:00 is free for therapy."""
    placed = {one["id"]: one for one in json.loads(run(*around, "--json").out)["around"]}
    assert (placed["therapy:session4:1"]["day"], placed["therapy:session4:1"]["from"]) == (
        "2027-01-12",
        "09:00",
    )


def test_sessions_at_home_look_different(capsys):
    course = small_course(MONDAY, date(2027, 1, 18), place="home")
    at_clinic = attrs.evolve(course.sessions[1], place="the clinic")
    course = attrs.evolve(course, sessions=(course.sessions[0], at_clinic))
    pictures.show(
        pictures.months_of(months(course, None)),
        pictures.legend_of(months(course, None)),
        *dated_lines(course),
    )
    out = capsys.readouterr().out
    assert "{11}  12  13  14  15  16  17\n[18]  19" in out
    assert "[n] a session   {n} a session at home   · closed" in out
    assert re.findall("(....-..-..) .*Home session$", out, re.M) == ["2027-01-11", "2027-01-18"]


def test_a_moved_session_at_home_is_not_blamed_on_the_clinic():
    """A clinic that never opens closes no day at home; what the patient cannot does."""
    course = small_course(MONDAY, place="home")
    moved = attrs.evolve(course.sessions[0], ideal=date(2027, 1, 10))
    never = ks.Calendar("Europe/Amsterdam", ((),) * 7)
    cannot = ks.Calendar("Europe/Amsterdam").without([date(2027, 1, 10)], "the patient cannot")
    for at_home, why in ((None, "to keep the days between"), (cannot, "patient away")):
        hours = Hours(never, availability=at_home)
        (line,) = dated_lines(attrs.evolve(course, sessions=(moved,)), hours)
        assert " ".join(line.split()).endswith(f"Home session; 1 day late: {why}")


def test_a_case_gives_calendars_holds_and_authorisations(run, case_around):
    """Sessions 5 and 6 are held; the payer stops after four; what the case says is in the course."""
    with Path("case.toml").open("a", encoding="utf-8") as file:
        file.write('[[hold]]\nreason = "rash"\nwho = "Dr A"\nsince = 2027-01-13\n')
        file.write('[[authorisation]]\nsessions = 4\nname = "first letter"\n')
    found = json.loads(run("plan", case_around, "--json").out)
    assert [found["to_confirm"]["s5"][0], found["to_confirm"]["s5"][-1]] == [
        "hold h1 by Dr A: rash",
        "no authorisation",
    ]
    assert not any("hold" in why or "authorisation" in why for why in found["to_confirm"]["s4"])
    assert found["course"]["holds"][0]["reason"] == "rash"
    assert found["course"]["authorisations"][0]["name"] == "first letter"
    therapy = [one["day"] for one in found["around"] if one["companion"] == "therapy"]
    assert therapy == ["2027-01-12", "2027-01-14"]
    out = run("plan", case_around).out
    assert "To be confirmed: infusions 5, 6. Hold h1 by Dr A: rash.\n" in out
    assert "To be confirmed: infusions 5, 6. No authorisation.\n" in out


def test_a_calendar_given_as_an_option_takes_the_place_of_the_cases(run, case_around):
    """On Wednesdays and Saturdays; Wednesday 13 January is a session's."""
    Path("other.toml").write_text(THERAPIST.replace("tue", "wed").replace("thu", "sat"), encoding="utf-8")
    found = json.loads(run("plan", case_around, "--staff", "therapist=other.toml", "--json").out)
    therapy = [one["day"] for one in found["around"] if one["companion"] == "therapy"]
    assert therapy == ["2027-01-16", "2027-01-20"]


def test_a_hold_of_a_session_that_is_not_there_is_refused(run, case_around):
    with Path("case.toml").open("a", encoding="utf-8") as file:
        file.write('[[hold]]\nreason = "rash"\nwho = "Dr A"\nsince = 2027-01-13\nsessions = ["s6", "s7"]\n')
    before = folder()
    done = run("plan", case_around, "-o", "course.json")
    assert (done.code, done.out, folder()) == (2, "", before)
    assert said_in_four_parts(done.err)
    assert "There is no session 's7'\n  where: case.toml, hold 1, sessions\n" in done.err


def test_sessions_leave_a_day_to_what_must_be_there(run, around):
    """The therapist is away until February: a fortnight before that session 4 is on 20 January at the earliest."""
    Path("therapist.toml").write_text(THERAPIST + "[[closed]]\nfrom = 2027-01-01\nto = 2027-01-31\n")
    done = run(*around, *WITH_THERAPIST, "--fail-on", "error")
    assert done.code == 0
    assert re.findall(r"^ +\w+ (\S+)  13:00-13:50  Therapy", done.out, re.M) == ["2027-02-02", "2027-02-04"]


def test_no_day_for_what_must_be_there_is_an_error_that_says_why(run, around):
    Path("therapist.toml").write_text(THERAPIST + "[[closed]]\nfrom = 2027-01-01\nto = 2030-12-31\n")
    done = run(*around, *WITH_THERAPIST, "-o", "course.json")
    assert (done.code, done.out) == (2, "")
    assert said_in_four_parts(done.err)
    assert "no day for Therapy" in done.err
    assert not Path("course.json").exists()


def test_a_start_from_which_therapy_has_no_day_gives_way_to_the_next(run, around):
    """
    From Monday 4 January the pattern fits as well as from any other day, but the therapist is away until February.

    Therapy is twice, within a fortnight of session 4. That is on Friday 22 January if the first one is on
    Friday the 15th: Tuesday 2 and Thursday 4 February are in time. From Wednesday the 13th session 4 is
    on the 20th, and 4 February would be too late.
    """
    Path("therapist.toml").write_text(THERAPIST + "[[closed]]\nfrom = 2027-01-01\nto = 2027-01-31\n")
    words = ("--start", "2027-01-04..2027-01-18", "--fail-on", "error")
    done = run(*around, *WITH_THERAPIST, *words)
    assert done.code == 0
    planned = re.search(r"^Planned from (.+): better starts leave no day for an", done.out, re.M)
    assert planned[1] == "Fri 2027-01-15"
    assert re.findall(r"^ +\w+ (\S+)  13:00-13:50  Therapy", done.out, re.M) == ["2027-02-02", "2027-02-04"]


def test_check_takes_calendars_too(run, course):
    """The therapist is away on Thursday 14 January."""
    same = json.loads(run("check", course, *WEEK, *WITH_THERAPIST, "--json").out)["findings"]
    Path("therapist.toml").write_text(THERAPIST + "[[closed]]\non = 2027-01-14\n", encoding="utf-8")
    changed = json.loads(run("check", course, *WEEK, *WITH_THERAPIST, "--json").out)["findings"]
    new = [finding for finding in changed if finding not in same]
    assert len(new) == 1
    assert "2027-01-14" in json.dumps(new)


@pytest.mark.parametrize(
    ("calendar", "says"),
    [
        ("therapist.toml", "'therapist.toml' is not a name and a file"),
        ("=therapist.toml", "'=therapist.toml' is not a name and a file"),
        ("therapist=", "'therapist=' is not a name and a file"),
        ("therapits=therapist.toml", "nothing in plain needs a calendar 'therapits'"),
        ("therapist=missing.toml", "cannot open missing.toml"),
        ("therapist=own.toml", "unknown key"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "check", "appointments"])
def test_a_calendar_that_cannot_be_used_is_said_in_four_parts(run, course, command, calendar, says):
    words = PLAN if command == "plan" else (command, course, *WEEK)
    done = run(*words, "--staff", calendar)
    assert (done.code, done.out) == (2, "")
    assert said_in_four_parts(done.err), done.err
    if calendar != "therapist=own.toml":
        assert says in done.err
    assert "--staff" in done.err


def test_one_calendar_is_given_once(run, course):
    done = run("check", course, *WEEK, *WITH_THERAPIST, *WITH_THERAPIST)
    assert (done.code, done.out) == (2, "")
    assert "two calendars for 'therapist'" in done.err
