"""Every test keeps its cache, data and runs in a folder of its own, never in the user's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Share one cache among the tests (compiling is slow) and keep runs out of the user's database."""
    folder = tmp_path_factory.mktemp("sim")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("SIM_")]:
            patch.delenv(name)
        patch.setenv("SIM_CACHE", str(folder / "cache"))
        patch.setenv("SIM_DATA", str(folder / "data"))
        patch.setenv("NO_COLOR", "1")
        yield


@pytest.fixture
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give one test an empty data folder, for a database that no other test has written to."""
    folder = tmp_path / "data"
    monkeypatch.setenv("SIM_DATA", str(folder))
    return folder
