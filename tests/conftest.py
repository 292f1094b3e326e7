"""Every test keeps its cache, data and runs in a folder of its own, never in the user's."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from support import REGION
from support.double import Double

from sim.ensemble import Project, load_project

hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("repeatable")


def _shared(factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all processes of this test run have in common."""
    base = factory.getbasetemp()
    # With pytest-xdist each worker has a folder of its own inside that of the run.
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session", autouse=True)
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Share one cache among the tests (compiling is slow) and keep runs out of the user's database."""
    folder = tmp_path_factory.mktemp("sim")
    shared = _shared(tmp_path_factory)
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("SIM_")]:
            patch.delenv(name)
        patch.setenv("SIM_CACHE", str(shared / "cache"))
        patch.setenv("SIM_DATA", str(folder / "data"))
        patch.setenv("NO_COLOR", "1")
        yield


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Let the programs that tests start be interrupted, also where this run was started in the background.

    A shell lets its background jobs ignore Ctrl-C, and their children inherit that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give one test an empty data folder, for a database that no other test has written to."""
    folder = tmp_path / "data"
    monkeypatch.setenv("SIM_DATA", str(folder))
    return folder


@pytest.fixture
def region() -> Path:
    """Return the folder of the tiny region's files."""
    return REGION


@pytest.fixture
def double() -> Double:
    """Return a double of the engine, which keeps the runs it was asked for."""
    return Double()


@pytest.fixture
def project(region: Path, double: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Return the tiny region, run by the double, with an empty cache."""
    monkeypatch.setenv("SIM_CACHE", str(tmp_path / "cache"))
    return load_project(region, model=double)


@pytest.fixture(scope="session")
def shipped() -> Project:
    """Return the shipped place with its model, read once for all tests of a process."""
    return load_project()
