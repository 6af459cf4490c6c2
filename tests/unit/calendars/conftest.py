"""A clinic in New York."""

from __future__ import annotations

import pytest

import making


@pytest.fixture
def clinic():
    return making.clinic(zone="America/New_York")
