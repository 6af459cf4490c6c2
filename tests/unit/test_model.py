"""Protocols and courses: what they refuse, what they derive, counted by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketsched.calendars import Calendar
from ketsched.clock import elapsed
from ketsched.errors import InvalidInput, InvalidProtocol, InvalidTime, KetschedError
from ketsched.interchange import json
from ketsched.model import (
    LAPSES,
    MOST_SESSIONS,
    MOST_VISITS,
    POLICIES,
    Anatomy,
    BookingStatus,
    Change,
    Changed,
    Course,
    Decision,
    Evidence,
    Interval,
    Join,
    LapseBand,
    Lifted,
    Mark,
    Phase,
    Protocol,
    Restriction,
    Revision,
    Segment,
    Session,
    Spacing,
    Visit,
    VisitStatus,
    Waiver,
    check_course_id,
)
from ketsched.weekdays import read_weekdays
from ketsched.words.wording import Publication
from refusals import refused

ANATOMY = Anatomy(prepare=15, infusion=40, observation=60, discharge=5)


def induction(**changes):
    given: dict[str, Any] = {
        "kind": "induction",
        "name": "induction",
        "count": 3,
        "anatomy": ANATOMY,
        "weekdays": (0, 3),
    } | changes
    return Phase(**given)


def maintenance(**changes):
    given: dict[str, Any] = {
        "kind": "maintenance",
        "name": "boosters",
        "count": None,
        "anatomy": ANATOMY,
    } | changes
    return Phase(**({"every": (Interval(days=28),)} | given))


def protocol(*phases, **changes):
    given = {
        "id": "test",
        "version": "1",
        "title": "A test",
        "phases": phases or (induction(), maintenance()),
    }
    return Protocol(**(given | changes))


def session(n, day, **changes):
    return Session(**({"id": f"s{n}", "phase": "induction", "day": day} | changes))


def course(*sessions, **changes):
    given = {"protocol": protocol(), "zone": "America/New_York", "sessions": sessions}
    return Course(**(given | changes))


def band(first, last, propose="continue", **changes):
    return LapseBand(first=first, last=last, propose=propose, **changes)


MONDAY = date(2027, 1, 4)


# -- a break


def test_a_break_is_in_one_band_on_every_day():
    """Both sides of each boundary: 7 and 8, 28 and 29."""
    phase = induction(lapse=(band(0, 7), band(8, 28, "repeat tail", repeat=2), band(29, None, "restart")))
    found = {day: phase.lapse_after(day).propose for day in (0, 7, 8, 28, 29, 7320, 9999)}
    assert found == {
        0: "continue",
        7: "continue",
        8: "repeat tail",
        28: "repeat tail",
        29: "restart",
        7320: "restart",
        9999: "restart",
    }
    assert phase.lapses_after() == 8
    assert phase.lapse_after(-1) is None


def test_bands_of_a_day_and_the_ends_of_what_is_accepted():
    phase = induction(lapse=(band(0, 0), band(1, 1), band(2, None)))
    assert [phase.lapse_after(day) for day in (0, 1, 2)] == list(phase.lapse)
    assert phase.lapses_after() is None
    assert (band(0, 7320).last, band(7320, None).first) == (7320, 7320)
    assert [band(0, None, "repeat tail", repeat=n).repeat for n in (1, 1000)] == [1, 1000]


def test_every_word_for_a_break_or_a_missed_session_is_known():
    for word in LAPSES:
        assert band(0, None, word, repeat=2 * (word == "repeat tail")).propose == word
    assert [induction(missed=word).missed for word in POLICIES] == list(POLICIES)
    assert induction().missed == "keep"
    assert induction().lapse_after(0) is None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (band(0, 28), "day 0 to 28: continue"),
        (
            band(0, 28, if_worse="step back"),
            "day 0 to 28: continue (step back if symptoms are worse)",
        ),
        (band(29, None, "clinician review"), "from day 29 on: clinician review"),
        (band(8, 14, "repeat tail", repeat=2), "day 8 to 14: repeat the last 2"),
    ],
)
def test_a_band_is_said_as_a_clinic_says_it(given, words):
    assert given.words() == words


# -- what a protocol refuses


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: Spacing(minimum=7, latest=2), "out of order"),
        (lambda: Spacing(minimum=2, absolute_minimum=3), "out of order"),
        (lambda: Spacing(absolute_minimum=1), "absolute_minimum without minimum"),
        (lambda: Spacing(absolute_minimum=1, latest=7), "absolute_minimum without minimum"),
        (lambda: Spacing(absolute_minimum=1, minimum_hours=48), "absolute_minimum without minimum"),
        (lambda: Spacing(minimum=-1), "out of order"),
        (lambda: Spacing(latest=10**6), "out of order"),
        (lambda: Spacing(), "without a number"),
        (lambda: Spacing(minimum=2, apart=0), "over 0 places"),
        (lambda: Spacing(minimum=2, apart=MOST_SESSIONS), "over 1000 places"),
        (lambda: Spacing(minimum_hours=-1), "-1 hours"),
        (lambda: Spacing(minimum=2, between=(3, 1)), "between sessions 3 and 1"),
        (lambda: Spacing(minimum=2, between=(0, 1)), "between sessions 0 and 1"),
        (lambda: Spacing(minimum_hours=24, required=False), "preferred spacing in hours"),
        (lambda: Interval(), "0 days and 0 months"),
        (lambda: Interval(days=-7), "-7 days"),
        (lambda: Interval(days=-7, months=1), "-7 days and 1 months"),
        (lambda: Interval(days=7, months=-1), "7 days and -1 months"),
        (lambda: Interval(months=241), "241 months"),
        (lambda: Interval(days=7321), "7321 days"),
        (lambda: Interval(months=1, missing_day="skip"), "missing_day is 'skip'"),
        (lambda: Interval.parse("28 days"), "is not an interval"),
        (lambda: Interval.parse("P"), "is not an interval"),
        (lambda: Interval.parse("P4W3M"), "is not an interval"),
        (lambda: Interval.parse("P1.5M"), "is not an interval"),
        (lambda: Interval.parse("P21Y"), "252 months"),
        (lambda: Interval.parse("P0D"), "0 days and 0 months"),
        (lambda: Interval.parse("P99999D"), "is not an interval"),
        (lambda: Join(minimum=7, latest=3), "out of order"),
        (lambda: Join(minimum=3, ideal=2), "out of order"),
        (lambda: Join(ideal=-1), "out of order"),
        (lambda: Anatomy(), "0 minutes"),
        (lambda: Anatomy(infusion=-40, observation=60), "20 minutes"),
        (lambda: Anatomy(infusion=1441), "1441 minutes"),
        (lambda: induction(count=0), "0 of them planned"),
        (lambda: induction(count=3, least=4), "4 to 3 sessions"),
        (lambda: induction(count=8, most=6), "to 6 sessions"),
        (lambda: induction(count=1001), "1001"),
        (lambda: induction(count=None, weekdays=()), "open-ended phase without an interval"),
        (lambda: induction(weekdays=(), study_days=(2, 4, 6)), "do not ascend from 1"),
        (lambda: induction(weekdays=(), study_days=(1, 4, 4)), "do not ascend from 1"),
        (lambda: induction(weekdays=(), study_days=(1, 4)), "2 study days for 3 sessions"),
        (lambda: induction(weekdays=(0, 7)), "not days of the week"),
        (lambda: induction(weekdays=(0, 0)), "not days of the week"),
        (lambda: induction(weeks=(4, 2)), "weeks"),
        (
            lambda: induction(spacing=(Spacing(minimum=7, apart=4, required=False),)),
            "preferred spacing over 4",
        ),
        (lambda: induction(anchor="end"), "anchor is 'end'"),
        (lambda: induction(kind="acute"), "kind is 'acute'"),
        (lambda: induction(place="pub"), "place is 'pub'"),
        (lambda: induction(place=""), "place is ''"),
        (lambda: induction(anchor_weekday=7), "anchor_weekday is 7"),
        (lambda: induction(anchor_weekday=-1), "anchor_weekday is -1"),
        (lambda: induction(every=(Interval(days=7),)), "every beside weekdays or study_days"),
        (lambda: maintenance(study_days=(1, 8)), "every beside weekdays or study_days"),
        (lambda: induction(no_driving="tomorrow"), "no_driving is 'tomorrow'"),
        (lambda: induction(no_driving=24), "no_driving is 24"),
        (lambda: induction(missed="drop"), "missed is 'drop'"),
        (lambda: induction(missed=""), "missed is ''"),
        (lambda: band(-1, None), "a lapse from day -1 to day None"),
        (lambda: band(8, 7), "a lapse from day 8 to day 7"),
        (lambda: band(0, 7321), "a lapse from day 0 to day 7321"),
        (lambda: band(7321, None), "a lapse from day 7321"),
        (lambda: band(0, None, "wait"), "a lapse proposes 'wait'"),
        (lambda: band(0, None, ""), "a lapse proposes ''"),
        (lambda: band(0, None, if_worse="wait"), "a lapse proposes 'wait'"),
        (lambda: band(0, None, "repeat tail"), "proposes repeat tail, and 0 sessions to repeat"),
        (lambda: band(0, None, "repeat tail", repeat=-1), "and -1 sessions to repeat"),
        (lambda: band(0, None, "repeat tail", repeat=1001), "and 1001 sessions to repeat"),
        (lambda: band(0, None, repeat=1), "proposes continue, and 1 sessions to repeat"),
        (lambda: band(0, None, if_worse="repeat tail"), "and 0 sessions to repeat"),
        (lambda: induction(lapse=(band(1, None),)), "lapse bands that begin on day 1"),
        (lambda: induction(lapse=(band(0, 7),)), "lapse bands that end on day 7"),
        (lambda: induction(lapse=(band(0, 7), band(9, None))), "gap between the lapse bands"),
        (lambda: induction(lapse=(band(0, 7), band(7, None))), "overlap between the lapse bands"),
        (lambda: induction(lapse=(band(0, None), band(8, None))), "overlap between the lapse bands"),
        (lambda: induction(lapse=(band(8, None), band(0, 7))), "lapse bands that begin on day 8"),
        (lambda: induction(no_driving=timedelta()), "no_driving is"),
        (lambda: induction(no_driving=timedelta(minutes=-1)), "no_driving is"),
        (lambda: induction(no_driving=timedelta(seconds=90)), "no_driving is"),
        (lambda: induction(no_driving=timedelta(days=7, minutes=1)), "no_driving is"),
        (lambda: Restriction(what="eating", minutes=-1), "'eating' is left for -1 minutes"),
        (lambda: Restriction(what="eating", minutes=10_081), "'eating' is left for 10081 minutes"),
        (lambda: Restriction(what=" ", minutes=60), "' ' is left for 60 minutes"),
        (lambda: protocol(sources=(("a", "one"), ("b", "two"), ("a", "one"))), "two sources of one key"),
        (lambda: protocol(id="IV MWF"), "the id 'IV MWF'"),
        (lambda: protocol(id="x" * 65), "the id"),
        (lambda: protocol(phases=()), "no phases"),
        (lambda: protocol(induction(), induction()), "two phases of one name"),
        (lambda: protocol(induction(join=Join(ideal=7))), "the first phase has a join"),
        (lambda: protocol(maintenance(), induction()), "follows one without end"),
        (lambda: protocol(induction(), maintenance(weeks=(2, 4), weeks_required=False)), "preferred weeks"),
    ],
)
def test_a_protocol_that_contradicts_itself_is_refused(make, what):
    with pytest.raises(InvalidProtocol) as error:
        make()
    assert what in error.value.what
    assert error.value.why
    assert error.value.fix


def test_both_ends_of_a_spacing_may_be_the_same():
    assert Spacing(absolute_minimum=2, minimum=2, latest=2)
    assert Spacing(minimum=0)
    assert induction(spacing=(Spacing(minimum=7, apart=3, required=False),))
    assert induction(spacing=(Spacing(minimum=84, apart=6),)), (
        "a required one may look back any number of places"
    )


def test_a_phase_has_one_pattern_but_papers_print_weekdays_and_study_days():
    both = induction(weekdays=(0, 3), study_days=(1, 4, 8), anchor_weekday=0)
    assert both.pattern() == "Mon, Thu"


def test_the_limits_of_lengths_are_included():
    for length in (timedelta(minutes=1), timedelta(days=7)):
        assert induction(no_driving=length).no_driving == length
    for minutes in (0, 7 * 24 * 60):
        assert Restriction(what="eating", minutes=minutes).minutes == minutes


HALF = "half \ud83d"


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda text: protocol(title=text), "title"),
        (lambda text: protocol(version=text), "version"),
        (lambda text: protocol(note=text), "note"),
        (lambda text: protocol(sources=(("a", text),)), "sources"),
        (lambda text: protocol(sources=((text, "a"),)), "sources"),
        (lambda text: induction(name=text), "name"),
        (lambda text: induction(route=text), "route"),
        (lambda text: Restriction(what=text, minutes=1), "what"),
        (lambda text: Spacing(minimum=2, source=text), "source"),
        (lambda text: Evidence(key=text, source="a", mark=Mark.STATED), "key"),
        (lambda text: Evidence(key="a", source=text, mark=Mark.STATED), "source"),
        (lambda text: Evidence(key="a", source="a", mark=Mark.STATED, note=text), "note"),
        (lambda text: session(1, MONDAY, id=text), "id"),
        (lambda text: session(1, MONDAY, phase=text), "phase"),
        (lambda text: session(1, MONDAY, place=text), "place"),
        (lambda text: Waiver(rule="KS101", sessions=("s1",), reason=text, who="Dr A"), "reason"),
        (lambda text: Waiver(rule="KS101", sessions=("s1",), reason="agreed", who=text), "who"),
        (lambda text: Waiver(rule="KS101", sessions=(text,), reason="agreed", who="Dr A"), "sessions"),
        (lambda text: Revision(at=None, what=text), "what"),
        (lambda text: Revision(at=None, proposal=text), "proposal"),
    ],
)
def test_texts_are_whole_characters(make, name):
    for text in (HALF, "\udc00", 17, None):
        with pytest.raises(InvalidInput) as error:
            make(text)
        assert error.value.where == name
        assert name in error.value.what
        assert "half \ud83d" not in str(error.value)
    assert make("whole \U0001f600")


@pytest.mark.parametrize("name", ["fry", "m", "mond", "", "Mo", 1])
def test_what_is_no_day_of_the_week(name):
    with pytest.raises(InvalidInput, match="not a day of the week"):
        read_weekdays(["Mon", name])
    assert read_weekdays([" thursday", "MON"]) == (0, 3)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("tues", "Tue"),
        ("Thurs", "Thu"),
        ("Mo", "Mon"),
        ("Fr.", "Fri"),
        ("Mittwoch", "Wed"),
        ("miércoles", "Wed"),
        ("Lun", "Mon"),
        ("vrijdag", "Fri"),
        ("do", "Thu or Sun"),
        ("dimanche", "Sun"),
    ],
)
def test_a_day_written_otherwise_says_which_is_meant(name, meant):
    refused(lambda: read_weekdays([name]), f"did you mean {meant}?")


@pytest.mark.parametrize(
    ("spacing", "words"),
    [
        (Spacing(minimum=2, latest=7), "at least 2 days apart, at most 7 days between two"),
        (Spacing(minimum=7, apart=3), "at most 3 in 7 days"),
        (Spacing(latest=27, apart=7), "8 within 28 days"),
        (Spacing(minimum=112, between=(1, 3)), "session 3 to session 1: at least 112 days"),
        (Spacing(minimum_hours=24), "at least 24 hours from start to start"),
        (
            Spacing(minimum=2, absolute_minimum=1),
            "at least 2 days apart, forgiven from 1 day once it has happened",
        ),
    ],
)
def test_a_spacing_is_said_as_a_clinic_says_it(spacing, words):
    assert spacing.words() == words


def test_a_number_is_cited_with_its_references_in_full():
    entry = Evidence(key="count", source="first, house", mark=Mark.HOUSE, note="a note")
    phase = induction(evidence=(entry,))
    cited = protocol(phase, sources=(("first", "First 2020"), ("house", "ours"))).cite(phase, "count")
    assert cited == Evidence(key="count", source="First 2020; ours", mark=Mark.HOUSE, note="a note")
    assert protocol(phase).cite(phase, "count").source == "first; house"
    assert protocol(phase).cite(phase, "weeks") is None


def test_where_a_number_comes_from_does_not_change_it():
    assert Spacing(minimum=2, source="a paper") == Spacing(minimum=2, source="another")


# -- intervals


@pytest.mark.parametrize(
    ("text", "base", "times", "day"),
    [
        ("P28D", date(2027, 1, 4), 1, date(2027, 2, 1)),
        ("P4W", date(2027, 1, 4), 3, date(2027, 3, 29)),
        ("P1M", date(2027, 1, 31), 1, date(2027, 2, 28)),
        ("P1M", date(2027, 1, 31), 2, date(2027, 3, 31)),  # from the base: no drift
        ("P1M", date(2028, 1, 31), 1, date(2028, 2, 29)),
        ("P1M", date(2027, 10, 31), 1, date(2027, 11, 30)),
        ("P1M", date(2027, 11, 30), 1, date(2027, 12, 30)),
        ("P1M", date(2027, 12, 31), 1, date(2028, 1, 31)),
        ("P3M", date(2027, 11, 30), 1, date(2028, 2, 29)),
        ("P12M", date(2028, 2, 29), 1, date(2029, 2, 28)),
    ],
)
def test_months_are_counted_from_their_base_and_clipped(text, base, times, day):
    assert Interval.parse(text).from_base(base, times) == day


@pytest.mark.parametrize(
    ("base", "times", "day"),
    [
        (date(2027, 1, 31), 1, date(2027, 3, 1)),
        (date(2027, 1, 31), 2, date(2027, 3, 31)),
        (date(2027, 3, 31), 1, date(2027, 5, 1)),
        (date(2027, 10, 31), 1, date(2027, 12, 1)),
        (date(2027, 12, 31), 2, date(2028, 3, 1)),
        (date(2027, 1, 28), 1, date(2027, 2, 28)),
    ],
)
def test_months_may_roll_to_the_first_of_the_next(base, times, day):
    assert Interval.parse("P1M", "roll").from_base(base, times) == day


@given(st.dates(date(1970, 1, 1), date(2100, 1, 1)), st.integers(1, 24), st.integers(1, 10))
def test_months_go_forward_and_keep_the_day_where_it_exists(base, months, times):
    clip = Interval(months=months).from_base(base, times)
    roll = Interval(months=months, missing_day="roll").from_base(base, times)
    assert (clip.year * 12 + clip.month) - (base.year * 12 + base.month) == months * times
    if clip.day == base.day:
        assert roll == clip
    else:
        assert roll == clip + timedelta(1)
        assert roll.day == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("P1D", "every day"),
        ("P10D", "every 10 days"),
        ("P7D", "every week"),
        ("P4W", "every 4 weeks"),
        ("P1M", "every month"),
        ("P2M", "every 2 months"),
    ],
)
def test_an_interval_in_words(text, words):
    assert Interval.parse(text).words() == words


# -- what phases derive


def test_the_chair_is_taken_from_arrival_to_the_door():
    assert ANATOMY.chair_time == timedelta(hours=2)


def test_counts_that_are_accepted():
    assert induction(count=6).counts == (6, 6)
    assert induction(count=6, least=6, most=8).counts == (6, 8)
    assert maintenance().counts == (1, MOST_SESSIONS)


def test_the_neighbours_minimum_is_that_of_required_rules_alone():
    rules = (
        Spacing(minimum=2),
        Spacing(minimum=3, required=False),
        Spacing(minimum=7, apart=2),
        Spacing(minimum=112, between=(1, 2)),
        Spacing(latest=7),
    )
    assert induction(spacing=rules).neighbour_minimum() == 2
    assert induction().neighbour_minimum() == 0


# -- choosing what a protocol leaves open


def test_a_choice_is_made_within_what_the_protocol_accepts():
    wide = protocol(induction(count=6, least=6, most=8, weekdays=(), weeks=(2, 4)), maintenance())
    chosen = wide.choose(sessions=8, weeks=3, weekdays=[4, 0], boosters=5, until=Interval(months=6))
    first, last = chosen.phases
    assert (first.count, first.weeks, first.weekdays) == (8, (3, 3), (0, 4))
    assert (last.count, last.until) == (5, Interval(months=6))
    assert wide.choose() == wide
    assert wide.phase("boosters") is wide.phases[1]


@pytest.mark.parametrize(
    ("choices", "what"),
    [
        ({"sessions": 5}, "sessions, not 5."),
        ({"sessions": 9}, "sessions, not 9."),
        ({"weeks": 1}, "1 weeks"),
        ({"weeks": 5}, "5 weeks"),
        ({"boosters": -1}, "-1 boosters"),
        ({"boosters": 1001}, "1001 boosters"),
        ({"weekdays": [7]}, "not days of the week"),
    ],
)
def test_a_choice_outside_it_is_refused(choices, what):
    wide = protocol(induction(count=6, least=6, most=8, weekdays=(), weeks=(2, 4)), maintenance())
    with pytest.raises(KetschedError) as error:
        wide.choose(**choices)
    assert what in error.value.what


def test_a_choice_that_the_protocol_does_not_have_is_refused():
    alone = protocol(induction(weekdays=(), study_days=(1, 3, 5)))
    for choices in ({"boosters": 3}, {"until": Interval(days=84)}, {"weekdays": [0]}, {"weeks": 2}):
        with pytest.raises(InvalidInput):
            alone.choose(**choices)


# -- sessions and courses


def test_which_sessions_stand():
    stands = [status for status in BookingStatus if status.stands]
    assert stands == [BookingStatus.TENTATIVE, BookingStatus.FIRM, BookingStatus.FULFILLED]


def test_a_sequence_is_how_often_it_changed_since_it_was_first_given():
    assert session(1, MONDAY).sequence == 0
    assert session(1, MONDAY, revised=(0, 2, 5)).sequence == 2


def test_the_number_is_the_place_among_those_that_stand():
    sessions = (
        session(1, date(2027, 1, 4), status=BookingStatus.FULFILLED),
        session(2, date(2027, 1, 7), status=BookingStatus.MISSED),
        session(4, date(2027, 1, 11), time=time(9)),
        session(3, date(2027, 1, 11), time=time(15)),
        session(5, date(2027, 2, 8), phase="boosters"),
    )
    one = course(*sessions)
    assert [one.number(each) for each in sessions] == [1, 2, 2, 3, 1]
    assert one.standing() == (sessions[0], *sessions[2:])


def test_bare_dates_are_dealt_out_to_the_phases():
    days = [MONDAY + timedelta(7 * n) for n in range(5)]
    bare = Course.of_days(protocol(), reversed(days), zone="Europe/Amsterdam")
    assert [each.day for each in bare.sessions] == days
    assert [each.phase for each in bare.sessions] == ["induction"] * 3 + ["boosters"] * 2
    surplus = Course.of_days(protocol(induction(count=2)), days)
    assert {each.phase for each in surplus.sessions} == {"induction"}
    assert Course.of_days(protocol(), []).sessions == ()


def test_a_session_ends_after_elapsed_time():
    """Two hours from 01:30 on the night the clocks go forward end at 04:30."""
    night = session(1, date(2027, 3, 14), time=time(1, 30), chair=2)
    one = course(night)
    assert one.ends(night).time() == time(4, 30)
    assert elapsed(one.starts(night), one.ends(night)) == timedelta(hours=2)
    assert list(one.occupied()) == [(one.starts(night), one.ends(night), 2)]


def test_a_closed_session_and_one_without_a_time_hold_no_chair():
    one = course(
        session(1, MONDAY, time=time(9), status=BookingStatus.CLOSED),
        session(2, MONDAY + timedelta(3)),
        session(3, MONDAY + timedelta(7), time=time(9), status=BookingStatus.TENTATIVE),
    )
    assert [start.date() for start, _, _ in one.occupied()] == [MONDAY + timedelta(7)]
    with pytest.raises(InvalidInput, match="has no time of day"):
        one.starts(one.sessions[1])


def test_only_sessions_at_the_clinic_hold_a_chair():
    one = course(
        session(1, MONDAY, time=time(9)),
        session(2, MONDAY + timedelta(1), time=time(9), place="home"),
        session(3, MONDAY + timedelta(2), time=time(9), phase="boosters"),
        session(4, MONDAY + timedelta(3), time=time(9), phase="boosters", place="Room 3"),
        protocol=protocol(induction(), maintenance(place="home")),
    )
    assert [start.date() for start, _, _ in one.occupied()] == [MONDAY, MONDAY + timedelta(3)]


@pytest.mark.parametrize(("day", "at"), [(date(2027, 3, 14), time(2, 30)), (date(2027, 11, 7), time(1, 30))])
def test_a_start_that_the_zone_skips_or_repeats_holds_no_chair(day, at):
    odd, sound = session(1, day, time=at), session(2, day, time=time(9), chair=1)
    one = course(odd, sound)
    assert list(one.occupied()) == [(one.starts(sound), one.ends(sound), 1)]
    clinic = Calendar.weekly("America/New_York", sun="00:00-17:00")
    assert len(clinic.booked(one).bookings) == 1


@pytest.mark.parametrize("fold", [0, 1])
def test_the_moment_of_a_revision_is_kept_in_utc(fold):
    """01:30 on 7 November 2027 happens twice in New York: at 05:30 and at 06:30 UTC."""
    local = datetime(2027, 11, 7, 1, 30, fold=fold, tzinfo=ZoneInfo("America/New_York"))
    revision = Revision(at=local)
    assert revision.at == datetime(2027, 11, 7, 5 + fold, 30, tzinfo=UTC)
    assert revision.at.tzinfo is UTC
    one = course(session(1, MONDAY), revisions=(revision,))
    assert json.loads(json.dumps(one, Publication()).decode(), "course.json") == one


def test_an_id_of_a_session_may_be_any_uid():
    for known in ("x" * 255, "{5E2E-4@mail.example} é 漢", "s1"):
        assert session(1, MONDAY, id=known).id == known
    assert [session(1, MONDAY, chair=n).chair for n in (1, 1000, None)] == [1, 1000, None]


def test_a_time_that_does_not_happen_is_refused_when_it_becomes_a_moment():
    night = session(1, date(2027, 3, 14), time=time(2, 30))
    with pytest.raises(InvalidTime, match="02:30 does not happen"):
        course(night).starts(night)


def lifted(**changes):
    given: dict[str, Any] = {"rule": "at most 7 days", "earlier": "s1", "later": "s1", "latest": 7} | changes
    return Lifted(**given)


def segment(first="boosters", **changes):
    return Segment(**({"protocol": "other", "version": "1", "first": first, "on": MONDAY} | changes))


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: session(1, date(9999, 1, 1)), "not a day to plan on"),
        (lambda: session(1, datetime(2027, 1, 4, tzinfo=UTC)), "not a date"),
        (lambda: session(1, MONDAY, id=""), "this session id cannot be used"),
        (lambda: session(1, MONDAY, id=" "), "this session id cannot be used"),
        (lambda: session(1, MONDAY, id="x" * 256), "this session id cannot be used"),
        (lambda: session(1, MONDAY, id="s1\n"), "this session id cannot be used"),
        (lambda: session(1, MONDAY, id="s\x7f1"), "this session id cannot be used"),
        (lambda: session(1, MONDAY, id="s\x851"), "this session id cannot be used"),
        (lambda: session(1, MONDAY, chair=0), "on chair 0"),
        (lambda: session(1, MONDAY, chair=1001), "on chair 1001"),
        (lambda: session(1, MONDAY, time=time(9, 0, 30)), "starts at 09:00:30"),
        (lambda: session(1, MONDAY, time=time(9, tzinfo=UTC)), "starts at 09:00"),
        (lambda: course(session(1, MONDAY), session(1, MONDAY + timedelta(3))), "two bookings of one id"),
        (lambda: course(session(1, MONDAY + timedelta(3)), session(2, MONDAY)), "out of order"),
        (lambda: course(session(1, MONDAY, phase="trial")), "unknown phase"),
        (lambda: course(session(1, MONDAY, revised=(1,))), "without the revision"),
        (lambda: course(session(1, MONDAY, revised=())), "without the revision"),
        (lambda: course(session(1, MONDAY), revisions=()), "without the revision"),
        (lambda: course(*(session(n, MONDAY + timedelta(n)) for n in range(1001))), "1001 sessions"),
        (lambda: course(zone="Europe/Amsterdm"), "no time zone"),
        (lambda: course(visits=[Visit(MONDAY)] * (MOST_VISITS + 1)), "10001 visits"),
        (lambda: course(visits=(Visit(MONDAY, id="v1"), Visit(MONDAY, id="v1"))), "two visits of one id"),
        (lambda: course(visits=(Visit(MONDAY, session="s1"),)), "of an unknown session"),
        (lambda: course(session(1, MONDAY), visits=(Visit(MONDAY, session="s2"),)), "of an unknown session"),
        (lambda: course(skipped=("s1",)), "of an unknown session"),
        (lambda: course(session(1, MONDAY), lifted=(lifted(later="s2"),)), "of an unknown session"),
        (lambda: course(session(1, MONDAY), lifted=(lifted(earlier="s2"),)), "of an unknown session"),
        (lambda: lifted(by="chance"), "a rule lifted by 'chance'"),
        (lambda: lifted(latest=-1), "of -1 days"),
        (lambda: course(segments=(segment("trial"),)), "begins with an unknown phase"),
        (lambda: Decision(what="go", on=MONDAY, who="Dr A"), "the outcome 'go' by somebody"),
        (lambda: Decision(what="step back", on=MONDAY, who=" "), "'step back' by nobody"),
        (lambda: course(id="Anna Müller 1980-01-01"), "This course id cannot be used"),
        (lambda: course(id="-x"), "This course id cannot be used"),
        (lambda: course(id="x" * 65), "This course id cannot be used"),
        (lambda: course(id="A-017\r\nBEGIN:VEVENT"), "This course id cannot be used"),
        (lambda: course(id="A-017\n"), "This course id cannot be used"),
        (lambda: check_course_id(17), "This course id cannot be used"),  # type: ignore[arg-type]
        (lambda: Revision(at=datetime(2027, 1, 4)), "at is not a moment"),  # noqa: DTZ001
        (lambda: Revision(at=datetime(1969, 12, 31, 23, 59, tzinfo=UTC)), "1969-12-31 is not a day"),
        (lambda: Revision(at=datetime(2200, 1, 1, tzinfo=UTC)), "2200-01-01 is not a day"),
        (
            lambda: Revision(at=datetime(2199, 12, 31, 23, tzinfo=timezone(timedelta(hours=-1)))),
            "2200-01-01 is not a day",
        ),
        (
            lambda: Revision(at=datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))),
            "0001-01-01 is not",
        ),
        (
            lambda: Revision(at=datetime.max.replace(tzinfo=timezone(-timedelta(hours=14)))),
            "9999-12-31 is not",
        ),
        (lambda: Waiver(rule="KS１01", sessions=("s1",), reason="agreed", who="Dr A"), "a waiver of KS１01"),
        (lambda: Waiver(rule="101", sessions=("s1",), reason="agreed", who="Dr A"), "a waiver of 101"),
        (lambda: Waiver(rule="KS101", sessions=(), reason="agreed", who="Dr A"), "a waiver of KS101"),
        (lambda: Waiver(rule="KS101", sessions=("s1",), reason=" ", who="Dr A"), "a waiver of KS101"),
        (lambda: Waiver(rule="KS101", sessions=("s1",), reason="agreed", who=""), "a waiver of KS101"),
    ],
)
def test_what_a_course_refuses(make, what):
    with pytest.raises(KetschedError) as error:
        make()
    assert what in error.value.what
    assert error.value.why
    assert error.value.fix


def test_what_happened_is_kept_with_the_course():
    one = course(
        session(1, MONDAY),
        visits=(Visit(MONDAY, session="s1", id="v1"), Visit(MONDAY), Visit(MONDAY)),
        skipped=("s1",),
        lifted=(lifted(), lifted(latest=0, by="policy")),
        segments=(segment(), segment("induction")),
    )
    assert [visit.session for visit in one.visits] == ["s1", None, None]
    assert len(course(visits=[Visit(MONDAY)] * MOST_VISITS).visits) == MOST_VISITS


# -- visits


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: Visit(date(9999, 1, 1)), "not a day to plan on"),
        (lambda: Visit(datetime(2027, 1, 4, tzinfo=UTC)), "not a date"),
        (lambda: Visit(MONDAY, "given"), "'given' is not a status"),
        (lambda: Visit(MONDAY, "Fulfilled"), "'Fulfilled' is not a status"),
        (lambda: Visit(MONDAY, ""), "The status is missing."),
        (lambda: Visit(MONDAY, " "), "The status is missing."),
        (lambda: Visit(MONDAY, None), "'None' is not a status"),
        (lambda: Visit(MONDAY, at=time(9, 0, 30)), "a visit at 09:00:30"),
        (lambda: Visit(MONDAY, at=time(9, tzinfo=UTC)), "a visit at 09:00"),
        (lambda: Visit(MONDAY, at=datetime(2027, 1, 4, 9)), "a visit at 2027-01-04"),  # type: ignore[arg-type]  # noqa: DTZ001
        (lambda: Visit(MONDAY, "cancelled", by="nurse"), "cancelled by 'nurse'"),
        (lambda: Visit(MONDAY, "fulfilled", by="clinic"), "a visit that was fulfilled and cancelled"),
        (lambda: Visit(MONDAY, "no-show", by="patient"), "a visit that was no-show and cancelled"),
        (lambda: Visit(MONDAY, "no-show", counts=False), "a visit that was no-show, and whether it counts"),
        (lambda: Visit(MONDAY, "cancelled", counts=True), "and whether it counts"),
        (lambda: Visit(MONDAY, "withdrawn", corrects="v1", counts=True), "and whether it counts"),
        (lambda: Visit(MONDAY, "withdrawn"), "an entry withdrawn that names none"),
        (lambda: Visit(MONDAY, id="v1", corrects="v1"), "an entry that corrects itself"),
        (lambda: Visit(MONDAY, session="\ud800"), "session is no text"),
        (lambda: Visit(MONDAY, note="\ud800"), "note is no text"),
    ],
)
def test_what_a_visit_refuses(make, what):
    with pytest.raises(KetschedError) as error:
        make()
    assert what in error.value.what
    assert error.value.why
    assert error.value.fix


def test_what_a_visit_says():
    assert Visit(MONDAY).status is VisitStatus.FULFILLED
    assert Visit(MONDAY, "stopped early", counts=True).status is VisitStatus.STOPPED_EARLY
    assert Visit(MONDAY, "cancelled", by="clinic", at=time(9)).by == "clinic"
    assert Visit(MONDAY, "withdrawn", corrects="v1").corrects == "v1"
    delivered = {status for status in VisitStatus if status.delivered}
    assert delivered == {VisitStatus.FULFILLED, VisitStatus.STOPPED_EARLY}


def test_what_does_not_count_has_no_place_of_its_own():
    """An ad-hoc booster between the second and the third is numbered as what comes next, and moves no number."""
    days = [MONDAY + timedelta(n) for n in (0, 3, 5, 7)]
    one = course(
        *(session(n, day, counts=n != 3, booked=n != 3) for n, day in enumerate(days, 1)),
    )
    assert [one.number(each) for each in one.sessions] == [1, 2, 3, 3]


# -- what revisions remember

TUESDAY, THURSDAY = MONDAY + timedelta(1), MONDAY + timedelta(3)


def followed():
    """A session on Monday is moved to Tuesday; another is added on Thursday; the first is closed."""
    first = session(1, MONDAY, time=time(9))
    moved = attrs.evolve(first, day=TUESDAY, revised=(0, 1))
    closed = attrs.evolve(moved, status=BookingStatus.CLOSED, revised=(0, 1, 3))
    added = session(2, THURSDAY, revised=(2,))
    changes = (
        (),
        (Changed(booking="s1", why="holiday", before=first),),
        (Changed(booking="s2"),),
        (Changed(booking="s1", before=moved),),
    )
    revisions = tuple(Revision(at=None, changes=each) for each in changes)
    states = ((first,), (moved,), (moved, added), (closed, added))
    visits = (Visit(MONDAY), Visit(TUESDAY, session="s1"), Visit(THURSDAY, session="s2"))
    past = {"visits": visits, "skipped": ("s2",), "lifted": (lifted(), lifted(later="s2"))}
    return course(*states[-1], revisions=revisions, **past), states


def test_each_state_that_was_given_out_comes_back():
    one, states = followed()
    for number, sessions in enumerate(states):
        then = one.at_revision(number)
        assert then.sessions == sessions
        assert then.revisions == one.revisions[: number + 1]
    assert one.at_revision(3) == one


def test_a_state_names_no_session_that_was_not_there_yet():
    one, _ = followed()
    before, after = one.at_revision(1), one.at_revision(2)
    assert [visit.session for visit in before.visits] == [None, "s1"]
    assert (before.skipped, before.lifted) == ((), one.lifted[:1])
    assert (after.visits, after.skipped, after.lifted) == (one.visits, one.skipped, one.lifted)


def test_what_each_revision_changed():
    one, states = followed()
    said = [[(c.booking, c.kind, c.why) for c in one.changes_of(number)] for number in range(4)]
    assert said == [[], [("s1", "moved", "holiday")], [("s2", "added", "")], [("s1", "closed", "")]]
    (moved,) = one.changes_of(1)
    assert (moved.before, moved.after) == (states[0][0], states[1][0])
    (added,) = one.changes_of(2)
    assert (added.before, added.after) == (None, states[2][1])
    assert one.changes == one.changes_of(3)


@pytest.mark.parametrize("number", [-1, 4])
def test_a_revision_that_there_is_not(number):
    one, _ = followed()
    for ask in (one.at_revision, one.changes_of):
        with pytest.raises(InvalidInput) as error:
            ask(number)
        assert error.value.what == f"The course has no revision {number + 1}."
        assert error.value.fix == "give a number from 1 to 4"


def test_a_course_of_one_revision_has_changed_nothing():
    one = course(session(1, MONDAY))
    assert one.changes == ()
    assert one.at_revision(0) == one


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (None, {}, "added"),
        (None, {"status": BookingStatus.FULFILLED}, "added"),
        ({}, {"day": TUESDAY}, "moved"),
        ({}, {"time": time(10)}, "moved"),
        ({}, {"time": None}, "moved"),
        ({}, {"day": TUESDAY, "status": BookingStatus.TENTATIVE}, "moved"),
        ({}, {"day": TUESDAY, "status": BookingStatus.CLOSED}, "closed"),
        ({}, {"status": BookingStatus.MISSED}, "missed"),
        ({}, {"status": BookingStatus.FULFILLED}, "fulfilled"),
        ({}, {"day": TUESDAY, "status": BookingStatus.FULFILLED}, "fulfilled"),
        ({}, {"status": BookingStatus.TENTATIVE}, "changed"),
        ({"status": BookingStatus.TENTATIVE}, {}, "changed"),
        ({"status": BookingStatus.FULFILLED}, {}, "changed"),
        ({}, {"place": "home"}, "changed"),
        ({"status": BookingStatus.CLOSED}, {}, "opened"),
        ({"status": BookingStatus.MISSED}, {"status": BookingStatus.TENTATIVE}, "opened"),
        ({"status": BookingStatus.MISSED}, {"status": BookingStatus.CLOSED}, "closed"),
        ({"status": BookingStatus.MISSED}, {"status": BookingStatus.FULFILLED}, "fulfilled"),
    ],
)
def test_what_became_of_a_booking(before, after, kind):
    base = session(1, MONDAY, time=time(9))
    was = None if before is None else attrs.evolve(base, **before)
    change = Change(booking="s1", why="", before=was, after=attrs.evolve(base, **after))
    assert change.kind == kind


def test_an_error_about_an_id_does_not_repeat_it():
    """A name typed where an opaque id belongs must not end up in a log."""
    with pytest.raises(InvalidInput) as error:
        check_course_id("Anna Müller")
    assert "Anna" not in str(error.value)


def test_everything_is_frozen():
    for value in (session(1, MONDAY), course(session(1, MONDAY)), protocol(), induction(), ANATOMY):
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            value.id = "other"
        assert hash(value) == hash(attrs.evolve(value))


def test_a_course_has_its_clinics_date_at_a_moment():
    here = attrs.evolve(course(session(1, date(2027, 1, 4))), zone="America/New_York")
    assert here.day_at(datetime(2027, 1, 5, 4, 59, tzinfo=UTC)) == date(2027, 1, 4)
    assert here.day_at(datetime(2027, 1, 5, 5, tzinfo=UTC)) == date(2027, 1, 5)
    with pytest.raises(InvalidTime):
        here.day_at(datetime(2027, 1, 5, 5))  # noqa: DTZ001 - that is refused


@pytest.mark.parametrize(
    ("booked", "given_besides", "fits"),
    [(MOST_SESSIONS, 0, True), (MOST_SESSIONS + 1, 0, False), (2, 2 * MOST_SESSIONS, True)],
)
def test_so_many_sessions_may_be_booked_and_what_was_given_besides_is_bounded_with_the_visits(
    booked, given_besides, fits
):
    protocol = Protocol(id="own", version="1", title="Own", phases=(induction(),))
    sessions = tuple(
        Session(id=f"s{n}", phase="induction", day=date(2020, 1, 1) + timedelta(n), booked=n < booked)
        for n in range(booked + given_besides)
    )
    if fits:
        assert (
            len(Course(protocol=protocol, zone="UTC", sessions=sessions).sessions) == booked + given_besides
        )
    else:
        refused(lambda: Course(protocol=protocol, zone="UTC", sessions=sessions), "a course has at most 1000")


@pytest.mark.parametrize("word", ["decision", "done", "ride"])
def test_no_course_is_called_as_a_command_of_record(word):
    """`ketsched record done` is a command, so no file or course of that name can be mistaken for it."""
    said = refused(lambda: check_course_id(word), f"'{word}' cannot be the id of a course.")
    assert f'"{word}-1"' in said
    assert check_course_id(f"{word}-1") == f"{word}-1"
    refused(lambda: course(id=word), f"'{word}'")
