"""The patient's page: what it says, what it keeps to itself, and that no text gets out of its place."""

from __future__ import annotations

import re
from datetime import date, time

import attrs
import pytest

import ketsched as ks
from ketsched.errors import CannotWrite
from ketsched.interchange import dumps
from ketsched.interchange.pagefolder import POLICY, contrast
from ketsched.languages import Contact
from ketsched.model import Authorisation, BookingStatus, Hold, Restriction, Revision
from ketsched.revising import revise
from pages import HOSTILE, PHONE, Page, full_of, section
from published import FIRST, MONDAY, SECOND, TUESDAY, around_it, at, course_of, placed
from refusals import refused, refused_or_not

REACHED = {"contact": Contact(telephone=PHONE, address="1 High Street")}


def two_sessions(**more):
    sessions = (at(), at(date(2027, 1, 11), number=2))
    return course_of(sessions=sessions, no_driving="next day", others=REACHED, **more)


class TestWhatItSays:
    def test_the_next_appointment_is_on_top_with_all_that_goes_with_it(self):
        page = Page(two_sessions(before=(Restriction(what="eating", minutes=240),)))
        assert section(page, "Your next appointment") == (
            "Monday 4 January 2027 09:15 Appointment "
            "Please arrive at 09:15. The appointment ends at about 11:25. "
            "Please eat nothing after 05:35. "
            "Please arrange for someone to take you home. "
            "Please do not drive until Tuesday 5 January, and then only after a full night's sleep. "
            f"Times may change. If you cannot come or are unsure, please call {PHONE}."
        )
        assert page.texts_of("h1") == ["Appointments"]
        assert "This page is of Tuesday 8 December 2026. Please throw older ones away." in page.visible
        assert page.texts_of("footer") == ["All times are London time."]

    def test_all_appointments_stand_in_order(self):
        review = around_it(place="telephone")
        form = around_it("task", "form", id="form")
        booked = (placed(MONDAY, None, id="form:s1", companion="form"), placed(TUESDAY, time(10)))
        page = Page(
            course_of(
                *(review, form),
                sessions=(at(), at(date(2027, 1, 12), number=2)),
                booked=(attrs.evolve(booked[0], day=date(2027, 1, 3)), booked[1]),
            )
        )
        assert page.texts_of("h3") == [
            "Sunday 3 January 2027",
            "Monday 4 January 2027 at 09:15",
            "Tuesday 5 January 2027 at 10:00",
            "Tuesday 12 January 2027 at 09:15",
        ]
        told = section(page, "All appointments to come")
        assert "Sunday 3 January 2027 Reminder Please return the form by Sunday 3 January." in told
        assert "Tuesday 5 January 2027 at 10:00 Telephone appointment By telephone. We will call you" in told
        short = Page(course_of(form, booked=booked[:1]), events="appointments")
        assert short.texts_of("h3") == ["Monday 4 January 2027 at 09:15"]

    def test_what_is_past_is_told_by_the_date_that_is_given(self):
        course = two_sessions()
        first, later = Page(course), Page(course, as_of=date(2027, 1, 5))
        assert "Past appointments" not in first.visible
        assert section(later, "Your next appointment").startswith("Monday 11 January 09:15")
        assert section(later, "Past appointments") == "Monday 4 January at 09:15 Appointment"
        assert "This page is of Tuesday 5 January 2027." in later.visible
        on_the_day = Page(course, as_of=date(2027, 1, 11))
        assert section(on_the_day, "Your next appointment").startswith("Monday 11 January 09:15")
        over = Page(course, as_of=date(2027, 1, 12))
        assert section(over, "Your next appointment").startswith("You have no more appointments.")
        assert "table" not in dict(over.elements)

    def test_what_was_given_or_missed_is_past_and_what_is_off_is_said_until_its_day(self):
        statuses = (
            *(BookingStatus.FULFILLED, BookingStatus.MISSED, BookingStatus.CLOSED, BookingStatus.CLOSED),
            *(BookingStatus.TENTATIVE, BookingStatus.FIRM),
        )
        sessions = tuple(
            at(date(2027, 1, 4 + n), number=n, status=status, revised=(0, 1))
            for n, status in enumerate(statuses)
        )
        page = Page(course_of(sessions=sessions), as_of=date(2027, 1, 7))
        assert section(page, "Past appointments") == (
            "Monday 4 January at 09:15 Appointment "
            "Tuesday 5 January at 09:15 Appointment (did not take place)"
        )
        coming = section(page, "All appointments to come")
        assert coming.startswith(
            "Thursday 7 January at 09:15 Cancelled: Appointment This appointment is cancelled. Please do not come. "
            "Friday 8 January at 09:15 Appointment (to be confirmed) This time is not confirmed yet."
        )
        assert section(page, "Your next appointment").startswith("Friday 8 January 09:15")
        assert section(page, "At a glance").startswith(
            "Jan Appointments to come: 2. The last one is on Saturday 9 January."
        )

    def test_what_the_last_revision_changed_is_said_as_on_the_telephone(self):
        course = attrs.evolve(two_sessions(), revisions=(Revision(at=FIRST),))
        assert "What has changed" not in Page(course).visible
        sessions = [attrs.evolve(s, time=time(14)) if s.id == "s2" else s for s in course.sessions]
        moved = revise(course, at=SECOND, what="moved", sessions=sessions)
        assert section(Page(moved), "What has changed") == (
            "Your appointment on Monday 11 January 2027 at 09:15 has a new time. It is now at 14:00. "
            "Your other appointments stay as they are."
        )

    def test_the_months_link_to_the_appointments(self):
        page = Page(course_of(sessions=(at(), at(date(2027, 2, 28), number=2))))
        assert page.texts_of("caption") == ["January 2027", "February 2027"]
        assert page.texts_of("th")[:7] == ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
        cells = page.texts_of("td")
        assert cells[:9] == [
            "",
            "",
            "",
            "",
            "1",
            "2",
            "3",
            "4 09:15 Appointment",
            "5",
        ]  # 1 January 2027: Friday
        assert cells[-1] == "28 09:15 Appointment"  # a Sunday
        links = [given["href"] for tag, given in page.elements if tag == "a"]
        assert links == ["#v1", "#v2"]
        assert {given["id"] for _, given in page.elements if given.get("id", "").startswith("v")} >= {
            "v1",
            "v2",
        }

    @pytest.mark.parametrize(
        ("language", "zone", "title", "caption", "first", "when"),
        [
            ("en", "America/New_York", "Appointments", "January 2027", "Su", "Monday, January 4 at 9:15 am"),
            ("es", "Europe/Madrid", "Citas", "enero de 2027", "Lu", "lunes 4 de enero a las 9:15"),
            (
                "es",
                "America/Mexico_City",
                "Citas",
                "enero de 2027",
                "Do",
                "lunes 4 de enero a las 9:15 de la mañana",
            ),
            ("de", "Europe/Berlin", "Termine", "Januar 2027", "Mo", "Montag, 4. Januar, 09:15 Uhr"),
        ],
    )
    def test_it_is_in_the_reader_s_language_and_the_place_s_week(
        self, language, zone, title, caption, first, when
    ):
        page = Page(course_of(zone=zone), language=language, as_of=MONDAY)
        assert dict(page.elements)["html"] == {"lang": language}
        assert page.texts_of("h1") == page.texts_of("title") == [title]
        assert page.texts_of("caption") == [caption]
        assert page.texts_of("th")[0] == first
        assert page.texts_of("h3") == [when]

    def test_an_appointment_without_an_hour(self):
        page = Page(course_of(sessions=(at(clock=None),)), as_of=MONDAY)
        assert page.texts_of("h3") == ["Monday 4 January at a time to be agreed"]
        assert section(page, "Your next appointment").startswith("Monday 4 January a time to be agreed")

    def test_a_course_without_a_moment_has_nothing_past_and_no_date(self):
        page = Page(attrs.evolve(two_sessions(), revisions=(Revision(at=None),)))
        assert "This page is of" not in page.visible
        assert section(page, "Your next appointment").startswith("Monday 4 January 09:15")

    def test_the_same_course_gives_the_same_bytes(self, reference_course):
        once = dumps(reference_course, "html")
        assert dumps(reference_course, "html") == once
        assert b"\r" not in once


