"""What readers in other languages make of a whole course."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.courses import ZONES, reads_it_as_planned, reads_the_full_file
from conformance.foreign import FOREIGN
from ketsched.model import Course


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("reader", FOREIGN)
def test_a_course_is_read_as_it_was_planned(reader: str, zone: str, tmp_path: Path) -> None:
    reads_it_as_planned(reader, zone, tmp_path)


@pytest.mark.parametrize("reader", FOREIGN)
def test_a_full_clinic_file_is_read_too(reader: str, reference_course: Course, tmp_path: Path) -> None:
    reads_the_full_file(reader, reference_course, tmp_path)
