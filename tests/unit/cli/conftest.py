"""Files in a folder of one's own, and a course planned from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from clinicfiles import AROUND, CASE, CASE_AROUND, CLINIC, PLAIN, PLAN, SAID, THERAPIST, WITH_THERAPIST


@pytest.fixture
def case():
    Path("case.toml").write_text(CASE, encoding="utf-8")
    Path("clinic.toml").write_text(CLINIC, encoding="utf-8")
    return "case.toml"


@pytest.fixture
def plain():
    """A protocol with nothing around its sessions, and the words that plan it."""
    Path("own.toml").write_text(PLAIN, encoding="utf-8")
    return PLAN


@pytest.fixture
def around():
    """A protocol with much around its sessions, the hours of a therapist, and the words that plan it."""
    Path("own.toml").write_text(AROUND, encoding="utf-8")
    Path("therapist.toml").write_text(THERAPIST, encoding="utf-8")
    return PLAN


@pytest.fixture
def course(run, around):
    """The course file of a plan with much around its sessions."""
    assert run(*around, *WITH_THERAPIST, *SAID, "--fail-on", "error", "-o", "course.json").code == 0
    return "course.json"


@pytest.fixture
def case_around(case, around):
    """A case of the same."""
    assert "own.toml" in around
    Path(case).write_text(CASE_AROUND, encoding="utf-8")
    return case