class TestPrivacy:
    FORBIDDEN = (
        *(
            "ketamin",
            "ketsched",
            "infusion",
            "treatment",
            "session",
            "depression",
            "psychosis",
            "hypertension",
        ),
        *("a-017", "dr a", "dr c", "4711", "payer", "room 3", "high street", "reference-6", "jane doe"),
    )

    def course(self, reference_course):
        contact = attrs.evolve(REACHED["contact"], spoken="Ketamine Clinic")
        holds = (*reference_course.holds, Hold(id="h9", reason="Jane Doe", who="Dr A", since=MONDAY))
        paid = (Authorisation(sessions=1, name="ketsched Jane Doe MRN 4711"),)
        return attrs.evolve(reference_course, contact=contact, holds=holds, authorisations=paid)

    def test_a_default_page_tells_nothing(self, reference_course):
        source = Page(self.course(reference_course)).source.casefold()
        said = source.replace("<section", "<").replace("</section", "</")
        said = re.sub(r"^section \{.*|^  section \{.*", "", said, flags=re.MULTILINE)
        assert [word for word in self.FORBIDDEN if word in said] == []

    def test_named_tells_what_it_is_and_where_and_full_all(self, reference_course):
        course = self.course(reference_course)
        named, full = Page(course, privacy="named"), Page(course, privacy="full")
        assert "Treatment session 2 of 6" in named.visible
        assert "1 High Street" in named.visible
        assert "Room 3, first floor" in named.visible
        assert not re.search("ketamin|infusion|psychosis", named.source, re.IGNORECASE)
        assert full.texts_of("h1") == [course.protocol.title]
        assert "Infusion 2 of 6" in full.visible
        assert not re.search("psychosis|hypertension|4711|Jane Doe", full.source)

    @pytest.mark.parametrize("privacy", ["discreet", "named", "full"])
    def test_no_attribute_leads_anywhere(self, reference_course, privacy):
        page = Page(self.course(reference_course), privacy=privacy)
        links = {given[name] for _, given in page.elements for name in ("href", "src") if name in given}
        assert {link for link in links if not link.startswith("#")} == {"data:,", "tel:+442079460018"}
        (policy,) = [
            g["content"] for _, g in page.elements if g.get("http-equiv") == "Content-Security-Policy"
        ]
        assert policy == POLICY
        assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
        assert not {tag for tag, _ in page.elements} & {"script", "iframe", "object", "form", "base", "img"}
        assert not re.search(r"@import|url\(|expression\(", page.source)
        assert not any(name.startswith("on") for _, given in page.elements for name in given)


