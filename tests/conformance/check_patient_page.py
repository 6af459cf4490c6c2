"""What a browser, axe-core and the Nu checker make of the patient's page, on a screen and on paper."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import date, time
from pathlib import Path
from typing import Any

import attrs
import pytest

from conformance.foreign import READERS
from ketsched.interchange import dumps
from ketsched.languages import Contact
from ketsched.model import Course
from ketsched.revising import revise
from making import reference_course
from pages import HOSTILE, PHONE, full_of
from published import SECOND

REFERENCE = reference_course()
REACHED = attrs.evolve(REFERENCE, contact=Contact(telephone=PHONE, address="1 High Street"))
FULL = {"privacy": "full"}
LONG = "x" * 300
"""A word without an end, where a page can break a line only within it."""


def _moved() -> Course:
    sessions = [attrs.evolve(s, time=time(14)) if s.id == "s3" else s for s in REACHED.sessions]
    return revise(REACHED, at=SECOND.replace(year=2028), what="moved", sessions=sessions)


def _in(zone: str) -> Course:
    return attrs.evolve(REACHED, zone=zone)


PAGES: dict[str, tuple[Course, dict[str, Any]]] = {
    "discreet": (REFERENCE, {}),
    "full": (REACHED, FULL),
    "de": (REACHED, {"privacy": "named", "language": "de"}),
    "es-twelve-hours": (_in("America/Mexico_City"), {"privacy": "named", "language": "es"}),
    "us": (_in("America/New_York"), {"privacy": "named"}),
    "moved": (_moved(), {"as_of": date(2027, 3, 3)}),
    "over": (REACHED, {"as_of": date(2028, 1, 1)}),
    "hostile": (full_of(" ".join(text for text in HOSTILE if text.isprintable() and len(text) < 100)), FULL),
    "own": (REACHED, {"privacy": "named"}),
    "long-words": (full_of(LONG), FULL),
}
OWN = {
    "logo.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="40"><script>alert(1)</script>'
    '<image href="http://127.0.0.1:9/picture.png" width="9" height="9"/><rect width="160" height="40"/></svg>',
    "colours.toml": '[light]\naccent = "#7a1f5c"\n[dark]\naccent = "#f0a8d8"\n',
    "patient.html": '{% extends "shipped/patient.html" %}\n'
    "{% block footer %}{{ super() }}<p>Please ring twice.</p>{% endblock %}",
}
"""A clinic's folder, whose logo tries what it can."""

FAULTY = (
    '<p style="color: #ccc">faint</p><div style="width: 2000px">wide</div><div style="height: 9000px"></div>'
    '<img src="http://127.0.0.1:9/picture.png"><script>console.log("ran")</script><b><i>crossed</b></i>'
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every page in one folder, besides one full of faults, with and without the policy."""
    folder = tmp_path_factory.mktemp("pages")
    own = tmp_path_factory.mktemp("own")
    for name, text in OWN.items():
        (own / name).write_text(text, encoding="utf-8")
    PAGES["own"][1]["templates"] = own
    for name, (course, options) in PAGES.items():
        (folder / f"{name}.html").write_bytes(dumps(course, "html", **options))
    faulty = dumps(REFERENCE, "html").decode().replace("</main>", f"{FAULTY}</main>")
    (folder / "faulty.html").write_text(faulty, encoding="utf-8")
    (folder / "open.html").write_text(re.sub("<meta http-equiv.*?>", "", faulty), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def seen(folder: Path) -> dict[str, Any]:
    """What the browser says of each page."""
    pages = sorted(folder.glob("*.html"))
    found: dict[str, Any] = json.loads(_run(["node", "browser.mjs", folder, *pages]).stdout)
    return found


@pytest.fixture(scope="module")
def remarks(folder: Path) -> dict[str, list[str]]:
    """What the Nu checker remarks on each page."""
    jar = "node_modules/vnu-jar/build/dist/vnu.jar"
    pages = sorted(folder.glob("*.html"))
    run = _run(["java", "-jar", jar, "--format", "json", "--no-langdetect", "--exit-zero-always", *pages])
    found: dict[str, list[str]] = {page.stem: [] for page in pages}
    for message in json.loads(run.stderr)["messages"]:
        if "image “data:" not in message["message"]:  # it says that the policy blocks it; browsers show it
            found[Path(message["url"]).stem].append(message["message"])
    return found


def _run(words: list[str | Path]) -> subprocess.CompletedProcess[str]:
    run = subprocess.run(words, cwd=READERS, capture_output=True, check=False, text=True, timeout=300)
    assert run.returncode == 0, f"{words[0]} failed (was readers/setup.sh run?):\n{run.stderr}"
    return run


@pytest.mark.parametrize("page", PAGES)
class TestEveryPage:
    def test_it_requests_nothing_and_runs_nothing(self, page: str, seen: dict[str, Any]) -> None:
        assert seen[page]["requests"] == []
        assert seen[page]["messages"] == []

    def test_axe_finds_nothing_in_either_colour_scheme(self, page: str, seen: dict[str, Any]) -> None:
        assert seen[page]["axe"] == {
            f"{window}, {scheme}": [] for window in ("desktop", "narrow") for scheme in ("light", "dark")
        }

    def test_nothing_is_cut_off(self, page: str, seen: dict[str, Any]) -> None:
        """At 1280, 390 and 320 pixels, at 400 %, and with the distances a reader may set."""
        windows = ("desktop", "telephone", "narrow", "zoomed", "spaced")
        assert seen[page]["cut_off"] == {window: [] for window in windows}

    def test_the_nu_checker_remarks_nothing(self, page: str, remarks: dict[str, list[str]]) -> None:
        assert remarks[page] == []

    def test_three_months_print_on_one_or_two_sheets(self, page: str, seen: dict[str, Any]) -> None:
        assert {sheet: sheets in (1, 2) for sheet, sheets in seen[page]["sheets"].items()} == {
            "letter": True,
            "a4": True,
        }


def test_a_logo_is_shown(seen: dict[str, Any]) -> None:
    assert seen["own"]["pictures"] == [160]
    assert seen["discreet"]["pictures"] == []


class TestTheChecksThemselves:
    """They see the faults of a faulty page; so what they do not see is not there."""

    def test_a_request_is_seen_and_the_policy_stops_it(self, seen: dict[str, Any]) -> None:
        assert seen["open"]["requests"] == ["http://127.0.0.1:9/picture.png"]
        assert "ran" in seen["open"]["messages"]
        assert "ran" not in seen["faulty"]["messages"]
        assert len(seen["faulty"]["messages"]) == 2  # the browser's word that it refused picture and script
        assert all("Content Security Policy" in message for message in seen["faulty"]["messages"])

    def test_other_faults_are_seen(self, seen: dict[str, Any], remarks: dict[str, list[str]]) -> None:
        rules = {found.partition(":")[0] for found in seen["faulty"]["axe"]["desktop, light"]}
        assert rules == {"color-contrast", "image-alt"}
        assert all(found[0] == "the page scrolls sideways" for found in seen["faulty"]["cut_off"].values())
        assert min(seen["faulty"]["sheets"].values()) > 2
        assert any("img" in remark for remark in remarks["faulty"])
