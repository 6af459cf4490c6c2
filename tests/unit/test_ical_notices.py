"""Calendar files: notices, and the day after a session."""

from datetime import date, time, timedelta

import pytest

from ketsched.model import Anchor, BookingStatus, Restriction
from published import (
    CLINIC,
    FOR_PATIENT,
    LONDON,
    PATIENT,
    SECOND,
    TUESDAY,
    around_it,
    at,
    course_of,
    events,
    own,
    said,
    session_says,
    uid,
    unfolded,
    whole,
)

GENERAL = "There is a note from your clinic for this appointment. Please call if you have not received it."
MEDICINE = "Please follow what your clinic told you about your medicines."
NOTE = "There is a note from your clinic for this appointment. Please call if you have not received it."
REST = "Take it easy for the rest of the day."
WATER_BEFORE, WATER_AFTER = "Please drink water beforehand.", "Please drink water afterwards."
WATER_UNTIL = "Please drink water, but only until the time above, and again after the appointment."
RIDE_HOME = "Please arrange for someone to take you home."
SLEEP = "Please do not drive until {}, and then only after a full night's sleep."


class TestNotices:
    @pytest.mark.parametrize(
        ("topic", "line"),
        [
            ("fluids", WATER_BEFORE),
            ("ride", RIDE_HOME),
            ("rest", REST),
            ("medicine", MEDICINE),
            ("warning", GENERAL),
            ("note", GENERAL),
        ],
    )
    def test_words_by_topic(self, topic, line):
        course = course_of(around_it("notice", topic, text="After ketamine, this."))
        for privacy in ("discreet", "named"):
            assert session_says(course, privacy=privacy).count(line) == 1
            assert "ketamine" not in unfolded(course, privacy=privacy)
        assert line not in session_says(course, privacy="full")
        assert "After ketamine, this." in session_says(course, privacy="full")
        assert not own(course)

    def test_without_a_text_its_title_is_told(self):
        assert "Ketamine talk" in session_says(course_of(around_it("notice", "note")), privacy="full")

    def test_the_general_sentence_is_said_once(self):
        notices = [
            around_it("notice", topic, id=f"n{n}") for n, topic in enumerate(("medicine", "warning", "note"))
        ]
        assert session_says(course_of(*notices)) == [
            "Please arrive at 09:15. The appointment ends at about 11:25.",
            MEDICINE,
            GENERAL,
            LONDON,
            FOR_PATIENT,
        ]

    @pytest.mark.parametrize(
        ("before", "after", "line"),
        [
            (120, None, "From 07:35: "),
            (None, 600, "Until 20:15: "),
            (60, 30, "From 08:35 until 10:45: "),
            (0, 0, "From 09:35 until 10:15: "),
            (None, 24 * 60, "Until 10:15 on Tuesday 5 January: "),
            (12 * 60, None, "From 21:35 on Sunday 3 January: "),
            (None, None, ""),
        ],
    )
    def test_its_times_are_counted_from_the_treatment(self, before, after, line):
        course = course_of(around_it("notice", "warning", before=before, after=after))
        assert f"{line}{NOTE}" in session_says(course)

    @pytest.mark.parametrize(("before", "after"), [(None, None), (None, 60), (60, 60), (60, None)])
    def test_the_rest_of_the_day_has_no_hour(self, before, after):
        course = course_of(around_it("notice", "rest", before=before, after=after))
        assert REST in session_says(course)

    @pytest.mark.parametrize(
        ("day", "line"),
        [
            (date(2027, 3, 27), "From 21:35 on Friday 26 March until 11:15 on Sunday 28 March: "),
            (date(2027, 3, 28), "From 20:35 on Saturday 27 March until 10:15 on Monday 29 March: "),
            (date(2027, 10, 30), "From 21:35 on Friday 29 October until 09:15 on Sunday 31 October: "),
            (date(2027, 10, 31), "From 22:35 on Saturday 30 October until 10:15 on Monday 1 November: "),
        ],
    )
    def test_elapsed_time_when_clocks_change(self, day, line):
        """12 hours before 09:35 and 24 hours after 10:15."""
        notice = around_it("notice", "rest", before=12 * 60, after=24 * 60)
        assert f"{line}{REST}" in session_says(course_of(notice, sessions=(at(day),)))

    def test_each_session_is_told_its_own(self):
        """Also when they are at the same hour of the same phase, and share their other words."""
        notices = (
            around_it("notice", "fluids", id="a", anchor=Anchor(session=1)),
            around_it("notice", "rest", id="b", anchor=Anchor(session=2)),
        )
        course = course_of(*notices, sessions=(at(), at(TUESDAY, number=2), at(date(2027, 1, 6), number=3)))
        said_of = [said(e) for e in events(course)]
        assert [WATER_BEFORE in lines for lines in said_of] == [True, False, False]
        assert [REST in lines for lines in said_of] == [False, True, False]

    def test_each_session_is_told_its_own_days(self):
        course = course_of(around_it("notice", "rest", after=24 * 60), sessions=(at(), at(TUESDAY, number=2)))
        assert [said(e)[1] for e in events(course)] == [
            f"Until 10:15 on Tuesday 5 January: {REST}",
            f"Until 10:15 on Wednesday 6 January: {REST}",
        ]

    def test_what_holds_before_comes_before(self):
        notices = (
            around_it("notice", "rest", id="a"),
            around_it("notice", "fluids", id="b", before=60),
            around_it("notice", "note", id="c", before=60, after=0),
        )
        assert session_says(course_of(*notices, no_driving=timedelta(hours=1))) == [
            "Please arrive at 09:15. The appointment ends at about 11:25.",
            f"From 08:35: {WATER_BEFORE}",
            RIDE_HOME,
            "Please do not drive until 11:15 on Monday 4 January.",
            REST,
            f"From 08:35 until 10:15: {GENERAL}",
            LONDON,
            FOR_PATIENT,
        ]

    def test_a_cancelled_session_has_none(self):
        course = course_of(around_it("notice", "rest"), sessions=(at(status=BookingStatus.CLOSED),))
        assert session_says(course) == ["This appointment is cancelled. Please do not come.", FOR_PATIENT]

    def test_water_afterwards_alone_is_not_asked_for_before(self):
        lines = session_says(course_of(around_it("notice", "fluids", after=60)))
        assert f"Until 11:15: {WATER_AFTER}" in lines
        assert not any("beforehand" in line for line in lines)

    @pytest.mark.parametrize(("what", "asked"), [("drinking", False), ("Liquids", False), ("eating", True)])
    def test_water_is_not_asked_for_against_a_rule_of_the_same_session(self, what, asked):
        before = (Restriction(what=what, minutes=120),)
        lines = session_says(course_of(around_it("notice", "fluids"), before=before))
        assert (WATER_BEFORE in lines) == asked
        assert (WATER_UNTIL in lines) != asked

    def test_water_of_a_certain_time(self):
        """What holds before only asks for none after, and the other way round."""
        fasting = (Restriction(what="drinking", minutes=120),)
        for before, after, line, with_fasting in (
            (180, None, f"From 06:35: {WATER_BEFORE}", f"From 06:35: {WATER_UNTIL}"),
            (None, 60, f"Until 11:15: {WATER_AFTER}", f"Until 11:15: {WATER_AFTER}"),
        ):
            notice = around_it("notice", "fluids", before=before, after=after)
            assert [one for one in session_says(course_of(notice)) if "water" in one] == [line]
            fasted = session_says(course_of(notice, before=fasting))
            assert [one for one in fasted if "water" in one] == [with_fasting]

    @pytest.mark.parametrize(
        ("before", "after", "lines"),
        [
            (None, None, [WATER_BEFORE, WATER_AFTER]),
            (180, 60, [f"From 06:35: {WATER_BEFORE}", f"Until 11:15: {WATER_AFTER}"]),
        ],
    )
    def test_water_of_both_is_asked_for_before_and_after(self, before, after, lines):
        notice = around_it("notice", "fluids", before=before, after=after)
        assert [line for line in session_says(course_of(notice)) if "water" in line] == lines

    def test_a_clinic_is_told_where_all_is_told(self):
        for for_whom in ("clinic", "both"):
            course = course_of(around_it("notice", "note", audience=for_whom, after=60))
            assert "Until 11:15: Ketamine talk" in session_says(course, **CLINIC)
            for privacy in ("discreet", "named"):
                lines = session_says(course, audience="clinic", privacy=privacy)
                assert lines == session_says(course_of(), audience="clinic", privacy=privacy)
        for_patient = course_of(around_it("notice", "note", audience="patient"))
        assert session_says(for_patient, **CLINIC) == session_says(course_of(), **CLINIC)
        for_clinic = course_of(around_it("notice", "note", audience="clinic"))
        for _, privacy in PATIENT:
            assert session_says(for_clinic, privacy=privacy) == session_says(course_of(), privacy=privacy)


