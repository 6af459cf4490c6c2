"""A clinic in New York."""

from __future__ import annotations

import pytest

from ketsched.calendars import Calendar


@pytest.fixture
def clinic():
    return Calendar.weekly(
        "America/New_York", **dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "09:00-17:00")
    )
