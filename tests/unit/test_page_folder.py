"""The clinic's folder for the patient's page: its template, logo and colours, and what is refused of them."""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import date

import attrs
import pytest

import ketsched as ks
from clinicfiles import CLINIC
from ketsched.errors import CannotWrite
from ketsched.interchange import dumps
from ketsched.interchange.pagefolder import LARGEST_LOGO, POLICY
from pages import PHONE, Page
from published import around_it, at, course_of, placed
from refusals import refused

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
EXTENDS = '{% extends "shipped/patient.html" %}\n'


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "pages"
    made.mkdir()
    return made


def page_of(folder, template=None, **options) -> str:
    if template is not None:
        (folder / "patient.html").write_text(template, encoding="utf-8")
    return dumps(course_of(), "html", templates=folder, **options).decode()


class TestTemplate:
    def test_an_empty_folder_changes_nothing(self, folder):
        assert page_of(folder) == dumps(course_of(), "html").decode()

    def test_a_template_adds_to_ours_in_the_reader_s_language(self, folder):
        template = EXTENDS + (
            "{% block footer %}{{ super() }}"
            '<p>{% if language == "es" %}Timbre dos veces.{% else %}Ring twice.{% endif %}</p>{% endblock %}'
            "{% block style %}h1 { font-style: italic; }{% endblock %}"
        )
        page = page_of(folder, template)
        assert "<p>All times are London time.</p>\n<p>Ring twice.</p>" in page
        assert "h1 { font-style: italic; }" in page
        assert "Timbre dos veces." in page_of(folder, language="es")

    def test_a_template_of_its_own_has_the_same_values(self, folder):
        (folder / "line.html").write_text("<li>{{ visit.when }}: {{ visit.title }}</li>", encoding="utf-8")
        template = (
            '<title>T</title><meta http-equiv="Content-Security-Policy" content="{{ policy }}">'
            '{% for visit in visits %}{% include "line.html" %}{% endfor %}'
        )
        assert page_of(folder, template).endswith("<li>Monday 4 January 2027 at 09:15: Appointment</li>")

    def test_a_template_that_has_been_changed_is_read_again(self, folder):
        first = page_of(folder, EXTENDS + "{% block footer %}<p>One.</p>{% endblock %}")
        second = page_of(folder, EXTENDS + "{% block footer %}<p>Two, and more.</p>{% endblock %}")
        assert "<p>One.</p>" in first
        assert "<p>Two, and more.</p>" in second

    def test_values_are_escaped_in_it(self, folder):
        form = around_it("task", "form", id="form", title="<b>x</b>")
        booked = (placed(date(2027, 1, 3), None, id="form:s1", companion="form"),)
        (folder / "patient.html").write_text(
            EXTENDS + "{% block footer %}{{ visits[0].title }}{% endblock %}", encoding="utf-8"
        )
        page = dumps(course_of(form, booked=booked), "html", privacy="full", templates=folder).decode()
        assert "&lt;b&gt;x&lt;/b&gt;" in page
        assert "<b>x" not in page

    @pytest.mark.parametrize(
        ("template", "line", "why"),
        [
            (EXTENDS + "\n{% block footer %}{{ nexr.title }}{% endblock %}", 3, "'nexr' is undefined"),
            (EXTENDS + "{% block footer %}\n{{ next.title }\n{% endblock %}", 3, "unexpected '}'"),
            (EXTENDS + "{% block footer %}\n\n{{ next.titel }}{% endblock %}", 4, "titel"),
            (EXTENDS + "{% block footer %}{{ next.entry.booking }}{% endblock %}", 2, "'entry'"),
            (EXTENDS + "{% block footer %}{{ ''.__class__ }}{% endblock %}", 2, "unsafe"),
            (EXTENDS + "{% block footer %}{{ 1 / 0 }}{% endblock %}", 2, "division by zero"),
            (EXTENDS + "{% block footer %}{% include 'other.html' %}{% endblock %}", 2, "other.html"),
            (EXTENDS + "{% block footer %}{% include '../secret.html' %}{% endblock %}", 2, "secret.html"),
            ('{% extends "patient.html" %}', 1, "recursion"),
        ],
    )
    def test_what_fails_is_said_with_file_and_line(self, folder, template, line, why):
        (folder.parent / "secret.html").write_text("secret", encoding="utf-8")
        refused(
            lambda: page_of(folder, template),
            "the clinic's template of the page fails",
            f"where: {folder / 'patient.html'}, line {line}\n",
            why,
            "mend that line",
        )

    def test_a_page_without_the_policy_is_refused(self, folder):
        refused(
            lambda: page_of(folder, "<title>T</title><script src='https://example.org/x.js'></script>"),
            "the page has no policy that forbids requests",
            str(folder / "patient.html"),
            '{% extends "shipped/patient.html" %}',
        )

    def test_a_folder_that_is_not_there(self, folder):
        refused(
            lambda: page_of(folder / "gone"),
            "there is no folder 'gone' for the page",
            str(folder / "gone"),
            "an empty one gives the page as it is shipped",
        )

    def test_a_template_that_cannot_be_read(self, folder):
        (folder / "patient.html").mkdir()
        refused(lambda: page_of(folder), "cannot open patient.html", str(folder / "patient.html"))
        (folder / "patient.html").rmdir()
        (folder / "patient.html").write_bytes(EXTENDS.encode() + b"\xff")
        refused(lambda: page_of(folder), "patient.html is not UTF-8 text", "line 2")

    def test_templates_are_for_pages_alone(self, folder, tmp_path):
        with pytest.raises(CannotWrite, match="this format is not made with templates"):
            ks.write(course_of(), tmp_path / "patient.ics", templates=folder)
        assert list(tmp_path.iterdir()) == [folder]