class TestTheDayAfter:
    def test_it_is_an_event_that_goes_with_the_session(self):
        (event,) = own(course_of(sessions=(at(revised=(0, 1)),), no_driving=timedelta(hours=24)))
        assert str(event["SUMMARY"]) == "After your appointment"
        assert said(event) == ["Please do not drive until 10:15 on Tuesday 5 January.", LONDON, FOR_PATIENT]
        assert whole(event) == (TUESDAY, date(2027, 1, 6))
        assert str(event["UID"]) == uid("s1/after")
        assert str(event["RELATED-TO"]) == uid("s1")
        assert int(event["SEQUENCE"]) == 1
        assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == SECOND
        assert (str(event["STATUS"]), str(event["CLASS"])) == ("CONFIRMED", "PRIVATE")

    def test_next_day_is_a_nights_sleep(self):
        (event,) = own(course_of(no_driving="next day"))
        assert said(event) == [SLEEP.format("Tuesday 5 January"), FOR_PATIENT]
        assert whole(event) == (TUESDAY, date(2027, 1, 6))

    def test_the_session_says_it_too(self):
        hours, sleep = course_of(no_driving=timedelta(hours=24)), course_of(no_driving="next day")
        assert "Please do not drive until 10:15 on Tuesday 5 January." in session_says(hours)
        assert SLEEP.format("Tuesday 5 January") in session_says(sleep)

    def test_titles(self):
        course = course_of(no_driving="next day")
        for privacy in ("named", "full"):
            assert str(own(course, privacy=privacy)[0]["SUMMARY"]) == "After your treatment session"
        for privacy in ("discreet", "named", "full"):
            assert not own(course, audience="clinic", privacy=privacy)

    @pytest.mark.parametrize(
        ("rule", "last"),
        [
            (timedelta(hours=13, minutes=45), None),  # until 00:00
            (timedelta(hours=13, minutes=46), TUESDAY),
            (timedelta(hours=37, minutes=45), TUESDAY),
            (timedelta(hours=37, minutes=46), date(2027, 1, 6)),
            (timedelta(days=7), date(2027, 1, 11)),
            (timedelta(hours=1), None),
            (None, None),
        ],
    )
    def test_it_lasts_as_long_as_the_rule_does(self, rule, last):
        found = [whole(event) for event in own(course_of(no_driving=rule))]
        assert found == ([] if last is None else [(TUESDAY, last + timedelta(1))])

    @pytest.mark.parametrize(
        ("day", "clock", "rule", "end", "line"),
        [
            (
                date(2027, 3, 27),
                time(9, 15),
                timedelta(hours=24),
                date(2027, 3, 29),
                "11:15 on Sunday 28 March",
            ),
            (
                date(2027, 3, 28),
                time(9, 15),
                timedelta(hours=24),
                date(2027, 3, 30),
                "10:15 on Monday 29 March",
            ),
            (
                date(2027, 10, 30),
                time(9, 15),
                timedelta(hours=24),
                date(2027, 11, 1),
                "09:15 on Sunday 31 October",
            ),
            (
                date(2027, 10, 31),
                time(9, 15),
                timedelta(hours=24),
                date(2027, 11, 2),
                "10:15 on Monday 1 November",
            ),
            # 24 hours and a half after 23:00 in winter time: 00:30 in summer time, on a second date.
            (
                date(2027, 3, 27),
                time(22, 0),
                timedelta(hours=24, minutes=30),
                date(2027, 3, 30),
                "00:30 on Monday 29 March",
            ),
            # 26 hours after 23:00 in summer time: midnight in winter time, and no second date.
            (
                date(2027, 10, 30),
                time(22, 0),
                timedelta(hours=26),
                date(2027, 11, 1),
                "00:00 on Monday 1 November",
            ),
        ],
    )
    def test_hours_are_elapsed_when_clocks_change(self, day, clock, rule, end, line):
        (event,) = own(course_of(sessions=(at(day, clock),), no_driving=rule))
        assert said(event) == [f"Please do not drive until {line}.", LONDON, FOR_PATIENT]
        assert whole(event) == (day + timedelta(1), end)

    @pytest.mark.parametrize(
        ("day", "until"),
        [
            (date(2027, 3, 27), "Sunday 28 March"),
            (date(2027, 3, 28), "Monday 29 March"),
            (date(2027, 10, 30), "Sunday 31 October"),
            (date(2027, 10, 31), "Monday 1 November"),
        ],
    )
    def test_a_nights_sleep_is_one_when_clocks_change(self, day, until):
        (event,) = own(course_of(sessions=(at(day),), no_driving="next day"))
        assert said(event) == [SLEEP.format(until), FOR_PATIENT]
        assert whole(event) == (day + timedelta(1), day + timedelta(2))

    def test_a_session_past_midnight(self):
        """Its treatment ends at 00:15 on Tuesday, so the night's sleep is that to Wednesday."""
        (event,) = own(course_of(sessions=(at(clock=time(23, 15)),), no_driving="next day"))
        assert whole(event) == (TUESDAY, date(2027, 1, 7))
        assert said(event) == [SLEEP.format("Wednesday 6 January"), FOR_PATIENT]

    def test_another_year_is_named(self):
        (event,) = own(course_of(sessions=(at(date(2027, 12, 31)),), no_driving=timedelta(hours=24)))
        assert said(event)[0] == "Please do not drive until 10:15 on Saturday 1 January 2028."

    def test_at_home_there_is_none(self):
        assert not own(course_of(no_driving="next day", place="home"))
        assert not own(course_of(sessions=(at(place="Home"),), no_driving="next day"))
        assert own(course_of(sessions=(at(place="Room 2"),), no_driving="next day", place="home"))

    @pytest.mark.parametrize("status", [BookingStatus.CLOSED, BookingStatus.MISSED])
    @pytest.mark.parametrize("rule", ["next day", timedelta(hours=24)])
    def test_one_that_was_given_out_is_cancelled_with_its_session(self, status, rule):
        (event,) = own(course_of(sessions=(at(status=status, revised=(0, 1)),), no_driving=rule))
        assert str(event["SUMMARY"]) == "Cancelled: After your appointment"
        assert (str(event["STATUS"]), int(event["SEQUENCE"])) == ("CANCELLED", 1)
        assert said(event) == ["This no longer applies.", FOR_PATIENT]
        assert whole(event) == (TUESDAY, date(2027, 1, 6))

    def test_one_that_never_was_is_not(self):
        assert not own(course_of(sessions=(at(status=BookingStatus.CLOSED),), no_driving="next day"))

    def test_of_a_session_to_be_confirmed(self):
        (event,) = own(course_of(sessions=(at(status=BookingStatus.TENTATIVE),), no_driving="next day"))
        assert str(event["SUMMARY"]) == "After your appointment (to be confirmed)"
        assert str(event["STATUS"]) == "TENTATIVE"

    def test_advice_that_holds_until_then_is_repeated(self):
        notices = (
            around_it("notice", "rest", id="long", before=60, after=24 * 60),
            around_it("notice", "fluids", id="short", after=60),
        )
        (event,) = own(course_of(*notices, no_driving="next day"))
        assert said(event) == [
            SLEEP.format("Tuesday 5 January"),
            f"Until 10:15 on Tuesday 5 January: {REST}",
            LONDON,
            FOR_PATIENT,
        ]
