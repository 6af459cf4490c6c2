"""
Where CI is set, a test that is skipped fails: what is missing there must be seen.

A plugin of pytest, loaded by name: `PYTHONPATH=tests pytest -p noskip`.
"""

import os

import pytest


def _counted(report):
    """Return the report, a skip turned into a failure; an expected failure stays one."""
    if report.outcome == "skipped" and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"nothing may be skipped in CI: {reason}"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport():
    return _counted((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report():
    return _counted((yield))
