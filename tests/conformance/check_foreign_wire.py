"""
What readers of other languages make of our calendar lines: the moments that zoneinfo has.

They need what `readers/setup.sh` installs, so this file runs only when it is named:
`pytest tests/conformance/check_foreign_wire.py`.
"""

import pytest

from conformance import clock_changes
from conformance.foreign import BY_VTIMEZONE, FOREIGN, read_with


@pytest.fixture(autouse=True)
def _same_tz_data_everywhere():
    with clock_changes.tz_data_of_the_package():
        yield


@pytest.mark.parametrize("reader", FOREIGN)
def test_visits_around_clock_changes_are_read_right(reader, tmp_path):
    path = tmp_path / "visits.ics"
    truth = clock_changes.write(path, [(zone, clock_changes.visits(zone)) for zone in clock_changes.ZONES])
    assert len(truth) == 12 * len(clock_changes.ZONES)
    assert path.read_bytes().count(b"BEGIN:VTIMEZONE") >= 5  # all but Jerusalem and, in some data, Havana
    assert read_with(reader, path) == truth


@pytest.mark.parametrize("reader", FOREIGN)
def test_visits_in_the_night_of_a_change_are_read_right(reader, tmp_path):
    path = tmp_path / "visits.ics"
    visits = [(zone, clock_changes.visits(zone, clock_changes.THAT_NIGHT)) for zone in clock_changes.ZONES]
    truth = clock_changes.write(path, visits)
    assert path.read_bytes().count(b"BEGIN:VTIMEZONE") == 1  # Kolkata
    assert read_with(reader, path) == truth


@pytest.mark.parametrize("reader", [reader for reader in FOREIGN if reader in BY_VTIMEZONE])
def test_an_error_in_a_vtimezone_would_show(reader, tmp_path):
    """Else the tests above would say nothing of our VTIMEZONE: this reader must believe a false one."""
    path = tmp_path / "visits.ics"
    visits = clock_changes.visits("Asia/Kolkata")
    clock_changes.write(path, [("Asia/Kolkata", visits)])
    path.write_bytes(path.read_bytes().replace(b"+0530", b"+0430"))
    later = [(start + clock_changes.HOUR, end + clock_changes.HOUR) for start, end in visits]
    truth = clock_changes.write(tmp_path / "later.ics", [("Asia/Kolkata", later)])
    assert read_with(reader, path) == truth