class TestLogo:
    @pytest.mark.parametrize(
        ("name", "content", "kind"), [("logo.svg", SVG, "image/svg+xml"), ("logo.png", PNG, "image/png")]
    )
    def test_a_logo_stands_in_the_page_from_named_up(self, folder, name, content, kind):
        (folder / name).write_bytes(content)
        assert "<img" not in page_of(folder)
        (folder / "patient.html").write_text(EXTENDS, encoding="utf-8")
        course = course_of(others={"contact": ks.Calendar.always("UTC").contact})
        course = attrs.evolve(course, contact=attrs.evolve(course.contact, spoken="Dr Brown's practice"))
        page = Page(course, privacy="named", templates=folder)
        (image,) = [given for tag, given in page.elements if tag == "img"]
        assert image == {
            "class": "logo",
            "src": f"data:{kind};base64,{b64encode(content).decode()}",
            "alt": "Dr Brown's practice",
        }

    @pytest.mark.parametrize(
        ("name", "content", "why"),
        [
            ("logo.png", SVG, "does not begin as such a picture does"),
            ("logo.svg", b"<html><script>", "does not begin as such a picture does"),
            ("logo.svg", SVG + b" " * LARGEST_LOGO, "octets, and stands in every page"),
        ],
    )
    def test_what_is_no_logo_is_refused(self, folder, name, content, why):
        (folder / name).write_bytes(content)
        refused(
            lambda: page_of(folder, privacy="named"),
            f"{name} cannot be the page's logo",
            why,
            str(folder / name),
        )


class TestColours:
    def colours(self, folder, text: str) -> list[dict[str, str]]:
        (folder / "colours.toml").write_text(text, encoding="utf-8")
        blocks = re.findall(r":root \{[^}]*\}", page_of(folder))
        return [dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in blocks]

    def test_own_colours_take_the_place_of_ours(self, folder):
        before = self.colours(folder, "")
        light, dark, paper = self.colours(folder, '[light]\naccent = "#7a1f5c"\n')
        assert light == before[0] | {"accent": "#7a1f5c"}
        assert dark == before[1]
        assert paper == before[2] | {"accent": "#7a1f5c"}

    @pytest.mark.parametrize(
        ("text", "what", "where"),
        [
            (
                '[light]\naccent = "#ffcc00"\n',
                "accent #ffcc00 cannot be read on paper #ffffff",
                "line 2, light accent",
            ),
            (
                '[dark]\n\npaper = "#eeeeee"\n',
                "text #eeeeee cannot be read on paper #eeeeee",
                "line 3, dark paper",
            ),
            ('[light]\naccent = "red"\n', "'red' is not a colour", "line 2, light accent"),
            ('[light]\nacent = "#000000"\n', "unknown key 'acent'", "line 2, light acent"),
            ('[night]\ntext = "#000000"\n', "unknown key 'night'", "line 1, night"),
            ('[light]\naccent = "}#000000"\n', "'}#000000' is not a colour", "line 2, light accent"),
        ],
    )
    def test_what_is_no_colour_or_cannot_be_read_is_refused(self, folder, text, what, where):
        refused(lambda: self.colours(folder, text), what, f"{folder / 'colours.toml'}, {where}")


class TestClinicFile:
    FILE = f'pages = "pages"\ntelephone = "{PHONE}"\n{CLINIC}'

    def test_the_name_of_the_folder_stays_with_the_course(self, tmp_path):
        (tmp_path / "clinic.toml").write_text(self.FILE, encoding="utf-8")
        clinic = ks.Calendar.load(tmp_path / "clinic.toml")
        course = ks.plan(ks.load_protocol("iv-mwf-6"), start=date(2027, 1, 4), calendar=clinic)
        assert course.contact.pages == "pages"
        assert ks.loads(dumps(course, "dict"), "dict").contact.pages == "pages"

    @pytest.mark.parametrize("name", ["../pages", "/etc", "a/b", "..", "C:pages"])
    def test_a_path_is_refused(self, tmp_path, name):
        text = self.FILE.replace('"pages"', f'"{name}"', 1)
        (tmp_path / "clinic.toml").write_text(text, encoding="utf-8")
        refused(
            lambda: ks.Calendar.load(tmp_path / "clinic.toml"),
            "a path, where the name of a folder belongs",
            "clinic.toml, line 1, pages",
        )


def test_the_policy_is_the_one_that_ours_carries():
    (given,) = [g for tag, g in Page(course_of(sessions=(at(),))).elements if "http-equiv" in g]
    assert given["content"] == POLICY