class TestHostileTexts:
    @pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
    @pytest.mark.parametrize("privacy", ["discreet", "named", "full"])
    def test_a_text_stays_a_text(self, text, privacy):
        page = refused_or_not(lambda: Page(full_of(text), privacy=privacy))
        if page is None:
            return
        assert page.shape == Page(full_of("plain"), privacy=privacy).shape
        assert not re.search("[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe]", page.source)
        seen = " ".join(
            re.sub("[\0-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufffe\ud800]+", " ", text).split()
        )
        if privacy == "full" or "{" not in text:
            assert seen in " ".join(page.visible.split())

    def test_a_line_that_is_too_long_is_refused(self):
        course = course_of(around_it(text="x" * 5000), booked=(placed(),))
        refused(
            lambda: dumps(course, "html", privacy="full"),
            "a line of the page has 5000 characters",
            "shorten the text",
        )
        assert dumps(course, "html")

    def test_a_template_cannot_reach_into_python(self):
        from jinja2.exceptions import SecurityError

        from ketsched.interchange.pagefolder import _environment

        for reach in ("().__class__.__base__", "say.__init__.__globals__", "''.join.__self__"):
            with pytest.raises(SecurityError):
                _environment(None).from_string("{{ " + reach + " }}").render(say={})

    def test_a_template_sees_what_the_page_tells_and_not_the_course(self):
        from jinja2.exceptions import SecurityError

        from ketsched.interchange.html import _Page
        from ketsched.interchange.pagefolder import _environment
        from ketsched.words.wording import Publication

        values = _Page(two_sessions(), Publication()).values()
        told = _environment(None).from_string("{{ next.title }}").render(values)
        assert told == "Appointment"
        with pytest.raises(SecurityError):
            _environment(None).from_string("{{ next.entry.booking }}").render(values)


class TestColours:
    """What WCAG 2.2 asks of text, 4.5 to 1, also where axe-core cannot tell: in the drawing, and on paper."""

    PAIRS = (
        *(("text", "paper"), ("quiet", "paper"), ("accent", "paper")),
        *(("text", "tint"), ("quiet", "tint"), ("accent", "tint")),
    )

    @pytest.mark.parametrize("number", [0, 1, 2], ids=["light", "dark", "print"])
    def test_text_can_be_told_from_what_is_behind_it(self, number):
        css = dumps(course_of(), "html").decode()
        schemes = [
            dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in re.findall(r":root \{[^}]*\}", css)
        ]
        assert len(schemes) == 3
        colours = schemes[number]
        assert [pair for pair in self.PAIRS if contrast(*(colours[name] for name in pair)) < 4.5] == []

    def test_the_count_itself(self):
        assert contrast("#000000", "#ffffff") == 21
        assert 4.54 < contrast("#767676", "#ffffff") < 4.55  # the lightest grey that WCAG allows on white


class TestRefused:
    def test_a_page_is_for_a_patient_and_whole(self, tmp_path):
        with pytest.raises(CannotWrite, match="A page is for a patient"):
            ks.write(course_of(), tmp_path / "clinic.html", audience="clinic")
        with pytest.raises(CannotWrite, match="A page cannot have changes alone"):
            ks.write(course_of(), tmp_path / "patient.html", changes_only=True)
        assert list(tmp_path.iterdir()) == []

    def test_a_page_is_not_read_back(self, tmp_path):
        path = ks.write(course_of(), tmp_path / "patient.html")
        refused(lambda: ks.read(path), "patient.html cannot be read back", "read the course document")
