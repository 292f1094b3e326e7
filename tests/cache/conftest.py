"""A cache and a data folder for each test."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder that has the cache folder and the data folder of this test."""
    for name in ("cache", "data"):
        monkeypatch.setenv(f"SIM_{name.upper()}", str(tmp_path / name))
    return tmp_path
