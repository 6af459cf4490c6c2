"""Calendar files: notices, and the day after a session."""

from datetime import date, time, timedelta

import pytest

from ketsched.model import Anchor, BookingStatus, Restriction
from published import (
    CLINIC,
    FOR_PATIENT,
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
    whole,
)

GENERAL = "Your clinic has a note for you about this appointment; ask if unsure."


class TestNotices:
    @pytest.mark.parametrize(
        ("topic", "discreet", "named"),
        [
            ("fluids", "Drink water before and after.", "Drink water before and after."),
            ("rest", "Keep the rest of the day free.", "Keep the rest of the day free."),
            ("medicine", GENERAL, "Mind what your clinic told you about your medicines."),
            ("warning", GENERAL, GENERAL),
            ("note", GENERAL, GENERAL),
        ],
    )
    def test_words_by_topic(self, topic, discreet, named):
        course = course_of(around_it("notice", topic, text="After ketamine, this."))
        assert discreet in session_says(course)
        assert named in session_says(course, privacy="named")
        assert "After ketamine, this." in session_says(course, privacy="full")
        assert not own(course)

    def test_without_a_text_its_title_is_told(self):
        assert "Ketamine talk" in session_says(course_of(around_it("notice", "note")), privacy="full")

    def test_the_general_sentence_is_said_once(self):
        notices = [
            around_it("notice", topic, id=f"n{n}") for n, topic in enumerate(("medicine", "warning", "note"))
        ]
        lines = session_says(course_of(*notices))
        assert lines.count(GENERAL) == 1
        assert len(lines) == 3

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
        course = course_of(around_it("notice", "rest", before=before, after=after))
        assert f"{line}Keep the rest of the day free." in session_says(course)

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
        assert f"{line}Keep the rest of the day free." in session_says(course_of(notice, sessions=(at(day),)))

    def test_each_session_is_told_its_own(self):
        """Also when they are at the same hour of the same phase, and share their other words."""
        notices = (
            around_it("notice", "fluids", id="a", anchor=Anchor(session=1)),
            around_it("notice", "rest", id="b", anchor=Anchor(session=2)),
        )
        course = course_of(*notices, sessions=(at(), at(TUESDAY, number=2), at(date(2027, 1, 6), number=3)))
        said_of = [said(e) for e in events(course)]
        assert ["Drink water before and after." in lines for lines in said_of] == [True, False, False]
        assert ["Keep the rest of the day free." in lines for lines in said_of] == [False, True, False]

    def test_each_session_is_told_its_own_days(self):
        course = course_of(around_it("notice", "rest", after=24 * 60), sessions=(at(), at(TUESDAY, number=2)))
        assert [said(e)[1] for e in events(course)] == [
            "Until 10:15 on Tuesday 5 January: Keep the rest of the day free.",
            "Until 10:15 on Wednesday 6 January: Keep the rest of the day free.",
        ]

    def test_what_holds_before_comes_before(self):
        notices = (
            around_it("notice", "rest", id="a"),
            around_it("notice", "fluids", id="b", before=60),
            around_it("notice", "note", id="c", before=60, after=0),
        )
        assert session_says(course_of(*notices, no_driving=timedelta(hours=1))) == [
            "Please arrive at 09:15. It takes about 2 hours 10 minutes, until 11:25.",
            "From 08:35: Drink water.",
            "Do not drive until 11:15 on Monday 4 January.",
            "Arrange for someone to take you home, and rest afterwards.",
            "Keep the rest of the day free.",
            f"From 08:35 until 10:15: {GENERAL}",
            FOR_PATIENT,
        ]

    def test_a_cancelled_session_has_none(self):
        course = course_of(around_it("notice", "rest"), sessions=(at(status=BookingStatus.CLOSED),))
        assert session_says(course) == ["This appointment is cancelled: it does not take place.", FOR_PATIENT]

    def test_water_afterwards_alone_is_not_asked_for_before(self):
        lines = session_says(course_of(around_it("notice", "fluids", after=60)))
        assert "Until 11:15: Drink water afterwards." in lines

    @pytest.mark.parametrize(("what", "asked"), [("drinking", False), ("Liquids", False), ("eating", True)])
    def test_water_is_not_asked_for_against_a_rule_of_the_same_session(self, what, asked):
        before = (Restriction(what=what, minutes=120),)
        lines = session_says(course_of(around_it("notice", "fluids"), before=before))
        assert ("Drink water before and after." in lines) == asked
        assert ("Drink water before, but only until the time named above, and after." in lines) != asked

    def test_water_of_a_certain_time(self):
        """What holds before only asks for none after, and the other way round."""
        fasting = (Restriction(what="drinking", minutes=120),)
        until = "Drink water before, but only until the time named above, and after."
        for before, after, line, with_fasting in (
            (180, None, "From 06:35: Drink water.", f"From 06:35: {until}"),
            (None, 60, "Until 11:15: Drink water afterwards.", "Until 11:15: Drink water afterwards."),
            (
                180,
                60,
                "From 06:35 until 11:15: Drink water before and after.",
                f"From 06:35 until 11:15: {until}",
            ),
        ):
            notice = around_it("notice", "fluids", before=before, after=after)
            assert line in session_says(course_of(notice))
            assert with_fasting in session_says(course_of(notice, before=fasting))

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
        assert said(event) == ["Do not drive until 10:15 on Tuesday 5 January.", FOR_PATIENT]
        assert whole(event) == (TUESDAY, date(2027, 1, 6))
        assert str(event["UID"]) == uid("s1/after")
        assert str(event["RELATED-TO"]) == uid("s1")
        assert int(event["SEQUENCE"]) == 1
        assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == SECOND
        assert (str(event["STATUS"]), str(event["CLASS"])) == ("CONFIRMED", "PRIVATE")

    def test_next_day_is_a_nights_sleep(self):
        (event,) = own(course_of(no_driving="next day"))
        assert said(event) == ["Do not drive until you have slept a full night.", FOR_PATIENT]
        assert whole(event) == (TUESDAY, date(2027, 1, 6))

    def test_the_session_says_it_too(self):
        hours, sleep = course_of(no_driving=timedelta(hours=24)), course_of(no_driving="next day")
        assert "Do not drive until 10:15 on Tuesday 5 January." in session_says(hours)
        assert any(line.startswith("Do not drive until tomorrow") for line in session_says(sleep))

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
        assert said(event)[0] == f"Do not drive until {line}."
        assert whole(event) == (day + timedelta(1), end)

    @pytest.mark.parametrize(
        "day", [date(2027, 3, 27), date(2027, 3, 28), date(2027, 10, 30), date(2027, 10, 31)]
    )
    def test_a_nights_sleep_is_one_when_clocks_change(self, day):
        (event,) = own(course_of(sessions=(at(day),), no_driving="next day"))
        assert said(event)[0] == "Do not drive until you have slept a full night."
        assert whole(event) == (day + timedelta(1), day + timedelta(2))

    def test_a_session_past_midnight(self):
        """Its treatment ends at 00:15 on Tuesday, so the night's sleep is that to Wednesday."""
        (event,) = own(course_of(sessions=(at(clock=time(23, 15)),), no_driving="next day"))
        assert whole(event) == (TUESDAY, date(2027, 1, 7))

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
            "Do not drive until you have slept a full night.",
            "Until 10:15 on Tuesday 5 January: Keep the rest of the day free.",
            FOR_PATIENT,
        ]
