"""Write a file, and read the visits in it."""

from __future__ import annotations

from typing import Any

import pytest

from ketsched.visitfile import ColumnMap, VisitFile, load_columns, load_visits


@pytest.fixture
def load(tmp_path):
    """Write a file and read the visits in it."""

    def loading(content: str | bytes, suffix: str = ".csv", **asked: Any) -> VisitFile:
        path = tmp_path / f"visits{suffix}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_visits(path, **asked)

    return loading


@pytest.fixture
def columns(tmp_path):
    """Write a column map and read it."""

    def loading(text: str) -> ColumnMap:
        path = tmp_path / "columns.toml"
        path.write_text(text, encoding="utf-8")
        return load_columns(path)

    return loading
