"""
Record which test runs which lines of the core, and how long it takes.

A plugin of pytest, loaded by name, so that the core is watched from its first import on:

    RECORD=lines.json PYTHONPATH=tests pytest -p mutation.recording tests/unit
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest

_MEASURE = coverage.Coverage(
    data_file=None, config_file=False, include=["*/ketsched/*"], concurrency="thread", messages=False
)
_MEASURE.start()
_SECONDS = dict[str, float]()
_FAILED = set[str]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Put what a test runs, its fixtures included, down to that test."""
    _MEASURE.switch_context(item.nodeid)
    begun = sum(os.times()[:4])  # of the processor, children included: how busy it is does not matter
    try:
        return (yield)
    finally:
        _SECONDS[item.nodeid] = round(sum(os.times()[:4]) - begun, 3)
        _MEASURE.switch_context("")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Leave out what fails by itself: it would notice everything."""
    if report.failed:
        _FAILED.add(report.nodeid)


def pytest_sessionfinish() -> None:
    """Write what was recorded."""
    _MEASURE.stop()
    data = _MEASURE.get_data()
    number = {name: n for n, name in enumerate(_SECONDS)}
    ran = {
        path.rpartition("/src/ketsched/")[2]: {
            line: [number[name] for name in names if name and name not in _FAILED]
            for line, names in data.contexts_by_lineno(path).items()
        }
        for path in data.measured_files()
    }
    written = {"seconds": _SECONDS, "lines": ran, "failed": sorted(_FAILED)}
    Path(os.environ["RECORD"]).write_text(json.dumps(written), encoding="utf-8")
